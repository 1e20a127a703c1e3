"""`/admin/drafts/{id}/type-ahead/{kind}`: the records somebody may mean while they type into a field that names one.

It offers what the draft has, its own new records as well, a handful at a time; it chooses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, NamedTuple

from fastapi import Path, Query, Request, Response
from pydantic import StringConstraints
from starlette.concurrency import run_in_threadpool

from rules.documents import Record
from rules.model import RECORD_TYPES
from rules.terms import RecordStatus
from service.admin.draft_records import names_of
from service.admin.rendering import page
from service.admin.routes import pages_router
from service.api.dependencies import control_of
from service.api.openapi import needs
from service.api.problems import ProblemCode, ProblemError
from service.application.principals import Permission
from service.application.record_search import Place, folded, title_of

router = pages_router()

MOST: Final = 8
_Typed = Annotated[str, StringConstraints(max_length=200)]


class Offer(NamedTuple):
    """A record that may be meant."""

    id: str
    title: str
    also: str  # the other name that was found; empty: it was found by its title or id
    withdrawn: bool


@router.get("/admin/drafts/{draft_id}/type-ahead/{kind}", openapi_extra=needs(Permission.DRAFT))
async def offer_records(
    request: Request,
    draft_id: Annotated[str, Path(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")],
    kind: Annotated[str, Path(pattern=r"^[a-z_]{1,40}$")],
    text: Annotated[_Typed, Query()] = "",
) -> Response:
    """The list below the field."""
    if kind not in RECORD_TYPES:
        raise ProblemError(ProblemCode.NOT_FOUND, "There is no such kind of record.")

    def found() -> list[Offer]:
        control = control_of(request)
        with control.store.reading() as session:
            records = control.drafts.records(session, draft_id)
        return offers(records, kind, text)

    return page("_type-ahead.html", offers=await run_in_threadpool(found), kind=kind)


def offers(records: Mapping[Place, Record], kind: str, typed: str) -> list[Offer]:
    """The records of a kind whose id or names have every word that was typed; those that begin with it come first."""
    wanted = folded(typed)
    words = wanted.split()
    found = []
    for (of, record_id), record in records.items():
        if of != kind:
            continue
        title = title_of(record)
        names = [folded(record_id), folded(title)]
        also = ""
        if not _fits(words, " ".join(names)):
            also = next((one for one in names_of(record) if _fits(words, folded(one))), "")
            if not also:
                continue
        withdrawn = record.status is RecordStatus.WITHDRAWN
        begins = any(one.startswith(wanted) for one in (*names, folded(also)))
        rank = (withdrawn, not begins, bool(also), len(title), title.casefold(), record_id)
        found.append((rank, Offer(record_id, title, also, withdrawn)))
    return [offer for _, offer in sorted(found)[:MOST]]


def _fits(words: list[str], text: str) -> bool:
    return all(word in text for word in words)
