"""Figures and the report as text; the numbers come from counting the records of `small` by hand."""

from datetime import date

from rules import compile_rule_set
from rules.terms import Severity
from service.cli.knowledge_report import report_sections
from service.cli.knowledge_report.figures import (
    Spread,
    best_verification,
    classes_without_rules,
    counts,
    disagreements,
    past_review,
    quiet_cases,
    quietness,
    unused_citations,
    whole_lists,
)
from tests import factories as make
from tests.unit.service.cli.knowledge_report.small import TODAY, small

WORLD = small()
RULE_SET = WORLD.rule_set


def sections(day: date = TODAY) -> dict[str, list[str]]:
    return dict(report_sections(WORLD, day))


def test_counts() -> None:
    assert counts(RULE_SET) == {
        "medication classes": 4,
        "substances": 4,
        "products": 0,
        "interactions": 3,
        "variants of single substances": 1,
        "conditions and populations": 1,
        "magnesium salts": 1,
        "salt forms counted as hydrates": 2,
        "sources": 3,
        "assessments": 4,
        "worked cases": 6,
        "quiet pairs": 3,
        "whole lists of 5 medicines and more": 1,
    }


def test_quiet_lists_are_quiet_cases_and_those_of_assessments() -> None:
    assert [one.id for one in quiet_cases(RULE_SET)] == ["quiet", "not-so-quiet", "long"]
    assert [one.id for one in whole_lists(RULE_SET)] == ["short", "long"]


def test_quietness_of_whole_lists() -> None:
    """The short list has the loss (moderate), alvorin with magnesium (major) and betarine with it (minor)."""
    noise = quietness(WORLD, whole_lists(RULE_SET))
    assert noise is not None
    assert noise.lists == 2
    assert noise.total == Spread(0, 1.5, 1.5, 3)
    one = Spread(0, 0.5, 0.5, 1)
    assert noise.by_severity == {
        Severity.CONTRAINDICATED: Spread(0, 0, 0, 0),
        Severity.MAJOR: one,
        Severity.MODERATE: one,
        Severity.MINOR: one,
    }
    assert noise.loudest == (("window", 2), ("loss", 1))


def test_quietness_of_quiet_lists() -> None:
    noise = quietness(WORLD, quiet_cases(RULE_SET))
    assert noise is not None
    assert (noise.lists, noise.total) == (3, Spread(0, 0, 1 / 3, 1))
    assert noise.loudest == (("loss", 1),)


def test_no_lists_no_noise() -> None:
    assert quietness(WORLD, []) is None


def test_disagreements() -> None:
    (found,) = disagreements(RULE_SET)
    assert (found.interaction.id, found.substances) == ("window", ())
    assert found.disagreement.policy == "strictest"
    assert found.chosen.magnesium_first_hours == 6


def test_reviews() -> None:
    assert [one.id for one in past_review(RULE_SET, TODAY)] == ["window"]  # due a day ago; the other is due today
    assert [one.id for one in past_review(RULE_SET, date(2026, 11, 23))] == ["window", "loss"]


def test_what_nothing_uses() -> None:
    interactions = [one for one in RULE_SET.interactions if one.id != "gone"]
    assert [one.id for one in unused_citations(RULE_SET)] == ["unused"]
    assert classes_without_rules(RULE_SET.classes, interactions) == ["idle"]  # class-a is included


def test_the_best_source_counts() -> None:
    record = make.interaction("both", affected={"substances": ["alvorin"]}, evidence=make.evidence("label", "source"))
    assert best_verification(record, WORLD) == "primary_text"
    assert best_verification(WORLD.interactions["window"], WORLD) == "second_hand"


def test_sections() -> None:
    shown = sections()
    assert "     3  interactions (1 withdrawn)" in shown["Records"]
    assert "     2  salt forms counted as hydrates" in shown["What there is"]
    assert shown["Interactions by severity"] == [
        "     0  contraindicated",
        "     1  major",
        "     1  moderate",
        "     0  minor",
    ]
    assert shown["Interactions by evidence grade"] == ["     1  A", "     1  B", "     0  C", "     0  D"]
    assert shown["Variants by evidence grade"] == ["     0  A", "     1  B", "     0  C", "     0  D"]
    assert shown["Interactions by best verification"] == [
        "     1  primary_text",
        "     1  second_hand",
        "     0  unverified",
    ]
    assert shown["Left out"] == ["Is it better?: No source could be read."]
    assert shown["Sources that disagree"] == [
        "window: magnesium first 6 h, drug first 2.5 h, strictest",
        "    source: Four hours.",
        "    label: Six hours.",
        "    chosen: The longer one costs nothing.",
    ]
    assert shown["Findings for each of 3 quiet lists"][-1].split() == ["all", "0", "0.0", "0.33", "1"]
    assert shown["What fires most on quiet lists"] == ["     1  loss"]
    assert shown["Interactions past review on 2026-11-22"] == ["window, due on 2026-11-21"]
    assert shown["Citations nothing refers to"] == ["unused"]
    assert shown["Classes no interaction refers to"] == ["idle"]
    assert shown["Digest"] == [WORLD.digest]


def test_assessments_by_area_and_verdict() -> None:
    rows = {line.split()[0]: line.split()[1:] for line in sections()["Assessments by area and verdict"]}
    assert rows["rule"] == ["information", "no_alert", "left_out"]  # the heads
    assert rows["depletion"] == ["1", "0", "0", "0"]
    assert rows["popular_claims"] == ["0", "0", "1", "0"]
    assert rows["forms"] == ["0", "0", "0", "1"]
    assert rows["effects"] == ["0", "0", "0", "0"]


def test_nothing_there() -> None:
    shown = dict(report_sections(compile_rule_set(make.rule_set()), TODAY))
    assert shown["Left out"] == shown["Sources that disagree"] == ["none"]
    assert shown["Interactions past review on 2026-11-22"] == ["none"]
    assert not any("lists" in title for title in shown)


def test_hours_of_a_variant() -> None:
    positions = [{"citation": "source", "text": "It helps."}, {"citation": "label", "text": "It does not."}]
    disagreement = {"positions": positions, "policy": "newer_primary_source", "text": "The study is newer."}
    separations = ({"spacing_helps": False, "disagreement": disagreement}, {"drug_first_hours": 2})
    record = make.interaction(
        "more",
        affected={"substances": ["alvorin", "betarine"]},
        variants=[
            make.variant(name, separation=one) for name, one in zip(("alvorin", "betarine"), separations, strict=True)
        ],
    )
    (shown, *_) = dict(report_sections(small(record), TODAY))["Sources that disagree"]
    assert shown == "more (alvorin): no spacing helps, newer_primary_source"
