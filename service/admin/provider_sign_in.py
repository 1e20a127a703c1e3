"""`/v1/sign-ins/provider`: the way to the identity provider and back, in a browser.

What goes wrong is told to a browser in a page and to anybody else in a problem document. What the provider sends along
is never shown: it comes through the address, and anybody can write one.
"""

from __future__ import annotations

import asyncio
import hmac
import re
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from service.admin.routes import SIGN_IN_PATH, PageRoute
from service.admin.sign_in import BackPath
from service.api.authentication import cookie_named, cookie_of
from service.api.cookies import journey_cookie_name, remove_journey, set_cookie, set_journey
from service.api.dependencies import Parts, parts_of, source_of_request
from service.api.frame import frame_of
from service.api.openapi import needs, statuses
from service.api.problems import ProblemCode, ProblemError
from service.api.routes import operation_id
from service.application.access.journeys import Journey
from service.application.access.trust import Identities, Vouched
from service.application.access.vouched import sign_in_vouched
from service.application.principals import Permission
from service.errors import ProviderUnavailable, SignInRefused
from service.telemetry import get_logger

_SEE_OTHER: Final = 303
_ERROR: Final = re.compile(r"[a-z_]{1,60}")
# What the provider may say instead of a code, when it is itself in trouble.
_TROUBLE: Final = frozenset({"server_error", "temporarily_unavailable"})
_ELSEWHERE: Final = "this sign-in was begun in another browser, more than ten minutes ago or ended before; begin again"
_DENIED: Final = "the identity provider has not signed you in; begin again, or ask there"

_log = get_logger(__name__)
R = TypeVar("R")


class BrowserRoute(PageRoute):
    """A route for browsers that programs may come to as well."""

    def tells_by_page(self, request: Request) -> bool:
        """Whether whoever asks reads pages."""
        return "text/html" in request.headers.get("accept", "")


class ReturnRoute(BrowserRoute):
    """The route that the provider sends browsers back to, with whatever else it likes to tell."""

    query_of_others = True


_router = partial(APIRouter, generate_unique_id_function=operation_id, tags=["sign-in"])
router = _router(route_class=BrowserRoute)
return_router = _router(route_class=ReturnRoute)


def _redirects(description: str) -> dict[str, Any]:
    """Part of a route's options: it has no other good answer than an address to go to."""
    headers = {"Location": {"$ref": "#/components/headers/Location"}}
    return {
        "status_code": _SEE_OTHER,
        "response_class": Response,
        "response_description": description,
        "responses": {_SEE_OTHER: {"headers": headers}},
        "openapi_extra": {**needs(Permission.PUBLIC), **statuses(403, 404, 429, 503)},
    }


@router.get(
    "/v1/sign-ins/provider",
    summary="Sign in through the identity provider",
    **_redirects("The page of the identity provider to go to."),
)
async def begin_provider_sign_in(
    request: Request,
    back: Annotated[BackPath | None, Query(description="The page to come back to.")] = None,
    fresh: Annotated[  # noqa: FBT002 - a query parameter
        bool, Query(description="Prove anew who one is, as signatures ask for, even if the provider knows.")
    ] = False,
) -> Response:
    """Lead a browser to the identity provider. It comes back with a sign-in in its cookie."""
    parts = parts_of(request)
    identities, desk = _identities(parts), parts.entrance.desk
    back = back or parts.settings.oidc_landing
    journey = Journey.begin(desk.keyring, back=back, fresh=fresh, now=desk.now())
    response = _to(await _asked(identities, partial(identities.address_for, journey)))
    set_journey(response, parts, journey.to_cookie(desk.keyring))
    return response


@router.get(
    "/v1/sign-ins/provider/end",
    summary="Sign out at the identity provider too",
    **_redirects("The page of the identity provider to go to, or the sign-in page where it has none."),
)
async def end_provider_sign_in(request: Request) -> Response:
    """Lead a browser to where the provider ends its own sign-in; the one here is ended by itself."""
    identities = _identities(parts_of(request))
    address: str | None = await _asked(identities, identities.address_to_leave)
    return _to(address or SIGN_IN_PATH)


