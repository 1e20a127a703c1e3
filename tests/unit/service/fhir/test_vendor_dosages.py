"""Dosages as records of several vendors and countries send them; each case names where its shape can be seen.

The resources are our own and small. What has to be read was written down from what the shape says.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from rules.profile import MedicationItem
from rules.reading import read_besides
from rules.terms import Route
from rules.tokens import tokens
from service.fhir.reading import NoteCode, NoteSeverity
from tests.unit.service.fhir.resources import (
    SNOMED,
    UCUM,
    Json,
    concept,
    dosage,
    noted,
    reading,
    request,
)

EPIC = "http://epic.com/CodeSystem/dose-rate-type"
EDQM = "http://standardterms.edqm.eu"
EDQM_OID = "urn:oid:0.4.0.127.0.16.1.1.2.1"
KBV = "https://fhir.kbv.de/CodeSystem/KBV_CS_SFHIR_BMP_DOSIEREINHEIT"


def line(**elements: Any) -> MedicationItem:  # noqa: ANN401 - any element of a dosage
    [item] = reading(request("x", **dosage(**elements))).medications
    return item


def dose(**elements: Any) -> tuple[str, str] | None:  # noqa: ANN401
    read = line(**elements).dose
    return None if read is None else (read.value, read.unit)


def typed(kind: str, value: float, unit: str, code: str | None = None) -> Json:
    quantity = {"value": value, "unit": unit, "system": UCUM, "code": code or unit}
    return {"type": concept((EPIC, kind, kind), text=kind), "doseQuantity": quantity}


# --- how much ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "read"),
    [
        # github.com/cqframework/cqf-ruler, plugin/cds-hooks, opioidcds-08-request-prefetch.json: a call of Epic's
        (
            [typed("calculated", 800, "mg"), typed("admin-amount", 2, "tablet", "{tbl}"), typed("ordered", 800, "mg")],
            ("2", "tablet"),
        ),
        ([typed("calculated", 400, "mg"), typed("admin-amount", 5, "mL"), typed("ordered", 400, "mg")], ("400", "mg")),
        # A dose by weight is ordered, and the one that was worked out is given.
        ([typed("ordered", 15, "mg/kg"), typed("calculated", 1000, "mg")], ("1000", "mg")),
        ([typed("ordered", 900, "mg"), typed("calculated", 1000, "mg")], None),
        ([typed("ordered", 1, "tablet"), typed("ordered", 2, "mg")], None),
        ([typed("ordered", 1, "tablet"), typed("of another kind", 2, "mg")], None),
    ],
)
def test_one_dose_that_is_said_several_times(said: list[Json], read: tuple[str, str] | None) -> None:
    assert dose(doseAndRate=said) == read


@pytest.mark.parametrize(
    ("quantity", "read"),
    [
        # hl7ch/ch-emed, 2-7-MedStatBeloczok: units of presentation
        ({"value": 1, "unit": "Tablet (unit of presentation)", "system": SNOMED, "code": "732936001"}, ("1", "tablet")),
        ({"value": 1, "system": SNOMED, "code": "732937005"}, ("1", "capsule")),
        ({"value": 1, "unit": "Sachet (unit of presentation)", "system": SNOMED, "code": "1"}, ("1", "sachet")),
        # hl7germany/medication-ig-de-r4, scheme_examples: pieces, and words
        ({"value": 2, "unit": "Stück", "system": KBV, "code": "1"}, ("2", "dose")),
        ({"value": 2, "unit": "Tabletten"}, ("2", "tablet")),
        ({"value": 20, "unit": "Tropfen"}, ("20", "drop")),
        # Interop-Sante/hl7.fhir.fr.medication, instance 14641: the unity of UCUM
        ({"value": 2, "system": UCUM, "code": "1"}, ("2", "dose")),
        # HL7/PDDI-CDS, digoxin-cyclosporine-order-sign-coordination.json
        ({"value": 1, "system": UCUM, "code": "{pill}"}, ("1", "dose")),
        # jami-fhir-jp-wg/jp-core-v1x, JP_MedicationRequest_Example_1
        ({"value": 1, "unit": "錠", "system": "urn:oid:1.2.392.100495.20.2.101", "code": "TAB"}, ("1", "tablet")),
        # HL7 FHIR R4, medicationrequest0316: by weight, which nobody can read without the weight
        ({"value": 1.8, "unit": "mg/kg", "system": UCUM, "code": "mg/kg"}, None),
        # cerner/fhir.cerner.com: units as a pharmacist prints them
        ({"value": 1, "unit": "tab(s)"}, ("1", "tablet")),
        ({"value": 2}, None),
    ],
)
def test_units_of_doses(quantity: Json, read: tuple[str, str] | None) -> None:
    assert dose(doseAndRate=[{"doseQuantity": quantity}]) == read


# --- how often --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("repeat", "words"),
    [
        # hl7germany/medication-ig-de-r4, scheme_examples_comb_interval
        ({"frequency": 1, "period": 2, "periodUnit": "d", "timeOfDay": ["08:00:00"]}, "every other day"),
        ({"frequency": 1, "period": 1, "periodUnit": "wk", "timeOfDay": ["08:00:00"]}, "once a week"),
        # cqframework/cqf-ruler, opioidcds-04-request-prefetch.json: numbers with a point
        ({"frequency": 1, "period": 3.0, "periodUnit": "d"}, "every 3 days"),
        ({"frequency": 1, "period": 72, "periodUnit": "h"}, "every 3 days"),
        ({"frequency": 1, "period": 36, "periodUnit": "h"}, "every other day"),
        ({"frequency": 3, "period": 1, "periodUnit": "wk"}, "3 times a week"),
        ({"frequency": 1, "period": 2, "periodUnit": "wk"}, "every 2 weeks"),
        ({"frequency": 1, "period": 14, "periodUnit": "d"}, "every 2 weeks"),
        ({"frequency": 5, "period": 2, "periodUnit": "wk"}, "5 times every 2 weeks"),
        ({"frequency": 3, "period": 10, "periodUnit": "d"}, "3 times every 10 days"),
        ({"frequency": 1, "period": 1, "periodUnit": "mo"}, "once a month"),
        ({"frequency": 1, "period": 1, "periodUnit": "a"}, "every 12 months"),
        ({"frequency": 2, "period": 1, "periodUnit": "mo"}, "2 times a month"),
        # the same guide, Dosage of several days of a week: 4 a week are 2 on each of 2 days
        (
            {"frequency": 4, "period": 1, "periodUnit": "wk", "dayOfWeek": ["mon", "fri"], "when": ["MORN", "NIGHT"]},
            "2 days a week",
        ),
        # medizininformatik-initiative, Example-MedicationStatement-periodischesIntervall
        (
            {"frequency": 1, "period": 1, "periodUnit": "d", "dayOfWeek": ["mon", "wed", "fri"], "when": ["CV"]},
            "3 days a week",
        ),
    ],
)
def test_what_is_not_taken_every_day_is_said_as_it_is(repeat: Json, words: str) -> None:
    item = line(timing={"repeat": repeat})
    assert item.text == f"x, {words}"
    assert item.times_per_day is None
    understood = read_besides(tokens(words), frozenset())
    assert understood.not_daily  # the engine understands the words as they stand
    assert not understood.unread


def test_the_times_of_a_day_that_is_not_every_day_are_said_to_be_that() -> None:
    repeat = {"frequency": 1, "period": 1, "periodUnit": "wk", "timeOfDay": ["08:00:00"]}
    found = reading(request("methotrexate", **dosage(timing={"repeat": repeat})))
    assert found.medications[0].times == ("08:00",)
    assert noted(found, NoteSeverity.WARNING) == [NoteCode.TIMING_LEFT_OUT]


@pytest.mark.parametrize(
    ("timing", "times_per_day"),
    [
        ({"repeat": {"when": ["MORN", "EVE"]}}, 2),
        # Before meals, with meals: how many of them there are, nobody says.
        ({"repeat": {"when": ["AC"]}}, None),
        ({"repeat": {"period": 1, "periodUnit": "d", "when": ["C"]}}, None),
        ({"repeat": {"frequency": 3, "period": 1, "periodUnit": "d", "when": ["PC"]}}, 3),
        # medizininformatik-initiative, Example-MedicationStatement-Offset: before breakfast
        ({"repeat": {"frequency": 1, "offset": 30, "period": 1, "periodUnit": "d", "when": ["ACM"]}}, 1),
        # cqframework/cqf-ruler, a call of Epic's; and samples of old calls, whose period has a `unit`
        ({"repeat": {"frequency": 1, "period": 4, "periodUnit": "h"}, "code": {"text": "Q4H PRN"}}, 6),
        ({"repeat": {"frequency": 6, "frequencyMax": 6, "period": 1, "unit": "d"}}, 6),
        ({"repeat": {"frequency": 1, "period": 480, "periodUnit": "min"}}, 3),
        ({"code": concept((SNOMED, "229799001"))}, 2),
        ({"code": {"text": "ON"}}, 1),  # omni nocte
        ({"repeat": {"frequency": 14, "period": 1, "periodUnit": "wk"}}, 2),
        # jami-fhir-jp-wg/jp-core-v1x: a code of another system, whose words nobody here can read
        ({"code": concept(("urn:oid:1.2.392.200250.2.2.20.20", "1013044400000000", "内服・経口"))}, None),
    ],
)
def test_how_often_a_day(timing: Json, times_per_day: int | None) -> None:
    found = reading(request("x", **dosage(timing=timing)))
    assert found.medications[0].times_per_day == times_per_day
    assert (NoteCode.TIMING_LEFT_OUT in noted(found)) is (times_per_day is None)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ({"text": "Every 7 days"}, "every 7 days"),
        (concept(("x", "QOD")), "every other day"),
        ("monthly", "once a month"),
    ],
)
def test_codes_and_names_of_what_is_not_taken_every_day(code: object, words: str) -> None:
    assert line(timing={"code": code}).text == f"x, {words}"


def test_a_sentence_says_itself_how_rarely() -> None:
    assert line(text="Take 1 tablet by mouth every other day").text == "x, every other day"
    assert line(text="1 tablet once a week").text == "x, once a week"


def test_dosages_of_several_days_are_no_daily_dose() -> None:
    """hl7germany/medication-ig-de-r4, Example-MR-Dosage-weekday-2t-1t: Monday two, Thursday one."""
    monday: Json = {"timing": {"repeat": {"dayOfWeek": ["mon"], "timeOfDay": ["08:00:00"]}}}
    thursday: Json = {"timing": {"repeat": {"dayOfWeek": ["thu"], "timeOfDay": ["20:00:00"]}}}
    [item] = reading(request("x", dosageInstruction=[monday, thursday])).medications
    assert (item.text, item.times) == ("x, 2 days a week", ())
    evening: Json = {"timing": {"repeat": {"dayOfWeek": ["mon"], "timeOfDay": ["20:00:00"]}}}
    [item] = reading(request("x", dosageInstruction=[evening, thursday])).medications
    assert (item.text, item.times) == ("x, 2 days a week", ("20:00",))
    week = [{"timing": {"repeat": {"dayOfWeek": [day]}}} for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")]
    [item] = reading(request("x", dosageInstruction=week)).medications
    assert (item.text, item.times_per_day) == ("x", None)
    every_two: Json = {"timing": {"repeat": {"frequency": 1, "period": 2, "periodUnit": "d"}}}
    [item] = reading(request("x", dosageInstruction=[every_two, every_two])).medications
    assert item.text == "x, every other day"
    [item] = reading(request("x", dosageInstruction=[every_two, {"timing": {"repeat": {"frequency": 1}}}])).medications
    assert (item.text, item.times_per_day) == ("x", None)


# --- by what route, and since when ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("route", "read"),
    [
        # hl7ch/ch-emed and medizininformatik-initiative: EDQM, by either of its addresses
        (concept((EDQM_OID, "20053000", "Oral use"), text="zum Einnehmen"), Route.ORAL),
        (concept((EDQM, "20045000")), Route.INTRAVENOUS),
        (concept((EDQM_OID, "20003000"), text="Anwendung auf der Haut"), Route.TOPICAL),
        (concept((EDQM, "20066000", "Voie sous-cutanée")), Route.SUBCUTANEOUS),
        (concept(text="zum Einnehmen"), Route.ORAL),
        (concept(text="intravenöse Anwendung"), Route.INTRAVENOUS),
        (concept(text="Voie orale"), Route.ORAL),
        # A call of Epic's: a qualifier of SNOMED CT, and a code of its own
        (concept((SNOMED, "260548002"), ("urn:oid:1.2.840.114350.1.13.0.1.7.4.798268.7025", "15")), Route.ORAL),
        # HL7 FHIR R4, medicationrequest0316
        (concept((SNOMED, "255560000", "Intravenous")), Route.INTRAVENOUS),
        (concept(("urn:oid:2.16.840.1.113883.3.1937.777.10.5.162", "PO", "口")), Route.ORAL),
        ("IV", Route.INTRAVENOUS),
    ],
)
def test_routes(route: object, read: Route) -> None:
    assert line(route=route).route is read


def test_an_order_of_a_vendor_as_a_whole() -> None:
    """The order of cqframework/cqf-ruler's call, about another medicine."""
    text = "Take 2 tablets by mouth every 12 hours."
    found = reading(
        request(
            None,
            id="eIdRHpjeEzbLS3ZcGmRmVZ8bbravWOED29hdNLJSFBrBdzDWOqd1a5MMIjQ874tKP8pBlftzNEoXvBpLw3",
            medicationReference={"reference": "Medication/eAfgat3", "display": "Magnesium oxide 400 MG Oral Tablet"},
            dosageInstruction=[
                {
                    "text": text,
                    "patientInstruction": text,
                    "timing": {
                        "repeat": {
                            "boundsPeriod": {"start": "2026-07-05T06:00:00Z"},
                            "frequency": 1,
                            "period": 12,
                            "periodUnit": "h",
                        },
                        "code": {"text": "Q12H"},
                    },
                    "asNeededBoolean": False,
                    "route": concept(("urn:oid:1.2.840.114350.1.13.246.3.7.4.798268.7025", "15", "Oral"), text="Oral"),
                    "method": {"text": "Take"},
                    "doseAndRate": [
                        typed("calculated", 800, "mg"),
                        typed("admin-amount", 2, "tablet", "{tbl}"),
                        typed("ordered", 800, "mg"),
                    ],
                }
            ],
        )
    )
    [item] = found.medications
    assert item.text == "Magnesium oxide 400 MG Oral Tablet"
    assert item.dose is not None
    assert (item.dose.value, item.dose.unit, item.times_per_day) == ("2", "tablet", 2)
    assert (item.route, item.as_needed, item.started_on) == (Route.ORAL, False, date(2026, 7, 5))
    assert noted(found) == [NoteCode.NOT_FOUND]  # the Medication was not sent along
