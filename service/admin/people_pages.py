"""`/admin/people`: who may sign in and what they may do; by the same verbs and proofs as `/v1/people`.

No page shows a password or anything made of one.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import Path, Query, Request, Response

from service.admin.posting import Posted, Sheet, new_sheet, taken, to
from service.admin.rendering import page
from service.admin.routes import frame, pages_router
from service.api import access_steps
from service.api.access_wishes import NewPerson, OwnPassword, PasswordChange, PersonChange
from service.api.changing import in_transaction
from service.api.dependencies import parts_of, principal_of
from service.api.openapi import needs
from service.application.access import passwords
from service.application.principals import Permission, Role
from service.errors import NotThere
from service.storage import access
from service.storage.tables import PersonRow

router = pages_router()

PEOPLE_PATH: Final = "/admin/people"
PAGE: Final = 100
PersonId = Annotated[str, Path(pattern=r"^[0-9a-f]{12}$")]
ROLES: Final[dict[Role, str]] = {
    Role.VIEWER: "reads records, drafts and rule sets, and tries lists",
    Role.AUTHOR: "writes drafts",
    Role.REVIEWER: "approves or returns the drafts of others",
    Role.PUBLISHER: "publishes approved drafts and rolls back",
    Role.AUDITOR: "reads the audit trail and decisions",
    Role.ADMINISTRATOR: "looks after people and keys",
    Role.CLIENT: "asks for checks, as a system does",
}


class Done(StrEnum):
    """What was just done, when a page is shown after it."""

    CREATED = "created"
    CHANGED = "changed"
    PASSWORD = "password"  # noqa: S105 - the word, not one


_DONE: Final[dict[Done, str]] = {
    Done.CREATED: "The account was made. Tell the person their name and password, and to choose another one.",
    Done.CHANGED: "The change counts at once.",
    Done.PASSWORD: "The new password counts, and all former sign-ins have ended.",
}
_Told = Annotated[Done | None, Query()]


@router.get(PEOPLE_PATH, openapi_extra=needs(Permission.ACCESS))
async def show_people(
    request: Request, done: _Told = None, number: Annotated[int, Query(alias="page", ge=1, le=1000)] = 1
) -> Response:
    """Everybody who may sign in, or might once."""
    rows, total = await in_transaction(
        request,
        lambda _, session: (
            access.people(session, limit=PAGE, offset=(number - 1) * PAGE),
            access.number_of_people(session),
        ),
    )
    return page(
        "people.html",
        people=[(row, _roles(row)) for row in rows],
        done=None if done is None else _DONE[done],
        number=number,
        pages=max(1, -(-total // PAGE)),
        **_values(request),
    )


# --- let somebody in --------------------------------------------------------------------------------------------------


@router.get(f"{PEOPLE_PATH}/new", openapi_extra=needs(Permission.ACCESS))
async def show_new_person(request: Request) -> Response:
    """The form."""
    return await _new_form(request, new_sheet(request))


@router.post(f"{PEOPLE_PATH}/new", openapi_extra=needs(Permission.ACCESS))
async def let_somebody_in(request: Request) -> Response:
    """Make the account."""

    async def act(posted: Posted) -> Response:
        asked, body = posted.read(NewPerson)
        return await access_steps.create_person(
            parts_of(request), asked, body, lambda _: to(f"{PEOPLE_PATH}?done={Done.CREATED}")
        )

    return await taken(request, act, lambda sheet: _new_form(request, sheet))


async def _new_form(request: Request, sheet: Sheet) -> Response:
    return page("person-new.html", status=sheet.status, sheet=sheet, **_values(request))


# --- one person -------------------------------------------------------------------------------------------------------


@router.get(f"{PEOPLE_PATH}/{{person_id}}", openapi_extra=needs(Permission.ACCESS))
async def show_person(request: Request, person_id: PersonId, done: _Told = None) -> Response:
    """What they may do, to be changed."""
    return await _person_form(request, person_id, None, done)


@router.post(f"{PEOPLE_PATH}/{{person_id}}", openapi_extra=needs(Permission.ACCESS))
async def change_somebody(request: Request, person_id: PersonId) -> Response:
    """Change name, roles, or whether they may sign in."""

    async def act(posted: Posted) -> Response:
        roles = list(posted.fields.several("roles"))
        asked, body = posted.read(PersonChange, roles=roles, disabled="true" in posted.fields.several("disabled"))
        return await access_steps.change_person(
            parts_of(request),
            asked,
            body,
            (person_id, posted.seen),
            lambda _: to(f"{PEOPLE_PATH}/{person_id}?done={Done.CHANGED}"),
        )

    return await taken(request, act, lambda sheet: _person_form(request, person_id, sheet))


@router.get(f"{PEOPLE_PATH}/{{person_id}}/password", openapi_extra=needs(Permission.ACCESS))
async def show_password_of_person(request: Request, person_id: PersonId) -> Response:
    """The form for a new password."""
    return await _password_form(request, person_id, None)


@router.post(f"{PEOPLE_PATH}/{{person_id}}/password", openapi_extra=needs(Permission.ACCESS))
async def set_password_of_person(request: Request, person_id: PersonId) -> Response:
    """Give somebody who has forgotten theirs a new one."""

    async def act(posted: Posted) -> Response:
        asked, body = posted.read(PasswordChange)
        return await access_steps.set_password(
            parts_of(request), asked, body, person_id, lambda _: to(f"{PEOPLE_PATH}/{person_id}?done={Done.PASSWORD}")
        )

    return await taken(request, act, lambda sheet: _password_form(request, person_id, sheet))


async def _person_form(request: Request, person_id: str, sheet: Sheet | None, done: Done | None = None) -> Response:
    row = await _person(request, person_id)
    sheet = sheet or new_sheet(request, seen=row.version)
    told = None if done is None else _DONE[done]
    own = principal_of(request).person_id == person_id
    return page("person.html", status=sheet.status, sheet=sheet, row=row, own=own, done=told, **_values(request))


async def _password_form(request: Request, person_id: str, sheet: Sheet | None) -> Response:
    row = await _person(request, person_id)
    sheet = sheet or new_sheet(request)
    return page("person-password.html", status=sheet.status, sheet=sheet, row=row, **_values(request))


async def _person(request: Request, person_id: str) -> PersonRow:
    row: PersonRow | None = await in_transaction(request, lambda _, session: access.person(session, person_id))
    if row is None:
        raise NotThere("there is no such person")
    return row


def _roles(row: PersonRow) -> list[Role]:
    return [role for role in Role if role.value in row.roles]


def _values(request: Request) -> dict[str, Any]:
    advice = f"At least {passwords.MINIMUM} characters, {passwords.ADVISED} or more are better; a few words will do."
    return {"roles": ROLES, "advice": advice, "tab": "people", **frame(request, "look-after")}


# --- oneself ----------------------------------------------------------------------------------------------------------


@router.get("/admin/account", openapi_extra=needs(Permission.SELF))
async def show_account(request: Request) -> Response:
    """Who one is here, and one's own password."""
    return await _account_form(request, new_sheet(request))


@router.post("/admin/account", openapi_extra=needs(Permission.SELF))
async def change_password_of_mine(request: Request) -> Response:
    """Change one's own password; all sign-ins end, this one too."""

    async def act(posted: Posted) -> Response:
        asked, body = posted.read(OwnPassword)
        return await access_steps.change_own_password(
            parts_of(request), asked, body, lambda: to("/admin/sign-in?back=/admin")
        )

    return await taken(request, act, lambda sheet: _account_form(request, sheet))


async def _account_form(request: Request, sheet: Sheet) -> Response:
    principal = principal_of(request)
    return page(
        "account.html",
        status=sheet.status,
        sheet=sheet,
        name=principal.name,
        own_roles=[role for role in Role if role in principal.roles],
        own=None
        if principal.person_id is None
        else parts_of(request).entrance.desk.book.people.get(principal.person_id),
        **{**_values(request), "here": "account"},
    )
