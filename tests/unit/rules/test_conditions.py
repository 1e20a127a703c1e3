"""Three-valued logic: applies, may apply because a fact is missing, does not apply.

Every expression is asked through a rule and a report, as an author and a caller meet it: the rule is about `alvorin`,
its `when` is the expression. Values lie at, just below and just above each limit.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from rules import check
from rules.documents import Bounds, Expression
from rules.ranges import Interval, Range, interval_words
from rules.report import CheckReport, Reason
from rules.terms import Applicability
from tests import factories as make

APPLIES = "applies"
MAY = "may_apply"
SILENT = "does_not_apply"

WORLD = (
    make.substance("alvorin"),
    make.substance("betarine"),
    make.substance("cordimax"),
    make.substance("dulvane", routes=["oral", "ophthalmic"]),
    make.substance("magnite", salt_form="oxide"),
    make.salt_form("oxide", "MgO", label_strength="salt"),
    make.medication_class("class-a", "alvorin", "betarine"),
    make.medication_class("class-b", "betarine", "cordimax", "dulvane"),
    make.medication_class(make.MAGNESIUM, "magnite"),
    make.condition("gout"),
    make.condition("thirst"),
    make.condition("stage", implies={"egfr": {"at_least": "15", "below": "30"}}),
    make.condition("worse", implies={"egfr": {"below": "15"}}),
    make.condition("open-stage", implies={"egfr": {"at_least": "90"}}),
    make.condition("old", present_when={"age_years": {"at_least": "65"}}),
    make.condition("old-woman", present_when={"all": [{"age_years": {"at_least": "65"}}, {"sex": "female"}]}),
    make.symptom("cramps"),
    make.symptom("tremor"),
)
NOBODY: dict[str, Any] = {"conditions": []}


def ask(when: dict[str, Any], *more: dict[str, Any], own: dict[str, Any] | None = None, **facts: Any) -> CheckReport:  # noqa: ANN401 - parts of a question
    """Ask a rule about alvorin with the expression; ``own`` are keys of its line, ``more`` other lines."""
    rule = make.interaction("rule", affected={"substances": ["alvorin"]}, when=when)
    lines = (make.medication("own", "alvorin", **(own or {})), *more)
    return check(make.compiled(*WORLD, rule), make.profile(*lines, **facts), explain=True)


def answer(report: CheckReport) -> tuple[str, list[str]]:
    """What the rule says, and the facts it misses."""
    if report["findings"]:
        finding = report["findings"][0]
        return finding["applicability"], finding["missing_facts"]
    return SILENT, []


def words(report: CheckReport) -> str:
    """How the report tells what the expression found."""
    reasons: list[Reason] = report["findings"][0]["why"] if report["findings"] else report["near_misses"][0]["failed"]
    return next(reason["detail"] for reason in reasons if reason["test"] == "when")


def egfr(value: str, unit: str = "mL/min/1.73m2") -> dict[str, Any]:
    """A patient of whom the kidney function is known."""
    return {"patient": {"egfr": {"value": value, "unit": unit}}}


class TestLimits:
    """A limit belongs to one side exactly; a digit too many never moves it."""

    @pytest.mark.parametrize(
        ("bounds", "value", "expected"),
        [
            ({"below": "30"}, "29.999999999", APPLIES),
            ({"below": "30"}, "30", SILENT),
            ({"below": "30"}, "30.000000001", SILENT),
            ({"at_most": "30"}, "29.999999999", APPLIES),
            ({"at_most": "30"}, "30", APPLIES),
            ({"at_most": "30"}, "30.000000000", APPLIES),
            ({"at_most": "30"}, "30.000000001", SILENT),
            ({"above": "30"}, "29.999999999", SILENT),
            ({"above": "30"}, "30", SILENT),
            ({"above": "30"}, "30.000000001", APPLIES),
            ({"at_least": "30"}, "29.999999999", SILENT),
            ({"at_least": "30"}, "30", APPLIES),
            ({"at_least": "30"}, "30.000000001", APPLIES),
            ({"at_least": "15", "below": "30"}, "14.999999999", SILENT),
            ({"at_least": "15", "below": "30"}, "15", APPLIES),
            ({"at_least": "15", "below": "30"}, "29.999999999", APPLIES),
            ({"at_least": "15", "below": "30"}, "30", SILENT),
            ({"above": "15", "at_most": "30"}, "15", SILENT),
            ({"above": "15", "at_most": "30"}, "15.000000001", APPLIES),
            ({"above": "15", "at_most": "30"}, "30", APPLIES),
            ({"above": "15", "at_most": "30"}, "30.000000001", SILENT),
            ({"at_least": "30", "at_most": "30"}, "30", APPLIES),
        ],
    )
    def test_kidney_function(self, bounds: dict[str, str], value: str, expected: str) -> None:
        assert answer(ask({"egfr": bounds}, **egfr(value))) == (expected, [])

    def test_unknown_kidney_function(self) -> None:
        assert answer(ask({"egfr": {"below": "30"}})) == (MAY, ["patient.egfr"])

    def test_clearance_counts_like_a_filtration_rate(self) -> None:
        assert answer(ask({"egfr": {"below": "30"}}, **egfr("29", "mL/min"))) == (APPLIES, [])

    @pytest.mark.parametrize(("age", "expected"), [(64, SILENT), (65, APPLIES), (66, APPLIES), (0, SILENT)])
    def test_age(self, age: int, expected: str) -> None:
        assert answer(ask({"age_years": {"at_least": "65"}}, patient={"age_years": age})) == (expected, [])

    def test_unknown_age(self) -> None:
        assert answer(ask({"age_years": {"at_least": "65"}})) == (MAY, ["patient.age_years"])

    @pytest.mark.parametrize(
        ("value", "unit", "expected"),
        [
            ("0.699999999", "mmol/L", APPLIES),
            ("0.7", "mmol/L", SILENT),
            ("0.700000001", "mmol/L", SILENT),
            ("1.399999999", "mEq/L", APPLIES),
            ("1.4", "mEq/L", SILENT),  # exactly 0.7 mmol/L
            ("1.70134", "mg/dL", APPLIES),  # 0.7 mmol/L is 1.70135 mg/dL
            ("1.70135", "mg/dL", SILENT),
        ],
    )
    def test_serum_magnesium_in_every_unit(self, value: str, unit: str, expected: str) -> None:
        observation = {"kind": "serum_magnesium", "value": value, "unit": unit}
        assert answer(ask({"serum_magnesium": {"below": "0.7"}}, observations=[observation])) == (expected, [])

    @pytest.mark.parametrize("kind", ["serum_magnesium", "serum_potassium", "serum_calcium"])
    def test_each_laboratory_value_is_its_own(self, kind: str) -> None:
        other = "serum_calcium" if kind != "serum_calcium" else "serum_potassium"
        report = ask({kind: {"below": "2"}}, observations=[{"kind": other, "value": "1", "unit": "mmol/L"}])
        assert answer(report) == (MAY, [f"observations.{kind}"])
        report = ask({kind: {"below": "2"}}, observations=[{"kind": kind, "value": "1", "unit": "mmol/L"}])
        assert answer(report) == (APPLIES, [])

    @pytest.mark.parametrize(
        ("started_on", "expected"),
        [
            ("2026-08-22", APPLIES),  # three months to the day
            ("2026-08-23", SILENT),
            ("2026-08-21", APPLIES),
            ("2025-11-22", APPLIES),
            ("2026-11-22", SILENT),
            ("2027-01-01", SILENT),  # not started yet
        ],
    )
    def test_duration(self, started_on: str, expected: str) -> None:
        report = ask({"duration_months": {"at_least": "3"}}, own={"started_on": started_on}, as_of="2026-11-22")
        assert answer(report) == (expected, [])

    @pytest.mark.parametrize("key", ["duration_days", "duration_months"])
    @pytest.mark.parametrize("given", [{"own": {"started_on": "2026-01-01"}}, {"as_of": "2026-11-22"}, {}])
    def test_duration_needs_start_and_day(self, given: dict[str, Any], key: str) -> None:
        """The clock of the machine is never asked."""
        assert answer(ask({key: {"at_least": "3"}}, **given)) == (MAY, ["medications.own.started_on"])

    @pytest.mark.parametrize("key", ["duration_days", "duration_months"])
    def test_duration_where_no_medication_is_the_rules_own(self, key: str) -> None:
        """A rule about a condition alone has no start to look at."""
        rule = make.interaction("rule", conditions=["gout"], when={key: {"at_least": "3"}})
        report = check(make.compiled(*WORLD, rule), make.profile(conditions=[{"text": "gout"}], as_of="2026-11-22"))
        assert answer(report) == (MAY, ["medications.started_on"])

    @pytest.mark.parametrize(
        ("dose", "times", "expected"),
        [
            ({"value": "39.999", "unit": "mg"}, 2, SILENT),
            ({"value": "40", "unit": "mg"}, 2, APPLIES),
            ({"value": "0.04", "unit": "g"}, 2, APPLIES),
            ({"value": "40000", "unit": "mcg"}, 2, APPLIES),
            ({"value": "40", "unit": "mcg"}, 2, SILENT),
            ({"value": "80", "unit": "mg"}, 1, APPLIES),
        ],
    )
    def test_daily_dose(self, dose: dict[str, str], times: int, expected: str) -> None:
        report = ask({"daily_dose_mg": {"at_least": "80"}}, own={"dose": dose, "times_per_day": times})
        assert answer(report) == (expected, [])

    @pytest.mark.parametrize(
        ("own", "missing"),
        [
            ({}, "dose"),
            ({"times_per_day": 2}, "dose"),
            ({"dose": {"value": "40", "unit": "mg"}}, "times_per_day"),
            ({"dose": {"value": "2", "unit": "mL"}}, "dose"),
        ],
    )
    def test_daily_dose_not_known(self, own: dict[str, Any], missing: str) -> None:
        assert answer(ask({"daily_dose_mg": {"at_least": "80"}}, own=own)) == (MAY, [f"medications.own.{missing}"])

    @pytest.mark.parametrize(
        ("milligrams", "expected"),
        [("350", SILENT), ("350.000000001", APPLIES), ("349.9", SILENT)],
    )
    def test_magnesium_a_day(self, milligrams: str, expected: str) -> None:
        dose = {"value": milligrams, "unit": "mg", "of": "elemental"}
        more = make.medication("mag", "magnite", dose=dose, times_per_day=1)
        assert answer(ask({"elemental_mg_per_day": {"above": "350"}}, more)) == (expected, [])

    def test_no_magnesium_on_the_list_is_none_a_day(self) -> None:
        assert answer(ask({"elemental_mg_per_day": {"above": "0"}})) == (SILENT, [])

    def test_magnesium_of_unknown_dose(self) -> None:
        report = ask({"elemental_mg_per_day": {"above": "350"}}, make.medication("mag", "magnite", times_per_day=1))
        assert answer(report) == (MAY, ["medications.mag.dose"])


class TestIntervals:
    """A value that is only known to lie between two limits decides what it can and leaves open what it cannot."""

    @pytest.mark.parametrize(
        ("bounds", "expected"),
        [
            ({"below": "30"}, APPLIES),
            ({"below": "20"}, MAY),
            ({"below": "15"}, SILENT),
            ({"at_least": "30"}, SILENT),
            ({"at_least": "15"}, APPLIES),
            ({"at_least": "16"}, MAY),
            ({"above": "15"}, MAY),
            ({"at_most": "15"}, MAY),
            ({"at_least": "60"}, SILENT),
            ({"at_least": "10", "below": "40"}, APPLIES),
            ({"at_least": "20", "below": "25"}, MAY),
        ],
    )
    def test_stage_of_kidney_disease_stands_in_for_the_value(self, bounds: dict[str, str], expected: str) -> None:
        """The condition means 15 up to, not including, 30."""
        missing = ["patient.egfr"] if expected == MAY else []
        assert answer(ask({"egfr": bounds}, conditions=[{"text": "stage"}])) == (expected, missing)

    def test_open_downwards(self) -> None:
        report = ask({"egfr": {"below": "10"}}, conditions=[{"text": "worse"}])
        assert answer(report) == (MAY, ["patient.egfr"])
        assert answer(ask({"egfr": {"below": "15"}}, conditions=[{"text": "worse"}])) == (APPLIES, [])

    def test_open_upwards(self) -> None:
        assert answer(ask({"egfr": {"below": "90"}}, conditions=[{"text": "open-stage"}])) == (SILENT, [])
        report = ask({"egfr": {"at_least": "120"}}, conditions=[{"text": "open-stage"}])
        assert answer(report) == (MAY, ["patient.egfr"])

    def test_unknown_dose_of_a_known_minimum(self) -> None:
        """241.2 mg are sure; the other product may bring more."""
        lines = (
            make.medication("mag", "magnite", dose={"value": "400", "unit": "mg", "of": "salt"}, times_per_day=1),
            make.medication("more", "magnite", times_per_day=1),
        )
        assert answer(ask({"elemental_mg_per_day": {"above": "200"}}, *lines)) == (APPLIES, [])
        assert answer(ask({"elemental_mg_per_day": {"above": "350"}}, *lines)) == (MAY, ["medications.more.dose"])
        assert answer(ask({"elemental_mg_per_day": {"at_most": "200"}}, *lines)) == (SILENT, [])


class TestVocabularies:
    """Facts that are one of a few words."""

    @pytest.mark.parametrize(
        ("when", "patient", "expected"),
        [
            ({"sex": "female"}, {"sex": "female"}, APPLIES),
            ({"sex": "female"}, {"sex": "male"}, SILENT),
            ({"sex": "female"}, {}, MAY),
            ({"pregnancy": "pregnant"}, {"pregnancy": "pregnant"}, APPLIES),
            ({"pregnancy": "pregnant"}, {"pregnancy": "not_pregnant"}, SILENT),
            ({"pregnancy": "pregnant"}, {}, MAY),
            ({"dialysis": True}, {"dialysis": True}, APPLIES),
            ({"dialysis": True}, {"dialysis": False}, SILENT),
            ({"dialysis": False}, {"dialysis": False}, APPLIES),
            ({"dialysis": False}, {"dialysis": True}, SILENT),
            ({"dialysis": True}, {}, MAY),
            ({"dialysis": False}, {}, MAY),
        ],
    )
    def test_equal(self, when: dict[str, Any], patient: dict[str, Any], expected: str) -> None:
        missing = [f"patient.{next(iter(when))}"] if expected == MAY else []
        assert answer(ask(when, patient=patient)) == (expected, missing)


class TestConditionsAndSymptoms:
    """Conditions may be unknown; symptoms that nobody mentions are absent."""

    def test_present(self) -> None:
        report = ask({"conditions": ["thirst", "gout"]}, conditions=[{"text": "gout"}])
        assert answer(report) == (APPLIES, [])
        assert words(report) == "condition present: gout"

    def test_none_of_them(self) -> None:
        assert answer(ask({"conditions": ["gout"]}, conditions=[{"text": "thirst"}])) == (SILENT, [])

    def test_list_left_out(self) -> None:
        assert answer(ask({"conditions": ["gout"]})) == (MAY, ["conditions"])

    def test_list_empty(self) -> None:
        assert answer(ask({"conditions": ["gout"]}, **NOBODY)) == (SILENT, [])

    @pytest.mark.parametrize(
        ("patient", "expected", "missing"),
        [
            ({"age_years": 65}, APPLIES, []),
            ({"age_years": 64}, SILENT, []),
            ({}, MAY, ["patient.age_years"]),
        ],
    )
    def test_population(self, patient: dict[str, Any], expected: str, missing: list[str]) -> None:
        """A population follows from facts, also where the caller says that there are no conditions."""
        assert answer(ask({"conditions": ["old"]}, patient=patient, **NOBODY)) == (expected, missing)

    def test_population_and_conditions_both_unknown(self) -> None:
        report = ask({"conditions": ["gout", "old-woman"]}, patient={"age_years": 70})
        assert answer(report) == (MAY, ["conditions", "patient.sex"])

    def test_symptoms(self) -> None:
        assert answer(ask({"symptoms": ["cramps", "tremor"]}, symptoms=["tremor"])) == (APPLIES, [])
        assert answer(ask({"symptoms": ["cramps"]}, symptoms=["tremor"])) == (SILENT, [])
        assert answer(ask({"symptoms": ["cramps"]})) == (SILENT, [])

    def test_symptoms_in_words(self) -> None:
        assert words(ask({"symptoms": ["cramps", "tremor"]}, symptoms=["tremor"])) == "symptom given: tremor"
        assert words(ask({"symptoms": ["cramps"]})) == "symptom not given: cramps"


class TestCoMedication:
    """Other substances on the list, each counted once; the rule's own substance never counts."""

    def test_one_other(self) -> None:
        when = {"co_medication": {"classes": ["class-b"]}}
        assert answer(ask(when, make.medication("m2", "cordimax"))) == (APPLIES, [])
        assert answer(ask(when)) == (SILENT, [])
        assert answer(ask(when, make.medication("m2", "magnite"))) == (SILENT, [])

    def test_own_substance_does_not_count(self) -> None:
        when = {"co_medication": {"classes": ["class-a"]}}
        assert answer(ask(when, make.medication("m2", "alvorin"))) == (SILENT, [])
        assert answer(ask(when, make.medication("m2", "betarine"))) == (APPLIES, [])

    def test_by_substance(self) -> None:
        when = {"co_medication": {"substances": ["cordimax"]}}
        assert answer(ask(when, make.medication("m2", "cordimax"))) == (APPLIES, [])
        assert answer(ask(when, make.medication("m2", "betarine"))) == (SILENT, [])

    def test_enough_of_them(self) -> None:
        when = {"co_medication": {"classes": ["class-b"], "at_least": 2}}
        one, same, two = (make.medication(f"m{name}", name) for name in ("betarine", "betarine", "cordimax"))
        assert answer(ask(when, one)) == (SILENT, [])
        assert answer(ask(when, one, {**same, "id": "again"})) == (SILENT, [])
        report = ask(when, one, two)
        assert answer(report) == (APPLIES, [])
        assert words(report) == "also on the list of class-b: betarine, cordimax (needed: 2)"

    def test_in_the_same_product_only_what_is_on_its_line_counts(self) -> None:
        when = {"co_medication": {"classes": ["class-b"], "same_product": True}}
        rule = make.interaction("rule", affected={"substances": ["alvorin"]}, when=when)
        rules = make.compiled(*WORLD, rule)

        def asked(*texts: str) -> CheckReport:
            lines = [make.medication(f"m{number}", text) for number, text in enumerate(texts)]
            return check(rules, make.profile(*lines), explain=True)

        together = asked("alvorin 5 mg / cordimax 10 mg tablet")
        assert answer(together) == (APPLIES, [])
        assert words(together) == "also in the same product of class-b: cordimax (needed: 1)"
        apart = asked("alvorin 5 mg", "cordimax 10 mg")
        assert answer(apart) == (SILENT, [])
        assert words(apart) == "also in the same product of class-b: none (needed: 1)"
        assert answer(asked("alvorin 5 mg", "dulvane")) == (SILENT, [])  # of a route nobody knows, on another line

    def test_several_medications_together_are_no_product(self) -> None:
        when = {"co_medication": {"classes": ["class-b"], "same_product": True}}
        rule = make.interaction("rule", precipitant=make.party("class-a"), when=when, scope="list")
        about_thirst = make.interaction("thirsty", conditions=["thirst"], when=when)
        rules = make.compiled(*WORLD, rule, about_thirst)
        line = make.medication("m1", "alvorin / cordimax tablet")
        assert answer(check(rules, make.profile(line, conditions=[{"text": "thirst"}]))) == (SILENT, [])

    def test_local_route_does_not_count(self) -> None:
        when = {"co_medication": {"classes": ["class-b"]}}
        assert answer(ask(when, make.medication("m2", "dulvane", route="ophthalmic"))) == (SILENT, [])
        assert answer(ask(when, make.medication("m2", "dulvane", route="oral"))) == (APPLIES, [])

    def test_unknown_route_leaves_it_open(self) -> None:
        report = ask({"co_medication": {"classes": ["class-b"]}}, make.medication("m2", "dulvane"))
        assert answer(report) == (MAY, ["medications.m2.route"])
        assert "depending on the route also dulvane" in words(report)


