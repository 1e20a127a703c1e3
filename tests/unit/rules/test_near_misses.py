"""Near misses: rules that touched a listed medication and did not apply, with what failed."""

from __future__ import annotations

from typing import Any

import pytest

from rules import check
from rules.report import NearMiss
from tests import factories as make

RECORDS = (
    make.substance("alvorin", routes=["oral", "intravenous"]),
    make.substance("betarine"),
    make.substance("cordimax"),
    make.medication_class("class-a", "alvorin", name="Alvorins"),
    make.medication_class("class-b", "betarine", name="Betarines"),
    make.condition("gout"),
    make.condition("old", present_when={"age_years": {"at_least": "65"}}),
)


def misses(rule: dict[str, Any], *lines: dict[str, Any], **facts: Any) -> list[NearMiss]:  # noqa: ANN401
    """The near misses of a rule on a list."""
    world = make.compiled(*RECORDS, make.interaction("rule", **rule))
    report = check(world, make.profile(*lines, **facts), explain=True)
    assert bool(report["findings"]) + bool(report["near_misses"]) < 2
    return report["near_misses"]


def failed(rule: dict[str, Any], *lines: dict[str, Any], **facts: Any) -> list[tuple[str, str]]:  # noqa: ANN401
    """What failed of the one near miss."""
    found = misses(rule, *lines, **facts)
    assert len(found) == 1
    assert {reason["outcome"] for reason in found[0]["failed"]} == {"does_not_apply"}
    return [(reason["test"], reason["detail"]) for reason in found[0]["failed"]]


ALVORIN = make.medication("m1", "alvorin")
BETARINE = make.medication("m2", "betarine")
CORDIMAX = make.medication("m3", "cordimax")
PAIR: dict[str, Any] = {"affected": make.party("class-a"), "precipitant": make.party("class-b")}


def test_not_without_being_asked() -> None:
    world = make.compiled(*RECORDS, make.interaction("rule", **PAIR))
    assert "near_misses" not in check(world, make.profile(ALVORIN))


def test_asking_does_not_change_the_answer() -> None:
    world = make.compiled(*RECORDS, make.interaction("rule", **PAIR))
    for lines in ([ALVORIN], [ALVORIN, BETARINE]):
        plain = dict(check(world, make.profile(*lines)))
        explained = dict(check(world, make.profile(*lines), explain=True))
        del explained["near_misses"]
        assert explained == plain


def test_what_is_told() -> None:
    found = misses(PAIR, ALVORIN)
    assert found == [
        {
            "interaction_id": "rule",
            "title": "The interaction rule",
            "medication_ids": ["m1"],
            "failed": [
                {
                    "test": "affected",
                    "outcome": "does_not_apply",
                    "detail": "m1: no other medication is Betarines",
                }
            ],
        }
    ]


def test_rule_that_touches_nobody_is_no_near_miss() -> None:
    assert misses(PAIR, CORDIMAX) == []


def test_rule_that_applies_is_no_near_miss() -> None:
    assert misses(PAIR, ALVORIN, BETARINE) == []


def test_rule_that_may_apply_is_no_near_miss() -> None:
    assert misses({"affected": make.party("class-a", routes=["oral"])}, ALVORIN) == []


def test_partner_is_missing_on_the_other_side() -> None:
    assert failed(PAIR, BETARINE) == [("precipitant", "m2: no other medication is Alvorins")]


def test_partner_is_wanted_by_a_route_and_by_name() -> None:
    rule = {
        "affected": make.party("class-a"),
        "precipitant": {"classes": ["class-b"], "substances": ["cordimax"], "routes": ["oral", "rectal"]},
    }
    assert failed(rule, ALVORIN) == [
        ("affected", "m1: no other medication is Betarines, cordimax by route oral/rectal")
    ]


