"""Draws the day plan of a check, from nothing but the address: nothing is looked up about a person, nothing is kept."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from rules.profile import ClockTime
from rules.timing import minute_of
from service.api.dependencies import GivenCatalogue
from service.api.openapi import READS, needs, statuses
from service.api.routes import ReadRoute, operation_id
from service.application.catalogue import Catalogue
from service.application.principals import Permission
from service.day_plan import address, lanes
from service.day_plan.page import page
from service.day_plan.svg import DrawingLayout, drawing

_ID: Final = r"[A-Za-z0-9._:-]{1,64}"
_TIME: Final = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_HOURS: Final = r"(1?[0-9]|2[0-4])(\.[0-9]{1,2})?"
_SVG_TYPE: Final = "image/svg+xml"
_HTML_TYPE: Final = "text/html"

DoseText = Annotated[str, StringConstraints(pattern=rf"^{_ID},{_TIME}(,{_TIME})?$")]
SubstanceText = Annotated[str, StringConstraints(pattern=rf"^{_ID},[a-z0-9]+(-[a-z0-9]+)*$", max_length=145)]
WindowText = Annotated[str, StringConstraints(pattern=rf"^{_ID},{_ID},{_HOURS},{_HOURS}$")]
PeriodText = Annotated[str, StringConstraints(pattern=rf"^{_ID}(,{_TIME},{_TIME})?$")]
IdText = Annotated[str, StringConstraints(pattern=rf"^{_ID}$")]

router = APIRouter(
    route_class=ReadRoute, generate_unique_id_function=operation_id, tags=["timetables"], responses=READS
)


class PlanQuery(BaseModel):
    """A day plan as parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dose: Annotated[
        tuple[DoseText, ...],
        Field(
            max_length=address.MAXIMUM_DOSES,
            description="A dose: medication id, time, and the time that was given for it, where one was. Once for each "
            "dose, in the order the medications are to be drawn in.",
            examples=[["m1,07:00,07:00", "m2,11:00"]],
        ),
    ] = ()
    medication: Annotated[
        tuple[SubstanceText, ...],
        Field(
            max_length=address.MAXIMUM_MEDICATIONS,
            description="A medication id and the id of a substance, by whose name it is called; once for each "
            "substance. Without one that the rule set knows, its id is its name.",
            examples=[["m1,levothyroxine", "m2,magnesium-oxide"]],
        ),
    ] = ()
    window: Annotated[
        tuple[WindowText, ...],
        Field(
            max_length=address.MAXIMUM_WINDOWS,
            description="What is kept apart: id of the drug, id of the magnesium product, hours after the drug until "
            "magnesium, hours after magnesium until the drug.",
            examples=[["m1,m2,4,4"]],
        ),
    ] = ()
    as_needed: Annotated[
        tuple[PeriodText, ...],
        Field(
            max_length=address.MAXIMUM_PERIODS,
            description="Something taken only when needed, and from when to when it fits; once for each period, and "
            "without times when it never fits.",
            examples=[["m3,12:00,17:00"]],
        ),
    ] = ()
    not_planned: Annotated[
        tuple[IdText, ...],
        Field(max_length=address.MAXIMUM_MEDICATIONS, description="A medication that the plan leaves out."),
    ] = ()
    meal: Annotated[
        tuple[ClockTime, ...], Field(max_length=address.MAXIMUM_MEALS, description="When there is a meal.")
    ] = ()
    wakes_at: Annotated[ClockTime | None, Field(description="When the day begins.")] = None
    sleeps_at: Annotated[ClockTime | None, Field(description="When the day ends, perhaps after midnight.")] = None

    day_basis: Annotated[
        lanes.DayBasis, Field(description="Whether these hours were given, or assumed by the plan.")
    ] = lanes.DayBasis.GIVEN

    def plan(self) -> lanes.DayPlan:
        """The plan they make up."""
        return lanes.DayPlan(
            doses=tuple(_dose(*text.split(",")) for text in self.dose),
            substances=tuple(_pair(*text.split(",")) for text in self.medication),
            windows=tuple(_window(*text.split(",")) for text in self.window),
            as_needed=tuple(_period(*text.split(",")) for text in self.as_needed),
            not_planned=self.not_planned,
            meals=tuple(minute_of(meal) for meal in self.meal),
            wakes=None if self.wakes_at is None else minute_of(self.wakes_at),
            sleeps=None if self.sleeps_at is None else minute_of(self.sleeps_at),
            basis=self.day_basis,
        )


class DrawingQuery(PlanQuery):
    """A day plan as parameters, and how to draw it."""

    layout: Annotated[DrawingLayout, Field(description="`wide` for a screen or paper, `narrow` for a phone.")] = (
        DrawingLayout.WIDE
    )


def _dose(medication_id: str, time: str, given: str | None = None) -> lanes.Dose:
    return lanes.Dose(medication_id, minute_of(time), None if given is None else minute_of(given))


def _pair(medication_id: str, substance_id: str) -> tuple[str, str]:
    return medication_id, substance_id


def _window(drug_id: str, magnesium_id: str, after_drug: str, after_magnesium: str) -> lanes.Window:
    return lanes.Window(drug_id, magnesium_id, lanes.minutes(after_drug), lanes.minutes(after_magnesium))


def _period(medication_id: str, start: str | None = None, end: str | None = None) -> lanes.Period:
    span = None if start is None or end is None else (minute_of(start), minute_of(end))
    return lanes.Period(medication_id, span)


def _content(media_type: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {media_type: {"schema": {"type": "string"}}}}}


@router.get(
    address.PATH,
    summary="Draw a day plan",
    response_class=Response,
    response_description="The drawing, in light or dark as the reader prefers.",
    responses=_content(_SVG_TYPE),
    openapi_extra={**needs(Permission.CHECK), **statuses(503)},
)
async def draw_timetable(
    catalogue: GivenCatalogue, query: Annotated[DrawingQuery, Query()], response: Response
) -> Response:
    """A day plan as SVG: a lane for each medication, with its doses and the hours that are kept free.

    `timetable.drawing` of a check has the address, filled in. It draws what it is given and checks nothing: only the
    answer of a check says whether a plan keeps its windows. Nothing is stored.
    """
    return _sent(drawing(query.plan(), _names(catalogue), query.layout), _SVG_TYPE, response)


@router.get(
    address.PAGE_PATH,
    summary="Show a day plan as a page",
    response_class=Response,
    response_description="The page.",
    responses=_content(_HTML_TYPE),
    openapi_extra={**needs(Permission.CHECK), **statuses(503)},
)
async def show_timetable(
    catalogue: GivenCatalogue, query: Annotated[PlanQuery, Query()], response: Response
) -> Response:
    """The drawing with a table of the doses, to be read on a phone or printed.

    The parameters are those of the drawing. The page loads nothing and runs no script.
    """
    rule_set = f"rule set {catalogue.rule_set['version']}"
    return _sent(page(query.plan(), _names(catalogue), rule_set), _HTML_TYPE, response)


def _names(catalogue: Catalogue) -> dict[str, str]:
    return {record.id: record.name for record in catalogue.substances.records}


def _sent(markup: str, media_type: str, response: Response) -> Response:
    """The answer, with the tag of the rule set: a shared cache has no business with what somebody takes."""
    headers = {"ETag": response.headers["etag"], "Cache-Control": "private, no-cache"}
    return Response(markup, media_type=media_type, headers=headers)
