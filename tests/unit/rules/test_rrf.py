"""Rows of a release to what each concept is made of."""

from __future__ import annotations

import random

import pytest

from rules.errors import ReleaseInvalid
from rules.rrf import ARCHIVE, ATTRIBUTES, CONCEPTS, LONGEST_ROW, RELATIONS, REPLACED, Release, strength_in
from rules.terminology import Concept, ConceptKind, Terminology
from tests.releases import Rows, archived, attribute, concept, loaded, relation, replaced


def one(terminology: Terminology, rxcui: int) -> Concept:
    (found,) = terminology.by_rxcui(str(rxcui))
    return found


def made_of(terminology: Terminology, rxcui: int) -> list[tuple[str | None, str | None, str, str | None]]:
    """Ingredient, salt, name and strength of each part."""
    return [
        (
            part.ingredient.rxcui if part.ingredient else None,
            part.precise.rxcui if part.precise else None,
            part.name,
            str(part.amount) if part.amount else None,
        )
        for part in one(terminology, rxcui).parts
    ]


class TestConcepts:
    """What each kind of concept is made of."""

    def test_ingredient(self) -> None:
        assert made_of(Rows().terminology(), 4603) == [("4603", None, "furosemide", None)]

    def test_component_and_product(self) -> None:
        terminology = Rows().terminology()
        assert made_of(terminology, 315971) == [("4603", None, "furosemide", "40 MG")]
        assert made_of(terminology, 313988) == [("4603", None, "furosemide", "40 MG")]
        product = one(terminology, 313988)
        assert (product.kind, product.form, product.varies, product.retired) == (
            ConceptKind.GENERIC,
            "Oral Tablet",
            False,
            False,
        )

    def test_combination(self) -> None:
        assert made_of(Rows().terminology(), 197885) == [
            ("5487", None, "hydrochlorothiazide", "12.5 MG"),
            ("29046", None, "lisinopril", "10 MG"),
        ]

    def test_salt_of_a_component(self) -> None:
        terminology = Rows().terminology()
        assert made_of(terminology, 852904) == [("9071", "214214", "quinidine sulfate", "200 MG")]
        assert made_of(terminology, 214214) == [("9071", "214214", "quinidine sulfate", None)]

    def test_salt_of_no_or_of_several_ingredients_is_only_itself(self) -> None:
        rows = Rows()
        assert made_of(rows.terminology(), 203563) == [(None, "203563", "enalapril maleate", None)]
        rows.component(71, "enalapril maleate 5 MG", 4603, 203563)
        rows.component(72, "enalapril maleate 10 MG", 9071, 203563)
        assert made_of(rows.terminology(), 203563) == [(None, "203563", "enalapril maleate", None)]
        rows.relations.append(relation(203563, "form_of", 9071))
        assert made_of(rows.terminology(), 203563) == [("9071", "203563", "enalapril maleate", None)]

    def test_branded_product_has_the_ingredients_and_the_form_of_the_generic_one(self) -> None:
        terminology = Rows().terminology()
        assert made_of(terminology, 200809) == made_of(terminology, 313988)
        assert one(terminology, 200809).form == "Oral Tablet"

    def test_brand(self) -> None:
        terminology = Rows().terminology()
        assert made_of(terminology, 203212) == [
            ("5487", None, "hydrochlorothiazide", None),
            ("29046", None, "lisinopril", None),
        ]
        assert not one(terminology, 203212).varies

    def test_brand_whose_products_differ(self) -> None:
        rows = Rows()
        rows.brand(73, "Mixo", (74, "Mixo A [Mixo]", 313988), (75, "Mixo B [Mixo]", 314076))
        terminology = rows.terminology()
        assert [part[0] for part in made_of(terminology, 73)] == ["4603", "29046"]
        assert one(terminology, 73).varies

    def test_brand_of_several_salts_names_none_of_them(self) -> None:
        rows = Rows()
        rows.concepts.append(concept(76, "PIN", "quinidine gluconate"))
        rows.component(77, "quinidine gluconate 324 MG", 9071, 76)
        rows.product(78, "quinidine gluconate 324 MG Oral Tablet", 77)
        rows.brand(79, "Quino", (80, "Quino A [Quino]", 852904), (81, "Quino B [Quino]", 78))
        terminology = rows.terminology()
        assert made_of(terminology, 79) == [("9071", None, "quinidine", None)]
        assert not one(terminology, 79).varies

    def test_brand_without_products_by_what_it_is_the_name_of(self) -> None:
        rows = Rows()
        rows.concepts += [concept(82, "BN", "Alone"), concept(83, "BN", "Nothing")]
        rows.relations.append(relation(82, "tradename_of", 4603))
        terminology = rows.terminology()
        assert made_of(terminology, 82) == [("4603", None, "furosemide", None)]
        assert made_of(terminology, 83) == []

    def test_several_ingredients_by_relation_or_by_name(self) -> None:
        rows = Rows()
        rows.concepts += [
            concept(84, "MIN", "lisinopril / whatever"),
            concept(85, "MIN", "Hydrochlorothiazide / lisinopril"),
            concept(86, "MIN", "quinidine sulfate / unheard"),
        ]
        rows.relations += [relation(84, "has_part", 4603), relation(84, "has_part", 29046)]
        terminology = rows.terminology()
        assert [part[0] for part in made_of(terminology, 84)] == ["4603", "29046"]
        assert [part[0] for part in made_of(terminology, 85)] == ["5487", "29046"]
        assert made_of(terminology, 86) == [
            ("9071", "214214", "quinidine sulfate", None),
            (None, None, "unheard", None),
        ]

    def test_pack_keeps_a_strength_only_where_all_of_it_has_the_same(self) -> None:
        rows = Rows()
        rows.component(87, "furosemide 20 MG", 4603)
        rows.product(88, "furosemide 20 MG Oral Tablet", 87)
        rows.pack(89, "BPCK", "{..} Pack [Brand]", 88, 313988, 314076)
        terminology = rows.terminology()
        assert made_of(terminology, 2) == [
            ("4603", None, "furosemide", "40 MG"),
            ("29046", None, "lisinopril", "10 MG"),
        ]
        assert made_of(terminology, 89) == [("4603", None, "furosemide", None), ("29046", None, "lisinopril", "10 MG")]
        assert one(terminology, 89).form == "Oral Tablet"

    def test_pack_and_branded_product_of_different_forms_have_none(self) -> None:
        rows = Rows()
        rows.pack(90, "GPCK", "{..} Pack", 313988, 1)
        rows.brand(91, "Both", (92, "Both [Both]", 313988))
        rows.relations.append(relation(92, "tradename_of", 1))
        terminology = rows.terminology()
        assert one(terminology, 90).form == ""
        assert one(terminology, 92).form == ""

    def test_dose_form_concept_counts_before_the_name(self) -> None:
        rows = Rows()
        rows.concepts.append(concept(317541_1, "DF", "Extended Release Oral Tablet"))
        rows.relations.append(relation(313988, "has_dose_form", 317541_1))
        assert one(rows.terminology(), 313988).form == "Extended Release Oral Tablet"

    def test_product_and_branded_product_without_strength(self) -> None:
        rows = Rows()
        rows.concepts += [
            concept(93, "SCDF", "furosemide Oral Tablet"),
            concept(94, "SBDF", "furosemide Oral Tablet [L]"),
        ]
        rows.relations += [relation(93, "has_ingredient", 4603), relation(94, "tradename_of", 93)]
        rows.relations.append(relation(94, "has_ingredient", 202991))
        terminology = rows.terminology()
        assert made_of(terminology, 93) == made_of(terminology, 94) == [("4603", None, "furosemide", None)]
        assert one(terminology, 93).form == ""

    def test_quantity_in_front_is_no_ingredient(self) -> None:
        terminology = Rows().terminology()
        assert made_of(terminology, 1) == [("6585", None, "magnesium sulfate", "500 MG/ML")]
        assert one(terminology, 1).form == "Injectable Solution"

    def test_ingredient_that_the_relations_leave_out_keeps_its_name(self) -> None:
        """Never passed over: the name of the product says that it is there."""
        rows = Rows()
        rows.product(95, "24 HR amlodipine 5 MG / furosemide 40 MG / lisinopril 2.5 MG Oral Tablet", 315971)
        assert made_of(rows.terminology(), 95) == [
            ("4603", None, "furosemide", "40 MG"),
            (None, None, "amlodipine", "5 MG"),
            ("29046", None, "lisinopril", "2.5 MG"),
        ]

    def test_component_without_an_ingredient_keeps_its_name(self) -> None:
        rows = Rows()
        rows.concepts += [concept(96, "SCDC", "ziv-aflibercept 25 MG/ML"), concept(97, "SCDC", "old salt 5 MG")]
        rows.relations.append(relation(97, "has_precise_ingredient", 203563))
        terminology = rows.terminology()
        assert made_of(terminology, 96) == [(None, None, "ziv-aflibercept", "25 MG/ML")]
        assert made_of(terminology, 97) == [(None, "203563", "enalapril maleate", "5 MG")]

    def test_relations_in_a_circle_end(self) -> None:
        rows = Rows()
        rows.concepts += [concept(98, "SBD", "a"), concept(99, "SBD", "b")]
        rows.relations += [relation(98, "tradename_of", 99), relation(99, "tradename_of", 98)]
        assert made_of(rows.terminology(), 98) == []


