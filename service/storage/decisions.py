"""Named queries about decisions, feedback and daily totals; `service.storage.decision_batches` writes decisions.

Nothing here decides who may see them or how long they stay.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.storage.tables import DailyTotalRow, DecisionRow, FeedbackRow

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Filters:
    """Which decisions are meant; what is None does not matter."""

    since: datetime | None = None
    until: datetime | None = None
    interaction_id: str | None = None
    status: str | None = None
    caller: str | None = None
    rule_set: int | None = None


def by_id(session: Session, decision_id: str) -> DecisionRow | None:
    """One decision."""
    return session.get(DecisionRow, decision_id)


def newest(session: Session, filters: Filters, *, behind: tuple[datetime, str] | None, limit: int) -> list[DecisionRow]:
    """A page of decisions, the newest first; ``behind`` is where the page before ended."""
    query = _filtered(session, filters)
    if behind is not None:
        at, number = col(DecisionRow.at), col(DecisionRow.id)
        query = query.where(sa.or_(at < behind[0], sa.and_(at == behind[0], number < behind[1])))
    query = query.order_by(col(DecisionRow.at).desc(), col(DecisionRow.id).desc()).limit(limit)
    return list(session.exec(query))


def _filtered(session: Session, filters: Filters) -> SelectOfScalar[DecisionRow]:
    query = select(DecisionRow)
    if filters.since is not None:
        query = query.where(col(DecisionRow.at) >= filters.since)
    if filters.until is not None:
        query = query.where(col(DecisionRow.at) < filters.until)
    if filters.status is not None:
        query = query.where(col(DecisionRow.status) == filters.status)
    if filters.caller is not None:
        query = query.where(col(DecisionRow.caller) == filters.caller)
    if filters.rule_set is not None:
        query = query.where(col(DecisionRow.rule_set_number) == filters.rule_set)
    if filters.interaction_id is not None:
        query = query.where(_has_finding(session, filters.interaction_id))
    return query


def _is_postgresql(session: Session) -> bool:
    return session.connection().dialect.name == "postgresql"


def _has_finding(session: Session, interaction_id: str) -> Any:  # noqa: ANN401 - a condition of SQL
    findings = col(DecisionRow.findings)
    if _is_postgresql(session):
        return sa.type_coerce(findings, JSONB).contains([{"interaction_id": interaction_id}])
    one = sa.func.json_each(findings).table_valued("value")
    named = sa.func.json_extract(one.c.value, "$.interaction_id") == interaction_id
    return sa.exists(sa.select(sa.literal(1)).select_from(one).where(named))


def with_questions(session: Session, *, since: datetime | None, sample: int | None) -> Iterator[DecisionRow]:
    """Decisions whose questions were kept; a ``sample`` of them is spread over all, and the same each time."""
    kept = select(DecisionRow).where(col(DecisionRow.request).is_not(None))
    if since is not None:
        kept = kept.where(col(DecisionRow.at) >= since)
    if sample is not None:
        # Digests are as good as drawn by lot.
        yield from session.exec(kept.order_by(col(DecisionRow.answer_digest), col(DecisionRow.id)).limit(sample))
        return
    after = ""
    while True:
        page = kept.where(col(DecisionRow.id) > after).order_by(col(DecisionRow.id)).limit(_PAGE)
        rows = list(session.exec(page))
        yield from rows
        if len(rows) < _PAGE:
            return
        after = rows[-1].id
        session.expunge_all()


def newest_questions(session: Session, most: int) -> list[DecisionRow]:
    """The newest decisions whose questions were kept."""
    query = select(DecisionRow).where(col(DecisionRow.request).is_not(None))
    return list(session.exec(query.order_by(col(DecisionRow.at).desc(), col(DecisionRow.id)).limit(most)))


def add_feedback(session: Session, row: FeedbackRow) -> None:
    """Write what somebody made of a finding."""
    session.add(row)
    session.flush()


def has_acceptance(session: Session, decision_ids: Collection[str]) -> bool:
    """Whether a finding of one of these decisions was accepted."""
    query = select(FeedbackRow.id).where(
        col(FeedbackRow.decision_id).in_(decision_ids), col(FeedbackRow.outcome) == "accepted"
    )
    return session.exec(query.limit(1)).first() is not None


def has_feedback(session: Session, feedback_id: str) -> bool:
    """Whether there is feedback with this id."""
    return session.get(FeedbackRow, feedback_id) is not None


def fired(session: Session, since: date, until: date, interaction_id: str | None = None) -> dict[str, int]:
    """How often each interaction, or only one, was found on these days, both included."""
    query = (
        sa.select(col(DailyTotalRow.subject), sa.func.sum(col(DailyTotalRow.number)))
        .where(col(DailyTotalRow.what) == "finding", col(DailyTotalRow.day).between(since, until))
        .group_by(col(DailyTotalRow.subject))
    )
    if interaction_id is not None:
        query = query.where(col(DailyTotalRow.subject) == interaction_id)
    return {interaction: int(number) for interaction, number in session.connection().execute(query)}


def totals(session: Session, since: date, until: date) -> dict[tuple[date, str], int]:
    """What was counted on each of these days, both included; findings of all interactions together."""
    day, what = col(DailyTotalRow.day), col(DailyTotalRow.what)
    query = sa.select(day, what, sa.func.sum(col(DailyTotalRow.number))).where(day.between(since, until))
    rows = session.connection().execute(query.group_by(day, what))
    return {(one, name): int(number) for one, name, number in rows}


def questions_with_unrecognised(session: Session, since: datetime, most: int) -> list[DecisionRow]:
    """The newest decisions with a medication that was not recognised, of those whose questions were kept."""
    query = select(DecisionRow).where(col(DecisionRow.at) >= since)
    query = query.where(col(DecisionRow.request).is_not(None), col(DecisionRow.unrecognised) > 0)
    return list(session.exec(query.order_by(col(DecisionRow.at).desc(), col(DecisionRow.id)).limit(most)))


def outcomes(
    session: Session, since: datetime, until: datetime, interaction_id: str | None = None
) -> dict[tuple[str, str, str | None], int]:
    """How often each interaction, or only one, had which outcome and reason; of several about one finding the last
    counts."""  # noqa: D205, D209
    last = sa.func.row_number().over(
        partition_by=(col(FeedbackRow.decision_id), col(FeedbackRow.finding_key)),
        order_by=(col(FeedbackRow.at).desc(), col(FeedbackRow.id).desc()),
    )
    columns = (col(FeedbackRow.interaction_id), col(FeedbackRow.outcome), col(FeedbackRow.reason_code))
    ranked = (
        sa.select(*columns, last.label("place"))
        .where(col(FeedbackRow.at) >= since, col(FeedbackRow.at) < until)
        .where(sa.true() if interaction_id is None else col(FeedbackRow.interaction_id) == interaction_id)
        .subquery()
    )
    kinds = (ranked.c.interaction_id, ranked.c.outcome, ranked.c.reason_code)
    query = sa.select(*kinds, sa.func.count()).where(ranked.c.place == 1).group_by(*kinds)
    rows = session.connection().execute(query)
    return {(interaction, outcome, reason): number for interaction, outcome, reason, number in rows}


def outcomes_by_day(
    session: Session, since: datetime, until: datetime, interaction_id: str
) -> dict[tuple[date, str, str | None], int]:
    """How often one interaction had which outcome and reason, by the day of the last word about a finding."""
    at = col(FeedbackRow.at)
    last = sa.func.row_number().over(
        partition_by=(col(FeedbackRow.decision_id), col(FeedbackRow.finding_key)),
        order_by=(at.desc(), col(FeedbackRow.id).desc()),
    )
    day = sa.cast(sa.func.timezone("UTC", at), sa.Date) if _is_postgresql(session) else sa.func.date(at)
    ranked = (
        sa.select(day.label("day"), col(FeedbackRow.outcome), col(FeedbackRow.reason_code), last.label("place"))
        .where(at >= since, at < until, col(FeedbackRow.interaction_id) == interaction_id)
        .subquery()
    )
    kinds = (ranked.c.day, ranked.c.outcome, ranked.c.reason_code)
    query = sa.select(*kinds, sa.func.count()).where(ranked.c.place == 1).group_by(*kinds)
    rows = session.connection().execute(query)
    return {
        (one if isinstance(one, date) else date.fromisoformat(one), outcome, reason): number
        for one, outcome, reason, number in rows
    }


def fired_by_day(session: Session, since: date, until: date, interaction_id: str) -> dict[date, int]:
    """How often one interaction was found on each of these days, both included."""
    day = col(DailyTotalRow.day)
    query = (
        sa.select(day, sa.func.sum(col(DailyTotalRow.number)))
        .where(col(DailyTotalRow.what) == "finding", col(DailyTotalRow.subject) == interaction_id)
        .where(day.between(since, until))
        .group_by(day)
    )
    return {one: int(number) for one, number in session.connection().execute(query)}


def purge(session: Session, before: datetime, most: int) -> tuple[int, int]:
    """Delete decisions and feedback from before a moment, at most so many of each; how many went."""
    return _purge(session, DecisionRow, before, most), _purge(session, FeedbackRow, before, most)


def _purge(session: Session, table: type[DecisionRow] | type[FeedbackRow], before: datetime, most: int) -> int:
    old = select(table.id).where(col(table.at) < before).order_by(col(table.at)).limit(most)
    # A list and not a subquery, of which SQLite and PostgreSQL make very different plans.
    ids = list(session.exec(old))
    if ids:
        session.connection().execute(sa.delete(table).where(col(table.id).in_(ids)))
    return len(ids)
