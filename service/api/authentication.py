"""Who asks, and whether they may: the one gate that every route with a permission stands behind.

It reads headers only, never a body. Every failure has the same answer, whatever was wrong; what was wrong stands in the
log, without the credential.
"""

from __future__ import annotations

import math
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final, NoReturn, cast
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool

from service.api.frame import RequestFrame, frame_of
from service.api.outcome import is_hooks_path
from service.api.problems import CHALLENGE, ProblemCode, ProblemError
from service.api.source import source_of
from service.application.access.credentials import KEY_PREFIX, SIGN_IN_PREFIX
from service.application.access.sign_ins import is_csrf_token
from service.application.principals import DEVELOPER, Permission, Principal, roles_for
from service.application.watch import UNREACHABLE_SECONDS
from service.errors import StoreUnavailable
from service.settings import Environment
from service.telemetry import get_logger

if TYPE_CHECKING:
    from starlette.types import Scope

    from service.api.dependencies import Parts

PRINCIPAL: Final = "magcheck.principal"
# A browser sends the first over HTTPS only, and lets no other host set it; development has no HTTPS.
COOKIE: Final = "__Host-magcheck"
DEVELOPMENT_COOKIE: Final = "magcheck-development"
_BEARER: Final = b"bearer "
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_NOT_AUTHENTICATED: Final = "Who asks could not be established; send an API key or a bearer token, not both."

_log = get_logger(__name__)


async def admit(scope: Scope, permission: Permission, *, token_follows: bool = False) -> None:
    """Let a request pass that may do this, and keep who asks with it.

    ``token_follows``: it is a form of a page, which has no headers of its own. It must come from a page of ours all the
    same, whoever asks; its token stands in the body, and the caller has to look at it with `is_own_token`.

    Raises:
        ProblemError: nobody knows who asks, they may not do this, or they ask too often.
    """
    if permission is Permission.PUBLIC:
        return
    parts: Parts = scope["state"]["parts"]
    frame = frame_of(scope)
    if token_follows and not is_own_page(scope):
        _refuse_page(scope, "unknown", own_page=False)
    principal = _by_key(frame, parts) or await _otherwise(scope, frame, parts, token_follows=token_follows)
    wait = parts.entrance.requests.hit(
        principal.id, principal.requests_per_minute or parts.settings.requests_per_minute
    )
    if wait:
        _refuse_for_now(principal, wait, parts)
    if permission not in principal.permissions:
        _log.warning(
            "not_permitted",
            principal=principal.id,
            permission=permission.value,
            route=_route(scope),
            correlation_id=frame.correlation_id,
        )
        detail = (
            f"The roles of who asks do not allow this. It needs {roles_for(permission)} (permission {permission}); "
            "an administrator gives roles."
        )
        raise ProblemError(ProblemCode.NOT_PERMITTED, detail)
    scope[PRINCIPAL] = principal


def principal_in(scope: Scope) -> Principal:
    """Who asks, for an endpoint behind the gate. Where the gate was not passed there is nobody, and this fails."""
    return cast("Principal", scope[PRINCIPAL])


def _by_key(frame: RequestFrame, parts: Parts) -> Principal | None:
    """The shortest way, for most requests: an API key that is known."""
    if frame.api_key is not None and frame.authorization is None:
        return parts.entrance.desk.by_key(frame.api_key.decode("latin-1"))
    return None


async def _otherwise(scope: Scope, frame: RequestFrame, parts: Parts, *, token_follows: bool) -> Principal:
    """Who asks, by any other way or at second sight.

    Raises:
        ProblemError: nobody knows.
    """
    token = _token(frame)
    from_cookie = False
    if token is None:
        token = cookie_of(frame, parts)
        from_cookie = token is not None
    if token is None:
        if parts.settings.environment is Environment.DEVELOPMENT and _from_this_machine(scope):
            return DEVELOPER
        _refuse(scope, "nothing", parts)
    principal = await _behind(scope, token, parts)
    if principal is None:
        _refuse(scope, "cookie" if from_cookie else "token", parts)
    if from_cookie and scope["method"] not in SAFE_METHODS and not token_follows:
        _require_own_page(scope, principal)
    return principal


def _from_this_machine(scope: Scope) -> bool:
    """Whether a caller is on this machine; they are, where there is no network address at all.

    The settings see to it that a process in the development mode listens for this machine only. Another server than
    ours, told to listen elsewhere, would not ask them.
    """
    client = scope.get("client")
    try:
        return client is None or ip_address(str(client[0])).is_loopback
    except ValueError:
        return True


def _token(frame: RequestFrame) -> str | None:
    """What was sent to prove who asks, but for a cookie; empty when it cannot be a proof."""
    if frame.authorization is not None and frame.api_key is not None:
        return ""
    if frame.api_key is not None:
        key = frame.api_key.decode("latin-1")
        return key if key.startswith(KEY_PREFIX) else ""
    if frame.authorization is None:
        return None
    if frame.authorization[: len(_BEARER)].lower() != _BEARER:
        return ""
    return frame.authorization[len(_BEARER) :].strip().decode("latin-1")


def cookie_name(parts: Parts) -> str:
    """The name of the cookie with the sign-in token."""
    return DEVELOPMENT_COOKIE if parts.settings.environment is Environment.DEVELOPMENT else COOKIE


def cookie_of(frame: RequestFrame, parts: Parts) -> str | None:
    """The sign-in token in the cookie; none where there is none."""
    return cookie_named(frame, cookie_name(parts))


