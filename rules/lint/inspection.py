"""What every house rule is given and what it gives back. It holds no rule itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from rules.documents import Record
from rules.model import Position
from rules.profile import MedicationProfile
from rules.terms import RecordStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from rules.compiled import CompiledRuleSet
    from rules.documents import Party
    from rules.model import RuleSet

AnyRecord = TypeVar("AnyRecord", bound=Record)
Fault = tuple[str, str, str, str, str]  # kind, record id, pointer, code, detail

# Fields whose text a reader sees, in whatever record they stand.
_TEXTS = frozenset(
    {
        "advice",
        "description",
        "effect",
        "heading",
        "management_text",
        "meaning",
        "mechanism",
        "monitoring",
        "patient_text",
        "text",
        "title",
    }
)


@dataclass(frozen=True, slots=True)
class Inspection:
    """The knowledge under inspection. Without ``today`` nothing is too old."""

    compiled: CompiledRuleSet
    today: date | None = None

    @property
    def rule_set(self) -> RuleSet:
        """All records."""
        return self.compiled.rule_set

    def members(self, party: Party) -> frozenset[str]:
        """The substances of a party, whatever their route."""
        named = {name for one in party.classes for name in self.compiled.members_of(one)}
        return frozenset(named | set(party.substances)) - set(party.except_substances)


def active(records: Iterable[AnyRecord]) -> Iterator[AnyRecord]:
    """The records that count."""
    return (record for record in records if record.status is RecordStatus.ACTIVE)


def every_text(node: BaseModel, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a record whatever it is for, with its place."""
    for name, value in node.__dict__.items():
        items = value if isinstance(value, tuple) else (value,)
        for index, item in enumerate(items):
            place = f"{pointer}/{name}/{index}" if isinstance(value, tuple) else f"{pointer}/{name}"
            if isinstance(item, BaseModel):
                yield from every_text(item, place)
            elif isinstance(item, str):
                yield place, item


def texts(node: BaseModel, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a record that a reader sees, with its place; what a source is quoted with is the source's own."""
    for name, value in node.__dict__.items():
        items = value if isinstance(value, tuple) else (value,)
        for index, item in enumerate(items):
            place = f"{pointer}/{name}/{index}" if isinstance(value, tuple) else f"{pointer}/{name}"
            if isinstance(item, BaseModel) and not isinstance(item, MedicationProfile | Position):
                yield from texts(item, place)
            elif isinstance(item, str) and name in _TEXTS:
                yield place, item
