"""What is drawn: lanes in order, and the stretches where no dose belongs, over midnight too."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rules import timetable
from service.day_plan.lanes import (
    ASSUMED_SLEEPS_AT,
    ASSUMED_WAKES_AT,
    DayPlan,
    Dose,
    Lane,
    Period,
    Stretch,
    Window,
    hours,
    lanes_of,
    minutes,
)
from tests.unit.service.day_plan.plans import FULL, NAMES, time


def lane(name: str, plan: DayPlan = FULL) -> Lane:
    [found] = [lane for lane in lanes_of(plan, NAMES) if lane.id == name]
    return found


def test_lanes_stand_in_the_order_of_the_plan_and_nothing_is_left_out() -> None:
    assert [one.id for one in lanes_of(FULL, NAMES)] == ["m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8"]
    assert [one.id for one in lanes_of(FULL, NAMES) if not one.planned] == ["m8"]


def test_names_are_those_of_substances_else_the_id() -> None:
    assert lane("m1").name == "alendronic acid"
    assert lane("m4").name == "m4"
    both = replace(FULL, substances=(("m1", "cipro"), ("m1", "magnesium-oxide"), ("m1", "cipro")))
    assert lane("m1", both).name == "ciprofloxacin with magnesium oxide"


def test_hours_around_a_dose_of_the_other_are_closed_both_ways() -> None:
    # Magnesium at 16:00; after ciprofloxacin two hours until magnesium, after magnesium six until ciprofloxacin.
    assert lane("m2").closed == (Stretch(time("14:00"), time("22:00"), ("m3",)),)
    # Ciprofloxacin at 10:00 and 22:00, alendronic acid at 08:00 with half an hour and four.
    assert lane("m3").closed == (
        Stretch(time("04:00"), time("12:00"), ("m1", "m2")),
        Stretch(time("16:00"), time("24:00"), ("m2",)),
    )
    assert lane("m4").closed == ()


@pytest.mark.parametrize(
    ("dose", "closed"),
    [
        ("23:00", Stretch(time("21:00"), time("29:00"), ("mg",))),
        ("01:00", Stretch(time("23:00"), time("31:00"), ("mg",))),
        ("12:00", Stretch(time("10:00"), time("18:00"), ("mg",))),
    ],
)
def test_a_closed_stretch_runs_over_midnight(dose: str, closed: Stretch) -> None:
    plan = DayPlan(doses=(Dose("mg", time(dose), None),), windows=(Window("drug", "mg", 120, 360),))
    assert lane("drug", plan).closed == (closed,)
    assert closed.end - closed.start == 8 * 60


def test_a_window_as_long_as_the_day_closes_all_of_it() -> None:
    plan = DayPlan(doses=(Dose("mg", time("03:00"), None),), windows=(Window("drug", "mg", 1440, 1440),))
    assert lane("drug", plan).closed == (Stretch(0, 1440, ("mg",)),)


def test_what_is_taken_when_needed_fits_for_periods() -> None:
    assert lane("m5").free == (Stretch(time("23:00"), time("26:00"), ()),)
    assert lane("m6").free == ()
    assert lane("m7").free == (Stretch(0, time("24:00"), ()),)
    # A single minute is no whole day, and midnight to midnight is one only when it stands alone.
    single = DayPlan(as_needed=(Period("m1", (720, 720)), Period("m2", (0, 0)), Period("m2", (60, 90))))
    assert lane("m1", single).free == (Stretch(720, 720, ()),)
    assert lane("m2", single).free == (Stretch(0, 0, ()), Stretch(60, 90, ()))


def test_the_drawing_begins_on_waking_for_those_awake_at_midnight() -> None:
    assert FULL.starts == 0
    assert replace(FULL, wakes=time("15:30"), sleeps=time("07:00")).starts == time("15:00")
    assert replace(FULL, wakes=None).starts == 0
    assert replace(FULL, sleeps=None).nights is None
    assert FULL.nights == Stretch(time("22:00"), time("31:00"), ())


@pytest.mark.parametrize("given", [0, 1, 10, 20, 30, 40, 50, 60, 90, 240, 1440])
def test_minutes_come_back_from_hours_with_two_decimals(given: int) -> None:
    assert minutes(hours(given)) == given


def test_the_assumed_day_is_that_of_the_timetable() -> None:
    assert vars(timetable)["_WAKES_AT"] == ASSUMED_WAKES_AT
    assert vars(timetable)["_SLEEPS_AT"] == ASSUMED_SLEEPS_AT
