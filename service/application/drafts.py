"""The verbs of a draft: open, edit, rebase, submit, approve, return, publish, discard; and what can be read of it.

Each verb runs in the caller's transaction, looks at the draft as it is there, and either does all of it with an entry
in the audit trail or raises and leaves everything as it was. Who somebody is has been found out before.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from rules.documents import Record
from rules.model import RuleSet
from rules.terms import RecordStatus
from service.application import audit, rule_sets
from service.application.draft_content import (
    Content,
    Shelf,
    applied,
    find,
    last_changes,
    moved,
    own_differences,
    plain,
    read_record,
    require_kind,
    written,
)
from service.application.draft_steps import (
    DraftState,
    DraftStep,
    SignatureDecision,
    SignatureMeaning,
    Situation,
    refusal,
    who,
)
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
from service.application.gate_report import GateReport
from service.application.keyring import Keyring
from service.application.principals import Principal
from service.errors import ChangedMeanwhile, GateRefused, IllegalStep, NotThere, RuleSetMoved
from service.storage import drafts as rows
from service.storage import rule_sets as published
from service.storage.session import Transaction
from service.storage.tables import DraftChangeRow, DraftRow, DraftSignatureRow

MADE_BY_AUTHOR = "account-made-by-author"


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
class _Draft:
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


class Drafts:
    """The verbs over one store."""

    def __init__(self, shelf: Shelf, policy: Policy, new_id: Callable[[], str], keyring: Keyring) -> None:
        """``shelf`` has the published rule sets; what is published is signed with ``keyring``."""
        self._shelf = shelf
        self._policy = policy
        self._new_id = new_id
        self._keyring = keyring

    # --- reading ------------------------------------------------------------------------------------------------------

    def listed(
        self, session: Transaction, *, state: DraftState | None, limit: int, offset: int
    ) -> tuple[list[DraftSummary], int]:
        """A page of drafts, those changed last first, and how many there are."""
        found, total = rows.newest(session, state=state, limit=limit, offset=offset)
        return [DraftSummary(**summary_fields(row)) for row in found], total

    def counts(self, session: Transaction) -> dict[DraftState, int]:
        """How many drafts there are in each state."""
        found = rows.counts_by_state(session)
        return {state: found.get(state.value, 0) for state in DraftState}

    def entry(self, session: Transaction, draft_id: str, principal: Principal) -> DraftEntry:
        """One draft, as somebody sees it.

        Raises:
            NotThere: there is none of this id.
        """
        return self._entry(session, _found(session, draft_id), principal)

    def record(self, session: Transaction, draft_id: str, place: Place) -> RecordEntry:
        """One record as the draft has it.

        Raises:
            NotThere: there is no such draft or record.
        """
        draft = _found(session, draft_id)
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

    def content(self, session: Transaction, draft_id: str) -> tuple[DraftRow, Content]:
        """The rule set that a draft makes now.

        Raises:
            NotThere: there is no such draft.
        """
        draft = _found(session, draft_id)
        return draft.row, self._content(draft)

    def content_for(self, session: Transaction, seen: Seen, step: DraftStep, act: Act) -> Content:
        """The rule set that a draft makes, for somebody who is about to take a step; the gate looks at it first.

        Raises:
            NotThere: there is no such draft.
            ChangedMeanwhile: it is at another revision than was seen.
            IllegalStep: this person cannot take the step now.
        """
        return self._content(self._for(session, seen, step, act))

    # --- writing ------------------------------------------------------------------------------------------------------

    def open(self, session: Transaction, title: str, act: Act) -> DraftEntry:
        """Open a draft from the rule set that answers.

        Raises:
            IllegalStep: no rule set answers.
        """
        active = published.active_number(session)
        if active is None:
            raise IllegalStep("no rule set answers, so there is nothing to start from; run `magcheck db upgrade`")
        row = DraftRow(
            id=self._new_id(),
            title=title,
            base_number=active,
            state=DraftState.OPEN.value,
            revision=1,
            opened_by=who(act.principal),
            opened_at=act.now,
            changed_at=act.now,
        )
        rows.save(session, row)
        _trail(session, act, "draft_open", row, before=None, after={"base": active, "title": title})
        return self._entry(session, _Draft(row, (), ()), act.principal)

    def put(self, session: Transaction, seen: Seen, place: Place, document: object, act: Act) -> DraftEntry:
        """Create or revise a record.

        Raises:
            NotThere: there is no such draft or kind of record.
            ChangedMeanwhile: the draft is not at the revision that was seen.
            IllegalStep: this person cannot edit it now.
            RecordInvalid: the document does not fit its form.
        """
        draft = self._for(session, seen, DraftStep.EDIT, act)
        record = read_record(*place, document)
        before = self._record(draft, place)
        if before == record:
            return self._entry(session, draft, act.principal)
        return self._change(session, draft, place, "create" if before is None else "revise", (before, record), act)

    def withdraw(self, session: Transaction, seen: Seen, place: Place, act: Act) -> DraftEntry:
        """Withdraw a record: it stays readable and does nothing any more.

        Raises:
            NotThere: there is no such draft, kind or record.
            ChangedMeanwhile: the draft is not at the revision that was seen.
            IllegalStep: this person cannot edit it now, or the record is withdrawn already.
        """
        draft = self._for(session, seen, DraftStep.EDIT, act)
        require_kind(place[0])
        before = self._record(draft, place)
        if before is None:
            raise NotThere("neither the draft nor its base has such a record")
        if before.status is RecordStatus.WITHDRAWN:
            raise IllegalStep("the record is withdrawn already")
        after = before.model_copy(update={"status": RecordStatus.WITHDRAWN})
        return self._change(session, draft, place, "withdraw", (before, after), act)

    def undo(self, session: Transaction, seen: Seen, place: Place, act: Act) -> DraftEntry:
        """Take a record back to what the base has.

        Raises:
            NotThere: there is no such draft, or it does not change this record.
            ChangedMeanwhile: the draft is not at the revision that was seen.
            IllegalStep: this person cannot edit it now.
        """
        draft = self._for(session, seen, DraftStep.EDIT, act)
        if place not in last_changes(draft.changes):
            raise NotThere("the draft does not change such a record")
        before = self._record(draft, place)
        return self._change(session, draft, place, "undo", (before, None), act)

    def rebase(self, session: Transaction, seen: Seen, keep: Iterable[tuple[str, str]], act: Act) -> DraftEntry:
        """Take the rule set that answers now as the base; ``keep`` names records whose change in the draft wins.

        Raises:
            NotThere: there is no such draft.
            ChangedMeanwhile: the draft is not at the revision that was seen.
            IllegalStep: its base answers still, or records were changed on both sides and are not in ``keep``.
        """
        draft = self._for(session, seen, DraftStep.REBASE, act)
        active = published.active_number(session)
        if active is None or active == draft.row.base_number:
            raise IllegalStep("the base of the draft is the rule set that answers")
        old, new = self._shelf.get(draft.row.base_number).rule_set, self._shelf.get(active).rule_set
        kept = set(keep)
        conflicts = [one for one in moved(old, new, last_changes(draft.changes)) if one not in kept]
        if conflicts:
            named = ", ".join(f"{kind}/{record_id}" for kind, record_id in sorted(conflicts))
            raise IllegalStep(
                f"changed both in the draft and in rule set {active}: {named}; undo them, or name them as kept"
            )
        before = draft.row.base_number
        draft.row.base_number = active
        self._back_to_work(draft.row, act.now)
        rows.save(session, draft.row)
        _trail(session, act, "draft_rebase", draft.row, before={"base": before}, after={"base": active})
        return self._entry(session, draft, act.principal)

    def submit(self, session: Transaction, seen: Seen, gate: GateReport, digest: str, act: Act) -> DraftEntry:
        """Hand a draft in for review; ``gate`` is the report about the content of this ``digest``.

        Raises:
            NotThere: there is no such draft.
            ChangedMeanwhile: the draft is not at the revision that was seen, or its content not the one looked at.
            IllegalStep: this person cannot submit it now.
            GateRefused: it does not compile, lint finds something, or a case does not hold.
        """
        draft = self._for(session, seen, DraftStep.SUBMIT, act)
        if self._content(draft).digest != digest:
            raise ChangedMeanwhile("the draft has changed since the gate looked at it")
        _pass(gate, self._policy, accepted=True)
        draft.row.state = DraftState.SUBMITTED.value
        draft.row.digest = digest
        _touch(draft.row, act.now)
        draft.row.submitted_revision = draft.row.revision
        rows.save(session, draft.row)
        _trail(session, act, "draft_submit", draft.row, before=None, after={"digest": digest})
        return self._entry(session, draft, act.principal)

    def approve(self, session: Transaction, seen: Seen, digest: str, meaning: SignatureMeaning, act: Act) -> DraftEntry:
        """Sign exactly the content of this digest.

        Raises:
            NotThere: there is no such draft.
            ChangedMeanwhile: the draft is not at the revision that was seen, or has another digest.
            IllegalStep: this person cannot approve it now.
        """
        draft = self._for(session, seen, DraftStep.APPROVE, act)
        draft = self._sign(session, draft, digest, SignatureDecision.APPROVED, meaning, act)
        if len({one.person for one in draft.counting}) >= self._policy.approvals:
            draft.row.state = DraftState.APPROVED.value
        _touch(draft.row, act.now)
        rows.save(session, draft.row)
        _trail(
            session, act, "draft_approve", draft.row, before=None, after={"digest": digest, "meaning": meaning.value}
        )
        return self._entry(session, draft, act.principal)

    def give_back(self, session: Transaction, seen: Seen, digest: str, act: Act) -> DraftEntry:
        """Return a draft to its authors.

        Raises:
            NotThere: there is no such draft.
            ChangedMeanwhile: the draft is not at the revision that was seen, or has another digest.
            IllegalStep: this person cannot return it now.
        """
        draft = self._for(session, seen, DraftStep.RETURN, act)
        draft = self._sign(session, draft, digest, SignatureDecision.RETURNED, SignatureMeaning.REJECTED, act)
        self._back_to_work(draft.row, act.now)
        rows.save(session, draft.row)
        _trail(session, act, "draft_return", draft.row, before={"digest": digest}, after=None)
        return self._entry(session, draft, act.principal)

    def publish(
        self,
        session: Transaction,
        seen: Seen,
        digest: str,
        gate: GateReport,
        *,
        accepted: bool,
        act: Act,
    ) -> DraftEntry:
        """Publish an approved draft as the next rule set, and let it answer.

        ``gate`` is the report about this digest, compared with the base of the draft; ``accepted``: an impact above
        the limit is wanted.

        Raises:
            NotThere: there is no such draft.
            ChangedMeanwhile: the draft is not at the revision that was seen, or has another digest.
            IllegalStep: this person cannot publish it now.
            GateRefused: it does not pass the gate.
            RuleSetMoved: another rule set answers than its base.
        """
        draft = self._for(session, seen, DraftStep.PUBLISH, act)
        content = self._content(draft)
        if digest != draft.row.digest or content.digest != digest:
            raise ChangedMeanwhile("the draft has another content than the one you have seen")
        active = published.active_number(session)
        if active != draft.row.base_number:
            raise RuleSetMoved(draft.row.base_number, active)
        _pass(gate, self._policy, accepted=accepted)
        done = rule_sets.publish_reviewed(
            session,
            content.rule_set,
            content.canonical,
            digest,
            author=who(act.principal),
            note=act.reason,
            now=act.now,
            keyring=self._keyring,
        )
        draft.row.state = DraftState.PUBLISHED.value
        draft.row.published_number = done.number
        _touch(draft.row, act.now)
        rows.save(session, draft.row)
        after: audit.Json = {"number": done.number, "digest": digest, "impact_accepted": accepted}
        _trail(session, act, "draft_publish", draft.row, before={"number": active}, after=after)
        return self._entry(session, draft, act.principal)

    def discard(self, session: Transaction, seen: Seen, act: Act) -> DraftEntry:
        """Give a draft up; what was written stays readable.

        Raises:
            NotThere: there is no such draft.
            ChangedMeanwhile: the draft is not at the revision that was seen.
            IllegalStep: this person cannot discard it now.
        """
        draft = self._for(session, seen, DraftStep.DISCARD, act)
        before = draft.row.state
        self._back_to_work(draft.row, act.now)
        draft.row.state = DraftState.DISCARDED.value
        rows.save(session, draft.row)
        _trail(session, act, "draft_discard", draft.row, before={"state": before}, after=None)
        return self._entry(session, draft, act.principal)

    # --- what the verbs share -----------------------------------------------------------------------------------------

    def _for(self, session: Transaction, seen: Seen, step: DraftStep, act: Act) -> _Draft:
        """The draft, once it is certain that this step may be taken."""
        draft = _found(session, seen.draft_id)
        why = refusal(step, draft.situation, act.principal)
        if why is not None:
            raise IllegalStep(why)
        if draft.row.revision != seen.revision:
            raise ChangedMeanwhile(f"the draft is at revision {draft.row.revision} by now; look at what is new")
        return draft

    def _content(self, draft: _Draft) -> Content:
        base = self._shelf.get(draft.row.base_number)
        changes = last_changes(draft.changes)
        return base if not changes else Content.of(applied(base.rule_set, changes))

    def _record(self, draft: _Draft, place: Place) -> Record | None:
        change = last_changes(draft.changes).get(place)
        if change is not None:
            return find(applied(RuleSet(), {place: change}), *place)
        return find(self._shelf.get(draft.row.base_number).rule_set, *place)

    def _change(
        self,
        session: Transaction,
        draft: _Draft,
        place: Place,
        action: str,
        records: tuple[Record | None, Record | None],
        act: Act,
    ) -> DraftEntry:
        before, after = records
        change = DraftChangeRow(
            draft_id=draft.row.id,
            sequence=0,
            kind=place[0],
            record_id=place[1],
            action=action,
            document=None if after is None else written(after),
            person=who(act.principal),
            reason=act.reason,
            at=act.now,
        )
        rows.add_change(session, change)
        self._back_to_work(draft.row, act.now)
        rows.save(session, draft.row)
        audit.record(
            session,
            person=who(act.principal),
            action=f"record_{action}",
            subject=f"draft/{draft.row.id}",
            reason=act.reason,
            before={"record": "/".join(place), "document": None if before is None else written(before)},
            after={"record": "/".join(place), "document": change.document},
            now=act.now,
        )
        return self._entry(session, _Draft(draft.row, (*draft.changes, change), draft.signatures), act.principal)

    def _sign(
        self,
        session: Transaction,
        draft: _Draft,
        digest: str,
        decision: SignatureDecision,
        meaning: SignatureMeaning,
        act: Act,
    ) -> _Draft:
        if digest != draft.row.digest:
            raise ChangedMeanwhile("the draft has another content than the one you have seen")
        signature = DraftSignatureRow(
            draft_id=draft.row.id,
            sequence=0,
            revision=draft.row.submitted_revision or 0,
            digest=digest,
            decision=decision.value,
            meaning=meaning.value,
            comment=act.reason,
            person=who(act.principal),
            name=act.principal.name,
            flags=_flags(session, act.principal, draft.situation.authors),
            at=act.now,
        )
        rows.add_signature(session, signature)
        return _Draft(draft.row, draft.changes, (*draft.signatures, signature))

    @staticmethod
    def _back_to_work(row: DraftRow, now: datetime) -> None:
        """Open again: what was signed so far counts no more."""
        row.state = DraftState.OPEN.value
        row.digest = None
        row.submitted_revision = None
        _touch(row, now)

    def _entry(self, session: Transaction, draft: _Draft, principal: Principal) -> DraftEntry:
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


def _found(session: Transaction, draft_id: str) -> _Draft:
    row = rows.get(session, draft_id)
    if row is None:
        raise NotThere("there is no draft of this id")
    return _Draft(row, tuple(rows.changes(session, draft_id)), tuple(rows.signatures(session, draft_id)))


def _step(step: DraftStep, situation: Situation, principal: Principal) -> StepEntry:
    why = refusal(step, situation, principal)
    return StepEntry(step=step, allowed=why is None, why_not=why)


def _touch(row: DraftRow, now: datetime) -> None:
    row.revision += 1
    row.changed_at = now


def _pass(gate: GateReport, policy: Policy, *, accepted: bool) -> None:
    reasons = gate.refusals(limit=policy.impact_limit, accepted=accepted)
    if reasons:
        raise GateRefused(reasons)


def _flags(session: Transaction, principal: Principal, authors: Sequence[str] | frozenset[str]) -> list[str]:
    made_by = rows.maker_of_account(session, principal.person_id) if principal.person_id is not None else None
    return [MADE_BY_AUTHOR] if made_by in authors else []


def _trail(
    session: Transaction, act: Act, action: str, row: DraftRow, *, before: audit.Json | None, after: audit.Json | None
) -> None:
    state: audit.Json = {"state": row.state, "revision": row.revision}
    audit.record(
        session,
        person=who(act.principal),
        action=action,
        subject=f"draft/{row.id}",
        reason=act.reason,
        before=before,
        after={**state, **(after or {})},
        now=act.now,
    )
