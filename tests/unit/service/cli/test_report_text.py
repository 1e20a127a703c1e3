"""The report for people says everything that the report says, and nothing of its own."""

import io
import json
from copy import deepcopy

import pytest
from rich.console import Console

from rules.compiled import compile_rule_set
from rules.engine import check
from rules.explanation import explained
from rules.profile import MedicationItem, MedicationProfile
from rules.report import CheckReport, SeparationReport
from rules.terms import Applicability, DisagreementPolicy, FindingOrigin, RecognitionState
from service.cli.report_text import hours_in_words, write_report, write_resolution
from service.cli.text_writer import clean
from tests.integration.small_knowledge import small_rule_set
from tests.releases import Rows

COMPILED = compile_rule_set(small_rule_set())


def profile(*texts: str, **more: object) -> MedicationProfile:
    medications = [{"id": f"m{number}", "text": text} for number, text in enumerate(texts, 1)]
    return MedicationProfile.model_validate_json(json.dumps({"medications": medications, **more}))


def written(
    question: MedicationProfile, report: CheckReport | None = None, *, width: int = 80, colour: bool = False
) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=colour, color_system="standard" if colour else None)
    write_report(console, "list.json", question, report or check(COMPILED, question, explain=True))
    return stream.getvalue()


def flat(text: str) -> str:
    return " ".join(text.split())


def separation(magnesium_first: str | None, drug_first: str | None, *, helps: bool = True) -> SeparationReport:
    return {
        "magnesium_first_hours": magnesium_first,
        "drug_first_hours": drug_first,
        "spacing_helps": helps,
        "text": None,
        "disagreement": None,
    }


@pytest.mark.parametrize(
    ("given", "sentences"),
    [
        (
            separation("6", "2"),
            [
                "The salt first: wait at least 6 hours before ciprofloxacin.",
                "Ciprofloxacin first: wait at least 2 hours before the salt.",
            ],
        ),
        (
            separation("1", None),
            [
                "The salt first: wait at least 1 hour before ciprofloxacin.",
                "Ciprofloxacin first: the sources give no number of hours until the salt.",
            ],
        ),
        (
            separation(None, "0.5"),
            [
                "The salt first: the sources give no number of hours until ciprofloxacin.",
                "Ciprofloxacin first: wait at least 0.5 hours before the salt.",
            ],
        ),
        (
            separation(None, None, helps=False),
            ["No interval between ciprofloxacin and the salt is known to be enough."],
        ),
    ],
)
def test_windows_in_words(given: SeparationReport, sentences: list[str]) -> None:
    assert hours_in_words(given, drug="ciprofloxacin", magnesium="the salt") == sentences


def test_a_finding_shows_all_that_it_holds() -> None:
    text = flat(written(profile("Cipro 500 mg tablet", "magnesium oxide 400 mg tablet")))
    for part in (
        "list.json — 1 finding: 1 major",
        "MAJOR Fluoroquinolone with an oral magnesium product",
        "m1: Cipro 500 mg tablet m2: magnesium oxide 400 mg tablet",
        "Magnesium oxide first: wait at least 6 hours before ciprofloxacin.",
        "Ciprofloxacin first: wait at least 2 hours before magnesium oxide.",
        "Consider giving the antibiotic first.",
        "Whether the infection responds",
        "Please ask your pharmacist",
        "Less of the antibiotic is absorbed.",
        "Magnesium ions bind the antibiotic in the gut.",
        "affected: m1: ciprofloxacin (Fluoroquinolones)",
        "An example of a label (both intervals) [primary text] https://label.example/2026",
        "fluoroquinolones-with-oral-magnesium, last reviewed on 2026-11-01",
        f"digest {COMPILED.digest}",
    ):
        assert part in text
    assert "NOT CHECKED" not in text


def test_what_was_not_recognised_comes_first_with_candidates() -> None:
    question = profile(
        "furosemide",
        "Furosemde 40",
        conditions=[{"text": "flurb"}, {"codes": [{"system": "icd10cm", "code": "X99"}]}],
        symptoms=["wobble"],
    )
    lines = written(question).splitlines()
    assert "incomplete" in lines[0]
    assert lines[2].startswith(" NOT CHECKED ")
    text = flat("\n".join(lines))
    assert "m2 Furosemde 40: no name in the text is known Did you mean: furosemide" in text
    assert "condition flurb: not recognised condition X99: not recognised symptom wobble: not recognised" in text
    assert text.index("NOT CHECKED") < text.index("MODERATE")


