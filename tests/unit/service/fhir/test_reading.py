"""What is found in what is sent, whom it is about, conditions, facts of the patient, and limits."""

from __future__ import annotations

import time
from typing import Any

import pytest

from rules.terms import Pregnancy, Sex
from service.fhir.collecting import MAXIMUM_NESTING, MAXIMUM_RESOURCES
from service.fhir.reading import NoteCode, NoteSeverity, ReadingRefused
from tests.unit.service.fhir.resources import (
    SNOMED,
    TODAY,
    bundle,
    concept,
    condition,
    noted,
    observation,
    reading,
    request,
    statement,
)


def names(*sent: object) -> list[str | None]:
    return [item.text for item in reading(*sent).medications]


# --- where resources are found ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent",
    [
        request("digoxin"),
        [request("digoxin")],
        bundle(request("digoxin")),
        {"resourceType": "Bundle", "entry": [{"resource": request("digoxin")}]},  # without a type
        {"entry": [{"resource": request("digoxin")}]},  # without anything
        {"resourceType": "Bundle", "entry": {"resource": request("digoxin")}},  # an object for a list
        {"resourceType": "Bundle", "entry": [request("digoxin")]},  # without a wrapper
        {"resource": request("digoxin")},
        bundle(bundle(request("digoxin"))),
        {"resourceType": "Parameters", "parameter": [{"name": "medication", "resource": request("digoxin")}]},
    ],
)
def test_a_resource_is_found_wherever_it_stands(sent: object) -> None:
    assert names(sent) == ["digoxin"]


