"""The timetable of a report. Expected times were worked out on a clock face; its laws stand in tests/property."""

from __future__ import annotations

from bisect import bisect
from itertools import pairwise
from typing import Any

import pytest

from rules import CompiledRuleSet, check
from rules.engine import findings_of
from rules.lines import Line
from rules.report_plan import Timetable
from rules.schedules import Budget, OutOfBudget
from rules.situation import Situation
from rules.timetable import _Plan, timetable_of
from rules.timing import Windowed
from tests import factories as make

HOURS = {"magnesium_first_hours": "4", "drug_first_hours": "2"}
LONG_DAY = {"wakes_at": "07:00", "sleeps_at": "22:00", "meals": ["08:00", "13:00", "19:00"]}


def world(*administrations: Any, separation: dict[str, Any] | None = None) -> CompiledRuleSet:  # noqa: ANN401
    """Alvorin has to keep apart from magnesia; plainol from nothing."""
    return make.compiled(
        *(make.substance(name, routes=["oral"]) for name in ("alvorin", "magnesia", "plainol")),
        make.substance("drippol", routes=["oral", "intravenous"]),
        make.medication_class("others", "plainol", "drippol"),
        make.interaction(
            "pair",
            affected={"substances": ["alvorin"]},
            precipitant={"substances": ["magnesia"]},
            management=make.management(separation=HOURS if separation is None else separation),
        ),
        *administrations,
    )


def plan(rules: CompiledRuleSet, *lines: dict[str, Any], **day: Any) -> Timetable:  # noqa: ANN401
    """The timetable for the lines."""
    return check(rules, make.profile(*lines, timetable=True, day=day))["timetable"]


def times(found: Timetable) -> dict[str, str]:
    """The planned times of each line, in the order of the day."""
    planned: dict[str, str] = {}
    for dose in found["doses"]:
        name = dose["medication_id"]
        planned[name] = f"{planned[name]} {dose['time']}" if name in planned else dose["time"]
    return planned


def drug(**given: Any) -> dict[str, Any]:  # noqa: ANN401
    return make.medication("a", "alvorin", **given)


def magnesium(**given: Any) -> dict[str, Any]:  # noqa: ANN401
    return make.medication("m", "magnesia", **given)


def other(**given: Any) -> dict[str, Any]:  # noqa: ANN401
    return make.medication("p", "plainol", **given)


