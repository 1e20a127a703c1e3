"""Finds records of a rule set by their words and by what they are about, and tells which records lead to which.

Built once for each rule set, in memory. It ranks by where a word stands and never guesses what somebody meant.
"""

from __future__ import annotations

import threading
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final

from pydantic import BaseModel

from rules.canonical import records_of
from rules.compiled import CompiledRuleSet
from rules.documents import Record
from rules.model import RECORD_TYPES, Case, Interaction
from rules.references import references_of
from rules.terms import Direction, EvidenceGrade, RecordStatus, Severity
from rules.verify import failures_of
from service.application.checks import RuleSetSource

Place = tuple[str, str]  # a kind of record and an id of it

# In which order kinds are shown: what is decided first, what it rests on later.
KINDS: Final[tuple[str, ...]] = (
    "interactions",
    *(kind for kind in RECORD_TYPES if kind not in {"interactions", "cases", "citations"}),
    "citations",
    "cases",
)
_ORDER: Final = {kind: number for number, kind in enumerate(KINDS)}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for; what is None or empty does not matter to them."""

    text: str = ""
    kind: str | None = None
    class_id: str | None = None
    substance_id: str | None = None
    direction: Direction | None = None
    severity: Severity | None = None
    grade: EvidenceGrade | None = None
    status: RecordStatus | None = None
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class LibraryEntry:
    """A record with what a search looks at."""

    kind: str
    record: Record
    title: str
    heading: str  # the id and the title, and the medicines that meet in an interaction; folded
    text: str  # every word of it, folded
    classes: frozenset[str]
    substances: frozenset[str]
    due: date  # when its review is due

    @property
    def place(self) -> Place:
        """Where it is."""
        return self.kind, self.record.id


@dataclass(frozen=True, slots=True)
class Results:
    """What was found, best first, and how many there would be of each kind."""

    entries: Sequence[LibraryEntry]
    by_kind: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CaseState:
    """A worked case of an interaction, and in what it does not hold; a withdrawn one is not run."""

    case: Case
    failures: tuple[str, ...]


class Library:
    """All records of one rule set, ready to be looked for."""

    def __init__(self, compiled: CompiledRuleSet) -> None:
        """Read every record once."""
        self.compiled = compiled
        self._records = records_of(compiled.rule_set)
        self._used_in: dict[Place, list[Place]] = {}
        self._uses: dict[Place, frozenset[Place]] = {}
        for place, record in self._records.items():
            uses = frozenset((kind, name) for kind, name, _ in references_of(record))
            self._uses[place] = uses
            for one in uses:
                self._used_in.setdefault(one, []).append(place)
        concerned = {
            record.id: self._concerned(record) for record in self._records.values() if isinstance(record, Interaction)
        }
        entries = [self._entry(place, record, concerned) for place, record in self._records.items()]
        self.entries: tuple[LibraryEntry, ...] = tuple(sorted(entries, key=_in_order))
        self._by_place = {entry.place: entry for entry in self.entries}
        self._cases: dict[str, list[Case]] = {}
        for case in compiled.rule_set.cases:
            if case.interaction is not None:
                self._cases.setdefault(case.interaction, []).append(case)

    def get(self, place: Place) -> LibraryEntry | None:
        """The record at a place."""
        return self._by_place.get(place)

    def used_in(self, place: Place) -> list[LibraryEntry]:
        """The records that name this one."""
        return sorted((self._by_place[one] for one in self._used_in.get(place, ())), key=_in_order)

    def cases_of(self, interaction_id: str) -> list[CaseState]:
        """The worked cases of an interaction, each run now."""
        found = sorted(self._cases.get(interaction_id, ()), key=lambda case: (case.kind, case.id))
        return [
            CaseState(case, failures_of(self.compiled, case) if case.status is RecordStatus.ACTIVE else ())
            for case in found
        ]

    def overdue(self, today: date) -> list[LibraryEntry]:
        """The active records whose review is overdue, the longest overdue first."""
        found = [entry for entry in self.entries if _is_overdue(entry, today)]
        return sorted(found, key=lambda entry: (entry.due, _in_order(entry)))

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """How many records there are of each kind, in the order they are shown."""
        counted = Counter(entry.kind for entry in self.entries)
        return {kind: counted[kind] for kind in KINDS}

    def find(self, wanted: Wanted, today: date) -> Results:
        """The records that have every word of the text somewhere and are about all that is wanted."""
        words = folded(wanted.text).split()
        found = [
            entry for entry in self.entries if all(word in entry.text for word in words) and _fits(entry, wanted, today)
        ]
        by_kind = Counter(entry.kind for entry in found)
        if wanted.kind is not None:
            found = [entry for entry in found if entry.kind == wanted.kind]
        if words:
            found.sort(key=lambda entry: _rank(entry, words))  # stable: what ranks alike stays in order
        return Results(found, {kind: by_kind[kind] for kind in KINDS if by_kind[kind]})

    # --- how it is built ----------------------------------------------------------------------------------------------

    def _entry(self, place: Place, record: Record, concerned: Mapping[str, tuple[frozenset[str], ...]]) -> LibraryEntry:
        uses = self._uses[place]
        classes = frozenset(name for kind, name in uses if kind == "classes")
        substances = frozenset(name for kind, name in uses if kind == "substances")
        interaction = record.interaction if isinstance(record, Case) else record.id
        if isinstance(record, Interaction | Case) and interaction is not None and interaction in concerned:
            more_classes, more_substances = concerned[interaction]
            classes, substances = classes | more_classes, substances | more_substances
        if place[0] == "classes":
            classes |= {record.id}
            substances |= frozenset(self.compiled.members_of(record.id))
        if place[0] == "substances":
            substances |= {record.id}
        title = title_of(record)
        # People look for an interaction by the medicines that meet in it.
        named = tuple(_names(self._records, substances)) if isinstance(record, Interaction) else ()
        return LibraryEntry(
            kind=place[0],
            record=record,
            title=title,
            heading=folded("\n".join((record.id, title, *named))),
            text=folded("\n".join((record.id, *_texts(record), *named))),
            classes=classes,
            substances=substances,
            due=record.review_due_on,
        )

    def _concerned(self, record: Interaction) -> tuple[frozenset[str], frozenset[str]]:
        """The classes that an interaction's parties name, and every substance that one of the parties has."""
        classes: set[str] = set()
        substances: set[str] = set()
        for party in (record.affected, record.precipitant):
            if party is not None:
                members = {name for one in party.classes for name in self.compiled.members_of(one)}
                classes.update(party.classes)
                substances.update((members | set(party.substances)) - set(party.except_substances))
        return frozenset(classes), frozenset(substances)


