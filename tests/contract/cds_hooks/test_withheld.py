"""What was withheld from a list stands on a card, is never an empty list, and nothing that is masked stands on any."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from service.api.cds_hooks.offered import Hook
from tests.contract.cds_hooks.test_cards import TAKES_MAGNESIUM, TWICE, about, ask
from tests.contract.cds_hooks.writing import CIPROFLOXACIN, MAGNESIUM_OXIDE, NOTHING_ELSE, bundle, call, current, order
from tests.unit.api.contract_client import ContractClient
from tests.unit.service.fhir.test_withheld import MASKED, SECRET, marked

SUPPRESSED: Final = {"resourceType": "OperationOutcome", "issue": [{"severity": "information", "code": "suppressed"}]}
LISTS: Final[dict[str, dict[str, Any]]] = {
    "redacted": bundle(**marked("REDACTED")),
    "subsetted": bundle(current(MAGNESIUM_OXIDE), **marked("SUBSETTED", "tag")),
    "suppressed": bundle(SUPPRESSED, total=0),
    "a masked order": bundle(current(MAGNESIUM_OXIDE), {**current("4603", "r2"), **marked("MASKED")}),
    "a masked name": bundle(
        {**current("4603", "r2"), "medicationCodeableConcept": {**MASKED, "text": SECRET, "coding": [{"code": SECRET}]}}
    ),
}
HOOKS: Final = [hook for hook in Hook if hook is not Hook.PATIENT_VIEW]


@pytest.mark.parametrize("hook", Hook)
@pytest.mark.parametrize("name", LISTS)
def test_it_is_said_that_something_was_withheld(client: ContractClient, name: str, hook: Hook) -> None:
    drafts = [] if hook is Hook.PATIENT_VIEW else [order(CIPROFLOXACIN)]
    cards = ask(client, call(hook.value, *drafts, prefetch={**NOTHING_ELSE, "medicationRequests": LISTS[name]}))
    card = about(cards, "Not everything could be checked")
    assert "something was withheld" in card["summary"]
    assert "masked" in card["detail"] or "withheld" in card["detail"]
    assert "What was not looked at can hold anything" in card["detail"]
    text = json.dumps(cards)
    assert SECRET not in text
    # What is masked was furosemide, and no card says so.
    assert "urosemide" not in text
    assert "safe" not in card["detail"].lower()


def test_values_and_conditions_can_be_withheld_too(client: ContractClient) -> None:
    value = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2601-3"}]},
        "subject": {"reference": "Patient/p1"},
        "dataAbsentReason": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "masked"}]
        },
    }
    for more in ({"magnesium": bundle(value)}, {"conditions": bundle(**marked("REDACTED"))}):
        cards = ask(client, call("order-sign", order(CIPROFLOXACIN), prefetch={**NOTHING_ELSE, **more}))
        assert "something was withheld" in about(cards, "Not everything")["summary"]


@pytest.mark.parametrize(
    "more",
    [marked("SUBSETTED", "tag"), marked("REDACTED"), {"_priority": MASKED}],
    ids=["subset", "redacted", "masked element"],
)
def test_an_order_of_which_something_is_missing_is_not_changed(client: ContractClient, more: dict[str, Any]) -> None:
    """The suggestion would put the whole resource in its place, and what was withheld would be gone."""
    draft = {**order(CIPROFLOXACIN, dosageInstruction=TWICE), **more}
    card = about(ask(client, call("order-sign", draft, prefetch=TAKES_MAGNESIUM)), "ciprofloxacin + magnesium oxide")
    assert [one["actions"][0]["type"] for one in card["suggestions"]] == ["create"]


@pytest.mark.parametrize("hook", HOOKS)
def test_a_masked_order_is_not_taken_for_one_nobody_has_written(client: ContractClient, hook: Hook) -> None:
    hidden = {**order(CIPROFLOXACIN), **marked("MASKED")}
    cards = ask(client, call(hook.value, hidden, prefetch=TAKES_MAGNESIUM))
    card = about(cards, "Not everything")
    assert "something was withheld" in card["summary"]
    assert "not recognised: 1" in card["summary"]
    assert "iprofloxacin" not in json.dumps(cards)
