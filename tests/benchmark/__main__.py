"""`python3 dev.py bench [engine] [growth] [http] [instructions] [--rounds N]`: all sections, or those named.

Prints ratios within one run. Absolute times of a shared machine mean nothing, and no test asserts them.
"""

from __future__ import annotations

import argparse

from tests.benchmark import engine, http

SECTIONS = ("engine", "growth", "http", "instructions")


def main() -> None:
    """Run the sections that are asked for."""
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__)
    parser.add_argument("sections", nargs="*", choices=[*SECTIONS, []], help="sections to run; all of them by default")
    parser.add_argument("--rounds", type=int, default=20, help="rounds a section (at least 3)")
    arguments = parser.parse_args()
    chosen = arguments.sections or SECTIONS
    if "engine" in chosen:
        engine.against_peers(arguments.rounds)
    if "growth" in chosen:
        engine.growth(arguments.rounds)
    if "http" in chosen:
        http.throughput(max(3, arguments.rounds // 2))
    if "instructions" in chosen:
        http.instructions()


if __name__ == "__main__":
    main()
