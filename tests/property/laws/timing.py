"""Laws about dose times (I13)."""

from __future__ import annotations

from hypothesis import strategies as st

from rules.report import CheckReport
from tests import factories
from tests.property.laws import Law, answer, ask, compiled, with_lines
from tests.strategies import World

DAY = 24 * 60


_HOURS = st.sampled_from(("0.25", "1", "2", "4", "6", "8", "11.5"))
_TIMES = st.lists(
    st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.integers(0, 59)), min_size=1, max_size=3, unique=True
)


@st.composite
def _worlds_and_minutes(draw: st.DrawFn) -> tuple[World, int]:
    """Two medicines with a window between them, each with its times."""
    separation = {"magnesium_first_hours": draw(_HOURS), "drug_first_hours": draw(_HOURS)}
    rule = factories.interaction(
        "rule",
        severity="major",
        affected={"substances": ["alvorin"]},
        precipitant={"substances": ["magnesia"]},
        management=factories.management(separation=separation),
    )
    rule_set = factories.rule_set(factories.substance("alvorin"), factories.substance("magnesia"), rule)
    lines = [{"id": name, "text": name, "times": draw(_TIMES)} for name in ("alvorin", "magnesia")]
    return World(rule_set, {"medications": lines}), draw(st.integers(1, DAY - 1))


def _later(time: str, minutes: int) -> str:
    hour, minute = divmod((int(time[:2]) * 60 + int(time[3:]) + minutes) % DAY, 60)
    return f"{hour:02d}:{minute:02d}"


def _verdicts(report: CheckReport) -> list[object]:
    return [
        (
            finding["interaction_id"],
            finding["medication_ids"],
            finding["severity"],
            finding["timing"]
            and (
                finding["timing"]["state"],
                sorted((gap["first"], gap["gap_hours"], gap["kept"]) for gap in finding["timing"]["gaps"]),
            ),
        )
        for finding in report["findings"]
    ]


def turning_the_clock_changes_nothing(case: tuple[World, int]) -> None:
    """I13: all dose times shifted by the same amount keep and break the same windows, over midnight too."""
    world, minutes = case
    shifted = [
        {**line, "times": [_later(time, minutes) for time in line["times"]]} if "times" in line else line
        for line in world.body["medications"]
    ]
    report = ask(compiled(world.rule_set), with_lines(world.body, shifted))
    assert _verdicts(report) == _verdicts(answer(world))


I13 = Law(_worlds_and_minutes(), turning_the_clock_changes_nothing)
