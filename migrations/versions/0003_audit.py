"""The audit trail, a chain of entries; the content of a rule set may be published again under a later number."""

import sqlalchemy as sa
from alembic import op

from migrations import append_only

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person", sa.String(length=120), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("sequence >= 1", name=op.f("ck_audit_entry_sequence_positive")),
        sa.CheckConstraint("length(person) between 1 and 120", name=op.f("ck_audit_entry_person_length")),
        sa.CheckConstraint("length(action) between 1 and 40", name=op.f("ck_audit_entry_action_length")),
        sa.CheckConstraint("length(subject) between 1 and 120", name=op.f("ck_audit_entry_subject_length")),
        sa.CheckConstraint("length(reason) between 1 and 2000", name=op.f("ck_audit_entry_reason_length")),
        sa.CheckConstraint("length(previous_hash) = 64", name=op.f("ck_audit_entry_previous_hash_length")),
        sa.CheckConstraint("length(hash) = 64", name=op.f("ck_audit_entry_hash_length")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("hash", name=op.f("uq_audit_entry_hash")),
    )
    op.create_index(op.f("ix_audit_entry_subject"), "audit_entry", ["subject"])
    append_only.protect("audit_entry", unique_columns=["sequence", "hash"])

    append_only.unprotect("rule_set")
    with op.batch_alter_table("rule_set") as batch:
        batch.drop_constraint(op.f("uq_rule_set_digest"), type_="unique")
        batch.create_index(op.f("ix_rule_set_digest"), ["digest"])
    append_only.protect("rule_set", unique_columns=["number"])


def downgrade() -> None:
    append_only.unprotect("rule_set")
    with op.batch_alter_table("rule_set") as batch:
        batch.drop_index(op.f("ix_rule_set_digest"))
        batch.create_unique_constraint(op.f("uq_rule_set_digest"), ["digest"])
    append_only.protect("rule_set", unique_columns=["number", "digest"])
    op.drop_table("audit_entry")
