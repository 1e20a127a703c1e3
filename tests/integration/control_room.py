"""Rule sets under control over a test's database: a few people, a gate that does as it is told, and the verbs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from itertools import count
from typing import Any, TypeVar

from rules.impact import Impact
from rules.model import RuleSet
from rules.verify import CaseFailure
from service.application.control import Control, control_over
from service.application.draft_content import Content
from service.application.draft_steps import DraftStep, SignatureMeaning
from service.application.draft_views import DraftEntry
from service.application.drafts import Act, Place, Policy, Seen
from service.application.gate_report import GateReport
from service.application.gate_room import GateRoom
from service.application.principals import Principal, PrincipalKind, Role
from service.storage.session import Store, Transaction
from tests.keys import KEYRING

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
T = TypeVar("T")


def person(name: str, *roles: Role) -> Principal:
    return Principal(f"person/{name}", name.title(), PrincipalKind.PERSON, frozenset(roles), person_id=name)


ANN = person("ann-author", Role.AUTHOR)
BEA = person("bea-both", Role.AUTHOR, Role.REVIEWER)
REX = person("rex-reviewer", Role.REVIEWER)
PIA = person("pia-publisher", Role.PUBLISHER)
ODA = person("oda-all", Role.AUTHOR, Role.REVIEWER, Role.PUBLISHER)
EVE = person("eve-viewer", Role.VIEWER)
# A key of Ann's: what it writes, Ann has written.
ANNS_KEY = Principal("key/k1", "a key", PrincipalKind.KEY, frozenset({Role.AUTHOR}), person_id="ann-author")
PEOPLE = (ANN, BEA, REX, PIA, ODA, EVE, ANNS_KEY)


def judge(base: Content | None, draft: Content, today: date, recent: Mapping[str, str]) -> GateReport:
    """A gate that reads in titles of guidance what it should find."""
    del base, today, recent
    titles = " ".join(record.title for record in draft.rule_set.guidance)
    failures = (CaseFailure("a-case", ("it fails",)),) if "fails" in titles else ()
    changed = [str(number) for number in range(9 if "surprise" in titles else 1)]
    return GateReport([], failures, 1, None if failures else Impact(100, changed, {}))


def guidance(record_id: str, title: str, **more: object) -> dict[str, Any]:
    return {
        "id": record_id,
        "last_reviewed_on": "2026-11-01",
        "topic": "testing",
        "title": title,
        "text": "A sentence about testing.",
        "citations": [{"citation": "example-label", "supports": "everything"}],
        **more,
    }


class Room:
    """The verbs, each in a transaction of its own, as the API calls them."""

    def __init__(self, store: Store, policy: Policy | None = None) -> None:
        numbers = count(1)
        self.store = store
        self.control: Control = control_over(
            store,
            KEYRING,
            look_at_once=lambda: None,
            policy=policy,
            clock=lambda: NOON,
            new_id=lambda: f"{next(numbers):08d}-0000-4000-8000-000000000000",
            gate=GateRoom(judge),
        )
        self.drafts = self.control.drafts

    def write(self, act: Callable[[Transaction], T]) -> T:
        with self.store.writing() as session:
            return act(session)

    def entry(self, draft_id: str, principal: Principal = EVE) -> DraftEntry:
        with self.store.reading() as session:
            return self.drafts.entry(session, draft_id, principal)

    def rule_set(self, number: int) -> RuleSet:
        return self.control.shelf.get(number).rule_set

    def open(self, who: Principal, title: str = "A draft") -> DraftEntry:
        return self.write(lambda session: self.drafts.open(session, title, _act(who)))

    def put(self, who: Principal, seen: Seen, place: Place, document: object) -> DraftEntry:
        return self.write(lambda session: self.drafts.put(session, seen, place, document, _act(who)))

    def withdraw(self, who: Principal, seen: Seen, place: Place) -> DraftEntry:
        return self.write(lambda session: self.drafts.withdraw(session, seen, place, _act(who)))

    def undo(self, who: Principal, seen: Seen, place: Place) -> DraftEntry:
        return self.write(lambda session: self.drafts.undo(session, seen, place, _act(who)))

    def rebase(self, who: Principal, seen: Seen, keep: list[Place]) -> DraftEntry:
        return self.write(lambda session: self.drafts.rebase(session, seen, keep, _act(who)))

    def submit(self, who: Principal, seen: Seen) -> DraftEntry:
        content, report = self._gate(who, seen, DraftStep.SUBMIT)
        return self.write(lambda session: self.drafts.submit(session, seen, report, content.digest, _act(who)))

    def approve(
        self, who: Principal, seen: Seen, digest: str, meaning: SignatureMeaning = SignatureMeaning.APPROVED
    ) -> DraftEntry:
        return self.write(lambda session: self.drafts.approve(session, seen, digest, meaning, _act(who)))

    def give_back(self, who: Principal, seen: Seen, digest: str) -> DraftEntry:
        return self.write(lambda session: self.drafts.give_back(session, seen, digest, _act(who)))

    def publish(self, who: Principal, seen: Seen, digest: str, *, accepted: bool = False) -> DraftEntry:
        _, report = self._gate(who, seen, DraftStep.PUBLISH)
        return self.write(
            lambda session: self.drafts.publish(session, seen, digest, report, accepted=accepted, act=_act(who))
        )

    def discard(self, who: Principal, seen: Seen) -> DraftEntry:
        return self.write(lambda session: self.drafts.discard(session, seen, _act(who)))

    def _gate(self, who: Principal, seen: Seen, step: DraftStep) -> tuple[Content, GateReport]:
        with self.store.reading() as session:
            content = self.drafts.content_for(session, seen, step, _act(who))
        return content, self.control.gate_report(content)[1]


def _act(who: Principal) -> Act:
    return Act(who, "for a test", NOON)


def at(entry: DraftEntry) -> Seen:
    """The draft as this entry shows it."""
    return Seen(entry.id, entry.revision)
