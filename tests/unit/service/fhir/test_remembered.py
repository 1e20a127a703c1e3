"""What is remembered of a resource is what would be read again, and nothing of whom it is about."""

from __future__ import annotations

from typing import Any

import pytest

from service.fhir import medications, remembered
from service.fhir.notes import NoteCode, Notes
from service.fhir.remembered import Remembered
from tests.unit.service.fhir.resources import concept, dosage, reading, request

TWICE = {"timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}}


@pytest.fixture
def read_before(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What was really read, of a memory that is empty at first."""
    seen: list[object] = []

    def look(value: object, pointer: str, notes: Notes) -> Any:  # noqa: ANN401 - private to the module
        seen.append(value)
        return medications._look(value, pointer, notes)

    monkeypatch.setattr(medications, "_remembered_look", Remembered(look))
    return seen


def test_the_same_order_of_another_patient_is_not_read_again(read_before: list[object]) -> None:
    first = reading(request(id="a", subject={"reference": "Patient/1"}, **dosage(**TWICE)))
    second = reading(request(id="b", subject={"reference": "Patient/2"}, authoredOn="2026-11-02", **dosage(**TWICE)))
    assert len(read_before) == 1
    assert [item.id for item in (*first.medications, *second.medications)] == ["a", "b"]
    assert first.medications[0].times_per_day == second.medications[0].times_per_day == 2


@pytest.mark.parametrize(
    "other",
    [
        request(status="stopped", **dosage(**TWICE)),
        request(intent="proposal", **dosage(**TWICE)),
        request(doNotPerform=True, **dosage(**TWICE)),
        request("furosemide 20 mg tablet", **dosage(**TWICE)),
        request(**dosage(**TWICE, asNeededBoolean=True)),
        request(**dosage(timing={"repeat": {"frequency": 2.0, "period": 2, "periodUnit": "d"}})),
        request(reportedBoolean=True, **dosage(**TWICE)),
        {**request(**dosage(**TWICE)), "resourceType": "MedicationStatement"},
    ],
)
def test_what_says_anything_else_is_read(read_before: list[object], other: dict[str, Any]) -> None:
    reading(request(**dosage(**TWICE)))
    after = reading(other)
    assert len(read_before) == 2
    read_before.clear()
    medications._remembered_look._known.clear()
    assert reading(other) == after


def test_a_note_stands_where_the_resource_stands_this_time(read_before: list[object]) -> None:
    doubtful = request(**dosage(doseAndRate=[{"doseQuantity": {"value": 1, "unit": "handful"}}]))
    found = reading(request("omeprazole"), doubtful, doubtful)
    assert len(read_before) == 2
    pointers = [note.pointer for note in found.notes if note.code is NoteCode.DOSE_LEFT_OUT]
    assert pointers == ["/1/dosageInstruction/0", "/2/dosageInstruction/0"]


def test_nothing_is_remembered_of_whom_it_is_about() -> None:
    canary = "Zebulon"
    order = request(
        None,
        id=canary,
        identifier=[{"value": canary}],
        subject={"reference": f"Patient/{canary}", "display": canary},
        requester={"display": canary},
        note=[{"text": canary}],
        authoredOn="1931-03-04",
        contained=[{"resourceType": "Patient", "name": [{"family": canary}]}],
        medicationCodeableConcept=concept(text="furosemide 40 mg tablet"),
        **dosage(text=f"Two for {canary}", patientInstruction=canary, **TWICE),
    )
    medications._remembered_look._known.clear()
    assert reading(order).medications[0].id == canary
    known = medications._remembered_look._known
    assert len(known) == 1
    assert canary not in repr(known)
    assert "1931" not in repr(known)


@pytest.mark.parametrize("text", ["\ud800 furosemide", "x" * 3000, 10**30], ids=["half a character", "long", "number"])
def test_what_cannot_or_need_not_be_remembered_is_read_each_time(text: object) -> None:
    seen: list[object] = []

    def read(value: object, _pointer: str, _notes: Notes) -> int:
        seen.append(value)
        return len(seen)

    remember = Remembered(read)
    assert [remember({"a": text}, "/0", Notes()) for _ in range(2)] == [1, 2]
    assert not remember._known


def test_it_does_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "_MOST", 3)
    remember = Remembered(lambda value, _pointer, _notes: value)
    for number in range(10):
        assert remember(number, "", Notes()) == number
        assert len(remember._known) <= 3
