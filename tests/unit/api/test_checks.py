"""`POST /v1/checks` and `POST /v1/medications/resolve` when all goes well, and what the query may say."""

from __future__ import annotations

import re
from uuid import RFC_4122, UUID

import pytest

from service.application.checks import new_id
from tests.unit.api.contract_client import ContractClient

QUESTION = {
    "medications": [
        {"id": "m1", "text": "Cipro 500 mg tablet"},
        {"id": "m2", "codes": [{"system": "rxnorm", "code": "6582"}], "status": "proposed"},
        {"id": "m3", "text": "Zzyzx forte"},
    ],
}


def test_the_answer_starts_with_its_id_and_names_the_rule_set(client: ContractClient) -> None:
    response = client.post("/v1/checks", json=QUESTION)
    answer = response.json()
    assert next(iter(answer)) == "check_id"
    assert answer["rule_set"]["version"] == 7
    assert answer["status"] == "incomplete"
    assert answer["highest_severity"] == "major"
    assert [finding["interaction_id"] for finding in answer["findings"]] == ["fluoroquinolones-with-magnesium"]
    assert {line["id"]: line["state"] for line in answer["medications"]} == {
        "m1": "recognised",
        "m2": "recognised",
        "m3": "unrecognised",
    }
    assert response.headers["cache-control"] == "no-store"


def test_ids_are_random_uuids() -> None:
    made = [UUID(new_id()) for _ in range(1000)]
    assert {one.version for one in made} == {4}
    assert {one.variant for one in made} == {RFC_4122}
    assert len(set(made)) == len(made)


def test_each_answer_has_an_id_of_its_own_and_nothing_else_differs(client: ContractClient) -> None:
    one, other = (client.post("/v1/checks", json=QUESTION).json() for _ in range(2))
    assert one.pop("check_id") != other.pop("check_id")
    assert one == other


def test_the_day_is_today_unless_the_question_says_otherwise(client: ContractClient) -> None:
    assert client.post("/v1/checks", json=QUESTION).json()["as_of"] == "2026-11-22"
    assert client.post("/v1/checks", json={**QUESTION, "as_of": "2025-02-28"}).json()["as_of"] == "2025-02-28"


def test_near_misses_come_only_when_asked_for(client: ContractClient) -> None:
    question = {"medications": [{"id": "m1", "text": "furosemide"}], "patient": {"age_years": 40}}
    assert "near_misses" not in client.post("/v1/checks", json=question).json()
    assert "near_misses" not in client.post("/v1/checks?explain=false", json=question).json()
    missed = client.post("/v1/checks?explain=true", json=question).json()["near_misses"]
    assert [miss["interaction_id"] for miss in missed] == ["not-bumetanide"]


@pytest.mark.parametrize("value", ["", "1", "True", "yes", "null"])
def test_explain_takes_true_and_false_only(client: ContractClient, value: str) -> None:
    response = client.post(f"/v1/checks?explain={value}", json=QUESTION)
    assert response.status_code == 422
    assert response.json()["errors"] == [
        {"location": "query", "pointer": "/explain", "detail": "must be true or false"}
    ]


def test_an_empty_list_is_a_question_too(client: ContractClient) -> None:
    answer = client.post("/v1/checks", json={"medications": []}).json()
    assert answer["status"] == "complete"
    assert answer["findings"] == []


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"', "application/json; "],
)
def test_json_may_be_declared_in_several_ways(client: ContractClient, content_type: str) -> None:
    response = client.post("/v1/checks", content=b'{"medications": []}', headers={"Content-Type": content_type})
    assert response.status_code == 200


def test_rule_text_is_shown_literally(client: ContractClient) -> None:
    answer = client.post("/v1/checks", json={"medications": [{"id": "m1", "text": "furosemide"}]}).json()
    finding = next(one for one in answer["findings"] if one["direction"] == "depletes_magnesium")
    assert finding["title"] == "Loop diuretics {{7*7}} ${7*7}"
    assert finding["mechanism"] == "Literal: {0.__class__} %(x)s {% if x %} <script>alert(1)</script>."


@pytest.mark.parametrize("text", ["{{7*7}}", "${7*7}", "{% if 1 %}", "{0.__class__}", "%(id)s", "<b>furosemide"])
def test_text_of_the_caller_is_never_a_template(client: ContractClient, text: str) -> None:
    response = client.post("/v1/checks", json={"medications": [{"id": "m1", "text": text}]})
    assert response.status_code == 200
    # Digests and ids are hexadecimal and may hold any two digits.
    assert "49" not in re.sub(r"[0-9a-f-]{32,}", "", response.text)
    assert "<class" not in response.text


def test_a_list_is_resolved_in_the_order_asked(client: ContractClient) -> None:
    asked = {
        "medications": [
            {"id": "z", "text": "Lasix 40 mg"},
            {"id": "a", "text": "furosmide"},
            {"id": "k", "codes": [{"system": "atc", "code": "C03CA02"}]},
        ]
    }
    answer = client.post("/v1/medications/resolve", json=asked).json()
    assert [line["id"] for line in answer["medications"]] == ["z", "a", "k"]
    assert [line["state"] for line in answer["medications"]] == ["recognised", "unrecognised", "recognised"]
    assert answer["medications"][0]["match"] == {"kind": "brand", "matched": "Lasix"}
    assert answer["medications"][1]["candidates"][0]["substance_id"] == "furosemide"


def test_checks_are_counted_without_what_was_in_them(client: ContractClient) -> None:
    client.post("/v1/checks", json=QUESTION)
    metrics = client.get("/metrics").text
    assert 'magcheck_checks_total{status="incomplete"} 1.0' in metrics
    assert 'magcheck_findings_total{severity="major"} 1.0' in metrics
    assert "magcheck_unrecognised_total 1.0" in metrics
    assert 'magcheck_request_duration_seconds_count{method="POST",route="/v1/checks",status="200"} 1.0' in metrics
    assert "Zzyzx" not in metrics
