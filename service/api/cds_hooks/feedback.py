"""`POST /cds-services/magnesium/feedback`: what became of cards, for the log of decisions.

Whatever cards it names, the answer is 200. What is written in a comment is read by nobody and kept nowhere.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from starlette.concurrency import run_in_threadpool

from service.api.bodies import read_content
from service.api.cds_hooks.cards import OVERRIDE_REASONS
from service.api.cds_hooks.discovery import TAG
from service.api.cds_hooks.offered import SERVICE_PATH
from service.api.dependencies import control_of, principal_of
from service.api.faults import body_faults
from service.api.foreign_json import parse_foreign
from service.api.openapi import json_body, needs, statuses
from service.api.problems import ProblemCode, ProblemError
from service.api.routes import StrictRoute, operation_id
from service.application import card_feedback
from service.application.card_feedback import CardFeedback, Receipt
from service.application.feedback import Outcome, OverrideReason
from service.application.principals import Permission
from service.storage.session import within

router = APIRouter(route_class=StrictRoute, generate_unique_id_function=operation_id, tags=[TAG])
_MOST: Final = 200
_STORE_SECONDS: Final = 4.5  # a client waits five
_MOST_IN_MOMENT: Final = 100
_REASONS: Final = {reason.value: reason for reason in OverrideReason}


class CardOutcome(BaseModel):
    """What became of one card."""

    model_config = ConfigDict(extra="allow")

    card: Annotated[str, StringConstraints(min_length=1, max_length=200), Field(description="`uuid` of the card.")]
    outcome: Outcome
    acceptedSuggestions: Annotated[  # noqa: N815 - the name on the wire
        Any, Field(description="`id` of each suggestion that was taken.")
    ] = None
    overrideReason: Annotated[  # noqa: N815
        Any,
        Field(
            description="`reason`, a coding out of `overrideReasons` of the card. `userComment` is free text, which "
            "may hold anything about a patient, and is never kept."
        ),
    ] = None
    outcomeTimestamp: Annotated[  # noqa: N815
        Any, Field(description="When; the same feedback with the same moment counts once.")
    ] = None


class CardOutcomes(BaseModel):
    """Feedback of CDS Hooks 2.0.1: about any cards, as often as one likes."""

    model_config = ConfigDict(extra="allow")

    feedback: Annotated[list[CardOutcome], Field(max_length=_MOST)]


class FeedbackReceipt(BaseModel):
    """What was made of it."""

    model_config = ConfigDict(frozen=True)

    kept: Annotated[int, Field(description="About findings, kept.")]
    repeated: Annotated[int, Field(description="Known already.")]
    passed_over: Annotated[int, Field(description="About cards without a finding, or cards nobody here knows.")]


_EXAMPLES: Final = {
    "overridden": {
        "summary": "Overridden for a reason",
        "value": {
            "feedback": [
                {
                    "card": "4e0a3a1e-8830-4383-8ec0-a9a9dc010000",
                    "outcome": "overridden",
                    "overrideReason": {"reason": {"code": "will_monitor", "system": OVERRIDE_REASONS}},
                    "outcomeTimestamp": "2026-11-22T12:00:00Z",
                }
            ]
        },
    },
    "accepted": {
        "summary": "A suggestion was taken",
        "value": {
            "feedback": [
                {
                    "card": "4e0a3a1e-8830-4383-8ec0-a9a9dc010000",
                    "outcome": "accepted",
                    "acceptedSuggestions": [{"id": "4e0a3a1e-8830-4383-8ec0-a9a9dc120000"}],
                    "outcomeTimestamp": "2026-11-22T12:00:00Z",
                }
            ]
        },
    },
}


@router.post(
    f"{SERVICE_PATH}/feedback",
    summary="What became of cards",
    response_description="It was taken note of.",
    openapi_extra={**json_body(CardOutcomes, _EXAMPLES), **statuses(415, 503), **needs(Permission.FEEDBACK)},
)
async def give_card_feedback(request: Request) -> FeedbackReceipt:
    """Accepted, or overridden with or without a reason. Repeats and cards that are not known here are no mistake."""
    tree = parse_foreign(await read_content(request))
    try:
        sent = CardOutcomes.model_validate(tree)
    except ValidationError as error:
        detail = "The body does not fit the contract; `errors` says where and what is allowed."
        faults = body_faults(error.errors(include_url=False, include_input=False), CardOutcomes)
        raise ProblemError(ProblemCode.INVALID_REQUEST, detail, faults=faults) from None
    control, caller = control_of(request), principal_of(request).id
    given = [_given(one) for one in sent.feedback]

    def act() -> Receipt:
        with within(_STORE_SECONDS), control.store.writing() as session:
            return card_feedback.keep(session, given, caller=caller, now=control.now())

    receipt = await run_in_threadpool(act)
    return FeedbackReceipt(kept=receipt.kept, repeated=receipt.repeated, passed_over=receipt.passed_over)


def _given(one: CardOutcome) -> CardFeedback:
    moment = one.outcomeTimestamp
    return CardFeedback(
        card=one.card.lower().removeprefix("urn:uuid:"),
        outcome=one.outcome,
        reason=_reason(one.overrideReason) if one.outcome is Outcome.OVERRIDDEN else None,
        moment=moment[:_MOST_IN_MOMENT] if isinstance(moment, str) else "",
    )


def _reason(given: object) -> OverrideReason:
    """The reason, where it is one of ours; another one is another one, and none was not given."""
    coding = given.get("reason") if isinstance(given, dict) else None
    if not isinstance(coding, dict) or not coding:
        return OverrideReason.NOT_GIVEN
    code, system = coding.get("code"), coding.get("system")
    if system != OVERRIDE_REASONS or not isinstance(code, str):
        return OverrideReason.OTHER
    return _REASONS.get(code, OverrideReason.OTHER)
