"""The source attributes of a rule: who speaks for it, what it cites, and which personal facts it reads where."""

from __future__ import annotations

from typing import Any

from rules.documents import Expression
from rules.model import Condition, Interaction
from rules.profile import PatientFacts
from rules.source_attributes import (
    COMBINING,
    LISTED,
    PERSONAL,
    READS,
    attribution_of,
    citations_of,
    missing_attributes,
    personal_facts,
)
from rules.terms import FactPurpose
from tests import factories as make

OLD = make.condition("pop-old", present_when={"all": [{"age_years": {"at_least": "65"}}, {"sex": "female"}]})
STAGE = make.condition("stage", implies={"egfr": {"below": "30"}})
DIALYSIS = make.condition("dialysis", implies={"dialysis": True})
HOUSING = make.condition("housing", icd10cm=["Z59.0"])
DYSPHORIA = make.condition("dysphoria", icd10cm=["F64"])
PLAIN = make.condition("gout", icd10cm=["M10"])
CONDITIONS = {one.id: one for one in (OLD, STAGE, DIALYSIS, HOUSING, DYSPHORIA, PLAIN)}


def rule(**given: Any) -> Interaction:  # noqa: ANN401 - keys of the record
    return make.interaction("rule", **{"affected": make.party("class-a"), **given})


def used(record: Interaction, conditions: dict[str, Condition] = CONDITIONS) -> dict[str, list[tuple[str, str, str]]]:
    """The attributes that are used: fact, place, purpose of each use."""
    return {
        name: [(use.fact, use.place, str(use.purpose)) for use in uses]
        for name, uses in personal_facts(record, conditions).items()
        if uses
    }


