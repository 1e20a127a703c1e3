"""What one record may hold: every check that can be made without looking at other records."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from rules.canonical import canonical_json
from rules.documents import Bounds, CoMedication, Document, Expression, Party, RiskCount
from rules.model import Case, Guidance, Interaction, Product, ReferenceRange, RuleSet, Separation, Substance
from tests import factories as make


def refused(kind: type[Document], message: str, **content: object) -> None:
    """The content is no document of the kind, and the error says why."""
    with pytest.raises(ValidationError, match=message):
        kind.model_validate_json(json.dumps(content))


class TestEveryDocument:
    """Documents are frozen, and a key that is not known is a slip of the pen."""

    def test_unknown_key(self) -> None:
        refused(Party, "Extra inputs are not permitted", classes=["a"], route=["oral"])

    def test_frozen(self) -> None:
        with pytest.raises(ValidationError, match="frozen"):
            make.substance("aa").name = "other"  # type: ignore[misc]

    @pytest.mark.parametrize("wrong", ["Furosemide", "furo semide", "-furo", "furo--semide", "", "a_b", "x" * 81])
    def test_id_is_a_slug(self, wrong: str) -> None:
        with pytest.raises(ValidationError, match="id"):
            make.substance("aa", id=wrong)

    def test_text_is_stripped_and_not_empty(self) -> None:
        assert make.substance("aa", name="  furosemide ").name == "furosemide"
        with pytest.raises(ValidationError, match="name"):
            make.substance("aa", name="   ")

    @pytest.mark.parametrize("kind", [RuleSet])
    def test_only_schema_version_1_is_known(self, kind: type[RuleSet]) -> None:
        refused(kind, "schema_version", schema_version=2)


class TestCodes:
    """Codes have the shape of their system."""

    @pytest.mark.parametrize(
        ("system", "code"),
        [
            ("rxnorm", "0123"),
            ("rxnorm", "123456789"),
            ("rxnorm", "C03CA01"),
            ("atc", "C03CA"),
            ("atc", "c03ca01"),
            ("atc", "W03CA01"),
            ("unii", "7LXU5N7ZO"),
            ("unii", "7lxu5n7zo5"),
        ],
    )
    def test_wrong_shape(self, system: str, code: str) -> None:
        with pytest.raises(ValidationError, match=system):
            make.substance("aa", codes={system: [code]})

    @pytest.mark.parametrize(("system", "code"), [("rxnorm", "4603"), ("atc", "C03CA01"), ("unii", "7LXU5N7ZO5")])
    def test_right_shape(self, system: str, code: str) -> None:
        assert getattr(make.substance("aa", codes={system: [code]}).codes, system) == (code,)

    @pytest.mark.parametrize("prefix", ["A", "A12", "A12C", "A12CC", "A12CC10"])
    def test_anchor_of_each_atc_level(self, prefix: str) -> None:
        assert make.medication_class("cc", atc=[prefix]).atc == (prefix,)

    @pytest.mark.parametrize("prefix", ["A1", "A12CC1", "AA", "X01", ""])
    def test_anchor_between_levels(self, prefix: str) -> None:
        with pytest.raises(ValidationError, match="atc"):
            make.medication_class("cc", atc=[prefix])

    @pytest.mark.parametrize("prefix", ["N18", "N18.4", "C7A", "S72.001A"[:7]])
    def test_icd_prefix(self, prefix: str) -> None:
        assert make.condition("cc", icd10cm=[prefix]).icd10cm == (prefix,)

    @pytest.mark.parametrize("prefix", ["N1", "N18.", "n18", "N18.32xyz"])
    def test_wrong_icd_prefix(self, prefix: str) -> None:
        with pytest.raises(ValidationError, match="icd10cm"):
            make.condition("cc", icd10cm=[prefix])


class TestSubstance:
    """The route an ATC code implies belongs to the substance's own codes and routes."""

    def test_route_of_a_code_that_is_not_its_own(self) -> None:
        with pytest.raises(ValidationError, match="names S01AE03, which is not among"):
            make.substance("aa", atc_routes={"S01AE03": ["oral"]})

    def test_route_that_is_not_its_own(self) -> None:
        with pytest.raises(ValidationError, match="routes that are not among routes: ophthalmic, otic"):
            make.substance("aa", codes={"atc": ["S03AA07"]}, atc_routes={"S03AA07": ["otic", "ophthalmic"]})

    def test_route_of_its_own_code(self) -> None:
        record = make.substance(
            "aa", routes=["oral", "ophthalmic"], codes={"atc": ["S01AE03"]}, atc_routes={"S01AE03": ["ophthalmic"]}
        )
        assert record.atc_routes == {"S01AE03": ("ophthalmic",)}

    def test_it_is_given_somehow(self) -> None:
        with pytest.raises(ValidationError, match="routes"):
            make.substance("aa", routes=[])


