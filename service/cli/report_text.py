"""Writes a check report for people: what was not recognised first, then findings, timetable, plan, and totals.

It shows what the report says and adds no judgement. What came from outside is written without control characters,
which could otherwise rewrite what stands on the screen.
"""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.text import Text

from rules.profile import MedicationItem, MedicationProfile
from rules.report import (
    CheckedMedication,
    CheckedTerm,
    CheckReport,
    Finding,
    IntakeContribution,
    IntakeLimitReport,
    ManagementReport,
    NearMiss,
    Reason,
    ResolvedMedication,
    SeparationReport,
    Understanding,
)
from rules.report_basics import CitationReference, EvidenceReport
from rules.report_plan import TimingReport
from rules.terms import AcknowledgementState, Applicability, CheckStatus, FindingOrigin, RecognitionState, TimingState
from service.cli.plan_text import write_plan
from service.cli.risk_text import write_risks
from service.cli.text_writer import STYLES, Names, Writer, clean, words_of
from service.cli.timetable_text import write_timetable


def write_report(console: Console, source: str, profile: MedicationProfile, report: CheckReport) -> None:
    """Write one report to the console."""
    names = {item.id: _shown(item) for item in profile.medications}
    writer = Writer(console)
    writer.heading(source, _headline(report))
    _write_unrecognised(writer, profile, report, names)
    _write_findings(writer, report, names)
    _write_settled(writer, report, names)
    if "timetable" in report:
        write_timetable(writer, profile, report, names)
    if "plan" in report:
        write_plan(writer, report["plan"], report)
    for near_miss in report.get("near_misses", []):
        _write_near_miss(writer, near_miss, names)
    _write_totals(writer, report, names)


def write_resolution(console: Console, text: str, medication: ResolvedMedication) -> None:
    """Write what one text was taken for."""
    writer = Writer(console)
    state = medication["state"]
    writer.block(clean(text), words_of(state), style="bold" if state != RecognitionState.UNRECOGNISED else "bold red")
    match = medication["match"]
    if match is not None:
        writer.field("Matched", f"{match['matched']} ({words_of(match['kind'])})")
    writer.field("Substances", ", ".join(f"{one['name']} [{one['id']}]" for one in medication["substances"]))
    writer.field("Route", " or ".join(medication["routes"]))
    writer.fields("Problem", medication["problems"])
    writer.field("Did you mean", _candidates(medication))
    understood = medication["understood"]
    if understood is not None:
        _write_understanding(writer, understood)


def _write_understanding(writer: Writer, understood: Understanding) -> None:
    roles: dict[str, list[str]] = {}
    for token in understood["tokens"]:
        roles.setdefault(words_of(token["role"]), []).append(token["text"])
    writer.fields("Read as", [f"{role}: {' '.join(texts)}" for role, texts in roles.items()])
    for number, strength in enumerate(understood["strengths"]):
        per = f" in {strength['per']}" if strength["per"] else ""
        of = f" of {strength['substance_id']}" if strength["substance_id"] else ", of what is not clear"
        element = ", counting the magnesium" if strength["elemental"] else ""
        writer.field("" if number else "Strength", f"{strength['value']} {strength['unit']}{per}{of}{element}")
    dose = understood["dose"]
    if dose is not None:
        writer.field(
            "Dose", f"{dose['value']} {dose['unit']} {'over the day' if dose['per'] == 'day' else 'each time'}"
        )
    times = understood["times_per_day"]
    often = "" if times is None else f"{times} a day"
    writer.field("How often", f"{often} when needed".strip() if understood["as_needed"] else often)
    writer.fields("A day", [f"{one['mg_per_day']} mg of {one['substance_id']}" for one in understood["daily_doses"]])


def hours_in_words(separation: SeparationReport, *, drug: str, magnesium: str) -> list[str]:
    """The two windows as sentences; each says so when its source gives no number."""
    if not separation["spacing_helps"]:
        return [f"No interval between {drug} and {magnesium} is known to be enough."]
    return [
        _window(magnesium, separation["magnesium_first_hours"], drug),
        _window(drug, separation["drug_first_hours"], magnesium),
    ]


