"""People of an identity provider: they come in by it and as what it says, and in no other way.

The provider here is one of ours that can be made to misbehave; `tests/e2e` has one that others have written.
"""

from __future__ import annotations

import base64
import html
import json
import logging
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from rules import compile_rule_set
from service.application.access import fetching
from service.application.access.journeys import Journey
from service.application.access.provider import Provider
from service.application.access.sign_ins import Ways
from service.application.access.trust import IdentityProvider, Vouched, identity_provider_of
from service.application.access.vouched import sign_in_vouched
from service.application.principals import Role
from service.application.rule_sets import publish_baseline
from service.errors import SettingsInvalid, SignInRefused, StoreUnavailable
from service.settings import LogLevel, Settings
from service.storage import access, audit
from service.storage.session import Store
from service.telemetry import configure_logging
from tests.entrance import PASSWORD, PASSWORDS, House, bearer
from tests.integration import issuer as made
from tests.integration.identity_provider import (
    CLIENT,
    SECRET,
    Claims,
    IdentityProviderServer,
    half_hash,
    identity_provider,
)
from tests.integration.issuer import EC, ED, OTHER_RSA, RSA, address, by_hand, key_set, token
from tests.integration.small_knowledge import small_rule_set
from tests.integration.stores import BEFORE_ANY_STORE
from tests.keys import KEYRING
from tests.unit.api.conftest import make_rule_set

RULE_SET: Final = compile_rule_set(make_rule_set(), version=7)
HERE: Final = "https://magcheck.example"
BEGIN: Final = "/v1/sign-ins/provider"
RETURN: Final = f"{BEGIN}/return"
JOURNEY_COOKIE: Final = "__Host-magcheck-journey"
ROLES: Final = {
    "pharmacy": Role.VIEWER,
    "magcheck authors": Role.AUTHOR,
    "reviewers": Role.REVIEWER,
    "it": Role.ADMINISTRATOR,
    "publishers": Role.PUBLISHER,
}
BROWSER: Final = {"Accept": "text/html,application/xhtml+xml"}
HOUR: Final = timedelta(hours=1)


@pytest.fixture
def house(store: Store) -> House:
    return House(store)


@pytest.fixture
def theirs(house: House) -> Iterator[IdentityProviderServer]:
    with identity_provider(clock=house.clock) as provider:
        yield provider


def trusting(theirs: IdentityProviderServer, **changed: Any) -> IdentityProvider:  # noqa: ANN401 - any field
    given = {
        "issuer": theirs.issuer,
        "client_id": CLIENT,
        "client_secret": SECRET,
        "groups_claim": ("groups",),
        "role_map": ROLES,
        "public_url": HERE,
        "landing": "/admin",
        "lasts": timedelta(hours=12),
    }
    return IdentityProvider(**{**given, **changed})


class Worker:
    """A browser at one worker that trusts the provider."""

    def __init__(self, house: House, theirs: IdentityProviderServer, stack: ExitStack, **changed: Any) -> None:  # noqa: ANN401
        provider = Provider(trusting(theirs, **changed), clock=house.clock, monotonic=house.clock)
        app = house.app(RULE_SET, watched=False, identities=provider, most_failures=10, public_url=HERE)
        self.theirs = theirs
        self.client = stack.enter_context(TestClient(app, base_url=HERE, follow_redirects=False))

    def begin(self, **asked: Any) -> str:  # noqa: ANN401 - query parameters
        response = self.client.get(BEGIN, params=asked)
        assert response.status_code == 303, response.text
        return str(response.headers["location"])

    def sign_in(self, subject: str = "anna", **claims: Any) -> Response:  # noqa: ANN401
        return self.client.get(self.theirs.signed_in(self.begin(), subject, **{**GOOD, **claims}))

    def me(self) -> dict[str, Any]:
        response = self.client.get("/v1/me")
        return dict(response.json()) if response.status_code == 200 else {"status": response.status_code}


GOOD: Final[Claims] = {"name": "Anna Berg", "preferred_username": "a.berg", "groups": ["staff", "pharmacy"]}


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def here(house: House, theirs: IdentityProviderServer, stack: ExitStack) -> Worker:
    return Worker(house, theirs, stack)


def people(house: House) -> dict[str, tuple[str, list[str]]]:
    with house.store.reading() as session:
        return {row.subject or row.login: (row.name, row.roles) for row in access.people(session)}


def trail(house: House) -> list[str]:
    with house.store.reading() as session:
        return [row.action for row in audit.in_order(session)]


def refused(response: Response, *, status: int = 403, code: str = "sign-in-refused") -> str:
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert "set-cookie" not in response.headers
    return str(response.json()["detail"])


# --- coming in --------------------------------------------------------------------------------------------------------


