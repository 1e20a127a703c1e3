"""What a number of a line means: a strength, what is taken each time, how often, how much is in a pack, or nothing.

A number that may be read in two ways is read in none.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from rules import vocabulary as known
from rules.reading.courses import end_course
from rules.reading.said import Strength
from rules.reading.volumes import is_bound, is_washed_down, read_volume, unit_at
from rules.terms import TokenRole
from rules.tokens import DIGITS

if TYPE_CHECKING:
    from rules.reading.reader import Reader

# "1,000" is a thousand in one country and one in another: a thousandfold slip, so it is not read as a strength.
_THOUSANDS = re.compile(r"[1-9][0-9]*[.,][0-9]{3}$")
_POTENCIES: Final = frozenset({6, 8, 12, 30, 60, 200})  # 6X; smaller ones may be a count
_PERIOD_PARTS: Final = frozenset({"7", "12", "52"})  # days, weeks and months in the United Kingdom: 5/7
_HOURS_A_DAY: Final = 24
_NOON: Final = 12
_MOST_PIECES: Final = 6  # more than that at once is rather a pack, and from a fortnight's worth on surely one
_PACK: Final = 14
_CLOCK: Final = 4  # digits of an hour as hospitals write it
_FEW: Final = 3
_EVERY: Final = known.EVERY | {"c"}  # c/12 h
_PER: Final = frozenset({"/", "per", "in"})
_SO_MANY: Final = frozenset({"x", "for"})
_AT: Final = frozenset({"at", "and", "&", "@", "um"})
_PARTS: Final = (2, 3, 4)
_HALVES: Final = (["1", "/", "2"], ["1", "/", "4"], ["3", "/", "4"])
_ONE: Final = Decimal(1)
_STRENGTH: Final = 10  # 30/500 is no part of a tablet
_TWO: Final = 3  # tokens of two numbers and what joins them
_GRAMS: Final = frozenset({"g", "gm", "gram", "grams"})
_PERIODS: Final = known.DAYS | known.PERIODS
_DIVIDED: Final = known.PIECES | {"a"}  # what half of may be taken
_COUNTED_OUT: Final = frozenset({"#", "qty", "quantity", "disp", "dispense", "supply"})


@lru_cache(maxsize=4096)  # the same few numbers are written again and again
def _value(word: str) -> Decimal:
    """A number as written; "1/2" is a half."""
    if word.isdigit():
        return Decimal(word)
    whole, slash, parts = word.replace(",", ".").partition("/")
    return Decimal(whole) / Decimal(parts) if slash and parts.strip("0") else Decimal(whole)


def read_number(reader: Reader, position: int) -> int:  # noqa: C901, PLR0911, PLR0912 - one kind of number after the other
    """Read what starts with a number and say how many tokens it took."""
    word, following, before = reader.words[position], reader.words[position + 1], reader.words[position - 1]
    if "-" in word:
        return _parts_of_a_day(reader, position)
    if following == "(" and _is_said_again(reader, position):
        return _said_again(reader, position)
    if following == ")" and before == "(" and known.NUMBER_WORDS.get(reader.words[position - 2]) == word:
        return _behind_letters(reader, position)
    if following in known.AMOUNTS and before != "x":
        if _is_former(reader, position):
            return reader.mark(TokenRole.QUANTITY, position, 2)
        return _strength(reader, position)
    if following == "%":
        return reader.mark(TokenRole.STRENGTH, position, 2)
    if following == "(" and _names_its_element(reader, position + 2):
        return _salt_with_element(reader, position)
    if before in _COUNTED_OUT and following not in known.AMOUNTS:
        return reader.mark(TokenRole.QUANTITY, position)
    chain = _chain(reader, position)
    if chain:
        return chain
    if (
        following in known.HOURLY
        or before in known.EVERY
        or (before in {"les", "/"} and reader.words[position - 2] in _EVERY)
    ):
        length = _interval(reader, position)
        if length:
            return length
    if before == "x" and following == "/" and reader.words[position + 2] in known.DAYS:  # 1 tablet x 2/day
        reader.counts.append(int(_value(word)))
        return reader.mark(TokenRole.FREQUENCY, position, 3)
    counted = following in known.TIMES and (reader.per_day(position + 2) or reader.per_period(position + 2))
    if before == "x" and not reader.figure(position - 2) and following not in _PERIODS and not counted:
        reader.unsteady = reader.unsteady or reader.is_frequency(position + 1)  # "x2 daily" may be either
        reader.limit = int(_value(word))
        reader.unclear = reader.unclear or 1 < reader.limit < _PACK
        return reader.mark(TokenRole.QUANTITY, position)
    if following in known.TIMES_A_DAY and word.isdigit():
        reader.counts.append(int(word))
        return reader.mark(TokenRole.FREQUENCY, position, 2)
    if following in known.TIMES:
        return _count(reader, position)
    if following in known.AMOUNTS:
        return _strength(reader, position)
    if following == "uhr" and word.isdigit():
        reader.slots[f"{word} {following}"] = None
        return reader.mark(TokenRole.FREQUENCY, position, 2)
    if before == "ore" and word.isdigit() and position > reader.first:  # "ogni 12 ore" has been read
        reader.slots[f"{word} uhr"] = None
        return reader.mark(TokenRole.FREQUENCY, position)
    if following == "pm" or (following == "am" and reader.words[position + 2] not in known.GERMAN_DAY):
        return _clock(reader, position)
    return _dose(reader, position)


def _is_former(reader: Reader, position: int) -> bool:
    """Whether it is the amount of before: "2.5 mg daily (reduced from 5 mg)"."""
    return reader.words[position - 1] == "from" and reader.words[position - 2] in known.ALTERED


def _is_said_again(reader: Reader, position: int) -> bool:
    """Whether the number stands behind itself in letters: "2 (two) times a day"."""
    letters, bracket = reader.words[position + 2 : position + 4]
    return bracket == ")" and known.NUMBER_WORDS.get(letters) == reader.words[position]


def _said_again(reader: Reader, position: int) -> int:
    """Read the number as if nothing stood between it and what follows."""
    words, end = reader.words, position + 3
    words[position + 1 : end + 1] = [words[position - 2], words[position - 1], words[position]]
    length = read_number(reader, end)
    reader.mark(reader.roles[end], position, 3)
    return 3 + length


def _behind_letters(reader: Reader, position: int) -> int:
    """Read "two (2) times a day" as if only the number stood there."""
    words, end = reader.words, position + 1
    words[position - 2 : end + 1] = [*words[position - 5 : position - 2], words[position]]
    length = read_number(reader, end)
    reader.mark(reader.roles[end], position - 2, 3)
    return 1 + length


def _parts_of_a_day(reader: Reader, position: int) -> int:
    """1-0-1: a number for each time of the day; before a unit it is the strengths of a combination."""
    if reader.words[position + 1] in known.AMOUNTS or reader.parts:
        reader.unclear = reader.unclear or bool(reader.parts)
        return reader.mark(TokenRole.STRENGTH, position)
    word = reader.words[position]
    reader.parts = [_value(part) for part in word.split("-")]
    # One and a half in the morning, "1 1/2-0-1".
    reader.unclear = reader.unclear or ("/" in word.partition("-")[0] and reader.single(position - 1))
    return reader.mark(TokenRole.FREQUENCY, position)


def _larger_parts(reader: Reader, position: int, end: int) -> int:
    """10-0-12: so many units or millilitres for each time of the day; how much is taken stays open."""
    reader.parts = [_value(part) for part in reader.words[position:end:2]]
    reader.unclear = True
    return reader.mark(TokenRole.FREQUENCY, position, end - position)


def _chain(reader: Reader, position: int) -> int:  # noqa: PLR0911 - one meaning after the other
    """Numbers joined by a stroke or hyphen: a fraction of a tablet, a range, or strengths whose order is open."""
    end = position + 1
    while reader.words[end] in {"/", "-"} and reader.single(end + 1) and end + 1 not in reader.named:
        end += 2
    if end == position + 1:
        return 0
    joint, unit = reader.words[position + 1], reader.words[end]
    two = end - position == _TWO
    length = unit_at(reader, end)[0] if unit in known.MEASURES else 0
    if not two and _is_of_a_day(reader, position, end):
        return _larger_parts(reader, position, end)
    if two and joint == "/" and _is_part(reader, position, end, divided=length > 0 or unit in _DIVIDED):
        return _fraction(reader, position, end)
    if joint == "-" and length and is_washed_down(reader, position, end + length):
        return reader.mark(TokenRole.QUANTITY, position, end - position + length)
    if joint == "-" and (unit in known.PIECES or length or (two and _is_range(reader, position, end))):
        reader.unclear = True
        return reader.mark(TokenRole.DOSE, position, end - position + length)
    if joint == "-" and unit in known.TIMES:
        reader.unsteady = True
        return reader.mark(TokenRole.FREQUENCY, position, end - position)
    hours = _hours(reader, position, end) if unit in known.HOURS or unit in known.HOURLY else 0
    if hours:
        return hours
    if joint == "/" and unit not in known.UNITS and reader.words[end - 1] in _PERIOD_PARTS:
        end_course(reader, end)
        return reader.mark(TokenRole.QUANTITY, position, end - position)
    return _strengths(reader, position, end)


def _hours(reader: Reader, position: int, end: int) -> int:
    """Every so many hours: "12/12 h" is each twelve, "4-6 hourly" leaves it open; 0 where it is something else."""
    if reader.words[position + 1] == "-":
        return reader.mark(TokenRole.FREQUENCY, position, end - position + 1)
    if end - position != _TWO or reader.words[position] != reader.words[end - 1]:
        return 0
    return reader.mark(TokenRole.FREQUENCY, position, _TWO - 1) + _interval(reader, end - 1)


def _is_range(reader: Reader, position: int, end: int) -> bool:
    """Whether two numbers are a range of pieces that it does not name: "2-3 at night"."""
    most = _value(reader.words[end - 1])
    return reader.is_frequency(end) or (most <= _MOST_PIECES and reader.counts_alone(position, end))


def _strengths(reader: Reader, position: int, end: int) -> int:
    """The strengths of a combination: "50/12.5 mg", "200-200-20 mg/5 mL"; two that rise may be a range, "20-40 mg"."""
    words, unit = reader.words, reader.words[end]
    numbers = words[position:end:2]
    length = 1 if unit in known.UNITS else 0
    amount = unit in known.AMOUNTS
    more, per, per_unit = _per(reader, end + 1) if amount else (0, _ONE, "")
    if amount and not per_unit and words[position + 1] == "-" and end - position == _TWO:
        reader.unclear = reader.unclear or _value(numbers[0]) < _value(numbers[1])
    if (amount or not length) and _are_whole(reader, position, numbers):
        counted = unit if amount else ""
        chain = [
            Strength(_value(number), counted, place, bool(per_unit), per, per_unit)
            for place, number in zip(range(position, end, 2), numbers, strict=True)
        ]
        reader.chains.append(tuple(chain))
    return reader.mark(TokenRole.STRENGTH, position, end - position + length + more)


def _are_whole(reader: Reader, position: int, numbers: list[str]) -> bool:
    """Whether all are read to the last digit, and none with a mark that may be one of thousands."""
    in_pieces = _continues(reader, position) and reader.roles[position - 1] is not TokenRole.STRENGTH
    if numbers[0][0] not in DIGITS or in_pieces:
        return False
    return not any(_THOUSANDS.match(number) for number in numbers)


def _is_of_a_day(reader: Reader, position: int, end: int) -> bool:
    """Whether it is a number for each time of the day, as in 10-0-12: no strength is nought."""
    words = reader.words[position:end]
    return "0" in words and "/" not in words and not reader.parts


def _is_part(reader: Reader, position: int, end: int, *, divided: bool) -> bool:
    """Whether it is a part of what may be divided ("1/2 tablet", not "30/500 tablets"), or a half that is taken."""
    if divided and _value(reader.words[end - 1]) < _STRENGTH:
        return True
    return reader.words[position:end] in _HALVES and (reader.counts_alone(position, end) or reader.words[end] == "")


def _fraction(reader: Reader, position: int, end: int) -> int:
    """Half a tablet ("1/2"), and "1 1/2 tablets", where the whole number was left for it."""
    above, below = _value(reader.words[position]), _value(reader.words[end - 1])
    if below in _PARTS and above < below:
        value = above / below
        if reader.doses and reader.doses[-1][1] == "whole":
            value += reader.doses.pop()[0]
        length = read_volume(reader, position, value, end)
        if length:
            return length
        reader.doses.append((value, "piece"))
    else:
        reader.unclear = True
    return reader.mark(TokenRole.DOSE, position, end - position)


def _interval(reader: Reader, position: int) -> int:
    """So often: "q8h", "every 12 hours", "every 2 days"."""
    following = reader.words[position + 1]
    value = _value(reader.words[position])
    if following in known.HOURS or following in known.HOURLY:
        if value and _HOURS_A_DAY % value == 0:
            reader.counts.append(int(_HOURS_A_DAY // value))
        else:
            reader.rarer = True
    elif following in _PERIODS:
        reader.rarer = True
    elif reader.words[position - 1] == "q" and len(reader.words[position]) == _CLOCK:
        reader.slots[reader.words[position]] = None  # q1400
        return reader.mark(TokenRole.FREQUENCY, position)
    else:
        return 0
    return reader.mark(TokenRole.FREQUENCY, position, 2)


def _count(reader: Reader, position: int) -> int:
    """So many times: "3 times a day", "2 x 200 mg", "2x1"."""
    value, after = _value(reader.words[position]), position + 2
    if reader.per_day(after) and value == int(value):
        reader.counts.append(int(value))
    elif reader.per_period(after):
        reader.rarer = True
    elif reader.single(after) and unit_at(reader, after + 1)[0]:
        return _times_a_volume(reader, position)
    elif reader.single(after):
        if reader.words[after + 1] not in known.AMOUNTS:  # so many times so many pieces
            pieces = _value(reader.words[after])
            if pieces > _PACK:  # so many packs
                reader.unclear = True
                return reader.mark(TokenRole.QUANTITY, position, 3)
            reader.counts.append(int(value))
            reader.doses.append((pieces, "piece"))
            return reader.mark(TokenRole.FREQUENCY, position, 3)
        reader.doses.append((value, "piece"))
        reader.unclear = reader.unclear or not _says_how_often(reader)
        return reader.mark(TokenRole.DOSE, position, 2)
    elif value in _POTENCIES and position - 1 in reader.named and not reader.strengths:
        return reader.mark(TokenRole.UNREAD, position, 2)  # a homoeopathic dilution, and not the substance
    else:
        reader.unsteady = True
    return reader.mark(TokenRole.FREQUENCY, position, 2)


def _times_a_volume(reader: Reader, position: int) -> int:
    """Read "2 x 5 ml": so many spoonfuls at once, or so often a day."""
    behind = reader.words[position + 4]
    if behind in known.CONTAINERS:
        return reader.mark(TokenRole.QUANTITY, position, 4)
    if behind not in known.SPOONS:
        reader.unclear = True
        reader.unsteady = reader.unsteady or not _says_how_often(reader)
    return reader.mark(TokenRole.DOSE, position, 2)


def _says_how_often(reader: Reader) -> bool:
    """Whether a word of the line counts more than once a day, so that "2 x 200 mg" cannot be the count."""
    return any(known.COUNTED.get(word, 1) > 1 for word in reader.words)


def _clock(reader: Reader, position: int) -> int:
    hour, half = _value(reader.words[position]) % _NOON, reader.words[position + 1]
    # "1 am 2 pm" may be so many tablets.
    reader.unclear = reader.unclear or (_ONE < hour <= _FEW and reader.words[position - 1] not in _AT)
    reader.slots[f"{hour} {half}"] = None
    return reader.mark(TokenRole.FREQUENCY, position, 2)


def _strength(reader: Reader, position: int) -> int:
    word, unit = reader.words[position], reader.words[position + 1]
    if reader.words[position + 2] == "total" or _is_of_all_pieces(reader, position):
        return reader.mark(TokenRole.DOSE, position, 2)
    if reader.doses and _is_behind_pieces(reader, position):
        # "3 capsules (2000 mg)" is what all of them bring, or one.
        reader.unclear = reader.unclear or any(dose > 1 for dose, _ in reader.doses)
    length, per, per_unit = _per(reader, position + 2)
    if per_unit in known.DAY:
        reader.counts.append(1)
    reader.shared = reader.shared or per_unit in known.PIECES
    thousand = _THOUSANDS.match(word) and not _is_in_grams(word, unit, per_unit)
    if not (thousand or _continues(reader, position) or word[0] not in DIGITS):
        strength = Strength(_value(word), unit, position, bool(per_unit), per, per_unit)
        reader.strengths.append(strength)
    return reader.mark(TokenRole.STRENGTH, position, 2 + length)


def _is_behind_pieces(reader: Reader, position: int) -> bool:
    """Whether an amount stands straight behind a number of pieces, and is not said to be that of each."""
    last = position - 2 if reader.words[position - 1] == "(" else position - 1
    return reader.words[last] in known.PIECES and reader.words[position + 2] != "each"


def _is_in_grams(word: str, unit: str, per: str) -> bool:
    """Whether the mark can only be a decimal one: nothing brings a kilogram. What ends in a nought may be a pack."""
    return unit in _GRAMS and (per in known.VOLUMES or word[-1] != "0")


def _is_of_all_pieces(reader: Reader, position: int) -> bool:
    """Whether it is what the pieces taken come to, behind strength and form: "40 mg oral tablet, 80 mg = 2 tab(s)"."""
    if not reader.strengths:
        return False
    pieces = position + 3 if reader.words[position + 2] == "(" else position + 2  # "80 mg (2 tablets)"
    if not reader.single(pieces):
        return False
    between = reader.roles[reader.strengths[-1].position : position]
    taken = reader.words[pieces + 1]
    return (
        (taken in known.PIECES or taken in known.VOLUMES)
        and TokenRole.DOSE_FORM in between
        and TokenRole.NAME not in between
    )


def _names_its_element(reader: Reader, position: int) -> bool:
    """Whether the element of a salt stands here, in brackets before the unit of both: "400 (241.3 Mg) MG"."""
    symbol, bracket, unit = reader.words[position + 1 : position + 4]
    return reader.single(position) and symbol in known.SYMBOLS and bracket == ")" and unit in known.AMOUNTS


def _salt_with_element(reader: Reader, position: int) -> int:
    """The strength of the salt; that of its element follows from it."""
    word, unit = reader.words[position], reader.words[position + 5]
    if not (_THOUSANDS.match(word) or _continues(reader, position) or word[0] not in DIGITS):
        reader.strengths.append(Strength(_value(word), unit, position))
    return reader.mark(TokenRole.STRENGTH, position, 6)


def _per(reader: Reader, position: int) -> tuple[int, Decimal, str]:  # noqa: PLR0911 - one unit after the other
    """What a strength is of: how many tokens say so, the number and the unit; no unit where it is of a piece."""
    joint, number, unit = reader.words[position : position + 3]
    figure = reader.single(position + 1)
    if joint in _PER and figure and unit in known.PIECES and _value(number):
        return 3, _value(number), "" if _value(number) == 1 else unit
    if joint not in {"/", "per"}:
        return 0, _ONE, ""
    if figure and unit in known.VOLUMES:
        return 3, _value(number), unit
    if number == "fl" and unit in known.OUNCES:
        return 3, _ONE, known.FLUID_OUNCE
    if number in known.VOLUMES or number in known.PER:
        return 3 if (number, unit) == ("m", "2") else 2, _ONE, number
    if figure and unit in known.HOURS:
        return 3, _value(number), unit
    return 0, _ONE, ""


def _continues(reader: Reader, position: int) -> bool:
    """Whether another number stands straight before: "1 500 mg" is 1500 mg here and one of 500 mg there."""
    before = position - 2 if reader.words[position - 1] in {",", "-"} else position - 1
    return before >= 0 and before not in reader.named and reader.words[before][0] in DIGITS


def _dose(reader: Reader, position: int) -> int:  # noqa: C901, PLR0911 - one meaning after the other
    """Pieces or millilitres taken each time, a pack, or a number that says nothing."""
    word, following = reader.words[position], reader.words[position + 1]
    if word[0] not in DIGITS or _THOUSANDS.match(word):
        return reader.mark(TokenRole.QUANTITY, position)
    value = _value(word)
    if following in known.MEASURES:
        length = read_volume(reader, position, value, position + 1)
        if length:
            return length
    if following in known.PIECES or reader.is_frequency(position + 1):
        reader.unclear = reader.unclear or is_bound(reader, position)
    if following in _PERIODS:
        end_course(reader, position + 2)
        return reader.mark(TokenRole.QUANTITY, position, 2)
    before = reader.words[position - 1]
    taken = before in known.TAKE
    if following in known.PIECES:
        return _named_pieces(reader, position, value, taken=taken)
    if following in known.PORTIONS:
        return _portions(reader, position, value)
    named = reader.strengths or reader.chains or taken or before in known.PIECES  # "tablets 2 tds"
    if named and reader.counts_alone(position, position + 1):
        reader.unclear = reader.unclear or is_bound(reader, position)
        _pieces(reader, value, taken=taken)
        return reader.mark(TokenRole.DOSE, position)
    if reader.words[position + 2] == "/" and reader.figure(position + 1):
        reader.doses.append((value, "whole"))
        return reader.mark(TokenRole.DOSE, position)
    if following in known.UNITS:
        return reader.mark(TokenRole.STRENGTH, position, 2)
    if _ONE < value < _PACK and reader.may_count(position, position + 1):
        reader.unclear = True
    return reader.mark(TokenRole.QUANTITY, position)


def _named_pieces(reader: Reader, position: int, value: Decimal, *, taken: bool) -> int:
    """So many tablets or the like, of which a whole pack is none that are taken."""
    if reader.words[position + 1] in known.SINGULAR and _is_supplied(reader, position, value):
        return reader.mark(TokenRole.QUANTITY, position)
    reader.unclear = reader.unclear or (_ONE < value <= _MOST_PIECES and reader.sums_up(position))
    _pieces(reader, value, taken=taken)
    return reader.mark(TokenRole.DOSE, position)


def _portions(reader: Reader, position: int, value: Decimal) -> int:
    """Puffs or drops; "x 2 doses" is how many there are in all."""
    if reader.words[position + 1] in known.DOSES and reader.words[position - 1] in _SO_MANY:
        reader.limit = int(value)
    return reader.mark(TokenRole.DOSE, position, 2)


def _is_supplied(reader: Reader, position: int, value: Decimal) -> bool:
    """Whether the number at the end of a line that has said what is taken is that of a pack: "ONE daily, 4 tablet"."""
    said = reader.doses or reader.unclear
    return value > 1 and bool(said) and reader.words[position + 2] in {"", "[", "("} and not is_bound(reader, position)


def _pieces(reader: Reader, value: Decimal, *, taken: bool) -> None:
    if taken or value <= _MOST_PIECES:
        reader.doses.append((value, "piece"))
    elif value < _PACK:
        reader.unclear = True
