"""What forms of a draft refer to: every record as the draft has it, by the names that people type.

It answers what is called what, and never guesses: a name that belongs to two records belongs to none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rules.documents import Record
from service.admin.form_fields import Either, Group, Leaf, LeafKind, Lines, Pairs, Parts, Picks, Shape
from service.admin.form_filling import Filled
from service.application.record_search import Place, folded, title_of


class DraftRecords:
    """The records of one draft."""

    def __init__(self, records: Mapping[Place, Record]) -> None:
        """``records`` are all of them, by their places."""
        self.records = records
        self._named: dict[str, dict[str, str | None]] = {}

    def title(self, kind: str, record_id: str) -> str | None:
        """What a record is called; None: there is none."""
        record = self.records.get((kind, record_id))
        return None if record is None else title_of(record)

    def id_for(self, kind: str, typed: str) -> str:
        """The id of the record that somebody named by its id or by one of its names; as typed, where there is none."""
        if (kind, typed) in self.records:
            return typed
        if kind not in self._named:
            self._named[kind] = self._names(kind)
        return self._named[kind].get(folded(typed)) or typed

    def _names(self, kind: str) -> dict[str, str | None]:
        found: dict[str, str | None] = {}
        for (of, record_id), record in self.records.items():
            if of == kind:
                for name in {folded(one) for one in names_of(record)}:
                    found[name] = None if found.get(name, record_id) != record_id else record_id
        return found

    def resolved(self, shape: Shape, filled: Filled) -> Filled:
        """What is filled in, with ids where names of records were typed."""
        if isinstance(shape, Leaf):
            refers = shape.kind is LeafKind.REFERENCE and isinstance(filled, str) and filled.strip()
            return self.id_for(shape.target, filled.strip()) if refers and isinstance(filled, str) else filled
        if isinstance(filled, dict):
            inner = dict(_shapes_in(shape))
            return {name: self.resolved(inner[name], one) if name in inner else one for name, one in filled.items()}
        if isinstance(filled, list):
            if isinstance(shape, Pairs):
                return [
                    {**one, "value": self.resolved(shape.value, one.get("value"))} if isinstance(one, dict) else one
                    for one in filled
                ]
            if isinstance(shape, Lines | Picks | Parts):
                return [self.resolved(shape.item, one) for one in filled]
        return filled


def _shapes_in(shape: Shape) -> Iterator[tuple[str, Shape]]:
    fields = shape.fields if isinstance(shape, Group) else shape.choices.values() if isinstance(shape, Either) else ()
    return ((field.name, field.shape) for field in fields)


def names_of(record: Record) -> Iterator[str]:
    """Every name that people know a record by."""
    yield title_of(record)
    for field in ("synonyms", "brands"):
        yield from getattr(record, field, ())
