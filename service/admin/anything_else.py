"""Every other address under `/admin`: a page that says that there is nothing there. It comes last."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Response

from service.admin.routes import pages_router
from service.api.openapi import needs
from service.api.problems import ProblemCode, ProblemError
from service.application.principals import Permission

router = pages_router()


@router.get("/admin/{rest:path}", openapi_extra=needs(Permission.PUBLIC))
async def find_nothing(rest: str) -> Response:
    """No page; behind a slash too many perhaps one.

    Raises:
        ProblemError: there is none.
    """
    if not rest or rest.endswith("/"):
        # The browser works it out from the address it asked for, so it never leads out of here.
        last = rest.rstrip("/").rpartition("/")[2]
        return Response(status_code=307, headers={"Location": f"../{quote(last) or 'admin'}"})
    raise ProblemError(
        ProblemCode.NOT_FOUND, "There is no page at this address; go on from the dashboard, or find a record."
    )
