"""Writes a check report for people: what was not recognised first, then one block for each finding, then totals.

It shows what the report says and adds no judgement. What came from outside is written without control characters,
which could otherwise rewrite what stands on the screen.
"""

import textwrap
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

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
from rules.terms import Applicability, CheckStatus, RecognitionState, TimingState

_STYLES = {
    "contraindicated": "bold white on red",
    "major": "bold red",
    "moderate": "bold yellow",
    "minor": "bold cyan",
}
_LABEL_WIDTH = 14
_WIDEST = 110
# Control, format (bidirectional overrides and the like), surrogate and private characters.
_NOT_SHOWN = {"Cc", "Cf", "Cs", "Co"}
Names = Mapping[str, str]


def write_report(console: Console, source: str, profile: MedicationProfile, report: CheckReport) -> None:
    """Write one report to the console."""
    names = {item.id: _shown(item) for item in profile.medications}
    writer = _Writer(console)
    writer.heading(source, _headline(report))
    _write_unrecognised(writer, profile, report, names)
    for finding in report["findings"]:
        _write_finding(writer, finding, names)
    for near_miss in report.get("near_misses", []):
        _write_near_miss(writer, near_miss, names)
    _write_totals(writer, report, names)


def write_resolution(console: Console, text: str, medication: ResolvedMedication) -> None:
    """Write what one text was taken for."""
    writer = _Writer(console)
    state = medication["state"]
    writer.block(clean(text), _words(state), style="bold" if state != RecognitionState.UNRECOGNISED else "bold red")
    match = medication["match"]
    if match is not None:
        writer.field("Matched", f"{match['matched']} ({_words(match['kind'])})")
    writer.field("Substances", ", ".join(f"{one['name']} [{one['id']}]" for one in medication["substances"]))
    writer.field("Route", " or ".join(medication["routes"]))
    writer.fields("Problem", medication["problems"])
    writer.field("Did you mean", _candidates(medication))
    understood = medication["understood"]
    if understood is not None:
        _write_understanding(writer, understood)


def _write_understanding(writer: "_Writer", understood: Understanding) -> None:
    roles: dict[str, list[str]] = {}
    for token in understood["tokens"]:
        roles.setdefault(_words(token["role"]), []).append(token["text"])
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


def clean(text: str) -> str:
    """The text in one line, without characters that a terminal obeys instead of showing."""
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(char) in _NOT_SHOWN else char for char in text)


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


