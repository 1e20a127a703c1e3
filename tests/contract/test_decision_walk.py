"""From a check to its decision, to the same answer once more and to feedback, along the links of the description."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

from httpx2 import Response

from service.application.rule_sets import seed_baseline
from service.storage import migration
from service.storage.session import Store
from tests.integration.decision_client import NOON, DecisionClient, decision_client
from tests.integration.small_knowledge import small_rule_set
from tests.keys import KEYRING

DESCRIPTION = json.loads((Path(__file__).parents[2] / "openapi" / "openapi.json").read_text(encoding="utf-8"))
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, methods in DESCRIPTION["paths"].items()
    for method, operation in methods.items()
}
QUESTION = {"medications": [{"id": "m1", "text": "furosemide 40 mg tablet"}]}


def value_of(expression: Any, response: Response) -> Any:  # noqa: ANN401
    if not isinstance(expression, str) or not expression.startswith("$"):
        return expression
    if expression == "$request.body":
        return QUESTION
    value = response.json()
    for step in expression.removeprefix("$response.body#/").split("/"):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def follow(client: DecisionClient, came_from: str, response: Response, name: str) -> Response:
    link = OPERATIONS[came_from][2]["responses"][str(response.status_code)]["links"][name]
    method, path, _ = OPERATIONS[link["operationId"]]
    path = path.format(**{one: value_of(what, response) for one, what in link["parameters"].items()})
    body = link.get("requestBody")
    if isinstance(body, dict):
        body = {one: value_of(what, response) for one, what in body.items()}
    else:
        body = value_of(body, response)
    return client.by("one", method, path, body, key=str(uuid.uuid4()) if name == "give_feedback" else None)


def test_links_lead_from_a_check_to_all_that_can_be_done_with_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/magcheck.sqlite3"
    migration.upgrade(url)
    with Store.open(url) as store:
        seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="first")
        with decision_client(store, tmp_path, keep_requests=True) as client:
            answer = client.check(QUESTION)
            decision = follow(client, "check_medications", answer, "get_decision")
            assert decision.json()["id"] == answer.json()["check_id"]
            assert follow(client, "check_medications", answer, "replay_decision").content == answer.content
            replayed = follow(client, "get_decision", decision, "replay_decision")
            assert replayed.content == answer.content
            assert follow(client, "replay_decision", replayed, "get_decision").json() == decision.json()
            feedback = follow(client, "check_medications", answer, "give_feedback")
            assert feedback.json()["outcome"] == "accepted"
            assert follow(client, "give_feedback", feedback, "get_decision").json() == decision.json()
