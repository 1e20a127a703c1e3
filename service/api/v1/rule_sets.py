"""`GET /v1/rule-sets/active`: which rule set answers, since when, and how much is in it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from service.api.dependencies import GivenParts, catalogue_of
from service.api.openapi import statuses
from service.api.routes import StrictRoute, operation_id

router = APIRouter(route_class=StrictRoute, generate_unique_id_function=operation_id, tags=["knowledge"])


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
    openapi_extra=statuses(503),
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
