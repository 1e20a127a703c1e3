"""Whom a question is about: which Patient, which resources are about somebody else, and the facts a Patient tells.

A birth date becomes an age and goes no further. Resources about another patient never count.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from rules.terms import Sex
from service.fhir.collecting import Collected, Found, ReadingRefused, relative, subject_of
from service.fhir.elements import code_of, day_of, text_of
from service.fhir.notes import NoteCode, Notes

_OLDEST: Final = 130
_ADULT: Final = 18


def the_patient(collected: Collected, patient_id: str | None, notes: Notes) -> tuple[Found | None, list[Found]]:
    """The Patient, where one was sent, and the other resources that are about that patient.

    Raises:
        ReadingRefused: they are about several patients, and nothing says which one is meant.
    """
    patients = [found for found in collected.found if found.type == "Patient"]
    meant = None
    if patient_id is not None:
        wanted = relative(patient_id).rpartition("/")[2]
        meant = next((found for found in patients if found.id in {None, wanted}), None)
    elif len(patients) == 1:
        meant = patients[0]
    elif patients:
        raise ReadingRefused("there is more than one Patient, and a check is about one")
    expected = patient_id if patient_id is not None else None if meant is None else meant.id
    others = [found for found in collected.found if found.type != "Patient"]
    for found in patients:
        if found is not meant:
            notes.error(NoteCode.OTHER_PATIENT, found.pointer, "This Patient is not the one the question is about.")
    known: dict[str, str | None] = {}  # by the reference: nearly always all say the same
    names = [_name_of(collected, found, meant, known) for found in others]
    if expected is None and len(set(names) - {None}) > 1:
        raise ReadingRefused("the resources are about more than one patient, and nothing says which one is meant")
    about = None if expected is None else relative(expected).rpartition("/")[2]
    return meant, [found for found, name in zip(others, names, strict=True) if _is_about(found, name, about, notes)]


def _name_of(collected: Collected, found: Found, meant: Found | None, known: dict[str, str | None]) -> str | None:
    """The id of the patient a resource is about; None where it does not say, or says it in another way."""
    given = subject_of(found.resource).get("reference")
    if isinstance(given, str) and given in known:
        return known[given]
    written = text_of(given)
    if written is None:
        return None
    target = collected.resolve(written, found)
    if target is not None and target.type == "Patient":
        name = meant.id if target is meant and meant is not None else target.id
    else:
        plain = relative(written)
        name = plain.rpartition("/")[2] if plain.startswith("Patient/") else None
    if not written.startswith("#"):  # what is contained is another one in each resource
        known[written] = name
    return name


def _is_about(found: Found, name: str | None, wanted: str | None, notes: Notes) -> bool:
    if name is None or wanted is None or name == wanted:
        return True
    notes.error(NoteCode.OTHER_PATIENT, found.pointer, "This is about another patient, so it was left out.")
    return False


def age_of(patient: Found, as_of: date, notes: Notes) -> int | None:
    """The age in whole years."""
    given = patient.resource.get("birthDate")
    pointer = f"{patient.pointer}/birthDate"
    if given is None:
        return None
    days = day_of(given)
    if days is None or days[0] > as_of:
        notes.warning(NoteCode.FACT_LEFT_OUT, pointer, "The birth date is no date in the past; the age is not known.")
        return None
    youngest, oldest = _years(days[1], as_of), _years(days[0], as_of)
    if oldest > _OLDEST:
        notes.warning(NoteCode.FACT_LEFT_OUT, pointer, f"The age would be more than {_OLDEST} years; it was left out.")
        return None
    if youngest != oldest:
        notes.warning(NoteCode.FACT_LEFT_OUT, pointer, "The birth date is not exact; the age may be a year off.")
    # Of a child the lower age is the one to be careful with, of everybody else the higher one.
    return max(youngest, 0) if youngest < _ADULT else oldest


def _years(born: date, as_of: date) -> int:
    return as_of.year - born.year - ((as_of.month, as_of.day) < (born.month, born.day))


def sex_of(patient: Found, notes: Notes) -> Sex | None:
    """The administrative sex, where it is one of two."""
    given = code_of(patient.resource.get("gender"))
    if given in {"female", "f"}:
        return Sex.FEMALE
    if given in {"male", "m"}:
        return Sex.MALE
    if given is not None:
        text = "The gender is neither female nor male; rules that ask for the sex count it as not known."
        notes.information(NoteCode.FACT_LEFT_OUT, f"{patient.pointer}/gender", text)
    return None
