"""Paired measurements: every ratio is taken inside one round, because the machine's speed drifts between rounds."""

from __future__ import annotations

import gc
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio over rounds: median and the middle half."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:7.2f}  (middle half {self.low:.2f} to {self.high:.2f})"


def ratio_of(values: Sequence[float]) -> Ratio:
    """Median and quartiles of one ratio a round."""
    low, middle, high = statistics.quantiles(values, n=4)
    return Ratio(middle, low, high)


def cpu_seconds(function: Callable[[Any], object], arguments: Sequence[Any]) -> float:
    """CPU seconds of this process for calling the function with each argument."""
    started = time.process_time()
    for argument in arguments:
        function(argument)
    return time.process_time() - started


def rounds(contenders: dict[str, tuple[Callable[[Any], object], Sequence[Any]]], count: int) -> list[dict[str, float]]:
    """CPU seconds per call of every contender in every round; the first round warms up and is dropped."""
    gc.collect()
    gc.freeze()  # as the service does after its start
    results: list[dict[str, float]] = []
    for number in range(count + 1):
        names = list(contenders)
        if number % 2:
            names.reverse()
        result = {name: cpu_seconds(*contenders[name]) / len(contenders[name][1]) for name in names}
        if number:
            results.append(result)
    gc.unfreeze()
    return results


def resident_megabytes() -> float:
    """Resident memory of this process."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - a file of the kernel, not of ours
        return int(file.read().split()[1]) * 4096 / 1e6