class TestRows:
    """Which rows count."""

    def test_other_sources_hidden_rows_and_other_relations_are_left_out(self) -> None:
        rows = Rows()
        plain = rows.block()
        rows.concepts += [
            concept(500, "IN", "foreign", source="ATC"),
            concept(501, "DP", "something else"),
            concept(502, "SY", "synonym of nothing"),
            concept(4603, "SY", "hidden name", hidden="Y"),
            concept(4603, "SU", "short", source="MTHSPL", code="SHORT"),
        ]
        rows.relations += [
            relation(313988, "consists_of", 316151, source="OTHER"),
            relation(313988, "consists_of", 316151, hidden="E"),
            relation(313988, "has_quantified_form", 316151),
            relation(313988, "consists_of", 316151).replace("CUI", "AUI"),
        ]
        rows.attributes += [
            attribute(29046, "00000000000", source="MTHSPL"),
            attribute(29046, "00000000000", name="RXN_STRENGTH"),
            attribute(29046, "00000000000", hidden="E"),
            attribute(999999, "00000000017"),
        ]
        assert rows.block() == plain

    def test_the_order_of_rows_does_not_matter(self) -> None:
        rows = Rows()
        rows.brand(73, "Mixo", (74, "Mixo A [Mixo]", 313988), (75, "Mixo B [Mixo]", 314076))
        rows.product(95, "amlodipine 5 MG / furosemide 40 MG / lisinopril 2.5 MG Oral Tablet", 315971)
        rows.attributes += [attribute(1, "00093500456"), attribute(29046, "00093500456")]
        block = rows.block()
        for seed in range(5):
            for part in (rows.concepts, rows.relations, rows.attributes):
                random.Random(seed).shuffle(part)
            assert rows.block() == block

    def test_synonyms_are_names_too(self) -> None:
        rows = Rows()
        rows.concepts += [concept(4603, "SY", "frusemide"), concept(313988, "PSN", "furosemide 40 mg tablet")]
        terminology = rows.terminology()
        found = terminology.phrase_at(["frusemide"], 0)
        assert found is not None
        assert found[1][0].rxcui == "4603"
        assert terminology.whole(["furosemide", "40", "mg", "tablet"])[0].rxcui == "313988"

    def test_a_name_in_use_counts_before_a_retired_one(self) -> None:
        rows = Rows()
        rows.concepts += [
            concept(600, "SCD", "old", hidden="O"),
            concept(600, "SCD", "new"),
            concept(601, "SCD", "x", hidden="O"),
        ]
        terminology = rows.terminology()
        assert (one(terminology, 600).name, one(terminology, 600).retired) == ("new", False)
        assert one(terminology, 601).retired

    def test_a_concept_of_two_kinds_is_the_simpler_one(self) -> None:
        rows = Rows()
        rows.concepts += [concept(4603, "BN", "Furosemide"), concept(4603, "MIN", "furosemide x")]
        assert one(rows.terminology(), 4603).kind is ConceptKind.INGREDIENT

    def test_a_package_code_in_use_counts_before_a_retired_one(self) -> None:
        rows = Rows()
        rows.attributes += [
            attribute(1, "99999000001", hidden="O"),
            attribute(313988, "99999000001"),
            attribute(1, "99999000001", hidden="O"),
            attribute(313988, "99999000002", hidden="O"),
        ]
        terminology = rows.terminology()
        assert [found.rxcui for found in terminology.by_ndc("99999000001")] == ["313988"]
        assert [found.rxcui for found in terminology.by_ndc("99999000002")] == ["313988"]

    def test_package_codes_that_are_none_are_counted(self) -> None:
        release = Release()
        release.read_attributes([attribute(1, "0009350045"), attribute(1, "0093-5004-56")])
        assert release.skipped_ndc == 1


