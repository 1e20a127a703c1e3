"""What stands on cards, by hand and from the literature; and mutated cards that the schema refuses."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Final

import pytest

from service.api.cds_hooks import wording
from service.api.cds_hooks.cards import indicator_of
from tests.contract.cds_hooks.conftest import Asked
from tests.contract.cds_hooks.schemas import empty_places, faults
from tests.contract.cds_hooks.writing import (
    CIPROFLOXACIN,
    DIGOXIN,
    FUROSEMIDE,
    LEVOTHYROXINE,
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

TWICE: Final = [{"timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}}]
TAKES_MAGNESIUM: Final[dict[str, Any]] = {**NOTHING_ELSE, "medicationRequests": bundle(current(MAGNESIUM_OXIDE))}


def ask(client: ContractClient, body: dict[str, Any]) -> list[dict[str, Any]]:
    """The cards, which are as they should be."""
    response = client.post(SERVICE, json=body)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert faults("cards", answer) == []
    assert list(empty_places(answer)) == []
    cards: list[dict[str, Any]] = answer["cards"]
    return cards


def about(cards: list[dict[str, Any]], word: str) -> dict[str, Any]:
    [card] = [card for card in cards if word in card["summary"]]
    return card


@pytest.mark.parametrize(
    ("fact", "of_the_line", "short"),
    [
        ("medications.a.b.dose", "dose of oxide", "dose"),
        (
            "medications.a.b.dose.of",
            "what the dose counts (salt or magnesium) of oxide",
            "what the dose counts (salt or magnesium)",
        ),
        ("patient.egfr", "eGFR", "eGFR"),
    ],
)
def test_words_of_a_missing_fact(fact: str, of_the_line: str, short: str) -> None:
    """An id from a health record may hold dots."""
    assert wording.facts([fact], {"a.b": "oxide"}) == of_the_line
    assert wording.fact_words([fact]) == short


def test_ciprofloxacin_while_magnesium_is_taken(client: ContractClient) -> None:
    draft = order(CIPROFLOXACIN, dosageInstruction=TWICE, note=[], priority=None)
    cards = ask(client, call("order-sign", draft, prefetch=TAKES_MAGNESIUM))
    card = about(cards, "quinolone")
    assert card["indicator"] == "warning"
    assert card["summary"].startswith("Major: ciprofloxacin + magnesium oxide")
    assert card["source"]["topic"]["system"] == "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    # Cipro label, section 2.4: at least 2 hours before or 6 hours after magnesium.
    assert "- After magnesium, wait 6 h before the other medicine" in card["detail"]
    assert "- After the other medicine, wait 2 h before magnesium" in card["detail"]
    assert "https://pubmed.ncbi.nlm.nih.gov/2598571/" in {link["url"] for link in card["links"]}
    assert {reason["code"] for reason in card["overrideReasons"]} >= {"will_monitor", "other"}
    assert {reason["system"] for reason in card["overrideReasons"]} == {"urn:magcheck:override-reason"}


def test_the_times_of_the_order_are_changed_in_the_order_itself(client: ContractClient) -> None:
    draft = order(CIPROFLOXACIN, dosageInstruction=TWICE, note=[], priority=None)
    card = about(ask(client, call("order-sign", draft, prefetch=TAKES_MAGNESIUM)), "quinolone")
    times, record = card["suggestions"]
    [action] = times["actions"]
    assert action["type"] == "update"
    changed = action["resource"]
    [dosage] = changed["dosageInstruction"]
    repeat = dosage["timing"]["repeat"]
    assert repeat["frequency"] == 2
    assert len(repeat["timeOfDay"]) == 2
    assert dosage["additionalInstruction"] == [
        {"text": "To be taken at least 2 h before magnesium or at least 6 h after magnesium"}
    ]
    # The rest of the order is the client's, without what was null or empty in it.
    rest = {key: value for key, value in draft.items() if key not in {"dosageInstruction", "note", "priority"}}
    assert {key: value for key, value in changed.items() if key != "dosageInstruction"} == rest
    [created] = record["actions"]
    assert created["type"] == "create"
    issue = created["resource"]
    assert issue["resourceType"] == "DetectedIssue"
    assert issue["severity"] == "high"
    assert issue["patient"] == {"reference": "Patient/p1"}
    assert {one["reference"] for one in issue["implicated"]} == {
        "MedicationRequest/draft-1",
        "MedicationRequest/request-1",
    }


@pytest.mark.parametrize(
    "dosage",
    [
        {"text": "500 mg twice daily with a full glass of water"},
        {"timing": {"repeat": {"frequency": 1, "frequencyMax": 2, "period": 1, "periodUnit": "d"}}},
        {"timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"}}},
        {"asNeededBoolean": True, "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}},
        {},
    ],
    ids=["text", "range", "weekly", "as-needed", "nothing"],
)
def test_no_times_are_set_that_could_contradict_the_order(client: ContractClient, dosage: dict[str, Any]) -> None:
    draft = order(CIPROFLOXACIN, dosageInstruction=[dosage])
    card = about(ask(client, call("order-sign", draft, prefetch=TAKES_MAGNESIUM)), "quinolone")
    [action] = card["suggestions"][0]["actions"]
    [changed] = action["resource"]["dosageInstruction"]
    assert "at least 2 h before magnesium" in changed["additionalInstruction"][0]["text"].replace("2 h or", "2 h")
    changed.pop("additionalInstruction")
    assert changed == dosage


def test_an_order_without_an_id_cannot_be_changed(client: ContractClient) -> None:
    draft = {key: value for key, value in order(CIPROFLOXACIN).items() if key != "id"}
    card = about(ask(client, call("order-sign", draft, prefetch=TAKES_MAGNESIUM)), "quinolone")
    assert [one["actions"][0]["type"] for one in card["suggestions"]] == ["create"]


def test_times_that_keep_the_interval_need_no_change(client: ContractClient) -> None:
    def at(*times: str) -> list[dict[str, Any]]:
        return [{"timing": {"repeat": {"timeOfDay": [f"{time}:00" for time in times]}}}]

    taken = bundle(current(MAGNESIUM_OXIDE, dosageInstruction=at("12:00")))
    prefetch = {**NOTHING_ELSE, "medicationRequests": taken}
    # Two hours before and six hours after, with room to spare.
    cards = ask(
        client, call("order-sign", order(CIPROFLOXACIN, dosageInstruction=at("08:00", "20:00")), prefetch=prefetch)
    )
    card = about(cards, "quinolone")
    assert card["indicator"] != "critical"
    assert "keep this separation" in card["detail"]
    assert [one["actions"][0]["type"] for one in card["suggestions"]] == ["create"]
    close = call("order-sign", order(CIPROFLOXACIN, dosageInstruction=at("11:00", "23:00")), prefetch=prefetch)
    card = about(ask(client, close), "quinolone")
    assert "too close" in card["detail"]
    assert [one["actions"][0]["type"] for one in card["suggestions"]] == ["update", "create"]


def test_order_select_is_about_what_was_chosen(client: ContractClient) -> None:
    drafts = [order(LEVOTHYROXINE, "chosen"), order(CIPROFLOXACIN, "other"), order(MAGNESIUM_OXIDE, "mineral")]
    cards = ask(client, call("order-select", *drafts))
    # The pair with another draft order is found, the pair of two others stands by name.
    assert about(cards, "levothyroxine + magnesium oxide")
    further = about(cards, "not about this order")
    assert "Oral quinolone antibiotic with an oral magnesium product" in further["detail"]
    assert not [card for card in cards if "ciprofloxacin" in card["summary"]]
    # At order-sign all orders are meant.
    signed = ask(client, call("order-sign", *drafts))
    assert about(signed, "levothyroxine + magnesium oxide")
    assert about(signed, "ciprofloxacin + magnesium oxide")


@pytest.mark.parametrize(
    "selections",
    [
        ["https://ehr.example/fhir/MedicationRequest/chosen"],
        ["MedicationRequest/chosen/_history/2"],
        "MedicationRequest/chosen",
    ],
)
def test_a_choice_is_understood_in_every_spelling(client: ContractClient, selections: object) -> None:
    drafts = [order(LEVOTHYROXINE, "chosen"), order(CIPROFLOXACIN, "other"), order(MAGNESIUM_OXIDE, "mineral")]
    cards = ask(client, call("order-select", *drafts, context={"selections": selections}))
    assert about(cards, "not about this order")


@pytest.mark.parametrize("selections", [["ServiceRequest/s1"], ["https://ehr.example/fhir/NutritionOrder/n1"]])
def test_a_choice_of_other_orders_gives_no_card_of_its_own_to_a_medicine(
    client: ContractClient, selections: object
) -> None:
    others = [
        {"resourceType": "ServiceRequest", "id": "s1", "status": "draft"},
        {"resourceType": "NutritionOrder", "id": "n1", "status": "draft"},
    ]
    context = {"selections": selections}
    cards = ask(client, call("order-select", order(CIPROFLOXACIN), *others, prefetch=TAKES_MAGNESIUM, context=context))
    # It is not lost: the draft is still there, and what is said of it stands on the card of all others.
    assert "not about this order" in cards[0]["summary"]
    assert not [card for card in cards if card["summary"].startswith("Major")]
    both = call(
        "order-select",
        order(CIPROFLOXACIN),
        *others,
        prefetch=TAKES_MAGNESIUM,
        context={"selections": ["ServiceRequest/s1", "MedicationRequest/draft-1"]},
    )
    assert about(ask(client, both), "ciprofloxacin + magnesium oxide")


@pytest.mark.parametrize("selections", [None, [], ["MedicationRequest/unheard-of"], 5, [None, {}]])
def test_without_a_choice_that_can_be_told_all_orders_are_meant(client: ContractClient, selections: object) -> None:
    drafts = [order(LEVOTHYROXINE, "a"), order(CIPROFLOXACIN, "b"), order(MAGNESIUM_OXIDE, "c")]
    cards = ask(client, call("order-select", *drafts, context={"selections": selections}))
    assert about(cards, "levothyroxine + magnesium oxide")
    assert about(cards, "ciprofloxacin + magnesium oxide")


def test_what_is_not_recognised_stands_on_a_card(client: ContractClient) -> None:
    unknown = order(
        "0", "draft-2", medicationCodeableConcept={"text": "Panazeliptrol <b>10</b> [mg](javascript:alert(1))"}
    )
    [card] = ask(client, call("order-sign", unknown))
    assert card["indicator"] == "info"
    assert "not recognised" in card["summary"]
    assert "Panazeliptrol &lt;b&gt;10&lt;/b&gt; \\[mg\\](javascript:alert(1))" in card["detail"]
    assert "safe" not in (card["summary"] + card["detail"]).lower()


@pytest.mark.parametrize(
    ("concept", "name", "problem"),
    [
        (
            {"coding": [{"system": RXNORM, "code": FUROSEMIDE}], "text": "Digoxin 0.125 MG Oral Tablet"},
            "Digoxin",
            "codes and text do not agree; all of them were checked",
        ),
        (
            {"text": "Furosemide 40 mg tablet take 1 tablet daily, weigh yourself"},
            "Furosemide",
            "words of the instruction are not known",
        ),
    ],
    ids=["code against text", "prose"],
)
def test_what_is_read_with_a_doubt_stands_on_a_card(
    client: ContractClient, concept: dict[str, Any], name: str, problem: str
) -> None:
    """The answer is incomplete for it, so a card has to say which medicine that is."""
    doubtful = current(FUROSEMIDE, medicationCodeableConcept=concept)
    cards = ask(client, call("patient-view", prefetch={**NOTHING_ELSE, "medicationRequests": bundle(doubtful)}))
    [limits] = [card for card in cards if card["summary"].startswith("Not everything could be checked")]
    assert "medications that were read in part or with a doubt: 1" in limits["summary"]
    assert "read in part or with a doubt:**" in limits["detail"]
    assert name in limits["detail"]
    assert problem in limits["detail"]
    assert "Not recognised" not in limits["detail"]


def test_what_begins_later_is_no_doubt_about_what_was_read(client: ContractClient) -> None:
    later = {"dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": {"start": "2999-01-01"}}}}]}
    unknown = current("0", "r0", medicationCodeableConcept={"text": "Zzyx"})
    listed = bundle(unknown, current(FUROSEMIDE, "r1", **later))
    cards = ask(client, call("patient-view", prefetch={**NOTHING_ELSE, "medicationRequests": listed}))
    [limits] = [card for card in cards if card["summary"].startswith("Not everything could be checked")]
    assert "were not recognised: 1" in limits["summary"]
    assert "read in part" not in limits["summary"]


def test_of_many_lines_in_doubt_the_first_are_named(client: ContractClient) -> None:
    unknown = [current("0", f"r{number}", medicationCodeableConcept={"text": f"Zzyx{number}"}) for number in range(14)]
    [limits] = ask(client, call("patient-view", prefetch={**NOTHING_ELSE, "medicationRequests": bundle(*unknown)}))
    assert limits["detail"].count("Zzyx") == 12
    assert "and 2 more" in limits["detail"]


def test_nothing_found_is_no_card(client: ContractClient) -> None:
    assert ask(client, call("order-sign", order(FUROSEMIDE, medicationCodeableConcept={"text": "paracetamol"}))) == []


def test_a_missing_fact_stands_on_the_card_or_on_one_of_its_own(client: ContractClient) -> None:
    body = call("order-sign", order(MAGNESIUM_OXIDE))
    plain = ask(client, body)
    [card] = [card for card in plain if "kidney" in card["summary"].lower()]
    [unknown] = [line for line in card["detail"].splitlines() if line.startswith("**Not known:**")]
    assert "eGFR" in unknown
    assert "dialysis" in unknown
    each = ask(client, {**body, "extension": {"pddi-configuration-items": {"one-card-per-modifying-factor": True}}})
    of_factors = [card for card in each if card["summary"].startswith("Not known:")]
    assert len([card for card in of_factors if "eGFR" in card["summary"]]) == 3
    assert {card["indicator"] for card in of_factors} == {"info"}
    assert len({card["uuid"] for card in each}) == len(each)


def test_many_findings_are_counted_and_named(client: ContractClient) -> None:
    codes = ["10582", "2551", "3407", "4603", "7646", "3992", "82122", "10395", "1808", "46041", "6313", "35208"]
    drafts = [order(code, f"draft-{number}") for number, code in enumerate([*codes, MAGNESIUM_OXIDE])]
    cards = ask(client, call("order-sign", *drafts))
    more = [card for card in cards if card["summary"].startswith("+")]
    assert len(more) == 1
    number = int(more[0]["summary"].removeprefix("+").split()[0])
    lines = [line for line in more[0]["detail"].splitlines() if line.startswith("- ")]
    assert len(lines) == number > 0


def test_cards_come_in_order_of_urgency(client: ContractClient) -> None:
    drafts = [order(code, f"d{code}") for code in (CIPROFLOXACIN, MAGNESIUM_OXIDE, FUROSEMIDE, DIGOXIN)]
    rank = {"critical": 0, "warning": 1, "info": 2}
    ranks = [rank[card["indicator"]] for card in ask(client, call("order-sign", *drafts))]
    assert ranks == sorted(ranks)
    assert len(ranks) > 2


def test_pharmacy_and_older_hooks(client: ContractClient) -> None:
    draft = order(CIPROFLOXACIN, status="active")
    for context in ({"medication": draft}, {"order": {"resource": draft}}, {"order": draft}):
        body = call("medication-verify", prefetch=TAKES_MAGNESIUM, context=context)
        assert about(ask(client, body), "ciprofloxacin + magnesium oxide")
    for hook in ("medication-prescribe", "medication-refill"):
        assert about(ask(client, call(hook, draft, prefetch=TAKES_MAGNESIUM)), "ciprofloxacin")
    viewed = call(
        "patient-view", prefetch={"medicationRequests": bundle(current(CIPROFLOXACIN), current(MAGNESIUM_OXIDE, "r2"))}
    )
    card = about(ask(client, viewed), "ciprofloxacin + magnesium oxide")
    assert [one["actions"][0]["type"] for one in card["suggestions"]] == ["create"]


def test_a_refill_without_user_and_encounter_is_about_what_is_refilled(client: ContractClient) -> None:
    """The example of the hook's page has neither user nor coding: `medicationReference` with a display."""
    refill = {
        "resourceType": "MedicationRequest",
        "id": "refill-1",
        "status": "draft",
        "intent": "order",
        "medicationReference": {"reference": "Medication/eFnx9hyX", "display": "Ciprofloxacin 500 MG Oral Tablet"},
        "subject": {"reference": "Patient/p1"},
        "dosageInstruction": TWICE,
        "dispenseRequest": {"numberOfRepeatsAllowed": 1},
    }
    others = bundle(current(MAGNESIUM_OXIDE), current(LEVOTHYROXINE, "request-2"))
    body = call("medication-refill", refill, prefetch={**NOTHING_ELSE, "medicationRequests": others})
    body["context"] = {name: body["context"][name] for name in ("patientId", "medications")}
    cards = ask(client, body)
    card = about(cards, "ciprofloxacin + magnesium oxide")
    assert "- On the list: Ciprofloxacin 500 MG Oral Tablet (ciprofloxacin), ordered" in card["detail"]
    assert [one["actions"][0]["type"] for one in card["suggestions"]] == ["update", "create"]
    # What is not about the refill stands by name.
    assert about(cards, "not about this order")


