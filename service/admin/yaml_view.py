"""A record as YAML and back, for those who would rather write: the writer and the strict reader of the knowledge files.

The text is read by the same model as the form, and what is wrong is told with its line. It takes one record, no family.
YAML is loaded when a text is first asked for: a process that only answers checks does without.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final, NamedTuple

from rules.canonical import content
from rules.documents import Record
from rules.errors import KnowledgeError, Problem
from service.admin.form_faults import in_words

_ID: Final = re.compile(r"(?m)^id:[ \t]*[\"']?([a-z0-9]+(?:-[a-z0-9]+)*)[\"']?[ \t]*$")


class LineFault(NamedTuple):
    """What is wrong with a text, and in which line; 0 is the text as a whole."""

    line: int
    text: str


class ReadText(NamedTuple):
    """What came of a text."""

    document: dict[str, Any] | None
    record: Record | None
    faults: list[LineFault]


def written(record: Record) -> str:
    """The text of a record."""
    from rules.dump import record_text  # noqa: PLC0415 - see above

    return record_text(record)


def read(kind: str, record_id: str | None, text: str) -> ReadText:
    """The record that a text holds; ``record_id`` is the one that it has to have, None for a new one."""
    from rules.load import SUFFIX, read_texts  # noqa: PLC0415 - see above

    named = _ID.search(text)
    own = record_id or (named.group(1) if named else "new")
    try:
        knowledge = read_texts({f"{_folders()[kind]}/{own}{SUFFIX}": text})
    except KnowledgeError as error:
        faults = [LineFault(one.line, _in_words(one)) for one in error.problems]
        return ReadText(None, None, faults)
    records = getattr(knowledge.rule_set, kind)
    if len(records) != 1 or records[0].id != own:
        return ReadText(None, None, [LineFault(1, "Write one record here, as a mapping that begins with its id.")])
    return ReadText(content(records[0]), records[0], [])


@cache
def _folders() -> dict[str, str]:
    """The folder of the knowledge files for each kind."""
    from rules.load import FOLDERS  # noqa: PLC0415 - see above

    return {kind: folder for folder, (kind, _) in FOLDERS.items()}


def _in_words(fault: Problem) -> str:
    code, detail = fault.code, fault.detail
    if code == "id":
        return "The identifier cannot be changed: other records name it by this."
    if code == "record":
        return "Write one record here, as a mapping that begins with its id."
    if detail.startswith(("is ", "must ")):  # a line may hold many fields, and a field that is missing has none
        return f"{fault.pointer.removeprefix('/').replace('/', ', ')} {detail}."
    # Names of fields stay as they are written in the text.
    return detail[:1].upper() + detail[1:] if "_" in detail else in_words(detail)
