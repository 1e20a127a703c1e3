"""A record of a draft with what is typed of it and not saved: laid out, read, and looked at as the gate would.

It writes nothing and shows nothing. Whoever shows a form, saves it or tries it reads what was typed here, so that all
of them speak of the same record.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Path, Request

from rules.canonical import content
from rules.documents import Record
from rules.model import RECORD_TYPES
from service.admin import form_words, words, yaml_view
from service.admin.draft_records import DraftRecords
from service.admin.fields import Fields
from service.admin.form_faults import FormFault
from service.admin.form_fields import shape_of
from service.admin.form_filling import Filled, blank, document_of, filled_of
from service.admin.form_filling import read_fields as read_filled
from service.admin.record_faults import Looked, look_at
from service.admin.record_form_view import PREFIX
from service.admin.yaml_view import LineFault
from service.api.dependencies import control_of, found, parts_of, principal_of
from service.api.problems import ProblemCode, ProblemError
from service.application.draft_steps import DraftStep
from service.application.draft_views import DraftEntry

DraftId = Annotated[str, Path(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Kind = Annotated[str, Path(pattern=r"^[a-z_]{1,40}$")]

AS_TEXT, AS_FORM = "yaml", "form"
TEXT: Final = "text"  # the field of the YAML
_LONGEST_ID: Final = 80
_NOT_IN_ID: Final = re.compile(r"[^a-z0-9]+")


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


def laid_out(request: Request, subject: Subject) -> Desk:
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


def require_editable(desk: Desk) -> None:
    """Refuse to show a form that could not be saved.

    Raises:
        ProblemError: the draft cannot be changed by this person, or by nobody any more.
    """
    step = next(one for one in desk.entry.steps if one.step is DraftStep.EDIT)
    if not step.allowed:
        raise ProblemError(ProblemCode.ILLEGAL_STEP, f"This draft cannot be changed here: {step.why_not}.")


def begin(request: Request, desk: Desk, way: str) -> None:
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


def lay_down(desk: Desk, fields: Fields, way: str) -> None:
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


def look(desk: Desk) -> None:
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
