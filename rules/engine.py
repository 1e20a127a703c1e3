"""Answers a question from a compiled rule set: which interactions apply, may apply, and why.

A pure function of rule set and question: no clock, no files, no randomness, and the same bytes in any order of the
medications. Only rules of the listed substances and conditions are touched. Nothing found is never called safe.
"""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Final, TypeAlias

from rules.intake import intake_report
from rules.judgement import RANK, judge
from rules.lines import Line, Taken, Together
from rules.near_misses import near_misses
from rules.plan import Asked, Risks, plan_of
from rules.risk import deficiency_risk, excess_risk, serum_bands
from rules.settling import identify, magnesium_products, proposal_of, settle, tell_apart
from rules.situation import Situation
from rules.terms import (
    Applicability,
    CheckStatus,
    MedicationStatus,
    OperationalClass,
    RecognitionState,
    Severity,
    TimingState,
    word,
)
from rules.timetable import timetable_of
from rules.timing import Doses, DosesOfTwo, Windowed, timing_of, timing_words

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from rules.compiled import CompiledRuleSet, Entry, Pair, Rule, Side, Single
    from rules.conditions import Facts
    from rules.judgement import Judgement
    from rules.profile import MedicationProfile
    from rules.report import AcknowledgementReport, CheckedTerm, CheckReport, Duplicate, Finding, Reason, SettledFinding
    from rules.report_basics import SubstanceReference

_APPLIES: Final = word(Applicability.APPLIES)
_MAY_APPLY: Final = word(Applicability.MAY_APPLY)
_MITIGATED: Final = word(Severity.MINOR)
_NOTHING_TO_DO: Final = word(OperationalClass.NO_SPECIAL_PRECAUTION)
_ID_OF_LINE: Final = attrgetter("id")
_COMPLETE: Final = word(CheckStatus.COMPLETE)
_INCOMPLETE: Final = word(CheckStatus.INCOMPLETE)
# Two medications that a rule is about: its verdict, the affected one, the other one, and whether each is given the way
# the rule asks for. A bare tuple, because there are many and most of them live for microseconds.
Meeting: TypeAlias = "tuple[Judgement, Pair, Line, Entry, Line, Entry, bool | None, bool | None]"
_NO_FINDINGS: Final = {severity.value: 0 for severity in Severity}


class Group:
    """A finding while it is being put together: partners of one affected substance come together."""

    __slots__ = ("affected", "certain", "holds", "judgement", "missing", "others", "partners", "reasons")

    def __init__(self, judgement: Judgement, affected: Entry | None) -> None:
        """Start a finding about the affected substance."""
        self.judgement = judgement
        self.affected = affected
        self.holds: bool | None = True
        self.certain = False
        self.missing: Sequence[str] = ()
        self.reasons: dict[tuple[str, str], Reason] = {}  # line and substance -> why it takes part
        self.partners: dict[str, SubstanceReference] = {}
        self.others: Sequence[Judgement] = ()  # the same verdict about other lines, which may lack other facts

    def also(self, judgement: Judgement) -> None:
        """Take up the same verdict about another line."""
        if judgement is not self.judgement and judgement not in self.others:
            self.others = [*self.others, judgement]

    def add(self, test: str, line: Line, entry: Entry, words: str, side: Side, fits: bool | None) -> None:  # noqa: FBT001 - three values; one row of the trace
        """Record who takes part and why, each line and substance once."""
        key = (line.id, entry.id)
        if key not in self.reasons:
            reason = self.reasons[key] = line.reason(test, words, side, fits)
            if fits is None:
                self.holds = None
                self.missing = [*self.missing, *reason["missing_facts"]]


