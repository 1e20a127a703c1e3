"""Applications over one store, as the workers of an installation are, with people and keys, and a clock to be moved."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from rules.compiled import CompiledRuleSet
from service.application.access.desk import Desk
from service.application.access.entrance import Entrance
from service.application.access.keys import WantedKey, create_key
from service.application.access.passwords import Passwords
from service.application.access.people import create_person
from service.application.access.sign_ins import Ways, begin
from service.application.access.trust import AccessTokens, HookTokens, Identities
from service.application.active import ActiveRuleSet
from service.application.control import control_over
from service.application.drafts import Act
from service.application.gate_room import GateRoom
from service.application.principals import Principal, PrincipalKind, Role
from service.application.watch import StoreWatch
from service.main import Application, create_app
from service.settings import Settings
from service.storage import access
from service.storage.session import Store
from tests.keys import KEYRING

PASSWORD: Final = "seven grey herons wait"
OPERATOR: Final = Principal("operator/tests", "tests", PrincipalKind.OPERATOR, frozenset())
# As little memory as argon2 takes: these tests are not about its strength.
PASSWORDS: Final = Passwords(memory_kib=64)


@dataclass
class House:
    """An installation. Moments are the real ones, moved by ``moved``."""

    store: Store
    moved: timedelta = timedelta()
    hashed: str = field(default_factory=lambda: PASSWORDS.hashed(PASSWORD))

    def clock(self) -> float:
        return time.time() + self.moved.total_seconds()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)

    def act(self, reason: str = "for a test") -> Act:
        return Act(OPERATOR, reason, self.now())

    def app(  # noqa: PLR0913 - the parts of a worker
        self,
        compiled: CompiledRuleSet | None = None,
        *,
        watched: bool = True,
        most_failures: int = 10,
        tokens: AccessTokens | None = None,
        identities: Identities | None = None,
        hook_tokens: HookTokens | None = None,
        gate: GateRoom | None = None,
        **settings: Any,  # noqa: ANN401 - any setting
    ) -> Application:
        """One worker. It has looked at the store once its client is opened, and looks again and again."""
        active = ActiveRuleSet(compiled)
        desk = Desk(KEYRING, self.store, passwords=settings.get("password_sign_in", True), clock=self.clock)
        entrance = Entrance(
            desk,
            PASSWORDS,
            tokens=tokens,
            identities=identities,
            hook_tokens=hook_tokens,
            most_failures=most_failures,
            clock=self.clock,
        )
        watch = StoreWatch(self.store, active, KEYRING, followers=[desk.look], interval=0.1)
        control = control_over(
            self.store,
            KEYRING,
            look_at_once=watch.look,
            require_fresh=entrance.require_fresh,
            clock=self.now,
            gate=gate,
        )
        watched_by = watch if watched else None
        return create_app(Settings(**settings), active, watch=watched_by, entrance=entrance, control=control)

    def key(
        self,
        *roles: Role,
        requests_per_minute: int = 100_000,
        expires_at: datetime | None = None,
        person_id: str | None = None,
    ) -> str:
        """A new API key."""
        wanted = WantedKey("a key", roles, requests_per_minute, expires_at, person_id)
        with self.store.writing() as session:
            return create_key(session, KEYRING, wanted, self.act())[1]

    def person(self, login: str, *roles: Role) -> str:
        """A new person, whose password is `PASSWORD`."""
        with self.store.writing() as session:
            row = create_person(
                session, self.act(), login=login, name=login.title(), roles=roles, password_hash=self.hashed
            )
        return row.id

    def signed_in(self, person_id: str, method: str = "password") -> str:
        """The token of a new sign-in."""
        ways = Ways(self.store, KEYRING, PASSWORDS)
        with self.store.writing() as session:
            person = access.person(session, person_id)
            assert person is not None
            return begin(session, ways, person, method=method, now=self.now()).token


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
