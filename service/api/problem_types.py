"""`/problems/{code}`: what the `type` of a problem leads to, so that whoever meets one can read what it means.

The guide says it at length; where it was not built or is not handed out, a plain page says what the table of kinds has.
"""

from __future__ import annotations

from html import escape
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response

from service.api.dependencies import parts_of
from service.api.guide import FOLDER
from service.api.openapi import needs
from service.api.problems import KINDS, TYPE_PREFIX, ProblemCode, ProblemError
from service.api.routes import StrictRoute
from service.application.principals import Permission

_PAGE: Final = "problems.html"
_CODE: Final = Path(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)

router = APIRouter(route_class=StrictRoute, include_in_schema=False)


@router.get("/problems", openapi_extra=needs(Permission.PUBLIC))
async def list_problem_types(request: Request) -> Response:
    """Every kind of problem."""
    return _to_guide(request, "docs/guide/", "") or _plain(*ProblemCode)


@router.get(f"{TYPE_PREFIX}{{code}}", openapi_extra=needs(Permission.PUBLIC))
async def get_problem_type(request: Request, code: Annotated[str, _CODE]) -> Response:
    """What one kind of problem means.

    Raises:
        ProblemError: there is no such kind.
    """
    if code not in set(ProblemCode):
        raise ProblemError(
            ProblemCode.NOT_FOUND, "There is no such kind of problem; /problems leads to those there are."
        )
    return _to_guide(request, "../docs/guide/", f"#{code}") or _plain(ProblemCode(code))


def _to_guide(request: Request, folder: str, place: str) -> Response | None:
    """The way to the guide, where there is one; relative, so that it leads there behind a proxy as well."""
    if not parts_of(request).settings.expose_docs or not (FOLDER / _PAGE).exists():
        return None
    return Response(status_code=307, headers={"Location": f"{folder}{_PAGE}{place}"})


def _plain(*codes: ProblemCode) -> Response:
    entries = "".join(
        f"<dt>{code}</dt><dd>{KINDS[code].status}. {escape(KINDS[code].title)}. `detail` of the problem says more.</dd>"
        for code in codes
    )
    content = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Problems of magcheck</title>'
        f"<h1>Problems of magcheck</h1><dl>{entries}</dl></html>\n"
    )
    return Response(content, media_type="text/html", headers={"Cache-Control": "no-cache"})
