"""Errors as RFC 9457 problems: one table of kinds, one body, one set of handlers for every path.

Nothing here repeats what a caller sent: a path, a key, a value or a query may hold patient data, so the texts are made
of our own words and of names that stand in the contract.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, NamedTuple

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Mount, Route
from starlette.types import Scope

from service.api.faults import MAXIMUM_FAULTS, Fault, FaultLocation, parameter_faults
from service.api.frame import frame_of
from service.api.outcome import media_type_at, outcome
from service.errors import (
    ChangedMeanwhile,
    DecisionNotKept,
    GateFailed,
    GateRefused,
    IdempotencyKeyReused,
    IllegalStep,
    MigrationNeeded,
    NoRuleSet,
    NoSuchRuleSet,
    NotAuthenticated,
    NotPermitted,
    NotReplayable,
    NotThere,
    ProviderUnavailable,
    QuestionDiffers,
    QuestionNotKept,
    ReauthenticationRequired,
    RecordInvalid,
    RuleSetDamaged,
    RuleSetMoved,
    RuleSetStale,
    ServiceError,
    SignInRefused,
    StoreUnavailable,
    TooManyAttempts,
)

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "/problems/"
_RETRY_SECONDS: Final = "5"
_UNAVAILABLE: Final = 503
CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="magcheck"'}


class ProblemCode(StrEnum):
    """What kind of problem it is. `type` is `/problems/` and this code."""

    MALFORMED_REQUEST = "malformed-request"
    MALFORMED_JSON = "malformed-json"
    DUPLICATE_KEY = "duplicate-key"
    DUPLICATE_PARAMETER = "duplicate-parameter"
    IDEMPOTENCY_KEY_REQUIRED = "idempotency-key-required"
    NOT_AUTHENTICATED = "not-authenticated"
    NOT_PERMITTED = "not-permitted"
    REAUTHENTICATION_REQUIRED = "reauthentication-required"
    SIGN_IN_REFUSED = "sign-in-refused"
    NOT_FOUND = "not-found"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    NOT_ACCEPTABLE = "not-acceptable"
    ILLEGAL_STEP = "illegal-step"
    GATE_REFUSED = "gate-refused"
    RULE_SET_MOVED = "rule-set-moved"
    QUESTION_NOT_KEPT = "question-not-kept"
    NOT_REPLAYABLE = "not-replayable"
    PRECONDITION_FAILED = "precondition-failed"
    NOTHING_TO_CHECK = "nothing-to-check"
    CONTENT_TOO_LARGE = "content-too-large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type"
    INVALID_REQUEST = "invalid-request"
    IDEMPOTENCY_KEY_REUSED = "idempotency-key-reused"
    QUESTION_DIFFERS = "question-differs"
    PRECONDITION_REQUIRED = "precondition-required"
    TOO_MANY_REQUESTS = "too-many-requests"
    HEADERS_TOO_LARGE = "headers-too-large"
    INTERNAL_ERROR = "internal-error"
    NO_RULE_SET = "no-rule-set"
    NOT_READY = "not-ready"
    STORE_UNAVAILABLE = "store-unavailable"
    PROVIDER_UNAVAILABLE = "provider-unavailable"
    DECISION_NOT_KEPT = "decision-not-kept"
    RULE_SET_BEHIND = "rule-set-behind"
    RULE_SET_STALE = "rule-set-stale"


class Kind(NamedTuple):
    """What all problems of one code have in common."""

    status: int
    title: str


KINDS: Final[dict[ProblemCode, Kind]] = {
    ProblemCode.MALFORMED_REQUEST: Kind(400, "The request is not well-formed HTTP"),
    ProblemCode.MALFORMED_JSON: Kind(400, "The body is not JSON"),
    ProblemCode.DUPLICATE_KEY: Kind(400, "The body has a key twice"),
    ProblemCode.DUPLICATE_PARAMETER: Kind(400, "A query parameter is given twice"),
    ProblemCode.IDEMPOTENCY_KEY_REQUIRED: Kind(400, "The request has no idempotency key"),
    ProblemCode.NOT_AUTHENTICATED: Kind(401, "Nobody knows who asks"),
    ProblemCode.NOT_PERMITTED: Kind(403, "Who asks may not do this"),
    ProblemCode.REAUTHENTICATION_REQUIRED: Kind(403, "This needs a fresh proof of who asks"),
    ProblemCode.SIGN_IN_REFUSED: Kind(403, "The sign-in was not taken"),
    ProblemCode.NOT_FOUND: Kind(404, "There is nothing here"),
    ProblemCode.METHOD_NOT_ALLOWED: Kind(405, "The method is not allowed here"),
    ProblemCode.NOT_ACCEPTABLE: Kind(406, "The answer is not given in that form"),
    ProblemCode.ILLEGAL_STEP: Kind(409, "The step is not allowed from here"),
    ProblemCode.GATE_REFUSED: Kind(409, "The rules do not pass the gate"),
    ProblemCode.RULE_SET_MOVED: Kind(409, "Another rule set answers by now"),
    ProblemCode.QUESTION_NOT_KEPT: Kind(409, "The question was not kept"),
    ProblemCode.NOT_REPLAYABLE: Kind(409, "The answer of that time cannot be made again"),
    ProblemCode.PRECONDITION_FAILED: Kind(412, "It has changed in the meantime"),
    ProblemCode.NOTHING_TO_CHECK: Kind(412, "What is needed for a check is not there"),
    ProblemCode.CONTENT_TOO_LARGE: Kind(413, "The body is too large"),
    ProblemCode.UNSUPPORTED_MEDIA_TYPE: Kind(415, "The body is not in a form that is read here"),
    ProblemCode.INVALID_REQUEST: Kind(422, "The request does not fit the contract"),
    ProblemCode.IDEMPOTENCY_KEY_REUSED: Kind(422, "The idempotency key belongs to another request"),
    ProblemCode.QUESTION_DIFFERS: Kind(422, "This is another question"),
    ProblemCode.PRECONDITION_REQUIRED: Kind(428, "The request does not say which version it is about"),
    ProblemCode.TOO_MANY_REQUESTS: Kind(429, "Too many requests"),
    ProblemCode.HEADERS_TOO_LARGE: Kind(431, "The headers are too large"),
    ProblemCode.INTERNAL_ERROR: Kind(500, "Something went wrong here"),
    ProblemCode.NO_RULE_SET: Kind(503, "There is no rule set to answer from"),
    ProblemCode.NOT_READY: Kind(503, "The service is not ready"),
    ProblemCode.STORE_UNAVAILABLE: Kind(503, "The database does not answer"),
    ProblemCode.PROVIDER_UNAVAILABLE: Kind(503, "The identity provider does not answer"),
    ProblemCode.DECISION_NOT_KEPT: Kind(503, "The decision cannot be kept"),
    ProblemCode.RULE_SET_BEHIND: Kind(503, "This process does not have that rule set yet"),
    ProblemCode.RULE_SET_STALE: Kind(503, "The rule set is out of date"),
}
# An OperationOutcome has no `errors`: each fault is an issue of its own.
_IN_OUTCOMES: Final = ("`errors` says", "the issues that follow say")
# What Starlette and FastAPI raise by themselves; anything else they might raise counts as a malformed request.
_CODE_OF_STATUS: Final = {
    404: (ProblemCode.NOT_FOUND, "No such path. /openapi.json lists the paths there are; none ends with a slash."),
    405: (ProblemCode.METHOD_NOT_ALLOWED, "This path does not take this method; the Allow header lists those it does."),
}


class Problem(BaseModel):
    """An error (RFC 9457). It never repeats what was sent."""

    model_config = ConfigDict(frozen=True)

    type: Annotated[str, Field(description="A stable name of the kind of problem.", examples=["/problems/not-found"])]
    title: Annotated[str, Field(description="The kind of problem in words; the same for every problem of the type.")]
    status: Annotated[int, Field(ge=400, le=599, description="The HTTP status, repeated.")]
    detail: Annotated[str, Field(description="What was wrong this time, what is allowed, and what to do next.")]
    code: ProblemCode
    correlation_id: Annotated[str, Field(description="The request in our log; quote it when you ask for help.")]
    errors: Annotated[list[Fault], Field(description="Each single fault with its place; may be empty.")]


class ProblemError(Exception):
    """A request that is answered with a problem. The text names the code only."""

    def __init__(
        self,
        code: ProblemCode,
        detail: str,
        *,
        faults: Iterable[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """``detail`` and ``faults`` are shown to the caller and must not hold what the caller sent."""
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.faults = tuple(faults)
        self.headers = headers


def problem_response(
    scope: Scope,
    code: ProblemCode,
    detail: str,
    *,
    faults: Iterable[Fault] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer to a request that failed, in the form that is usual at its path."""
    kind = KINDS[code]
    kept = {"Cache-Control": "no-store", **(headers or {})}
    media_type = media_type_at(scope.get("path", ""))
    if media_type is not None:
        places = [(fault.pointer, fault.detail) for fault in faults]
        content = outcome(kind.status, code, kind.title, detail.replace(*_IN_OUTCOMES), places)
        return Response(content, status_code=kind.status, headers=kept, media_type=media_type)
    problem = Problem(
        type=f"{TYPE_PREFIX}{code}",
        title=kind.title,
        status=kind.status,
        detail=detail,
        code=code,
        correlation_id=frame_of(scope).correlation_id,
        errors=list(faults),
    )
    return Response(
        problem.model_dump_json(),
        status_code=kind.status,
        headers=kept,
        media_type=MEDIA_TYPE,
    )


