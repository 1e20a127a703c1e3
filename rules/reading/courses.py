"""How long a course goes on: "until 12/03", "bis Freitag", "for 5 days". It says nothing of how often a dose is taken.

What follows may change how often or how much, and then nobody can tell which of the two holds. A day is only read where
it cannot be anything else; it is never compared with today.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rules import vocabulary as known
from rules.tokens import DIGITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rules.reading.reader import Reader

_LAST_DAY: Final = 31
_LAST_MONTH: Final = 12
_YEAR: Final = 4  # digits of one that is written in full
_ORDINALS: Final = frozenset({"st", "nd", "rd", "th", "of"})
_BY_WHOM: Final = frozenset({"by", "in", "at"})
_ALL_OF_IT: Final = frozenset({"course", "all", "pack"})
_LOOKS_AHEAD: Final = 8


def read_end(reader: Reader, position: int) -> int:
    """How many tokens say until when it is taken; 0 where that is no day and nobody looks at it again."""
    words, at = reader.words, position + 1
    while words[at] in known.BEFORE_A_DATE or words[at] in _ALL_OF_IT:
        at += 1
    end = day_at(words, at)
    if end == at and words[at] in known.REVIEWED:
        end = at + (2 if words[at] == "further" and words[at + 1] else 1)
        if words[end] in _BY_WHOM and words[end + 1].isalpha():
            end += 2
    if end == at:
        return 0
    said = reader.counts or reader.slots or reader.parts or reader.doses
    if said and _says_more(reader, end):
        reader.unsteady = reader.unclear = True
    return end - position


def end_course(reader: Reader, end: int) -> None:
    """Leave the count open where the line goes on with another one: "twice daily for 7 days, daily for 7 days"."""
    counts = {count for count in reader.counts if count > 1}
    behind = {known.COUNTED[word] for word in reader.words[end:] if word in known.COUNTED}
    reader.unsteady = reader.unsteady or (bool(counts) and bool(behind - counts))


def day_at(words: Sequence[str], at: int) -> int:
    """Where the day that is named at a place of the line ends; the place itself where none is."""
    if words[at] in known.WEEKDAYS:
        return _date(words, at + 1)
    return _date(words, at)


def names_a_day(words: list[str], at: int) -> bool:
    """Whether a day is named at a place of a line, behind words such as "date" or "on"."""
    padded = words + [""] * _LOOKS_AHEAD
    while padded[at] in known.BEFORE_A_DATE:
        at += 1
    return day_at(padded, at) > at


def _date(words: Sequence[str], at: int) -> int:
    if words[at] in known.MONTHS and _is_day(words[at + 1]):  # March 12th, 2026
        return _year(words, _behind_ordinal(words, at + 2))
    if words[at][:1] not in DIGITS:
        return at
    month = _behind_ordinal(words, at + 1)
    if _is_day(words[at]) and words[month] in known.MONTHS:
        return _year(words, month + 1)
    return _in_figures(words, at)


def _in_figures(words: Sequence[str], at: int) -> int:
    """Behind a day and a month in figures, with a year or without one: 12/03, 2026-12-01, 12.03.2026."""
    numbers, end = words[at].split("."), at + 1
    if len(numbers) > 1:
        if words[end][:1] == ".":
            numbers.append(words[end][1:])
            end += 1
    else:
        while words[end] in {"/", "-"} and words[end + 1].isdecimal():
            numbers.append(words[end + 1])
            end += 2
    if words[end] in known.UNITS or words[end] in known.PIECES or not all(one.isdecimal() for one in numbers):
        return at
    values = [int(number) for number in numbers if len(number) < _YEAR]
    if len(values) < 2 or len(numbers) - len(values) > 1:  # noqa: PLR2004 - a day and a month
        return at
    return end if min(values[:2]) <= _LAST_MONTH and 0 < max(values[:2]) <= _LAST_DAY else at


def _is_day(word: str) -> bool:
    return word.isdecimal() and 0 < int(word) <= _LAST_DAY


def _behind_ordinal(words: Sequence[str], at: int) -> int:
    while words[at] in _ORDINALS:  # the 12th of March
        at += 1
    return at


def _year(words: Sequence[str], at: int) -> int:
    """Behind the year, where one follows."""
    year = at + 1 if words[at] == "," else at
    return year + 1 if words[year].isdecimal() and len(words[year]) == _YEAR else at


def _says_more(reader: Reader, end: int) -> bool:
    """Whether the line goes on with how often or how much: what holds until the day, and what after it, stays open."""
    return any(
        reader.figure(place)
        or reader.is_frequency(place)
        or word in known.NUMBER_WORDS
        or word in known.PIECES
        or word in known.PERIODS
        for place, word in enumerate(reader.words[end:], start=end)
    )
