"""`/v1/keys`: API keys of systems and people. A key is shown once, when it is made; its hash never leaves the store."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from service.api import access_steps
from service.api.access_wishes import NewKey
from service.api.changing import (
    Change,
    answer_of,
    in_transaction,
    read_change,
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
from service.storage.tables import ApiKeyRow

router = APIRouter(route_class=StrictRoute, generate_unique_id_function=operation_id, tags=["access"])

KeyId = Annotated[
    str,
    Path(description="Identifier of the key: what stands in it between the underscores.", pattern=r"^[0-9a-f]{12}$"),
]


class KeyEntry(BaseModel):
    """A key, without what would let somebody use it."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    roles: list[Role]
    person_id: str | None = None
    requests_per_minute: int
    created_by: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    @classmethod
    def of(cls, row: ApiKeyRow) -> KeyEntry:
        """Told from its row."""
        return cls(
            id=row.id,
            name=row.name,
            roles=[role for role in Role if role.value in row.roles],
            person_id=row.person_id,
            requests_per_minute=row.requests_per_minute,
            created_by=row.created_by,
            created_at=row.created_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
        )


class CreatedKey(KeyEntry):
    """A new key."""

    key: Annotated[
        str | None,
        Field(
            description="The key itself, this once. It is not kept: when the request is sent again with the same "
            "Idempotency-Key, it is left out; revoke the key then and make another."
        ),
    ] = None


class KeyPage(BaseModel):
    """A part of the list of keys."""

    model_config = ConfigDict(frozen=True)

    total: Annotated[int, Field(description="How many keys there are in all pages together.")]
    items: list[KeyEntry]
    next: Annotated[
        str | None, Field(description="The next page, relative to this address. Left out on the last page.")
    ] = None


BODIES: Final = (NewKey,)
_REASON: Final = "The system of ward 3 goes live."
_NEW: Final = {"reason": _REASON, "name": "Ward 3", "roles": ["client"], "expires_at": "2027-11-22T00:00:00Z"}
_LINKS: Final[dict[str, Any]] = {
    one: {"operationId": one, "parameters": {"key_id": "$response.body#/id"}} for one in ("get_key", "revoke_key")
}


@router.get(
    "/v1/keys",
    summary="List API keys",
    response_description="A page of keys, the oldest first.",
    response_model_exclude_none=True,
    openapi_extra={**needs(Permission.ACCESS), **statuses(503)},
)
async def list_keys(request: Request, query: Annotated[PageQuery, Query()], response: Response) -> KeyPage:
    """All keys there ever were, with what each may do and whether it still counts."""
    response.headers["Cache-Control"] = "no-store"
    rows, total = await in_transaction(
        request,
        lambda _, session: (
            access.keys(session, limit=query.limit, offset=query.offset),
            access.number_of_keys(session),
        ),
    )
    more = query.offset + query.limit < total
    return KeyPage(total=total, items=[KeyEntry.of(row) for row in rows], next=query.following() if more else None)


@router.post(
    "/v1/keys",
    summary="Make an API key",
    status_code=201,
    response_model=CreatedKey,
    responses={
        201: {
            "description": "The new key; this answer is the only one that shows it.",
            "headers": {"Location": {"$ref": "#/components/headers/Location"}},
            "links": _LINKS,
        }
    },
    openapi_extra={
        **changes(),
        **json_body(NewKey, {"plain": {"summary": "For a system", "value": _NEW}}),
        **needs(Permission.ACCESS),
    },
)
async def create_key(request: Request) -> Response:
    """Make a key for a system, or for a person. It needs a fresh proof of who asks."""
    asked, body = await read_change(request, NewKey)

    def told(row: ApiKeyRow) -> Answer:
        return answer_of(KeyEntry.of(row), status=201, location=f"/v1/keys/{row.id}")

    response, made = await access_steps.create_key(parts_of(request), asked, body, told)
    if made is None:  # what is kept for a second request has no key in it
        return response
    entry = CreatedKey(**KeyEntry.of(made.row).model_dump(), key=made.key)
    return sent(answer_of(entry, status=201, location=f"/v1/keys/{made.row.id}"))


@router.get(
    "/v1/keys/{key_id}",
    summary="Read about an API key",
    response_description="The key, without what would let somebody use it.",
    response_model_exclude_none=True,
    openapi_extra={**needs(Permission.ACCESS), **statuses(404, 503)},
)
async def get_key(request: Request, key_id: KeyId, response: Response) -> KeyEntry:
    """What it may do, who made it, and whether it still counts."""
    response.headers["Cache-Control"] = "no-store"
    row: ApiKeyRow | None = await in_transaction(request, lambda _, session: access.key(session, key_id))
    if row is None:
        raise NotThere("there is no such key")
    return KeyEntry.of(row)


@router.post(
    "/v1/keys/{key_id}/revoke",
    summary="Revoke an API key",
    response_model=KeyEntry,
    response_description="The key, which counts no more.",
    openapi_extra={
        **changes(),
        **json_body(Change, {"plain": {"summary": "An example", "value": {"reason": "It was sent by mail."}}}),
        **needs(Permission.ACCESS),
    },
)
async def revoke_key(request: Request, key_id: KeyId) -> Response:
    """Take a key out of use for good. Every process refuses it within five seconds."""
    asked, _ = await read_change(request, Change)
    return await access_steps.revoke_key(parts_of(request), asked, key_id, lambda row: answer_of(KeyEntry.of(row)))
