"""Named queries about the audit trail. Nothing here decides what is written or whether the chain holds."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from service.storage.tables import AuditRow

_PAGE = 1000


def last(session: Session) -> AuditRow | None:
    """The newest entry."""
    return session.exec(select(AuditRow).order_by(col(AuditRow.sequence).desc()).limit(1)).one_or_none()


def last_sequence(session: Session) -> int:
    """Number of the newest entry, 0 when there is none: little enough to ask for every second."""
    return session.exec(select(AuditRow.sequence).order_by(col(AuditRow.sequence).desc()).limit(1)).one_or_none() or 0


def by_sequence(session: Session, sequence: int) -> AuditRow | None:
    """One entry."""
    return session.get(AuditRow, sequence)


def add(session: Session, row: AuditRow) -> None:
    """Write an entry. The caller holds the write lock and has chained it to the last one."""
    session.add(row)
    session.flush()


def first_about(session: Session, subject: str) -> AuditRow | None:
    """The oldest entry about something."""
    query = select(AuditRow).where(col(AuditRow.subject) == subject).order_by(col(AuditRow.sequence)).limit(1)
    return session.exec(query).one_or_none()


def newest(session: Session, most: int) -> list[AuditRow]:
    """The newest entries, the newest first."""
    return list(session.exec(select(AuditRow).order_by(col(AuditRow.sequence).desc()).limit(most)))


@dataclass(frozen=True, slots=True)
class Filters:
    """Which entries are meant; what is None does not matter."""

    subject: str | None = None
    person: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def page(session: Session, filters: Filters, *, limit: int, offset: int) -> tuple[list[AuditRow], int]:
    """A page of entries, the newest first, and how many there are."""
    wanted = list(_wanted(filters))
    query = select(AuditRow).where(*wanted).order_by(col(AuditRow.sequence).desc()).limit(limit).offset(offset)
    count = sa.select(sa.func.count()).select_from(AuditRow).where(*wanted)
    return list(session.exec(query)), session.connection().scalar(count) or 0


def _wanted(filters: Filters) -> Iterator[sa.ColumnElement[bool]]:
    for column, value in (
        (AuditRow.subject, filters.subject),
        (AuditRow.person, filters.person),
        (AuditRow.action, filters.action),
    ):
        if value is not None:
            yield col(column) == value
    if filters.since is not None:
        yield col(AuditRow.at) >= filters.since
    if filters.until is not None:
        yield col(AuditRow.at) < filters.until


def named(session: Session) -> tuple[list[str], list[str]]:
    """Everybody who did something, and everything that was ever done, by their names."""
    people = session.exec(select(AuditRow.person).distinct().order_by(AuditRow.person))
    actions = session.exec(select(AuditRow.action).distinct().order_by(AuditRow.action))
    return list(people), list(actions)


def in_order(session: Session, *, after: int | None = None) -> Iterator[AuditRow]:
    """All entries to the last, from the first or from behind one, a page at a time."""
    while True:
        query = select(AuditRow).order_by(col(AuditRow.sequence)).limit(_PAGE)
        rows = list(session.exec(query if after is None else query.where(col(AuditRow.sequence) > after)))
        yield from rows
        if len(rows) < _PAGE:
            return
        after = rows[-1].sequence
        session.expunge_all()
