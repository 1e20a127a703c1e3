"""Reads JSON whose keys are those of others, such as FHIR's: nothing is refused for being unknown.

What could be understood in two ways is refused all the same: a key that stands twice, and what is no JSON in UTF-8.
"""

from __future__ import annotations

import json
from typing import Any, Final

import orjson

from service.api.problems import ProblemCode, ProblemError

# The beginning of the ways to write a colon inside a string other than as itself.
_ESCAPED_COLON: Final = b"\\u003"
# An order in a suggested action on a card stands eight levels deep.
_RESERVED_LEVELS: Final = 16
_BYTE_ORDER_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def parse_foreign(content: bytes) -> Any:  # noqa: ANN401 - anything that JSON can hold
    """The value that was sent.

    Raises:
        ProblemError: it is no JSON in UTF-8, is nested too deeply, or has a key twice.
    """
    try:
        tree = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        detail = f"The body is not JSON in UTF-8: {_reason(content, error)}."
        raise ProblemError(ProblemCode.MALFORMED_JSON, detail) from None
    try:
        written = orjson.dumps(_deeper(tree))
    except TypeError:  # more than 254 levels, which no resource has
        raise ProblemError(ProblemCode.INVALID_REQUEST, "The body is nested too deeply.") from None
    # Written anew, every colon is there again, inside strings and behind keys, unless a key stood twice and only the
    # last was kept. Only where colons were written as escapes could one make up for another; then, and where some are
    # missing, the body is read again by a reader that tells.
    if content.count(b":") != written.count(b":") or _ESCAPED_COLON in content:
        json.loads(content, object_pairs_hook=_object, parse_int=_unread, parse_float=_unread)
    return tree


def _deeper(tree: object) -> object:
    """The tree some levels deeper: an answer may hold a part of it, and no answer must be too deep to be written."""
    for _ in range(_RESERVED_LEVELS):
        tree = [tree]
    return tree


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        detail = "A key stands twice in an object of the body, and which of the two is meant cannot be known."
        raise ProblemError(ProblemCode.DUPLICATE_KEY, detail)
    return members


def _unread(_: str) -> None:
    """Leave numbers as they are; nobody looks at them."""


def _reason(content: bytes, error: orjson.JSONDecodeError) -> str:
    if not content.strip():
        return "it is empty"
    if content.startswith(_BYTE_ORDER_MARKS):
        return "it starts with a byte order mark; it must be UTF-8 without one"
    return f"{error.msg.partition(':')[0]} at line {error.lineno} column {error.colno}"
