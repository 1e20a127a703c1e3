"""The life of a draft as one table: which step leads from which state to which, and who may take it.

It knows the rules of the game and touches nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from service.application.principals import Permission, Principal, PrincipalKind, roles_for


class DraftState(StrEnum):
    """Where a draft stands; the last two are for good."""

    OPEN = "open"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    PUBLISHED = "published"
    DISCARDED = "discarded"


class DraftStep(StrEnum):
    """What can be done with a draft."""

    EDIT = "edit"
    REBASE = "rebase"
    SUBMIT = "submit"
    APPROVE = "approve"
    RETURN = "return"
    PUBLISH = "publish"
    DISCARD = "discard"


class SignatureMeaning(StrEnum):
    """What a reviewer's signature says; `rejected` goes with a draft that is returned."""

    REVIEWED = "reviewed"
    APPROVED = "approved"
    REJECTED = "rejected"


class ApprovalMeaning(StrEnum):
    """What the signature under an approval says."""

    REVIEWED = "reviewed"
    APPROVED = "approved"


class SignatureDecision(StrEnum):
    """What a reviewer decided."""

    APPROVED = "approved"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Rule:
    """From where a step may be taken, and what one must be allowed to do."""

    states: frozenset[DraftState]
    permission: Permission


_LIVE = frozenset({DraftState.OPEN, DraftState.SUBMITTED, DraftState.APPROVED})
_REVIEWED = frozenset({DraftState.SUBMITTED, DraftState.APPROVED})
RULES: Mapping[DraftStep, Rule] = MappingProxyType(
    {
        # Whoever changes what was submitted or approved takes it back into work: no signature outlives an edit.
        DraftStep.EDIT: Rule(_LIVE, Permission.DRAFT),
        DraftStep.REBASE: Rule(_LIVE, Permission.DRAFT),
        DraftStep.SUBMIT: Rule(frozenset({DraftState.OPEN}), Permission.DRAFT),
        DraftStep.APPROVE: Rule(frozenset({DraftState.SUBMITTED}), Permission.REVIEW),
        DraftStep.RETURN: Rule(_REVIEWED, Permission.REVIEW),
        DraftStep.PUBLISH: Rule(frozenset({DraftState.APPROVED}), Permission.PUBLISH),
        DraftStep.DISCARD: Rule(_LIVE, Permission.DRAFT),
    }
)
_SIGNING = frozenset({DraftStep.APPROVE, DraftStep.RETURN, DraftStep.PUBLISH})


def who(principal: Principal) -> str:
    """The person behind somebody who asks, for whom all their keys stand; without one, the key or service itself."""
    return principal.id if principal.person_id is None else f"person/{principal.person_id}"


@dataclass(frozen=True, slots=True)
class Situation:
    """What of a draft decides about steps: its state, who has written in it, and who has signed this submission."""

    state: DraftState
    authors: frozenset[str]
    approvers: frozenset[str]
    changes: int


def refusal(step: DraftStep, situation: Situation, principal: Principal) -> str | None:
    """Why somebody may not take a step now, in words; None: they may."""
    rule = RULES[step]
    if not principal.may(rule.permission):
        return f"it needs {roles_for(rule.permission)} (permission {rule.permission})"
    if situation.state not in rule.states:
        states = " or ".join(sorted(rule.states))
        return f"the draft is {situation.state}, and only one that is {states} can take this step"
    if step in _SIGNING and principal.kind in {PrincipalKind.KEY, PrincipalKind.SERVICE}:
        return "only a person can sign, not a key or a service"
    if step is DraftStep.SUBMIT and situation.changes == 0:
        return "the draft changes nothing"
    return _second_person(who(principal), situation) if step is DraftStep.APPROVE else None


def _second_person(person: str, situation: Situation) -> str | None:
    """Why this person is not the second pair of eyes that an approval needs."""
    if person in situation.authors:
        return "somebody who has written in a draft cannot approve it; a second person has to"
    return "this person has approved it already" if person in situation.approvers else None
