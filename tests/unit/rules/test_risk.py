"""The two risks of a report: contributions, laboratory bands, symptoms, and words that promise nothing."""

from __future__ import annotations

from typing import Any

import pytest

from rules import CompiledRuleSet, check
from rules.report_plan import DeficiencyRisk
from tests import factories as make

WORDS = {"meaning": "What it means.", "advice": "What may be considered."}
RECORDS = (
    make.substance("alvorin"),
    make.substance("betarine"),
    make.substance("cordimax"),
    make.condition("gout"),
    make.symptom("cramps", text="Cramps are early.", stage="early"),
    make.symptom("weak-reflexes", level="high", stage="severe"),
    make.reference_range(
        "serum_magnesium",
        bands=[
            {"name": "severe", "level": "low", "bounds": {"below": "0.5"}, **WORDS},
            {"name": "low", "level": "low", "bounds": {"at_least": "0.5", "below": "0.7"}, **WORDS},
            {"name": "usual", "level": "normal", "bounds": {"at_least": "0.7", "at_most": "1.05"}, **WORDS},
            {"name": "high", "level": "high", "bounds": {"above": "1.05"}, **WORDS},
        ],
    ),
    make.reference_range("serum_potassium", "3.5"),
    make.interaction("drains", direction="depletes_magnesium", affected={"substances": ["alvorin"]}),
    make.interaction("retains", direction="retains_magnesium", affected={"substances": ["betarine"]}),
    make.interaction("gout-drains", direction="deficiency_risk", severity="minor", conditions=["gout"]),
    make.interaction(
        "perhaps",
        direction="depletes_magnesium",
        precipitant={"substances": ["cordimax"]},
        when={"egfr": {"below": "30"}},
    ),
)
NOT_EXCLUDED = "A normal serum magnesium does not exclude deficiency, because most magnesium lies in cells and bone."


@pytest.fixture(scope="module")
def world() -> CompiledRuleSet:
    return make.compiled(*RECORDS)


def risk(world: CompiledRuleSet, *texts: str, **facts: Any) -> DeficiencyRisk:  # noqa: ANN401
    """The deficiency part of a report."""
    return check(world, make.profile(*(make.medication(text, text) for text in texts), **facts))["deficiency_risk"]


def serum(value: str, kind: str = "serum_magnesium", unit: str = "mmol/L") -> dict[str, Any]:
    """A laboratory value."""
    return {"kind": kind, "value": value, "unit": unit}


class TestContributions:
    """Findings that drain magnesium, and only those."""

    def test_medication_and_condition(self, world: CompiledRuleSet) -> None:
        found = risk(world, "alvorin", "betarine", conditions=[{"text": "gout"}])
        keys = [one.pop("finding_key") for one in found["contributions"]]  # type: ignore[misc]
        assert found["contributions"] == [
            {
                "interaction_id": "drains",
                "title": "The interaction drains",
                "medication_ids": ["alvorin"],
                "condition_ids": [],
                "severity": "moderate",
                "severity_ceiling": "moderate",
                "applicability": "applies",
                "duration_days": None,
                "evidence_grade": "B",
                "verification": "primary_text",
            },
            {
                "interaction_id": "gout-drains",
                "title": "The interaction gout-drains",
                "medication_ids": [],
                "condition_ids": ["gout"],
                "severity": "minor",
                "severity_ceiling": "minor",
                "applicability": "applies",
                "duration_days": None,
                "evidence_grade": "B",
                "verification": "primary_text",
            },
        ]
        lines = [make.medication(text, text) for text in ("alvorin", "betarine")]
        report = check(world, make.profile(*lines, conditions=[{"text": "gout"}]))
        named = {finding["key"]: finding["interaction_id"] for finding in report["findings"]}
        assert [named[key] for key in keys] == ["drains", "gout-drains"]

    def test_duration_is_that_of_the_first_start(self, world: CompiledRuleSet) -> None:
        lines = [
            make.medication("m1", "alvorin", started_on="2026-11-01"),
            make.medication("m2", "alvorin", started_on="2026-10-01"),
            make.medication("m3", "alvorin"),
        ]
        [one] = check(world, make.profile(*lines, as_of="2026-11-22"))["deficiency_risk"]["contributions"]
        assert (one["medication_ids"], one["duration_days"]) == (["m1", "m2", "m3"], 52)

    def test_a_settled_finding_adds_as_before(self, world: CompiledRuleSet) -> None:
        line = make.medication("m", "alvorin")
        before = check(world, make.profile(line))
        [finding] = before["findings"]
        settled = {"finding_key": finding["key"], "context_digest": finding["context_digest"], "reason": "Known."}
        after = check(world, make.profile(line, acknowledgements=[settled]))
        assert after["findings"] == []
        assert after["deficiency_risk"] == before["deficiency_risk"]

    def test_each_cause_counts_once_and_only_when_it_is_sure(self, world: CompiledRuleSet) -> None:
        assert risk(world, "alvorin")["depleting_causes"] == 1
        assert risk(world, "cordimax")["depleting_causes"] == 0
        found = risk(world, "alvorin", "cordimax", conditions=[{"text": "gout"}])
        assert found["depleting_causes"] == 2
        assert found["statement"].startswith("3 findings add to the risk of magnesium deficiency. 2 independent causes")

    def test_open_finding_is_shown_as_open(self, world: CompiledRuleSet) -> None:
        assert risk(world, "cordimax")["contributions"][0]["applicability"] == "may_apply"

    def test_what_holds_magnesium_back_is_no_risk_of_deficiency(self, world: CompiledRuleSet) -> None:
        assert risk(world, "betarine")["contributions"] == []


