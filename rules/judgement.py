"""What a rule's own tests say about one subject: conditions, expression and modifying factors.

It knows nothing of partners, routes or reports; the engine puts findings together from judgements.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final

from rules.expressions import LABORATORY
from rules.ranges import Range
from rules.terms import Applicability, Severity, word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rules.compiled import CompiledRuleSet, Factor, Rule
    from rules.conditions import Facts, Outcome, Subject
    from rules.fragments import Fragment
    from rules.ranges import Exact
    from rules.report import OpenFactor, Reason
    from rules.terms import OperationalClass

RANK: Final[dict[str, int]] = {severity.value: severity.rank for severity in Severity}
_APPLIES: Final = word(Applicability.APPLIES)
_MAY_APPLY: Final = word(Applicability.MAY_APPLY)


class Judgement:
    """What a rule's own tests say about one subject: everything of a finding that does not depend on the partner."""

    # Most judgements have none of these; they are replaced, never changed in place.
    holds: bool | None = True
    missing: Sequence[str] = ()
    missing_besides: Sequence[str] = ()  # those that are not about factors
    reasons: Sequence[Reason] = ()
    open_factors: Sequence[OpenFactor] = ()
    conditions: Sequence[str] = ()
    held: Sequence[str] = ()  # factors that apply
    rests_on = ""  # on which side of every limit the facts are, and what else the rule asked
    weighed = False  # whether factors were asked, which may have changed what the record says

    def __init__(self, fragment: Fragment) -> None:
        """Start with what the record says when nothing else is asked."""
        self.fragment = fragment
        self.severity: Severity = fragment.severity
        self.ceiling: Severity = fragment.severity
        self.operational_class: OperationalClass = fragment.operational_class
        self.key: object = None


def _judge_conditions(rule: Rule, facts: Facts, judgement: Judgement) -> None:
    """Which of the rule's conditions is present or undecided; the engine has seen that one of them is."""
    present = [name for name in rule.conditions if name in facts.conditions]
    if present:
        judgement.conditions = present
        detail = f"condition present: {', '.join(present)}"
        judgement.reasons = [*judgement.reasons, {"test": "condition", "outcome": _APPLIES, "detail": detail}]
        return
    # A rule about the condition itself is only asked where the condition is present.
    undecided = [name for name in rule.conditions if name in facts.undecided_conditions]
    missing = list(dict.fromkeys(fact for name in undecided for fact in facts.undecided_conditions[name]))
    judgement.holds = None
    judgement.missing = [*judgement.missing, *missing]
    judgement.conditions = undecided
    detail = f"it is not known whether this is present: {', '.join(undecided)}"
    judgement.reasons = [
        *judgement.reasons,
        {"test": "condition", "outcome": _MAY_APPLY, "detail": detail, "missing_facts": missing},
    ]


def _judge_factors(rule: Rule, facts: Facts, taken: Subject | None, judgement: Judgement) -> None:
    """Raise or lower the severity, each change with its reason; a factor that is open only raises the ceiling."""
    judgement.weighed = True
    base = RANK[judgement.severity]
    raised: Factor | None = None
    lowered: Factor | None = None
    open_factors: list[OpenFactor] = []
    reasons = list(judgement.reasons)
    held: list[str] = []
    for factor in rule.factors:
        holds = factor.test.holds(facts, taken)
        # An open factor of the record's own severity changes nothing; one below it can, where another lowers further.
        if holds is False or (holds is None and factor.rank == base):
            continue
        outcome = factor.test.reason(facts, taken)
        if holds is None:
            open_factors.append(_open(factor, outcome))
            continue
        record = factor.record
        held.append(record.id)
        detail = f"{record.text} ({outcome.detail}; severity {record.severity})"
        reasons.append({"test": "factor", "outcome": _APPLIES, "detail": detail})
        if factor.rank > base:
            raised = factor if raised is None or factor.rank > raised.rank else raised
        elif factor.rank < base:
            lowered = factor if lowered is None or factor.rank > lowered.rank else lowered
    # Raising wins over lowering: a mitigation never hides an aggravation.
    decisive = raised or lowered
    if decisive is not None:
        judgement.severity = word(decisive.record.severity)
        if decisive.record.operational_class is not None:
            judgement.operational_class = word(decisive.record.operational_class)
    judgement.reasons = reasons
    judgement.held = held
    judgement.ceiling = judgement.severity
    if open_factors:
        _keep_what_could_be_worse(judgement, open_factors)


