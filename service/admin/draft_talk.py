"""`/admin/drafts/{id}/comments`: say something about a draft, or about one record in it. What was said stays."""

from __future__ import annotations

from fastapi import Request, Response

from service.admin.draft_pages import Done, DraftId, draft_page, record_page
from service.admin.posting import Posted, taken, to
from service.admin.record_pages import Kind
from service.admin.routes import pages_router
from service.api.changing import done_once
from service.api.dependencies import RecordId
from service.api.openapi import needs
from service.api.wishes import NewComment
from service.application.draft_reading import Place
from service.application.principals import Permission

router = pages_router()


@router.post("/admin/drafts/{draft_id}/comments", openapi_extra=needs(Permission.COMMENT))
async def say_about_draft(request: Request, draft_id: DraftId) -> Response:
    """Say something about the draft as a whole."""
    address = f"/admin/drafts/{draft_id}"
    return await taken(
        request,
        lambda posted: _said(posted, draft_id, None, address),
        lambda sheet: draft_page(request, draft_id, said=sheet),
    )


@router.post("/admin/drafts/{draft_id}/records/{kind}/{record_id}/comments", openapi_extra=needs(Permission.COMMENT))
async def say_about_record(request: Request, draft_id: DraftId, kind: Kind, record_id: RecordId) -> Response:
    """Say something about one record in it."""
    place = (kind, record_id)
    address = f"/admin/drafts/{draft_id}/records/{kind}/{record_id}"
    return await taken(
        request,
        lambda posted: _said(posted, draft_id, place, address),
        lambda sheet: record_page(request, draft_id, place, said=sheet),
    )


async def _said(posted: Posted, draft_id: str, place: Place | None, address: str) -> Response:
    asked = posted.asked(posted.body(NewComment).text)
    return await done_once(
        asked,
        lambda session: to(
            f"{address}?done={Done.COMMENTED}", asked.control.comments.add(session, draft_id, place, asked.act)
        ),
    )
