"""Reads laboratory values, and the facts that stand in Observations: kidney function, pregnancy, symptoms.

The unit decides what a value is, whatever its code says. A value without a unit that is known is of no use.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from rules.profile import MAXIMUM_OBSERVATIONS, MAXIMUM_SYMPTOMS, KidneyFunction, Observation
from rules.quantities import RATE_UNITS, bare_unit
from rules.terms import ObservationKind, Pregnancy
from service.fhir import codes
from service.fhir.codes import LOINC, SNOMED
from service.fhir.collecting import Collected, Found
from service.fhir.concepts import concept_of
from service.fhir.elements import (
    MAXIMUM_TEXT,
    Resource,
    code_of,
    day_of,
    decimal_text,
    first,
    flag_of,
    number_of,
    objects,
    text_of,
)
from service.fhir.notes import NoteCode, Notes

# A value as text: "0.62 mmol/L", "0,62 mmol/L", "> 60 mL/min/1.73m2". Three digits behind a comma can be thousands.
_VALUE: Final = re.compile(r"(<=|>=|<|>)? {0,3}(\d{1,9}(?:\.\d{1,9}|,\d\d?(?!\d))?) {0,3}([^\s\d,.].{0,30})", re.ASCII)
# The finest step a value can have: what is below a limit is just below it, as far as the rules are concerned.
_JUST: Final = Decimal("0.000000001")
_BELOW: Final = "<"
_ABOVE: Final = ">"
_COMPARATORS: Final = frozenset({"<", "<=", ">", ">="})
_MAXIMUM_PARTS: Final = 100


@dataclass(slots=True)
class Values:
    """What Observations say. ``sources``: the reference of each value, in their order."""

    observations: list[Observation] = field(default_factory=list)
    sources: list[str | None] = field(default_factory=list)
    egfr: KidneyFunction | None = None
    egfr_source: str | None = None
    pregnancy: Pregnancy | None = None
    symptoms: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Measured:
    """One number with its unit, as far as it can be read."""

    number: Decimal
    unit: str
    comparator: str | None
    taken_on: date | None


@dataclass(frozen=True, slots=True)
class _Part:
    """An Observation, or a component of one, which has its day and status from around it."""

    found: Found
    content: Resource
    pointer: str
    code: str


class Reader:
    """Reads all Observations of a question."""

    def __init__(self, collected: Collected, as_of: date, notes: Notes) -> None:
        """Nothing is read yet."""
        self._collected = collected
        self._as_of = as_of
        self._notes = notes
        self.values = Values()
        self._rates: list[tuple[_Measured, int, _Part]] = []
        self._pregnancies: list[tuple[date, Pregnancy, str]] = []
        self._creatinine: list[str] = []
        self._read: set[int] = set()

    def read(self, found: Iterable[Found]) -> Values:
        """Read them, one after the other."""
        for one in found:
            if one.type == "Observation":
                self._observation(one, 0)
        self._choose_rate()
        self._choose_pregnancy()
        if self.values.egfr is None:
            for pointer in self._creatinine:
                text = "A creatinine is not turned into a kidney function here; send the eGFR with it."
                self._notes.warning(NoteCode.FACT_LEFT_OUT, pointer, text)
        return self.values

    # --- one Observation ----------------------------------------------------------------------------------------------

    def _observation(self, found: Found, depth: int) -> None:
        if id(found.resource) in self._read or depth > 1:
            return  # a panel that refers to itself
        self._read.add(id(found.resource))
        if not self._counts(found):
            return
        parts = list(self._parts(found))
        for part in parts:
            self._take(part)
        members = self._members(found, depth)
        if not parts and not members:
            self._note_unread(found)

    def _note_unread(self, found: Found) -> None:
        """Whoever sends a value under a national or local code may think that it was read."""
        concept = concept_of(found.resource.get("code"))
        named = " ".join(concept.words()).lower()
        coded = any(one.system == LOINC for one in concept.codings)
        if not coded and any(word in named for word in codes.VALUE_WORDS) and codes.URINE not in named:
            text = "By its name it may be a value that the rules read, but it has no code of LOINC; it was left out."
            self._notes.warning(NoteCode.VALUE_UNCODED, found.pointer, text)
        else:
            text = "Its code is none of a value that the rules read."
            self._notes.information(NoteCode.NOT_READ_HERE, found.pointer, text)

    def _counts(self, found: Found) -> bool:
        status = code_of(found.resource.get("status"))
        pointer = f"{found.pointer}/status"
        if status in codes.OBSERVATION_COUNTS:
            return True
        if status is None:
            self._notes.warning(NoteCode.STATUS_MISSING, found.pointer, "The value has no status; it counts.")
            return True
        if status in codes.OBSERVATION_FLAGGED:
            self._notes.warning(NoteCode.NOT_FINAL, pointer, codes.OBSERVATION_FLAGGED[status])
            return True
        text = "Its status says that there is no value to count, so it was left out."
        self._notes.information(NoteCode.NOT_FINAL, pointer, text)
        return False

    def _parts(self, found: Found) -> Iterator[_Part]:
        """The Observation itself and its components, as far as their codes are known."""
        own = self._code(found.resource)
        if own is not None:
            yield _Part(found, found.resource, found.pointer, own)
        components = objects(found.resource.get("component"))
        if len(components) > _MAXIMUM_PARTS:
            self._notes.error(NoteCode.TOO_MANY, found.pointer, f"Only the first {_MAXIMUM_PARTS} parts were read.")
        for position, component in enumerate(components[:_MAXIMUM_PARTS]):
            code = self._code(component)
            if code is not None:
                yield _Part(found, component, f"{found.pointer}/component/{position}", code)

    def _code(self, content: Resource) -> str | None:
        """The first of its codes that is known here."""
        concept = concept_of(content.get("code"))
        for one in concept.codings:
            code = (one.code or "").lower()
            if one.system in {LOINC, None} and code in _KNOWN:
                return code
        return None

    def _members(self, found: Found, depth: int) -> int:
        references = [*objects(found.resource.get("hasMember")), *_related(found.resource)]
        for position, reference in enumerate(references[:_MAXIMUM_PARTS]):
            member = self._collected.resolve(reference, found)
            if member is None or member.type != "Observation":
                text = "A value of this panel was not sent along, so it is not known."
                self._notes.warning(NoteCode.NOT_FOUND, f"{found.pointer}/hasMember/{position}", text)
            elif member.container is not None:
                self._observation(member, depth + 1)
        return len(references)

    # --- what it says -------------------------------------------------------------------------------------------------

    def _take(self, part: _Part) -> None:
        code = part.code
        if code in codes.NOT_TAKEN:
            self._notes.information(NoteCode.NOT_READ_HERE, part.pointer, codes.NOT_TAKEN[code])
        elif code in codes.CREATININE:
            self._creatinine.append(part.pointer)
        elif code == codes.PREGNANCY_STATUS:
            self._pregnancy(part)
        elif code == codes.SYMPTOM:
            self._symptom(part)
        elif code in codes.FILTRATION_RATES:
            measured = self._measured(part, RATE_UNITS)
            if measured is not None:
                self._rates.append((measured, codes.FILTRATION_RATES.index(code), part))
        else:
            self._serum(part, codes.SERUM_VALUES[code])

    def _serum(self, part: _Part, known: codes.Property) -> None:
        measured = self._measured(part, codes.CONCENTRATIONS)
        if measured is None:
            return
        kind, unit = known.kind, measured.unit
        if kind is ObservationKind.SERUM_POTASSIUM and unit in codes.PER_MASS:
            text = "The unit is none that this value is measured in, so the value is of no use."
            self._notes.error(NoteCode.UNIT_UNKNOWN, part.pointer, text)
            return
        if known.per_mass is not None and known.per_mass is not (unit in codes.PER_MASS):
            text = "Code and unit do not agree on whether it is a mass or an amount; the unit decides."
            self._notes.warning(NoteCode.UNIT_DECIDES, part.pointer, text)
        if len(self.values.observations) >= MAXIMUM_OBSERVATIONS:
            self._notes.error(NoteCode.TOO_MANY, part.pointer, f"More than {MAXIMUM_OBSERVATIONS} values; left out.")
            return
        value = decimal_text(self._exact(measured, part))
        self.values.observations.append(Observation(kind=kind, value=value, unit=unit, taken_on=measured.taken_on))
        self.values.sources.append(part.found.reference)

    def _exact(self, measured: _Measured, part: _Part) -> Decimal:
        """The number that stands for a value with a comparator: just beyond the limit, so that limits are kept."""
        if measured.comparator is None:
            return measured.number
        text = "The value is a limit (`<` or `>`), not a number; it counts as being at or just beyond it."
        self._notes.warning(NoteCode.COMPARATOR, part.pointer, text)
        if measured.comparator == _BELOW:
            return max(measured.number - _JUST, Decimal(0))
        return measured.number + _JUST if measured.comparator == _ABOVE else measured.number

    # --- number, unit and day -----------------------------------------------------------------------------------------

    def _measured(self, part: _Part, units: dict[str, str]) -> _Measured | None:
        notes, pointer, content = self._notes, part.pointer, part.content
        quantity = first(content.get("valueQuantity"))
        written = _VALUE.fullmatch(text_of(content.get("valueString")) or "")
        if not quantity and written is not None:
            quantity = {"comparator": written[1], "value": written[2].replace(",", "."), "unit": written[3]}
        number = number_of(quantity.get("value"))
        if number is None or number < 0:
            why = (
                "It says why there is no value"
                if content.get("dataAbsentReason")
                else "It has no value that can be read"
            )
            notes.error(NoteCode.NO_VALUE, pointer, f"{why}, so it is not known.")
            return None
        comparator = text_of(quantity.get("comparator"))
        if comparator is not None and comparator not in _COMPARATORS:
            notes.error(NoteCode.NO_VALUE, pointer, "The comparator is none that is known, so the value is of no use.")
            return None
        unit = self._unit(quantity, units, pointer)
        if unit is None:
            return None
        day = self._day(part)
        return None if day == _TO_COME else _Measured(number, unit, comparator, day)

    def _unit(self, quantity: Resource, units: dict[str, str], pointer: str) -> str | None:
        """The unit, where the code and the text that is shown do not contradict one another."""
        given = _unit_texts(quantity)
        found = {units[text] for text in given if text in units}
        if len(found) == 1:
            return found.pop()
        if not given:
            self._notes.error(NoteCode.NO_UNIT, pointer, "The value has no unit, so it is of no use.")
        elif found:
            text = "The unit is given in two ways that do not agree, so the value is of no use."
            self._notes.error(NoteCode.DOES_NOT_AGREE, pointer, text)
        else:
            text = (
                f"The unit is none that is known for this value ({', '.join(dict.fromkeys(units.values()))}); left out."
            )
            self._notes.error(NoteCode.UNIT_UNKNOWN, pointer, text)
        return None

    def _day(self, part: _Part) -> date | None:
        """The day of the value. Of an inexact date the earliest: a value is never said to be newer than it may be."""
        resource, pointer = part.found.resource, part.found.pointer
        period = first(resource.get("effectivePeriod"))
        given = (
            resource.get("effectiveDateTime"),
            resource.get("effectiveInstant"),
            period.get("end"),
            period.get("start"),
            resource.get("issued"),
        )
        days = next((day for day in map(day_of, given) if day is not None), None)
        if days is None:
            self._notes.warning(NoteCode.DATE_LEFT_OUT, pointer, "The day of the value is not known; it may be old.")
            return None
        day = days[0]
        if (day - self._as_of).days > 1:  # a day ahead may be another time zone
            text = "The value is of a later day than the question is about, so it was left out."
            self._notes.error(NoteCode.DATE_LEFT_OUT, pointer, text)
            return _TO_COME
        age = (self._as_of - day).days
        if age > codes.STALE_DAYS:
            text = f"The value is {age} days old, more than {codes.STALE_DAYS}; it counts, and may no longer be so."
            self._notes.warning(NoteCode.STALE, pointer, text)
        return min(day, self._as_of)

    # --- facts --------------------------------------------------------------------------------------------------------

    def _choose_rate(self) -> None:
        """The newest kidney function; of one day the better formula, and of one formula the lower value."""
        if not self._rates:
            return
        ordered = sorted(
            self._rates, key=lambda one: (-(one[0].taken_on or date.min).toordinal(), one[1], one[0].number)
        )
        split = [
            one for one in ordered if one[2].code in codes.SPLIT_BY_RACE and one[0].taken_on == ordered[0][0].taken_on
        ]
        if ordered[0] in split:
            ordered.sort(key=lambda one: (one not in split, one[0].number))
            text = "It comes from a formula split by race, which is out of date; of one day the lower value counts."
            self._notes.warning(NoteCode.FACT_LEFT_OUT, ordered[0][2].pointer, text)
        measured, _, part = ordered[0]
        for _, _, other in ordered[1:]:
            text = "A newer or better kidney function is there; this one was left out."
            self._notes.information(NoteCode.OLDER_VALUE, other.pointer, text)
        value = decimal_text(self._exact(measured, part))
        self.values.egfr = KidneyFunction(value=value, unit=measured.unit, taken_on=measured.taken_on)
        self.values.egfr_source = part.found.reference

    def _pregnancy(self, part: _Part) -> None:
        concept = concept_of(part.content.get("valueCodeableConcept"))
        flag = flag_of(part.content.get("valueBoolean"))
        states = {codes.PREGNANCY_CODES[key] for key in concept.written() if key in codes.PREGNANCY_CODES}
        states |= {
            codes.PREGNANCY_CODES[text.lower()] for text in concept.words() if text.lower() in codes.PREGNANCY_CODES
        }
        if flag is not None:
            states.add(Pregnancy.PREGNANT if flag else Pregnancy.NOT_PREGNANT)
        day = self._day(part)
        if len(states) != 1 or day == _TO_COME:
            text = "Whether there is a pregnancy cannot be read from it, so it is not known."
            self._notes.warning(NoteCode.FACT_LEFT_OUT, part.pointer, text)
            return
        self._pregnancies.append((day or date.min, states.pop(), part.pointer))

    def _choose_pregnancy(self) -> None:
        """The newest state; an old one is no fact: a pregnancy ends, and one may have begun."""
        if not self._pregnancies:
            return
        day, state, pointer = max(self._pregnancies, key=lambda one: (one[0], one[1] is Pregnancy.PREGNANT))
        if day != date.min and (self._as_of - day).days > codes.PREGNANCY_DAYS:
            text = "The state of pregnancy is from long ago, so it counts as not known."
            self._notes.warning(NoteCode.FACT_LEFT_OUT, pointer, text)
            return
        self.values.pregnancy = state

    def _symptom(self, part: _Part) -> None:
        concept = concept_of(part.content.get("valueCodeableConcept"))
        words = concept.words() or [text for text in [text_of(part.content.get("valueString"))] if text is not None]
        if not words or len(words[0]) > MAXIMUM_TEXT or len(self.values.symptoms) >= MAXIMUM_SYMPTOMS:
            self._notes.error(NoteCode.NO_VALUE, part.pointer, "The symptom has no name that can be read.")
        elif words[0] not in self.values.symptoms:
            self.values.symptoms.append(words[0])


_TO_COME: Final = date.max
_KNOWN: Final = frozenset(
    {
        *codes.SERUM_VALUES,
        *codes.FILTRATION_RATES,
        *codes.NOT_TAKEN,
        *codes.CREATININE,
        codes.PREGNANCY_STATUS,
        codes.SYMPTOM,
    }
)


def _related(resource: Resource) -> list[Resource]:
    """The members of a panel as STU3 has them."""
    related = [one for one in objects(resource.get("related")) if code_of(one.get("type")) == "has-member"]
    return [first(one.get("target")) for one in related]


def _unit_texts(quantity: Resource) -> list[str]:
    """How the unit is written, in lower case and without blanks, braces and exponents."""
    written = [text_of(quantity.get(name)) for name in ("code", "unit", "units")]
    system = text_of(quantity.get("system")) or ""
    if codes.SYSTEMS.get(system.lower(), system) == SNOMED:
        written[0] = codes.SNOMED_UNITS.get(written[0] or "")
    return [bare_unit(text) for text in written if text is not None]