def test_a_refill_counts_once_beside_the_prescription_it_continues(client: ContractClient, asked: Asked) -> None:
    refill = order(MAGNESIUM_OXIDE, "refill-1", dosageInstruction=TWICE)
    body = call("medication-refill", refill, prefetch=TAKES_MAGNESIUM)
    cards = ask(client, body)
    profile, answer = asked[-1]
    assert [(item.id, item.times_per_day, item.status) for item in profile.medications] == [("refill-1", 2, "proposed")]
    assert answer["magnesium_products"] is None
    assert not [card for card in cards if "Several products" in card["summary"]]
    # To be signed as an order, it is a second product beside the one that is taken.
    assert about(ask(client, {**call("order-sign", refill, prefetch=TAKES_MAGNESIUM)}), "Several products")


def test_a_refill_without_its_prescriptions_is_refused(client: ContractClient) -> None:
    body = call("medication-refill", prefetch=TAKES_MAGNESIUM)
    del body["context"]["medications"]
    response = client.post(SERVICE, json=body)
    assert response.status_code == 422
    assert response.json()["issue"][0]["details"]["coding"] == [{"code": "invalid-request"}]


def test_a_contraindication_is_critical(client: ContractClient) -> None:
    rate = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "98979-8"}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-11-20",
        "valueQuantity": {"value": 9, "unit": "mL/min/{1.73_m2}"},
    }
    body = call("order-sign", order(MAGNESIUM_OXIDE), prefetch={**NOTHING_ELSE, "kidneyFunction": bundle(rate)})
    card = ask(client, body)[0]
    # Kidney failure: Neomag SmPC, section 4.3.
    assert card["indicator"] == "critical"
    assert card["summary"].startswith("Contraindicated")


