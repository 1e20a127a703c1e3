"""Knowledge files written anew: each in the one canonical way, and a rule set laid out over files that are there.

A record stays in the file and at the place where it stands; a family stays a family. Nothing is dropped silently:
comments, which no record keeps, are refused. It works on texts and touches no folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from rules.dump import family_text, record_text
from rules.errors import KnowledgeError, Problem
from rules.load import FOLDERS, SUFFIX, Knowledge, read_texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rules.documents import Record
    from rules.model import RuleSet

_FOLDER_OF = {kind: folder for folder, (kind, _) in FOLDERS.items()}


def formatted(files: Mapping[str, str]) -> dict[str, str]:
    """All files in the canonical way, under their names and with their records in order.

    Raises:
        KnowledgeError: a file cannot be read, or holds comments, which would be lost.
    """
    contents = _contents(files, read_texts(files))
    _refuse_comments(files, contents)
    return {file: _text(records, family=_is_family(files[file])) for file, records in contents.items()}


@dataclass(frozen=True, slots=True)
class Layout:
    """A rule set over files: ``files`` all of them as they are to be, ``removed`` the records that stand there no more,
    as ``(file, id)``."""  # noqa: D205, D209

    files: Mapping[str, str]
    removed: tuple[tuple[str, str], ...]


def laid_out(rule_set: RuleSet, files: Mapping[str, str]) -> Layout:
    """The rule set over the files that are there.

    A file whose records are those of the rule set stays as it is, byte for byte. Others are written anew: changed
    records at their place, without those that the rule set does not have. New records get files of their own.

    Raises:
        KnowledgeError: a file cannot be read, or one that has to be written anew holds comments.
    """
    contents = _contents(files, read_texts(files))
    families = {file for file in contents if _is_family(files[file])}
    wanted = {(kind, record.id): record for kind in _FOLDER_OF for record in getattr(rule_set, kind)}
    result: dict[str, list[Record]] = {}
    removed: list[tuple[str, str]] = []
    for file, records in contents.items():
        kind = _kind(file)
        kept = [wanted.pop((kind, record.id), None) for record in records]
        result[file] = [record for record in kept if record is not None]
        removed += [(file, record.id) for record, there in zip(records, kept, strict=True) if there is None]
    for (kind, record_id), record in wanted.items():
        # Where a family has the name already, the record joins it: the name of a file is what tells it from others.
        result.setdefault(f"{_FOLDER_OF[kind]}/{record_id}{SUFFIX}", []).append(record)
    anew = {file: records for file, records in result.items() if records and records != contents.get(file)}
    _refuse_comments(files, anew)
    texts = {file: files[file] for file, records in result.items() if records and file not in anew}
    texts |= {file: _text(records, family=file in families) for file, records in anew.items()}
    return Layout(dict(sorted(texts.items())), tuple(sorted(removed)))


def _kind(file: str) -> str:
    return FOLDERS[file.partition("/")[0]][0]


def _contents(files: Mapping[str, str], knowledge: Knowledge) -> dict[str, list[Record]]:
    """The records of each file, in the order in which they stand there."""
    found: dict[str, list[tuple[int, Record]]] = {file: [] for file in sorted(files)}
    for kind in _FOLDER_OF:
        for record in getattr(knowledge.rule_set, kind):
            file, line = knowledge.places[kind, record.id]
            found[file].append((line, record))
    return {file: [record for _, record in sorted(lines, key=lambda place: place[0])] for file, lines in found.items()}


def _text(records: list[Record], *, family: bool) -> str:
    return family_text(records) if family else record_text(records[0])


def _is_family(text: str) -> bool:
    events = yaml.parse(text, Loader=yaml.CBaseLoader)
    return isinstance(
        next(one for one in events if isinstance(one, yaml.CollectionStartEvent)), yaml.SequenceStartEvent
    )


def _refuse_comments(files: Mapping[str, str], anew: Mapping[str, object]) -> None:
    detail = "a comment would be lost here; say it in the `note` of the record that it is about"
    problems = [
        Problem(file, line, "", "comment", detail)
        for file in anew
        if file in files and "#" in files[file]
        for line in comment_lines(files[file])
    ]
    if problems:
        raise KnowledgeError(problems)


def comment_lines(text: str) -> Iterator[int]:
    """The lines that hold a comment: a `#` between two parts of the YAML, or behind the sign of a folded text."""
    text = text.removeprefix("\ufeff")
    end = 0
    for token in yaml.scan(text, Loader=yaml.CBaseLoader):
        begin = token.start_mark.index
        yield from _hashes(text, end, begin)
        end = max(end, token.end_mark.index)
        if isinstance(token, yaml.ScalarToken) and token.style in {"|", ">"}:
            yield from _hashes(text, begin, begin + len(text[begin:].partition("\n")[0]))


def _hashes(text: str, begin: int, end: int) -> Iterator[int]:
    line = text.count("\n", 0, begin) + 1
    for number, part in enumerate(text[begin:end].split("\n")):
        if "#" in part:
            yield line + number
