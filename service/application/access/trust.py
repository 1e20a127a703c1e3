"""Whom outside this installation the settings trust: an issuer of access tokens, and a provider of identities.

It reads settings and says what is wrong with them; nothing is fetched.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from service.application.access.journeys import Journey
from service.application.principals import PEOPLE_ONLY, Principal, Role
from service.errors import SettingsInvalid
from service.settings import Settings, is_loopback
from service.storage.session import Store

_HTTPS: Final = "must be an https:// address (http:// only for this machine itself), without user, query or fragment"


@dataclass(frozen=True, slots=True)
class TokenIssuer:
    """Whose access tokens are taken, and where its keys are: in a file, or at exactly this address."""

    issuer: str
    audience: str
    key_file: Path | None
    key_url: str | None
    roles_claim: tuple[str, ...]
    role_map: Mapping[str, Role]
    single_use: bool


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """Where people sign in, and what their groups may do here."""

    issuer: str
    client_id: str
    client_secret: str | None
    groups_claim: tuple[str, ...]
    role_map: Mapping[str, Role]
    public_url: str
    landing: str
    # The oldest proof of who somebody is that a sign-in may rest on.
    lasts: timedelta


@dataclass(frozen=True, slots=True)
class Vouched:
    """Somebody for whom the provider of identities vouches: who they are there, and what their groups may do here.

    ``login`` is what they call themselves there, which proves nothing. ``proved_at`` is when they last proved to it who
    they are, or the earliest moment at which that may have been.
    """

    issuer: str
    subject: str
    login: str
    name: str
    roles: frozenset[Role]
    proved_at: datetime


class Identities(Protocol):
    """The provider of identities; behind it are libraries that a process without one never loads.

    Both verbs may take seconds: call them in one of the ``threads``, of which there are few, so that a provider that is
    slow keeps nothing else waiting.
    """

    threads: Executor

    @property
    def name(self) -> str:
        """What people call it: the host it is at."""

    def address_for(self, journey: Journey) -> str:
        """Where a browser goes to sign in."""

    def vouched(self, journey: Journey, code: str, issuer: str | None) -> Vouched:
        """Whom the code stands for that a browser has brought back."""

    def address_to_leave(self) -> str | None:
        """Where a browser goes to sign out there too, if that can be done."""


@dataclass(frozen=True, slots=True)
class Verified:
    """An access token that is good until ``expires_at``; ``token_id`` names it where it may be used once only."""

    principal: Principal
    expires_at: float
    token_id: str | None


class AccessTokens(Protocol):
    """Verifies access tokens; behind it are libraries that a process without an issuer never loads."""

    @property
    def single_use(self) -> bool:
        """Whether each token may be used once only."""

    @property
    def ready(self) -> bool:
        """Whether the issuer's keys are known."""

    def verified(self, token: str) -> Verified | None:
        """What a token says, if it is good."""

    def use(self, store: Store, verified: Verified) -> bool:
        """Note that a token was used; whether this was the first time, at any worker."""

    def running(self) -> AbstractContextManager[None]:
        """Keep the issuer's keys up to date meanwhile."""


class HookTokens(Protocol):
    """Verifies tokens of clients of CDS Hooks; a process without such clients loads nothing for it."""

    def verified(self, token: str, path: str) -> Verified | None:
        """Whose token it is, if it is good for this path. Call it from a thread."""

    def use(self, store: Store, verified: Verified) -> bool:
        """Note that a token was used; whether it may be."""


def token_issuer_of(settings: Settings) -> TokenIssuer | None:
    """The issuer of access tokens, if one is trusted.

    Raises:
        SettingsInvalid: something about it is missing or cannot be used.
    """
    given = (settings.jwt_issuer, settings.jwt_audience, settings.jwt_jwks_file, settings.jwt_jwks_url)
    if not any(given):
        return None
    faults = [
        f"MAGCHECK_{name}: missing; access tokens need an issuer, an audience and the issuer's keys"
        for name, value in (("JWT_ISSUER", settings.jwt_issuer), ("JWT_AUDIENCE", settings.jwt_audience))
        if not value
    ]
    if (settings.jwt_jwks_file is None) == (settings.jwt_jwks_url is None):
        faults.append("MAGCHECK_JWT_JWKS_URL: the issuer's keys come from this address or MAGCHECK_JWT_JWKS_FILE, one")
    if settings.jwt_jwks_url is not None and not is_safe_address(settings.jwt_jwks_url):
        faults.append(f"MAGCHECK_JWT_JWKS_URL: {_HTTPS}")
    role_map = _role_map(settings.jwt_role_map, "MAGCHECK_JWT_ROLE_MAP", faults)
    if people_only := sorted({role.value for role in role_map.values()} & {role.value for role in PEOPLE_ONLY}):
        faults.append(
            f"MAGCHECK_JWT_ROLE_MAP: {', '.join(people_only)} are for people, who can prove who they are anew"
        )
    if faults:
        raise SettingsInvalid(faults)
    services = {role.value: role for role in Role if role not in PEOPLE_ONLY}
    return TokenIssuer(
        issuer=settings.jwt_issuer or "",
        audience=settings.jwt_audience or "",
        key_file=settings.jwt_jwks_file,
        key_url=settings.jwt_jwks_url,
        roles_claim=tuple(settings.jwt_roles_claim.split(".")),
        role_map=role_map or services,
        single_use=settings.jwt_single_use,
    )