class TestTimes:
    """Which doses stay, move or are set."""

    def test_what_keeps_its_window_stays(self) -> None:
        found = plan(world(), drug(times=["08:00", "20:00"]), magnesium(times=["14:00"]))
        assert times(found) == {"a": "08:00 20:00", "m": "14:00"}
        assert {dose["move"] for dose in found["doses"]} == {"kept"}
        assert found["statement"] == (
            "A day plan that keeps every window of the findings. "
            "Doses that keep their time: 3; moved: 0; set, because no time was given: 0."
        )
        assert [(window["interaction_id"], window["timing"]["state"]) for window in found["windows"]] == [
            ("pair", "kept")
        ]
        assert found["windows"][0]["medication_ids"] == ["a", "m"]

    def test_a_plan_without_one_of_the_medications_claims_nothing_of_it(self) -> None:
        found = plan(world(), drug(times=["08:00"]), magnesium(times=[f"{hour:02}:00" for hour in range(6, 15)]))
        assert [one["medication_id"] for one in found["not_planned"]] == ["m"]
        assert found["statement"] == (
            "A day plan that keeps every window between the medications that are planned. "
            "Doses that keep their time: 1; moved: 0; set, because no time was given: 0. "
            "1 medication is not planned; see not_planned."
        )

    def test_one_of_two_moves_as_little_as_it_can(self) -> None:
        found = plan(world(), drug(times=["08:00"]), magnesium(times=["09:00"]))
        moved = [dose for dose in found["doses"] if dose["move"] == "moved"]
        # Either magnesium an hour later, or the drug an hour earlier: both keep two hours after the drug.
        assert [abs(dose["minutes_moved"]) for dose in moved] == [60]
        assert sum(dose["move"] == "kept" for dose in found["doses"]) == 1

    def test_a_dose_that_moves_over_midnight_moves_by_minutes(self) -> None:
        night = {"wakes_at": "20:00", "sleeps_at": "08:00", "meals": []}
        found = plan(world(), drug(times=["22:30"]), magnesium(times=["23:30"]), **night)
        moved = [dose for dose in found["doses"] if dose["move"] == "moved"]
        assert [abs(dose["minutes_moved"]) for dose in moved] == [60]
        only = plan(world(), drug(times=["22:30", "21:30"]), magnesium(times=["23:30"]), **night)
        [late] = [dose for dose in only["doses"] if dose["move"] == "moved"]
        assert (late["given_time"], late["time"], late["minutes_moved"]) == ("23:30", "00:30", 60)

    def test_a_dose_without_a_time_is_set(self) -> None:
        found = plan(world(), drug(times=["08:00"]), magnesium(times_per_day=1))
        set_dose = found["doses"][1]
        assert (set_dose["move"], set_dose["given_time"], set_dose["minutes_moved"]) == ("set", None, 0)
        assert set_dose["time"] >= "10:00"

    def test_doses_come_in_the_order_of_the_day_of_whoever_wakes_at_night(self) -> None:
        found = plan(world(), other(times=["01:00", "21:00"]), wakes_at="20:00", sleeps_at="08:00", meals=[])
        assert [dose["time"] for dose in found["doses"]] == ["21:00", "01:00"]

    def test_of_four_doses_none_is_close_to_another(self) -> None:
        found = plan(world(), other(times_per_day=4), **LONG_DAY)
        hours = [int(time[:2]) for time in times(found)["p"].split()]
        assert all(after - before >= 3 for before, after in pairwise(hours))
        assert hours[0] + 24 - hours[-1] >= 3

    def test_one_order_without_hours_is_kept_like_the_other(self) -> None:
        found = plan(world(separation={"drug_first_hours": "4"}), drug(times=["12:00"]), magnesium(times=["10:00"]))
        moved = [dose for dose in found["doses"] if dose["move"] == "moved"]
        assert [abs(dose["minutes_moved"]) for dose in moved] == [120]
        assert (
            "pair: the source gives hours for one order of the doses only; the plan keeps them in both."
            in (found["assumptions"])
        )

    def test_a_plan_of_several_says_that_it_knows_magnesium_only(self) -> None:
        """It would put levothyroxine and iron at the same time, and nobody may take that for advice."""
        several = plan(world(), drug(times_per_day=1), other(times_per_day=1))["assumptions"]
        assert any("What other medicines need from each other" in one for one in several)
        alone = plan(world(), drug(times_per_day=1), make.medication("x", "zzyxin"))["assumptions"]
        assert not any("from each other" in one for one in alone)

    def test_an_assumption_of_two_findings_is_told_once(self) -> None:
        rules = make.compiled(
            *(make.substance(name, routes=["oral"]) for name in ("alvorin", "magnesia", "plainol")),
            make.interaction(
                "pair",
                affected={"substances": ["alvorin", "plainol"]},
                precipitant={"substances": ["magnesia"]},
                management=make.management(separation={"drug_first_hours": "4"}),
            ),
        )
        found = plan(rules, drug(times=["08:00"]), other(times=["09:00"]), magnesium(times_per_day=1))
        assert len([one for one in found["assumptions"] if one.startswith("pair: ")]) == 1

    def test_where_no_spacing_helps_nothing_is_moved_and_it_says_so(self) -> None:
        rules = world(separation={"spacing_helps": False})
        report = check(rules, make.profile(drug(times=["08:00"]), magnesium(times=["08:00"]), timetable=True))
        assert times(report["timetable"]) == {"a": "08:00", "m": "08:00"}
        assert report["timetable"]["no_spacing_helps"] == [report["findings"][0]["key"]]
        assert report["timetable"]["windows"] == []


