"""`/admin/drafts/{id}/records/…/form` and `/yaml`: a record of a draft to write in, and to save in the draft.

Saving is one step that somebody takes with a reason, never something that happens by itself: every saved change stands
in the audit trail for good, opens a draft that waits for review, and makes signatures void. What is typed meanwhile is
kept in the browser (`form.js`), so a lost connection, an expired sign-in or a closed tab loses nothing either.

A record is saved by the verb that the API calls. Nothing here decides whether it is right: the model and the gate do.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from rules.canonical import content, digest
from service.admin import record_desk, words, yaml_view
from service.admin.bench_beside import bench_beside
from service.admin.fields import Fields, read_fields
from service.admin.form_fields import shape_of
from service.admin.form_filling import filled_of
from service.admin.form_steps import Step, take
from service.admin.posting import Posted, Sheet, new_sheet, taken, to
from service.admin.record_desk import AS_FORM, AS_TEXT, Desk, DraftId, Kind, Subject
from service.admin.record_form_view import FormWriter, id_of
from service.admin.rendering import page
from service.admin.routes import asks_for_part, frame, pages_router
from service.api.changing import Change, done_once
from service.api.dependencies import RecordId
from service.api.openapi import needs
from service.api.problems import ProblemCode
from service.application.draft_steps import DraftState
from service.application.drafts import Seen
from service.application.once import Answer
from service.application.principals import Permission
from service.application.record_search import title_of
from service.errors import RecordInvalid
from service.storage.session import Transaction

router = pages_router()

SAVE, CHECK, LOOK = "save", "check", "look"
SHOWN: Final = "shown"  # the digest of the record as the page showed it


class SavedQuery(BaseModel):
    """Where saving leads."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    saved: bool = False


# --- routes -----------------------------------------------------------------------------------------------------------


@router.get("/admin/drafts/{draft_id}/records/{kind}/{record_id}/form", openapi_extra=needs(Permission.DRAFT))
async def show_record_form(
    request: Request, draft_id: DraftId, kind: Kind, record_id: RecordId, query: Annotated[SavedQuery, Query()]
) -> Response:
    """The form of a record."""
    return await _show(request, Subject(draft_id, kind, record_id), AS_FORM, saved=query.saved)


@router.post("/admin/drafts/{draft_id}/records/{kind}/{record_id}/form", openapi_extra=needs(Permission.DRAFT))
async def take_record_form(request: Request, draft_id: DraftId, kind: Kind, record_id: RecordId) -> Response:
    """What a button of the form asks for."""
    return await _take(request, Subject(draft_id, kind, record_id), AS_FORM)


@router.get("/admin/drafts/{draft_id}/records/{kind}/{record_id}/yaml", openapi_extra=needs(Permission.DRAFT))
async def show_record_text(
    request: Request, draft_id: DraftId, kind: Kind, record_id: RecordId, query: Annotated[SavedQuery, Query()]
) -> Response:
    """The YAML of a record."""
    return await _show(request, Subject(draft_id, kind, record_id), AS_TEXT, saved=query.saved)


@router.post("/admin/drafts/{draft_id}/records/{kind}/{record_id}/yaml", openapi_extra=needs(Permission.DRAFT))
async def take_record_text(request: Request, draft_id: DraftId, kind: Kind, record_id: RecordId) -> Response:
    """What a button beside the YAML asks for."""
    return await _take(request, Subject(draft_id, kind, record_id), AS_TEXT)


@router.get("/admin/drafts/{draft_id}/new/{kind}/form", openapi_extra=needs(Permission.DRAFT))
async def show_new_record_form(request: Request, draft_id: DraftId, kind: Kind) -> Response:
    """The form of a record that is not there yet."""
    return await _show(request, Subject(draft_id, kind, None), AS_FORM)


@router.post("/admin/drafts/{draft_id}/new/{kind}/form", openapi_extra=needs(Permission.DRAFT))
async def take_new_record_form(request: Request, draft_id: DraftId, kind: Kind) -> Response:
    """What a button of the form asks for."""
    return await _take(request, Subject(draft_id, kind, None), AS_FORM)


@router.get("/admin/drafts/{draft_id}/new/{kind}/yaml", openapi_extra=needs(Permission.DRAFT))
async def show_new_record_text(request: Request, draft_id: DraftId, kind: Kind) -> Response:
    """An empty page to write YAML on."""
    return await _show(request, Subject(draft_id, kind, None), AS_TEXT)


@router.post("/admin/drafts/{draft_id}/new/{kind}/yaml", openapi_extra=needs(Permission.DRAFT))
async def take_new_record_text(request: Request, draft_id: DraftId, kind: Kind) -> Response:
    """What a button beside the YAML asks for."""
    return await _take(request, Subject(draft_id, kind, None), AS_TEXT)


# --- showing ----------------------------------------------------------------------------------------------------------


async def _show(request: Request, subject: Subject, way: str, *, saved: bool = False) -> Response:
    def on_desk() -> tuple[Desk, dict[str, Any]]:
        desk = record_desk.laid_out(request, subject)
        record_desk.require_editable(desk)
        record_desk.begin(request, desk, way)
        return desk, _values(desk)

    desk, values = await run_in_threadpool(on_desk)
    sheet = new_sheet(request, seen=desk.entry.revision)
    return _page(request, values, sheet, saved=saved)


