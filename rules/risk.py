"""The two risks of a report, too little and too much magnesium: what adds to them and what is known about them.

It collects what the rules found and never turns it into a number: the literature gives no such probability, and a
symptom alone never makes anybody deficient.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from rules.fragments import cited
from rules.quantities import decimal_from, plain
from rules.ranges import Range
from rules.terms import Applicability, DeficiencyState, Direction, ExcessState, MagnesiumEffect, MagnesiumLevel, word

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from rules.care import RecommendedIntake
    from rules.lines import Line
    from rules.report import Finding, MagnesiumIntake
    from rules.report_plan import (
        Cascade,
        DeficiencyRisk,
        DietaryIntake,
        ExcessRisk,
        PersonalFactor,
        RecommendedIntakeReport,
        RiskContribution,
        SerumBand,
        SymptomReport,
    )
    from rules.situation import Situation

MAGNESIUM: Final = "serum_magnesium"
# The condition that says that magnesium was found low, and the one that says that it was found high.
LOW_CONDITION: Final = "hypomagnesaemia"
HIGH_CONDITION: Final = "hypermagnesaemia"
_CASCADE: Final = "electrolyte-cascade"
_CASCADE_CONDITIONS: Final = {"hypokalaemia": "serum_potassium", "hypocalcaemia": "serum_calcium"}
_LOWERING: Final = frozenset({Direction.DEPLETES_MAGNESIUM, Direction.DEFICIENCY_RISK})
_RAISING: Final = frozenset(
    {
        Direction.RETAINS_MAGNESIUM,
        Direction.CONTRAINDICATED_CONDITION,
        Direction.INTAKE_LIMIT,
        Direction.ADDITIVE_EFFECT,
    }
)
_AMPLIFIED: Final = frozenset({Direction.AMPLIFIED_BY_LOW_MAGNESIUM})
_LOW_EFFECTS: Final = frozenset({MagnesiumEffect.LOW, MagnesiumEffect.LOW_AND_HIGH})
_HIGH_EFFECTS: Final = frozenset({MagnesiumEffect.HIGH, MagnesiumEffect.LOW_AND_HIGH, MagnesiumEffect.PHARMACODYNAMIC})
_OUTCOMES: Final = frozenset({MagnesiumEffect.OUTCOME})
_NOT_EXCLUDED: Final = (
    "A normal serum magnesium does not exclude deficiency, because most magnesium lies in cells and bone."
)


def serum_bands(situation: Situation) -> list[SerumBand]:
    """Where the value of each kind that counts lies, and how old it is."""
    compiled = situation.compiled
    return [
        {
            "analyte": kind,
            "value_mmol_per_l": plain(one.value, 3),
            "taken_on": one.taken_on.isoformat() if one.taken_on else None,
            "days_old": one.days_old,
            "stale": one.stale,
            "band": one.band.name,
            "level": word(one.band.level),
            "meaning": one.band.meaning,
            "advice": one.band.advice,
            "citations": cited(compiled.ranges[kind].citations, compiled.citations),
        }
        for kind, one in sorted(situation.measured.items())
        if one.band is not None
    ]


def _symptoms(situation: Situation, level: MagnesiumLevel) -> list[SymptomReport]:
    compiled = situation.compiled
    reports: list[SymptomReport] = []
    for name in sorted(situation.facts.symptoms):
        symptom = compiled.symptoms[name]
        if symptom.level is level:
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


def _contributions(
    situation: Situation, findings: Iterable[Finding], directions: Collection[Direction]
) -> list[RiskContribution]:
    concerned = [finding for finding in findings if finding["direction"] in directions]
    if not concerned:
        return []
    lines = {line.id: line for line in situation.lines}
    return [
        {
            "finding_key": finding["key"],
            "interaction_id": finding["interaction_id"],
            "title": finding["title"],
            "medication_ids": finding["medication_ids"],
            "condition_ids": finding["condition_ids"],
            "severity": finding["severity"],
            "severity_ceiling": finding["severity_ceiling"],
            "applicability": finding["applicability"],
            "duration_days": _longest([lines[name] for name in finding["medication_ids"]]),
            "evidence_grade": finding["evidence"]["grade"],
            "verification": finding["evidence"]["verification"],
        }
        for finding in concerned
    ]


def _longest(lines: Iterable[Line]) -> int | None:
    known = [days for line in lines if (days := line.days_taken) is not None]
    return max(known) if known else None


def _factors(
    situation: Situation, effects: Collection[MagnesiumEffect], contributions: Sequence[RiskContribution]
) -> list[PersonalFactor]:
    """Conditions of this person with the effect, less those that a contribution names already."""
    compiled = situation.compiled
    present = [name for name in situation.facts.conditions if compiled.conditions[name].magnesium_effect in effects]
    if not present:
        return []
    named = {name for contribution in contributions for name in contribution["condition_ids"]}
    return [compiled.personal_factor(name) for name in sorted(present) if name not in named]


def _dietary_intake(situation: Situation, intake: MagnesiumIntake) -> DietaryIntake | None:
    given = situation.profile.patient.dietary_magnesium_mg_per_day
    if given is None:
        return None
    food = decimal_from(given)
    total = Fraction(food) + Fraction(Decimal(intake["elemental_mg_per_day_minimum"]))
    return {
        "food_mg_per_day": plain(food),
        "with_products_mg_per_day": plain(total),
        "recommended": [
            _recommended(situation, record, total)
            for record in situation.compiled.care.recommended_intakes
            if _concerns(record, situation)
        ],
    }


def _concerns(record: RecommendedIntake, situation: Situation) -> bool:
    """Whether a recommendation is for people like this one; one for an age or sex that is not known is not shown."""
    facts = situation.facts
    if record.sex is not None and record.sex is not facts.sex:
        return False
    if record.age_years is None:
        return True
    return facts.age_years is not None and Range(record.age_years).contains(facts.age_years)


def _recommended(situation: Situation, record: RecommendedIntake, total: Fraction) -> RecommendedIntakeReport:
    return {
        "id": record.id,
        "body": record.body,
        "mg_per_day": plain(record.mg_per_day),
        "reached": total >= Fraction(record.mg_per_day),
        "citations": cited(record.citations, situation.compiled.citations),
    }


def _cascade(situation: Situation, bands: Sequence[SerumBand]) -> Cascade | None:
    """Low potassium or calcium, unless magnesium is known and not low."""
    low = {band["analyte"] for band in bands if band["level"] == MagnesiumLevel.LOW}
    conditions = situation.facts.conditions
    analytes = {kind for name, kind in _CASCADE_CONDITIONS.items() if name in conditions} | (low - {MAGNESIUM})
    known = MAGNESIUM in situation.facts.serum
    magnesium_is_low = True if MAGNESIUM in low or LOW_CONDITION in conditions else (False if known else None)
    guidance = situation.compiled.care.guidance.get(_CASCADE)
    if not analytes or magnesium_is_low is False or guidance is None:
        return None
    return {
        "analytes": sorted(analytes),
        "magnesium_is_low": magnesium_is_low,
        "text": guidance.text,
        "citations": cited(guidance.citations, situation.compiled.citations),
    }


def _magnesium(bands: Iterable[SerumBand]) -> SerumBand | None:
    return next((band for band in bands if band["analyte"] == MAGNESIUM), None)


def _causes(contributions: Iterable[RiskContribution]) -> int:
    """Independent causes that surely apply: each medication and each condition once."""
    causes: set[str] = set()
    for contribution in contributions:
        if contribution["applicability"] == Applicability.APPLIES:
            causes.update(f"medication {name}" for name in contribution["medication_ids"])
            causes.update(f"condition {name}" for name in contribution["condition_ids"])
    return len(causes)


def _deficiency_statement(
    contributions: int, causes: int, band: SerumBand | None, *, diagnosed: bool, short: bool
) -> str:
    several = f" {causes} independent causes come together." if causes > 1 else ""
    if band is not None and band["level"] == MagnesiumLevel.LOW:
        stale = f" The value is {band['days_old']} days old." if band["stale"] else ""
        return f"Serum magnesium is low ({band['value_mmol_per_l']} mmol/L: {band['band']}).{stale}{several}"
    if diagnosed:
        return f"Low magnesium is among the conditions that were given.{several}"
    if contributions:
        add = "finding adds" if contributions == 1 else "findings add"
        return f"{contributions} {add} to the risk of magnesium deficiency.{several} {_NOT_EXCLUDED}"
    if short:
        return f"Food and products bring less magnesium than any body recommends for this person. {_NOT_EXCLUDED}"
    return f"Nothing that was given adds to the risk of magnesium deficiency in this rule set. {_NOT_EXCLUDED}"


def deficiency_risk(
    situation: Situation, findings: Sequence[Finding], intake: MagnesiumIntake, bands: list[SerumBand]
) -> DeficiencyRisk:
    """Collect everything about low magnesium that the report holds; ``findings`` with those that are settled."""
    facts = situation.facts
    contributions = _contributions(situation, findings, _LOWERING)
    band = _magnesium(bands) if bands else None
    diagnosed = LOW_CONDITION in facts.conditions and (band is None or bool(band["stale"]))
    low = diagnosed or (band is not None and band["level"] == MagnesiumLevel.LOW)
    dietary = _dietary_intake(situation, intake)
    # Bodies differ by a third: food is called short when it reaches none of their figures.
    reached = [] if dietary is None else [one["reached"] for one in dietary["recommended"]]
    short = bool(reached) and not any(reached)
    state = DeficiencyState.NONE_KNOWN
    if low:
        state = DeficiencyState.MEASURED_LOW
    elif contributions or short:
        state = DeficiencyState.RISK_FACTORS
    missing: list[str] = []
    if contributions or situation.symptoms:
        if MAGNESIUM not in facts.serum:
            missing.append("observations.serum_magnesium")
        if not facts.conditions_known:
            missing.append("conditions")
    causes = _causes(contributions)
    return {
        "state": word(state),
        "contributions": contributions,
        "depleting_causes": causes,
        "personal_factors": _factors(situation, _LOW_EFFECTS, contributions) if facts.conditions else [],
        "dietary_intake": dietary,
        "kidney_function": situation.kidney_function,
        "serum": bands,
        "symptoms": _symptoms(situation, MagnesiumLevel.LOW) if facts.symptoms else [],
        "cascade": _cascade(situation, bands) if bands or facts.conditions else None,
        "amplified": _contributions(situation, findings, _AMPLIFIED),
        "worsened": _factors(situation, _OUTCOMES, ()) if state is not DeficiencyState.NONE_KNOWN else [],
        "missing_facts": missing,
        "statement": _deficiency_statement(len(contributions), causes, band, diagnosed=diagnosed, short=short),
    }


def excess_risk(
    situation: Situation, findings: Sequence[Finding], intake: MagnesiumIntake, bands: list[SerumBand]
) -> ExcessRisk:
    """Collect everything about too much magnesium that the report holds; ``findings`` with those that are settled."""
    facts = situation.facts
    contributions = _contributions(situation, findings, _RAISING)
    factors = _factors(situation, _HIGH_EFFECTS, contributions) if facts.conditions else []
    magnesium = [band for band in bands if band["analyte"] == MAGNESIUM] if bands else []
    band = magnesium[0] if magnesium else None
    diagnosed = HIGH_CONDITION in facts.conditions and (band is None or bool(band["stale"]))
    high = diagnosed or (band is not None and band["level"] == MagnesiumLevel.HIGH)
    not_counted = intake["not_counted"]
    parenteral = sorted({one["medication_id"] for one in not_counted}) if not_counted else []
    state = ExcessState.NONE_KNOWN
    if high:
        state = ExcessState.MEASURED_HIGH
    elif contributions:
        state = ExcessState.RISK_FACTORS
    takes = bool(intake["contributions"] or intake["as_needed"] or parenteral)
    missing = (
        {fact for finding in findings if finding["direction"] in _RAISING for fact in finding["missing_facts"]}
        if contributions
        else set()
    )
    if takes and facts.egfr == (None, None):
        missing.add("patient.egfr")
    watch = state is not ExcessState.NONE_KNOWN or (takes and bool(factors))
    return {
        "state": word(state),
        "contributions": contributions,
        "personal_factors": factors,
        "kidney_function": situation.kidney_function,
        "elemental_mg_per_day": intake["elemental_mg_per_day"],
        "parenteral_medication_ids": parenteral,
        "serum": magnesium,
        "symptoms": _symptoms(situation, MagnesiumLevel.HIGH) if facts.symptoms else [],
        "watch_for": list(situation.compiled.care.signs_of_excess) if watch else [],
        "missing_facts": sorted(missing),
        "statement": _excess_statement(len(contributions), len(factors), band, takes=takes, diagnosed=diagnosed),
    }


def _excess_statement(contributions: int, factors: int, band: SerumBand | None, *, takes: bool, diagnosed: bool) -> str:
    if band is not None and band["level"] == MagnesiumLevel.HIGH:
        stale = f" The value is {band['days_old']} days old." if band["stale"] else ""
        return f"Serum magnesium is high ({band['value_mmol_per_l']} mmol/L: {band['band']}).{stale}"
    if diagnosed:
        return "High magnesium is among the conditions that were given."
    if contributions:
        add = "finding adds" if contributions == 1 else "findings add"
        return f"{contributions} {add} to the risk of too much magnesium."
    if factors and not takes:
        return "No magnesium product is on the list. What would matter if one were is listed under personal_factors."
    if factors:
        return "No finding adds to the risk of too much magnesium; something that was given asks for attention."
    return "Nothing that was given adds to the risk of too much magnesium in this rule set."