def test_somebody_comes_in_by_the_provider_and_is_who_it_says(house: House, here: Worker) -> None:
    asked = {name: values[0] for name, values in parse_qs(urlsplit(here.begin(back="/admin/records")).query).items()}
    assert asked.keys() == {
        *("response_type", "client_id", "redirect_uri", "scope", "state", "nonce"),
        *("code_challenge", "code_challenge_method", "max_age"),
    }
    assert (asked["redirect_uri"], asked["max_age"]) == (f"{HERE}{RETURN}", "43200")
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", asked["code_challenge"])
    cookie = here.client.cookies[JOURNEY_COOKIE]
    journey = Journey.from_cookie(KEYRING, cookie, now=house.now())
    assert journey is not None
    assert re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", journey.verifier)  # as RFC 7636 has it
    assert journey.verifier not in cookie
    response = here.client.get(here.theirs.signed_in(here.begin(back="/admin/records"), "anna", **GOOD))
    assert (response.status_code, response.headers["location"]) == (303, "/admin/records")
    assert response.headers["cache-control"] == "no-store"
    cookies = {one.partition("=")[0]: one for one in response.headers.get_list("set-cookie")}
    for attribute in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
        assert attribute in cookies["__Host-magcheck"]
        assert attribute in cookies[JOURNEY_COOKIE]
    assert "Max-Age=0" in cookies[JOURNEY_COOKIE]
    assert "Domain" not in str(cookies)
    me = here.me()
    assert (me["name"], me["kind"], me["roles"]) == ("Anna Berg", "person", ["viewer"])
    assert here.theirs.tokens_by == ["basic"]
    with house.store.reading() as session:
        (row,) = access.people(session)
    assert (row.issuer, row.subject, row.password_hash) == (here.theirs.issuer, "anna", None)
    assert row.created_by == "identity-provider/127.0.0.1"
    assert row.login == f"a.berg+{row.id}@127.0.0.1"
    assert trail(house) == ["create_person", "sign_in"]


def test_the_sign_in_then_is_one_like_all(house: House, here: Worker) -> None:
    """Changes need the token of the page; it ends when it is idle, and when one signs out."""
    here.sign_in()
    own = {"Origin": HERE, "Sec-Fetch-Site": "same-origin"}
    assert here.client.delete("/v1/sign-ins/current", headers=own).status_code == 403
    house.moved = timedelta(minutes=29)
    assert here.me()["name"] == "Anna Berg"
    house.moved = timedelta(minutes=60)
    assert here.me() == {"status": 401}
    here.sign_in()
    headers = {**own, "X-CSRF-Token": here.me()["csrf_token"]}
    assert here.client.delete("/v1/sign-ins/current", headers=headers).status_code == 204
    assert here.me() == {"status": 401}


def test_a_new_sign_in_ends_the_one_that_came_along(house: House, here: Worker) -> None:
    here.sign_in()
    first = here.client.cookies["__Host-magcheck"]
    here.sign_in()
    assert here.client.cookies["__Host-magcheck"] != first
    here.client.cookies.clear()
    assert here.client.get("/v1/me", headers=bearer(first)).status_code == 401
    assert len(people(house)) == 1


@pytest.mark.parametrize(
    ("changed", "discovery", "by"),
    [
        ({"client_secret": None}, {}, "none"),
        ({}, {"token_endpoint_auth_methods_supported": ["client_secret_post"]}, "form"),
        ({}, {"token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"]}, "basic"),
    ],
)
def test_clients_prove_themselves_as_the_provider_wants(
    house: House,
    theirs: IdentityProviderServer,
    stack: ExitStack,
    changed: dict[str, Any],
    discovery: Claims,
    by: str,
) -> None:
    theirs.discovery = discovery
    assert Worker(house, theirs, stack, **changed).sign_in().status_code == 303
    assert theirs.tokens_by == [by]


@pytest.mark.parametrize(("algorithm", "key"), [("ES256", EC), ("EdDSA", ED)])
def test_other_algorithms_that_are_strong(here: Worker, algorithm: str, key: Any) -> None:  # noqa: ANN401
    here.theirs.claims = {"at_hash": None}
    here.theirs.signed = lambda content: token(content, algorithm, key, typ="JWT")
    assert here.sign_in().status_code == 303


def test_a_key_that_is_not_named_is_the_only_one(here: Worker) -> None:
    here.theirs.header = {"kid": None}
    assert here.sign_in().status_code == 303
    here.theirs.keys = key_set(RSA, OTHER_RSA)


def test_new_keys_of_the_provider_are_found_and_old_ones_forgotten(house: House, here: Worker) -> None:
    here.theirs.keys = key_set(EC)
    here.theirs.signed = lambda content: token(content, "ES256", EC, typ="JWT")
    here.theirs.claims = {"at_hash": None}
    assert here.sign_in().status_code == 303
    here.theirs.keys = key_set(ED)
    house.moved = timedelta(seconds=11)
    here.theirs.signed = lambda content: token(content, "EdDSA", ED, typ="JWT")
    assert here.sign_in().status_code == 303
    here.theirs.signed = lambda content: token(content, "ES256", EC, typ="JWT")
    refused(here.sign_in())


def test_a_key_that_the_provider_has_withdrawn_counts_an_hour_more_at_most(house: House, here: Worker) -> None:
    here.theirs.keys = key_set(EC)
    here.theirs.signed = lambda content: token(content, "ES256", EC, typ="JWT")
    here.theirs.claims = {"at_hash": None}
    assert here.sign_in().status_code == 303
    here.theirs.keys = key_set(ED)
    house.moved = timedelta(minutes=61)
    refused(here.sign_in())


# --- groups -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("groups", "roles"),
    [
        (["pharmacy", "magcheck authors"], ["author", "viewer"]),
        ("pharmacy", ["viewer"]),
        ("staff pharmacy", ["viewer"]),
        ("magcheck authors", ["author"]),
        (["reviewers", 7, None, {"it": 1}], ["reviewer"]),
        (["it"], ["administrator"]),
    ],
)
def test_groups_become_the_roles_that_the_settings_say(
    house: House, here: Worker, groups: object, roles: list[str]
) -> None:
    assert here.sign_in(groups=groups).status_code == 303
    assert people(house) == {"anna": ("Anna Berg", roles)}


