"""An answer leaves when its decision is durable; no decision is lost, written twice or forgotten without a count."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from service.application import decision_log
from service.application.decision_keeping import JOURNAL_FOLDER
from service.errors import DecisionsRefused
from service.storage.decision_batches import DecisionBatches
from service.storage.journal import read_segment
from service.storage.session import Store
from service.telemetry import Metrics
from tests.integration.decision_world import (
    Answered,
    Client,
    decisions_in,
    furosemide,
    hinder,
    keeping_in,
    served,
    totals_in,
)
from tests.integration.small_knowledge import small_rule_set

MANY = 200


async def until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def many(client: Client, number: int, start: int = 0) -> list[Answered]:
    return await asyncio.gather(*[client.check(furosemide(start + one)) for one in range(number)])


def assert_each_is_kept(store: Store, answers: list[Answered]) -> None:
    """What is in the log is what was answered, and nothing else."""
    rows = decisions_in(store)
    assert set(rows) == {answer.json()["check_id"] for answer in answers}
    assert len(rows) == len(answers)
    for answer in answers:
        content = answer.json()
        row = rows[content["check_id"]]
        assert row.answer_digest == hashlib.sha256(answer.body).hexdigest()
        assert (row.rule_set_number, row.rule_set_digest) == (1, content["rule_set"]["digest"])
        assert (row.status, row.highest_severity) == (content["status"], content["highest_severity"])
        assert (row.as_of, row.medications, row.unrecognised) == ("2026-11-22", 2, 1)
        names = ("interaction_id", "key", "severity")
        assert row.findings == [{name: finding[name] for name in names} for finding in content["findings"]]
        assert row.request is None
    totals = totals_in(store)
    assert totals["checks", "", ""] == totals["incomplete", "", ""] == totals["unrecognised", "", ""] == len(answers)
    assert totals["medications", "", ""] == 2 * len(answers)
    assert totals["finding", "loop-diuretics-deplete-magnesium", "moderate"] == len(answers)


def test_each_check_is_a_decision_and_many_share_a_transaction(store: Store, tmp_path: Path) -> None:
    metrics = Metrics()
    keeping = keeping_in(store, tmp_path, metrics)
    hindered = hinder(keeping)

    async def run() -> list[Answered]:
        async with served(small_rule_set(), keeping, metrics) as client:
            return await many(client, MANY)

    answers = asyncio.run(run())
    assert [answer.status for answer in answers] == [200] * MANY
    assert_each_is_kept(store, answers)
    assert sum(hindered.transactions) == MANY
    assert len(hindered.transactions) <= MANY / 4
    assert metrics.decisions.kept == {"store": MANY, "journal": 0}
    assert list((tmp_path / JOURNAL_FOLDER).iterdir()) == []


def test_no_answer_before_its_decision_is_durable(store: Store, tmp_path: Path) -> None:
    keeping = keeping_in(store, tmp_path, metrics := Metrics())
    hindered = hinder(keeping)

    async def run() -> None:
        async with served(small_rule_set(), keeping, metrics) as client:
            hindered.open.clear()
            asked = [asyncio.ensure_future(client.check(furosemide(one))) for one in range(10)]
            await asyncio.sleep(0.5)
            assert not any(one.done() for one in asked)
            assert decisions_in(store) == {}
            hindered.open.set()
            answers = await asyncio.gather(*asked)
            assert_each_is_kept(store, answers)  # at once, not some time later

    asyncio.run(run())


def test_the_first_check_waits_for_nobody(store: Store, tmp_path: Path) -> None:
    """Decisions gather only while checks come one after the other."""
    keeping = keeping_in(store, tmp_path, metrics := Metrics())
    hindered = hinder(keeping)

    async def run() -> None:
        async with served(small_rule_set(), keeping, metrics) as client:
            for one in range(5):
                await client.check(furosemide(one))

    asyncio.run(run())
    assert hindered.transactions == [1] * 5


@pytest.mark.parametrize("how", ["fails_before", "fails_after"])
def test_a_store_that_is_away_neither_stops_checks_nor_loses_decisions(store: Store, tmp_path: Path, how: str) -> None:
    """Also where it took the batch and only the word of it got lost: each is there once, and counted once."""
    keeping = keeping_in(store, tmp_path, metrics := Metrics())
    hindered = hinder(keeping)

    async def run() -> list[Answered]:
        async with served(small_rule_set(), keeping, metrics) as client:
            answers = await many(client, 20)
            setattr(hindered, how, True)
            answers += await many(client, 100, start=20)
            assert [answer.status for answer in answers] == [200] * 120
            ready = (await client.ask("GET", "/health/ready")).json()
            assert ready["status"] == "degraded"
            assert any("the journal on disk" in reason for reason in ready["reasons"])
            setattr(hindered, how, False)
            await until(lambda: metrics.decisions.flushed == 100)
            await until(lambda: not keeping.log.reasons())
            answers += await many(client, 20, start=120)
            return answers

    answers = asyncio.run(run())
    assert metrics.decisions.kept["journal"] == 100
    assert_each_is_kept(store, answers)
    assert list((tmp_path / JOURNAL_FOLDER).iterdir()) == []


def lock_everything(store: Store) -> sa.Connection:
    """Take what every batch needs, as something that hangs would."""
    connection = store.engine.connect()
    if store.engine.dialect.name == "postgresql":
        connection.execute(sa.text("lock table decision in access exclusive mode"))
    else:
        connection.execution_options(magcheck_for_writing=True).execute(sa.text("select 1"))
    return connection


def test_a_store_that_hangs_is_not_waited_for(store: Store, tmp_path: Path) -> None:
    keeping = keeping_in(store, tmp_path, metrics := Metrics())
    hindered = hinder(keeping)

    async def run() -> list[Answered]:
        async with served(small_rule_set(), keeping, metrics) as client:
            answers = await many(client, 10)
            with lock_everything(store):
                answers += await many(client, 1, start=10)  # does not come back before the lock does, if it waits
                tried = hindered.attempts
                answers += await many(client, 9, start=11)
                assert hindered.attempts == tried  # known to hang, it is not tried again by somebody who waits
                assert metrics.decisions.kept["journal"] == 10
            await until(lambda: metrics.decisions.flushed == 10)
            return answers

    assert_each_is_kept(store, asyncio.run(run()))


def test_without_store_and_disk_there_is_no_answer(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeping = keeping_in(store, tmp_path, metrics := Metrics())
    hindered = hinder(keeping)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    async def run() -> None:
        async with served(small_rule_set(), keeping, metrics) as client:
            first = await client.check(furosemide())
            hindered.fails_before = True
            with monkeypatch.context() as disk:
                disk.setattr(os, "write", full)
                refused = await client.check(furosemide())
                assert refused.status == 503
                assert refused.json()["code"] == "decision-not-kept"
                assert refused.headers["retry-after"] == "5"
                assert b"findings" not in refused.body
                ready = (await client.ask("GET", "/health/ready")).json()
                assert any("No space left on device" in reason for reason in ready["reasons"])
            second = await client.check(furosemide())  # room again
            assert (first.status, second.status) == (200, 200)
            hindered.fails_before = False
            await until(lambda: not keeping.log.reasons())
            assert_each_is_kept(store, [first, second])

    asyncio.run(run())
    assert metrics.decisions.refused == 1


def test_a_writer_that_hangs_is_not_waited_for_for_ever(store: Store, tmp_path: Path) -> None:
    keeping = keeping_in(store, tmp_path, metrics := Metrics())
    keeping.log._most_seconds = 0.3
    hindered = hinder(keeping)

    async def run() -> None:
        async with served(small_rule_set(), keeping, metrics) as client:
            hindered.open.clear()
            first = asyncio.ensure_future(client.check(furosemide(1)))
            await asyncio.sleep(0.1)
            second = asyncio.ensure_future(client.check(furosemide(2)))  # gathers behind the one that hangs
            assert [(await one).status for one in (first, second)] == [503, 503]
            hindered.open.set()
            assert (await client.check(furosemide(3))).status == 200

    asyncio.run(run())
    assert len(decisions_in(store)) == 3  # more than was answered, never less


@pytest.mark.parametrize("required", [True, False])
def test_the_queue_is_bounded(store: Store, tmp_path: Path, required: bool) -> None:  # noqa: FBT001
    keeping = keeping_in(store, tmp_path, metrics := Metrics(), required=required)
    keeping.log._most_waiting = 5
    hindered = hinder(keeping)

    async def run() -> list[Answered]:
        async with served(small_rule_set(), keeping, metrics) as client:
            hindered.open.clear()
            asked = [asyncio.ensure_future(client.check(furosemide(0)))]
            await asyncio.sleep(0.2)  # the first is with the writer
            asked += [asyncio.ensure_future(client.check(furosemide(one))) for one in range(1, 9)]
            await asyncio.sleep(0.2)
            hindered.open.set()
            return await asyncio.gather(*asked)

    answers = asyncio.run(run())
    kept = [answer for answer in answers if answer.status == 200]
    if required:
        assert [answer.status for answer in answers].count(503) == 3
        assert_each_is_kept(store, kept)
        assert metrics.decisions.lost == 0
    else:
        assert len(kept) == 9
        assert len(decisions_in(store)) == 6
        assert metrics.decisions.lost == 3
        assert totals_in(store)["lost", "", ""] == 3
        assert b"magcheck_decisions_lost_total 3.0" in metrics.render()
        assert any("3 decisions were lost" in reason for reason in keeping.log.reasons())


def test_best_effort_answers_at_once_and_writes_all_the_same(store: Store, tmp_path: Path) -> None:
    keeping = keeping_in(store, tmp_path, metrics := Metrics(), required=False)
    hindered = hinder(keeping)

    async def run() -> list[Answered]:
        async with served(small_rule_set(), keeping, metrics) as client:
            hindered.open.clear()
            answers = await many(client, 50)
            assert decisions_in(store) == {}
            hindered.open.set()
            return answers

    assert_each_is_kept(store, asyncio.run(run()))  # the end of the service waits for the writer


def test_best_effort_counts_what_the_disk_does_not_take(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeping = keeping_in(store, tmp_path, metrics := Metrics(), required=False)
    hindered = hinder(keeping)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    async def run() -> None:
        async with served(small_rule_set(), keeping, metrics) as client:
            hindered.fails_before = True
            with monkeypatch.context() as disk:
                disk.setattr(os, "write", full)
                assert [answer.status for answer in await many(client, 7)] == [200] * 7
                await until(lambda: metrics.decisions.lost == 7)
            hindered.fails_before = False
            await until(lambda: totals_in(store).get(("lost", "", "")) == 7)

    asyncio.run(run())
    assert decisions_in(store) == {}


def test_what_was_lost_is_counted_also_when_the_database_was_away_meanwhile(store: Store, tmp_path: Path) -> None:
    keeping = keeping_in(store, tmp_path, metrics := Metrics(), required=False)
    keeping.log._most_waiting = 5
    hindered = hinder(keeping)

    async def run() -> None:
        async with served(small_rule_set(), keeping, metrics) as client:
            hindered.open.clear()
            await client.check(furosemide(0))
            await asyncio.sleep(0.2)  # the first is with the writer
            await many(client, 8, start=1)
            assert metrics.decisions.lost == 3
            hindered.fails_before = True
            hindered.open.set()
            await until(lambda: metrics.decisions.kept["journal"] == 6)
            hindered.fails_before = False
            await until(lambda: metrics.decisions.flushed == 6)

    asyncio.run(run())
    assert len(decisions_in(store)) == 6
    assert totals_in(store)["lost", "", ""] == 3


_KILLED = """
import asyncio, sys
from pathlib import Path
from service.storage.session import Store
from service.telemetry import Metrics
from tests.integration.decision_world import furosemide, hinder, keeping_in, served
from tests.integration.small_knowledge import small_rule_set

