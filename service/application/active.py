"""The rule set that answers: one immutable object in memory, swapped whole.

A rule set that is damaged, missing or out of reach never replaces a good one; it only shows in the state. Nothing here
decides which rule set should answer.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from rules.compiled import CompiledRuleSet
from service.application.rule_sets import restore
from service.errors import NoRuleSet, ServiceError
from service.storage import rule_sets
from service.storage.session import Store
from service.telemetry import get_logger

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class ActiveState:
    """Which rule set answers, since when, and why it may not be the one it should be."""

    version: int | None = None
    digest: str | None = None
    loaded_at: datetime | None = None
    degraded: str | None = None


class ActiveRuleSet:
    """Holds the rule set that answers. Any thread may ask; a request asks once and keeps what it got."""

    def __init__(self, compiled: CompiledRuleSet | None = None, *, clock: Clock = utc_now) -> None:
        """Start empty, or with a rule set that needs no store."""
        self._clock = clock
        self._lock = threading.Lock()
        self._logger = get_logger(__name__)
        self._current: CompiledRuleSet | None = None
        self._state = ActiveState()
        if compiled is not None:
            self._swap(compiled)

    @property
    def state(self) -> ActiveState:
        """What is known about the rule set that answers."""
        return self._state

    def current(self) -> CompiledRuleSet:
        """The rule set that answers.

        Raises:
            NoRuleSet: there is none; the service must refuse to answer rather than say that nothing was found.
        """
        current = self._current
        if current is None:
            raise NoRuleSet("no rule set is loaded")
        return current

    def load(self, store: Store) -> ActiveState:
        """Take over the rule set that the store says is active; a bad one is refused, and the state says so."""
        with self._lock:  # two loads at once could otherwise end with the older one
            try:
                self._take_over(store)
            except ServiceError as error:
                self._refuse(error, str(error), error.code)
            except Exception as error:  # noqa: BLE001 - SQLite may hand out any type where somebody tampered
                self._refuse(error, f"the stored rule set cannot be read ({type(error).__name__})", "unexpected")
            return self._state

    def _take_over(self, store: Store) -> None:
        with store.reading() as session:
            row = rule_sets.active(session)
        if row is None:
            raise NoRuleSet("no rule set is published; run `magcheck db upgrade`")
        self._swap(restore(row))

    def _refuse(self, error: Exception, reason: str, code: str) -> None:
        self._state = replace(self._state, degraded=reason)
        self._logger.error("rule_set_not_loaded", code=code, kept=self._state.version, exc_info=error)

    def _swap(self, compiled: CompiledRuleSet) -> None:
        self._current = compiled
        self._state = ActiveState(compiled.version, compiled.digest, self._clock())
        self._logger.info("rule_set_loaded", number=compiled.version, digest=compiled.digest)
