"""Keeps the file of the last known good rule set the same as what answers, and tells when it cannot.

It runs in the thread of the watch, never on the way of a request. What answers is not decided here.
"""

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from service.application.active import ActiveState, utc_now
from service.application.last_known_good import Fingerprint, KeptPart, LastKnownGood, LastKnownGoodFile
from service.application.rule_sets import verify_stored
from service.application.standing import Standing
from service.errors import LastKnownGoodRefused, ServiceError
from service.storage import rule_sets, terminologies
from service.storage.session import Store
from service.telemetry import get_logger

# The file on disk says when the store confirmed it last; so long that may be ago although all is well.
CONFIRMED_SECONDS: Final = 600.0
# After a failure to write it. Soon, because readiness says degraded until it works.
SAVE_AGAIN_SECONDS: Final = 3.0

_log = get_logger(__name__)


class Keeping:
    """Keeps the file on disk the same as what answers; several processes may share it."""

    def __init__(
        self,
        store: Store,
        file: LastKnownGoodFile,
        parts: Iterable[KeptPart] = (),
        *,
        monotonic: Callable[[], float] = time.monotonic,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """``parts`` are kept with the rule set and the terminology."""
        self._store = store
        self._file = file
        self._parts = tuple(parts)
        self._monotonic = monotonic
        self._clock = clock
        # What the file said, by which stamp we know it again, and until when that is enough.
        self._kept: tuple[object, tuple[int, ...] | None, float] | None = None
        self._failed_at: float | None = None
        self._failure: str | None = None

    def read(self) -> LastKnownGood:
        """What the file says; the other parts are given back to those they belong to.

        Raises:
            LastKnownGoodRefused: it is not there or not good.
        """
        kept = self._file.read()
        for part in self._parts:
            content = kept.parts.get(part.name)
            if content is None:
                continue
            try:
                part.restore(content)
            except Exception as error:  # noqa: BLE001 - whatever it is, the rest is still worth having
                _log.error("last_known_good_part_refused", part=part.name, exc_info=error)
        return kept

    def seconds_since(self, kept: LastKnownGood) -> float:
        """How long ago the store confirmed it."""
        return (self._clock() - kept.confirmed_at).total_seconds()

    def keep(self, state: ActiveState, standing: Standing) -> str | None:
        """Write the file unless it says all this already; the answer is why it could not be written."""
        now = self._monotonic()
        if self._failed_at is not None and now - self._failed_at < SAVE_AGAIN_SECONDS:
            return self._failure
        wanted = (state.version, state.digest, state.terminology_number, *(part.marker() for part in self._parts))
        if self._kept is not None:
            said, stamp, until = self._kept
            if said == wanted and now < until and stamp == self._file.stamp():
                return None
        try:
            confirmed = self._write(state)
        except ServiceError as error:
            standing.saves_failed += 1
            _log.error("last_known_good_not_saved", code=error.code, exc_info=error)
            self._failed_at = now
            self._failure = f"the last known good rule set could not be kept on disk: {error}"
            return self._failure
        self._failed_at = self._failure = None
        self._kept = (wanted, self._file.stamp(), now + CONFIRMED_SECONDS - confirmed)
        return None

    def _write(self, state: ActiveState) -> float:
        """Write what answers, unless the file of another process says it; the answer is its age in seconds.

        Raises:
            ServiceError: the store does not answer, what it has is damaged, or the file cannot be written.
        """
        parts = {part.name: part.content() for part in self._parts}
        with self._store.reading() as session:
            rule_set = rule_sets.by_number(session, state.version or 0)
            terminology = terminologies.by_number(session, state.terminology_number or 0)
        if rule_set is None or rule_set.digest != state.digest:
            raise LastKnownGoodRefused("the database has another rule set of this number")
        verify_stored(rule_set)
        kept = LastKnownGood(rule_set, terminology, parts, confirmed_at=self._clock())
        there = self._already(kept.fingerprint)
        if there is not None and 0 <= self.seconds_since(there) < CONFIRMED_SECONDS:
            return self.seconds_since(there)
        self._file.write(kept)
        _log.info("last_known_good_saved", number=rule_set.number, digest=rule_set.digest)
        return 0.0

    def forget(self, digest: str) -> None:
        """Remove what is kept if it is content that must not answer any more."""
        try:
            if self._file.read().rule_set.digest == digest:
                self._file.path.unlink(missing_ok=True)
        except (LastKnownGoodRefused, OSError) as error:
            _log.warning("last_known_good_not_removed", exc=type(error).__name__)

    def _already(self, fingerprint: Fingerprint) -> LastKnownGood | None:
        """What the file says, where that is the same."""
        try:
            there = self._file.read()
        except LastKnownGoodRefused:
            return None
        return there if there.fingerprint == fingerprint else None
