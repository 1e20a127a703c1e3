"""The outer shape of what the operation takes and gives. What is inside a resource is read leniently, elsewhere.

Parameters are taken strictly, because a misspelled option would otherwise be an option nobody gave.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi.responses import JSONResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, RootModel, StringConstraints, Tag
from starlette.requests import Request
from typing_extensions import TypeAliasType, TypedDict

from service.api.bodies import bytes_of
from service.api.frame import frame_of
from service.api.problems import ProblemCode, ProblemError
from service.fhir.collecting import MAXIMUM_RESOURCES

FHIR_JSON: Final = "application/fhir+json"
_TYPES: Final = (b"application/fhir+json", b"application/json")
_PARAMETERS: Final = (b"charset=utf-8", b'charset="utf-8"', b"fhirversion=4.0", b"")


class FhirResponse(JSONResponse):
    """JSON in FHIR's own media type."""

    media_type = FHIR_JSON


class _Sent(BaseModel):
    """Part of what is sent; FHIR lets extensions stand everywhere."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)


class ResourceName(StrEnum):
    """What a resource is sent as; what it is read as is decided by its own type."""

    MEDICATION = "medication"
    OBSERVATION = "observation"
    CONDITION = "condition"
    PATIENT = "patient"
    BUNDLE = "bundle"


class FlagName(StrEnum):
    """`explain` adds rules that did not apply, and why; `timetable` adds a day plan."""

    EXPLAIN = "explain"
    TIMETABLE = "timetable"


class DayName(StrEnum):
    """`asOf` is the day the question is about; today, where it is left out."""

    AS_OF = "asOf"


class ParametersType(StrEnum):
    """What the input of an operation is."""

    PARAMETERS = "Parameters"


class BundleType(StrEnum):
    """What may stand in its place."""

    BUNDLE = "Bundle"


class ResourceParameter(_Sent):
    """A resource, or a Bundle of them."""

    name: Annotated[ResourceName, Field(strict=False)]
    resource: dict[str, Any]


class FlagParameter(_Sent):
    """Something to switch on."""

    name: Annotated[FlagName, Field(strict=False)]
    valueBoolean: bool  # noqa: N815 - FHIR's name


def _day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        message = "must be a date of the calendar written as YYYY-MM-DD"
        raise ValueError(message) from None
    return text


class DayParameter(_Sent):
    """The day the question is about."""

    name: Annotated[DayName, Field(strict=False)]
    valueDate: Annotated[  # noqa: N815 - FHIR's name
        str,
        StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
        AfterValidator(_day),
        Field(json_schema_extra={"format": "date"}),
    ]


_KIND_OF_NAME: Final[dict[object, str]] = {**dict.fromkeys(FlagName, "flag"), **dict.fromkeys(DayName, "day")}


def _kind(value: object) -> str:
    """Which of the three a parameter is; what has another name is refused as a resource that has none of theirs."""
    name = value.get("name") if isinstance(value, dict) else None
    return _KIND_OF_NAME.get(name, "resource") if isinstance(name, str) else "resource"


FhirParameter = TypeAliasType(
    "FhirParameter",
    Annotated[
        Annotated[ResourceParameter, Tag("resource")]
        | Annotated[FlagParameter, Tag("flag")]
        | Annotated[DayParameter, Tag("day")],
        Discriminator(_kind),
        Field(description="One parameter of the operation; its name says what it holds."),
    ],
)


class SentParameters(_Sent):
    """The input of the operation."""

    resourceType: Annotated[ParametersType, Field(strict=False)]  # noqa: N815 - FHIR's name
    parameter: Annotated[tuple[FhirParameter, ...], Field(strict=False, max_length=MAXIMUM_RESOURCES)] = ()


class SentBundle(_Sent):
    """A Bundle in place of Parameters, when there is nothing to switch on."""

    resourceType: Annotated[BundleType, Field(strict=False)]  # noqa: N815 - FHIR's name


def _type(value: object) -> str:
    """What was sent; anything else is refused as Parameters that are none."""
    return "bundle" if isinstance(value, dict) and value.get("resourceType") == "Bundle" else "parameters"


class FhirQuestion(
    RootModel[
        Annotated[
            Annotated[SentParameters, Tag("parameters")] | Annotated[SentBundle, Tag("bundle")], Discriminator(_type)
        ]
    ]
):
    """Parameters, or a Bundle."""


class FhirParameters(TypedDict):
    """Parameters of FHIR R4; `/fhir/OperationDefinition/check-magnesium` describes each."""

    resourceType: Annotated[str, Field(description="`Parameters`.")]
    parameter: list[dict[str, Any]]


class FhirResource(TypedDict):
    """A resource of FHIR R4."""

    resourceType: Annotated[str, Field(description="The type of the resource.")]


async def read_fhir_content(request: Request) -> bytes:
    """The bytes of a body that is declared as FHIR's JSON, or as any JSON.

    Raises:
        ProblemError: it is declared as something else.
        ClientDisconnect: the client went away.
    """
    declared = frame_of(request.scope).content_type or b""
    media_type, *parameters = declared.lower().split(b";")
    known = all(parameter.strip().replace(b" ", b"") in _PARAMETERS for parameter in parameters)
    if media_type.strip() not in _TYPES or not known:
        raise ProblemError(
            ProblemCode.UNSUPPORTED_MEDIA_TYPE,
            "The Content-Type must be application/fhir+json or application/json, in UTF-8.",
            headers={"Accept-Post": "application/fhir+json, application/json"},
        )
    return await bytes_of(request)