@pytest.mark.parametrize(
    ("sent", "code", "whole"),
    [
        (None, NoteCode.NOTHING_THERE, True),
        ({}, NoteCode.NOT_A_RESOURCE, False),
        ("text", NoteCode.NOT_A_RESOURCE, False),
        (7, NoteCode.NOT_A_RESOURCE, False),
        ([None], NoteCode.NOTHING_THERE, True),
        ({"id": "1"}, NoteCode.NOT_A_RESOURCE, False),
        ({"resourceType": 7}, NoteCode.NOT_A_RESOURCE, False),
        ({"resourceType": "active", "id": "1"}, NoteCode.NOT_A_RESOURCE, False),
        ({"resourceType": "Medication Request", "id": "1"}, NoteCode.NOT_A_RESOURCE, False),
        (bundle(entry=[{}]), NoteCode.NOT_A_RESOURCE, False),
        (bundle(entry=["x"]), NoteCode.NOT_A_RESOURCE, False),
        (bundle(entry=[{"fullUrl": "urn:uuid:1"}]), NoteCode.NOT_A_RESOURCE, False),
        ({"resourceType": "Encounter"}, NoteCode.NOT_READ_HERE, True),
        ({"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}, NoteCode.FETCH_FAILED, False),
        (bundle({"resourceType": "OperationOutcome"}), NoteCode.FETCH_FAILED, False),
    ],
)
def test_what_is_no_list_is_never_taken_for_an_empty_one(sent: object, code: NoteCode, whole: bool) -> None:  # noqa: FBT001
    found = reading(sent)
    assert noted(found) == [code]
    assert found.whole is whole


def test_a_list_of_several_pages_is_not_whole() -> None:
    link = [{"relation": "self", "url": "x"}, {"relation": "next", "url": "y"}]
    assert noted(reading(bundle(request(), link=link)), NoteSeverity.ERROR) == [NoteCode.MORE_PAGES]
    # A search for the newest value has more pages on purpose.
    values = reading(bundle(observation("2601-3", 0.8, "mmol/L"), link=link))
    assert noted(values) == [NoteCode.MORE_PAGES]
    assert values.whole
    assert not reading(bundle(link=link)).whole


def test_a_list_that_counts_more_matches_than_it_has_is_not_whole() -> None:
    assert noted(reading(bundle(request(), total=30)), NoteSeverity.ERROR) == [NoteCode.MORE_PAGES]
    assert not reading(bundle(total=1)).whole
    assert reading(bundle(observation("2601-3", 0.8, "mmol/L"), total=30)).whole  # the newest of many
    for total in (1, 0, None, "many"):
        assert reading(bundle(request(), total=total)).whole
    beside = [{"resource": request()}, {"resource": {"resourceType": "Practitioner"}, "search": {"mode": "include"}}]
    assert reading(bundle(entry=beside, total=1)).whole
    assert not reading(bundle(entry=beside, total=2)).whole


def test_the_same_resource_counts_once() -> None:
    assert noted(reading(request(id="1"), bundle(request(id="1")))) == [NoteCode.GIVEN_TWICE]
    found = reading(request("digoxin", id="1"), request("furosemide", id="1"))
    assert [item.text for item in found.medications] == ["digoxin"]
    assert noted(found, NoteSeverity.WARNING) == [NoteCode.GIVEN_TWICE]


# --- limits -----------------------------------------------------------------------------------------------------------


def nested(depth: int) -> dict[str, Any]:
    sent = request()
    for _ in range(depth):
        sent = bundle(sent)
    return sent


def test_nesting_has_a_limit() -> None:
    assert len(reading(nested(MAXIMUM_NESTING)).medications) == 1
    with pytest.raises(ReadingRefused, match="nested"):
        reading(nested(MAXIMUM_NESTING + 1))
    with pytest.raises(ReadingRefused, match="nested"):
        reading(nested(400))


def test_the_number_of_resources_has_a_limit() -> None:
    many = [{"resourceType": "Encounter"}] * MAXIMUM_RESOURCES
    assert len(reading(many).notes) == MAXIMUM_RESOURCES
    with pytest.raises(ReadingRefused, match="resources"):
        reading([*many, {"resourceType": "Encounter"}])


def test_references_in_a_circle_end() -> None:
    medication = {"resourceType": "Medication", "id": "m", "ingredient": [{"itemReference": {"reference": "#m"}}]}
    found = reading(request(None, medicationReference={"reference": "#m"}, contained=[medication]))
    assert len(found.medications) == 1
    assert not found.whole


# --- whom it is about -------------------------------------------------------------------------------------------------


def patient(**elements: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"resourceType": "Patient", **elements}


def about(name: str) -> dict[str, Any]:
    return {"subject": {"reference": name}}


def test_resources_about_another_patient_are_left_out() -> None:
    found = reading(
        patient(id="p"), request("digoxin", **about("Patient/p")), request("furosemide", **about("Patient/q"))
    )
    assert [item.text for item in found.medications] == ["digoxin"]
    assert noted(found) == [NoteCode.OTHER_PATIENT]
    assert not found.whole


@pytest.mark.parametrize(
    "name", ["Patient/p", "https://server.test/r4/Patient/p", "Patient/p/_history/3", "urn:uuid:1"]
)
def test_one_patient_is_referred_to_in_many_ways(name: str) -> None:
    sent = bundle(entry=[{"fullUrl": "urn:uuid:1", "resource": patient(id="p")}, {"resource": request(**about(name))}])
    assert len(reading(sent).medications) == 1
    assert reading(sent).notes == ()


def test_which_patient_is_meant_can_be_said() -> None:
    sent = [request("digoxin", **about("Patient/p")), request("furosemide", **about("Patient/q"))]
    assert [item.text for item in reading(*sent, patient_id="q").medications] == ["furosemide"]
    both = reading(patient(id="p", gender="male"), patient(id="q", gender="female"), patient_id="Patient/q")
    assert both.patient.sex is Sex.FEMALE
    assert noted(both) == [NoteCode.OTHER_PATIENT]


def test_a_question_about_nobody_in_particular_is_refused() -> None:
    with pytest.raises(ReadingRefused, match="more than one Patient"):
        reading(patient(id="p"), patient(id="q"))
    with pytest.raises(ReadingRefused, match="more than one patient"):
        reading(request(**about("Patient/p")), request(**about("Patient/q")))


# --- facts of the patient ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("born", "age", "noted_codes"),
    [
        ("1955-11-22", 71, []),
        ("1955-11-23", 70, []),
        ("1955-11-23T08:00:00Z", 70, []),
        ("1956", 70, [NoteCode.FACT_LEFT_OUT]),
        ("2010", 15, [NoteCode.FACT_LEFT_OUT]),
        ("1955-10", 71, []),
        ("2026-11-22", 0, []),
        ("2026-11-23", None, [NoteCode.FACT_LEFT_OUT]),
        ("1890-01-01", None, [NoteCode.FACT_LEFT_OUT]),
        ("yesterday", None, [NoteCode.FACT_LEFT_OUT]),
        (1955, None, [NoteCode.FACT_LEFT_OUT]),
        (None, None, []),
    ],
)
def test_the_age_on_the_day_of_the_question(born: object, age: int | None, noted_codes: list[NoteCode]) -> None:
    found = reading(patient(birthDate=born))
    assert found.patient.age_years == age
    assert noted(found) == noted_codes


@pytest.mark.parametrize(
    ("gender", "sex"), [("female", Sex.FEMALE), ("Male", Sex.MALE), ("other", None), ("unknown", None), (None, None)]
)
def test_the_sex(gender: object, sex: Sex | None) -> None:
    assert reading(patient(gender=gender)).patient.sex is sex


def test_nothing_is_known_of_nobody() -> None:
    found = reading(request())
    assert found.patient.model_dump(exclude_none=True) == {}
    assert found.conditions is None
    assert found.observations == ()


# --- conditions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["active", "recurrence", "relapse"])
@pytest.mark.parametrize("wrapped", ["text", "concept", "objects for lists"])
def test_conditions_that_are_there(status: str, wrapped: str) -> None:
    concepts = {"concept": concept(("x", status)), "objects for lists": {"coding": {"code": status}}}
    found = reading(condition(clinicalStatus=concepts.get(wrapped, status)))
    assert found.conditions is not None
    assert [one.text for one in found.conditions] == ["type 2 diabetes"]
    assert found.notes == ()


@pytest.mark.parametrize(
    "elements",
    [
        *({"clinicalStatus": status} for status in ("inactive", "remission", "resolved")),
        *({"clinicalStatus": concept(("x", status))} for status in ("inactive", "remission", "resolved")),
        *({"verificationStatus": status} for status in ("refuted", "entered-in-error")),
        {"verificationStatus": concept(("x", "refuted"))},
        {"clinicalStatus": None, "abatementDateTime": "2020-01-01"},
        {"clinicalStatus": None, "abatementPeriod": {"start": "2020-01", "end": "2020-02"}},
        {"clinicalStatus": None, "abatementAge": {"value": 61, "unit": "a"}},
        {"clinicalStatus": None, "abatementString": "around Christmas"},
        {"clinicalStatus": None, "abatementBoolean": True},  # DSTU2
    ],
)
def test_conditions_that_are_not_there_are_left_out_and_said(elements: dict[str, Any]) -> None:
    found = reading(condition(**elements))
    # That one condition is over does not say that there is no other.
    assert found.conditions is None
    assert noted(found) == [NoteCode.NOT_CURRENT]


@pytest.mark.parametrize("status", ["unconfirmed", "provisional", "differential"])
def test_a_condition_that_is_not_confirmed_counts_and_is_said(status: str) -> None:
    found = reading(condition(verificationStatus=status))
    assert found.conditions is not None
    assert noted(found) == [NoteCode.STATUS_DOUBTFUL]


CERTAINTY = "http://fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit"
KBV_CERTAINTY = "https://fhir.kbv.de/CodeSystem/KBV_CS_SFHIR_ICD_DIAGNOSESICHERHEIT"


@pytest.mark.parametrize(
    ("letter", "states", "notes"),
    [
        ("G", {}, []),
        ("V", {}, [NoteCode.STATUS_DOUBTFUL]),
        ("A", {}, [NoteCode.NOT_CURRENT]),
        ("Z", {}, [NoteCode.NOT_CURRENT]),
        ("?", {}, []),
        # What the elements of FHIR say counts.
        ("A", {"verificationStatus": "confirmed"}, []),
        ("Z", {"clinicalStatus": "active"}, []),
        ("G", {"verificationStatus": "refuted"}, [NoteCode.NOT_CURRENT]),
    ],
)
def test_how_sure_german_records_are(letter: str, states: dict[str, Any], notes: list[NoteCode]) -> None:
    """medizininformatik-initiative and hl7germany, CodingICD10GM: ruled out, suspected, or the state after it."""
    said = {"extension": [{"url": CERTAINTY, "valueCoding": {"system": KBV_CERTAINTY, "code": letter}}]}
    coding = {"system": "http://fhir.de/CodeSystem/bfarm/icd-10-gm", "code": "G70.0", **said}
    open_states = {"clinicalStatus": None, "verificationStatus": None, **states}
    found = reading(condition(None, code={"coding": [coding], "text": "Myasthenia gravis"}, **open_states))
    assert noted(found) == notes
    assert (found.conditions is None) is (notes == [NoteCode.NOT_CURRENT])


def test_letters_that_contradict_one_another_say_nothing() -> None:
    codings = [
        {"code": "1", "extension": [{"url": CERTAINTY, "valueCoding": {"code": letter}}]} for letter in ("A", "G")
    ]
    code = {"coding": codings, "text": "Myasthenia gravis"}
    assert reading(condition(None, code=code, verificationStatus=None)).conditions


@pytest.mark.parametrize("system", ["http://hl7.org/fhir/sid/icd-10-cm", "urn:oid:2.16.840.1.113883.6.90"])
def test_codes_of_conditions(system: str) -> None:
    found = reading(condition(None, code=concept((system, "N18.32"), (SNOMED, "1", "Asthma (disorder)"))))
    assert found.conditions is not None
    assert [(one.codes[0].code, one.text) for one in found.conditions] == [("N18.32", "Asthma")]


def test_a_condition_without_a_name_makes_the_answer_incomplete() -> None:
    for code in ({}, None, concept((SNOMED, "44054006")), 7):
        found = reading(condition(None, code=code))
        assert found.conditions is None
        assert noted(found, NoteSeverity.ERROR) == [NoteCode.UNNAMED]


def test_no_known_problems_is_not_the_same_as_nothing_said() -> None:
    assert reading(condition(None, code=concept((SNOMED, "160245001")))).conditions == ()
    assert reading(request()).conditions is None


def test_pregnancy_as_a_condition() -> None:
    pregnant = condition(None, code=concept((SNOMED, "77386006", "Pregnancy (finding)")))
    assert reading(pregnant).patient.pregnancy is Pregnancy.PREGNANT
    denied = observation("82810-3", 0, None, valueQuantity=None, valueBoolean=False)
    found = reading(pregnant, denied)
    assert found.patient.pregnancy is Pregnancy.PREGNANT
    assert noted(found) == [NoteCode.DOES_NOT_AGREE]


def test_dialysis_that_is_refuted_is_none() -> None:
    code = concept(("http://hl7.org/fhir/sid/icd-10-cm", "Z99.2"))
    there, refuted = condition(None, code=code), condition(None, code=code, verificationStatus="refuted")
    over = condition(
        None, code=concept((SNOMED, "105502003", "Dependence on renal dialysis")), clinicalStatus="resolved"
    )
    error = condition(None, code=code, verificationStatus="entered-in-error")
    assert [reading(one).patient.dialysis for one in (there, refuted, over, error)] == [True, False, False, None]
    assert reading(there, refuted).patient.dialysis is True
    assert reading(refuted, there).patient.dialysis is True
    assert reading(condition()).patient.dialysis is None
    failure = condition(None, code=concept((SNOMED, "236435004", "End stage renal failure on dialysis (disorder)")))
    assert reading(failure).patient.dialysis is True


# --- the question -----------------------------------------------------------------------------------------------------


def test_everything_together_is_a_question() -> None:
    found = reading(
        bundle(
            patient(id="p", birthDate="1955-03-04", gender="female"),
            request("furosemide 40 mg tablet", id="r1"),
            statement(id="s1"),
            observation("2601-3", 0.62, "mmol/L", id="o1"),
            observation("98979-8", 38, "mL/min/{1.73_m2}", id="o2"),
            condition(id="c1"),
        )
    )
    assert found.notes == ()
    assert found.whole
    assert found.profile(as_of=TODAY, timetable=True).model_dump(mode="json", exclude_defaults=True) == {
        "medications": [
            {"id": "r1", "text": "furosemide 40 mg tablet"},
            {"id": "s1", "text": "magnesium citrate 200 mg tablet"},
        ],
        "patient": {
            "age_years": 71,
            "sex": "female",
            "egfr": {"value": "38", "unit": "mL/min/1.73m2", "taken_on": "2026-11-20"},
        },
        "conditions": [{"text": "type 2 diabetes"}],
        "observations": [{"kind": "serum_magnesium", "value": "0.62", "unit": "mmol/L", "taken_on": "2026-11-20"}],
        "as_of": "2026-11-22",
        "timetable": True,
    }
    assert found.condition_sources == ("Condition/c1",)
    assert found.observation_sources == ("Observation/o1",)
    assert found.egfr_source == "Observation/o2"
    assert found.patient_reference == "Patient/p"


def test_hostile_resources_take_no_time() -> None:
    """As much as a body may hold, shaped so that naive readers look at everything again for each part of it."""
    rxnorm = "http://www.nlm.nih.gov/research/umls/rxnorm"
    many = [{"coding": [{"system": rxnorm, "code": f"{one}{two}"} for one in range(200)]} for two in range(80)]
    codings = request(None, medicationCodeableConcept=many)
    members = {
        "resourceType": "Observation",
        "status": "final",
        "hasMember": [{"reference": "#x"}] * 100,
        "contained": [{}] * 200,
    }
    prior = [{"reference": f"MedicationRequest/{number + 1}"} for number in range(200)]
    chain = [request(id=f"{number}", priorPrescription=reference) for number, reference in enumerate(prior)]
    started = time.process_time()
    assert len(reading(codings).medications[0].codes) == 10
    reading([{**members, "id": f"{number}"} for number in range(400)])
    reading(chain)
    # A second on a slow machine; each of these took many before it was looked after.
    assert time.process_time() - started < 2
