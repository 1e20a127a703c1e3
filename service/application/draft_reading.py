"""What can be read of drafts, and how one stands for a verb that is about to change it. It changes nothing."""

from dataclasses import dataclass
from datetime import datetime

from rules.canonical import records_of
from rules.documents import Record
from rules.model import RuleSet
from service.application.draft_content import (
    Content,
    Shelf,
    applied,
    document_of,
    find,
    last_changes,
    moved,
    own_differences,
    plain,
    require_kind,
)
from service.application.draft_steps import DraftState, DraftStep, SignatureDecision, Situation, refusal, who
from service.application.draft_views import (
    ChangedRecord,
    DraftEntry,
    DraftSummary,
    FieldEntry,
    RecordEntry,
    SignatureEntry,
    StepEntry,
    summary_fields,
)
from service.application.principals import Principal
from service.errors import ChangedMeanwhile, IllegalStep, NotThere
from service.storage import drafts as rows
from service.storage import rule_sets as published
from service.storage.session import Transaction
from service.storage.tables import DraftChangeRow, DraftRow, DraftSignatureRow


@dataclass(frozen=True, slots=True)
class Policy:
    """What an installation asks of a draft before it may answer."""

    approvals: int = 1
    impact_limit: float = 0.05


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something, why and when."""

    principal: Principal
    reason: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """A draft as somebody has seen it: a change is made to this revision or not at all."""

    draft_id: str
    revision: int


# A kind of record and an id of it.
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A draft that waits for somebody, the step it waits for, and whether a reviewer gave it back last."""

    draft: DraftSummary
    step: DraftStep
    returned: bool


# What waits longest in others' way comes first.
_AWAITED = (
    (DraftState.APPROVED, DraftStep.PUBLISH),
    (DraftState.SUBMITTED, DraftStep.APPROVE),
    (DraftState.OPEN, DraftStep.EDIT),
)
_MOST_WAITING = 25