@return_router.get(
    "/v1/sign-ins/provider/return",
    summary="Come back from the identity provider",
    **_redirects("Signed in: the page one came from, with the cookie of the sign-in."),
)
async def return_from_provider(
    request: Request,
    state: Annotated[str, Query(max_length=200, description="What the journey began with.")] = "",
    code: Annotated[str, Query(max_length=8000, description="What stands for the person, once.")] = "",
    iss: Annotated[str | None, Query(max_length=500, description="Who has answered (RFC 9207).")] = None,
    error: Annotated[str, Query(max_length=200, description="Why there is no code.")] = "",
) -> Response:
    """Where the identity provider sends a browser back to; made for it and not for programs."""
    parts = parts_of(request)
    source = source_of_request(request)
    entrance = parts.entrance
    if entrance.failures.spent(source, entrance.most_failures):
        detail = "Too many sign-ins from there were not taken; try again in a minute."
        raise ProblemError(ProblemCode.TOO_MANY_REQUESTS, detail, headers={"Retry-After": "60"})
    identities = _identities(parts)
    correlation_id = frame_of(request.scope).correlation_id
    try:
        journey = _journey(request, parts, state)
        _require_code(request, code, error)
        vouched: Vouched = await _asked(identities, partial(identities.vouched, journey, code, iss))
        now, former = entrance.desk.now(), cookie_of(frame_of(request.scope), parts)
        act = partial(sign_in_vouched, entrance.ways(), vouched, journey_id=journey.id, now=now, former=former)
        try:
            signed_in = await run_in_threadpool(act)
        finally:
            await run_in_threadpool(entrance.desk.refresh)
    except SignInRefused as refused:
        entrance.failures.hit(source, entrance.most_failures)
        _log.warning("sign_in_failed", code=refused.code, source=source, correlation_id=correlation_id)
        raise
    _log.info(
        "signed_in", principal=f"person/{signed_in.person.id}", source=source, correlation_id=correlation_id, by="oidc"
    )
    response = _to(journey.back)
    set_cookie(response, parts, signed_in.token)
    remove_journey(response, parts)
    return response


def _identities(parts: Parts) -> Identities:
    """Who vouches for people.

    Raises:
        ProblemError: nobody does.
    """
    identities = parts.entrance.identities
    if identities is None:
        raise ProblemError(ProblemCode.NOT_FOUND, "No identity provider is set up here.")
    return identities


def _journey(request: Request, parts: Parts, state: str) -> Journey:
    """The journey that this browser has begun and now ends.

    Raises:
        SignInRefused: it has begun none, or another one.
    """
    twice = [name for name in ("state", "code", "iss", "error") if len(request.query_params.getlist(name)) > 1]
    cookie = cookie_named(frame_of(request.scope), journey_cookie_name(parts))
    desk = parts.entrance.desk
    journey = None if cookie is None else Journey.from_cookie(desk.keyring, cookie, now=desk.now())
    if twice or journey is None or not hmac.compare_digest(journey.state.encode(), state.encode("utf-8", "replace")):
        raise SignInRefused(_ELSEWHERE)
    return journey


def _require_code(request: Request, code: str, error: str) -> None:
    """Make sure that the provider has sent a code.

    Raises:
        SignInRefused: it has refused the person.
        ProviderUnavailable: it is in trouble.
    """
    if not error and code:
        return
    known = error if _ERROR.fullmatch(error) else "unknown"
    _log.warning("provider_sent_no_code", error=known, correlation_id=frame_of(request.scope).correlation_id)
    if error in _TROUBLE:
        raise ProviderUnavailable("the identity provider is in trouble and has not signed you in; try again later")
    raise SignInRefused(_DENIED)


async def _asked(identities: Identities, ask: Callable[[], R]) -> R:
    """Ask the provider, in a thread of its own."""
    return await asyncio.get_running_loop().run_in_executor(identities.threads, ask)


def _to(address: str) -> Response:
    return Response(status_code=_SEE_OTHER, headers={"Location": address, "Cache-Control": "no-store"})
