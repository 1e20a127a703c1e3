"""The tables. History is never changed or deleted: triggers of the migrations refuse it on both databases."""

from service.storage.tables.access import ApiKeyRow, PersonRow, SignInAttemptRow, SignInRow, UsedTokenRow
from service.storage.tables.decisions import DailyTotalRow, DecisionRow, FeedbackRow
from service.storage.tables.drafts import DraftChangeRow, DraftCommentRow, DraftRow, DraftSignatureRow
from service.storage.tables.published import (
    RuleSetActivationRow,
    RuleSetRetirementRow,
    RuleSetRow,
    RuleSetSignatureRow,
    TerminologyActivationRow,
    TerminologyRow,
)
from service.storage.tables.stored import NAMING_CONVENTION, PlainJson, Stored, UtcDateTime
from service.storage.tables.trail import AuditRow, KeptAnswerRow

# The migration this code was written for. Numbers grow, so that an older service can tell a newer schema, which it may
# use, from an older one, which it may not. A test compares it with Alembic's head.
SCHEMA_REVISION = "0005"

# Tables whose rows are refused any change; a migration that creates or rebuilds one sets the triggers.
APPEND_ONLY: tuple[str, ...] = (
    "rule_set",
    "rule_set_activation",
    "rule_set_signature",
    "rule_set_retirement",
    "terminology",
    "terminology_activation",
    "audit_entry",
    "draft_change",
    "draft_signature",
    "draft_comment",
)
# Tables whose rows may go when their time is over, but are refused any change until then.
NEVER_CHANGED: tuple[str, ...] = ("kept_answer", "decision", "feedback")

__all__ = [
    "APPEND_ONLY",
    "NAMING_CONVENTION",
    "NEVER_CHANGED",
    "SCHEMA_REVISION",
    "ApiKeyRow",
    "AuditRow",
    "DailyTotalRow",
    "DecisionRow",
    "DraftChangeRow",
    "DraftCommentRow",
    "DraftRow",
    "DraftSignatureRow",
    "FeedbackRow",
    "KeptAnswerRow",
    "PersonRow",
    "PlainJson",
    "RuleSetActivationRow",
    "RuleSetRetirementRow",
    "RuleSetRow",
    "RuleSetSignatureRow",
    "SignInAttemptRow",
    "SignInRow",
    "Stored",
    "TerminologyActivationRow",
    "TerminologyRow",
    "UsedTokenRow",
    "UtcDateTime",
]
