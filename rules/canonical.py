"""Canonical JSON and its SHA-256: the identity of a record and of a rule set.

Keys sorted, no white space, UTF-8, absent values left out, decimals written without exponent or trailing zeros. The
same knowledge gives the same bytes on every machine. Nothing here reads or writes files.
"""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

from rules.documents import Record

if TYPE_CHECKING:
    from datetime import date

    from rules.documents import Document
    from rules.model import RuleSet


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, Enum):
        return value.value
    if hasattr(value, "isoformat"):
        return _date(value)
    return value


def decimal_text(value: Decimal) -> str:
    """A decimal without exponent and without trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _date(value: date) -> str:
    return value.isoformat()


def content(document: Document) -> dict[str, Any]:
    """A record or a whole rule set as plain JSON values, as the canonical JSON has them."""
    return _plain(document.model_dump(exclude_none=True, by_alias=True))  # type: ignore[no-any-return]


def canonical_json(document: Document) -> bytes:
    """Canonical JSON of one record or of a whole rule set."""
    return json.dumps(content(document), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(document: Document) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical_json(document)).hexdigest()


def records_of(rule_set: RuleSet) -> dict[tuple[str, str], Record]:
    """Every record by its kind and id."""
    return {
        (kind, record.id): record
        for kind in type(rule_set).model_fields
        if isinstance(records := getattr(rule_set, kind), tuple)
        for record in records
    }


def in_canonical_order(rule_set: RuleSet) -> RuleSet:
    """The same rule set with every kind of record sorted by id, so that file order cannot change its digest."""
    ordered = {
        name: tuple(sorted(getattr(rule_set, name), key=_id))
        for name in type(rule_set).model_fields
        if isinstance(getattr(rule_set, name), tuple)
    }
    return rule_set.model_copy(update=ordered)


def _id(record: Record) -> str:
    return record.id
