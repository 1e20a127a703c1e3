"""`POST /v1/medications/resolve`: what each line of a list is taken for, without checking it."""

from __future__ import annotations

import orjson
from fastapi import APIRouter, Request, Response

from rules.profile import MedicationItems, Question
from service.api.bodies import read_body
from service.api.dependencies import parts_of
from service.api.examples import RESOLVE_REQUESTS
from service.api.openapi import json_body, needs, statuses
from service.api.routes import DirectRoute, operation_id, read_query
from service.application.checks import ResolutionAnswer
from service.application.principals import Permission

router = APIRouter(route_class=DirectRoute, generate_unique_id_function=operation_id, tags=["medications"])


class MedicationList(Question):
    """Medications to be recognised."""

    medications: MedicationItems


@router.post(
    "/v1/medications/resolve",
    summary="Recognise medications",
    response_model=ResolutionAnswer,
    response_description="What each medication was taken for, in the order asked.",
    openapi_extra={**json_body(MedicationList, RESOLVE_REQUESTS), **statuses(415, 503), **needs(Permission.CHECK)},
)
async def resolve_medications(request: Request) -> Response:
    """Tell which substances each line of a list stands for, by its codes or its text.

    A name is recognised only as a whole; spelling candidates are offered and never taken.
    """
    read_query(request.scope["query_string"], frozenset())
    asked = await read_body(request, MedicationList)
    answer = parts_of(request).checks.resolve(asked.medications)
    return Response(orjson.dumps(answer), headers={"Cache-Control": "no-store"}, media_type="application/json")
