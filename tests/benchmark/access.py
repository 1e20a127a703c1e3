"""What the gate costs a check: with an API key that is looked up and counted, against the same check before the gate.

Two servers, one process on one core each, the load from the other core; in turn within each round.
"""

from __future__ import annotations

import asyncio
import os
import time
import timeit

from service.application.access.rate import RateLimit
from tests.benchmark.http import KEY, PATHS, counted_instructions, load, server
from tests.benchmark.measure import ratio_of

_HITS = 200_000


def gate(count: int, requests: int = 1500) -> None:
    """Checks a second with a key, as a part of those without a gate; and what counting a request takes."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[-1:])
    ratios = []
    with server("keyed") as keyed, server("ungated") as ungated:
        ports = {"keyed": keyed, "ungated": ungated}
        for number in range(count + 1):
            rate: dict[str, float] = {}
            for name, port in ports.items() if number % 2 else reversed(ports.items()):
                started = time.perf_counter()
                asyncio.run(load(port, PATHS["check"], requests, header=f"X-API-Key: {KEY}"))
                rate[name] = requests / (time.perf_counter() - started)
            if number:
                ratios.append(rate["keyed"] / rate["ungated"])
    os.sched_setaffinity(0, cores)
    print(f"POST /v1/checks with an API key, one worker on one core, {count} rounds of {requests} requests")
    print(f"  behind the gate / before the gate       {ratio_of(ratios)}")
    limit = RateLimit()
    seconds = timeit.timeit(lambda: limit.hit("key/0", 10**9), number=_HITS) / _HITS
    print(f"  counting one request                    {seconds * 1e6:.2f} microseconds")
    counted = counted_instructions("keyed", "ungated")
    if counted:
        print(f"  instructions, behind / before the gate  {counted['keyed'] / counted['ungated']:.4f}")
