"""What a line stands for: by code, by ATC class, by exact name; everything else is unrecognised, with candidates."""

from __future__ import annotations

from typing import Any

import pytest

import rules.resolution
from rules import CompiledRuleSet, check
from rules.report import CheckedMedication
from rules.resolution import resolve_item
from tests import factories as make

WORLD = (
    make.substance(
        "furosemide",
        synonyms=["frusemide", "furosemide sodium"],
        brands=["Lasix"],
        codes={"rxnorm": ["4603"], "atc": ["C03CA01"], "unii": ["7LXU5N7ZO5"]},
        routes=["oral", "intravenous", "intramuscular"],
    ),
    make.substance("torasemide", synonyms=["torsemide"], codes={"rxnorm": ["38413"], "atc": ["C03CA04"]}),
    make.substance("amiloride", codes={"rxnorm": ["644"], "atc": ["C03DB01"]}),
    make.substance(
        "ciprofloxacin",
        brands=["Cipro", "Ciloxan"],
        codes={"rxnorm": ["2551"], "atc": ["J01MA02", "S01AE03"]},
        routes=["oral", "intravenous", "ophthalmic"],
        atc_routes={"S01AE03": ["ophthalmic"]},
    ),
    make.substance(
        "esomeprazole",
        synonyms=["esomeprazole magnesium", "esomeprazole strontium"],
        brands=["Nexium"],
        codes={"rxnorm": ["283742"]},
        routes=["oral", "intravenous"],
    ),
    make.substance("omeprazole", codes={"rxnorm": ["7646"]}),
    make.substance("magnesium", codes={"rxnorm": ["6574"]}),
    make.substance("magnesium-oxide", brands=["Mag-Ox"], codes={"rxnorm": ["6582"]}, salt_form="oxide"),
    make.substance("paracetamol", synonyms=["acetaminophen"], codes={"rxnorm": ["161"], "atc": ["N02BE01"]}),
    make.substance("vitamin-b12", name="vitamin B12"),
    make.substance("withdrawn-drug", codes={"rxnorm": ["999"]}, status="withdrawn"),
    make.salt_form("oxide", "MgO"),
    make.product(
        "co-amilofruse",
        "amiloride",
        "furosemide",
        brands=["Frumil"],
        codes={"atc": ["C03EB01"], "rxnorm": ["214500"]},
        dose_form="tablet",
    ),
    make.product("half-gone", "withdrawn-drug"),
    make.medication_class("loop-diuretics", "furosemide", atc=["C03CA"]),
    make.medication_class("all-diuretics", includes=["loop-diuretics"]),
    make.medication_class("fluoroquinolones", atc=["J01MA"]),
    make.medication_class("proton-pump-inhibitors", "esomeprazole", "omeprazole"),
    make.medication_class("potassium-sparing", "amiloride"),
    make.medication_class("not-used", "vitamin-b12", status="withdrawn"),
    make.medication_class(make.MAGNESIUM, "magnesium", "magnesium-oxide", atc=["A12CC"]),
)


CLASSES = ("all-diuretics", "fluoroquinolones", "proton-pump-inhibitors", "potassium-sparing", make.MAGNESIUM)


@pytest.fixture(scope="module")
def world() -> CompiledRuleSet:
    """The records, and a rule that is about every class that is not withdrawn."""
    return make.compiled(*WORLD, make.interaction("about-all", precipitant=make.party(*CLASSES)))


def resolved(world: CompiledRuleSet, text: str | None = None, **given: Any) -> CheckedMedication:  # noqa: ANN401
    """One line as a report shows it."""
    return resolve_item(world, make.profile(make.medication("m1", text, **given)).medications[0])


def ids(shown: CheckedMedication) -> list[str]:
    """The substances of a line."""
    return [substance["id"] for substance in shown["substances"]]