class TestRiskCount:
    """Independent causes: a class counts once however many members are on the list, a condition counts once."""

    WHEN: dict[str, Any] = {"risk_count": {"classes": ["class-a", "class-b"], "conditions": ["gout"], "at_least": 2}}  # noqa: RUF012

    def test_class_and_condition(self) -> None:
        report = ask(self.WHEN, conditions=[{"text": "gout"}])
        assert answer(report) == (APPLIES, [])
        assert words(report) == "independent causes counted: class-a, gout (needed: 2)"

    def test_two_members_of_one_class_are_one_cause(self) -> None:
        when = {"risk_count": {"classes": ["class-a"], "at_least": 2}}
        assert answer(ask(when, make.medication("m2", "betarine"))) == (SILENT, [])

    def test_one_substance_in_two_classes_is_two_causes(self) -> None:
        assert answer(ask(self.WHEN, make.medication("m2", "betarine"), **NOBODY)) == (APPLIES, [])

    def test_condition_not_known(self) -> None:
        assert answer(ask(self.WHEN)) == (MAY, ["conditions"])

    def test_unknown_conditions_are_too_few_to_matter(self) -> None:
        when = {"risk_count": {"classes": ["class-a"], "conditions": ["gout"], "at_least": 3}}
        assert answer(ask(when)) == (SILENT, [])

    def test_one_cause_only(self) -> None:
        report = ask(self.WHEN, **NOBODY)
        assert answer(report) == (SILENT, [])
        assert words(report) == "independent causes counted: class-a (needed: 2)"

    def test_nothing_counted(self) -> None:
        when = {"risk_count": {"classes": ["class-b"], "at_least": 1}}
        assert words(ask(when)) == "independent causes counted: none (needed: 1)"

    def test_population_that_is_open(self) -> None:
        when = {"risk_count": {"classes": ["class-a"], "conditions": ["old"], "at_least": 2}}
        assert answer(ask(when, **NOBODY)) == (MAY, ["patient.age_years"])
        assert answer(ask(when, patient={"age_years": 70}, **NOBODY)) == (APPLIES, [])

    def test_population_open_and_conditions_not_known(self) -> None:
        when = {"risk_count": {"classes": ["class-a"], "conditions": ["old"], "at_least": 2}}
        assert answer(ask(when)) == (MAY, ["conditions", "patient.age_years"])

    def test_unknown_route_leaves_a_class_open(self) -> None:
        """Eye drops of a drug are no cause, tablets of it are."""
        drops = make.medication("m2", "dulvane")
        assert answer(ask(self.WHEN, drops, **NOBODY)) == (MAY, ["medications.m2.route"])
        assert answer(ask(self.WHEN, {**drops, "route": "oral"}, **NOBODY)) == (APPLIES, [])
        assert answer(ask(self.WHEN, {**drops, "route": "ophthalmic"}, **NOBODY)) == (SILENT, [])


