"""Requests as imperfect as real ones: what HL7's samples and well-known clients do otherwise than R4.

The bundles are our own. What has to come out is written by hand: from the labels and papers the rules cite, and from
what the standard says of each imperfection.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.contract.examples import baseline_app
from tests.contract.fhir.answers import PATH
from tests.contract.fhir.in_fhir import Json

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(baseline_app()) as client:
        yield client


def ask(client: TestClient, body: Json) -> dict[str, list[Any]]:
    response = client.post(PATH, json=body, headers={"Content-Type": "application/fhir+json"})
    assert response.status_code == 200, response.text
    named: dict[str, list[Any]] = {}
    for one in response.json()["parameter"]:
        named.setdefault(one["name"], []).append(next(value for key, value in one.items() if key != "name"))
    return named


def interactions(answer: dict[str, list[Any]]) -> dict[str, str]:
    return {issue["identifier"][1]["value"]: issue["severity"] for issue in answer.get("finding", [])}


def states(answer: dict[str, list[Any]]) -> list[str]:
    lines = [{part["name"]: part for part in parts} for parts in answer.get("medication", [])]
    return [line["state"]["valueCode"] for line in lines]


def notes(answer: dict[str, list[Any]]) -> dict[str, str]:
    issues = [issue for outcome in answer.get("outcome", []) for issue in outcome["issue"]]
    return {issue["details"]["coding"][0]["code"]: issue["severity"] for issue in issues}


def value(code: str, number: float, unit: str, snomed: str, **more: Any) -> Json:  # noqa: ANN401
    """A value as STU3 has it, with a unit of SNOMED CT and a context."""
    return {
        "resource": {
            "resourceType": "Observation",
            "status": "final",
            "category": {"coding": [{"code": "laboratory"}]},
            "code": {"coding": [{"system": LOINC, "code": code}]},
            "context": {"reference": "Encounter/1"},
            "subject": {"reference": "Patient/1"},
            "effectiveDateTime": "2026-11-20",
            "valueQuantity": {"value": number, "unit": unit, "system": SNOMED, "code": snomed},
            **more,
        }
    }


def order(name: str, rxcui: str, status: str, **more: Any) -> Json:  # noqa: ANN401
    """An order as STU3 has it: a dose without doseAndRate, a category without a list."""
    return {
        "resource": {
            "resourceType": "MedicationRequest",
            "id": name,
            "status": status,
            "category": {"coding": [{"code": "community"}]},
            "context": {"reference": "Encounter/1"},
            "medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": rxcui, "display": name}]},
            "subject": {"reference": "Patient/1"},
            "dosageInstruction": [
                {
                    "text": "one tablet by mouth daily",
                    "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
                    "route": {"coding": [{"system": SNOMED, "code": "26643006"}]},
                    "doseQuantity": {"value": 1, "unit": "TAB"},
                }
            ],
            **more,
        }
    }


def test_a_sample_shaped_like_stu3(client: TestClient) -> None:
    """Digoxin and ciclosporin, with a magnesium of 0.8 mmol/L under the code of a mass: the unit decides."""
    body = {
        "resourceType": "Bundle",
        "entry": [
            {"resource": {"resourceType": "Patient", "id": "1", "gender": "female", "birthDate": "1955-03-04"}},
            order("digoxin", "3407", "draft"),
            order("cyclosporine", "3008", "active"),
            value("19123-9", 0.8, "mmol/L", "258813002"),
            value("2823-3", 4.1, "mmol/L", "258813002"),
            value("17861-6", 9.3, "mg/dL", "258797006"),
            value("2160-0", 1.1, "mg/dL", "258797006"),
            {
                "resource": {
                    "resourceType": "Condition",
                    "clinicalStatus": "active",
                    "verificationStatus": "confirmed",
                    "code": {
                        "coding": [{"system": SNOMED, "code": "49436004", "display": "Atrial fibrillation (disorder)"}]
                    },
                    "subject": {"reference": "Patient/1"},
                }
            },
        ],
    }
    answer = ask(client, body)
    assert states(answer) == ["recognised", "recognised"]
    # Ciclosporin wastes magnesium, and digoxin is less well borne then; 0.8 mmol/L itself is no low value.
    found = interactions(answer)
    assert "calcineurin-inhibitors-deplete-magnesium" in found
    assert "cardiac-glycosides-with-magnesium-depleting-drugs" in found
    assert "cardiac-glycosides-with-low-serum-magnesium" not in found
    assert notes(answer) == {"unit-decides": "warning", "fact-left-out": "warning"}  # the creatinine is no eGFR


def test_a_value_read_by_its_code_would_be_another_one(client: TestClient) -> None:
    """0.8 mg/dL is 0.33 mmol/L, which is severe; the same number with its own unit is not read as that."""
    body = {
        "resourceType": "Bundle",
        "entry": [order("digoxin", "3407", "active"), value("19123-9", 0.8, "mg/dL", "258797006")],
    }
    assert interactions(ask(client, body))["cardiac-glycosides-with-low-serum-magnesium"] == "high"


def test_a_prescriber_who_is_still_typing(client: TestClient) -> None:
    """No intent, no medication: the line stays, unrecognised, and the answer says that it is incomplete."""
    typing = {"resourceType": "MedicationRequest", "status": "draft", "category": {"text": "community"}}
    answer = ask(
        client, {"resourceType": "Bundle", "entry": [{"resource": typing}, order("digoxin", "3407", "active")]}
    )
    assert sorted(states(answer)) == ["recognised", "unrecognised"]
    assert answer["status"] == ["incomplete"]
    assert notes(answer)["unnamed"] == "error"


def test_a_resolved_medication_inside_the_order(client: TestClient) -> None:
    body = order("x", "0", "active", _resolvedMedication={"resourceType": "Medication", "code": {"text": "digoxin"}})
    del body["resource"]["medicationCodeableConcept"]
    body["resource"]["medicationReference"] = {"reference": "Medication/elsewhere"}
    assert states(ask(client, {"resourceType": "Bundle", "entry": [body]})) == ["recognised"]


def test_lists_that_failed_or_are_not_whole(client: TestClient) -> None:
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "forbidden"}]}
    page = {"resourceType": "Bundle", "link": [{"relation": "next", "url": "https://x.test"}], "entry": []}
    for sent, code in ((outcome, "fetch-failed"), (page, "more-pages")):
        body = {"resourceType": "Bundle", "entry": [order("digoxin", "3407", "active"), {"resource": sent}]}
        answer = ask(client, body)
        assert notes(answer) == {code: "error"}
        assert answer["status"] == ["incomplete"]
        assert answer["statement"][0].startswith("Incomplete")


def test_what_is_over_forbidden_or_mistaken_brings_no_finding(client: TestClient) -> None:
    body = {
        "resourceType": "Bundle",
        "entry": [
            order("ciprofloxacin", "2551", "active"),
            *(order("magnesium oxide", "6582", status) for status in ("cancelled", "stopped", "entered-in-error")),
            order("magnesium oxide", "6582", "active", doNotPerform=True),
            {"resource": {"resourceType": "MedicationStatement", "status": "not-taken", "id": "s"}},
        ],
    }
    for number, entry in enumerate(body["entry"]):
        entry["resource"]["id"] = f"r{number}"  # type: ignore[index]
    answer = ask(client, body)
    assert states(answer) == ["recognised"]
    assert interactions(answer) == {}
    assert notes(answer) == {"not-current": "information", "prohibited": "information"}
    body["entry"][1]["resource"]["status"] = "active"  # type: ignore[index]
    # Cipro label, section 2.4: two hours before or six after products with magnesium.
    assert interactions(ask(client, body))["fluoroquinolones-with-oral-magnesium"] == "high"


def test_an_over_the_counter_product_in_a_statement(client: TestClient) -> None:
    """Where magnesium without a prescription shows up, with a local code, its name, and a coding that disagrees."""
    statement = {
        "resourceType": "MedicationStatement",
        "status": "active",
        "taken": "y",
        "id": "otc",
        "medicationCodeableConcept": {
            "coding": [
                {"system": "urn:local", "code": "17", "display": "Milk of Magnesia"},
                {"system": "urn:oid:2.16.840.1.113883.6.88", "code": "3407", "display": "digoxin"},
            ]
        },
        "reportedBoolean": True,
    }
    answer = ask(client, {"resourceType": "Bundle", "entry": {"resource": statement}})
    (line,) = answer["medication"]
    assert {part["valueString"] for part in line if part["name"] == "substance"} == {"digoxin", "magnesium hydroxide"}
    assert any("do not agree" in part["valueString"] for part in line if part["name"] == "problem")
    assert answer["status"] == ["incomplete"]


def test_package_codes_come_in_many_forms(client: TestClient) -> None:
    """Ten digits without hyphens can be three packages: refused as ambiguous, and said."""
    sent = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "medicationCodeableConcept": {"coding": [{"system": "http://hl7.org/fhir/sid/ndc", "code": "0009356403"}]},
    }
    answer = ask(client, {"resourceType": "Bundle", "entry": [{"resource": sent}]})
    assert states(answer) == ["unrecognised"]
    problems = [part["valueString"] for part in answer["medication"][0] if part["name"] == "problem"]
    assert any("ten digits without hyphens" in problem for problem in problems)


def test_products_of_another_country_are_looked_at_by_their_ingredients(client: TestClient) -> None:
    """In the shape of hl7ch/ch-emed: GTIN, a contained Medication, EDQM routes, units of presentation.

    Cipro label, section 2.4: two hours before or six after products with magnesium.
    """

    def taken(name: str, brand: str, *ingredients: str) -> Json:
        made = [
            {"itemCodeableConcept": {"coding": [{"system": SNOMED, "code": "1"}], "text": one}} for one in ingredients
        ]
        code = {"coding": [{"system": "urn:oid:2.51.1.1", "code": "7680577710149"}], "text": brand}
        once = {"boundsPeriod": {"start": "2026-02-04"}, "when": ["MORN"]}
        return {
            "resource": {
                "resourceType": "MedicationStatement",
                "id": name,
                "status": "active",
                "contained": [{"resourceType": "Medication", "id": "m", "code": code, "ingredient": made}],
                "medicationReference": {"reference": "#m"},
                "dosage": [
                    {
                        "patientInstruction": "-",
                        "timing": {"repeat": once},
                        "route": {"coding": [{"system": "urn:oid:0.4.0.127.0.16.1.1.2.1", "code": "20053000"}]},
                        "doseAndRate": [{"doseQuantity": {"value": 1, "system": SNOMED, "code": "732936001"}}],
                    }
                ],
            }
        }

    entries = [
        taken("antacid", "Hausmarke Kautabletten", "Magnesium hydroxide", "Aluminium hydroxide (substance)"),
        taken("pressure", "Hyzaar 50/12.5 mg", "Losartan (substance)", "Hydrochlorothiazide (substance)"),
        taken("cipro", "Hausmarke Antibiotikum", "Ciprofloxacin (substance)"),
    ]
    answer = ask(client, {"resourceType": "Bundle", "entry": entries})
    assert states(answer) == ["recognised"] * 3
    assert answer["status"] == ["complete"]
    found = interactions(answer)
    assert found["fluoroquinolones-with-oral-magnesium"] == "high"
    assert notes(answer) == {"by-ingredients": "information"}
    # Nobody takes hydrochlorothiazide twice: name and ingredients are one product.
    assert not [issue for issue in answer.get("duplicate", []) if "more than once" in issue["detail"]]
