"""The verb of those for whom the identity provider vouches: sign in, as a person who is made or changed on the way.

Their roles are those of their groups there, each time anew; nobody without a role comes in, and nobody is ever taken
for a person that somebody else vouches for: not by name, and not by address.
"""

import re
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from service.application.access import people
from service.application.access.credentials import new_id
from service.application.access.sign_ins import SignedIn, Ways, begin
from service.application.access.trust import Vouched
from service.errors import SignInRefused
from service.storage import access
from service.storage.session import Transaction
from service.storage.tables import PersonRow, UsedTokenRow

METHOD: Final = "oidc"
# Longer than a journey lasts, whatever the clocks.
_REMEMBERED: Final = timedelta(hours=1)
_NOT_OF_LOGIN: Final = re.compile(r"[^a-z0-9._-]+")
_MOST_OF_STEM: Final = 40


def sign_in_vouched(
    ways: Ways, vouched: Vouched, *, journey_id: str, now: datetime, former: str | None = None
) -> SignedIn:
    """Sign somebody in; ``journey_id`` comes to its end with it, and ``former`` is a token that came along, which ends.

    Raises:
        SignInRefused: they may do nothing here, are disabled, or the journey has ended before.
    """
    with ways.store.writing() as session:
        access.forget_tokens(session, now)
        if access.used_tokens(session, [journey_id]):
            raise SignInRefused("this sign-in has been used already; sign in again")
        access.add(session, UsedTokenRow(id=journey_id, expires_at=now + _REMEMBERED))
        person = access.person_of_subject(session, vouched.issuer, vouched.subject)
        if person is not None:
            people.follow_provider(session, person, vouched, by=_by(vouched), now=now)
        if vouched.roles and (person is None or person.disabled_at is None):
            if person is None:
                person = _new_person(session, vouched, now)
            return begin(session, ways, person, method=METHOD, now=now, proved_at=vouched.proved_at, former=former)
    # What was taken away above stays taken away.
    if person is not None and person.disabled_at is not None:
        raise SignInRefused("your account here is disabled; an administrator of this service can tell you why")
    raise SignInRefused(
        "none of your groups at the identity provider has a role here; ask whoever looks after those groups"
    )


def _new_person(session: Transaction, vouched: Vouched, now: datetime) -> PersonRow:
    person_id = new_id()
    row = PersonRow(
        id=person_id,
        login=_login(vouched, person_id),
        name=vouched.name,
        roles=sorted(role.value for role in vouched.roles),
        issuer=vouched.issuer,
        subject=vouched.subject,
        created_by=_by(vouched),
        created_at=now,
    )
    people.take_in(session, row, by=row.created_by, reason="first sign-in through the identity provider", now=now)
    return row


def _login(vouched: Vouched, person_id: str) -> str:
    """A name that no other account has: nobody signs in with it, but people know whom it means."""
    stem = _NOT_OF_LOGIN.sub("-", vouched.login.casefold().partition("@")[0]).strip("._-")[:_MOST_OF_STEM]
    return f"{stem or 'person'}+{person_id}@{_host(vouched)}"[:120]


def _by(vouched: Vouched) -> str:
    return f"identity-provider/{_host(vouched)}"


def _host(vouched: Vouched) -> str:
    return _NOT_OF_LOGIN.sub("-", urlsplit(vouched.issuer).hostname or "")[:60]
