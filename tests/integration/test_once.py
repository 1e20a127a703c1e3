"""A wish is done once, however often it is sent, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from service.application import audit
from service.application.once import KEPT_FOR, Answer, Wish, kept_answer, once
from service.errors import IdempotencyKeyReused, IllegalStep
from service.storage.session import Store, Transaction

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
WISH = Wish("person/ann", "a-key-of-mine", "1" * 64)


def entry(session: Transaction) -> Answer:
    """Something that leaves a trace each time it is done."""
    audit.record(
        session, person="ann", action="test", subject="test/1", reason="a test", before=None, after=None, now=NOON
    )
    return Answer(201, '{"done":"Größe"}', "/v1/things/1", '"7"')


def entries(store: Store) -> int:
    return audit.verify_trail(store).entries


def test_again_is_the_same_answer_and_nothing_happens(store: Store) -> None:
    assert kept_answer(store, WISH) is None
    first = once(store, WISH, NOON, entry)
    assert once(store, WISH, NOON + timedelta(hours=1), entry) == first == kept_answer(store, WISH)
    assert first == Answer(201, '{"done":"Größe"}', "/v1/things/1", '"7"')
    assert entries(store) == 1


def test_another_request_under_the_same_key_is_refused(store: Store) -> None:
    once(store, WISH, NOON, entry)
    other = Wish(WISH.caller, WISH.key, "2" * 64)
    with pytest.raises(IdempotencyKeyReused):
        once(store, other, NOON, entry)
    with pytest.raises(IdempotencyKeyReused):
        kept_answer(store, other)
    assert entries(store) == 1


def test_keys_of_others_are_others(store: Store) -> None:
    once(store, WISH, NOON, entry)
    once(store, Wish("person/bea", WISH.key, "2" * 64), NOON, entry)
    assert entries(store) == 2


def test_what_was_refused_leaves_nothing_and_is_tried_again(store: Store) -> None:
    def refuse(session: Transaction) -> Answer:
        entry(session)
        raise IllegalStep("not now")

    with pytest.raises(IllegalStep):
        once(store, WISH, NOON, refuse)
    assert (kept_answer(store, WISH), entries(store)) == (None, 0)
    assert once(store, WISH, NOON, entry).status == 201


def test_eight_at_once(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: once(store, WISH, NOON, entry), range(8)))
    assert len(set(answers)) == 1
    assert entries(store) == 1


def test_answers_go_after_a_week(store: Store) -> None:
    once(store, WISH, NOON, entry)
    later = NOON + KEPT_FOR + timedelta(seconds=1)
    once(store, Wish(WISH.caller, "another-key", "3" * 64), later, entry)
    assert kept_answer(store, WISH) is None


def test_a_kept_answer_is_never_changed(store: Store) -> None:
    once(store, WISH, NOON, entry)
    with pytest.raises(sa.exc.IntegrityError, match="append-only"), store.writing() as session:
        session.connection().execute(sa.text("update kept_answer set content = '{}'"))
