"""What may be done about magnesium: the decision, forms tried on the list, amounts, times and the worklist."""

from __future__ import annotations

from typing import Any

import pytest

from rules import CompiledRuleSet, check
from rules.report_plan import FormOption, Plan
from rules.schedules import Budget
from tests import factories as make

KIDNEYS = {"value": "90", "unit": "mL/min/1.73m2"}
WINDOW = {"magnesium_first_hours": "6", "drug_first_hours": "2"}
ADULTS = {"at_least": 18}
LOW = {"kind": "serum_magnesium", "value": "0.6", "unit": "mmol/L"}


def forms(*names: str) -> list[Any]:
    """Salt forms sold as supplements, each with its substance; half of each salt is magnesium oxide's share."""
    records: list[Any] = []
    for name in names:
        records += [make.salt_form(name, "MgO"), make.substance(f"magnesium {name}".replace(" ", "-"), salt_form=name)]
    return records


def bands() -> Any:  # noqa: ANN401 - a record
    """Below 0.5 supervised, below 0.7 by mouth, above 1.1 high."""
    band = {"meaning": "What it means.", "advice": "What to do."}
    return make.reference_range(
        current_for_days=90,
        bands=[
            {"name": "very low", "level": "low", "bounds": {"below": "0.5"}, "replacement": "supervised", **band},
            {
                "name": "low",
                "level": "low",
                "bounds": {"at_least": "0.5", "below": "0.7"},
                "replacement": "oral",
                **band,
            },
            {"name": "normal", "level": "normal", "bounds": {"at_least": "0.7", "at_most": "1.1"}, **band},
            {"name": "high", "level": "high", "bounds": {"above": "1.1"}, "replacement": "stop_magnesium", **band},
        ],
    )


def world(*more: Any, names: tuple[str, ...] = ("plain", "other")) -> CompiledRuleSet:  # noqa: ANN401 - records
    salts = [f"magnesium-{name}" for name in names]
    return make.compiled(
        *forms(*names),
        make.substance("alvorin"),
        make.substance("betarine"),
        make.condition("hypermagnesaemia", name="too much magnesium", magnesium_effect="high"),
        make.medication_class(make.MAGNESIUM, *salts),
        make.medication_class("oral-magnesium-supplements", *salts),
        make.guidance("dietary-magnesium", topic="diet"),
        make.supplement_target(
            "treat", "oral_treatment", "300", "600", age_years={"at_least": 18}, least_doses_per_day=2
        ),
        make.supplement_target("eat", "food_first", "100", "250", age_years={"at_least": 18}),
        bands(),
        *more,
    )


BINDS = make.interaction(
    "binds",
    direction="magnesium_alters_drug",
    severity="major",
    affected={"substances": ["alvorin"]},
    precipitant={"classes": [make.MAGNESIUM]},
    management=make.management(action="separate_doses", separation=WINDOW),
)


def plan(compiled: CompiledRuleSet, *lines: dict[str, Any], **facts: Any) -> Plan:  # noqa: ANN401 - keys of the question
    patient = {"age_years": 50, "egfr": KIDNEYS, "dialysis": False, **facts.pop("patient", {})}
    asked = {"conditions": (), "as_of": "2026-11-22", "plan": True, "patient": patient, **facts}
    return check(compiled, make.profile(*lines, **asked))["plan"]


def about(party: dict[str, Any], severity: str, operational_class: str) -> Any:  # noqa: ANN401 - a record
    """A rule about magnesium products alone."""
    return make.interaction(
        "about-magnesium",
        direction="contraindicated_condition",
        severity=severity,
        operational_class=operational_class,
        affected=None,
        precipitant=party,
    )


def elemental(value: str) -> dict[str, str]:
    """A dose that counts the magnesium."""
    return {"value": value, "unit": "mg", "of": "elemental"}


def sold_as(name: str, content: str) -> dict[str, Any]:
    """A tablet of a form."""
    return {"name": name, "dose_form": "tablet", "elemental_magnesium_mg": content, "citations": make.references()}


def options(found: Plan) -> dict[str, FormOption]:
    assert found["supplement"] is not None
    return {form["form_id"]: form for form in found["supplement"]["forms"]}


