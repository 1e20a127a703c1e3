"""The two risks of a report: contributions, laboratory bands, symptoms, and words that promise nothing."""

from __future__ import annotations

from typing import Any

import pytest

from rules import CompiledRuleSet, check
from rules.report_plan import DeficiencyRisk, ExcessRisk
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


EXCESS = (
    *(make.substance(name) for name in ("magnesia", "betarine")),
    make.substance("drip", routes=["intravenous"]),
    make.medication_class(make.MAGNESIUM, "magnesia", "drip"),
    make.condition("kidney", magnesium_effect="low_and_high", text="The kidney is the way out."),
    make.condition("muscle", magnesium_effect="pharmacodynamic"),
    make.condition("thirst", magnesium_effect="none"),
    make.condition("hypermagnesaemia", magnesium_effect="high"),
    make.condition("hypomagnesaemia", magnesium_effect="low"),
    make.condition("stage-4", magnesium_effect="none", implies={"egfr": {"at_least": "15", "below": "30"}}),
    make.condition("stages-1-2", magnesium_effect="none", implies={"egfr": {"at_least": "60"}}),
    make.condition("stage-3-to-5", magnesium_effect="none", implies={"egfr": {"below": "60"}}),
    make.condition("on-dialysis", magnesium_effect="none", implies={"dialysis": True}),
    make.symptom("weak-reflexes", level="high", stage="early"),
    make.symptom("coma", level="high", stage="severe"),
    make.reference_range(
        "serum_magnesium",
        current_for_days=90,
        bands=[
            {"name": "low", "level": "low", "bounds": {"below": "0.7"}, **WORDS},
            {"name": "usual", "level": "normal", "bounds": {"at_least": "0.7", "at_most": "1.05"}, **WORDS},
            {"name": "high", "level": "high", "bounds": {"above": "1.05"}, **WORDS},
        ],
    ),
    make.reference_range("serum_potassium", "3.5"),
    make.interaction(
        "holds",
        direction="retains_magnesium",
        severity="minor",
        affected={"substances": ["betarine"]},
        factors=[make.factor("weak", "major", {"egfr": {"below": "30"}})],
    ),
    make.interaction("kidney-limit", direction="contraindicated_condition", conditions=["kidney"],
                     precipitant=make.party(make.MAGNESIUM)),
    make.guidance("electrolyte-cascade", "electrolytes", text="Magnesium first."),
    make.recommended_intake("women", "310", sex="female", age_years={"at_least": "19"}),
    make.recommended_intake("men", "400", sex="male"),
    make.recommended_intake("all", "375"),
)  # fmt: skip


@pytest.fixture(scope="module")
def excess_world() -> CompiledRuleSet:
    return make.compiled(*EXCESS)


def both(world: CompiledRuleSet, *texts: str, **facts: Any) -> tuple[DeficiencyRisk, ExcessRisk]:  # noqa: ANN401
    """The two risks of a report."""
    report = check(world, make.profile(*(make.medication(text, text) for text in texts), **facts))
    return report["deficiency_risk"], report["excess_risk"]


