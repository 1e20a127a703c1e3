"""What people say about a draft: kept in order, about what there is, never changed. On both databases."""

from __future__ import annotations

import pytest

from service.application.draft_reading import Act
from service.application.draft_views import CommentEntry
from service.application.principals import Principal
from service.application.rule_sets import seed_baseline
from service.errors import IllegalStep, NotThere
from service.storage.session import Store
from tests.integration.control_room import ANN, NOON, REX, Room, at, guidance
from tests.integration.small_knowledge import small_rule_set
from tests.keys import KEYRING


@pytest.fixture
def room(store: Store) -> Room:
    seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="first")
    return Room(store)


def say(room: Room, draft_id: str, who: Principal, text: str, place: tuple[str, str] | None = None) -> CommentEntry:
    return room.write(lambda session: room.control.comments.add(session, draft_id, place, Act(who, text, NOON)))


def listed(room: Room, draft_id: str) -> list[CommentEntry]:
    with room.store.reading() as session:
        return room.control.comments.listed(session, draft_id)


def test_comments_stand_in_order_with_who_and_about_what(room: Room) -> None:
    draft = room.open(ANN)
    draft = room.put(ANN, at(draft), ("guidance", "how-to-test"), guidance("how-to-test", "How to test"))
    say(room, draft.id, REX, "Is this so of tablets?", ("guidance", "how-to-test"))
    say(room, draft.id, ANN, "It is.\nSee page 4.")
    say(room, draft.id, REX, "Its base has this one.", ("substances", "furosemide"))
    found = listed(room, draft.id)
    assert [(one.record, one.text, one.name, one.revision) for one in found] == [
        ("guidance/how-to-test", "Is this so of tablets?", REX.name, draft.revision),
        (None, "It is.\nSee page 4.", ANN.name, draft.revision),
        ("substances/furosemide", "Its base has this one.", REX.name, draft.revision),
    ]


def test_a_comment_changes_nothing_of_the_draft(room: Room) -> None:
    draft = room.put(ANN, at(room.open(ANN)), ("guidance", "how-to-test"), guidance("how-to-test", "How to test"))
    draft = room.submit(ANN, at(draft))
    approved = room.approve(REX, at(draft), draft.digest or "")
    say(room, draft.id, REX, "Signed, with one wish for the next time.")
    after = room.entry(draft.id)
    assert (after.state, after.revision, after.digest) == (approved.state, approved.revision, approved.digest)
    assert [one.counts for one in after.signatures] == [True]


@pytest.mark.parametrize("place", [("guidance", "nothing"), ("nonsense", "furosemide"), ("substances", "ghost")])
def test_what_is_not_there_is_not_talked_about(room: Room, place: tuple[str, str]) -> None:
    draft = room.open(ANN)
    with pytest.raises(NotThere):
        say(room, draft.id, REX, "About nothing.", place)
    assert listed(room, draft.id) == []


def test_there_is_nothing_to_say_of_no_draft(room: Room) -> None:
    with pytest.raises(NotThere):
        say(room, "00000099-0000-4000-8000-000000000000", REX, "Hello?")
    with pytest.raises(NotThere):
        listed(room, "00000099-0000-4000-8000-000000000000")


def test_a_draft_that_is_over_is_not_talked_about_any_more(room: Room) -> None:
    draft = room.open(ANN)
    say(room, draft.id, REX, "While it was open.")
    room.discard(ANN, at(draft))
    with pytest.raises(IllegalStep, match="discarded"):
        say(room, draft.id, REX, "Too late.")
    assert [one.text for one in listed(room, draft.id)] == ["While it was open."]
