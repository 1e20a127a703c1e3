"""Codes and phrases: each belongs to exactly one record, and two owners are a fault that names both."""

from __future__ import annotations

from typing import Any

import pytest

from rules import CompiledRuleSet
from rules.errors import KnowledgeError
from rules.lookup import joined
from rules.terms import CodeSystem, MatchKind
from tests import factories as make


def faults(*records: Any) -> list[tuple[str, str, str]]:  # noqa: ANN401 - any records
    """File, pointer and detail of every claim that is made twice."""
    with pytest.raises(KnowledgeError) as raised:
        make.compiled(*records)
    assert {problem.code for problem in raised.value.problems} <= {"claimed-twice", "name"}
    return [(problem.file, problem.pointer, problem.detail) for problem in raised.value.problems]


@pytest.fixture(scope="module")
def world() -> CompiledRuleSet:
    return make.compiled(
        make.substance("magnesium"),
        make.substance("magnesium-oxide", synonyms=["magnesium oxide heavy"], codes={"rxnorm": ["6582"]}),
        make.product(
            "duplex", "magnesium", "magnesium-oxide", "magnesium", codes={"rxnorm": ["77"], "atc": ["A12CC30"]}
        ),
        make.condition("kidney-disease", synonyms=["CKD"], icd10cm=["N18"]),
        make.condition("stage-3b", icd10cm=["N18.32"]),
        make.symptom("cramps", name="muscle cramps"),
    )


class TestPhrases:
    """The longest phrase at a position wins."""

    @pytest.mark.parametrize(
        ("words", "position", "length", "owner"),
        [
            (["magnesium"], 0, 1, "magnesium"),
            (["magnesium", "oxide"], 0, 2, "magnesium-oxide"),
            (["magnesium", "oxide", "heavy"], 0, 3, "magnesium-oxide"),
            (["magnesium", "heavy"], 0, 1, "magnesium"),
            (["take", "magnesium", "oxide"], 1, 2, "magnesium-oxide"),
        ],
    )
    def test_longest(self, world: CompiledRuleSet, words: list[str], position: int, length: int, owner: str) -> None:
        found = world.lookup.phrase_at(words, position)
        assert found is not None
        assert (found[0], found[1].id) == (length, owner)

    @pytest.mark.parametrize(("words", "position"), [(["oxide"], 0), (["take", "magnesium"], 0)])
    def test_none(self, world: CompiledRuleSet, words: list[str], position: int) -> None:
        assert world.lookup.phrase_at(words, position) is None

    def test_beginning_of_a_longer_name_alone_is_no_name(self) -> None:
        lookup = make.compiled(make.substance("sodium-picosulfate")).lookup
        assert lookup.phrase_at(["sodium"], 0) is None
        assert lookup.phrase_at(["sodium", "chloride"], 0) is None

    def test_product_stands_for_each_ingredient_once(self, world: CompiledRuleSet) -> None:
        found = world.lookup.phrase_at(["duplex"], 0)
        assert found is not None
        assert found[1].substances == ("magnesium", "magnesium-oxide")
        assert found[1].product is not None
        assert found[1].kind is MatchKind.NAME

    def test_codes_of_a_product(self, world: CompiledRuleSet) -> None:
        by_atc = world.lookup.codes[CodeSystem.ATC, "A12CC30"]
        by_rxnorm = world.lookup.codes[CodeSystem.RXNORM, "77"]
        assert (by_atc.id, by_atc.matched) == ("duplex", "atc A12CC30")
        assert (by_rxnorm.id, by_rxnorm.matched) == ("duplex", "rxnorm 77")


class TestConditions:
    """Conditions by their words, or by the longest code prefix."""

    @pytest.mark.parametrize(
        ("code", "found"),
        [
            ("N18", "kidney-disease"),
            ("N18.3", "kidney-disease"),
            ("N18.31", "kidney-disease"),
            ("N18.32", "stage-3b"),
            ("n1832", "stage-3b"),
            ("N18.32XA", "stage-3b"),
            ("N19", None),
            ("N1", None),
            ("", None),
        ],
    )
    def test_by_code(self, world: CompiledRuleSet, code: str, found: str | None) -> None:
        assert world.lookup.condition_of_code(code) == found

    def test_by_id_name_and_synonym(self, world: CompiledRuleSet) -> None:
        assert world.lookup.conditions["kidney disease"] == world.lookup.conditions["ckd"] == "kidney-disease"

    def test_symptoms_by_id_and_name(self, world: CompiledRuleSet) -> None:
        assert world.lookup.symptoms["cramps"] == world.lookup.symptoms["muscle cramps"] == "cramps"

    @pytest.mark.parametrize(
        "text", ["Crohn's disease", "crohns  DISEASE", "Crohn\u2019s-disease", "Cro\u200bhn's disease"]
    )
    def test_words_without_case_hyphens_and_spacing(self, text: str) -> None:
        assert joined(text) == "crohns disease"


