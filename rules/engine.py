"""Answers a question from a compiled rule set: which interactions apply, may apply, and why.

A pure function of rule set and question: no clock, no files, no randomness, and the same bytes in any order of the
medications. Only rules of the listed substances and conditions are touched. Nothing found is never called safe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rules.facts import condition_terms, facts_of, symptom_terms
from rules.intake import intake_of, intake_report
from rules.lines import Line, Taken
from rules.near_misses import near_misses
from rules.resolution import checked
from rules.risk import deficiency_risk
from rules.terms import Applicability, CheckStatus, RecognitionState, Severity

if TYPE_CHECKING:
    from rules.compiled import CompiledRuleSet, Entry, Pair, Rule, Side, Single
    from rules.conditions import Facts
    from rules.fragments import Fragment
    from rules.profile import MedicationProfile
    from rules.report import CheckReport, Duplicate, Finding, OpenFactor, Reason, SubstanceReference
    from rules.terms import OperationalClass

_SEVERITIES: Final = tuple(Severity)
_RANK: Final = {severity: severity.rank for severity in Severity}


class Judgement:
    """What a rule's own tests say about one subject: everything of a finding that does not depend on the partner."""

    __slots__ = (
        "ceiling",
        "conditions",
        "fragment",
        "holds",
        "key",
        "missing",
        "open_factors",
        "operational_class",
        "reasons",
        "severity",
    )

    def __init__(self, fragment: Fragment) -> None:
        """Start with what the record says when nothing else is asked."""
        self.fragment = fragment
        self.holds: bool | None = True
        self.severity: Severity = fragment.severity
        self.ceiling: Severity = fragment.severity
        self.operational_class: OperationalClass = fragment.operational_class
        self.missing: list[str] = []
        self.reasons: list[Reason] = []
        self.open_factors: list[OpenFactor] = []
        self.conditions: list[str] = []
        self.key: tuple[object, ...] = ()


class Group:
    """A finding while it is being put together: partners of one affected substance come together."""

    __slots__ = ("affected", "holds", "judgement", "missing", "partners", "reasons", "rule", "seen", "taken_by")

    def __init__(self, rule: Rule, judgement: Judgement, affected: Entry | None, holds: bool | None) -> None:  # noqa: FBT001
        """Start a finding of the rule about the affected substance."""
        self.rule = rule
        self.judgement = judgement
        self.affected = affected
        self.holds = holds
        self.missing: list[str] = []
        self.reasons: list[Reason] = []
        self.partners: dict[str, SubstanceReference] = {}
        self.taken_by: set[str] = set()
        self.seen: set[tuple[str, str]] = set()

    def add(self, test: str, line: Line, entry: Entry, words: str, side: Side, fits: bool | None) -> None:  # noqa: FBT001 - three values; one row of the trace
        """Record who takes part and why, each line and substance once."""
        seen = (line.id, entry.id)
        if seen in self.seen:
            return
        self.seen.add(seen)
        self.taken_by.add(line.id)
        reason = line.reason(test, words, side, fits)
        if fits is None:
            self.holds = None
            self.missing += reason["missing_facts"]
        self.reasons.append(reason)


def _judge_conditions(rule: Rule, facts: Facts, judgement: Judgement) -> None:
    """Whether one of the rule's conditions is present; not listed means silent, undecided means it may apply."""
    present = [name for name in rule.conditions if name in facts.conditions]
    if present:
        judgement.conditions = present
        detail = f"condition present: {', '.join(present)}"
        judgement.reasons.append({"test": "condition", "outcome": Applicability.APPLIES, "detail": detail})
        return
    undecided = [name for name in rule.conditions if name in facts.undecided_conditions]
    if not undecided or not (rule.affected or rule.precipitant):
        judgement.holds = False
        return
    missing = list(dict.fromkeys(fact for name in undecided for fact in facts.undecided_conditions[name]))
    judgement.holds = None
    judgement.missing += missing
    judgement.conditions = undecided
    judgement.reasons.append(
        {
            "test": "condition",
            "outcome": Applicability.MAY_APPLY,
            "detail": f"it is not known whether this is present: {', '.join(undecided)}",
            "missing_facts": missing,
        }
    )


