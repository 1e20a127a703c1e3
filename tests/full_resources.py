"""Resources with every element that is read here, each in one of its shapes: what tests spoil. One patient, p1."""

from __future__ import annotations

from typing import Any, Final

Json = dict[str, Any]

_LOINC: Final = "http://loinc.org"
_RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
_UCUM: Final = "http://unitsofmeasure.org"
_SUBJECT: Final[Json] = {"reference": "Patient/p1", "display": "x"}
_META: Final[Json] = {
    "versionId": "1",
    "security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "N"}],
    "tag": [{"system": "https://ehr.example/tags", "code": "seen"}],
}
_DOSAGE: Final[Json] = {
    "sequence": 1,
    "text": "1 tablet twice daily",
    "patientInstruction": "with water",
    "additionalInstruction": [{"text": "with water"}],
    "asNeededBoolean": False,
    "timing": {
        "code": {"text": "BID"},
        "repeat": {
            "boundsPeriod": {"start": "2026-01-01", "end": "2027-01-01"},
            "frequency": 2,
            "period": 1,
            "periodUnit": "d",
            "timeOfDay": ["08:00:00", "20:00:00"],
            "dayOfWeek": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        },
    },
    "route": {"coding": [{"system": "http://snomed.info/sct", "code": "26643006"}], "text": "oral"},
    "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet", "system": _UCUM, "code": "{tbl}"}}],
}
_WITHOUT_TEXT: Final[Json] = {
    name: value for name, value in _DOSAGE.items() if name in {"timing", "route", "doseAndRate"}
}


def _coded(code: str, text: str) -> Json:
    return {"coding": [{"system": _RXNORM, "code": code, "display": text}], "text": text}


PATIENT: Final[Json] = {
    "resourceType": "Patient",
    "id": "p1",
    "meta": _META,
    "gender": "female",
    "birthDate": "1950-01-01",
}
# Its medicine stands in a contained Medication, and it renews another order.
ORDER: Final[Json] = {
    "resourceType": "MedicationRequest",
    "id": "draft-1",
    "meta": _META,
    "contained": [
        {
            "resourceType": "Medication",
            "id": "m1",
            "status": "active",
            "code": _coded("2551", "Ciprofloxacin 500 MG Oral Tablet"),
            "form": {"text": "tablet"},
            "ingredient": [
                {"itemCodeableConcept": _coded("2551", "ciprofloxacin"), "isActive": True},
                {"itemReference": {"reference": "#m1"}},
            ],
        }
    ],
    "status": "draft",
    "intent": "order",
    "doNotPerform": False,
    "reportedBoolean": False,
    "medicationReference": {"reference": "#m1", "display": "Ciprofloxacin 500 MG Oral Tablet"},
    "subject": _SUBJECT,
    "priorPrescription": {"reference": "MedicationRequest/request-2"},
    "dosageInstruction": [_WITHOUT_TEXT],
}
RECORD: Final[tuple[Json, ...]] = (
    {
        "resourceType": "MedicationRequest",
        "id": "request-1",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": _coded("6582", "Magnesium oxide 400 MG Oral Tablet"),
        "subject": _SUBJECT,
        "dosageInstruction": [_DOSAGE, _WITHOUT_TEXT],
    },
    {
        "resourceType": "MedicationRequest",
        "id": "request-2",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": _coded("2551", "Ciprofloxacin 500 MG Oral Tablet"),
        "subject": _SUBJECT,
    },
    {
        "resourceType": "MedicationDispense",
        "id": "dispense-1",
        "status": "completed",
        "medicationCodeableConcept": _coded("6582", "Magnesium oxide 400 MG Oral Tablet"),
        "subject": _SUBJECT,
        "authorizingPrescription": [{"reference": "MedicationRequest/request-1"}],
        "whenHandedOver": "2026-11-01",
    },
    {
        "resourceType": "MedicationAdministration",
        "id": "given-1",
        "status": "completed",
        "medicationReference": {"reference": "Medication/m2"},
        "subject": _SUBJECT,
        "effectiveDateTime": "2026-11-20",
        "dosage": {"text": "40 mg", "dose": {"value": 40, "unit": "mg", "system": _UCUM, "code": "mg"}},
    },
    {
        "resourceType": "Medication",
        "id": "m2",
        "code": {"text": "Furosemide 40 MG Oral Tablet"},
    },
    {
        "resourceType": "MedicationStatement",
        "id": "statement-1",
        "status": "active",
        "medicationCodeableConcept": {"text": "Levothyroxine 75 MCG Oral Tablet"},
        "subject": _SUBJECT,
        "effectivePeriod": {"start": "2025-01-01"},
        "dosage": [{"text": "1-0-0"}],
    },
)
CONDITION: Final[Json] = {
    "resourceType": "Condition",
    "id": "c1",
    "clinicalStatus": {"coding": [{"code": "active"}]},
    "verificationStatus": {"coding": [{"code": "confirmed"}]},
    "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "E11.9"}], "text": "type 2 diabetes"},
    "subject": _SUBJECT,
}
VALUES: Final[tuple[Json, ...]] = (
    {
        "resourceType": "Observation",
        "id": "magnesium",
        "status": "final",
        "code": {"coding": [{"system": _LOINC, "code": "2601-3"}]},
        "subject": _SUBJECT,
        "effectiveDateTime": "2026-11-20",
        "valueQuantity": {"value": 0.5, "unit": "mmol/L", "system": _UCUM, "code": "mmol/L"},
        "hasMember": [{"reference": "Observation/panel"}],
    },
    {
        "resourceType": "Observation",
        "id": "panel",
        "status": "final",
        "code": {"text": "panel"},
        "subject": _SUBJECT,
        "effectiveDateTime": "2026-11-19",
        "component": [
            {
                "code": {"coding": [{"system": _LOINC, "code": "98979-8"}]},
                "valueQuantity": {"value": 28, "unit": "mL/min/{1.73_m2}", "comparator": "<"},
            },
            {
                "code": {"coding": [{"system": _LOINC, "code": "2823-3"}]},
                "dataAbsentReason": {"coding": [{"code": "not-performed"}]},
            },
        ],
    },
    {
        "resourceType": "Observation",
        "id": "pregnancy",
        "status": "final",
        "code": {"coding": [{"system": _LOINC, "code": "82810-3"}]},
        "subject": _SUBJECT,
        "valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": "60001007"}]},
    },
)


def bundle(*resources: Json) -> Json:
    """A page of a search."""
    entries = [{"fullUrl": f"https://ehr.example/{one['resourceType']}/x", "resource": one} for one in resources]
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(resources),
        "link": [{"relation": "self", "url": "https://ehr.example/"}],
        "entry": entries,
    }
