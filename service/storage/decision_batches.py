"""Writes decisions into the database, many in one transaction, each exactly once, with the totals of their days.

One object belongs to one thread and keeps a connection of its own. It decides neither when to write nor what happens
to decisions that the database does not take.
"""

from __future__ import annotations

import base64
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, TypeAlias, TypedDict

import orjson
from sqlalchemy import PoolProxiedConnection

from service.errors import DecisionsRefused, StoreUnavailable
from service.storage.session import Store, own_error, require_schema, store_errors, within

# Longer than a database that is well takes for a batch, and short enough that nobody waits at a counter for it.
PATIENCE_SECONDS: Final = 1.0
# Day, what, subject, severity: the key of a daily total.
TotalKey: TypeAlias = tuple[str, str, str, str]
Total: TypeAlias = tuple[str, str, str, str, int]
_TOTAL_COLUMNS: Final = ("day", "what", "subject", "severity", "number")


class LoggedFinding(TypedDict):
    """What is kept of a finding."""

    interaction_id: str
    key: str
    severity: str


class Decision(TypedDict):
    """A row of the table `decision` before it is one, as it also stands in the journal: numbers, codes and digests."""

    id: str
    # UTC, as SQLite keeps it: 2026-11-22 12:00:00.000000
    at: str
    caller: str
    rule_set_number: int
    rule_set_digest: str
    terminology_digest: str | None
    engine_version: str
    as_of: str
    explain: bool
    degraded: Mapping[str, object] | None
    request_digest: str
    answer_digest: str
    status: str
    highest_severity: str | None
    findings: list[LoggedFinding]
    medications: int
    unrecognised: int
    duration_microseconds: int
    request: str | None  # compressed, in base64


_IN_ORDER: Final = itemgetter(*Decision.__annotations__)
_COLUMNS: Final = tuple(Decision.__annotations__)
_DAY: Final = slice(0, len("2026-11-22"))


def totals_of(decisions: Iterable[Decision]) -> Counter[TotalKey]:
    """What the decisions add to the totals of their days."""
    totals: Counter[TotalKey] = Counter()
    for decision in decisions:
        day = decision["at"][_DAY]
        totals[day, "checks", "", ""] += 1
        totals[day, "medications", "", ""] += decision["medications"]
        if decision["status"] == "incomplete":
            totals[day, "incomplete", "", ""] += 1
        if decision["unrecognised"]:
            totals[day, "unrecognised", "", ""] += decision["unrecognised"]
        for finding in decision["findings"]:
            totals[day, "finding", finding["interaction_id"], finding["severity"]] += 1
    return totals


class DecisionBatches:
    """Writes one batch after the other. Whatever goes wrong closes the connection; the next batch opens another.

    It talks to the driver itself: with eight decisions in a batch, what lies in between would cost as much again.
    """

    def __init__(self, store: Store, *, patience: float = PATIENCE_SECONDS) -> None:
        """Nothing is connected yet."""
        self._engine = store.engine
        self._patience = patience
        self._connection: PoolProxiedConnection | None = None
        self._write = _write_to_postgresql if store.engine.dialect.name == "postgresql" else _write_to_sqlite

    def write(self, decisions: Sequence[Decision], lost: Mapping[str, int] | None = None) -> None:
        """Commit decisions, leaving out those that are there already, and by day how many were lost.

        Raises:
            StoreUnavailable: the database cannot be reached or did not answer in time: whether it took them is open.
            MigrationNeeded: it has an older schema than this needs.
            DecisionsRefused: at least one of them breaks a rule of the table; none was written.
        """
        more: list[Total] = [(day, "lost", "", "", number) for day, number in (lost or {}).items()]
        driver = self._engine.dialect.loaded_dbapi
        try:
            with store_errors(), within(self._patience):
                connection = self._connection or self._connect()
                self._write(connection.driver_connection, decisions, more)
        except (driver.IntegrityError, driver.DataError) as error:
            self.close()
            raise DecisionsRefused("the database refuses a decision") from error
        except driver.Error as error:
            self.close()
            own = own_error(error)
            if own is None:
                raise
            raise own from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give up the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()  # it has settings of its own, or nobody knows what state it is in

    def _connect(self) -> PoolProxiedConnection:
        with self._engine.connect() as connection:
            require_schema(connection)
        self._connection = raw = self._engine.raw_connection()
        if raw.driver_connection is None:
            raise StoreUnavailable("the connection to the database was lost at once")
        if self._write is _write_to_postgresql:
            raw.driver_connection.autocommit = True  # a batch is one statement, and so a transaction and a round trip
        else:
            raw.driver_connection.execute(f"pragma busy_timeout={self._patience * 1000:.0f}")
        return raw


