"""The day plan, worked out the long way: every combination of every minute that each medicine may have.

Written from what a day plan is to be, not from the search: doses are laid out over three days in a row, so that
midnight is nothing special, and each pair of doses is held against each gap. Fit for a handful of medicines only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, permutations, product

from rules.schedules import Medicine
from rules.solver import Gap

DAY = 24 * 60
Plan = dict[str, tuple[int, ...]]
Cost = tuple[int, int, int]  # doses that leave their given time, minutes they move, distance from what is preferred


def keeps_gaps(plan: Mapping[str, Sequence[int]], gaps: Sequence[Gap]) -> bool:
    """Whether no dose follows another one sooner than a gap allows, on the second of three days that are all alike."""
    for gap in gaps:
        for one in plan.get(gap.first, ()):
            for other in plan.get(gap.then, ()):
                for day in (-1, 0, 1):
                    later = other + day * DAY
                    if one <= later < one + gap.minutes:
                        return False
    return True


def keeps_own_gap(medicine: Medicine, times: Sequence[int]) -> bool:
    """Whether each dose of a medicine is far enough from its next one, which may be tomorrow's first."""
    return all(
        abs(one - (other + day * DAY)) >= medicine.own_gap
        for at, one in enumerate(times)
        for after, other in enumerate(times)
        for day in (-1, 0, 1)
        if at != after
    )


def every_plan(medicines: Sequence[Medicine], gaps: Sequence[Gap]) -> Iterator[Plan]:
    """Every plan that keeps everything."""
    choices = [
        [times for times in combinations(one.minutes, one.doses) if keeps_own_gap(one, times)] for one in medicines
    ]
    for chosen in product(*choices):
        plan = {medicine.id: times for medicine, times in zip(medicines, chosen, strict=True)}
        if keeps_gaps(plan, gaps):
            yield plan


def clock_distance(one: int, other: int) -> int:
    """Minutes from one time of the day to another, whichever way round is shorter."""
    return min((one - other) % DAY, (other - one) % DAY)


def least_moves(wanted: Sequence[int], times: Sequence[int]) -> int:
    """The minutes it takes to bring the wanted times to the planned ones, whichever becomes which."""
    return min(
        sum(clock_distance(one, other) for one, other in zip(order, times, strict=True))
        for order in permutations(wanted)
    )


def cost_of(plan: Mapping[str, Sequence[int]], medicines: Sequence[Medicine]) -> Cost:
    """Given times that are kept count first, then minutes moved, then how near the others are to what is preferred."""
    left = minutes = preference = 0
    for medicine in medicines:
        times = plan[medicine.id]
        if medicine.given:
            left += sum(minute not in times for minute in medicine.given)
            minutes += least_moves(medicine.given, times)
        else:
            preference += least_moves(medicine.preferred, times)
    return left, minutes, preference


def cheapest(medicines: Sequence[Medicine], gaps: Sequence[Gap]) -> Cost | None:
    """What the best plan costs; None: there is none."""
    return min((cost_of(plan, medicines) for plan in every_plan(medicines, gaps)), default=None)


def fit_together(medicines: Sequence[Medicine], gaps: Sequence[Gap]) -> bool:
    """Whether there is any plan at all."""
    return next(every_plan(medicines, gaps), None) is not None


def size_of_smallest_conflict(medicines: Sequence[Medicine], gaps: Sequence[Gap]) -> int | None:
    """How few of the medicines are enough to stand in each other's way; None: all fit together."""
    for size in range(1, len(medicines) + 1):
        if any(not fit_together(some, gaps) for some in combinations(medicines, size)):
            return size
    return None


def free_minutes(gaps: Sequence[Gap], name: str, plan: Mapping[str, Sequence[int]]) -> set[int]:
    """The minutes at which one more dose of a medicine keeps every gap to the plan."""
    own = [gap for gap in gaps if name in (gap.first, gap.then)]
    return {minute for minute in range(DAY) if keeps_gaps({**plan, name: (minute,)}, own)}
