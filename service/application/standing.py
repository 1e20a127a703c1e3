"""How sure a process may be of what it answers from: when it last saw the store, and what it had to refuse.

The watch writes here, every answer and the readiness read. It is told from the age of the last look that went well,
never from a flag: a look that hangs sets no flag. Nothing here looks at the store.
"""

import time
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field
from typing_extensions import TypedDict

from service.errors import RuleSetStale
from service.settings import StalePolicy

# Six looks missed.
UNREACHABLE_SECONDS: Final = 3.0
_HOUR: Final = 3600.0
# While degraded, each answer tells an age that is at most this old.
_TOLD_SECONDS: Final = 1.0
_AWAY: Final = {
    "memory": "the database does not answer; checks go on with the rule set in memory",
    "last_known_good": "the database does not answer; checks go on with the last known good rule set kept on disk",
}


class Source(StrEnum):
    """Where the rule set that answers was taken from."""

    MEMORY = "memory"
    LAST_KNOWN_GOOD = "last_known_good"


class Degraded(TypedDict):
    """The answer may not come from the rule set that should answer."""

    source: Annotated[
        Source,
        Field(
            description="`memory`: the rule set this process last took over from the database. `last_known_good`: the "
            "one kept on disk, because the database was away when this process started."
        ),
    ]
    store_seen_seconds_ago: Annotated[
        float | None, Field(description="Seconds since the database was last seen. Null: not known.")
    ]
    reasons: Annotated[list[str], Field(description="What is wrong, in words.")]


class Standing:
    """Any thread may ask; only the watch tells it anything."""

    def __init__(
        self,
        *,
        max_stale_hours: float = 24,
        policy: StalePolicy = StalePolicy.WARN,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """The store has not been seen yet."""
        self._max_stale_hours = max_stale_hours
        self._policy = policy
        self._monotonic = monotonic
        self._confirmed: float | None = None
        self._seen: float | None = None
        self._refused: str | None = None
        # Until when nothing is wrong; the only thing an ordinary answer looks at.
        self._fine_until = float("-inf")
        self._told: tuple[float, Degraded] | None = None
        self.source = Source.MEMORY
        self.not_saved: str | None = None
        self.saves_failed = 0

    @classmethod
    def without_store(cls) -> "Standing":
        """For an application that answers from a rule set in memory and has no store to lose."""
        standing = cls()
        standing._fine_until = float("inf")
        return standing

    @property
    def has_store(self) -> bool:
        """Whether there is a store that could be away."""
        return self._fine_until != float("inf")

    # --- told by the watch --------------------------------------------------------------------------------------------

    def seen(self, source: Source | None, refused: str | None) -> None:
        """The store has answered. ``refused``: why what it names was not taken over; ``source`` of what answers."""
        self._seen = self._monotonic()
        if refused is None:
            self._confirmed = self._seen
        self._refused = refused
        self.source = source or Source.MEMORY
        self._told = None
        fine = refused is None and self.source is Source.MEMORY
        self._fine_until = self._seen + UNREACHABLE_SECONDS if fine else float("-inf")

    def from_disk(self, seconds_ago: float) -> None:
        """What answers was read from disk, and the store had confirmed it so long ago."""
        self.source = Source.LAST_KNOWN_GOOD
        self._confirmed = self._monotonic() - max(0.0, seconds_ago)
        self._told = None
        self._fine_until = float("-inf")

    # --- asked by answers ---------------------------------------------------------------------------------------------

    def age(self) -> float | None:
        """Seconds since the store was last seen, by this process or by the one that kept its file; none: not known."""
        seen = self._confirmed if self._seen is None else self._seen
        return None if seen is None else max(0.0, self._monotonic() - seen)

    def degraded(self) -> Degraded | None:
        """What an answer has to say about where it comes from; none in the ordinary case.

        Raises:
            RuleSetStale: the store has not been seen for so long that there must be no answer.
        """
        now = self._monotonic()
        if now < self._fine_until:
            return None
        told = self._told
        if told is None or now >= told[0]:
            told = self._told = (now + _TOLD_SECONDS, self._tell(now))
        return told[1]

    def too_old(self) -> str | None:
        """Why checks must be refused now; none where they need not be."""
        if self._policy is not StalePolicy.REFUSE or not self.has_store:
            return None
        return self._stale(self._monotonic())

    def reasons(self) -> list[str]:
        """Why somebody should look after this process; empty when nobody has to."""
        now = self._monotonic()
        reasons = [] if now < self._fine_until else self._reasons(now)
        return reasons if self.not_saved is None else [*reasons, self.not_saved]

    def _tell(self, now: float) -> Degraded:
        if self._policy is StalePolicy.REFUSE and (stale := self._stale(now)) is not None:
            raise RuleSetStale(stale)
        age = self.age()
        return {
            "source": self.source,
            "store_seen_seconds_ago": None if age is None else round(age, 1),
            "reasons": self._reasons(now),
        }

    def _reasons(self, now: float) -> list[str]:
        reasons = []
        stale = self._stale(now)
        if stale is not None:
            reasons.append(stale)
        if self._seen is None or now - self._seen > UNREACHABLE_SECONDS:
            reasons.append(_AWAY[self.source])
        if self._refused is not None:
            reasons.append(self._refused)
        return reasons or [_AWAY[self.source]]

    def _stale(self, now: float) -> str | None:
        """Said loudly once what answers has not been confirmed for longer than is allowed, refusals included."""
        seconds = 0.0 if self._confirmed is None else now - self._confirmed
        if seconds <= self._max_stale_hours * _HOUR:
            return None
        return (
            f"OUT OF DATE: for {seconds / _HOUR:.0f} hours the database has not confirmed the rule set that answers, "
            f"longer than the {self._max_stale_hours:g} hours that are allowed"
        )
