"""The store goes away, hangs, is slow, breaks off or is tampered with: checks go on, say so, and recover by themselves.

F5 to F11 and F13 of the fault plan. A worker of the service runs in this process; between it and PostgreSQL stands a
proxy that misbehaves, and SQLite's file is moved away.

The long form, with outages of a minute and pauses of thirty seconds:
`FAULTS=long python -m pytest tests/faults/test_store_faults.py`.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import make_url

from service.application import rule_sets as verbs
from service.application.rule_sets import seed_baseline
from service.storage import migration, rule_sets
from service.storage.session import Store
from tests.faults.proxy import Proxy, proxied
from tests.faults.worker import Worker, lasting, wait_until, working
from tests.forms import LONG
from tests.integration.small_knowledge import small_rule_set
from tests.keys import KEYRING

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
# How long a store may be unseen until answers and readiness say so.
SAID_SECONDS = 3.0
RECOVERED_SECONDS = 5.0
OUTAGE_SECONDS = 60.0 if LONG else SAID_SECONDS
PAUSE_SECONDS = 30.0 if LONG else SAID_SECONDS + 0.1
AWAY = "the database does not answer; checks go on with the rule set in memory"


@dataclass
class Site:
    """A store that can fail, and the same store seen past the failure."""

    store: Store
    behind: Store
    go_away: Callable[[], None]
    come_back: Callable[[], None]


def seeded(url: str) -> None:
    migration.upgrade(url)
    with Store.open(url) as store:
        seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="first")


@contextmanager
def behind_proxy(url: str) -> Iterator[tuple[Proxy, Site]]:
    seeded(url)
    parts = make_url(url)
    with ExitStack() as stack:
        proxy = stack.enter_context(proxied(parts.host or "127.0.0.1", parts.port or 5432))
        through = parts.set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)
        store = stack.enter_context(Store.open(through))
        behind = stack.enter_context(Store.open(url))
        yield proxy, Site(store, behind, proxy.refuse, proxy.listen)


@pytest.fixture
def behind(postgresql_url: str) -> Iterator[tuple[Proxy, Site]]:
    with behind_proxy(postgresql_url) as pair:
        yield pair


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    if request.param == "postgresql":
        with behind_proxy(request.getfixturevalue("postgresql_url")) as (_, found):
            yield found
        return
    url: str = request.getfixturevalue("sqlite_url")
    seeded(url)
    folder = Path(url.removeprefix("sqlite:///")).parent
    elsewhere = folder.with_name("elsewhere")
    with Store.open(url) as store:

        def go_away() -> None:
            folder.rename(elsewhere)
            store.close()  # connections that are open would go on with the file wherever it is

        def come_back() -> None:
            elsewhere.rename(folder)

        yield Site(store, store, go_away, come_back)


def publish(store: Store, title: str, based_on: int) -> None:
    verbs.publish(
        store, small_rule_set(title=title), based_on=based_on, author="anna", note="x", keyring=KEYRING, now=NOON
    )


class Pause:
    """Holds the watch of a worker in the middle of a look."""

    def __init__(self) -> None:
        self._held, self._go = threading.Event(), threading.Event()
        self._go.set()

    def __call__(self, _: object) -> None:
        if not self._go.is_set():
            self._held.set()
            self._go.wait(60)

    def begin(self) -> None:
        """Wait until it is held."""
        self._go.clear()
        assert self._held.wait(10)

    def end(self) -> None:
        """Let it go on."""
        self._held.clear()
        self._go.set()


def is_well(worker: Worker) -> bool:
    return worker.ready().get("status") == "ready" and worker.check()["degraded"] is None


# --- F5, F8: refused connections, and back again ----------------------------------------------------------------------


def test_a_store_that_refuses_connections(site: Site, tmp_path: Path) -> None:
    with working(site.store, tmp_path) as worker:
        before = worker.check()
        assert before["degraded"] is None
        site.go_away()
        gone = time.monotonic()
        status, _, took = worker.open_draft("while-away")
        assert (status, took < 1.0) == (503, True)
        while time.monotonic() - gone < OUTAGE_SECONDS:
            answer = worker.check()
            assert lasting(answer) == lasting(before)
            time.sleep(0.05)
        degraded = worker.check()["degraded"]
        assert degraded["source"] == "memory"
        assert degraded["reasons"] == [AWAY]
        assert OUTAGE_SECONDS <= degraded["store_seen_seconds_ago"] < OUTAGE_SECONDS + 2
        readiness = worker.ready()
        assert (readiness["status"], readiness["reasons"]) == ("degraded", [AWAY])
        metrics = worker.client.get("/metrics").text
        assert "magcheck_degraded 1.0" in metrics
        assert worker.open_draft("while-away")[0] == 503

        site.come_back()
        wait_until(lambda: is_well(worker), RECOVERED_SECONDS)
        assert worker.open_draft("while-away")[0] == 201  # nothing half done stands in the way
        assert len(worker.client.get("/v1/drafts").json()["items"]) == 1


def test_what_was_published_meanwhile_is_taken_over_when_the_store_is_back(
    behind: tuple[Proxy, Site], tmp_path: Path
) -> None:
    _, site = behind
    with working(site.store, tmp_path) as worker:
        site.go_away()
        publish(site.behind, "Another title", 1)
        assert worker.check()["rule_set"]["version"] == 1
        site.come_back()
        wait_until(lambda: worker.check()["rule_set"]["version"] == 2, RECOVERED_SECONDS)
        wait_until(lambda: is_well(worker), 1.0)


# --- F6: a black hole -------------------------------------------------------------------------------------------------


def test_a_store_that_takes_questions_and_never_answers(behind: tuple[Proxy, Site], tmp_path: Path) -> None:
    proxy, site = behind
    with working(site.store, tmp_path) as worker:
        before = worker.check()
        proxy.silent = True
        gone = time.monotonic()
        status, _, took = worker.open_draft("into-the-hole")
        assert (status, took < 3.0) == (503, True), took
        while time.monotonic() - gone < OUTAGE_SECONDS + 0.6:  # half a second may have gone by since the last look
            assert lasting(worker.check()) == lasting(before)
            time.sleep(0.1)
        assert worker.check()["degraded"]["reasons"] == [AWAY]
        readiness = worker.ready()
        assert readiness["status"] == "degraded"
        assert readiness["store_seen_seconds_ago"] >= SAID_SECONDS
        proxy.silent = False
        wait_until(lambda: is_well(worker), RECOVERED_SECONDS)
        assert worker.open_draft("into-the-hole")[0] == 201


def test_ten_rounds_of_it_leave_no_thread_and_no_connection_behind(behind: tuple[Proxy, Site], tmp_path: Path) -> None:
    proxy, site = behind
    with working(site.store, tmp_path) as worker:
        assert worker.open_draft("before-it-all")[0] == 201
        threads: list[int] = []
        for number in range(10):
            proxy.silent = True
            wait_until(lambda: not worker.watch._reachable, 10)
            if number % 3 == 0:
                assert worker.open_draft(f"round-{number:04}")[0] == 503
            proxy.silent = False
            proxy.break_all()  # as when a firewall forgets its connections
            wait_until(lambda: is_well(worker), RECOVERED_SECONDS)
            threads.append(sum(not one.name.startswith("Thread-") for one in threading.enumerate()))
        assert threads[-1] <= threads[0]
        # What the pool may hold for the watch and one request.
        wait_until(lambda: proxy.connections <= 3, 5)
        assert site.store.engine.pool.checkedout() == 0  # type: ignore[attr-defined] # of a QueuePool


# --- F7: slow, cut off, reset -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0.3, 1.0])
def test_a_slow_store(behind: tuple[Proxy, Site], tmp_path: Path, seconds: float) -> None:
    proxy, site = behind
    with working(site.store, tmp_path) as worker:
        before = worker.check()
        proxy.delay = seconds / 2  # a question and its answer
        for number in range(2):
            done: list[tuple[int, dict[str, Any], float]] = []
            key = f"slowly-{number:04}"
            changing = threading.Thread(target=lambda to, key: to.append(worker.open_draft(key)), args=(done, key))
            changing.start()
            while changing.is_alive():
                assert lasting(worker.check()) == lasting(before)
                time.sleep(0.05)
            ((status, _, took),) = done
            assert status in {201, 503}
            assert took < 5.0
        proxy.delay = 0.0
        wait_until(lambda: is_well(worker), RECOVERED_SECONDS + 3)  # the look that is under way has its time
        for number in range(2):  # whatever became of them
            assert worker.open_draft(f"slowly-{number:04}")[0] == 201
        assert worker.client.get("/v1/drafts").json()["total"] == 2


def test_answers_that_are_cut_off_in_the_middle(behind: tuple[Proxy, Site], tmp_path: Path) -> None:
    """Wherever it is cut while a new rule set is read: what answers is the old one or the new one, whole."""
    proxy, site = behind
    with working(site.store, tmp_path) as worker:
        old = lasting(worker.check())
        publish(site.behind, "Another title", 1)
        for size in (0, 1, 100, 1000, 3000, 6000, 10000):
            proxy.answer_bytes_left = size
            worker.watch.catch_up(5)
            answer = lasting(worker.check())
            assert answer == old or answer["rule_set"]["version"] == 2
            proxy.answer_bytes_left = None
        assert proxy.aborted >= 2
        wait_until(lambda: is_well(worker) and worker.check()["rule_set"]["version"] == 2, RECOVERED_SECONDS)


def test_a_connection_that_is_reset_at_the_commit(behind: tuple[Proxy, Site], tmp_path: Path) -> None:
    """Nobody knows whether it was done; with the same key one finds out, and it was done once."""
    proxy, site = behind
    with working(site.store, tmp_path) as worker:
        proxy.abort_behind = b"COMMIT"
        status, _, took = worker.open_draft("done-or-not")
        assert (status, took < 5.0) == (503, True)
        assert proxy.aborted == 1
        proxy.abort_behind = None
        status, draft, _ = worker.open_draft("done-or-not")
        assert status == 201
        assert worker.open_draft("done-or-not")[1] == draft
        assert worker.client.get("/v1/drafts").json()["total"] == 1


# --- F9, F10: a start without the store -------------------------------------------------------------------------------


def test_a_start_without_the_store(site: Site, tmp_path: Path) -> None:
    with working(site.store, tmp_path) as worker:
        before = worker.check()
        wait_until((tmp_path / "last-known-good").exists, 5)
    site.go_away()
    started = time.monotonic()
    with working(site.store, tmp_path) as worker:
        answer = worker.check()
        assert time.monotonic() - started < 10
        assert lasting(answer) == lasting(before)
        degraded = answer["degraded"]
        assert degraded["source"] == "last_known_good"
        assert degraded["reasons"] == [
            "the database does not answer; checks go on with the last known good rule set kept on disk"
        ]
        assert 0 <= degraded["store_seen_seconds_ago"] < 60
        readiness = worker.ready()
        assert (readiness["status"], readiness["source"]) == ("degraded", "last_known_good")
        assert readiness["rule_set"] == before["rule_set"]
        assert 'magcheck_rule_set_source{source="last_known_good"} 1.0' in worker.client.get("/metrics").text
        site.come_back()
        wait_until(lambda: is_well(worker), RECOVERED_SECONDS)
        assert worker.ready()["source"] == "memory"


def test_a_start_into_a_black_hole(behind: tuple[Proxy, Site], tmp_path: Path) -> None:
    proxy, site = behind
    with working(site.store, tmp_path):
        wait_until((tmp_path / "last-known-good").exists, 5)
    site.store.close()
    proxy.silent = True
    started = time.monotonic()
    with working(site.store, tmp_path) as worker:
        assert worker.check()["degraded"]["source"] == "last_known_good"
        assert time.monotonic() - started < 10


def test_a_start_without_the_store_from_a_file_that_was_touched(site: Site, tmp_path: Path) -> None:
    with working(site.store, tmp_path):
        wait_until((tmp_path / "last-known-good").exists, 5)
    file = tmp_path / "last-known-good"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    site.go_away()
    with working(site.store, tmp_path) as worker:
        refused = worker.client.post("/v1/checks", json={"medications": []})
        assert (refused.status_code, refused.json()["code"]) == (503, "no-rule-set")
        assert "the last known good rule set on disk is refused: it is damaged" in refused.json()["detail"]
        ready = worker.client.get("/health/ready")
        assert (ready.status_code, ready.json()["code"]) == (503, "not-ready")
        assert "it is damaged" in ready.json()["detail"]
        site.come_back()
        wait_until(lambda: worker.client.get("/health/ready").status_code == 200, RECOVERED_SECONDS)
        wait_until(lambda: is_well(worker), 2.0)
        assert worker.check()["rule_set"]["version"] == 1
        wait_until(lambda: file.read_bytes() != bytes(content), 5)  # written anew


# --- F11: a published row that was altered ----------------------------------------------------------------------------


@contextmanager
def unprotected(store: Store) -> Iterator[sa.Connection]:
    """The database in the hands of somebody with every right on it."""
    with store.engine.begin() as connection:
        for table in ("rule_set", "rule_set_signature"):
            if connection.dialect.name == "sqlite":
                for action in ("update", "delete", "replace"):
                    connection.execute(sa.text(f"drop trigger if exists {table}_append_only_{action}"))
                connection.execute(sa.text("pragma defer_foreign_keys = on"))
            else:
                connection.execute(sa.text(f"alter table {table} disable trigger all"))
        yield connection


ALTERED = {
    "body": (
        ["update rule_set set content = (select content from rule_set where number = 1) where number = 2"],
        "does not match its digest",
    ),
    "digest": (
        ["update rule_set set digest = (select digest from rule_set where number = 1) where number = 2"],
        "its signature is false",
    ),
    "number": (
        [
            "update rule_set set number = 9 where number = 1",
            "update rule_set set number = 1 where number = 2",
            "update rule_set set number = 2 where number = 9",
        ],
        "its signature is false",
    ),
    "form": (["update rule_set set schema_version = 2 where number = 2"], "its signature is false"),
    "signature": (
        ["update rule_set_signature set signature = replace(signature, substr(signature, 1, 8), '01234567')"],
        "its signature is false",
    ),
    "key": (["update rule_set_signature set key_id = 'another' where number = 2"], "with another key"),
    "no signature": (["delete from rule_set_signature where number = 2"], "it is not signed"),
}


@pytest.mark.parametrize("what", ALTERED)
def test_a_published_row_that_was_altered_is_not_taken_over(site: Site, tmp_path: Path, what: str) -> None:
    statements, reason = ALTERED[what]
    pause = Pause()
    with working(site.store, tmp_path, followers=[pause]) as worker:
        before = lasting(worker.check())
        pause.begin()  # this worker does not look while it is published and altered
        publish(site.behind, "Another title", 1)
        with unprotected(site.behind) as connection:
            for statement in statements:
                connection.execute(sa.text(statement))
        pause.end()
        wait_until(lambda: worker.check()["degraded"] is not None and worker.standing._refused is not None, 5)
        answer = worker.check()
        assert lasting(answer) == before
        (told,) = answer["degraded"]["reasons"]
        assert told.startswith("rule set 2 is refused: ")
        assert reason in told
        readiness = worker.ready()
        assert (readiness["status"], readiness["reasons"]) == ("degraded", [told])
        # What is good goes on being kept: a start now would answer from rule set 1.
        publish(site.behind, "A third title", 2)
        wait_until(lambda: worker.check()["rule_set"]["version"] == 3, 5)
        wait_until(lambda: is_well(worker), 2.0)


def test_the_row_that_answers_is_looked_after_too(site: Site, tmp_path: Path) -> None:
    """A signature that vanishes is seen with the next look, content that changes when it is read again."""
    with working(site.store, tmp_path) as worker:
        before = lasting(worker.check())
        with unprotected(site.behind) as connection:
            connection.execute(sa.text("delete from rule_set_signature"))
        wait_until(lambda: worker.check()["degraded"] is not None, 5)
        answer = worker.check()
        assert lasting(answer) == before
        assert "rule set 1 is refused: it is not signed" in answer["degraded"]["reasons"][0]


def test_what_was_retired_answers_no_more_although_nothing_else_can(site: Site, tmp_path: Path) -> None:
    """A new rule set that is refused leaves the old one in place, until somebody says that it must not answer."""
    with working(site.store, tmp_path) as worker:
        with unprotected(site.behind) as connection:
            connection.execute(sa.text("delete from rule_set_signature"))
        publish(site.behind, "Another title", 1)
        with unprotected(site.behind) as connection:
            connection.execute(sa.text("delete from rule_set_signature"))
        wait_until(lambda: worker.check()["degraded"] is not None, 5)
        held = worker.active.state.version
        assert held is not None
        with site.behind.writing() as session:
            rule_sets.add_retirement(session, held, author="anna", reason="wrong", now=NOON)
        wait_until(lambda: worker.client.post("/v1/checks", json={"medications": []}).status_code == 503, 5)
        detail = worker.client.post("/v1/checks", json={"medications": []}).json()["detail"]
        assert "the content of the rule set that answered was retired" in detail
        wait_until(lambda: not (tmp_path / "last-known-good").exists(), 5)


# --- F13: a worker that could not look --------------------------------------------------------------------------------


def test_a_worker_that_was_paused_says_so_and_catches_up(site: Site, tmp_path: Path) -> None:
    pause = Pause()
    with working(site.store, tmp_path, followers=[pause]) as worker:
        pause.begin()
        publish(site.behind, "Another title", 1)
        time.sleep(PAUSE_SECONDS)
        answer = worker.check()
        assert answer["rule_set"]["version"] == 1
        assert answer["degraded"]["reasons"] == [AWAY]
        pause.end()
        wait_until(lambda: worker.check()["rule_set"]["version"] == 2, 2.0)
        wait_until(lambda: is_well(worker), 2.0)


# --- never backwards --------------------------------------------------------------------------------------------------


def test_who_has_seen_a_rule_set_is_never_answered_from_an_older_one(site: Site, tmp_path: Path) -> None:
    pause = Pause()
    with (
        working(site.store, tmp_path / "one") as one,
        working(site.store, tmp_path / "other", followers=[pause]) as other,
    ):
        pause.begin()
        publish(site.behind, "Another title", 1)
        assert one.check(**{"If-Rule-Set": "2"})["rule_set"]["version"] == 2  # it looks at once
        started = time.monotonic()
        behind = other.client.post("/v1/checks", json={"medications": []}, headers={"If-Rule-Set": "2"})
        assert (behind.status_code, behind.json()["code"]) == (503, "rule-set-behind")
        assert behind.headers["retry-after"] == "1"
        assert time.monotonic() - started < 3
        pause.end()
        assert other.check(**{"If-Rule-Set": "2"})["rule_set"]["version"] == 2
        for wrong in ("0", "-1", "1.0", "two", "9999999999", ""):
            refused = one.client.post("/v1/checks", json={"medications": []}, headers={"If-Rule-Set": wrong})
            assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/If-Rule-Set")


# --- the file on disk -------------------------------------------------------------------------------------------------


def test_a_full_disk_shows_and_heals(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = True
    really = os.fsync

    def fsync(descriptor: int) -> None:
        if full and "last-known-good" in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        really(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with working(site.store, tmp_path) as worker:
        answer = worker.check()
        assert answer["degraded"] is None  # the answer is as good as ever
        readiness = worker.ready()
        assert readiness["status"] == "degraded"
        assert "could not be kept on disk" in readiness["reasons"][0]
        assert "No space left on device" in readiness["reasons"][0]
        metrics = worker.client.get("/metrics").text
        assert "magcheck_last_known_good_saved 0.0" in metrics
        assert "magcheck_last_known_good_failures 0.0" not in metrics
        assert list(tmp_path.glob("*last-known-good*")) == list(tmp_path.glob(".*last-known-good*")) == []
        full = False
        wait_until(lambda: worker.ready()["status"] == "ready", 10)
        assert (tmp_path / "last-known-good").exists()