class TestDecision:
    """The need, before any form is looked at."""

    @pytest.mark.parametrize(
        ("value", "decision"),
        [
            ("0.49", "supervised_treatment"),
            ("0.5", "oral_treatment"),
            ("0.69", "oral_treatment"),
            ("0.7", "no_need_shown"),
            ("1.1", "no_need_shown"),
            ("1.11", "do_not_supplement"),
        ],
    )
    def test_by_the_band_of_the_value(self, value: str, decision: str) -> None:
        found = plan(world(), observations=({**LOW, "value": value, "taken_on": "2026-11-20"},))
        assert found["decision"] == decision
        assert (found["supplement"] is not None) is (decision == "oral_treatment")

    def test_a_high_value_is_the_reason_that_is_given(self) -> None:
        found = plan(world(), observations=({**LOW, "value": "1.4"},))
        assert found["reasons"][0]["text"].startswith("Serum magnesium 1.4 mmol/L, high.")
        assert found["food"] is None

    def test_a_diagnosis_of_too_much_counts_without_a_value(self) -> None:
        found = plan(world(), conditions=({"text": "too much magnesium"},))
        assert found["decision"] == "do_not_supplement"
        assert len(found["reasons"]) == 1

    def test_a_diagnosis_of_too_much_outlives_an_old_value(self) -> None:
        old = {**LOW, "value": "0.9", "taken_on": "2026-01-01"}
        found = plan(world(), conditions=({"text": "too much magnesium"},), observations=(old,))
        assert found["decision"] == "do_not_supplement"
        assert len(found["reasons"]) == 1

    def test_a_diagnosis_of_too_little_counts_without_a_value(self) -> None:
        compiled = world(make.condition("hypomagnesaemia", name="too little magnesium"))
        assert plan(compiled, conditions=({"text": "too little magnesium"},))["decision"] == "oral_treatment"

    def test_an_old_value_says_that_it_is_old(self) -> None:
        found = plan(world(), observations=({**LOW, "taken_on": "2026-01-01"},))
        assert found["decision"] == "oral_treatment"
        assert "325 days old: measure again" in found["reasons"][0]["text"]

    def test_little_from_food_puts_food_first(self) -> None:
        compiled = world(make.recommended_intake("for-all", "300"))
        found = plan(compiled, patient={"dietary_magnesium_mg_per_day": "200"})
        assert found["decision"] == "food_first"
        assert found["food"] is not None
        assert any("200 mg a day from food" in reason["text"] for reason in found["reasons"])

    def test_no_food_for_kidneys_that_cannot_cope(self) -> None:
        compiled = world(make.recommended_intake("for-all", "300"))
        weak = {"dietary_magnesium_mg_per_day": "200", "egfr": {**KIDNEYS, "value": "29"}}
        assert plan(compiled, patient=weak)["food"] is None

    def test_where_no_page_on_food_is_there_none_is_shown(self) -> None:
        """A small rule set may lack the pages that the plan quotes."""
        compiled = make.compiled(make.recommended_intake("for-all", "300"))
        found = plan(compiled, patient={"dietary_magnesium_mg_per_day": "200"})
        assert (found["decision"], found["food"]) == ("food_first", None)


