"""The part of two OpenAPI documents that tells whether they differ: a few operations for all schemas that changed.

The slower of the two detectors needs minutes for all operations, because it writes out every schema wherever it is
used. A change of a schema breaks the same promise wherever it is used in the same direction, so one operation that
reads it and one that writes it stand for all. Nothing is judged here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

Document = dict[str, Any]
Place = tuple[str, str]  # path and method

_TEXTS: Final = frozenset({"summary", "examples", "example", "links"})
_NAMES_FOLLOW: Final = frozenset({"properties", "schemas", "patternProperties", "$defs"})


def without_texts(value: Any, *, names: bool = False) -> Any:  # noqa: ANN401 - any JSON value
    """A document without what promises nothing: descriptions, examples and links."""
    if isinstance(value, dict):
        return {
            # A response must have a description, so all keep an empty one.
            key: "" if key == "description" and not names else without_texts(part, names=_leads_to_names(key, names))
            for key, part in value.items()
            if names or key not in _TEXTS
        }
    return [without_texts(part) for part in value] if isinstance(value, list) else value


def _leads_to_names(key: str, names: bool) -> bool:  # noqa: FBT001 - reads well where it is called
    return key in _NAMES_FOLLOW and not names


def reduced(old: Document, new: Document) -> tuple[Document, Document] | None:
    """Both documents with the operations that stand for all differences; None when there is no difference."""
    old, new = without_texts(old), without_texts(new)
    changed = _changed_components(old, new)
    kept = {place for place, operation in _operations(old) if operation != dict(_operations(new)).get(place)}
    wanted = set[tuple[str, str]]()
    uses: dict[Place, set[tuple[str, str]]] = {}
    for document in (old, new):
        for place, operation in _operations(document):
            met = {(name, way) for name, way in _uses(document, operation) if name in changed}
            uses.setdefault(place, set()).update(met)
            wanted |= met
    for place in kept:
        wanted -= uses.get(place, set())
    sizes = {place: len(_closure(old, operation)) for place, operation in _operations(old)}
    while wanted:
        # One that is new has nothing to be compared with, so it stands for nothing.
        best = max(sizes, key=lambda place: (len(wanted & uses[place]), -sizes[place], place))
        if not wanted & uses[best]:
            break
        kept.add(best)
        wanted -= uses[best]
    if not kept:
        return None
    return only(old, kept), only(new, kept)


def _operations(document: Document) -> Iterator[tuple[Place, Document]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield (path, method), operation


def _changed_components(old: Document, new: Document) -> set[str]:
    found = set[str]()
    for kind in old["components"].keys() | new["components"].keys():
        before, after = old["components"].get(kind, {}), new["components"].get(kind, {})
        found |= {f"#/components/{kind}/{name}" for name in before | after if before.get(name) != after.get(name)}
    return found


def _uses(document: Document, operation: Document) -> Iterator[tuple[str, str]]:
    """Each component that an operation uses, with the way it goes: read from a request, or written in a response."""
    for way, part in (("written", operation.get("responses")), ("read", {**operation, "responses": None})):
        for name in _closure(document, part):
            yield name, way


def _closure(document: Document, part: Any) -> set[str]:  # noqa: ANN401 - any JSON value
    seen = set[str]()
    todo = set(_references(part))
    while todo:
        reference = todo.pop()
        seen.add(reference)
        _, _, kind, name = reference.split("/")
        todo |= set(_references(document["components"].get(kind, {}).get(name, {}))) - seen
    return seen


def _references(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for part in value.values():
            yield from _references(part)
    elif isinstance(value, list):
        for part in value:
            yield from _references(part)


def only(document: Document, kept: set[Place]) -> Document:
    """A document with these operations, and of the components what they use."""
    paths: Document = {}
    for (path, method), operation in _operations(document):
        if (path, method) in kept:
            paths.setdefault(path, {})[method] = operation
    used = _closure(document, paths)
    components = {
        kind: {
            name: part
            for name, part in parts.items()
            if kind == "securitySchemes" or f"#/components/{kind}/{name}" in used
        }
        for kind, parts in document["components"].items()
    }
    # A copy without shared parts, as it would be read from a file.
    copied: Document = json.loads(json.dumps({**document, "paths": paths, "components": components}))
    return copied
