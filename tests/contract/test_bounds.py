"""Everything that is read is bounded: texts, lists and numbers in requests say how long or how large they may be.

Headers are not asked: all of them together are bounded (431), and most are looked at only to be compared.

The OWASP rules of the linter ask for this in answers as well; openapi/contract/spectral.yaml has them switched off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest

from service.main import openapi_app

# Formats that bound a text by themselves.
FORMATS: Final = frozenset({"date", "date-time", "time", "uuid"})
# Bodies that are read as they come: whole records and what other standards define. The size of the whole is bounded.
FREE: Final = frozenset({"document"})


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return openapi_app().openapi()


def is_bounded(schema: dict[str, Any]) -> bool:
    """Whether a schema by itself, without what is inside, lets in only so much."""
    kind = schema.get("type")
    if kind == "string":
        pattern = schema.get("pattern", "")
        limited = pattern.startswith("^") and pattern.endswith("$") and not re.search(r"[^\\][*+]|\{\d+,\}", pattern)
        return bool(schema.keys() & {"maxLength", "enum", "const"}) or schema.get("format") in FORMATS or limited
    if kind in {"integer", "number"}:
        return bool(schema.keys() & {"maximum", "exclusiveMaximum", "enum", "const"})
    return kind != "array" or "maxItems" in schema


def unbounded(described: dict[str, Any], schema: dict[str, Any], place: str, seen: frozenset[str]) -> Iterator[str]:
    """Where a schema lets in a text, list or number of any size."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name not in seen:
            yield from unbounded(described, described["components"]["schemas"][name], name, seen | {name})
        return
    if not is_bounded(schema):
        yield f"{place}: a {schema['type']} of any size"
    for part in [*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else [])]:
        yield from unbounded(described, part, place, seen)
    for name, part in schema.get("properties", {}).items():
        if name not in FREE:
            yield from unbounded(described, part, f"{place}.{name}", seen)


def read(described: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each schema that something of a request is read with."""
    for path, methods in described["paths"].items():
        # FHIR and CDS Hooks define their own bodies; what is read of them becomes a question, which is bounded.
        if path.startswith(("/fhir", "/cds-services")):
            continue
        for method, operation in methods.items():
            for parameter in operation.get("parameters", ()):
                found = parameter
                if "$ref" in parameter:
                    found = described["components"]["parameters"][parameter["$ref"].rpartition("/")[2]]
                if found["in"] in {"query", "path"}:
                    yield f"{method} {path} {found['name']}", found["schema"]
            for content in operation.get("requestBody", {}).get("content", {}).values():
                yield f"{method} {path}", content["schema"]


def test_everything_that_is_read_is_bounded(described: dict[str, Any]) -> None:
    found = {line for place, schema in read(described) for line in unbounded(described, schema, place, frozenset())}
    assert sorted(found) == []


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"type": "string", "pattern": "^[a-z]+$"},
        {"type": "integer", "minimum": 0},
        {"type": "array", "items": {"type": "boolean"}},
        {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "array", "maxItems": 2, "items": {"type": "string"}}]},
        {"type": "object", "properties": {"a": {"type": "string"}}},
    ],
)
def test_what_is_not_bounded_is_seen(schema: dict[str, Any]) -> None:
    assert len(list(unbounded({}, schema, "somewhere", frozenset()))) == 1