class TestProduct:
    """Products are oral unless they say otherwise."""

    def test_oral_by_default(self) -> None:
        assert make.product("pp", "aa").routes == ("oral",)

    def test_at_least_one_ingredient(self) -> None:
        refused(Product, "ingredients", id="pp", last_reviewed_on="2026-11-22", name="pp", ingredients=[])

    @pytest.mark.parametrize("amount", ["0", "-1"])
    def test_magnesium_of_an_ingredient_is_more_than_nothing(self, amount: str) -> None:
        with pytest.raises(ValidationError, match="greater than 0"):
            make.product("pp", {"substance": "aa", "elemental_magnesium_mg": amount})

    @pytest.mark.parametrize(
        ("presentation", "fault"),
        [
            (make.presentation("liquid", "5", other="1"), "names what is no ingredient: other"),
            (
                {**make.presentation("liquid", "5"), "amounts": [{"substance": "aa", "mg": "1"}] * 2},
                "names an ingredient twice",
            ),
            (make.presentation("liquid", "5", aa={}), "give mg, elemental_magnesium_mg or both"),
            (make.presentation("liquid", "0", aa="1"), "greater than 0"),
            (make.presentation("liquid", "5", aa="0"), "greater than 0"),
            (make.presentation("liquid", "5"), "at least 1 item"),
            ({**make.presentation("liquid", "5", aa="1"), "citations": []}, "at least 1 item"),
        ],
    )
    def test_presentations(self, presentation: dict[str, Any], fault: str) -> None:
        with pytest.raises(ValidationError, match=fault):
            make.product("pp", "aa", presentations=[presentation])

    def test_no_presentations_are_left_out_and_not_empty(self) -> None:
        assert make.product("pp", "aa").presentations is None
        with pytest.raises(ValidationError, match="at least 1 item"):
            make.product("pp", "aa", presentations=[])

    def test_what_a_label_says_of_a_substance(self) -> None:
        product = make.product("pp", "aa", "bb", presentations=[make.presentation("liquid", "5", aa="1")])
        [one] = product.presentations or ()
        held = one.amount_of("aa")
        assert held is not None
        assert held.mg == 1
        assert one.amount_of("bb") is None


class TestSaltForm:
    """The formula is read while the record is read."""

    @pytest.mark.parametrize(
        ("formula", "message"), [("NaCl", "holds no magnesium"), ("Mgo", "cannot read"), ("Mg(OH", "never closed")]
    )
    def test_formula_must_hold_magnesium(self, formula: str, message: str) -> None:
        with pytest.raises(ValidationError, match=message):
            make.salt_form("ff", formula)

    def test_side_effects_are_not_left_out(self) -> None:
        with pytest.raises(ValidationError, match="side_effects"):
            make.salt_form("ff", "MgO", side_effects=[])


class TestMedicationClass:
    """A class has members somehow, and says why a substance is left out."""

    def test_no_members_at_all(self) -> None:
        with pytest.raises(ValidationError, match="at least one of atc, members, includes"):
            make.medication_class("cc")

    @pytest.mark.parametrize("given", [{"atc": ["C03"]}, {"members": ["aa"]}, {"includes": ["other"]}])
    def test_one_way_to_have_members_is_enough(self, given: dict[str, Any]) -> None:
        assert make.medication_class("cc", **given).id == "cc"

    def test_exclusion_without_a_reason(self) -> None:
        with pytest.raises(ValidationError, match="exclusions need an exclusion_reason"):
            make.medication_class("cc", "aa", exclusions=["bb"], exclusion_reason=None)


