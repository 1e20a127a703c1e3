"""`POST /v1/checks`: the one question this service exists for.

The hot path: the body is parsed once by pydantic's core, the engine's plain dictionaries go straight to orjson, and
nothing of FastAPI runs in between. What the contract promises of the answer is checked by the tests, not per request.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from time import monotonic, perf_counter
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from rules.profile import MedicationProfile
from service.api.bodies import parse_body, read_content
from service.api.dependencies import Parts, parts_of, principal_of
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
_IF_RULE_SET: Final[dict[str, Any]] = {
    "name": "If-Rule-Set",
    "in": "header",
    "required": False,
    "description": "The number of a rule set: the answer comes from this one or a later one, or it is 503 with "
    "`rule-set-behind`. Send `rule_set.version` of the last answer, and answers never go back to an older rule set, "
    "whichever process gives them; no answer of one process ever does.",
    "schema": {"type": "integer", "minimum": 1, "maximum": 999999999},
}
_NUMBER: Final = re.compile(rb"[1-9][0-9]{0,8}")
_CATCH_UP_SECONDS: Final = 2.0
_PAUSE_SECONDS: Final = 0.01

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
        "parameters": [_EXPLAIN, _IF_RULE_SET],
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
    wanted = _if_rule_set(request.scope["headers"])
    if wanted is not None and wanted > (parts.active.state.version or 0):
        await _catch_up(parts, wanted)
    started = perf_counter()
    answer = parts.checks.check(profile, explain=explain)
    written = parts.renderer.render(answer)
    if parts.decisions is not None:
        kept = parts.decisions.keep(
            parts.decisions.recorder.record(
                answer,
                written,
                body,
                caller=principal_of(request).id,
                explain=explain,
                seconds=perf_counter() - started,
            )
        )
        if kept is not None:
            await kept  # the answer leaves when its decision is durable, and not before
    return DirectAnswer(written)


def _if_rule_set(headers: Iterable[tuple[bytes, bytes]]) -> int | None:
    """The rule set from which, or from a later one, the answer must come.

    Raises:
        ProblemError: the header does not say.
    """
    given = [value for name, value in headers if name == b"if-rule-set"]
    if not given:
        return None
    if len(given) > 1 or not _NUMBER.fullmatch(given[0]):
        raise ProblemError(
            ProblemCode.INVALID_REQUEST,
            "The request does not fit the contract; `errors` says where and what is allowed.",
            faults=[
                Fault(
                    location=FaultLocation.HEADER,
                    pointer="/If-Rule-Set",
                    detail="must be given once, as the number of a rule set in plain digits",
                )
            ],
        )
    return int(given[0])


async def _catch_up(parts: Parts, wanted: int) -> None:
    """Let this process look at the store at once, and wait until it has; nobody else waits for that.

    Raises:
        ProblemError: it does not have this rule set even then.
    """
    active, watch = parts.active, parts.watch
    if watch is not None:
        ticket = watch.wake()
        end = monotonic() + _CATCH_UP_SECONDS
        while (active.state.version or 0) < wanted and not watch.has_looked(ticket) and monotonic() < end:  # noqa: ASYNC110 - another thread looks
            await asyncio.sleep(_PAUSE_SECONDS)
    number = active.state.version or 0
    if number < wanted:
        detail = (
            f"This process answers from rule set {number}, and the request wants {wanted} or later. Try again shortly, "
            "with the same header."
        )
        raise ProblemError(ProblemCode.RULE_SET_BEHIND, detail, headers={"Retry-After": "1"})


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
