"""The prose of an instruction: what a line still says where words behind its beginning are not known.

What people write in an instruction has no end ("weigh yourself every day"), and most of it says nothing about what the
medicine is. It is set aside only behind the beginning of an instruction, never where it may be another medicine or may
say that this one is not taken; `rules.resolution` says that it was, and the answer is incomplete.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rules.reading import read_besides, read_instruction
from rules.reading.courses import names_a_day
from rules.terms import TokenRole
from rules.vocabulary import CHANGING, CONDITIONS, NEGATIONS, ORDERING, OVER, OVER_BEGINNINGS, TAKING, UNDER_CONDITIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rules.reading import Reading
    from rules.recognition import Named

_HOW_MUCH: Final = frozenset({TokenRole.DOSE, TokenRole.FREQUENCY, TokenRole.AS_NEEDED})
_OF_THE_BODY: Final = "kg"  # no medicine comes in kilograms
_NEAR: Final = 3
_AND: Final = frozenset({"and", "&", ",", "et", "und", "y", "e", "en"})
_JOINING: Final = frozenset({"/", "+", "&", "plus"})  # what follows belongs to the medicine, or is another one


def before_prose(words: list[str], named: Sequence[Named], reading: Reading) -> Reading | None:
    """What a line says before the prose of its instruction, as in "take 1 tablet daily, weigh yourself every day".

    None where what nothing explains may belong to the medicine, be another one, or say that it is not taken. Roles and
    unread words are those of the whole line. Amounts are left open where the prose says something of them, too.
    """
    if not named or not reading.unread:
        return None
    first = reading.unread[0]
    if not _is_instructed(words, reading, max(one.end for one in named), first):
        return None
    places = {position for one in named for position in range(one.start, one.end)}
    return _set_aside(words, reading, lambda: read_besides(words[:first], places))


def instruction_of(words: list[str]) -> Reading | None:
    """What a text says that names no medicine: all of it, or what stands before its prose as in `before_prose`."""
    reading = read_instruction(words)
    if not reading.unread:
        return reading
    first = reading.unread[0]
    if not _is_instructed(words, reading, 0, first):
        return None
    return _set_aside(words, reading, lambda: read_instruction(words[:first]))


def _set_aside(words: list[str], reading: Reading, read_before: Callable[[], Reading]) -> Reading | None:
    first = reading.unread[0]
    if not _JOINING.isdisjoint(words[first - 1 : first + 1]) or any(
        _is_over(words, position) for position in reading.unread
    ):
        return None
    if any(strength.position > first and strength.unit != _OF_THE_BODY for strength in reading.strengths):
        return None
    before = read_before()._replace(roles=reading.roles, unread=reading.unread)
    near = slice(max(first - _NEAR, 0), first)
    more = TokenRole.DOSE in reading.roles[near] and not _AND.isdisjoint(words[near])  # "and one at wobble"
    conditional = more or not UNDER_CONDITIONS.isdisjoint(words[near])
    changes = conditional or any(words[position] in CHANGING for position in reading.unread)
    if not changes and _how_taken(before) == _how_taken(reading):
        return before
    return before._replace(
        times_per_day=None,
        as_needed=reading.as_needed,
        not_daily=reading.not_daily,
        dose=None,
        dose_unit="",
        a_day=None,
        dose_unclear=True,
    )


def _is_over(words: list[str], position: int) -> bool:
    """Whether a word that nothing explains may say that the medicine is not taken."""
    word = words[position]
    following, condition = [*words[position + 1 : position + 3], "", ""][:2]
    if word == "no" and following not in TAKING:
        return following == "more" and condition != "than"
    if word == "stop" and (words[position - 1] == "then" or names_a_day(words, position + 1)):
        return False  # it is taken until then, and nobody compares that with today
    if word not in NEGATIONS:
        return word in OVER or word.startswith(OVER_BEGINNINGS)
    an_order = word == "dont" or words[position - 1] == "do"
    return following in TAKING and not (an_order and condition in CONDITIONS)


def _is_instructed(words: list[str], reading: Reading, start: int, end: int) -> bool:
    """Whether an instruction begins between the two positions: with an order, or with how much of a strength."""
    if not ORDERING.isdisjoint(words[start:end]):
        return True
    measured = bool(reading.strengths) or TokenRole.DOSE in reading.roles[:end]
    return measured and not _HOW_MUCH.isdisjoint(reading.roles[start:end])


def _how_taken(reading: Reading) -> tuple[object, ...]:
    """All that a line says of how much is taken and how often."""
    amount = (reading.dose, reading.dose_unit, reading.a_day, reading.dose_unclear)
    return (*amount, reading.times_per_day, reading.as_needed, reading.not_daily)
