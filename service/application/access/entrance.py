"""Everything that the entrance of a process consists of, put together once. It decides nothing by itself."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic

from service.application.access import reauthentication
from service.application.access.desk import Desk
from service.application.access.passwords import Passwords
from service.application.access.rate import RateLimit
from service.application.access.sign_ins import Ways
from service.application.access.trust import AccessTokens, HookTokens, Identities, Verified
from service.application.principals import Principal


@dataclass(frozen=True, slots=True)
class Entrance:
    """Who is known, how passwords are looked at, and how often somebody may ask."""

    desk: Desk
    passwords: Passwords
    sign_in_lasts: timedelta = timedelta(hours=12)
    # Access tokens of services, where an issuer is trusted.
    tokens: AccessTokens | None = None
    # Who vouches for people, where there is somebody.
    identities: Identities | None = None
    # Clients of CDS Hooks that sign a token for each call, where there are any.
    hook_tokens: HookTokens | None = None
    # Requests of one source in a minute that do not say who asks, before they are told to wait. Right keys are always
    # taken: nobody can guess one, and a client that goes wrong must not shut out others behind the same address.
    most_failures: int = 10
    clock: Callable[[], float] = monotonic
    # Requests of those who are known, and failures by where they come from.
    requests: RateLimit = field(init=False)
    failures: RateLimit = field(init=False)

    def __post_init__(self) -> None:
        """Nothing was counted yet."""
        object.__setattr__(self, "requests", RateLimit(clock=self.clock))
        object.__setattr__(self, "failures", RateLimit(clock=self.clock))

    def ways(self) -> Ways:
        """What a sign-in needs.

        Raises:
            StoreUnavailable: this application has no database.
        """
        return Ways(self.desk.store, self.desk.keyring, self.passwords, self.sign_in_lasts)

    def use(self, verified: Verified) -> bool:
        """Note that an access token was used; whether this was the first time. Call it from a thread.

        Raises:
            StoreUnavailable: it cannot be noted, so it cannot be known.
        """
        return self.tokens is not None and self.tokens.use(self.desk.store, verified)

    def client_behind(self, token: str, path: str) -> Principal | None:
        """The client of CDS Hooks that has made this token for this path. Call it from a thread.

        Raises:
            StoreUnavailable: it cannot be known whether the token was used before.
        """
        if self.hook_tokens is None:
            return None
        verified = self.hook_tokens.verified(token, path)
        if verified is None or not self.hook_tokens.use(self.desk.store, verified):
            return None
        return verified.principal

    def require_fresh(self, principal: Principal, password: str | None, *, source: str) -> None:
        """Make sure that the person who asks is there now; see `reauthentication`. Takes a moment: call it in a thread.

        Raises:
            ReauthenticationRequired: they have not proved it.
            TooManyAttempts: too many passwords were wrong lately.
        """
        if principal.sign_in_id is None:
            reauthentication.refuse_without_person(principal)
        else:
            reauthentication.require_fresh(self.desk, self.ways(), principal, password, source=source)
