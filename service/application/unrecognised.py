"""Which names of medicines are not recognised, by how often they come: what a rule set should learn next.

By default the log keeps no text, and then there is nothing to tell. Where the operator keeps questions, a name is told
only once several different questions have it, and without its numbers: what stands in one list only may be about a
patient, and stays where it is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from pydantic import ValidationError

from rules.compiled import CompiledRuleSet
from rules.explanation import explained
from rules.profile import MedicationItem, MedicationProfile
from rules.terms import RecognitionState
from rules.tokens import tokens
from service.application.replays import question_of
from service.errors import NotReplayable
from service.storage import decisions
from service.storage.session import Store
from service.storage.tables import DecisionRow

# Different questions that must have a name before it is told.
LEAST_QUESTIONS: Final = 3
DAYS: Final = timedelta(days=30)
_MOST_QUESTIONS: Final = 1000
_MOST_LETTERS: Final = 60
_MOST_WORDS: Final = 4
_MOST_TOLD: Final = 50
_KEPT_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True)
class Unknown:
    """A name that is not recognised, in how many different questions it stands, and what it may be."""

    name: str
    questions: int
    candidates: tuple[tuple[str, str], ...]  # ids and names of substances or products


class UnrecognisedNames:
    """Counts them, and keeps what it counted for some minutes: reading a thousand questions takes a second."""

    def __init__(self, store: Store, clock: Callable[[], float] = monotonic) -> None:
        """Nothing is counted yet."""
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._counted: tuple[float, CompiledRuleSet, list[Unknown]] | None = None

    def most_frequent(self, compiled: CompiledRuleSet, now: datetime) -> list[Unknown]:
        """The names of the last days that this rule set still does not recognise, the most frequent first.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        with self._lock:
            if (
                self._counted is None
                or self._counted[1] is not compiled
                or self._clock() - self._counted[0] > _KEPT_SECONDS
            ):
                with self._store.reading() as session:
                    rows = decisions.questions_with_unrecognised(session, now - DAYS, _MOST_QUESTIONS)
                self._counted = (self._clock(), compiled, counted(compiled, rows))
            return self._counted[2]


def counted(compiled: CompiledRuleSet, rows: list[DecisionRow]) -> list[Unknown]:
    """The unrecognised names of questions that were kept, of those that enough different questions have."""
    questions: dict[str, set[str]] = {}
    for row in rows:
        for text in _texts(row):
            name = plain_name(text)
            if name:
                questions.setdefault(name, set()).add(row.request_digest)
    often = sorted(
        ((name, len(asked)) for name, asked in questions.items() if len(asked) >= LEAST_QUESTIONS),
        key=lambda one: (-one[1], one[0]),
    )
    found = []
    for name, many in often:
        line = explained(compiled, MedicationItem(id="m1", text=name))
        if line["state"] == RecognitionState.UNRECOGNISED:
            candidates = tuple((one["substance_id"], one["name"]) for one in line["candidates"])
            found.append(Unknown(name, many, candidates))
        if len(found) == _MOST_TOLD:
            break
    return found


def plain_name(text: str) -> str:
    """The words of a text without numbers and what is written with them, a few at most: no dose, no date, no code."""
    words = [word for word in tokens(text) if word.isalpha() and word not in _AROUND]
    name = " ".join(words)
    return name if 0 < len(words) <= _MOST_WORDS and len(name) <= _MOST_LETTERS else ""


_AROUND: Final = frozenset(
    {
        "mg",
        "g",
        "mcg",
        "ug",
        "ml",
        "l",
        "mmol",
        "meq",
        "iu",
        "tablet",
        "tablets",
        "capsule",
        "capsules",
        "oral",
        "daily",
    }
)


def _texts(row: DecisionRow) -> Iterator[str]:
    try:
        question = question_of(row)
        profile = None if question is None else MedicationProfile.model_validate_json(question)
    except (NotReplayable, ValidationError, ValueError):
        return  # it is damaged, or of a later version: what cannot be read tells nothing
    for item in () if profile is None else profile.medications:
        if item.text is not None and not item.codes:
            yield item.text
