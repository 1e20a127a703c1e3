"""Every step from every state by every kind of person, held against a table written by hand."""

import itertools

import pytest

from service.application.draft_steps import DraftState, DraftStep, Situation, refusal, who
from service.application.principals import Principal, PrincipalKind, Role

EVERYTHING = frozenset(Role)
# From which states which step may be taken at all: what the life of a draft is meant to be.
ALLOWED = {
    ("open", "edit"),
    ("open", "rebase"),
    ("open", "submit"),
    ("open", "discard"),
    ("submitted", "edit"),
    ("submitted", "rebase"),
    ("submitted", "approve"),
    ("submitted", "return"),
    ("submitted", "discard"),
    ("approved", "edit"),
    ("approved", "rebase"),
    ("approved", "return"),
    ("approved", "publish"),
    ("approved", "discard"),
}
NEEDED = {
    "edit": {Role.AUTHOR},
    "rebase": {Role.AUTHOR},
    "submit": {Role.AUTHOR},
    "discard": {Role.AUTHOR},
    "approve": {Role.REVIEWER},
    "return": {Role.REVIEWER},
    "publish": {Role.PUBLISHER},
}


def somebody(*roles: Role, kind: PrincipalKind = PrincipalKind.PERSON, person_id: str | None = "p1") -> Principal:
    return Principal(f"{kind}/x", "Somebody", kind, frozenset(roles), person_id=person_id)


def draft(
    state: DraftState,
    *,
    authors: frozenset[str] = frozenset(),
    approvers: frozenset[str] = frozenset(),
    changes: int = 1,
) -> Situation:
    return Situation(state, authors, approvers, changes)


@pytest.mark.parametrize(("state", "step"), list(itertools.product(DraftState, DraftStep)))
def test_steps_lead_only_from_where_they_should(state: DraftState, step: DraftStep) -> None:
    why = refusal(step, draft(state), somebody(*EVERYTHING))
    assert (why is None) == ((state.value, step.value) in ALLOWED)
    assert why is None or state.value in why


@pytest.mark.parametrize(("step", "role"), list(itertools.product(DraftStep, Role)))
def test_steps_are_for_those_who_may_take_them(step: DraftStep, role: Role) -> None:
    state = next(state for state, one in sorted(ALLOWED) if one == step.value)
    why = refusal(step, draft(DraftState(state)), somebody(role))
    assert (why is None) == (role in NEEDED[step.value])
    assert why is None or "permission" in why


@pytest.mark.parametrize("kind", [PrincipalKind.KEY, PrincipalKind.SERVICE])
@pytest.mark.parametrize("step", [DraftStep.APPROVE, DraftStep.RETURN, DraftStep.PUBLISH])
def test_only_persons_sign(kind: PrincipalKind, step: DraftStep) -> None:
    state = DraftState.APPROVED if step is DraftStep.PUBLISH else DraftState.SUBMITTED
    why = refusal(step, draft(state), somebody(*EVERYTHING, kind=kind))
    assert why == "only a person can sign, not a key or a service"


def test_an_author_does_not_approve_what_one_of_their_keys_has_written() -> None:
    key = somebody(Role.AUTHOR, kind=PrincipalKind.KEY, person_id="p1")
    written = draft(DraftState.SUBMITTED, authors=frozenset({who(key)}))
    assert "second person" in str(refusal(DraftStep.APPROVE, written, somebody(Role.REVIEWER, person_id="p1")))
    assert refusal(DraftStep.APPROVE, written, somebody(Role.REVIEWER, person_id="p2")) is None


def test_nobody_approves_twice() -> None:
    once = draft(DraftState.SUBMITTED, approvers=frozenset({"person/p1"}))
    assert "already" in str(refusal(DraftStep.APPROVE, once, somebody(Role.REVIEWER)))


def test_a_draft_without_changes_is_not_submitted() -> None:
    assert refusal(DraftStep.SUBMIT, draft(DraftState.OPEN, changes=0), somebody(Role.AUTHOR)) == (
        "the draft changes nothing"
    )
