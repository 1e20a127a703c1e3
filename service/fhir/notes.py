"""What a reader has to say about what it was given: what it left out and why, and what it took with a doubt.

Texts are our own words. None repeats anything of a resource: it may be about a patient.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum


class NoteSeverity(StrEnum):
    """How much a note matters; the words are those of an OperationOutcome."""

    ERROR = "error"  # something that counts could not be taken, so the answer is incomplete
    WARNING = "warning"  # taken, with a doubt
    INFORMATION = "information"  # left out for a reason that is in order


class NoteCode(StrEnum):
    """What a note is about."""

    NOT_A_RESOURCE = "not-a-resource"
    NOTHING_THERE = "nothing-there"
    NOT_READ_HERE = "not-read-here"
    FETCH_FAILED = "fetch-failed"
    MORE_PAGES = "more-pages"
    WITHHELD = "withheld"
    GIVEN_TWICE = "given-twice"
    OTHER_PATIENT = "other-patient"
    NOT_FOUND = "reference-not-found"
    PROHIBITED = "prohibited"
    NOT_CURRENT = "not-current"
    STATUS_MISSING = "status-missing"
    STATUS_DOUBTFUL = "status-doubtful"
    RENEWAL = "renewal"
    REPEATED = "repeated"
    REPORTED = "reported"
    UNNAMED = "unnamed"
    BY_INGREDIENTS = "by-ingredients"
    BY_ITS_CODE = "by-its-code"
    CODE_LEFT_OUT = "code-left-out"
    DOSE_LEFT_OUT = "dose-left-out"
    TIMING_LEFT_OUT = "timing-left-out"
    ROUTE_LEFT_OUT = "route-left-out"
    FORM_LEFT_OUT = "form-left-out"
    DATE_LEFT_OUT = "date-left-out"
    NOT_FINAL = "not-final"
    VALUE_UNCODED = "value-uncoded"
    NO_VALUE = "no-value"
    NO_UNIT = "no-unit"
    UNIT_UNKNOWN = "unit-unknown"
    UNIT_DECIDES = "unit-decides"
    COMPARATOR = "comparator"
    STALE = "stale"
    OLDER_VALUE = "older-value"
    FACT_LEFT_OUT = "fact-left-out"
    DOES_NOT_AGREE = "does-not-agree"
    TOO_MANY = "too-many"


@dataclass(frozen=True, slots=True)
class Note:
    """One remark. ``pointer`` starts with what the caller of the reader named the place, and ends in the resource."""

    severity: NoteSeverity
    code: NoteCode
    pointer: str
    text: str


class Notes:
    """Collects notes while resources are read."""

    def __init__(self) -> None:
        """There are none yet."""
        self._notes: list[Note] = []

    def error(self, code: NoteCode, pointer: str, text: str) -> None:
        """Something that counts could not be taken."""
        self._notes.append(Note(NoteSeverity.ERROR, code, pointer, text))

    def warning(self, code: NoteCode, pointer: str, text: str) -> None:
        """It was taken, with a doubt."""
        self._notes.append(Note(NoteSeverity.WARNING, code, pointer, text))

    def information(self, code: NoteCode, pointer: str, text: str) -> None:
        """It was left out for a reason that is in order."""
        self._notes.append(Note(NoteSeverity.INFORMATION, code, pointer, text))

    def add(self, noted: Iterable[Note], pointer: str) -> None:
        """What was noted of an element by itself, now that it is known where it stands."""
        self._notes += [replace(note, pointer=f"{pointer}{note.pointer}") for note in noted]

    def all(self) -> tuple[Note, ...]:
        """What was noted, each once."""
        return tuple(dict.fromkeys(self._notes))
