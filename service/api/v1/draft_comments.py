"""`/v1/drafts/{draft_id}/comments`: what people say about a draft and the records in it."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from service.api.changing import Asked, answer_of, done_once, in_transaction, read_wish
from service.api.dependencies import principal_of, source_of_request
from service.api.openapi import changes, json_body, needs, statuses
from service.api.pagination import PageQuery
from service.api.routes import StrictRoute, operation_id
from service.api.v1.drafts import DraftId
from service.api.wishes import NewComment
from service.application.draft_views import CommentEntry
from service.application.drafts import Act
from service.application.principals import Permission

router = APIRouter(route_class=StrictRoute, generate_unique_id_function=operation_id, tags=["drafts"])

BODIES: Final = (NewComment,)
_EXAMPLE: Final = {
    "text": "Section 4.5 of the label says this only of tablets.",
    "record": "interactions/fluoroquinolones-with-oral-magnesium",
}
_CREATED: Final = 201


class CommentPage(BaseModel):
    """A part of what was said about a draft."""

    model_config = ConfigDict(frozen=True)

    total: Annotated[int, Field(description="How many comments there are in all pages together.")]
    items: list[CommentEntry]
    next: Annotated[
        str | None, Field(description="The next page, relative to this address. Left out on the last page.")
    ] = None


@router.get(
    "/v1/drafts/{draft_id}/comments",
    summary="List comments on a draft",
    response_description="A page of comments, in the order they were written.",
    response_model_exclude_none=True,
    openapi_extra={**needs(Permission.DRAFTS), **statuses(404, 503)},
)
async def list_comments(
    request: Request, draft_id: DraftId, query: Annotated[PageQuery, Query()], response: Response
) -> CommentPage:
    """What was said about the draft as a whole and about records in it. Comments are neither changed nor removed."""
    response.headers["Cache-Control"] = "no-store"
    found: list[CommentEntry] = await in_transaction(
        request, lambda control, session: control.comments.listed(session, draft_id)
    )
    end = query.offset + query.limit
    more = query.following() if end < len(found) else None
    return CommentPage(total=len(found), items=found[query.offset : end], next=more)


@router.post(
    "/v1/drafts/{draft_id}/comments",
    summary="Comment on a draft",
    status_code=_CREATED,
    response_model=CommentEntry,
    response_model_exclude_none=True,
    response_description="The comment.",
    openapi_extra={
        **changes(),
        **json_body(NewComment, {"plain": {"summary": "An example", "value": _EXAMPLE}}),
        **needs(Permission.COMMENT),
    },
)
async def comment_on_draft(request: Request, draft_id: DraftId) -> Response:
    """Say something about it, or about one record in it. The draft stays as it is, and signatures count on."""
    control, wish, body = await read_wish(request, NewComment)
    act = Act(principal_of(request), body.text, control.now())
    return await done_once(
        Asked(control, act, wish, source_of_request(request)),
        lambda session: answer_of(control.comments.add(session, draft_id, body.place, act), status=_CREATED),
    )
