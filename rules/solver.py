"""Finds the cheapest times of the day for medicines that have to keep apart: exact, bounded, and free of any medicine.

Midnight is no border. A medicine that only others have to mind takes its cheapest schedule within what they leave it;
for the others each dose is tried where it costs least, all told, and what cannot become cheaper than the best solution
known is cut off. It never returns a schedule that breaks a rule, and says so when its steps are used up.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from heapq import heapify, heappop, heappush
from itertools import combinations
from typing import TYPE_CHECKING, Final, NamedTuple

from rules.schedules import DAY, NEVER, OutOfBudget, Schedule, schedules_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rules.schedules import Budget, Medicine, Times, Turned

_ALL_DAY: Final = (1 << DAY) - 1
_NOWHERE: Final = Schedule(0, (), 0)


class Gap(NamedTuple):
    """After a dose of ``first``, none of ``then`` for so many minutes."""

    first: str
    then: str
    minutes: int


def gap_minutes(gaps: Iterable[Gap]) -> dict[tuple[str, str], int]:
    """The longest gap of each ordered pair."""
    longest: dict[tuple[str, str], int] = {}
    for gap in gaps:
        pair = (gap.first, gap.then)
        longest[pair] = max(gap.minutes, longest.get(pair, 0))
    return longest


def components(medicines: Iterable[Medicine], gaps: Iterable[Gap]) -> list[list[Medicine]]:
    """Medicines that have to do with each other, directly or through others; each group can be solved by itself."""
    group_of = {medicine.id: {medicine.id} for medicine in medicines}
    for gap in gaps:
        if gap.first in group_of and gap.then in group_of and group_of[gap.first] is not group_of[gap.then]:
            joined = group_of[gap.first] | group_of[gap.then]
            for name in joined:
                group_of[name] = joined
    by_id = {medicine.id: medicine for medicine in medicines}
    seen: set[str] = set()
    found: list[list[Medicine]] = []
    for name in sorted(by_id):
        if name not in seen:
            seen |= group_of[name]
            found.append([by_id[one] for one in sorted(group_of[name])])
    return found


def solve(medicines: Sequence[Medicine], gaps: Sequence[Gap], budget: Budget) -> dict[str, Times] | None:
    """The cheapest times of all medicines; None: there are none.

    Of equally cheap solutions it is the one in which the medicine with most partners has its cheapest, then earliest
    times, then the next one.

    Raises:
        OutOfBudget: the search ended before it knew.
    """
    times: dict[str, Times] = {}
    longest = gap_minutes(gaps)
    for group in components(medicines, gaps):
        if len(group) == 1:
            alone = schedules_of(group[0], budget).best()
            found = None if alone is None else {group[0].id: alone.times}
        else:
            # That nothing fits is proven in a fraction of the time without looking at costs.
            found = _Search(group, longest, budget).best() if _fits(group, longest, budget) else None
        if found is None:
            return None
        times |= found
    return times


def feasible(medicines: Sequence[Medicine], gaps: Sequence[Gap], budget: Budget) -> bool:
    """Whether there are times at all.

    Raises:
        OutOfBudget: the search ended before it knew.
    """
    longest = gap_minutes(gaps)
    return all(_fits(group, longest, budget) for group in components(medicines, gaps))


def _fits(group: Sequence[Medicine], longest: Mapping[tuple[str, str], int], budget: Budget) -> bool:
    if len(group) == 1:
        return schedules_of(group[0], budget).room(0)
    return _Search(group, longest, budget, costs=False).best() is not None


class Conflict(NamedTuple):
    """Medicines that cannot fit together. ``smallest``: fewer of them do; else the search ended before it knew."""

    medicines: tuple[Medicine, ...]
    smallest: bool


def smallest_conflict(medicines: Sequence[Medicine], gaps: Sequence[Gap], budget: Budget) -> Conflict | None:
    """A smallest set of medicines that cannot fit together, or one that is known not to; None: all of them fit.

    Raises:
        OutOfBudget: the search ended before it knew of any.
    """
    longest = gap_minutes(gaps)
    stuck: list[list[Medicine]] = []
    try:
        for group in components(medicines, gaps):
            if not _fits(group, longest, budget):
                stuck.append(group)  # noqa: PERF401 - what is known has to be there when the budget ends
        for size in range(1, max((len(group) for group in stuck), default=0) + 1):
            for group in stuck:
                for chosen in combinations(group, size):
                    # What falls apart into smaller groups fits, because those have been tried and do.
                    if len(components(chosen, gaps)) == 1 and not _fits(chosen, longest, budget):
                        return Conflict(chosen, smallest=True)
    except OutOfBudget:
        if not stuck:
            raise
        return Conflict(min(map(tuple, stuck), key=len), smallest=False)
    return None


class _State(NamedTuple):
    """What medicines whose turn is still to come may not use any more, and the cheapest schedule each has left."""

    blocked: list[int]
    left: list[Schedule]
    cost: int  # of all that are left, without those whose turn has been


class _Turn(NamedTuple):
    """The medicine that is being given its times, its costs, and what those before it cost and have."""

    place: int
    minutes: tuple[int, ...]
    turns: list[Turned]  # none: costs do not matter
    cost: int
    chosen: list[tuple[int, Times]]

    def with_dose(self, turned: list[int], dose: int, at: int) -> list[int]:
        """The costs of the doses so far with one dose more."""
        return [so_far + one.costs[dose][at] for so_far, one in zip(turned, self.turns, strict=True)]


class _Search:
    """One depth-first search over the doses of a group; ``costs``: the cheapest solution, not just any."""

    def __init__(
        self, group: Sequence[Medicine], gaps: Mapping[tuple[str, str], int], budget: Budget, *, costs: bool = True
    ) -> None:
        degree = {
            medicine.id: sum((medicine.id, other.id) in gaps or (other.id, medicine.id) in gaps for other in group)
            for medicine in group
        }
        # The medicine with most partners first: once it has its times, the others often no longer touch each other.
        ordered = sorted(group, key=lambda medicine: (-degree[medicine.id], medicine.id))
        self.budget = budget
        self.costs = costs
        self.medicines = [schedules_of(medicine, budget) for medicine in ordered]
        # For each medicine those after it that have to mind it: their place, and what a dose at midnight forbids them.
        self.minding = [
            [
                (later, window)
                for later in range(place + 1, len(ordered))
                if (window := _window(one.id, ordered[later].id, gaps))
            ]
            for place, one in enumerate(ordered)
        ]
        self.found: list[tuple[int, Times]] | None = None
        self.cheapest = 0

    def best(self) -> dict[str, Times] | None:
        """The cheapest solution; of several equally cheap ones the first by medicine, cost and time. None: none."""
        left = [self._best(place, 0) for place in range(len(self.medicines))]
        known = [schedule for schedule in left if schedule is not None]
        if len(known) == len(left):
            cost = sum(schedule.cost for schedule in known)
            self._place(0, 0, [], _State([0] * len(left), known, cost))
        if self.found is None:
            return None
        return {one.medicine.id: times for one, (_, times) in zip(self.medicines, self.found, strict=True)}

    def _best(self, place: int, blocked: int) -> Schedule | None:
        one = self.medicines[place]
        if self.costs:
            return one.best(blocked)
        return _NOWHERE if one.room(blocked) else None

    def _place(self, place: int, cost: int, chosen: list[tuple[int, Times]], state: _State) -> None:
        """Give times to one medicine after the other; ``cost``: of those that have theirs."""
        while place < len(self.medicines) and not self.minding[place]:
            # Nobody after it minds which times it has, so the cheapest will do.
            own = state.left[place]
            chosen = [*chosen, (own.cost, own.times)]
            cost += own.cost
            state = state._replace(cost=state.cost - own.cost)
            place += 1
        if place == len(self.medicines):
            self.cheapest, self.found = cost, chosen  # what is no better was cut off on the way
            return
        rest = state._replace(cost=state.cost - state.left[place].cost)
        one = self.medicines[place]
        turns: list[Turned] = []
        minutes = one.medicine.minutes
        if self.costs:
            table = one.table(state.blocked[place])
            minutes, turns = tuple(table.minutes), [table.turned(turn) for turn in range(one.medicine.doses)]
        self._dose(_Turn(place, minutes, turns, cost, chosen), (), [0] * len(turns), rest)

    def _dose(self, turn: _Turn, times: Times, turned: list[int], rest: _State) -> None:
        """Try the minutes of a medicine's next dose, first where it costs least together with what others then cost.

        ``turned``: what its doses so far cost, for each way in which its wanted times can be turned.
        """
        place, before = turn.place, turn.cost
        last = len(times) + 1 == self.medicines[place].medicine.doses
        tried: list[tuple[int, int, int, int, _State | None]]
        tried = [
            (before + own + self._others(place, minute, rest), own, minute, at, None)
            for own, minute, at in self._minutes(turn, times, turned, rest)
        ]
        heapify(tried)
        while tried:
            lowest, own, minute, at, after = heappop(tried)
            with_it = (*times, minute)
            if self.found is not None:
                if lowest > self.cheapest or not self.costs:
                    return
                if lowest == self.cheapest and self._comes_later(turn, (own, with_it)):
                    continue
            if after is None:
                after = self._without(place, minute, rest)
                if after is None:
                    continue
                exact = before + own + after.cost
                if exact > lowest:
                    heappush(tried, (exact, own, minute, at, after))
                    continue
            if last:
                self._place(place + 1, before + own, [*turn.chosen, (own, with_it)], after)
            else:
                self._dose(turn, with_it, turn.with_dose(turned, len(times), at), after)

    def _minutes(self, turn: _Turn, times: Times, turned: list[int], rest: _State) -> Iterator[tuple[int, int, int]]:
        """Minutes for the next dose: the least that all doses cost with it, the minute, and its place in the table."""
        one = self.medicines[turn.place]
        earliest = times[-1] + one.gap if times else 0
        latest = times[0] + DAY - one.gap if times else DAY
        dose, minutes, blocked = len(times), turn.minutes, rest.blocked[turn.place]
        first, end = bisect_left(minutes, earliest), bisect_right(minutes, latest)
        self.budget.spend(1 + max(0, end - first))
        if not turn.turns:
            yield from ((0, minutes[at], at) for at in range(first, end) if not blocked >> minutes[at] & 1)
            return
        least_of_all = rest.left[turn.place].cost
        most = NEVER if self.found is None else self.cheapest - turn.cost - rest.cost + 1
        lists = [(so_far, one.costs[dose], one.ahead[dose]) for so_far, one in zip(turned, turn.turns, strict=True)]
        for at in range(first, end):
            own = min([so_far + costs[at] + ahead[at] for so_far, costs, ahead in lists])
            if own < most:
                yield max(own, least_of_all), minutes[at], at

    def _others(self, place: int, minute: int, state: _State) -> int:
        """What the others cost at least when a medicine is taken at a minute."""
        cost = state.cost
        if self.costs:
            for later, window in self.minding[place]:
                before = state.left[later]
                forbidden = state.blocked[later] | window << minute | window >> (DAY - minute)
                if before.mask & forbidden:
                    cost += max(0, self.medicines[later].at_least(forbidden) - before.cost)
        return cost

    def _without(self, place: int, minute: int, state: _State) -> _State | None:
        """What is left to the others when a medicine is taken at a minute; None: one of them has nothing left."""
        blocked, left, cost = state.blocked.copy(), state.left.copy(), state.cost
        for later, window in self.minding[place]:
            self.budget.spend(1)
            forbidden = blocked[later] | ((window << minute | window >> (DAY - minute)) & _ALL_DAY)
            blocked[later] = forbidden
            before = left[later]
            if before.mask & forbidden or not self.costs:
                found = self._best(later, forbidden)
                if found is None:
                    return None
                left[later] = found
                cost += found.cost - before.cost
        return _State(blocked, left, cost)

    def _comes_later(self, turn: _Turn, own: tuple[int, Times]) -> bool:
        """Whether whatever begins like this comes after the solution known, where both cost the same."""
        assert self.found is not None  # noqa: S101 - asked only then
        before = self.found[: turn.place]
        if turn.chosen != before:
            return turn.chosen > before
        cost, times = self.found[turn.place]
        return own > (cost, times[: len(own[1])])


def _window(one: str, other: str, gaps: Mapping[tuple[str, str], int]) -> int:
    """The minutes that one medicine, taken at midnight, forbids another one; 0: they do not mind each other."""
    after = min(gaps.get((one, other), 0), DAY)
    before = min(gaps.get((other, one), 0), DAY)
    following = (1 << after) - 1
    preceding = _ALL_DAY >> (DAY - before + 1) << (DAY - before + 1) if before else 0
    return following | preceding | (1 if before else 0)