class TestClaims:
    """A phrase or code that two records claim is told, with both owners; nobody wins silently."""

    ALVORIN = make.substance("alvorin", synonyms=["alvorinum"], codes={"rxnorm": ["101"], "atc": ["A01AA01"]})

    @pytest.mark.parametrize(
        ("given", "pointer", "detail"),
        [
            ({"name": "Alvorin"}, "/synonyms", "the name 'Alvorin' belongs to 'alvorin' already"),
            ({"synonyms": ["alvorinum"]}, "/synonyms", "the name 'alvorinum' belongs to 'alvorin' already"),
            ({"brands": ["ALVORIN®"]}, "/synonyms", "the name 'ALVORIN®' belongs to 'alvorin' already"),
            ({"codes": {"rxnorm": ["101"]}}, "/codes/rxnorm", "the rxnorm code 101 belongs to 'alvorin' already"),
            ({"codes": {"atc": ["A01AA01"]}}, "/codes/atc", "the atc code A01AA01 belongs to 'alvorin' already"),
        ],
    )
    def test_by_two_substances(self, given: dict[str, Any], pointer: str, detail: str) -> None:
        other = make.substance("betarine", **given)
        assert faults(self.ALVORIN, other) == [("substances/betarine", pointer, detail)]

    def test_by_a_substance_and_a_product(self) -> None:
        product = make.product("duplex", "alvorin", brands=["Alvorinum"], codes={"rxnorm": ["101"]})
        assert faults(self.ALVORIN, product) == [
            ("products/duplex", "/codes/rxnorm", "the rxnorm code 101 belongs to 'alvorin' already"),
            ("products/duplex", "/synonyms", "the name 'Alvorinum' belongs to 'alvorin' already"),
        ]

    def test_by_two_conditions(self) -> None:
        records = (
            make.condition("gout", synonyms=["podagra"], icd10cm=["M10"]),
            make.condition("thirst", synonyms=["Podagra"], icd10cm=["M10"]),
        )
        assert faults(*records) == [
            ("conditions/thirst", "/icd10cm", "'M10' belongs to 'gout' already"),
            ("conditions/thirst", "/synonyms", "'podagra' belongs to 'gout' already"),
        ]

    def test_by_two_symptoms(self) -> None:
        records = (make.symptom("cramps"), make.symptom("tremor", synonyms=["cramps"]))
        assert faults(*records) == [("symptoms/tremor", "/synonyms", "'cramps' belongs to 'cramps' already")]

    def test_twice_by_one_record_is_no_fault(self) -> None:
        records = (
            make.substance("alvorin", name="Alvorin", synonyms=["alvorin", "ALVORIN"], brands=["Alvorin"]),
            make.condition("gout", synonyms=["gout", "Gout"], icd10cm=["M10", "M10"]),
        )
        assert make.compiled(*records).lookup.phrases[("alvorin",)].kind is MatchKind.NAME

    def test_one_name_for_a_condition_and_a_substance_is_no_fault(self) -> None:
        assert make.compiled(make.substance("alcohol"), make.condition("alcohol")).lookup.conditions["alcohol"]

    def test_withdrawn_records_claim_nothing(self) -> None:
        records = (
            self.ALVORIN,
            make.substance("old", synonyms=["alvorin"], codes={"rxnorm": ["101"]}, status="withdrawn"),
            make.product("older", "alvorin", synonyms=["alvorin"], status="withdrawn"),
            make.condition("gout"),
            make.condition("podagra", synonyms=["gout"], status="withdrawn"),
            make.symptom("cramps"),
            make.symptom("spasm", synonyms=["cramps"], status="withdrawn"),
        )
        lookup = make.compiled(*records).lookup
        assert lookup.phrases[("alvorin",)].id == "alvorin"
        assert ("older",) not in lookup.phrases
        assert lookup.conditions == {"gout": "gout"}
        assert lookup.symptoms == {"cramps": "cramps"}

    def test_name_without_a_word(self) -> None:
        """A name of signs only would match every empty line."""
        record = make.substance("alvorin", synonyms=["--"])
        assert faults(record) == [("substances/alvorin", "/synonyms", "the name '--' holds no word")]

    def test_all_claims_come_together(self) -> None:
        other = make.substance("betarine", synonyms=["alvorin", "alvorinum"], codes={"rxnorm": ["101"]})
        assert len(faults(self.ALVORIN, other)) == 3
