"""What all that was read of a line comes to: how often a day, what is taken each time, and one form.

Where two things that were read disagree it says neither.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from rules import vocabulary as known
from rules.reading.said import Reading
from rules.terms import DoseForm, TokenRole
from rules.tokens import DIGITS

if TYPE_CHECKING:
    from rules.reading.reader import Reader
    from rules.reading.said import Strength

_AND: Final = frozenset({"and", "&", "+", "plus", "und", "et"})
_BEFORE_BED: Final = frozenset({"before", "at"})
_BETWEEN: Final = _BEFORE_BED | known.PIECES | known.NUMBER_WORDS.keys() | {"in", "the", "with"}
_EVERY_MEAL: Final = known.MEALS - {"meal"}
_MEALS_A_DAY: Final = 3
_ZERO: Final = Decimal(0)
_UNREAD: Final = TokenRole.UNREAD  # looked up once, and not for every line
_WHERE_MATTERS: Final = frozenset({"drops", "gtt", "gtts", "drop", "spray"})


def reading_of(reader: Reader) -> Reading:
    """Everything together."""
    words, roles = reader.words, reader.roles
    unclear = reader.unclear or reader.shared
    dose, unit, a_day, unclear = _taken(reader) if reader.doses or reader.parts else (None, "", None, unclear)
    elemental = "elemental" in words
    where_matters = bool(reader.forms) or not _WHERE_MATTERS.isdisjoint(words)
    # In the order of the fields: naming thirteen of them takes as long as reading a word.
    return Reading(
        tuple(_with_element(reader) if elemental else reader.strengths),
        tuple(dict.fromkeys(reader.routes) if len(reader.routes) > 1 else reader.routes),
        _most_telling(reader.forms, words) if where_matters else None,
        _times(reader),
        reader.needed,
        elemental,
        _where(_UNREAD, roles) if _UNREAD in roles else (),
        dose,
        unit,
        a_day,
        unclear,
        tuple(roles),
        reader.rarer,
        tuple(reader.chains) if reader.chains else (),
        not known.WITH_FOOD.isdisjoint(words),
    )


def _times(reader: Reader) -> int | None:
    """How often a day, where everything that says so agrees."""
    if reader.rarer or reader.unsteady or not (reader.counts or reader.slots or reader.parts):
        return None
    late = len(known.LATE.intersection(reader.slots))
    # "Daily in the evening at bedtime" is once; of others that name two late times nobody can tell.
    once = late > 1 and late == len(reader.slots) and 1 in reader.counts and _AND.isdisjoint(reader.words)
    more = reader.slots and (reader.counts or not known.MEALS.isdisjoint(reader.words)) and _one_more(reader)
    told = {count for count in reader.counts if count > 1}
    if (late > 1 and not once) or more:
        return _MEALS_A_DAY + 1 if told <= {_MEALS_A_DAY} and _with_meals(reader) else None
    if reader.parts:
        told.add(sum(1 for part in reader.parts if part))
    if len(told) > 1 or (told and 0 < reader.limit < max(told)):  # "every 2 hours x 2 doses" is no 12 a day
        return None
    clocks = sum(1 for slot in reader.slots if slot[0] in DIGITS)
    slots = 1 if once else len(reader.slots)
    if clocks and clocks < slots:  # "in the morning at 8 am" is once, "in the morning and at 2 pm" is twice
        return None
    if told:
        count = told.pop()
        return count if count >= slots and count else None
    return slots or (1 if reader.counts else None)


def _with_meals(reader: Reader) -> bool:
    """Whether it is taken with every meal and at bedtime, and no other time is named."""
    return list(reader.slots) == ["bedtime"] and not reader.parts and not _EVERY_MEAL.isdisjoint(reader.words)


def _one_more(reader: Reader) -> bool:
    """Whether a time of day may come on top: "three times a day and at bedtime", "before meals and at bedtime"."""
    words = reader.words
    for position, word in enumerate(words):
        if word in _AND and position and words[position - 1] not in known.TIMES_OF_DAY:
            after = position + 1
            while words[after] in _BETWEEN or reader.figure(after):
                after += 1
            if words[after] in known.TIMES_OF_DAY:
                return True
    return False


def _taken(reader: Reader) -> tuple[Decimal | None, str, Decimal | None, bool]:
    """What is taken each time with its unit, what over a day whose times differ, and whether that stays unclear."""
    doses = dict.fromkeys(dose for dose in reader.doses if dose[1] != "whole")
    parts = {part for part in reader.parts if part}
    if parts:
        doses.update({(part, "piece"): None for part in parts})
    uneven = len(parts) > 1
    if uneven:
        doses = dict.fromkeys(dose for dose in doses if dose[0] not in parts)
    if reader.unclear or len(doses) > 1 or (uneven and bool(doses)):
        return None, "", None, True
    if uneven:
        return None, "", sum(reader.parts, _ZERO), False
    dose, unit = next(iter(doses), (None, ""))
    return dose, unit, None, False


def _with_element(reader: Reader) -> list[Strength]:
    """The strengths, with those of the element told from those of its salt."""
    alone = len(reader.strengths) == 1
    return [
        one._replace(elemental=True) if alone or _beside_elemental(reader, one) else one for one in reader.strengths
    ]


def _beside_elemental(reader: Reader, strength: Strength) -> bool:
    behind = reader.words[strength.position + 2 : strength.position + 4]
    return behind[:1] == ["elemental"] or behind == ["of", "elemental"]


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