class TestBounds:
    """Bounds say by their name whether the limit belongs."""

    @pytest.mark.parametrize(
        "given",
        [
            {"below": "30"},
            {"at_most": "30"},
            {"above": "15"},
            {"at_least": "15"},
            {"at_least": "15", "below": "30"},
            {"above": "15", "at_most": "30"},
            {"at_least": "0", "below": "0"},
        ],
    )
    def test_half_lines_and_intervals(self, given: dict[str, str]) -> None:
        bounds = Bounds.model_validate(given)
        assert {name: str(value) for name, value in bounds.model_dump(exclude_none=True).items()} == given

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({}, "at least one of below, at_most, above, at_least"),
            ({"below": "30", "at_most": "30"}, "either below or at_most"),
            ({"above": "30", "at_least": "30"}, "either above or at_least"),
            ({"below": "NaN"}, "finite"),
        ],
    )
    def test_no_bounds(self, given: dict[str, str], message: str) -> None:
        refused(Bounds, message, **given)


class TestExpression:
    """An expression has exactly one key."""

    def test_none(self) -> None:
        refused(Expression, "exactly one key, this one has 0")

    def test_two(self) -> None:
        refused(Expression, "exactly one key, this one has 2; combine with all, any or not", sex="male", dialysis=True)

    def test_false_is_a_value(self) -> None:
        assert Expression.model_validate({"dialysis": False}).dialysis is False

    def test_not_is_written_as_not(self) -> None:
        expression = Expression.model_validate({"not": {"sex": "male"}})
        assert expression.not_ is not None
        assert expression.model_dump(exclude_none=True) == {"not": {"sex": "male"}}

    @pytest.mark.parametrize("key", ["all", "any", "conditions", "symptoms"])
    def test_empty_lists(self, key: str) -> None:
        """An empty `all` would be true for everybody."""
        refused(Expression, "at least 1 item", **{key: []})

    def test_no_is_what_goes_without_saying(self) -> None:
        """As records were written before it could be asked: what is absent is no part of the identity."""
        assert CoMedication(classes=("cc",), same_product=False) == CoMedication(classes=("cc",))
        assert b"same_product" not in canonical_json(CoMedication(classes=("cc",), same_product=False))

    @pytest.mark.parametrize("kind", [CoMedication, Party])
    def test_something_is_named(self, kind: type[Document]) -> None:
        refused(kind, "name at least one class or substance")
        for names in ({"substances": ("aa",)}, {"classes": ("cc",)}):
            assert kind.model_validate(names).model_dump(exclude_unset=True) == names

    @pytest.mark.parametrize("count", [0, 21])
    def test_counts_are_small_and_positive(self, count: int) -> None:
        refused(CoMedication, "at_least", classes=["cc"], at_least=count)
        refused(RiskCount, "at_least", classes=["cc"], at_least=count)


class TestSeparation:
    """Two numbers or none; none only where no spacing helps."""

    @pytest.mark.parametrize(
        "given",
        [
            {"magnesium_first_hours": "6", "drug_first_hours": "2"},
            {"magnesium_first_hours": "0"},
            {"drug_first_hours": "0.5"},
            {"spacing_helps": False},
        ],
    )
    def test_allowed(self, given: dict[str, Any]) -> None:
        assert Separation.model_validate(given).spacing_helps is given.get("spacing_helps", True)

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({}, "give magnesium_first_hours or drug_first_hours, or say spacing_helps: false"),
            ({"spacing_helps": False, "drug_first_hours": "2"}, "where no spacing helps there are no hours"),
            ({"spacing_helps": False, "magnesium_first_hours": "0"}, "where no spacing helps there are no hours"),
            ({"drug_first_hours": "49"}, "less than or equal to 48"),
            ({"drug_first_hours": "-1"}, "greater than or equal to 0"),
            ({"drug_first_hours": "0.333"}, "decimal places"),
        ],
    )
    def test_refused(self, given: dict[str, Any], message: str) -> None:
        refused(Separation, message, **given)

    def test_a_disagreement_has_two_sides(self) -> None:
        position = {"citation": "source", "text": "Two hours."}
        disagreement = {"positions": [position], "policy": "strictest", "text": "One of one."}
        refused(Separation, "at least 2 items", drug_first_hours="2", disagreement=disagreement)


