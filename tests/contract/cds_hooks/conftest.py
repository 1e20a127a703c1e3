"""The service over the packaged knowledge, and a look at what it asked its engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from rules.profile import MedicationProfile
from service.application.checks import CheckAnswer, Checks
from tests.contract.examples import baseline_app
from tests.unit.api.contract_client import ContractClient

Asked = list[tuple[MedicationProfile, CheckAnswer]]


@pytest.fixture(scope="module")
def client() -> Iterator[ContractClient]:
    """Holds every answer against the contract."""
    with ContractClient(baseline_app()) as client:
        yield client


@pytest.fixture(scope="module")
def quick() -> Iterator[TestClient]:
    """For many calls, whose answers the test looks at itself."""
    with TestClient(baseline_app(), raise_server_exceptions=True) as client:
        yield client


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Every question that is asked meanwhile, with its answer as the engine gave it."""
    seen: Asked = []
    check = Checks.check

    def watched(self: Checks, profile: MedicationProfile, **more: Any) -> CheckAnswer:  # noqa: ANN401
        answer = check(self, profile, **more)
        seen.append((profile, answer))
        return answer

    monkeypatch.setattr(Checks, "check", watched)
    return seen
