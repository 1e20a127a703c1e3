"""The OpenAPI document: what FastAPI knows of the routes, with the errors, headers and bodies they really have.

The committed `openapi/openapi.json` is this document; clients are generated from it. Nothing here changes behaviour.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from service.api.dependencies import API_VERSION
from service.api.outcome import OUTCOME_TYPES, OperationOutcome, media_type_at
from service.api.problems import KINDS, MEDIA_TYPE, TYPE_PREFIX, Problem, ProblemCode
from service.application.principals import Permission

_SCHEMAS: Final = "#/components/schemas/"
_STATUSES: Final = "x-statuses"
PERMISSION: Final = "x-permission"
# What any request may be answered with, whatever the path.
_COMMON_STATUSES: Final = (400, 405, 413, 422, 431, 500)
# And what any may be answered with that needs to know who asks.
_GUARDED_STATUSES: Final = (401, 403, 429)
# Any one of them.
_SECURITY: Final[list[dict[str, list[str]]]] = [{"ApiKey": []}, {"Bearer": []}, {"SignInCookie": []}]
_SECURITY_SCHEMES: Final = {
    "ApiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "A key of a system, `mck_…`; it may come as a bearer token as well.",
    },
    "Bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, the token of a sign-in (`mcs_…`), or an access token (JWT) of the issuer that this "
        "service is set up to trust.",
    },
    "SignInCookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-magcheck",
        "description": "Set by a sign-in. Changes that are asked for with it need the `csrf_token` of the sign-in in "
        "X-CSRF-Token, and come from a page of this service.",
    },
}
_RESPONSE_NAMES: Final = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    406: "NotAcceptable",
    409: "Conflict",
    412: "PreconditionFailed",
    413: "ContentTooLarge",
    415: "UnsupportedMediaType",
    422: "UnprocessableContent",
    428: "PreconditionRequired",
    429: "TooManyRequests",
    431: "HeadersTooLarge",
    500: "InternalError",
    503: "ServiceUnavailable",
}
_RESPONSE_HEADERS: Final = {401: "WWW-Authenticate", 405: "Allow", 429: "RetryAfter", 503: "RetryAfter"}
_EXAMPLE_ID: Final = "0b6a3c1e-5d0f-4c57-9a39-6f6f3f1f7f10"
_FAULTS: Final[dict[ProblemCode, list[dict[str, str]]]] = {
    ProblemCode.DUPLICATE_KEY: [
        {"location": "body", "pointer": "/medications", "detail": "stands twice in its object"}
    ],
    ProblemCode.DUPLICATE_PARAMETER: [
        {"location": "query", "pointer": "/limit", "detail": "must be given at most once"}
    ],
    ProblemCode.INVALID_REQUEST: [
        {
            "location": "body",
            "pointer": "/medications/0/dose/value",
            "detail": "must be a string: plain digits without a sign, such as 38 or 0.62",
        }
    ],
}
_DETAILS: Final[dict[ProblemCode, str]] = {
    ProblemCode.MALFORMED_REQUEST: "There must be exactly one Host header.",
    ProblemCode.MALFORMED_JSON: "The body is not JSON in UTF-8: trailing comma at line 1 column 19.",
    ProblemCode.DUPLICATE_KEY: (
        "A key stands twice in an object of the body, and which of the two is meant cannot be known."
    ),
    ProblemCode.DUPLICATE_PARAMETER: "A query parameter is given twice, and which of the two is meant cannot be known.",
    ProblemCode.NOT_FOUND: "No such path. /openapi.json lists the paths there are; none ends with a slash.",
    ProblemCode.NOT_ACCEPTABLE: (
        "Answers below /fhir are FHIR's JSON: ask for application/fhir+json or application/json, or leave Accept and "
        "_format out."
    ),
    ProblemCode.METHOD_NOT_ALLOWED: "This path does not take this method; the Allow header lists those it does.",
    ProblemCode.CONTENT_TOO_LARGE: "The body may have at most 262144 bytes; split the request.",
    ProblemCode.UNSUPPORTED_MEDIA_TYPE: "The Content-Type must be application/json, in UTF-8.",
    ProblemCode.INVALID_REQUEST: "The body does not fit the contract; `errors` says where and what is allowed.",
    ProblemCode.HEADERS_TOO_LARGE: "All headers together may have at most 16384 bytes.",
    ProblemCode.INTERNAL_ERROR: (
        "The fault is ours. It was logged under the correlation id; please report it with that id."
    ),
    ProblemCode.NO_RULE_SET: (
        "No rule set has been loaded, so nothing can be answered: it has not been looked for yet. Try again shortly."
    ),
    ProblemCode.NOT_READY: "No rule set has been loaded.",
    ProblemCode.IDEMPOTENCY_KEY_REQUIRED: (
        "This request changes something, so it needs an Idempotency-Key header of 8 to 64 letters, digits, `.`, `_`, "
        "`:` or `-`: new for each wish, the same when the request is sent again."
    ),
    ProblemCode.NOT_AUTHENTICATED: "Who asks could not be established; send an API key or a bearer token, not both.",
    ProblemCode.NOT_PERMITTED: (
        "The roles of who asks do not allow this. It needs the role reviewer (permission drafts:review); an "
        "administrator gives roles."
    ),
    ProblemCode.REAUTHENTICATION_REQUIRED: "A signature needs the password once more, or a sign-in of this moment.",
    ProblemCode.SIGN_IN_REFUSED: (
        "None of your groups at the identity provider has a role here; ask whoever looks after those groups."
    ),
    ProblemCode.ILLEGAL_STEP: "The draft is published and takes no changes; open another one.",
    ProblemCode.QUESTION_NOT_KEPT: "The question of this decision was not kept; send it along.",
    ProblemCode.QUESTION_DIFFERS: "This is not the question that was answered then: its digest is another one.",
    ProblemCode.NOT_REPLAYABLE: "The terminology that was in use then is not there.",
    ProblemCode.GATE_REFUSED: "2 of 785 worked cases do not hold.",
    ProblemCode.RULE_SET_MOVED: "Another rule set answers than the one the draft was based on; rebase the draft.",
    ProblemCode.PRECONDITION_FAILED: "The draft has changed since; read it again and look at what is new.",
    ProblemCode.PRECONDITION_REQUIRED: "Send the ETag of the draft in If-Match, so that no other change gets lost.",
    ProblemCode.NOTHING_TO_CHECK: (
        "No medication came with the request, and there is no FHIR server to ask: send the list of current medications "
        "as prefetch."
    ),
    ProblemCode.IDEMPOTENCY_KEY_REUSED: "This Idempotency-Key was used for another request; make a new one.",
    ProblemCode.TOO_MANY_REQUESTS: "This key may send 600 requests a minute; try again in 3 seconds.",
    ProblemCode.RULE_SET_BEHIND: (
        "This process answers from rule set 4, and the request wants 5 or later. Try again shortly, with the same "
        "header."
    ),
    ProblemCode.RULE_SET_STALE: (
        "Checks are refused. OUT OF DATE: for 30 hours the database has not confirmed the rule set that answers, "
        "longer than the 24 hours that are allowed. Try again shortly; /health/ready tells more."
    ),
    ProblemCode.STORE_UNAVAILABLE: "The database does not answer, so nothing was changed. Try again shortly.",
    ProblemCode.PROVIDER_UNAVAILABLE: "The identity provider does not answer as it should; try again in a moment.",
    ProblemCode.DECISION_NOT_KEPT: (
        "The check was worked out, but neither the database nor the disk could keep its decision, and no answer leaves "
        "without. Try again shortly; /health/ready tells more."
    ),
}
_DESCRIPTION: Final = """\
Tells a pharmacy system what magnesium has to do with a patient's medicines: which drugs drain it, which hold it back,
which are blocked by it, what adds up, when to take what, and how sure we are. It informs professionals; it does not
decide, and "no finding" never means "safe".

