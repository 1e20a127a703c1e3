"""Transactions, time limits and the settings that keep what was written."""

import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy import make_url

from service.errors import MigrationNeeded, StoreBusy, StoreUnavailable
from service.storage import migration, session
from service.storage.postgresql import ImpatientConnection
from service.storage.session import Store
from service.storage.tables import SCHEMA_REVISION, RuleSetActivationRow, RuleSetRow, UtcDateTime

NOON = datetime(2026, 11, 22, 12, 30, 15, 123456, tzinfo=UTC)


def row(number: int = 1) -> RuleSetRow:
    return RuleSetRow(
        number=number,
        schema_version=1,
        digest=f"{number:064x}",
        content=b"x",
        record_counts={"substances": 3},
        created_at=NOON,
        author="a",
        note="b",
    )


# --- what is written stays as it was written --------------------------------------------------------------------------


def test_a_row_comes_back_as_it_was(store: Store) -> None:
    with store.writing() as writing:
        writing.add(row())
    with store.reading() as reading:
        found = reading.get(RuleSetRow, 1)
    assert found is not None
    assert found.model_dump() == row().model_dump()


def test_moments_are_utc_whatever_zone_they_were_given_in(store: Store) -> None:
    with store.writing() as writing:
        changed = row()
        changed.created_at = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
        writing.add(changed)
    with store.reading() as reading:
        found = reading.get(RuleSetRow, 1)
    assert found is not None
    assert (found.created_at, found.created_at.utcoffset()) == (NOON, timedelta(0))


def test_a_moment_without_a_zone_is_refused(store: Store) -> None:
    assert UtcDateTime().process_result_value(None, store.engine.dialect) is None
    changed = row()
    changed.created_at = NOON.replace(tzinfo=None)
    with pytest.raises(sa.exc.StatementError, match="needs a time zone"), store.writing() as writing:
        writing.add(changed)


@pytest.mark.parametrize(
    ("column", "value"),
    [("number", 0), ("schema_version", 0), ("digest", "abc"), ("content", b""), ("author", ""), ("note", "")],
)
def test_rows_that_make_no_sense_are_refused(store: Store, column: str, value: object) -> None:
    changed = row()
    setattr(changed, column, value)
    with pytest.raises(sa.exc.IntegrityError), store.writing() as writing:
        writing.add(changed)


def test_an_activation_needs_its_rule_set(store: Store) -> None:
    with pytest.raises(sa.exc.IntegrityError), store.writing() as writing:
        writing.add(RuleSetActivationRow(number=9, activated_at=NOON, author="a", note="b"))


def test_an_error_takes_everything_back(store: Store) -> None:
    def fail() -> None:
        with store.writing() as writing:
            writing.add(row())
            writing.flush()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with store.reading() as reading:
        assert reading.get(RuleSetRow, 1) is None


@pytest.mark.parametrize(
    "statement",
    [
        "update rule_set set note = 'changed'",
        "delete from rule_set",
        "update rule_set_activation set number = 2",
        "delete from rule_set_activation",
    ],
)
def test_rows_are_never_changed_or_deleted(store: Store, statement: str) -> None:
    with store.writing() as writing:
        writing.add_all([row(1), row(2)])
        writing.flush()
        writing.add(RuleSetActivationRow(number=1, activated_at=NOON, author="a", note="b"))
    with pytest.raises(sa.exc.IntegrityError, match="append-only"), store.writing() as writing:
        writing.connection().execute(sa.text(statement))


@pytest.mark.parametrize("table", ["rule_set", "rule_set_activation"])
def test_tables_are_never_emptied(postgresql_url: str, table: str) -> None:
    migration.upgrade(postgresql_url)
    with (
        Store.open(postgresql_url) as store,
        pytest.raises(sa.exc.IntegrityError, match="append-only: TRUNCATE"),
        store.writing() as writing,
    ):
        writing.connection().execute(sa.text(f"truncate {table} cascade"))


