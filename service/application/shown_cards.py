"""Remembers for a while which cards were shown, where a client asked for that, so that they need not be shown twice.

Nothing of a card or a patient is kept, only keyed digests, in this process alone: a card that is not remembered is
shown again, which is never wrong.
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Final

from service.application.card_ids import reference_of
from service.storage import decisions
from service.storage.session import Store

_MOST: Final = 20_000


class ShownCards:
    """Digests of cards, with the ids they were shown under."""

    def __init__(self, minutes: int, *, clock: Callable[[], float] = monotonic) -> None:
        """Each is remembered for so many minutes."""
        self._seconds = minutes * 60
        self._clock = clock
        self._key = os.urandom(32)
        self._shown: OrderedDict[bytes, tuple[float, str]] = OrderedDict()

    def digest(self, parts: Iterable[str]) -> bytes:
        """What stands for a card: only this process can make it, and nobody can read anything out of it."""
        hashed = hashlib.blake2b(key=self._key)
        for part in parts:
            written = part.encode("utf-8", "surrogatepass")
            hashed.update(len(written).to_bytes(8) + written)
        return hashed.digest()

    def remember(self, digest: bytes, card: str) -> None:
        """It was shown."""
        self._shown.pop(digest, None)
        self._shown[digest] = (self._clock() + self._seconds, card)
        while len(self._shown) > _MOST:
            self._shown.popitem(last=False)

    def card_of(self, digest: bytes) -> str | None:
        """The id it was shown under lately."""
        until, card = self._shown.get(digest, (0.0, ""))
        return card if until > self._clock() else None


def any_accepted(store: Store, cards: Iterable[str]) -> bool:
    """Whether a suggestion of an answer with one of these cards was accepted.

    Raises:
        StoreUnavailable: it cannot be known.
    """
    references = [reference_of(card) for card in cards]
    names = {reference.decision_id for reference in references if reference is not None}
    with store.reading() as session:
        return decisions.has_acceptance(session, names)
