"""Clients of CDS Hooks that sign a token for each call: who they are stands in a file of the operator, nowhere else.

A token is good for one address, one client and, but for clients that cannot do otherwise, one call. Why one is not
taken is told to nobody. An address in a token is looked at only where the file names the very same.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry, deserialize_compact
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from service.application.access.fetching import NotFetched
from service.application.access.key_sets import KeySetRefused, key_set_at
from service.application.access.trust import Verified, is_safe_address
from service.application.access.used_tokens import note_use
from service.application.principals import Principal, PrincipalKind, Role
from service.errors import SettingsInvalid
from service.storage.session import Store
from service.telemetry import get_logger

_VARIABLE: Final = "MAGCHECK_CDS_CLIENTS_FILE"
_LEEWAY_SECONDS: Final = 60
_MOST_BYTES: Final = 8 * 1024
_MOST_FILE: Final = 1024 * 1024
_LEAST_RSA_BITS: Final = 2048
# A key that is not known makes us ask again, but not more often: anybody can make one up.
_AT_MOST_EVERY_SECONDS: Final = 60.0
Algorithm = Literal["ES384", "RS384", "ES256", "RS256"]
# Neither none nor an algorithm with a shared secret is among them.
_KINDS: Final[Mapping[str, tuple[type[ECKey | RSAKey], str | None]]] = {
    "ES384": (ECKey, "P-384"),
    "RS384": (RSAKey, None),
    "ES256": (ECKey, "P-256"),
    "RS256": (RSAKey, None),
}
_PUBLIC: Final = frozenset({"kty", "kid", "n", "e", "crv", "x", "y"})
# What would bring a key along, or change how a token is read.
_REFUSED_HEADERS: Final = frozenset({"jwk", "x5u", "x5c", "crit", "b64", "zip", "enc", "epk"})

_log = get_logger(__name__)
Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Keys = Mapping[str, ECKey | RSAKey]


class HookClient(BaseModel):
    """One client. Its keys are at addresses, in a file or written out; RS256 and ES256 only where it says so."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    iss: Text
    jku: Annotated[tuple[Text, ...], Field(max_length=10)] = ()
    jwks: dict[str, Any] | None = None
    jwks_file: Path | None = None
    algorithms: Annotated[tuple[Algorithm, ...], Field(min_length=1)] = ("ES384", "RS384")
    tenants: Annotated[tuple[Text, ...], Field(max_length=1000)] = ()
    single_use: bool = True


class HookClientFile(BaseModel):
    """All clients."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    clients: Annotated[tuple[HookClient, ...], Field(min_length=1, max_length=1000)]


class _Refused(Exception):
    """A token is not taken; the text is for the log, and of our own words."""


class _Taken(JWSRegistry):
    """The algorithms that are taken, without the library's warnings about some of them."""

    def get_alg(self, name: str) -> Any:  # noqa: ANN401 - the library keeps the name of the type to itself
        return self.algorithms[name]


