"""How much is taken: pieces, millilitres or a day's amount, from the caller's dose or else from the text, exactly.

It turns numbers into amounts and knows no medicine. What is not said as one number is unclear, never the likeliest.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from rules.quantities import COUNT_UNITS, MASS_UNITS, MILLILITRES, decimal_from, milligrams
from rules.terms import DoseBasis
from rules.vocabulary import DAYS, PIECES

if TYPE_CHECKING:
    from decimal import Decimal

    from rules.model import PresentedAmount
    from rules.profile import Dose
    from rules.reading import Reading, Strength

_COUNTS: Final = frozenset(COUNT_UNITS)


@dataclass(frozen=True, slots=True)
class Taking:
    """What is taken each time, or over a whole day (``a_day``). Neither pieces nor millilitres: not known."""

    pieces: Fraction | None = None
    millilitres: Fraction | None = None
    a_day: bool = False

    @property
    def is_one(self) -> bool:
        """Whether it is one piece, which goes without saying."""
        return self.pieces == 1 and not self.a_day


ONE: Final = Taking(Fraction(1))
UNCLEAR: Final = Taking()


def taking_of(dose: Dose | None, reading: Reading | None, *, own_times: bool) -> Taking:  # noqa: PLR0911 - one way of saying it after the other
    """What is taken; without a word about it, one piece. ``own_times``: the caller says how often."""
    if dose is not None:
        unit, value = dose.unit.lower(), Fraction(decimal_from(dose.value))
        if unit in _COUNTS:
            return Taking(value)
        return Taking(millilitres=value * MILLILITRES[unit]) if unit in MILLILITRES else UNCLEAR
    if reading is None:
        return ONE
    if reading.dose_unclear:
        return UNCLEAR
    if reading.a_day is not None:
        # 1-0-2 beside the caller's own times: which of the times is which is open.
        return UNCLEAR if own_times else Taking(Fraction(reading.a_day), a_day=True)
    if reading.dose is None:
        return ONE
    if reading.dose_unit == "ml":
        return Taking(millilitres=Fraction(reading.dose))
    return Taking(Fraction(reading.dose))


def amount_of(strength: Strength, taking: Taking) -> Fraction | None:
    """The number in what is taken, in the unit of the strength; None where the two do not fit together."""
    if not strength.per_volume or strength.per_unit in PIECES:  # 2000 mg per 3 capsules
        return None if taking.pieces is None else Fraction(strength.value) * taking.pieces / Fraction(strength.per)
    share = strength.per_millilitre
    return None if share is None or taking.millilitres is None else share * taking.millilitres


def counted_on_label(strength: Strength, amount: PresentedAmount, millilitres: Decimal | None) -> DoseBasis | None:
    """What a strength in a text counts when it is the amount on a label, of so many millilitres or else of one unit.

    None: it is another amount.
    """
    if strength.elemental or not _is_amount(strength, amount.mg, millilitres):
        is_magnesium = _is_amount(strength, amount.elemental_magnesium_mg, millilitres)
        return DoseBasis.ELEMENTAL if is_magnesium else None
    return DoseBasis.SALT


def _is_amount(strength: Strength, mg: Decimal | None, millilitres: Decimal | None) -> bool:
    if mg is None or strength.unit not in MASS_UNITS:
        return False
    if not strength.per_volume:
        return milligrams(strength.value, strength.unit) == mg
    share = strength.per_millilitre
    if share is None or millilitres is None:
        return False
    return milligrams(share, strength.unit) == Fraction(mg) / Fraction(millilitres)


def is_of_a_day(strength: Strength) -> bool:
    """Whether the strength is what a day brings ("300 mg/day"), however often it is taken."""
    return strength.per_unit in DAYS and strength.per == 1


def written(value: Decimal | Fraction) -> str:
    """A number in full, without an exponent; a third is written as a fraction."""
    if isinstance(value, Fraction):
        number = value.numerator / value.denominator
        return f"{value.numerator}" if value.denominator == 1 else f"{number:g}"
    return f"{value:f}"