class TestByCode:
    """An exact code of the substance or product."""

    @pytest.mark.parametrize(
        ("system", "code", "substance", "matched"),
        [
            ("rxnorm", "4603", "furosemide", "rxnorm 4603"),
            ("atc", "C03CA01", "furosemide", "atc C03CA01"),
            ("atc", "c03ca01", "furosemide", "atc C03CA01"),
            ("unii", "7LXU5N7ZO5", "furosemide", "unii 7LXU5N7ZO5"),
            ("unii", "7lxu5n7zo5", "furosemide", "unii 7LXU5N7ZO5"),
            ("rxnorm", "6582", "magnesium-oxide", "rxnorm 6582"),
        ],
    )
    def test_substance(self, world: CompiledRuleSet, system: str, code: str, substance: str, matched: str) -> None:
        shown = resolved(world, codes={system: code})
        assert ids(shown) == [substance]
        assert shown["match"] == {"kind": "code", "matched": matched}
        assert shown["state"] == "recognised"
        assert shown["problems"] == []

    @pytest.mark.parametrize(("system", "code"), [("atc", "C03EB01"), ("rxnorm", "214500")])
    def test_combination(self, world: CompiledRuleSet, system: str, code: str) -> None:
        assert ids(resolved(world, codes={system: code})) == ["amiloride", "furosemide"]

    @pytest.mark.parametrize(
        ("system", "code"),
        [
            ("rxnorm", "999999"),
            ("rxnorm", "C03CA01"),  # a code of another system
            ("unii", "4603"),
            ("atc", "N02BE51"),  # no class is anchored there
            ("atc", "C03C"),  # too short to say a class
            ("atc", "C03"),
            ("rxnorm", "04603"),
            ("icd10cm", "C03CA01"),
            ("rxnorm", "999"),  # withdrawn
        ],
    )
    def test_unknown_code(self, world: CompiledRuleSet, system: str, code: str) -> None:
        shown = resolved(world, codes={system: code})
        assert shown["state"] == "unrecognised"
        assert shown["problems"] == [f"the {system} code at position 0 is not known here"]
        assert shown["match"] is None

    def test_product_of_withdrawn_substances_is_not_recognised(self, world: CompiledRuleSet) -> None:
        assert resolved(world, "half gone")["state"] == "unrecognised"

    def test_code_with_a_route(self, world: CompiledRuleSet) -> None:
        assert resolved(world, codes={"atc": "S01AE03"})["routes"] == ["ophthalmic"]
        assert resolved(world, codes={"atc": "J01MA02"})["routes"] == ["oral", "intravenous", "ophthalmic"]

    def test_two_codes_of_one_substance(self, world: CompiledRuleSet) -> None:
        shown = resolved(world, codes={"rxnorm": "4603", "atc": "C03CA01"})
        assert ids(shown) == ["furosemide"]
        assert shown["problems"] == []

    def test_one_of_two_codes_is_unknown(self, world: CompiledRuleSet) -> None:
        shown = resolved(world, codes={"unii": "AAAAAAAAAA", "rxnorm": "4603"})
        assert ids(shown) == ["furosemide"]
        assert shown["problems"] == ["the unii code at position 0 is not known here"]


class TestByClass:
    """An ATC code under a class's anchor belongs to the class, also where the substance is not listed."""

    def test_unlisted_substance(self, world: CompiledRuleSet) -> None:
        shown = resolved(world, codes={"atc": "C03CA99"})
        assert shown["state"] == "recognised"
        assert shown["match"] == {"kind": "code_prefix", "matched": "atc C03CA99"}
        assert shown["substances"] == [{"id": "atc-c03ca99", "name": "ATC C03CA99"}]

    def test_class_itself(self, world: CompiledRuleSet) -> None:
        assert resolved(world, codes={"atc": "C03CA"})["match"] == {"kind": "code_prefix", "matched": "atc C03CA"}

    def test_listed_substance_counts_before_its_class(self, world: CompiledRuleSet) -> None:
        assert ids(resolved(world, codes={"atc": "C03CA04"})) == ["torasemide"]

    def test_it_belongs_to_the_classes_around_too(self) -> None:
        rule = make.interaction("rule", affected=make.party("all-diuretics"))
        report = check(make.compiled(*WORLD, rule), make.profile(make.medication("m1", codes={"atc": "C03CA99"})))
        assert [finding["interaction_id"] for finding in report["findings"]] == ["rule"]

    def test_it_is_given_like_its_neighbours(self, world: CompiledRuleSet) -> None:
        """An unlisted quinolone may be oral or injected, as its listed neighbours of J01MA are."""
        assert set(resolved(world, codes={"atc": "J01MA99"})["routes"]) == {"oral", "intravenous", "ophthalmic"}

    def test_own_route_counts(self, world: CompiledRuleSet) -> None:
        assert resolved(world, codes={"atc": "J01MA99"}, route="oral")["routes"] == ["oral"]


