"""What travels over a real socket between a real server and a client that may be careless or hostile."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

import pytest

from rules import compile_rule_set
from service.api import wire
from service.api.problems import Problem, ProblemCode
from service.application.active import ActiveRuleSet
from service.main import create_app, server
from service.settings import Environment, Settings
from tests.unit.api.conftest import make_rule_set

_SECONDS: Final = 20.0
BODY: Final = b'{"medications": []}'
ASK: Final = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
LIVE: Final = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    app = create_app(Settings(environment=Environment.DEVELOPMENT), ActiveRuleSet(compile_rule_set(make_rule_set())))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        running = server(app, host="127.0.0.1", port=0)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        deadline = time.monotonic() + _SECONDS
        while not running.started:
            assert thread.is_alive()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield listening.getsockname()[1]
        running.should_exit = True
        thread.join(_SECONDS)
    assert not thread.is_alive()


def exchange(port: int, *parts: bytes) -> bytes:
    """Send and read until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=_SECONDS) as connection:
        for part in parts:
            connection.sendall(part)
        received = bytearray()
        while chunk := connection.recv(65_536):
            received += chunk
    return bytes(received)


def answers(received: bytes) -> list[tuple[int, dict[str, str], bytes]]:
    """Status, headers and body of each answer in turn."""
    found = []
    while received:
        head, _, received = received.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        length = int(headers["content-length"])
        found.append((int(first.split()[1]), headers, received[:length]))
        received = received[length:]
    return found


def post(*headers: bytes, body: bytes = BODY) -> bytes:
    lines = [b"POST /v1/checks HTTP/1.1", b"Host: x", b"Content-Type: application/json", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def sized(body: bytes) -> bytes:
    return post(b"Content-Length: %d" % len(body), body=body)


def test_a_check_over_the_wire(port: int) -> None:
    [(status, headers, body), _] = answers(exchange(port, sized(BODY) + LIVE))
    assert status == 200
    assert "server" not in headers
    assert json.loads(body)["status"] == "complete"


def test_a_body_in_chunks(port: int) -> None:
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in BODY) + b"0\r\n\r\n"
    [(status, _, _), _] = answers(exchange(port, post(b"Transfer-Encoding: chunked", body=chunks) + LIVE))
    assert status == 200


# What Java's own HTTP client sends with the first request of a connection, unless told otherwise.
OFFER: Final = (
    b"Connection: Upgrade, HTTP2-Settings",
    b"Upgrade: h2c",
    b"HTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQB",
)


def test_a_body_behind_an_offer_to_upgrade(port: int) -> None:
    head, _, body = post(b"Content-Length: %d" % len(BODY), *OFFER).partition(b"\r\n\r\n")
    # The body in a packet of its own, as Java sends it; then in the same one, with more requests behind it.
    for parts in [(head + b"\r\n\r\n", body, LIVE), (head + b"\r\n\r\n" + body + sized(BODY) + LIVE,)]:
        with socket.create_connection(("127.0.0.1", port), timeout=_SECONDS) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            received = b""
            for part in parts:
                connection.sendall(part)
                time.sleep(0.05)
            while chunk := connection.recv(65_536):
                received += chunk
        assert [status for status, _, _ in answers(received)] == [200] * (len(parts) - 1 or 3)


def test_a_body_in_chunks_behind_an_offer_to_upgrade(port: int) -> None:
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in BODY) + b"0\r\n\r\n"
    request = post(b"Transfer-Encoding: chunked", *OFFER, body=chunks)
    for received in (exchange(port, request, LIVE), exchange(port, request + LIVE)):
        assert [status for status, _, _ in answers(received)] == [200, 200]


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ((b"Content-Length: 0",), b"", 400),  # an empty body
        ((), b"", 400),
        ((b"Content-Length: 300000",), b"x" * 300_000, 413),
        ((b"Transfer-Encoding: chunked",), b"no size\r\n", 400),
    ],
)
def test_other_bodies_behind_an_offer_to_upgrade(
    port: int, headers: tuple[bytes, ...], body: bytes, status: int
) -> None:
    first, *_ = answers(exchange(port, post(*headers, *OFFER, body=body), LIVE))
    assert first[0] == status