class TestReplaced:
    """Retired concepts."""

    def test_followed_through_several_steps(self) -> None:
        rows = Rows()
        rows.replaced = [replaced(700, 701), replaced(701, 313988), replaced(702, 702), replaced(4603, 29046)]
        rows.archived = [
            archived(703, 314076),
            archived(704, ""),
            archived(705, 4603, source="OTHER"),
            archived(706, 706),
            archived(700, 1),
        ]
        terminology = rows.terminology()
        assert [found.rxcui for found in terminology.by_rxcui("700")] == ["1", "313988"]
        assert [found.rxcui for found in terminology.by_rxcui("701")] == ["313988"]
        assert [found.rxcui for found in terminology.by_rxcui("703")] == ["314076"]
        assert [found.rxcui for found in terminology.by_rxcui("4603")] == ["4603"]
        assert [terminology.by_rxcui(gone) for gone in ("702", "704", "705", "706")] == [(), (), (), ()]

    def test_replaced_in_a_circle_or_by_nothing(self) -> None:
        rows = Rows()
        rows.replaced = [replaced(710, 711), replaced(711, 710), replaced(712, 799)]
        rows.replaced.append("713|a|b|1||")
        terminology = rows.terminology()
        assert terminology.by_rxcui("710") == terminology.by_rxcui("712") == terminology.by_rxcui("713") == ()


