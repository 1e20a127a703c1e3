"""The application with two comparison endpoints: `python -m tests.benchmark.server PORT FIRST RULE_SET_JSON [LOG URL]`.

`/benchmark/body` takes the same question as a FastAPI body parameter and answers constant bytes of the same size;
`/benchmark/empty` reads the body and answers those bytes. The endpoint named FIRST is the first route, because routes
are tried one after the other. LOG is how decisions are logged, in the database at URL; without them none are.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import uvicorn
from fastapi import Request, Response
from fastapi.routing import APIRoute

from rules import RuleSet, check, compile_rule_set
from rules.profile import (
    Code,
    ConditionItem,
    Dose,
    KidneyFunction,
    MedicationItem,
    MedicationProfile,
    Observation,
    PatientFacts,
)
from service.api.authentication import PRINCIPAL
from service.api.routes import DirectRoute
from service.application.access.book import AccessBook, KnownKey
from service.application.access.desk import API_KEY_PURPOSE, Desk
from service.application.access.entrance import Entrance
from service.application.access.passwords import Passwords
from service.application.active import ActiveRuleSet
from service.application.decision_keeping import DecisionKeeping
from service.application.keyring import Keyring
from service.application.principals import DEVELOPER
from service.main import create_app
from service.settings import Environment, Settings
from service.storage.session import Store
from service.telemetry import Metrics
from tests.benchmark.http import KEY, PATHS, QUESTION

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from fastapi import FastAPI


def _lax() -> None:
    """Let the question's models take what FastAPI hands them: parsed JSON, in which dates and terms are plain text.

    Only for the process that measures the body parameter; the models stay the same but for this.
    """
    for model in (
        Code,
        Dose,
        KidneyFunction,
        PatientFacts,
        MedicationItem,
        ConditionItem,
        Observation,
        MedicationProfile,
    ):
        model.model_config["strict"] = False
        model.model_rebuild(force=True)


def _entrance() -> Entrance:
    """Where one key is known."""
    keyring = Keyring(b"only for the benchmark, of which nobody wants anything")
    hashed_with, digest = keyring.mac(API_KEY_PURPOSE, KEY.encode())
    key_id = KEY[4:16]
    key = KnownKey(key_id, "benchmark", digest, hashed_with, ("client",), 10**9, None, None)
    desk = Desk(keyring)
    desk.take_over(AccessBook(1, {key_id: key}, {}, {}))
    return Entrance(desk, Passwords())


def make_app(first: str, rule_set: str, log: str = "off", url: str = "") -> FastAPI:
    """The real application and the two comparison endpoints.

    As ``keyed`` it wants an API key, as ``ungated`` its checks stand before the gate, which only a benchmark may do.
    """
    gate, first = first, "check" if first in {"keyed", "ungated"} else first
    if first == "body":
        _lax()
    compiled = compile_rule_set(RuleSet.model_validate_json(Path(rule_set).read_bytes()), version=1)
    answer = orjson.dumps(check(compiled, MedicationProfile.model_validate_json(QUESTION)))

    async def empty(request: Request) -> Response:
        await request.body()
        return Response(answer, media_type="application/json")

    async def body(profile: MedicationProfile) -> Response:  # noqa: ARG001 - parsing it is what is measured
        return Response(answer, media_type="application/json")

    metrics, decisions = Metrics(), None
    if log != "off":
        # The journal is not used while the database is there; it lies beside the rule set, which is temporary too.
        data_dir = Path(rule_set).parent / f"{Path(rule_set).stem}-journal"
        decisions = DecisionKeeping(Store.open(url), data_dir, metrics.decisions, required=log == "require")
    environment = Environment.PRODUCTION if gate == "keyed" else Environment.DEVELOPMENT
    settings = Settings(environment=environment, requests_per_minute=10_000_000)  # it asks more often than any client
    app = create_app(
        settings,
        ActiveRuleSet(compiled),
        entrance=_entrance(),
        metrics=metrics,
        decisions=decisions,
        on_started=_settle,
    )
    if gate == "ungated":
        for route in app.routes:
            if isinstance(route, DirectRoute):
                route.guarded = _known(route.endpoint)
    others = [
        APIRoute(PATHS["empty"], empty, methods=["POST"]),
        APIRoute(PATHS["body"], body, methods=["POST"]),
    ]
    routes = [*app.router.routes, *others]
    routes.sort(key=lambda route: getattr(route, "path", "") != PATHS[first])
    app.router.routes[:] = routes
    return app


def _known(
    endpoint: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    """The endpoint without the gate; somebody has to be known."""

    async def ungated(request: Request) -> Response:
        request.scope[PRINCIPAL] = DEVELOPER
        return await endpoint(request)

    return ungated


def _settle() -> None:
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    uvicorn.run(
        make_app(*sys.argv[2:]),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
