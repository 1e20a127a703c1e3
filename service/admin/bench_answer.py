"""What the test bench shows of an answer: lines, findings side by side, totals, near misses, each in words.

It puts reports beside each other and adds no judgement.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rules.compiled import CompiledRuleSet
from rules.profile import MedicationItem, MedicationProfile
from rules.report import CheckedMedication, CheckReport, Finding
from rules.terms import RecognitionState, Severity
from service.admin import bench_words, words
from service.application import bench
from service.application.bench import Comparison, Pairing

_FACTS: Final = {
    "patient.age_years": "age",
    "patient.sex": "sex",
    "patient.pregnancy": "pregnancy",
    "patient.egfr": "eGFR",
    "patient.dialysis": "dialysis",
    "patient.dietary_magnesium_mg_per_day": "magnesium from food",
    "conditions": "conditions",
    "as_of": "the day of the question",
    "last_ecg_on": "the day of the last ECG",
    "symptoms": "symptoms",
}
_FACTS_OF_A_LINE: Final = {
    "started_on": "since when it is taken",
    "times": "times of day",
    "dose": "dose",
    "dose.of": "what the dose counts (salt or magnesium)",
    "dose_form": "dose form",
    "route": "route",
    "times_per_day": "how often a day",
    "as_needed": "regularly or as needed",
}
_FACT_OF_A_LINE: Final = re.compile(r"medications\.(.+?)\.(dose\.of|\w+)")
HEADINGS: Final = {
    Comparison.APPEARS: ("Appears with the draft", "appear", "appears"),
    Comparison.CHANGES: ("Changes with the draft", "change", "changes"),
    Comparison.DISAPPEARS: ("Disappears with the draft", "disappear", "disappears"),
    Comparison.STAYS: ("Stays as it is", "stay", "stays"),
}


@dataclass(frozen=True, slots=True)
class LineView:
    """One line of the list: what it is taken for now, and with the draft where that is something else."""

    number: int
    text: str
    now: CheckedMedication
    draft: CheckedMedication | None

    @property
    def shown(self) -> CheckedMedication:
        """As the draft has it; as it is now where there is none."""
        return self.draft or self.now

    @property
    def differs(self) -> bool:
        """Whether the draft takes it for something else."""
        return self.draft is not None and _taken_for(self.draft) != _taken_for(self.now)

    @property
    def is_open(self) -> bool:
        """Whether somebody has to look at it."""
        return self.shown["state"] == RecognitionState.UNRECOGNISED or bool(self.shown["problems"])


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding, with how the draft changes it."""

    comparison: Comparison | None
    finding: Finding
    now: Finding | None
    changes: tuple[str, ...]
    missing: tuple[str, ...]
    medicines: tuple[str, ...]
    why: tuple[tuple[str, str], ...]

    @property
    def severity(self) -> Severity:
        """Its severity, with its rank."""
        return Severity(self.finding["severity"])

    @property
    def severity_before(self) -> Severity | None:
        """The severity as it is now, where the draft changes it."""
        now = self.now
        return None if now is None or now["severity"] == self.finding["severity"] else Severity(now["severity"])


@dataclass(frozen=True, slots=True)
class AnswerView:
    """Everything that is shown of an answer."""

    lines: tuple[LineView, ...]
    findings: tuple[FindingView, ...]
    counts: Mapping[Comparison, int]
    totals: tuple[tuple[str, str, str | None], ...]
    now: CheckReport
    draft: CheckReport | None
    problems: tuple[str, ...]
    missing: tuple[str, ...]
    near_misses: tuple[tuple[str, str, tuple[str, ...]], ...]  # id, title, and why not

    @property
    def shown(self) -> CheckReport:
        """The answer with the draft; the one of now where there is none."""
        return self.draft or self.now