class TestRefused:
    """What is no release, and what the error says."""

    @pytest.mark.parametrize(
        ("file", "rows", "place", "reason"),
        [
            (CONCEPTS, [concept(1, "IN", "a"), "2|ENG|"], "RXNCONSO.RRF, line 2", "2 columns instead of 18"),
            (CONCEPTS, [concept(1, "IN", "a") + "|"], "RXNCONSO.RRF, line 1", "19 columns instead of 18"),
            (CONCEPTS, [], "RXNCONSO.RRF", "it is empty"),
            (CONCEPTS, [concept(1, "IN", " ")], "RXNCONSO.RRF, line 1", "a name has 1 to 4000 characters"),
            (CONCEPTS, [concept(1, "IN", "a" * 4001)], "RXNCONSO.RRF, line 1", "a name has 1 to 4000 characters"),
            (CONCEPTS, ["x" * (LONGEST_ROW + 1)], "RXNCONSO.RRF, line 1", "a row has at most"),
            (CONCEPTS, [concept(1, "IN", "a").replace("1|", "C001|", 1)], "RXNCONSO.RRF, line 1", "is 1 to 8 digits"),
            (RELATIONS, ["1|2"], "RXNREL.RRF, line 1", "1 columns instead of 16"),
            (RELATIONS, [relation(0, "consists_of", 1)], "RXNREL.RRF, line 1", "is 1 to 8 digits"),
            (ATTRIBUTES, ["1|2"], "RXNSAT.RRF, line 1", "1 columns instead of 13"),
            (ATTRIBUTES, [attribute(123456789, "00093500456")], "RXNSAT.RRF, line 1", "is 1 to 8 digits"),
            (REPLACED, ["1|2"], "RXNCUI.RRF, line 1", "1 columns instead of 5"),
            (REPLACED, ["1|||1|x|"], "RXNCUI.RRF, line 1", "is 1 to 8 digits"),
            (ARCHIVE, ["1|2"], "RXNATOMARCHIVE.RRF, line 1", "1 columns instead of 16"),
        ],
    )
    def test_rows(self, file: str, rows: list[str], place: str, reason: str) -> None:
        release = Release()
        readers = {
            CONCEPTS: release.read_concepts,
            RELATIONS: release.read_relations,
            ATTRIBUTES: release.read_attributes,
            REPLACED: release.read_replaced,
            ARCHIVE: release.read_archive,
        }
        with pytest.raises(ReleaseInvalid, match=reason) as caught:
            readers[file](rows)
        assert str(caught.value).startswith(f"{place}: ")

    def test_without_ingredients(self) -> None:
        release = Release()
        release.read_concepts([concept(1, "SCD", "a")])
        with pytest.raises(ReleaseInvalid, match=r"RXNCONSO.RRF: no ingredient \(TTY=IN, SAB=RXNORM\)"):
            release.block()

    @pytest.mark.parametrize("name", ["has_ingredient", "consists_of"])
    def test_without_what_products_are_made_of(self, name: str) -> None:
        rows = Rows()
        rows.relations = [row for row in rows.relations if f"|{name}|" not in row]
        with pytest.raises(ReleaseInvalid, match=f"RXNREL.RRF: no relation `{name}`"):
            rows.block()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("furosemide 40 MG Oral Tablet", ("furosemide", "40 MG", "Oral Tablet")),
        ("magnesium sulfate 500 MG/ML Injectable Solution", ("magnesium sulfate", "500 MG/ML", "Injectable Solution")),
        ("vitamin B 12 1 MG", ("vitamin B 12", "1 MG", "")),
        ("coal tar 5 % Gel", ("coal tar", "5 %", "Gel")),
        ("pollen extract 12 Amb a 1-U Sublingual Tablet", ("pollen extract 12 Amb a 1-U Sublingual Tablet", "", "")),
        ("40 MG", ("40 MG", "", "")),
        ("name 1.2.3 MG Tablet", ("name 1.2.3 MG Tablet", "", "")),
        ("name", ("name", "", "")),
    ],
)
def test_strength_in_a_name(text: str, expected: tuple[str, str, str]) -> None:
    assert strength_in(text) == expected


def test_counts() -> None:
    rows = Rows()
    rows.replaced = [replaced(700, 4603)]
    counts = loaded(rows.block()).counts
    assert (counts["IN"], counts["BN"], counts["GPCK"], counts["ndc"], counts["unii"], counts["replaced"]) == (
        8,
        3,
        1,
        3,
        1,
        1,
    )
