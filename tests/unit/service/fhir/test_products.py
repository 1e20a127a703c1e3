"""What a Medication stands for: one line where that can be, whatever system its name is from.

The shapes are those of hl7ch/ch-emed (Exforge, Beloc Zok: GTIN, ingredients of SNOMED CT), of the medication module of
the German medical informatics initiative (PZN, ATC, mixtures) and of hl7au/au-fhir-base; the resources are our own.
"""

from __future__ import annotations

from typing import Any

import pytest

from rules.engine import check
from rules.profile import Code
from rules.resolution import resolve
from rules.terms import DoseForm
from service.fhir.products import UNNAMED
from service.fhir.reading import NoteCode, Reading
from tests.contract.examples import compiled_baseline
from tests.unit.service.fhir.resources import (
    RXNORM,
    SNOMED,
    TODAY,
    UCUM,
    Json,
    concept,
    dosage,
    noted,
    reading,
    request,
)

GTIN = "urn:oid:2.51.1.1"
TABLET: Json = {"value": 1, "unit": "Tablet (unit of presentation)", "system": SNOMED, "code": "732936001"}


def knows(text: str | None, codes: tuple[Code, ...]) -> frozenset[str] | None:
    shown = resolve(compiled_baseline(), text, codes).shown
    return None if shown["state"] == "unrecognised" else frozenset(one["id"] for one in shown["substances"])


def ingredient(name: str, milligrams: float | None = None, **elements: Any) -> Json:  # noqa: ANN401
    strength = {"numerator": {"value": milligrams, "unit": "mg", "system": UCUM, "code": "mg"}, "denominator": TABLET}
    made = {"itemCodeableConcept": concept((SNOMED, "1", name), text=name), **elements}
    return made if milligrams is None else {**made, "strength": strength}


def medication(name: str | None, *ingredients: Json, **elements: Any) -> Json:  # noqa: ANN401
    code = {} if name is None else {"code": concept((GTIN, "7680577710149", name), text=name)}
    return {"resourceType": "Medication", "id": "med", **code, "ingredient": list(ingredients), **elements}


def prescribed(sent: Json) -> Reading:
    """Two tablets of it a day."""
    twice = {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}
    one = {"doseAndRate": [{"doseQuantity": TABLET}], "timing": twice}
    sent = request(None, id="r", contained=[sent], medicationReference={"reference": "#med"}, **dosage(**one))
    return reading(sent, knows=knows)


def lines(found: Reading) -> list[str | None]:
    return [item.text for item in found.medications]


def test_a_name_that_is_known_is_the_line_and_no_duplicate_of_its_ingredients() -> None:
    parts = ingredient("Losartan (substance)"), ingredient("Hydrochlorothiazide (substance)")
    found = prescribed(medication("Hyzaar 50/12.5 mg", *parts))
    assert lines(found) == ["Hyzaar 50/12.5 mg"]
    assert found.notes == ()
    report = check(compiled_baseline(), found.profile(as_of=TODAY))
    assert report["duplicates"] == []
    assert [one["id"] for one in report["medications"][0]["substances"]] == ["hydrochlorothiazide", "losartan"]


def test_a_product_nobody_here_knows_is_looked_at_by_its_ingredients_in_one_line() -> None:
    parts = ingredient("Amlodipine (substance)", 10), ingredient("Valsartan (substance)", 160)
    found = prescribed(medication("Hausmarke Kombi 10/160mg", *parts, form=concept(text="Tablet")))
    assert lines(found) == ["Amlodipine 10 mg / Valsartan 160 mg"]
    assert found.medications[0].dose_form is DoseForm.TABLET
    assert found.medications[0].dose is not None
    assert noted(found) == [NoteCode.BY_INGREDIENTS]
    assert found.sources["r"].reference == "MedicationRequest/r"
    assert check(compiled_baseline(), found.profile(as_of=TODAY))["status"] == "complete"


