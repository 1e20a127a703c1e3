"""Everybody who may ask, as one immutable object in memory: live keys, people, their sign-ins.

It holds no password and no secret, only keyed hashes and digests, so that it may be kept in a file. Read anew whenever
the audit trail has grown; nothing here compares a secret.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Self

import orjson

from service.application.principals import Principal, PrincipalKind, Role
from service.storage import access
from service.storage.session import Transaction
from service.storage.tables import ApiKeyRow, PersonRow, SignInRow

_FORM = 1


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """Somebody who may sign in."""

    id: str
    login: str
    name: str
    roles: tuple[str, ...]
    local: bool  # proves who they are by a password of ours


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key that is neither revoked nor expired when the book is written; moments are seconds since 1970."""

    id: str
    name: str
    hash: str
    hashed_with: str
    roles: tuple[str, ...]
    requests_per_minute: int
    expires_at: float | None
    person_id: str | None


@dataclass(frozen=True, slots=True)
class KnownSignIn:
    """A sign-in that was not ended."""

    id: str
    person_id: str
    method: str
    authenticated_at: float
    last_seen_at: float
    expires_at: float


@dataclass(frozen=True, slots=True)
class AccessBook:
    """Keys, people and sign-ins as of one entry of the audit trail, and the principals they stand for."""

    sequence: int
    keys: Mapping[str, KnownKey]
    people: Mapping[str, KnownPerson]
    sign_ins: Mapping[str, KnownSignIn]
    # Names of people and keys that are no more, as `person/…` and `key/…`: they still stand in the audit trail.
    former: Mapping[str, str] = field(default_factory=dict)
    key_principals: Mapping[str, Principal] = field(init=False, compare=False)
    sign_in_principals: Mapping[str, Principal] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Work out who stands behind each key and sign-in: nobody behind those of people who may not sign in."""
        of_keys = {key.id: _key_principal(key, self.people) for key in self.keys.values()}
        of_sign_ins = {one.id: _person_principal(one, self.people) for one in self.sign_ins.values()}
        object.__setattr__(self, "key_principals", {id: one for id, one in of_keys.items() if one is not None})  # noqa: A001
        object.__setattr__(self, "sign_in_principals", {id: one for id, one in of_sign_ins.items() if one is not None})  # noqa: A001

    def called(self, who: str) -> str | None:
        """The name of a person or a key as the audit trail writes them; None: it is not in the book."""
        kind, _, plain = who.partition("/")
        known: KnownPerson | KnownKey | None = None
        if kind in {"person", "key"}:
            known = self.people.get(plain) if kind == "person" else self.keys.get(plain)
        return self.former.get(who) if known is None else known.name

    @classmethod
    def empty(cls) -> Self:
        """A book in which nobody stands."""
        return cls(0, {}, {}, {})

    def to_bytes(self) -> bytes:
        """The book for a file; whoever keeps it signs it."""
        return orjson.dumps(
            {
                "form": _FORM,
                "sequence": self.sequence,
                "keys": [asdict(key) for key in self.keys.values()],
                "people": [asdict(person) for person in self.people.values()],
                "sign_ins": [asdict(one) for one in self.sign_ins.values()],
                "former": dict(self.former),
            }
        )

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """The book out of a file whose signature was verified.

        Raises:
            ValueError: it was written by another version, or is none.
        """
        try:
            read: dict[str, Any] = orjson.loads(content)
            if read["form"] != _FORM:
                raise ValueError("the access book is written in another form")
            return cls(
                sequence=int(read["sequence"]),
                keys={one["id"]: KnownKey(**{**one, "roles": tuple(one["roles"])}) for one in read["keys"]},
                people={one["id"]: KnownPerson(**{**one, "roles": tuple(one["roles"])}) for one in read["people"]},
                sign_ins={one["id"]: KnownSignIn(**one) for one in read["sign_ins"]},
                former=dict(read.get("former", {})),  # a file of a former version has none
            )
        except (KeyError, TypeError) as error:
            raise ValueError("the access book cannot be read") from error


def read_book(session: Transaction, now: datetime) -> AccessBook:
    """Write the book from what the store holds."""
    # Read first: what changes from here on is read again because of it.
    sequence = access.last_change(session)
    return AccessBook(
        sequence=sequence,
        keys={row.id: _key(row) for row in access.live_keys(session, now)},
        people={row.id: _person(row) for row in access.enabled_people(session)},
        sign_ins={row.id: _sign_in(row) for row in access.live_sign_ins(session, now)},
        former=access.former_names(session, now),
    )


def _key(row: ApiKeyRow) -> KnownKey:
    return KnownKey(
        id=row.id,
        name=row.name,
        hash=row.hash,
        hashed_with=row.hashed_with,
        roles=tuple(row.roles),
        requests_per_minute=row.requests_per_minute,
        expires_at=None if row.expires_at is None else row.expires_at.timestamp(),
        person_id=row.person_id,
    )


def _person(row: PersonRow) -> KnownPerson:
    return KnownPerson(row.id, row.login, row.name, tuple(row.roles), local=row.issuer is None)


def _sign_in(row: SignInRow) -> KnownSignIn:
    return KnownSignIn(
        id=row.id,
        person_id=row.person_id,
        method=row.method,
        authenticated_at=row.authenticated_at.timestamp(),
        last_seen_at=row.last_seen_at.timestamp(),
        expires_at=row.expires_at.timestamp(),
    )


def roles_of(names: tuple[str, ...]) -> frozenset[Role]:
    """The roles of these names; a name of another version grants nothing."""
    return frozenset(role for role in Role if role.value in names)


def _key_principal(key: KnownKey, people: Mapping[str, KnownPerson]) -> Principal | None:
    """Who stands behind a key. A person's key can do what the person still can, at most."""
    roles = roles_of(key.roles)
    if key.person_id is not None:
        person = people.get(key.person_id)
        if person is None:
            return None
        roles &= roles_of(person.roles)
    return Principal(
        id=f"key/{key.id}",
        name=key.name,
        kind=PrincipalKind.KEY,
        roles=roles,
        person_id=key.person_id,
        requests_per_minute=key.requests_per_minute,
    )


def _person_principal(sign_in: KnownSignIn, people: Mapping[str, KnownPerson]) -> Principal | None:
    person = people.get(sign_in.person_id)
    if person is None:
        return None
    return Principal(
        id=f"person/{person.id}",
        name=person.name,
        kind=PrincipalKind.PERSON,
        roles=roles_of(person.roles),
        person_id=person.id,
        sign_in_id=sign_in.id,
    )
