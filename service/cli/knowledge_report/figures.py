"""Figures about a rule set: what is in it, what nothing uses, where sources disagree, and how much noise it makes.

It computes and judges nothing: that is what lint is for. How a figure is written belongs to whoever shows it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from statistics import fmean, median
from typing import Any

from rules.compiled import CompiledRuleSet
from rules.engine import check
from rules.model import Assessment, Case, Citation, Disagreement, Interaction, MedicationClass, RuleSet, Separation
from rules.terms import CaseKind, RecordStatus, Severity, Verdict, Verification

LONG_LIST = 5  # medicines on a list that looks like a real patient's
LOUDEST = 10  # rules that are named as firing most


def active_interactions(rule_set: RuleSet) -> list[Interaction]:
    """The rules that can fire."""
    return [record for record in rule_set.interactions if record.status is RecordStatus.ACTIVE]


def active_assessments(rule_set: RuleSet) -> list[Assessment]:
    """What the knowledge makes of the questions of the literature."""
    return [record for record in rule_set.assessments if record.status is RecordStatus.ACTIVE]


def _active_cases(rule_set: RuleSet) -> list[Case]:
    return [record for record in rule_set.cases if record.status is RecordStatus.ACTIVE]


def quiet_cases(rule_set: RuleSet) -> list[Case]:
    """The lists that should say little: cases of kind quiet, and those by which an assessment claims silence."""
    claimed = {
        name
        for assessment in active_assessments(rule_set)
        if assessment.verdict is Verdict.NO_ALERT
        for name in assessment.cases
    }
    return [case for case in _active_cases(rule_set) if case.kind is CaseKind.QUIET or case.id in claimed]


def whole_lists(rule_set: RuleSet) -> list[Case]:
    """The cases about everything that a list sets off."""
    return [case for case in _active_cases(rule_set) if case.kind is CaseKind.WHOLE_LIST]


def counts(rule_set: RuleSet) -> dict[str, int]:
    """What there is, by the words that a reader would ask for."""
    long_lists = [case for case in whole_lists(rule_set) if len(case.profile.medications) >= LONG_LIST]
    return {
        "medication classes": len(rule_set.classes),
        "substances": len(rule_set.substances),
        "products": len(rule_set.products),
        "interactions": len(rule_set.interactions),
        "variants of single substances": sum(len(record.variants) for record in rule_set.interactions),
        "conditions and populations": len(rule_set.conditions),
        "magnesium salts": len(rule_set.forms),
        "salt forms counted as hydrates": sum(len(form.hydrates) for form in rule_set.forms),
        "sources": len(rule_set.citations),
        "assessments": len(rule_set.assessments),
        "worked cases": len(rule_set.cases),
        "quiet pairs": len(quiet_cases(rule_set)),
        f"whole lists of {LONG_LIST} medicines and more": len(long_lists),
    }


def best_verification(record: Interaction, compiled: CompiledRuleSet) -> Verification:
    """The tag of the best founded source of a rule."""
    tags = (compiled.citations[reference.citation].verification for reference in record.evidence.citations)
    return max(tags, key=lambda tag: tag.rank)


def past_review(rule_set: RuleSet, today: date) -> list[Interaction]:
    """The rules whose sources should have been read again, the longest overdue first."""
    overdue = [record for record in active_interactions(rule_set) if record.review_due_on < today]
    return sorted(overdue, key=lambda record: (record.review_due_on, record.id))


# --- disagreement -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Disagreeing:
    """One disagreement between sources: where it stands and what was chosen."""

    interaction: Interaction
    substances: tuple[str, ...]  # empty: all of the affected party
    disagreement: Disagreement
    chosen: Separation


def disagreements(rule_set: RuleSet) -> Iterator[Disagreeing]:
    """Every place where sources do not say the same."""
    for record in active_interactions(rule_set):
        places = [((), record.management.separation), *((one.substances, one.separation) for one in record.variants)]
        for substances, separation in places:
            if separation is not None and separation.disagreement is not None:
                yield Disagreeing(record, substances, separation.disagreement, separation)


# --- what nothing uses ------------------------------------------------------------------------------------------------


def unused_citations(rule_set: RuleSet) -> list[Citation]:
    """Sources that no other record refers to."""
    used = set(_values_of("citation", rule_set.model_dump(exclude={"citations"})))
    return [record for record in rule_set.citations if record.id not in used]


def classes_without_rules(classes: Iterable[MedicationClass], interactions: Iterable[Interaction]) -> list[str]:
    """Classes that no rule is about, neither by name nor through a class around them."""
    known = {record.id: record for record in classes}
    # A rule about a class is a rule about the classes it includes.
    used: set[str] = set()
    open_ = [name for one in interactions for names in _values_of("classes", one.model_dump()) for name in names]
    while open_:
        name = open_.pop()
        if name in known and name not in used:
            used.add(name)
            open_.extend(known[name].includes)
    return [name for name in known if name not in used]


def _values_of(key: str, node: Any) -> Iterator[Any]:  # noqa: ANN401 - any part of a record
    """Every value that stands under the key, at any depth."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == key:
                yield value
            yield from _values_of(key, value)
    elif isinstance(node, list | tuple):
        for item in node:
            yield from _values_of(key, item)


# --- quietness --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spread:
    """How many findings a list has."""

    least: int
    median: float
    mean: float
    most: int


@dataclass(frozen=True, slots=True)
class Quietness:
    """What some lists set off: findings for each list, in all and by severity, and which rules fire most."""

    lists: int
    total: Spread
    by_severity: dict[Severity, Spread]
    loudest: tuple[tuple[str, int], ...]  # interaction and findings, most first


def quietness(compiled: CompiledRuleSet, cases: Iterable[Case]) -> Quietness | None:
    """What the lists of the cases set off; None where there is no list."""
    findings = [check(compiled, case.profile)["findings"] for case in cases]
    if not findings:
        return None
    severities = [Counter(finding["severity"] for finding in found) for found in findings]
    fired = Counter(finding["interaction_id"] for found in findings for finding in found)
    return Quietness(
        lists=len(findings),
        total=_spread([len(found) for found in findings]),
        by_severity={severity: _spread([one[severity] for one in severities]) for severity in Severity},
        loudest=tuple(sorted(fired.items(), key=lambda item: (-item[1], item[0]))[:LOUDEST]),
    )


def _spread(numbers: list[int]) -> Spread:
    return Spread(min(numbers), median(numbers), fmean(numbers), max(numbers))
