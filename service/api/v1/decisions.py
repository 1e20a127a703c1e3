"""`/v1/decisions`: what was answered, from what, and the same answer once more.

A client sees its own decisions only; those of others are to it as if they were not there.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.concurrency import run_in_threadpool

from rules.profile import MedicationProfile
from rules.report import RuleSetReference
from rules.terms import CheckStatus, Severity
from service.api.bodies import parse_body, read_content
from service.api.changing import in_transaction
from service.api.dependencies import Moment, RecordId, control_of, parts_of, principal_of
from service.api.examples import CHECK_REQUESTS
from service.api.openapi import json_body, needs, statuses
from service.api.pagination import DEFAULT_LIMIT, DIGITS, MAXIMUM_LIMIT
from service.api.problems import ProblemCode, ProblemError
from service.api.rendering import Renderer
from service.api.routes import StrictRoute, operation_id
from service.application.checks import CheckAnswer
from service.application.decisions import ENGINE_VERSION
from service.application.principals import Permission, Principal
from service.application.replays import Replay
from service.storage import decisions
from service.storage.decisions import Filters
from service.storage.tables import DecisionRow

router = APIRouter(route_class=StrictRoute, generate_unique_id_function=operation_id, tags=["decisions"])

# A list of all time would read all of a table that grows by each check.
_DAYS: Final = 30
_NO_DECISION: Final = "There is no decision with this id, or none that you may see."

# A place in the log that stays one when the decision is gone: microseconds since 1970, and the id.
_CURSOR: Final = r"^[0-9]{1,17}\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

DecisionId = Annotated[
    str,
    Path(description="`check_id` of the answer.", pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"),
]
Caller = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]*$")]


class FindingEntry(BaseModel):
    """What is kept of a finding."""

    model_config = ConfigDict(frozen=True)

    interaction_id: str
    key: str
    severity: Severity


class DecisionEntry(BaseModel):
    """What is kept of a check. Nothing in it is about the patient."""

    model_config = ConfigDict(frozen=True)

    id: Annotated[str, Field(description="`check_id` of the answer.")]
    at: datetime
    caller: Annotated[str, Field(description="Who asked: a key, a service or a person; never a patient.")]
    rule_set: RuleSetReference
    terminology_digest: Annotated[str | None, Field(description="Null: none was in use.")]
    engine_version: Annotated[str, Field(description="Version of the program, which has a part in the answer too.")]
    as_of: Annotated[str, Field(description="The day the answer is about.")]
    explain: bool
    degraded: Annotated[Any, Field(description="As in the answer.")]
    request_digest: Annotated[
        str,
        Field(
            description="SHA-256 of the question's JSON as RFC 8785 writes it: keys sorted, no white space, text in "
            "UTF-8. The same question has the same digest."
        ),
    ]
    request_kept: Annotated[bool, Field(description="Whether it can be replayed without sending the question.")]
    answer_digest: Annotated[str, Field(description="SHA-256 of the bytes of the answer.")]
    status: CheckStatus
    highest_severity: Severity | None
    findings: list[FindingEntry]
    medications: Annotated[int, Field(description="How many lines the list had.")]
    unrecognised: Annotated[int, Field(description="How many of them were not recognised.")]
    duration_microseconds: Annotated[int, Field(description="How long it took to work out and write the answer.")]

    @classmethod
    def of(cls, row: DecisionRow) -> DecisionEntry:
        """Told from its row."""
        return cls(
            id=row.id,
            at=row.at,
            caller=row.caller,
            rule_set={"version": row.rule_set_number, "digest": row.rule_set_digest},
            terminology_digest=row.terminology_digest,
            engine_version=row.engine_version,
            as_of=row.as_of,
            explain=row.explain,
            degraded=row.degraded,
            request_digest=row.request_digest,
            request_kept=row.request is not None,
            answer_digest=row.answer_digest,
            status=CheckStatus(row.status),
            highest_severity=None if row.highest_severity is None else Severity(row.highest_severity),
            findings=[FindingEntry.model_validate(finding) for finding in row.findings],
            medications=row.medications,
            unrecognised=row.unrecognised,
            duration_microseconds=row.duration_microseconds,
        )


class DecisionQuery(BaseModel):
    """Which decisions are asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: Annotated[int, Field(ge=1, le=MAXIMUM_LIMIT, description="How many decisions at most."), DIGITS] = (
        DEFAULT_LIMIT
    )
    since: Annotated[
        Moment | None,
        Field(description=f"Only from this moment on. Left out: {_DAYS} days before `until`."),
    ] = None
    until: Annotated[Moment | None, Field(description="Only from before this moment. Left out: now.")] = None
    behind: Annotated[
        str | None,
        Field(pattern=_CURSOR, description="Only those behind this place; `next` of the page before has it."),
    ] = None
    interaction_id: Annotated[RecordId | None, Field(description="Only those with a finding of it.")] = None
    status: Annotated[CheckStatus | None, Field(description="Only those with this status.")] = None
    caller: Annotated[Caller | None, Field(description="Only what this key, service or person asked.")] = None
    # What is no number must not be read as none: the filter would be left out without a word.
    rule_set: Annotated[
        Annotated[int, Field(ge=0, le=999_999_999), DIGITS] | None,
        Field(description="Only those answered from this rule set."),
    ] = None

    def place(self) -> tuple[datetime, str] | None:
        """Moment and id of the last decision of the page before."""
        if self.behind is None:
            return None
        microseconds, _, decision_id = self.behind.partition(".")
        return _EPOCH + timedelta(microseconds=int(microseconds)), decision_id

    def following(self, last: DecisionEntry) -> str:
        """The query of the next page."""
        given = self.model_dump(mode="json", exclude_none=True, exclude={"behind"})
        behind = f"{(last.at - _EPOCH) // timedelta(microseconds=1)}.{last.id}"
        return "?" + urlencode({**given, "limit": self.limit, "behind": behind})