def test_the_magnesium_in_a_product_nobody_here_knows_is_counted_once() -> None:
    """By hand: magnesium hydroxide, 58.32 g/mol, is 41.68 % magnesium; two tablets of 400 mg are 333.4 mg."""
    parts = ingredient("Magnesium hydroxide", 400), ingredient("Aluminium hydroxide", 200)
    found = prescribed(medication("Hausmarke Magentabletten", *parts))
    report = check(compiled_baseline(), found.profile(as_of=TODAY))
    [contribution] = report["magnesium_intake"]["contributions"]
    assert contribution["elemental_mg_per_day"] == "333.4"
    assert report["magnesium_products"] is None
    assert report["duplicates"] == []


def test_one_ingredient_stands_for_its_product() -> None:
    assert lines(prescribed(medication("Hausmarke", ingredient("Metoprolol succinate", 47.5)))) == [
        "Metoprolol succinate 47.5 mg"
    ]


def test_excipients_are_nothing_that_is_taken() -> None:
    """A record of hl7ch's: lactose with isActive false; magnesium stearate is in most tablets."""
    excipients = ingredient("Magnesium stearate", 1, isActive=False), ingredient("Lactosum", 80, isActive=False)
    assert lines(prescribed(medication("Hausmarke", ingredient("Furosemide", 40), *excipients))) == ["Furosemide 40 mg"]
    assert lines(prescribed(medication("Hausmarke", *excipients))) == ["Hausmarke"]


def test_an_ingredient_that_was_not_sent_does_not_matter_where_the_name_is_known() -> None:
    away = {"itemReference": {"reference": "Medication/away"}}
    assert prescribed(medication("Hyzaar", away)).notes == ()
    found = prescribed(medication("Hausmarke", away))
    assert lines(found) == ["Hausmarke"]
    assert not found.whole


@pytest.mark.parametrize(
    ("sent", "wanted"),
    [
        # One of two is not known either: all names stay, so that nothing is lost.
        (
            medication("Hausmarke", ingredient("Losartan"), ingredient("Unbekanntes")),
            ["Hausmarke", "Losartan", "Unbekanntes"],
        ),
        (medication("Hausmarke", ingredient("Unbekanntes")), ["Hausmarke"]),
        (medication("Hausmarke"), ["Hausmarke"]),
        # Without a name: hospital mixtures
        (
            medication(None, ingredient("Magnesium sulfate"), ingredient("Potassium chloride")),
            ["Magnesium sulfate / Potassium chloride"],
        ),
        (medication(None, ingredient("Losartan"), ingredient("Unbekanntes")), ["Losartan", "Unbekanntes"]),
        (medication(None), [UNNAMED]),
        # A name that has its strength, or a strength that is not that of one piece
        (medication("Hausmarke", ingredient("Furosemide 40 mg", 40)), ["Furosemide 40 mg"]),
        (
            medication(
                "Hausmarke",
                ingredient(
                    "Furosemide",
                    strength={"numerator": {"value": 85, "unit": "mg"}, "denominator": {"value": 250, "unit": "mL"}},
                ),
            ),
            ["Furosemide"],
        ),
        (medication("Hausmarke", *(ingredient("Furosemide" + " " * 4 + "retard", n) for n in (1, 2) * 9)), None),
    ],
)
def test_what_the_lines_are(sent: Json, wanted: list[str] | None) -> None:
    found = lines(prescribed(sent))
    assert found == wanted or (wanted is None and len(found) == 19)


def test_a_code_of_an_ingredient_stands_beside_the_name_of_the_product() -> None:
    code: Json = {"itemCodeableConcept": concept((RXNORM, "4603"))}
    [item] = prescribed(medication("Hausmarke", code)).medications
    assert (item.text, [one.code for one in item.codes]) == ("Hausmarke", ["4603"])


def test_a_code_nobody_here_knows_does_not_hide_the_ingredient() -> None:
    """An NDC without a terminology."""
    unknown = medication(
        None, ingredient("Magnesium sulfate"), code=concept(("http://hl7.org/fhir/sid/ndc", "0338-1715-40"))
    )
    assert lines(prescribed(unknown)) == ["Magnesium sulfate"]