class Check:
    """One run of the engine over one situation."""

    __slots__ = ("compiled", "concerned", "facts", "groups", "lines", "meetings")

    def __init__(self, compiled: CompiledRuleSet, facts: Facts, lines: Sequence[Line]) -> None:
        """Nothing is evaluated yet."""
        self.compiled = compiled
        self.facts = facts
        self.lines = lines
        self.concerned = facts.conditions.union(facts.undecided_conditions)  # conditions that are present or open
        self.groups: dict[tuple[object, ...], Group] = {}
        self.meetings: dict[tuple[object, ...], list[Meeting]] = {}

    def run(self) -> None:
        """Evaluate every rule that a listed substance or condition touches."""
        listed: list[tuple[Line, Entry]] = []
        affected: list[tuple[Line, Entry]] = []
        precipitants: list[tuple[Line, Entry]] = []
        for line in self.lines:
            for entry in line.entries:
                if entry.single:
                    self._single(line, entry)
                if entry.listed:
                    listed.append((line, entry))
                if entry.affected_keys:
                    affected.append((line, entry))
                if entry.precipitant_keys:
                    precipitants.append((line, entry))
        self._listed(listed)
        if precipitants:
            self._pairs(affected, precipitants)
        for condition in sorted(self.facts.conditions):
            for rule in self.compiled.by_condition.get(condition, ()):
                self._condition(rule)

    def _group(self, key: tuple[object, ...], judgement: Judgement, affected: Entry | None) -> Group:
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = Group(judgement, affected)
        else:
            group.also(judgement)
        return group

    def _single(self, line: Line, entry: Entry) -> None:
        """Rules about a single medication."""
        facts, concerned = self.facts, self.concerned
        taken: Taken | None = None
        for single in entry.single:
            rule = single.rule
            if rule.about is not None and rule.about.isdisjoint(concerned):
                continue
            fits = line.fits(single.side)
            if fits is False:
                continue
            holds: bool | None = True
            if not rule.unconditional:
                taken = taken or Taken(line, entry)
                if rule.ask is not None:
                    holds = rule.ask(facts, taken)
                    if holds is False:
                        continue
            judgement = judge(self.compiled, rule, facts, taken, entry.id if single.is_affected else "", holds)
            # Only what a record says about an affected substance may differ from one to the next.
            affected = entry if single.is_affected else None
            group = self._group((rule.index, affected and entry.id, fits, judgement.key), judgement, affected)
            if affected is None:
                group.partners[entry.id] = entry.reference
            group.add("precipitant" if affected is None else "affected", line, entry, single.words, single.side, fits)

    def _listed(self, listed: list[tuple[Line, Entry]]) -> None:
        """Rules about all matching medications together; each is judged once, for all of them."""
        concerned = self.concerned
        matching: dict[int, list[tuple[Single, Line, Entry, bool | None]]] = {}
        for line, entry in listed:
            for single in entry.listed:
                rule = single.rule
                if rule.about is not None and rule.about.isdisjoint(concerned):
                    continue
                fits = line.fits(single.side)
                if fits is not False:
                    members = matching.get(rule.index)
                    if members is None:
                        members = matching[rule.index] = []
                    members.append((single, line, entry, fits))
        for index in sorted(matching):
            members = matching[index]
            rule = members[0][0].rule
            together = Together([Taken(line, entry) for _, line, entry, _ in members])
            holds = True if rule.ask is None else rule.ask(self.facts, together)
            if holds is False:
                continue
            judgement = judge(self.compiled, rule, self.facts, together, "", holds)
            group = self._group((index, ""), judgement, None)
            for single, line, entry, fits in members:
                group.partners[entry.id] = entry.reference
                group.add("precipitant", line, entry, single.words, single.side, fits)
                # One medication that surely belongs is enough; the others keep their open facts.
                group.certain = group.certain or fits is True

    def _pairs(self, affected: list[tuple[Line, Entry]], precipitants: list[tuple[Line, Entry]]) -> None:  # noqa: C901, PLR0912 - the innermost loop of all: a call for each pair would cost a fifth of it
        """Rules between different medications; two lines of one substance are no pair."""
        facts, meetings = self.facts, self.meetings
        keys = facts.keys
        for line, entry in affected:
            known, usual = entry.partners, line.given.usual
            taken: Taken | None = None
            judgements: dict[int, Judgement] = {}
            for other, partner in precipitants:
                pairs = known.get(partner.id)
                if pairs is None:
                    pairs = self.compiled.pairs_of(entry, partner)
                if not pairs or other is line:
                    continue
                taken = taken or Taken(line, entry)
                partner_usual = other.given.usual
                for pair in pairs:
                    rule = pair.rule
                    if rule.about is not None and rule.about.isdisjoint(self.concerned):
                        continue
                    holds: bool | None = True
                    # Most rules between two medications ask for something else that is not the case: asked first.
                    if rule.ask is not None:
                        if rule.needs is not None and rule.needs.isdisjoint(keys):
                            continue
                        holds = rule.ask(facts, taken)
                        if holds is False:
                            continue
                    fits = pair.affected_fits if usual else line.fits(pair.affected)
                    partner_fits = pair.precipitant_fits if partner_usual else other.fits(pair.precipitant)
                    if fits is False or partner_fits is False:
                        continue
                    index = rule.index
                    judgement = judgements.get(index)
                    if judgement is None:
                        judgement = judgements[index] = judge(self.compiled, rule, facts, taken, entry.id, holds)
                    key = (index, entry.id, fits, partner_fits, judgement.key)
                    meeting = (judgement, pair, line, entry, other, partner, fits, partner_fits)
                    if key in meetings:
                        meetings[key].append(meeting)
                    else:
                        meetings[key] = [meeting]

    def _condition(self, rule: Rule) -> None:
        """A rule about a condition itself, once whichever of its conditions are present."""
        key = (rule.index,)
        if key not in self.groups:
            holds = True if rule.ask is None else rule.ask(self.facts, None)
            if holds is not False:
                self._group(key, judge(self.compiled, rule, self.facts, None, "", holds), None)


