"""`/admin/drafts/{id}/records/…/form` and `/yaml`: a record of a draft to write in, and to save in the draft.

Saving is one step that somebody takes with a reason, never something that happens by itself: every saved change stands
in the audit trail for good, opens a draft that waits for review, and makes signatures void. What is typed meanwhile is
kept in the browser (`form.js`), so a lost connection, an expired sign-in or a closed tab loses nothing either.

A record is saved by the verb that the API calls. Nothing here decides whether it is right: the model and the gate do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final

from fastapi import Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from rules.canonical import content, digest
from rules.documents import Record
from rules.model import RECORD_TYPES
from service.admin import form_words, words, yaml_view
from service.admin.draft_records import DraftRecords
from service.admin.fields import Fields, read_fields
from service.admin.form_faults import FormFault
from service.admin.form_fields import shape_of
from service.admin.form_filling import Filled, blank, document_of, filled_of
from service.admin.form_filling import read_fields as read_filled
from service.admin.form_steps import Step, take
from service.admin.posting import Posted, Sheet, new_sheet, taken, to
from service.admin.record_faults import Looked, look_at
from service.admin.record_form_view import PREFIX, FormWriter, id_of
from service.admin.rendering import page
from service.admin.routes import asks_for_part, frame, pages_router
from service.admin.yaml_view import LineFault
from service.api.changing import Change, done_once
from service.api.dependencies import RecordId, control_of, found, parts_of, principal_of
from service.api.openapi import needs
from service.api.problems import ProblemCode, ProblemError
from service.application.draft_steps import DraftState, DraftStep
from service.application.draft_views import DraftEntry
from service.application.drafts import Seen
from service.application.once import Answer
from service.application.principals import Permission
from service.application.record_search import title_of
from service.errors import RecordInvalid
from service.storage.session import Transaction

router = pages_router()

DraftId = Annotated[str, Path(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Kind = Annotated[str, Path(pattern=r"^[a-z_]{1,40}$")]

SAVE, CHECK, LOOK, AS_TEXT, AS_FORM = "save", "check", "look", "yaml", "form"
TEXT: Final = "text"  # the field of the YAML
SHOWN: Final = "shown"  # the digest of the record as the page showed it
_LONGEST_ID: Final = 80
_NOT_IN_ID: Final = re.compile(r"[^a-z0-9]+")
_UNPROCESSABLE: Final = 422


class SavedQuery(BaseModel):
    """Where saving leads."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    saved: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """What is written: a record of a draft, or a new one of a kind."""

    draft_id: str
    kind: str
    record_id: str | None

    def address(self, way: str) -> str:
        """Where it is written, as a form or as YAML."""
        if self.record_id is None:
            return f"/admin/drafts/{self.draft_id}/new/{self.kind}/{way}"
        return f"/admin/drafts/{self.draft_id}/records/{self.kind}/{self.record_id}/{way}"


@dataclass(slots=True)
class Desk:
    """What lies before the author: the draft, its records, and what is typed as a form or as a text."""

    subject: Subject
    entry: DraftEntry
    records: DraftRecords
    before: Record | None
    filled: Filled = None
    text: str | None = None
    looked: Looked | None = None  # what is wrong; None: nobody has asked yet
    lines: Sequence[LineFault] = ()
    focus: str | None = None

    @property
    def document(self) -> Any:  # noqa: ANN401 - whatever was typed
        """What is typed in the form, as a document."""
        return document_of(shape_of(self.subject.kind), self.filled)


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


# --- what lies on the desk --------------------------------------------------------------------------------------------


def _laid_out(request: Request, subject: Subject) -> Desk:
    """The draft with its records.

    Raises:
        ProblemError: there is no such kind of record, or no such record in the draft.
        NotThere: there is no such draft.
    """
    if subject.kind not in RECORD_TYPES:
        raise ProblemError(ProblemCode.NOT_FOUND, "There is no such kind of record.")
    control = control_of(request)
    with control.store.reading() as session:
        entry = control.drafts.entry(session, subject.draft_id, principal_of(request))
        records = DraftRecords(control.drafts.records(session, subject.draft_id))
    before = None
    if subject.record_id is not None:
        before = found(records.records.get((subject.kind, subject.record_id)))
    return Desk(subject, entry, records, before)


def _require_editable(desk: Desk) -> None:
    """Refuse to show a form that could not be saved.

    Raises:
        ProblemError: the draft cannot be changed by this person, or by nobody any more.
    """
    step = next(one for one in desk.entry.steps if one.step is DraftStep.EDIT)
    if not step.allowed:
        raise ProblemError(ProblemCode.ILLEGAL_STEP, f"This draft cannot be changed here: {step.why_not}.")


def _begin(request: Request, desk: Desk, way: str) -> None:
    """Lay out the record as it is, or an empty one."""
    shape = shape_of(desk.subject.kind)
    if desk.before is not None:
        if way == AS_TEXT:
            desk.text = yaml_view.written(desk.before)
        else:
            desk.filled = filled_of(shape, content(desk.before))
        return
    today = parts_of(request).today().isoformat()
    if way == AS_TEXT:
        desk.text = f"id: \nlast_reviewed_on: {today}\n"
        return
    desk.filled = blank(shape)
    if isinstance(desk.filled, dict):
        desk.filled["last_reviewed_on"] = today


def _lay_down(desk: Desk, fields: Fields, way: str) -> None:
    """Lay out what was typed."""
    if way == AS_TEXT:
        desk.text = fields.one(TEXT)
        return
    shape = shape_of(desk.subject.kind)
    typed = [(name.removeprefix(PREFIX), text) for name, text in fields if name.startswith(PREFIX)]
    filled = read_filled(shape, typed)
    if isinstance(filled, dict):
        if desk.subject.record_id is not None:
            filled["id"] = desk.subject.record_id
        elif not filled.get("id"):
            filled["id"] = suggested_id(filled)
    desk.filled = desk.records.resolved(shape, filled)


def _look(desk: Desk) -> None:
    """Find out what is wrong with what is typed."""
    kind = desk.subject.kind
    if desk.text is not None:
        read = yaml_view.read(kind, desk.subject.record_id, desk.text)
        desk.lines = read.faults
        desk.looked = (
            Looked(None, [], []) if read.document is None else look_at(kind, read.document, desk.records.records)
        )
    else:
        desk.looked = look_at(kind, desk.document, desk.records.records)
    record = desk.looked.record
    if desk.subject.record_id is None and record is not None and (kind, record.id) in desk.records.records:
        called = desk.records.title(kind, record.id)
        taken_already = f"There is a {words.kind_one(kind)} of this identifier already: {called}."
        desk.looked = Looked(None, [FormFault("id", taken_already)], [])
        if desk.text is not None:
            desk.lines = [LineFault(1, taken_already)]


def suggested_id(filled: Filled) -> str:
    """An identifier made from what a record is called."""
    given = filled if isinstance(filled, dict) else {}
    called = next((given[name] for name in form_words.CALLED if name in given), "")
    plain = _NOT_IN_ID.sub("-", str(called or "").lower()).strip("-")
    return plain[:_LONGEST_ID].strip("-")


# --- showing ----------------------------------------------------------------------------------------------------------


async def _show(request: Request, subject: Subject, way: str, *, saved: bool = False) -> Response:
    def laid_out() -> tuple[Desk, dict[str, Any]]:
        desk = _laid_out(request, subject)
        _require_editable(desk)
        _begin(request, desk, way)
        return desk, _values(desk)

    desk, values = await run_in_threadpool(laid_out)
    sheet = new_sheet(request, seen=desk.entry.revision)
    return _page(request, values, sheet, saved=saved)


def _page(
    request: Request, values: dict[str, Any], sheet: Sheet, *, status: int = 200, saved: bool = False
) -> Response:
    template = "_record-form.html" if asks_for_part(request) else "record-form.html"
    return page(template, status=status, sheet=sheet, saved=saved, **values, **frame(request, "drafts"))


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
        desk = _laid_out(request, subject)
        _require_editable(desk)
        _lay_down(desk, fields, way)
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
    _look(desk)
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
        desk = _laid_out(posted.request, subject)
        _lay_down(desk, posted.fields, way)
        _look(desk)
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

    def laid_out() -> tuple[Desk, dict[str, Any]]:
        desk = _laid_out(request, subject)
        _lay_down(desk, sheet.said, way)
        _look(desk)
        return desk, _values(desk)

    desk, values = await run_in_threadpool(laid_out)
    if sheet.refusal is not None and sheet.refusal.code == ProblemCode.PRECONDITION_FAILED:
        # What was shown is known to be old now, and is told; sent again, it is about what is there now.
        values["moved_on"] = "record" if values["shown"] != sheet.said.one(SHOWN) else "draft"
        sheet = replace(sheet, seen=desk.entry.revision)
    else:
        values["shown"] = sheet.said.one(SHOWN)
    return _page(request, values, sheet, status=sheet.status)