def internal_error(scope: Scope) -> Response:
    """The answer when we failed; it tells nothing but where to find more."""
    detail = "The fault is ours. It was logged under the correlation id; please report it with that id."
    return problem_response(scope, ProblemCode.INTERNAL_ERROR, detail)


def allowed_methods(scope: Scope) -> str:
    """The methods of all routes with this path. Starlette's own `Allow` knows only the first route that matches."""
    methods: set[str] = set()
    # A mount has already moved its own path to the root path of what is below it.
    scope = {**scope, "root_path": scope.get("app_root_path", scope.get("root_path", ""))}
    for route in scope["app"].routes:
        if isinstance(route, Route | Mount) and route.matches(scope)[0] is not Match.NONE:
            methods.update(route.methods or () if isinstance(route, Route) else ("GET",))
    if "GET" in methods:
        methods.add("HEAD")  # answered by the edge
    return ", ".join(sorted(methods))


async def _on_problem(request: Request, error: ProblemError) -> Response:
    return problem_response(request.scope, error.code, error.detail, faults=error.faults, headers=error.headers)


async def _on_http_exception(request: Request, error: HTTPException) -> Response:
    headers = dict(error.headers or {})
    unknown = (ProblemCode.MALFORMED_REQUEST, "The request could not be read.")
    code, detail = _CODE_OF_STATUS.get(error.status_code, unknown)
    if code is ProblemCode.METHOD_NOT_ALLOWED:
        headers["Allow"] = allowed_methods(request.scope)
    return problem_response(request.scope, code, detail, headers=headers)