@pytest.mark.parametrize("with_pragma", [True, False], ids=["service", "any-other-client"])
@pytest.mark.parametrize("same", ["number", "digest"])
def test_rows_are_never_replaced(sqlite_url: str, same: str, *, with_pragma: bool) -> None:
    """INSERT OR REPLACE deletes without asking the delete trigger, unless a pragma says otherwise."""
    migration.upgrade(sqlite_url)
    number, digest = (1, "f" * 64) if same == "number" else (2, f"{1:064x}")
    insert = "into terminology values (?, 'v', ?, 'y', '{}', '2026-11-22 00:00:00', 'a', 'b')"
    with closing(sqlite3.connect(make_url(sqlite_url).database or "")) as connection:
        connection.execute(f"insert {insert}", (1, f"{1:064x}"))
        connection.execute(f"pragma recursive_triggers={'on' if with_pragma else 'off'}")
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(f"insert or replace {insert}", (number, digest))


def test_a_rule_set_is_never_replaced_but_its_content_may_come_again(sqlite_url: str) -> None:
    migration.upgrade(sqlite_url)
    with Store.open(sqlite_url) as store, store.writing() as writing:
        writing.add(row(1))
    insert = "insert or replace into rule_set values (?, 1, ?, 'y', '{}', '2026-11-22 00:00:00', 'a', 'b')"
    with closing(sqlite3.connect(make_url(sqlite_url).database or "")) as connection:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(insert, (1, "f" * 64))
        connection.execute(insert, (2, f"{1:064x}"))
        assert connection.execute("select count(*) from rule_set").fetchone() == (2,)


def test_sqlite_keeps_what_was_committed(sqlite_url: str) -> None:
    migration.upgrade(sqlite_url)
    with Store.open(sqlite_url) as store, store.engine.connect() as connection:
        asked = {
            name: connection.exec_driver_sql(f"pragma {name}").scalar()
            for name in ("foreign_keys", "journal_mode", "synchronous", "recursive_triggers", "busy_timeout")
        }
    assert asked == {
        "foreign_keys": 1,
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "recursive_triggers": 1,
        "busy_timeout": 5000,
    }


# --- one writer at a time ---------------------------------------------------------------------------------------------


