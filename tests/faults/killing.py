"""Kills publishers at random instants until enough kills have landed inside a transaction, and looks after each.

A kill lands when it comes after the write lock was taken and before the answer was told. Run in a process without
threads, because it forks.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from service.storage import migration
from tests.faults.ledger import Ledger
from tests.faults.publisher import (
    Made,
    Tell,
    WatchedStore,
    in_two_transactions,
    make_all,
    publish_once,
    publish_or_roll_back,
    run_child,
)

# A child that tells nothing for so long hangs, and that is a fault too.
_PATIENCE_SECONDS = 30.0


@dataclass(slots=True)
class Tally:
    """What happened."""

    seed: int
    kills: int = 0
    landed: int = 0
    published: int = 0
    acknowledged: int = 0
    # Committed, and the caller never heard of it: why idempotency keys are no luxury.
    unheard: int = 0
    keys: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)

    def line(self) -> str:
        """All of it as JSON."""
        return json.dumps(asdict(self))


class Victim:
    """A forked child that is killed after a while."""

    def __init__(self, work: Callable[[Tell], None]) -> None:
        """Fork it."""
        self._read, write = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._read)
            run_child(write, work)
        os.close(write)
        self._said = b""

    def wait_for(self, word: bytes) -> None:
        """Wait until it has told this once."""
        end = time.monotonic() + _PATIENCE_SECONDS
        while word not in self._said:
            if not select.select([self._read], [], [], max(0.0, end - time.monotonic()))[0]:
                raise TimeoutError(f"the child told {self._said!r} and hangs")
            read = os.read(self._read, 65536)
            if not read:
                raise RuntimeError(f"the child ended: {self._said.decode()}")
            self._said += read

    def kill(self) -> list[list[str]]:
        """Kill it; returns all that it told."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return self.told()

    def told(self) -> list[list[str]]:
        """All that it told until its end."""
        while read := os.read(self._read, 65536):
            self._said += read
        os.close(self._read)
        return [line.split(" ", 2) for line in self._said.decode().splitlines()]

    def wait(self) -> list[list[str]]:
        """Let it come to its end."""
        said = self.told()
        os.waitpid(self.pid, 0)
        return said


def _prepare(url: str, made: list[Made]) -> tuple[Ledger, float]:
    """An empty database brought up, everything warm, and how long a wish takes."""
    migration.upgrade(url)
    chance = random.Random(1)
    with WatchedStore.open(url) as store:
        began = time.monotonic()
        for _ in range(8):
            publish_or_roll_back(store, made, chance)
        usual = (time.monotonic() - began) / 8
    ledger = Ledger(WatchedStore.open(url), frozenset(one.digest for one in made))
    ledger.look()
    return ledger, usual


def kill_publishers(url: str, landed: int, *, seed: int, mutant: str | None = None) -> Tally:
    """F1: publish and roll back, killed until ``landed`` kills have landed. A ``mutant`` is a planted fault."""
    tally, made = Tally(seed), make_all()
    chance = random.Random(seed)
    ledger, usual = _prepare(url, made)
    wish = in_two_transactions if mutant == "two-transactions" else publish_or_roll_back
    began, first = time.monotonic(), len(ledger.digests)

    def work(tell: Tell) -> None:
        store = WatchedStore.open(url)
        store.tell, store.early = tell, mutant == "early"
        own = random.Random(seed * 1_000_003 + tally.kills)
        while True:
            tell("begin")
            done = wish(store, made, own)
            if mutant != "early":
                tell(f"done {done.number} {done.digest}")

    while tally.landed < landed and not ledger.faults:
        ledger.store.close()  # no connection of ours goes through a fork
        victim = Victim(work)
        victim.wait_for(b"inside")
        time.sleep(chance.uniform(0, 2.5 * usual))
        said = victim.kill()
        tally.kills += 1
        _note(tally, ledger, said)
        heard = {int(words[1]): words[2] for words in said if words[0] == "done"}
        tally.acknowledged += len(heard)
        before = len(ledger.digests)
        ledger.look(heard)
        tally.unheard += len(ledger.digests) - before - sum(number > before for number in heard)
        if tally.kills % 50 == 0:
            ledger.integrity()
    return _finish(tally, ledger, began, first)


def retry_with_one_key(url: str, landed: int, *, seed: int) -> Tally:
    """F4: each key is sent again after each kill, until somebody answers; then once more."""
    tally, made = Tally(seed), make_all()
    chance = random.Random(seed)
    ledger, usual = _prepare(url, made)
    began, first = time.monotonic(), len(ledger.digests)
    answers: dict[str, str] = {}
    while tally.landed < landed and not ledger.faults:
        key = f"key-{seed}-{tally.keys:06d}"
        content = made[tally.keys % len(made)]
        tally.keys += 1
        attempt = 0
        while key not in answers:
            ledger.store.close()
            attempt += 1

            def work(tell: Tell, key: str = key, content: Made = content) -> None:
                store = WatchedStore.open(url)
                store.tell = tell
                tell("begin")
                tell(f"done 0 {publish_once(store, content, key).content}")

            victim = Victim(work)
            victim.wait_for(b"inside")
            time.sleep(chance.uniform(0, attempt * usual))  # later and later, so that each comes through
            said = victim.kill()
            tally.kills += 1
            _note(tally, ledger, said)
            if said[-1][0] == "done":
                answers[key] = said[-1][2]
            ledger.look()
        tally.acknowledged += 1
        with WatchedStore.open(url) as store:
            again = publish_once(store, content, key).content
        if again != answers[key]:
            ledger.faults.append(f"{key} was answered {answers[key]}, and then {again}")
        numbers = [number for number, note in ledger.notes.items() if note == key]
        ledger.look()
        if len(numbers) != 1 or json.loads(again)["number"] != numbers[0]:
            ledger.faults.append(f"{key} made rule sets {numbers}, and the answer is {again}")
    return _finish(tally, ledger, began, first)


def _note(tally: Tally, ledger: Ledger, said: list[list[str]]) -> None:
    tally.landed += said[-1][0] == "inside"
    ledger.faults += [" ".join(words) for words in said if words[0] == "failed"]


def _finish(tally: Tally, ledger: Ledger, began: float, first: int) -> Tally:
    """A last look at everything from the first row on."""
    whole = Ledger(ledger.store, ledger.known_digests)
    whole.look()
    whole.integrity()
    ledger.store.close()
    tally.published = len(whole.digests) - first
    tally.faults = ledger.faults + whole.faults
    tally.seconds = round(time.monotonic() - began, 1)
    return tally
