"""Reading the pages of the guide: the blocks with what is run, what is sent and what comes back.

A comment before a block says what it is:

- ``<!-- file: NAME -->``: saved under this name in the folder that the commands run in;
- ``<!-- run -->``: a shell block that is run, all of a page in one shell;
- ``<!-- answer -->``: what the block before writes to standard output, with ``…`` for what is not shown;
- ``<!-- not run: REASON -->``: a shell block that cannot be run in a test;
- ``<!-- shown: REASON -->``: any other block that shows something and is checked elsewhere, or not at all.

``<!-- server: development -->`` or ``production`` anywhere on the page asks for a running service.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import dev

DOCS: Final = Path(dev.__file__).parent / "docs"
PAGES: Final = sorted(DOCS.glob("*.md"))
LEFT_OUT: Final = "…"
_KINDS: Final = ("file", "run", "answer", "not run", "shown")


@dataclass(frozen=True)
class Block:
    """One fenced block and what its comment says about it."""

    kind: str
    argument: str
    language: str
    text: str


def blocks(page: Path) -> list[Block]:
    """All fenced blocks of a page in their order; an unmarked one has the kind ``unmarked``."""
    found = re.findall(
        r"^(?:<!-- ([a-z ]+?)(?:: ([^\n]*?))? -->\n)?( *)```(\w*)\n(.*?)^\3```$",
        page.read_text(),
        re.DOTALL | re.MULTILINE,
    )
    return [
        Block(kind if kind in _KINDS else "unmarked", argument, language, text)
        for kind, argument, _, language, text in found
    ]


def server(page: Path) -> str | None:
    """Which service the page needs: development, production or none."""
    found = re.search(r"^<!-- server: (development|production) -->$", page.read_text(), re.MULTILINE)
    return found.group(1) if found else None


def differences(shown: Any, real: Any, pointer: str = "") -> list[str]:  # noqa: ANN401 - any JSON value
    """Where an answer differs from what is shown of it; ``…`` stands for a value, further keys or further items."""
    if shown == LEFT_OUT:
        return []
    if isinstance(shown, dict) and isinstance(real, dict):
        keys = shown.keys() - {LEFT_OUT}
        found = [f"{pointer}/{key}: not in the answer" for key in sorted(keys - real.keys())]
        if LEFT_OUT not in shown:
            found += [f"{pointer}/{key}: left out without {LEFT_OUT}" for key in sorted(real.keys() - keys)]
        return found + [
            difference
            for key in shown
            if key in keys & real.keys()
            for difference in differences(shown[key], real[key], f"{pointer}/{key}")
        ]
    if isinstance(shown, list) and isinstance(real, list):
        cut = shown.index(LEFT_OUT) if LEFT_OUT in shown else len(shown)
        head, tail = shown[:cut], shown[cut + 1 :]
        items = [*enumerate(head), *enumerate(tail, start=len(real) - len(tail))]
        if len(real) < len(items) or (len(real) == len(items)) != (LEFT_OUT not in shown):
            return [f"{pointer}: {len(items)} items are shown, the answer has {len(real)}"]
        return [
            difference for index, item in items for difference in differences(item, real[index], f"{pointer}/{index}")
        ]
    return [] if shown == real and type(shown) is type(real) else [f"{pointer}: shown {shown!r}, real {real!r}"]


def disagreement(shown: Block, real: str) -> list[str]:
    """What differs between what a page shows and what came; nothing where they agree."""
    if shown.language == "json":
        return differences(json.loads(shown.text), json.loads(real))
    pattern = ".*".join(re.escape(part) for part in shown.text.strip("\n").split(LEFT_OUT))
    if re.fullmatch(pattern, real.strip("\n"), re.DOTALL):
        return []
    return [f"shown:\n{shown.text}\nreal:\n{real}"]
