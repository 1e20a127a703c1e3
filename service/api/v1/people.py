"""`/v1/people`: who may sign in, and what they may do. No answer holds a password or anything made of one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from service.api import access_steps
from service.api.access_wishes import NewPerson, PasswordChange, PersonChange
from service.api.changing import (
    Change,
    answer_of,
    in_transaction,
    read_change,
    seen_revision,
    sent,
)
from service.api.dependencies import parts_of
from service.api.openapi import changes, json_body, needs, statuses
from service.api.pagination import PageQuery
from service.api.routes import StrictRoute, operation_id
from service.application.once import Answer
from service.application.principals import Permission, Role
from service.errors import NotThere
from service.storage import access
from service.storage.tables import PersonRow

router = APIRouter(route_class=StrictRoute, generate_unique_id_function=operation_id, tags=["access"])

PersonId = Annotated[str, Path(description="Identifier of the person.", pattern=r"^[0-9a-f]{12}$")]


class PersonEntry(BaseModel):
    """Somebody who may sign in, or might once."""

    model_config = ConfigDict(frozen=True)

    id: str
    login: str
    name: str
    roles: list[Role]
    disabled: bool
    identity_provider: Annotated[
        str | None, Field(description="Who vouches for them; left out where they have a password here.")
    ] = None
    version: Annotated[int, Field(description="Counts changes; it is the `ETag`.")]
    created_by: str
    created_at: datetime

    @classmethod
    def of(cls, row: PersonRow) -> PersonEntry:
        """Told from their row."""
        return cls(
            id=row.id,
            login=row.login,
            name=row.name,
            roles=[role for role in Role if role.value in row.roles],
            disabled=row.disabled_at is not None,
            identity_provider=row.issuer,
            version=row.version,
            created_by=row.created_by,
            created_at=row.created_at,
        )


class PersonPage(BaseModel):
    """A part of the list of people."""

    model_config = ConfigDict(frozen=True)

    total: Annotated[int, Field(description="How many people there are in all pages together.")]
    items: list[PersonEntry]
    next: Annotated[
        str | None, Field(description="The next page, relative to this address. Left out on the last page.")
    ] = None


BODIES: Final = (NewPerson, PersonChange, PasswordChange)
_PASSWORD: Final = "three herons at the weir"  # noqa: S105 - an example in the description
_EXAMPLES: Final[dict[type[Change], dict[str, Any]]] = {
    NewPerson: {
        "reason": "New in the team.",
        "login": "m.curie",
        "name": "Marie Curie",
        "roles": ["author"],
        "new_password": _PASSWORD,
    },
    PersonChange: {"reason": "Reviews from now on.", "roles": ["author", "reviewer"]},
    PasswordChange: {"reason": "Forgotten.", "new_password": _PASSWORD},
}
_IN: Final = {"person_id": "$response.body#/id"}
_LINKS: Final[dict[str, Any]] = {
    "get_person": {"operationId": "get_person", "parameters": _IN},
    "change_person": {
        "operationId": "change_person",
        "parameters": {**_IN, "If-Match": "$response.header.ETag"},
    },
    "set_password": {"operationId": "set_password", "parameters": _IN},
}


def _extra(model: type[Change], *, if_match: bool = False) -> dict[str, Any]:
    examples = {"plain": {"summary": "An example", "value": _EXAMPLES[model]}}
    of_something = model is not NewPerson
    return {
        **changes(if_match=if_match, of_something=of_something),
        **json_body(model, examples),
        **needs(Permission.ACCESS),
    }


def _ok(description: str, status: int = 200) -> dict[int | str, dict[str, Any]]:
    headers = {"ETag": {"$ref": "#/components/headers/ETag"}}
    if status == _CREATED:
        headers["Location"] = {"$ref": "#/components/headers/Location"}
    return {status: {"description": description, "headers": headers, "links": _LINKS}}


_CREATED: Final = 201


def _answered(row: PersonRow, *, status: int = 200, location: str | None = None) -> Answer:
    return answer_of(PersonEntry.of(row), status=status, location=location, tag=row.version)


@router.get(
    "/v1/people",
    summary="List people",
    response_description="A page of people, those who came first in front.",
    response_model_exclude_none=True,
    openapi_extra={**needs(Permission.ACCESS), **statuses(503)},
)
async def list_people(request: Request, query: Annotated[PageQuery, Query()], response: Response) -> PersonPage:
    """Everybody who may sign in, or might once: people are disabled, never deleted, because the trail names them."""
    response.headers["Cache-Control"] = "no-store"
    rows, total = await in_transaction(
        request,
        lambda _, session: (
            access.people(session, limit=query.limit, offset=query.offset),
            access.number_of_people(session),
        ),
    )
    more = query.offset + query.limit < total
    items = [PersonEntry.of(row) for row in rows]
    return PersonPage(total=total, items=items, next=query.following() if more else None)


@router.post(
    "/v1/people",
    summary="Let somebody in",
    status_code=_CREATED,
    response_model=PersonEntry,
    responses=_ok("The person.", _CREATED),
    openapi_extra=_extra(NewPerson),
)
async def create_person(request: Request) -> Response:
    """Make an account with a password. People of an identity provider come by themselves, at their first sign-in.

    This and every other change of people needs a fresh proof of who asks.
    """
    asked, body = await read_change(request, NewPerson)
    return await access_steps.create_person(
        parts_of(request),
        asked,
        body,
        lambda row: _answered(row, status=_CREATED, location=f"/v1/people/{row.id}"),
    )


@router.get(
    "/v1/people/{person_id}",
    summary="Read about a person",
    response_model=PersonEntry,
    responses=_ok("The person."),
    openapi_extra={**needs(Permission.ACCESS), **statuses(404, 503)},
)
async def get_person(request: Request, person_id: PersonId) -> Response:
    """Their name, what they may do, and who let them in."""
    row: PersonRow | None = await in_transaction(request, lambda _, session: access.person(session, person_id))
    if row is None:
        raise NotThere("there is no such person")
    return sent(_answered(row))


@router.patch(
    "/v1/people/{person_id}",
    summary="Change what somebody may do",
    response_model=PersonEntry,
    responses=_ok("The person as they are now."),
    openapi_extra=_extra(PersonChange, if_match=True),
)
async def change_person(request: Request, person_id: PersonId) -> Response:
    """Change roles or the name, disable or enable. Other roles and disabling end all sign-ins of the person.

    Nobody gives themselves a role, and the last enabled administrator stays one.
    """
    asked, body = await read_change(request, PersonChange)
    version = seen_revision(request)
    return await access_steps.change_person(parts_of(request), asked, body, (person_id, version), _answered)


@router.post(
    "/v1/people/{person_id}/password",
    summary="Give somebody a new password",
    response_model=PersonEntry,
    responses=_ok("The person; all their sign-ins have ended."),
    openapi_extra=_extra(PasswordChange),
)
async def set_password(request: Request, person_id: PersonId) -> Response:
    """Set a password for somebody who has forgotten theirs. Tell them to choose another at `/v1/me/password`."""
    asked, body = await read_change(request, PasswordChange)
    return await access_steps.set_password(parts_of(request), asked, body, person_id, _answered)
