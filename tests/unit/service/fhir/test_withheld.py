"""What was withheld is said and never taken for nothing, however FHIR says it; nothing that is masked shows."""

from __future__ import annotations

from typing import Any, Final

import pytest

from rules.profile import MedicationItem
from service.fhir.products import UNNAMED
from service.fhir.reading import NoteCode, NoteSeverity, Reading
from tests.spoiling import nested
from tests.unit.service.fhir.resources import Json, bundle, dosage, observation, reading, request

VALUES: Final = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
SECRET: Final = "Canary-Lovelace"
MASKED: Final[Json] = {"extension": [{"url": ABSENT, "valueCode": "masked"}]}


def marked(code: str, element: str = "security", system: str | None = VALUES) -> Json:
    """`meta` with a mark, as real servers write it."""
    return {"meta": {element: [{"code": code} if system is None else {"system": system, "code": code}]}}


def withheld(found: Reading) -> list[str]:
    assert all(note.severity is NoteSeverity.ERROR for note in found.notes if note.code is NoteCode.WITHHELD)
    assert not [note for note in found.notes if SECRET in note.text or SECRET in note.pointer]
    assert found.whole == (not [note for note in found.notes if note.severity is NoteSeverity.ERROR])
    return [note.pointer for note in found.notes if note.code is NoteCode.WITHHELD]


def items(found: Reading) -> list[MedicationItem]:
    assert SECRET not in repr(found.medications)
    return list(found.medications)


@pytest.mark.parametrize("code", ["MASKED", "REDACTED", "SUBSETTED", "redacted"])
@pytest.mark.parametrize("element", ["security", "tag"])
@pytest.mark.parametrize(
    "system", [VALUES, "http://hl7.org/fhir/v3/ObservationValue", "urn:oid:2.16.840.1.113883.5.1063", None]
)
def test_a_list_that_says_it_is_not_all_is_not_whole(code: str, element: str, system: str | None) -> None:
    for sent in (bundle(**marked(code, element, system)), bundle(request(), **marked(code, element, system))):
        found = reading(sent)
        assert withheld(found) == ["/0"]
        assert not found.whole
        # What did come along counts: the mark of a Bundle is about what is missing from it.
        assert len(found.medications) == len(sent["entry"])


@pytest.mark.parametrize(
    "meta",
    [
        {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]},
        {"security": [{"system": "https://ehr.example/labels", "code": "MASKED"}]},
        {"tag": [{"system": VALUES, "code": "CONVERTED"}]},
        {"security": "MASKED"},
        {"tag": [{"system": VALUES, "display": "MASKED"}]},
        "MASKED",
    ],
)
def test_other_labels_withhold_nothing(meta: object) -> None:
    found = reading(bundle(request(meta=meta), meta=meta))
    assert withheld(found) == []
    assert found.whole


@pytest.mark.parametrize("code", ["REDACTED", "SUBSETTED"])
def test_the_rest_of_a_resource_counts(code: str) -> None:
    found = reading(bundle(request(id="r1"), request("digoxin", id="r2", **marked(code))))
    assert withheld(found) == ["/0/entry/1/resource"]
    assert [item.text for item in items(found)] == ["furosemide 40 mg tablet", "digoxin"]
    assert found.is_whole("/0/entry/0/resource")
    assert not found.is_whole("/0/entry/1/resource")


def test_a_masked_resource_is_there_and_nothing_of_it_is_looked_at() -> None:
    """Even where it came along: nobody is to see on a card what was masked from them."""
    hidden = request(SECRET, id="r1", note=[{"text": SECRET}], **dosage(text=SECRET), **marked("MASKED"))
    found = reading(bundle(hidden))
    assert withheld(found) == ["/0/entry/0/resource"]
    assert [(item.id, item.text) for item in items(found)] == [("r1", UNNAMED)]
    assert SECRET not in repr(found)
    # A line that is over stays over, and a value that is masked is none.
    assert items(reading(bundle({**hidden, "status": "stopped"}))) == []
    value = observation("2601-3", 0.4, "mmol/L", **marked("MASKED"))
    assert reading(bundle(value)).observations == ()


MASKED_ELEMENTS: Final[dict[str, Json]] = {
    "the concept": request(None, medicationCodeableConcept={**MASKED, "text": SECRET, "coding": [{"code": SECRET}]}),
    "its text": request(None, medicationCodeableConcept={"text": SECRET, "_text": MASKED}),
    "a code": request(
        None,
        medicationCodeableConcept={
            "text": SECRET,
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "masked"}],
        },
    ),
    "a null flavor": request(
        None,
        medicationCodeableConcept={
            "text": SECRET,
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "code": "MSK"}],
        },
    ),
    "the reference": request(None, medicationReference={**MASKED, "display": SECRET}),
    "the reason as a concept": request(
        None,
        medicationCodeableConcept={
            "text": SECRET,
            "extension": [{"url": ABSENT, "valueCodeableConcept": {"coding": [{"code": "masked"}]}}],
        },
    ),
}


@pytest.mark.parametrize("name", MASKED_ELEMENTS)
def test_a_masked_name_is_no_name(name: str) -> None:
    found = reading(bundle(request(id="r0"), MASKED_ELEMENTS[name]))
    assert withheld(found) == ["/0/entry/1/resource"]
    assert [item.text for item in items(found)] == ["furosemide 40 mg tablet", UNNAMED]
    assert SECRET not in repr(found)


def test_other_masked_elements() -> None:
    timed = dosage(timing={"repeat": {"timeOfDay": ["08:00:00"]}})
    [item] = items(found := reading(request(_status=MASKED, status="stopped", **timed)))
    assert (item.times, withheld(found)) == (("08:00",), ["/0"])
    [item] = items(found := reading(request(dosageInstruction=[{**MASKED, "text": "once daily"}])))
    assert (item.times_per_day, withheld(found)) == (None, ["/0"])
    patient = {"resourceType": "Patient", "id": "p", "birthDate": "1950-01-01", "_birthDate": MASKED}
    found = reading(patient, request())
    assert (found.patient.age_years, withheld(found)) == (None, ["/0"])
    absent = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "masked"}]}
    value = {**observation("2601-3", 1, None, dataAbsentReason=absent), "valueQuantity": None}
    assert withheld(reading(value, request())) == ["/0"]
    # Another reason for not being there is none of these.
    unknown = {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}
    assert withheld(reading(request(note="masked", medicationReference=unknown))) == []


@pytest.mark.parametrize("severity", ["information", "warning", "error"])
def test_a_server_that_says_so(severity: str) -> None:
    """FHIR: `suppressed`, "some information was not or might not have been returned" for consent or privacy."""
    remark = {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": "suppressed"}]}
    found = reading(bundle(request(), remark))
    assert withheld(found) == ["/0/entry/1/resource"]
    assert len(found.medications) == 1


def test_a_list_with_nothing_but_a_remark_is_not_known_to_be_empty() -> None:
    """As a national record writes it where a patient has withheld records: an informational note, and total 0."""
    remark = {"resourceType": "OperationOutcome", "issue": [{"severity": "information", "code": "informational"}]}
    assert not reading(bundle(remark, total=0)).whole
    assert reading(bundle(request(), remark)).whole
    assert reading(bundle(total=0)).whole


def test_marks_in_any_depth_and_shape() -> None:
    deep: Any = nested(240, "extension", "contained")
    for sent in (request(extension=deep, **marked("MASKED")), request(extension=[deep, MASKED]), [[MASKED]], [MASKED]):
        assert not reading(sent).whole
