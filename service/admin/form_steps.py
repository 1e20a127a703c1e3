"""What a button of a form does to what is filled in: an item more or less, one place up or down, a part there or not.

The page is made anew from the result, so a form works the same with and without scripts. What a button names that is
not there does nothing.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from service.admin.form_fields import Either, Field, Group, Lines, Pairs, Parts, Picks, Shape
from service.admin.form_filling import MOST_ITEMS, Filled, below, blank, is_optional

ADD, REMOVE, UP, DOWN, GIVE, DROP = "add", "remove", "up", "down", "give", "drop"
STEPS: Final = frozenset({ADD, REMOVE, UP, DOWN, GIVE, DROP})


class Step(NamedTuple):
    """What a button does, and to which part."""

    action: str
    path: str

    @classmethod
    def of(cls, written: str) -> Step | None:
        """The step that the value of a button says; None: it is none."""
        action, _, path = written.partition(":")
        return cls(action, path) if action in STEPS and path else None


def take(shape: Group, filled: Filled, step: Step) -> str | None:  # noqa: PLR0911 - one for each kind of step
    """Take the step in what is filled in; the path of the part where somebody goes on afterwards, or None."""
    above, _, last = step.path.rpartition(".")
    if step.action == ADD:
        return _add(shape, filled, step.path)
    place = _at(shape, filled, above)
    if place is None:
        return None
    if step.action in {GIVE, DROP}:
        return _there(place, last, step)
    if not isinstance(place.filled, list) or not last.isdecimal() or int(last) >= len(place.filled):
        return None
    items, number = place.filled, int(last)
    if step.action == REMOVE:
        del items[number]
        return above
    other = number - 1 if step.action == UP else number + 1
    if 0 <= other < len(items):
        items[number], items[other] = items[other], items[number]
        return below(above, other)
    return step.path


class _Place(NamedTuple):
    shape: Shape
    filled: Filled


def _at(shape: Shape, filled: Filled, path: str) -> _Place | None:
    """The part at a path."""
    for name in path.split(".") if path else ():
        inner: Shape | None = None
        if isinstance(shape, Group):
            inner = next((field.shape for field in shape.fields if field.name == name), None)
        elif isinstance(shape, Either) and name in shape.choices:
            inner = shape.choices[name].shape
        elif isinstance(shape, Pairs) and name == "value":
            inner = shape.value
        if isinstance(filled, list) and isinstance(shape, Lines | Picks | Parts | Pairs):
            if not name.isdecimal() or int(name) >= len(filled):
                return None
            # An item of a list of pairs is a pair, whose value has a shape of its own.
            shape, filled = (shape if isinstance(shape, Pairs) else shape.item), filled[int(name)]
            continue
        if inner is None or not isinstance(filled, dict) or name not in filled:
            return None
        shape, filled = inner, filled[name]
    return _Place(shape, filled)


def _add(shape: Group, filled: Filled, path: str) -> str | None:
    place = _at(shape, filled, path)
    if place is None or not isinstance(place.filled, list) or len(place.filled) >= MOST_ITEMS:
        return None
    if isinstance(place.shape, Picks):  # what was typed beside the button has been read as an item already
        return below(path, "+")
    if isinstance(place.shape, Pairs):
        place.filled.append({"key": "", "value": blank(place.shape.value)})
    elif isinstance(place.shape, Parts | Lines):
        place.filled.append(blank(place.shape.item))
    return below(path, len(place.filled) - 1)


def _there(place: _Place, name: str, step: Step) -> str | None:
    if not isinstance(place.shape, Group) or not isinstance(place.filled, dict):
        return None
    field: Field | None = next((one for one in place.shape.fields if one.name == name), None)
    if field is None or not is_optional(field):
        return None
    place.filled[name] = blank(field.shape) if step.action == GIVE else None
    return step.path
