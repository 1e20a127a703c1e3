"""The log of decisions: what each check was answered from and what it found, what people made of it, and daily totals.

Rows are written once and go when their time is over; nothing in them says who the patient is.
"""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column, Date, LargeBinary
from sqlmodel import Field

from service.storage.tables.stored import PlainJson, Stored, UtcDateTime


class DecisionRow(Stored, table=True):
    """One check. ``request`` is the question as it came, compressed, where the operator keeps questions."""

    __tablename__ = "decision"
    __table_args__ = (
        CheckConstraint("length(id) = 36", name="id_length"),
        CheckConstraint("rule_set_number >= 0", name="rule_set_number_not_negative"),
        CheckConstraint("length(rule_set_digest) = 64", name="rule_set_digest_length"),
        CheckConstraint("length(request_digest) = 64", name="request_digest_length"),
        CheckConstraint("length(answer_digest) = 64", name="answer_digest_length"),
        CheckConstraint("duration_microseconds >= 0", name="duration_not_negative"),
    )

    id: str = Field(primary_key=True, max_length=36)
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
    # Who asked: an API key, a service or a person; never a patient.
    caller: str = Field(max_length=200, index=True)
    rule_set_number: int = Field(index=True)
    rule_set_digest: str = Field(max_length=64)
    terminology_digest: str | None = Field(default=None, max_length=64)
    # The version of this program, which has a part in the answer too.
    engine_version: str = Field(max_length=40)
    # The day the question was about, where the question did not say: a replay needs it.
    as_of: str = Field(max_length=10)
    explain: bool
    degraded: dict[str, object] | None = Field(default=None, sa_column=Column(PlainJson, nullable=True))
    request_digest: str = Field(max_length=64)
    answer_digest: str = Field(max_length=64)
    status: str = Field(max_length=20)
    highest_severity: str | None = Field(default=None, max_length=20)
    # Each finding as {"interaction_id", "key", "severity"}.
    findings: list[dict[str, str]] = Field(sa_column=Column(PlainJson, nullable=False))
    medications: int
    unrecognised: int
    duration_microseconds: int
    request: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))


class FeedbackRow(Stored, table=True):
    """What somebody made of one finding of a decision: accepted it, or overrode it for a coded reason."""

    __tablename__ = "feedback"
    __table_args__ = (
        CheckConstraint("length(id) = 36", name="id_length"),
        CheckConstraint("outcome in ('accepted', 'overridden')", name="outcome_known"),
        CheckConstraint("(reason_code is not null) = (outcome = 'overridden')", name="reason_when_overridden"),
    )

    id: str = Field(primary_key=True, max_length=36)
    decision_id: str = Field(max_length=36, index=True)
    finding_key: str = Field(max_length=80)
    interaction_id: str = Field(max_length=80, index=True)
    severity: str = Field(max_length=20)
    outcome: str = Field(max_length=20)
    reason_code: str | None = Field(default=None, max_length=60)
    caller: str = Field(max_length=200)
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))


class DailyTotalRow(Stored, table=True):
    """How often something happened on a day; it stays when the decisions it was counted from are gone.

    ``what`` is ``checks``, ``incomplete``, ``medications``, ``unrecognised``, ``lost`` or ``finding``; only the last
    has a ``subject`` (the interaction) and a ``severity``; in the others both are empty.
    """

    __tablename__ = "daily_total"
    __table_args__ = (CheckConstraint("number >= 0", name="number_not_negative"),)

    day: date = Field(sa_column=Column(Date, primary_key=True))
    what: str = Field(primary_key=True, max_length=20)
    subject: str = Field(primary_key=True, max_length=80)
    severity: str = Field(primary_key=True, max_length=20)
    number: int
