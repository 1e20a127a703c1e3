"""Reads a medication line as typed: words, strengths, route, dose form and frequency, without knowing any drug.

Everything here works token by token in one pass; the one regular expression is linear. Which words are names is
decided in `rules.resolution`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from rules.quantities import MASS_UNITS
from rules.terms import DoseForm, Route

# "1,000" is a thousand in one country and one in another: a thousandfold slip, so it is not read as a strength.
_THOUSANDS = re.compile(r",[0-9]{3}$")
_DIGITS: Final = frozenset("0123456789")
_TOKEN = re.compile(r"[0-9]{1,9}(?:[.,][0-9]{1,9})?|[^\W\d_]+|[/+&%()\[\],;]")
SEPARATORS: Final = frozenset({"/", "+", "&", ",", ";", "and", "with", "plus", "et", "und"})
_BRACKETS: Final = frozenset("()[]")
# Zero-width and bidirectional marks, soft hyphen: invisible in a pharmacy system and never part of a name.
_INVISIBLE: Final = dict.fromkeys(
    [0x00AD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF]
)
_APOSTROPHES: Final = dict.fromkeys(map(ord, "'\u2019\u02bc`\u00b4"))
_MARKS: Final = str.maketrans("", "", "\u00ae\u2122\u00a9")


def normalise(text: str) -> str:
    """Lower-case text without accents, invisible characters, trade marks and apostrophes; letters keep their script.

    A Cyrillic letter that looks like a Latin one stays Cyrillic and therefore matches nothing: better unknown than
    taken for something else.
    """
    text = text.translate(_MARKS).translate(_INVISIBLE).translate(_APOSTROPHES)
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def tokens(text: str) -> list[str]:
    """Words, numbers and the marks that separate ingredients; hyphens and other punctuation only separate words."""
    return _TOKEN.findall(normalise(text))


_FORMS: Final[dict[str, DoseForm]] = {
    word: form
    for form, words in {
        DoseForm.TABLET: "tablet tablets tab tabs tbl caplet caplets",
        DoseForm.CHEWABLE_TABLET: "chewable chewtab chewtabs",
        DoseForm.EFFERVESCENT: "effervescent",
        DoseForm.GASTRO_RESISTANT: "enteric gastro ec dr delayed",
        DoseForm.MODIFIED_RELEASE: "extended er xr xl sr cr mr cd la retard prolonged modified sustained hr",
        DoseForm.CAPSULE: "capsule capsules cap caps softgel softgels",
        DoseForm.SOLUTION: "solution soln sol syrup elixir liquid",
        DoseForm.SUSPENSION: "suspension susp",
        DoseForm.POWDER: "powder powders granules granule sachet sachets packet packets",
        DoseForm.INJECTION: "injection injectable inj vial vials ampoule ampoules amp ampule infusion syringe pen",
        DoseForm.INHALATION: "inhaler inhalation neb nebuliser nebulizer nebulised nebulized inhalant hfa dpi",
        DoseForm.CREAM: "cream crm",
        DoseForm.OINTMENT: "ointment oint",
        DoseForm.GEL: "gel",
        DoseForm.EYE_DROPS: "gtt",
        DoseForm.PATCH: "patch patches",
        DoseForm.SUPPOSITORY: "suppository suppositories supp",
        DoseForm.ENEMA: "enema",
        DoseForm.LOZENGE: "lozenge lozenges",
    }.items()
    for word in words.split()
}
_ROUTES: Final[dict[str, Route]] = {
    word: route
    for route, words in {
        Route.ORAL: "oral orally po mouth",
        Route.INTRAVENOUS: "iv intravenous intravenously ivpb",
        Route.INTRAMUSCULAR: "im intramuscular intramuscularly",
        Route.SUBCUTANEOUS: "sc sq subq subcut subcutaneous subcutaneously",
        Route.INHALED: "inhaled",
        Route.TOPICAL: "topical topically skin cutaneous bath",
        Route.TRANSDERMAL: "transdermal td",
        Route.OPHTHALMIC: "ophthalmic eye eyes ou od os",
        Route.OTIC: "otic ear ears aural",
        Route.NASAL: "nasal intranasal nostril",
        Route.RECTAL: "rectal rectally pr",
        Route.VAGINAL: "vaginal vaginally pv",
        Route.SUBLINGUAL: "sublingual sublingually sl",
    }.items()
    for word in words.split()
}
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
_PER_DAY: Final[dict[str, int]] = {
    "daily": 1,
    "qd": 1,
    "od": 1,
    "once": 1,
    "nightly": 1,
    "hs": 1,
    "qhs": 1,
    "qam": 1,
    "qpm": 1,
    "bedtime": 1,
    "night": 1,
    "nocte": 1,
    "mane": 1,
    "morning": 1,
    "evening": 1,
    "bid": 2,
    "bd": 2,
    "twice": 2,
    "tid": 3,
    "tds": 3,
    "thrice": 3,
    "qid": 4,
    "qds": 4,
}
# Times of day that stand for one intake each: "morning and evening" is twice a day.
_TIMES_OF_DAY: Final[dict[str, str]] = {
    **dict.fromkeys(("mane", "morning", "qam"), "morning"),
    **dict.fromkeys(("noon", "midday"), "noon"),
    **dict.fromkeys(("bedtime", "evening", "hs", "night", "nightly", "nocte", "qhs", "qpm"), "evening"),
}
_EACH: Final = (["a"], ["per"], ["each"], ["every"], ["/"])
_COUNT_WORDS: Final = {"one": 1, "two": 2, "three": 3, "four": 4}
_HOURS_A_DAY: Final = 24
# Words that say nothing about which drug it is: salts and esters after a name, packaging, instructions.
_FILLER: Final = frozenset(
    """
    sodium potassium calcium hydrochloride hcl dihydrochloride hydrobromide hbr sulfate sulphate phosphate acetate
    tartrate succinate fumarate maleate mesylate mesilate besylate besilate tosylate citrate bromide chloride nitrate
    gluconate lactate medoxomil cilexetil axetil monohydrate dihydrate trihydrate hemihydrate anhydrous hydrate base
    as of the a an by in on at to for per each every take taken give use via from or when if needed
    day days dailydose week weekly weeks month monthly months hour hours h am meal meals food breakfast lunch dinner
    before after pm midday noon x times time only prn sos stat ac pc
    usp ph eur bp film coated release disintegrating dispersible dissolving odt fc resistant immediate ir strength
    dose doses unit units drop drops spray mist metered actuation actuations puff puffs pack pack kit box bottle
    tube bag ampul plain regular extra max maximum otc rx generic brand adult adults child children elemental salt
    emulsion lotion foam shampoo wash ml l mm cc m oz fl tsp tbsp teaspoon teaspoons tablespoon
    tablespoons water juice glass forte ds
    """.split()  # noqa: SIM905 - a word list is read and reviewed as words
)
UNITS: Final = frozenset({*MASS_UNITS, "mmol", "meq", "ml", "l", "iu", "unt", "units", "unit", "%", "gm"})


@dataclass(frozen=True, slots=True)
class Strength:
    """A number with its unit and where it stands among the tokens; ``per_volume``: a concentration."""

    value: Decimal
    unit: str
    position: int
    per_volume: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What a line says besides names. ``unread`` holds the positions of words that nothing explains."""

    strengths: tuple[Strength, ...]
    routes: tuple[Route, ...]
    dose_form: DoseForm | None
    times_per_day: int | None
    as_needed: bool
    elemental: bool
    unread: tuple[int, ...]


