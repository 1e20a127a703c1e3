"""A day plan with everything that can be drawn."""

from __future__ import annotations

from typing import Final

from service.day_plan.lanes import DayPlan, Dose, Period, Window

NAMES: Final = {"alendronic-acid": "alendronic acid", "magnesium-oxide": "magnesium oxide", "cipro": "ciprofloxacin"}
HOSTILE: Final = '<script>alert("1")</script> & \' ]]>'


def time(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


FULL: Final = DayPlan(
    doses=(
        Dose("m1", time("08:00"), time("08:00")),
        Dose("m2", time("10:00"), time("08:00")),
        Dose("m2", time("22:00"), time("20:00")),
        Dose("m3", time("16:00"), None),
        Dose("m4", time("00:30"), time("23:30")),
    ),
    substances=(("m1", "alendronic-acid"), ("m2", "cipro"), ("m3", "magnesium-oxide"), ("m4", "not-in-the-rule-set")),
    windows=(Window("m2", "m3", 120, 360), Window("m1", "m3", 30, 240)),
    as_needed=(Period("m5", (time("23:00"), time("02:00"))), Period("m6", None), Period("m7", (0, 0))),
    not_planned=("m8",),
    meals=(time("08:00"), time("00:05")),
    wakes=time("07:00"),
    sleeps=time("22:00"),
)
