"""The route of a page: behind the same gate as the API, and every failure is told as a page, not a problem document.

It catches only what the API has an answer for; what nobody expected goes on to the edge. A form that cannot be taken
because nobody is signed in any more, or somebody else is, comes back with everything that was typed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from service.admin.fields import OWN_PAGE, Fields, read_fields
from service.admin.rendering import page
from service.api.authentication import PRINCIPAL, SAFE_METHODS, admit, is_own_page, is_own_token
from service.api.dependencies import Parts, parts_of
from service.api.problems import HANDLERS, ProblemCode, ProblemError
from service.api.routes import StrictRoute, operation_id
from service.application.access.sign_ins import csrf_token
from service.application.access.vouched import METHOD
from service.application.principals import DEVELOPER, Permission, Principal
from service.errors import ServiceError
from service.settings import Environment

SIGN_IN_PATH: Final = "/admin/sign-in"
PROVIDER_PATH: Final = "/v1/sign-ins/provider"
# Everything that a verb or the gate refuses, and that is told in words.
REFUSALS: Final = (ProblemError, ServiceError, HTTPException, RequestValidationError)
_UNKNOWN_PERSON: Final = 401
_SEE_OTHER: Final = 303
_PASSED_ON: Final = ("retry-after", "allow", "www-authenticate")
# What forms carry hidden, which the API asks of programs as headers: title and detail for who knows of neither.
_OF_FORMS: Final[dict[str, tuple[str, str]]] = {
    ProblemCode.IDEMPOTENCY_KEY_REQUIRED: (
        "The form came incomplete",
        "Something that each form carries unseen was missing: the mark by which what is sent twice is done once.",
    ),
    ProblemCode.IDEMPOTENCY_KEY_REUSED: (
        "This form was sent before",
        "It was done then, and what is in it now is something else.",
    ),
    ProblemCode.PRECONDITION_REQUIRED: (
        "The form came incomplete",
        "Something that each form carries unseen was missing: which state of the draft, person or key it is about.",
    ),
}
# Titles that speak to whoever reads a page, where those of the API speak about whoever calls it.
_TITLES: Final[dict[str, str]] = {
    ProblemCode.NOT_PERMITTED: "You may not do this",
    ProblemCode.REAUTHENTICATION_REQUIRED: "It was not shown that it is you",
}
# What the API says of its contract and of a member of its problems that no page has.
_UNFIT: Final = "This cannot be taken as it is"
_WRONG: Final = "What is wrong is told below."
# Who is nobody in particular.
_SELF: Final = {DEVELOPER.id: "Development mode"}
# Where a script of a page asks, whatever it was going to replace: the notice goes to its own place on the page.
_TO_NOTICE: Final = {"HX-Retarget": "#notice", "HX-Reswap": "innerHTML"}


class OtherSignIn(ProblemError):
    """A form of ours that was made for another sign-in than the one it came with; nothing was done."""

    def __init__(self) -> None:
        """Say what to do."""
        detail = (
            "You have signed in anew since this page was opened, so it was not taken as it came. Nothing was changed, "
            "and nothing of what you typed is lost: look at it and send it again."
        )
        super().__init__(ProblemCode.NOT_PERMITTED, detail)


class PageRoute(StrictRoute):
    """A route whose answers are pages, the bad ones as well. A form is taken from a page of ours only."""

    async def admit(self, request: Request) -> None:
        """Let a request pass; of a form, read the fields, and look at the token among them.

        Raises:
            ProblemError: it may not pass.
        """
        if request.method in SAFE_METHODS:
            await super().admit(request)
            return
        await admit(request.scope, self.permission, token_follows=True)
        fields = await read_fields(request)
        if not is_own_token(request.scope, fields.one(OWN_PAGE)):
            raise OtherSignIn

    def tells_by_page(self, request: Request) -> bool:
        """Whether whoever asks is told in a page what went wrong."""
        del request
        return True

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Turn problems into pages."""
        handler = super().get_route_handler()

        async def show(request: Request) -> Response:
            try:
                return await handler(request)
            except REFUSALS as error:
                if not self.tells_by_page(request):
                    raise
                return await _told(request, error)

        return show


class Told(NamedTuple):
    """What the API would answer to a failure."""

    problem: dict[str, Any]
    headers: dict[str, str]

    @property
    def status(self) -> int:
        """The status of the answer."""
        status: int = self.problem["status"]
        return status


def pages_router() -> APIRouter:
    """A router of pages; they are no part of the documented interface."""
    return APIRouter(route_class=PageRoute, generate_unique_id_function=operation_id, include_in_schema=False)


