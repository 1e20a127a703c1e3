"""The verbs of sign-ins: sign in with a password or through an identity provider, sign out.

Why a sign-in failed is told to nobody, and takes the same time whether there is such an account or not.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from service.application import audit
from service.application.access import attempts
from service.application.access.credentials import new_sign_in_token, sign_in_id_of
from service.application.access.desk import PASSWORD_METHOD
from service.application.access.passwords import Passwords
from service.application.keyring import Keyring
from service.application.principals import Principal
from service.errors import NotAuthenticated
from service.storage import access
from service.storage.session import Store, Transaction
from service.storage.tables import PersonRow, SignInRow

CSRF_PURPOSE: Final = "csrf"
_KEPT: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new sign-in: the token is shown once."""

    token: str
    sign_in: SignInRow
    person: PersonRow


@dataclass(frozen=True, slots=True)
class Ways:
    """What a sign-in needs: where people are kept, how passwords are hashed, how long it lasts."""

    store: Store
    keyring: Keyring
    passwords: Passwords
    lasts: timedelta = timedelta(hours=12)


def sign_in(
    ways: Ways, *, login: str, password: str, source: str, now: datetime, former: str | None = None
) -> SignedIn:
    """Sign somebody in by their password; ``former`` is a token that came along, which ends.

    Raises:
        TooManyAttempts: too many attempts failed lately.
        NotAuthenticated: the name or the password is wrong, or the account is disabled.
    """
    account = login.casefold()
    attempts.begin(ways.store, ways.keyring, account=account, source=source, now=now)
    person = verified(ways, login=account, password=password)
    with ways.store.writing() as session:
        attempts.succeeded(session, ways.keyring, account=account, source=source)
        # Read again: somebody may have been disabled, or their password changed, while it was looked at.
        current = access.person(session, person.id)
        if current is None or current.disabled_at is not None or current.password_hash != person.password_hash:
            raise NotAuthenticated
        if ways.passwords.outdated(person.password_hash or ""):
            current.password_hash = ways.passwords.rehashed(password)
        return begin(session, ways, current, method=PASSWORD_METHOD, now=now, former=former)


def verified(ways: Ways, *, login: str, password: str) -> PersonRow:
    """The person with this name and password; the attempt must have been counted.

    Raises:
        NotAuthenticated: there is none, or they are disabled.
    """
    with ways.store.reading() as session:
        person = access.person_of_login(session, login)
    known = person is not None and person.disabled_at is None
    expected = person.password_hash if person is not None and known else None
    if not ways.passwords.matches(password, expected) or person is None:
        raise NotAuthenticated
    return person


def begin(  # noqa: PLR0913 - who, how, when, and when they proved it
    session: Transaction,
    ways: Ways,
    person: PersonRow,
    *,
    method: str,
    now: datetime,
    proved_at: datetime | None = None,
    former: str | None = None,
) -> SignedIn:
    """Write a new sign-in of somebody who has proved who they are, just now where nothing else is said."""
    access.forget_sign_ins(session, now - _KEPT)
    if former is not None and (former_id := sign_in_id_of(former)) is not None:
        access.end_sign_in(session, former_id, now)
    token = new_sign_in_token()
    row = SignInRow(
        id=sign_in_id_of(token) or "",
        person_id=person.id,
        method=method,
        created_at=now,
        authenticated_at=proved_at or now,
        last_seen_at=now,
        expires_at=now + ways.lasts,
    )
    access.add(session, row)
    _record(session, person.id, action="sign_in", reason=f"signed in by {method}", now=now)
    return SignedIn(token, row, person)


def sign_out(session: Transaction, principal: Principal, now: datetime) -> None:
    """End the sign-in that somebody asks with."""
    if principal.sign_in_id is None or principal.person_id is None:
        return
    access.end_sign_in(session, principal.sign_in_id, now)
    _record(session, principal.person_id, action="sign_out", reason="signed out", now=now)


def csrf_token(keyring: Keyring, sign_in_id: str) -> str:
    """What a page sends along to show that it is ours: derived from the sign-in, worth nothing without it."""
    key_id, mac = keyring.mac(CSRF_PURPOSE, sign_in_id.encode())
    return f"{key_id}.{mac}"


def is_csrf_token(keyring: Keyring, sign_in_id: str, token: str) -> bool:
    """Whether a page has sent the token of this sign-in."""
    key_id, _, mac = token.partition(".")
    return keyring.verify(CSRF_PURPOSE, sign_in_id.encode(), key_id, mac)


def _record(session: Transaction, person_id: str, *, action: str, reason: str, now: datetime) -> None:
    subject = f"person/{person_id}"
    audit.record(
        session, person=subject, action=action, subject=subject, reason=reason, before=None, after=None, now=now
    )