RANGES = (
    "egfr",
    "age_years",
    "serum_magnesium",
    "serum_potassium",
    "serum_calcium",
    "elemental_mg_per_day",
    "duration_days",
    "duration_months",
    "daily_dose_mg",
)
YES: dict[str, Any] = {"age_years": {"at_least": "1"}}
NO: dict[str, Any] = {"age_years": {"at_least": "100"}}
OPEN: dict[str, Any] = {"egfr": {"below": "30"}}
OTHER: dict[str, Any] = {"sex": "female"}


class TestCombinations:
    """Kleene's tables for all, any and not, with the facts that would decide."""

    @pytest.mark.parametrize(
        ("when", "expected"),
        [
            ({"all": [YES, YES]}, APPLIES),
            ({"all": [YES, NO]}, SILENT),
            ({"all": [NO, OPEN]}, SILENT),
            ({"all": [OPEN, NO]}, SILENT),
            ({"all": [YES, OPEN]}, MAY),
            ({"all": [OPEN]}, MAY),
            ({"any": [NO, NO]}, SILENT),
            ({"any": [NO, YES]}, APPLIES),
            ({"any": [YES, OPEN]}, APPLIES),
            ({"any": [OPEN, YES]}, APPLIES),
            ({"any": [NO, OPEN]}, MAY),
            ({"not": YES}, SILENT),
            ({"not": NO}, APPLIES),
            ({"not": OPEN}, MAY),
            ({"not": {"not": OPEN}}, MAY),
            ({"not": {"all": [OPEN, NO]}}, APPLIES),
            ({"all": [{"any": [NO, YES]}, {"not": NO}]}, APPLIES),
        ],
    )
    def test_three_values(self, when: dict[str, Any], expected: str) -> None:
        missing = ["patient.egfr"] if expected == MAY else []
        assert answer(ask(when, patient={"age_years": 50})) == (expected, missing)

    def test_every_open_part_is_named_once(self) -> None:
        report = ask({"all": [OPEN, OTHER, OPEN]}, patient={"age_years": 50})
        assert answer(report) == (MAY, ["patient.egfr", "patient.sex"])

    def test_parts_that_are_decided_are_not_asked_for(self) -> None:
        report = ask({"any": [NO, {"all": [NO, OTHER]}, OPEN]}, patient={"age_years": 50})
        assert answer(report) == (MAY, ["patient.egfr"])

    def test_words_name_what_decided(self) -> None:
        assert words(ask({"all": [YES, NO]}, patient={"age_years": 50})) == "age 50 years is not at least 100"
        report = ask({"all": [YES, OTHER]}, patient={"age_years": 50, "sex": "female"})
        assert words(report) == "age 50 years is at least 1 and sex: female"
        assert words(ask({"any": [NO, OTHER]}, patient={"age_years": 5, "sex": "female"})) == "sex: female"
        assert words(ask({"any": [NO, OTHER]}, patient={"age_years": 5, "sex": "male"})) == (
            "age 5 years is not at least 100 or sex: male"
        )
        assert words(ask({"not": NO}, patient={"age_years": 5})) == "not the case: age 5 years is not at least 100"


