"""`/v1/audit`: who did what, when and why, and whether the trail still stands as it was written."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.concurrency import run_in_threadpool

from service.api.changing import in_transaction
from service.api.dependencies import control_of
from service.api.openapi import needs, statuses
from service.api.pagination import PageQuery
from service.api.routes import StrictRoute, operation_id
from service.application import audit
from service.application.principals import Permission
from service.storage.audit import Filters
from service.storage.tables import AuditRow

router = APIRouter(route_class=StrictRoute, generate_unique_id_function=operation_id, tags=["audit"])


class AuditQuery(PageQuery):
    """What the trail can be asked for."""

    subject: Annotated[
        str | None,
        StringConstraints(min_length=1, max_length=120, pattern=r"^[\x20-\x7e]*$"),
        Field(description="Only entries about this, such as `rule_set/3` or `draft/` and its id."),
    ] = None


class AuditEntry(BaseModel):
    """One entry; `hash` is that of everything else in it, one of them the hash of the entry before."""

    model_config = ConfigDict(frozen=True)

    sequence: int
    at: datetime
    person: str
    action: str
    subject: str
    reason: str
    before: Annotated[Any, Field(description="What was there; null: nothing, or nothing worth telling.")]
    after: Annotated[Any, Field(description="What is there since.")]
    previous_hash: str
    hash: str

    @classmethod
    def of(cls, row: AuditRow) -> AuditEntry:
        """Told from its row."""
        return cls(
            sequence=row.sequence,
            at=row.at,
            person=row.person,
            action=row.action,
            subject=row.subject,
            reason=row.reason,
            before=None if row.before is None else json.loads(row.before),
            after=None if row.after is None else json.loads(row.after),
            previous_hash=row.previous_hash,
            hash=row.hash,
        )


class AuditPage(BaseModel):
    """A part of the trail."""

    model_config = ConfigDict(frozen=True)

    total: Annotated[int, Field(description="How many entries there are in all pages together.")]
    items: list[AuditEntry]
    next: Annotated[
        str | None, Field(description="The next page, relative to this address. Left out on the last page.")
    ] = None


class TrailEntry(BaseModel):
    """What a look at the whole trail found."""

    model_config = ConfigDict(frozen=True)

    intact: bool
    entries: int
    last_hash: Annotated[str, Field(description="Hash of the last good entry; note it elsewhere to find a cut tail.")]
    bad: Annotated[int | None, Field(description="Sequence of the first entry that is not as it was written.")] = None
    why: str | None = None


@router.get(
    "/v1/audit",
    summary="Read the audit trail",
    response_description="A page of the trail, the newest entries first.",
    openapi_extra={**needs(Permission.AUDIT), **statuses(503)},
)
async def list_audit_entries(request: Request, query: Annotated[AuditQuery, Query()], response: Response) -> AuditPage:
    """Every change of what answers, of drafts and of access. Entries are never changed and never go."""
    response.headers["Cache-Control"] = "no-store"
    rows, total = await in_transaction(
        request,
        lambda _, session: audit.page(session, Filters(subject=query.subject), limit=query.limit, offset=query.offset),
    )
    more = query.offset + query.limit < total
    return AuditPage(total=total, items=[AuditEntry.of(row) for row in rows], next=query.following() if more else None)


@router.get(
    "/v1/audit/verification",
    summary="Verify the audit trail",
    response_description="Whether it stands as it was written.",
    response_model_exclude_none=True,
    openapi_extra={**needs(Permission.AUDIT), **statuses(503)},
)
async def verify_audit_trail(request: Request, response: Response) -> TrailEntry:
    """Work out every hash anew and name the first entry that does not fit."""
    response.headers["Cache-Control"] = "no-store"
    trail = await run_in_threadpool(audit.verify_trail, control_of(request).store)
    return TrailEntry(
        intact=trail.bad is None, entries=trail.entries, last_hash=trail.last_hash, bad=trail.bad, why=trail.why
    )
