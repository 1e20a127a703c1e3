"""What real clients send, one by one: the sandbox of CDS Hooks, the request generator of CRD, samples of PDDI-CDS."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.contract.cds_hooks.test_cards import TAKES_MAGNESIUM, about, ask
from tests.contract.cds_hooks.writing import (
    CIPROFLOXACIN,
    DIGOXIN,
    MAGNESIUM_OXIDE,
    NOTHING_ELSE,
    RXNORM,
    SERVICE,
    bundle,
    call,
    current,
    order,
)
from tests.unit.api.contract_client import ContractClient


def without(resource: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name not in names}


def test_a_bundle_without_type_and_entries_without_wrapping(client: ContractClient) -> None:
    draft = order(CIPROFLOXACIN)
    for drafts in (
        {"resourceType": "Bundle", "entry": [{"resource": draft}]},
        {"entry": [{"resource": draft}]},
        {"resourceType": "Bundle", "entry": [draft]},
        [draft],
    ):
        body = call("order-sign", prefetch=TAKES_MAGNESIUM, context={"draftOrders": drafts})
        assert about(ask(client, body), "ciprofloxacin + magnesium oxide")


def test_an_order_without_intent_status_encounter_and_user(client: ContractClient) -> None:
    draft = without(order(CIPROFLOXACIN), "intent", "status")
    context = {"patientId": "p1", "draftOrders": bundle(draft)}
    body = {"hook": "order-sign", "hookInstance": "x", "context": context, "prefetch": TAKES_MAGNESIUM}
    assert about(ask(client, body), "ciprofloxacin + magnesium oxide")


@pytest.mark.parametrize(
    "unwritten",
    [{}, {"medicationCodeableConcept": {}}, {"medicationCodeableConcept": {"text": "", "coding": [{}]}}],
    ids=["none", "empty", "blank"],
)
def test_nothing_is_said_of_an_order_that_is_still_being_written(
    client: ContractClient, unwritten: dict[str, Any]
) -> None:
    """The sandbox calls order-select when its page is loaded."""
    draft = {**without(order(CIPROFLOXACIN), "medicationCodeableConcept"), **unwritten}
    assert ask(client, call("order-select", draft)) == []
    # Signed, it is one that nobody could check.
    [card] = ask(client, call("order-sign", draft))
    assert "not recognised" in card["summary"]


def test_an_order_whose_medicine_cannot_be_found_out_is_not_taken_for_unwritten(client: ContractClient) -> None:
    draft = without(order(CIPROFLOXACIN), "medicationCodeableConcept")
    draft["medicationReference"] = {"reference": "Medication/elsewhere"}
    [card] = ask(client, call("order-select", draft))
    assert "not recognised" in card["summary"]


def test_nothing_was_ordered_yet(client: ContractClient) -> None:
    assert ask(client, call("order-select", context={"selections": []})) == []


def test_category_as_an_object_and_other_kinds_of_orders(client: ContractClient) -> None:
    draft = order(CIPROFLOXACIN, category={"coding": [{"code": "inpatient"}]})
    others = [
        {"resourceType": "ServiceRequest", "id": "s1", "status": "draft", "subject": {"reference": "Patient/p1"}},
        {"resourceType": "NutritionOrder", "id": "n1", "status": "draft", "patient": {"reference": "Patient/p1"}},
    ]
    assert about(ask(client, call("order-sign", draft, *others, prefetch=TAKES_MAGNESIUM)), "ciprofloxacin")


def test_the_same_hook_instance_each_time_mixes_nothing_up(client: ContractClient) -> None:
    first = ask(client, call("order-sign", order(CIPROFLOXACIN), prefetch=TAKES_MAGNESIUM))
    second = ask(client, call("order-sign", order(DIGOXIN)))
    again = ask(client, call("order-sign", order(CIPROFLOXACIN), prefetch=TAKES_MAGNESIUM))
    assert [card["summary"] for card in first] == [card["summary"] for card in again]
    assert [card["summary"] for card in first] != [card["summary"] for card in second]
    assert {card["uuid"] for card in first}.isdisjoint(card["uuid"] for card in again)


@pytest.mark.parametrize("token", ["", "  ", None, 7, "some-token"])
def test_an_empty_access_token(client: ContractClient, token: object) -> None:
    body = call(
        "order-sign",
        order(CIPROFLOXACIN),
        prefetch=TAKES_MAGNESIUM,
        fhirServer="https://ehr.example/fhir",
        fhirAuthorization={"access_token": token, "token_type": "Bearer", "expires_in": 300, "scope": "x"},
    )
    assert about(ask(client, body), "ciprofloxacin")


def test_prefetch_under_keys_that_nobody_asked_for(client: ContractClient) -> None:
    body = call(
        "order-sign", order(CIPROFLOXACIN), prefetch={"medicationRequestBundle": bundle(current(MAGNESIUM_OXIDE))}
    )
    cards = ask(client, body)
    assert about(cards, "ciprofloxacin + magnesium oxide")
    assert not [card for card in cards if "current medications" in card["summary"]]


def test_orders_that_are_active_already_are_what_it_is_about(client: ContractClient) -> None:
    active = order(CIPROFLOXACIN, status="active")
    # The record has it as well, as it was before.
    taken = bundle(current(MAGNESIUM_OXIDE), order(CIPROFLOXACIN, status="active", priority="routine"))
    cards = ask(client, call("order-sign", active, prefetch={**NOTHING_ELSE, "medicationRequests": taken}))
    card = about(cards, "ciprofloxacin + magnesium oxide")
    assert [line for line in card["detail"].splitlines() if line.startswith("- On the list:")] == [
        "- On the list: Ciprofloxacin 500 MG Oral Tablet (ciprofloxacin), ordered",
        "- On the list: Magnesium oxide 400 MG Oral Tablet (magnesium oxide)",
    ]


def test_a_resolved_medication_inside_the_order(client: ContractClient) -> None:
    draft = without(order(CIPROFLOXACIN), "medicationCodeableConcept")
    draft["medicationReference"] = {"reference": "Medication/m9"}
    draft["_resolvedMedication"] = {
        "resourceType": "Medication",
        "id": "m9",
        "code": {"coding": [{"system": RXNORM, "code": CIPROFLOXACIN}], "text": "Ciprofloxacin 500 MG Oral Tablet"},
    }
    card = about(ask(client, call("order-sign", draft, prefetch=TAKES_MAGNESIUM)), "ciprofloxacin")
    [action] = card["suggestions"][0]["actions"]
    assert "_resolvedMedication" not in action["resource"]


def test_a_key_nobody_knows_and_an_extension_in_any_place(client: ContractClient) -> None:
    body = call("order-sign", order(CIPROFLOXACIN), prefetch=TAKES_MAGNESIUM, user="x", context={"foo": {"bar": [1]}})
    body["extension"] = [{"url": "https://example"}]
    assert about(ask(client, body), "ciprofloxacin")


def test_a_sample_of_pddi_cds_with_its_faults(client: ContractClient) -> None:
    """Digoxin with electrolytes, STU3-shaped: no userId, doseQuantity outside, string clinicalStatus, LOINC and unit.

    Serum magnesium by mass (19123-9) in mmol/L: the unit decides, and somebody is told.
    """
    draft = {
        "resourceType": "MedicationRequest",
        "id": "dig",
        "status": "draft",
        "intent": "order",
        "category": {"coding": [{"code": "outpatient"}]},
        "medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": "197604", "display": "Digoxin 0.125 MG"}]},
        "subject": {"reference": "Patient/p1"},
        "context": {"reference": "Encounter/e1"},
        "dosageInstruction": [{"doseQuantity": {"value": 0.125, "unit": "mg"}, "timing": {"repeat": {"frequency": 1}}}],
    }
    magnesium = {
        "resourceType": "Observation",
        "id": "mg",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "19123-9"}]},
        "subject": {"reference": "Patient/p1"},
        "context": {"reference": "Encounter/e1"},
        "effectiveDateTime": "2026-11-21",
        "valueQuantity": {"value": 0.5, "unit": "mmol/L", "system": "http://snomed.info/sct", "code": "258813002"},
    }
    condition = {
        "resourceType": "Condition",
        "id": "af",
        "clinicalStatus": "active",
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "I48.91"}]},
        "subject": {"reference": "Patient/p1"},
    }
    prefetch = {**NOTHING_ELSE, "magnesium": bundle(magnesium), "conditions": bundle(condition)}
    body = {
        "hook": "order-sign",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"patientId": "p1", "draftOrders": bundle(draft)},
        "prefetch": prefetch,
        "extension": {"pddi-configuration-items": {"show-evidence-support": True}},
    }
    cards = ask(client, body)
    # 0.5 mmol/L is low; as 0.5 mg/dL it would be 0.2 mmol/L.
    card = about(cards, "Cardiac glycoside while serum magnesium is low")
    assert "0.5 mmol/L" in card["detail"]
    assert "read with a doubt" in about(cards, "Not everything")["summary"]


def test_a_value_under_a_national_code_is_said_not_to_be_read(client: ContractClient) -> None:
    """Records of the north send their values under NPU codes, those of the United Kingdom under SNOMED CT."""
    magnesium = {
        "resourceType": "Observation",
        "id": "mg",
        "status": "final",
        "code": {"coding": [{"system": "urn:oid:1.2.208.176.2.1", "code": "1", "display": "P-Magnesium"}]},
        "effectiveDateTime": "2026-11-21",
        "valueQuantity": {"value": 0.4, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"},
    }
    prefetch = {**NOTHING_ELSE, "magnesium": bundle(magnesium)}
    cards = ask(client, call("order-sign", order(CIPROFLOXACIN), prefetch=prefetch))
    assert "it has no code of LOINC; it was left out" in about(cards, "read with a doubt")["detail"]


# --- what is missing never means that nothing is taken ----------------------------------------------------------------

OUTCOME: Final = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}
NEXT: Final = {"link": [{"relation": "next", "url": "https://ehr.example/fhir?page=2"}]}
SHORT: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "absent": ({"conditions": bundle()}, "was not sent"),
    "no prefetch at all": ({}, "was not sent"),
    "null": ({"medicationRequests": None}, "(null)"),
    "failed": ({"medicationRequests": OUTCOME}, "could not send"),
    "failed in a bundle": ({"medicationRequests": bundle(OUTCOME)}, "could not send"),
    "partly failed": ({"medicationRequests": bundle(current(MAGNESIUM_OXIDE), OUTCOME)}, "could not send"),
    "paginated": ({"medicationRequests": bundle(current(MAGNESIUM_OXIDE), **NEXT)}, "more current medications"),
    "fewer than were found": ({"medicationRequests": bundle(current(MAGNESIUM_OXIDE), total=30)}, "more current"),
    "none of those found": ({"medicationRequests": {"resourceType": "Bundle", "total": 3}}, "more current"),
    "no statements, prescriptions not sent": ({"medicationStatements": bundle()}, "was not sent"),
    "no statements, prescriptions null": ({"medicationRequests": None, "medicationStatements": bundle()}, "(null)"),
    "an entry of null": ({"medicationRequests": {"resourceType": "Bundle", "entry": [None]}}, "could not send"),
    "no resource": ({"medicationRequests": {"foo": 1}}, "could not send"),
    "a text": ({"medicationRequests": "none"}, "could not send"),
    "another resource": ({"medicationRequests": {"resourceType": "Patient", "id": "p1"}}, "could not send"),
    "no type there is": ({"medicationRequests": {"resourceType": "active", "id": "x"}}, "could not send"),
    "one of two failed": ({**NOTHING_ELSE, "medicationStatements": OUTCOME}, "could not send"),
}


@pytest.mark.parametrize("name", SHORT)
def test_a_list_that_is_short_is_said(client: ContractClient, name: str) -> None:
    prefetch, words = SHORT[name]
    for hook in ("order-select", "order-sign", "medication-verify", "medication-refill", "medication-prescribe"):
        cards = ask(client, call(hook, order(CIPROFLOXACIN), prefetch=prefetch))
        card = about(cards, "Not everything could be checked")
        assert card["indicator"] == "info"
        assert "current medications" in card["summary"]
        assert words in card["detail"]


def test_an_empty_list_is_an_answer(client: ContractClient) -> None:
    assert ask(client, call("order-sign", order(CIPROFLOXACIN))) == []
    # Many records have prescriptions only, or have nothing to send as statements.
    for statements in (None, bundle()):
        prefetch = {**NOTHING_ELSE, "medicationStatements": statements}
        assert ask(client, call("order-sign", order(CIPROFLOXACIN), prefetch=prefetch)) == []


def test_statements_that_list_something_are_a_list(client: ContractClient) -> None:
    taken = {**current(MAGNESIUM_OXIDE), "resourceType": "MedicationStatement"}
    for statements in (bundle(taken), [taken], taken):
        prefetch = {"medicationRequests": None, "medicationStatements": statements}
        cards = ask(client, call("order-sign", order(CIPROFLOXACIN), prefetch=prefetch))
        assert about(cards, "ciprofloxacin + magnesium oxide")
        assert not [card for card in cards if "current medications" in card["summary"]]


def test_what_came_along_with_the_matches_is_no_match(client: ContractClient) -> None:
    """A server counts its matches, and neither what they refer to nor its own remarks."""
    found = bundle(current(MAGNESIUM_OXIDE), {"resourceType": "Medication", "id": "m1"})
    found["total"] = 1
    found["entry"][1]["search"] = {"mode": "include"}
    prefetch = {**NOTHING_ELSE, "medicationRequests": found}
    cards = ask(client, call("order-sign", order(CIPROFLOXACIN), prefetch=prefetch))
    assert not [card for card in cards if "current medications" in card["summary"]]
    found["total"] = 2
    assert (
        "more current"
        in about(ask(client, call("order-sign", order(CIPROFLOXACIN), prefetch=prefetch)), "Not")["detail"]
    )


@pytest.mark.parametrize("name", ["absent", "no prefetch at all", "failed", "failed in a bundle", "a text"])
def test_without_orders_there_is_nothing_to_check(client: ContractClient, name: str) -> None:
    response = client.post(SERVICE, json=call("patient-view", prefetch=SHORT[name][0]))
    assert response.status_code == 412
    outcome = response.json()
    assert outcome["resourceType"] == "OperationOutcome"
    assert outcome["issue"][0]["code"] == "required"
    assert "does not mean that the patient takes nothing" in outcome["issue"][0]["diagnostics"]


def test_null_at_an_opened_chart_is_said(client: ContractClient) -> None:
    [card] = ask(client, call("patient-view", prefetch={"medicationRequests": None}))
    assert "does not mean" in card["detail"]


def test_conditions_that_failed_are_said(client: ContractClient) -> None:
    prefetch = {**NOTHING_ELSE, "conditions": OUTCOME, "magnesium": OUTCOME}
    card = about(ask(client, call("order-sign", order(CIPROFLOXACIN), prefetch=prefetch)), "Not everything")
    assert "conditions, magnesium" in card["detail"]
    # Of values the newest was asked for, so that a further page is in order.
    prefetch = {**NOTHING_ELSE, "magnesium": bundle(**NEXT)}
    assert ask(client, call("order-sign", order(CIPROFLOXACIN), prefetch=prefetch)) == []


def test_another_patient_never_counts(client: ContractClient) -> None:
    other = current(MAGNESIUM_OXIDE, subject={"reference": "Patient/somebody-else"})
    prefetch = {**NOTHING_ELSE, "medicationRequests": bundle(other)}
    cards = ask(client, call("order-sign", order(CIPROFLOXACIN), prefetch=prefetch))
    assert not [card for card in cards if "quinolone" in card["summary"]]
    assert about(cards, "Not everything")


# --- what is no call --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 400, "malformed-json"),
        (b"[1", 400, "malformed-json"),
        (b'\xef\xbb\xbf{"hook":"order-sign"}', 400, "malformed-json"),
        ('{"hook": "order-sign"}'.encode("utf-16"), 400, "malformed-json"),
        (b'{"hook": NaN}', 400, "malformed-json"),
        (b'{"hook": "\\ud800"}', 400, "malformed-json"),
        (b'{"hook": "order-sign", "hook": "order-select"}', 400, "duplicate-key"),
        (b'{"a": {"b\\u003a": 1, "b:": 2, "c": 1, "c": 2}}', 400, "duplicate-key"),
        (b'{"a": ' * 200 + b"1" + b"}" * 200, 422, "invalid-request"),
        (b'{"a": ' * 300 + b"1" + b"}" * 300, 422, "invalid-request"),
        (b"[" * 5000, 400, "malformed-json"),
        (b"[]", 422, "invalid-request"),
        (b"null", 422, "invalid-request"),
        (b'{"hook": "order-dispatch", "hookInstance": "x", "context": {}}', 422, "invalid-request"),
        (b'{"hook": "order-sign", "hookInstance": "", "context": {}}', 422, "invalid-request"),
        (b'{"hook": "order-sign", "hookInstance": "x"}', 422, "invalid-request"),
        (b'{"hook": "order-sign", "hookInstance": "x", "context": {}}', 422, "invalid-request"),
        (b'{"hook": "order-sign", "hookInstance": "x", "context": {"draftOrders": "x"}}', 422, "invalid-request"),
        (b'{"hook": "order-sign", "hookInstance": "x", "context": [], "prefetch": {}}', 422, "invalid-request"),
        (b'{"hook": "patient-view", "hookInstance": "x", "context": {}, "prefetch": []}', 422, "invalid-request"),
        (b'{"hook": "patient-view", "hookInstance": "x", "context": {}}', 412, "nothing-to-check"),
    ],
)
def test_what_is_no_call_is_refused(client: ContractClient, content: bytes, status: int, code: str) -> None:
    response = client.post(SERVICE, content=content, headers={"Content-Type": "application/json"})
    assert response.status_code == status, response.text
    outcome = response.json()
    assert outcome["resourceType"] == "OperationOutcome"
    assert outcome["issue"][0]["details"]["coding"] == [{"code": code}]


def test_escapes_that_look_like_a_key_twice_are_none(client: ContractClient) -> None:
    body = json.dumps(call("order-sign", order(CIPROFLOXACIN), note='a: "b": \\u003a')).replace("a: ", "a\\u003a ")
    assert client.post(SERVICE, content=body, headers={"Content-Type": "application/json"}).status_code == 200


def test_too_much_is_refused(client: ContractClient) -> None:
    many = [current("4603", f"r{number}") for number in range(201)]
    viewed = call("patient-view", prefetch={"medicationRequests": bundle(*many)})
    assert client.post(SERVICE, json=viewed).status_code == 422
    large = call("order-sign", order(CIPROFLOXACIN), note="x" * 1024 * 1024)
    response = client.post(SERVICE, json=large)
    assert (response.status_code, response.json()["resourceType"]) == (413, "OperationOutcome")
    # A list of a hundred resources has a few hundred kilobytes.
    assert client.post(SERVICE, json=call("order-sign", order(CIPROFLOXACIN), note="x" * 900_000)).status_code == 200


def test_only_json_is_read(client: ContractClient) -> None:
    for content_type in ("text/plain", "application/fhir+json"):
        response = client.post(SERVICE, content=b"{}", headers={"Content-Type": content_type})
        assert response.status_code == 415


def test_an_order_in_the_shape_of_a_large_vendor(client: ContractClient) -> None:
    """A medicine by a reference with its name, one dose said three times, and a server's answers around the prefetch.

    So in cqframework/cqf-ruler, opioidcds-08-request-prefetch.json.
    """
    kinds = "http://epic.com/CodeSystem/dose-rate-type"
    doses = [("calculated", 500, "mg", "mg"), ("admin-amount", 1, "tablet", "{tbl}"), ("ordered", 500, "mg", "mg")]
    draft = {
        **without(order(CIPROFLOXACIN), "medicationCodeableConcept"),
        "id": "eIdRHpjeEzbLS3ZcGmRmVZ8bbravWOED29hdNLJSFBrBdzDWOqd1a5MMIjQ874tKP8pBlftzNEoXvBpLw3",
        "medicationReference": {"reference": "Medication/eAfgat3", "display": "Ciprofloxacin 500 MG Oral Tablet"},
        "dosageInstruction": [
            {
                "text": "Take 1 tablet by mouth every 12 hours.",
                "timing": {"repeat": {"frequency": 1, "period": 12, "periodUnit": "h"}, "code": {"text": "Q12H"}},
                "asNeededBoolean": False,
                "doseAndRate": [
                    {
                        "type": {"coding": [{"system": kinds, "code": kind}], "text": kind},
                        "doseQuantity": {
                            "value": value,
                            "unit": unit,
                            "system": "http://unitsofmeasure.org",
                            "code": code,
                        },
                    }
                    for kind, value, unit, code in doses
                ],
            }
        ],
    }
    prefetch = {
        "item1": {"response": {"status": "200 OK"}, "resource": {"resourceType": "Patient", "id": "p1"}},
        "item2": {"response": {"status": "200 OK"}, "resource": current(MAGNESIUM_OXIDE)},
        "item3": None,
    }
    context = {"selections": [f"MedicationRequest/{draft['id']}"]}
    cards = ask(client, call("order-select", draft, prefetch=prefetch, context=context))
    card = about(cards, "ciprofloxacin + magnesium oxide")
    assert "- On the list: Ciprofloxacin 500 MG Oral Tablet (ciprofloxacin), ordered" in card["detail"]
    # The name beside the reference is the one that the prescriber sees: no card has to say where it comes from.
    assert not [card for card in cards if "read with a doubt" in card["summary"]]
    # The order has a sentence, which other times would contradict: the interval is added and nothing taken away.
    [action] = card["suggestions"][0]["actions"]
    [dosage] = action["resource"]["dosageInstruction"]
    assert dosage["doseAndRate"] == draft["dosageInstruction"][0]["doseAndRate"]
    assert dosage["timing"] == draft["dosageInstruction"][0]["timing"]


@pytest.mark.parametrize(
    "around",
    [
        lambda listed: listed,
        lambda listed: {"response": {"status": "200 OK"}, "resource": listed},
        lambda listed: {**listed, "entry": [entry["resource"] for entry in listed["entry"]]},
    ],
    ids=["bare", "with the answer of a server", "entries without wrapping"],
)
@pytest.mark.parametrize("key", ["item2", "medicationRequests"])
def test_a_list_of_prescriptions_is_one_under_whatever_key_and_wrapping(
    client: ContractClient, key: str, around: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    """As HL7/PDDI-CDS and cqframework/cqf-ruler send their prefetch: item1, item2, some with a response around them."""
    listed = around(bundle(current(MAGNESIUM_OXIDE)))
    cards = ask(client, call("order-sign", order(CIPROFLOXACIN), prefetch={key: listed, "item3": None}))
    assert about(cards, "ciprofloxacin + magnesium oxide")
    assert not [card for card in cards if "current medications" in card["summary"]]
    # What is no list says nothing of the rest, and neither does one of something else.
    for other in (current(MAGNESIUM_OXIDE), bundle({"resourceType": "Patient", "id": "p1"})):
        cards = ask(client, call("order-sign", order(CIPROFLOXACIN), prefetch={"item2": other}))
        assert [card for card in cards if "current medications" in card["summary"]]


def test_an_order_under_the_name_of_an_older_hook(client: ContractClient) -> None:
    """As in examples of order-sign that were rewritten from medication-prescribe: a list, called medications."""
    context = {"userId": "Practitioner/pr1", "patientId": "p1", "medications": [order(CIPROFLOXACIN)]}
    body = {"hook": "order-sign", "hookInstance": "x", "context": context, "prefetch": TAKES_MAGNESIUM}
    card = about(ask(client, body), "ciprofloxacin + magnesium oxide")
    assert card["suggestions"]


def test_what_came_under_another_key_is_not_said_to_be_missing(client: ContractClient) -> None:
    """As in HL7/PDDI-CDS, digoxin-cyclosporine-order-sign-coordination.json: values of all kinds under item6."""

    def value(code: str, number: float, unit: str) -> dict[str, Any]:
        return {
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "subject": {"reference": "Patient/p1"},
            "effectiveDateTime": "2026-11-20",
            "valueQuantity": {"value": number, "unit": unit},
        }

    condition = {"resourceType": "Condition", "subject": {"reference": "Patient/p1"}, "code": {"text": "hypertension"}}
    sent = [value("2601-3", 0.8, "mmol/L"), value("98979-8", 80, "mL/min/1.73m2"), condition]
    cards = ask(client, call("order-sign", order(DIGOXIN), prefetch={"item6": bundle(*sent)}))
    [card] = [card for card in cards if "current medications" in card["summary"]]
    [said] = [line for line in card["detail"].splitlines() if line.startswith("Not sent:")]
    assert said == "Not sent: potassium, calcium."
    # A list that holds prescriptions among other things is one that was sent.
    sent.append(current(MAGNESIUM_OXIDE))
    cards = ask(client, call("order-sign", order(DIGOXIN), prefetch={"item6": bundle(*sent)}))
    assert not [card for card in cards if "current medications" in card["summary"]]
