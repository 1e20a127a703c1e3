"""Nothing of a call stands in a log, a metric or a refusal; a card shows the client its own words on purpose only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from service.api.cds_hooks.calls import read_call
from service.api.cds_hooks.offered import Hook
from tests.contract.cds_hooks.test_mutated_calls import FULL, LEAN
from tests.contract.cds_hooks.writing import SERVICE
from tests.contract.examples import baseline_app
from tests.spoiling import places, replaced
from tests.unit.api.conftest import LogLines, log_lines
from tests.unit.api.contract_client import ContractClient

__all__ = ["log_lines"]  # a fixture

CALLS: Final = (FULL[Hook.ORDER_SIGN], LEAN[Hook.MEDICATION_VERIFY], LEAN[Hook.PATIENT_VIEW])
CANARY: Final = "Canary-Ada-Lovelace"
TOKEN: Final = "canary.of.the.token"


@pytest.fixture
def client() -> Iterator[ContractClient]:
    with ContractClient(baseline_app()) as client:
        yield client


def test_nothing_is_logged_wherever_it_stands(client: ContractClient, log_lines: LogLines) -> None:
    refused = 0
    for number, body in enumerate(CALLS):
        authorized = {
            **body,
            "fhirServer": f"https://{TOKEN}.example/fhir",
            "fhirAuthorization": {"access_token": TOKEN, "subject": CANARY},
        }
        for path in places(authorized):
            changed = replaced(authorized, path, CANARY)
            response = client.post(SERVICE, content=json.dumps(changed), headers={"Content-Type": "application/json"})
            assert response.status_code in {200, 412, 422}
            assert TOKEN not in response.text
            if response.status_code != 200:
                refused += 1
                assert CANARY not in response.text, (number, path)
    assert refused
    written = json.dumps(log_lines())
    assert "canary" not in written.lower()
    assert "canary" not in client.get("/metrics").text.lower()


def test_a_key_of_prefetch_never_comes_back(client: ContractClient, log_lines: LogLines) -> None:
    body: dict[str, Any] = {**CALLS[0], "prefetch": {CANARY: {CANARY: [{CANARY: None}]}, f"{CANARY}2": CANARY}}
    response = client.post(SERVICE, json=body)
    assert response.status_code == 200
    assert CANARY not in response.text
    assert CANARY not in json.dumps(log_lines())


def test_a_token_does_not_show_when_a_call_is_written_out() -> None:
    body = {**CALLS[0], "fhirServer": "https://ehr.example", "fhirAuthorization": {"access_token": TOKEN}}
    call = read_call(json.dumps(body).encode())
    assert call.fhir is not None
    assert call.fhir.token == TOKEN
    assert TOKEN not in repr(call)
