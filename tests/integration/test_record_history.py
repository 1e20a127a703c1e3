"""What is told of a record's past, on both databases: every change of it, in which draft, and what became of that."""

from __future__ import annotations

import pytest

from service.application import rule_sets
from service.application.draft_steps import DraftState
from service.application.drafts import Place
from service.application.record_history import RecordStep, history_of
from service.storage.session import Store
from tests.integration.control_room import ANN, BEA, NOON, PIA, REX, Room, at, guidance
from tests.integration.small_knowledge import small_rule_set
from tests.keys import KEYRING

HOW: Place = ("guidance", "how-to-test")
OTHER: Place = ("guidance", "another")


@pytest.fixture
def room(store: Store) -> Room:
    rule_sets.seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="for a test")
    return Room(store)


def told(room: Room, place: Place) -> list[RecordStep]:
    with room.store.reading() as session:
        return history_of(session, place)


def test_a_record_that_no_draft_touched_has_no_history(room: Room) -> None:
    assert told(room, HOW) == []


def test_every_change_is_told_with_its_draft_and_what_became_of_it(room: Room) -> None:
    first = room.open(ANN, "The first draft")
    first = room.put(ANN, at(first), HOW, guidance(HOW[1], "How to test"))
    first = room.put(ANN, at(first), HOW, guidance(HOW[1], "How to test better"))
    first = room.put(ANN, at(first), OTHER, guidance(OTHER[1], "Something else"))
    first = room.submit(ANN, at(first))
    first = room.approve(REX, at(first), str(first.digest))
    room.publish(PIA, at(first), str(first.digest))
    second = room.open(BEA, "The second draft")
    room.withdraw(BEA, at(second), HOW)

    steps = told(room, HOW)
    said = {
        (step.draft_title, step.action, step.person, step.draft_state, step.published_as, step.counts) for step in steps
    }
    assert said == {
        ("The first draft", "create", "person/ann-author", DraftState.PUBLISHED, 2, False),
        ("The first draft", "revise", "person/ann-author", DraftState.PUBLISHED, 2, True),
        ("The second draft", "withdraw", "person/bea-both", DraftState.OPEN, None, True),
    }
    assert len(steps) == 3
    assert [step.action for step in steps if step.draft_title == "The first draft"] == ["revise", "create"]


def test_drafts_are_counted_by_state(room: Room) -> None:
    room.open(ANN)
    discarded = room.open(ANN)
    room.discard(ANN, at(discarded))
    with room.store.reading() as session:
        counts = room.drafts.counts(session)
    assert counts == {**dict.fromkeys(DraftState, 0), DraftState.OPEN: 1, DraftState.DISCARDED: 1}
