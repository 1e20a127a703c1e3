"""JSON Schemas of the knowledge files, so that editors complete and check them. Generated, never written by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

from rules.load import FOLDERS

if TYPE_CHECKING:
    from rules.documents import Record

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def json_schemas() -> dict[str, dict[str, Any]]:
    """Folder name -> schema of a file in it: one record, or a family of records."""
    schemas: dict[str, dict[str, Any]] = {}
    for folder, (_, record_type) in sorted(FOLDERS.items()):
        schemas[folder] = _schema(folder, record_type)
    return schemas


def _schema(folder: str, record_type: type[Record]) -> dict[str, Any]:
    references, definitions = models_json_schema([(record_type, "validation")], by_alias=True)
    reference = references[record_type, "validation"]
    return {
        "$schema": _DRAFT,
        "title": f"A file in {folder}/",
        "anyOf": [reference, {"type": "array", "items": reference, "minItems": 1}],
        **definitions,
    }
