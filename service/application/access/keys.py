"""The verbs of API keys: make one, revoke one. A key is shown once, when it is made; only its keyed hash is kept.

Each verb runs in the caller's transaction and writes its entry in the audit trail there.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from service.application import audit
from service.application.access.book import roles_of
from service.application.access.credentials import new_id, new_key
from service.application.access.desk import API_KEY_PURPOSE
from service.application.draft_steps import who
from service.application.drafts import Act
from service.application.keyring import Keyring
from service.application.principals import PEOPLE_ONLY, Role
from service.errors import IllegalStep, NotPermitted, NotThere
from service.storage import access
from service.storage.session import Transaction
from service.storage.tables import ApiKeyRow


@dataclass(frozen=True, slots=True)
class WantedKey:
    """A key as somebody wants it; ``person_id`` is the person whose key it is to be, if it is one's."""

    name: str
    roles: Collection[Role]
    requests_per_minute: int
    expires_at: datetime | None = None
    person_id: str | None = None


def create_key(session: Transaction, keyring: Keyring, wanted: WantedKey, act: Act) -> tuple[ApiKeyRow, str]:
    """Make a key; the second of the pair is the key itself, which nobody can find out again.

    Raises:
        NotPermitted: a role in it is for people only, or is one that its person does not have.
        NotThere: there is no such person.
        IllegalStep: the person is disabled, or the key would have expired already.
    """
    roles = frozenset(wanted.roles)
    if roles & PEOPLE_ONLY:
        kept = ", ".join(sorted(role.value for role in roles & PEOPLE_ONLY))
        raise NotPermitted(f"a key cannot have the roles {kept}: they are for people, who can prove who they are anew")
    if wanted.expires_at is not None and wanted.expires_at <= act.now:
        raise IllegalStep("the key would have expired already")
    if wanted.person_id is not None:
        person = access.person(session, wanted.person_id)
        if person is None:
            raise NotThere("there is no such person")
        if person.disabled_at is not None:
            raise IllegalStep("the person is disabled")
        if not roles <= roles_of(tuple(person.roles)):
            raise NotPermitted("a person's key can have roles of that person only")
    key_id = new_id()
    token = new_key(key_id)
    hashed_with, digest = keyring.mac(API_KEY_PURPOSE, token.encode())
    row = ApiKeyRow(
        id=key_id,
        name=wanted.name,
        person_id=wanted.person_id,
        roles=sorted(role.value for role in roles),
        hash=digest,
        hashed_with=hashed_with,
        requests_per_minute=wanted.requests_per_minute,
        created_by=who(act.principal),
        created_at=act.now,
        expires_at=wanted.expires_at,
    )
    access.add(session, row)
    _record(session, row, act, action="create_key", before=None)
    return row, token


def revoke_key(session: Transaction, key_id: str, act: Act) -> ApiKeyRow:
    """Take a key out of use for good; one that was revoked before stays as it was.

    Raises:
        NotThere: there is no such key.
    """
    row = access.key(session, key_id)
    if row is None:
        raise NotThere("there is no such key")
    if row.revoked_at is None:
        row.revoked_at = act.now
        access.add(session, row)
        _record(session, row, act, action="revoke_key", before={"revoked": False})
    return row


def _record(session: Transaction, row: ApiKeyRow, act: Act, *, action: str, before: audit.Json | None) -> None:
    after: audit.Json = {"revoked": row.revoked_at is not None}
    if before is None:
        after = {
            "name": row.name,
            "roles": " ".join(row.roles),
            "person": row.person_id,
            "requests_per_minute": row.requests_per_minute,
            "expires_at": None if row.expires_at is None else row.expires_at.isoformat(),
        }
    audit.record(
        session,
        person=who(act.principal),
        action=action,
        subject=f"key/{row.id}",
        reason=act.reason,
        before=before,
        after=after,
        now=act.now,
    )
