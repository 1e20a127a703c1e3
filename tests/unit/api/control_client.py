"""An application over a database of its own, with people who have signed in, and a gate that does as it is told."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from httpx2 import Response

from service.application import rule_sets
from service.application.access.desk import Desk
from service.application.access.entrance import Entrance
from service.application.access.passwords import Passwords
from service.application.access.people import create_person
from service.application.access.sign_ins import begin
from service.application.active import ActiveRuleSet, utc_now
from service.application.control import control_over
from service.application.drafts import Act
from service.application.gate_room import GateRoom
from service.application.principals import DEVELOPER, Role
from service.application.watch import StoreWatch
from service.main import create_app
from service.settings import Environment, Settings
from service.storage import migration
from service.storage.session import Store
from tests.integration.control_room import KEYRING, NOON, judge
from tests.integration.small_knowledge import small_rule_set
from tests.unit.api.contract_client import ContractClient

PASSWORD = "a long password of this test"


class ControlClient(ContractClient):
    """Sends requests as one of a few people."""

    entrance: Entrance
    store: Store
    tokens: dict[str, str]

    def sent(
        self,
        who: str | None,
        method: str,
        path: str,
        body: Any = None,  # noqa: ANN401
        *,
        tag: str | None = None,
        key: str | None = "",
    ) -> Response:
        """A request of somebody, with a new idempotency key unless one is given (None: without)."""
        headers = {} if who is None else {"authorization": f"Bearer {self.tokens[who]}"}
        if tag is not None:
            headers["if-match"] = tag
        if body is not None and key is not None:
            headers["idempotency-key"] = key or str(uuid.uuid4())
        return self.request(method, path, json=body, headers=headers)


@contextmanager
def control_client(folder: Path, *, environment: Environment = Environment.PRODUCTION) -> Iterator[ControlClient]:
    """The client, and people who have signed in.

    They are ann (author), bea (author, reviewer), rex (reviewer), pia (publisher), adi (auditor), eve (viewer) and cli
    (client).
    """
    url = f"sqlite:///{folder / 'control.sqlite3'}"
    migration.upgrade(url)
    roles = {
        "ann": [Role.AUTHOR],
        "bea": [Role.AUTHOR, Role.REVIEWER],
        "rex": [Role.REVIEWER],
        "pia": [Role.PUBLISHER],
        "adi": [Role.AUDITOR],
        "eve": [Role.VIEWER],
        "cli": [Role.CLIENT],
    }
    with Store.open(url) as store:
        rule_sets.seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="for a test")
        desk = Desk(KEYRING, store)
        entrance = Entrance(desk, Passwords(memory_kib=64))
        hashed = entrance.passwords.hashed(PASSWORD)
        tokens = {}
        now = utc_now()
        for name, given in roles.items():
            with store.writing() as session:
                act = Act(DEVELOPER, "for a test", now)
                person = create_person(session, act, login=name, name=name.title(), roles=given, password_hash=hashed)
                tokens[name] = begin(session, entrance.ways(), person, method="password", now=now).token
        desk.refresh()
        active = ActiveRuleSet()
        watch = StoreWatch(store, active, KEYRING, followers=[desk.look])
        control = control_over(
            store,
            KEYRING,
            look_at_once=watch.look,
            gate=GateRoom(judge),
            require_fresh=entrance.require_fresh,
        )
        settings = Settings(environment=environment)
        app = create_app(settings, active, watch=watch, entrance=entrance, control=control)
        with ControlClient(app) as client:
            client.entrance, client.store, client.tokens = entrance, store, tokens
            yield client
