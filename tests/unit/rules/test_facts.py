"""From a question to facts: what is recognised, what a condition implies, what follows, and what is never assumed.

Facts are seen through a report: recognised terms, the laboratory value that was used, and rules that ask for a fact.
"""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from rules import check
from rules.report import CheckReport
from tests import factories as make

Conditions = list[dict[str, Any]]


def ask(*records: Any, when: dict[str, Any] | None = None, **question: Any) -> CheckReport:  # noqa: ANN401
    """A report over the records, with a rule about alvorin that asks `when`."""
    rule = make.interaction("rule", affected={"substances": ["alvorin"]}, when=when)
    world = make.compiled(make.substance("alvorin"), rule, *records)
    return check(world, make.profile(make.medication("m1", "alvorin"), **question))


def answer(report: CheckReport) -> tuple[str, list[str]]:
    """What the rule says, and the facts it misses."""
    if report["findings"]:
        return report["findings"][0]["applicability"], report["findings"][0]["missing_facts"]
    return "does_not_apply", []


def named(*texts: str) -> Conditions:
    """Conditions by text."""
    return [{"text": text} for text in texts]


def coded(*codes: str) -> Conditions:
    """Conditions by ICD-10-CM code."""
    return [{"codes": [{"system": "icd10cm", "code": code}]} for code in codes]


class TestConditionTerms:
    """What became of each condition, in the order of the question."""

    KIDNEY = (
        make.condition("kidney-disease", synonyms=["CKD", "chronic kidney disease"], icd10cm=["N18"]),
        make.condition("stage-4", name="kidney disease, stage 4", icd10cm=["N18.4"]),
    )

    @pytest.mark.parametrize(
        "text", ["kidney-disease", "Kidney  Disease", "ckd", "CHRONIC KIDNEY DISEASE", "c\u200bkd"]
    )
    def test_by_name_or_synonym(self, text: str) -> None:
        term = ask(*self.KIDNEY, conditions=named(text))["conditions"][0]
        assert term == {"position": 0, "state": "recognised", "id": "kidney-disease", "name": "kidney-disease"}

    @pytest.mark.parametrize(
        ("code", "found"),
        [
            ("N18", "kidney-disease"),
            ("N18.9", "kidney-disease"),
            ("n18.9", "kidney-disease"),
            ("N189", "kidney-disease"),
            ("N18.4", "stage-4"),
            ("N18.42", "stage-4"),
            ("N184", "stage-4"),
            ("N19", None),
            ("N1", None),
        ],
    )
    def test_longest_code_prefix_wins(self, code: str, found: str | None) -> None:
        assert ask(*self.KIDNEY, conditions=coded(code))["conditions"][0]["id"] == found

    def test_code_counts_before_the_text(self) -> None:
        condition = {**coded("N18.4")[0], "text": "CKD"}
        assert ask(*self.KIDNEY, conditions=[condition])["conditions"][0]["id"] == "stage-4"

    def test_text_where_the_code_is_not_known(self) -> None:
        condition = {**coded("Z99")[0], "text": "CKD"}
        assert ask(*self.KIDNEY, conditions=[condition])["conditions"][0]["id"] == "kidney-disease"

    def test_first_known_code_counts(self) -> None:
        condition = {"codes": [code for one in coded("Z99", "N18.4", "N18") for code in one["codes"]]}
        assert ask(*self.KIDNEY, conditions=[condition])["conditions"][0]["id"] == "stage-4"

    def test_code_of_another_system_is_no_diagnosis(self) -> None:
        condition = {"codes": [{"system": "atc", "code": "N18"}]}
        assert ask(*self.KIDNEY, conditions=[condition])["conditions"][0]["state"] == "unrecognised"

    def test_unknown_condition_makes_the_answer_incomplete(self) -> None:
        report = ask(*self.KIDNEY, conditions=named("CKD", "grumbling"))
        assert [(term["position"], term["state"]) for term in report["conditions"]] == [
            (0, "recognised"),
            (1, "unrecognised"),
        ]
        assert report["status"] == "incomplete"
        assert ask(*self.KIDNEY, conditions=named("CKD"))["status"] == "complete"

    def test_withdrawn_condition_is_not_known(self) -> None:
        gone = make.condition("gone", icd10cm=["E10"], status="withdrawn")
        assert ask(gone, conditions=named("gone"))["conditions"][0]["state"] == "unrecognised"
        assert ask(gone, conditions=coded("E10.1"))["conditions"][0]["state"] == "unrecognised"


