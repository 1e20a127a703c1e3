"""Reads Conditions: what the patient has now, by code or by name; what is over, refuted or denied is left out.

A diagnosis that is not confirmed counts, with a note: leaving it out would make the answer milder.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from rules.profile import MAXIMUM_CONDITIONS, ConditionItem
from rules.terms import Pregnancy
from service.fhir import codes
from service.fhir.collecting import Found
from service.fhir.concepts import concept_of, named_condition
from service.fhir.elements import Resource, code_of, first, objects, text_of
from service.fhir.notes import NoteCode, Notes

# An end, as a day, an age, a time, in words, and as DSTU2 had it.
_ENDS: Final = ("abatementDateTime", "abatementAge", "abatementPeriod", "abatementString", "abatementBoolean")


@dataclass(slots=True)
class Conditions:
    """What Conditions say. ``sources``: the reference of each, in their order. ``none_known``: there are none."""

    items: list[ConditionItem] = field(default_factory=list)
    sources: list[str | None] = field(default_factory=list)
    none_known: bool = False
    pregnancy: Pregnancy | None = None
    dialysis: bool | None = None


def conditions_of(found: Iterable[Found], notes: Notes) -> Conditions:
    """Read the Conditions."""
    read = Conditions()
    for one in found:
        if one.type != "Condition":
            continue
        present = _counts(one, notes)
        if present:
            _take(read, one, notes)
        _dialysis(read, one, present=present)
    return read


def _dialysis(read: Conditions, found: Found, *, present: bool) -> None:
    """Dialysis that is refuted or over is said not to be; one that is there outweighs it."""
    if codes.DIALYSIS.isdisjoint(concept_of(found.resource.get("code")).written()):
        return
    if present:
        read.dialysis = True
    elif code_of(found.resource.get("verificationStatus")) != "entered-in-error":
        read.dialysis = read.dialysis or False


def _states_of(resource: Resource) -> tuple[str | None, str | None]:
    """The clinical and the verification status; where one of them is not said, what German records say with the code.

    There A is for ruled out, V for suspected and Z for the state after something that is over.
    """
    clinical, verified = code_of(resource.get("clinicalStatus")), code_of(resource.get("verificationStatus"))
    code = first(resource.get("code"))
    around = [*objects(code.get("coding")), code, resource]
    certainties = {
        code_of(one.get("valueCoding") or one.get("valueCode"))
        for element in around
        for one in objects(element.get("extension"))
        if (text_of(one.get("url")) or "").endswith(codes.CERTAINTY)
    }
    certainty = certainties.pop() if len(certainties) == 1 else None
    return (
        clinical or codes.CERTAINTY_CLINICAL.get(certainty or ""),
        verified or codes.CERTAINTY_VERIFIED.get(certainty or ""),
    )


def _counts(found: Found, notes: Notes) -> bool:
    resource, pointer = found.resource, found.pointer
    clinical, verified = _states_of(resource)
    if verified in codes.CONDITION_REFUTED:
        text = "It was refuted or entered in error, so it was left out."
        notes.information(NoteCode.NOT_CURRENT, f"{pointer}/verificationStatus", text)
        return False
    if clinical in codes.CONDITION_OVER:
        text = "It is not present any more, so it was left out."
        notes.information(NoteCode.NOT_CURRENT, f"{pointer}/clinicalStatus", text)
        return False
    ended = next((name for name in _ENDS if resource.get(name)), None) if clinical is None else None
    if ended is not None:
        text = "It has an end and no status, so it was left out."
        notes.information(NoteCode.NOT_CURRENT, f"{pointer}/{ended}", text)
        return False
    if clinical is not None and clinical not in codes.CONDITION_PRESENT:
        text = "Its clinical status is none that is known here; it counts."
        notes.warning(NoteCode.STATUS_DOUBTFUL, f"{pointer}/clinicalStatus", text)
    if verified in codes.CONDITION_OPEN:
        notes.warning(NoteCode.STATUS_DOUBTFUL, f"{pointer}/verificationStatus", "It is not confirmed; it counts.")
    return True


def _take(read: Conditions, found: Found, notes: Notes) -> None:
    pointer = f"{found.pointer}/code"
    concept = named_condition(found.resource.get("code"), pointer, notes)
    keys = concept.written()
    if codes.NO_PROBLEMS.intersection(keys):
        read.none_known = True
        return
    if any(codes.PREGNANCY_CODES.get(key) is Pregnancy.PREGNANT for key in keys):
        read.pregnancy = Pregnancy.PREGNANT
    if not concept.names_something:
        text = "It has neither a code nor a name that can be read, so it is not known what it is."
        notes.error(NoteCode.UNNAMED, pointer, text)
        return
    item = ConditionItem(text=concept.text, codes=concept.codes)
    if item in read.items:
        notes.information(NoteCode.GIVEN_TWICE, found.pointer, "The same condition was sent before; it counts once.")
    elif len(read.items) >= MAXIMUM_CONDITIONS:
        notes.error(NoteCode.TOO_MANY, found.pointer, f"More than {MAXIMUM_CONDITIONS} conditions; left out.")
    else:
        read.items.append(item)
        read.sources.append(found.reference)
