"""The clinical laws over many random cases, and the engine against the naive evaluator.

`HYPOTHESIS_PROFILE=thorough` runs 500 examples a law instead of the modest number of every run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules import CompiledRuleSet, check
from rules.baseline import read_baseline
from rules.terms import CaseKind, RecordStatus
from tests.property.laws import ask, compiled, documents, facts, lists, names
from tests.reference import naive
from tests.strategies import Shape, World, worlds

if TYPE_CHECKING:
    from rules.report import CheckReport
    from tests.property.laws import Law

EXAMPLES = 500 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 25

LAWS: dict[str, Law] = {
    "I1 adding a medicine removes nothing": lists.I1,
    "I2 order means nothing": lists.I2,
    "I3 listed twice is once, and said": lists.I3,
    "I4 asked again, the same bytes": lists.I4,
    "I5 replayed from what is stored": lists.I5,
    "I6 every finding shows its grounds": facts.I6,
    "I8 nothing is ignored": lists.I8,
    "I9 missing is never milder": facts.I9,
    "I10 limits are exact": facts.I10,
    "I11 units mean what they say": facts.I11,
    "I11 unknown units are refused": facts.I11_REFUSED,
    "I12 another name finds the same": names.I12,
    "I12 a combination is its ingredients": names.I12_COMBINATIONS,
    "I14 the worst is on top": lists.I14,
    "I17 what is accepted is answered": documents.I17,
    "I17 damaged rule sets are refused": documents.I17_RULES,
    "I17 damaged questions are refused": documents.I17_QUESTIONS,
    "I17 files are read or refused": documents.I17_FILES,
    "I20 what is not known shows": lists.I20,
}


def run(law: Law, examples: int) -> None:
    """Try a law on so many cases, the same ones each time."""

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )
    @given(law.cases)
    def tried(case: object) -> None:
        law.holds(case)

    tried()


@pytest.mark.parametrize("name", LAWS)
def test_law(name: str) -> None:
    """The law holds for every case that was tried."""
    run(LAWS[name], EXAMPLES)


def findings_of(report: CheckReport) -> Counter[naive.Found]:
    """A report's findings without their words."""
    return Counter(
        naive.Found(
            finding["interaction_id"],
            finding["affected"]["id"] if finding["affected"] else None,
            frozenset(finding["medication_ids"]),
            finding["applicability"],
            finding["severity"],
            finding["severity_ceiling"],
            finding["operational_class"],
            frozenset(finding["missing_facts"]),
            frozenset(finding["condition_ids"]),
            frozenset(partner["id"] for partner in finding["precipitants"]),
        )
        for finding in report["findings"]
    )


def engine_is_naive(world: World) -> None:
    """The engine and the naive evaluator find the same and recognise the same."""
    report = check(compiled(world.rule_set), world.profile)
    answer = naive.evaluate(world.rule_set, world.profile)
    assert findings_of(report) == Counter(answer.findings)
    assert report["status"] == answer.status
    assert {line["id"]: line["state"] for line in report["medications"]} == answer.states


@settings(
    max_examples=6 * EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
)
@given(worlds(Shape()))
def test_the_engine_finds_what_the_naive_evaluator_finds(world: World) -> None:
    """A fast engine and an obviously right one agree on random rule sets and lists."""
    engine_is_naive(world)


def test_every_packaged_interaction_has_its_witnesses() -> None:
    """I7: each fires, stays quiet and, where it reads facts, lacks one, in a worked case that holds (see `verify`)."""
    rule_set = read_baseline().rule_set
    kinds: dict[str, set[CaseKind]] = {}
    for case in rule_set.cases:
        if case.interaction is not None:
            kinds.setdefault(case.interaction, set()).add(case.kind)
    for rule in rule_set.interactions:
        if rule.status is RecordStatus.ACTIVE:
            needed = {CaseKind.FIRES, CaseKind.QUIET}
            if rule.when is not None or rule.factors:
                needed.add(CaseKind.MISSING_FACT)
            assert needed <= kinds.get(rule.id, set()), rule.id


_SCRIPT = """
import hashlib, json
from rules import check, compile_rule_set
from rules.baseline import read_baseline
compiled = compile_rule_set(read_baseline().rule_set)
cases = [case for case in compiled.rule_set.cases][::7]
text = json.dumps([check(compiled, case.profile, explain=True) for case in cases])
print(compiled.digest, hashlib.sha256(text.encode()).hexdigest())
"""


def test_the_same_bytes_in_every_process() -> None:
    """I4: hash seed, time zone and locale change neither the digest of the knowledge nor a byte of the reports."""
    answers = set()
    for seed, zone, locale in (("0", "UTC", "C"), ("1", "Asia/Tokyo", "tr_TR.UTF-8"), ("random", "America/Lima", "C")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale}
        command = [sys.executable, "-c", _SCRIPT]
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        answers.add(done.stdout)
    assert len(answers) == 1


@settings(max_examples=EXAMPLES, deadline=None, database=None, derandomize=True)
@given(st.permutations(range(6)))
def test_the_packaged_knowledge_answers_in_any_order(order: list[int]) -> None:
    """I2 on the real knowledge: a discharge list in any order gives the same bytes."""
    texts = (
        "Cipro 500 mg tablet",
        "Magnesium oxide 400 mg bid",
        "Furosemide 40 mg",
        "Omeprazole 20 mg",
        "Digoxin",
        "x",
    )
    items = [{"id": f"m{number}", "text": texts[number]} for number in order]
    asked = ask(_baseline(), {"medications": items})
    sorted_items = sorted(items, key=lambda item: item["id"])
    assert json.dumps(asked) == json.dumps(ask(_baseline(), {"medications": sorted_items}))


@cache
def _baseline() -> CompiledRuleSet:
    """The packaged knowledge, compiled once."""
    return compiled(read_baseline().rule_set)
