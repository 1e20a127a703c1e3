"""Publishes while clients hammer two workers over one store, and looks at every answer.

After a publish is acknowledged no answer may come from a rule set that was outdated for two seconds, no client may be
taken back by a worker, and each answer is of one rule set: number, digest and the title of a finding belong together.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field

from rules.canonical import digest
from service.application import rule_sets as verbs
from service.storage import migration
from service.storage.session import Store
from tests.e2e.test_cli_serve import free_port
from tests.faults.publisher import now
from tests.integration.small_knowledge import small_rule_set
from tests.keys import KEYRING, SECRET_KEY

WORKERS = 2
CLIENTS = 4
# Between two publishes; some are shorter than the workers look, so that numbers are skipped too.
PAUSES = (0.3, 0.1, 0.5, 0.3, 0.02, 0.6)
LIMIT_SECONDS = 2.0
_START_SECONDS = 120.0
_QUESTION = json.dumps({"medications": [{"id": "m1", "text": "furosemide"}]})


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer: who asked whom, when it was asked, and which rule set answered."""

    client: int
    worker: int
    asked: float
    number: int
    digest: str
    title: str


@dataclass(slots=True)
class Propagation:
    """What happened."""

    publishes: int = 0
    answers: int = 0
    # The longest that somebody was answered from a rule set behind the acknowledgement of the next.
    worst_seconds: float = 0.0
    # A client that goes from one worker to the other may be taken back for as long as that; it is told the number.
    backwards_between_workers: int = 0
    faults: list[str] = field(default_factory=list)

    def line(self) -> str:
        """All of it as JSON."""
        return json.dumps(asdict(self))


def titled(number: int) -> str:
    """The title by which an answer tells its rule set."""
    return f"Title of rule set {number}"


@contextmanager
def _workers(url: str, folder: str) -> Generator[list[int]]:
    ports = [free_port() for _ in range(WORKERS)]
    settings = {
        "MAGCHECK_ENVIRONMENT": "development",  # open on this machine: who asks is not what this is about
        "MAGCHECK_DATABASE_URL": url,
        "MAGCHECK_DATA_DIR": folder,
        "MAGCHECK_SECRET_KEY": SECRET_KEY,
        "MAGCHECK_LOG_LEVEL": "error",
    }
    base = {name: value for name, value in os.environ.items() if not name.startswith("MAGCHECK_")}
    running = [
        subprocess.Popen([sys.executable, "-m", "service.main"], env={**base, **settings, "MAGCHECK_PORT": str(port)})
        for port in ports
    ]
    try:
        for port, process in zip(ports, running, strict=True):
            _wait_until_ready(port, process)
        yield ports
    finally:
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as asking:
            asking.request("GET", "/health/ready")
            if asking.getresponse().status == http.HTTPStatus.OK:
                return
        time.sleep(0.1)
    raise RuntimeError(f"a worker is not ready and ended with {process.poll()}")


class _Client(threading.Thread):
    """Asks one worker after the other, and remembers every answer."""

    def __init__(self, number: int, ports: list[int], stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.number = number
        self.seen: list[Seen] = []
        self.faults: list[str] = []
        self._ports = ports
        self._stop_asking = stop

    def run(self) -> None:
        connections = [http.client.HTTPConnection("127.0.0.1", port, timeout=10) for port in self._ports]
        turns = self._turns()
        while not self._stop_asking.is_set() and len(self.faults) < 10:
            worker = next(turns)
            try:
                self._ask(worker, connections[worker])
            except (OSError, http.client.HTTPException, ValueError, LookupError) as error:
                self.faults.append(f"client {self.number}, worker {worker}: {error!r}")
            time.sleep(0.004)
        for connection in connections:
            connection.close()

    def _turns(self) -> Iterator[int]:
        """Two clients go to and fro, two stay for a while."""
        stay = 1 if self.number % 2 else 25
        turn = self.number
        while True:
            for _ in range(stay):
                yield turn % WORKERS
            turn += 1

    def _ask(self, worker: int, connection: http.client.HTTPConnection) -> None:
        asked = time.monotonic()
        connection.request("POST", "/v1/checks", _QUESTION, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        report = json.loads(answer.read())
        if answer.status != http.HTTPStatus.OK:
            self.faults.append(f"client {self.number}, worker {worker}: {answer.status} {report.get('code')}")
            return
        (finding,) = report["findings"]
        told = report["rule_set"]
        self.seen.append(Seen(self.number, worker, asked, told["version"], told["digest"], finding["title"]))


def publish_under_load(url: str, publishes: int) -> Propagation:
    """F12: publish again and again under load."""
    migration.upgrade(url)
    told = Propagation(publishes)
    contents = {number: small_rule_set(title=titled(number)) for number in range(1, publishes + 2)}
    acknowledged: dict[int, float] = {}
    with Store.open(url) as store, tempfile.TemporaryDirectory(prefix="magcheck-workers-") as folder:
        verbs.seed_baseline(store, contents[1], keyring=KEYRING, now=now(), note="first")
        stop = threading.Event()
        with _workers(url, folder) as ports:
            clients = [_Client(number, ports, stop) for number in range(CLIENTS)]
            for client in clients:
                client.start()
            try:
                for number in range(2, publishes + 2):
                    time.sleep(PAUSES[number % len(PAUSES)])
                    content = contents[number]
                    verbs.publish(
                        store, content, based_on=number - 1, author="anna", note="x", now=now(), keyring=KEYRING
                    )
                    acknowledged[number] = time.monotonic()
                time.sleep(LIMIT_SECONDS + 0.5)  # so that the last one has to be there too
            finally:
                stop.set()
                for client in clients:
                    client.join(30)
    seen = [one for client in clients for one in client.seen]
    told.faults = [fault for client in clients for fault in client.faults]
    judge(told, seen, acknowledged, {number: digest(content) for number, content in contents.items()})
    return told


def judge(told: Propagation, seen: list[Seen], acknowledged: dict[int, float], digests: dict[int, str]) -> None:
    """Look at every answer."""
    told.answers = len(seen)
    latest: dict[tuple[int, int], int] = {}
    latest_anywhere: dict[int, int] = {}
    for one in sorted(seen, key=lambda each: each.asked):
        if (one.digest, one.title) != (digests.get(one.number), titled(one.number)):
            told.faults.append(f"an answer of {one.number} has the digest {one.digest} and the title {one.title}")
        outdated = acknowledged.get(one.number + 1)
        if outdated is not None:
            told.worst_seconds = round(max(told.worst_seconds, one.asked - outdated), 3)
            if one.asked - outdated > LIMIT_SECONDS:
                told.faults.append(f"worker {one.worker} answered from {one.number} {one.asked - outdated:.2f} s later")
        place = (one.client, one.worker)
        if one.number < latest.get(place, 0):
            told.faults.append(f"client {one.client} was taken back from {latest[place]} to {one.number}")
        latest[place] = one.number
        told.backwards_between_workers += one.number < latest_anywhere.get(one.client, 0)
        latest_anywhere[one.client] = one.number
    for client in range(CLIENTS):
        for worker in range(WORKERS):
            if latest.get((client, worker)) != max(digests):
                told.faults.append(f"client {client} never had the last rule set from worker {worker}")
