"""Reads what the rules lean on: citations, guidance pages, reference ranges and intake limits."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from rules.model import Guidance, IntakeLimit, ReferenceRange
from rules.terms import CitationKind, GuidanceTopic, Verification
from service.api.dependencies import GivenCatalogue, GivenId, found
from service.api.openapi import READS, needs, statuses
from service.api.pagination import Page, SearchQuery
from service.api.routes import ReadRoute, operation_id
from service.application.catalogue import CitationEntry
from service.application.principals import Permission

router = APIRouter(route_class=ReadRoute, generate_unique_id_function=operation_id, tags=["knowledge"], responses=READS)


class CitationQuery(SearchQuery):
    """What the list of citations takes."""

    kind: Annotated[CitationKind | None, Field(description="Only sources of this sort.")] = None
    verification: Annotated[Verification | None, Field(description="Only sources read this way.")] = None


class GuidanceQuery(SearchQuery):
    """What the list of guidance pages takes."""

    topic: Annotated[GuidanceTopic | None, Field(description="Only pages on this topic.")] = None


class CitationPage(Page[CitationEntry]):
    """Citations."""


class GuidancePage(Page[Guidance]):
    """Guidance pages."""


class ReferenceRangePage(Page[ReferenceRange]):
    """Reference ranges."""


class IntakeLimitPage(Page[IntakeLimit]):
    """Intake limits."""


@router.get(
    "/v1/citations",
    summary="List citations",
    response_description="A page of citations.",
    response_model_exclude_none=True,
    openapi_extra={**needs(Permission.KNOWLEDGE), **statuses(503)},
)
async def list_citations(catalogue: GivenCatalogue, query: Annotated[CitationQuery, Query()]) -> CitationPage:
    """Sources with the address to open and whether their text was read."""
    records = catalogue.citations.find(
        query.q,
        lambda one: query.kind in {None, one.kind},
        lambda one: query.verification in {None, one.verification},
    )
    return CitationPage.of(catalogue, records, query)


@router.get(
    "/v1/citations/{citation_id}",
    summary="Read a citation",
    response_description="The citation.",
    response_model_exclude_none=True,
    openapi_extra={**needs(Permission.KNOWLEDGE), **statuses(404, 503)},
)
async def get_citation(catalogue: GivenCatalogue, citation_id: GivenId) -> CitationEntry:
    """One source."""
    return found(catalogue.citations.get(citation_id))


@router.get(
    "/v1/guidance",
    summary="List guidance pages",
    response_description="A page of guidance pages.",
    response_model_exclude_none=True,
    openapi_extra={**needs(Permission.KNOWLEDGE), **statuses(503)},
)
async def list_guidance(catalogue: GivenCatalogue, query: Annotated[GuidanceQuery, Query()]) -> GuidancePage:
    """Short cited pages on testing, treatment, diet and more."""
    records = catalogue.guidance.find(query.q, lambda one: query.topic in {None, one.topic})
    return GuidancePage.of(catalogue, records, query)


@router.get(
    "/v1/guidance/{guidance_id}",
    summary="Read a guidance page",
    response_description="The guidance page.",
    response_model_exclude_none=True,
    openapi_extra={**needs(Permission.KNOWLEDGE), **statuses(404, 503)},
)
async def get_guidance(catalogue: GivenCatalogue, guidance_id: GivenId) -> Guidance:
    """One guidance page."""
    return found(catalogue.guidance.get(guidance_id))


@router.get(
    "/v1/reference-ranges",
    summary="List reference ranges",
    response_description="A page of reference ranges.",
    response_model_exclude_none=True,
    openapi_extra={**needs(Permission.KNOWLEDGE), **statuses(503)},
)
async def list_reference_ranges(
    catalogue: GivenCatalogue, query: Annotated[SearchQuery, Query()]
) -> ReferenceRangePage:
    """Bands of laboratory values and what each band means."""
    return ReferenceRangePage.of(catalogue, catalogue.reference_ranges.find(query.q), query)


@router.get(
    "/v1/reference-ranges/{range_id}",
    summary="Read a reference range",
    response_description="The reference range.",
    response_model_exclude_none=True,
    openapi_extra={**needs(Permission.KNOWLEDGE), **statuses(404, 503)},
)
async def get_reference_range(catalogue: GivenCatalogue, range_id: GivenId) -> ReferenceRange:
    """One laboratory value with its bands."""
    return found(catalogue.reference_ranges.get(range_id))


@router.get(
    "/v1/intake-limits",
    summary="List intake limits",
    response_description="A page of intake limits.",
    response_model_exclude_none=True,
    openapi_extra={**needs(Permission.KNOWLEDGE), **statuses(503)},
)
async def list_intake_limits(catalogue: GivenCatalogue, query: Annotated[SearchQuery, Query()]) -> IntakeLimitPage:
    """Upper levels for magnesium from supplements and medicines, by the body that set them."""
    return IntakeLimitPage.of(catalogue, catalogue.intake_limits.find(query.q), query)


@router.get(
    "/v1/intake-limits/{limit_id}",
    summary="Read an intake limit",
    response_description="The intake limit.",
    response_model_exclude_none=True,
    openapi_extra={**needs(Permission.KNOWLEDGE), **statuses(404, 503)},
)
async def get_intake_limit(catalogue: GivenCatalogue, limit_id: GivenId) -> IntakeLimit:
    """One upper level."""
    return found(catalogue.intake_limits.get(limit_id))
