"""`/admin/sign-in`: the page where somebody says who they are. The API's sign-in decides; this page only asks it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import StringConstraints

from service.admin.rendering import page
from service.admin.routes import SIGN_IN_PATH, frame, pages_router
from service.api.openapi import needs
from service.application.principals import Permission

router = pages_router()

# Back to a page of the editor and to nowhere else: what stands here may come from anybody's link.
_Back = Annotated[str, StringConstraints(pattern=r"^/admin(/[A-Za-z0-9_-]+)*$", max_length=200)]


@router.get(SIGN_IN_PATH, openapi_extra=needs(Permission.PUBLIC))
async def show_sign_in(request: Request, back: Annotated[_Back, Query()] = "/admin") -> Response:
    """The form; after it, back to the page one came from."""
    return page("sign-in.html", back=back, **frame(request, "sign-in"))