Numbers with units are decimal strings. Names, birth dates and record numbers are not asked for and are refused. Every
error is a problem document (RFC 9457) that never repeats what was sent. The same rule set and the same request give
the same answer, apart from `check_id` and `degraded`, which are about the moment.
"""
_TAGS: Final = [
    {"name": "checks", "description": "Check a medication list."},
    {
        "name": "decisions",
        "description": "What was answered, from what; the same answer once more; what was made of findings.",
    },
    {"name": "medications", "description": "Find out what a medication is taken for."},
    {
        "name": "cds hooks",
        "description": "CDS Hooks 2.0.1: cards while somebody orders, signs, verifies or opens a chart.",
    },
    {
        "name": "fhir",
        "description": "FHIR R4: the operation `$check-magnesium`, and what this service says of itself.",
    },
    {
        "name": "rxnav",
        "description": "The shape of RxNav's interaction interface, closed in January 2024; about magnesium only.",
    },
    {
        "name": "knowledge",
        "description": "Read the rule set that answers. Lists come in pages, ordered by id; an `ETag` tells whether "
        "anything has changed.",
    },
    {"name": "drafts", "description": "Change the rules: draft, review by a second person, publish."},
    {"name": "rule sets", "description": "Published rule sets: read, compare, roll back, retire."},
    {"name": "audit", "description": "Who did what, when and why."},
    {"name": "access", "description": "Who may use the service: people and API keys."},
    {"name": "sign-in", "description": "Sign in and out, as a person."},
    {"name": "timetables", "description": "Look at the day plan of a check."},
    {"name": "service", "description": "Whether the service lives, is ready, and how it does."},
]


# What every read of the rule set may answer besides.
READS: Final[dict[int | str, dict[str, Any]]] = {
    304: {"description": "Nothing has changed since the `ETag` that was given."},
}


def statuses(*more: int) -> dict[str, Any]:
    """Part of a route's ``openapi_extra``: problems it may answer with besides those every route has."""
    return {_STATUSES: list(more)}