@pytest.mark.parametrize(
    "groups", [None, [], "", ["Pharmacy"], ["administrator"], {"pharmacy": True}, 7, "it,pharmacy"]
)
def test_nobody_is_made_whose_groups_have_no_role(house: House, here: Worker, groups: object) -> None:
    assert "none of your groups" in refused(here.sign_in(groups=groups)).lower()
    assert (people(house), trail(house)) == ({}, [])
    assert here.me() == {"status": 401}


def test_groups_may_stand_deeper_and_in_the_userinfo(
    house: House, theirs: IdentityProviderServer, stack: ExitStack
) -> None:
    here = Worker(house, theirs, stack, groups_claim=("realm_access", "roles"))
    assert here.sign_in(groups=None, realm_access={"roles": ["reviewers"]}).status_code == 303
    theirs.userinfo = {"realm_access": {"roles": ["pharmacy"]}, "name": "Not this one"}
    assert here.sign_in("ben", name="Ben").status_code == 303
    assert people(house) == {"anna": ("Anna Berg", ["reviewer"]), "ben": ("Ben", ["viewer"])}
    theirs.userinfo = {"sub": "anna", "realm_access": {"roles": ["it"]}}
    refused(here.sign_in("eve"))
    assert "eve" not in people(house)


def test_roles_and_name_follow_the_provider_at_every_sign_in(house: House, here: Worker) -> None:
    here.sign_in()
    elsewhere = here.client.cookies["__Host-magcheck"]
    here.client.cookies.clear()
    here.sign_in(groups=["reviewers"], name="Anna Berg-Wolf")
    assert here.me()["roles"] == ["reviewer"]
    assert people(house) == {"anna": ("Anna Berg-Wolf", ["reviewer"])}
    assert trail(house) == ["create_person", "sign_in", "change_person", "sign_in"]
    with house.store.reading() as session:
        entry = [*audit.in_order(session)][2]
    assert (entry.person, entry.reason) == (
        "identity-provider/127.0.0.1",
        "what the identity provider says has changed",
    )
    before, after = json.loads(entry.before or ""), json.loads(entry.after or "")
    assert (before["roles"], after["roles"]) == ("viewer", "reviewer")
    # What was signed in with other roles has ended.
    here.client.cookies.clear()
    assert here.client.get("/v1/me", headers=bearer(elsewhere)).status_code == 401


def test_who_lost_all_groups_is_out_at_once_everywhere(house: House, here: Worker) -> None:
    here.sign_in(groups=["pharmacy", "it"])
    key = house.key(Role.VIEWER, person_id=people_ids(house)["anna"])
    refused(here.sign_in(groups=["staff"]))
    assert people(house) == {"anna": ("Anna Berg", [])}
    assert here.me() == {"status": 401}
    here.client.cookies.clear()
    assert here.client.get("/v1/me", headers={"X-API-Key": key}).json()["roles"] == []
    assert trail(house) == ["create_person", "sign_in", "create_key", "change_person"]


def people_ids(house: House) -> dict[str, str]:
    with house.store.reading() as session:
        return {row.subject or row.login: row.id for row in access.people(session)}


def test_somebody_disabled_stays_out(house: House, here: Worker) -> None:
    here.sign_in()
    administrator = {"Authorization": f"Bearer {house.signed_in(house.person('root', Role.ADMINISTRATOR))}"}
    who = people_ids(house)["anna"]
    here.client.cookies.clear()
    change = {"reason": "left", "disabled": True, "password": PASSWORD}
    headers = {**administrator, "Idempotency-Key": "disable-anna", "If-Match": '"1"'}
    assert here.client.patch(f"/v1/people/{who}", json=change, headers=headers).status_code == 200
    assert "disabled" in refused(here.sign_in())
    assert here.me() == {"status": 401}


