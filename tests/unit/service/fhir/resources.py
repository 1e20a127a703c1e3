"""Small builders of FHIR resources as clients send them; keyword arguments replace or add elements."""

from __future__ import annotations

from datetime import date
from typing import Any

from service.fhir.reading import NoteCode, NoteSeverity, Reading, read

TODAY = date(2026, 11, 22)
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"

Json = dict[str, Any]


def concept(*codings: tuple[str, str] | tuple[str, str, str], text: str | None = None) -> Json:
    """A CodeableConcept of codings (system, code, display)."""
    names = ("system", "code", "display")
    whole: Json = {"coding": [dict(zip(names, coding, strict=False)) for coding in codings]} if codings else {}
    return whole if text is None else {**whole, "text": text}


def request(text: str | None = "furosemide 40 mg tablet", **elements: Any) -> Json:  # noqa: ANN401 - any element
    """An active order for one medicine."""
    named = {} if text is None else {"medicationCodeableConcept": {"text": text}}
    return {"resourceType": "MedicationRequest", "status": "active", "intent": "order", **named, **elements}


def statement(text: str = "magnesium citrate 200 mg tablet", **elements: Any) -> Json:  # noqa: ANN401
    """What somebody says they take."""
    named = {"medicationCodeableConcept": {"text": text}}
    return {"resourceType": "MedicationStatement", "status": "active", **named, **elements}


def dispense(text: str = "furosemide 40 mg tablet", **elements: Any) -> Json:  # noqa: ANN401
    """A medicine that was handed over."""
    named = {"medicationCodeableConcept": {"text": text}}
    return {"resourceType": "MedicationDispense", "status": "completed", **named, **elements}


def dosage(**elements: Any) -> Json:  # noqa: ANN401
    """Part of a medication: one dosage instruction."""
    return {"dosageInstruction": [elements]}


def observation(code: str, value: object, unit: str | None, **elements: Any) -> Json:  # noqa: ANN401
    """A final value of two days ago."""
    quantity = {"value": value} if unit is None else {"value": value, "unit": unit, "system": UCUM, "code": unit}
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": concept((LOINC, code)),
        "valueQuantity": quantity,
        "effectiveDateTime": "2026-11-20",
        **elements,
    }


def condition(text: str | None = "type 2 diabetes", **elements: Any) -> Json:  # noqa: ANN401
    """A confirmed condition that is there."""
    named = {} if text is None else {"code": {"text": text}}
    states = {"clinicalStatus": concept((_CLINICAL, "active")), "verificationStatus": concept((_VERIFIED, "confirmed"))}
    return {"resourceType": "Condition", **states, **named, **elements}


_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


def bundle(*resources: Json, **elements: Any) -> Json:  # noqa: ANN401
    """A collection."""
    wrapped = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": wrapped, **elements}


def reading(*resources: object, **options: Any) -> Reading:  # noqa: ANN401
    """What is read of resources at the places /0, /1 and so on."""
    return read([(f"/{position}", one) for position, one in enumerate(resources)], as_of=TODAY, **options)


def noted(found: Reading, severity: NoteSeverity | None = None) -> list[NoteCode]:
    """The codes of what was noted, sorted."""
    return sorted(note.code for note in found.notes if severity in {None, note.severity})
