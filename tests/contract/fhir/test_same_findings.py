"""The same findings through both doors: every worked case of the knowledge, asked by REST and in FHIR."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any, Final

import pytest
from starlette.testclient import TestClient

from rules.baseline import read_baseline
from tests.contract.examples import baseline_app
from tests.contract.fhir.in_fhir import NOT_IN_FHIR, Json, in_fhir

TODAY: Final = date(2026, 11, 22)
INTERACTION: Final = "urn:magcheck:interaction"
FINDING: Final = "urn:magcheck:finding"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(baseline_app()) as client:
        yield client


@cache
def questions() -> dict[str, Json]:
    """The question of each case, with a day, without what is about advice only."""
    asked = {}
    for case in read_baseline().rule_set.cases:
        question = case.profile.model_dump(mode="json", exclude_unset=True, exclude_none=True)
        question = {name: value for name, value in question.items() if name not in NOT_IN_FHIR}
        question.get("patient", {}).pop("dietary_magnesium_mg_per_day", None)
        asked[case.id] = {"as_of": TODAY.isoformat(), **question}
    return asked


def by_rest(client: TestClient, question: Json) -> Json:
    response = client.post("/v1/checks", json=question)
    assert response.status_code == 200, response.text
    answer: Json = response.json()
    return {
        "status": answer["status"],
        "highest_severity": answer["highest_severity"],
        "findings": [
            {
                "interaction": one["interaction_id"],
                "key": one["key"],
                "severity": one["severity"],
                "severity_ceiling": one["severity_ceiling"],
                "applicability": one["applicability"],
                "operational_class": one["operational_class"],
                "missing_facts": one["missing_facts"],
                "medications": one["medication_ids"],
            }
            for one in answer["findings"]
        ],
        "states": {one["id"]: one["state"] for one in answer["medications"]},
        "intake": number(answer["magnesium_intake"]["elemental_mg_per_day"]),
    }


def number(text: str | None) -> float | None:
    return None if text is None else float(text)


def in_fhirs_words(client: TestClient, question: Json) -> Json:
    response = client.post("/fhir/$check-magnesium", json=in_fhir(question))
    assert response.status_code == 200, response.text
    answer = response.json()["parameter"]
    named: dict[str, list[Any]] = {}
    for one in answer:
        named.setdefault(one["name"], []).append(next(value for key, value in one.items() if key != "name"))
    lines = [{part["name"]: part for part in parts} for parts in named.get("medication", [])]
    (intake,) = named.get("magnesiumIntake", [[]])
    amounts = [part["valueQuantity"]["value"] for part in intake if part["name"] == "perDay"]
    return {
        "status": named["status"][0],
        "highest_severity": named.get("highestSeverity", [None])[0],
        "findings": [finding_of(issue) for issue in named.get("finding", [])],
        "states": {line["id"]["valueString"]: line["state"]["valueCode"] for line in lines},
        "intake": amounts[0] if amounts else None if intake else 0.0,
    }


def finding_of(issue: Json) -> Json:
    names = {one["system"]: one["value"] for one in issue["identifier"]}
    words: dict[str, list[Any]] = {}
    for one in issue["extension"]:
        word = one["url"].removeprefix("urn:magcheck:").replace("-", "_")
        words.setdefault(word, []).append(one.get("valueCode", one.get("valueString")))
    return {
        "interaction": names[INTERACTION],
        "key": names[FINDING],
        "severity": words["severity"][0],
        "severity_ceiling": words["severity_ceiling"][0],
        "applicability": words["applicability"][0],
        "operational_class": words["operational_class"][0],
        "missing_facts": words.get("missing_fact", []),
        "medications": [one["reference"].partition("/")[2] for one in issue.get("implicated", [])],
    }


def test_every_worked_case_has_the_same_findings(client: TestClient) -> None:
    assert len(questions()) > 700
    differences = {}
    for name, question in questions().items():
        rest, fhir = by_rest(client, question), in_fhirs_words(client, question)
        if rest != fhir:
            differences[name] = {key: (rest[key], fhir[key]) for key in rest if rest[key] != fhir[key]}
    assert differences == {}


def test_the_cases_are_worth_comparing() -> None:
    """What is compared has every kind of fact that FHIR can carry, so that a reader that drops one is noticed."""
    lines = [line for question in questions().values() for line in question["medications"]]
    for name in ("codes", "text", "route", "dose", "times", "times_per_day", "started_on", "status"):
        assert any(name in line for line in lines), name
    facts = {fact for question in questions().values() for fact in question.get("patient", {})}
    assert facts == {"age_years", "sex", "pregnancy", "egfr", "dialysis"}
    for name in ("conditions", "observations", "symptoms", "timetable"):
        assert any(question.get(name) for question in questions().values()), name
