"""`/admin/records/{kind}/{id}`: one record to read, in the words of the field, with what leads to it and its past."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Request, Response
from starlette.concurrency import run_in_threadpool

from rules.documents import Record
from rules.model import Citation, Interaction
from service.admin.reading import Reader
from service.admin.rendering import page
from service.admin.routes import frame, pages_router
from service.admin.statistics import Fared, fared_lately
from service.api.dependencies import Parts, RecordId, found, parts_of, principal_of
from service.api.openapi import needs
from service.application.principals import Permission
from service.application.record_history import RecordStep, history_of
from service.application.record_search import Place
from service.errors import StoreUnavailable

router = pages_router()

Kind = Annotated[str, Path(pattern=r"^[a-z_]{1,40}$")]


@router.get("/admin/records/{kind}/{record_id}", openapi_extra=needs(Permission.KNOWLEDGE))
async def read_record(request: Request, kind: Kind, record_id: RecordId) -> Response:
    """The record as the rule set that answers has it."""
    may_read_drafts = principal_of(request).may(Permission.DRAFTS)
    values = await run_in_threadpool(_read, parts_of(request), (kind, record_id), with_history=may_read_drafts)
    template = "interaction.html" if isinstance(values["record"], Interaction) else "record.html"
    return page(template, **values, **frame(request, "records"))


def _read(parts: Parts, place: Place, *, with_history: bool) -> dict[str, Any]:
    library = parts.libraries.current()
    entry = found(library.get(place))
    reader = Reader(library)
    record: Record = entry.record
    return {
        "entry": entry,
        "record": record,
        "reader": reader,
        "fields": reader.fields(record),
        "address": record.address if isinstance(record, Citation) else None,
        "cases": library.cases_of(record.id) if isinstance(record, Interaction) else [],
        "used_in": [one for one in library.used_in(place) if not _is_own_case(place, one.record)],
        "history": _history(parts, place) if with_history else None,
        "fared": _fared(parts, place) if with_history and isinstance(record, Interaction) else None,
        "today": parts.today(),
    }


def _is_own_case(place: Place, record: Record) -> bool:
    """Whether it is a worked case of this very interaction, which has a place of its own on the page."""
    return place[0] == "interactions" and getattr(record, "interaction", None) == place[1]


def _fared(parts: Parts, place: Place) -> Fared | None:
    """How often it was found and overridden lately; None where nothing can tell."""
    if parts.control is None:
        return None
    try:
        with parts.control.store.reading() as session:
            return fared_lately(parts, session, place[1])
    except StoreUnavailable:
        return None


def _history(parts: Parts, place: Place) -> list[RecordStep] | None:
    """What drafts made of it; None where nothing can tell: without a database, or while it does not answer."""
    if parts.control is None:
        return None
    try:
        with parts.control.store.reading() as session:
            return history_of(session, place)
    except StoreUnavailable:
        return None
