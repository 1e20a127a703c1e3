"""Doses, amounts and units in exact decimals, and the magnesium inside a salt.

1 mmol of magnesium = 24.305 mg = 2 mEq. Nothing here rounds until a number is written for a person, and an unknown
unit is an error, never a guess.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache

from rules.errors import FormulaError, QuantityError

# Standard atomic weights, IUPAC abridged values (CIAAW 2021).
ATOMIC_MASS: dict[str, Decimal] = {
    "H": Decimal("1.008"),
    "C": Decimal("12.011"),
    "N": Decimal("14.007"),
    "O": Decimal("15.999"),
    "Mg": Decimal("24.305"),
    "Al": Decimal("26.982"),
    "Si": Decimal("28.085"),
    "P": Decimal("30.974"),
    "S": Decimal("32.06"),
    "Cl": Decimal("35.45"),
    "K": Decimal("39.098"),
    "Na": Decimal("22.990"),
}
MAGNESIUM_MG_PER_MMOL = ATOMIC_MASS["Mg"]

# Mass units in milligrams. Both code points of the micro sign are accepted; "IU" and the like are not masses.
_MASS_MG: dict[str, Fraction] = {
    "kg": Fraction(1_000_000),
    "g": Fraction(1000),
    "gm": Fraction(1000),
    "mg": Fraction(1),
    "mcg": Fraction(1, 1000),
    "ug": Fraction(1, 1000),
    "\u00b5g": Fraction(1, 1000),
    "\u03bcg": Fraction(1, 1000),
    "microgram": Fraction(1, 1000),
    "micrograms": Fraction(1, 1000),
    "milligram": Fraction(1),
    "milligrams": Fraction(1),
    "gram": Fraction(1000),
    "grams": Fraction(1000),
}
# Amounts of magnesium itself, in milligrams of magnesium.
_MAGNESIUM_MG: dict[str, Fraction] = {
    "mmol": Fraction(MAGNESIUM_MG_PER_MMOL),
    "meq": Fraction(MAGNESIUM_MG_PER_MMOL) / 2,
}
MASS_UNITS = tuple(_MASS_MG)
AMOUNT_UNITS = ("mmol", "mEq")
# Units that count pieces: the magnesium in one piece comes from the product or the strength.
_PIECES = ("tablet", "capsule", "caplet", "lozenge", "sachet", "packet", "dose")
# With their plurals, the short forms of prescriptions and UCUM's annotations.
COUNT_UNITS = (
    *_PIECES,
    *(f"{piece}s" for piece in _PIECES),
    *(f"{{{piece}}}" for piece in _PIECES),
    *("tab", "tabs", "tbl", "cap", "caps", "{tbl}"),
)
MILLILITRES: dict[str, Fraction] = {
    "ml": Fraction(1),
    "cl": Fraction(10),
    "dl": Fraction(100),
    "l": Fraction(1000),
    "cc": Fraction(1),
    # As labels in the United States count them (21 CFR 101.9(b)(5)(viii)).
    **dict.fromkeys(("tsp", "teaspoon", "teaspoons"), Fraction(5)),
    **dict.fromkeys(("tbsp", "tablespoon", "tablespoons"), Fraction(15)),
}
VOLUME_UNITS = ("mL", "cL", "dL", "L", "cc", "tsp", "teaspoon", "teaspoons", "tbsp", "tablespoon", "tablespoons")
# Units a dose may be given in that say nothing about milligrams of magnesium; in brackets as UCUM writes them.
_OTHER = ("IU", "unit", "drop", "puff", "spray", "patch", "suppository", "ampoule", "application")
_OTHER_UNITS = (*_OTHER, "[iU]", "[USP'U]", "[drp]", "units", "drops", "puffs", "sprays")
DOSE_UNITS = (*MASS_UNITS, *AMOUNT_UNITS, *COUNT_UNITS, *VOLUME_UNITS, *_OTHER_UNITS)

_EGFR = "mL/min/1.73m2"
_CLEARANCE = "mL/min"
# Units of kidney function, written by people and laboratories of several countries, as `bare_unit` leaves them.
RATE_UNITS: dict[str, str] = {
    **dict.fromkeys(("ml/min/1.73m2", "ml/min/1.73", "ml/min/1,73m2", "ml/min/1,73", "mlmin-11.73m-2"), _EGFR),
    **dict.fromkeys(("ml/min/1.73sqm", "ml/min/1.73sq.m", "ml/min/1.73qm", "ml/min/1,73qm"), _EGFR),
    **dict.fromkeys(("ml/minper1.73m2", "ml/minper1,73m2", "ml/minper1.73sqm", "ml/minper1.73sq.m"), _EGFR),
    "ml/min": _CLEARANCE,
}
_UNWRITTEN = str.maketrans({**dict.fromkeys(" \t\u00a0_{}[]()*^", ""), "\u00b2": "2"})

_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,9})?", re.ASCII)
_ELEMENT = re.compile(r"([A-Z][a-z]?)(\d*)|(\()|\)(\d*)", re.ASCII)


def decimal_from(text: str) -> Decimal:
    """Read a plain non-negative decimal such as ``400`` or ``0.62`` (no sign, no exponent, at most nine digits a side).

    Raises:
        QuantityError: the text is anything else.
    """
    if not _NUMBER.fullmatch(text):
        message = "a number must be plain digits with an optional decimal point, for example 400 or 0.62"
        raise QuantityError(message)
    return Decimal(text)


def is_amount_of_magnesium(unit: str) -> bool:
    """Whether the unit counts magnesium itself (mmol, mEq), whatever salt carries it."""
    return unit.lower() in _MAGNESIUM_MG


def milligrams(value: Decimal | Fraction, unit: str) -> Fraction:
    """Mass in milligrams, exactly.

    Raises:
        QuantityError: the unit is not one of `MASS_UNITS`.
    """
    factor = _MASS_MG.get(unit.lower())
    if factor is None:
        message = f"the unit is not a unit of mass; allowed: {', '.join(MASS_UNITS)}"
        raise QuantityError(message)
    return Fraction(value) * factor


def magnesium_milligrams(value: Decimal | Fraction, unit: str) -> Fraction:
    """Milligrams of magnesium in an amount given in mmol or mEq of magnesium, or in a mass of elemental magnesium.

    Raises:
        QuantityError: the unit is neither.
    """
    factor = _MAGNESIUM_MG.get(unit.lower()) or _MASS_MG.get(unit.lower())
    if factor is None:
        allowed = ", ".join((*MASS_UNITS, *AMOUNT_UNITS))
        message = f"the unit does not measure an amount of magnesium; allowed: {allowed}"
        raise QuantityError(message)
    return Fraction(value) * factor


def plain(value: Fraction | Decimal, places: int = 1) -> str:
    """Write a number for a report: at most ``places`` decimals, half to even, no exponent, no trailing zeros."""
    return _plain(*value.as_integer_ratio(), places)


@lru_cache(maxsize=4096)
def _plain(numerator: int, denominator: int, places: int) -> str:
    """The same few amounts are written again and again, several times in each report."""
    scale = 10**places
    whole, rest = divmod(numerator * scale, denominator)
    if 2 * rest > denominator or (2 * rest == denominator and whole % 2):
        whole += 1
    whole, decimals = divmod(whole, scale)
    return f"{whole}.{decimals:0{places}d}".rstrip("0") if decimals else str(whole)


# The unit table for serum values: kind -> unit -> factor to mmol/L.
# Magnesium 24.305 mg/mmol, two charges; potassium 39.098, one; calcium 40.078 (CIAAW), two.
_SERUM_MMOL: dict[str, dict[str, Fraction]] = {
    "serum_magnesium": {
        "mmol/l": Fraction(1),
        "mg/dl": Fraction(10) / Fraction(MAGNESIUM_MG_PER_MMOL),
        "meq/l": Fraction(1, 2),
    },
    "serum_potassium": {"mmol/l": Fraction(1), "meq/l": Fraction(1)},
    "serum_calcium": {
        "mmol/l": Fraction(1),
        "mg/dl": Fraction(10) / Fraction("40.078"),
        "meq/l": Fraction(1, 2),
    },
}


def serum_mmol_per_l(kind: str, value: Decimal, unit: str) -> Fraction:
    """A serum value in mmol/L, exactly. ``kind`` is an `ObservationKind`.

    Raises:
        QuantityError: the unit is not one the kind is measured in.
    """
    units = _SERUM_MMOL[kind]
    factor = units.get(unit.lower())
    if factor is None:
        message = f"the unit is not one {kind} is measured in; allowed: {', '.join(serum_units(kind))}"
        raise QuantityError(message)
    return Fraction(value) * factor


def bare_unit(text: str) -> str:
    """A unit in lower case without blanks, brackets and signs of a power, which people write or leave out."""
    return text.lower().translate(_UNWRITTEN)


def kidney_unit(text: str) -> str:
    """The unit of a kidney function, however it is written: capitals do not matter, nor does the sign of the decimals.

    Raises:
        ValueError: it is none; the text says what is allowed.
    """
    unit = RATE_UNITS.get(bare_unit(text))
    if unit is None:
        message = f"not a unit of kidney function; allowed: {_EGFR}, {_CLEARANCE}"
        raise ValueError(message)
    return unit


def serum_units(kind: str) -> tuple[str, ...]:
    """The units accepted for a serum value, as a person writes them."""
    written = {"mmol/l": "mmol/L", "mg/dl": "mg/dL", "meq/l": "mEq/L"}
    return tuple(written[unit] for unit in _SERUM_MMOL[kind])


def _parse_part(part: str) -> dict[str, int]:
    """Count the atoms of one part of a formula, a leading number multiplying all of it (``5H2O``)."""
    leading = re.match(r"\d+", part, re.ASCII)
    factor = int(leading.group()) if leading else 1
    stack: list[dict[str, int]] = [{}]
    position = leading.end() if leading else 0
    while position < len(part):
        match = _ELEMENT.match(part, position)
        if match is None:
            message = f"cannot read the formula at {part[position:]!r}"
            raise FormulaError(message)
        position = match.end()
        element, count, opening, closing = match.groups()
        if opening:
            stack.append({})
        elif element:
            if element not in ATOMIC_MASS:
                message = f"no atomic mass for the element {element}"
                raise FormulaError(message)
            stack[-1][element] = stack[-1].get(element, 0) + int(count or 1)
        else:
            if len(stack) == 1:
                message = "a bracket is closed that was never opened"
                raise FormulaError(message)
            group = stack.pop()
            for name, number in group.items():
                stack[-1][name] = stack[-1].get(name, 0) + number * int(closing or 1)
    if len(stack) != 1:
        message = "a bracket is opened and never closed"
        raise FormulaError(message)
    return {name: number * factor for name, number in stack[0].items()}


@cache
def composition(formula: str) -> dict[str, int]:
    """Atoms in a formula such as ``Mg3(C6H5O7)2·9H2O`` or ``4MgCO3·Mg(OH)2·5H2O``.

    Raises:
        FormulaError: the formula cannot be read.
    """
    atoms: dict[str, int] = {}
    for part in formula.split("·"):
        if not part:
            message = "the formula has an empty part"
            raise FormulaError(message)
        for name, number in _parse_part(part).items():
            atoms[name] = atoms.get(name, 0) + number
    return atoms


def molar_mass(formula: str) -> Decimal:
    """Molar mass in g/mol, exact for the atomic masses above."""
    return sum((ATOMIC_MASS[name] * number for name, number in composition(formula).items()), Decimal(0))


def elemental_fraction(formula: str) -> Fraction:
    """Share of the mass that is magnesium, between 0 and 1.

    Raises:
        FormulaError: the formula cannot be read or holds no magnesium.
    """
    magnesium = composition(formula).get("Mg", 0)
    if not magnesium:
        message = "the formula holds no magnesium"
        raise FormulaError(message)
    return Fraction(MAGNESIUM_MG_PER_MMOL * magnesium) / Fraction(molar_mass(formula))
