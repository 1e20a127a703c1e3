"""`python3 dev.py bench [SECTION ...] [--rounds N] [--release FILE.zip]`: all sections, or those named.

Prints ratios within one run. Absolute times of a shared machine mean nothing, and no test asserts them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tests.benchmark import access, decisions, editor, engine, hooks, http, recognition, start, terminology, timetable

SECTIONS: Final[Mapping[str, Callable[[int, Path | None], object]]] = {
    "engine": lambda rounds, _: engine.against_peers(rounds),
    "growth": lambda rounds, _: engine.growth(rounds),
    "recognition": lambda rounds, _: recognition.lines(rounds),
    "timetable": lambda rounds, _: timetable.plans(rounds),
    "http": lambda rounds, _: http.throughput(max(3, rounds // 2)),
    "access": lambda rounds, _: access.gate(max(3, rounds // 2)),
    "instructions": lambda _, __: http.instructions(),
    "terminology": terminology.measure,
    "start": lambda rounds, release: start.until_ready(max(3, rounds // 4), release),
    "decisions": lambda rounds, _: decisions.throughput(max(3, rounds // 2)),
    "editor": lambda rounds, _: editor.pages(max(20, rounds)),
    "hooks": lambda rounds, _: hooks.against_checks(max(3, rounds // 2)),
}


def main() -> None:
    """Run the sections that are asked for."""
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__)
    parser.add_argument("sections", nargs="*", choices=[*SECTIONS, []], help="sections to run; all of them by default")
    parser.add_argument("--rounds", type=int, default=20, help="rounds a section (at least 3)")
    parser.add_argument("--release", type=Path, help="a release of RxNorm for the sections terminology and start")
    arguments = parser.parse_args()
    for name, run in SECTIONS.items():
        if name in (arguments.sections or SECTIONS):
            run(arguments.rounds, arguments.release)


if __name__ == "__main__":
    main()