class TestByName:
    """A name in any spelling that means the same."""

    @pytest.mark.parametrize(
        ("text", "substance", "kind", "matched"),
        [
            ("furosemide", "furosemide", "name", "furosemide"),
            ("FUROSEMIDE", "furosemide", "name", "furosemide"),
            ("  Furosemide  ", "furosemide", "name", "furosemide"),
            ("Furosémide", "furosemide", "name", "furosemide"),
            ("frusemide", "furosemide", "synonym", "frusemide"),
            ("Lasix", "furosemide", "brand", "Lasix"),
            ("LASIX®", "furosemide", "brand", "Lasix"),
            ("Mag Ox", "magnesium-oxide", "brand", "Mag-Ox"),
            ("magnesium-oxide", "magnesium-oxide", "name", "magnesium oxide"),
            ("furo\u200bsemide", "furosemide", "name", "furosemide"),  # a zero-width space inside
            ("\ufefffurosemide\u200f", "furosemide", "name", "furosemide"),
            ("vitamin B 12", "vitamin-b12", "name", "vitamin B12"),
        ],
    )
    def test_match(self, world: CompiledRuleSet, text: str, substance: str, kind: str, matched: str) -> None:
        shown = resolved(world, text)
        assert ids(shown) == [substance]
        assert shown["match"] == {"kind": kind, "matched": matched}
        assert shown["candidates"] == []

    def test_longest_name_wins(self, world: CompiledRuleSet) -> None:
        assert ids(resolved(world, "magnesium oxide")) == ["magnesium-oxide"]
        assert ids(resolved(world, "magnesium")) == ["magnesium"]

    def test_known_without_relevance(self, world: CompiledRuleSet) -> None:
        assert resolved(world, "paracetamol")["state"] == "no_magnesium_relevance"

    def test_member_of_a_withdrawn_class_has_no_relevance(self, world: CompiledRuleSet) -> None:
        assert resolved(world, "vitamin b12")["state"] == "no_magnesium_relevance"

    def test_member_of_a_class_that_no_rule_is_about_has_no_relevance(self) -> None:
        """A class without a rule only documents that there is nothing to say."""
        silent = make.compiled(*WORLD)
        assert resolved(silent, "furosemide")["state"] == "no_magnesium_relevance"
        assert resolved(silent, codes={"atc": "C03CA99"})["state"] == "no_magnesium_relevance"
        withdrawn = make.interaction("rule", precipitant=make.party("loop-diuretics"), status="withdrawn")
        assert resolved(make.compiled(*WORLD, withdrawn), "furosemide")["state"] == "no_magnesium_relevance"

    @pytest.mark.parametrize("side", ["affected", "precipitant"])
    @pytest.mark.parametrize("party", [make.party("all-diuretics"), {"substances": ["furosemide"]}])
    def test_substance_that_a_rule_is_about_is_relevant(self, side: str, party: dict[str, Any]) -> None:
        other = {"precipitant" if side == "affected" else "affected": make.party(make.MAGNESIUM)}
        for rule in ({side: party}, {side: party, **other}):
            world = make.compiled(*WORLD, make.interaction("rule", **rule))
            assert resolved(world, "furosemide")["state"] == "recognised"
            assert resolved(world, "co-amilofruse")["state"] == "recognised"  # one of its ingredients is enough
            assert resolved(world, "amiloride")["state"] == "no_magnesium_relevance"

    def test_substance_that_every_rule_leaves_out_has_no_relevance(self) -> None:
        party = make.party("loop-diuretics", except_substances=["furosemide"])
        rule = make.interaction("rule", affected=party, precipitant=make.party(make.MAGNESIUM))
        world = make.compiled(*WORLD, rule)
        assert resolved(world, "furosemide")["state"] == "no_magnesium_relevance"
        assert resolved(world, "torasemide")["state"] == "recognised"
        world = make.compiled(*WORLD, rule, make.interaction("more", precipitant=make.party("loop-diuretics")))
        assert resolved(world, "furosemide")["state"] == "recognised"

    @pytest.mark.parametrize(
        "test",
        [
            {"co_medication": {"classes": ["loop-diuretics"]}},
            {"co_medication": {"substances": ["furosemide"]}},
            {"risk_count": {"classes": ["all-diuretics"], "at_least": 2}},
        ],
    )
    @pytest.mark.parametrize("around", ["itself", "all", "any", "not", "factor"])
    def test_substance_that_a_rule_counts_is_relevant(self, test: dict[str, Any], around: str) -> None:
        combined = {"all": {"all": [{"sex": "female"}, test]}, "any": {"any": [test]}, "not": {"not": test}}
        when: Any = combined.get(around, test)
        asked = {"factors": [make.factor("more", "major", when)]} if around == "factor" else {"when": when}
        world = make.compiled(*WORLD, make.interaction("rule", precipitant=make.party(make.MAGNESIUM), **asked))
        assert resolved(world, "furosemide")["state"] == "recognised"
        assert resolved(world, "omeprazole")["state"] == "no_magnesium_relevance"

    def test_withdrawn_substance_is_not_known(self, world: CompiledRuleSet) -> None:
        assert resolved(world, "withdrawn drug")["state"] == "unrecognised"


