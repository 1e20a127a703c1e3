"""Puts together what keeps decisions: the writer, the journal, and what moves one into the other."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from service.application.decision_log import DecisionLog
from service.application.decision_recovery import Recovery
from service.application.decisions import Recorder, utc_now
from service.application.retention import purge
from service.storage.decision_batches import DecisionBatches
from service.storage.journal import Journal
from service.storage.session import Store
from service.telemetry import DecisionTotals

# Below the data folder; shared by all processes of a machine.
JOURNAL_FOLDER: Final = "decisions"
_MEGABYTE: Final = 2**20
# A second or two, for which nothing is moved out of the journal.
_BATCHES_AT_ONCE: Final = 50


class DecisionKeeping:
    """The log of decisions of one process, with its threads."""

    def __init__(  # noqa: PLR0913 - settings, one by one
        self,
        store: Store,
        data_dir: Path,
        totals: DecisionTotals,
        *,
        required: bool,
        keep_requests: bool = False,
        journal_megabytes: int = 1024,
        days: int | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Nothing is opened before it is `running`. Decisions go after so many ``days``; None: never."""
        self._store = store
        self._days = days
        self._now = now
        journal = Journal(data_dir / JOURNAL_FOLDER, most_bytes=journal_megabytes * _MEGABYTE)
        recorder = Recorder(keep_requests=keep_requests, now=now)
        self.log = DecisionLog(DecisionBatches(store), journal, totals, required=required, recorder=recorder)
        self.journal = journal
        # A connection of its own: it waits for a database that may not answer, and the writer must not.
        self._recovery = Recovery(DecisionBatches(store), journal, self.log, totals, daily=self._purge, now=now)

    @contextmanager
    def running(self) -> Generator[None]:
        """Keep what is given until the end of this."""
        with self._recovery.running(), self.log.running():
            yield
        self.journal.close()

    def _purge(self) -> bool:
        """Let go of what is old enough; whether there is nothing left to do today."""
        if self._days is None:
            return True
        now = self._now()
        return purge(self._store, now - timedelta(days=self._days), now=now, most_batches=_BATCHES_AT_ONCE).done
