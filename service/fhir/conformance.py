"""What this service says of itself in FHIR: its CapabilityStatement and the definition of its one operation.

They tell what there is, and nothing of rules, callers or the version of the program.
"""

from __future__ import annotations

from typing import Any, Final

Json = dict[str, Any]

OPERATION: Final = "check-magnesium"
FHIR_VERSION: Final = "4.0.1"
# The day on which what is described here changed last.
_DATE: Final = "2026-11-23"
_SECURITY: Final = "http://terminology.hl7.org/CodeSystem/restful-security-service"
_ALL_TYPES: Final = "A resource in R4; what STU3 and DSTU2 do otherwise is read as well."


def definition_url(base: str) -> str:
    """The address of the definition of the operation."""
    return f"{base}/fhir/OperationDefinition/{OPERATION}"


def capability_statement(base: str) -> Json:
    """What can be asked here; ``base`` is the address at which this service is reached, or empty."""
    implementation = {"description": "magcheck: what magnesium has to do with a patient's medicines"}
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": _DATE,
        "kind": "instance",
        "software": {"name": "magcheck"},
        "implementation": {**implementation, "url": f"{base}/fhir"} if base else implementation,
        "fhirVersion": FHIR_VERSION,
        "format": ["application/fhir+json", "json"],
        "rest": [
            {
                "mode": "server",
                "documentation": "One operation; nothing is stored, and no resource can be read back.",
                "security": {
                    "service": [{"coding": [{"system": _SECURITY, "code": "OAuth"}], "text": "OAuth"}],
                    "description": "An API key in X-API-Key, or a bearer token in Authorization.",
                },
                "operation": [
                    {
                        "name": OPERATION,
                        "definition": definition_url(base),
                        "documentation": "POST /fhir/$check-magnesium with Parameters.",
                    }
                ],
            }
        ],
    }


def operation_definition(base: str) -> Json:
    """What the operation takes and gives."""
    return {
        "resourceType": "OperationDefinition",
        "id": OPERATION,
        "url": definition_url(base),
        "name": "CheckMagnesium",
        "title": "Check a medication list for interactions with magnesium",
        "status": "active",
        "kind": "operation",
        "date": _DATE,
        "description": "Tells which medications of a list drain magnesium, hold it back or are affected by it, and "
        "what may be done. It informs professionals. Every medication stands in the answer in one state, and what "
        "could not be read makes the answer incomplete. That nothing was found does not mean that the list is safe.",
        "affectsState": False,
        "code": OPERATION,
        "system": True,
        "type": False,
        "instance": False,
        "parameter": [*_inputs(), *_outputs()],
    }


def _parameter(name: str, use: str, least: int, most: str, documentation: str, **more: Any) -> Json:  # noqa: ANN401 - elements of FHIR
    return {"name": name, "use": use, "min": least, "max": most, "documentation": documentation, **more}


def _inputs() -> list[Json]:
    return [
        _parameter(
            "medication",
            "in",
            0,
            "*",
            "MedicationRequest, MedicationStatement, MedicationDispense, MedicationAdministration, or a Medication "
            f"that one of them refers to. {_ALL_TYPES}",
            type="Resource",
        ),
        _parameter("observation", "in", 0, "*", f"Laboratory values and facts. {_ALL_TYPES}", type="Resource"),
        _parameter("condition", "in", 0, "*", f"What the patient has. {_ALL_TYPES}", type="Resource"),
        _parameter("patient", "in", 0, "1", "Birth date and gender are read, and nothing else.", type="Resource"),
        _parameter("bundle", "in", 0, "*", "A Bundle of any of these.", type="Bundle"),
        _parameter("asOf", "in", 0, "1", "The day the question is about; today, where it is left out.", type="date"),
        _parameter("timetable", "in", 0, "1", "`true` adds a day plan.", type="boolean"),
        _parameter("explain", "in", 0, "1", "`true` adds rules that did not apply, and why.", type="boolean"),
    ]


def _outputs() -> list[Json]:
    text = "What the report does and does not say, in one or two sentences."
    return [
        _parameter("status", "out", 1, "1", "`complete` or `incomplete`.", type="code"),
        _parameter("statement", "out", 1, "1", text, type="string"),
        _parameter("checkId", "out", 1, "1", "Identifies this answer.", type="string"),
        _parameter(
            "ruleSet",
            "out",
            1,
            "1",
            "Which rule set answered.",
            part=[
                _parameter("version", "out", 1, "1", "Its number.", type="integer"),
                _parameter("digest", "out", 1, "1", "Its SHA-256.", type="string"),
            ],
        ),
        _parameter(
            "terminology",
            "out",
            0,
            "1",
            "Which terminology helped to recognise medications.",
            part=[
                _parameter("version", "out", 1, "1", "Its release.", type="string"),
                _parameter("digest", "out", 1, "1", "Its SHA-256.", type="string"),
            ],
        ),
        _parameter("asOf", "out", 1, "1", "The day the answer is about.", type="date"),
        _parameter("highestSeverity", "out", 0, "1", "Of all findings, in the words of the rules.", type="code"),
        _parameter(
            "degraded",
            "out",
            0,
            "1",
            "There only where the answer may not come from the rule set that should answer.",
            part=[
                _parameter("source", "out", 1, "1", "Where the rule set was taken from.", type="code"),
                _parameter("storeSeenSecondsAgo", "out", 0, "1", "When the database was last seen.", type="decimal"),
                _parameter("reason", "out", 0, "*", "What is wrong, in words.", type="string"),
            ],
        ),
        _parameter("finding", "out", 0, "*", "One for each finding.", type="DetectedIssue"),
        _parameter("duplicate", "out", 0, "*", "The same substance on several lines.", type="DetectedIssue"),
        _parameter(
            "medication",
            "out",
            0,
            "*",
            "What became of each line of the list.",
            part=[
                _parameter("id", "out", 1, "1", "The line.", type="string"),
                _parameter("reference", "out", 1, "1", "Where it comes from.", type="Reference"),
                _parameter(
                    "state", "out", 1, "1", "`recognised`, `no_magnesium_relevance` or `unrecognised`.", type="code"
                ),
                _parameter("substance", "out", 0, "*", "What it was taken for.", type="string"),
                _parameter("problem", "out", 0, "*", "What does not agree or was not read.", type="string"),
                _parameter("candidate", "out", 0, "*", "A similar name, never taken.", type="string"),
                _parameter("also", "out", 0, "*", "Other resources that say the same.", type="Reference"),
            ],
        ),
        _parameter("missingFact", "out", 0, "*", "What would make the answer more certain.", type="string"),
        _parameter(
            "magnesiumIntake",
            "out",
            0,
            "1",
            "Elemental magnesium a day by mouth.",
            part=[_parameter("perDay", "out", 0, "1", "Absent: not known.", type="Quantity")],
        ),
        _parameter(
            "nearMiss",
            "out",
            0,
            "*",
            "With `explain`: a rule that did not apply.",
            part=[_parameter("interaction", "out", 1, "1", "The rule.", type="string")],
        ),
        _parameter(
            "timetable",
            "out",
            0,
            "1",
            "With `timetable`: a day plan.",
            part=[
                _parameter("state", "out", 1, "1", "`planned`, `impossible` or `not_found`.", type="code"),
                _parameter("statement", "out", 1, "1", "What the plan does and does not keep.", type="string"),
            ],
        ),
        _parameter(
            "outcome",
            "out",
            0,
            "1",
            "What was left out of what was sent, or taken with a doubt, and why.",
            type="OperationOutcome",
        ),
    ]
