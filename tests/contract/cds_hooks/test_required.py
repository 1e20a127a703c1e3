"""What CDS Hooks 2.0.1 and HL7 PDDI-CDS 1.0.0 require and no other test here looks at, each by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest
from starlette.testclient import TestClient

from service.application.active import ActiveRuleSet
from service.main import create_app
from service.settings import Environment, Settings
from tests.contract.cds_hooks.schemas import faults
from tests.contract.cds_hooks.test_cards import TAKES_MAGNESIUM, TWICE, about, ask
from tests.contract.cds_hooks.writing import CIPROFLOXACIN, MAGNESIUM_OXIDE, NOTHING_ELSE, SERVICE, call, order
from tests.contract.examples import compiled_baseline
from tests.unit.admin.test_record_pages import QUINOLONES
from tests.unit.api.contract_client import ContractClient

PUBLIC: Final = "https://magcheck.hospital.example"
PAGE: Final = "https://ehr.hospital.example"


@pytest.fixture(scope="module")
def public() -> Iterator[ContractClient]:
    """A service that knows at which address it is reached, and the origin of a client in a browser."""
    settings = Settings(environment=Environment.DEVELOPMENT, public_url=PUBLIC, cds_origins=(PAGE,))
    with ContractClient(create_app(settings, ActiveRuleSet(compiled_baseline()))) as client:
        yield client


# --- CDS Hooks: discovery and calls -----------------------------------------------------------------------------------


def test_versions_are_told(client: ContractClient) -> None:
    services = client.get("/cds-services").json()["services"]
    assert {one["version"] for one in services} == {"2.0.1"}
    # As the hooks themselves are numbered; medication-prescribe is deprecated and has no number.
    assert {one["hook"]: one.get("hookVersion") for one in services} == {
        "order-select": "1.0",
        "order-sign": "1.0",
        "patient-view": "1.0",
        "medication-verify": "0.1.0",
        "medication-refill": "0.1.0",
        "medication-prescribe": None,
    }


@pytest.mark.parametrize("name", ["hook", "hookInstance", "context"])
def test_what_a_call_needs(client: ContractClient, name: str) -> None:
    body = call("order-sign", order(CIPROFLOXACIN))
    del body[name]
    response = client.post(SERVICE, json=body)
    assert response.status_code == 422
    assert response.json()["resourceType"] == "OperationOutcome"


def test_a_token_without_a_server_is_for_nothing(client: ContractClient) -> None:
    body = call("order-sign", order(CIPROFLOXACIN), prefetch={})
    body["fhirAuthorization"] = {"access_token": "t", "token_type": "Bearer", "expires_in": 300, "scope": "x"}
    assert "was not sent" in about(ask(client, body), "Not everything")["detail"]


def test_nothing_is_done_without_review(client: ContractClient) -> None:
    """No system actions, and no way of choosing actions that a client may not know."""
    answer = client.post(SERVICE, json=call("order-sign", order(CIPROFLOXACIN), prefetch=TAKES_MAGNESIUM)).json()
    assert set(answer) == {"cards"}
    suggestions = [one for card in answer["cards"] for one in card.get("suggestions", [])]
    assert suggestions
    assert not [one for one in suggestions if "actionSelectionBehavior" in one]
    assert {action["type"] for one in suggestions for action in one["actions"]} <= {"create", "update"}


def test_cards_lead_to_the_rule_and_to_its_sources(public: ContractClient) -> None:
    response = public.post(SERVICE, json=call("order-sign", order(CIPROFLOXACIN), prefetch=TAKES_MAGNESIUM))
    assert faults("cards", response.json()) == []
    card = about(response.json()["cards"], "ciprofloxacin + magnesium oxide")
    assert card["source"]["url"] == PUBLIC
    rule, *sources = card["links"]
    # The page at which the editor opens a rule, as its own tests do.
    pages = QUINOLONES.rpartition("/")[0]
    found = f"{PUBLIC}{pages}/fluoroquinolones-with-oral-magnesium"
    assert rule == {"label": "The rule", "url": found, "type": "absolute"}
    assert sources
    assert {one["type"] for one in sources} == {"absolute"}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, call("order-sign", order(CIPROFLOXACIN))),
        (412, call("patient-view", prefetch={})),
        (422, {"hook": "order-sign"}),
    ],
)
def test_a_page_can_read_every_answer(public: ContractClient, status: int, body: dict[str, Any]) -> None:
    response = public.post(SERVICE, json=body, headers={"Origin": PAGE})
    assert response.status_code == status
    assert response.headers["access-control-allow-origin"] == PAGE


def test_a_page_can_read_a_failure_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        message = "broken on purpose"
        raise RuntimeError(message)

    monkeypatch.setattr("service.api.cds_hooks.services.cards_of", fails)
    settings = Settings(environment=Environment.DEVELOPMENT, cds_origins=(PAGE,))
    app = create_app(settings, ActiveRuleSet(compiled_baseline()))
    with TestClient(app, raise_server_exceptions=False) as client:
        body = call("order-sign", order(CIPROFLOXACIN), prefetch=TAKES_MAGNESIUM)
        response = client.post(SERVICE, json=body, headers={"Origin": PAGE})
    assert response.status_code == 500
    assert response.json()["resourceType"] == "OperationOutcome"
    assert response.headers["access-control-allow-origin"] == PAGE


# --- PDDI-CDS: what a rule tells --------------------------------------------------------------------------------------


def test_a_card_has_all_headings_of_the_minimal_information(client: ContractClient) -> None:
    body = call("order-sign", order(CIPROFLOXACIN, dosageInstruction=TWICE), prefetch=TAKES_MAGNESIUM)
    card = about(ask(client, body), "ciprofloxacin + magnesium oxide")
    detail = card["detail"]
    # Drugs involved; consequence; seriousness; severity; mechanism; what to do; evidence; both frequencies.
    assert "ciprofloxacin + magnesium oxide" in card["summary"]
    for heading in ("**What can happen.**", "**Mechanism.**", "**What may be done", "**Sources.**", "**Major**"):
        assert heading in detail
    for words in ("Seriousness: ", "Evidence grade ", "frequency of exposure and of harm not recorded"):
        assert words in detail


def test_a_modifying_factor_has_its_own_severity_and_says_what_is_not_known(client: ContractClient) -> None:
    body = call("order-sign", order(MAGNESIUM_OXIDE), prefetch=NOTHING_ELSE)
    on = {"configuration-items": {"one-card-per-modifying-factor": True}}
    cards = [card for card in ask(client, {**body, "extension": on}) if card["summary"].startswith("Not known:")]
    assert cards
    for card in cards:
        assert "It would make the finding " in card["detail"]
        assert "Not known: " in card["detail"]


def test_both_names_of_the_options_are_read(client: ContractClient) -> None:
    body = call("order-sign", order(MAGNESIUM_OXIDE), prefetch=NOTHING_ELSE)
    option = {"one-card-per-modifying-factor": True}
    plain = len(ask(client, body))
    for name in ("configuration-items", "pddi-configuration-items"):
        assert len(ask(client, {**body, "extension": {name: option}})) > plain
    # Only what is switched on in so many words is on.
    for value in (False, None, "true", 1):
        off = {"configuration-items": {"one-card-per-modifying-factor": value}}
        assert len(ask(client, {**body, "extension": off})) == plain
