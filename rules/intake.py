"""Elemental magnesium a day from everything taken by mouth, added up as exact intervals.

A number appears only when dose, unit, salt and frequency are known; otherwise the contribution is open and says what
is missing. Injected, topical and bath magnesium does not count, and neither does a salt that only names a drug.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from rules.doses import UNCLEAR, amount_of, counted_on_label, is_of_a_day, written
from rules.quantities import (
    AMOUNT_UNITS,
    decimal_from,
    elemental_fraction,
    is_amount_of_magnesium,
    magnesium_milligrams,
    milligrams,
    plain,
)
from rules.quantities import MASS_UNITS as _MASS_UNITS
from rules.reading import PARENTERAL
from rules.terms import CodeSystem, DoseBasis, MagnesiumSource, Route, TokenRole, word

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from rules.compiled import CompiledRuleSet, Entry, Limit
    from rules.conditions import Facts
    from rules.lines import Line
    from rules.model import PresentedAmount
    from rules.profile import Dose
    from rules.ranges import Range
    from rules.reading import Strength
    from rules.report import (
        Finding,
        IntakeContribution,
        IntakeLimitReport,
        KidneyLimitReport,
        MagnesiumIntake,
        NotCounted,
    )

# The class of every magnesium salt; rules and sums of the whole knowledge base hang on this one id.
MAGNESIUM_CLASS: Final = "magnesium-salts"
# The substance that stands for magnesium whose salt nobody named: a mass of it is a mass of magnesium.
UNSPECIFIED: Final = "magnesium"
# Magnesium in a multivitamin, kept apart from magnesium in the knowledge.
IN_MULTIVITAMIN: Final = "magnesium-in-multivitamin"
MAXIMUM_AMOUNTS: Final = 1000
_SUPPLEMENT: Final = word(MagnesiumSource.SUPPLEMENT)
_ANTACID: Final = word(MagnesiumSource.ANTACID)
_LAXATIVE: Final = word(MagnesiumSource.LAXATIVE)
_BOWEL_PREPARATION: Final = word(MagnesiumSource.BOWEL_PREPARATION)
_MULTIVITAMIN: Final = word(MagnesiumSource.MULTIVITAMIN)
_PHOSPHATE_BINDER: Final = word(MagnesiumSource.PHOSPHATE_BINDER)
_INJECTION: Final = word(MagnesiumSource.INJECTION)
# Classes of the knowledge by what their members are sold as, and ATC groups by what a code in them says.
_SOLD_AS: Final = {
    "oral-magnesium-supplements": _SUPPLEMENT,
    "magnesium-antacids": _ANTACID,
    "laxative-magnesium-salts": _LAXATIVE,
}
_BY_ATC: Final = {"A02": _ANTACID, "A06": _LAXATIVE, "A12": _SUPPLEMENT}
_ANTACID_PARTNERS: Final = frozenset(
    {"aluminium-antacids", "=aluminium-hydroxide", "=calcium-carbonate", "=simeticone"}
)
_MASS: Final = frozenset(_MASS_UNITS)
# Doses that need nothing of the line to be understood.
_BY_ITSELF: Final = frozenset({*_MASS_UNITS, *(unit.lower() for unit in AMOUNT_UNITS)})
_ZERO: Final = Fraction(0)


@dataclass(frozen=True, slots=True)
class Amount:
    """Milligrams of magnesium as an interval, how it came about, and the facts that are missing."""

    low: Fraction
    high: Fraction | None
    basis: str
    missing: tuple[str, ...] = ()


class Daily(NamedTuple):
    """What a substance of a line brings a day, and how a report shows it but for the line itself."""

    amount: Amount
    shown: IntakeContribution


class Intake(NamedTuple):
    """The whole list: the sum of regular use, what may come on top of it, and where both come from."""

    interval: tuple[Fraction, Fraction | None]  # with all that is taken only when needed as possible
    regular: tuple[Fraction, Fraction | None]
    missing: tuple[str, ...]
    contributions: list[IntakeContribution]
    on_top: tuple[Fraction, Fraction | None]  # what is taken only when needed would add
    as_needed: list[IntakeContribution]
    not_counted: list[NotCounted]


_NOTHING: Final[MagnesiumIntake] = {
    "elemental_mg_per_day": "0",
    "elemental_mg_per_day_minimum": "0",
    "elemental_mg_per_day_maximum": "0",
    "contributions": [],
    "as_needed": [],
    "as_needed_mg_per_day_maximum": "0",
    "not_counted": [],
    "limits": [],
    "kidney_function": [],
}
NO_INTAKE: Final = Intake((_ZERO, _ZERO), (_ZERO, _ZERO), (), [], (_ZERO, _ZERO), [], [])


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


def _of_mass(value: Decimal | Fraction, unit: str, basis: DoseBasis | None, entry: Entry, written: str) -> Amount:
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


def _basis(strength: Strength, entry: Entry) -> DoseBasis | None:
    """What a strength in a text counts: what the line says, else what labels of the salt use, else open."""
    if strength.elemental:
        return DoseBasis.ELEMENTAL
    return None if strength.open or entry.salt_form is None else entry.salt_form.label_strength


def _of_strength(line: Line, entry: Entry, strength: Strength) -> Amount | None:
    """The magnesium in one unit, or in so many millilitres, from the strength in the text."""
    taking = line.taking
    basis = _basis(strength, entry)
    if strength.per_volume and not is_of_a_day(strength):
        amount = amount_of(strength, taking)
        if amount is None:
            return None
        in_full = f"{strength.value:f} {strength.unit} in {written(strength.per)} {strength.per_unit}"
        return _of_mass(amount, strength.unit, basis, entry, f"{written(taking.millilitres or _ZERO)} mL of {in_full}")
    return _of_mass(strength.value, strength.unit, basis, entry, _written(f"{strength.value:f}", strength.unit))


def _of_product(line: Line, entry: Entry) -> Amount | None:
    """The magnesium in one unit of a product whose label says so."""
    if line.resolution.product is None:
        return None
    mine = [part for part in line.resolution.product.ingredients if part.substance == entry.id]
    amounts = [Fraction(part.elemental_magnesium_mg) for part in mine if part.elemental_magnesium_mg is not None]
    if not amounts or len(amounts) < len(mine):
        return None
    exact = sum(amounts, _ZERO)
    return Amount(exact, exact, f"{plain(exact)} mg of magnesium in one unit of the product")


def _on_labels(line: Line, entry: Entry, strength: Strength | None) -> Amount | None:
    """The magnesium in the millilitres taken, or in one unit, of a product whose labels say so.

    Where they differ, each that has the strength in the text is possible. None: one does not say, or none has it, or
    nobody can tell of what the strength in the text is.
    """
    product, reading = line.resolution.product, line.resolution.reading
    if product is None or product.presentations is None:
        return None
    if strength is None and reading is not None and TokenRole.STRENGTH in reading.roles:
        return None
    taken = line.taking.millilitres
    found: dict[tuple[Fraction, Fraction | None], tuple[Amount, str]] = {}
    for one in product.presentations:
        if (one.millilitres is None) is not (taken is None):
            continue
        amount = one.amount_of(entry.id)
        if amount is None:
            return None
        if strength is None or counted_on_label(strength, amount, one.millilitres) is not None:
            held = _on_label(entry, amount, one.millilitres, taken)
            found.setdefault((held.low, held.high), (held, one.name))
    amounts = [held for held, _ in found.values()]
    if len(amounts) < 2:  # noqa: PLR2004 - two of them to differ
        return amounts[0] if amounts else None
    low = min(held.low for held in amounts)
    high = max(held.high for held in amounts if held.high is not None)
    names = ", ".join(name for _, name in found.values())
    what = "one unit" if taken is None else f"{written(taken)} mL"
    return Amount(
        low, high, f"{what} is {plain(low)} to {plain(high)} mg of magnesium, depending on the product: {names}"
    )


def _on_label(entry: Entry, amount: PresentedAmount, millilitres: Decimal | None, taken: Fraction | None) -> Amount:
    """The magnesium by one label, which counts it or the salt."""
    magnesium = amount.elemental_magnesium_mg
    number = magnesium or amount.mg or _ZERO  # a label gives one of them
    held, words = Fraction(number), f"{written(number)} mg"
    if millilitres is not None and taken is not None:
        held *= taken / Fraction(millilitres)
        words = f"{written(taken)} mL of {words} in {written(millilitres)} mL"
    if magnesium is None:
        return _of_salt(held, entry, words)
    return Amount(held, held, f"{words} of magnesium is {plain(held)} mg")


def _of_dose(line: Line, entry: Entry, dose: Dose) -> Amount:
    """The magnesium in a dose that is a mass or an amount of magnesium.

    An amount of magnesium is that of all salts of the line together; a mass beside other ingredients may be of any.
    """
    written = _written(dose.value, dose.unit)
    if dose.of is DoseBasis.ELEMENTAL or is_amount_of_magnesium(dose.unit):
        first = next(one for one in line.entries if MAGNESIUM_CLASS in one.keys)
        if entry is not first:
            return Amount(_ZERO, _ZERO, f"{written} of magnesium, counted with {first.name}")
    elif len(line.entries) > 1 or (entry.id == UNSPECIFIED and line.resolution.product is not None):
        missing = (f"medications.{line.id}.dose",)
        return Amount(_ZERO, None, f"{written} may be of any ingredient: give tablets, or the magnesium", missing)
    return _of_mass(decimal_from(dose.value), dose.unit.lower(), dose.of, entry, written)


def _per_intake(line: Line, entry: Entry) -> Amount:
    """What is taken each time, or over a day where the line says it so."""
    dose = line.item.dose
    if dose is not None:
        unit = dose.unit.lower()
        if unit in _MASS or is_amount_of_magnesium(unit):
            return _of_dose(line, entry, dose)
    strength = line.resolution.strengths.get(entry.id)
    taking = line.taking
    one = _on_labels(line, entry, strength)
    if one is not None and taking.millilitres is not None:
        return one
    if one is None and strength is not None:
        one = _of_strength(line, entry, strength)
        if one is not None and strength.per_volume:
            return one  # of so many millilitres, or of the whole day
    one = one or _of_product(line, entry)
    if taking.pieces is None or one is None:
        return _not_known(line)
    if dose is None and taking.is_one:
        return one
    high = None if one.high is None else one.high * taking.pieces
    together = f"{written(taking.pieces)} {'in all' if taking.a_day else 'at a time'}"
    return Amount(one.low * taking.pieces, high, f"{one.basis}, {together}", one.missing)


def _not_known(line: Line) -> Amount:
    """What may be any amount, and why."""
    dose, taking = line.item.dose, line.taking
    if taking is UNCLEAR and dose is None:
        detail = "the amount taken is no single number"
    elif dose is None and taking.millilitres is not None:
        detail = f"the magnesium in {written(taking.millilitres)} mL is not known"
    elif dose is None:
        detail = "the dose is not known"
    elif taking.pieces is not None:
        detail = "the magnesium in one unit is not known"
    else:
        detail = f"the magnesium in {dose.value} {dose.unit} is not known"
    return Amount(_ZERO, None, detail, (f"medications.{line.id}.dose",))


def _per_day(line: Line, entry: Entry) -> Daily:
    """The amount a day. The same few doses come again and again, so complete ones are remembered, within bounds."""
    dose, times = line.item.dose, line.times_per_day
    key: object = None
    cache = entry.amounts
    if dose is None:
        key, cache = (entry.id, line.item.times_per_day, len(line.item.times)), line.resolution.amounts
    elif times is not None and len(line.entries) == 1 and dose.unit.lower() in _BY_ITSELF:
        key = (dose.value, dose.unit, dose.of, times)
    known: Daily | None = cache.get(key)
    if known is not None:
        return known
    daily = _daily(entry, _times(_per_intake(line, entry), times, line, _over_a_day(line, entry)))
    if key is not None and not daily.amount.missing and len(cache) < MAXIMUM_AMOUNTS:
        cache[key] = daily
    return daily


def _daily(entry: Entry, amount: Amount) -> Daily:
    exact = amount.low is amount.high or (amount.high is not None and amount.low == amount.high)
    shown: IntakeContribution = {
        "medication_id": "",
        "substance": entry.reference,
        "sources": [],
        "elemental_mg_per_day": plain(amount.low) if exact else None,
        "elemental_mg_per_day_maximum": None if amount.high is None else plain(amount.high),
        "basis": amount.basis,
    }
    return Daily(amount, shown)


def _over_a_day(line: Line, entry: Entry) -> bool:
    """Whether the amount is one of a whole day already."""
    strength = line.resolution.strengths.get(entry.id)
    return line.item.dose is None and (line.taking.a_day or (strength is not None and is_of_a_day(strength)))


def _times(amount: Amount, times: int | None, line: Line, over_a_day: bool) -> Amount:  # noqa: FBT001 - private
    if over_a_day:
        times = 1
    if times is None:
        missing = (*amount.missing, f"medications.{line.id}.times_per_day")
        return Amount(_ZERO, None, f"{amount.basis}; how often it is taken is not known", missing)
    high = None if amount.high is None else amount.high * times
    # An interval that stays open because of the salt or hydrate is closed by saying what the dose counts.
    missing = amount.missing or (() if amount.low == amount.high else (f"medications.{line.id}.dose",))
    low = amount.low * times
    how_often = "over the day" if over_a_day else f"{times} a day"
    return Amount(low, low if low == high else high, f"{amount.basis}, {how_often}", missing)


def intake_of(lines: Sequence[Line]) -> Intake:
    """Add up the magnesium of all lines that bring some by mouth; what is taken only when needed stands apart."""
    contributions: list[IntakeContribution] = []
    amounts: list[Amount] = []
    extra: list[IntakeContribution] = []
    extra_amounts: list[Amount] = []
    not_counted: list[NotCounted] = []
    for line in lines:
        for entry in line.entries:
            if MAGNESIUM_CLASS not in entry.keys:
                continue
            if line.routes and Route.ORAL not in line.routes:
                if not line.given.routes_set.isdisjoint(PARENTERAL):
                    not_counted.append(_not_counted(line, entry))
                continue
            daily = _per_day(line, entry)
            if len(line.routes) != 1:
                daily = _daily(entry, _by_open_route(daily.amount, line))
            amount, shown = daily.amount, daily.shown.copy()
            shown["medication_id"] = line.id
            shown["sources"] = _sources(line, entry)
            if line.as_needed:
                shown["elemental_mg_per_day"] = None
                extra.append(shown)
                extra_amounts.append(amount)
                amounts.append(Amount(_ZERO, amount.high, "", (f"medications.{line.id}.as_needed",)))
            else:
                contributions.append(shown)
                amounts.append(amount)
    if not amounts and not not_counted:
        return NO_INTAKE
    interval, missing = _sum(amounts)
    if not extra:
        return Intake(interval, interval, missing, contributions, (_ZERO, _ZERO), extra, not_counted)
    regular, _ = _sum([amount for amount in amounts if amount.basis])
    on_top, _ = _sum(extra_amounts)
    return Intake(interval, regular, missing, contributions, on_top, extra, not_counted)


def _by_open_route(amount: Amount, line: Line) -> Amount:
    missing = (*amount.missing, f"medications.{line.id}.route")
    return Amount(_ZERO, amount.high, f"{amount.basis}; the route is not known", missing)


def _not_counted(line: Line, entry: Entry) -> NotCounted:
    return {
        "medication_id": line.id,
        "substance": entry.reference,
        "sources": [_INJECTION],
        "basis": "infused or injected, and so no part of what is taken by mouth",
    }


def _sources(line: Line, entry: Entry) -> list[MagnesiumSource]:
    """What the product is taken as: what it is with, the code it is given by, else all that the salt is sold as."""
    key = ("sources", entry.id)
    cache = line.resolution.amounts
    known: list[MagnesiumSource] | None = cache.get(key)
    if known is None:
        known = cache[key] = _kinds(line, entry)
    return known


def _kinds(line: Line, entry: Entry) -> list[MagnesiumSource]:
    if entry.id == IN_MULTIVITAMIN:
        return [_MULTIVITAMIN]
    beside = frozenset[str]().union(*(other.keys for other in line.entries if other is not entry))
    if "bowel-preparations-with-magnesium" in beside:
        return [_BOWEL_PREPARATION]
    if "magnesium-phosphate-binders" in entry.keys:
        return [_PHOSPHATE_BINDER]
    sold_as = [source for name, source in _SOLD_AS.items() if name in entry.keys]
    by_code = [source for start, source in _BY_ATC.items() if any(code.startswith(start) for code in _codes(line))]
    if by_code:
        return by_code
    if "magnesium-antacids" in entry.keys and not beside.isdisjoint(_ANTACID_PARTNERS):
        return [_ANTACID]
    return sold_as or [_SUPPLEMENT]


def _codes(line: Line) -> list[str]:
    return [code.code.upper() for code in line.item.codes if code.system is CodeSystem.ATC]


def _sum(amounts: list[Amount]) -> tuple[tuple[Fraction, Fraction | None], tuple[str, ...]]:
    """All amounts together, with what is missing; nearly always there is one."""
    if not amounts:
        return (_ZERO, _ZERO), ()
    first, *others = amounts
    low, high, missing = first.low, first.high, first.missing
    for amount in others:
        low += amount.low
        high = None if high is None or amount.high is None else high + amount.high
        missing += amount.missing
    # One object for both ends of an exact sum: whoever compares it sees at once that it is a single value.
    exact = low is high or low == high
    return (low, low if exact else high), tuple(dict.fromkeys(missing))


def intake_report(
    compiled: CompiledRuleSet, intake: Intake, facts: Facts, findings: Sequence[Finding]
) -> MagnesiumIntake:
    """The ledger as a report shows it, with the upper levels for the patient's age and the rules on the kidney."""
    if intake is NO_INTAKE:
        return _NOTHING
    low, high = intake.regular
    exact, least = low is high, plain(low)
    limits: list[IntakeLimitReport] = []
    for limit in limits_for(compiled, facts.age_years) if intake.contributions or intake.as_needed else ():
        shown = limit.shown.copy()
        shown["exceeded"] = shown["exceeded_with_as_needed"] = limit.above.holds(intake.regular)
        if intake.as_needed:
            least_on_top, most_on_top = intake.on_top
            most = None if high is None or most_on_top is None else high + most_on_top
            shown["exceeded_with_as_needed"] = limit.above.holds((low + least_on_top, most))
        limits.append(shown)
    return {
        "elemental_mg_per_day": least if exact else None,
        "elemental_mg_per_day_minimum": least,
        "elemental_mg_per_day_maximum": least if exact else (None if high is None else plain(high)),
        "contributions": intake.contributions,
        "as_needed": intake.as_needed,
        "as_needed_mg_per_day_maximum": _most_as_needed(intake),
        "not_counted": intake.not_counted,
        "limits": limits,
        "kidney_function": _kidney_function(compiled, findings),
    }


def _most_as_needed(intake: Intake) -> str | None:
    most = intake.on_top[1]
    if not intake.as_needed:
        return "0"
    return None if most is None else plain(most)


def _kidney_function(compiled: CompiledRuleSet, findings: Sequence[Finding]) -> list[KidneyLimitReport]:
    """The rules about magnesium and this person's kidneys, each by its worst finding."""
    worst = {
        finding["interaction_id"]: finding
        for finding in reversed(findings)
        if finding["interaction_id"] in compiled.kidney_rules
    }
    return [
        {
            "interaction_id": finding["interaction_id"],
            "severity": finding["severity"],
            "severity_ceiling": finding["severity_ceiling"],
            "applicability": finding["applicability"],
            "missing_facts": finding["missing_facts"],
            "text": finding["management"]["text"],
            "citations": finding["evidence"]["citations"],
        }
        for finding in reversed(worst.values())
    ]


def limits_for(compiled: CompiledRuleSet, age: int | None) -> tuple[Limit, ...]:
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
