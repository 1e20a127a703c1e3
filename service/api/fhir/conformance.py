"""`GET /fhir/metadata` and the definition of the operation: what a client of FHIR asks before anything else.

They are public, as clients expect, and so tell nothing of rules, callers or the version of the program.
"""

from __future__ import annotations

import re
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from service.api.dependencies import parts_of
from service.api.faults import Fault, FaultLocation
from service.api.fhir.shapes import FHIR_JSON, FhirResource, FhirResponse
from service.api.openapi import needs, statuses
from service.api.problems import ProblemCode, ProblemError
from service.api.routes import DirectRoute, operation_id, read_query
from service.application.principals import Permission
from service.fhir.conformance import OPERATION, capability_statement, operation_definition

_FORMATS: Final = ("json", "application/json", FHIR_JSON)
FORMAT: Final[dict[str, Any]] = {
    "name": "_format",
    "in": "query",
    "required": False,
    "description": "The format of the answer, as FHIR has it; there is only JSON.",
    "schema": {"type": "string", "enum": list(_FORMATS)},
}
# What counts as FHIR's JSON when it is asked for; the last two are what clients of earlier releases say.
_TYPES: Final = (FHIR_JSON, "application/json", "application/json+fhir", "text/json")
_NOTHING: Final = re.compile(r"q\s*=\s*0(\.0*)?")
# A plus in a query that nobody encoded is a blank.
_AS_SENT: Final = frozenset({*_FORMATS, FHIR_JSON.replace("+", " ")})
_NAMES: Final = frozenset({"_format"})

router = APIRouter(route_class=DirectRoute, generate_unique_id_function=operation_id, tags=["fhir"])


def require_json(request: Request) -> None:
    """Make sure that nobody asks for another format; `_format` counts before Accept, as FHIR has it.

    Raises:
        ProblemError: somebody does, or has a parameter that is not known.
    """
    query: bytes = request.scope["query_string"]
    wanted = read_query(query, _NAMES).get("_format") if query else None
    if wanted is not None:
        if wanted not in _AS_SENT:
            detail = f"must be one of {', '.join(_FORMATS)}"
            raise _not_acceptable(Fault(location=FaultLocation.QUERY, pointer="/_format", detail=detail))
    elif not _accepts_json(",".join(request.headers.getlist("accept"))):
        detail = f"must allow one of {', '.join(_TYPES)}"
        raise _not_acceptable(Fault(location=FaultLocation.HEADER, pointer="/Accept", detail=detail))


def _not_acceptable(fault: Fault) -> ProblemError:
    ways = f"ask for {FHIR_JSON} or application/json, or leave Accept and _format out"
    detail = f"Answers below /fhir are FHIR's JSON: {ways}."
    return ProblemError(ProblemCode.NOT_ACCEPTABLE, detail, faults=[fault])


def _accepts_json(accept: str) -> bool:
    """Whether an Accept header lets JSON through: of each type the most special range counts (RFC 9110, 12.5.1)."""
    weights: dict[str, bool] = {}
    for part in accept.lower().split(","):
        media_range, *parameters = (one.strip() for one in part.split(";"))
        if media_range:
            weights[media_range] = weights.get(media_range, False) or not any(map(_NOTHING.fullmatch, parameters))
    if not weights:
        return True
    ranges = [(one, f"{one.partition('/')[0]}/*", "*/*") for one in _TYPES]
    return any(next((weights[name] for name in names if name in weights), False) for names in ranges)


@router.get(
    "/fhir/metadata",
    summary="CapabilityStatement",
    response_model=FhirResource,
    response_class=FhirResponse,
    response_description="A CapabilityStatement of FHIR R4.",
    openapi_extra={"parameters": [FORMAT], **statuses(406), **needs(Permission.PUBLIC)},
)
async def get_capability_statement(request: Request) -> Response:
    """What can be asked below `/fhir`."""
    require_json(request)
    return FhirResponse(capability_statement(parts_of(request).settings.public_url or ""))


@router.get(
    f"/fhir/OperationDefinition/{OPERATION}",
    summary="OperationDefinition",
    response_model=FhirResource,
    response_class=FhirResponse,
    response_description="The OperationDefinition of `$check-magnesium`.",
    openapi_extra={"parameters": [FORMAT], **statuses(406), **needs(Permission.PUBLIC)},
)
async def get_operation_definition(request: Request) -> Response:
    """What `$check-magnesium` takes and gives."""
    require_json(request)
    return FhirResponse(operation_definition(parts_of(request).settings.public_url or ""))
