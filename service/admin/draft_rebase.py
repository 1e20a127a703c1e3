"""`/admin/drafts/{id}/rebase`: take over the rule set that answers now, and choose where both sides changed a record.

Both changes are told in words beside each other. A record whose change in the draft does not win is undone there, in
the same transaction; the verbs are those of the API.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from fastapi import Request, Response

from rules.documents import Record
from rules.model import RuleSet
from service.admin import draft_words
from service.admin.changes import Comparison, Row
from service.admin.draft_pages import Done, DraftId, Titles, draft_values
from service.admin.posting import Posted, Sheet, new_sheet, taken, to
from service.admin.reading import Reader
from service.admin.rendering import page
from service.admin.routes import frame, pages_router
from service.api.changing import done_once, in_transaction
from service.api.openapi import needs
from service.api.wishes import Rebase
from service.application.control import Control
from service.application.draft_reading import Collision, Place, Seen
from service.application.draft_steps import DraftStep
from service.application.once import Answer
from service.application.principals import Permission
from service.application.record_search import title_of
from service.storage.session import Transaction

router = pages_router()

OURS: Final = "ours"
_CHOICE: Final = "choice"


@dataclass(frozen=True, slots=True)
class Side:
    """What one side made of a record: what differs from the base; ``gone``: it is not there any more."""

    rows: list[Row]
    new: bool
    gone: bool


@dataclass(frozen=True, slots=True)
class Both:
    """A record that was changed on both sides."""

    place: Place
    title: str
    field: str
    ours: Side
    theirs: Side


@router.get("/admin/drafts/{draft_id}/rebase", openapi_extra=needs(Permission.DRAFT))
async def show_rebase(request: Request, draft_id: DraftId) -> Response:
    """What was changed on both sides, and the form."""
    return await _page(request, draft_id)


@router.post("/admin/drafts/{draft_id}/rebase", openapi_extra=needs(Permission.DRAFT))
async def rebase(request: Request, draft_id: DraftId) -> Response:
    """Take it over: what is chosen wins."""

    async def act(posted: Posted) -> Response:
        chosen = _chosen(posted.fields)
        keep = ["/".join(place) for place, side in chosen.items() if side == OURS]
        asked, body = posted.read(Rebase, keep=keep)
        given_up = [place for place, side in chosen.items() if side != OURS]
        seen, drafts = Seen(draft_id, posted.seen), asked.control.drafts

        def taken_over(session: Transaction) -> Answer:
            revision = seen.revision
            for place in given_up:
                revision = drafts.undo(session, Seen(draft_id, revision), place, asked.act).revision
            drafts.rebase(session, Seen(draft_id, revision), body.kept, asked.act)
            return to(f"/admin/drafts/{draft_id}?done={Done.REBASED}")

        return await done_once(asked, taken_over)

    return await taken(request, act, lambda sheet: _page(request, draft_id, sheet))


def _chosen(fields: Iterable[tuple[str, str]]) -> Mapping[Place, str]:
    """Which side wins for each record: fields are called `choice:kind/id`."""
    found: dict[Place, str] = {}
    for name, side in fields:
        what, _, place = name.partition(":")
        kind, _, record_id = place.partition("/")
        if what == _CHOICE:
            found[kind, record_id] = side
    return found


async def _page(request: Request, draft_id: str, sheet: Sheet | None = None) -> Response:
    def look(control: Control, session: Transaction) -> dict[str, Any]:
        active, collisions = control.drafts.collisions(session, draft_id)
        return {
            **draft_values(control, session, request, draft_id),
            "active": active,
            "both": [] if active is None else _all_both(control.shelf.get(active).rule_set, collisions),
        }

    values = await in_transaction(request, look)
    entry = values["entry"]
    why = {one.step: one.why_not for one in entry.steps}[DraftStep.REBASE]
    if why is None and entry.base_answers:
        why = "the base of the draft is the rule set that answers"
    sheet = replace(sheet or new_sheet(request), seen=entry.revision)
    return page(
        "draft-rebase.html",
        status=sheet.status,
        sheet=sheet,
        why_not=None if why is None else draft_words.why_in_words(why),
        **values,
        **frame(request, "drafts"),
    )


def _all_both(answers: RuleSet, collisions: Sequence[Collision]) -> list[Both]:
    reader = Reader(Titles(answers, {one.place: one.ours for one in collisions}))
    return [
        Both(
            one.place,
            title_of(one.ours),
            f"{_CHOICE}:{one.place[0]}/{one.place[1]}",
            _side(reader, one.base, one.ours),
            _side(reader, one.base, one.theirs),
        )
        for one in collisions
    ]


def _side(reader: Reader, base: Record | None, now: Record | None) -> Side:
    if base is None or now is None:
        return Side([], new=base is None, gone=now is None)
    return Side(Comparison(reader).rows(base, now), new=False, gone=False)
