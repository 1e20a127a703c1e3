"""Writes lines for people: a label and a wrapped text. What came from outside cannot drive the terminal."""

import textwrap
import unicodedata
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.text import Text

STYLES = {
    "contraindicated": "bold white on red",
    "major": "bold red",
    "moderate": "bold yellow",
    "minor": "bold cyan",
}
_LABEL_WIDTH = 14
_WIDEST = 110
# Control, format (bidirectional overrides and the like), surrogate and private characters.
_NOT_SHOWN = {"Cc", "Cf", "Cs", "Co"}
Names = Mapping[str, str]


def clean(text: str) -> str:
    """The text in one line, without characters that a terminal obeys instead of showing."""
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(char) in _NOT_SHOWN else char for char in text)


def words_of(value: str) -> str:
    """A word of a vocabulary as people write it."""
    return value.replace("_", " ")


class Writer:
    """Lines with a label in front, wrapped to the width of the console; addresses are never broken."""

    def __init__(self, console: Console) -> None:
        """Write to the console, whose width counts up to a limit."""
        self._console = console
        self.encoding = console.encoding
        self.width = max(_LABEL_WIDTH + 30, min(console.width, _WIDEST))

    def line(self, text: Text | str = "") -> None:
        """One line as it stands."""
        self._console.print(text, soft_wrap=True, markup=False, highlight=False, emoji=False)

    def heading(self, source: str, summary: Text) -> None:
        """What the report is about, and an empty line."""
        self.line(Text.assemble((clean(source), "bold"), " \N{EM DASH} ", summary))
        self.line()

    def section(self, title: str) -> None:
        """The head of several blocks."""
        self.line(Text(f"== {clean(title)} ==", "bold"))
        self.line()

    def block(self, mark: str, title: str, *, style: str) -> None:
        """The first line of a block, with what it is in front."""
        self.line(Text.assemble((f" {mark} ", style), " ", (clean(title), "bold")))

    def field(self, label: str, text: str, *, style: str = "", start: str = "") -> None:
        """One entry; further lines stand under the text, behind what ``start`` takes."""
        if not text:
            return
        indent = " " * (_LABEL_WIDTH + 2)
        hanging = " " * len(start)
        lines = textwrap.wrap(
            clean(text),
            self.width - len(indent),
            initial_indent=start,
            subsequent_indent=hanging,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for number, line in enumerate(lines):
            front = f"  {label:<{_LABEL_WIDTH}}" if number == 0 else indent
            self.line(Text.assemble((front, "dim"), (line, style)))

    def fields(self, label: str, texts: Sequence[str], *, style: str = "", start: str = "") -> None:
        """Entries under one label."""
        for number, text in enumerate(texts):
            self.field(label if number == 0 else "", text, style=style, start=start)
