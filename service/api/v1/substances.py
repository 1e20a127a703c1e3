"""Reads what can be on a medication list: substances, products, classes of substances, and supplement forms."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from rules.model import Product
from rules.terms import RecordStatus
from service.api.dependencies import GivenCatalogue, GivenId, RecordId, found
from service.api.openapi import READS, needs, statuses
from service.api.pagination import Page, SearchQuery
from service.api.routes import ReadRoute, operation_id
from service.application.catalogue import ClassEntry, FormEntry, SubstanceEntry
from service.application.principals import Permission

router = APIRouter(route_class=ReadRoute, generate_unique_id_function=operation_id, tags=["knowledge"], responses=READS)


class SubstanceQuery(SearchQuery):
    """What the list of substances takes."""

    class_id: Annotated[RecordId | None, Field(description="Only members of this class.")] = None
    status: Annotated[RecordStatus | None, Field(description="Only records of this status.")] = None


class SubstancePage(Page[SubstanceEntry]):
    """Substances."""


class ProductPage(Page[Product]):
    """Products."""


class ClassPage(Page[ClassEntry]):
    """Medication classes."""


class FormPage(Page[FormEntry]):
    """Supplement forms."""


@router.get(
    "/v1/substances",
    summary="List substances",
    response_description="A page of substances.",
    response_model_exclude_none=True,
    openapi_extra={**needs(Permission.KNOWLEDGE), **statuses(503)},
)
async def list_substances(catalogue: GivenCatalogue, query: Annotated[SubstanceQuery, Query()]) -> SubstancePage:
    """Substances with their names, codes and classes."""
    records = catalogue.substances.find(
        query.q,
        lambda one: query.class_id in {None, *one.class_ids},
        lambda one: query.status in {None, one.status},
    )
    return SubstancePage.of(catalogue, records, query)


@router.get(
    "/v1/substances/{substance_id}",
    summary="Read a substance",
    response_description="The substance.",
    response_model_exclude_none=True,
    openapi_extra={**needs(Permission.KNOWLEDGE), **statuses(404, 503)},
)
async def get_substance(catalogue: GivenCatalogue, substance_id: GivenId) -> SubstanceEntry:
    """One substance with its names, codes and classes."""
    return found(catalogue.substances.get(substance_id))


@router.get(
    "/v1/products",
    summary="List products",
    response_description="A page of products.",
    response_model_exclude_none=True,
    openapi_extra={**needs(Permission.KNOWLEDGE), **statuses(503)},
)
async def list_products(catalogue: GivenCatalogue, query: Annotated[SearchQuery, Query()]) -> ProductPage:
    """Products and fixed combinations that are known by one name."""
    return ProductPage.of(catalogue, catalogue.products.find(query.q), query)


@router.get(
    "/v1/products/{product_id}",
    summary="Read a product",
    response_description="The product.",
    response_model_exclude_none=True,
    openapi_extra={**needs(Permission.KNOWLEDGE), **statuses(404, 503)},
)
async def get_product(catalogue: GivenCatalogue, product_id: GivenId) -> Product:
    """One product with its ingredients."""
    return found(catalogue.products.get(product_id))


@router.get(
    "/v1/classes",
    summary="List medication classes",
    response_description="A page of medication classes.",
    response_model_exclude_none=True,
    openapi_extra={**needs(Permission.KNOWLEDGE), **statuses(503)},
)
async def list_classes(catalogue: GivenCatalogue, query: Annotated[SearchQuery, Query()]) -> ClassPage:
    """Classes of substances that share a magnesium behaviour, with their members."""
    return ClassPage.of(catalogue, catalogue.classes.find(query.q), query)


@router.get(
    "/v1/classes/{class_id}",
    summary="Read a medication class",
    response_description="The medication class.",
    response_model_exclude_none=True,
    openapi_extra={**needs(Permission.KNOWLEDGE), **statuses(404, 503)},
)
async def get_class(catalogue: GivenCatalogue, class_id: GivenId) -> ClassEntry:
    """One class with its members."""
    return found(catalogue.classes.get(class_id))


@router.get(
    "/v1/forms",
    summary="List supplement forms",
    response_description="A page of supplement forms.",
    response_model_exclude_none=True,
    openapi_extra={**needs(Permission.KNOWLEDGE), **statuses(503)},
)
async def list_forms(catalogue: GivenCatalogue, query: Annotated[SearchQuery, Query()]) -> FormPage:
    """Magnesium salts, how much magnesium each hydrate holds, and how they differ."""
    return FormPage.of(catalogue, catalogue.forms.find(query.q), query)


@router.get(
    "/v1/forms/{form_id}",
    summary="Read a supplement form",
    response_description="The supplement form.",
    response_model_exclude_none=True,
    openapi_extra={**needs(Permission.KNOWLEDGE), **statuses(404, 503)},
)
async def get_form(catalogue: GivenCatalogue, form_id: GivenId) -> FormEntry:
    """One magnesium salt with its hydrates."""
    return found(catalogue.forms.get(form_id))
