"""A day plan as something to draw: a lane for each medication, its doses, and the stretches where none belongs.

It plans nothing: doses and hours are those of a timetable. Times are minutes of a day that repeats, so midnight is no
border; a stretch may end on the next day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Final, NamedTuple

from rules.profile import WakingDay
from rules.report import CheckReport
from rules.report_plan import Timetable
from rules.terms import DoseMove, TimedFirst, TimetableState
from rules.timing import DAY, minute_of

HOUR: Final = 60
# What a timetable assumes where the question does not say; a test holds it to `rules.timetable`.
ASSUMED_WAKES_AT: Final = "07:00"
ASSUMED_SLEEPS_AT: Final = "22:00"


class DayBasis(StrEnum):
    """Where the waking hours come from."""

    GIVEN = "given"
    ASSUMED = "assumed"


class Dose(NamedTuple):
    """A dose at a minute of the day, and the time that was given for it."""

    medication_id: str
    minute: int
    given: int | None

    @property
    def move(self) -> DoseMove:
        """What the plan did with it."""
        if self.given is None:
            return DoseMove.SET
        return DoseMove.KEPT if self.given == self.minute else DoseMove.MOVED


class Window(NamedTuple):
    """The minutes to wait after the drug until magnesium, and after magnesium until the drug."""

    drug_id: str
    magnesium_id: str
    after_drug: int
    after_magnesium: int


class Period(NamedTuple):
    """When something taken only when needed fits: from a minute up to a minute; None: nowhere."""

    medication_id: str
    span: tuple[int, int] | None


class Stretch(NamedTuple):
    """Part of the day where no dose of a lane belongs, and the medications it is kept free of."""

    start: int
    end: int  # above the start; above `DAY` where it runs over midnight
    partners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DayPlan:
    """Everything that is drawn, by ids only."""

    doses: tuple[Dose, ...] = ()
    substances: tuple[tuple[str, str], ...] = ()  # medication id, substance id
    windows: tuple[Window, ...] = ()
    as_needed: tuple[Period, ...] = ()
    not_planned: tuple[str, ...] = ()
    meals: tuple[int, ...] = ()
    wakes: int | None = None
    sleeps: int | None = None
    basis: DayBasis = DayBasis.GIVEN

    @property
    def starts(self) -> int:
        """Where the drawing begins: at midnight, or on waking for those who are awake at midnight."""
        if self.wakes is None or self.sleeps is None or self.wakes < self.sleeps:
            return 0
        return self.wakes // HOUR * HOUR

    @property
    def nights(self) -> Stretch | None:
        """The hours of sleep, where both ends are known."""
        if self.wakes is None or self.sleeps is None or self.wakes == self.sleeps:
            return None
        return Stretch(self.sleeps, self.sleeps + (self.wakes - self.sleeps) % DAY, ())


@dataclass(frozen=True, slots=True)
class Lane:
    """One medication."""

    id: str
    name: str
    doses: tuple[Dose, ...] = ()
    closed: tuple[Stretch, ...] = ()
    free: tuple[Stretch, ...] | None = field(default=None)  # None: it is not taken only when needed
    planned: bool = True


def clock(minute: int) -> str:
    """A minute as the time of the day."""
    return f"{minute % DAY // HOUR:02}:{minute % HOUR:02}"


def plan_of(timetable: Timetable, report: CheckReport, day: WakingDay) -> DayPlan | None:
    """What is drawn of a timetable; None where it holds no plan."""
    if timetable["state"] != TimetableState.PLANNED:
        return None
    periods: list[Period] = []
    for one in timetable["as_needed"]:
        name = one["medication_id"]
        spans = [(minute_of(part["start"]), minute_of(part["end"])) for part in one["periods"]]
        periods += [Period(name, span) for span in spans] or [Period(name, None)]
    return DayPlan(
        doses=tuple(
            Dose(
                one["medication_id"],
                minute_of(one["time"]),
                minute_of(one["given_time"]) if one["given_time"] else None,
            )
            for one in timetable["doses"]
        ),
        substances=tuple((line["id"], one["id"]) for line in report["medications"] for one in line["substances"]),
        windows=tuple(_windows(timetable)),
        as_needed=tuple(periods),
        not_planned=tuple(one["medication_id"] for one in timetable["not_planned"]),
        meals=tuple(minute_of(meal) for meal in day.meals or ()),
        wakes=minute_of(day.wakes_at or ASSUMED_WAKES_AT),
        sleeps=minute_of(day.sleeps_at or ASSUMED_SLEEPS_AT),
        basis=DayBasis.ASSUMED if day.wakes_at is None or day.sleeps_at is None else DayBasis.GIVEN,
    )


def _windows(timetable: Timetable) -> Iterator[Window]:
    """The window of each pair; where a source gives one order only, the plan keeps the same hours in both."""
    needed: dict[tuple[str, str], dict[str, int]] = {}
    for finding in timetable["windows"]:
        for gap in finding["timing"]["gaps"]:
            ids = gap["first_medication_id"], gap["then_medication_id"]
            drug, magnesium = ids if gap["first"] == TimedFirst.DRUG else ids[::-1]
            of_pair = needed.setdefault((drug, magnesium), {})
            of_pair[gap["first"]] = max(of_pair.get(gap["first"], 0), minutes(gap["needed_hours"]))
    for (drug, magnesium), of_pair in sorted(needed.items()):
        most = max(of_pair.values())
        after_drug, after_magnesium = (of_pair.get(first, most) for first in (TimedFirst.DRUG, TimedFirst.MAGNESIUM))
        yield Window(drug, magnesium, after_drug, after_magnesium)


def minutes(hours: str) -> int:
    """Hours with two decimals as the whole minutes they stand for."""
    return int((Decimal(hours) * HOUR).to_integral_value(ROUND_HALF_EVEN))


def hours(minutes: int) -> str:
    """Minutes as hours, as short as two decimals allow."""
    return f"{minutes / HOUR:.2f}".rstrip("0").rstrip(".")


def lanes_of(plan: DayPlan, names: Mapping[str, str]) -> list[Lane]:
    """The lanes in the order of the plan: doses first, then what is taken when needed, then what is not planned.

    ``names`` are those of substances; a medication without a known substance keeps its id.
    """
    known: dict[str, list[str]] = {}
    for medication_id, substance_id in plan.substances:
        if substance_id in names:
            known.setdefault(medication_id, []).append(names[substance_id])
    doses: dict[str, list[Dose]] = {}
    for dose in dict.fromkeys(plan.doses):
        doses.setdefault(dose.medication_id, []).append(dose)
    needed = dict.fromkeys(period.medication_id for period in plan.as_needed)
    of_windows = [name for window in plan.windows for name in (window.drug_id, window.magnesium_id)]
    of_substances = [medication_id for medication_id, _ in plan.substances]
    return [
        Lane(
            id=one,
            name=" with ".join(dict.fromkeys(known.get(one, [one]))),
            doses=tuple(doses.get(one, ())),
            closed=tuple(_closed(one, plan.windows, doses)),
            free=tuple(_free(one, plan.as_needed)) if one in needed else None,
            planned=one in doses or one in needed or one not in plan.not_planned,
        )
        for one in dict.fromkeys([*doses, *needed, *of_windows, *of_substances, *plan.not_planned])
    ]


def _closed(name: str, windows: Sequence[Window], doses: Mapping[str, Sequence[Dose]]) -> Iterator[Stretch]:
    """Where the windows leave no room, around the doses of the others."""
    around: list[tuple[int, int, str]] = []  # from, up to, partner
    for window in windows:
        if window.drug_id == name:
            partner, before, after = window.magnesium_id, window.after_drug, window.after_magnesium
        elif window.magnesium_id == name:
            partner, before, after = window.drug_id, window.after_magnesium, window.after_drug
        else:
            continue
        around += [(dose.minute - before, dose.minute + after, partner) for dose in doses.get(partner, ())]
    shut = [False] * DAY
    for start, end, _ in around:
        for minute in range(start, min(end, start + DAY)):
            shut[minute % DAY] = True
    for start, end in _runs(shut):
        partners = [partner for first, last, partner in around if _meet(start, end, first, last)]
        yield Stretch(start, end, tuple(sorted(set(partners))))


def _free(name: str, periods: Iterable[Period]) -> Iterator[Stretch]:
    spans = [one.span for one in periods if one.medication_id == name and one.span is not None]
    for start, end in spans:
        # From midnight to midnight is the whole day, if it is the only period.
        whole = spans == [(0, 0)]
        yield Stretch(start, start + (DAY if whole else (end - start) % DAY), ())


def _runs(cells: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Where cells of a circle are true: start, and the end behind it."""
    if all(cells):
        yield 0, len(cells)
        return
    size = len(cells)
    for start in range(size):
        if cells[start] and not cells[start - 1]:
            end = start
            while cells[end % size]:
                end += 1
            yield start, end


def _meet(start: int, end: int, first: int, last: int) -> bool:
    """Whether two stretches of a day that repeats have something in common."""
    return (first - start) % DAY < end - start or (start - first) % DAY < last - first
