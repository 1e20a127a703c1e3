"""Reads how a medicine is taken: dose, how often, at what times, by what route, only when needed, and since when.

What is not one plain answer is left out and noted: a question without it is answered more carefully, never less so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Final

from rules import quantities
from rules.profile import Dose
from rules.prose import instruction_of
from rules.reading import Reading as LineReading
from rules.reading import read_besides
from rules.terms import DoseBasis, Route, TokenRole
from rules.tokens import DIGITS, tokens
from rules.vocabulary import NUMBER_WORDS, PIECES
from rules.vocabulary import ROUTES as ROUTES_AS_WRITTEN
from service.fhir import codes
from service.fhir.concepts import concept_of
from service.fhir.elements import (
    Resource,
    code_of,
    day_of,
    decimal_text,
    first,
    flag_of,
    number_of,
    objects,
    text_of,
    texts,
)
from service.fhir.frequency import MAXIMUM_FREE_TEXT, MOST_A_DAY, SOME_DAYS, days_of_week, frequency_of
from service.fhir.notes import NoteCode, Notes

START_UNREAD: Final = "The day since when it is taken cannot be read; it counts as not known."
_UNITS: Final = {unit.lower(): unit for unit in quantities.DOSE_UNITS}
# How a dose says what it counts, as an annotation of UCUM: mg{elemental}.
_BASES: Final = {
    "{elemental}": DoseBasis.ELEMENTAL,
    "{elemental magnesium}": DoseBasis.ELEMENTAL,
    "{mg}": DoseBasis.ELEMENTAL,
    "{salt}": DoseBasis.SALT,
}
_OF_FREQUENCY: Final = frozenset({TokenRole.FREQUENCY, TokenRole.FILLER})
# The kinds of units one dose can be said in, the best first.
_KINDS: Final = tuple(
    frozenset(unit.lower() for unit in units)
    for units in (quantities.COUNT_UNITS, (*quantities.MASS_UNITS, *quantities.AMOUNT_UNITS), quantities.VOLUME_UNITS)
)
# The four parts of a day in their order, as HL7 has them (http://terminology.hl7.org/CodeSystem/event-timing).
_PARTS_OF_DAY: Final = {"MORN": 0, "NOON": 1, "EVE": 2, "NIGHT": 3}
_UNIT_OF_PRESENTATION: Final = " (unit of presentation)"  # what SNOMED CT adds
# Words of a line for what a question has no place for: that a dose was said and is none that can be counted.
UNKNOWN_DOSE: Final = "dose unknown"
_PIECE: Final = "dose"  # what is counted without a name: the unity of UCUM, "Stück", "pill"
# R4 and STU3; a MedicationAdministration; a DSTU2 MedicationStatement.
_DOSES: Final = ("doseQuantity", "dose", "quantityQuantity")


@dataclass(frozen=True, slots=True)
class Taken:
    """How a medicine is taken, as far as it is said.

    ``rarer``: in words, that it is not taken every day. ``uneven``: in words, a dose that is no single one, which must
    not be taken for one piece. ``mass``: a dose that a sentence says as a mass; it may be the strength of one piece.
    ``times_per_day`` beside ``times``: there are more times than these.
    """

    dose: Dose | None = None
    uneven: str | None = None
    mass: Dose | None = None
    times: tuple[str, ...] = ()
    times_per_day: int | None = None
    as_needed: bool | None = None
    route: Route | None = None
    started_on: date | None = None
    ended_on: date | None = None
    rarer: str | None = None


def taken_of(value: object, pointer: str, notes: Notes) -> Taken:
    """All dosages of a medication together: they have to agree, or add up."""
    many = isinstance(value, list)
    sent = [one for one in (value if isinstance(value, list) else [value]) if one is not None]
    # Where a Dosage belongs, somebody may send the sentence itself.
    given = objects([{"text": one} if isinstance(one, str) else one for one in sent])
    if len(given) < len(sent):
        text = "Not every dosage can be read; what cannot be read was left out."
        notes.warning(NoteCode.DOSE_LEFT_OUT, pointer, text)
    read = [_one(one, f"{pointer}/{position}" if many else pointer, notes) for position, one in enumerate(given)]
    if len(read) <= 1:
        return read[0] if read else Taken()
    # Of several together, times that are not all of them are none.
    read = [replace(one, times=()) if one.times_per_day is not None else one for one in read]
    return _together(given, read, pointer, notes)


def _one(given: Resource, pointer: str, notes: Notes) -> Taken:
    timing = first(given.get("timing"))
    repeat = first(timing.get("repeat"))
    bounds = first(repeat.get("boundsPeriod"))
    started = day_of(bounds.get("start"))
    ended = day_of(bounds.get("end"))
    if started is None and bounds.get("start") is not None:
        notes.warning(NoteCode.DATE_LEFT_OUT, f"{pointer}/timing/repeat/boundsPeriod/start", START_UNREAD)
    dose, uneven = _dose(given, pointer, notes)
    taken = Taken(
        dose=dose,
        uneven=uneven,
        as_needed=_as_needed(given),
        route=_route(given.get("route"), f"{pointer}/route", notes),
        started_on=None if started is None else started[0],
        ended_on=None if ended is None else ended[1],
    )
    often = frequency_of(timing, f"{pointer}/timing", notes)
    taken = replace(taken, times=often.times, times_per_day=often.times_per_day, rarer=often.rarer)
    structured = any(name in given for name in ("timing", "doseAndRate", "doseQuantity", "dose", "doseRange"))
    free = text_of(given.get("text")) or text_of(given.get("patientInstruction"))
    return taken if free is None else _from_text(taken, free, structured, f"{pointer}/text", notes)


# --- several at once --------------------------------------------------------------------------------------------------


def _together(given: list[Resource], read: list[Taken], pointer: str, notes: Notes) -> Taken:
    sequences = {str(one["sequence"]) for one in given if one.get("sequence") is not None}
    routes = {one.route for one in read if one.route is not None}
    amounts = {(one.dose, one.uneven, one.mass) for one in read}
    starts = [one.started_on for one in read if one.started_on is not None]
    ends = [one.ended_on for one in read]
    needed = {one.as_needed for one in read}
    dose, uneven, mass = amounts.pop() if len(amounts) == 1 else (None, UNKNOWN_DOSE, None)
    together = Taken(
        dose=dose,
        uneven=uneven,
        mass=mass,
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
        return replace(together, dose=None, uneven=None, mass=None)
    differ = bool(amounts)
    if any(one.rarer for one in read) or differ or len(needed | {together.as_needed}) > 1:
        scheme = _scheme(given, read) if differ else None
        if scheme is not None:
            return replace(together, uneven=scheme)
        what = "dose and times a day count" if differ else "times a day count"
        notes.warning(NoteCode.DOSE_LEFT_OUT, pointer, f"Several dosages differ, so {what} as not known.")
        return replace(together, times=_times(read), rarer=_rarest(given, read))
    if all(one.times for one in read):
        return replace(together, times=tuple(sorted({time for one in read for time in one.times})))
    counts = [len(one.times) or one.times_per_day for one in read]
    total = sum(count for count in counts if count is not None)
    return together if None in counts or total > MOST_A_DAY else replace(together, times_per_day=total)


def _scheme(given: list[Resource], read: list[Taken]) -> str | None:
    """The doses of a day whose times differ, as a line of a list has them: "2-0-1-0"; None where it is no such day."""
    parts = ["0"] * len(_PARTS_OF_DAY)
    for dosage, one in zip(given, read, strict=True):
        when = texts(first(first(dosage.get("timing")).get("repeat")).get("when"))
        place = _PARTS_OF_DAY.get(when[0].upper()) if len(when) == 1 and one.times_per_day == 1 else None
        counted = one.dose is not None and one.dose.unit.lower() in _KINDS[0] and not one.as_needed
        if place is None or one.dose is None or not counted or parts[place] != "0":
            return None
        parts[place] = one.dose.value
    return "-".join(parts)


def _times(read: list[Taken]) -> tuple[str, ...]:
    """All times of day, where each dosage has some; those of different days only where they are the same."""
    if not all(one.times for one in read):
        return ()
    if any(one.rarer for one in read):
        return read[0].times if len({one.times for one in read}) == 1 else ()
    return tuple(sorted({time for one in read for time in one.times}))


def _rarest(given: list[Resource], read: list[Taken]) -> str | None:
    """In words, that none of several dosages is for every day, and neither are all together."""
    if not all(one.rarer for one in read):
        return None
    days = [texts(first(first(one.get("timing")).get("repeat")).get("dayOfWeek")) for one in given]
    if all(days):
        return days_of_week(text for texts_of_one in days for text in texts_of_one)
    said = {one.rarer for one in read}
    return said.pop() if len(said) == 1 else SOME_DAYS


# --- the dose ---------------------------------------------------------------------------------------------------------


def _dose(given: Resource, pointer: str, notes: Notes) -> tuple[Dose | None, str | None]:
    """One dose, or in words that it is no single one. It stands in doseAndRate or, before R4, in the dosage itself."""
    rates = objects(given.get("doseAndRate")) or [given]
    quantities_given = [quantity for rate in rates for name in _DOSES for quantity in objects(rate.get(name))]
    if not quantities_given:
        ranges = [one for rate in rates for one in objects(rate.get("doseRange"))]
        if not ranges:
            return None, None
        notes.warning(NoteCode.DOSE_LEFT_OUT, pointer, "The dose is a range, so it counts as not known.")
        return None, UNKNOWN_DOSE
    doses = {dose_of(quantity) for quantity in quantities_given}
    if len(doses) == 1 and None not in doses:
        return doses.pop(), None
    if len(rates) > 1:
        dose = _of_types(rates)
        if dose is not None:
            return dose, None
    text = (
        "The dose is given in ways that differ; it counts as not known."
        if len(doses) > 1
        else "The dose has no number or no unit that is known here; it counts as not known."
    )
    notes.warning(NoteCode.DOSE_LEFT_OUT, pointer, text)
    return None, UNKNOWN_DOSE


def _of_types(rates: list[Resource]) -> Dose | None:
    """One dose that is said several times: as it was ordered, as it was worked out, and as what is given at once.

    Of a mass and a number of pieces the pieces count: the strength of a piece is known better than what a mass is of.
    """
    types = [code_of(rate.get("type")) for rate in rates]
    if len(set(types)) < len(types) or not codes.DOSE_TYPES.issuperset(types):
        return None
    found = {dose for rate in rates for name in _DOSES for one in objects(rate.get(name)) if (dose := dose_of(one))}
    kinds = [next((kind for kind in _KINDS if dose.unit.lower() in kind), None) for dose in found]
    if None in kinds or len(set(kinds)) < len(kinds):
        return None
    return min(
        found, key=lambda dose: next(n for n, kind in enumerate(_KINDS) if dose.unit.lower() in kind), default=None
    )


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
    written = [text for text in (code, unit) if text is not None and text != "1"]
    return written or [_PIECE for text in (code,) if text is not None]


def _unit(text: str) -> tuple[str, DoseBasis | None] | None:
    """A unit of a dose as a question has it, and what it says that a mass counts."""
    lowered = text.lower().removesuffix(_UNIT_OF_PRESENTATION)
    basis = None
    for annotation, meaning in _BASES.items():
        if lowered.endswith(annotation):
            lowered, basis = lowered.removesuffix(annotation).strip(), meaning
    bare = lowered.strip("{}")  # an annotation of UCUM
    known = codes.DOSE_UNITS.get(lowered) or _UNITS.get(lowered) or codes.DOSE_UNITS.get(bare) or _UNITS.get(bare)
    if known is None:
        return (_PIECE, basis) if bare in PIECES else None  # as lines of a list write them
    # One unit, whichever way it is written: `{tablet}` and `tablets` do not disagree.
    plain = known.strip("{}").lower()
    plain = {"tab": "tablet", "tabs": "tablet", "tbl": "tablet", "cap": "capsule", "caps": "capsule"}.get(plain, plain)
    plain = {"gm": "g", "gram": "g", "grams": "g", "milligram": "mg", "milligrams": "mg"}.get(plain, plain)
    plain = {"ug": "mcg", "\u00b5g": "mcg", "\u03bcg": "mcg", "microgram": "mcg", "micrograms": "mcg"}.get(plain, plain)
    single = plain.removesuffix("s")
    return _UNITS.get(single if single in _UNITS and plain.endswith("s") else plain, known), basis


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
            words = tokens(text[:MAXIMUM_FREE_TEXT])
            found |= {codes.ROUTE_WORDS[word] for word in words if word in codes.ROUTE_WORDS}
            found |= {ROUTES_AS_WRITTEN[word] for word in words if word in ROUTES_AS_WRITTEN}
            if not found and "skin" in words:
                found.add(Route.SUBCUTANEOUS if "under" in words else Route.TOPICAL)
    if len(found) == 1:
        return found.pop()
    text = "The codes of the route do not agree" if found else "The route is none that is known here"
    notes.warning(NoteCode.ROUTE_LEFT_OUT, pointer, f"{text}; it counts as not known.")
    return None


# --- free text --------------------------------------------------------------------------------------------------------


def _from_text(taken: Taken, free: str, structured: bool, pointer: str, notes: Notes) -> Taken:  # noqa: FBT001 - whether there is anything besides
    """Take from a sentence what is not said in elements, up to its prose; nothing of one that is not understood."""
    reading = instruction_of(tokens(free)) if len(free) <= MAXIMUM_FREE_TEXT else None
    if (reading is None or reading.unread) and not structured:
        used = "it was left out" if reading is None else "only what stands before the others was used"
        notes.information(NoteCode.DOSE_LEFT_OUT, pointer, f"Not every word of the dosage is understood; {used}.")
    dosed = taken.dose is not None or taken.uneven is not None
    timed = bool(taken.times) or taken.times_per_day is not None or taken.rarer is not None
    if reading is None:  # what nobody understands may well say how much
        return replace(taken, uneven=UNKNOWN_DOSE) if timed and not dosed and _has_number(free) else taken
    if taken.route is None and len(reading.routes) == 1:
        taken = replace(taken, route=reading.routes[0])
    if taken.as_needed is None and reading.as_needed and not structured:
        taken = replace(taken, as_needed=True)
    if not timed and reading.not_daily:
        return replace(taken, rarer=_how_rarely(free, reading))
    if not timed and reading.times_per_day is not None:
        taken = replace(taken, times_per_day=reading.times_per_day)
    return taken if dosed else _with_dose(taken, free, reading, timed=timed)


def _has_number(free: str) -> bool:
    """Whether there is a number in a sentence, in digits or in letters."""
    return any(word[:1] in DIGITS or word in NUMBER_WORDS for word in tokens(free[:MAXIMUM_FREE_TEXT]))


def _with_dose(taken: Taken, free: str, reading: LineReading, *, timed: bool) -> Taken:
    """Add how much a sentence says is taken. ``timed``: elements say how often."""
    open_amount = reading.dose_unclear or (timed and _says_another_count(taken, reading))
    plain = [one for one in reading.strengths if not one.per_volume and not one.per_unit]
    if reading.a_day is not None and not (timed or open_amount or reading.unread or plain):
        return replace(taken, uneven=" ".join(free.split()), times_per_day=None)  # the words say how often as well
    if open_amount or reading.a_day is not None:
        return replace(taken, uneven=UNKNOWN_DOSE)
    if reading.dose is not None:
        unit = "mL" if reading.dose_unit == "ml" else _PIECE
        return replace(taken, dose=Dose(value=decimal_text(reading.dose), unit=unit))
    masses = {(one.value, _UNITS[one.unit]) for one in plain if one.unit in _KINDS[1]}
    if len(masses) > 1 or any(not number for number, _ in masses):
        return replace(taken, uneven=UNKNOWN_DOSE)
    return replace(taken, mass=next((Dose(value=decimal_text(number), unit=unit) for number, unit in masses), None))


def _says_another_count(taken: Taken, reading: LineReading) -> bool:
    """Whether a sentence says another number of times a day than the elements, so that its doses are others, too."""
    count = taken.times_per_day or len(taken.times) or None
    return None not in {count, reading.times_per_day} and count != reading.times_per_day


def _how_rarely(free: str, reading: LineReading) -> str:
    """The words of a sentence that say on which days; they have to say it by themselves."""
    words = zip(tokens(free[:MAXIMUM_FREE_TEXT]), reading.roles, strict=False)
    for apart, run in groupby(words, key=lambda one: one[1] not in _OF_FREQUENCY):
        said = " ".join([word for word, _ in run])
        again = None if apart else read_besides(tokens(said), frozenset())
        if again is not None and again.not_daily and not again.unread:
            return said
    return SOME_DAYS
