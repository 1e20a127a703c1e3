"""`GET /fhir/metadata` and the definition of the operation: what a client of FHIR asks before anything else.

They are public, as clients expect, and so tell nothing of rules, callers or the version of the program.
"""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from service.api.dependencies import parts_of
from service.api.faults import Fault, FaultLocation
from service.api.fhir.shapes import FHIR_JSON, FhirResource, FhirResponse
from service.api.openapi import needs
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
# A plus in a query that nobody encoded is a blank.
_AS_SENT: Final = frozenset({*_FORMATS, FHIR_JSON.replace("+", " ")})
_NAMES: Final = frozenset({"_format"})

router = APIRouter(route_class=DirectRoute, generate_unique_id_function=operation_id, tags=["fhir"])


def require_json(query: bytes) -> None:
    """Make sure that nobody asks for another format.

    Raises:
        ProblemError: somebody does, or has a parameter that is not known.
    """
    wanted = read_query(query, _NAMES).get("_format") if query else None
    if wanted is not None and wanted not in _AS_SENT:
        fault = Fault(location=FaultLocation.QUERY, pointer="/_format", detail=f"must be one of {', '.join(_FORMATS)}")
        detail = "The request does not fit the contract; `errors` says where and what is allowed."
        raise ProblemError(ProblemCode.INVALID_REQUEST, detail, faults=[fault])


@router.get(
    "/fhir/metadata",
    summary="CapabilityStatement",
    response_model=FhirResource,
    response_class=FhirResponse,
    response_description="A CapabilityStatement of FHIR R4.",
    openapi_extra={"parameters": [FORMAT], **needs(Permission.PUBLIC)},
)
async def get_capability_statement(request: Request) -> Response:
    """What can be asked below `/fhir`."""
    require_json(request.scope["query_string"])
    return FhirResponse(capability_statement(parts_of(request).settings.public_url or ""))


@router.get(
    f"/fhir/OperationDefinition/{OPERATION}",
    summary="OperationDefinition",
    response_model=FhirResource,
    response_class=FhirResponse,
    response_description="The OperationDefinition of `$check-magnesium`.",
    openapi_extra={"parameters": [FORMAT], **needs(Permission.PUBLIC)},
)
async def get_operation_definition(request: Request) -> Response:
    """What `$check-magnesium` takes and gives."""
    require_json(request.scope["query_string"])
    return FhirResponse(operation_definition(parts_of(request).settings.public_url or ""))
