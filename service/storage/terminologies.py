"""Named queries about imported terminologies. Nothing here opens a transaction or looks into one."""

from datetime import datetime

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.storage.tables import TerminologyActivationRow, TerminologyRow


def active(session: Session) -> TerminologyRow | None:
    """The terminology in use: the one activated last."""
    latest = _latest().scalar_subquery()
    return session.exec(select(TerminologyRow).where(col(TerminologyRow.number) == latest)).one_or_none()


def active_number(session: Session) -> int | None:
    """Number of the terminology in use: little enough to ask for every second."""
    return session.exec(_latest()).one_or_none()


def _latest() -> SelectOfScalar[int]:
    return select(TerminologyActivationRow.number).order_by(col(TerminologyActivationRow.sequence).desc()).limit(1)


def by_digest(session: Session, digest: str) -> tuple[int, str] | None:
    """Number and version of the terminology with this digest."""
    query = select(TerminologyRow.number, TerminologyRow.version).where(col(TerminologyRow.digest) == digest)
    return session.exec(query).one_or_none()


def by_number(session: Session, number: int) -> TerminologyRow | None:
    """One terminology with its content."""
    return session.get(TerminologyRow, number)


def last_number(session: Session) -> int:
    """Number of the newest terminology; 0 when there is none."""
    newest = select(TerminologyRow.number).order_by(col(TerminologyRow.number).desc()).limit(1)
    return session.exec(newest).one_or_none() or 0


def add(session: Session, row: TerminologyRow) -> None:
    """Keep a terminology. The caller holds the write lock and has chosen the next number."""
    session.add(row)
    session.flush()


def activate(session: Session, number: int, *, author: str, note: str, now: datetime) -> None:
    """Make a terminology the one in use."""
    session.add(TerminologyActivationRow(number=number, activated_at=now, author=author, note=note))
    session.flush()