class TestSymptomTerms:
    """What became of each symptom."""

    def test_known_and_unknown(self) -> None:
        report = ask(make.symptom("muscle-cramps", synonyms=["cramps"]), symptoms=["Cramps", "sadness"])
        assert report["symptoms"] == [
            {"position": 0, "state": "recognised", "id": "muscle-cramps", "name": "muscle-cramps"},
            {"position": 1, "state": "unrecognised", "id": None, "name": None},
        ]
        assert report["status"] == "incomplete"

    def test_recognised_symptoms_leave_the_answer_complete(self) -> None:
        assert ask(make.symptom("cramps"), symptoms=["cramps"])["status"] == "complete"


class TestObservations:
    """The newest value of each kind counts; of two on one day the lower."""

    @staticmethod
    def serum(*values: tuple[str, str | None], unit: str = "mmol/L", **question: Any) -> tuple[str, str | None]:  # noqa: ANN401
        """The value that was used and its day, the same in every order of the question."""
        observations = [
            {"kind": "serum_magnesium", "value": value, "unit": unit, **({"taken_on": day} if day else {})}
            for value, day in values
        ]
        used = set()
        for order in permutations(observations):
            report = ask(make.reference_range(), observations=list(order), **question)
            band = report["deficiency_risk"]["serum"][0]
            used.add((band["value_mmol_per_l"], band["taken_on"]))
        assert len(used) == 1
        return used.pop()

    def test_newest(self) -> None:
        days = [("0.9", "2026-11-01"), ("0.6", "2026-10-01"), ("0.8", "2026-11-20")]
        assert self.serum(*days) == ("0.8", "2026-11-20")

    def test_lower_of_two_on_one_day(self) -> None:
        assert self.serum(("0.9", "2026-11-01"), ("0.6", "2026-11-01")) == ("0.6", "2026-11-01")

    def test_lower_of_two_without_a_day(self) -> None:
        assert self.serum(("0.65", None), ("0.9", None)) == ("0.65", None)

    def test_undated_value_may_be_the_newest(self) -> None:
        """A missing date never makes the answer milder."""
        assert self.serum(("0.5", None), ("0.9", "2020-01-01")) == ("0.5", None)
        assert self.serum(("0.9", None), ("0.5", "2020-01-01"), ("0.4", "2019-01-01")) == ("0.5", "2020-01-01")

    def test_a_day_to_come_is_no_day(self) -> None:
        """A slip in a date hides no value."""
        days = [("0.9", "2027-11-01"), ("0.5", "2026-11-20"), ("0.8", "2026-11-19")]
        assert self.serum(*days, as_of="2026-11-22") == ("0.5", "2026-11-20")
        assert self.serum(*days) == ("0.9", "2027-11-01")  # without a day of the question nobody can tell

    @pytest.mark.parametrize(
        ("kind", "values", "used"),
        [
            ("serum_magnesium", ("0.9", "3.6"), "3.6"),  # normal and major
            ("serum_magnesium", ("0.6", "1.2"), "0.6"),  # minor both
            ("serum_magnesium", ("0.6", "3.6"), "3.6"),
            ("serum_magnesium", ("0.3", "3.6"), "0.3"),  # major both
            ("serum_potassium", ("0.6", "3.6"), "0.6"),
        ],
    )
    def test_graver_magnesium_and_lower_others(self, kind: str, values: tuple[str, str], used: str) -> None:
        words = {"meaning": "What it means.", "advice": "What may be considered."}
        bands = [
            {"name": "very low", "level": "low", "bounds": {"below": "0.4"}, "severity": "major", **words},
            {
                "name": "low",
                "level": "low",
                "bounds": {"at_least": "0.4", "below": "0.7"},
                "severity": "minor",
                **words,
            },
            {"name": "normal", "level": "normal", "bounds": {"at_least": "0.7", "at_most": "1.05"}, **words},
            {
                "name": "high",
                "level": "high",
                "bounds": {"above": "1.05", "at_most": "2"},
                "severity": "minor",
                **words,
            },
            {"name": "very high", "level": "high", "bounds": {"above": "2"}, "severity": "major", **words},
        ]
        for order in permutations(values):
            observations = [{"kind": kind, "value": value, "unit": "mmol/L"} for value in order]
            report = ask(make.reference_range(kind, bands=bands), observations=observations)
            assert report["deficiency_risk"]["serum"][0]["value_mmol_per_l"] == used

    @pytest.mark.parametrize(
        ("taken_on", "value", "expected"),
        [
            ("2026-08-24", "0.9", ("does_not_apply", [])),  # 90 days old
            ("2026-08-23", "0.9", ("may_apply", ["observations.serum_magnesium"])),
            ("2026-08-23", "0.6", ("applies", [])),  # low counts until a newer value says otherwise
            (None, "0.9", ("does_not_apply", [])),
            ("2026-12-01", "0.9", ("does_not_apply", [])),
        ],
    )
    def test_a_normal_value_that_is_too_old_says_nothing(
        self, taken_on: str | None, value: str, expected: tuple[str, list[str]]
    ) -> None:
        one = {
            "kind": "serum_magnesium",
            "value": value,
            "unit": "mmol/L",
            **({"taken_on": taken_on} if taken_on else {}),
        }
        report = ask(
            make.reference_range(current_for_days=90),
            when={"serum_magnesium": {"below": "0.7"}},
            observations=[one],
            as_of="2026-11-22",
        )
        assert answer(report) == expected

    def test_a_value_without_a_range(self) -> None:
        one = {"kind": "serum_magnesium", "value": "0.6", "unit": "mmol/L", "taken_on": "2020-01-01"}
        report = ask(when={"serum_magnesium": {"below": "0.7"}}, observations=[one], as_of="2026-11-22")
        assert answer(report) == ("applies", [])
        assert report["deficiency_risk"]["serum"] == []

    def test_lower_is_decided_in_one_unit(self) -> None:
        """1.5 mg/dL is 0.617 mmol/L and lower than 0.7 mmol/L."""
        observations = [
            {"kind": "serum_magnesium", "value": "0.7", "unit": "mmol/L"},
            {"kind": "serum_magnesium", "value": "1.5", "unit": "mg/dL"},
        ]
        report = ask(make.reference_range(), observations=observations)
        assert report["deficiency_risk"]["serum"][0]["value_mmol_per_l"] == "0.617"


