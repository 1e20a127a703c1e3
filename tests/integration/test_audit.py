"""Every change of what answers leaves an entry in the same transaction, and no entry can be changed unseen."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from rules.model import RuleSet
from service.application import audit as trail
from service.application import rule_sets as verbs
from service.application.audit import GENESIS, Trail, verify_trail
from service.errors import NoSuchRuleSet, RuleSetMoved
from service.storage import audit, rule_sets
from service.storage.session import Store
from service.storage.tables import AuditRow
from tests.integration.small_knowledge import small_rule_set
from tests.keys import KEYRING

NOON = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)


def changed(title: str) -> RuleSet:
    return small_rule_set(title=title)


def entries(store: Store) -> list[AuditRow]:
    with store.reading() as session:
        return list(audit.in_order(session))


def three(store: Store) -> None:
    """A baseline, another rule set, and a roll-back."""
    verbs.seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="first")
    verbs.publish(
        store, changed("Another title"), based_on=1, author="anna", note="a new title", keyring=KEYRING, now=NOON
    )
    verbs.roll_back(store, 1, author="ben", note="the title was wrong", keyring=KEYRING, now=NOON + timedelta(hours=1))


def tamper(store: Store, statement: str) -> None:
    """Change the trail as somebody with full rights on the database could: the triggers go first."""
    with store.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            for action in ("update", "delete", "replace"):
                connection.execute(sa.text(f"drop trigger if exists audit_entry_append_only_{action}"))
        else:
            connection.execute(sa.text("alter table audit_entry disable trigger user"))
        connection.execute(sa.text(statement))


def test_who_did_what_when_and_why(store: Store) -> None:
    three(store)
    written = [(row.person, row.action, row.subject, row.reason, row.at) for row in entries(store)]
    assert written == [
        ("magcheck", "publish", "rule_set/1", "first", NOON),
        ("anna", "publish", "rule_set/2", "a new title", NOON),
        ("ben", "roll_back", "rule_set/3", "the title was wrong", NOON + timedelta(hours=1)),
    ]


def test_old_and_new_stand_side_by_side(store: Store) -> None:
    three(store)
    first, second, third = entries(store)
    assert first.before is None
    assert first.after == second.before
    assert second.after == third.before
    assert second.after is not None
    assert '"number":2' in second.after


def test_a_roll_back_is_a_new_number_with_the_former_content(store: Store) -> None:
    three(store)
    with store.reading() as session:
        number, digest = rule_sets.active_reference(session) or (0, "")
        former, again = rule_sets.by_number(session, 1), rule_sets.by_number(session, 3)
    assert former is not None
    assert again is not None
    assert (number, digest) == (3, former.digest)
    assert again.content == former.content
    assert again.author == "ben"


def test_rolling_back_to_what_answers_changes_nothing(store: Store) -> None:
    three(store)
    done = verbs.roll_back(store, 1, author="ben", note="again", keyring=KEYRING, now=NOON)
    assert (done.number, done.created) == (3, False)
    assert len(entries(store)) == 3


def test_rolling_back_to_nothing_is_refused(store: Store) -> None:
    three(store)
    with pytest.raises(NoSuchRuleSet, match="there is no rule set 9"):
        verbs.roll_back(store, 9, author="ben", note="?", keyring=KEYRING, now=NOON)
    assert len(entries(store)) == 3


def test_publishing_against_another_rule_set_than_answers_is_refused(store: Store) -> None:
    three(store)
    with pytest.raises(RuleSetMoved, match="compared with rule set 1, and now rule set 3 answers"):
        verbs.publish(
            store, changed("A third title"), based_on=1, author="anna", note="late", keyring=KEYRING, now=NOON
        )
    with store.reading() as session:
        assert rule_sets.last_number(session) == 3
    assert len(entries(store)) == 3


def test_publishing_what_answers_changes_nothing(store: Store) -> None:
    three(store)
    done = verbs.publish(store, small_rule_set(), based_on=3, author="anna", note="the same", keyring=KEYRING, now=NOON)
    assert (done.number, done.created) == (3, False)
    assert len(entries(store)) == 3


def test_a_change_that_fails_leaves_no_entry(store: Store) -> None:
    verbs.seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="first")

    class PowerFails(Exception):
        """Between the entry and the end of the transaction."""

    def half_a_change() -> None:
        with store.writing() as session:
            trail.record(
                session,
                person="anna",
                action="publish",
                subject="rule_set/2",
                reason="half",
                before=None,
                after=None,
                now=NOON,
            )
            raise PowerFails

    with pytest.raises(PowerFails):
        half_a_change()
    assert [row.reason for row in entries(store)] == ["first"]


def test_an_untouched_trail_holds(store: Store) -> None:
    assert verify_trail(store) == Trail(0, GENESIS)
    three(store)
    last = entries(store)[-1].hash
    assert verify_trail(store) == Trail(3, last)
    assert verify_trail(store, anchor=entries(store)[0].hash) == Trail(3, last, anchored=True)


@pytest.mark.parametrize(
    ("statement", "bad", "why"),
    [
        ("update audit_entry set reason = 'another' where sequence = 2", 2, "does not match its hash"),
        ("update audit_entry set person = 'eve' where sequence = 1", 1, "does not match its hash"),
        ("update audit_entry set after = before where sequence = 3", 3, "does not match its hash"),
        ("update audit_entry set at = '2026-11-22 12:00:00.123457+00:00' where sequence = 2", 2, "match its hash"),
        ("delete from audit_entry where sequence = 2", 3, "entry 2 is missing"),
        ("delete from audit_entry where sequence = 1", 2, "entry 1 is missing"),
        ("update audit_entry set hash = previous_hash where sequence = 1", 1, "does not match its hash"),
        ("update audit_entry set previous_hash = hash where sequence = 2", 2, "not chained"),
    ],
)
def test_the_first_bad_entry_is_named(store: Store, statement: str, bad: int, why: str) -> None:
    three(store)
    tamper(store, statement)
    found = verify_trail(store)
    assert found.bad == bad
    assert why in (found.why or "")


def test_a_rewritten_entry_breaks_the_one_behind_it(store: Store) -> None:
    """Somebody who knows how hashes are made has to rewrite all that follows, and then the noted hash is gone."""
    three(store)
    noted = entries(store)[-1].hash
    second = entries(store)[1]
    second.reason = "another"
    tamper(store, f"update audit_entry set reason = 'another', hash = '{trail.hash_of(second)}' where sequence = 2")  # noqa: S608 - a hash
    found = verify_trail(store, anchor=noted)
    assert (found.bad, found.why) == (3, "it is not chained to the entry before it")


def test_what_was_cut_off_the_end_is_found_by_a_noted_hash(store: Store) -> None:
    three(store)
    noted = entries(store)[-1].hash
    tamper(store, "delete from audit_entry where sequence = 3")
    assert verify_trail(store).bad is None
    assert verify_trail(store, anchor=noted).anchored is False


def test_a_long_trail_is_read_in_pages(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_PAGE", 2)
    with store.writing() as session:
        for number in range(5):
            trail.record(
                session,
                person="anna",
                action="look",
                subject=f"rule_set/{number}",
                reason="for a test",
                before={"number": number, "ratio": None},
                after={"text": "ä\u2028"},
                now=NOON + timedelta(seconds=number),
            )
    found = verify_trail(store)
    assert (found.entries, found.bad) == (5, None)


def test_entries_differ_wherever_the_border_between_two_texts_lies() -> None:
    """Person "ab", action "c" must not read the same as person "a", action "bc"."""
    hashes = {
        trail.hash_of(
            AuditRow(
                sequence=1,
                at=NOON,
                person=person,
                action=action,
                subject="s",
                reason="r",
                before=None,
                after=None,
                previous_hash=GENESIS,
                hash="",
            )
        )
        for person, action in (("ab", "c"), ("a", "bc"), ('a","b', "c"))
    }
    assert len(hashes) == 3
