"""Medication lists as pharmacists write them: one medicine a line, with more about it behind bars, read and written.

What can be read can be written again and means the same. It knows no medicine: what a name stands for is found out by
the rule set.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from pydantic import BaseModel

from rules.profile import ConditionItem, MedicationItem, Observation
from rules.quantities import DOSE_UNITS, serum_units
from rules.terms import CodeSystem, DoseForm, ObservationKind, Route

# A line with its number, as somebody sees it.
Numbered = tuple[int, str]
Plain = dict[str, Any]

_TIME: Final = re.compile(r"([01]?[0-9]|2[0-3])(?:[:.]?([0-5][0-9]))?(?: ?h)?")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PER_DAY: Final = re.compile(r"([0-9]{1,2}) ?[x\u00d7]? ?(?:times )?(?:a|per) day", re.IGNORECASE)
_DOSE: Final = re.compile(
    r"dose ([0-9]{1,9}(?:\.[0-9]{1,9})?) ?([^\s0-9][^\s]*)(?: (?:of )?(?:the )?(salt|elemental))?"
)
_OBSERVATION: Final = re.compile(
    r"(?:serum )?(magnesium|mg|potassium|k|calcium|ca)[ :=]+([0-9]{1,9}(?:\.[0-9]{1,9})?) ?([A-Za-z]+/[A-Za-z]+)"
    r"(?: (?:on )?([0-9]{4}-[0-9]{2}-[0-9]{2}))?",
    re.IGNORECASE,
)
_KINDS: Final = {
    "magnesium": ObservationKind.SERUM_MAGNESIUM,
    "mg": ObservationKind.SERUM_MAGNESIUM,
    "potassium": ObservationKind.SERUM_POTASSIUM,
    "k": ObservationKind.SERUM_POTASSIUM,
    "calcium": ObservationKind.SERUM_CALCIUM,
    "ca": ObservationKind.SERUM_CALCIUM,
}
_SYSTEMS: Final = tuple(system.value for system in CodeSystem)
_UNITS: Final = {unit.lower(): unit for unit in DOSE_UNITS}
_COMMON_UNITS: Final = (
    "mg",
    "g",
    "mcg",
    "mmol",
    "mEq",
    "tablet",
    "capsule",
    "sachet",
    "dose",
    "mL",
    "drop",
    "puff",
    "IU",
)
FACTS: Final = (
    "`at 08:00, 20:00`, `2 a day`, `since 2024-03-01`, `as needed`, `regularly`, `proposed`, `dose 400 mg`, "
    "`route oral`, `form tablet`, or a code such as `rxnorm 4603`"
)


class LineFault(ValueError):
    """A line that cannot be read; the text says what is allowed and repeats nothing of the line."""


def lines_of(text: str) -> list[Numbered]:
    """The lines that say something, with their numbers."""
    return [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]


# --- medications ------------------------------------------------------------------------------------------------------


def medication_of(line: str, given_id: str) -> Plain:
    """A line of a medication list.

    Raises:
        LineFault: what stands behind a bar is nothing that can be said there.
    """
    text, *facts = (part.strip() for part in line.split("|"))
    said: Plain = {"id": given_id}
    if text:
        said["text"] = text
    for fact in facts:
        for name, value in _fact(fact).items():
            if name == "codes":
                said.setdefault("codes", []).extend(value)
            elif name in said and name != "id":
                raise LineFault("says the same thing twice behind its bars")
            else:
                said[name] = value
    if "text" not in said and "codes" not in said:
        raise LineFault("names no medicine; write its name first, or a code such as `| rxnorm 4603`")
    return said


def _fact(fact: str) -> Plain:
    """What one part behind a bar says.

    Raises:
        LineFault: nothing that is known.
    """
    lower = " ".join(fact.lower().split())
    if lower in _WORDS:
        return dict([_WORDS[lower]])
    per_day = _PER_DAY.fullmatch(lower)
    if per_day is not None:
        return {"times_per_day": int(per_day[1])}
    dose = _DOSE.fullmatch(lower)
    if dose is not None:
        return {"dose": _dose(dose)}
    word, _, rest = lower.partition(" ")
    read = _READERS.get(word)
    if read is None and word in _SYSTEMS and rest:
        return {"codes": [{"system": word, "code": fact.rsplit(maxsplit=1)[-1]}]}
    if read is None or not rest:
        raise LineFault(f"has something behind a bar that cannot be read; allowed: {FACTS}")
    return read(fact.partition(" ")[2].strip() if word == "id" else rest)


def _dose(dose: re.Match[str]) -> Plain:
    value, unit, of = dose[1], dose[2], dose[3]
    if unit not in _UNITS:
        raise LineFault(f"has a dose in a unit that is not known; write for example {', '.join(_COMMON_UNITS)}")
    return {"value": value, "unit": _UNITS[unit]} | ({} if of is None else {"of": of})


def _times(rest: str) -> Plain:
    found = []
    for part in rest.replace(" and ", ",").split(","):
        time = _TIME.fullmatch(part.strip())
        if time is None:
            raise LineFault("has a time of day that cannot be read; write `at 08:00, 20:00`")
        found.append(f"{int(time[1]):02d}:{time[2] or '00'}")
    return {"times": found}


def _since(rest: str) -> Plain:
    if not _DAY.fullmatch(rest):
        raise LineFault("has a day that cannot be read; write `since 2024-03-01`")
    return {"started_on": rest}


def _term(name: str, terms: type[Route | DoseForm]) -> Callable[[str], Plain]:
    known = {one.value.replace("_", " "): one.value for one in terms}

    def read(rest: str) -> Plain:
        value = known.get(rest.replace("_", " ").replace("-", " "))
        if value is None:
            raise LineFault(f"has a {name.replace('_', ' ')} that is not known; allowed: {', '.join(known)}")
        return {name: value}

    return read


_WORDS: Final[dict[str, tuple[str, object]]] = {
    "proposed": ("status", "proposed"),
    "current": ("status", "current"),
    "as needed": ("as_needed", True),
    "prn": ("as_needed", True),
    "regularly": ("as_needed", False),
}
_READERS: Final[dict[str, Callable[[str], Plain]]] = {
    "at": _times,
    "since": _since,
    "route": _term("route", Route),
    "form": _term("dose_form", DoseForm),
    "id": lambda rest: {"id": rest},
}


def written_medication(item: MedicationItem, number: int) -> str:
    """A line that reads as this item; ``number`` is that of its line among all."""
    parts = [item.text or ""]
    parts += [f"{code.system.value} {code.code}" for code in item.codes]
    if item.status != "current":
        parts.append(item.status.value)
    if item.dose is not None:
        of = "" if item.dose.of is None else f" {item.dose.of.value}"
        parts.append(f"dose {item.dose.value} {item.dose.unit}{of}")
    if item.times:
        parts.append(f"at {', '.join(item.times)}")
    if item.times_per_day is not None:
        parts.append(f"{item.times_per_day} a day")
    if item.as_needed is not None:
        parts.append("as needed" if item.as_needed else "regularly")
    if item.started_on is not None:
        parts.append(f"since {item.started_on.isoformat()}")
    if item.route is not None:
        parts.append(f"route {item.route.value}")
    if item.dose_form is not None:
        parts.append(f"form {item.dose_form.value.replace('_', ' ')}")
    if item.id != id_of(number):
        parts.append(f"id {item.id}")
    return " | ".join(parts).strip()


def id_of(number: int) -> str:
    """How the medication of a line is called where nothing else is said."""
    return f"m{number}"


# --- conditions and laboratory values ---------------------------------------------------------------------------------


def condition_of(line: str) -> Plain:
    """A condition, by its name or as `icd10cm N18.32`.

    Raises:
        LineFault: what stands behind a bar is no code.
    """
    text, *codes = (part.strip() for part in line.split("|"))
    said: Plain = {}
    system, _, code = text.partition(" ")
    if system.lower() in _SYSTEMS and code and not codes:
        codes, text = [text], ""
    if text:
        said["text"] = text
    for one in codes:
        system, _, code = one.partition(" ")
        if system.lower() not in _SYSTEMS or not code.strip():
            raise LineFault("has something behind a bar that is no code; write for example `icd10cm N18.32`")
        said.setdefault("codes", []).append({"system": system.lower(), "code": code.strip()})
    return said


def written_condition(item: ConditionItem) -> str:
    """A line that reads as this condition."""
    codes = [f"{code.system.value} {code.code}" for code in item.codes]
    return " | ".join([*([item.text] if item.text else []), *codes])


def observation_of(line: str) -> Plain:
    """A laboratory value with its unit and perhaps its day.

    Raises:
        LineFault: it is none.
    """
    found = _OBSERVATION.fullmatch(" ".join(line.split()))
    if found is None:
        raise LineFault("is no laboratory value; write for example `magnesium 0.62 mmol/L 2026-11-20`")
    kind, value, unit, day = _KINDS[found[1].lower()], found[2], found[3], found[4]
    allowed = {one.lower(): one for one in serum_units(kind)}
    if unit.lower() not in allowed:
        raise LineFault(f"has a unit that is not used for it; allowed: {', '.join(allowed.values())}")
    said = {"kind": kind.value, "value": value, "unit": allowed[unit.lower()]}
    return said if day is None else {**said, "taken_on": day}


def written_observation(item: Observation) -> str:
    """A line that reads as this value."""
    day = "" if item.taken_on is None else f" {item.taken_on.isoformat()}"
    return f"{item.kind.value.removeprefix('serum_')} {item.value} {item.unit}{day}"


def written_lines(items: Iterable[BaseModel], write: Callable[[Any], str]) -> str:
    """Items, one a line."""
    return "\n".join(write(item) for item in items)
