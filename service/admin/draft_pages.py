"""`/admin/drafts`: the drafts, what waits for whom, one draft and each record it changes. It only shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar

from fastapi import Path, Query, Request, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from rules.canonical import records_of
from rules.documents import Record
from rules.model import RuleSet
from service.admin import draft_words, yaml_view
from service.admin.changes import Comparison, Row, headline
from service.admin.posting import Sheet, new_sheet
from service.admin.reading import Named, Reader
from service.admin.record_pages import Kind
from service.admin.rendering import page
from service.admin.routes import frame, pages_router
from service.admin.text_difference import lines_of
from service.api.changing import in_transaction
from service.api.dependencies import RecordId, principal_of
from service.api.openapi import needs
from service.application.control import Control
from service.application.draft_reading import OwnChange
from service.application.draft_steps import DraftState, DraftStep
from service.application.draft_views import DraftEntry
from service.application.principals import Permission
from service.application.record_search import Place, title_of
from service.errors import NotThere
from service.storage.session import Transaction

router = pages_router()

DraftId = Annotated[str, Path(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
PAGE: Final = 25
T = TypeVar("T")


class Done(StrEnum):
    """What was just done, when a page is shown after it."""

    DISCARDED = "discarded"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    RETURNED = "returned"
    PUBLISHED = "published"
    REBASED = "rebased"
    UNDONE = "undone"
    WITHDRAWN = "withdrawn"
    COMMENTED = "commented"


_DONE: Final[dict[Done, str]] = {
    Done.DISCARDED: "The draft was given up.",
    Done.SUBMITTED: "The draft was handed in for review.",
    Done.APPROVED: "Your approval is signed.",
    Done.RETURNED: "The draft went back to its authors with your reason.",
    Done.PUBLISHED: "The draft was published; it answers everywhere within two seconds.",
    Done.REBASED: "The draft stands on the rule set that answers now.",
    Done.UNDONE: "The record is as its base has it.",
    Done.WITHDRAWN: "The record is withdrawn in this draft.",
    Done.COMMENTED: "Your comment was added.",
}


@dataclass(frozen=True, slots=True)
class _Titled:
    title: str
    record: Record


class Titles:
    """What records are called: those of a rule set, with some put over them."""

    def __init__(self, rule_set: RuleSet, over: Mapping[Place, Record] | None = None) -> None:
        """``over`` wins."""
        self._records = {**records_of(rule_set), **(over or {})}

    def get(self, place: Place, /) -> Named | None:
        """The record at a place."""
        record = self._records.get(place)
        return None if record is None else _Titled(title_of(record), record)


@dataclass(frozen=True, slots=True)
class Changed:
    """A record that a draft changes, as pages show it. ``rows`` is empty for one that is new."""

    own: OwnChange
    title: str
    what: str
    rows: list[Row]

    @property
    def kind(self) -> str:
        """Its kind."""
        return self.own.place[0]

    @property
    def record_id(self) -> str:
        """Its id."""
        return self.own.place[1]


class ListQuery(BaseModel):
    """Which drafts are listed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: Annotated[DraftState | None, BeforeValidator(lambda value: None if value == "" else value)] = None
    page: Annotated[int, Field(ge=1, le=10_000)] = 1


