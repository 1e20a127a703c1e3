"""What an answer did not look at, in words: what was not sent, failed or is not whole, and what nobody recognised.

None of it ever counts as a patient who takes nothing. Nothing here judges what was looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from rules.lines import NOT_BEGUN
from rules.terms import CheckStatus, ObservationKind, RecognitionState
from service.api.cds_hooks.offered import MEDICATION_PARTS, PREFETCH, Part
from service.api.cds_hooks.plain_markdown import bullets, escaped, paragraphs
from service.application.checks import CheckAnswer
from service.fhir.codes import MEDICATION_TYPES
from service.fhir.collecting import has_more
from service.fhir.notes import Note, NoteCode, NoteSeverity
from service.fhir.reading import Reading
from service.fhir.withheld import is_suppressed

_MOST_NAMED: Final = 12
_UNRECOGNISED: Final = RecognitionState.UNRECOGNISED.value
_COMPLETE: Final = CheckStatus.COMPLETE.value


class Supply(StrEnum):
    """How a part of the record came."""

    GIVEN = "given"
    PARTIAL = "partial"
    FAILED = "failed"
    NOTHING = "nothing"
    ABSENT = "absent"


_OF_MEDICATIONS: Final = {
    Supply.ABSENT: "The list of current medications was not sent, so it is not known what else is taken.",
    Supply.NOTHING: "In place of the current medications the record system sent nothing (null); that does not mean "
    "that nothing is taken.",
    Supply.FAILED: "The record system could not send the list of current medications, or not all of it, so it is not "
    "known what else is taken.",
    Supply.PARTIAL: "There are more current medications than were sent, so the list is not whole.",
}
_NAMES: Final = {
    Part.CONDITIONS: "conditions",
    Part.MAGNESIUM: "magnesium",
    Part.POTASSIUM: "potassium",
    Part.CALCIUM: "calcium",
    Part.KIDNEY_FUNCTION: "kidney function",
}
_PART_OF_VALUE: Final = {
    ObservationKind.SERUM_MAGNESIUM: Part.MAGNESIUM,
    ObservationKind.SERUM_POTASSIUM: Part.POTASSIUM,
    ObservationKind.SERUM_CALCIUM: Part.CALCIUM,
}
_MEDICATION_LISTS: Final = frozenset({*MEDICATION_TYPES, "Parameters"})
_LISTED: Final = frozenset({"MedicationRequest", "MedicationStatement"})
_MEDICATION_KEYS: Final = frozenset(part.value for part in MEDICATION_PARTS)
_NAMED_KEYS: Final = {part.value: name for part, name in _NAMES.items()}
# What the reader says about lists of medications is said above, for the list as a whole.
_SAID: Final = frozenset({NoteCode.FETCH_FAILED, NoteCode.MORE_PAGES, NoteCode.NOTHING_THERE})
_OTHERWISE_SAID: Final = frozenset({*_SAID, NoteCode.WITHHELD})
# A doubt about what a value means, or whom it is about, is worth a card of its own; most others are not.
_TELLING: Final = frozenset(
    {
        NoteCode.UNIT_UNKNOWN,
        NoteCode.NO_UNIT,
        NoteCode.UNIT_DECIDES,
        NoteCode.VALUE_UNCODED,
        NoteCode.OTHER_PATIENT,
        NoteCode.NOT_FOUND,
    }
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What has to be said. ``detail`` is finished Markdown; ``degraded``: what answers may not be what should."""

    summary: str
    detail: str
    degraded: bool


def supply_of(sent: object, types: Collection[str] | None = None) -> Supply:
    """How a value of prefetch has to be taken; ``types``: those a single resource in place of a list can have."""
    sent = _unwrapped(sent)
    if sent is None:
        return Supply.NOTHING
    kind = sent.get("resourceType") if isinstance(sent, dict) else None
    single = isinstance(kind, str) and kind not in {"Bundle", "OperationOutcome"}
    if isinstance(sent, list) or (single and (types is None or kind in types)):
        return Supply.GIVEN
    entries = sent.get("entry", []) if isinstance(sent, dict) and kind == "Bundle" else None
    remarks = _remarks(entries) if isinstance(entries, list) else None
    if not isinstance(sent, dict) or not isinstance(entries, list) or remarks is None:
        return Supply.FAILED
    if remarks and remarks == len(entries):
        return Supply.FAILED  # nothing but what the server says of it: not known to be empty
    return Supply.PARTIAL if has_more(sent) else Supply.GIVEN


