"""`/admin/sign-in`: the page where somebody says who they are. The API's sign-in decides; this page only asks it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import StringConstraints

from service.admin.rendering import page
from service.admin.routes import SIGN_IN_PATH, frame, pages_router
from service.api.dependencies import parts_of
from service.api.openapi import needs
from service.application.principals import Permission

router = pages_router()

# Back to a page of the editor and to nowhere else: what stands here may come from anybody's link.
BackPath = Annotated[str, StringConstraints(pattern=r"^/admin(/[A-Za-z0-9_-]+)*$", max_length=200)]


@router.get(SIGN_IN_PATH, openapi_extra=needs(Permission.PUBLIC))
async def show_sign_in(request: Request, back: Annotated[BackPath, Query()] = "/admin") -> Response:
    """The form, and the way to the identity provider where there is one; after it, back to where one came from."""
    parts = parts_of(request)
    identities = parts.entrance.identities
    provider = None if identities is None else identities.name
    passwords = parts.settings.password_sign_in
    return page("sign-in.html", back=back, provider=provider, passwords=passwords, **frame(request, "sign-in"))
