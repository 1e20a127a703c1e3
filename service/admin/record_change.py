"""`/admin/records/…/change` and `/admin/new/…`: choose the draft in which a record is changed, withdrawn or made.

It opens a draft where somebody wants a new one, and changes no record itself.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Path, Request, Response
from starlette.concurrency import run_in_threadpool

from rules.documents import Record
from rules.model import RECORD_TYPES
from service.admin import words
from service.admin.posting import Posted, Sheet, new_sheet, taken, to
from service.admin.rendering import page
from service.admin.routes import frame, pages_router
from service.api.changing import done_once
from service.api.dependencies import RecordId, control_of, found, parts_of, principal_of
from service.api.openapi import needs
from service.api.problems import ProblemCode, ProblemError
from service.api.wishes import NewDraft
from service.application.draft_steps import DraftState, who
from service.application.draft_views import DraftEntry, DraftSummary
from service.application.once import Answer
from service.application.principals import Permission
from service.application.record_search import title_of
from service.storage.session import Transaction

router = pages_router()

DraftId = Annotated[str, Path(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Kind = Annotated[str, Path(pattern=r"^[a-z_]{1,40}$")]
_SHOWN: Final = 50


@router.get("/admin/new", openapi_extra=needs(Permission.DRAFT))
async def choose_kind(request: Request) -> Response:
    """The kinds of record that can be made."""
    return _kinds(request, None)


@router.get("/admin/drafts/{draft_id}/new", openapi_extra=needs(Permission.DRAFT))
async def choose_kind_in_draft(request: Request, draft_id: DraftId) -> Response:
    """The kinds of record that can be made in a draft."""

    def entry() -> DraftEntry:
        control = control_of(request)
        with control.store.reading() as session:
            return control.drafts.entry(session, draft_id, principal_of(request))

    return _kinds(request, await run_in_threadpool(entry))


def _kinds(request: Request, draft: DraftEntry | None) -> Response:
    def form_of(kind: str) -> str:
        return f"/admin/new/{kind}" if draft is None else _form(draft.id, kind, None)

    here = "records" if draft is None else "drafts"
    return page("new-kinds.html", kinds=tuple(RECORD_TYPES), draft=draft, form_of=form_of, **frame(request, here))


@router.get("/admin/new/{kind}", openapi_extra=needs(Permission.DRAFT))
async def choose_draft_for_new(request: Request, kind: Kind) -> Response:
    """Where a new record is made."""
    return await _choose(request, kind, None, new_sheet(request))


@router.post("/admin/new/{kind}", openapi_extra=needs(Permission.DRAFT))
async def open_draft_for_new(request: Request, kind: Kind) -> Response:
    """Open a draft, and lead to the empty form."""
    return await _opened(request, kind, None)


@router.get("/admin/records/{kind}/{record_id}/change", openapi_extra=needs(Permission.DRAFT))
async def choose_draft(request: Request, kind: Kind, record_id: RecordId) -> Response:
    """Where a record is changed or withdrawn."""
    return await _choose(request, kind, record_id, new_sheet(request))


@router.post("/admin/records/{kind}/{record_id}/change", openapi_extra=needs(Permission.DRAFT))
async def open_draft_for_change(request: Request, kind: Kind, record_id: RecordId) -> Response:
    """Open a draft, and lead to the form of the record."""
    return await _opened(request, kind, record_id)


def _form(draft_id: str, kind: str, record_id: str | None) -> str:
    where = f"new/{kind}" if record_id is None else f"records/{kind}/{record_id}"
    return f"/admin/drafts/{draft_id}/{where}/form"


async def _opened(request: Request, kind: str, record_id: str | None) -> Response:
    async def act(posted: Posted) -> Response:
        _known(request, kind, record_id)
        asked, body = posted.read(NewDraft)

        def opened(session: Transaction) -> Answer:
            return to(_form(asked.control.drafts.open(session, body.title, asked.act).id, kind, record_id))

        return await done_once(asked, opened)

    return await taken(request, act, lambda sheet: _choose(request, kind, record_id, sheet))


def _known(request: Request, kind: str, record_id: str | None) -> Record | None:
    """The record as the rule set that answers has it; None: it is to be made.

    Raises:
        ProblemError: there is no such kind or record.
    """
    if kind not in RECORD_TYPES:
        raise ProblemError(ProblemCode.NOT_FOUND, "There is no such kind of record.")
    if record_id is None:
        return None
    return found(parts_of(request).libraries.current().get((kind, record_id))).record


async def _choose(request: Request, kind: str, record_id: str | None, sheet: Sheet) -> Response:
    values = await run_in_threadpool(_choices, request, kind, record_id)
    return page("record-change.html", status=sheet.status, sheet=sheet, **values, **frame(request, "records"))


def _choices(request: Request, kind: str, record_id: str | None) -> dict[str, Any]:
    record = _known(request, kind, record_id)
    control, person = control_of(request), who(principal_of(request))
    with control.store.reading() as session:
        drafts, _ = control.drafts.listed(session, state=DraftState.OPEN, limit=_SHOWN, offset=0)
    own: list[DraftSummary] = [one for one in drafts if one.opened_by == person]
    title = f"New {words.kind_one(kind)}" if record is None else title_of(record)
    return {
        "kind": kind,
        "record": record,
        "record_id": record_id,
        "title": title,
        "drafts": own,
        "others": [one for one in drafts if one.opened_by != person],
        "form_in": lambda draft_id: _form(draft_id, kind, record_id),
        "proposed": title[:200],
    }
