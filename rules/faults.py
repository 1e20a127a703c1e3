"""Says what is wrong with a value and what is allowed, from pydantic's errors: for callers and authors alike.

pydantic's own texts are not used: some repeat what was sent. Where a fault stands is left to whoever asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter

Location = Sequence[int | str]

# What patterns mean, for readers who would rather not work them out.
IN_WORDS: Final[dict[str, str]] = {
    r"^[A-Za-z0-9._:-]{1,64}$": "1 to 64 letters, digits and the marks . _ : -",
    r"^[A-Za-z0-9.-]{1,32}$": "1 to 32 letters, digits, points and hyphens",
    r"^[0-9]{1,9}(\.[0-9]{1,9})?$": "plain digits without a sign, such as 38 or 0.62",
    r"^([01][0-9]|2[0-3]):[0-5][0-9]$": "a time from 00:00 to 23:59, as HH:MM",
    r"^(([1-9][0-9]?|[1-5][0-9]{2})(\.[0-9]{1,9})?|600)$": "a number in plain digits from 1 to 600",
    r"^[0-9a-f]{16}$": "16 digits and letters from a to f, as the finding has them",
    r"^[0-9a-f]{32}$": "32 digits and letters from a to f, as the finding has them",
    r"^[0-9a-f]{64}$": "64 digits and letters from a to f, as the answer has them",
    r"^[0-9a-f]{12}$": "12 digits and letters from a to f",
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$": "a day, as YYYY-MM-DD",
    r"^[a-z0-9]+(-[a-z0-9]+)*$": "small letters and digits, single hyphens between",
    r"^[a-z0-9]+(?:-[a-z0-9]+)*$": "small letters and digits, single hyphens between",
    r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$": "a UUID in small letters",
    r"^[a-z_]{1,40}/[a-z0-9-]{1,80}$": "the kind of a record and its id, such as interactions/example",
    r"\S": "something other than blanks",
    r"^[^\x00-\x1f\x7f]*$": "one line without control characters",
    r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$": "text without control characters other than tab and line feed",
    r"^[\x20-\x7e]*$": "letters, digits and marks of ASCII",
    r"^[a-z0-9][a-z0-9._@+-]*$": "small letters, digits and . _ @ + -, a letter or digit first",
    r"^[A-V](?:\d\d(?:[A-Z](?:[A-Z](?:\d\d)?)?)?)?$": "an ATC code or its beginning, such as J01MA",
    r"^[A-V]\d\d[A-Z][A-Z]\d\d$": "an ATC code, such as J01MA02",
    r"^[1-9]\d{0,7}$": "an RxNorm number in plain digits",
    r"^[1-9]\d{0,8}$": "a PubMed number in plain digits",
    r"^PMC\d+$": "a PubMed Central number, such as PMC123456",
    r"^10\.\d{4,9}/\S+$": "a DOI, such as 10.1000/xyz123",
    r"^[A-Z0-9]{10}$": "ten capital letters and digits",
    r"^[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?$": "an ICD-10-CM code or its beginning, such as E83.42 or N18",
    r"^/([A-Za-z0-9_-][A-Za-z0-9/_.-]*)?$": "a path here, such as /admin",
    r"^[^.\s]+(\.[^.\s]+)*$": "names with points between, such as realm_access.roles",
    r"^https://\S+$": "an address that begins with https:// and has no blanks",
}
_DAY: Final = "must be a date of the calendar written as YYYY-MM-DD"
_MOMENT: Final = "must be a moment with its time zone, such as 2026-11-24T08:00:00Z"
_NUMBER: Final = "must be a number such as 38 or 0.62"
_TEXTS: Final[dict[str, str]] = {
    "missing": "is required",
    "string_type": "must be a string",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "enum": "must be one of {expected}",
    "literal_error": "must be {expected}",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number in plain digits",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a whole number of reasonable size",
    "int_from_float": "must be a whole number",
    "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "decimal_max_places": "must have at most {decimal_places} digits behind the point",
    "decimal_max_digits": "must have at most {max_digits} digits",
    "finite_number": _NUMBER,
    "float_parsing": _NUMBER,
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be above {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be below {lt}",
    "date_type": "must be a date written as YYYY-MM-DD",
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": "must be a date written as YYYY-MM-DD, without a time",
    "datetime_type": _MOMENT,
    "datetime_parsing": _MOMENT,
    "datetime_from_date_parsing": _MOMENT,
    "datetime_object_invalid": _MOMENT,
    "timezone_aware": _MOMENT,
    "tuple_type": "must be an array",
    "list_type": "must be an array",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "dict_type": "must be an object",
    "too_long": "must have at most {max_length} items",
    "too_short": "must have at least {min_length} items",
    # Raised by validators of our own models, whose texts never hold a value.
    "value_error": "{error}",
}
_LENGTHS: Final = {"too_short": "string_too_short", "too_long": "string_too_long"}


def in_words(error: Mapping[str, Any]) -> str:
    """One of pydantic's errors in words; a key that is not allowed is left to `allowed_keys`."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "string_pattern_mismatch":
        pattern = context["pattern"]
        words = IN_WORDS.get(pattern)
        return f"must match the pattern {pattern}" if words is None else f"must match the pattern {pattern}: {words}"
    if kind == "string_too_short" and context["min_length"] == 1:
        return "must not be empty"
    if kind in _LENGTHS and context["field_type"] == "Value":  # a secret, whose characters count
        kind = _LENGTHS[kind]
    return _TEXTS.get(kind, "is not valid").format(**context)


def allowed_keys(model: type[BaseModel], location: Location) -> list[str]:
    """The keys an object at this place of a document may have, in the order of its form."""
    return [name for option in _options_at(model, location) for name in option.get("properties", {})]


def form_of_text(model: type[BaseModel], location: Location) -> str | None:
    """What a text at this place of a document looks like, in words; None: nothing is asked of it that has words."""
    patterns = (option.get("pattern", "") for option in _options_at(model, location))
    return next((IN_WORDS[pattern] for pattern in patterns if pattern in IN_WORDS), None)


@cache
def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of a model as it is read."""
    return TypeAdapter(model).json_schema()


def _options_at(model: type[BaseModel], location: Location) -> list[dict[str, Any]]:
    """The schema of a place of a document, and what it may be instead."""
    schema = schema_of(model)
    part = schema
    for step in location:
        options = _options(part, schema)
        if isinstance(step, int):
            part = next((option["items"] for option in options if "items" in option), {})
        else:
            part = next((option["properties"][step] for option in options if step in option.get("properties", {})), {})
    return _options(part, schema)


def _options(part: dict[str, Any], schema: dict[str, Any]) -> list[dict[str, Any]]:
    """A part of a schema and what it may be instead, references followed."""
    options = (part, *part.get("anyOf", ()))
    return [schema["$defs"][one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in options]
