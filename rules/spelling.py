"""Names that are written like a word nobody knows: offered with a reason and a score, never taken.

An index by groups of three letters keeps the search bounded: however long the text and however many the names, only a
few hundred names are compared. It answers from strings and knows no medicine.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LEAST_SCORE: Final = 0.72
_SHORTEST: Final = 3
_LONGEST: Final = 60  # letters of a name or of what was typed that are compared
_MAXIMUM_QUERIES: Final = 8
_MAXIMUM_POSTINGS: Final = 4000  # places looked at for one word
_MAXIMUM_COMPARED: Final = 30
_ALIKE: Final = 0.97  # what only looks or sounds the same is nearer than a letter that differs
# Letters of other scripts and figures that look like Latin letters.
_LOOKS: Final = str.maketrans(
    "\u0430\u0441\u0435\u0456\u0458\u043e\u0440\u0455\u0443\u0445\u0432\u043d\u043a\u043c\u0442\u043f\u0131"
    "\u03b1\u03b5\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u03b3\u0501\u051b\u051d\u0261\u026a015",
    "aceijopsyxbhkmtniaeikvoptuxydqwgiols",
)
_SOUNDS: Final = (
    ("ph", "f"), ("ae", "e"), ("oe", "e"), ("rn", "m"), ("th", "t"), ("qu", "k"), ("ch", "k"), ("ck", "k"), ("c", "k"),
    ("y", "i"), ("z", "s"), ("x", "ks"), ("v", "f"), ("ee", "i"), ("ou", "u"),
)  # fmt: skip
# A letter before the same one. Counting them with a repeat would take time with the square of the text.
_DOUBLED: Final = re.compile(r"(.)(?=\1)")


@dataclass(frozen=True, slots=True)
class Likeness:
    """A name like what was typed: its place in the index, how near it is (0 to 1), and in what."""

    place: int
    score: float
    reason: str


class SpellingIndex:
    """Names by their letters."""

    __slots__ = ("_names", "_postings", "_sounds", "generic")

    def __init__(self, names: Iterable[str], generic: Iterable[str] = ()) -> None:
        """``generic``: single words of international names, whose endings differ between languages."""
        self._names = [name[:_LONGEST] for name in names]
        self.generic = frozenset(generic)
        self._sounds: dict[str, list[int]] = {}
        postings: defaultdict[str, list[int]] = defaultdict(list)
        for place, name in enumerate(self._names):
            for group in _groups(name):
                postings[group].append(place)
        self._postings = dict(postings)
        # All names are heard at once, as lines of one text: a few passes over it instead of a dozen over each name.
        sounds = sound_of("\n".join(self._names)).split("\n")
        for place, sound in zip(range(len(self._names)), sounds, strict=False):  # no name at all is one empty line
            self._sounds.setdefault(sound, []).append(place)

    def like(self, texts: Sequence[str]) -> list[Likeness]:
        """Names like any of the texts, each once with its best score; the first few texts are looked at."""
        best: dict[int, Likeness] = {}
        for text in dict.fromkeys(text[:_LONGEST] for text in texts[:_MAXIMUM_QUERIES]):
            for found in self._like(text):
                known = best.get(found.place)
                if known is None or found.score > known.score:
                    best[found.place] = found
        return list(best.values())

    def one_letter_from(self, word: str) -> list[int]:
        """The places of names that differ from the word by one letter."""
        looks = word[:_LONGEST].translate(_LOOKS)
        near = [place for place in self._near(looks, sound_of(looks)) if abs(len(self._names[place]) - len(word)) <= 1]
        return [place for place in near if distance(word, self._names[place]) == 1]

    def _like(self, text: str) -> list[Likeness]:
        if len(text) < _SHORTEST:
            return []
        looks = text.translate(_LOOKS)
        sound = sound_of(looks)
        found = [self._compare(looks, sound, place, looked=looks != text) for place in self._near(looks, sound)]
        return [one for one in found if one is not None]

    def _near(self, text: str, sound: str) -> list[int]:
        """Names that share rare groups of letters with the text, and those that sound the same."""
        # Sorted: the order of a set differs between processes, and would decide between names that share as much.
        lists = sorted((self._postings.get(group, ()) for group in sorted(_groups(text))), key=len)
        counted: Counter[int] = Counter()
        left = _MAXIMUM_POSTINGS
        for places in lists:
            left -= len(places)
            if left < 0:
                break
            counted.update(places)
        near = [place for place, _ in counted.most_common(_MAXIMUM_COMPARED)]
        return list(dict.fromkeys([*near, *self._sounds.get(sound, ())[:_MAXIMUM_COMPARED]]))

    def _compare(self, text: str, sound: str, place: int, *, looked: bool) -> Likeness | None:
        name = self._names[place]
        if name == text:
            return Likeness(place, _ALIKE, "letters that only look alike" if looked else "the same letters")
        if name.replace(" ", "") == text.replace(" ", ""):
            return Likeness(place, _ALIKE, "only the spaces differ")
        longest = max(len(text), len(name))
        alike = place in self._sounds.get(sound, ())
        if not alike and 1 - abs(len(text) - len(name)) / longest < LEAST_SCORE:
            return None
        number = distance(text, name)
        score = 1 - number / longest
        if alike:
            return Likeness(place, max(score, LEAST_SCORE), "sounds or looks alike")
        return Likeness(place, score, _difference(text, name, number)) if score >= LEAST_SCORE else None


def _groups(text: str) -> set[str]:
    padded = f" {text} "
    return {padded[start : start + 3] for start in range(len(padded) - 2)}


def sound_of(text: str) -> str:
    """The text with what is often heard or read the same written the same, doubled letters once, line by line."""
    for written, heard in _SOUNDS:
        text = text.replace(written, heard)
    return _DOUBLED.sub("", text.lstrip(" ")).replace("e\n", "\n").removesuffix("e")


def _difference(text: str, name: str, number: int) -> str:
    if number > 1:
        return f"{number} letters differ"
    swapped = len(text) == len(name) and sum(one != other for one, other in zip(text, name, strict=True)) > 1
    return "two letters have changed places" if swapped else "one letter differs"


def distance(one: str, other: str) -> int:
    """Letters to insert, leave out, replace or swap with their neighbour (optimal string alignment, bit by bit).

    After H. Hyyrö, "A bit-vector algorithm for computing Levenshtein and Damerau edit distances" (2003).
    """
    if not one:
        return len(other)
    letters: dict[str, int] = {}
    for place, letter in enumerate(one):
        letters[letter] = letters.get(letter, 0) | 1 << place
    mask, last = (1 << len(one)) - 1, 1 << (len(one) - 1)
    positive, negative, same, before, number = mask, 0, 0, 0, len(one)
    for letter in other:
        match = letters.get(letter, 0)
        swapped = (((~same) & match) << 1) & before
        same = ((((match & positive) + positive) ^ positive) | match | negative | swapped) & mask
        up = negative | (~(same | positive) & mask)
        down = positive & same
        number += bool(up & last) - bool(down & last)
        up = (up << 1 | 1) & mask
        down = down << 1 & mask
        positive = down | (~(same | up) & mask)
        negative = up & same
        before = match
    return number