async def _on_invalid_parameters(request: Request, error: RequestValidationError) -> Response:
    detail = "The request does not fit the contract; `errors` says where and what is allowed."
    return problem_response(request.scope, ProblemCode.INVALID_REQUEST, detail, faults=parameter_faults(error.errors()))


async def _on_no_rule_set(request: Request, error: NoRuleSet) -> Response:
    detail = f"No rule set has been loaded, so nothing can be answered: {error}. Try again shortly."
    return problem_response(request.scope, ProblemCode.NO_RULE_SET, detail, headers={"Retry-After": _RETRY_SECONDS})


async def _on_stale(request: Request, error: RuleSetStale) -> Response:
    detail = f"Checks are refused. {error}. Try again shortly; /health/ready tells more."
    return problem_response(request.scope, ProblemCode.RULE_SET_STALE, detail, headers={"Retry-After": _RETRY_SECONDS})


async def _on_store_unavailable(request: Request, _: ServiceError) -> Response:
    detail = "The database does not answer, so nothing was changed. Try again shortly."
    headers = {"Retry-After": _RETRY_SECONDS}
    return problem_response(request.scope, ProblemCode.STORE_UNAVAILABLE, detail, headers=headers)


# What verbs raise, by the problem it is to a caller; the texts are our own words.
_OF_ERROR: Final[dict[type[ServiceError], ProblemCode]] = {
    ChangedMeanwhile: ProblemCode.PRECONDITION_FAILED,
    DecisionNotKept: ProblemCode.DECISION_NOT_KEPT,
    GateFailed: ProblemCode.NOT_READY,
    GateRefused: ProblemCode.GATE_REFUSED,
    IdempotencyKeyReused: ProblemCode.IDEMPOTENCY_KEY_REUSED,
    IllegalStep: ProblemCode.ILLEGAL_STEP,
    NoSuchRuleSet: ProblemCode.NOT_FOUND,
    NotReplayable: ProblemCode.NOT_REPLAYABLE,
    NotPermitted: ProblemCode.NOT_PERMITTED,
    NotThere: ProblemCode.NOT_FOUND,
    ProviderUnavailable: ProblemCode.PROVIDER_UNAVAILABLE,
    QuestionDiffers: ProblemCode.QUESTION_DIFFERS,
    QuestionNotKept: ProblemCode.QUESTION_NOT_KEPT,
    ReauthenticationRequired: ProblemCode.REAUTHENTICATION_REQUIRED,
    RecordInvalid: ProblemCode.INVALID_REQUEST,
    RuleSetDamaged: ProblemCode.ILLEGAL_STEP,
    RuleSetMoved: ProblemCode.RULE_SET_MOVED,
    SignInRefused: ProblemCode.SIGN_IN_REFUSED,
}


