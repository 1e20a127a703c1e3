"""Reads the rules themselves: interactions, and the conditions and symptoms they ask about."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from rules.model import Condition, Symptom
from rules.terms import Direction, MagnesiumEffect, MagnesiumLevel, RecordStatus, Severity, SymptomStage
from service.api.dependencies import GivenCatalogue, GivenId, RecordId, found
from service.api.openapi import READS, needs, statuses
from service.api.pagination import Page, SearchQuery
from service.api.routes import ReadRoute, operation_id
from service.application.catalogue import InteractionEntry
from service.application.principals import Permission

router = APIRouter(route_class=ReadRoute, generate_unique_id_function=operation_id, tags=["knowledge"], responses=READS)


class InteractionQuery(SearchQuery):
    """What the list of interactions takes."""

    direction: Annotated[Direction | None, Field(description="Only interactions of this direction.")] = None
    severity: Annotated[
        Severity | None, Field(description="Only records of this severity, before any modifying factor.")
    ] = None
    class_id: Annotated[RecordId | None, Field(description="Only interactions that name this class.")] = None
    substance_id: Annotated[
        RecordId | None,
        Field(description="Only interactions this substance takes part in, by name or through one of its classes."),
    ] = None
    status: Annotated[RecordStatus | None, Field(description="Only records of this status.")] = None


class ConditionQuery(SearchQuery):
    """What the list of conditions takes."""

    magnesium_effect: Annotated[
        MagnesiumEffect | None, Field(description="Only conditions with this effect on magnesium.")
    ] = None


class SymptomQuery(SearchQuery):
    """What the list of symptoms takes."""

    level: Annotated[MagnesiumLevel | None, Field(description="Only symptoms of low or of high magnesium.")] = None
    stage: Annotated[SymptomStage | None, Field(description="Only symptoms of this stage.")] = None


class InteractionPage(Page[InteractionEntry]):
    """Interactions."""


class ConditionPage(Page[Condition]):
    """Conditions."""


class SymptomPage(Page[Symptom]):
    """Symptoms."""


@router.get(
    "/v1/interactions",
    summary="List interactions",
    response_description="A page of interactions.",
    response_model_exclude_none=True,
    openapi_extra={**needs(Permission.KNOWLEDGE), **statuses(503)},
)
async def list_interactions(catalogue: GivenCatalogue, query: Annotated[InteractionQuery, Query()]) -> InteractionPage:
    """Interaction records with their conditions, management and evidence."""
    records = catalogue.interactions.find(
        query.q,
        lambda one: query.direction in {None, one.direction},
        lambda one: query.severity in {None, one.severity},
        lambda one: query.status in {None, one.status},
        lambda one: query.class_id is None or catalogue.names_class(one, query.class_id),
        lambda one: query.substance_id is None or catalogue.concerns_substance(one, query.substance_id),
    )
    return InteractionPage.of(catalogue, records, query)


@router.get(
    "/v1/interactions/{interaction_id}",
    summary="Read an interaction",
    response_description="The interaction.",
    response_model_exclude_none=True,
    openapi_extra={**needs(Permission.KNOWLEDGE), **statuses(404, 503)},
)
async def get_interaction(catalogue: GivenCatalogue, interaction_id: GivenId) -> InteractionEntry:
    """One interaction record, with the ids of the worked cases that must pass before it is published."""
    return found(catalogue.interactions.get(interaction_id))


@router.get(
    "/v1/conditions",
    summary="List conditions",
    response_description="A page of conditions.",
    response_model_exclude_none=True,
    openapi_extra={**needs(Permission.KNOWLEDGE), **statuses(503)},
)
async def list_conditions(catalogue: GivenCatalogue, query: Annotated[ConditionQuery, Query()]) -> ConditionPage:
    """Conditions and populations that matter for magnesium."""
    records = catalogue.conditions.find(query.q, lambda one: query.magnesium_effect in {None, one.magnesium_effect})
    return ConditionPage.of(catalogue, records, query)


@router.get(
    "/v1/conditions/{condition_id}",
    summary="Read a condition",
    response_description="The condition.",
    response_model_exclude_none=True,
    openapi_extra={**needs(Permission.KNOWLEDGE), **statuses(404, 503)},
)
async def get_condition(catalogue: GivenCatalogue, condition_id: GivenId) -> Condition:
    """One condition or population."""
    return found(catalogue.conditions.get(condition_id))


@router.get(
    "/v1/symptoms",
    summary="List symptoms",
    response_description="A page of symptoms.",
    response_model_exclude_none=True,
    openapi_extra={**needs(Permission.KNOWLEDGE), **statuses(503)},
)
async def list_symptoms(catalogue: GivenCatalogue, query: Annotated[SymptomQuery, Query()]) -> SymptomPage:
    """Symptoms of low and high magnesium. All of them are unspecific."""
    records = catalogue.symptoms.find(
        query.q,
        lambda one: query.level in {None, one.level},
        lambda one: query.stage in {None, one.stage},
    )
    return SymptomPage.of(catalogue, records, query)


@router.get(
    "/v1/symptoms/{symptom_id}",
    summary="Read a symptom",
    response_description="The symptom.",
    response_model_exclude_none=True,
    openapi_extra={**needs(Permission.KNOWLEDGE), **statuses(404, 503)},
)
async def get_symptom(catalogue: GivenCatalogue, symptom_id: GivenId) -> Symptom:
    """One symptom."""
    return found(catalogue.symptoms.get(symptom_id))