class TestProductStrings:
    """Lines as pharmacy systems write them."""

    @pytest.mark.parametrize(
        ("text", "substances", "routes"),
        [
            ("Furosemide 40 MG Oral Tablet", ["furosemide"], ["oral"]),
            ("furosemide 40mg tablets", ["furosemide"], ["oral"]),
            ("Furosemide 20 mg/2 mL injection", ["furosemide"], ["intravenous", "intramuscular"]),
            ("Furosemide 10 MG/ML Injectable Solution [Lasix]", ["furosemide"], ["intravenous", "intramuscular"]),
            ("Magnesium oxide 400 mg tab PO BID", ["magnesium-oxide"], ["oral"]),
            ("Cipro 500mg", ["ciprofloxacin"], ["oral", "intravenous", "ophthalmic"]),
            ("Cipro 500 mg tablet", ["ciprofloxacin"], ["oral"]),
            ("ciprofloxacin 400 mg IV q12h", ["ciprofloxacin"], ["intravenous"]),
            ("ciprofloxacin 0.3 % eye drops", ["ciprofloxacin"], ["ophthalmic"]),
            ("Lasix [furosemide]", ["furosemide"], ["oral", "intravenous", "intramuscular"]),
            ("furosemide (Lasix) 40 mg", ["furosemide"], ["oral", "intravenous", "intramuscular"]),
            ("furosemide 40 mg / amiloride 5 mg tablet", ["furosemide", "amiloride"], ["oral"]),
            ("amiloride + furosemide", ["amiloride", "furosemide"], ["oral", "intravenous", "intramuscular"]),
            ("amiloride with furosemide 5 mg/40 mg", ["amiloride", "furosemide"], None),
            ("Frumil", ["amiloride", "furosemide"], ["oral"]),
            ("co-amilofruse 5 mg/40 mg tablets", ["amiloride", "furosemide"], ["oral"]),
            ("24 HR esomeprazole 40 MG Delayed Release Oral Capsule", ["esomeprazole"], ["oral"]),
            ("Take furosemide 40 mg by mouth every morning with food if needed", ["furosemide"], ["oral"]),
        ],
    )
    def test_read(self, world: CompiledRuleSet, text: str, substances: list[str], routes: list[str] | None) -> None:
        shown = resolved(world, text)
        assert shown["state"] == "recognised"
        assert ids(shown) == substances
        assert shown["problems"] == []
        assert routes is None or shown["routes"] == routes

    def test_salt_of_another_drug_is_no_magnesium_product(self, world: CompiledRuleSet) -> None:
        """Esomeprazole magnesium 40 mg brings about 1.4 mg of magnesium: it is esomeprazole."""
        shown = resolved(world, "esomeprazole magnesium 40 mg")
        assert ids(shown) == ["esomeprazole"]
        assert shown["match"] == {"kind": "synonym", "matched": "esomeprazole magnesium"}

    @pytest.mark.parametrize(
        "text",
        [
            "Esomeprazole (as magnesium trihydrate) 20 mg tablet",
            "esomeprazole as magnesium 40 mg",
            "Esomeprazol magn\u00e9sico 40 mg",
            "esomeprazolo magnesium 40 mg",
        ],
    )
    def test_the_salt_is_named_in_other_words(self, world: CompiledRuleSet, text: str) -> None:
        shown = resolved(world, text)
        assert (shown["state"], ids(shown), shown["problems"]) == ("recognised", ["esomeprazole"], [])

    @pytest.mark.parametrize(
        "text", ["omeprazole magnesium 250 mg", "esomeprazole, magnesium 250 mg", "esomeprazole (magnesium 250 mg)"]
    )
    def test_beside_another_drug_or_apart_from_it_magnesium_is_its_own(self, world: CompiledRuleSet, text: str) -> None:
        assert "magnesium" in ids(resolved(world, text))

    @pytest.mark.parametrize(
        "text", ["furosemida magn\u00e9sico 40 mg", "magn\u00e9sico 40 mg", "Omeprazol magn\u00e9sica"]
    )
    def test_a_salt_that_no_drug_here_has_is_not_read(self, world: CompiledRuleSet, text: str) -> None:
        assert ids(resolved(world, text)) == []

    @pytest.mark.parametrize("text", ["furosemide magnesium 40 mg", "furosemide magnesium", "Furosemide Magnesium tab"])
    def test_magnesium_behind_a_name_is_no_salt_of_it_unless_the_knowledge_says_so(
        self, world: CompiledRuleSet, text: str
    ) -> None:
        """Melatonin magnesium is two things; taken for a salt, the magnesium would go unnoticed."""
        assert sorted(ids(resolved(world, text))) == ["furosemide", "magnesium"]

    def test_salt_word_ends_the_name(self, world: CompiledRuleSet) -> None:
        """The strength after it is the drug's, not magnesium's."""
        line = make.medication("m1", "esomeprazole magnesium 40 mg daily")
        report = check(world, make.profile(line))
        assert report["magnesium_intake"]["contributions"] == []

    @pytest.mark.parametrize(
        "text",
        [
            "esomeprazole 40 mg, magnesium 300 mg",
            "esomeprazole, magnesium",
            "esomeprazole and magnesium",
            "magnesium esomeprazole",
        ],
    )
    def test_magnesium_beside_another_drug_is_a_product(self, world: CompiledRuleSet, text: str) -> None:
        assert sorted(ids(resolved(world, text))) == ["esomeprazole", "magnesium"]

    def test_magnesium_salt_after_another_drug_is_a_product(self, world: CompiledRuleSet) -> None:
        assert ids(resolved(world, "furosemide magnesium oxide")) == ["furosemide", "magnesium-oxide"]

    def test_plain_magnesium_beside_its_salt_is_that_salt(self, world: CompiledRuleSet) -> None:
        assert ids(resolved(world, "Magnesium (magnesium oxide) 400 mg")) == ["magnesium-oxide"]

    def test_drug_and_magnesium_typed_in_one_line(self, world: CompiledRuleSet) -> None:
        shown = resolved(world, "ciprofloxacin 500 mg; magnesium oxide 400 mg")
        assert ids(shown) == ["ciprofloxacin", "magnesium-oxide"]