class TestInteraction:
    """The shapes an interaction can have."""

    def test_about_nobody(self) -> None:
        with pytest.raises(ValidationError, match="needs an affected or precipitant party, or conditions"):
            make.interaction("rule")

    @pytest.mark.parametrize(
        "given",
        [
            {"affected": make.party("cc")},
            {"precipitant": make.party("cc")},
            {"affected": make.party("cc"), "precipitant": make.party("dd")},
            {"conditions": ["thirst"]},
            {"conditions": ["thirst"], "affected": make.party("cc")},
            {"precipitant": make.party("cc"), "scope": "list"},
            {"affected": make.party("cc"), "scope": "list"},
        ],
    )
    def test_shapes(self, given: dict[str, Any]) -> None:
        assert make.interaction("rule", **given).id == "rule"

    @pytest.mark.parametrize(
        "given", [{"conditions": ["thirst"]}, {"affected": make.party("cc"), "precipitant": make.party("dd")}]
    )
    def test_a_list_rule_has_one_party(self, given: dict[str, Any]) -> None:
        with pytest.raises(ValidationError, match="scope: list takes exactly one party"):
            make.interaction("rule", scope="list", **given)

    def test_variants_describe_the_affected_party(self) -> None:
        with pytest.raises(ValidationError, match="variants describe substances of the affected party"):
            make.interaction("rule", precipitant=make.party("cc"), variants=[make.variant("aa")])

    def test_factor_ids_differ(self) -> None:
        factor = make.factor("old", "major", {"age_years": {"at_least": "65"}})
        with pytest.raises(ValidationError, match="factor ids must differ"):
            make.interaction("rule", affected=make.party("cc"), factors=[factor, factor])

    def test_evidence_is_never_left_out(self) -> None:
        with pytest.raises(ValidationError, match="citations"):
            make.interaction("rule", affected=make.party("cc"), evidence={"grade": "A", "citations": []})

    @pytest.mark.parametrize("field", ["direction", "severity", "operational_class", "onset", "seriousness"])
    def test_vocabularies_are_closed(self, field: str) -> None:
        with pytest.raises(ValidationError, match=field):
            make.interaction("rule", affected=make.party("cc"), **{field: "severe"})


class TestCitation:
    """A source somebody can open."""

    def test_nothing_to_open(self) -> None:
        with pytest.raises(ValidationError, match="needs an identifier somebody can open"):
            make.citation("source", url=None)

    @pytest.mark.parametrize(
        ("given", "address"),
        [
            ({"doi": "10.1000/182"}, "https://doi.org/10.1000/182"),
            ({"pmid": "2729931"}, "https://pubmed.ncbi.nlm.nih.gov/2729931/"),
            ({"pmcid": "PMC192252"}, "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC192252/"),
            (
                {"dailymed_set_id": "888dc7f9-ad9c-4c00-8d50-8ddfd9bd27c0"},
                "https://dailymed.nlm.nih.gov/dailymed/drugInfo.cfm?setid=888dc7f9-ad9c-4c00-8d50-8ddfd9bd27c0",
            ),
            ({"url": "https://example.org/x"}, "https://example.org/x"),
            ({"doi": "10.1000/182", "pmid": "1", "url": "https://example.org"}, "https://doi.org/10.1000/182"),
            ({"pmid": "1", "pmcid": "PMC2"}, "https://pubmed.ncbi.nlm.nih.gov/1/"),
        ],
    )
    def test_address_is_the_most_stable_one(self, given: dict[str, str], address: str) -> None:
        assert make.citation("source", **{"url": None, **given}).address == address

    @pytest.mark.parametrize(
        "given",
        [
            {"pmid": "0123"},
            {"pmcid": "192252"},
            {"doi": "doi:10.1000/182"},
            {"dailymed_set_id": "888dc7f9"},
            {"url": "http://example.org"},
            {"url": "javascript:alert(1)"},
            {"year": 1066},
        ],
    )
    def test_wrong_identifiers(self, given: dict[str, Any]) -> None:
        with pytest.raises(ValidationError, match=next(iter(given))):
            make.citation("source", **given)