async def _on_service_error(request: Request, error: ServiceError) -> Response:
    faults: list[Fault] = []
    if isinstance(error, RecordInvalid):
        faults = [
            Fault(location=FaultLocation.BODY, pointer=f"/document{pointer}"[:500], detail=detail)
            for pointer, detail in error.problems[:MAXIMUM_FAULTS]
        ]
    elif isinstance(error, GateRefused):
        faults = [Fault(location=FaultLocation.BODY, pointer="", detail=reason) for reason in error.reasons]
    text = str(error)
    code = _OF_ERROR[type(error)]
    headers = {"Retry-After": _RETRY_SECONDS} if KINDS[code].status == _UNAVAILABLE else None
    detail = f"{text[0].upper()}{text[1:]}."
    return problem_response(request.scope, code, detail, faults=faults, headers=headers)


async def _on_not_authenticated(request: Request, _: NotAuthenticated) -> Response:
    detail = "The name or the password is not right, or the account is disabled."
    return problem_response(request.scope, ProblemCode.NOT_AUTHENTICATED, detail, headers=CHALLENGE)


async def _on_too_many_attempts(request: Request, error: TooManyAttempts) -> Response:
    detail = f"Too many attempts failed; try again in {error.seconds} seconds."
    headers = {"Retry-After": str(error.seconds)}
    return problem_response(request.scope, ProblemCode.TOO_MANY_REQUESTS, detail, headers=headers)


HANDLERS: Final[dict[int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]]] = {
    ProblemError: _on_problem,
    HTTPException: _on_http_exception,
    RequestValidationError: _on_invalid_parameters,
    NoRuleSet: _on_no_rule_set,
    RuleSetStale: _on_stale,
    StoreUnavailable: _on_store_unavailable,
    MigrationNeeded: _on_store_unavailable,
    **dict.fromkeys(_OF_ERROR, _on_service_error),
    NotAuthenticated: _on_not_authenticated,
    TooManyAttempts: _on_too_many_attempts,
}