class TestExcess:
    """What is known about too much magnesium."""

    def test_nothing(self, excess_world: CompiledRuleSet) -> None:
        _, found = both(excess_world)
        assert (found["state"], found["contributions"], found["watch_for"]) == ("none_known", [], [])
        assert found["statement"].startswith("Nothing that was given adds to the risk of too much magnesium")
        assert found["missing_facts"] == []

    def test_a_product_asks_for_the_filtration_rate(self, excess_world: CompiledRuleSet) -> None:
        assert both(excess_world, "magnesia")[1]["missing_facts"] == ["patient.egfr"]
        known = {"patient": {"egfr": {"value": "90", "unit": "mL/min"}}, "conditions": []}
        assert both(excess_world, "magnesia", **known)[1]["missing_facts"] == []

    def test_a_finding_adds_and_its_open_facts_are_asked(self, excess_world: CompiledRuleSet) -> None:
        found = both(excess_world, "betarine")[1]
        assert (found["state"], found["missing_facts"]) == ("risk_factors", ["patient.egfr"])
        assert found["statement"] == "1 finding adds to the risk of too much magnesium."
        assert found["watch_for"] == ["weak-reflexes"]
        assert [(one["severity"], one["severity_ceiling"]) for one in found["contributions"]] == [("minor", "major")]

    def test_two_findings(self, excess_world: CompiledRuleSet) -> None:
        found = both(excess_world, "betarine", "magnesia", conditions=[{"text": "kidney"}])[1]
        assert found["statement"] == "2 findings add to the risk of too much magnesium."
        assert found["personal_factors"] == []  # a contribution names the kidney already

    def test_factors_without_a_product(self, excess_world: CompiledRuleSet) -> None:
        given = [{"text": "kidney"}, {"text": "muscle"}, {"text": "thirst"}]
        low, found = both(excess_world, conditions=given)
        assert [one["condition_id"] for one in found["personal_factors"]] == ["kidney", "muscle"]
        assert [one["condition_id"] for one in low["personal_factors"]] == ["kidney"]
        assert found["statement"].startswith("No magnesium product is on the list.")
        assert (found["state"], found["watch_for"]) == ("none_known", [])

    def test_factors_with_a_product(self, excess_world: CompiledRuleSet) -> None:
        found = both(excess_world, "magnesia", conditions=[{"text": "muscle"}])[1]
        assert found["statement"].startswith("No finding adds to the risk of too much magnesium; something that was")
        assert found["watch_for"] == ["weak-reflexes"]

    def test_an_infusion_stands_apart(self, excess_world: CompiledRuleSet) -> None:
        found = both(excess_world, "drip")[1]
        assert found["parenteral_medication_ids"] == ["drip"]
        assert found["elemental_mg_per_day"] == "0"

    @pytest.mark.parametrize(
        ("value", "state"), [("1.05", "none_known"), ("1.051", "measured_high"), ("0.6", "none_known")]
    )
    def test_a_value(self, excess_world: CompiledRuleSet, value: str, state: str) -> None:
        found = both(excess_world, observations=[serum(value), serum("3", "serum_potassium")])[1]
        assert found["state"] == state
        assert [one["analyte"] for one in found["serum"]] == ["serum_magnesium"]

    def test_an_old_value_says_its_age(self, excess_world: CompiledRuleSet) -> None:
        old = {**serum("1.2"), "taken_on": "2026-08-01"}
        low, found = both(excess_world, observations=[old], as_of="2026-11-22")
        assert found["statement"] == "Serum magnesium is high (1.2 mmol/L: high). The value is 113 days old."
        assert low["serum"][0]["stale"] is True

    def test_high_as_a_condition_counts_until_it_is_measured(self, excess_world: CompiledRuleSet) -> None:
        given = [{"text": "hypermagnesaemia"}]
        found = both(excess_world, conditions=given)[1]
        assert found["state"] == "measured_high"
        assert found["statement"] == "High magnesium is among the conditions that were given."
        assert both(excess_world, conditions=given, observations=[serum("0.8")])[1]["state"] == "none_known"

    @pytest.mark.parametrize(
        ("taken_on", "state"), [("2026-11-20", "none_known"), ("2026-01-01", "measured_high"), (None, "none_known")]
    )
    def test_high_as_a_condition_outlives_an_old_value(
        self, excess_world: CompiledRuleSet, taken_on: str | None, state: str
    ) -> None:
        value = serum("0.8") | ({"taken_on": taken_on} if taken_on else {})
        given = {"conditions": [{"text": "hypermagnesaemia"}], "observations": [value], "as_of": "2026-11-22"}
        found = both(excess_world, **given)[1]
        assert found["state"] == state
        assert found["statement"].startswith("High magnesium is among the conditions") is (state == "measured_high")

    def test_symptoms(self, excess_world: CompiledRuleSet) -> None:
        found = both(excess_world, symptoms=["coma", "weak-reflexes"])[1]
        assert [one["id"] for one in found["symptoms"]] == ["coma", "weak-reflexes"]


