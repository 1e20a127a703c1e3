"""The difference of two texts line by line, as files show it; long stretches without a change are left out."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Final

_AROUND: Final = 3


@dataclass(frozen=True, slots=True)
class Line:
    """A line: ``sign`` is `+`, `-`, a space, or `…` where lines are left out."""

    sign: str
    text: str
    before: int | None = None
    after: int | None = None


def lines_of(before: str, after: str) -> list[Line]:
    """The lines that differ, each with a few around it."""
    old, new = before.splitlines(), after.splitlines()
    lines: list[Line] = []
    groups = difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_grouped_opcodes(_AROUND)
    for group in groups:
        if lines or group[0][1] or group[0][3]:
            lines.append(Line("…", ""))
        for kind, i, j, k, m in group:
            if kind == "equal":
                lines += [Line(" ", old[n], n + 1, k + n - i + 1) for n in range(i, j)]
            else:
                lines += [Line("-", old[n], n + 1, None) for n in range(i, j)]
                lines += [Line("+", new[n], None, n + 1) for n in range(k, m)]
    return lines
