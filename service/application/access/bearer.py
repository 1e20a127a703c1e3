"""Access tokens of services: signed by the one issuer that the settings trust, for us, and for now.

Why one is not taken is told to nobody. What its header points to is never looked at.
"""

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Final

from joserfc import jwt

from service.application.access.key_sets import IssuerKeys
from service.application.access.signed import LEEWAY_SECONDS, TokenRefused, claims_in, header_of
from service.application.access.trust import TokenIssuer, Verified, roles_in
from service.application.access.used_tokens import note_use
from service.application.principals import PEOPLE_ONLY, Principal, PrincipalKind
from service.storage.session import Store
from service.telemetry import get_logger

_MOST_BYTES: Final = 8 * 1024
_MOST_KEPT: Final = 10_000
_TYPES: Final = frozenset({"at+jwt", "jwt"})
# A token that brings its own key, or says where to get one, is not of an issuer one trusts already.
_POINTERS: Final = frozenset({"jku", "jwk", "x5u", "x5c", "crit", "b64", "zip", "enc", "epk"})
# What stands in tokens about a sign-in of a person, which are for the page that asked for them, not for us.
_OF_IDENTITY: Final = frozenset({"nonce", "at_hash", "c_hash", "s_hash", "sid", "events"})
_PLAIN_SUBJECT: Final = re.compile(r"[A-Za-z0-9._:@|/-]{1,80}")

_log = get_logger(__name__)


class BearerTokens:
    """Verifies access tokens; those that are good are remembered until they expire."""

    def __init__(self, issuer: TokenIssuer, keys: IssuerKeys, *, clock: Callable[[], float] = time.time) -> None:
        """``keys`` are the issuer's."""
        self._issuer = issuer
        self._keys = keys
        self._clock = clock
        self._registry = jwt.JWTClaimsRegistry(
            now=lambda: int(clock()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": issuer.issuer},
            aud={"essential": True, "value": issuer.audience},
            sub={"essential": True, "allow_blank": False},
            exp={"essential": True},
            iat={"essential": True},
            jti={"essential": issuer.single_use, "allow_blank": False},
        )
        self._kept: dict[bytes, Verified] = {}

    @property
    def single_use(self) -> bool:
        """Whether each token may be used once only."""
        return self._issuer.single_use

    @property
    def ready(self) -> bool:
        """Whether the issuer's keys are known."""
        return self._keys.known

    def running(self) -> AbstractContextManager[None]:
        """Keep the issuer's keys up to date meanwhile."""
        return self._keys.running()

    def verified(self, token: str) -> Verified | None:
        """What a token says, if it is good."""
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        kept = self._kept.get(digest)
        if kept is not None and kept.expires_at + LEEWAY_SECONDS > self._clock():
            return kept
        try:
            found = self._read(token)
        except TokenRefused as refused:
            _log.info("token_refused", reason=str(refused))
            return None
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        if not self.single_use:
            self._kept[digest] = found
        return found

    def use(self, store: Store, verified: Verified) -> bool:
        """Note that a token was used; whether this was the first time, at any worker."""
        token_id = verified.token_id
        if token_id is None:
            return False
        # Until nobody would take it any more, whatever their clock.
        return note_use(store, token_id, now=self._clock(), until=verified.expires_at + 2 * LEEWAY_SECONDS)

    def _read(self, token: str) -> Verified:
        header, algorithm = header_of(token, _MOST_BYTES)
        key_id = header.get("kid")
        if header.keys() & _POINTERS or not isinstance(key_id, str):
            raise TokenRefused("header")
        if str(header.get("typ", "")).lower().removeprefix("application/") not in _TYPES:
            raise TokenRefused("type")
        key = self._keys.find(key_id, algorithm)
        if key is None:
            raise TokenRefused("key")
        return self._told(claims_in(token, key, algorithm, self._registry))

    def _told(self, claims: Mapping[str, Any]) -> Verified:
        """Who is meant by the claims, when they are of an access token."""
        if claims.keys() & _OF_IDENTITY or claims.get("token_use") == "id" or claims.get("typ") in {"ID", "Refresh"}:
            raise TokenRefused("an identity token")
        subject = str(claims["sub"])
        digest = hashlib.sha256(f"{self._issuer.issuer}\0{subject}".encode("utf-8", "surrogatepass")).hexdigest()
        plain = _PLAIN_SUBJECT.fullmatch(subject) is not None
        roles = roles_in(claims, self._issuer.roles_claim, self._issuer.role_map) - PEOPLE_ONLY
        principal = Principal(
            id=f"service/{subject if plain else digest[:32]}",
            name=subject if plain else digest[:32],
            kind=PrincipalKind.SERVICE,
            roles=roles,
        )
        token_id = None
        if self.single_use:
            named = f"{self._issuer.issuer}\0{claims['jti']}".encode("utf-8", "surrogatepass")
            token_id = hashlib.sha256(named).hexdigest()
        return Verified(principal, float(claims["exp"]), token_id)
