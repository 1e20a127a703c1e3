"""Laws about the search for a day plan (I13): exact, never wrong, and the same however the day is turned.

The answers are those of `tests.reference.day`, which tries every combination.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import strategies as st

from rules.schedules import BUDGET, Budget, Medicine, OutOfBudget
from rules.solver import Gap, components, feasible, smallest_conflict, solve
from tests.property.laws import Law
from tests.reference import day
from tests.strategies import Choices

_STEP = 60
_SHIFTS = (0, 0, 0, 7, 25)  # given times need not lie on the grid
_PREFERRED = (480, 480, 720, 750, 1200, 1410)
_GAPS = (60, 90, 120, 240, 360, 600, 720, 780)


@dataclass(frozen=True)
class Puzzle:
    """Medicines that have to keep apart, and some numbers to vary them by."""

    medicines: tuple[Medicine, ...]
    gaps: tuple[Gap, ...]
    turn: int = 0
    share: int = 0  # of the steps that the search takes, in percent
    order: tuple[int, ...] = ()


def _draw_medicine(choose: Choices, name: str) -> Medicine:
    choose.fresh()
    doses = choose.one((1, 1, 1, 2, 2, 3))
    first = choose.number(0, 23)
    minutes = {(first + choose.one((1, 1, 2, 3)) * place) * _STEP % day.DAY for place in range(choose.number(1, 7))}
    given: tuple[int, ...] = ()
    if choose.chance(2):
        given = tuple(sorted({(choose.number(0, 23) * _STEP + choose.one(_SHIFTS)) % day.DAY for _ in range(doses)}))
        doses = len(given)
        if not choose.chance(3):
            minutes.update(given)
    preferred = tuple(sorted(choose.one(_PREFERRED) for _ in range(doses)))
    gap = choose.one((0, 0, 60, 180, 480)) if doses > 1 else 0
    return Medicine(name, doses, tuple(sorted(minutes)), gap, given, () if given else preferred)


@st.composite
def _puzzles(draw: st.DrawFn) -> Puzzle:
    choose = Choices(draw)
    medicines = tuple(_draw_medicine(choose, name) for name in "abcd"[: choose.number(1, 4)])
    choose.fresh()
    pairs = [(one.id, other.id) for one in medicines for other in medicines if one is not other]
    gaps = tuple(Gap(*pair, choose.one(_GAPS)) for pair in pairs if choose.chance(2))
    order = tuple(draw(st.permutations(range(len(medicines)))))
    return Puzzle(medicines, gaps, choose.number(1, 23) * _STEP, choose.number(0, 99), order)


def _cost(puzzle: Puzzle, plan: day.Plan) -> day.Cost:
    return day.cost_of(plan, puzzle.medicines)


def _checked(puzzle: Puzzle) -> day.Plan | None:
    """The plan of the search, which must be one of the possible plans."""
    plan = solve(puzzle.medicines, puzzle.gaps, Budget())
    if plan is not None:
        assert set(plan) == {one.id for one in puzzle.medicines}, "a medicine is lost"
        for one in puzzle.medicines:
            assert len(set(plan[one.id])) == one.doses, f"{one.id} is not taken as often as it should be"
            assert set(plan[one.id]) <= set(one.minutes), f"{one.id} is taken when it must not be"
            assert day.keeps_own_gap(one, plan[one.id]), f"the doses of {one.id} are too close"
        assert day.keeps_gaps(plan, puzzle.gaps), f"{plan} breaks a gap"
    return plan


def the_search_is_exact(puzzle: Puzzle) -> None:
    """A plan where there is one, none where there is none, and none that is better."""
    plan = _checked(puzzle)
    best = day.cheapest(puzzle.medicines, puzzle.gaps)
    assert feasible(puzzle.medicines, puzzle.gaps, Budget()) is (best is not None), "wrong about whether there is one"
    assert (plan and _cost(puzzle, plan)) == best, f"{plan} is not the best"


EXACT = Law(_puzzles(), the_search_is_exact)


def the_smallest_conflict_is_smallest(puzzle: Puzzle) -> None:
    """What is named as a conflict is one, and no fewer medicines are; where all fit, nothing is named."""
    conflict = smallest_conflict(puzzle.medicines, puzzle.gaps, Budget())
    size = day.size_of_smallest_conflict(puzzle.medicines, puzzle.gaps)
    assert (conflict and (len(conflict.medicines), conflict.smallest)) == (size and (size, True))
    assert conflict is None or not day.fit_together(conflict.medicines, puzzle.gaps)


CONFLICT = Law(_puzzles(), the_smallest_conflict_is_smallest)


def _answers(puzzle: Puzzle, steps: int) -> bool:
    try:
        solve(puzzle.medicines, puzzle.gaps, Budget(steps))
    except OutOfBudget:
        return False
    return True


def too_few_steps_give_no_plan(puzzle: Puzzle) -> None:
    """With the steps that the search takes the answer is the same; with any fewer there is none at all."""
    whole = Budget()
    plan = solve(puzzle.medicines, puzzle.gaps, whole)
    taken = BUDGET - whole.steps
    assert solve(puzzle.medicines, puzzle.gaps, Budget(taken)) == plan
    for steps in {taken - 1, taken - 2, taken * puzzle.share // 100}:
        assert not _answers(puzzle, steps), f"an answer after {steps} of {taken} steps"


BOUNDED = Law(_puzzles(), too_few_steps_give_no_plan)


def order_and_neighbours_do_not_matter(puzzle: Puzzle) -> None:
    """The order of the list, and medicines that have nothing to do with each other, change nothing."""
    plan = solve(puzzle.medicines, puzzle.gaps, Budget())
    shuffled = [puzzle.medicines[place] for place in puzzle.order]
    assert solve(shuffled, puzzle.gaps[::-1], Budget()) == plan, "the order of the list shows"
    groups = components(puzzle.medicines, puzzle.gaps)
    assert sorted(one.id for group in groups for one in group) == sorted(one.id for one in puzzle.medicines)
    group_of = {one.id: place for place, group in enumerate(groups) for one in group}
    assert all(group_of[gap.first] == group_of[gap.then] for gap in puzzle.gaps), "a gap between two groups"
    apart = [solve(group, puzzle.gaps, Budget()) for group in groups]
    together = None if None in apart else {name: times for one in apart if one for name, times in one.items()}
    assert together == plan, "groups by themselves come out differently"


INDEPENDENT = Law(_puzzles(), order_and_neighbours_do_not_matter)


def _turned(minutes: tuple[int, ...], turn: int) -> tuple[int, ...]:
    return tuple(sorted((minute + turn) % day.DAY for minute in minutes))


def turning_the_day_changes_nothing(puzzle: Puzzle) -> None:
    """All possible, given and preferred times turned by the same amount: the best plan costs the same."""
    turned = tuple(
        replace(
            one,
            minutes=_turned(one.minutes, puzzle.turn),
            given=_turned(one.given, puzzle.turn),
            preferred=_turned(one.preferred, puzzle.turn),
        )
        for one in puzzle.medicines
    )
    plan = _checked(puzzle)
    other = _checked(replace(puzzle, medicines=turned))
    assert (plan and day.cost_of(plan, puzzle.medicines)) == (other and day.cost_of(other, turned))


TURNED = Law(_puzzles(), turning_the_day_changes_nothing)
