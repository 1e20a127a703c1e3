"""Named queries about drafts. Nothing here opens a transaction or decides which step is allowed."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session, col, select

from service.storage.tables import DraftChangeRow, DraftCommentRow, DraftRow, DraftSignatureRow


def get(session: Session, draft_id: str) -> DraftRow | None:
    """One draft."""
    return session.get(DraftRow, draft_id)


def newest(session: Session, *, state: str | None, limit: int, offset: int) -> tuple[list[DraftRow], int]:
    """A page of drafts, those changed last first, and how many there are."""
    query = select(DraftRow)
    count = sa.select(sa.func.count()).select_from(DraftRow)
    if state is not None:
        query = query.where(col(DraftRow.state) == state)
        count = count.where(col(DraftRow.state) == state)
    rows = session.exec(
        query.order_by(col(DraftRow.changed_at).desc(), col(DraftRow.id)).limit(limit).offset(offset)
    ).all()
    return list(rows), session.connection().scalar(count) or 0


def titles(session: Session, draft_ids: Sequence[str]) -> dict[str, str]:
    """What these drafts are about, by their ids."""
    query = sa.select(col(DraftRow.id), col(DraftRow.title)).where(col(DraftRow.id).in_(draft_ids))
    return {row[0]: row[1] for row in session.connection().execute(query)}


def save(session: Session, draft: DraftRow) -> None:
    """Write a draft that is new or changed. The caller holds the write lock."""
    session.add(draft)
    session.flush()


def changes(session: Session, draft_id: str) -> list[DraftChangeRow]:
    """All changes of a draft, in order."""
    query = select(DraftChangeRow).where(col(DraftChangeRow.draft_id) == draft_id)
    return list(session.exec(query.order_by(col(DraftChangeRow.sequence))))


def changes_of_record(session: Session, kind: str, record_id: str) -> list[tuple[DraftChangeRow, DraftRow]]:
    """All changes of a record in any draft, the newest first, each with its draft."""
    query = (
        select(DraftChangeRow, DraftRow)
        .where(col(DraftChangeRow.draft_id) == col(DraftRow.id))
        .where(col(DraftChangeRow.kind) == kind, col(DraftChangeRow.record_id) == record_id)
        .order_by(col(DraftChangeRow.at).desc(), col(DraftChangeRow.draft_id), col(DraftChangeRow.sequence).desc())
    )
    return list(session.exec(query))


def counts_by_state(session: Session) -> dict[str, int]:
    """How many drafts are in each state."""
    query = sa.select(col(DraftRow.state), sa.func.count()).group_by(col(DraftRow.state))
    return {row[0]: row[1] for row in session.connection().execute(query)}


def add_change(session: Session, change: DraftChangeRow) -> None:
    """Write a change behind the last one; its sequence is set here. The caller holds the write lock."""
    change.sequence = _next(session, DraftChangeRow.sequence, DraftChangeRow.draft_id, change.draft_id)
    session.add(change)
    session.flush()


def signatures(session: Session, draft_id: str) -> list[DraftSignatureRow]:
    """All signatures of a draft, in order."""
    query = select(DraftSignatureRow).where(col(DraftSignatureRow.draft_id) == draft_id)
    return list(session.exec(query.order_by(col(DraftSignatureRow.sequence))))


def add_signature(session: Session, signature: DraftSignatureRow) -> None:
    """Write a signature behind the last one; its sequence is set here. The caller holds the write lock."""
    signature.sequence = _next(session, DraftSignatureRow.sequence, DraftSignatureRow.draft_id, signature.draft_id)
    session.add(signature)
    session.flush()


def comments(session: Session, draft_id: str) -> list[DraftCommentRow]:
    """All comments on a draft, in order."""
    query = select(DraftCommentRow).where(col(DraftCommentRow.draft_id) == draft_id)
    return list(session.exec(query.order_by(col(DraftCommentRow.sequence))))


def add_comment(session: Session, comment: DraftCommentRow) -> None:
    """Write a comment behind the last one; its sequence is set here. The caller holds the write lock."""
    comment.sequence = _next(session, DraftCommentRow.sequence, DraftCommentRow.draft_id, comment.draft_id)
    session.add(comment)
    session.flush()


def change_counts(session: Session, draft_ids: Sequence[str]) -> dict[str, int]:
    """How many records each draft changes, undone ones included."""
    query = (
        sa.select(col(DraftChangeRow.draft_id), sa.func.count(sa.distinct(col(DraftChangeRow.record_id))))
        .where(col(DraftChangeRow.draft_id).in_(draft_ids))
        .group_by(col(DraftChangeRow.draft_id))
    )
    return {row[0]: row[1] for row in session.connection().execute(query)}


def _next(session: Session, sequence: int, key: str, draft_id: str) -> int:
    last = session.connection().scalar(sa.select(sa.func.max(col(sequence))).where(col(key) == draft_id))
    return (last or 0) + 1
