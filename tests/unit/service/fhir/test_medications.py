"""Which medications become lines, in which state, and how they are taken."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from rules.engine import check
from rules.profile import MedicationItem
from rules.terms import DoseBasis, DoseForm, MedicationStatus, Route
from service.fhir.products import UNNAMED
from service.fhir.reading import NoteCode, NoteSeverity, Reading, ReadingRefused, read
from tests.contract.examples import compiled_baseline
from tests.unit.service.fhir.resources import (
    RXNORM,
    SNOMED,
    TODAY,
    UCUM,
    Json,
    bundle,
    concept,
    dispense,
    dosage,
    noted,
    reading,
    request,
    statement,
)


def only(*resources: object) -> MedicationItem:
    found = reading(*resources)
    assert len(found.medications) == 1, found.notes
    return found.medications[0]


# --- status and intent ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resource", "status"),
    [
        (request(), MedicationStatus.CURRENT),
        (request(intent=None), MedicationStatus.CURRENT),
        *((request(intent=intent), MedicationStatus.CURRENT) for intent in ("original-order", "reflex-order")),
        *((request(intent=intent), MedicationStatus.CURRENT) for intent in ("filler-order", "instance-order")),
        *((request(intent=intent), MedicationStatus.PROPOSED) for intent in ("proposal", "plan", "option")),
        (request(status="draft"), MedicationStatus.PROPOSED),
        (statement(), MedicationStatus.CURRENT),
        (statement(status="intended"), MedicationStatus.PROPOSED),
        (dispense(), MedicationStatus.CURRENT),
        (dispense(status="in-progress"), MedicationStatus.CURRENT),
        (statement(adherence={"code": concept(("x", "taking-not-as-directed"))}), MedicationStatus.CURRENT),
        (dispense(notDone=False), MedicationStatus.CURRENT),
        ({**request(), "resourceType": "MedicationOrder"}, MedicationStatus.CURRENT),
    ],
)
def test_a_medication_is_current_or_proposed(resource: dict[str, Any], status: MedicationStatus) -> None:
    assert only(resource).status is status


@pytest.mark.parametrize("status", ["on-hold", "unknown", "a status of the future", None, 7])
def test_a_doubtful_status_counts_and_is_said(status: object) -> None:
    found = reading(request(status=status))
    assert len(found.medications) == 1
    assert set(noted(found, NoteSeverity.WARNING)) <= {NoteCode.STATUS_DOUBTFUL, NoteCode.STATUS_MISSING}
    assert len(found.notes) == 1
    assert found.whole


@pytest.mark.parametrize(
    ("resource", "code"),
    [
        *((request(status=status), NoteCode.NOT_CURRENT) for status in ("cancelled", "stopped", "entered-in-error")),
        (request(status="completed"), NoteCode.NOT_CURRENT),
        *((statement(status=status), NoteCode.NOT_CURRENT) for status in ("not-taken", "stopped", "completed")),
        (statement(status="entered-in-error"), NoteCode.NOT_CURRENT),
        (statement(taken="n"), NoteCode.NOT_CURRENT),
        (statement(wasNotTaken=True), NoteCode.NOT_CURRENT),
        # R5 says it beside the status, STU3 said it so of what was to be given or handed over
        (statement(adherence={"code": concept(("x", "not-taking"))}), NoteCode.NOT_CURRENT),
        (statement(adherence={"code": concept(("x", "stopped-as-directed"))}), NoteCode.NOT_CURRENT),
        (dispense(notDone=True), NoteCode.NOT_CURRENT),
        ({**dispense(notGiven=True), "resourceType": "MedicationAdministration"}, NoteCode.NOT_CURRENT),
        *((dispense(status=status), NoteCode.NOT_CURRENT) for status in ("cancelled", "declined", "stopped")),
        (request(doNotPerform=True), NoteCode.PROHIBITED),
    ],
)
def test_what_is_not_taken_is_left_out_and_said(resource: dict[str, Any], code: NoteCode) -> None:
    found = reading(resource)
    assert found.medications == ()
    assert noted(found) == [code]
    assert found.whole


def test_a_place_can_mean_that_everything_in_it_is_only_considered() -> None:
    found = reading(request("warfarin"), bundle(request("digoxin"), request("furosemide")), proposed={"/1"})
    assert [item.status.value for item in found.medications] == ["current", "proposed", "proposed"]


@pytest.mark.parametrize(
    ("elements", "status"),
    [
        # US Core and Cerner: what a patient says they take is an active plan that was reported
        ({"reportedBoolean": True}, MedicationStatus.CURRENT),
        # QI-Core, MedicationRequest-patient-requester-example: one that nobody but the patient asked for
        ({"requester": {"reference": "Patient/p"}}, MedicationStatus.CURRENT),
        ({"requester": {"type": "Patient", "display": "the patient"}}, MedicationStatus.CURRENT),
        ({"requester": {"reference": "urn:uuid:9"}}, MedicationStatus.CURRENT),
        ({"requester": {"reference": "Practitioner/7"}}, MedicationStatus.PROPOSED),
        ({"requester": {"reference": "urn:uuid:7"}}, MedicationStatus.PROPOSED),
        ({"requester": {"reference": "Patient/p"}, "status": "draft"}, MedicationStatus.PROPOSED),
        ({"reportedBoolean": True, "status": "draft"}, MedicationStatus.PROPOSED),
        ({"reportedBoolean": True, "intent": "proposal"}, MedicationStatus.PROPOSED),
        ({}, MedicationStatus.PROPOSED),
    ],
)
def test_an_active_plan_of_the_patients_own_is_taken(elements: dict[str, Any], status: MedicationStatus) -> None:
    whose = {"fullUrl": "urn:uuid:9", "resource": {"resourceType": "Patient", "id": "p"}}
    plan = request("magnesium oxide 400 mg tablet", **{"intent": "plan", **elements})
    sent = {"resourceType": "Bundle", "entry": [whose, {"resource": plan}]}
    [item] = reading(sent).medications
    assert item.status is status


def test_what_was_reported_counts_and_is_said() -> None:
    assert noted(reading(request(reportedBoolean=True))) == [NoteCode.REPORTED]


# --- what it is called ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "system",
    [
        "http://www.whocc.no/atc",
        "http://fhir.de/CodeSystem/bfarm/atc",  # German records
        "http://fhir.de/CodeSystem/dimdi/atc",
        "urn:oid:2.16.840.1.113883.6.73",
    ],
)
def test_atc_by_its_addresses(system: str) -> None:
    item = only(request(None, medicationCodeableConcept=concept((system, "C03CA01", "Furosemid"))))
    assert [(code.system.value, code.code) for code in item.codes] == [("atc", "C03CA01")]


@pytest.mark.parametrize(
    "system", [RXNORM, "urn:oid:2.16.840.1.113883.6.88", "https://www.nlm.nih.gov/research/umls/rxnorm/"]
)
def test_codes_of_known_systems_are_taken(system: str) -> None:
    item = only(request(None, medicationCodeableConcept=concept((system, "4603", "furosemide"))))
    assert [(code.system.value, code.code) for code in item.codes] == [("rxnorm", "4603")]
    assert item.text == "furosemide"


def test_of_names_the_one_that_is_most_plain_or_shows_a_contradiction() -> None:
    def text_of(*codings: tuple[str, str, str], text: str | None = None) -> str | None:
        return only(request(None, medicationCodeableConcept=concept(*codings, text=text))).text

    known = (RXNORM, "310429", "furosemide 40 MG Oral Tablet")
    assert text_of((SNOMED, "1", "Product containing precisely furosemide 40 milligram"), known) == known[2]
    assert (
        text_of((SNOMED, "1", "Furosemide 40mg tablets"), (RXNORM, "1", f"{known[2]} [Lasix]")) == f"{known[2]} [Lasix]"
    )
    # The code is looked up as well.
    assert text_of(known, (SNOMED, "1", "Digoxin 125 microgram oral tablet")) == "Digoxin 125 microgram oral tablet"
    oxide, citrate = (RXNORM, "6582", "magnesium oxide"), (SNOMED, "1", "Magnesium citrate")
    assert text_of(oxide, citrate) == "Magnesium citrate"
    assert text_of(("urn:local", "1", "Lasix")) == "Lasix"
    assert text_of(known) == known[2]
    assert text_of(known, text="Lasix 40 mg") == "Lasix 40 mg"


def test_codings_that_disagree_are_reported_by_the_check() -> None:
    both = concept((RXNORM, "4603", "furosemide"), (RXNORM, "3407", "digoxin"))
    found = reading(request(None, medicationCodeableConcept=both))
    report = check(compiled_baseline(), found.profile(as_of=TODAY))
    assert {substance["id"] for substance in report["medications"][0]["substances"]} == {"furosemide", "digoxin"}
    assert "codes and text do not agree; all of them were checked" in report["medications"][0]["problems"]
    assert report["status"] == "incomplete"


@pytest.mark.parametrize(
    "elements",
    [
        {},
        {"medicationCodeableConcept": {}},
        {"medicationCodeableConcept": {"text": " "}},
        {"medicationCodeableConcept": {"text": "x" * 201}},
        {"medicationCodeableConcept": {"text": "\ud800"}},
        {"medicationCodeableConcept": 7},
        {"medicationCodeableConcept": concept((SNOMED, "387475002"))},
        {"medicationCodeableConcept": concept((RXNORM, "<script>"))},
        {"medicationReference": {"reference": "Medication/elsewhere"}},
        {"medicationReference": {"reference": "#nothing"}},
        {"medicationReference": {"identifier": {"value": "1"}}},
    ],
)
def test_a_medication_without_a_name_stays_on_the_list(elements: dict[str, Any]) -> None:
    found = reading(request(None, **elements), request("furosemide"))
    assert [item.text for item in found.medications] == [UNNAMED, "furosemide"]
    assert NoteCode.UNNAMED in noted(found, NoteSeverity.ERROR)
    assert not found.whole


def test_a_line_without_a_name_makes_an_answer_incomplete() -> None:
    found = reading(request(None), request("furosemide"))
    report = check(compiled_baseline(), found.profile(as_of=TODAY))
    assert [line["state"] for line in report["medications"]] == ["unrecognised", "recognised"]
    assert report["status"] == "incomplete"


MEDICATION = {
    "resourceType": "Medication",
    "id": "med",
    "code": concept(text="digoxin"),
    "form": {"text": "Oral Tablet"},
}


@pytest.mark.parametrize(
    "sent",
    [
        request(None, medicationReference={"reference": "#med"}, contained=[MEDICATION]),
        bundle(MEDICATION, request(None, medicationReference={"reference": "Medication/med"})),
        bundle(
            request(None, medicationReference={"reference": "https://x.test/r4/Medication/med/_history/2"}), MEDICATION
        ),
        {
            "resourceType": "Bundle",
            "entry": [
                {"fullUrl": "urn:uuid:17", "resource": {**MEDICATION, "id": None}},
                {"resource": request(None, medicationReference={"reference": "urn:uuid:17"})},
            ],
        },
        request(None, medicationReference={"reference": "Medication/away"}, _resolvedMedication=MEDICATION),
        request(None, medication={"reference": {"reference": "#med"}}, contained=[MEDICATION]),
    ],
)
def test_a_reference_to_a_medication_is_followed(sent: dict[str, Any]) -> None:
    item = only(sent)
    assert (item.text, item.dose_form) == ("digoxin", DoseForm.TABLET)


@pytest.mark.parametrize("medication", [{"concept": {"text": "digoxin"}}, {"text": "digoxin"}, "digoxin"])
def test_other_versions_name_a_medication_in_other_places(medication: object) -> None:
    assert only(request(None, medication=medication)).text == "digoxin"


def test_the_name_beside_a_reference_is_read_where_nothing_else_is_there() -> None:
    found = reading(request(None, medicationReference={"reference": "Medication/1", "display": "digoxin"}))
    assert [item.text for item in found.medications] == ["digoxin"]
    assert noted(found) == [NoteCode.NOT_FOUND]


def test_a_mixture_without_a_known_name_is_looked_at_by_its_ingredients() -> None:
    mixture = {
        "resourceType": "Medication",
        "id": "mix",
        "code": {"text": "house mixture"},
        "ingredient": [
            {"itemCodeableConcept": {"text": "magnesium oxide"}},
            {"item": {"concept": {"text": "calcium carbonate"}}},
        ],
    }
    found = reading(request(None, id="r", medicationReference={"reference": "#mix"}, contained=[mixture]))
    assert [item.text for item in found.medications] == ["house mixture", "magnesium oxide", "calcium carbonate"]
    assert {source.reference for source in found.sources.values()} == {"MedicationRequest/r"}


def test_nobody_takes_what_is_said_to_be_nothing() -> None:
    absent = concept(("http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips", "no-known-medications"))
    found = reading(statement(medicationCodeableConcept=absent))
    assert found.medications == ()
    assert noted(found) == [NoteCode.NOTHING_THERE]


# --- how it is taken --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("timing", "times_per_day"),
    [
        ({"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}, 2),
        ({"repeat": {"frequency": 3, "period": 1, "periodUnits": "d"}}, 3),  # DSTU2
        ({"repeat": {"frequency": 1, "frequencyMax": 3, "period": 1, "periodUnit": "d"}}, 3),
        ({"repeat": {"frequency": 1, "period": 8, "periodUnit": "h"}}, 3),
        ({"repeat": {"period": 6, "periodUnit": "h"}}, 4),
        ({"repeat": {"frequency": 14, "period": 1, "periodUnit": "wk"}}, 2),
        ({"repeat": {"frequency": 2}}, 2),
        ({"repeat": {"when": ["MORN", "EVE"]}}, 2),
        ({"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "when": ["HS"]}}, 1),
        ({"code": concept(("http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation", "BID"))}, 2),
        ({"code": {"text": "Q8H"}}, 3),
        ({"code": {"text": "three times a day"}}, 3),
        ({"repeat": {"frequency": 1, "period": 5, "periodUnit": "h"}}, None),
        ({"repeat": {"frequency": 1, "period": 2, "periodUnit": "d"}}, None),
        ({"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"}}, None),
        ({"repeat": {"frequency": 0, "period": 1, "periodUnit": "d"}}, None),
        ({"repeat": {"frequency": 2, "period": 0, "periodUnit": "d"}}, None),
        ({"repeat": {"frequency": 1, "period": 1, "periodUnit": "fortnight"}}, None),
        ({"repeat": {"frequency": "often"}}, None),
        ({"repeat": {"frequency": 1e300, "period": 1, "periodUnit": "d"}}, None),
        ({"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "dayOfWeek": ["mon"]}}, None),
        ({"code": {"text": "as the mood takes"}}, None),
        ("every day", None),
    ],
)
def test_how_often_a_day(timing: object, times_per_day: int | None) -> None:
    assert only(request(**dosage(timing=timing))).times_per_day == times_per_day


@pytest.mark.parametrize(
    "timing",
    [
        {"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"}},
        {"repeat": {"dayOfWeek": ["mon"], "timeOfDay": ["07:00:00"]}},
        {"code": {"coding": [{"code": "WK"}]}},
    ],
)
def test_what_is_not_taken_every_day_says_so_in_words(timing: dict[str, Any]) -> None:
    item = only(request("alendronic acid 70 mg tablet", **dosage(timing=timing)))
    assert item.text == "alendronic acid 70 mg tablet, once a week"
    assert item.times_per_day is None


def test_times_of_day() -> None:
    item = only(request(**dosage(timing={"repeat": {"timeOfDay": ["20:00:00", "08:00", "08:00:00"], "frequency": 2}})))
    assert (item.times, item.times_per_day) == (("08:00", "20:00"), None)
    found = reading(request(**dosage(timing={"repeat": {"timeOfDay": ["25:00:00"]}})))
    assert found.medications[0].times == ()
    assert NoteCode.TIMING_LEFT_OUT in noted(found)


@pytest.mark.parametrize(
    ("elements", "dose"),
    [
        ({"doseAndRate": [{"doseQuantity": {"value": 40, "unit": "mg", "system": UCUM, "code": "mg"}}]}, ("40", "mg")),
        ({"doseQuantity": {"value": 0.125, "unit": "MG"}}, ("0.125", "mg")),  # STU3
        ({"doseAndRate": [{"doseQuantity": {"value": 2, "unit": "tablet(s)", "code": "{tbl}"}}]}, ("2", "tablet")),
        ({"doseAndRate": {"doseQuantity": {"value": "1", "unit": "TAB"}}}, ("1", "tablet")),
        (
            {"doseAndRate": [{"doseQuantity": {"value": 1, "unit": "capsules", "system": UCUM, "code": "1"}}]},
            ("1", "capsule"),
        ),
        ({"doseQuantity": {"value": 5, "system": SNOMED, "code": "258773002"}}, ("5", "mL")),
        ({"doseQuantity": {"value": 50, "code": "ug", "unit": "microgram"}}, ("50", "mcg")),
        ({"doseQuantity": {"value": 1, "unit": "mg", "code": "g"}}, None),  # a thousandfold apart
        ({"doseQuantity": {"value": 1}}, None),
        ({"doseQuantity": {"value": 1, "unit": "spoon"}}, None),
        ({"doseQuantity": {"value": -1, "unit": "mg"}}, None),
        ({"doseQuantity": {"value": True, "unit": "mg"}}, None),
        ({"doseQuantity": {"value": float("nan"), "unit": "mg"}}, None),
        ({"doseQuantity": {"value": 1, "comparator": "<", "unit": "mg"}}, None),
        ({"doseAndRate": [{"doseRange": {"low": {"value": 1}, "high": {"value": 2}}}]}, None),
        (
            {
                "doseAndRate": [
                    {"doseQuantity": {"value": 1, "unit": "mg"}},
                    {"doseQuantity": {"value": 2, "unit": "mg"}},
                ]
            },
            None,
        ),
    ],
)
def test_the_dose(elements: dict[str, Any], dose: tuple[str, str] | None) -> None:
    found = reading(request(**dosage(**elements)))
    read = found.medications[0].dose
    assert (None if read is None else (read.value, read.unit)) == dose
    assert (NoteCode.DOSE_LEFT_OUT in noted(found)) is (dose is None)


def test_a_dose_can_say_that_it_counts_the_magnesium() -> None:
    dose = only(statement(dosage=[{"doseAndRate": [{"doseQuantity": {"value": 200, "code": "mg{elemental}"}}]}])).dose
    assert dose is not None
    assert (dose.unit, dose.of) == ("mg", DoseBasis.ELEMENTAL)


@pytest.mark.parametrize(
    ("route", "read"),
    [
        (concept((SNOMED, "26643006")), Route.ORAL),
        (concept((SNOMED, "47625008", "Intravenous route (qualifier value)")), Route.INTRAVENOUS),
        (concept(("http://ncithesaurus-stage.nci.nih.gov", "C38288")), Route.ORAL),
        (concept(("http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration", "PO")), Route.ORAL),
        (concept(text="by mouth"), Route.ORAL),
        (concept(text="Subcutaneous (under the skin)"), Route.SUBCUTANEOUS),
        (concept(text="under the skin"), Route.SUBCUTANEOUS),
        (concept(text="on the skin"), Route.TOPICAL),
        (concept(text="Nasogastric tube"), Route.ORAL),
        ("oral", Route.ORAL),
        (concept((SNOMED, "26643006"), (SNOMED, "47625008")), None),
        (concept((SNOMED, "1")), None),
        (concept(text="somehow"), None),
        (None, None),
    ],
)
def test_the_route(route: object, read: Route | None) -> None:
    assert only(request(**dosage(route=route))).route is read


def test_a_route_that_cannot_be_read_is_said() -> None:
    assert noted(reading(request(**dosage(route=concept(text="somehow"))))) == [NoteCode.ROUTE_LEFT_OUT]


@pytest.mark.parametrize(
    ("elements", "as_needed"),
    [
        ({"asNeededBoolean": True}, True),
        ({"asNeededBoolean": False}, False),
        ({"asNeededCodeableConcept": {"text": "pain"}}, True),
        ({"asNeeded": True}, True),
        ({}, None),
        ({"asNeededBoolean": "perhaps"}, None),
    ],
)
def test_as_needed(elements: dict[str, Any], as_needed: bool | None) -> None:  # noqa: FBT001 - three values
    assert only(request(**dosage(**elements))).as_needed is as_needed


@pytest.mark.parametrize(
    "sentence",
    [
        "Take 1 tablet (40 mg total) by mouth 2 (two) times a day.",
        "1 tablet Orally Twice a day",
        "TAKE ONE TABLET BY MOUTH TWICE A DAY WITH A FULL GLASS OF WATER",
    ],
)
def test_sentences_of_large_health_records(sentence: str) -> None:
    found = reading(request(**dosage(text=sentence)))
    [item] = found.medications
    assert item.dose is not None
    assert (item.route, item.times_per_day, item.dose.value) == (Route.ORAL, 2, "1")
    assert noted(found) == []


def test_of_a_sentence_that_ends_in_prose_the_beginning_counts() -> None:
    found = reading(request(**dosage(text="Take 1 tablet by mouth twice daily. Weigh yourself every morning.")))
    [item] = found.medications
    assert item.dose is not None
    assert (item.route, item.times_per_day, item.dose.value) == (Route.ORAL, 2, "1")
    assert noted(found) == [NoteCode.DOSE_LEFT_OUT]


@pytest.mark.parametrize("sentence", ["Wobble 1 tablet twice daily", "Take 1 tablet daily, stopped in May"])
def test_nothing_is_read_of_a_sentence_that_may_mean_something_else(sentence: str) -> None:
    found = reading(request(**dosage(text=sentence)))
    assert (found.medications[0].dose, found.medications[0].times_per_day) == (None, None)
    assert noted(found) == [NoteCode.DOSE_LEFT_OUT]


def test_a_sentence_that_names_a_condition_leaves_amounts_open() -> None:
    item = only(request(**dosage(text="Take 1 tablet by mouth twice daily")))
    assert item.dose is not None
    assert (item.route, item.times_per_day, item.dose.value) == (Route.ORAL, 2, "1")
    found = reading(request(**dosage(text="Take 1 tablet by mouth twice daily unless the moon is full")))
    assert found.medications[0].times_per_day is None
    assert noted(found) == [NoteCode.DOSE_LEFT_OUT]


@pytest.mark.parametrize("sent", ["Take 1 tablet by mouth twice daily", ["Take 1 tablet by mouth twice daily", None]])
def test_a_sentence_in_place_of_a_dosage_is_read(sent: object) -> None:
    found = reading(request(dosageInstruction=sent))
    [item] = found.medications
    assert item.dose is not None
    assert (item.route, item.times_per_day, item.dose.value) == (Route.ORAL, 2, "1")
    assert noted(found) == []


@pytest.mark.parametrize("sent", [7, [7], ["take 1 tablet daily", []], True])
def test_a_dosage_that_is_none_is_noted(sent: object) -> None:
    assert noted(reading(request(dosageInstruction=sent))) == [NoteCode.DOSE_LEFT_OUT]


def test_a_day_that_is_none_is_noted() -> None:
    found = reading(request(dosageInstruction=[{"timing": {"repeat": {"boundsPeriod": {"start": "in spring"}}}}]))
    assert found.medications[0].started_on is None
    assert NoteCode.DATE_LEFT_OUT in noted(found)
    found = reading(statement(effectivePeriod={"start": "2026-13-01"}))
    assert found.medications[0].started_on is None
    assert noted(found) == [NoteCode.DATE_LEFT_OUT]


@pytest.mark.parametrize(("start", "said"), [(TODAY, False), (TODAY + timedelta(days=1), True)])
def test_what_has_not_begun_is_said_and_counts(start: date, said: bool) -> None:  # noqa: FBT001
    found = reading(statement(effectivePeriod={"start": start.isoformat()}))
    assert found.medications[0].started_on == start
    assert [note.text.partition(";")[0] for note in found.notes] == ["By its dates it has not begun"] * said


def test_several_dosages_add_up_or_are_left_out() -> None:
    each = {"doseQuantity": {"value": 1, "unit": "tablet"}, "timing": {"repeat": {"timeOfDay": ["08:00:00"]}}}
    later = {**each, "timing": {"repeat": {"timeOfDay": ["20:00:00"]}}}
    item = only(request(dosageInstruction=[each, later]))
    assert item.times == ("08:00", "20:00")
    assert item.dose is not None
    larger = {**later, "doseQuantity": {"value": 2, "unit": "tablet"}}
    found = reading(request(dosageInstruction=[each, larger]))
    assert (found.medications[0].times, found.medications[0].dose) == (("08:00", "20:00"), None)
    assert noted(found) == [NoteCode.DOSE_LEFT_OUT]
    found = reading(request(dosageInstruction=[{**each, "sequence": 1}, {**later, "sequence": 2}]))
    assert (found.medications[0].times, found.medications[0].dose) == ((), None)
    assert noted(found) == [NoteCode.DOSE_LEFT_OUT]


def test_since_when() -> None:
    period = {"start": "2024-03-01T08:00:00+01:00"}
    assert only(request(**dosage(timing={"repeat": {"boundsPeriod": period}}))).started_on == date(2024, 3, 1)
    assert only(statement(effectivePeriod={"start": "2024-03"})).started_on == date(2024, 3, 1)
    # The day it was written says nothing about when the medicine was begun: it may be the tenth prescription.
    assert only(request(authoredOn="2026-11-01")).started_on is None
    assert noted(reading(statement(effectivePeriod={"end": "2020-01-01"}))) == [NoteCode.STATUS_DOUBTFUL]


# --- the same medicine more than once ---------------------------------------------------------------------------------


def test_a_renewal_is_no_duplicate() -> None:
    start = dosage(timing={"repeat": {"boundsPeriod": {"start": "2020-01-01"}}})
    new = request(id="new", priorPrescription={"reference": "MedicationRequest/old"}, status="draft")
    found = reading(request(id="old", **start), new)
    assert [(item.id, item.started_on) for item in found.medications] == [("new", date(2020, 1, 1))]
    assert found.sources["new"].also == ("MedicationRequest/old",)
    assert noted(found) == [NoteCode.RENEWAL]


def test_a_renewal_of_another_medicine_hides_nothing() -> None:
    new = request("digoxin", id="new", priorPrescription={"reference": "MedicationRequest/old"})
    found = reading(request(id="old"), new)
    assert [item.id for item in found.medications] == ["old", "new"]
    assert noted(found, NoteSeverity.WARNING) == [NoteCode.RENEWAL]


def test_renewals_in_a_circle_leave_one() -> None:
    one = request(id="a", priorPrescription={"reference": "MedicationRequest/b"})
    other = request(id="b", priorPrescription={"reference": "MedicationRequest/a"})
    assert len(reading(one, other).medications) == 1
    assert len(reading(request(id="a", priorPrescription={"reference": "MedicationRequest/a"})).medications) == 1


def test_the_start_of_a_renewal_is_not_the_start_of_the_medicine() -> None:
    start = dosage(timing={"repeat": {"boundsPeriod": {"start": "2026-11-01"}}})
    assert only(request(priorPrescription={"reference": "MedicationRequest/gone"}, **start)).started_on is None


def test_what_was_dispensed_of_a_renewed_prescription_belongs_to_the_renewal() -> None:
    linked = dispense(id="d", authorizingPrescription=[{"reference": "MedicationRequest/old"}])
    new = request(id="new", priorPrescription={"reference": "MedicationRequest/old"}, status="draft")
    found = reading(linked, request(id="old"), new)
    assert [item.id for item in found.medications] == ["new"]
    assert set(found.sources["new"].also) == {"MedicationRequest/old", "MedicationDispense/d"}


# --- refills ----------------------------------------------------------------------------------------------------------


def refilled(refill: Json, *current: Json) -> Reading:
    """What is read where a refill was asked for."""
    sent = [("refills", refill), *((f"record/{number}", one) for number, one in enumerate(current))]
    return read(sent, as_of=TODAY, proposed={"refills"}, refills={"refills"})


def daily(doses: int) -> Json:
    return {"frequency": doses, "period": 1, "periodUnit": "d"}


def test_a_refill_is_no_duplicate_of_its_prescription() -> None:
    start = dosage(timing={"repeat": {"boundsPeriod": {"start": "2020-01-01"}, **daily(2)}})
    new = request(id="new", status="draft", **dosage(timing={"repeat": daily(3)}))
    found = refilled(new, request(id="old", **start), request("digoxin", id="other"))
    assert {item.id: item.times_per_day for item in found.medications} == {"new": 3, "other": None}
    assert found.sources["new"].also == ("MedicationRequest/old",)
    assert noted(found) == [NoteCode.RENEWAL]
    # Elsewhere the same two are two: somebody may be about to prescribe again what is taken already.
    again = read([("drafts", new), ("record", request(id="old", **start))], as_of=TODAY, proposed={"drafts"})
    assert [item.id for item in again.medications] == ["new", "old"]


def test_a_refill_that_says_nothing_of_its_dosage_is_taken_as_before() -> None:
    before = dosage(timing={"repeat": {"boundsPeriod": {"start": "2020-01-01"}, "timeOfDay": ["08:00:00"]}})
    [item] = refilled(request(id="new", status="draft"), request(id="old", **before)).medications
    assert (item.id, item.times, item.started_on) == ("new", ("08:00",), date(2020, 1, 1))


def test_a_refill_hides_no_other_line() -> None:
    """Another medicine, one nobody can name, a statement, or one of two prescriptions of which either may be meant."""
    new = request(id="new", status="draft")
    for others in (
        [request("digoxin", id="old")],
        [request(" ", id="old")],
        [statement("furosemide 40 mg tablet", id="said")],
        [request(id="old", status="draft")],
        [request(id="one"), request(id="two")],
    ):
        assert len(refilled(new, *others).medications) == len(others) + 1, others
    assert noted(refilled(new, request(id="one"), request(id="two")), NoteSeverity.WARNING) == [NoteCode.RENEWAL]
    # Two refills go on with one prescription each, and with one there is only one of them does.
    both = [("refills", [new, request(id="newer", status="draft")]), ("record", request(id="old"))]
    assert len(read(both, as_of=TODAY, proposed={"refills"}, refills={"refills"}).medications) == 2


def test_a_dispensing_belongs_to_its_prescription() -> None:
    linked = dispense(id="d", authorizingPrescription=[{"reference": "MedicationRequest/r"}])
    found = reading(linked, request(id="r"))
    assert [item.id for item in found.medications] == ["r"]
    assert found.sources["r"].also == ("MedicationDispense/d",)
    # A prescription that is over hands nothing to anybody; what was dispensed still counts.
    assert [item.id for item in reading(linked, request(id="r", status="completed")).medications] == ["d"]
    other = dispense("digoxin", id="d", authorizingPrescription=[{"reference": "MedicationRequest/r"}])
    assert len(reading(other, request(id="r")).medications) == 2


def test_dispensings_of_one_medicine_count_once() -> None:
    found = reading(*(dispense(id=f"d{month}", whenHandedOver=f"2026-{month}-01") for month in ("09", "11", "10")))
    assert [item.id for item in found.medications] == ["d11"]
    assert noted(found) == [NoteCode.REPEATED] * 2
    assert len(reading(dispense(id="a"), dispense("digoxin", id="b")).medications) == 2
    assert len(reading(dispense(" ", id="a"), dispense(" ", id="b")).medications) == 2


def test_what_was_given_long_ago_counts_and_is_said() -> None:
    """Synthea: administrations and dispensings of all years stand in one Bundle, all of them completed."""
    assert noted(reading(dispense(whenHandedOver="2019-03-01")), NoteSeverity.WARNING) == [NoteCode.STALE]
    assert reading(dispense(whenHandedOver="2026-08-14")).notes == ()  # a hundred days
    # medizininformatik-initiative, Example-MedicationAdministration: an infusion of an hour
    hour = {"start": "2026-11-06T10:20:00Z", "end": "2026-11-06T11:20:00Z"}
    found = reading({**dispense(effectivePeriod=hour), "resourceType": "MedicationAdministration"})
    [note] = found.notes
    assert note.text == "By its dates it is over, and it may be given again; it counts."


# --- ids and limits ---------------------------------------------------------------------------------------------------


def test_lines_have_the_id_of_their_resource_where_it_can_be_one() -> None:
    sent = [request(id="a"), statement(id="a"), request("digoxin", id="m2"), request("x", id="not an id"), request("y")]
    found = reading(*sent)
    ids = [item.id for item in found.medications]
    assert ids[0] == "a"
    assert len(set(ids)) == 5
    assert "m2" in ids
    assert [found.sources[name].reference for name in ids[:3]] == [
        "MedicationRequest/a",
        "MedicationStatement/a",
        "MedicationRequest/m2",
    ]
    assert [found.sources[name].pointer for name in ids] == ["/0", "/1", "/2", "/3", "/4"]


def test_there_is_a_limit() -> None:
    assert len(reading(*(request(f"x{number}") for number in range(200))).medications) == 200
    with pytest.raises(ReadingRefused, match="more than 200 medications"):
        reading(*(request(f"x{number}") for number in range(201)))
