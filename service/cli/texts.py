"""Texts that somebody types on the command line for others to read: names, and reasons for the audit trail.

It only looks at them, by the same rules as the API, and changes nothing but the spaces around.
"""

import re
from typing import Final

import typer

from rules.unseen import shown
from service.cli.exits import Exit, complain

# Control characters, and bytes that are no text, which Python holds as half of a pair.
_NOT_TEXT: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
LONGEST_NAME: Final = 120
_LONGEST_REASON: Final = 2000


def one_line(what: str, text: str, most: int) -> str:
    """The text, of at most so many characters, in which everything is seen; ``what`` it is, for who typed it.

    Raises:
        Exit: it is not.
    """
    line = text.strip()
    if not 1 <= len(line) <= most or _NOT_TEXT.search(line):
        complain(f"{what} takes 1 to {most} characters, all on one line")
        raise typer.Exit(Exit.USAGE)
    try:
        return shown(line)
    except ValueError as error:
        complain(f"{what} {error}")
        raise typer.Exit(Exit.USAGE) from None


def reason_line(text: str) -> str:
    """A reason for the audit trail."""
    return one_line("--reason", text, _LONGEST_REASON)