async def run():
    metrics = Metrics()
    keeping = keeping_in(Store.open(sys.argv[1]), Path(sys.argv[2]), metrics)
    hinder(keeping).fails_before = True
    async with served(small_rule_set(), keeping, metrics) as client:
        async def one(worker):
            number = 0
            while True:
                number += 1
                answer = await client.check(furosemide(worker * 1000000 + number))
                print(answer.json()["check_id"], flush=True)
        await asyncio.gather(*[one(worker) for worker in range(4)])

asyncio.run(run())
"""


def test_the_journal_of_a_process_that_was_killed_is_flushed_by_the_next(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", _KILLED, database_url, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        answered = {process.stdout.readline().strip() for _ in range(100)}
        process.send_signal(signal.SIGKILL)
        answered |= {line.strip() for line in process.stdout if line.endswith("\n")}
    assert decisions_in(store) == {}
    (folder,) = (tmp_path / JOURNAL_FOLDER).iterdir()
    with next(folder.glob("*.journal")).open("ab") as file:
        file.write(b'0123456789abcdef {"id": "half a')  # and one that was being written
    keeping = keeping_in(store, tmp_path, metrics := Metrics())

    async def run() -> None:
        async with served(small_rule_set(), keeping, metrics):
            await until(lambda: metrics.decisions.torn == 1 and not folder.exists())

    asyncio.run(run())
    assert len(answered) >= 100
    rows = decisions_in(store)
    assert answered <= set(rows)
    assert len(rows) <= len(answered) + 8  # those that were durable and not yet answered
    assert totals_in(store)["checks", "", ""] == len(rows)
    assert totals_in(store)["lost", "", ""] == 1


def some_decision(number: int, **changed: Any) -> Any:  # noqa: ANN401
    return {
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "at": "2026-11-22 12:00:00.000001",
        "caller": "key/one",
        "rule_set_number": 1,
        "rule_set_digest": "a" * 64,
        "terminology_digest": None,
        "engine_version": "0.1.0",
        "as_of": "2026-11-22",
        "explain": True,
        "degraded": {"reason": "store"},
        "request_digest": "b" * 64,
        "answer_digest": "c" * 64,
        "status": "complete",
        "highest_severity": None,
        "findings": [],
        "medications": 3,
        "unrecognised": 0,
        "duration_microseconds": 5,
        "request": "eA==",
        **changed,
    }


def test_a_row_is_read_as_it_was_given(store: Store) -> None:
    DecisionBatches(store).write([some_decision(1)])
    (row,) = decisions_in(store).values()
    assert row.at.isoformat() == "2026-11-22T12:00:00.000001+00:00"
    assert (row.explain, row.degraded, row.findings, row.request) == (True, {"reason": "store"}, [], b"x")
    assert (row.terminology_digest, row.highest_severity) == (None, None)


def test_a_batch_that_is_written_again_changes_nothing(store: Store) -> None:
    batches = DecisionBatches(store)
    batches.write([some_decision(1), some_decision(2)], {"2026-11-22": 1})
    batches.write([some_decision(2), some_decision(3)])
    assert len(decisions_in(store)) == 3
    assert totals_in(store) == {("checks", "", ""): 3, ("medications", "", ""): 9, ("lost", "", ""): 1}


def test_one_bad_row_does_not_keep_back_the_others(store: Store, tmp_path: Path) -> None:
    """No check makes one; if a change of the program ever does, the rest goes on and a person finds the line."""
    with pytest.raises(DecisionsRefused):
        DecisionBatches(store).write([some_decision(1), some_decision(2, request_digest="short")])
    assert decisions_in(store) == {}
    keeping = keeping_in(store, tmp_path, metrics := Metrics())
    lines = [some_decision(number, request_digest="short" if number == 3 else "b" * 64) for number in range(1, 8)]
    keeping.journal.append([json.dumps(line).encode() for line in lines])
    keeping.journal.close()

    async def run() -> None:
        async with served(small_rule_set(), keeping, metrics):
            await until(lambda: metrics.decisions.flushed == 6)

    asyncio.run(run())
    assert len(decisions_in(store)) == 6
    assert totals_in(store)["lost", "", ""] == 1
    (kept,) = (tmp_path / JOURNAL_FOLDER).rglob("*.damaged")
    assert len(read_segment(kept).lines) == 7


def test_processes_that_write_at_once_do_not_wait_for_each_other_for_ever(store: Store) -> None:
    """Totals of the same day from both sides, in any order."""

    def write(worker: int) -> None:
        batches = DecisionBatches(store, patience=10)
        for turn in range(30):
            found = [
                {"interaction_id": f"i{(one * (7 if worker else 11)) % 40}", "key": "k", "severity": "minor"}
                for one in range(40)
            ]
            batches.write([some_decision(worker * 1000 + turn, findings=found)])
        batches.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    totals = totals_in(store)
    assert totals["checks", "", ""] == 120
    assert sum(number for (what, _, _), number in totals.items() if what == "finding") == 4800


def test_two_patients_at_once_are_answered_as_each_alone(store: Store, tmp_path: Path) -> None:
    one = {"medications": [{"id": "a", "text": "furosemide 40 mg tablet"}], "patient": {"age_years": 80}}
    other = {
        "medications": [{"id": "a", "text": "ciprofloxacin 500 mg tablet"}, {"id": "b", "text": "magnesium oxide"}],
        "patient": {"age_years": 20, "sex": "female"},
        "conditions": [],
    }

    def plain(answer: Answered) -> dict[str, Any]:
        content: dict[str, Any] = answer.json()
        return {name: value for name, value in content.items() if name != "check_id"}

    async def run() -> None:
        keeping = keeping_in(store, tmp_path, metrics := Metrics())
        async with served(small_rule_set(), keeping, metrics) as client:
            alone = [plain(await client.check(profile)) for profile in (one, other)]
            assert alone[0] != alone[1]
            mixed: list[Awaitable[Answered]] = [client.check((one, other)[turn % 2]) for turn in range(200)]
            for turn, answer in enumerate(await asyncio.gather(*mixed)):
                assert plain(answer) == alone[turn % 2]
                row = decisions_in(store)[answer.json()["check_id"]] if turn < 4 else None
                assert row is None or row.answer_digest == hashlib.sha256(answer.body).hexdigest()

    asyncio.run(run())


def test_what_gathers_is_handed_over_after_a_while_even_when_checks_never_pause(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decision_log, "_QUIET_TURNS", 10**9)
    keeping = keeping_in(store, tmp_path, metrics := Metrics())

    async def run() -> None:
        async with served(small_rule_set(), keeping, metrics) as client:
            async with asyncio.timeout(5):
                assert (await client.check(furosemide())).status == 200

    asyncio.run(run())
