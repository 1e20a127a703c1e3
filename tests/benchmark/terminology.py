"""The terminology: look-ups against a dictionary, recognition against a whole check, loading against compiling.

Works on a made-up release of the size of the real one; `--release FILE.zip` takes a file of your own.
"""

from __future__ import annotations

import hashlib
import time
from functools import partial
from typing import TYPE_CHECKING

from rules import compile_rule_set
from rules.engine import check
from rules.profile import Code, MedicationItem, MedicationProfile
from rules.resolution import resolve
from rules.terminology import Terminology
from rules.terms import CodeSystem
from service.application.rxnorm import read_release
from tests.benchmark.measure import ratio_of, resident_megabytes, rounds
from tests.benchmark.world import make_questions, make_world, profile_of, rule_set_of
from tests.releases import Rows, attribute

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rules import CompiledRuleSet, RuleSet

PRODUCTS = 20_000
PACKAGES = 220_000
LINES = 8
_LETTERS = "aeioubdklmnprstvz"


def _name(number: int) -> str:
    """A made-up name of eight letters, another one for each number."""
    letters = []
    for _ in range(8):
        number, letter = divmod(number * 7 + 3, len(_LETTERS))
        letters.append(_LETTERS[letter])
    return "".join(letters) + f"q{number % 97}x"


def made_up_rows() -> Rows:
    """The rows of a release of the size of the real one."""
    rows = Rows()
    for number in range(PRODUCTS):
        ingredient, component, product = 10_000_000 + number // 8, 20_000_000 + number, 30_000_000 + number
        name = f"{_name(number // 8)} {number // 8}"
        if number % 8 == 0:
            rows.concepts.append(f"{ingredient}|ENG||||||1||1||RXNORM|IN|1|{name}||N|4096|")
        rows.component(component, f"{name} {number % 8 + 1} MG", ingredient)
        rows.product(product, f"{name} {number % 8 + 1} MG Oral Tablet", component)
    rows.attributes += [
        attribute(30_000_000 + number % PRODUCTS, f"{number + 10**10:011d}") for number in range(PACKAGES)
    ]
    return rows


def measure(count: int, file: Path | None) -> None:
    """Load a terminology, then ask it for packages, names and lines nobody asked before."""
    block = made_up_rows().block() if file is None else read_release(file).block
    digest = hashlib.sha256(block).hexdigest()
    world = make_world(600)
    rule_set = rule_set_of(world)
    before = resident_megabytes()
    terminology = Terminology.load(block, version="benchmark", digest=digest)
    memory = resident_megabytes() - before
    compiled = compile_rule_set(rule_set, digest="0" * 64).with_terminology(terminology)
    print(f"terminology of {len(terminology)} concepts, {terminology.counts['ndc']} package codes, {count} rounds")
    print(f"  memory {memory:.1f} MB, block {len(block) / 1e6:.1f} MB")
    load = partial(Terminology.load, version="benchmark", digest=digest)
    loading = rounds({"load": (load, [block]), "compile": (partial(_compile, rule_set), [None])}, max(3, count // 5))
    print(f"  load / compile of 600 rules {ratio_of([one['load'] / one['compile'] for one in loading])}")

    packages = [f"{digits:011d}" for digits in terminology._numbers["ndc"][:: max(1, PACKAGES // 2000)]]
    dictionary = dict.fromkeys(packages, 1)
    words = [name.split() for name, _ in zip(_names(terminology), range(2000), strict=False)]
    profiles = [profile_of(world, question) for question in make_questions(world, 40, LINES)]
    results = rounds(
        {
            "dictionary": (dictionary.__getitem__, packages),
            "package": (terminology.by_ndc, packages),
            "name": (lambda one: terminology.phrase_at(one, 0), words),
            "line": (partial(_first_sight, compiled), packages),
            "again": (partial(_again, compiled), packages),
            "check": (partial(check, compiled), profiles),
        },
        count,
    )
    for name in ("package", "name"):
        print(f"  {name:8} / dictionary {ratio_of([one[name] / one['dictionary'] for one in results])}")
    for name in ("line", "again"):
        ratio = ratio_of([LINES * one[name] / one["check"] for one in results])
        print(f"  {LINES} codes, {name:5} / check of {LINES} lines {ratio}")
    _growth(compiled, terminology)


def _compile(rule_set: RuleSet, _: None) -> None:
    compile_rule_set(rule_set, digest="0" * 64)


def _names(terminology: Terminology) -> Iterator[str]:
    seen: set[str] = set()
    for digits in terminology._numbers["ndc"]:
        for part in terminology.by_ndc(f"{digits:011d}")[0].parts:
            if part.name not in seen:
                seen.add(part.name)
                yield part.name


def _question(package: str) -> tuple[Code, ...]:
    return (Code(system=CodeSystem.NDC, code=package),)


def _first_sight(compiled: CompiledRuleSet, package: str) -> None:
    compiled.resolutions.clear()
    resolve(compiled, None, _question(package))


def _again(compiled: CompiledRuleSet, package: str) -> None:
    resolve(compiled, None, _question(package))


def _growth(compiled: CompiledRuleSet, terminology: Terminology) -> None:
    """Memory after ever more packages nobody asked for before: flat once the cache of lines is full."""
    started, sizes = time.process_time(), []
    for number, digits in enumerate(terminology._numbers["ndc"][:60_000], 1):
        item = MedicationItem(id="m1", codes=_question(f"{digits:011d}"))
        check(compiled, MedicationProfile(medications=(item,)))
        if number % 20_000 == 0:
            sizes.append(f"{resident_megabytes():.0f}")
    seconds = time.process_time() - started
    print(
        f"  resident memory after 20,000, 40,000, 60,000 different questions: {', '.join(sizes)} MB ({seconds:.0f} s)"
    )
