"""Does what a request asks for once, however often the request is sent: its answer is kept with what it changed.

Both are written in one transaction, so that a process may die at any moment between commit and answer. Refusals are
not kept: asked again, they are worked out again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.errors import IdempotencyKeyReused
from service.storage import answers
from service.storage.session import Store, Transaction
from service.storage.tables import KeptAnswerRow

# Whoever did not get an answer asks again within minutes; a week leaves room for a queue over a long holiday.
KEPT_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Wish:
    """A request that changes something: whose, under which key, and a keyed hash of all that it says."""

    caller: str
    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: JSON, and what of the headers belongs to it."""

    status: int
    content: str
    location: str | None = None
    tag: str | None = None


def once(store: Store, wish: Wish, now: datetime, act: Callable[[Transaction], Answer]) -> Answer:
    """Do it and keep the answer, or give the answer that was kept.

    Raises:
        IdempotencyKeyReused: the key belongs to another request.
    """
    with store.writing() as session:
        kept = _kept(session, wish)
        if kept is not None:
            return kept
        answer = act(session)
        answers.forget_before(session, now - KEPT_FOR)
        answers.add(
            session,
            KeptAnswerRow(
                caller=wish.caller,
                key=wish.key,
                request_digest=wish.digest,
                status=answer.status,
                location=answer.location,
                tag=answer.tag,
                content=answer.content,
                kept_at=now,
            ),
        )
        return answer


def kept_answer(store: Store, wish: Wish) -> Answer | None:
    """The answer that was kept, for those who would otherwise begin something long.

    Raises:
        IdempotencyKeyReused: the key belongs to another request.
    """
    with store.reading() as session:
        return _kept(session, wish)


def _kept(session: Transaction, wish: Wish) -> Answer | None:
    row = answers.get(session, wish.caller, wish.key)
    if row is None:
        return None
    if row.request_digest != wish.digest:
        raise IdempotencyKeyReused
    return Answer(row.status, row.content, row.location, row.tag)
