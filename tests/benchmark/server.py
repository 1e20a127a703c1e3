"""The application with two comparison endpoints: `python -m tests.benchmark.server PORT FIRST`.

`/benchmark/body` takes the same question as a FastAPI body parameter and answers constant bytes of the same size;
`/benchmark/empty` reads the body and answers those bytes. The endpoint named FIRST is the first route, because routes
are tried one after the other.
"""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING

import orjson
import uvicorn
from fastapi import Request, Response
from fastapi.routing import APIRoute

from rules import check, compile_rule_set
from rules.baseline import read_baseline
from rules.profile import MedicationProfile
from service.application.active import ActiveRuleSet
from service.main import create_app
from service.settings import Settings
from tests.benchmark.http import PATHS, QUESTION

if TYPE_CHECKING:
    from fastapi import FastAPI


def make_app(first: str) -> FastAPI:
    """The real application and the two comparison endpoints."""
    compiled = compile_rule_set(read_baseline().rule_set, version=1)
    answer = orjson.dumps(check(compiled, MedicationProfile.model_validate_json(QUESTION)))

    async def empty(request: Request) -> Response:
        await request.body()
        return Response(answer, media_type="application/json")

    async def body(profile: MedicationProfile) -> Response:  # noqa: ARG001 - parsing it is what is measured
        return Response(answer, media_type="application/json")

    app = create_app(Settings(), ActiveRuleSet(compiled), on_started=_settle)
    others = [
        APIRoute(PATHS["empty"], empty, methods=["POST"]),
        APIRoute(PATHS["body"], body, methods=["POST"]),
    ]
    routes = [*app.router.routes, *others]
    routes.sort(key=lambda route: getattr(route, "path", "") != PATHS[first])
    app.router.routes[:] = routes
    return app


def _settle() -> None:
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    uvicorn.run(
        make_app(sys.argv[2]),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
