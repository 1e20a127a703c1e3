"""How much magnesium a dosage brings a day: what is said in a way that nobody can count is never one piece each time.

One tablet is 400 mg of magnesium oxide, 241.2 mg of magnesium (24.305 of 40.304); None: the sum is not known.
"""

from __future__ import annotations

from typing import Any

import pytest

from rules.engine import check
from service.fhir.reading import NoteCode
from tests.contract.examples import compiled_baseline
from tests.unit.service.fhir.resources import SNOMED, TODAY, UCUM, Json, concept, noted, reading, request

ONE, TWO, THREE, FOUR = "241.2", "482.4", "723.7", "964.9"
TWICE: Json = {"timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}}
AT_EIGHT_AND_EIGHT: Json = {"timing": {"repeat": {"timeOfDay": ["08:00:00", "20:00:00"]}}}


def a_day(*dosages: Json, name: str = "magnesium oxide 400 mg tablet") -> str | None:
    found = reading(request(name, dosageInstruction=list(dosages)))
    intake = check(compiled_baseline(), found.profile(as_of=TODAY))["magnesium_intake"]
    sum_a_day = intake["elemental_mg_per_day"]
    return None if sum_a_day is None else f"{float(sum_a_day):.1f}"


def tablets(number: float, **elements: Any) -> Json:  # noqa: ANN401
    return {"doseAndRate": [{"doseQuantity": {"value": number, "unit": "tablet"}}], **elements}


def at(when: str) -> Json:
    return {"timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "when": [when]}}}


@pytest.mark.parametrize(
    ("dosage", "milligrams"),
    [
        # German plans ("Dosierschema"), the same each time and not
        ({"text": "1-0-1-0"}, TWO),
        ({"text": "2-0-1-0"}, THREE),
        ({"text": "2-0-1"}, THREE),
        # Sentences of health records
        ({"text": "Take 2 tablets (800 mg total) by mouth 2 (two) times a day."}, FOUR),
        ({"text": "Take 1-2 tablets by mouth twice daily"}, None),
        ({"text": "Take 1 tablet in the morning and 2 tablets at bedtime"}, None),
        ({"text": "Take 1 tablet (400 mg total) in the morning and 2 tablets (800 mg total) at bedtime"}, None),
        # A mass is one tablet where the name of the medicine says the same; else nobody says of what it is.
        ({"text": "400 mg, Oral, 2 times daily"}, TWO),
        ({"text": "800 mg, Oral, Daily"}, None),
        ({"text": "400 mg in the morning and 800 mg at night"}, None),
        # how often in elements, and how much in words
        ({"text": "Take 2 tablets by mouth twice daily", **TWICE}, FOUR),
        ({"patientInstruction": "Take 2 tablets with food", **TWICE}, FOUR),
        ({"text": "Take 2 tablets three times a day", **TWICE}, None),
        ({"text": "Take 2 tablets with food", **AT_EIGHT_AND_EIGHT}, FOUR),
        ({"text": "2-0-1-0", **TWICE}, None),
        ({"text": "Take as directed", **TWICE}, TWO),
        # Words that nobody here understands may say how much, where they hold a number.
        ({"text": "Zwobble 2 kvarts", **TWICE}, None),
        ({"text": "Zwobble two kvarts", **AT_EIGHT_AND_EIGHT}, None),
        ({"text": "Zwobble kvarts", **TWICE}, TWO),
        (tablets(1, text="Zwobble 2 kvarts", **TWICE), TWO),
        ({"text": "0 mg daily"}, None),
        # nl-core texts
        ({"text": "2 maal per dag 1 stuk, oraal"}, TWO),
        ({"text": "2 x per dag 2 stuks"}, FOUR),
    ],
)
def test_an_amount_in_words(dosage: Json, milligrams: str | None) -> None:
    assert a_day(dosage) == milligrams


@pytest.mark.parametrize(
    "dose",
    [
        {"doseRange": {"low": {"value": 1, "unit": "tablet"}, "high": {"value": 2, "unit": "tablet"}}},
        {"doseQuantity": {"value": 2, "unit": "unit of a system nobody knows"}},
        {"doseQuantity": {"value": 2}},
    ],
)
@pytest.mark.parametrize("timing", [TWICE, AT_EIGHT_AND_EIGHT])
def test_a_dose_that_cannot_be_counted_is_not_one_piece(dose: Json, timing: Json) -> None:
    assert a_day({"doseAndRate": [dose], **timing}) is None
    [item] = reading(request("x 5 mg", dosageInstruction=[{"doseAndRate": [dose], **timing}])).medications
    assert item.text == "x 5 mg, dose unknown"
    assert item.times_per_day or item.times  # they are known all the same


def test_where_no_words_can_say_so_nothing_is_counted() -> None:
    """Of a medicine that is given by code alone, or by a very long name, the times would be those of one piece."""
    unread = {"doseAndRate": [{"doseQuantity": {"value": 2, "unit": "what"}}], **AT_EIGHT_AND_EIGHT}
    coded = concept(("http://www.whocc.no/atc", "A12CC10"))
    for medicine in (coded, {"text": "y" * 195}):
        elements = {"medicationCodeableConcept": medicine, "dosageInstruction": [unread]}
        [item] = reading(request(None, **elements)).medications
        assert (item.times, item.times_per_day) == ((), None)


@pytest.mark.parametrize(
    ("dosages", "milligrams"),
    [
        # The four parts of a day, as German records have them in elements
        ([tablets(2, **at("MORN")), tablets(1, **at("EVE"))], THREE),
        ([tablets(2, **at("NIGHT"))], TWO),
        ([tablets(1, **at("NIGHT")), tablets(2, **at("NOON")), tablets(1, **at("MORN"))], FOUR),
        ([tablets(1, **at("MORN")), tablets(1, **at("EVE"))], TWO),
        ([tablets(2, **at("MORN")), tablets(1, **at("MORN"))], None),
        ([tablets(2, **at("MORN")), tablets(1, **at("AC"))], None),
        ([tablets(2, **at("MORN")), tablets(1, asNeededBoolean=True, **at("EVE"))], None),
        ([tablets(2, **at("MORN")), tablets(1, **TWICE)], None),
        ([tablets(2, **at("MORN")), {"text": "10 ml", **at("EVE")}], None),
        (
            [
                tablets(2, timing={"repeat": {"timeOfDay": ["08:00:00"]}}),
                tablets(1, timing={"repeat": {"timeOfDay": ["20:00:00"]}}),
            ],
            None,
        ),
        (
            [
                tablets(2, timing={"repeat": {"timeOfDay": ["08:00:00"]}}),
                tablets(2, timing={"repeat": {"timeOfDay": ["20:00:00"]}}),
            ],
            FOUR,
        ),
        ([{"text": "Take 2 tablets", **at("MORN")}, {"text": "Take 2 tablets", **at("EVE")}], FOUR),
        ([{"text": "Take 2 tablets", **at("MORN")}, {"text": "Take 1 tablet", **at("EVE")}], THREE),
    ],
)
def test_the_doses_of_a_day(dosages: list[Json], milligrams: str | None) -> None:
    assert a_day(*dosages) == milligrams


def test_a_day_of_differing_doses_is_said_as_a_plan_and_needs_no_note() -> None:
    found = reading(request("x", dosageInstruction=[tablets(2, **at("MORN")), tablets(0.5, **at("EVE"))]))
    assert found.medications[0].text == "x, 2-0-0.5-0"
    assert noted(found) == []
    found = reading(request("x", dosageInstruction=[tablets(2, **at("MORN")), tablets(1, **TWICE)]))
    assert noted(found) == [NoteCode.DOSE_LEFT_OUT]


@pytest.mark.parametrize(
    "quantity",
    [
        {"value": 2, "unit": "Stueck", "system": UCUM, "code": "{Stueck}"},
        {"value": 2, "system": UCUM, "code": "{Stück}"},
        {"value": 2, "system": UCUM, "code": "{Tabletten}"},
        {"value": 2, "unit": "cp"},
        {"value": 2, "unit": "tabletter"},
        {"value": 2, "unit": "stuks"},
        {"value": 2, "unit": "tablet", "system": SNOMED, "code": "428673006"},
    ],
)
def test_pieces_of_several_countries(quantity: Json) -> None:
    assert a_day({"doseAndRate": [{"doseQuantity": quantity}], **at("MORN")}) == TWO


EVERY_TWELVE_HOURS = {"frequency": 1, "period": 12, "periodUnit": "h"}


@pytest.mark.parametrize(
    ("repeat", "milligrams", "times"),
    [
        # The time of the first dose, as some records have it: the others are not said, and they count.
        ({**EVERY_TWELVE_HOURS, "timeOfDay": ["08:00:00"]}, TWO, ("08:00",)),
        ({"frequency": 3, "period": 1, "periodUnit": "d", "timeOfDay": ["08:00", "20:00"]}, THREE, ("08:00", "20:00")),
        # All of them, or more than is said elsewhere
        ({**EVERY_TWELVE_HOURS, "timeOfDay": ["08:00", "20:00"]}, TWO, ("08:00", "20:00")),
        ({"frequency": 1, "period": 1, "periodUnit": "d", "timeOfDay": ["08:00", "20:00"]}, TWO, ("08:00", "20:00")),
        ({"frequency": 3, "period": 2, "periodUnit": "d", "timeOfDay": ["08:00"]}, ONE, ("08:00",)),
    ],
)
def test_times_that_are_not_all_of_them(repeat: Json, milligrams: str, times: tuple[str, ...]) -> None:
    dosage = tablets(1, timing={"repeat": repeat})
    assert a_day(dosage) == milligrams
    [item] = reading(request(dosageInstruction=[dosage])).medications
    assert (item.times, item.times_per_day) == (times, None)


def test_some_times_of_what_has_no_name_to_say_more_in() -> None:
    timing: Json = {"repeat": {**EVERY_TWELVE_HOURS, "timeOfDay": ["08:00:00"]}}
    coded = concept(("http://www.whocc.no/atc", "A12CC10"))
    [item] = reading(
        request(None, medicationCodeableConcept=coded, dosageInstruction=[tablets(1, timing=timing)])
    ).medications
    assert (item.times, item.times_per_day) == ((), 2)


def test_some_times_of_several_dosages() -> None:
    twice = tablets(1, timing={"repeat": {**EVERY_TWELVE_HOURS, "timeOfDay": ["08:00:00"]}})
    noon = tablets(1, timing={"repeat": {"timeOfDay": ["12:00:00"]}})
    assert a_day(twice, noon) == THREE


def test_times_of_some_days_only_are_no_daily_amount() -> None:
    mondays: Json = {"timing": {"repeat": {"dayOfWeek": ["mon", "wed", "fri"], "timeOfDay": ["08:00:00"]}}}
    found = reading(request("magnesium oxide 400 mg tablet", dosageInstruction=[tablets(1, **mondays)]))
    intake = check(compiled_baseline(), found.profile(as_of=TODAY))["magnesium_intake"]
    assert (intake["elemental_mg_per_day"], intake["elemental_mg_per_day_maximum"]) == (None, None)