def _unwrapped(sent: object) -> object:
    """What a client prefetched, without the answer of a server around it."""
    wrapped = isinstance(sent, dict) and "resourceType" not in sent and isinstance(sent.get("resource"), dict)
    return sent["resource"] if wrapped and isinstance(sent, dict) else sent


def _remarks(entries: list[Any]) -> int | None:
    """How many entries say something of the list instead of standing on it; None: one is for what could not be sent."""
    remarks = 0
    for entry in entries:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict) and not (resource := _resource_of(entry)):
            return None
        # What was withheld is no remark: the reader notes it as what it is.
        if resource.get("resourceType") == "OperationOutcome" and not is_suppressed(resource):
            if not _is_remark(resource):
                return None
            remarks += 1
    return remarks


def _is_remark(outcome: Mapping[str, Any]) -> bool:
    """Whether an OperationOutcome only has something to say of what was sent, and no failure."""
    issues = outcome.get("issue")
    return isinstance(issues, list) and all(
        isinstance(one, dict) and one.get("severity") == "information" for one in issues
    )


def _resource_of(entry: object) -> Mapping[str, Any]:
    """What stands in an entry, or in place of one; empty where nothing does."""
    if not isinstance(entry, dict):
        return {}
    resource = entry.get("resource", entry if "resourceType" in entry else None)
    return resource if isinstance(resource, dict) else {}


def medication_supply(prefetch: Mapping[str, Any]) -> Supply:
    """How the current medications came, under whatever keys."""
    came = {
        key: supply_of(sent, _MEDICATION_LISTS)
        for key, sent in prefetch.items()
        if key in _MEDICATION_KEYS or (key not in PREFETCH and (_sounds_like_medications(key) or _lists_them(sent)))
    }
    given = {key for key, supply in came.items() if supply is Supply.GIVEN}
    if given == {Part.STATEMENTS.value} and _is_empty(prefetch[Part.STATEMENTS]):
        # That nothing was reported says nothing of prescriptions, which most records keep and these did not send.
        del came[Part.STATEMENTS]
    ranked = (Supply.FAILED, Supply.PARTIAL, Supply.GIVEN, Supply.NOTHING)
    return next((one for one in ranked if one in came.values()), Supply.ABSENT)


def _is_empty(listed: object) -> bool:
    bare = _unwrapped(listed)
    return not bare or (isinstance(bare, dict) and bare.get("resourceType") == "Bundle" and not bare.get("entry"))


def _sounds_like_medications(key: str) -> bool:
    return "medic" in key.casefold() or "drug" in key.casefold()


def _lists_them(sent: object) -> bool:
    """Whether what came under a key that says nothing ("item2") is a list of prescriptions or statements."""
    bare = _unwrapped(sent)
    entries = bare.get("entry") if isinstance(bare, dict) else None
    if not isinstance(entries, list) or not entries:
        return False
    return any(MEDICATION_TYPES.get(str(_resource_of(one).get("resourceType"))) in _LISTED for one in entries)


