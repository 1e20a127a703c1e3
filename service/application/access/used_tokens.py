"""Notes which bearer tokens were used, for all workers together, where each may be used once only."""

from datetime import UTC, datetime

from service.storage import access
from service.storage.session import Store
from service.storage.tables import UsedTokenRow


def note_use(store: Store, token_id: str, *, now: float, until: float) -> bool:
    """Note that a token was used, until a moment when nobody would take it any more; whether this was the first time.

    Raises:
        StoreUnavailable: it cannot be noted, so it cannot be known.
    """
    with store.writing() as session:
        access.forget_tokens(session, datetime.fromtimestamp(now, UTC))
        if access.used_tokens(session, [token_id]):
            return False
        access.add(session, UsedTokenRow(id=token_id, expires_at=datetime.fromtimestamp(until, UTC)))
    return True
