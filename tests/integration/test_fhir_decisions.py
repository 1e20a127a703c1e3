"""A check in FHIR is a decision like any other: kept before the answer leaves and replayed byte for byte."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from service.application.rule_sets import seed_baseline
from service.storage.session import Store
from tests.integration.decision_client import NOON, DecisionClient, decision_client
from tests.integration.small_knowledge import small_rule_set
from tests.keys import KEYRING
from tests.unit.service.fhir.resources import bundle, request, statement

PATH = "/fhir/$check-magnesium"
CANARY = "CanaryAda"


@pytest.fixture
def client(store: Store, tmp_path: Path) -> Iterator[DecisionClient]:
    seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="first")
    with decision_client(store, tmp_path, keep_requests=True) as client:
        yield client


def ask(client: DecisionClient, body: Any, who: str = "one") -> Response:  # noqa: ANN401
    response = client.by(who, "POST", PATH, body)
    assert response.status_code == 200
    return response


def value(response: Response, name: str) -> Any:  # noqa: ANN401
    (found,) = (one for one in response.json()["parameter"] if one["name"] == name)
    return next(value for key, value in found.items() if key != "name")


PAIR = bundle(request("ciprofloxacin 500 mg oral tablet", id="c"), statement("magnesium oxide 400 mg tablet", id="m"))


def test_it_can_be_read_and_replayed(client: DecisionClient) -> None:
    answer = ask(client, PAIR)
    decision_id = value(answer, "checkId")
    decision = client.by("one", "GET", f"/v1/decisions/{decision_id}").json()
    assert [one["interaction_id"] for one in decision["findings"]] == ["fluoroquinolones-with-oral-magnesium"]
    assert (decision["medications"], decision["explain"]) == (2, False)
    # Kept as the question and the answer of /v1/checks, so that it is replayed like any other.
    replay = client.replay(decision_id)
    assert replay.status_code == 200
    assert hashlib.sha256(replay.content).hexdigest() == decision["answer_digest"]
    assert replay.json()["medications"][0]["id"] == "c"
    as_rest = {
        "medications": [
            {"id": "c", "text": "ciprofloxacin 500 mg oral tablet"},
            {"id": "m", "text": "magnesium oxide 400 mg tablet"},
        ],
        "as_of": "2026-11-22",
    }
    assert client.replay(decision_id, as_rest).status_code == 200
    by_rest = client.by("one", "GET", f"/v1/decisions/{client.check(as_rest).json()['check_id']}").json()
    assert by_rest["request_digest"] == decision["request_digest"]


def test_explaining_is_kept_with_it(client: DecisionClient) -> None:
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "medication", "resource": request("ciprofloxacin")},
            {"name": "explain", "valueBoolean": True},
        ],
    }
    answer = ask(client, body)
    assert client.replay(value(answer, "checkId")).json()["near_misses"]


def test_feedback_can_be_given(client: DecisionClient) -> None:
    answer = ask(client, PAIR)
    key = value(answer, "finding")["identifier"][0]["value"]
    feedback = {"finding_key": key, "outcome": "accepted"}
    assert client.feedback(value(answer, "checkId"), feedback).status_code == 201


def test_others_do_not_see_it(client: DecisionClient) -> None:
    decision_id = value(ask(client, PAIR), "checkId")
    assert client.by("two", "GET", f"/v1/decisions/{decision_id}").status_code == 404


def test_nothing_of_the_patient_is_kept_that_no_question_has(client: DecisionClient) -> None:
    patient = {"resourceType": "Patient", "id": "1", "name": [{"family": CANARY}], "birthDate": "1955-03-04"}
    order = request("ciprofloxacin", id="c", note=[{"text": CANARY}], subject={"reference": "Patient/1"})
    answer = ask(client, bundle(patient, order))
    assert CANARY not in answer.text
    kept = client.replay(value(answer, "checkId"))
    assert "1955-03" not in kept.text
    assert CANARY not in kept.text


def test_a_decision_that_cannot_be_kept_holds_the_answer_back(
    client: DecisionClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = client.keeping.log
    monkeypatch.setattr(log, "_most_waiting", 0)
    response = client.by("one", "POST", PATH, PAIR)
    assert response.status_code == 503
    assert response.json()["issue"][0]["details"]["coding"] == [{"code": "decision-not-kept"}]


def test_who_may_not_check_may_not_check_in_fhir(client: DecisionClient) -> None:
    response = client.by("auditor", "POST", PATH, PAIR)
    assert response.status_code == 403
    assert json.loads(response.content)["resourceType"] == "OperationOutcome"
