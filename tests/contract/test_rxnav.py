"""RxNav's old addresses: its shape, the findings of `/v1/checks`, and what it never said: how far the answer goes.

The shape is that of the documentation of the Drug Interaction API (findInteractionsFromList, findDrugInteractions) as
it stood until January 2024, read the way clients of that time read it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any, Final

import pytest

from service.application.active import ActiveRuleSet
from service.main import create_app
from service.settings import Environment, Settings
from tests.baseline import packaged_rules
from tests.releases import Rows
from tests.unit.api.contract_client import ContractClient

LIST: Final = "/REST/interaction/list.json"
DRUG: Final = "/REST/interaction/interaction.json"
CIPROFLOXACIN, FUROSEMIDE, DIGOXIN, OXIDE, OMEPRAZOLE = "2551", "4603", "3407", "6582", "7646"
TORASEMIDE = "38413"
# Products of the made-up release: furosemide 40 MG Oral Tablet, its brand Lasix, magnesium oxide 400 MG Oral Tablet.
TABLET, LASIX, OXIDE_TABLET, NO_CONCEPT = "313988", "200809", "198444", "99999999"
LISTS: Final = [
    [CIPROFLOXACIN, OXIDE],
    [OXIDE, CIPROFLOXACIN],
    [FUROSEMIDE],
    [FUROSEMIDE, DIGOXIN, OMEPRAZOLE, OXIDE],
    [TABLET, DIGOXIN],
    [LASIX, OXIDE_TABLET, CIPROFLOXACIN],
    [OXIDE, OXIDE_TABLET],
    [FUROSEMIDE, NO_CONCEPT],
    [NO_CONCEPT],
]


@pytest.fixture(scope="module")
def client() -> Iterator[ContractClient]:
    compiled = packaged_rules(version=1)
    compiled = compiled.with_terminology(Rows().terminology())
    with ContractClient(create_app(Settings(environment=Environment.DEVELOPMENT), ActiveRuleSet(compiled))) as client:
        yield client


def asked(client: ContractClient, path: str, query: str) -> dict[str, Any]:
    response = client.get(f"{path}?{query}")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def full_types(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Walk as clients did: groups, then types."""
    return [one for group in answer.get("fullInteractionTypeGroup", []) for one in group["fullInteractionType"]]


def checked(client: ContractClient, lines: list[dict[str, Any]]) -> dict[str, Any]:
    response = client.post("/v1/checks", json={"medications": lines})
    found: dict[str, Any] = response.json()
    return found


def line(rxcui: str) -> dict[str, Any]:
    return {"id": rxcui, "codes": [{"system": "rxnorm", "code": rxcui}]}


@pytest.mark.parametrize("rxcuis", LISTS, ids="+".join)
def test_a_list_has_the_findings_of_a_check(client: ContractClient, rxcuis: list[str]) -> None:
    answer = asked(client, LIST, f"rxcuis={'+'.join(rxcuis)}")
    check = checked(client, [line(rxcui) for rxcui in rxcuis])
    told = {
        (pair["magcheck"]["key"], pair["magcheck"]["severity"], pair["magcheck"]["applicability"])
        for one in full_types(answer)
        for pair in one["interactionPair"]
    }
    assert told == {(one["key"], one["severity"], one["applicability"]) for one in check["findings"]}
    assert ("fullInteractionTypeGroup" in answer) == bool(check["findings"])
    assert answer["magcheck"]["status"] == check["status"]
    assert answer["magcheck"]["statement"] == check["statement"]
    states = {one["id"]: one["state"] for one in check["medications"]}
    assert {one["rxcui"]: one["state"] for one in answer["magcheck"]["medications"]} == states
    # Each medication of a finding stands in some pair of it.
    for finding in check["findings"]:
        types = [
            one
            for one in full_types(answer)
            if finding["key"] in {pair["magcheck"]["key"] for pair in one["interactionPair"]}
        ]
        assert {concept["rxcui"] for one in types for concept in one["minConcept"]} == set(finding["medication_ids"])


def test_the_lists_have_something_to_find(client: ContractClient) -> None:
    found = [full_types(asked(client, LIST, f"rxcuis={'+'.join(rxcuis)}")) for rxcuis in LISTS]
    assert [bool(types) for types in found] == [True] * 8 + [False]


