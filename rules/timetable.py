"""A day plan for everything taken by mouth: it keeps every window of the findings and moves as little as possible.

It plans only what it knows: a medication that was not recognised, is taken only when needed or nobody knows how often,
stands apart with the reason. A plan that would break a window is never given; the search itself is `rules.solver`.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Final, NamedTuple

from rules.fragments import cited
from rules.schedules import DAY, HALF_DAY, Budget, Medicine, OutOfBudget, closest
from rules.solver import Gap, feasible, smallest_conflict, solve
from rules.terms import DoseMove, FoodRelation, Route, TimeOfDay, TimetableState, word
from rules.timing import Doses, DosesOfTwo, minute_of, timing_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from rules.care import Administration
    from rules.lines import Line
    from rules.profile import WakingDay
    from rules.report_plan import (
        AdministrationNote,
        AsNeededPeriods,
        DayPeriod,
        NotPlanned,
        PlannedDose,
        Remedy,
        TimedFinding,
        Timetable,
        TimetableConflict,
    )
    from rules.schedules import Times
    from rules.situation import Situation
    from rules.timing import Windowed

_WAKES_AT: Final = "07:00"
_SLEEPS_AT: Final = "22:00"
_MAGNESIUM_ONLY: Final = (
    "Kept are the hours between medicines and magnesium, and how single medicines are taken. What other medicines need "
    "from each other, such as levothyroxine from iron or calcium, is not known here."
)
_MEALS: Final = ("08:00", "13:00", "19:00")
_MOST_DOSES: Final = 8
_GRIDS: Final = (30, 15, 10, 5)
# Morning is the first and evening the last part of the waking hours, for people who work at night too.
_PART_OF_DAY: Final = 5 * 60
# A dose that belongs before a meal belongs to that meal for as long as this.
_BEFORE_MEAL_WITHIN: Final = 60
_HOUR: Final = 60


class _Day(NamedTuple):
    """The waking hours and meals, and the grid that doses without a given time are put on.

    Everything is planned in minutes since waking, so that a day turned round the clock gives the same plan.
    """

    grid: int
    wakes: int
    length: int
    meals: tuple[int, ...]  # since waking, in order
    meals_given: bool

    def hours(self) -> str:
        return f"{self.clock(0)} and {self.clock(self.length)}"

    def since_waking(self, minute: int) -> int:
        return (minute - self.wakes) % DAY

    def clock(self, since_waking: int) -> str:
        return _clock(self.wakes + since_waking)


class _Spacing(NamedTuple):
    """The window of a finding for two of its medications, in minutes."""

    interaction_id: str
    drug: str
    magnesium: str
    after_magnesium: int
    after_drug: int


def _clock(minute: int) -> str:
    return f"{minute % DAY // 60:02}:{minute % 60:02}"


def timetable_of(situation: Situation, windowed: Sequence[Windowed], *, budget: Budget | None = None) -> Timetable:
    """The cheapest day plan, or the smallest set of medications that stands in the way of any."""
    budget = budget or Budget()
    steps = budget.steps
    plan = _Plan(situation, windowed)
    try:
        times = solve(plan.medicines, plan.gaps, budget)
        if times is None:
            if plan.between_grid:
                return plan.without_times(TimetableState.NOT_FOUND, None)
            return plan.without_times(TimetableState.IMPOSSIBLE, plan.conflict(Budget(steps, budget.known)))
    except OutOfBudget:
        plan = _Plan(situation, windowed, _GRIDS[0])  # fewer times to try, each as good as on a finer grid
        try:
            times = solve(plan.medicines, plan.gaps, Budget(steps))
        except OutOfBudget:
            times = None
        if times is None:
            return plan.without_times(TimetableState.NOT_FOUND, None)
    return plan.with_times(times)


class _Plan:
    """What is to be planned: the medicines with their possible times, the gaps between them, and what stays out."""

    def __init__(self, situation: Situation, windowed: Sequence[Windowed], grid: int | None = None) -> None:
        """``grid``: minutes between times to try; left out, as many as everything that is to be kept lies on."""
        self.situation = situation
        self.lines = {line.id: line for line in situation.lines}
        self.windowed = windowed
        self.not_planned: list[NotPlanned] = []
        self.as_needed: list[str] = []
        self.assumptions: list[str] = []
        self.rules: dict[str, list[Administration]] = {}
        planned: list[Line] = []
        for line in situation.lines:
            reason = self._why_not(line)
            if reason is not None:
                self.not_planned.append({"medication_id": line.id, "reason": reason})
            elif line.as_needed:
                self.as_needed.append(line.id)
            else:
                planned.append(line)
            if reason is None:
                self.rules[line.id] = administrations_of(situation, line)
        self.spacings = list(self._spacings())
        numbers = [number for one in self.spacings for number in (one.after_magnesium, one.after_drug)]
        self.day = self._waking_day(situation.profile.day, numbers, grid)
        # Where something does not lie on the grid, a plan may exist between its points.
        borders = (self.day.wakes, self.day.length, *self.day.meals)
        self.between_grid = any(number % self.day.grid for number in (*borders, *self._numbers(numbers)))
        self.grid = tuple(self._grid())
        if len(planned) > 1:
            self.assumptions.append(_MAGNESIUM_ONLY)
        self.medicines = [self._medicine(line) for line in planned]
        self.gaps = list(self._gaps({line.id for line in planned}))

    def _why_not(self, line: Line) -> str | None:
        """Why a line cannot be planned."""
        if not line.entries and not line.resolution.certain:
            return "It was not recognised, so nobody knows what it has to be kept apart from."
        if line.given.routes and Route.ORAL not in line.given.routes:
            return "It is not taken by mouth."
        if line.not_daily and not line.as_needed:
            self.assumptions.append(f"{line.id} is not taken every day; the plan is for a day on which it is, once.")
        elif not line.as_needed and line.times_per_day is None:
            return "It is not known how often a day it is taken: give times or times_per_day."
        if not line.as_needed and (line.times_per_day or 0) > _MOST_DOSES:
            return f"It is taken more than {_MOST_DOSES} times a day."
        if line.item.times and not line.as_needed and not line.all_times_given:
            often, given = line.times_per_day, len(line.item.times)
            return f"The text says {often} times a day, and {given} of the times {'is' if given == 1 else 'are'} given."
        if line.given.routes != (Route.ORAL,):
            self.assumptions.append(f"{line.id} is taken by mouth.")
        return None

    def _spacings(self) -> Iterator[_Spacing]:
        """The windows between lines; where a source gives one order only, the same hours are kept in both."""
        for finding, window, pairs in self.windowed:
            if window is None:
                continue
            known = [minutes for minutes in window if minutes is not None]
            after_magnesium, after_drug = (ceil(max(known) if one is None else one) for one in window)
            for drug, magnesium in pairs:
                yield _Spacing(finding["interaction_id"], drug, magnesium, after_magnesium, after_drug)
            if None in window:
                self.assumptions.append(
                    f"{finding['interaction_id']}: the source gives hours for one order of the doses only; "
                    "the plan keeps them in both."
                )

    def _numbers(self, windows: Iterable[int]) -> Iterator[int]:
        """Everything that has to lie on the grid for "impossible" to be proven."""
        yield from windows
        for rules in self.rules.values():
            for rule in rules:
                yield rule.minutes_before_food or 0
                yield rule.minutes_after_food or 0
                yield rule.minutes_before_other_medicines or 0
                yield ceil((rule.own_doses_hours or 0) * _HOUR)
                yield _since_seven(rule.not_after) if rule.not_after is not None else 0

    def _waking_day(self, given: WakingDay, windows: Iterable[int], grid: int | None) -> _Day:
        wakes = minute_of(given.wakes_at or _WAKES_AT)
        sleeps = minute_of(given.sleeps_at or _SLEEPS_AT)
        if given.wakes_at is None or given.sleeps_at is None:
            self.assumptions.append(f"Doses without a given time lie between {_clock(wakes)} and {_clock(sleeps)}.")
        length = (sleeps - wakes) % DAY or DAY
        meals = _assumed_meals(wakes, length) if given.meals is None else [minute_of(meal) for meal in given.meals]
        if given.meals is None and meals and any(rule.food for rules in self.rules.values() for rule in rules):
            words = ", ".join(map(_clock, meals))
            self.assumptions.append(f"Meals are at {words}; a given time is not moved because of an assumed meal.")
        numbers = [wakes, sleeps, *meals, *self._numbers(windows)]
        if grid is None:
            grid = next((grid for grid in _GRIDS if all(number % grid == 0 for number in numbers)), _GRIDS[-1])
        return _Day(grid, wakes, length, tuple(sorted((meal - wakes) % DAY for meal in meals)), given.meals is not None)

    def _medicine(self, line: Line, fewer: int | None = None) -> Medicine:
        """A line with its possible times; ``fewer``: as often a day instead, at whatever times."""
        times = line.item.times if fewer is None else ()
        doses = fewer or line.times_per_day or 1
        given = tuple(sorted(self.day.since_waking(minute_of(time)) for time in times))
        rules = self.rules[line.id]
        own_gap = self._own_gap(doses, given, rules)
        minutes = {minute for minute in self.grid if self._allowed(minute, rules)} if rules else set(self.grid)
        minutes |= {minute for minute in given if not self.day.meals_given or self._fits_meals(minute, rules)}
        preferred = () if given else self._preferred(doses, rules)
        return Medicine(line.id, doses, tuple(sorted(minutes)), own_gap, given, preferred)

    def _own_gap(self, doses: int, given: Sequence[int], rules: Sequence[Administration]) -> int:
        """Half of an even share of the day, what a label asks, or less where the given times are closer."""
        if doses == 1:
            return 0
        grid = self.day.grid
        asked = [ceil(rule.own_doses_hours * _HOUR) for rule in rules if rule.own_doses_hours is not None]
        gap = max(asked) if asked else DAY // doses // 2 // grid * grid
        if len(given) > 1:
            nearest = min((after - one) % DAY or DAY for one, after in zip(given, [*given[1:], given[0]], strict=True))
            gap = min(gap, nearest // grid * grid)
        return gap

    def _grid(self) -> Iterator[int]:
        """The waking minutes whose clock times lie on the grid, and the meals."""
        for minute in range(-self.day.wakes % self.day.grid, self.day.length + 1, self.day.grid):
            yield minute % DAY
        yield from self.day.meals

    def _allowed(self, minute: int, rules: Sequence[Administration]) -> bool:
        """Whether food and the time of day leave a dose without a given time there."""
        for rule in rules:
            if rule.time_of_day is TimeOfDay.MORNING and minute > _PART_OF_DAY:
                return False
            if rule.time_of_day is TimeOfDay.EVENING and minute < self.day.length - _PART_OF_DAY:
                return False
            if rule.not_after is not None and minute > _since_seven(rule.not_after):
                return False
        return self._fits_meals(minute, rules)

    def _fits_meals(self, minute: int, rules: Sequence[Administration]) -> bool:
        meals = self.day.meals
        for rule in rules:
            before, after = rule.minutes_before_food or 0, rule.minutes_after_food or 0
            if rule.before_first_food and meals and minute > meals[0] - before:
                return False
            if rule.food is FoodRelation.WITH_FOOD and meals and minute not in meals:
                return False
            if rule.food is FoodRelation.EMPTY_STOMACH and any(
                (meal - minute) % DAY < before or (minute - meal) % DAY < after for meal in meals
            ):
                return False
            if (
                rule.food is FoodRelation.BEFORE_FOOD
                and meals
                and not any(before <= (meal - minute) % DAY <= before + _BEFORE_MEAL_WITHIN for meal in meals)
            ):
                return False
        return True

    def _preferred(self, doses: int, rules: Sequence[Administration]) -> tuple[int, ...]:
        """Where doses without a given time would best be: at meals that they belong to, or evenly over the day."""
        day = self.day
        if any(rule.food is FoodRelation.WITH_FOOD for rule in rules) and 1 < doses <= len(day.meals):
            return (*day.meals[: doses - 1], day.meals[-1])
        if any(rule.time_of_day is TimeOfDay.EVENING for rule in rules) and doses == 1:
            return (max(0, day.length - 2 * _HOUR),)
        last = min([day.length - 2 * _HOUR, *(_since_seven(rule.not_after) for rule in rules if rule.not_after)])
        span = max(0, last - _HOUR)
        return tuple(_HOUR + span * place // max(1, doses - 1) for place in range(doses))

    def _gaps(self, names: Collection[str]) -> Iterator[Gap]:
        """What has to lie between doses of these lines: the windows, and what is taken before all other medicines."""
        for one in self.spacings:
            if one.drug in names and one.magnesium in names:
                yield Gap(one.magnesium, one.drug, one.after_magnesium)
                yield Gap(one.drug, one.magnesium, one.after_drug)
        for name in sorted(names):
            alone = max((rule.minutes_before_other_medicines or 0 for rule in self.rules[name]), default=0)
            if alone:
                for other in sorted(set(names) - {name}):
                    yield Gap(name, other, alone)

    # --- the answer -------------------------------------------------------------------------------------------------

    def with_times(self, times: Mapping[str, Times]) -> Timetable:
        """The plan as a report shows it."""
        doses = [dose for medicine in self.medicines for dose in self._doses(medicine, times[medicine.id])]
        doses.sort(key=lambda dose: (self.day.since_waking(minute_of(dose["time"])), dose["medication_id"]))
        answer = self._answer(TimetableState.PLANNED)
        answer["doses"] = doses
        answer["windows"] = self._timed(times)
        answer["as_needed"] = [self._free(name, times) for name in self.as_needed]
        count = {move: sum(dose["move"] == move for dose in doses) for move in DoseMove}
        kept = "between the medications that are planned" if self.not_planned else "of the findings"
        answer["statement"] = (
            f"A day plan that keeps every window {kept}. Doses that keep their time: {count[DoseMove.KEPT]}; "
            f"moved: {count[DoseMove.MOVED]}; set, because no time was given: {count[DoseMove.SET]}.{self._left_out()}"
        )
        return answer

    def without_times(self, state: TimetableState, conflict: TimetableConflict | None) -> Timetable:
        """The answer when there is no plan."""
        answer = self._answer(state)
        answer["conflict"] = conflict
        if state is TimetableState.NOT_FOUND:
            answer["statement"] = (
                "No day plan was found within the limits of the search; whether there is one is not known. "
                f"Planning fewer medications at once, or giving their times, may help.{self._left_out()}"
            )
        else:
            why = f" {conflict['text']}" if conflict else ""
            answer["statement"] = (
                f"There is no day plan that keeps every window between {self.day.hours()}.{why}{self._left_out()}"
            )
        return answer

    def _answer(self, state: TimetableState) -> Timetable:
        return {
            "state": word(state),
            "statement": "",
            "doses": [],
            "as_needed": [],
            "not_planned": self.not_planned,
            "windows": [],
            "no_spacing_helps": [finding["key"] for finding, window, _ in self.windowed if window is None],
            "conflict": None,
            "notes": list(self._notes()),
            "assumptions": list(dict.fromkeys(self.assumptions)),
        }

    def _left_out(self) -> str:
        left = len(self.not_planned)
        return f" {left} medication{' is' if left == 1 else 's are'} not planned; see not_planned." if left else ""

    def _doses(self, medicine: Medicine, times: Times) -> Iterator[PlannedDose]:
        """Each dose with the given time it stands for: those that were kept, and the others so that least moves."""
        moved = tuple(minute for minute in times if minute not in medicine.given)
        left = tuple(minute for minute in medicine.given if minute not in times)
        stands_for = dict(zip(moved, closest(left, moved), strict=False))
        for minute in times:
            given = minute if minute in medicine.given else stands_for.get(minute)
            move = DoseMove.SET if given is None else DoseMove.KEPT if given == minute else DoseMove.MOVED
            yield {
                "time": self.day.clock(minute),
                "medication_id": medicine.id,
                "move": word(move),
                "given_time": None if given is None else self.day.clock(given),
                "minutes_moved": 0 if given is None else (minute - given + HALF_DAY) % DAY - HALF_DAY,
            }

    def _as_doses(self, name: str, times: Mapping[str, Times]) -> Doses:
        return Doses(name, [self.day.clock(minute) for minute in times[name]])

    def _notes(self) -> Iterator[AdministrationNote]:
        for name, rules in sorted(self.rules.items()):
            for rule in rules:
                yield {
                    "medication_id": name,
                    "administration_id": rule.id,
                    "text": rule.text,
                    "citations": cited(rule.citations, self.situation.compiled.citations),
                }

    def _timed(self, times: Mapping[str, Times]) -> list[TimedFinding]:
        """Every window between planned medications, tested against the planned times."""
        timed: list[TimedFinding] = []
        for finding, window, pairs in self.windowed:
            known = [(drug, magnesium) for drug, magnesium in pairs if drug in times and magnesium in times]
            if window is None or not known:
                continue
            clock = {name: self._as_doses(name, times) for pair in known for name in pair}
            doses = [DosesOfTwo(clock[drug], clock[magnesium]) for drug, magnesium in known]
            timed.append(
                {
                    "finding_key": finding["key"],
                    "interaction_id": finding["interaction_id"],
                    "medication_ids": sorted({name for pair in known for name in pair}),
                    "timing": timing_of(window, doses, complete=len(known) == len(pairs)),
                }
            )
        return timed

    def _free(self, name: str, times: Mapping[str, Times]) -> AsNeededPeriods:
        """When a dose of something taken only when needed keeps every window to the planned doses."""
        free = [True] * DAY
        for gap in self._gaps([*times, name]):
            for dose in times.get(gap.first, ()) if gap.then == name else ():
                for wait in range(gap.minutes):
                    free[(dose + wait) % DAY] = False
            for dose in times.get(gap.then, ()) if gap.first == name else ():
                for wait in range(gap.minutes):
                    free[(dose - wait) % DAY] = False
        return {"medication_id": name, "periods": list(self._periods(free))}

    def _periods(self, free: Sequence[bool]) -> Iterator[DayPeriod]:
        """The free stretches of a day that repeats, each with its first and its last minute."""
        if all(free):
            yield {"start": _clock(0), "end": _clock(-1)}
            return
        for start in range(DAY):
            if free[start] and not free[start - 1]:
                end = next(end for end in range(start, start + DAY) if not free[(end + 1) % DAY])
                yield {"start": self.day.clock(start), "end": self.day.clock(end)}

    def conflict(self, budget: Budget) -> TimetableConflict:
        """A set that cannot fit together, the smallest if there are steps enough, and what was tried and helps."""
        found = smallest_conflict(self.medicines, self.gaps, budget)
        assert found is not None  # noqa: S101 - asked only when there is no plan
        stuck = found.medicines
        names = {medicine.id for medicine in stuck}
        rules = dict.fromkeys(one.interaction_id for one in self.spacings if {one.drug, one.magnesium} <= names)
        words = " and ".join(self._named(name) for name in sorted(names))
        text = (
            f"{words} cannot fit together between {self.day.hours()}."
            if len(names) > 1
            else f"{words} fits nowhere between {self.day.hours()}: food, time of day and its own doses leave no time."
        )
        if not found.smallest:
            text += " Perhaps fewer of them are in the way: the search ended before that was known."
        return {
            "medication_ids": sorted(names),
            "interaction_ids": list(rules),
            "text": text,
            "would_help": list(self._remedies(stuck, budget)),
        }

    def _named(self, name: str) -> str:
        substances = " with ".join(entry.name for entry in self.lines[name].entries)
        return f"{name} ({substances})" if substances else name

    def _remedies(self, stuck: Sequence[Medicine], budget: Budget) -> Iterator[Remedy]:
        """Changes to one medication of the set with which everything fits together; each has been tried."""
        magnesium = {one.magnesium for one in self.spacings}
        for medicine in sorted(stuck, key=lambda one: (one.id not in magnesium, one.id)):
            others = [other for other in self.medicines if other is not medicine]
            try:
                for doses in range(medicine.doses - 1, 0, -1):
                    if feasible([*others, self._medicine(self.lines[medicine.id], doses)], self.gaps, budget):
                        often = "once" if doses == 1 else f"{doses} times"
                        yield {
                            "medication_id": medicine.id,
                            "text": f"{self._named(medicine.id)} {often} a day, where dose and form allow it.",
                        }
                        break
                if feasible(others, self.gaps, budget):
                    instead = "another medicine or form, or other hours of waking and eating"
                    if medicine.id in magnesium:
                        instead = "stopping it, or a product without magnesium or aluminium in its place"
                    elif len(stuck) > 1:
                        instead = "another medicine or form that needs no interval, or a pause of the magnesium product"
                    yield {"medication_id": medicine.id, "text": f"{self._named(medicine.id)}: {instead}."}
            except OutOfBudget:
                return


def _assumed_meals(wakes: int, length: int) -> list[int]:
    """The usual hours; where somebody sleeps at one of them, as long after waking as usual, while they are awake."""
    usual = [minute_of(meal) for meal in _MEALS]
    if all((meal - wakes) % DAY <= length for meal in usual):
        return usual
    return [(wakes + after) % DAY for after in map(_since_seven, _MEALS) if after <= length]


def _since_seven(time: str) -> int:
    """Minutes from the hour at which an ordinary day begins: how long after waking it is on any day."""
    return (minute_of(time) - minute_of(_WAKES_AT)) % DAY


def administrations_of(situation: Situation, line: Line) -> list[Administration]:
    """What labels say on how the line is taken by mouth."""
    return [
        record
        for record in situation.compiled.care.administrations
        if (not record.dose_forms or line.given.dose_form in record.dose_forms)
        and line.given.dose_form not in record.except_dose_forms
        and any(
            entry.id not in record.except_substances
            and (entry.id in record.substances or not entry.keys.isdisjoint(record.classes))
            for entry in line.entries
        )
    ]