def test_nobody_else_gives_roles_or_a_password_to_somebody_of_the_provider(house: House, here: Worker) -> None:
    here.sign_in()
    administrator = bearer(house.signed_in(house.person("root", Role.ADMINISTRATOR)))
    who = people_ids(house)["anna"]
    here.client.cookies.clear()
    change = {"reason": "more", "roles": ["viewer", "publisher"], "password": PASSWORD}
    headers = {**administrator, "Idempotency-Key": "roles-for-anna", "If-Match": '"1"'}
    answer = here.client.patch(f"/v1/people/{who}", json=change, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal-step")
    body = {"reason": "more", "new_password": "a lamp behind the mill", "password": PASSWORD}
    headers = {**administrator, "Idempotency-Key": "password-for-anna", "If-Match": '"1"'}
    assert here.client.post(f"/v1/people/{who}/password", json=body, headers=headers).status_code == 409
    assert people(house)["anna"] == ("Anna Berg", ["viewer"])


def test_nobody_becomes_somebody_else_by_name_or_address(house: House, here: Worker) -> None:
    """A person is an issuer and a subject; a local account of the same name stays what it is."""
    local = house.person("a.berg", Role.ADMINISTRATOR)
    here.sign_in(email="root@hospital.example", login="a.berg")
    assert here.me()["person_id"] != local
    here.sign_in("another anna")
    assert len(people(house)) == 3


def test_what_the_provider_calls_somebody_is_shown_without_tricks(house: House, here: Worker) -> None:
    for subject, claims, name in (
        ("1", {"name": "  Anna\n\u202eBerg\x00  "}, "Anna Berg"),
        ("2", {"name": "x" * 500}, "x" * 120),
        ("3", {"name": 7, "preferred_username": "ben"}, "ben"),
        ("4", {"name": None, "preferred_username": None, "email": "cleo@x.example"}, "cleo@x.example"),
        ("5", {"name": None, "preferred_username": None}, "somebody of 127.0.0.1"),
        ("6", {"name": "<script>alert(1)</script>"}, "<script>alert(1)</script>"),
    ):
        assert here.sign_in(subject, **claims).status_code == 303
        assert people(house)[subject][0] == name
    with house.store.reading() as session:
        for row in access.people(session):
            assert re.fullmatch(r"[a-z0-9][a-z0-9._@+-]*", row.login)


# --- tokens that are not believed -------------------------------------------------------------------------------------


def hashed(content: Claims, *, alg: str) -> str:
    return by_hand({"alg": alg, "kid": "rsa-1", "typ": "JWT"}, content)


NOW_WRONG: Final[dict[str, Claims]] = {
    "nonce of another journey": {"nonce": "f" * 64},
    "no nonce": {"nonce": None},
    "nonce in a list": {"nonce": ["f" * 64]},
    "for another client": {"aud": "somebody else"},
    "for another client too, and not said for whom": {"aud": [CLIENT, "somebody else"]},
    "for us, but given to another": {"aud": [CLIENT, "somebody else"], "azp": "somebody else"},
    "given to another": {"azp": "somebody else"},
    "for nobody": {"aud": None},
    "of another issuer": {"iss": "https://evil.example"},
    "of no issuer": {"iss": None},
    "run out": {"exp": 1_000_000_000},
    "never runs out": {"exp": None},
    "from the future": {"iat": 99_999_999_999},
    "not from any time": {"iat": None},
    "not yet": {"nbf": 99_999_999_999},
    "about nobody": {"sub": None},
    "about a number": {"sub": 7},
    "about a very long somebody": {"sub": "x" * 256},
    "about a line feed": {"sub": "an\nna"},
    "about half a sign": {"sub": "\ud800"},
    "of another access token": {"at_hash": half_hash("another")},
    "of no access token": {"at_hash": 7},
    "proved at no time": {"auth_time": "yesterday"},
    "proved in the future": {"auth_time": 99_999_999_999},
    "proved long ago": {"auth_time": 1_000_000_000},
}
SIGNED_WRONG: Final[dict[str, Callable[[Claims], str]]] = {
    **{f"none as {alg}": partial(hashed, alg=alg) for alg in ("none", "None", "nOnE", "")},
    "public key as shared secret": made.signed_with_public_key,
    "another key of that name": lambda content: token(content, "RS256", OTHER_RSA),
    "no such key": lambda content: token(content, "RS256", RSA, kid="rsa-9"),
    "key of another algorithm": lambda content: token(content, "ES256", EC, kid="rsa-1"),
    "weaker algorithm": lambda content: token(content, "RS512", RSA),
    "altered": lambda content: token(content, "RS256", RSA)[:-4] + "AAAA",
    "cut off": lambda content: token(content, "RS256", RSA).rpartition(".")[0],
    "no token": lambda _: "x",
    "far too large": lambda content: token({**content, "filling": "x" * 70_000}, "RS256", RSA),
}


@BEFORE_ANY_STORE
@pytest.mark.parametrize("name", NOW_WRONG)
def test_a_token_that_claims_something_wrong_lets_nobody_in(house: House, here: Worker, name: str) -> None:
    here.theirs.claims = NOW_WRONG[name]
    refused(here.sign_in())
    assert (people(house), trail(house), here.me()) == ({}, [], {"status": 401})


@BEFORE_ANY_STORE
@pytest.mark.parametrize("name", SIGNED_WRONG)
def test_a_token_that_is_not_signed_by_the_provider_lets_nobody_in(house: House, here: Worker, name: str) -> None:
    here.theirs.signed = SIGNED_WRONG[name]
    refused(here.sign_in())
    assert (people(house), trail(house), here.me()) == ({}, [], {"status": 401})


def test_what_a_token_points_to_is_never_looked_at(house: House, here: Worker) -> None:
    with address(content=key_set(OTHER_RSA)) as canary:
        for pointers in ({"jku": canary.url}, {"x5u": canary.url}, {"jwk": OTHER_RSA.as_dict(private=False)}):
            here.theirs.signed = lambda content, more=pointers: token(content, "RS256", OTHER_RSA, typ="JWT", **more)
            refused(here.sign_in())
        here.theirs.signed = lambda content: token(content, "RS256", RSA, typ="JWT", kid=canary.url)
        refused(here.sign_in())
        assert canary.visits == 0
    assert people(house) == {}


def test_hundreds_of_groups_are_no_trouble(here: Worker) -> None:
    groups = [f"group-{number:036}" for number in range(300)]
    assert here.sign_in(groups=[*groups, "pharmacy"]).status_code == 303
    assert here.me()["roles"] == ["viewer"]


# --- journeys ---------------------------------------------------------------------------------------------------------


def test_a_return_counts_only_in_the_browser_that_began_and_once(
    house: House, theirs: IdentityProviderServer, stack: ExitStack
) -> None:
    here, other = Worker(house, theirs, stack), Worker(house, theirs, stack)
    back = theirs.signed_in(here.begin(), "anna", **GOOD)
    refused(other.client.get(back))  # began nothing
    other.begin()
    refused(other.client.get(back))  # began another one: a code is not planted on anybody
    cookie = here.client.cookies[JOURNEY_COOKIE]
    assert theirs.tokens_by == []  # nobody asked for a token for any of them
    assert here.client.get(back).status_code == 303
    refused(here.client.get(back))  # the cookie has gone
    # With cookie and state kept and a new code, at another worker: it has ended all the same.
    old = Journey.from_cookie(KEYRING, cookie, now=house.now())
    assert old is not None
    asked = {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": f"{HERE}{RETURN}",
        "scope": "openid",
        "state": old.state,
        "nonce": old.nonce,
        "code_challenge": old.challenge,
        "code_challenge_method": "S256",
    }
    again = theirs.signed_in(f"{theirs.issuer}/authorize?{urlencode(asked)}", "anna", **GOOD)
    other.client.cookies.clear()
    other.client.cookies.set(JOURNEY_COOKIE, cookie)
    assert "used already" in refused(other.client.get(again))


def test_a_code_of_somebody_else_is_worth_nothing(here: Worker, house: House) -> None:
    """Put into a journey of one's own, it lacks the verifier; the provider and the nonce would both tell."""
    mine = here.begin()
    stolen = here.theirs.signed_in(f"{mine}", "victim", **GOOD)
    state = parse_qs(urlsplit(here.begin()).query)["state"][0]
    code = parse_qs(urlsplit(stolen).query)["code"][0]
    refused(here.client.get(RETURN, params={"code": code, "state": state}))
    assert people(house) == {}


def test_journeys_end_by_themselves(house: House, here: Worker) -> None:
    back = here.theirs.signed_in(here.begin(), "anna", **GOOD)
    cookie = here.client.cookies[JOURNEY_COOKIE]
    house.moved = timedelta(minutes=10, seconds=1)
    here.client.cookies.clear()
    here.client.cookies.set(JOURNEY_COOKIE, cookie)  # a browser that does not forget
    refused(here.client.get(back))
    assert here.theirs.tokens_by == []


@BEFORE_ANY_STORE
@pytest.mark.parametrize("changed", ["state", "cookie", "no cookie", "no state", "two states", "two codes"])
def test_a_return_that_is_not_whole_is_refused(here: Worker, changed: str) -> None:
    back = here.theirs.signed_in(here.begin(), "anna", **GOOD)
    cookie = here.client.cookies[JOURNEY_COOKIE]
    query = parse_qs(urlsplit(back).query)
    if changed == "state":
        query["state"] = ["0" * 64]
    elif changed == "no state":
        del query["state"]
    elif changed == "two states":
        query["state"] *= 2
    elif changed == "two codes":
        query["code"] *= 2
    elif changed == "no cookie":
        here.client.cookies.clear()
    else:
        seed, _, rest = cookie.partition(".")
        here.client.cookies.set(JOURNEY_COOKIE, f"{seed[::-1]}.{rest}", domain="magcheck.example")
    refused(here.client.get(RETURN, params=query))
    assert here.theirs.tokens_by == []


def test_the_way_back_in_the_cookie_cannot_be_altered(here: Worker) -> None:
    back = here.theirs.signed_in(here.begin(back="/admin/records"), "anna", **GOOD)
    parts = here.client.cookies[JOURNEY_COOKIE].split(".")
    parts[3] = base64.urlsafe_b64encode(b"//evil.example").rstrip(b"=").decode()
    here.client.cookies.clear()
    here.client.cookies.set(JOURNEY_COOKIE, ".".join(parts))
    refused(here.client.get(back))


@BEFORE_ANY_STORE
@pytest.mark.parametrize(
    "elsewhere",
    [
        *("https://evil.example", "//evil.example", "/\\evil.example", "/admin//evil.example", "/admin/../v1/me"),
        *("admin", "/admin?x=1", "/admin#x", "/admin\r\nX: 1", "javascript:alert(1)", "/v1/me"),
    ],
)
def test_one_comes_back_to_pages_of_the_editor_only(here: Worker, elsewhere: str) -> None:
    assert here.client.get(BEGIN, params={"back": elsewhere}).status_code == 422
    assert here.client.get("/admin/sign-in", params={"back": elsewhere}).status_code == 422


def test_who_answers_must_be_who_was_asked(here: Worker) -> None:
    """RFC 9207: another issuer that answers is refused, and so is one that should say who it is and does not."""
    back = here.theirs.signed_in(here.begin(), "anna", **GOOD)
    refused(here.client.get(f"{back}&{urlencode({'iss': 'https://evil.example'})}"))
    assert here.theirs.tokens_by == []
    back = here.theirs.signed_in(here.begin(), "anna", **GOOD)
    assert here.client.get(f"{back}&{urlencode({'iss': here.theirs.issuer})}").status_code == 303


def test_an_issuer_that_names_itself_always_does(
    house: House, theirs: IdentityProviderServer, stack: ExitStack
) -> None:
    theirs.discovery = {"authorization_response_iss_parameter_supported": True}
    here = Worker(house, theirs, stack)
    refused(here.sign_in())
    back = theirs.signed_in(here.begin(), "anna", **GOOD)
    assert here.client.get(f"{back}&{urlencode({'iss': theirs.issuer})}").status_code == 303


def test_what_else_the_provider_sends_along_does_not_matter(here: Worker) -> None:
    back = here.theirs.signed_in(here.begin(), "anna", **GOOD)
    more = {"session_state": "x", "scope": "openid", "authuser": "0"}
    assert here.client.get(f"{back}&{urlencode(more)}").status_code == 303


def test_the_provider_may_refuse(here: Worker) -> None:
    for error in ("access_denied", "login_required", "<b>", "x" * 100):
        state = parse_qs(urlsplit(here.begin()).query)["state"][0]
        answer = here.client.get(RETURN, params={"state": state, "error": error, "error_description": "zzyx"})
        assert "has not signed you in" in refused(answer)
        assert "zzyx" not in answer.text
    state = parse_qs(urlsplit(here.begin()).query)["state"][0]
    answer = here.client.get(RETURN, params={"state": state, "error": "temporarily_unavailable"})
    refused(answer, status=503, code="provider-unavailable")


def test_failures_are_slowed_down(here: Worker, house: House) -> None:
    for _ in range(10):
        refused(here.client.get(RETURN, params={"state": "x", "code": "x"}))
    answer = here.sign_in()
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    house.moved = timedelta(seconds=61)
    assert here.sign_in().status_code == 303


def test_a_journey_ends_once_and_a_person_is_made_once_however_many_come_at_a_time(house: House) -> None:
    ways = Ways(house.store, KEYRING, PASSWORDS)
    vouched = Vouched("https://id.example", "anna", "anna", "Anna", frozenset({Role.VIEWER}), house.now())

    def end(journey: str) -> bool:
        try:
            sign_in_vouched(ways, vouched, journey_id=journey, now=house.now())
        except SignInRefused:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(end, ["a" * 64] * 8)) == 1
        assert sum(threads.map(end, [f"{number:064}" for number in range(8)])) == 8
    assert people(house) == {"anna": ("Anna", ["viewer"])}
    assert trail(house) == ["create_person", *["sign_in"] * 9]


