"""Reads a medication line as typed: words, strengths, route, dose form and frequency, without knowing any drug.

Everything here works token by token in one pass; its regular expressions are linear. Which words are names is
decided in `rules.resolution`, and what the words mean stands in `rules.vocabulary`.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from rules import vocabulary as known
from rules.terms import DoseForm, Route, TokenRole
from rules.vocabulary import SEPARATORS

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

# "1,000" is a thousand in one country and one in another: a thousandfold slip, so it is not read as a strength.
_THOUSANDS = re.compile(r"[1-9][0-9]*[.,][0-9]{3}$")
_DIGITS: Final = frozenset("0123456789")
_FIGURES: Final = _DIGITS | {".", ","}  # what a number begins with
_LARGEST_TEXT: Final = 1000  # five times the longest line of a question; what is longer is no line


def _token(letter: str) -> re.Pattern[str]:
    """The pattern of a token. Each alternative begins with the kind of character it is for, so that most fail at once.

    In order: a word or an abbreviation with dots (p.o.); the parts of a day (1-0-1) or a number; the marks that
    separate; and a number without its first digit (never read: .5 mg may be 0.5 and 5).
    """
    return re.compile(
        rf"{letter}(?:{letter}+|(?:\.{letter}){{1,4}}(?!{letter}))?"
        r"|[0-9](?:(?<![0-9.,/-].)(?:[.,/][0-9])?(?:-[0-9](?:[.,/][0-9])?){2,3}(?![0-9-]|[.,/][0-9])"
        r"|[0-9]{0,8}(?:[.,][0-9]{1,9})?)"
        r"|[/+&%()\[\];#]"
        r"|,(?:(?<![^\s(],)[0-9]{1,9})?|\.[0-9]{1,9}|-(?<=[0-9]-)(?=[0-9])"
    )


_TOKEN: Final = _token(r"[^\W\d_]")
_ASCII_TOKEN: Final = _token("[a-z]")  # the same of text that is all ASCII, in half the time
# Zero-width and bidirectional marks, soft hyphen: invisible in a pharmacy system and never part of a name.
_INVISIBLE: Final = dict.fromkeys(
    [0x00AD, 0x061C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF]
)
_APOSTROPHES: Final = dict.fromkeys(map(ord, "'\u2019\u02bc`\u00b4"))
_PLAIN: Final[dict[int, str | None]] = {
    **dict.fromkeys(map(ord, "\u00ae\u2122\u00a9")),
    **_INVISIBLE,
    **_APOSTROPHES,
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212"), "-"),
    0x00D7: "x",
    0x00BC: " 1/4",
    0x00BD: " 1/2",
    0x00BE: " 3/4",
}
_BY_EYE: Final = frozenset({"eye", "eyes", "ophthalmic", "ophth", "drops", "drop", "gtt", "ou", "os"})
_HOURS_A_DAY: Final = 24
_NOON: Final = 12
_NOTHING: Final = [""] * 8  # more than anything looks ahead
_AND: Final = frozenset({"and", "&", "+", "plus", "und", "et"})
_BEFORE_BED: Final = frozenset({"before", "at"})
_BETWEEN: Final = _BEFORE_BED | known.PIECES | known.NUMBER_WORDS.keys() | {"in", "the", "with"}
_ON_MONDAY_AND_WEDNESDAY: Final = ["m", "/", "w", "/"]
_SHORTEST_AGAIN: Final = 4  # letters of a word that is known again as part of a name
_MOST_PIECES: Final = 6  # more than that at once is rather a pack, and from a fortnight's worth on surely one
_PACK: Final = 14
_MOST_MILLILITRES: Final = 100
_WEEK: Final = Decimal(7)
_PARTS: Final = (2, 3, 4)
_ONE: Final = Decimal(1)
_ZERO: Final = Decimal(0)
_PERIODS: Final = known.DAYS | known.PERIODS
_DIVIDED: Final = known.PIECES | {"a"}  # what half of may be taken
_COUNTED_OUT: Final = frozenset({"#", "qty", "quantity", "disp", "dispense"})
_WHERE_MATTERS: Final = frozenset({"drops", "gtt", "gtts", "drop", "spray"})
# Words that mean something else depending on what stands around them; `_Reader.word` decides.
_DEPENDS: Final = frozenset(
    {
        *("od", "on", "other", "bis", "q", "b", "f"),
        *known.NUMBER_WORDS,
        *known.AS_NEEDED,
        *known.PERIODS,
        *known.RARER,
        *known.STRENGTH_ONLY,
        *known.UNSTEADY,
        *(first for first, _ in known.UNTIL),
        *known.EVERY,
        *known.SALTS,
        *known.PROMISING,
        *known.ANOTHER,
        *known.INDICATIONS,
    }
)
# What a word always means, but straight behind a brand: looked up once for each word. The later counts.
_Meaning = Route | DoseForm | int | str  # a word for a time of day is text
_ALWAYS: Final[dict[str, tuple[TokenRole, _Meaning | None]]] = {
    **dict.fromkeys((known.FILLER | known.TAKE) - _DEPENDS, (TokenRole.FILLER, None)),
    **dict.fromkeys(known.UNITS - _DEPENDS, (TokenRole.UNIT, None)),
    **{word: (TokenRole.FREQUENCY, slot) for word, slot in known.TIMES_OF_DAY.items()},
    **{word: (TokenRole.FREQUENCY, count) for word, count in known.COUNTED.items() if word != "od"},
    **{word: (TokenRole.ROUTE, route) for word, route in known.ROUTES.items() if word != "od"},
    **{word: (TokenRole.DOSE_FORM, form) for word, form in known.FORMS.items()},
    **dict.fromkeys(SEPARATORS - {"plus", "/"}, (TokenRole.SEPARATOR, None)),
    **dict.fromkeys("()[]", (TokenRole.FILLER, None)),
}


def normalise(text: str) -> str:
    """Lower-case text without accents, invisible characters, trade marks and apostrophes; letters keep their script.

    A Cyrillic letter that looks like a Latin one stays Cyrillic and therefore matches nothing: better unknown than
    taken for something else.
    """
    if text.isascii():
        return text.lower().replace("'", "").replace("`", "")
    return "".join(map(_plain, text))


def _plain(character: str) -> str:
    """One character as it counts: what it stands for in lower case, or nothing; digits of any script are digits."""
    replacement = _PLAIN.get(ord(character), character)
    if not replacement or replacement is not character:
        return replacement or ""
    if character.isascii():
        return character.lower()
    decomposed = unicodedata.normalize("NFKD", character).casefold()
    return "".join(
        str(unicodedata.decimal(one)) if one.isdecimal() else one
        for one in decomposed
        if not unicodedata.combining(one)
    )


def tokens(text: str) -> list[str]:
    """Words, numbers and the marks that separate ingredients; hyphens and other punctuation only separate words."""
    plain = normalise(text[:_LARGEST_TEXT])
    found = (_ASCII_TOKEN if plain.isascii() else _TOKEN).findall(plain)
    if "." in plain:
        return [one if one[0] in _DIGITS or one[0] == "." else one.replace(".", "") for one in found]
    return found


def places(text: str) -> list[tuple[int, int]]:
    """Where each of the tokens stands in the text as typed: the first character and the one behind the last."""
    text = text[:_LARGEST_TEXT]
    pieces = [_plain(character) for character in text]
    if text.isascii():
        pieces = ["" if one in {"'", "`"} else one for one in pieces]
    owners = [index for index, piece in enumerate(pieces) for _ in piece]
    return [(owners[found.start()], owners[found.end() - 1] + 1) for found in _TOKEN.finditer("".join(pieces))]


PARENTERAL: Final = (Route.INTRAVENOUS, Route.INTRAMUSCULAR, Route.SUBCUTANEOUS)
_FORM_ROUTES: Final[dict[DoseForm, tuple[Route, ...]]] = {
    DoseForm.TABLET: (Route.ORAL,),
    DoseForm.CHEWABLE_TABLET: (Route.ORAL,),
    DoseForm.EFFERVESCENT: (Route.ORAL,),
    DoseForm.GASTRO_RESISTANT: (Route.ORAL,),
    DoseForm.CAPSULE: (Route.ORAL,),
    DoseForm.INJECTION: PARENTERAL,
    DoseForm.INHALATION: (Route.INHALED,),
    DoseForm.CREAM: (Route.TOPICAL, Route.VAGINAL, Route.RECTAL),
    DoseForm.OINTMENT: (Route.TOPICAL, Route.OPHTHALMIC, Route.RECTAL),
    DoseForm.EYE_DROPS: (Route.OPHTHALMIC,),
    DoseForm.EAR_DROPS: (Route.OTIC,),
    DoseForm.NASAL_SPRAY: (Route.NASAL,),
    DoseForm.PATCH: (Route.TRANSDERMAL, Route.TOPICAL),
    DoseForm.SUPPOSITORY: (Route.RECTAL, Route.VAGINAL),
    DoseForm.ENEMA: (Route.RECTAL,),
    DoseForm.LOZENGE: (Route.ORAL,),
}


class Strength(NamedTuple):
    """A number with its unit and where it stands among the tokens.

    ``per_volume``: it is a share of something, not the amount of one piece; of ``per`` of ``per_unit`` then.
    ``elemental``: the line says that it counts the element and not its salt; ``open``: it names both and does not say.
    """

    value: Decimal
    unit: str
    position: int
    per_volume: bool = False
    per: Decimal = _ONE
    per_unit: str = ""
    elemental: bool = False
    open: bool = False

    @property
    def per_millilitre(self) -> Fraction | None:
        """The number in one millilitre, of a concentration."""
        factor = known.VOLUMES.get(self.per_unit)
        if factor is None or not self.per:
            return None
        return Fraction(self.value) / (Fraction(self.per) * Fraction(factor))


class Reading(NamedTuple):
    """What a line says besides names. ``unread`` holds the positions of words that nothing explains.

    ``dose`` pieces or millilitres (``dose_unit``) are taken each time; ``a_day`` pieces over a day whose times differ.
    ``dose_unclear``: it says something about the amount taken that is no single number ("1-2 tablets").
    ``not_daily``: it is taken on some days only ("once a week", "every other day").
    """

    strengths: tuple[Strength, ...]
    routes: tuple[Route, ...]
    dose_form: DoseForm | None
    times_per_day: int | None
    as_needed: bool
    elemental: bool
    unread: tuple[int, ...]
    dose: Decimal | None = None
    dose_unit: str = ""
    a_day: Decimal | None = None
    dose_unclear: bool = False
    roles: tuple[TokenRole, ...] = ()
    not_daily: bool = False


def routes_of_form(form: DoseForm) -> tuple[Route, ...]:
    """The routes a dose form can be given by; empty where the form says nothing."""
    return _FORM_ROUTES.get(form, ())


@lru_cache(maxsize=4096)  # the same few numbers are written again and again
def _value(word: str) -> Decimal:
    """A number as written; "1/2" is a half."""
    if word.isdigit():
        return Decimal(word)
    whole, slash, parts = word.replace(",", ".").partition("/")
    return Decimal(whole) / Decimal(parts) if slash and parts.strip("0") else Decimal(whole)


class _Reader:
    """What has been read of a line so far."""

    __slots__ = (
        "counts",
        "doses",
        "forms",
        "named",
        "needed",
        "parts",
        "per_day",
        "position",
        "rarer",
        "roles",
        "routes",
        "slots",
        "strengths",
        "unclear",
        "unsteady",
        "words",
    )

    def __init__(self, words: list[str], named: AbstractSet[int]) -> None:
        # Nothing stands before and behind the line: nobody has to ask how long it is (-1 and -2 count from the end).
        self.words = words + _NOTHING
        self.named = named
        self.roles = [TokenRole.FILLER] * len(words)
        for position in named:
            self.roles[position] = TokenRole.NAME
        self.strengths: list[Strength] = []
        self.routes: list[Route] = []
        self.forms: list[DoseForm] = []
        self.doses: list[tuple[Decimal, str]] = []
        self.parts: list[Decimal] = []  # of a day, as in 1-0-1
        self.counts: list[int] = []
        self.slots: dict[str, None] = {}
        self.rarer = self.unsteady = self.unclear = self.needed = False

    def _figure(self, position: int) -> bool:
        """Whether a number stands at the position."""
        return self.words[position][:1] in _DIGITS

    def _single(self, position: int) -> bool:
        """Whether one number stands at the position, and not those of the parts of a day (1-0-1)."""
        return self._figure(position) and "-" not in self.words[position]

    def mark(self, role: TokenRole, start: int, length: int = 1) -> int:
        """Note what the tokens are and say how many there are."""
        roles = self.roles
        roles[start] = role
        if length > 1:
            roles[start : start + length] = [role] * length
        return length

    # --- words -------------------------------------------------------------------------------------------------------

    def add(self, what: _Meaning) -> None:
        """Keep what a word says of the form, the route or how often."""
        if isinstance(what, DoseForm):
            self.forms.append(what)
        elif isinstance(what, Route):
            self.routes.append(what)
        elif isinstance(what, int):
            self.counts.append(what)
        else:
            self.slots[what] = None

    def word(self, position: int) -> None:  # noqa: PLR0911 - one kind of word after the other
        """Read one word that means something else depending on what stands around it, or nothing at all."""
        word = self.words[position]
        roles = self.roles
        if word == "/" or (word == "plus" and position + 1 in self.named):
            roles[position] = TokenRole.SEPARATOR
            return
        if word not in _DEPENDS:
            roles[position] = TokenRole.FILLER if self._adds_nothing(position) else TokenRole.UNREAD
            return
        if word == "od":
            by_eye = not _BY_EYE.isdisjoint(self.words)
            self.add(known.ROUTES[word] if by_eye else known.COUNTED[word])
            roles[position] = TokenRole.ROUTE if by_eye else TokenRole.FREQUENCY
            return
        if word in known.NUMBER_WORDS and self._number_word(position):
            return
        if self._at_night(position):
            self.slots["bedtime"] = None
            roles[position] = TokenRole.FREQUENCY
            return
        if word in known.AS_NEEDED and self._needed(position):
            self.needed = True
            roles[position] = TokenRole.AS_NEEDED
            return
        if self._seldom(position):
            roles[position] = TokenRole.FREQUENCY
            return
        if word in known.EVERY and self._each_day(position):
            return
        if not self._says_nothing(position):
            roles[position] = TokenRole.FILLER if self._adds_nothing(position) else TokenRole.UNREAD

    def _adds_nothing(self, position: int) -> bool:
        """Whether a word that is known for nothing adds nothing to the name it stands behind.

        It says part of that name again, what the medicine is diluted in, or how many units of insulin a millilitre has.
        """
        word, before, following = self.words[position], self.words[position - 1], self.words[position + 1]
        if word == "u":
            return following in known.CONCENTRATIONS and position > min(self.named, default=position)
        if self._is_vehicle(position) or (before == "normal" and word == "saline"):
            return True
        again = len(word) >= _SHORTEST_AGAIN and word not in known.PROMISING and word not in known.ANOTHER
        return again and any(one < position and self.words[one] == word for one in self.named)

    def _is_vehicle(self, position: int) -> bool:
        """Whether the word begins what a medicine is diluted in: "in NaCl 0.9 %", "in D5W"."""
        word = self.words[position]
        dextrose = word == "d" and self.words[position + 2] == "w"
        return self.words[position - 1] == "in" and (dextrose or word in known.VEHICLES)

    def _diluted(self, position: int) -> bool:
        """Whether it has been said what the medicine is diluted in: the volume behind that is no dose."""
        return any(self._is_vehicle(one) for one in range(1, position))

    def _at_night(self, position: int) -> bool:
        """Whether it says "before bed", or "on" (omne nocte) at the end of a line or before "prn"."""
        if self.words[position] == "bed":
            return self.words[position - 1] in _BEFORE_BED
        return self.words[position] == "on" and self._ends(position)

    def _ends(self, position: int) -> bool:
        return self.words[position + 1] in {"", "prn", ",", ")"} and position > 0

    def _needed(self, position: int) -> bool:
        before = known.NEEDED_AFTER.get(self.words[position])
        return before is None or self.words[position - 1] in before

    def _seldom(self, position: int) -> bool:
        """Whether the word makes the count one of a week, or no steady count at all."""
        word, following, before = self.words[position], self.words[position + 1], self.words[position - 1]
        a_period = word in known.PERIODS and before in known.EACH and self.words[position - 2] not in known.DURING
        if a_period or word in known.RARER or (word == "other" and before == "every"):
            self.rarer = True
            return True
        if word == "f" and self.words[max(position - 4, 0) : position] == _ON_MONDAY_AND_WEDNESDAY:
            self.rarer = True
            return True
        if word in known.STRENGTH_ONLY and not self._figure(position + 1):
            return False
        if word in known.UNSTEADY or (word, following) in known.UNTIL or word == "bis":
            self.unsteady = True
            self.unclear = self.unclear or word not in {"stat", "max", "maximum", "up"}
            return True
        return False

    def _each_day(self, position: int) -> bool:
        """What follows says how often: "every day", "each day", "q day", "every week"."""
        following = self.words[position + 1]
        if following in known.DAY:
            self.counts.append(1)
        elif following in known.PERIODS:
            self.rarer = True
        else:
            return False
        self.mark(TokenRole.FREQUENCY, position, 1)
        return True

    def _number_word(self, position: int) -> bool:
        """A number in letters: one of a count, of pieces, or alone before a frequency."""
        value = Decimal(known.NUMBER_WORDS[self.words[position]])
        after = position + 1
        if self.words[after] in {"a", "of", "une", "un"}:  # half a tablet
            after += 1
        if self.words[after] in known.TIMES and self._per_day(after + 1):
            self.counts.append(int(value))
        elif self.words[after] in known.TIMES and self._per_period(after + 1):
            self.rarer = True
        elif self.words[after] in known.PIECES or self._is_frequency(after):
            if self.words[position - 1] == "to" or self.words[after] == "to":
                self.unclear = True
            self.doses.append((value, "piece"))
            self.mark(TokenRole.DOSE, position)
            return True
        elif self.words[after] in known.PORTIONS:
            self.mark(TokenRole.DOSE, position)
            return True
        elif self.words[after] == "to":
            self.unclear = True
            return True
        else:
            return False
        self.mark(TokenRole.FREQUENCY, position)
        return True

    def _is_frequency(self, position: int) -> bool:
        word = self.words[position]
        if word == "on":
            return self._ends(position)
        if word in {"each", "every"}:
            return self.words[position + 1] in known.TIMES_OF_DAY or self.words[position + 1] in known.DAY
        named_count = word in known.NUMBER_WORDS and self.words[position + 1] in known.TIMES
        return word in known.COUNTED or word in known.TIMES_OF_DAY or named_count or word == "once"

    def _per_day(self, position: int) -> bool:
        """Whether a count is said to be one of a day: "daily", "a day", "per day", "/j"; at the end of a count."""
        word, following = self.words[position], self.words[position + 1]
        if word in known.COUNTED:
            return known.COUNTED[word] == 1
        return word in known.DAY or (word in known.EACH and following in known.DAY)

    def _per_period(self, position: int) -> bool:
        word, following = self.words[position], self.words[position + 1]
        return word in known.RARER or word in known.PERIODS or following in known.PERIODS

    def _says_nothing(self, position: int) -> bool:  # noqa: PLR0911 - one reason after the other
        """Whether the word tells nothing about the medicine where it stands."""
        word, before, following = self.words[position], self.words[position - 1], self.words[position + 1]
        if word in known.SALTS:
            self.roles[position] = TokenRole.SALT
            if before in known.ELEMENTS and word in known.CATIONS:
                return False
            if before == "magnesium" and word in known.SALTS_OF_MAGNESIUM:
                return False  # "esomeprazole magnesium citrate": it may be another medicine
            last = position - 2 if before == "/" else position - 1  # "mono/macro"
            if before in {"as", "("} or position - 1 in self.named or self.roles[last] is TokenRole.SALT:
                return True
            return word == "base" and before in known.AMOUNTS  # "2.5 mg base"
        if word in known.STRENGTH_ONLY:
            return following in {"strength", "dose"}
        if word in known.PROMISING:
            return position + 1 not in self.named and word in {"or", "oder"} and following != ""
        if word in known.ANOTHER and position + 1 in self.named:
            return False
        if word in known.INDICATIONS:
            return not known.FOR.isdisjoint(self.words[:position])
        return word in known.FILLER or word == "q" or (word == "b" and following == "bed")

    # --- numbers -----------------------------------------------------------------------------------------------------

    def number(self, position: int) -> int:  # noqa: C901, PLR0911 - one kind of number after the other
        """Read what starts with a number and say how many tokens it took."""
        word, following, before = self.words[position], self.words[position + 1], self.words[position - 1]
        if "-" in word:
            return self._parts_of_a_day(position)
        if following in known.AMOUNTS and before != "x":
            return self._strength(position)
        if following == "%":
            return self.mark(TokenRole.STRENGTH, position, 2)
        if before in _COUNTED_OUT and following not in known.AMOUNTS:
            return self.mark(TokenRole.QUANTITY, position)
        chain = self._chain(position)
        if chain:
            return chain
        if before in known.EVERY or (before == "les" and self.words[position - 2] in known.EVERY):
            length = self._interval(position)
            if length:
                return length
        if before == "x" and not self._figure(position - 2) and following not in _PERIODS:
            self.unsteady = self.unsteady or self._is_frequency(position + 1)  # "x2 daily" may be either
            return self.mark(TokenRole.QUANTITY, position)
        if following in known.TIMES_A_DAY and word.isdigit():
            self.counts.append(int(word))
            return self.mark(TokenRole.FREQUENCY, position, 2)
        if following in known.TIMES:
            return self._count(position)
        if following in known.AMOUNTS:
            return self._strength(position)
        if following in {"am", "pm"}:
            return self._clock(position)
        return self._dose(position)

    def _parts_of_a_day(self, position: int) -> int:
        """1-0-1: a number for each time of the day; before a unit it is the strengths of a combination."""
        if self.words[position + 1] in known.AMOUNTS or self.parts:
            self.unclear = self.unclear or bool(self.parts)
            return self.mark(TokenRole.STRENGTH, position)
        self.parts = [_value(part) for part in self.words[position].split("-")]
        return self.mark(TokenRole.FREQUENCY, position)

    def _chain(self, position: int) -> int:  # noqa: PLR0911 - one meaning after the other
        """Numbers joined by a stroke or hyphen: a fraction of a tablet, a range, or strengths whose order is open."""
        end = position + 1
        while self.words[end] in {"/", "-"} and self._single(end + 1) and end + 1 not in self.named:
            end += 2
        if end == position + 1:
            return 0
        joint, unit = self.words[position + 1], self.words[end]
        if (end - position == 3 and joint == "/" and unit in _DIVIDED) or self._half(position, end):  # noqa: PLR2004
            return self._fraction(position, end)
        if joint == "-" and (unit in known.PIECES or unit in known.VOLUMES or self._is_frequency(end)):
            self.unclear = True
            return self.mark(TokenRole.DOSE, position, end - position)
        if joint == "-" and unit in known.TIMES:
            self.unsteady = True
            return self.mark(TokenRole.FREQUENCY, position, end - position)
        if joint == "-" and unit in known.HOURS:
            return self.mark(TokenRole.FREQUENCY, position, end - position + 1)
        unit_too = 1 if unit in known.UNITS else 0
        if joint == "/" and not unit_too and _value(self.words[end - 1]) in {_WEEK, 12, 52}:  # days, months, weeks (UK)
            return self.mark(TokenRole.QUANTITY, position, end - position)
        if joint == "-" and unit in known.AMOUNTS:
            self.unclear = True
        return self.mark(TokenRole.STRENGTH, position, end - position + unit_too)

    def _half(self, position: int, end: int) -> bool:
        return self.words[position:end] in (["1", "/", "2"], ["1", "/", "4"], ["3", "/", "4"]) and (
            self._is_frequency(end) or self.words[end] == ""
        )

    def _fraction(self, position: int, end: int) -> int:
        """Half a tablet ("1/2"), and "1 1/2 tablets", where the whole number was left for it."""
        above, below = _value(self.words[position]), _value(self.words[end - 1])
        if below in _PARTS and above < below:
            value = above / below
            if self.doses and self.doses[-1][1] == "whole":
                value += self.doses.pop()[0]
            self.doses.append((value, "piece"))
        else:
            self.unclear = True
        return self.mark(TokenRole.DOSE, position, end - position)

    def _interval(self, position: int) -> int:
        """So often: "q8h", "every 12 hours", "every 2 days"."""
        following = self.words[position + 1]
        value = _value(self.words[position])
        if following in known.HOURS:
            if value and _HOURS_A_DAY % value == 0:
                self.counts.append(int(_HOURS_A_DAY // value))
            else:
                self.rarer = True
        elif following in _PERIODS:
            self.rarer = True
        else:
            return 0
        return self.mark(TokenRole.FREQUENCY, position, 2)

    def _count(self, position: int) -> int:
        """So many times: "3 times a day", "2 x 200 mg", "2x1"."""
        value, after = _value(self.words[position]), position + 2
        if self._per_day(after) and value == int(value):
            self.counts.append(int(value))
        elif self._per_period(after):
            self.rarer = True
        elif self._single(after):
            if self.words[after + 1] not in known.AMOUNTS:  # so many times so many pieces
                self.counts.append(int(value))
                self.doses.append((_value(self.words[after]), "piece"))
                return self.mark(TokenRole.FREQUENCY, position, 3)
            self.doses.append((value, "piece"))
            self.unclear = self.unclear or not self._says_how_often()
            return self.mark(TokenRole.DOSE, position, 2)
        else:
            self.unsteady = True
        return self.mark(TokenRole.FREQUENCY, position, 2)

    def _says_how_often(self) -> bool:
        """Whether a word of the line counts more than once a day, so that "2 x 200 mg" cannot be the count."""
        return any(known.COUNTED.get(word, 1) > 1 for word in self.words)

    def _clock(self, position: int) -> int:
        hour, half = _value(self.words[position]) % _NOON, self.words[position + 1]
        self.slots[f"{hour} {half}"] = None
        return self.mark(TokenRole.FREQUENCY, position, 2)

    def _strength(self, position: int) -> int:
        word, unit = self.words[position], self.words[position + 1]
        length, per, per_unit = self._per(position + 2)
        if per_unit in known.DAY:
            self.counts.append(1)
        if not (_THOUSANDS.match(word) or self._continues(position) or word[0] not in _DIGITS):
            strength = Strength(_value(word), unit, position, bool(per_unit), per, per_unit)
            self.strengths.append(strength)
        return self.mark(TokenRole.STRENGTH, position, 2 + length)

    def _per(self, position: int) -> tuple[int, Decimal, str]:
        """What a strength is of: how many tokens say so, the number and the unit; no unit where it is of a piece."""
        if self.words[position] not in {"/", "per"}:
            return 0, _ONE, ""
        number, unit = self.words[position + 1], self.words[position + 2]
        figure = self._single(position + 1)
        if figure and unit in known.VOLUMES:
            return 3, _value(number), unit
        if number in known.VOLUMES or number in known.PER:
            return 3 if (number, unit) == ("m", "2") else 2, _ONE, number
        if figure and unit in known.HOURS:
            return 3, _value(number), unit
        return 0, _ONE, ""

    def _continues(self, position: int) -> bool:
        """Whether another number stands straight before: "1 500 mg" is 1500 mg here and one of 500 mg there."""
        before = position - 2 if self.words[position - 1] in {",", "-"} else position - 1
        return before >= 0 and before not in self.named and self.words[before][0] in _DIGITS

    def _dose(self, position: int) -> int:  # noqa: PLR0911 - one meaning after the other
        """Pieces or millilitres taken each time, a pack, or a number that says nothing."""
        word, following = self.words[position], self.words[position + 1]
        if word[0] not in _DIGITS or _THOUSANDS.match(word):
            return self.mark(TokenRole.QUANTITY, position)
        value = _value(word)
        if following in known.VOLUMES:
            swallowed = self.words[position + 2] not in known.CONTAINERS and value <= _MOST_MILLILITRES
            if swallowed and not self._diluted(position):
                self.doses.append((value * Decimal(known.VOLUMES[following]), "ml"))
            return self.mark(TokenRole.DOSE, position, 2)
        if following in _PERIODS:
            return self.mark(TokenRole.QUANTITY, position, 2)
        taken = self.words[position - 1] in known.TAKE
        if following in known.PIECES:
            self._pieces(value, taken=taken)
            return self.mark(TokenRole.DOSE, position)
        if following in known.PORTIONS:
            return self.mark(TokenRole.DOSE, position, 2)
        if self._is_frequency(position + 1) and (self.strengths or taken):
            self._pieces(value, taken=taken)
            return self.mark(TokenRole.DOSE, position)
        if self.words[position + 2] == "/" and self._figure(position + 1):
            self.doses.append((value, "whole"))
            return self.mark(TokenRole.DOSE, position)
        if following in known.UNITS:
            return self.mark(TokenRole.STRENGTH, position, 2)
        return self.mark(TokenRole.QUANTITY, position)

    def _pieces(self, value: Decimal, *, taken: bool) -> None:
        if taken or value <= _MOST_PIECES:
            self.doses.append((value, "piece"))
        elif value < _PACK:
            self.unclear = True

    # --- sums --------------------------------------------------------------------------------------------------------

    def times(self) -> int | None:
        """How often a day, where everything that says so agrees."""
        if self.rarer or self.unsteady or not (self.counts or self.slots or self.parts):
            return None
        late = len(known.LATE.intersection(self.slots))
        # "Daily in the evening at bedtime" is once; of others that name two late times nobody can tell.
        once = late > 1 and late == len(self.slots) and 1 in self.counts and _AND.isdisjoint(self.words)
        if (late > 1 and not once) or (self.counts and self.slots and self._one_more()):
            return None
        told = {count for count in self.counts if count > 1}
        if self.parts:
            told.add(sum(1 for part in self.parts if part))
        if len(told) > 1:
            return None
        clocks = sum(1 for slot in self.slots if slot[0] in _DIGITS)
        slots = 1 if once else len(self.slots)
        if clocks and clocks < slots:  # "in the morning at 8 am" is once, "in the morning and at 2 pm" is twice
            return None
        if told:
            count = told.pop()
            return count if count >= slots and count else None
        return slots or (1 if self.counts else None)

    def _one_more(self) -> bool:
        """Whether a time of day may come on top of a count: "three times a day and 1 tab at bedtime"."""
        words = self.words
        for position, word in enumerate(words):
            if word in _AND and position and words[position - 1] not in known.TIMES_OF_DAY:
                after = position + 1
                while words[after] in _BETWEEN or self._figure(after):
                    after += 1
                if words[after] in known.TIMES_OF_DAY:
                    return True
        return False

    def reading(self) -> Reading:
        """Everything together."""
        words, roles = self.words, self.roles
        dose, unit, a_day, unclear = self._taken() if self.doses or self.parts else (None, "", None, self.unclear)
        elemental = "elemental" in words
        where_matters = bool(self.forms) or not _WHERE_MATTERS.isdisjoint(words)
        # In the order of the fields: naming thirteen of them takes as long as reading a word.
        return Reading(
            tuple(self._with_element() if elemental else self.strengths),
            tuple(dict.fromkeys(self.routes) if len(self.routes) > 1 else self.routes),
            _most_telling(self.forms, words) if where_matters else None,
            self.times(),
            self.needed,
            elemental,
            _where(TokenRole.UNREAD, roles) if TokenRole.UNREAD in roles else (),
            dose,
            unit,
            a_day,
            unclear,
            tuple(roles),
            self.rarer,
        )

    def _taken(self) -> tuple[Decimal | None, str, Decimal | None, bool]:
        """What is taken each time with its unit, what over a day whose times differ, and whether that stays unclear."""
        doses = dict.fromkeys(dose for dose in self.doses if dose[1] != "whole")
        parts = {part for part in self.parts if part}
        if parts:
            doses.update({(part, "piece"): None for part in parts})
        uneven = len(parts) > 1
        if uneven:
            doses = dict.fromkeys(dose for dose in doses if dose[0] not in parts)
        if self.unclear or len(doses) > 1 or (uneven and bool(doses)):
            return None, "", None, True
        if uneven:
            return None, "", sum(self.parts, _ZERO), False
        dose, unit = next(iter(doses), (None, ""))
        return dose, unit, None, False

    def _with_element(self) -> list[Strength]:
        """The strengths, with those of the element told from those of its salt."""
        alone = len(self.strengths) == 1
        return [one._replace(elemental=True) if alone or self._beside_elemental(one) else one for one in self.strengths]

    def _beside_elemental(self, strength: Strength) -> bool:
        behind = self.words[strength.position + 2 : strength.position + 4]
        return behind[:1] == ["elemental"] or behind == ["of", "elemental"]


def is_unread_first(word: str) -> bool:
    """Whether a word that begins a line is surely left unread: it is no number and no word of the vocabulary."""
    return word not in _ALWAYS and word not in _DEPENDS and word[0] not in _FIGURES and word != "/"


def read_besides(words: list[str], named: AbstractSet[int], after_brands: AbstractSet[int] = frozenset()) -> Reading:
    """Read everything of the tokens that is not part of a name.

    ``named`` holds the positions that are; ``after_brands`` those straight behind a brand, where a word such as "PM"
    may make another medicine of it.
    """
    reader = _Reader(words, named)
    roles = reader.roles
    position, end = 0, len(words)
    while position < end:
        word = words[position]
        if position in named:
            position += 1
            continue
        meaning = _ALWAYS.get(word)
        if position in after_brands and word in known.DIFFERENT_AFTER_A_BRAND:
            meaning = (TokenRole.UNREAD, None)
        if meaning is not None:
            roles[position], what = meaning
            if what is not None:
                reader.add(what)
            position += 1
        # Not isdigit(): it is also true for numerals such as the Ethiopic ones, which are words here.
        elif word[0] in _FIGURES:
            position += reader.number(position)
        elif word == "/" and reader.words[position + 1] in known.DAYS:  # 2 tablets/day
            reader.counts.append(1)
            position += reader.mark(TokenRole.FREQUENCY, position, 2)
        else:
            reader.word(position)
            position += 1
    return reader.reading()


def _where(role: TokenRole, roles: list[TokenRole]) -> tuple[int, ...]:
    return tuple([position for position, one in enumerate(roles) if one is role])


def _most_telling(forms: list[DoseForm], words: list[str]) -> DoseForm | None:
    """One form for the line: a special kind of tablet tells more than the word tablet; drops need to know where."""
    if "drops" in words or "gtt" in words or "gtts" in words or "drop" in words:
        if not {"eye", "eyes", "ophthalmic", "ophth"}.isdisjoint(words):
            return DoseForm.EYE_DROPS
        if not {"ear", "ears", "otic"}.isdisjoint(words):
            return DoseForm.EAR_DROPS
    if "spray" in words and not {"nasal", "nose"}.isdisjoint(words):
        return DoseForm.NASAL_SPRAY
    if DoseForm.INJECTION in forms:  # "solution for infusion", "powder for injection": what it is made into counts
        return DoseForm.INJECTION
    special = [form for form in forms if form not in {DoseForm.TABLET, DoseForm.CAPSULE, DoseForm.EYE_DROPS}]
    if special:
        return special[0]
    return next((form for form in forms if form is not DoseForm.EYE_DROPS), None)
