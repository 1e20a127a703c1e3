"""Every row of every table as a line of JSON, read in one snapshot, and put back into an empty database.

It knows columns and their types. It opens no file, and what is worth keeping or trusting is not decided here.
"""

import base64
import binascii
import json
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Session

from service.errors import RowRefused
from service.storage.session import Store, require_schema, schema_revision, store_errors
from service.storage.tables import Stored

# A rule set or a terminology is megabytes: one at a time. Of everything else some hundred rows are little.
_BIG = frozenset({"rule_set", "terminology"})
_BATCH = 500
# PlainJson writes the JSON value null for None; here None is an empty column, and JSON.NULL that value.
_JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def tables() -> list[str]:
    """All tables, each behind those that its rows refer to."""
    return [table.name for table in Stored.metadata.sorted_tables]


@contextmanager
def snapshot(store: Store) -> Generator[Session]:
    """Look at the database as it is at one moment, whatever is written meanwhile; nothing can be written through it.

    Raises:
        StoreUnavailable: the database cannot be reached.
        MigrationNeeded: it has no schema or an older one than this service needs.
    """
    with store_errors(), store.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        # On SQLite a transaction sees one state of the database, that of its first look.
        with Session(connection, expire_on_commit=False) as session:
            require_schema(session.connection())
            yield session


def revision(session: Session) -> str | None:
    """Number of the migration the database was last brought to."""
    return schema_revision(session.connection())


def rows_in(session: Session, name: str) -> int:
    """How many rows a table has."""
    table = Stored.metadata.tables[name]
    return session.connection().execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def lines(session: Session, name: str) -> Iterator[bytes]:
    """The rows of a table in the order of their key; the same bytes from both databases."""
    table = Stored.metadata.tables[name]
    connection = session.connection()
    # NULL and the JSON value null both come out as None; a second column tells them apart.
    empties = [column.is_(sa.null()).label(_empty(column)) for column in table.columns if _is_json(column)]
    # Text by code points, whatever language a PostgreSQL database was made for.
    collation = "C" if connection.dialect.name == "postgresql" else "BINARY"
    order = [
        sa.collate(column, collation) if _python_type(column) is str else column.asc()
        for column in table.primary_key.columns
    ]
    query = sa.select(*table.columns, *empties).order_by(*order)
    options: dict[str, Any] = {"stream_results": True, "yield_per": 1 if name in _BIG else _BATCH}
    for row in connection.execute(query, execution_options=options).mappings():
        content = {
            column.name: _written(row[column.name])
            for column in table.columns
            if not (_is_json(column) and row[_empty(column)])
        }
        yield json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def put_back(session: Session, name: str, of: Iterable[bytes]) -> int:
    """Write lines into a table; returns how many there were. The caller holds the write lock.

    Raises:
        RowRefused: a line is no row of this table, or the database refuses it; the text names table and line.
    """
    table = Stored.metadata.tables[name]
    types = {column.name: _JSON if _is_json(column) else column.type for column in table.columns}
    insert = sa.insert(table).values({key: sa.bindparam(key, type_=kind) for key, kind in types.items()})
    batch = 1 if name in _BIG else _BATCH
    count, remaining = 0, iter(of)
    while some := list(islice(remaining, batch)):
        rows = [_row(table, line, count + place) for place, line in enumerate(some, 1)]
        try:
            session.connection().execute(insert, rows)
        except (exc.IntegrityError, exc.DataError) as error:
            raise RowRefused(name, count + 1, "the database refuses it or one of the next rows") from error
        count += len(some)
    return count


def continue_numbering(session: Session) -> None:
    """Let numbers that the database gives out itself go on behind the last one put back."""
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        return  # SQLite gives the highest number there is, plus one
    for table in Stored.metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None or column.autoincrement is False:
            continue
        name = connection.execute(sa.select(sa.func.pg_get_serial_sequence(table.name, column.name))).scalar_one()
        highest = connection.execute(sa.select(sa.func.max(column))).scalar_one()
        if name is not None and highest is not None:
            connection.execute(sa.select(sa.func.setval(name, highest)))


def _is_json(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, sa.JSON)


def _python_type(column: sa.Column[Any]) -> type[Any]:
    kind = column.type
    return (kind.impl_instance if isinstance(kind, sa.TypeDecorator) else kind).python_type


def _empty(column: sa.Column[Any]) -> str:
    return f"{column.name} is empty"


def _written(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return value


def _row(table: sa.Table, line: bytes, place: int) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except ValueError as error:
        raise RowRefused(table.name, place, "it is no JSON") from error
    if not isinstance(content, dict):
        raise RowRefused(table.name, place, "it is no row")
    row = {}
    for column in table.columns:
        if _is_json(column):
            value = _json(content.pop(column.name)) if column.name in content else None
        else:
            try:
                value = _read(column, content.pop(column.name))
            except KeyError as error:
                raise RowRefused(table.name, place, f"{column.name} is missing") from error
            except (ValueError, binascii.Error) as error:
                raise RowRefused(table.name, place, f"{column.name} is not what this column holds") from error
        row[column.name] = value
    if content:
        raise RowRefused(table.name, place, "it has columns that the table has not")
    return row


def _json(value: object) -> object:
    return sa.JSON.NULL if value is None else value


def _read(column: sa.Column[Any], value: object) -> object:
    """A value as the column's type wants it.

    Raises:
        ValueError: it is of another type.
    """
    if value is None:
        return None
    wanted = _python_type(column)
    if wanted in (datetime, date, bytes):
        if not isinstance(value, str):
            raise ValueError("no text")
        if wanted is bytes:
            return base64.b64decode(value, validate=True)
        moment = wanted.fromisoformat(value)
        if wanted is datetime and moment.tzinfo is None:
            raise ValueError("no time zone")
        return moment
    if type(value) is not wanted:
        raise ValueError("another type")
    return value
