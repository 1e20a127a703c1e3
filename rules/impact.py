"""What a changed rule set would answer differently: the same questions put to both, counted by interaction.

It compares answers and judges nothing; whether a difference is wanted is for people to say.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rules.engine import check
from rules.terms import RecordStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rules.compiled import CompiledRuleSet
    from rules.profile import MedicationProfile
    from rules.report import Finding

    Severities = dict[tuple[str, str, str], list[str]]


@dataclass(slots=True)
class InteractionImpact:
    """How the findings of one interaction change, with the questions in which they do."""

    appears: list[str] = field(default_factory=list)
    disappears: list[str] = field(default_factory=list)
    severity: dict[str, list[str]] = field(default_factory=dict)  # "moderate to major" -> questions


@dataclass(slots=True)
class Impact:
    """The whole difference: how many questions were put, which are answered otherwise, and by which interactions."""

    questions: int
    changed: list[str]
    interactions: dict[str, InteractionImpact]

    @property
    def share(self) -> float:
        """The share of questions that are answered otherwise."""
        return len(self.changed) / self.questions if self.questions else 0.0


def questions_of(*rule_sets: CompiledRuleSet) -> dict[str, MedicationProfile]:
    """The lists of all active worked cases; of two cases of one id, the later rule set's."""
    return {
        case.id: case.profile
        for compiled in rule_sets
        for case in compiled.rule_set.cases
        if case.status is RecordStatus.ACTIVE
    }


def impact_of(before: CompiledRuleSet, after: CompiledRuleSet, questions: Mapping[str, MedicationProfile]) -> Impact:
    """Put every question to both rule sets and list the findings that appear, disappear or change severity."""
    impact = Impact(len(questions), [], {})
    for name in sorted(questions):
        old = _severities(check(before, questions[name])["findings"])
        new = _severities(check(after, questions[name])["findings"])
        if old != new:
            impact.changed.append(name)
            for finding in sorted(old.keys() | new.keys()):
                _count(impact, name, finding[0], old.get(finding), new.get(finding))
    impact.interactions = {one: impact.interactions[one] for one in sorted(impact.interactions)}
    return impact


def _severities(findings: Iterable[Finding]) -> Severities:
    """The severities of the findings by what they are about."""
    found: Severities = {}
    for finding in findings:
        affected = finding["affected"]
        about = (finding["interaction_id"], affected["id"] if affected else "", ",".join(finding["medication_ids"]))
        found.setdefault(about, []).append(finding["severity"])
    return {about: sorted(severities) for about, severities in found.items()}


def _count(impact: Impact, question: str, interaction: str, old: list[str] | None, new: list[str] | None) -> None:
    if old == new:
        return
    change = impact.interactions.setdefault(interaction, InteractionImpact())
    if old is None:
        change.appears.append(question)
    elif new is None:
        change.disappears.append(question)
    else:
        change.severity.setdefault(f"{' and '.join(old)} to {' and '.join(new)}", []).append(question)
