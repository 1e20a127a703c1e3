"""Named queries about published rule sets.

Nothing here opens a transaction, compiles, or decides which rule set is good.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.storage.tables import RuleSetActivationRow, RuleSetRow


@dataclass(frozen=True, slots=True)
class RuleSetSummary:
    """A published rule set without its content."""

    number: int
    schema_version: int
    digest: str
    record_counts: dict[str, int]
    created_at: datetime
    author: str
    note: str


def active(session: Session) -> RuleSetRow | None:
    """The rule set that answers: the one activated last."""
    return session.exec(select(RuleSetRow).where(col(RuleSetRow.number) == _latest().scalar_subquery())).one_or_none()


def active_reference(session: Session) -> tuple[int, str] | None:
    """Number and digest of the rule set that answers, without its content."""
    return session.exec(
        select(RuleSetRow.number, RuleSetRow.digest).where(col(RuleSetRow.number) == _latest().scalar_subquery())
    ).one_or_none()


def last_activation(session: Session) -> RuleSetActivationRow | None:
    """The newest line of the log: what answers, since when, and who wanted it."""
    return session.exec(
        select(RuleSetActivationRow).order_by(col(RuleSetActivationRow.sequence).desc()).limit(1)
    ).one_or_none()


def active_number(session: Session) -> int | None:
    """Number of the rule set that answers: little enough to ask for every second."""
    return session.exec(_latest()).one_or_none()


def _latest() -> SelectOfScalar[int]:
    return select(RuleSetActivationRow.number).order_by(col(RuleSetActivationRow.sequence).desc()).limit(1)


def by_number(session: Session, number: int) -> RuleSetRow | None:
    """One rule set with its content."""
    return session.get(RuleSetRow, number)


def number_of_digest(session: Session, digest: str) -> int | None:
    """Number of the newest rule set with this digest."""
    return session.exec(
        select(RuleSetRow.number)
        .where(col(RuleSetRow.digest) == digest)
        .order_by(col(RuleSetRow.number).desc())
        .limit(1)
    ).one_or_none()


def last_number(session: Session) -> int:
    """Number of the newest rule set; 0 when there is none."""
    return session.exec(select(RuleSetRow.number).order_by(col(RuleSetRow.number).desc()).limit(1)).one_or_none() or 0


def summaries(session: Session) -> list[RuleSetSummary]:
    """All rule sets without their contents, newest first."""
    columns = (
        col(RuleSetRow.number),
        col(RuleSetRow.schema_version),
        col(RuleSetRow.digest),
        col(RuleSetRow.record_counts),
        col(RuleSetRow.created_at),
        col(RuleSetRow.author),
        col(RuleSetRow.note),
    )
    rows = session.connection().execute(sa.select(*columns).order_by(col(RuleSetRow.number).desc()))
    return [RuleSetSummary(*row) for row in rows]


def add(session: Session, row: RuleSetRow) -> None:
    """Publish a rule set. The caller holds the write lock and has chosen the next number."""
    session.add(row)
    session.flush()


def activate(session: Session, number: int, *, author: str, note: str, now: datetime) -> None:
    """Make a published rule set the one that answers."""
    session.add(RuleSetActivationRow(number=number, activated_at=now, author=author, note=note))
    session.flush()
