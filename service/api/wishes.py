"""What can be wished of drafts and rule sets: the bodies that the API takes as JSON and pages take as forms."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from service.api.changing import Change, LineText, ReasonText, Signed
from service.application.draft_steps import ApprovalMeaning

DigestText = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
RecordText = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}/[a-z0-9-]{1,80}$")]
Shown = Annotated[
    DigestText, Field(description="`digest` of the draft as it was shown: exactly this content is meant.")
]


def _place(written: str) -> tuple[str, str]:
    kind, _, record_id = written.partition("/")
    return kind, record_id


class NewDraft(Change):
    """A wish to open a draft."""

    title: Annotated[LineText, Field(description="What it is about, in a line.")]


class NewComment(BaseModel):
    """Something to say about a draft; the text stands in the audit trail as well."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    text: Annotated[ReasonText, Field(description="What is said.")]
    record: Annotated[
        RecordText | None, Field(description="`kind/id` of the record it is about; left out: the draft as a whole.")
    ] = None

    @property
    def place(self) -> tuple[str, str] | None:
        """The place of the record."""
        return None if self.record is None else _place(self.record)


class RecordDraft(Change):
    """A record as it should be."""

    document: Annotated[
        dict[str, Any],
        Field(
            description="The whole record in the form of its kind, as `GET` gives it and the knowledge files have it."
        ),
    ]


class Rebase(Change):
    """A wish to take the rule set that answers now as the base."""

    keep: Annotated[
        tuple[RecordText, ...],
        Field(max_length=1000, description="Records (`kind/id`) changed on both sides whose change in the draft wins."),
    ] = ()

    @property
    def kept(self) -> list[tuple[str, str]]:
        """The places of the records that are kept."""
        return [_place(one) for one in self.keep]


class Approval(Signed):
    """A reviewer's signature; `reason` is the comment."""

    digest: Shown
    meaning: Annotated[ApprovalMeaning, Field(description="What the signature means.")] = ApprovalMeaning.APPROVED


class Return(Signed):
    """A reviewer gives the draft back; `reason` says what has to be changed."""

    digest: Shown


class Publish(Signed):
    """A wish to let the draft answer."""

    digest: Shown
    accept_impact: Annotated[
        bool, Field(description="Publish although more lists are answered otherwise than the limit allows unasked.")
    ] = False


class RollBack(Signed):
    """A wish to let former content answer again."""


class Retirement(Signed):
    """A wish that content never answers again."""
