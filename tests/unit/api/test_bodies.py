"""Bodies that are refused: what is wrong, where, what is allowed, and never what was sent."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import CompiledRuleSet, MedicationProfile
from rules.code_systems import SPELLINGS
from rules.faults import IN_WORDS
from service.api.bodies import MAXIMUM_DEPTH
from service.application.active import ActiveRuleSet
from service.main import create_app
from service.settings import Settings
from tests.unit.api.contract_client import ContractClient

JSON = {"Content-Type": "application/json"}
INVALID = {
    "type": "/problems/invalid-request",
    "title": "The request does not fit the contract",
    "status": 422,
    "detail": "The body does not fit the contract; `errors` says where and what is allowed.",
    "code": "invalid-request",
}


def item(**keys: object) -> dict[str, object]:
    return {"medications": [{"id": "m1", "text": "furosemide", **keys}]}


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ({}, "/medications", "is required"),
        ({"medications": None}, "/medications", "must be an array"),
        ({"medications": {}}, "/medications", "must be an array"),
        ({"medications": [7]}, "/medications/0", "must be an object"),
        ({"medications": [{"text": "x"}]}, "/medications/0/id", "is required"),
        ({"medications": [{"id": "m1"}]}, "/medications/0", "give text or at least one code"),
        (
            {"medications": [{"id": "m 1", "text": "x"}]},
            "/medications/0/id",
            "must match the pattern ^[A-Za-z0-9._:-]{1,64}$: 1 to 64 letters, digits and the marks . _ : -",
        ),
        (item(text=""), "/medications/0/text", "must not be empty"),
        (item(text="x" * 201), "/medications/0/text", "must have at most 200 characters"),
        (item(text=7), "/medications/0/text", "must be a string"),
        (
            item(codes=[{"system": "snomed", "code": "1"}]),
            "/medications/0/codes/0/system",
            f"not a code system that is known here; allowed: {', '.join(SPELLINGS)}",
        ),
        (item(codes=[{"system": "atc", "code": "1"}] * 11), "/medications/0/codes", "must have at most 10 items"),
        (item(times_per_day="2"), "/medications/0/times_per_day", "must be a whole number in plain digits"),
        (item(times_per_day=2.0), "/medications/0/times_per_day", "must be a whole number in plain digits"),
        (item(times_per_day=True), "/medications/0/times_per_day", "must be a whole number in plain digits"),
        (item(times_per_day=0), "/medications/0/times_per_day", "must be at least 1"),
        (item(times_per_day=25), "/medications/0/times_per_day", "must be at most 24"),
        (
            item(times=["8:00"]),
            "/medications/0/times/0",
            "must match the pattern ^([01][0-9]|2[0-3]):[0-5][0-9]$: a time from 00:00 to 23:59, as HH:MM",
        ),
        (
            {
                "medications": [],
                "acknowledgements": [{"finding_key": "0" * 16, "context_digest": "0" * 32, "reason": " \n\u00a0"}],
            },
            "/acknowledgements/0/reason",
            "must match the pattern \\S: something other than blanks",
        ),
        (
            item(times=["08:00", "08:00"]),
            "/medications/0/times",
            "a time of day stands twice: give each once, and what is taken together as one dose",
        ),
        (
            item(started_on="2026-02-30"),
            "/medications/0/started_on",
            "must be a date of the calendar written as YYYY-MM-DD",
        ),
        (item(started_on=20260101), "/medications/0/started_on", "must be a date written as YYYY-MM-DD"),
        (
            item(dose={"value": 400, "unit": "mg"}),
            "/medications/0/dose/value",
            "must be a string: plain digits without a sign, such as 38 or 0.62",
        ),
        (
            item(dose={"value": "4e2", "unit": "mg"}),
            "/medications/0/dose/value",
            "must match the pattern ^[0-9]{1,9}(\\.[0-9]{1,9})?$: plain digits without a sign, such as 38 or 0.62",
        ),
        (
            {"medications": [], "patient": {"age_years": "71"}},
            "/patient/age_years",
            "must be a whole number in plain digits",
        ),
        ({"medications": [], "patient": {"dialysis": "no"}}, "/patient/dialysis", "must be true or false"),
        ({"medications": [], "patient": {"egfr": 38}}, "/patient/egfr", "must be an object"),
        ({"medications": [], "patient": {"egfr": False}}, "/patient/egfr", "must be an object"),
        ({"medications": [], "symptoms": ["x"] * 51}, "/symptoms", "must have at most 50 items"),
        (
            {"medications": [{"id": str(n), "text": "x"} for n in range(201)]},
            "/medications",
            "must have at most 200 items",
        ),
        ([], "", "must be an object"),
        (None, "", "must be an object"),
    ],
)
def test_a_body_that_does_not_fit(client: ContractClient, body: object, pointer: str, detail: str) -> None:
    response = client.post("/v1/checks", content=json.dumps(body), headers=JSON)
    assert response.json() == {
        **INVALID,
        "correlation_id": "id-000001",
        "errors": [{"location": "body", "pointer": pointer, "detail": detail}],
    }


def test_every_pattern_of_a_question_is_told_in_words() -> None:
    def patterns(part: object) -> Iterator[str]:
        if isinstance(part, dict):
            if isinstance(part.get("pattern"), str):
                yield part["pattern"]
            part = list(part.values())
        if isinstance(part, list):
            for inner in part:
                yield from patterns(inner)

    assert set(patterns(MedicationProfile.model_json_schema())) - set(IN_WORDS) == set()


@pytest.mark.parametrize("path", ["/v1/checks", "/fhir/$check-magnesium", "/cds-services/magnesium"])
@pytest.mark.parametrize("encoding", ["gzip", "br, gzip", "Deflate"])
def test_a_packed_body_is_refused_as_what_it_is(client: ContractClient, path: str, encoding: str) -> None:
    packed = gzip.compress(b'{"medications": []}')
    response = client.post(path, content=packed, headers={**JSON, "Content-Encoding": encoding})
    assert response.status_code == 415
    assert response.headers["accept-encoding"] == "identity"
    assert "a Content-Encoding, such as gzip, is not read" in response.text


def test_a_body_that_says_that_it_is_not_packed_is_read(client: ContractClient) -> None:
    headers = {**JSON, "Content-Encoding": "identity"}
    assert client.post("/v1/checks", content=b'{"medications": []}', headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/fhir/$check-magnesium", "{}"),
        ("/cds-services/magnesium/feedback", "{}"),
    ],
)
def test_an_outcome_speaks_of_no_field_that_it_has_not(client: ContractClient, path: str, body: str) -> None:
    outcome = client.post(path, content=body, headers=JSON).json()
    assert "`errors`" not in str(outcome)
    assert "the issues that follow say where" in outcome["issue"][0]["diagnostics"]
    assert len(outcome["issue"]) > 1


def test_two_medications_cannot_have_one_id(client: ContractClient) -> None:
    body = {"medications": [{"id": name, "text": "x"} for name in ("m1", "m2", "m1", "m2")]}
    for path in ("/v1/checks", "/v1/medications/resolve"):
        response = client.post(path, json=body)
        assert response.status_code == 422
        assert [(fault["pointer"], fault["detail"]) for fault in response.json()["errors"]] == [
            ("/medications/2/id", "/medications/0 has this id already: medication ids must differ"),
            ("/medications/3/id", "/medications/1 has this id already: medication ids must differ"),
        ]


@pytest.mark.parametrize(
    ("body", "pointer", "allowed"),
    [
        (
            {"medications": [], "name": "Ada"},
            "",
            (
                "acknowledgements, as_of, conditions, day, last_ecg_on, magnesium_target_mg_per_day, medications, "
                "ncpdp, observations, patient, plan, symptoms, timetable"
            ),
        ),
        (
            {"medications": [], "patient": {"born": "1955"}},
            "/patient",
            "age_years, dialysis, dietary_magnesium_mg_per_day, egfr, pregnancy, sex",
        ),
        (item(codes=[{"system": "atc", "code": "C03CA01", "display": "x"}]), "/medications/0/codes/0", "code, system"),
    ],
)
def test_an_unknown_key_is_refused_without_naming_it(
    client: ContractClient, body: object, pointer: str, allowed: str
) -> None:
    faults = client.post("/v1/checks", json=body).json()["errors"]
    detail = f"has a key that is not allowed here; allowed: {allowed}"
    assert faults == [{"location": "body", "pointer": pointer, "detail": detail}]


def test_all_faults_come_at_once_up_to_a_limit(client: ContractClient) -> None:
    faults = client.post("/v1/checks", json={"medications": [{"id": "", "text": 1}], "as_of": 2}).json()["errors"]
    assert [fault["pointer"] for fault in faults] == ["/medications/0/id", "/medications/0/text", "/as_of"]
    many = client.post("/v1/checks", json={"medications": [{"id": "", "text": 1}] * 200}).json()["errors"]
    assert len(many) == 50


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"  \n", "it is empty"),
        (b"{", "EOF while parsing an object at line 1 column 1"),
        (b'{"medications": [],}', "trailing comma at line 1 column 20"),
        (b'{"medications": []} {}', "trailing characters at line 1 column 21"),
        (b"{'medications': []}", "key must be a string at line 1 column 2"),
        (b"\xef\xbb\xbf{}", "it starts with a byte order mark; it must be UTF-8 without one"),
        ('{"medications": []}'.encode("utf-16"), "it starts with a byte order mark; it must be UTF-8 without one"),
        ('{"medications": []}'.encode("utf-16-le"), "key must be a string at line 1 column 2"),
        (b'{"medications": [{"id": "a", "text": "\xff"}]}', "invalid unicode code point at line 1 column 39"),
        (
            b'{"medications": [{"id": "a", "text": "\\ud800"}]}',
            "a \\u escape is cut short, or half of a surrogate pair at line 1 column 45",
        ),
        (b'{"medications": [{"id": "a", "text": "\\udc00\\ud800"}]}', "lone leading surrogate in hex escape"),
        (b'{"medications": [], "patient": {"age_years": %s}}' % (b"9" * 5000), "number out of range"),
        (b'{"medications": [], "patient": {"age_years": 071}}', "invalid number"),
        (b'{"a": "line\nbreak"}', "control character"),
        (b"\x00{}", "expected value at line 1 column 1"),
    ],
)
def test_a_body_that_is_not_json(client: ContractClient, content: bytes, reason: str) -> None:
    problem = client.post("/v1/checks", content=content, headers=JSON).json()
    assert problem["code"] == "malformed-json"
    assert problem["status"] == 400
    assert problem["detail"].startswith(f"The body is not JSON in UTF-8: {reason}")
    assert problem["errors"] == []


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity"])
def test_what_is_no_number(client: ContractClient, number: bytes) -> None:
    body = b'{"medications": [], "patient": {"age_years": %s}}' % number
    problem = client.post("/v1/checks", content=body, headers=JSON).json()
    assert problem["code"] == "malformed-json"
    assert problem["detail"] == "The body is not JSON: NaN and Infinity are no JSON numbers."
    assert problem["errors"] == [{"location": "body", "pointer": "/patient/age_years", "detail": "is no JSON number"}]


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"1e-999", b"71.0", b"7.1e1"])
def test_a_number_of_the_wrong_form(client: ContractClient, number: bytes) -> None:
    body = b'{"medications": [], "patient": {"age_years": %s}}' % number
    problem = client.post("/v1/checks", content=body, headers=JSON).json()
    assert problem["status"] == 422
    assert problem["errors"][0]["pointer"] == "/patient/age_years"


@pytest.mark.parametrize("levels", [MAXIMUM_DEPTH, 100, 250, 100_000])
def test_a_body_that_is_too_deep(client: ContractClient, levels: int) -> None:
    content = b'{"medications": ' + b"[" * levels + b"]" * levels + b"}"
    problem = client.post("/v1/checks", content=content, headers=JSON).json()
    detail = "must be nested at most 16 levels deep"
    assert problem["status"] == 422
    assert problem["errors"] == [{"location": "body", "pointer": "", "detail": detail}]


@pytest.mark.parametrize(
    ("content", "pointer", "detail"),
    [
        (
            b'{"medications": [{"id": "a", "text": "x"}], "medications": []}',
            "/medications",
            "stands twice in its object",
        ),
        (
            b'{"medications" : [{"id": "a", "text": "x"}], "medications" : []}',
            "/medications",
            "stands twice in its object",
        ),
        (b'{"medications"\n:[],"medications"\t:[],"as_of"\r:null}', "/medications", "stands twice in its object"),
        (b'{"medications": [], "m\\u0065dications": []}', "/medications", "stands twice in its object"),
        (
            b'{"medications": [{"id": "a", "text": "x", "text": "y"}]}',
            "/medications/0/text",
            "stands twice in its object",
        ),
        (
            b'{"medications": [{"id": "a", "codes": [{"system": "atc", "code": "A", "code": "B"}]}]}',
            "/medications/0/codes/0/code",
            "stands twice in its object",
        ),
        (b'{"medications": [], "Ada Lovelace": 1, "Ada Lovelace": 2}', "", "has a key twice"),
        (b'{"medications": [], "x": {"patient": {"sex": 1, "sex": 2}}}', "/patient/sex", "stands twice in its object"),
        # A colon inside a string must not make up for one that is missing.
        (
            b'{"medications": [{"id": "a", "text": ":"}], "symptoms": [" :"], "symptoms": []}',
            "/symptoms",
            "stands twice in its object",
        ),
    ],
)
def test_a_key_given_twice(client: ContractClient, content: bytes, pointer: str, detail: str) -> None:
    problem = client.post("/v1/checks", content=content, headers=JSON).json()
    assert problem["code"] == "duplicate-key"
    assert problem["status"] == 400
    assert problem["errors"] == [{"location": "body", "pointer": pointer, "detail": detail}]


@pytest.mark.parametrize("text", ['":', " :", "\\n:", 'a": "b', '\\":', '{"medications":[]}', '","id":"m2'])
def test_colons_inside_text_are_no_keys(client: ContractClient, text: str) -> None:
    assert client.post("/v1/checks", json={"medications": [{"id": "m1", "text": text}]}).status_code == 200


# --- duplicates, for any body -----------------------------------------------------------------------------------------

_SPACE = st.sampled_from(["", " ", "\n", "\t", "\r", "  "])
_TEXTS = st.text(st.sampled_from('ab":\\ \n\té{}[],'), min_size=1, max_size=8)


@st.composite
def written_bodies(draw: st.DrawFn) -> tuple[str, bool]:
    """A body that fits the contract apart from keys that may stand twice, and whether one does."""
    twice = False

    def written(members: list[tuple[str, str]]) -> str:
        nonlocal twice
        if members and draw(st.integers(0, 5)) == 0:
            members = [*members, draw(st.sampled_from(members))]
            twice = True
        parts = [f'{draw(_SPACE)}"{key}"{draw(_SPACE)}:{draw(_SPACE)}{value}' for key, value in members]
        return "{" + ",".join(parts) + "}"

    def text() -> str:
        return json.dumps(draw(_TEXTS), ensure_ascii=draw(st.booleans()))

    medications = [
        written(
            [
                ("id", f'"m{number}"'),
                ("text", text()),
                *([("times", '["08:00", "20:00"]')] if draw(st.booleans()) else []),
                *([("dose", written([("value", '"40"'), ("unit", '"mg"')]))] if draw(st.booleans()) else []),
                *(
                    [("codes", "[" + written([("system", '"atc"'), ("code", '"A"')]) + "]")]
                    if draw(st.booleans())
                    else []
                ),
            ]
        )
        for number in range(draw(st.integers(0, 3)))
    ]
    members = [("medications", "[" + ",".join(medications) + "]")]
    if draw(st.booleans()):
        members.append(("symptoms", "[" + text() + "]"))
    if draw(st.booleans()):
        members.append(("patient", written([("age_years", "71"), ("sex", "null")])))
    return written(members), twice


@pytest.fixture(scope="module")
def shared_client(settings: Settings, compiled: CompiledRuleSet) -> Iterator[ContractClient]:
    with ContractClient(create_app(settings, ActiveRuleSet(compiled))) as client:
        yield client


@given(written_bodies())
def test_a_body_is_refused_exactly_when_a_key_stands_twice(
    shared_client: ContractClient, written: tuple[str, bool]
) -> None:
    content, twice = written
    MedicationProfile.model_validate_json(content)  # which does not tell
    response = shared_client.post("/v1/checks", content=content.encode(), headers=JSON)
    assert (response.status_code == 400) == twice
    assert twice or response.status_code == 200
