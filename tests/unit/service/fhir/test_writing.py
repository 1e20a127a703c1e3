"""What is written: every finding, every line, every doubt, and nothing empty."""

from __future__ import annotations

from typing import Any

import pytest

from rules.engine import check
from rules.profile import MedicationProfile
from rules.report import CheckReport
from rules.terms import Direction, ManagementAction, Severity
from service.fhir import issues
from service.fhir.conformance import capability_statement, operation_definition
from service.fhir.issues import FINDING, INTERACTION, ISSUES, MITIGATIONS, NAMES, Answered, detected_issue, issue_codes
from service.fhir.reading import Reading
from service.fhir.writing import MAXIMUM_NOTES, answer_parameters, notes_outcome
from tests.contract.examples import compiled_baseline
from tests.unit.service.fhir.resources import (
    TODAY,
    bundle,
    concept,
    condition,
    dosage,
    observation,
    reading,
    request,
    statement,
)

Json = dict[str, Any]


def answered(*sent: object, explain: bool = False, **more: Any) -> tuple[CheckReport, Reading, Json]:  # noqa: ANN401
    found = reading(*sent)
    report = check(compiled_baseline(), found.profile(as_of=TODAY, **more), explain=explain)
    written = answer_parameters(report, found, check_id="c-1", degraded=None, base="https://magcheck.test")
    return report, found, written


def values(written: Json, name: str) -> list[Any]:
    """The values, parts or resources under a name."""
    return [
        next(value for key, value in one.items() if key != "name")
        for one in written["parameter"]
        if one["name"] == name
    ]


def a_full_question() -> list[object]:
    mornings = dosage(timing={"repeat": {"timeOfDay": ["08:00:00"]}})
    return [
        bundle(
            {"resourceType": "Patient", "id": "p", "birthDate": "1955-03-04", "gender": "female"},
            request("ciprofloxacin 500 mg tablet", id="cipro", **mornings),
            request("digoxin 0.125 mg tablet", id="dig"),
            request("furosemide 40 mg tablet", id="furo"),
            statement("magnesium oxide 400 mg tablet", **mornings),
            statement("magnesium citrate 100 mg tablet", id="citrate"),
            request("a medicine nobody knows", id="what"),
            observation("2601-3", 0.6, "mmol/L", id="mg"),
            observation("98979-8", 28, "mL/min/1.73m2", id="egfr"),
            condition(None, id="ckd", code=concept(("http://hl7.org/fhir/sid/icd-10-cm", "N18.4"))),
        )
    ]


def test_every_finding_and_every_line_is_there() -> None:
    report, found, written = answered(*a_full_question())
    assert len(report["findings"]) >= 5
    keys = [issue["identifier"][0] for issue in values(written, "finding")]
    assert keys == [{"system": FINDING, "value": finding["key"]} for finding in report["findings"]]
    lines = [{part["name"]: part for part in parts} for parts in values(written, "medication")]
    assert {line["id"]["valueString"]: line["state"]["valueCode"] for line in lines} == {
        one["id"]: one["state"] for one in report["medications"]
    }
    assert set(found.sources) == {line["id"]["valueString"] for line in lines}
    assert values(written, "status") == ["incomplete"]
    assert values(written, "ruleSet")[0][1]["valueString"] == compiled_baseline().digest
    assert values(written, "checkId") == ["c-1"]
    assert values(written, "asOf") == ["2026-11-22"]


def issue_of(interaction: str, *sent: object) -> Json:
    found: list[Json] = [
        issue
        for issue in values(answered(*sent)[2], "finding")
        if {"system": INTERACTION, "value": interaction} in issue["identifier"]
    ]
    assert len(found) == 1
    return found[0]


def test_a_finding_points_back_at_what_it_is_about() -> None:
    issue = issue_of("fluoroquinolones-with-oral-magnesium", *a_full_question())
    assert issue["status"] == "final"
    assert issue["severity"] == "high"
    assert issue["patient"] == {"reference": "Patient/p"}
    assert issue["implicated"][0] == {"reference": "MedicationRequest/cipro", "display": "ciprofloxacin"}
    assert issue["implicated"][-1]["identifier"]["system"] == f"{NAMES}medication"  # a resource without an id
    assert issue["implicated"][-1]["type"] == "MedicationStatement"
    assert [coding["code"] for coding in issue["code"]["coding"]] == ["DRG", "TIME"]
    assert issue["reference"].startswith("https://magcheck.test/v1/interactions/fluoroquinolones-with-oral-magnesium#")
    assert "Separation:" in issue["detail"]
    assert issue["mitigation"][0]["modifierExtension"][0]["valueBoolean"] is True
    assert issue["mitigation"][0]["action"]["text"].startswith("Suggested, not done: ")


