"""The schedules of one medicine: when its doses may be taken, what that costs, and the cheapest one that is left.

Times are minutes of a day that repeats, and sets of them are the bits of a number: bit 480 is 08:00. A schedule costs
what it is away from the times that were given or would be preferred. Other medicines are not its job: they only take
minutes away from it.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from operator import add
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

DAY: Final = 24 * 60
HALF_DAY: Final = DAY // 2
# A step is about as long as it takes to look at one minute for one dose: a thousand of them are some milliseconds.
BUDGET: Final = 150_000
# A dose that stays where it was given counts before the minutes that others move, and these before the preferences for
# doses without a given time; ten thousand doses moved by half a day stay below the next weight.
_MOVED: Final = 10**14
_MINUTE_MOVED: Final = 10**7
# More than any schedule costs.
NEVER: Final = 10**18


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


@dataclass(slots=True)
class Budget:
    """How many steps may still be taken, and the medicines whose schedules were looked at on the way."""

    steps: int = BUDGET
    known: dict[Medicine, Schedules] = field(default_factory=dict)

    def spend(self, steps: int) -> None:
        """Count steps.

        Raises:
            OutOfBudget: there are none left.
        """
        self.steps -= steps
        if self.steps < 0:
            raise OutOfBudget


class Schedule(NamedTuple):
    """Times for all doses of a medicine. The cheaper of two comes first, and of equally cheap ones the earlier."""

    cost: int
    times: Times
    mask: int


def way(one: int, other: int) -> int:
    """Minutes from one time to another, the shorter way round the clock."""
    return HALF_DAY - abs(HALF_DAY - abs(one - other))


def closest(wanted: Times, times: Times) -> Times:
    """``wanted`` turned so that, dose for dose, it lies as close as possible to ``times``; both in order."""
    turned = (wanted[start:] + wanted[:start] for start in range(len(wanted)))
    return min(turned, key=lambda one: sum(map(way, one, times)), default=())


def mask_of(minutes: Sequence[int]) -> int:
    """A set of minutes as a number."""
    mask = 0
    for minute in minutes:
        mask |= 1 << minute
    return mask


class Table:
    """What each dose costs at each of the minutes that are left, and what those after it then cost at least.

    Both for each way in which the wanted times can be turned. The least is exact but for the night, between the last
    dose and the first one of the next day.
    """

    __slots__ = ("_following", "minutes", "wanted")

    def __init__(self, minutes: list[int], wanted: list[list[int]], gap: int) -> None:
        """``wanted``: for each of the wanted times what a dose of it costs at each of the minutes."""
        self.minutes = minutes
        self.wanted = wanted
        self._following = _following(minutes, gap)

    def turned(self, turn: int) -> Turned:
        """The costs where the first dose stands for this one of the wanted times, and the others for those after it."""
        costs = self.wanted[turn:] + self.wanted[:turn]
        ahead = [[0] * len(self.minutes)]
        for dose in reversed(costs[1:]):
            least = [NEVER, *accumulate(map(add, reversed(dose), reversed(ahead[-1])), min)]
            ahead.append([least[left] for left in self._following])
        ahead.reverse()
        return Turned(costs, ahead)


class Turned(NamedTuple):
    """For each dose, what it costs at each of the minutes, and what those after it then cost at least."""

    costs: list[list[int]]
    ahead: list[list[int]]


def _following(minutes: Sequence[int], gap: int) -> list[int]:
    """How many of the minutes are at least a gap later than each of them."""
    count, found, place = len(minutes), [], 0
    for minute in minutes:
        while place < count and minutes[place] < minute + gap:
            place += 1
        found.append(count - place)
    return found


class Schedules:
    """Finds the cheapest schedule of a medicine within the minutes that others leave it."""

    __slots__ = ("_costs", "_found", "_least", "_room", "_single", "all", "budget", "gap", "given", "medicine")

    def __init__(self, medicine: Medicine, budget: Budget) -> None:
        """Nothing is worked out before somebody asks for it."""
        budget.spend(1)
        self.medicine = medicine
        self.budget = budget
        self.gap = max(medicine.own_gap, 1)
        self.all = mask_of(medicine.minutes)
        self.given = mask_of(medicine.given)
        self._costs: list[dict[int, int]] = []
        self._single: list[tuple[int, int]] = []
        self._least: list[int] = []
        self._found: dict[int, Schedule | None] = {}
        self._room: dict[int, bool] = {}

    def at_least(self, blocked: int) -> int:
        """What a schedule without the blocked minutes costs at least: its given times that are lost."""
        return (self.given & (blocked | ~self.all)).bit_count() * _MOVED

    def table(self, blocked: int) -> Table:
        """The costs of what is not blocked."""
        medicine, free = self.medicine, self.all & ~blocked
        if not self._costs:
            self._costs = [self._costs_from(wanted) for wanted in medicine.given or medicine.preferred]
        minutes = [minute for minute in medicine.minutes if free >> minute & 1]
        self.budget.spend(len(minutes) * medicine.doses)
        return Table(minutes, [[costs[minute] for minute in minutes] for costs in self._costs], self.gap)

    def dearer(self) -> list[tuple[int, int]]:
        """Cost and minute of a single dose, cheapest first, then earliest."""
        if not self._single:
            [wanted] = self.medicine.given or self.medicine.preferred
            self._single = sorted((cost, minute) for minute, cost in self._costs_from(wanted).items())
        return self._single

    def _least_of_turns(self) -> list[int]:
        """What each way of turning the wanted times costs at least in minutes, whichever given times are lost."""
        if not self._least:
            one = self.medicine
            weight = _MINUTE_MOVED if one.given else 1
            wanted = [[way(time, minute) * weight for minute in one.minutes] for time in one.given or one.preferred]
            table = Table(list(one.minutes), wanted, self.gap)
            for turn in range(one.doses):
                costs, ahead = table.turned(turn)
                self._least.append(min(map(add, costs[0], ahead[0])))
        return self._least

    def _costs_from(self, wanted: int) -> dict[int, int]:
        """What a dose that was wanted at one time costs at each of the minutes."""
        medicine = self.medicine
        if not medicine.given:
            return {minute: way(wanted, minute) for minute in medicine.minutes}
        kept = frozenset(medicine.given)
        return {
            minute: way(wanted, minute) * _MINUTE_MOVED + (0 if minute in kept else _MOVED)
            for minute in medicine.minutes
        }

    def room(self, blocked: int) -> bool:
        """Whether all doses fit into the minutes that are not blocked."""
        free = self.all & ~blocked
        known = self._room.get(free)
        if known is None:
            known = self._room[free] = self._has_room(free)
        return known

    def _has_room(self, free: int) -> bool:
        """From each first dose on, every next one as early as it may be: if that does not fit, nothing does."""
        doses, gap = self.medicine.doses, self.gap
        firsts = free
        while firsts:
            self.budget.spend(doses)
            lowest = firsts & -firsts
            first = at = lowest.bit_length() - 1
            last = first + DAY - gap
            left = doses - 1
            while left:
                later = free >> (at + gap)
                if not later:
                    return False  # a later first dose has no more room behind it
                at += gap + (later & -later).bit_length() - 1
                if at > last:
                    break
                left -= 1
            if not left:
                return True
            firsts ^= lowest
        return False

    def best(self, blocked: int = 0) -> Schedule | None:
        """The cheapest schedule that uses no blocked minute; of equally cheap ones the earliest."""
        free = self.all & ~blocked
        try:
            return self._found[free]
        except KeyError:
            found = self._found[free] = self._best(free)
            return found

    def _best(self, free: int) -> Schedule | None:
        if not self.room(~free):
            return None
        wanted = self.medicine.given or self.medicine.preferred
        mask = mask_of(wanted)
        if mask & free == mask and self._keeps_own_gap(wanted):
            return Schedule(0, wanted, mask)
        if self.medicine.doses == 1:
            self.budget.spend(1)
            cost, minute = next(one for one in self.dearer() if free >> one[1] & 1)
            return Schedule(cost, (minute,), 1 << minute)
        table = self.table(~free)
        lost = self.at_least(~free)
        best: tuple[int, Times] | None = None
        for turn, least in enumerate(self._least_of_turns()):
            if best is None or least + lost <= best[0]:
                best = self._extend(table.minutes, table.turned(turn), (), 0, best)
        assert best is not None  # noqa: S101 - there is room
        return Schedule(*best, mask_of(best[1]))

    def _keeps_own_gap(self, times: Times) -> bool:
        """Whether the doses, in order, are far enough from each other and from those of the next day."""
        return all(after - one >= self.gap for one, after in pairwise(times)) and (
            len(times) == 1 or times[0] + DAY - times[-1] >= self.gap
        )

    def _extend(
        self, minutes: list[int], turned: Turned, chosen: Times, cost: int, best: tuple[int, Times] | None
    ) -> tuple[int, Times] | None:
        """The better of what is known and the best schedule that begins with these doses."""
        dose = len(chosen)
        costs = turned.costs[dose]
        earliest = chosen[-1] + self.gap if chosen else 0
        latest = chosen[0] + DAY - self.gap if chosen else DAY
        lowest = list(map(add, costs, turned.ahead[dose]))
        self.budget.spend(len(minutes))
        for place in sorted(range(bisect_left(minutes, earliest), len(minutes)), key=lowest.__getitem__):
            least = cost + lowest[place]
            if least >= NEVER or (best is not None and least > best[0]):
                break
            minute = minutes[place]
            times = (*chosen, minute)
            if minute > latest or (best is not None and (least, times) >= best):
                continue
            if dose + 1 == self.medicine.doses:
                best = (least, times)
            else:
                best = self._extend(minutes, turned, times, cost + costs[place], best)
        return best


def schedules_of(medicine: Medicine, budget: Budget) -> Schedules:
    """The schedules of a medicine, of which nothing is worked out twice within a budget."""
    known = budget.known.get(medicine)
    if known is None:
        known = budget.known[medicine] = Schedules(medicine, budget)
    return known
