"""The verbs of a draft: open, edit, rebase, submit, approve, return, publish, discard.

Each verb runs in the caller's transaction, looks at the draft as it is there, and either does all of it with an entry
in the audit trail or raises and leaves everything as it was. Who somebody is has been found out before.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from rules.documents import Record
from rules.terms import RecordStatus
from service.application import audit, rule_sets
from service.application.access.resemblance import resembles
from service.application.draft_content import (
    Shelf,
    last_changes,
    moved,
    read_record,
    require_kind,
    written,
)
from service.application.draft_reading import Act, Draft, DraftReading, Place, Policy, Seen
from service.application.draft_steps import (
    DraftState,
    DraftStep,
    SignatureDecision,
    SignatureMeaning,
    who,
)
from service.application.draft_views import (
    DraftEntry,
)
from service.application.gate_report import GateReport
from service.application.keyring import Keyring
from service.application.principals import Principal
from service.errors import ChangedMeanwhile, GateRefused, IllegalStep, NotThere, RuleSetMoved
from service.storage import access
from service.storage import drafts as rows
from service.storage import rule_sets as published
from service.storage.session import Transaction
from service.storage.tables import DraftChangeRow, DraftRow, DraftSignatureRow

__all__ = ["MADE_BY_AUTHOR", "Act", "Drafts", "Place", "Policy", "Seen"]

MADE_BY_AUTHOR = "account-made-by-author"
NAMED_AS_AUTHOR = "account-named-as-author"


class Drafts(DraftReading):
    """The verbs over one store."""

    def __init__(self, shelf: Shelf, policy: Policy, new_id: Callable[[], str], keyring: Keyring) -> None:
        """``shelf`` has the published rule sets; what is published is signed with ``keyring``."""
        super().__init__(shelf, policy)
        self._new_id = new_id
        self._keyring = keyring

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
        return self._entry(session, Draft(row, (), ()), act.principal)

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

    def _change(
        self,
        session: Transaction,
        draft: Draft,
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
        return self._entry(session, Draft(draft.row, (*draft.changes, change), draft.signatures), act.principal)

    def _sign(
        self,
        session: Transaction,
        draft: Draft,
        digest: str,
        decision: SignatureDecision,
        meaning: SignatureMeaning,
        act: Act,
    ) -> Draft:
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
        return Draft(draft.row, draft.changes, (*draft.signatures, signature))

    @staticmethod
    def _back_to_work(row: DraftRow, now: datetime) -> None:
        """Open again: what was signed so far counts no more."""
        row.state = DraftState.OPEN.value
        row.digest = None
        row.submitted_revision = None
        _touch(row, now)


def _touch(row: DraftRow, now: datetime) -> None:
    row.revision += 1
    row.changed_at = now


def _pass(gate: GateReport, policy: Policy, *, accepted: bool) -> None:
    reasons = gate.refusals(limit=policy.impact_limit, accepted=accepted)
    if reasons:
        raise GateRefused(reasons)


def _flags(session: Transaction, principal: Principal, authors: Sequence[str] | frozenset[str]) -> list[str]:
    """What a reader of a signature should know about the account that signs."""
    signing = None if principal.person_id is None else access.person(session, principal.person_id)
    if signing is None:
        return []
    written = [access.person(session, author.removeprefix("person/")) for author in authors]
    named = any(author is not None and resembles(signing, author) for author in written)
    return [*([MADE_BY_AUTHOR] if signing.created_by in authors else []), *([NAMED_AS_AUTHOR] if named else [])]


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