@pytest.fixture
def logged(capfd: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    configure_logging(level=LogLevel.DEBUG)
    yield capfd
    root.handlers, root.level = before, level


def test_nothing_secret_and_nobody_s_name_stands_in_the_log(here: Worker, logged: pytest.CaptureFixture[str]) -> None:
    seen: list[str] = []

    def signed(content: Claims) -> str:
        seen.append(token(content, "RS256", RSA, typ="JWT"))
        return seen[-1]

    here.theirs.signed = signed
    back = here.theirs.signed_in(here.begin(), "the-subject-of-anna", **{**GOOD, "name": "Anna Canary"})
    state, code = (parse_qs(urlsplit(back).query)[name][0] for name in ("state", "code"))
    cookie = here.client.cookies[JOURNEY_COOKIE]
    assert here.client.get(back).status_code == 303
    session = here.client.cookies["__Host-magcheck"]
    here.theirs.claims = {"nonce": "wrong"}
    refused(here.sign_in("the-subject-of-anna", name="Anna Canary"))
    here.theirs.claims = {}
    refused(here.sign_in("the-subject-of-anna", name="Anna Canary", groups=[]))
    refused(here.client.get(RETURN, params={"state": "x", "error": "canary canary", "error_description": "canary"}))
    written = "".join(logged.readouterr())
    assert "sign_in_failed" in written
    assert "signed_in" in written
    for secret in (SECRET, code, state, cookie, session, *seen, "Canary", "canary", "the-subject-of-anna", "a.berg"):
        assert secret not in written


# --- fresh ------------------------------------------------------------------------------------------------------------


def test_a_fresh_proof_is_asked_for_and_must_be_one(house: House, here: Worker) -> None:
    asked = parse_qs(urlsplit(here.begin(fresh="true")).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    long_ago = house.clock() - 300
    back = here.theirs.signed_in(here.begin(fresh="true"), "anna", proved_at=long_ago, **GOOD)
    assert "too old" in refused(here.client.get(back))
    here.theirs.claims = {"auth_time": None}
    back = here.theirs.signed_in(here.begin(fresh="true"), "anna", **GOOD)
    assert "auth_time" in refused(here.client.get(back))
    here.theirs.claims = {}
    back = here.theirs.signed_in(here.begin(fresh="true"), "anna", **GOOD)
    assert here.client.get(back).status_code == 303


@pytest.mark.parametrize(
    ("proved", "claims", "fresh"),
    [(10, {}, True), (290, {}, True), (310, {}, False), (11 * 3600, {}, False), (10, {"auth_time": None}, False)],
    ids=["just now", "within five minutes", "longer ago", "this morning", "nobody knows when"],
)
def test_signatures_want_the_proof_that_the_provider_has_seen_not_the_way_there_and_back(
    house: House,
    here: Worker,
    proved: int,
    claims: Claims,
    fresh: bool,  # noqa: FBT001
) -> None:
    """A provider that still knew somebody has not looked at them again: the time that counts is its own."""
    here.theirs.claims = claims
    at = house.clock() - proved
    back = here.theirs.signed_in(here.begin(), "anna", proved_at=at, **{**GOOD, "groups": ["it"]})
    assert here.client.get(back).status_code == 303
    own = {"Origin": HERE, "Sec-Fetch-Site": "same-origin", "X-CSRF-Token": here.me()["csrf_token"]}
    body = {"name": "a key", "reason": "for the ward", "roles": ["client"]}
    answer = here.client.post("/v1/keys", json=body, headers={**own, "Idempotency-Key": "fresh-or-not"})
    assert answer.status_code == (201 if fresh else 403), answer.text
    if not fresh:
        assert answer.json()["code"] == "reauthentication-required"


def test_a_proof_older_than_a_sign_in_may_last_is_none(house: House, here: Worker) -> None:
    back = here.theirs.signed_in(here.begin(), "anna", proved_at=house.clock() - 13 * 3600, **GOOD)
    assert "too old" in refused(here.client.get(back))


def test_forms_that_are_signed_lead_to_the_provider_and_back(house: House, here: Worker) -> None:
    for rules in (small_rule_set(), small_rule_set(title="Another")):
        publish_baseline(house.store, rules, keyring=KEYRING, now=house.now(), note="a rule set")
    place = "/admin/rule-sets/1/roll-back"
    long_ago = house.clock() - 600
    publisher = {**GOOD, "groups": ["publishers"]}
    here.client.get(here.theirs.signed_in(here.begin(), "anna", proved_at=long_ago, **publisher))
    page = here.client.get(place)
    assert page.status_code == 200
    assert 'type="password"' not in page.text
    (link,) = re.findall(r'href="(/v1/sign-ins/provider[^"]*)"', page.text)
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    own = {"Origin": HERE, "Sec-Fetch-Site": "same-origin"}
    answer = here.client.post(place, data={**fields, "reason": "the new one is wrong"}, headers=own)
    assert answer.status_code == 403
    assert "older than five minutes" in answer.text
    assert "the new one is wrong" in answer.text
    there = here.client.get(html.unescape(link)).headers["location"]
    assert parse_qs(urlsplit(there).query)["prompt"] == ["login"]
    back = here.client.get(here.theirs.signed_in(there, "anna", **publisher))
    assert (back.status_code, back.headers["location"]) == (303, place)
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', here.client.get(place).text))
    answer = here.client.post(place, data={**fields, "reason": "the new one is wrong"}, headers=own)
    assert answer.status_code == 303, answer.text


# --- when the provider is away ----------------------------------------------------------------------------------------

DISCOVERY: Final = "/.well-known/openid-configuration"


def test_a_provider_that_is_away_is_told_and_checks_go_on(house: House, here: Worker) -> None:
    here.theirs.overridden[DISCOVERY] = (500, {}, b"", 0)
    for _ in range(20):
        answer = here.client.get(BEGIN)
        refused(answer, status=503, code="provider-unavailable")
        assert answer.headers["retry-after"] == "5"
    assert here.theirs.visits == [DISCOVERY]  # it is left alone meanwhile
    key = {"X-API-Key": house.key(Role.CLIENT)}
    question = {"medications": [{"id": "m1", "text": "furosemide"}]}
    assert here.client.post("/v1/checks", json=question, headers=key).status_code == 200
    page = here.client.get(BEGIN, headers=BROWSER)
    assert (page.status_code, page.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert "The identity provider does not answer" in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
    del here.theirs.overridden[DISCOVERY]
    house.moved = timedelta(seconds=6)
    assert here.sign_in().status_code == 303


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/token", (500, {}, b"{}", 0.0)),
        ("/token", (200, {}, b"<html>", 0.0)),
        ("/token", (200, {}, b"[]", 0.0)),
        ("/token", (200, {}, b"{" + b" " * 300_000 + b"}", 0.0)),
        ("/token", (307, {"Location": "/keys"}, b"", 0.0)),
        ("/token", (200, {}, b"{}", 15.0)),
        ("/keys", (500, {}, b"", 0.0)),
        ("/keys", (302, {"Location": "/elsewhere"}, b"", 0.0)),
        ("/keys", (200, {}, b'{"keys": []}', 0.0)),
        ("/keys", (200, {}, b" " * 300_000, 0.0)),
    ],
)
def test_a_provider_that_fails_on_the_way_leaves_nothing_half_done(
    house: House,
    here: Worker,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    answer: tuple[int, dict[str, str], bytes, float],
) -> None:
    here.begin()  # the discovery document is read already
    here.theirs.overridden[path] = answer
    with monkeypatch.context() as patch:
        if answer[3]:
            patch.setattr(fetching, "TIMEOUT_SECONDS", 1.0)
        refused(here.sign_in(), status=503, code="provider-unavailable")
    assert (people(house), trail(house), here.me()) == ({}, [], {"status": 401})
    assert "/elsewhere" not in here.theirs.visits
    del here.theirs.overridden[path]
    assert here.sign_in().status_code == 303


def test_a_slow_provider_keeps_nothing_else_waiting(
    house: House, here: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "TIMEOUT_SECONDS", 1.0)
    here.theirs.overridden[DISCOVERY] = (200, {}, b"{}", 15.0)
    key = {"X-API-Key": house.key(Role.CLIENT)}
    assert here.client.get("/v1/me", headers=key).status_code == 200
    started = time.monotonic()
    refused(here.client.get(BEGIN), status=503, code="provider-unavailable")
    assert time.monotonic() - started < 12


def test_when_the_database_is_away_nobody_comes_in(house: House, here: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise StoreUnavailable("for a test")

    back = here.theirs.signed_in(here.begin(), "anna", **GOOD)
    with monkeypatch.context() as patch:
        patch.setattr(Store, "writing", away)
        refused(here.client.get(back), status=503, code="store-unavailable")
    assert (people(house), here.me()) == ({}, {"status": 401})
    assert here.sign_in().status_code == 303


@BEFORE_ANY_STORE
@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"token_endpoint": None},
        {"jwks_uri": "file:///etc/passwd"},
        {"token_endpoint": "http://169.254.169.254/latest"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"userinfo_endpoint": "http://user:word@127.0.0.1/"},
        {"jwks_uri": ["x"]},
    ],
)
def test_a_discovery_document_that_leads_astray_is_not_used(here: Worker, said: Claims) -> None:
    here.theirs.discovery = said
    refused(here.client.get(BEGIN), status=503, code="provider-unavailable")
    assert here.theirs.visits == [DISCOVERY]


