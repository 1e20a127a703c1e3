"""What has happened to one record: the changes that drafts made of it, and in which rule set each came to answer.

It reads and changes nothing. What was in the rule set with which a store began has no change here.
"""

from dataclasses import dataclass
from datetime import datetime

from service.application.draft_steps import DraftState
from service.application.record_search import Place
from service.storage import drafts
from service.storage.session import Transaction


@dataclass(frozen=True, slots=True)
class RecordStep:
    """One change of a record in a draft. ``counts``: it is the draft's last word on the record."""

    at: datetime
    person: str
    action: str
    reason: str
    draft_id: str
    draft_title: str
    draft_state: DraftState
    published_as: int | None
    counts: bool


def history_of(session: Transaction, place: Place) -> list[RecordStep]:
    """Every change of a record, the newest first."""
    steps: list[RecordStep] = []
    seen: set[str] = set()
    for change, draft in drafts.changes_of_record(session, *place):
        steps.append(
            RecordStep(
                at=change.at,
                person=change.person,
                action=change.action,
                reason=change.reason,
                draft_id=draft.id,
                draft_title=draft.title,
                draft_state=DraftState(draft.state),
                published_as=draft.published_number,
                counts=draft.id not in seen,
            )
        )
        seen.add(draft.id)
    return steps
