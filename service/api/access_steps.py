"""The steps of people and keys: the proof of who asks, the verb, and the book of who may ask read again.

The API and the editor take them here, and each says in its own way what came of it. A key is handed on once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from fastapi import Response
from pydantic import SecretStr
from starlette.concurrency import run_in_threadpool

from service.api.access_wishes import NewKey, NewPerson, OwnPassword, PasswordChange, PersonChange
from service.api.changing import Asked, done_once, require_fresh
from service.api.dependencies import Parts
from service.api.faults import Fault, FaultLocation
from service.api.problems import ProblemCode, ProblemError
from service.application.access import keys, people
from service.application.once import Answer
from service.application.principals import Role
from service.errors import PasswordRefused
from service.storage.session import Transaction
from service.storage.tables import ApiKeyRow, PersonRow

ToldPerson = Callable[[PersonRow], Answer]
ToldKey = Callable[[ApiKeyRow], Answer]


class MadeKey(NamedTuple):
    """A new key, and the only time that it can be read."""

    row: ApiKeyRow
    key: str


async def create_person(parts: Parts, asked: Asked, body: NewPerson, told: ToldPerson) -> Response:
    """Let somebody in."""
    await require_fresh(asked, body)
    password_hash = await hashed(parts, body.new_password)

    def act(session: Transaction) -> Answer:
        row = people.create_person(
            session, asked.act, login=body.login, name=body.name, roles=body.roles, password_hash=password_hash
        )
        return told(row)

    return await _done(parts, asked, act)


async def change_person(
    parts: Parts, asked: Asked, body: PersonChange, seen: tuple[str, int], told: ToldPerson
) -> Response:
    """Change what somebody may do; ``seen`` is who, and their version that was shown."""
    await require_fresh(asked, body)

    def act(session: Transaction) -> Answer:
        row = people.change_person(
            session,
            seen[0],
            asked.act,
            version=seen[1],
            name=body.name,
            roles=body.roles,
            disabled=body.disabled,
        )
        return told(row)

    return await _done(parts, asked, act)


async def set_password(parts: Parts, asked: Asked, body: PasswordChange, person_id: str, told: ToldPerson) -> Response:
    """Give somebody a new password."""
    await require_fresh(asked, body)
    password_hash = await hashed(parts, body.new_password)
    return await _done(
        parts, asked, lambda session: told(people.set_password(session, person_id, password_hash, asked.act))
    )


async def change_own_password(parts: Parts, asked: Asked, body: OwnPassword, told: Callable[[], Answer]) -> Response:
    """Give oneself a new password, by the present one.

    Raises:
        ProblemError: somebody who has none asks, or the new one is refused.
    """
    await require_fresh(asked, body)
    person_id = asked.act.principal.person_id
    if person_id is None:
        raise ProblemError(ProblemCode.ILLEGAL_STEP, "You have no password here.")
    password_hash = await hashed(parts, body.new_password)

    def act(session: Transaction) -> Answer:
        people.set_password(session, person_id, password_hash, asked.act, proved=True)
        return told()

    return await _done(parts, asked, act)


async def create_key(parts: Parts, asked: Asked, body: NewKey, told: ToldKey) -> tuple[Response, MadeKey | None]:
    """Make a key; none is handed on where it was made by the same request before."""
    await require_fresh(asked, body)
    wanted = keys.WantedKey(
        name=body.name,
        roles=[Role(role) for role in body.roles],
        requests_per_minute=body.requests_per_minute or parts.settings.requests_per_minute,
        expires_at=body.expires_at,
        person_id=body.person_id,
    )
    made: list[MadeKey] = []

    def act(session: Transaction) -> Answer:
        row, key = keys.create_key(session, parts.keyring, wanted, asked.act)
        answer = told(row)
        session.expunge(row)
        made.append(MadeKey(row, key))
        return answer

    response = await _done(parts, asked, act)
    return response, made[0] if made else None


async def revoke_key(parts: Parts, asked: Asked, key_id: str, told: ToldKey) -> Response:
    """Take a key out of use for good."""
    return await _done(parts, asked, lambda session: told(keys.revoke_key(session, key_id, asked.act)))


async def _done(parts: Parts, asked: Asked, act: Callable[[Transaction], Answer]) -> Response:
    response = await done_once(asked, act)
    await run_in_threadpool(parts.entrance.desk.refresh)
    return response


async def hashed(parts: Parts, password: SecretStr) -> str:
    """The hash of a new password.

    Raises:
        ProblemError: the password is refused.
    """
    try:
        return await run_in_threadpool(parts.entrance.passwords.hashed, password.get_secret_value())
    except PasswordRefused as error:
        fault = Fault(location=FaultLocation.BODY, pointer="/new_password", detail=str(error))
        detail = "The password is refused; `errors` says what is wanted."
        raise ProblemError(ProblemCode.INVALID_REQUEST, detail, faults=[fault]) from None
