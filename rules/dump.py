"""Writes records as YAML, in one way only: the same record gives the same bytes, and `rules.load` reads it back equal.

What a reader would leave out is left out: a value that is the default of its field. No line is longer than the margin
wherever a text has a space to break at. It does not read files, and it writes no comments: they are what a `note` is
for.

The writer is its own because PyYAML's breaks lines after the margin, not before it, and chooses between flow and block
style for a whole document, not by what fits on a line.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel

from rules.canonical import decimal_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rules.documents import Record

WIDTH: Final = 120
# A text of more letters, words in it, is read better on a line of its own than inside braces or brackets.
_LONGEST_IN_FLOW: Final = 60
# Begins with a letter, a digit or a parenthesis; what else may begin a plain text differs between readers of YAML.
_PLAIN: Final = re.compile(r"[0-9A-Za-z\u00c0-\u024f\u0370-\u03ff(](?:.*\S)?")
_ENDS_PLAIN: Final = re.compile(r": | #|:$")
_ENDS_PLAIN_IN_FLOW: Final = re.compile(r"[,\[\]{}:?]| #")
# Numbers, times and dates as any reader of YAML might see them, 1.1 or 1.2; true, no and their like.
_NUMBER: Final = re.compile(r"\d[\d_.,:+-]*(?:[eE][-+]?\d+)?|0[xXoObB][0-9a-fA-F_]+|\d{4}-\d\d?-\d\d?(?:[Tt]| +)\d.*")
_LITERALS: Final = {None: "null", True: "true", False: "false"}
_WORDS: Final = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null"})
# What may stand in a file as it is. Spaces and marks that nobody sees are written as escapes.
_UNSEEN: Final = re.compile(
    r"[^\n\x20-\x7e\xa1-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
    r"|[\xad\u061c\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\U000e0000-\U000e0fff]"
)
_SHORT_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
# Between two words; a line that began or ended with a space would not be read back as it was.
_BREAK: Final = re.compile(r"(?<=\S) (?=\S)")
_NOT_FOLDED: Final = re.compile(r"(?:^|\n) | (?:\n|$)|^\n|\n$|\n{3}")


def record_text(record: Record) -> str:
    """The text of a file that holds one record."""
    return _joined(_mapping(_content(record), 0))


def family_text(records: Sequence[Record]) -> str:
    """The text of a file that holds a family of records, in the order given."""
    return _joined(line for record in records for line in _under_dash(_content(record), 0))


def _joined(lines: Iterator[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _content(document: BaseModel) -> dict[str, Any]:
    """What is worth writing of a document, in the order of its fields."""
    content: dict[str, Any] = {}
    for name, field in type(document).model_fields.items():
        value = getattr(document, name)
        if field.is_required() or value != field.default:
            content[field.alias or name] = _part(value)
    return content


def _part(value: Any) -> Any:  # noqa: ANN401 - any part of a record
    if isinstance(value, BaseModel):
        return _content(value)
    if isinstance(value, dict):
        # Its keys have no order of their own, and a published rule set does not keep that of a file.
        return {key: _part(value[key]) for key in sorted(value)}
    if isinstance(value, tuple):
        return [_part(item) for item in value]
    return value


# --- block style ------------------------------------------------------------------------------------------------------


def _mapping(mapping: dict[str, Any], indent: int) -> Iterator[str]:
    for key, value in mapping.items():
        yield from _value(f"{' ' * indent}{_scalar(key, in_flow=True)}:", value, indent + 2, with_lists=False)


def _value(head: str, value: Any, indent: int, *, with_lists: bool) -> Iterator[str]:  # noqa: ANN401
    """What stands after `key:` or `-`: on the same line where it is small and fits, otherwise below it."""
    if not isinstance(value, dict | list):
        yield from _leaf(head, value, indent)
        return
    line = f"{head} {_flow(value)}"
    if len(line) <= WIDTH and _is_small(value, with_lists=with_lists):
        yield line
        return
    yield head
    if isinstance(value, dict):
        yield from _mapping(value, indent)
    else:
        for item in value:
            yield from _item(item, indent)


def _item(value: Any, indent: int) -> Iterator[str]:  # noqa: ANN401
    head = f"{' ' * indent}-"
    if isinstance(value, dict):
        small = _is_small(value, with_lists=True) and len(f"{head} {_flow(value)}") <= WIDTH
        if not small:
            yield from _under_dash(value, indent)
            return
    yield from _value(head, value, indent + 2, with_lists=True)


def _under_dash(mapping: dict[str, Any], indent: int) -> Iterator[str]:
    """A mapping as an item of a list, its first key beside the dash."""
    lines = _mapping(mapping, indent + 2)
    yield f"{' ' * indent}- {next(lines)[indent + 2 :]}"
    yield from lines


def _leaf(head: str, value: Any, indent: int) -> Iterator[str]:  # noqa: ANN401
    line = f"{head} {_scalar(value, in_flow=False)}"
    if isinstance(value, str) and ("\n" in value or len(line) > WIDTH) and _can_be_folded(value):
        yield f"{head} >-"
        yield from _folded(value, indent)
    else:
        yield line


def _can_be_folded(text: str) -> bool:
    return bool(_BREAK.search(text)) and not (_UNSEEN.search(text) or _NOT_FOLDED.search(text))


def _folded(text: str, indent: int) -> Iterator[str]:
    """The lines of a folded text; each end of a line in the text is written as an empty line."""
    margin = " " * indent
    for number, paragraph in enumerate(text.split("\n")):
        if number:
            yield ""
        line = ""
        for word in _BREAK.split(paragraph):
            if line and len(margin) + len(line) + 1 + len(word) > WIDTH:
                yield margin + line
                line = word
            else:
                line = f"{line} {word}" if line else word
        if line:
            yield margin + line


# --- flow style -------------------------------------------------------------------------------------------------------


def _is_leaf(value: Any) -> bool:  # noqa: ANN401
    """Whether it is one value, and not a text that wants a line of its own."""
    if isinstance(value, str):
        return "\n" not in value and (" " not in value or len(value) <= _LONGEST_IN_FLOW)
    return not isinstance(value, dict | list)


def _is_small(value: dict[str, Any] | list[Any], *, with_lists: bool) -> bool:
    """Whether braces or brackets suit it: a list of values, or a mapping of values and of mappings of values.

    With ``with_lists`` the mapping may hold lists of values too.
    """
    if not isinstance(value, dict):
        return all(_is_leaf(item) for item in value)
    return all(
        all(_is_leaf(part) for part in item.values())
        if isinstance(item, dict)
        else _is_leaf(item) or (with_lists and isinstance(item, list) and _is_small(item, with_lists=False))
        for item in value.values()
    )


def _flow(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_scalar(key, in_flow=True)}: {_flow(item)}' for key, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(_flow(item) for item in value)}]"
    return _scalar(value, in_flow=True)


# --- single values ----------------------------------------------------------------------------------------------------


def _scalar(value: Any, *, in_flow: bool) -> str:  # noqa: ANN401
    if isinstance(value, str):
        return _text(str(value), in_flow=in_flow)
    if isinstance(value, Decimal):
        text = decimal_text(value)
        return f'"{text}"' if text == "-0" else text  # a plain -0 is read as the whole number 0
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, bool):
        return _LITERALS[value]
    return str(value)


def _text(text: str, *, in_flow: bool) -> str:
    if _UNSEEN.search(text) or "\n" in text:
        return f'"{"".join(_escaped(character) for character in text)}"'
    ends = _ENDS_PLAIN_IN_FLOW if in_flow else _ENDS_PLAIN
    plain = _PLAIN.fullmatch(text) and not ends.search(text)
    if plain and not _NUMBER.fullmatch(text) and text.lower() not in _WORDS:
        return text
    if '"' in text or "\\" in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'


def _escaped(character: str) -> str:
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    if not _UNSEEN.match(character):
        return character
    code = f"{ord(character):x}"
    return f"\\u{code:0>4}" if len(code) <= len("ffff") else f"\\U{code:0>8}"