class TestDeficiency:
    """What else is known about too little magnesium."""

    @pytest.mark.parametrize(
        ("taken_on", "as_of", "days", "stale"),
        [
            ("2026-08-24", "2026-11-22", 90, False),
            ("2026-08-23", "2026-11-22", 91, True),
            (None, "2026-11-22", None, None),
            ("2026-08-23", None, None, None),
            ("2026-11-23", "2026-11-22", None, None),  # a day to come is a slip
        ],
    )
    def test_a_value_grows_old(
        self,
        excess_world: CompiledRuleSet,
        taken_on: str | None,
        as_of: str | None,
        days: int | None,
        stale: bool | None,  # noqa: FBT001 - three values
    ) -> None:
        value = serum("0.6") | ({"taken_on": taken_on} if taken_on else {})
        low, _ = both(excess_world, observations=[value], **({"as_of": as_of} if as_of else {}))
        assert (low["serum"][0]["days_old"], low["serum"][0]["stale"]) == (days, stale)
        assert low["state"] == "measured_low"
        assert ("days old" in low["statement"]) is bool(stale)

    def test_a_range_without_a_limit_of_age(self, excess_world: CompiledRuleSet) -> None:
        value = {**serum("3", "serum_potassium"), "taken_on": "2020-01-01"}
        low, _ = both(excess_world, observations=[value], as_of="2026-11-22")
        assert low["serum"][0]["stale"] is None

    @pytest.mark.parametrize(
        ("observations", "state"),
        [
            ([], "measured_low"),
            ([{**serum("0.8"), "taken_on": "2026-11-20"}], "none_known"),
            ([{**serum("0.8"), "taken_on": "2026-01-01"}], "measured_low"),
        ],
    )
    def test_low_as_a_condition(
        self, excess_world: CompiledRuleSet, observations: list[dict[str, Any]], state: str
    ) -> None:
        given = {"conditions": [{"text": "hypomagnesaemia"}], "observations": observations, "as_of": "2026-11-22"}
        low, _ = both(excess_world, **given)
        assert low["state"] == state
        assert low["statement"].startswith("Low magnesium is among the conditions") is (state == "measured_low")

    @pytest.mark.parametrize(
        ("patient", "shown", "state"),
        [
            ({}, {"all": False}, "risk_factors"),
            ({"sex": "male"}, {"all": False, "men": False}, "risk_factors"),
            ({"sex": "female"}, {"all": False}, "risk_factors"),
            ({"sex": "female", "age_years": 19}, {"all": False, "women": True}, "none_known"),
            ({"sex": "female", "age_years": 18}, {"all": False}, "risk_factors"),
        ],
    )
    def test_food(
        self, excess_world: CompiledRuleSet, patient: dict[str, Any], shown: dict[str, bool], state: str
    ) -> None:
        """Food is short when it reaches none of the recommendations."""
        low, _ = both(excess_world, patient={**patient, "dietary_magnesium_mg_per_day": "310"})
        assert low["dietary_intake"] is not None
        assert {one["id"]: one["reached"] for one in low["dietary_intake"]["recommended"]} == shown
        assert low["dietary_intake"]["food_mg_per_day"] == "310"
        assert low["state"] == state
        short = "Food and products bring less magnesium than any body recommends for this person."
        assert low["statement"].startswith(short) is (state == "risk_factors")

    def test_food_and_product_together(self, excess_world: CompiledRuleSet) -> None:
        dose = {"value": "100", "unit": "mg", "of": "elemental"}
        line = make.medication("m", "magnesia", dose=dose, times_per_day=1)
        patient = {"dietary_magnesium_mg_per_day": "275"}
        low = check(excess_world, make.profile(line, patient=patient))["deficiency_risk"]
        assert low["dietary_intake"] is not None
        assert low["dietary_intake"]["with_products_mg_per_day"] == "375"
        assert low["dietary_intake"]["recommended"][0]["reached"] is True
        assert low["state"] == "none_known"

    def test_no_food_given(self, excess_world: CompiledRuleSet) -> None:
        assert both(excess_world)[0]["dietary_intake"] is None


