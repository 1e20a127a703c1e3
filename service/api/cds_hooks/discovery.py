"""`GET /cds-services`: what a client reads once to know what is offered here. It tells nothing about rules."""

from __future__ import annotations

from typing import Final

import orjson
from fastapi import APIRouter, Response

from service.api.cds_hooks.offered import SERVICES, CdsServices
from service.api.openapi import needs
from service.api.routes import StrictRoute, operation_id
from service.application.principals import Permission

TAG: Final = "cds hooks"
router = APIRouter(route_class=StrictRoute, generate_unique_id_function=operation_id, tags=[TAG])
_CONTENT: Final = orjson.dumps(SERVICES)


@router.get(
    "/cds-services",
    summary="Services of CDS Hooks",
    response_model=CdsServices,
    response_description="One service under several hooks.",
    openapi_extra=needs(Permission.CHECK),
)
async def discover_services() -> Response:
    """Discovery of CDS Hooks 2.0.1. The one id under all hooks says that newer cards replace older ones."""
    return Response(_CONTENT, media_type="application/json", headers={"Cache-Control": "no-store"})