class _Writer:
    """Lines with a label in front, wrapped to the width of the console; addresses are never broken."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._width = max(_LABEL_WIDTH + 30, min(console.width, _WIDEST))

    def line(self, text: Text | str = "") -> None:
        self._console.print(text, soft_wrap=True, markup=False, highlight=False, emoji=False)

    def heading(self, source: str, summary: Text) -> None:
        self.line(Text.assemble((clean(source), "bold"), " \N{EM DASH} ", summary))
        self.line()

    def block(self, mark: str, title: str, *, style: str) -> None:
        self.line(Text.assemble((f" {mark} ", style), " ", (clean(title), "bold")))

    def field(self, label: str, text: str, *, style: str = "", start: str = "") -> None:
        """One entry; further lines stand under the text, behind what ``start`` takes."""
        if not text:
            return
        indent = " " * (_LABEL_WIDTH + 2)
        hanging = " " * len(start)
        lines = textwrap.wrap(
            clean(text),
            self._width - len(indent),
            initial_indent=start,
            subsequent_indent=hanging,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for number, line in enumerate(lines):
            front = f"  {label:<{_LABEL_WIDTH}}" if number == 0 else indent
            self.line(Text.assemble((front, "dim"), (line, style)))

    def fields(self, label: str, texts: Sequence[str], *, style: str = "", start: str = "") -> None:
        for number, text in enumerate(texts):
            self.field(label if number == 0 else "", text, style=style, start=start)


def _headline(report: CheckReport) -> Text:
    counts = {severity: count for severity, count in report["finding_counts"].items() if count}
    total = sum(counts.values())
    headline = Text(f"{total} finding{'' if total == 1 else 's'}")
    for number, (severity, count) in enumerate(counts.items()):
        headline.append(": " if number == 0 else ", ")
        headline.append(f"{count} {severity}", _STYLES[severity])
    if report["status"] == CheckStatus.INCOMPLETE:
        headline.append("; ")
        headline.append("incomplete", "bold red")
    return headline


def _write_unrecognised(writer: _Writer, profile: MedicationProfile, report: CheckReport, names: Names) -> None:
    medications = [line for line in report["medications"] if line["state"] == RecognitionState.UNRECOGNISED]
    troubled = [
        line for line in report["medications"] if line["problems"] and line["state"] != RecognitionState.UNRECOGNISED
    ]
    terms = [*_unrecognised_terms(profile, report)]
    if not (medications or troubled or terms):
        return
    writer.block("NOT CHECKED", "Not recognised or not clear, and so not fully checked", style=_STYLES["major"])
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


def _write_finding(writer: _Writer, finding: Finding, names: Names) -> None:
    severity = finding["severity"]
    writer.block(severity.upper(), finding["title"], style=_STYLES[severity])
    writer.fields("Medications", [f"{one}: {names[one]}" for one in finding["medication_ids"]])
    writer.field("Applies", _applies(finding))
    if finding["severity_ceiling"] != severity:
        writer.field("", f"Depending on what is missing it could be {finding['severity_ceiling']}.", style="bold")
    for factor in finding["open_factors"]:
        writer.field("", f"{factor['severity']} if: {factor['text']} (unknown: {', '.join(factor['missing_facts'])})")
    _write_management(writer, finding)
    writer.field("Effect", finding["effect"])
    writer.field("Onset", f"{_words(finding['onset'])}; {_words(finding['seriousness'])}")
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


def _write_management(writer: _Writer, finding: Finding) -> None:
    management: ManagementReport = finding["management"]
    separation = management["separation"]
    if separation is not None:
        drug = finding["affected"]["name"] if finding["affected"] else "the medicine"
        magnesium = ", ".join(one["name"] for one in finding["precipitants"]) or "magnesium"
        writer.fields("Timing", hours_in_words(separation, drug=drug, magnesium=magnesium), style="bold")
        writer.field("", separation["text"] or "")
        disagreement = separation["disagreement"]
        if disagreement is not None:
            writer.field("", f"Sources disagree ({_words(disagreement['policy'])}): {disagreement['text']}")
            writer.fields("", [position["text"] for position in disagreement["positions"]], start="- ")
    _write_timing(writer, finding["timing"])
    writer.field("Class", _words(finding["operational_class"]))
    writer.field("Management", management["text"])
    writer.fields("Monitoring", management["monitoring"])
    if management["prescriber"] is not None:
        writer.field("Prescriber", f"{management['prescriber']['heading']}: {management['prescriber']['text']}")
    writer.field("For patients", management["patient_text"])


def _write_timing(writer: _Writer, timing: TimingReport | None) -> None:
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


def _write_evidence(writer: _Writer, evidence: EvidenceReport) -> None:
    writer.field("Evidence", f"grade {evidence['grade']}, best source: {_words(evidence['verification'])}")
    _write_citations(writer, evidence["citations"])


def _write_citations(writer: _Writer, citations: Sequence[CitationReference]) -> None:
    for citation in citations:
        supports = f" ({citation['supports']})" if citation["supports"] else ""
        writer.field("", f"{citation['title']}{supports} [{_words(citation['verification'])}]", start="- ")
        writer.field("", citation["address"], start="  ")


def _reason(reason: Reason) -> str:
    missing = reason.get("missing_facts")
    return f"{_words(reason['test'])}: {reason['detail']} [{_words(reason['outcome'])}]" + (
        f", not known: {', '.join(missing)}" if missing else ""
    )


def _write_near_miss(writer: _Writer, near_miss: NearMiss, names: Names) -> None:
    writer.block("not reported", near_miss["title"], style="dim")
    writer.fields("Medications", [f"{one}: {names[one]}" for one in near_miss["medication_ids"]])
    writer.fields("Because", [_reason(reason) for reason in near_miss["failed"]])
    writer.line()


def _write_totals(writer: _Writer, report: CheckReport, names: Names) -> None:
    _write_intake(writer, report, names)
    _write_risk(writer, report)
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


def _write_intake(writer: _Writer, report: CheckReport, names: Names) -> None:
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
    sources = " or ".join(_words(source) for source in contribution["sources"])
    return f"{names[contribution['medication_id']]}, {sources}: {shown} ({contribution['basis']})"


def _write_risk(writer: _Writer, report: CheckReport) -> None:
    risk = report["deficiency_risk"]
    writer.field("Deficiency", risk["statement"])
    for band in risk["serum"]:
        writer.field(
            "", f"{_words(band['analyte'])} {band['value_mmol_per_l']} mmol/L: {band['band']}. {band['meaning']}"
        )
        writer.field("", band["advice"])
    for symptom in risk["symptoms"]:
        writer.field("", f"{symptom['name']}: {symptom['text']}")


def _shown(item: MedicationItem) -> str:
    return item.text or ", ".join(f"{code.system} {code.code}" for code in item.codes)


def _words(value: str) -> str:
    return value.replace("_", " ")
