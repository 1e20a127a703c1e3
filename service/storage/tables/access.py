"""People, their sign-ins, API keys, and what is remembered to slow down guessing and to refuse a token used twice.

No password, key or token stands here, only what tells a right one from a wrong one.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, UniqueConstraint
from sqlmodel import Field

from service.storage.tables.stored import PlainJson, Stored, UtcDateTime


class PersonRow(Stored, table=True):
    """Somebody who may sign in: with a password of ours, or through the identity provider ``issuer``.

    Never deleted, because the audit trail names them: ``disabled_at`` ends what they may do. ``version`` counts
    changes.
    """

    __tablename__ = "person"
    __table_args__ = (
        UniqueConstraint("issuer", "subject"),
        CheckConstraint("length(id) between 8 and 40", name="id_length"),
        CheckConstraint("length(login) between 1 and 120", name="login_length"),
        CheckConstraint("length(name) between 1 and 120", name="name_length"),
        CheckConstraint("(issuer is null) = (subject is null)", name="issuer_with_subject"),
        CheckConstraint("password_hash is null or issuer is null", name="one_way_in"),
        CheckConstraint("version >= 1", name="version_positive"),
    )

    id: str = Field(primary_key=True, max_length=40)
    login: str = Field(max_length=120, unique=True)
    name: str = Field(max_length=120)
    roles: list[str] = Field(sa_column=Column(PlainJson, nullable=False))
    password_hash: str | None = Field(default=None, max_length=500)
    issuer: str | None = Field(default=None, max_length=500)
    subject: str | None = Field(default=None, max_length=500)
    version: int = 1
    # Who made the account: an account made by the author of a draft is flagged when it approves that draft.
    created_by: str = Field(max_length=200)
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    disabled_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))


class ApiKeyRow(Stored, table=True):
    """An API key of a system or a person: ``hash`` is the keyed hash of its secret, ``id`` may be shown."""

    __tablename__ = "api_key"
    __table_args__ = (
        CheckConstraint("length(id) between 8 and 40", name="id_length"),
        CheckConstraint("length(name) between 1 and 120", name="name_length"),
        CheckConstraint("length(hash) = 64", name="hash_length"),
        CheckConstraint("length(hashed_with) between 1 and 40", name="hashed_with_length"),
        CheckConstraint("expires_at is null or expires_at > created_at", name="expires_after_creation"),
        CheckConstraint("requests_per_minute >= 1", name="requests_positive"),
    )

    id: str = Field(primary_key=True, max_length=40)
    name: str = Field(max_length=120)
    person_id: str | None = Field(default=None, foreign_key="person.id", max_length=40, index=True)
    roles: list[str] = Field(sa_column=Column(PlainJson, nullable=False))
    hash: str = Field(max_length=64, unique=True)
    # Id of the secret the hash was made with, so that a former one can be taken out of use.
    hashed_with: str = Field(max_length=40)
    requests_per_minute: int
    created_by: str = Field(max_length=200)
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    expires_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    revoked_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))


class SignInRow(Stored, table=True):
    """A sign-in of a person; ``id`` is the SHA-256 of the token that the browser or program keeps."""

    __tablename__ = "sign_in"
    __table_args__ = (
        CheckConstraint("length(id) = 64", name="id_length"),
        CheckConstraint("method in ('password', 'oidc')", name="method_known"),
        CheckConstraint("expires_at > created_at", name="expires_after_creation"),
    )

    id: str = Field(primary_key=True, max_length=64)
    person_id: str = Field(foreign_key="person.id", max_length=40, index=True)
    method: str = Field(max_length=20)
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    # When the person last proved who they are; approving and publishing want that to be recent.
    authenticated_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    last_seen_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    expires_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    ended_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))


class SignInAttemptRow(Stored, table=True):
    """A failed attempt to sign in, kept for some minutes; ``account`` and ``source`` are keyed hashes."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (
        CheckConstraint("length(account) = 64", name="account_length"),
        CheckConstraint("length(source) = 64", name="source_length"),
    )

    sequence: int | None = Field(default=None, primary_key=True)
    account: str = Field(max_length=64, index=True)
    source: str = Field(max_length=64, index=True)
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))


class UsedTokenRow(Stored, table=True):
    """The id of a bearer token that may be used once only, kept until the token would have expired."""

    __tablename__ = "used_token"
    __table_args__ = (CheckConstraint("length(id) = 64", name="id_length"),)

    id: str = Field(primary_key=True, max_length=64)  # SHA-256 of issuer and jti
    expires_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
