"""House rules about figures without a source and reviews that are outstanding."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from rules.documents import Document
from rules.lint import lint
from rules.load import Knowledge
from tests import factories as make
from tests.factories import management
from tests.unit.rules.lint.small import ALL_CASES, BASE, WHEN, assessed_all, faults, rule

SILENT = [{"citation": "source"}]
UNSUPPORTED = {"grade": "B", "citations": SILENT}


class TestFigures:
    """A figure has a source that says what it supports."""

    @pytest.mark.parametrize(
        "text",
        [
            "It fell by 30 %.",
            "A 2-fold rise.",
            "After 4 hours.",
            "With 1.5 g a day.",
            "From 1,000 mg on.",
            "In 12 months.",
        ],
    )
    def test_figure_without_support(self, text: str) -> None:
        assert faults(rule(effect=text, evidence=UNSUPPORTED)) == [("interactions/rule", "/effect", "uncited-figure")]
        assert faults(rule(effect=text)) == []

    @pytest.mark.parametrize("text", ["Two medicines at once.", "Vitamin B12 and stage 4.", "Rule 3 holds."])
    def test_other_numbers(self, text: str) -> None:
        assert faults(rule(effect=text, evidence=UNSUPPORTED)) == []

    @pytest.mark.parametrize(
        ("given", "pointer"),
        [
            ({"mechanism": "It binds 3 mg."}, "/mechanism"),
            ({"management": management(text="Consider 3 hours.")}, "/management/text"),
            ({"variants": [make.variant("alvorin", effect="By 9 %.", evidence=UNSUPPORTED)]}, "/variants/0/effect"),
            (
                {"variants": [make.variant("alvorin", management_text="Wait 9 h.", evidence=UNSUPPORTED)]},
                "/variants/0/management_text",
            ),
            (
                {"factors": [make.factor("old", "major", WHEN, text="For 2 weeks.", citations=SILENT)]},
                "/factors/0/text",
            ),
        ],
    )
    def test_every_text_that_may_hold_one(self, given: dict[str, Any], pointer: str) -> None:
        assert faults(rule(**{"evidence": UNSUPPORTED, **given})) == [("interactions/rule", pointer, "uncited-figure")]

    def test_one_citation_with_support_is_enough(self) -> None:
        evidence = {"grade": "B", "citations": [*SILENT, *make.references("label")]}
        assert faults(rule(effect="By 30 %.", evidence=evidence)) == []


class TestReviews:
    """Sources are read again in time."""

    def test_the_day_itself_is_in_time(self) -> None:
        assert faults(rule(), today=date(2028, 11, 22)) == []

    def test_interactions_and_assessments_come_first(self) -> None:
        assert faults(rule(), make.assessment(), today=date(2028, 11, 23)) == [
            ("assessments/assessment", "/last_reviewed_on", "review-overdue"),
            ("assessments/everything", "/last_reviewed_on", "review-overdue"),
            ("interactions/rule", "/last_reviewed_on", "review-overdue"),
        ]

    @pytest.mark.parametrize("status", ["active", "withdrawn"])
    def test_other_records_follow(self, status: str) -> None:
        old = make.citation("old", last_reviewed_on="2022-01-31", status=status)
        expected = [("citations/old", "/last_reviewed_on", "review-overdue")] if status == "active" else []
        assert faults(old, today=date(2026, 2, 1)) == expected


class TestAttributes:
    """A rule tells who made it, who paid for it and since when it answers; the gate lets no other through."""

    def seen(self, *records: Document, status: str = "active") -> list[tuple[str, str, str]]:
        rules = make.rule_set(*BASE, rule(status=status), *ALL_CASES, *records)
        return [(one.file, one.pointer, one.code) for one in lint(Knowledge(assessed_all(rules), {}))]

    def test_without_an_attribution(self) -> None:
        assert self.seen() == [("interactions/rule", "", "no-attribute")]
        assert self.seen(make.attribution()) == []
        assert self.seen(make.attribution(interactions=["rule"])) == []

    def test_one_that_does_not_count(self) -> None:
        assert self.seen(make.attribution(status="withdrawn")) == [("interactions/rule", "", "no-attribute")]

    def test_without_the_day_of_release(self) -> None:
        assert faults(rule(released_on=None)) == [("interactions/rule", "/released_on", "no-attribute")]
        assert faults(rule(released_on="2026-11-23")) == [("interactions/rule", "/released_on", "no-attribute")]
        assert faults(rule(released_on="2026-11-22")) == []

    def test_a_withdrawn_rule_is_left_alone(self) -> None:
        assert faults(rule(released_on=None, status="withdrawn"), cases=()) == []

    def test_two_for_the_same(self) -> None:
        two = [("attributions/other", "/interactions", "two-attributions")]
        assert self.seen(make.attribution(), make.attribution("other")) == two
        named: dict[str, Any] = {"interactions": ["rule"]}
        assert self.seen(make.attribution(**named), make.attribution("other", **named)) == two
        assert self.seen(make.attribution(), make.attribution("other", **named)) == []
        assert self.seen(make.attribution(), make.attribution("other", status="withdrawn")) == []
