"""Pages of other origins: only those named, at CDS Hooks, on errors too; preflights before anybody is asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient

from rules.compiled import CompiledRuleSet
from service.application.active import ActiveRuleSet
from service.main import create_app
from service.settings import Settings
from tests.contract.cds_hooks.writing import SERVICE

OURS: Final = "https://sandbox.example:8443"
PREFLIGHT: Final = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type",
}


@pytest.fixture
def client(compiled: CompiledRuleSet) -> Iterator[TestClient]:
    # Production: nobody is known, so that everything but a preflight is refused.
    settings = Settings.model_validate({"cds_origins": f"{OURS}, https://ehr.example"})
    with TestClient(create_app(settings, ActiveRuleSet(compiled))) as client:
        yield client


@pytest.mark.parametrize("path", ["/cds-services", SERVICE, f"{SERVICE}/feedback", "/cds-services/of-others"])
def test_a_preflight_is_answered_before_anybody_is_asked(client: TestClient, path: str) -> None:
    response = client.options(path, headers={"Origin": OURS, **PREFLIGHT})
    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == OURS
    assert response.headers["access-control-allow-methods"] == "GET, POST"
    assert response.headers["access-control-allow-headers"] == "authorization, content-type, accept"
    assert "access-control-allow-credentials" not in response.headers
    assert response.headers["vary"] == "Origin"
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://sandbox.example:8443",
        "https://sandbox.example",
        "https://sandbox.example:8443/",
        "https://sandbox.example:8443.evil.example",
        "https://SANDBOX.example:8443",
        "null",
        "*",
        "",
    ],
)
def test_no_other_origin_is_let_in(client: TestClient, origin: str) -> None:
    for response in (
        client.options(SERVICE, headers={"Origin": origin, **PREFLIGHT}),
        client.post(SERVICE, json={}, headers={"Origin": origin}),
    ):
        assert not [name for name in response.headers if name.startswith("access-control")]
        assert response.headers["vary"] == "Origin"
        assert response.status_code in {401, 405}


def test_errors_can_be_read_by_the_page(client: TestClient) -> None:
    answers = {
        401: client.post(SERVICE, json={}, headers={"Origin": OURS}),
        404: client.post("/cds-services/of-others", json={}, headers={"Origin": OURS}),
        405: client.put(SERVICE, json={}, headers={"Origin": OURS}),
        413: client.post(
            SERVICE, content=b"x" * 2_000_000, headers={"Origin": OURS, "Content-Type": "application/json"}
        ),
    }
    for status, response in answers.items():
        assert response.status_code == status
        assert response.headers["access-control-allow-origin"] == OURS
        assert "x-correlation-id" in response.headers["access-control-expose-headers"]


def test_nothing_else_is_opened(client: TestClient) -> None:
    for path in ("/v1/checks", "/health/live", "/fhir/metadata", "/cds-servicesX", "/admin"):
        for response in (
            client.options(path, headers={"Origin": OURS, **PREFLIGHT}),
            client.get(path, headers={"Origin": OURS}),
        ):
            assert not [name for name in response.headers if name.startswith("access-control")]


def test_without_the_setting_there_is_none_of_it(compiled: CompiledRuleSet) -> None:
    with TestClient(create_app(Settings(), ActiveRuleSet(compiled))) as client:
        response = client.options(SERVICE, headers={"Origin": OURS, **PREFLIGHT})
        assert response.status_code == 405
        assert "access-control-allow-origin" not in response.headers
        assert "vary" not in response.headers


@pytest.mark.parametrize(
    "wrong",
    [
        "*",
        "null",
        "https://*.example",
        "https://a.example/",
        "a.example",
        "https://A.example",
        "https://a.example:443",
        "https://u@a.example",
        "ftp://a.example",
        "https://",
    ],
)
def test_origins_are_written_exactly(wrong: str) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"cds_origins": wrong})


@pytest.mark.parametrize(
    "wrong",
    [
        "http://ehr.example/fhir",
        "https://ehr.example/fhir?x=1",
        "ehr.example",
        "https://u:p@ehr.example",
        "https://ehr.example/../x",
    ],
)
def test_servers_are_written_safely(wrong: str) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"cds_fhir_servers": wrong})
    good = Settings.model_validate({"cds_fhir_servers": "https://ehr.example/fhir/,http://127.0.0.1:9/r4"})
    assert good.cds_fhir_servers == ("https://ehr.example/fhir", "http://127.0.0.1:9/r4")
