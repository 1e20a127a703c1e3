"""What can be wished of drafts and rule sets: the bodies that the API takes as JSON and pages take as forms."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from service.api.changing import Change, LineText, Signed
from service.application.draft_steps import ApprovalMeaning

DigestText = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Shown = Annotated[
    DigestText, Field(description="`digest` of the draft as it was shown: exactly this content is meant.")
]


class NewDraft(Change):
    """A wish to open a draft."""

    title: Annotated[LineText, Field(description="What it is about, in a line.")]


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
        tuple[Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}/[a-z0-9-]{1,80}$")], ...],
        Field(max_length=1000, description="Records (`kind/id`) changed on both sides whose change in the draft wins."),
    ] = ()

    @property
    def kept(self) -> list[tuple[str, str]]:
        """The places of the records that are kept."""
        places = (one.partition("/") for one in self.keep)
        return [(kind, record_id) for kind, _, record_id in places]


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
