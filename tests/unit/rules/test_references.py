"""References that lead nowhere, ids used twice, classes that include themselves: all found, each with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rules.model import Case, RuleSet
from rules.references import broken_references
from tests import factories as make

BASE = (
    make.substance("alvorin"),
    make.medication_class("class-a", "alvorin"),
    make.condition("gout"),
    make.symptom("cramps"),
)


def case(**given: Any) -> Case:  # noqa: ANN401 - keys of the record
    """A case about the rule."""
    content = {
        "id": "case",
        "last_reviewed_on": make.REVIEWED,
        "kind": "quiet",
        "interaction": "rule",
        "title": "A title",
        "rationale": "A reason.",
        "citations": make.references(),
        "profile": {"medications": [make.medication("m1", "alvorin")]},
        "expect": {},
        **given,
    }
    return Case.model_validate_json(json.dumps(content))


def faults(*records: Any, cases: tuple[Case, ...] = ()) -> list[tuple[str, str, str, str]]:  # noqa: ANN401
    """Kind, id, pointer and code of every fault, sorted."""
    rule_set = make.rule_set(*BASE, *records).model_copy(update={"cases": cases})
    return sorted((kind, record_id, pointer, code) for kind, record_id, pointer, code, _ in broken_references(rule_set))


def rule(**given: Any) -> Any:  # noqa: ANN401
    """An interaction about class-a."""
    return make.interaction("rule", **{"affected": make.party("class-a"), **given})


def test_everything_fits() -> None:
    assert faults(rule(when={"not": {"conditions": ["gout"]}}), cases=(case(),)) == []


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"affected": {"classes": ["class-a", "nope"]}}, "/affected/classes/1"),
        ({"affected": {"substances": ["nope"]}}, "/affected/substances/0"),
        ({"affected": make.party("class-a", except_substances=["nope"])}, "/affected/except_substances/0"),
        ({"precipitant": make.party("nope")}, "/precipitant/classes/0"),
        ({"conditions": ["gout", "nope"]}, "/conditions/1"),
        ({"when": {"conditions": ["nope"]}}, "/when/conditions/0"),
        ({"when": {"symptoms": ["cramps", "nope"]}}, "/when/symptoms/1"),
        ({"when": {"not": {"conditions": ["nope"]}}}, "/when/not/conditions/0"),
        (
            {"when": {"any": [{"sex": "male"}, {"co_medication": {"substances": ["nope"]}}]}},
            "/when/any/1/co_medication/substances/0",
        ),
        ({"when": {"all": [{"risk_count": {"classes": ["nope"], "at_least": 1}}]}}, "/when/all/0/risk_count/classes/0"),
        ({"evidence": make.evidence("source", "nope")}, "/evidence/citations/1/citation"),
        ({"factors": [make.factor("ff", "major", {"conditions": ["nope"]})]}, "/factors/0/when/conditions/0"),
        (
            {"factors": [make.factor("ff", "major", {"sex": "male"}, citations=make.references("nope"))]},
            "/factors/0/citations/0/citation",
        ),
        ({"variants": [make.variant("nope")]}, "/variants/0/substances/0"),
    ],
)
def test_reference_of_an_interaction_that_leads_nowhere(given: dict[str, Any], pointer: str) -> None:
    assert faults(rule(**given)) == [("interactions", "rule", pointer, "unknown-reference")]


def test_disagreement_that_cites_nothing() -> None:
    position = {"citation": "nope", "text": "Two hours.", "drug_first_hours": "2"}
    other = {**position, "citation": "source"}
    separation = {
        "drug_first_hours": "2",
        "disagreement": {"positions": [position, other], "policy": "strictest", "text": "They differ."},
    }
    management = {"action": "separate_doses", "text": "Consider it.", "patient_text": "Ask.", "separation": separation}
    pointer = "/management/separation/disagreement/positions/0/citation"
    assert faults(rule(management=management)) == [("interactions", "rule", pointer, "unknown-reference")]


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        (make.substance("betarine", salt_form="nope"), ("substances", "betarine", "/salt_form")),
        (make.product("pp", "nope"), ("products", "pp", "/ingredients/0/substance")),
        (make.medication_class("class-b", "nope"), ("classes", "class-b", "/members/0")),
        (make.medication_class("class-b", includes=["nope"]), ("classes", "class-b", "/includes/0")),
        (make.medication_class("class-b", "alvorin", exclusions=["nope"]), ("classes", "class-b", "/exclusions/0")),
        (
            make.condition("thirst", present_when={"conditions": ["nope"]}),
            ("conditions", "thirst", "/present_when/conditions/0"),
        ),
        (make.symptom("tremor", citations=make.references("nope")), ("symptoms", "tremor", "/citations/0/citation")),
        (
            make.intake_limit(citations=make.references("nope")),
            ("intake_limits", "upper-level", "/citations/0/citation"),
        ),
        (
            make.administration("rule", "nope", time_of_day="morning"),
            ("administrations", "rule", "/substances/0"),
        ),
        (
            make.administration("rule", time_of_day="morning", classes=["nope"]),
            ("administrations", "rule", "/classes/0"),
        ),
        (
            make.administration("rule", "alvorin", time_of_day="morning", except_substances=["nope"]),
            ("administrations", "rule", "/except_substances/0"),
        ),
        (make.attribution(interactions=["nope"]), ("attributions", "makers", "/interactions/0")),
        (
            make.monitoring_schedule("level", "ecg", interactions=["nope"]),
            ("monitoring_schedules", "level", "/interactions/0"),
        ),
        (
            make.recommended_intake("body", "300", citations=make.references("nope")),
            ("recommended_intakes", "body", "/citations/0/citation"),
        ),
        (
            make.supplement_target("target", "food_first", "100", "200", citations=make.references("nope")),
            ("supplement_targets", "target", "/citations/0/citation"),
        ),
        (make.guidance("page", citations=make.references("nope")), ("guidance", "page", "/citations/0/citation")),
        (
            make.salt_form("oxide", "MgO", usual_use={"text": "Sold.", "citations": make.references("nope")}),
            ("forms", "oxide", "/usual_use/citations/0/citation"),
        ),
    ],
)
def test_reference_of_another_record_that_leads_nowhere(record: Any, fault: tuple[str, str, str]) -> None:  # noqa: ANN401
    assert faults(record) == [(*fault, "unknown-reference")]


def test_detail_says_what_is_missing_where() -> None:
    rule_set = make.rule_set(*BASE, rule(conditions=["nope"]))
    assert [detail for *_, detail in broken_references(rule_set)] == ["there is no 'nope' among the conditions"]


class TestPopulations:
    """A condition that follows from facts follows from no other such condition: nothing says which comes first."""

    OLD = make.condition("old", present_when={"age_years": {"at_least": "65"}})

    @pytest.mark.parametrize(
        ("present_when", "pointer"),
        [
            ({"conditions": ["gout", "old"]}, "/present_when/conditions/1"),
            ({"not": {"conditions": ["old"]}}, "/present_when/not/conditions/0"),
            ({"risk_count": {"conditions": ["old"], "at_least": 1}}, "/present_when/risk_count/conditions/0"),
            ({"conditions": ["frail"]}, "/present_when/conditions/0"),
        ],
    )
    def test_from_another(self, present_when: dict[str, Any], pointer: str) -> None:
        frail = make.condition("frail", present_when=present_when)
        assert faults(self.OLD, frail) == [("conditions", "frail", pointer, "derived-from-derived")]

    def test_from_a_condition_that_is_only_listed(self) -> None:
        assert faults(self.OLD, make.condition("frail", present_when={"conditions": ["gout"]})) == []


class TestCases:
    """A case may only speak of what its profile and the rule set hold."""

    def test_about_an_interaction_that_is_not_there(self) -> None:
        assert faults(cases=(case(),)) == [("cases", "case", "/interaction", "unknown-reference")]

    def test_expects_what_is_not_there(self) -> None:
        expect = {"findings": [{"interaction": "nope"}], "absent": ["rule", "never"]}
        assert faults(rule(), cases=(case(expect=expect),)) == [
            ("cases", "case", "/expect/absent/1", "unknown-reference"),
            ("cases", "case", "/expect/findings/0/interaction", "unknown-reference"),
        ]

    def test_speaks_of_a_medication_that_is_not_in_its_profile(self) -> None:
        expect = {
            "findings": [{"interaction": "rule"}, {"interaction": "rule", "medications": ["m1", "m2"]}],
            "states": {"m1": "recognised", "m3": "unrecognised"},
        }
        assert faults(rule(), cases=(case(expect=expect),)) == [
            ("cases", "case", "/expect/findings/1/medications", "unknown-medication"),
            ("cases", "case", "/expect/states/m3", "unknown-medication"),
        ]

    def test_its_timetable_speaks_of_a_medication_that_is_not_in_its_profile(self) -> None:
        timetable = {"times": {"m1": ["08:00"], "m2": ["09:00"]}, "moved": ["m3", "m1"], "conflict": ["m4"]}
        assert faults(rule(), cases=(case(expect={"timetable": timetable}),)) == [
            ("cases", "case", f"/expect/timetable/{place}", "unknown-medication")
            for place in ("conflict", "moved", "times")
        ]
        assert faults(rule(), cases=(case(expect={"timetable": {"state": "planned"}}),)) == []

    def test_its_plan_and_settled_findings_are_references(self) -> None:
        expect = {"plan": {"forms": [{"form": "nope", "fit": "fits"}]}, "settled": ["never", "rule"]}
        assert faults(rule(), cases=(case(expect=expect),)) == [
            ("cases", "case", "/expect/plan/forms/0/form", "unknown-reference"),
            ("cases", "case", "/expect/settled/0", "unknown-reference"),
        ]

    def test_names_in_the_question_are_no_references(self) -> None:
        """A case may be about names that nobody knows."""
        profile = {"medications": [make.medication("m1", "nonsense")], "conditions": [{"text": "grumbling"}]}
        assert faults(rule(), cases=(case(profile=profile),)) == []


class TestIdentity:
    """Ids, variants and inclusions."""

    def test_id_twice(self) -> None:
        rule_set = RuleSet(substances=(make.substance("alvorin"), make.substance("alvorin")))
        assert broken_references(rule_set) == [
            ("substances", "alvorin", "/id", "duplicate-id", "the id 'alvorin' is used twice")
        ]

    def test_one_id_for_two_kinds_is_fine(self) -> None:
        assert faults(make.condition("alvorin")) == []

    def test_substance_with_two_variants(self) -> None:
        twice = rule(variants=[make.variant("alvorin"), make.variant("alvorin")])
        assert faults(twice) == [("interactions", "rule", "/variants/1/substances", "claimed-twice")]

    def test_class_that_includes_itself(self) -> None:
        assert faults(make.medication_class("class-b", includes=["class-b"])) == [
            ("classes", "class-b", "/includes", "cycle")
        ]

    def test_circle_of_classes(self) -> None:
        circle = [
            make.medication_class("class-b", includes=["class-c"]),
            make.medication_class("class-c", includes=["class-d"]),
            make.medication_class("class-d", includes=["class-b"]),
        ]
        assert faults(*circle) == [("classes", f"class-{one}", "/includes", "cycle") for one in "bcd"]

    def test_class_above_a_circle_is_not_in_it(self) -> None:
        records = [
            make.medication_class("class-b", includes=["class-c"]),
            make.medication_class("class-c", includes=["class-c"]),
        ]
        assert faults(*records) == [("classes", "class-c", "/includes", "cycle")]

    def test_two_ways_to_one_class_are_no_circle(self) -> None:
        records = [
            make.medication_class("top", includes=["left", "right"]),
            make.medication_class("left", includes=["class-a"]),
            make.medication_class("right", includes=["class-a"]),
        ]
        assert faults(*records) == []


def test_all_faults_come_together() -> None:
    found = faults(
        rule(conditions=["nope"], evidence=make.evidence("nope")),
        make.substance("betarine", salt_form="nope"),
        make.medication_class("class-b", includes=["class-b"]),
    )
    assert len(found) == 4
