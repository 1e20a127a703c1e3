"""Operators look whether past answers still come out the same, and let old decisions go."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from service.application.rule_sets import seed_baseline
from service.cli import app
from service.storage import migration
from service.storage.session import Store
from service.storage.tables import DecisionRow
from service.telemetry import Metrics
from tests.integration.decision_world import decisions_in, furosemide, keeping_in, served
from tests.integration.small_knowledge import small_rule_set
from tests.keys import KEYRING, SECRET_KEY

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEPT = 6


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Store:
    """A data folder with decisions: six with their questions, one without."""
    for name in os.environ:
        if name.startswith("MAGCHECK_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MAGCHECK_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MAGCHECK_SECRET_KEY", SECRET_KEY)
    url = f"sqlite:///{tmp_path}/magcheck.sqlite3"
    migration.upgrade(url)
    store = Store.open(url)
    seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="first")

    async def ask(number: int, *, keep_requests: bool) -> None:
        metrics = Metrics()
        keeping = keeping_in(store, tmp_path, metrics, keep_requests=keep_requests, now=lambda: NOON)
        async with served(small_rule_set(), keeping, metrics) as client:
            for one in range(number):
                await client.check(furosemide(one), "?explain=true" if one % 2 else "")

    asyncio.run(ask(KEPT, keep_requests=True))
    asyncio.run(ask(1, keep_requests=False))
    return store


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(app, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def forge(store: Store, decision_id: str, **values: object) -> None:
    with store.engine.begin() as connection:
        connection.execute(sa.text("drop trigger if exists decision_append_only_update"))
        connection.execute(sa.update(DecisionRow).where(sa.column("id") == decision_id).values(**values))


def test_past_answers_come_out_the_same(store: Store) -> None:
    assert len(decisions_in(store)) == KEPT + 1
    result = run("decisions", "replay")
    assert result.exit_code == 0
    assert result.output == "6 answers replayed, each byte for byte as it was.\n"
    assert run("decisions", "replay", "--sample", "4").output.startswith("4 answers replayed")
    assert run("decisions", "replay", "--since", "2026-11-23").output.startswith("0 answers replayed")
    assert run("decisions", "replay", "--since", "2026-11-22T11:59:59").output.startswith("6 answers replayed")


def test_an_answer_that_comes_out_differently_is_named(store: Store) -> None:
    kept = [row.id for row in decisions_in(store).values() if row.request is not None]
    forge(store, kept[0], answer_digest="0" * 64)
    forge(store, kept[1], request=b"no longer packed")
    forge(store, kept[2], engine_version="0.0.1")
    result = run("decisions", "replay")
    assert result.exit_code == 1
    assert f"{kept[0]}  rule set 1  0.1.0  the bytes differ" in result.output
    assert f"{kept[1]}  rule set 1  0.1.0  the question that was kept is damaged" in result.output
    assert kept[2] not in result.output
    assert "1 of them were answered by version 0.0.1; this is 0.1.0." in result.output
    assert "2 of 6 answers come out differently" in result.output


def test_purge_keeps_as_many_days_as_it_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Gone: 0 decisions" in run("decisions", "purge", "--days", "36500").output
    old = next(iter(decisions_in(store)))
    forge(store, old, at=datetime(2015, 1, 1, tzinfo=UTC))
    monkeypatch.setenv("MAGCHECK_DECISION_DAYS", "36500")
    assert "Gone: 0 decisions" in run("decisions", "purge").output
    monkeypatch.delenv("MAGCHECK_DECISION_DAYS")
    assert "Gone: 1 decisions and 0 entries of feedback" in run("decisions", "purge").output
    assert old not in decisions_in(store)
    assert "purge  decision" in run("audit", "show").output
    assert run("audit", "verify").exit_code == 0