@pytest.mark.parametrize(
    ("severity", "classes", "indicator"),
    [
        ("contraindicated", ["avoid", "usually_avoid"], "critical"),
        ("major", ["avoid", "usually_avoid"], "critical"),
        ("major", ["minimize_risk", "monitor"], "warning"),
        ("moderate", ["avoid", "usually_avoid", "minimize_risk", "monitor"], "warning"),
        ("minor", ["minimize_risk", "monitor", "no_special_precaution"], "info"),
    ],
)
def test_severity_decides_how_urgent_a_card_is(severity: str, classes: list[str], indicator: str) -> None:
    """As service/adr/0016 has it; the classes are those that POLICY.md lets go with a severity."""
    for one in classes:
        finding: Any = {"severity": severity, "operational_class": one, "severity_ceiling": severity}
        assert indicator_of(finding) == indicator
        # What a missing fact could make contraindicated is no mere information.
        finding["severity_ceiling"] = "contraindicated"
        assert indicator_of(finding) == ("warning" if indicator == "info" else indicator)


# --- mutated cards ----------------------------------------------------------------------------------------------------

Change = Callable[[dict[str, Any]], object]


def first(answer: dict[str, Any]) -> dict[str, Any]:
    card: dict[str, Any] = answer["cards"][0]
    return card