@BEFORE_ANY_STORE
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_of_the_discovery_document_is_followed(
    house: House, theirs: IdentityProviderServer, here: Worker, status: int
) -> None:
    with identity_provider(clock=house.clock, issuer=theirs.issuer) as canary:
        theirs.overridden[DISCOVERY] = (status, {"Location": f"{canary.issuer}{DISCOVERY}"}, b"", 0)
        refused(here.client.get(BEGIN), status=503, code="provider-unavailable")
        assert canary.visits == []


def test_what_a_provider_on_the_net_says_leads_to_nothing_on_this_machine() -> None:
    """Only one on this machine itself may name addresses without https."""
    with address() as canary:
        trusted = Provider(IdentityProvider("https://id.example", "c", None, ("groups",), ROLES, HERE, "/admin", HOUR))
        said = {
            "issuer": "https://id.example",
            "authorization_endpoint": "https://id.example/a",
            "token_endpoint": canary.url,
            "jwks_uri": "https://id.example/keys",
        }
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                "service.application.access.provider.fetched", lambda _, **__: (200, json.dumps(said).encode())
            )
            with pytest.raises(Exception, match="does not answer as it should"):
                trusted.address_to_leave()
        assert canary.visits == 0


def test_the_discovery_document_is_read_once_an_hour_and_survives_a_failure(house: House, here: Worker) -> None:
    here.begin()
    here.begin()
    assert here.theirs.visits == [DISCOVERY]
    house.moved = timedelta(minutes=61)
    here.theirs.overridden[DISCOVERY] = (500, {}, b"", 0)
    assert here.sign_in().status_code == 303
    assert here.theirs.visits.count(DISCOVERY) == 2


