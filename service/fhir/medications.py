"""Reads what somebody takes or is to take out of requests, statements, dispensings and administrations.

Every one of them becomes a line of the list or is left out for a reason that is noted. Nothing is guessed from a name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, NamedTuple

from rules.profile import MAXIMUM_MEDICATIONS, Code, Dose, MedicationItem
from rules.reading import read_besides
from rules.terms import MedicationStatus
from rules.tokens import tokens
from service.fhir import codes
from service.fhir.collecting import Collected, Found, ReadingRefused
from service.fhir.concepts import named_medicine, names_beside
from service.fhir.dosage import START_UNREAD, Taken, taken_of
from service.fhir.elements import (
    MAXIMUM_TEXT,
    Resource,
    code_of,
    day_of,
    decimal_text,
    first,
    flag_of,
    objects,
    text_of,
)
from service.fhir.notes import NoteCode, Notes
from service.fhir.products import UNNAMED, Named, known_by, product_of, unnamed
from service.fhir.remembered import Remembered

_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
# Elements that say which prescription a dispensing, administration or statement belongs to.
_BELONGS_TO: Final = ("authorizingPrescription", "request", "prescription", "basedOn", "derivedFrom")
_NOT_TAKEN: Final = ("wasNotTaken", "wasNotGiven", "notGiven", "notDone")
_REPEATS: Final = frozenset({"MedicationDispense", "MedicationAdministration"})
_PRESCRIBED: Final = frozenset({"MedicationRequest"})
_WHEN: Final = ("whenHandedOver", "whenPrepared", "effectiveDateTime", "occurenceDateTime", "authoredOn", "dateWritten")


class Source(NamedTuple):
    """Where a line of the list comes from. ``also``: references of others that say the same of the same medicine."""

    reference: str | None
    pointer: str
    origin: str
    resource: Resource
    also: tuple[str, ...] = ()


@dataclass(slots=True)
class _Line:
    found: Found
    kind: str
    named: list[Named]
    status: MedicationStatus
    taken: Taken
    also: list[str] = field(default_factory=list)

    @property
    def day(self) -> date | None:
        """When it was given or handed over, as far as it says."""
        days = (day_of(self.found.resource.get(name)) for name in _WHEN)
        return next((day[0] for day in days if day is not None), None)


@dataclass(frozen=True, slots=True)
class Medications:
    """The lines of a list, and where each comes from."""

    items: tuple[MedicationItem, ...]
    sources: dict[str, Source]


def medications_of(
    found: Iterable[Found],
    collected: Collected,
    as_of: date,
    notes: Notes,
    *,
    proposed: Collection[str] = (),
    refills: Collection[str] = (),
) -> Medications:
    """Read the medications. ``proposed`` and ``refills`` are places, as the reader of it all has them.

    Raises:
        ReadingRefused: there are more of them than a check takes.
    """
    lines: list[_Line] = []
    for one in found:
        kind = codes.MEDICATION_TYPES.get(one.type)
        if kind is not None:
            line = _line(one, kind, collected, as_of, proposed, notes)
            if line is not None:
                lines.append(line)
    # Dispensings first, while the prescription they belong to is on the list.
    lines = _without_repeated(lines, collected, notes)
    lines = _without_renewed(lines, collected, notes)
    if refills:
        lines = _without_refilled(lines, refills, notes)
    return _as_items(lines)


# --- one resource by itself -------------------------------------------------------------------------------------------

# All that is looked at in a resource by itself: nothing that says whom it is about, by whom, or when it was written.
_LOOKED_AT: Final = frozenset(
    {
        "resourceType",
        "status",
        "intent",
        "doNotPerform",
        "taken",  # STU3
        "wasNotTaken",
        "wasNotGiven",
        "notGiven",  # STU3
        "notDone",
        "adherence",  # R5
        "reportedBoolean",
        "reported",
        "reportedReference",
        "medicationCodeableConcept",
        "medicationReference",
        "medication",
        "dosage",
        "dosageInstruction",
    }
)


class _Look(NamedTuple):
    """What a resource says by itself: what it is called, where it says so in place, and what it refers to otherwise.

    ``others``: further names in place.
    """

    considered: bool
    named: Named | None
    others: tuple[str, ...]
    reference: object
    taken: Taken


def _look(said: object, pointer: str, notes: Notes) -> _Look | None:
    """What it says, or None where the medicine is not taken."""
    resource = first(said)
    status = code_of(resource.get("status"))
    if not _counts(resource, status, pointer, notes):
        return None
    inline, reference, place = _name_of(resource)
    concept = named_medicine(inline, f"{pointer}/{place}", notes)
    if codes.NO_MEDICATIONS.intersection(concept.written()):
        notes.information(NoteCode.NOTHING_THERE, pointer, "It says that no medication is known.")
        return None
    where = "dosage" if "dosage" in resource else "dosageInstruction"
    taken = taken_of(resource.get(where), f"{pointer}/{where}", notes)
    reported = flag_of(resource.get("reportedBoolean")) or flag_of(resource.get("reported"))
    reported = reported or "reportedReference" in resource
    if reported:
        text = "It was reported, not prescribed by whoever recorded it; it counts."
        notes.information(NoteCode.REPORTED, pointer, text)
    intent = code_of(resource.get("intent"))
    own = reported and intent == codes.PLAN  # what somebody says they take, as US Core has it
    considered = status in codes.PROPOSED_STATES or (intent in codes.PROPOSED_INTENTS and not own)
    named = Named(concept.codes, concept.text) if concept.names_something else None
    return _Look(considered, named, names_beside(concept), reference, taken)


_remembered_look: Final = Remembered(_look)


def _counts(resource: Resource, status: str | None, pointer: str, notes: Notes) -> bool:
    """Whether the medicine is taken or to be taken; where not, the reason is noted."""
    if flag_of(resource.get("doNotPerform")):
        text = "It says that the medicine is not to be taken (doNotPerform), so it is no line of the list."
        notes.information(NoteCode.PROHIBITED, f"{pointer}/doNotPerform", text)
        return False
    taken = code_of(resource.get("taken"))
    if (
        taken == "n"
        or any(flag_of(resource[name]) for name in _NOT_TAKEN if name in resource)
        or _is_left_off(resource)
    ):
        notes.information(NoteCode.NOT_CURRENT, pointer, "It says that the medicine is not taken.")
        return False
    if status in codes.LEFT_OUT:
        notes.information(NoteCode.NOT_CURRENT, f"{pointer}/status", f"{codes.LEFT_OUT[status]} It was left out.")
        return False
    kind = codes.MEDICATION_TYPES.get(text_of(resource.get("resourceType")) or "")
    if status == "completed" and kind in codes.COMPLETED_IS_OVER:
        text = "It is completed, so it was left out; should it still be taken, send it as active."
        notes.warning(NoteCode.NOT_CURRENT, f"{pointer}/status", text)
        return False
    if status is None:
        notes.warning(NoteCode.STATUS_MISSING, pointer, "It has no status; it counts.")
    elif status in codes.DOUBTFUL:
        notes.warning(NoteCode.STATUS_DOUBTFUL, f"{pointer}/status", codes.DOUBTFUL[status])
    elif status not in codes.TAKEN and status not in codes.PROPOSED_STATES:
        text = "Its status is none that is known here; it counts."
        notes.warning(NoteCode.STATUS_DOUBTFUL, f"{pointer}/status", text)
    return True


def _is_left_off(resource: Resource) -> bool:
    """Whether a statement says beside its status that the medicine is not taken (any more)."""
    said = first(resource.get("adherence")).get("code")
    return said is not None and code_of(said) in codes.NOT_TAKEN_ANY_MORE


def _name_of(resource: Resource) -> tuple[object, object, str]:
    """The concept in place, the reference to another resource, and the name of the element that holds the first."""
    inline = resource.get("medicationCodeableConcept")
    reference: object = resource.get("medicationReference")
    general = resource.get("medication")
    if isinstance(general, dict):  # R5, and people who leave the ending out
        inline = inline or general.get("concept") or (general if {"coding", "text"} & general.keys() else None)
        reference = reference or (general if isinstance(general.get("reference"), str) else general.get("reference"))
        return inline, reference, "medication"
    if isinstance(general, str):
        return inline or general, reference, "medication"
    return inline, reference, "medicationCodeableConcept"


# --- a line of the list -----------------------------------------------------------------------------------------------


def _line(
    found: Found,
    kind: str,
    collected: Collected,
    as_of: date,
    proposed: Collection[str],
    notes: Notes,
) -> _Line | None:
    resource, pointer = found.resource, found.pointer
    said = {name: value for name, value in resource.items() if name in _LOOKED_AT}
    look = _remembered_look(said, pointer, notes)
    if look is None:
        return None
    taken = look.taken
    if look.named is not None:
        named = [known_by(look.named, look.others, collected.knows, pointer, notes)]
    else:
        named = _referred_to(look.reference, found, collected, notes)
    last = taken.ended_on
    if "effectivePeriod" in resource or "occurencePeriod" in resource:
        period = first(resource.get("effectivePeriod")) or first(resource.get("occurencePeriod"))
        started, ended = day_of(period.get("start")), day_of(period.get("end"))
        if started is None and period.get("start") is not None:
            notes.warning(NoteCode.DATE_LEFT_OUT, pointer, START_UNREAD)
        elif started is not None and (taken.started_on is None or started[0] < taken.started_on):
            taken = replace(taken, started_on=started[0])
        last = last if ended is None else ended[1]
    if last is not None and last < as_of:
        why = "and it may be given again" if kind in _REPEATS else "though its status says otherwise"
        notes.warning(NoteCode.STATUS_DOUBTFUL, pointer, f"By its dates it is over, {why}; it counts.")
    if taken.started_on is not None and taken.started_on > as_of:
        text = "By its dates it has not begun; it counts, as something that was taken for no time yet."
        notes.warning(NoteCode.STATUS_DOUBTFUL, pointer, text)
    considered = (look.considered and not _is_own(resource, found, collected)) or found.origin in proposed
    line = _Line(found, kind, named, MedicationStatus.PROPOSED if considered else MedicationStatus.CURRENT, taken)
    if kind in _REPEATS and line.day is not None and (as_of - line.day).days > codes.STALE_DAYS:
        text = (
            f"It was given or handed over more than {codes.STALE_DAYS} days ago; it counts, as it may still be taken."
        )
        notes.warning(NoteCode.STALE, pointer, text)
    return line


def _is_own(resource: Resource, found: Found, collected: Collected) -> bool:
    """Whether it is an active plan of the patient's own: what is taken without anybody's order, as US Core has it."""
    if code_of(resource.get("intent")) != codes.PLAN or code_of(resource.get("status")) != "active":
        return False
    requester = first(resource.get("requester"))
    reference = text_of(requester.get("reference")) or ""
    if requester.get("type") == "Patient" or "Patient/" in reference:
        return True
    target = collected.resolve(reference, found) if reference else None
    return target is not None and target.type == "Patient"


def _referred_to(reference: object, found: Found, collected: Collected, notes: Notes) -> list[Named]:
    """What a medicine is called that the resource only refers to."""
    resource, pointer = found.resource, found.pointer
    medication = collected.resolve(reference, found)
    if medication is None and isinstance(resource.get("_resolvedMedication"), dict):
        # A client of CDS Hooks is known to put it there.
        medication = Found(found.origin, f"{pointer}/_resolvedMedication", resource["_resolvedMedication"], None, found)
    if medication is not None:
        return product_of(medication, collected, notes)
    display = text_of(reference.get("display")) if isinstance(reference, dict) else None
    place, text = f"{pointer}/medicationReference", "The Medication it refers to was not sent along"
    if display is not None and len(display) <= MAXIMUM_TEXT:
        notes.information(NoteCode.NOT_FOUND, place, f"{text}; the name beside the reference was read.")
        return [Named((), display)]
    if reference is not None:
        notes.warning(NoteCode.NOT_FOUND, place, f"{text}.")
    return [unnamed(pointer, notes)]


# --- the same medicine more than once ---------------------------------------------------------------------------------


def _without_renewed(lines: list[_Line], collected: Collected, notes: Notes) -> list[_Line]:
    """A renewal stands for the prescription it renews: the two are no duplicate."""
    if not any("priorPrescription" in line.found.resource for line in lines):
        return lines
    by_resource = {id(line.found.resource): line for line in lines}
    gone: set[int] = set()
    for line in lines:
        references = objects(line.found.resource.get("priorPrescription"))
        if not references or id(line.found.resource) in gone:
            continue
        prior = collected.resolve(references[0], line.found)
        other = by_resource.get(id(prior.resource)) if prior is not None else None
        pointer = f"{line.found.pointer}/priorPrescription"
        if other is None or other is line or id(other.found.resource) in gone:
            if line.taken.started_on is not None:
                text = (
                    "It renews a prescription that was not sent, so it is not known since when the medicine is taken."
                )
                notes.information(NoteCode.RENEWAL, pointer, text)
                line.taken = replace(line.taken, started_on=None)
            continue
        if not line.named[0].same_as(other.named[0]):
            notes.warning(NoteCode.RENEWAL, pointer, "It renews what looks like another medicine; both count.")
            continue
        gone.add(id(other.found.resource))
        _continue(line, other)
        notes.information(NoteCode.RENEWAL, other.found.pointer, "A renewal of it is on the list; it counts once.")
    return [line for line in lines if id(line.found.resource) not in gone]


def _without_refilled(lines: list[_Line], refills: Collection[str], notes: Notes) -> list[_Line]:
    """A refill goes on with the prescription of the same medicine, which it need not name: the two are no duplicate."""
    gone: set[int] = set()
    for refill in lines:
        if refill.found.origin not in refills:
            continue
        same = [
            line
            for line in lines
            if line.kind == "MedicationRequest"
            and line.status is MedicationStatus.CURRENT
            and id(line) not in gone
            and len(line.named) == len(refill.named) == 1
            and line.named[0].same_as(refill.named[0])
        ]
        if len(same) == 1:
            gone.add(id(same[0]))
            if refill.taken == Taken():
                refill.taken = same[0].taken  # asked for as it was
            _continue(refill, same[0])
            notes.information(NoteCode.RENEWAL, same[0].found.pointer, "A refill of it was asked for; it counts once.")
        elif same:
            text = "Several prescriptions of this medicine are on the list, and which one is refilled is not said."
            notes.warning(NoteCode.RENEWAL, refill.found.pointer, f"{text} All count.")
    return [line for line in lines if id(line) not in gone]


def _continue(line: _Line, other: _Line) -> None:
    """Let a line stand for an earlier prescription as well; where the start of that is not known, none is."""
    _take_up(line, other)
    if other.taken.started_on is None:
        line.taken = replace(line.taken, started_on=None)


def _take_up(line: _Line, other: _Line) -> None:
    """Remember that another resource says the same, and the earlier start."""
    if other.found.reference is not None:
        line.also.append(other.found.reference)
    line.also += other.also
    starts = [one for one in (line.taken.started_on, other.taken.started_on) if one is not None]
    line.taken = replace(line.taken, started_on=min(starts) if starts else None)


def _without_repeated(lines: list[_Line], collected: Collected, notes: Notes) -> list[_Line]:
    """Dispensings and administrations of one medicine are one line, part of its prescription where that is there."""
    if _PRESCRIBED.issuperset([line.kind for line in lines]):
        return lines
    by_resource = {id(line.found.resource): line for line in lines}
    kept = [line for line in lines if _prescription_of(line, by_resource, collected) is None]
    for line in lines:
        prescription = _prescription_of(line, by_resource, collected)
        if prescription is not None:
            _take_up(prescription, line)
            text = "It belongs to a prescription on the list; the two count once."
            notes.information(NoteCode.REPEATED, line.found.pointer, text)
    newest: dict[tuple[str, tuple[Code, ...], str], _Line] = {}
    for line in kept:
        if line.kind in _REPEATS and len(line.named) == 1:
            key = _repeat_key(line)
            other = newest.get(key)
            if other is None or (line.day or date.min) > (other.day or date.min):
                newest[key] = line
    result = []
    for line in kept:
        first_of = newest.get(_repeat_key(line)) if line.kind in _REPEATS and len(line.named) == 1 else None
        if first_of is None or first_of is line:
            result.append(line)
        else:
            _take_up(first_of, line)
            text = "The same medicine was dispensed or given more than once; the newest time counts."
            notes.information(NoteCode.REPEATED, line.found.pointer, text)
    return result


def _repeat_key(line: _Line) -> tuple[str, tuple[Code, ...], str]:
    named = line.named[0]
    # What nobody can name is never the same as something else nobody can name.
    text = line.found.pointer if named.text == UNNAMED else (named.text or "").casefold()
    return line.kind, tuple(sorted(named.codes, key=lambda code: (code.system, code.code))), "" if named.codes else text


def _prescription_of(line: _Line, by_resource: dict[int, _Line], collected: Collected) -> _Line | None:
    """The prescription on the list that a line belongs to, where that is surely the same medicine."""
    if line.kind in _PRESCRIBED:
        return None
    for name in _BELONGS_TO:
        for reference in objects(line.found.resource.get(name)):
            target = collected.resolve(reference, line.found)
            other = by_resource.get(id(target.resource)) if target is not None else None
            if other is not None and other.kind == "MedicationRequest" and line.named[0].same_as(other.named[0]):
                return other
    return None


# --- lines ------------------------------------------------------------------------------------------------------------


def _as_items(lines: list[_Line]) -> Medications:
    total = sum(len(line.named) for line in lines)
    if total > MAXIMUM_MEDICATIONS:
        raise ReadingRefused(f"there are more than {MAXIMUM_MEDICATIONS} medications")
    wanted = [line.found.id for line in lines]
    items: list[MedicationItem] = []
    sources: dict[str, Source] = {}
    for line, given in zip(lines, wanted, strict=True):
        found = line.found
        also = tuple(dict.fromkeys(line.also)) if line.also else ()
        source = Source(found.reference, found.pointer, found.origin, found.resource, also)
        for named in line.named:
            name = _free_id(given if len(line.named) == 1 else None, sources, wanted)
            sources[name] = source
            items.append(_item(name, named, line))
    return Medications(tuple(items), sources)


def _free_id(given: str | None, taken: Collection[str], wanted: Collection[str | None]) -> str:
    """The id of the resource, where a question can have it; else a number that no other line has."""
    if given is not None and _ID.fullmatch(given) and given not in taken:
        return given
    number = len(taken) + 1
    while f"m{number}" in taken or f"m{number}" in wanted:
        number += 1
    return f"m{number}"


def _item(name: str, named: Named, line: _Line) -> MedicationItem:
    taken = line.taken
    text = named.text
    # What a question has no place for is said in words of the line.
    more = f"{taken.times_per_day} times a day" if taken.times and taken.times_per_day is not None else None
    said = ", ".join(words for words in (taken.uneven, taken.rarer, more) if words is not None)
    sayable = text is not None and len(text) + len(said) + 2 <= MAXIMUM_TEXT
    if said and sayable:
        text = f"{text}, {said}"
    # Times of a dose that nobody can count would be those of one piece each, and some times would be all of them.
    countable = sayable or (taken.uneven is None and more is None)
    times = taken.times if countable else ()
    alone = len(line.named) == 1  # the dose of a mixture is no dose of what is in it
    dose = taken.dose or (None if taken.mass is None or _names_strength(named.text, taken.mass) else taken.mass)
    return MedicationItem(
        id=name,
        text=text,
        codes=named.codes,
        status=line.status,
        route=taken.route,
        dose_form=named.form,
        dose=dose if alone else None,
        times_per_day=None if times or (taken.uneven is not None and not sayable) else taken.times_per_day,
        times=times,
        as_needed=taken.as_needed,
        started_on=taken.started_on,
    )


def _names_strength(name: str | None, mass: Dose) -> bool:
    """Whether a mass is the strength that the name of the medicine says, and so one piece of it."""
    strengths = () if name is None else read_besides(tokens(name), frozenset()).strengths
    return any(
        f"{decimal_text(one.value)} {one.unit}" == f"{mass.value} {mass.unit.lower()}"
        for one in strengths
        if not (one.per_volume or one.per_unit)
    )
