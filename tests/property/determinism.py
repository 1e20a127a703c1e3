"""Prints a digest of many reports; run under other hash seeds, time zones and locales it must print the same (I4).

Usage: ``python -m tests.property.determinism [--planted] [CANONICAL_JSON]``. Random small rule sets are answered, and
the worked cases of the rule set in the file, whose longer names are looked up misspelt too. ``--planted`` puts a set's
order into the answers, to show that this program would notice.
"""

from __future__ import annotations

import contextlib
import hashlib
import locale
import random
import sys
from pathlib import Path

from rules import RuleSet, check, compile_rule_set, engine
from rules.report import Finding
from rules.resolution import resolve
from tests.property.laws import as_bytes
from tests.strategies import ANY, Choices, World, draw_question, draw_rule_set

WORLDS = 60


def worlds() -> list[World]:
    """The same random worlds on every machine: the bytes come from a seeded generator."""
    source = random.Random(20261122)
    choose = Choices(lambda _: source.randbytes(48))
    return [World(draw_rule_set(choose, ANY), draw_question(choose)) for _ in range(WORLDS)]


def _plant_set_order() -> None:
    honest = engine._finding

    def finding(group: engine.Group) -> Finding:
        found = honest(group)
        found["medication_ids"] = list(set(found["medication_ids"]))
        return found

    engine._finding = finding


def main(arguments: list[str]) -> None:
    """Answer everything and print one digest."""
    if "--planted" in arguments:
        _plant_set_order()
    with contextlib.suppress(locale.Error):
        locale.setlocale(locale.LC_ALL, "")
    seen = hashlib.sha256()
    for world in worlds():
        seen.update(as_bytes(check(compile_rule_set(world.rule_set), world.profile, explain=True)))
    for path in arguments:
        if path != "--planted":
            stored = compile_rule_set(RuleSet.model_validate_json(Path(path).read_bytes()))
            for case in stored.rule_set.cases:
                seen.update(as_bytes(check(stored, case.profile, explain=True)))
            for phrase in stored.lookup.phrases:
                if len(phrase) > 1:  # of long names many are as near as each other
                    seen.update(repr(resolve(stored, f"{' '.join(phrase)}a", ()).shown["candidates"]).encode())
    sys.stdout.write(seen.hexdigest())


if __name__ == "__main__":
    main(sys.argv[1:])