@router.get("/admin/drafts", openapi_extra=needs(Permission.DRAFTS))
async def list_all_drafts(request: Request, query: Annotated[ListQuery, Query()]) -> Response:
    """What waits for the one who looks, then all drafts, those changed last first."""
    principal = principal_of(request)

    def look(control: Control, session: Transaction) -> dict[str, Any]:
        offset = (query.page - 1) * PAGE
        drafts, total = control.drafts.listed(session, state=query.state, limit=PAGE, offset=offset)
        return {
            "waiting": control.drafts.waiting_for(session, principal),
            "counts": control.drafts.counts(session),
            "drafts": drafts,
            "total": total,
        }

    values = await in_transaction(request, look)
    return page(
        "drafts.html",
        **values,
        state=query.state,
        number=query.page,
        pages=max(1, -(-values["total"] // PAGE)),
        waits=draft_words.WAITS,
        **frame(request, "drafts"),
    )


@router.get("/admin/drafts/{draft_id}", openapi_extra=needs(Permission.DRAFTS))
async def show_draft(request: Request, draft_id: DraftId, done: Annotated[Done | None, Query()] = None) -> Response:
    """One draft: where it stands, what it changes, what was said about it, and what can be done with it."""
    return await draft_page(request, draft_id, None if done is None else _DONE[done])


async def draft_page(request: Request, draft_id: str, done: str | None = None, said: Sheet | None = None) -> Response:
    """The page of a draft; ``said`` is a comment that could not be taken."""
    values = await in_transaction(request, lambda control, session: draft_values(control, session, request, draft_id))
    said = said or new_sheet(request)
    return page("draft.html", status=said.status, **values, done=done, said=said, **frame(request, "drafts"))


def draft_values(control: Control, session: Transaction, request: Request, draft_id: str) -> dict[str, Any]:
    """What every page about a draft shows of it."""
    entry: DraftEntry = control.drafts.entry(session, draft_id, principal_of(request))
    return {
        "entry": entry,
        "next": draft_words.happens_next(entry),
        "buttons": draft_words.buttons(entry),
        "may_edit": any(one.step is DraftStep.EDIT and one.allowed for one in entry.steps),
        "changed": changed_records(control, session, draft_id),
        "comments": control.comments.listed(session, draft_id),
    }


def changed_records(control: Control, session: Transaction, draft_id: str) -> list[Changed]:
    """Every record that a draft changes, told in words."""
    base, own = control.drafts.own_changes(session, draft_id)
    comparison = Comparison(Reader(Titles(base, {one.place: one.after for one in own})))
    return [_changed(comparison, one) for one in own]


def _changed(comparison: Comparison, own: OwnChange) -> Changed:
    if own.before is None:
        return Changed(own, title_of(own.after), "New", [])
    rows = comparison.rows(own.before, own.after)
    return Changed(own, title_of(own.after), headline(rows), rows)


@router.get("/admin/drafts/{draft_id}/compare", openapi_extra=needs(Permission.DRAFTS))
async def compare_draft(request: Request, draft_id: DraftId, text: Annotated[bool, Query()] = False) -> Response:  # noqa: FBT002
    """Everything that a draft changes, in clinical words or as the text of the files."""
    values = await in_transaction(request, lambda control, session: draft_values(control, session, request, draft_id))
    texts = await run_in_threadpool(_texts, values["changed"]) if text else {}
    return page("draft-compare.html", **values, text=text, texts=texts, **frame(request, "drafts"))


def _texts(changed: list[Changed]) -> dict[Place, Any]:
    return {
        one.own.place: lines_of(
            "" if one.own.before is None else yaml_view.written(one.own.before), yaml_view.written(one.own.after)
        )
        for one in changed
    }


@router.get("/admin/drafts/{draft_id}/records/{kind}/{record_id}", openapi_extra=needs(Permission.DRAFTS))
async def show_draft_record(
    request: Request, draft_id: DraftId, kind: Kind, record_id: RecordId, done: Annotated[Done | None, Query()] = None
) -> Response:
    """A record as the draft has it: what is changed in it, and all that it says."""
    return await record_page(request, draft_id, (kind, record_id), None if done is None else _DONE[done])


async def record_page(
    request: Request, draft_id: str, place: Place, done: str | None = None, said: Sheet | None = None
) -> Response:
    """The page of a record; ``said`` is a comment that could not be taken."""
    values = await in_transaction(request, record_values(request, draft_id, place))
    said = said or new_sheet(request)
    return page("draft-record.html", status=said.status, **values, done=done, said=said, **frame(request, "drafts"))


def record_values(request: Request, draft_id: str, place: Place) -> Callable[[Control, Transaction], dict[str, Any]]:
    """What a page about a record of a draft shows."""

    def look(control: Control, session: Transaction) -> dict[str, Any]:
        entry = control.drafts.entry(session, draft_id, principal_of(request))
        base, own = control.drafts.own_changes(session, draft_id)
        reader = Reader(Titles(base, {one.place: one.after for one in own}))
        mine = next((one for one in own if one.place == place), None)
        record = records_of(base).get(place) if mine is None else mine.after
        if record is None:
            raise NotThere("neither the draft nor its base has such a record")
        return {
            "entry": entry,
            "place": place,
            "comments": [one for one in control.comments.listed(session, draft_id) if one.record == "/".join(place)],
            "record": record,
            "title": title_of(record),
            "changed": None if mine is None else _changed(Comparison(reader), mine),
            "lines": [] if mine is None else _texts([_changed(Comparison(reader), mine)])[place],
            "fields": reader.fields(record),
            "may_edit": any(one.step is DraftStep.EDIT and one.allowed for one in entry.steps),
        }

    return look