def test_a_missing_fact_and_what_it_could_mean() -> None:
    text = flat(written(profile("furosemide")))
    assert "not known: patient.egfr Depending on what is missing it could be major." in text
    assert "major if: Reduced kidney function adds to the loss. (unknown: patient.egfr)" in text


def test_near_misses_say_why_not() -> None:
    question = MedicationProfile.model_validate_json(
        '{"medications": [{"id": "m1", "text": "ciprofloxacin", "route": "intravenous"},'
        ' {"id": "m2", "text": "magnesium oxide tablet"}]}'
    )
    text = flat(written(question))
    assert "0 findings" in text
    assert "not reported Fluoroquinolone with an oral magnesium product" in text
    assert "Because affected:" in text


def test_nothing_found_is_not_called_safe() -> None:
    for question in (profile(), profile("magnesium oxide 400 mg tablet")):
        text = written(question).lower()
        assert "0 findings" in text
        assert "safe" not in text
        assert check(COMPILED, question)["statement"].lower().split(".")[0] in flat(text)


def test_the_parts_that_only_some_reports_have() -> None:
    question = profile("ciprofloxacin tablet", "magnesium oxide tablet", "magnesium oxide 250 mg tablet")
    report = deepcopy(check(COMPILED, question))  # parts of a report are shared with all others
    finding = report["findings"][0]
    finding["applicability"] = Applicability.MAY_APPLY
    finding["affected"] = None
    window = finding["management"]["separation"]
    assert window is not None
    window["text"] = "Counted from the end of the meal."
    window["disagreement"] = {
        "policy": DisagreementPolicy.STRICTEST,
        "text": "Two labels differ.",
        "positions": [
            {"citation_id": "a", "text": "One says four.", "magnesium_first_hours": "4", "drug_first_hours": None}
        ],
    }
    report["medications"][0]["problems"] = ["the strength could not be read"]
    text = flat(written(question, report))
    assert "perhaps" in text
    assert "before the medicine." in text
    assert "Counted from the end of the meal. Sources disagree (strictest): Two labels differ. - One says four." in text
    assert (
        "NOT CHECKED Not recognised or not clear, and so not fully checked m1 ciprofloxacin tablet: the strength"
        in text
    )
    assert "Twice magnesium oxide: m2, m3" in text
    assert "not all sources are known" in text
    assert "magnesium oxide tablet, supplement: unknown amount" in text


def test_codes_stand_in_for_a_text() -> None:
    question = MedicationProfile.model_validate_json(
        '{"medications": [{"id": "m1", "codes": [{"system": "rxnorm", "code": "4603"}]}]}'
    )
    assert "m1: rxnorm 4603" in written(question)


@pytest.mark.parametrize(
    "hostile", ["a\x1b[2Jb", "a\x9bb", "a\rb", "a\nMAJOR  forged", "a\u202eb", "a\u200bb", "[red]b"]
)
def test_nothing_from_outside_drives_the_terminal(hostile: str) -> None:
    text = written(profile(hostile), width=200)
    assert not {"\x1b", "\x9b", "\r", "\u202e", "\u200b"} & set(text)
    assert clean(hostile) in text
    assert "\nMAJOR" not in text
    stream = io.StringIO()
    item = MedicationItem(id="m1", text=hostile)
    write_resolution(Console(file=stream), hostile, explained(COMPILED, item))
    assert clean(hostile) in stream.getvalue()


def test_lines_fit_the_terminal_but_addresses_are_never_broken() -> None:
    question = profile("furosemide")
    report = deepcopy(check(COMPILED, question))  # parts of a report are shared with all others
    address = "https://label.example/" + "a-long/path of one word/".replace(" ", "-") * 5
    report["findings"][0]["evidence"]["citations"][0]["address"] = address
    lines = written(question, report, width=70).splitlines()
    assert any(line.endswith(address) for line in lines)
    assert all(len(line) <= 70 for line in lines if address not in line and COMPILED.digest not in line)
    assert max(len(line) for line in written(question, width=500).splitlines() if COMPILED.digest not in line) <= 110


