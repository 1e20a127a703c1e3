"""Tokens of clients of CDS Hooks: what is taken, for which address and how often; and everything that is not."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from joserfc.jwk import ECKey, Key, KeySet, RSAKey
from starlette.testclient import TestClient

from rules import compile_rule_set
from service.application.access.hook_clients import HookClient, HookClients, hook_clients_of
from service.errors import SettingsInvalid
from service.storage.session import Store
from tests.contract.cds_hooks.writing import CIPROFLOXACIN, SERVICE, call, order
from tests.entrance import House, bearer
from tests.integration.issuer import address, by_hand, segment, shared_secret, token
from tests.integration.stores import BEFORE_ANY_STORE
from tests.unit.api.conftest import LogLines, log_lines, make_rule_set

__all__ = ["log_lines"]

BASE: Final = "https://magcheck.example"
EHR: Final = "https://ehr.example"
EC384: Final = ECKey.generate_key("P-384", {"kid": "ec-384", "use": "sig"})
RSA: Final = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
EC256: Final = ECKey.generate_key("P-256", {"kid": "ec-256", "use": "sig"})
STRANGER: Final = ECKey.generate_key("P-384", {"kid": "ec-384", "use": "sig"})
BODY: Final = call("order-sign", order(CIPROFLOXACIN))
COMPILED: Final = compile_rule_set(make_rule_set(), version=7)


def key_set(*keys: Key) -> dict[str, Any]:
    return dict(KeySet(list(keys)).as_dict(private=False))


OWN: Final = HookClient(name="ehr-one", iss=EHR, jwks=key_set(EC384, RSA, EC256))
LAX: Final = HookClient(
    name="generator", iss="https://crd.example", jwks=key_set(RSA), algorithms=("RS256",), single_use=False
)
OF_TENANTS: Final = HookClient(name="cloud", iss="https://cloud.example", jwks=key_set(EC384), tenants=("ward-3",))


def claims(path: str = SERVICE, **changed: Any) -> dict[str, Any]:  # noqa: ANN401 - any claim
    now = int(time.time())
    number = time.perf_counter_ns()
    good = {"iss": EHR, "aud": f"{BASE}{path}", "exp": now + 300, "iat": now, "jti": f"id-{number}"}
    return {name: value for name, value in {**good, **changed}.items() if value is not None}


def signed(content: dict[str, Any], algorithm: str = "ES384", key: Key = EC384, **header: Any) -> str:  # noqa: ANN401
    return token(content, algorithm, key, **{"typ": "JWT", **header})


@pytest.fixture
def house(store: Store) -> House:
    return House(store)


@pytest.fixture
def client(house: House) -> Iterator[TestClient]:
    clients = HookClients([OWN, LAX, OF_TENANTS], BASE)
    app = house.app(COMPILED, watched=False, most_failures=1_000_000, hook_tokens=clients)
    with TestClient(app) as client:
        yield client


def ask(client: TestClient, written: str, path: str = SERVICE) -> int:
    if path == "/cds-services":
        return client.get(path, headers=bearer(written)).status_code
    body = BODY if path == SERVICE else {"feedback": []}
    return client.post(path, json=body, headers=bearer(written)).status_code


@pytest.mark.parametrize("path", ["/cds-services", SERVICE, f"{SERVICE}/feedback"])
def test_a_token_is_for_the_address_that_is_called(client: TestClient, path: str) -> None:
    assert ask(client, signed(claims(path)), path) == 200
    assert ask(client, signed(claims(path, aud=["https://other.example", f"{BASE}{path}"])), path) == 200
    others = {"/cds-services", SERVICE, f"{SERVICE}/feedback"} - {path}
    near = [BASE, f"{BASE}/", f"{BASE}{path}/", f"http://magcheck.example{path}"]
    for wrong in [*near, *(f"{BASE}{one}" for one in others)]:
        assert ask(client, signed(claims(path, aud=wrong)), path) == 401, wrong


def test_what_a_request_calls_itself_makes_no_difference(client: TestClient) -> None:
    headers = {**bearer(signed(claims(aud=f"http://testserver{SERVICE}"))), "X-Forwarded-Host": "magcheck.example"}
    assert client.post(SERVICE, json=BODY, headers=headers).status_code == 401


def test_a_client_may_do_what_clients_may_and_only_at_hooks(client: TestClient) -> None:
    assert ask(client, signed(claims())) == 200
    for path in ("/v1/checks", "/v1/rule-sets", "/v1/me"):
        assert client.get(path, headers=bearer(signed(claims(path)))).status_code in {401, 405}


def test_an_id_counts_once_at_all_workers(house: House, client: TestClient) -> None:
    once = signed(claims())
    assert [ask(client, once), ask(client, once)] == [200, 401]
    another = house.app(COMPILED, watched=False, hook_tokens=HookClients([OWN], BASE))
    with TestClient(another) as worker:
        assert ask(worker, once) == 401
        assert ask(worker, signed(claims())) == 200
    # The same id of another issuer is another id; and one client cannot do otherwise.
    same: dict[str, Any] = {"jti": "the-same", "iss": LAX.iss, "exp": int(time.time()) + 24 * 3600}
    assert [ask(client, signed(claims(**same), "RS256", RSA)) for _ in range(3)] == [200, 200, 200]
    assert ask(client, signed(claims(jti="the-same"))) == 200


def test_tenants(client: TestClient) -> None:
    of_cloud = {"iss": OF_TENANTS.iss}
    assert ask(client, signed(claims(**of_cloud, tenant="ward-3"))) == 200
    for tenant in ("ward-4", None, ["ward-3"], {"a": 1}, 3):
        assert ask(client, signed(claims(**of_cloud, tenant=tenant))) == 401
    assert ask(client, signed(claims(tenant="ward-3"))) == 401  # of a client without any


def with_other_claims(written: str) -> str:
    header, _, signature = written.split(".")
    return f"{header}.{segment({**claims(), 'sub': 'somebody'})}.{signature}"


REFUSED: Final[dict[str, Callable[[], str]]] = {
    "another issuer": lambda: signed(claims(iss="https://elsewhere.example")),
    "no issuer": lambda: signed(claims(iss=None)),
    "an issuer in capitals": lambda: signed(claims(iss=EHR.upper())),
    "no audience": lambda: signed(claims(aud=None)),
    "no end": lambda: signed(claims(exp=None)),
    "over": lambda: signed(claims(exp=int(time.time()) - 120)),
    "an end as text": lambda: signed(claims(exp=str(int(time.time()) + 300))),
    "an end far away": lambda: signed(claims(exp=10**300)),
    "a truth for an end": lambda: signed(claims(exp=True)),
    "no start": lambda: signed(claims(iat=None)),
    "from the future": lambda: signed(claims(iat=int(time.time()) + 3600)),
    "not yet": lambda: signed(claims(nbf=int(time.time()) + 3600)),
    "no id": lambda: signed(claims(jti=None)),
    "an empty id": lambda: signed(claims(jti="")),
    "a number for an id": lambda: signed(claims(jti=7)),
    "another key of this name": lambda: signed(claims(), key=STRANGER),
    "a key nobody knows": lambda: signed(claims(), kid="unheard-of"),
    "no key named": lambda: signed(claims(), kid=None),
    "RS256 of a client without it": lambda: signed(claims(), "RS256", RSA),
    "ES256 of a client without it": lambda: signed(claims(), "ES256", EC256),
    "ES384 of a client with RS256 only": lambda: signed(claims(iss=LAX.iss)),
    "no signature": lambda: by_hand({"alg": "none", "kid": "ec-384", "typ": "JWT"}, claims()),
    "none in capitals": lambda: by_hand({"alg": "NONE", "kid": "ec-384", "typ": "JWT"}, claims()),
    "an empty signature": lambda: by_hand({"alg": "ES384", "kid": "ec-384", "typ": "JWT"}, claims()),
    "a shared secret": lambda: token(claims(), "HS256", shared_secret(), typ="JWT", kid="ec-384"),
    "a shared secret of 384": lambda: token(claims(), "HS384", shared_secret(), typ="JWT", kid="ec-384"),
    "a key of its own": lambda: signed(claims(), key=STRANGER, jwk=STRANGER.as_dict(private=False)),
    "an address of certificates": lambda: signed(claims(), x5u="https://ehr.example/certificate"),
    "a condition nobody knows": lambda: by_hand(
        {"alg": "ES384", "kid": "ec-384", "typ": "JWT", "crit": ["exp"]}, claims(), b"x"
    ),
    "another type": lambda: signed(claims(), typ="at+jwt"),
    "an address nobody named": lambda: signed(claims(), jku="https://elsewhere.example/keys"),
    "a changed claim": lambda: with_other_claims(signed(claims())),
    "no token": lambda: "x.y.z",
    "two parts": lambda: "x.y",
    "a list": lambda: f"{segment([])}.{segment([])}.x",
    "too long": lambda: signed(claims(more="x" * 9000)),
}


@BEFORE_ANY_STORE
@pytest.mark.parametrize("name", REFUSED)
def test_refused(client: TestClient, log_lines: LogLines, name: str) -> None:
    refused = REFUSED[name]()
    answers = {
        (response.status_code, response.content.replace(response.headers["x-correlation-id"].encode(), b""))
        for response in (client.post(SERVICE, json=BODY, headers=bearer(written)) for written in (refused, "x.y.z"))
    }
    # One same answer, whatever was wrong.
    assert len(answers) == 1
    assert answers.pop()[0] == 401
    written = json.dumps(log_lines())
    assert refused not in written
    assert "ehr.example" not in written


def test_keys_come_from_the_address_that_is_named_and_are_kept(store: Store) -> None:
    with address(content=json.dumps(key_set(EC384)).encode()) as named, address(content=b"{}") as other:
        one = HookClient(name="ehr", iss=EHR, jku=(named.url,))
        clients = HookClients([one], BASE)
        for _ in range(3):
            assert clients.verified(signed(claims(), jku=named.url), SERVICE) is not None
        assert named.visits == 1
        # Unknown keys do not let anybody make us ask again and again.
        for number in range(5):
            assert clients.verified(signed(claims(), jku=named.url, kid=f"k{number}"), SERVICE) is None
        assert named.visits == 1
        assert clients.verified(signed(claims(), jku=other.url), SERVICE) is None
        assert clients.verified(signed(claims()), SERVICE) is None  # none out of band
        assert other.visits == 0
    del store


def test_a_new_key_is_found_after_a_while() -> None:
    moved = [time.time()]
    with address(content=json.dumps(key_set(RSA)).encode()) as named:
        one = HookClient(name="ehr", iss=EHR, jku=(named.url,))
        clients = HookClients([one], BASE, clock=lambda: moved[0])
        assert clients.verified(signed(claims(), jku=named.url), SERVICE) is None
        named.content = json.dumps(key_set(EC384)).encode()
        assert clients.verified(signed(claims(), jku=named.url), SERVICE) is None
        moved[0] += 61
        assert clients.verified(signed(claims(), jku=named.url), SERVICE) is not None
        assert named.visits == 2


@pytest.mark.parametrize(
    "served",
    [
        {"content": b"no JSON"},
        {"content": b"[]"},
        {"content": b'{"keys": 1}'},
        {"content": b'{"keys": [' + b" " * 300_000 + b"]}"},
        {"status": 302, "headers": {"Location": "https://elsewhere.example/keys"}},
        {"status": 500},
    ],
)
def test_an_address_that_has_no_keys(served: dict[str, Any]) -> None:
    with address(**served) as named:
        clients = HookClients([HookClient(name="ehr", iss=EHR, jku=(named.url,))], BASE)
        assert clients.verified(signed(claims(), jku=named.url), SERVICE) is None
        assert named.visits == 1


def test_a_list_that_is_no_key_set_is_for_development_only() -> None:
    """The request generator of CRD serves an array of {pem, id}, where pem is a key without its id."""
    bare = {name: value for name, value in EC384.as_dict(private=False).items() if name != "kid"}
    content = json.dumps([{"pem": bare, "id": "ec-384"}]).encode()
    with address(content=content) as named:
        one = HookClient(name="generator", iss=EHR, jku=(named.url,))
        written = signed(claims(), jku=named.url)
        assert HookClients([one], BASE, keys_as_pem=True).verified(written, SERVICE) is not None
        assert HookClients([one], BASE).verified(written, SERVICE) is None


def test_a_file_of_clients(tmp_path: Path) -> None:
    file = tmp_path / "clients.json"
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(key_set(EC384)))
    written = [{"name": "ehr", "iss": EHR, "jwks_file": str(keys)}]
    file.write_text(json.dumps({"clients": written}))
    clients = hook_clients_of(file, BASE, development=False)
    verified = clients.verified(signed(claims()), SERVICE)
    assert verified is not None
    assert verified.principal.id == "cds/ehr"


@pytest.mark.parametrize(
    "wrong",
    [
        "no JSON",
        {},
        {"clients": []},
        {"clients": [{"name": "ehr", "iss": EHR}]},
        {"clients": [{"name": "ehr", "iss": EHR, "jku": ["http://ehr.example/keys"]}]},
        {"clients": [{"name": "ehr", "iss": EHR, "jku": ["https://a@ehr.example/keys"]}]},
        {"clients": [{"name": "ehr", "iss": EHR, "jwks": {"keys": []}}]},
        {"clients": [{"name": "ehr", "iss": EHR, "jwks_file": "/nowhere/keys.json"}]},
        {"clients": [{"name": "ehr", "iss": EHR, "jwks": {}, "algorithms": ["HS256"]}]},
        {"clients": [{"name": "ehr", "iss": EHR, "jwks": {}, "algorithms": ["none"]}]},
        {"clients": [{"name": "ehr", "iss": EHR, "secret": "x"}]},
        {"clients": [{"name": "a b", "iss": EHR, "jku": ["https://ehr.example/keys"]}]},
        {"clients": [{"name": name, "iss": EHR, "jku": ["https://ehr.example/keys"]} for name in ("a", "b")]},
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, wrong: Any) -> None:  # noqa: ANN401
    file = tmp_path / "clients.json"
    file.write_text(wrong if isinstance(wrong, str) else json.dumps(wrong))
    with pytest.raises(SettingsInvalid, match="MAGCHECK_CDS_CLIENTS_FILE"):
        hook_clients_of(file, BASE, development=False)


def test_tokens_need_the_public_address(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="MAGCHECK_PUBLIC_URL"):
        hook_clients_of(tmp_path / "clients.json", None, development=False)
    with pytest.raises(SettingsInvalid, match="cannot be read"):
        hook_clients_of(tmp_path / "clients.json", BASE, development=False)


def test_keys_of_ours_work_as_before(house: House, client: TestClient) -> None:
    from service.application.principals import Role  # noqa: PLC0415

    del client
    key = house.key(Role.CLIENT)
    app = house.app(COMPILED, watched=False, hook_tokens=HookClients([OWN], BASE))
    with TestClient(app) as other:
        assert other.post(SERVICE, json=BODY, headers={"X-API-Key": key}).status_code == 200
        assert other.post(SERVICE, json=BODY, headers=bearer(key)).status_code == 200
        assert other.post(SERVICE, json=BODY).status_code == 401
