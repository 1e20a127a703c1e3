"""The codes of pharmacy messages: what a finding is called there, and that its text fits."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any, Final

import pytest

from rules import CompiledRuleSet
from rules.profile import MedicationProfile
from rules.terms import Direction, ManagementAction
from service.application import ncpdp
from service.application.checks import report_on
from tests.baseline import packaged_rule_set, packaged_rules

CIPROFLOXACIN: Final = {"id": "c", "text": "Ciprofloxacin 500 mg tablet"}
OXIDE: Final = {"id": "m", "text": "Magnesium oxide 400 mg tablet"}
FUROSEMIDE: Final = {"id": "f", "text": "Furosemide 40 mg tablet"}
DIGOXIN: Final = {"id": "d", "text": "Digoxin 125 mcg tablet"}


@cache
def compiled() -> CompiledRuleSet:
    return packaged_rules(version=1)


def blocks(medications: list[dict[str, str]], **more: Any) -> dict[str, dict[str, Any]]:  # noqa: ANN401 - any field
    question = {"medications": medications, "as_of": "2026-11-22", "ncpdp": True, **more}
    report = report_on(compiled(), MedicationProfile.model_validate_json(json.dumps(question)), explain=False)
    return {finding["interaction_id"]: dict(finding["ncpdp"]) for finding in report["findings"]}


def test_a_drug_that_magnesium_binds() -> None:
    # The label of Cipro: two hours before or six hours after; 528-FS 1 is major, 439-E4 DD is drug-drug.
    assert blocks([CIPROFLOXACIN, OXIDE])["fluoroquinolones-with-oral-magnesium"] == {
        "reason_for_service": "DD",
        "clinical_significance": "1",
        "free_text": "MAGNESIUM 6H BEFORE/2H AFTER",
    }


def test_a_drug_that_drains_magnesium_concerns_a_laboratory_value() -> None:
    block = blocks([FUROSEMIDE])["loop-diuretics-deplete-magnesium"]
    assert (block["reason_for_service"], block["clinical_significance"]) == ("DL", "3")
    assert block["free_text"].startswith("LOWERS MAGNESIUM; ")


def test_two_drugs_that_matter_because_of_magnesium() -> None:
    block = blocks([FUROSEMIDE, DIGOXIN])["cardiac-glycosides-with-magnesium-depleting-drugs"]
    assert (block["reason_for_service"], block["clinical_significance"]) == ("DD", "2")


def test_a_disease_is_reported_or_inferred() -> None:
    rule = "oral-magnesium-with-reduced-kidney-function"
    patient = {"egfr": {"value": "20", "unit": "mL/min/1.73m2"}}
    assert blocks([OXIDE], patient=patient)[rule]["reason_for_service"] == "DC"
    given = blocks([OXIDE], conditions=[{"text": "myasthenia gravis"}])
    assert given["myasthenia-with-oral-magnesium"]["reason_for_service"] == "MC"
    assert given[rule]["reason_for_service"] == "DC"


def test_nothing_is_added_unasked() -> None:
    question = {"medications": [CIPROFLOXACIN, OXIDE]}
    report = report_on(compiled(), MedicationProfile.model_validate_json(json.dumps(question)), explain=False)
    assert all("ncpdp" not in finding for finding in report["findings"])


def test_every_worked_case_gets_codes_that_fit() -> None:
    seen = set()
    for case in packaged_rule_set().cases:
        report = report_on(compiled(), case.profile.model_copy(update={"ncpdp": True}), explain=False)
        for finding in report["findings"]:
            block = finding["ncpdp"]
            assert re.fullmatch(r"[A-Z0-9;.+/ ]{1,30}", block["free_text"])
            assert {"contraindicated": "1", "major": "1", "moderate": "2", "minor": "3"}[finding["severity"]] == (
                block["clinical_significance"]
            )
            seen.add((finding["direction"], block["reason_for_service"]))
    assert {direction for direction, code in seen if code is None} <= {"deficiency_risk", "side_effect"}
    assert {code for _, code in seen} >= {"DD", "DL", "DC", "MC", "AT", "HD"}


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("action", ManagementAction)
def test_every_pair_of_words_fits(direction: Direction, action: ManagementAction) -> None:
    assert len(f"{ncpdp._WHAT[direction]}; {ncpdp._ACTIONS[action]}") <= ncpdp.MOST_CHARACTERS
