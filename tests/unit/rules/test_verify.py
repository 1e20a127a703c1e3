"""Running the worked cases: a case that holds is silent, one that does not says everything that differs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rules import compile_rule_set
from rules.model import Case
from rules.verify import VerifyResult, failures_of, verify
from tests import factories as make

SEPARATED = {
    "action": "separate_doses",
    "text": "Consider an interval.",
    "patient_text": "Take them apart.",
    "separation": {"magnesium_first_hours": "6", "drug_first_hours": "2"},
}
RECORDS = (
    make.substance("alvorin"),
    make.substance("betarine"),
    make.substance("magnesium"),
    make.medication_class(make.MAGNESIUM, "magnesium"),
    make.interaction(
        "pair",
        affected={"substances": ["alvorin"]},
        precipitant={"substances": ["betarine"]},
        management=SEPARATED,
        factors=[make.factor("low-egfr", "major", {"egfr": {"below": "30"}})],
    ),
    make.interaction("single", affected={"substances": ["betarine"]}, severity="minor"),
)
LIST = [make.medication("a", "alvorin"), make.medication("b", "betarine")]


def case(expect: dict[str, Any], kind: str = "whole_list", **given: Any) -> Case:  # noqa: ANN401 - keys of the record
    """A case on the list of alvorin and betarine."""
    content = {
        "id": "case",
        "last_reviewed_on": make.REVIEWED,
        "kind": kind,
        "title": "A title",
        "rationale": "A reason.",
        "citations": make.references(),
        "profile": {"medications": LIST},
        "expect": expect,
        **({} if kind == "whole_list" else {"interaction": "pair"}),
        **given,
    }
    return Case.model_validate_json(json.dumps(content))


def run(*cases: Case) -> VerifyResult:
    """Run the cases."""
    return verify(compile_rule_set(make.rule_set(*RECORDS).model_copy(update={"cases": cases})))


def details(expect: dict[str, Any], **given: Any) -> tuple[str, ...]:  # noqa: ANN401
    """What one case complains about."""
    failures = run(case(expect, **given)).failures
    return failures[0].details if failures else ()


@pytest.mark.parametrize(
    "expect",
    [
        {},
        {"findings": [{"interaction": "pair"}, {"interaction": "single"}], "no_other_findings": True},
        {"findings": [{"interaction": "pair", "severity": "moderate", "severity_ceiling": "major"}]},
        {"findings": [{"interaction": "pair", "operational_class": "monitor", "applicability": "applies"}]},
        {"findings": [{"interaction": "pair", "medications": ["b", "a"]}]},
        {"findings": [{"interaction": "pair", "missing_facts": ["patient.egfr"]}]},
        {"findings": [{"interaction": "pair", "magnesium_first_hours": "6.0", "drug_first_hours": 2}]},
        {"findings": [{"interaction": "pair", "spacing_helps": True}]},
        {"findings": [{"interaction": "single", "missing_facts": [], "medications": ["b"]}]},
        {"status": "complete", "elemental_mg_per_day": "0", "states": {"a": "recognised"}},
    ],
)
def test_case_that_holds(expect: dict[str, Any]) -> None:
    assert details(expect) == ()


@pytest.mark.parametrize(
    ("expect", "complaint"),
    [
        ({"findings": [{"interaction": "pair", "severity": "major"}]}, "pair: severity is moderate, expected major"),
        (
            {"findings": [{"interaction": "pair", "severity_ceiling": "moderate"}]},
            "pair: severity_ceiling is major, expected moderate",
        ),
        (
            {"findings": [{"interaction": "pair", "operational_class": "avoid"}]},
            "pair: operational_class is monitor, expected avoid",
        ),
        (
            {"findings": [{"interaction": "pair", "applicability": "may_apply"}]},
            "pair: applicability is applies, expected may_apply",
        ),
        (
            {"findings": [{"interaction": "pair", "magnesium_first_hours": "2"}]},
            "pair: magnesium_first_hours is 6, expected 2",
        ),
        ({"findings": [{"interaction": "pair", "drug_first_hours": "6"}]}, "pair: drug_first_hours is 2, expected 6"),
        ({"findings": [{"interaction": "pair", "spacing_helps": False}]}, "pair: spacing_helps is not False"),
        ({"findings": [{"interaction": "pair", "timing": "kept"}]}, "pair: timing is None, expected kept"),
        (
            {"findings": [{"interaction": "single", "drug_first_hours": "2"}]},
            "single: drug_first_hours is None, expected 2",
        ),
        ({"findings": [{"interaction": "single", "spacing_helps": True}]}, "single: spacing_helps is not True"),
        (
            {"findings": [{"interaction": "pair", "medications": ["a"]}]},
            "pair: medications are ['a', 'b'], expected ['a']",
        ),
        (
            {"findings": [{"interaction": "pair", "missing_facts": []}]},
            "pair: missing facts are ['patient.egfr'], expected []",
        ),
        ({"absent": ["pair"]}, "pair was found and should be absent"),
        (
            {"findings": [{"interaction": "pair"}], "no_other_findings": True},
            "single was found and nothing else was expected",
        ),
        ({"status": "incomplete"}, "status is complete, expected incomplete"),
        ({"elemental_mg_per_day": "400"}, "elemental magnesium a day is 0, expected 400"),
        ({"states": {"b": "unrecognised"}}, "b is recognised, expected unrecognised"),
    ],
)
def test_case_that_does_not_hold(expect: dict[str, Any], complaint: str) -> None:
    assert details(expect) == (complaint,)


def test_finding_that_is_not_there() -> None:
    one = {"medications": [LIST[0]]}
    assert details({"findings": [{"interaction": "pair"}]}, profile=one) == ("pair was not found",)


def test_everything_that_differs_is_told_at_once() -> None:
    expect = {
        "findings": [{"interaction": "pair", "severity": "minor", "spacing_helps": False}],
        "absent": ["single"],
        "status": "incomplete",
    }
    assert details(expect) == (
        "pair: severity is moderate, expected minor; spacing_helps is not False",
        "single was found and should be absent",
        "status is complete, expected incomplete",
    )


def test_one_of_several_findings_of_a_rule_is_enough() -> None:
    """The closest of those that differ is told."""
    lines = [
        make.medication("a", "betarine", route="oral"),
        make.medication("b", "magnesium"),
        make.medication("c", "alvorin"),
    ]
    several = make.interaction("several", affected={"substances": ["alvorin", "betarine"]})
    records = make.rule_set(*RECORDS, several)
    good = case({"findings": [{"interaction": "several", "medications": ["c"]}]}, profile={"medications": lines})
    bad = case(
        {"findings": [{"interaction": "several", "medications": ["c"], "severity": "minor"}]},
        profile={"medications": lines},
    )
    assert verify(compile_rule_set(records.model_copy(update={"cases": (good,)}))).failures == ()
    failure = verify(compile_rule_set(records.model_copy(update={"cases": (bad,)}))).failures[0]
    assert failure.details == ("several: severity is moderate, expected minor",)


def test_failures_are_sorted_and_counted() -> None:
    bad = case({"status": "incomplete"})
    cases = tuple(bad.model_copy(update={"id": name}) for name in ("zz", "aa"))
    result = run(*cases, case({}))
    assert (result.cases, [failure.case_id for failure in result.failures]) == (3, ["aa", "zz"])


def test_withdrawn_case_is_not_run() -> None:
    result = run(case({"status": "incomplete"}, status="withdrawn"))
    assert (result.cases, result.failures) == (0, ())


def test_noise_is_measured_on_quiet_cases() -> None:
    """Everything that is found on a list meant to be quiet counts, whatever its interaction."""
    quiet = case({"absent": ["pair"]}, kind="quiet", profile={"medications": LIST[1:]})
    result = run(quiet, case({"findings": [{"interaction": "pair"}]}, kind="fires", id="other"))
    assert (result.quiet_cases, result.quiet_findings) == (1, 1)
    assert result.failures == ()


CARE = (
    *RECORDS,
    make.interaction("drains", direction="depletes_magnesium", affected={"substances": ["alvorin"]}),
    make.monitoring_schedule("level", "serum_magnesium", interactions=["drains"], every_days=30),
    make.reference_range(),
    make.salt_form("oxide", "MgO"),
    make.substance("magnesium-oxide", salt_form="oxide"),
    make.guidance("dietary-magnesium", "diet"),
)
MEASURED = {"kind": "serum_magnesium", "value": "0.8", "unit": "mmol/L", "taken_on": "2026-11-01"}


def beyond(expect: dict[str, Any], **asked: Any) -> tuple[str, ...]:  # noqa: ANN401
    """What a case complains about that asks for a plan and a timetable of alvorin and betarine.

    Betarine is taken an hour after alvorin; two hours are needed, and six before alvorin in the evening.
    """
    lines = [{**LIST[0], "times": ["08:00", "20:00"]}, {**LIST[1], "times": ["09:00"]}]
    body = {"medications": lines, "as_of": "2026-11-22", "observations": [MEASURED], "plan": True, "timetable": True}
    rules = make.rule_set(*CARE)
    one = case(expect, profile={**body, **asked})
    failures = verify(compile_rule_set(rules.model_copy(update={"cases": (one,)}))).failures
    return failures[0].details if failures else ()


@pytest.mark.parametrize(
    "expect",
    [
        {"settled": [], "deficiency": "risk_factors", "excess": "risk_factors"},
        {"plan": {"decision": "food_first", "food": True}},
        {"plan": {"monitoring": [{"test": "serum_magnesium", "state": "planned", "due_on": "2026-12-01"}]}},
        {"timetable": {"state": "planned", "times": {"b": ["10:00"], "a": ["20:00", "08:00"]}, "moved": ["b"]}},
        {"timetable": {"conflict": []}, "plan": {}},
    ],
)
def test_case_about_risks_plan_and_times_that_holds(expect: dict[str, Any]) -> None:
    assert beyond(expect) == ()


@pytest.mark.parametrize(
    ("expect", "complaint"),
    [
        ({"settled": ["pair", "pair"]}, "settled are [], expected ['pair']"),
        ({"deficiency": "none_known"}, "deficiency is risk_factors, expected none_known"),
        ({"excess": "measured_high"}, "excess is risk_factors, expected measured_high"),
        ({"plan": {"decision": "no_need_shown"}}, "the plan is food_first, expected no_need_shown"),
        ({"plan": {"food": False}}, "food is advised"),
        ({"plan": {"forms": [{"form": "oxide", "fit": "fits"}]}}, "form oxide is None, expected fits"),
        ({"plan": {"monitoring": [{"test": "ecg", "state": "due"}]}}, "ecg is not monitored"),
        (
            {"plan": {"monitoring": [{"test": "serum_magnesium", "state": "overdue"}]}},
            "serum_magnesium is planned, expected overdue",
        ),
        (
            {"plan": {"monitoring": [{"test": "serum_magnesium", "state": "planned", "due_on": "2026-12-02"}]}},
            "serum_magnesium is due on 2026-12-01, expected 2026-12-02",
        ),
        ({"timetable": {"state": "impossible"}}, "the timetable is planned, expected impossible"),
        ({"timetable": {"moved": []}}, "moved are ['b'], expected []"),
        ({"timetable": {"conflict": ["b", "a"]}}, "the conflict is [], expected ['a', 'b']"),
    ],
)
def test_case_about_risks_plan_and_times_that_does_not_hold(expect: dict[str, Any], complaint: str) -> None:
    assert beyond(expect) == (complaint,)


def test_times_that_are_not_planned() -> None:
    lines = [{**LIST[0], "times": ["08:00"]}]
    assert beyond({"timetable": {"times": {"a": ["09:00"]}}}, medications=lines) == (
        "a is at ['08:00'], expected ['09:00']",
    )


def test_food_that_is_not_advised() -> None:
    complaint = ("food is not advised",)
    lines = [{"id": "c", "text": "magnesium", "times": ["08:00"]}]
    assert beyond({"plan": {"food": True}}, medications=lines) == complaint


def test_a_plan_or_timetable_nobody_asked_for() -> None:
    assert details({"plan": {}, "timetable": {}}) == (
        "there is no plan; the profile has to ask for it",
        "there is no timetable; the profile has to ask for it",
    )


def test_one_case_is_run_as_it_is_with_all_others() -> None:
    holds, fails = case({"absent": ["low"]}, id="holds"), case({"absent": ["pair"]}, id="fails")
    compiled = compile_rule_set(make.rule_set(*RECORDS))
    assert failures_of(compiled, holds) == ()
    assert failures_of(compiled, fails) == ("pair was found and should be absent",)
    assert [one.details for one in run(case({"absent": ["single"]})).failures] == [
        failures_of(compiled, case({"absent": ["single"]}))
    ]
