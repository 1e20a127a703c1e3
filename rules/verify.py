"""Runs the worked cases of a rule set and says which do not hold. It changes nothing and judges nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from rules.engine import check
from rules.quantities import plain
from rules.terms import CaseKind, RecordStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.compiled import CompiledRuleSet
    from rules.model import Case, ExpectedFinding
    from rules.report import CheckReport, Finding


@dataclass(frozen=True, slots=True, order=True)
class CaseFailure:
    """One case that does not hold, and every expectation of it that failed."""

    case_id: str
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """How many cases ran and which failed."""

    cases: int
    failures: tuple[CaseFailure, ...]
    quiet_findings: int  # findings on lists that are quiet cases, whatever their interaction: a measure of noise
    quiet_cases: int


def _differences(expected: ExpectedFinding, finding: Finding) -> Iterator[str]:
    """Where one finding differs from what is expected of it."""
    separation = finding["management"]["separation"]
    hours = {
        "magnesium_first_hours": separation["magnesium_first_hours"] if separation else None,
        "drug_first_hours": separation["drug_first_hours"] if separation else None,
    }
    values = cast("dict[str, object]", finding)
    for name in ("severity", "operational_class", "applicability", "severity_ceiling"):
        wanted = getattr(expected, name)
        if wanted is not None and values[name] != wanted:
            yield f"{name} is {values[name]}, expected {wanted}"
    for name, found in hours.items():
        wanted = getattr(expected, name)
        if wanted is not None and found != plain(wanted, 2):
            yield f"{name} is {found}, expected {plain(wanted, 2)}"
    if expected.spacing_helps is not None and (
        separation is None or separation["spacing_helps"] is not expected.spacing_helps
    ):
        yield f"spacing_helps is not {expected.spacing_helps}"
    timing = finding["timing"]["state"] if finding["timing"] else None
    if expected.timing is not None and timing != expected.timing:
        yield f"timing is {timing}, expected {expected.timing}"
    if expected.medications is not None and sorted(expected.medications) != finding["medication_ids"]:
        yield f"medications are {finding['medication_ids']}, expected {sorted(expected.medications)}"
    if expected.missing_facts is not None and sorted(expected.missing_facts) != finding["missing_facts"]:
        yield f"missing facts are {finding['missing_facts']}, expected {sorted(expected.missing_facts)}"


def _missing(case: Case, found: list[Finding]) -> Iterator[str]:
    """Expected findings that are not there, or are different."""
    for expected in case.expect.findings:
        candidates = [finding for finding in found if finding["interaction_id"] == expected.interaction]
        if not candidates:
            yield f"{expected.interaction} was not found"
            continue
        differences: list[list[str]] = [list(_differences(expected, finding)) for finding in candidates]
        if all(differences):
            closest = min(differences, key=len)
            yield f"{expected.interaction}: {'; '.join(closest)}"


def _unwanted(case: Case, found: list[Finding]) -> Iterator[str]:
    """Findings that are there and should not be."""
    wanted = {expected.interaction for expected in case.expect.findings}
    for finding in found:
        name = finding["interaction_id"]
        if name in case.expect.absent:
            yield f"{name} was found and should be absent"
        elif case.expect.no_other_findings and name not in wanted:
            yield f"{name} was found and nothing else was expected"


def _failures(case: Case, report: CheckReport) -> Iterator[str]:
    expect = case.expect
    yield from _missing(case, report["findings"])
    yield from _unwanted(case, report["findings"])
    if expect.status is not None and report["status"] != expect.status:
        yield f"status is {report['status']}, expected {expect.status}"
    total = report["magnesium_intake"]["elemental_mg_per_day"]
    if expect.elemental_mg_per_day is not None and total != expect.elemental_mg_per_day:
        yield f"elemental magnesium a day is {total}, expected {expect.elemental_mg_per_day}"
    states = {line["id"]: line["state"] for line in report["medications"]}
    for name, wanted_state in sorted(expect.states.items()):
        if states[name] != wanted_state:
            yield f"{name} is {states[name]}, expected {wanted_state}"


def verify(compiled: CompiledRuleSet) -> VerifyResult:
    """Run every active case."""
    failures: list[CaseFailure] = []
    cases = quiet_cases = quiet_findings = 0
    for case in compiled.rule_set.cases:
        if case.status is not RecordStatus.ACTIVE:
            continue
        cases += 1
        report = check(compiled, case.profile)
        details = tuple(_failures(case, report))
        if details:
            failures.append(CaseFailure(case.id, details))
        if case.kind is CaseKind.QUIET:
            quiet_cases += 1
            quiet_findings += len(report["findings"])
    return VerifyResult(cases, tuple(sorted(failures)), quiet_findings, quiet_cases)
