"""Counts what a rule set holds and names what nothing in it uses. It judges nothing: that is what lint is for."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from rules.compiled import CompiledRuleSet
from rules.model import Citation, Interaction, MedicationClass, Record, RuleSet
from rules.terms import Direction, EvidenceGrade, RecordStatus, Severity, Verification

Section = tuple[str, list[str]]


def report_sections(compiled: CompiledRuleSet) -> Iterator[Section]:
    """The parts of the report, each a title and its lines."""
    rule_set = compiled.rule_set
    interactions = [record for record in rule_set.interactions if record.status is RecordStatus.ACTIVE]
    yield "Records", _kinds(rule_set)
    yield "Interactions by direction", _counts((one.direction for one in interactions), Direction)
    yield "Interactions by severity", _counts((one.severity for one in interactions), Severity)
    yield "Interactions by evidence grade", _counts((one.evidence.grade for one in interactions), EvidenceGrade)
    yield "Citations by verification", _counts((one.verification for one in rule_set.citations), Verification)
    yield "Oldest reviews", _oldest(rule_set)
    yield "Citations nothing refers to", _named(_unused_citations(rule_set))
    yield "Classes no interaction refers to", _named(_classes_without_rules(rule_set.classes, interactions))
    yield "Digest", [compiled.digest]


def _kinds(rule_set: RuleSet) -> list[str]:
    lines = []
    for kind in RuleSet.model_fields:
        records = getattr(rule_set, kind)
        if isinstance(records, tuple):
            withdrawn = sum(record.status is RecordStatus.WITHDRAWN for record in records)
            lines.append(f"{len(records):>6}  {kind}" + (f" ({withdrawn} withdrawn)" if withdrawn else ""))
    return lines


def _counts(values: Iterable[str], vocabulary: Iterable[str]) -> list[str]:
    counted = Counter(values)
    return [f"{counted[word]:>6}  {word}" for word in vocabulary]


def _oldest(rule_set: RuleSet, most: int = 3) -> list[str]:
    dates = Counter(record.last_reviewed_on for record in rule_set.interactions)
    return [f"{count:>6}  interactions on {day}" for day, count in sorted(dates.items())[:most]]


def _named(records: Iterable[Record]) -> list[str]:
    return [record.id for record in records] or ["none"]


def _unused_citations(rule_set: RuleSet) -> list[Citation]:
    used = set(_values_of("citation", rule_set.model_dump(exclude={"citations"})))
    return [record for record in rule_set.citations if record.id not in used]


def _classes_without_rules(
    classes: Iterable[MedicationClass], interactions: Iterable[Interaction]
) -> list[MedicationClass]:
    known = {record.id: record for record in classes}
    # A rule about a class is a rule about the classes it includes.
    used: set[str] = set()
    open_ = [name for one in interactions for names in _values_of("classes", one.model_dump()) for name in names]
    while open_:
        name = open_.pop()
        if name in known and name not in used:
            used.add(name)
            open_.extend(known[name].includes)
    return [record for name, record in known.items() if name not in used]


def _values_of(key: str, node: Any) -> Iterator[Any]:  # noqa: ANN401 - any part of a record
    """Every value that stands under the key, at any depth."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == key:
                yield value
            yield from _values_of(key, value)
    elif isinstance(node, list | tuple):
        for item in node:
            yield from _values_of(key, item)
