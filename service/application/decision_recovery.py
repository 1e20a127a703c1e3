"""Moves what waits in journals into the database when it is back, of this process and of those that are gone.

It runs beside the writer, so that no decision ever waits for a database that may not answer. It never removes what
the database has not taken.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Final

import orjson

from service.application.decision_log import MOST_IN_BATCH, Batches, DecisionLog
from service.errors import DecisionsRefused, ServiceError
from service.storage.decision_batches import Decision
from service.storage.journal import Journal, Segment, read_segment
from service.telemetry import DecisionTotals, get_logger

INTERVAL_SECONDS: Final = 1.0
# Looking for processes that are gone reads a folder; who waits there has waited for a restart already.
ADOPT_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 3.0

_log = get_logger(__name__)


class Recovery:
    """Looks once a second whether there is something to move, and whether the database takes it."""

    def __init__(  # noqa: PLR0913 - everything between the journal and the database
        self,
        batches: Batches,
        journal: Journal,
        log: DecisionLog,
        totals: DecisionTotals,
        *,
        daily: Callable[[], bool] = lambda: True,
        interval: float = INTERVAL_SECONDS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """``batches`` has a connection of its own; ``daily`` says whether it is done for the day."""
        self._batches = batches
        self._journal = journal
        self._log = log
        self._totals = totals
        self._daily = daily
        self._interval = interval
        self._now = now
        self._stop = Event()
        self._adopted: float | None = None
        self._day: str | None = None

    @contextmanager
    def running(self) -> Generator[None]:
        """Look again and again until the end of this."""
        thread = Thread(target=self._run, name="decision-recovery", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join(_STOP_SECONDS)
            if not thread.is_alive():
                self._batches.close()

    def look(self) -> None:
        """Do what there is to do.

        Raises:
            ServiceError: the database does not take it; the next look tries again.
            OSError: the journal cannot be read.
        """
        if self._log.store_away:
            self._batches.write([])  # does it take anything?
            self._log.store_away = False
            _log.info("decisions_to_store")
        self._journal.close_segment()
        for file in self._journal.closed():
            self._move(file)
        if self._adopted is None or time.monotonic() - self._adopted >= ADOPT_SECONDS:
            with self._journal.left_behind() as files:
                for file in files:
                    self._move(file)
            self._adopted = time.monotonic()
        lost = self._log.take_lost()
        if lost:
            try:
                self._batches.write([], lost)
            except BaseException:
                self._log.give_back_lost(lost)
                raise
        today = self._now().date().isoformat()
        if self._day != today and self._daily():
            self._day = today

    def _run(self) -> None:
        stopping = False
        told: type[Exception] | None = None  # once, not each second for as long as a disk stays read-only
        while not stopping:
            stopping = self._stop.wait(self._interval)
            if stopping and self._log.store_away:
                return  # what waits on disk is moved by whoever starts next
            try:
                self.look()
                told = None
            except ServiceError:
                pass  # the writer has said so, readiness says so, and the next look comes soon
            except Exception as error:  # noqa: BLE001 - the thread must live on, and the line says what it was
                if type(error) is not told:
                    told = type(error)
                    _log.exception("decision_recovery_failed")

    def _move(self, file: Path) -> None:
        """Write everything in a file of the journal into the database, then forget the file."""
        segment = read_segment(file)
        decisions, unread = _decisions_in(segment)
        lost = segment.torn + segment.damaged + unread
        refused = 0
        for start in range(0, len(decisions), MOST_IN_BATCH):
            refused += self._write(decisions[start : start + MOST_IN_BATCH])
        if lost + refused:
            # A torn line's answer never left under `require`; under `best_effort` it may have. It counts either way.
            self._batches.write([], {self._now().date().isoformat(): lost + refused})
            _log.error("journal_lines_lost", torn=segment.torn, damaged=segment.damaged + unread, refused=refused)
        self._totals.torn += segment.torn
        self._totals.lost += lost + refused
        self._journal.remove(segment, keep=bool(segment.damaged or unread or refused))
        self._totals.flushed += len(decisions) - refused

    def _write(self, decisions: list[Decision]) -> int:
        """Write a batch; what the database refuses for good is counted, and the rest of the batch is written."""
        try:
            self._batches.write(decisions)
        except DecisionsRefused as error:
            if len(decisions) == 1:
                _log.error("decision_refused", decision=decisions[0]["id"], exc_info=error)
                return 1
        else:
            return 0
        half = len(decisions) // 2
        return self._write(decisions[:half]) + self._write(decisions[half:])


def _decisions_in(segment: Segment) -> tuple[list[Decision], int]:
    """The decisions of a file, and how many lines are none: their checks were right, so a person has to look."""
    decisions = list(_read(segment.lines))
    return [one for one in decisions if one is not None], decisions.count(None)


def _read(lines: list[bytes]) -> Iterator[Decision | None]:
    for line in lines:
        try:
            decision: Decision = orjson.loads(line)
        except orjson.JSONDecodeError:
            yield None
            continue
        # Written by an older version perhaps: what it did not know is absent, never wrong.
        yield decision if set(Decision.__required_keys__) <= decision.keys() else None
