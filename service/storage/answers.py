"""Named queries about answers kept for requests that may be sent again. Nothing here decides what is kept."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from service.storage.tables import KeptAnswerRow


def get(session: Session, caller: str, key: str) -> KeptAnswerRow | None:
    """The answer that was kept for this key of this caller."""
    return session.get(KeptAnswerRow, (caller, key))


def add(session: Session, row: KeptAnswerRow) -> None:
    """Keep an answer, in the transaction of what it tells of."""
    session.add(row)
    session.flush()


def forget_before(session: Session, moment: datetime) -> None:
    """Let go of answers that nobody will ask for again."""
    session.connection().execute(sa.delete(KeptAnswerRow).where(col(KeptAnswerRow.kept_at) < moment))
