"""Answers a question of the past once more, from the rule set and terminology of that time, byte for byte.

Nothing of it is counted or logged as a check, and nothing of the present has a part in it but the program itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, cast

from pydantic import ValidationError

from rules.compiled import CompiledRuleSet
from rules.profile import MedicationProfile
from rules.terminology import Terminology
from service.application.checks import CheckAnswer, report_on
from service.application.decisions import ENGINE_VERSION, canonical_question, digest_of
from service.application.last_asked import LastAsked
from service.application.packed import unpack
from service.application.rule_sets import restore
from service.application.standing import Degraded
from service.application.terminologies import restore_terminology
from service.errors import NotReplayable, QuestionDiffers, QuestionNotKept, RuleSetDamaged, TerminologyRefused
from service.storage import decisions, rule_sets, terminologies
from service.storage.session import Store
from service.storage.tables import DecisionRow

# A question has at most 256 KB as it comes.
_MOST_QUESTION: Final = 2**20
# A compiled rule set has some 20 MB, a full terminology more: the last few are enough to compare answers with.
_MOST_KEPT: Final = 3

Render = Callable[[CheckAnswer], bytes]


@dataclass(frozen=True, slots=True)
class Replay:
    """An answer of the past, made anew."""

    decision: DecisionRow
    content: bytes

    @property
    def identical(self) -> bool:
        """Whether it has the bytes that were answered then."""
        return digest_of(self.content) == self.decision.answer_digest

    @property
    def same_program(self) -> bool:
        """Whether it was made by the version of this program that answered then."""
        return self.decision.engine_version == ENGINE_VERSION


class Replays:
    """Keeps the rule sets and terminologies that were asked for last. Slow; for threads that may wait."""

    def __init__(self, store: Store) -> None:
        """Nothing is restored yet."""
        self._store = store
        self._restoring = threading.Lock()
        self._rule_sets: LastAsked[int, CompiledRuleSet] = LastAsked(_MOST_KEPT)
        self._terminologies: LastAsked[str, Terminology] = LastAsked(_MOST_KEPT)
        self._together: LastAsked[tuple[int, str], CompiledRuleSet] = LastAsked(_MOST_KEPT)

    def replay(self, decision: DecisionRow, body: bytes | None, render: Render) -> Replay:
        """Answer as it was answered then; ``body`` is the question where it was not kept, or to compare.

        Raises:
            QuestionNotKept: there is no question.
            QuestionDiffers: it is another question.
            NotReplayable: the rule set or terminology of that time is not there, or not as it was.
            StoreUnavailable: the database cannot be reached.
        """
        question = question_of(decision) if body is None else canonical_question(body)
        if question is None:
            raise QuestionNotKept("the question of this decision was not kept; send it along")
        if digest_of(question) != decision.request_digest:
            raise QuestionDiffers("this is not the question that was answered then: its digest is another one")
        report = report_on(self._compiled(decision), _profile_of(question, decision), explain=decision.explain)
        answer = cast("CheckAnswer", {"check_id": decision.id, "degraded": _degraded_of(decision), **report})
        return Replay(decision, render(answer))

    def _compiled(self, decision: DecisionRow) -> CompiledRuleSet:
        number, digest = decision.rule_set_number, decision.terminology_digest
        with self._restoring:  # two at once would do the same work twice, and hold twice the memory
            compiled = self._rule_sets.get(number, self._restored)
            if compiled.digest != decision.rule_set_digest:
                raise NotReplayable(f"rule set {number} has another digest than the one that answered then")
            if digest is None:
                return compiled
            return self._together.get(
                (number, digest),
                lambda _: compiled.with_terminology(self._terminologies.get(digest, self._restored_terminology)),
            )

    def _restored(self, number: int) -> CompiledRuleSet:
        with self._store.reading() as session:
            row = rule_sets.by_number(session, number)
        if row is None:
            raise NotReplayable(f"there is no rule set {number}, which answered then")
        try:
            return restore(row)
        except RuleSetDamaged as error:
            raise NotReplayable(str(error)) from error

    def _restored_terminology(self, digest: str) -> Terminology:
        with self._store.reading() as session:
            known = terminologies.by_digest(session, digest)
            row = None if known is None else terminologies.by_number(session, known[0])
        if row is None:
            raise NotReplayable("the terminology that was in use then is not there")
        try:
            return restore_terminology(row)
        except TerminologyRefused as error:
            raise NotReplayable(str(error)) from error


def _degraded_of(decision: DecisionRow) -> dict[str, object] | None:
    """As it was answered: PostgreSQL does not keep the order of the keys."""
    kept = decision.degraded
    return None if kept is None else {name: kept[name] for name in Degraded.__annotations__ if name in kept}


def _profile_of(question: bytes, decision: DecisionRow) -> MedicationProfile:
    """A question of the past, about the day it was about.

    Raises:
        NotReplayable: it was asked of a version that took what this one refuses.
    """
    try:
        profile = MedicationProfile.model_validate_json(question)
    except ValidationError:  # its text would repeat the question
        reason = f"magcheck {decision.engine_version} took this question, and this version refuses one like it"
        raise NotReplayable(reason) from None
    if profile.as_of is None:
        profile = profile.model_copy(update={"as_of": date.fromisoformat(decision.as_of)})
    return profile


def question_of(decision: DecisionRow) -> bytes | None:
    """The question of a decision in its canonical form, where it was kept.

    Raises:
        NotReplayable: what was kept cannot be read.
    """
    if decision.request is None:
        return None
    try:
        return unpack(decision.request, _MOST_QUESTION)
    except ValueError as error:
        raise NotReplayable(f"the question that was kept is damaged: {error}") from error


def replay_all(
    store: Store, render: Render, *, since: datetime | None, sample: int | None
) -> Iterator[Replay | tuple[DecisionRow, NotReplayable | QuestionDiffers]]:
    """Replay decisions whose questions were kept; one that cannot be replayed comes with the reason."""
    replays = Replays(store)
    with store.reading() as session:
        for decision in decisions.with_questions(session, since=since, sample=sample):
            try:
                yield replays.replay(decision, None, render)
            except (NotReplayable, QuestionDiffers) as error:
                yield decision, error


def recent_questions(store: Store, most: int = 200) -> Mapping[str, str]:
    """Real questions of late that were kept, as JSON by the decision they come from, each with the day it was about.

    What changed rules would answer otherwise is looked for in these too. The same question counts once.
    """
    with store.reading() as session:
        rows = decisions.newest_questions(session, most)
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    for row in rows:
        if (row.request_digest, row.as_of) in seen:
            continue
        seen.add((row.request_digest, row.as_of))
        with suppress(NotReplayable):  # damaged, or asked of a version that took what is refused now: nobody can ask it
            question = question_of(row)
            if question is not None:
                found[f"decision/{row.id}"] = _profile_of(question, row).model_dump_json(exclude_unset=True)
    return found
