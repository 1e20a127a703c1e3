"""Finds out who stands behind a key or a sign-in token, from memory: a check waits for no database because of it.

It decides nothing about what somebody may do. What it does not know it says so; whoever asked may let it look at the
store once more, because another worker may have made the key a moment ago.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from service.application.access.book import AccessBook, read_book
from service.application.access.credentials import key_id_of, sign_in_id_of
from service.application.keyring import Keyring
from service.application.principals import Principal
from service.errors import StoreUnavailable
from service.storage import access
from service.storage.session import Store, Transaction
from service.telemetry import get_logger

API_KEY_PURPOSE: Final = "api-key"
PASSWORD_METHOD: Final = "password"  # noqa: S105 - how somebody signed in
# A sign-in that is in use is noted this often, at most.
_TOUCH_SECONDS: Final = 60.0
# Made-up tokens must not turn into questions to the database.
_LOOK_AGAIN_SECONDS: Final = 0.05
_LOOK_AGAIN_WAIT_SECONDS: Final = 0.5
# Compared with where there is no such key: it must take as long.
_NO_HASH: Final = "0" * 64

_log = get_logger(__name__)


class Desk:
    """Holds the access book. Any thread may ask; the book is swapped whole."""

    def __init__(
        self,
        keyring: Keyring,
        store: Store | None = None,
        *,
        idle: timedelta = timedelta(minutes=30),
        passwords: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Nobody is known yet. Without a ``store`` nobody ever is, but by `take_over`.

        ``passwords``: whether a sign-in with one counts.
        """
        self.keyring = keyring
        self._store = store
        self._idle = idle.total_seconds()
        self._passwords = passwords
        self._clock = clock
        self._book = AccessBook.empty()
        self._seen: dict[str, float] = {}
        self._touched: dict[str, float] = {}
        self._lock = threading.Lock()
        self._looked_at = float("-inf")
        self._learning = threading.Lock()
        self._behind: int | None = None

    @property
    def book(self) -> AccessBook:
        """Who is known."""
        return self._book

    @property
    def store(self) -> Store:
        """Where people and keys are kept.

        Raises:
            StoreUnavailable: this application has none.
        """
        if self._store is None:
            raise StoreUnavailable("there is no database")
        return self._store

    def now(self) -> datetime:
        """The moment, in UTC."""
        return datetime.fromtimestamp(self._clock(), UTC)

    # --- who asks -----------------------------------------------------------------------------------------------------

    def by_key(self, token: str) -> Principal | None:
        """Who stands behind an API key."""
        key_id = key_id_of(token)
        if key_id is None:
            return None
        book = self._book
        key = book.keys.get(key_id)
        # A token may hold any text; what is not ASCII differs from every key.
        content = token.encode("utf-8", "surrogatepass")
        if key is None:
            self.keyring.verify(API_KEY_PURPOSE, content, self.keyring.key_id, _NO_HASH)
            return None
        if not self.keyring.verify(API_KEY_PURPOSE, content, key.hashed_with, key.hash):
            return None
        if key.expires_at is not None and key.expires_at <= self._clock():
            return None
        return book.key_principals.get(key_id)

    def by_sign_in(self, token: str) -> Principal | None:
        """Who stands behind a sign-in token."""
        sign_in_id = sign_in_id_of(token)
        if sign_in_id is None:
            return None
        book = self._book
        sign_in = book.sign_ins.get(sign_in_id)
        if sign_in is None or (sign_in.method == PASSWORD_METHOD and not self._passwords):
            return None
        now = self._clock()
        seen = max(sign_in.last_seen_at, self._seen.get(sign_in_id, 0.0))
        if sign_in.expires_at <= now or seen + self._idle <= now:
            return None
        principal = book.sign_in_principals.get(sign_in_id)
        if principal is not None:
            self._seen[sign_in_id] = now
        return principal

    def authenticated_at(self, principal: Principal) -> float | None:
        """When the person behind a sign-in last proved who they are."""
        sign_in = None if principal.sign_in_id is None else self._book.sign_ins.get(principal.sign_in_id)
        return None if sign_in is None else sign_in.authenticated_at

    def method_of(self, principal: Principal) -> str | None:
        """How the person behind a sign-in signed in."""
        sign_in = None if principal.sign_in_id is None else self._book.sign_ins.get(principal.sign_in_id)
        return None if sign_in is None else sign_in.method

    # --- who is known -------------------------------------------------------------------------------------------------

    def look(self, session: Transaction, *, anew: bool = False) -> None:
        """Read the book again if anything has changed since, or in any case (``anew``)."""
        if anew or access.last_change(session) != self._book.sequence:
            self._learn(read_book(session, self.now()))

    def _learn(self, book: AccessBook) -> None:
        """Take over what was read, unless somebody has read something newer meanwhile.

        Two threads look, and the one that began first may end last: who was let out must not come in again with it. A
        store that says twice that less has happened is another one, restored from a back-up, and is believed.
        """
        with self._learning:
            if book.sequence < self._book.sequence and book.sequence != self._behind:
                self._behind = book.sequence
                return
            self._behind = None
            self.take_over(book)

    def take_over(self, book: AccessBook) -> None:
        """Use another book."""
        self._book = book
        for kept in (self._seen, self._touched):
            for gone in [sign_in_id for sign_in_id in list(kept) if sign_in_id not in book.sign_ins]:
                kept.pop(gone, None)

    def refresh(self) -> None:
        """Read the book again now, after a change made here; what the store does not give now, the next look gets."""
        if self._store is not None:
            with suppress(StoreUnavailable), self._store.reading() as session:
                self.look(session, anew=True)

    def look_again(self, token: str) -> bool:
        """Look at the store because somebody is not known; whether that was done. Call it from a thread.

        However many made-up tokens come, there are at most so many looks a second.
        """
        asked = time.monotonic()
        if self._store is None or not self._lock.acquire(timeout=_LOOK_AGAIN_WAIT_SECONDS):
            return False
        try:
            if self._looked_at >= asked:
                return True
            # Whoever asks meanwhile waits for this look, which then was for them too.
            time.sleep(max(0.0, self._looked_at + _LOOK_AGAIN_SECONDS - time.monotonic()))
            self._looked_at = time.monotonic()
            # That a sign-in is in use is noted by other workers without an entry in the trail.
            anew = sign_in_id_of(token) in self._book.sign_ins
            with self._store.reading() as session:
                self.look(session, anew=anew)
        except StoreUnavailable:
            return False
        finally:
            self._lock.release()
        return True

    def to_touch(self, sign_in_id: str) -> bool:
        """Whether it is time to note in the store that a sign-in is in use; asked once for each time."""
        now = self._clock()
        sign_in = self._book.sign_ins.get(sign_in_id)
        noted = max(0.0 if sign_in is None else sign_in.last_seen_at, self._touched.get(sign_in_id, 0.0))
        if sign_in is None or self._store is None or now - noted < _TOUCH_SECONDS:
            return False
        self._touched[sign_in_id] = now
        return True

    def touch(self, sign_in_id: str) -> None:
        """Note it. It does not matter much when this fails: it is tried again a minute later."""
        try:
            with self.store.writing() as session:
                access.touch(session, sign_in_id, self.now())
        except StoreUnavailable as error:
            _log.warning("sign_in_not_noted", code=error.code)
