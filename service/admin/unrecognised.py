"""`/admin/unrecognised`: names of medicines that are not recognised, and the way from one to a synonym in a draft.

Where questions are not kept, which is the default, there is nothing to show, and the page says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Request, Response
from pydantic import Field, StringConstraints
from starlette.concurrency import run_in_threadpool

from rules.documents import Record
from rules.model import Product, Substance
from service.admin.fields import Fields, read_fields
from service.admin.posting import Posted, Sheet, new_sheet, taken, to
from service.admin.rendering import page
from service.admin.routes import asks_for_part, frame, pages_router
from service.api.changing import Change, done_once, in_transaction
from service.api.dependencies import Parts, parts_of, principal_of
from service.api.faults import Fault, FaultLocation
from service.api.openapi import needs
from service.api.problems import ProblemCode, ProblemError
from service.application.control import Control
from service.application.draft_steps import DraftState
from service.application.draft_views import DraftSummary
from service.application.drafts import Act, Place, Seen
from service.application.once import Answer
from service.application.principals import Permission
from service.application.record_search import Library, folded
from service.application.unrecognised import DAYS as LOOKED_BACK
from service.application.unrecognised import LEAST_QUESTIONS, Unknown
from service.storage.session import Transaction

router = pages_router()

UNRECOGNISED_PATH: Final = "/admin/unrecognised"
_NEW: Final = "new"
_MOST_DRAFTS: Final = 30
_KINDS: Final = ("substances", "products")


class NewSynonym(Change):
    """A name that a record is to have."""

    name: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=2, max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")
    ]
    medicine: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
    draft: Annotated[str, Field(pattern=r"^(new|[0-9a-f-]{36}\.[1-9][0-9]{0,8})$")]


@dataclass(frozen=True, slots=True)
class Counted:
    """What is known of unrecognised names: those that may be told, and why there may be none."""

    kept: bool  # whether questions are kept at all
    names: tuple[Unknown, ...]


@router.get(UNRECOGNISED_PATH, openapi_extra=needs(Permission.KNOWLEDGE))
async def show_unrecognised(request: Request) -> Response:
    """The names by how often they come; for those who write drafts or read decisions."""
    require_reader(request)
    shown = await run_in_threadpool(counted, parts_of(request))
    return page(
        "_unrecognised.html" if asks_for_part(request) else "unrecognised.html",
        counted=shown,
        least=LEAST_QUESTIONS,
        days=LOOKED_BACK.days,
        may_write=principal_of(request).may(Permission.DRAFT),
        **frame(request, "statistics"),
    )


def may_read(request: Request) -> bool:
    """Whether somebody may see the names: those who can do something about them, and those who may read the log."""
    principal = principal_of(request)
    return principal.may(Permission.DRAFT) or principal.may(Permission.DECISIONS)


def require_reader(request: Request) -> None:
    """Let only those pass.

    Raises:
        ProblemError: somebody else asks.
    """
    if not may_read(request):
        detail = "Names that callers sent are for those who write drafts and those who may read decisions."
        raise ProblemError(ProblemCode.NOT_PERMITTED, detail)


def counted(parts: Parts) -> Counted:
    """The names; none where no questions are kept."""
    if not parts.settings.keep_requests or parts.unrecognised is None or parts.control is None:
        return Counted(kept=parts.settings.keep_requests, names=())
    return Counted(
        kept=True, names=tuple(parts.unrecognised.most_frequent(parts.active.current(), parts.control.now()))
    )


# --- a synonym in a draft ---------------------------------------------------------------------------------------------


@router.post(f"{UNRECOGNISED_PATH}/name", openapi_extra=needs(Permission.DRAFT))
async def propose_synonym(request: Request) -> Response:
    """The form, with the name and what it most likely is."""
    return await _form(request, await read_fields(request), None)


@router.post(f"{UNRECOGNISED_PATH}/name/keep", openapi_extra=needs(Permission.DRAFT))
async def keep_synonym(request: Request) -> Response:
    """Give the record the name, in the draft that was chosen or in a new one."""

    async def act(posted: Posted) -> Response:
        asked, body = posted.read(NewSynonym)
        parts = parts_of(request)
        place = _place(parts.libraries.current(), body.medicine)

        def put(session: Transaction) -> Answer:
            draft_id = _add(session, asked.control, body, place, asked.act)
            return to(f"/admin/drafts/{draft_id}/records/{place[0]}/{place[1]}")

        return await done_once(asked, put)

    async def again(sheet: Sheet) -> Response:
        return await _form(request, sheet.said, sheet)

    return await taken(request, act, again)


def _add(session: Transaction, control: Control, body: NewSynonym, place: Place, act: Act) -> str:
    """Put the record with its new name into the draft; which one it is."""
    if body.draft == _NEW:
        entry = control.drafts.open(session, f"Another name: {body.name}"[:200], act)
        seen = Seen(entry.id, entry.revision)
    else:
        draft_id, _, revision = body.draft.partition(".")
        seen = Seen(draft_id, int(revision))
    document = control.drafts.record(session, seen.draft_id, place).document
    names = [document["name"], *document.get("synonyms", ()), *document.get("brands", ())]
    if folded(body.name) in {folded(name) for name in names}:
        raise _refused("name", "It has this name already; publish the draft that gave it.")
    document["synonyms"] = [*document.get("synonyms", ()), body.name]
    control.drafts.put(session, seen, place, document, act)
    return seen.draft_id


def _place(library: Library, medicine: str) -> Place:
    """The record that somebody typed by its name or its id.

    Raises:
        ProblemError: there is none.
    """
    wanted = folded(medicine)
    for kind in _KINDS:
        for entry in library.entries:
            if entry.kind == kind and wanted in {folded(entry.record.id), folded(entry.title)}:
                return entry.place
    raise _refused("medicine", "There is no substance or product of this name; its record has to be made first.")


def _refused(name: str, detail: str) -> ProblemError:
    fault = Fault(location=FaultLocation.BODY, pointer=f"/{name}", detail=detail)
    return ProblemError(ProblemCode.INVALID_REQUEST, "The name was not added.", faults=[fault])


async def _form(request: Request, fields: Fields, sheet: Sheet | None) -> Response:
    parts = parts_of(request)
    library = await run_in_threadpool(parts.libraries.current)
    drafts = await in_transaction(request, _open)
    sheet = sheet or new_sheet(
        request, said=Fields((("name", fields.one("name")), ("medicine", fields.one("medicine"))))
    )
    return page(
        "unrecognised-name.html",
        status=sheet.status,
        sheet=sheet,
        medicines=[entry.title for entry in library.entries if entry.kind in _KINDS and _active(entry.record)],
        drafts=[(_NEW, "A new draft"), *((f"{one.id}.{one.revision}", one.title) for one in drafts)],
        **frame(request, "statistics"),
    )


def _active(record: Record) -> bool:
    return isinstance(record, Substance | Product) and record.status == "active"


def _open(control: Control, session: Transaction) -> list[DraftSummary]:
    listed, _ = control.drafts.listed(session, state=DraftState.OPEN, limit=_MOST_DRAFTS, offset=0)
    return listed