def test_without_anybody_to_ask_name_and_ingredients_are_looked_at() -> None:
    both = medication("Hausmarke", ingredient("Losartan"), ingredient("Hydrochlorothiazide"))
    sent = request(None, contained=[both], medicationReference={"reference": "#med"})
    assert [item.text for item in reading(sent).medications] == ["Hausmarke", "Losartan", "Hydrochlorothiazide"]


def test_an_ingredient_that_the_name_does_not_stand_for_is_looked_at_as_well() -> None:
    """Buffered aspirin under the name of its one substance: the magnesium in it must not be lost."""
    buffered = medication("Aspirin 325 mg", ingredient("Acetylsalicylic acid", 325), ingredient("Magnesium oxide", 50))
    assert lines(prescribed(buffered)) == ["Aspirin 325 mg", "Magnesium oxide 50 mg"]
    # A salt under the name of its base, and the other way round, is the same.
    for name, salt in (("Metoprolol", "Metoprolol succinate"), ("Magnesium citrate 200 mg", "Magnesium")):
        assert lines(prescribed(medication(name, ingredient(salt)))) == [name]
    assert lines(prescribed(medication("Hyzaar", ingredient("Unbekanntes")))) == ["Hyzaar"]


def test_a_salt_and_its_base_are_one_ingredient() -> None:
    """In the shape of the medication module of the medical informatics initiative, Example-Medication-Calcium."""

    def typed(kind: str, made: Json) -> Json:
        url = "https://www.medizininformatik-initiative.de/fhir/core/modul-medikation/StructureDefinition/wirkstofftyp"
        return {**made, "extension": [{"url": url, "valueCoding": {"code": kind}}]}

    both = typed("PIN", ingredient("Magnesium oxide", 400)), typed("IN", ingredient("Magnesium", 241))
    assert lines(prescribed(medication("Hausmarke", *both))) == ["Magnesium oxide 400 mg"]
    assert lines(prescribed(medication("Hausmarke", both[1]))) == ["Magnesium 241 mg"]


# --- a name of the record's own beside the name of a code -------------------------------------------------------------

ATC = "http://www.whocc.no/atc"
DMD = "https://dmd.nhs.uk"


@pytest.mark.parametrize(
    ("coding", "read"),
    [
        ((RXNORM, "1649988", "doxycycline hyclate 100 MG Oral Tablet"), "doxycycline hyclate 100 MG Oral Tablet"),
        ((DMD, "1", "Doxycycline 100mg capsules"), "Doxycycline 100mg capsules"),
        ((SNOMED, "1", "Doxycycline (substance)"), "Doxycycline"),
        # A group is no medicine, and the systems of vendors name therapeutic groups as well.
        ((ATC, "J01A", "doxycycline"), None),
        (("urn:oid:1.2.3", "1", "doxycycline"), None),
        ((RXNORM, "1649988", "zzmycin 100 MG Oral Tablet"), None),
        ((RXNORM, "1649988", "doxycycline " + "y" * 200), None),
    ],
)
def test_the_name_of_a_code_stands_in_for_a_name_nobody_here_knows(
    coding: tuple[str, str, str], read: str | None
) -> None:
    own = "doxycycline (ZZBRAND) 100 MG tablet"
    named = concept(coding, text=own)
    inline = reading(request(None, medicationCodeableConcept=named), knows=knows)
    product = {"resourceType": "Medication", "id": "med", "code": named}
    contained = reading(request(None, contained=[product], medicationReference={"reference": "#med"}), knows=knows)
    for found in (inline, contained):
        assert lines(found) == [read or own]
        assert (NoteCode.BY_ITS_CODE in noted(found)) is (read is not None)
        assert found.whole is (read is None)  # nobody has read the name itself


def test_a_name_that_is_known_stays() -> None:
    named = concept((RXNORM, "2551", "ciprofloxacin"), text="Cipro 500 mg tablet")
    found = reading(request(None, medicationCodeableConcept=named), knows=knows)
    assert lines(found) == ["Cipro 500 mg tablet"]
    assert found.notes == ()
