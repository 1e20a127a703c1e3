"""Writes what may be done about magnesium for people: the decision, why, what to ask, how much of what, and when.

Short on purpose: reasons that are findings of the same report are named, not repeated.
"""

from collections.abc import Iterator, Sequence

from rules.report import CheckReport
from rules.report_plan import FormOption, MonitoringItem, Plan, PlanReason, PlanText, SupplementPlan
from rules.terms import Fit, MonitoringState, PlanDecision
from service.cli.text_writer import STYLES, Writer, words_of

_DECISION_STYLES = {
    PlanDecision.SUPERVISED_TREATMENT: STYLES["major"],
    PlanDecision.DO_NOT_SUPPLEMENT: STYLES["major"],
    PlanDecision.ORAL_TREATMENT: STYLES["moderate"],
    PlanDecision.MEASURE_FIRST: STYLES["moderate"],
    PlanDecision.FOOD_FIRST: STYLES["minor"],
    PlanDecision.NO_NEED_SHOWN: "bold",
}
# What is late comes first.
_WORKLIST = tuple(MonitoringState)


def write_plan(writer: Writer, plan: Plan, report: CheckReport) -> None:
    """Write the plan of a report."""
    decision = PlanDecision(plan["decision"])
    writer.block("PLAN", words_of(decision).capitalize(), style=_DECISION_STYLES[decision])
    writer.field("", plan["statement"], style="bold")
    titles = {one["interaction_id"]: one["title"] for one in (*report["findings"], *report["settled"])}
    writer.fields("Why", list(dict.fromkeys(_reason(one, titles) for one in plan["reasons"])), start="- ")
    writer.fields("Ask first", plan["ask_first"], style="bold", start="- ")
    _write_text(writer, "Refer", plan["refer"])
    _write_text(writer, "Food", plan["food"])
    if plan["supplement"] is not None:
        _write_supplement(writer, plan["supplement"])
    items = sorted(
        plan["monitoring"], key=lambda one: (_WORKLIST.index(MonitoringState(one["state"])), one["due_on"] or "")
    )
    for number, item in enumerate(items):
        late = item["state"] == MonitoringState.OVERDUE
        writer.field("" if number else "Monitoring", _monitoring(item), style="bold red" if late else "", start="- ")
    writer.line()


def _reason(reason: PlanReason, titles: dict[str, str]) -> str:
    interaction = reason["interaction_id"]
    return f"{titles[interaction]} (finding of this report)" if interaction in titles else reason["text"]


def _write_text(writer: Writer, label: str, text: PlanText | None) -> None:
    """The first paragraph; the address of the source leads on."""
    if text is not None:
        writer.field(label, f"{text['title']}: {text['text'].partition(chr(10) * 2)[0]}")
        writer.field("", f"For patients: {text['patient_text']}" if text["patient_text"] else "")


def _write_supplement(writer: Writer, supplement: SupplementPlan) -> None:
    least, most = supplement["least_mg_per_day"], supplement["most_mg_per_day"]
    amount = least if least == most else f"{least} to {most}"
    doses = supplement["doses_per_day"]
    often = "one dose" if doses == 1 else f"{doses} doses"
    writer.field("Supplement", f"{amount} mg of elemental magnesium a day in {often}", style="bold")
    writer.field("", supplement["basis"])
    for fit, label in ((Fit.FITS, "Fits"), (Fit.WITH_CARE, "With care"), (Fit.UNSUITABLE, "Unsuitable")):
        forms = [form for form in supplement["forms"] if form["fit"] == fit]
        for number, form in enumerate(forms):
            writer.field("" if number else label, _form(form), start="- ")
    times = {tuple(form["times"]) for form in supplement["forms"] if form["fit"] != Fit.UNSUITABLE}
    if len(times) == 1 and (same := times.pop()):
        writer.field("Times", f"{' and '.join(same)}, for every form: they keep every window")


def _form(form: FormOption) -> str:
    if form["fit"] == Fit.UNSUITABLE:
        return f"{form['name']}: {_first(form['reasons'])}"
    parts = [*_amounts(form)]
    if form["fit"] == Fit.WITH_CARE:
        parts.append(_first(form["reasons"]))
    if form["missing_facts"]:
        parts.append(f"ask first: {', '.join(form['missing_facts'])}")
    return f"{form['name']}: {'; '.join(part.removesuffix('.') for part in parts if part)}"


def _amounts(form: FormOption) -> Iterator[str]:
    """Tablets where their number is known; else how much of the salts."""
    for product in form["products"]:
        yield f"{product['units_per_day']} a day of: {product['name']} = {product['elemental_mg_per_day']} mg"
    if not form["products"] and form["salt"]:
        yield " or ".join(f"{one['mg_per_day']} mg {one['name']}" for one in form["salt"])


def _first(reasons: Sequence[PlanReason]) -> str:
    return reasons[0]["text"] if reasons else ""


def _urgency(item: MonitoringItem) -> tuple[int, str]:
    return _WORKLIST.index(MonitoringState(item["state"])), item["due_on"] or ""


def _monitoring(item: MonitoringItem) -> str:
    state = words_of(item["state"])
    when = {
        MonitoringState.OVERDUE: f" since {item['due_on']}",
        MonitoringState.DUE: " now",
        MonitoringState.PLANNED: f" by {item['due_on']}",
    }.get(MonitoringState(item["state"]), "")
    last = f", last on {item['last_on']}" if item["last_on"] else ""
    because = "; ".join(dict.fromkeys(one["title"] for one in item["because"]))
    return f"{words_of(item['test'])}: {state}{when}{last} ({because})"
