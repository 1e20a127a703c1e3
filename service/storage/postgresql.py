"""What only PostgreSQL needs. `service.storage.session` imports it when it meets such a database: psycopg loads slowly.

It runs no query and knows no table.
"""

import time
from collections.abc import Callable
from typing import Any

import psycopg
from sqlalchemy import URL, Dialect, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from service.errors import StoreBusy, StoreUnavailable

# What a network that drops packets may cost. The server's own statement_timeout never fires when packets vanish.
_LIMITS: dict[str, str | int] = {
    "connect_timeout": 2,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 5000,
    "application_name": "magcheck",
}
# Together with the time for a new connection less than three seconds: whoever changes something knows by then that the
# database is away.
PING_SECONDS = 0.9


class ImpatientConnection(psycopg.Connection[Any]):
    """A PostgreSQL connection that waits only so long for each answer, then closes itself.

    A database or proxy that takes the question and never answers acknowledges every packet, so that no limit of the
    socket fires; this one does.
    """

    # Seconds for the next round trip, asked anew each time; None: as long as it takes.
    patience: Callable[[], float | None] = staticmethod(lambda: None)

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:  # noqa: ANN401
        """Wait for one round trip."""
        patience = self.patience()
        if timeout is not None or patience is None:
            return super().wait(gen, interval, timeout)
        started = time.monotonic()
        try:
            return super().wait(gen, interval, patience)
        except psycopg.OperationalError as error:
            if time.monotonic() - started < patience:
                raise
            # The answer may still come: a connection in that state must not be used again.
            self.pgconn.finish()
            raise psycopg.OperationalError(f"no answer within {patience:.1f} s") from error


def make_engine(url: URL, *, pool_seconds: float, patience: Callable[[], float | None]) -> Engine:
    """An engine whose connections wait no longer than ``patience`` says for each answer."""
    limits = {name: value for name, value in _LIMITS.items() if name not in url.query}
    engine = create_engine(
        url, connect_args=limits, hide_parameters=True, pool_pre_ping=True, pool_timeout=pool_seconds
    )

    def connect(
        _: Dialect, __: ConnectionPoolEntry, arguments: tuple[Any, ...], options: dict[str, Any]
    ) -> ImpatientConnection:
        connection = ImpatientConnection.connect(*arguments, **options)
        connection.patience = patience
        return connection

    ping = engine.dialect.do_ping

    def short_ping(connection: Any) -> bool:  # noqa: ANN401 - the pool's type is the standard's, not the driver's
        # A connection that lies in the pool may lead nowhere by now. Whoever asked must not wait for that as long as
        # for an answer: another connection is tried next.
        def short() -> float | None:
            ordinary = patience()
            return None if ordinary is None else min(ordinary, PING_SECONDS)

        connection.patience = short
        try:
            return ping(connection)
        finally:
            connection.patience = patience

    engine.dialect.do_ping = short_ping  # type: ignore[assignment,method-assign] # there is no event for it
    event.listen(engine, "do_connect", connect)
    return engine


def own_error(cause: BaseException | None) -> StoreUnavailable | None:
    """What the driver says, in our own words; none where it is no matter of being away or busy."""
    if isinstance(cause, psycopg.errors.LockNotAvailable):
        return StoreBusy("another process is writing to the database")
    if isinstance(cause, psycopg.OperationalError):
        return StoreUnavailable("the database cannot be reached or does not answer")
    return None
