"""The deficiency part of a report: what adds to the risk, where measured values lie, which symptoms fit.

It collects what the rules found and never turns it into a number: the literature gives no such probability, and a
symptom alone never makes anybody deficient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rules.conditions import Range
from rules.facts import latest_observations
from rules.fragments import cited
from rules.quantities import plain
from rules.terms import Direction, MagnesiumLevel, word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rules.compiled import CompiledRuleSet
    from rules.conditions import Facts
    from rules.profile import MedicationProfile
    from rules.report import CheckedTerm, DeficiencyContribution, DeficiencyRisk, Finding, SerumBand, SymptomReport

_CONTRIBUTING: Final = frozenset({Direction.DEPLETES_MAGNESIUM, Direction.DEFICIENCY_RISK})
_NOT_EXCLUDED: Final = (
    "A normal serum magnesium does not exclude deficiency, because most magnesium lies in cells and bone."
)


def _serum(compiled: CompiledRuleSet, profile: MedicationProfile, facts: Facts) -> list[SerumBand]:
    bands: list[SerumBand] = []
    latest = latest_observations(profile.observations)
    for kind in sorted(latest):
        observation = latest[kind]
        reference = compiled.ranges.get(kind)
        if reference is None:
            continue
        value = facts.serum[kind]
        for band in reference.bands:
            if Range(band.bounds).contains(value):
                bands.append(
                    {
                        "analyte": kind,
                        "value_mmol_per_l": plain(value, 3),
                        "taken_on": observation.taken_on.isoformat() if observation.taken_on else None,
                        "band": band.name,
                        "level": word(band.level),
                        "meaning": band.meaning,
                        "advice": band.advice,
                        "citations": cited(reference.citations, compiled.citations),
                    }
                )
                break
    return bands


def _symptoms(compiled: CompiledRuleSet, facts: Facts) -> list[SymptomReport]:
    reports: list[SymptomReport] = []
    for name in sorted(facts.symptoms):
        symptom = compiled.symptoms[name]
        reports.append(
            {
                "id": symptom.id,
                "name": symptom.name,
                "level": word(symptom.level),
                "stage": word(symptom.stage),
                "text": symptom.text,
                "citations": cited(symptom.citations, compiled.citations),
            }
        )
    return reports


def _statement(contributions: int, bands: Sequence[SerumBand]) -> str:
    magnesium = next((band for band in bands if band["analyte"] == "serum_magnesium"), None)
    if magnesium is not None and magnesium["level"] == MagnesiumLevel.LOW:
        return f"Serum magnesium is low ({magnesium['value_mmol_per_l']} mmol/L: {magnesium['band']})."
    if contributions:
        add = "finding adds" if contributions == 1 else "findings add"
        return f"{contributions} {add} to the risk of magnesium deficiency. {_NOT_EXCLUDED}"
    return f"Nothing that was given adds to the risk of magnesium deficiency in this rule set. {_NOT_EXCLUDED}"


def deficiency_risk(
    compiled: CompiledRuleSet,
    profile: MedicationProfile,
    facts: Facts,
    findings: Sequence[Finding],
    symptoms: Sequence[CheckedTerm],
) -> DeficiencyRisk:
    """Collect everything about low magnesium that the report holds."""
    contributions: list[DeficiencyContribution] = [
        {
            "interaction_id": finding["interaction_id"],
            "medication_ids": finding["medication_ids"],
            "condition_ids": finding["condition_ids"],
            "severity": finding["severity"],
            "applicability": finding["applicability"],
        }
        for finding in findings
        if finding["direction"] in _CONTRIBUTING
    ]
    bands = _serum(compiled, profile, facts) if profile.observations else []
    missing: list[str] = []
    if contributions or symptoms:
        if "serum_magnesium" not in facts.serum:
            missing.append("observations.serum_magnesium")
        if not facts.conditions_known:
            missing.append("conditions")
    return {
        "contributions": contributions,
        "serum": bands,
        "symptoms": _symptoms(compiled, facts) if facts.symptoms else [],
        "missing_facts": missing,
        "statement": _statement(len(contributions), bands),
    }
