"""Reads what a medication line says besides names: strengths, route, dose form and frequency, without knowing any drug.

Everything here works token by token in one pass. Which words are names is decided in `rules.resolution`, and what the
words mean stands in `rules.vocabulary`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rules import vocabulary as known
from rules.reading.courses import read_end
from rules.reading.numbers import read_number
from rules.reading.reader import Reader
from rules.reading.said import PARENTERAL, Reading, Strength, routes_of_form
from rules.reading.sums import reading_of
from rules.reading.words import ALWAYS, DEPENDS, read_word
from rules.terms import TokenRole
from rules.tokens import DIGITS

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

__all__ = ["PARENTERAL", "Reading", "Strength", "is_unread_first", "read_besides", "read_instruction", "routes_of_form"]

_FIGURES: Final = DIGITS | {".", ","}  # what a number begins with


def is_unread_first(word: str) -> bool:
    """Whether a word that begins a line is surely left unread: it is no number and no word of the vocabulary."""
    return word not in ALWAYS and word not in DEPENDS and word[0] not in _FIGURES and word != "/"


def read_besides(words: list[str], named: AbstractSet[int], after_brands: AbstractSet[int] = frozenset()) -> Reading:
    """Read everything of the tokens that is not part of a name.

    ``named`` holds the positions that are; ``after_brands`` those straight behind a brand, where a word such as "PM"
    may make another medicine of it.
    """
    return _read(Reader(words, named), after_brands)


def read_instruction(words: list[str]) -> Reading:
    """Read a text that says how a medicine is taken and names none."""
    reader = Reader(words, frozenset())
    reader.first = -1
    return _read(reader, frozenset())


def _read(reader: Reader, after_brands: AbstractSet[int]) -> Reading:
    words, named, roles = reader.words, reader.named, reader.roles
    if not known.TABLETS_IF_COUNTED.isdisjoint(words):
        for short in known.TABLETS_IF_COUNTED:
            reader.name_tablets(short)
    position, end = 0, len(roles)
    while position < end:
        word = words[position]
        if position in named:
            position += 1
            continue
        meaning = ALWAYS.get(word)
        if position in after_brands and word in known.DIFFERENT_AFTER_A_BRAND:
            meaning = (TokenRole.UNREAD, None)
        if meaning is not None:
            roles[position], what = meaning
            if what is not None:
                reader.add(what)
            position += 1
        elif word[0] in _FIGURES:
            position += read_number(reader, position)
        else:
            position += _read_others(reader, position)
    return reading_of(reader)


def _read_others(reader: Reader, position: int) -> int:
    """Read what depends on the words around it, and say how many tokens it took."""
    word = reader.words[position]
    if word == "/" and reader.words[position + 1] in known.DAYS:  # 2 tablets/day
        if reader.words[position - 1] == "1" or not reader.figure(position - 1):  # "2/day": at once or one by one
            reader.counts.append(1)
        return reader.mark(TokenRole.FREQUENCY, position, 2)
    if word in known.ENDING:
        length = read_end(reader, position)
        if length:
            return reader.mark(TokenRole.QUANTITY, position, length)
    read_word(reader, position)
    return 1
