"""The day plan of a list on the test bench: when to take what, now and with the draft. It plans nothing itself.

It is worked out behind the answer, since a crowded day takes the solver a moment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from rules.compiled import CompiledRuleSet
from rules.profile import MedicationProfile
from rules.report import CheckReport
from rules.report_plan import DayPeriod, Timetable
from rules.terms import DoseMove
from service.application import bench
from service.application.bench import Tried
from service.day_plan.lanes import DayPlan, plan_of
from service.day_plan.svg import drawing
from service.markup import Html

_MOVES: Final = {DoseMove.KEPT: "keeps its time", DoseMove.SET: "time set by the plan"}


@dataclass(frozen=True, slots=True)
class DoseView:
    """One dose; ``before`` is its time as the rules are now, where the draft has another (empty: none)."""

    time: str
    medicine: str
    move: str
    before: str | None


@dataclass(frozen=True, slots=True)
class DayView:
    """Everything that is shown of a day plan; of the draft's where there is one."""

    statement: str
    statement_now: str | None  # where the draft's says something else
    drawing: Html | None
    doses: tuple[DoseView, ...]
    needed: tuple[tuple[str, str], ...]  # a medicine taken when needed, and when it fits
    left_out: tuple[tuple[str, str], ...]  # a medicine that is not planned, and why
    conflict: str | None
    would_help: tuple[str, ...]
    notes: tuple[tuple[str, str], ...]
    assumptions: tuple[str, ...]
    differs: bool  # whether there are doses that the draft puts elsewhere


def has_times(profile: MedicationProfile) -> bool:
    """Whether the list says when, or how often a day, something is taken: else there is no day to plan."""
    return any(item.times or item.times_per_day for item in profile.medications)


def day_of(
    profile: MedicationProfile, numbers: Mapping[str, int], now: CompiledRuleSet, tried: Tried | None
) -> DayView:
    """Plan the day by what answers, and by the draft; ``numbers`` are the lines of the ids."""
    profile = profile.model_copy(update={"timetable": True})
    compiled = None if tried is None else tried.compiled
    before = bench.answer(now, profile)
    shown = before if compiled is None else bench.answer(compiled, profile)
    names = {item.id: item.text or f"line {numbers[item.id]}" for item in profile.medications}
    timetable, was = shown["timetable"], before["timetable"]
    doses = tuple(_doses(timetable, None if compiled is None else was, names))
    conflict = timetable["conflict"]
    statement, statement_now = _said(timetable["statement"], names), _said(was["statement"], names)
    return DayView(
        statement=statement,
        statement_now=None if statement_now == statement else statement_now,
        drawing=_drawn(shown, profile, numbers),
        doses=doses,
        needed=tuple((names[one["medication_id"]], _periods(one["periods"])) for one in timetable["as_needed"]),
        left_out=tuple((names[one["medication_id"]], one["reason"]) for one in timetable["not_planned"]),
        conflict=None if conflict is None else _said(conflict["text"], names),
        would_help=() if conflict is None else tuple(_said(one["text"], names) for one in conflict["would_help"]),
        notes=tuple((names[one["medication_id"]], one["text"]) for one in timetable["notes"]),
        assumptions=tuple(_said(one, names) for one in timetable["assumptions"]),
        differs=any(dose.before is not None for dose in doses),
    )


def _doses(timetable: Timetable, was: Timetable | None, names: Mapping[str, str]) -> list[DoseView]:
    """The doses in the order of the day, each beside the same one of the day as it is now."""
    former: dict[str, list[str]] = {}
    for dose in [] if was is None else was["doses"]:
        former.setdefault(dose["medication_id"], []).append(dose["time"])
    found = []
    for dose in timetable["doses"]:
        times = former.get(dose["medication_id"], [])
        before = times.pop(0) if times else ""
        moved = f"moved from {dose['given_time']}"
        found.append(
            DoseView(
                time=dose["time"],
                medicine=names[dose["medication_id"]],
                move=_MOVES.get(DoseMove(dose["move"]), moved),
                before=None if was is None or before == dose["time"] else before,
            )
        )
    return found


def _periods(periods: Sequence[DayPeriod]) -> str:
    return " and ".join(f"{one['start']} to {one['end']}" for one in periods) or "fits nowhere beside the planned doses"


def _said(text: str, names: Mapping[str, str]) -> str:
    """A sentence for programs as one for people: medicines by their names, and no names of fields."""
    text = re.sub(r"; see \w+", "", text)
    return re.sub(r"\b[\w-]+\b", lambda found: names.get(found[0], found[0]), text)


def _drawn(report: CheckReport, profile: MedicationProfile, numbers: Mapping[str, int]) -> Html | None:
    """The drawing, with lines of the list in place of ids."""
    plan = plan_of(report["timetable"], report, profile.day)
    if plan is None:
        return None
    names = {one["id"]: one["name"] for line in report["medications"] for one in line["substances"]}
    return drawing(_by_line(plan, numbers), names, styled=False)


def _by_line(plan: DayPlan, numbers: Mapping[str, int]) -> DayPlan:
    line = {medication_id: f"line {number}" for medication_id, number in numbers.items()}
    return replace(
        plan,
        doses=tuple(one._replace(medication_id=line[one.medication_id]) for one in plan.doses),
        substances=tuple((line[medication_id], substance_id) for medication_id, substance_id in plan.substances),
        windows=tuple(
            one._replace(drug_id=line[one.drug_id], magnesium_id=line[one.magnesium_id]) for one in plan.windows
        ),
        as_needed=tuple(one._replace(medication_id=line[one.medication_id]) for one in plan.as_needed),
        not_planned=tuple(line[one] for one in plan.not_planned),
    )
