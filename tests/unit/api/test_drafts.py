"""Drafts over HTTP: the whole way with two people, what each step refuses, and requests that are sent twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from httpx2 import Response

from tests.entrance import PASSWORD
from tests.integration.control_room import guidance
from tests.unit.api.control_client import ControlClient, control_client

REASON = {"reason": "for a test"}
SIGNED = {**REASON, "password": PASSWORD}


@pytest.fixture
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlClient]:
    with control_client(tmp_path_factory.mktemp("control")) as client:
        yield client


def opened(people: ControlClient, who: str = "ann") -> Response:
    response = people.sent(who, "POST", "/v1/drafts", {"title": "A draft", **REASON})
    assert response.status_code == 201
    assert response.headers["location"] == f"/v1/drafts/{response.json()['id']}"
    return response


def put(people: ControlClient, draft: Response, title: str = "How to test", who: str = "ann", **more: Any) -> Response:  # noqa: ANN401
    body = {**REASON, "document": guidance("how-to-test", title)}
    path = f"/v1/drafts/{draft.json()['id']}/records/guidance/how-to-test"
    return people.sent(who, "PUT", path, body, tag=more.pop("tag", draft.headers["etag"]), **more)


def step(people: ControlClient, who: str, draft: Response, name: str, body: dict[str, Any] | None = None) -> Response:
    path = f"/v1/drafts/{draft.json()['id']}/{name}"
    return people.sent(who, "POST", path, body or REASON, tag=draft.headers["etag"])


def approved(people: ControlClient, title: str = "How to test") -> Response:
    draft = step(people, "ann", put(people, opened(people), title), "submit")
    assert draft.json()["state"] == "submitted"
    draft = step(people, "rex", draft, "approve", {**SIGNED, "digest": draft.json()["digest"]})
    assert draft.json()["state"] == "approved"
    return draft


def code(response: Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def test_from_a_draft_to_an_answer(people: ControlClient) -> None:
    draft = approved(people)
    published = step(people, "pia", draft, "publish", {**SIGNED, "digest": draft.json()["digest"]})
    assert (published.status_code, published.json()["published_as"]) == (200, 2)
    # At once, in the very process that published.
    answer = people.sent("cli", "POST", "/v1/checks", {"medications": [{"id": "m1", "text": "furosemide"}]})
    assert answer.json()["rule_set"] == {"version": 2, "digest": draft.json()["digest"]}
    assert people.sent("cli", "GET", "/v1/guidance/how-to-test").json()["title"] == "How to test"
    compared = people.sent("eve", "GET", "/v1/rule-sets/2/differences?since=1").json()
    assert [(one["kind"], one["id"], one["change"]) for one in compared["records"]] == [
        ("guidance", "how-to-test", "created")
    ]
    back = people.sent("pia", "POST", "/v1/rule-sets/1/roll-back", SIGNED)
    assert (back.json()["version"], back.json()["answers"]) == (3, True)
    assert people.sent("cli", "GET", "/v1/guidance/how-to-test").status_code == 404
    trail = people.sent("adi", "GET", "/v1/audit?limit=100").json()
    steps = [entry["action"] for entry in reversed(trail["items"])]
    assert [one for one in steps if one.startswith(("draft", "record", "publish", "roll"))] == [
        "publish",
        "draft_open",
        "record_create",
        "draft_submit",
        "draft_approve",
        "publish",
        "draft_publish",
        "roll_back",
    ]
    assert people.sent("adi", "GET", "/v1/audit/verification").json()["intact"] is True
    about = people.sent("adi", "GET", f"/v1/audit?subject=draft/{draft.json()['id']}").json()
    assert about["total"] == 5


def test_the_gate_is_told_before_it_is_met(people: ControlClient) -> None:
    draft = put(people, opened(people), "This fails")
    gate = people.sent("eve", "GET", f"/v1/drafts/{draft.json()['id']}/gate").json()
    assert gate["passed"] is False
    assert gate["failures"] == [{"case_id": "a-case", "details": ["it fails"]}]
    refused = step(people, "ann", draft, "submit")
    assert code(refused) == (409, "gate-refused")
    assert "1 of 1 worked cases" in refused.json()["errors"][0]["detail"]


def test_an_impact_above_the_limit_is_accepted_in_words(people: ControlClient) -> None:
    draft = approved(people, "A surprise")
    body = {**SIGNED, "digest": draft.json()["digest"]}
    assert code(step(people, "pia", draft, "publish", body)) == (409, "gate-refused")
    assert step(people, "pia", draft, "publish", {**body, "accept_impact": True}).status_code == 200


# --- who --------------------------------------------------------------------------------------------------------------


def test_a_signature_wants_the_password_once_more(people: ControlClient) -> None:
    draft = step(people, "ann", put(people, opened(people)), "submit")
    body = {**REASON, "digest": draft.json()["digest"]}
    for password in ({}, {"password": "not the right one"}):
        refused = step(people, "rex", draft, "approve", {**body, **password})
        assert code(refused) == (403, "reauthentication-required")
    assert people.sent("eve", "GET", f"/v1/drafts/{draft.json()['id']}").json()["signatures"] == []


def test_four_eyes(people: ControlClient) -> None:
    draft = step(people, "bea", put(people, opened(people), who="bea"), "submit")
    body = {**SIGNED, "digest": draft.json()["digest"]}
    assert code(step(people, "bea", draft, "approve", body)) == (409, "illegal-step")
    refused = step(people, "ann", draft, "approve", body)
    assert code(refused) == (403, "not-permitted")
    assert "It needs the role reviewer (permission drafts:review)" in refused.json()["detail"]
    assert step(people, "rex", draft, "approve", body).status_code == 200


def test_what_was_not_shown_is_not_signed(people: ControlClient) -> None:
    draft = step(people, "ann", put(people, opened(people)), "submit")
    refused = step(people, "rex", draft, "approve", {**SIGNED, "digest": "0" * 64})
    assert code(refused) == (412, "precondition-failed")


# --- conditions and keys ----------------------------------------------------------------------------------------------


def test_no_change_without_saying_of_what(people: ControlClient) -> None:
    draft = opened(people)
    assert code(put(people, draft, tag=None)) == (428, "precondition-required")
    assert code(put(people, draft, tag="*")) == (422, "invalid-request")
    assert code(put(people, draft, tag='W/"1"')) == (422, "invalid-request")
    assert code(put(people, draft, tag='"7"')) == (412, "precondition-failed")
    assert put(people, draft).headers["etag"] == '"2"'


def test_a_wish_that_is_sent_twice_is_done_once(people: ControlClient) -> None:
    body = {"title": "Once", **REASON}
    first = people.sent("ann", "POST", "/v1/drafts", body, key="key-of-this-wish")
    again = people.sent("ann", "POST", "/v1/drafts", body, key="key-of-this-wish")
    assert again.content == first.content
    assert {name: again.headers[name] for name in ("etag", "location")} == {
        name: first.headers[name] for name in ("etag", "location")
    }
    assert people.sent("ann", "GET", "/v1/drafts").json()["total"] == 1
    other = people.sent("ann", "POST", "/v1/drafts", {**body, "title": "Twice"}, key="key-of-this-wish")
    assert code(other) == (422, "idempotency-key-reused")
    assert code(people.sent("ann", "POST", "/v1/drafts", body, key=None)) == (400, "idempotency-key-required")
    # The same key of somebody else is another key.
    assert people.sent("bea", "POST", "/v1/drafts", body, key="key-of-this-wish").json()["id"] != first.json()["id"]


def test_publishing_again_with_the_same_key_publishes_nothing(people: ControlClient) -> None:
    draft = approved(people)
    path = f"/v1/drafts/{draft.json()['id']}/publish"
    body = {**SIGNED, "digest": draft.json()["digest"]}
    first = people.sent("pia", "POST", path, body, tag=draft.headers["etag"], key="publish-it")
    again = people.sent("pia", "POST", path, body, tag=draft.headers["etag"], key="publish-it")
    assert (first.status_code, again.content) == (200, first.content)
    assert people.sent("eve", "GET", "/v1/rule-sets").json()["total"] == 2
    # Without the key it is another wish, and comes too late.
    late = people.sent("pia", "POST", path, body, tag=draft.headers["etag"])
    assert code(late) == (409, "illegal-step")


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "pointer", "words"),
    [
        ({"id": "how-to-test"}, "/document/title", "required"),
        (guidance("another", "How to test"), "/document/id", "how-to-test"),
        (guidance("how-to-test", "x" * 1000), "/document/title", "140"),
        (guidance("how-to-test", "How to test", status="published"), "/document/status", "active"),
    ],
)
def test_a_record_that_does_not_fit(people: ControlClient, document: dict[str, Any], pointer: str, words: str) -> None:
    draft = opened(people)
    path = f"/v1/drafts/{draft.json()['id']}/records/guidance/how-to-test"
    refused = people.sent("ann", "PUT", path, {**REASON, "document": document}, tag='"1"')
    assert code(refused) == (422, "invalid-request")
    assert words in " ".join(one["detail"] for one in refused.json()["errors"] if one["pointer"] == pointer)
    assert people.sent("ann", "GET", f"/v1/drafts/{draft.json()['id']}").headers["etag"] == '"1"'


@pytest.mark.parametrize(
    "extra",
    [{"state": "published"}, {"approved_by": "ann"}, {"version": 7}, {"role": "publisher"}, {"revision": 5}],
)
def test_nothing_but_what_the_contract_names_is_taken(people: ControlClient, extra: dict[str, Any]) -> None:
    refused = people.sent("ann", "POST", "/v1/drafts", {"title": "A draft", **REASON, **extra})
    assert code(refused) == (422, "invalid-request")
    assert people.sent("ann", "GET", "/v1/drafts").json()["total"] == 0


@pytest.mark.parametrize(
    "body",
    [{"title": "", **REASON}, {"title": "A\x00B", **REASON}, {"title": "T", "reason": "  "}, {"title": 7, **REASON}],
)
def test_texts_that_say_nothing_or_cannot_be_kept(people: ControlClient, body: dict[str, Any]) -> None:
    assert code(people.sent("ann", "POST", "/v1/drafts", body)) == (422, "invalid-request")


@pytest.mark.parametrize("field", ["title", "reason"])
@pytest.mark.parametrize("hidden", ["Two \u202esruoh", "\u2067x", "a\u200bb", "\ufeff", "\u200c"])
def test_a_reviewer_is_shown_what_there_is(people: ControlClient, field: str, hidden: str) -> None:
    refused = people.sent("ann", "POST", "/v1/drafts", {"title": "A draft", **REASON, field: hidden})
    assert code(refused) == (422, "invalid-request")
    (fault,) = refused.json()["errors"]
    assert fault["pointer"] == f"/{field}"
    assert "is not shown" in fault["detail"] or "must not be empty" in fault["detail"]


def test_a_key_twice_in_a_document_is_refused(people: ControlClient) -> None:
    draft = opened(people)
    response = people.request(
        "PUT",
        f"/v1/drafts/{draft.json()['id']}/records/guidance/how-to-test",
        content='{"reason": "r", "document": {"id": "how-to-test", "id": "another"}}',
        headers={
            "content-type": "application/json",
            "authorization": f"Bearer {people.tokens['ann']}",
            "if-match": '"1"',
            "idempotency-key": "twice-in-it",
        },
    )
    assert code(response) == (400, "duplicate-key")


def test_what_is_not_there(people: ControlClient) -> None:
    nowhere = "/v1/drafts/00000000-0000-4000-8000-000000000000"
    assert code(people.sent("ann", "GET", nowhere)) == (404, "not-found")
    assert code(people.sent("ann", "POST", f"{nowhere}/submit", REASON, tag='"1"')) == (404, "not-found")
    assert code(people.sent("ann", "GET", "/v1/drafts/not-an-id")) == (422, "invalid-request")
    assert code(people.sent("eve", "GET", "/v1/rule-sets/99")) == (404, "not-found")
    assert code(people.sent("pia", "POST", "/v1/rule-sets/99/retire", SIGNED)) == (404, "not-found")


def test_retired_content_never_answers_again(people: ControlClient) -> None:
    draft = approved(people)
    step(people, "pia", draft, "publish", {**SIGNED, "digest": draft.json()["digest"]})
    assert code(people.sent("pia", "POST", "/v1/rule-sets/2/retire", SIGNED)) == (409, "illegal-step")
    retired = people.sent("pia", "POST", "/v1/rule-sets/1/retire", SIGNED)
    assert retired.json()["retired_at"]
    assert code(people.sent("pia", "POST", "/v1/rule-sets/1/roll-back", SIGNED)) == (409, "illegal-step")


def test_the_content_of_a_rule_set_has_its_digest(people: ControlClient) -> None:
    about = people.sent("eve", "GET", "/v1/rule-sets/1").json()
    content = people.sent("eve", "GET", "/v1/rule-sets/1/content")
    assert hashlib.sha256(content.content).hexdigest() == about["digest"]
    assert content.headers["etag"] == f'"{about["digest"]}"'


def test_a_comment_is_made_once_and_told_to_all_who_may_read(people: ControlClient) -> None:
    draft = put(people, opened(people))
    path = f"/v1/drafts/{draft.json()['id']}/comments"
    said = {"text": "Of tablets only?", "record": "guidance/how-to-test"}
    first = people.sent("rex", "POST", path, said, key="a-comment-once")
    second = people.sent("rex", "POST", path, said, key="a-comment-once")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    people.sent("pia", "POST", path, {"text": "Of the draft."})
    page = people.sent("eve", "GET", f"{path}?limit=1").json()
    assert (page["total"], page["next"], page["items"][0]["text"]) == (2, "?limit=1&offset=1", "Of tablets only?")
    assert "record" not in people.sent("adi", "GET", f"{path}?limit=1&offset=1").json()["items"][0]
    assert people.sent("eve", "GET", f"/v1/drafts/{draft.json()['id']}").headers["etag"] == draft.headers["etag"]
    trail = people.sent("adi", "GET", "/v1/audit?limit=100").json()["items"]
    assert [one["reason"] for one in trail if one["action"] == "draft_comment"] == ["Of the draft.", "Of tablets only?"]


@pytest.mark.parametrize(
    ("who", "body", "expected"),
    [
        ("eve", {"text": "x"}, (403, "not-permitted")),
        ("adi", {"text": "x"}, (403, "not-permitted")),
        ("rex", {"text": " "}, (422, "invalid-request")),
        ("rex", {"text": "x", "record": "nonsense"}, (422, "invalid-request")),
        ("rex", {"text": "x", "record": "guidance/nothing"}, (404, "not-found")),
        ("rex", {"text": "x", "person": "person/someone-else"}, (422, "invalid-request")),
    ],
)
def test_what_is_no_comment_is_refused(
    people: ControlClient, who: str, body: dict[str, Any], expected: tuple[int, str]
) -> None:
    draft = opened(people)
    path = f"/v1/drafts/{draft.json()['id']}/comments"
    assert code(people.sent(who, "POST", path, body)) == expected
    assert people.sent("eve", "GET", path).json()["total"] == 0
