"""A draft on its way, on both databases: what each step does, what it leaves as it was, and who may take it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest

from rules.canonical import digest as digest_of
from service.application import audit, rule_sets
from service.application.draft_content import Content
from service.application.draft_steps import DraftState, DraftStep
from service.application.draft_views import DraftEntry
from service.application.drafts import MADE_BY_AUTHOR, NAMED_AS_AUTHOR, Place, Policy
from service.application.gate_room import judge_elsewhere
from service.application.principals import Role
from service.errors import (
    ChangedMeanwhile,
    GateRefused,
    IllegalStep,
    NotThere,
    RecordInvalid,
    RuleSetMoved,
    ServiceError,
)
from service.storage import audit as audit_rows
from service.storage import rule_sets as rows
from service.storage.session import Store
from service.storage.tables import PersonRow
from tests.forms import LONG
from tests.integration.control_room import (
    ANN,
    ANNS_KEY,
    BEA,
    EVE,
    NOON,
    ODA,
    PIA,
    REX,
    Room,
    at,
    guidance,
    person,
)
from tests.integration.small_knowledge import small_rule_set
from tests.keys import KEYRING

# Of an edit and an approval in the same moment.
ROUNDS = 200 if LONG else 20

HOW: Place = ("guidance", "how-to-test")


@pytest.fixture
def room(store: Store) -> Room:
    rule_sets.seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="for a test")
    return Room(store)


def edited(room: Room, title: str = "How to test", place: Place = HOW) -> DraftEntry:
    opened = room.open(ANN)
    return room.put(ANN, at(opened), place, guidance(place[1], title))


def submitted(room: Room, title: str = "How to test") -> DraftEntry:
    return room.submit(ANN, at(edited(room, title)))


def approved(room: Room, title: str = "How to test") -> DraftEntry:
    entry = submitted(room, title)
    return room.approve(REX, at(entry), str(entry.digest))


def actions(store: Store) -> list[str]:
    with store.reading() as session:
        return [row.action for row in audit_rows.in_order(session)]


def active(store: Store) -> int | None:
    with store.reading() as session:
        return rows.active_number(session)


# --- the whole way ----------------------------------------------------------------------------------------------------


def test_from_open_to_published(room: Room) -> None:
    opened = room.open(ANN, "Testing")
    assert (opened.state, opened.revision, opened.base, opened.changes) == (DraftState.OPEN, 1, 1, [])
    assert opened.opened_by == "person/ann-author"
    entry = room.put(ANN, at(opened), HOW, guidance("how-to-test", "How to test"))
    assert [(one.kind, one.id, one.change) for one in entry.changes] == [("guidance", "how-to-test", "created")]
    entry = room.submit(ANN, at(entry))
    assert entry.state is DraftState.SUBMITTED
    made = room.rule_set(1).model_copy(update={"guidance": (*room.rule_set(1).guidance, _guidance(room, entry))})
    assert entry.digest == digest_of(made)
    entry = room.approve(REX, at(entry), str(entry.digest))
    assert (entry.state, entry.approvals_needed) == (DraftState.APPROVED, 0)
    assert [(one.name, one.decision, one.meaning, one.counts) for one in entry.signatures] == [
        ("Rex-Reviewer", "approved", "approved", True)
    ]
    signed = entry.digest
    entry = room.publish(PIA, at(entry), str(signed))
    assert (entry.state, entry.published_as) == (DraftState.PUBLISHED, 2)
    assert active(room.store) == 2
    assert Content.of(room.rule_set(2)).digest == signed
    assert [record.id for record in room.rule_set(2).guidance] == ["how-to-test"]
    assert actions(room.store) == [
        "publish",
        "draft_open",
        "record_create",
        "draft_submit",
        "draft_approve",
        "publish",
        "draft_publish",
    ]
    assert audit.verify_trail(room.store).bad is None


def _guidance(room: Room, entry: DraftEntry) -> object:
    with room.store.reading() as session:
        _, content = room.drafts.content(session, entry.id)
    return content.rule_set.guidance[-1]


def test_a_record_is_revised_withdrawn_and_taken_back(room: Room) -> None:
    place: Place = ("classes", "unused-class")
    opened = room.open(ANN)
    with room.store.reading() as session:
        before = room.drafts.record(session, opened.id, place)
    assert before.document == before.base
    entry = room.put(ANN, at(opened), place, {**before.document, "name": "Another name"})
    with room.store.reading() as session:
        revised = room.drafts.record(session, opened.id, place)
    assert [(field.pointer, field.before, field.after) for field in revised.fields] == [
        ("/name", "Unused class", "Another name")
    ]
    entry = room.withdraw(ANN, at(entry), place)
    assert [one.change for one in entry.changes] == ["withdrawn"]
    with pytest.raises(IllegalStep, match="withdrawn already"):
        room.withdraw(ANN, at(entry), place)
    entry = room.undo(ANN, at(entry), place)
    assert entry.changes == []
    with pytest.raises(NotThere):
        room.undo(ANN, at(entry), place)
    with pytest.raises(IllegalStep, match="changes nothing"):
        room.submit(ANN, at(entry))


def test_the_same_content_again_is_no_change(room: Room) -> None:
    entry = edited(room)
    again = room.put(ANN, at(entry), HOW, guidance("how-to-test", "How to test"))
    assert again == room.entry(entry.id, ANN) == entry


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"id": "how-to-test"}, "/last_reviewed_on"),
        (guidance("another-id", "How to test"), "/id"),
        (guidance("how-to-test", "How to test", surprise=1), ""),  # a key that is not allowed is not repeated
        (guidance("how-to-test", "How to test", last_reviewed_on="2026-02-30"), "/last_reviewed_on"),
        ([], ""),
    ],
)
def test_a_record_that_does_not_fit_is_refused_with_its_place(room: Room, document: object, pointer: str) -> None:
    opened = room.open(ANN)
    with pytest.raises(RecordInvalid) as refused:
        room.put(ANN, at(opened), HOW, document)
    assert pointer in [place for place, _ in refused.value.problems]
    assert room.entry(opened.id).revision == 1


def test_unknown_things_are_not_there(room: Room) -> None:
    opened = room.open(ANN)
    with pytest.raises(NotThere, match="guidance"):
        room.put(ANN, at(opened), ("potions", "x"), {})
    with pytest.raises(NotThere):
        room.withdraw(ANN, at(opened), ("guidance", "no-such"))
    with pytest.raises(NotThere):
        room.entry("00000000-0000-4000-8000-000000000000")


# --- four eyes --------------------------------------------------------------------------------------------------------


def test_an_author_never_approves(room: Room) -> None:
    entry = room.put(BEA, at(edited(room)), ("guidance", "another"), guidance("another", "Another"))
    entry = room.submit(ANN, at(entry))
    for one in (BEA, person("ann-author", Role.AUTHOR, Role.REVIEWER)):
        with pytest.raises(IllegalStep, match="second person"):
            room.approve(one, at(entry), str(entry.digest))
    assert room.entry(entry.id).state is DraftState.SUBMITTED


def test_a_second_key_is_no_second_person(room: Room) -> None:
    opened = room.open(ANNS_KEY)
    entry = room.put(ANNS_KEY, at(opened), HOW, guidance("how-to-test", "How to test"))
    entry = room.submit(ANNS_KEY, at(entry))
    with pytest.raises(IllegalStep, match="second person"):
        room.approve(person("ann-author", Role.REVIEWER), at(entry), str(entry.digest))


def test_an_edit_voids_approvals_and_an_old_one_does_not_come_back(room: Room) -> None:
    entry = approved(room)
    first = str(entry.digest)
    entry = room.put(ANN, at(entry), HOW, guidance("how-to-test", "Changed after approval"))
    assert (entry.state, entry.digest, entry.approvals_needed) == (DraftState.OPEN, None, 1)
    assert [one.counts for one in entry.signatures] == [False]
    # The very content that was approved before, submitted anew: it has the same digest and needs a new signature.
    entry = room.put(ANN, at(entry), HOW, guidance("how-to-test", "How to test"))
    entry = room.submit(ANN, at(entry))
    assert (entry.digest, entry.state, entry.approvals_needed) == (first, DraftState.SUBMITTED, 1)
    with pytest.raises(IllegalStep):
        room.publish(PIA, at(entry), first)


def test_an_approval_is_of_exactly_what_was_shown(room: Room) -> None:
    entry = submitted(room)
    with pytest.raises(ChangedMeanwhile):
        room.approve(REX, at(entry), "0" * 64)
    assert room.entry(entry.id).signatures == []


def test_two_approvals_where_two_are_asked_for(store: Store) -> None:
    rule_sets.seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="for a test")
    room = Room(store, Policy(approvals=2))
    entry = submitted(room)
    entry = room.approve(REX, at(entry), str(entry.digest))
    assert (entry.state, entry.approvals_needed) == (DraftState.SUBMITTED, 1)
    with pytest.raises(IllegalStep, match="already"):
        room.approve(REX, at(entry), str(entry.digest))
    entry = room.approve(ODA, at(entry), str(entry.digest))
    assert (entry.state, entry.approvals_needed) == (DraftState.APPROVED, 0)


def test_a_reviewer_whose_account_the_author_made_is_flagged(room: Room) -> None:
    with room.store.writing() as session:
        session.add(
            PersonRow(
                id="rex-reviewer",
                login="rex",
                name="Rex",
                roles=["reviewer"],
                created_by="person/ann-author",
                created_at=NOON,
            )
        )
    assert approved(room).signatures[0].flags == [MADE_BY_AUTHOR]


@pytest.mark.parametrize(
    ("author", "reviewer", "flagged"),
    [
        (("ann", "Ann Author"), ("rex", "Rex Reviewer"), False),
        (("ann", "Ann Author"), ("rex", "AUTHOR, Ánn"), True),
        (("ann", "Ann"), ("ann+0123456789ab@id.example", "A. Author"), True),
        (("ann@hospital.example", "Ann"), ("ann+0123456789ab@id.example", "A. Author"), True),
        (("ann", "Ann"), ("anna+0123456789ab@id.example", "Anna"), False),
    ],
)
def test_a_reviewer_who_may_be_the_author_under_another_account_is_flagged(
    room: Room,
    author: tuple[str, str],
    reviewer: tuple[str, str],
    flagged: bool,  # noqa: FBT001
) -> None:
    with room.store.writing() as session:
        for person_id, (login, name) in (("ann-author", author), ("rex-reviewer", reviewer)):
            row = PersonRow(id=person_id, login=login, name=name, roles=[], created_by="operator", created_at=NOON)
            session.add(row)
    assert approved(room).signatures[0].flags == ([NAMED_AS_AUTHOR] if flagged else [])


def test_returned_with_reason(room: Room) -> None:
    entry = approved(room)
    entry = room.give_back(BEA, at(entry), str(entry.digest))
    assert (entry.state, entry.digest) == (DraftState.OPEN, None)
    assert [(one.decision, one.counts) for one in entry.signatures] == [("approved", False), ("returned", False)]


# --- the gate ---------------------------------------------------------------------------------------------------------


def test_a_draft_that_fails_its_cases_is_not_submitted(room: Room) -> None:
    entry = edited(room, "This fails")
    with pytest.raises(GateRefused, match="1 of 1 worked cases"):
        room.submit(ANN, at(entry))
    assert room.entry(entry.id).state is DraftState.OPEN


def test_an_impact_above_the_limit_has_to_be_accepted(room: Room) -> None:
    entry = approved(room, "A surprise")
    with pytest.raises(GateRefused, match="9 of 100 lists"):
        room.publish(PIA, at(entry), str(entry.digest))
    assert active(room.store) == 1
    assert room.publish(PIA, at(entry), str(entry.digest), accepted=True).published_as == 2


def test_the_real_gate_names_what_is_wrong(room: Room) -> None:
    """In a process of its own, as in the service: a citation that does not exist."""
    wrong = guidance("how-to-test", "How to test", citations=[{"citation": "a-label", "supports": "everything"}])
    draft_id = room.put(ANN, at(room.open(ANN)), HOW, wrong).id
    with room.store.reading() as session:
        _, content = room.drafts.content(session, draft_id)
    report = judge_elsewhere(room.control.shelf.get(1), content, date(2026, 11, 22), {})
    assert any("a-label" in problem.detail for problem in report.problems)
    same = judge_elsewhere(room.control.shelf.get(1), room.control.shelf.get(1), date(2026, 11, 22), {})
    assert same.impact is None or same.impact.changed == []


# --- others at work ---------------------------------------------------------------------------------------------------


def test_nothing_is_overwritten_unseen(room: Room) -> None:
    entry = edited(room)
    stale = at(entry)
    room.put(BEA, stale, HOW, guidance("how-to-test", "Bea was here"))
    with pytest.raises(ChangedMeanwhile, match="revision 3"):
        room.put(ANN, stale, HOW, guidance("how-to-test", "Ann did not see it"))
    with pytest.raises(ChangedMeanwhile):
        room.submit(ANN, stale)
    with room.store.reading() as session:
        assert room.drafts.record(session, entry.id, HOW).document["title"] == "Bea was here"


def test_a_draft_whose_base_has_moved_is_rebased_and_reviewed_again(room: Room) -> None:
    first, second = approved(room, "First"), approved(room, "Second")
    room.publish(PIA, at(first), str(first.digest))
    with pytest.raises(RuleSetMoved):
        room.publish(PIA, at(second), str(second.digest))
    with pytest.raises(IllegalStep, match="guidance/how-to-test"):
        room.rebase(ANN, at(second), [])
    rebased = room.rebase(ANN, at(second), [HOW])
    assert (rebased.state, rebased.base, rebased.base_answers) == (DraftState.OPEN, 2, True)
    assert [one.change for one in rebased.changes] == ["revised"]
    entry = room.submit(ANN, at(rebased))
    entry = room.approve(REX, at(entry), str(entry.digest))
    assert room.publish(PIA, at(entry), str(entry.digest)).published_as == 3
    assert room.rule_set(3).guidance[0].title == "Second"
    with pytest.raises(IllegalStep, match="base"):
        room.rebase(ANN, at(room.open(ANN)), [])


def test_changes_elsewhere_do_not_hinder_a_rebase(room: Room) -> None:
    first = approved(room, "First")
    other = edited(room, "Other", ("guidance", "other"))
    room.publish(PIA, at(first), str(first.digest))
    assert room.rebase(ANN, at(other), []).base == 2


def test_fifty_publishers_at_once(room: Room) -> None:
    """One wins; the others are told, and nothing of theirs is there."""
    entry = approved(room)
    start = Barrier(10)

    def publish(_: int) -> str:
        if start.n_waiting < start.parties:
            start.wait(20)
        try:
            return str(room.publish(PIA, at(entry), str(entry.digest)).published_as)
        except ServiceError as refused:
            return refused.code

    with ThreadPoolExecutor(10) as pool:
        outcomes = list(pool.map(publish, range(50)))
    assert outcomes.count("2") == 1
    assert set(outcomes) - {"2"} <= {"illegal-step", "precondition-failed", "store-busy", "store-unavailable"}
    assert active(room.store) == 2
    assert actions(room.store).count("draft_publish") == 1
    assert audit.verify_trail(room.store).bad is None


def test_editing_and_approving_at_once(room: Room) -> None:
    """Whichever comes first, no approval is of anything but what stands there."""
    for number in range(ROUNDS):
        entry = submitted(room, f"Title {number}")
        start = Barrier(2)

        def edit(entry: DraftEntry = entry, start: Barrier = start) -> None:
            start.wait(20)
            room.put(ANN, at(entry), HOW, guidance("how-to-test", "Edited in the same moment"))

        def approve(entry: DraftEntry = entry, start: Barrier = start) -> None:
            start.wait(20)
            room.approve(REX, at(entry), str(entry.digest))

        with ThreadPoolExecutor(2) as pool:
            both = [pool.submit(edit), pool.submit(approve)]
            outcomes = [one.exception() for one in both]
        now = room.entry(entry.id)
        assert [outcome is None for outcome in outcomes].count(True) == 1
        loser = next(outcome for outcome in outcomes if outcome is not None)
        assert isinstance(loser, ChangedMeanwhile | IllegalStep)
        if now.state is DraftState.APPROVED:
            assert now.digest == entry.digest
        else:
            assert [one.counts for one in now.signatures if one.counts] == []


# --- what somebody sees -----------------------------------------------------------------------------------------------


def test_an_entry_says_what_one_may_do_and_why_not(room: Room) -> None:
    entry = submitted(room)
    steps = {one.step: one for one in room.entry(entry.id, REX).steps}
    assert steps[DraftStep.APPROVE].allowed
    assert "approved" in str(steps[DraftStep.PUBLISH].why_not) or "permission" in str(steps[DraftStep.PUBLISH].why_not)
    assert not any(one.allowed for one in room.entry(entry.id, EVE).steps)


def test_lists_come_in_pages_by_state(room: Room) -> None:
    ids = [edited(room).id for _ in range(3)]
    room.discard(ANN, at(room.entry(ids[0])))
    with room.store.reading() as session:
        page, total = room.drafts.listed(session, state=DraftState.OPEN, limit=1, offset=1)
        everything, count = room.drafts.listed(session, state=None, limit=10, offset=0)
    assert (len(page), total, len(everything), count) == (1, 2, 3, 3)


def test_discarded_for_good(room: Room) -> None:
    entry = room.discard(ANN, at(approved(room)))
    assert (entry.state, entry.digest) == (DraftState.DISCARDED, None)
    with pytest.raises(IllegalStep):
        room.put(ANN, at(entry), HOW, guidance("how-to-test", "Too late"))


def test_a_store_without_rule_sets_has_nothing_to_start_from(store: Store) -> None:
    with pytest.raises(IllegalStep, match="db upgrade"):
        Room(store).open(ANN)


# --- retiring ---------------------------------------------------------------------------------------------------------


def test_retired_content_never_answers_again(room: Room) -> None:
    entry = approved(room)
    room.publish(PIA, at(entry), str(entry.digest))

    def retire(number: int) -> None:
        with room.store.writing() as session:
            rule_sets.retire(session, number, author="person/pia", reason="Wrong", now=NOON)

    with pytest.raises(IllegalStep, match="answers now"):
        retire(2)
    rule_sets.roll_back(room.store, 1, author="person/pia", note="Back", now=NOON, keyring=KEYRING)
    retire(2)
    with pytest.raises(IllegalStep, match="before"):
        retire(2)
    with pytest.raises(IllegalStep, match="never answers again"):
        rule_sets.roll_back(room.store, 2, author="person/pia", note="Forth", now=NOON, keyring=KEYRING)
    # The same content by way of a draft is the same content.
    again = approved(room)
    with pytest.raises(IllegalStep, match="retired"):
        room.publish(PIA, at(again), str(again.digest))
    assert active(room.store) == 3
