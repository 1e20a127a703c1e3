"""`/admin/rule-sets`: all that were ever published, how two of them differ in clinical words, roll back, retire."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from rules.canonical import records_of
from rules.diff import differences
from rules.model import RuleSet
from rules.terms import RecordChange
from service.admin import words, yaml_view
from service.admin.changes import Comparison, Row, headline
from service.admin.draft_pages import Titles
from service.admin.posting import Posted, Sheet, new_sheet, taken, to
from service.admin.reading import Reader
from service.admin.rendering import page
from service.admin.routes import frame, pages_router
from service.admin.text_difference import Line, lines_of
from service.api import steps
from service.api.changing import in_transaction
from service.api.dependencies import control_of, principal_of
from service.api.openapi import needs
from service.api.wishes import Retirement, RollBack
from service.application.control import Control
from service.application.principals import Permission, Principal
from service.application.record_search import Place, title_of
from service.errors import NoSuchRuleSet
from service.storage import rule_sets
from service.storage.rule_sets import RuleSetSummary
from service.storage.session import Transaction

router = pages_router()

Number = Annotated[int, Path(ge=1, le=1_000_000_000)]
PAGE: Final = 50


class Done(StrEnum):
    """What was just done, when a page is shown after it."""

    ROLLED_BACK = "rolled-back"
    RETIRED = "retired"


_DONE: Final = {
    Done.ROLLED_BACK: "Its content was published again; it answers everywhere within two seconds.",
    Done.RETIRED: "Its content never answers again. Past answers can still be made again.",
}


@dataclass(frozen=True, slots=True)
class Published:
    """A rule set as pages show it, and why it cannot be rolled back to or retired."""

    summary: RuleSetSummary
    answers: bool
    no_roll_back: str | None
    no_retirement: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """A record that differs between two rule sets."""

    place: Place
    title: str
    what: str
    rows: list[Row]
    lines: list[Line]
    there: bool  # in the later one


class CompareQuery(BaseModel):
    """Which two are compared, and how it is shown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    since: Annotated[int, Field(ge=1, le=1_000_000_000)]
    number: Annotated[int, Field(ge=1, le=1_000_000_000)]
    text: bool = False
    page: Annotated[int, Field(ge=1, le=10_000)] = 1


@router.get("/admin/rule-sets", openapi_extra=needs(Permission.RULE_SETS))
async def list_all_rule_sets(request: Request, done: Annotated[Done | None, Query()] = None) -> Response:
    """All of them, the newest first."""
    found = await in_transaction(request, lambda _, session: _all(session, principal_of(request)))
    told = None if done is None else _DONE[done]
    return page("rule-sets.html", rule_sets=found, done=told, **frame(request, "rule-sets"))


@router.get("/admin/rule-sets/compare", openapi_extra=needs(Permission.RULE_SETS))
async def compare_two(request: Request, query: Annotated[CompareQuery, Query()]) -> Response:
    """How one differs from another."""
    control = control_of(request)
    values = await run_in_threadpool(_compared, control, query)
    every = await in_transaction(request, lambda _, session: _all(session, principal_of(request)))
    return page("rule-set-compare.html", **values, query=query, rule_sets=every, **frame(request, "rule-sets"))


@router.get("/admin/rule-sets/{number}/roll-back", openapi_extra=needs(Permission.PUBLISH))
async def show_roll_back(request: Request, number: Number) -> Response:
    """The form for rolling back."""
    return await _form(request, number, "roll-back")


@router.post("/admin/rule-sets/{number}/roll-back", openapi_extra=needs(Permission.PUBLISH))
async def roll_back_to(request: Request, number: Number) -> Response:
    """Let its content answer again."""

    async def act(posted: Posted) -> Response:
        asked, body = posted.read(RollBack)
        address = f"/admin/rule-sets?done={Done.ROLLED_BACK}"
        return await steps.roll_back(asked, body, number, lambda _, __: to(address))

    return await taken(request, act, lambda sheet: _form(request, number, "roll-back", sheet))


@router.get("/admin/rule-sets/{number}/retire", openapi_extra=needs(Permission.PUBLISH))
async def show_retire(request: Request, number: Number) -> Response:
    """The form for retiring."""
    return await _form(request, number, "retire")


@router.post("/admin/rule-sets/{number}/retire", openapi_extra=needs(Permission.PUBLISH))
async def retire_for_good(request: Request, number: Number) -> Response:
    """Rule out that its content ever answers again."""

    async def act(posted: Posted) -> Response:
        asked, body = posted.read(Retirement)
        address = f"/admin/rule-sets?done={Done.RETIRED}"
        return await steps.retire(asked, body, number, lambda _, __: to(address))

    return await taken(request, act, lambda sheet: _form(request, number, "retire", sheet))


async def _form(request: Request, number: int, what: str, sheet: Sheet | None = None) -> Response:
    every = await in_transaction(request, lambda _, session: _all(session, principal_of(request)))
    one = next((one for one in every if one.summary.number == number), None)
    if one is None:
        raise NoSuchRuleSet(number)
    sheet = sheet or new_sheet(request)
    return page(
        "rule-set-step.html", status=sheet.status, sheet=sheet, one=one, what=what, **frame(request, "rule-sets")
    )


def _all(session: Transaction, principal: Principal) -> list[Published]:
    found = rule_sets.summaries(session)
    active = rule_sets.active_number(session)
    digest = next((one.digest for one in found if one.number == active), None)
    return [_published(one, active, digest, principal) for one in found]


def _published(one: RuleSetSummary, active: int | None, digest: str | None, principal: Principal) -> Published:
    """With the reasons that the verbs would give."""
    no_roll_back = no_retirement = None
    if not principal.may(Permission.PUBLISH):
        no_roll_back = no_retirement = "Only a publisher can do this."
    elif one.digest == digest:
        no_roll_back = "Its content is what answers now."
        no_retirement = "Its content is what answers now; publish or roll back first."
    elif one.retired_at is not None:
        no_roll_back = no_retirement = "It was retired and never answers again."
    return Published(one, one.number == active, no_roll_back, no_retirement)


def _compared(control: Control, query: CompareQuery) -> dict[str, Any]:
    before, after = control.shelf.get(query.since).rule_set, control.shelf.get(query.number).rule_set
    found = differences(before, after)
    counts = {change: sum(1 for one in found if one.change is change) for change in RecordChange}
    pages = max(1, -(-len(found) // PAGE))
    number = min(query.page, pages)
    places = [(one.kind, one.record_id) for one in found[(number - 1) * PAGE : number * PAGE]]
    return {
        "differing": _differing(before, after, places, text=query.text),
        "total": len(found),
        "counts": {change: many for change, many in counts.items() if many},
        "number": number,
        "pages": pages,
    }


def _differing(before: RuleSet, after: RuleSet, places: list[Place], *, text: bool) -> list[Difference]:
    old, new = records_of(before), records_of(after)
    # Records that are gone are called what they were called.
    comparison = Comparison(Reader(Titles(after, {place: old[place] for place in places if place not in new})))
    found = []
    for place in places:
        one, other = old.get(place), new.get(place)
        rows = comparison.rows(one, other) if one is not None and other is not None else []
        what = headline(rows) if rows else words.term(RecordChange.CREATED if one is None else RecordChange.REMOVED)
        texts = ("" if record is None else yaml_view.written(record) for record in (one, other))
        lines = lines_of(*texts) if text else []
        there = other or one
        title = place[1] if there is None else title_of(there)
        found.append(Difference(place, title, what, rows, lines, there=other is not None))
    return found