def asks_for_part(request: Request) -> bool:
    """Whether a script of a page asks, for a part of it."""
    return request.headers.get("hx-request") == "true"


async def told(request: Request, error: Exception) -> Told:
    """The problem that the API would answer with; what it says of its contract, in words for people.

    Raises:
        Exception: the API has no answer for it.
    """
    handler = next((HANDLERS[kind] for kind in type(error).__mro__ if kind in HANDLERS), None)
    if handler is None:
        raise error
    response = await handler(request, error)
    headers = {name: response.headers[name] for name in _PASSED_ON if name in response.headers}
    problem: dict[str, Any] = json.loads(bytes(response.body))
    if problem["code"] == ProblemCode.INVALID_REQUEST:
        problem["title"] = _UNFIT
        if "`errors`" in problem["detail"]:
            problem["detail"] = _WRONG
    problem["title"], problem["detail"] = _OF_FORMS.get(problem["code"], (problem["title"], problem["detail"]))
    problem["title"] = _TITLES.get(problem["code"], problem["title"])
    return Told(problem, headers)


async def _told(request: Request, error: Exception) -> Response:
    """The page for a failure, with the status that the API would give it."""
    what = await told(request, error)
    signed_out, other = what.status == _UNKNOWN_PERSON, isinstance(error, OtherSignIn)
    if asks_for_part(request) and (signed_out or other):
        notice = page("_notice.html", status=what.status, signed_out=signed_out, **frame(request, "error"))
        return _with(notice, _TO_NOTICE)
    if signed_out and request.method in SAFE_METHODS:
        return _to_sign_in(request)
    if request.method not in SAFE_METHODS and (signed_out or other):
        return await kept(request, what)
    return _with(page("error.html", status=what.status, problem=what.problem, **frame(request, "error")), what.headers)


async def kept(request: Request, what: Told) -> Response:
    """A form that could not be taken, with everything that was typed, to be sent again.

    What comes from a page of somebody else is not kept: it would only wait for somebody to confirm it.
    """
    fields = Fields()
    if is_own_page(request.scope):
        with suppress(ProblemError):
            fields = await read_fields(request)
    if not fields.pairs:
        answer = page("error.html", status=what.status, problem=what.problem, **frame(request, "error"))
        return _with(answer, what.headers)
    answer = page(
        "kept.html",
        status=what.status,
        problem=what.problem,
        action=request.url.path,
        fields=fields.without_secrets(),
        signed_out=what.status == _UNKNOWN_PERSON,
        **frame(request, "error"),
    )
    return _with(answer, what.headers)


def _with(answer: Response, headers: dict[str, str]) -> Response:
    answer.headers.update(headers)
    return answer


def _to_sign_in(request: Request) -> Response:
    """Lead somebody who is not known to the page where they sign in, and from there back."""
    back = quote(request.url.path, safe="/")
    headers = {"Location": f"{SIGN_IN_PATH}?back={back}", "Cache-Control": "no-store"}
    return Response(status_code=_SEE_OTHER, headers=headers)


def _called(parts: Parts, who: str) -> str:
    """The name of whoever a row or the audit trail names: a person, a key, somebody on the machine itself."""
    kind, _, plain = who.partition("/")
    if not plain:
        return _SELF.get(who) or parts.entrance.desk.book.called(f"person/{who}") or who
    name = parts.entrance.desk.book.called(who)
    if kind == "key":
        return f"the key {name or plain}"
    return f"{plain}, on the machine itself" if kind == "operator" else name or plain


def _fresh(request: Request, parts: Parts, principal: Principal | None) -> str | None:
    """Where somebody whom the identity provider vouches for proves anew who they are, and comes back from."""
    if principal is None or parts.entrance.desk.method_of(principal) != METHOD:
        return None
    return f"{PROVIDER_PATH}?{urlencode({'fresh': 'true', 'back': request.url.path})}"


def frame(request: Request, here: str) -> dict[str, Any]:
    """What the frame of every page shows: which entry of the navigation this is, who is there, what answers."""
    parts = parts_of(request)
    principal: Principal | None = request.scope.get(PRINCIPAL)  # nobody is known on a public page
    signed_in = None if principal is None else principal.sign_in_id
    return {
        "person": None if principal is None or principal is DEVELOPER else principal.name,
        "csrf_token": None if signed_in is None else csrf_token(parts.keyring, signed_in),
        "here": here,
        "may": lambda permission: principal is not None and principal.may(Permission(permission)),
        "called": lambda who: _called(parts, who),
        "fresh": _fresh(request, parts, principal),
        "version": None if principal is None else parts.active.state.version,
        "development": parts.settings.environment is Environment.DEVELOPMENT,
    }
