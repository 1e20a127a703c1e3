"""The engine against the same rules in other engines, and its growth with the number of rules.

`check` is the whole report as the service sends it, reasons included; `findings` is the part a rules engine does:
resolved lines in, findings with their reasons out. The peers return bare rows.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from rules import check, compile_rule_set
from rules.engine import findings_of
from rules.facts import facts_of
from rules.lines import Line
from tests.benchmark.measure import ratio_of, resident_megabytes, rounds
from tests.benchmark.peers import SqliteJoin, ZenTable, answer_of
from tests.benchmark.world import make_questions, make_world, profile_of, rule_set_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rules import CompiledRuleSet, MedicationProfile
    from rules.conditions import Facts

RULES = 600
MEDICATIONS = 10
SIZES = (150, 600, 5_000, 50_000)


def _prepared(compiled: CompiledRuleSet, profile: MedicationProfile) -> tuple[CompiledRuleSet, Facts, list[Line]]:
    lines = [Line(compiled, item, profile.as_of) for item in profile.medications]
    lines.sort(key=lambda line: line.id)
    return compiled, facts_of(compiled, profile, lines, [], []), lines


def against_peers(count: int) -> None:
    """Ratios to an indexed in-memory SQLite join and to a zen-engine decision table, after equal answers."""
    world = make_world(RULES)
    compiled = compile_rule_set(rule_set_of(world))
    questions = make_questions(world, 40, MEDICATIONS)
    profiles = [profile_of(world, question) for question in questions]
    sqlite, zen = SqliteJoin(world), ZenTable(world)
    found = 0
    for number, (question, profile) in enumerate(zip(questions, profiles, strict=True)):
        report = check(compiled, profile)
        found += len(report["findings"])
        expected = answer_of(report)
        answers = {"sqlite": set(sqlite.check(question))}
        if number < 5:
            answers["zen"] = set(zen.check(question))
        for name, answer in answers.items():
            if answer != expected:
                message = f"{name} does not find the same: {answer ^ expected}"
                raise SystemExit(message)
    prepared = [_prepared(compiled, profile) for profile in profiles]
    results = rounds(
        {
            "check": (partial(check, compiled), profiles),
            "findings": (lambda question: findings_of(*question), prepared),
            "sqlite": (sqlite.check, questions),
            "zen": (zen.check, questions[:5]),
        },
        count,
    )
    print(f"{RULES} rules, {MEDICATIONS} medications, {found / len(questions):.1f} findings a check, {count} rounds")
    for ours in ("findings", "check"):
        for peer in ("sqlite", "zen"):
            ratio = ratio_of([result[peer] / result[ours] for result in results])
            print(f"  {peer:6} / {ours:8} {ratio}")


def growth(count: int) -> None:
    """Time of a check at every size as a ratio to 600 rules; compile time and memory at every size."""
    print(f"growth with the number of rules, {MEDICATIONS} medications, {count} rounds")
    contenders: dict[str, tuple[Callable[[Any], object], Sequence[Any]]] = {}
    for size in SIZES:
        world = make_world(size)
        rule_set = rule_set_of(world)
        before, started = resident_megabytes(), time.process_time()
        compiled = compile_rule_set(rule_set, digest="0" * 64)
        seconds, memory = time.process_time() - started, resident_megabytes() - before
        profiles = [profile_of(world, question) for question in make_questions(world, 40, MEDICATIONS)]
        found = sum(len(check(compiled, profile)["findings"]) for profile in profiles) / len(profiles)
        print(f"  {size:6} rules: compiled in {seconds:6.2f} s CPU, {memory:6.1f} MB, {found:.1f} findings a check")
        contenders[str(size)] = (partial(check, compiled), profiles)
    results = rounds(contenders, count)
    for size in SIZES:
        ratio = ratio_of([result[str(size)] / result["600"] for result in results])
        print(f"  {size:6} / 600 rules {ratio}")
