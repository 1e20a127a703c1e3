"""Puts the application together and serves it: `python -m service.main`.

Nothing is configured at import. This process migrates nothing and loads neither the command line nor a YAML reader.
"""

import gc
import os
import sys
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import ExitStack, asynccontextmanager, suppress
from datetime import date, timedelta
from functools import partial
from typing import Any, Final

import uvicorn
from fastapi import FastAPI
from starlette.routing import BaseRoute, Mount

from rules.profile import MedicationProfile
from service.admin import (
    anything_else,
    bench,
    bench_beside,
    bench_case,
    dashboard,
    draft_impact,
    draft_opening,
    draft_pages,
    draft_rebase,
    draft_step_pages,
    draft_talk,
    finding,
    key_pages,
    people_pages,
    provider_sign_in,
    record_change,
    record_form,
    record_pages,
    rule_set_pages,
    sign_in,
    statistics,
    trail,
    type_ahead,
    unrecognised,
)
from service.api import docs, guide, health, problem_types
from service.api.cds_hooks import discovery
from service.api.cds_hooks import feedback as card_feedback
from service.api.cds_hooks import services as hook_services
from service.api.cds_hooks.calls import HookRequest
from service.api.cors import Cors
from service.api.dependencies import API_VERSION, Parts, ServiceState
from service.api.edge import Edge
from service.api.fhir import checks as fhir_checks
from service.api.fhir import conformance as fhir_conformance
from service.api.fhir.shapes import FhirQuestion
from service.api.openapi import describe
from service.api.problems import HANDLERS
from service.api.rendering import Renderer
from service.api.routes import DirectRoute, StrictRoute
from service.api.rxnav import interactions as rxnav_interactions
from service.api.v1 import (
    audit,
    checks,
    draft_comments,
    drafts,
    feedback,
    interactions,
    keys,
    medications,
    people,
    references,
    rule_sets,
    sign_ins,
    substances,
    timetables,
)
from service.api.v1 import decisions as decision_routes
from service.api.v1.medications import MedicationList
from service.api.wire import ProblemProtocol
from service.application.access.book import AccessBook
from service.application.access.desk import Desk
from service.application.access.entrance import Entrance
from service.application.access.passwords import Passwords
from service.application.access.trust import AccessTokens, HookTokens, Identities, identity_provider_of, token_issuer_of
from service.application.active import ActiveRuleSet, utc_now
from service.application.bench import Bench
from service.application.catalogue import Catalogues
from service.application.checkpoint import CHECKPOINT_FILE, CheckpointKeeper
from service.application.checks import Checks, new_id, utc_today
from service.application.control import Control, control_over
from service.application.decision_keeping import DecisionKeeping
from service.application.drafts import Policy
from service.application.fhir_server import FhirServers
from service.application.keeping import Keeping
from service.application.keyring import Keyring, keyring_of
from service.application.last_known_good import KeptPart, LastKnownGoodFile
from service.application.principals import Permission
from service.application.record_search import Libraries
from service.application.replays import Replays, recent_questions
from service.application.shown_cards import ShownCards
from service.application.standing import Standing
from service.application.unrecognised import UnrecognisedNames
from service.application.watch import StoreWatch
from service.errors import SettingsInvalid
from service.settings import DecisionLogging, Environment, Settings
from service.storage.session import Store
from service.telemetry import Metrics, configure_logging

_BODIES: Final = (
    MedicationProfile,
    MedicationList,
    FhirQuestion,
    *drafts.BODIES,
    *draft_comments.BODIES,
    *rule_sets.BODIES,
    *keys.BODIES,
    *people.BODIES,
    *sign_ins.BODIES,
    *feedback.BODIES,
    HookRequest,
    card_feedback.CardOutcomes,
)
_DEVELOPMENT_MARK: Final = ((b"x-magcheck-mode", b"development"),)
_GRACE_SECONDS: Final = 10
_NOT_STARTED: Final = 3  # as `magcheck` has it for a set-up that does not work


class Application(FastAPI):
    """FastAPI, with the errors, headers and bodies there really are in its description."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document; made when it is first asked for."""
        if self.openapi_schema is None:
            self.openapi_schema = describe(self, bodies=_BODIES)
        return self.openapi_schema


