"""The laws as plain functions: each takes one random case and fails when the engine breaks the law on it.

The tests run them over many cases; the planted mutants run the same functions over the same cases and must be caught.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from rules import CompiledRuleSet, RuleSet, compile_rule_set, engine
from rules.report import CheckReport, Finding
from rules.terms import Severity
from tests import factories
from tests.strategies import Json, World

UNSIGNED = "0" * 64  # a digest for rule sets whose identity does not matter: computing it is most of compiling
RANK = {severity.value: severity.rank for severity in Severity}
CERTAINTY = {"may_apply": 0, "applies": 1}


@dataclass(frozen=True)
class Law:
    """One law: the cases it is tried on, and what must hold of each."""

    cases: st.SearchStrategy[Any]
    holds: Callable[[Any], None]


# The packaged knowledge takes a second to compile, so it is kept; random rule sets are compiled anew for each case,
# so that no case sees the caches of another.
_KEPT: dict[int, CompiledRuleSet] = {}


def keep(rules: CompiledRuleSet) -> None:
    """Use this from now on whenever a law asks for its rule set."""
    _KEPT[id(rules.rule_set)] = rules


def compiled(rule_set: RuleSet) -> CompiledRuleSet:
    """The rule set ready to answer."""
    return _KEPT.get(id(rule_set)) or compile_rule_set(rule_set, digest=UNSIGNED)


def ask(rules: CompiledRuleSet, body: Json, *, explain: bool = False) -> CheckReport:
    """The report on the body of a request."""
    return engine.check(rules, factories.question(body), explain=explain)


def answer(world: World) -> CheckReport:
    """The report on a world."""
    return engine.check(compiled(world.rule_set), world.profile)


def as_bytes(value: object) -> bytes:
    """What is sent, byte for byte: keys in the order in which they were written."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


def with_lines(body: Json, lines: Iterable[Json]) -> Json:
    """The same request about another list."""
    return {**body, "medications": list(lines)}


def subject(finding: Finding) -> tuple[str, str | None]:
    """What a finding is about: the interaction and the affected substance."""
    affected = finding["affected"]
    return finding["interaction_id"], affected["id"] if affected else None


def partners(finding: Finding) -> set[str]:
    """The substances that act."""
    return {one["id"] for one in finding["precipitants"]}


def medications_of(finding: Finding) -> list[str | None]:
    """The medications of a finding; none for a finding about a condition alone."""
    return [*finding["medication_ids"]] or [None]


def about_the_same(finding: Finding, others: Iterable[Finding], medication: str | None) -> list[Finding]:
    """The findings of the same interaction and affected substance that hold the medication."""
    return [
        other
        for other in others
        if subject(other) == subject(finding) and (medication is None or medication in other["medication_ids"])
    ]
