"""A process that publishes and rolls back until it is killed, and tells through a pipe how far it is.

It is forked from one that has loaded and made everything before, so that a thousand of them take minutes. It tells
``begin`` before each wish, ``inside`` when it holds the write lock, and ``done`` with the number once that is promised.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import sys
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session

from rules.canonical import canonical_json
from rules.model import RuleSet
from service.application import audit
from service.application import rule_sets as verbs
from service.application.once import Answer, Wish, once
from service.application.packed import pack
from service.application.signatures import sign
from service.storage import rule_sets
from service.storage.session import Store
from service.storage.tables import RuleSetRow
from tests.integration.small_knowledge import small_rule_set
from tests.keys import KEYRING

TITLES = 24
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Made:
    """A rule set with its bytes, made once."""

    rule_set: RuleSet
    canonical: bytes
    digest: str


def make_all() -> list[Made]:
    """Rule sets that differ in one title."""
    made = []
    for number in range(TITLES):
        rule_set = small_rule_set(title=f"Title {number}")
        canonical = canonical_json(rule_set)
        made.append(Made(rule_set, canonical, hashlib.sha256(canonical).hexdigest()))
    return made


class WatchedStore(Store):
    """A store that tells when a transaction holds the write lock."""

    tell: Tell = staticmethod(lambda _: None)
    # A planted fault: tell that all is done before it is, as a service that answers before the commit would.
    early = False

    @contextmanager
    def writing(self) -> Generator[Session]:
        """As ever."""
        with super().writing() as session:
            self.tell("inside")
            yield session
            if self.early:
                number = rule_sets.last_number(session)
                self.tell(f"done {number} {(rule_sets.active_reference(session) or (0, ''))[1]}")


def now() -> datetime:
    """The moment."""
    return datetime.now(UTC)


def publish_or_roll_back(store: Store, made: list[Made], chance: random.Random) -> verbs.Publication:
    """One wish: two of three times a new content, else the content of a former number."""
    with store.reading() as session:
        active = rule_sets.active_reference(session)
    if active is not None and active[0] > 3 and chance.random() < 1 / 3:
        former = chance.randint(1, active[0] - 1)
        return verbs.roll_back(store, former, author="ben", note="back", now=now(), keyring=KEYRING)
    content = chance.choice([one for one in made if active is None or one.digest != active[1]])
    based_on = None if active is None else active[0]
    return verbs.publish(
        store, content.rule_set, based_on=based_on, author="anna", note="next", now=now(), keyring=KEYRING
    )


def in_two_transactions(store: Store, made: list[Made], chance: random.Random) -> verbs.Publication:
    """A planted fault: the rule set is committed before it answers and before anything tells of it."""
    with store.writing() as session:
        active = rule_sets.active_reference(session)
        content = chance.choice([one for one in made if active is None or one.digest != active[1]])
        row = RuleSetRow(
            number=rule_sets.last_number(session) + 1,
            schema_version=1,
            digest=content.digest,
            content=pack(content.canonical),
            record_counts=verbs.record_counts(content.rule_set),
            created_at=now(),
            author="eve",
            note="half",
        )
        number, digest = row.number, row.digest
        rule_sets.add(session, row)
        sign(session, row, KEYRING, now=now())
    with store.writing() as session:
        rule_sets.activate(session, number, author="eve", note="half", now=now())
        audit.record(
            session,
            person="eve",
            action="publish",
            subject=f"rule_set/{number}",
            reason="half",
            before=None,
            after={"number": number, "digest": digest},
            now=now(),
        )
    return verbs.Publication(number, digest, created=True)


def wish_of(key: str) -> Wish:
    """A wish to publish under an idempotency key."""
    return Wish("tester", key, hashlib.sha256(key.encode()).hexdigest())


def publish_once(store: Store, made: Made, key: str) -> Answer:
    """Publish under a key, as a request does that may be sent again: what is done and its answer in one transaction."""

    def act(session: Session) -> Answer:
        done = verbs.publish_reviewed(
            session,
            made.rule_set,
            made.canonical,
            made.digest,
            author="anna",
            note=key,
            now=now(),
            keyring=KEYRING,
        )
        # Something that no second run would say again.
        content = json.dumps({"number": done.number, "by": os.getpid()})
        return Answer(201, content, location=f"/v1/rule-sets/{done.number}")

    return once(store, wish_of(key), now(), act)


def run_child(out: int, work: Callable[[Tell], None]) -> None:
    """The life of a child after the fork; it never returns."""

    def tell(what: str) -> None:
        os.write(out, f"{what}\n".encode())

    try:
        work(tell)
    except BaseException:  # noqa: BLE001 - whatever it is, the parent must hear of it
        tell("failed " + json.dumps(traceback.format_exc()))
        sys.stderr.flush()
    finally:
        os._exit(0)
