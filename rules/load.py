"""Reads knowledge files: strict YAML with positions, one record per file or one small family per file.

Duplicate keys, anchors, tags, unknown keys and YAML 1.1 surprises (`no`, `12:30`, `010`) are refused or kept as text;
every fault names file, line and pointer, and all faults come at once. It does not decide whether records fit together.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from rules.canonical import in_canonical_order
from rules.care import Administration, MonitoringSchedule, RecommendedIntake, SupplementTarget
from rules.documents import Record
from rules.errors import KnowledgeError, Problem
from rules.faults import allowed_keys, in_words
from rules.model import (
    Assessment,
    Attribution,
    Case,
    Citation,
    Condition,
    Guidance,
    IntakeLimit,
    Interaction,
    MedicationClass,
    Product,
    ReferenceRange,
    RuleSet,
    SaltForm,
    Substance,
    Symptom,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

# Folder name -> field of the rule set and type of its records.
FOLDERS: dict[str, tuple[str, type[Record]]] = {
    "substances": ("substances", Substance),
    "products": ("products", Product),
    "classes": ("classes", MedicationClass),
    "forms": ("forms", SaltForm),
    "interactions": ("interactions", Interaction),
    "conditions": ("conditions", Condition),
    "symptoms": ("symptoms", Symptom),
    "reference_ranges": ("reference_ranges", ReferenceRange),
    "intake_limits": ("intake_limits", IntakeLimit),
    "recommended_intakes": ("recommended_intakes", RecommendedIntake),
    "supplement_targets": ("supplement_targets", SupplementTarget),
    "administrations": ("administrations", Administration),
    "monitoring_schedules": ("monitoring_schedules", MonitoringSchedule),
    "guidance": ("guidance", Guidance),
    "assessments": ("assessments", Assessment),
    "citations": ("citations", Citation),
    "attributions": ("attributions", Attribution),
    "cases": ("cases", Case),
}
SUFFIX = ".yaml"
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_LITERALS: dict[str, Any] = {"true": True, "false": False, "null": None, "": None}
_MAXIMUM_DEPTH = 40
_SIGNS = frozenset("&*!")


@dataclass(slots=True)
class _Reading:
    """What is known while one file is read: its lines by pointer, and the faults so far."""

    file: str
    problems: list[Problem]
    lines: dict[str, int] = field(default_factory=dict)

    def report(self, pointer: str, code: str, detail: str, line: int | None = None) -> None:
        if line is None:
            line = self.line_of(pointer)
        self.problems.append(Problem(self.file, line, pointer, code, detail))

    def line_of(self, pointer: str) -> int:
        """The line of the pointer, or of the nearest thing around it."""
        while pointer not in self.lines and pointer:
            pointer = pointer.rpartition("/")[0]
        return self.lines.get(pointer, 1)


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _tree(node: yaml.Node, pointer: str, reading: _Reading, depth: int = 0) -> Any:  # noqa: ANN401, PLR0911 - any JSON value, one return a kind
    """Turn a YAML node into plain JSON values, keeping the line of each."""
    reading.lines.setdefault(pointer, node.start_mark.line + 1)
    if depth > _MAXIMUM_DEPTH:
        reading.report(pointer, "too-deep", f"nested deeper than {_MAXIMUM_DEPTH} levels")
        return None
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                reading.report(pointer, "key", "a key must be plain text", key_node.start_mark.line + 1)
                continue
            key = str(key_node.value)
            inner = f"{pointer}/{_escaped(key)}"
            if key in result:
                reading.report(inner, "duplicate-key", f"the key {key!r} stands twice", key_node.start_mark.line + 1)
                continue
            reading.lines[inner] = key_node.start_mark.line + 1
            result[key] = _tree(value_node, inner, reading, depth + 1)
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_tree(item, f"{pointer}/{index}", reading, depth + 1) for index, item in enumerate(node.value)]
    text = str(node.value)
    if isinstance(node, yaml.ScalarNode) and node.style:  # quoted or block text; plain has none
        return text
    if text in _LITERALS:
        return _LITERALS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return text  # decimals, dates, times, yes and no stay text: the model says what they are


def _line_at(content: bytes, position: int) -> int:
    return content.count(b"\n", 0, position) + 1


def _is_plain(text: str, reading: _Reading) -> bool:
    """Whether the text has no anchors, aliases and tags; the first one is reported."""
    for event in yaml.parse(text, Loader=yaml.CBaseLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            reading.report("", "anchor", "anchors and aliases are not allowed", line)
            return False
        if getattr(event, "tag", None):
            reading.report("", "tag", "YAML tags are not allowed", line)
            return False
    return True


def _composed(text: str, reading: _Reading) -> Any:  # noqa: ANN401 - any JSON value
    try:
        # Most files hold none of the signs that an anchor, an alias or a tag begins with, and need one pass only.
        if not _SIGNS.isdisjoint(text) and not _is_plain(text, reading):
            return None
        # The base loader leaves every value the text that it is; what it means is decided by `_tree` and the models.
        nodes = list(yaml.compose_all(text, Loader=yaml.CBaseLoader))
    except yaml.YAMLError as error:
        # Characters that YAML does not allow come without a mark, and with a position in bytes.
        mark = getattr(error, "problem_mark", None)
        detail = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
        line = mark.line + 1 if mark else _line_at(text.encode(), getattr(error, "position", 0))
        reading.report("", "yaml", f"not readable as YAML: {detail}", line)
        return None
    if len(nodes) == 1:
        return _tree(nodes[0], "", reading)
    reading.report("", "documents", f"one YAML document is expected, this file has {len(nodes)}", 1)
    return None


def _pointer(location: Iterable[int | str], tree: Any) -> str:  # noqa: ANN401 - any JSON value
    """JSON pointer of a validation error; steps that are no part of the document (the key of a pair) are left out."""
    pointer = ""
    current = tree
    for step in location:
        if isinstance(current, dict):
            pointer += f"/{_escaped(str(step))}"
            if step not in current:  # a key that is missing
                return pointer
            current = current[step]
        elif isinstance(current, list) and isinstance(step, int) and step < len(current):
            current = current[step]
            pointer += f"/{step}"
    return pointer


def _is_inside(place: tuple[int | str, ...], around: tuple[int | str, ...]) -> bool:
    return len(place) > len(around) and place[: len(around)] == around


def _validated(tree: Any, record_type: type[Record], prefix: str, reading: _Reading) -> Record | None:  # noqa: ANN401
    try:
        # JSON mode, so that strict types accept dates and enumerations written as text and nothing else.
        return record_type.model_validate_json(json.dumps(tree))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        for fault in faults:
            if fault["type"] == "too_short" and any(_is_inside(other["loc"], fault["loc"]) for other in faults):
                continue  # the list is only too short because its items are wrong
            pointer = prefix + _pointer(fault["loc"], tree)
            detail = in_words(fault)
            if fault["type"] == "extra_forbidden":
                allowed = ", ".join(allowed_keys(record_type, fault["loc"][:-1]))
                detail = f"unknown key {str(fault['loc'][-1])!r}; allowed: {allowed}"
            reading.report(pointer, fault["type"].replace("_", "-"), detail)
        return None


def _read_file(file: str, text: str, folder: str, stem: str, problems: list[Problem]) -> list[tuple[Record, int]]:
    reading = _Reading(file, problems)
    before = len(problems)
    tree = _composed(text, reading)
    if len(problems) > before:
        return []
    record_type = FOLDERS[folder][1]
    family = isinstance(tree, list)
    if not tree or not (family or isinstance(tree, dict)):
        reading.report("", "record", "a file holds one record (a mapping) or a family of records (a list)", 1)
        return []
    members: list[Any] = tree if family else [tree]
    records: list[tuple[Record, int]] = []
    for index, member in enumerate(members):
        prefix = f"/{index}" if family else ""
        record = _validated(member, record_type, prefix, reading)
        if record is None:
            continue
        if not family and record.id != stem:
            reading.report("/id", "id", f"the id must be the file name: {stem!r}")
        records.append((record, reading.line_of(prefix)))
    return records


@dataclass(frozen=True, slots=True)
class Knowledge:
    """A rule set read from files, and where each record stands: ``(kind, id) -> (file, line)``."""

    rule_set: RuleSet
    places: Mapping[tuple[str, str], tuple[str, int]]


def read_texts(files: Mapping[str, str]) -> Knowledge:
    """Build a rule set from file texts; keys are paths such as ``interactions/ciprofloxacin.yaml``.

    Raises:
        KnowledgeError: every fault of every file.
    """
    return _read(files, [])


def _read(files: Mapping[str, str], problems: list[Problem]) -> Knowledge:
    """Read all files; ``problems`` are those found while the files were opened."""
    found: dict[str, list[Record]] = {name: [] for name, _ in FOLDERS.values()}
    places: dict[tuple[str, str], tuple[str, int]] = {}
    for file in sorted(files):
        folder, _, name = file.partition("/")
        if folder not in FOLDERS:
            allowed = ", ".join(sorted(FOLDERS))
            problems.append(Problem(file, 0, "", "folder", f"unknown folder {folder!r}; allowed: {allowed}"))
            continue
        kind = FOLDERS[folder][0]
        stem = name.rpartition("/")[2].removesuffix(SUFFIX)
        for record, line in _read_file(file, files[file], folder, stem, problems):
            earlier = places.get((kind, record.id))
            if earlier:
                detail = f"the id {record.id!r} is used already in {earlier[0]}:{earlier[1]}"
                problems.append(Problem(file, line, "/id", "duplicate-id", detail))
                continue
            places[kind, record.id] = (file, line)
            found[kind].append(record)
    if problems:
        raise KnowledgeError(problems)
    # The records are validated already; building the set must not validate 1,000 of them again.
    content: dict[str, Any] = {kind: tuple(records) for kind, records in found.items()}
    rule_set = RuleSet.model_construct(schema_version=1, **content)
    return Knowledge(in_canonical_order(rule_set), places)


def read_folder(folder: Path) -> Knowledge:
    """Build a rule set from a folder of knowledge files.

    Raises:
        KnowledgeError: every fault of every file, also a file that is not UTF-8.
    """
    problems: list[Problem] = []
    files: dict[str, str] = {}
    for path in sorted(folder.rglob(f"*{SUFFIX}")):
        name = path.relative_to(folder).as_posix()
        try:
            files[name] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            line = _line_at(error.object, error.start)
            problems.append(Problem(name, line, "", "encoding", f"not UTF-8: byte {error.start} cannot be read"))
    return _read(files, problems)