def test_colour_only_where_it_is_wanted() -> None:
    assert "\x1b[" not in written(profile("furosemide"))
    assert "\x1b[1;33m" in written(profile("furosemide"), colour=True)


def test_a_resolution() -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=80)
    for text in ("Cipro 500 mg", "Furosemde"):
        write_resolution(console, text, explained(COMPILED, MedicationItem(id="1", text=text)))
    out = flat(stream.getvalue())
    assert "Cipro 500 mg recognised Matched Cipro (brand) Substances ciprofloxacin [ciprofloxacin]" in out
    assert "Route oral or intravenous" in out
    assert (
        f"Furosemde {RecognitionState.UNRECOGNISED} Problem no name in the text is known Did you mean furosemide" in out
    )


@pytest.mark.parametrize(("as_of", "outstanding"), [("2028-11-01", False), ("2028-11-02", True), (None, False)])
def test_a_review_that_is_outstanding_shows(as_of: str | None, *, outstanding: bool) -> None:
    text = flat(written(profile("furosemide 40 mg tablet", **({"as_of": as_of} if as_of else {}))))
    assert "last reviewed on 2026-11-01" in text
    assert ("the review due on 2028-11-01 is outstanding" in text) is outstanding


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ("14:00", "The dose times that were given keep these hours."),
        ("05:00", "Too close: m2 at 05:00 and m1 at 08:00 are 3 h apart; 6 h are needed."),
    ],
)
def test_dose_times_show(times: str, words: str) -> None:
    question = {
        "medications": [
            {"id": "m1", "text": "Cipro 500 mg tablet", "times": ["08:00", "20:00"]},
            {"id": "m2", "text": "magnesium oxide 400 mg tablet", "times": [times]},
        ]
    }
    assert words in flat(written(MedicationProfile.model_validate_json(json.dumps(question))))


def test_the_terminology_is_named_where_there_is_one() -> None:
    question = profile("magnesium oxide")
    assert "Terminology" not in written(question, check(COMPILED, question))
    terminology = Rows().terminology()
    shown = flat(written(question, check(COMPILED.with_terminology(terminology), question), width=200))
    assert f"Terminology RxNorm test, digest {terminology.digest}" in shown


def test_what_a_proposal_brings_stands_apart() -> None:
    question = profile("furosemide 40 mg tablet", "ciprofloxacin 500 mg tablet")
    proposed = {"id": "m3", "text": "magnesium oxide 400 mg tablet", "status": "proposed"}
    asked = json.loads(question.model_dump_json(exclude_defaults=True))
    asked["medications"].append(proposed)
    question = MedicationProfile.model_validate_json(json.dumps(asked))
    text = written(question)
    brought, _, standing = text.partition("== Between current medicines ==")
    assert "== What the proposal brings ==" in brought
    assert "Fluoroquinolone with an oral magnesium product" in brought
    assert "MODERATE" in standing
    report = deepcopy(check(COMPILED, question))
    report["findings"][0]["origin"] = FindingOrigin.CHANGED
    assert "The finding was there before; the proposal changes it." in flat(written(question, report))
    alone = {"medications": [proposed]}
    nothing = written(MedicationProfile.model_validate_json(json.dumps(alone)))
    assert nothing.count("No finding.") == 2


