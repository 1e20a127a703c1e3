"""Access tokens of services: what is taken, what is not, and that nothing a token says leads anywhere.

Everything that is refused has one and the same answer.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest
from httpx2 import Response
from joserfc.jwk import RSAKey
from starlette.testclient import TestClient

from rules import compile_rule_set
from service.application.access import fetching, key_sets
from service.application.access.bearer import BearerTokens
from service.application.access.key_sets import IssuerKeys
from service.application.access.trust import TokenIssuer, token_issuer_of
from service.application.principals import PEOPLE_ONLY, Role
from service.errors import SettingsInvalid
from service.settings import Settings
from service.storage.session import Store
from tests.entrance import House, bearer
from tests.integration import issuer as made
from tests.integration.issuer import AUDIENCE, EC, ED, ISSUER, OTHER_RSA, RSA, address, by_hand, claims, key_set, token
from tests.unit.api.conftest import make_rule_set

RULE_SET: Final = compile_rule_set(make_rule_set(), version=7)
QUESTION: Final = {"medications": [{"id": "m1", "text": "furosemide"}]}
# The moment at which all of this happens, where a test does not move it.
NOW: Final = 1_795_000_000
ROLES: Final = {role.value: role for role in Role if role not in PEOPLE_ONLY}


def trusted(file: Path | None = None, url: str | None = None, **more: Any) -> TokenIssuer:  # noqa: ANN401
    given = {"roles_claim": ("roles",), "role_map": ROLES, "single_use": False, **more}
    return TokenIssuer(ISSUER, AUDIENCE, file, url, **given)


@pytest.fixture
def keys_file(tmp_path: Path) -> Path:
    file = tmp_path / "keys.json"
    file.write_bytes(key_set())
    return file


@pytest.fixture
def tokens(keys_file: Path) -> BearerTokens:
    return bearer_tokens(trusted(keys_file))


def bearer_tokens(trust: TokenIssuer, clock: Callable[[], float] = lambda: NOW) -> BearerTokens:
    keys = IssuerKeys(trust)
    assert keys.read()
    return BearerTokens(trust, keys, clock=clock)


@pytest.fixture
def house(store: Store) -> House:
    return House(store)


@pytest.fixture
def worker(house: House, tokens: BearerTokens) -> Iterator[TestClient]:
    with TestClient(house.app(RULE_SET, watched=False, tokens=tokens, most_failures=1000)) as client:
        yield client


def good(**changed: Any) -> dict[str, Any]:  # noqa: ANN401 - any claim
    return claims(NOW, **changed)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA", "Ed25519"])
@pytest.mark.parametrize("kind", ["at+jwt", "JWT", "application/at+jwt"])
def test_a_token_of_the_issuer_for_us_and_for_now_is_taken(worker: TestClient, algorithm: str, kind: str) -> None:
    sent = token(good(), algorithm, typ=kind)
    for _ in range(2):  # the second time from memory
        assert worker.post("/v1/checks", json=QUESTION, headers=bearer(sent)).status_code == 200
    me = worker.get("/v1/me", headers=bearer(sent)).json()
    assert (me["id"], me["kind"], me["roles"]) == ("service/ward-3", "service", ["client"])
    assert worker.get("/v1/drafts", headers=bearer(sent)).status_code == 403


def test_several_audiences_and_a_little_of_clocks(worker: TestClient) -> None:
    now = NOW
    for changed in (
        {"aud": ["https://other.example", AUDIENCE]},
        {"iat": int(now) + 50},
        {"nbf": int(now) + 50},
        {"exp": int(now) - 50},
    ):
        assert worker.get("/v1/me", headers=bearer(token(good(**changed)))).status_code == 200, changed


def test_reviewing_publishing_and_administering_are_not_for_services(worker: TestClient) -> None:
    roles = [role.value for role in Role]
    me = worker.get("/v1/me", headers=bearer(token(good(roles=roles)))).json()
    assert set(me["roles"]) == {"client", "viewer", "author", "auditor"}
    nobody = worker.get("/v1/me", headers=bearer(token(good(roles=None))))
    assert nobody.json()["roles"] == []


def test_roles_come_from_the_claim_and_by_the_names_that_the_settings_say(keys_file: Path) -> None:
    trust = trusted(keys_file, roles_claim=("realm_access", "roles"), role_map={"pharmacy-api": Role.CLIENT})
    tokens = bearer_tokens(trust)
    for roles, expected in (
        ({"roles": ["pharmacy-api", "other"]}, {Role.CLIENT}),
        ({"roles": "other pharmacy-api"}, {Role.CLIENT}),
        ({"roles": ["client"]}, set()),
        ({"roles": {"pharmacy-api": True}}, set()),
        (["pharmacy-api"], set()),
        (None, set()),
    ):
        verified = tokens.verified(token(good(realm_access=roles)))
        assert verified is not None
        assert verified.principal.roles == expected, roles


def refused_tokens(canary: str) -> dict[str, str]:
    """All the ways to have no good token that anybody has thought of."""
    now = NOW
    plain = token(good())
    head, body, signature = plain.split(".")
    header = {"alg": "RS256", "kid": "rsa-1", "typ": "at+jwt"}
    flipped = ("A" if signature[0] != "A" else "B") + signature[1:]
    refused = {
        f"none as {name}": by_hand({**header, "alg": name}, good()) for name in ("none", "None", "NONE", "nOnE", "")
    }
    refused |= {
        "no algorithm": by_hand({"kid": "rsa-1", "typ": "at+jwt"}, good()),
        "algorithm is a list": by_hand({**header, "alg": ["RS256"]}, good()),
        "signature left out": f"{head}.{body}.",
        "signature cut off": f"{head}.{body}",
        "signature altered": f"{head}.{body}.{flipped}",
        "signature of another token": ".".join([*token(good(sub="other")).split(".")[:2], signature]),
        "content altered": f"{head}.{made.segment(good(roles=['auditor']))}.{signature}",
        "four parts": f"{plain}.{signature}",
        "no base64": f"{head}!.{body}.{signature}",
        "no JSON": f"{made.segment(b'{')}.{body}.{signature}",
        "header is a list": f"{made.segment([])}.{body}.{signature}",
        "public key as shared secret": made.signed_with_public_key(good()),
        "empty shared secret": by_hand({**header, "alg": "HS256"}, good(), b"\0" * 32),
        "key of somebody else": token(good(), key=OTHER_RSA),
        "key of another kind": token(good(), "ES256", key=EC, kid="rsa-1"),
        "kind of key of another algorithm": token(good(), "EdDSA", key=ED, kid="ec-1"),
        "PS256": token(good(), "PS256", key=RSA),
        "RS512": token(good(), "RS512", key=RSA),
        "no key named": token(good(), kid=None),
        "no such key": token(good(), kid="rsa-9"),
        "key named by number": by_hand({**header, "kid": 1}, good()),
        **{
            f"key named {name}": token(good(), kid=name)
            for name in ("../../../etc/passwd", "' or '1'='1", canary, "/dev/null", "rsa-1\0", "")
        },
        "jku": token(good(), jku=canary),
        "x5u": token(good(), x5u=canary),
        "jwk": token(good(), key=OTHER_RSA, jwk=OTHER_RSA.as_dict(private=False)),
        "x5c": token(good(), x5c=["MIIB"]),
        "no type": token(good(), typ=None),
        "type of something else": token(good(), typ="logout+jwt"),
        "ID token by nonce": token(good(nonce="n")),
        "ID token by at_hash": token(good(at_hash="h")),
        "ID token by use": token(good(token_use="id")),
        "ID token by type": token(good(typ="ID")),
        "refresh token": token(good(typ="Refresh")),
        "no end": token(good(exp=None)),
        "ended": token(good(exp=now - 61)),
        "end is text": token(good(exp=str(now + 300))),
        "never ends": f"{head}.{made.segment(b'{}')}.{signature}",
        "not yet": token(good(nbf=now + 61)),
        "from the future": token(good(iat=now + 90)),
        "from tomorrow": token(good(iat=now + 86400, exp=now + 90000)),
        "no beginning": token(good(iat=None)),
        "no issuer": token(good(iss=None)),
        "another issuer": token(good(iss="https://evil.example")),
        "issuer with a slash": token(good(iss=f"{ISSUER}/")),
        "no audience": token(good(aud=None)),
        "for somebody else": token(good(aud="https://other.example")),
        "for a prefix of us": token(good(aud=AUDIENCE[:-1])),
        "for ours and more": token(good(aud=f"{AUDIENCE}/v1")),
        "audience is an object": token(good(aud={AUDIENCE: 1})),
        "nobody": token(good(sub=None)),
        "nobody by blank": token(good(sub="")),
        "subject is a number": token(good(sub=7)),
        "very long": token(good(filling="x" * 9000)),
        "in five parts": f"{head}.{body}.{signature}..",
        "not ASCII": plain[:-1] + "é",
    }
    return refused


def seen(response: Response) -> tuple[int, dict[str, Any], str | None]:
    """All of an answer but what differs in every answer."""
    body = {name: value for name, value in response.json().items() if name != "correlation_id"}
    return response.status_code, body, response.headers.get("www-authenticate")


def test_every_other_token_has_one_and_the_same_answer(worker: TestClient) -> None:
    """And nobody comes to the address that some of them name."""
    with address() as canary:
        refused = refused_tokens(canary.url)
        assert len(refused) > 50
        answers = {}
        for name, sent in refused.items():
            headers = {"Authorization": b"Bearer " + sent.encode("latin-1")}
            response = worker.post("/v1/checks", json=QUESTION, headers=headers)  # type: ignore[arg-type]
            body = {key: value for key, value in response.json().items() if key != "correlation_id"}
            answers[name] = (response.status_code, str(body), response.headers.get("www-authenticate"))
        nobody = worker.post("/v1/checks", json=QUESTION)
        expected = (
            401,
            str({k: v for k, v in nobody.json().items() if k != "correlation_id"}),
            'Bearer realm="magcheck"',
        )
        assert {name: answer for name, answer in answers.items() if answer != expected} == {}
        assert canary.visits == 0


def test_a_token_that_has_run_out_is_refused_from_memory_too(keys_file: Path) -> None:
    now = [float(NOW)]
    tokens = bearer_tokens(trusted(keys_file), clock=lambda: now[0])
    sent = token(claims(now[0]))
    assert tokens.verified(sent) is not None
    now[0] += 359
    assert tokens.verified(sent) is not None
    now[0] += 2
    assert tokens.verified(sent) is None


def test_without_an_issuer_no_token_is_taken(house: House) -> None:
    with TestClient(house.app(RULE_SET, watched=False)) as client:
        assert client.get("/v1/me", headers=bearer(token(good()))).status_code == 401


# --- used once --------------------------------------------------------------------------------------------------------


def test_where_a_token_is_for_one_use_no_worker_takes_it_twice(house: House, keys_file: Path) -> None:
    trust = trusted(keys_file, single_use=True)
    with ExitStack() as stack:
        one, other = (
            stack.enter_context(
                TestClient(house.app(RULE_SET, watched=False, tokens=bearer_tokens(trust), most_failures=1000))
            )
            for _ in range(2)
        )
        sent = token(good())
        assert one.post("/v1/checks", json=QUESTION, headers=bearer(sent)).status_code == 200
        for worker in (one, other, one, other):
            assert worker.post("/v1/checks", json=QUESTION, headers=bearer(sent)).status_code == 401
        # What counts is its id, whatever else is new about it; and without one it is none.
        again = token(good(sub="somebody-else", exp=NOW + 200))
        assert other.get("/v1/me", headers=bearer(again)).status_code == 401
        assert other.get("/v1/me", headers=bearer(token(good(jti=None)))).status_code == 401
        assert other.get("/v1/me", headers=bearer(token(good(jti="token-0002")))).status_code == 200


# --- the issuer's keys ------------------------------------------------------------------------------------------------


def test_keys_are_read_from_one_address_and_again_for_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    with address(content=key_set(RSA)) as served:
        trust = trusted(url=served.url)
        keys = IssuerKeys(trust, monotonic=lambda: now[0])
        monkeypatch.setattr(key_sets, "_EVERY_SECONDS", 3600.0)
        with keys.running():
            wait_for(lambda: keys.known)
            assert keys.find("rsa-1", "RS256") is not None
            assert keys.find("rsa-1", "ES256") is None
            served.content = key_set(RSA, EC)
            for _ in range(100):
                assert keys.find("ec-1", "ES256") is None  # asked for too soon: nobody waits, and nobody goes there
            assert served.visits == 1
            now[0] += 61
            assert keys.find("ec-1", "ES256") is None
            wait_for(lambda: keys.find("ec-1", "ES256") is not None)
            assert served.visits == 2


def wait_for(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    with address(content=key_set()) as elsewhere, address(status=status) as served:
        served.headers = {"Location": elsewhere.url}
        assert not IssuerKeys(trusted(url=served.url)).read()
        assert (served.visits, elsewhere.visits) == (1, 0)


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    WEAK: Final = RSAKey.generate_key(1024, {"kid": "weak"})


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (b'{"keys": [' + b" " * 10_000_000 + b"]}", {}),  # huge
        (b"\x1f\x8b" + b"\0" * 1000, {"Content-Encoding": "gzip"}),
        (b"<html>", {}),
        (b"[]", {}),
        (b'{"keys": {}}', {}),
        (b'{"keys": []}', {}),
        (b'{"keys": [1, null, {"kid": 1}, {"kid": "x", "kty": "RSA", "n": "!", "e": "AQAB"}]}', {}),
        (key_set(made.shared_secret()), {}),
        (key_set(WEAK), {}),
        (b'{"keys": [' + b",".join([key_set(RSA)[9:-1].strip(b"[]")] * 101) + b"]}", {}),
    ],
    ids=["huge", "packed", "page", "list", "object", "empty", "nonsense", "shared secret", "1024 bits", "101 keys"],
)
def test_what_is_no_set_of_public_keys_is_refused_and_the_old_ones_stay(
    content: bytes, headers: dict[str, str]
) -> None:
    with address(content=key_set()) as served:
        keys = IssuerKeys(trusted(url=served.url))
        assert keys.read()
        served.content, served.headers = content, headers
        assert not keys.read()
        assert keys.find("rsa-1", "RS256") is not None
        fresh = IssuerKeys(trusted(url=served.url))
        assert not fresh.read()
        assert not fresh.known


def test_an_address_that_answers_slowly_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "TIMEOUT_SECONDS", 0.3)
    with address(content=b" " * 200_000, seconds=0.2) as served:
        started = time.monotonic()
        assert not IssuerKeys(trusted(url=served.url)).read()
        assert time.monotonic() - started < 5
        gone = served.url
    assert not IssuerKeys(trusted(url=gone)).read()


def test_readiness_tells_that_the_keys_are_missing(house: House) -> None:
    with address(status=500) as served:
        trust = trusted(url=served.url)
        tokens = BearerTokens(trust, IssuerKeys(trust), clock=lambda: NOW)
        with TestClient(house.app(RULE_SET, watched=False, tokens=tokens)) as client:
            ready = client.get("/health/ready").json()
    assert (ready["status"], len(ready["reasons"])) == ("degraded", 1)
    assert "keys of the issuer of access tokens" in ready["reasons"][0]


# --- settings ---------------------------------------------------------------------------------------------------------

COMPLETE: Final = {"jwt_issuer": ISSUER, "jwt_audience": AUDIENCE, "jwt_jwks_url": "https://issuer.example/keys"}


def test_settings_of_an_issuer() -> None:
    assert token_issuer_of(Settings()) is None
    trust = token_issuer_of(Settings(**COMPLETE, jwt_role_map="pharmacy = client, app=viewer"))  # type: ignore[arg-type]
    assert trust is not None
    assert trust.role_map == {"pharmacy": Role.CLIENT, "app": Role.VIEWER}


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"jwt_issuer": None}, "JWT_ISSUER"),
        ({"jwt_audience": None}, "JWT_AUDIENCE"),
        ({"jwt_jwks_url": None}, "JWT_JWKS_URL"),
        ({"jwt_jwks_file": Path("keys.json")}, "JWT_JWKS_URL"),
        ({"jwt_jwks_url": "http://issuer.example/keys"}, "JWT_JWKS_URL"),
        ({"jwt_jwks_url": "file:///etc/passwd"}, "JWT_JWKS_URL"),
        ({"jwt_jwks_url": "https://user:word@issuer.example/keys"}, "JWT_JWKS_URL"),
        ({"jwt_role_map": "pharmacy"}, "JWT_ROLE_MAP"),
        ({"jwt_role_map": "pharmacy=root"}, "JWT_ROLE_MAP"),
        ({"jwt_role_map": "a=client,a=viewer"}, "JWT_ROLE_MAP"),
        ({"jwt_role_map": "ops=administrator"}, "JWT_ROLE_MAP"),
    ],
)
def test_settings_that_cannot_be_used_are_named(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(SettingsInvalid, match=f"MAGCHECK_{named}: ") as refused:
        token_issuer_of(Settings(**{**COMPLETE, **changed}))
    assert "word@" not in str(refused.value)