def test_evidence_names_values_and_conditions_of_the_patient() -> None:
    low = issue_of("cardiac-glycosides-with-low-serum-magnesium", *a_full_question())
    assert {"detail": [{"reference": "Observation/mg"}]} in low["evidence"]
    assert low["code"]["coding"][0]["code"] == "LAB"
    kidneys = issue_of(
        "oral-magnesium-with-reduced-kidney-function",
        statement("magnesium oxide 400 mg tablet"),
        observation("98979-8", 28, "mL/min/1.73m2", id="egfr"),
    )
    assert {"detail": [{"reference": "Observation/egfr"}]} in kidneys["evidence"]
    alcohol = issue_of("alcohol-use-disorder-deficiency-risk", condition("alcohol use disorder", id="alc"))
    assert {"detail": [{"reference": "Condition/alc"}]} in alcohol["evidence"]


def test_what_may_apply_is_preliminary_and_names_what_is_missing() -> None:
    report, _, written = answered(statement("magnesium oxide 400 mg tablet"))
    open_ones = [finding for finding in report["findings"] if finding["applicability"] == "may_apply"]
    assert open_ones
    for finding, issue in zip(report["findings"], values(written, "finding"), strict=True):
        applies = finding["applicability"] == "applies"
        assert issue["status"] == ("final" if applies else "preliminary")
        assert ("Not known:" in issue["detail"]) is bool(finding["missing_facts"])


def test_dose_times_that_keep_a_window_are_a_mitigation_that_was_done() -> None:
    early, late = ({"repeat": {"timeOfDay": [time]}} for time in ("08:00:00", "20:00:00"))
    issue = issue_of(
        "fluoroquinolones-with-oral-magnesium",
        request("ciprofloxacin 500 mg tablet", id="cipro", **dosage(timing=early)),
        statement("magnesium oxide 400 mg tablet", dosage=[{"timing": late}]),
    )
    assert issue["severity"] == "low"
    assert [one["action"]["coding"][0]["code"] for one in issue["mitigation"]] == ["10", "8"]
    assert "modifierExtension" not in issue["mitigation"][1]


def test_duplicates_are_told_beside_the_findings() -> None:
    _, _, written = answered(request(id="1"), request("frusemide 20 mg tablet", id="2"))
    assert [issue["code"]["coding"][0]["code"] for issue in values(written, "duplicate")] == ["DUPTHPGEN"]
    _, _, written = answered(statement("magnesium oxide 400 mg tablet"), statement("magnesium citrate 100 mg"))
    assert "DUPTHPY" in [issue["code"]["coding"][0]["code"] for issue in values(written, "duplicate")]


def test_that_nothing_was_found_is_not_called_safe() -> None:
    report, _, written = answered(request("paracetamol 500 mg tablet"))
    assert report["findings"] == []
    assert values(written, "finding") == []
    (text,) = values(written, "statement")
    assert "safe" not in text.lower()
    assert "no statement about anything else" in text.lower()


def test_what_could_not_be_read_makes_the_answer_incomplete() -> None:
    report, _, written = answered(request("furosemide 40 mg tablet"), observation("2601-3", 0.6, "mg/L"))
    assert report["status"] == "complete"
    assert values(written, "status") == ["incomplete"]
    assert values(written, "statement")[0].startswith("Incomplete: ")
    (outcome,) = values(written, "outcome")
    assert [issue["severity"] for issue in outcome["issue"]] == ["error"]
    assert outcome["issue"][0]["details"]["coding"] == [{"system": f"{NAMES}note", "code": "unit-unknown"}]
    assert outcome["issue"][0]["diagnostics"].startswith("/1: ")


def test_notes_are_ordered_and_limited() -> None:
    sent = [{"resourceType": "Encounter"}] * MAXIMUM_NOTES + [{}]
    outcome = notes_outcome(reading(sent).notes)
    assert outcome is not None
    assert outcome["issue"][0]["severity"] == "error"
    assert len(outcome["issue"]) == MAXIMUM_NOTES + 1
    assert outcome["issue"][-1]["diagnostics"].startswith("1 more remarks")
    assert notes_outcome(()) is None


def test_a_degraded_answer_says_so_in_its_body() -> None:
    report, found, _ = answered(request())
    degraded = {"source": "memory", "store_seen_seconds_ago": 4.5, "reasons": ["the database does not answer"]}
    written = answer_parameters(report, found, check_id="c", degraded=degraded)
    assert values(written, "degraded") == [
        [
            {"name": "source", "valueCode": "memory"},
            {"name": "storeSeenSecondsAgo", "valueDecimal": 4.5},
            {"name": "reason", "valueString": "the database does not answer"},
        ]
    ]