def test_the_shape_is_that_of_the_documentation(client: ContractClient) -> None:
    answer = asked(client, LIST, f"rxcuis={CIPROFLOXACIN}+{OXIDE}")
    assert answer["userInput"] == {"sources": [""], "rxcuis": [CIPROFLOXACIN, OXIDE]}
    [group] = answer["fullInteractionTypeGroup"]
    assert group["sourceName"] == "magcheck"
    assert group["sourceDisclaimer"]
    [one] = [one for one in group["fullInteractionType"] if len(one["minConcept"]) == 2]
    assert one["minConcept"] == [
        {"rxcui": CIPROFLOXACIN, "name": "ciprofloxacin", "tty": "IN"},
        {"rxcui": OXIDE, "name": "magnesium oxide", "tty": "IN"},
    ]
    assert "Drug1 (rxcui = 2551, name = ciprofloxacin, tty = IN) is resolved to ciprofloxacin." in one["comment"]
    [pair] = one["interactionPair"]
    assert pair["severity"] == "high"  # the label of Cipro asks for hours between the two: major
    assert pair["description"].startswith("Oral quinolone antibiotic with an oral magnesium product. ")
    assert "medications.2551.route" in pair["description"]
    first, second = pair["interactionConcept"]
    assert first["minConceptItem"] == {"rxcui": CIPROFLOXACIN, "name": "ciprofloxacin", "tty": "IN"}
    assert second["sourceConceptItem"] == {
        "id": "magnesium-oxide",
        "name": "magnesium oxide",
        "url": "/v1/substances/magnesium-oxide",
    }


def test_a_product_is_named_as_asked_and_resolved_to_its_ingredient(client: ContractClient) -> None:
    [one] = [
        one
        for one in full_types(asked(client, LIST, f"rxcuis={LASIX}+{OXIDE_TABLET}+{DIGOXIN}"))
        if {concept["rxcui"] for concept in one["minConcept"]} == {LASIX, DIGOXIN}
    ]
    named = {concept["rxcui"]: (concept["name"], concept["tty"]) for concept in one["minConcept"]}
    assert named[LASIX] == ("furosemide 40 MG Oral Tablet [Lasix]", "SBD")
    assert {
        concept["minConceptItem"]["rxcui"] for pair in one["interactionPair"] for concept in pair["interactionConcept"]
    } == {FUROSEMIDE, DIGOXIN}


def test_two_that_do_the_same_stand_beside_magnesium_each(client: ContractClient) -> None:
    """One finding of a check; as a pair they would look as if they harmed one another."""
    types = full_types(asked(client, LIST, f"rxcuis={FUROSEMIDE}+{TORASEMIDE}"))
    pairs = [
        [side["minConceptItem"]["name"] for side in pair["interactionConcept"]]
        for one in types
        for pair in one["interactionPair"]
        if pair["magcheck"]["interaction_id"] == "loop-diuretics-deplete-magnesium"
    ]
    assert sorted(pairs) == [["furosemide", "magnesium"], ["torasemide", "magnesium"]]


def test_one_medicine_alone_stands_beside_magnesium(client: ContractClient) -> None:
    [one] = full_types(asked(client, LIST, f"rxcuis={FUROSEMIDE}"))
    assert [concept["rxcui"] for concept in one["minConcept"]] == [FUROSEMIDE]
    [pair] = one["interactionPair"]
    # 6574 is RxNorm's ingredient "magnesium".
    assert [side["minConceptItem"]["rxcui"] for side in pair["interactionConcept"]] == [FUROSEMIDE, "6574"]


@pytest.mark.parametrize("rxcui", [CIPROFLOXACIN, FUROSEMIDE, TABLET, OMEPRAZOLE, OXIDE, "161"])
def test_one_drug_has_the_findings_of_a_check_beside_magnesium(client: ContractClient, rxcui: str) -> None:
    answer = asked(client, DRUG, f"rxcui={rxcui}")
    assert answer["userInput"] == {"sources": [""], "rxcui": rxcui}
    check = checked(client, [line(rxcui), {"id": "magnesium", "text": "Magnesium", "route": "oral"}])
    types = [one for group in answer.get("interactionTypeGroup", []) for one in group["interactionType"]]
    told = {pair["magcheck"]["key"] for one in types for pair in one["interactionPair"]}
    assert told == {one["key"] for one in check["findings"] if rxcui in one["medication_ids"]}
    assert [one["minConceptItem"]["rxcui"] for one in types] == [rxcui] * bool(told)