def test_what_is_settled_and_what_no_longer_is() -> None:
    question = profile("ciprofloxacin 500 mg tablet", "magnesium oxide 400 mg tablet")
    [finding] = check(COMPILED, question)["findings"]
    settled = {"finding_key": finding["key"], "context_digest": finding["context_digest"], "reason": "Kept apart."}
    until = {"as_of": "2026-11-22", "acknowledgements": [{**settled, "until": "2026-12-01"}]}
    text = written(profile("ciprofloxacin 500 mg tablet", "magnesium oxide 400 mg tablet", **until))
    assert text.startswith("list.json — 0 findings\n")
    shown = flat(text)
    assert "settled Fluoroquinolone with an oral magnesium product Severity major Medications m1:" in shown
    assert "Settled Kept apart. (until 2026-12-01)" in shown
    assert "NOT SETTLED" not in text
    wrong = {"acknowledgements": [{**settled, "context_digest": "0" * 32}, {**settled, "finding_key": "0" * 16}]}
    shown = flat(written(profile("ciprofloxacin 500 mg tablet", "magnesium oxide 400 mg tablet", **wrong)))
    assert "NOT SETTLED Acknowledgements that do not count changed 1." in shown
    assert "not found 2." in shown
    report = deepcopy(check(COMPILED, profile("furosemide")))
    [open_one] = report["findings"]
    report["settled"] = [{**open_one, "reason": "Known.", "until": None}]  # type: ignore[typeddict-unknown-key]
    assert "Severity moderate, could be major" in flat(written(profile("furosemide"), report))


def test_magnesium_products_stand_together() -> None:
    text = flat(written(profile("magnesium oxide 400 mg tablet", "magnesium oxide 250 mg tablet")))
    assert "Together " in text
    assert "- m1: magnesium oxide 400 mg tablet - m2: magnesium oxide 250 mg tablet" in text


def test_both_risks_in_a_few_lines() -> None:
    question = profile("furosemide 40 mg tablet", as_of="2026-11-22")
    report = deepcopy(check(COMPILED, question))
    low, high = report["deficiency_risk"], report["excess_risk"]
    contribution = {**low["contributions"][0], "duration_days": 40}
    band = {
        "analyte": "serum_magnesium",
        "value_mmol_per_l": "1.3",
        "taken_on": "2026-01-01",
        "days_old": 325,
        "stale": True,
        "band": "high",
        "level": "high",
        "meaning": "Above the range.",
        "advice": "Measure again.",
        "citations": [],
    }
    person = {"condition_id": "x", "name": "Alcoholism", "text": "", "citations": []}
    symptom = {
        "id": "s",
        "name": "Weak reflexes",
        "level": "high",
        "stage": "severe",
        "text": "May fit.",
        "citations": [],
    }
    diet = {
        "food_mg_per_day": "200",
        "with_products_mg_per_day": "300",
        "recommended": [{"id": "r", "body": "EFSA", "mg_per_day": "350", "reached": False, "citations": []}],
    }
    low.update(  # type: ignore[call-arg]
        contributions=[contribution],
        personal_factors=[person],
        worsened=[person],
        amplified=[contribution],
        dietary_intake=diet,
        cascade={"analytes": [], "magnesium_is_low": None, "text": "Magnesium first.", "citations": []},
        kidney_function={"stage": None, "dialysis": True},
    )
    high.update(  # type: ignore[call-arg]
        contributions=[contribution],
        parenteral_medication_ids=["m1"],
        kidney_function={"stage": "G4", "dialysis": None},
        serum=[band],
        symptoms=[symptom],
        watch_for=["Drowsiness", "Flushing"],
    )
    shown = flat(written(question, report))
    title = contribution["title"]
    for part in (
        f"Deficiency {low['statement']} - {title} (moderate, could be major, for 40 days; evidence",
        "Also: Alcoholism. Kidney function: stage not known, on dialysis.",
        "Food brings 200 mg a day, with products 300 mg; recommended: 350 mg (EFSA) not reached.",
        f"Magnesium first. A lack may worsen: Alcoholism. More dangerous while magnesium is low: {title}.",
        f"Excess {high['statement']} - {title}",
        "- Infused or injected, m1: furosemide 40 mg tablet Kidney function: stage G4.",
        "serum magnesium 1.3 mmol/L of 2026-01-01, no longer current: high. Above the range. Measure again.",
        "Weak reflexes: May fit. Watch for: drowsiness, flushing.",
    ):
        assert part in shown


def test_timetable_and_plan_are_part_of_the_report() -> None:
    text = written(profile("furosemide 40 mg tablet", timetable=True, plan=True))
    assert " TIMETABLE " in text
    assert " PLAN " in text
    assert "TIMETABLE" not in written(profile("furosemide 40 mg tablet"))