class TestWords:
    """The comparison in words, with the numbers that were compared."""

    def test_value_and_limit(self) -> None:
        report = ask({"egfr": {"at_least": "15", "below": "30"}}, **egfr("15.5"))
        assert words(report) == "eGFR 15.5 mL/min/1.73 m2 is at least 15 and below 30"

    def test_value_outside(self) -> None:
        report = ask({"egfr": {"above": "30", "at_most": "60"}}, **egfr("30"))
        assert words(report) == "eGFR 30 mL/min/1.73 m2 is not above 30 and at most 60"

    def test_converted_value_is_rounded_for_people_only(self) -> None:
        observation = {"kind": "serum_magnesium", "value": "1.7", "unit": "mg/dL"}  # 0.69944 mmol/L
        report = ask({"serum_magnesium": {"below": "0.7"}}, observations=[observation])
        assert words(report) == "serum magnesium 0.6994 mmol/L is below 0.7"

    def test_duration(self) -> None:
        given: dict[str, Any] = {"own": {"started_on": "2026-11-15"}, "as_of": "2026-11-22"}
        assert words(ask({"duration_days": {"above": "5"}}, **given)) == "duration of use 7 days is above 5"
        assert words(ask({"duration_months": {"below": "1"}}, **given)) == "duration of use 0.07 months is below 1"
        assert words(ask({"duration_days": {"above": "5"}})) == (
            "duration of use is not known (above 5 days would matter)"
        )

    def test_unknown_value(self) -> None:
        assert words(ask({"egfr": {"below": "30"}})) == "eGFR is not known (below 30 mL/min/1.73 m2 would matter)"

    def test_interval(self) -> None:
        report = ask({"egfr": {"below": "20"}}, conditions=[{"text": "stage"}])
        assert words(report) == "eGFR between 15 and 30 mL/min/1.73 m2 must be known to be below 20"

    def test_interval_that_decides(self) -> None:
        report = ask({"egfr": {"at_least": "15"}}, conditions=[{"text": "stage"}])
        assert words(report).endswith("is at least 15")

    def test_open_interval(self) -> None:
        report = ask({"egfr": {"at_least": "120"}}, conditions=[{"text": "open-stage"}])
        assert words(report) == "eGFR at least 90 mL/min/1.73 m2 must be known to be at least 120"

    def test_truth_values(self) -> None:
        assert words(ask({"dialysis": True}, patient={"dialysis": True})) == "dialysis: yes"
        assert words(ask({"dialysis": True}, patient={"dialysis": False})) == "dialysis: no"
        assert words(ask({"dialysis": True})) == "dialysis is not known"

    def test_condition_that_is_absent(self) -> None:
        assert words(ask({"conditions": ["gout"]}, **NOBODY)) == "condition not present: gout"
        assert words(ask({"conditions": ["gout", "thirst"]})) == "conditions are not known: gout, thirst"

    def test_nobody_else_on_the_list(self) -> None:
        report = ask({"co_medication": {"substances": ["cordimax"]}})
        assert words(report) == "also on the list of cordimax: none (needed: 1)"


