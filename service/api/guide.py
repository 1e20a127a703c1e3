"""The user guide, built beforehand out of `docs/`; this module hands out its files and builds nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from service.api.openapi import needs
from service.api.problems import ProblemCode, ProblemError
from service.api.routes import StrictRoute
from service.application.principals import Permission

FOLDER: Final = Path(__file__).parent / "guide_pages"
_START: Final = "index.html"

router = APIRouter(route_class=StrictRoute, include_in_schema=False)


@router.get("/docs/guide", openapi_extra=needs(Permission.PUBLIC))
async def get_guide() -> Response:
    """The way to the first page: its links count from the folder."""
    return Response(status_code=307, headers={"Location": "guide/"})


@router.get("/docs/guide/{path:path}", openapi_extra=needs(Permission.PUBLIC))
async def get_guide_page(path: str, request: Request) -> Response:
    """One file of the guide.

    Raises:
        ProblemError: there is no such file, or the guide was not built.
    """
    files = StaticFiles(directory=FOLDER, check_dir=False)
    try:
        response = await files.get_response(path or _START, request.scope)
    except HTTPException:
        detail = "The guide has no such page; /docs/guide/ leads to those there are."
        if not (FOLDER / _START).exists():
            detail = "This installation has no guide: `python3 dev.py guide` builds it, and every image has it."
        raise ProblemError(ProblemCode.NOT_FOUND, detail) from None
    response.headers["Cache-Control"] = "no-cache"
    return response
