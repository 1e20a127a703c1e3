"""Decisions and feedback go when their time is over, not before, and the totals of days stay."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import select

from service.application import retention
from service.application.audit import verify_trail
from service.application.retention import Purged, purge
from service.storage.decision_batches import DecisionBatches
from service.storage.session import Store
from service.storage.tables import AuditRow, FeedbackRow
from service.telemetry import Metrics
from tests.integration.decision_world import decisions_in, keeping_in, served, totals_in
from tests.integration.small_knowledge import small_rule_set
from tests.integration.test_decision_log import some_decision, until

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)


def fill(store: Store, *ages: float) -> None:
    """Decisions and feedback of so many days ago."""
    moments = [NOW - timedelta(days=age) for age in ages]
    decisions = [
        some_decision(number, at=moment.strftime("%Y-%m-%d %H:%M:%S.%f")) for number, moment in enumerate(moments)
    ]
    DecisionBatches(store).write(decisions)
    with store.writing() as session:
        for number, moment in enumerate(moments):
            session.add(
                FeedbackRow(
                    id=f"00000000-0000-4000-9000-{number:012d}",
                    decision_id=decisions[number]["id"],
                    finding_key="k",
                    interaction_id="i",
                    severity="minor",
                    outcome="accepted",
                    caller="key/one",
                    at=moment,
                )
            )


def feedback_in(store: Store) -> int:
    with store.reading() as session:
        return session.connection().scalar(sa.select(sa.func.count()).select_from(FeedbackRow)) or 0


def test_what_is_older_goes_and_what_is_not_stays(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_BATCH", 3)
    fill(store, 0, 1, 364, 364.9, 365.1, 366, 400, 401, 402, 1000, 2000)
    before = totals_in(store)
    assert purge(store, NOW - timedelta(days=365), now=NOW) == Purged(7, 7, done=True)
    assert sorted(decisions_in(store)) == [some_decision(number)["id"] for number in range(4)]
    assert feedback_in(store) == 4
    assert totals_in(store) == before
    assert purge(store, NOW - timedelta(days=365), now=NOW) == Purged(0, 0, done=True)
    with store.reading() as session:
        entries = [(row.person, row.action, row.after) for row in session.exec(select(AuditRow))]
    # Once for each time that something went.
    assert entries == [("retention", "purge", '{"from_before":"2025-11-22T03:00:00+00:00"}')]
    assert verify_trail(store).bad is None


def test_it_stops_where_it_is_told_to(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_BATCH", 2)
    fill(store, *range(10, 20))
    assert purge(store, NOW, now=NOW, most_batches=2) == Purged(4, 4, done=False)
    # The oldest first.
    assert sorted(decisions_in(store)) == [some_decision(number)["id"] for number in range(6)]


def test_the_service_does_it_every_day(store: Store, tmp_path: Path) -> None:
    fill(store, 0, 29, 30.5, 31)
    moment = [NOW]
    metrics = Metrics()
    keeping = keeping_in(store, tmp_path, metrics, days=30, now=lambda: moment[0])

    async def run() -> None:
        async with served(small_rule_set(), keeping, metrics):
            await until(lambda: len(decisions_in(store)) == 2)
            moment[0] += timedelta(days=2)
            await until(lambda: len(decisions_in(store)) == 1)

    asyncio.run(run())
    assert feedback_in(store) == 1


def test_without_a_limit_nothing_goes(store: Store, tmp_path: Path) -> None:
    fill(store, 0, 20000)
    metrics = Metrics()
    keeping = keeping_in(store, tmp_path, metrics, days=None, now=lambda: NOW)

    async def run() -> None:
        async with served(small_rule_set(), keeping, metrics):
            await until(lambda: keeping._recovery._day is not None)

    asyncio.run(run())
    assert len(decisions_in(store)) == 2