def _judged(judgement: Judgement, missing: Sequence[str], *, sure: bool) -> Finding:
    """A finding with all that its rule says; who takes part is left to be filled in.

    ``context_digest`` holds in full what the rule asked, until `rules.settling` puts the medications to it.
    """
    finding = judgement.fragment.finding.copy()
    finding["context_digest"] = judgement.rests_on
    if judgement.weighed:
        finding["severity"] = judgement.severity
        finding["severity_ceiling"] = judgement.ceiling
        finding["operational_class"] = judgement.operational_class
        if judgement.open_factors:
            finding["open_factors"] = list(judgement.open_factors)
    if not sure or judgement.holds is None:
        finding["applicability"] = _MAY_APPLY
    if missing or judgement.missing:
        finding["missing_facts"] = sorted({*missing, *judgement.missing})
    if judgement.conditions:
        finding["condition_ids"] = list(judgement.conditions)
    return finding


def _finding(group: Group) -> Finding:
    """Put a finding together from its unchanging part and what was found."""
    judgement = group.judgement
    finding = _judged(judgement, group.missing, sure=group.certain or group.holds is True)
    finding["medication_ids"] = sorted(dict(group.reasons.keys()))  # the lines of pairs of line and substance
    if group.affected is not None:
        finding["affected"] = group.affected.reference
    partners = group.partners
    finding["precipitants"] = [partners[name] for name in sorted(partners)]
    finding["why"] = [*group.reasons.values(), *judgement.reasons]
    for other in group.others:
        _join(finding, other)
    return finding


def _met(meetings: list[Meeting]) -> Finding:
    """The finding of medications that meet: nearly always two of them, which needs no group."""
    judgement, pair, line, entry, other, partner, fits, partner_fits = meetings[0]
    if len(meetings) > 1 or fits is None or partner_fits is None:
        group = _together(meetings)
        return _timed(_finding(group), meetings, group.missing)
    finding = _judged(judgement, (), sure=True)
    one, two = line.id, other.id
    finding["medication_ids"] = [one, two] if one < two else [two, one]  # two lines: a pair is never within one
    finding["affected"] = entry.reference
    finding["precipitants"] = [partner.reference]
    finding["why"] = [
        line.reason("affected", pair.affected_words, pair.affected, fits),
        other.reason("precipitant", pair.precipitant_words, pair.precipitant, partner_fits),
        *judgement.reasons,
    ]
    if judgement.fragment.window is not None and line.item.times and other.item.times:
        return _timed(finding, meetings, ())
    return finding


def _timed(finding: Finding, meetings: list[Meeting], missing: Sequence[str]) -> Finding:
    """Test the window against the dose times that were given. A window that is kept lowers the severity and says why.

    Nothing that is still open can matter then, so open factors go; ``missing`` are the facts about how it is given.
    """
    window = meetings[0][0].fragment.window
    if window is None:
        return finding
    met = {
        (one[2].id, one[4].id): DosesOfTwo(Doses(one[2].id, one[2].item.times), Doses(one[4].id, one[4].item.times))
        for one in meetings
    }
    known = [two for two in met.values() if two.drug.times and two.magnesium.times]
    if not known:
        return finding
    complete = all(one[2].all_times_given and one[4].all_times_given for one in meetings)
    timing = finding["timing"] = timing_of(window, known, complete=complete)
    detail = f"dose times: window {timing['state']} ({timing_words(timing)})"
    if timing["state"] == TimingState.KEPT:
        finding["severity"] = finding["severity_ceiling"] = _MITIGATED
        finding["operational_class"] = _NOTHING_TO_DO
        finding["open_factors"] = []
        besides = {fact for one in meetings for fact in one[0].missing_besides}
        finding["missing_facts"] = sorted({*missing, *besides})
        detail += f"; severity {_MITIGATED}"
    finding["why"] = [*finding["why"], {"test": "timing", "outcome": _APPLIES, "detail": detail}]
    return finding


