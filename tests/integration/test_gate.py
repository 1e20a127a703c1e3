"""The gate in front of every route, over HTTP and at two workers of one store: what lets somebody in, what does not.

Answers of the gate are compared with each other: nobody learns from them why they were refused.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any, Final

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from rules import CompiledRuleSet, compile_rule_set
from service.application.access.keys import revoke_key
from service.application.access.people import change_person
from service.application.principals import Role
from service.application.rule_sets import seed_baseline
from service.settings import Environment
from service.storage.session import Store
from tests.entrance import PASSWORD, House, bearer
from tests.integration.small_knowledge import small_rule_set
from tests.keys import KEYRING
from tests.unit.api.conftest import LogLines, log_lines, make_rule_set

__all__ = ["log_lines"]

QUESTION: Final = {"medications": [{"id": "m1", "text": "furosemide"}]}
# What is promised: refused everywhere within this.
WITHIN_SECONDS: Final = 5.0
OWN: Final = {"Origin": "https://testserver", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def compiled() -> CompiledRuleSet:
    return compile_rule_set(make_rule_set(), version=7)


@pytest.fixture
def house(store: Store) -> House:
    house = House(store)
    seed_baseline(store, small_rule_set(), keyring=KEYRING, now=house.now(), note="first")
    return house


@pytest.fixture
def workers(house: House) -> Iterator[list[TestClient]]:
    """Two workers that look at the store by themselves."""
    with ExitStack() as stack:
        yield [stack.enter_context(TestClient(house.app(), base_url="https://testserver")) for _ in range(2)]


@pytest.fixture
def worker(workers: list[TestClient]) -> TestClient:
    return workers[0]


def code_of(response: Response) -> str:
    code: str = response.json()["code"] if response.status_code >= 400 else "fine"
    return code


def content_of(response: Response) -> tuple[int, dict[str, Any], dict[str, str]]:
    """All of an answer but what differs in every answer."""
    body = response.json()
    del body["correlation_id"]
    headers = {name: value for name, value in response.headers.items() if name != "x-correlation-id"}
    headers.pop("content-length")
    return response.status_code, body, headers


def wait_until(true: Callable[[], bool]) -> float:
    started = time.monotonic()
    while not true():
        assert time.monotonic() - started < WITHIN_SECONDS
        time.sleep(0.02)
    return time.monotonic() - started


# --- in or out --------------------------------------------------------------------------------------------------------


def test_every_way_to_be_nobody_has_the_same_answer(house: House) -> None:
    key, expired = house.key(Role.CLIENT), house.key(Role.CLIENT, expires_at=house.now() + timedelta(minutes=1))
    house.moved = timedelta(minutes=2)
    token = house.signed_in(house.person("ada", Role.AUTHOR))
    wrong: list[dict[str, str]] = [
        {},
        {"X-API-Key": ""},
        {"X-API-Key": key[:-1]},
        {"X-API-Key": expired},
        {"X-API-Key": token},  # a sign-in is no key
        {"X-API-Key": key, "Authorization": f"Bearer {key}"},  # two proofs are none
        {"Authorization": key},
        {"Authorization": f"Basic {key}"},
        {"Authorization": "Bearer"},
        {"Authorization": f"Bearer {token[:-2]}"},
        {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0."},
        {"Cookie": f"magcheck={token}"},
        {"Cookie": f"magcheck-development={token}"},
        {"X-User": "ada", "X-Forwarded-User": "ada", "X-Remote-User": "ada"},
    ]
    app = house.app(most_failures=1000)
    with TestClient(app) as client:
        answers = [content_of(client.post("/v1/checks", json=QUESTION, headers=headers)) for headers in wrong]
        assert client.post("/v1/checks", json=QUESTION, headers={"X-API-Key": key}).status_code == 200
        twice = [("X-API-Key", key), ("X-API-Key", key)]
        answers.append(content_of(client.post("/v1/checks", json=QUESTION, headers=twice)))
    assert [answer for answer in answers if answer != answers[0]] == []
    assert answers[0][0] == 401
    assert answers[0][2]["www-authenticate"] == 'Bearer realm="magcheck"'


def test_nothing_of_a_request_is_looked_at_before_who_asks(worker: TestClient) -> None:
    answers = [
        worker.post("/v1/checks", content=b"{" * 100, headers={"Content-Type": "text/plain"}),
        worker.post("/v1/checks?nonsense=1", json={}),
        worker.get("/v1/substances?limit=many"),
        worker.get("/v1/substances/No-Such_Thing"),
        worker.post("/v1/keys", json={"name": 1}),
    ]
    assert [answer.status_code for answer in answers] == [401] * 5


def test_a_key_comes_in_either_header(house: House, worker: TestClient) -> None:
    key = house.key(Role.CLIENT)
    for headers in ({"X-API-Key": key}, {"Authorization": f"Bearer {key}"}, {"authorization": f"bearer  {key}"}):
        assert worker.post("/v1/checks", json=QUESTION, headers=headers).status_code == 200
        assert worker.get("/v1/substances", headers=headers).status_code == 200
        assert code_of(worker.get("/v1/drafts", headers=headers)) == "not-permitted"


def test_tricks_with_paths_open_nothing(house: House, worker: TestClient) -> None:
    """What is no route of ours is not found; what is one, under whatever spelling, asks who it is."""
    client = {"X-API-Key": house.key(Role.CLIENT)}
    tricks = [
        *("/v1/Keys", "/V1/keys", "/v1/keys/", "/v1//keys", "//v1/keys", "/v1/./keys", "/v1/x/../keys", "/v1/keys;x=1"),
        *("/v1/%6beys", "/v1/ke%79s", "/v1%2fkeys", "/v1/keys%00", "/v1/keys%20", "/v1/keys.json", "/v1/keys%2e"),
        *(
            "/docs/../v1/keys",
            "/docs/assets/../../v1/keys",
            "/docs/assets/%2e%2e/%2e%2e/v1/keys",
            "/health/live/../../v1/keys",
        ),
        *("/v1/keys?", "/v1/keys?permission=public", "/%2e/v1/keys", "/v1/keys#", "/v1/people/../keys"),
    ]
    for path in tricks:
        nobody, somebody = worker.get(path).status_code, worker.get(path, headers=client).status_code
        assert nobody in {401, 404, 429}, path
        assert somebody in {403, 404}, path
    for headers in (
        {"X-HTTP-Method-Override": "GET"},
        {"X-Original-URL": "/health/live"},
        {"X-Rewrite-URL": "/health/live"},
    ):
        assert worker.get("/v1/keys", headers={**headers, **client}).status_code == 403
    for method in ("HEAD", "get", "Get", "OPTIONS", "TRACE", "PROPFIND"):
        assert worker.request(method, "/v1/keys", headers=client).status_code in {403, 405}


def test_the_right_key_is_taken_while_another_client_of_the_same_address_goes_wrong(
    house: House, worker: TestClient, log_lines: LogLines
) -> None:
    """1,000 wrong keys: after ten a minute, nobody is even told that they are wrong; the right one still works."""
    key = {"X-API-Key": house.key(Role.CLIENT)}
    worker.get("/v1/me", headers=key)
    found: dict[int, int] = {}
    response = worker.get("/v1/me", headers=key)
    for number in range(1000):
        response = worker.get("/v1/me", headers={"X-API-Key": f"mck_{number:012x}_{'A' * 43}"})
        found[response.status_code] = found.get(response.status_code, 0) + 1
        if number % 100 == 0:
            assert worker.get("/v1/me", headers=key).status_code == 200
    assert found == {401: 10, 429: 990}
    assert 1 <= int(response.headers["retry-after"]) <= 60
    refused = [line for line in log_lines() if line["event"] == "not_authenticated"]
    assert len(refused) == 10
    assert {line["route"] for line in refused} == {"/v1/me"}


def test_a_key_that_asks_too_often_waits_and_its_neighbour_does_not(house: House, worker: TestClient) -> None:
    loud, quiet = house.key(Role.CLIENT, requests_per_minute=5), house.key(Role.CLIENT, requests_per_minute=5)
    answers = [worker.post("/v1/checks", json=QUESTION, headers={"X-API-Key": loud}) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert code_of(answers[-1]) == "too-many-requests"
    wait = int(answers[-1].headers["retry-after"])
    assert 1 <= wait <= 60
    assert worker.post("/v1/checks", json=QUESTION, headers={"X-API-Key": quiet}).status_code == 200
    house.moved = timedelta(seconds=wait)
    assert worker.post("/v1/checks", json=QUESTION, headers={"X-API-Key": loud}).status_code == 200


# --- everywhere -------------------------------------------------------------------------------------------------------


def test_what_was_made_at_one_worker_counts_at_the_other_at_once(house: House, workers: list[TestClient]) -> None:
    key, token = house.key(Role.CLIENT), house.signed_in(house.person("ada", Role.AUTHOR))
    for worker in workers:
        assert worker.get("/v1/me", headers={"X-API-Key": key}).status_code == 200
        assert worker.get("/v1/me", headers=bearer(token)).status_code == 200


@pytest.mark.parametrize("end", ["revoked", "disabled", "role", "signed out"])
def test_what_ended_is_refused_by_every_worker_within_five_seconds(
    house: House, workers: list[TestClient], end: str
) -> None:
    house.person("boss", Role.ADMINISTRATOR)
    person = house.person("ada", Role.AUTHOR, Role.AUDITOR)
    key, token = house.key(Role.AUDITOR), house.signed_in(person)
    headers = {"X-API-Key": key} if end == "revoked" else bearer(token)
    for worker in workers:
        assert worker.get("/v1/audit", headers=headers).status_code == 200
    if end == "signed out":
        assert workers[0].delete("/v1/sign-ins/current", headers=headers).status_code == 204
    else:
        with house.store.writing() as session:
            if end == "revoked":
                revoke_key(session, key[4:16], house.act())
            elif end == "disabled":
                change_person(session, person, house.act(), version=1, disabled=True)
            else:
                change_person(session, person, house.act(), version=1, roles=[Role.AUTHOR])
    for worker in workers:
        wait_until(lambda worker=worker: worker.get("/v1/audit", headers=headers).status_code in {401, 403, 429})  # type: ignore[misc]
    for worker in workers:
        assert worker.get("/v1/audit", headers=headers).status_code in {401, 403, 429}


def test_a_removed_role_is_not_to_be_had_by_signing_in_again(house: House, worker: TestClient) -> None:
    person = house.person("ada", Role.AUDITOR)
    with house.store.writing() as session:
        change_person(session, person, house.act(), version=1, roles=[])
    signed_in = worker.post("/v1/sign-ins", json={"login": "ada", "password": PASSWORD})
    assert signed_in.status_code == 201
    assert code_of(worker.get("/v1/audit", headers=bearer(signed_in.json()["token"]))) == "not-permitted"


# --- signing in -------------------------------------------------------------------------------------------------------


def test_signing_in_and_out(house: House, worker: TestClient, log_lines: LogLines) -> None:
    person = house.person("ada", Role.AUTHOR)
    signed_in = worker.post("/v1/sign-ins", json={"login": "ADA", "password": PASSWORD})
    assert signed_in.status_code == 201
    assert signed_in.headers["cache-control"] == "no-store"
    assert "set-cookie" not in signed_in.headers
    entry = signed_in.json()
    assert (entry["person_id"], entry["name"], entry["roles"]) == (person, "Ada", ["author"])
    headers = bearer(entry["token"])
    me = worker.get("/v1/me", headers=headers).json()
    assert (me["id"], me["kind"], me["csrf_token"]) == (f"person/{person}", "person", entry["csrf_token"])
    assert worker.delete("/v1/sign-ins/current", headers=headers).status_code == 204
    assert worker.get("/v1/me", headers=headers).status_code == 401
    wrong = worker.post("/v1/sign-ins", json={"login": "ada", "password": "a wrong guess"})
    assert (wrong.status_code, code_of(wrong)) == (401, "not-authenticated")
    events = [line["event"] for line in log_lines() if line["logger"].startswith("service.api.v1")]
    assert events == ["signed_in", "signed_out", "sign_in_failed"]
    assert not any(secret in str(log_lines()) for secret in (PASSWORD, "a wrong guess", entry["token"]))


def test_guessing_a_password_is_slowed_down_over_all_workers(house: House, workers: list[TestClient]) -> None:
    house.person("ada", Role.AUTHOR)
    answers = [
        workers[number % 2].post("/v1/sign-ins", json={"login": "ada", "password": f"guess number {number}"})
        for number in range(12)
    ]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 2
    assert len({str(content_of(answer)) for answer in answers[:10]}) == 1
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60


def test_a_password_of_ones_own_is_changed_with_the_present_one(house: House, worker: TestClient) -> None:
    token = house.signed_in(house.person("ada", Role.AUTHOR))
    change = {"password": "a wrong guess", "new_password": "another lamp, another mill"}
    headers = {**bearer(token), "Idempotency-Key": "change-0001"}
    assert code_of(worker.post("/v1/me/password", json=change, headers=headers)) == "reauthentication-required"
    too_common = {"password": PASSWORD, "new_password": "password12345678"}
    refused = worker.post("/v1/me/password", json=too_common, headers=headers)
    assert (code_of(refused), refused.json()["errors"][0]["pointer"]) == ("invalid-request", "/new_password")
    changed = worker.post("/v1/me/password", json={**change, "password": PASSWORD}, headers=headers)
    assert changed.status_code == 200
    assert worker.get("/v1/me", headers=bearer(token)).status_code == 401
    new = {"login": "ada", "password": "another lamp, another mill"}
    assert worker.post("/v1/sign-ins", json=new).status_code == 201
    assert worker.post("/v1/sign-ins", json={**new, "password": PASSWORD}).status_code == 401


# --- with a cookie ----------------------------------------------------------------------------------------------------


def signed_in_with_cookie(worker: TestClient) -> tuple[dict[str, str], str]:
    response = worker.post("/v1/sign-ins", json={"login": "ada", "password": PASSWORD, "cookie": True})
    assert "token" not in response.json()
    token = response.headers["set-cookie"].partition("=")[2].partition(";")[0]
    worker.cookies.clear()
    return {"Cookie": f"__Host-magcheck={token}"}, response.json()["csrf_token"]


def test_the_cookie_is_for_this_host_over_https_and_for_no_script(house: House, worker: TestClient) -> None:
    house.person("ada", Role.AUTHOR)
    response = worker.post("/v1/sign-ins", json={"login": "ada", "password": PASSWORD, "cookie": True})
    name_and_value, *attributes = response.headers["set-cookie"].split("; ")
    assert name_and_value.startswith("__Host-magcheck=mcs_")
    assert sorted(attributes) == ["HttpOnly", "Path=/", "SameSite=lax", "Secure"]
    worker.cookies.clear()
    out = worker.delete("/v1/sign-ins/current", headers=bearer(name_and_value.partition("=")[2]))
    assert '__Host-magcheck=""' in out.headers["set-cookie"]
    assert "Max-Age=0" in out.headers["set-cookie"]


def test_a_sign_in_ends_the_one_whose_cookie_came_along(house: House, worker: TestClient) -> None:
    house.person("ada", Role.AUTHOR)
    before, _ = signed_in_with_cookie(worker)
    again = {"login": "ada", "password": PASSWORD, "cookie": True}
    after = worker.post("/v1/sign-ins", json=again, headers=before).headers["set-cookie"].partition(";")[0]
    worker.cookies.clear()
    assert before["Cookie"] != after
    assert worker.get("/v1/me", headers=before).status_code == 401
    assert worker.get("/v1/me", headers={"Cookie": after}).status_code == 200
    planted = {"Cookie": f"{after}; __Host-magcheck=mcs_{'A' * 43}"}
    assert worker.get("/v1/me", headers=planted).status_code == 401


FOREIGN: Final[dict[str, dict[str, str]]] = {
    "nothing": {},
    "other site": {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    "other site, no origin": {"Sec-Fetch-Site": "cross-site"},
    "other origin, old browser": {"Origin": "https://evil.example"},
    "same site, other host": {"Origin": "https://other.testserver", "Sec-Fetch-Site": "same-site"},
    "null": {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    "suffix": {"Origin": "https://testserver.evil.example"},
    "prefix": {"Origin": "https://eviltestserver"},
    "port": {"Origin": "https://testserver:8443"},
    "user": {"Origin": "https://testserver@evil.example"},
    "path": {"Origin": "https://testserver/evil"},
    "typed by hand": {"Sec-Fetch-Site": "none"},
}


def test_a_page_of_another_site_changes_nothing(house: House, worker: TestClient) -> None:
    house.person("ada", Role.AUTHOR)
    cookie, csrf = signed_in_with_cookie(worker)
    _, of_another = signed_in_with_cookie(worker)
    draft = {"title": "A draft", "reason": "to see"}

    def ask(headers: dict[str, str], **content: Any) -> Response:  # noqa: ANN401
        content = content or {"json": draft}
        return worker.post("/v1/drafts", headers={**cookie, "Idempotency-Key": "k-000001", **headers}, **content)

    for name, headers in FOREIGN.items():
        assert code_of(ask({**headers, "X-CSRF-Token": csrf})) == "not-permitted", name
    for token in (None, "", csrf[:-1], of_another, "x" * 81, csrf.replace(".", "")):
        headers = OWN if token is None else {**OWN, "X-CSRF-Token": token}
        assert code_of(ask(headers)) == "not-permitted", token
    form = ask({**OWN, "X-CSRF-Token": csrf, "Content-Type": "text/plain"}, content=b'{"title": "A", "reason": "b"}')
    assert form.status_code == 415
    assert (
        code_of(worker.delete("/v1/sign-ins/current", headers={**cookie, **FOREIGN["other site"]})) == "not-permitted"
    )
    assert worker.get("/v1/drafts", headers=cookie).json()["total"] == 0  # looking is free
    assert ask({**OWN, "X-CSRF-Token": csrf}).status_code == 201


def test_a_bearer_token_needs_no_page_of_ours(house: House, worker: TestClient) -> None:
    token = house.signed_in(house.person("ada", Role.AUTHOR))
    headers = {**bearer(token), "Idempotency-Key": "k-000001", **FOREIGN["other site"]}
    assert worker.post("/v1/drafts", json={"title": "A draft", "reason": "to see"}, headers=headers).status_code == 201


def test_with_a_public_address_only_that_one_is_ours(house: House) -> None:
    house.person("ada", Role.AUTHOR)
    app = house.app(public_url="https://magcheck.hospital.example/")
    with TestClient(app, base_url="https://testserver") as client:
        cookie, csrf = signed_in_with_cookie(client)
        for origin, status in (("https://magcheck.hospital.example", 201), ("https://testserver", 403)):
            headers = {**cookie, "X-CSRF-Token": csrf, "Origin": origin, "Idempotency-Key": "k-000001"}
            answer = client.post("/v1/drafts", json={"title": "A draft", "reason": "to see"}, headers=headers)
            assert answer.status_code == status


# --- administration ---------------------------------------------------------------------------------------------------


@pytest.fixture
def boss(house: House, worker: TestClient) -> Callable[..., Response]:
    """An administrator who asks for changes, each with a key of its own unless one is given."""
    headers = bearer(house.signed_in(house.person("boss", Role.ADMINISTRATOR)))
    numbers = iter(range(1000))

    def ask(method: str, path: str, body: dict[str, Any], **more: str) -> Response:
        sent = {
            "Idempotency-Key": f"wish-{next(numbers):06d}",
            **headers,
            **{k.replace("_", "-"): v for k, v in more.items()},
        }
        return worker.request(method, path, json={"reason": "for a test", **body}, headers=sent)

    return ask


def test_a_key_is_shown_once(worker: TestClient, boss: Callable[..., Response]) -> None:
    wanted = {"name": "Ward 3", "roles": ["client"], "password": PASSWORD}
    first = boss("POST", "/v1/keys", wanted, Idempotency_Key="one-key-please")
    assert first.status_code == 201
    key = {"X-API-Key": first.json()["key"]}
    assert worker.post("/v1/checks", json=QUESTION, headers=key).status_code == 200
    again = boss("POST", "/v1/keys", wanted, Idempotency_Key="one-key-please")
    assert again.status_code == 201
    assert again.json() == {name: value for name, value in first.json().items() if name != "key"}
    shown = [boss("GET", path, {}).text for path in ("/v1/keys", first.headers["location"])]
    assert not any(first.json()["key"][17:] in text or "hash" in text for text in shown)
    revoked = boss("POST", f"{first.headers['location']}/revoke", {})
    assert revoked.json()["revoked_at"]
    assert worker.post("/v1/checks", json=QUESTION, headers=key).status_code == 401


def test_giving_access_wants_a_fresh_proof(house: House, boss: Callable[..., Response]) -> None:
    person = house.person("ada", Role.AUTHOR)
    new = {"login": "new", "name": "New", "roles": [], "new_password": "another lamp, another mill"}
    tries: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/v1/keys", {"name": "Ward 3", "roles": ["client"]}),
        ("POST", "/v1/people", new),
        ("PATCH", f"/v1/people/{person}", {"roles": ["reviewer"]}),
        ("POST", f"/v1/people/{person}/password", {"new_password": "another lamp, another mill"}),
    ]
    for method, path, body in tries:
        for proof in ({}, {"password": "a wrong guess"}):
            assert code_of(boss(method, path, {**body, **proof}, If_Match='"1"')) == "reauthentication-required"
    for method, path, body in tries:
        assert boss(method, path, {**body, "password": PASSWORD}, If_Match='"1"').status_code in {200, 201}


def test_what_must_not_be_said_is_refused(house: House, boss: Callable[..., Response]) -> None:
    """Nothing is taken over from a body that it has no field for, and nothing a field does not allow."""
    person = house.person("ada", Role.AUTHOR)
    proof = {"password": PASSWORD}
    new = {"login": "new", "name": "New", "roles": [], "new_password": "another lamp, another mill", **proof}
    key = {"name": "Ward 3", "roles": ["client"], **proof}
    before = boss("GET", f"/v1/people/{person}", {}).json()
    for method, path, body in (
        *(
            ("POST", "/v1/people", {**new, name: "x"})
            for name in ("id", "version", "created_by", "password_hash", "issuer")
        ),
        *(
            ("POST", "/v1/people", {**new, "login": login})
            for login in ("", "Ada", "\u0430da", "a b", "a" * 121, ".a", "a\n")
        ),
        *(("POST", "/v1/people", {**new, "new_password": one}) for one in ("short", "a" * 257, "a\0" * 10)),
        *(
            ("POST", "/v1/keys", {**key, "roles": roles})
            for roles in ([], ["administrator"], ["reviewer"], ["root"], "client")
        ),
        *(("POST", "/v1/keys", {**key, name: "x"}) for name in ("id", "hash", "key", "created_at", "role")),
        *(
            ("PATCH", f"/v1/people/{person}", {**proof, name: "x"})
            for name in ("login", "version", "password_hash", "role")
        ),
    ):
        assert boss(method, path, body, If_Match='"1"').status_code == 422, (path, body)
    assert boss("GET", f"/v1/people/{person}", {}).json() == before
    assert boss("GET", "/v1/people", {}).json()["total"] == 2
    assert boss("GET", "/v1/keys", {}).json()["total"] == 0


def test_a_change_of_a_person_says_which_version_it_is_about(house: House, boss: Callable[..., Response]) -> None:
    person = house.person("ada", Role.AUTHOR)
    path, change = f"/v1/people/{person}", {"roles": ["reviewer"], "password": PASSWORD}
    assert boss("PATCH", path, change).status_code == 428
    changed = boss("PATCH", path, change, If_Match='"1"')
    assert (changed.status_code, changed.headers["etag"], changed.json()["roles"]) == (200, '"2"', ["reviewer"])
    assert code_of(boss("PATCH", path, {**change, "roles": []}, If_Match='"1"')) == "precondition-failed"
    assert boss("GET", path, {}).json()["roles"] == ["reviewer"]


# --- development and production ---------------------------------------------------------------------------------------


def test_the_development_mode_is_open_and_says_so_on_every_answer(house: House, compiled: CompiledRuleSet) -> None:
    with TestClient(house.app(compiled, environment=Environment.DEVELOPMENT)) as client:
        for path, status in (("/v1/me", 200), ("/v1/nothing", 404), ("/health/ready", 200), ("/docs", 200)):
            answer = client.get(path)
            assert (answer.status_code, answer.headers["x-magcheck-mode"]) == (status, "development")
        assert client.get("/health/ready").json()["mode"] == "development"
        assert client.get("/v1/me").json()["kind"] == "development"
        # Who says who they are is taken at their word, here too.
        assert client.get("/v1/me", headers={"X-API-Key": "mck_"}).status_code == 401
        assert client.get("/v1/drafts", headers={"X-API-Key": house.key(Role.CLIENT)}).status_code == 403
    with TestClient(house.app(compiled)) as client:
        ready = client.get("/health/ready")
        assert ready.json()["mode"] == "production"
        assert "x-magcheck-mode" not in ready.headers


@pytest.mark.parametrize(
    ("client_host", "status"), [("127.0.0.1", 200), ("::1", 200), ("192.0.2.7", 401), ("::2", 401)]
)
def test_the_development_mode_is_open_for_this_machine_only(house: House, client_host: str, status: int) -> None:
    app = house.app(environment=Environment.DEVELOPMENT)
    with TestClient(app, client=(client_host, 50000)) as client:
        assert client.get("/v1/me").status_code == status


@pytest.mark.parametrize(("public", "status"), [(True, 200), (False, 401)])
def test_metrics_are_for_everybody_only_where_the_settings_say_so(house: House, *, public: bool, status: int) -> None:
    with TestClient(house.app(metrics_public=public)) as client:
        assert client.get("/metrics").status_code == status
        assert client.get("/metrics", headers={"X-API-Key": house.key(Role.VIEWER)}).status_code == 200
