"""Discovery: every service as the standard wants it, and prefetch that any client can fill in."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import parse_qsl

import pytest

from service.fhir import codes
from tests.contract.cds_hooks.schemas import empty_places, faults
from tests.contract.examples import baseline_app
from tests.unit.api.contract_client import ContractClient


@pytest.fixture(scope="module")
def discovered() -> Iterator[dict[str, Any]]:
    with ContractClient(baseline_app()) as client:
        answer: dict[str, Any] = client.get("/cds-services").json()
        yield answer


def test_it_is_as_the_schema_says(discovered: dict[str, Any]) -> None:
    assert faults("discovery", discovered) == []
    assert list(empty_places(discovered)) == []


def test_one_id_stands_under_every_hook_so_that_newer_cards_replace_older_ones(discovered: dict[str, Any]) -> None:
    assert [one["hook"] for one in discovered["services"]] == [
        "order-select",
        "order-sign",
        "patient-view",
        "medication-verify",
        "medication-refill",
        "medication-prescribe",
    ]
    assert len({one["id"] for one in discovered["services"]}) == 1


def test_templates_have_tokens_of_the_root_of_the_context_only_and_repeat_no_parameter(
    discovered: dict[str, Any],
) -> None:
    for service in discovered["services"]:
        for template in service["prefetch"].values():
            assert set(re.findall(r"\{\{(.*?)\}\}", template)) == {"context.patientId"}
            names = [name for name, _ in parse_qsl(template.partition("?")[2], keep_blank_values=True)]
            assert len(names) == len(set(names)), template
            assert "today()" not in template


def test_what_is_wanted_is_asked_for(discovered: dict[str, Any]) -> None:
    [prefetch] = {tuple(sorted(one["prefetch"].values())) for one in discovered["services"]}
    types = {re.split(r"[/?]", template)[0] for template in prefetch}
    assert types == {"Patient", "MedicationRequest", "MedicationStatement", "Condition", "Observation"}
    # Serum magnesium by mass and by moles; 2597-3 is that of red cells and says nothing here.
    asked = " ".join(prefetch)
    assert "19123-9" in asked
    assert "2601-3" in asked
    assert "2597-3" not in asked
    # The formulas of 2021 with and without cystatin C; potassium and calcium of whole blood, as Synthea has them.
    for code in ("98979-8", "98980-6", "77142-8", "49765-1"):
        assert f"http://loinc.org|{code}" in asked
    wanted = set(re.findall(r"loinc\.org\|([0-9]+-[0-9])", asked))
    assert wanted <= {*codes.SERUM_VALUES, *codes.FILTRATION_RATES}  # nothing is asked for that is not read
    assert wanted.isdisjoint(codes.SPLIT_BY_RACE)


def test_a_method_or_service_that_is_not_there_is_told_in_the_words_of_fhir() -> None:
    with ContractClient(baseline_app()) as client:
        for path in ("/cds-services/no-such-service", "/cds-services/"):
            missing = client.post(path, json={})
            assert missing.status_code == 404
            assert missing.json()["resourceType"] == "OperationOutcome"
            assert missing.json()["issue"][0]["code"] == "not-found"
        wrong = client.post("/cds-services", json={})
        assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, HEAD")
        # Paths that only begin alike are ours and have our problems.
        assert client.get("/cds-services-of-others").headers["content-type"] == "application/problem+json"
        assert client.get("/fhirx").headers["content-type"] == "application/problem+json"
        assert client.get("/fhir/nothing").headers["content-type"] == "application/fhir+json"


Change = Callable[[dict[str, Any]], object]
_WRONG: Final[dict[str, Change]] = {
    "no services": lambda one: one.pop("services"),
    "services as an object": lambda one: one.update(services={}),
    "no hook": lambda one: one["services"][0].pop("hook"),
    "no id": lambda one: one["services"][0].pop("id"),
    "no description": lambda one: one["services"][0].pop("description"),
    "an empty title": lambda one: one["services"][0].update(title=""),
    "a null title": lambda one: one["services"][0].update(title=None),
    "a hook nobody has": lambda one: one["services"][0].update(hook="order-everything"),
    "an id with a slash": lambda one: one["services"][0].update(id="a/b"),
    "no prefetch but an empty one": lambda one: one["services"][0].update(prefetch={}),
    "a token below the root": lambda one: one["services"][0]["prefetch"].update(
        patient="Patient/{{context.draftOrders.entry}}"
    ),
    "a chained search": lambda one: one["services"][0]["prefetch"].update(
        patient="Condition?patient.name={{context.patientId}}"
    ),
    "a word of 3.0": lambda one: one["services"][0]["prefetch"].update(
        patient="Observation?patient={{context.patientId}}&date=ge{{today()}}"
    ),
    "an option without a name": lambda one: one["services"][0]["extension"]["configuration-items"][0].pop("name"),
    "a key nobody knows": lambda one: one["services"][0].update(services=[]),
}


@pytest.mark.parametrize("name", _WRONG)
def test_the_schema_refuses(discovered: dict[str, Any], name: str) -> None:
    changed = copy.deepcopy(discovered)
    _WRONG[name](changed)
    assert faults("discovery", changed)
