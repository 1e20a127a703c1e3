"""Writes what a report says about too little and too much magnesium, in a few lines each."""

from collections.abc import Iterable

from rules.report import CheckReport
from rules.report_plan import DeficiencyRisk, ExcessRisk, KidneyStage, RiskContribution, SerumBand, SymptomReport
from rules.terms import MagnesiumLevel
from service.cli.text_writer import Names, Writer, words_of


def write_risks(writer: Writer, report: CheckReport, names: Names) -> None:
    """Write both risks of a report."""
    _write_deficiency(writer, report["deficiency_risk"])
    _write_excess(writer, report["excess_risk"], names)


def _write_deficiency(writer: Writer, risk: DeficiencyRisk) -> None:
    writer.field("Deficiency", risk["statement"])
    for contribution in risk["contributions"]:
        writer.field("", _contributing(contribution), start="- ")
    factors = [one["name"] for one in risk["personal_factors"]]
    writer.field("", f"Also: {', '.join(factors)}." if factors else "")
    _write_kidneys(writer, risk["kidney_function"])
    diet = risk["dietary_intake"]
    if diet is not None:
        reached = [
            f"{one['mg_per_day']} mg ({one['body']}) {'reached' if one['reached'] else 'not reached'}"
            for one in diet["recommended"]
        ]
        writer.field(
            "",
            f"Food brings {diet['food_mg_per_day']} mg a day, with products {diet['with_products_mg_per_day']} mg"
            f"{'; recommended: ' if reached else ''}{', '.join(reached)}.",
        )
    _write_serum(writer, risk["serum"])
    _write_symptoms(writer, risk["symptoms"])
    if risk["cascade"] is not None:
        writer.field("", risk["cascade"]["text"])
    worsened = ", ".join(one["name"] for one in risk["worsened"])
    writer.field("", f"A lack may worsen: {worsened}." if worsened else "")
    writer.fields("", [f"More dangerous while magnesium is low: {one['title']}." for one in risk["amplified"]])


def _write_excess(writer: Writer, risk: ExcessRisk, names: Names) -> None:
    writer.field("Excess", risk["statement"])
    for contribution in risk["contributions"]:
        writer.field("", _contributing(contribution), start="- ")
    infused = [f"{one}: {names[one]}" for one in risk["parenteral_medication_ids"]]
    writer.fields("", [f"Infused or injected, {one}" for one in infused], start="- ")
    if risk["contributions"]:
        _write_kidneys(writer, risk["kidney_function"])
    # Values and symptoms of low magnesium are the same as above.
    _write_serum(writer, [one for one in risk["serum"] if one["level"] == MagnesiumLevel.HIGH])
    _write_symptoms(writer, [one for one in risk["symptoms"] if one["level"] == MagnesiumLevel.HIGH])
    watch = ", ".join(one[:1].lower() + one[1:] for one in risk["watch_for"])
    writer.field("", f"Watch for: {watch}." if watch else "")


def _contributing(one: RiskContribution) -> str:
    severity = one["severity"]
    ceiling = f", could be {one['severity_ceiling']}" if one["severity_ceiling"] != severity else ""
    days = one["duration_days"]
    since = "" if days is None else f", for {days} days"
    return f"{one['title']} ({severity}{ceiling}{since}; evidence {one['evidence_grade']})"


def _write_kidneys(writer: Writer, kidneys: KidneyStage | None) -> None:
    if kidneys is not None:
        stage = f"stage {kidneys['stage']}" if kidneys["stage"] else "stage not known"
        dialysis = ", on dialysis" if kidneys["dialysis"] else ""
        writer.field("", f"Kidney function: {stage}{dialysis}.")


def _write_serum(writer: Writer, bands: Iterable[SerumBand]) -> None:
    for band in bands:
        taken = f" of {band['taken_on']}" if band["taken_on"] else ""
        old = ", no longer current" if band["stale"] else ""
        value = f"{words_of(band['analyte'])} {band['value_mmol_per_l']} mmol/L{taken}{old}"
        writer.field("", f"{value}: {band['band']}. {band['meaning']}")
        writer.field("", band["advice"])


def _write_symptoms(writer: Writer, symptoms: Iterable[SymptomReport]) -> None:
    for symptom in symptoms:
        writer.field("", f"{symptom['name']}: {symptom['text']}")
