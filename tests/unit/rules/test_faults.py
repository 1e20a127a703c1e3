"""What is wrong with a value, in words of our own: none of pydantic's, and never the value itself."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import pytest
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, StringConstraints, ValidationError

from rules.faults import IN_WORDS, allowed_keys, form_of_text, in_words
from rules.load import FOLDERS
from rules.model import Interaction
from rules.profile import MedicationProfile


class Sample(BaseModel):
    """Fields of types that no record has."""

    model_config = ConfigDict(extra="forbid", strict=True)

    moment: AwareDatetime | None = None
    one: Literal["one"] = "one"
    coded: Annotated[str, StringConstraints(pattern="^[0-9]$")] = "1"
    said: Annotated[str, StringConstraints(min_length=1)] = "x"
    always: bool = True
    secret: Annotated[SecretStr, Field(min_length=12, max_length=20)] = SecretStr("three herons")
    several: Annotated[tuple[int, ...], Field(max_length=1)] = ()


def told(model: type[BaseModel], document: object) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate_json(json.dumps(document))
    return [in_words(error) for error in caught.value.errors(include_url=False, include_input=False)]


def patterns(node: object) -> set[str]:
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    own = {node["pattern"]} if isinstance(node, dict) and isinstance(node.get("pattern"), str) else set()
    return own.union(*map(patterns, inner))


@pytest.mark.parametrize(
    ("model", "document", "text"),
    [
        (Interaction, {}, "is required"),
        (Interaction, {"severity": "bad"}, "must be one of 'contraindicated', 'major', 'moderate' or 'minor'"),
        (Interaction, {"title": 7}, "must be a string"),
        (Interaction, {"title": "x"}, "must have at least 3 characters"),
        (Interaction, {"released_on": "soon"}, "must be a date of the calendar written as YYYY-MM-DD"),
        (Interaction, {"management": "x"}, "must be an object"),
        (
            Interaction,
            {"id": "A B"},
            "must match the pattern ^[a-z0-9]+(?:-[a-z0-9]+)*$: small letters and digits, single hyphens between",
        ),
        (
            Interaction,
            {"management": {"separation": {"drug_first_hours": "two"}}},
            "must be a number such as 38 or 0.62",
        ),
        (Interaction, {"management": {"separation": {"drug_first_hours": 49}}}, "must be at most 48"),
        (Interaction, {"evidence": {"citations": []}}, "must have at least 1 items"),
        (Interaction, {"affected": {}}, "name at least one class or substance"),
        (Sample, {"moment": "today"}, "must be a moment with its time zone, such as 2026-11-24T08:00:00Z"),
        (Sample, {"one": "two"}, "must be 'one'"),
        (Sample, {"coded": "x"}, "must match the pattern ^[0-9]$"),
        (Sample, {"said": ""}, "must not be empty"),
        (Sample, {"secret": "short"}, "must have at least 12 characters"),
        (Sample, {"secret": "x" * 21}, "must have at most 20 characters"),
        (Sample, {"several": [1, 2]}, "must have at most 1 items"),
        (Sample, {"always": "yes"}, "must be true or false"),
        (Sample, {"more": 1}, "is not valid"),
    ],
)
def test_words(model: type[BaseModel], document: dict[str, Any], text: str) -> None:
    assert text in told(model, document)


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_pattern_of_a_record_is_put_into_words(folder: str) -> None:
    schema = FOLDERS[folder][1].model_json_schema()
    single_words = {r"^mmol/L$", r"^serum_(magnesium|potassium|calcium)$"}
    assert patterns(schema) - set(IN_WORDS) - single_words == set()


def test_nothing_of_pydantic_is_said_of_a_record_full_of_faults() -> None:
    for _, model in FOLDERS.values():
        names = allowed_keys(model, ())
        for value in (None, 1, -1, 1e9, "", "x" * 5000, [], [7], {}, {"x": 1}, True):
            for text in told(model, dict.fromkeys(names, value)):
                assert "should" not in text
                assert "nput" not in text


@pytest.mark.parametrize(
    ("model", "place", "some"),
    [
        (MedicationProfile, (), "patient"),
        (MedicationProfile, ("medications", 0), "started_on"),
        (MedicationProfile, ("patient", "egfr"), "unit"),
        (Interaction, ("management", "separation"), "spacing_helps"),
    ],
)
def test_allowed_keys(model: type[BaseModel], place: tuple[int | str, ...], some: str) -> None:
    assert some in allowed_keys(model, place)


@pytest.mark.parametrize("place", [("zzz",), ("medications", "zzz"), ("patient", 0), ("as_of", "zzz")])
def test_nothing_is_allowed_where_nothing_is(place: tuple[int | str, ...]) -> None:
    assert allowed_keys(MedicationProfile, place) == []


@pytest.mark.parametrize(
    ("place", "form"),
    [
        (("medications", 0, "dose", "value"), "plain digits without a sign, such as 38 or 0.62"),
        (("medications", 0, "times", 3), "a time from 00:00 to 23:59, as HH:MM"),
        (("medications", 0, "dose", "unit"), None),
        (("nothing", 0), None),
    ],
)
def test_form_of_a_text(place: tuple[int | str, ...], form: str | None) -> None:
    assert form_of_text(MedicationProfile, place) == form
