"""Codes and names that lead through the terminology: what a product is made of, and what remains in doubt."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from rules import CompiledRuleSet, check
from rules.code_systems import system_of
from rules.profile import Code, MedicationItem
from rules.resolution import Resolution, resolve, resolve_item
from tests import factories as make
from tests.releases import Rows, concept, relation, replaced

RECORDS: Final = (
    make.substance("furosemide", codes={"rxnorm": ["4603"], "unii": ["7LXU5N7ZO5"]}, routes=["oral", "intravenous"]),
    make.substance("quinidine", codes={"rxnorm": ["9071"]}),
    make.substance("quinidine-sulfate", codes={"rxnorm": ["214214"]}),
    make.substance("magnesium"),
    make.substance("magnesium-oxide", salt_form="oxide"),
    make.substance("magnesium-sulfate", codes={"rxnorm": ["6585"]}, routes=["oral", "intravenous"]),
    make.substance("amlodipine"),
    make.substance("old", codes={"rxnorm": ["55"], "atc": ["A01AA01"]}, status="withdrawn"),
    make.substance("hydrochlorothiazide-of-ours", name="hydrochlorothiazide"),
    make.salt_form("oxide", "MgO", label_strength="salt"),
    make.medication_class("magnesium-salts", "magnesium", "magnesium-oxide", "magnesium-sulfate"),
    make.medication_class("loop-diuretics", "furosemide", atc=["C03CA"]),
    make.interaction("loop-diuretics-deplete-magnesium", affected=make.party("loop-diuretics")),
)
PLAIN: Final = make.compiled(*RECORDS)


def world(rows: Rows | None = None) -> CompiledRuleSet:
    return PLAIN.with_terminology((rows or Rows()).terminology())


WORLD: Final = world()


def asked(compiled: CompiledRuleSet, text: str | None, *codes: tuple[str, str]) -> tuple[Resolution, Any]:
    item = MedicationItem(
        id="m1", text=text, codes=tuple(Code(system=system_of(system), code=code) for system, code in codes)
    )
    return resolve(compiled, item.text, item.codes), resolve_item(compiled, item)


def names(shown: Any) -> list[str]:  # noqa: ANN401 - a report line
    return [substance["id"] for substance in shown["substances"]]


def strengths(resolution: Resolution) -> dict[str, str]:
    return {name: f"{one.value:f} {one.unit}" for name, one in resolution.strengths.items()}


class TestProductCodes:
    """Products and packages."""

    def test_product_of_ours(self) -> None:
        resolution, shown = asked(WORLD, None, ("rxnorm", "313988"))
        assert (shown["state"], shown["routes"], shown["problems"]) == ("recognised", ["oral"], [])
        assert shown["match"] == {"kind": "product_code", "matched": "rxnorm 313988: furosemide 40 MG Oral Tablet"}
        assert (names(shown), strengths(resolution)) == (["furosemide"], {"furosemide": "40 mg"})
        assert resolution.given.dose_form == "tablet"
        assert resolution.given.words == "route oral of the product"
        assert resolution.certain

    @pytest.mark.parametrize("code", ["0093-5004-56", "00093500456", "000093500456"])
    def test_package_in_every_layout(self, code: str) -> None:
        shown = asked(WORLD, None, ("ndc", code))[1]
        assert shown["match"] == {"kind": "product_code", "matched": "ndc 00093500456: furosemide 40 MG Oral Tablet"}

    @pytest.mark.parametrize(
        ("code", "problem"),
        [
            ("0093500456", "the ndc code at position 0 has ten digits without hyphens, which can be three different"),
            ("12345", "the ndc code at position 0 has neither eleven digits nor"),
            ("00000000000", "the ndc code at position 0 is not known here"),
        ],
    )
    def test_package_that_is_none(self, code: str, problem: str) -> None:
        resolution, shown = asked(WORLD, None, ("ndc", code))
        assert (shown["state"], resolution.certain) == ("unrecognised", False)
        assert shown["problems"][0].startswith(problem)

    def test_known_medicine_without_a_record(self) -> None:
        resolution, shown = asked(WORLD, None, ("rxnorm", "314076"))
        assert (shown["state"], names(shown), shown["problems"]) == ("no_magnesium_relevance", ["rxnorm-29046"], [])
        assert shown["substances"] == [{"id": "rxnorm-29046", "name": "lisinopril"}]
        assert resolution.certain

    def test_a_mixture_keeps_ours(self) -> None:
        """Hydrochlorothiazide has a record here without a code: its name leads to it."""
        resolution, shown = asked(WORLD, None, ("rxnorm", "823971"))
        assert names(shown) == ["hydrochlorothiazide-of-ours", "rxnorm-29046"]
        assert strengths(resolution) == {"hydrochlorothiazide-of-ours": "12.5 mg", "rxnorm-29046": "10 mg"}

    def test_a_salt_with_a_record_of_its_own(self) -> None:
        assert names(asked(WORLD, None, ("rxnorm", "852904"))[1]) == ["quinidine-sulfate"]
        without = make.compiled(*[record for record in RECORDS if record.id != "quinidine-sulfate"])
        shown = asked(without.with_terminology(Rows().terminology()), None, ("rxnorm", "852904"))[1]
        assert names(shown) == ["quinidine"]

    def test_an_ingredient_that_is_a_product_of_ours(self) -> None:
        pair = make.product("pair", "furosemide", "quinidine", codes={"rxnorm": ["29046"]})
        compiled = make.compiled(*RECORDS, pair).with_terminology(Rows().terminology())
        resolution, shown = asked(compiled, None, ("rxnorm", "314076"))
        assert (names(shown), resolution.strengths) == (["furosemide", "quinidine"], {})

    def test_pack_of_both(self) -> None:
        shown = asked(WORLD, None, ("ndc", "11111222233"))[1]
        assert (shown["state"], names(shown)) == ("recognised", ["furosemide", "rxnorm-29046"])

    def test_an_ingredient_the_terminology_only_names(self) -> None:
        rows = Rows()
        rows.product(95, "amlodipine 5 MG / furosemide 40 MG / unheard 3 MG Oral Tablet", 315971)
        resolution, shown = asked(world(rows), None, ("rxnorm", "95"))
        assert names(shown) == ["furosemide", "amlodipine"]
        assert shown["problems"] == ["its ingredient unheard is not in the terminology"]
        assert not resolution.certain

    def test_magnesium_is_never_without_relevance(self) -> None:
        """A salt of magnesium that the knowledge does not have yet is a gap, not a medicine without relevance."""
        rows = Rows()
        rows.component(96, "magnesium salicylate 580 MG", 52364)
        rows.product(97, "magnesium salicylate 580 MG Oral Tablet", 96)
        rows.product(98, "furosemide 40 MG / magnesium salicylate 580 MG Oral Tablet", 96, 315971)
        resolution, shown = asked(world(rows), None, ("rxnorm", "97"))
        assert (shown["state"], resolution.certain) == ("unrecognised", False)
        (problem,) = shown["problems"]
        assert problem.endswith("but not what it is made of (its ingredient magnesium salicylate has no record here)")
        resolution, shown = asked(world(rows), None, ("rxnorm", "98"))
        assert (names(shown), resolution.certain) == (["furosemide"], False)

    def test_a_concept_of_no_ingredients(self) -> None:
        rows = Rows()
        rows.concepts.append(concept(99, "BN", "Nothing"))
        resolution, shown = asked(world(rows), None, ("rxnorm", "99"))
        assert shown["problems"] == [
            "the rxnorm code at position 0 is known, but not what it is made of (no ingredients in the terminology)"
        ]
        assert not resolution.certain
        assert asked(world(rows), "nothing")[1]["state"] == "unrecognised"

    def test_retired_code_is_followed_and_both_are_named(self) -> None:
        rows = Rows()
        rows.replaced = [replaced(700, 313988)]
        shown = asked(world(rows), None, ("rxnorm", "700"))[1]
        assert shown["match"]["matched"] == "rxnorm 700, now 313988: furosemide 40 MG Oral Tablet"
        assert names(shown) == ["furosemide"]

    def test_retired_code_with_several_successors(self) -> None:
        rows = Rows()
        rows.replaced = [replaced(700, 313988), replaced(700, 1)]
        resolution, shown = asked(world(rows), None, ("rxnorm", "700"))
        assert names(shown) == ["magnesium-sulfate", "furosemide"]
        assert shown["problems"] == ["products of this name differ in their ingredients; all of them were checked"]
        assert resolution.given.dose_form is None
        assert not resolution.certain

    def test_withdrawn_record_is_a_gap_of_the_line(self) -> None:
        rows = Rows()
        rows.concepts.append(concept(55, "IN", "old"))
        rows.component(56, "old 5 MG", 55)
        rows.product(57, "old 5 MG Oral Tablet", 56)
        resolution, shown = asked(world(rows), None, ("rxnorm", "57"))
        assert (shown["state"], resolution.certain) == ("unrecognised", False)
        assert "(withdrawn here and not checked: old)" in shown["problems"][0]

    def test_unii_and_ingredient_codes(self) -> None:
        assert asked(WORLD, None, ("unii", "7LXU5N7ZO5"))[1]["match"] == {"kind": "code", "matched": "unii 7LXU5N7ZO5"}
        rows = Rows()
        rows.concepts.append(concept(29046, "SU", "LISINOPRIL", source="MTHSPL", code="E7199S1YWR"))
        shown = asked(world(rows), None, ("unii", "E7199S1YWR"))[1]
        assert shown["match"] == {"kind": "code", "matched": "unii E7199S1YWR: lisinopril"}
        shown = asked(world(rows), None, ("rxnorm", "29046"))[1]
        assert shown["match"] == {"kind": "code", "matched": "rxnorm 29046: lisinopril"}

    def test_other_systems_ask_no_terminology(self) -> None:
        assert asked(WORLD, None, ("atc", "B01AA03"))[1]["state"] == "unrecognised"
        assert asked(WORLD, None, ("atc", "C03CA09"))[1]["match"] == {"kind": "code_prefix", "matched": "atc C03CA09"}
        assert asked(WORLD, None, ("icd10cm", "4603"))[1]["state"] == "unrecognised"

    def test_concentration(self) -> None:
        resolution, shown = asked(WORLD, None, ("rxnorm", "1"))
        strength = resolution.strengths["magnesium-sulfate"]
        assert (strength.per_volume, strength.per_unit) == (True, "ml")
        assert resolution.given.dose_form == "injection"
        assert shown["routes"] == ["intravenous", "intramuscular", "subcutaneous"]

    def test_strength_in_another_unit_is_not_read(self) -> None:
        rows = Rows()
        rows.component(60, "furosemide 5 UNT", 4603)
        rows.product(61, "furosemide 5 UNT Oral Tablet", 60)
        assert asked(world(rows), None, ("rxnorm", "61"))[0].strengths == {}

    def test_the_same_substance_twice_has_no_single_strength(self) -> None:
        rows = Rows()
        rows.component(62, "furosemide 20 MG", 4603)
        rows.product(63, "furosemide 20 MG / furosemide 40 MG Oral Tablet", 62, 315971)
        resolution, shown = asked(world(rows), None, ("rxnorm", "63"))
        assert (names(shown), resolution.strengths) == (["furosemide"], {})


class TestWithoutTerminology:
    """Everything works as it does without an import."""

    def test_codes_and_names(self) -> None:
        assert asked(PLAIN, None, ("rxnorm", "313988"))[1]["problems"] == [
            "the rxnorm code at position 0 is not known here"
        ]
        assert asked(PLAIN, None, ("rxnorm", "4603"))[1]["state"] == "recognised"
        assert asked(PLAIN, "lisinopril 10 mg")[1]["state"] == "unrecognised"

    def test_the_report_says_so(self) -> None:
        question = make.profile(make.medication("m1", "furosemide"))
        assert check(PLAIN, question)["terminology"] is None
        assert check(WORLD, question)["terminology"] == Rows().terminology().reference

    def test_one_rule_set_with_and_without(self) -> None:
        """Nothing that one recognised is remembered by the other."""
        compiled = make.compiled(*RECORDS)
        first = compiled.with_terminology(Rows().terminology())
        assert asked(first, "lisinopril")[1]["state"] == "no_magnesium_relevance"
        assert asked(compiled, "lisinopril")[1]["state"] == "unrecognised"
        assert asked(first.with_terminology(None), "lisinopril")[1]["state"] == "unrecognised"


class TestTogether:
    """Several codes, and codes beside text."""

    def test_product_package_and_text_that_agree(self) -> None:
        resolution, shown = asked(
            WORLD, "furosemide 40 mg tablet", ("rxnorm", "313988"), ("ndc", "00093500456"), ("unii", "7LXU5N7ZO5")
        )
        assert (names(shown), shown["problems"], resolution.certain) == (["furosemide"], [], True)

    @pytest.mark.parametrize(
        ("text", "codes", "expected"),
        [
            ("lisinopril", [("rxnorm", "313988")], ["furosemide", "rxnorm-29046"]),
            (None, [("rxnorm", "313988"), ("rxnorm", "314076")], ["furosemide", "rxnorm-29046"]),
            ("hydrochlorothiazide", [("rxnorm", "197885")], ["hydrochlorothiazide-of-ours", "rxnorm-29046"]),
        ],
    )
    def test_readings_that_disagree_are_all_checked(
        self, text: str | None, codes: list[tuple[str, str]], expected: list[str]
    ) -> None:
        resolution, shown = asked(WORLD, text, *codes)
        assert names(shown) == expected
        assert "codes and text do not agree; all of them were checked" in shown["problems"]
        assert not resolution.certain

    def test_ambiguous_package_beside_a_text(self) -> None:
        resolution, shown = asked(WORLD, "furosemide 40 mg", ("ndc", "0093500456"))
        assert (shown["state"], resolution.certain) == ("recognised", True)
        assert "ten digits without hyphens" in shown["problems"][0]

    @pytest.mark.parametrize(
        ("text", "used"),
        [
            ("furosemide 80 mg po", "80 mg"),
            ("furosemide 20 mg", "20 mg"),
            ("furosemide 10 mg", "10 mg"),
            ("furosemide 400 mg", "400 mg"),
            ("furosemide 0.04 g", "0.04 g"),
            ("furosemide 2 meq", "2 meq"),
            ("furosemide 0 mg", "0 mg"),
        ],
    )
    def test_what_is_taken_may_be_some_units_or_a_part_of_one(self, text: str, used: str) -> None:
        resolution, shown = asked(WORLD, text, ("rxnorm", "313988"))
        assert (strengths(resolution), shown["problems"]) == ({"furosemide": used}, [])

    @pytest.mark.parametrize("amount", ["40 g", "40 mcg", "440 mg", "25 mg", "40.1 mg"])
    def test_thousandfold_slips_and_other_strengths_are_reported(self, amount: str) -> None:
        resolution, shown = asked(WORLD, f"furosemide {amount}", ("rxnorm", "313988"))
        assert shown["problems"] == [f"the strengths do not agree: {amount} and 40 mg"]
        assert not resolution.certain

    def test_strengths_of_two_codes(self) -> None:
        rows = Rows()
        rows.component(64, "furosemide 40 MEQ", 4603)
        rows.product(65, "furosemide 40 MEQ Oral Tablet", 64)
        rows.component(66, "furosemide 3 MEQ", 4603)
        rows.product(67, "furosemide 3 MEQ Oral Tablet", 66)
        shown = asked(world(rows), None, ("rxnorm", "65"), ("rxnorm", "67"))[1]
        assert shown["problems"] == ["the strengths do not agree: 40 meq and 3 meq"]

    def test_concentration_beside_an_amount(self) -> None:
        assert asked(WORLD, "magnesium sulfate 2 g iv", ("rxnorm", "1"))[1]["problems"] == []

    def test_ways_of_giving_that_cannot_be_the_same(self) -> None:
        resolution, shown = asked(WORLD, "furosemide injection", ("rxnorm", "313988"))
        assert shown["problems"] == ["codes and text do not agree on how it is given; all ways are taken as possible"]
        assert set(shown["routes"]) == {"oral", "intravenous", "intramuscular", "subcutaneous"}
        assert (resolution.given.dose_form, resolution.certain) == (None, False)

    def test_forms_of_two_codes_that_differ(self) -> None:
        rows = Rows()
        rows.product(68, "furosemide 40 MG Oral Capsule", 315971)
        resolution, shown = asked(world(rows), None, ("rxnorm", "68"), ("rxnorm", "313988"))
        assert (resolution.given.dose_form, shown["routes"], shown["problems"]) == (None, ["oral"], [])

    def test_form_in_the_text_counts_first(self) -> None:
        resolution, _ = asked(WORLD, "furosemide solution oral", ("rxnorm", "313988"))
        assert resolution.given.dose_form == "solution"


class TestNames:
    """Names only the terminology has."""

    def test_ingredient_and_brand(self) -> None:
        resolution, shown = asked(WORLD, "lisinopril 10 mg tablet twice daily")
        assert (shown["state"], shown["match"]) == ("no_magnesium_relevance", {"kind": "name", "matched": "lisinopril"})
        assert strengths(resolution) == {"rxnorm-29046": "10 mg"}
        shown = asked(WORLD, "Zestril 20 mg")[1]
        assert (names(shown), shown["match"]) == (["rxnorm-29046"], {"kind": "brand", "matched": "Zestril"})

    def test_brand_with_one_of_ours(self) -> None:
        shown = asked(WORLD, "Zestoretic")[1]
        assert names(shown) == ["hydrochlorothiazide-of-ours", "rxnorm-29046"]

    def test_brand_whose_products_differ(self) -> None:
        rows = Rows()
        rows.brand(73, "Mixo", (74, "Mixo A [Mixo]", 313988), (75, "Mixo B [Mixo]", 314076))
        resolution, shown = asked(world(rows), "mixo 1 tab")
        assert names(shown) == ["furosemide", "rxnorm-29046"]
        assert shown["problems"] == ["products of this name differ in their ingredients; all of them were checked"]
        assert not resolution.certain

    def test_our_name_counts_before_an_equal_one(self) -> None:
        rows = Rows()
        rows.brand(76, "Amlodipine", (77, "x [Amlodipine]", 314076))
        assert names(asked(world(rows), "amlodipine")[1]) == ["amlodipine"]

    def test_a_longer_name_counts_before_ours(self) -> None:
        rows = Rows()
        rows.brand(76, "Furosemide Forte Plus Co", (77, "x [F]", 197885))
        assert names(asked(world(rows), "furosemide forte plus co")[1]) == [
            "hydrochlorothiazide-of-ours",
            "rxnorm-29046",
        ]

    def test_a_longer_name_of_unknown_ingredients_leaves_ours(self) -> None:
        rows = Rows()
        rows.concepts.append(concept(78, "BN", "Furosemide Special"))
        assert asked(world(rows), "furosemide special")[1]["state"] == "unrecognised"
        assert asked(world(rows), "furosemide")[1]["state"] == "recognised"

    def test_whole_name_of_a_product_with_words_nobody_reads(self) -> None:
        rows = Rows()
        rows.product(79, "furosemide 40 MG Thingamajig Oral Tablet", 315971)
        resolution, shown = asked(world(rows), "Furosemide 40 MG Thingamajig Oral Tablet")
        assert (shown["state"], names(shown)) == ("recognised", ["furosemide"])
        assert shown["match"] == {"kind": "name", "matched": "furosemide 40 MG Thingamajig Oral Tablet"}
        assert (strengths(resolution), shown["routes"]) == ({"furosemide": "40 mg"}, ["oral"])
        assert asked(world(rows), "Furosemide 40 MG Thingamajig Oral")[1]["state"] == "unrecognised"

    def test_whole_name_of_a_product_that_cannot_be_taken_apart(self) -> None:
        rows = Rows()
        rows.concepts += [concept(80, "SBD", "Strange Thing [S]")]
        assert asked(world(rows), "Strange Thing [S]")[1]["state"] == "unrecognised"

    def test_text_beside_codes_of_another_product(self) -> None:
        rows = Rows()
        rows.product(79, "furosemide 40 MG Thingamajig Oral Tablet", 315971)
        shown = asked(world(rows), "Furosemide 40 MG Thingamajig Oral Tablet", ("rxnorm", "314076"))[1]
        assert shown["problems"] == ["codes and text do not agree; all of them were checked"]


class TestMemory:
    """Nothing grows with the number of questions."""

    def test_ingredients_outside_are_kept_once(self) -> None:
        compiled = world()
        for count in range(50):
            asked(compiled, f"lisinopril {count + 1} mg")
        assert list(compiled.outside) == ["rxnorm-29046"]


def test_two_lines_of_one_medicine_without_a_record_are_duplicates() -> None:
    question = make.profile(
        make.medication("m1", "Zestril"),
        make.medication("m2", codes=[{"system": "rxnorm", "code": "314076"}]),
    )
    report = check(WORLD, question)
    assert report["status"] == "complete"
    assert report["duplicates"] == [
        {"substance": {"id": "rxnorm-29046", "name": "lisinopril"}, "medication_ids": ["m1", "m2"]}
    ]


def test_magnesium_of_a_product_code_is_added_up() -> None:
    line = {"id": "m1", "codes": [{"system": "rxnorm", "code": "198444"}], "times_per_day": 2}
    intake = check(WORLD, make.profile(line))["magnesium_intake"]
    assert intake["elemental_mg_per_day"] == "482.4"


def test_a_branded_product_of_two_generic_ones() -> None:
    rows = Rows()
    rows.brand(91, "Both", (92, "Both [Both]", 313988))
    rows.relations.append(relation(92, "tradename_of", 1))
    resolution, shown = asked(world(rows), None, ("rxnorm", "92"))
    assert names(shown) == ["magnesium-sulfate", "furosemide"]
    assert shown["routes"] == ["oral", "intravenous"]
    assert resolution.given.dose_form is None


def test_same_rule_set_terminology_and_question_give_the_same_bytes() -> None:
    """In any order of the lines, and however much was asked before."""
    lines: list[dict[str, Any]] = [
        {"id": "m1", "codes": [{"system": "ndc", "code": "0093-5004-56"}], "text": "Lasix 40 mg"},
        {"id": "m2", "codes": [{"system": "rxnorm", "code": "823971"}]},
        {"id": "m3", "text": "Zestril 20 mg"},
        {"id": "m4", "codes": [{"system": "rxnorm", "code": "1"}], "text": "magnesium oxide 400 mg"},
    ]
    expected = json.dumps(check(world(), make.profile(*lines)))
    used = world()
    for line in reversed(lines):
        check(used, make.profile(line))
    assert json.dumps(check(used, make.profile(*reversed(lines)))) == expected
    other = Rows()
    other.concepts.append(concept(900, "IN", "another"))
    changed = json.loads(json.dumps(check(world(other), make.profile(*lines))))
    assert changed["terminology"]["digest"] != json.loads(expected)["terminology"]["digest"]
    assert {**changed, "terminology": None} == {**json.loads(expected), "terminology": None}
