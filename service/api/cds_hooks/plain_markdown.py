"""Markdown that every client shows alike: paragraphs, bold words and bullets. No table, no HTML, no image, no link.

What comes from elsewhere, from a record of the rules or from a health record, is text and nothing else: it is escaped
for clients that render Markdown, and safe for those that put it into a page as it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

# Entities for what could be HTML, so that a client which does not read Markdown but writes HTML is safe too; a
# backslash before what Markdown could read. The colon, the dot behind www and the at sign keep addresses from becoming
# links.
_ESCAPES: Final = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        **{mark: f"\\{mark}" for mark in "\\`*_[]|~"},
        "@": "\\@",
    }
)
# Most texts are one line in which nothing would have to be escaped: no mark of Markdown, no number of a list, neither
# a full stop that ends `www.` nor a colon that ends a scheme.
_PLAIN: Final = re.compile(
    r"(?:[A-Za-z(]|\d{1,9}(?![\d.)]))(?:[A-Za-z0-9,;%/()'\"=+-]++| (?=[^ ])|(?<![wW])\.|(?<![oOpPsS]):)*+", re.ASCII
)
_AT_THE_START: Final = re.compile(r"(?:[-+=#]|\d{1,9}(?=[.)]))")
_SCHEME: Final = re.compile(r"(?i)\b(https?|ftp|mailto|xmpp):")
_WWW: Final = re.compile(r"(?i)\b(www)\.")
# What hides or turns around text: controls, marks of direction, what has no width, half characters.
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Single angle quotation marks.
_ANGLES: Final = str.maketrans({"<": "\u2039", ">": "\u203a"})
_ELLIPSIS: Final = "…"


def in_one_line(text: str) -> str:
    """A text as one line without anything that cannot be seen."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    kept = "".join(" " if mark.isspace() or unicodedata.category(mark) in _HIDDEN else mark for mark in text)
    return " ".join(kept.split())


def escaped(text: str) -> str:
    """A text from elsewhere as Markdown that shows just this text."""
    if _PLAIN.fullmatch(text) is not None:
        return text
    line = in_one_line(text).translate(_ESCAPES)
    line = _WWW.sub(r"\1\\.", _SCHEME.sub(r"\1\\:", line))
    start = _AT_THE_START.match(line)
    if start is None:
        return line
    end = start.end()
    return f"{line[:end]}\\{line[end:]}" if start[0].isdigit() else f"\\{line}"


def plain(text: str, most: int) -> str:
    """A text for a place without Markdown, such as a summary: one line of at most ``most`` characters."""
    line = in_one_line(text).translate(_ANGLES)
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}{_ELLIPSIS}"


def bullets(lines: Iterable[str]) -> str:
    """A list of lines that are finished Markdown; empty where there are none."""
    return "\n".join([f"- {line}" for line in lines])


def paragraphs(*parts: str | None) -> str:
    """Finished parts one after the other, without those that are empty."""
    return "\n\n".join([part for part in parts if part])
