"""Reading a medication line without knowing any drug: words, strengths, route, dose form and frequency."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from rules.reading import Reading, Strength, read_besides, routes_of_form
from rules.terms import DoseForm, Route
from rules.tokens import tokens

NAME = "zzdrug"  # stands where a line has its drug name


def read(text: str) -> Reading:
    """Read a line in which the made-up drug name is already known."""
    words = tokens(text)
    return read_besides(words, frozenset(index for index, word in enumerate(words) if word == NAME))


def unread(text: str) -> list[str]:
    """The words that nothing explains."""
    words = tokens(text)
    return [words[position] for position in read(text).unread]


class TestStrengths:
    """A strength is a number with a unit of mass or amount; anything doubtful is not read at all."""

    @pytest.mark.parametrize(
        ("text", "value", "unit"),
        [
            ("zzdrug 40 mg", "40", "mg"),
            ("zzdrug 40MG", "40", "mg"),
            ("zzdrug 0.125 mg", "0.125", "mg"),
            ("zzdrug 12,5 mg", "12.5", "mg"),
            ("zzdrug 2 g", "2", "g"),
            ("zzdrug 50 mcg", "50", "mcg"),
            ("zzdrug 50 \u00b5g", "50", "\u03bcg"),  # micro sign, folded to the Greek letter
            ("zzdrug 50 \u03bcg", "50", "\u03bcg"),
            ("zzdrug 10 mmol", "10", "mmol"),
            ("zzdrug 20 mEq", "20", "meq"),
        ],
    )
    def test_number_with_unit(self, text: str, value: str, unit: str) -> None:
        assert read(text).strengths == (Strength(Decimal(value), unit, 1),)

    @pytest.mark.parametrize(
        "text",
        [
            "zzdrug 1,000 mg",
            "zzdrug 1.000 mg",
            "zzdrug 1,500 mg tablet",
            "zzdrug 2.500 mg",
            "zzdrug 12,000 mcg",
            "zzdrug 125.000 mcg",
        ],
    )
    def test_mark_before_three_digits_is_not_read(self, text: str) -> None:
        """1,000 mg is a gram in one country and a milligram in another, and so is 1.000 mg."""
        assert read(text).strengths == ()

    @pytest.mark.parametrize("text", ["zzdrug 0,125 mg", "zzdrug 0.125 mg"])
    def test_after_a_nought_the_mark_can_only_be_a_decimal_one(self, text: str) -> None:
        assert [one.value for one in read(text).strengths] == [Decimal("0.125")]

    @pytest.mark.parametrize(
        "text", ["zzdrug .5 mg", "zzdrug.5 mg", "zzdrug ,5 mg", "zzdrug tab.125mg", "zzdrug (.5 mg)"]
    )
    def test_number_without_its_first_digit_is_not_read(self, text: str) -> None:
        """A tenfold or a thousandfold slip where the point is not seen."""
        assert read(text).strengths == ()
        assert unread(text) == []

    @pytest.mark.parametrize(
        ("words", "value"),
        [
            ("1.745 g", "1.745"),
            ("1,745 g", "1.745"),
            ("1.745 gram/fl oz", "1.745"),
            ("1.500 g/30 mL", "1.500"),
            ("2.500 g", None),  # may be a bag of Epsom salt
            ("1,250 g", None),
            ("1.745 mg", None),
            ("1,745 mcg", None),
        ],
    )
    def test_grams_have_no_thousands(self, words: str, value: str | None) -> None:
        """A medicine of 1745 g there is not; a round number may be what a pack holds."""
        assert [one.value for one in read(f"zzdrug {words}").strengths] == ([] if value is None else [Decimal(value)])

    @pytest.mark.parametrize(
        "text",
        ["zzdrug 1 500 mg", "zzdrug 1 000 mg", "zzdrug 1.000,5 mg", "zzdrug 1,000.5 mg", "zzdrug 1234567890 mg"],
    )
    def test_number_in_several_pieces_is_not_read(self, text: str) -> None:
        """The last piece alone would be a dose that is too low by a factor of three, or of a thousand."""
        assert read(text).strengths == ()
        assert unread(text) == []

    @pytest.mark.parametrize(
        ("words", "value"),
        [
            ("400 (241.3 Mg) MG tablet", "400"),
            ("325 (65 Fe) MG Oral Tablet", "325"),
            ("1,250 (500 Ca) MG", None),  # a thousand in one country and one in another
        ],
    )
    def test_the_element_in_brackets_is_no_strength_of_the_salt(self, words: str, value: str | None) -> None:
        """As display names of US health records have it: the unit behind the brackets belongs to both."""
        strengths = [(one.value, one.unit) for one in read(f"zzdrug {words}").strengths]
        assert strengths == ([] if value is None else [(Decimal(value), "mg")])

    @pytest.mark.parametrize("words", ["400 (5 kg) mg", "400 (241.3 Mg", "400 (241.3 Mg) tablets"])
    def test_other_brackets_are_read_as_they_stand(self, words: str) -> None:
        assert "400" not in [f"{one.value}" for one in read(f"zzdrug {words}").strengths]

    def test_number_inside_a_name_does_not_spoil_the_strength(self) -> None:
        words = tokens("mag 64 535 mg")
        assert [one.value for one in read_besides(words, frozenset({0, 1})).strengths] == [Decimal(535)]

    @pytest.mark.parametrize("text", ["10 mg zzdrug", "10 mg, zzdrug,"])
    def test_strength_at_the_start_of_the_line(self, text: str) -> None:
        assert [one.value for one in read(text).strengths] == [Decimal(10)]

    @pytest.mark.parametrize(
        ("text", "per_volume"),
        [
            ("zzdrug 20 mg/2 mL", True),
            ("zzdrug 20 mg/mL", True),
            ("zzdrug 1 g / l", True),
            ("zzdrug 40 mg / 5 mg", False),
            ("zzdrug 40 mg / zzdrug", False),
            ("zzdrug 40 mg mL", False),
        ],
    )
    def test_concentration_is_marked(self, text: str, *, per_volume: bool) -> None:
        """A strength per millilitre is not the amount of one intake."""
        first = read(text).strengths[0]
        assert first.per_volume is per_volume
        assert unread(text) == []

    def test_volume_of_a_concentration_is_no_strength_of_its_own(self) -> None:
        assert len(read("zzdrug 400 mg/5 mL oral suspension").strengths) == 1

    @pytest.mark.parametrize(
        "text", ["zzdrug 1000 IU", "zzdrug 5 mL", "zzdrug 2 %", "zzdrug 10 units", "zzdrug 33 gauge", "zzdrug 24"]
    )
    def test_other_numbers_are_no_strengths(self, text: str) -> None:
        reading = read(text)
        assert reading.strengths == ()
        assert reading.unread == ()

    @pytest.mark.parametrize("text", ["zzdrug \u1369 mg", "zzdrug \u2460\u1369 mg"])
    def test_numerals_of_other_scripts_are_words(self, text: str) -> None:
        """They count as digits for Python and are no numbers for it: reading them as numbers would fail."""
        assert read(text).strengths == ()
        assert read(text).unread


class TestFrequency:
    """How often a day, where the line says so and only then."""

    @pytest.mark.parametrize(
        ("words", "times"),
        [
            ("daily", 1),
            ("once daily", 1),
            ("QD", 1),
            ("OD", 1),
            ("at bedtime", 1),
            ("at night", 1),
            ("before bed", 1),
            ("BID morning and evening", 2),
            ("BID with food and water in the morning", 2),
            ("am and pm", 2),
            ("once daily at bedtime", 1),
            ("BID", 2),
            ("bd", 2),
            ("twice daily", 2),
            ("tds", 3),
            ("TID", 3),
            ("qid", 4),
            ("3 times a day", 3),
            ("2 x daily", 2),
            ("three times daily", 3),
            ("two times a day", 2),
            ("once a day", 1),
            ("25 mg il mattino", 1),
            ("2 tablets once a day", 1),
            ("one tablet per day", 1),
            ("1 cp par jour", 1),
            ("30 mL once a day", 1),
            ("take 1 tablet by oral route every day", 1),
            ("daily for low potassium", 1),
            ("daily to reduce stomach acid", 1),
            ("q8h", 3),
            ("q 12 h", 2),
            ("every 6 hours", 4),
            ("every 24 hrs", 1),
            ("morning and evening", 2),
            ("mane et nocte", 2),
            ("morning, noon and evening", 3),
            ("daily in the evening at bedtime", 1),
            ("twice daily, morning and evening", 2),
            ("BID for 2 weeks", 2),
            ("1-0-1", 2),
            ("1-1-1-1", 4),
            ("1/2-0-0", 1),
            ("1-0-1 BID", 2),
            ("every day", 1),
            ("q day", 1),
            ("every morning", 1),
            ("mane", 1),
            ("1 om", 1),
            ("40 mg ON", 1),
            ("40 mg on prn", 1),
            ("40 mg 1 ON", 1),
            ("1x t\u00e4glich", 1),
            ("3 x tgl.", 3),
            ("2xday", 2),
            ("2 tabs/day", 1),
            ("3x/j", 3),
            ("1/j", 1),
            ("2 tablets/day", 1),
            ("daily over 20 min", 1),
            ("1x tgl \u00fcber 20 min", 1),
            ("2 fois par jour", 2),
            ("toutes les 8 heures", 3),
            ("alle 12 Stunden", 2),
            ("cada 6 horas", 4),
            ("40 mg/day", 1),
            ("b.i.d.", 2),
            ("at 8am and 2pm", 2),
            ("8 am", 1),
            ("one three times daily", 3),
            ("40 mg 1 each morning", 1),
            ("40 mg 1 every day", 1),
            ("40 mg 5/7 BID", 2),
            ("x 7 days BID", 2),
            ("twice daily for a week", 2),
            ("viermal t\u00e4glich", 4),
            ("dreimal tgl.", 3),
            ("f\u00fcnfmal t\u00e4glich", 5),
            ("einmal am Tag", 1),
            ("zweimal am Tag", 2),
            ("1 Tablette am Tag", 1),
            ("1 am Tag", 1),
            ("3 mal pro Tag", 3),
            ("am Morgen und am Abend", 2),
            ("jeden Morgen", 1),
            ("jeden Tag", 1),
            ("zur Nacht", 1),
            ("alle 8 Std.", 3),
            ("8-st\u00fcndlich", 3),
            ("12 hourly", 2),
            ("una vez al d\u00eda", 1),
            ("dos veces al d\u00eda", 2),
            ("cuatro veces al d\u00eda", 4),
            ("una volta al giorno", 1),
            ("due volte al giorno", 2),
            ("tre volte al d\u00ec", 3),
            ("10-0-12 I.E.", 2),
            ("0-0-0-18 E", 1),
            ("20-0-20 ml", 2),
            ("\u00bd-0-\u00bd", 2),
            ("1-0-\u00bd-0", 2),
            ("um 8 Uhr", 1),
            ("8 Uhr und 20 Uhr", 2),
            ("first thing in the morning", 1),
            ("q8h sch", 3),
            ("TID AC & HS", 4),
            ("with lunchtime and teatime", 2),
            ("1 cp au petit d\u00e9jeuner", 1),
            ("1 cp au petit d\u00e9jeuner, au d\u00e9jeuner et le soir", 3),
            ("1 cp ao pequeno-almo\u00e7o", 1),
            ("1 tab q1400", 1),
            ("10 mL before meals and at bedtime", 4),
            ("15 mL ac & hs", 4),
            ("500 mg PO bid until all gone", 2),
            ("1 tab BBF", 1),
            ("500 mg 1 co bid", 2),
            ("25 mg comp, 1 comp por la ma\u00f1ana", 1),
            ("25 mg 1 cpr x 2/die", 2),
            ("25 mg 1 cpr x 2 volte al d\u00ec", 2),
            ("25 mg 1 cpr ogni 12 ore", 2),
            ("25 mg 1 cpr ore 8", 1),
            ("1 cp/die a digiuno", 1),
            ("25 mg 1 co die", 1),
            ("25 mg po die \u00e0 jeun", 1),
            ("25 mg 1 comp cada 8 horas", 3),
            ("25 mg 1 comp c/12 h", 2),
            ("25 mg 1 comp. de 12/12 h", 2),
            ("1 cp pela manh\u00e3 em jejum", 1),
            ("3x daags", 3),
            ("1 tablet 's ochtends", 1),
            ("2 tabletten per dag, 1 's avonds", 1),
        ],
    )
    def test_times_a_day(self, words: str, times: int) -> None:
        reading = read(f"zzdrug {words}")
        assert reading.times_per_day == times
        assert reading.unread == ()

    @pytest.mark.parametrize(
        "words",
        [
            "",
            "q5h",  # no whole number a day
            "q8.5h",
            "q0h",
            "every 48 hours",
            "one tablet",
            "two tablets",
            "0 times",
            "once weekly",
            "once a week",
            "twice a week",
            "3 times per week",
            "3 times / week",
            "once a month",
            "once monthly",
            "once every 2 days",
            "once every 3 months",
            "q2weeks",
            "q week",
            "every other day",
            "QOD",
            "three times a week",
            "three times",
            "BID TID",
            "1-0-1 TID",
            "BID morning noon and evening",
            "in the morning and at 2 pm",
            "in the morning at 8 am",
            "once",
            "stat",
            "stat then BID",
            "up to 3 times a day",
            "2 tablets a day",  # at once or one by one
            "10 mL a day",
            "for a day",
            "12 hours a day",
            "daily then reduce to 10 mg",
            "20 mg daily to reduce 10 mg",
            "2-3 times a day",
            "q4-6h",
            "every 4 to 6 hours",
            "x2 daily",
            "40 mg x2",
            "2.5 times a day",
            "3 times",
            "q2h x 2 doses",
            "1 g q1h x 4",
            "every 2 hours for 3 doses",
            "75 mg/m2 IV D1, D8 q21d",
            "once or twice daily",
            "2 tabs qAM, 1 tab q1400",
            "q1400h",
            "BID with meals and at bedtime",
            "max 4 times a day",
            "0-0-0",
            "two puffs",
            "10 units",
            "7 IU",
            "one drop",
            "every time",
            "40 mg M/W/F",
            "Mon-Fri",
            "MWF",
            "loading dose",
            "3 times a day and at bedtime",
            "1 in am 1 in pm 3 at bedtime",
            "with dinner and at bedtime",
            "daily with dinner and at bedtime",
            "1 tab daily am, pm and at bedtime",
            "2 tabs BID and 1 tab at bedtime",
            "1 tablet once, repeat daily",
            "BID and two in the evening",
            "zweimal pro Woche",
            "dos veces por semana",
            "due compresse al giorno",
            "4-6 hourly",
            "2 am Tag",
            "2 a day",
            "2/j",
            "3 / day",
            "2 x 5 mL",
            "alle 3 Tage um 5 mg reduzieren",
        ],
    )
    def test_not_known(self, words: str) -> None:
        """A count of a week read as a count of a day would make the magnesium of a day seven times too much."""
        reading = read(f"zzdrug {words}")
        assert reading.times_per_day is None
        assert reading.unread == ()

    @pytest.mark.parametrize(
        ("words", "times", "strengths"),
        [("3 x 1-0-1", None, 0), ("2 / 1-0-1", 2, 0), ("40 mg / 1-0-1 ml", 2, 1)],
    )
    def test_parts_of_a_day_are_no_number(self, words: str, times: int | None, strengths: int) -> None:
        reading = read(words)
        assert (reading.times_per_day, len(reading.strengths)) == (times, strengths)

    @pytest.mark.parametrize(
        ("text", "as_needed"),
        [
            ("zzdrug PRN", True),
            ("zzdrug as needed", True),
            ("zzdrug", False),
            ("zzdrug 1 tablet zo nodig", True),
            ("zzdrug 1 comp si dolor", True),
            ("zzdrug 1 comp se dor", True),
            ("zzdrug 1 cp si douleurs", True),
            ("zzdrug dolor", False),
        ],
    )
    def test_as_needed(self, text: str, *, as_needed: bool) -> None:
        assert read(text).as_needed is as_needed

    @pytest.mark.parametrize(
        ("text", "pieces"),
        [
            ("zzdrug take one and a half tablets daily", "1.5"),
            ("zzdrug 2 and a half tablets daily", "2.5"),
            ("zzdrug two and half tablets daily", "2.5"),
            ("zzdrug take half a tablet daily", "0.5"),
            ("zzdrug daily and half a tablet", "0.5"),
            ("zzdrug half and half a tablet", "0.5"),
            ("half a tablet zzdrug", "0.5"),
            ("zzdrug take six tablets every morning", "6"),
        ],
    )
    def test_numbers_in_letters(self, text: str, pieces: str) -> None:
        assert read(text).dose == Decimal(pieces)

    @pytest.mark.parametrize(
        "text",
        [
            "zzdrug 1 to 2 tablets daily",
            "zzdrug take 1 or 2 capsules qid",
            "zzdrug one or two tablets daily",
            "zzdrug 5 to 10 mL tds",
            "zzdrug 400 mg take 1 to 2 daily",
            "zzdrug max 3 tablets a day",
            "zzdrug maximum 30 mL daily",
        ],
    )
    def test_a_range_and_a_maximum_are_no_dose(self, text: str) -> None:
        """The upper end for the dose would make the sum too much, and exact where it is not."""
        reading = read(text)
        assert (reading.dose, reading.dose_unclear) == (None, True)

    def test_elemental(self) -> None:
        assert read("zzdrug 200 mg elemental").elemental
        assert not read("zzdrug 200 mg").elemental


class TestCourses:
    """How long a course goes on says nothing of how often; what comes after it may be something else."""

    @pytest.mark.parametrize(
        "end",
        [
            "until 12/03",
            "until 12/03/2026",
            "until 2026-12-01",
            "until 12-01-26",
            "until 12.03.2026",
            "until the 12th of March",
            "until 12 March 2026",
            "until March 12, 2026",
            "until Dec 5th",
            "until Friday",
            "until Mon 12/3",
            "bis 12.3.",
            "bis zum 12.03.26",
            "bis Montag",
            "jusqu'au 12/03",
            "hasta el 12/03",
            "fino al 12/03",
            "through 12/01/2026",
            "till date 12/01/2026",
            "until review",
            "until reviewed by GP",
            "until seen in clinic",
            "until further notice",
            "until course complete",
            "for up to 7 days",
            "for 7 days",
            "x 10d",
            "for 2/52",
            "for 10 years",
            "6 weeks supply",
        ],
    )
    def test_its_end_is_no_frequency(self, end: str) -> None:
        reading = read(f"zzdrug 40 mg 1 tablet twice daily {end}")
        assert (reading.times_per_day, reading.dose, reading.not_daily) == (2, Decimal(1), False)
        assert reading.unread == ()
        assert reading.chains == ()

    @pytest.mark.parametrize(
        "words",
        [
            "twice daily until 12/03 then daily",
            "twice daily until 12/03, daily from then",
            "twice daily until 12/03, 1 tablet after",
            "twice daily until Friday, one tablet after",
            "twice daily until Friday, nightly next week",
            "twice daily until 10 am",
            "twice daily until 2 tablets are taken",
            "twice daily until 12.5 mg",
            "twice daily until 30/500 mg",
            "twice daily until 40/50",
            "twice daily until 2026",
            "twice daily until March",
            "twice daily until 3 wobble",
            "every 15 minutes until clear",
            "twice daily for 7 days, daily for 7 days",
            "twice daily 5/7, daily 5/7",
            "up to twice daily",
        ],
    )
    def test_what_changes_or_is_no_day_stays_open(self, words: str) -> None:
        assert read(f"zzdrug 40 mg {words}").times_per_day is None

    def test_so_many_packs_are_not_taken(self) -> None:
        reading = read("zzdrug 6x60 tablets")
        assert (reading.times_per_day, reading.dose, reading.dose_unclear) == (None, None, True)

    def test_what_stands_behind_it_alone_is_what_is_taken(self) -> None:
        assert read("zzdrug 40 mg until 12/03 1 tablet twice daily").times_per_day == 2


class TestVolumes:
    """What is drunk each time in millilitres; what a pack holds or a medicine is washed down with is none of it."""

    @pytest.mark.parametrize(
        ("words", "millilitres"),
        [
            ("10 mL daily", "10"),
            ("10mls qds", "10"),
            ("15 milliliters daily", "15"),
            ("2 teaspoons daily", "10"),
            ("1 tsp bid", "5"),
            ("1 tbsp at bedtime", "15"),
            ("2 tablespoonfuls at bedtime", "30"),
            ("two tablespoons at bedtime", "30"),
            ("1 Essl\u00f6ffel abends", "15"),
            ("half a teaspoon daily", "2.5"),
            ("1/2 tsp daily", "2.5"),
            ("1 1/2 tsp daily", "7.5"),
            ("10 mL (2 teaspoonfuls) daily", "10"),
            ("5 ml spoonful daily", "5"),
            ("two 5 ml spoonfuls daily", "10"),
            ("one 5ml spoonful daily", "5"),
            ("2 x 5ml spoonfuls daily", "10"),
            ("10 ml (two 5ml spoonfuls) daily", "10"),
            ("1 fl oz at bedtime", "30"),
            ("1 fl. oz. at bedtime", "30"),
            ("suspension 2 ounces daily", "60"),
            ("296 mL once", "296"),
            ("296 mL, Oral, Once", "296"),
            ("solution 296 mL PO daily prn", "296"),
            ("drink 10 oz once", "300"),
            ("10 fl oz bottle, drink once", "300"),
            ("drink the entire 10 oz bottle", "300"),
            ("take 1 bottle (296 mL) by mouth once", "296"),
            ("take 300 mL one time", "300"),
            ("2 tbsp with 8 oz of water", "30"),
            ("30 mL with a full glass (240 mL) of water", "30"),
            ("40 mg/5 mL take 10 mL daily", "10"),
        ],
    )
    def test_taken_each_time(self, words: str, millilitres: str) -> None:
        reading = read(f"zzdrug {words}")
        assert (reading.dose, reading.dose_unit, reading.dose_unclear) == (Decimal(millilitres), "ml", False)
        assert reading.unread == ()

    @pytest.mark.parametrize(
        "words",
        [
            "500 ml",
            "296 mL",
            "500 ml oral solution",
            "500 ml once daily",
            "100 ml bottle",
            "300 mL bag once",
            "2 g 250 mL IV once",
            "250 mL infusion once",
            "drink 2000 mL",
            "10 oz once",  # an ounce may be a weight
            "in 150 ml of water daily",
            "dissolve in 60 ml water daily",
            "60 ml water daily",
            "with 8 oz drink",
            "in 4-8 oz of juice, drink daily",
            "250 mg in 5 mL",
            "2 x 10 mL ampoules",
        ],
    )
    def test_not_taken_or_not_sure(self, words: str) -> None:
        reading = read(f"zzdrug {words}")
        assert (reading.dose, reading.dose_unclear) == (None, False)

    @pytest.mark.parametrize(
        "words",
        [
            "1 to 2 teaspoons daily",
            "1-2 tbsp daily",
            "1-2 fl oz daily",
            "one to two 5 ml spoonfuls daily",
            "1-2 x 5 ml spoonfuls daily",
            "2 x 5 ml bd",
            "2 tsp (5 mL) daily",
            "2 spoonfuls daily",
            "powder 1 tsp daily",
            "crystals 1 teaspoon daily",
            "max 2 tbsp daily",
        ],
    )
    def test_no_single_number(self, words: str) -> None:
        reading = read(f"zzdrug {words}")
        assert (reading.dose, reading.dose_unclear) == (None, True)

    @pytest.mark.parametrize("words", ["dose unknown", "unknown dose", "variable dose", "dose varies", "varying doses"])
    def test_that_nobody_knows_the_dose(self, words: str) -> None:
        reading = read(f"zzdrug {words}, twice daily")
        assert (reading.dose, reading.dose_unclear, reading.times_per_day, reading.unread) == (None, True, 2, ())

    def test_what_else_is_unknown_says_nothing_of_the_dose(self) -> None:
        reading = read("zzdrug unknown brand twice daily")
        assert not reading.dose_unclear
        assert reading.unread
        assert not read("zzdrug 5 mg (variable release, unknown maker ltd)").dose_unclear

    def test_dutch_pieces(self) -> None:
        reading = read("zzdrug 2 maal per dag 1 stuk, oraal")
        assert (reading.dose, reading.times_per_day, reading.routes, reading.unread) == (
            Decimal(1),
            2,
            (Route.ORAL,),
            (),
        )

    def test_spoonfuls_of_so_many_millilitres_say_how_often_elsewhere(self) -> None:
        assert read("zzdrug 2 x 5 ml spoonfuls qds").times_per_day == 4
        assert read("zzdrug 2 x 5 ml qds").times_per_day == 4

    def test_a_concentration_in_household_measures(self) -> None:
        in_ounces = read("zzdrug 1.745 g/fl oz").strengths[0]
        assert in_ounces.per_millilitre == Fraction("1.745") / 30
        assert read("zzdrug 400 mg/tsp").strengths[0].per_millilitre == 80


class TestChains:
    """Strengths in a row are those of a combination, in the order written, and never of one substance."""

    @pytest.mark.parametrize(
        ("words", "chain"),
        [
            ("195/220", ["195", "220"]),
            ("50/12.5 mg", ["50 mg", "12.5 mg"]),
            ("875-125 mg tab", ["875 mg", "125 mg"]),
            ("200-200-20 mg/5 mL", ["200 mg per 5 ml", "200 mg per 5 ml", "20 mg per 5 ml"]),
            ("200/200/20 mg per 5 mL", ["200 mg per 5 ml", "200 mg per 5 ml", "20 mg per 5 ml"]),
            ("30/500 tabs", ["30", "500"]),
        ],
    )
    def test_numbers_in_order(self, words: str, chain: list[str]) -> None:
        reading = read(f"zzdrug {words}")
        assert [[written(one) for one in found] for found in reading.chains] == [chain]
        assert (reading.strengths, reading.dose, reading.dose_unclear, reading.unread) == ((), None, False, ())

    @pytest.mark.parametrize(
        "words",
        ["1/2 tab", "7/7", "1-2 tablets", "1.000/2.000 mg", ".5/10 mg", "1 500/125 mg", "5/10 units", "1-0-1", "q4-6h"],
    )
    def test_other_numbers_in_a_row_are_none(self, words: str) -> None:
        assert read(f"zzdrug {words}").chains == ()

    def test_two_that_rise_may_be_a_range(self) -> None:
        assert read("zzdrug 20-40 mg daily").dose_unclear
        assert not read("zzdrug 40-20 mg daily").dose_unclear

    def test_pieces_are_counted_beside_them(self) -> None:
        assert read("zzdrug 25/100 2 tid").dose == 2


def written(strength: Strength) -> str:
    """A strength in words."""
    per = f" per {strength.per} {strength.per_unit}" if strength.per_volume else ""
    return f"{strength.value} {strength.unit}".strip() + per


class TestSaidTwice:
    """US records say an amount and a number again, in other words; both are one."""

    @pytest.mark.parametrize(
        ("words", "dose", "unit", "times"),
        [
            ("40 mg tablet, Take 1 tablet (40 mg total) by mouth daily.", "1", "piece", 1),
            ("40 mg tablet Take 2 tablets (80 mg total) by mouth 2 (two) times a day.", "2", "piece", 2),
            ("40 mg tablet Take 1.5 tablets (60 mg total) by mouth every 12 (twelve) hours", "1.5", "piece", 2),
            ("40 mg tablet Take 1 (one) tablet by mouth daily", "1", "piece", 1),
            ("40 mg oral tablet, 80 mg = 2 tab(s), Oral, BID, # 60 tab(s), 3 Refill(s)", "2", "piece", 2),
            ("10 mg/mL oral solution Take 4 mL (40 mg total) by mouth daily", "4", "ml", 1),
            ("10 mg/mL oral solution, 40 mg = 4 mL, Oral, Daily", "4", "ml", 1),
        ],
    )
    def test_what_it_comes_to_is_no_other_strength(self, words: str, dose: str, unit: str, times: int) -> None:
        reading = read(f"zzdrug {words}")
        assert reading.unread == ()
        assert len(reading.strengths) == 1
        assert (reading.dose, reading.dose_unit, reading.times_per_day) == (Decimal(dose), unit, times)
        assert not reading.dose_unclear

    @pytest.mark.parametrize(
        ("words", "strengths"),
        [
            ("5 mg zzdrug 40 mg 1 tablet", 2),  # a strength each
            ("8 mg 500 mg 2 tablets", 2),  # no form between them
            ("5 mg tablet zzdrug 40 mg 1 tablet", 2),  # a name between them
            ("5 mg tablet, 10 mg daily", 2),  # no pieces behind it
            ("40 mg 2 tablets", 1),  # the only one
        ],
    )
    def test_other_strengths_stay(self, words: str, strengths: int) -> None:
        assert len(read(f"zzdrug {words}").strengths) == strengths

    @pytest.mark.parametrize("words", ["2 (three) times a day", "2 (three times a day", "2 (tablets) a day"])
    def test_other_numbers_in_brackets_are_not_the_same(self, words: str) -> None:
        assert read(f"zzdrug 40 mg take {words}").times_per_day != 2

    @pytest.mark.parametrize(
        "words",
        [
            "2000 mg (3 capsules) daily",
            "2000 mg (three capsules) daily",
            "3 capsules (2000 mg) daily",
            "1\u00bd-0-\u00bd",
            "10-0-10 mL",
            "400-0-600 mg",
        ],
    )
    def test_what_several_bring_together_is_not_what_one_brings(self, words: str) -> None:
        """Three times 2000 mg would be three times too much, and half of one and a half is too little."""
        reading = read(f"zzdrug {words}")
        assert (reading.dose, reading.dose_unclear) == (None, True)

    @pytest.mark.parametrize("words", ["2000 mg per 3 capsules", "2000 mg in 3 capsules", "2000 mg/3 capsules"])
    def test_a_strength_of_several_pieces_is_none_of_one(self, words: str) -> None:
        (strength,) = read(f"zzdrug {words}").strengths
        assert (strength.per_volume, strength.per, strength.per_unit) == (True, Decimal(3), "capsules")

    @pytest.mark.parametrize("words", ["400 mg per 1 capsule", "400 mg in 1 capsule", "400 mg per capsule"])
    def test_a_strength_of_one_is_a_strength(self, words: str) -> None:
        reading = read(f"zzdrug {words}")
        (strength,) = reading.strengths
        assert (strength.per_volume, reading.dose_unclear) == (False, False)

    def test_of_no_piece_nothing_is_a_share(self) -> None:
        assert not read("zzdrug 400 mg per 0 capsules").strengths[0].per_volume

    @pytest.mark.parametrize(
        ("words", "dose"),
        [
            ("400 mg (1 tablet) daily", "1"),
            ("1 tablet (400 mg) daily", "1"),
            ("(2 tablets) 400 mg daily", "2"),
            ("400 mg tablet, take 800 mg (2 tablets) daily", "2"),
            ("400 mg (90 tablets)", None),
        ],
    )
    def test_one_or_a_pack_in_brackets_changes_nothing(self, words: str, dose: str | None) -> None:
        reading = read(f"zzdrug {words}")
        assert len(reading.strengths) == 1
        assert (reading.dose, reading.dose_unclear) == (None if dose is None else Decimal(dose), False)

    @pytest.mark.parametrize(
        ("words", "dose"),
        [
            ("tablets 2 tds", "2"),
            ("chewable tablets 1 bd", "1"),
            ("tablets 28", None),
            ("tablets 2", None),
            ("2 tds", None),
        ],
    )
    def test_a_number_behind_the_form_counts_without_a_strength(self, words: str, dose: str | None) -> None:
        assert read(f"zzdrug {words}").dose == (None if dose is None else Decimal(dose))

    def test_the_whole_number_has_one_meaning(self) -> None:
        words = tokens("zzdrug 2 (two) times a day")
        roles = read_besides(words, frozenset({0})).roles
        assert {role.value for role in roles[1:6]} == {"frequency"}


class TestRoute:
    """The route that the line names."""

    @pytest.mark.parametrize(
        ("words", "route"),
        [
            ("PO", Route.ORAL),
            ("by mouth", Route.ORAL),
            ("oral", Route.ORAL),
            ("IV", Route.INTRAVENOUS),
            ("IVPB", Route.INTRAVENOUS),
            ("IM", Route.INTRAMUSCULAR),
            ("subcut", Route.SUBCUTANEOUS),
            ("inhaled", Route.INHALED),
            ("topical", Route.TOPICAL),
            ("bath", Route.TOPICAL),
            ("transdermal", Route.TRANSDERMAL),
            ("ophthalmic", Route.OPHTHALMIC),
            ("otic", Route.OTIC),
            ("intranasal", Route.NASAL),
            ("rectal", Route.RECTAL),
            ("vaginal", Route.VAGINAL),
            ("sublingual", Route.SUBLINGUAL),
        ],
    )
    def test_named(self, words: str, route: Route) -> None:
        assert read(f"zzdrug {words}").routes == (route,)

    @pytest.mark.parametrize(
        "words",
        [
            "5 mL via NG tube bid",
            "5 mL per NGT bid",
            "1 tablet PEG bid",
            "5 mL by PEG tube bid",
            "5 mL per G-tube bid",
            "5 mL via J-tube bid",
            "5 mL per tube bid",
            "5 mL PO/NG bid",
            "40 mg nasogastric bid",
            "5 mL via enteral feeding tube bid",
            "5 mL feeding tube bid",
        ],
    )
    def test_a_tube_leads_into_the_gut(self, words: str) -> None:
        reading = read(f"zzdrug {words}")
        assert reading.routes == (Route.ORAL,)
        assert (reading.times_per_day, reading.unread) == (2, ())

    @pytest.mark.parametrize("text", ["zzdrug PEG 17 g", "PEG zzdrug 5 mL", "zzdrug NG"])
    def test_elsewhere_the_word_for_a_tube_may_be_another_medicine(self, text: str) -> None:
        assert len(unread(text)) == 1
        assert read(text).routes == ()

    def test_a_tube_of_a_cream_is_a_pack(self) -> None:
        reading = read("zzdrug 1 % cream 30 g tube")
        assert (reading.routes, reading.unread) == ((), ())

    @pytest.mark.parametrize(
        ("words", "routes"),
        [
            ("5 mL swish and spit", (Route.OTHER,)),
            ("5 mL gargle and spit", (Route.OTHER,)),
            ("mouthwash 10 mL", (Route.OTHER,)),
            ("5 mL swish and swallow", ()),
            ("mouthwash 5 mL, swish, spit or swallow", ()),
            ("inhaler 2 puffs, swish and spit after use", ()),
            ("2 puffs, rinse and spit after use", ()),
            ("lotion", (Route.TOPICAL,)),
        ],
    )
    def test_what_is_spat_out_is_not_swallowed(self, words: str, routes: tuple[Route, ...]) -> None:
        reading = read(f"zzdrug {words}")
        assert (reading.routes, reading.unread) == (routes, ())

    def test_spit_alone_says_nothing_that_is_known(self) -> None:
        assert unread("wobble spit zzdrug") == ["wobble", "spit"]

    def test_two_routes_are_both_kept_once(self) -> None:
        assert read("zzdrug IV IM IV").routes == (Route.INTRAVENOUS, Route.INTRAMUSCULAR)

    def test_none_named(self) -> None:
        assert read("zzdrug 40 mg").routes == ()

    @pytest.mark.parametrize("words", ["inhale 2 puffs by mouth", "inhaler 2 puffs by mouth", "nebulize 1 vial"])
    def test_what_is_inhaled_by_mouth_is_not_swallowed(self, words: str) -> None:
        assert read(f"zzdrug {words}").routes == (Route.INHALED,)

    @pytest.mark.parametrize(
        ("words", "route"),
        [
            ("inject under the skin", Route.SUBCUTANEOUS),
            ("under skin", Route.SUBCUTANEOUS),
            ("apply to skin", Route.TOPICAL),
            ("place 1 tablet under the tongue", Route.SUBLINGUAL),
        ],
    )
    def test_under_is_another_place_than_on(self, words: str, route: Route) -> None:
        assert read(f"zzdrug {words}").routes == (route,)

    @pytest.mark.parametrize("words", ["rinse mouth after use", "wash your mouth"])
    def test_a_mouth_that_is_rinsed_is_no_route(self, words: str) -> None:
        assert read(f"zzdrug {words}").routes == ()

    def test_od_means_the_right_eye_beside_eye_words_only(self) -> None:
        drops = read("zzdrug eye drops OD")
        assert drops.routes == (Route.OPHTHALMIC,)
        assert drops.times_per_day is None
        tablet = read("zzdrug tablet OD")
        assert tablet.routes == ()
        assert tablet.times_per_day == 1


class TestDoseForm:
    """One form for the line, the one that tells most."""

    @pytest.mark.parametrize(
        ("words", "form"),
        [
            ("tab", DoseForm.TABLET),
            ("caplets", DoseForm.TABLET),
            ("chewable tablet", DoseForm.CHEWABLE_TABLET),
            ("effervescent tablet", DoseForm.EFFERVESCENT),
            ("enteric coated tablet", DoseForm.GASTRO_RESISTANT),
            ("delayed release capsule", DoseForm.GASTRO_RESISTANT),
            ("e/c caps", DoseForm.GASTRO_RESISTANT),
            ("mups", DoseForm.GASTRO_RESISTANT),
            ("m/r tabs", DoseForm.MODIFIED_RELEASE),
            ("Hartkapseln", DoseForm.CAPSULE),
            ("24 HR extended release tablet", DoseForm.MODIFIED_RELEASE),
            ("XR", DoseForm.MODIFIED_RELEASE),
            ("capsules", DoseForm.CAPSULE),
            ("syrup", DoseForm.SOLUTION),
            ("oral suspension", DoseForm.SUSPENSION),
            ("powder", DoseForm.POWDER),
            ("sachet", DoseForm.POWDER),
            ("injection", DoseForm.INJECTION),
            ("infusion", DoseForm.INJECTION),
            ("solution for infusion", DoseForm.INJECTION),
            ("powder for solution for injection", DoseForm.INJECTION),
            ("powder for oral solution", DoseForm.POWDER),
            ("inhaler", DoseForm.INHALATION),
            ("cream", DoseForm.CREAM),
            ("ointment", DoseForm.OINTMENT),
            ("gel", DoseForm.GEL),
            ("patch", DoseForm.PATCH),
            ("suppository", DoseForm.SUPPOSITORY),
            ("enema", DoseForm.ENEMA),
            ("lozenge", DoseForm.LOZENGE),
            ("eye drops", DoseForm.EYE_DROPS),
            ("ophthalmic gtt", DoseForm.EYE_DROPS),
            ("ear drops", DoseForm.EAR_DROPS),
            ("otic drop", DoseForm.EAR_DROPS),
            ("nasal spray", DoseForm.NASAL_SPRAY),
            ("oral drops", None),  # where is not said
            ("gtt", None),
            ("spray", None),
            ("", None),
        ],
    )
    def test_form(self, words: str, form: DoseForm | None) -> None:
        reading = read(f"zzdrug {words}")
        assert reading.dose_form is form
        assert reading.unread == ()

    @pytest.mark.parametrize(
        ("form", "routes"),
        [
            (DoseForm.TABLET, {Route.ORAL}),
            (DoseForm.EFFERVESCENT, {Route.ORAL}),
            (DoseForm.INJECTION, {Route.INTRAVENOUS, Route.INTRAMUSCULAR, Route.SUBCUTANEOUS}),
            (DoseForm.EYE_DROPS, {Route.OPHTHALMIC}),
            (DoseForm.EAR_DROPS, {Route.OTIC}),
            (DoseForm.NASAL_SPRAY, {Route.NASAL}),
            (DoseForm.ENEMA, {Route.RECTAL}),
            (DoseForm.CREAM, {Route.TOPICAL, Route.VAGINAL, Route.RECTAL}),
            (DoseForm.SOLUTION, set()),  # drunk, dripped or injected
            (DoseForm.POWDER, set()),
            (DoseForm.MODIFIED_RELEASE, set()),
        ],
    )
    def test_routes_a_form_allows(self, form: DoseForm, routes: set[Route]) -> None:
        assert set(routes_of_form(form)) == routes


class TestUnread:
    """A word that nothing explains is never dropped."""

    def test_unknown_words_keep_their_place(self) -> None:
        assert unread("zzdrug grumbling 40 mg tablet foo") == ["grumbling", "foo"]

    @pytest.mark.parametrize(
        ("text", "left"),
        [
            ("zzdrug sod 40 mg", []),
            ("sod zzdrug 40 mg", ["sod"]),
            ("zzdrug mono/macro 100 mg", []),
            ("zzdrug / macro 100 mg", ["macro"]),
            ("zzdrug (2.5 mg base) 3 mL", []),
            ("zzdrug base", []),
            ("base 3 mL zzdrug", ["base"]),
            ("zzdrug w/ meals", []),
            ("zzdrug 2 sachets before colonoscopy", []),
            ("zzdrug PRN wt gain", []),
            ("wt gain zzdrug", ["wt", "gain"]),
            ("zzdrug 100 mg in NaCl 0.9% 100 mL", []),
            ("zzdrug 100 mg NaCl 0.9% 100 mL", ["nacl"]),
            ("zzdrug 2 g in 100 mL NaCl 0.9% IV", []),
            ("zzdrug 16 mmol in 1 L of NaCl 0.9%", []),
            ("zzdrug 2 g in 100 mL D5W", []),
            ("zzdrug 5 g in 250 mL 5% glucose", []),
            ("zzdrug 5 g in 250 mL of 5% glucose IV", []),
            ("zzdrug 5 g in 5% glucose", []),
            ("zzdrug 5 g 5% glucose", ["glucose"]),
            ("zzdrug 4 g/100 mL premix IV", []),
            ("zzdrug 2 MU IV TDS", []),
            ("zzdrug 2 g 100 mL NaCl", ["nacl"]),
            ("zzdrug in mL NaCl", ["nacl"]),
            ("zzdrug 100 mg in D5W 250 mL", []),
            ("zzdrug 100 mg in D 5", ["d"]),
            ("zzdrug-free", ["free"]),
            ("zzdrug suspension sugar free", []),
            ("check zzdrug", ["check"]),
            ("zzdrug 75 mg/m2 IV D1", []),
            ("zzdrug 6 mg/kg IV D1, D8", []),
            ("zzdrug 75 mg D1", ["d"]),
            ("zzdrug 75 mg/m2 d", ["d"]),
            ("zzdrug 40 mg IV push", []),
            ("zzdrug 40 mg push", ["push"]),
            ("zzdrug 400 mg tablets (Essential Pharma Ltd)", []),
            ("zzdrug 400 mg tablets (Kyowa Kirin Ltd) 112 tablet", []),
            ("zzdrug 400 mg tablets (Reckitt)", ["reckitt"]),
            ("zzdrug 400 mg tablets Reckitt Ltd", ["reckitt", "ltd"]),
            ("zzdrug (zza zzb zzc zzd zze zzf zzg Ltd)", ["zza", "zzb", "zzc", "zzd", "zze", "zzf", "zzg", "ltd"]),
            ("zzdrug die", []),
            ("zzdrug (with zzdrug Zzyx Ltd)", ["zzyx", "ltd"]),
            ("pms-zzdrug 500 mg", []),
            ("pms 500 mg zzdrug", ["pms"]),
            ("CVS Health zzdrug", []),
            ("zzdrug 40 mg daily - NEW", []),
            ("zzdrug 40 mg daily new pills", ["new"]),
            ("new zzdrug 40 mg", ["new"]),
            ("zzdrug 40 mg until gone", []),
            ("zzdrug 40 mg gone", ["gone"]),
            ("zzdrug c", ["c"]),
            ("zzdrug s", ["s"]),
            ("zzdrug 40 mg co, 1 co die", []),
            ("zzdrug 40 mg co", ["co"]),
            ("zzdrug 5 comp", ["comp"]),
            ("zzdrug comp 1 comp", ["comp"]),
            ("zzdrug 40 mg tablets comp, 1 comp", ["comp"]),
            ("zzdrug 40 mg 12/8 h", []),
            ("zzdrug 100 mg in normal saline", []),
            ("zzdrug 100 mg saline", ["saline"]),
            ("zzdrug U-100 (Zzdrug U-100) 100 unit/mL", []),
            ("zzdrug 5 U", ["u"]),
            ("U-100 zzdrug", ["u"]),
        ],
    )
    def test_what_health_records_add_to_a_name(self, text: str, left: list[str]) -> None:
        """Salts cut short, what it is diluted in, units of insulin in a millilitre; only where they stand for that."""
        assert unread(text) == left

    @pytest.mark.parametrize(
        ("text", "left"),
        [
            ("zzdrug 1% cream apply a thin layer to face and scalp BID", []),
            ("Apply zzdrug cream to face", []),
            ("thin apply zzdrug", ["thin", "apply"]),
            ("zzdrug face", ["face"]),
            ("zzdrug take 1 tablet with zzother and a full glass of milk", ["zzother"]),
            ("zzdrug do not crush or chew", []),
            ("zzdrug must not crush", ["must"]),
            ("zzdrug or chew", []),
            ("zzdrug crush", ["crush"]),
            ("zzdrug do not take", ["do", "not"]),
            ("zzdrug do not apply", ["do", "not", "apply"]),
            ("zzdrug not", ["not"]),
            ("zzdrug do", ["do"]),
            ("zzdrug 5 mg daily, hold if SBP < 100", []),
            ("zzdrug hold if SBP < 100", ["sbp"]),
            ("zzdrug dissolve on tongue", []),
            ("zzdrug tongue", ["tongue"]),
            ("zzdrug hold", ["hold"]),
            ("zzdrug 5 mg daily, avoid", ["avoid"]),
            ("zzdrug 5 mg daily, avoid sunlight", []),
            ("zzdrug used to take", ["used"]),
            ("zzdrug 5 mg bid, finished", ["finished"]),
            ("zzdrug 5 mg bid course completed", ["completed"]),
            ("zzdrug 5 mg daily, off", ["off"]),
            ("zzdrug hold for 3 days", ["hold"]),
            ("zzdrug take 1 daily for high blood pressure", []),
            ("zzdrug take 1 daily to prevent blood clots", []),
            ("zzdrug blood pressure", ["blood", "pressure"]),
            ("zzdrug ab morgen", ["ab", "morgen"]),
            ("zzdrug next dose due daily", ["due"]),
            ("zzdrug hourly", ["hourly"]),
            ("Nature Made zzdrug 250 mg", []),
            ("Solgar zzdrug 250 mg", []),
            ("Thorne Research zzdrug 250 mg", []),
            ("Thorne zzdrug 250 mg", []),
            ("zzdrug 250 mg (Webber Naturals)", []),
            ("Nature's Bounty zzdrug", []),
            ("nature zzdrug", ["nature"]),
            ("made zzdrug", ["made"]),
            ("STARTED: zzdrug 20 mg", []),
            ("zzdrug 20 mg, started", ["started"]),
            ("zzdrug daily, hold for SBP < 100", []),
            ("zzdrug daily, hold for surgery", ["hold"]),
            ("zzdrug 18 E", []),
            ("zzdrug E", ["e"]),
            ("zzdrug thing", ["thing"]),
            ("zzdrug pro", ["pro"]),
        ],
    )
    def test_what_an_instruction_says_of_where_and_how(self, text: str, left: list[str]) -> None:
        """Only behind a name and a word such as "apply"; what must not be crushed is still taken."""
        assert unread(text) == left

    @pytest.mark.parametrize(
        ("text", "left"),
        [
            ("zzdrug 6X", ["6", "x"]),  # a homoeopathic dilution
            ("zzdrug 30 X tablets", ["30", "x"]),
            ("zzdrug 500 mg 6x", []),
            ("zzdrug 3x", []),
            ("zzdrug 6x daily", []),
            ("zzdrug water 500 ml", ["water"]),  # a drink
            ("zzdrug water pill", []),
            ("zzdrug in water", []),
            ("zzdrug spray on legs", []),
            ("zzdrug on legs", ["legs"]),  # what is put there is not swallowed
            ("zzdrug 40 mg last year", ["year"]),
            ("zzdrug 40 mg last dose", []),
            ("zzdrug 4 under tongue", []),
            ("zzdrug TTA 40 mg", []),
            ("zzdrug 40 mg (contains lemon)", []),
        ],
    )
    def test_what_makes_another_thing_of_a_name_is_left(self, text: str, left: list[str]) -> None:
        assert unread(text) == left

    def test_a_salt_of_magnesium_behind_magnesium_is_not_said_in_passing(self) -> None:
        """It may be another medicine: "esomeprazole magnesium", and "magnesium citrate"."""
        words = tokens("zzdrug magnesium citrate dihydrate")
        assert read_besides(words, frozenset({0, 1})).unread == (2, 3)
        assert read_besides(tokens("iron lactate"), frozenset({0})).unread == ()

    def test_a_word_of_the_name_said_again_adds_nothing(self) -> None:
        words = tokens("insulin zzdrug (Brand Insulin) plus acid mag")
        reading = read_besides(words, frozenset({0, 1, 3}))
        assert [words[position] for position in reading.unread] == ["plus", "acid", "mag"]

    def test_only_what_stood_before_is_said_again(self) -> None:
        words = tokens("insulin zzdrug insulin")
        assert read_besides(words, frozenset({1, 2})).unread == (0,)

    def test_a_word_that_promises_another_medicine_promises_it_again(self) -> None:
        words = tokens("maalox plus zzdrug plus")
        assert read_besides(words, frozenset({0, 1, 2})).unread == (3,)

    @pytest.mark.parametrize(("text", "dose"), [("zzdrug 40 mg in NaCl 50 mL", None), ("zzdrug 40 mg 50 mL", "50")])
    def test_what_a_medicine_is_diluted_in_is_no_dose(self, text: str, dose: str | None) -> None:
        assert read(text).dose == (None if dose is None else Decimal(dose))

    @pytest.mark.parametrize(
        "text",
        [
            "zzdrug hydrochloride 40 MG Oral Tablet",
            "zzdrug 400 mg tab PO BID",
            "1 ML zzdrug 10 MG/ML Injection",
            "Take 1 zzdrug by mouth every day with food if needed",
            "zzdrug (as sodium) 40 mg, film coated",
            "zzdrug + zzdrug",
        ],
    )
    def test_ordinary_lines_are_read_in_full(self, text: str) -> None:
        assert unread(text) == []
