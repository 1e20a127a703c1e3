"""Asks a client's FHIR server for what a call did not bring along: only a server the operator has named, and little.

No redirect and no further page is followed. The token is used for these requests only; it is stored and logged nowhere,
and neither is what the server answers.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import orjson

from service.application.access.fetching import NotFetched, fetched

# Somebody waits for the cards, in all not longer than this.
TOTAL_SECONDS: Final = 2.0
_TOKEN: Final = "{{context.patientId}}"  # noqa: S105 - a token of a template
_ID: Final = re.compile(r"[A-Za-z0-9.-]{1,64}", re.ASCII)
_TOKEN_TEXT: Final = re.compile(r"[\x21-\x7e]{1,8192}")
# What stands for a part that could not be read.
FAILED: Final[dict[str, Any]] = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "exception"}],
}
Fetch = Callable[..., tuple[int, bytes]]


class FhirServers:
    """The servers that may be asked."""

    def __init__(self, servers: tuple[str, ...], fetch: Fetch = fetched) -> None:
        """``servers`` are base addresses without a slash at the end."""
        self._servers = frozenset(servers)
        self._fetch = fetch
        self._threads: ThreadPoolExecutor | None = None

    def may_ask(self, server: str, patient_id: str | None) -> bool:
        """Whether this very server is named, and there is somebody to ask about."""
        return server.rstrip("/") in self._servers and patient_id is not None and _ID.fullmatch(patient_id) is not None

    async def ask(
        self, server: str, token: str | None, patient_id: str, templates: Mapping[str, str]
    ) -> dict[str, Any]:
        """What the server has, by the keys of the templates; `FAILED` for what could not be read in time."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(max_workers=16, thread_name_prefix="fhir-server")
        base, about = server.rstrip("/"), quote(patient_id, safe="")
        futures: dict[str, Future[Any]] = {
            key: self._threads.submit(self._one, f"{base}/{template.replace(_TOKEN, about)}", token)
            for key, template in templates.items()
        }
        waiting = {key: asyncio.wrap_future(future) for key, future in futures.items()}
        await asyncio.wait(waiting.values(), timeout=TOTAL_SECONDS)
        return {
            key: future.result() if future.done() and not future.cancelled() else _given_up(future)
            for key, future in waiting.items()
        }

    def _one(self, url: str, token: str | None) -> Any:  # noqa: ANN401 - whatever JSON it sends
        headers = {"Accept": "application/fhir+json"}
        if token is not None and _TOKEN_TEXT.fullmatch(token):
            headers["Authorization"] = f"Bearer {token}"
        try:
            status, content = self._fetch(url, headers=headers)
            return _read(content) if status == HTTPStatus.OK else FAILED
        except (NotFetched, ValueError, TypeError):
            return FAILED


def _read(content: bytes) -> Any:  # noqa: ANN401
    """The JSON that a server sent.

    Raises:
        ValueError: it is none.
        TypeError: it is nested more deeply than what a client may send, and than can be compared and written.
    """
    tree = orjson.loads(content)
    orjson.dumps(tree)
    return tree


def _given_up(future: asyncio.Future[Any]) -> dict[str, Any]:
    future.cancel()
    return FAILED
