"""Finds what was withheld from a list on purpose, by masking, redaction or subsets, and takes out what is masked.

FHIR says it in four ways: `meta.security` or `meta.tag` with MASKED, REDACTED or SUBSETTED (v3-ObservationValue), on a
resource or on the Bundle it is missing from; the extension data-absent-reason with `masked` on an element; that code or
MSK of NullFlavor, in place of another; and an OperationOutcome with an issue `suppressed`, whatever its severity. What
is masked is not looked at any further, even where it came along, and no text of ours repeats any of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from service.fhir.elements import Resource, objects, text_of
from service.fhir.notes import NoteCode, Notes

# Whatever a mark looks like, one of these words stands in it, in small or capital letters.
_TRACES: Final = (b"masked", b"redacted", b"subsetted", b"msk", b"suppressed")
_ALTERATIONS: Final = frozenset({"MASKED", "REDACTED", "SUBSETTED"})
_MASKED: Final = "MASKED"
_OBSERVATION_VALUE: Final = ("v3-observationvalue", "v3/observationvalue", "2.16.840.1.113883.5.1063")
_ABSENT: Final = ("data-absent-reason",)
_NULL_FLAVOR: Final = ("nullflavor", "2.16.840.1.113883.5.1008")
_ABSENT_REASON: Final = "data-absent-reason"
# What is left of a resource that is masked: that it is there, and whom it is about.
_KEPT: Final = ("resourceType", "id", "status", "subject", "patient")
# Keys that lead on to resources; no other key of what was sent comes into a pointer.
_LEADING: Final = frozenset({"entry", "resource", "parameter", "contained"})
_LIST: Final = (
    "Something was withheld from this list at the sender, for privacy or for another reason, so it is not whole. What "
    "was withheld can hold anything."
)
_RESOURCE: Final = (
    "Part of this was withheld at the sender, for privacy or for another reason, so it is not known what it says."
)
_HIDDEN: Final = "This is masked at the sender, so it was not looked at, and it is not known what it says."
# No reader looks deeper into a resource, however many Bundles it stands in.
_DEEPEST: Final = 60
_GONE: Final = object()


def without_withheld(sent: list[tuple[str, object]], notes: Notes) -> list[tuple[str, object]]:
    """What was sent, without what is masked; each withheld part is noted, by its resource."""
    try:
        content = orjson.dumps([value for _, value in sent]).lower()
    except TypeError:  # half a character, or a number of more than 64 bits
        content = None
    # Ordinary lists have no such mark, and are not walked through.
    if content is not None and not any(trace in content for trace in _TRACES):
        return sent
    return [(origin, _Walk(notes).kept(value, origin)) for origin, value in sent]


def is_suppressed(outcome: Mapping[str, Any]) -> bool:
    """Whether an OperationOutcome says that something was withheld; that is no failure."""
    return any(text_of(issue.get("code")) == "suppressed" for issue in objects(outcome.get("issue")))


class _Walk:
    """Goes through what was sent at one place."""

    def __init__(self, notes: Notes) -> None:
        """What is found is noted here."""
        self._notes = notes

    def kept(self, value: object, pointer: str) -> object:
        """A copy of what may be looked at; what is masked as a whole is null."""
        left = self._cleared(value, pointer)
        return None if left is _GONE else left

    def _cleared(self, value: object, pointer: str, depth: int = 0, *, numbered: bool = True) -> object:
        """A copy; ``numbered``: whether the places of a list lead on to resources."""
        if depth > _DEEPEST:
            return value
        if isinstance(value, list):
            places = (f"{pointer}/{number}" if numbered else pointer for number in range(len(value)))
            inner = [self._cleared(one, place, depth + 1) for one, place in zip(value, places, strict=True)]
            return [one for one in inner if one is not _GONE]
        if not isinstance(value, dict):
            return value
        kind = text_of(value.get("resourceType"))
        if kind is not None or "entry" in value:
            value = self._noted(value, kind or "Bundle", pointer)
        if _is_masked(value):
            self._note(_RESOURCE, pointer)
            return _GONE
        members: Resource = {}
        for key, one in value.items():
            beside = value.get(f"_{key}")
            if isinstance(beside, dict) and _is_masked(beside):
                continue  # the value of an element that says of itself that it is masked
            leads = key in _LEADING
            left = self._cleared(one, f"{pointer}/{key}" if leads else pointer, depth + 1, numbered=leads)
            if left is not _GONE:
                members[key] = left
        return members

    def _noted(self, value: Resource, kind: str, pointer: str) -> Resource:
        """Note the marks of a resource; of one that is masked only a stub is left."""
        marks = _marks_of(value)
        if kind == "OperationOutcome":
            if is_suppressed(value):
                self._note(_LIST, pointer)
        elif marks and kind in {"Bundle", "Parameters"}:
            self._note(_LIST, pointer)
        elif _MASKED in marks:
            self._note(_HIDDEN, pointer)
            return {key: value[key] for key in _KEPT if key in value}
        elif marks:
            self._note(_RESOURCE, pointer)
        return value

    def _note(self, text: str, pointer: str) -> None:
        self._notes.error(NoteCode.WITHHELD, pointer, text)


def _marks_of(resource: Resource) -> set[str]:
    """The words with which a resource says that it is not all there is."""
    meta = resource.get("meta")
    if not isinstance(meta, dict):
        return set()
    codings = [*objects(meta.get("security")), *objects(meta.get("tag"))]
    codes = {code.upper() for one in codings if (code := text_of(one.get("code"))) and _is_of(one, _OBSERVATION_VALUE)}
    return codes & _ALTERATIONS


def _is_masked(element: Resource) -> bool:
    """Whether an element says of itself that what belongs here is masked."""
    for extension in objects(element.get("extension")):
        address = text_of(extension.get("url"))
        if address is not None and address.rstrip("/").endswith(_ABSENT_REASON):
            given: Any = extension.get("valueCode") or extension.get("valueCodeableConcept")
            if text_of(given) == "masked" or any(_means_masked(one) for one in _codings(given)):
                return True
    return any(_means_masked(one) for one in _codings(element))


def _codings(element: object) -> list[Resource]:
    return objects(element.get("coding")) if isinstance(element, dict) else []


def _means_masked(coding: Resource) -> bool:
    code = text_of(coding.get("code"))
    if code is None:
        return False
    return (code == "masked" and _is_of(coding, _ABSENT)) or (code == "MSK" and _is_of(coding, _NULL_FLAVOR))


def _is_of(coding: Resource, systems: tuple[str, ...]) -> bool:
    """Whether a coding is of one of these systems, in any of their spellings; without a system it may be."""
    system = text_of(coding.get("system"))
    return system is None or any(one in system.lower() for one in systems)
