"""What is told about drafts: entries made of rows, for the API and the editor. Nothing here changes anything."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from rules.diff import FieldChange, RecordDifference
from rules.terms import RecordChange
from service.application.draft_steps import DraftState, DraftStep, SignatureDecision, SignatureMeaning
from service.application.gate_report import GateReport
from service.storage.tables import DraftCommentRow, DraftRow, DraftSignatureRow


class View(BaseModel):
    """What all entries have in common."""

    model_config = ConfigDict(frozen=True)


class StepEntry(View):
    """Whether the one who asks may take a step now."""

    step: DraftStep
    allowed: bool
    why_not: Annotated[str | None, Field(description="Why not; left out where it is allowed.")] = None


class SignatureEntry(View):
    """What a reviewer signed."""

    decision: SignatureDecision
    meaning: SignatureMeaning
    digest: Annotated[str, Field(description="SHA-256 of the rule set that was shown and signed.")]
    person: str
    name: str
    comment: str
    flags: Annotated[
        list[str],
        Field(
            description="What another reader should know: `account-made-by-author`, an author has made the "
            "account that signs; `account-named-as-author`, it has the name of one, so it may be the same human."
        ),
    ]
    at: datetime
    counts: Annotated[bool, Field(description="Whether it still counts: false once anything was changed.")]

    @classmethod
    def of(cls, row: DraftSignatureRow, *, counts: bool) -> Self:
        """Told from its row."""
        return cls(
            decision=SignatureDecision(row.decision),
            meaning=SignatureMeaning(row.meaning),
            digest=row.digest,
            person=row.person,
            name=row.name,
            comment=row.comment,
            flags=row.flags,
            at=row.at,
            counts=counts,
        )


class DraftSummary(View):
    """A draft in a list."""

    id: str
    title: str
    state: DraftState
    revision: Annotated[int, Field(description="Grows with every change of the draft; its `ETag`.")]
    base: Annotated[int, Field(description="Number of the rule set it was opened from or rebased on.")]
    opened_by: str
    opened_at: datetime
    changed_at: datetime
    published_as: Annotated[int | None, Field(description="Number of the rule set it became.")] = None


class ChangedRecord(View):
    """A record that the draft changes, compared with its base."""

    kind: str
    id: str
    change: RecordChange
    person: Annotated[str, Field(description="Who changed it last.")]
    reason: str
    at: datetime


class CommentEntry(View):
    """What somebody said about a draft or a record in it."""

    record: Annotated[str | None, Field(description="`kind/id` of the record; left out: the draft as a whole.")] = None
    revision: Annotated[int, Field(description="The revision of the draft it was said about.")]
    text: str
    person: str
    name: str
    at: datetime

    @classmethod
    def of(cls, row: DraftCommentRow) -> Self:
        """Told from its row."""
        record = None if row.kind is None else f"{row.kind}/{row.record_id}"
        return cls(record=record, revision=row.revision, text=row.text, person=row.person, name=row.name, at=row.at)


class DraftEntry(DraftSummary):
    """A draft with all that it changes and what was said about it."""

    base_answers: Annotated[bool, Field(description="Whether its base still is the rule set that answers.")]
    digest: Annotated[
        str | None,
        Field(description="SHA-256 of the rule set it makes, once it is submitted: what reviewers sign."),
    ] = None
    changes: list[ChangedRecord]
    signatures: list[SignatureEntry]
    approvals_needed: Annotated[int, Field(description="How many more persons must approve it.")]
    steps: Annotated[list[StepEntry], Field(description="What the one who asks may do now, and why not.")]


class FieldEntry(View):
    """A place of a record that differs."""

    pointer: Annotated[str, Field(description="JSON pointer into the record.")]
    before: Annotated[Any, Field(description="Null: nothing was there.")]
    after: Annotated[Any, Field(description="Null: nothing is there.")]

    @classmethod
    def of(cls, field: FieldChange) -> Self:
        """Told of a difference."""
        return cls(pointer=field.pointer, before=field.before, after=field.after)


class DifferenceEntry(View):
    """A record that differs between two rule sets."""

    kind: str
    id: str
    change: RecordChange
    fields: list[FieldEntry]

    @classmethod
    def of(cls, difference: RecordDifference) -> Self:
        """Told of a difference."""
        fields = [FieldEntry.of(field) for field in difference.fields]
        return cls(kind=difference.kind, id=difference.record_id, change=difference.change, fields=fields)


class RecordEntry(View):
    """One record in a draft."""

    kind: str
    id: str
    document: Annotated[dict[str, Any], Field(description="The record as the draft has it.")]
    base: Annotated[dict[str, Any] | None, Field(description="The record as the base has it; null: it is new.")]
    fields: Annotated[list[FieldEntry], Field(description="Where the two differ.")]


class GateProblem(View):
    """Something that the compiler or lint finds."""

    record: Annotated[str, Field(description="The kind and id of the record, or what stands for them.")]
    pointer: str
    code: str
    detail: str


class GateFailure(View):
    """A worked case that does not hold."""

    case_id: str
    details: list[str]


class InteractionImpactEntry(View):
    """How the findings of one interaction change, with the names of the lists on which they do."""

    interaction_id: str
    appears: list[str]
    disappears: list[str]
    severity: Annotated[dict[str, list[str]], Field(description="By change, such as `moderate to major`.")]


class GateEntry(View):
    """What stands between a draft and publishing."""

    passed: Annotated[bool, Field(description="Whether nothing stands in the way but, at most, a wanted impact.")]
    refusals: Annotated[list[str], Field(description="What stands in the way, in words.")]
    digest: Annotated[str, Field(description="SHA-256 of the rule set that was looked at.")]
    compared_with: Annotated[int | None, Field(description="Number of the rule set it was compared with.")]
    problems: list[GateProblem]
    cases: int
    failures: list[GateFailure]
    questions: Annotated[int, Field(description="Lists that were put to both rule sets.")]
    changed: Annotated[list[str], Field(description="Names of the lists that are answered otherwise.")]
    impact_limit: Annotated[float, Field(description="Share of the lists above which an acceptance is needed.")]
    interactions: list[InteractionImpactEntry]

    @classmethod
    def of(cls, report: GateReport, *, digest: str, compared_with: int | None, limit: float) -> Self:
        """Told of a report."""
        impact = report.impact
        refusals = report.refusals(limit=limit, accepted=False)
        return cls(
            passed=not report.refusals(limit=limit, accepted=True),
            refusals=refusals,
            digest=digest,
            compared_with=compared_with,
            problems=[
                GateProblem(record=one.file, pointer=one.pointer, code=one.code, detail=one.detail)
                for one in report.problems
            ],
            cases=report.cases,
            failures=[GateFailure(case_id=one.case_id, details=list(one.details)) for one in report.failures],
            questions=0 if impact is None else impact.questions,
            changed=[] if impact is None else impact.changed,
            impact_limit=limit,
            interactions=[
                InteractionImpactEntry(
                    interaction_id=name,
                    appears=change.appears,
                    disappears=change.disappears,
                    severity=change.severity,
                )
                for name, change in ({} if impact is None else impact.interactions).items()
            ],
        )


def summary_fields(row: DraftRow) -> dict[str, Any]:
    """What a summary tells of a draft."""
    return {
        "id": row.id,
        "title": row.title,
        "state": DraftState(row.state),
        "revision": row.revision,
        "base": row.base_number,
        "opened_by": row.opened_by,
        "opened_at": row.opened_at,
        "changed_at": row.changed_at,
        "published_as": row.published_number,
    }