def test_route_that_does_not_fit() -> None:
    """The example every pharmacist knows: the injected drug does not meet magnesium in the gut."""
    rule = {"affected": make.party("class-a", routes=["oral"]), "precipitant": make.party("class-b")}
    injected = make.medication("m1", "alvorin", route="intravenous")
    assert failed(rule, injected, BETARINE) == [("affected", "m1: alvorin; route intravenous as given")]


def test_partner_by_a_route_that_does_not_fit() -> None:
    rule = {"affected": make.party("class-a"), "precipitant": make.party("class-b", routes=["intravenous"])}
    assert failed(rule, ALVORIN, BETARINE) == [
        ("precipitant", "m2: betarine; route oral, the only one it has"),
    ]


def test_dose_form_that_does_not_fit() -> None:
    rule = {"affected": make.party("class-a", dose_forms=["tablet"])}
    line = make.medication("m1", "alvorin", dose_form="powder")
    assert failed(rule, line) == [("affected", "m1: alvorin; route not given, dose form powder")]


def test_condition_that_is_not_there() -> None:
    rule = {"affected": make.party("class-a"), "conditions": ["gout"]}
    unknown = "no conditions were given, so that this is not known: gout"
    assert failed(rule, ALVORIN) == [("condition", unknown)]
    assert failed(rule, ALVORIN, conditions=[]) == [("condition", "condition not present: gout")]


def test_condition_that_is_open_is_no_near_miss() -> None:
    rule = {"affected": make.party("class-a"), "conditions": ["old"]}
    assert misses(rule, ALVORIN) == []
    assert failed(rule, ALVORIN, patient={"age_years": 30}) == [("condition", "condition not present: old")]


def test_expression_that_fails() -> None:
    rule = {"precipitant": make.party("class-a"), "when": {"age_years": {"at_least": "65"}}}
    assert failed(rule, ALVORIN, patient={"age_years": 64}) == [("when", "age 64 years is not at least 65")]


def test_expression_of_a_pair_is_that_of_the_affected_medication() -> None:
    rule = {**PAIR, "when": {"daily_dose_mg": {"at_least": "80"}}}
    line = make.medication("m1", "alvorin 40 mg daily")
    assert failed(rule, line, BETARINE) == [("when", "daily dose 40 mg is not at least 80")]


def test_several_lines_each_with_its_own_failure() -> None:
    rule = {"affected": make.party("class-a"), "when": {"daily_dose_mg": {"at_least": "80"}}}
    lines = (make.medication("b", "alvorin 40 mg daily"), make.medication("a", "alvorin 20 mg daily"))
    found = misses(rule, *lines)
    assert found[0]["medication_ids"] == ["a", "b"]
    assert [reason["detail"] for reason in found[0]["failed"]] == [
        "daily dose 20 mg is not at least 80",
        "daily dose 40 mg is not at least 80",
    ]


def test_same_failure_is_told_once() -> None:
    rule = {"affected": make.party("class-a"), "when": {"age_years": {"at_least": "65"}}}
    lines = (ALVORIN, make.medication("again", "alvorin"))
    assert len(failed(rule, *lines, patient={"age_years": 64})) == 1


def test_excepted_substance_is_not_touched() -> None:
    rule = {"affected": make.party("class-a", except_substances=["alvorin"]), "when": {"sex": "male"}}
    assert misses(rule, ALVORIN, patient={"sex": "female"}) == []


@pytest.mark.parametrize("order", [(ALVORIN, BETARINE), (BETARINE, ALVORIN)])
def test_order_of_the_list_does_not_matter(order: tuple[dict[str, Any], ...]) -> None:
    records = [
        make.interaction("z-rule", affected=make.party("class-a"), when={"sex": "male"}),
        make.interaction("a-rule", affected=make.party("class-b"), when={"sex": "male"}),
    ]
    report = check(make.compiled(*RECORDS, *records), make.profile(*order, patient={"sex": "female"}), explain=True)
    assert [miss["interaction_id"] for miss in report["near_misses"]] == ["a-rule", "z-rule"]
