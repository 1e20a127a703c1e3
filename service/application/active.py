"""The rule set that answers, with the terminology in use: one immutable object in memory, swapped whole.

What is damaged, missing or out of reach never replaces what is good; it only shows in the state. Nothing here decides
which rule set should answer or which terminology should be in use.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from rules.compiled import CompiledRuleSet
from rules.report import TerminologyReference
from rules.terminology import Terminology
from service.application.keyring import Keyring
from service.application.rule_sets import answering
from service.application.terminologies import restore_terminology
from service.errors import NoRuleSet, RuleSetBehind, ServiceError
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

    def load(self, store: Store, keyring: Keyring) -> ActiveState:
        """Take over the rule set that the store says is active; a bad one is refused, and the state says so."""
        with self._lock:  # two loads at once could otherwise end with the older one
            reasons = [
                reason
                for what, step in (
                    ("rule set", partial(self._take_over, keyring)),
                    ("terminology", self._take_over_terminology),
                )
                if (reason := self._refused(what, step, store)) is not None
            ]
            self._state = replace(self._state, degraded="; ".join(dict.fromkeys(reasons)) or None)
            return self._state

    def _refused(self, what: str, step: Callable[[Store], None], store: Store) -> str | None:
        """Why something was not taken over; none when it was."""
        cause: Exception
        try:
            step(store)
        except ServiceError as error:
            reason, code, cause = str(error), error.code, error
        except Exception as error:  # noqa: BLE001 - SQLite may hand out any type where somebody tampered
            reason, code, cause = f"the stored {what} cannot be read ({type(error).__name__})", "unexpected", error
        else:
            return None
        event = "rule_set_not_loaded" if what == "rule set" else "terminology_not_loaded"
        self._logger.error(event, code=code, kept=self._state.version, exc_info=cause)
        return reason

    def _take_over(self, keyring: Keyring, store: Store) -> None:
        compiled = answering(store, keyring)
        if compiled is None:
            raise NoRuleSet("no rule set is published; run `magcheck db upgrade`")
        if self._state.version is not None and compiled.version < self._state.version:
            raise RuleSetBehind(compiled.version, self._state.version)
        self._swap(compiled)

    def _take_over_terminology(self, store: Store) -> None:
        with store.reading() as session:
            number = terminologies.active_number(session)
            row = terminologies.active(session) if number != self._state.terminology_number else None
        if row is None:
            return
        self._terminology = restore_terminology(row)
        reference = self._terminology.reference
        self._state = replace(self._state, terminology=reference, terminology_number=row.number)
        if self._current is not None:
            self._current = self._current.with_terminology(self._terminology)
        self._logger.info("terminology_loaded", number=row.number, digest=row.digest)

    def _swap(self, compiled: CompiledRuleSet) -> None:
        self._current = compiled.with_terminology(self._terminology) if self._terminology is not None else compiled
        self._state = replace(
            self._state, version=compiled.version, digest=compiled.digest, loaded_at=self._clock(), degraded=None
        )
        self._logger.info("rule_set_loaded", number=compiled.version, digest=compiled.digest)
