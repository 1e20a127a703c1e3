"""Names in a line, which strength is whose, and what is offered where a name is not known."""

from __future__ import annotations

import pytest

from rules import CompiledRuleSet
from rules.explanation import explained
from rules.recognition import other_endings
from rules.report import ResolvedMedication
from rules.resolution import resolve
from rules.spelling import SpellingIndex, distance, sound_of
from rules.tokens import places, tokens
from tests import factories as make
from tests.releases import Rows

WORLD = (
    make.substance("furosemide", brands=["Lasix"]),
    make.substance("paracetamol", brands=["Tylenol"]),
    make.substance("telmisartan", brands=["Micardis"]),
    make.substance("amlodipine"),
    make.substance("valsartan"),
    make.substance("losartan"),
    make.substance("digoxin"),
    make.substance("quinine"),
    make.substance("isoniazid", synonyms=["INH"]),
    make.substance("salbutamol"),
    make.substance("iron"),
    make.substance("ferrous-sulfate"),
    make.substance("magnesium"),
    make.substance("magnesium-oxide", salt_form="oxide", synonyms=["Mg oxide"]),
    make.substance("magnesium-citrate", salt_form="citrate"),
    make.salt_form("oxide", "MgO", label_strength="salt"),
    make.salt_form("citrate", "Mg3(C6H5O7)2"),
    make.product("calcium-and-magnesium", "magnesium"),
    make.product("duo", "amlodipine", "valsartan"),
    make.product("levo-tabs", "digoxin"),
    make.product(
        "labelled",
        "amlodipine",
        "valsartan",
        presentations=[
            make.presentation("tablet", None, amlodipine="5", valsartan="160"),
            make.presentation("other tablet", None, amlodipine="10", valsartan="160"),
            make.presentation("liquid", "5", amlodipine="2", valsartan="80"),
            make.presentation("turned", None, amlodipine="20", valsartan="10"),
            make.presentation("turned back", None, amlodipine="10", valsartan="20"),
        ],
    ),
    make.product(
        "oxide-liquid",
        "magnesium-oxide",
        presentations=[
            make.presentation("liquid", "5", magnesium_oxide={"mg": "400", "elemental_magnesium_mg": "240"}),
        ],
    ),
    make.medication_class(make.MAGNESIUM, "magnesium", "magnesium-oxide", "magnesium-citrate"),
)


@pytest.fixture(scope="module")
def world() -> CompiledRuleSet:
    return make.compiled(*WORLD)


def found(world: CompiledRuleSet, text: str) -> list[str]:
    """The substances of a text."""
    return sorted(entry.id for entry in resolve(world, text, ()).entries)


def strengths(world: CompiledRuleSet, text: str) -> dict[str, str]:
    """What strength belongs to which substance."""
    found = resolve(world, text, ()).strengths
    return {name: f"{one.value:f} {one.unit}" + (" elemental" if one.elemental else "") for name, one in found.items()}


class TestOtherEndings:
    """International names end differently in other languages; the name is the same."""

    @pytest.mark.parametrize(
        ("text", "substance"),
        [
            ("Furosemid", "furosemide"),
            ("Furosemida", "furosemide"),
            ("Furosemidum 40 mg", "furosemide"),
            ("Digoxine", "digoxin"),
            ("digoxina", "digoxin"),
            ("Digoxinum", "digoxin"),
            ("Paracetamolo", "paracetamol"),
            ("Furosemidnatrium 40 mg", "furosemide"),
            ("Paracetamolhydrochlorid", "paracetamol"),
            ("Magnesium citrat", "magnesium-citrate"),
            ("Ferrous sulfat", "ferrous-sulfate"),
        ],
    )
    def test_taken(self, world: CompiledRuleSet, text: str, substance: str) -> None:
        assert found(world, text) == [substance]

    @pytest.mark.parametrize(
        "text",
        [
            "Lasixe",
            "Furosemidi",
            "furosemidee",
            "quini",
            "irona",
            "furosemid grumbling",
            "citrat",
            "magnesiumtartrat",
            "ironsulfat",
        ],
    )
    def test_not_taken(self, world: CompiledRuleSet, text: str) -> None:
        """A brand is written the same everywhere; other endings are misspellings; a short word may be anything."""
        assert found(world, text) == []

    def test_a_number_of_pieces_is_no_end_of_a_name(self) -> None:
        both = make.compiled(make.substance("alvorin"), make.substance("alvorin-2", synonyms=["alvorin 2"]))
        assert found(both, "alvorin 2") == ["alvorin-2"]
        assert found(both, "alvorin 2 40 mg tablet") == ["alvorin-2"]
        assert found(both, "alvorin 2 pills a day") == []  # either of them
        alone = make.compiled(make.substance("alvorin", synonyms=["alvorin 2"]))
        assert found(alone, "alvorin 2 tablets") == ["alvorin"]
        assert found(make.compiled(make.substance("alvorin-2", synonyms=["alvorin 2"])), "alvorin 2 tablets") == [
            "alvorin-2"
        ]

    def test_two_names_with_the_same_beginning(self) -> None:
        both = make.compiled(make.substance("alvorin"), make.substance("alvorine"))
        assert found(both, "alvorina") == []
        assert found(both, "alvorin") == ["alvorin"]

    @pytest.mark.parametrize(
        ("word", "endings"),
        [
            ("furosemid", ["furosemide"]),
            ("furosemida", ["furosemid", "furosemide"]),
            ("furosemide", ["furosemid"]),
            ("digoxinum", ["digoxin", "digoxine"]),
            ("iron", []),
            ("magnesia", []),
        ],
    )
    def test_endings(self, word: str, endings: list[str]) -> None:
        assert other_endings(word) == endings