class TestUnrecognised:
    """Every word must be accounted for; candidates are offered and never taken."""

    @pytest.mark.parametrize("text", ["zzyxin", "Zzyxin 40 mg tablet", "???", "400 mg", "tablet", " . "])
    def test_nonsense(self, world: CompiledRuleSet, text: str) -> None:
        shown = resolved(world, text)
        assert shown["state"] == "unrecognised"
        assert shown["substances"] == []
        assert shown["match"] is None
        assert shown["candidates"] == []

    @pytest.mark.parametrize("text", ["zzyxin", "400 mg", "???", " . "])
    def test_it_says_why(self, world: CompiledRuleSet, text: str) -> None:
        assert resolved(world, text)["problems"] == ["no name in the text is known"]

    @pytest.mark.parametrize(
        ("text", "problems", "candidates"),
        [
            ("antacid", ["antacid"], []),
            ("Water pill daily", ["water pill"], []),
            ("eye drops", ["eye drops"], []),
            ("furosmide antacid", ["no name in the text is known", "antacid"], ["furosemide"]),
            ("Zzyxin eye drops", ["no name in the text is known"], []),
            ("furosemide and a laxative", ["not every word of the text is known", "laxative"], ["furosemide"]),
            ("furosemide, eye drops, zzyxin", ["not every word of the text is known"], ["furosemide"]),
        ],
    )
    def test_the_name_of_a_group_is_told_as_such(
        self, world: CompiledRuleSet, text: str, problems: list[str], candidates: list[str]
    ) -> None:
        shown = resolved(world, text)
        assert shown["state"] == "unrecognised"
        told = [problem.split('"')[1] if '"' in problem else problem for problem in shown["problems"]]
        assert told == problems
        assert [one["substance_id"] for one in shown["candidates"]] == candidates

    @pytest.mark.parametrize(
        ("text", "first"),
        [
            ("furosmide", "furosemide"),
            ("fursoemide 40 mg", "furosemide"),
            ("omeprasole", "omeprazole"),
            ("Laasix", "furosemide"),
        ],
    )
    def test_misspelt(self, world: CompiledRuleSet, text: str, first: str) -> None:
        shown = resolved(world, text)
        assert shown["state"] == "unrecognised"
        assert shown["candidates"][0]["substance_id"] == first

    @pytest.mark.parametrize(
        ("text", "score"),
        [
            ("furosmide", "0.90"),  # one letter of 10
            ("laxix", "0.80"),  # one of 5
            ("fuorsemied", "0.80"),  # two pairs of 10 letters
        ],
    )
    def test_score_is_the_share_of_letters_that_stay(self, world: CompiledRuleSet, text: str, score: str) -> None:
        assert resolved(world, text)["candidates"][0]["score"] == score

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("furosmide", "one letter differs"),
            ("furosemdie", "two letters have changed places"),
            ("fuorsemied", "2 letters differ"),
            ("furo semide", "only the spaces differ"),
            ("furozemide", "sounds or looks alike"),
            ("furosernide", "sounds or looks alike"),
            ("fur\u043esemide", "letters that only look alike"),
            ("fur0semide", "letters that only look alike"),
            ("furosemide grumbling", "named in part of the text"),
        ],
    )
    def test_they_say_why(self, world: CompiledRuleSet, text: str, reason: str) -> None:
        first = resolved(world, text)["candidates"][0]
        assert first["substance_id"] == "furosemide"
        assert first["reason"] == reason

    def test_at_most_five_candidates_best_first(self) -> None:
        records = [make.substance(f"drugname{letter}") for letter in "abcdefg"]
        candidates = resolved(make.compiled(*records), "drugname")["candidates"]
        assert [one["substance_id"] for one in candidates] == [f"drugname{letter}" for letter in "abcde"]

    def test_each_substance_is_offered_once_with_its_best_name(self) -> None:
        record = make.substance("furosemide", synonyms=["frusemide", "furosemida"])
        candidates = resolved(make.compiled(record), "furosemidaa")["candidates"]
        reason = "sounds or looks alike"
        assert candidates == [{"substance_id": "furosemide", "name": "furosemide", "score": "0.91", "reason": reason}]

    @pytest.mark.parametrize(
        "text", ["furosemide grumbling", "grumbling furosemide 40 mg", "furosemide xx 40 mg tablet"]
    )
    def test_unread_word_beside_a_name(self, world: CompiledRuleSet, text: str) -> None:
        """Furosemide with something else is not furosemide."""
        shown = resolved(world, text)
        assert shown["state"] == "unrecognised"
        assert shown["problems"] == ["not every word of the text is known"]
        reason = "named in part of the text"
        first = {"substance_id": "furosemide", "name": "furosemide", "score": "1.00", "reason": reason}
        assert shown["candidates"][0] == first

    def test_one_of_several_unread_words_is_close_to_a_name(self, world: CompiledRuleSet) -> None:
        candidates = resolved(world, "grumbling omprazole")["candidates"]
        reason = "one letter differs"
        assert candidates[0] == {"substance_id": "omeprazole", "name": "omeprazole", "score": "0.90", "reason": reason}

    @pytest.mark.parametrize(
        "text",
        [
            "fur\u043esemide",  # Cyrillic o
            "furosemid\u0435",  # Cyrillic ie
            "\u0455furosemide",
            "L\u0430six",  # Cyrillic a
            "magnesium \u03bfxide",  # Greek omicron
        ],
    )
    def test_look_alike_letters_never_match(self, world: CompiledRuleSet, text: str) -> None:
        shown = resolved(world, text)
        assert shown["state"] == "unrecognised"
        assert shown["candidates"]

    def test_short_words_are_close_to_nothing(self, world: CompiledRuleSet) -> None:
        assert resolved(world, "zz")["candidates"] == []

    @pytest.mark.parametrize("text", ["abcdefghij", "edimesoruf"])
    def test_words_with_other_letters_or_another_order_are_not_close(self, world: CompiledRuleSet, text: str) -> None:
        """The second has exactly the letters of furosemide, backwards."""
        assert resolved(world, text)["candidates"] == []