def create_app(  # noqa: PLR0913 - one place puts everything together
    settings: Settings,
    active: ActiveRuleSet,
    *,
    watch: StoreWatch | None = None,
    entrance: Entrance | None = None,
    control: Control | None = None,
    keeper: CheckpointKeeper | None = None,
    metrics: Metrics | None = None,
    decisions: DecisionKeeping | None = None,
    today: Callable[[], date] = utc_today,
    make_id: Callable[[], str] = new_id,
    on_started: Callable[[], None] | None = None,
) -> Application:
    """Put an application together.

    Without a ``watch`` it answers from the rule set ``active`` already holds; without an ``entrance`` nobody is known;
    without ``control`` it has no rule sets to look after.
    """
    metrics = metrics or Metrics()
    catalogues = Catalogues(active)
    entrance = entrance or Entrance(Desk(Keyring(os.urandom(32))), Passwords())
    mark = _DEVELOPMENT_MARK if settings.environment is Environment.DEVELOPMENT else ()
    for_metrics = Permission.PUBLIC if settings.metrics_public else Permission.KNOWLEDGE
    standing = watch.standing if watch is not None else Standing.without_store()
    parts = Parts(
        settings=settings,
        active=active,
        checks=Checks(active, metrics, standing=standing, today=today, new_id=make_id),
        catalogues=catalogues,
        metrics=metrics,
        watch=watch,
        standing=standing,
        keyring=entrance.desk.keyring,
        entrance=entrance,
        renderer=Renderer(),
        libraries=Libraries(active),
        bench=Bench(active),
        today=today,
        shown=ShownCards(settings.cds_filter_minutes),
        fhir_servers=FhirServers(settings.cds_fhir_servers),
        control=control,
        decisions=decisions.log if decisions is not None else None,
        replays=Replays(control.store) if control is not None else None,
        unrecognised=UnrecognisedNames(control.store) if control is not None else None,
        keeper=keeper,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[ServiceState]:
        with ExitStack() as running:
            for part in (decisions, watch, keeper, entrance.tokens):
                if part is not None:
                    running.enter_context(part.running())
            if active.state.version is not None:
                catalogues.current()
            if on_started is not None:
                on_started()
            yield {"parts": parts}

    app = Application(
        title="magcheck",
        version=API_VERSION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # A redirect would repeat the caller's Host header.
        redirect_slashes=False,
        exception_handlers=HANDLERS,
        # FastAPI's own spans and log records carry exception texts; they are switched on where they are wanted.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        # Added flat and in this order: routes are tried one after the other, so checks come first, and a router that
        # is included is searched twice for each request.
        routes=[
            *checks.router.routes,
            *decision_routes.router.routes,
            *feedback.router.routes,
            *medications.router.routes,
            *substances.router.routes,
            *interactions.router.routes,
            *references.router.routes,
            *rule_sets.router.routes,
            *drafts.router.routes,
            *draft_comments.router.routes,
            *audit.router.routes,
            *timetables.router.routes,
            *sign_ins.router.routes,
            *provider_sign_in.router.routes,
            *provider_sign_in.return_router.routes,
            *keys.router.routes,
            *people.router.routes,
            *discovery.router.routes,
            *hook_services.router.routes,
            *card_feedback.router.routes,
            *fhir_checks.router.routes,
            *fhir_conformance.router.routes,
            *rxnav_interactions.router.routes,
            *health.router.routes,
            *(health.metrics_router(for_metrics).routes if settings.expose_metrics else ()),
            *problem_types.router.routes,
            *((*docs.router.routes, *guide.router.routes) if settings.expose_docs else ()),
            *dashboard.router.routes,
            *finding.router.routes,
            *record_pages.router.routes,
            *draft_opening.router.routes,
            *draft_pages.router.routes,
            *draft_impact.router.routes,
            *draft_rebase.router.routes,
            *draft_step_pages.router.routes,
            *draft_talk.router.routes,
            *bench.router.routes,
            *bench_beside.router.routes,
            *bench_case.router.routes,
            *record_change.router.routes,
            *record_form.router.routes,
            *type_ahead.router.routes,
            *rule_set_pages.router.routes,
            *statistics.router.routes,
            *people_pages.router.routes,
            *key_pages.router.routes,
            *trail.router.routes,
            *unrecognised.router.routes,
            *sign_in.router.routes,
            *anything_else.router.routes,
        ],
    )
    if settings.expose_docs:
        app.mount(docs.ASSETS_PATH, docs.assets())
    _require_gate(app.routes)
    direct = [route for route in app.routes if isinstance(route, DirectRoute)]
    cors = Cors(settings.cds_origins) if settings.cds_origins else None
    app.add_middleware(Edge, metrics=metrics, new_id=make_id, direct=direct, mark=mark, cors=cors)
    return app


def _require_gate(routes: Iterable[BaseRoute]) -> None:
    """Make sure that every route stands behind the gate; but for the files of the documentation, which are public.

    Raises:
        TypeError: one does not.
    """
    for route in routes:
        public = isinstance(route, Mount) and route.path == docs.ASSETS_PATH
        if not public and not isinstance(route, StrictRoute | DirectRoute):
            raise TypeError(f"{route} is no route of ours, so nobody is asked who they are")


def openapi_app() -> Application:
    """An application that only describes itself, with every route there can be."""
    settings = Settings(environment=Environment.DEVELOPMENT, expose_docs=True, expose_metrics=True)
    return create_app(settings, ActiveRuleSet())


def app_from_environment() -> Application:
    """Put the application together as the environment says; for `uvicorn --factory`.

    Raises:
        SettingsInvalid: the environment cannot be used.
    """
    gc.disable()  # until `_settle`: nothing made during the start becomes garbage
    settings = Settings.from_environment()
    configure_logging(level=settings.log_level, console=settings.environment is Environment.DEVELOPMENT)
    settings.require_safe_start()
    keyring = keyring_of(settings)
    store = Store.open(settings.database_url.get_secret_value())
    active = ActiveRuleSet()
    idle = timedelta(minutes=settings.sign_in_idle_minutes)
    desk = Desk(keyring, store, idle=idle, passwords=settings.password_sign_in)
    lasts = timedelta(hours=settings.sign_in_hours)
    entrance = Entrance(
        desk, Passwords(), lasts, _access_tokens(settings), _identities(settings), _hook_tokens(settings)
    )
    # Who may ask is kept with the rule set: a process that starts without the database knows them too.
    book = KeptPart(
        "access",
        marker=lambda: desk.book.sequence,
        content=lambda: desk.book.to_bytes(),  # noqa: PLW0108 - the book is another one each time
        restore=lambda content: desk.take_over(AccessBook.from_bytes(content)),
    )
    file = LastKnownGoodFile(settings.data_dir, keyring, settings.database_place)
    watch = StoreWatch(
        store,
        active,
        keyring,
        standing=Standing(max_stale_hours=settings.max_stale_hours, policy=settings.stale_policy),
        keeping=Keeping(store, file, [book]),
        followers=[desk.look],
    )
    policy = Policy(settings.required_approvals, settings.impact_limit_percent / 100)
    control = control_over(
        store,
        keyring,
        look_at_once=watch.catch_up,
        policy=policy,
        require_fresh=entrance.require_fresh,
        recent=partial(recent_questions, store),
    )
    metrics = Metrics()
    noted = settings.data_dir / CHECKPOINT_FILE
    keeper = CheckpointKeeper(store, noted, keyring, now=utc_now, tell=metrics.audit_trail_noted.set)
    return create_app(
        settings,
        active,
        watch=watch,
        entrance=entrance,
        control=control,
        keeper=keeper,
        metrics=metrics,
        decisions=_keeping(settings, store, metrics),
        on_started=_settle,
    )


def _keeping(settings: Settings, store: Store, metrics: Metrics) -> DecisionKeeping | None:
    """What keeps decisions as the settings say; none where they say so."""
    if settings.decision_log is DecisionLogging.OFF:
        return None
    return DecisionKeeping(
        store,
        settings.data_dir,
        metrics.decisions,
        required=settings.decision_log is DecisionLogging.REQUIRE,
        keep_requests=settings.keep_requests,
        journal_megabytes=settings.decision_journal_megabytes,
        days=settings.decision_days,
    )


def _access_tokens(settings: Settings) -> AccessTokens | None:
    """What verifies access tokens of services, where an issuer is trusted; only then are its libraries loaded.

    Raises:
        SettingsInvalid: the settings about it cannot be used.
    """
    issuer = token_issuer_of(settings)
    if issuer is None:
        return None
    from service.application.access.bearer import BearerTokens  # noqa: PLC0415 - half a second of loading
    from service.application.access.key_sets import IssuerKeys  # noqa: PLC0415

    keys = IssuerKeys(issuer)
    if issuer.key_file is not None and not keys.read():
        raise SettingsInvalid(["MAGCHECK_JWT_JWKS_FILE: it cannot be read, or holds no key that can be used"])
    return BearerTokens(issuer, keys)


def _identities(settings: Settings) -> Identities | None:
    """Who vouches for people, where somebody is trusted to; only then are the libraries for it loaded.

    Raises:
        SettingsInvalid: the settings about it cannot be used.
    """
    trusted = identity_provider_of(settings)
    if trusted is None:
        return None
    from service.application.access.provider import Provider  # noqa: PLC0415 - half a second of loading

    return Provider(trusted)


def _hook_tokens(settings: Settings) -> HookTokens | None:
    """What verifies tokens of clients of CDS Hooks, where there are any.

    Raises:
        SettingsInvalid: the settings about them cannot be used.
    """
    if settings.cds_clients_file is None:
        return None
    from service.application.access.hook_clients import hook_clients_of  # noqa: PLC0415 - half a second of loading

    development = settings.environment is Environment.DEVELOPMENT
    return hook_clients_of(settings.cds_clients_file, settings.public_url, development=development)


def _settle() -> None:
    """Leave everything made so far out of garbage collection for good: it lives as long as the process.

    It is not collected first: that takes a quarter of a second and finds less than a thousand small objects.
    """
    gc.freeze()
    gc.enable()


def server(app: FastAPI, *, host: str, port: int) -> uvicorn.Server:
    """The web server as the service runs it."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=ProblemProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,  # it would write query strings
        server_header=False,
        proxy_headers=False,  # nothing here depends on where a caller is
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    return uvicorn.Server(config)


def main() -> None:
    """Serve until told to stop."""
    try:
        settings = Settings.from_environment()
        app = app_from_environment()
    except SettingsInvalid as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(_NOT_STARTED)
    running = server(app, host=settings.host, port=settings.port)
    with suppress(KeyboardInterrupt):  # uvicorn has shut down in order by then and raises the signal once more
        running.run()
    if not running.started:
        sys.exit(_NOT_STARTED)  # uvicorn has logged why


if __name__ == "__main__":
    main()