def routes_of_form(form: DoseForm) -> tuple[Route, ...]:
    """The routes a dose form can be given by; empty where the form says nothing."""
    return _FORM_ROUTES.get(form, ())


class _Reader:
    """What has been read of a line so far."""

    __slots__ = ("forms", "per_day", "routes", "strengths", "unread", "words")

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.strengths: list[Strength] = []
        self.routes: list[Route] = []
        self.forms: list[DoseForm] = []
        self.unread: list[int] = []
        self.per_day: int | None = None

    def word(self, position: int) -> None:
        """Read one word that is no number, no separator and no part of a name."""
        word = self.words[position]
        if word in _ROUTES and not (word == "od" and not _near_eye(self.words)):
            self.routes.append(_ROUTES[word])
        elif word in _FORMS:
            self.forms.append(_FORMS[word])
        elif word in _PER_DAY:
            self.per_day = max(_PER_DAY[word], self.per_day or 0, self._times_of_day())
        elif word in _COUNT_WORDS:
            if self.words[position + 1 : position + 2] in (["times"], ["x"]):
                self.per_day = _COUNT_WORDS[word]
        elif word not in _FILLER and word not in UNITS and word != "q":  # q8h: the number carries it
            self.unread.append(position)

    def _times_of_day(self) -> int:
        return len({_TIMES_OF_DAY[word] for word in self.words if word in _TIMES_OF_DAY})

    def number(self, position: int, named: frozenset[int]) -> int:
        """Read what starts with a number and say how many tokens it took."""
        length, strength, per_day = _number(self.words, position)
        if strength is not None and not _continues_a_number(self.words, position, named):
            self.strengths.append(strength)
        self.per_day = per_day or self.per_day
        return length


