"""What is wrong with what is filled in, in words, each beside the field it is about.

It only translates: what is wrong is decided by the model of the record. No fault repeats what was typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from service.admin import form_words
from service.admin.form_fields import Either, Field, Group, Leaf, LeafKind, Limits, Lines, Pairs, Parts, Picks, Shape
from service.admin.form_filling import below
from service.admin.words import KINDS, capital
from service.admin.words import field as field_words


class FormFault(NamedTuple):
    """Something wrong, and the field beside which it is said; an empty path is the record as a whole."""

    path: str
    text: str
    label: str = ""  # of the field, with the item that it stands in; empty for the record as a whole


_PATTERNS: Final = {
    "id": "Use small letters, digits and single hyphens, such as severe-kidney-disease.",
    "atc": "An ATC code looks like J01MA02.",
    "rxnorm": "An RxNorm number has only digits and does not begin with 0.",
    "unii": "A UNII has ten capital letters and digits.",
    "icd10cm": "A code looks like E83.42; its beginning is enough, such as N18.",
    "pmid": "A PubMed number has only digits.",
    "pmcid": "It looks like PMC123456.",
    "doi": "A DOI looks like 10.1000/xyz123.",
    "url": "An address begins with https:// and has no spaces.",
    "dailymed_set_id": "A set id has 32 digits and letters a to f in five groups with hyphens between.",
    "value": "Write a number with digits and a point, such as 400 or 0.62.",
    "code": "A code has letters, digits, points and hyphens only.",
}
_CLOCK: Final = "Write hours and minutes, such as 08:00."
_BY_TYPE: Final = {
    "missing": "Fill this in.",
    "string_too_long": "This is too long: at most {max_length} characters.",
    "date_from_datetime_parsing": "Choose a day.",
    "date_parsing": "Choose a day.",
    "date_type": "Choose a day.",
    "decimal_parsing": "Write a number with a point, such as 2 or 0.5.",
    "decimal_type": "Write a number with a point, such as 2 or 0.5.",
    "decimal_max_places": "At most {decimal_places} digits after the point.",
    "finite_number": "Write a number with a point, such as 2 or 0.5.",
    "int_type": "Write a whole number.",
    "int_parsing": "Write a whole number.",
    "int_from_float": "Write a whole number.",
    "bool_type": "Choose yes or no.",
    "enum": "Choose one.",
    "greater_than": "It must be more than {gt}.",
    "greater_than_equal": "It must be at least {ge}.",
    "less_than": "It must be less than {lt}.",
    "less_than_equal": "It must be at most {le}.",
}
# What models say of several fields together, in an author's words.
_SAID: Final = {
    "name at least one class or substance": "Name at least one class or substance.",
    "an interaction needs an affected or precipitant party, or conditions": (
        "Say who meets whom: an affected or a precipitant side, or a condition."
    ),
    "scope: list takes exactly one party": "“One finding for the whole list” goes with one side only.",
    "variants describe substances of the affected party, and there is none": (
        "Substances can only differ where there is an affected side."
    ),
    "factor ids must differ": "Two modifying factors have the same short name.",
    "where no spacing helps there are no hours": (
        "Where spacing does not help there are no hours: clear them, or choose that it helps."
    ),
    "give magnesium_first_hours or drug_first_hours, or say spacing_helps: false": (
        "Give the hours on at least one side, or choose that spacing does not help."
    ),
    "give at least one of below, at_most, above, at_least": "Write at least one of the two numbers.",
    "a class needs at least one of atc, members, includes": (
        "Say who belongs to it: ATC anchors, members or included classes."
    ),
    "exclusions need an exclusion_reason": "Say why they are excluded.",
    "a citation needs an identifier somebody can open: pmid, pmcid, doi, dailymed_set_id or url": (
        "Give at least one identifier somebody can open: PubMed, DOI, DailyMed or a web address."
    ),
    "a case names its interaction, unless its kind is whole_list": (
        "Name the interaction it is about, or choose “Whole list” and leave the interaction empty."
    ),
    "the verdict rule names its interactions": "The verdict “Rule” needs the interactions that follow from it.",
    "the verdict no_alert names the cases that keep it silent": (
        "The verdict “No alert” needs the worked cases that keep it silent."
    ),
    "give text or at least one code": "Write the text, or add a code.",
    "times_per_day is not the number of times": "The times a day do not fit the times below.",
    "a time of day stands twice: give each once, and what is taken together as one dose": (
        "A time of day stands twice: write each once, and what is taken together as one dose."
    ),
    "least_mg_per_day is above most_mg_per_day": "The least is above the most.",
    "name at least one interaction or decision": "Name at least one interaction or one decision of the plan.",
    "minutes before and after food belong to food: empty_stomach or before_food": (
        "Minutes before and after food go with “Empty stomach” or “Before food”."
    ),
    "say at least one of food, minutes_before_other_medicines, time_of_day, not_after, own_doses_hours": (
        "Say at least one thing about how it is taken: food, time of day, or the distance from other doses."
    ),
}
_EXPRESSION: Final = "an expression has exactly one key"
_CODE_WORD: Final = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b")


def faults_of(shape: Group, error: ValidationError) -> list[FormFault]:
    """The faults that a model finds in a document, beside the fields of its form."""
    found = error.errors(include_url=False, include_input=False)
    places = [one["loc"] for one in found]
    return [
        _fault(shape, one)
        for one in found
        # A list is only too short because its items are wrong.
        if not (one["type"] == "too_short" and any(_is_inside(other, one["loc"]) for other in places))
    ]


def _is_inside(place: Sequence[int | str], around: Sequence[int | str]) -> bool:
    return len(place) > len(around) and tuple(place[: len(around)]) == tuple(around)


def _fault(shape: Group, error: Mapping[str, Any]) -> FormFault:
    found = place_of(shape, error["loc"])
    return FormFault(found.path, found.where + _words(found, error), found.label)


def at_pointer(shape: Group, pointer: str, text: str) -> FormFault:
    """A fault that the gate finds, beside its field; ``pointer`` is a JSON pointer into the record."""
    steps = [int(one) if one.isdecimal() else one for one in pointer.split("/") if one]
    found = place_of(shape, steps)
    return FormFault(found.path, found.where + in_words(text), found.label)


class Found(NamedTuple):
    """The field that is nearest to a place of a document."""

    path: str
    shape: Shape
    name: str  # of the field of the model
    where: str  # which line of it, in words
    label: str


def place_of(shape: Shape, steps: Iterable[int | str]) -> Found:
    """The field at a place; where the form has none, the nearest around it."""
    path, name, item, label = "", "", "", ""
    for step in steps:
        inner, at = _below(shape, path, step)
        if inner is None:
            break
        if isinstance(shape, Group | Either):
            label = _label(shape, str(step))
        elif isinstance(shape, Parts) and isinstance(step, int):
            item = label = f"{capital(form_words.item(name))} {step + 1}"
        if isinstance(shape, Lines | Picks) and isinstance(step, int):
            number = f"Line {step + 1}: " if isinstance(shape, Lines) else ""
            return Found(path, inner, name, number, _joined(item, label))
        if not isinstance(step, int) and not isinstance(shape, Pairs):
            name = str(step)
        shape, path = inner, at
    return Found(path, shape, name, "", _joined(item, label))


def _joined(item: str, label: str) -> str:
    return label if not item or item == label else f"{item}, {label}"


def _label(shape: Group | Either, name: str) -> str:
    fields = shape.fields if isinstance(shape, Group) else ()
    field = next((one for one in fields if one.name == name), None)
    return form_words.FACTS.get(name, "") if field is None else form_words.label(field)


def _below(shape: Shape, path: str, step: int | str) -> tuple[Shape | None, str]:
    if isinstance(shape, Group):
        return _named(shape.fields, str(step)), below(path, step)
    if isinstance(shape, Either):
        return _named(shape.choices.values(), str(step)), below(path, step)
    if isinstance(shape, Limits):
        side = "lower" if step in {"at_least", "above"} else "upper"
        return Leaf(LeafKind.NUMBER), below(path, side)
    if isinstance(shape, Lines | Picks | Parts) and isinstance(step, int):
        return shape.item, below(path, step)
    return None, path


def _named(fields: Iterable[Field], name: str) -> Shape | None:
    return next((field.shape for field in fields if field.name == name or field.name == name.removesuffix("_")), None)


def _words(found: Found, error: Mapping[str, Any]) -> str:  # noqa: PLR0911 - one for each kind of fault
    kind, context = error["type"], error.get("ctx") or {}
    leaf = found.shape if isinstance(found.shape, Leaf) else None
    if kind == "missing" and isinstance(found.shape, Parts | Picks):
        return f"Add at least one {form_words.item(found.name)}."
    if kind == "missing" and leaf is not None and leaf.kind in {LeafKind.CHOICE, LeafKind.YES_NO}:
        return "Choose one."
    if kind == "too_short":
        return f"Add at least {_many(context.get('min_length', 1))} {form_words.item(found.name)}."
    if kind == "too_long":
        return f"There may be at most {context.get('max_length')}."
    if kind == "string_too_short":
        least = context.get("min_length", 1)
        return "Fill this in." if least <= 1 else f"Write at least {least} characters."
    if kind == "string_pattern_mismatch":
        if leaf is not None and leaf.kind is LeafKind.CLOCK:
            return _CLOCK
        if leaf is not None and leaf.kind is LeafKind.REFERENCE:
            return f"Choose a {KINDS[leaf.target][0]} from the list, or write its identifier."
        return _PATTERNS.get(found.name, "This is not written as it has to be.")
    if kind in _BY_TYPE:
        return _BY_TYPE[kind].format(**context)
    return in_words(str(error["msg"]).removeprefix("Value error, "))


def _many(number: int) -> str:
    return {1: "one", 2: "two"}.get(number, str(number))


def in_words(text: str) -> str:
    """What a model or the gate says, with names of fields and terms as forms show them."""
    if text.endswith("medication ids must differ"):
        return "Another medication has this short name already."
    if text.startswith(_EXPRESSION):
        return "Choose what it is about."
    told = _SAID.get(text)
    if told is not None:
        return told
    told = _CODE_WORD.sub(lambda match: f"“{field_words(match.group())}”", text)
    told = told[:1].upper() + told[1:]
    return told if told.endswith((".", "!", "?")) else f"{told}."
