"""Writes calls of CDS Hooks for tests: resources as an ordinary client has them, and questions as resources."""

from __future__ import annotations

from typing import Any, Final

from rules.profile import MedicationItem, MedicationProfile
from rules.terms import CodeSystem

SERVICE: Final = "/cds-services/magnesium"
RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
CIPROFLOXACIN: Final = "2551"
MAGNESIUM_OXIDE: Final = "6582"
FUROSEMIDE: Final = "4603"
LEVOTHYROXINE: Final = "10582"
DIGOXIN: Final = "3407"
_TEXTS: Final = {
    CIPROFLOXACIN: "Ciprofloxacin 500 MG Oral Tablet",
    MAGNESIUM_OXIDE: "Magnesium oxide 400 MG Oral Tablet",
    FUROSEMIDE: "Furosemide 40 MG Oral Tablet",
    LEVOTHYROXINE: "Levothyroxine 75 MCG Oral Tablet",
    DIGOXIN: "Digoxin 0.125 MG Oral Tablet",
}
_ADDRESSES: Final = {
    CodeSystem.RXNORM: RXNORM,
    CodeSystem.NDC: "http://hl7.org/fhir/sid/ndc",
    CodeSystem.ATC: "http://www.whocc.no/atc",
    CodeSystem.UNII: "http://fdasis.nlm.nih.gov",
    CodeSystem.ICD10CM: "http://hl7.org/fhir/sid/icd-10-cm",
}
_LOINC: Final = {"serum_magnesium": "2601-3", "serum_potassium": "2823-3", "serum_calcium": "17861-6"}


def order(code: str, name: str = "draft-1", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - elements of a resource
    """A MedicationRequest."""
    return {
        "resourceType": "MedicationRequest",
        "id": name,
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {
            "coding": [{"system": RXNORM, "code": code}],
            **({"text": _TEXTS[code]} if code in _TEXTS else {}),
        },
        "subject": {"reference": "Patient/p1"},
        **more,
    }


def current(code: str, name: str = "request-1", **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """A MedicationRequest of what is taken already."""
    return order(code, name, status="active", **more)


def bundle(*resources: Any, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - also what is no resource
    """A searchset."""
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(resources),
        "entry": [{"resource": one} for one in resources],
        **more,
    }


NOTHING_ELSE: Final[dict[str, Any]] = {"medicationRequests": bundle(), "conditions": bundle()}


def call(hook: str = "order-sign", *drafts: Any, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """A call; ``context`` and whatever else is given come on top."""
    context: dict[str, Any] = {"userId": "Practitioner/pr1", "patientId": "p1", "encounterId": "e1"}
    if hook in {"order-select", "order-sign"}:
        context["draftOrders"] = bundle(*drafts, type="collection")
    if hook == "order-select":
        context["selections"] = [f"MedicationRequest/{one['id']}" for one in drafts[:1]]
    if hook in {"medication-prescribe", "medication-refill"}:
        context["medications"] = bundle(*drafts, type="collection")
    if hook == "medication-verify" and drafts:
        context["medication"] = drafts[0]
    context.update(more.pop("context", {}))
    instance = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
    return {"hook": hook, "hookInstance": instance, "context": context, "prefetch": NOTHING_ELSE, **more}


def call_of(profile: MedicationProfile) -> dict[str, Any]:
    """A question as a call: proposed medications as orders, the rest as prefetch."""
    orders = [_request(item, "draft") for item in profile.medications if item.status == "proposed"]
    taken = [_request(item, "active") for item in profile.medications if item.status == "current"]
    patient: dict[str, Any] = {"resourceType": "Patient", "id": "p1"}
    if profile.patient.sex is not None:
        patient["gender"] = profile.patient.sex.value
    if profile.patient.age_years is not None:
        patient["birthDate"] = f"{2025 - profile.patient.age_years}-01-01"
    prefetch: dict[str, Any] = {"patient": patient, "medicationRequests": bundle(*taken)}
    values = [
        {
            "resourceType": "Observation",
            "id": f"o{number}",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": _LOINC[value.kind]}]},
            "subject": {"reference": "Patient/p1"},
            "valueQuantity": {"value": float(value.value), "unit": value.unit, "system": "http://unitsofmeasure.org"},
            **({"effectiveDateTime": value.taken_on.isoformat()} if value.taken_on is not None else {}),
        }
        for number, value in enumerate(profile.observations)
    ]
    rate = profile.patient.egfr
    if rate is not None:
        measured = {"value": float(rate.value), "unit": rate.unit}
        values.append(
            {
                "resourceType": "Observation",
                "id": "rate",
                "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": "98979-8"}]},
                "subject": {"reference": "Patient/p1"},
                "valueQuantity": measured,
                "effectiveDateTime": "2026-11-20",
            }
        )
    prefetch["magnesium"] = bundle(*values)
    if profile.conditions is not None:
        prefetch["conditions"] = bundle(
            *(
                {
                    "resourceType": "Condition",
                    "id": f"c{number}",
                    "clinicalStatus": {"coding": [{"code": "active"}]},
                    "code": {
                        **({"text": one.text} if one.text is not None else {}),
                        "coding": [{"system": _ADDRESSES[code.system], "code": code.code} for code in one.codes],
                    },
                    "subject": {"reference": "Patient/p1"},
                }
                for number, one in enumerate(profile.conditions)
            )
        )
    return call("order-sign" if orders else "patient-view", *orders, prefetch=prefetch)


def _request(item: MedicationItem, status: str) -> dict[str, Any]:
    concept: dict[str, Any] = {}
    if item.text is not None:
        concept["text"] = item.text
    if item.codes:
        concept["coding"] = [{"system": _ADDRESSES[code.system], "code": code.code} for code in item.codes]
    dosage: dict[str, Any] = {}
    if item.times:
        dosage["timing"] = {
            "repeat": {"timeOfDay": [f"{time}:00" for time in item.times], "period": 1, "periodUnit": "d"}
        }
    elif item.times_per_day is not None:
        dosage["timing"] = {"repeat": {"frequency": item.times_per_day, "period": 1, "periodUnit": "d"}}
    if item.dose is not None:
        dosage["doseAndRate"] = [{"doseQuantity": {"value": float(item.dose.value), "unit": item.dose.unit}}]
    if item.route is not None:
        dosage["route"] = {"text": item.route.value}
    return {
        "resourceType": "MedicationRequest",
        "id": item.id,
        "status": status,
        "intent": "order",
        "medicationCodeableConcept": concept,
        "subject": {"reference": "Patient/p1"},
        **({"dosageInstruction": [dosage]} if dosage else {}),
        **({"authoredOn": item.started_on.isoformat()} if item.started_on is not None else {}),
    }