class TestAmount:
    """How much, and whether at all."""

    def test_a_range_in_divided_doses(self) -> None:
        supplement = plan(world(), observations=(LOW,))["supplement"]
        assert supplement is not None
        assert (supplement["least_mg_per_day"], supplement["most_mg_per_day"]) == ("300", "600")
        assert supplement["doses_per_day"] == 2

    def test_no_amount_for_a_child(self) -> None:
        found = plan(world(), observations=(LOW,), patient={"age_years": 8})
        assert (found["supplement"], found["ask_first"]) == (None, [])

    def test_without_an_age_there_is_no_amount_and_it_is_asked_for(self) -> None:
        found = plan(world(), observations=(LOW,), patient={"age_years": None, "egfr": None})
        assert (found["decision"], found["supplement"]) == ("oral_treatment", None)
        assert found["ask_first"] == ["patient.age_years", "patient.egfr"]

    def test_an_age_that_no_record_reads_is_not_asked_for(self) -> None:
        compiled = make.compiled(*forms("plain"), make.supplement_target("treat", "oral_treatment", "1", "2"), bands())
        assert plan(compiled, observations=(LOW,), patient={"age_years": None})["ask_first"] == []

    def test_an_amount_that_was_asked_for_asks_for_the_age(self) -> None:
        found = plan(world(), magnesium_target_mg_per_day="150", patient={"age_years": None})
        assert found["ask_first"] == ["patient.age_years"]

    def test_what_the_list_brings_is_taken_off(self) -> None:
        taken = make.medication(
            "mg", "magnesium plain", dose={"value": "100", "unit": "mg", "of": "elemental"}, times_per_day=1
        )
        supplement = plan(world(), taken, observations=(LOW,))["supplement"]
        assert supplement is not None
        assert (supplement["least_mg_per_day"], supplement["most_mg_per_day"]) == ("200", "500")
        assert "already brings 100 mg a day" in supplement["basis"]

    @pytest.mark.parametrize("milligrams", ["300", "450", "600", "601"])
    def test_nothing_on_top_where_the_list_brings_enough(self, milligrams: str) -> None:
        """A plan never adds a milligram for the sake of adding something."""
        taken = make.medication("mg", "magnesium plain", dose=elemental(milligrams), times_per_day=1)
        found = plan(world(), taken, observations=(LOW,))
        assert found["supplement"] is None
        assert found["reasons"][-1]["text"] == (
            f"The list already brings {milligrams} mg of magnesium a day, and 300 to 600 mg are aimed at: whether more "
            "is needed is the prescriber's decision."
        )
        assert found["reasons"][-1]["citations"]

    def test_a_target_of_the_caller_that_the_list_reaches(self) -> None:
        taken = make.medication("mg", "magnesium plain", dose=elemental("150"), times_per_day=1)
        found = plan(world(), taken, magnesium_target_mg_per_day="150")
        assert found["supplement"] is None
        assert "brings 150 mg of magnesium a day, and 150 mg are aimed at" in found["reasons"][-1]["text"]

    def test_an_unknown_amount_on_the_list_is_asked_for_first(self) -> None:
        found = plan(world(), make.medication("mg", "magnesium plain", times_per_day=1), observations=(LOW,))
        assert any(fact.startswith("medications.mg.") for fact in found["ask_first"])

    def test_a_target_of_the_caller(self) -> None:
        supplied = make.salt_form("tablets", "MgO", supplied_as=[sold_as("a tablet", "64")])
        compiled = make.compiled(
            supplied,
            make.substance("magnesium-tablets", salt_form="tablets"),
            make.medication_class(make.MAGNESIUM, "magnesium-tablets"),
            make.medication_class("oral-magnesium-supplements", "magnesium-tablets"),
        )
        found = plan(compiled, magnesium_target_mg_per_day="150")
        assert found["decision"] == "no_need_shown"
        (product,) = options(found)["tablets"]["products"]
        assert (product["units_per_day"], product["elemental_mg_per_day"]) == (3, "192")

    def test_a_strength_that_cannot_stay_below_the_most_is_left_out(self) -> None:
        strengths = [sold_as("fits", "150"), sold_as("too much", "601")]
        compiled = make.compiled(
            make.salt_form("tablets", "MgO", supplied_as=strengths),
            make.substance("magnesium-tablets", salt_form="tablets"),
            make.medication_class(make.MAGNESIUM, "magnesium-tablets"),
            make.medication_class("oral-magnesium-supplements", "magnesium-tablets"),
            make.supplement_target("treat", "oral_treatment", "300", "600"),
            bands(),
        )
        found = options(plan(compiled, observations=(LOW,)))["tablets"]["products"]
        assert [(one["name"], one["units_per_day"]) for one in found] == [("fits", 2)]