class TestCodeAndText:
    """A line given twice: by code and by text."""

    def test_they_agree(self, world: CompiledRuleSet) -> None:
        shown = resolved(world, "Furosemide 40 mg tablet", codes={"rxnorm": "4603"})
        assert ids(shown) == ["furosemide"]
        assert shown["match"] == {"kind": "code", "matched": "rxnorm 4603"}
        assert shown["routes"] == ["oral"]
        assert shown["problems"] == []

    def test_text_and_code_disagree(self, world: CompiledRuleSet) -> None:
        """Both are checked, and the answer is incomplete."""
        line = make.medication("m1", "amiloride", codes={"rxnorm": "4603"})
        report = check(world, make.profile(line))
        assert report["status"] == "incomplete"
        shown = report["medications"][0]
        assert ids(shown) == ["furosemide", "amiloride"]
        assert shown["problems"] == ["codes and text do not agree; all of them were checked"]
        assert shown["state"] == "recognised"

    def test_codes_disagree(self, world: CompiledRuleSet) -> None:
        line = make.medication("m1", codes={"rxnorm": "4603", "atc": "C03CA04"})
        report = check(world, make.profile(line))
        assert report["status"] == "incomplete"
        assert ids(report["medications"][0]) == ["furosemide", "torasemide"]

    def test_part_of_a_combination_disagrees(self, world: CompiledRuleSet) -> None:
        report = check(world, make.profile(make.medication("m1", "furosemide", codes={"atc": "C03EB01"})))
        assert report["status"] == "incomplete"
        assert ids(report["medications"][0]) == ["amiloride", "furosemide"]

    def test_text_that_is_not_known(self, world: CompiledRuleSet) -> None:
        shown = resolved(world, "Zzyxin 40 mg oral", codes={"rxnorm": "4603"})
        assert ids(shown) == ["furosemide"]
        assert shown["problems"] == ["the text was not recognised; the code was used"]
        assert shown["routes"] == ["oral"]
        assert shown["candidates"] == []

    def test_code_that_is_not_known(self, world: CompiledRuleSet) -> None:
        shown = resolved(world, "furosemide", codes={"rxnorm": "1234"})
        assert ids(shown) == ["furosemide"]
        assert shown["match"] == {"kind": "name", "matched": "furosemide"}
        assert shown["problems"] == ["the rxnorm code at position 0 is not known here"]

    def test_neither_is_known(self, world: CompiledRuleSet) -> None:
        shown = resolved(world, "furosmide", codes={"rxnorm": "1234"})
        assert shown["state"] == "unrecognised"
        assert shown["candidates"][0]["substance_id"] == "furosemide"
        assert len(shown["problems"]) == 2


