"""The rule set that a draft makes: its base with the last change of each record. It decides nothing about steps."""

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from rules.canonical import canonical_json, content, in_canonical_order, records_of
from rules.diff import RecordDifference, record_difference
from rules.documents import Record
from rules.faults import allowed_keys, in_words
from rules.model import RECORD_TYPES, RuleSet
from service.application.rule_sets import canonical_of
from service.errors import NotThere, RecordInvalid
from service.storage import rule_sets
from service.storage.session import Store
from service.storage.tables import DraftChangeRow

_MOST_KEPT = 4


@dataclass(frozen=True, slots=True)
class Content:
    """A rule set with its canonical JSON and that one's SHA-256."""

    rule_set: RuleSet
    canonical: bytes
    digest: str

    @classmethod
    def of(cls, rule_set: RuleSet) -> "Content":
        """Work out the digest."""
        canonical = canonical_json(rule_set)
        return cls(rule_set, canonical, hashlib.sha256(canonical).hexdigest())


class Shelf:
    """Published rule sets as documents, the last few kept in memory: they never change."""

    def __init__(self, store: Store) -> None:
        """Nothing is read yet."""
        self._store = store
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, Content] = OrderedDict()

    def get(self, number: int) -> Content:
        """The rule set of this number.

        Raises:
            NotThere: there is none.
            RuleSetDamaged: its bytes are not those that were published.
        """
        with self._lock:
            if number in self._kept:
                self._kept.move_to_end(number)
                return self._kept[number]
        with self._store.reading() as session:
            row = rule_sets.by_number(session, number)
        if row is None:
            raise NotThere("there is no rule set of this number")
        canonical = canonical_of(row)
        found = Content(RuleSet.model_validate_json(canonical), canonical, row.digest)
        with self._lock:
            self._kept[number] = found
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return found


def last_changes(changes: Iterable[DraftChangeRow]) -> dict[tuple[str, str], DraftChangeRow]:
    """The change that counts for each record; records whose changes were undone are left out."""
    last = {(change.kind, change.record_id): change for change in changes}
    return {record: change for record, change in last.items() if change.document is not None}


def applied(base: RuleSet, changes: Mapping[tuple[str, str], DraftChangeRow]) -> RuleSet:
    """The base with these changes."""
    return with_records(base, {place: document_of(change) for place, change in changes.items()})


def with_records(base: RuleSet, records: Mapping[tuple[str, str], Record]) -> RuleSet:
    """A rule set with these records in their places, by kind and id; what they say is not looked at."""
    if not records:
        return base
    by_kind: dict[str, dict[str, Record]] = {}
    for (kind, record_id), record in sorted(records.items(), key=lambda one: one[0]):
        of_kind = by_kind.setdefault(kind, {record.id: record for record in getattr(base, kind)})
        of_kind[record_id] = record
    update = {kind: tuple(of_kind.values()) for kind, of_kind in by_kind.items()}
    return in_canonical_order(base.model_copy(update=update))


def own_differences(base: RuleSet, changes: Mapping[tuple[str, str], DraftChangeRow]) -> list[RecordDifference]:
    """What a draft changes, compared with its base, by kind and id."""
    found = []
    for place, change in sorted(changes.items()):
        before, after = find(base, *place), document_of(change)
        if before != after:
            found.append(record_difference(*place, before, after))
    return found


def document_of(change: DraftChangeRow) -> Record:
    """The record that a change puts in place; a change that was undone has none."""
    return RECORD_TYPES[change.kind].model_validate_json(change.document or "")


def require_kind(kind: str) -> None:
    """Refuse what is no kind of record.

    Raises:
        NotThere: there is no such kind.
    """
    if kind not in RECORD_TYPES:
        raise NotThere(f"there is no such kind of record; there are: {', '.join(RECORD_TYPES)}")


def read_record(kind: str, record_id: str, written: object) -> Record:
    """A record from plain JSON values.

    Raises:
        NotThere: there is no such kind of record.
        RecordInvalid: it does not fit its form, or has another id.
    """
    require_kind(kind)
    try:
        record = RECORD_TYPES[kind].model_validate_json(json.dumps(written))
    except ValidationError as error:
        raise RecordInvalid(
            [_problem(RECORD_TYPES[kind], fault) for fault in error.errors(include_url=False, include_input=False)]
        ) from None
    if record.id != record_id:
        raise RecordInvalid([("/id", f"must be {record_id}, as in the address")])
    return record


def find(rule_set: RuleSet, kind: str, record_id: str) -> Record | None:
    """One record of a rule set."""
    return next((record for record in getattr(rule_set, kind) if record.id == record_id), None)


def written(record: Record) -> str:
    """A record as it is kept: its canonical JSON."""
    return canonical_json(record).decode()


def moved(old: RuleSet, new: RuleSet, records: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those of these records that differ between two rule sets."""
    before, after = records_of(old), records_of(new)
    return [record for record in records if before.get(record) != after.get(record)]


def plain(record: Record) -> dict[str, Any]:
    """A record as plain JSON values."""
    return content(record)


def _problem(model: type[Record], fault: Mapping[str, Any]) -> tuple[str, str]:
    """A place and what is wrong there; an unknown key may be anything, so its fault is at the object around it."""
    steps, detail = fault["loc"], in_words(fault)
    if fault["type"] == "extra_forbidden":
        steps = steps[:-1]
        detail = f"has a key that is not allowed here; allowed: {', '.join(allowed_keys(model, steps))}"
    return "".join(f"/{step}" for step in steps), detail
