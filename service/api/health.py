"""Whether the process lives, whether it can answer, and its metrics. Nothing here waits for anything."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from rules.report import RuleSetReference, TerminologyReference
from service.api.dependencies import GivenParts
from service.api.openapi import needs, statuses
from service.api.problems import ProblemCode, ProblemError
from service.api.routes import StrictRoute, operation_id
from service.application.principals import Permission
from service.application.standing import Source
from service.settings import Environment

router = APIRouter(route_class=StrictRoute, generate_unique_id_function=operation_id, tags=["service"])


class LifeStatus(StrEnum):
    """There is only one: a process that does not live says nothing."""

    ALIVE = "alive"


class ReadyStatus(StrEnum):
    """``degraded``: it answers, and somebody should look at the reasons."""

    READY = "ready"
    DEGRADED = "degraded"


class Life(BaseModel):
    """The process answers."""

    status: LifeStatus


class Readiness(BaseModel):
    """Whether checks can be answered, and from what."""

    model_config = ConfigDict(frozen=True)

    status: ReadyStatus
    rule_set: RuleSetReference
    terminology: Annotated[
        TerminologyReference | None, Field(description="The medicine terminology in use. Null: none is imported.")
    ]
    loaded_at: Annotated[datetime, Field(description="When this process took the rule set over (UTC).")]
    source: Annotated[
        Source, Field(description="`last_known_good`: the file on disk, because the database was away at the start.")
    ]
    store_seen_seconds_ago: Annotated[
        float | None, Field(description="Seconds since the database last answered. Null: there is no database.")
    ]
    mode: Annotated[
        Environment, Field(description="`development`: open to everybody on this machine, and not for patients.")
    ]
    reasons: Annotated[list[str], Field(description="Why the service is degraded; empty when it is not.")]


@router.get(
    "/health/live",
    summary="Does the process live?",
    response_description="It does.",
    openapi_extra=needs(Permission.PUBLIC),
)
async def get_liveness() -> Life:
    """Answer without looking at anything: to restart the process when even this fails."""
    return Life(status=LifeStatus.ALIVE)


@router.get(
    "/health/ready",
    summary="Can checks be answered?",
    response_description="They can; `degraded` says that something else needs attention.",
    openapi_extra={**needs(Permission.PUBLIC), **statuses(503)},
)
async def get_readiness(parts: GivenParts, response: Response) -> Readiness:
    """Tell whether there is a rule set to answer from, and how long ago the database was last seen.

    Without the database checks are still answered from memory, so the service stays ready and says `degraded`.
    """
    response.headers["Cache-Control"] = "no-store"
    state = parts.active.state
    if state.version is None or state.digest is None or state.loaded_at is None:
        reason = state.degraded or "it has not been looked for yet"
        raise ProblemError(ProblemCode.NOT_READY, f"No rule set has been loaded: {reason}.")
    too_old = parts.standing.too_old()
    if too_old is not None:
        raise ProblemError(ProblemCode.NOT_READY, f"Checks are refused. {too_old}.")
    reasons, age = parts.standing.reasons(), parts.standing.age()
    if parts.decisions is not None:
        reasons.extend(parts.decisions.reasons())
    if parts.entrance.tokens is not None and not parts.entrance.tokens.ready:
        reasons.append("the keys of the issuer of access tokens could not be read, so its tokens are refused")
    if parts.keeper is not None and parts.keeper.fault is not None:
        # Why is for those who read the log: this page is public, and the reason may name a file or an entry.
        reasons.append("the audit trail is not as it was last noted, or cannot be noted; run `magcheck audit verify`")
    return Readiness(
        status=ReadyStatus.DEGRADED if reasons else ReadyStatus.READY,
        rule_set={"version": state.version, "digest": state.digest},
        terminology=state.terminology,
        loaded_at=state.loaded_at,
        source=parts.standing.source,
        store_seen_seconds_ago=None if age is None else round(age, 3),
        mode=parts.settings.environment,
        reasons=reasons,
    )


def metrics_router(permission: Permission) -> APIRouter:
    """The route of the metrics; whom they are for is up to the settings."""
    metrics = APIRouter(route_class=StrictRoute, generate_unique_id_function=operation_id, tags=["service"])
    metrics.add_api_route(
        "/metrics",
        get_metrics,
        summary="Metrics for Prometheus",
        response_class=Response,
        response_description="Metrics in the Prometheus text format.",
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
        openapi_extra=needs(permission),
    )
    return metrics


async def get_metrics(parts: GivenParts) -> Response:
    """Counters and durations by route, never anything of a request's content."""
    metrics = parts.metrics
    metrics.rule_set_version.set(parts.active.state.version or 0)
    metrics.standing.tell(
        source=parts.standing.source.value,
        sources=[source.value for source in Source],
        degraded=bool(parts.standing.reasons()),
        age=parts.standing.age(),
        saves_failed=parts.standing.saves_failed,
        saved=parts.standing.not_saved is None,
    )
    return Response(metrics.render(), media_type=metrics.content_type, headers={"Cache-Control": "no-store"})
