"""The examples are true: each request gets the answer that is written beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.api.examples import CHECK_REQUESTS, RESOLVE_REQUESTS
from tests.contract.examples import answer, baseline_app, files, lasting
from tests.unit.api.contract_client import ContractClient


@pytest.fixture(scope="module")
def client() -> Iterator[ContractClient]:
    with ContractClient(baseline_app()) as client:
        yield client


def read(name: str) -> dict[str, Any]:
    [file] = [file for file in files() if file.stem == name]
    example: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return example


@pytest.mark.parametrize("file", files(), ids=lambda file: file.stem)
def test_the_request_gets_the_answer(client: ContractClient, file: Path) -> None:
    example = json.loads(file.read_text(encoding="utf-8"))
    assert lasting(answer(client, example["request"])) == lasting(example["response"])


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("check-by-name", CHECK_REQUESTS["by-name"]),
        ("check-by-code", CHECK_REQUESTS["by-code"]),
        ("check-tuesday-morning", CHECK_REQUESTS["tuesday-morning"]),
        ("resolve-by-name", RESOLVE_REQUESTS["by-name"]),
    ],
)
def test_the_description_shows_the_same_requests(name: str, request_: dict[str, Any]) -> None:
    example = read(name)
    assert example["summary"] == request_["summary"]
    assert example["request"]["body"] == request_["value"]


# --- what the literature says of them, by hand ------------------------------------------------------------------------


def finding(example: dict[str, Any], interaction_id: str) -> dict[str, Any]:
    found = [one for one in example["response"]["body"]["findings"] if one["interaction_id"] == interaction_id]
    assert len(found) == 1
    return dict(found[0])


def test_ciprofloxacin_and_magnesium_are_kept_apart_as_the_label_says() -> None:
    # Cipro label, section 2.4: at least 2 hours before or 6 hours after magnesium antacids.
    separation = finding(read("check-by-code"), "fluoroquinolones-with-oral-magnesium")["management"]["separation"]
    assert separation["drug_first_hours"] == "2"
    assert separation["magnesium_first_hours"] == "6"


def test_400_mg_of_the_oxide_are_241_mg_of_magnesium() -> None:
    # 400 mg x 24.305 / 40.304
    assert read("check-by-code")["response"]["body"]["magnesium_intake"]["elemental_mg_per_day"] == "241.2"


def test_a_magnesium_of_0_62_is_low_and_makes_digoxin_worse() -> None:
    example = read("check-by-name")
    [band] = example["response"]["body"]["deficiency_risk"]["serum"]
    assert band["level"] == "low"
    assert finding(example, "cardiac-glycosides-with-low-serum-magnesium")["severity"] == "major"


def test_ciprofloxacin_into_a_vein_does_not_meet_magnesium_in_the_gut() -> None:
    body = read("check-intravenous-stays-quiet")["response"]["body"]
    assert body["status"] == "complete"
    assert [one["interaction_id"] for one in body["findings"] if one["direction"] == "magnesium_alters_drug"] == []


def test_what_is_not_recognised_makes_the_answer_incomplete() -> None:
    body = read("check-unrecognised")["response"]["body"]
    assert body["status"] == "incomplete"
    assert [line["state"] for line in body["medications"]] == ["unrecognised", "recognised"]


def test_the_day_plan_of_a_tuesday_morning_keeps_what_the_labels_say() -> None:
    timetable = read("check-tuesday-morning")["response"]["body"]["timetable"]
    hours: dict[str, list[float]] = {}
    for dose in timetable["doses"]:
        hour, minute = dose["time"].split(":")
        hours.setdefault(dose["medication_id"], []).append(int(hour) + int(minute) / 60)
    [levothyroxine], [alendronate], [magnesium] = hours["m1"], hours["m2"], hours["m6"]
    first, second = hours["m4"]
    # Synthroid label, section 2.1: four hours from products that hold it back.
    assert magnesium - levothyroxine >= 4
    # Cipro label, section 2.4: two hours before or six hours after magnesium.
    assert magnesium - first >= 2
    assert second - magnesium >= 6
    # Fosamax label, section 2.1: half an hour before other medicines.
    assert all(not 0 <= hour - alendronate < 0.5 for name in hours.keys() - {"m2"} for hour in hours[name])
    assert timetable["drawing"].startswith("/v1/timetables/drawing.svg?dose=m1,07:00,07:00&")
