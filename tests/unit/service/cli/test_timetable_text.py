"""The day on a terminal: the same lanes, doses and closed hours as the drawing, in one character each."""

import io
import json
from copy import deepcopy
from dataclasses import replace

import pytest
from rich.console import Console

from rules.profile import MedicationProfile
from rules.report import CheckReport
from rules.report_plan import Timetable
from service.cli.text_writer import Writer
from service.cli.timetable_text import drawn, write_timetable
from service.day_plan.lanes import DayPlan, Dose, lanes_of
from tests.contract.examples import FOLDER
from tests.unit.service.day_plan.plans import FULL, NAMES, time


def lines(plan: DayPlan = FULL, width: int = 80, encoding: str = "utf-8") -> list[str]:
    return [line.plain for line in drawn(plan, lanes_of(plan, NAMES), width, encoding)]


def test_the_whole_drawing() -> None:
    assert lines() == [
        "                     00  02  04  06  08  10  12  14  16  18  20  22",
        "  m1 alendronic acid               ··●··············░░░░░░░░░····",
        "  m2 ciprofloxacin                 ··○───◆·······░░░░░░░░░░░░○───◆",
        "  m3 magnesium oxide         ░░░░░░░░░░░░░░░░········■░░░░░░░░░░░░░░░",
        "  m4                 ─◆            ······························   ○",
        "  m5                 ════          ······························  ══",
        "  m6                               ······························",
        "  m7                 ════════════════════════════════════════════════",
        "  m8                 not planned",
        "  ● keeps its time   ◆ moved   ○ time given   ■ set by the plan",
        "  ░ too close to a dose   ═ fits when needed",
    ]


def test_letters_stand_in_where_the_terminal_cannot_show_the_marks() -> None:
    for encoding in ("ascii", "latin-1", "no-such-encoding"):
        plain = lines(encoding=encoding)
        assert all(line.isascii() for line in plain)
        assert plain[2] == "  m2 ciprofloxacin                 ..o---M.......////////////o---M"
    assert len(lines(encoding="ascii")) == len(lines())


@pytest.mark.parametrize("width", [44, 60, 66, 80, 110])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    long = replace(FULL, doses=(*FULL.doses, Dose("a-rather-long-identifier-of-a-medication", 600, None)))
    for line in lines(long, width):
        assert len(line) <= width
    assert any("…" in line for line in lines(long, 60))


def test_a_narrow_terminal_has_a_character_an_hour() -> None:
    assert lines(width=44)[0].split() == [f"{hour:02}" for hour in range(0, 24, 3)]
    assert lines(width=44)[2].endswith("·○─◆···░░░░░░○─◆")


def test_the_day_of_somebody_awake_at_midnight_begins_on_waking() -> None:
    plan = replace(FULL, wakes=time("15:00"), sleeps=time("07:00"))
    head = lines(plan)[0].split()
    assert head == [f"{hour % 24:02}" for hour in range(15, 39, 2)]
    assert "○─◆" in lines(plan)[4]


def test_an_empty_day() -> None:
    assert len(lines(DayPlan())) == 1


# --- the section of the report ----------------------------------------------------------------------------------------


def example() -> tuple[MedicationProfile, CheckReport]:
    text = json.loads((FOLDER / "check-tuesday-morning.json").read_text(encoding="utf-8"))
    profile = MedicationProfile.model_validate_json(json.dumps(text["request"]["body"]))
    return profile, deepcopy(text["response"]["body"])


def section(profile: MedicationProfile, report: CheckReport, *, width: int = 80) -> str:
    stream = io.StringIO()
    names = {item.id: item.text or "" for item in profile.medications}
    write_timetable(Writer(Console(file=stream, width=width)), profile, report, names)
    return stream.getvalue()


def flat(text: str) -> str:
    return " ".join(text.split())


def test_a_tuesday_morning() -> None:
    text = section(*example())
    assert all(len(line) <= 80 and line == line.rstrip() for line in text.splitlines())
    shown = flat(text)
    for part in (
        "TIMETABLE The day A day plan that keeps every window",
        "m4 ciprofloxacin ··■·░",
        "Doses 07:00 m1 levothyroxine 07:30 m2 alendronic acid (moved from 08:00)",
        "08:00 m3 omeprazole, m4 ciprofloxacin (set), m5 furosemide",
        "As labelled - m1:",
        "Assumed - Doses without a given time lie between 07:00 and 22:00.",
    ):
        assert part in shown


def timetable(**parts: object) -> Timetable:
    bare: dict[str, object] = {
        "state": "planned",
        "statement": "A statement.",
        "doses": [],
        "as_needed": [],
        "not_planned": [],
        "windows": [],
        "no_spacing_helps": [],
        "conflict": None,
        "notes": [],
        "assumptions": [],
    }
    made: Timetable = {**bare, **parts}  # type: ignore[typeddict-item] # all keys are there
    return made


def test_no_timetable_says_what_is_in_the_way_and_what_helps() -> None:
    profile, report = example()
    report["timetable"] = timetable(
        state="impossible",
        conflict={
            "medication_ids": ["m4", "m6"],
            "interaction_ids": ["fluoroquinolones-with-oral-magnesium"],
            "text": "m4 and m6 cannot fit together.",
            "would_help": [{"medication_id": "m6", "text": "m6 once a day."}],
        },
        not_planned=[{"medication_id": "m5", "reason": "It is not known how often a day it is taken."}],
        no_spacing_helps=[report["findings"][0]["key"], "0123456789abcdef"],
    )
    shown = flat(section(profile, report))
    for part in (
        "NO TIMETABLE The day A statement.",
        "In conflict m4: Ciprofloxacin 500 mg tablet m6: Magnesium oxide 400 mg tablet",
        "Because of: fluoroquinolones-with-oral-magnesium",
        "Would help - m6 once a day.",
        "Not planned m5: Furosemide 40 mg tablet: It is not known how often",
        f"No time helps - {report['findings'][0]['title']} - 0123456789abcdef",
    ):
        assert part in shown
    assert "●" not in shown
    report["timetable"] = timetable(state="not_found")
    assert "NO TIMETABLE" in section(profile, report)


def test_what_is_taken_when_needed_and_windows_that_stay_open() -> None:
    profile, report = example()
    report["timetable"] = timetable(
        as_needed=[
            {"medication_id": "m6", "periods": [{"start": "23:00", "end": "02:00"}]},
            {"medication_id": "m5", "periods": [{"start": "00:00", "end": "00:00"}]},
            {"medication_id": "m4", "periods": []},
        ],
        windows=[
            {
                "finding_key": "k",
                "interaction_id": "one",
                "medication_ids": ["m4", "m6"],
                "timing": {"state": "unproven", "gaps": []},
            }
        ],
    )
    shown = flat(section(profile, report))
    for part in (
        "When needed m6: Magnesium oxide 400 mg tablet: 23:00 to 02:00",
        "m5: Furosemide 40 mg tablet: at any time",
        "m4: Ciprofloxacin 500 mg tablet: fits nowhere",
        "Open windows one (m4, m6): unproven",
    ):
        assert part in shown
