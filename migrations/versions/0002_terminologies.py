"""Medicine terminologies and the log of which one is in use."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations import append_only

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "terminology",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.String(length=120), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("counts", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(length=120), nullable=False),
        sa.Column("note", sa.String(length=2000), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_terminology_number_positive")),
        sa.CheckConstraint("length(version) between 1 and 120", name=op.f("ck_terminology_version_length")),
        sa.CheckConstraint("length(digest) = 64", name=op.f("ck_terminology_digest_length")),
        sa.CheckConstraint("length(content) > 0", name=op.f("ck_terminology_content_present")),
        sa.CheckConstraint("length(author) between 1 and 120", name=op.f("ck_terminology_author_length")),
        sa.CheckConstraint("length(note) between 1 and 2000", name=op.f("ck_terminology_note_length")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_terminology")),
        sa.UniqueConstraint("digest", name=op.f("uq_terminology_digest")),
    )
    op.create_table(
        "terminology_activation",
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(length=120), nullable=False),
        sa.Column("note", sa.String(length=2000), nullable=False),
        sa.CheckConstraint("length(author) between 1 and 120", name=op.f("ck_terminology_activation_author_length")),
        sa.CheckConstraint("length(note) between 1 and 2000", name=op.f("ck_terminology_activation_note_length")),
        sa.ForeignKeyConstraint(
            ["number"], ["terminology.number"], name=op.f("fk_terminology_activation_number_terminology")
        ),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_terminology_activation")),
    )
    op.create_index(op.f("ix_terminology_activation_number"), "terminology_activation", ["number"])
    append_only.protect("terminology", unique_columns=["number", "digest"])
    append_only.protect("terminology_activation", unique_columns=["sequence"])


def downgrade() -> None:
    op.drop_table("terminology_activation")
    op.drop_table("terminology")