class TestRange:
    """Bounds against an interval of possible values, both ends of which are possible."""

    @pytest.mark.parametrize(
        ("bounds", "interval", "expected"),
        [
            ({"below": "30"}, (30, 30), False),
            ({"at_most": "30"}, (30, 30), True),
            ({"at_most": "30"}, (Decimal(30), Fraction(30)), True),
            ({"below": "30"}, (10, 29), True),
            ({"below": "30"}, (10, 30), None),
            ({"at_most": "30"}, (10, 30), True),
            ({"below": "10"}, (10, 30), False),
            ({"at_most": "10"}, (10, 30), None),
            ({"above": "10"}, (10, 30), None),
            ({"at_least": "10"}, (10, 30), True),
            ({"above": "30"}, (10, 30), False),
            ({"at_least": "30"}, (10, 30), None),
            ({"at_least": "10"}, (10, None), True),
            ({"above": "10"}, (10, None), None),
            ({"below": "10"}, (10, None), False),
            ({"below": "10"}, (None, 9), True),
            ({"at_least": "10"}, (None, 9), False),
            ({"at_least": "9"}, (None, 9), None),
            ({"below": "10"}, (None, None), None),
            ({"at_least": "10", "below": "20"}, (10, 19), True),
            ({"at_least": "10", "below": "20"}, (10, 20), None),
            ({"at_least": "10", "below": "20"}, (5, 25), None),
            ({"at_least": "10", "below": "20"}, (20, 25), False),
            ({"at_least": "10", "below": "20"}, (5, 9), False),
        ],
    )
    def test_holds(self, bounds: dict[str, str], interval: Interval, *, expected: bool | None) -> None:
        assert Range(Bounds.model_validate(bounds)).holds(interval) is expected

    @pytest.mark.parametrize(
        ("bounds", "is_open"), [({"at_least": "18"}, True), ({"at_least": "4", "below": "18"}, False)]
    )
    def test_open_upwards(self, bounds: dict[str, str], *, is_open: bool) -> None:
        assert Range(Bounds.model_validate(bounds)).open_upwards is is_open

    @pytest.mark.parametrize(
        ("interval", "text"),
        [
            ((15, Decimal("29.5")), "between 15 and 29.5"),
            ((Fraction(1, 3), None), "at least 0.3333"),
            ((None, 30), "at most 30"),
            ((None, None), "not known"),
        ],
    )
    def test_in_words(self, interval: Interval, text: str) -> None:
        assert interval_words(interval) == text