def test_one_drug_that_magnesium_blocks(client: ContractClient) -> None:
    [group] = asked(client, DRUG, f"rxcui={CIPROFLOXACIN}")["interactionTypeGroup"]
    [one] = group["interactionType"]
    assert [pair["severity"] for pair in one["interactionPair"]] == ["high"]
    assert {side["sourceConceptItem"]["id"] for side in one["interactionPair"][0]["interactionConcept"]} == {
        "ciprofloxacin",
        "magnesium",
    }


def test_every_answer_says_how_far_it_goes(client: ContractClient) -> None:
    for path, query in [(LIST, f"rxcuis={NO_CONCEPT}"), (LIST, f"rxcuis={FUROSEMIDE}"), (DRUG, f"rxcui={NO_CONCEPT}")]:
        answer = asked(client, path, query)
        assert "about magnesium only" in answer["nlmDisclaimer"]
        assert "not from the National Library of Medicine" in answer["nlmDisclaimer"]
        assert "does not mean that the combination is safe" in answer["nlmDisclaimer"]
        assert answer["magcheck"]["scope"] == "magnesium"
        assert (f"NOT CHECKED, because not recognised: {NO_CONCEPT}." in answer["nlmDisclaimer"]) == (
            NO_CONCEPT in query
        )


@pytest.mark.parametrize(
    "query",
    [
        f"rxcuis={CIPROFLOXACIN}%20{OXIDE}",
        f"rxcuis={CIPROFLOXACIN}%2B{OXIDE}",  # what Python's requests makes of "+".join(...)
        f"RXCUIS={CIPROFLOXACIN}+{OXIDE}",
        f"rxcuis=+{CIPROFLOXACIN}++{OXIDE}+{CIPROFLOXACIN}+",
    ],
)
def test_spellings_of_the_same_list(client: ContractClient, query: str) -> None:
    answer = asked(client, LIST, query)
    assert answer["userInput"]["rxcuis"] == [CIPROFLOXACIN, OXIDE]
    assert "high" in {pair["severity"] for one in full_types(answer) for pair in one["interactionPair"]}


def test_sources_are_given_back_and_choose_nothing(client: ContractClient) -> None:
    plain = asked(client, LIST, f"rxcuis={FUROSEMIDE}")
    chosen = asked(client, LIST, f"rxcuis={FUROSEMIDE}&sources=ONCHigh+DrugBank")
    assert chosen["userInput"]["sources"] == ["ONCHigh", "DrugBank"]
    assert full_types(chosen) == full_types(plain)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        *product(
            [LIST],
            ["", "rxcuis=", "rxcuis=+", "rxcuis=a", "rxcuis=1,2", "rxcuis=123456789", "rxcuis=-1", "rxcui=1", "x=1"],
        ),
        (LIST, "rxcuis=" + "+".join(map(str, range(1, 52)))),
        (LIST, "rxcuis=4603&sources=%3Cscript%3E"),
        (LIST, "rxcuis=\u0661"),
        *product([DRUG], ["", "rxcui=", "rxcui=1+2", "rxcui=furosemide", "rxcuis=1"]),
    ],
)
def test_what_cannot_be_read_is_refused(client: ContractClient, path: str, query: str) -> None:
    response = client.get(f"{path}?{query}")
    assert response.status_code == 422
    assert response.json()["code"] == "invalid-request"
    assert response.json()["errors"][0]["location"] == "query"


def test_fifty_are_taken(client: ContractClient) -> None:
    query = "+".join(map(str, range(1, 51)))
    assert len(asked(client, LIST, f"rxcuis={query}")["magcheck"]["medications"]) == 50


def test_a_parameter_that_stands_twice_is_refused(client: ContractClient) -> None:
    response = client.get(f"{LIST}?rxcuis=4603&RXCUIS=6582")
    assert (response.status_code, response.json()["code"]) == (400, "duplicate-parameter")


@pytest.mark.parametrize("path", ["list", "list.xml", "interaction", "interaction.xml", "sources.json", "version.json"])
def test_what_is_not_spoken_is_not_there(client: ContractClient, path: str) -> None:
    response = client.get(f"/REST/interaction/{path}?rxcuis=4603&rxcui=4603")
    assert (response.status_code, response.json()["code"]) == (404, "not-found")
