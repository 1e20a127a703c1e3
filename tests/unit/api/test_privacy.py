"""What was sent never comes back in an error, a log line or a metric, wherever it stood."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from rules.profile import MedicationProfile
from service.main import Application
from tests.spoiling import places, replaced
from tests.unit.api.conftest import LogLines
from tests.unit.api.contract_client import ContractClient

CANARY: Final = "Canary Ada-Lovelace 1815\u2028\x1b[31m"
ASCII_CANARY: Final = "CanaryAda"
TRACES: Final = ("Canary", "canary", "Lovelace")
JSON_TYPE: Final = {"Content-Type": "application/json"}

_FULL: Final[dict[str, Any]] = {
    "patient": {
        "age_years": 71,
        "sex": "female",
        "pregnancy": "not_pregnant",
        "egfr": {"value": "38", "unit": "mL/min"},
        "dialysis": False,
    },
    "medications": [
        {
            "id": "m1",
            "text": "furosemide",
            "codes": [{"system": "rxnorm", "code": "4603"}],
            "status": "current",
            "route": "oral",
            "dose_form": "tablet",
            "dose": {"value": "40", "unit": "mg", "of": "salt"},
            "times_per_day": 1,
            "times": ["08:00"],
            "started_on": "2026-01-01",
        }
    ],
    "conditions": [{"text": "x", "codes": [{"system": "icd10cm", "code": "F10"}]}],
    "observations": [{"kind": "serum_magnesium", "value": "0.7", "unit": "mmol/L", "taken_on": "2026-01-01"}],
    "symptoms": ["cramps"],
    "as_of": "2026-11-22",
}


def test_the_full_body_is_a_good_one(client: ContractClient) -> None:
    MedicationProfile.model_validate_json(json.dumps(_FULL))
    assert client.post("/v1/checks", json=_FULL).status_code == 200


@pytest.mark.parametrize("path", places(_FULL), ids=lambda path: "/".join(map(str, path)) or "root")
@pytest.mark.parametrize(
    "wrong",
    [CANARY, CANARY * 50, [CANARY], {CANARY: CANARY}, {CANARY: {CANARY: 1}}],
    ids=["text", "long", "list", "key", "deep"],
)
def test_nothing_of_a_bad_body_comes_back(
    client: ContractClient, log_lines: LogLines, path: tuple[str | int, ...], wrong: object
) -> None:
    content = json.dumps(replaced(_FULL, path, wrong))
    response = client.post("/v1/checks", content=content, headers=JSON_TYPE)
    if response.status_code == 200:  # free text may be anything; the answer is no error and does not repeat it either
        assert path[-1] == "text" or path[0] == "symptoms"
    assert_nothing_came_back(response.text, dict(response.headers), log_lines)


@pytest.mark.parametrize(
    "content",
    [
        f"{CANARY}".encode(),
        f'{{"medications": [], "{ASCII_CANARY}": 1}}'.encode(),
        f'{{"medications": [], "{ASCII_CANARY}": 1, "{ASCII_CANARY}": 2}}'.encode(),
        f'{{"{ASCII_CANARY}/~0": {{"sex": 1, "sex": 2}}}}'.encode(),
        f'{{"medications": [{ASCII_CANARY}]}}'.encode(),
        f'{{"medications": "{ASCII_CANARY}'.encode(),
        f'{{"medications": "{ASCII_CANARY}\\ud800"}}'.encode(),
        f'{{"medications": "{ASCII_CANARY}'.encode() + b'\xff"}',
        ASCII_CANARY.encode("utf-16"),
        b"[" * 300 + ASCII_CANARY.encode(),
        ASCII_CANARY.encode() * 40_000,
    ],
)
def test_nothing_of_a_body_that_is_no_json_comes_back(
    client: ContractClient, log_lines: LogLines, content: bytes
) -> None:
    for path in ("/v1/checks", "/v1/medications/resolve"):
        response = client.post(path, content=content, headers=JSON_TYPE)
        assert response.status_code >= 400
        assert_nothing_came_back(response.text, dict(response.headers), log_lines)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/CanaryAda"),
        ("GET", "/v1/substances/canaryada"),
        ("GET", "/v1/substances/Canary%20Ada"),
        ("GET", "/v1/substances?CanaryAda=1"),
        ("GET", "/v1/substances?limit=CanaryAda"),
        ("GET", "/v1/substances?class_id=Canary%20Ada"),
        ("GET", "/v1/substances?q=CanaryAda&q=Lovelace"),
        ("GET", "/v1/interactions?direction=CanaryAda"),
        ("GET", "/docs/assets/CanaryAda"),
        ("POST", "/v1/checks?explain=CanaryAda"),
        ("POST", "/v1/checks?CanaryAda=Lovelace"),
        ("POST", "/v1/checks?%43anaryAda&%43anaryAda"),
        ("DELETE", "/v1/checks?CanaryAda"),
    ],
)
def test_nothing_of_a_path_or_query_comes_back(
    client: ContractClient, log_lines: LogLines, method: str, path: str
) -> None:
    response = client.request(method, path)
    assert response.status_code >= 400
    assert_nothing_came_back(response.text, dict(response.headers), log_lines)
    assert_nothing_came_back(client.get("/metrics").text, {}, log_lines)


@pytest.mark.parametrize(
    "header",
    [
        "X-Correlation-ID",
        "Content-Type",
        "Accept",
        "User-Agent",
        "Cookie",
        "Authorization",
        "If-None-Match",
        "Host",
        "Referer",
        "Origin",
        "X-Forwarded-For",
        "X-User",
    ],
)
def test_nothing_of_a_header_comes_back(client: ContractClient, log_lines: LogLines, header: str) -> None:
    for method, path in (("POST", "/v1/checks"), ("GET", "/v1/substances"), ("GET", "/nowhere")):
        response = client.request(method, path, headers={header: "Canary Ada"})
        assert_nothing_came_back(response.text, dict(response.headers), log_lines)


def test_nothing_comes_back_when_we_fail(
    app: Application, log_lines: LogLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(profile: MedicationProfile, *, explain: bool) -> None:
        try:
            int(profile.medications[0].text or "")
        except ValueError as error:
            raise KeyError(f"{profile!r} {explain}") from error

    with ContractClient(app) as client:
        monkeypatch.setattr(client.app_state["parts"].checks, "check", fail)
        body = {"medications": [{"id": "m1", "text": "CanaryAda Lovelace"}]}
        response = client.post("/v1/checks?explain=true", json=body)
    assert response.status_code == 500
    assert_nothing_came_back(response.text, dict(response.headers), log_lines)


def assert_nothing_came_back(text: str, headers: dict[str, str], log_lines: LogLines) -> None:
    # The HTTP client of the tests logs the addresses it asks for; it is no part of the service.
    lines = [line for line in log_lines() if not line["logger"].startswith(("httpx2", "httpcore2"))]
    for trace in TRACES:
        assert trace not in text
        assert trace not in json.dumps(headers)
        assert trace not in json.dumps(lines)
