"""Faults that the laws found, each kept as the smallest example of it."""

from rules import check
from tests.factories import compiled, factor, interaction, medication, medication_class, party, profile, substance


def test_a_finding_about_two_lines_names_the_facts_that_each_of_them_lacks() -> None:
    # I9: the second line's start was forgotten when its verdict was the same as the first one's.
    rules = compiled(
        substance("alvorin"),
        medication_class("class-a", "alvorin"),
        interaction(
            "long-use",
            precipitant=party("class-a"),
            when={"duration_months": {"at_least": "3"}},
            factors=[factor("very-long", "major", {"duration_months": {"at_least": "12"}})],
        ),
    )
    report = check(rules, profile(medication("m1", "alvorin"), medication("m2", "alvorin"), as_of="2026-11-22"))
    (finding,) = report["findings"]
    assert finding["missing_facts"] == ["medications.m1.started_on", "medications.m2.started_on"]
    (open_factor,) = finding["open_factors"]
    assert open_factor["missing_facts"] == finding["missing_facts"]
    reasons = [reason["missing_facts"] for reason in finding["why"] if reason["test"] == "when"]
    assert reasons == [["medications.m1.started_on"], ["medications.m2.started_on"]]


def test_an_open_mitigation_that_lowers_less_than_another_is_named() -> None:
    # I9: with both mitigations the severity is moderate, so it may not be called minor while one of them is open.
    rules = compiled(
        substance("alvorin"),
        medication_class("class-a", "alvorin"),
        interaction(
            "mitigated",
            severity="major",
            precipitant=party("class-a"),
            factors=[
                factor("sure", "minor", {"sex": "female"}),
                factor("open", "moderate", {"egfr": {"at_least": "60"}}),
            ],
        ),
    )
    line = medication("m1", "alvorin")
    (finding,) = check(rules, profile(line, patient={"sex": "female"}))["findings"]
    assert (finding["severity"], finding["severity_ceiling"]) == ("minor", "moderate")
    assert finding["missing_facts"] == ["patient.egfr"]
    known = {"sex": "female", "egfr": {"value": "60", "unit": "mL/min"}}
    (finding,) = check(rules, profile(line, patient=known))["findings"]
    assert finding["severity"] == "moderate"