def test_every_key_of_an_expression_is_asked() -> None:
    """A key that the model accepts and the engine ignores would be a rule that never fires, or always."""
    values: dict[str, Any] = {
        "all": [YES],
        "any": [YES],
        "not": NO,
        **{key: {"at_least": "0"} for key in RANGES},
        "dialysis": False,
        "sex": "female",
        "pregnancy": "pregnant",
        "conditions": ["gout"],
        "symptoms": ["cramps"],
        "co_medication": {"classes": ["class-b"]},
        "risk_count": {"classes": ["class-a"], "at_least": 1},
    }
    assert {name if name != "not_" else "not" for name in Expression.model_fields} == set(values)
    everything: dict[str, Any] = {
        "own": {"dose": {"value": "1", "unit": "mg"}, "times_per_day": 1, "started_on": "2026-11-01"},
        "patient": {
            "age_years": 50,
            "sex": "female",
            "pregnancy": "pregnant",
            "egfr": {"value": "50", "unit": "mL/min/1.73m2"},
            "dialysis": False,
        },
        "conditions": [{"text": "gout"}],
        "symptoms": ["cramps"],
        "observations": [
            {"kind": kind, "value": "1", "unit": "mmol/L"}
            for kind in ("serum_magnesium", "serum_potassium", "serum_calcium")
        ],
        "as_of": "2026-11-22",
    }
    for key, value in values.items():
        report = ask({key: value}, make.medication("m2", "betarine"), **everything)
        assert answer(report) == (Applicability.APPLIES, []), key
