"""Turns a question into facts: what is known about the patient and the list, each fact an exact value or interval.

Facts are only ever narrowed by what was given or by what a given condition implies; nothing is assumed.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from rules.conditions import LABORATORY, UNKNOWN, Facts
from rules.lookup import joined
from rules.quantities import decimal_from, serum_mmol_per_l
from rules.terms import CodeSystem, RecognitionState, word

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from rules.compiled import CompiledRuleSet, DerivedCondition
    from rules.conditions import Interval
    from rules.documents import Bounds
    from rules.lines import Line
    from rules.profile import ConditionItem, MedicationProfile, Observation
    from rules.report import CheckedTerm

# Below this filtration rate dialysis is possible; at or above it, not being told means no dialysis.
_DIALYSIS_POSSIBLE_BELOW: Final = 15
# The finest difference that a value in a question can have: nine decimals.
_JUST: Final = Decimal("0.000000001")
_LABORATORY: Final = "observations."


def condition_terms(compiled: CompiledRuleSet, items: Sequence[ConditionItem]) -> list[CheckedTerm]:
    """What became of each condition; a code is looked up before the text."""
    terms: list[CheckedTerm] = []
    for position, item in enumerate(items):
        found = None
        for code in item.codes:
            if code.system is CodeSystem.ICD10CM:
                found = found or compiled.lookup.condition_of_code(code.code)
        if found is None and item.text is not None:
            found = compiled.lookup.conditions.get(joined(item.text))
        terms.append(_term(position, found, compiled.conditions[found].name if found else None))
    return terms


def symptom_terms(compiled: CompiledRuleSet, symptoms: Sequence[str]) -> list[CheckedTerm]:
    """What became of each symptom."""
    terms: list[CheckedTerm] = []
    for position, text in enumerate(symptoms):
        found = compiled.lookup.symptoms.get(joined(text))
        terms.append(_term(position, found, compiled.symptoms[found].name if found else None))
    return terms


def _term(position: int, found: str | None, name: str | None) -> CheckedTerm:
    state = word(RecognitionState.RECOGNISED if found else RecognitionState.UNRECOGNISED)
    return {"position": position, "state": state, "id": found, "name": name}


def latest_observations(observations: Sequence[Observation]) -> dict[str, Observation]:
    """The newest value of each kind; of two on one day the lower, because the rules look for what is low."""
    latest: dict[str, Observation] = {}
    for observation in observations:
        other = latest.get(observation.kind)
        if other is None or _newness(observation) > _newness(other):
            latest[observation.kind] = observation
    return latest


def _newness(observation: Observation) -> tuple[str, Fraction]:
    day = observation.taken_on.isoformat() if observation.taken_on else ""
    return day, -serum_mmol_per_l(observation.kind, decimal_from(observation.value), observation.unit)


def _interval(bounds: Bounds) -> tuple[Decimal | None, Decimal | None]:
    """The lowest and the highest possible value; next to a limit that does not belong, the value just inside it."""
    low = bounds.at_least if bounds.above is None else bounds.above + _JUST
    high = bounds.at_most if bounds.below is None else bounds.below - _JUST
    return low, high


def _kidney_function(compiled: CompiledRuleSet, profile: MedicationProfile, conditions: set[str]) -> Interval:
    """The measured value; where a listed condition means worse, the interval reaches down to that condition."""
    implied: tuple[Decimal | None, Decimal | None] = (None, None)
    for name in sorted(conditions):
        implies = compiled.conditions[name].implies
        if implies is not None and implies.egfr is not None:
            low, high = _interval(implies.egfr)
            if implied[1] is None or (high is not None and high < implied[1]):
                implied = (low, high)
    given = profile.patient.egfr
    if given is None:
        if implied == UNKNOWN:
            return UNKNOWN
        low, high = implied
        return (low or 0), high
    value = decimal_from(given.value)
    if implied[1] is not None and value > implied[1]:
        return (implied[0] or 0), value
    return value, value


def _dialysis(compiled: CompiledRuleSet, profile: MedicationProfile, facts: Facts) -> bool | None:
    if profile.patient.dialysis is not None:
        return profile.patient.dialysis
    implied = {one.dialysis for one in (compiled.conditions[name].implies for name in facts.conditions) if one}
    if True in implied:  # of two conditions that do not agree the graver one
        return True
    if False in implied:
        return False
    low = facts.egfr[0]
    return False if low is not None and low >= _DIALYSIS_POSSIBLE_BELOW else None


def facts_of(
    compiled: CompiledRuleSet,
    profile: MedicationProfile,
    lines: Sequence[Line],
    conditions: Sequence[CheckedTerm],
    symptoms: Sequence[CheckedTerm],
    elemental: tuple[Interval, tuple[str, ...]] = ((0, 0), ()),
) -> Facts:
    """Everything the rules may ask. ``elemental``: the magnesium a day, and the facts that would make it exact."""
    patient = profile.patient
    listed: list[tuple[str, frozenset[str]]] = []
    perhaps: list[tuple[str, frozenset[str], str]] = []
    for line in lines:
        reach = line.given.reach
        if reach:
            listed += line.resolution.listed
        elif reach is None:
            perhaps += [(*one, f"medications.{line.id}.route") for one in line.resolution.listed]
    facts = Facts(listed, perhaps)
    facts.elemental_mg_per_day, facts.elemental_missing = elemental
    facts.age_years = patient.age_years
    facts.sex = patient.sex
    facts.pregnancy = patient.pregnancy
    facts.conditions_known = profile.conditions is not None
    facts.laboratory = compiled.laboratory
    if conditions:
        facts.conditions = {term["id"] for term in conditions if term["id"] is not None}
    if symptoms:
        facts.symptoms = {term["id"] for term in symptoms if term["id"] is not None}
    if profile.observations:
        for kind, observation in latest_observations(profile.observations).items():
            facts.serum[kind] = serum_mmol_per_l(kind, decimal_from(observation.value), observation.unit)
    facts.egfr = _kidney_function(compiled, profile, facts.conditions)
    facts.dialysis = _dialysis(compiled, profile, facts)
    _derive_conditions(compiled, facts)
    return facts


def _derive_conditions(compiled: CompiledRuleSet, facts: Facts) -> None:
    """Conditions that follow from facts; what follows from age, sex and pregnancy alone is remembered."""
    key = (facts.age_years, facts.sex, facts.pregnancy)
    known = compiled.populations.get(key)
    if known is None:
        known = compiled.populations[key] = _derived(compiled.derived_from_person, facts)
    present, undecided = known
    if compiled.derived_from_facts:
        more_present, more_undecided = _derived(compiled.derived_from_facts, facts)
        present = present | more_present
        undecided = {**undecided, **more_undecided}
    if undecided and facts.conditions:
        undecided = {name: missing for name, missing in undecided.items() if name not in facts.conditions}
    facts.conditions |= present
    facts.undecided_conditions = undecided


def _derived(conditions: Sequence[DerivedCondition], facts: Facts) -> tuple[frozenset[str], dict[str, tuple[str, ...]]]:
    """Which conditions are present, and which are open with the facts that are missing.

    One that only a missing laboratory value keeps open counts as absent: nobody is asked for a laboratory value
    because of a condition that nobody mentioned.
    """
    present: set[str] = set()
    undecided: dict[str, tuple[str, ...]] = {}
    for derived in conditions:
        if derived.reads <= LABORATORY and derived.reads.isdisjoint(facts.serum):
            continue  # about laboratory values only, and none of them is known
        holds = derived.test.holds(facts, None)
        if holds:
            present.add(derived.id)
        elif holds is None:
            missing = derived.test.reason(facts, None).missing
            if not all(fact.startswith(_LABORATORY) for fact in missing):
                undecided[derived.id] = missing
    return frozenset(present), undecided
