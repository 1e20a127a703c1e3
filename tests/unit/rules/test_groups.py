"""Words that name a group of medicines: what is told of them, and what is no longer offered for them."""

from __future__ import annotations

import pytest

from rules.groups import groups_in
from rules.tokens import tokens

HOLDS = "of which some hold magnesium"


def told(text: str) -> list[str]:
    """The names of groups that a text holds."""
    return [group.problem.split('"')[1] for group in groups_in(tokens(text))]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Antacid as needed", ["antacid"]),
        ("Water Pills", ["water pills"]),
        ("loop diuretic and a multivitamin", ["loop diuretic", "multivitamin"]),
        ("Abführmittel", ["abfuhrmittel"]),
        ("calcium channel blocker", ["calcium channel blocker"]),
        ("furosemide 40 mg", []),
        ("calcium channel", []),
        ("", []),
    ],
)
def test_names(text: str, names: list[str]) -> None:
    assert told(text) == names


@pytest.mark.parametrize("text", ["antacid", "laxative", "multivitamin", "prenatal vitamin", "bowel prep", "TPN"])
def test_what_may_hold_magnesium_says_so(text: str) -> None:
    (group,) = groups_in(tokens(text))
    assert HOLDS in group.problem


@pytest.mark.parametrize("text", ["statin", "water pill", "insulin", "PPI", "birth control pill"])
def test_what_holds_none_does_not(text: str) -> None:
    (group,) = groups_in(tokens(text))
    assert "give the medicine's name" in group.problem
    assert HOLDS not in group.problem


@pytest.mark.parametrize("text", ["test strips", "Insulin pen needles 31G", "lancets"])
def test_devices_are_no_medicines(text: str) -> None:
    (group,) = groups_in(tokens(text))
    assert "names a device and no medicine" in group.problem


def test_places_are_those_of_the_words() -> None:
    assert [sorted(group.places) for group in groups_in(tokens("take a water pill, and one statin"))] == [[2, 3], [7]]