def read_besides(words: list[str], named: frozenset[int]) -> Reading:
    """Read everything of the tokens that is not part of a name; ``named`` holds the positions that are."""
    reader = _Reader(words)
    position = 0
    while position < len(words):
        word = words[position]
        # Not isdigit(): it is also true for numerals such as the Ethiopic ones, which are words here.
        if word[0] in _DIGITS and position not in named:
            position += reader.number(position, named)
            continue
        if position not in named and word not in _BRACKETS and word not in SEPARATORS:
            reader.word(position)
        position += 1
    return Reading(
        strengths=tuple(reader.strengths),
        routes=tuple(dict.fromkeys(reader.routes)),
        dose_form=_most_telling(reader.forms, words),
        times_per_day=None if _in_longer_rhythm(words) else reader.per_day,
        as_needed="prn" in words or ("needed" in words and "as" in words),
        elemental="elemental" in words,
        unread=tuple(reader.unread),
    )


def _in_longer_rhythm(words: list[str]) -> bool:
    """Whether a count is one of a week or a month ("twice a week", "every 2 days"), so that none a day is known."""
    if "weekly" in words or "monthly" in words:
        return True
    for position, word in enumerate(words):
        before = words[max(0, position - 2) : position]
        if word in {"week", "month"} and before[-1:] in _EACH and before != ["for", "a"]:
            return True
        if word in {"days", "weeks", "months"} and before[:1] in (["q"], ["every"]):
            return True
    return False


def _near_eye(words: list[str]) -> bool:
    """`od` means the right eye only where the line is about eyes; otherwise once a day."""
    return not {"eye", "eyes", "ophthalmic", "drops", "drop", "gtt", "ou", "os"}.isdisjoint(words)


def _most_telling(forms: list[DoseForm], words: list[str]) -> DoseForm | None:
    """One form for the line: a special kind of tablet tells more than the word tablet; drops need to know where."""
    if "drops" in words or "gtt" in words or "drop" in words:
        if not {"eye", "eyes", "ophthalmic"}.isdisjoint(words):
            return DoseForm.EYE_DROPS
        if not {"ear", "ears", "otic"}.isdisjoint(words):
            return DoseForm.EAR_DROPS
    if "spray" in words and not {"nasal", "nose"}.isdisjoint(words):
        return DoseForm.NASAL_SPRAY
    special = [form for form in forms if form not in {DoseForm.TABLET, DoseForm.CAPSULE, DoseForm.EYE_DROPS}]
    if special:
        return special[0]
    return next((form for form in forms if form is not DoseForm.EYE_DROPS), None)


def _continues_a_number(words: list[str], position: int, named: frozenset[int]) -> bool:
    """Whether another number stands straight before: "1 500 mg" is 1500 mg here and one piece of 500 mg there."""
    before = position - 2 if words[position - 1] == "," else position - 1
    return before >= 0 and before not in named and words[before][0] in _DIGITS


def _number(words: list[str], position: int) -> tuple[int, Strength | None, int | None]:
    """Read what starts with a number: a strength, an interval (`q8h`), a count (`3 times`) or nothing of use."""
    word = words[position]
    following = words[position + 1] if position + 1 < len(words) else ""
    previous = words[position - 1] if position else ""
    if following == "%":
        return 2, None, None
    if previous in {"q", "every"} and following in {"h", "hr", "hrs", "hour", "hours"}:
        hours = Decimal(word.replace(",", "."))
        return 2, None, (int(_HOURS_A_DAY // hours) if hours and _HOURS_A_DAY % hours == 0 else None)
    if following in {"times", "x", "xday"} and word.isdigit():
        return 2, None, int(word) or None
    if following in MASS_UNITS or following in {"mmol", "meq"}:
        per = words[position + 2 : position + 5]
        per_volume = per[:1] == ["/"] and ("ml" in per[1:3] or "l" in per[1:3])
        length = 5 if per_volume and per[-1] in {"ml", "l"} else 2
        if _THOUSANDS.search(word):
            return length, None, None
        return length, Strength(Decimal(word.replace(",", ".")), following, position, per_volume), None
    return (2 if following in UNITS else 1), None, None
