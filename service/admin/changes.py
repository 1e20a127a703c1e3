"""Tells in clinical words how a record differs from what it was: severity moderate → major, window 2 h/6 h → 4 h/6 h.

It compares two documents field by field and says every difference; which of them matter is for the reader to judge.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from pydantic import BaseModel

from rules.documents import Bounds, Expression, Party, Record, Reference
from rules.model import Separation
from rules.references import REFERENCES
from rules.terms import Severity
from service.admin import words
from service.admin.reading import Reader, window_of
from service.admin.time_axis import sentence
from service.markup import Html, joined, tag

# What people look at first, in this order; everything else follows in the order of the form.
_FIRST: Final = ("status", "severity", "operational_class", "direction", "onset", "management", "seriousness")
# Told as a whole: a part of a sentence about when something applies says nothing by itself.
_WHOLE: Final = (Expression, Bounds, Party)
# A text of more letters is compared word by word.
_LONG: Final = 60
_SHORT: Final = 40
_FEW_WORDS: Final = 4
_MOST_IN_HEADLINE: Final = 4
# Where sources stand at the head of a record.
_OF_SOURCES: Final = frozenset({"Citations", "Evidence: citations"})
# Fields by which one entry of a list is known again.
_NAMED_BY: Final = ("id", "citation", "interaction", "substances", "classes", "name", "code")


@dataclass(frozen=True, slots=True)
class Row:
    """One difference: its label, both sides (None: nothing there) or one text with its changes, and it in short."""

    label: str
    before: Html | None
    after: Html | None
    short: str
    text: Html | None = None


class Comparison:
    """Compares records, and names what they refer to as ``reader`` knows it."""

    def __init__(self, reader: Reader) -> None:
        """``reader`` writes values, ``title`` names the records that lists refer to."""
        self._reader = reader

    def rows(self, before: Record, after: Record) -> list[Row]:
        """Every difference of two versions of a record."""
        names = list(type(after).model_fields)
        first = [name for name in _FIRST if name in names]
        ordered = [*first, *(name for name in names if name not in first)]
        return [
            row
            for name in ordered
            for row in self._compared(words.field(name), name, getattr(before, name), getattr(after, name))
        ]

    def _compared(self, label: str, name: str, old: Any, new: Any) -> Iterator[Row]:  # noqa: ANN401 - any part
        if old == new:
            return
        if _nothing(old) or _nothing(new):
            yield self._both(label, name, old, new)
        elif isinstance(old, Separation) and isinstance(new, Separation):
            yield from self._separation(label, old, new)
        elif isinstance(old, _WHOLE) or not isinstance(old, BaseModel | tuple | Mapping):
            yield self._both(label, name, old, new)
        elif isinstance(old, tuple):
            yield from self._several(label, name, old, new)
        elif isinstance(old, BaseModel):
            for field in type(new).model_fields:
                inner = f"{label}: {words.field(field).lower()}"
                yield from self._compared(inner, field, getattr(old, field, None), getattr(new, field))
        else:
            for key in sorted({*old, *new}, key=str):
                yield from self._compared(f"{label}: {words.term(key)}", name, old.get(key), new.get(key))

    def _both(self, label: str, name: str, old: Any, new: Any) -> Row:  # noqa: ANN401
        before = None if _nothing(old) else self._value(name, old)
        after = None if _nothing(new) else self._value(name, new)
        plain = name not in REFERENCES and isinstance(old, str) and isinstance(new, str)
        if plain and not isinstance(old, Enum) and max(len(old), len(new)) > _LONG:
            return Row(label, before, after, f"{label.lower()} reworded", text=reworded(old, new))
        return Row(label, before, after, _in_short(label, old, new))

    def _value(self, name: str, value: Any) -> Html:  # noqa: ANN401
        if isinstance(value, Severity):
            return tag("span", words.short_term(value), class_=f"tag sev sev-{value.value}")
        return self._reader.value(name, value)

    def _separation(self, label: str, old: Separation, new: Separation) -> Iterator[Row]:
        hours = [(one.drug_first_hours, one.magnesium_first_hours, one.spacing_helps) for one in (old, new)]
        if hours[0] != hours[1]:
            before, after = (joined(sentence(window_of("", one))) for one in (old, new))
            yield Row("Window", before, after, f"window {_window(old)} → {_window(new)}")
        for field in ("text", "disagreement"):
            inner = f"{label}: {words.field(field).lower()}"
            yield from self._compared(inner, field, getattr(old, field), getattr(new, field))

    def _several(self, label: str, name: str, old: tuple[Any, ...], new: tuple[Any, ...]) -> Iterator[Row]:
        keys = _keys(old), _keys(new)
        if keys[0] is not None and keys[1] is not None:
            yield from self._by_key(
                label, name, dict(zip(keys[0], old, strict=True)), dict(zip(keys[1], new, strict=True))
            )
            return
        gone, come = [one for one in old if one not in new], [one for one in new if one not in old]
        if gone and len(gone) == len(come) and all(isinstance(one, BaseModel) for one in (*gone, *come)):
            for one, other in zip(gone, come, strict=True):
                yield from self._compared(f"{label} {new.index(other) + 1}", name, one, other)
            return
        yield from self._come_and_gone(label, name, gone, come)

    def _by_key(self, label: str, name: str, old: Mapping[Hashable, Any], new: Mapping[Hashable, Any]) -> Iterator[Row]:
        gone = [one for key, one in old.items() if key not in new]
        come = [one for key, one in new.items() if key not in old]
        for key, one in new.items():
            if key in old:
                yield from self._compared(f"{label}: {self._called(one, key)}", name, old[key], one)
        if gone or come or list(old) != list(new):
            yield from self._come_and_gone(label, name, gone, come)

    def _come_and_gone(self, label: str, name: str, gone: Sequence[Any], come: Sequence[Any]) -> Iterator[Row]:
        if isinstance((*gone, *come, None)[0], Reference):
            label = "Sources" if label in _OF_SOURCES else f"{label.removesuffix(': citations')}: sources"
        if gone:
            yield Row(f"{label}: removed", self._value(name, tuple(gone)), None, _told(label, gone, "removed", "from"))
        if come:
            yield Row(f"{label}: added", None, self._value(name, tuple(come)), _told(label, come, "added", "to"))
        if not gone and not come:
            yield Row(label, None, None, f"order of {label.lower()} changed", text=joined("In another order."))

    def _called(self, one: Any, key: Hashable) -> str:  # noqa: ANN401
        if isinstance(one, Reference):
            return self._reader.title("citations", one.citation)
        names = key if isinstance(key, tuple) else (key,)
        field = next(field for field in _NAMED_BY if getattr(one, field, None))
        kind = REFERENCES.get(field)
        return ", ".join(str(name) if kind is None else self._reader.title(kind, str(name)) for name in names)


def headline(rows: Sequence[Row]) -> str:
    """The differences of a record in one line."""
    told = list(dict.fromkeys(row.short for row in rows))
    more = len(told) - _MOST_IN_HEADLINE
    line = "; ".join(told[:_MOST_IN_HEADLINE]) + (f"; {more} more" if more > 0 else "")
    return words.capital(line)


def reworded(old: str, new: str) -> Html:
    """A text with the words that went and those that came."""
    before, after = (re.findall(r"\s+|[^\s]+", text) for text in (old, new))
    parts: list[Html] = []
    for kind, i, j, k, m in difflib.SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes():
        if kind == "equal":
            parts.append(joined("".join(before[i:j])))
            continue
        if i < j:
            parts.append(tag("del", "".join(before[i:j])))
        if k < m:
            parts.append(tag("ins", "".join(after[k:m])))
    return tag("span", parts, class_="reworded")


def _window(one: Separation) -> str:
    if not one.spacing_helps:
        return "none is enough"
    sides = (
        "?" if hours is None else f"{words.number(hours)} h"
        for hours in (one.drug_first_hours, one.magnesium_first_hours)
    )
    return "/".join(sides)


def _told(label: str, some: Sequence[Any], done: str, where: str) -> str:
    """What came or went, named where it is short."""
    name = label.lower()
    if len(some) > 1:
        return f"{len(some)} {done} {where} {name}"
    if isinstance(some[0], Reference):
        return f"{name.removesuffix('s')} {done}"
    plain = _plain(some[0])
    return f"{name}: {done} {plain}" if plain else f"{name}: one {done}"


def _in_short(label: str, old: Any, new: Any) -> str:  # noqa: ANN401
    name = label.lower()
    if _nothing(old):
        return f"{name} added"
    if _nothing(new):
        return f"{name} removed"
    told = _plain(old), _plain(new)
    if None in told:
        return f"{name} {'reworded' if isinstance(old, str) else 'changed'}"
    return f"{name} {told[0]} → {told[1]}"


def _plain(value: Any) -> str | None:  # noqa: ANN401
    """A value in a few words; None: it has too many."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return words.short_term(value) if len(str(value.value)) == 1 else words.short_term(value).lower()
    if isinstance(value, Decimal | int):
        return words.number(value)
    if isinstance(value, date):
        return words.day(value)
    short = isinstance(value, str) and len(value) <= _SHORT and len(value.split()) <= _FEW_WORDS
    return value if short else None


def _nothing(value: Any) -> bool:  # noqa: ANN401
    return value is None or value in ((), {})


def _keys(values: tuple[Any, ...]) -> list[Hashable] | None:
    """What each entry of a list is known by; None: not each by something of its own."""
    if not all(isinstance(one, BaseModel) for one in values):
        return None
    found: list[Hashable] = []
    for one in values:
        key = next((key for field in _NAMED_BY if (key := getattr(one, field, None))), None)
        if key is None or not isinstance(key, str | tuple) or key in found:
            return None
        found.append(key)
    return found