class TestRoutesAndForms:
    """The caller's own word counts before what the line says."""

    def test_route_as_given(self, world: CompiledRuleSet) -> None:
        assert resolved(world, "Furosemide IV", route="oral")["routes"] == ["oral"]

    def test_dose_form_as_given(self, world: CompiledRuleSet) -> None:
        assert resolved(world, "Furosemide", dose_form="tablet")["routes"] == ["oral"]
        assert resolved(world, "Furosemide", dose_form="injection")["routes"] == ["intravenous", "intramuscular"]

    def test_dose_form_that_says_nothing_of_the_route(self, world: CompiledRuleSet) -> None:
        every = ["oral", "intravenous", "intramuscular"]
        assert resolved(world, "Furosemide", dose_form="solution")["routes"] == every
        assert resolved(world, "Furosemide solution")["routes"] == every

    def test_form_by_which_nothing_is_known_keeps_the_routes_of_the_form(self, world: CompiledRuleSet) -> None:
        """A suppository of a drug that is only known by mouth is still a suppository."""
        assert resolved(world, "omeprazole suppository")["routes"] == ["rectal", "vaginal"]

    def test_two_routes_in_the_text(self, world: CompiledRuleSet) -> None:
        assert resolved(world, "furosemide PO or IV")["routes"] == ["oral", "intravenous"]

    def test_a_dose_form_that_can_be_given_any_way_leaves_the_route_open(self, world: CompiledRuleSet) -> None:
        line = make.medication("a", "furosemide", dose_form="solution")
        (shown,) = check(world, make.profile(line))["medications"]
        assert len(shown["routes"]) == 3


