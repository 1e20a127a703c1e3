"""Drafts of rule sets: where each stands, every change of a record, and what reviewers said."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, Text
from sqlmodel import Field

from service.storage.tables.stored import PlainJson, Stored, UtcDateTime


class DraftRow(Stored, table=True):
    """A draft. ``revision`` grows with every change of it, of whatever kind, and is its entity tag."""

    __tablename__ = "draft"
    __table_args__ = (
        CheckConstraint("length(id) between 8 and 40", name="id_length"),
        CheckConstraint("length(title) between 1 and 200", name="title_length"),
        CheckConstraint("state in ('open', 'submitted', 'approved', 'published', 'discarded')", name="state_known"),
        CheckConstraint("revision >= 1", name="revision_positive"),
        CheckConstraint("base_number >= 1", name="base_number_positive"),
        CheckConstraint("digest is null or length(digest) = 64", name="digest_length"),
        CheckConstraint(
            "(digest is not null) = (state in ('submitted', 'approved', 'published'))", name="digest_when_submitted"
        ),
        CheckConstraint("(digest is null) = (submitted_revision is null)", name="revision_with_digest"),
        CheckConstraint("(published_number is not null) = (state = 'published')", name="number_when_published"),
    )

    id: str = Field(primary_key=True, max_length=40)
    title: str = Field(max_length=200)
    base_number: int = Field(foreign_key="rule_set.number")
    state: str = Field(max_length=20, index=True)
    revision: int
    # Of the whole rule set that the draft makes: what is reviewed, signed and published.
    digest: str | None = Field(default=None, max_length=64)
    # The revision it was submitted as: signatures of an earlier submission count no more, even of the same content.
    submitted_revision: int | None = None
    opened_by: str = Field(max_length=200)
    opened_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    changed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    published_number: int | None = Field(default=None, foreign_key="rule_set.number")


class DraftChangeRow(Stored, table=True):
    """One change of one record in a draft; the last one of a record counts. Never changed itself.

    ``document`` is the record's canonical JSON; without one, the record is again as the base has it.
    """

    __tablename__ = "draft_change"
    __table_args__ = (
        CheckConstraint("sequence >= 1", name="sequence_positive"),
        CheckConstraint("length(kind) between 1 and 40", name="kind_length"),
        CheckConstraint("length(record_id) between 1 and 80", name="record_id_length"),
        CheckConstraint("action in ('create', 'revise', 'withdraw', 'undo')", name="action_known"),
        CheckConstraint("(document is null) = (action = 'undo')", name="document_unless_undone"),
        CheckConstraint("length(person) between 1 and 200", name="person_length"),
        CheckConstraint("length(reason) between 1 and 2000", name="reason_length"),
    )

    draft_id: str = Field(primary_key=True, foreign_key="draft.id", max_length=40)
    sequence: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    kind: str = Field(max_length=40)
    record_id: str = Field(max_length=80)
    action: str = Field(max_length=20)
    document: str | None = Field(sa_column=Column(Text, nullable=True))
    person: str = Field(max_length=200)
    reason: str = Field(max_length=2000)
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class DraftSignatureRow(Stored, table=True):
    """What a reviewer signed: name, moment, meaning, and the digest of exactly the content that was shown.

    It counts while the draft is as it was submitted at ``revision``; any later change voids it.
    """

    __tablename__ = "draft_signature"
    __table_args__ = (
        CheckConstraint("sequence >= 1", name="sequence_positive"),
        CheckConstraint("decision in ('approved', 'returned')", name="decision_known"),
        CheckConstraint("meaning in ('reviewed', 'approved', 'rejected')", name="meaning_known"),
        CheckConstraint("length(digest) = 64", name="digest_length"),
        CheckConstraint("length(person) between 1 and 200", name="person_length"),
        CheckConstraint("length(name) between 1 and 120", name="name_length"),
        CheckConstraint("length(comment) between 1 and 2000", name="comment_length"),
    )

    draft_id: str = Field(primary_key=True, foreign_key="draft.id", max_length=40)
    sequence: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    revision: int
    digest: str = Field(max_length=64)
    decision: str = Field(max_length=20)
    meaning: str = Field(max_length=20)
    comment: str = Field(max_length=2000)
    person: str = Field(max_length=200)
    name: str = Field(max_length=120)
    # What another reader should know, such as that the account was made by the author of the draft.
    flags: list[str] = Field(sa_column=Column(PlainJson, nullable=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class DraftCommentRow(Stored, table=True):
    """What somebody said about a draft or one record in it, as it stood at ``revision``. Never changed itself."""

    __tablename__ = "draft_comment"
    __table_args__ = (
        CheckConstraint("sequence >= 1", name="sequence_positive"),
        CheckConstraint("revision >= 1", name="revision_positive"),
        CheckConstraint("(kind is null) = (record_id is null)", name="kind_with_record"),
        CheckConstraint("kind is null or length(kind) between 1 and 40", name="kind_length"),
        CheckConstraint("record_id is null or length(record_id) between 1 and 80", name="record_id_length"),
        CheckConstraint("length(text) between 1 and 2000", name="text_length"),
        CheckConstraint("length(person) between 1 and 200", name="person_length"),
        CheckConstraint("length(name) between 1 and 120", name="name_length"),
    )

    draft_id: str = Field(primary_key=True, foreign_key="draft.id", max_length=40)
    sequence: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    kind: str | None = Field(default=None, max_length=40)
    record_id: str | None = Field(default=None, max_length=80)
    revision: int
    text: str = Field(max_length=2000)
    person: str = Field(max_length=200)
    name: str = Field(max_length=120)
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
