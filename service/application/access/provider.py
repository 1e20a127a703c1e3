"""The provider of identities (OpenID Connect): where people sign in there, and whom it vouches for.

Only its own discovery document says where its parts are; nothing in a token leads anywhere. Why its word is not taken
stands in the log.
"""

import base64
import hashlib
import hmac
import re
import threading
import time
import unicodedata
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from math import isfinite
from typing import Any, Final
from urllib.parse import quote_plus, urlencode, urlsplit

import orjson
from joserfc import jwt

from service.application.access.fetching import NotFetched, fetched
from service.application.access.journeys import Journey
from service.application.access.key_sets import KeySetRefused, PublicKey, is_for, key_set_at, keys_in
from service.application.access.signed import LEEWAY_SECONDS, TokenRefused, claims_in, header_of
from service.application.access.trust import IdentityProvider, Vouched, claim_at, is_safe_address, roles_in
from service.errors import ProviderUnavailable, SignInRefused
from service.telemetry import get_logger

RETURN_PATH: Final = "/v1/sign-ins/provider/return"
SIGNED_OUT_PATH: Final = "/admin/sign-in"
_NEEDED: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_DISCOVERY: Final = "/.well-known/openid-configuration"
_KEPT_SECONDS: Final = 3600.0
# After a failure it is left alone for a moment, however many people want to sign in.
_PAUSE_SECONDS: Final = 5.0
_NEW_KEYS_SECONDS: Final = 10.0
# Some providers write hundreds of groups into a token.
_MOST_BYTES_OF_TOKEN: Final = 64 * 1024
_MOST_OF_SUBJECT: Final = 255
_MOST_OF_NAME: Final = 120
_HASH_OF: Final = {"RS256": hashlib.sha256, "ES256": hashlib.sha256, "EdDSA": hashlib.sha512, "Ed25519": hashlib.sha512}
_NAMES: Final = ("name", "preferred_username", "email")
_LOGINS: Final = ("preferred_username", "email", "name")
_AWAY: Final = "the identity provider does not answer as it should; try again in a moment"
_NOT_TAKEN: Final = "what the identity provider says about you could not be verified; sign in again"

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Discovery:
    """What the provider says of itself, as far as it is used."""

    authorization: str
    token: str
    keys: str
    userinfo: str | None
    end_session: str | None
    scope: str
    by_form: bool
    names_itself: bool