def limits_of(prefetch: Mapping[str, Any], reading: Reading, answer: CheckAnswer) -> Limits | None:
    """What has to be said about an answer; none where nothing has to be."""
    supply = medication_supply(prefetch)
    unrecognised, doubtful = _lines_in_doubt(reading, answer)
    withheld = [note for note in reading.notes if note.code is NoteCode.WITHHELD]
    errors = _texts(reading.notes, NoteSeverity.ERROR)
    unread = any(note.severity is NoteSeverity.ERROR and note.code not in _OTHERWISE_SAID for note in reading.notes)
    doubts = _texts(reading.notes, NoteSeverity.WARNING)
    telling = any(note.code in _TELLING and note.severity is not NoteSeverity.INFORMATION for note in reading.notes)
    degraded = answer["degraded"]
    failed = [name for key, name in _NAMED_KEYS.items() if key in prefetch and _is_short(key, supply_of(prefetch[key]))]
    reasons = [
        *(["the answer may be out of date"] if degraded is not None else []),
        *([f"medications that were not recognised: {len(unrecognised)}"] if unrecognised else []),
        *([f"medications that were read in part or with a doubt: {len(doubtful)}"] if doubtful else []),
        *(["something was withheld"] if withheld else []),
        *(["the current medications are not known or not all of them"] if supply is not Supply.GIVEN else []),
        *(["something that was sent could not be read"] if unread or failed else []),
        *(["something was read with a doubt"] if telling and not errors else []),
    ]
    if not reasons:
        return None
    lines = [*errors, *(doubts if telling else [])]
    detail = paragraphs(
        None if degraded is None else "\n\n".join(escaped(f"{reason}.") for reason in degraded["reasons"]),
        _OF_MEDICATIONS.get(supply),
        _named("**Not recognised, and so not checked:**", unrecognised),
        _named("**Checked, but read in part or with a doubt:**", doubtful),
        paragraphs("**From what was sent:**", bullets(escaped(line) for line in lines)) if lines else None,
        f"Failed at the sender, or not whole: {', '.join(failed)}." if failed else None,
        _not_sent(prefetch, reading),
        "What was not looked at can hold anything: that no card is about it means nothing.",
    )
    first, *more = reasons
    summary = f"Not everything could be checked: {'; '.join([first, *more])}"
    return Limits(summary, detail, degraded is not None)


def _lines_in_doubt(reading: Reading, answer: CheckAnswer) -> tuple[list[str], list[str]]:
    """The lines that nobody recognised, and those read with a doubt, by what they are called where they come from."""
    unrecognised: list[str] = []
    doubtful: list[str] = []
    if answer["status"] == _COMPLETE:
        return unrecognised, doubtful
    names = {item.id: item.text or ", ".join(code.code for code in item.codes) for item in reading.medications}
    for line in answer["medications"]:
        if line["state"] == _UNRECOGNISED:
            unrecognised.append(escaped(names[line["id"]]))
        else:
            # That something begins tomorrow is no doubt about what was read.
            doubts = [problem for problem in line["problems"] if problem != NOT_BEGUN]
            if doubts:
                doubtful.append(escaped(f"{names[line['id']]}: {'; '.join(doubts)}"))
    return unrecognised, doubtful


def _named(title: str, lines: list[str]) -> str | None:
    """The first lines under their title, and how many more there are."""
    if not lines:
        return None
    more = [f"and {len(lines) - _MOST_NAMED} more"] if len(lines) > _MOST_NAMED else []
    return paragraphs(title, bullets([*lines[:_MOST_NAMED], *more]))


def _texts(notes: tuple[Note, ...], severity: NoteSeverity) -> list[str]:
    """Each thing that was noted, once."""
    return list(dict.fromkeys(note.text for note in notes if note.severity is severity and note.code not in _SAID))


def _is_short(key: str, supply: Supply) -> bool:
    """Whether a part that came is less than it should be; of values only the newest is wanted anyway."""
    return supply is Supply.FAILED or (supply is Supply.PARTIAL and key == Part.CONDITIONS)


def _not_sent(prefetch: Mapping[str, Any], reading: Reading) -> str | None:
    """Which other parts did not come, under whatever key; findings that need them say so too."""
    came = {_PART_OF_VALUE.get(observation.kind) for observation in reading.observations}
    came |= {Part.CONDITIONS} if reading.conditions is not None else set()
    came |= {Part.KIDNEY_FUNCTION} if reading.patient.egfr is not None else set()
    missing = [name for part, name in _NAMES.items() if prefetch.get(part.value) is None and part not in came]
    return f"Not sent: {', '.join(missing)}." if missing else None