@pytest.mark.parametrize("offer", [OFFER, (b"Connection: Upgrade", b"Upgrade: websocket")])
def test_an_offer_to_upgrade_without_a_body(port: int, offer: tuple[bytes, ...]) -> None:
    head = b"\r\n".join([b"GET /health/live HTTP/1.1", b"Host: x", *offer]) + b"\r\n\r\n"
    assert [status for status, _, _ in answers(exchange(port, head, LIVE))] == [200, 200]
    assert [status for status, _, _ in answers(exchange(port, head + LIVE))] == [200, 200]


@pytest.mark.parametrize(
    "framing", [b"Transfer-Encoding: chunked\r\nContent-Length: 4", b"Content-Length: 4\r\nContent-Length: 5"]
)
def test_an_offer_to_upgrade_hides_no_second_length(port: int, framing: bytes) -> None:
    received = answers(exchange(port, post(framing, *OFFER, body=b"0\r\n\r\n" + LIVE)))
    assert [status for status, _, _ in received] == [400]


@pytest.mark.parametrize("size", [300_000, 10_000_000])
def test_after_a_body_that_was_too_large_the_connection_goes_on(port: int, size: int) -> None:
    received = exchange(port, sized(b"x" * size), LIVE)
    assert [status for status, _, _ in answers(received)] == [413, 200]


def test_a_body_in_chunks_that_is_too_large(port: int) -> None:
    chunks = b"".join([b"10000\r\n" + b"x" * 0x10000 + b"\r\n"] * 10) + b"0\r\n\r\n"
    received = exchange(port, post(b"Transfer-Encoding: chunked", body=chunks), LIVE)
    assert [status for status, _, _ in answers(received)] == [413, 200]


def test_a_client_that_asks_before_it_sends_much(port: int) -> None:
    received = exchange(port, post(b"Content-Length: 9999999", b"Expect: 100-continue", body=b""))
    [(status, headers, _)] = answers(received)
    assert status == 413
    assert headers["connection"] == "close"


def test_no_host(port: int) -> None:
    received = exchange(port, b"GET /health/live HTTP/1.1\r\n\r\n" + LIVE)
    [(status, headers, body), _] = answers(received)
    assert status == 400
    assert headers["content-type"] == "application/problem+json"
    assert json.loads(body)["code"] == "malformed-request"


def test_an_answer_to_head_has_no_body(port: int) -> None:
    received = exchange(port, b"HEAD /v1/substances HTTP/1.1\r\nHost: x\r\n\r\n" + LIVE)
    head, _, rest = received.partition(b"\r\n\r\n")
    assert b" 200 " in head.split(b"\r\n")[0]
    [(status, _, body)] = answers(rest)
    assert status == 200
    assert json.loads(body) == {"status": "alive"}


