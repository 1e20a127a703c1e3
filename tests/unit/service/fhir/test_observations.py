"""Which values are taken, in which unit, of which day, and what is said of the others."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from rules.terms import ObservationKind, Pregnancy
from service.fhir.reading import NoteCode, NoteSeverity
from tests.unit.service.fhir.resources import LOINC, SNOMED, UCUM, bundle, concept, noted, observation, reading


def value_of(*resources: dict[str, Any]) -> tuple[str, str, str]:
    found = reading(*resources)
    assert len(found.observations) == 1, found.notes
    one = found.observations[0]
    return one.kind.value, one.value, one.unit


@pytest.mark.parametrize(
    ("code", "unit", "kind"),
    [
        ("19123-9", "mg/dL", "serum_magnesium"),
        ("2601-3", "mmol/L", "serum_magnesium"),
        ("2601-3", "meq/L", "serum_magnesium"),
        ("2601-3", "mEq/L", "serum_magnesium"),
        ("2823-3", "mmol/L", "serum_potassium"),
        ("6298-4", "meq/L", "serum_potassium"),
        # BIH-CEI/napkon-geccoplus lists the codes of potassium in blood, Synthea sends calcium so
        ("77142-8", "mmol/L", "serum_potassium"),
        ("32713-0", "mmol/L", "serum_potassium"),
        ("39789-3", "mmol/L", "serum_potassium"),
        ("39790-1", "mmol/L", "serum_potassium"),
        ("49765-1", "mg/dL", "serum_calcium"),
        ("17861-6", "mg/dL", "serum_calcium"),
        ("2000-8", "mmol/L", "serum_calcium"),
        ("29265-6", "mg/dL", "serum_calcium"),
        ("29265-6", "mmol/L", "serum_calcium"),
    ],
)
def test_codes_of_values_the_rules_read(code: str, unit: str, kind: str) -> None:
    found = reading(observation(code, 1.9, unit))
    assert [(one.kind.value, one.value) for one in found.observations] == [(kind, "1.9")]
    assert found.observations[0].unit.lower() == unit.lower()
    assert found.notes == ()


def test_the_unit_decides_what_a_value_is() -> None:
    """The trap in the sample requests of HL7's guide: the code of a mass with an amount."""
    found = reading(observation("19123-9", 0.8, "mmol/L"))
    assert [(one.kind, one.value, one.unit) for one in found.observations] == [
        (ObservationKind.SERUM_MAGNESIUM, "0.8", "mmol/L")
    ]
    assert noted(found, NoteSeverity.WARNING) == [NoteCode.UNIT_DECIDES]


@pytest.mark.parametrize(
    ("quantity", "unit"),
    [
        ({"value": 0.8, "system": SNOMED, "code": "258813002"}, "mmol/L"),
        ({"value": 0.8, "system": SNOMED, "code": "1", "unit": "mmol/L"}, "mmol/L"),
        ({"value": 0.8, "unit": "MMOL/L"}, "mmol/L"),
        ({"value": 0.8, "unit": "millimole per liter"}, "mmol/L"),
        ({"value": 0.8, "units": "mmol/l"}, "mmol/L"),  # DSTU1
        ({"value": "0.8", "code": "mmol/L"}, "mmol/L"),
        ({"value": 0.8, "unit": "mval/l"}, "mEq/L"),
    ],
)
def test_units_as_they_are_sent(quantity: dict[str, Any], unit: str) -> None:
    assert value_of(observation("2601-3", 0, None, valueQuantity=quantity)) == ("serum_magnesium", "0.8", unit)


