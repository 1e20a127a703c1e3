"""Two who change rule sets at once: one wins, the other is told that something moved, and nothing is lost unseen."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from service.application import rule_sets as verbs
from service.application.rule_sets import Publication
from service.errors import RuleSetMoved
from service.storage import rule_sets
from service.storage.session import Store
from tests.faults.ledger import Ledger
from tests.faults.publisher import Made, make_all
from tests.keys import KEYRING

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ROUNDS = 50
Outcome = Publication | RuleSetMoved


@pytest.fixture(scope="module")
def made() -> list[Made]:
    return make_all()


def at_once(*wishes: Callable[[], Publication]) -> list[Outcome]:
    """All of them from threads of their own, let loose together; what became of each, in the order of the wishes."""
    barrier = threading.Barrier(len(wishes))
    found: dict[int, Outcome] = {}
    other: list[BaseException] = []

    def run(place: int) -> None:
        barrier.wait()
        # Around the time that each needs before it asks for the lock, so that each comes first now and then.
        time.sleep(random.uniform(0, 0.006))
        try:
            found[place] = wishes[place]()
        except RuleSetMoved as error:
            found[place] = error
        except BaseException as error:  # noqa: BLE001 - raised below, where the test sees it
            other.append(error)

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(wishes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if other:
        raise other[0]
    return [found[place] for place in range(len(wishes))]


def publishing(store: Store, content: Made, based_on: int, author: str) -> Callable[[], Publication]:
    return lambda: verbs.publish(
        store, content.rule_set, based_on=based_on, author=author, note="at once", now=NOON, keyring=KEYRING
    )


def ledger_of(store: Store, made: list[Made]) -> Ledger:
    verbs.seed_baseline(store, made[0].rule_set, now=NOON, note="first", keyring=KEYRING)
    ledger = Ledger(store, frozenset(one.digest for one in made))
    ledger.look()
    return ledger


def active(store: Store) -> tuple[int, str]:
    with store.reading() as session:
        return rule_sets.active_reference(session) or (0, "")


def test_of_two_publishers_one_wins(store: Store, made: list[Made]) -> None:
    ledger = ledger_of(store, made)
    winners = set()
    for turn in range(ROUNDS):
        before, digest = active(store)
        one, two = [content for content in made if content.digest != digest][turn % 20 : turn % 20 + 2]
        outcomes = at_once(publishing(store, one, before, "anna"), publishing(store, two, before, "ben"))
        done = [outcome for outcome in outcomes if isinstance(outcome, Publication)]
        refused = [outcome for outcome in outcomes if isinstance(outcome, RuleSetMoved)]
        assert (len(done), len(refused)) == (1, 1), outcomes
        assert active(store) == (done[0].number, done[0].digest) == (before + 1, done[0].digest)
        winners.add(outcomes.index(done[0]))
        ledger.look({done[0].number: done[0].digest})
    assert ledger.faults == []
    assert winners == {0, 1}, "the same won each time, as if they had not met"


def test_of_fifty_publishers_one_wins(store: Store, made: list[Made]) -> None:
    """Of the same base, from as many threads as the pool has connections, in five turns of ten."""
    ledger = ledger_of(store, made)
    for turn in range(ROUNDS // 10):
        before, digest = active(store)
        others = [content for content in made if content.digest != digest][turn : turn + 10]
        outcomes = at_once(*(publishing(store, content, before, "anna") for content in others))
        done = [outcome for outcome in outcomes if isinstance(outcome, Publication)]
        assert len(done) == 1
        assert active(store) == (before + 1, done[0].digest)
        ledger.look({done[0].number: done[0].digest})
    assert ledger.faults == []


def test_the_same_content_from_two_is_published_once(store: Store, made: list[Made]) -> None:
    """The second finds that what it wants answers already: no error, and no second number."""
    ledger = ledger_of(store, made)
    for turn in range(ROUNDS):
        before, _ = active(store)
        content = made[turn % 2 + 1]
        outcomes = at_once(publishing(store, content, before, "anna"), publishing(store, content, before, "ben"))
        done = [outcome for outcome in outcomes if isinstance(outcome, Publication)]
        assert [one.number for one in done] == [before + 1] * 2
        assert sorted(one.created for one in done) == [False, True]
        ledger.look()
    assert ledger.faults == []


def test_a_roll_back_and_a_publish(store: Store, made: list[Made]) -> None:
    """A roll-back counts from whatever answers; a publish does not go over one that came first.

    Either the publish came first and the roll-back is on top of it, or it came second and was refused.
    """
    ledger = ledger_of(store, made)
    verbs.publish(store, made[1].rule_set, based_on=1, author="anna", note="second", now=NOON, keyring=KEYRING)
    orders = set()
    for turn in range(ROUNDS):
        before, digest = active(store)
        content = [one for one in made[2:] if one.digest != digest][turn % 20]
        former = 1 if digest != made[0].digest else 2

        def back(former: int = former) -> Publication:
            return verbs.roll_back(store, former, author="ben", note="back", now=NOON, keyring=KEYRING)

        published, rolled = at_once(publishing(store, content, before, "anna"), back)
        assert isinstance(rolled, Publication)
        if isinstance(published, Publication):
            assert (published.number, rolled.number) == (before + 1, before + 2)
        else:
            assert rolled.number == before + 1
        assert active(store) == (rolled.number, rolled.digest)
        orders.add(isinstance(published, Publication))
        ledger.look({rolled.number: rolled.digest})
    assert ledger.faults == []
    assert orders == {True, False}, "one came first each time, as if they had not met"


def test_two_stores_begin_once(store: Store, made: list[Made]) -> None:
    def seed(content: Made) -> Callable[[], Publication]:
        return lambda: verbs.seed_baseline(store, content.rule_set, now=NOON, note="first", keyring=KEYRING)

    outcomes = at_once(*(seed(content) for content in made[:4]))
    assert [one.number for one in outcomes if isinstance(one, Publication)] == [1] * 4
    assert sum(one.created for one in outcomes if isinstance(one, Publication)) == 1


def test_a_commit_is_on_the_disk_before_it_is_answered(store: Store) -> None:
    """Also where whoever set up the database wanted it faster than that."""
    if store.engine.dialect.name == "sqlite":
        with store.writing() as session:
            connection = session.connection()
            assert connection.scalar(sa.text("pragma synchronous")) == 2, "FULL"
            assert connection.scalar(sa.text("pragma journal_mode")) == "wal"
        return
    with store.engine.connect() as connection:
        name, url = connection.scalar(sa.text("select current_database()")), store.engine.url
        for setting in ("off", "remote_write"):
            connection.execute(sa.text(f'alter database "{name}" set synchronous_commit = {setting}'))
            connection.commit()
            with Store.open(url.render_as_string(hide_password=False)) as fresh, fresh.writing() as session:
                told = session.connection().scalar(sa.text("show synchronous_commit"))
            assert told == {"off": "on", "remote_write": "remote_write"}[setting]
