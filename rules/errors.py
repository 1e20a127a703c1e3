"""The errors the knowledge base and the engine raise, each with the place where it was found.

This module does not decide what is wrong; it only carries what was found, all of it at once.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One fault in the knowledge: the file, the line, the JSON pointer inside the record, and what to do.

    ``line`` counts from 1; 0 means the fault belongs to no single line (for example a missing record).
    ``code`` is stable and machine-readable, ``detail`` is for people.
    """

    file: str
    line: int
    pointer: str
    code: str
    detail: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.pointer or '/'}: {self.detail} [{self.code}]"


class KnowledgeError(ValueError):
    """The knowledge cannot be used. ``problems`` lists every fault that was found, sorted by place."""

    def __init__(self, problems: list[Problem]) -> None:
        """Keep the problems sorted, so that two runs print the same text."""
        self.problems = tuple(sorted(problems))
        count = len(self.problems)
        summary = "\n".join(str(problem) for problem in self.problems)
        super().__init__(f"{count} problem{'s' if count != 1 else ''} in the knowledge\n{summary}")


class QuantityError(ValueError):
    """A dose, amount or unit that cannot be read; the text says which units are allowed."""


class FormulaError(ValueError):
    """A chemical formula that cannot be read or holds an element without a known atomic mass."""


class TerminologyDamaged(Exception):
    """A stored terminology is not what was written, or is written in a form this program does not read."""


class ReleaseInvalid(Exception):
    """A release of RxNorm cannot be read; the text names the file and, where there is one, the line."""

    def __init__(self, file: str, line: int, detail: str) -> None:
        """Say where and what; line 0 is the file as a whole."""
        self.file = file
        self.line = line
        self.detail = detail
        place = f"{file}, line {line}" if line else file
        super().__init__(f"{place}: {detail}")
