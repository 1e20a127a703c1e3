"""House rules about assessments: every class and rule is part of one, and silence that is claimed is silence."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rules.model import Case, Interaction
from tests import factories as make
from tests.factories import management
from tests.unit.rules.lint.small import ALL_CASES, Seen, faults, rule

PLACE = "assessments/silence"
NOT_SILENT = [(PLACE, "/cases/0", "not-silent")]


def whole_list(*texts: str, **facts: Any) -> Case:  # noqa: ANN401 - parts of a question
    """A list that an assessment may point to."""
    lines = [make.medication(f"m{index}", text) for index, text in enumerate(texts)]
    content = {
        "id": "list",
        "last_reviewed_on": make.REVIEWED,
        "kind": "whole_list",
        "title": "A list",
        "rationale": "A reason.",
        "citations": make.references(),
        "profile": {"medications": lines, **facts},
        "expect": {},
    }
    return Case.model_validate_json(json.dumps(content))


def silence(listed: Case, record: Interaction, **named: Any) -> Seen:  # noqa: ANN401 - keys of the record
    """What lint says of an assessment that claims silence about what it names."""
    claim = make.assessment("silence", verdict="no_alert", cases=["list"], **named)
    more = (
        make.condition("gout"),
        make.salt_form("oxide", "MgO"),
        make.substance("magnesium-oxide", salt_form="oxide"),
    )
    return faults(record, claim, *more, cases=(*ALL_CASES, listed))


def test_everything_is_named() -> None:
    assert faults(rule(), assessed=False) == [
        ("classes/class-a", "", "not-assessed"),
        ("interactions/rule", "", "not-assessed"),
    ]
    named = make.assessment(classes=["class-a"], interactions=["rule"])
    assert faults(rule(), named, assessed=False) == []


def test_a_withdrawn_assessment_names_nothing() -> None:
    named = make.assessment(classes=["class-a"], interactions=["rule"], status="withdrawn")
    assert len(faults(rule(), named, assessed=False)) == 2


def test_what_is_withdrawn_needs_no_assessment() -> None:
    gone = make.medication_class("gone", "alvorin", status="withdrawn")
    assert faults(gone, rule(status="withdrawn"), make.assessment(classes=["class-a"]), assessed=False) == []


def test_a_rule_that_is_pointed_to_is_in_force() -> None:
    claim = make.assessment("claim", verdict="rule", interactions=["rule"])
    assert faults(rule(status="withdrawn"), claim) == [("assessments/claim", "/interactions/0", "withdrawn-reference")]


def test_only_silence_is_tested_for_silence() -> None:
    claim = make.assessment("claim", verdict="information", cases=["list"], classes=["class-a"])
    assert faults(rule(), claim, cases=(*ALL_CASES, whole_list("alvorin"))) == []


class TestSilence:
    """Nothing above minor is said about what the assessment names."""

    @pytest.mark.parametrize(
        "named", [{"classes": ["class-a"]}, {"substances": ["alvorin"]}, {}], ids=["class", "substance", "everything"]
    )
    def test_not_silent(self, named: dict[str, Any]) -> None:
        assert silence(whole_list("alvorin"), rule(), **named) == NOT_SILENT

    @pytest.mark.parametrize("named", [{"substances": ["betarine"]}, {"conditions": ["gout"]}])
    def test_about_something_else(self, named: dict[str, Any]) -> None:
        assert silence(whole_list("alvorin", "betarine"), rule(), **named) == []

    def test_minor_is_silent_enough(self) -> None:
        assert silence(whole_list("alvorin"), rule(severity="minor"), classes=["class-a"]) == []

    def test_precipitant(self) -> None:
        record = rule(affected=None, precipitant=make.party("class-a"))
        assert silence(whole_list("alvorin"), record, substances=["alvorin"]) == NOT_SILENT

    def test_condition(self) -> None:
        record = rule(affected=None, conditions=["gout"])
        listed = whole_list("betarine", conditions=[{"text": "gout"}])
        assert silence(listed, record, conditions=["gout"]) == NOT_SILENT
        assert silence(listed, record, substances=["betarine"]) == []

    def test_salt_form(self) -> None:
        record = rule(affected={"substances": ["magnesium-oxide"]}, management=management())
        assert silence(whole_list("magnesium oxide"), record, forms=["oxide"]) == NOT_SILENT
