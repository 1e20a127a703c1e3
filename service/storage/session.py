"""The door to the database: engines with the settings that keep a rule set safe, transactions, and a ping.

It knows SQLite and PostgreSQL and hides which one it is. It runs no query about a noun.
"""

import os
import sqlite3
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Self, TypeAlias

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, inspect, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from service.errors import MigrationNeeded, StoreBusy, StoreUnavailable
from service.storage.tables import SCHEMA_REVISION

# What verbs hand to queries: one look at the database, or one change of it.
Transaction: TypeAlias = Session

PING_SECONDS = 2.0
ROUND_TRIP_SECONDS = 5.0
_POOL_SECONDS = 2.0
_SQLITE_BUSY_MILLISECONDS = 5000
# Any number will do that nobody else uses as an advisory lock in this database: "magcheck" on a telephone's keys.
WRITE_LOCK = 62424325
# Shorter than a round trip may take, so that a busy database is told from one that is gone.
_LOCK_MILLISECONDS = 4000
_FOR_WRITING = "magcheck_for_writing"
# For this transaction only. Whoever set up the database may have let commits be answered before they are on the disk.
_BEFORE_WRITING = """
    select set_config('lock_timeout', :wait, true),
        case when current_setting('synchronous_commit') = 'off' then set_config('synchronous_commit', 'on', true) end
"""
_OWNER_ONLY = 0o600
_SQLITE_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_SQLITE_GONE = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


class Store:
    """One database with its connections. Cheap to make: it connects when it is first asked."""

    def __init__(self, engine: Engine) -> None:
        """Take over an engine made by `create_store_engine`."""
        self.engine = engine

    @classmethod
    def open(cls, database_url: str, *, patient: bool = False) -> Self:
        """Prepare the database at an address that the settings have accepted.

        ``patient`` waits for each answer as long as it takes: for commands that read or write everything.
        """
        return cls(create_store_engine(database_url, patient=patient))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Generator[Session]:
        """Look at the database; nothing is written.

        Raises:
            StoreUnavailable: the database cannot be reached or does not answer in time.
            MigrationNeeded: it has no schema or an older one than this service needs.
        """
        with store_errors(), Session(self.engine, expire_on_commit=False) as session:
            require_schema(session.connection())
            yield session

    @contextmanager
    def writing(self) -> Generator[Session]:
        """One transaction, committed at the end. Only one runs at a time in the whole database.

        Raises:
            StoreUnavailable: the database cannot be reached or does not answer in time.
            StoreBusy: another writer holds the lock for too long.
            MigrationNeeded: it has no schema or an older one than this service needs.
        """
        with (
            store_errors(),
            self.engine.connect().execution_options(**{_FOR_WRITING: True}) as connection,
            Session(connection, expire_on_commit=False) as session,
            session.begin(),
        ):
            take_write_lock(session.connection(), _LOCK_MILLISECONDS)
            require_schema(connection)
            yield session

    def ping(self, seconds: float = PING_SECONDS) -> None:
        """Ask the database for its schema's revision, within a time limit for the whole exchange.

        Raises:
            StoreUnavailable: no answer in time.
            MigrationNeeded: it answers, and has no schema or an older one than this service needs.
        """
        with store_errors(), within(seconds), self.engine.connect() as connection:
            require_schema(connection)


@contextmanager
def within(seconds: float) -> Generator[None]:
    """Let everything that is asked of PostgreSQL in here take no longer than this, all together.

    Where there is less time left already, there is not more because of this.
    """
    end, before = time.monotonic() + seconds, _deadline.get()
    token = _deadline.set(end if before is None else min(end, before))
    try:
        yield
    finally:
        _deadline.reset(token)


def require_schema(connection: Connection) -> None:
    """Make sure that the schema is at least the one this code was written for.

    Raises:
        MigrationNeeded: there is none, or an older one.
    """
    found = schema_revision(connection)
    if found is None:
        raise MigrationNeeded("the database has no schema yet; run `magcheck db upgrade`")
    if found < SCHEMA_REVISION:
        raise MigrationNeeded(
            f"the database schema is at {found}, this version of magcheck needs {SCHEMA_REVISION}; "
            "run `magcheck db upgrade`"
        )


