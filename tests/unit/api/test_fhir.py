"""`$check-magnesium`: asked in FHIR's ways, answered in FHIR, and every refusal an OperationOutcome."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from httpx2 import Response

from service.api.examples import FHIR_CHECK_REQUESTS
from service.application.active import ActiveRuleSet
from service.main import Application, create_app
from service.settings import Environment, Settings
from tests.spoiling import places, replaced
from tests.unit.api.conftest import LogLines
from tests.unit.api.contract_client import ContractClient
from tests.unit.api.test_privacy import ASCII_CANARY, assert_nothing_came_back
from tests.unit.service.fhir.resources import bundle, observation, request, statement

PATH = "/fhir/$check-magnesium"
FHIR_TYPE = {"Content-Type": "application/fhir+json"}
EXAMPLE: dict[str, Any] = FHIR_CHECK_REQUESTS["parameters"]["value"]
Json = dict[str, Any]


def parameters(*sent: Json) -> Json:
    return {"resourceType": "Parameters", "parameter": list(sent)}


def medication(**elements: Any) -> Json:  # noqa: ANN401
    return {"name": "medication", "resource": request(**elements)}


def ask(client: ContractClient, body: Any, query: str = "") -> Response:  # noqa: ANN401
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(f"{PATH}{query}", content=content, headers=FHIR_TYPE)


def values(response: Response, name: str) -> list[Any]:
    assert response.status_code == 200, response.text
    named = [one for one in response.json()["parameter"] if one["name"] == name]
    return [next(value for key, value in one.items() if key != "name") for one in named]


def outcome_code(response: Response) -> str:
    body = response.json()
    assert body["resourceType"] == "OperationOutcome"
    code: str = body["issue"][0]["details"]["coding"][0]["code"]
    return code


# --- asking -----------------------------------------------------------------------------------------------------------


def test_findings_are_detected_issues(client: ContractClient) -> None:
    response = ask(client, EXAMPLE)
    assert response.headers["content-type"] == "application/fhir+json"
    assert response.headers["cache-control"] == "no-store"
    (issue,) = values(response, "finding")
    assert issue["identifier"][1]["value"] == "fluoroquinolones-with-magnesium"
    assert issue["implicated"] == [
        {"reference": "MedicationRequest/cipro", "display": "ciprofloxacin"},
        {"reference": "MedicationStatement/magnesium", "display": "magnesium oxide"},
    ]
    assert values(response, "asOf") == ["2026-11-22"]
    assert values(response, "checkId") == ["id-000002"]
    assert values(response, "ruleSet")[0][0] == {"name": "version", "valueInteger": 7}


@pytest.mark.parametrize(
    "content_type",
    [
        "application/fhir+json",
        "application/json",  # as fhirpy sends it
        "application/fhir+json; charset=utf-8",
        "application/fhir+json; fhirVersion=4.0; charset=UTF-8",
    ],
)
def test_media_types_of_clients(client: ContractClient, content_type: str) -> None:
    response = client.post(PATH, content=json.dumps(EXAMPLE), headers={"Content-Type": content_type})
    assert response.headers["content-type"] == "application/fhir+json"
    assert values(response, "finding")


@pytest.mark.parametrize(
    "query", ["?_format=json", "?_format=application/fhir%2Bjson", "?_format=application/fhir+json"]
)
def test_the_format_may_be_named(client: ContractClient, query: str) -> None:
    assert values(ask(client, EXAMPLE, query), "finding")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ([], "/: must be an object"),
        ({}, "/resourceType: is required"),
        ({"resourceType": "Patient"}, "/resourceType: must be one of 'Parameters' or 'Bundle'"),
        (parameters() | {"parameter": None}, "/parameter: must be an array"),
        (parameters({"name": "explain", "valueString": "true"}), "/parameter/0/valueBoolean: is required"),
        (parameters({"name": "asOf", "valueDate": "today"}), "/parameter/0/valueDate: must match the pattern"),
        (parameters({"name": "medication"}), "/parameter/0/resource: is required"),
        (parameters({"name": "else"}), "/parameter/0/name: must be one of 'medication', "),
        (parameters({"name": "else"}), "'asOf'"),
    ],
)
def test_a_fault_is_told_by_the_names_that_were_sent(client: ContractClient, body: object, told: str) -> None:
    issues = ask(client, body).json()["issue"]
    assert any(told in issue["diagnostics"] for issue in issues)


@pytest.mark.parametrize(
    ("accept", "acceptable"),
    [
        ("", True),
        ("*/*", True),
        ("application/*", True),
        ("application/json", True),
        ("Application/FHIR+JSON; charset=utf-8", True),
        ("application/fhir+json; fhirVersion=4.0", True),
        ("application/json+fhir", True),
        ("application/fhir+xml;q=1.0, application/fhir+json;q=0.5", True),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        ("application/fhir+xml, */*;q=0.1", True),
        ("application/fhir+json;q=0, */*", True),
        ("application/fhir+xml", False),
        ("application/xml, text/xml", False),
        ("text/*", True),  # text/json, which older clients ask for
        ("text/html", False),
        ("application/fhir+json;q=0", False),
        ("*/*;q=0.0", False),
        ("application/fhir+xml, application/*; q = 0.000", False),
    ],
)
def test_what_is_accepted(client: ContractClient, accept: str, acceptable: bool) -> None:  # noqa: FBT001 - a column
    response = client.get("/fhir/metadata", headers={"Accept": accept})
    assert response.status_code == (200 if acceptable else 406)
    assert response.json()["resourceType"] == ("CapabilityStatement" if acceptable else "OperationOutcome")


def test_the_parameter_counts_before_the_header(client: ContractClient) -> None:
    xml = {"Accept": "application/fhir+xml"}
    assert client.get("/fhir/metadata?_format=json", headers=xml).status_code == 200
    assert client.get("/fhir/metadata?_format=xml", headers={"Accept": "*/*"}).status_code == 406


def test_the_path_may_be_encoded(client: ContractClient) -> None:
    response = client.post("/fhir/%24check-magnesium", content=json.dumps(EXAMPLE), headers=FHIR_TYPE)
    assert response.status_code == 200


def test_a_bundle_may_stand_alone_or_be_a_parameter(client: ContractClient) -> None:
    whole = bundle(request("ciprofloxacin", id="c"), statement("magnesium oxide", id="m"))
    alone, within = ask(client, whole), ask(client, parameters({"name": "bundle", "resource": whole}))
    assert [one["identifier"] for one in values(alone, "finding")] == [
        one["identifier"] for one in values(within, "finding")
    ]
    assert values(alone, "finding")


def test_options(client: ContractClient) -> None:
    day = {"name": "asOf", "valueDate": "2020-02-29"}
    body = parameters(medication(), day, day, {"name": "timetable", "valueBoolean": True})
    response = ask(client, body)
    assert values(response, "asOf") == ["2020-02-29"]
    assert values(response, "timetable")
    assert not values(response, "nearMiss")
    assert values(
        ask(client, parameters(medication(text="ciprofloxacin"), {"name": "explain", "valueBoolean": True})), "nearMiss"
    )
    off = parameters(medication(text="ciprofloxacin"), {"name": "explain", "valueBoolean": False})
    assert not values(ask(client, off), "nearMiss")


def test_without_a_day_it_is_today(client: ContractClient) -> None:
    assert values(ask(client, parameters(medication())), "asOf") == ["2026-11-22"]


BLOOD = {"name": "observation", "resource": observation("2601-3", 0.5, "mmol/L")}


@pytest.mark.parametrize(
    "body",
    [
        parameters(),
        {"resourceType": "Parameters"},
        {"resourceType": "Bundle"},
        parameters(BLOOD),
        parameters({"name": "patient", "resource": {"resourceType": "Patient", "id": "p1"}}),
        bundle({"resourceType": "Condition", "code": {"text": "type 2 diabetes"}}),
        parameters({"name": "bundle", "resource": bundle()}),
        parameters({"name": "bundle", "resource": bundle({"resourceType": ["MedicationRequest"]})}),
        bundle({"resourceType": {"MedicationRequest": 1}}),
    ],
)
def test_nothing_sent_never_reads_as_nothing_taken(client: ContractClient, body: Json) -> None:
    response = ask(client, body)
    assert response.status_code == 412
    assert outcome_code(response) == "nothing-to-check"
    assert "does not mean that the patient takes nothing" in response.json()["issue"][0]["diagnostics"]


@pytest.mark.parametrize(
    "body",
    [
        parameters({"name": "medication", "resource": bundle()}, BLOOD),
        parameters({"name": "medication", "resource": statement(status="not-taken")}),
        parameters({"name": "bundle", "resource": bundle(statement(status="not-taken"))}),
        bundle(statement(status="not-taken")),
        bundle({**request(status="stopped"), "resourceType": "MedicationOrder"}),
    ],
    ids=["an empty list", "not taken", "not taken in a bundle", "not taken in the bundle", "stopped, in DSTU2"],
)
def test_a_list_with_nothing_on_it_is_an_answer(client: ContractClient, body: Json) -> None:
    response = ask(client, body)
    assert values(response, "statement")[0].endswith("No medication was given, so none was checked.")
    assert not values(response, "medication")


def test_a_list_that_failed_is_no_empty_one(client: ContractClient) -> None:
    failed = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}
    response = ask(client, parameters({"name": "medication", "resource": failed}))
    assert values(response, "status") == ["incomplete"]


def test_pointers_of_notes_lead_into_the_body(client: ContractClient) -> None:
    response = ask(
        client, parameters(medication(), {"name": "observation", "resource": observation("2601-3", 1, None)})
    )
    (outcome,) = values(response, "outcome")
    assert outcome["issue"][0]["diagnostics"].startswith("/parameter/1/resource: ")
    assert values(response, "status") == ["incomplete"]


def test_links_are_absolute_where_the_address_is_known(compiled: Any) -> None:  # noqa: ANN401
    settings = Settings(environment=Environment.DEVELOPMENT, public_url="https://magcheck.example.test")
    with ContractClient(create_app(settings, ActiveRuleSet(compiled), today=lambda: date(2026, 11, 22))) as client:
        (issue,) = values(ask(client, EXAMPLE), "finding")
        assert issue["reference"].startswith("https://magcheck.example.test/v1/interactions/")
        definition = client.get("/fhir/metadata").json()["rest"][0]["operation"][0]["definition"]
        assert client.get(definition.removeprefix("https://magcheck.example.test")).json()["url"] == definition


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 400, "malformed-json"),
        (b"{", 400, "malformed-json"),
        (b'{"resourceType": "Parameters", "parameter": [NaN]}', 400, "malformed-json"),
        (b'{"resourceType": "Parameters", "x": "\\ud800"}', 400, "malformed-json"),
        ('{"resourceType": "Parameters"}'.encode("utf-16"), 400, "malformed-json"),
        (b'{"resourceType": "Parameters", "parameter": [], "parameter": []}', 400, "duplicate-key"),
        (b'{"resourceType":"Bundle","entry":[{"resource":{"a":1,"a":2}}]}', 400, "duplicate-key"),
        (b"[" * 100_000, 400, "malformed-json"),
        (b'{"a":' * 100_000, 400, "malformed-json"),
        (b"[]", 422, "invalid-request"),
        (b"7", 422, "invalid-request"),
        (b"null", 422, "invalid-request"),
        (b"{}", 422, "invalid-request"),
        (b'{"resourceType": "MedicationRequest"}', 422, "invalid-request"),
        (b'{"resourceType": ["Parameters"]}', 422, "invalid-request"),
        (b'{"resourceType": "Parameters", "parameter": {}}', 422, "invalid-request"),
        (b'{"resourceType": "Parameters", "parameter": [7]}', 422, "invalid-request"),
        (b'{"resourceType": "Parameters", "parameter": [{}]}', 422, "invalid-request"),
        (b'{"resourceType": "Parameters", "parameter": [{"name": "medicine"}]}', 422, "invalid-request"),
        (b'{"resourceType": "Parameters", "parameter": [{"name": "medication"}]}', 422, "invalid-request"),
        (
            b'{"resourceType": "Parameters", "parameter": [{"name": "medication", "resource": []}]}',
            422,
            "invalid-request",
        ),
        (
            b'{"resourceType": "Parameters", "parameter": [{"name": "explain", "valueBoolean": "true"}]}',
            422,
            "invalid-request",
        ),
        (
            b'{"resourceType": "Parameters", "parameter": [{"name": "asOf", "valueDate": "2026-02-30"}]}',
            422,
            "invalid-request",
        ),
        (
            b'{"resourceType": "Parameters", "parameter": [{"name": "asOf", "valueDate": 20260101}]}',
            422,
            "invalid-request",
        ),
    ],
)
def test_what_is_no_question_is_refused(client: ContractClient, content: bytes, status: int, code: str) -> None:
    response = ask(client, content)
    assert (response.status_code, outcome_code(response)) == (status, code)


def test_what_cannot_be_about_one_patient_is_refused(client: ContractClient) -> None:
    patients = [{"name": "patient", "resource": {"resourceType": "Patient", "id": name}} for name in ("a", "b")]
    days = [{"name": "asOf", "valueDate": day} for day in ("2026-01-01", "2026-01-02")]
    many = [medication(text=f"medicine {number}") for number in range(201)]
    nested = request()
    for _ in range(20):
        nested = bundle(nested)
    for body in (parameters(*patients), parameters(*days), parameters(*many), nested):
        response = ask(client, body)
        assert (response.status_code, outcome_code(response)) == (422, "invalid-request")


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "code"),
    [
        ("GET", PATH, {}, 405, "method-not-allowed"),
        ("POST", "/fhir/metadata", {}, 405, "method-not-allowed"),
        ("GET", "/fhir", {}, 404, "not-found"),
        ("GET", "/fhir/Patient/1", {}, 404, "not-found"),
        ("GET", "/fhir/OperationDefinition/other", {}, 404, "not-found"),
        ("GET", "/fhir/metadata?_format=xml", {}, 406, "not-acceptable"),
        ("GET", "/fhir/metadata", {"Accept": "application/fhir+xml"}, 406, "not-acceptable"),
        ("GET", "/fhir/OperationDefinition/check-magnesium", {"Accept": "text/turtle"}, 406, "not-acceptable"),
        ("GET", "/fhir/metadata?name=x", {}, 422, "invalid-request"),
        ("POST", f"{PATH}?_format=application/fhir%2Bxml", FHIR_TYPE, 406, "not-acceptable"),
        ("POST", PATH, {**FHIR_TYPE, "Accept": "application/fhir+xml, application/xml;q=0.9"}, 406, "not-acceptable"),
        ("POST", PATH, {"Content-Type": "application/fhir+xml"}, 415, "unsupported-media-type"),
        ("POST", PATH, {"Content-Type": "application/fhir+json; charset=latin-1"}, 415, "unsupported-media-type"),
        ("POST", PATH, {"Content-Type": "application/fhir+json; fhirVersion=5.0"}, 415, "unsupported-media-type"),
        ("POST", PATH, {}, 415, "unsupported-media-type"),
        ("POST", PATH, {**FHIR_TYPE, "Content-Length": "2000000"}, 413, "content-too-large"),
        ("POST", PATH, {**FHIR_TYPE, "If-Rule-Set": "99"}, 503, "rule-set-behind"),
        ("POST", PATH, {**FHIR_TYPE, "If-Rule-Set": "x"}, 422, "invalid-request"),
        ("POST", PATH, {**FHIR_TYPE, "X-API-Key": "mck_wrong"}, 401, "not-authenticated"),
    ],
)
def test_refusals_are_outcomes(
    client: ContractClient, method: str, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    content = json.dumps(EXAMPLE).encode() if method == "POST" else None
    response = client.request(method, path, content=content, headers=headers)
    assert (response.status_code, outcome_code(response)) == (status, code)
    assert response.headers["content-type"] == "application/fhir+json"


def test_production_wants_to_know_who_asks_but_for_what_it_offers(compiled: Any) -> None:  # noqa: ANN401
    with ContractClient(create_app(Settings(), ActiveRuleSet(compiled))) as client:
        assert outcome_code(ask(client, EXAMPLE)) == "not-authenticated"
        assert client.get("/fhir/metadata").status_code == 200
        assert client.get("/fhir/OperationDefinition/check-magnesium").status_code == 200


def test_who_asks_too_often_waits(compiled: Any) -> None:  # noqa: ANN401
    settings = Settings(environment=Environment.DEVELOPMENT, requests_per_minute=1)
    with ContractClient(create_app(settings, ActiveRuleSet(compiled))) as client:
        responses = [ask(client, EXAMPLE) for _ in range(20)]
    refused = [response for response in responses if response.status_code != 200]
    assert refused
    assert {(response.status_code, outcome_code(response)) for response in refused} == {(429, "too-many-requests")}
    assert refused[0].headers["retry-after"]


def test_a_fault_of_ours_is_an_outcome_too(
    app: Application, log_lines: LogLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("CanaryAda")

    with ContractClient(app) as client:
        monkeypatch.setattr(client.app_state["parts"].checks, "check", fail)
        response = ask(client, parameters(medication(text="CanaryAda Lovelace")))
    assert (response.status_code, outcome_code(response)) == (500, "internal-error")
    assert_nothing_came_back(response.text, dict(response.headers), log_lines)


def test_without_rules_there_is_no_answer(client_without_rules: ContractClient) -> None:
    response = ask(client_without_rules, EXAMPLE)
    assert (response.status_code, outcome_code(response)) == (503, "no-rule-set")
    assert response.headers["retry-after"]


def test_a_body_may_be_larger_than_that_of_other_questions(client: ContractClient) -> None:
    narrative = {"status": "generated", "div": "x" * 400_000}
    assert values(ask(client, parameters(medication(text="furosemide", _text=narrative))), "finding")
    narrative["div"] = "x" * 1_100_000
    response = ask(client, parameters(medication(text="furosemide", _text=narrative)))
    assert (response.status_code, outcome_code(response)) == (413, "content-too-large")


# --- what it says of itself -------------------------------------------------------------------------------------------


def test_the_capability_statement_names_the_operation(client: ContractClient) -> None:
    response = client.get("/fhir/metadata")
    assert response.headers["content-type"] == "application/fhir+json"
    said = response.json()
    assert (said["resourceType"], said["fhirVersion"], said["kind"], said["status"]) == (
        "CapabilityStatement",
        "4.0.1",
        "instance",
        "active",
    )
    assert said["date"]
    (operation,) = said["rest"][0]["operation"]
    definition = client.get(operation["definition"]).json()
    assert definition["code"] == operation["name"] == "check-magnesium"
    assert (definition["system"], definition["type"], definition["instance"]) == (True, False, False)
    assert client.head("/fhir/metadata").status_code == 200


# --- nothing comes back -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", places(EXAMPLE), ids=lambda path: "/".join(map(str, path)) or "root")
def test_any_place_of_the_example_may_hold_anything(
    client: ContractClient, log_lines: LogLines, path: tuple[str | int, ...]
) -> None:
    """No log line has anything of it, no refusal has, and nothing fails."""
    canary = f"{ASCII_CANARY}-1815"
    for wrong in (canary, [canary], {canary: canary}, canary * 50, None, 7, -1e300, True):
        response = ask(client, replaced(EXAMPLE, path, wrong))
        assert response.status_code in {200, 422}
        if response.status_code != 200:
            assert_nothing_came_back(response.text, dict(response.headers), log_lines)
        assert canary not in json.dumps(values(response, "outcome") if response.status_code == 200 else [])
    assert_nothing_came_back("", {}, log_lines)


def test_names_of_a_patient_go_nowhere(client: ContractClient, log_lines: LogLines) -> None:
    patient = {
        "resourceType": "Patient",
        "id": "1",
        "name": [{"family": "CanaryAda", "given": ["Lovelace"]}],
        "identifier": [{"system": "urn:canary", "value": "Canary"}],
        "address": [{"text": "Canary Street"}],
        "birthDate": "1815-12-10",
    }
    order = request("furosemide", note=[{"text": "CanaryAda"}], requester={"display": "Dr. Lovelace"})
    response = ask(
        client, parameters({"name": "patient", "resource": patient}, {"name": "medication", "resource": order})
    )
    assert response.status_code == 200
    assert_nothing_came_back(response.text, dict(response.headers), log_lines)
