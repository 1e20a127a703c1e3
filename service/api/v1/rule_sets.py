"""`/v1/rule-sets`: which rule set answers, which there were, how they differ; roll back to one, or retire one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from rules.diff import differences
from service.api import steps
from service.api.changing import answer_of, in_transaction, read_change
from service.api.dependencies import GivenParts, catalogue_of, control_of
from service.api.openapi import changes, json_body, needs, statuses
from service.api.pagination import DIGITS, PageQuery
from service.api.routes import StrictRoute, operation_id
from service.api.wishes import Retirement, RollBack
from service.application.draft_views import DifferenceEntry
from service.application.once import Answer
from service.application.principals import Permission
from service.errors import NoSuchRuleSet
from service.storage import rule_sets as storage
from service.storage.rule_sets import RuleSetSummary
from service.storage.session import Transaction

router = APIRouter(route_class=StrictRoute, generate_unique_id_function=operation_id, tags=["rule sets"])


class RecordCounts(BaseModel):
    """How many records of each kind there are."""

    model_config = ConfigDict(frozen=True)

    substances: int
    products: int
    classes: int
    forms: int
    interactions: int
    conditions: int
    symptoms: int
    reference_ranges: int
    intake_limits: int
    recommended_intakes: int
    supplement_targets: int
    administrations: int
    monitoring_schedules: int
    guidance: int
    assessments: int
    citations: int
    attributions: int
    cases: int


class ActiveRuleSetEntry(BaseModel):
    """The rule set that answers."""

    model_config = ConfigDict(frozen=True)

    version: Annotated[int, Field(description="Number of the published rule set.")]
    digest: Annotated[str, Field(description="SHA-256 of the rule set's canonical JSON.")]
    loaded_at: Annotated[datetime | None, Field(description="When this process took it over (UTC).")]
    counts: RecordCounts


@router.get(
    "/v1/rule-sets/active",
    summary="Read which rule set answers",
    response_description="The rule set that answers.",
    openapi_extra={**needs(Permission.KNOWLEDGE), **statuses(503)},
)
async def get_active_rule_set(parts: GivenParts, response: Response) -> ActiveRuleSetEntry:
    """The number and digest that every report names, and how many records there are of each kind."""
    response.headers["Cache-Control"] = "no-store"
    catalogue = await catalogue_of(parts.catalogues)
    return ActiveRuleSetEntry(
        version=catalogue.rule_set["version"],
        digest=catalogue.rule_set["digest"],
        loaded_at=parts.active.state.loaded_at,
        counts=RecordCounts(**catalogue.counts),
    )


Number = Annotated[int, Path(ge=1, le=1_000_000_000, description="Number of the rule set.")]


class RuleSetEntry(BaseModel):
    """A published rule set: immutable, numbered in the order of publishing."""

    model_config = ConfigDict(frozen=True)

    version: Annotated[int, Field(description="Its number.")]
    digest: Annotated[str, Field(description="SHA-256 of its canonical JSON.")]
    answers: Annotated[bool, Field(description="Whether it is the one that answers.")]
    published_at: datetime
    author: str
    note: Annotated[str, Field(description="Why it was published.")]
    counts: dict[str, int]
    retired_at: Annotated[datetime | None, Field(description="Since when its content may never answer again.")] = None

    @classmethod
    def of(cls, summary: RuleSetSummary, active: int | None) -> RuleSetEntry:
        """Told from its row."""
        return cls(
            version=summary.number,
            digest=summary.digest,
            answers=summary.number == active,
            published_at=summary.created_at,
            author=summary.author,
            note=summary.note,
            counts=summary.record_counts,
            retired_at=summary.retired_at,
        )


class RuleSetPage(BaseModel):
    """A part of the list of rule sets."""

    model_config = ConfigDict(frozen=True)

    total: Annotated[int, Field(description="How many rule sets there are in all pages together.")]
    items: list[RuleSetEntry]
    next: Annotated[
        str | None, Field(description="The next page, relative to this address. Left out on the last page.")
    ] = None


class RuleSetDifferences(BaseModel):
    """How a rule set differs from another."""

    model_config = ConfigDict(frozen=True)

    version: int
    since: int
    records: list[DifferenceEntry]


BODIES: Final = (RollBack, Retirement)
_EXAMPLE: Final = {"plain": {"summary": "An example", "value": {"reason": "Rule set 4 names a wrong interval."}}}
_PUBLISHES: Final = {**changes(), **needs(Permission.PUBLISH)}


def _summaries(session: Transaction) -> list[RuleSetEntry]:
    active = storage.active_number(session)
    return [RuleSetEntry.of(one, active) for one in storage.summaries(session)]


def _entry(session: Transaction, number: int) -> RuleSetEntry:
    found = next((one for one in _summaries(session) if one.version == number), None)
    if found is None:
        raise NoSuchRuleSet(number)
    return found


@router.get(
    "/v1/rule-sets",
    summary="List rule sets",
    response_description="A page of rule sets, the newest first.",
    response_model_exclude_none=True,
    openapi_extra={**needs(Permission.RULE_SETS), **statuses(503)},
)
async def list_rule_sets(request: Request, query: Annotated[PageQuery, Query()], response: Response) -> RuleSetPage:
    """All that were ever published, with who published them and why."""
    response.headers["Cache-Control"] = "no-store"
    entries: list[RuleSetEntry] = await in_transaction(request, lambda _, session: _summaries(session))
    end = query.offset + query.limit
    more = query.following() if end < len(entries) else None
    return RuleSetPage(total=len(entries), items=entries[query.offset : end], next=more)


@router.get(
    "/v1/rule-sets/{number}",
    summary="Read about a rule set",
    response_description="The rule set, without its records.",
    response_model_exclude_none=True,
    openapi_extra={**needs(Permission.RULE_SETS), **statuses(404, 503)},
)
async def get_rule_set(request: Request, number: Number, response: Response) -> RuleSetEntry:
    """One published rule set."""
    response.headers["Cache-Control"] = "no-store"
    entry: RuleSetEntry = await in_transaction(request, lambda _, session: _entry(session, number))
    return entry


@router.get(
    "/v1/rule-sets/{number}/content",
    summary="Read a rule set",
    response_class=Response,
    response_description="Its canonical JSON: the very bytes that `digest` is of.",
    responses={200: {"content": {"application/json": {"schema": {"type": "object"}}}}},
    openapi_extra={**needs(Permission.RULE_SETS), **statuses(404, 503)},
)
async def get_rule_set_content(request: Request, number: Number) -> Response:
    """Every record, as it was published."""
    content = await run_in_threadpool(control_of(request).shelf.get, number)
    headers = {"Cache-Control": "no-store", "ETag": f'"{content.digest}"'}
    return Response(content.canonical, headers=headers, media_type="application/json")


@router.get(
    "/v1/rule-sets/{number}/differences",
    summary="Compare two rule sets",
    response_description="The records that differ, and where.",
    openapi_extra={**needs(Permission.RULE_SETS), **statuses(404, 503)},
)
async def compare_rule_sets(
    request: Request,
    number: Number,
    since: Annotated[int, Query(ge=1, le=1_000_000_000, description="Number of the one to compare with."), DIGITS],
    response: Response,
) -> RuleSetDifferences:
    """What was created, revised, withdrawn or removed between two rule sets, field by field."""
    response.headers["Cache-Control"] = "no-store"
    shelf = control_of(request).shelf

    def look() -> RuleSetDifferences:
        found = differences(shelf.get(since).rule_set, shelf.get(number).rule_set)
        return RuleSetDifferences(version=number, since=since, records=[DifferenceEntry.of(one) for one in found])

    return await run_in_threadpool(look)


@router.post(
    "/v1/rule-sets/{number}/roll-back",
    summary="Roll back to a rule set",
    response_model=RuleSetEntry,
    response_model_exclude_none=True,
    response_description="The rule set that answers now.",
    openapi_extra={**_PUBLISHES, **json_body(RollBack, _EXAMPLE)},
)
async def roll_back(request: Request, number: Number) -> Response:
    """Publish its content again under the next number, and let it answer. It was reviewed when it was new."""
    asked, body = await read_change(request, RollBack)
    return await steps.roll_back(asked, body, number, _told)


@router.post(
    "/v1/rule-sets/{number}/retire",
    summary="Retire a rule set",
    response_model=RuleSetEntry,
    response_model_exclude_none=True,
    response_description="The rule set, retired.",
    openapi_extra={**_PUBLISHES, **json_body(Retirement, _EXAMPLE)},
)
async def retire_rule_set(request: Request, number: Number) -> Response:
    """Rule out that its content ever answers again, under whichever number. Past answers stay replayable."""
    asked, body = await read_change(request, Retirement)
    return await steps.retire(asked, body, number, _told)


def _told(session: Transaction, number: int) -> Answer:
    return answer_of(_entry(session, number))