@pytest.mark.parametrize(
    ("quantity", "code"),
    [
        ({"value": 0.8}, NoteCode.NO_UNIT),
        ({"value": 0.8, "unit": "mg/L"}, NoteCode.UNIT_UNKNOWN),
        ({"value": 0.8, "unit": "mg/dL", "system": UCUM, "code": "mmol/L"}, NoteCode.DOES_NOT_AGREE),
        ({"unit": "mmol/L"}, NoteCode.NO_VALUE),
        ({"value": None, "unit": "mmol/L"}, NoteCode.NO_VALUE),
        ({"value": True, "unit": "mmol/L"}, NoteCode.NO_VALUE),
        ({"value": -0.8, "unit": "mmol/L"}, NoteCode.NO_VALUE),
        ({"value": float("inf"), "unit": "mmol/L"}, NoteCode.NO_VALUE),
        ({"value": 10**5000, "unit": "mmol/L"}, NoteCode.NO_VALUE),
        ({"value": "0.8 or so", "unit": "mmol/L"}, NoteCode.NO_VALUE),
        ({"value": 0.8, "comparator": "~", "unit": "mmol/L"}, NoteCode.NO_VALUE),
        ({}, NoteCode.NO_VALUE),
    ],
)
def test_what_cannot_be_read_is_of_no_use_and_makes_the_answer_incomplete(
    quantity: dict[str, Any], code: NoteCode
) -> None:
    found = reading(observation("2601-3", 0, None, valueQuantity=quantity))
    assert found.observations == ()
    assert noted(found, NoteSeverity.ERROR) == [code]
    assert not found.whole


def test_potassium_is_not_measured_by_mass() -> None:
    found = reading(observation("2823-3", 4, "mg/dL"))
    assert found.observations == ()
    assert noted(found) == [NoteCode.UNIT_UNKNOWN]


def test_a_value_that_is_absent_says_so() -> None:
    absent = observation("2601-3", 0, None, dataAbsentReason=concept(text="unknown"))
    del absent["valueQuantity"]
    assert noted(reading(absent)) == [NoteCode.NO_VALUE]


@pytest.mark.parametrize(
    ("comparator", "value"), [("<", "0.499999999"), ("<=", "0.5"), (">", "0.500000001"), (">=", "0.5")]
)
def test_a_comparator_is_kept_and_said(comparator: str, value: str) -> None:
    quantity = {"value": 0.5, "comparator": comparator, "unit": "mmol/L"}
    found = reading(observation("2601-3", 0, None, valueQuantity=quantity))
    assert [one.value for one in found.observations] == [value]
    assert noted(found) == [NoteCode.COMPARATOR]


def test_a_kidney_function_that_is_only_a_limit_stays_on_its_side() -> None:
    below = observation("98979-8", 0, None, valueQuantity=None, valueString="< 15 mL/min/{1.73_m2}")
    kidneys = reading(below).patient.egfr
    assert kidneys is not None
    assert kidneys.value == "14.999999999"


@pytest.mark.parametrize("status", ["final", "amended", "corrected"])
def test_final_values_count(status: str) -> None:
    assert value_of(observation("2601-3", 0.8, "mmol/L", status=status))[1] == "0.8"
    assert reading(observation("2601-3", 0.8, "mmol/L", status=status)).notes == ()


@pytest.mark.parametrize(("status", "code"), [("preliminary", NoteCode.NOT_FINAL), ("unknown", NoteCode.NOT_FINAL)])
def test_a_preliminary_value_counts_with_a_flag(status: str, code: NoteCode) -> None:
    found = reading(observation("2601-3", 0.8, "mmol/L", status=status))
    assert len(found.observations) == 1
    assert noted(found, NoteSeverity.WARNING) == [code]


@pytest.mark.parametrize("status", ["registered", "cancelled", "entered-in-error", "something else"])
def test_a_value_that_is_none_yet_or_no_more_is_left_out(status: str) -> None:
    found = reading(observation("2601-3", 0.8, "mmol/L", status=status))
    assert found.observations == ()
    assert noted(found) == [NoteCode.NOT_FINAL]


