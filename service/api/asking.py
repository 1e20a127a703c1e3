"""What every door to a check has in common: which rule set answers, and that decisions are kept before answers leave.

A question that came in another form than that of `/v1/checks` is kept in the form of `/v1/checks`, with the digest of
the answer that would have been given there: it can be replayed like any other.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable
from time import monotonic, perf_counter
from typing import Any, Final, cast

from fastapi import Request

from rules.profile import MedicationProfile
from service.api.dependencies import Parts, parts_of, principal_of
from service.api.faults import Fault, FaultLocation
from service.api.problems import ProblemCode, ProblemError
from service.application.checks import CheckAnswer

IF_RULE_SET: Final[dict[str, Any]] = {
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


async def ask(
    request: Request, profile: MedicationProfile, write: Callable[[CheckAnswer], bytes], *, explain: bool = False
) -> bytes:
    """Answer a question that came in another form, and have the decision kept; ``write`` makes the answer's bytes.

    Raises:
        NoRuleSet: there is nothing to answer from.
        RuleSetStale: what there is has not been confirmed for too long.
        DecisionNotKept: the decision could be kept nowhere.
        ProblemError: the rule set that is wanted is not here yet.
    """
    await require_rule_set(request)
    parts = parts_of(request)
    started = perf_counter()
    answer = await checked(parts, profile, explain=explain)
    written = write(answer)
    if parts.decisions is not None:
        question = profile.model_dump_json(exclude_defaults=True).encode()
        as_v1 = parts.renderer.render(_apart(answer))
        await keep_decision(request, answer, as_v1, question, explain=explain, seconds=perf_counter() - started)
    return written


async def checked(parts: Parts, profile: MedicationProfile, *, explain: bool) -> CheckAnswer:
    """Check a list. The search for a day plan may take long, and nobody else is to wait for that.

    Raises:
        NoRuleSet: there is nothing to answer from.
        RuleSetStale: what there is has not been confirmed for too long.
    """
    if profile.timetable:
        return await parts.checks.check_aside(profile, explain=explain)
    return parts.checks.check(profile, explain=explain)


async def keep_decision(
    request: Request, answer: CheckAnswer, written: bytes, question: bytes, *, explain: bool, seconds: float
) -> None:
    """Have the decision of a check kept; the answer leaves when it is durable, and not before.

    Raises:
        DecisionNotKept: it could be kept nowhere.
    """
    decisions = parts_of(request).decisions
    if decisions is None:
        return
    caller = principal_of(request).id
    decision = decisions.recorder.record(answer, written, question, caller=caller, explain=explain, seconds=seconds)
    kept = decisions.keep(decision)
    if kept is not None:
        await kept


async def require_rule_set(request: Request) -> None:
    """See to it that the answer comes from the rule set that is wanted, or from a later one.

    Raises:
        ProblemError: the header does not say which, or this process does not have it yet.
    """
    wanted = _if_rule_set(request.scope["headers"])
    if wanted is not None:
        parts = parts_of(request)
        if wanted > (parts.active.state.version or 0):
            await _catch_up(parts, wanted)


def _apart(answer: CheckAnswer) -> CheckAnswer:
    """The answer, so far copied that rendering it leaves the original as it is."""
    intake = answer["magnesium_intake"]
    copied = {
        **answer,
        "findings": [finding.copy() for finding in answer["findings"]],
        "magnesium_intake": {**intake, "limits": [limit.copy() for limit in intake["limits"]]},
    }
    return cast("CheckAnswer", copied)


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