class Provider:
    """The one provider that the settings trust; what it says of itself is read when somebody wants to sign in."""

    def __init__(
        self,
        trust: IdentityProvider,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is read yet."""
        self.threads: Executor = ThreadPoolExecutor(4, thread_name_prefix="identity-provider")
        self._trust = trust
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._discovery: Discovery | None = None
        self._read_at = self._failed_at = self._keys_at = float("-inf")
        self._keys: Mapping[str, PublicKey] = {}

    @property
    def name(self) -> str:
        """What people call it: the host it is at."""
        return urlsplit(self._trust.issuer).hostname or ""

    def address_for(self, journey: Journey) -> str:
        """Where a browser goes to sign in.

        Raises:
            ProviderUnavailable: that cannot be found out.
        """
        discovery = self._discovered()
        asked = {
            "response_type": "code",
            "client_id": self._trust.client_id,
            "redirect_uri": self._return_address,
            "scope": discovery.scope,
            "state": journey.state,
            "nonce": journey.nonce,
            "code_challenge": journey.challenge,
            "code_challenge_method": "S256",
            # Wanted always, because then it has to say when the person proved who they are.
            "max_age": str(self._max_age(journey)),
            **({"prompt": "login"} if journey.fresh else {}),
        }
        return _with_query(discovery.authorization, asked)

    def vouched(self, journey: Journey, code: str, issuer: str | None) -> Vouched:
        """Whom the code stands for that a browser has brought back; ``issuer`` came with it.

        Raises:
            ProviderUnavailable: it does not answer.
            SignInRefused: it does not vouch for them, or not in a way that can be believed.
        """
        discovery = self._discovered()
        if (issuer is not None or discovery.names_itself) and issuer != self._trust.issuer:
            raise _refused("another issuer has answered")
        tokens = self._redeemed(discovery, journey, code)
        id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access_token, str):
            raise _refused("no token")
        try:
            claims = self._claims(discovery, id_token, access_token, journey.nonce)
        except TokenRefused as refused:
            raise _refused(str(refused)) from None
        proved_at = self._proved_at(claims, journey)
        said = self._with_userinfo(discovery, claims, access_token)
        name = next((name for key in _NAMES if (name := _text(said.get(key)))), f"somebody of {self.name}")
        login = next((login for key in _LOGINS if (login := _text(said.get(key)))), "")
        roles = roles_in(said, self._trust.groups_claim, self._trust.role_map)
        return Vouched(self._trust.issuer, claims["sub"], login, name, roles, datetime.fromtimestamp(proved_at, UTC))

    def address_to_leave(self) -> str | None:
        """Where a browser goes to sign out there too, if that can be done.

        Raises:
            ProviderUnavailable: that cannot be found out.
        """
        address = self._discovered().end_session
        back = f"{self._trust.public_url}{SIGNED_OUT_PATH}"
        asked = {"client_id": self._trust.client_id, "post_logout_redirect_uri": back}
        return None if address is None else _with_query(address, asked)

    @property
    def _return_address(self) -> str:
        return f"{self._trust.public_url}{RETURN_PATH}"

    def _max_age(self, journey: Journey) -> int:
        return 0 if journey.fresh else int(self._trust.lasts.total_seconds())

    # --- what it says of itself ---------------------------------------------------------------------------------------

    def _discovered(self) -> Discovery:
        with self._lock:
            now = self._monotonic()
            known = self._discovery
            if known is not None and now - self._read_at < _KEPT_SECONDS:
                return known
            if now - self._failed_at >= _PAUSE_SECONDS:
                try:
                    known = self._discovery = self._read_discovery()
                    self._read_at = now
                except (NotFetched, TokenRefused) as error:
                    self._failed_at = self._monotonic()
                    _log.warning("identity_provider_not_read", reason=str(error), known=known is not None)
            if known is None:
                raise ProviderUnavailable(_AWAY)
            return known

    def _read_discovery(self) -> Discovery:
        """Read its discovery document.

        Raises:
            NotFetched: there is none.
            TokenRefused: it is none that can be used.
        """
        said = _object(fetched(self._trust.issuer.rstrip("/") + _DISCOVERY))
        if said.get("issuer") != self._trust.issuer:
            raise TokenRefused("it says that it is another issuer than the settings say")
        plain = urlsplit(self._trust.issuer).scheme == "http"

        def address(name: str) -> str | None:
            url = said.get(name)
            if url is None:
                return None
            if not isinstance(url, str) or not is_safe_address(url, query=True):
                raise TokenRefused(f"{name} is no https:// address")
            if not plain and urlsplit(url).scheme != "https":
                raise TokenRefused(f"{name} is on this machine")
            return url

        authorization, token, keys = (address(name) for name in _NEEDED)
        if authorization is None or token is None or keys is None:
            raise TokenRefused(f"it has not all of {', '.join(_NEEDED)}")
        ways = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        scopes = said.get("scopes_supported")
        return Discovery(
            authorization=authorization,
            token=token,
            keys=keys,
            userinfo=address("userinfo_endpoint"),
            end_session=address("end_session_endpoint"),
            scope="openid profile groups" if isinstance(scopes, list) and "groups" in scopes else "openid profile",
            by_form=isinstance(ways, list) and "client_secret_basic" not in ways and "client_secret_post" in ways,
            names_itself=said.get("authorization_response_iss_parameter_supported") is True,
        )

    def _key(self, discovery: Discovery, key_id: object, algorithm: str) -> PublicKey:
        """The key that a token names, or the only one where it names none; looked for again where it is not known.

        Raises:
            ProviderUnavailable: its keys cannot be read.
            TokenRefused: there is no such key.
        """
        with self._lock:
            key = self._known_key(key_id, algorithm)
            age = self._monotonic() - self._keys_at
            # Again now and then, because keys are withdrawn too.
            if age >= _KEPT_SECONDS or (key is None and age >= _NEW_KEYS_SECONDS):
                try:
                    self._keys = keys_in(key_set_at(discovery.keys))
                except (NotFetched, KeySetRefused) as error:
                    _log.warning("identity_provider_keys_not_read", reason=str(error))
                    raise ProviderUnavailable(_AWAY) from None
                self._keys_at = self._monotonic()
                key = self._known_key(key_id, algorithm)
        if key is None:
            raise TokenRefused("key")
        return key

    def _known_key(self, key_id: object, algorithm: str) -> PublicKey | None:
        fitting = {known: key for known, key in self._keys.items() if is_for(key, algorithm)}
        if key_id is None:
            return next(iter(fitting.values())) if len(fitting) == 1 else None
        return fitting.get(key_id) if isinstance(key_id, str) else None

    # --- what it says of somebody -------------------------------------------------------------------------------------

    def _redeemed(self, discovery: Discovery, journey: Journey, code: str) -> dict[str, Any]:
        """What it gives for a code: a code is worth nothing without the verifier of its journey."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._return_address,
            "code_verifier": journey.verifier,
        }
        headers: dict[str, str] = {}
        client, secret = self._trust.client_id, self._trust.client_secret
        if secret is None or discovery.by_form:
            form |= {"client_id": client} | ({} if secret is None else {"client_secret": secret})
        else:
            pair = f"{quote_plus(client)}:{quote_plus(secret)}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        try:
            status, content = fetched(discovery.token, form=form, headers=headers)
        except NotFetched as error:
            _log.warning("code_not_redeemed", reason=str(error))
            raise ProviderUnavailable(_AWAY) from None
        if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise _refused(f"the code was answered with status {status}")
        try:
            return _object((status, content))
        except NotFetched as error:
            _log.warning("code_not_redeemed", reason=str(error))
            raise ProviderUnavailable(_AWAY) from None

    def _claims(self, discovery: Discovery, id_token: str, access_token: str, nonce: str) -> dict[str, Any]:
        """The claims of an identity token that is for us and for this journey.

        Raises:
            TokenRefused: it is not.
        """
        header, algorithm = header_of(id_token, _MOST_BYTES_OF_TOKEN)
        key = self._key(discovery, header.get("kid"), algorithm)
        client = self._trust.client_id
        registry = jwt.JWTClaimsRegistry(
            now=lambda: int(self._clock()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self._trust.issuer},
            aud={"essential": True, "value": client},
            sub={"essential": True, "allow_blank": False},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        claims = claims_in(id_token, key, algorithm, registry)
        audience = claims["aud"]
        many = isinstance(audience, list) and len(audience) > 1
        if claims.get("azp", None if many else client) != client:
            raise TokenRefused("authorized party")
        if "at_hash" in claims and not _is_half_hash(claims["at_hash"], access_token, algorithm):
            raise TokenRefused("access token")
        subject = claims["sub"]
        if len(subject) > _MOST_OF_SUBJECT or not subject.isprintable():
            raise TokenRefused("subject")
        return claims

    def _proved_at(self, claims: Mapping[str, Any], journey: Journey) -> float:
        """When the person proved who they are.

        Raises:
            SignInRefused: that was too long ago, or is not said where it has to be known.
        """
        oldest = journey.begun_at - self._max_age(journey)
        if "auth_time" not in claims:
            if journey.fresh:
                _log.warning("identity_not_fresh", reason="no auth_time")
                raise SignInRefused("the identity provider does not say when you signed in there (auth_time)")
            return oldest
        at = claims["auth_time"]
        if isinstance(at, bool) or not isinstance(at, int | float) or not isfinite(at):
            raise _refused("auth_time")
        now = self._clock()
        if not oldest - LEEWAY_SECONDS <= at <= now + LEEWAY_SECONDS:
            _log.warning("identity_not_fresh", reason="auth_time")
            raise SignInRefused("your sign-in at the identity provider is too old for this; sign in again")
        return min(float(at), now)

    def _with_userinfo(self, discovery: Discovery, claims: dict[str, Any], access_token: str) -> dict[str, Any]:
        """The claims, with what else the provider tells where groups or a name are not in the token.

        Raises:
            ProviderUnavailable: it does not answer.
            SignInRefused: what it tells is about somebody else.
        """
        complete = claim_at(claims, self._trust.groups_claim) is not None and any(name in claims for name in _NAMES)
        if complete or discovery.userinfo is None:
            return claims
        try:
            told = _object(fetched(discovery.userinfo, headers={"Authorization": f"Bearer {access_token}"}))
        except NotFetched as error:
            _log.warning("userinfo_not_read", reason=str(error))
            raise ProviderUnavailable(_AWAY) from None
        if told.get("sub") != claims["sub"]:
            raise _refused("userinfo is about somebody else")
        return {**told, **claims}


def _refused(reason: str) -> SignInRefused:
    _log.warning("identity_refused", reason=reason)
    return SignInRefused(_NOT_TAKEN)


def _with_query(address: str, asked: Mapping[str, str]) -> str:
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(asked)}"


def _object(answer: tuple[int, bytes]) -> dict[str, Any]:
    """The JSON object that an answer holds.

    Raises:
        NotFetched: it holds none.
    """
    status, content = answer
    if status != HTTPStatus.OK:
        raise NotFetched(f"the address answers with status {status}")
    try:
        said = orjson.loads(content)
    except orjson.JSONDecodeError:
        said = None
    if not isinstance(said, dict):
        raise NotFetched("the answer is no JSON object")
    return said


def _is_half_hash(told: object, access_token: str, algorithm: str) -> bool:
    digest = _HASH_OF[algorithm](access_token.encode("utf-8", "surrogatepass")).digest()
    expected = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=")
    return isinstance(told, str) and hmac.compare_digest(told.encode("utf-8", "surrogatepass"), expected)


def _text(said: object) -> str:
    """A name as it may be shown: one line, without signs that are not seen."""
    if not isinstance(said, str):
        return ""
    seen = "".join(sign if unicodedata.category(sign)[0] != "C" else " " for sign in unicodedata.normalize("NFC", said))
    return re.sub(r"\s+", " ", seen).strip()[:_MOST_OF_NAME].strip()
