"""Health, metrics, the description and its page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from rules import CompiledRuleSet
from service.api import docs
from service.application.active import ActiveRuleSet
from service.application.standing import Source, Standing
from service.application.watch import StoreWatch
from service.main import create_app
from service.settings import Environment, Settings, StalePolicy
from tests.unit.api.contract_client import ContractClient


class FixedWatch(StoreWatch):
    """A watch that saw the store so many seconds ago, or never."""

    def __init__(self, seconds: float | None, **options: Any) -> None:  # noqa: ANN401 - those of Standing
        self.now = 1000.0
        self.standing = Standing(monotonic=lambda: self.now, **options)
        if seconds is not None:
            self.standing.seen(Source.MEMORY, None)
            self.now += seconds

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


# Whatever is answered from the rule set says where it comes from.
ANSWERS = pytest.mark.parametrize("path", ["/v1/checks", "/v1/medications/resolve"])


@ANSWERS
@pytest.mark.parametrize("seconds", [None, 3.1, 86400.0])
def test_degraded_when_the_store_was_not_seen_lately(
    settings: Settings, compiled: CompiledRuleSet, seconds: float | None, path: str
) -> None:
    with ContractClient(create_app(settings, ActiveRuleSet(compiled), watch=FixedWatch(seconds))) as client:
        response = client.get("/health/ready")
        checked = client.post(path, json={"medications": []})
    reasons = ["the database does not answer; checks go on with the rule set in memory"]
    assert checked.status_code == 200
    assert checked.json()["degraded"] == {"source": "memory", "store_seen_seconds_ago": seconds, "reasons": reasons}
    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    assert response.json()["reasons"] == reasons
    assert response.json()["source"] == "memory"


def test_not_ready_without_a_rule_set(client_without_rules: ContractClient) -> None:
    response = client_without_rules.get("/health/ready")
    assert response.status_code == 503
    assert response.json()["code"] == "not-ready"
    assert response.json()["detail"] == "No rule set has been loaded: it has not been looked for yet."


TOO_LONG = 24 * 3600.0 + 1


@ANSWERS
def test_beyond_what_is_allowed_answers_say_so_loudly(settings: Settings, compiled: CompiledRuleSet, path: str) -> None:
    with ContractClient(create_app(settings, ActiveRuleSet(compiled), watch=FixedWatch(TOO_LONG))) as client:
        answer = client.post(path, json={"medications": []}).json()
        readiness = client.get("/health/ready").json()
    assert answer["degraded"]["reasons"][0].startswith("OUT OF DATE: for 24 hours the database has not confirmed")
    assert readiness["status"] == "degraded"
    assert readiness["reasons"][0] == answer["degraded"]["reasons"][0]


@ANSWERS
def test_beyond_what_is_allowed_nothing_is_answered_where_the_settings_want_that(
    settings: Settings, compiled: CompiledRuleSet, path: str
) -> None:
    watch = FixedWatch(TOO_LONG, policy=StalePolicy.REFUSE)
    with ContractClient(create_app(settings, ActiveRuleSet(compiled), watch=watch)) as client:
        refused = client.post(path, json={"medications": []})
        assert (refused.status_code, refused.json()["code"]) == (503, "rule-set-stale")
        assert refused.headers["retry-after"]
        assert client.get("/health/ready").status_code == 503
        watch.standing.seen(Source.MEMORY, None)
        assert client.post(path, json={"medications": []}).json()["degraded"] is None
        assert client.get("/health/ready").json()["status"] == "ready"


def test_metrics_tell_how_it_stands(settings: Settings, compiled: CompiledRuleSet) -> None:
    watch = FixedWatch(7.5)
    with ContractClient(create_app(settings, ActiveRuleSet(compiled), watch=watch)) as client:
        text = client.get("/metrics").text
        assert "magcheck_store_age_seconds 7.5" in text
        assert "magcheck_degraded 1.0" in text
        assert 'magcheck_rule_set_source{source="memory"} 1.0' in text
        watch.standing.seen(Source.LAST_KNOWN_GOOD, None)
        watch.standing.not_saved = "no room"
        watch.standing.saves_failed = 3
        text = client.get("/metrics").text
    assert "magcheck_store_age_seconds 0.0" in text
    assert 'magcheck_rule_set_source{source="memory"} 0.0' in text
    assert 'magcheck_rule_set_source{source="last_known_good"} 1.0' in text
    assert "magcheck_last_known_good_saved 0.0" in text
    assert "magcheck_last_known_good_failures 3.0" in text


def test_what_could_not_be_kept_on_disk_shows_in_readiness_alone(settings: Settings, compiled: CompiledRuleSet) -> None:
    """The answer is as good as ever; somebody should look at the disk all the same."""
    watch = FixedWatch(0.1)
    watch.standing.not_saved = "the last known good rule set could not be kept on disk: no room"
    with ContractClient(create_app(settings, ActiveRuleSet(compiled), watch=watch)) as client:
        assert client.get("/health/ready").json()["reasons"] == [watch.standing.not_saved]
        assert client.post("/v1/checks", json={"medications": []}).json()["degraded"] is None


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