class Libraries:
    """The library of whichever rule set answers, built when it is first asked for."""

    def __init__(self, rule_sets: RuleSetSource) -> None:
        """Nothing is built yet."""
        self._rule_sets = rule_sets
        self._lock = threading.Lock()
        self._built: Library | None = None

    def current(self) -> Library:
        """The library; it may take a moment, once for each rule set.

        Raises:
            NoRuleSet: there is nothing to read.
        """
        with self._lock:
            compiled = self._rule_sets.current()
            if self._built is None or self._built.compiled.rule_set is not compiled.rule_set:
                self._built = Library(compiled)
            return self._built


def folded(text: str) -> str:
    """A text as searches compare it: without accents, capitals and runs of spaces, hyphens as spaces."""
    plain = text if text.isascii() else _without_marks(text)
    return " ".join(plain.casefold().replace("-", " ").replace("_", " ").split())


def _without_marks(text: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))


def title_of(record: Record) -> str:
    """What a record is called where it stands in a list."""
    for name in ("title", "name", "developer", "body"):
        value = getattr(record, name, None)
        if isinstance(value, str):
            return value
    return record.id


def _texts(node: Any) -> Iterator[str]:  # noqa: ANN401 - any part of a record
    if isinstance(node, str):
        yield str(node)
    elif isinstance(node, BaseModel):
        for value in node.__dict__.values():
            yield from _texts(value)
    elif isinstance(node, tuple | list):
        for value in node:
            yield from _texts(value)
    elif isinstance(node, dict):
        for key, value in node.items():
            yield str(key)
            yield from _texts(value)


def _names(records: Mapping[Place, Record], substances: Iterable[str]) -> Iterator[str]:
    """The names that people know substances by."""
    for name in substances:
        record = records.get(("substances", name))
        for field in ("name", "synonyms", "brands"):
            yield from _texts(getattr(record, field, ()))


def _fits(entry: LibraryEntry, wanted: Wanted, today: date) -> bool:
    record = entry.record
    return (
        (wanted.class_id is None or wanted.class_id in entry.classes)
        and (wanted.substance_id is None or wanted.substance_id in entry.substances)
        and (wanted.status is None or record.status is wanted.status)
        and (wanted.direction is None or getattr(record, "direction", None) == wanted.direction)
        and (wanted.severity is None or wanted.severity in _severities(record))
        and (wanted.grade is None or getattr(getattr(record, "evidence", None), "grade", None) == wanted.grade)
        and (not wanted.overdue or _is_overdue(entry, today))
    )


def _severities(record: Record) -> set[Severity]:
    """Every severity that findings of a record may have."""
    if not isinstance(record, Interaction):
        return set()
    varied = (one.severity for one in record.variants if one.severity is not None)
    return {record.severity, *(factor.severity for factor in record.factors), *varied}


def _is_overdue(entry: LibraryEntry, today: date) -> bool:
    return entry.due < today and entry.record.status is RecordStatus.ACTIVE


def _in_order(entry: LibraryEntry) -> tuple[int, str, str]:
    return _ORDER[entry.kind], entry.title.casefold(), entry.record.id


def _rank(entry: LibraryEntry, words: Sequence[str]) -> int:
    """0: it begins with what was typed; 1: all words begin words of its heading; 2: all are in it; 3: in its text.

    Worked cases come behind everything else: there are many, and they lead where their interaction leads.
    """
    if entry.kind == "cases":
        return 4
    typed = " ".join(words)
    if entry.heading.startswith(typed) or folded(entry.title).startswith(typed):
        return 0
    if all(f" {word}" in f" {entry.heading}" for word in words):
        return 1
    return 2 if all(word in entry.heading for word in words) else 3