def test_writers_wait_for_each_other(store: Store) -> None:
    """Both read the last number before writing the next: without the lock they would read the same."""

    def publish(barrier: threading.Barrier) -> None:
        barrier.wait()
        with store.writing() as writing:
            last = writing.connection().scalar(sa.text("select coalesce(max(number), 0) from rule_set"))
            time.sleep(0.05)
            writing.add(row(last + 1))

    barrier = threading.Barrier(4)
    threads = [threading.Thread(target=publish, args=(barrier,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.reading() as reading:
        assert reading.connection().scalars(sa.text("select number from rule_set order by 1")).all() == [1, 2, 3, 4]


def test_a_writer_does_not_wait_for_ever(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_LOCK_MILLISECONDS", 200)
    monkeypatch.setattr(session, "_SQLITE_BUSY_MILLISECONDS", 200)
    with store.writing():
        started = time.monotonic()
        with pytest.raises(StoreBusy, match="another process is writing"), store.writing():
            pass
        assert time.monotonic() - started < 3


def test_readers_do_not_wait_for_a_writer(store: Store) -> None:
    with store.writing() as writing:
        writing.add(row())
        writing.flush()
        with store.reading() as reading:
            assert reading.get(RuleSetRow, 1) is None


# --- a database that is away ------------------------------------------------------------------------------------------


def test_ping(store: Store) -> None:
    store.ping()


def test_no_schema(database_url: str) -> None:
    if database_url.startswith("sqlite"):
        Path(make_url(database_url).database or "").parent.mkdir()
        sqlite3.connect(make_url(database_url).database or "").close()
    with Store.open(database_url) as opened:
        with pytest.raises(MigrationNeeded, match="has no schema yet; run `magcheck db upgrade`"):
            opened.ping()
        with pytest.raises(MigrationNeeded, match="has no schema yet"), opened.reading():
            pass
        with pytest.raises(MigrationNeeded, match="has no schema yet"), opened.writing():
            pass


def test_an_older_schema_is_refused_and_a_newer_one_is_not(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Old and new versions of the service run side by side while a deployment rolls."""
    monkeypatch.setattr(session, "SCHEMA_REVISION", "9999")
    with pytest.raises(MigrationNeeded, match=f"is at {SCHEMA_REVISION}, this version of magcheck needs 9999"):
        store.ping()
    monkeypatch.setattr(session, "SCHEMA_REVISION", "0000")
    store.ping()


def test_asking_creates_no_database(sqlite_url: str, tmp_path: Path) -> None:
    with Store.open(sqlite_url) as opened, pytest.raises(MigrationNeeded, match="there is no database yet"):
        opened.ping()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("these are only notes, and far too long for a header of a database " * 20)
    with Store.open(f"sqlite:///{file}") as opened, pytest.raises(StoreUnavailable, match="file cannot be used"):
        opened.ping()
    with pytest.raises(StoreUnavailable, match="file cannot be used"):
        migration.upgrade(f"sqlite:///{file}")


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match="folder of the database cannot be made"):
        migration.upgrade(f"sqlite:///{tmp_path / 'file' / 'folder' / 'x.sqlite3'}")


def test_nobody_listens() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    with (
        Store.open(f"postgresql+psycopg://nobody:secret@127.0.0.1:{port}/none") as opened,
        pytest.raises(StoreUnavailable, match="cannot be reached") as caught,
    ):
        opened.ping()
    assert "secret" not in f"{caught.value} {caught.value.__cause__}"


class BlackHole:
    """A relay to PostgreSQL that can stop passing anything on while it keeps every connection open."""

    def __init__(self, url: str) -> None:
        target = make_url(url)
        self._target = (target.host, target.port)
        self._server = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self.swallows = False
        self.url = target.set(port=self._server.getsockname()[1]).render_as_string(hide_password=False)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            server = socket.create_connection(self._target)
            self._sockets += [client, server]
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self._relay, args=(one, other), daemon=True).start()

    def _relay(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(65536):
                if not self.swallows:
                    other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def close(self) -> None:
        self._server.close()
        for one in self._sockets:
            one.close()


@contextmanager
def black_hole(url: str) -> Iterator[BlackHole]:
    hole = BlackHole(url)
    try:
        yield hole
    finally:
        hole.close()


def test_a_database_that_answers_nothing_is_told_in_time_and_recovers(postgresql_url: str) -> None:
    migration.upgrade(postgresql_url)
    with black_hole(postgresql_url) as hole, Store.open(hole.url) as opened:
        opened.ping()  # a connection that was good lies in the pool now
        hole.swallows = True
        for _ in range(3):
            started = time.monotonic()
            with pytest.raises(StoreUnavailable):
                opened.ping(0.5)
            assert time.monotonic() - started < 3.5
        hole.swallows = False
        opened.ping()
        pool = opened.engine.pool
        assert isinstance(pool, sa.QueuePool)
        assert pool.checkedout() == 0


def test_every_question_has_a_time_limit(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "ROUND_TRIP_SECONDS", 0.3)
    migration.upgrade(postgresql_url)
    with Store.open(postgresql_url) as opened:
        started = time.monotonic()
        with pytest.raises(StoreUnavailable), opened.reading() as reading:
            reading.connection().execute(sa.text("select pg_sleep(10)"))
        assert time.monotonic() - started < 3
        opened.ping()


def test_errors_of_the_database_itself_pass_through(postgresql_url: str) -> None:
    plain = make_url(postgresql_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(ImpatientConnection.connect(plain)) as connection, pytest.raises(psycopg.errors.UndefinedTable):
        connection.execute("select * from nowhere")
    with closing(ImpatientConnection.connect(plain)) as connection:
        connection.execute("set statement_timeout = 50")
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("select pg_sleep(10)")
        assert not connection.closed