@pytest.mark.parametrize(
    ("elements", "day", "codes"),
    [
        ({"effectiveDateTime": "2026-11-20T23:59:00-05:00"}, date(2026, 11, 20), []),
        (
            {"effectiveDateTime": None, "effectivePeriod": {"start": "2026-11-01", "end": "2026-11-02"}},
            date(2026, 11, 2),
            [],
        ),
        ({"effectiveDateTime": None, "issued": "2026-11-19T12:00:00Z"}, date(2026, 11, 19), []),
        ({"effectiveDateTime": "2026-11"}, date(2026, 11, 1), []),
        ({"effectiveDateTime": "2026-08-14"}, date(2026, 8, 14), []),  # a hundred days
        ({"effectiveDateTime": "2026-08-13"}, date(2026, 8, 13), [NoteCode.STALE]),
        ({"effectiveDateTime": "2019"}, date(2019, 1, 1), [NoteCode.STALE]),
        ({"effectiveDateTime": "2026-11-23"}, date(2026, 11, 22), []),  # another time zone
        ({"effectiveDateTime": None}, None, [NoteCode.DATE_LEFT_OUT]),
        ({"effectiveDateTime": "2026-13-01"}, None, [NoteCode.DATE_LEFT_OUT]),
    ],
)
def test_the_day_of_a_value(elements: dict[str, Any], day: date | None, codes: list[NoteCode]) -> None:
    found = reading(observation("2601-3", 0.8, "mmol/L", **elements))
    assert [one.taken_on for one in found.observations] == [day]
    assert noted(found) == codes


def test_a_value_of_a_later_day_is_left_out() -> None:
    found = reading(observation("2601-3", 0.8, "mmol/L", effectiveDateTime="2026-11-24"))
    assert found.observations == ()
    assert noted(found) == [NoteCode.DATE_LEFT_OUT]


# --- panels -----------------------------------------------------------------------------------------------------------


def test_panels_carry_values_in_components() -> None:
    panel = {
        "resourceType": "Observation",
        "status": "final",
        "code": concept((LOINC, "24326-1", "Electrolytes")),
        "effectiveDateTime": "2026-11-20",
        "component": [
            {"code": concept((LOINC, "2823-3")), "valueQuantity": {"value": 3.1, "unit": "mmol/L"}},
            {"code": concept((LOINC, "2601-3")), "valueQuantity": {"value": 0.6, "unit": "mmol/L"}},
            {"code": concept((LOINC, "2951-2")), "valueQuantity": {"value": 140, "unit": "mmol/L"}},
            {"code": concept((LOINC, "2601-3")), "dataAbsentReason": concept(text="error")},
        ],
    }
    found = reading(panel)
    assert [(one.kind.value, one.value, one.taken_on) for one in found.observations] == [
        ("serum_potassium", "3.1", date(2026, 11, 20)),
        ("serum_magnesium", "0.6", date(2026, 11, 20)),
    ]
    assert [note.pointer for note in found.notes] == ["/0/component/3"]


def test_panels_refer_to_their_members() -> None:
    member = observation("2601-3", 0.6, "mmol/L", id="mg")
    panel = {"resourceType": "Observation", "status": "final", "code": concept((LOINC, "24326-1"))}
    elsewhere = reading(bundle({**panel, "hasMember": [{"reference": "Observation/mg"}]}, member))
    assert [one.value for one in elsewhere.observations] == ["0.6"]
    inside = reading({**panel, "hasMember": [{"reference": "#mg"}], "contained": [member]})
    assert [one.value for one in inside.observations] == ["0.6"]
    lost = reading({**panel, "hasMember": [{"reference": "Observation/mg"}]})
    assert noted(lost) == [NoteCode.NOT_FOUND]
    old = {**panel, "related": [{"type": "has-member", "target": {"reference": "#mg"}}], "contained": [member]}
    assert [one.value for one in reading(old).observations] == ["0.6"]


def test_a_panel_that_is_its_own_member_ends() -> None:
    panel: dict[str, Any] = {"resourceType": "Observation", "id": "p", "status": "final"}
    panel["hasMember"] = [{"reference": "Observation/p"}, {"reference": "#p"}]
    panel["contained"] = [panel.copy()]
    assert reading(panel).observations == ()


