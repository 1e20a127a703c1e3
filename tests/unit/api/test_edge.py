"""The outermost layer: ids, limits, headers, methods, and what happens when we fail."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.types import Message, Scope

from rules.profile import MedicationProfile
from service.api import edge
from service.main import Application
from tests.unit.api.conftest import LogLines
from tests.unit.api.contract_client import ContractClient

JSON = {"Content-Type": "application/json"}
SMALL = b'{"medications": []}'


# --- correlation ids --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("brought", ["12345678", "req-2026_11.22:7", "a" * 64])
def test_an_id_of_the_caller_comes_back(client: ContractClient, brought: str) -> None:
    response = client.get("/nowhere", headers={"X-Correlation-ID": brought})
    assert response.headers["x-correlation-id"] == brought
    assert response.json()["correlation_id"] == brought


@pytest.mark.parametrize(
    "brought", ["short", "a" * 65, "with spaces in it", "<script>alert(1)</script>", "-leading-dash", ""]
)
def test_an_id_that_is_not_well_formed_is_replaced(client: ContractClient, brought: str) -> None:
    response = client.get("/nowhere", headers={"X-Correlation-ID": brought})
    assert response.headers["x-correlation-id"] == "id-000001"
    assert not brought or brought not in response.text


# --- methods and paths ------------------------------------------------------------------------------------------------


def test_there_is_nothing_at_an_unknown_path(client: ContractClient) -> None:
    response = client.get("/v1/checkz")
    assert response.status_code == 404
    assert response.json() == {
        "type": "/problems/not-found",
        "title": "There is nothing here",
        "status": 404,
        "detail": "No such path. /openapi.json lists the paths there are; none ends with a slash.",
        "code": "not-found",
        "correlation_id": "id-000001",
        "errors": [],
    }


@pytest.mark.parametrize("path", ["/v1/checks/", "/v1/substances/", "//v1/checks", "/V1/checks", "/v1/%63hecks/"])
def test_a_path_is_taken_as_it_is_written(client: ContractClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_checks_take_post_only(client: ContractClient, method: str) -> None:
    response = client.request(method, "/v1/checks")
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize(
    "path", ["/v1/substances", "/v1/substances/x", "/health/live", "/metrics", "/docs", "/docs/assets/docs.js"]
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_reads_take_get_and_head_only(client: ContractClient, method: str, path: str) -> None:
    response = client.request(method, path)
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD"
    assert response.json()["code"] == "method-not-allowed"


@pytest.mark.parametrize("path", ["/v1/substances", "/health/ready", "/docs", "/openapi.json"])
def test_head_is_get_without_the_body(client: ContractClient, path: str) -> None:
    head, get = client.head(path), client.get(path)
    assert head.status_code == get.status_code == 200
    assert head.headers["content-type"] == get.headers["content-type"]


# --- headers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/v1/substances", "/health/live", "/nowhere", "/openapi.json"])
def test_an_answer_can_neither_run_nor_be_framed(client: ContractClient, path: str) -> None:
    policy = client.get(path).headers["content-security-policy"]
    assert policy == "default-src 'none'; frame-ancestors 'none'"


def test_the_content_type_must_say_json(client: ContractClient) -> None:
    for content_type in (
        None,
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-16",
        "text/json",
    ):
        headers = {} if content_type is None else {"Content-Type": content_type}
        response = client.post("/v1/checks", content=SMALL, headers=headers)
        assert response.status_code == 415
        assert response.json()["detail"] == "The Content-Type must be application/json, in UTF-8."
        assert response.headers["accept-post"] == "application/json"


def test_two_content_types_are_none(client: ContractClient) -> None:
    headers = [("Content-Type", "application/json"), ("Content-Type", "application/json")]
    assert client.post("/v1/checks", content=SMALL, headers=headers).status_code == 415


def test_headers_have_a_limit(client: ContractClient) -> None:
    response = client.get("/v1/substances", headers={"X-Long": "x" * edge.MAXIMUM_HEADERS})
    assert response.status_code == 431
    assert response.json()["detail"] == "All headers together may have at most 16384 bytes."


# --- what the test client cannot send ---------------------------------------------------------------------------------


class Exchange:
    """One request, written by hand, and its answer."""

    def __init__(
        self, *chunks: bytes, headers: list[tuple[bytes, bytes]], method: str = "POST", version: str = "1.1"
    ) -> None:
        self.scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": version,
            "method": method,
            "scheme": "http",
            "path": "/v1/checks",
            "raw_path": b"/v1/checks",
            "query_string": b"",
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 2),
        }
        self.chunks = list(chunks)
        self.sent: list[Message] = []
        self.ends: str = "last chunk"

    async def receive(self) -> Message:
        if self.chunks:
            chunk = self.chunks.pop(0)
            return {"type": "http.request", "body": chunk, "more_body": bool(self.chunks) or self.ends != "last chunk"}
        if self.ends == "silence":
            await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    def run(self, app: Application) -> Exchange:
        async def lived() -> None:
            async with app.router.lifespan_context(app) as state:
                self.scope["state"] = dict(state or {})
                await app(self.scope, self.receive, self.send)

        asyncio.run(lived())
        return self

    @property
    def status(self) -> int | None:
        return self.sent[0]["status"] if self.sent else None

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])

    @property
    def problem(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.sent[1]["body"])
        return content


HOST = (b"host", b"testserver")
TYPE = (b"content-type", b"application/json")


def test_a_body_in_pieces_is_read_whole(app: Application) -> None:
    exchange = Exchange(SMALL[:5], SMALL[5:], b"", headers=[HOST, TYPE, (b"transfer-encoding", b"chunked")]).run(app)
    assert exchange.status == 200


def test_a_body_of_the_largest_size_is_read(app: Application) -> None:
    body = SMALL.ljust(edge.MAXIMUM_BODY)
    for headers in ([HOST, TYPE], [HOST, TYPE, (b"content-length", b"%d" % len(body))]):
        assert Exchange(body, headers=headers).run(app).status == 200


def test_a_body_that_says_it_is_too_large(app: Application) -> None:
    headers = [HOST, TYPE, (b"content-length", b"%d" % (edge.MAXIMUM_BODY + 1))]
    exchange = Exchange(b"x" * edge.MAXIMUM_BODY, b"x", headers=headers).run(app)
    assert exchange.status == 413
    assert exchange.problem["detail"] == "The body may have at most 262144 bytes; split the request."
    assert exchange.chunks == []  # all of it was thrown away, so the connection can go on
    assert b"connection" not in exchange.headers


def test_a_body_that_turns_out_to_be_too_large(app: Application) -> None:
    chunks = [b"x" * 100_000] * 5
    exchange = Exchange(*chunks, headers=[HOST, TYPE, (b"transfer-encoding", b"chunked")]).run(app)
    assert exchange.status == 413
    assert exchange.chunks == []


def test_only_so_much_is_thrown_away(app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "DRAINED_BYTES", 250_000)
    headers = [HOST, TYPE, (b"content-length", b"99000000")]
    exchange = Exchange(*[b"x" * 100_000] * 990, headers=headers).run(app)
    assert exchange.status == 413
    assert len(exchange.chunks) > 900
    assert exchange.headers[b"connection"] == b"close"


def test_nobody_waits_long_for_what_is_thrown_away(app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "DRAINED_SECONDS", 0.05)
    exchange = Exchange(b"x" * 10, headers=[HOST, TYPE, (b"content-length", b"99000000")])
    exchange.ends = "silence"
    assert exchange.run(app).status == 413
    assert exchange.headers[b"connection"] == b"close"


def test_a_client_that_asks_first_is_told_at_once(app: Application) -> None:
    headers = [HOST, TYPE, (b"content-length", b"99000000"), (b"expect", b"100-continue")]
    exchange = Exchange(b"never sent", headers=headers).run(app)
    assert exchange.status == 413
    assert exchange.chunks == [b"never sent"]  # asking for the body would have meant "continue"


@pytest.mark.parametrize("length", [b"1" * 20, b"9" * 5000])
def test_a_length_beyond_all_bounds_is_too_large(app: Application, length: bytes) -> None:
    assert Exchange(b"x", headers=[HOST, TYPE, (b"content-length", length)]).run(app).status == 413


@pytest.mark.parametrize("length", [b"-1", b"1.5", b"", b"0x10", b"1_0"])
def test_a_length_that_is_no_number(app: Application, length: bytes) -> None:
    exchange = Exchange(b"x", headers=[HOST, TYPE, (b"content-length", length)]).run(app)
    assert exchange.status == 400
    assert exchange.problem["detail"] == "Content-Length must be a whole number."


@pytest.mark.parametrize("hosts", [0, 2])
def test_there_is_one_host(app: Application, hosts: int) -> None:
    exchange = Exchange(SMALL, headers=[TYPE, *[HOST] * hosts]).run(app)
    assert exchange.status == 400
    assert exchange.problem["code"] == "malformed-request"
    assert exchange.problem["detail"] == "There must be exactly one Host header."


def test_http_1_0_needs_no_host(app: Application) -> None:
    assert Exchange(SMALL, headers=[TYPE], version="1.0").run(app).status == 200


def test_a_client_that_goes_away_is_no_fault_of_ours(app: Application, caplog: pytest.LogCaptureFixture) -> None:
    exchange = Exchange(SMALL[:5], headers=[HOST, TYPE, (b"transfer-encoding", b"chunked")])
    exchange.ends = "disconnect"
    exchange.run(app)
    assert exchange.sent == []
    assert [record for record in caplog.records if record.name.startswith("service")] == []


# --- our own failures -------------------------------------------------------------------------------------------------


def test_a_failure_of_ours_tells_nothing_and_is_logged_without_its_text(
    app: Application, monkeypatch: pytest.MonkeyPatch, log_lines: LogLines
) -> None:
    def fail(profile: MedicationProfile, *, explain: bool) -> None:
        raise RuntimeError(f"cannot handle {profile.medications[0].text}, {explain}")

    with ContractClient(app) as client:
        monkeypatch.setattr(client.app_state["parts"].checks, "check", fail)
        body = {"medications": [{"id": "m1", "text": "Ada Lovelace"}]}
        response = client.post("/v1/checks", json=body, headers={"X-Correlation-ID": "trace-me-1"})
    assert response.status_code == 500
    assert response.json() == {
        "type": "/problems/internal-error",
        "title": "Something went wrong here",
        "status": 500,
        "detail": "The fault is ours. It was logged under the correlation id; please report it with that id.",
        "code": "internal-error",
        "correlation_id": "trace-me-1",
        "errors": [],
    }
    [line] = [line for line in log_lines() if line["level"] == "error"]
    assert line["event"] == "unhandled_exception"
    assert line["route"] == "/v1/checks"
    assert line["correlation_id"] == "trace-me-1"
    assert line["exception"][0]["type"] == "builtins.RuntimeError"
    assert "Ada" not in json.dumps(line)


def test_an_answer_that_breaks_off_is_cut_without_a_word(app: Application, log_lines: LogLines) -> None:
    async def halves() -> AsyncIterator[bytes]:
        yield b"half"
        raise RuntimeError("Ada Lovelace")

    from starlette.responses import StreamingResponse  # noqa: PLC0415

    app.add_api_route("/halves", lambda: StreamingResponse(halves()), include_in_schema=False)
    exchange = Exchange(headers=[HOST], method="GET")
    exchange.scope["path"] = "/halves"
    with pytest.raises(edge.AnswerAborted) as raised:
        exchange.run(app)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__
    assert exchange.status == 200
    assert "Ada" not in json.dumps(log_lines())


def test_metrics_name_routes_and_never_paths(client: ContractClient) -> None:
    client.get("/v1/substances/furosemide")
    client.get("/ada/lovelace")
    client.request("BREW", "/v1/checks")
    metrics = client.get("/metrics").text
    assert 'method="GET",route="/v1/substances/{substance_id}",status="200"' in metrics
    assert 'method="GET",route="unmatched",status="404"' in metrics
    assert 'method="other",route="/v1/checks",status="405"' in metrics
    assert "ada" not in metrics
    assert "BREW" not in metrics


# --- direct routes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/checks", SMALL),
        ("POST", "/v1/checks", b"{"),
        ("POST", "/v1/checks", b'{"medications": 1}'),
        ("POST", "/v1/checks?explain=1", SMALL),
        ("GET", "/v1/checks", b""),
        ("POST", "/v1/medications/resolve", SMALL),
        ("POST", "/v1/medications/resolve?x=1", SMALL),
    ],
)
def test_the_router_would_have_given_the_same_answer(app: Application, method: str, path: str, body: bytes) -> None:
    def ask() -> tuple[int, dict[str, str], dict[str, Any]]:
        with ContractClient(app) as client:
            response = client.request(method, path, content=body, headers=JSON)
        answer = {key: value for key, value in response.json().items() if key not in {"check_id", "correlation_id"}}
        headers = {name: value for name, value in response.headers.items() if name != "x-correlation-id"}
        return response.status_code, headers, answer

    directly = ask()
    [layer] = app.user_middleware
    layer.kwargs["direct"] = ()
    app.middleware_stack = None
    assert ask() == directly
