"""Calls as the description shows them. The patient is made up."""

from __future__ import annotations

from typing import Any, Final

_RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"


def _medication(resource_id: str, status: str, text: str, code: str | None = None) -> dict[str, Any]:
    concept: dict[str, Any] = {"text": text}
    if code is not None:
        concept["coding"] = [{"system": _RXNORM, "code": code}]
    return {
        "resource": {
            "resourceType": "MedicationRequest",
            "id": resource_id,
            "status": status,
            "intent": "order",
            "medicationCodeableConcept": concept,
            "subject": {"reference": "Patient/1288992"},
            "dosageInstruction": [{"timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}}],
        }
    }


_DRAFT: Final = _medication("draft-1", "draft", "Ciprofloxacin 500 MG Oral Tablet", "2551")
_CURRENT: Final = [
    _medication("request-1", "active", "Magnesium oxide 400 MG Oral Tablet", "6582"),
    _medication("request-2", "active", "Furosemide 40 MG Oral Tablet", "4603"),
]
_PREFETCH: Final[dict[str, Any]] = {
    "patient": {"resourceType": "Patient", "id": "1288992", "gender": "female", "birthDate": "1955-03-02"},
    "medicationRequests": {"resourceType": "Bundle", "type": "searchset", "total": 2, "entry": _CURRENT},
    "medicationStatements": {"resourceType": "Bundle", "type": "searchset", "total": 0},
    "conditions": {"resourceType": "Bundle", "type": "searchset", "total": 0},
}
_CONTEXT: Final = {"userId": "Practitioner/example", "patientId": "1288992", "encounterId": "89284"}
_DRAFTS: Final = {"resourceType": "Bundle", "type": "collection", "entry": [_DRAFT]}
_REFILL: Final = _medication("refill-1", "draft", "Magnesium oxide 400 MG Oral Tablet", "6582")
_REFILLS: Final = {"resourceType": "Bundle", "entry": [_REFILL]}

HOOK_REQUESTS: Final[dict[str, Any]] = {
    "order-sign": {
        "summary": "An order is about to be signed",
        "value": {
            "hook": "order-sign",
            "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
            "context": {**_CONTEXT, "draftOrders": _DRAFTS},
            "prefetch": _PREFETCH,
        },
    },
    "order-select": {
        "summary": "An order was chosen, and nothing was sent about the patient",
        "value": {
            "hook": "order-select",
            "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
            "context": {**_CONTEXT, "selections": ["MedicationRequest/draft-1"], "draftOrders": _DRAFTS},
        },
    },
    "medication-refill": {
        "summary": "A patient asks for a refill, and nobody is in front of the record",
        "value": {
            "hook": "medication-refill",
            "hookInstance": "6f2f1c0a-0c8e-4b5e-9a43-3d6f6a3c9b11",
            "context": {"patientId": "1288992", "medications": _REFILLS},
            "prefetch": _PREFETCH,
        },
    },
    "patient-view": {
        "summary": "A chart is opened",
        "value": {
            "hook": "patient-view",
            "hookInstance": "8ae9ff62-2c7b-4e0f-a6f5-9f1a2a4d5c3b",
            "context": _CONTEXT,
            "prefetch": _PREFETCH,
        },
    },
}