class TestCascade:
    """Low potassium or calcium: magnesium is looked after first, unless it is known and not low."""

    @pytest.mark.parametrize(
        ("values", "low"),
        [
            ([serum("3", "serum_potassium")], None),
            ([serum("3", "serum_potassium"), serum("0.6")], True),
            ([serum("3", "serum_potassium"), serum("0.8")], False),
            ([serum("4", "serum_potassium"), serum("0.6")], False),
        ],
    )
    def test_values(
        self,
        excess_world: CompiledRuleSet,
        values: list[dict[str, Any]],
        low: bool | None,  # noqa: FBT001 - three values
    ) -> None:
        found = both(excess_world, observations=values)[0]["cascade"]
        assert (found is None) is (low is False)
        if found is not None:
            assert (found["analytes"], found["magnesium_is_low"]) == (["serum_potassium"], low)
            assert found["text"] == "Magnesium first."

    @pytest.mark.parametrize(("taken_on", "asked"), [("2026-11-20", False), ("2026-01-01", True)])
    def test_a_normal_magnesium_that_is_too_old_is_as_good_as_none(
        self, excess_world: CompiledRuleSet, taken_on: str, *, asked: bool
    ) -> None:
        values = [serum("3", "serum_potassium"), {**serum("0.8"), "taken_on": taken_on}]
        given = {"observations": values, "symptoms": ["weak-reflexes"], "as_of": "2026-11-22"}
        low = both(excess_world, **given)[0]
        assert (low["cascade"] is not None) is asked
        assert ("observations.serum_magnesium" in low["missing_facts"]) is asked
        assert [one["analyte"] for one in low["serum"]] == ["serum_magnesium", "serum_potassium"]

    def test_without_the_page_there_is_nothing_to_say(self) -> None:
        world = make.compiled(make.reference_range("serum_potassium", "3.5"))
        assert both(world, observations=[serum("3", "serum_potassium")])[0]["cascade"] is None


class TestKidney:
    """Stages of the filtration rate."""

    @pytest.mark.parametrize(
        ("egfr", "stage"),
        [("90", "G1"), ("89.9", "G2"), ("60", "G2"), ("59", "G3a"), ("45", "G3a"), ("44", "G3b"), ("30", "G3b"),
         ("29.9", "G4"), ("15", "G4"), ("14.9", "G5"), ("0", "G5")],
    )  # fmt: skip
    def test_measured(self, excess_world: CompiledRuleSet, egfr: str, stage: str) -> None:
        low, high = both(excess_world, patient={"egfr": {"value": egfr, "unit": "mL/min"}})
        assert low["kidney_function"] == high["kidney_function"]
        assert low["kidney_function"] is not None
        assert low["kidney_function"]["stage"] == stage

    @pytest.mark.parametrize(
        ("condition", "expected"),
        [
            ("stage-4", {"stage": "G4", "dialysis": False}),
            ("stage-3-to-5", {"stage": "G5 to G3a", "dialysis": None}),
            ("stages-1-2", {"stage": "G2 to G1", "dialysis": False}),
            ("on-dialysis", {"stage": None, "dialysis": True}),
            ("thirst", None),
        ],
    )
    def test_from_a_condition(
        self, excess_world: CompiledRuleSet, condition: str, expected: dict[str, Any] | None
    ) -> None:
        assert both(excess_world, conditions=[{"text": condition}])[0]["kidney_function"] == expected
