"""What was withheld makes the answer in FHIR incomplete, and its outcome says so in FHIR's own word."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contract.cds_hooks.test_withheld import LISTS
from tests.contract.examples import baseline_app
from tests.unit.api.contract_client import ContractClient
from tests.unit.service.fhir.test_withheld import SECRET


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("wrapped", [True, False], ids=["parameters", "bundle"])
def test_the_answer_is_incomplete(name: str, *, wrapped: bool) -> None:
    parameters = {"resourceType": "Parameters", "parameter": [{"name": "medication", "resource": LISTS[name]}]}
    with ContractClient(baseline_app()) as client:
        response = client.post(
            "/fhir/$check-magnesium",
            content=json.dumps(parameters if wrapped else LISTS[name]),
            headers={"Content-Type": "application/fhir+json"},
        )
    answer = response.json()
    if response.status_code == 412:  # a Bundle in which nothing is left
        assert not wrapped
        assert "does not mean that the patient takes nothing" in response.text
        return
    assert response.status_code == 200
    found: dict[str, Any] = {one["name"]: one for one in answer["parameter"]}
    assert found["status"]["valueCode"] == "incomplete"
    [issue] = [one for one in found["outcome"]["resource"]["issue"] if one["code"] == "suppressed"]
    assert issue["severity"] == "error"
    assert SECRET not in response.text
    assert "urosemide" not in response.text
