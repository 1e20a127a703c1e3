"""Rule sets under control: people and keys, drafts and their reviews, signatures, kept answers, decisions."""

import sqlalchemy as sa
from alembic import op

from migrations import append_only

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "daily_total",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("severity", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.CheckConstraint("number >= 0", name=op.f("ck_daily_total_number_not_negative")),
        sa.PrimaryKeyConstraint("day", "what", "subject", "severity", name=op.f("pk_daily_total")),
    )
    op.create_table(
        "decision",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("caller", sa.String(length=200), nullable=False),
        sa.Column("rule_set_number", sa.Integer(), nullable=False),
        sa.Column("rule_set_digest", sa.String(length=64), nullable=False),
        sa.Column("terminology_digest", sa.String(length=64), nullable=True),
        sa.Column("engine_version", sa.String(length=40), nullable=False),
        sa.Column("as_of", sa.String(length=10), nullable=False),
        sa.Column("explain", sa.Boolean(), nullable=False),
        sa.Column("degraded", sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("request_digest", sa.String(length=64), nullable=False),
        sa.Column("answer_digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("highest_severity", sa.String(length=20), nullable=True),
        sa.Column("findings", sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("medications", sa.Integer(), nullable=False),
        sa.Column("unrecognised", sa.Integer(), nullable=False),
        sa.Column("duration_microseconds", sa.Integer(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("duration_microseconds >= 0", name=op.f("ck_decision_duration_not_negative")),
        sa.CheckConstraint("length(answer_digest) = 64", name=op.f("ck_decision_answer_digest_length")),
        sa.CheckConstraint("length(id) = 36", name=op.f("ck_decision_id_length")),
        sa.CheckConstraint("length(request_digest) = 64", name=op.f("ck_decision_request_digest_length")),
        sa.CheckConstraint("length(rule_set_digest) = 64", name=op.f("ck_decision_rule_set_digest_length")),
        sa.CheckConstraint("rule_set_number >= 0", name=op.f("ck_decision_rule_set_number_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index(op.f("ix_decision_at"), "decision", ["at"])
    op.create_index(op.f("ix_decision_caller"), "decision", ["caller"])
    op.create_index(op.f("ix_decision_rule_set_number"), "decision", ["rule_set_number"])

    op.create_table(
        "feedback",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("decision_id", sa.String(length=36), nullable=False),
        sa.Column("finding_key", sa.String(length=80), nullable=False),
        sa.Column("interaction_id", sa.String(length=80), nullable=False),
        sa.Column("severity", sa.String(length=20), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("reason_code", sa.String(length=60), nullable=True),
        sa.Column("caller", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(reason_code is not null) = (outcome = 'overridden')", name=op.f("ck_feedback_reason_when_overridden")
        ),
        sa.CheckConstraint("outcome in ('accepted', 'overridden')", name=op.f("ck_feedback_outcome_known")),
        sa.CheckConstraint("length(id) = 36", name=op.f("ck_feedback_id_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
    )
    op.create_index(op.f("ix_feedback_at"), "feedback", ["at"])
    op.create_index(op.f("ix_feedback_decision_id"), "feedback", ["decision_id"])
    op.create_index(op.f("ix_feedback_interaction_id"), "feedback", ["interaction_id"])

    op.create_table(
        "kept_answer",
        sa.Column("caller", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("request_digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("location", sa.String(length=200), nullable=True),
        sa.Column("tag", sa.String(length=80), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(caller) between 1 and 200", name=op.f("ck_kept_answer_caller_length")),
        sa.CheckConstraint("length(key) between 8 and 64", name=op.f("ck_kept_answer_key_length")),
        sa.CheckConstraint("length(request_digest) = 64", name=op.f("ck_kept_answer_request_digest_length")),
        sa.CheckConstraint("status between 200 and 299", name=op.f("ck_kept_answer_status_good")),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("pk_kept_answer")),
    )
    op.create_index(op.f("ix_kept_answer_kept_at"), "kept_answer", ["kept_at"])

    op.create_table(
        "person",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("login", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("roles", sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("password_hash", sa.String(length=500), nullable=True),
        sa.Column("issuer", sa.String(length=500), nullable=True),
        sa.Column("subject", sa.String(length=500), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(issuer is null) = (subject is null)", name=op.f("ck_person_issuer_with_subject")),
        sa.CheckConstraint("length(id) between 8 and 40", name=op.f("ck_person_id_length")),
        sa.CheckConstraint("length(login) between 1 and 120", name=op.f("ck_person_login_length")),
        sa.CheckConstraint("length(name) between 1 and 120", name=op.f("ck_person_name_length")),
        sa.CheckConstraint("password_hash is null or issuer is null", name=op.f("ck_person_one_way_in")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_person_version_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_person_issuer_subject")),
        sa.UniqueConstraint("login", name=op.f("uq_person_login")),
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(account) = 64", name=op.f("ck_sign_in_attempt_account_length")),
        sa.CheckConstraint("length(source) = 64", name=op.f("ck_sign_in_attempt_source_length")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_sign_in_attempt")),
    )
    op.create_index(op.f("ix_sign_in_attempt_account"), "sign_in_attempt", ["account"])
    op.create_index(op.f("ix_sign_in_attempt_at"), "sign_in_attempt", ["at"])
    op.create_index(op.f("ix_sign_in_attempt_source"), "sign_in_attempt", ["source"])

    op.create_table(
        "used_token",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(id) = 64", name=op.f("ck_used_token_id_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_used_token")),
    )
    op.create_index(op.f("ix_used_token_expires_at"), "used_token", ["expires_at"])

    op.create_table(
        "api_key",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=True),
        sa.Column("roles", sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("hashed_with", sa.String(length=40), nullable=False),
        sa.Column("requests_per_minute", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "expires_at is null or expires_at > created_at", name=op.f("ck_api_key_expires_after_creation")
        ),
        sa.CheckConstraint("length(hash) = 64", name=op.f("ck_api_key_hash_length")),
        sa.CheckConstraint("length(hashed_with) between 1 and 40", name=op.f("ck_api_key_hashed_with_length")),
        sa.CheckConstraint("length(id) between 8 and 40", name=op.f("ck_api_key_id_length")),
        sa.CheckConstraint("length(name) between 1 and 120", name=op.f("ck_api_key_name_length")),
        sa.CheckConstraint("requests_per_minute >= 1", name=op.f("ck_api_key_requests_positive")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_api_key_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("hash", name=op.f("uq_api_key_hash")),
    )
    op.create_index(op.f("ix_api_key_person_id"), "api_key", ["person_id"])

    op.create_table(
        "draft",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("base_number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("submitted_revision", sa.Integer(), nullable=True),
        sa.Column("opened_by", sa.String(length=200), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_number", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(digest is not null) = (state in ('submitted', 'approved', 'published'))",
            name=op.f("ck_draft_digest_when_submitted"),
        ),
        sa.CheckConstraint(
            "(published_number is not null) = (state = 'published')", name=op.f("ck_draft_number_when_published")
        ),
        sa.CheckConstraint(
            "state in ('open', 'submitted', 'approved', 'published', 'discarded')", name=op.f("ck_draft_state_known")
        ),
        sa.CheckConstraint(
            "(digest is null) = (submitted_revision is null)", name=op.f("ck_draft_revision_with_digest")
        ),
        sa.CheckConstraint("base_number >= 1", name=op.f("ck_draft_base_number_positive")),
        sa.CheckConstraint("digest is null or length(digest) = 64", name=op.f("ck_draft_digest_length")),
        sa.CheckConstraint("length(id) between 8 and 40", name=op.f("ck_draft_id_length")),
        sa.CheckConstraint("length(title) between 1 and 200", name=op.f("ck_draft_title_length")),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_draft_revision_positive")),
        sa.ForeignKeyConstraint(["base_number"], ["rule_set.number"], name=op.f("fk_draft_base_number_rule_set")),
        sa.ForeignKeyConstraint(
            ["published_number"], ["rule_set.number"], name=op.f("fk_draft_published_number_rule_set")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
    )
    op.create_index(op.f("ix_draft_state"), "draft", ["state"])

    op.create_table(
        "rule_set_retirement",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.CheckConstraint("length(author) between 1 and 120", name=op.f("ck_rule_set_retirement_author_length")),
        sa.CheckConstraint("length(reason) between 1 and 2000", name=op.f("ck_rule_set_retirement_reason_length")),
        sa.ForeignKeyConstraint(["number"], ["rule_set.number"], name=op.f("fk_rule_set_retirement_number_rule_set")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_rule_set_retirement")),
    )
    op.create_table(
        "rule_set_signature",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key_id", sa.String(length=40), nullable=False),
        sa.Column("signature", sa.String(length=64), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(key_id) between 1 and 40", name=op.f("ck_rule_set_signature_key_id_length")),
        sa.CheckConstraint("length(signature) = 64", name=op.f("ck_rule_set_signature_signature_length")),
        sa.ForeignKeyConstraint(["number"], ["rule_set.number"], name=op.f("fk_rule_set_signature_number_rule_set")),
        sa.PrimaryKeyConstraint("number", "key_id", name=op.f("pk_rule_set_signature")),
    )
    op.create_table(
        "sign_in",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("authenticated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("method in ('password', 'oidc')", name=op.f("ck_sign_in_method_known")),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_sign_in_expires_after_creation")),
        sa.CheckConstraint("length(id) = 64", name=op.f("ck_sign_in_id_length")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_sign_in_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
    )
    op.create_index(op.f("ix_sign_in_person_id"), "sign_in", ["person_id"])

    op.create_table(
        "draft_change",
        sa.Column("draft_id", sa.String(length=40), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("record_id", sa.String(length=80), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(document is null) = (action = 'undo')", name=op.f("ck_draft_change_document_unless_undone")
        ),
        sa.CheckConstraint(
            "action in ('create', 'revise', 'withdraw', 'undo')", name=op.f("ck_draft_change_action_known")
        ),
        sa.CheckConstraint("length(kind) between 1 and 40", name=op.f("ck_draft_change_kind_length")),
        sa.CheckConstraint("length(person) between 1 and 200", name=op.f("ck_draft_change_person_length")),
        sa.CheckConstraint("length(reason) between 1 and 2000", name=op.f("ck_draft_change_reason_length")),
        sa.CheckConstraint("length(record_id) between 1 and 80", name=op.f("ck_draft_change_record_id_length")),
        sa.CheckConstraint("sequence >= 1", name=op.f("ck_draft_change_sequence_positive")),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"], name=op.f("fk_draft_change_draft_id_draft")),
        sa.PrimaryKeyConstraint("draft_id", "sequence", name=op.f("pk_draft_change")),
    )
    op.create_table(
        "draft_signature",
        sa.Column("draft_id", sa.String(length=40), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("decision", sa.String(length=20), nullable=False),
        sa.Column("meaning", sa.String(length=20), nullable=False),
        sa.Column("comment", sa.String(length=2000), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("flags", sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("decision in ('approved', 'returned')", name=op.f("ck_draft_signature_decision_known")),
        sa.CheckConstraint(
            "meaning in ('reviewed', 'approved', 'rejected')", name=op.f("ck_draft_signature_meaning_known")
        ),
        sa.CheckConstraint("length(comment) between 1 and 2000", name=op.f("ck_draft_signature_comment_length")),
        sa.CheckConstraint("length(digest) = 64", name=op.f("ck_draft_signature_digest_length")),
        sa.CheckConstraint("length(name) between 1 and 120", name=op.f("ck_draft_signature_name_length")),
        sa.CheckConstraint("length(person) between 1 and 200", name=op.f("ck_draft_signature_person_length")),
        sa.CheckConstraint("sequence >= 1", name=op.f("ck_draft_signature_sequence_positive")),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"], name=op.f("fk_draft_signature_draft_id_draft")),
        sa.PrimaryKeyConstraint("draft_id", "sequence", name=op.f("pk_draft_signature")),
    )
    append_only.protect("rule_set_retirement", unique_columns=["number"])
    append_only.protect_key("rule_set_signature", key=["number", "key_id"])
    append_only.protect_key("draft_change", key=["draft_id", "sequence"])
    append_only.protect_key("draft_signature", key=["draft_id", "sequence"])
    append_only.refuse_updates("kept_answer", key=["caller", "key"])
    append_only.refuse_updates("decision", key=["id"])
    append_only.refuse_updates("feedback", key=["id"])


def downgrade() -> None:
    for table in (
        "draft_signature",
        "draft_change",
        "sign_in",
        "rule_set_signature",
        "rule_set_retirement",
        "draft",
        "api_key",
        "used_token",
        "sign_in_attempt",
        "person",
        "kept_answer",
        "feedback",
        "decision",
        "daily_total",
    ):
        op.drop_table(table)