def _window(first: str, hours: str | None, second: str) -> str:
    start = f"{first[:1].upper()}{first[1:]} first:"
    if hours is None:
        return f"{start} the sources give no number of hours until {second}."
    return f"{start} wait at least {hours} hour{'' if hours == '1' else 's'} before {second}."


def _headline(report: CheckReport) -> Text:
    counts = {severity: count for severity, count in report["finding_counts"].items() if count}
    total = sum(counts.values())
    headline = Text(f"{total} finding{'' if total == 1 else 's'}")
    for number, (severity, count) in enumerate(counts.items()):
        headline.append(": " if number == 0 else ", ")
        headline.append(f"{count} {severity}", STYLES[severity])
    if report["status"] == CheckStatus.INCOMPLETE:
        headline.append("; ")
        headline.append("incomplete", "bold red")
    return headline


def _write_unrecognised(writer: Writer, profile: MedicationProfile, report: CheckReport, names: Names) -> None:
    medications = [line for line in report["medications"] if line["state"] == RecognitionState.UNRECOGNISED]
    troubled = [
        line for line in report["medications"] if line["problems"] and line["state"] != RecognitionState.UNRECOGNISED
    ]
    terms = [*_unrecognised_terms(profile, report)]
    if not (medications or troubled or terms):
        return
    writer.block("NOT CHECKED", "Not recognised or not clear, and so not fully checked", style=STYLES["major"])
    for line in [*medications, *troubled]:
        writer.field(line["id"], f"{names[line['id']]}: {'; '.join(line['problems']) or 'not recognised'}")
        writer.field("", f"Did you mean: {_candidates(line)}" if line["candidates"] else "")
    for label, text in terms:
        writer.field(label, f"{text}: not recognised")
    writer.line()


def _unrecognised_terms(profile: MedicationProfile, report: CheckReport) -> Iterator[tuple[str, str]]:
    def unknown(terms: list[CheckedTerm]) -> list[int]:
        return [term["position"] for term in terms if term["state"] == RecognitionState.UNRECOGNISED]

    conditions = profile.conditions or ()
    for position in unknown(report["conditions"]):
        item = conditions[position]
        yield "condition", item.text or " ".join(code.code for code in item.codes)
    for position in unknown(report["symptoms"]):
        yield "symptom", profile.symptoms[position]


def _candidates(medication: CheckedMedication | ResolvedMedication) -> str:
    return ", ".join(f"{one['name']} ({one['score']}, {one['reason']})" for one in medication["candidates"])


def _write_findings(writer: Writer, report: CheckReport, names: Names) -> None:
    """All findings; what a proposal brings or changes stands apart from what was there before."""
    proposal = report["proposal"]
    if proposal is None:
        groups: list[tuple[str, Iterable[Finding]]] = [("", report["findings"])]
    else:
        standing = set(proposal["standing"])
        brought = [one for one in report["findings"] if one["key"] not in standing]
        rest = [one for one in report["findings"] if one["key"] in standing]
        groups = [("What the proposal brings", brought), ("Between current medicines", rest)]
    for title, findings in groups:
        if title:
            writer.section(title)
            if not findings:
                writer.line("  No finding.")
                writer.line()
        for finding in findings:
            _write_finding(writer, finding, names)


def _write_settled(writer: Writer, report: CheckReport, names: Names) -> None:
    """Findings somebody has dealt with, and acknowledgements that do not count or no longer do."""
    for settled in report["settled"]:
        writer.block("settled", settled["title"], style="dim")
        could_be = settled["severity_ceiling"] != settled["severity"]
        ceiling = f", could be {settled['severity_ceiling']}" if could_be else ""
        until = f" (until {settled['until']})" if settled["until"] else ""
        writer.field("Severity", f"{settled['severity']}{ceiling}")
        writer.fields("Medications", [f"{one}: {names[one]}" for one in settled["medication_ids"]])
        writer.field("Settled", f"{settled['reason']}{until}")
        writer.line()
    open_ones = [one for one in report["acknowledgements"] if one["state"] != AcknowledgementState.SETTLED]
    if open_ones:
        writer.block("NOT SETTLED", "Acknowledgements that do not count", style=STYLES["moderate"])
        for one in open_ones:
            writer.field(words_of(one["state"]), f"{one['position'] + 1}. {one['text']}")
        writer.line()