def _write_to_postgresql(connection: Any, decisions: Sequence[Decision], more: list[Total]) -> None:  # noqa: ANN401
    added = [dict(zip(_TOTAL_COLUMNS, total, strict=True)) for total in more]
    connection.execute(_POSTGRESQL, (orjson.dumps(decisions).decode(), orjson.dumps(added).decode()))


def _write_to_sqlite(connection: Any, decisions: Sequence[Decision], more: list[Total]) -> None:  # noqa: ANN401
    """In one transaction, which holds the only write lock from its beginning."""
    connection.execute("begin immediate")
    try:
        try:
            connection.executemany(_SQLITE_INSERT, map(_sqlite_row, decisions))
        except sqlite3.IntegrityError:
            # Most likely some are there already, as after an answer that got lost. What went in before goes out again.
            connection.execute("rollback")
            connection.execute("begin immediate")
            decisions = _new_to_sqlite(connection, decisions)
            connection.executemany(_SQLITE_INSERT, map(_sqlite_row, decisions))
        totals = [(*key, number) for key, number in totals_of(decisions).items()]
        connection.executemany(_SQLITE_TOTALS, [*totals, *more])
        connection.execute("commit")
    except BaseException:
        if connection.in_transaction:
            connection.execute("rollback")
        raise


def _new_to_sqlite(connection: Any, decisions: Sequence[Decision]) -> list[Decision]:  # noqa: ANN401
    ids = orjson.dumps([decision["id"] for decision in decisions]).decode()
    there = {row[0] for row in connection.execute(_SQLITE_THERE, (ids,))}
    return list({decision["id"]: decision for decision in decisions if decision["id"] not in there}.values())


def _sqlite_row(decision: Decision) -> tuple[object, ...]:
    row: dict[str, object] = decision.copy()  # type: ignore[assignment] # no longer a decision
    row["findings"] = orjson.dumps(decision["findings"]).decode()
    if decision["degraded"] is not None:
        row["degraded"] = orjson.dumps(decision["degraded"]).decode()
    if decision["request"] is not None:
        row["request"] = base64.b64decode(decision["request"])
    in_order: tuple[object, ...] = _IN_ORDER(row)
    return in_order


_NAMES: Final = ", ".join(_COLUMNS)
_SQLITE_THERE: Final = "select id from decision where id in (select value from json_each(?))"
_SQLITE_INSERT: Final = f"insert into decision ({_NAMES}) values ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608 - ours
_SQLITE_TOTALS: Final = """
insert into daily_total (day, what, subject, severity, number) values (?, ?, ?, ?, ?)
on conflict (day, what, subject, severity) do update set number = number + excluded.number
"""
# One statement does it all: the rows come as JSON, those that are new are counted, and the counts are added to the
# totals. The order of the totals is the same for everybody, or two processes could wait for each other for ever.
_POSTGRESQL: Final = f"""
with given as (
    select * from json_to_recordset(%s::json) as given (
        id text, at timestamp, caller text, rule_set_number integer, rule_set_digest text, terminology_digest text,
        engine_version text, as_of text, explain boolean, degraded jsonb, request_digest text, answer_digest text,
        status text, highest_severity text, findings jsonb, medications integer, unrecognised integer,
        duration_microseconds integer, request text
    )
), added as (
    insert into decision ({_NAMES})
    select id, at at time zone 'utc', caller, rule_set_number, rule_set_digest, terminology_digest,
        engine_version, as_of, explain, degraded, request_digest, answer_digest,
        status, highest_severity, findings, medications, unrecognised,
        duration_microseconds, decode(request, 'base64')
    from given
    on conflict (id) do nothing
    returning (at at time zone 'utc')::date as day, status, findings, medications, unrecognised
), counted (day, what, subject, severity, number) as (
    select day, 'checks', '', '', 1 from added
    union all select day, 'medications', '', '', medications from added
    union all select day, 'incomplete', '', '', 1 from added where status = 'incomplete'
    union all select day, 'unrecognised', '', '', unrecognised from added where unrecognised > 0
    union all select day, 'finding', one ->> 'interaction_id', one ->> 'severity', 1
        from added cross join lateral jsonb_array_elements(findings) as one
    union all select day, what, subject, severity, number from json_to_recordset(%s::json)
        as more (day date, what text, subject text, severity text, number integer)
)
insert into daily_total (day, what, subject, severity, number)
select day, what, subject, severity, sum(number) from counted
group by day, what, subject, severity order by day, what, subject, severity
on conflict (day, what, subject, severity) do update set number = daily_total.number + excluded.number
"""  # noqa: S608 - names of ours
