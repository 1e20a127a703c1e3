"""Comments on drafts and on the records in them."""

import sqlalchemy as sa
from alembic import op

from migrations import append_only

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "draft_comment",
        sa.Column("draft_id", sa.String(length=40), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=True),
        sa.Column("record_id", sa.String(length=80), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=2000), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(kind is null) = (record_id is null)", name=op.f("ck_draft_comment_kind_with_record")),
        sa.CheckConstraint("kind is null or length(kind) between 1 and 40", name=op.f("ck_draft_comment_kind_length")),
        sa.CheckConstraint("length(name) between 1 and 120", name=op.f("ck_draft_comment_name_length")),
        sa.CheckConstraint("length(person) between 1 and 200", name=op.f("ck_draft_comment_person_length")),
        sa.CheckConstraint("length(text) between 1 and 2000", name=op.f("ck_draft_comment_text_length")),
        sa.CheckConstraint(
            "record_id is null or length(record_id) between 1 and 80", name=op.f("ck_draft_comment_record_id_length")
        ),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_draft_comment_revision_positive")),
        sa.CheckConstraint("sequence >= 1", name=op.f("ck_draft_comment_sequence_positive")),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"], name=op.f("fk_draft_comment_draft_id_draft")),
        sa.PrimaryKeyConstraint("draft_id", "sequence", name=op.f("pk_draft_comment")),
    )
    append_only.protect_key("draft_comment", key=["draft_id", "sequence"])


def downgrade() -> None:
    op.drop_table("draft_comment")
