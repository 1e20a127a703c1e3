"""Keeps an eye on the store: takes over what has become active, knows when it last got through, keeps the last good.

All of it happens in a thread of its own, so that no request ever waits for the database. What is learned is told to the
`Standing`, which answers carry.
"""

import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from typing import Final

from service.application.active import ActiveRuleSet, ActiveState
from service.application.keeping import Keeping
from service.application.keyring import Keyring
from service.application.standing import UNREACHABLE_SECONDS, Source, Standing
from service.errors import LastKnownGoodRefused, ServiceError
from service.storage import looks
from service.storage.looks import Look
from service.storage.session import Store, Transaction
from service.telemetry import get_logger

__all__ = ["INTERVAL_SECONDS", "REFUSED_SECONDS", "UNREACHABLE_SECONDS", "StoreWatch"]

# Everybody answers from what was published 2 seconds after it was acknowledged: this, and a second to compile it.
INTERVAL_SECONDS: Final = 0.5
# A rule set that was refused is looked at again, but not every time: reading it is work.
REFUSED_SECONDS: Final = 15.0
# The content of the row that answers is read again and compared with its digest, although nothing tells of a change.
PROOF_SECONDS: Final = 60.0
# For somebody who has just published and waits until this process answers from it.
CATCH_UP_SECONDS: Final = 2.0

_log = get_logger(__name__)


class StoreWatch:
    """Looks at the store twice a second, and at once when it is woken."""

    def __init__(  # noqa: PLR0913 - one for each thing it looks after
        self,
        store: Store,
        active: ActiveRuleSet,
        keyring: Keyring,
        *,
        standing: Standing | None = None,
        keeping: Keeping | None = None,
        followers: Iterable[Callable[[Transaction], None]] = (),
        interval: float = INTERVAL_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is looked at yet. ``followers`` are shown the store at each look, and take over what they follow."""
        self._store = store
        self._active = active
        self._keyring = keyring
        self.standing = standing or Standing(monotonic=monotonic)
        self._followers = tuple(followers)
        self._interval = interval
        self._monotonic = monotonic
        self._keeping = keeping
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._begun = 0
        self._done = 0
        self._reachable = True
        self._failure: str | None = None
        # What was good when it was taken over, and when it was last read to make sure.
        self._proven: tuple[Look, float] | None = None
        # What was not taken over, and when.
        self._refused: tuple[Look, float] | None = None

    def age(self) -> float | None:
        """Seconds since the store was last seen; none when nobody knows."""
        return self.standing.age()

    @contextmanager
    def running(self) -> Generator[None]:
        """Look once before anything is answered, then again and again until the end."""
        self._look_anyhow()
        if self._active.state.version is None:
            self._start_from_disk()
        thread = threading.Thread(target=self._run, name="store-watch", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._wake.set()
            thread.join(timeout=2 * self._interval)  # a look that hangs dies with the process

    # --- being woken --------------------------------------------------------------------------------------------------

    def wake(self) -> int:
        """Look at once. The answer is for `has_looked`: a look that begins after this moment."""
        ticket = self._begun + 1
        self._wake.set()
        return ticket

    def has_looked(self, ticket: int) -> bool:
        """Whether the look that was asked for has ended, however it went."""
        return self._done >= ticket

    def catch_up(self, seconds: float = CATCH_UP_SECONDS) -> None:
        """Look at once and wait for the end of it, but not for long: whoever waits has done what they wanted to do."""
        ticket = self.wake()
        end = self._monotonic() + seconds
        while not self.has_looked(ticket) and self._monotonic() < end:
            time.sleep(0.01)

    # --- looking ------------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Ask the store which rule set and terminology should be in use, and load them unless they are."""
        held = self._active.state.digest
        try:
            with self._store.reading() as session:
                found = looks.look(session, held)
                self._show(session)
        except ServiceError as error:
            if self._reachable or self._active.state.version is None:
                _log.warning("store_not_reachable", code=error.code)
            self._reachable = False
            self._failure = str(error)
            return
        self._reachable = True
        state = self._taken_over(found)
        if found.held_retired and state.digest == held and held is not None:
            state = self._give_up(held, state)
        self.standing.seen(state.source, state.degraded)
        if self._keeping is not None and state.degraded is None and state.version == found.number:
            self.standing.not_saved = self._keeping.keep(state, self.standing)

    def _taken_over(self, found: Look) -> ActiveState:
        """What answers after what was found."""
        now = self._monotonic()
        state = self._active.state
        sure = state.version is not None and state.degraded is None and state.source is Source.MEMORY
        if sure and self._proven is not None:
            proven, since = self._proven
            if found == proven and now - since < PROOF_SECONDS:
                return state
        if self._refused is not None:
            refused, since = self._refused
            if found == refused and now - since < REFUSED_SECONDS:
                return state
        state = self._active.load(self._store, self._keyring)
        bad = state.degraded is not None
        self._refused = (found, now) if bad and not state.passing else None
        self._proven = None if bad else (found, now)
        return state

    def _give_up(self, digest: str, state: ActiveState) -> ActiveState:
        """Answer no more from what was retired, although nothing else can be taken over."""
        if self._keeping is not None:
            self._keeping.forget(digest)
        why = state.degraded or "nothing else is there to answer"
        return self._active.drop(f"the content of the rule set that answered was retired; {why}")

    def _show(self, session: Transaction) -> None:
        """Let the followers look. One that fails keeps what it has, and keeps no rule set from being taken over.

        Raises:
            ServiceError: the store does not answer.
        """
        for follow in self._followers:
            try:
                follow(session)
            except ServiceError:
                raise
            except Exception:  # noqa: BLE001 - SQLite may hand out any type where somebody tampered
                _log.exception("follower_failed")

    def _start_from_disk(self) -> None:
        """Answer from what was good when the store was last seen, because it cannot be asked now."""
        if self._keeping is None:
            return
        try:
            kept = self._keeping.read()
        except LastKnownGoodRefused as error:
            _log.error("last_known_good_refused", exc_info=error)
            why = self._failure or self._active.state.degraded or "the database does not answer"
            self._active.explain(f"{why}; {error}")
            return
        state = self._active.load_kept(kept)
        if state.version is not None:
            self.standing.from_disk(self._keeping.seconds_since(kept))

    def _run(self) -> None:
        while True:
            self._wake.wait(self._interval)
            if self._stop.is_set():
                return
            self._wake.clear()
            self._begun += 1
            self._look_anyhow()
            self._done = self._begun

    def _look_anyhow(self) -> None:
        try:
            self.look()
        except Exception:  # noqa: BLE001 - the thread must live on, and the line below logs what it was
            # Whatever it was, the next look may go well; until then the age tells.
            _log.exception("store_watch_failed")