def needs(permission: Permission) -> dict[str, Any]:
    """Part of a route's ``openapi_extra``: what somebody must be allowed to do to use it."""
    return {PERMISSION: permission.value}


def changes(*, if_match: bool = False, of_something: bool = True) -> dict[str, Any]:
    """Part of a route's ``openapi_extra``: what every request that changes something brings and may be answered."""
    names = ["IdempotencyKey", *(["IfMatch"] if if_match else [])]
    more = (*((404,) if of_something else ()), *((412, 428) if if_match else ()))
    return {
        "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in names],
        **statuses(409, *more, 415, 503),
    }


def json_body(model: type[BaseModel], examples: Mapping[str, Any], *, required: bool = True) -> dict[str, Any]:
    """Part of a route's ``openapi_extra``: the body of a route that reads it itself."""
    content = {"schema": {"$ref": f"{_SCHEMAS}{model.__name__}"}, "examples": dict(examples)}
    return {"requestBody": {"required": required, "content": {"application/json": content}}}


def foreign_body(model: type[BaseModel], examples: Mapping[str, Any], media_types: Iterable[str]) -> dict[str, Any]:
    """Part of a route's ``openapi_extra``: a body that comes in any of several media types."""
    content = json_body(model, examples)["requestBody"]["content"]["application/json"]
    return {"requestBody": {"required": True, "content": dict.fromkeys(media_types, content)}}


