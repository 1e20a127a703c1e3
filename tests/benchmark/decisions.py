"""What logging decisions costs: requests a second with the log required and best effort, as shares of without.

One server process on one core for each way and database, the load from this process and the PostgreSQL server on the
other; all in turn within each round.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from sqlalchemy import func
from sqlmodel import select

from service.storage import migration
from service.storage.session import Store
from service.storage.tables import DecisionRow
from tests.benchmark.http import PATHS, load, server
from tests.benchmark.measure import ratio_of
from tests.integration.postgres_server import fresh_database, running_postgres

_POLICIES: Final = ("best_effort", "require")
_CONNECTIONS: Final = (8, 32)
_FLUSH_SECONDS: Final = 20.0


def throughput(count: int, requests: int = 1500) -> None:
    """Requests a second with decisions logged against those without, over few connections and over many."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[-1:])
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="magcheck-benchmark-")))
        postgres = stack.enter_context(running_postgres(durable=True))
        urls = {}
        for policy in _POLICIES:
            urls[f"SQLite {policy}"] = f"sqlite:///{folder / policy}.sqlite3"
            urls[f"PostgreSQL {policy}"] = fresh_database(postgres)
        for url in urls.values():
            migration.upgrade(url)
        ports = {"off": stack.enter_context(server("check"))}
        for name, url in urls.items():
            ports[name] = stack.enter_context(server("check", log=(name.split()[1], url)))
        for connections in _CONNECTIONS:
            rates = [_round(ports, number, requests, connections) for number in range(count + 1)][1:]
            print(f"POST /v1/checks, 8 medications by code, one worker on one core, {connections} connections,")
            print(f"{count} rounds of {requests} requests: share of the throughput without a log")
            for name in urls:
                print(f"  {name:24} {ratio_of([rate[name] / rate['off'] for rate in rates])}")
        sent = (count + 1) * requests * len(_CONNECTIONS)
        for name, url in urls.items():
            _all_there(name, url, sent)
    os.sched_setaffinity(0, cores)


def _round(ports: dict[str, int], number: int, requests: int, connections: int) -> dict[str, float]:
    rate: dict[str, float] = {}
    for name, port in ports.items() if number % 2 else reversed(ports.items()):
        started = time.perf_counter()
        asyncio.run(load(port, PATHS["check"], requests, connections))
        rate[name] = requests / (time.perf_counter() - started)
    return rate


def _all_there(name: str, url: str, sent: int) -> None:
    """A log that is fast because it forgets would not count."""
    deadline = time.monotonic() + _FLUSH_SECONDS
    with Store.open(url) as store:
        while True:
            with store.reading() as session:
                there = session.exec(select(func.count()).select_from(DecisionRow)).one()
            if there == sent:
                return
            if time.monotonic() > deadline:
                raise SystemExit(f"{name}: {sent} checks were answered, {there} decisions are there")
            time.sleep(0.2)
