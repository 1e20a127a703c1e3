"""Exact numbers: units, molar masses and the magnesium inside a salt.

Expected masses are worked out by hand from the atomic weights in the comments, or stand on labels.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from rules.errors import FormulaError, QuantityError
from rules.quantities import (
    ATOMIC_MASS,
    DOSE_UNITS,
    MAGNESIUM_MG_PER_MMOL,
    MASS_UNITS,
    MILLILITRES,
    VOLUME_UNITS,
    composition,
    decimal_from,
    elemental_fraction,
    is_amount_of_magnesium,
    magnesium_milligrams,
    milligrams,
    molar_mass,
    plain,
    serum_mmol_per_l,
    serum_units,
)

MICRO_SIGN = "\u00b5g"
GREEK_MU = "\u03bcg"


class TestDecimalFrom:
    """Plain digits only: what looks like a number elsewhere is refused, never interpreted."""

    @pytest.mark.parametrize("text", ["0", "400", "0.62", "241.2", "000400", "999999999.999999999"])
    def test_plain_numbers(self, text: str) -> None:
        assert decimal_from(text) == Decimal(text)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            " 1",
            "1 ",
            "-1",
            "+1",
            "1e3",
            "1,000",
            "1,5",
            ".5",
            "5.",
            "NaN",
            "Infinity",
            "0x10",
            "1_000",
            "1234567890",
            "1.1234567890",
            "\u0661",  # an Arabic digit one
            "1\n",
            "\u00b2",
        ],
    )
    def test_anything_else_is_refused(self, text: str) -> None:
        with pytest.raises(QuantityError, match="plain digits"):
            decimal_from(text)


class TestMass:
    """Units of mass, exactly; each thousandfold slip has a test of its own."""

    def test_gram_is_a_thousand_milligrams(self) -> None:
        assert milligrams(Decimal(1), "g") == 1000

    def test_gram_is_not_read_as_milligram(self) -> None:
        assert milligrams(Decimal(2), "g") != milligrams(Decimal(2), "mg")

    def test_microgram_is_a_thousandth_of_a_milligram(self) -> None:
        assert milligrams(Decimal(125), "mcg") == Fraction(1, 8)

    def test_microgram_is_not_read_as_milligram(self) -> None:
        assert milligrams(Decimal(1), "mcg") * 1000 == milligrams(Decimal(1), "mg")

    def test_kilogram(self) -> None:
        assert milligrams(Decimal("0.001"), "kg") == 1000

    @pytest.mark.parametrize("unit", ["mcg", "ug", MICRO_SIGN, GREEK_MU, "microgram", "micrograms", "MCG"])
    def test_every_spelling_of_microgram(self, unit: str) -> None:
        assert milligrams(Decimal(400_000), unit) == 400

    @pytest.mark.parametrize("unit", ["g", "gm", "gram", "grams", "G"])
    def test_every_spelling_of_gram(self, unit: str) -> None:
        assert milligrams(Decimal("0.4"), unit) == 400

    @pytest.mark.parametrize("unit", ["mg", "MG", "milligram", "milligrams"])
    def test_every_spelling_of_milligram(self, unit: str) -> None:
        assert milligrams(Decimal(400), unit) == 400

    def test_no_binary_rounding(self) -> None:
        """0.1 + 0.2 is 0.3 here."""
        assert milligrams(Decimal("0.1"), "mg") + milligrams(Decimal("0.2"), "mg") == Fraction(3, 10)

    @pytest.mark.parametrize("unit", ["mmol", "mEq", "IU", "mL", "tablet", "", "m g", "Mg/kg", "ng"])
    def test_other_units_are_refused_with_the_allowed_ones(self, unit: str) -> None:
        with pytest.raises(QuantityError, match=r"not a unit of mass; allowed: kg, g, gm, mg"):
            milligrams(Decimal(1), unit)


class TestMagnesium:
    """1 mmol = 24.305 mg = 2 mEq."""

    def test_one_millimole(self) -> None:
        assert magnesium_milligrams(Decimal(1), "mmol") == Fraction("24.305")

    def test_two_milliequivalents_are_one_millimole(self) -> None:
        assert magnesium_milligrams(Decimal(2), "mEq") == magnesium_milligrams(Decimal(1), "mmol")

    def test_one_milliequivalent(self) -> None:
        assert magnesium_milligrams(Decimal(1), "mEq") == Fraction("12.1525")

    def test_labelled_sachet(self) -> None:
        """A 10 mmol sachet is labelled with 243 mg of magnesium."""
        assert round(magnesium_milligrams(Decimal(10), "mmol")) == 243

    def test_labelled_tablet(self) -> None:
        """A 4 mmol tablet is labelled with 97.2 mg of magnesium."""
        assert plain(magnesium_milligrams(Decimal(4), "mmol")) == "97.2"

    @pytest.mark.parametrize(("value", "unit"), [("0.35", "g"), ("350", "mg"), ("350000", GREEK_MU)])
    def test_mass_of_magnesium_itself(self, value: str, unit: str) -> None:
        assert magnesium_milligrams(Decimal(value), unit) == 350

    def test_millimole_is_not_read_as_milligram(self) -> None:
        assert magnesium_milligrams(Decimal(15), "mmol") == Fraction("364.575")

    @pytest.mark.parametrize("unit", ["IU", "mL", "mol", "meq/l"])
    def test_other_units_are_refused(self, unit: str) -> None:
        with pytest.raises(QuantityError, match=r"amount of magnesium; allowed: .*mmol, mEq$"):
            magnesium_milligrams(Decimal(1), unit)

    @pytest.mark.parametrize(("unit", "answer"), [("mmol", True), ("mEq", True), ("MEQ", True), ("mg", False)])
    def test_units_that_count_magnesium_whatever_the_salt(self, unit: str, *, answer: bool) -> None:
        assert is_amount_of_magnesium(unit) is answer

    def test_the_constant_is_the_atomic_weight(self) -> None:
        assert Decimal("24.305") == MAGNESIUM_MG_PER_MMOL == ATOMIC_MASS["Mg"]


class TestPlain:
    """Numbers for people: rounded half to even, no exponent, no trailing zeros."""

    @pytest.mark.parametrize(
        ("value", "places", "text"),
        [
            (Fraction(1, 3), 1, "0.3"),
            (Fraction(2, 3), 3, "0.667"),
            (Fraction("241.25"), 1, "241.2"),
            (Fraction("241.35"), 1, "241.4"),
            (Fraction(400), 1, "400"),
            (Decimal("1E+2"), 1, "100"),
            (Decimal("0.50"), 2, "0.5"),
            (Decimal("0.00"), 1, "0"),
            (Decimal("2.000"), 2, "2"),
            (Decimal("1.5"), 0, "2"),
            (Decimal("2.5"), 0, "2"),
            (Decimal(100), 0, "100"),
            (Fraction(999999999999), 1, "999999999999"),
        ],
    )
    def test_written(self, value: Fraction | Decimal, places: int, text: str) -> None:
        assert plain(value, places) == text


class TestSerum:
    """Conversions of laboratory values to mmol/L."""

    @pytest.mark.parametrize(
        ("kind", "value", "unit", "mmol"),
        [
            ("serum_magnesium", "0.62", "mmol/L", Fraction("0.62")),
            ("serum_magnesium", "2.4305", "mg/dL", Fraction(1)),  # 24.305 mg/L is 1 mmol/L
            ("serum_magnesium", "1.4", "mEq/L", Fraction("0.7")),
            ("serum_magnesium", "1.4", "meq/l", Fraction("0.7")),
            ("serum_potassium", "3.5", "mmol/L", Fraction("3.5")),
            ("serum_potassium", "3.5", "mEq/L", Fraction("3.5")),  # one charge
            ("serum_calcium", "4.0078", "mg/dL", Fraction(1)),  # 40.078 g/mol
            ("serum_calcium", "4.2", "mEq/L", Fraction("2.1")),  # two charges
            ("serum_calcium", "2.1", "MMOL/L", Fraction("2.1")),
        ],
    )
    def test_converted(self, kind: str, value: str, unit: str, mmol: Fraction) -> None:
        assert serum_mmol_per_l(kind, Decimal(value), unit) == mmol

    def test_milligrams_per_decilitre_are_not_millimoles(self) -> None:
        """1.7 mg/dL is the lower reference limit of 0.70 mmol/L, not a high value."""
        assert plain(serum_mmol_per_l("serum_magnesium", Decimal("1.7"), "mg/dL"), 2) == "0.7"

    def test_unit_of_another_kind_is_refused_with_the_allowed_ones(self) -> None:
        with pytest.raises(QuantityError, match=r"serum_potassium is measured in; allowed: mmol/L, mEq/L$"):
            serum_mmol_per_l("serum_potassium", Decimal(14), "mg/dL")

    def test_units_as_people_write_them(self) -> None:
        assert serum_units("serum_calcium") == ("mmol/L", "mg/dL", "mEq/L")


class TestComposition:
    """The formula parser: groups, hydrates and leading numbers."""

    @pytest.mark.parametrize(
        ("formula", "atoms"),
        [
            ("MgO", {"Mg": 1, "O": 1}),
            ("Mg(OH)2", {"Mg": 1, "O": 2, "H": 2}),
            ("MgCl2·6H2O", {"Mg": 1, "Cl": 2, "H": 12, "O": 6}),
            ("Mg3(C6H5O7)2·9H2O", {"Mg": 3, "C": 12, "H": 28, "O": 23}),
            ("4MgCO3·Mg(OH)2·5H2O", {"Mg": 5, "C": 4, "O": 19, "H": 12}),
            ("Mg(C2H6NO3S)2", {"Mg": 1, "C": 4, "H": 12, "N": 2, "O": 6, "S": 2}),
            ("Mg(OH)", {"Mg": 1, "O": 1, "H": 1}),
            ("Mg(C(H2)3)2", {"Mg": 1, "C": 2, "H": 12}),
            ("Mg6Al2(OH)16CO3·4H2O", {"Mg": 6, "Al": 2, "O": 23, "H": 24, "C": 1}),
        ],
    )
    def test_atoms_are_counted(self, formula: str, atoms: dict[str, int]) -> None:
        assert composition(formula) == atoms

    @pytest.mark.parametrize(
        ("formula", "message"),
        [
            ("", "empty part"),
            ("MgO·", "empty part"),
            ("MgO··H2O", "empty part"),
            ("Mg(OH", "opened and never closed"),
            ("MgOH)2", "never opened"),
            ("Mgo", "cannot read the formula at 'o'"),
            ("mgO", "cannot read the formula at 'mgO'"),
            ("MgO.5H2O", "cannot read the formula at '.5H2O'"),
            ("MgO H2O", "cannot read the formula at ' H2O'"),
            ("MgXe", "no atomic mass for the element Xe"),
            ("Mg\u0662O", "cannot read the formula"),  # an Arabic digit two
        ],
    )
    def test_what_cannot_be_read_is_an_error(self, formula: str, message: str) -> None:
        with pytest.raises(FormulaError, match=message.replace(".", r"\.").replace("(", r"\(")):
            composition(formula)


class TestMolarMass:
    """Molar masses by hand, from Mg 24.305, H 1.008, C 12.011, N 14.007, O 15.999, S 32.06, Cl 35.45."""

    @pytest.mark.parametrize(
        ("formula", "grams"),
        [
            ("MgO", "40.304"),  # 24.305 + 15.999
            ("Mg(OH)2", "58.319"),  # 24.305 + 2 x 17.007
            ("MgCO3", "84.313"),  # 24.305 + 12.011 + 47.997
            ("MgCl2", "95.205"),  # 24.305 + 70.90
            ("MgCl2·6H2O", "203.295"),  # + 6 x 18.015
            ("MgSO4", "120.361"),  # 24.305 + 32.06 + 63.996
            ("MgSO4·7H2O", "246.466"),  # + 7 x 18.015
        ],
    )
    def test_by_hand(self, formula: str, grams: str) -> None:
        assert molar_mass(formula) == Decimal(grams)


class TestElementalFraction:
    """How much of a salt is magnesium."""

    def test_oxide_exactly(self) -> None:
        assert elemental_fraction("MgO") == Fraction("24.305") / Fraction("40.304")

    def test_several_magnesium_atoms_count(self) -> None:
        """Trimagnesium dicitrate: 3 x 24.305 of 451.11."""
        share = elemental_fraction("Mg3(C6H5O7)2")
        assert share == Fraction("72.915") / Fraction(molar_mass("Mg3(C6H5O7)2"))
        assert plain(share * 100, 2) == "16.16"

    @pytest.mark.parametrize(
        ("formula", "salt_mg", "label_mg"),
        [
            ("MgO", 400, "241.2"),  # a 400 mg oxide tablet is labelled 241.3 mg, with 60.32 % for the share
            ("Mg(OH)2", 1200, "500.1"),  # milk of magnesia, 1,200 mg in 15 mL: labelled 500 mg
        ],
    )
    def test_labels(self, formula: str, salt_mg: int, label_mg: str) -> None:
        assert plain(elemental_fraction(formula) * salt_mg) == label_mg

    def test_water_dilutes(self) -> None:
        assert elemental_fraction("MgSO4·7H2O") < elemental_fraction("MgSO4") / 2

    def test_salt_without_magnesium(self) -> None:
        with pytest.raises(FormulaError, match="holds no magnesium"):
            elemental_fraction("CaCO3".replace("Ca", "Na"))


def test_units_a_dose_may_have() -> None:
    """The list is public: clients are told these words in errors."""
    assert set(MASS_UNITS) < set(DOSE_UNITS)
    assert {"mmol", "mEq", "tablet", "mL", "IU", "puff", "teaspoon", "tbsp"} < set(DOSE_UNITS)
    assert {unit.lower() for unit in VOLUME_UNITS} == set(MILLILITRES)
