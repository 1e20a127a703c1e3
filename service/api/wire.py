"""The server's HTTP protocol: what bytes are read at all, and for how long, before there is a request.

What is no HTTP, or has no end, never becomes a request that a route or the edge could see, so its answer is written
here. Nothing is ever upgraded to: HTTP allows to ignore such an offer.
"""

from __future__ import annotations

from asyncio import BaseTransport, TimerHandle, Transport
from collections.abc import Sized
from http import HTTPStatus
from typing import Final, cast

import httptools
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from service.api.edge import API_POLICY, CORRELATION_HEADER, MAXIMUM_HEADERS
from service.api.frame import RequestFrame, set_frame
from service.api.problems import ProblemCode, problem_response
from service.application.checks import new_id

_FRAMING: Final = (b"content-length", b"transfer-encoding")
# The edge refuses what is larger than MAXIMUM_HEADERS when the head is complete. One that never ends is refused here:
# the parser would collect it for as long as somebody sends, a dozen bytes of memory for each. Trailers count as well.
MAXIMUM_HEAD: Final = 8 * MAXIMUM_HEADERS
# From the opening of a connection, or the first bytes of the next request, to the last byte of its body.
RECEIVE_SECONDS: Final = 10.0


class _InTurn(FlowControl):
    """Reads no more from a connection while requests of it wait for their turn.

    uvicorn goes on reading after each answer. Whoever sends short requests faster than they are answered, and reads no
    answer, would have all of them collected in memory.
    """

    def __init__(self, transport: Transport, waiting: Sized) -> None:
        super().__init__(transport)
        self._waiting = waiting

    def resume_reading(self) -> None:
        """Read on, if it is the turn of what comes next."""
        if not self._waiting:
            super().resume_reading()


class ProblemProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with limits, problem documents for malformed requests, and bodies behind offers to upgrade.

    Java's own HTTP client offers HTTP/2 with each first request (`Upgrade: h2c`). The parser takes such a request for
    complete behind its head, and the body, a check's list of medications, would be dropped. So another parser goes on
    behind the head.
    """

    _in_second_head = False
    _head_bytes = 0  # received since the parser last came to the end of a head or to a part of a body
    _deadline: TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        """Begin with a connection."""
        super().connection_made(cast("Transport", transport))
        self.flow = _InTurn(self.transport, self.pipeline)
        self._look_at_the_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """End with it."""
        self._stop_the_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what has arrived."""
        self._unset_keepalive_if_required()
        self._head_bytes += len(data)
        self._read(data)
        if self._head_bytes > MAXIMUM_HEAD and not self.transport.is_closing():
            detail = f"All headers together may have at most {MAXIMUM_HEADERS} bytes."
            self._refuse(ProblemCode.HEADERS_TOO_LARGE, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, detail)
        self._look_at_the_clock()

    def _read(self, data: bytes) -> None:
        while True:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                data = data[offer.args[0] :]
                if framing := self._framing():
                    self._go_on_behind_head(framing)
                if not data:
                    return
            except httptools.HttpParserError:
                self.send_400_response("")
                return
            else:
                return

    def _look_at_the_clock(self) -> None:
        """Have a limit of time while it is the client's turn, and only then."""
        cycle = cast("RequestResponseCycle | None", self.cycle)  # there is none before the first request
        if not (cycle is None or cycle.response_complete or cycle.more_body):
            self._stop_the_clock()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(RECEIVE_SECONDS, self.transport.close)

    def _stop_the_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _framing(self) -> list[tuple[bytes, bytes]]:
        """The headers that say how far the body goes; the parser has found them consistent."""
        return [(name, value) for name, value in self.headers if name in _FRAMING]

    def _go_on_behind_head(self, framing: list[tuple[bytes, bytes]]) -> None:
        """Let a new parser read the body: it gets a head of its own that tells the same about it, and no offer."""
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn sets its own
        lines = [b"POST / HTTP/1.1", *(name + b": " + value for name, value in framing), b"", b""]
        self._in_second_head = True
        self.parser.feed_data(b"\r\n".join(lines))
        self._in_second_head = False

    def on_message_begin(self) -> None:
        """Start with a request, unless it has begun already."""
        if not self._in_second_head:
            super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Take a part of the address, unless it is known already."""
        if not self._in_second_head:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, unless it is known already."""
        if not self._in_second_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Let the application answer, unless it does already."""
        self._head_bytes = 0
        if not self._in_second_head:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._head_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Tell the application that this was all, unless the body is still to come."""
        if not (self.parser.should_upgrade() and self._framing()):
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's text tells no more than ours
        """Answer what is no HTTP."""
        detail = (
            "The bytes of the request are not valid HTTP/1.1, so it was not read: perhaps a method that does not "
            "exist, an address that is too long or not percent-encoded, or a length that is not that of the body."
        )
        self._refuse(ProblemCode.MALFORMED_REQUEST, HTTPStatus.BAD_REQUEST, detail)

    def _refuse(self, code: ProblemCode, status: HTTPStatus, detail: str) -> None:
        """Answer and close: what follows on this connection cannot be told apart."""
        frame = RequestFrame(new_id())
        scope = {"type": "http"}
        set_frame(scope, frame)
        response = problem_response(scope, code, detail)
        headers = [
            *self.server_state.default_headers,
            *response.raw_headers,
            *API_POLICY,
            (CORRELATION_HEADER, frame.correlation_id.encode()),
            (b"connection", b"close"),
        ]
        first = f"HTTP/1.1 {status.value} {status.phrase}".encode()
        lines = [first, *(name + b": " + value for name, value in headers), b"", b""]
        self.transport.write(b"\r\n".join(lines) + bytes(response.body))
        self.transport.close()