class TestKidneyFunction:
    """A measured value counts; a condition that means worse pulls the possible values down, never up."""

    STAGES = (
        make.condition("stage-3", implies={"egfr": {"at_least": "30", "below": "60"}}),
        make.condition("stage-4", implies={"egfr": {"at_least": "15", "below": "30"}}),
        make.condition("any-disease", implies={"egfr": {"below": "60"}}),
        make.condition("well", implies={"egfr": {"at_least": "90"}}),
        make.condition("up-to-thirty", implies={"egfr": {"above": "15", "at_most": "30"}}),
        make.condition("cough"),
    )

    def asked(self, bounds: dict[str, str], *conditions: str, egfr: str | None = None) -> str:
        """Whether the kidney function lies in the bounds."""
        patient = {"egfr": {"value": egfr, "unit": "mL/min/1.73m2"}} if egfr else {}
        report = ask(*self.STAGES, when={"egfr": bounds}, conditions=named(*conditions), patient=patient)
        return answer(report)[0]

    def test_measured_value_alone(self) -> None:
        assert self.asked({"below": "30"}, "cough", egfr="45") == "does_not_apply"

    def test_measured_value_inside_the_stage(self) -> None:
        assert self.asked({"below": "20"}, "stage-4", egfr="25") == "does_not_apply"
        assert self.asked({"below": "30"}, "stage-4", egfr="25") == "applies"

    def test_measured_value_below_the_stage(self) -> None:
        assert self.asked({"below": "15"}, "stage-4", egfr="12") == "applies"

    @pytest.mark.parametrize("egfr", ["30", "45", "90"])
    def test_stage_that_is_worse_than_the_value_keeps_both_possible(self, egfr: str) -> None:
        """An old good value must not hide a diagnosis that says worse."""
        assert self.asked({"below": "30"}, "stage-4", egfr=egfr) == "may_apply"
        assert self.asked({"below": "15"}, "stage-4", egfr=egfr) == "does_not_apply"
        assert self.asked({"above": egfr}, "stage-4", egfr=egfr) == "does_not_apply"

    def test_largest_value_inside_the_stage(self) -> None:
        assert self.asked({"below": "29"}, "stage-4", egfr="29.999999999") == "does_not_apply"

    def test_worst_of_several_stages(self) -> None:
        for order in permutations(("stage-3", "stage-4", "any-disease", "well")):
            assert self.asked({"below": "30"}, *order) == "applies"
            assert self.asked({"below": "15"}, *order) == "does_not_apply"

    def test_condition_without_a_lower_end(self) -> None:
        assert self.asked({"below": "15"}, "any-disease") == "may_apply"
        assert self.asked({"below": "60"}, "any-disease") == "applies"
        assert self.asked({"below": "30"}, "any-disease", egfr="70") == "may_apply"
        for given in (None, "70"):
            assert self.asked({"at_most": "0"}, "any-disease", egfr=given) == "may_apply"
            assert self.asked({"at_least": "0"}, "any-disease", egfr=given) == "applies"

    def test_ends_belong_as_the_record_says(self) -> None:
        assert self.asked({"at_least": "30"}, "up-to-thirty") == "may_apply"
        assert self.asked({"at_most": "15"}, "up-to-thirty") == "does_not_apply"
        assert self.asked({"above": "30"}, "up-to-thirty") == "does_not_apply"
        assert self.asked({"above": "15"}, "up-to-thirty") == "applies"
        assert self.asked({"at_least": "30"}, "up-to-thirty", egfr="30") == "applies"

    def test_no_kidney_disease_is_no_value(self) -> None:
        assert self.asked({"below": "30"}, "cough") == "may_apply"


