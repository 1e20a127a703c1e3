"""The worklist of a plan: what is measured because of the findings, when it was measured last, and when it is due.

Days come from the schedules of the knowledge base and the dates that were given; nothing is invented where a source
names no interval.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from rules.facts import day_of
from rules.fragments import cited
from rules.terms import MonitoringState, MonitoringTest, word

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rules.care import MonitoringSchedule
    from rules.profile import MedicationProfile
    from rules.report import Finding
    from rules.report_plan import MonitoringItem, MonitoringReason
    from rules.situation import Situation
    from rules.terms import PlanDecision

_URGENCY: Final = tuple(MonitoringState)
_NEVER: Final = "9999-12-31"


def worklist(situation: Situation, findings: Sequence[Finding], decision: PlanDecision) -> list[MonitoringItem]:
    """What is measured, each test once with all its reasons, the most urgent first."""
    fired = {finding["interaction_id"] for finding in findings}
    substances = {name for finding in findings for name in _substances(finding)}
    tests: dict[MonitoringTest, list[MonitoringSchedule]] = {}
    for schedule in situation.compiled.care.monitoring_schedules:
        concerned = not fired.isdisjoint(schedule.interactions)
        if schedule.substances:
            concerned = concerned and not substances.isdisjoint(schedule.substances)
        if concerned or decision in schedule.decisions:
            for test in schedule.tests:
                tests.setdefault(test, []).append(schedule)
    items = [_item(situation, test, schedules, fired) for test, schedules in tests.items()]
    items.sort(key=lambda item: (_URGENCY.index(item["state"]), item["due_on"] or _NEVER, item["test"]))
    return items


def _substances(finding: Finding) -> list[str]:
    affected = finding["affected"]
    return [*(partner["id"] for partner in finding["precipitants"]), *([affected["id"]] if affected else [])]


def _last(profile: MedicationProfile, test: MonitoringTest) -> tuple[bool, date | None]:
    """Whether there is a result, and its day."""
    if test is MonitoringTest.ECG:
        return profile.last_ecg_on is not None, profile.last_ecg_on
    if test is MonitoringTest.KIDNEY_FUNCTION:
        egfr = profile.patient.egfr
        return egfr is not None, None if egfr is None else egfr.taken_on
    days = [day_of(one, profile.as_of) for one in profile.observations if one.kind == test.value]
    return bool(days), max((day for day in days if day is not None), default=None)


def _item(
    situation: Situation, test: MonitoringTest, schedules: Iterable[MonitoringSchedule], fired: set[str]
) -> MonitoringItem:
    known, last = _last(situation.profile, test)
    as_of = situation.profile.as_of
    standings: list[tuple[int, str, MonitoringState]] = []
    reasons: list[MonitoringReason] = []
    for schedule in schedules:
        state, due = _standing(schedule, as_of, last, known=known)
        standings.append((_URGENCY.index(state), _NEVER if due is None else due.isoformat(), state))
        reasons.append(
            {
                "schedule_id": schedule.id,
                "title": schedule.title,
                "text": schedule.text,
                "every_days": schedule.every_days,
                "interaction_ids": sorted(fired.intersection(schedule.interactions)),
                "citations": cited(schedule.citations, situation.compiled.citations),
            }
        )
    _, due_on, state = min(standings)
    return {
        "test": word(test),
        "state": word(state),
        "last_on": None if last is None else last.isoformat(),
        "due_on": None if due_on == _NEVER else due_on,
        "because": reasons,
    }


def _standing(
    schedule: MonitoringSchedule, as_of: date | None, last: date | None, *, known: bool
) -> tuple[MonitoringState, date | None]:
    """Where one schedule stands, and the day."""
    if schedule.every_days is not None and last is not None:
        due = last + min(timedelta(days=schedule.every_days), date.max - last)  # the calendar ends in the year 9999
        return MonitoringState.OVERDUE if as_of is not None and as_of > due else MonitoringState.PLANNED, due
    # A result without a date is as good as none where an interval has to be kept.
    wanted = schedule.at_start or schedule.every_days is not None
    if wanted and (not known or (schedule.every_days is not None and last is None)):
        return MonitoringState.DUE, as_of
    return MonitoringState.AS_INDICATED, None