class TestNotPlanned:
    """What stands apart, and why."""

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            (make.medication("x", "zzyxin", times=["08:00"]), "It was not recognised"),
            (make.medication("x", "drippol", route="intravenous"), "It is not taken by mouth."),
            (make.medication("x", "plainol"), "It is not known how often a day it is taken"),
            (make.medication("x", "plainol", times_per_day=9), "It is taken more than 8 times a day."),
            (
                make.medication("x", "plainol 5 mg twice daily", times=["08:00"]),
                "The text says 2 times a day, and 1 of the times is given.",
            ),
            (
                make.medication("x", "plainol 5 mg qid", times=["08:00", "12:00"]),
                "The text says 4 times a day, and 2 of the times are given.",
            ),
        ],
    )
    def test_reasons(self, line: dict[str, Any], reason: str) -> None:
        found = plan(world(), line, other(times=["08:00"]))
        [left_out] = found["not_planned"]
        assert left_out["medication_id"] == "x"
        assert left_out["reason"].startswith(reason)
        assert times(found) == {"p": "08:00"}
        assert found["statement"].endswith(" 1 medication is not planned; see not_planned.")

    def test_several(self) -> None:
        found = plan(world(), make.medication("x", "zzyxin"), make.medication("y", "plainol"))
        assert found["statement"].endswith(" 2 medications are not planned; see not_planned.")

    def test_eight_times_a_day_is_planned(self) -> None:
        assert len(times(plan(world(), other(times_per_day=8)))["p"].split()) == 8

    def test_on_some_days_only(self) -> None:
        found = plan(world(), make.medication("p", "plainol 5 mg weekly"))
        assert len(found["doses"]) == 1
        assert any("p is not taken every day" in one for one in found["assumptions"])

    def test_a_route_that_is_open_is_assumed_to_be_the_mouth(self) -> None:
        assumed = "p is taken by mouth."
        assert assumed in plan(world(), make.medication("p", "drippol", times_per_day=1))["assumptions"]
        assert assumed not in plan(world(), make.medication("p", "plainol", times_per_day=1))["assumptions"]


class TestAsNeeded:
    """When something taken only when needed keeps every window."""

    @staticmethod
    def periods(*lines: dict[str, Any], rules: CompiledRuleSet | None = None, **day: Any) -> list[tuple[str, str]]:  # noqa: ANN401
        [one] = plan(rules or world(), *lines, **day)["as_needed"]
        return [(period["start"], period["end"]) for period in one["periods"]]

    def test_four_hours_before_and_two_after_the_drug(self) -> None:
        assert self.periods(drug(times=["08:00"]), magnesium(as_needed=True)) == [("10:00", "04:00")]

    def test_the_drug_itself_is_needed(self) -> None:
        assert self.periods(drug(as_needed=True), magnesium(times=["08:00"])) == [("12:00", "06:00")]

    def test_between_two_doses(self) -> None:
        assert self.periods(drug(times=["08:00", "18:00"]), magnesium(as_needed=True)) == [
            ("10:00", "14:00"),
            ("20:00", "04:00"),
        ]

    def test_any_time(self) -> None:
        assert self.periods(drug(times=["08:00"]), other(as_needed=True)) == [("00:00", "23:59")]

    def test_at_one_minute_only(self) -> None:
        """Midnight alone is not the whole day."""
        rules = world(separation={"magnesium_first_hours": "6", "drug_first_hours": "18"})
        assert self.periods(drug(times=["06:00"]), magnesium(as_needed=True), rules=rules) == [("00:00", "00:00")]

    def test_never(self) -> None:
        rules = world(separation={"magnesium_first_hours": "12", "drug_first_hours": "12.5"})
        assert self.periods(drug(times=["06:00"]), magnesium(as_needed=True), rules=rules) == []

    def test_what_is_taken_before_all_others_is_left_alone(self) -> None:
        first = make.administration("first", "alvorin", minutes_before_other_medicines=30)
        assert self.periods(drug(times=["07:00"]), other(as_needed=True), rules=world(first)) == [("07:30", "06:59")]


