"""JSON Schemas of what goes over the wire, written from the standard and not from the program."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from jsonschema import Draft202012Validator


@cache
def validator(name: str) -> Draft202012Validator:
    """The validator for `discovery`, `cards` or `feedback`."""
    schema = json.loads((Path(__file__).parent / f"{name}.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def faults(name: str, document: object) -> list[str]:
    """What is wrong with a document: where, and which word of the schema says so."""
    return [f"{error.json_path}: {error.validator}" for error in validator(name).iter_errors(document)]


def empty_places(document: object, place: str = "$") -> Iterator[str]:
    """Where something is null or empty; the top-level lists are the only ones that may be."""
    if document is None or (document in ("", [], {}) and place not in {"$.cards", "$.services"}):
        yield place
    if isinstance(document, dict):
        for key, value in document.items():
            yield from empty_places(value, f"{place}.{key}")
    elif isinstance(document, list):
        for index, value in enumerate(document):
            yield from empty_places(value, f"{place}[{index}]")
