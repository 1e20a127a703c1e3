"""House rules about worked cases and assessments: what is claimed is shown, and every question has an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.engine import check
from rules.lint.inspection import active
from rules.terms import CaseKind, RecordStatus, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.documents import Expression
    from rules.lint.inspection import Fault, Inspection
    from rules.model import Assessment
    from rules.report import Finding


def every_kind_of_case(inspection: Inspection) -> Iterator[Fault]:
    """Every interaction has a case that fires, one that stays quiet and, where facts are read, one that lacks one."""
    kinds: dict[str, set[CaseKind]] = {}
    for case in active(inspection.rule_set.cases):
        if case.interaction is not None:
            kinds.setdefault(case.interaction, set()).add(case.kind)
    for interaction in active(inspection.rule_set.interactions):
        needed = {CaseKind.FIRES, CaseKind.QUIET}
        asked = [interaction.when, *(factor.when for factor in interaction.factors)]
        if any(_can_lack_a_fact(test) for test in asked if test is not None):
            needed.add(CaseKind.MISSING_FACT)
        for kind in sorted(needed - kinds.get(interaction.id, set())):
            yield "interactions", interaction.id, "", "no-case", f"there is no case of kind {kind}"


def _can_lack_a_fact(test: Expression) -> bool:
    """Whether it may be open; what a product holds beside a substance is always known."""
    parts = [*(test.all or ()), *(test.any or ()), *([test.not_] if test.not_ is not None else [])]
    if parts:
        return any(map(_can_lack_a_fact, parts))
    return test.co_medication is None or not test.co_medication.same_product


def cases_about_their_interaction(inspection: Inspection) -> Iterator[Fault]:
    """A case about an interaction says something about that interaction."""
    for case in active(inspection.rule_set.cases):
        expected = {finding.interaction for finding in case.expect.findings}
        if case.kind in {CaseKind.FIRES, CaseKind.MISSING_FACT} and case.interaction not in expected:
            yield "cases", case.id, "/expect/findings", "case-silent", f"it does not expect {case.interaction!r}"
        says_quiet = case.interaction in case.expect.absent or (
            case.interaction in expected or case.expect.no_other_findings
        )
        if case.kind is CaseKind.QUIET and not says_quiet:
            detail = f"it says neither that {case.interaction!r} is absent nor how quiet it is"
            yield "cases", case.id, "/expect/absent", "case-silent", detail


def everything_is_assessed(inspection: Inspection) -> Iterator[Fault]:
    """Every class and every interaction is part of what the knowledge makes of some question."""
    assessments = list(active(inspection.rule_set.assessments))
    classes = {name for assessment in assessments for name in assessment.classes}
    interactions = {name for assessment in assessments for name in assessment.interactions}
    detail = "no assessment names it"
    for record in active(inspection.rule_set.classes):
        if record.id not in classes:
            yield "classes", record.id, "", "not-assessed", detail
    for interaction in active(inspection.rule_set.interactions):
        if interaction.id not in interactions:
            yield "interactions", interaction.id, "", "not-assessed", detail


def assessments_hold(inspection: Inspection) -> Iterator[Fault]:
    """A rule that an assessment points to is there, and where it claims silence nothing above minor is said."""
    cases = {case.id: case for case in inspection.rule_set.cases}
    for assessment in active(inspection.rule_set.assessments):
        for index, name in enumerate(assessment.interactions):
            if inspection.compiled.interactions[name].status is RecordStatus.WITHDRAWN:
                detail = f"{name!r} is withdrawn"
                yield "assessments", assessment.id, f"/interactions/{index}", "withdrawn-reference", detail
        if assessment.verdict is not Verdict.NO_ALERT:
            continue
        about = _substances(inspection, assessment)
        for index, name in enumerate(assessment.cases):
            for finding in check(inspection.compiled, cases[name].profile)["findings"]:
                if finding["severity"] != Severity.MINOR and _concerns(finding, about, assessment):
                    detail = f"{name!r} is not silent: {finding['interaction_id']} is {finding['severity']}"
                    yield "assessments", assessment.id, f"/cases/{index}", "not-silent", detail


def _substances(inspection: Inspection, assessment: Assessment) -> set[str]:
    """The substances that an assessment is about."""
    named = {name for one in assessment.classes for name in inspection.compiled.members_of(one)}
    salts = {one.id for one in inspection.rule_set.substances if one.salt_form in assessment.forms}
    return named | salts | set(assessment.substances)


def _concerns(finding: Finding, about: set[str], assessment: Assessment) -> bool:
    """Whether a finding is about what the assessment names; one that names nothing is about everything."""
    if not (about or assessment.conditions):
        return True
    affected = {finding["affected"]["id"]} if finding["affected"] else set()
    taking_part = affected | {one["id"] for one in finding["precipitants"]}
    return not taking_part.isdisjoint(about) or not set(finding["condition_ids"]).isdisjoint(assessment.conditions)
