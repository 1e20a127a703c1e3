"""Reads a medication profile from JSON, strictly, and says by line and pointer everything that is wrong with it.

Two readings of the same key, other encodings than UTF-8 and numbers that are none are refused: each of them makes a
list look different from what was meant. Nothing is corrected.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from rules.faults import allowed_keys
from rules.profile import MedicationProfile
from service.api.faults import body_faults

# Strings first: what is inside them is no punctuation. Only ever applied to text that is valid JSON; the closing mark
# is optional so that no other text could make this slow.
_WORD = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{},:]|[^\s\[\]{},:"]+')


@dataclass(frozen=True, slots=True)
class InputProblem:
    """One fault: where it is and what it is. Line 0 means that the fault belongs to no single line."""

    line: int
    column: int
    pointer: str
    detail: str


class ProfileInvalid(ValueError):
    """The text is no medication profile; ``problems`` says everything that is wrong with it."""

    def __init__(self, problems: list[InputProblem]) -> None:
        """Sort by place."""
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.line, problem.column, problem.pointer)))
        super().__init__(f"{len(self.problems)} problems")


def read_profile(raw: bytes) -> MedicationProfile:
    """Read one profile.

    Raises:
        ProfileInvalid: it is no JSON or no profile.
    """
    text = _decoded(raw)
    _parse(text)
    places = _places(text)
    if places.duplicates:
        raise ProfileInvalid(places.duplicates)
    try:
        return MedicationProfile.model_validate_json(text)
    except ValidationError as error:
        raise ProfileInvalid([_problem(fault, places) for fault in error.errors(include_input=False)]) from None


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")  # some editors mark UTF-8 with three bytes in front
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ProfileInvalid([InputProblem(line, 0, "", "the text is not UTF-8; save it as UTF-8")]) from None


def _parse(text: str) -> None:
    if not text.strip():
        raise ProfileInvalid([InputProblem(0, 0, "", "there is nothing in it; a medication profile is a JSON object")])
    try:
        json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        detail = f"not readable as JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        raise ProfileInvalid([InputProblem(error.lineno, error.colno, "", detail)]) from None
    except RecursionError:
        raise ProfileInvalid([InputProblem(0, 0, "", "nested too deeply to be a medication profile")]) from None
    except ValueError as error:  # a constant such as NaN, or a number of thousands of digits
        raise ProfileInvalid([InputProblem(0, 0, "", f"not readable as JSON: {error}")]) from None


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _problem(fault: Any, places: "_Places") -> InputProblem:  # noqa: ANN401 - pydantic's error details
    location = fault["loc"]
    pointer = "".join(f"/{_escaped(str(step))}" for step in location)
    if fault["type"] == "extra_forbidden":
        detail = f"unknown key; allowed: {', '.join(sorted(allowed_keys(MedicationProfile, location[:-1])))}"
    elif fault["type"] == "json_invalid":  # what json.loads lets pass, such as half of a surrogate pair
        detail = f"not readable as JSON: {fault['ctx']['error']}"
    else:
        detail = body_faults([fault], MedicationProfile)[0].detail
    line, column = places.of(pointer)
    return InputProblem(line, column, pointer, detail)


# --- places -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Level:
    """An array or object while it is read: its pointer, and the index or key that comes next."""

    pointer: str
    is_object: bool
    step: str | int | None


@dataclass(slots=True)
class _Places:
    """Line and column of every value by its pointer, and keys that stand twice."""

    found: dict[str, tuple[int, int]] = field(default_factory=dict)
    duplicates: list[InputProblem] = field(default_factory=list)

    def of(self, pointer: str) -> tuple[int, int]:
        """The place of the value, or of the nearest thing around it."""
        while pointer and pointer not in self.found:
            pointer = pointer.rpartition("/")[0]
        return self.found.get(pointer, (1, 1))


def _places(text: str) -> _Places:
    """Walk through valid JSON and note where each value stands; a member of an object stands where its key does."""
    places = _Places()
    levels: list[_Level] = []
    for word, line, column in _words(text):
        top = levels[-1] if levels else None
        if word in "]}":
            levels.pop()
        elif word == ",":
            if top is not None:
                top.step = None if top.is_object else int(top.step or 0) + 1
        elif word == ":":
            continue
        elif top is not None and top.is_object and top.step is None:
            top.step = _escaped(json.loads(word))
            pointer = f"{top.pointer}/{top.step}"
            if pointer in places.found:
                first = places.found[pointer][0]
                detail = f"the key stands twice, first in line {first}; which of the two is meant?"
                places.duplicates.append(InputProblem(line, column, pointer, detail))
            places.found.setdefault(pointer, (line, column))
        else:
            pointer = "" if top is None else f"{top.pointer}/{top.step}"
            places.found.setdefault(pointer, (line, column))
            if word in "[{":
                levels.append(_Level(pointer, is_object=word == "{", step=None if word == "{" else 0))
    return places


def _words(text: str) -> Iterator[tuple[str, int, int]]:
    line, line_start, seen = 1, 0, 0
    for match in _WORD.finditer(text):
        line += text.count("\n", seen, match.start())
        newline = text.rfind("\n", seen, match.start())
        if newline >= 0:
            line_start = newline + 1
        seen = match.start()  # JSON strings hold no line breaks
        yield match.group(), line, match.start() - line_start + 1


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
