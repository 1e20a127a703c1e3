"""An application over a test's database with clients and people of every role, and decisions that are kept."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from httpx2 import Response

from service.application.access.desk import Desk
from service.application.access.entrance import Entrance
from service.application.access.keys import WantedKey, create_key
from service.application.access.passwords import Passwords
from service.application.active import ActiveRuleSet, utc_now
from service.application.control import control_over
from service.application.decision_keeping import DecisionKeeping
from service.application.drafts import Act
from service.application.principals import DEVELOPER, Role
from service.application.watch import StoreWatch
from service.main import create_app
from service.settings import Settings
from service.storage.session import Store
from service.telemetry import Metrics
from tests.keys import KEYRING
from tests.unit.api.contract_client import ContractClient

TODAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ROLES = {"one": Role.CLIENT, "two": Role.CLIENT, "auditor": Role.AUDITOR, "viewer": Role.VIEWER}
JSON_TYPE = {"content-type": "application/json"}


class Clock:
    """The moment decisions are made at; feedback comes at the same."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


class DecisionClient(ContractClient):
    """Asks with the key of somebody, and holds every answer against the contract."""

    keys: Mapping[str, str]
    watch: StoreWatch
    clock: Clock
    keeping: DecisionKeeping

    def by(
        self,
        who: str,
        method: str,
        path: str,
        body: Any = None,  # noqa: ANN401
        *,
        key: str | None = None,
    ) -> Response:
        headers = {"x-api-key": self.keys[who]}
        if key is not None:
            headers["idempotency-key"] = key
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if content is not None:
            headers |= JSON_TYPE
        return self.request(method, path, content=content, headers=headers)

    def check(self, profile: Any, who: str = "one", query: str = "") -> Response:  # noqa: ANN401
        response = self.by(who, "POST", f"/v1/checks{query}", profile)
        assert response.status_code == 200
        return response

    def replay(self, decision_id: str, body: Any = None, who: str = "one") -> Response:  # noqa: ANN401
        return self.by(who, "POST", f"/v1/decisions/{decision_id}/replay", body)

    def feedback(self, decision_id: str, body: Any, who: str = "one", key: str | None = None) -> Response:  # noqa: ANN401
        return self.by(who, "POST", f"/v1/decisions/{decision_id}/feedback", body, key=key or str(uuid.uuid4()))


@contextmanager
def decision_client(store: Store, data_dir: Path, *, keep_requests: bool = False) -> Iterator[DecisionClient]:
    """The client; the store has a rule set already."""
    desk = Desk(KEYRING, store)
    keys = {}
    for name, role in ROLES.items():
        with store.writing() as session:
            wanted = WantedKey(name, [role], requests_per_minute=1_000_000)
            keys[name] = create_key(session, KEYRING, wanted, Act(DEVELOPER, "for a test", utc_now()))[1]
    desk.refresh()
    clock, metrics = Clock(), Metrics()
    active = ActiveRuleSet()
    watch = StoreWatch(store, active, KEYRING, followers=[desk.look])
    keeping = DecisionKeeping(store, data_dir, metrics.decisions, required=True, keep_requests=keep_requests, now=clock)
    app = create_app(
        Settings(),
        active,
        watch=watch,
        entrance=Entrance(desk, Passwords(memory_kib=64)),
        control=control_over(store, KEYRING, look_at_once=watch.look, clock=clock),
        metrics=metrics,
        decisions=keeping,
        today=lambda: TODAY,
    )
    with DecisionClient(app) as client:
        client.keys, client.watch, client.clock, client.keeping = keys, watch, clock, keeping
        yield client
