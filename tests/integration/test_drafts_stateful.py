"""Any people in any order, against a model of what drafts are for: who wrote what, who signed what, what answers.

The model is written from the rules of the game, not from the verbs: a set of authors, a set of approvers and a
dictionary of texts. Whatever the verbs refuse has to leave everything as it was.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from service.application import audit, rule_sets
from service.application.draft_steps import who
from service.application.drafts import Seen
from service.application.principals import Principal, PrincipalKind, Role
from service.errors import ServiceError
from service.storage import migration
from service.storage import rule_sets as rows
from service.storage.session import Store
from tests.integration.control_room import ANN, BEA, NOON, ODA, PEOPLE, PIA, REX, Room, guidance
from tests.integration.small_knowledge import small_rule_set
from tests.keys import KEYRING

IDS = ("first", "second", "third")
TITLES = ("How to test", "When to test", "This fails", "A surprise")
people = st.sampled_from((*PEOPLE, ANN, REX, PIA, ODA))
which = st.integers(0, 2)
rarely = st.sampled_from([False, False, False, True])
stale = st.sampled_from([0, 0, 0, 0, 0, 0, 1])


@dataclass
class Model:
    """What a draft is, in the plainest words."""

    revision: int
    base: int
    authors: set[str]
    state: str = "open"
    texts: dict[str, str] = field(default_factory=dict)  # what it changes
    shown: dict[str, str] | None = None  # all texts of what was submitted
    approvers: set[str] = field(default_factory=set)

    def back_to_work(self) -> None:
        self.state, self.shown, self.approvers = "open", None, set()
        self.revision += 1


class Machine(RuleBasedStateMachine):
    """Each example has a store of its own."""

    fresh: ClassVar[Callable[[], Store]]
    reached: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.store = type(self).fresh()
        self.room = Room(self.store)
        self.models: dict[str, Model] = {}
        self.active = self.entries = 1
        self.texts: dict[int, dict[str, str]] = {}

    def published_texts(self, number: int) -> dict[str, str]:
        """The texts of a published rule set: read once, when it is new to this example, and kept."""
        if number not in self.texts:
            self.texts[number] = {one.id: one.title for one in self.room.rule_set(number).guidance}
        return self.texts[number]

    def all_texts(self, model: Model) -> dict[str, str]:
        return {**self.published_texts(model.base), **model.texts}

    # --- what may happen ---

    @initialize()
    def start(self) -> None:
        self._open(ANN)
        self._open(BEA)
        for _ in range(4):  # put, submitted, approved, published: the second draft has something to be rebased on
            self._push(0)

    @rule(who_asks=people)
    def open(self, who_asks: Principal) -> None:
        if len(self.models) < 3:
            self._open(who_asks)

    def _open(self, person: Principal) -> None:
        entry = self.room.open(person)
        self.models[entry.id] = Model(1, self.active, {who(person)})
        self.entries += 1

    @rule(n=which, person=people, record=st.sampled_from(IDS), title=st.sampled_from(TITLES), lag=stale)
    def put(self, n: int, person: Principal, record: str, title: str, lag: int) -> None:
        draft_id, model = self._pick(n)
        before = self.all_texts(model).get(record)
        good = self._may(model, person, Role.AUTHOR, {"open", "submitted", "approved"}, lag)
        done = self._try(
            good,
            model,
            lambda seen: self.room.put(person, seen, ("guidance", record), guidance(record, title)),
            draft_id,
            lag,
        )
        if done and before != title:
            model.texts[record] = title
            model.authors.add(who(person))
            model.back_to_work()
            self.entries += 1

    @rule(n=which, person=people, record=st.sampled_from(IDS), lag=stale)
    def undo(self, n: int, person: Principal, record: str, lag: int) -> None:
        draft_id, model = self._pick(n)
        good = self._may(model, person, Role.AUTHOR, {"open", "submitted", "approved"}, lag) and record in model.texts
        if self._try(good, model, lambda seen: self.room.undo(person, seen, ("guidance", record)), draft_id, lag):
            del model.texts[record]
            model.authors.add(who(person))
            model.back_to_work()
            self.entries += 1

    @rule(n=which, person=people, lag=stale)
    def submit(self, n: int, person: Principal, lag: int) -> None:
        draft_id, model = self._pick(n)
        texts = self.all_texts(model)
        good = (
            self._may(model, person, Role.AUTHOR, {"open"}, lag)
            and bool(model.texts)
            and "This fails" not in texts.values()
        )
        if self._try(good, model, lambda seen: self.room.submit(person, seen), draft_id, lag):
            model.state, model.shown = "submitted", texts
            model.revision += 1
            self.entries += 1

    @rule(n=which, person=people, lag=stale, other=rarely)
    def approve(self, *, n: int, person: Principal, lag: int, other: bool) -> None:
        draft_id, model = self._pick(n)
        digest = self._digest(draft_id, other=other)
        good = (
            self._may(model, person, Role.REVIEWER, {"submitted"}, lag, signing=True)
            and not other
            and who(person) not in model.authors | model.approvers
        )
        if self._try(good, model, lambda seen: self.room.approve(person, seen, digest), draft_id, lag):
            model.state = "approved"
            model.approvers.add(who(person))
            model.revision += 1
            self.entries += 1

    @rule(n=which, person=people, lag=stale, other=rarely)
    def give_back(self, *, n: int, person: Principal, lag: int, other: bool) -> None:
        draft_id, model = self._pick(n)
        digest = self._digest(draft_id, other=other)
        good = self._may(model, person, Role.REVIEWER, {"submitted", "approved"}, lag, signing=True) and not other
        if self._try(good, model, lambda seen: self.room.give_back(person, seen, digest), draft_id, lag):
            model.back_to_work()
            self.entries += 1

    @rule(n=which, person=people, lag=stale, other=rarely, accepted=st.booleans())
    def publish(self, *, n: int, person: Principal, lag: int, other: bool, accepted: bool) -> None:
        draft_id, model = self._pick(n)
        digest = self._digest(draft_id, other=other)
        surprising = "A surprise" in (model.shown or {}).values()
        good = (
            self._may(model, person, Role.PUBLISHER, {"approved"}, lag, signing=True)
            and not other
            and model.base == self.active
            and (accepted or not surprising)
        )
        if self._try(
            good, model, lambda seen: self.room.publish(person, seen, digest, accepted=accepted), draft_id, lag
        ):
            self.active += 1
            self.texts[self.active] = dict(model.shown or {})
            model.state = "published"
            model.revision += 1
            self.entries += 2  # the rule set that answers, and the draft it came from

    @rule(n=which, person=people, lag=stale, keep=st.booleans())
    def rebase(self, *, n: int, person: Principal, lag: int, keep: bool) -> None:
        draft_id, model = self._pick(n)
        old, new = self.published_texts(model.base), self.published_texts(self.active)
        conflicts = [one for one in model.texts if old.get(one) != new.get(one)]
        good = (
            self._may(model, person, Role.AUTHOR, {"open", "submitted", "approved"}, lag)
            and model.base != self.active
            and (keep or not conflicts)
        )
        kept = [("guidance", one) for one in conflicts] if keep else []
        if self._try(good, model, lambda seen: self.room.rebase(person, seen, kept), draft_id, lag):
            model.base = self.active
            model.back_to_work()
            self.entries += 1

    @rule(n=which, person=people, lag=stale)
    def discard(self, n: int, person: Principal, lag: int) -> None:
        draft_id, model = self._pick(n)
        good = self._may(model, person, Role.AUTHOR, {"open", "submitted", "approved"}, lag)
        if self._try(good, model, lambda seen: self.room.discard(person, seen), draft_id, lag):
            model.back_to_work()
            model.state = "discarded"
            self.entries += 1

    @rule(n=which)
    def edit_now(self, n: int) -> None:
        """An edit at a moment when others may have signed already."""
        self.put(n, ANN, IDS[n], f"Text {self._pick(n)[1].revision}", 0)

    @rule(n=which, steps=st.integers(1, 4))
    def push_on(self, n: int, steps: int) -> None:
        """What somebody would do next, a few times: without this, few drafts would ever get far."""
        for _ in range(steps):
            self._push(n)

    @rule(n=which)
    def write_and_sign(self, n: int) -> None:
        """Somebody who may do both writes and signs."""
        self.put(n, BEA, IDS[n], f"Text {self._pick(n)[1].revision}", 0)
        self.submit(n, ANN, 0)
        self.approve(n=n, person=BEA, lag=0, other=False)

    @rule(one=which, other=which, edit=st.booleans())
    def race(self, *, one: int, other: int, edit: bool) -> None:
        """Two drafts on the same base are approved, perhaps one is edited once more, and both should answer."""
        for n in (one, other):
            for _ in range(4):
                if self._pick(n)[1].state != "approved":
                    self._push(n)
        if edit:
            self.edit_now(other)
            self.submit(other, ANN, 0)
        self._push(one)
        self.publish(n=other, person=PIA, lag=0, other=False, accepted=True)

    def _push(self, n: int) -> None:
        _, model = self._pick(n)
        if model.state == "open" and not model.texts:
            self.put(n, ANN, IDS[n], f"Text {model.revision}", 0)
        elif model.state in {"open", "submitted"} and model.base != self.active:
            self.rebase(n=n, person=ANN, lag=0, keep=True)
        elif model.state == "open":
            self.submit(n, ANN, 0)
        elif model.state == "submitted":
            self.approve(n=n, person=REX, lag=0, other=False)
        elif model.state == "approved":
            self.publish(n=n, person=PIA, lag=0, other=False, accepted=True)

    # --- what has to hold ---

    @invariant()
    def drafts_are_as_the_model_says(self) -> None:
        for draft_id, model in self.models.items():
            entry = self.room.entry(draft_id)
            assert (entry.state, entry.revision, entry.base) == (model.state, model.revision, model.base)
            assert {one.person for one in entry.signatures if one.counts} == model.approvers

    @invariant()
    def what_answers_is_what_was_signed(self) -> None:
        with self.store.reading() as session:
            assert rows.active_number(session) == self.active
        assert {one.id: one.title for one in self.room.rule_set(self.active).guidance} == self.published_texts(
            self.active
        )

    def teardown(self) -> None:
        self.reached.update(model.state for model in self.models.values())
        with self.store:
            trail = audit.verify_trail(self.store)
        assert (trail.bad, trail.entries) == (None, self.entries)

    # --- how ---

    def _pick(self, n: int) -> tuple[str, Model]:
        return list(self.models.items())[n % len(self.models)]

    def _may(
        self, model: Model, person: Principal, role: Role, states: set[str], lag: int, *, signing: bool = False
    ) -> bool:
        by_key = signing and person.kind is PrincipalKind.KEY
        return role in person.roles and model.state in states and lag == 0 and not by_key

    def _digest(self, draft_id: str, *, other: bool) -> str:
        return "0" * 64 if other else str(self.room.entry(draft_id).digest or "1" * 64)

    def _try(self, good: bool, model: Model, act: Any, draft_id: str, lag: int) -> bool:  # noqa: ANN401, FBT001 - a test's own
        """Do it; whether it was done. Something refused that should not be, or done that should not be, fails."""
        before = (replace(model), self.room.entry(draft_id))
        try:
            act(Seen(draft_id, model.revision - lag))
        except ServiceError:
            assert not good
            assert self.room.entry(draft_id) == before[1]
            return False
        assert good
        return True


def copies_of_file(template: str) -> Callable[[], Store]:
    numbers = count(1)

    def fresh() -> Store:
        file = Path(template.removeprefix("sqlite:///"))
        copy = file.with_name(f"copy-{next(numbers)}.sqlite3")
        shutil.copyfile(file, copy)
        return Store.open(f"sqlite:///{copy}")

    return fresh


def copies_of_database(template: str) -> Callable[[], Store]:
    numbers = count(1)
    address = sa.make_url(template)
    server = sa.create_engine(address.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)

    def fresh() -> Store:
        name = f"{address.database}_copy_{next(numbers)}"
        with server.connect() as connection:
            connection.execute(sa.text(f'create database "{name}" template "{address.database}"'))
        return Store.open(address.set(database=name).render_as_string(hide_password=False))

    return fresh


@pytest.mark.parametrize(("copies", "examples"), [(copies_of_file, 10), (copies_of_database, 4)])
def test_any_people_in_any_order(
    copies: Callable[[str], Callable[[], Store]], examples: int, request: pytest.FixtureRequest
) -> None:
    url: str = request.getfixturevalue("sqlite_url" if copies is copies_of_file else "postgresql_url")
    migration.upgrade(url)
    with Store.open(url) as template:
        rule_sets.seed_baseline(template, small_rule_set(), keyring=KEYRING, now=NOON, note="for a test")
        if copies is copies_of_file:
            with template.engine.connect() as connection:
                connection.exec_driver_sql("pragma wal_checkpoint(truncate)")
    machine: Any = type("MachineOnCopies", (Machine,), {"fresh": staticmethod(copies(url)), "reached": Counter()})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    # Otherwise it would have shown nothing.
    assert machine.reached.keys() >= {"open", "published"}