@dataclass(frozen=True, slots=True)
class OwnChange:
    """A record that a draft changes, before and after, and who changed it last."""

    place: Place
    before: Record | None
    after: Record
    person: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Collision:
    """A record changed both in a draft and in the rule sets that were published since its base."""

    place: Place
    base: Record | None
    ours: Record
    theirs: Record | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft with everything that was written about it."""

    row: DraftRow
    changes: tuple[DraftChangeRow, ...]
    signatures: tuple[DraftSignatureRow, ...]

    @property
    def counting(self) -> list[DraftSignatureRow]:
        """The approvals of this very submission."""
        return [
            one
            for one in self.signatures
            if one.decision == SignatureDecision.APPROVED
            and self.row.digest == one.digest
            and self.row.submitted_revision == one.revision
        ]

    @property
    def situation(self) -> Situation:
        """What of it decides about steps."""
        return Situation(
            state=DraftState(self.row.state),
            authors=frozenset({self.row.opened_by, *(change.person for change in self.changes)}),
            approvers=frozenset(one.person for one in self.counting),
            changes=len(last_changes(self.changes)),
        )


class DraftReading:
    """What the verbs stand on, over one store."""

    def __init__(self, shelf: Shelf, policy: Policy) -> None:
        """``shelf`` has the published rule sets."""
        self._shelf = shelf
        self._policy = policy

    def listed(
        self, session: Transaction, *, state: DraftState | None, limit: int, offset: int
    ) -> tuple[list[DraftSummary], int]:
        """A page of drafts, those changed last first, and how many there are."""
        found, total = rows.newest(session, state=state, limit=limit, offset=offset)
        return [DraftSummary(**summary_fields(row)) for row in found], total

    def waiting_for(self, session: Transaction, principal: Principal) -> list[Waiting]:
        """The drafts that wait for this very person: to publish, to review, and those of their own to go on with."""
        waiting = []
        for state, step in _AWAITED:
            for row in rows.newest(session, state=state, limit=_MOST_WAITING, offset=0)[0]:
                draft = found(session, row.id)
                own = who(principal) in draft.situation.authors
                if refusal(step, draft.situation, principal) is None and (own or step is not DraftStep.EDIT):
                    last = draft.signatures[-1] if draft.signatures else None
                    sent_back = last is not None and last.decision == SignatureDecision.RETURNED
                    waiting.append(Waiting(DraftSummary(**summary_fields(row)), step, returned=sent_back))
        return waiting

    def counts(self, session: Transaction) -> dict[DraftState, int]:
        """How many drafts there are in each state."""
        found = rows.counts_by_state(session)
        return {state: found.get(state.value, 0) for state in DraftState}

    def entry(self, session: Transaction, draft_id: str, principal: Principal) -> DraftEntry:
        """One draft, as somebody sees it.

        Raises:
            NotThere: there is none of this id.
        """
        return self._entry(session, found(session, draft_id), principal)

    def record(self, session: Transaction, draft_id: str, place: Place) -> RecordEntry:
        """One record as the draft has it.

        Raises:
            NotThere: there is no such draft or record.
        """
        draft = found(session, draft_id)
        require_kind(place[0])
        base = self._shelf.get(draft.row.base_number).rule_set
        ours = last_changes(draft.changes)
        changed = {key: change for key, change in ours.items() if key == place}
        now = find(applied(base, changed), *place)
        if now is None:
            raise NotThere("neither the draft nor its base has such a record")
        before = find(base, *place)
        differing = own_differences(base, changed)
        return RecordEntry(
            kind=place[0],
            id=place[1],
            document=plain(now),
            base=None if before is None else plain(before),
            fields=[FieldEntry.of(field) for difference in differing for field in difference.fields],
        )

    def records(self, session: Transaction, draft_id: str) -> dict[Place, Record]:
        """Every record as the draft has it.

        Raises:
            NotThere: there is no such draft.
        """
        draft = found(session, draft_id)
        base = self._shelf.get(draft.row.base_number).rule_set
        return {**records_of(base), **records_of(applied(RuleSet(), last_changes(draft.changes)))}

    def own_changes(self, session: Transaction, draft_id: str) -> tuple[RuleSet, list[OwnChange]]:
        """The base of a draft, and every record in which it differs from it, by kind and id.

        Raises:
            NotThere: there is no such draft.
        """
        draft = found(session, draft_id)
        base = self._shelf.get(draft.row.base_number).rule_set
        own = []
        for place, change in sorted(last_changes(draft.changes).items()):
            before, after = find(base, *place), document_of(change)
            if before != after:
                own.append(OwnChange(place, before, after, change.person, change.reason, change.at))
        return base, own

    def collisions(self, session: Transaction, draft_id: str) -> tuple[int | None, list[Collision]]:
        """The number of the rule set that answers, and what both it and the draft changed since the draft's base.

        Raises:
            NotThere: there is no such draft.
        """
        draft = found(session, draft_id)
        active = published.active_number(session)
        if active is None or active == draft.row.base_number:
            return active, []
        old, new = self._shelf.get(draft.row.base_number).rule_set, self._shelf.get(active).rule_set
        ours = last_changes(draft.changes)
        return active, [
            Collision(place, find(old, *place), document_of(ours[place]), find(new, *place))
            for place in sorted(moved(old, new, ours))
        ]

    def revision(self, session: Transaction, draft_id: str) -> int:
        """At which revision a draft is: its content is the same for as long as this is.

        Raises:
            NotThere: there is no such draft.
        """
        return found(session, draft_id).row.revision

    def content(self, session: Transaction, draft_id: str) -> tuple[DraftRow, Content]:
        """The rule set that a draft makes now.

        Raises:
            NotThere: there is no such draft.
        """
        draft = found(session, draft_id)
        return draft.row, self._content(draft)

    def content_for(self, session: Transaction, seen: Seen, step: DraftStep, act: Act) -> Content:
        """The rule set that a draft makes, for somebody who is about to take a step; the gate looks at it first.

        Raises:
            NotThere: there is no such draft.
            ChangedMeanwhile: it is at another revision than was seen.
            IllegalStep: this person cannot take the step now.
        """
        return self._content(self._for(session, seen, step, act))

    # --- for the verbs ------------------------------------------------------------------------------------------------

    def _for(self, session: Transaction, seen: Seen, step: DraftStep, act: Act) -> Draft:
        """The draft, once it is certain that this step may be taken."""
        draft = found(session, seen.draft_id)
        why = refusal(step, draft.situation, act.principal)
        if why is not None:
            raise IllegalStep(why)
        if draft.row.revision != seen.revision:
            raise ChangedMeanwhile(f"the draft is at revision {draft.row.revision} by now; look at what is new")
        return draft

    def _content(self, draft: Draft) -> Content:
        base = self._shelf.get(draft.row.base_number)
        changes = last_changes(draft.changes)
        return base if not changes else Content.of(applied(base.rule_set, changes))

    def _record(self, draft: Draft, place: Place) -> Record | None:
        change = last_changes(draft.changes).get(place)
        if change is not None:
            return find(applied(RuleSet(), {place: change}), *place)
        return find(self._shelf.get(draft.row.base_number).rule_set, *place)

    def _entry(self, session: Transaction, draft: Draft, principal: Principal) -> DraftEntry:
        row, situation = draft.row, draft.situation
        last = last_changes(draft.changes)
        differing = own_differences(self._shelf.get(row.base_number).rule_set, last)
        counting = draft.counting
        return DraftEntry(
            **summary_fields(row),
            base_answers=published.active_number(session) == row.base_number,
            digest=row.digest,
            changes=[
                ChangedRecord(
                    kind=one.kind,
                    id=one.record_id,
                    change=one.change,
                    person=last[one.kind, one.record_id].person,
                    reason=last[one.kind, one.record_id].reason,
                    at=last[one.kind, one.record_id].at,
                )
                for one in differing
            ],
            signatures=[SignatureEntry.of(one, counts=one in counting) for one in draft.signatures],
            approvals_needed=max(0, self._policy.approvals - len({one.person for one in counting})),
            steps=[_step(step, situation, principal) for step in DraftStep],
        )


def found(session: Transaction, draft_id: str) -> Draft:
    """A draft with everything that was written about it.

    Raises:
        NotThere: there is no such draft.
    """
    row = rows.get(session, draft_id)
    if row is None:
        raise NotThere("there is no draft of this id")
    return Draft(row, tuple(rows.changes(session, draft_id)), tuple(rows.signatures(session, draft_id)))


def _step(step: DraftStep, situation: Situation, principal: Principal) -> StepEntry:
    why = refusal(step, situation, principal)
    return StepEntry(step=step, allowed=why is None, why_not=why)
