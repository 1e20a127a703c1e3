"""`/admin`: what answers, what is being worked on, what waits for somebody, and what nobody read for too long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from rules.terms import RecordStatus
from service.admin.assets import ASSETS_PATH, assets
from service.admin.rendering import page
from service.admin.routes import frame, pages_router
from service.admin.statistics import DAYS, named
from service.admin.unrecognised import may_read
from service.api.dependencies import Parts, found, parts_of, principal_of
from service.api.openapi import needs
from service.application import statistics
from service.application.draft_steps import DraftState
from service.application.feedback import rates
from service.application.principals import Permission, Principal
from service.application.record_search import Library
from service.errors import StoreUnavailable
from service.storage import rule_sets

router = pages_router()

_SHOWN: Final = 8
_MOST_RULES: Final = 5
_SOON: Final = timedelta(days=90)
_YEAR_SECONDS: Final = 365 * 24 * 3600


@router.get("/admin", openapi_extra=needs(Permission.KNOWLEDGE))
async def show_dashboard(request: Request) -> Response:
    """The state of things at a glance."""
    values = await run_in_threadpool(_glance, parts_of(request), principal_of(request))
    names = may_read(request) and values["work"] is not None
    return page("dashboard.html", names_of_medicines=names, **values, **frame(request, "dashboard"))


def _glance(parts: Parts, principal: Principal) -> dict[str, Any]:
    library, today = parts.libraries.current(), parts.today()
    overdue = library.overdue(today)
    soon = [
        entry
        for entry in library.entries
        if today <= entry.due <= today + _SOON and entry.record.status is RecordStatus.ACTIVE
    ]
    soon.sort(key=lambda entry: (entry.due, entry.title))
    return {
        "state": parts.active.state,
        "counts": library.counts,
        "all_records": sum(library.counts.values()),
        "overdue": overdue[:_SHOWN],
        "overdue_total": len(overdue),
        "soon": soon[:_SHOWN],
        "soon_total": len(soon),
        "today": today,
        "work": _work(parts, library) if principal.may(Permission.DRAFTS) else None,
    }


def _work(parts: Parts, library: Library) -> dict[str, Any] | None:
    """The drafts, and who published what answers; None without a database, or while it does not answer."""
    control = parts.control
    if control is None:
        return None
    try:
        with control.store.reading() as session:
            waiting, _ = control.drafts.listed(session, state=DraftState.SUBMITTED, limit=_SHOWN, offset=0)
            latest, total = control.drafts.listed(session, state=None, limit=_SHOWN, offset=0)
            published = rule_sets.summaries(session)
            lately = rates(session, parts.today() - timedelta(days=DAYS - 1), parts.today())
            return {
                "fired": named(library, statistics.most_fired(lately, _MOST_RULES)),
                "overridden": named(library, statistics.most_overridden(lately, _MOST_RULES)),
                "counts": control.drafts.counts(session),
                "waiting": waiting,
                "latest": latest,
                "total": total,
                "published": next((one for one in published if one.number == parts.active.state.version), None),
            }
    except StoreUnavailable:
        return None


@router.get(f"{ASSETS_PATH}/{{digest}}/{{name}}", openapi_extra=needs(Permission.PUBLIC))
async def read_asset(request: Request, digest: str, name: str) -> Response:
    """A file that pages are made of. Its address changes with its content, so it may be kept."""
    asset = assets().get(name)
    asset = found(asset if asset is not None and f"/{digest}/" in asset.path else None)
    headers = {
        "Cache-Control": f"public, max-age={_YEAR_SECONDS}, immutable",
        "Vary": "Accept-Encoding",
    }
    content = asset.content
    if "gzip" in request.headers.get("accept-encoding", ""):
        content = asset.compressed
        headers["Content-Encoding"] = "gzip"
    return Response(content, headers=headers, media_type=asset.media_type)