class TestLabels:
    """Food, time of day, distance: what labels say about taking it."""

    @pytest.mark.parametrize(
        ("rule", "expected"),
        [
            ({"food": "with_food"}, {"08:00", "13:00", "19:00"}),
            ({"food": "before_food", "minutes_before_food": 30}, {"07:00", "07:30", "11:30", "12:00", "12:30"}),
            ({"time_of_day": "morning"}, {"07:00", "07:30", "08:00", "08:30", "09:00", "11:00", "12:00"}),
            ({"not_after": "09:00"}, {"07:00", "08:00", "09:00"}),
        ],
    )
    def test_a_dose_is_set_where_the_label_wants_it(self, rule: dict[str, Any], expected: set[str]) -> None:
        found = plan(world(make.administration("rule", "plainol", **rule)), other(times_per_day=1), **LONG_DAY)
        assert times(found)["p"] in expected
        assert [(note["medication_id"], note["administration_id"]) for note in found["notes"]] == [("p", "rule")]
        assert found["notes"][0]["citations"][0]["id"] == "source"

    def test_evening(self) -> None:
        found = plan(
            world(make.administration("late", "plainol", time_of_day="evening")), other(times_per_day=1), **LONG_DAY
        )
        assert times(found)["p"] >= "17:00"

    def test_twice_a_day_with_the_first_and_the_last_meal(self) -> None:
        meals = make.administration("meals", "plainol", food="with_food")
        assert times(plan(world(meals), other(times_per_day=2), **LONG_DAY)) == {"p": "08:00 19:00"}

    def test_far_from_every_meal(self) -> None:
        fasting = make.administration(
            "fasting", "plainol", food="empty_stomach", minutes_before_food=60, minutes_after_food=120
        )
        time = times(plan(world(fasting), other(times_per_day=1), **LONG_DAY))["p"]
        assert time in {"07:00", "10:00", "10:30", "11:00", "11:30", "12:00"} or "15:00" <= time <= "18:00"

    def test_a_given_time_at_an_assumed_meal_stays(self) -> None:
        fasting = make.administration("fasting", "plainol", food="empty_stomach", minutes_before_food=60)
        found = plan(world(fasting), other(times=["08:00"]))
        assert times(found) == {"p": "08:00"}
        assert any(one.startswith("Meals are at 08:00, 13:00, 19:00") for one in found["assumptions"])

    def test_meals_are_assumed_while_somebody_is_awake(self) -> None:
        meals = make.administration("meals", "plainol", food="with_food")
        found = plan(world(meals), other(times_per_day=3), wakes_at="20:00", sleeps_at="09:00")
        assert times(found) == {"p": "21:00 02:00 08:00"}
        assert any(one.startswith("Meals are at 21:00, 02:00, 08:00;") for one in found["assumptions"])
        # Nobody is woken for a dose, and one meal has no place in so short a day.
        short = plan(world(meals), other(times_per_day=1), wakes_at="10:00", sleeps_at="12:00")
        assert times(short) == {"p": "11:00"}
        none = plan(world(meals), other(times_per_day=1), wakes_at="10:00", sleeps_at="10:30")
        assert "10:00" <= times(none)["p"] <= "10:30"
        assert not any(one.startswith("Meals") for one in none["assumptions"])

    def test_a_given_time_at_a_given_meal_moves(self) -> None:
        fasting = make.administration("fasting", "plainol", food="empty_stomach", minutes_before_food=30)
        found = plan(world(fasting), other(times=["08:00"]), **LONG_DAY)
        assert times(found) == {"p": "07:30"}
        assert found["doses"][0]["minutes_moved"] == -30

    def test_half_an_hour_before_all_others(self) -> None:
        first = make.administration("first", "alvorin", minutes_before_other_medicines=30)
        found = plan(world(first), drug(times=["07:00"]), other(times=["07:15"]))
        assert times(found)["a"] == "07:00" or times(found)["p"] == "07:15"
        assert times(found) != {"a": "07:00", "p": "07:15"}

    def test_hours_between_own_doses(self) -> None:
        apart = make.administration("apart", "plainol", own_doses_hours="12")
        first, last = times(plan(world(apart), other(times_per_day=2), **LONG_DAY))["p"].split()
        assert (int(last[:2]) * 60 + int(last[3:])) - (int(first[:2]) * 60 + int(first[3:])) == 720

    @pytest.mark.parametrize(
        ("given", "noted"),
        [
            ({"dose_forms": ["tablet"]}, True),
            ({"dose_forms": ["capsule"]}, False),
            ({"except_dose_forms": ["tablet"]}, False),
            ({"substances": [], "classes": ["others"]}, True),
            ({"substances": [], "classes": ["others"], "except_substances": ["plainol"]}, False),
        ],
    )
    def test_whom_a_label_is_about(self, given: dict[str, Any], *, noted: bool) -> None:
        rule = make.administration("rule", "plainol", **{"time_of_day": "morning", **given})
        found = plan(world(rule), other(times_per_day=1, dose_form="tablet"))
        assert bool(found["notes"]) is noted