_WRONG: Final[dict[str, Change]] = {
    "no cards": lambda one: one.pop("cards"),
    "no uuid": lambda one: first(one).pop("uuid"),
    "no summary": lambda one: first(one).pop("summary"),
    "a summary of 140": lambda one: first(one).update(summary="x" * 140),
    "an empty summary": lambda one: first(one).update(summary=" "),
    "no indicator": lambda one: first(one).pop("indicator"),
    "hard-stop of 1.0": lambda one: first(one).update(indicator="hard-stop"),
    "no source": lambda one: first(one).pop("source"),
    "a source without label": lambda one: first(one)["source"].pop("label"),
    "a topic without system": lambda one: first(one)["source"]["topic"].pop("system"),
    "a relative source": lambda one: first(one)["source"].update(url="/about"),
    "HTML": lambda one: first(one).update(detail="<b>no</b>"),
    "a table": lambda one: first(one).update(detail="| a | b |\n| --- | --- |\n| 1 | 2 |"),
    "null detail": lambda one: first(one).update(detail=None),
    "no selectionBehavior": lambda one: first(one).pop("selectionBehavior"),
    "a selectionBehavior of 3.0": lambda one: first(one).update(selectionBehavior="all"),
    "no suggestions but an empty list": lambda one: first(one).update(suggestions=[]),
    "two recommended of one": lambda one: (
        first(one).update(selectionBehavior="at-most-one"),
        [suggestion.update(isRecommended=True) for suggestion in first(one)["suggestions"]],
    ),
    "a suggestion without label": lambda one: first(one)["suggestions"][0].pop("label"),
    "a suggestion without uuid": lambda one: first(one)["suggestions"][0].pop("uuid"),
    "an action without description": lambda one: first(one)["suggestions"][0]["actions"][0].pop("description"),
    "an update of nothing": lambda one: first(one)["suggestions"][0]["actions"][0].pop("resource"),
    "a delete without id": lambda one: first(one)["suggestions"][0]["actions"][0].update(type="delete"),
    "a reason without display": lambda one: first(one)["overrideReasons"][0].pop("display"),
    "a reason without system": lambda one: first(one)["overrideReasons"][0].pop("system"),
    "no links but an empty list": lambda one: first(one).update(links=[]),
    "a link to a script": lambda one: first(one)["links"][0].update(url="javascript:alert(1)"),
    "a link without type": lambda one: first(one)["links"][0].pop("type"),
    "appContext without SMART": lambda one: first(one)["links"][0].update(appContext="x"),
    "suggestions inside the source": lambda one: first(one)["source"].update(suggestions=[{}]),
    "unasked system actions": lambda one: one.update(systemActions=[]),
}


@pytest.mark.parametrize("name", _WRONG)
def test_the_schema_refuses(client: ContractClient, name: str) -> None:
    body = call("order-sign", order(CIPROFLOXACIN, dosageInstruction=TWICE), prefetch=TAKES_MAGNESIUM)
    answer = {"cards": ask(client, body)}
    changed = copy.deepcopy(answer)
    _WRONG[name](changed)
    assert faults("cards", changed)