class TestDialysis:
    """Not being told means no dialysis only where the kidneys work well enough without."""

    RECORDS = (
        make.condition("dialysed", implies={"dialysis": True}),
        make.condition("not-dialysed", implies={"dialysis": False}),
        make.condition("stage-4", implies={"egfr": {"at_least": "15", "below": "30"}}),
        make.condition("stage-5", implies={"egfr": {"below": "15"}}),
    )

    def asked(self, *conditions: str, **patient: Any) -> str:  # noqa: ANN401
        """Whether the patient is on dialysis."""
        return answer(ask(*self.RECORDS, when={"dialysis": True}, conditions=named(*conditions), patient=patient))[0]

    @pytest.mark.parametrize(
        ("egfr", "expected"),
        [("14.999999999", "may_apply"), ("15", "does_not_apply"), ("60", "does_not_apply"), ("3", "may_apply")],
    )
    def test_not_told(self, egfr: str, expected: str) -> None:
        assert self.asked(egfr={"value": egfr, "unit": "mL/min/1.73m2"}) == expected

    def test_nothing_known(self) -> None:
        assert self.asked() == "may_apply"

    @pytest.mark.parametrize(("stage", "expected"), [("stage-4", "does_not_apply"), ("stage-5", "may_apply")])
    def test_known_by_the_stage(self, stage: str, expected: str) -> None:
        assert self.asked(stage) == expected

    def test_told_counts_first(self) -> None:
        assert self.asked("not-dialysed", dialysis=True) == "applies"
        assert self.asked("stage-5", dialysis=False) == "does_not_apply"
        assert self.asked(dialysis=True, egfr={"value": "60", "unit": "mL/min"}) == "applies"

    @pytest.mark.parametrize("egfr", ["10", "60"])
    def test_no_dialysis_beside_the_condition_leaves_it_open(self, egfr: str) -> None:
        """Of two facts that contradict each other the milder one silences nothing."""
        assert self.asked("dialysed", dialysis=False, egfr={"value": egfr, "unit": "mL/min"}) == "may_apply"

    def test_condition_that_implies_it(self) -> None:
        assert self.asked("dialysed", egfr={"value": "60", "unit": "mL/min"}) == "applies"
        assert self.asked("not-dialysed") == "does_not_apply"

    def test_graver_of_two_conditions(self) -> None:
        """The answer may not hang on the order in which a set happens to be read."""
        names = ("dialysed", "not-dialysed", "stage-4", "stage-5")
        assert {self.asked(*order) for order in permutations(names)} == {"applies"}


