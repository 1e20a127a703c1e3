"""Asks for a proof of this moment: a signature, and a new key, want more than a sign-in of this morning.

A person with a password of ours gives it again, and guessing is slowed down as at the sign-in. Whom an identity
provider vouches for must have come from it in the last minutes. Keys and services cannot prove anew who stands behind
them, so they are refused.
"""

from datetime import timedelta
from typing import Final

from service.application.access import attempts
from service.application.access.desk import PASSWORD_METHOD, Desk
from service.application.access.sign_ins import Ways, verified
from service.application.principals import Principal, PrincipalKind
from service.errors import NotAuthenticated, ReauthenticationRequired, TooManyAttempts
from service.storage import access
from service.telemetry import get_logger

FRESH: Final = timedelta(minutes=5)
_log = get_logger(__name__)


def require_fresh(desk: Desk, ways: Ways, principal: Principal, password: str | None, *, source: str) -> None:
    """Make sure that the person who asks is there now. It reads the store and takes a moment: call it from a thread.

    Raises:
        ReauthenticationRequired: they have not proved it.
        TooManyAttempts: too many passwords were wrong lately.
    """
    method = desk.method_of(principal)
    if principal.kind is not PrincipalKind.PERSON or method is None:
        refuse_without_person(principal)
        return
    if method == PASSWORD_METHOD:
        _require_password(desk, ways, principal, password, source)
        return
    proved = desk.authenticated_at(principal)
    if proved is None or desk.now().timestamp() - proved > FRESH.total_seconds():
        minutes = int(FRESH.total_seconds() // 60)
        raise ReauthenticationRequired(
            f"this needs a sign-in through the identity provider that is at most {minutes} minutes old; sign in again "
            "at /v1/sign-ins/provider?fresh=true"
        )


def refuse_without_person(principal: Principal) -> None:
    """Let pass who asks without credentials in the development mode: it is open on purpose, and marked as such.

    Raises:
        ReauthenticationRequired: it is anybody else.
    """
    if principal.kind is not PrincipalKind.DEVELOPMENT:
        raise ReauthenticationRequired("this needs a person who has signed in; keys and services cannot do it")


def _require_password(desk: Desk, ways: Ways, principal: Principal, password: str | None, source: str) -> None:
    if password is None:
        raise ReauthenticationRequired("this needs your password once more: send it as `password`")
    person = desk.book.people.get(principal.person_id or "")
    if person is None:
        raise ReauthenticationRequired("this needs a person who may sign in")
    now = desk.now()
    try:
        attempts.begin(ways.store, ways.keyring, account=person.login, source=source, now=now)
        verified(ways, login=person.login, password=password)
    except NotAuthenticated:
        _log.warning("reauthentication_failed", principal=principal.id)
        raise ReauthenticationRequired("the password is not yours") from None
    except TooManyAttempts:
        _log.warning("reauthentication_throttled", principal=principal.id)
        raise
    with ways.store.writing() as session:
        attempts.succeeded(session, ways.keyring, account=person.login, source=source)
        access.touch(session, principal.sign_in_id or "", now)
