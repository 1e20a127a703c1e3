"""The two kinds of route: one that refuses unknown and repeated query parameters, and a bare one for the hot path."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Any, Final, get_origin
from urllib.parse import parse_qsl

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import request_response

from service.api.authentication import admit
from service.api.faults import Fault, FaultLocation
from service.api.openapi import PERMISSION
from service.api.problems import ProblemCode, ProblemError
from service.application.principals import Permission

_MAXIMUM_PARAMETERS: Final = 100
# Where parameters may be repeated, each has its own bound in the contract; this one comes before reading them.
_MAXIMUM_REPEATED: Final = 400


def operation_id(route: APIRoute) -> str:
    """The endpoint's own name, so that generated clients have methods of the same name."""
    return route.name


def _permission(path: str, options: Mapping[str, Any]) -> Permission:
    """What a route needs, out of its ``openapi_extra``.

    Raises:
        ValueError: it does not say; then nobody could tell whether it was forgotten.
    """
    needed = (options.get("openapi_extra") or {}).get(PERMISSION)
    if needed is None:
        raise ValueError(f"the route {path} does not say what it needs; put needs(Permission.…) into its openapi_extra")
    return Permission(needed)


class StrictRoute(APIRoute):
    """A FastAPI route behind the gate, that takes each query parameter it declares, once unless a list, and no other.

    Who asks is found out before anything else of the request is looked at.
    """

    # Where others put the query together and may add to it, what is not known is left alone; the endpoint looks at it.
    query_of_others = False

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401
        """Take all options of `APIRoute`."""
        self.permission = _permission(path, options)
        super().__init__(path, endpoint, **options)

    async def admit(self, request: Request) -> None:
        """Let a request pass that may do what this route needs.

        Raises:
            ProblemError: it may not.
        """
        await admit(request.scope, self.permission)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Look at the query before FastAPI does."""
        handler = super().get_route_handler()
        fields = dict(_query_fields(self.dependant))
        names, repeated = frozenset(fields), frozenset(name for name, is_list in fields.items() if is_list)

        admit_to_this, strictly = self.admit, not self.query_of_others

        async def strict(request: Request) -> Response:
            await admit_to_this(request)
            query: bytes = request.scope["query_string"]
            if query and strictly:
                read_query(query, names, repeated)
            return await handler(request)

        return strict


class ReadRoute(StrictRoute):
    """A route whose answer has a tag, and is not sent again to somebody who names that tag.

    The tag is looked at last, when everything about the request has been found good: otherwise a request for a record
    that does not exist would be told that it has not changed.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Look at the answer after FastAPI has made it."""
        handler = super().get_route_handler()

        async def read(request: Request) -> Response:
            response = await handler(request)
            seen = request.headers.get("if-none-match")
            if seen is not None and _matches(seen, response.headers["etag"]):
                kept = {name: response.headers[name] for name in ("etag", "cache-control")}
                return Response(status_code=304, headers=kept)
            return response

        return read


def _matches(if_none_match: str, tag: str) -> bool:
    offered = {one.strip().removeprefix("W/") for one in if_none_match.split(",")}
    return "*" in offered or tag in offered


class DirectAnswer(Response):
    """JSON that is ready to be sent and that nobody may keep, without Starlette's way of putting headers together."""

    media_type = "application/json"

    def __init__(self, body: bytes) -> None:
        """Take the bytes as they are."""
        self.status_code = 200
        self.background = None
        self.body = body
        self.raw_headers = [
            (b"cache-control", b"no-store"),
            (b"content-length", b"%d" % len(body)),
            (b"content-type", b"application/json"),
        ]


class DirectRoute(APIRoute):
    """A route whose endpoint takes the request and gives the response, with nothing of FastAPI in between.

    FastAPI still documents it, from ``openapi_extra`` and ``response_model``. Solving no dependencies, opening no exit
    stacks and building no response model saves two thirds of what an ordinary route costs.
    """

    def __init__(self, path: str, endpoint: Callable[[Request], Awaitable[Response]], **options: Any) -> None:  # noqa: ANN401
        """Take all options of `APIRoute`."""
        permission = self.permission = _permission(path, options)

        async def guarded(request: Request) -> Response:
            await admit(request.scope, permission)
            return await endpoint(request)

        # The endpoint behind the gate: what the router and the edge call.
        self.guarded: Callable[[Request], Coroutine[Any, Any, Response]] = guarded
        super().__init__(path, endpoint, **options)
        self.app = request_response(guarded)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint, behind the gate."""
        return self.guarded


def read_query(query: bytes, names: frozenset[str], repeated: frozenset[str] = frozenset()) -> dict[str, str]:
    """The parameters of a query string; of those that may be ``repeated``, the last.

    Raises:
        ProblemError: a parameter stands twice, or there is no such parameter here.
    """
    try:
        most = _MAXIMUM_REPEATED if repeated else _MAXIMUM_PARAMETERS
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=most, errors="strict")
    except UnicodeDecodeError:
        raise ProblemError(ProblemCode.MALFORMED_REQUEST, "The query must be UTF-8, percent-encoded.") from None
    except ValueError:  # the limit on their number
        pairs = [("", "")]
    parameters = dict(pairs)
    if not names.issuperset(parameters):
        raise ProblemError(
            ProblemCode.INVALID_REQUEST,
            "The request does not fit the contract; `errors` says where and what is allowed.",
            faults=[_unknown(names)],
        )
    given = [name for name, _ in pairs if name not in repeated]
    if len(set(given)) != len(given):
        twice = next(name for name in sorted(given) if given.count(name) > 1)
        fault = Fault(location=FaultLocation.QUERY, pointer=f"/{twice}", detail="must be given at most once")
        detail = "A query parameter is given twice, and which of the two is meant cannot be known."
        raise ProblemError(ProblemCode.DUPLICATE_PARAMETER, detail, faults=[fault])
    return parameters


def _unknown(names: Iterable[str]) -> Fault:
    allowed = ", ".join(sorted(names)) or "none"
    return Fault(
        location=FaultLocation.QUERY, pointer="", detail=f"has a parameter that is not allowed here; allowed: {allowed}"
    )


def _query_fields(dependant: Dependant) -> Iterable[tuple[str, bool]]:
    """The names of all query parameters of an endpoint and its dependencies, and whether they are lists."""
    for parameter in dependant.query_params:
        annotation = parameter.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            for name, field in annotation.model_fields.items():
                yield name, get_origin(field.annotation) is tuple
        else:
            yield parameter.alias, False
    for inner in dependant.dependencies:
        yield from _query_fields(inner)
