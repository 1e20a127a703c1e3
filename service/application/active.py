"""The rule set that answers, with the terminology in use: one immutable object in memory, swapped whole.

What is damaged, missing or out of reach never replaces what is good, and an older rule set never a newer one; it only
shows in the state. Nothing here decides which rule set should answer or which terminology should be in use.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from rules.compiled import CompiledRuleSet
from rules.report import TerminologyReference
from rules.terminology import Terminology
from service.application.keyring import Keyring
from service.application.last_known_good import LastKnownGood
from service.application.rule_sets import require_answerable, restore, stored_active
from service.application.standing import Source
from service.application.terminologies import restore_terminology
from service.errors import MigrationNeeded, NoRuleSet, RuleSetBehind, ServiceError, StoreUnavailable
from service.storage import terminologies
from service.storage.session import Store
from service.telemetry import get_logger

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class ActiveState:
    """Which rule set answers, with which terminology, since when, and why they may not be those they should be."""

    version: int | None = None
    digest: str | None = None
    loaded_at: datetime | None = None
    degraded: str | None = None
    terminology: TerminologyReference | None = None
    terminology_number: int | None = None
    source: Source | None = None
    # Whether it is degraded only because the store did not answer: worth another try at once.
    passing: bool = False


class ActiveRuleSet:
    """Holds the rule set that answers. Any thread may ask; a request asks once and keeps what it got."""

    def __init__(self, compiled: CompiledRuleSet | None = None, *, clock: Clock = utc_now) -> None:
        """Start empty, or with a rule set that needs no store."""
        self._clock = clock
        self._lock = threading.Lock()
        self._logger = get_logger(__name__)
        self._current: CompiledRuleSet | None = None
        self._terminology: Terminology | None = None
        self._state = ActiveState()
        # What has answered here already: nothing older answers afterwards.
        self._answered = 0
        if compiled is not None:
            self._swap(compiled, Source.MEMORY)

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
            raise NoRuleSet(self._state.degraded or "it has not been looked for yet")
        return current

    def load(self, store: Store, keyring: Keyring) -> ActiveState:
        """Take over the rule set that the store says is active; a bad one is refused, and the state says so."""
        with self._lock:  # two loads at once could otherwise end with the older one
            self._state = replace(self._state, passing=False)
            reasons = [
                self._refused("rule set", lambda: self._take_over(store, keyring)),
                self._refused("terminology", lambda: self._take_over_terminology(store)),
            ]
            return self._with_reasons(reasons)

    def load_kept(self, kept: LastKnownGood) -> ActiveState:
        """Take over what was kept on disk, because the store cannot be asked; a bad one is refused."""
        with self._lock:
            before = self._state.degraded
            reason = self._refused("rule set", lambda: self._swap(restore(kept.rule_set), Source.LAST_KNOWN_GOOD))
            if reason is not None:
                return self._with_reasons([before, reason])
            row = kept.terminology
            if row is None:
                return self._with_reasons([before])
            return self._with_reasons(
                [before, self._refused("terminology", lambda: self._use(row.number, restore_terminology(row)))]
            )

    def drop(self, why: str) -> ActiveState:
        """Answer no more: what answered must not, and there is nothing else."""
        with self._lock:
            self._logger.error("rule_set_dropped", number=self._state.version)
            self._current = None
            self._state = replace(self._state, version=None, digest=None, loaded_at=None, source=None, degraded=why)
            return self._state

    def explain(self, why: str) -> None:
        """Say why there is nothing to answer from; where there is something, nothing is said."""
        with self._lock:
            if self._current is None:
                self._state = replace(self._state, degraded=why)

    def _with_reasons(self, reasons: list[str | None]) -> ActiveState:
        degraded = "; ".join(dict.fromkeys(reason for reason in reasons if reason is not None))
        self._state = replace(self._state, degraded=degraded or None)
        return self._state

    def _refused(self, what: str, step: Callable[[], None]) -> str | None:
        """Why something was not taken over; none when it was."""
        cause: Exception
        try:
            step()
        except ServiceError as error:
            reason, code, cause = str(error), error.code, error
            if isinstance(error, StoreUnavailable | MigrationNeeded):
                self._state = replace(self._state, passing=True)
        except Exception as error:  # noqa: BLE001 - SQLite may hand out any type where somebody tampered
            reason, code, cause = f"the stored {what} cannot be read ({type(error).__name__})", "unexpected", error
        else:
            return None
        event = "rule_set_not_loaded" if what == "rule set" else "terminology_not_loaded"
        self._logger.error(event, code=code, kept=self._state.version, exc_info=cause)
        return reason

    def _take_over(self, store: Store, keyring: Keyring) -> None:
        stored = stored_active(store)
        require_answerable(stored, keyring)
        state = self._state
        if (state.version, state.digest, state.source) == (stored.row.number, stored.row.digest, Source.MEMORY):
            return  # it is still what it was: nothing to be compiled
        if stored.row.number < self._answered:
            raise RuleSetBehind(stored.row.number, self._answered)
        self._swap(restore(stored.row), Source.MEMORY)

    def _take_over_terminology(self, store: Store) -> None:
        with store.reading() as session:
            number = terminologies.active_number(session)
            row = terminologies.active(session) if number != self._state.terminology_number else None
        if row is not None:
            self._use(row.number, restore_terminology(row))

    def _use(self, number: int, terminology: Terminology) -> None:
        self._terminology = terminology
        self._state = replace(self._state, terminology=terminology.reference, terminology_number=number)
        if self._current is not None:
            self._current = self._current.with_terminology(terminology)
        self._logger.info("terminology_loaded", number=number, digest=terminology.reference["digest"])

    def _swap(self, compiled: CompiledRuleSet, source: Source) -> None:
        if compiled.version < self._answered:
            raise RuleSetBehind(compiled.version, self._answered)
        self._answered = compiled.version
        self._current = compiled.with_terminology(self._terminology) if self._terminology is not None else compiled
        self._state = replace(
            self._state,
            version=compiled.version,
            digest=compiled.digest,
            loaded_at=self._clock(),
            degraded=None,
            source=source,
        )
        self._logger.info("rule_set_loaded", number=compiled.version, digest=compiled.digest, source=source.value)
