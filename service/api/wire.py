"""The server's HTTP protocol, with a problem document where the bytes of a request are no HTTP.

Such a request never becomes one that a route or the edge could see, so the answer is written here.
"""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.api.edge import API_POLICY, CORRELATION_HEADER
from service.api.frame import RequestFrame, set_frame
from service.api.problems import ProblemCode, problem_response
from service.application.checks import new_id


class ProblemProtocol(HttpToolsProtocol):
    """uvicorn's protocol; only its answer to malformed requests differs."""

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's text tells no more than ours
        """Answer and close: what follows on this connection cannot be told apart."""
        frame = RequestFrame(new_id())
        scope = {"type": "http"}
        set_frame(scope, frame)
        detail = "The bytes of the request are not valid HTTP/1.1, so it was not read."
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
