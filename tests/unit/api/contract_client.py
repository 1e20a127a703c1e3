"""A client that holds every single answer against the contract, whatever a test looks at."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import schemathesis
from httpx2 import Response
from pydantic import TypeAdapter
from schemathesis.schemas import BaseSchema
from starlette.routing import Match, Route
from starlette.testclient import TestClient

from service.api.cds_hooks.card_types import CdsCards
from service.api.cds_hooks.offered import CdsServices
from service.api.outcome import OperationOutcome, media_type_at
from service.api.problems import KINDS, Problem
from service.application.checks import CheckAnswer, ResolutionAnswer
from service.main import Application, openapi_app

_ANSWERS: Final[dict[str, TypeAdapter[Any]]] = {
    "/v1/checks": TypeAdapter(CheckAnswer),
    "/v1/medications/resolve": TypeAdapter(ResolutionAnswer),
    "/cds-services": TypeAdapter(CdsServices),
    "/cds-services/magnesium": TypeAdapter(CdsCards),
}
_OUTCOME: Final = TypeAdapter(OperationOutcome)
SECURITY_HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


@cache
def described() -> BaseSchema:
    """The contract, with everything switched on; reading it takes a moment."""
    return schemathesis.openapi.from_dict(openapi_app().openapi())


class ContractClient(TestClient):
    """Starlette's test client; `request` fails on any answer that is not documented as it is."""

    def __init__(self, app: Application) -> None:
        super().__init__(app)
        self._application = app
        self._described = described()

    def request(self, method: str, url: Any, **options: Any) -> Response:  # noqa: ANN401 - as the parent has it
        response = super().request(method, url, **options)
        self._hold_to_contract(method, response)
        return response

    def _hold_to_contract(self, method: str, response: Response) -> None:
        assert response.headers["x-correlation-id"]
        assert SECURITY_HEADERS.items() <= dict(response.headers).items()
        assert "content-security-policy" in response.headers
        if response.status_code >= 400 and (media_type := media_type_at(response.request.url.path)) is not None:
            assert response.headers["content-type"] == media_type
            assert response.headers["cache-control"] == "no-store"
            if method != "HEAD":
                _OUTCOME.validate_json(response.content, strict=True, extra="forbid")
        elif response.status_code >= 400:
            assert response.headers["content-type"] == "application/problem+json"
            assert response.headers["cache-control"] == "no-store"
            if method != "HEAD":
                problem = Problem.model_validate_json(response.content, strict=True)
                assert problem.status == response.status_code == KINDS[problem.code].status
                assert problem.title == KINDS[problem.code].title
                assert problem.type == f"/problems/{problem.code}"
                assert problem.correlation_id == response.headers["x-correlation-id"]
        template = self._template(method, response.request.url.path)
        if template is None:
            return
        self._described[template][method].validate_response(response)
        if response.status_code == 200 and template in _ANSWERS:
            # Strict: no key missing, none too many, no number where a text belongs.
            _ANSWERS[template].validate_json(response.content, strict=True, extra="forbid")

    def _template(self, method: str, path: str) -> str | None:
        """The documented path this was, if it was one with this method."""
        scope = {"type": "http", "method": method, "path": path}
        for route in self._application.routes:
            if isinstance(route, Route) and route.matches(scope)[0] is Match.FULL:
                return route.path if getattr(route, "include_in_schema", False) else None
        return None