# --- pages and settings -----------------------------------------------------------------------------------------------


def test_a_browser_is_told_in_a_page(here: Worker) -> None:
    page = here.client.get(RETURN, params={"state": "x", "code": "<script>"}, headers=BROWSER)
    assert (page.status_code, page.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert "The sign-in was not taken" in page.text
    assert "<script>" not in page.text.replace('<script src="', "")


def test_the_sign_in_page_offers_it_without_scripts(house: House, here: Worker) -> None:
    page = here.client.get("/admin/sign-in?back=/admin/records").text
    assert f'href="{BEGIN}?back=/admin/records"' in page
    assert "Sign in with your organisation" in page
    with TestClient(house.app(RULE_SET, watched=False), base_url=HERE) as without:
        assert "organisation" not in without.get("/admin/sign-in").text
        for path in (BEGIN, RETURN, f"{BEGIN}/end"):
            assert without.get(path, follow_redirects=False).status_code == 404


def test_local_accounts_may_be_kept_out(house: House, theirs: IdentityProviderServer, stack: ExitStack) -> None:
    house.person("root", Role.ADMINISTRATOR)
    said = {"login": "root", "password": PASSWORD}
    before = Worker(house, theirs, stack)
    token = before.client.post("/v1/sign-ins", json=said).json()["token"]
    assert before.client.get("/v1/me", headers=bearer(token)).status_code == 200
    provider = Provider(trusting(theirs), clock=house.clock)
    app = house.app(RULE_SET, watched=False, identities=provider, public_url=HERE, password_sign_in=False)
    client = stack.enter_context(TestClient(app, base_url=HERE, follow_redirects=False))
    assert "through the identity provider" in refused(client.post("/v1/sign-ins", json=said))
    assert client.get("/v1/me", headers=bearer(token)).status_code == 401
    page = client.get("/admin/sign-in").text
    assert 'type="password"' not in page
    assert "Sign in with your organisation" in page
    before.client = client
    assert before.sign_in().status_code == 303
    assert before.me()["name"] == "Anna Berg"
    with pytest.raises(SettingsInvalid, match="MAGCHECK_PASSWORD_SIGN_IN: without an identity provider"):
        identity_provider_of(Settings(password_sign_in=False))


def test_one_can_leave_the_provider_too(house: House, here: Worker) -> None:
    location = here.client.get(f"{BEGIN}/end").headers["location"]
    query = {"client_id": CLIENT, "post_logout_redirect_uri": f"{HERE}/admin/sign-in"}
    assert location == f"{here.theirs.issuer}/end?{urlencode(query)}"
    here.theirs.discovery = {"end_session_endpoint": None}
    house.moved = timedelta(hours=2)
    assert here.client.get(f"{BEGIN}/end").headers["location"] == "/admin/sign-in"


COMPLETE: Final = {
    "oidc_issuer": "https://id.example/realm/",
    "oidc_client_id": "magcheck",
    "oidc_role_map": "magcheck authors = author, it=administrator",
    "public_url": HERE,
}


def test_settings_of_a_provider() -> None:
    assert identity_provider_of(Settings()) is None
    trusted = identity_provider_of(Settings(**COMPLETE))  # type: ignore[arg-type]
    assert trusted is not None
    assert trusted.issuer == "https://id.example/realm/"
    assert trusted.role_map == {"magcheck authors": Role.AUTHOR, "it": Role.ADMINISTRATOR}


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        *(({name: value}, name) for name in COMPLETE for value in [None if name != "oidc_role_map" else ""]),
        ({"oidc_issuer": "http://id.example"}, "oidc_issuer"),
        ({"oidc_issuer": "https://id.example?x=1"}, "oidc_issuer"),
        ({"oidc_role_map": "a=client,a=viewer"}, "oidc_role_map"),
        ({"oidc_role_map": "a=root"}, "oidc_role_map"),
    ],
)
def test_settings_that_cannot_be_used_are_named(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(SettingsInvalid, match=f"MAGCHECK_{named.upper()}: "):
        identity_provider_of(Settings(**{**COMPLETE, **changed}))
