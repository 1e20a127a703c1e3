"""The OpenAPI document and a page that shows it, with files served from here: hospital networks are closed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.responses import FileResponse, JSONResponse
from starlette.staticfiles import StaticFiles

from service.api.openapi import needs
from service.api.routes import StrictRoute
from service.application.principals import Permission

_STATIC: Final = Path(__file__).parent / "static"
ASSETS_PATH: Final = "/docs/assets"

router = APIRouter(route_class=StrictRoute, include_in_schema=False)


@router.get("/openapi.json", openapi_extra=needs(Permission.PUBLIC))
async def get_openapi_document(request: Request) -> Response:
    """The description of this interface."""
    app: FastAPI = request.app
    return JSONResponse(app.openapi(), headers={"Cache-Control": "no-cache"})


@router.get("/docs", openapi_extra=needs(Permission.PUBLIC))
async def get_docs_page() -> Response:
    """Swagger UI."""
    return FileResponse(_STATIC / "docs.html", media_type="text/html", headers={"Cache-Control": "no-cache"})


@router.get("/docs/", openapi_extra=needs(Permission.PUBLIC))
async def get_docs_folder() -> Response:
    """The way to that page: its links count from where it is."""
    return Response(status_code=307, headers={"Location": "../docs"})


def assets() -> StaticFiles:
    """The files the page is made of."""
    return StaticFiles(directory=_STATIC)
