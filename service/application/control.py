"""What the verbs about rule sets need, put together once for a process. It holds parts and decides nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from service.application.active import Clock, utc_now
from service.application.checks import new_id
from service.application.draft_comments import DraftComments
from service.application.draft_content import Content, Shelf
from service.application.drafts import Drafts, Policy
from service.application.gate_report import GateReport
from service.application.gate_room import GateRoom
from service.application.keyring import Keyring
from service.application.principals import Principal, PrincipalKind
from service.errors import ReauthenticationRequired
from service.storage import rule_sets
from service.storage.session import Store

# Real questions of late by name, as JSON; a draft is tried on them beside the worked cases.
RecentQuestions = Callable[[], Mapping[str, str]]


class Reauthentication(Protocol):
    """Finds out that somebody who signs is there right now, or raises."""

    def __call__(self, principal: Principal, password: str | None, *, source: str) -> None:
        """Raise `service.errors.ReauthenticationRequired` unless it is certain; ``source`` is where they ask from."""


def people_only(principal: Principal, password: str | None, *, source: str) -> None:
    """Let only the development mode sign: nobody else can be asked again here."""
    del password, source
    if principal.kind is not PrincipalKind.DEVELOPMENT:
        raise ReauthenticationRequired("a signature needs the password once more, or a sign-in of this moment")


@dataclass(frozen=True, slots=True)
class Control:
    """The parts."""

    store: Store
    keyring: Keyring
    shelf: Shelf
    drafts: Drafts
    comments: DraftComments
    gate: GateRoom
    policy: Policy
    clock: Clock
    require_fresh: Reauthentication
    recent: RecentQuestions
    # Takes over what was published, in this process, without waiting for its next look at the store.
    look_at_once: Callable[[], None]

    def now(self) -> datetime:
        """The moment."""
        return self.clock()

    def gate_report(self, content: Content) -> tuple[int | None, GateReport]:
        """What the gate finds in this content, and the number of the rule set it was compared with: what answers.

        Raises:
            GateFailed: it could not be asked.
        """
        with self.store.reading() as session:
            active = rule_sets.active_number(session)
        base = None if active is None else self.shelf.get(active)
        return active, self.gate.report(base, content, self.now().date(), self.recent())


def control_over(  # noqa: PLR0913 - one place puts the parts together
    store: Store,
    keyring: Keyring,
    *,
    look_at_once: Callable[[], None],
    policy: Policy | None = None,
    clock: Clock = utc_now,
    new_id: Callable[[], str] = new_id,
    gate: GateRoom | None = None,
    require_fresh: Reauthentication = people_only,
    recent: RecentQuestions = dict,
) -> Control:
    """The parts over one store."""
    policy = policy or Policy()
    shelf = Shelf(store)
    return Control(
        store=store,
        keyring=keyring,
        shelf=shelf,
        drafts=Drafts(shelf, policy, new_id, keyring),
        comments=DraftComments(shelf),
        gate=gate or GateRoom(),
        policy=policy,
        clock=clock,
        require_fresh=require_fresh,
        recent=recent,
        look_at_once=look_at_once,
    )