class TestNone:
    """When there is no plan."""

    SHORT = {"wakes_at": "08:00", "sleeps_at": "11:00", "meals": []}  # noqa: RUF012

    def test_the_conflict_and_what_helps(self) -> None:
        rules = world(separation={"magnesium_first_hours": "4", "drug_first_hours": "13"})
        lines = [drug(times_per_day=2), magnesium(times_per_day=2), other(times_per_day=1)]
        found = plan(rules, *lines, **LONG_DAY)
        assert (found["state"], found["doses"], found["as_needed"]) == ("impossible", [], [])
        conflict = found["conflict"]
        assert conflict is not None
        assert (conflict["medication_ids"], conflict["interaction_ids"]) == (["a", "m"], ["pair"])
        assert conflict["text"] == "a (alvorin) and m (magnesia) cannot fit together between 07:00 and 22:00."
        assert found["statement"].startswith(
            "There is no day plan that keeps every window between 07:00 and 22:00. a ("
        )
        # Thirteen hours after each of two doses of the drug leave no magnesium at all, once or twice a day.
        assert [one["text"] for one in conflict["would_help"]] == [
            "m (magnesia) once a day, where dose and form allow it.",
            "m (magnesia): stopping it, or a product without magnesium or aluminium in its place.",
            "a (alvorin) once a day, where dose and form allow it.",
            "a (alvorin): another medicine or form that needs no interval, or a pause of the magnesium product.",
        ]

    def test_fewer_doses_keep_the_distance_that_fewer_doses_have(self) -> None:
        """Seven hours are left for magnesium: four doses three hours apart do not fit, nor three four apart."""
        rules = world(separation={"magnesium_first_hours": "8", "drug_first_hours": "8"})
        found = plan(rules, drug(times_per_day=1), magnesium(times_per_day=5), **LONG_DAY)
        assert found["conflict"] is not None
        first = found["conflict"]["would_help"][0]["text"]
        assert first == "m (magnesia) 2 times a day, where dose and form allow it."
        assert plan(rules, drug(times_per_day=1), magnesium(times_per_day=2), **LONG_DAY)["state"] == "planned"
        assert plan(rules, drug(times_per_day=1), magnesium(times_per_day=3), **LONG_DAY)["state"] == "impossible"

    def test_with_two_conflicts_no_single_change_helps(self) -> None:
        never = make.administration("never", "plainol", food="before_food", minutes_before_food=30)
        rules = world(never, separation={"drug_first_hours": "12", "magnesium_first_hours": "12.5"})
        day = {**self.SHORT, "meals": ["08:10"]}
        found = plan(rules, drug(times_per_day=1), magnesium(times_per_day=1), other(times_per_day=1), **day)
        assert found["conflict"] is not None
        assert (found["conflict"]["medication_ids"], found["conflict"]["would_help"]) == (["p"], [])

    def test_a_medicine_that_fits_nowhere(self) -> None:
        never = make.administration("never", "plainol", food="before_food", minutes_before_food=30)
        day = {**self.SHORT, "meals": ["08:10"]}
        found = plan(world(never), other(times_per_day=1), **day)
        assert found["state"] == "impossible"
        assert found["conflict"] is not None
        assert found["conflict"]["text"] == (
            "p (plainol) fits nowhere between 08:00 and 11:00: food, time of day and its own doses leave no time."
        )
        assert found["conflict"]["would_help"] == [
            {
                "medication_id": "p",
                "text": "p (plainol): another medicine or form, or other hours of waking and eating.",
            }
        ]

    @pytest.mark.parametrize("day", [{"wakes_at": "07:03", "sleeps_at": "09:03", "meals": []}])
    def test_between_the_points_of_the_grid_there_may_be_one(self, day: dict[str, Any]) -> None:
        """07:03 and 09:03 would do, but only whole five minutes are tried: no plan is found, none is ruled out."""
        found = plan(world(separation={"drug_first_hours": "2", "magnesium_first_hours": "22"}), drug(times_per_day=1),
                     magnesium(times_per_day=1), **day)  # fmt: skip
        assert (found["state"], found["conflict"]) == ("not_found", None)
        assert "whether there is one is not known" in found["statement"]

    @staticmethod
    def limited(steps: int, *lines: dict[str, Any]) -> Timetable:
        """A timetable that may take so many steps."""
        rules = world(separation={"magnesium_first_hours": "0.3", "drug_first_hours": "0.3"})
        profile = make.profile(*lines)
        listed = [Line(rules, item, None) for item in profile.medications]
        situation = Situation(rules, profile, listed)
        windowed: list[Windowed] = []
        findings_of(rules, situation.facts, listed, windowed)
        return timetable_of(situation, windowed, budget=Budget(steps))

    def test_out_of_steps_is_no_plan(self) -> None:
        found = self.limited(20, drug(times_per_day=2), magnesium(times_per_day=2))
        assert (found["state"], found["doses"], found["conflict"]) == ("not_found", [], None)

    def test_with_too_many_times_to_try_fewer_are_tried(self) -> None:
        """Eighteen minutes lie on no grid but the finest; on half hours there is a plan that keeps them too."""
        lines = (drug(times_per_day=2), magnesium(times_per_day=2))
        found = self.limited(20_000, *lines)
        assert found["state"] == "planned"
        assert {dose["time"][3:] for dose in found["doses"]} <= {"00", "30"}
        assert self.limited(1_000_000, *lines)["state"] == "planned"

    def test_a_conflict_that_is_not_found_in_time(self) -> None:
        rules = world(separation={"magnesium_first_hours": "10", "drug_first_hours": "10"})
        profile = make.profile(drug(times_per_day=1), magnesium(times_per_day=2))
        listed = [Line(rules, item, None) for item in profile.medications]
        situation = Situation(rules, profile, listed)
        windowed: list[Windowed] = []
        findings_of(rules, situation.facts, listed, windowed)
        found = timetable_of(situation, windowed, budget=Budget(20))
        assert (found["state"], found["conflict"]) == ("not_found", None)

        def known(steps: int) -> int:
            """How much is after so many steps: nothing, who is in the way, that all of them are, what would help."""
            try:
                conflict = _Plan(situation, windowed).conflict(Budget(steps))
            except OutOfBudget:
                return 0
            assert conflict["medication_ids"] == ["a", "m"]
            return 1 if "Perhaps fewer" in conflict["text"] else 2 + len(conflict["would_help"])

        stages = [bisect(range(20_000), stage, key=known) for stage in (0, 1, 2)]
        assert [known(steps) for steps in stages] == [1, 2, 5]
        assert [known(steps - 1) for steps in stages] == [0, 1, 2]
