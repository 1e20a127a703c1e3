"""The examples in `openapi/examples`: a request with the answer the packaged knowledge gives.

`python -m tests.contract.examples` writes the answers anew after a change of the knowledge. Read the difference before
committing it: an answer that changed is a change for everybody who asks.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from starlette.testclient import TestClient

from rules import CompiledRuleSet
from service.application.active import ActiveRuleSet
from service.main import Application, create_app
from service.settings import Environment, Settings
from tests.baseline import packaged_rules

FOLDER: Final = Path(__file__).parents[2] / "openapi" / "examples"
# What differs from one request or rule set to the next.
_PASSING: Final = ("check_id", "correlation_id", "rule_set")


def compiled_baseline() -> CompiledRuleSet:
    """The packaged knowledge, compiled once."""
    return packaged_rules(version=1)


def baseline_app() -> Application:
    """The service over the packaged knowledge, without a database."""
    return create_app(Settings(environment=Environment.DEVELOPMENT), ActiveRuleSet(compiled_baseline()))


def answer(client: TestClient, request: dict[str, Any]) -> dict[str, Any]:
    """Status and body that the request gets."""
    response = client.request(request["method"], request["path"], json=request["body"])
    return {"status": response.status_code, "body": response.json()}


def lasting(answered: dict[str, Any]) -> dict[str, Any]:
    """An answer without what differs each time."""
    body = {key: value for key, value in answered["body"].items() if key not in _PASSING}
    return {**answered, "body": body}


def files() -> list[Path]:
    """All examples."""
    return sorted(FOLDER.glob("*.json"))


def write_anew() -> None:
    """Ask every request again and keep what changed."""
    with TestClient(baseline_app()) as client:
        for file in files():
            example = json.loads(file.read_text(encoding="utf-8"))
            answered = answer(client, example["request"])
            if "response" not in example or lasting(answered) != lasting(example["response"]):
                example["response"] = answered
                file.write_text(json.dumps(example, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_anew()
