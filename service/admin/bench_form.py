"""The form of the test bench: what was typed becomes a question, and a question becomes what somebody could have typed.

Faults stand beside the field they are in and never repeat what was typed. Nothing of a form is kept anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pydantic import ValidationError

from rules.profile import MAXIMUM_MEDICATIONS, MedicationProfile
from service.admin.fields import Fields
from service.admin.list_text import (
    LineFault,
    condition_of,
    id_of,
    lines_of,
    medication_of,
    observation_of,
    written_condition,
    written_lines,
    written_medication,
    written_observation,
)
from service.api.faults import body_faults

# What a field of the form may hold, in letters: more than 200 long lines.
_MOST_LETTERS: Final = 60_000
FIELDS: Final = (
    "list",
    "age",
    "sex",
    "pregnancy",
    "egfr",
    "egfr_unit",
    "egfr_on",
    "dialysis",
    "dietary",
    "conditions",
    "no_conditions",
    "observations",
    "symptoms",
    "as_of",
    "ecg_on",
)
EGFR_UNITS: Final = ("mL/min/1.73m2", "mL/min")
# Where a fault of the question belongs on the form, by the beginning of its pointer; the longest comes first.
_PLACES: Final = (
    ("/patient/age_years", "age"),
    ("/patient/sex", "sex"),
    ("/patient/pregnancy", "pregnancy"),
    ("/patient/egfr/taken_on", "egfr_on"),
    ("/patient/egfr", "egfr"),
    ("/patient/dietary_magnesium_mg_per_day", "dietary"),
    ("/conditions", "conditions"),
    ("/observations", "observations"),
    ("/symptoms", "symptoms"),
    ("/as_of", "as_of"),
    ("/last_ecg_on", "ecg_on"),
)
# Parts of a question that the bench has no place for.
_LEFT_OUT: Final = {
    "acknowledgements": "findings that were settled",
    "day": "waking hours and meals",
    "plan": "the plan",
    "magnesium_target_mg_per_day": "the target of the plan",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, in which field and, where it has lines, in which of them."""

    name: str
    text: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form."""

    values: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        """What stands in a field; nothing where it was left empty."""
        return self.values.get(name, "")

    def with_line(self, line: str) -> Typed:
        """The same with one more medicine."""
        listed = self["list"].rstrip()
        return self._with_list(f"{listed}\n{line}" if listed else line)

    def with_name(self, number: int, name: str) -> Typed:
        """The same with another name in a line; what stands behind its bars stays."""
        lines = self["list"].splitlines()
        if 1 <= number <= len(lines):
            _, bar, rest = lines[number - 1].partition("|")
            lines[number - 1] = f"{name} {bar}{rest}".strip()
        return self._with_list("\n".join(lines))

    def _with_list(self, text: str) -> Typed:
        return replace(self, values={**self.values, "list": text})


def typed_of(form: Fields) -> Typed:
    """The fields of the bench among those that were sent."""
    return Typed({name: form.one(name)[:_MOST_LETTERS] for name in FIELDS if form.one(name)})


# --- from the form to the question ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Read:
    """The question, or why there is none; ``lines`` are the lines of the list by the ids of their medications."""

    profile: MedicationProfile | None
    faults: tuple[Fault, ...]
    lines: Mapping[str, int]


def read(typed: Typed) -> Read:
    """The question that stands in the form."""
    faults: list[Fault] = []
    numbers: dict[str, list[int]] = {}  # of the lines that could be read, by the list they are in
    medications, numbers["medications"] = _medications(typed["list"], faults)
    question: dict[str, Any] = {"medications": medications, "patient": _patient(typed, faults)}
    conditions, numbers["conditions"] = _each("conditions", typed["conditions"], condition_of, faults)
    if conditions or typed["no_conditions"]:
        question["conditions"] = conditions
    observations = _each("observations", typed["observations"], observation_of, faults)
    question["observations"], numbers["observations"] = observations
    symptoms = lines_of(typed["symptoms"])
    question["symptoms"], numbers["symptoms"] = [line for _, line in symptoms], [number for number, _ in symptoms]
    for name, key in (("as_of", "as_of"), ("ecg_on", "last_ecg_on")):
        if typed[name]:
            question[key] = typed[name]
    if typed["no_conditions"] and conditions:
        faults.append(Fault("no_conditions", "There are conditions above; take this mark away, or them."))
    profile = None
    try:  # also where something could not be read, so that all that is wrong is told at once
        profile = MedicationProfile.model_validate_json(json.dumps(question))
    except ValidationError as error:
        faults += _placed(error, numbers)
    if faults:
        profile = None
    lines = {one["id"]: number for one, number in zip(medications, numbers["medications"], strict=True)}
    return Read(profile, tuple(faults), lines)


def _medications(text: str, faults: list[Fault]) -> tuple[list[dict[str, Any]], list[int]]:
    found, numbers = [], []
    listed = lines_of(text)
    if len(listed) > MAXIMUM_MEDICATIONS:
        faults.append(Fault("list", f"A list may have at most {MAXIMUM_MEDICATIONS} medicines."))
        return [], []
    for place, (number, line) in enumerate(listed, 1):
        try:
            found.append(medication_of(line, id_of(place)))
            numbers.append(number)
        except LineFault as fault:
            faults.append(Fault("list", f"Line {number} {fault}.", number))
    return found, numbers


def _each(
    name: str, text: str, read_line: Callable[[str], dict[str, Any]], faults: list[Fault]
) -> tuple[list[dict[str, Any]], list[int]]:
    found, numbers = [], []
    for number, line in lines_of(text):
        try:
            found.append(read_line(line))
            numbers.append(number)
        except LineFault as fault:
            faults.append(Fault(name, f"Line {number} {fault}.", number))
    return found, numbers


def _patient(typed: Typed, faults: list[Fault]) -> dict[str, Any]:
    said: dict[str, Any] = {name: typed[name] for name in ("sex", "pregnancy") if typed[name]}
    age = typed["age"].strip()
    if age:
        if age.isascii() and age.isdigit() and len(age) <= len("130"):
            said["age_years"] = int(age)
        else:
            faults.append(Fault("age", "The age must be a whole number of years."))
    egfr = typed["egfr"].strip()
    if egfr:
        said["egfr"] = {"value": egfr, "unit": typed["egfr_unit"] or EGFR_UNITS[0]}
        if typed["egfr_on"]:
            said["egfr"]["taken_on"] = typed["egfr_on"]
    elif typed["egfr_on"]:
        faults.append(Fault("egfr", "There is a day, but no value of that day."))
    if typed["dialysis"] in {"yes", "no"}:
        said["dialysis"] = typed["dialysis"] == "yes"
    dietary = typed["dietary"].strip()
    if dietary:
        said["dietary_magnesium_mg_per_day"] = dietary
    return said


_IN_WORDS: Final = {
    r"^[0-9]{1,9}(\.[0-9]{1,9})?$": "must be a number such as 38 or 0.62",
    r"^[A-Za-z0-9._:-]{1,64}$": "has an id that cannot be used; letters, digits, `.`, `_`, `:` and `-` can",
    r"^[A-Za-z0-9.-]{1,32}$": "has a code that cannot be one",
    "medication ids must differ": "has an id that an earlier line has already",
    "a time of day stands twice": "has a time of day twice; write each once, and two tablets at once as one dose",
    "times_per_day is not the number of times": "says a number of times a day that is not that of its times",
}


# Parts of a line whose faults do not say by themselves what they are about.
_PARTS: Final = {
    "text": "the name",
    "dose": "the dose",
    "times_per_day": "how often a day",
    "times": "the times of day",
    "started_on": "the day since when",
    "codes": "the codes",
    "taken_on": "the day",
}


def _placed(error: ValidationError, numbers: Mapping[str, list[int]]) -> list[Fault]:
    """What is wrong with the question, each in the field it came from."""
    found = []
    for fault in body_faults(error.errors(include_url=False, include_input=False), MedicationProfile):
        own = next((words for key, words in _IN_WORDS.items() if key in fault.detail), None)
        text = own or fault.detail
        name = next((name for start, name in _PLACES if fault.pointer.startswith(start)), "list")
        listed, *steps = fault.pointer.removeprefix("/").split("/")
        if listed in numbers and steps:
            number = numbers[listed][int(steps[0])]
            part = _PARTS.get(steps[1]) if own is None and len(steps) > 1 else None
            found.append(Fault(name, f"Line {number}: {part} {text}." if part else f"Line {number} {text}.", number))
            continue
        found.append(Fault(name, text if text.endswith(".") else f"This {text}."))
    return list(dict.fromkeys(found))


# --- from a question to the form --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Written:
    """A question as somebody could have typed it, and what of it the form has no place for, in words."""

    typed: Typed
    left_out: tuple[str, ...]


def written(profile: MedicationProfile) -> Written:
    """A question in the form."""
    patient = profile.patient
    values = {
        "list": "\n".join(written_medication(one, number) for number, one in enumerate(profile.medications, 1)),
        "age": _text(patient.age_years),
        "sex": _text(patient.sex),
        "pregnancy": _text(patient.pregnancy),
        "dialysis": "" if patient.dialysis is None else "yes" if patient.dialysis else "no",
        "dietary": _text(patient.dietary_magnesium_mg_per_day),
        "conditions": written_lines(profile.conditions or (), written_condition),
        "no_conditions": "yes" if profile.conditions == () else "",
        "observations": written_lines(profile.observations, written_observation),
        "symptoms": "\n".join(profile.symptoms),
        "as_of": _text(profile.as_of),
        "ecg_on": _text(profile.last_ecg_on),
    }
    if patient.egfr is not None:
        values["egfr"] = patient.egfr.value
        values["egfr_unit"] = patient.egfr.unit
        values["egfr_on"] = _text(patient.egfr.taken_on)
    typed = Typed({name: value for name, value in values.items() if value})
    return Written(typed, tuple(_left_out(profile)))


def _left_out(profile: MedicationProfile) -> Iterable[str]:
    for name, words in _LEFT_OUT.items():
        if getattr(profile, name) != type(profile).model_fields[name].default:
            yield words
    # The bench plans the day of every list that says when or how often, and of no other.
    if profile.timetable and not any(item.times or item.times_per_day for item in profile.medications):
        yield "the day plan"


def _text(value: object) -> str:
    return "" if value is None else str(value)
