"""The outermost layer of every request: correlation id, limits, security headers, metrics and the last-resort answer.

One plain ASGI class; a middleware on Starlette's base class would cost more than the whole rest of a request. It reads
no body, except to throw away what nobody will read, and it never logs what a caller sent.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import perf_counter
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.cors import Cors
from service.api.frame import RequestFrame, set_frame
from service.api.problems import (
    HANDLERS,
    ProblemCode,
    ProblemError,
    internal_error,
    problem_response,
)
from service.api.routes import DirectRoute
from service.day_plan import address, page, svg
from service.errors import DecisionNotKept, NoRuleSet, RuleSetStale
from service.telemetry import Metrics, get_logger

MAXIMUM_BODY: Final = 256 * 1024
# What systems send as FHIR resources: a hundred of them have two or three hundred kilobytes.
MAXIMUM_BUNDLE: Final = 1024 * 1024
_BUNDLE_PATHS: Final = ("/cds-services/", "/fhir/")
MAXIMUM_HEADERS: Final = 16 * 1024
# A client that still sends does not read: an answer before the end of a large body shows up there as a broken pipe.
# So what is left is read and thrown away first, up to a limit in bytes and in time.
DRAINED_BYTES: Final = 16 * 1024 * 1024
DRAINED_SECONDS: Final = 2.0

CORRELATION_HEADER: Final = b"x-correlation-id"
# Letters, digits and four marks: no id can break out of a log line. One run of one class, so matching is linear.
_CORRELATION_ID: Final = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._:-]{7,63}")

_COMMON_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
API_POLICY: Final = (*_COMMON_HEADERS, (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"))
# Swagger UI draws its icons from data: addresses.
_DOCS_POLICY: Final = (
    *_COMMON_HEADERS,
    (
        b"content-security-policy",
        (
            b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            b"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
    ),
)
_DOCS_PATH: Final = "/docs"
# Pages of the editor: nothing inline, nothing from elsewhere; its style sheet draws small icons from data: addresses.
_EDITOR_POLICY: Final = (
    (b"x-content-type-options", b"nosniff"),
    # With no-referrer, browsers tell of a form neither: its origin is then `null`, as that of anybody's page.
    (b"referrer-policy", b"same-origin"),
    (
        b"content-security-policy",
        (
            b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            b"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        ),
    ),
)
_EDITOR_PATH: Final = "/admin"
# Somebody who signs in with a browser is told in a page of the editor what went wrong.
_PROVIDER_PATH: Final = "/v1/sign-ins/provider"
# Drawings bring two style sheets of ours with them, known by their digests.
_DRAWING_POLICY: Final = (
    *_COMMON_HEADERS,
    (
        b"content-security-policy",
        (
            f"default-src 'none'; style-src {svg.STYLE_SOURCE} {page.STYLE_SOURCE}; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ).encode(),
    ),
)
_DRAWING_PATHS: Final = frozenset({address.PATH, address.PAGE_PATH})
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
_NOT_ENCODED: Final = frozenset({b"", b"identity"})
_CLIENT_GONE: Final = 499  # the customary number; no answer was sent

_log = get_logger(__name__)


class AnswerAborted(Exception):
    """The answer broke off after its first bytes; the cause was logged. The server closes the connection."""


class Edge:
    """The middleware around the whole application."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: Metrics,
        new_id: Callable[[], str],
        direct: Iterable[DirectRoute] = (),
        mark: Iterable[tuple[bytes, bytes]] = (),
        cors: Cors | None = None,
    ) -> None:
        """``new_id`` makes correlation ids for requests that bring none. ``direct`` routes are answered from here.

        A direct route needs nothing of what lies between here and its endpoint, which would cost a tenth of a check
        more. The router has the same route and would give the same answer; it also answers the wrong method. ``mark``
        are headers that every answer gets. ``cors`` are the origins whose pages may call CDS Hooks.
        """
        self._app = app
        self._mark = tuple(mark)
        self._cors = cors
        self._direct = {(method, route.path): route for route in direct for method in route.methods or ()}
        self._request_seconds = metrics.request_seconds
        self._observers: dict[tuple[str, str, int], Callable[[float], None]] = {}
        self._new_id = new_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        method: str = scope["method"]
        if method == "HEAD":
            # The server keeps its own scope and leaves the body out of the answer.
            scope = {**scope, "method": "GET"}
        brought = _headers_of(scope)
        correlation_id = brought.correlation_id or self._new_id()
        set_frame(
            scope,
            RequestFrame(correlation_id, brought.content_type, brought.authorization, brought.api_key, brought.cookie),
        )
        policy = self._policy_of(scope)
        status = _CLIENT_GONE

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *policy, (CORRELATION_HEADER, correlation_id.encode())]
            await send(message)

        try:
            most = MAXIMUM_BUNDLE if scope["path"].startswith(_BUNDLE_PATHS) else MAXIMUM_BODY
            _check(brought, scope["http_version"], most)
            limited = receive if brought.length is not None else _counted(receive, most)
            await self._serve(scope, limited, send_with_headers)
        except (ProblemError, NoRuleSet, RuleSetStale, DecisionNotKept) as error:
            answer = await HANDLERS[type(error)](Request(scope), error)
            await answer(scope, receive, send_with_headers)
        except _BodyTooLarge as error:
            read_all = not brought.expects_continue and await _drained(receive)
            refused = _body_too_large(scope, error.most, keep_connection=read_all)
            await refused(scope, receive, send_with_headers)
        except ClientDisconnect:
            pass  # nobody is left to answer, and nothing is wrong with us
        except Exception as error:  # noqa: BLE001 - the last resort is its purpose
            _log.error("unhandled_exception", route=_route(scope), correlation_id=correlation_id, exc_info=error)
            if status != _CLIENT_GONE:
                raise AnswerAborted from None
            await internal_error(scope)(scope, receive, send_with_headers)
        finally:
            key = (method, _route(scope), status)
            observe = self._observers.get(key) or self._observer(key)
            observe(perf_counter() - started)

    def _policy_of(self, scope: Scope) -> tuple[tuple[bytes, bytes], ...]:
        """The headers of every answer to this request, whatever comes of it."""
        policy = policy_of(scope["path"])
        if self._mark:
            policy = (*policy, *self._mark)
        return policy if self._cors is None else (*policy, *self._cors.headers(scope))

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a direct route here, and give everything else to the application."""
        preflight = None if self._cors is None else self._cors.preflight(scope)
        if preflight is not None:
            await send({"type": "http.response.start", "status": 204, "headers": list(preflight)})
            await send({"type": "http.response.body", "body": b""})
            return
        route = self._direct.get((scope["method"], scope["path"]))
        if route is None:
            await self._app(scope, receive, send)
        else:
            scope["route"] = route
            response: Response = await route.guarded(Request(scope, receive))
            await response(scope, receive, send)

    def _observer(self, key: tuple[str, str, int]) -> Callable[[float], None]:
        """The histogram of one method, route and status; method names outside the standard count together."""
        method, route, status = key
        if method not in _METHODS:  # anybody can make one up: neither a label nor a key of ours
            return self._request_seconds.labels("other", route, str(status)).observe
        observe = self._request_seconds.labels(method, route, str(status)).observe
        self._observers[key] = observe
        return observe


def policy_of(path: str) -> tuple[tuple[bytes, bytes], ...]:
    """The headers that say what a browser may do with the answer."""
    if path.startswith(_DOCS_PATH):
        return _DOCS_POLICY
    if path == _EDITOR_PATH or path.startswith((f"{_EDITOR_PATH}/", _PROVIDER_PATH)):
        return _EDITOR_POLICY
    return _DRAWING_POLICY if path in _DRAWING_PATHS else API_POLICY


def _route(scope: Scope) -> str:
    """The template of the route, never the path itself."""
    template: str = getattr(scope.get("route"), "path_format", "unmatched")
    return template


@dataclass(slots=True)
class _Headers:
    """What the edge reads of a request's headers."""

    hosts: int = 0
    size: int = 0
    length: bytes | None = None
    content_type: bytes | None = None
    correlation_id: str | None = None
    authorization: bytes | None = None
    api_key: bytes | None = None
    cookie: bytes | None = None
    expects_continue: bool = False
    encoded: bool = False


