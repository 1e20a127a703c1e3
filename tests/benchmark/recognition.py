"""Recognising lines: at first sight, again, and the worst there is, against the time that JSON takes to read one line.

The lines are those of the labelled sample that are recognised. The worst line is nonsense of 200 characters; the many
names are made up, as many as a release of RxNorm has.
"""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

from rules import compile_rule_set
from rules.baseline import read_baseline
from rules.resolution import resolve
from rules.spelling import SpellingIndex
from tests.benchmark.measure import cpu_seconds, ratio_of, rounds
from tests.reference.lines import read_sample

if TYPE_CHECKING:
    from rules import CompiledRuleSet

NAMES = 40_000
NONSENSE = "furosemied omeprazule magnesim oxde ciprofloxacn levothyrxine amlodpine pantoprasol bisoprool metforin " * 2
_SYLLABLES = "pra zo lo fu ro se mi de cin flo xa ci pro na ti ne vir sta tin o lol me thy ri do pi re".split()  # noqa: SIM905
_LINE = json.dumps({"id": "m1", "text": "Furosemide 40 MG Oral Tablet", "times_per_day": 1})


def made_up_names(count: int) -> list[str]:
    """Names of the syllables that real ones are made of; the same each time."""
    source = random.Random(1)
    return ["".join(source.choices(_SYLLABLES, k=source.randint(3, 6))) for _ in range(count)]


def _at_first_sight(compiled: CompiledRuleSet, text: str) -> object:
    compiled.resolutions.clear()
    return resolve(compiled, text, ())


def lines(count: int) -> None:
    """Ratios to reading one line of JSON, and microseconds as they were on this machine."""
    compiled = compile_rule_set(read_baseline().rule_set)
    known = [line.text for line in read_sample() if resolve(compiled, line.text, ()).entries]
    worst = [f"{NONSENSE[:190]} {number}" for number in range(20)]
    index = SpellingIndex(made_up_names(NAMES))
    words = NONSENSE.split()
    results = rounds(
        {
            "json": (json.loads, [_LINE] * 500),
            "first": (lambda text: _at_first_sight(compiled, text), known),
            "again": (lambda text: resolve(compiled, text, ()), [known[0]] * 500),
            "nonsense": (lambda text: _at_first_sight(compiled, text), worst),
            "spelling": (index.like, [words[:8]] * 10),
        },
        count,
    )
    print(f"recognition of {len(known)} lines, nonsense of 200 characters, {NAMES} made-up names, {count} rounds")
    labels = {
        "first": "a line at first sight",
        "again": "a line again",
        "nonsense": "nonsense at first sight",
        "spelling": f"its spellings among {NAMES}",
    }
    for name, label in labels.items():
        ratio = ratio_of([result[name] / result["json"] for result in results])
        middle = ratio_of([result[name] * 1e6 for result in results]).median
        print(f"  {label:30} / one line of JSON {ratio}   {middle:10.1f} us here")
    each = sorted(_least(compiled, text, count) for text in known)
    shares = ", ".join(f"{share} % of lines up to {each[len(each) * share // 100]:.0f}" for share in (50, 75, 95))
    print(f"  each line at first sight, the least of {count} times: {shares} us here")


def _least(compiled: CompiledRuleSet, text: str, count: int) -> float:
    """Microseconds of one line without what other work on the machine adds."""
    return min(cpu_seconds(lambda line: _at_first_sight(compiled, line), [text]) for _ in range(count)) * 1e6
