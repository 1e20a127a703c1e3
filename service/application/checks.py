"""Answers what callers ask: a check of a medication list, and what each medication is taken for.

The report is the engine's, unchanged, with an id in front. Nothing here reads HTTP or stores anything.
"""

import asyncio
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Annotated, Protocol

from pydantic import Field
from typing_extensions import TypedDict

from rules.compiled import CompiledRuleSet
from rules.engine import check
from rules.explanation import explained
from rules.profile import Code, MedicationItem, MedicationProfile
from rules.report import CheckReport, ResolvedMedication, RuleSetReference, TerminologyReference
from rules.report_plan import Timetable
from rules.resolution import resolve
from rules.terms import CheckStatus, RecognitionState
from service.application.ncpdp import add_ncpdp
from service.application.standing import Degraded, Standing
from service.day_plan.address import address_of
from service.day_plan.lanes import plan_of
from service.telemetry import Metrics

# The two highest bits of this digit are fixed; the other two are random.
_VARIANTS = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}


_INCOMPLETE = CheckStatus.INCOMPLETE.value
_UNRECOGNISED = RecognitionState.UNRECOGNISED.value


class RuleSetSource(Protocol):
    """Where the rule set that answers comes from."""

    def current(self) -> CompiledRuleSet:
        """The rule set that answers, or `service.errors.NoRuleSet`."""


_DegradedOrNot = Annotated[
    Degraded | None,
    Field(
        description="Null in the ordinary case. Else the answer may not come from the rule set that should answer, "
        "and this says why. It is about the moment and not about the question."
    ),
]


class CheckAnswer(CheckReport):
    """The answer to one question."""

    check_id: Annotated[str, Field(description="Identifies this answer; a new one each time.")]
    degraded: _DegradedOrNot


class ResolutionAnswer(TypedDict):
    """What each medication was taken for, in the order asked."""

    degraded: _DegradedOrNot
    rule_set: RuleSetReference
    terminology: TerminologyReference | None
    medications: list[ResolvedMedication]


def utc_today() -> date:
    """The day, in UTC."""
    return datetime.now(UTC).date()


def new_id() -> str:
    """A random UUID (version 4). The standard library's takes five times as long to make and write."""
    digits = os.urandom(16).hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{_VARIANTS[digits[16]]}{digits[17:20]}-{digits[20:]}"


class Checks:
    """Answers from the rule set in force; a question is answered from one rule set throughout."""

    def __init__(
        self,
        rule_sets: RuleSetSource,
        metrics: Metrics,
        *,
        standing: Standing | None = None,
        today: Callable[[], date] = utc_today,
        new_id: Callable[[], str] = new_id,
    ) -> None:
        """``today`` is the day a question is about when it does not say."""
        self._standing = standing or Standing.without_store()
        self._rule_sets = rule_sets
        self._today = today
        self._new_id = new_id
        self._totals = metrics.checks
        self._thread: ThreadPoolExecutor | None = None

    def rule_set(self) -> CompiledRuleSet:
        """What answers now, for those who ask twice: both answers have to come from the same.

        Raises:
            NoRuleSet: there is nothing to answer from.
            RuleSetStale: what there is has not been confirmed for too long.
        """
        return self._rule_sets.current()

    def check(
        self, profile: MedicationProfile, *, explain: bool = False, rule_set: CompiledRuleSet | None = None
    ) -> CheckAnswer:
        """Check a medication list; ``rule_set`` is the one to answer from, or the one that answers now.

        Raises:
            NoRuleSet: there is nothing to answer from.
            RuleSetStale: what there is has not been confirmed for too long.
        """
        compiled = rule_set or self._rule_sets.current()
        degraded = self._standing.degraded()
        return self._answer(report_on(compiled, self._dated(profile), explain=explain), degraded)

    async def check_aside(self, profile: MedicationProfile, *, explain: bool = False) -> CheckAnswer:
        """The same, and while the report is made others are answered: for questions that want a day plan.

        Raises:
            NoRuleSet: there is nothing to answer from.
            RuleSetStale: what there is has not been confirmed for too long.
        """
        compiled = self._rule_sets.current()
        degraded = self._standing.degraded()
        dated = self._dated(profile)
        return self._answer(await self._aside(lambda: report_on(compiled, dated, explain=explain)), degraded)

    async def timetable(self, profile: MedicationProfile, rule_set: CompiledRuleSet) -> Timetable:
        """The day plan of a question whose check was asked for without one. It counts as no check of its own."""
        planned = profile.model_copy(update={"timetable": True})
        report = await self._aside(lambda: check(rule_set, planned))
        return report["timetable"]

    async def _aside(self, make: Callable[[], CheckReport]) -> CheckReport:
        """Make a report in the one thread there is for those that may take long.

        It is one, because more of them would only take the processor away from each other and from all other requests.
        """
        if self._thread is None:
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="day-plans")
        return await asyncio.get_running_loop().run_in_executor(self._thread, make)

    def _dated(self, profile: MedicationProfile) -> MedicationProfile:
        return profile if profile.as_of is not None else profile.model_copy(update={"as_of": self._today()})

    def _answer(self, report: CheckReport, degraded: Degraded | None) -> CheckAnswer:
        unrecognised = 0
        if report["status"] == _INCOMPLETE:  # nothing is unrecognised in a complete answer
            unrecognised = sum([line["state"] == _UNRECOGNISED for line in report["medications"]])
        self._totals.count(report["status"], report["finding_counts"], unrecognised)
        return {"check_id": self._new_id(), "degraded": degraded, **report}

    def knows(self, text: str | None, codes: tuple[Code, ...]) -> frozenset[str] | None:
        """The substances that a line of this name and these codes would be recognised as; None: it would not be.

        Raises:
            NoRuleSet: there is nothing to answer from.
            RuleSetStale: what there is has not been confirmed for too long.
        """
        shown = resolve(self._rule_sets.current(), text, codes).shown
        return None if shown["state"] == _UNRECOGNISED else frozenset([one["id"] for one in shown["substances"]])

    def resolve(self, items: Iterable[MedicationItem]) -> ResolutionAnswer:
        """Say what each medication is taken for.

        Raises:
            NoRuleSet: there is nothing to answer from.
            RuleSetStale: what there is has not been confirmed for too long.
        """
        compiled = self._rule_sets.current()
        return {
            "degraded": self._standing.degraded(),
            "rule_set": {"version": compiled.version, "digest": compiled.digest},
            "terminology": compiled.terminology.reference if compiled.terminology is not None else None,
            "medications": [explained(compiled, item) for item in items],
        }


def report_on(compiled: CompiledRuleSet, profile: MedicationProfile, *, explain: bool) -> CheckReport:
    """What a rule set says about a question that names its day: always the same, whenever it is asked."""
    report = check(compiled, profile, explain=explain)
    if profile.timetable:
        _draw(report, profile)
    if profile.ncpdp:
        add_ncpdp(report)
    return report


def _draw(report: CheckReport, profile: MedicationProfile) -> None:
    """Put the address of a drawing into the timetable, where there is a plan to draw."""
    timetable = report["timetable"]
    plan = plan_of(timetable, report, profile.day)
    address = address_of(plan) if plan is not None else None
    if address is not None:
        timetable["drawing"] = address
