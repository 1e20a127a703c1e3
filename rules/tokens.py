"""The words of a text as typed: what is the same in every spelling, where words end, and where each of them stands.

It knows no word and says of none what it means. Its regular expressions are linear.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Not isdigit(): it is also true for numerals such as the Ethiopic ones, which are words here.
DIGITS: Final = frozenset("0123456789")
_LARGEST_TEXT: Final = 1000  # five times the longest line of a question; what is longer is no line


def _token(letter: str) -> re.Pattern[str]:
    """The pattern of a token. Each alternative begins with the kind of character it is for, so that most fail at once.

    In order: a word or an abbreviation with dots (p.o.) or a slash (e/c; not 1 g/h, where it is a unit, nor M/W/F); the
    parts of a day (1-0-1) or a number; the marks that separate and the arrow, which may lead from the former to the
    new; and a number without its first digit (never read: .5 mg may be 0.5 and 5).
    """
    return re.compile(
        rf"{letter}(?:{letter}+|(?:\.{letter}){{1,4}}(?!{letter})|(?<![0-9/].)(?<![0-9] .)/{letter}(?![^\W_]|/))?"
        r"|[0-9](?:(?<![0-9.,/-].)(?:[.,/][0-9])?(?:- ?[0-9](?:[.,/][0-9])?){2,3}(?![0-9-]|[.,/][0-9])"
        r"|[0-9]{0,8}(?:[.,][0-9]{1,9})?)"
        rf"|[/+&%()\[\];#]|[-=]>|>(?= ?{letter})"
        r"|,(?:(?<![^\s(],)[0-9]{1,9})?|\.[0-9]{1,9}|-(?<=[0-9]-)(?=[0-9])"
    )


_TOKEN: Final = _token(r"[^\W\d_]")
_ASCII_TOKEN: Final = _token("[a-z]")  # the same of text that is all ASCII, in half the time
# Zero-width and bidirectional marks, soft hyphen: invisible in a pharmacy system and never part of a name.
_INVISIBLE: Final = dict.fromkeys(
    [0x00AD, 0x061C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF]
)
_APOSTROPHES: Final = dict.fromkeys(map(ord, "'\u2019\u02bc`\u00b4\uff07\uff40"))
_PLAIN: Final[dict[int, str | None]] = {
    **dict.fromkeys(map(ord, "\u00ae\u2122\u00a9")),
    **_INVISIBLE,
    **_APOSTROPHES,
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212"), "-"),
    **dict.fromkeys(map(ord, "\u2192\u21d2\u2794\u279c\u27a1\u27f6"), "->"),
    0x00D7: "x",
    0x00BC: " 1/4",
    0x00BD: " 1/2",
    0x00BE: " 3/4",
}


def normalise(text: str) -> str:
    """Lower-case text without accents, invisible characters, trade marks and apostrophes; letters keep their script.

    A Cyrillic letter that looks like a Latin one stays Cyrillic and therefore matches nothing: better unknown than
    taken for something else.
    """
    if text.isascii():
        return text.lower().replace("'", "").replace("`", "")
    return "".join(map(_plain, text))


def _plain(character: str) -> str:
    """One character as it counts: what it stands for in lower case, or nothing; digits of any script are digits."""
    replacement = _PLAIN.get(ord(character), character)
    if not replacement or replacement is not character:
        return replacement or ""
    if character.isascii():
        return character.lower()
    decomposed = unicodedata.normalize("NFKD", character).casefold()
    return "".join(
        str(unicodedata.decimal(one)) if one.isdecimal() else one
        for one in decomposed
        if not unicodedata.combining(one)
    )


def tokens(text: str) -> list[str]:
    """Words, numbers and the marks that separate ingredients; hyphens and other punctuation only separate words."""
    plain = normalise(text[:_LARGEST_TEXT])
    found = (_ASCII_TOKEN if plain.isascii() else _TOKEN).findall(plain)
    if "." in plain or "/" in plain:
        return [one if one[0] in DIGITS or one[0] in "./" else _joined(one) for one in found]
    return found


def _joined(abbreviation: str) -> str:
    """An abbreviation without what stands between its letters."""
    return abbreviation.replace(".", "").replace("/", "")


def places(text: str) -> list[tuple[int, int]]:
    """Where each of the tokens stands in the text as typed: the first character and the one behind the last."""
    text = text[:_LARGEST_TEXT]
    pieces = [_plain(character) for character in text]
    if text.isascii():
        pieces = ["" if one in {"'", "`"} else one for one in pieces]
    owners = [index for index, piece in enumerate(pieces) for _ in piece]
    return [(owners[found.start()], owners[found.end() - 1] + 1) for found in _TOKEN.finditer("".join(pieces))]
