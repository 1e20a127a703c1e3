"""Errors as FHIR's OperationOutcome, for the paths that systems of FHIR ask: the same problems in another form.

Like the problems, nothing of it repeats what a caller sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any, Final, NotRequired

import orjson
from pydantic import Field
from typing_extensions import TypedDict

FHIR_PATH: Final = "/fhir"
HOOKS_PATH: Final = "/cds-services"
_FHIR_JSON: Final = "application/fhir+json"
_JSON: Final = "application/json"
OUTCOME_TYPES: Final = (_FHIR_JSON, _JSON)

# FHIR's words for kinds of issues (http://hl7.org/fhir/issue-type), by HTTP status.
_ISSUE_TYPES: Final = {
    400: "structure",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    409: "conflict",
    412: "required",
    413: "too-long",
    415: "not-supported",
    422: "invalid",
    428: "required",
    429: "throttled",
    431: "too-long",
    500: "exception",
    503: "transient",
}


class IssueSeverity(StrEnum):
    """How bad an issue is."""

    FATAL = "fatal"
    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"


class IssueCoding(TypedDict):
    """The problem's own code, as in problem documents."""

    code: str


class IssueDetails(TypedDict):
    """What kind of problem it is."""

    coding: list[IssueCoding]
    text: str


class OutcomeIssue(TypedDict):
    """One thing that is wrong."""

    severity: IssueSeverity
    code: Annotated[str, Field(description="FHIR's word for the kind of issue.")]
    details: NotRequired[IssueDetails]
    diagnostics: Annotated[str, Field(description="What was wrong this time, what is allowed, and what to do next.")]


class OperationOutcome(TypedDict):
    """An error, in FHIR's form. It never repeats what was sent."""

    resourceType: Annotated[str, Field(description="`OperationOutcome`.")]
    issue: list[OutcomeIssue]


def is_hooks_path(path: str) -> bool:
    """Whether this is a path of CDS Hooks."""
    return path == HOOKS_PATH or path.startswith(f"{HOOKS_PATH}/")


def media_type_at(path: str) -> str | None:
    """The media type of an OperationOutcome at this path; none where errors are problem documents."""
    if path.startswith(FHIR_PATH) and path[len(FHIR_PATH) :][:1] in {"", "/"}:
        return _FHIR_JSON
    return _JSON if is_hooks_path(path) else None


def outcome(status: int, code: str, title: str, detail: str, faults: Iterable[tuple[str, str]]) -> bytes:
    """The body; ``faults`` are places and what is wrong there."""
    issue_type = _ISSUE_TYPES.get(status, "processing")
    first: OutcomeIssue = {
        "severity": IssueSeverity.ERROR,
        "code": issue_type,
        "details": {"coding": [{"code": code}], "text": title},
        "diagnostics": detail,
    }
    more: list[Any] = [
        {"severity": IssueSeverity.ERROR, "code": issue_type, "diagnostics": f"{place or '/'}: {what}"}
        for place, what in faults
    ]
    written: OperationOutcome = {"resourceType": "OperationOutcome", "issue": [first, *more]}
    return orjson.dumps(written)
