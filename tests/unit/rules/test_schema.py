"""JSON Schemas for editors: they accept what the loader accepts and refuse what it refuses, as far as a schema can."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest

from rules.load import FOLDERS
from rules.schema import json_schemas
from tests import factories as make

SCHEMAS = json_schemas()
RECORDS = {
    "substances": make.substance("alvorin"),
    "classes": make.medication_class("class-a", "alvorin"),
    "forms": make.salt_form("oxide", "MgO"),
    "conditions": make.condition("gout", present_when={"not": {"age_years": {"below": "65"}}}),
    "interactions": make.interaction("rule", affected=make.party("class-a")),
    "citations": make.citation(),
    "attributions": make.attribution(interactions=["rule"]),
    "administrations": make.administration("fasting", "alvorin", food="empty_stomach", minutes_before_food=30),
    "monitoring_schedules": make.monitoring_schedule("level", "serum_magnesium", interactions=["rule"]),
    "recommended_intakes": make.recommended_intake("everybody", "350", age_years={"at_least": "18"}),
    "supplement_targets": make.supplement_target("food-first", "food_first", "100", "250"),
    "assessments": make.assessment(verdict="rule", interactions=["rule"], citations=make.references()),
}


def written(record: Any) -> Any:  # noqa: ANN401 - any record as plain values
    """A record as its file holds it."""
    return json.loads(record.model_dump_json(exclude_none=True, exclude_defaults=True, by_alias=True))


def valid(folder: str, content: object) -> bool:
    """Whether an editor would accept the content of a file."""
    return bool(jsonschema_rs.validator_for(SCHEMAS[folder]).is_valid(content))


def test_one_schema_for_each_folder() -> None:
    assert list(SCHEMAS) == sorted(FOLDERS)


def test_they_name_draft_and_folder() -> None:
    assert SCHEMAS["cases"]["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMAS["cases"]["title"] == "A file in cases/"


@pytest.mark.parametrize("folder", sorted(RECORDS))
def test_one_record_and_a_family(folder: str) -> None:
    record = written(RECORDS[folder])
    assert valid(folder, record)
    assert valid(folder, [record, record])


@pytest.mark.parametrize("folder", sorted(FOLDERS))
def test_nothing_is_no_record(folder: str) -> None:
    assert not valid(folder, [])
    assert not valid(folder, {})
    assert not valid(folder, "text")


@pytest.mark.parametrize("folder", sorted(RECORDS))
def test_unknown_key(folder: str) -> None:
    assert not valid(folder, {**written(RECORDS[folder]), "colour": "white"})


def test_expression_uses_the_written_names() -> None:
    record = written(RECORDS["conditions"])
    assert record["present_when"] == {"not": {"age_years": {"below": "65"}}}
    assert not valid("conditions", {**record, "present_when": {"not_": {"age_years": {"below": "65"}}}})


def test_the_note_for_prescribers_is_headed() -> None:
    record = written(RECORDS["interactions"])
    assert record["management"]["prescriber"] == {
        "heading": "Consider a test",
        "text": "A sentence for the prescriber.",
    }
    del record["management"]["prescriber"]["heading"]
    assert not valid("interactions", record)


@pytest.mark.parametrize("verdict", ["perhaps", None])
def test_assessments_have_a_verdict_of_the_vocabulary(verdict: str | None) -> None:
    assert not valid("assessments", {**written(RECORDS["assessments"]), "verdict": verdict})
