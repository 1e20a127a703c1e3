"""Named queries about published rule sets.

Nothing here opens a transaction, compiles, or decides which rule set is good.
"""

from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.storage.tables import RuleSetActivationRow, RuleSetRetirementRow, RuleSetRow, RuleSetSignatureRow


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
    retired_at: datetime | None = None


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
    found = [RuleSetSummary(*row) for row in rows]
    retired = _retired(session)
    return [replace(one, retired_at=retired.get(one.digest)) for one in found]


def _retired(session: Session) -> dict[str, datetime]:
    """When which content was retired, by digest."""
    query = select(RuleSetRow.digest, RuleSetRetirementRow.retired_at).where(
        col(RuleSetRow.number) == col(RuleSetRetirementRow.number)
    )
    return {digest: moment for digest, moment in session.exec(query)}  # noqa: C416 - rows, not pairs


def retirement(session: Session, digest: str) -> datetime | None:
    """When content of this digest was retired, under whichever number."""
    return _retired(session).get(digest)


def add_retirement(session: Session, number: int, *, author: str, reason: str, now: datetime) -> None:
    """Note that a rule set is retired. The caller holds the write lock."""
    session.add(RuleSetRetirementRow(number=number, retired_at=now, author=author, reason=reason))
    session.flush()


def signatures(session: Session, number: int) -> list[RuleSetSignatureRow]:
    """All signatures of a rule set."""
    return list(session.exec(select(RuleSetSignatureRow).where(col(RuleSetSignatureRow.number) == number)))


def not_signed_with(session: Session, key_id: str) -> list[int]:
    """Numbers of the rule sets that have no signature of a key, in order."""
    signed = select(RuleSetSignatureRow.number).where(col(RuleSetSignatureRow.key_id) == key_id)
    query = select(RuleSetRow.number).where(col(RuleSetRow.number).not_in(signed)).order_by(col(RuleSetRow.number))
    return list(session.exec(query))


def add_signature(session: Session, number: int, *, key_id: str, signature: str, now: datetime) -> None:
    """Keep a signature. The caller holds the write lock."""
    session.add(RuleSetSignatureRow(number=number, key_id=key_id, signature=signature, signed_at=now))
    session.flush()


def add(session: Session, row: RuleSetRow) -> None:
    """Publish a rule set. The caller holds the write lock and has chosen the next number."""
    session.add(row)
    session.flush()


def activate(session: Session, number: int, *, author: str, note: str, now: datetime) -> None:
    """Make a published rule set the one that answers."""
    session.add(RuleSetActivationRow(number=number, activated_at=now, author=author, note=note))
    session.flush()
