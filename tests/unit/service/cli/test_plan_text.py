"""The plan for people: decision, reasons, amounts, and a worklist with what is late first."""

import io
from copy import deepcopy

from rich.console import Console

from rules.report import CheckReport
from rules.report_plan import Plan
from service.cli.plan_text import write_plan
from service.cli.text_writer import Writer
from tests.unit.service.cli.test_timetable_text import example, flat


def section(plan: Plan, report: CheckReport) -> str:
    stream = io.StringIO()
    write_plan(Writer(Console(file=stream, width=80)), plan, report)
    return flat(stream.getvalue())


def test_a_tuesday_morning() -> None:
    _, report = example()
    shown = section(report["plan"], report)
    for part in (
        "PLAN Oral treatment Magnesium is low",
        "Why - Serum magnesium 0.68 mmol/L, mildly low.",
        "- Loop diuretics and loss of magnesium (finding of this report)",
        "Food Magnesium from food:",
        "For patients: Green vegetables",
        "mg of elemental magnesium a day in 2 doses",
        "Fits - magnesium aspartate: 1 a day of: sachet of powder for oral solution (10 mmol) = 243 mg",
        "- magnesium pidolate: 582.4 mg magnesium pidolate",
        "With care - ",
        "Times 11:00 and 22:00, for every form: they keep every window",
        "Monitoring - serum calcium: due now (",
    ):
        assert part in shown
    # A reason that stands above as a finding is named, and its text not repeated.
    [effect] = [one["effect"] for one in report["findings"] if one["interaction_id"].startswith("loop-diuretics")]
    assert effect not in shown


def test_what_only_some_plans_have() -> None:
    _, report = example()
    plan = deepcopy(report["plan"])
    supplement = plan["supplement"]
    assert supplement is not None
    plan["decision"] = "supervised_treatment"  # type: ignore[typeddict-item] # a word, as in every answer
    plan["ask_first"] = ["patient.egfr"]
    plan["refer"] = {
        "title": "Into a vein",
        "text": "First part.\n\nMore.",
        "patient_text": None,
        "citations": [],
    }
    plan["food"] = None
    supplement["least_mg_per_day"] = supplement["most_mg_per_day"] = "100"
    supplement["doses_per_day"] = 1
    bare, unsuitable = supplement["forms"][:2]
    supplement["forms"] = [bare, unsuitable]
    bare["missing_facts"] = ["conditions"]
    bare["products"], bare["salt"], bare["times"] = [], [], []
    unsuitable["fit"] = "unsuitable"  # type: ignore[typeddict-item]
    unsuitable["reasons"][0]["text"] = "It is not for this person."
    monitoring = {one["test"]: one for one in plan["monitoring"]}
    late = list(monitoring.values())[-1]
    late["state"], late["due_on"] = "overdue", "2026-11-01"  # type: ignore[typeddict-item]
    plan["monitoring"] = list(monitoring.values())
    shown = section(plan, report)
    for part in (
        "PLAN Supervised treatment",
        "Ask first - patient.egfr",
        "Refer Into a vein: First part.",
        "Supplement 100 mg of elemental magnesium a day in one dose",
        f"Fits - {bare['name']}: ask first: conditions",
        f"Unsuitable - {unsuitable['name']}: It is not for this person.",
        f"Monitoring - {late['test'].replace('_', ' ')}: overdue since 2026-11-01",
    ):
        assert part in shown
    assert "More." not in shown
    assert "Food " not in shown
    assert "Times " not in shown
    plan["supplement"] = None
    assert "Supplement" not in section(plan, report)
