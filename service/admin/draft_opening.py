"""`/admin/drafts/new`: open a draft, from the rule set that answers."""

from __future__ import annotations

from fastapi import Request, Response

from service.admin.posting import Posted, Sheet, new_sheet, taken, to
from service.admin.rendering import page
from service.admin.routes import frame, pages_router
from service.api.changing import done_once
from service.api.openapi import needs
from service.api.wishes import NewDraft
from service.application.once import Answer
from service.application.principals import Permission
from service.storage.session import Transaction

router = pages_router()


@router.get("/admin/drafts/new", openapi_extra=needs(Permission.DRAFT))
async def show_new_draft(request: Request) -> Response:
    """The form."""
    return await _form(request, new_sheet(request))


@router.post("/admin/drafts/new", openapi_extra=needs(Permission.DRAFT))
async def open_new_draft(request: Request) -> Response:
    """Open it and lead there."""

    async def act(posted: Posted) -> Response:
        asked, body = posted.read(NewDraft)

        def opened(session: Transaction) -> Answer:
            return to(f"/admin/drafts/{asked.control.drafts.open(session, body.title, asked.act).id}")

        return await done_once(asked, opened)

    return await taken(request, act, lambda sheet: _form(request, sheet))


async def _form(request: Request, sheet: Sheet) -> Response:
    return page("draft-new.html", status=sheet.status, sheet=sheet, **frame(request, "drafts"))
