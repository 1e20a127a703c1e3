"""Findings as single codes of pharmacy messages (NCPDP Telecommunication), for systems that pass them on in such a one.

The codes are those that payers publish in their sheets; NCPDP's own lists belong to its members and are not here.
It writes no message, and where no code fits it gives none.
"""

from __future__ import annotations

from typing import Final

from rules.report import CheckReport, Finding
from rules.report_basics import NcpdpBlock, NcpdpReason, NcpdpSignificance
from rules.terms import Direction, ManagementAction, Severity

# The length of 544-FY in version D.0, unverified: general knowledge, no public source was found (looked for on
# 2026-11-23), and the standard belongs to its members. Later versions allow more, so nothing here may be longer.
MOST_CHARACTERS: Final = 30

# Deficiency and side effects of a magnesium form are no conflict that these codes name.
_REASONS: Final = {
    Direction.DEPLETES_MAGNESIUM: NcpdpReason.DRUG_LABORATORY,
    Direction.RETAINS_MAGNESIUM: NcpdpReason.DRUG_LABORATORY,
    Direction.MAGNESIUM_ALTERS_DRUG: NcpdpReason.DRUG_DRUG,
    Direction.ADDITIVE_EFFECT: NcpdpReason.ADDITIVE_TOXICITY,
    Direction.INTAKE_LIMIT: NcpdpReason.HIGH_DOSE,
}
_SIGNIFICANCES: Final = {
    Severity.CONTRAINDICATED: NcpdpSignificance.MAJOR,
    Severity.MAJOR: NcpdpSignificance.MAJOR,
    Severity.MODERATE: NcpdpSignificance.MODERATE,
    Severity.MINOR: NcpdpSignificance.MINOR,
}
# Magnesium is written out: in capitals its symbol is the milligram.
_WHAT: Final = {
    Direction.DEPLETES_MAGNESIUM: "LOWERS MAGNESIUM",
    Direction.RETAINS_MAGNESIUM: "RAISES MAGNESIUM",
    Direction.MAGNESIUM_ALTERS_DRUG: "MAGNESIUM + DRUG",
    Direction.ADDITIVE_EFFECT: "MAGNESIUM ADDS",
    Direction.AMPLIFIED_BY_LOW_MAGNESIUM: "LOW MAGNESIUM",
    Direction.CONTRAINDICATED_CONDITION: "MAGNESIUM RISK",
    Direction.DEFICIENCY_RISK: "MAGNESIUM NEED",
    Direction.INTAKE_LIMIT: "MAGNESIUM INTAKE",
    Direction.SIDE_EFFECT: "MAGNESIUM EFFECT",
}
_ACTIONS: Final = {
    ManagementAction.SEPARATE_DOSES: "SEPARATE",
    ManagementAction.AVOID_COMBINATION: "AVOID",
    ManagementAction.CHOOSE_ALTERNATIVE: "REPLACE",
    ManagementAction.ADJUST_DOSE: "ADJUST DOSE",
    ManagementAction.MONITOR: "MONITOR",
    ManagementAction.CORRECT_MAGNESIUM: "CORRECT",
    ManagementAction.CHECK_KIDNEY_FUNCTION: "CHECK KIDNEY",
    ManagementAction.REVIEW_INTAKE: "REVIEW",
    ManagementAction.INFORM: "INFORM",
}


def add_ncpdp(report: CheckReport) -> None:
    """Give each finding its block."""
    reported = {term["id"] for term in report["conditions"]}
    for finding in report["findings"]:
        finding["ncpdp"] = _block(finding, reported)


def _block(finding: Finding, reported: set[str | None]) -> NcpdpBlock:
    return {
        "reason_for_service": _reason(finding, reported),
        "clinical_significance": _SIGNIFICANCES[finding["severity"]],
        "free_text": _text(finding),
    }


def _reason(finding: Finding, reported: set[str | None]) -> NcpdpReason | None:
    """The one code that fits best."""
    if finding["direction"] == Direction.CONTRAINDICATED_CONDITION:
        told = not reported.isdisjoint(finding["condition_ids"])
        return NcpdpReason.DISEASE_REPORTED if told else NcpdpReason.DISEASE_INFERRED
    if finding["direction"] == Direction.AMPLIFIED_BY_LOW_MAGNESIUM:
        # With a medicine that drains magnesium it is a matter of two drugs, else of one drug and a level.
        return NcpdpReason.DRUG_DRUG if finding["precipitants"] else NcpdpReason.DRUG_LABORATORY
    return _REASONS.get(finding["direction"])


def _text(finding: Finding) -> str:
    """The hours between doses where a source gives both, else what it is about and what is advised."""
    separation = finding["management"]["separation"]
    if separation is not None:
        behind_magnesium, behind_drug = separation["magnesium_first_hours"], separation["drug_first_hours"]
        if behind_magnesium is not None and behind_drug is not None and separation["spacing_helps"]:
            hours = f"MAGNESIUM {behind_magnesium}H BEFORE/{behind_drug}H AFTER"
            if len(hours) <= MOST_CHARACTERS:
                return hours
    return f"{_WHAT[finding['direction']]}; {_ACTIONS[finding['management']['action']]}"
