"""What people make of findings: accepted, or overridden for a coded reason; and how often, by interaction.

The rates are a report about rules, never about people: nothing here tells who overrode what for whom.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from math import sqrt
from typing import Final

from service.errors import NotThere
from service.storage import decisions
from service.storage.session import Transaction
from service.storage.tables import DecisionRow, FeedbackRow

# The quantile of the normal distribution for 95 %, two-sided.
_Z: Final = 1.959963984540054


class Outcome(StrEnum):
    """What became of a finding."""

    ACCEPTED = "accepted"
    OVERRIDDEN = "overridden"


class OverrideReason(StrEnum):
    """Why a finding was overridden.

    After the categories that Wright et al. found in the records of ten sites (J Am Med Inform Assoc 2019;26:934-942,
    doi:10.1093/jamia/ocz033). Free text has no place here: it would be about a patient.
    """

    WILL_MONITOR = "will_monitor"
    WILL_ADJUST = "will_adjust"
    BENEFIT_OUTWEIGHS_RISK = "benefit_outweighs_risk"
    NOT_CLINICALLY_SIGNIFICANT = "not_clinically_significant"
    ALREADY_TOLERATED = "already_tolerated"
    NO_LONGER_TAKEN = "no_longer_taken"
    FACTS_DIFFER = "facts_differ"
    NO_ALTERNATIVE = "no_alternative"
    DISCUSSED = "discussed"
    ALREADY_KNOWN = "already_known"
    OTHER = "other"
    # Systems that show cards may send no reason; nobody should have to make one up.
    NOT_GIVEN = "not_given"


def give(  # noqa: PLR0913 - the columns of a row
    session: Transaction,
    decision: DecisionRow,
    finding_key: str,
    *,
    outcome: Outcome,
    reason: OverrideReason | None,
    caller: str,
    new_id: str,
    now: datetime,
) -> FeedbackRow:
    """Keep what somebody made of a finding.

    Raises:
        NotThere: the decision has no such finding.
    """
    finding = next((one for one in decision.findings if one["key"] == finding_key), None)
    if finding is None:
        raise NotThere("the decision has no finding with this key")
    row = FeedbackRow(
        id=new_id,
        decision_id=decision.id,
        finding_key=finding_key,
        interaction_id=finding["interaction_id"],
        severity=finding["severity"],
        outcome=outcome.value,
        reason_code=None if reason is None else reason.value,
        caller=caller,
        at=now,
    )
    decisions.add_feedback(session, row)
    return row


@dataclass(slots=True)
class Rate:
    """How one interaction fared: how often it was found, and what was made of it."""

    interaction_id: str
    fired: int = 0
    accepted: int = 0
    overridden: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def count(self, outcome: str, reason: str | None, number: int) -> None:
        """Add so many of an outcome."""
        if outcome == Outcome.ACCEPTED:
            self.accepted += number
        else:
            self.overridden += number
            self.reasons[reason or OverrideReason.OTHER.value] += number

    @property
    def overridden_share(self) -> tuple[float, float, float] | None:
        """The share that was overridden, with its 95 % interval after Wilson; none where nobody said anything."""
        answered = self.accepted + self.overridden
        return None if answered == 0 else (self.overridden / answered, *wilson(self.overridden, answered))


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """The score interval of a share (Wilson 1927), at 95 %: right for few trials and for shares near 0 and 1 too."""
    share, square = hits / trials, _Z * _Z / trials
    middle = (share + square / 2) / (1 + square)
    half = _Z / (1 + square) * sqrt(share * (1 - share) / trials + square / (4 * trials))
    # Exactly there by algebra, but not by rounding.
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    high = 1.0 if hits == trials else min(1.0, middle + half)
    return low, high


def rates(session: Transaction, since: date, until: date, interaction_id: str | None = None) -> list[Rate]:
    """How each interaction, or only one, fared on these days, both included, in order of the interactions."""
    found: dict[str, Rate] = {}
    for interaction, number in decisions.fired(session, since, until, interaction_id).items():
        found.setdefault(interaction, Rate(interaction)).fired += number
    start = datetime.combine(since, time(), UTC)
    end = (
        datetime.combine(until, time(), UTC) + timedelta(days=1)
        if until < date.max
        else datetime.max.replace(tzinfo=UTC)
    )
    for (interaction, outcome, reason), number in decisions.outcomes(session, start, end, interaction_id).items():
        found.setdefault(interaction, Rate(interaction)).count(outcome, reason, number)
    return [found[interaction] for interaction in sorted(found)]