def _judge_factors(rule: Rule, facts: Facts, taken: Taken | None, judgement: Judgement) -> None:
    """Raise or lower the severity, each change with its reason; a factor that is open only raises the ceiling."""
    base = _RANK[judgement.severity]
    raised: tuple[int, OperationalClass | None, Severity] | None = None
    lowered: tuple[int, OperationalClass | None, Severity] | None = None
    for factor in rule.factors:
        holds = factor.test.holds(facts, taken)
        if holds is False:
            continue
        record = factor.record
        outcome = factor.test.reason(facts, taken)
        if holds is None:
            if factor.rank > base:
                judgement.open_factors.append(
                    {
                        "id": record.id,
                        "severity": record.severity,
                        "text": record.text,
                        "missing_facts": list(outcome.missing),
                    }
                )
                judgement.missing += outcome.missing
                if factor.rank > _RANK[judgement.ceiling]:
                    judgement.ceiling = record.severity
            continue
        judgement.reasons.append(
            {
                "test": "factor",
                "outcome": Applicability.APPLIES,
                "detail": f"{record.text} ({outcome.detail}; severity {record.severity})",
            }
        )
        change = (factor.rank, record.operational_class, record.severity)
        if factor.rank > base and (raised is None or factor.rank > raised[0]):
            raised = change
        elif factor.rank < base and (lowered is None or factor.rank > lowered[0]):
            lowered = change
    # Raising wins over lowering: a mitigation never hides an aggravation.
    change_made = raised or lowered
    if change_made is not None:
        judgement.severity = change_made[2]
        judgement.operational_class = change_made[1] or judgement.operational_class
    if _RANK[judgement.ceiling] < _RANK[judgement.severity]:
        judgement.ceiling = judgement.severity
    judgement.open_factors = [
        factor for factor in judgement.open_factors if _RANK[factor["severity"]] > _RANK[judgement.severity]
    ]


def _judge(compiled: CompiledRuleSet, rule: Rule, facts: Facts, taken: Taken | None, substance_id: str) -> Judgement:
    """Ask everything the rule asks apart from how the medications are given."""
    judgement = Judgement(compiled.fragment(rule, substance_id))
    if judgement.fragment.variant is not None:
        detail = f"the record says something of its own for {judgement.fragment.variant}"
        judgement.reasons.append({"test": "variant", "outcome": Applicability.APPLIES, "detail": detail})
    if rule.conditions:
        _judge_conditions(rule, facts, judgement)
        if judgement.holds is False:
            return judgement
    if rule.test is not None:
        holds = rule.test.holds(facts, taken)
        if holds is False:
            judgement.holds = False
            return judgement
        outcome = rule.test.reason(facts, taken)
        reason: Reason = {"test": "when", "outcome": outcome.applicability, "detail": outcome.detail}
        if holds is None:
            judgement.holds = None
            judgement.missing += outcome.missing
            reason["missing_facts"] = list(outcome.missing)
        judgement.reasons.append(reason)
    if rule.factors:
        _judge_factors(rule, facts, taken, judgement)
    judgement.key = (
        judgement.holds,
        judgement.severity,
        judgement.ceiling,
        judgement.operational_class,
        *(factor["id"] for factor in judgement.open_factors),
    )
    return judgement


