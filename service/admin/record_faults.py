"""What the gate would find in one record, looked for while it is being written: references, rules of the house, cases.

It looks at the record and what the record leans on, not at the whole rule set, so it takes milliseconds and may find
less than the gate does. It never finds what the gate would not: what is said here has to be mended.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from pydantic import ValidationError

from rules import compile_rule_set
from rules.documents import Record
from rules.errors import KnowledgeError
from rules.lint import policy, sources, wording
from rules.lint.inspection import Fault, Inspection
from rules.model import RECORD_TYPES, RuleSet
from rules.references import broken_references, references_of
from rules.terms import RecordStatus
from service.admin.form_faults import FormFault, at_pointer, faults_of
from service.admin.form_fields import shape_of
from service.admin.words import kind_one

if TYPE_CHECKING:
    from rules.compiled import CompiledRuleSet
    from service.application.record_search import Place

# House rules that look at one record and what it leans on.
_RULES: Final[tuple[Callable[[Inspection], Iterator[Fault]], ...]] = (
    sources.unverified_claims,
    sources.uncited_figures,
    wording.characters_that_are_seen,
    wording.advising_words,
    wording.plain_words_for_patients,
    wording.lengths,
    wording.notes_for_prescribers,
    policy.severity_and_class,
    policy.action_and_class,
    policy.separations,
    policy.contraindications,
)
_ABOUT_WORDS: Final = (wording.characters_that_are_seen, wording.advising_words, wording.plain_words_for_patients)
_NOT_ASKED_FOR: Final = "-"  # the digest of what is compiled here
_MOST_AROUND: Final = 600  # records; a class of classes leans on hundreds


class Looked(NamedTuple):
    """What came of a document: a record, or what keeps it from being one; and what the gate would find."""

    record: Record | None
    faults: list[FormFault]
    remarks: list[FormFault]


def look_at(kind: str, document: object, known: Mapping[Place, Record]) -> Looked:
    """Read a document as a record of its kind, and look at it as the gate would."""
    try:
        record = RECORD_TYPES[kind].model_validate_json(json.dumps(document))
    except ValidationError as error:
        return Looked(None, faults_of(shape_of(kind), error), [])
    return Looked(record, [], gate_faults((kind, record.id), record, known))


def gate_faults(place: Place, record: Record, known: Mapping[Place, Record]) -> list[FormFault]:
    """What has to be mended before the gate lets the record pass; ``known`` are all other records."""
    shape = shape_of(place[0])
    unknown = [
        at_pointer(shape, pointer, f"there is no {kind_one(kind)} “{name}”")
        for kind, name, pointer in references_of(record)
        if (kind, name) not in known and (kind, name) != place
    ]
    if unknown:
        return unknown  # what it leans on is not there, so nothing else can be said about it
    near = _around(place, record, known, deep=False)
    faults = [one for one in broken_references(near) if one[:2] == place and one[3] != "unknown-reference"]
    if not faults and record.status is RecordStatus.ACTIVE:
        faults = _linted(place, record, known)
    return [at_pointer(shape, pointer, detail) for _, _, pointer, _, detail in sorted(set(faults))]


def _linted(place: Place, record: Record, known: Mapping[Place, Record]) -> list[Fault]:
    if place[0] != "interactions":
        alone = _Alone(_around(place, record, {}, deep=False))
        # What these rules say of other kinds is about words, and needs nothing compiled.
        inspection = Inspection(cast("CompiledRuleSet", alone))
        return [fault for rule in _ABOUT_WORDS for fault in rule(inspection) if fault[:2] == place]
    try:
        compiled = compile_rule_set(_around(place, record, known, deep=True), digest=_NOT_ASKED_FOR)
    except KnowledgeError as error:
        file = "/".join(place)
        return [(*place, one.pointer, one.code, one.detail) for one in error.problems if one.file == file]
    inspection = Inspection(compiled)
    return [fault for rule in _RULES for fault in rule(inspection) if fault[:2] == place]


class _Alone(NamedTuple):
    """A rule set that nothing is asked of but its records."""

    rule_set: RuleSet


def _around(place: Place, record: Record, known: Mapping[Place, Record], *, deep: bool) -> RuleSet:
    """The record with everything that it leans on; with ``deep``, and with what that leans on."""
    found: dict[Place, Record] = {place: record}
    open_ = [record]
    while open_ and len(found) < _MOST_AROUND:
        for kind, name, _ in references_of(open_.pop()):
            if (kind, name) not in found and (kind, name) in known:
                found[kind, name] = known[kind, name]
                if deep or kind == place[0] == "classes":  # a class must not include itself, however far around
                    open_.append(known[kind, name])
    by_kind: dict[str, Any] = {kind: [] for kind in RECORD_TYPES}
    for (kind, _), one in sorted(found.items()):
        by_kind[kind].append(one)
    content: dict[str, Any] = {kind: tuple(records) for kind, records in by_kind.items()}
    return RuleSet.model_construct(schema_version=1, **content)
