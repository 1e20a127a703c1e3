"""The route of a page: behind the same gate as the API, and every failure is told as a page, not a problem document.

It catches only what the API has an answer for; what nobody expected goes on to the edge.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from service.admin.rendering import page
from service.api.authentication import PRINCIPAL
from service.api.dependencies import parts_of
from service.api.problems import HANDLERS, ProblemError
from service.api.routes import StrictRoute, operation_id
from service.application.access.sign_ins import csrf_token
from service.application.principals import DEVELOPER, Principal
from service.errors import ServiceError
from service.settings import Environment

SIGN_IN_PATH: Final = "/admin/sign-in"
_UNKNOWN_PERSON: Final = 401
_SEE_OTHER: Final = 303


class PageRoute(StrictRoute):
    """A route whose answers are pages, the bad ones as well."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Turn problems into pages."""
        handler = super().get_route_handler()

        async def show(request: Request) -> Response:
            try:
                return await handler(request)
            except (ProblemError, ServiceError, HTTPException, RequestValidationError) as error:
                return await _told(request, error)

        return show


def pages_router() -> APIRouter:
    """A router of pages; they are no part of the documented interface."""
    return APIRouter(route_class=PageRoute, generate_unique_id_function=operation_id, include_in_schema=False)


async def _told(request: Request, error: Exception) -> Response:
    """The page for a failure, with the status that the API would give it."""
    handler = next((HANDLERS[kind] for kind in type(error).__mro__ if kind in HANDLERS), None)
    if handler is None:
        raise error
    response = await handler(request, error)
    problem = json.loads(bytes(response.body))
    if problem["status"] == _UNKNOWN_PERSON and request.method == "GET":
        return _to_sign_in(request)
    answer = page("error.html", status=problem["status"], problem=problem, **frame(request, "error"))
    for name in ("retry-after", "allow", "www-authenticate"):
        if name in response.headers:
            answer.headers[name] = response.headers[name]
    return answer


def _to_sign_in(request: Request) -> Response:
    """Lead somebody who is not known to the page where they sign in, and from there back."""
    back = quote(request.url.path, safe="/")
    headers = {"Location": f"{SIGN_IN_PATH}?back={back}", "Cache-Control": "no-store"}
    return Response(status_code=_SEE_OTHER, headers=headers)


def frame(request: Request, here: str) -> dict[str, Any]:
    """What the frame of every page shows: which entry of the navigation this is, who is there, what answers."""
    parts = parts_of(request)
    principal: Principal | None = request.scope.get(PRINCIPAL)  # nobody is known on a public page
    signed_in = None if principal is None else principal.sign_in_id
    return {
        "person": None if principal is None or principal is DEVELOPER else principal.name,
        "csrf_token": None if signed_in is None else csrf_token(parts.keyring, signed_in),
        "here": here,
        "version": None if principal is None else parts.active.state.version,
        "development": parts.settings.environment is Environment.DEVELOPMENT,
    }
