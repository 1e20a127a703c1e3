"""Slows down guessing of passwords: ten attempts a minute of an account from a source, and ten of a source.

Attempts are kept in the store, so that all workers count together. Whoever guesses cannot lock anybody out: from
another source the right password is taken. Accounts and sources are kept as keyed hashes.
"""

import math
from datetime import datetime, timedelta
from typing import Final

from service.application.keyring import Keyring
from service.errors import TooManyAttempts
from service.storage import access
from service.storage.session import Store, Transaction
from service.storage.tables import SignInAttemptRow

MOST: Final = 10
WINDOW: Final = timedelta(minutes=1)
_KEPT: Final = timedelta(hours=1)


def begin(store: Store, keyring: Keyring, *, account: str, source: str, now: datetime) -> None:
    """Count an attempt before it is looked at: a thousand at once would otherwise all be the first.

    Raises:
        TooManyAttempts: there were too many lately; this one is not counted, so that waiting helps.
    """
    hashed_account, hashed_source = _hashed(keyring, account, source)
    with store.writing() as session:
        access.forget_attempts(session, now - _KEPT)
        for whose in (hashed_account, None):
            lately = access.attempts(session, now - WINDOW, source=hashed_source, account=whose)
            if len(lately) >= MOST:
                wait = lately[-MOST] + WINDOW - now
                raise TooManyAttempts(max(1, math.ceil(wait.total_seconds())))
        access.add(session, SignInAttemptRow(account=hashed_account, source=hashed_source, at=now))


def succeeded(session: Transaction, keyring: Keyring, *, account: str, source: str) -> None:
    """Forget the attempts of an account from a source that has given the right password."""
    hashed_account, hashed_source = _hashed(keyring, account, source)
    access.forget_attempts_of(session, account=hashed_account, source=hashed_source)


def _hashed(keyring: Keyring, account: str, source: str) -> tuple[str, str]:
    return (
        keyring.mac("sign-in-attempt", b"account\0" + account.encode())[1],
        keyring.mac("sign-in-attempt", b"source\0" + source.encode())[1],
    )