def _write_finding(writer: Writer, finding: Finding, names: Names) -> None:
    severity = finding["severity"]
    writer.block(severity.upper(), finding["title"], style=STYLES[severity])
    writer.fields("Medications", [f"{one}: {names[one]}" for one in finding["medication_ids"]])
    changed = finding["origin"] == FindingOrigin.CHANGED
    writer.field("Proposal", "The finding was there before; the proposal changes it." if changed else "")
    writer.field("Applies", _applies(finding))
    if finding["severity_ceiling"] != severity:
        writer.field("", f"Depending on what is missing it could be {finding['severity_ceiling']}.", style="bold")
    for factor in finding["open_factors"]:
        writer.field("", f"{factor['severity']} if: {factor['text']} (unknown: {', '.join(factor['missing_facts'])})")
    _write_management(writer, finding)
    writer.field("Effect", finding["effect"])
    writer.field("Onset", f"{words_of(finding['onset'])}; {words_of(finding['seriousness'])}")
    writer.field("Mechanism", finding["mechanism"])
    writer.fields("Why", [_reason(reason) for reason in finding["why"]])
    _write_evidence(writer, finding["evidence"])
    writer.field("Rule", f"{finding['interaction_id']}, {_review(finding)}", style="dim")
    writer.line()


def _review(finding: Finding) -> str:
    text = f"last reviewed on {finding['last_reviewed_on']}"
    due = finding["review_due_on"]
    return f"{text}; the review due on {due} is outstanding" if finding["review_overdue"] else text


def _applies(finding: Finding) -> str:
    text = "yes" if finding["applicability"] == Applicability.APPLIES else "perhaps"
    if finding["missing_facts"]:
        text += f"; not known: {', '.join(finding['missing_facts'])}"
    return text


def _write_management(writer: Writer, finding: Finding) -> None:
    management: ManagementReport = finding["management"]
    separation = management["separation"]
    if separation is not None:
        drug = finding["affected"]["name"] if finding["affected"] else "the medicine"
        magnesium = ", ".join(one["name"] for one in finding["precipitants"]) or "magnesium"
        writer.fields("Timing", hours_in_words(separation, drug=drug, magnesium=magnesium), style="bold")
        writer.field("", separation["text"] or "")
        disagreement = separation["disagreement"]
        if disagreement is not None:
            writer.field("", f"Sources disagree ({words_of(disagreement['policy'])}): {disagreement['text']}")
            writer.fields("", [position["text"] for position in disagreement["positions"]], start="- ")
    _write_timing(writer, finding["timing"])
    writer.field("Class", words_of(finding["operational_class"]))
    writer.field("Management", management["text"])
    writer.fields("Monitoring", management["monitoring"])
    if management["prescriber"] is not None:
        writer.field("Prescriber", f"{management['prescriber']['heading']}: {management['prescriber']['text']}")
    writer.field("For patients", management["patient_text"])


def _write_timing(writer: Writer, timing: TimingReport | None) -> None:
    """What the dose times say; the proof of a window that is kept stands among the reasons."""
    if timing is None:
        return
    if timing["state"] != TimingState.BROKEN:
        kept = timing["state"] == TimingState.KEPT
        writer.field("", "The dose times that were given keep these hours." if kept else "The dose times do not tell.")
        return
    for gap in timing["gaps"]:
        writer.field(
            "",
            f"Too close: {gap['first_medication_id']} at {gap['first_time']} and {gap['then_medication_id']} at "
            f"{gap['then_time']} are {gap['gap_hours']} h apart; {gap['needed_hours']} h are needed.",
            style="red",
        )


def _write_evidence(writer: Writer, evidence: EvidenceReport) -> None:
    writer.field("Evidence", f"grade {evidence['grade']}, best source: {words_of(evidence['verification'])}")
    _write_citations(writer, evidence["citations"])


def _write_citations(writer: Writer, citations: Sequence[CitationReference]) -> None:
    for citation in citations:
        supports = f" ({citation['supports']})" if citation["supports"] else ""
        writer.field("", f"{citation['title']}{supports} [{words_of(citation['verification'])}]", start="- ")
        writer.field("", citation["address"], start="  ")


