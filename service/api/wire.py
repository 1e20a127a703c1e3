"""The server's HTTP protocol: a problem document where bytes are no HTTP, and a body behind an offer to upgrade.

The first never becomes a request that a route or the edge could see, so the answer is written here. Nothing is ever
upgraded to: HTTP allows to ignore such an offer.
"""

from __future__ import annotations

from typing import Final

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.api.edge import API_POLICY, CORRELATION_HEADER
from service.api.frame import RequestFrame, set_frame
from service.api.problems import ProblemCode, problem_response
from service.application.checks import new_id

_FRAMING: Final = (b"content-length", b"transfer-encoding")


class ProblemProtocol(HttpToolsProtocol):
    """uvicorn's protocol; what differs is its answer to malformed requests, and what it does when offered an upgrade.

    Java's own HTTP client offers HTTP/2 with each first request (`Upgrade: h2c`). The parser takes such a request for
    complete behind its head, and the body, a check's list of medications, would be dropped. So another parser goes on
    behind the head.
    """

    _in_second_head = False

    def data_received(self, data: bytes) -> None:
        """Read what has arrived."""
        self._unset_keepalive_if_required()
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
        if not self._in_second_head:
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Tell the application that this was all, unless the body is still to come."""
        if not (self.parser.should_upgrade() and self._framing()):
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's text tells no more than ours
        """Answer and close: what follows on this connection cannot be told apart."""
        frame = RequestFrame(new_id())
        scope = {"type": "http"}
        set_frame(scope, frame)
        detail = (
            "The bytes of the request are not valid HTTP/1.1, so it was not read: perhaps a method that does not "
            "exist, an address that is too long or not percent-encoded, or a length that is not that of the body."
        )
        response = problem_response(scope, ProblemCode.MALFORMED_REQUEST, detail)
        headers = [
            *self.server_state.default_headers,
            *response.raw_headers,
            *API_POLICY,
            (CORRELATION_HEADER, frame.correlation_id.encode()),
            (b"connection", b"close"),
        ]
        lines = [b"HTTP/1.1 400 Bad Request", *(name + b": " + value for name, value in headers), b"", b""]
        self.transport.write(b"\r\n".join(lines) + bytes(response.body))
        self.transport.close()