class TestCase:
    """A case is about one interaction, or about a whole list."""

    @staticmethod
    def case(**given: object) -> Case:
        content = {
            "id": "one",
            "last_reviewed_on": make.REVIEWED,
            "title": "A title",
            "rationale": "A reason.",
            "citations": make.references(),
            "profile": {"medications": []},
            "expect": {},
            **given,
        }
        return Case.model_validate_json(json.dumps(content))

    def test_about_an_interaction(self) -> None:
        assert self.case(kind="quiet", interaction="rule").interaction == "rule"

    def test_about_a_whole_list(self) -> None:
        assert self.case(kind="whole_list").interaction is None

    @pytest.mark.parametrize("given", [{"kind": "fires"}, {"kind": "whole_list", "interaction": "rule"}])
    def test_neither_or_both(self, given: dict[str, str]) -> None:
        with pytest.raises(ValidationError, match="names its interaction, unless its kind is whole_list"):
            self.case(**given)


class TestOthers:
    """Records that hold numbers for people."""

    def test_a_limit_is_more_than_nothing(self) -> None:
        with pytest.raises(ValidationError, match="greater than 0"):
            make.intake_limit(mg_per_day="0")

    def test_ranges_are_of_known_values_in_one_unit(self) -> None:
        with pytest.raises(ValidationError, match="analyte"):
            make.reference_range("serum_sodium")
        with pytest.raises(ValidationError, match="unit"):
            make.reference_range(unit="mg/dL")
        with pytest.raises(ValidationError, match="bands"):
            make.reference_range(bands=[])

    def test_guidance_cites(self) -> None:
        refused(
            Guidance,
            "citations",
            id="diet",
            last_reviewed_on="2026-11-22",
            topic="diet",
            title="Diet",
            text="Nuts and seeds.",
            citations=[],
        )

    @pytest.mark.parametrize("kind", [Substance, Interaction, ReferenceRange])
    def test_review_date_is_never_left_out(self, kind: type[Document]) -> None:
        refused(kind, "last_reviewed_on")


class TestReview:
    """Every record says when it is to be read again; what is advised comes round sooner than names and sources."""

    def test_interactions_come_first(self) -> None:
        assert make.interaction("rule", affected=make.party("a")).review_due_on == date(2028, 11, 22)
        assert make.citation().review_due_on == date(2030, 11, 22)

    def test_a_leap_day_has_no_anniversary(self) -> None:
        record = make.interaction("rule", affected=make.party("a"), last_reviewed_on="2028-02-29")
        assert record.review_due_on == date(2030, 2, 28)

    def test_the_end_of_the_calendar_is_no_error(self) -> None:
        assert make.citation(last_reviewed_on="9999-01-01").review_due_on == date(9999, 1, 1)


class TestAssessments:
    """A verdict names where the answer stands."""

    @pytest.mark.parametrize(
        ("verdict", "message"),
        [
            ("rule", "the verdict rule names its interactions"),
            ("no_alert", "the verdict no_alert names the cases that keep it silent"),
        ],
    )
    def test_it_is_refused_without(self, verdict: str, message: str) -> None:
        with pytest.raises(ValidationError, match=message):
            make.assessment(verdict=verdict)

    def test_it_stands_with_them(self) -> None:
        assert make.assessment(verdict="rule", interactions=["rule"]).interactions == ("rule",)
        assert make.assessment(verdict="no_alert", cases=["quiet"]).cases == ("quiet",)