def schema_revision(connection: Connection) -> str | None:
    """Number of the migration the database was last brought to; none when there is no schema."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("select version_num from alembic_version"))
    return revision


def take_write_lock(connection: Connection, wait_milliseconds: int) -> None:
    """Wait until no other writer is at work; the lock ends with the transaction. 0 waits without limit."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(_BEFORE_WRITING), {"wait": f"{wait_milliseconds:d}"})
        connection.execute(text("select pg_advisory_xact_lock(:number)"), {"number": WRITE_LOCK})
    # On SQLite a transaction for writing begins with the lock, see `_on_sqlite_begin`.


def create_store_engine(database_url: str, *, patient: bool = False) -> Engine:
    """Make the engine the service works with. It never creates a SQLite file: only migrations do."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, mode="rw", foreign_keys=True)
    return _postgresql_engine(url, patience_seconds=None if patient else ROUND_TRIP_SECONDS)


def create_migration_engine(database_url: str) -> Engine:
    """Make the engine for migrations: it creates the SQLite file and its folder, and has all the time it needs."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        # Later this folder holds what was asked about patients: nobody else needs to look into it.
        Path(url.database or "").parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Rebuilding a table that others refer to would fail; `check_foreign_keys` makes up for it.
        return _sqlite_engine(url, mode="rwc", foreign_keys=False).execution_options(**{_FOR_WRITING: True})
    return _postgresql_engine(url, patience_seconds=None)


def check_foreign_keys(connection: Connection) -> None:
    """Refuse to commit a migration that leaves a row pointing nowhere.

    Raises:
        RuntimeError: at least one does; only a faulty migration can cause it.
    """
    if connection.dialect.name == "sqlite" and (broken := connection.exec_driver_sql("pragma foreign_key_check").all()):
        raise RuntimeError(f"{len(broken)} rows point nowhere after the migration, first in table {broken[0][0]}")


def _sqlite_engine(url: URL, *, mode: str, foreign_keys: bool) -> Engine:
    file = Path(url.database or "").absolute()
    engine = create_engine(
        url.set(database=file.as_uri(), query={**url.query, "mode": mode, "uri": "true"}),
        hide_parameters=True,
        pool_timeout=_POOL_SECONDS,
    )

    def before_connect(*_: object) -> None:
        if mode == "rw" and not file.exists():
            raise MigrationNeeded("there is no database yet; run `magcheck db upgrade`")
        if mode == "rwc":
            # For its owner only, wherever it lies; SQLite gives its journals the same. A refusal it says better itself.
            with suppress(OSError):
                os.close(os.open(file, os.O_CREAT | os.O_RDWR, _OWNER_ONLY))

    def on_connect(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        # The driver would begin transactions late and commit before DDL; `_on_sqlite_begin` does it right.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout={_SQLITE_BUSY_MILLISECONDS}",
            f"foreign_keys={'ON' if foreign_keys else 'OFF'}",
            "journal_mode=WAL",
            "synchronous=FULL",
            # Without it INSERT OR REPLACE deletes rows without asking the triggers that forbid it.
            "recursive_triggers=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    event.listen(engine, "do_connect", before_connect)
    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", _on_sqlite_begin)
    return engine


def _on_sqlite_begin(connection: Connection) -> None:
    # A transaction that reads first and asks for the lock later fails at once when another has written in between.
    writing = connection.get_execution_options().get(_FOR_WRITING)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _postgresql_engine(url: URL, *, patience_seconds: float | None) -> Engine:
    from service.storage import postgresql  # noqa: PLC0415 - see there

    def patience() -> float | None:
        deadline = _deadline.get()
        if deadline is None:
            return patience_seconds
        left = max(0.0, deadline - time.monotonic())
        return left if patience_seconds is None else min(left, patience_seconds)

    return postgresql.make_engine(url, pool_seconds=_POOL_SECONDS, patience=patience)


@contextmanager
def store_errors() -> Generator[None]:
    """Say in our own words what a driver says when a database is away or busy."""
    try:
        yield
    except exc.TimeoutError as error:
        raise StoreUnavailable("all connections to the database are in use") from error
    except exc.DBAPIError as error:
        own = own_error(error.orig)
        if own is None:
            raise
        raise own from error.orig


def own_error(cause: BaseException | None) -> StoreUnavailable | None:
    """What a driver says when a database is away or busy, in our own words; none where it says something else."""
    if isinstance(cause, sqlite3.Error):
        # Without its extended part. Text that is no UTF-8 comes from the driver, without a code.
        code = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        if code in _SQLITE_BUSY:
            return StoreBusy("another process is writing to the database")
        return StoreUnavailable("the database file cannot be used") if code in _SQLITE_GONE else None
    from service.storage import postgresql  # noqa: PLC0415 - see there

    return postgresql.own_error(cause)
