"""One worker of the service in this process, with everything it has in front of a store, and what to ask of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from starlette.testclient import TestClient

from service.application.active import ActiveRuleSet
from service.application.control import control_over
from service.application.keeping import Keeping
from service.application.last_known_good import KeptPart, LastKnownGoodFile
from service.application.standing import Standing
from service.application.watch import StoreWatch
from service.main import create_app
from service.settings import Environment, Settings
from service.storage.session import Store, Transaction
from tests.keys import KEYRING

QUESTION: Final = {
    "medications": [{"id": "m1", "text": "Cipro 500 mg tablet"}, {"id": "m2", "text": "magnesium oxide 400 mg"}],
    "as_of": "2026-11-22",
}
PLACE: Final = "postgresql://here/magcheck"
# Of a check, however the store is doing; generous, because the machine may do much else.
CHECK_SECONDS: Final = 1.0


@dataclass
class Worker:
    """A worker that runs."""

    client: TestClient
    active: ActiveRuleSet
    watch: StoreWatch
    standing: Standing

    def check(self, **headers: str) -> dict[str, Any]:
        """An answer, which there always is, and soon."""
        started = time.monotonic()
        response = self.client.post("/v1/checks", json=QUESTION, headers=headers)
        assert response.status_code == 200, response.text
        assert time.monotonic() - started < CHECK_SECONDS
        answer: dict[str, Any] = response.json()
        return answer

    def ready(self) -> dict[str, Any]:
        """What readiness says; at once, whatever the store does."""
        started = time.monotonic()
        readiness: dict[str, Any] = self.client.get("/health/ready").json()
        assert time.monotonic() - started < CHECK_SECONDS
        return readiness

    def open_draft(self, key: str) -> tuple[int, dict[str, Any], float]:
        """Change something: the status, the body, and how long it took."""
        started = time.monotonic()
        response = self.client.post(
            "/v1/drafts",
            json={"title": "A draft", "reason": "for a test"},
            headers={"Idempotency-Key": key},
        )
        if response.status_code == 503:
            assert response.json()["code"] == "store-unavailable"
            assert int(response.headers["retry-after"]) >= 1
        return response.status_code, response.json(), time.monotonic() - started


@contextmanager
def working(
    store: Store,
    folder: Path,
    *,
    standing: Standing | None = None,
    parts: Iterable[KeptPart] = (),
    followers: Iterable[Callable[[Transaction], None]] = (),
    place: str = PLACE,
) -> Generator[Worker]:
    """A worker over a store, with its data folder."""
    active = ActiveRuleSet()
    watch = StoreWatch(
        store,
        active,
        KEYRING,
        standing=standing,
        keeping=Keeping(store, LastKnownGoodFile(folder, KEYRING, place), parts),
        followers=followers,
    )
    settings = Settings(environment=Environment.DEVELOPMENT, data_dir=folder)
    control = control_over(store, KEYRING, look_at_once=watch.catch_up)
    with TestClient(create_app(settings, active, watch=watch, control=control)) as client:
        yield Worker(client, active, watch, watch.standing)


def wait_until(true: Callable[[], object], seconds: float) -> float:
    """Wait for something; the answer is how long it took."""
    started = time.monotonic()
    while not true():
        assert time.monotonic() - started < seconds, f"not within {seconds} s"
        time.sleep(0.02)
    return time.monotonic() - started


def lasting(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer without what is about the moment."""
    return {key: value for key, value in answer.items() if key not in {"check_id", "degraded"}}
