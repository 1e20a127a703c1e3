"""Writes the answer of a check as Parameters of FHIR R4, and what was noted while reading as an OperationOutcome.

It holds the findings of the report, every one, and what the report says of the rest. That nothing was found is never
called safe, and what could not be read makes the answer incomplete.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from rules.report import CheckedMedication, CheckReport, IntakeContribution
from rules.report_plan import Timetable
from service.fhir.issues import NAMES, Answered, Json, detected_issue, duplicate_issues
from service.fhir.notes import Note, NoteCode, NoteSeverity
from service.fhir.reading import Reading

MAXIMUM_NOTES: Final = 500
_INCOMPLETE: Final = "incomplete"
_NOT_READ: Final = "Incomplete: part of what was sent could not be read and was not checked; see `outcome`. "
# FHIR's words for kinds of issues (http://hl7.org/fhir/issue-type).
_ISSUE_TYPES: Final[dict[NoteCode, str]] = {
    NoteCode.NOT_A_RESOURCE: "structure",
    NoteCode.FETCH_FAILED: "incomplete",
    NoteCode.MORE_PAGES: "incomplete",
    NoteCode.WITHHELD: "suppressed",
    NoteCode.GIVEN_TWICE: "duplicate",
    NoteCode.NOT_FOUND: "not-found",
    NoteCode.NOT_READ_HERE: "not-supported",
    NoteCode.TOO_MANY: "too-costly",
    NoteCode.UNNAMED: "required",
    NoteCode.NO_UNIT: "required",
    NoteCode.UNIT_UNKNOWN: "code-invalid",
}
_NOTE: Final = f"{NAMES}note"
_RULE: Final = "business-rule"
_INFORMATIONAL: Final = "informational"


def answer_parameters(
    report: CheckReport, reading: Reading, *, check_id: str, degraded: Mapping[str, Any] | None, base: str = ""
) -> Json:
    """The whole answer. ``base`` is the address at which this service is reached, for links to rules."""
    answered = Answered(report, reading)
    whole = reading.whole
    statement = report["statement"] if whole or report["status"] == _INCOMPLETE else _NOT_READ + report["statement"]
    parameters = [
        _named("status", "Code", report["status"] if whole else _INCOMPLETE),
        _named("statement", "String", statement),
        _named("checkId", "String", check_id),
        _parts("ruleSet", _rule_set(report["rule_set"])),
        _parts("terminology", _terminology(report)),
        _named("asOf", "Date", report["as_of"]),
        _named("highestSeverity", "Code", report["highest_severity"]),
        _parts("degraded", _degraded(degraded)),
        *(_resource("finding", detected_issue(one, answered, base=base)) for one in report["findings"]),
        *(_resource("duplicate", issue) for issue in duplicate_issues(answered)),
        *(_parts("medication", _medication(one, answered)) for one in report["medications"]),
        *(_named("missingFact", "String", fact) for fact in report["missing_facts"]),
        _parts("magnesiumIntake", _intake(answered)),
        *(_parts("nearMiss", _near_miss(one, answered)) for one in report.get("near_misses", [])),
        _parts("timetable", _timetable(report.get("timetable"), answered)),
    ]
    outcome = notes_outcome(reading.notes)
    if outcome is not None:
        parameters.append(_resource("outcome", outcome))
    return {"resourceType": "Parameters", "parameter": [one for one in parameters if one is not None]}


def notes_outcome(notes: Sequence[Note]) -> Json | None:
    """What was noted while reading, the gravest first; None where nothing was."""
    if not notes:
        return None
    ranks = list(NoteSeverity)
    ordered = sorted(notes, key=lambda note: ranks.index(note.severity))
    issues = [_issue(note) for note in ordered[:MAXIMUM_NOTES]]
    if len(ordered) > MAXIMUM_NOTES:
        text = f"{len(ordered) - MAXIMUM_NOTES} more remarks, none graver than the last one here, were left out."
        issues.append({"severity": "warning", "code": _INFORMATIONAL, "diagnostics": text})
    return {"resourceType": "OperationOutcome", "issue": issues}


def _issue(note: Note) -> Json:
    fallback = _INFORMATIONAL if note.severity is NoteSeverity.INFORMATION else _RULE
    place = f"{note.pointer}: " if note.pointer else ""
    return {
        "severity": note.severity.value,
        "code": _ISSUE_TYPES.get(note.code, fallback),
        "details": {"coding": [{"system": _NOTE, "code": note.code.value}], "text": note.text},
        "diagnostics": f"{place}{note.text}",
    }


# --- parameters -------------------------------------------------------------------------------------------------------


def _named(name: str, kind: str, value: object) -> Json | None:
    """A parameter with a value; none where there is nothing to say."""
    return None if value is None or value == "" else {"name": name, f"value{kind}": value}


def _resource(name: str, resource: Json) -> Json:
    return {"name": name, "resource": resource}


def _parts(name: str, parts: Iterable[Json | None]) -> Json | None:
    there = [part for part in parts if part is not None]
    return {"name": name, "part": there} if there else None


def _reference(name: str, line: str, answered: Answered) -> Json:
    return {"name": name, "valueReference": answered.line(line)}


def _rule_set(reference: Mapping[str, Any]) -> list[Json | None]:
    return [_named("version", "Integer", reference["version"]), _named("digest", "String", reference["digest"])]


def _terminology(report: CheckReport) -> list[Json | None]:
    used = report["terminology"]
    if used is None:
        return []
    return [_named("version", "String", used["version"]), _named("digest", "String", used["digest"])]


def _degraded(degraded: Mapping[str, Any] | None) -> list[Json | None]:
    """That the answer may not come from the rule set that should answer."""
    if degraded is None:
        return []
    seconds = degraded["store_seen_seconds_ago"]
    return [
        _named("source", "Code", f"{degraded['source']}"),
        _named("storeSeenSecondsAgo", "Decimal", seconds),
        *(_named("reason", "String", reason) for reason in degraded["reasons"]),
    ]


def _medication(checked: CheckedMedication, answered: Answered) -> list[Json | None]:
    """What became of one line of the list; every line stands in the answer."""
    line = checked["id"]
    source = answered.reading.sources.get(line)
    also = () if source is None else source.also
    return [
        _named("id", "String", line),
        _reference("reference", line, answered),
        _named("state", "Code", f"{checked['state']}"),
        *(_named("substance", "String", substance["name"]) for substance in checked["substances"]),
        *(_named("problem", "String", problem) for problem in checked["problems"]),
        *(_named("candidate", "String", candidate["name"]) for candidate in checked["candidates"]),
        *({"name": "also", "valueReference": {"reference": reference}} for reference in also),
    ]


def _intake(answered: Answered) -> list[Json | None]:
    """Elemental magnesium a day by mouth."""
    intake = answered.report["magnesium_intake"]
    counted = [_contribution("contribution", one, answered) for one in intake["contributions"]]
    needed = [_contribution("asNeeded", one, answered) for one in intake["as_needed"]]
    if not counted and not needed:
        return []
    limits = [
        _parts(
            "limit",
            [
                _named("name", "String", limit["name"]),
                _milligrams("amount", limit["mg_per_day"]),
                _named("exceeded", "Boolean", limit["exceeded"]),
            ],
        )
        for limit in intake["limits"]
    ]
    return [_milligrams("perDay", intake["elemental_mg_per_day"]), *counted, *needed, *limits]


def _contribution(name: str, one: IntakeContribution, answered: Answered) -> Json | None:
    return _parts(
        name,
        [
            _reference("medication", one["medication_id"], answered),
            _milligrams("perDay", one["elemental_mg_per_day"]),
            _named("basis", "String", one["basis"]),
        ],
    )


def _milligrams(name: str, amount: str | None) -> Json | None:
    if amount is None:
        return None
    value = float(amount)
    number = int(value) if value.is_integer() else value
    quantity = {"value": number, "unit": "mg/d", "system": "http://unitsofmeasure.org", "code": "mg/d"}
    return {"name": name, "valueQuantity": quantity}


def _near_miss(one: Mapping[str, Any], answered: Answered) -> list[Json | None]:
    return [
        _named("interaction", "String", one["interaction_id"]),
        _named("title", "String", one["title"]),
        *(_reference("medication", line, answered) for line in one["medication_ids"]),
        *(_named("failed", "String", reason["detail"]) for reason in one["failed"]),
    ]


def _timetable(timetable: Timetable | None, answered: Answered) -> list[Json | None]:
    """A day plan."""
    if timetable is None:
        return []
    doses = [
        _parts(
            "dose",
            [
                _named("time", "Time", f"{dose['time']}:00"),
                _reference("medication", dose["medication_id"], answered),
                _named("move", "Code", f"{dose['move']}"),
            ],
        )
        for dose in timetable["doses"]
    ]
    left_out = [
        _parts(
            "notPlanned",
            [
                _reference("medication", one["medication_id"], answered),
                _named("reason", "String", one["reason"]),
            ],
        )
        for one in timetable["not_planned"]
    ]
    return [
        _named("state", "Code", f"{timetable['state']}"),
        _named("statement", "String", timetable["statement"]),
        *doses,
        *left_out,
        *(_named("assumption", "String", text) for text in timetable["assumptions"]),
    ]
