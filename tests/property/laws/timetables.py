"""Laws about the timetable of a report (I13): it keeps what the findings ask for and loses no medication."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any, Final

from hypothesis import strategies as st

from rules import RuleSet
from rules.care import Administration
from rules.documents import Document
from rules.report import CheckReport
from rules.report_plan import PlannedDose, Timetable
from rules.solver import Gap
from rules.terms import TimetableState
from tests import factories
from tests.property.laws import Law, answer, ask, compiled, with_lines
from tests.reference import day
from tests.strategies import Choices, Json, World

_DRUGS: Final = ("alvorin", "betarine", "cordimax", "dulvane", "frandol")
_MAGNESIUM: Final = ("magnite", "epsalt")
_HOURS: Final = ("0.5", "1", "2", "4", "6", "8", "11", "12", "0.3")
_ADMINISTRATIONS: Final[tuple[Json, ...]] = (
    {"food": "with_food"},
    {"food": "empty_stomach", "minutes_before_food": 60, "minutes_after_food": 120},
    {"food": "before_food", "minutes_before_food": 30},
    {"time_of_day": "morning"},
    {"time_of_day": "evening"},
    {"minutes_before_other_medicines": 30, "time_of_day": "morning"},
    {"own_doses_hours": "6"},
    {"minutes_before_other_medicines": 240},
)
_TIMES: Final = ("07:00", "08:00", "09:30", "12:00", "13:10", "18:00", "20:00", "22:00", "23:30", "00:30", "03:00")
_DAYS: Final[tuple[Json, ...]] = (
    {},
    {"wakes_at": "06:00", "sleeps_at": "23:00", "meals": ["07:00", "12:30", "18:30"]},
    {"wakes_at": "20:00", "sleeps_at": "12:00", "meals": ["21:00", "02:00", "07:00"]},
    {"wakes_at": "22:00", "sleeps_at": "02:00", "meals": []},
    {"wakes_at": "08:00", "sleeps_at": "12:00", "meals": ["09:00"]},
    {"wakes_at": "07:10", "sleeps_at": "22:35"},
    {"wakes_at": "07:03", "sleeps_at": "11:01", "meals": ["09:02"]},
    {"wakes_at": "09:00", "sleeps_at": "09:00"},
)


def _separation(choose: Choices) -> Json:
    one, other = choose.one(_HOURS), choose.one(_HOURS)
    kinds = (
        {"magnesium_first_hours": one, "drug_first_hours": other},
        {"magnesium_first_hours": one, "drug_first_hours": other},
        {"drug_first_hours": one},
        {"magnesium_first_hours": one},
        {"spacing_helps": False},
    )
    return choose.one(kinds)


def _draw_rules(choose: Choices) -> RuleSet:
    records: list[Document] = [
        factories.substance(name, routes=["oral", "intravenous"] if name in {"frandol", "epsalt"} else ["oral"])
        for name in (*_DRUGS, *_MAGNESIUM)
    ]
    for name in _DRUGS:
        if choose.chance(4):
            continue
        records.append(
            factories.interaction(
                f"with-{name}",
                affected={"substances": [name]},
                precipitant={"substances": list(_MAGNESIUM)},
                management=factories.management(separation=_separation(choose)),
            )
        )
    records += [
        factories.administration(f"take-{name}", name, **choose.one(_ADMINISTRATIONS))
        for name in (*_DRUGS, *_MAGNESIUM)
        if choose.chance(4)
    ]
    return factories.rule_set(*records)


def _draw_line(choose: Choices, number: int) -> Json:
    choose.fresh()
    names = (*_DRUGS, *_MAGNESIUM, *_MAGNESIUM)
    line: Json = {"id": f"m{number}", "text": "zzyxin" if choose.chance(12) else choose.one(names)}
    if choose.chance(8):
        line["route"] = choose.one(("intravenous", "oral"))
    kind = choose.one(("times", "times", "often", "often", "needed", "nothing", "both"))
    if kind in {"times", "both"}:
        line["times"] = sorted({choose.one(_TIMES) for _ in range(choose.one((1, 1, 2, 2, 3)))})
    if kind == "often":
        line["times_per_day"] = choose.one((1, 1, 2, 2, 3, 4, 9))
    if kind in {"needed", "both"}:
        line["as_needed"] = kind == "needed" or choose.chance(2)
    return line


@st.composite
def _worlds(draw: st.DrawFn) -> World:
    choose = Choices(draw)
    rule_set = _draw_rules(choose)
    lines = [_draw_line(choose, number) for number in range(choose.number(0, 5))]
    choose.fresh()
    return World(rule_set, {"medications": lines, "timetable": True, "day": choose.one(_DAYS)})


def timetable(report: CheckReport) -> Timetable:
    """The timetable of a report that was asked for one."""
    return report["timetable"]


def planned(found: Timetable) -> dict[str, list[str]]:
    """The times of each planned medication."""
    times: dict[str, list[str]] = {}
    for dose in found["doses"]:
        times.setdefault(dose["medication_id"], []).append(dose["time"])
    return times


def _minute(time: str) -> int:
    hours, _, minutes = time.partition(":")
    return int(hours) * 60 + int(minutes)


# --- nothing is lost --------------------------------------------------------------------------------------------------


def every_line_has_its_place(world: World) -> None:
    """Each line is planned as often as it is taken, or free within its periods, or left out with the reason."""
    found = timetable(answer(world))
    lines = {line["id"]: line for line in world.body["medications"]}
    left_out = [one["medication_id"] for one in found["not_planned"]]
    assert all(one["reason"].strip() for one in found["not_planned"]), "left out without a reason"
    assert max(Counter(left_out).values(), default=0) <= 1
    assert set(left_out) <= set(lines)
    if found["state"] != TimetableState.PLANNED:
        assert not found["doses"] and not found["as_needed"] and not found["windows"], "half a plan"  # noqa: PT018
        named = set(found["conflict"]["medication_ids"]) if found["conflict"] else set()
        assert named <= set(lines) - set(left_out)
        assert (found["conflict"] is not None) == (found["state"] == TimetableState.IMPOSSIBLE)
        return
    needed = [one["medication_id"] for one in found["as_needed"]]
    places = Counter([*left_out, *needed, *planned(found)])
    assert places == Counter(list(lines)), f"lines have places {places}"
    assert found["conflict"] is None
    for name, times in planned(found).items():
        given = set(lines[name].get("times", ()))
        assert len(set(times)) == len(times) == (len(given) or lines[name]["times_per_day"]), f"{name} at {times}"
        moved = [dose for dose in found["doses"] if dose["medication_id"] == name]
        assert Counter(dose["given_time"] for dose in moved if given) == Counter(given), "a given time is lost"
        assert all(_says_its_move(dose) for dose in moved)


def _says_its_move(dose: PlannedDose) -> bool:
    if dose["given_time"] is None:
        return dose["move"] == "set" and dose["minutes_moved"] == 0
    there = (_minute(dose["given_time"]) + dose["minutes_moved"]) % day.DAY == _minute(dose["time"])
    return (
        there and dose["move"] == ("moved" if dose["minutes_moved"] else "kept") and abs(dose["minutes_moved"]) <= 720
    )


PLACES = Law(_worlds(), every_line_has_its_place)


# --- nothing is broken ------------------------------------------------------------------------------------------------


def _needed_gaps(world: World, names: set[str]) -> list[Gap]:
    """What the records ask for between the lines; hours given for one order are kept in both."""
    text = {line["id"]: line["text"] for line in world.body["medications"] if line["id"] in names}
    gaps: list[Gap] = []
    for record in world.rule_set.interactions:
        separation = record.management.separation
        if separation is None or not separation.spacing_helps or record.affected is None:
            continue
        hours = (separation.magnesium_first_hours, separation.drug_first_hours)
        either = max(one for one in hours if one is not None)
        first, then = (either if one is None else one for one in hours)
        for drug in names:
            for magnesium in names:
                if text[drug] in record.affected.substances and text[magnesium] in _MAGNESIUM:
                    gaps.append(Gap(magnesium, drug, _minutes(first)))
                    gaps.append(Gap(drug, magnesium, _minutes(then)))
    for name in names:
        for rule in _administrations(world, text[name]):
            gaps += [Gap(name, other, rule.minutes_before_other_medicines or 0) for other in names - {name}]
    return gaps


def _minutes(hours: Any) -> int:  # noqa: ANN401 - a decimal
    return -(-Fraction(hours) * 60 // 1)


def _administrations(world: World, substance: str) -> list[Administration]:
    return [record for record in world.rule_set.administrations if substance in record.substances]


def a_plan_keeps_every_gap(world: World) -> None:
    """No two doses are closer than a record asks, over midnight too; what is taken when needed has all free minutes."""
    found = timetable(answer(world))
    plan = {name: [_minute(time) for time in times] for name, times in planned(found).items()}
    needed = {one["medication_id"]: one["periods"] for one in found["as_needed"]}
    gaps = _needed_gaps(world, {*plan, *needed})
    assert day.keeps_gaps(plan, gaps), f"{plan} breaks a gap"
    for window in found["windows"]:
        assert window["timing"]["state"] != "broken", "a window that is broken by the plan itself"
    for name, periods in needed.items():
        free = {
            minute % day.DAY
            for one in periods
            for minute in range(_minute(one["start"]), _minute(one["start"]) + _length(one["start"], one["end"]) + 1)
        }
        assert free == day.free_minutes(gaps, name, plan), f"{name} is not free at just these times"


def _length(start: str, end: str) -> int:
    return (_minute(end) - _minute(start)) % day.DAY


GAPS = Law(_worlds(), a_plan_keeps_every_gap)


def a_plan_keeps_what_labels_say(world: World) -> None:
    """Food and time of day, for every dose that the plan puts somewhere."""
    found = timetable(answer(world))
    hours = world.body["day"]
    wakes, sleeps = _minute(hours.get("wakes_at", "07:00")), _minute(hours.get("sleeps_at", "22:00"))
    meals = [_minute(meal) for meal in hours.get("meals", ("08:00", "13:00", "19:00"))]
    text = {line["id"]: line["text"] for line in world.body["medications"]}
    for dose in found["doses"]:
        minute = _minute(dose["time"])
        rules = _administrations(world, text[dose["medication_id"]])
        if dose["move"] != "kept":
            awake = (sleeps - wakes) % day.DAY or day.DAY
            assert minute in meals or (minute - wakes) % day.DAY <= awake, "somebody is woken for a dose"
            for rule in rules:
                _in_its_part_of_the_day(rule, (minute - wakes) % day.DAY, awake)
        if dose["move"] != "kept" or "meals" in hours:
            for rule in rules:
                _apart_from_food(rule, minute, meals)


def _in_its_part_of_the_day(rule: Administration, since_waking: int, awake: int) -> None:
    if rule.time_of_day == "morning":
        assert since_waking <= 5 * 60
    if rule.time_of_day == "evening":
        assert since_waking >= awake - 5 * 60


def _apart_from_food(rule: Administration, minute: int, meals: list[int]) -> None:
    if rule.food == "with_food" and meals:
        assert minute in meals
    if rule.food == "empty_stomach":
        for meal in meals:
            assert (meal - minute) % day.DAY >= (rule.minutes_before_food or 0)
            assert (minute - meal) % day.DAY >= (rule.minutes_after_food or 0)
    if rule.food == "before_food" and meals:
        assert any(30 <= (meal - minute) % day.DAY <= 90 for meal in meals)


LABELS = Law(_worlds(), a_plan_keeps_what_labels_say)


def a_plan_put_into_practice_stands(world: World) -> None:
    """With the planned times as given times no window is broken, and the next plan moves nothing."""
    found = timetable(answer(world))
    times = planned(found)
    lines = [
        {**{key: value for key, value in line.items() if key != "times_per_day"}, "times": times[line["id"]]}
        if line["id"] in times
        else line
        for line in world.body["medications"]
    ]
    report = ask(compiled(world.rule_set), with_lines(world.body, lines))
    if found["state"] != TimetableState.PLANNED:
        return
    for finding in report["findings"]:
        if finding["timing"] is not None and set(finding["medication_ids"]) <= set(times):
            assert finding["timing"]["state"] != "broken", f"{finding['interaction_id']} is broken by the plan"
    again = timetable(report)
    assert planned(again) == times, "the plan is not its own best plan"
    assert all(dose["move"] == "kept" for dose in again["doses"])


PRACTICE = Law(_worlds(), a_plan_put_into_practice_stands)


# --- when there is none -----------------------------------------------------------------------------------------------


def what_would_help_helps(world: World) -> None:
    """Each remedy, done, ends the conflict; those in conflict are one by themselves, and any fewer of them are not.

    Where the search ended before that was known of fewer, the text says so. The best plan may be out of reach of the
    search where only some plan was looked for, so "not found" is no conflict.
    """
    found = timetable(answer(world))
    conflict = found["conflict"]
    if conflict is None:
        return
    rules = compiled(world.rule_set)
    lines = {line["id"]: line for line in world.body["medications"]}
    alone = [lines[name] for name in conflict["medication_ids"]]
    assert timetable(ask(rules, with_lines(world.body, alone)))["state"] == TimetableState.IMPOSSIBLE
    known = "search ended" not in conflict["text"]
    for name in conflict["medication_ids"] if known else ():
        fewer = [line for line in alone if line["id"] != name]
        state = timetable(ask(rules, with_lines(world.body, fewer)))["state"]
        assert state != TimetableState.IMPOSSIBLE, f"there is a conflict without {name}"
    for remedy in conflict["would_help"]:
        name = remedy["medication_id"]
        others = [line for line in lines.values() if line["id"] != name]
        before, _, _ = remedy["text"].partition(" a day")
        if before != remedy["text"]:
            often = 1 if before.endswith("once") else int(before.split()[-2])
            line = {key: value for key, value in lines[name].items() if key != "times"}
            others.append({**line, "times_per_day": often})
        state = timetable(ask(rules, with_lines(world.body, others)))["state"]
        assert state != TimetableState.IMPOSSIBLE, f"{remedy['text']} does not help"


REMEDIES = Law(_worlds(), what_would_help_helps)


# --- turning the clock ------------------------------------------------------------------------------------------------


@st.composite
def _worlds_and_turns(draw: st.DrawFn) -> tuple[World, int]:
    world = draw(_worlds())
    hours = world.body["day"] or {"wakes_at": "07:00", "sleeps_at": "22:00", "meals": ["08:00", "13:00", "19:00"]}
    hours = {"meals": ["09:00"], **hours}
    return World(world.rule_set, {**world.body, "day": hours}), draw(st.integers(1, 47)) * 30


def _later(time: str, minutes: int) -> str:
    hour, minute = divmod((_minute(time) + minutes) % day.DAY, 60)
    return f"{hour:02d}:{minute:02d}"


def a_day_turned_is_planned_alike(case: tuple[World, int]) -> None:
    """Waking hours, meals and given times turned by the same half hours: the same plan, turned."""
    world, turn = case
    hours = world.body["day"]
    turned = {
        "wakes_at": _later(hours["wakes_at"], turn),
        "sleeps_at": _later(hours["sleeps_at"], turn),
        "meals": [_later(meal, turn) for meal in hours["meals"]],
    }
    lines = [
        {**line, "times": [_later(time, turn) for time in line["times"]]} if "times" in line else line
        for line in world.body["medications"]
    ]
    one = timetable(answer(world))
    other = timetable(ask(compiled(world.rule_set), {**with_lines(world.body, lines), "day": turned}))
    assert one["state"] == other["state"]
    expected = [(_later(dose["time"], turn), dose["medication_id"], dose["minutes_moved"]) for dose in one["doses"]]
    assert [(dose["time"], dose["medication_id"], dose["minutes_moved"]) for dose in other["doses"]] == expected
    assert (one["conflict"] and one["conflict"]["medication_ids"]) == (
        other["conflict"] and other["conflict"]["medication_ids"]
    )


TURNED = Law(_worlds_and_turns(), a_day_turned_is_planned_alike)
