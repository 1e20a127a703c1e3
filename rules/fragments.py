"""The parts of a finding that never change, built once for each rule and substance and shared by all reports.

A fragment is read-only by agreement: reports hold references to it, and nothing may write to a report's fragments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules.canonical import digest
from rules.quantities import plain
from rules.terms import Applicability, Verification, word
from rules.timing import window_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

    from rules.documents import Evidence, Reference
    from rules.model import Citation, Interaction, Management, Separation, Variant
    from rules.report import DisagreementReport, Finding, ManagementReport, SeparationReport
    from rules.report_basics import CitationReference, EvidenceReport
    from rules.terms import OperationalClass, Severity
    from rules.timing import Window


@dataclass(frozen=True, slots=True)
class Fragment:
    """What a finding of one rule says, for the rule itself or for one substance that differs.

    ``finding`` has every key of a finding in order; a report copies it and fills in what was found.
    """

    finding: Finding
    severity: Severity
    operational_class: OperationalClass
    variant: str | None
    window: Window | None  # what dose times are tested against


def cited(references: Iterable[Reference], citations: Mapping[str, Citation]) -> list[CitationReference]:
    """Citations as a report shows them."""
    return [
        {
            "id": reference.citation,
            "title": citations[reference.citation].title,
            "address": citations[reference.citation].address,
            "verification": word(citations[reference.citation].verification),
            "supports": reference.supports,
        }
        for reference in references
    ]


def _hours(value: Decimal | None) -> str | None:
    return None if value is None else plain(value, 2)


def _separation(separation: Separation | None) -> SeparationReport | None:
    if separation is None:
        return None
    disagreement: DisagreementReport | None = None
    if separation.disagreement is not None:
        disagreement = {
            "policy": word(separation.disagreement.policy),
            "text": separation.disagreement.text,
            "positions": [
                {
                    "citation_id": position.citation,
                    "text": position.text,
                    "magnesium_first_hours": _hours(position.magnesium_first_hours),
                    "drug_first_hours": _hours(position.drug_first_hours),
                }
                for position in separation.disagreement.positions
            ],
        }
    return {
        "magnesium_first_hours": _hours(separation.magnesium_first_hours),
        "drug_first_hours": _hours(separation.drug_first_hours),
        "spacing_helps": separation.spacing_helps,
        "text": separation.text,
        "disagreement": disagreement,
    }


def _management(management: Management, variant: Variant | None) -> ManagementReport:
    separation = variant.separation if variant and variant.separation else management.separation
    return {
        "action": word(management.action),
        "text": variant.management_text if variant and variant.management_text else management.text,
        "patient_text": management.patient_text,
        "prescriber": None
        if management.prescriber is None
        else {"heading": management.prescriber.heading, "text": management.prescriber.text},
        "separation": _separation(separation),
        "monitoring": list(management.monitoring),
    }


def _evidence(evidence: Evidence, also: Evidence | None, citations: Mapping[str, Citation]) -> EvidenceReport:
    """The evidence of a variant comes first, then that of the rule, each source once."""
    references = list(evidence.citations)
    named = {reference.citation for reference in references}
    if also is not None:
        references += [reference for reference in also.citations if reference.citation not in named]
    reports = cited(references, citations)
    best = max((Verification(report["verification"]) for report in reports), key=lambda tag: tag.rank)
    return {"grade": word(evidence.grade), "verification": word(best), "citations": reports}


def build_fragment(record: Interaction, variant: Variant | None, citations: Mapping[str, Citation]) -> Fragment:
    """Build the unchanging part of a finding."""
    severity = word(variant.severity if variant and variant.severity else record.severity)
    operational_class = word(
        variant.operational_class if variant and variant.operational_class else record.operational_class
    )
    evidence = (
        _evidence(variant.evidence, record.evidence, citations)
        if variant
        else _evidence(record.evidence, None, citations)
    )
    finding: Finding = {
        "key": "",
        "context_digest": "",
        "origin": None,
        "interaction_id": record.id,
        "record_digest": digest(record),
        "direction": word(record.direction),
        "severity": severity,
        "severity_ceiling": severity,
        "seriousness": word(record.seriousness),
        "operational_class": operational_class,
        "applicability": word(Applicability.APPLIES),
        "missing_facts": [],
        "medication_ids": [],
        "affected": None,
        "precipitants": [],
        "condition_ids": [],
        "title": record.title,
        "mechanism": record.mechanism,
        "effect": variant.effect if variant and variant.effect else record.effect,
        "onset": word(record.onset),
        "management": _management(record.management, variant),
        "timing": None,
        "open_factors": [],
        "evidence": evidence,
        "last_reviewed_on": record.last_reviewed_on.isoformat(),
        "review_due_on": record.review_due_on.isoformat(),
        "review_overdue": False,
        "why": [],
    }
    separation = variant.separation if variant and variant.separation else record.management.separation
    named = ", ".join(variant.substances) if variant else None
    return Fragment(finding, severity, operational_class, named, window_of(separation))
