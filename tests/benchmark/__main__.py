"""`python3 dev.py bench [SECTION ...] [--rounds N] [--release FILE.zip]`: all sections, or those named.

Prints ratios within one run. Absolute times of a shared machine mean nothing, and no test asserts them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.benchmark import access, decisions, engine, http, recognition, terminology, timetable

SECTIONS = (
    "engine",
    "growth",
    "recognition",
    "timetable",
    "http",
    "access",
    "instructions",
    "terminology",
    "decisions",
)


def main() -> None:
    """Run the sections that are asked for."""
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__)
    parser.add_argument("sections", nargs="*", choices=[*SECTIONS, []], help="sections to run; all of them by default")
    parser.add_argument("--rounds", type=int, default=20, help="rounds a section (at least 3)")
    parser.add_argument("--release", type=Path, help="a release of RxNorm for the section terminology")
    arguments = parser.parse_args()
    chosen = arguments.sections or SECTIONS
    if "engine" in chosen:
        engine.against_peers(arguments.rounds)
    if "growth" in chosen:
        engine.growth(arguments.rounds)
    if "recognition" in chosen:
        recognition.lines(arguments.rounds)
    if "timetable" in chosen:
        timetable.plans(arguments.rounds)
    if "http" in chosen:
        http.throughput(max(3, arguments.rounds // 2))
    if "access" in chosen:
        access.gate(max(3, arguments.rounds // 2))
    if "instructions" in chosen:
        http.instructions()
    if "terminology" in chosen:
        terminology.measure(arguments.rounds, arguments.release)
    if "decisions" in chosen:
        decisions.throughput(max(3, arguments.rounds // 2))


if __name__ == "__main__":
    main()
