"""The full check against the two comparison endpoints: requests a second in turn, and instructions a request.

Throughput: one server process on one core, the load from this process on the other; the three endpoints in turn
within each round. Instructions: callgrind on the real server, the difference of a long and a short run.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from rules.baseline import read_baseline
from rules.canonical import canonical_json
from tests.benchmark.measure import ratio_of

if TYPE_CHECKING:
    from collections.abc import Iterator

PATHS = {"check": "/v1/checks", "body": "/benchmark/body", "empty": "/benchmark/empty"}
CONNECTIONS = 8
KEY = f"mck_{0:012x}_{'A' * 43}"
# Eight medications by code: ciprofloxacin, magnesium oxide, furosemide, levothyroxine, metformin, lisinopril,
# atorvastatin, paracetamol; with the facts that a pharmacy has. Four findings.
_CODES = ("2551", "6582", "4603", "10582", "6809", "29046", "83367", "161")
QUESTION = json.dumps(
    {
        "patient": {"age_years": 58, "sex": "female", "egfr": {"value": "82", "unit": "mL/min/1.73m2"}},
        "medications": [
            {
                "id": f"m{number}",
                "codes": [{"system": "rxnorm", "code": code}],
                "route": "oral",
                "dose": {"value": "400", "unit": "mg", "of": "salt"}
                if code == "6582"
                else {"value": "1", "unit": "tablet"},
                "times_per_day": 2,
                "started_on": "2026-03-01",
            }
            for number, code in enumerate(_CODES)
        ],
        "conditions": [{"text": "hypertension"}],
        "as_of": "2026-11-22",
    }
).encode()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def server(first: str, *prefix: str, log: tuple[str, ...] = ()) -> Iterator[int]:
    """A server in a process of its own, on the first core where there are two; ``log``: how decisions are logged."""
    port = _free_port()
    folder = Path(tempfile.mkdtemp(prefix="magcheck-benchmark-"))
    rule_set = folder / "rule-set.json"
    rule_set.write_bytes(
        canonical_json(read_baseline().rule_set)
    )  # a server under valgrind would read YAML for minutes
    command = [*prefix, sys.executable, "-m", "tests.benchmark.server", str(port), first, str(rule_set), *log]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONHASHSEED": "0"})
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(process.pid, cores[:1])
    try:
        deadline = time.monotonic() + 600
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=60)
        shutil.rmtree(folder)


class _Client(asyncio.Protocol):
    """One connection that asks again as soon as it has an answer."""

    def __init__(self, request: bytes, left: list[int], done: asyncio.Event) -> None:
        self._request, self._left, self._done = request, left, done
        self._buffer = bytearray()
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)
        self._ask()

    def _ask(self) -> None:
        assert self._transport is not None
        if self._left[0] > 0:
            self._left[0] -= 1
            self._transport.write(self._request)
        else:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._buffer[:end]).lower()
        if not head.startswith(b"http/1.1 200"):
            raise SystemExit(head.decode())
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        if len(self._buffer) >= end + 4 + length:
            self._buffer.clear()
            self._left[1] -= 1
            if self._left[1] == 0:
                self._done.set()
            self._ask()


async def load(
    port: int,
    path: str,
    requests: int,
    connections: int = CONNECTIONS,
    *,
    header: str = "X-Nothing: 0",
    content: bytes = QUESTION,
) -> None:
    """Send the question so many times over a few connections."""
    request = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{header}\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    ).encode() + content
    left, done = [requests, requests], asyncio.Event()
    loop = asyncio.get_running_loop()
    for _ in range(min(connections, requests)):
        await loop.create_connection(lambda: _Client(request, left, done), "127.0.0.1", port)
    await done.wait()


def _cpu_of(pid: int) -> float:
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:  # noqa: PTH123 - a file of the kernel
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def throughput(count: int, requests: int = 1500) -> None:
    """Requests a second of the full check against the two comparison endpoints, in turn."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[-1:])
    rates: list[dict[str, float]] = []
    with server("check") as checks, server("body") as bodies, server("empty") as empties:
        ports = {"check": checks, "body": bodies, "empty": empties}
        for number in range(count + 1):
            rate: dict[str, float] = {}
            for name, port in ports.items() if number % 2 else reversed(ports.items()):
                started = time.perf_counter()
                asyncio.run(load(port, PATHS[name], requests))
                rate[name] = requests / (time.perf_counter() - started)
            if number:
                rates.append(rate)
    os.sched_setaffinity(0, cores)
    print(f"POST /v1/checks, 8 medications by code, one worker on one core, {count} rounds of {requests} requests")
    print(f"  check / body parameter, constant answer {ratio_of([rate['check'] / rate['body'] for rate in rates])}")
    print(f"  check / empty endpoint                  {ratio_of([rate['check'] / rate['empty'] for rate in rates])}")


def instructions() -> None:
    """Instructions a request, by callgrind, as multiples of the empty endpoint."""
    counted = counted_instructions(*PATHS)
    if counted:
        print("instructions a request (callgrind, outside the kernel)")
    for name, value in counted.items():
        print(f"  {name:6} {value / 1000:8.0f} k   {value / counted['empty']:5.2f} times the empty endpoint")


def counted_instructions(*servers: str) -> dict[str, float]:
    """Instructions a request of each kind of server; none where there is no valgrind."""
    if shutil.which("valgrind") is None:
        print("instructions: valgrind is not installed, so they were not counted")
        return {}
    counted: dict[str, float] = {}
    for name in servers:
        totals = []
        for requests in (50, 250):
            report = subprocess.run(
                [sys.executable, "-m", "tests.benchmark.http", name, str(requests)],
                check=True,
                capture_output=True,
                text=True,
            ).stderr
            line = next(line for line in report.splitlines() if "Collected" in line)
            totals.append(int(line.rpartition(":")[2]))
        counted[name] = (totals[1] - totals[0]) / 200
    return counted


def _one_counted_run(name: str, requests: int) -> None:
    prefix = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")
    header = "X-Nothing: 0" if name in PATHS else f"X-API-Key: {KEY}"
    with server(name, *prefix) as port:
        asyncio.run(load(port, PATHS.get(name, PATHS["check"]), requests, header=header))


if __name__ == "__main__":
    _one_counted_run(sys.argv[1], int(sys.argv[2]))
