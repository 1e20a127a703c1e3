"""A running service takes over what is published, and knows when it last saw the store."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from rules.model import RuleSet
from service.application import watch as watching
from service.application.active import ActiveRuleSet
from service.application.keeping import CONFIRMED_SECONDS, Keeping
from service.application.last_known_good import KeptPart, LastKnownGoodFile
from service.application.rule_sets import publish_baseline, seed_baseline
from service.application.watch import StoreWatch
from service.storage import migration
from service.storage.session import Store
from tests.integration.small_knowledge import small_rule_set
from tests.keys import KEYRING

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def without_last_interaction(rule_set: RuleSet) -> RuleSet:
    return rule_set.model_copy(update={"interactions": rule_set.interactions[:-1], "cases": (), "assessments": ()})


def wait_until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_first_look_loads_what_is_active(store: Store) -> None:
    seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="first")
    clock, active = Clock(), ActiveRuleSet()
    watch = StoreWatch(store, active, KEYRING, monotonic=clock)
    assert watch.age() is None
    watch.look()
    assert active.state.version == 1
    clock.now += 2.5
    assert watch.age() == 2.5


def test_a_new_rule_set_is_taken_over_while_running(store: Store) -> None:
    seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="first")
    active = ActiveRuleSet()
    watch = StoreWatch(store, active, KEYRING, interval=0.05)
    with watch.running():
        first = active.current()
        publish_baseline(store, without_last_interaction(small_rule_set()), keyring=KEYRING, now=NOON, note="second")
        wait_until(lambda: active.state.version == 2)
        assert active.current() is not first
    assert first.version == 1  # whoever still answers from it goes on undisturbed


def test_a_rule_set_that_does_not_change_is_not_loaded_again(store: Store) -> None:
    seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="first")
    active = ActiveRuleSet()
    watch = StoreWatch(store, active, KEYRING)
    watch.look()
    first = active.current()
    watch.look()
    assert active.current() is first


def test_without_a_schema_the_store_was_not_seen(sqlite_url: str) -> None:
    active = ActiveRuleSet()
    with Store.open(sqlite_url) as store:
        watch = StoreWatch(store, active, KEYRING, interval=0.05)
        with watch.running():
            assert watch.age() is None
            assert active.state.version is None
            migration.upgrade(sqlite_url)
            seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="late")
            wait_until(lambda: active.state.version == 1)


def test_a_store_that_goes_away_only_grows_older(store: Store) -> None:
    seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="first")
    clock, active = Clock(), ActiveRuleSet()
    watch = StoreWatch(store, active, KEYRING, monotonic=clock)
    watch.look()
    kept = active.current()
    gone = StoreWatch(Store.open("sqlite:////nonexistent/folder/file"), active, KEYRING, monotonic=clock)
    gone.look()
    clock.now += 10
    assert gone.age() is None
    assert watch.age() == 10
    assert active.current() is kept


def test_the_last_known_good_is_written_when_something_changed_and_confirmed_now_and_then(
    store: Store, tmp_path: Path
) -> None:
    seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="first")
    clock, wall = Clock(), [NOON]
    file = LastKnownGoodFile(tmp_path, KEYRING, "here")
    book = {"marker": 1, "content": b"one"}
    part = KeptPart("access", lambda: book["marker"], lambda: book["content"], lambda _: None)  # type: ignore[arg-type, return-value]

    def worker() -> StoreWatch:
        keeping = Keeping(store, file, [part], monotonic=clock, clock=lambda: wall[0])
        return StoreWatch(store, ActiveRuleSet(), KEYRING, keeping=keeping, monotonic=clock)

    def stamps(*watches: StoreWatch) -> set[tuple[int, ...] | None]:
        """What the file was like after each of many looks."""
        found = set()
        for _ in range(5):
            for watch in watches:
                watch.look()
                found.add(file.stamp())
        return found

    one, other = worker(), worker()
    assert len(stamps(one, other)) == 1  # two processes do not write over each other for ever
    first = file.stamp()
    book.update(marker=2, content=b"two")
    assert len(stamps(one, other)) == 1
    assert file.stamp() != first
    assert file.read().parts == {"access": b"two"}

    publish_baseline(store, without_last_interaction(small_rule_set()), keyring=KEYRING, now=NOON, note="second")
    stamps(one, other)
    assert file.read().rule_set.number == 2

    clock.now += CONFIRMED_SECONDS + 1
    wall[0] += timedelta(seconds=CONFIRMED_SECONDS + 1)
    assert file.read().confirmed_at == NOON
    assert len(stamps(one, other)) == 1
    assert file.read().confirmed_at == wall[0]

    file.path.unlink()  # by somebody who tidies up
    assert len(stamps(one, other)) == 1
    assert file.read().rule_set.number == 2
    assert (one.standing.saves_failed, other.standing.saves_failed) == (0, 0)


def test_the_content_that_answers_is_read_again_now_and_then(store: Store) -> None:
    seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="first")
    clock, active = Clock(), ActiveRuleSet()
    watch = StoreWatch(store, active, KEYRING, monotonic=clock)
    watch.look()
    kept = active.current()
    with store.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(sa.text("drop trigger rule_set_append_only_update"))
        else:
            connection.execute(sa.text("alter table rule_set disable trigger user"))
        connection.execute(sa.text("update rule_set set content = :c"), {"c": b"something else"})
    watch.look()
    unaware = active.state
    assert unaware.degraded is None  # nothing has told of it yet
    clock.now += watching.PROOF_SECONDS
    watch.look()
    assert active.state.degraded == "rule set 1 is refused: its content cannot be unpacked"
    assert active.current() is kept
    degraded = watch.standing.degraded()
    assert degraded is not None
    assert degraded["reasons"] == [active.state.degraded]


def test_somebody_who_has_published_need_not_wait_for_the_next_look(store: Store) -> None:
    seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="first")
    active = ActiveRuleSet()
    watch = StoreWatch(store, active, KEYRING, interval=60)
    with watch.running():
        publish_baseline(store, without_last_interaction(small_rule_set()), keyring=KEYRING, now=NOON, note="second")
        first = active.current()
        watch.catch_up(10)
        assert (first.version, active.current().version) == (1, 2)


def test_a_rule_set_that_is_refused_is_not_tried_every_second(store: Store) -> None:
    clock, active = Clock(), ActiveRuleSet()
    watch = StoreWatch(store, active, KEYRING, monotonic=clock)
    watch.look()  # the store has a schema and nothing in it
    refused = active.state
    assert refused.degraded is not None
    watch.look()
    assert active.state is refused
    clock.now += watching.REFUSED_SECONDS
    watch.look()
    assert active.state is not refused
    seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="first")
    watch.look()
    assert active.state.version == 1
    assert active.state.degraded is None
