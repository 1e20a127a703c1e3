"""An application over a database of its own, with people who have signed in, and a gate that does as it is told."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from httpx2 import Response

from service.application import rule_sets
from service.application.gate_room import GateRoom
from service.application.principals import Role
from service.storage.session import Store
from tests.entrance import House
from tests.integration.control_room import NOON, judge
from tests.integration.databases import migrated_sqlite
from tests.integration.small_knowledge import small_rule_set
from tests.keys import KEYRING
from tests.unit.api.contract_client import ContractClient

PEOPLE = {
    "ann": [Role.AUTHOR],
    "bea": [Role.AUTHOR, Role.REVIEWER],
    "rex": [Role.REVIEWER],
    "pia": [Role.PUBLISHER],
    "adi": [Role.AUDITOR],
    "eve": [Role.VIEWER],
    "cli": [Role.CLIENT],
}


class ControlClient(ContractClient):
    """Sends requests as one of a few people."""

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
def control_client(folder: Path) -> Iterator[ControlClient]:
    """The client, and people who have signed in.

    They are ann (author), bea (author, reviewer), rex (reviewer), pia (publisher), adi (auditor), eve (viewer) and cli
    (client).
    """
    with Store.open(migrated_sqlite(folder / "control.sqlite3")) as store:
        rule_sets.seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="for a test")
        house = House(store)
        tokens = {name: house.signed_in(house.person(name, *roles)) for name, roles in PEOPLE.items()}
        with ControlClient(house.app(gate=GateRoom(judge))) as client:
            client.tokens = tokens
            yield client