class TestPopulations:
    """Conditions that follow from facts."""

    OLD = make.condition("old", present_when={"age_years": {"at_least": "65"}})
    LOW = make.condition("low-magnesium", present_when={"serum_magnesium": {"below": "0.7"}})
    LOW_OR_OLD = make.condition(
        "low-or-old", present_when={"any": [{"serum_magnesium": {"below": "0.7"}}, {"age_years": {"at_least": "65"}}]}
    )
    WEAK = make.condition("weak-kidneys", present_when={"egfr": {"below": "60"}})

    @staticmethod
    def of(*records: Any, condition: str, **question: Any) -> tuple[str, list[str]]:  # noqa: ANN401
        """What a rule about alvorin with this condition says."""
        rule = make.interaction("rule", affected={"substances": ["alvorin"]}, conditions=[condition])
        world = make.compiled(make.substance("alvorin"), rule, *records)
        return answer(check(world, make.profile(make.medication("m1", "alvorin"), **question)))

    @pytest.mark.parametrize(("magnesium", "applies"), [(None, False), ("0.6", True), ("0.8", False)])
    def test_nobody_is_asked_for_a_second_value(self, magnesium: str | None, *, applies: bool) -> None:
        both = {"all": [{"serum_potassium": {"below": "3.5"}}, {"serum_magnesium": {"below": "0.7"}}]}
        values = {"serum_potassium": "3", **({"serum_magnesium": magnesium} if magnesium else {})}
        given = [{"kind": kind, "value": value, "unit": "mmol/L"} for kind, value in values.items()]
        found = self.of(make.condition("both", present_when=both), condition="both", observations=given)
        assert found == ("applies" if applies else "does_not_apply", [])

    @pytest.mark.parametrize(
        ("patient", "expected"),
        [
            ({"age_years": 65}, ("applies", [])),
            ({"age_years": 64}, ("does_not_apply", [])),
            ({}, ("may_apply", ["patient.age_years"])),
        ],
    )
    def test_from_the_person(self, patient: dict[str, Any], expected: tuple[str, list[str]]) -> None:
        assert self.of(self.OLD, condition="old", patient=patient) == expected

    @pytest.mark.parametrize(
        ("unless", "expected"),
        [
            ({"conditions": ["low-magnesium"]}, ("applies", [])),
            ({"conditions": ["low-magnesium", "cough"]}, ("may_apply", ["conditions"])),
            ({"risk_count": {"conditions": ["low-magnesium"], "at_least": 1}}, ("applies", [])),
            ({"risk_count": {"conditions": ["cough"], "at_least": 1}}, ("may_apply", ["conditions"])),
        ],
    )
    def test_nobody_is_asked_for_what_only_the_laboratory_decides(
        self, unless: dict[str, Any], expected: tuple[str, list[str]]
    ) -> None:
        rule = make.interaction("rule", affected={"substances": ["alvorin"]}, when={"not": unless})
        world = make.compiled(make.substance("alvorin"), make.condition("cough"), self.LOW, rule)
        line = make.medication("m1", "alvorin")
        assert answer(check(world, make.profile(line))) == expected
        low = [{"kind": "serum_magnesium", "value": "0.6", "unit": "mmol/L"}]
        assert answer(check(world, make.profile(line, observations=low))) == (
            ("does_not_apply", []) if "low-magnesium" in str(unless) else expected
        )

    def test_same_person_twice(self) -> None:
        """What is remembered of one person may not leak into the next."""
        rule = make.interaction("rule", affected={"substances": ["alvorin"]}, conditions=["old"])
        world = make.compiled(make.substance("alvorin"), rule, self.OLD)
        line = make.medication("m1", "alvorin")
        answers = [
            answer(check(world, make.profile(line, patient=patient)))[0]
            for patient in ({"age_years": 70}, {"age_years": 30}, {}, {"age_years": 70}, {"age_years": 30})
        ]
        assert answers == ["applies", "does_not_apply", "may_apply", "applies", "does_not_apply"]

    @pytest.mark.parametrize(
        ("patient", "expected"),
        [
            ({"egfr": {"value": "59.9", "unit": "mL/min"}}, ("applies", [])),
            ({"egfr": {"value": "60", "unit": "mL/min"}}, ("does_not_apply", [])),
            ({}, ("may_apply", ["patient.egfr"])),
        ],
    )
    def test_from_other_facts(self, patient: dict[str, Any], expected: tuple[str, list[str]]) -> None:
        assert self.of(self.WEAK, condition="weak-kidneys", patient=patient) == expected

    def test_listed_condition_is_present_whatever_the_facts_say(self) -> None:
        assert self.of(self.WEAK, condition="weak-kidneys", conditions=named("weak-kidneys")) == ("applies", [])

    def test_laboratory_value_is_not_asked_for(self) -> None:
        """Nobody is asked for a laboratory value because of a condition that nobody mentioned."""
        assert self.of(self.LOW, condition="low-magnesium") == ("does_not_apply", [])

    def test_laboratory_value_that_is_there_counts(self) -> None:
        observation = {"kind": "serum_magnesium", "value": "0.6", "unit": "mmol/L"}
        assert self.of(self.LOW, condition="low-magnesium", observations=[observation]) == ("applies", [])

    def test_laboratory_value_beside_another_open_fact(self) -> None:
        expected = ("may_apply", ["observations.serum_magnesium", "patient.age_years"])
        assert self.of(self.LOW_OR_OLD, condition="low-or-old") == expected

    @pytest.mark.parametrize(
        ("patient", "expected"),
        [
            ({"pregnancy": "pregnant"}, ("applies", [])),
            ({"pregnancy": "pregnant", "sex": "male"}, ("applies", [])),
            ({"pregnancy": "not_pregnant"}, ("may_apply", ["patient.sex"])),
            ({"pregnancy": "not_pregnant", "sex": "male"}, ("does_not_apply", [])),
        ],
    )
    def test_whoever_is_pregnant_is_not_asked_for_the_sex(
        self, patient: dict[str, Any], expected: tuple[str, list[str]]
    ) -> None:
        """Neither a missing sex nor one of the papers silences what is said about a pregnancy."""
        assert answer(ask(when={"not": {"sex": "male"}}, patient=patient)) == expected

    def test_withdrawn_population(self) -> None:
        gone = make.condition("old", present_when={"age_years": {"at_least": "65"}}, status="withdrawn")
        assert self.of(gone, condition="old", patient={"age_years": 70}) == ("does_not_apply", [])