def _headers_of(scope: Scope) -> _Headers:  # noqa: C901 - one branch for each header
    read = _Headers()
    for name, value in scope["headers"]:
        read.size += len(name) + len(value)
        if name == b"host":
            read.hosts += 1
        elif name == b"content-type":
            # Two of them would be one thing to us and another to a proxy: neither counts.
            read.content_type = value if read.content_type is None else b""
        elif name == b"content-length":
            read.length = value
        elif name == b"authorization":
            # Two proofs of who asks are none.
            read.authorization = value if read.authorization is None else b""
        elif name == b"x-api-key":
            read.api_key = value if read.api_key is None else b""
        elif name == b"cookie":
            # HTTP/2 lets a browser send them in pieces.
            read.cookie = value if read.cookie is None else read.cookie + b"; " + value
        elif name == CORRELATION_HEADER and _CORRELATION_ID.fullmatch(value):
            read.correlation_id = value.decode()
        elif name == b"expect":
            read.expects_continue = True
        elif name == b"content-encoding":
            read.encoded = read.encoded or value.strip().lower() not in _NOT_ENCODED
    return read


def _check(brought: _Headers, http_version: str, most: int) -> None:
    """Refuse what no route has to look at; a body may have ``most`` bytes.

    Raises:
        ProblemError: the headers are too large, Host or Content-Length is not what HTTP says, or the body is packed.
        _BodyTooLarge: the body is going to be too large.
    """
    if brought.size > MAXIMUM_HEADERS:
        detail = f"All headers together may have at most {MAXIMUM_HEADERS} bytes."
        raise ProblemError(ProblemCode.HEADERS_TOO_LARGE, detail)
    if brought.hosts != 1 and not (brought.hosts == 0 and http_version == "1.0"):
        raise ProblemError(ProblemCode.MALFORMED_REQUEST, "There must be exactly one Host header.")
    if brought.encoded:
        # Nothing is unpacked here: a small body could become a very large one.
        detail = "The body must be sent as it is: a Content-Encoding, such as gzip, is not read."
        raise ProblemError(ProblemCode.UNSUPPORTED_MEDIA_TYPE, detail, headers={"Accept-Encoding": "identity"})
    if brought.length is not None:
        if not brought.length.isdigit():
            raise ProblemError(ProblemCode.MALFORMED_REQUEST, "Content-Length must be a whole number.")
        # The server never hands over more than this says, so nothing needs counting. Nine digits are a gigabyte.
        if len(brought.length) > len(str(10**9)) or int(brought.length) > most:
            raise _BodyTooLarge(most)


class _BodyTooLarge(Exception):
    """More bytes arrive than a body may have."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most


def _counted(receive: Receive, most: int) -> Receive:
    """Receive a body of unknown length, up to the limit."""
    seen = 0

    async def receive_counted() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > most:
                raise _BodyTooLarge(most)
        return message

    return receive_counted


async def _drained(receive: Receive) -> bool:
    """Throw away the rest of a body; whether its end was reached within the limits."""
    left = DRAINED_BYTES
    try:
        async with asyncio.timeout(DRAINED_SECONDS):
            while left > 0:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return True
                left -= len(message.get("body", b""))
    except TimeoutError:
        pass
    return False


def _body_too_large(scope: Scope, most: int, *, keep_connection: bool) -> Response:
    detail = f"The body may have at most {most} bytes; split the request."
    # Without the rest of the body, the next request on this connection could not be found.
    headers = None if keep_connection else {"Connection": "close"}
    return problem_response(scope, ProblemCode.CONTENT_TOO_LARGE, detail, headers=headers)