class HookClients:
    """Verifies tokens of clients."""

    def __init__(
        self,
        clients: Iterable[HookClient],
        public_url: str,
        *,
        keys_as_pem: bool = False,
        clock: Callable[[], float] = time.time,
        fetch: Callable[[str], bytes] = key_set_at,
    ) -> None:
        """``public_url`` is how clients reach this service. ``keys_as_pem`` takes a list that is no JWK Set, too.

        Raises:
            SettingsInvalid: the keys of a client cannot be used.
        """
        self._clients = {client.iss: client for client in clients}
        self._public_url = public_url
        self._keys_as_pem = keys_as_pem
        self._clock = clock
        self._fetch = fetch
        self._own: dict[str, Keys] = {client.iss: _own_keys(client) for client in self._clients.values()}
        self._fetched: dict[str, tuple[float, Keys]] = {}
        self._fetching = threading.Lock()

    def verified(self, token: str, path: str) -> Verified | None:
        """Whose token it is, if it is good for this path. May fetch keys, so call it from a thread."""
        try:
            return self._read(token, path)
        except _Refused as refused:
            _log.info("client_token_refused", reason=str(refused))
            return None

    def use(self, store: Store, verified: Verified) -> bool:
        """Note that a token was used; whether it may be: once at all workers, or always for some clients."""
        if verified.token_id is None:
            return True
        until = verified.expires_at + 2 * _LEEWAY_SECONDS
        return note_use(store, verified.token_id, now=self._clock(), until=until)

    def _read(self, token: str, path: str) -> Verified:
        """In the order that CDS Hooks advises: issuer, audience, time, tenant, signature; its id is noted at last."""
        header, claims = _parts_of(token)
        client = self._clients.get(_text(claims, "iss"))
        if client is None:
            raise _Refused("issuer")
        audience = claims.get("aud")
        if f"{self._public_url}{path}" not in (audience if isinstance(audience, list) else [audience]):
            raise _Refused("audience")
        expires_at, issued_at, now = _moment(claims, "exp"), _moment(claims, "iat"), self._clock()
        not_before = _moment(claims, "nbf") if "nbf" in claims else issued_at
        if expires_at + _LEEWAY_SECONDS <= now or max(issued_at, not_before) - _LEEWAY_SECONDS > now:
            raise _Refused("time")
        if ("tenant" in claims or client.tenants) and claims.get("tenant") not in client.tenants:
            raise _Refused("tenant")
        self._require_signature(token, header, client)
        token_id = _text(claims, "jti")
        named = f"{client.iss}\0{token_id}".encode("utf-8", "surrogatepass")
        principal = Principal(
            id=f"cds/{client.name}", name=client.name, kind=PrincipalKind.SERVICE, roles=frozenset({Role.CLIENT})
        )
        return Verified(principal, expires_at, hashlib.sha256(named).hexdigest() if client.single_use else None)

    def _require_signature(self, token: str, header: Mapping[str, Any], client: HookClient) -> None:
        algorithm = header.get("alg")
        if not isinstance(algorithm, str) or algorithm not in client.algorithms:
            raise _Refused("algorithm")
        if header.keys() & _REFUSED_HEADERS or str(header.get("typ", "JWT")).upper() != "JWT":
            raise _Refused("header")
        key = self._key(_text(header, "kid"), header.get("jku"), client)
        kind, curve = _KINDS[algorithm]
        if not isinstance(key, kind) or (curve is not None and key.as_dict().get("crv") != curve):
            raise _Refused("key")
        try:
            deserialize_compact(token, key, algorithms=[algorithm], registry=_Taken(algorithms=[algorithm]))
        except (JoseError, ValueError, TypeError):
            raise _Refused("signature") from None

    def _key(self, key_id: str, address: object, client: HookClient) -> ECKey | RSAKey:
        """The key of this id: at the address the token names, where the file names it too; else out of the file."""
        if address is None:
            found = self._own[client.iss].get(key_id)
        elif address in client.jku and isinstance(address, str):
            found = self._at(address, key_id)
        else:
            raise _Refused("jku")
        if found is None:
            raise _Refused("key")
        return found

    def _at(self, address: str, key_id: str) -> ECKey | RSAKey | None:
        """The key at an address; asked once more for one that is not known, but seldom."""
        read_at, keys = self._fetched.get(address, (float("-inf"), {}))
        if key_id not in keys and self._clock() - read_at >= _AT_MOST_EVERY_SECONDS:
            with self._fetching:
                read_at, keys = self._fetched.get(address, (float("-inf"), {}))
                if key_id not in keys and self._clock() - read_at >= _AT_MOST_EVERY_SECONDS:
                    try:
                        keys = _keys_in(orjson.loads(self._fetch(address)), as_pem=self._keys_as_pem)
                    except (NotFetched, KeySetRefused, orjson.JSONDecodeError) as error:
                        _log.warning("client_keys_not_read", reason=type(error).__name__, kept=len(keys))
                    self._fetched[address] = (self._clock(), keys)
        return keys.get(key_id)


