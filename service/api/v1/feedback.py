"""What people make of findings: `POST /v1/decisions/{decision_id}/feedback`, and the rates by interaction."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final, Self

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from starlette.concurrency import run_in_threadpool

from service.api.changing import answer_of, in_transaction, read_wish, sent
from service.api.dependencies import control_of, principal_of
from service.api.openapi import changes, json_body, needs, statuses
from service.api.routes import StrictRoute, operation_id
from service.api.v1.decisions import DecisionId, decision_of
from service.application import feedback
from service.application.checks import new_id
from service.application.feedback import Outcome, OverrideReason, Rate
from service.application.once import Answer, once
from service.application.principals import Permission
from service.storage.session import Transaction
from service.storage.tables import FeedbackRow

router = APIRouter(route_class=StrictRoute, generate_unique_id_function=operation_id, tags=["decisions"])

_DAYS: Final = 30
_CREATED: Final = 201


class NewFeedback(BaseModel):
    """What somebody made of one finding."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    finding_key: Annotated[
        str, StringConstraints(pattern=r"^[0-9a-f]{16}$"), Field(description="`key` of the finding.")
    ]
    outcome: Outcome
    reason_code: Annotated[
        OverrideReason | None,
        Field(description="Why it was overridden; there is no reason for accepting. Free text has no place here."),
    ] = None

    @model_validator(mode="after")
    def _reason_fits(self) -> Self:
        if (self.reason_code is not None) != (self.outcome is Outcome.OVERRIDDEN):
            message = "reason_code has to be given with overridden, and only then"
            raise ValueError(message)
        return self


class FeedbackEntry(BaseModel):
    """Feedback as it was kept."""

    model_config = ConfigDict(frozen=True)

    id: str
    decision_id: str
    finding_key: str
    interaction_id: str
    outcome: Outcome
    reason_code: Annotated[OverrideReason | None, Field(description="Left out where it was accepted.")] = None
    at: datetime

    @classmethod
    def of(cls, row: FeedbackRow) -> FeedbackEntry:
        """Told from its row."""
        return cls(
            id=row.id,
            decision_id=row.decision_id,
            finding_key=row.finding_key,
            interaction_id=row.interaction_id,
            outcome=Outcome(row.outcome),
            reason_code=None if row.reason_code is None else OverrideReason(row.reason_code),
            at=row.at,
        )


class ShareEntry(BaseModel):
    """A share with its 95 % interval after Wilson, as text with four digits behind the point."""

    model_config = ConfigDict(frozen=True)

    value: str
    low: str
    high: str


class RateEntry(BaseModel):
    """How one interaction fared."""

    model_config = ConfigDict(frozen=True)

    interaction_id: str
    fired: Annotated[int, Field(description="How often it was found.")]
    accepted: int
    overridden: int
    override_rate: Annotated[
        ShareEntry | None,
        Field(description="Overridden of all with feedback. Null: there is none."),
    ]
    reasons: Annotated[dict[str, int], Field(description="How often it was overridden for which reason.")]

    @classmethod
    def of(cls, rate: Rate) -> RateEntry:
        """Told from what was counted."""
        share = rate.overridden_share
        return cls(
            interaction_id=rate.interaction_id,
            fired=rate.fired,
            accepted=rate.accepted,
            overridden=rate.overridden,
            override_rate=None
            if share is None
            else ShareEntry(value=f"{share[0]:.4f}", low=f"{share[1]:.4f}", high=f"{share[2]:.4f}"),
            reasons=dict(sorted(rate.reasons.items())),
        )


class RateQuery(BaseModel):
    """Over which days."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    since: Annotated[date | None, Field(description=f"First day (UTC). Left out: {_DAYS} days before `until`.")] = None
    until: Annotated[date | None, Field(description="Last day (UTC). Left out: today.")] = None


class Rates(BaseModel):
    """How the interactions fared."""

    model_config = ConfigDict(frozen=True)

    since: date
    until: date
    items: list[RateEntry]


BODIES: Final = (NewFeedback,)
_EXAMPLE: Final = {
    "overridden": {
        "summary": "Overridden, and watched",
        "value": {"finding_key": "0123456789abcdef", "outcome": "overridden", "reason_code": "will_monitor"},
    },
    "accepted": {"summary": "Accepted", "value": {"finding_key": "0123456789abcdef", "outcome": "accepted"}},
}


@router.post(
    "/v1/decisions/{decision_id}/feedback",
    summary="Say what became of a finding",
    status_code=_CREATED,
    response_model=FeedbackEntry,
    responses={
        _CREATED: {
            "description": "The feedback as it was kept.",
            "links": {
                "get_decision": {
                    "operationId": "get_decision",
                    "parameters": {"decision_id": "$response.body#/decision_id"},
                }
            },
        }
    },
    openapi_extra={**changes(), **json_body(NewFeedback, _EXAMPLE), **needs(Permission.FEEDBACK)},
)
async def give_feedback(request: Request, decision_id: DecisionId) -> Response:
    """Accepted, or overridden for a reason of a closed list. Of several about one finding the last counts."""
    control, wish, body = await read_wish(request, NewFeedback)
    decision = await decision_of(request, decision_id)
    caller, now = principal_of(request).id, control.now()

    def act(session: Transaction) -> Answer:
        row = feedback.give(
            session,
            decision,
            body.finding_key,
            outcome=body.outcome,
            reason=body.reason_code,
            caller=caller,
            new_id=new_id(),
            now=now,
        )
        return answer_of(FeedbackEntry.of(row), status=_CREATED)

    return sent(await run_in_threadpool(once, control.store, wish, now, act))


@router.get(
    "/v1/feedback-rates",
    summary="How often findings are overridden, by interaction",
    response_description="Every interaction that was found or had feedback on these days.",
    openapi_extra={**needs(Permission.RULE_SETS), **statuses(503)},
)
async def list_feedback_rates(request: Request, query: Annotated[RateQuery, Query()], response: Response) -> Rates:
    """For those who look after the rules: what is overridden often is a rule to look at."""
    response.headers["Cache-Control"] = "no-store"
    until = query.until or control_of(request).now().date()
    since = query.since or _days_before(until)
    found = await in_transaction(request, lambda _, session: feedback.rates(session, since, until))
    return Rates(since=since, until=until, items=[RateEntry.of(rate) for rate in found])


def _days_before(day: date) -> date:
    """The day so many days earlier; the first there is where there are not that many."""
    return date.fromordinal(max(1, day.toordinal() - _DAYS))
