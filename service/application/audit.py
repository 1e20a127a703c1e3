"""The audit trail: an entry for each change, in the same transaction as the change, each chained to the one before.

It tells what was done and whether the trail still stands as it was written; it keeps nobody from doing anything.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from service.storage import audit
from service.storage.audit import Filters
from service.storage.session import Store, Transaction
from service.storage.tables import AuditRow

# What the first entry is chained to.
GENESIS = "0" * 64

Json = dict[str, str | int | bool | None]


@dataclass(frozen=True, slots=True)
class Trail:
    """What a look at the whole trail found; ``bad`` is the first entry that is not as it was written."""

    entries: int
    last_hash: str
    bad: int | None = None
    why: str | None = None
    anchored: bool | None = None  # whether an entry has the hash that was asked for; None: none was


def record(  # noqa: PLR0913 - the columns of an entry
    session: Transaction,
    *,
    person: str,
    action: str,
    subject: str,
    reason: str,
    before: Json | None,
    after: Json | None,
    now: datetime,
) -> None:
    """Write an entry behind the last one, in the transaction of the change; the caller holds the write lock."""
    last = audit.last(session)
    row = AuditRow(
        sequence=1 if last is None else last.sequence + 1,
        at=now,
        person=person,
        action=action,
        subject=subject,
        reason=reason,
        before=_written(before),
        after=_written(after),
        previous_hash=GENESIS if last is None else last.hash,
        hash="",
    )
    row.hash = hash_of(row)
    audit.add(session, row)


def _written(value: Json | None) -> str | None:
    return None if value is None else json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def hash_of(row: AuditRow) -> str:
    """The SHA-256 of everything in an entry but its own hash, as a JSON list, so that no two entries read the same."""
    at = row.at.astimezone(UTC).isoformat(timespec="microseconds")
    content = [
        row.sequence,
        at,
        row.person,
        row.action,
        row.subject,
        row.reason,
        row.before,
        row.after,
        row.previous_hash,
    ]
    return hashlib.sha256(json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def page(session: Transaction, filters: Filters, *, limit: int, offset: int) -> tuple[list[AuditRow], int]:
    """A page of entries, the newest first, and how many there are."""
    return audit.page(session, filters, limit=limit, offset=offset)


def told_digest(session: Transaction, subject: str) -> str | None:
    """The digest that the first entry about something names; none where the trail does not tell."""
    row = audit.first_about(session, subject)
    after = None if row is None or row.after is None else json.loads(row.after)
    digest = after.get("digest") if isinstance(after, dict) else None
    return digest if isinstance(digest, str) else None


def verify_trail(store: Store, *, anchor: str | None = None) -> Trail:
    """Read the whole trail and find the first entry that is not as it was written.

    Entries cut off at the end leave no trace in the trail itself: ``anchor`` is a hash noted elsewhere, which must be
    there still.

    Raises:
        StoreUnavailable: the database cannot be reached.
    """
    with store.reading() as session:
        return verify_entries(session, anchor=anchor)


def verify_entries(session: Transaction, *, anchor: str | None = None, start: tuple[int, str] | None = None) -> Trail:
    """As `verify_trail`, within a transaction; only from behind an entry on whose number and hash are known."""
    count, expected = (0, GENESIS) if start is None else start
    anchored = None if anchor is None else False
    for row in audit.in_order(session, after=None if start is None else count):
        count += 1
        why = _fault(row, count, expected)
        if why is not None:
            return Trail(count, expected, bad=row.sequence, why=why, anchored=anchored)
        expected = row.hash
        anchored = True if row.hash == anchor else anchored
    return Trail(count, expected, anchored=anchored)


def _fault(row: AuditRow, place: int, previous: str) -> str | None:
    """In what an entry differs from what was written."""
    if row.sequence != place:
        return f"entry {place} is missing"
    if row.previous_hash != previous:
        return "it is not chained to the entry before it"
    if row.hash != hash_of(row):
        return "its content does not match its hash"
    return None
