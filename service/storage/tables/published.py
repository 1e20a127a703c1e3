"""Published rule sets and imported terminologies, and the logs of which of them is in use."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, LargeBinary, String
from sqlmodel import Field

from service.storage.tables.stored import PlainJson, Stored, UtcDateTime


class RuleSetRow(Stored, table=True):
    """A published rule set: immutable, numbered from 1, with the SHA-256 of its canonical JSON.

    A roll-back publishes former content under a new number, so that a digest may stand in several rows.
    ``content`` is the canonical JSON, compressed with zlib; the other columns only help to find and to show it.
    """

    __tablename__ = "rule_set"
    __table_args__ = (
        CheckConstraint("number >= 1", name="number_positive"),
        CheckConstraint("schema_version >= 1", name="schema_version_positive"),
        CheckConstraint("length(digest) = 64", name="digest_length"),
        CheckConstraint("length(content) > 0", name="content_present"),
        CheckConstraint("length(author) between 1 and 120", name="author_length"),
        CheckConstraint("length(note) between 1 and 2000", name="note_length"),
    )

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    schema_version: int
    digest: str = Field(sa_column=Column(String(64), nullable=False, index=True))
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    record_counts: dict[str, int] = Field(sa_column=Column(PlainJson, nullable=False))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    author: str = Field(max_length=120)
    note: str = Field(max_length=2000)


class RuleSetActivationRow(Stored, table=True):
    """One line of the log of which rule set answers; the line with the highest sequence wins.

    A log and no pointer, so that going back to an earlier rule set leaves a trace too.
    """

    __tablename__ = "rule_set_activation"
    __table_args__ = (
        CheckConstraint("length(author) between 1 and 120", name="author_length"),
        CheckConstraint("length(note) between 1 and 2000", name="note_length"),
    )

    sequence: int | None = Field(default=None, primary_key=True)
    number: int = Field(foreign_key="rule_set.number", index=True)
    activated_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    author: str = Field(max_length=120)
    note: str = Field(max_length=2000)


class RuleSetSignatureRow(Stored, table=True):
    """The signature of a published rule set by the key of this installation (HMAC-SHA-256, hexadecimal).

    A table of its own, because a rule set may be signed again with a new key, and rows are never changed.
    """

    __tablename__ = "rule_set_signature"
    __table_args__ = (
        CheckConstraint("length(key_id) between 1 and 40", name="key_id_length"),
        CheckConstraint("length(signature) = 64", name="signature_length"),
    )

    number: int = Field(primary_key=True, foreign_key="rule_set.number", sa_column_kwargs={"autoincrement": False})
    key_id: str = Field(primary_key=True, max_length=40)
    signature: str = Field(max_length=64)
    signed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class RuleSetRetirementRow(Stored, table=True):
    """A rule set that must never answer again, who wanted that and why; old answers stay replayable."""

    __tablename__ = "rule_set_retirement"
    __table_args__ = (
        CheckConstraint("length(author) between 1 and 120", name="author_length"),
        CheckConstraint("length(reason) between 1 and 2000", name="reason_length"),
    )

    number: int = Field(primary_key=True, foreign_key="rule_set.number", sa_column_kwargs={"autoincrement": False})
    retired_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    author: str = Field(max_length=120)
    reason: str = Field(max_length=2000)


class TerminologyRow(Stored, table=True):
    """An imported medicine terminology: immutable, numbered from 1, identified by the SHA-256 of its content.

    ``content`` is the block `rules.terminology` reads, compressed with zlib; ``version`` is the release's own name.
    """

    __tablename__ = "terminology"
    __table_args__ = (
        CheckConstraint("number >= 1", name="number_positive"),
        CheckConstraint("length(version) between 1 and 120", name="version_length"),
        CheckConstraint("length(digest) = 64", name="digest_length"),
        CheckConstraint("length(content) > 0", name="content_present"),
        CheckConstraint("length(author) between 1 and 120", name="author_length"),
        CheckConstraint("length(note) between 1 and 2000", name="note_length"),
    )

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    version: str = Field(max_length=120)
    digest: str = Field(sa_column=Column(String(64), nullable=False, unique=True))
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    counts: dict[str, int] = Field(sa_column=Column(PlainJson, nullable=False))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    author: str = Field(max_length=120)
    note: str = Field(max_length=2000)


class TerminologyActivationRow(Stored, table=True):
    """One line of the log of which terminology is in use; the line with the highest sequence wins."""

    __tablename__ = "terminology_activation"
    __table_args__ = (
        CheckConstraint("length(author) between 1 and 120", name="author_length"),
        CheckConstraint("length(note) between 1 and 2000", name="note_length"),
    )

    sequence: int | None = Field(default=None, primary_key=True)
    number: int = Field(foreign_key="terminology.number", index=True)
    activated_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    author: str = Field(max_length=120)
    note: str = Field(max_length=2000)
