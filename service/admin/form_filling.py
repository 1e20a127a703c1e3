"""What is filled in a form: made from a document and read back, written as the fields of a form and read back.

It is a tree of texts, as somebody typed them, good or not. Both ways and both ways back lose nothing, so a record that
is shown in a form and saved is the same record. It does not decide whether what is filled in is right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from service.admin.form_fields import (
    Either,
    Field,
    Group,
    Leaf,
    LeafKind,
    Limits,
    Lines,
    Pairs,
    Parts,
    Picks,
    Shape,
)

# A text as typed; the fields of a part by their names; the items of a list; None: a part that is not there.
Filled: TypeAlias = "str | dict[str, Filled] | list[Filled] | None"
# The fields of a form, in order, as a browser sends them: a name may stand several times.
Fields = Sequence[tuple[str, str]]

MOST_ITEMS: Final = 1000
MOST_LEVELS: Final = 24
_COUNT: Final = re.compile(r"[0-9]{1,4}")
_WHOLE: Final = re.compile(r"-?[0-9]{1,15}")
THERE, MANY, MORE = "?", "#", "+"  # after a dot: that a part is there; how many items it has; one item more


# --- from a document to what is filled in -----------------------------------------------------------------------------


def filled_of(shape: Shape, document: Any) -> Filled:  # noqa: ANN401, PLR0911 - any part; one way for each shape
    """What a part of a document fills in; what it does not say is filled in as the model takes it then."""
    if isinstance(shape, Group):
        given = document or {}
        return {field.name: _filled_field(field, given.get(field.name)) for field in shape.fields}
    if isinstance(shape, Limits):
        return _filled_limits(document or {})
    if isinstance(shape, Either):
        for key, value in (document or {}).items():
            return {"is": key, key: filled_of(shape.choices[key].shape, value)}
        return {"is": ""}
    if isinstance(shape, Pairs):
        pairs = (document or {}).items()
        return [{"key": _text(key), "value": filled_of(shape.value, value)} for key, value in pairs]
    if isinstance(shape, Leaf):
        return _text(document)
    return [filled_of(shape.item, one) for one in document or ()]


def _filled_field(field: Field, given: Any) -> Filled:  # noqa: ANN401
    if given is None:
        given = field.default
    if given is None and field.optional and not isinstance(field.shape, Leaf):
        return None
    return filled_of(field.shape, given)


def _filled_limits(bounds: Mapping[str, Any]) -> Filled:
    lower = "above" if "above" in bounds else "at_least"
    upper = "at_most" if "at_most" in bounds else "below"
    return {
        "lower_is": lower,
        "lower": _text(bounds.get(lower)),
        "upper_is": upper,
        "upper": _text(bounds.get(upper)),
    }


def _text(value: Any) -> str:  # noqa: ANN401
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


# --- from what is filled in to a document -----------------------------------------------------------------------------


def document_of(shape: Shape, filled: Filled) -> Any:  # noqa: ANN401, PLR0911 - any part; one way for each shape
    """What is filled in as a document; fields that are left empty are left out of it."""
    if isinstance(shape, Group) and isinstance(filled, dict):
        return _document_of_fields(shape.fields, filled)
    if isinstance(shape, Limits) and isinstance(filled, dict):
        sides = ((_line(filled, f"{side}_is"), _line(filled, side).strip()) for side in ("lower", "upper"))
        return {name: value for name, value in sides if value}
    if isinstance(shape, Either) and isinstance(filled, dict):
        key = _line(filled, "is")
        return {} if key not in shape.choices else {key: document_of(shape.choices[key].shape, filled.get(key))}
    if isinstance(shape, Pairs) and isinstance(filled, list):
        rows = [one for one in filled if isinstance(one, dict)]
        return {_line(row, "key"): document_of(shape.value, row.get("value")) for row in rows}
    if isinstance(shape, Lines | Picks | Parts) and isinstance(filled, list):
        return [document_of(shape.item, one) for one in filled]
    if isinstance(shape, Leaf) and isinstance(filled, str):
        return _value(shape, filled)
    return None


def _document_of_fields(fields: Iterable[Field], filled: Mapping[str, Filled]) -> dict[str, Any]:
    document = {}
    for field in fields:
        given = filled.get(field.name)
        if given is None or (given == "" and isinstance(field.shape, Leaf)):
            continue
        document[field.name] = document_of(field.shape, given)
    return document


def _value(leaf: Leaf, typed: str) -> Any:  # noqa: ANN401
    """What was typed as the model wants it; what is no number, yes or no stays as typed, for the model to refuse."""
    if leaf.kind in {LeafKind.LINE, LeafKind.TEXT}:
        return typed
    typed = typed.strip()
    if leaf.kind is LeafKind.WHOLE and _WHOLE.fullmatch(typed):
        return int(typed)
    if leaf.kind is LeafKind.YES_NO and typed in {"true", "false"}:
        return typed == "true"
    return typed


def _line(filled: Mapping[str, Filled], name: str) -> str:
    value = filled.get(name)
    return value if isinstance(value, str) else ""


# --- from what is filled in to the fields of a form -------------------------------------------------------------------


def below(path: str, step: str | int) -> str:
    """The name of a field inside another."""
    return f"{path}.{step}" if path else str(step)


def fields_of(shape: Shape, filled: Filled, path: str = "") -> Iterator[tuple[str, str]]:
    """The fields of a form with what is filled in, as a browser would send them."""
    if isinstance(shape, Group) and isinstance(filled, dict):
        for field in shape.fields:
            inner, place = filled.get(field.name), below(path, field.name)
            if inner is None:
                continue
            if is_optional(field):
                yield below(place, THERE), "1"
            yield from fields_of(field.shape, inner, place)
    elif isinstance(shape, Limits) and isinstance(filled, dict):
        yield from ((below(path, name), _line(filled, name)) for name in ("lower_is", "lower", "upper_is", "upper"))
    elif isinstance(shape, Either) and isinstance(filled, dict):
        key = _line(filled, "is")
        yield below(path, "is"), key
        if key in shape.choices:
            yield from fields_of(shape.choices[key].shape, filled.get(key), below(path, key))
    elif isinstance(shape, Leaf) and isinstance(filled, str):
        yield path, filled
    elif isinstance(filled, list):
        yield from _fields_of_list(shape, filled, path)


def _fields_of_list(shape: Shape, filled: Sequence[Filled], path: str) -> Iterator[tuple[str, str]]:
    if isinstance(shape, Lines) and fit_on_lines(filled):
        yield path, "\n".join(str(one) for one in filled)
        return
    if isinstance(shape, Picks):
        yield from ((path, str(one)) for one in filled)
        return
    yield below(path, MANY), str(len(filled))
    for number, one in enumerate(filled):
        place = below(path, number)
        if isinstance(shape, Pairs) and isinstance(one, dict):
            yield from fields_of(shape.key, one.get("key"), below(place, "key"))
            yield from fields_of(shape.value, one.get("value"), below(place, "value"))
        elif isinstance(shape, Lines | Parts):
            yield from fields_of(shape.item, one, place)


def is_optional(field: Field) -> bool:
    """Whether a form has to say that a part is there: left out it means something else than left empty."""
    return field.optional and not isinstance(field.shape, Leaf)


def fit_on_lines(filled: Sequence[Filled]) -> bool:
    """Whether texts can be written one on a line and read back as they are."""
    return all(isinstance(one, str) and one.strip() and not re.search(r"[\r\n]", one) for one in filled)


# --- from the fields of a form to what is filled in -------------------------------------------------------------------


def read_fields(shape: Shape, fields: Fields) -> Filled:
    """What a form says; names that it does not have are not looked at."""
    sent: dict[str, list[str]] = {}
    for name, value in fields:
        sent.setdefault(name, []).append(value.replace("\r\n", "\n"))
    return _Sent(sent).read(shape, "", 0)


class _Sent:
    """The fields that were sent, by name."""

    def __init__(self, sent: Mapping[str, list[str]]) -> None:
        self._sent = sent
        # Every name with everything that it stands in, so that it is known at once whether a part was sent.
        self._parts = {name[: dot.start()] for name in sent for dot in re.finditer(r"\.|$", name)}
        self._left = MOST_ITEMS * 4  # items of all lists together: what is sent decides how many are made

    def one(self, path: str) -> str | None:
        found = self._sent.get(path)
        return None if found is None else found[-1]

    def read(self, shape: Shape, path: str, level: int) -> Filled:  # noqa: PLR0911 - one way for each shape
        if level > MOST_LEVELS:
            return None
        if isinstance(shape, Group):
            return {field.name: self._field(field, below(path, field.name), level) for field in shape.fields}
        if isinstance(shape, Limits):
            defaults = {"lower_is": "at_least", "upper_is": "below"}
            names = ("lower_is", "lower", "upper_is", "upper")
            return {name: self.one(below(path, name)) or defaults.get(name, "") for name in names}
        if isinstance(shape, Either):
            return self._either(shape, path, level)
        if isinstance(shape, Pairs):
            return [
                {
                    "key": self.one(below(place, "key")) or "",
                    "value": self.read(shape.value, below(place, "value"), level + 1),
                }
                for place in self._places(path)
            ]
        if isinstance(shape, Leaf):
            return self.one(path) or ""
        if isinstance(shape, Picks):
            picked: list[Filled] = [one for one in self._sent.get(path, ()) if one]
            return picked + [one.strip() for one in self._sent.get(below(path, MORE), ()) if one.strip()]
        if isinstance(shape, Lines) and below(path, MANY) not in self._sent:
            return [line for line in (self.one(path) or "").split("\n") if line.strip()]
        return [self.read(shape.item, place, level + 1) for place in self._places(path)]

    def _field(self, field: Field, path: str, level: int) -> Filled:
        if is_optional(field) and below(path, THERE) not in self._sent:
            return None
        return self.read(field.shape, path, level + 1)

    def _places(self, path: str) -> Iterator[str]:
        written = self.one(below(path, MANY)) or "0"
        many = min(int(written) if _COUNT.fullmatch(written) else 0, MOST_ITEMS, self._left)
        self._left -= many
        return (below(path, number) for number in range(many))

    def _either(self, shape: Either, path: str, level: int) -> Filled:
        """An expression. When another kind of fact was chosen, what stood there goes on as a part of it, if it can."""
        key = self.one(below(path, "is")) or ""
        if key not in shape.choices:
            return {"is": key}
        inner, place = shape.choices[key].shape, below(path, key)
        if isinstance(inner, Lines | Picks | Leaf) or self._has_below(place):
            return {"is": key, key: self.read(inner, place, level + 1)}
        former = [one for one in shape.choices if one != key and self._has_below(below(path, one))]
        if former and isinstance(inner, Parts | Either):
            old = shape.choices[former[0]].shape
            content = self.read(old, below(path, former[0]), level + 1)
            whole: Filled = {"is": former[0], former[0]: content}
            if isinstance(inner, Parts):
                return {"is": key, key: content if isinstance(old, Parts) else [whole]}
            return {"is": key, key: whole}
        return {"is": key, key: blank(inner)}

    def _has_below(self, path: str) -> bool:
        return path in self._parts


def blank(shape: Shape) -> Filled:
    """What a new part has filled in: what the model takes where nothing is said, and one item where one is needed."""
    if isinstance(shape, Parts):
        return [blank(shape.item)]
    if isinstance(shape, Group):
        return {
            field.name: blank(field.shape) if field.required else _filled_field(field, None) for field in shape.fields
        }
    return filled_of(shape, None)