def describe(app: FastAPI, *, bodies: Iterable[type[BaseModel]]) -> dict[str, Any]:
    """The OpenAPI document of an application; ``bodies`` are the models `json_body` was given."""
    described = get_openapi(
        title="magcheck",
        version=API_VERSION,
        summary="Magnesium drug-interaction checks with cited explanations.",
        description=_DESCRIPTION,
        routes=app.routes,
        tags=_TAGS,
        servers=[{"url": "/", "description": "The service that gave you this document"}],
        contact={"name": "The maintainers of this service"},
        # The identifier is one of SPDX: a licence of one's own has to be called so.
        license_info={"name": "As agreed with the operator of this service", "identifier": "LicenseRef-as-agreed"},
    )
    components = described["components"]
    schemas: dict[str, Any] = components["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    read: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "validation") for model in bodies]
    _add(schemas, read)
    _add(schemas, [(Problem, "serialization")])
    _, outcomes = TypeAdapter.json_schemas(
        [("outcome", "serialization", TypeAdapter(OperationOutcome))], ref_template=f"{_SCHEMAS}{{model}}"
    )
    schemas.update(outcomes["$defs"])
    components["schemas"] = {name: _without_titles(schema) for name, schema in sorted(schemas.items())}
    components["responses"] = {
        **{name: _problem(status) for status, name in _RESPONSE_NAMES.items()},
        **{_outcome_name(status): _outcome(status) for status in _RESPONSE_NAMES},
    }
    components["headers"] = _HEADERS
    components["securitySchemes"] = _SECURITY_SCHEMES
    components["parameters"] = {
        "CorrelationId": _CORRELATION_ID,
        "IdempotencyKey": _IDEMPOTENCY_KEY,
        "IfMatch": _IF_MATCH,
        "IfNoneMatch": _IF_NONE_MATCH,
    }
    for path, operations in described["paths"].items():
        for operation in operations.values():
            _complete(operation, for_fhir=media_type_at(path) is not None)
    _drop_unused(components["responses"], described["paths"])
    return described


def document(app: FastAPI) -> bytes:
    """The document as it is committed: the same bytes on every machine."""
    return json.dumps(app.openapi(), indent=2, ensure_ascii=False).encode() + b"\n"


def _add(schemas: dict[str, Any], models: list[tuple[type[BaseModel], JsonSchemaMode]]) -> None:
    _, definitions = models_json_schema(models, ref_template=f"{_SCHEMAS}{{model}}")
    for name, schema in definitions["$defs"].items():
        if schemas.setdefault(name, schema) != schema:
            raise ValueError(f"two different types are called {name} in the contract; rename one")


def _drop_unused(responses: dict[str, Any], paths: dict[str, Any]) -> None:
    """Leave only those shared responses that some operation refers to."""
    given = [
        response
        for operations in paths.values()
        for one in operations.values()
        for response in one["responses"].values()
    ]
    used = {response["$ref"].rpartition("/")[2] for response in given if "$ref" in response}
    for name in responses.keys() - used:
        del responses[name]


def _complete(operation: dict[str, Any], *, for_fhir: bool) -> None:
    """Give an operation the parameters, problems and headers that all have, and those it names."""
    parameters: list[dict[str, Any]] = operation.setdefault("parameters", [])
    for parameter in parameters:
        if "$ref" in parameter:
            continue
        parameter["schema"] = _without_null(parameter["schema"])
    parameters.append({"$ref": "#/components/parameters/CorrelationId"})
    responses: dict[str, Any] = operation["responses"]
    if "304" in responses:
        parameters.append({"$ref": "#/components/parameters/IfNoneMatch"})
    responses.pop("422", None)  # FastAPI's own body, which nobody gets
    for response in responses.values():
        if "304" in responses:
            response.setdefault("headers", {})["ETag"] = {"$ref": "#/components/headers/ETag"}
        response.setdefault("headers", {})["X-Correlation-ID"] = {"$ref": "#/components/headers/CorrelationId"}
    permission = operation.pop(PERMISSION)
    guarded = () if permission == Permission.PUBLIC else _GUARDED_STATUSES
    operation["security"] = [] if permission == Permission.PUBLIC else _SECURITY
    operation["x-required-permission"] = permission
    for status in (*_COMMON_STATUSES, *guarded, *operation.pop(_STATUSES, ())):
        name = _outcome_name(status) if for_fhir else _RESPONSE_NAMES[status]
        responses[str(status)] = {"$ref": f"#/components/responses/{name}"}
    operation["responses"] = dict(sorted(responses.items()))


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter that is left out is not null: there is no way to write null in a query or header."""
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key not in {"anyOf", "title", "description"}}
    return {**options[0], **rest} if len(options) == 1 else rest


def _without_titles(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without the titles pydantic makes of names: they say nothing and make generators invent types."""
    plain: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "title":
            continue
        if key in {"properties", "$defs"}:
            plain[key] = {name: _without_titles(part) for name, part in value.items()}
        elif isinstance(value, dict) and key not in {"default", "example"}:
            plain[key] = _without_titles(value)
        elif key in {"anyOf", "allOf", "oneOf", "prefixItems"}:
            plain[key] = [_without_titles(part) for part in value]
        else:
            plain[key] = value
    return plain


_CORRELATION_ID: Final = {
    "name": "X-Correlation-ID",
    "in": "header",
    "required": False,
    "description": "Your id for the request, which comes back and stands in our log: 8 to 64 letters, digits, `.`, "
    "`_`, `:` or `-`. Anything else is replaced. It must not hold anything about a patient.",
    "schema": {"type": "string"},
}
_IF_NONE_MATCH: Final = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "An `ETag` seen before. While the answer is still the same, it is 304 without a body.",
    "schema": {"type": "string"},
}
_IDEMPOTENCY_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "New for each wish, for instance a UUID. Sent again with the same key, a request gives the first "
    "answer again and does nothing twice; answers are kept for a week.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:-]{8,64}$"},
}
_IF_MATCH: Final = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The `ETag` of what you have read and are about to change. If somebody has changed it since, the "
    "answer is 412 and nothing happens.",
    "schema": {"type": "string", "pattern": '^"[1-9][0-9]{0,8}"$'},
}
_HEADERS: Final = {
    "CorrelationId": {"description": "The id of the request in our log.", "schema": {"type": "string"}},
    "ETag": {"description": "Identifies this version of the answer.", "schema": {"type": "string"}},
    "Location": {"description": "The address of what was made.", "schema": {"type": "string"}},
    "Allow": {"description": "The methods this path takes.", "schema": {"type": "string"}},
    "WWW-Authenticate": {"description": "How somebody can prove who they are.", "schema": {"type": "string"}},
    "RetryAfter": {"description": "Seconds to wait.", "schema": {"type": "string"}},
}


