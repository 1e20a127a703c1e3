"""The tables. Rows written here are never changed or deleted: triggers of the migrations refuse it on both databases.

``table=True`` classes do not validate, so every rule a row must keep is a CHECK of the database as well.
"""

from datetime import UTC, datetime
from typing import ClassVar

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

# Alembic drops and alters constraints by name, and SQLite gives them none of its own.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
# The migration this code was written for. Numbers grow, so that an older service can tell a newer schema, which it may
# use, from an older one, which it may not. A test compares it with Alembic's head.
SCHEMA_REVISION = "0003"

PlainJson = JSON().with_variant(JSONB(), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC. SQLite keeps no time zone: it is attached again on reading, and never guessed on writing."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse a moment without a time zone and store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored moment needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Attach UTC, or translate to it."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Stored(SQLModel):
    """What every table has in common: one MetaData of our own, with names for all constraints."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING_CONVENTION)


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


# Tables whose rows are refused any change; a migration that creates or rebuilds one sets the triggers.
APPEND_ONLY: tuple[str, ...] = (
    "rule_set",
    "rule_set_activation",
    "terminology",
    "terminology_activation",
    "audit_entry",
)
