"""`/admin/keys`: API keys of systems and people; by the same verbs and proofs as `/v1/keys`.

A key is on the page that follows its making, and on no other: nobody can find it out again.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import Path, Query, Request, Response

from service.admin.people_pages import ROLES
from service.admin.posting import Posted, Sheet, new_sheet, taken, to
from service.admin.rendering import page
from service.admin.routes import frame, pages_router
from service.api import access_steps
from service.api.access_wishes import NewKey
from service.api.changing import Change, in_transaction
from service.api.dependencies import control_of, parts_of
from service.api.faults import Fault, FaultLocation
from service.api.openapi import needs
from service.api.problems import ProblemCode, ProblemError
from service.application.principals import KeyRole, Permission, Role
from service.errors import NotThere
from service.storage import access
from service.storage.session import Transaction
from service.storage.tables import ApiKeyRow, PersonRow

router = pages_router()

KEYS_PATH: Final = "/admin/keys"
PAGE: Final = 100
KeyId = Annotated[str, Path(pattern=r"^[0-9a-f]{12}$")]


class Done(StrEnum):
    """What was just done, when a page is shown after it."""

    MADE_BEFORE = "made-before"
    REVOKED = "revoked"


_DONE: Final = {
    Done.MADE_BEFORE: "This key was made before and is shown once. If nobody has it, revoke it and make another.",
    Done.REVOKED: "The key counts no more. Every process refuses it within five seconds.",
}


@router.get(KEYS_PATH, openapi_extra=needs(Permission.ACCESS))
async def show_keys(
    request: Request,
    done: Annotated[Done | None, Query()] = None,
    number: Annotated[int, Query(alias="page", ge=1, le=1000)] = 1,
) -> Response:
    """All keys there ever were."""

    def read(session: Transaction) -> tuple[list[ApiKeyRow], int]:
        return access.keys(session, limit=PAGE, offset=(number - 1) * PAGE), access.number_of_keys(session)

    rows, total = await in_transaction(request, lambda _, session: read(session))
    now = control_of(request).now()
    return page(
        "keys.html",
        keys=[(row, [role for role in Role if role.value in row.roles], _state(row, now)) for row in rows],
        done=None if done is None else _DONE[done],
        number=number,
        pages=max(1, -(-total // PAGE)),
        **_values(request),
    )


def _state(row: ApiKeyRow, now: datetime) -> str:
    if row.revoked_at is not None:
        return "revoked"
    return "expired" if row.expires_at is not None and row.expires_at <= now else "counts"


@router.get(f"{KEYS_PATH}/new", openapi_extra=needs(Permission.ACCESS))
async def show_new_key(request: Request) -> Response:
    """The form."""
    return await _new_form(request, new_sheet(request))


@router.post(f"{KEYS_PATH}/new", openapi_extra=needs(Permission.ACCESS))
async def make_key(request: Request) -> Response:
    """Make the key and show it, this once."""

    async def act(posted: Posted) -> Response:
        asked, body = posted.read(NewKey, expires_at=_end_of(posted.fields.one("expires_on")))
        response, made = await access_steps.create_key(
            parts_of(request), asked, body, lambda _: to(f"{KEYS_PATH}?done={Done.MADE_BEFORE}")
        )
        if made is None:
            return response
        return page("key-made.html", row=made.row, key=made.key, **_values(request))

    return await taken(request, act, lambda sheet: _new_form(request, sheet))


def _end_of(day: str) -> str | None:
    """The end of the day until which a key counts.

    Raises:
        ProblemError: it is no day.
    """
    if not day:
        return None
    try:
        return datetime.combine(date.fromisoformat(day), time(23, 59, 59), UTC).isoformat()
    except ValueError:
        fault = Fault(location=FaultLocation.BODY, pointer="/expires_on", detail="must be a day of the calendar")
        raise ProblemError(ProblemCode.INVALID_REQUEST, "The day cannot be read.", faults=[fault]) from None


@router.get(f"{KEYS_PATH}/{{key_id}}/revoke", openapi_extra=needs(Permission.ACCESS))
async def show_revocation(request: Request, key_id: KeyId) -> Response:
    """The form."""
    return await _revoke_form(request, key_id, new_sheet(request))


@router.post(f"{KEYS_PATH}/{{key_id}}/revoke", openapi_extra=needs(Permission.ACCESS))
async def revoke(request: Request, key_id: KeyId) -> Response:
    """Take it out of use for good."""

    async def act(posted: Posted) -> Response:
        asked, _ = posted.read(Change)
        return await access_steps.revoke_key(
            parts_of(request), asked, key_id, lambda _: to(f"{KEYS_PATH}?done={Done.REVOKED}")
        )

    return await taken(request, act, lambda sheet: _revoke_form(request, key_id, sheet))


async def _new_form(request: Request, sheet: Sheet) -> Response:
    people: list[PersonRow] = await in_transaction(request, lambda _, session: access.enabled_people(session))
    return page(
        "key-new.html",
        status=sheet.status,
        sheet=sheet,
        key_roles={role: ROLES[Role(role.value)] for role in KeyRole},
        people=[("", "Nobody: it is a system's"), *((row.id, row.name) for row in people)],
        usual=parts_of(request).settings.requests_per_minute,
        **_values(request),
    )


async def _revoke_form(request: Request, key_id: str, sheet: Sheet) -> Response:
    row: ApiKeyRow | None = await in_transaction(request, lambda _, session: access.key(session, key_id))
    if row is None:
        raise NotThere("there is no such key")
    return page("key-revoke.html", status=sheet.status, sheet=sheet, row=row, **_values(request))


def _values(request: Request) -> dict[str, Any]:
    return {"tab": "keys", **frame(request, "look-after")}
