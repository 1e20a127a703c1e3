"""Answers a question from a compiled rule set: which interactions apply, may apply, and why.

A pure function of rule set and question: no clock, no files, no randomness, and the same bytes in any order of the
medications. Only rules of the listed substances and conditions are touched. Nothing found is never called safe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rules.facts import condition_terms, facts_of, symptom_terms
from rules.intake import intake_of, intake_report
from rules.judgement import RANK, judge
from rules.lines import Line, Taken
from rules.near_misses import near_misses
from rules.resolution import checked
from rules.risk import deficiency_risk
from rules.terms import Applicability, CheckStatus, RecognitionState, Severity, word

if TYPE_CHECKING:
    from rules.compiled import CompiledRuleSet, Entry, Pair, Rule, Side, Single
    from rules.conditions import Facts
    from rules.judgement import Judgement
    from rules.profile import MedicationProfile
    from rules.report import CheckedTerm, CheckReport, Duplicate, Finding, Reason, SubstanceReference

_APPLIES: Final = word(Applicability.APPLIES)
_MAY_APPLY: Final = word(Applicability.MAY_APPLY)
_NO_FINDINGS: Final = {severity.value: 0 for severity in Severity}


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
        if rule.unconditional:
            return judge(self.compiled, rule, self.facts, None, substance_id)
        key = (rule.index, line.id, entry.id)
        judgement = self._judgements.get(key)
        if judgement is None:
            judgement = judge(self.compiled, rule, self.facts, Taken(line, entry), substance_id)
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
        key = (rule.index, entry.id, fits, judgement.key)
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
            judgement = self._judgements[rule.index, "", ""] = judge(self.compiled, rule, self.facts, None, "")
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
        key = (rule.index, entry.id, fits, partner_fits, judgement.key)
        group = self._group(key, rule, judgement, entry)
        group.add("affected", line, entry, pair.affected_words, pair.affected, fits)
        group.add("precipitant", other, partner, pair.precipitant_words, pair.precipitant, partner_fits)
        group.partners[partner.id] = partner.reference

    def _condition(self, rule: Rule) -> None:
        """A rule about a condition itself."""
        key = (rule.index,)
        if key in self.groups:
            return
        judgement = judge(self.compiled, rule, self.facts, None, "")
        if judgement.holds is not False:
            self._group(key, rule, judgement, None)


def _finding(group: Group) -> Finding:
    """Put a finding together from its unchanging part and what was found."""
    judgement = group.judgement
    finding = judgement.fragment.finding.copy()
    finding["severity"] = judgement.severity
    finding["severity_ceiling"] = judgement.ceiling
    finding["operational_class"] = judgement.operational_class
    if not (group.holds is True and judgement.holds is True):
        finding["applicability"] = _MAY_APPLY
    finding["missing_facts"] = (
        sorted({*group.missing, *judgement.missing}) if group.missing or judgement.missing else []
    )
    finding["medication_ids"] = sorted(group.taken_by)
    if group.affected is not None:
        finding["affected"] = group.affected.reference
    partners = group.partners
    finding["precipitants"] = (
        [partners[name] for name in sorted(partners)] if len(partners) > 1 else list(partners.values())
    )
    finding["condition_ids"] = judgement.conditions
    finding["open_factors"] = judgement.open_factors
    finding["why"] = group.reasons + judgement.reasons
    return finding


def _order(finding: Finding) -> tuple[int, str, list[str], str, str]:
    affected = finding["affected"]
    return (
        -RANK[finding["severity"]],
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
    if status == CheckStatus.INCOMPLETE:
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


def _complete(lines: list[Line], conditions: list[CheckedTerm], symptoms: list[CheckedTerm]) -> bool:
    """Whether everything that was given was recognised and agrees with itself."""
    for line in lines:
        if not line.entries or line.resolution.disagrees:
            return False
    return all(term["state"] == RecognitionState.RECOGNISED for term in (*conditions, *symptoms))


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

    counts = _NO_FINDINGS.copy()
    for finding in findings:
        counts[finding["severity"]] += 1
    status = word(CheckStatus.COMPLETE if _complete(lines, conditions, symptoms) else CheckStatus.INCOMPLETE)
    report: CheckReport = {
        "rule_set": {"version": compiled.version, "digest": compiled.digest},
        "as_of": profile.as_of.isoformat() if profile.as_of is not None else None,
        "status": status,
        "statement": _statement(status, len(findings), lines),
        "highest_severity": findings[0]["severity"] if findings else None,
        "finding_counts": counts,
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
