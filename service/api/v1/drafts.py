"""`/v1/drafts`: change the rules in a draft, have it reviewed by a second person, and publish it."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from service.api import steps
from service.api.changing import Change, answer_of, done_once, in_transaction, read_change, seen_revision, sent
from service.api.dependencies import RecordId, control_of, principal_of
from service.api.openapi import changes, json_body, needs, statuses
from service.api.pagination import PageQuery
from service.api.routes import StrictRoute, operation_id
from service.api.wishes import Approval, NewDraft, Publish, Rebase, RecordDraft, Return
from service.application.draft_steps import DraftState
from service.application.draft_views import DraftEntry, DraftSummary, GateEntry, RecordEntry
from service.application.drafts import Place, Seen
from service.application.principals import Permission

router = APIRouter(route_class=StrictRoute, generate_unique_id_function=operation_id, tags=["drafts"])

DraftId = Annotated[
    str, Path(description="Identifier of the draft.", pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
]
Kind = Annotated[str, Path(description="Kind of record, such as `interactions`.", pattern=r"^[a-z_]{1,40}$")]
InDraft = Annotated[RecordId, Path(description="Identifier of the record.")]


class DraftQuery(PageQuery):
    """What the list of drafts takes."""

    state: Annotated[DraftState | None, Field(description="Only drafts in this state.")] = None


class DraftPage(BaseModel):
    """A part of the list of drafts."""

    model_config = ConfigDict(frozen=True)

    total: Annotated[int, Field(description="How many drafts there are in all pages together.")]
    items: list[DraftSummary]
    next: Annotated[
        str | None, Field(description="The next page, relative to this address. Left out on the last page.")
    ] = None


BODIES: Final = (NewDraft, RecordDraft, Change, Rebase, Approval, Return, Publish)

_REASON: Final = "The label of August 2026 names a longer interval."
_EXAMPLES: Final[dict[type[Change], dict[str, Any]]] = {
    NewDraft: {"title": "Intervals of ciprofloxacin", "reason": _REASON},
    RecordDraft: {"reason": _REASON, "document": {"id": "example", "last_reviewed_on": "2026-11-22"}},
    Change: {"reason": _REASON},
    Rebase: {"reason": "Rule set 4 answers by now.", "keep": ["interactions/fluoroquinolones-with-magnesium"]},
    Approval: {"reason": "Compared with the label.", "digest": "0" * 64, "meaning": "approved"},
    Return: {"reason": "The second citation does not say this.", "digest": "0" * 64},
    Publish: {"reason": "Reviewed; takes effect today.", "digest": "0" * 64, "accept_impact": False},
}
_IN_DRAFT: Final = {"draft_id": "$response.body#/id"}
_STEP: Final = {**_IN_DRAFT, "If-Match": "$response.header.ETag"}


def _links(*operations: str) -> dict[str, Any]:
    """Where an answer leads: the next steps of the same draft, about the revision and content that was answered."""
    links: dict[str, Any] = {}
    for one in operations:
        reads = one in {"get_draft", "check_draft"}
        links[one] = {"operationId": one, "parameters": _IN_DRAFT if reads else _STEP}
        if one in {"approve_draft", "return_draft", "publish_draft"}:
            links[one]["requestBody"] = {"digest": "$response.body#/digest"}
    return links


_TO_ALL: Final = _links("get_draft", "check_draft", "put_record", "submit_draft", "discard_draft")


def _extra(model: type[Change], permission: Permission, *, if_match: bool = True) -> dict[str, Any]:
    examples = {"plain": {"summary": "An example", "value": _EXAMPLES[model]}}
    return {**changes(if_match=if_match, of_something=if_match), **json_body(model, examples), **needs(permission)}


def _ok(description: str, links: dict[str, Any], status: int = 200) -> dict[int | str, dict[str, Any]]:
    headers = {"ETag": {"$ref": "#/components/headers/ETag"}}
    if status == _CREATED:
        headers["Location"] = {"$ref": "#/components/headers/Location"}
    return {status: {"description": description, "headers": headers, "links": links}}


_CREATED: Final = 201
_DRAFT: Final = "The draft as it is now."


def _answered(entry: DraftEntry, **more: Any) -> Any:  # noqa: ANN401
    return answer_of(entry, tag=entry.revision, **more)


@router.get(
    "/v1/drafts",
    summary="List drafts",
    response_description="A page of drafts, those changed last first.",
    response_model_exclude_none=True,
    openapi_extra={**needs(Permission.DRAFTS), **statuses(503)},
)
async def list_drafts(request: Request, query: Annotated[DraftQuery, Query()], response: Response) -> DraftPage:
    """Drafts, with where each stands."""
    response.headers["Cache-Control"] = "no-store"
    items, total = await in_transaction(
        request,
        lambda control, session: control.drafts.listed(
            session, state=query.state, limit=query.limit, offset=query.offset
        ),
    )
    more = query.offset + query.limit < total
    return DraftPage(total=total, items=items, next=query.following() if more else None)


@router.post(
    "/v1/drafts",
    summary="Open a draft",
    status_code=_CREATED,
    response_model=DraftEntry,
    responses=_ok("The new draft.", _TO_ALL, _CREATED),
    openapi_extra=_extra(NewDraft, Permission.DRAFT, if_match=False),
)
async def open_draft(request: Request) -> Response:
    """Start from the rule set that answers. Nothing answers differently before the draft is published."""
    asked, body = await read_change(request, NewDraft)
    return await done_once(
        asked,
        lambda session: _created(asked.control.drafts.open(session, body.title, asked.act)),
    )


def _created(entry: DraftEntry) -> Any:  # noqa: ANN401
    return _answered(entry, status=_CREATED, location=f"/v1/drafts/{entry.id}")


@router.get(
    "/v1/drafts/{draft_id}",
    summary="Read a draft",
    response_model=DraftEntry,
    responses=_ok("The draft.", _links("put_record", "submit_draft", "approve_draft", "return_draft", "publish_draft")),
    openapi_extra={**needs(Permission.DRAFTS), **statuses(404, 503)},
)
async def get_draft(request: Request, draft_id: DraftId) -> Response:
    """What it changes, what was said about it, and what you may do with it now."""
    principal = principal_of(request)
    entry: DraftEntry = await in_transaction(
        request, lambda control, session: control.drafts.entry(session, draft_id, principal)
    )
    return sent(_answered(entry))


@router.get(
    "/v1/drafts/{draft_id}/gate",
    summary="What stands between a draft and publishing",
    response_description="What the gate finds.",
    openapi_extra={**needs(Permission.DRAFTS), **statuses(404, 503)},
)
async def check_draft(request: Request, draft_id: DraftId, response: Response) -> GateEntry:
    """Compile it, look for what lint finds, run the worked cases, and compare its answers with those of today.

    It takes some seconds, in a process of its own; asked again for the same content, it is told at once.
    """
    response.headers["Cache-Control"] = "no-store"
    control = control_of(request)

    def look() -> GateEntry:
        with control.store.reading() as session:
            _, content = control.drafts.content(session, draft_id)
        compared_with, report = control.gate_report(content)
        limit = control.policy.impact_limit
        return GateEntry.of(report, digest=content.digest, compared_with=compared_with, limit=limit)

    return await run_in_threadpool(look)


@router.get(
    "/v1/drafts/{draft_id}/records/{kind}/{record_id}",
    summary="Read a record of a draft",
    response_description="The record as the draft has it, and as its base has it.",
    openapi_extra={**needs(Permission.DRAFTS), **statuses(404, 503)},
)
async def get_draft_record(
    request: Request, draft_id: DraftId, kind: Kind, record_id: InDraft, response: Response
) -> RecordEntry:
    """Any record, whether the draft changes it or not."""
    response.headers["Cache-Control"] = "no-store"
    entry: RecordEntry = await in_transaction(
        request, lambda control, session: control.drafts.record(session, draft_id, (kind, record_id))
    )
    return entry


@router.put(
    "/v1/drafts/{draft_id}/records/{kind}/{record_id}",
    summary="Create or revise a record",
    response_model=DraftEntry,
    responses=_ok(_DRAFT, _TO_ALL),
    openapi_extra=_extra(RecordDraft, Permission.DRAFT),
)
async def put_record(request: Request, draft_id: DraftId, kind: Kind, record_id: InDraft) -> Response:
    """Put the record as it should be. A draft that was submitted or approved is open again, and signatures are void."""
    seen = Seen(draft_id, seen_revision(request))
    asked, body = await read_change(request, RecordDraft)
    place: Place = (kind, record_id)
    return await done_once(
        asked,
        lambda session: _answered(asked.control.drafts.put(session, seen, place, body.document, asked.act)),
    )


@router.post(
    "/v1/drafts/{draft_id}/records/{kind}/{record_id}/withdraw",
    summary="Withdraw a record",
    response_model=DraftEntry,
    responses=_ok(_DRAFT, _TO_ALL),
    openapi_extra=_extra(Change, Permission.DRAFT),
)
async def withdraw_record(request: Request, draft_id: DraftId, kind: Kind, record_id: InDraft) -> Response:
    """Let it do nothing any more. It stays readable: records are never deleted."""
    seen = Seen(draft_id, seen_revision(request))
    asked, _ = await read_change(request, Change)
    return await done_once(
        asked,
        lambda session: _answered(asked.control.drafts.withdraw(session, seen, (kind, record_id), asked.act)),
    )


@router.post(
    "/v1/drafts/{draft_id}/records/{kind}/{record_id}/undo",
    summary="Undo the change of a record",
    response_model=DraftEntry,
    responses=_ok(_DRAFT, _TO_ALL),
    openapi_extra=_extra(Change, Permission.DRAFT),
)
async def undo_record(request: Request, draft_id: DraftId, kind: Kind, record_id: InDraft) -> Response:
    """Take the record back to what the base has."""
    seen = Seen(draft_id, seen_revision(request))
    asked, _ = await read_change(request, Change)
    return await done_once(
        asked,
        lambda session: _answered(asked.control.drafts.undo(session, seen, (kind, record_id), asked.act)),
    )


@router.post(
    "/v1/drafts/{draft_id}/rebase",
    summary="Rebase a draft",
    response_model=DraftEntry,
    responses=_ok(_DRAFT, _TO_ALL),
    openapi_extra=_extra(Rebase, Permission.DRAFT),
)
async def rebase_draft(request: Request, draft_id: DraftId) -> Response:
    """Take the rule set that answers now as the base. Records changed on both sides have to be named in `keep`."""
    seen = Seen(draft_id, seen_revision(request))
    asked, body = await read_change(request, Rebase)
    return await done_once(
        asked, lambda session: _answered(asked.control.drafts.rebase(session, seen, body.kept, asked.act))
    )


@router.post(
    "/v1/drafts/{draft_id}/submit",
    summary="Submit a draft for review",
    response_model=DraftEntry,
    responses=_ok(_DRAFT, _links("get_draft", "check_draft", "approve_draft", "return_draft", "discard_draft")),
    openapi_extra=_extra(Change, Permission.DRAFT),
)
async def submit_draft(request: Request, draft_id: DraftId) -> Response:
    """Hand it in. It must compile, lint must find nothing, and all worked cases must hold."""
    seen = Seen(draft_id, seen_revision(request))
    asked, _ = await read_change(request, Change)
    return await steps.submit(asked, seen, _answered)


@router.post(
    "/v1/drafts/{draft_id}/approve",
    summary="Approve a draft",
    response_model=DraftEntry,
    responses=_ok(_DRAFT, _links("get_draft", "publish_draft", "return_draft")),
    openapi_extra=_extra(Approval, Permission.REVIEW),
)
async def approve_draft(request: Request, draft_id: DraftId) -> Response:
    """Sign exactly the content of `digest`, as a person who has not written in the draft."""
    seen = Seen(draft_id, seen_revision(request))
    asked, body = await read_change(request, Approval)
    return await steps.approve(asked, body, seen, _answered)


@router.post(
    "/v1/drafts/{draft_id}/return",
    summary="Return a draft to its authors",
    response_model=DraftEntry,
    responses=_ok(_DRAFT, _TO_ALL),
    openapi_extra=_extra(Return, Permission.REVIEW),
)
async def return_draft(request: Request, draft_id: DraftId) -> Response:
    """Give it back with the reason. All signatures are void."""
    seen = Seen(draft_id, seen_revision(request))
    asked, body = await read_change(request, Return)
    return await steps.give_back(asked, body, seen, _answered)


@router.post(
    "/v1/drafts/{draft_id}/publish",
    summary="Publish a draft",
    response_model=DraftEntry,
    responses=_ok("The draft, published.", _links("get_draft")),
    openapi_extra=_extra(Publish, Permission.PUBLISH),
)
async def publish_draft(request: Request, draft_id: DraftId) -> Response:
    """Publish it as the next rule set and let it answer: everywhere, within two seconds of this answer.

    It must be approved, still be based on the rule set that answers, and pass the gate; an impact above the limit
    needs `accept_impact`.
    """
    seen = Seen(draft_id, seen_revision(request))
    asked, body = await read_change(request, Publish)
    return await steps.publish(asked, body, seen, _answered)


@router.post(
    "/v1/drafts/{draft_id}/discard",
    summary="Discard a draft",
    response_model=DraftEntry,
    responses=_ok("The draft, discarded.", _links("get_draft")),
    openapi_extra=_extra(Change, Permission.DRAFT),
)
async def discard_draft(request: Request, draft_id: DraftId) -> Response:
    """Give it up for good. What was written stays readable."""
    seen = Seen(draft_id, seen_revision(request))
    asked, _ = await read_change(request, Change)
    return await done_once(asked, lambda session: _answered(asked.control.drafts.discard(session, seen, asked.act)))
