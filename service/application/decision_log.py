"""Keeps decisions: one writer commits them in groups, and an answer can wait until its own is durable.

What the database does not take in time goes to a journal on disk, and from there into the database when it is back. An
answer is never let out whose decision was promised and could be kept in neither.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Final, NamedTuple, Protocol

import orjson

from service.application.decisions import Recorder
from service.errors import DecisionNotKept, JournalFull, ServiceError
from service.storage.decision_batches import Decision
from service.storage.journal import Journal
from service.telemetry import DecisionTotals, get_logger

# A batch that large takes the database some 20 ms; more would only make the first wait for the last.
MOST_IN_BATCH: Final = 500
# Far more than are under way at once: 10,000 decisions are some 30 MB.
MOST_WAITING: Final = 10_000
# A writer that takes longer hangs in the disk or the network; whoever waits is told.
MOST_SECONDS: Final = 10.0
# How long decisions gather while checks come without a pause, and after how many turns of the event loop without a
# check there is a pause: reading a request and answering it takes two. `python3 dev.py bench decisions` measures it.
GATHER_SECONDS: Final = 0.003
_QUIET_TURNS: Final = 3
# Nobody waits for these.
BEST_EFFORT_SECONDS: Final = 0.05
_STOP_SECONDS: Final = 8.0

_log = get_logger(__name__)


class Batches(Protocol):
    """Where decisions are kept for good."""

    def write(self, decisions: Sequence[Decision], lost: Mapping[str, int] | None = None) -> None:
        """Commit decisions, each once, and by day how many were lost; or `ServiceError`."""

    def close(self) -> None:
        """Give up the connection."""


class _Batch(NamedTuple):
    """Decisions on their way to the writer, and who waits for them; nobody does under ``best_effort``."""

    decisions: list[Decision]
    answers: list[asyncio.Future[None]]
    loop: asyncio.AbstractEventLoop | None


class DecisionLog:
    """Decisions that come, the writer behind them, and what it writes to.

    `keep` is for the event loop's thread only. There, decisions gather while the writer is busy with others, and for a
    moment more while checks come one after the other: a transaction for each would cost as much as the check itself.
    """

    def __init__(  # noqa: PLR0913 - what it is made of, and its limits
        self,
        batches: Batches,
        journal: Journal,
        totals: DecisionTotals,
        *,
        required: bool,
        recorder: Recorder,
        most_waiting: int = MOST_WAITING,
        most_seconds: float = MOST_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is written before it is `running`."""
        self._batches = batches
        self._journal = journal
        self._totals = totals
        self._required = required
        self.recorder = recorder
        self._most_waiting = most_waiting
        self._most_seconds = most_seconds
        self._monotonic = monotonic
        # The event loop's side.
        self._loop: asyncio.AbstractEventLoop | None = None
        self._gathered: list[Decision] = []
        self._answers: list[asyncio.Future[None]] = []
        self._since = 0.0
        self._seen = 0
        self._quiet = 0
        self._gathering = False
        self._with_writer: _Batch | None = None
        # Between the two, and the writer's side.
        self._queue: SimpleQueue[_Batch | None] = SimpleQueue()
        self._lost: Counter[str] = Counter()
        self._lost_lock = Lock()
        self.store_away = False
        self.journal_fault: str | None = None
        totals.waiting_bytes = lambda: journal.waiting_bytes

    def keep(self, decision: Decision) -> asyncio.Future[None] | None:
        """Have a decision written. The future, where there is one, is done when the decision is durable.

        It ends with `DecisionNotKept` where the decision could not be kept.

        Raises:
            DecisionNotKept: so many are waiting that this one cannot.
        """
        if len(self._gathered) >= self._most_waiting:
            if self._required:
                self._totals.refused += 1
                raise DecisionNotKept("too many decisions wait to be written")
            self._lose([decision])
            return None
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
        self._gathered.append(decision)
        answer = None
        if self._required:
            answer = loop.create_future()
            self._answers.append(answer)
        if not self._gathering and self._with_writer is None:
            self._gather(loop)
        return answer

    def reasons(self) -> list[str]:
        """What is not as it should be, in words."""
        reasons = []
        if self.store_away:
            reasons.append("the database takes no decisions; they wait in the journal on disk")
        elif self._journal.waiting_bytes:
            reasons.append("decisions of the time without the database are being moved out of the journal")
        if self.journal_fault is not None:
            reasons.append(f"the journal of decisions cannot be written: {self.journal_fault}")
        if self._totals.lost:
            reasons.append(f"{self._totals.lost} decisions were lost since the start")
        return reasons

    @contextmanager
    def running(self) -> Generator[None]:
        """Write until the end of this, and everything that was given until then."""
        try:
            self._journal.open()
        except OSError as error:
            self._journal_fails(error)
        thread = Thread(target=self._run, name="decision-writer", daemon=True)
        thread.start()
        try:
            yield
        finally:
            if self._gathered:
                self._queue.put(self._take())
            self._queue.put(None)
            thread.join(_STOP_SECONDS)  # a writer that hangs dies with the process; nobody was promised anything
            if not thread.is_alive():
                self._batches.close()
            self._loop = self._with_writer = None

    # --- the event loop -----------------------------------------------------------------------------------------------

    def _gather(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wait for more decisions, as long as they come and not for long."""
        self._gathering = True
        if self._required:
            self._since = self._monotonic()
            self._seen = self._quiet = 0
            loop.call_soon(self._look_for_more, loop)
        else:
            loop.call_later(BEST_EFFORT_SECONDS, self._hand_over, loop)

    def _look_for_more(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hand over once no check has come for some turns of the event loop, or it has been long enough."""
        there = len(self._gathered)
        self._quiet = self._quiet + 1 if there == self._seen else 0
        self._seen = there
        if self._quiet >= _QUIET_TURNS or there >= MOST_IN_BATCH or self._monotonic() - self._since >= GATHER_SECONDS:
            self._hand_over(loop)
        else:
            loop.call_soon(self._look_for_more, loop)

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        self._gathering = False
        if not self._gathered:  # the end of the log has taken them
            return
        batch = self._with_writer = self._take()
        self._queue.put(batch)
        loop.call_later(self._most_seconds, self._give_up, batch)

    def _take(self) -> _Batch:
        decisions, answers = self._gathered[:MOST_IN_BATCH], self._answers[:MOST_IN_BATCH]
        self._gathered, self._answers = self._gathered[MOST_IN_BATCH:], self._answers[MOST_IN_BATCH:]
        return _Batch(decisions, answers, self._loop)

    def _give_up(self, batch: _Batch) -> None:
        """Tell those who have waited too long, and those behind them, that the writer does not get on."""
        if self._with_writer is batch:
            self._refuse([*batch.answers, *self._answers], "the decision was not written in time")

    def _settle(self, batch: _Batch, fault: str | None) -> None:
        """Wake up who waits, and go on with what has gathered in the meantime."""
        if self._with_writer is batch:
            self._with_writer = None
        if fault is None:
            for answer in batch.answers:
                if not answer.done():
                    answer.set_result(None)
        else:
            self._refuse(batch.answers, fault)
        if self._gathered and not self._gathering and self._loop is not None:
            self._gather(self._loop)

    def _refuse(self, answers: Iterable[asyncio.Future[None]], why: str) -> None:
        for answer in answers:
            if not answer.done():
                self._totals.refused += 1
                answer.set_exception(DecisionNotKept(why))

    # --- the writer's thread ------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while (batch := self._queue.get()) is not None:
            fault = self._keep_somewhere(batch.decisions)
            if fault is not None and not self._required:
                self._lose(batch.decisions)
            if batch.loop is not None:
                with suppress(RuntimeError):  # the loop is closed, so nobody waits
                    batch.loop.call_soon_threadsafe(self._settle, batch, fault)

    def _keep_somewhere(self, decisions: list[Decision]) -> str | None:
        """Make decisions durable; where that fails, why."""
        try:
            if self._keep_in_store(decisions):
                return None
            self._journal.append([orjson.dumps(decision) for decision in decisions])
        except (OSError, JournalFull) as error:
            self._journal_fails(error)
            return "neither the database nor the journal takes the decision"
        except Exception as error:  # noqa: BLE001 - the thread must live on, and the line says what it was
            _log.error("decision_writer_failed", exc_info=error)
            return "the decision could not be written"
        if self.journal_fault is not None:
            self.journal_fault = None
            _log.info("journal_writable")
        self._totals.kept["journal"] += len(decisions)
        self._totals.batches["journal"] += 1
        return None

    def _keep_in_store(self, decisions: list[Decision]) -> bool:
        """Write into the database, unless it did not take the last ones; `Recovery` finds out when it does again."""
        if self.store_away:
            return False
        lost = self.take_lost()
        try:
            self._batches.write(decisions, lost)
        except Exception as error:  # noqa: BLE001 - whatever it was, the journal may still take them
            self.give_back_lost(lost)
            self.store_away = True
            if isinstance(error, ServiceError):
                _log.warning("decisions_to_journal", code=error.code)
            else:
                _log.error("decisions_to_journal", code="unexpected", exc_info=error)
            return False
        self._totals.kept["store"] += len(decisions)
        self._totals.batches["store"] += 1
        return True

    def _journal_fails(self, error: Exception) -> None:
        fault = str(error) if isinstance(error, ServiceError) else type(error).__name__
        if isinstance(error, OSError) and error.strerror:
            fault = error.strerror  # without the path
        if fault != self.journal_fault:
            _log.error("journal_not_writable", reason=fault)
        self.journal_fault = fault

    # --- what was lost ------------------------------------------------------------------------------------------------

    def _lose(self, decisions: Iterable[Decision]) -> None:
        """Count what is kept nowhere; only under ``best_effort``."""
        with self._lost_lock:
            for decision in decisions:
                self._lost[decision["at"][:10]] += 1
                self._totals.lost += 1

    def take_lost(self) -> Counter[str]:
        """What was lost and has not been written yet, by day; who takes it writes it or gives it back."""
        if not self._lost:
            return Counter()
        with self._lost_lock:
            lost, self._lost = self._lost, Counter()
            return lost

    def give_back_lost(self, lost: Counter[str]) -> None:
        """It could not be written."""
        if lost:
            with self._lost_lock:
                self._lost += lost
