"""What routes ask for: the parts the application was put together from, and the rule set as a catalogue."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from importlib.metadata import version
from typing import Annotated, Final, NamedTuple, TypedDict, TypeVar, cast

from fastapi import Depends, Path, Request, Response
from pydantic import AfterValidator, AwareDatetime, StringConstraints
from starlette.concurrency import run_in_threadpool

from service.api.authentication import principal_in
from service.api.problems import ProblemCode, ProblemError
from service.api.rendering import Renderer
from service.api.source import source_of
from service.application.access.entrance import Entrance
from service.application.active import ActiveRuleSet
from service.application.bench import Bench
from service.application.catalogue import Catalogue, Catalogues
from service.application.checkpoint import CheckpointKeeper
from service.application.checks import Checks
from service.application.control import Control
from service.application.decision_log import DecisionLog
from service.application.fhir_server import FhirServers
from service.application.keyring import Keyring
from service.application.principals import Principal
from service.application.record_search import Libraries
from service.application.replays import Replays
from service.application.shown_cards import ShownCards
from service.application.standing import Standing
from service.application.unrecognised import UnrecognisedNames
from service.application.watch import StoreWatch
from service.settings import Settings
from service.telemetry import Metrics

API_VERSION: Final = version("magcheck")
_DIGITS_OF_DIGEST: Final = 32


class Parts(NamedTuple):
    """What the application was put together from."""

    settings: Settings
    active: ActiveRuleSet
    checks: Checks
    catalogues: Catalogues
    metrics: Metrics
    watch: StoreWatch | None
    standing: Standing
    keyring: Keyring
    entrance: Entrance
    renderer: Renderer
    libraries: Libraries
    bench: Bench
    today: Callable[[], date]
    shown: ShownCards
    fhir_servers: FhirServers
    control: Control | None = None
    decisions: DecisionLog | None = None
    replays: Replays | None = None
    unrecognised: UnrecognisedNames | None = None
    keeper: CheckpointKeeper | None = None


class ServiceState(TypedDict):
    """The state of the lifespan, which every request carries."""

    parts: Parts


def parts_of(request: Request) -> Parts:
    """The parts, for a request."""
    state = cast("ServiceState", request.scope["state"])
    return state["parts"]


async def _parts(request: Request) -> Parts:
    return parts_of(request)


GivenParts = Annotated[Parts, Depends(_parts)]


def principal_of(request: Request) -> Principal:
    """Who asks: put there by the gate of the route. On a public route nobody is known, and this fails."""
    return principal_in(request.scope)


def source_of_request(request: Request) -> str:
    """Where a request comes from."""
    return source_of(request.scope, parts_of(request).settings.trusted_proxies)


def control_of(request: Request) -> Control:
    """What the verbs about rule sets need.

    Raises:
        ProblemError: this process works without a database.
    """
    control = parts_of(request).control
    if control is None:
        detail = "This process answers checks without a database, so nothing can be read from it or changed in it."
        raise ProblemError(ProblemCode.STORE_UNAVAILABLE, detail, headers={"Retry-After": "5"})
    return control


async def catalogue_of(catalogues: Catalogues) -> Catalogue:
    """The catalogue, built in another thread when the rule set is new: building takes too long for the event loop."""
    built = catalogues.at_hand()
    return built if built is not None else await run_in_threadpool(catalogues.current)


async def _catalogue(request: Request, response: Response) -> Catalogue:
    """The catalogue of the rule set that answers; the response gets its tag."""
    catalogue = await catalogue_of(parts_of(request).catalogues)
    # The same address gives the same answer until either the records or this program change.
    reference = catalogue.rule_set
    response.headers["ETag"] = f'"{reference["version"]}-{reference["digest"][:_DIGITS_OF_DIGEST]}-{API_VERSION}"'
    response.headers["Cache-Control"] = "no-cache"
    return catalogue


GivenCatalogue = Annotated[Catalogue, Depends(_catalogue)]


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("must be a moment of the years 1 to 9999 in UTC as well") from None


# Kept and compared in UTC, which the first and the last hours of the calendar may not have.
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
_SLUG: Final = StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)
RecordId = Annotated[str, _SLUG]
GivenId = Annotated[RecordId, Path(description="Identifier of the record.")]

R = TypeVar("R")


def found(record: R | None) -> R:
    """The record somebody asked for by its id.

    Raises:
        ProblemError: there is none.
    """
    if record is None:
        detail = "The rule set that answers has no such record. The list without the id shows those it has."
        raise ProblemError(ProblemCode.NOT_FOUND, detail)
    return record