def _outcome_name(status: int) -> str:
    return f"{_RESPONSE_NAMES[status]}Outcome"


def _outcome(status: int) -> dict[str, Any]:
    """The problems of one status as a response to a system of FHIR."""
    described = _problem(status)
    content = {"schema": {"$ref": f"{_SCHEMAS}OperationOutcome"}}
    return {**described, "content": dict.fromkeys(OUTCOME_TYPES, content)}


def _problem(status: int) -> dict[str, Any]:
    """The problems of one status as a response."""
    codes = [code for code, kind in KINDS.items() if kind.status == status]
    headers = {"X-Correlation-ID": {"$ref": "#/components/headers/CorrelationId"}}
    if status in _RESPONSE_HEADERS:
        name = _RESPONSE_HEADERS[status]
        headers[{"RetryAfter": "Retry-After"}.get(name, name)] = {"$ref": f"#/components/headers/{name}"}
    return {
        "description": ". ".join(KINDS[code].title for code in codes) + ".",
        "headers": headers,
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": f"{_SCHEMAS}Problem"},
                "examples": {code.value: {"summary": KINDS[code].title, "value": _example(code)} for code in codes},
            }
        },
    }


def _example(code: ProblemCode) -> dict[str, Any]:
    return {
        "type": f"{TYPE_PREFIX}{code}",
        "title": KINDS[code].title,
        "status": KINDS[code].status,
        "detail": _DETAILS[code],
        "code": code.value,
        "correlation_id": _EXAMPLE_ID,
        "errors": _FAULTS.get(code, []),
    }