def hook_clients_of(path: Path, public_url: str | None, *, development: bool) -> HookClients:
    """The clients in a file.

    Raises:
        SettingsInvalid: it cannot be read, or something in it cannot be used.
    """
    if public_url is None:
        raise SettingsInvalid(["MAGCHECK_PUBLIC_URL: missing; tokens of CDS Hooks are made for the address called"])
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_FILE)
        clients = HookClientFile.model_validate_json(content).clients
    except OSError:
        raise SettingsInvalid([f"{_VARIABLE}: it cannot be read"]) from None
    except ValidationError as error:
        places = [".".join(map(str, fault["loc"])) for fault in error.errors(include_url=False, include_input=False)]
        raise SettingsInvalid([f"{_VARIABLE}: wrong or missing: {', '.join(places) or 'it is no JSON'}"]) from None
    faults = [
        f"{_VARIABLE}: {client.name}: each jku must be an https:// address (http:// only for this machine itself)"
        for client in clients
        if not all(map(is_safe_address, client.jku))
    ]
    if len({client.iss for client in clients}) != len(clients) or len({client.name for client in clients}) != len(
        clients
    ):
        faults.append(f"{_VARIABLE}: each name and each iss may stand there once")
    if faults:
        raise SettingsInvalid(faults)
    return HookClients(clients, public_url, keys_as_pem=development)


def _own_keys(client: HookClient) -> Keys:
    """Keys that came out of band."""
    written: Any = client.jwks
    try:
        if client.jwks_file is not None:
            with client.jwks_file.open("rb") as file:
                written = orjson.loads(file.read(_MOST_FILE))
        keys = {} if written is None else _keys_in(written, as_pem=False)
    except (OSError, orjson.JSONDecodeError, KeySetRefused):
        raise SettingsInvalid([f"{_VARIABLE}: {client.name}: its keys cannot be read"]) from None
    if not keys and not client.jku:
        raise SettingsInvalid([f"{_VARIABLE}: {client.name}: has no keys; give jku, jwks_file or jwks"])
    return keys


def _keys_in(written: Any, *, as_pem: bool) -> Keys:  # noqa: ANN401 - anything that JSON can hold
    """The keys of a JWK Set that can verify; ``as_pem``: of a list of ``{"pem": key, "id": name}``, too.

    Raises:
        KeySetRefused: it is neither.
    """
    entries: Any = written.get("keys") if isinstance(written, dict) else None
    if as_pem and isinstance(written, list):
        entries = [
            {**one["pem"], "kid": one.get("id")}
            for one in written
            if isinstance(one, dict) and isinstance(one.get("pem"), dict)
        ]
    if not isinstance(entries, list):
        raise KeySetRefused("it is no JSON Web Key Set")
    keys: dict[str, ECKey | RSAKey] = {}
    for entry in entries[:100]:
        key = _key_of(entry)
        if key is not None:
            keys.setdefault(entry["kid"], key)
    return keys


def _key_of(entry: Any) -> ECKey | RSAKey | None:  # noqa: ANN401
    if not isinstance(entry, dict) or not isinstance(entry.get("kid"), str) or entry.get("use", "sig") != "sig":
        return None
    plain = {name: value for name, value in entry.items() if name in _PUBLIC}
    try:
        if entry.get("kty") == "EC":
            return ECKey.import_key(plain)
        # In base64 six bits a letter; a shorter key only makes the library complain.
        if entry.get("kty") == "RSA" and len(str(entry.get("n", ""))) * 6 >= _LEAST_RSA_BITS:
            return RSAKey.import_key(plain)
    except (JoseError, ValueError, TypeError):
        return None
    return None


def _parts_of(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, of which nothing has been verified."""
    segments = token.split(".")
    if len(token) > _MOST_BYTES or len(segments) != 3 or not token.isascii():  # noqa: PLR2004 - and the signature
        raise _Refused("form")
    try:
        header, claims = (
            orjson.loads(base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True))
            for part in segments[:2]
        )
    except (binascii.Error, ValueError):
        raise _Refused("form") from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise _Refused("form")
    return header, claims


def _text(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not value:
        raise _Refused(name)
    return value


def _moment(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    # Ten digits are enough for two hundred years.
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > 10**10:
        raise _Refused("time")
    return float(value)
