"""Only what this installation signed answers, whatever somebody wrote into its database."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from service.application import rule_sets as verbs
from service.application.active import ActiveRuleSet
from service.application.audit import verify_trail
from service.application.keyring import Keyring
from service.application.rule_sets import publish_baseline, restore, seed_baseline, sign_unsigned
from service.errors import RuleSetDamaged
from service.storage import audit, rule_sets
from service.storage.session import Store
from service.storage.tables import RuleSetRow
from tests.integration.small_knowledge import small_rule_set
from tests.keys import ANOTHER_SECRET_KEY, KEYRING, SECRET_KEY

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANOTHER = Keyring(ANOTHER_SECRET_KEY.encode())
BOTH = Keyring(ANOTHER_SECRET_KEY.encode(), SECRET_KEY.encode())


def publish_two(store: Store) -> None:
    seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="first")
    publish_baseline(store, small_rule_set(title="Another title"), keyring=KEYRING, now=NOON, note="second")


@contextmanager
def unprotected(store: Store) -> Iterator[sa.Connection]:
    """The database in the hands of somebody with every right on it."""
    with store.engine.begin() as connection:
        for table in ("rule_set", "rule_set_signature"):
            if connection.dialect.name == "sqlite":
                for action in ("update", "delete", "replace"):
                    connection.execute(sa.text(f"drop trigger if exists {table}_append_only_{action}"))
            else:
                connection.execute(sa.text(f"alter table {table} disable trigger user"))
        yield connection


def tamper(store: Store, statement: str, **values: object) -> None:
    with unprotected(store) as connection:
        connection.execute(sa.text(statement), values)


def stored(store: Store, number: int) -> RuleSetRow:
    with store.reading() as session:
        row = rule_sets.by_number(session, number)
    assert row is not None
    return row


def refusal(store: Store, keyring: Keyring = KEYRING) -> str | None:
    """Why a process that answers from rule set 1 does not take over rule set 2."""
    active = ActiveRuleSet()
    state = active.load(store, keyring)
    return state.degraded


def softened(row: RuleSetRow) -> bytes:
    """Content that reads well and says less."""
    return zlib.compress(zlib.decompress(row.content).replace(b'"severity":"major"', b'"severity":"minor"', 1))


def test_every_way_of_publishing_signs(store: Store) -> None:
    publish_two(store)
    verbs.publish(
        store, small_rule_set(title="A third title"), based_on=2, author="a", note="b", keyring=KEYRING, now=NOON
    )
    verbs.roll_back(store, 1, author="a", note="b", keyring=KEYRING, now=NOON + timedelta(hours=1))
    with store.reading() as session:
        for number in range(1, 5):
            (signature,) = rule_sets.signatures(session, number)
            row = rule_sets.by_number(session, number)
            assert row is not None
            # Written out: what is signed must not change, or nothing that was signed counts any more.
            message = f"{number}\n1\n{row.digest}".encode()
            assert (signature.key_id, signature.signature) == KEYRING.mac("rule-set", message)
            assert signature.signed_at == row.created_at
        assert rule_sets.not_signed_with(session, KEYRING.key_id) == []


def test_content_with_a_digest_of_its_own_is_not_signed_by_that(store: Store) -> None:
    """Digests keep nobody from anything: whoever can write the content can write the digest too."""
    publish_two(store)
    good = stored(store, 2)
    content = softened(good)
    digest = hashlib.sha256(zlib.decompress(content)).hexdigest()
    active = ActiveRuleSet()
    assert active.load(store, KEYRING).version == 2
    tamper(store, "update rule_set set content = :c, digest = :d where number = 2", c=content, d=digest)
    restore(stored(store, 2))  # by itself it is in order
    assert refusal(store) == (
        "rule set 2 is refused: its signature is false: number, form or digest are not what was signed"
    )
    assert active.load(store, KEYRING).digest == good.digest
    assert active.current().digest == good.digest


def test_the_signature_of_another_rule_set_is_worth_nothing(store: Store) -> None:
    """Else what was given up could be made to answer again under the newest number."""
    publish_two(store)
    first = stored(store, 1)
    with store.reading() as session:
        (other,) = rule_sets.signatures(session, 1)
    tamper(store, "update rule_set set content = :c, digest = :d where number = 2", c=first.content, d=first.digest)
    tamper(store, "update rule_set_signature set signature = :s where number = 2", s=other.signature)
    found = refusal(store)
    assert found is not None
    assert found.startswith("rule set 2 is refused: its signature is false")


def test_a_rule_set_without_a_signature_is_refused(store: Store) -> None:
    publish_two(store)
    tamper(store, "delete from rule_set_signature where number = 2")
    assert refusal(store) == (
        "rule set 2 is refused: it is not signed; `magcheck rule-sets sign` signs what was published before"
    )


def test_the_signature_of_another_installation_is_refused_and_the_former_key_accepted(store: Store) -> None:
    publish_two(store)
    found = refusal(store, ANOTHER)
    assert found is not None
    assert found.startswith("rule set 2 is refused: it is signed with another key than this installation has")
    assert refusal(store, BOTH) is None


def test_after_a_change_of_the_key_everything_is_signed_anew(store: Store) -> None:
    publish_two(store)
    later = NOON + timedelta(days=1)
    assert sign_unsigned(store, keyring=BOTH, author="anna", note="new key", now=later) == ([1, 2], [])
    assert refusal(store, ANOTHER) is None  # the former key is needed no more
    assert refusal(store, KEYRING) is None
    assert sign_unsigned(store, keyring=BOTH, author="anna", note="again", now=later) == ([], [])
    with store.reading() as session:
        newest = audit.newest(session, 2)
    assert [(row.person, row.action, row.subject, row.reason) for row in newest] == [
        ("anna", "sign", "rule_set/2", "new key"),
        ("anna", "sign", "rule_set/1", "new key"),
    ]
    assert ANOTHER.key_id in (newest[0].after or "")
    assert verify_trail(store).bad is None


def test_signing_does_not_launder_what_was_tampered_with(store: Store) -> None:
    publish_two(store)
    content = softened(stored(store, 1))
    digest = hashlib.sha256(zlib.decompress(content)).hexdigest()
    tamper(store, "update rule_set set content = :c where number = 2", c=softened(stored(store, 2)))
    tamper(store, "update rule_set set content = :c, digest = :d where number = 1", c=content, d=digest)
    tamper(store, "delete from rule_set_signature")
    signed, refused = sign_unsigned(store, keyring=KEYRING, author="anna", note="?", now=NOON)
    assert signed == []
    assert [str(error) for error in refused] == [
        "rule set 1 is refused: the audit trail tells of another digest",
        "rule set 2 is refused: its content does not match its digest",
    ]


def test_a_false_signature_of_a_known_key_is_not_replaced_by_a_good_one(store: Store) -> None:
    publish_two(store)
    tamper(store, "update rule_set_signature set signature = :s where number = 2", s="0" * 64)
    signed, refused = sign_unsigned(store, keyring=BOTH, author="anna", note="?", now=NOON)
    assert signed == [1]
    assert [error.number for error in refused] == [2]


def test_rolling_back_does_not_launder_either(store: Store) -> None:
    publish_two(store)
    content = softened(stored(store, 1))
    digest = hashlib.sha256(zlib.decompress(content)).hexdigest()
    tamper(store, "update rule_set set content = :c, digest = :d where number = 1", c=content, d=digest)
    with pytest.raises(RuleSetDamaged, match="rule set 1 is refused: its signature is false"):
        verbs.roll_back(store, 1, author="a", note="b", keyring=KEYRING, now=NOON)
    with store.reading() as session:
        assert rule_sets.active_number(session) == 2


def test_a_retired_rule_set_never_loads(store: Store) -> None:
    publish_two(store)
    with store.writing() as session:
        verbs.retire(session, 1, author="a", reason="wrong", now=NOON)
    with store.writing() as session:  # no verb does this; somebody with rights on the database could
        rule_sets.activate(session, 1, author="a", note="b", now=NOON)
    assert refusal(store) == "rule set 1 is refused: its content was retired and never answers again"