def _together(meetings: list[Meeting]) -> Group:
    """One affected substance with all its partners, each line and substance once."""
    group = Group(meetings[0][0], meetings[0][3])
    for judgement, pair, line, entry, other, partner, fits, partner_fits in meetings:
        group.also(judgement)
        group.partners[partner.id] = partner.reference
        group.add("affected", line, entry, pair.affected_words, pair.affected, fits)
        group.add("precipitant", other, partner, pair.precipitant_words, pair.precipitant, partner_fits)
    return group


def _join(finding: Finding, judgement: Judgement) -> None:
    """Add what the same verdict says about another line: the facts it lacks there and its reasons."""
    finding["missing_facts"] = sorted({*finding["missing_facts"], *judgement.missing})
    finding["context_digest"] += f"/{judgement.rests_on}"
    finding["why"] += [reason for reason in judgement.reasons if reason not in finding["why"]]
    finding["open_factors"] = [
        {**mine, "missing_facts": list(dict.fromkeys([*mine["missing_facts"], *theirs["missing_facts"]]))}
        for mine, theirs in zip(finding["open_factors"], judgement.open_factors, strict=True)
    ]


def _order(finding: Finding) -> tuple[int, str, list[str], str, str]:
    affected = finding["affected"]
    return (
        -RANK[finding["severity"]],
        finding["interaction_id"],
        finding["medication_ids"],
        affected["id"] if affected else "",
        finding["applicability"],
    )


def _duplicates(lines: Sequence[Line]) -> list[Duplicate]:
    """Substances on more than one line: reported, never merged silently."""
    named = [entry.id for line in lines for entry in line.entries]
    if len(set(named)) == len(named):
        return []
    where: dict[str, list[str]] = {}
    references: dict[str, SubstanceReference] = {}
    for line in lines:
        for entry in line.entries:
            where.setdefault(entry.id, []).append(line.id)
            references[entry.id] = entry.reference
    return [
        {"substance": references[name], "medication_ids": where[name]} for name in sorted(where) if len(where[name]) > 1
    ]


def _statement(status: CheckStatus, findings: int, settled: int, medications: int, known: int) -> str:
    """What the report does and does not say."""
    start = ""
    if status == CheckStatus.INCOMPLETE:
        start = "Incomplete: part of what was given was not recognised or does not agree, and was not fully checked. "
    if not medications:
        return start + "No medication was given, so none was checked."
    recognised = f"{known} recognised medication{_plural(known)}"
    apart = f" {settled} more {'is' if settled == 1 else 'are'} listed as settled." if settled else ""
    if findings:
        return f"{start}{findings} magnesium-related finding{_plural(findings)} for {recognised}.{apart}"
    if settled:
        return f"{start}No magnesium-related finding is open for {recognised}.{apart}"
    return (
        f"{start}No magnesium-related finding for {recognised} in this rule set. "
        "This is no statement about anything else, nor about facts that were not given."
    )


def _plural(number: int) -> str:
    return "" if number == 1 else "s"


def _complete(terms: list[CheckedTerm]) -> bool:
    """Whether all conditions and symptoms that were given were recognised."""
    return all(term["state"] == RecognitionState.RECOGNISED for term in terms)


