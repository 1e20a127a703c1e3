"""`POST /v1/checks`: the one question this service exists for.

The hot path: the body is parsed once by pydantic's core, the engine's plain dictionaries go straight to orjson, and
nothing of FastAPI runs in between. What the contract promises of the answer is checked by the tests, not per request.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from rules.profile import MedicationProfile
from service.api.asking import IF_RULE_SET, checked, keep_decision, require_rule_set
from service.api.bodies import parse_body, read_content
from service.api.dependencies import parts_of
from service.api.examples import CHECK_REQUESTS
from service.api.faults import Fault, FaultLocation
from service.api.openapi import json_body, needs, statuses
from service.api.problems import ProblemCode, ProblemError
from service.api.routes import DirectAnswer, DirectRoute, operation_id, read_query
from service.application.checks import CheckAnswer
from service.application.principals import Permission

_PARAMETERS: Final = frozenset({"explain"})
_BOOLEANS: Final = {"true": True, "false": False}
_EXPLAIN: Final[dict[str, Any]] = {
    "name": "explain",
    "in": "query",
    "required": False,
    "description": "`true` adds `near_misses`: rules that touched one of the medications and did not apply, and why.",
    "schema": {"type": "boolean", "default": False},
}
_TO_DECISION: Final = {"decision_id": "$response.body#/check_id"}
_LINKS: Final[dict[str, Any]] = {
    "get_decision": {"operationId": "get_decision", "parameters": _TO_DECISION},
    "replay_decision": {
        "operationId": "replay_decision",
        "parameters": _TO_DECISION,
        "requestBody": "$request.body",
    },
    "give_feedback": {
        "operationId": "give_feedback",
        "parameters": _TO_DECISION,
        "requestBody": {"finding_key": "$response.body#/findings/0/key", "outcome": "accepted"},
    },
}

router = APIRouter(route_class=DirectRoute, generate_unique_id_function=operation_id, tags=["checks"])


@router.post(
    "/v1/checks",
    summary="Check a medication list",
    response_model=CheckAnswer,
    responses={200: {"links": _LINKS}},
    response_description="What magnesium has to do with the medications: findings, each with its reasons and sources.",
    openapi_extra={
        "parameters": [_EXPLAIN, IF_RULE_SET],
        **json_body(MedicationProfile, CHECK_REQUESTS),
        **statuses(415, 503),
        **needs(Permission.CHECK),
    },
)
async def check_medications(request: Request) -> Response:
    """Tell which medications of a list drain magnesium, hold it back or are affected by it, and what may be done.

    Every medication lands in exactly one state, and one that is not recognised makes the answer `incomplete`. A fact
    that is missing never makes the answer milder: it gives `may_apply` and is named. No finding does not mean "safe".
    """
    query: bytes = request.scope["query_string"]
    explain = bool(query) and _explain(query)
    body = await read_content(request)
    profile = parse_body(body, MedicationProfile)
    parts = parts_of(request)
    await require_rule_set(request)
    started = perf_counter()
    answer = await checked(parts, profile, explain=explain)
    written = parts.renderer.render(answer)
    await keep_decision(request, answer, written, body, explain=explain, seconds=perf_counter() - started)
    return DirectAnswer(written)


def _explain(query: bytes) -> bool:
    """Whether the query asks for near misses.

    Raises:
        ProblemError: it asks for something else.
    """
    value = read_query(query, _PARAMETERS).get("explain", "false")
    if value not in _BOOLEANS:
        raise ProblemError(
            ProblemCode.INVALID_REQUEST,
            "The request does not fit the contract; `errors` says where and what is allowed.",
            faults=[Fault(location=FaultLocation.QUERY, pointer="/explain", detail="must be true or false")],
        )
    return _BOOLEANS[value]