def _reason(reason: Reason) -> str:
    missing = reason.get("missing_facts")
    return f"{words_of(reason['test'])}: {reason['detail']} [{words_of(reason['outcome'])}]" + (
        f", not known: {', '.join(missing)}" if missing else ""
    )


def _write_near_miss(writer: Writer, near_miss: NearMiss, names: Names) -> None:
    writer.block("not reported", near_miss["title"], style="dim")
    writer.fields("Medications", [f"{one}: {names[one]}" for one in near_miss["medication_ids"]])
    writer.fields("Because", [_reason(reason) for reason in near_miss["failed"]])
    writer.line()


def _write_totals(writer: Writer, report: CheckReport, names: Names) -> None:
    _write_intake(writer, report, names)
    _write_products(writer, report, names)
    write_risks(writer, report, names)
    for duplicate in report["duplicates"]:
        writer.field("Twice", f"{duplicate['substance']['name']}: {', '.join(duplicate['medication_ids'])}")
    writer.field("Missing facts", ", ".join(report["missing_facts"]))
    writer.field("In short", report["statement"], style="bold")
    writer.field("As of", report["as_of"] or "")
    rule_set = report["rule_set"]
    number = str(rule_set["version"]) if rule_set["version"] else "not published"
    writer.field("Rule set", f"{number}, digest {rule_set['digest']}", style="dim")
    if (terminology := report["terminology"]) is not None:
        writer.field("Terminology", f"{terminology['version']}, digest {terminology['digest']}", style="dim")
    writer.line()


def _write_intake(writer: Writer, report: CheckReport, names: Names) -> None:
    intake = report["magnesium_intake"]
    if not (intake["contributions"] or intake["as_needed"] or intake["not_counted"]):
        return
    total = intake["elemental_mg_per_day"]
    known = f"at least {intake['elemental_mg_per_day_minimum']} mg a day, not all sources are known"
    regular = f"{total} mg a day of the element in regular use by mouth"
    writer.field("Magnesium", regular if total is not None else known)
    writer.fields("", [_contribution(one, names) for one in intake["contributions"]], start="- ")
    if intake["as_needed"]:
        most = intake["as_needed_mg_per_day_maximum"]
        writer.field("If needed", f"at most {most} mg a day more" if most is not None else "how much more is not known")
        writer.fields("", [_contribution(one, names) for one in intake["as_needed"]], start="- ")
    for other in intake["not_counted"]:
        writer.field("Not counted", f"{names[other['medication_id']]}: {other['basis']}")
    for number, limit in enumerate(intake["limits"]):
        writer.field("Limits" if number == 0 else "", _limit(limit))
        writer.fields("", [citation["address"] for citation in limit["citations"]], start="  ")
    for number, kidney in enumerate(intake["kidney_function"]):
        about = f"{kidney['severity']}, at most {kidney['severity_ceiling']}: {kidney['text']}"
        writer.field("Kidneys" if number == 0 else "", about)
        writer.fields("", [citation["address"] for citation in kidney["citations"]], start="  ")


def _limit(limit: IntakeLimitReport) -> str:
    words = {True: "exceeded", False: "not exceeded", None: "cannot be decided"}
    text = f"{limit['name']} ({limit['body']}), {limit['mg_per_day']} mg a day: {words[limit['exceeded']]}"
    with_all = limit["exceeded_with_as_needed"]
    return text if with_all == limit["exceeded"] else f"{text}; with what is taken if needed: {words[with_all]}"


def _contribution(contribution: IntakeContribution, names: Names) -> str:
    amount = contribution["elemental_mg_per_day"]
    most = contribution["elemental_mg_per_day_maximum"]
    at_most = f"at most {most} mg a day" if most is not None else "unknown amount"
    shown = f"{amount} mg a day" if amount is not None else at_most
    sources = " or ".join(words_of(source) for source in contribution["sources"])
    return f"{names[contribution['medication_id']]}, {sources}: {shown} ({contribution['basis']})"


def _write_products(writer: Writer, report: CheckReport, names: Names) -> None:
    products = report["magnesium_products"]
    if products is not None:
        writer.field("Together", products["statement"])
        writer.fields("", [f"{one}: {names[one]}" for one in products["medication_ids"]], start="- ")


def _shown(item: MedicationItem) -> str:
    return item.text or ", ".join(f"{code.system} {code.code}" for code in item.codes)