def findings_of(
    compiled: CompiledRuleSet, facts: Facts, lines: Sequence[Line], windowed: list[Windowed] | None = None
) -> list[Finding]:
    """All findings with their reasons, worst first, for lines in order of their ids.

    ``windowed`` is filled with those that have something to say on spacing.
    """
    run = Check(compiled, facts, lines)
    run.run()
    findings: list[Finding] = []
    for meetings in run.meetings.values():
        finding = _met(meetings)
        findings.append(finding)
        if windowed is not None and finding["management"]["separation"] is not None:
            pairs = {(one[2].id, one[4].id): None for one in meetings}
            windowed.append(Windowed(finding, meetings[0][0].fragment.window, tuple(pairs)))
    findings += [_finding(group) for group in run.groups.values()]
    if len(findings) > 1:
        findings.sort(key=_order)
    identify(findings, {line.id: line for line in lines})
    return findings


def _ask(compiled: CompiledRuleSet, profile: MedicationProfile) -> Asked:
    """What is found for a list, and nothing about it."""
    lines = [Line(compiled, item, profile.as_of) for item in profile.medications]
    lines.sort(key=_ID_OF_LINE)
    situation = Situation(compiled, profile, lines)
    windowed: list[Windowed] = []
    return Asked(situation, findings_of(compiled, situation.facts, lines, windowed), windowed)


def _without_proposals(situation: Situation, proposed: Collection[str]) -> list[Finding]:
    """The findings between what is taken already."""
    current = [line for line in situation.lines if line.id not in proposed]
    before = Situation(situation.compiled, situation.profile, current)
    return findings_of(situation.compiled, before.facts, current)


def check(compiled: CompiledRuleSet, profile: MedicationProfile, *, explain: bool = False) -> CheckReport:
    """Answer a question. With ``explain`` the report lists the rules that touched a medication and did not apply."""
    asked = _ask(compiled, profile)
    situation, everything, windowed = asked
    facts, lines = situation.facts, situation.lines
    conditions, symptoms = situation.conditions, situation.symptoms
    proposed = [line.id for line in lines if line.item.status is MedicationStatus.PROPOSED]
    if proposed:
        tell_apart(everything, _without_proposals(situation, proposed), frozenset(proposed))
    findings = everything
    settled: list[SettledFinding] = []
    acknowledgements: list[AcknowledgementReport] = []
    if profile.acknowledgements:
        findings, settled, acknowledgements = settle(everything, profile.acknowledgements, profile.as_of)

    as_of = profile.as_of.isoformat() if profile.as_of is not None else None
    counts = _NO_FINDINGS.copy()
    for finding in findings:
        counts[finding["severity"]] += 1
        if as_of is not None and as_of > finding["review_due_on"]:  # ISO dates are in the order of time
            finding["review_overdue"] = True
    complete = (
        False not in [line.resolution.certain for line in lines]
        and (not conditions or _complete(conditions))
        and (not symptoms or _complete(symptoms))
    )
    status = _COMPLETE if complete else _INCOMPLETE
    known = len(lines) if complete else sum([1 for line in lines if line.entries])
    intake = intake_report(compiled, situation.intake, facts, everything)
    bands = serum_bands(situation) if profile.observations else []
    risks = Risks(
        deficiency_risk(situation, everything, intake, bands), excess_risk(situation, everything, intake, bands), intake
    )
    report: CheckReport = {
        "rule_set": {"version": compiled.version, "digest": compiled.digest},
        "terminology": compiled.terminology.reference if compiled.terminology is not None else None,
        "as_of": as_of,
        "status": status,
        "statement": _statement(status, len(findings), len(settled), len(lines), known),
        "highest_severity": findings[0]["severity"] if findings else None,
        "finding_counts": counts,
        "medications": [line.checked() for line in lines],
        "conditions": conditions,
        "symptoms": symptoms,
        "duplicates": _duplicates(lines),
        "magnesium_products": magnesium_products(intake, frozenset(proposed)),
        "findings": findings,
        "settled": settled,
        "highest_settled_severity": settled[0]["severity"] if settled else None,
        "acknowledgements": acknowledgements,
        "proposal": proposal_of(findings, proposed) if proposed else None,
        "missing_facts": sorted(set().union(*[finding["missing_facts"] for finding in findings])),
        "magnesium_intake": intake,
        "deficiency_risk": risks.deficiency,
        "excess_risk": risks.excess,
    }
    if explain:
        fired = {finding["interaction_id"] for finding in everything}
        report["near_misses"] = near_misses(compiled, facts, lines, fired)
    if profile.timetable:
        report["timetable"] = timetable_of(situation, windowed)
    if profile.plan:
        report["plan"] = plan_of(asked, risks, partial(_ask, compiled))
    return report
