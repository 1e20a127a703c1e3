"""`/v1/sign-ins` and `/v1/me`: sign in with a password, sign out, see who one is, change one's own password.

Why a sign-in failed is told to nobody.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints
from starlette.concurrency import run_in_threadpool

from service.api import access_steps
from service.api.access_wishes import OwnPassword
from service.api.authentication import cookie_of
from service.api.bodies import read_body
from service.api.changing import (
    answer_of,
    read_change,
    sent,
)
from service.api.cookies import remove_cookie, set_cookie
from service.api.dependencies import GivenParts, Parts, parts_of, principal_of, source_of_request
from service.api.frame import frame_of
from service.api.openapi import changes, json_body, needs, statuses
from service.api.problems import ProblemCode, ProblemError
from service.api.routes import StrictRoute, operation_id
from service.application.access import sign_ins
from service.application.access.sign_ins import SignedIn
from service.application.principals import Permission, PrincipalKind, Role
from service.errors import NotAuthenticated, SignInRefused, TooManyAttempts
from service.telemetry import get_logger

router = APIRouter(route_class=StrictRoute, generate_unique_id_function=operation_id, tags=["sign-in"])

_log = get_logger(__name__)


class SignInRequest(BaseModel):
    """A name and a password."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    login: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    password: Annotated[SecretStr, Field(min_length=1, max_length=1000)]
    cookie: Annotated[
        bool,
        Field(description="For pages in a browser: keep the token in a cookie that no script can read."),
    ] = False


class SignInEntry(BaseModel):
    """A new sign-in."""

    model_config = ConfigDict(frozen=True)

    token: Annotated[
        str | None, Field(description="To be sent as a bearer token; left out when it stands in the cookie.")
    ] = None
    csrf_token: Annotated[
        str, Field(description="To be sent in X-CSRF-Token with changes that are asked for with the cookie.")
    ]
    expires_at: Annotated[datetime, Field(description="It ends then, or earlier when it is not used.")]
    idle_minutes: Annotated[int, Field(description="It ends when it was not used for so long.")]
    person_id: str
    name: str
    roles: list[Role]