def identity_provider_of(settings: Settings) -> IdentityProvider | None:
    """The provider of identities, if one is trusted.

    Raises:
        SettingsInvalid: something about it is missing or cannot be used.
    """
    if not any((settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret)):
        if not settings.password_sign_in:
            nobody = "MAGCHECK_PASSWORD_SIGN_IN: without an identity provider nobody could sign in any more"
            raise SettingsInvalid([f"{nobody}; set MAGCHECK_OIDC_ISSUER too"])
        return None
    needed = (
        ("OIDC_ISSUER", settings.oidc_issuer),
        ("OIDC_CLIENT_ID", settings.oidc_client_id),
        ("PUBLIC_URL", settings.public_url),
        ("OIDC_ROLE_MAP", settings.oidc_role_map),
    )
    faults = [
        f"MAGCHECK_{name}: missing; people of an identity provider need it: its address, our name there, our own "
        "address, and what its groups may do here"
        for name, value in needed
        if not value
    ]
    if settings.oidc_issuer and not is_safe_address(settings.oidc_issuer):
        faults.append(f"MAGCHECK_OIDC_ISSUER: {_HTTPS}")
    role_map = _role_map(settings.oidc_role_map, "MAGCHECK_OIDC_ROLE_MAP", faults)
    if faults:
        raise SettingsInvalid(faults)
    secret = settings.oidc_client_secret
    return IdentityProvider(
        issuer=settings.oidc_issuer or "",  # as it stands: what it says of itself must be the same, to the last slash
        client_id=settings.oidc_client_id or "",
        client_secret=None if secret is None else secret.get_secret_value(),
        groups_claim=tuple(settings.oidc_groups_claim.split(".")),
        role_map=role_map,
        public_url=settings.public_url or "",
        landing=settings.oidc_landing,
        lasts=timedelta(hours=settings.sign_in_hours),
    )


def is_safe_address(url: str, *, query: bool = False) -> bool:
    """Whether something may be fetched from there; with a ``query`` in it only where that is expected."""
    try:
        split = urlsplit(url)
        host = split.hostname
    except ValueError:
        return False
    plain = not (split.username or split.password or split.fragment or (split.query and not query))
    return bool(host) and plain and (split.scheme == "https" or (split.scheme == "http" and is_loopback(host or "")))


def claim_at(claims: Mapping[str, object], path: Iterable[str]) -> object:
    """A claim, or one within another; none where there is no such."""
    found: object = claims
    for step in path:
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def roles_in(claims: Mapping[str, object], path: Iterable[str], role_map: Mapping[str, Role]) -> frozenset[Role]:
    """The roles that a claim grants: a list of names, or names with spaces between."""
    found = claim_at(claims, path)
    if isinstance(found, str):
        found = [found, *found.split()]
    names = found if isinstance(found, list) else []
    return frozenset(role_map[name] for name in names if isinstance(name, str) and name in role_map)


def _role_map(text: str, variable: str, faults: list[str]) -> dict[str, Role]:
    """Names of others and our roles, written ``theirs=ours, theirs=ours``; one name may stand for one role."""
    role_map: dict[str, Role] = {}
    known = {role.value: role for role in Role}
    for part in (part.strip() for part in text.split(",")):
        theirs, _, ours = (side.strip() for side in part.rpartition("="))
        if not part:
            continue
        if not theirs or ours not in known or theirs in role_map:
            faults.append(f"{variable}: must be written GROUP=ROLE, GROUP=ROLE, each group once; {', '.join(known)}")
            break
        role_map[theirs] = known[ours]
    return role_map
