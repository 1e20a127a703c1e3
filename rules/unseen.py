"""Characters that nobody sees in a text: they hide in words, or show a text in another order than it has.

It only finds them; recognition of medicines leaves them out by itself.
"""

from __future__ import annotations

import re
from typing import Final

# Soft hyphen, marks and overrides of direction, what has no width, fillers, line and paragraph separators, tags. The
# two joiners (U+200C, U+200D) are not among them: words of several languages are written with them.
_UNSEEN: Final = re.compile(
    "[\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
_JOINERS: Final = "\u200c\u200d"


def unseen(text: str) -> str | None:
    """What of a text nobody sees, in words; None: everything is shown as it is."""
    found = None if text.isascii() else _UNSEEN.search(text)
    if found is None:
        return None
    return (
        f"has a character that is not shown, or turns the direction of text (U+{ord(found[0]):04X}, character "
        f"{found.start() + 1}): leave it out"
    )


def shown(text: str) -> str:
    """A text in which everything is seen.

    Raises:
        ValueError: not all of it is, or nothing.
    """
    fault = unseen(text)
    if fault is not None:
        raise ValueError(fault)
    if not text.strip(f" {_JOINERS}"):
        message = "must not be empty"
        raise ValueError(message)
    return text
