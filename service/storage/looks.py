"""The one question that is asked of the store again and again: what should answer now, and who signed it."""

from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from service.storage.tables import (
    RuleSetActivationRow,
    RuleSetRetirementRow,
    RuleSetRow,
    RuleSetSignatureRow,
    TerminologyActivationRow,
)


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at the store showed; two that are equal need no second thought.

    ``number`` is none where no rule set is published. ``held_retired``: the content that answers in this process was
    retired.
    """

    number: int | None
    schema_version: int | None
    digest: str | None
    signatures: frozenset[tuple[str, str]]
    retired: bool
    terminology_number: int | None
    held_retired: bool = field(default=False, compare=False)


def look(session: Session, held_digest: str | None) -> Look:
    """Ask in one question, because each may take long: contents are not read."""
    latest = (
        select(RuleSetActivationRow.number).order_by(col(RuleSetActivationRow.sequence).desc()).limit(1)
    ).scalar_subquery()
    terminology = (
        select(TerminologyActivationRow.number).order_by(col(TerminologyActivationRow.sequence).desc()).limit(1)
    ).scalar_subquery()
    anything = sa.select(sa.literal(1).label("one")).subquery()
    query = sa.select(
        col(RuleSetRow.number),
        col(RuleSetRow.schema_version),
        col(RuleSetRow.digest),
        _retired(sa.cast(RuleSetRow.digest, sa.String)),
        _retired(sa.literal(held_digest or "")),
        terminology,
        col(RuleSetSignatureRow.key_id),
        col(RuleSetSignatureRow.signature),
    ).select_from(
        anything.outerjoin(RuleSetRow, col(RuleSetRow.number) == latest).outerjoin(
            RuleSetSignatureRow, col(RuleSetSignatureRow.number) == col(RuleSetRow.number)
        )
    )
    rows = session.connection().execute(query).all()
    number, schema_version, digest, retired, held_retired, terminology_number, *_ = rows[0]
    return Look(
        number=number,
        schema_version=schema_version,
        digest=digest,
        signatures=frozenset((row[-2], row[-1]) for row in rows if row[-2] is not None),
        retired=bool(retired),
        held_retired=bool(held_retired),
        terminology_number=terminology_number,
    )


def _retired(digest: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Whether content of a digest was retired, under whichever number."""
    again = aliased(RuleSetRow)
    return (
        sa.exists(sa.literal(1))
        .where(col(again.digest) == digest)
        .where(col(again.number) == col(RuleSetRetirementRow.number))
        .correlate(RuleSetRow)
    )