class TestSomethingElse:
    """Words that make another medicine of a name, or speak of another medicine."""

    @pytest.mark.parametrize(
        "text",
        [
            "Tylenol PM",
            "Tylenol Cold",
            "Tylenol Extra",
            "Tylenol Forte",
            "Micardis Plus",
            "Micardis plus 80/12.5",
            "Micardis co 80",
            "Micardis 80 co",
            "Micardis comp, 1 comp",
            "Micardis 80 mg comp",
            "furosemide reduced from 80 mg to 40 mg",
            "furosemide 40 mg reduced",
            "furosemide or losartan",
            "furosemide 30 min before losartan",
            "magnesium potassium 250 mg",
            "furosemide / potassium",
            "furosemide allergy",
            "no furosemide",
            "calcium 600 mg magnesium 300 mg",
        ],
    )
    def test_is_not_passed_over(self, world: CompiledRuleSet, text: str) -> None:
        assert found(world, text) == []

    @pytest.mark.parametrize(
        "text",
        [
            "Tylenol 500 mg at night",
            "Tylenol extra strength",
            "Tylenol [paracetamol]",
            "paracetamol PO or IV",
            "paracetamol prn headache",
            "paracetamol for pain",
            "paracetamol 8 pm",
            "Tylenol OTC",
        ],
    )
    def test_words_that_say_nothing(self, world: CompiledRuleSet, text: str) -> None:
        assert found(world, text) == ["paracetamol"]

    def test_plus_before_another_name_joins(self, world: CompiledRuleSet) -> None:
        assert found(world, "amlodipine plus valsartan") == ["amlodipine", "valsartan"]

    def test_short_name_that_is_a_form_beside_another_name(self, world: CompiledRuleSet) -> None:
        assert found(world, "salbutamol 100 mcg inh") == ["salbutamol"]
        assert found(world, "INH 300 mg") == ["isoniazid"]
        assert found(world, "INH 300 mg, salbutamol") == ["isoniazid", "salbutamol"]
        assert found(world, "INH salbutamol") == ["salbutamol"]

    def test_unit_before_a_salt_is_no_name(self, world: CompiledRuleSet) -> None:
        assert found(world, "Mg oxide 400 mg") == ["magnesium-oxide"]
        assert found(world, "losartan 50 mg oxide") == []

    def test_element_beside_its_salt(self, world: CompiledRuleSet) -> None:
        assert found(world, "ferrous sulfate 325 mg (65 mg iron)") == ["ferrous-sulfate"]
        assert found(world, "iron 65 mg") == ["iron"]


