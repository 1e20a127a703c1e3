"""Publishes rule sets and brings published ones back, byte for byte what was reviewed.

A rule set is stored as its canonical JSON with the SHA-256 of those bytes. It is never changed, and one whose bytes do
not match is never used. Which one answers is not decided here but by the log of activations.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from pydantic import ValidationError

from rules.canonical import canonical_json
from rules.compiled import CompiledRuleSet, compile_rule_set
from rules.errors import KnowledgeError
from rules.model import RuleSet
from service.application import audit
from service.application.keyring import Keyring
from service.application.packed import pack, unpack
from service.application.signatures import require_signature, sign
from service.errors import IllegalStep, NoRuleSet, NoSuchRuleSet, RuleSetDamaged, RuleSetMoved
from service.storage import rule_sets
from service.storage.session import Store, Transaction
from service.storage.tables import RuleSetRow, RuleSetSignatureRow

BASELINE_AUTHOR = "magcheck"
# A rule set of a later form may hold what this version would have to ignore, and ignoring a rule is not an option.
READABLE_SCHEMA_VERSIONS = frozenset({1})


@dataclass(frozen=True, slots=True)
class Publication:
    """What became of a wish to publish: the rule set that is there now, and whether this call published it."""

    number: int
    digest: str
    created: bool


def seed_baseline(store: Store, baseline: RuleSet, *, keyring: Keyring, now: datetime, note: str) -> Publication:
    """Publish the baseline as rule set 1 in a store that has no rule set yet, and make it the one that answers.

    Several processes may do this at once: one publishes, the others find it published. Where a rule set answers
    already, whichever it is, nothing is written and that one is named.

    Raises:
        KnowledgeError: the baseline cannot be compiled; nothing is written.
    """
    return _publish(store, baseline, keyring=keyring, note=note, now=now, only_first=True)


def publish_baseline(store: Store, baseline: RuleSet, *, keyring: Keyring, now: datetime, note: str) -> Publication:
    """Publish the baseline under the next number, unless it is published already, and make it the one that answers.

    A baseline that was published before is published again only where another baseline answers: what a person has
    chosen since is left alone. It gets a new number, because numbers of what answers only ever grow.

    Raises:
        KnowledgeError: the baseline cannot be compiled; nothing is written.
    """
    return _publish(store, baseline, keyring=keyring, note=note, now=now, only_first=False)


def _publish(
    store: Store, rule_set: RuleSet, *, keyring: Keyring, note: str, now: datetime, only_first: bool
) -> Publication:
    compile_rule_set(rule_set)  # before anything is written: what cannot answer is not published
    canonical = canonical_json(rule_set)
    digest = hashlib.sha256(canonical).hexdigest()
    with store.writing() as session:
        if only_first and (active := rule_sets.active_reference(session)) is not None:
            return Publication(*active, created=False)
        known = rule_sets.number_of_digest(session, digest)
        if known is not None:
            last = rule_sets.last_activation(session)
            if last is None or last.number == known or last.author != BASELINE_AUTHOR:
                return Publication(known, digest, created=False)
        return _add_new(
            session, rule_set, canonical, digest, author=BASELINE_AUTHOR, note=note, now=now, keyring=keyring
        )


def publish(  # noqa: PLR0913 - what, and who, why and when
    store: Store,
    rule_set: RuleSet,
    *,
    based_on: int | None,
    author: str,
    note: str,
    now: datetime,
    keyring: Keyring,
) -> Publication:
    """Publish a rule set that has passed the gate under the next number and make it the one that answers.

    ``based_on`` is the rule set that answered when its impact was looked at. What answers already is left alone.

    Raises:
        KnowledgeError: it cannot be compiled; nothing is written.
        RuleSetMoved: another one answers by now; nothing is written.
    """
    compile_rule_set(rule_set)
    canonical = canonical_json(rule_set)
    digest = hashlib.sha256(canonical).hexdigest()
    with store.writing() as session:
        active = rule_sets.active_reference(session)
        if active is not None and active[1] == digest:
            return Publication(*active, created=False)
        number = None if active is None else active[0]
        if number != based_on:
            raise RuleSetMoved(based_on or 0, number)
        return _add_new(session, rule_set, canonical, digest, author=author, note=note, now=now, keyring=keyring)


def publish_reviewed(  # noqa: PLR0913 - what, and who, why and when
    session: Transaction,
    rule_set: RuleSet,
    canonical: bytes,
    digest: str,
    *,
    author: str,
    note: str,
    now: datetime,
    keyring: Keyring,
) -> Publication:
    """Publish what has passed the gate and was approved, in the transaction of the draft it came from."""
    return _add_new(session, rule_set, canonical, digest, author=author, note=note, now=now, keyring=keyring)


def roll_back(store: Store, number: int, *, author: str, note: str, now: datetime, keyring: Keyring) -> Publication:
    """Publish the content of a former rule set under the next number and make it the one that answers.

    Raises:
        NoSuchRuleSet: there is none of this number; nothing is written.
        RuleSetDamaged: it cannot be used any more; nothing is written.
        IllegalStep: it was retired; nothing is written.
    """
    require_usable(store, number)
    with store.writing() as session:
        return roll_back_in(session, number, author=author, note=note, now=now, keyring=keyring)


def require_usable(store: Store, number: int) -> None:
    """Make sure that a former rule set could still answer; it takes a second, so no transaction waits for it.

    Raises:
        NoSuchRuleSet: there is none of this number.
        RuleSetDamaged: it cannot be used any more.
    """
    with store.reading() as session:
        former = rule_sets.by_number(session, number)
    if former is None:
        raise NoSuchRuleSet(number)
    restore(former)


def roll_back_in(
    session: Transaction, number: int, *, author: str, note: str, now: datetime, keyring: Keyring
) -> Publication:
    """`roll_back` in the caller's transaction, once `require_usable` has said that it can answer.

    Raises:
        NoSuchRuleSet: there is none of this number.
        RuleSetDamaged: it is not what this installation signed.
        IllegalStep: it was retired.
    """
    former = rule_sets.by_number(session, number)
    if former is None:
        raise NoSuchRuleSet(number)
    if rule_sets.retirement(session, former.digest) is not None:
        raise IllegalStep(f"rule set {number} was retired and never answers again")
    # What would be signed anew must have been signed before.
    canonical_of(former)
    require_signature(former, rule_sets.signatures(session, number), keyring)
    active = rule_sets.active_reference(session)
    if active is not None and active[1] == former.digest:
        return Publication(*active, created=False)
    row = RuleSetRow(
        number=rule_sets.last_number(session) + 1,
        schema_version=former.schema_version,
        digest=former.digest,
        content=former.content,
        record_counts=former.record_counts,
        created_at=now,
        author=author,
        note=note,
    )
    _add(session, row, keyring, action="roll_back")
    return Publication(row.number, row.digest, created=True)


def retire(session: Transaction, number: int, *, author: str, reason: str, now: datetime) -> None:
    """Rule out that the content of a rule set ever answers again; past answers stay replayable.

    Raises:
        NoSuchRuleSet: there is none of this number.
        IllegalStep: its content answers now, or it was retired before.
    """
    former = rule_sets.by_number(session, number)
    if former is None:
        raise NoSuchRuleSet(number)
    active = rule_sets.active_reference(session)
    if active is not None and active[1] == former.digest:
        raise IllegalStep("its content is what answers now; publish or roll back first")
    if rule_sets.retirement(session, former.digest) is not None:
        raise IllegalStep(f"rule set {number} was retired before")
    rule_sets.add_retirement(session, number, author=author, reason=reason, now=now)
    audit.record(
        session,
        person=author,
        action="retire",
        subject=f"rule_set/{number}",
        reason=reason,
        before=None,
        after={"number": number, "digest": former.digest},
        now=now,
    )


def _add_new(  # noqa: PLR0913 - what, and who, why and when
    session: Transaction,
    rule_set: RuleSet,
    canonical: bytes,
    digest: str,
    *,
    author: str,
    note: str,
    now: datetime,
    keyring: Keyring,
) -> Publication:
    if rule_sets.retirement(session, digest) is not None:
        raise IllegalStep("a rule set of exactly this content was retired and never answers again")
    row = RuleSetRow(
        number=rule_sets.last_number(session) + 1,
        schema_version=rule_set.schema_version,
        digest=digest,
        content=pack(canonical),
        record_counts=record_counts(rule_set),
        created_at=now,
        author=author,
        note=note,
    )
    _add(session, row, keyring, action="publish")
    return Publication(row.number, digest, created=True)


def _add(session: Transaction, row: RuleSetRow, keyring: Keyring, *, action: str) -> None:
    """Write a rule set, sign it, make it the one that answers, and say so in the audit trail."""
    before = rule_sets.active_reference(session)
    rule_sets.add(session, row)
    sign(session, row, keyring, now=row.created_at)
    rule_sets.activate(session, row.number, author=row.author, note=row.note, now=row.created_at)
    audit.record(
        session,
        person=row.author,
        action=action,
        subject=f"rule_set/{row.number}",
        reason=row.note,
        before=None if before is None else {"number": before[0], "digest": before[1]},
        after={"number": row.number, "digest": row.digest},
        now=row.created_at,
    )


def sign_unsigned(
    store: Store, *, keyring: Keyring, author: str, note: str, now: datetime
) -> tuple[list[int], list[RuleSetDamaged]]:
    """Sign all rule sets that the current key has not signed, once each is seen to be what was published.

    For those from before there were signatures, and after a change of the key. The answer names those that were signed
    now, and why others were not: one that is not what was published, or has a false signature, is left alone.
    """
    signed: list[int] = []
    refused: list[RuleSetDamaged] = []
    with store.writing() as session:
        for number in rule_sets.not_signed_with(session, keyring.key_id):
            try:
                row = _to_be_signed(session, number, keyring)
            except RuleSetDamaged as error:
                refused.append(error)
                continue
            sign(session, row, keyring, now=now)
            audit.record(
                session,
                person=author,
                action="sign",
                subject=f"rule_set/{number}",
                reason=note,
                before=None,
                after={"number": number, "digest": row.digest, "key_id": keyring.key_id},
                now=now,
            )
            signed.append(number)
            session.expunge(row)
    return signed, refused


def _to_be_signed(session: Transaction, number: int, keyring: Keyring) -> RuleSetRow:
    """A rule set that may be signed: its content fits, and neither the audit trail nor a known key says otherwise."""
    row = rule_sets.by_number(session, number)
    if row is None:
        raise NoSuchRuleSet(number)
    canonical_of(row)
    told = audit.told_digest(session, f"rule_set/{number}")
    if told is not None and told != row.digest:
        raise RuleSetDamaged(number, "the audit trail tells of another digest")
    known = [one for one in rule_sets.signatures(session, number) if one.key_id in keyring.key_ids]
    if known:
        require_signature(row, known, keyring)
    return row


class Stored(NamedTuple):
    """The rule set that should answer, as the store has it."""

    row: RuleSetRow
    signatures: list[RuleSetSignatureRow]
    retired_at: datetime | None


def stored_active(store: Store) -> Stored:
    """Read the rule set that should answer.

    Raises:
        NoRuleSet: none is published.
    """
    with store.reading() as session:
        row = rule_sets.active(session)
        if row is None:
            raise NoRuleSet("no rule set is published; run `magcheck db upgrade`")
        return Stored(row, rule_sets.signatures(session, row.number), rule_sets.retirement(session, row.digest))


def require_answerable(stored: Stored, keyring: Keyring) -> None:
    """Make sure that a rule set may answer: signed by this installation, not retired, its content unchanged.

    Raises:
        RuleSetDamaged: it may not.
    """
    require_signature(stored.row, stored.signatures, keyring)
    if stored.retired_at is not None:
        raise RuleSetDamaged(stored.row.number, "its content was retired and never answers again")
    canonical_of(stored.row)


def answering(store: Store, keyring: Keyring | None) -> CompiledRuleSet | None:
    """The rule set that answers, ready to be asked; none where none is published.

    Without a keyring nobody looks whether it is signed: that is for showing only, never for answering.

    Raises:
        RuleSetDamaged: it must not answer.
    """
    try:
        stored = stored_active(store)
    except NoRuleSet:
        return None
    if keyring is not None:
        require_answerable(stored, keyring)
    return restore(stored.row)


def record_counts(rule_set: RuleSet) -> dict[str, int]:
    """Number of records of each kind."""
    return {
        kind: len(records) for kind in RuleSet.model_fields if isinstance(records := getattr(rule_set, kind), tuple)
    }


def restore(row: RuleSetRow) -> CompiledRuleSet:
    """Bring a stored rule set back, ready to answer.

    Raises:
        RuleSetDamaged: its bytes are not those that were published, or this version cannot use them.
    """
    if row.schema_version not in READABLE_SCHEMA_VERSIONS:
        readable = ", ".join(str(version) for version in sorted(READABLE_SCHEMA_VERSIONS))
        raise RuleSetDamaged(
            row.number, f"it is written in form {row.schema_version}, this version of magcheck reads form {readable}"
        )
    canonical = canonical_of(row)
    try:
        rule_set = RuleSet.model_validate_json(canonical)
        return compile_rule_set(rule_set, version=row.number, digest=row.digest)
    except ValidationError as error:
        raise RuleSetDamaged(row.number, f"{error.error_count()} values do not fit the documents") from error
    except KnowledgeError as error:
        raise RuleSetDamaged(row.number, f"it does not compile: {error.problems[0]}") from error


def verify_stored(row: RuleSetRow) -> None:
    """Make sure that a stored rule set still has the bytes that were published.

    Raises:
        RuleSetDamaged: it has not.
    """
    canonical_of(row)


def canonical_of(row: RuleSetRow) -> bytes:
    """The canonical JSON of a stored rule set.

    Raises:
        RuleSetDamaged: it is not what was published.
    """
    try:
        canonical = unpack(row.content)
    except ValueError as error:
        raise RuleSetDamaged(row.number, str(error)) from error
    if hashlib.sha256(canonical).hexdigest() != row.digest:
        raise RuleSetDamaged(row.number, "its content does not match its digest")
    return canonical
