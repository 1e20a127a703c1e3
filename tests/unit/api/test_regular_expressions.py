"""No text, however long or contrived, makes a regular expression of ours work more than in proportion.

The patterns of the contract run in pydantic's own engine, which cannot backtrack; those found here are Python's.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

import pytest

import rules
import service
from service.api.edge import MAXIMUM_BODY

# Each step is four times the one before, up to the longest body there can be. Quadratic would be 16 times the time.
_LENGTHS: Final = (4_096, 16_384, 65_536, MAXIMUM_BODY)
_WORST_RATIO: Final = 10
# CPU time of this process; below this it says more about the machine than about the pattern.
_WORTH_A_LOOK_SECONDS: Final = 0.1
# No need to wait for the end: a pattern that is linear needs a tenth of this for the longest text.
_HOPELESS_SECONDS: Final = 2.0
_UNITS: Final = ("a", "0", " ", '"', '\\"', "-", "0.", ",0", "(", "Mg", "é ", "a\n", '"a" ')


def patterns() -> Iterator[Any]:
    for package in (rules, service):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if found.name.endswith("__main__"):  # to load it is to run it
                continue
            module = importlib.import_module(found.name)
            for name, value in vars(module).items():
                if isinstance(value, re.Pattern):
                    yield pytest.param(value, id=f"{found.name}.{name}")


def seconds(pattern: re.Pattern[Any], unit: str, length: int) -> float:
    text: Any = unit * (length // len(unit)) + "!"
    if isinstance(pattern.pattern, bytes):
        text = text.encode()
    started = time.process_time()
    pattern.fullmatch(text)
    pattern.findall(text)
    return time.process_time() - started


def grows_too_fast(pattern: re.Pattern[Any], unit: str) -> bool:
    for shorter, longer in pairwise(_LENGTHS):
        for _ in range(3):
            needed = seconds(pattern, unit, longer)
            if needed > _HOPELESS_SECONDS:
                return True
            if needed < _WORTH_A_LOOK_SECONDS or needed < _WORST_RATIO * seconds(pattern, unit, shorter):
                break
        else:
            return True
    return False


@pytest.mark.parametrize("pattern", list(patterns()))
def test_time_grows_in_proportion_to_the_text(pattern: re.Pattern[Any]) -> None:
    assert [unit for unit in _UNITS if grows_too_fast(pattern, unit)] == []


def test_the_measure_notices_a_bad_pattern() -> None:
    assert grows_too_fast(re.compile(r'"(?:[^"\\]|\\.)*"'), '\\"')