def test_near_misses_and_the_timetable_come_when_they_are_asked_for() -> None:
    _, _, written = answered(*a_full_question())
    assert not values(written, "nearMiss")
    assert not values(written, "timetable")
    _, _, written = answered(*a_full_question(), explain=True, timetable=True)
    assert values(written, "nearMiss")
    (plan,) = values(written, "timetable")
    assert [part for part in plan if part["name"] == "dose"]


def test_the_intake_is_there() -> None:
    _, _, written = answered(statement("magnesium oxide 400 mg tablet", dosage=[{"timing": {"code": {"text": "QD"}}}]))
    (intake,) = values(written, "magnesiumIntake")
    assert intake[0]["valueQuantity"] == {
        "value": 241.2,
        "unit": "mg/d",
        "system": "http://unitsofmeasure.org",
        "code": "mg/d",
    }


# --- codes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("direction", list(Direction))
def test_every_direction_has_a_code(direction: Direction) -> None:
    assert issues._OF_DIRECTION[direction] in ISSUES


def test_every_severity_and_every_action_has_a_code() -> None:
    assert {severity: issues._SEVERITIES[severity] for severity in Severity} == {
        "contraindicated": "high",
        "major": "high",
        "moderate": "moderate",
        "minor": "low",
    }
    assert {issues._OF_ACTION[action] for action in ManagementAction} <= MITIGATIONS.keys()


@pytest.mark.parametrize(
    ("direction", "conditions", "code"),
    [
        ("contraindicated_condition", ["pregnancy"], "PREG"),
        ("contraindicated_condition", ["lactation"], "LACT"),
        ("deficiency_risk", ["older-adult"], "GEALRT"),
        ("deficiency_risk", ["infant"], "PEALRT"),
        ("contraindicated_condition", ["kidney-failure"], "COND"),
        ("deficiency_risk", [], "OBSA"),
        ("side_effect", ["pregnancy"], "DACT"),
        ("intake_limit", [], "DOSEH"),
    ],
)
def test_codes_of_populations(direction: Direction, conditions: list[str], code: str) -> None:
    report, found, _ = answered(*a_full_question())
    alone = next(one for one in report["findings"] if one["management"]["separation"] is None)
    assert issue_codes({**alone, "direction": direction, "condition_ids": conditions}, Answered(report, found)) == [
        code
    ]


def test_codes_of_products_that_are_bought() -> None:
    antacid = issue_of(
        "fluoroquinolones-with-oral-magnesium",
        request("ciprofloxacin 500 mg tablet"),
        statement("Maalox"),
    )
    assert [coding["code"] for coding in antacid["code"]["coding"]] == ["NONRX", "TIME"]


def test_nothing_written_is_empty_or_null() -> None:
    for sent in ([], [request(None)], a_full_question(), [request("paracetamol")]):
        _, _, written = answered(*sent, explain=True, timetable=True)
        assert_nothing_empty(written)
    for base in ("", "https://magcheck.test"):
        assert_nothing_empty(capability_statement(base))
        assert_nothing_empty(operation_definition(base))


def assert_nothing_empty(value: object) -> None:
    assert value is not None
    assert value not in ("", [], {})
    if isinstance(value, dict):
        for inner in value.values():
            assert_nothing_empty(inner)
    elif isinstance(value, list):
        for inner in value:
            assert_nothing_empty(inner)


def test_the_operation_definition_names_what_is_written() -> None:
    """Every parameter of an answer stands in the definition, and every one that is always there is required."""
    definition = operation_definition("")
    described = {one["name"]: one for one in definition["parameter"] if one["use"] == "out"}
    _, _, full = answered(*a_full_question(), explain=True, timetable=True)
    _, _, least = answered()
    assert {one["name"] for one in full["parameter"]} <= described.keys()
    always = {one["name"] for one in least["parameter"]}
    assert {name for name, one in described.items() if one["min"]} <= always
    assert described.keys() - {"degraded", "terminology"} <= {
        one["name"] for one in [*full["parameter"], *outcome()]
    } | {"duplicate"}


def outcome() -> list[Json]:
    written: list[Json] = answered(request(None))[2]["parameter"]
    return written


def test_a_detected_issue_can_be_written_of_one_finding() -> None:
    report, found, _ = answered(*a_full_question())
    issue = detected_issue(report["findings"][0], Answered(report, found))
    assert issue["reference"].startswith("/v1/interactions/")


def test_a_reading_without_resources_is_a_question_about_nothing() -> None:
    found = reading()
    assert found.profile(as_of=TODAY) == MedicationProfile(medications=(), as_of=TODAY)
