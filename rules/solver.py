"""Finds the cheapest times of the day for medicines that have to keep apart: exact, bounded, and free of any medicine.

Times are minutes of a day that repeats, so midnight is no border. Every medicine has its possible schedules, cheapest
first; a depth-first search tries them, cuts off what cannot become cheaper than the best one known, and counts its
steps. It never returns a schedule that breaks a rule, and says so when its steps are used up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from operator import add
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

DAY: Final = 24 * 60
HALF_DAY: Final = DAY // 2
# A step is about as long as it takes to look at one schedule; working one out takes several.
BUDGET: Final = 1_000_000
_SCHEDULE: Final = 8
# Above so many schedules it pays to ask first whether there is room at all.
_MANY: Final = 200
# A dose that stays where it was given counts before the minutes that others move, and these before the preferences for
# doses without a given time; ten thousand doses moved by half a day stay below the next weight.
_MOVED: Final = 10**14
_MINUTE_MOVED: Final = 10**7


Times = tuple[int, ...]


class OutOfBudget(Exception):
    """The search ended before it knew the answer."""


@dataclass(frozen=True, slots=True)
class Medicine:
    """A medicine: how often, the minutes it may be taken at, and the times it was given for or would best be at."""

    id: str
    doses: int
    minutes: tuple[int, ...]  # in order
    own_gap: int  # least minutes between two doses of it
    given: tuple[int, ...] = ()  # in order; as many as doses, or none
    preferred: tuple[int, ...] = ()  # in order; as many as doses, or none; for doses without a given time


class Gap(NamedTuple):
    """After a dose of ``first``, none of ``then`` for so many minutes."""

    first: str
    then: str
    minutes: int


@dataclass(slots=True)
class Budget:
    """How many steps may still be taken, and the schedules that were worked out on the way."""

    steps: int = BUDGET
    known: dict[Medicine, list[tuple[int, Times]]] = field(default_factory=dict)

    def spend(self, steps: int) -> None:
        """Count steps.

        Raises:
            OutOfBudget: there are none left.
        """
        self.steps -= steps
        if self.steps < 0:
            raise OutOfBudget


@dataclass(slots=True)
class _Domain:
    """The possible schedules of a medicine, cheapest first, as sets of minutes written as bits of a number."""

    medicine: Medicine
    times: list[Times] = field(default_factory=list)
    masks: list[int] = field(default_factory=list)
    costs: list[int] = field(default_factory=list)
    neighbours: dict[int, dict[int, int]] = field(default_factory=dict)  # place -> minute -> minutes it forbids there


def way(one: int, other: int) -> int:
    """Minutes from one time to another, the shorter way round the clock."""
    return HALF_DAY - abs(HALF_DAY - abs(one - other))


def closest(wanted: Times, times: Times) -> Times:
    """``wanted`` turned so that, dose for dose, it lies as close as possible to ``times``; both in order."""
    turned = (wanted[start:] + wanted[:start] for start in range(len(wanted)))
    return min(turned, key=lambda one: sum(map(way, one, times)), default=())


def _costs(medicine: Medicine) -> list[list[tuple[int, ...]]]:
    """What each dose costs at each of the minutes, once for each way in which the wanted times can be turned."""
    wanted = medicine.given or medicine.preferred
    weight = _MINUTE_MOVED if medicine.given else 1
    kept = dict.fromkeys(medicine.given, _MOVED)
    return [
        [tuple(way(one, minute) * weight - kept.get(minute, 0) for one in turned) for minute in medicine.minutes]
        for turned in (wanted[dose:] + wanted[:dose] for dose in range(medicine.doses))
    ]


def schedules(medicine: Medicine, budget: Budget) -> list[tuple[int, Times]]:
    """Every schedule with its cost, cheapest first: how far it is from what was given, or would be preferred.

    Raises:
        OutOfBudget: there are too many.
    """
    known = budget.known.get(medicine)
    if known is not None:
        return known
    found: list[tuple[int, Times]] = []
    minutes, gap, doses = medicine.minutes, medicine.own_gap, medicine.doses
    costs = _costs(medicine)

    def extend(chosen: Times, turned: Iterable[int], start: int) -> None:
        dose = len(chosen)
        if dose == doses:
            budget.spend(_SCHEDULE)
            found.append((min(turned), chosen))
            return
        budget.spend(len(minutes) - start)
        for place in range(start, len(minutes)):
            minute = minutes[place]
            if not chosen or (minute - chosen[-1] >= gap and chosen[0] + DAY - minute >= gap):
                extend((*chosen, minute), [*map(add, turned, costs[dose][place])], place + 1)

    extend((), [len(medicine.given) * _MOVED] * doses, 0)
    found.sort()
    budget.known[medicine] = found
    return found


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

    Raises:
        OutOfBudget: the search ended before it knew.
    """
    times: dict[str, Times] = {}
    longest = gap_minutes(gaps)
    for group in components(medicines, gaps):
        found = _Search(group, longest, budget).best()
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
    return all(_Search(group, longest, budget).any() for group in components(medicines, gaps))


def smallest_conflict(
    medicines: Sequence[Medicine], gaps: Sequence[Gap], budget: Budget
) -> tuple[Medicine, ...] | None:
    """A smallest set of medicines that cannot fit together; None: all of them fit.

    Raises:
        OutOfBudget: the search ended before it knew.
    """
    longest = gap_minutes(gaps)
    stuck = [group for group in components(medicines, gaps) if not _Search(group, longest, budget).any()]
    for size in range(1, max((len(group) for group in stuck), default=0) + 1):
        for group in stuck:
            for chosen in combinations(group, size):
                if not feasible(chosen, gaps, budget):
                    return chosen
    return None


