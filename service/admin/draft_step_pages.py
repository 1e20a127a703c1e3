"""`/admin/drafts/{id}/submit`, `/approve` and so on: one page for each step of a draft, with what the step is about.

A page shows what is handed in, signed or published, and the form for it. Whether the step may be taken is for the verb
to say; the page tells the reason.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from fastapi import Request, Response

from service.admin import draft_words
from service.admin.draft_pages import Done, DraftId, draft_values, record_values
from service.admin.posting import Posted, Sheet, new_sheet, taken, to
from service.admin.record_pages import Kind
from service.admin.rendering import page
from service.admin.routes import frame, pages_router
from service.api import steps
from service.api.changing import Change, done_once, in_transaction
from service.api.dependencies import RecordId
from service.api.openapi import needs
from service.api.wishes import Approval, Publish, Return
from service.application.draft_reading import Place, Seen
from service.application.draft_steps import DraftStep
from service.application.once import Answer
from service.application.principals import Permission

router = pages_router()

Act = Callable[[Posted], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class StepWords:
    """What the page of a step says."""

    title: str
    about: str
    button: str
    reason: str
    hint: str
    signed: bool = False


_TRAIL: Final = "It stands in the audit trail."
_WORDS: Final = {
    DraftStep.SUBMIT: StepWords(
        "Hand in for review",
        "The gate looks at it first: it compiles it, looks for faults and runs every worked case. That takes some "
        "seconds. Then it waits for a second person.",
        "Hand in",
        "What the reviewer should know",
        _TRAIL,
    ),
    DraftStep.APPROVE: StepWords(
        "Approve",
        "You sign exactly what is shown here. Once anything is changed, your signature does not count any more.",
        "Sign and approve",
        "Your comment",
        "What you compared it with. It stands under your signature.",
        signed=True,
    ),
    DraftStep.RETURN: StepWords(
        "Return to the authors",
        "It goes back into work, and signatures given so far do not count any more.",
        "Sign and return",
        "What has to be changed",
        "The authors read it on the page of the draft.",
        signed=True,
    ),
    DraftStep.PUBLISH: StepWords(
        "Publish",
        "It becomes the next rule set and answers everywhere within two seconds. The gate looks at it once more first.",
        "Sign and publish",
        "Why now",
        "It stands with the rule set, for everybody who asks why it answers.",
        signed=True,
    ),
    DraftStep.DISCARD: StepWords(
        "Discard",
        "The draft is given up for good. What was written stays readable.",
        "Discard the draft",
        "Why",
        _TRAIL,
    ),
}


@router.get("/admin/drafts/{draft_id}/submit", openapi_extra=needs(Permission.DRAFT))
async def show_submit(request: Request, draft_id: DraftId) -> Response:
    """The form for handing in."""
    return await _page(request, draft_id, DraftStep.SUBMIT)


@router.post("/admin/drafts/{draft_id}/submit", openapi_extra=needs(Permission.DRAFT))
async def submit(request: Request, draft_id: DraftId) -> Response:
    """Hand it in."""

    async def act(posted: Posted) -> Response:
        asked, _ = posted.read(Change)
        return await steps.submit(asked, Seen(draft_id, posted.seen), _to(draft_id, Done.SUBMITTED))

    return await _taken(request, draft_id, DraftStep.SUBMIT, act)


@router.get("/admin/drafts/{draft_id}/approve", openapi_extra=needs(Permission.REVIEW))
async def show_approve(request: Request, draft_id: DraftId) -> Response:
    """What is signed, and the form for it."""
    return await _page(request, draft_id, DraftStep.APPROVE)


@router.post("/admin/drafts/{draft_id}/approve", openapi_extra=needs(Permission.REVIEW))
async def approve(request: Request, draft_id: DraftId) -> Response:
    """Sign it."""

    async def act(posted: Posted) -> Response:
        asked, body = posted.read(Approval)
        return await steps.approve(asked, body, Seen(draft_id, posted.seen), _to(draft_id, Done.APPROVED))

    return await _taken(request, draft_id, DraftStep.APPROVE, act)


@router.get("/admin/drafts/{draft_id}/return", openapi_extra=needs(Permission.REVIEW))
async def show_return(request: Request, draft_id: DraftId) -> Response:
    """What goes back, and the form for it."""
    return await _page(request, draft_id, DraftStep.RETURN)


@router.post("/admin/drafts/{draft_id}/return", openapi_extra=needs(Permission.REVIEW))
async def give_back(request: Request, draft_id: DraftId) -> Response:
    """Give it back."""

    async def act(posted: Posted) -> Response:
        asked, body = posted.read(Return)
        return await steps.give_back(asked, body, Seen(draft_id, posted.seen), _to(draft_id, Done.RETURNED))

    return await _taken(request, draft_id, DraftStep.RETURN, act)


@router.get("/admin/drafts/{draft_id}/publish", openapi_extra=needs(Permission.PUBLISH))
async def show_publish(request: Request, draft_id: DraftId) -> Response:
    """What is going to answer, and the form for it."""
    return await _page(request, draft_id, DraftStep.PUBLISH)


@router.post("/admin/drafts/{draft_id}/publish", openapi_extra=needs(Permission.PUBLISH))
async def publish(request: Request, draft_id: DraftId) -> Response:
    """Publish it."""

    async def act(posted: Posted) -> Response:
        asked, body = posted.read(Publish)
        return await steps.publish(asked, body, Seen(draft_id, posted.seen), _to(draft_id, Done.PUBLISHED))

    return await _taken(request, draft_id, DraftStep.PUBLISH, act)


@router.get("/admin/drafts/{draft_id}/discard", openapi_extra=needs(Permission.DRAFT))
async def show_discard(request: Request, draft_id: DraftId) -> Response:
    """The form for giving it up."""
    return await _page(request, draft_id, DraftStep.DISCARD)


@router.post("/admin/drafts/{draft_id}/discard", openapi_extra=needs(Permission.DRAFT))
async def discard(request: Request, draft_id: DraftId) -> Response:
    """Give it up."""

    async def act(posted: Posted) -> Response:
        asked, _ = posted.read(Change)
        seen, told = Seen(draft_id, posted.seen), _to(draft_id, Done.DISCARDED)
        return await done_once(asked, lambda session: told(asked.control.drafts.discard(session, seen, asked.act)))

    return await _taken(request, draft_id, DraftStep.DISCARD, act)


def _to(draft_id: str, done: Done) -> Callable[[object], Answer]:
    return lambda _: to(f"/admin/drafts/{draft_id}?done={done}")


async def _taken(request: Request, draft_id: str, step: DraftStep, act: Act) -> Response:
    return await taken(request, act, lambda sheet: _page(request, draft_id, step, sheet))


async def _page(request: Request, draft_id: str, step: DraftStep, sheet: Sheet | None = None) -> Response:
    values = await in_transaction(request, lambda control, session: draft_values(control, session, request, draft_id))
    return _shown(request, "draft-step.html", values, sheet, step=step, words=_WORDS[step])


def _shown(request: Request, template: str, values: dict[str, Any], sheet: Sheet | None, **more: Any) -> Response:  # noqa: ANN401
    """The page as things stand now: a form that comes back is about what is shown now, which may be new."""
    entry = values["entry"]
    sheet = new_sheet(request) if sheet is None else sheet
    why = {one.step: one.why_not for one in entry.steps}.get(more.get("step", DraftStep.EDIT))
    return page(
        template,
        status=sheet.status,
        sheet=replace(sheet, seen=entry.revision),
        why_not=None if why is None else draft_words.why_in_words(why),
        **values,
        **more,
        **frame(request, "drafts"),
    )


# --- a record of a draft ----------------------------------------------------------------------------------------------

_RECORD_WORDS: Final = {
    "undo": StepWords(
        "Undo the change",
        "The record becomes again what the base of the draft has. What was written stays in the audit trail.",
        "Undo the change",
        "Why",
        _TRAIL,
    ),
    "withdraw": StepWords(
        "Withdraw the record",
        "Once the draft is published, the record does nothing any more. It stays readable: records are never deleted.",
        "Withdraw the record",
        "Why",
        _TRAIL,
    ),
}
_IN_DRAFT: Final = "/admin/drafts/{draft_id}/records/{kind}/{record_id}"


@router.get(f"{_IN_DRAFT}/undo", openapi_extra=needs(Permission.DRAFT))
async def show_undo(request: Request, draft_id: DraftId, kind: Kind, record_id: RecordId) -> Response:
    """The form for undoing."""
    return await _record_page(request, draft_id, (kind, record_id), "undo")


@router.post(f"{_IN_DRAFT}/undo", openapi_extra=needs(Permission.DRAFT))
async def undo(request: Request, draft_id: DraftId, kind: Kind, record_id: RecordId) -> Response:
    """Take the record back to what the base has."""
    place = (kind, record_id)

    async def act(posted: Posted) -> Response:
        asked, _ = posted.read(Change)
        seen, told = Seen(draft_id, posted.seen), _to(draft_id, Done.UNDONE)
        return await done_once(asked, lambda session: told(asked.control.drafts.undo(session, seen, place, asked.act)))

    return await taken(request, act, lambda sheet: _record_page(request, draft_id, place, "undo", sheet))


@router.get(f"{_IN_DRAFT}/withdraw", openapi_extra=needs(Permission.DRAFT))
async def show_withdraw(request: Request, draft_id: DraftId, kind: Kind, record_id: RecordId) -> Response:
    """The form for withdrawing."""
    return await _record_page(request, draft_id, (kind, record_id), "withdraw")


@router.post(f"{_IN_DRAFT}/withdraw", openapi_extra=needs(Permission.DRAFT))
async def withdraw(request: Request, draft_id: DraftId, kind: Kind, record_id: RecordId) -> Response:
    """Let the record do nothing any more."""
    place = (kind, record_id)

    async def act(posted: Posted) -> Response:
        asked, _ = posted.read(Change)
        seen, told = Seen(draft_id, posted.seen), _to(draft_id, Done.WITHDRAWN)
        return await done_once(
            asked, lambda session: told(asked.control.drafts.withdraw(session, seen, place, asked.act))
        )

    return await taken(request, act, lambda sheet: _record_page(request, draft_id, place, "withdraw", sheet))


async def _record_page(
    request: Request, draft_id: str, place: Place, what: str, sheet: Sheet | None = None
) -> Response:
    values = await in_transaction(request, record_values(request, draft_id, place))
    return _shown(request, "draft-record-step.html", values, sheet, what=what, words=_RECORD_WORDS[what])
