"""Volumes of a line: the millilitres, spoonfuls and fluid ounces that are taken each time, where that is sure.

What a pack holds, what a medicine is dissolved in or washed down with is no dose, and a spoonful of a powder is left
open. Numbers themselves are read in `rules.reading.numbers`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from rules import vocabulary as known
from rules.terms import TokenRole

if TYPE_CHECKING:
    from rules.reading.reader import Reader

_MOST_UNSAID: Final = 100  # more than that is rather a pack, unless the line says that it is taken at once
_MOST: Final = 500
_IN: Final = frozenset("in into with mit dans avec en con".split())  # noqa: SIM905 - a list of words
_PASSED: Final = frozenset({"(", "a", "the", "one", "1", "entire", "whole", "full", "contents", "of"})
_BY_MOUTH: Final = frozenset(
    {"drink", "take", "po", "oral", "orally", "by", "mouth", ",", "(", ")", "bottle", "x", "for"}
)
_BOTTLE: Final = "bottle"


def unit_at(reader: Reader, position: int) -> tuple[int, str]:
    """The unit of a volume at the position and how many tokens it has; an ounce only where it is one of a liquid."""
    word = reader.words[position]
    if word in known.VOLUMES:
        return 1, word
    if word == "fl" and reader.words[position + 1] in known.OUNCES:
        return 2, known.FLUID_OUNCE
    if word in known.OUNCES and not known.LIQUIDS.isdisjoint(reader.words):
        return 1, known.FLUID_OUNCE
    return 0, ""


def read_volume(reader: Reader, position: int, value: Decimal, end: int) -> int:
    """Read the volume whose number stands between the two positions; how many tokens it takes, 0 where it is none."""
    length, unit = unit_at(reader, end)
    if length:
        behind = end + length
        volume = value * Decimal(known.VOLUMES[unit])
        if unit in known.METRIC and reader.words[behind] in known.SPOONS:
            volume *= _spoons(reader, position)
        if _is_taken(reader, position, behind, volume):
            reader.unclear = reader.unclear or is_bound(reader, position) or _is_spoon_of_powder(reader, unit)
            reader.doses.append((volume, "ml"))
    elif reader.words[end] in known.OPEN_SPOONS:  # of no known size
        length = 1
        reader.unclear = True
    else:
        return 0
    return reader.mark(TokenRole.DOSE, position, end - position + length)


def is_bound(reader: Reader, position: int) -> bool:
    """Whether a number is only the end of a range, or the most that may be taken: "1 to 2 tablets", "max 3 tablets"."""
    before = reader.words[position - 1]
    number = reader.figure(position - 2) or reader.words[position - 2] in known.NUMBER_WORDS
    return before in known.MOST or (before in known.RANGES and number)


def is_washed_down(reader: Reader, position: int, behind: int) -> bool:
    """Whether a volume is of a drink: what the medicine is dissolved in, or taken with."""
    if reader.words[position - 1] in _IN:
        return True
    while reader.words[behind] in {")", "of", "cold", "warm", "clear"}:
        behind += 1
    return behind not in reader.named and (
        reader.words[behind] in known.DRINKS or reader.words[behind] in known.VEHICLES
    )


def _is_taken(reader: Reader, position: int, behind: int, volume: Decimal) -> bool:
    if is_washed_down(reader, position, behind) or reader.diluted(position):
        return False
    if volume <= _MOST_UNSAID:
        return reader.words[behind] not in known.CONTAINERS
    return volume <= _MOST and _is_taken_at_once(reader, position, behind) and not reader.is_injected()


def _is_taken_at_once(reader: Reader, position: int, behind: int) -> bool:
    """Whether the line says that a large volume is drunk: "drink the entire 10 oz bottle", "296 mL PO once"."""
    words = reader.words
    before = position - 1
    while before > 0 and words[before] in _PASSED:
        before -= 1
    container = words[behind] in known.CONTAINERS and words[behind] != _BOTTLE
    if container:
        return False
    if words[before] in known.TAKE or words[before] == "drink" or words[behind] == "po":
        return True
    while words[behind] in _BY_MOUTH:
        behind += 1
    # "500 ml once daily" may be a bottle and how often some of it is taken.
    once = words[behind] == "once" or words[behind : behind + 2] in (["one", "time"], ["1", "time"])
    return once and not reader.per_day(behind + 1)


def _spoons(reader: Reader, position: int) -> Decimal:
    """How many spoons of so many millilitres are said ("two 5 ml spoonfuls", "2 x 5 ml spoonfuls"); else it is one."""
    before = position - 2 if reader.words[position - 1] == "x" else position - 1
    word = reader.words[before]
    if word not in known.NUMBER_WORDS and not reader.single(before):
        return Decimal(1)
    several = reader.words[before - 1] in {"-", "/"} or is_bound(reader, before)
    reader.unclear = reader.unclear or several
    return Decimal(known.NUMBER_WORDS.get(word, word).replace(",", "."))


def _is_spoon_of_powder(reader: Reader, unit: str) -> bool:
    """Whether a spoon is one of a powder: what it holds is no volume of a solution."""
    if unit in known.METRIC or unit == known.FLUID_OUNCE:
        return False
    return not known.SOLIDS.isdisjoint(reader.words)