class DecisionPage(BaseModel):
    """A part of the log, the newest decisions first."""

    model_config = ConfigDict(frozen=True)

    items: list[DecisionEntry]
    next: Annotated[
        str | None, Field(description="The next page, relative to this address. Left out on the last page.")
    ] = None


_REPLAY: Final = {"operationId": "replay_decision", "parameters": {"decision_id": "$response.body#/id"}}
_DECISION: Final = {"operationId": "get_decision", "parameters": {"decision_id": "$response.body#/check_id"}}


@router.get(
    "/v1/decisions",
    summary="List decisions",
    response_description="A page of decisions, the newest first.",
    response_model_exclude_none=False,
    openapi_extra={**needs(Permission.DECISIONS), **statuses(503)},
)
async def list_decisions(
    request: Request, query: Annotated[DecisionQuery, Query()], response: Response
) -> DecisionPage:
    """What was answered of late. Those of the last seconds may still be on their way while the database is away."""
    response.headers["Cache-Control"] = "no-store"
    until = query.until or control_of(request).now() + timedelta(seconds=1)
    since = query.since or _days_before(until)
    filters = Filters(
        since=since,
        until=until,
        interaction_id=query.interaction_id,
        status=query.status,
        caller=query.caller,
        rule_set=query.rule_set,
    )

    rows: list[DecisionRow] = await in_transaction(
        request,
        lambda _, session: decisions.newest(session, filters, behind=query.place(), limit=query.limit + 1),
    )
    items = [DecisionEntry.of(row) for row in rows[: query.limit]]
    return DecisionPage(items=items, next=query.following(items[-1]) if len(rows) > query.limit else None)


@router.get(
    "/v1/decisions/{decision_id}",
    summary="Read a decision",
    response_description="The decision.",
    responses={200: {"links": {"replay_decision": _REPLAY}}},
    openapi_extra={**needs(Permission.SELF), **statuses(404, 503)},
)
async def get_decision(request: Request, decision_id: DecisionId, response: Response) -> DecisionEntry:
    """What a check was answered from and what it found. Whoever asked may read it, and auditors may read all."""
    response.headers["Cache-Control"] = "no-store"
    return DecisionEntry.of(await decision_of(request, decision_id))


@router.post(
    "/v1/decisions/{decision_id}/replay",
    summary="Answer once more as it was answered then",
    response_model=CheckAnswer,
    responses={
        200: {
            "description": "The answer, from the rule set and terminology of that time, under the same `check_id`.",
            "headers": {
                "X-Replay": {
                    "description": "Whether these are the bytes that were answered then.",
                    "schema": {"type": "string", "enum": ["identical", "different"]},
                },
                "X-Replay-Decided-By": {
                    "description": "Version of the program that answered then.",
                    "schema": {"type": "string"},
                },
                "X-Replay-Answered-By": {
                    "description": "Version of the program that answers now.",
                    "schema": {"type": "string"},
                },
            },
            "links": {"get_decision": _DECISION},
        }
    },
    openapi_extra={
        **json_body(MedicationProfile, CHECK_REQUESTS, required=False),
        **needs(Permission.SELF),
        **statuses(404, 409, 415, 503),
    },
)
async def replay_decision(request: Request, decision_id: DecisionId) -> Response:
    """Send the question of that time; where it was kept with its decision, the body may be left out.

    Nothing is logged, and nothing counts as a check. `X-Replay: different` says that the bytes are not those of that
    time, which another version of the program may be the reason for.
    """
    decision = await decision_of(request, decision_id)
    body = None
    if request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers:
        body = await read_content(request)
        parse_body(body, MedicationProfile)
    replays = parts_of(request).replays
    if replays is None:
        raise ProblemError(ProblemCode.NOT_FOUND, _NO_DECISION)
    # What it renders is not kept: the fragments of old rule sets would crowd out those that answer.
    replay: Replay = await run_in_threadpool(replays.replay, decision, body, Renderer().render)
    headers = {
        "Cache-Control": "no-store",
        "X-Replay": "identical" if replay.identical else "different",
        "X-Replay-Decided-By": decision.engine_version,
        "X-Replay-Answered-By": ENGINE_VERSION,
    }
    return Response(replay.content, headers=headers, media_type="application/json")


async def decision_of(request: Request, decision_id: str) -> DecisionRow:
    """A decision that who asks may see.

    Raises:
        ProblemError: there is none; somebody else's is none.
    """
    principal = principal_of(request)
    row = await in_transaction(request, lambda _, session: decisions.by_id(session, decision_id))
    return _found(row if row is not None and _may_see(principal, row) else None)


def _may_see(principal: Principal, row: DecisionRow) -> bool:
    return row.caller == principal.id or principal.may(Permission.DECISIONS)


def _found(row: DecisionRow | None) -> DecisionRow:
    if row is None:
        raise ProblemError(ProblemCode.NOT_FOUND, _NO_DECISION)
    return row


def _days_before(moment: datetime) -> datetime:
    """The moment so many days earlier; the beginning of time where there are not that many."""
    try:
        return moment - timedelta(days=_DAYS)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)
