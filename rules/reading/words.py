"""What a word of a line means: always the same, or what the words around it make of it.

It reads words only, and no word here may be one that tells one medicine from another; numbers are read in
`rules.reading.numbers`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from rules import vocabulary as known
from rules.reading.volumes import read_volume
from rules.terms import Route, TokenRole
from rules.vocabulary import SEPARATORS

if TYPE_CHECKING:
    from collections.abc import Callable

    from rules.reading.reader import Meaning, Reader

_BY_EYE: Final = frozenset({"eye", "eyes", "ophthalmic", "ophth", "drops", "drop", "gtt", "ou", "os"})
_BEFORE_BED: Final = frozenset({"before", "at"})
_ON_MONDAY_AND_WEDNESDAY: Final = ["m", "/", "w", "/"]
_AIMS: Final = frozenset({"reduce", "decrease", "increase"})
_NOT_ONCE: Final = known.TIMES | known.HOURS | known.DURING
_WHEN: Final = frozenset({"a", "le", "au", "avec", *known.TIMES_OF_DAY, *known.MEALS})
_OF_A: Final = frozenset({"a", "of", "une", "un"})
_END: Final = frozenset({"", ")", "]", ",", ";"})
_ONTO: Final = frozenset({"on", "onto", "to"})
_PUT_ON: Final = frozenset({"spray", "oil", "gel", "cream", "lotion", "butter", "ointment", "patch"})
_A_TUBE: Final = frozenset({"tube", "tubes"})
_SWALLOWED: Final = frozenset({"swallow", "swallowed"})
_ARROWS: Final = frozenset({"->", "=>", ">"})
_BY_BODY: Final = frozenset({"m", "kg"})  # square metres of its surface, and its weight
_LONGEST_COMPANY: Final = 6  # words
_SHORTEST_AGAIN: Final = 4  # letters of a word that is known again as part of a name
_MORNINGS: Final = frozenset({"am", *known.SMALL_MEALS.values()})  # they depend on what stands around them
# Words that mean something else depending on what stands around them; `read_word` decides.
DEPENDS: Final = frozenset(
    {
        *("od", "on", "other", "bis", "q", "b", "f", "mouth", "skin", "tongue", "morgen", "pro", "die"),
        *("spit", "mouthwash"),
        *known.TUBES,
        *_A_TUBE,
        *_MORNINGS,
        *known.NUMBER_WORDS,
        *known.AS_NEEDED,
        *known.PERIODS,
        *known.RARER,
        *known.STRENGTH_ONLY,
        *known.UNSTEADY,
        *(first for first, _ in known.UNTIL),
        *(first for first, _ in known.MAKERS),
        *known.BEGUN,
        *known.EVERY,
        *known.A_DAY,
        *known.SALTS,
        *known.PROMISING,
        *known.ANOTHER,
        *known.INDICATIONS,
        *known.UNKNOWN,
    }
)
# What a word always means, but straight behind a brand: looked up once for each word. The later counts.
ALWAYS: Final[dict[str, tuple[TokenRole, Meaning | None]]] = {
    **dict.fromkeys((known.FILLER | known.TAKE) - DEPENDS, (TokenRole.FILLER, None)),
    **dict.fromkeys(known.UNITS - DEPENDS, (TokenRole.UNIT, None)),
    **{word: (TokenRole.FREQUENCY, slot) for word, slot in known.TIMES_OF_DAY.items() if word not in _MORNINGS},
    **{word: (TokenRole.FREQUENCY, count) for word, count in known.COUNTED.items() if word != "od"},
    **{word: (TokenRole.ROUTE, route) for word, route in known.ROUTES.items() if word != "od"},
    **{word: (TokenRole.DOSE_FORM, form) for word, form in known.FORMS.items()},
    **dict.fromkeys(SEPARATORS - {"plus", "/"}, (TokenRole.SEPARATOR, None)),
    **dict.fromkeys("()[]", (TokenRole.FILLER, None)),
}


def read_word(reader: Reader, position: int) -> None:  # noqa: PLR0911 - one kind of word after the other
    """Read one word that means something else depending on what stands around it, or nothing at all."""
    word = reader.words[position]
    roles = reader.roles
    if word == "/" or (word == "plus" and position + 1 in reader.named) or _leads_to_order(reader, position):
        roles[position] = TokenRole.SEPARATOR
        return
    if word not in DEPENDS:
        roles[position] = TokenRole.FILLER if _adds_nothing(reader, position) else TokenRole.UNREAD
        return
    if word in _PLACES:
        roles[position] = _PLACES[word](reader, position)
        return
    if word in known.NUMBER_WORDS and _number_word(reader, position):
        return
    if _at_night(reader, position):
        reader.slots["bedtime"] = None
        roles[position] = TokenRole.FREQUENCY
        return
    if word in known.AS_NEEDED and _needed(reader, position):
        reader.needed = True
        roles[position] = TokenRole.AS_NEEDED
        return
    if _seldom(reader, position):
        roles[position] = TokenRole.FREQUENCY
        return
    if (word in known.EVERY and _each_day(reader, position)) or (word in known.A_DAY and _a_day(reader, position)):
        return
    if not _says_nothing(reader, position):
        roles[position] = TokenRole.FILLER if _adds_nothing(reader, position) else TokenRole.UNREAD


def _leads_to_order(reader: Reader, position: int) -> bool:
    """Whether it is an arrow before an instruction; any other may lead from the former medicine or dose to the new."""
    return reader.words[position] in _ARROWS and reader.words[position + 1] in known.TAKE


def _is_day_of_cycle(reader: Reader, position: int) -> bool:
    """Whether it is a day of a cycle of chemotherapy ("75 mg/m2 IV D1, D8 q21d") and no vitamin: on some days only."""
    by_body = any(strength.per_unit in _BY_BODY for strength in reader.strengths)
    found = by_body and position > reader.first and reader.single(position + 1)
    reader.rarer = reader.rarer or found
    return found


def _is_of_a_maker(reader: Reader, position: int) -> bool:
    """Whether it says who makes or supplies it."""
    before, word, following = reader.words[position - 1], reader.words[position], reader.words[position + 1]
    if word in known.MAKERS_ALONE or (before, word) in known.MAKERS or (word, following) in known.MAKERS:
        return True
    return (position + 1 in reader.named and word in known.PREFIXES) or _is_company(reader, position)


def _is_company(reader: Reader, position: int) -> bool:
    """Whether it belongs to the name of a company in brackets: "(Essential Pharma Ltd)"."""
    start = end = position
    while reader.words[start - 1] not in {"(", ""} and position - start < _LONGEST_COMPANY:
        start -= 1
    while reader.words[end + 1] not in {")", ""} and end - position < _LONGEST_COMPANY:
        end += 1
    bracketed = (reader.words[start - 1], reader.words[end + 1]) == ("(", ")") and end - start < _LONGEST_COMPANY
    return bracketed and reader.words[end] in known.COMPANIES and reader.named.isdisjoint(range(start, end))


def _adds_nothing(reader: Reader, position: int) -> bool:
    """Whether a word that is known for nothing adds nothing to the name it stands behind.

    It says part of that name again, makes many of one, says what the medicine is diluted in or how many units of
    insulin a millilitre has, or belongs to an instruction.
    """
    word, before, following = reader.words[position], reader.words[position - 1], reader.words[position + 1]
    if word in _BESIDE:
        return _BESIDE[word](reader, position)
    if _is_of_a_maker(reader, position) or word in known.NEEDED_AFTER.get(following, ()):  # "zo nodig"
        return True
    if word in known.SMALL_MEALS:
        return known.SMALL_MEALS[word] == following
    if reader.is_vehicle(position) or (before == "normal" and word == "saline") or _instructs(reader, position):
        return True
    if _is_lacking(reader, position) or _is_altered(reader, position):
        return True
    again = len(word) >= _SHORTEST_AGAIN and word not in known.PROMISING and word not in known.ANOTHER
    return again and any(one < position and reader.words[one] == word for one in reader.named)


def _says_what_for(reader: Reader, position: int) -> bool:
    """Whether it belongs to what the medicine is taken for."""
    named = reader.words[position] in known.INDICATIONS and not known.FOR.isdisjoint(reader.words[:position])
    return named or _is_lacking(reader, position) or _is_an_aim(reader, position)


def _is_altered(reader: Reader, position: int) -> bool:
    """Whether it says that another amount was taken before: "(reduced from 5 mg)"."""
    words = reader.words
    return words[position] in known.ALTERED and words[position + 1] == "from" and bool(reader.strengths)


def _is_lacking(reader: Reader, position: int) -> bool:
    """Whether it belongs to what the medicine is taken for: "for low potassium"."""
    words = reader.words
    last = position if words[position] == "low" else position - 1
    return words[last] == "low" and words[last - 1] == "for" and words[last + 1] not in {"", "strength", "dose"}


def _is_an_aim(reader: Reader, position: int) -> bool:
    """Whether it says what the medicine is to do ("to reduce stomach acid"), and not what is done with its dose."""
    a_dose = reader.words[position + 1] in {"", "to", "by", "dose"} or reader.figure(position + 1)
    return reader.words[position] in _AIMS and reader.words[position - 1] == "to" and not a_dose


def _instructs(reader: Reader, position: int) -> bool:
    """Whether it belongs to an instruction: begins one, says where or how, or what must not be done with it."""
    word, before = reader.words[position], reader.words[position - 1]
    if position < reader.first:
        beginning = word in known.BEGUN or (word in known.INSTRUCTING and word not in known.ABOUT)
        return position == 0 and beginning
    if word in {"do", "not"} or before == "not":
        return _forbids(reader, position)
    following = reader.words[position + 1]
    if word == "hold":  # held for other reasons, it is not taken
        return following == "if" or (following == "for" and reader.words[position + 2] in known.MEASURED)
    if word == "avoid":
        return following in known.INSTRUCTED  # alone, it is the medicine that is avoided
    if word in known.INSTRUCTING or (before == "or" and word in known.SPOILED):
        return (before, word) != ("last", "taken") and (word, following) != ("given", "up")
    said = reader.counts or reader.slots or reader.doses or not known.INSTRUCTING.isdisjoint(reader.words[:position])
    put_on = before in _ONTO and not _PUT_ON.isdisjoint(reader.words)  # a spray on the legs
    placed = put_on or (word == "under" and following in known.UNDER)
    return word in known.INSTRUCTED and (bool(said) or placed)


def _forbids(reader: Reader, position: int) -> bool:
    """Whether it is a word of "do not crush"; what must not be taken is left unread."""
    word, following = reader.words[position], reader.words[position + 1]
    if word == "do":
        return following == "not" and reader.words[position + 2] in known.SPOILED
    return (following if word == "not" else word) in known.SPOILED


def _right_eye(reader: Reader, _: int) -> TokenRole:
    """What "od" says: the right eye (oculus dexter) on a line about eyes, once a day on any other."""
    by_eye = not _BY_EYE.isdisjoint(reader.words)
    reader.add(known.ROUTES["od"] if by_eye else known.COUNTED["od"])
    return TokenRole.ROUTE if by_eye else TokenRole.FREQUENCY


def _under(reader: Reader, position: int) -> TokenRole:
    """What is given under the skin or the tongue; on the skin is another way, and on the tongue says nothing."""
    word = reader.words[position]
    if "under" in reader.words[max(position - 2, 0) : position]:
        reader.add(known.UNDER[word])
    elif word == "skin":
        reader.add(Route.TOPICAL)
    else:
        return TokenRole.FILLER if _instructs(reader, position) else TokenRole.UNREAD
    return TokenRole.ROUTE


def _by_mouth(reader: Reader, position: int) -> TokenRole:
    """What is taken by mouth is swallowed or inhaled; one that is only rinsed says nothing of how it is taken."""
    if not known.RINSING.isdisjoint(reader.words[max(position - 2, 0) : position]):
        return TokenRole.FILLER
    reader.add(Route.ORAL if known.INHALING.isdisjoint(reader.words) else Route.INHALED)
    return TokenRole.ROUTE


def _by_tube(reader: Reader, position: int) -> TokenRole:
    """What is given through a tube into the gut; elsewhere the word may be another medicine (PEG, macrogol)."""
    before = reader.words[position - 1]
    if reader.words[position] in _A_TUBE:  # a G-tube, and no tube of 30 g
        if before not in {"via", "per"} and (before not in {"g", "j"} or reader.figure(position - 2)):
            return TokenRole.FILLER
        reader.add(Route.ORAL)
        return TokenRole.ROUTE
    said = before in known.THROUGH or before in known.ROUTES or before in known.AMOUNTS or before in known.PIECES
    through = said or before in known.VOLUMES or before in known.TUBES or before == "/"
    if position < reader.first or not (through or reader.words[position + 1] in _A_TUBE):
        return TokenRole.UNREAD
    reader.add(Route.ORAL)
    return TokenRole.ROUTE


def _rinsed(reader: Reader, position: int) -> TokenRole:
    """What the mouth is rinsed with: it is spat out, if nothing says that it is swallowed."""
    words = reader.words
    if words[position] == "spit" and not ("swish" in words or "gargle" in words):
        return TokenRole.FILLER if _instructs(reader, position) else TokenRole.UNREAD
    if not known.INHALING.isdisjoint(words) or not _SWALLOWED.isdisjoint(words):
        return TokenRole.FILLER
    reader.add(Route.OTHER)
    return TokenRole.ROUTE


def _in_the_morning(reader: Reader, position: int) -> TokenRole:
    """What "am" says: the morning, or in German the day or the time of day behind it."""
    following = reader.words[position + 1]
    if following in known.GERMAN_DAY:
        return TokenRole.FREQUENCY if following == "tag" and _a_day(reader, position) else TokenRole.FILLER
    reader.add(known.TIMES_OF_DAY["am"])
    return TokenRole.FREQUENCY


def _at_a_meal(reader: Reader, position: int) -> TokenRole:
    """Lunch, or breakfast where it is said to be the small one."""
    word = reader.words[position]
    small = known.SMALL_MEALS.get(reader.words[position - 1]) == word
    reader.add("morning" if small else known.TIMES_OF_DAY[word])
    return TokenRole.FREQUENCY


def _morgen(reader: Reader, position: int) -> TokenRole:
    """The morning ("am Morgen"), or tomorrow."""
    if reader.words[position - 1] not in {"am", "jeden"}:
        return TokenRole.UNREAD
    reader.add("morning")
    return TokenRole.FREQUENCY


def _in_latin(reader: Reader, position: int) -> TokenRole:
    """What "die" says: each day in Canada and Italy, behind what is taken or how; elsewhere it is an article."""
    before = reader.words[position - 1]
    taken = before in known.PIECES or before in known.ROUTES or before in known.AMOUNTS
    if not (taken and (reader.ends(position) or reader.words[position + 1] in _WHEN)):
        return TokenRole.FILLER
    reader.counts.append(1)
    return TokenRole.FREQUENCY


def _unknown_dose(reader: Reader, position: int) -> TokenRole:
    """That nobody knows how much is taken: it is not one piece, as it is where nothing is said of it."""
    beside = {reader.words[position - 1], reader.words[position + 1]}
    if beside.isdisjoint(known.DOSES):
        return TokenRole.FILLER if _adds_nothing(reader, position) else TokenRole.UNREAD
    reader.unclear = True
    return TokenRole.DOSE


def _at_night(reader: Reader, position: int) -> bool:
    """Whether it says "before bed", or "on" (omne nocte) at the end of a line or before "prn"."""
    if reader.words[position] == "bed":
        return reader.words[position - 1] in _BEFORE_BED
    return reader.words[position] == "on" and reader.ends(position)


def _needed(reader: Reader, position: int) -> bool:
    before = known.NEEDED_AFTER.get(reader.words[position])
    return before is None or reader.words[position - 1] in before


def _seldom(reader: Reader, position: int) -> bool:
    """Whether the word makes the count one of a week, or no steady count at all."""
    word, following, before = reader.words[position], reader.words[position + 1], reader.words[position - 1]
    a_period = word in known.PERIODS and before in known.EACH and reader.words[position - 2] not in known.DURING
    a_day = word in known.RARER and before != "stop"  # until then, and not on such days only
    if a_period or a_day or (word == "other" and before == "every"):
        reader.rarer = True
        return True
    if word == "f" and reader.words[max(position - 4, 0) : position] == _ON_MONDAY_AND_WEDNESDAY:
        reader.rarer = True
        return True
    if word == "or" and (before in known.COUNTED or before == "once") and following in known.COUNTED:
        reader.unsteady = True  # once or twice daily
        return True
    if word in known.STRENGTH_ONLY and not reader.figure(position + 1):
        return False
    steady = _is_an_aim(reader, position) or _is_reissued(reader, position) or _until_gone(reader, position)
    steady = steady or (word, following) == ("then", "stop")
    unsteady = word in known.UNSTEADY and not steady
    if unsteady or ((word, following) in known.UNTIL and not _is_course(reader, position + 2)) or word == "bis":
        reader.unsteady = True
        reader.unclear = reader.unclear or word not in {"stat", "max", "maximum", "up"}
        return True
    return False


def _is_course(reader: Reader, position: int) -> bool:
    """Whether it is for how long: "for up to 7 days"."""
    return reader.figure(position) and reader.words[position + 1] in known.DAYS | known.PERIODS


def _until_gone(reader: Reader, position: int) -> bool:
    """Whether it says that all of a pack is taken, "until gone", and not until when."""
    return reader.words[position] == "until" and "gone" in reader.words[position + 1 : position + 4]


def _is_reissued(reader: Reader, position: int) -> bool:
    """Whether it says in brackets that the prescription is issued again: "[Repeat, last issued 2 Oct]"."""
    if reader.words[position] != "repeat" or reader.words[position - 1] not in {"(", "["}:
        return False
    return reader.words[position + 1] in {")", "]", ",", "template", "dispensing"}


def _each_day(reader: Reader, position: int) -> bool:
    """What follows says how often: "every day", "each day", "q day", "every week"."""
    following = reader.words[position + 1]
    if following in known.DAY:
        reader.counts.append(1)
    elif following in known.PERIODS:
        reader.rarer = True
    else:
        return False
    reader.mark(TokenRole.FREQUENCY, position, 1)
    return True


def _a_day(reader: Reader, position: int) -> bool:
    """Whether it says "a day", "per day" of one piece at the most: several may be taken at once or one by one."""
    before = reader.words[position - 1]
    if reader.words[position + 1] not in known.DAY or before in _NOT_ONCE:
        return False
    if reader.figure(position - 1) and before != "1":  # "2 a day"
        return False
    once = reader.words[position - 1] == "once"
    if not once and any(dose > 1 or unit != "piece" for dose, unit in reader.doses):
        return False
    reader.counts.append(1)
    reader.mark(TokenRole.FREQUENCY, position, 1)
    return True


def _number_word(reader: Reader, position: int) -> bool:
    """A number in letters: one of a count, of pieces, or alone before a frequency."""
    value = Decimal(known.NUMBER_WORDS[reader.words[position]])
    if value < 1:
        value += _whole_before(reader, position)
    after = position + 1
    while reader.words[after] in _OF_A:  # half a tablet, half of a tablet
        after += 1
    if reader.words[after] in known.TIMES and reader.per_day(after + 1):
        reader.counts.append(int(value))
    elif reader.words[after] in known.TIMES and reader.per_period(after + 1):
        reader.rarer = True
    elif read_volume(reader, position, value, after):
        return True
    elif reader.words[after] in known.PIECES or _counts_alone(reader, position, after) or _of_so_much(reader, after):
        if reader.words[position - 1] in known.RANGES or (value > 1 and reader.sums_up(position)):
            reader.unclear = True
        reader.doses.append((value, "piece"))
        reader.mark(TokenRole.DOSE, position)
        return True
    elif reader.words[after] in known.PORTIONS:
        reader.mark(TokenRole.DOSE, position)
        return True
    elif reader.words[after] == "to":  # "one to two"
        reader.unclear = True
        return True
    else:
        another = value != 1 and reader.words[position] not in known.BEFORE_NOUNS and position > reader.first
        reader.unclear = reader.unclear or (another and reader.may_count(position, after))
        return False
    reader.mark(TokenRole.FREQUENCY, position)
    return True


def _of_so_much(reader: Reader, after: int) -> bool:
    """Whether so much each is counted: "two 250 mg tablets"."""
    return reader.single(after) and reader.words[after + 1] in known.AMOUNTS


def _counts_alone(reader: Reader, position: int, after: int) -> bool:
    """Whether a number before how often counts pieces: "two daily", but not "due daily", which is no Italian two."""
    if reader.words[position] in known.BEFORE_NOUNS:
        return False
    return after in reader.named or reader.counts_alone(position, after)


def _whole_before(reader: Reader, position: int) -> int:
    """What stands before "and a half"."""
    before = position - 2 if reader.words[position - 1] == "a" else position - 1
    if before < 1 or reader.words[before] != "and":
        return 0
    word = reader.words[before - 1]
    number = known.NUMBER_WORDS.get(word, word)
    return int(number) if number.isdecimal() else 0


def _says_nothing(reader: Reader, position: int) -> bool:
    """Whether the word tells nothing about the medicine where it stands."""
    word, following = reader.words[position], reader.words[position + 1]
    if _says_what_for(reader, position) or _is_reissued(reader, position):
        return True
    if word in known.SALTS:
        return _is_its_salt(reader, position)
    if word in known.STRENGTH_ONLY:
        return following in {"strength", "dose"}
    if word in known.PROMISING:
        return position + 1 not in reader.named and word in {"or", "oder"} and following != ""
    if word in known.ANOTHER and position + 1 in reader.named:
        return False
    a_period = word == "pro" and (following in known.DAY or following in known.PERIODS)
    over = word in known.PERIODS and reader.words[position - 1] == "last"  # it may be
    return a_period or (word in known.FILLER and not over) or word == "q" or (word == "b" and following == "bed")


def _is_its_salt(reader: Reader, position: int) -> bool:
    """Whether the word names the salt of the medicine it stands behind, or of what that is diluted in."""
    word, before = reader.words[position], reader.words[position - 1]
    if reader.is_vehicle(position - 1):  # "in sodium chloride 0.9 %"
        return True
    reader.roles[position] = TokenRole.SALT
    if before in known.ELEMENTS and word in known.CATIONS:
        return False
    if before == "magnesium" and word in known.SALTS_OF_MAGNESIUM:
        return False  # "esomeprazole magnesium citrate": it may be another medicine
    last = position - 2 if before == "/" else position - 1  # "mono/macro"
    if before in {"as", "("} or position - 1 in reader.named or reader.roles[last] is TokenRole.SALT:
        return True
    return word == "base" and before in known.AMOUNTS  # "2.5 mg base"


# Words that add nothing beside certain others.
_BESIDE: Final[dict[str, Callable[[Reader, int], bool]]] = {
    # tab(s), refill(s); 's ochtends
    "s": lambda reader, at: (
        (reader.words[at - 1], reader.words[at + 1]) == ("(", ")") or reader.words[at + 1] in known.TIMES_OF_DAY
    ),
    "c": lambda reader, at: reader.words[at + 1] == "/" and reader.figure(at + 2),  # every so many hours, "c/12 h"
    "d": lambda reader, at: reader.is_vehicle(at) or _is_day_of_cycle(reader, at),
    "free": lambda reader, at: at - 1 not in reader.named,  # "sugar free", but "magnesium-free" is none
    "gone": lambda reader, at: "until" in reader.words[max(at - 3, 0) : at],  # all of the pack is taken
    "push": lambda reader, at: reader.words[at - 1] == "iv",
    "new": lambda reader, at: at > reader.first and reader.words[at + 1] in _END,
    "j": lambda reader, at: reader.words[at + 1] in _A_TUBE,  # a J-tube
    # In water, and not a water with much of what was named.
    "water": lambda reader, at: at - 1 not in reader.named or reader.words[at + 1] in known.PIECES,
    "thing": lambda reader, at: reader.words[at - 1] == "first",  # in the morning
    "e": lambda reader, at: reader.figure(at - 1),  # units of insulin in German
    # "il mattino"; "magnesium il" may be a slip for an oil.
    "il": lambda reader, at: reader.words[at + 1] in known.TIMES_OF_DAY,
    "u": lambda reader, at: reader.words[at + 1] in known.CONCENTRATIONS and at > reader.first,
}
# Words that say where, or how often, depending on what stands before them.
_PLACES: Final = {
    "od": _right_eye,
    "mouth": _by_mouth,
    "spit": _rinsed,
    "mouthwash": _rinsed,
    **dict.fromkeys(known.TUBES | _A_TUBE, _by_tube),
    "skin": _under,
    "tongue": _under,
    "am": _in_the_morning,
    **dict.fromkeys(known.SMALL_MEALS.values(), _at_a_meal),
    "die": _in_latin,
    "morgen": _morgen,
    **dict.fromkeys(known.UNKNOWN, _unknown_dose),
}
