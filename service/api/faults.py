"""Says what is wrong with a request, where, and what is allowed, from pydantic's errors and without their input.

pydantic's own texts are not used: some repeat what was sent. A name appears in a pointer only when it stands in the
contract; an unknown key may be anything, a patient's name too, so the fault points at the object around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from rules.faults import Location, allowed_keys, form_of_text, in_words, schema_of

MAXIMUM_FAULTS: Final = 50
_MAXIMUM_POINTER: Final = 500


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


def body_faults(errors: Iterable[Mapping[str, Any]], model: type[BaseModel]) -> list[Fault]:
    """The faults of a body that should have been a ``model``, at most `MAXIMUM_FAULTS`."""
    faults: list[Fault] = []
    for error in errors:
        if len(faults) == MAXIMUM_FAULTS:
            break
        location: Location = error["loc"]
        if error["type"] == "extra_forbidden":
            detail = (
                f"has a key that is not allowed here; allowed: {', '.join(sorted(allowed_keys(model, location[:-1])))}"
            )
            faults.append(Fault(location=FaultLocation.BODY, pointer=pointer_of(location[:-1], model), detail=detail))
        else:
            detail = in_words(error)
            form = form_of_text(model, location) if error["type"] == "string_type" else None
            if form is not None:  # such as a number without quotation marks
                detail = f"{detail}: {form}"
            faults.append(Fault(location=FaultLocation.BODY, pointer=pointer_of(location, model), detail=detail))
    return list(dict.fromkeys(faults))


def parameter_faults(errors: Iterable[Mapping[str, Any]]) -> list[Fault]:
    """The faults of query, path and header parameters that a route declares."""
    faults = []
    for error in errors:
        place, *names = error["loc"]
        pointer = "".join(f"/{name}" for name in names)
        faults.append(Fault(location=FaultLocation(place), pointer=pointer, detail=in_words(error)))
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
    schema = schema_of(model)
    parts = [schema, *schema.get("$defs", {}).values()]
    return frozenset(name for part in parts for name in part.get("properties", {}))
