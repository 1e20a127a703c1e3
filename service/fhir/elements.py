"""Looks into resources without trusting their shape: what is not as it should be counts as not there.

Real clients send an object where a list belongs, a string where a CodeableConcept does, and numbers as text. Nothing
here knows what an element means.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any, Final

from rules.quantities import plain

Resource = dict[str, Any]

MAXIMUM_TEXT: Final = 200  # as long as the text of a medication in a question may be
# A list in one element is followed so far; no element of a real resource comes near.
MAXIMUM_ITEMS: Final = 200
_PLACES: Final = 9
_LARGEST: Final = Decimal(10**9)
_DATE: Final = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?:T.*)?", re.ASCII | re.DOTALL)
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::[0-5]\d(?:\.\d+)?)?Z?", re.ASCII)


def objects(value: object) -> list[Resource]:
    """The objects in an element: those of a list, or the one that stands where a list belongs."""
    if isinstance(value, dict):
        return [value]
    return [item for item in value[:MAXIMUM_ITEMS] if isinstance(item, dict)] if isinstance(value, list) else []


def first(value: object) -> Resource:
    """The first object in an element, or an empty one."""
    found = objects(value)
    return found[0] if found else {}


def texts(value: object) -> list[str]:
    """The texts in an element: those of a list, or the one that stands where a list belongs."""
    if isinstance(value, list):
        return [text for text in map(text_of, value[:MAXIMUM_ITEMS]) if text is not None]
    one = text_of(value)
    return [] if one is None else [one]


def text_of(value: object) -> str | None:
    """A text with something in it, without white space around; half a character is none."""
    if not isinstance(value, str):
        return None
    stripped = value.strip()
    if not stripped.isascii():
        try:
            stripped.encode()
        except UnicodeEncodeError:
            return None
    return stripped or None


def code_of(value: object) -> str | None:
    """A code that stands as plain text, in a CodeableConcept or in a Coding."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        coding = first(value.get("coding"))
        value = coding.get("code") or value.get("code") or value.get("text")
    text = text_of(value)
    return None if text is None else text.lower()


def flag_of(value: object) -> bool | None:
    """A boolean, also one that stands as text."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.strip().lower()) if isinstance(value, str) else None


def number_of(value: object) -> Decimal | None:
    """A number, also one that stands as text; no boolean, no infinity, and nothing beyond nine digits."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    if isinstance(value, str) and not re.fullmatch(r"\s*-?\d{1,18}(\.\d{1,18})?\s*", value, re.ASCII):
        return None
    if isinstance(value, int) and abs(value) >= _LARGEST:
        return None  # before it is written out: Python refuses very long ones
    number = Decimal(
        repr(value) if isinstance(value, float) else str(value).strip() if isinstance(value, str) else value
    )
    return number if number.is_finite() and abs(number) < _LARGEST else None


def decimal_text(number: Decimal) -> str:
    """A number that is not negative as a question has it."""
    return plain(number, _PLACES)


def whole_of(value: object) -> int | None:
    """A whole number."""
    number = number_of(value)
    return int(number) if number is not None and number == number.to_integral_value() else None


def day_of(value: object) -> tuple[date, date] | None:
    """The first and the last day that a date or dateTime of any precision can mean."""
    match = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    year, month, day = match.groups()
    try:
        if day is not None:
            only = date(int(year), int(month), int(day))
            return only, only
        if month is not None:
            start = date(int(year), int(month), 1)
            after = date(start.year + start.month // 12, start.month % 12 + 1, 1)
            return start, date.fromordinal(after.toordinal() - 1)
        return date(int(year), 1, 1), date(int(year), 12, 31)
    except ValueError:
        return None


def clock_of(value: object) -> str | None:
    """A time of day, to the minute."""
    match = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    return None if match is None else f"{match[1]}:{match[2]}"