class _Search:
    """One depth-first search over the schedules of a group."""

    def __init__(self, group: Sequence[Medicine], gaps: Mapping[tuple[str, str], int], budget: Budget) -> None:
        degree = {
            medicine.id: sum((medicine.id, other.id) in gaps or (other.id, medicine.id) in gaps for other in group)
            for medicine in group
        }
        # The medicine with most partners first: once it has its times, the others often no longer touch each other.
        ordered = sorted(group, key=lambda medicine: (-degree[medicine.id], medicine.id))
        bits = {minute: 1 << place for place, minute in enumerate(sorted({m for one in group for m in one.minutes}))}
        self.budget = budget
        self.bits = bits
        self.domains = [_domain(medicine, bits, budget) for medicine in ordered]
        for place, domain in enumerate(self.domains):
            for later in range(place + 1, len(ordered)):
                forbidden = self._forbidden(domain.medicine, ordered[later], gaps, bits)
                if forbidden:
                    domain.neighbours[later] = forbidden
        self.cheapest = -1
        self.found: list[Times] | None = None
        self.first_is_enough = False

    def _forbidden(
        self, one: Medicine, other: Medicine, gaps: Mapping[tuple[str, str], int], bits: Mapping[int, int]
    ) -> dict[int, int]:
        """For each minute of one medicine, the minutes that the other may then not use; empty: they do not mind."""
        after = gaps.get((one.id, other.id), 0)
        before = gaps.get((other.id, one.id), 0)
        if not after and not before:
            return {}
        self.budget.spend(len(one.minutes) * len(other.minutes))
        return {
            minute: sum(
                bits[their]
                for their in other.minutes
                if (their - minute) % DAY < after or (minute - their) % DAY < before
            )
            for minute in one.minutes
        }

    def any(self) -> bool:
        """Whether there is a solution."""
        self.first_is_enough = True
        return self.best() is not None

    def best(self) -> dict[str, Times] | None:
        """The cheapest solution; of several equally cheap ones the earliest."""
        if all(domain.times for domain in self.domains):
            self._descend(0, 0, [0] * len(self.domains), [0] * len(self.domains), [])
        if self.found is None:
            return None
        return {domain.medicine.id: times for domain, times in zip(self.domains, self.found, strict=True)}

    def _descend(self, place: int, cost: int, forbidden: list[int], starts: list[int], chosen: list[Times]) -> bool:
        """Try the schedules of one medicine after those before it; true: the search is over."""
        if place == len(self.domains):
            self.cheapest, self.found = cost, list(chosen)
            return self.first_is_enough
        domain = self.domains[place]
        masks, costs, blocked = domain.masks, domain.costs, forbidden[place]
        rest = sum(self.domains[later].costs[starts[later]] for later in range(place + 1, len(self.domains)))
        for at in range(starts[place], len(masks)):
            self.budget.spend(1)
            if masks[at] & blocked:
                continue
            if self.cheapest >= 0 and cost + costs[at] + rest >= self.cheapest:
                return False
            ahead = self._forbid(domain, domain.times[at], forbidden, starts)
            if ahead is not None:
                chosen.append(domain.times[at])
                over = self._descend(place + 1, cost + costs[at], *ahead, chosen)
                chosen.pop()
                if over:
                    return True
            if not domain.neighbours:
                return False  # nobody minds which one it is, so the cheapest will do
        return False

    def _forbid(
        self, domain: _Domain, times: Times, forbidden: list[int], starts: list[int]
    ) -> tuple[list[int], list[int]] | None:
        """What the others may no longer use, and the first schedule that each has left; None: one has none left."""
        if not domain.neighbours:
            return forbidden, starts
        self.budget.spend(len(domain.neighbours))
        forbidden, starts = forbidden.copy(), starts.copy()
        for later, forbids in domain.neighbours.items():
            blocked = forbidden[later]
            for minute in times:
                blocked |= forbids[minute]
            if blocked != forbidden[later]:
                forbidden[later] = blocked
                first = self._first(self.domains[later], blocked, starts[later])
                if first is None:
                    return None
                starts[later] = first
        return forbidden, starts

    def _first(self, domain: _Domain, blocked: int, start: int) -> int | None:
        masks = domain.masks
        if len(masks) - start > _MANY and not self._has_room(domain.medicine, blocked):
            return None
        for at in range(start, len(masks)):
            if not masks[at] & blocked:
                self.budget.spend(at - start + 1)
                return at
        self.budget.spend(len(masks) - start)
        return None

    def _has_room(self, medicine: Medicine, blocked: int) -> bool:
        """Whether all doses fit into what is not blocked: much cheaper than looking through every schedule."""
        free = [minute for minute in medicine.minutes if not self.bits[minute] & blocked]
        self.budget.spend(len(medicine.minutes))
        for place, first in enumerate(free):
            doses, last = 1, first
            for minute in free[place + 1 :]:
                if minute - last >= medicine.own_gap and first + DAY - minute >= medicine.own_gap:
                    doses, last = doses + 1, minute
            if doses >= medicine.doses:
                return True
        return False


def _domain(medicine: Medicine, bits: Mapping[int, int], budget: Budget) -> _Domain:
    domain = _Domain(medicine)
    found = schedules(medicine, budget)
    budget.spend(len(found))
    for cost, times in found:
        domain.costs.append(cost)
        domain.times.append(times)
        domain.masks.append(sum(bits[minute] for minute in times))
    return domain