class TestFit:
    """Every form is tried on the list."""

    def test_kidney_function_is_asked_for_before_anything_is_taken(self) -> None:
        found = plan(world(), observations=(LOW,), patient={"egfr": None, "dialysis": None})
        assert "patient.egfr" in found["ask_first"]
        assert plan(world(), observations=(LOW,))["ask_first"] == []

    def test_times_around_what_binds(self) -> None:
        drug = make.medication("a", "alvorin", times=("08:00",))
        times = options(plan(world(BINDS), drug, observations=(LOW,)))["plain"]["times"]
        assert len(times) == 2
        assert all(time >= "10:00" for time in times)
        assert all(form["fit"] == "fits" for form in options(plan(world(BINDS), drug, observations=(LOW,))).values())

    def test_the_caller_says_how_often_and_not_the_text(self) -> None:
        drug = make.medication("a", "alvorin 5 mg twice daily", times_per_day=1)
        found = options(plan(world(BINDS), drug, observations=(LOW,)))
        assert all(form["fit"] == "fits" for form in found.values())

    def test_nothing_fits_for_sure_beside_what_was_not_recognised(self) -> None:
        lines = [make.medication("x", "zzyxin 5 mg"), make.medication("b", "betarine")]
        found = options(plan(world(), *lines, observations=(LOW,)))
        assert {option["fit"] for option in found.values()} == {"with_care"}
        assert found["plain"]["reasons"][0]["text"].endswith("nobody knows what magnesium does to it: x.")
        known = options(plan(world(), lines[1], observations=(LOW,)))
        assert {option["fit"] for option in known.values()} == {"fits"}

    def test_a_window_that_nobody_can_plan_asks_for_care(self) -> None:
        drug = make.medication("a", "alvorin")
        option = options(plan(world(BINDS), drug, observations=(LOW,)))["plain"]
        assert option["fit"] == "with_care"
        assert option["reasons"][0]["interaction_id"] == "binds"

    def test_no_time_of_day_left_means_no_supplement(self) -> None:
        drug = make.medication("a", "alvorin", times_per_day=4)
        found = plan(world(BINDS), drug, observations=(LOW,))
        assert (found["decision"], found["supplement"]) == ("do_not_supplement", None)
        assert "cannot fit together" in found["reasons"][0]["text"]

    def test_a_search_that_ends_early_promises_no_times(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("rules.plan.Budget", lambda _steps: Budget(5))
        drug = make.medication("a", "alvorin", times=("08:00",))
        option = options(plan(world(BINDS), drug, observations=(LOW,)))["plain"]
        assert (option["fit"], option["times"]) == ("with_care", [])

    def test_one_form_that_is_contraindicated_leaves_the_other(self) -> None:
        never = about({"substances": ["magnesium-plain"]}, "contraindicated", "avoid")
        found = options(plan(world(never), observations=(LOW,)))
        assert {name: option["fit"] for name, option in found.items()} == {"plain": "unsuitable", "other": "fits"}
        assert list(found) == ["other", "plain"]
        assert (found["plain"]["times"], found["plain"]["products"], found["plain"]["salt"]) == ([], [], [])

    def test_a_moderate_finding_asks_for_care(self) -> None:
        careful = about({"substances": ["magnesium-plain"]}, "moderate", "monitor")
        assert options(plan(world(careful), observations=(LOW,)))["plain"]["fit"] == "with_care"

    def test_all_forms_contraindicated_with_a_low_value_is_a_matter_for_the_prescriber(self) -> None:
        never = about({"classes": [make.MAGNESIUM]}, "contraindicated", "avoid")
        compiled = world(never, make.guidance("treatment-of-low-magnesium"))
        found = plan(compiled, observations=(LOW,))
        assert found["decision"] == "do_not_supplement"
        assert [reason["interaction_id"] for reason in found["reasons"]] == ["about-magnesium"]
        assert found["refer"] is not None

    def test_constipation_welcomes_what_diarrhoea_would_not(self) -> None:
        strong = make.salt_form(
            "strong",
            "MgO",
            laxative={"effect": "strong", "text": "Strong.", "citations": make.references()},
        )
        extra = (
            strong,
            make.substance("magnesium-strong", salt_form="strong"),
            make.condition("constipation", magnesium_effect="none"),
        )
        compiled = make.compiled(
            *forms("mild"),
            *extra,
            make.medication_class(make.MAGNESIUM, "magnesium-mild", "magnesium-strong"),
            make.medication_class("oral-magnesium-supplements", "magnesium-mild", "magnesium-strong"),
            make.supplement_target("treat", "oral_treatment", "300", "600"),
            bands(),
        )
        usual = options(plan(compiled, observations=(LOW,)))
        assert {name: one["fit"] for name, one in usual.items()} == {"mild": "fits", "strong": "with_care"}
        welcome = options(plan(compiled, observations=(LOW,), conditions=({"text": "constipation"},)))
        assert list(welcome) == ["strong", "mild"]
        assert welcome["strong"]["fit"] == "fits"

    def test_what_is_no_supplement_says_what_it_is_sold_as(self) -> None:
        compiled = make.compiled(
            *forms("antacid"),
            make.medication_class(make.MAGNESIUM, "magnesium-antacid"),
            make.medication_class("magnesium-antacids", "magnesium-antacid"),
            make.supplement_target("treat", "oral_treatment", "300", "600"),
            bands(),
        )
        assert options(plan(compiled, observations=(LOW,)))["antacid"]["fit"] == "with_care"

    def test_where_no_form_is_known_nothing_speaks_against_magnesium(self) -> None:
        compiled = make.compiled(make.supplement_target("treat", "oral_treatment", "300", "600"), bands())
        found = plan(compiled, observations=(LOW,))
        assert (found["decision"], options(found)) == ("oral_treatment", {})

    LEVEL = make.interaction(
        "above-level",
        direction="intake_limit",
        severity="minor",
        scope="list",
        affected=None,
        precipitant={"classes": [make.MAGNESIUM]},
        when={
            "any": [
                {"elemental_mg_per_day": {"above": 350}},
                {"all": [{"age_years": {"below": 9}}, {"elemental_mg_per_day": {"above": 110}}]},
            ]
        },
    )

    @pytest.mark.parametrize(
        ("age", "asked", "fit"),
        [
            (8, "110", "fits"),
            (8, "111", None),
            (17, "350", "fits"),
            (17, "351", None),
            (18, "350", "fits"),
            (18, "351", "with_care"),
            (None, "110", "fits"),
            (None, "351", "with_care"),
        ],
    )
    def test_above_an_upper_level(self, age: int | None, asked: str, fit: str | None) -> None:
        """For an adult a matter of care; for a child no form at all, and the finding says why."""
        found = plan(world(self.LEVEL), magnesium_target_mg_per_day=asked, patient={"age_years": age})
        if fit is None:
            assert (found["decision"], found["supplement"]) == ("do_not_supplement", None)
            assert [reason["interaction_id"] for reason in found["reasons"]] == ["above-level"]
        else:
            assert {option["fit"] for option in options(found).values()} == {fit}

    def test_a_grave_limit_is_no_matter_of_care(self) -> None:
        grave = make.interaction(
            "grave-limit",
            direction="intake_limit",
            severity="contraindicated",
            operational_class="avoid",
            affected=None,
            precipitant={"classes": [make.MAGNESIUM]},
        )
        assert plan(world(grave), observations=(LOW,))["decision"] == "do_not_supplement"

    @pytest.mark.parametrize(("age", "decision"), [(0, "do_not_supplement"), (1, "no_need_shown")])
    def test_where_no_level_is_set_for_the_age_no_amount_is_founded(self, age: int, decision: str) -> None:
        compiled = world(make.intake_limit("toddlers", "65", age_years={"at_least": 1}))
        found = plan(compiled, magnesium_target_mg_per_day="50", patient={"age_years": age})
        assert found["decision"] == decision
        assert (found["supplement"] is None) is (age == 0)
        if not age:
            assert found["reasons"][0]["text"].startswith("No upper level is set for this age")

    @pytest.mark.parametrize("names", [("plain", "other"), ("other", "plain")])
    def test_a_form_that_is_taken_with_food_has_times_of_its_own(self, names: tuple[str, str]) -> None:
        """Two forms of the same windows do not share times where one of them belongs to meals."""
        meals = make.administration("other-with-food", "magnesium-other", food="with_food")
        drug = make.medication("a", "alvorin", times=("06:00",))
        day = {"wakes_at": "06:00", "sleeps_at": "22:00", "meals": ("09:00", "20:00")}
        found = options(plan(world(BINDS, meals, names=names), drug, observations=(LOW,), day=day))
        assert found["other"]["times"] == ["09:00", "20:00"]
        assert found["plain"]["times"] != found["other"]["times"]

    def test_the_added_line_takes_no_id_of_the_list(self) -> None:
        found = plan(world(BINDS), make.medication("plan", "alvorin", times=("08:00",)), observations=(LOW,))
        assert options(found)["plain"]["times"]


class TestWorklist:
    """What to measure, and when next."""

    DRAINS = make.interaction(
        "drains", direction="depletes_magnesium", affected=None, precipitant={"substances": ["alvorin"]}
    )

    def monitored(
        self,
        *observations: dict[str, Any],
        schedule: dict[str, Any],
        **facts: Any,  # noqa: ANN401 - keys of the question
    ) -> dict[str, tuple[str, str | None]]:
        tests = ("serum_magnesium", "ecg", "kidney_function")
        compiled = world(self.DRAINS, make.monitoring_schedule("watch", *tests, **schedule))
        found = plan(compiled, make.medication("a", "alvorin"), observations=observations, **facts)
        return {item["test"]: (item["state"], item["due_on"]) for item in found["monitoring"]}

    @pytest.mark.parametrize(
        ("taken_on", "due_on", "state"),
        [
            ("2026-11-14", "2026-11-21", "overdue"),
            ("2026-11-15", "2026-11-22", "planned"),
            ("2026-11-20", "2026-11-27", "planned"),
        ],
    )
    def test_overdue_the_day_after_it_was_due(self, taken_on: str, due_on: str, state: str) -> None:
        found = self.monitored({**LOW, "taken_on": taken_on}, schedule={"interactions": ["drains"], "every_days": 7})
        assert found["serum_magnesium"] == (state, due_on)

    def test_the_calendar_ends(self) -> None:
        last = {**LOW, "taken_on": "9999-12-30"}
        found = self.monitored(last, schedule={"interactions": ["drains"], "every_days": 7}, as_of="9999-12-31")
        assert found["serum_magnesium"] == ("planned", None)

    def test_due_now_where_there_is_none(self) -> None:
        found = self.monitored(schedule={"interactions": ["drains"]})
        assert found["serum_magnesium"] == found["ecg"] == ("due", "2026-11-22")

    def test_as_indicated_where_no_interval_is_known(self) -> None:
        found = self.monitored(
            {**LOW, "taken_on": "2020-01-01"}, schedule={"interactions": ["drains"]}, last_ecg_on="2020-01-01"
        )
        assert found["serum_magnesium"] == found["ecg"] == ("as_indicated", None)
        assert found["kidney_function"] == ("as_indicated", None)

    def test_a_value_without_a_date_is_due_where_an_interval_has_to_be_kept(self) -> None:
        found = self.monitored(LOW, schedule={"interactions": ["drains"], "every_days": 7, "at_start": False})
        assert found["serum_magnesium"] == ("due", "2026-11-22")

    def test_the_last_day_that_can_be_right(self) -> None:
        """A graver value without a day decides the level, not the day of the last test; nor does a day to come."""
        values = [
            {**LOW, "value": "0.9", "taken_on": "2026-11-20"},
            {**LOW, "value": "0.55"},
            {**LOW, "taken_on": "2027-01-01"},
        ]
        found = self.monitored(*values, schedule={"interactions": ["drains"], "every_days": 7})
        assert found["serum_magnesium"] == ("planned", "2026-11-27")

    def test_only_for_the_substances_that_are_named(self) -> None:
        assert self.monitored(schedule={"interactions": ["drains"], "substances": ["betarine"]}) == {}
        assert self.monitored(schedule={"interactions": ["drains"], "substances": ["alvorin"]}) != {}

    def test_because_of_the_decision(self) -> None:
        assert self.monitored(LOW, schedule={"decisions": ["oral_treatment"]})["ecg"] == ("due", "2026-11-22")
        assert self.monitored(schedule={"decisions": ["oral_treatment"]}) == {}

    def test_the_most_urgent_first_and_the_strictest_reason_counts(self) -> None:
        compiled = world(
            self.DRAINS,
            make.monitoring_schedule("rarely", "serum_magnesium", interactions=["drains"], every_days=90),
            make.monitoring_schedule("often", "serum_magnesium", interactions=["drains"], every_days=7),
            make.monitoring_schedule("heart", "ecg", interactions=["drains"]),
        )
        value = {**LOW, "taken_on": "2026-11-01"}
        found = plan(compiled, make.medication("a", "alvorin"), observations=(value,))["monitoring"]
        assert [(item["test"], item["state"]) for item in found] == [("serum_magnesium", "overdue"), ("ecg", "due")]
        assert [reason["schedule_id"] for reason in found[0]["because"]] == ["often", "rarely"]
