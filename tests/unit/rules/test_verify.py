"""Running the worked cases: a case that holds is silent, one that does not says everything that differs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rules import compile_rule_set
from rules.model import Case
from rules.verify import VerifyResult, verify
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
