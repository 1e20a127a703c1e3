"""`/admin/drafts/{id}/impact`: what the gate finds in a draft, and which lists it would answer otherwise.

The gate takes some seconds, so the page comes first and the report follows; without scripts a link leads to it.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from fastapi import Query, Request, Response
from starlette.concurrency import run_in_threadpool

from service.admin import words
from service.admin.draft_pages import DraftId, Titles, draft_values
from service.admin.rendering import page
from service.admin.routes import frame, pages_router
from service.api.changing import in_transaction
from service.api.dependencies import control_of
from service.api.openapi import needs
from service.application.control import Control
from service.application.draft_views import GateEntry
from service.application.principals import Permission
from service.application.record_search import Place

router = pages_router()

# A field as the knowledge files call it.
_FIELD: Final = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")


@router.get("/admin/drafts/{draft_id}/impact", openapi_extra=needs(Permission.DRAFTS))
async def show_impact(request: Request, draft_id: DraftId, now: Annotated[bool, Query()] = False) -> Response:  # noqa: FBT002
    """The page; with the report in it, where somebody cannot wait for a script."""
    values = await in_transaction(request, lambda control, session: draft_values(control, session, request, draft_id))
    report = await run_in_threadpool(_report, control_of(request), draft_id) if now else None
    return page("draft-impact.html", **values, report=report, **frame(request, "drafts"))


@router.get("/admin/drafts/{draft_id}/impact/report", openapi_extra=needs(Permission.DRAFTS))
async def show_report(request: Request, draft_id: DraftId) -> Response:
    """The report alone, for a page that waits for it."""
    report = await run_in_threadpool(_report, control_of(request), draft_id)
    return page("_impact.html", report=report, draft_id=draft_id)


def _report(control: Control, draft_id: str) -> dict[str, Any]:
    """What the gate finds, with the names of the records it is about."""
    with control.store.reading() as session:
        _, content = control.drafts.content(session, draft_id)
    compared_with, found = control.gate_report(content)
    gate = GateEntry.of(found, digest=content.digest, compared_with=compared_with, limit=control.policy.impact_limit)
    titles = Titles(content.rule_set)

    def called(place: Place) -> str | None:
        named = titles.get(place)
        return None if named is None else named.title

    return {
        "gate": gate,
        "called": called,
        "place_of": _place_of,
        "said": lambda detail: _said(titles, detail),
        "where": _where,
        "share": len(gate.changed) / gate.questions if gate.questions else 0.0,
        "wanted": gate.passed and bool(gate.refusals),
    }


def _place_of(record: str) -> Place | None:
    """The kind and id of a record that a problem names; None: it names something else."""
    kind, _, record_id = record.removesuffix(".yaml").partition("/")
    return (kind, record_id) if record_id and "/" not in record_id else None


def _where(pointer: str) -> str:
    """The place inside a record, by the labels of its fields; the third of a list is called 3."""
    parts = pointer.strip("/").split("/")
    return " / ".join(str(int(part) + 1) if part.isdecimal() else words.field(part) for part in parts)


def _said(titles: Titles, detail: str) -> str:
    """Why a case does not hold, with the interaction by its name and fields by their labels."""
    record_id, colon, rest = detail.partition(": ")
    named = titles.get(("interactions", record_id)) if colon else None
    told = _FIELD.sub(lambda match: words.field(match[0]).lower(), rest if named is not None else detail)
    return told if named is None else f"{named.title}: {told}"
