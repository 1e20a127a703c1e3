"""The law about worked cases: every rule has been seen firing, not firing and lacking a fact (I7)."""

from __future__ import annotations

from collections.abc import Iterator

from rules import CompiledRuleSet, engine
from rules.documents import Expression
from rules.model import Case, Interaction
from rules.report import Finding
from rules.terms import CaseKind, RecordStatus


def _found(rules: CompiledRuleSet, case: Case, interaction_id: str) -> list[Finding]:
    report = engine.check(rules, case.profile)
    return [finding for finding in report["findings"] if finding["interaction_id"] == interaction_id]


def _of_kind(rules: CompiledRuleSet, kind: CaseKind) -> dict[str, list[Case]]:
    cases: dict[str, list[Case]] = {}
    for case in rules.rule_set.cases:
        if case.interaction is not None and case.kind is kind and case.status is RecordStatus.ACTIVE:
            cases.setdefault(case.interaction, []).append(case)
    return cases


def _measured(rules: CompiledRuleSet) -> frozenset[str]:
    """Conditions derived from a laboratory value: without one they are absent, and nobody is asked for it."""
    return frozenset(
        one.id
        for one in rules.rule_set.conditions
        if one.present_when is not None and one.present_when.serum_magnesium is not None
    )


def _can_lack_a_fact(expression: Expression, measured: frozenset[str]) -> bool:
    """Whether something it asks can be missing: the list itself never is, nor a symptom or a measured condition."""
    if expression.not_ is not None:
        return _can_lack_a_fact(expression.not_, measured)
    if expression.all is not None or expression.any is not None:
        parts = (*(expression.all or ()), *(expression.any or ()))
        return any(_can_lack_a_fact(part, measured) for part in parts)
    if expression.risk_count is not None:
        return bool(expression.risk_count.conditions)
    if expression.conditions is not None:
        return not measured.issuperset(expression.conditions)
    return expression.co_medication is None and expression.symptoms is None


def reads_facts(interaction: Interaction, measured: frozenset[str]) -> bool:
    """Whether a fact beyond who meets whom decides about it."""
    asked = [factor.when for factor in interaction.factors]
    return any(_can_lack_a_fact(one, measured) for one in (*asked, *([interaction.when] if interaction.when else [])))


def rules_without_a_witness(rules: CompiledRuleSet) -> Iterator[str]:
    """I7: each rule that no case of its own shows firing, staying quiet and, where it reads facts, lacking one.

    A worked case is the generated witness: its author wrote it from the literature, and it has to do what it says.
    """
    fires = _of_kind(rules, CaseKind.FIRES)
    quiet = _of_kind(rules, CaseKind.QUIET)
    missing = _of_kind(rules, CaseKind.MISSING_FACT)
    measured = _measured(rules)
    for interaction in rules.rule_set.interactions:
        if interaction.status is not RecordStatus.ACTIVE:
            continue
        name = interaction.id
        if not any(_found(rules, case, name) for case in fires.get(name, ())):
            yield f"{name} never fires"
        # A quiet case may expect the finding itself, at the level at which it is no alarm.
        silent = [case for case in quiet.get(name, ()) if not _found(rules, case, name)]
        expected = [case for case in quiet.get(name, ()) if name in {one.interaction for one in case.expect.findings}]
        if not silent and not expected:
            yield f"{name} never stays quiet"
        lacking = [finding for case in missing.get(name, ()) for finding in _found(rules, case, name)]
        if reads_facts(interaction, measured) and not any(finding["missing_facts"] for finding in lacking):
            yield f"{name} never lacks a fact"
