"""The question: strict types, so that a slip of a client is an error and never a wrong answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from rules.profile import MedicationProfile
from rules.terms import CodeSystem
from tests import factories as make

LINE: dict[str, Any] = {"id": "m1", "text": "furosemide"}


def refused(body: dict[str, Any], message: str) -> None:
    """The question is refused, and the error says why."""
    with pytest.raises(ValidationError, match=message):
        MedicationProfile.model_validate_json(json.dumps(body))


def line_refused(message: str, **given: object) -> None:
    """One line of a list is refused."""
    refused({"medications": [{**LINE, **given}]}, message)


class TestList:
    """The medication list."""

    def test_empty_list_is_a_question(self) -> None:
        assert make.profile().medications == ()

    def test_list_is_never_left_out(self) -> None:
        refused({}, "medications")

    def test_unknown_key(self) -> None:
        refused({"medications": [], "name": "Jane"}, "Extra inputs")

    def test_ids_differ(self) -> None:
        other = {**LINE, "id": "m9"}
        refused(
            {"medications": [LINE, other, LINE]}, "medications.2.id\n  Value error, /medications/0 has this id already"
        )

    def test_two_hundred_lines_and_no_more(self) -> None:
        lines = [{"id": f"m{index}", "text": "furosemide"} for index in range(201)]
        assert len(make.profile(*lines[:200]).medications) == 200
        refused({"medications": lines}, "at most 200 items")

    def test_conditions_left_out_are_not_known(self) -> None:
        """An empty list says that there are none, and the difference matters to the answer."""
        assert make.profile().conditions is None
        assert make.profile(conditions=[]).conditions == ()


class TestLine:
    """One line of the list."""

    def test_a_time_of_day_stands_once(self) -> None:
        """In a day plan two doses at once are one, and in the sum of magnesium two: nobody can know what was meant."""
        line_refused("a time of day stands twice", times=["08:00", "20:00", "08:00"])

    def test_text_or_a_code(self) -> None:
        refused({"medications": [{"id": "m1"}]}, "give text or at least one code")

    def test_a_code_alone(self) -> None:
        assert make.profile(make.medication("m1", codes={"rxnorm": "4603"})).medications[0].text is None

    @pytest.mark.parametrize("identifier", ["", "a b", "x" * 65, "ä", "m1\n"])
    def test_identifier(self, identifier: str) -> None:
        line_refused("id", id=identifier)

    @pytest.mark.parametrize("text", ["", "x" * 201])
    def test_length_of_the_text(self, text: str) -> None:
        line_refused("text", text=text)

    def test_longest_text(self) -> None:
        assert make.profile(make.medication("m1", "x" * 200)).medications[0].text == "x" * 200

    @pytest.mark.parametrize("code", ["", "x" * 33, "4603;", "46 03", "\uff14\uff16\uff10\uff13"])
    def test_code(self, code: str) -> None:
        line_refused("code", codes=[{"system": "rxnorm", "code": code}])

    def test_code_system(self) -> None:
        line_refused("not a code system that is known here; allowed: rxnorm, ndc", codes=[{"system": "x", "code": "1"}])
        line_refused("Input should be 'rxnorm'", codes=[{"system": 5, "code": "1"}])

    @pytest.mark.parametrize("spelling", ["ndc", "http://hl7.org/fhir/sid/ndc", "urn:oid:2.16.840.1.113883.6.69"])
    def test_other_names_of_a_code_system(self, spelling: str) -> None:
        (line,) = make.profile({"id": "m1", "codes": [{"system": spelling, "code": "0002-3227-30"}]}).medications
        assert line.codes[0].system is CodeSystem.NDC

    @pytest.mark.parametrize("times_per_day", [0, 25, "2", 2.0, True])
    def test_times_per_day(self, times_per_day: object) -> None:
        """2.0 and "2" are slips of a client; true is one in many languages."""
        line_refused("times_per_day", times_per_day=times_per_day)

    @pytest.mark.parametrize("time", ["24:00", "8:00", "08:60", "08.00", "08:00:00"])
    def test_times_of_day(self, time: str) -> None:
        line_refused("times", times=[time])

    def test_times_and_their_number_agree(self) -> None:
        line_refused("not the number of times", times=["08:00", "20:00"], times_per_day=3)
        both = make.medication("m1", "furosemide", times=["08:00", "20:00"], times_per_day=2)
        assert make.profile(both).medications[0].times == ("08:00", "20:00")

    @pytest.mark.parametrize("day", ["2026-02-30", "22.11.2026", 20261122, "2026-11-22T08:00:00Z"])
    def test_day(self, day: object) -> None:
        line_refused("started_on", started_on=day)

    @pytest.mark.parametrize(("field", "value"), [("route", "mouth"), ("dose_form", "pill"), ("status", "past")])
    def test_vocabularies(self, field: str, value: str) -> None:
        line_refused(field, **{field: value})


class TestDose:
    """Numbers with units are decimal text."""

    @pytest.mark.parametrize("value", [400, 0.62, "1,000", "-1", "1e3", "", "NaN", "1234567890", "400 ", None, False])
    def test_value(self, value: object) -> None:
        line_refused("dose", dose={"value": value, "unit": "mg"})

    @pytest.mark.parametrize("unit", ["mg", "MG", "g", "mcg", "\u00b5g", "\u03bcg", "mmol", "mEq", "tablet", "mL"])
    def test_known_units(self, unit: str) -> None:
        line = make.medication("m1", "furosemide", dose={"value": "400", "unit": unit})
        dose = make.profile(line).medications[0].dose
        assert dose is not None
        assert dose.unit == unit

    @pytest.mark.parametrize("unit", ["", "mgg", "mg/kg", "milli", "m g"])
    def test_unknown_unit_is_an_error_with_the_allowed_ones(self, unit: str) -> None:
        line_refused("allowed: kg, g, gm, mg, mcg" if unit else "unit", dose={"value": "400", "unit": unit})

    def test_basis(self) -> None:
        line_refused("of", dose={"value": "400", "unit": "mg", "of": "base"})


class TestPatient:
    """What is known about the patient, each fact strictly typed."""

    @pytest.mark.parametrize(
        "patient",
        [
            {"age_years": "71"},
            {"age_years": 71.0},
            {"age_years": 71.5},
            {"age_years": -1},
            {"age_years": 131},
            {"age_years": True},
            {"sex": "f"},
            {"pregnancy": True},
            {"dialysis": "no"},
            {"dialysis": 0},
            {"egfr": 38},
            {"egfr": False},
            {"egfr": {"value": 38, "unit": "mL/min"}},
            {"egfr": {"value": "38"}},
            {"egfr": {"value": "38", "unit": ""}},
            {"egfr": {"value": "38", "unit": "mL/min/1.73m2", "kind": "ckd-epi"}},
            {"birth_date": "1955-01-01"},
        ],
    )
    def test_refused(self, patient: dict[str, Any]) -> None:
        refused({"medications": [], "patient": patient}, "patient")

    @pytest.mark.parametrize(
        ("unit", "meant"),
        [
            *((unit, "mL/min") for unit in ("mL/min", "ml/min", "ML/MIN", "mL / min")),
            *(
                (unit, "mL/min/1.73m2")
                for unit in (
                    *("mL/min/1.73m2", "mL/min/1.73 m2", "ML/MIN/1.73M2", "mL/min/1.73 m²", "ml/min/1,73m2"),
                    *("mL/min/{1.73_m2}", "mL/min/1.73m^2", "mL/min/1.73 sq m", "mL/min per 1.73 m2"),
                    *("mL/min/1.73\u00a0m²", "mL min-1 1.73 m-2"),
                )
            ),
        ],
    )
    def test_units_of_kidney_function(self, unit: str, meant: str) -> None:
        """As people and laboratories write them: the number is the same."""
        egfr = make.profile(patient={"egfr": {"value": "38", "unit": unit}}).patient.egfr
        assert egfr is not None
        assert (egfr.value, egfr.unit) == ("38", meant)

    @pytest.mark.parametrize("unit", ["mL/h", "mL/s/1.73m2", "L/min", "mL/min/1.72m2", "mg/dL", "1.73m2", "%"])
    def test_no_units_of_kidney_function(self, unit: str) -> None:
        text = "not a unit of kidney function; allowed: mL/min/1.73m2, mL/min"
        refused({"medications": [], "patient": {"egfr": {"value": "38", "unit": unit}}}, text)

    def test_nothing_known(self) -> None:
        assert make.profile().patient.model_dump(exclude_none=True) == {}


class TestTheRest:
    """Conditions, observations and symptoms."""

    def test_condition_by_text_or_code(self) -> None:
        refused({"medications": [], "conditions": [{}]}, "give text or at least one code")
        conditions = make.profile(
            conditions=[{"text": "x"}, {"codes": [{"system": "icd10cm", "code": "N18.32"}]}]
        ).conditions
        assert conditions is not None
        assert [condition.text for condition in conditions] == ["x", None]

    def test_observation(self) -> None:
        value = {"kind": "serum_magnesium", "value": "0.62", "unit": "mmol/L", "taken_on": "2026-11-01"}
        assert make.profile(observations=[value]).observations[0].value == "0.62"

    @pytest.mark.parametrize(
        ("kind", "unit", "allowed"),
        [
            ("serum_magnesium", "mg/L", "allowed: mmol/L, mg/dL, mEq/L"),
            ("serum_potassium", "mg/dL", "allowed: mmol/L, mEq/L"),
            ("serum_calcium", "mmol", "allowed: mmol/L, mg/dL, mEq/L"),
        ],
    )
    def test_unit_of_an_observation(self, kind: str, unit: str, allowed: str) -> None:
        observation = {"kind": kind, "value": "1", "unit": unit}
        refused({"medications": [], "observations": [observation]}, f"not a unit of {kind}; {allowed}")

    def test_unit_in_any_case(self) -> None:
        observation = {"kind": "serum_magnesium", "value": "1.5", "unit": "meq/l"}
        assert make.profile(observations=[observation]).observations[0].unit == "meq/l"

    @pytest.mark.parametrize("symptom", ["", "x" * 201, 3])
    def test_symptom(self, symptom: object) -> None:
        refused({"medications": [], "symptoms": [symptom]}, "symptoms")

    @pytest.mark.parametrize(("field", "limit"), [("conditions", 100), ("observations", 100), ("symptoms", 50)])
    def test_limits(self, field: str, limit: int) -> None:
        one: dict[str, Any] = {
            "conditions": {"text": "x"},
            "observations": {"kind": "serum_magnesium", "value": "1", "unit": "mmol/L"},
            "symptoms": "cramps",
        }
        refused({"medications": [], field: [one[field]] * (limit + 1)}, f"at most {limit} items")
        assert len(getattr(make.profile(**{field: [one[field]] * limit}), field)) == limit


class TestSupplementTarget:
    """A slip of a digit must not become a plan."""

    @pytest.mark.parametrize("value", ["1", "9.5", "64", "300", "583.32", "599.999999999", "600"])
    def test_from_one_to_six_hundred(self, value: str) -> None:
        assert make.profile(magnesium_target_mg_per_day=value).magnesium_target_mg_per_day == value

    @pytest.mark.parametrize("value", ["0", "0.5", "-1", "600.1", "601", "3000", "030", "1e2", "", "NaN", 300])
    def test_nothing_else(self, value: object) -> None:
        with pytest.raises(ValidationError):
            make.profile(magnesium_target_mg_per_day=value)