class MeEntry(BaseModel):
    """Who asks, as the service knows them."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    kind: PrincipalKind
    roles: list[Role]
    permissions: list[Permission]
    person_id: str | None = None
    csrf_token: Annotated[
        str | None, Field(description="Of the sign-in, to be sent in X-CSRF-Token where the cookie is used.")
    ] = None
    authenticated_at: Annotated[datetime | None, Field(description="When they last proved who they are.")] = None


class PasswordEntry(BaseModel):
    """What became of a password."""

    model_config = ConfigDict(frozen=True)

    changed: bool


BODIES: Final = (SignInRequest, OwnPassword)
_EXAMPLE: Final = {"login": "m.curie", "password": "three herons at the weir"}
_OWN: Final = {"password": "three herons at the weir", "new_password": "a lamp behind the mill"}


def _entry(parts: Parts, signed_in: SignedIn, *, cookie: bool) -> SignInEntry:
    person = signed_in.person
    return SignInEntry(
        token=None if cookie else signed_in.token,
        csrf_token=sign_ins.csrf_token(parts.keyring, signed_in.sign_in.id),
        expires_at=signed_in.sign_in.expires_at,
        idle_minutes=parts.settings.sign_in_idle_minutes,
        person_id=person.id,
        name=person.name,
        roles=[role for role in Role if role.value in person.roles],
    )


@router.post(
    "/v1/sign-ins",
    summary="Sign in with a password",
    status_code=201,
    response_model=SignInEntry,
    response_description="The sign-in.",
    openapi_extra={
        **json_body(SignInRequest, {"plain": {"summary": "An example", "value": _EXAMPLE}}),
        **statuses(401, 403, 415, 429, 503),
        **needs(Permission.PUBLIC),
    },
)
async def sign_in(request: Request) -> Response:
    """Sign in; a sign-in that comes along as a cookie ends. After ten failed attempts a minute, one has to wait."""
    body = await read_body(request, SignInRequest)
    parts = parts_of(request)
    if not parts.settings.password_sign_in:
        raise SignInRefused("people sign in through the identity provider here, at /v1/sign-ins/provider")
    desk = parts.entrance.desk
    source = source_of_request(request)

    def act() -> SignedIn:
        former = cookie_of(frame_of(request.scope), parts)
        password = body.password.get_secret_value()
        return sign_ins.sign_in(
            parts.entrance.ways(), login=body.login, password=password, source=source, now=desk.now(), former=former
        )

    correlation_id = frame_of(request.scope).correlation_id
    try:
        signed_in = await run_in_threadpool(act)
    except (NotAuthenticated, TooManyAttempts) as error:
        # Not whom: people type passwords into the field for names.
        _log.warning("sign_in_failed", code=error.code, source=source, correlation_id=correlation_id)
        raise
    person_id = f"person/{signed_in.person.id}"
    _log.info("signed_in", principal=person_id, source=source, correlation_id=correlation_id)
    await run_in_threadpool(desk.refresh)
    response = sent(answer_of(_entry(parts, signed_in, cookie=body.cookie), status=201))
    if body.cookie:
        set_cookie(response, parts, signed_in.token)
    return response


@router.delete(
    "/v1/sign-ins/current",
    summary="Sign out",
    status_code=204,
    response_class=Response,
    response_description="The sign-in has ended, in every process within five seconds.",
    openapi_extra={**needs(Permission.SELF), **statuses(409, 503)},
)
async def sign_out(request: Request) -> Response:
    """End the sign-in that this request is sent with."""
    parts = parts_of(request)
    desk, principal = parts.entrance.desk, principal_of(request)
    if principal.sign_in_id is None:
        detail = "You have not signed in: a key is revoked at /v1/keys, a token of a service runs out."
        raise ProblemError(ProblemCode.ILLEGAL_STEP, detail)

    def act() -> None:
        with desk.store.writing() as session:
            sign_ins.sign_out(session, principal, desk.now())
        desk.refresh()

    await run_in_threadpool(act)
    _log.info("signed_out", principal=principal.id, correlation_id=frame_of(request.scope).correlation_id)
    response = Response(status_code=204, headers={"Cache-Control": "no-store"})
    remove_cookie(response, parts)
    return response


@router.get(
    "/v1/me",
    summary="Who am I?",
    response_description="Who asks.",
    response_model_exclude_none=True,
    openapi_extra=needs(Permission.SELF),
)
async def get_me(request: Request, parts: GivenParts, response: Response) -> MeEntry:
    """Who the service takes you for, and what you may do."""
    response.headers["Cache-Control"] = "no-store"
    principal = principal_of(request)
    proved = parts.entrance.desk.authenticated_at(principal)
    return MeEntry(
        id=principal.id,
        name=principal.name,
        kind=principal.kind,
        roles=[role for role in Role if role in principal.roles],
        permissions=[one for one in Permission if principal.may(one)],
        person_id=principal.person_id,
        csrf_token=None if principal.sign_in_id is None else sign_ins.csrf_token(parts.keyring, principal.sign_in_id),
        authenticated_at=None if proved is None else datetime.fromtimestamp(proved, UTC),
    )


@router.post(
    "/v1/me/password",
    summary="Change one's own password",
    response_model=PasswordEntry,
    response_description="It is changed, and all sign-ins have ended, this one too.",
    openapi_extra={
        **changes(of_something=False),
        **json_body(OwnPassword, {"plain": {"summary": "An example", "value": _OWN}}),
        **needs(Permission.SELF),
    },
)
async def change_own_password(request: Request) -> Response:
    """Give the present password and the new one."""
    asked, body = await read_change(request, OwnPassword)
    return await access_steps.change_own_password(
        parts_of(request), asked, body, lambda: answer_of(PasswordEntry(changed=True))
    )
