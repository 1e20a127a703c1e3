"""The same findings through both doors: every worked case of the knowledge, asked by REST and in FHIR."""

from __future__ import annotations

from typing import Any, Final

from tests.contract.fhir.answers import answers, questions
from tests.contract.fhir.in_fhir import Json

INTERACTION: Final = "urn:magcheck:interaction"
FINDING: Final = "urn:magcheck:finding"


def by_rest(answer: Json) -> Json:
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


def by_fhir(answer: Json) -> Json:
    named: dict[str, list[Any]] = {}
    for one in answer["parameter"]:
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


def test_every_worked_case_has_the_same_findings() -> None:
    assert len(answers()) > 700
    differences = {}
    for name, answered in answers().items():
        rest, fhir = by_rest(answered.rest), by_fhir(answered.fhir)
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
