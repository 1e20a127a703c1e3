"""Lets decisions and feedback go when their time is over. Totals of days stay: nobody is in them.

It deletes nothing that is younger than it is told, and what it did stands in the audit trail.
"""

from dataclasses import dataclass
from datetime import datetime

from service.application import audit
from service.storage import decisions
from service.storage.session import Store

AUTHOR = "retention"
# A transaction of some milliseconds, so that nobody who writes has to wait for it.
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Purged:
    """What went; ``done`` unless there is more."""

    decisions: int
    feedback: int
    done: bool


def purge(
    store: Store, before: datetime, *, now: datetime, author: str = AUTHOR, most_batches: int | None = None
) -> Purged:
    """Delete what is from before a moment, batch by batch.

    Raises:
        StoreUnavailable: the database cannot be reached; what went by then is gone.
    """
    gone = [0, 0]
    batches, told, done = 0, False, False
    while not done and (most_batches is None or batches < most_batches):
        with store.writing() as session:
            went = decisions.purge(session, before, _BATCH)
            if any(went) and not told:
                # With the first that goes: should the process end before the last has gone, it stands there already.
                audit.record(
                    session,
                    person=author,
                    action="purge",
                    subject="decision",
                    reason="Decisions and feedback are kept for as long as the settings say.",
                    before=None,
                    after={"from_before": before.isoformat()},
                    now=now,
                )
        told = told or any(went)
        gone = [gone[0] + went[0], gone[1] + went[1]]
        batches += 1
        done = max(went) < _BATCH
    return Purged(gone[0], gone[1], done)