# --- values no rule reads, and kidney function ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (concept(("urn:oid:1.2.3.4", "MG", "P-Magnesium")), True),
        (concept((SNOMED, "1", "Serum magnesium level")), True),
        ({"text": "Potassium, serum"}, True),
        ({"text": "S-Kalium"}, True),
        (concept(("urn:oid:1.2.3.4", "GFR"), text="eGFR (CKD-EPI)"), True),
        # What it is in urine is another value, one that has a code of LOINC is another one as well, and so is the rest.
        ({"text": "Magnesium, urine 24 h"}, False),
        (
            concept((LOINC, "2598-1", "Magnesium [Moles/volume] in Urine"), ("urn:oid:1.2.3.4", "MG", "Magnesium")),
            False,
        ),
        ({"text": "Ferritin"}, False),
        (None, False),
    ],
)
def test_a_value_under_another_code_that_sounds_like_one_of_ours_is_said(code: object, said: bool) -> None:  # noqa: FBT001
    found = reading({**observation("19123-9", 0.5, "mmol/L"), "code": code})
    assert found.observations == ()
    assert noted(found) == [NoteCode.VALUE_UNCODED if said else NoteCode.NOT_READ_HERE]
    assert noted(found, NoteSeverity.WARNING) == [NoteCode.VALUE_UNCODED] * said


@pytest.mark.parametrize("code", ["2597-3", "1995-0", "1994-3", "17864-0", "10535-3", "2951-2"])
def test_other_values_are_left_out_and_said(code: str) -> None:
    found = reading(observation(code, 1.1, "mmol/L"))
    assert found.observations == ()
    assert noted(found) == [NoteCode.NOT_READ_HERE]
    assert found.whole


@pytest.mark.parametrize(
    "code",
    [
        *("33914-3", "77147-7", "76633-7", "62238-1", "98979-8", "69405-9", "48642-3", "48643-1"),
        *("98980-6", "94677-2", "50210-4", "88293-6", "88294-4"),
    ],
)
@pytest.mark.parametrize("unit", ["mL/min/{1.73_m2}", "mL/min/1.73m2", "mL/min/1.73 m²", "ml/min/1,73 qm"])
def test_kidney_function(code: str, unit: str) -> None:
    found = reading(observation(code, 38, unit))
    assert found.patient.egfr is not None
    assert (found.patient.egfr.value, found.patient.egfr.unit) == ("38", "mL/min/1.73m2")
    assert found.patient.egfr.taken_on == date(2026, 11, 20)


def test_the_newest_kidney_function_counts_and_of_one_day_the_better_formula() -> None:
    old = observation("98979-8", 80, "mL/min/1.73m2", effectiveDateTime="2026-10-01")
    plain = observation("33914-3", 44, "mL/min/1.73m2")
    better = observation("98979-8", 41, "mL/min/1.73m2")
    found = reading(old, plain, better)
    assert found.patient.egfr is not None
    assert found.patient.egfr.value == "41"
    assert noted(found) == [NoteCode.OLDER_VALUE] * 2


def test_of_values_split_by_race_the_lower_one_counts() -> None:
    found = reading(observation("48643-1", 66, "mL/min/1.73m2"), observation("48642-3", 57, "mL/min/1.73m2"))
    assert found.patient.egfr is not None
    assert found.patient.egfr.value == "57"
    found = reading(observation("48642-3", 66, "mL/min/1.73m2"), observation("48643-1", 57, "mL/min/1.73m2"))
    assert found.patient.egfr is not None
    assert found.patient.egfr.value == "57"


@pytest.mark.parametrize(
    "unit",
    [
        "ML/MIN/1.73M2",
        "ml/min/1,73m2",
        "mL/min/1,73 m²",
        "mL/min/1.73 sq m",
        "mL/min/1.73 sq. m",
        "mL/min per 1.73 m2",
        "mL/min/1.73m*2",
    ],
)
def test_the_unit_of_a_kidney_function_as_laboratories_write_it(unit: str) -> None:
    found = reading(observation("98979-8", 38, unit))
    assert found.patient.egfr is not None
    assert (found.patient.egfr.unit, found.notes) == ("mL/min/1.73m2", ())


