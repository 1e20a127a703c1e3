"""What has been read of a line so far, and what stands around a word of it.

It answers what is asked of a position and keeps what it is told; what a word or a number means is decided in
`rules.reading.words` and `rules.reading.numbers`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rules import vocabulary as known
from rules.terms import DoseForm, Route, TokenRole
from rules.tokens import DIGITS

if TYPE_CHECKING:
    from collections.abc import Container
    from collections.abc import Set as AbstractSet
    from decimal import Decimal

    from rules.reading.said import Strength

_FILLER: Final = TokenRole.FILLER  # looked up once each, and not for every line
_NAME: Final = TokenRole.NAME
_NOTHING: Final = [""] * 8  # more than anything looks ahead
_TABLET: Final = "tablet"
Meaning = Route | DoseForm | int | str  # what a word may say; one for a time of day is text


class Reader:
    """What has been read of a line so far."""

    __slots__ = (
        "chains",
        "counts",
        "doses",
        "first",
        "forms",
        "limit",
        "named",
        "needed",
        "parts",
        "rarer",
        "roles",
        "routes",
        "shared",
        "slots",
        "strengths",
        "unclear",
        "unsteady",
        "words",
    )

    def __init__(self, words: list[str], named: AbstractSet[int]) -> None:
        # Nothing stands before and behind the line: nobody has to ask how long it is (-1 and -2 count from the end).
        self.words: list[str] = words + _NOTHING
        self.named = named
        self.first: int = min(named, default=len(words))  # behind it words may belong to an instruction
        self.roles = roles = [_FILLER] * len(words)
        for position in named:
            roles[position] = _NAME
        self.strengths: list[Strength] = []
        self.chains: list[tuple[Strength, ...]] = []  # of a combination, in the order written
        self.routes: list[Route] = []
        self.forms: list[DoseForm] = []
        self.doses: list[tuple[Decimal, str]] = []
        self.parts: list[Decimal] = []  # of a day, as in 1-0-1
        self.counts: list[int] = []
        self.slots: dict[str, None] = {}
        self.limit = 0  # of doses, as in "x 2 doses"; none is said
        self.rarer = self.unsteady = self.unclear = self.needed = False
        self.shared = False  # several pieces bring a strength: how many are taken has to be said

    def figure(self, position: int) -> bool:
        """Whether a number stands at the position."""
        return self.words[position][:1] in DIGITS

    def name_tablets(self, short: str) -> None:
        """Read "comp" or "co" as tablets on a line that counts them: "40 mg comp, 1 comp". Behind a name it stays."""
        places = [position for position, word in enumerate(self.words) if word == short and position > 1]
        counted = [one for one in places if self.single(one - 1) and one - 2 not in self.named]
        for position in counted and places:
            if position in counted or self.words[position - 1] in known.AMOUNTS:
                self.words[position] = _TABLET

    def single(self, position: int) -> bool:
        """Whether one number stands at the position, and not those of the parts of a day (1-0-1)."""
        return self.figure(position) and "-" not in self.words[position]

    def ends(self, position: int) -> bool:
        """Whether the line ends behind the word, or goes on with something else."""
        return self.words[position + 1] in {"", "prn", ",", ")"} and position > 0

    def is_frequency(self, position: int) -> bool:
        """Whether what stands at the position says how often."""
        word = self.words[position]
        if word == "on":
            return self.ends(position)
        if word in {"each", "every"}:
            return self.words[position + 1] in known.TIMES_OF_DAY or self.words[position + 1] in known.DAY
        named_count = word in known.NUMBER_WORDS and self.words[position + 1] in known.TIMES
        return word in known.COUNTED or word in known.TIMES_OF_DAY or named_count or word == "once"

    def counts_alone(self, position: int, after: int) -> bool:
        """Whether a number counts pieces that it does not name: how often, or how they are taken, stands behind it."""
        following = self.words[after]
        if self.is_frequency(after) or following in known.ROUTES or self.words[after : after + 2] == ["to", "be"]:
            return True
        if self.words[position - 1] in known.TAKE:
            measured = following in known.CONTAINERS or following in known.SCOOPS
            return self.may_count(position, after) and not measured
        return following in known.LEADING and position > self.first and self.may_count(position, after)

    def may_count(self, position: int, after: int) -> bool:
        """Whether a number that nothing explains may be that of the pieces taken."""
        following = self.words[after]
        numbered = following in known.NUMBERED or self.words[position - 1] in known.NUMBERED
        return not (
            following in known.OF_NO_PIECES or following in known.NUMBER_WORDS or self.figure(after) or numbered
        )

    def per_day(self, position: int) -> bool:
        """Whether a count is said to be one of a day: "daily", "a day", "per day", "/j"; at the end of a count."""
        word, following = self.words[position], self.words[position + 1]
        if word in known.COUNTED:
            return known.COUNTED[word] == 1
        return word in known.DAY or (word in known.EACH and following in known.DAY)

    def per_period(self, position: int) -> bool:
        """Whether a count is said to be one of a week, a month or the like."""
        word, following = self.words[position], self.words[position + 1]
        return word in known.RARER or word in known.PERIODS or following in known.PERIODS

    def is_vehicle(self, position: int) -> bool:
        """Whether the word begins what a medicine is diluted in: "in NaCl 0.9 %", "in D5W", "in 100 mL of NaCl"."""
        word = self.words[position]
        dextrose = word == "d" and self.words[position + 2] == "w"
        if not (dextrose or word in known.VEHICLES):
            return False
        last = position - 1
        while self.words[last] in known.VEHICLES:  # "sterile water"
            last -= 1
        before = self._before_amount(last, {"%"})  # "in 250 mL of 5 % glucose"
        if self.words[before] == "of":
            before -= 1
        before = self._before_amount(before, known.VOLUMES)
        return self.words[before] == "in"

    def _before_amount(self, last: int, units: Container[str]) -> int:
        """Where the word before a number with such a unit stands, which ends there; else that place itself."""
        return last - 2 if self.words[last] in units and self.words[last - 1][:1] in DIGITS else last

    def diluted(self, position: int) -> bool:
        """Whether it has been said what the medicine is diluted in: the volume behind that is no dose."""
        return any(self.is_vehicle(one) for one in range(1, position))

    def sums_up(self, position: int) -> bool:
        """Whether a number of pieces stands in brackets behind a strength, which may be that of all of them."""
        before, unit = self.words[position - 1], self.words[position - 2]
        return before == "(" and unit in known.AMOUNTS and self.roles[position - 2] is TokenRole.STRENGTH

    def is_injected(self) -> bool:
        """Whether a word of the line says that it is given by needle."""
        return not known.INJECTED.isdisjoint(self.words)

    def mark(self, role: TokenRole, start: int, length: int = 1) -> int:
        """Note what the tokens are and say how many there are."""
        roles = self.roles
        roles[start] = role
        if length > 1:
            roles[start : start + length] = [role] * length
        return length

    def add(self, what: Meaning) -> None:
        """Keep what a word says of the form, the route or how often."""
        if isinstance(what, DoseForm):
            self.forms.append(what)
        elif isinstance(what, Route):
            self.routes.append(what)
        elif isinstance(what, int):
            self.counts.append(what)
        else:
            self.slots[what] = None
