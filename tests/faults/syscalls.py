"""Runs a publish under strace: kills it at the n-th call of a kind, or writes down in what order it calls.

It attaches to a forked child that has not opened the database yet, so that only the publish is counted.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import event

from service.application import rule_sets as verbs
from service.storage import migration
from service.storage.session import Store
from tests.faults.ledger import Ledger
from tests.faults.publisher import Made, make_all, now
from tests.keys import KEYRING

# What SQLite changes a file with; the -shm file is memory and nothing of it must survive.
CALLS = ("pwrite64", "fdatasync", "fsync", "ftruncate", "unlink")
_PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class End:
    """How a publish under strace ended."""

    killed: bool
    acknowledged: int | None
    trace: str


def prepare(folder: Path, made: list[Made]) -> Path:
    """A database with three rule sets, closed in good order: everything is in the one file."""
    url = f"sqlite:///{folder / 'template.sqlite3'}"
    migration.upgrade(url)
    with Store.open(url) as store:
        for number, content in enumerate(made[:3]):
            verbs.publish(
                store,
                content.rule_set,
                based_on=number or None,
                author="anna",
                note="before",
                now=now(),
                keyring=KEYRING,
            )
    return folder / "template.sqlite3"


def publish_under_strace(file: Path, content: Made, *options: str, pragma: str | None = None) -> End:
    """Fork a child that waits, attach strace to it, let it publish as number 4 and close the database.

    ``pragma`` plants a fault in the child's connections.
    """
    gate_read, gate = os.pipe()
    told_read, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(gate)
        os.close(told_read)
        _publish(file, content, gate_read, told, pragma)
    os.close(gate_read)
    os.close(told)
    trace = file.with_suffix(".trace")
    strace = subprocess.Popen(
        ["strace", "-f", "-y", "-o", str(trace), "-p", str(pid), *options],  # noqa: S607 - where the system has it
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _wait_until_attached(pid, strace)
        os.write(gate, b"x")
        _, status = os.waitpid(pid, 0)
    except BaseException:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise
    finally:
        os.close(gate)
        strace.communicate(timeout=_PATIENCE_SECONDS)
    with os.fdopen(told_read, "rb") as said:
        number = said.read()
    if number.startswith(b"failed"):
        raise RuntimeError(number.decode())
    return End(os.WIFSIGNALED(status), int(number) if number else None, trace.read_text())


def _wait_until_attached(pid: int, strace: subprocess.Popen[str]) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    status = Path(f"/proc/{pid}/status")
    while re.search(r"^TracerPid:\s+0$", status.read_text(), re.MULTILINE):
        if strace.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"strace did not attach: {strace.communicate()[1]}")
        time.sleep(0.002)


def _publish(file: Path, content: Made, gate: int, told: int, pragma: str | None) -> None:
    try:
        os.read(gate, 1)
        store = Store.open(f"sqlite:///{file}")
        if pragma is not None:
            plant(store, pragma)
        done = verbs.publish(store, content.rule_set, based_on=3, author="anna", note="x", now=now(), keyring=KEYRING)
        os.write(told, str(done.number).encode())
        store.close()  # the last connection writes the log back into the file: more instants to be killed at
    except BaseException as error:  # noqa: BLE001 - the parent raises it
        os.write(told, f"failed {error!r}".encode())
    finally:
        os._exit(0)


def plant(store: Store, pragma: str) -> None:
    """Change a setting of every connection behind the service's own."""
    event.listen(store.engine, "connect", lambda connection, _: connection.execute(f"pragma {pragma}"))


def kill_at_every_call(folder: Path) -> tuple[dict[str, int], int, list[str]]:
    """F2: kill at the first, second, ... call of each kind, until a publish comes to its end.

    Returns how many instants there were of each kind, how many of those publishes were there afterwards, and faults.
    """
    made = make_all()
    template = prepare(folder, made)
    instants: dict[str, int] = {}
    survived = 0
    faults: list[str] = []
    for call in CALLS:
        while True:
            which = instants.get(call, 0) + 1
            file = folder / "victim.sqlite3"
            for old in folder.glob("victim.sqlite3*"):
                old.unlink()
            shutil.copy(template, file)
            end = publish_under_strace(
                file, made[5], "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={which}"
            )
            if not end.killed:
                if end.acknowledged != 4:
                    faults.append(f"a publish that was not killed told {end.acknowledged}")
                break
            instants[call] = which
            survived += _look(file, made, end, faults, f"{call} {which}")
    return instants, survived, faults


def _look(file: Path, made: list[Made], end: End, faults: list[str], where: str) -> bool:
    with Store.open(f"sqlite:///{file}") as store:
        ledger = Ledger(store, frozenset(one.digest for one in made))
        ledger.integrity()
        ledger.look({} if end.acknowledged is None else {4: made[5].digest})
        faults += [f"killed at {where}: {fault}" for fault in ledger.faults]
        if not set(ledger.digests) >= {1, 2, 3}:
            faults.append(f"killed at {where}: only {sorted(ledger.digests)} are left")
        return 4 in ledger.digests


def synced_before_told(trace: str) -> str | None:
    """What is wrong with the order of calls: all that was written to the log is on the disk before it is told.

    None: nothing.
    """
    pending, synced = False, False
    for line in trace.splitlines():
        call = re.match(r"\d+ +(\w+)\(\d+<([^>]*)>", line)
        if call is None:
            continue
        name, file = call[1], call[2]
        if name == "pwrite64" and file.endswith("-wal"):
            pending = True
        elif name in ("fdatasync", "fsync") and file.endswith("-wal") and line.rstrip().endswith("= 0"):
            pending, synced = False, True
        elif name == "write" and file.startswith("pipe:"):
            if pending:
                return "it was told before the log was synced"
            return None if synced else "nothing was synced at all"
    return "nothing was told"


def main(folder: Path) -> None:
    """Run all of it in a process without threads; prints one line for each part."""
    print(*kill_at_every_call(folder), sep="\n")
    made = make_all()
    template = prepare(folder / "order", made)
    for pragma in (None, "synchronous=off", "synchronous=normal"):
        file = folder / "order" / "one.sqlite3"
        for old in file.parent.glob("one.sqlite3*"):
            old.unlink()
        shutil.copy(template, file)
        end = publish_under_strace(file, made[5], "-e", "trace=pwrite64,fdatasync,fsync,write", pragma=pragma)
        print(synced_before_told(end.trace))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
