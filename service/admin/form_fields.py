"""The fields of a form for any kind of record, derived from the record's own model.

It says of what shape everything is that can be filled in; what is filled in is the matter of `form_filling`. A model
with a kind of field that no form has is an error at once, not a field that is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum, StrEnum, auto
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, TypeAlias, Union, get_args, get_origin

from annotated_types import GroupedMetadata
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from typing_extensions import TypeAliasType

from rules.canonical import decimal_text
from rules.documents import Bounds, Expression
from rules.model import RECORD_TYPES
from rules.profile import ClockTime, Question
from rules.references import REFERENCES

_SHORT: Final = 200  # letters; what may be longer gets room to be written in


class LeafKind(StrEnum):
    """What is written into a field."""

    LINE = auto()
    TEXT = auto()
    NUMBER = auto()
    WHOLE = auto()
    DAY = auto()
    CLOCK = auto()
    CHOICE = auto()
    YES_NO = auto()
    REFERENCE = auto()


@dataclass(frozen=True, slots=True)
class Leaf:
    """A single field."""

    kind: LeafKind
    options: tuple[str, ...] = ()  # the terms of a choice
    target: str = ""  # the kind of record that is referred to
    longest: int | None = None
    free: bool = True  # any text, not one of a pattern


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that belong together."""

    model: type[BaseModel]

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields, in the order of the model."""
        return _fields_of_model(self.model)


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a number begins and ends."""

    model: type[BaseModel] = Bounds


@dataclass(frozen=True, slots=True)
class Either:
    """One of several kinds of fact: an expression, which may hold others."""

    model: type[BaseModel] = Expression

    @property
    def choices(self) -> Mapping[str, Field]:
        """What it may be about, by its key."""
        return {field.name: field for field in _fields_of_model(self.model)}


@dataclass(frozen=True, slots=True)
class Lines:
    """Short texts, each on a line of its own."""

    item: Leaf


@dataclass(frozen=True, slots=True)
class Picks:
    """Terms or records that are picked one after the other."""

    item: Leaf


@dataclass(frozen=True, slots=True)
class Parts:
    """Items with fields of their own, or long texts."""

    item: Shape


@dataclass(frozen=True, slots=True)
class Pairs:
    """Values under keys that are typed."""

    key: Leaf
    value: Shape


Shape: TypeAlias = "Leaf | Group | Limits | Either | Lines | Picks | Parts | Pairs"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a group: its name in the document, and whether it may be left out."""

    name: str
    shape: Shape
    required: bool
    optional: bool  # being left out is something else than being empty
    default: Any  # as in a document; None: nothing
    model: type[BaseModel]


@cache
def shape_of(kind: str) -> Group:
    """The form of a kind of record."""
    return Group(RECORD_TYPES[kind])


@cache
def _fields_of_model(model: type[BaseModel]) -> tuple[Field, ...]:
    found = []
    for name, about in model.model_fields.items():
        annotation, optional = _without_none(about.annotation)
        shape = _shape(annotation, _facets(about.metadata), name, model)
        default = None if about.is_required() else plain(about.get_default(call_default_factory=True))
        found.append(Field(about.alias or name, shape, about.is_required(), optional, default, model))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Facets:
    """What the annotations of a text say."""

    longest: int | None = None
    pattern: str | None = None


def _facets(metadata: Iterable[Any]) -> _Facets:
    longest, pattern = None, None
    for one in metadata:
        for part in one if isinstance(one, GroupedMetadata) else (one,):
            longest = getattr(part, "max_length", longest)
            pattern = getattr(part, "pattern", pattern)
        if isinstance(one, FieldInfo):
            inner = _facets(one.metadata)
            longest, pattern = inner.longest or longest, inner.pattern or pattern
    return _Facets(longest, pattern)


def _without_none(annotation: Any) -> tuple[Any, bool]:  # noqa: ANN401 - any annotation
    if get_origin(annotation) in {Union, UnionType}:
        [one] = [part for part in get_args(annotation) if part is not NoneType]
        return one, True
    return annotation, False


_CLOCK_PATTERN: Final = _facets(get_args(ClockTime)[1:]).pattern


def _shape(annotation: Any, facets: _Facets, name: str, model: type[BaseModel]) -> Shape:  # noqa: ANN401
    """The shape of a value.

    Raises:
        TypeError: no form is known for such a value; a model with a new kind of field needs one.
    """
    if isinstance(annotation, TypeAliasType):
        annotation = annotation.__value__
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        return _shape(_without_none(inner)[0], _facets(metadata), name, model)
    if get_origin(annotation) is tuple:
        return _several(_shape(get_args(annotation)[0], _Facets(), name, model))
    if get_origin(annotation) is dict:
        key, value = (_shape(one, _Facets(), name, model) for one in get_args(annotation))
        if isinstance(key, Leaf):
            return Pairs(key, value)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _MODELS.get(annotation) or Group(annotation)
    leaf = _leaf(annotation, facets, name, model)
    if leaf is None:
        raise TypeError(f"{model.__name__}.{name} has a type for which there is no field of a form: {annotation}")
    return leaf


_MODELS: Final[dict[type[BaseModel], Shape]] = {Bounds: Limits(), Expression: Either()}
_KINDS: Final[dict[type, LeafKind]] = {
    bool: LeafKind.YES_NO,
    int: LeafKind.WHOLE,
    Decimal: LeafKind.NUMBER,
    date: LeafKind.DAY,
}


def _leaf(annotation: Any, facets: _Facets, name: str, model: type[BaseModel]) -> Leaf | None:  # noqa: ANN401
    if annotation in _KINDS:
        return Leaf(_KINDS[annotation])
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return Leaf(LeafKind.CHOICE, options=tuple(str(one.value) for one in annotation))
    if annotation is not str:
        return None
    # A question names nothing by id: what it says is recognised, as everywhere else.
    if name in REFERENCES and not issubclass(model, Question):
        return Leaf(LeafKind.REFERENCE, target=REFERENCES[name])
    if facets.pattern is not None:
        clock = facets.pattern == _CLOCK_PATTERN
        return Leaf(LeafKind.CLOCK if clock else LeafKind.LINE, longest=facets.longest, free=False)
    long = facets.longest is not None and facets.longest > _SHORT
    return Leaf(LeafKind.TEXT if long else LeafKind.LINE, longest=facets.longest)


def _several(item: Shape) -> Shape:
    if isinstance(item, Leaf):
        if item.kind in {LeafKind.REFERENCE, LeafKind.CHOICE}:
            return Picks(item)
        if item.kind is not LeafKind.TEXT:
            return Lines(item)
    return Parts(item)


def plain(value: Any) -> Any:  # noqa: ANN401 - any part of a record
    """A value of a model as a document has it."""
    if value is PydanticUndefined:
        return None
    if isinstance(value, BaseModel):
        given = {about.alias or name: plain(getattr(value, name)) for name, about in type(value).model_fields.items()}
        return {name: one for name, one in given.items() if one is not None}
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    if isinstance(value, Decimal):
        return decimal_text(value)
    return value.value if isinstance(value, Enum) else value
