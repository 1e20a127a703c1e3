"""Elemental magnesium a day from everything taken by mouth, added up as exact intervals.

A number appears only when dose, unit, salt and frequency are known; otherwise the contribution is open and says what
is missing. Injected, topical and bath magnesium does not count, and neither does a salt that only names a drug.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Final

from rules.quantities import (
    COUNT_UNITS,
    decimal_from,
    elemental_fraction,
    is_amount_of_magnesium,
    magnesium_milligrams,
    milligrams,
    plain,
)
from rules.quantities import MASS_UNITS as _MASS_UNITS
from rules.terms import DoseBasis, Route

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from rules.compiled import CompiledRuleSet, Entry, Limit
    from rules.conditions import Facts, Range
    from rules.lines import Line
    from rules.report import IntakeContribution, IntakeLimitReport, MagnesiumIntake

# The class of every magnesium salt; rules and sums of the whole knowledge base hang on this one id.
MAGNESIUM_CLASS: Final = "magnesium-salts"
# The substance that stands for magnesium whose salt nobody named: a mass of it is a mass of magnesium.
UNSPECIFIED: Final = "magnesium"
MAXIMUM_AMOUNTS: Final = 1000
_MASS: Final = frozenset(_MASS_UNITS)
_COUNTS: Final = frozenset(COUNT_UNITS)
_ZERO: Final = Fraction(0)


@dataclass(frozen=True, slots=True)
class Amount:
    """Milligrams of magnesium as an interval, how it came about, and the facts that are missing."""

    low: Fraction
    high: Fraction | None
    basis: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Intake:
    """The whole list: the sum and where it comes from."""

    interval: tuple[Fraction, Fraction | None]
    missing: tuple[str, ...]
    contributions: list[IntakeContribution]


_NOTHING: Final[MagnesiumIntake] = {
    "elemental_mg_per_day": "0",
    "elemental_mg_per_day_minimum": "0",
    "elemental_mg_per_day_maximum": "0",
    "contributions": [],
    "limits": [],
}
NO_INTAKE: Final = Intake((_ZERO, _ZERO), (), [])


def _fractions(entry: Entry) -> tuple[Fraction, Fraction] | None:
    """Lowest and highest share of magnesium over the hydrates of the salt."""
    return None if entry.salt_form is None else _shares(tuple(one.formula for one in entry.salt_form.hydrates))


@cache
def _shares(formulas: tuple[str, ...]) -> tuple[Fraction, Fraction]:
    shares = [elemental_fraction(formula) for formula in formulas]
    return min(shares), max(shares)


def _of_salt(mass: Fraction, entry: Entry, written: str) -> Amount:
    shares = _fractions(entry)
    if shares is None:
        return Amount(_ZERO, mass, f"{written} of {entry.name}: the share of magnesium in it is not known")
    low, high = mass * shares[0], mass * shares[1]
    if low == high:
        return Amount(low, high, f"{written} of {entry.name} is {plain(low)} mg of magnesium")
    detail = f"{written} of {entry.name} is {plain(low)} to {plain(high)} mg of magnesium, depending on the hydrate"
    return Amount(low, high, detail)


def _of_mass(value: Decimal, unit: str, basis: DoseBasis | None, entry: Entry, written: str) -> Amount:
    if is_amount_of_magnesium(unit):
        exact = magnesium_milligrams(value, unit)
        return Amount(exact, exact, f"{written} of magnesium is {plain(exact)} mg")
    mass = milligrams(value, unit)
    if basis is DoseBasis.ELEMENTAL or (basis is None and entry.id == UNSPECIFIED):
        return Amount(mass, mass, f"{written} of magnesium")
    salt = _of_salt(mass, entry, written)
    if basis is DoseBasis.SALT or entry.salt_form is None:
        return salt
    detail = f"{salt.basis} if the salt is meant, {plain(mass)} mg if magnesium is meant"
    return Amount(salt.low, mass, detail)


def _written(value: object, unit: str) -> str:
    return f"{value} {unit}"


def _of_strength(line: Line, entry: Entry) -> Amount | None:
    """The magnesium in one unit, from the strength in the text or from the product."""
    strength = line.resolution.strengths.get(entry.id)
    if strength is not None and not strength.per_volume:
        elemental = line.resolution.reading is not None and line.resolution.reading.elemental
        basis = entry.salt_form.label_strength if entry.salt_form is not None else None
        if elemental:
            basis = DoseBasis.ELEMENTAL
        written = _written(f"{strength.value:f}", strength.unit)
        return _of_mass(strength.value, strength.unit, basis, entry, written)
    if line.resolution.product is None:
        return None
    mine = [part for part in line.resolution.product.ingredients if part.substance == entry.id]
    amounts = [Fraction(part.elemental_magnesium_mg) for part in mine if part.elemental_magnesium_mg is not None]
    if not amounts or len(amounts) < len(mine):
        return None
    exact = sum(amounts, _ZERO)
    return Amount(exact, exact, f"{plain(exact)} mg of magnesium in one unit of the product")


def _per_intake(line: Line, entry: Entry) -> Amount:
    dose = line.item.dose
    missing = (f"medications.{line.id}.dose",)
    if dose is None:
        one = _of_strength(line, entry)
        return one or Amount(_ZERO, None, "the dose is not known", missing)
    unit = dose.unit.lower()
    if unit in _MASS or is_amount_of_magnesium(unit):
        return _of_mass(decimal_from(dose.value), unit, dose.of, entry, _written(dose.value, dose.unit))
    value = decimal_from(dose.value)
    if unit in _COUNTS:
        one = _of_strength(line, entry)
        if one is not None:
            count = Fraction(value)
            high = None if one.high is None else one.high * count
            return Amount(one.low * count, high, f"{dose.value} x {one.basis}", one.missing)
        return Amount(_ZERO, None, "the magnesium in one unit is not known", missing)
    return Amount(_ZERO, None, f"the magnesium in {dose.value} {dose.unit} is not known", missing)


def _per_day(line: Line, entry: Entry) -> Amount:
    """The amount a day. The same few doses come again and again, so complete ones are remembered, within bounds."""
    dose, times = line.item.dose, line.times_per_day
    key = None
    if dose is not None and times is not None and dose.unit.lower() not in _COUNTS:
        key = (dose.value, dose.unit, dose.of, times)
        known: Amount | None = entry.amounts.get(key)
        if known is not None:
            return known
    amount = _times(_per_intake(line, entry), times, line)
    if key is not None and not amount.missing and len(entry.amounts) < MAXIMUM_AMOUNTS:
        entry.amounts[key] = amount
    return amount


def _times(amount: Amount, times: int | None, line: Line) -> Amount:
    if times is None:
        missing = (*amount.missing, f"medications.{line.id}.times_per_day")
        return Amount(_ZERO, None, f"{amount.basis}; how often it is taken is not known", missing)
    high = None if amount.high is None else amount.high * times
    # An interval that stays open because of the salt or hydrate is closed by saying what the dose counts.
    missing = amount.missing or (() if amount.low == amount.high else (f"medications.{line.id}.dose",))
    low = amount.low * times
    return Amount(low, low if low == high else high, f"{amount.basis}, {times} a day", missing)


def intake_of(lines: Sequence[Line]) -> Intake:
    """Add up the magnesium of all lines that bring some by mouth."""
    contributions: list[IntakeContribution] = []
    amounts: list[Amount] = []
    for line in lines:
        for entry in line.entries:
            if MAGNESIUM_CLASS not in entry.keys:
                continue
            if line.routes and Route.ORAL not in line.routes:
                continue
            amount = _per_day(line, entry)
            if len(line.routes) != 1:
                fact = f"medications.{line.id}.route"
                amount = Amount(_ZERO, amount.high, f"{amount.basis}; the route is not known", (*amount.missing, fact))
            amounts.append(amount)
            exact = amount.low is amount.high or (amount.high is not None and amount.low == amount.high)
            contributions.append(
                {
                    "medication_id": line.id,
                    "substance": entry.reference,
                    "elemental_mg_per_day": plain(amount.low) if exact else None,
                    "elemental_mg_per_day_maximum": None if amount.high is None else plain(amount.high),
                    "basis": amount.basis,
                }
            )
    return _sum(amounts, contributions) if amounts else NO_INTAKE


def _sum(amounts: list[Amount], contributions: list[IntakeContribution]) -> Intake:
    """All amounts together; nearly always there is one."""
    first, *others = amounts
    low, high, missing = first.low, first.high, first.missing
    for amount in others:
        low += amount.low
        high = None if high is None or amount.high is None else high + amount.high
        missing += amount.missing
    # One object for both ends of an exact sum: whoever compares it sees at once that it is a single value.
    exact = low is high or low == high
    return Intake((low, low if exact else high), tuple(dict.fromkeys(missing)), contributions)


def intake_report(compiled: CompiledRuleSet, intake: Intake, facts: Facts) -> MagnesiumIntake:
    """The sum as a report shows it, with the upper levels for the patient's age."""
    if intake is NO_INTAKE:
        return _NOTHING
    low, high = intake.interval
    exact, least = low is high, plain(low)
    limits: list[IntakeLimitReport] = []
    for limit in _limits_for(compiled, facts.age_years):
        level = limit.level
        exceeded = True if low > level else (False if high is not None and high <= level else None)
        limits.append(
            {
                "id": limit.record.id,
                "name": limit.record.name,
                "mg_per_day": limit.written,
                "exceeded": exceeded,
                "citations": limit.citations,
            }
        )
    return {
        "elemental_mg_per_day": least if exact else None,
        "elemental_mg_per_day_minimum": least,
        "elemental_mg_per_day_maximum": least if exact else (None if high is None else plain(high)),
        "contributions": intake.contributions,
        "limits": limits,
    }


def _limits_for(compiled: CompiledRuleSet, age: int | None) -> tuple[Limit, ...]:
    """The limits for an age; ages are few, so the answer for each is kept."""
    known = compiled.limits_by_age.get(age)
    if known is None:
        known = tuple(limit for limit in compiled.limits if _is_for(age, limit.age_years))
        compiled.limits_by_age[age] = known
    return known


def _is_for(age: int | None, ages: Range | None) -> bool:
    """Whether a limit is for the age; for an unknown age those without an upper age are shown."""
    if ages is None:
        return True
    if age is None:
        return ages.open_upwards
    return ages.contains(age)