def test_a_creatinine_clearance_is_one_and_an_estimate_of_the_day_is_better() -> None:
    clearance = observation("35591-7", 33, "mL/min")
    found = reading(clearance)
    assert found.patient.egfr is not None
    assert (found.patient.egfr.value, found.patient.egfr.unit) == ("33", "mL/min")
    both = reading(clearance, observation("98979-8", 41, "mL/min/1.73m2"))
    assert both.patient.egfr is not None
    assert both.patient.egfr.value == "41"


def test_a_calculated_rate_split_by_race_gives_way_and_alone_the_lower_one_counts() -> None:
    """As laboratories still report CKD-EPI of 2009: 88293-6 and 88294-4."""
    found = reading(observation("88293-6", 66, "mL/min/1.73m2"), observation("88294-4", 57, "mL/min/1.73m2"))
    assert found.patient.egfr is not None
    assert found.patient.egfr.value == "57"
    assert NoteCode.FACT_LEFT_OUT in noted(found, NoteSeverity.WARNING)
    newer = reading(observation("88294-4", 57, "mL/min/1.73m2"), observation("98980-6", 61, "mL/min/1.73m2"))
    assert newer.patient.egfr is not None
    assert newer.patient.egfr.value == "61"


@pytest.mark.parametrize(
    ("text", "value"),
    [("0,62 mmol/L", "0.62"), ("0.62 mmol/L", "0.62"), ("< 0,5 mmol/l", "0.499999999"), ("1,200 mmol/L", None)],
)
def test_a_value_as_text(text: str, value: str | None) -> None:
    found = reading(observation("2601-3", 0, None, valueQuantity=None, valueString=text))
    assert [one.value for one in found.observations] == ([] if value is None else [value])
    assert found.whole is (value is not None)


def test_potassium_under_the_code_of_a_mass() -> None:
    """HL7/PDDI-CDS, digoxin-cyclosporine-order-sign-coordination.json: 75940-7 in mEq/L."""
    found = reading(observation("75940-7", 3.6, "mEq/L"))
    assert [(one.kind.value, one.value) for one in found.observations] == [("serum_potassium", "3.6")]
    assert noted(found) == [NoteCode.UNIT_DECIDES]


@pytest.mark.parametrize("code", ["2160-0", "14682-9", "38483-4", "59826-8", "77140-2"])
def test_a_creatinine_is_no_kidney_function(code: str) -> None:
    creatinine = observation(code, 1.4, "mg/dL")
    found = reading(creatinine)
    assert found.patient.egfr is None
    assert noted(found) == [NoteCode.FACT_LEFT_OUT]
    assert reading(creatinine, observation("98979-8", 41, "mL/min/1.73m2")).notes == ()


# --- facts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("elements", "state"),
    [
        ({"valueCodeableConcept": concept((SNOMED, "77386006"))}, Pregnancy.PREGNANT),
        ({"valueCodeableConcept": concept((LOINC, "LA26683-5"))}, Pregnancy.NOT_PREGNANT),
        ({"valueCodeableConcept": concept(text="Pregnant")}, Pregnancy.PREGNANT),
        ({"valueBoolean": False}, Pregnancy.NOT_PREGNANT),
        ({"valueCodeableConcept": concept(text="perhaps")}, None),
        ({"valueBoolean": True, "effectiveDateTime": "2025-01-01"}, None),
    ],
)
def test_pregnancy(elements: dict[str, Any], state: Pregnancy | None) -> None:
    found = reading(observation("82810-3", 0, None, **{"valueQuantity": None, **elements}))
    assert found.patient.pregnancy is state
    assert (NoteCode.FACT_LEFT_OUT in noted(found)) is (state is None)


def test_symptoms() -> None:
    cramps = observation("75325-1", 0, None, valueQuantity=None, valueCodeableConcept=concept(text="muscle cramps"))
    assert reading(cramps, cramps).symptoms == ("muscle cramps",)
    assert noted(reading({**cramps, "valueCodeableConcept": {}})) == [NoteCode.NO_VALUE]
