"""What people made of cards, kept as feedback about the findings that were on them.

Repeats count once, and cards that nobody knows are passed over: clients send both. Comments are never kept: they are
free text, and about a patient.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from service.application import feedback
from service.application.card_ids import reference_of
from service.application.feedback import Outcome, OverrideReason
from service.storage import decisions
from service.storage.session import Transaction
from service.storage.tables import DecisionRow


@dataclass(frozen=True, slots=True)
class CardFeedback:
    """What became of one card. ``moment`` is the client's own text for when; it only tells repeats apart."""

    card: str
    outcome: Outcome
    reason: OverrideReason | None
    moment: str


@dataclass(slots=True)
class Receipt:
    """What was made of feedback."""

    kept: int = 0
    repeated: int = 0
    passed_over: int = 0


def keep(session: Transaction, given: Iterable[CardFeedback], *, caller: str, now: datetime) -> Receipt:
    """Keep what is about findings of decisions that this caller asked for."""
    receipt = Receipt()
    known: dict[str, DecisionRow | None] = {}
    for one in given:
        reference = reference_of(one.card)
        if reference is None or reference.finding is None:
            receipt.passed_over += 1
            continue
        name = reference.decision_id
        if name not in known:
            known[name] = decisions.by_id(session, name)
        decision = known[name]
        if decision is None or decision.caller != caller or reference.finding >= len(decision.findings):
            receipt.passed_over += 1
            continue
        row_id = _id_of(one, caller)
        if decisions.has_feedback(session, row_id):
            receipt.repeated += 1
            continue
        feedback.give(
            session,
            decision,
            decision.findings[reference.finding]["key"],
            outcome=one.outcome,
            reason=one.reason,
            caller=caller,
            new_id=row_id,
            now=now,
        )
        receipt.kept += 1
    return receipt


def _id_of(one: CardFeedback, caller: str) -> str:
    """The same for the same feedback, however often it comes."""
    said = "\0".join((caller, one.card, one.outcome, one.reason or "", one.moment))
    return str(uuid.UUID(bytes=hashlib.sha256(said.encode("utf-8", "surrogatepass")).digest()[:16], version=4))
