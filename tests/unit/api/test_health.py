"""Health, metrics, the description and its page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rules import CompiledRuleSet
from service.api import docs
from service.application.active import ActiveRuleSet
from service.application.watch import StoreWatch
from service.main import create_app
from service.settings import Environment, Settings
from tests.unit.api.contract_client import ContractClient


class FixedWatch(StoreWatch):
    """A watch that saw the store so many seconds ago, or never."""

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds

    def age(self) -> float | None:
        return self.seconds

    @contextmanager
    def running(self) -> Iterator[None]:
        yield


def test_a_process_that_answers_lives(client_without_rules: ContractClient) -> None:
    response = client_without_rules.get("/health/live")
    assert response.status_code == 200
    assert response.json() == {"status": "alive"}


def test_ready_with_a_rule_set(settings: Settings, compiled: CompiledRuleSet) -> None:
    with ContractClient(create_app(settings, ActiveRuleSet(compiled), watch=FixedWatch(0.25))) as client:
        readiness = client.get("/health/ready").json()
    assert readiness["status"] == "ready"
    assert readiness["reasons"] == []
    assert readiness["rule_set"] == {"version": 7, "digest": compiled.digest}
    assert readiness["store_seen_seconds_ago"] == 0.25


@pytest.mark.parametrize("seconds", [None, 3.1, 86400.0])
def test_degraded_when_the_store_was_not_seen_lately(
    settings: Settings, compiled: CompiledRuleSet, seconds: float | None
) -> None:
    with ContractClient(create_app(settings, ActiveRuleSet(compiled), watch=FixedWatch(seconds))) as client:
        response = client.get("/health/ready")
        assert client.post("/v1/checks", json={"medications": []}).status_code == 200
    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    assert response.json()["reasons"] == ["the database does not answer; checks go on with the rule set in memory"]


def test_not_ready_without_a_rule_set(client_without_rules: ContractClient) -> None:
    response = client_without_rules.get("/health/ready")
    assert response.status_code == 503
    assert response.json()["code"] == "not-ready"
    assert response.json()["detail"] == "No rule set has been loaded: it has not been looked for yet."


def test_metrics_tell_which_rule_set_answers(client: ContractClient) -> None:
    response = client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    assert "magcheck_rule_set_version 7.0" in response.text


# --- the description --------------------------------------------------------------------------------------------------


def test_the_page_and_all_it_loads_come_from_here(client: ContractClient) -> None:
    page = client.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert "/docs/assets/docs.js" in addresses
    for address in addresses:
        if not address.startswith("data:"):
            assert address.startswith("/")
            assert client.get(address).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["../api/problems.py", "%2e%2e/problems.py", "..%2f..%2fmain.py", "nothing.js", "", "vendor", "//etc/passwd"],
)
def test_only_the_assets_are_served(client: ContractClient, path: str) -> None:
    assert client.get(f"{docs.ASSETS_PATH}/{path}").status_code == 404


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/docs/assets/docs.js"])
def test_the_description_can_be_switched_off(compiled: CompiledRuleSet, path: str) -> None:
    with ContractClient(
        create_app(Settings(environment=Environment.DEVELOPMENT, expose_docs=False), ActiveRuleSet(compiled))
    ) as client:
        assert client.get(path).status_code == 404
        assert client.get("/metrics").status_code == 200


def test_metrics_can_be_switched_off(compiled: CompiledRuleSet) -> None:
    with ContractClient(
        create_app(Settings(environment=Environment.DEVELOPMENT, expose_metrics=False), ActiveRuleSet(compiled))
    ) as client:
        assert client.get("/metrics").status_code == 404
        assert client.get("/docs").status_code == 200


def test_the_page_exists_in_the_package() -> None:
    assert Path(docs.__file__).with_name("static").joinpath("docs.html").is_file()
