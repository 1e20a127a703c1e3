"""The audit trail, and the answers kept for requests that may be sent again."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, Text
from sqlmodel import Field

from service.storage.tables.stored import Stored, UtcDateTime


class AuditRow(Stored, table=True):
    """One entry of the audit trail: who did what to what, when and why, with what was there before and after.

    ``before`` and ``after`` are canonical JSON. ``hash`` is the SHA-256 of all other columns, one of them the hash of
    the entry before: whoever changes, removes or adds one in between breaks every hash behind it.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        CheckConstraint("sequence >= 1", name="sequence_positive"),
        CheckConstraint("length(person) between 1 and 120", name="person_length"),
        CheckConstraint("length(action) between 1 and 40", name="action_length"),
        CheckConstraint("length(subject) between 1 and 120", name="subject_length"),
        CheckConstraint("length(reason) between 1 and 2000", name="reason_length"),
        CheckConstraint("length(previous_hash) = 64", name="previous_hash_length"),
        CheckConstraint("length(hash) = 64", name="hash_length"),
    )

    sequence: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    person: str = Field(max_length=120)
    action: str = Field(max_length=40)
    subject: str = Field(max_length=120, index=True)
    reason: str = Field(max_length=2000)
    before: str | None = Field(sa_column=Column(Text, nullable=True))
    after: str | None = Field(sa_column=Column(Text, nullable=True))
    previous_hash: str = Field(max_length=64)
    hash: str = Field(max_length=64, unique=True)


class KeptAnswerRow(Stored, table=True):
    """The answer to a request with an idempotency key, written in the transaction of what it did.

    Whoever did not get the answer asks again with the same key and gets it, word for word. ``content`` is JSON.
    """

    __tablename__ = "kept_answer"
    __table_args__ = (
        CheckConstraint("length(caller) between 1 and 200", name="caller_length"),
        CheckConstraint("length(key) between 8 and 64", name="key_length"),
        CheckConstraint("length(request_digest) = 64", name="request_digest_length"),
        CheckConstraint("status between 200 and 299", name="status_good"),
    )

    caller: str = Field(primary_key=True, max_length=200)
    key: str = Field(primary_key=True, max_length=64)
    request_digest: str = Field(max_length=64)
    status: int
    location: str | None = Field(default=None, max_length=200)
    tag: str | None = Field(default=None, max_length=80)
    content: str = Field(sa_column=Column(Text, nullable=False))
    kept_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
