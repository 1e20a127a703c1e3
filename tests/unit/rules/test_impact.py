"""What a changed rule set would answer otherwise, counted by interaction."""

from __future__ import annotations

from typing import Any

from rules import CompiledRuleSet
from rules.impact import impact_of, questions_of
from rules.model import Case
from tests import factories as make


def world(*interactions: Any, cases: tuple[Any, ...] = ()) -> CompiledRuleSet:  # noqa: ANN401 - records
    return make.compiled(make.substance("alvorin"), make.substance("betarine"), *interactions, *cases)


def drains(substance: str, **given: Any) -> Any:  # noqa: ANN401 - keys of the record
    defaults: dict[str, Any] = {
        "direction": "depletes_magnesium",
        "precipitant": {"substances": [substance]},
        "affected": None,
    }
    return make.interaction(f"{substance}-drains", **{**defaults, **given})


LISTS = {
    "both": make.profile(make.medication("alvorin", "alvorin"), make.medication("betarine", "betarine")),
    "one": make.profile(make.medication("alvorin", "alvorin")),
    "none": make.profile(),
}


def test_the_same_rule_set_changes_nothing() -> None:
    same = world(drains("alvorin"))
    impact = impact_of(same, same, LISTS)
    assert (impact.questions, impact.changed, impact.interactions, impact.share) == (3, [], {}, 0.0)


def test_what_appears_and_what_disappears() -> None:
    impact = impact_of(world(drains("alvorin")), world(drains("betarine")), LISTS)
    assert impact.changed == ["both", "one"]
    assert impact.share == 2 / 3
    assert impact.interactions["alvorin-drains"].disappears == ["both", "one"]
    assert impact.interactions["betarine-drains"].appears == ["both"]
    assert impact.interactions["betarine-drains"].disappears == []


def test_a_change_of_severity_is_neither() -> None:
    milder = world(drains("alvorin", severity="minor"))
    graver = world(drains("alvorin", severity="major"))
    change = impact_of(milder, graver, LISTS).interactions["alvorin-drains"]
    assert (change.appears, change.disappears) == ([], [])
    assert change.severity == {"minor to major": ["both", "one"]}


def test_another_wording_is_no_impact() -> None:
    before, after = world(drains("alvorin")), world(drains("alvorin", title="Another title"))
    assert before.digest != after.digest
    assert impact_of(before, after, LISTS).changed == []


def test_an_unchanged_interaction_beside_a_changed_one_is_not_named() -> None:
    before = world(drains("alvorin"), drains("betarine", severity="minor"))
    after = world(drains("alvorin"), drains("betarine", severity="major"))
    assert list(impact_of(before, after, LISTS).interactions) == ["betarine-drains"]


def test_nothing_asked_is_no_share() -> None:
    assert impact_of(world(), world(), {}).share == 0.0


def test_the_questions_are_the_active_worked_cases_and_the_later_one_counts() -> None:
    def case(name: str, text: str, **given: Any) -> Any:  # noqa: ANN401 - keys of the record
        defaults = {
            "id": name,
            "last_reviewed_on": make.REVIEWED,
            "kind": "whole_list",
            "title": "A list",
            "rationale": "Made up.",
            "citations": make.references(),
            "profile": asked(text),
            "expect": {},
        }
        return Case.model_validate({**defaults, **given})

    def asked(text: str) -> dict[str, Any]:
        return {"medications": ({"id": "m1", "text": text},)}

    before = world(cases=(case("kept", "alvorin"), case("gone", "alvorin", status="withdrawn")))
    after = world(cases=(case("kept", "betarine"), case("new", "alvorin")))
    questions = questions_of(before, after)
    assert sorted(questions) == ["kept", "new"]
    assert questions["kept"].medications[0].text == "betarine"
