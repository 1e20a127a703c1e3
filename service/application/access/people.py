"""The verbs of people: take somebody in, change what they may do, disable them, set a password.

Each verb runs in the caller's transaction and writes its entry in the audit trail there. Nobody gives roles to
themselves, and the last administrator stays. Whatever takes rights away ends the person's sign-ins.
"""

from collections.abc import Collection
from datetime import datetime

from service.application import audit
from service.application.access.credentials import new_id
from service.application.access.trust import Vouched
from service.application.draft_steps import who
from service.application.drafts import Act
from service.application.principals import Role
from service.errors import ChangedMeanwhile, IllegalStep, NotPermitted, NotThere
from service.storage import access
from service.storage.session import Transaction
from service.storage.tables import PersonRow

# Letters of one alphabet only: a Cyrillic letter must not make a second account that looks like the first.
LOGIN_PATTERN = r"^[a-z0-9][a-z0-9._@+-]*$"


def create_person(
    session: Transaction,
    act: Act,
    *,
    login: str,
    name: str,
    roles: Collection[Role],
    password_hash: str | None = None,
) -> PersonRow:
    """Take somebody in.

    Raises:
        IllegalStep: somebody signs in with this name already.
    """
    if access.person_of_login(session, login) is not None:
        raise IllegalStep("somebody signs in with this name already; names are not used again")
    row = PersonRow(
        id=new_id(),
        login=login,
        name=name,
        roles=sorted({role.value for role in roles}),
        password_hash=password_hash,
        created_by=who(act.principal),
        created_at=act.now,
    )
    take_in(session, row, by=row.created_by, reason=act.reason, now=act.now)
    return row


def take_in(session: Transaction, row: PersonRow, *, by: str, reason: str, now: datetime) -> None:
    """Write a new person, and who took them in."""
    access.add(session, row)
    _record(session, row, by=by, reason=reason, now=now, action="create_person", before=None)


def follow_provider(session: Transaction, row: PersonRow, vouched: Vouched, *, by: str, now: datetime) -> None:
    """Give a person the roles and the name that the identity provider tells; with other roles all sign-ins end.

    The provider decides, also about the last administrator.
    """
    before = _content(row)
    row.roles = sorted(role.value for role in vouched.roles)
    row.name = vouched.name
    if _content(row) == before:
        return
    row.version += 1
    access.add(session, row)
    if before["roles"] != " ".join(row.roles):
        access.end_sign_ins(session, row.id, now)
    reason = "what the identity provider says has changed"
    _record(session, row, by=by, reason=reason, now=now, action="change_person", before=before)


def change_person(  # noqa: PLR0913 - what changes, and who changes it
    session: Transaction,
    person_id: str,
    act: Act,
    *,
    version: int | None,
    name: str | None = None,
    roles: Collection[Role] | None = None,
    disabled: bool | None = None,
) -> PersonRow:
    """Change what is given; ``version`` is the one the caller has seen, or none for whichever there is.

    Raises:
        NotThere: there is no such person.
        ChangedMeanwhile: it is not that version any more.
        NotPermitted: somebody would give themselves a role.
        IllegalStep: nobody would be left who administers, or the identity provider says what the roles are.
    """
    row = _person(session, person_id)
    if version is not None and row.version != version:
        raise ChangedMeanwhile("the person has changed since; read them again and look at what is new")
    before = _content(row)
    if roles is not None:
        names = {role.value for role in roles}
        if row.issuer is not None and names != set(row.roles):
            raise IllegalStep("the roles of this person follow their groups at the identity provider; change those")
        if person_id == act.principal.person_id and names - set(row.roles):
            raise NotPermitted("nobody gives themselves a role; another administrator can")
        row.roles = sorted(names)
    if disabled is not None and disabled != (row.disabled_at is not None):
        row.disabled_at = act.now if disabled else None
    if name is not None:
        row.name = name
    after = _content(row)
    if after == before:
        return row
    if _administers(before) and not _administers(after) and not _another_administers(session, row.id):
        raise IllegalStep("nobody else is an enabled administrator, so this one stays; make another one first")
    row.version += 1
    access.add(session, row)
    if after["roles"] != before["roles"] or after["disabled"]:
        access.end_sign_ins(session, row.id, act.now)
    _record(session, row, by=who(act.principal), reason=act.reason, now=act.now, action="change_person", before=before)
    return row


def set_password(
    session: Transaction, person_id: str, password_hash: str, act: Act, *, proved: bool = False
) -> PersonRow:
    """Give a local account a new password; all sign-ins with the old one end.

    ``proved``: whether who asks has given the present one.

    Raises:
        NotThere: there is no such person.
        IllegalStep: the person signs in through an identity provider.
        NotPermitted: somebody would change their own without having given it.
    """
    if person_id == act.principal.person_id and not proved:
        raise NotPermitted("your own password is changed at /v1/me/password, which asks for the present one")
    row = _person(session, person_id)
    if row.issuer is not None:
        raise IllegalStep("the person signs in through an identity provider and has no password here")
    row.password_hash = password_hash
    row.version += 1
    access.add(session, row)
    access.end_sign_ins(session, row.id, act.now)
    content = _content(row)
    _record(session, row, by=who(act.principal), reason=act.reason, now=act.now, action="set_password", before=content)
    return row


def administrators(session: Transaction) -> list[PersonRow]:
    """Everybody enabled who administers."""
    return [row for row in access.enabled_people(session) if Role.ADMINISTRATOR.value in row.roles]


def _person(session: Transaction, person_id: str) -> PersonRow:
    row = access.person(session, person_id)
    if row is None:
        raise NotThere("there is no such person")
    return row


def _administers(content: audit.Json) -> bool:
    return Role.ADMINISTRATOR.value in str(content["roles"]).split() and not content["disabled"]


def _another_administers(session: Transaction, person_id: str) -> bool:
    return any(row.id != person_id for row in administrators(session))


def _content(row: PersonRow) -> audit.Json:
    return {
        "login": row.login,
        "name": row.name,
        "roles": " ".join(row.roles),
        "disabled": row.disabled_at is not None,
        "version": row.version,
    }


def _record(  # noqa: PLR0913 - what stands in an entry
    session: Transaction,
    row: PersonRow,
    *,
    by: str,
    reason: str,
    now: datetime,
    action: str,
    before: audit.Json | None,
) -> None:
    audit.record(
        session,
        person=by,
        action=action,
        subject=f"person/{row.id}",
        reason=reason,
        before=before,
        after=_content(row),
        now=now,
    )