class TestBands:
    """Where a value lies; limits belong to one band exactly."""

    @pytest.mark.parametrize(
        ("value", "band", "level"),
        [
            ("0.499999999", "severe", "low"),
            ("0.5", "low", "low"),
            ("0.699999999", "low", "low"),
            ("0.7", "usual", "normal"),
            ("1.05", "usual", "normal"),
            ("1.050000001", "high", "high"),
            ("0", "severe", "low"),
            ("9", "high", "high"),
        ],
    )
    def test_at_below_and_above_each_limit(self, world: CompiledRuleSet, value: str, band: str, level: str) -> None:
        found = risk(world, observations=[serum(value)])["serum"]
        assert [(one["band"], one["level"]) for one in found] == [(band, level)]

    def test_what_a_band_says(self, world: CompiledRuleSet) -> None:
        found = risk(world, observations=[{**serum("1.5", unit="mg/dL"), "taken_on": "2026-11-01"}])["serum"][0]
        assert found["analyte"] == "serum_magnesium"
        assert found["value_mmol_per_l"] == "0.617"  # 15 mg/L of 24.305 mg/mmol
        assert found["taken_on"] == "2026-11-01"
        assert (found["meaning"], found["advice"]) == ("What it means.", "What may be considered.")
        assert found["citations"][0]["id"] == "source"

    def test_day_may_be_unknown(self, world: CompiledRuleSet) -> None:
        assert risk(world, observations=[serum("0.8")])["serum"][0]["taken_on"] is None

    def test_several_values_in_a_fixed_order(self, world: CompiledRuleSet) -> None:
        values = [serum("4", "serum_potassium"), serum("0.8")]
        for order in (values, values[::-1]):
            assert [one["analyte"] for one in risk(world, observations=order)["serum"]] == [
                "serum_magnesium",
                "serum_potassium",
            ]

    def test_value_without_a_range_is_not_judged(self, world: CompiledRuleSet) -> None:
        assert risk(world, observations=[serum("2", "serum_calcium")])["serum"] == []

    def test_value_outside_all_bands_is_not_judged(self) -> None:
        gap = make.reference_range(bands=[{"name": "low", "level": "low", "bounds": {"below": "0.5"}, **WORDS}])
        assert risk(make.compiled(gap), observations=[serum("0.8")])["serum"] == []

    def test_withdrawn_range_is_not_used(self) -> None:
        withdrawn = make.compiled(make.reference_range(status="withdrawn"))
        assert risk(withdrawn, observations=[serum("0.8")])["serum"] == []


class TestSymptoms:
    """Symptoms that were given, each with what it may mean."""

    def test_reports(self, world: CompiledRuleSet) -> None:
        report = check(world, make.profile(symptoms=["weak-reflexes", "cramps", "cramps", "sadness"]))
        found = [*report["deficiency_risk"]["symptoms"], *report["excess_risk"]["symptoms"]]
        assert [(one["id"], one["level"], one["stage"]) for one in found] == [
            ("cramps", "low", "early"),
            ("weak-reflexes", "high", "severe"),
        ]
        assert found[0]["text"] == "Cramps are early."
        assert found[0]["citations"][0]["id"] == "source"

    def test_symptom_alone_never_makes_anybody_deficient(self, world: CompiledRuleSet) -> None:
        found = risk(world, symptoms=["cramps"])
        assert found["contributions"] == []
        assert found["statement"].startswith("Nothing that was given adds to the risk")


class TestMissing:
    """What would make the judgement more certain, asked only where there is something to judge."""

    @pytest.mark.parametrize(
        ("texts", "facts", "expected"),
        [
            (("alvorin",), {}, ["observations.serum_magnesium", "conditions"]),
            (("alvorin",), {"conditions": []}, ["observations.serum_magnesium"]),
            (("alvorin",), {"observations": [serum("0.8")]}, ["conditions"]),
            (("alvorin",), {"observations": [serum("0.8")], "conditions": []}, []),
            ((), {"symptoms": ["cramps"]}, ["observations.serum_magnesium", "conditions"]),
            (("betarine",), {}, []),
            ((), {}, []),
        ],
    )
    def test_facts(
        self, world: CompiledRuleSet, texts: tuple[str, ...], facts: dict[str, Any], expected: list[str]
    ) -> None:
        assert risk(world, *texts, **facts)["missing_facts"] == expected


class TestStatement:
    """Nothing found is never called safe, and a normal value never excludes deficiency."""

    def test_low_value(self, world: CompiledRuleSet) -> None:
        found = risk(world, "alvorin", observations=[serum("0.62")])
        assert found["statement"] == "Serum magnesium is low (0.62 mmol/L: low)."

    @pytest.mark.parametrize("value", ["0.8", "1.5"])
    def test_other_values_do_not_exclude_deficiency(self, world: CompiledRuleSet, value: str) -> None:
        found = risk(world, "alvorin", observations=[serum(value)])
        assert found["statement"].endswith(NOT_EXCLUDED)
        assert found["statement"].startswith("1 finding adds to the risk")

    def test_low_value_of_another_kind(self, world: CompiledRuleSet) -> None:
        found = risk(world, observations=[serum("3", "serum_potassium")])
        assert found["statement"].endswith(NOT_EXCLUDED)

    def test_nothing_found(self, world: CompiledRuleSet) -> None:
        statement = risk(world, "betarine")["statement"]
        assert statement == (
            f"Nothing that was given adds to the risk of magnesium deficiency in this rule set. {NOT_EXCLUDED}"
        )
        assert "safe" not in statement.lower()