def _open(factor: Factor, outcome: Outcome) -> OpenFactor:
    record = factor.record
    return {
        "id": record.id,
        "severity": word(record.severity),
        "text": record.text,
        "missing_facts": list(outcome.missing),
    }


def _keep_what_could_be_worse(judgement: Judgement, open_factors: list[OpenFactor]) -> None:
    """Of the open factors only those above the severity matter; their facts are missing and they set the ceiling."""
    severity = RANK[judgement.severity]
    kept = [factor for factor in open_factors if RANK[factor["severity"]] > severity]
    judgement.open_factors = kept
    judgement.missing = [*judgement.missing, *(fact for factor in kept for fact in factor["missing_facts"])]
    for factor in kept:
        if RANK[factor["severity"]] > RANK[judgement.ceiling]:
            judgement.ceiling = factor["severity"]


def judge(
    compiled: CompiledRuleSet,
    rule: Rule,
    facts: Facts,
    taken: Subject | None,
    substance_id: str,
    holds: bool | None,  # noqa: FBT001 - three values
) -> Judgement:
    """Everything the rule says apart from how the medications are given. ``holds``: what `Rule.ask` said, not false.

    Nobody may change the answer: that of a rule with nothing to ask is the same for everybody and shared.
    """
    if rule.unconditional:
        settled: Judgement | None = rule.settled.get(substance_id)
        if settled is None:
            settled = rule.settled[substance_id] = _start(compiled, rule, substance_id)
        return settled
    judgement = _start(compiled, rule, substance_id)
    if rule.conditions:
        _judge_conditions(rule, facts, judgement)
    if rule.test is not None:
        outcome = rule.test.reason(facts, taken)
        reason: Reason = {"test": "when", "outcome": _APPLIES, "detail": outcome.detail}
        if holds is None:
            judgement.holds = None
            judgement.missing = [*judgement.missing, *outcome.missing]
            reason["outcome"] = _MAY_APPLY
            reason["missing_facts"] = list(outcome.missing)
        judgement.reasons = [*judgement.reasons, reason]
    judgement.missing_besides = judgement.missing
    if rule.factors:
        _judge_factors(rule, facts, taken, judgement)
    judgement.rests_on = _rests_on(compiled, rule, facts, judgement)
    key = (judgement.holds, judgement.severity, judgement.ceiling, judgement.operational_class)
    judgement.key = (*key, *[factor["id"] for factor in judgement.open_factors]) if judgement.open_factors else key
    return judgement


def _rests_on(compiled: CompiledRuleSet, rule: Rule, facts: Facts, judgement: Judgement) -> str:
    """What a finding rests on besides its medications: a change of a value counts when it crosses a limit or band."""
    parts = [*judgement.held]
    for name, limits in rule.limits:
        measured = name in LABORATORY
        value = facts.serum.get(name) if measured else getattr(facts, name)
        low, high = value if isinstance(value, tuple) else (value, value)
        below = low is not None and _side(limits, low)
        parts.append(
            f"{name}{below}" if low is high else f"{name}{below} to {high is not None and _side(limits, high)}"
        )
        if measured and value is not None and name in compiled.ranges:
            parts += [band.name for band in compiled.ranges[name].bands if Range(band.bounds).contains(value)]
    return ";".join(parts)


def _side(limits: Sequence[float], value: Exact) -> int:
    """Where a value lies among limits: an even number between two of them, an odd one on a limit.

    In floating point, which is many times faster than comparing fractions: nothing is decided by it, and a value is
    never so close to a limit and yet not on it.
    """
    number = float(value)
    return bisect_left(limits, number) + bisect_right(limits, number)


def _start(compiled: CompiledRuleSet, rule: Rule, substance_id: str) -> Judgement:
    """What the record says when nothing else is asked."""
    fragment = rule.fragments.get(substance_id) or compiled.fragment(rule, substance_id)
    judgement = Judgement(fragment)
    if fragment.variant is not None:
        detail = f"the record says something of its own for {fragment.variant}"
        judgement.reasons = [{"test": "variant", "outcome": _APPLIES, "detail": detail}]
    return judgement
