"""Reads how often a medicine is taken out of a Timing: times of day, how often a day, or that it is not every day.

What is no whole number of times a day is left out and noted; what is taken on some days only is never a daily dose.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from rules.reading import read_besides
from rules.tokens import tokens
from service.fhir import codes
from service.fhir.concepts import Concept, concept_of
from service.fhir.elements import Resource, clock_of, first, number_of, text_of, texts
from service.fhir.notes import NoteCode, Notes

MOST_A_DAY: Final = 24
MAXIMUM_FREE_TEXT: Final = 500
SOME_DAYS: Final = "once a week"  # where nobody can say it better: what counts is that it is no daily dose
_EVERY_OTHER_DAY: Final = "every other day"
_OTHER: Final = 2
_WEEK: Final = 7
_MONTH: Final = 30
_MONTHS_OF_YEAR: Final = 12
_HOURS_OF_DAY: Final = 24
_NUMBERS: Final = ("frequency", "frequencyMax", "period")
_UNITS: Final = ("periodUnit", "periodUnits", "units", "unit")  # R4 and STU3; DSTU2; and its drafts
_BOUNDS: Final = frozenset({"boundsPeriod", "boundsDuration", "boundsRange"})


class Frequency(NamedTuple):
    """How often, as far as it is said. ``rarer``: in words, that it is not taken every day.

    ``times_per_day`` stands beside ``times`` only where it is more than them: some of the times are not said.
    """

    times: tuple[str, ...] = ()
    times_per_day: int | None = None
    rarer: str | None = None


class _Rate(NamedTuple):
    """How many times a day, and in words where that is less than once."""

    a_day: Fraction
    words: str = SOME_DAYS


def frequency_of(value: object, pointer: str, notes: Notes) -> Frequency:
    """How often a Timing says that something happens; ``pointer`` is where it stands."""
    timing = first(value)
    repeat, code = first(timing.get("repeat")), concept_of(timing.get("code"))
    rate = _rate(repeat) or _rate_of_code(code)
    rarer = days_of_week(texts(repeat.get("dayOfWeek"))) or (
        rate.words if rate is not None and rate.a_day < 1 else None
    )
    clocks = [clock_of(text) for text in texts(repeat.get("timeOfDay"))]
    times = tuple(sorted({clock for clock in clocks if clock is not None}))
    if clocks and None not in clocks and len(times) <= MOST_A_DAY:
        if rarer is not None:
            text = "It is not taken every day; its times are those of a day it is."
            notes.warning(NoteCode.TIMING_LEFT_OUT, pointer, text)
        return Frequency(times, _more_than(times, rate) if rarer is None else None, rarer)
    if clocks:
        notes.warning(NoteCode.TIMING_LEFT_OUT, pointer, "A time of day is none; the times were left out.")
    if rarer is not None:
        notes.information(NoteCode.TIMING_LEFT_OUT, pointer, "It is not taken every day, so times a day were left out.")
        return Frequency(rarer=rarer)
    return _counted(repeat, code, rate, pointer, notes)


def _more_than(times: tuple[str, ...], rate: _Rate | None) -> int | None:
    """How often a day, where that is more than the times there are: "every 12 hours" from 08:00 on."""
    if rate is None or rate.a_day.denominator != 1 or not len(times) < rate.a_day <= MOST_A_DAY:
        return None
    return int(rate.a_day)


def _counted(repeat: Resource, code: Concept, rate: _Rate | None, pointer: str, notes: Notes) -> Frequency:
    """How many times a day, where no times of day are given."""
    a_day = None if rate is None else rate.a_day
    events = {text.upper() for text in texts(repeat.get("when"))}
    if events and repeat.get("frequency") is None and codes.MEALS.intersection(events):
        a_day = None  # with meals: nobody says how many
    elif events and (a_day is None or (a_day == 1 and len(events) > 1)):
        a_day = Fraction(len(events))  # each event of daily life brings a dose
    if a_day is None:
        if repeat.keys() - _BOUNDS or code.words() or code.codings:
            text = "How often it is taken cannot be read as a number of times a day; it counts as not known."
            notes.warning(NoteCode.TIMING_LEFT_OUT, pointer, text)
        return Frequency()
    if a_day.denominator != 1 or a_day > MOST_A_DAY:
        text = "How often it is taken is no whole number of times a day; it counts as not known."
        notes.warning(NoteCode.TIMING_LEFT_OUT, pointer, text)
        return Frequency()
    return Frequency(times_per_day=int(a_day))


# --- frequency and period ---------------------------------------------------------------------------------------------


def _rate(repeat: Resource) -> _Rate | None:
    """What frequency and period come to; of a range of frequencies the most."""
    unit = next((text.lower() for text in map(text_of, map(repeat.get, _UNITS)) if text is not None), "")
    if any(repeat.get(name) is not None and number_of(repeat[name]) is None for name in _NUMBERS):
        return None
    period = number_of(repeat.get("period"))
    given = number_of(repeat.get("frequencyMax")) or number_of(repeat.get("frequency"))
    if period is None and not unit:
        # "Three times", without a period: of a day, as nobody says otherwise.
        return _Rate(Fraction(given)) if given is not None and given > 0 else None
    count = Fraction(Decimal(1) if given is None else given)
    periods = Fraction(Decimal(1) if period is None else period)
    if periods <= 0 or count <= 0:
        return None
    if unit in codes.MONTHS_OF:
        months = periods * codes.MONTHS_OF[unit]
        return _Rate(count / (months * _MONTH), _times(count, months, "month"))
    hours = codes.HOURS_OF.get(unit)
    if hours is None:
        return None
    days = periods * hours / _HOURS_OF_DAY
    return _Rate(count / days, _rarer(count, days) if count < days else SOME_DAYS)


def _rarer(count: Fraction, days: Fraction) -> str:
    """In words: so many times in so many days, which is less than once a day."""
    every = days / count
    if every < _OTHER or every == _OTHER:
        return _EVERY_OTHER_DAY
    if every.denominator == 1 and every % _WEEK:
        return f"every {every} days"
    weeks = days / _WEEK
    return _times(count, weeks, "week") if weeks.denominator == 1 else _times(count, days, "day")


def _times(count: Fraction, periods: Fraction, name: str) -> str:
    """In words that a line of a list has: "once a month", "3 times every 2 weeks"."""
    if count.denominator != 1 or periods.denominator != 1:
        return SOME_DAYS
    period = f"a {name}" if periods == 1 else f"every {periods} {name}s"
    if count == 1:
        return f"once {period}" if periods == 1 else period
    return f"{count} times {period}"


def days_of_week(written: Iterable[str]) -> str | None:
    """In words, on how many days of the week; None where it is all of them, or nobody says."""
    days = {text.lower() for text in written}
    if not 0 < len(days) < _WEEK:
        return None
    return SOME_DAYS if len(days) == 1 else f"{len(days)} days a week"


# --- codes and words --------------------------------------------------------------------------------------------------


def _rate_of_code(code: Concept) -> _Rate | None:
    for written in (*code.written(), *(text.lower() for text in code.words())):
        plain = written.strip().rstrip(".")
        if plain in codes.TIMES_A_DAY:
            return _Rate(Fraction(codes.TIMES_A_DAY[plain]))
        if plain in codes.RARER_THAN_DAILY:
            return _Rate(Fraction(1, _OTHER), codes.RARER_THAN_DAILY[plain])
    for text in code.words():
        reading = read_besides(tokens(text[:MAXIMUM_FREE_TEXT]), frozenset())
        if reading.unread:
            continue
        if reading.times_per_day is not None:
            return _Rate(Fraction(reading.times_per_day))
        if reading.not_daily:
            return _Rate(Fraction(1, _OTHER), text.lower())
    return None