class Check:
    """One run of the engine over one question."""

    def __init__(self, compiled: CompiledRuleSet, facts: Facts, lines: list[Line]) -> None:
        """Nothing is evaluated yet."""
        self.compiled = compiled
        self.facts = facts
        self.lines = lines
        self.groups: dict[tuple[object, ...], Group] = {}
        self._judgements: dict[tuple[int, str, str], Judgement] = {}

    def run(self) -> None:
        """Evaluate every rule that a listed substance or condition touches."""
        affected: list[tuple[Line, Entry]] = []
        precipitants: list[tuple[Line, Entry]] = []
        for line in self.lines:
            for entry in line.entries:
                for single in entry.single:
                    self._one(single, line, entry)
                for single in entry.listed:
                    self._listed(single, line, entry)
                if entry.affected_keys:
                    affected.append((line, entry))
                if entry.precipitant_keys:
                    precipitants.append((line, entry))
        if affected and precipitants:
            self._pairs(affected, precipitants)
        for condition in sorted(self.facts.conditions):
            for rule in self.compiled.by_condition.get(condition, ()):
                self._condition(rule)

    def _pairs(self, affected: list[tuple[Line, Entry]], precipitants: list[tuple[Line, Entry]]) -> None:
        """Evaluate the rules between different medications; two lines of one substance are no pair."""
        for line, entry in affected:
            known = entry.partners
            for other, partner in precipitants:
                if other is line or partner is entry:
                    continue
                pairs = known.get(partner.id)
                if pairs is None:
                    pairs = self.compiled.pairs_of(entry, partner)
                for pair in pairs:
                    self._pair(pair, line, entry, other, partner)

    def _judged(self, rule: Rule, line: Line, entry: Entry, substance_id: str) -> Judgement:
        key = (rule.index, line.id, entry.id)
        judgement = self._judgements.get(key)
        if judgement is None:
            judgement = _judge(self.compiled, rule, self.facts, Taken(line, entry), substance_id)
            self._judgements[key] = judgement
        return judgement

    def _group(self, key: tuple[object, ...], rule: Rule, judgement: Judgement, affected: Entry | None) -> Group:
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = Group(rule, judgement, affected, True)  # noqa: FBT003 - three values
        return group

    def _one(self, single: Single, line: Line, entry: Entry) -> None:
        """A rule about a single medication."""
        fits = line.fits(single.side)
        if fits is False:
            return
        rule = single.rule
        judgement = self._judged(rule, line, entry, entry.id if single.is_affected else "")
        if judgement.holds is False:
            return
        key = (rule.index, entry.id, fits, *judgement.key)
        group = self._group(key, rule, judgement, entry if single.is_affected else None)
        group.add("affected" if single.is_affected else "precipitant", line, entry, single.words, single.side, fits)
        if not single.is_affected:
            group.partners[entry.id] = entry.reference

    def _listed(self, single: Single, line: Line, entry: Entry) -> None:
        """A rule about all matching medications together; it is judged once for the list."""
        fits = line.fits(single.side)
        if fits is False:
            return
        rule = single.rule
        judgement = self._judgements.get((rule.index, "", ""))
        if judgement is None:
            judgement = self._judgements[rule.index, "", ""] = _judge(self.compiled, rule, self.facts, None, "")
        if judgement.holds is False:
            return
        group = self._group((rule.index, "", fits), rule, judgement, None)
        group.add("precipitant", line, entry, single.words, single.side, fits)
        group.partners[entry.id] = entry.reference

    def _pair(self, pair: Pair, line: Line, entry: Entry, other: Line, partner: Entry) -> None:
        """A rule about two different medications."""
        fits = line.fits(pair.affected)
        if fits is False:
            return
        partner_fits = other.fits(pair.precipitant)
        if partner_fits is False:
            return
        rule = pair.rule
        judgement = self._judged(rule, line, entry, entry.id)
        if judgement.holds is False:
            return
        key = (rule.index, entry.id, fits, partner_fits, *judgement.key)
        group = self._group(key, rule, judgement, entry)
        group.add("affected", line, entry, pair.affected_words, pair.affected, fits)
        group.add("precipitant", other, partner, pair.precipitant_words, pair.precipitant, partner_fits)
        group.partners[partner.id] = partner.reference

    def _condition(self, rule: Rule) -> None:
        """A rule about a condition itself."""
        key = (rule.index,)
        if key in self.groups:
            return
        judgement = _judge(self.compiled, rule, self.facts, None, "")
        if judgement.holds is not False:
            self._group(key, rule, judgement, None)


def _finding(group: Group) -> Finding:
    """Put a finding together from its unchanging part and what was found."""
    judgement = group.judgement
    record = group.rule.record
    fragment = judgement.fragment
    applies = group.holds is True and judgement.holds is True
    missing = sorted({*group.missing, *judgement.missing}) if group.missing or judgement.missing else []
    partners = group.partners
    return {
        "interaction_id": record.id,
        "record_digest": fragment.record_digest,
        "direction": record.direction,
        "severity": judgement.severity,
        "severity_ceiling": judgement.ceiling,
        "seriousness": record.seriousness,
        "operational_class": judgement.operational_class,
        "applicability": Applicability.APPLIES if applies else Applicability.MAY_APPLY,
        "missing_facts": missing,
        "medication_ids": sorted(group.taken_by),
        "affected": group.affected.reference if group.affected is not None else None,
        "precipitants": [partners[name] for name in sorted(partners)],
        "condition_ids": judgement.conditions,
        "title": record.title,
        "mechanism": record.mechanism,
        "effect": fragment.effect,
        "onset": record.onset,
        "management": fragment.management,
        "open_factors": judgement.open_factors,
        "evidence": fragment.evidence,
        "last_reviewed_on": fragment.last_reviewed_on,
        "why": group.reasons + judgement.reasons,
    }