def cookie_named(frame: RequestFrame, name: str) -> str | None:
    """What stands in a cookie; one that stands there twice may have been planted, and counts as wrong."""
    if frame.cookie is None:
        return None
    pairs = [pair.strip().partition("=") for pair in frame.cookie.decode("latin-1").split(";")]
    values = [value for key, _, value in pairs if key == name]
    return None if not values else values[0] if len(values) == 1 else ""


async def _behind(scope: Scope, token: str, parts: Parts) -> Principal | None:
    """Who stands behind a token. What is not known may be so new that only the store knows it."""
    desk = parts.entrance.desk
    if token.startswith(KEY_PREFIX):
        find = desk.by_key
    elif token.startswith(SIGN_IN_PREFIX):
        find = desk.by_sign_in
    else:
        return await _behind_signed_token(scope["path"], token, parts)
    principal = find(token)
    if principal is None and _worth_a_look(scope, parts) and await run_in_threadpool(desk.look_again, token):
        principal = find(token)
    if principal is not None and principal.sign_in_id is not None and desk.to_touch(principal.sign_in_id):
        await run_in_threadpool(desk.touch, principal.sign_in_id)
    return principal


async def _behind_signed_token(path: str, token: str, parts: Parts) -> Principal | None:
    """The client of CDS Hooks that made a token for this call, or the service with one of the issuer we trust."""
    try:
        if parts.entrance.hook_tokens is not None and is_hooks_path(path):
            client = await run_in_threadpool(parts.entrance.client_behind, token, path)
            if client is not None:
                return client
        tokens = parts.entrance.tokens
        verified = None if tokens is None else tokens.verified(token)
        if tokens is None or verified is None:
            return None
        if tokens.single_use and not await run_in_threadpool(parts.entrance.use, verified):
            return None
    except StoreUnavailable:
        detail = "The database does not answer, so it cannot be known whether this token was used. Try again shortly."
        raise ProblemError(ProblemCode.STORE_UNAVAILABLE, detail, headers={"Retry-After": "5"}) from None
    return verified.principal


def _worth_a_look(scope: Scope, parts: Parts) -> bool:
    """Whether to ask the store: not one that has not answered lately, and not for whoever guesses."""
    age = 0.0 if parts.watch is None else parts.watch.age()
    if age is None or age >= UNREACHABLE_SECONDS:
        return False
    source = source_of(scope, parts.settings.trusted_proxies)
    return not parts.entrance.failures.spent(source, parts.entrance.most_failures)


def is_own_page(scope: Scope) -> bool:
    """Whether a browser says that a request comes from a page of this service; saying nothing is not enough."""
    parts: Parts = scope["state"]["parts"]
    headers = dict(scope["headers"])
    site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin")
    ours = (site is not None or origin is not None) and site in {None, b"same-origin"}
    if ours and origin is not None:
        return _is_own(origin.decode("latin-1"), headers.get(b"host", b"").decode("latin-1"), parts)
    return ours


def is_own_token(scope: Scope, token: str) -> bool:
    """Whether it is the token of the sign-in with which somebody asks; those without a sign-in have none."""
    parts: Parts = scope["state"]["parts"]
    signed_in = principal_in(scope).sign_in_id
    return signed_in is None or is_csrf_token(parts.keyring, signed_in, token)


def _require_own_page(scope: Scope, principal: Principal) -> None:
    """Refuse a change that another site's page made the browser ask for.

    Raises:
        ProblemError: it does not come from a page of ours.
    """
    parts: Parts = scope["state"]["parts"]
    token = dict(scope["headers"]).get(b"x-csrf-token", b"").decode("latin-1")
    ours = is_own_page(scope)
    if not ours or not is_csrf_token(parts.entrance.desk.keyring, principal.sign_in_id or "", token):
        _refuse_page(scope, principal.id, own_page=ours)


def _refuse_page(scope: Scope, principal: str, *, own_page: bool) -> NoReturn:
    _log.warning("foreign_page", principal=principal, route=_route(scope), own_page=own_page)
    detail = (
        "A change that is asked for with the cookie must come from a page of this service, with the `csrf_token` "
        "of the sign-in in X-CSRF-Token."
    )
    raise ProblemError(ProblemCode.NOT_PERMITTED, detail)


def _is_own(origin: str, host: str, parts: Parts) -> bool:
    public = parts.settings.public_url
    if public is not None:
        return origin == public
    split = urlsplit(origin)
    return split.scheme in {"http", "https"} and split.netloc == host and split.path == ""


def _refuse(scope: Scope, what: str, parts: Parts) -> NoReturn:
    """Say that nobody knows who asks; after many such requests, say it less often.

    Raises:
        ProblemError: always.
    """
    source = source_of(scope, parts.settings.trusted_proxies)
    wait = parts.entrance.failures.hit(source, parts.entrance.most_failures)
    if wait:
        detail = f"Too many requests from there did not say who asks; try again in {math.ceil(wait)} seconds."
        raise ProblemError(ProblemCode.TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(math.ceil(wait))})
    _log.warning(
        "not_authenticated",
        brought=what,
        source=source,
        route=_route(scope),
        correlation_id=frame_of(scope).correlation_id,
    )
    raise ProblemError(ProblemCode.NOT_AUTHENTICATED, _NOT_AUTHENTICATED, headers=CHALLENGE)


def _refuse_for_now(principal: Principal, wait: float, parts: Parts) -> NoReturn:
    most = principal.requests_per_minute or parts.settings.requests_per_minute
    seconds = math.ceil(wait)
    detail = f"You may send {most} requests a minute; try again in {seconds} seconds."
    raise ProblemError(ProblemCode.TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(seconds)})


def _route(scope: Scope) -> str:
    template: str = getattr(scope.get("route"), "path_format", "unmatched")
    return template
