"""The policy on severities as tables: which severity, operational class and action go together.

POLICY.md shows the same tables to authors, and a test compares the two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rules.lint.inspection import active
from rules.terms import CitationKind, EvidenceGrade, ManagementAction, OperationalClass, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rules.documents import Reference
    from rules.lint.inspection import Fault, Inspection
    from rules.model import Citation, Interaction

CLASSES_OF: Final[dict[Severity, tuple[OperationalClass, ...]]] = {
    Severity.CONTRAINDICATED: (OperationalClass.AVOID, OperationalClass.USUALLY_AVOID),
    Severity.MAJOR: (
        OperationalClass.AVOID,
        OperationalClass.USUALLY_AVOID,
        OperationalClass.MINIMIZE_RISK,
        OperationalClass.MONITOR,
    ),
    Severity.MODERATE: (
        OperationalClass.AVOID,
        OperationalClass.USUALLY_AVOID,
        OperationalClass.MINIMIZE_RISK,
        OperationalClass.MONITOR,
    ),
    Severity.MINOR: (
        OperationalClass.MINIMIZE_RISK,
        OperationalClass.MONITOR,
        OperationalClass.NO_SPECIAL_PRECAUTION,
    ),
}
ACTIONS_OF: Final[dict[OperationalClass, tuple[ManagementAction, ...]]] = {
    OperationalClass.AVOID: (ManagementAction.AVOID_COMBINATION, ManagementAction.CHOOSE_ALTERNATIVE),
    OperationalClass.USUALLY_AVOID: (
        ManagementAction.AVOID_COMBINATION,
        ManagementAction.CHOOSE_ALTERNATIVE,
        ManagementAction.ADJUST_DOSE,
    ),
    OperationalClass.MINIMIZE_RISK: (
        ManagementAction.SEPARATE_DOSES,
        ManagementAction.ADJUST_DOSE,
        ManagementAction.CHOOSE_ALTERNATIVE,
        ManagementAction.CORRECT_MAGNESIUM,
        ManagementAction.CHECK_KIDNEY_FUNCTION,
        ManagementAction.REVIEW_INTAKE,
        ManagementAction.MONITOR,
    ),
    OperationalClass.MONITOR: (
        ManagementAction.MONITOR,
        ManagementAction.CORRECT_MAGNESIUM,
        ManagementAction.CHECK_KIDNEY_FUNCTION,
        ManagementAction.REVIEW_INTAKE,
        ManagementAction.INFORM,
        ManagementAction.CHOOSE_ALTERNATIVE,
        ManagementAction.SEPARATE_DOSES,
    ),
    OperationalClass.NO_SPECIAL_PRECAUTION: (
        ManagementAction.INFORM,
        ManagementAction.SEPARATE_DOSES,
        ManagementAction.REVIEW_INTAKE,
        ManagementAction.CHECK_KIDNEY_FUNCTION,
        ManagementAction.MONITOR,
    ),
}
_REGULATORY: Final = frozenset({CitationKind.LABEL, CitationKind.REGULATOR})


def severity_and_class(inspection: Inspection) -> Iterator[Fault]:
    """What is advised fits how bad it is, at every severity that the record can reach."""
    for record in active(inspection.rule_set.interactions):
        for pointer, severity, operational_class in _levels(record):
            if operational_class not in CLASSES_OF[severity]:
                allowed = ", ".join(CLASSES_OF[severity])
                detail = f"{severity} does not go with {operational_class}; allowed: {allowed}"
                yield "interactions", record.id, f"{pointer}/operational_class", "class-for-severity", detail


def _levels(record: Interaction) -> Iterator[tuple[str, Severity, OperationalClass]]:
    """Every severity the record can have, with the class that it then has."""
    yield "", record.severity, record.operational_class
    for index, factor in enumerate(record.factors):
        yield f"/factors/{index}", factor.severity, factor.operational_class or record.operational_class
    for index, variant in enumerate(record.variants):
        severity = variant.severity or record.severity
        yield f"/variants/{index}", severity, variant.operational_class or record.operational_class


def action_and_class(inspection: Inspection) -> Iterator[Fault]:
    """The action belongs to one of the classes that the record can have: a factor has no action of its own."""
    for record in active(inspection.rule_set.interactions):
        classes = {operational_class for _, _, operational_class in _levels(record)}
        if not any(record.management.action in ACTIONS_OF[one] for one in classes):
            detail = f"{record.management.action} does not go with {', '.join(sorted(classes))}"
            yield "interactions", record.id, "/management/action", "action-for-class", detail


def separations(inspection: Inspection) -> Iterator[Fault]:
    """Who advises to separate doses says by how much, for every substance, and that it helps."""
    for record in active(inspection.rule_set.interactions):
        if record.management.action is not ManagementAction.SEPARATE_DOSES:
            continue
        own = record.management.separation
        if own is None and _without_own_hours(inspection, record):
            detail = "separate_doses needs a separation for every affected substance"
            yield "interactions", record.id, "/management/separation", "no-separation", detail
        given = [("/management", own), *((f"/variants/{i}", one.separation) for i, one in enumerate(record.variants))]
        for pointer, separation in given:
            if separation is not None and not separation.spacing_helps:
                detail = "separate_doses is advised where no spacing helps"
                yield "interactions", record.id, f"{pointer}/separation", "spacing-does-not-help", detail


def _without_own_hours(inspection: Inspection, record: Interaction) -> bool:
    """Whether a substance of the affected party has no separation in a variant."""
    own = {name for variant in record.variants if variant.separation is not None for name in variant.substances}
    return record.affected is None or not inspection.members(record.affected) <= own


def contraindications(inspection: Inspection) -> Iterator[Fault]:
    """What is contraindicated is so by a text of a regulator or on evidence of grade A."""
    citations = inspection.compiled.citations
    detail = "contraindicated needs a label or a regulator's text among its citations, or evidence of grade A"
    for record in active(inspection.rule_set.interactions):
        for pointer, severity, grade, references in _bases(record):
            known = grade is EvidenceGrade.A or _regulatory(references, citations)
            if severity is Severity.CONTRAINDICATED and not known:
                yield "interactions", record.id, f"{pointer}/severity", "contraindicated-by-whom", detail


def factors_against_variants(inspection: Inspection) -> Iterator[Fault]:
    """A factor that makes a rule worse does not make one of its variants milder, nor one that makes it milder worse."""
    for record in active(inspection.rule_set.interactions):
        for place, variant in enumerate(record.variants):
            its_own = variant.severity or record.severity
            for factor in record.factors:
                here, there = factor.severity.rank - record.severity.rank, factor.severity.rank - its_own.rank
                if here * there < 0:
                    detail = (
                        f"the factor {factor.id} changes {record.severity} to {factor.severity}, and would change the "
                        f"{its_own} of this variant the other way; give its substances a record of their own"
                    )
                    yield "interactions", record.id, f"/variants/{place}", "factor-against-variant", detail


def _bases(
    record: Interaction,
) -> Iterator[tuple[str, Severity, EvidenceGrade | None, Iterable[Reference]]]:
    yield "", record.severity, record.evidence.grade, record.evidence.citations
    for index, factor in enumerate(record.factors):
        yield f"/factors/{index}", factor.severity, None, factor.citations
    for index, variant in enumerate(record.variants):
        severity = variant.severity or record.severity
        yield f"/variants/{index}", severity, variant.evidence.grade, variant.evidence.citations


def _regulatory(references: Iterable[Reference], citations: dict[str, Citation]) -> bool:
    return any(citations[reference.citation].kind in _REGULATORY for reference in references)
