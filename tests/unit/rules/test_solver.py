"""The search for a day plan. Expected times were found on a clock face; exactness is shown by the laws."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rules.schedules import BUDGET, Budget, Medicine, OutOfBudget, closest, mask_of, schedules_of, way
from rules.solver import Conflict, Gap, components, feasible, gap_minutes, smallest_conflict, solve


def at(*hours: float) -> tuple[int, ...]:
    """Hours of the day as minutes."""
    return tuple(int(hour * 60) for hour in hours)


def medicine(name: str, doses: int, minutes: tuple[int, ...], own_gap: int = 0, **more: tuple[int, ...]) -> Medicine:
    return Medicine(name, doses, minutes, own_gap, **{"preferred": () if "given" in more else (0,) * doses, **more})


def cost_of(one: Medicine, times: tuple[int, ...]) -> int:
    """What a schedule costs: it is the only one that is possible."""
    only = schedules_of(replace(one, minutes=times), Budget()).best()
    assert only is not None
    assert only.times == times
    return only.cost


class TestCost:
    """Kept times first, then minutes, the shorter way round the clock."""

    @pytest.mark.parametrize(
        ("one", "other", "minutes"),
        [(0, 0, 0), (8, 9.5, 90), (9.5, 8, 90), (23.5, 0.5, 60), (0.5, 23.5, 60), (6, 18, 720), (6, 18.5, 690)],
    )
    def test_the_shorter_way(self, one: float, other: float, minutes: int) -> None:
        assert way(*at(one, other)) == minutes

    def test_times_are_turned_to_those_they_lie_closest_to(self) -> None:
        assert closest(at(0.5, 12), at(12, 23.5)) == at(12, 0.5)
        assert closest(at(8, 20), at(9, 21)) == at(8, 20)
        assert closest((), ()) == ()

    def test_one_dose_kept_is_worth_more_than_any_minutes(self) -> None:
        given = medicine("a", 2, at(8, 8.25, 8.5, 20, 20.25), given=at(8, 20))
        assert cost_of(given, at(8, 20)) == 0
        assert 0 < cost_of(given, at(8, 8.5)) < cost_of(given, at(8.25, 20.25))

    def test_a_minute_moved_is_worth_more_than_any_preference(self) -> None:
        given = medicine("a", 1, (481, 482), given=at(8))
        most = 200 * cost_of(medicine("b", 8, at(*range(12, 20)), preferred=at(*range(8))), at(*range(12, 20)))
        assert cost_of(given, (482,)) - cost_of(given, (481,)) > most

    def test_the_first_dose_of_the_day_may_stand_for_the_last(self) -> None:
        given = medicine("a", 2, at(0.5, 12), given=at(12, 23.5))
        later = medicine("a", 2, at(1.5, 12), given=at(12, 23.5))
        assert 0 < cost_of(given, at(0.5, 12)) < cost_of(later, at(1.5, 12)) < 2 * cost_of(given, at(0.5, 12))

    def test_where_it_is_preferred(self) -> None:
        assert cost_of(Medicine("a", 1, at(8), 0, preferred=at(8)), at(8)) == 0


def without(one: Medicine, *hours: float) -> tuple[int, ...] | None:
    """The times of the cheapest schedule that leaves these hours out."""
    found = schedules_of(one, Budget()).best(mask_of(at(*hours)))
    return found and found.times


class TestSchedules:
    """The cheapest times of one medicine."""

    @pytest.mark.parametrize(
        ("blocked", "left"),
        [
            ((), (1, 20)),
            ((20,), (8, 23)),
            ((1,), (8, 20)),
            ((20, 23), (1, 8)),
            ((1, 8), None),
            ((8, 20), None),
        ],
    )
    def test_own_doses_keep_apart_over_midnight_too(self, blocked: tuple[int, ...], left: tuple[int, ...]) -> None:
        hours = medicine("a", 2, at(1, 8, 20, 23), own_gap=300, preferred=at(1, 20.5))
        assert without(hours, *blocked) == (left and at(*left))

    def test_cheapest_first_then_earliest(self) -> None:
        one = medicine("a", 1, at(7, 8, 9), preferred=at(8))
        assert [without(one), without(one, 8), without(one, 7, 8)] == [at(8), at(7), at(9)]
        two = medicine("a", 2, at(7, 8, 9, 10, 20), preferred=at(8.5, 20))
        assert [without(two), without(two, 8), without(two, 8, 9)] == [at(8, 20), at(9, 20), at(7, 20)]

    def test_the_night_is_kept_where_the_cheapest_evening_would_break_it(self) -> None:
        """22:30 is nearer to 23:00 than 19:00 is, but only eight and a half hours before 07:00."""
        two = medicine("a", 2, at(7, 19, 22.5), own_gap=9 * 60, preferred=at(7, 23))
        assert without(two) == at(7, 19)

    def test_a_dose_that_is_kept_may_stand_for_another_one(self) -> None:
        """Two of the three given times are left, and the one that is lost lies before them, not after."""
        three = medicine("a", 3, at(6, 14, 20, 23), own_gap=120, given=at(8, 14, 20))
        assert without(three) == at(6, 14, 20)

    def test_too_many_end_the_search(self) -> None:
        with pytest.raises(OutOfBudget):
            schedules_of(medicine("a", 4, tuple(range(0, 900, 30)), preferred=at(1, 2, 3, 20)), Budget(100)).best()

    def test_they_are_worked_out_once(self) -> None:
        budget = Budget()
        one = medicine("a", 2, at(7, 8, 9))
        first = schedules_of(one, budget)
        assert first.best(mask_of(at(8))) is first.best(mask_of(at(8)))
        left = budget.steps
        assert schedules_of(medicine("a", 2, at(7, 8, 9)), budget) is first
        assert first.best(mask_of(at(8))) is not None
        assert budget.steps == left


class TestGaps:
    """Gaps between medicines, and who has to do with whom."""

    def test_of_several_gaps_the_longest(self) -> None:
        gaps = [Gap("a", "b", 60), Gap("b", "a", 30), Gap("a", "b", 120), Gap("a", "b", 90)]
        assert gap_minutes(gaps) == {("a", "b"): 120, ("b", "a"): 30}

    def test_groups(self) -> None:
        some = [medicine(name, 1, at(8)) for name in "edcba"]
        gaps = [Gap("a", "c", 60), Gap("c", "e", 60), Gap("e", "a", 60), Gap("b", "nobody", 60)]
        assert [[one.id for one in group] for group in components(some, gaps)] == [["a", "c", "e"], ["b"], ["d"]]


class TestSolve:
    """The best plan, none, or no answer."""

    def test_a_given_time_is_kept_and_the_other_moves(self) -> None:
        drug = medicine("drug", 1, at(8, 9, 10, 11), given=at(8))
        magnesium = medicine("mag", 1, at(8, 9, 10, 11))
        plan = solve([drug, magnesium], [Gap("drug", "mag", 120), Gap("mag", "drug", 240)], Budget())
        assert plan == {"drug": at(8), "mag": at(10)}

    def test_a_gap_reaches_over_midnight(self) -> None:
        drug = medicine("drug", 1, at(23), given=at(23))
        magnesium = medicine("mag", 1, at(0, 1, 2))
        assert solve([drug, magnesium], [Gap("drug", "mag", 180)], Budget()) == {"drug": at(23), "mag": at(2)}

    def test_each_order_has_its_own_gap(self) -> None:
        one, other = medicine("a", 1, at(8), given=at(8)), medicine("b", 1, at(7, 9))
        assert solve([one, other], [Gap("a", "b", 120)], Budget()) == {"a": at(8), "b": at(7)}
        assert solve([one, other], [Gap("b", "a", 120)], Budget()) == {"a": at(8), "b": at(9)}

    def test_there_is_none(self) -> None:
        some = [medicine("a", 1, at(8, 9)), medicine("b", 1, at(8, 9)), medicine("c", 1, at(20))]
        gaps = [Gap("a", "b", 90), Gap("b", "a", 90)]
        assert solve(some, gaps, Budget()) is None
        assert not feasible(some, gaps, Budget())
        assert feasible(some[1:], gaps, Budget())

    def test_a_medicine_that_fits_nowhere(self) -> None:
        assert solve([medicine("a", 1, ())], [], Budget()) is None
        assert solve([medicine("a", 2, at(8, 9), own_gap=90)], [], Budget()) is None

    def test_one_of_two_fits_nowhere(self) -> None:
        some = [medicine("a", 1, at(12)), medicine("b", 2, at(8, 9), own_gap=90)]
        gaps = [Gap("a", "b", 60)]
        assert solve(some, gaps, Budget()) is None
        assert not feasible(some, gaps, Budget())

    def test_of_two_that_cost_the_same_the_earlier_one(self) -> None:
        """07:00 and 15:00 are eight hours from 23:00 each, and the others have their cheapest times beside both."""
        some = [
            medicine("a", 1, at(7, 15), preferred=at(23)),
            medicine("b", 1, at(14, 16, 19), preferred=at(23)),
            medicine("c", 1, at(7, 8, 19), preferred=at(22)),
        ]
        gaps = [Gap("a", "c", 240), Gap("b", "a", 360), Gap("b", "c", 180), Gap("c", "b", 240)]
        assert solve(some, gaps, Budget()) == {"a": at(7), "b": at(16), "c": at(19)}

    def test_nobody_to_plan(self) -> None:
        assert solve([], [], Budget()) == {}
        assert smallest_conflict([], [], Budget()) is None

    @pytest.mark.parametrize("steps", [0, 10, 40])
    def test_out_of_budget_is_no_plan(self, steps: int) -> None:
        some = [medicine(name, 2, tuple(range(0, 900, 60)), 120) for name in "abc"]
        gaps = [Gap(one, other, 120) for one in "abc" for other in "abc" if one != other]
        with pytest.raises(OutOfBudget):
            solve(some, gaps, Budget(steps))

    def test_a_better_plan_is_found_after_a_worse_one(self) -> None:
        hub = medicine("hub", 1, at(8, 12), preferred=at(8))
        others = [medicine(name, 1, at(8, 10, 20), given=at(10)) for name in "xy"]
        gaps = [Gap("hub", name, 180) for name in "xy"]
        assert solve([hub, *others], gaps, Budget()) == {"hub": at(12), "x": at(10), "y": at(10)}


class TestConflict:
    """The smallest set that cannot fit together."""

    def test_the_smaller_of_two(self) -> None:
        three = [medicine(name, 1, at(8, 9)) for name in "abc"]
        gaps = [Gap(one, other, 30) for one in "abc" for other in "abc" if one != other]
        found = smallest_conflict(three, gaps, Budget())
        assert found == Conflict(tuple(three), smallest=True)
        alone = medicine("z", 2, at(8, 9), own_gap=90)
        assert smallest_conflict([*three, alone], gaps, Budget()) == Conflict((alone,), smallest=True)

    def test_out_of_budget(self) -> None:
        some = [medicine(name, 1, at(8)) for name in "ab"]
        with pytest.raises(OutOfBudget):
            smallest_conflict(some, [Gap("a", "b", 30)], Budget(2))

    def test_what_is_known_when_the_budget_ends(self) -> None:
        """Not to fit together is known of all of them long before it is known that fewer do not."""
        hub = medicine("hub", 1, at(8))
        others = [medicine(name, 1, at(8, 12)) for name in "abcdef"]
        gaps = [Gap(one, other, 300) for one in ("hub", *"abcdef") for other in ("hub", *"abcdef") if one != other]
        everybody = [hub, *others]
        in_full = Budget()
        known = smallest_conflict(everybody, gaps, in_full)
        assert known is not None
        assert (len(known.medicines), known.smallest) == (2, True)
        assert known.medicines != tuple(everybody)
        for steps in range(BUDGET - in_full.steps):
            try:
                found = smallest_conflict(everybody, gaps, Budget(steps))
            except OutOfBudget:
                continue
            assert found is not None
            assert {one.id for one in found.medicines} == {one.id for one in everybody}
            assert not found.smallest
            break
        else:
            pytest.fail("it is known all at once")