@pytest.mark.parametrize(
    "request_",
    [
        post(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
        post(b"Content-Length: 19", b"Content-Length: 18"),
        post(b"Transfer-Encoding: chunked", body=b"zz\r\n{}\r\n0\r\n\r\n"),
        post(b"Content-Length : 19"),
        b"GET /health/live HTTP/1.1\nHost: x\n\n",
        b"GET /health/live HTTP/9.9\r\nHost: x\r\n\r\n",
        b"FETCH /health/live HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /health/live?q=" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /health/live?q=\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
    ],
    ids=[
        "length and chunks",
        "two lengths",
        "bad chunk",
        "space before colon",
        "bare line feeds",
        "version",
        "method",
        "long",
        "raw",
        "tls",
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(port: int, request_: bytes) -> None:
    [(status, headers, body)] = answers(exchange(port, request_))
    assert status == 400
    assert headers["connection"] == "close"
    assert headers["x-content-type-options"] == "nosniff"
    problem = Problem.model_validate_json(body)
    assert problem.code is ProblemCode.MALFORMED_REQUEST
    assert problem.correlation_id == headers["x-correlation-id"]
    assert problem.detail.startswith("The bytes of the request are not valid HTTP/1.1, so it was not read: perhaps a")
    assert "too long or not percent-encoded" in problem.detail


@pytest.mark.parametrize(
    "beginning",
    [
        b"GET /",
        b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-A: ",
        post(b"Transfer-Encoding: chunked", body=b"2\r\n{}\r\n0\r\nX-A: "),
    ],
    ids=["address", "header", "trailer"],
)
def test_a_head_without_an_end_is_refused(port: int, beginning: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=_SECONDS) as connection:
        connection.sendall(beginning)
        received = b""
        with suppress(ConnectionError):  # what was sent after the answer left makes the connection break
            for _ in range(wire.MAXIMUM_HEAD // 1000 + 1000):
                connection.sendall(b"a" * 1000)
        with suppress(ConnectionError):
            while chunk := connection.recv(65_536):
                received += chunk
    status, headers, _ = answers(received)[-1]
    assert status == 431
    assert headers["connection"] == "close"


def test_headers_in_one_piece_that_are_too_many(port: int) -> None:
    request = ASK[:-2] + b"X-A: b\r\n" * 6000 + b"\r\n"
    assert [status for status, _, _ in answers(exchange(port, request, LIVE))] == [431, 200]


def test_requests_that_nobody_waits_for_are_not_collected(port: int) -> None:
    most = 64 * 1024 * 1024  # far more than what sockets of both sides hold
    sent = 0
    with socket.create_connection(("127.0.0.1", port), timeout=1) as connection, suppress(TimeoutError):
        while sent < most:
            sent += connection.send(ASK * 1000)
    assert sent < most


def test_many_requests_at_once_are_all_answered(port: int) -> None:
    received = exchange(port, (ASK + sized(BODY)) * 300 + LIVE)
    assert [status for status, _, _ in answers(received)] == [200] * 601


@pytest.mark.parametrize(
    ("before", "part"),
    [
        (b"", b""),
        *((before, part) for before in (b"", ASK) for part in (b"\r\n", ASK[:20], sized(BODY)[:-1])),
    ],
)
def test_who_does_not_finish_a_request_is_not_waited_for(
    port: int, monkeypatch: pytest.MonkeyPatch, before: bytes, part: bytes
) -> None:
    monkeypatch.setattr(wire, "RECEIVE_SECONDS", 0.5)
    with socket.create_connection(("127.0.0.1", port), timeout=3) as connection:
        received = b""
        if before:
            connection.sendall(before)
            received = connection.recv(65_536)
        connection.sendall(part)
        while chunk := connection.recv(65_536):
            received += chunk
    assert received.count(b"200 OK") == (1 if before else 0)


def test_time_for_an_answer_is_no_time_for_a_request(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "RECEIVE_SECONDS", 0.2)
    with socket.create_connection(("127.0.0.1", port), timeout=_SECONDS) as connection:
        for _ in range(4):
            connection.sendall(ASK)
            assert b"200 OK" in connection.recv(65_536)
            time.sleep(0.1)


def test_two_patients_on_one_server_never_meet(port: int) -> None:
    questions = {
        number: {"medications": [{"id": f"m{number}-{line}", "text": "furosemide"} for line in range(number)]}
        for number in range(1, 9)
    }
    wrong: list[Any] = []

    def ask(number: int) -> None:
        for _ in range(20):
            received = exchange(port, sized(json.dumps(questions[number]).encode()) + LIVE)
            answer = json.loads(answers(received)[0][2])
            ids = [line["id"] for line in answer["medications"]]
            if ids != [f"m{number}-{line}" for line in range(number)]:
                wrong.append((number, ids))

    threads = [threading.Thread(target=ask, args=(number,)) for number in questions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