def view(
    profile: MedicationProfile,
    numbers: Mapping[str, int],
    now: CompiledRuleSet,
    tried: bench.Tried | None,
) -> AnswerView:
    """Ask both rule sets and put their answers beside each other; ``numbers`` are the lines of the ids."""
    report = bench.answer(now, profile)
    draft = None if tried is None or tried.compiled is None else bench.answer(tried.compiled, profile)
    named = {item.id: _named(item) for item in profile.medications}
    if draft is None:
        findings = [_finding(None, one, None, named) for one in report["findings"]]
        counts: dict[Comparison, int] = {}
    else:
        pairings = bench.compared(report, draft)
        findings = [_paired(pairing, named) for pairing in pairings]
        counts = {one: sum(pairing.comparison is one for pairing in pairings) for one in Comparison}
    return AnswerView(
        lines=tuple(_lines(profile, numbers, report, draft)),
        findings=tuple(findings),
        counts=counts,
        totals=tuple(_totals(report, draft)),
        now=report,
        draft=draft,
        problems=() if tried is None else tried.problems,
        missing=tuple(fact(one, named) for one in (draft or report)["missing_facts"]),
        near_misses=tuple(
            (one["interaction_id"], one["title"], tuple(told(reason["detail"], named) for reason in one["failed"]))
            for one in (draft or report).get("near_misses", [])
        ),
    )


def _named(item: MedicationItem) -> str:
    return item.text or ", ".join(f"{code.system.value} {code.code}" for code in item.codes)


def _lines(
    profile: MedicationProfile, numbers: Mapping[str, int], now: CheckReport, draft: CheckReport | None
) -> list[LineView]:
    others = {} if draft is None else {one["id"]: one for one in draft["medications"]}
    said = {one["id"]: one for one in now["medications"]}
    return [
        LineView(numbers[item.id], _named(item), said[item.id], others.get(item.id)) for item in profile.medications
    ]


def _taken_for(line: CheckedMedication) -> tuple[object, ...]:
    return line["state"], [one["id"] for one in line["substances"]], line["routes"], line["problems"]


def _paired(pairing: Pairing, named: Mapping[str, str]) -> FindingView:
    shown = pairing.draft or pairing.now
    if shown is None:
        raise ValueError("a pairing has a finding on at least one side")
    return _finding(pairing.comparison, shown, pairing.now if pairing.draft is not None else None, named)


def _finding(
    comparison: Comparison | None, finding: Finding, now: Finding | None, named: Mapping[str, str]
) -> FindingView:
    changes = bench_words.differences(now, finding) if comparison is Comparison.CHANGES and now is not None else []
    return FindingView(
        comparison=comparison,
        finding=finding,
        now=now,
        changes=tuple(changes),
        missing=tuple(fact(one, named) for one in finding["missing_facts"]),
        medicines=tuple(named[one] for one in finding["medication_ids"]),
        why=tuple((words.short_term(one["test"]), told(one["detail"], named)) for one in finding["why"]),
    )


def told(detail: str, named: Mapping[str, str]) -> str:
    """A step of the reasons, with the medicine in place of the id it begins with."""
    line, colon, rest = detail.partition(": ")
    return f"{named[line]}: {rest}" if colon and line in named else detail


def fact(path: str, named: Mapping[str, str]) -> str:
    """A missing fact in words, from where it would stand in the question."""
    if path in _FACTS:
        return _FACTS[path]
    of_line = _FACT_OF_A_LINE.fullmatch(path)
    if of_line:
        line, last = of_line.groups()
        return f"{_FACTS_OF_A_LINE.get(last, words.field(last).lower())} of {named.get(line, line)}"
    return words.term(path.rpartition(".")[2]).lower()


def _totals(now: CheckReport, draft: CheckReport | None) -> list[tuple[str, str, str | None]]:
    """What stands beside the findings: a label, now, and with the draft where that is something else."""
    rows = []
    for label, told in (
        ("Answer", lambda one: words.term(one["status"])),
        ("Elemental magnesium a day", _intake),
        ("Risk of a deficiency", lambda one: words.term(one["deficiency_risk"]["state"])),
        ("Risk of an excess", lambda one: words.term(one["excess_risk"]["state"])),
    ):
        before = told(now)
        after = None if draft is None else told(draft)
        rows.append((label, before, None if after == before else after))
    return rows


def _intake(report: CheckReport) -> str:
    intake = report["magnesium_intake"]
    if intake["elemental_mg_per_day"] is not None:
        return f"{intake['elemental_mg_per_day']} mg"
    return f"not known; at least {intake['elemental_mg_per_day_minimum']} mg"
