"""What did not come along is asked of the client's FHIR server: only of one that is named; nothing of it is kept."""

from __future__ import annotations

import functools
import json
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from starlette.testclient import TestClient

from service.application import fhir_server
from service.application.active import ActiveRuleSet
from service.main import create_app
from service.settings import Environment, Settings
from tests.contract.cds_hooks.writing import (
    CIPROFLOXACIN,
    MAGNESIUM_OXIDE,
    NOTHING_ELSE,
    SERVICE,
    bundle,
    call,
    current,
    order,
)
from tests.contract.examples import compiled_baseline
from tests.integration.issuer import Address, address
from tests.spoiling import VALUES as ANYTHING
from tests.spoiling import replaced
from tests.spoiling import written as spoilt
from tests.unit.api.conftest import LogLines, log_lines

__all__ = ["log_lines"]

TAKEN: Final = json.dumps(bundle(current(MAGNESIUM_OXIDE))).encode()
TOKEN: Final = "canary-token"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests are not about how fast this machine is."""
    monkeypatch.setattr(fhir_server, "TOTAL_SECONDS", 60.0)


@contextmanager
def service(*servers: str) -> Generator[TestClient]:
    settings = Settings(environment=Environment.DEVELOPMENT, cds_fhir_servers=servers)
    with TestClient(create_app(settings, ActiveRuleSet(compiled_baseline()))) as client:
        yield client


def base(served: Address) -> str:
    return served.url.removesuffix("/keys.json")


def ask(client: TestClient, server: str | None, **more: Any) -> list[str]:  # noqa: ANN401
    body = {**call("order-sign", order(CIPROFLOXACIN), prefetch={}), "fhirServer": server, **more}
    response = client.post(SERVICE, json=body)
    assert response.status_code == 200, response.text
    return [card["summary"] for card in response.json()["cards"]]


def test_a_server_that_is_named_is_asked_for_what_is_missing() -> None:
    with address(content=TAKEN) as served, service(base(served)) as client:
        summaries = ask(client, f"{base(served)}/", fhirAuthorization={"access_token": TOKEN})
        assert [one for one in summaries if "ciprofloxacin + magnesium oxide" in one]
        assert not [one for one in summaries if "current medications" in one]
        assert served.visits == 8
        # What came along is not asked for.
        full = {key: bundle() for key in ("medicationRequests", "conditions", "magnesium")}
        ask(client, base(served), prefetch=full)
        assert served.visits == 8 + 4


@pytest.mark.parametrize("suffix", ["", "/fhir", "/../", "?x=1", "#x", "@elsewhere.example", ".elsewhere.example"])
def test_no_other_server_is_asked(suffix: str) -> None:
    with address(content=TAKEN) as served, service("https://ehr.example/fhir", f"{base(served)}/r4") as client:
        summaries = ask(client, f"{base(served)}{suffix}")
        assert served.visits == 0
        assert [one for one in summaries if "current medications" in one]


def test_it_is_off_by_default() -> None:
    with address(content=TAKEN) as served, service() as client:
        ask(client, base(served))
        assert served.visits == 0


@pytest.mark.parametrize("patient", [None, "", "../Practitioner", "p1?x=1", "p1&y", "x" * 65, "é"])
def test_only_about_a_patient_with_an_id(patient: str | None) -> None:
    with address(content=TAKEN) as served, service(base(served)) as client:
        context = {"userId": "Practitioner/1", "draftOrders": bundle(order(CIPROFLOXACIN, subject=None))}
        ask(client, base(served), context={**context, "patientId": patient})
        assert served.visits in ({0} if patient != "../Practitioner" else {0, 8})


@pytest.mark.parametrize(
    "served_as",
    [
        {"status": 500},
        {"status": 302, "headers": {"Location": "https://elsewhere.example/"}},
        {"content": b"no JSON"},
        {"content": b"[]" + b" " * 300_000},
        {"content": b'{"resourceType": "Bundle", "entry": ' + b"[" * 900 + b"]" * 900 + b"}"},
        {"content": json.dumps(bundle(current(MAGNESIUM_OXIDE), link=[{"relation": "next", "url": "x"}])).encode()},
        {"content": json.dumps(functools.reduce(lambda inner, _: bundle(inner), range(9), bundle())).encode()},
        {"content": json.dumps(bundle(*[current(f"{number}", id=f"r{number}") for number in range(201)])).encode()},
    ],
)
def test_what_fails_there_is_said(served_as: dict[str, Any]) -> None:
    with address(**{"content": TAKEN, **served_as}) as served, service(base(served)) as client:
        assert [one for one in ask(client, base(served)) if "current medications are not known or not all" in one]
        assert served.visits == 8  # and no further page


@pytest.mark.parametrize("name", ANYTHING)
def test_whatever_it_sends_there_is_an_answer(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Every kind of JSON in place of each resource and of each list, and in the elements they are told by.

    What has no type that there is, is no list of somebody who takes nothing.
    """
    server = "https://ehr.example/fhir"
    listed = bundle(current(MAGNESIUM_OXIDE))
    telling = [(), ("resourceType",), ("entry",), ("entry", 0), ("entry", 0, "resource"), ("link",)]
    telling += [("entry", 0, "resource", element) for element in ("resourceType", "id", "status", "subject")]
    content = b""
    monkeypatch.setattr(fhir_server.FhirServers.__init__, "__defaults__", (lambda *_, **__: (200, content),))
    with service(server) as client:
        for path in telling:
            content = spoilt(replaced({**listed, "link": []}, path, ANYTHING[name]))
            body = {**call("order-sign", order(CIPROFLOXACIN), prefetch={}), "fhirServer": server}
            response = client.post(SERVICE, json=body)
            assert response.status_code == 200, path
            if path[-1:] == ("resourceType",) and ANYTHING[name] != "Bundle":
                assert [one for one in response.json()["cards"] if one["summary"].startswith("Not everything")], path


def test_nobody_waits_for_a_slow_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fhir_server, "TOTAL_SECONDS", 0.2)
    with address(content=TAKEN + b" " * 200_000, seconds=1.0) as served, service(base(served)) as client:
        assert [one for one in ask(client, base(served)) if "current medications" in one]


def test_nothing_of_it_is_logged_and_no_token_is_sent_where_there_is_none(log_lines: LogLines) -> None:
    asked: list[dict[str, str]] = []

    def fetch(url: str, *, headers: dict[str, str]) -> tuple[int, bytes]:
        assert url.startswith("https://ehr.example/fhir/")
        asked.append(headers)
        return 200, TAKEN

    import asyncio  # noqa: PLC0415

    for token, expected in ((TOKEN, f"Bearer {TOKEN}"), (None, None), ("two\r\nlines", None)):
        servers = fhir_server.FhirServers(("https://ehr.example/fhir",), fetch)
        templates = {"patient": "Patient/{{context.patientId}}"}
        asyncio.run(servers.ask("https://ehr.example/fhir", token, "p1", templates))
        assert asked[-1].get("Authorization") == expected
    with address(content=TAKEN) as served, service(base(served)) as client:
        ask(
            client,
            base(served),
            fhirAuthorization={"access_token": TOKEN},
            prefetch={"conditions": NOTHING_ELSE["conditions"]},
        )
    written = json.dumps(log_lines())
    assert TOKEN not in written
    assert "p1" not in written
    assert "MedicationRequest" not in written
