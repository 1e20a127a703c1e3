"""Runs the worked cases of a rule set and says which do not hold. It changes nothing and judges nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from rules.engine import check
from rules.quantities import plain
from rules.terms import CaseKind, DoseMove, RecordStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.compiled import CompiledRuleSet
    from rules.model import Case, ExpectedFinding, ExpectedPlan, ExpectedTimetable
    from rules.report import CheckReport, Finding
    from rules.report_plan import Plan, Timetable


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
    for name in ("severity", "operational_class", "applicability", "severity_ceiling", "origin"):
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
    yield from _beyond(case, report)


def _beyond(case: Case, report: CheckReport) -> Iterator[str]:
    """Where the risks, the plan and the timetable differ from what is expected of them."""
    expect = case.expect
    settled = sorted({one["interaction_id"] for one in report["settled"]})
    if expect.settled is not None and sorted(set(expect.settled)) != settled:
        yield f"settled are {settled}, expected {sorted(set(expect.settled))}"
    for name, wanted, found in (
        ("deficiency", expect.deficiency, report["deficiency_risk"]["state"]),
        ("excess", expect.excess, report["excess_risk"]["state"]),
    ):
        if wanted is not None and found != wanted:
            yield f"{name} is {found}, expected {wanted}"
    if expect.plan is not None:
        plan = report.get("plan")
        yield from ["there is no plan; the profile has to ask for it"] if plan is None else _of_plan(expect.plan, plan)
    if expect.timetable is not None:
        timetable = report.get("timetable")
        if timetable is None:
            yield "there is no timetable; the profile has to ask for it"
        else:
            yield from _of_timetable(expect.timetable, timetable)


def _of_plan(expected: ExpectedPlan, plan: Plan) -> Iterator[str]:
    if expected.decision is not None and plan["decision"] != expected.decision:
        yield f"the plan is {plan['decision']}, expected {expected.decision}"
    if expected.food is not None and (plan["food"] is not None) is not expected.food:
        yield f"food is {'not ' if expected.food else ''}advised"
    supplement = plan["supplement"]
    fits = {} if supplement is None else {form["form_id"]: form["fit"] for form in supplement["forms"]}
    for one in expected.forms:
        if fits.get(one.form) != one.fit:
            yield f"form {one.form} is {fits.get(one.form)}, expected {one.fit}"
    tests = {item["test"]: item for item in plan["monitoring"]}
    for wanted in expected.monitoring:
        item = tests.get(wanted.test)
        if item is None:
            yield f"{wanted.test} is not monitored"
            continue
        if item["state"] != wanted.state:
            yield f"{wanted.test} is {item['state']}, expected {wanted.state}"
        if wanted.due_on is not None and item["due_on"] != wanted.due_on.isoformat():
            yield f"{wanted.test} is due on {item['due_on']}, expected {wanted.due_on}"


def _of_timetable(expected: ExpectedTimetable, timetable: Timetable) -> Iterator[str]:
    if expected.state is not None and timetable["state"] != expected.state:
        yield f"the timetable is {timetable['state']}, expected {expected.state}"
    times: dict[str, list[str]] = {}
    for dose in timetable["doses"]:
        times.setdefault(dose["medication_id"], []).append(dose["time"])
    for name, wanted in sorted(expected.times.items()):
        if sorted(times.get(name, [])) != sorted(wanted):
            yield f"{name} is at {times.get(name, [])}, expected {sorted(wanted)}"
    moved = sorted({dose["medication_id"] for dose in timetable["doses"] if dose["move"] == DoseMove.MOVED})
    if expected.moved is not None and moved != sorted(expected.moved):
        yield f"moved are {moved}, expected {sorted(expected.moved)}"
    conflict = timetable["conflict"]["medication_ids"] if timetable["conflict"] is not None else []
    if expected.conflict is not None and conflict != sorted(expected.conflict):
        yield f"the conflict is {conflict}, expected {sorted(expected.conflict)}"


def failures_of(compiled: CompiledRuleSet, case: Case) -> tuple[str, ...]:
    """Run one case; every expectation of it that fails, in words."""
    return tuple(_failures(case, check(compiled, case.profile)))


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