class TestCache:
    """The same lines come again and again; remembering them may not change an answer or grow without end."""

    def test_same_answer_again(self, world: CompiledRuleSet) -> None:
        first = resolved(world, "Furosemide 40 MG Oral Tablet")
        assert resolved(world, "Furosemide 40 MG Oral Tablet") == first

    def test_two_lines_of_one_text_keep_their_own_ids_and_routes(self, world: CompiledRuleSet) -> None:
        lines = [make.medication("b", "furosemide"), make.medication("a", "furosemide", route="oral")]
        shown = check(world, make.profile(*lines))["medications"]
        assert [(one["id"], len(one["routes"])) for one in shown] == [("a", 1), ("b", 3)]

    def test_code_and_text_of_the_same_letters_are_different_questions(self, world: CompiledRuleSet) -> None:
        assert resolved(world, codes={"atc": "C03CA01"})["state"] == "recognised"
        assert resolved(world, "C03CA01")["state"] == "unrecognised"
        assert resolved(world, codes={"unii": "C03CA01"})["state"] == "unrecognised"

    def test_it_forgets_rather_than_grows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(rules.resolution, "MAXIMUM_CACHED", 3)
        small = make.compiled(*WORLD)
        for number in range(10):
            resolved(small, f"furosemide {number} mg")
            assert len(small.resolutions) <= 3
        assert ids(resolved(small, "furosemide 1 mg")) == ["furosemide"]


def test_an_ampoule_of_what_is_only_swallowed_is_drunk() -> None:
    world = make.compiled(
        make.substance("torasemide"),
        make.substance("furosemide", routes=["oral", "intravenous"]),
        make.product("to-drink", "torasemide", brands=["Trinkan"]),
        make.product("to-inject", "furosemide", brands=["Spritzan"], routes=["oral"]),
    )

    def routes(text: str) -> list[str]:
        return check(world, make.profile(make.medication("m1", text)))["medications"][0]["routes"]

    assert routes("Trinkan 1 ampoule") == ["oral"]
    assert routes("Spritzan 1 ampoule") == ["intravenous"]  # what is in it is also given so
    assert routes("torasemide 1 ampoule") != ["oral"]  # of no product nobody knows
