"""Published rule sets and the log of which one answers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations import append_only

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rule_set",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("record_counts", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(length=120), nullable=False),
        sa.Column("note", sa.String(length=2000), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_rule_set_number_positive")),
        sa.CheckConstraint("schema_version >= 1", name=op.f("ck_rule_set_schema_version_positive")),
        sa.CheckConstraint("length(digest) = 64", name=op.f("ck_rule_set_digest_length")),
        sa.CheckConstraint("length(content) > 0", name=op.f("ck_rule_set_content_present")),
        sa.CheckConstraint("length(author) between 1 and 120", name=op.f("ck_rule_set_author_length")),
        sa.CheckConstraint("length(note) between 1 and 2000", name=op.f("ck_rule_set_note_length")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_rule_set")),
        sa.UniqueConstraint("digest", name=op.f("uq_rule_set_digest")),
    )
    op.create_table(
        "rule_set_activation",
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(length=120), nullable=False),
        sa.Column("note", sa.String(length=2000), nullable=False),
        sa.CheckConstraint("length(author) between 1 and 120", name=op.f("ck_rule_set_activation_author_length")),
        sa.CheckConstraint("length(note) between 1 and 2000", name=op.f("ck_rule_set_activation_note_length")),
        sa.ForeignKeyConstraint(["number"], ["rule_set.number"], name=op.f("fk_rule_set_activation_number_rule_set")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_rule_set_activation")),
    )
    op.create_index(op.f("ix_rule_set_activation_number"), "rule_set_activation", ["number"])
    append_only.create_function()
    append_only.protect("rule_set", unique_columns=["number", "digest"])
    append_only.protect("rule_set_activation", unique_columns=["sequence"])


def downgrade() -> None:
    op.drop_table("rule_set_activation")
    op.drop_table("rule_set")
    append_only.drop_function()
