"""Says what is wrong with a request, where, and what is allowed, from pydantic's errors and without their input.

pydantic's own texts are not used: some repeat what was sent. A name appears in a pointer only when it stands in the
contract; an unknown key may be anything, a patient's name too, so the fault points at the object around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

MAXIMUM_FAULTS: Final = 50
_MAXIMUM_POINTER: Final = 500
Location = Sequence[int | str]
_Context = Mapping[str, Any]


class FaultLocation(StrEnum):
    """The part of the request a fault is in."""

    BODY = "body"
    QUERY = "query"
    PATH = "path"
    HEADER = "header"


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    model_config = ConfigDict(frozen=True)

    location: FaultLocation
    pointer: Annotated[
        str,
        Field(
            max_length=_MAXIMUM_POINTER,
            description="JSON pointer (RFC 6901) into the body, or `/` and the name of the parameter or header. Empty: "
            "the whole of it. Names that are not part of the contract are never repeated.",
            examples=["/medications/0/dose/value"],
        ),
    ]
    detail: Annotated[str, Field(description="What is wrong and what is allowed.", examples=["must be a string"])]


# What the patterns of a question mean, for readers who would rather not work them out.
IN_WORDS: Final[dict[str, str]] = {
    r"^[A-Za-z0-9._:-]{1,64}$": "1 to 64 letters, digits and the marks . _ : -",
    r"^[A-Za-z0-9.-]{1,32}$": "1 to 32 letters, digits, points and hyphens",
    r"^[0-9]{1,9}(\.[0-9]{1,9})?$": "plain digits without a sign, such as 38 or 0.62",
    r"^([01][0-9]|2[0-3]):[0-5][0-9]$": "a time from 00:00 to 23:59, as HH:MM",
    r"^mL/min(/1\.73 ?m2)?$": "mL/min/1.73m2 or mL/min",
    r"^(([1-9][0-9]?|[1-5][0-9]{2})(\.[0-9]{1,9})?|600)$": "a number in plain digits from 1 to 600",
    r"^[0-9a-f]{16}$": "16 digits and letters from a to f, as the finding has them",
    r"^[0-9a-f]{32}$": "32 digits and letters from a to f, as the finding has them",
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$": "a day, as YYYY-MM-DD",
    r"^[a-z0-9]+(-[a-z0-9]+)*$": "small letters and digits, single hyphens between",
    r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$": "a UUID in small letters",
}


_MOMENT: Final = "must be a moment with its time zone, such as 2026-11-24T08:00:00Z"


def _pattern(context: _Context) -> str:
    pattern = context["pattern"]
    words = IN_WORDS.get(pattern)
    return f"must match the pattern {pattern}" if words is None else f"must match the pattern {pattern}: {words}"


def _too_short(context: _Context) -> str:
    least = context["min_length"]
    return "must not be empty" if least == 1 else f"must have at least {least} characters"


_TEXTS: Final[dict[str, Callable[[_Context], str]]] = {
    "missing": lambda _: "is required",
    "string_type": lambda _: "must be a string",
    "string_too_short": _too_short,
    "string_too_long": lambda context: f"must have at most {context['max_length']} characters",
    "string_pattern_mismatch": _pattern,
    "enum": lambda context: f"must be one of {context['expected']}",
    "literal_error": lambda context: f"must be {context['expected']}",
    "bool_type": lambda _: "must be true or false",
    "bool_parsing": lambda _: "must be true or false",
    "int_type": lambda _: "must be a whole number in plain digits",
    "int_parsing": lambda _: "must be a whole number",
    "int_parsing_size": lambda _: "must be a whole number of reasonable size",
    "int_from_float": lambda _: "must be a whole number",
    "greater_than_equal": lambda context: f"must be at least {context['ge']}",
    "greater_than": lambda context: f"must be above {context['gt']}",
    "less_than_equal": lambda context: f"must be at most {context['le']}",
    "less_than": lambda context: f"must be below {context['lt']}",
    "date_type": lambda _: "must be a date written as YYYY-MM-DD",
    "date_parsing": lambda _: "must be a date of the calendar written as YYYY-MM-DD",
    "date_from_datetime_parsing": lambda _: "must be a date of the calendar written as YYYY-MM-DD",
    "date_from_datetime_inexact": lambda _: "must be a date written as YYYY-MM-DD, without a time",
    "datetime_type": lambda _: _MOMENT,
    "datetime_parsing": lambda _: _MOMENT,
    "datetime_from_date_parsing": lambda _: _MOMENT,
    "datetime_object_invalid": lambda _: _MOMENT,
    "timezone_aware": lambda _: _MOMENT,
    "tuple_type": lambda _: "must be an array",
    "list_type": lambda _: "must be an array",
    "model_type": lambda _: "must be an object",
    "model_attributes_type": lambda _: "must be an object",
    "dict_type": lambda _: "must be an object",
    "too_long": lambda context: f"must have at most {context['max_length']} items",
    "too_short": lambda context: f"must have at least {context['min_length']} items",
    # Raised by validators of our own models, whose texts never hold a value.
    "value_error": lambda context: str(context["error"]),
}


def body_faults(errors: Iterable[Mapping[str, Any]], model: type[BaseModel]) -> list[Fault]:
    """The faults of a body that should have been a ``model``, at most `MAXIMUM_FAULTS`."""
    faults: list[Fault] = []
    for error in errors:
        if len(faults) == MAXIMUM_FAULTS:
            break
        location: Location = error["loc"]
        if error["type"] == "extra_forbidden":
            detail = f"has a key that is not allowed here; allowed: {', '.join(allowed_keys(model, location[:-1]))}"
            faults.append(Fault(location=FaultLocation.BODY, pointer=pointer_of(location[:-1], model), detail=detail))
        else:
            detail = _text(error)
            faults.append(Fault(location=FaultLocation.BODY, pointer=pointer_of(location, model), detail=detail))
    return list(dict.fromkeys(faults))


def parameter_faults(errors: Iterable[Mapping[str, Any]]) -> list[Fault]:
    """The faults of query, path and header parameters that a route declares."""
    faults = []
    for error in errors:
        place, *names = error["loc"]
        pointer = "".join(f"/{name}" for name in names)
        faults.append(Fault(location=FaultLocation(place), pointer=pointer, detail=_text(error)))
    return faults


def pointer_of(location: Location, model: type[BaseModel]) -> str:
    """A JSON pointer that ends before the first name that is not part of the contract."""
    known = contract_names(model)
    pointer = ""
    for step in location:
        if isinstance(step, str) and step not in known:
            break
        pointer += f"/{step}"
    return pointer


@cache
def contract_names(model: type[BaseModel]) -> frozenset[str]:
    """Every property name of the model and of the models in it. None needs escaping in a pointer."""
    schema = _schema(model)
    parts = [schema, *schema.get("$defs", {}).values()]
    return frozenset(name for part in parts for name in part.get("properties", {}))


def allowed_keys(model: type[BaseModel], location: Location) -> list[str]:
    """The keys an object at this place of the body may have, sorted."""
    schema = _schema(model)
    part = schema
    for step in location:
        options = [_resolved(option, schema) for option in (part, *part.get("anyOf", ()))]
        if isinstance(step, int):
            part = next((option["items"] for option in options if "items" in option), {})
        else:
            part = next((option["properties"][step] for option in options if step in option.get("properties", {})), {})
    options = [_resolved(option, schema) for option in (part, *part.get("anyOf", ()))]
    return sorted(name for option in options for name in option.get("properties", {}))


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return TypeAdapter(model).json_schema()


def _resolved(part: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    reference = part.get("$ref")
    return schema["$defs"][reference.rpartition("/")[2]] if reference else part


def _text(error: Mapping[str, Any]) -> str:
    text = _TEXTS.get(error["type"])
    return text(error.get("ctx", {})) if text else "is not valid"
