"""Puts a question of `/v1/checks` into FHIR R4, as the standard has it; the reader of the service has no part in it."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

Json = dict[str, Any]

SYSTEMS: Final = {
    "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "ndc": "http://hl7.org/fhir/sid/ndc",
    "atc": "http://www.whocc.no/atc",
    "unii": "http://fdasis.nlm.nih.gov",
    "icd10cm": "http://hl7.org/fhir/sid/icd-10-cm",
}
LOINC: Final = "http://loinc.org"
SNOMED: Final = "http://snomed.info/sct"
UCUM: Final = "http://unitsofmeasure.org"
CLINICAL: Final = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFIED: Final = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
SUBJECT: Final = {"reference": "Patient/somebody"}
# Parts of a question that FHIR has no resource for; they are about advice, not about findings.
NOT_IN_FHIR: Final = frozenset({"plan", "magnesium_target_mg_per_day", "day", "last_ecg_on", "acknowledgements"})
_VALUES: Final = {
    ("serum_magnesium", "mg/dl"): ("19123-9", "mg/dL"),
    ("serum_magnesium", "mmol/l"): ("2601-3", "mmol/L"),
    ("serum_magnesium", "meq/l"): ("2601-3", "meq/L"),
    ("serum_potassium", "mmol/l"): ("2823-3", "mmol/L"),
    ("serum_potassium", "meq/l"): ("2823-3", "meq/L"),
    ("serum_calcium", "mg/dl"): ("17861-6", "mg/dL"),
    ("serum_calcium", "mmol/l"): ("29265-6", "mmol/L"),
}
_PREGNANCY: Final = {"pregnant": "77386006", "not_pregnant": "60001007"}
_ROUTES: Final = {
    "oral": "26643006",
    "intravenous": "47625008",
    "intramuscular": "78421000",
    "subcutaneous": "34206005",
    "inhaled": "447694001",
    "topical": "6064005",
    "transdermal": "45890007",
    "ophthalmic": "54485002",
    "otic": "10547007",
    "nasal": "46713006",
    "rectal": "37161004",
    "vaginal": "16857009",
    "sublingual": "37839007",
}
_BASES: Final = {"elemental": "{elemental}", "salt": "{salt}"}


def in_fhir(question: Json) -> Json:
    """The question as Parameters; it names its day."""
    as_of = date.fromisoformat(question["as_of"])
    patient = question.get("patient", {})
    sent = [("patient", _patient(patient, as_of))]
    sent += [("medication", _medication(line, number)) for number, line in enumerate(question["medications"])]
    if not question["medications"]:
        sent.append(("medication", {"resourceType": "Bundle", "type": "searchset", "total": 0}))
    sent += [("observation", one) for one in _facts(patient, question["as_of"])]
    sent += [("observation", _value(one, number)) for number, one in enumerate(question.get("observations", []))]
    sent += [("observation", _symptom(text, question["as_of"])) for text in question.get("symptoms", [])]
    sent += [("condition", one) for one in _conditions(question.get("conditions"))]
    if patient.get("dialysis") is not None:
        sent.append(("condition", _dialysis(there=patient["dialysis"])))
    parameters: list[Json] = [{"name": name, "resource": resource} for name, resource in sent]
    parameters.append({"name": "asOf", "valueDate": question["as_of"]})
    if question.get("timetable"):
        parameters.append({"name": "timetable", "valueBoolean": True})
    return {"resourceType": "Parameters", "parameter": parameters}


def _concept(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def _named(item: Json) -> Json:
    concept: Json = {}
    if item.get("codes"):
        concept["coding"] = [{"system": SYSTEMS[one["system"]], "code": one["code"]} for one in item["codes"]]
    if item.get("text") is not None:
        concept["text"] = item["text"]
    return concept


def _patient(patient: Json, as_of: date) -> Json:
    resource: Json = {"resourceType": "Patient", "id": "somebody"}
    if patient.get("age_years") is not None:
        # Born on the first day of the month: there is no 29 February in most years.
        born = as_of.replace(year=as_of.year - patient["age_years"], day=1)
        resource["birthDate"] = born.isoformat()
    if patient.get("sex") is not None:
        resource["gender"] = patient["sex"]
    return resource


def _medication(line: Json, number: int) -> Json:
    """Orders and statements take turns, so that both are read."""
    proposed = line.get("status") == "proposed"
    dosages = _dosage(line)
    resource: Json = {"id": line["id"], "subject": SUBJECT}
    if number % 2 == 0 or proposed:
        resource |= {
            "resourceType": "MedicationRequest",
            "status": "draft" if proposed else "active",
            "intent": "order",
        }
        if dosages:
            resource["dosageInstruction"] = dosages
        if line.get("started_on") is not None:
            timing = resource.setdefault("dosageInstruction", [{}])[0].setdefault("timing", {})
            timing.setdefault("repeat", {})["boundsPeriod"] = {"start": line["started_on"]}
    else:
        resource |= {"resourceType": "MedicationStatement", "status": "active"}
        if dosages:
            resource["dosage"] = dosages
        if line.get("started_on") is not None:
            resource["effectivePeriod"] = {"start": line["started_on"]}
    if line.get("dose_form") is None:
        return {**resource, "medicationCodeableConcept": _named(line)}
    form = {"text": line["dose_form"].replace("_", " ")}
    medication = {"resourceType": "Medication", "id": "med", "code": _named(line), "form": form}
    return {**resource, "contained": [medication], "medicationReference": {"reference": "#med"}}


def _dosage(line: Json) -> list[Json]:
    dosage: Json = {}
    if line.get("times"):
        dosage["timing"] = {"repeat": {"timeOfDay": [f"{time}:00" for time in line["times"]]}}
    elif line.get("times_per_day") is not None:
        dosage["timing"] = {"repeat": {"frequency": line["times_per_day"], "period": 1, "periodUnit": "d"}}
    if line.get("as_needed") is not None:
        dosage["asNeededBoolean"] = line["as_needed"]
    if line.get("route") is not None:
        dosage["route"] = _concept(SNOMED, _ROUTES[line["route"]])
    if line.get("dose") is not None:
        dose = line["dose"]
        code = dose["unit"] + _BASES.get(dose.get("of"), "")
        quantity = {"value": float(dose["value"]), "unit": dose["unit"], "system": UCUM, "code": code}
        dosage["doseAndRate"] = [{"doseQuantity": quantity}]
    return [dosage] if dosage else []


def _observation(name: str, code: str, **elements: Any) -> Json:  # noqa: ANN401 - elements of FHIR
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "subject": SUBJECT,
        "code": _concept(LOINC, code),
        **elements,
    }


def _day(given: str | None) -> Json:
    return {} if given is None else {"effectiveDateTime": given}


def _quantity(value: str, unit: str) -> Json:
    return {"valueQuantity": {"value": float(value), "unit": unit, "system": UCUM, "code": unit}}


def _facts(patient: Json, today: str) -> list[Json]:
    facts = []
    egfr = patient.get("egfr")
    if egfr is not None:
        quantity = _quantity(egfr["value"], "mL/min/{1.73_m2}")
        facts.append(_observation("egfr", "98979-8", **quantity, **_day(egfr.get("taken_on"))))
    if patient.get("pregnancy") is not None:
        state = _concept(SNOMED, _PREGNANCY[patient["pregnancy"]])
        facts.append(_observation("pregnancy", "82810-3", valueCodeableConcept=state, **_day(today)))
    return facts


def _value(given: Json, number: int) -> Json:
    code, unit = _VALUES[given["kind"], given["unit"].lower()]
    return _observation(f"value-{number}", code, **_quantity(given["value"], unit), **_day(given.get("taken_on")))


def _symptom(text: str, today: str) -> Json:
    return _observation(
        "symptom-" + text.replace(" ", "-"), "75325-1", valueCodeableConcept={"text": text}, **_day(today)
    )


def _condition(name: str, code: Json, verified: str = "confirmed") -> Json:
    resource = {
        "resourceType": "Condition",
        "id": name,
        "subject": SUBJECT,
        "verificationStatus": _concept(VERIFIED, verified),
        "code": code,
    }
    # A condition that was never there has no clinical status.
    return resource if verified == "refuted" else {**resource, "clinicalStatus": _concept(CLINICAL, "active")}


def _conditions(given: list[Json] | None) -> list[Json]:
    if given == []:
        return [_condition("none", _concept(SNOMED, "160245001"))]
    return [_condition(f"condition-{number}", _named(one)) for number, one in enumerate(given or [])]


def _dialysis(*, there: bool) -> Json:
    return _condition("dialysis", _concept(SYSTEMS["icd10cm"], "Z99.2"), "confirmed" if there else "refuted")
