"""Keeps an eye on the store: takes over what has become active, and knows when it last got through.

Readiness is told from the age of the last success, never from a flag: a look that hangs sets no flag.
"""

import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager

from service.application.active import ActiveRuleSet
from service.application.keyring import Keyring
from service.errors import ServiceError
from service.storage import rule_sets, terminologies
from service.storage.session import Store, Transaction
from service.telemetry import get_logger

INTERVAL_SECONDS = 1.0
# Three looks missed.
UNREACHABLE_SECONDS = 3.0
# A rule set that was refused is looked at again, but not every second: reading it is work.
REFUSED_SECONDS = 15.0

_log = get_logger(__name__)


class StoreWatch:
    """Looks at the store once a second from a thread of its own, so that no request ever waits for the database."""

    def __init__(
        self,
        store: Store,
        active: ActiveRuleSet,
        keyring: Keyring,
        *,
        followers: Iterable[Callable[[Transaction], None]] = (),
        interval: float = INTERVAL_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is looked at yet. ``followers`` are shown the store at each look, and take over what they follow."""
        self._store = store
        self._followers = tuple(followers)
        self._active = active
        self._keyring = keyring
        self._interval = interval
        self._monotonic = monotonic
        self._last_success: float | None = None
        self._stop = threading.Event()
        self._reachable = True
        # Which rule set and terminology were not taken over, and when.
        self._refused: tuple[tuple[int | None, int | None], float] | None = None

    def age(self) -> float | None:
        """Seconds since the store last answered; none when it never did."""
        return None if self._last_success is None else self._monotonic() - self._last_success

    @contextmanager
    def running(self) -> Generator[None]:
        """Look once before anything is answered, then again and again until the end."""
        self.look()
        thread = threading.Thread(target=self._run, name="store-watch", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join(timeout=2 * self._interval)  # a look that hangs dies with the process

    def look(self) -> None:
        """Ask the store which rule set and terminology should be in use, and load them unless they are."""
        try:
            with self._store.reading() as session:
                numbers = (rule_sets.active_number(session), terminologies.active_number(session))
                self._show(session)
        except ServiceError as error:
            if self._reachable or self._active.state.version is None:
                _log.warning("store_not_reachable", code=error.code)
            self._reachable = False
            return
        self._last_success = self._monotonic()
        self._reachable = True
        state = self._active.state
        known = (state.version, state.terminology_number)
        if state.version is not None and numbers == known and state.degraded is None:
            return
        if self._refused is not None:
            refused, since = self._refused
            if numbers == refused and self._monotonic() - since < REFUSED_SECONDS:
                return
        loaded = self._active.load(self._store, self._keyring)
        self._refused = None if loaded.degraded is None else (numbers, self._monotonic())

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

    def _run(self) -> None:
        while not self._stop.wait(self._interval):
            try:
                self.look()
            except Exception:  # noqa: BLE001 - the thread must live on, and the line below logs what it was
                # Whatever it was, the next look may go well; until then the age tells.
                _log.exception("store_watch_failed")
