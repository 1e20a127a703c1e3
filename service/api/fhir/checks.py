"""`POST /fhir/$check-magnesium`: the same question as `/v1/checks`, asked and answered in FHIR R4.

Findings, decisions, permissions and limits are those of `/v1/checks`; only the words are others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from service.api.asking import IF_RULE_SET, ask
from service.api.dependencies import Parts, parts_of
from service.api.examples import FHIR_CHECK_REQUESTS
from service.api.faults import Fault, FaultLocation, body_faults
from service.api.fhir.conformance import FORMAT, require_json
from service.api.fhir.shapes import (
    FHIR_JSON,
    DayName,
    DayParameter,
    FhirParameters,
    FhirQuestion,
    FhirResponse,
    FlagName,
    FlagParameter,
    ResourceName,
    ResourceParameter,
    SentBundle,
    SentParameters,
    read_fhir_content,
)
from service.api.foreign_json import parse_foreign
from service.api.openapi import foreign_body, needs, statuses
from service.api.problems import ProblemCode, ProblemError
from service.api.routes import DirectAnswer, DirectRoute, operation_id
from service.application.checks import CheckAnswer
from service.application.principals import Permission
from service.fhir.reading import Reading, ReadingRefused, read
from service.fhir.writing import answer_parameters

_UNFIT: Final = "The body does not fit the contract; `errors` says where and what is allowed."

_ALLOWED: Final[dict[object, str]] = {
    "resourceType": "'Parameters' or 'Bundle'",
    "name": ", ".join(repr(name.value) for name in (*ResourceName, *FlagName, *DayName)),
}

_NOTHING: Final = (
    "No medication and no list of medications came with the request, and that does not mean that the patient takes "
    "nothing. Send them as `medication`; where the list is known to be empty, send it as an empty Bundle."
)

router = APIRouter(route_class=DirectRoute, generate_unique_id_function=operation_id, tags=["fhir"])


class FhirAnswer(DirectAnswer):
    """An answer in FHIR's own media type."""

    def __init__(self, body: bytes) -> None:
        """Take the bytes as they are."""
        super().__init__(body)
        self.raw_headers[-1] = (b"content-type", FHIR_JSON.encode())


@router.post(
    "/fhir/$check-magnesium",
    summary="Check a medication list, in FHIR",
    response_model=FhirParameters,
    response_class=FhirResponse,
    response_description="Parameters: a DetectedIssue for each finding, what became of each medication, and an "
    "OperationOutcome about what was left out.",
    openapi_extra={
        "parameters": [FORMAT, IF_RULE_SET],
        **foreign_body(FhirQuestion, FHIR_CHECK_REQUESTS, (FHIR_JSON, "application/json")),
        **statuses(406, 412, 415, 503),
        **needs(Permission.CHECK),
    },
)
async def check_magnesium(request: Request) -> Response:
    """Tell what magnesium has to do with the medicines of a patient, from FHIR resources.

    Resources are read as clients send them. What is left out is named in `outcome` with the reason, what could not be
    read makes the answer `incomplete`, and no finding does not mean "safe". Where no medication and no list of them is
    sent, there is no answer: that nothing came along never means that nothing is taken.
    """
    require_json(request)
    tree = parse_foreign(await read_fhir_content(request))
    parts = parts_of(request)
    day, explain, timetable = parts.today(), False, False
    sent: list[tuple[str, object]] = []
    body = _body(tree)
    if isinstance(body, SentParameters):
        day = _the_day(body.parameter) or day
        explain = any(_is_on(one, FlagName.EXPLAIN) for one in body.parameter)
        timetable = any(_is_on(one, FlagName.TIMETABLE) for one in body.parameter)
        sent = [
            (f"/parameter/{position}/resource", one.resource)
            for position, one in enumerate(body.parameter)
            if isinstance(one, ResourceParameter)
        ]
    else:
        sent = [("", tree)]
    reading = _read(sent, day, parts)
    if not reading.lists_medications and not _named_medication(body):
        raise ProblemError(ProblemCode.NOTHING_TO_CHECK, _NOTHING)
    base = parts.settings.public_url or ""

    def write(answer: CheckAnswer) -> bytes:
        written = answer_parameters(answer, reading, check_id=answer["check_id"], degraded=_plain(answer), base=base)
        return orjson.dumps(written)

    profile = reading.profile(as_of=day, timetable=timetable)
    return FhirAnswer(await ask(request, profile, write, explain=explain))


def _plain(answer: CheckAnswer) -> dict[str, Any] | None:
    degraded = answer["degraded"]
    return None if degraded is None else {**degraded}


def _body(tree: object) -> SentParameters | SentBundle:
    """The outer shape of what was sent.

    Raises:
        ProblemError: it does not fit the contract.
    """
    try:
        return FhirQuestion.model_validate(tree).root
    except ValidationError as error:
        faults = body_faults(map(_as_sent, error.errors(include_url=False, include_input=False)), FhirQuestion)
        raise ProblemError(ProblemCode.INVALID_REQUEST, _UNFIT, faults=faults) from None


def _as_sent(error: Mapping[str, Any]) -> dict[str, Any]:
    """A fault by the names that stand in the body, and with all that is allowed there whatever it was read as.

    What pydantic read the body as, and each parameter, stands in its locations, and nowhere in what was sent.
    """
    kind, *steps = error["loc"]
    location = (*steps[:2], *steps[3:]) if kind == "parameters" else tuple(steps)
    allowed = _ALLOWED.get(location[-1]) if error["type"] == "enum" else None
    return {**error, "loc": location, "ctx": error.get("ctx", {}) if allowed is None else {"expected": allowed}}


def _the_day(parameters: Iterable[object]) -> date | None:
    """The day the question is about, where it is said.

    Raises:
        ProblemError: it is said twice, and not the same.
    """
    days = {one.valueDate for one in parameters if isinstance(one, DayParameter)}
    if len(days) > 1:
        fault = Fault(location=FaultLocation.BODY, pointer="/parameter", detail="asOf must be given at most once")
        raise ProblemError(ProblemCode.INVALID_REQUEST, _UNFIT, faults=[fault])
    return date.fromisoformat(days.pop()) if days else None


def _is_on(parameter: object, name: FlagName) -> bool:
    return isinstance(parameter, FlagParameter) and parameter.name == name and parameter.valueBoolean


def _named_medication(body: SentParameters | SentBundle) -> bool:
    """Whether something was sent as `medication`, be it an empty list."""
    return isinstance(body, SentParameters) and any(
        isinstance(one, ResourceParameter) and one.name is ResourceName.MEDICATION for one in body.parameter
    )


def _read(sent: list[tuple[str, object]], day: date, parts: Parts) -> Reading:
    """What the resources say.

    Raises:
        ProblemError: they cannot be read as one patient's list.
    """
    try:
        return read(sent, as_of=day, knows=parts.checks.knows)
    except ReadingRefused as error:
        text = str(error)
        fault = Fault(location=FaultLocation.BODY, pointer="", detail=text)
        detail = f"What was sent cannot be read as the list of one patient: {text}."
        raise ProblemError(ProblemCode.INVALID_REQUEST, detail, faults=[fault]) from None
