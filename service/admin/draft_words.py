"""What pages say of a draft's state: what it means, what happens next, and why a step cannot be taken. Words only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from service.application.draft_steps import DraftState, DraftStep, SignatureDecision
from service.application.draft_views import DraftEntry
from service.application.principals import Permission

STEPS: Final[dict[DraftStep, str]] = {
    DraftStep.EDIT: "Change a record",
    DraftStep.SUBMIT: "Hand in for review",
    DraftStep.APPROVE: "Approve",
    DraftStep.RETURN: "Return to the authors",
    DraftStep.PUBLISH: "Publish",
    DraftStep.REBASE: "Take over what answers now",
    DraftStep.DISCARD: "Discard",
}
WAITS: Final[dict[DraftStep, str]] = {
    DraftStep.PUBLISH: "Ready to be published by you",
    DraftStep.APPROVE: "Waits for your review",
    DraftStep.EDIT: "Yours, being worked on",
}
_WHO: Final = {
    Permission.DRAFT: "an author",
    Permission.COMMENT: "an author, a reviewer or a publisher",
    Permission.REVIEW: "a reviewer",
    Permission.PUBLISH: "a publisher",
}
_NEEDS: Final = re.compile(r"it needs .* \(permission (\S+)\)")


@dataclass(frozen=True, slots=True)
class Button:
    """A step as a page offers it, or says why it cannot be taken."""

    step: DraftStep
    label: str
    why_not: str | None
    main: bool


def happens_next(entry: DraftEntry) -> str:
    """Where the draft stands and what has to happen next."""
    if entry.state is DraftState.OPEN:
        return _open(entry)
    if entry.state is DraftState.SUBMITTED:
        needed = entry.approvals_needed
        persons = "a second person" if needed == 1 else f"{needed} more persons"
        return f"It was handed in. Next: {persons} who wrote nothing in it reviews it, and approves or returns it."
    if entry.state is DraftState.APPROVED and not entry.base_answers:
        return "It was approved, but another rule set answers by now. Next: an author takes that one over as the base."
    return _LAST[entry.state].format(number=entry.published_as)


_LAST: Final[dict[DraftState, str]] = {
    DraftState.APPROVED: "It was approved. Next: a publisher publishes it, and it answers within two seconds.",
    DraftState.PUBLISHED: "It was published as rule set {number}. Nothing more can be done with it.",
    DraftState.DISCARDED: "It was given up. What was written stays readable; nothing more can be done with it.",
}


def _open(entry: DraftEntry) -> str:
    if not entry.changes:
        return "It changes nothing yet. Next: an author changes a record in it."
    returned = bool(entry.signatures) and entry.signatures[-1].decision is SignatureDecision.RETURNED
    start = "A reviewer gave it back; the reason stands below." if returned else "It is being worked on."
    if not entry.base_answers:
        return f"{start} Another rule set answers by now. Next: an author takes that one over, then hands the draft in."
    return f"{start} Next: an author hands it in for review, once the gate finds nothing."


def buttons(entry: DraftEntry) -> list[Button]:
    """The steps that a page offers, the next one first; those that make no sense from here are left out."""
    found = []
    main = _main(entry)
    for one in entry.steps:
        if one.step is DraftStep.EDIT or not _makes_sense(entry, one.step):
            continue
        why = one.why_not
        if why is None and one.step is DraftStep.PUBLISH and not entry.base_answers:
            why = "another rule set answers by now than the one it was reviewed against"
        found.append(Button(one.step, STEPS[one.step], None if why is None else why_in_words(why), one.step is main))
    return sorted(found, key=lambda button: not button.main)


def _main(entry: DraftEntry) -> DraftStep | None:
    if not entry.base_answers and entry.state in {DraftState.OPEN, DraftState.APPROVED}:
        return DraftStep.REBASE
    return {
        DraftState.OPEN: DraftStep.SUBMIT,
        DraftState.SUBMITTED: DraftStep.APPROVE,
        DraftState.APPROVED: DraftStep.PUBLISH,
    }.get(entry.state)


def _makes_sense(entry: DraftEntry, step: DraftStep) -> bool:
    if entry.state in {DraftState.PUBLISHED, DraftState.DISCARDED}:
        return False
    if step is DraftStep.REBASE:
        return not entry.base_answers
    if step is DraftStep.SUBMIT:
        return entry.state is DraftState.OPEN
    return not (step in {DraftStep.APPROVE, DraftStep.RETURN} and entry.state is DraftState.OPEN)


def why_in_words(why: str) -> str:
    """Why a step cannot be taken, for people: the table of steps says which permission is missing, this who has it."""
    missing = _NEEDS.fullmatch(why)
    if missing is not None:
        who = _WHO.get(Permission(missing[1]), "somebody else")
        return f"Only {who} can do this."
    return f"{why[0].upper()}{why[1:]}."
