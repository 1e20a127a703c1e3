"""The magnesium in what is taken of a line each time: an interval, how it came about, and what is not known of it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Final

from rules.doses import UNCLEAR, amount_of, counted_on_label, is_of_a_day, written
from rules.quantities import (
    MASS_UNITS,
    decimal_from,
    elemental_fraction,
    is_amount_of_magnesium,
    magnesium_milligrams,
    milligrams,
    plain,
)
from rules.terms import DoseBasis, TokenRole

if TYPE_CHECKING:
    from decimal import Decimal

    from rules.compiled import Entry
    from rules.lines import Line
    from rules.model import PresentedAmount
    from rules.profile import Dose
    from rules.reading import Strength

# The class of every magnesium salt; rules and sums of the whole knowledge base hang on this one id.
MAGNESIUM_CLASS: Final = "magnesium-salts"
# The substance that stands for magnesium whose salt nobody named: a mass of it is a mass of magnesium.
UNSPECIFIED: Final = "magnesium"
ZERO: Final = Fraction(0)


@dataclass(frozen=True, slots=True)
class Amount:
    """Milligrams of magnesium as an interval, how it came about, and the facts that are missing."""

    low: Fraction
    high: Fraction | None
    basis: str
    missing: tuple[str, ...] = ()


def per_intake(line: Line, entry: Entry) -> Amount:
    """What is taken each time, or over a day where the line says it so."""
    dose = line.item.dose
    if dose is not None:
        unit = dose.unit.lower()
        if unit in MASS_UNITS or is_amount_of_magnesium(unit):
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
        return Amount(ZERO, mass, f"{written} of {entry.name}: the share of magnesium in it is not known")
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
        return _of_mass(amount, strength.unit, basis, entry, f"{written(taking.millilitres or ZERO)} mL of {in_full}")
    return _of_mass(strength.value, strength.unit, basis, entry, _written(f"{strength.value:f}", strength.unit))


def _of_product(line: Line, entry: Entry) -> Amount | None:
    """The magnesium in one unit of a product whose label says so."""
    if line.resolution.product is None:
        return None
    mine = [part for part in line.resolution.product.ingredients if part.substance == entry.id]
    amounts = [Fraction(part.elemental_magnesium_mg) for part in mine if part.elemental_magnesium_mg is not None]
    if not amounts or len(amounts) < len(mine):
        return None
    exact = sum(amounts, ZERO)
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
    number = magnesium or amount.mg or ZERO  # a label gives one of them
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
            return Amount(ZERO, ZERO, f"{written} of magnesium, counted with {first.name}")
    elif len(line.entries) > 1 or (entry.id == UNSPECIFIED and line.resolution.product is not None):
        missing = (f"medications.{line.id}.dose",)
        return Amount(ZERO, None, f"{written} may be of any ingredient: give tablets, or the magnesium", missing)
    return _of_mass(decimal_from(dose.value), dose.unit.lower(), dose.of, entry, written)


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
    return Amount(ZERO, None, detail, (f"medications.{line.id}.dose",))
