"""The test bench beside the form of a record: a list is tried with what is typed there now, before anything is saved.

What is typed is read as saving would read it, put into the draft in memory and tried; nothing of it is written
anywhere. Where it is no record yet, the draft is tried as it was saved, and the answer says so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from service.admin import record_desk
from service.admin.bench import Beside, Subject, WhatIsTried, empty_bench, subject_of, tried_on
from service.admin.fields import Fields, read_fields
from service.admin.record_desk import AS_FORM, AS_TEXT, TEXT, Desk, DraftId, Kind
from service.admin.routes import asks_for_part, pages_router
from service.api.dependencies import RecordId, parts_of, principal_of
from service.api.openapi import needs
from service.application.bench import Written
from service.application.draft_views import DraftEntry
from service.application.principals import Permission
from service.markup import Html

router = pages_router()

_WAY: Final = "try"
_MOST_TO_MEND: Final = 6
# Kinds of records that findings, near misses and totals come from; what others say, no list on the bench shows.
_SHOWN: Final = frozenset(
    {
        "substances",
        "products",
        "classes",
        "forms",
        "interactions",
        "conditions",
        "symptoms",
        "reference_ranges",
        "intake_limits",
        "recommended_intakes",
        "assessments",
        "citations",
    }
)


@router.post("/admin/drafts/{draft_id}/records/{kind}/{record_id}/try", openapi_extra=needs(Permission.DRAFT))
async def try_list_beside(request: Request, draft_id: DraftId, kind: Kind, record_id: RecordId) -> Response:
    """The answers of now and of the draft with what is typed in the form of a record."""
    return await _try(request, record_desk.Subject(draft_id, kind, record_id))


@router.post("/admin/drafts/{draft_id}/new/{kind}/try", openapi_extra=needs(Permission.DRAFT))
async def try_list_beside_new(request: Request, draft_id: DraftId, kind: Kind) -> Response:
    """The answers of now and of the draft with the record that is being made."""
    return await _try(request, record_desk.Subject(draft_id, kind, None))


def bench_beside(request: Request, subject: record_desk.Subject, entry: DraftEntry) -> Html | None:
    """The bench to stand beside the form of a record; none where no list could show what the record does."""
    if subject.kind not in _SHOWN:
        return None
    beside = Beside(subject.address(_WAY))
    return empty_bench(request, Subject(parts_of(request), principal_of(request), entry, beside=beside))


async def _try(request: Request, subject: record_desk.Subject) -> Response:
    fields = await read_fields(request)
    return await run_in_threadpool(_tried, request, subject, fields)


def _tried(request: Request, subject: record_desk.Subject, fields: Fields) -> Response:
    if not asks_for_part(request):  # a page of its own, with no form beside it whose text could be seen
        return tried_on(request, subject_of(request, subject.draft_id), fields)
    desk = record_desk.laid_out(request, subject)
    record_desk.lay_down(desk, fields, AS_TEXT if TEXT in fields else AS_FORM)
    record_desk.look(desk)
    return tried_on(request, _with_typed(request, desk), fields)


def _with_typed(request: Request, desk: Desk) -> Subject:
    """What is typed, where it can answer; the draft as it was saved where it cannot."""
    subject, record = desk.subject, None if desk.looked is None else desk.looked.record
    beside = Beside(subject.address(_WAY))
    to_mend = _to_mend(desk)
    if record is not None:
        tried = subject_of(request, subject.draft_id, Written(subject.kind, record))
        if record == desk.before:
            return replace(tried, beside=beside)
        if tried.tried is not None and tried.tried.compiled is not None:
            return replace(tried, beside=replace(beside, what=WhatIsTried.WITH_WHAT_IS_TYPED))
        to_mend = () if tried.tried is None else tried.tried.problems
    behind = replace(beside, what=WhatIsTried.TYPED_CANNOT_BE_READ, to_mend=to_mend[:_MOST_TO_MEND])
    return replace(subject_of(request, subject.draft_id), beside=behind)


def _to_mend(desk: Desk) -> tuple[str, ...]:
    if desk.lines:
        return tuple(f"Line {one.line}: {one.text}" if one.line else one.text for one in desk.lines)
    faults = [] if desk.looked is None else desk.looked.faults
    return tuple(f"{one.label}: {one.text}" if one.label else one.text for one in faults)