def _order(finding: Finding) -> tuple[int, str, list[str], str, str]:
    affected = finding["affected"]
    return (
        -_RANK[finding["severity"]],
        finding["interaction_id"],
        finding["medication_ids"],
        affected["id"] if affected else "",
        finding["applicability"],
    )


def _duplicates(lines: list[Line]) -> list[Duplicate]:
    """Substances on more than one line: reported, never merged silently."""
    if len({entry.id for line in lines for entry in line.entries}) == sum(len(line.entries) for line in lines):
        return []
    where: dict[str, tuple[SubstanceReference, list[str]]] = {}
    for line in lines:
        for entry in line.entries:
            where.setdefault(entry.id, (entry.reference, []))[1].append(line.id)
    return [
        {"substance": where[name][0], "medication_ids": where[name][1]}
        for name in sorted(where)
        if len(where[name][1]) > 1
    ]


def _statement(status: CheckStatus, findings: int, lines: list[Line]) -> str:
    """What the report does and does not say."""
    known = sum(1 for line in lines if line.entries)
    if status is CheckStatus.INCOMPLETE:
        start = "Incomplete: part of what was given was not recognised or does not agree, and was not fully checked. "
    else:
        start = ""
    if not lines:
        return start + "No medication was given, so none was checked."
    if findings:
        return f"{start}{findings} magnesium-related findings for {known} recognised medications."
    return (
        f"{start}No magnesium-related finding for {known} recognised medications in this rule set. "
        "This is no statement about anything else, nor about facts that were not given."
    )


def check(compiled: CompiledRuleSet, profile: MedicationProfile, *, explain: bool = False) -> CheckReport:
    """Answer a question. With ``explain`` the report lists the rules that touched a medication and did not apply."""
    lines = [Line(compiled, item, profile.as_of) for item in profile.medications]
    lines.sort(key=_line_id)
    conditions = condition_terms(compiled, profile.conditions) if profile.conditions else []
    symptoms = symptom_terms(compiled, profile.symptoms) if profile.symptoms else []
    facts = facts_of(compiled, profile, lines, conditions, symptoms)
    intake = intake_of(lines)
    facts.elemental_mg_per_day = intake.interval
    facts.elemental_missing = intake.missing

    run = Check(compiled, facts, lines)
    run.run()
    findings = [_finding(group) for group in run.groups.values()]
    findings.sort(key=_order)

    counts = dict.fromkeys(_SEVERITIES, 0)
    for finding in findings:
        counts[finding["severity"]] += 1
    complete = (
        all(line.entries and not line.resolution.disagrees for line in lines)
        and all(term["state"] is RecognitionState.RECOGNISED for term in conditions)
        and all(term["state"] is RecognitionState.RECOGNISED for term in symptoms)
    )
    status = CheckStatus.COMPLETE if complete else CheckStatus.INCOMPLETE
    report: CheckReport = {
        "rule_set": {"version": compiled.version, "digest": compiled.digest},
        "as_of": profile.as_of.isoformat() if profile.as_of is not None else None,
        "status": status,
        "statement": _statement(status, len(findings), lines),
        "highest_severity": findings[0]["severity"] if findings else None,
        "finding_counts": {severity.value: count for severity, count in counts.items()},
        "medications": [checked(line.id, line.resolution, line.routes) for line in lines],
        "conditions": conditions,
        "symptoms": symptoms,
        "duplicates": _duplicates(lines),
        "findings": findings,
        "missing_facts": sorted({fact for finding in findings for fact in finding["missing_facts"]}),
        "magnesium_intake": intake_report(compiled, intake, facts),
        "deficiency_risk": deficiency_risk(compiled, profile, facts, findings, symptoms),
    }
    if explain:
        report["near_misses"] = near_misses(compiled, facts, lines, {finding["interaction_id"] for finding in findings})
    return report


def _line_id(line: Line) -> str:
    return line.id