class TestStrengths:
    """Which strength is of which substance; none where the line leaves it open."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("furosemide 40 mg", {"furosemide": "40 mg"}),
            ("40 mg furosemide", {"furosemide": "40 mg"}),
            ("Lasix (furosemide) 40 mg", {"furosemide": "40 mg"}),
            ("furosemide 40 mg 40 mg", {"furosemide": "40 mg"}),
            ("furosemide 40 mg tablets, take 80 mg", {}),
            ("furosemide 50 mg/50 mL (1 mg/mL)", {"furosemide": "1 mg"}),
            ("furosemide 50 mg/50 mL (2 mg/mL)", {}),
            ("furosemide 40 mg, 10 mg/mL", {"furosemide": "40 mg"}),
            ("amlodipine 5 mg / valsartan 160 mg", {"amlodipine": "5 mg", "valsartan": "160 mg"}),
            ("amlodipine / valsartan 5 mg/160 mg", {"amlodipine": "5 mg", "valsartan": "160 mg"}),
            ("amlodipine / valsartan 5/320 mg", {}),
            ("amlodipine / valsartan 160 mg", {}),
            ("amlodipine and valsartan", {}),
            ("duo 5 mg/160 mg", {}),
            ("levo tabs 50 mcg", {"digoxin": "50 mcg"}),
            ("levo tabs 50 mcg 100 mcg", {}),
            ("duo 5 mg, digoxin 1 mg", {}),
            ("calcium and magnesium 1000 mg/500 mg", {}),
            ("calcium and magnesium 500 mg", {}),
            ("magnesium 200 mg", {"magnesium": "200 mg"}),
            ("magnesium 200 mg elemental", {"magnesium": "200 mg elemental"}),
            ("magnesium (as citrate) 200 mg", {"magnesium-citrate": "200 mg elemental"}),
            ("magnesium 100 mg as magnesium citrate", {"magnesium-citrate": "100 mg elemental"}),
            ("magnesium 100 mg as zzyxin", {}),
            ("magnesium citrate 97.2 mg (magnesium 4 mmol)", {"magnesium-citrate": "4 mmol elemental"}),
            ("furosemide 40 mg (reduced from 80 mg)", {"furosemide": "40 mg"}),
            ("magnesium (as succinate) 100 mg", {"magnesium": "100 mg"}),
            ("magnesium (as lactate) 100 mg", {"magnesium": "100 mg"}),  # the lactate is not in this knowledge
            ("furosemide mg/mL", {}),
        ],
    )
    def test_whose(self, world: CompiledRuleSet, text: str, expected: dict[str, str]) -> None:
        assert strengths(world, text) == expected

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("labelled 5 mg/160 mg", {"amlodipine": "5 mg", "valsartan": "160 mg"}),
            ("labelled 160 mg/5 mg", {"amlodipine": "5 mg", "valsartan": "160 mg"}),  # in whatever order
            ("labelled 0.005 g/160 mg", {"amlodipine": "0.005 g", "valsartan": "160 mg"}),
            ("labelled 2 mg/80 mg per 5 mL", {"amlodipine": "2 mg", "valsartan": "80 mg"}),
            ("labelled 4 mg/10 mL 160 mg/10 mL", {"amlodipine": "4 mg", "valsartan": "160 mg"}),
            ("labelled 4 mg/160 mg per 10 mL", {"amlodipine": "4 mg", "valsartan": "160 mg"}),
            ("labelled 5/160", {"amlodipine": "5 mg", "valsartan": "160 mg"}),
            ("labelled 160-5 mg", {"amlodipine": "5 mg", "valsartan": "160 mg"}),
            ("labelled 80-2 mg/5 mL", {"amlodipine": "2 mg", "valsartan": "80 mg"}),
            ("labelled (labelled 5/160) 5/160 mg", {}),  # the same again or another
            ("labelled 5/160 (5/160)", {"amlodipine": "5 mg", "valsartan": "160 mg"}),
            ("labelled 5/160 10/160", {}),
            ("labelled, duo 5/160", {"amlodipine": "5 mg", "valsartan": "160 mg"}),
            ("duo 5/160", {"amlodipine": "5 mg", "valsartan": "160 mg"}),  # as on the label of another product
            ("amlodipine valsartan 160-5 mg", {"amlodipine": "5 mg", "valsartan": "160 mg"}),
            ("amlodipine valsartan 5/320 mg", {}),  # on no label
            ("duo 20/10 mg", {}),  # two labels give them to different substances
            ("amlodipine digoxin 5/160 mg", {}),  # no product has these
            ("digoxin 5/160", {}),  # never of one substance
            ("oxide-liquid 400/240 mg", {}),
            ("digoxin 125 mcg (0.125 mg)", {"digoxin": "125 mcg"}),  # the same amount in another unit
            ("digoxin 125 mcg (0.25 mg)", {}),
            ("digoxin 10 mmol 0.25 mg", {}),
            ("magnesium citrate 97.2 mg (4 mmol)", {"magnesium-citrate": "4 mmol"}),  # of magnesium, said twice
            ("magnesium citrate 650 mg (4 mmol)", {"magnesium-citrate": "4 mmol"}),  # the mass of the salt
            ("magnesium citrate 8 mEq 97.2 mg", {"magnesium-citrate": "8 meq"}),
            ("magnesium citrate 60 mg (4 mmol)", {}),  # less than its magnesium
            ("magnesium citrate 5 g (4 mmol)", {}),  # no salt has so little
            ("magnesium citrate 0 mg (4 mmol)", {}),
            ("magnesium citrate 97.2 mg (4 mmol) 2 mmol", {}),
            ("labelled 20 mg/10 mg", {}),  # two labels give them to different substances
            ("labelled 5 mg/80 mg", {}),  # no label has both
            ("labelled 5 mg", {}),
            ("labelled 5 mg/160 mg/12.5 mg", {}),
            ("duo 5 mg/160 mg", {}),  # nobody wrote down its labels
            ("oxide liquid 400 mg/5 mL", {"magnesium-oxide": "400 mg"}),
            ("oxide liquid 240 mg/5 mL", {"magnesium-oxide": "240 mg elemental"}),
            ("oxide liquid 500 mg/5 mL", {"magnesium-oxide": "500 mg"}),  # another strength, counted as labels count
            ("oxide liquid 400 mg/5 mL 300 mg", {}),
        ],
    )
    def test_strengths_of_a_product_are_those_of_its_labels(
        self, world: CompiledRuleSet, text: str, expected: dict[str, str]
    ) -> None:
        found = resolve(world, text, ()).strengths
        shown = {name: f"{one.value} {one.unit}{' elemental' * one.elemental}" for name, one in found.items()}
        assert shown == expected

    @pytest.mark.parametrize(
        ("text", "per"),
        [
            ("labelled 2/80", "5 ml"),  # as its own label says
            ("labelled 5/160", None),
            ("duo 2/80", None),  # the label of another product does not say in how much of this one
            ("duo 2/80 mg/5 mL", "5 ml"),
            ("duo 4/160 mg/10 mL", "10 ml"),
        ],
    )
    def test_in_how_much(self, world: CompiledRuleSet, text: str, per: str | None) -> None:
        found = resolve(world, text, ()).strengths
        shown = {f"{one.per} {one.per_unit}" if one.per_volume else None for one in found.values()}
        assert (len(found), shown) == (2, {per})

    def test_millilitres_behind_the_last_number_count_for_all(self, world: CompiledRuleSet) -> None:
        found = resolve(world, "labelled 2 mg/80 mg per 5 mL", ()).strengths
        assert {name: f"{one.per} {one.per_unit}" for name, one in found.items()} == {
            "amlodipine": "5 ml",
            "valsartan": "5 ml",
        }


class TestSpelling:
    """An index of names that stays fast however many there are."""

    @pytest.mark.parametrize(
        ("one", "other", "number"),
        [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("abc", "abc", 0),
            ("abc", "acb", 1),
            ("abcd", "abd", 1),
            ("abd", "abcd", 1),
            ("abcd", "axcd", 1),
            ("ca", "abc", 3),  # each pair of neighbours once
            ("kitten", "sitting", 3),
            ("a" * 80, "a" * 79 + "b", 1),
        ],
    )
    def test_distance(self, one: str, other: str, number: int) -> None:
        assert distance(one, other) == number

    @pytest.mark.parametrize(
        ("one", "other"), [("furozemide", "furosemide"), ("phenitoin", "fenytoin"), ("foenytoin", "fenytoin")]
    )
    def test_sound(self, one: str, other: str) -> None:
        assert sound_of(one) == sound_of(other)

    def test_same_letters(self) -> None:
        [found] = SpellingIndex(["alvorin"]).like(["alvorin"])
        assert (found.score, found.reason) == (0.97, "the same letters")

    def test_best_of_several_texts(self) -> None:
        [found] = SpellingIndex(["alvorin"]).like(["alvorim", "alvoxim", "alvorin ", "ab", "qqqqqqq"])
        assert found.reason == "only the spaces differ"
        [found] = SpellingIndex(["alvorin"]).like(["alvorin ", "alvorim"])
        assert found.reason == "only the spaces differ"

    def test_sounds_alike_and_far_apart(self) -> None:
        [found] = SpellingIndex(["kwiks"]).like(["cwyx"])
        assert (found.score, found.reason) == (0.72, "sounds or looks alike")

    def test_only_so_many_names_are_compared(self) -> None:
        """Thousands of names that share all their letters: the first places of the index are looked at, not all."""
        names = [f"alvorin {number}" for number in range(9000)]
        assert SpellingIndex(names).like(["alvorin"]) == []
        assert len(SpellingIndex(names).like(["alvorin 77"])) <= 60


def test_names_of_the_terminology_are_offered_too() -> None:
    compiled = make.compiled(make.substance("zzyxin")).with_terminology(Rows().terminology())
    [first, *_] = resolve(compiled, "lisinopirl 10 mg", ()).shown["candidates"]
    assert first["substance_id"] == "rxnorm-29046"
    assert first["reason"] == "two letters have changed places"


class TestExplanation:
    """Every token with its place and role, and what the line adds up to."""

    def test_tokens(self, world: CompiledRuleSet) -> None:
        shown = self.of(world, "Lasix\u00ae 40MG  tab p.o. b.i.d. prn as potassium, zzz mg #30")
        assert shown["understood"] is not None
        assert [(one["text"], one["role"]) for one in shown["understood"]["tokens"]] == [
            ("Lasix", "brand"),
            ("40", "strength"),
            ("MG", "strength"),
            ("tab", "dose_form"),
            ("p.o", "route"),
            ("b.i.d", "frequency"),
            ("prn", "as_needed"),
            ("as", "filler"),
            ("potassium", "salt"),
            (",", "separator"),
            ("zzz", "unread"),
            ("mg", "unit"),
            ("#", "separator"),
            ("30", "quantity"),
        ]

    def of(self, world: CompiledRuleSet, text: str | None, **given: object) -> ResolvedMedication:
        """A line with how it was understood."""
        return explained(world, make.profile(make.medication("m1", text, **given)).medications[0])

    @pytest.mark.parametrize(
        ("text", "dose", "times", "daily"),
        [
            ("furosemide 40 mg 2 tabs BID", {"value": "2", "unit": "unit", "per": "intake"}, 2, "160"),
            ("furosemide 40 mg 1-0-2", {"value": "3", "unit": "unit", "per": "day"}, 2, "120"),
            ("furosemide 20 mg/5 mL 10 mL daily", {"value": "10", "unit": "mL", "per": "intake"}, 1, "40"),
            ("furosemide 40 mg/day", {"value": "40", "unit": "mg", "per": "day"}, 1, "40"),
            ("furosemide 40 mg BID", None, 2, "80"),
            ("furosemide 40 mg 1-2 tabs BID", None, 2, None),
            ("furosemide 40 mg", None, None, None),
        ],
    )
    def test_sum(
        self, world: CompiledRuleSet, text: str, dose: dict[str, str] | None, times: int | None, daily: str | None
    ) -> None:
        understood = self.of(world, text)["understood"]
        assert understood is not None
        assert understood["dose"] == dose
        assert understood["times_per_day"] == times
        assert [one["mg_per_day"] for one in understood["daily_doses"]] == ([] if daily is None else [daily])

    def test_callers_dose(self, world: CompiledRuleSet) -> None:
        understood = self.of(
            world, "furosemide", dose={"value": "40", "unit": "mg"}, times_per_day=1, dose_form="tablet"
        )["understood"]
        assert understood is not None
        assert understood["dose"] == {"value": "40", "unit": "mg", "per": "intake"}
        assert understood["dose_form"] == "tablet"
        assert understood["daily_doses"] == [{"substance_id": "furosemide", "mg_per_day": "40"}]

    def test_strengths(self, world: CompiledRuleSet) -> None:
        understood = self.of(world, "magnesium (as citrate) 200 mg, 10 mg/5 mL zzz prn")["understood"]
        assert understood is not None
        assert understood["as_needed"]
        assert [(one["value"], one["unit"], one["per"], one["elemental"]) for one in understood["strengths"]] == [
            ("200", "mg", None, False),
            ("10", "mg", "5 ml", False),
        ]
        understood = self.of(world, "magnesium (as citrate) 200 mg")["understood"]
        assert understood is not None
        [of_citrate] = understood["strengths"]
        assert of_citrate["elemental"]
        assert of_citrate["substance_id"] == "magnesium-citrate"

    def test_no_text(self, world: CompiledRuleSet) -> None:
        assert self.of(world, None, codes={"rxnorm": "1"})["understood"] is None

    @pytest.mark.parametrize(
        "text",
        [
            "Lasix\u00ae 40",
            "\u200bfuro\u200bsemide",
            "St. John's",
            "O'x `y",
            "\u00bd tab",
            "e\u0301tat p.o.",
            "\ufb01x",
        ],
    )
    def test_places_are_those_of_the_tokens(self, text: str) -> None:
        found = places(text)
        assert len(found) == len(tokens(text))
        for (start, end), token in zip(found, tokens(text), strict=True):
            assert 0 <= start < end <= len(text)
            assert tokens(text[start:end])[-1:] == [token] or token in "12/"
