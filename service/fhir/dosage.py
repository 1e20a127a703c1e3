"""Reads how a medicine is taken: dose, how often, at what times, by what route, only when needed, and since when.

What is not one plain answer is left out and noted: a question without it is answered more carefully, never less so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

from rules import quantities
from rules.profile import Dose
from rules.reading import read_besides
from rules.terms import DoseBasis, Route
from rules.tokens import tokens
from rules.vocabulary import ROUTES as ROUTES_AS_WRITTEN
from service.fhir import codes
from service.fhir.concepts import Concept, concept_of
from service.fhir.elements import (
    Resource,
    clock_of,
    day_of,
    decimal_text,
    first,
    flag_of,
    number_of,
    objects,
    text_of,
    texts,
)
from service.fhir.notes import NoteCode, Notes

_MOST_A_DAY: Final = 24
_DAYS_OF_WEEK: Final = 7
_MAXIMUM_FREE_TEXT: Final = 500
_HOURS_OF_DAY: Final = 24
_UNITS: Final = {unit.lower(): unit for unit in quantities.DOSE_UNITS}
# How a dose says what it counts, as an annotation of UCUM: mg{elemental}.
_BASES: Final = {
    "{elemental}": DoseBasis.ELEMENTAL,
    "{elemental magnesium}": DoseBasis.ELEMENTAL,
    "{mg}": DoseBasis.ELEMENTAL,
    "{salt}": DoseBasis.SALT,
}
# R4 and STU3; a MedicationAdministration; a DSTU2 MedicationStatement.
_DOSES: Final = ("doseQuantity", "dose", "quantityQuantity")
_NUMBERS: Final = ("frequency", "frequencyMax", "period")
_WEEKLY: Final = "once a week"
_EVERY_OTHER_DAY: Final = "every other day"


@dataclass(frozen=True, slots=True)
class Taken:
    """How a medicine is taken, as far as it is said. ``rarer``: in words, that it is not taken every day."""

    dose: Dose | None = None
    times: tuple[str, ...] = ()
    times_per_day: int | None = None
    as_needed: bool | None = None
    route: Route | None = None
    started_on: date | None = None
    ended_on: date | None = None
    rarer: str | None = None


def taken_of(value: object, pointer: str, notes: Notes) -> Taken:
    """All dosages of a medication together: they have to agree, or add up."""
    given = objects(value)
    many = isinstance(value, list)
    read = [_one(one, f"{pointer}/{position}" if many else pointer, notes) for position, one in enumerate(given)]
    if len(read) <= 1:
        return read[0] if read else Taken()
    return _together(given, read, pointer, notes)


def _one(given: Resource, pointer: str, notes: Notes) -> Taken:
    timing = first(given.get("timing"))
    repeat = first(timing.get("repeat"))
    bounds = first(repeat.get("boundsPeriod"))
    started = day_of(bounds.get("start"))
    ended = day_of(bounds.get("end"))
    taken = Taken(
        dose=_dose(given, pointer, notes),
        as_needed=_as_needed(given),
        route=_route(given.get("route"), f"{pointer}/route", notes),
        started_on=None if started is None else started[0],
        ended_on=None if ended is None else ended[1],
    )
    taken = _timed(taken, repeat, concept_of(timing.get("code")), f"{pointer}/timing", notes)
    structured = any(name in given for name in ("timing", "doseAndRate", "doseQuantity", "dose", "doseRange"))
    free = text_of(given.get("text")) or text_of(given.get("patientInstruction"))
    return taken if free is None else _from_text(taken, free, structured, f"{pointer}/text", notes)


# --- several at once --------------------------------------------------------------------------------------------------


def _together(given: list[Resource], read: list[Taken], pointer: str, notes: Notes) -> Taken:
    sequences = {str(one["sequence"]) for one in given if one.get("sequence") is not None}
    routes = {one.route for one in read if one.route is not None}
    doses = {one.dose for one in read}
    starts = [one.started_on for one in read if one.started_on is not None]
    ends = [one.ended_on for one in read]
    needed = {one.as_needed for one in read}
    together = Taken(
        route=routes.pop() if len(routes) == 1 else None,
        started_on=min(starts) if starts else None,
        ended_on=max(end for end in ends if end is not None) if None not in ends else None,
        as_needed=needed.pop() if len(needed) == 1 else None,
    )
    if routes:
        text = "Several dosages differ in their route, so the route counts as not known."
        notes.warning(NoteCode.ROUTE_LEFT_OUT, pointer, text)
    if len(sequences) > 1:
        text = "Dosages follow one another, and which one is in force is not said; dose and times count as not known."
        notes.warning(NoteCode.DOSE_LEFT_OUT, pointer, text)
        return together
    if any(one.rarer for one in read) or len(doses) > 1 or len(needed | {together.as_needed}) > 1:
        text = "Several dosages differ, so dose and times a day count as not known."
        notes.warning(NoteCode.DOSE_LEFT_OUT, pointer, text)
        times = tuple(sorted({time for one in read for time in one.times}))
        return replace(together, times=times if all(one.times for one in read) else ())
    together = replace(together, dose=doses.pop())
    if all(one.times for one in read):
        return replace(together, times=tuple(sorted({time for one in read for time in one.times})))
    counts = [len(one.times) or one.times_per_day for one in read]
    total = sum(count for count in counts if count is not None)
    return together if None in counts or total > _MOST_A_DAY else replace(together, times_per_day=total)


# --- the dose ---------------------------------------------------------------------------------------------------------


def _dose(given: Resource, pointer: str, notes: Notes) -> Dose | None:
    """R4 has it in doseAndRate; STU3 and DSTU2 in doseQuantity; a MedicationAdministration in dose."""
    rates = objects(given.get("doseAndRate")) or [given]
    quantities_given = [quantity for rate in rates for name in _DOSES for quantity in objects(rate.get(name))]
    if not quantities_given:
        if any(objects(rate.get("doseRange")) for rate in rates):
            notes.warning(NoteCode.DOSE_LEFT_OUT, pointer, "The dose is a range, so it counts as not known.")
        return None
    doses = {dose_of(quantity) for quantity in quantities_given}
    if len(doses) == 1 and None not in doses:
        return doses.pop()
    text = (
        "The dose is given in ways that differ; it counts as not known."
        if len(doses) > 1
        else "The dose has no number or no unit that is known here; it counts as not known."
    )
    notes.warning(NoteCode.DOSE_LEFT_OUT, pointer, text)
    return None


def dose_of(quantity: Resource) -> Dose | None:
    """A SimpleQuantity as a dose; None where number or unit cannot be read."""
    number = number_of(quantity.get("value"))
    if number is None or number <= 0 or text_of(quantity.get("comparator")) is not None:
        return None
    units = {unit for unit in (_unit(text) for text in _unit_texts(quantity)) if unit is not None}
    if len({unit for unit, _ in units}) != 1:
        return None
    bases = {basis for _, basis in units if basis is not None}
    unit = next(iter(units))[0]
    return Dose(value=decimal_text(number), unit=unit, of=bases.pop() if len(bases) == 1 else None)


def _unit_texts(quantity: Resource) -> list[str]:
    """How the unit is written; the code of a dose that only counts, `1`, says nothing."""
    code, unit = text_of(quantity.get("code")), text_of(quantity.get("unit"))
    system = text_of(quantity.get("system")) or ""
    if codes.SYSTEMS.get(system.lower(), system) == codes.SNOMED:
        code = codes.SNOMED_DOSE_UNITS.get(code or "")
    return [text for text in (code, unit) if text is not None and text != "1"]


def _unit(text: str) -> tuple[str, DoseBasis | None] | None:
    """A unit of a dose as a question has it, and what it says that a mass counts."""
    lowered = text.lower()
    basis = None
    for annotation, meaning in _BASES.items():
        if lowered.endswith(annotation):
            lowered, basis = lowered.removesuffix(annotation).strip(), meaning
    known = codes.DOSE_UNITS.get(lowered) or _UNITS.get(lowered)
    if known is None:
        return None
    # One unit, whichever way it is written: `{tablet}` and `tablets` do not disagree.
    plain = known.strip("{}").lower()
    plain = {"tab": "tablet", "tabs": "tablet", "tbl": "tablet", "cap": "capsule", "caps": "capsule"}.get(plain, plain)
    plain = {"gm": "g", "gram": "g", "grams": "g", "milligram": "mg", "milligrams": "mg"}.get(plain, plain)
    plain = {"ug": "mcg", "\u00b5g": "mcg", "\u03bcg": "mcg", "microgram": "mcg", "micrograms": "mcg"}.get(plain, plain)
    single = plain.removesuffix("s")
    return _UNITS.get(single if single in _UNITS and plain.endswith("s") else plain, known), basis


# --- how often --------------------------------------------------------------------------------------------------------


def _timed(taken: Taken, repeat: Resource, code: Concept, pointer: str, notes: Notes) -> Taken:
    days = {text.lower() for text in texts(repeat.get("dayOfWeek"))}
    rarer = _WEEKLY if 0 < len(days) < _DAYS_OF_WEEK else None
    clocks = [clock_of(text) for text in texts(repeat.get("timeOfDay"))]
    times = tuple(sorted({clock for clock in clocks if clock is not None}))
    if clocks and None not in clocks and len(times) <= _MOST_A_DAY:
        if rarer is not None:
            notes.warning(
                NoteCode.TIMING_LEFT_OUT, pointer, "It is not taken every day; its times are those of a day it is."
            )
        return replace(taken, times=times, rarer=rarer)
    if clocks:
        notes.warning(NoteCode.TIMING_LEFT_OUT, pointer, "A time of day is none; the times were left out.")
    if rarer is not None:
        notes.information(NoteCode.TIMING_LEFT_OUT, pointer, "It is not taken every day, so times a day were left out.")
        return replace(taken, rarer=rarer)
    return _counted(taken, repeat, code, pointer, notes)


def _counted(taken: Taken, repeat: Resource, code: Concept, pointer: str, notes: Notes) -> Taken:
    """How many times a day, where no times of day are given."""
    a_day = _a_day(repeat) or _a_day_of_code(code)
    events = texts(repeat.get("when"))
    if events and (a_day is None or (a_day == 1 and len(events) > 1)):
        a_day = Fraction(len(events))  # each event of daily life brings a dose
    if a_day is None:
        if repeat.keys() - {"boundsPeriod", "boundsDuration", "boundsRange"} or code.words() or code.codings:
            text = "How often it is taken cannot be read as a number of times a day; it counts as not known."
            notes.warning(NoteCode.TIMING_LEFT_OUT, pointer, text)
        return taken
    if a_day < 1:
        notes.information(NoteCode.TIMING_LEFT_OUT, pointer, "It is not taken every day, so times a day were left out.")
        return replace(taken, rarer=_EVERY_OTHER_DAY if a_day == Fraction(1, 2) else _WEEKLY)
    if a_day.denominator != 1 or a_day > _MOST_A_DAY:
        text = "How often it is taken is no whole number of times a day; it counts as not known."
        notes.warning(NoteCode.TIMING_LEFT_OUT, pointer, text)
        return taken
    return replace(taken, times_per_day=int(a_day))


def _a_day(repeat: Resource) -> Fraction | None:
    """How many times a day frequency and period come to; of a range of frequencies the most."""
    unit = (text_of(repeat.get("periodUnit")) or text_of(repeat.get("periodUnits")) or "").lower()
    if any(repeat.get(name) is not None and number_of(repeat[name]) is None for name in _NUMBERS):
        return None
    period = number_of(repeat.get("period"))
    given = number_of(repeat.get("frequencyMax")) or number_of(repeat.get("frequency"))
    if period is None and not unit:
        # "Three times", without a period: of a day, as nobody says otherwise.
        return Fraction(given) if given is not None and given > 0 else None
    frequency = Decimal(1) if given is None else given
    period = Decimal(1) if period is None else period
    if period <= 0 or frequency <= 0:
        return None
    if unit in codes.RARER_UNITS:
        return Fraction(1, _DAYS_OF_WEEK)
    hours = codes.HOURS_OF.get(unit)
    return None if hours is None else Fraction(frequency) * _HOURS_OF_DAY / (Fraction(period) * hours)


def _a_day_of_code(code: Concept) -> Fraction | None:
    for written in (*code.written(), *(text.lower() for text in code.words())):
        plain = written.strip().rstrip(".")
        if plain in codes.TIMES_A_DAY:
            return Fraction(codes.TIMES_A_DAY[plain])
        if plain in codes.RARER_THAN_DAILY:
            return Fraction(1, 2) if plain in {"qod", "q48h"} else Fraction(1, _DAYS_OF_WEEK)
    for text in code.words():
        reading = read_besides(tokens(text[:_MAXIMUM_FREE_TEXT]), frozenset())
        if not reading.unread and reading.times_per_day is not None:
            return Fraction(reading.times_per_day)
    return None


def _as_needed(given: Resource) -> bool | None:
    if objects(given.get("asNeededCodeableConcept")) or objects(given.get("asNeededFor")):
        return True
    return flag_of(given.get("asNeededBoolean", given.get("asNeeded")))


# --- the route --------------------------------------------------------------------------------------------------------


def _route(value: object, pointer: str, notes: Notes) -> Route | None:
    concept = concept_of(value)
    if not concept.codings and concept.text is None:
        return None
    found = {codes.ROUTES[code] for code in concept.written() if code in codes.ROUTES}
    if not found:
        for text in [*concept.words(), *concept.written()]:
            words = tokens(text[:_MAXIMUM_FREE_TEXT])
            found |= {codes.ROUTE_WORDS[word] for word in words if word in codes.ROUTE_WORDS}
            found |= {ROUTES_AS_WRITTEN[word] for word in words if word in ROUTES_AS_WRITTEN}
    if len(found) == 1:
        return found.pop()
    text = "The codes of the route do not agree" if found else "The route is none that is known here"
    notes.warning(NoteCode.ROUTE_LEFT_OUT, pointer, f"{text}; it counts as not known.")
    return None


# --- free text --------------------------------------------------------------------------------------------------------


def _from_text(taken: Taken, free: str, structured: bool, pointer: str, notes: Notes) -> Taken:  # noqa: FBT001 - whether there is anything besides
    """Take from a sentence what is not said in elements, where every word of it is understood."""
    reading = read_besides(tokens(free[:_MAXIMUM_FREE_TEXT]), frozenset()) if len(free) <= _MAXIMUM_FREE_TEXT else None
    if reading is None or reading.unread:
        if not structured:
            notes.information(
                NoteCode.DOSE_LEFT_OUT, pointer, "Not every word of the dosage is understood; it was left out."
            )
        return taken
    if taken.route is None and len(reading.routes) == 1:
        taken = replace(taken, route=reading.routes[0])
    if taken.as_needed is None and reading.as_needed and not structured:
        taken = replace(taken, as_needed=True)
    timed = taken.times or taken.times_per_day is not None or taken.rarer is not None
    if not timed and reading.not_daily:
        return replace(taken, rarer=_WEEKLY)
    if not timed and reading.times_per_day is not None:
        taken = replace(taken, times_per_day=reading.times_per_day)
    if taken.dose is None and not structured and reading.dose is not None and not reading.dose_unclear:
        unit = "mL" if reading.dose_unit == "ml" else "dose"
        taken = replace(taken, dose=Dose(value=decimal_text(reading.dose), unit=unit))
    return taken
