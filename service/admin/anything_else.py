"""Every other address under `/admin`: a page that says that there is nothing there. It comes last."""

from __future__ import annotations

from fastapi import Response

from service.admin.routes import pages_router
from service.api.openapi import needs
from service.api.problems import ProblemCode, ProblemError
from service.application.principals import Permission

router = pages_router()


@router.get("/admin/{rest:path}", openapi_extra=needs(Permission.PUBLIC))
async def find_nothing(rest: str) -> Response:
    """No page.

    Raises:
        ProblemError: always.
    """
    del rest
    raise ProblemError(
        ProblemCode.NOT_FOUND, "There is no page at this address; go on from the dashboard, or find a record."
    )