class TestPersonalFacts:
    """Read off the tests of the rule and of the conditions it asks about."""

    def test_nothing_is_asked(self) -> None:
        found = personal_facts(rule(), CONDITIONS)
        assert found == dict.fromkeys(PERSONAL, ())
        assert len(found) == 9

    def test_when_and_factors_wherever_they_stand(self) -> None:
        when = {"all": [{"not": {"sex": "male"}}, {"any": [{"age_years": {"below": "2"}}, {"symptoms": ["cramps"]}]}]}
        record = rule(when=when, factors=[make.factor("weak", "major", {"pregnancy": "pregnant"})])
        assert used(record) == {
            "sex": [("patient.sex", "interactions/rule/when/all/0/not/sex", "applicability")],
            "date_of_birth": [("patient.age_years", "interactions/rule/when/all/1/any/0/age_years", "applicability")],
            "health_status_assessments": [
                ("patient.pregnancy", "interactions/rule/factors/0/when/pregnancy", "severity"),
                ("symptoms", "interactions/rule/when/all/1/any/1/symptoms", "applicability"),
            ],
        }

    def test_the_medication_list_is_no_personal_fact(self) -> None:
        when = {"all": [{"co_medication": {"classes": ["class-a"]}}, {"duration_days": {"at_least": "3"}}]}
        assert used(rule(when=when)) == {}
        assert used(rule(when={"risk_count": {"classes": ["class-a"], "at_least": 1}})) == {}

    def test_conditions_by_their_own_tests(self) -> None:
        """A rule about older people reads the age, although it does not name it."""
        expected = {
            "sex": [("patient.sex", "conditions/pop-old/present_when/all/1/sex", "presence")],
            "date_of_birth": [("patient.age_years", "conditions/pop-old/present_when/all/0/age_years", "presence")],
        }
        for record, place in (
            (rule(conditions=["pop-old"]), "conditions"),
            (rule(when={"conditions": ["pop-old"]}), "when/conditions"),
            (rule(when={"risk_count": {"conditions": ["pop-old"], "at_least": 1}}), "when/risk_count/conditions"),
        ):
            health = {"health_status_assessments": [("conditions", f"interactions/rule/{place}", "applicability")]}
            assert used(record) == expected | health

    def test_conditions_that_stand_for_the_kidney_function(self) -> None:
        found = used(rule(when={"egfr": {"below": "30"}}))
        assert found == {
            "health_status_assessments": [
                ("conditions", "conditions/stage/implies/egfr", "stands_in"),
                ("patient.egfr", "interactions/rule/when/egfr", "applicability"),
            ]
        }
        found = used(rule(when={"dialysis": True}))
        assert ("conditions", "conditions/dialysis/implies/dialysis", "stands_in") in found["health_status_assessments"]

    def test_conditions_that_are_social_or_about_gender(self) -> None:
        found = used(rule(conditions=["housing", "dysphoria", "gout"]))
        assert found["social_determinants_of_health"] == [("conditions", "conditions/housing/icd10cm", "presence")]
        assert found["gender_identity"] == [("conditions", "conditions/dysphoria/icd10cm", "presence")]
        assert set(found) == {"social_determinants_of_health", "gender_identity", "health_status_assessments"}

    def test_a_condition_that_follows_from_the_list_reads_no_personal_fact(self) -> None:
        listed = make.condition("many", present_when={"co_medication": {"classes": ["class-a"], "at_least": 5}})
        assert list(used(rule(conditions=["many"]), {"many": listed})) == ["health_status_assessments"]

    def test_an_unknown_condition_adds_nothing(self) -> None:
        assert list(used(rule(conditions=["nowhere"]))) == ["health_status_assessments"]

    def test_every_test_has_said_what_it_reads(self) -> None:
        """A new test of expressions, or a new fact about a patient, has to choose its attribute."""
        assert set(Expression.model_fields) == {*READS, *LISTED, *COMBINING, "risk_count"}
        assert {attribute for attribute, _ in READS.values()} <= set(PERSONAL)
        read = {fact.partition("patient.")[2] for _, fact in READS.values()}
        # No rule can ask for it: it is added up in the plan.
        assert set(PatientFacts.model_fields) - read == {"dietary_magnesium_mg_per_day"}

    def test_every_purpose_is_seen(self) -> None:
        record = rule(
            conditions=["pop-old"],
            when={"egfr": {"below": "30"}},
            factors=[make.factor("weak", "major", {"dialysis": True})],
        )
        uses = [use for one in personal_facts(record, CONDITIONS).values() for use in one]
        assert {use.purpose for use in uses} == set(FactPurpose)


class TestSources:
    """Citations, makers and days."""

    def test_every_citation_of_the_rule_those_of_its_evidence_first(self) -> None:
        positions = [{"citation": "left", "text": "Two hours."}, {"citation": "right", "text": "Four hours."}]
        disagreement = {"positions": positions, "policy": "strictest", "text": "Sources differ."}
        record = rule(
            factors=[make.factor("weak", "major", {"sex": "male"}, citations=make.references("factor", "main"))],
            management=make.management(separation={"drug_first_hours": "4", "disagreement": disagreement}),
            variants=[make.variant("alvorin", evidence=make.evidence("variant"))],
            evidence=make.evidence("main", "second"),
        )
        assert citations_of(record)[:2] == ("main", "second")
        assert sorted(citations_of(record)) == ["factor", "left", "main", "right", "second", "variant"]

    def test_the_attribution_that_names_the_rule_comes_first(self) -> None:
        general, own = make.attribution(), make.attribution("own", interactions=["rule"])
        other = make.attribution("other", interactions=["another"])
        assert attribution_of(rule(), [general, other, own]) == own
        assert attribution_of(rule(), [other, general]) == general
        assert attribution_of(rule(), [other]) is None
        assert attribution_of(rule(), [make.attribution("own", interactions=["rule"], status="withdrawn")]) is None

    def test_what_is_missing_is_named(self) -> None:
        found = list(missing_attributes(make.rule_set(rule(released_on=None))))
        assert [(gap.interaction_id, gap.attribute, gap.pointer) for gap in found] == [
            ("rule", "developer", ""),
            ("rule", "released_on", "/released_on"),
        ]
