"""Named queries about the audit trail. Nothing here decides what is written or whether the chain holds."""

from collections.abc import Iterator

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


def page(session: Session, *, subject: str | None, limit: int, offset: int) -> tuple[list[AuditRow], int]:
    """A page of entries, the newest first, and how many there are."""
    query = select(AuditRow)
    count = sa.select(sa.func.count()).select_from(AuditRow)
    if subject is not None:
        query = query.where(col(AuditRow.subject) == subject)
        count = count.where(col(AuditRow.subject) == subject)
    rows = session.exec(query.order_by(col(AuditRow.sequence).desc()).limit(limit).offset(offset)).all()
    return list(rows), session.connection().scalar(count) or 0


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
