"""What differs between two rule sets: which records, and where in them. It compares content and judges nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rules.canonical import content, records_of
from rules.terms import RecordChange, RecordStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.documents import Record
    from rules.model import RuleSet


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One place of a record, as a JSON pointer, with what was there and what is; None: nothing."""

    pointer: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class RecordDifference:
    """One record that differs, and where."""

    kind: str
    record_id: str
    change: RecordChange
    fields: tuple[FieldChange, ...]


def differences(before: RuleSet, after: RuleSet) -> list[RecordDifference]:
    """All records that differ, by kind and id."""
    old, new = records_of(before), records_of(after)
    return [
        record_difference(kind, record_id, old.get((kind, record_id)), new.get((kind, record_id)))
        for kind, record_id in sorted(old.keys() | new.keys())
        if old.get((kind, record_id)) != new.get((kind, record_id))
    ]


def record_difference(kind: str, record_id: str, before: Record | None, after: Record | None) -> RecordDifference:
    """How one record differs; of one that is new or gone, every field does."""
    old = {} if before is None else content(before)
    new = {} if after is None else content(after)
    return RecordDifference(kind, record_id, _change(before, after), tuple(_fields("", old, new)))


def _change(before: Record | None, after: Record | None) -> RecordChange:
    if before is None:
        return RecordChange.CREATED
    if after is None:
        return RecordChange.REMOVED
    if after.status is RecordStatus.WITHDRAWN and before.status is not RecordStatus.WITHDRAWN:
        return RecordChange.WITHDRAWN
    return RecordChange.REVISED


def _fields(pointer: str, old: Any, new: Any) -> Iterator[FieldChange]:  # noqa: ANN401 - any JSON value
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            escaped = key.replace("~", "~0").replace("/", "~1")
            yield from _fields(f"{pointer}/{escaped}", old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _fields(f"{pointer}/{index}", one, other)
    else:
        yield FieldChange(pointer, old, new)
