"""Requests that show how to ask. They stand in the OpenAPI document and are replayed by the tests."""

from __future__ import annotations

from typing import Any, Final

CHECK_REQUESTS: Final[dict[str, Any]] = {
    "by-name": {
        "summary": "Names as a pharmacy system prints them",
        "value": {
            "patient": {"age_years": 71, "sex": "female", "egfr": {"value": "38", "unit": "mL/min/1.73m2"}},
            "medications": [
                {"id": "m1", "text": "Furosemide 40 MG Oral Tablet", "times": ["08:00", "14:00"]},
                {"id": "m2", "text": "Omeprazole 20 MG Delayed Release Oral Capsule", "started_on": "2024-03-01"},
                {"id": "m3", "text": "Digoxin 0.125 MG Oral Tablet"},
            ],
            "conditions": [{"text": "type 2 diabetes"}],
            "observations": [{"kind": "serum_magnesium", "value": "0.62", "unit": "mmol/L", "taken_on": "2026-11-20"}],
            "symptoms": ["muscle cramps"],
            "as_of": "2026-11-22",
        },
    },
    "by-code": {
        "summary": "Codes, one of the medications only proposed",
        "value": {
            "medications": [
                {"id": "m1", "codes": [{"system": "rxnorm", "code": "2551"}], "route": "oral"},
                {
                    "id": "m2",
                    "codes": [{"system": "rxnorm", "code": "6582"}],
                    "status": "proposed",
                    "route": "oral",
                    "dose": {"value": "400", "unit": "mg", "of": "salt"},
                    "times_per_day": 1,
                },
            ],
            "conditions": [],
            "as_of": "2026-11-22",
        },
    },
    "tuesday-morning": {
        "summary": "A Tuesday morning: magnesium is proposed, with a plan and a timetable of the day",
        "value": {
            "patient": {
                "age_years": 71,
                "sex": "female",
                "egfr": {"value": "52", "unit": "mL/min/1.73m2", "taken_on": "2026-11-03"},
            },
            "medications": [
                {"id": "m1", "text": "Levothyroxine 75 mcg tablet", "times": ["07:00"], "started_on": "2019-05-06"},
                {"id": "m2", "text": "Alendronic acid 10 mg tablet", "times": ["08:00"]},
                {
                    "id": "m3",
                    "text": "Omeprazole 20 mg gastro-resistant capsule",
                    "times": ["08:00"],
                    "started_on": "2022-02-01",
                },
                {
                    "id": "m4",
                    "text": "Ciprofloxacin 500 mg tablet",
                    "times_per_day": 2,
                    "started_on": "2026-11-23",
                },
                {"id": "m5", "text": "Furosemide 40 mg tablet", "times": ["08:00"], "started_on": "2023-08-15"},
                {"id": "m6", "text": "Magnesium oxide 400 mg tablet", "status": "proposed", "times_per_day": 1},
            ],
            "conditions": [],
            "observations": [{"kind": "serum_magnesium", "value": "0.68", "unit": "mmol/L", "taken_on": "2026-11-20"}],
            "as_of": "2026-11-24",
            "timetable": True,
            "plan": True,
        },
    },
}
RESOLVE_REQUESTS: Final[dict[str, Any]] = {
    "by-name": {
        "summary": "A brand, a misspelling and a code",
        "value": {
            "medications": [
                {"id": "m1", "text": "Cipro 500mg"},
                {"id": "m2", "text": "furosmide 40 mg"},
                {"id": "m3", "codes": [{"system": "atc", "code": "A02BC01"}]},
            ]
        },
    }
}
_RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
FHIR_CHECK_REQUESTS: Final[dict[str, Any]] = {
    "parameters": {
        "summary": "Orders, a statement, a laboratory value and a condition",
        "value": {
            "resourceType": "Parameters",
            "parameter": [
                {"name": "asOf", "valueDate": "2026-11-22"},
                {
                    "name": "patient",
                    "resource": {
                        "resourceType": "Patient",
                        "id": "example",
                        "birthDate": "1955-03-04",
                        "gender": "female",
                    },
                },
                {
                    "name": "medication",
                    "resource": {
                        "resourceType": "MedicationRequest",
                        "id": "cipro",
                        "status": "draft",
                        "intent": "order",
                        "subject": {"reference": "Patient/example"},
                        "medicationCodeableConcept": {
                            "coding": [{"system": _RXNORM, "code": "2551", "display": "ciprofloxacin"}],
                            "text": "Ciprofloxacin 500 mg tablet",
                        },
                        "dosageInstruction": [
                            {
                                "timing": {"repeat": {"timeOfDay": ["08:00:00", "20:00:00"]}},
                                "route": {"coding": [{"system": "http://snomed.info/sct", "code": "26643006"}]},
                            }
                        ],
                    },
                },
                {
                    "name": "medication",
                    "resource": {
                        "resourceType": "MedicationStatement",
                        "id": "magnesium",
                        "status": "active",
                        "subject": {"reference": "Patient/example"},
                        "medicationCodeableConcept": {"text": "Magnesium oxide 400 mg tablet"},
                        "dosage": [{"timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}}],
                    },
                },
                {
                    "name": "observation",
                    "resource": {
                        "resourceType": "Observation",
                        "id": "mg",
                        "status": "final",
                        "subject": {"reference": "Patient/example"},
                        "code": {"coding": [{"system": "http://loinc.org", "code": "2601-3"}]},
                        "effectiveDateTime": "2026-11-20T08:15:00+01:00",
                        "valueQuantity": {
                            "value": 0.62,
                            "unit": "mmol/L",
                            "system": "http://unitsofmeasure.org",
                            "code": "mmol/L",
                        },
                    },
                },
                {
                    "name": "condition",
                    "resource": {
                        "resourceType": "Condition",
                        "id": "ckd",
                        "subject": {"reference": "Patient/example"},
                        "clinicalStatus": {
                            "coding": [
                                {
                                    "system": "http://terminology.hl7.org/CodeSystem/condition-clinical",
                                    "code": "active",
                                }
                            ]
                        },
                        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "N18.32"}]},
                    },
                },
            ],
        },
    },
}