def _page(
    request: Request, values: dict[str, Any], sheet: Sheet, *, status: int = 200, saved: bool = False
) -> Response:
    values |= {"sheet": sheet, "saved": saved, **frame(request, "drafts")}
    if asks_for_part(request):
        return page("_record-form.html", status=status, **values)
    panel = bench_beside(request, values["subject"], values["entry"])
    return page("record-form.html", status=status, panel=panel, **values)


def _values(desk: Desk) -> dict[str, Any]:
    subject, looked = desk.subject, desk.looked
    faults, remarks = ([], []) if looked is None else (looked.faults, looked.remarks)
    sections = []
    if desk.text is None:
        fixed = {} if subject.record_id is None else {"id": subject.record_id}
        writer = FormWriter(desk.records.title, faults, remarks, fixed=fixed)
        sections = writer.sections(subject.kind, shape_of(subject.kind), desk.filled)
    return {
        "subject": subject,
        "entry": desk.entry,
        "title": f"New {words.kind_one(subject.kind)}" if desk.before is None else title_of(desk.before),
        "record": desk.before,
        "shown": "" if desk.before is None else digest(desk.before),
        "in_draft": any((one.kind, one.id) == (subject.kind, subject.record_id) for one in desk.entry.changes),
        "waits": desk.entry.state in {DraftState.SUBMITTED, DraftState.APPROVED},
        "sections": sections,
        "text": desk.text,
        "lines": desk.lines,
        "faults": [(one, id_of(one.path)) for one in faults],
        "remarks": [(one, id_of(one.path)) for one in remarks],
        "looked": looked is not None,
        "focus": desk.focus,
        "moved_on": None,
    }


# --- what buttons ask for ---------------------------------------------------------------------------------------------


async def _take(request: Request, subject: Subject, way: str) -> Response:
    fields = await read_fields(request)
    do = fields.one("do")
    if do == SAVE:
        return await taken(
            request, lambda posted: _save(posted, subject, way), lambda sheet: _again(request, subject, way, sheet)
        )

    def changed() -> dict[str, Any]:
        desk = record_desk.laid_out(request, subject)
        record_desk.require_editable(desk)
        record_desk.lay_down(desk, fields, way)
        _step(desk, do)
        return _values(desk)

    values = await run_in_threadpool(changed)
    if do == LOOK:
        return page("_record-faults.html", **values)
    sheet = replace(new_sheet(request, seen=_seen(fields)), said=fields.without_secrets())
    return _page(request, {**values, "shown": fields.one(SHOWN)}, sheet)


def _step(desk: Desk, do: str) -> None:
    """Do what a button says with what is typed; a text and a form can each be made from the other, if they are good."""
    step = Step.of(do)
    if step is not None and desk.text is None:
        path = take(shape_of(desk.subject.kind), desk.filled, step)
        desk.focus = None if path is None else id_of(path)
        return
    if do not in {CHECK, LOOK, AS_TEXT, AS_FORM}:
        return
    record_desk.look(desk)
    record = None if desk.looked is None else desk.looked.record
    if do == AS_TEXT and desk.text is None and record is not None:
        desk.text, desk.filled = yaml_view.written(record), None
    elif do == AS_FORM and desk.text is not None and record is not None:
        desk.text, desk.filled = None, filled_of(shape_of(desk.subject.kind), content(record))


def _seen(fields: Fields) -> int | None:
    written = fields.one("seen")
    return int(written) if re.fullmatch(r"[1-9][0-9]{0,8}", written) else None


async def _save(posted: Posted, subject: Subject, way: str) -> Response:
    asked, _ = posted.read(Change)
    seen = Seen(subject.draft_id, posted.seen)

    def looked_at() -> Desk:
        desk = record_desk.laid_out(posted.request, subject)
        record_desk.lay_down(desk, posted.fields, way)
        record_desk.look(desk)
        return desk

    desk = await run_in_threadpool(looked_at)
    record = None if desk.looked is None else desk.looked.record
    if record is None:
        raise RecordInvalid([])
    place = (subject.kind, record.id)

    def put(session: Transaction) -> Answer:
        drafts = asked.control.drafts
        if subject.record_id is None and place in drafts.records(session, subject.draft_id):
            raise RecordInvalid([])
        address = replace(subject, record_id=record.id).address(way)
        return to(f"{address}?saved=true", drafts.put(session, seen, place, content(record), asked.act))

    return await done_once(asked, put)


async def _again(request: Request, subject: Subject, way: str, sheet: Sheet) -> Response:
    """The page once more, with what was typed and why it was not saved."""

    def on_desk() -> tuple[Desk, dict[str, Any]]:
        desk = record_desk.laid_out(request, subject)
        record_desk.lay_down(desk, sheet.said, way)
        record_desk.look(desk)
        return desk, _values(desk)

    desk, values = await run_in_threadpool(on_desk)
    if sheet.refusal is not None and sheet.refusal.code == ProblemCode.PRECONDITION_FAILED:
        # What was shown is known to be old now, and is told; sent again, it is about what is there now.
        values["moved_on"] = "record" if values["shown"] != sheet.said.one(SHOWN) else "draft"
        sheet = replace(sheet, seen=desk.entry.revision)
    else:
        values["shown"] = sheet.said.one(SHOWN)
    return _page(request, values, sheet, status=sheet.status)
