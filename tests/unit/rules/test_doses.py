"""How much is taken: from the caller's dose, else from the text, exactly, and never the likeliest."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from rules.doses import ONE, UNCLEAR, Taking, amount_of, counted_on_label, is_of_a_day, taking_of, written
from rules.model import PresentedAmount
from rules.profile import Dose
from rules.reading import Reading, Strength, read_besides
from rules.terms import DoseBasis
from rules.tokens import tokens
from tests.unit.rules.test_reading import NAME


def read(text: str) -> Reading:
    """What a line says besides its made-up name."""
    words = tokens(f"{NAME} {text}")
    return read_besides(words, frozenset({0}))


class TestFromTheText:
    """Pieces and millilitres, where the line says one number."""

    @pytest.mark.parametrize(
        ("text", "pieces"),
        [
            ("400 mg 2 tabs BID", "2"),
            ("400 mg two tablets daily", "2"),
            ("400 mg 1.5 tablets daily", "1.5"),
            ("400 mg 1,5 Tabletten", "1.5"),
            ("400 mg 1/2 tab daily", "0.5"),
            ("400 mg 1 1/2 tabs daily", "1.5"),
            ("400 mg 1\u00bd tabs daily", "1.5"),
            ("400 mg \u00bd tablet daily", "0.5"),
            ("400 mg half a tablet daily", "0.5"),
            ("400 mg 1/4 daily", "0.25"),
            ("400 mg 1-0-1", "1"),
            ("400 mg 2-0-2", "2"),
            ("400 mg 1/2-0-1/2", "0.5"),
            ("400 mg 2x1", "1"),
            ("400 mg 1 om", "1"),
            ("400 mg 2 qds", "2"),
            ("400 mg take 2 daily", "2"),
            ("400 mg ii bd", "2"),
            ("400 mg one each morning", "1"),
            ("400 mg, 60 tablets, take one daily", "1"),
            ("400 mg take 20 tablets", "20"),
            ("2 x 400 mg BD", "2"),
            ("400 mg take 2 at bedtime", "2"),
            ("400 mg take 2 by mouth daily", "2"),
            ("400 mg 2 po bid", "2"),
            ("400 mg 2 at night", "2"),
            ("400 mg take two in the morning", "2"),
            ("400 mg tablets - 2 to be taken twice a day", "2"),
            ("400 mg tablets - TWO To Be Taken Twice A Day - 112 tablet", "2"),
            ("400 mg tablets - ONE To Be Taken Daily - 7 tablet", "1"),
            ("400 mg tablets - TAKE TWO AT NIGHT - 4 tablet [repeat]", "2"),
            ("400 mg 4 tablet", "4"),  # nothing else is said to be taken
            ("400 mg take two (2) tablets daily", "2"),
            ("400 mg 1/2 at bedtime", "0.5"),
            ("half of a 400 mg tablet daily", "0.5"),
            ("400 mg a quarter of a tablet", "0.25"),
            ("400 mg one and a quarter tablets", "1.25"),
            ("two 400 mg tablets", "2"),
            ("half an hour before food", "1"),
            ("400 mg half strength", "1"),
            ("400 mg 2 tablets 400 mg each", "2"),
            ("400 mg 3 refills", "1"),
            ("400 mg 2 hours before food", "1"),
            ("400 mg take two hours before food", "1"),
        ],
    )
    def test_pieces(self, text: str, pieces: str) -> None:
        assert taking_of(None, read(text), own_times=False) == Taking(Fraction(pieces))

    @pytest.mark.parametrize(
        ("text", "a_day"), [("1-0-2", 3), ("1-1-2-0", 4), ("2-1-1", 4), ("1/2-0-1", Fraction(3, 2))]
    )
    def test_day_whose_times_differ(self, text: str, a_day: Fraction) -> None:
        assert taking_of(None, read(text), own_times=False) == Taking(Fraction(a_day), a_day=True)
        assert taking_of(None, read(text), own_times=True) == UNCLEAR

    @pytest.mark.parametrize(("text", "millilitres"), [("5 mL tid", 5), ("10ml", 10), ("1 cL", 10), ("2.5 mL", "2.5")])
    def test_millilitres(self, text: str, millilitres: str) -> None:
        assert taking_of(None, read(text), own_times=False) == Taking(millilitres=Fraction(millilitres))

    @pytest.mark.parametrize(
        "text", ["", "400 mg", "400 mg daily", "400 mg 60 tablets", "#100", "100 mL bottle", "300 mL", "qty 90"]
    )
    def test_nothing_said_is_one(self, text: str) -> None:
        assert taking_of(None, read(text), own_times=False) == ONE
        assert ONE.is_one

    @pytest.mark.parametrize(
        "text",
        [
            "1-2 tabs",
            "1-2 QDS",
            "one to two tablets daily",
            "2 to 4 tabs 1 tab",
            "400 mg 8 tablets daily",
            "1 tab am 2 tabs pm",
            "400 mg 5/8 tablet",
            "400 mg daily in divided doses",
            "400 mg daily then 2 tabs",
            "1-0-1 1-0-2",
            "1-0-2 3 tabs",
            "2 x 400 mg daily",
            "5-10 mL daily",
            "200-400 mg daily",
            "400 mg (2) daily",  # a number that nothing explains may be that of the pieces
            "400 mg two wobble",
            "400 mg 2 wobble",
            "400 mg take 2 scoops",
            "400 mg x 2 tablets daily",
            "400 mg nightly x2",
            "400 mg half wobble",
            "400 mg 2-3 at night",
            "400 mg take 2 or 3 at night",
            "400 mg 1 am 2 pm",
            "2 tablets 400 mg daily",  # each of them, or both
            "2000 mg per 3 capsules",
            "2000 mg in 3 capsules daily",
        ],
    )
    def test_what_is_no_single_number_is_unclear(self, text: str) -> None:
        assert taking_of(None, read(text), own_times=False) == UNCLEAR
        assert not UNCLEAR.is_one

    def test_no_text(self) -> None:
        assert taking_of(None, None, own_times=False) == ONE


class TestFromTheCaller:
    """The dose given counts before the text; UCUM units and their aliases."""

    @pytest.mark.parametrize(
        "unit", ["tablet", "tablets", "tab", "TABS", "{tablet}", "capsule", "{capsule}", "sachets"]
    )
    def test_pieces(self, unit: str) -> None:
        assert taking_of(Dose(value="2", unit=unit), read("5 tabs"), own_times=False) == Taking(Fraction(2))

    @pytest.mark.parametrize(("unit", "factor"), [("mL", 1), ("ml", 1), ("cL", 10), ("dL", 100), ("L", 1000)])
    def test_volumes(self, unit: str, factor: int) -> None:
        assert taking_of(Dose(value="2.5", unit=unit), None, own_times=True) == Taking(
            millilitres=Fraction(5, 2) * factor
        )

    @pytest.mark.parametrize(
        ("unit", "millilitres"),
        [
            ("tsp", 5),
            ("Teaspoon", 5),
            ("teaspoons", 5),
            ("TBSP", 15),
            ("tablespoon", 15),
            ("tablespoons", 15),
            ("cc", 1),
        ],
    )
    def test_measures_of_households(self, unit: str, millilitres: int) -> None:
        assert taking_of(Dose(value="1.5", unit=unit), None, own_times=True) == Taking(
            millilitres=Fraction(3, 2) * millilitres
        )

    @pytest.mark.parametrize("unit", ["IU", "[iU]", "[drp]", "puff", "unit", "application"])
    def test_other_units_count_nothing(self, unit: str) -> None:
        assert taking_of(Dose(value="2", unit=unit), None, own_times=True) == UNCLEAR


class TestAmount:
    """Strength and what is taken, put together where they fit."""

    PLAIN = Strength(Decimal(400), "mg", 0)
    SUSPENSION = Strength(Decimal(400), "mg", 0, per_volume=True, per=Decimal(5), per_unit="ml")

    def test_pieces_of_a_strength(self) -> None:
        assert amount_of(self.PLAIN, Taking(Fraction(3, 2))) == 600

    def test_pieces_that_bring_it_together(self) -> None:
        of_three = read("2000 mg per 3 capsules").strengths[0]
        assert amount_of(of_three, Taking(Fraction(3))) == 2000
        assert amount_of(of_three, ONE) == Fraction(2000, 3)
        assert amount_of(of_three, Taking(millilitres=Fraction(5))) is None

    @pytest.mark.parametrize(("millilitres", "milligrams"), [(5, 400), (10, 800), ("2.5", 200), (1, 80)])
    def test_millilitres_of_a_concentration(self, millilitres: str, milligrams: int) -> None:
        assert amount_of(self.SUSPENSION, Taking(millilitres=Fraction(millilitres))) == milligrams

    def test_litre(self) -> None:
        per_litre = Strength(Decimal(4), "g", 0, per_volume=True, per_unit="l")
        assert amount_of(per_litre, Taking(millilitres=Fraction(250))) == 1

    @pytest.mark.parametrize(
        ("strength", "taking"),
        [
            (PLAIN, Taking(millilitres=Fraction(5))),
            (PLAIN, UNCLEAR),
            (SUSPENSION, ONE),
            (SUSPENSION, UNCLEAR),
            (Strength(Decimal(5), "mg", 0, per_volume=True, per_unit="kg"), Taking(millilitres=Fraction(5))),
            (
                Strength(Decimal(5), "mg", 0, per_volume=True, per=Decimal(0), per_unit="ml"),
                Taking(millilitres=Fraction(5)),
            ),
        ],
    )
    def test_what_does_not_fit(self, strength: Strength, taking: Taking) -> None:
        assert amount_of(strength, taking) is None

    def test_of_a_day(self) -> None:
        assert is_of_a_day(read("300 mg/day").strengths[0])
        assert not is_of_a_day(read("300 mg/24 h").strengths[0])
        assert not is_of_a_day(self.PLAIN)


@pytest.mark.parametrize(
    ("value", "text"),
    [(Decimal("0.50"), "0.50"), (Decimal(1000000), "1000000"), (Fraction(3), "3"), (Fraction(3, 2), "1.5")],
)
def test_written_in_full(value: Decimal | Fraction, text: str) -> None:
    assert written(value) == text


class TestOnLabel:
    """Whether a strength in a text is the one on a label, and what it counts there."""

    BOTH = PresentedAmount(substance="salt", mg=Decimal(1200), elemental_magnesium_mg=Decimal(500))
    SALT = PresentedAmount(substance="salt", mg=Decimal(1200))
    ELEMENT = PresentedAmount(substance="salt", elemental_magnesium_mg=Decimal(500))

    @pytest.mark.parametrize(
        ("text", "counted"),
        [
            ("1200 mg", DoseBasis.SALT),
            ("1.2 g", DoseBasis.SALT),
            ("1200 mg/15 mL", DoseBasis.SALT),
            ("400 mg/5 mL", DoseBasis.SALT),
            ("80 mg/mL", DoseBasis.SALT),
            ("500 mg", DoseBasis.ELEMENTAL),
            ("500 mg/15 mL", DoseBasis.ELEMENTAL),
            ("500 mg elemental", DoseBasis.ELEMENTAL),
            ("1200 mg elemental", None),
            ("400 mg", None),
            ("1200 mg/5 mL", None),
            ("1200 mg/day", None),
            ("500 mmol", None),
        ],
    )
    def test_of_so_many_millilitres(self, text: str, counted: DoseBasis | None) -> None:
        [strength] = read(text).strengths
        assert counted_on_label(strength, self.BOTH, Decimal(15)) is counted

    def test_what_the_label_does_not_say(self) -> None:
        [strength] = read("500 mg").strengths
        assert counted_on_label(strength, self.SALT, None) is None
        assert counted_on_label(strength, self.ELEMENT, None) is DoseBasis.ELEMENTAL

    def test_one_unit_has_no_concentration(self) -> None:
        [strength] = read("1200 mg/15 mL").strengths
        assert counted_on_label(strength, self.BOTH, None) is None
