"""Turns a question into facts: what is known about the patient and the list, each fact an exact value or interval.

Facts are only ever narrowed by what was given or by what a given condition implies; nothing is assumed.
"""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from rules.conditions import Facts
from rules.expressions import LABORATORY
from rules.lookup import joined
from rules.quantities import decimal_from, serum_mmol_per_l
from rules.ranges import UNKNOWN, Range
from rules.terms import CodeSystem, MagnesiumLevel, ObservationKind, Pregnancy, RecognitionState, Sex, word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from fractions import Fraction

    from rules.compiled import CompiledRuleSet, DerivedCondition
    from rules.documents import Bounds
    from rules.lines import Line
    from rules.model import Band
    from rules.profile import ConditionItem, MedicationProfile, Observation
    from rules.ranges import Interval
    from rules.report import CheckedTerm

# Below this filtration rate dialysis is possible; at or above it, not being told means no dialysis.
_DIALYSIS_POSSIBLE_BELOW: Final = 15
# The finest difference that a value in a question can have: nine decimals.
_JUST: Final = Decimal("0.000000001")
_LABORATORY: Final = "observations."
_NOTHING_MEASURED: Final[Mapping[str, Measured]] = MappingProxyType({})


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


class Measured(NamedTuple):
    """A laboratory value in mmol/L, with its band and its age; without an age where a date is missing or to come."""

    value: Fraction
    band: Band | None
    taken_on: date | None
    days_old: int | None
    stale: bool | None


def measured_values(compiled: CompiledRuleSet, profile: MedicationProfile) -> dict[str, Measured]:
    """The value of each kind that counts: the newest.

    Where nobody can tell which is newest, because they are of one day or without a day that can be right, a magnesium
    in the graver band counts and of the others the lower value, because the rules look for what is low.
    """
    kinds = dict.fromkeys(observation.kind for observation in profile.observations)
    return {kind: _that_counts(compiled, profile, kind) for kind in kinds}


def day_of(observation: Observation, as_of: date | None) -> date | None:
    """The day of a value, where there is one that can be right: not after the day of the question."""
    day = observation.taken_on
    return None if day is None or (as_of is not None and day > as_of) else day


def _that_counts(compiled: CompiledRuleSet, profile: MedicationProfile, kind: ObservationKind) -> Measured:
    given = [one for one in profile.observations if one.kind is kind]
    days = [day_of(one, profile.as_of) for one in given]
    newest = max((day for day in days if day is not None), default=None)
    possible = [one for one, day in zip(given, days, strict=True) if day in {None, newest}]
    graver = kind is ObservationKind.SERUM_MAGNESIUM
    return max((_measured(compiled, one, profile.as_of) for one in possible), key=partial(_gravity, graver=graver))


def _gravity(one: Measured, *, graver: bool) -> tuple[int, Fraction, str]:
    severity = None if one.band is None or not graver else one.band.severity
    return -1 if severity is None else severity.rank, -one.value, "" if one.taken_on is None else str(one.taken_on)


def _measured(compiled: CompiledRuleSet, observation: Observation, as_of: date | None) -> Measured:
    value = serum_mmol_per_l(observation.kind, decimal_from(observation.value), observation.unit)
    day, reference = day_of(observation, as_of), compiled.ranges.get(observation.kind)
    days = None if day is None or as_of is None else (as_of - day).days
    if reference is None:
        return Measured(value, None, observation.taken_on, days, None)
    band = next((band for band in reference.bands if Range(band.bounds).contains(value)), None)
    current = reference.current_for_days
    stale = None if days is None or current is None else days > current
    return Measured(value, band, observation.taken_on, days, stale)


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
    told = profile.patient.dialysis
    implied = {one.dialysis for one in (compiled.conditions[name].implies for name in facts.conditions) if one}
    if told is not None:
        return None if not told and True in implied else told  # one of the two is wrong, and nobody knows which
    if True in implied:  # of two conditions that do not agree the graver one
        return True
    if False in implied:
        return False
    low = facts.egfr[0]
    return False if low is not None and low >= _DIALYSIS_POSSIBLE_BELOW else None


def facts_of(  # noqa: PLR0913, PLR0917 - all that is known before the first rule is asked
    compiled: CompiledRuleSet,
    profile: MedicationProfile,
    lines: Sequence[Line],
    conditions: Sequence[CheckedTerm],
    symptoms: Sequence[CheckedTerm],
    elemental: tuple[Interval, tuple[str, ...]] = ((0, 0), ()),
    measured: Mapping[str, Measured] = _NOTHING_MEASURED,
) -> Facts:
    """Everything the rules may ask. ``elemental``: the magnesium a day, and the facts that would make it exact.

    A normal value that is no longer current says nothing of today, and counts as none.
    """
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
    facts.pregnancy = patient.pregnancy
    # Whoever is pregnant counts as a woman, whatever sex was given or left out: a rule about the one means the other.
    facts.sex = Sex.FEMALE if patient.pregnancy is Pregnancy.PREGNANT else patient.sex
    facts.conditions_known = profile.conditions is not None
    facts.laboratory = compiled.laboratory
    if conditions:
        facts.conditions = {term["id"] for term in conditions if term["id"] is not None}
    if symptoms:
        facts.symptoms = {term["id"] for term in symptoms if term["id"] is not None}
    for kind, one in measured.items():
        if not (one.stale and one.band is not None and one.band.level is MagnesiumLevel.NORMAL):
            facts.serum[kind] = one.value
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
