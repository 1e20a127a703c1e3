"""A service whose decisions are logged, asked many questions at once in one event loop, and stores that misbehave."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from sqlmodel import select

from rules import compile_rule_set
from rules.model import RuleSet
from service.application.active import ActiveRuleSet
from service.application.decision_keeping import DecisionKeeping
from service.application.decision_log import Batches
from service.errors import StoreUnavailable
from service.main import Application, create_app
from service.settings import Environment, Settings
from service.storage.decision_batches import Decision
from service.storage.session import Store
from service.storage.tables import DailyTotalRow, DecisionRow
from service.telemetry import Metrics

TODAY = date(2026, 11, 22)


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer of the application."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401
        return json.loads(self.body)


@dataclass(slots=True)
class Client:
    """Asks an application without a network in between, as often at once as one likes."""

    app: Application
    state: Mapping[str, Any]
    scope: dict[str, Any] = field(default_factory=dict)

    async def ask(self, method: str, path: str, content: bytes = b"", **headers: str) -> Answered:
        path, _, query = path.partition("?")
        given = {"host": "test", "content-length": str(len(content)), "content-type": "application/json"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
            "client": ("127.0.0.1", 1),
            "server": ("test", 80),
            "state": dict(self.state),
            **self.scope,
        }
        sent: list[dict[str, Any]] = []
        asked = [{"type": "http.request", "body": content, "more_body": False}]

        async def receive() -> dict[str, Any]:
            if asked:
                return asked.pop()
            await asyncio.sleep(3600)
            raise AssertionError

        async def send(message: Any) -> None:  # noqa: ANN401
            sent.append(message)

        await self.app(scope, receive, send)
        start = sent[0]
        return Answered(
            start["status"],
            {name.decode().lower(): value.decode() for name, value in start["headers"]},
            b"".join(message.get("body", b"") for message in sent[1:]),
        )

    async def check(self, profile: Mapping[str, Any], query: str = "") -> Answered:
        return await self.ask("POST", f"/v1/checks{query}", json.dumps(profile).encode())


def keeping_in(
    store: Store,
    data_dir: Path,
    metrics: Metrics,
    *,
    required: bool = True,
    **options: Any,  # noqa: ANN401
) -> DecisionKeeping:
    return DecisionKeeping(store, data_dir, metrics.decisions, required=required, **options)


@asynccontextmanager
async def served(
    rule_set: RuleSet | ActiveRuleSet,
    keeping: DecisionKeeping | None,
    metrics: Metrics,
    **settings: Any,  # noqa: ANN401
) -> AsyncIterator[Client]:
    """The application, running."""
    active = rule_set if isinstance(rule_set, ActiveRuleSet) else ActiveRuleSet(compile_rule_set(rule_set, version=1))
    chosen = Settings(environment=Environment.DEVELOPMENT, **settings)
    app = create_app(chosen, active, metrics=metrics, decisions=keeping, today=lambda: TODAY)
    async with app.router.lifespan_context(app) as state:
        yield Client(app, state or {})


@contextmanager
def often(rule_set: RuleSet | ActiveRuleSet) -> Iterator[Callable[[str, bytes], Answered]]:
    """Posts a body to a path, as often as one likes: without a network, without threads, and with no rate."""
    with asyncio.Runner() as runner:
        service = served(rule_set, None, Metrics(), requests_per_minute=10_000_000)
        client = runner.run(service.__aenter__())
        yield lambda path, content: runner.run(client.ask("POST", path, content))
        runner.run(service.__aexit__(None, None, None))


def furosemide(number: int = 1) -> dict[str, Any]:
    """A question that differs from others by its number."""
    return {
        "medications": [{"id": f"m{number}", "text": "furosemide 40 mg tablet"}, {"id": "x", "text": "no such thing"}]
    }


class Hindered:
    """Batches that can be blocked, fail before they have written, or fail after."""

    def __init__(self, batches: Batches) -> None:
        self.batches = batches
        self.open = threading.Event()
        self.open.set()
        self.fails_before = self.fails_after = False
        self.attempts = 0
        self.transactions: list[int] = []

    def write(self, decisions: Sequence[Decision], lost: Mapping[str, int] | None = None) -> None:
        self.attempts += 1
        assert self.open.wait(30)
        if self.fails_before:
            raise StoreUnavailable("away")
        self.batches.write(decisions, lost)
        self.transactions.append(len(decisions))
        if self.fails_after:
            raise StoreUnavailable("away, and nobody knows since when")

    def close(self) -> None:
        self.batches.close()


def hinder(keeping: DecisionKeeping) -> Hindered:
    """Put something in between the log and the database that can be told to misbehave; for recovery too."""
    hindered = Hindered(keeping.log._batches)
    keeping.log._batches = hindered
    keeping._recovery._batches = SameTrouble(hindered, keeping._recovery._batches)
    return hindered


class SameTrouble:
    """The same database by another connection."""

    def __init__(self, hindered: Hindered, batches: Batches) -> None:
        self.hindered = hindered
        self.batches = batches

    def write(self, decisions: Sequence[Decision], lost: Mapping[str, int] | None = None) -> None:
        if self.hindered.fails_before or self.hindered.fails_after or not self.hindered.open.is_set():
            raise StoreUnavailable("away")
        self.batches.write(decisions, lost)

    def close(self) -> None:
        self.batches.close()


def decisions_in(store: Store) -> dict[str, DecisionRow]:
    with store.reading() as session:
        return {row.id: row for row in session.exec(select(DecisionRow))}


def totals_in(store: Store) -> dict[tuple[str, str, str], int]:
    with store.reading() as session:
        totals: dict[tuple[str, str, str], int] = {}
        for row in session.exec(select(DailyTotalRow)):
            key = (row.what, row.subject, row.severity)
            totals[key] = totals.get(key, 0) + row.number
        return totals
