"""HL7 PDDI-CDS "Advanced": what order-select has shown is left out at order-sign, where a client asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from service.application.rule_sets import seed_baseline
from service.application.shown_cards import ShownCards
from service.storage.session import Store
from tests.contract.cds_hooks.schemas import faults
from tests.contract.cds_hooks.writing import (
    CIPROFLOXACIN,
    MAGNESIUM_OXIDE,
    NOTHING_ELSE,
    SERVICE,
    bundle,
    call,
    current,
    order,
)
from tests.integration.decision_client import NOON, DecisionClient, decision_client
from tests.integration.small_knowledge import small_rule_set
from tests.keys import KEYRING

CACHE: Final = "cache-for-order-sign-filtering"
FILTER: Final = "filter-out-repeated-alerts"
TAKES: Final[dict[str, Any]] = {**NOTHING_ELSE, "medicationRequests": bundle(current(MAGNESIUM_OXIDE))}


@pytest.fixture
def client(store: Store, tmp_path: Path) -> Iterator[DecisionClient]:
    seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="first")
    with decision_client(store, tmp_path) as client:
        yield client


def ask(
    client: DecisionClient,
    hook: str,
    option: str | None = None,
    *,
    draft: dict[str, Any] | None = None,
    who: str = "one",
    name: str = "configuration-items",
    **context: Any,  # noqa: ANN401
) -> dict[str, Any]:
    body = call(hook, draft or order(CIPROFLOXACIN), prefetch=TAKES, context=context)
    if option is not None:
        body["extension"] = {name: {option: True}}
    response = client.by(who, "POST", SERVICE, body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    assert faults("cards", answer) == []
    return answer


def findings(answer: dict[str, Any]) -> list[str]:
    return [card["summary"] for card in answer["cards"] if "overrideReasons" in card]


@pytest.mark.parametrize("name", ["configuration-items", "pddi-configuration-items"])
def test_what_was_shown_is_left_out_and_counted(client: DecisionClient, name: str) -> None:
    first = ask(client, "order-select", CACHE, name=name)
    assert findings(first)
    signed = ask(client, "order-sign", FILTER, name=name)
    assert findings(signed) == []
    assert signed["extension"] == {"filtered-repeated-alerts": len(findings(first))}


def test_by_default_nothing_is_left_out(client: DecisionClient) -> None:
    for select, sign in ((None, None), (CACHE, None), (None, FILTER), (FILTER, CACHE)):
        shown = ask(client, "order-select", select, encounterId=f"{select}-{sign}")
        signed = ask(client, "order-sign", sign, encounterId=f"{select}-{sign}")
        assert findings(shown) == findings(signed) != []
        assert "extension" not in signed


def test_order_select_itself_shows_everything(client: DecisionClient) -> None:
    assert findings(ask(client, "order-select", CACHE)) == findings(ask(client, "order-select", CACHE)) != []


@pytest.mark.parametrize(
    "different",
    [
        {"userId": "Practitioner/another"},
        {"patientId": "p2"},
        {"encounterId": "e2"},
        {"encounterId": None},
        {"userId": None},
        {"draft": order(CIPROFLOXACIN, dosageInstruction=[{"timing": {"repeat": {"frequency": 2}}}])},
        {"draft": order(CIPROFLOXACIN, note=[{"text": "changed"}])},
        {"who": "two"},
    ],
    ids=["clinician", "patient", "encounter", "no encounter", "no clinician", "times", "note", "client"],
)
def test_only_the_same_is_left_out(client: DecisionClient, different: dict[str, Any]) -> None:
    shown = ask(client, "order-select", CACHE)
    if different.get("patientId"):
        different = {**different, "draft": order(CIPROFLOXACIN, subject={"reference": "Patient/p2"})}
        signed = ask(client, "order-sign", FILTER, **different)
        assert "extension" not in signed
        return
    signed = ask(client, "order-sign", FILTER, **different)
    assert len(findings(signed)) == len(findings(shown))
    assert "extension" not in signed


def test_once_a_suggestion_was_accepted_everything_is_shown(client: DecisionClient) -> None:
    shown = ask(client, "order-select", CACHE)
    card = next(card for card in shown["cards"] if "overrideReasons" in card)
    entry = {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": "2026-11-22T12:00:00Z"}
    assert client.by("one", "POST", f"{SERVICE}/feedback", {"feedback": [entry]}).json()["kept"] == 1
    assert findings(ask(client, "order-sign", FILTER)) == []
    taken = {**entry, "outcome": "accepted", "acceptedSuggestions": [{"id": card["suggestions"][0]["uuid"]}]}
    assert client.by("one", "POST", f"{SERVICE}/feedback", {"feedback": [taken]}).json()["kept"] == 1
    assert findings(ask(client, "order-sign", FILTER)) == findings(shown)


def test_what_is_remembered_is_forgotten() -> None:
    moved = [0.0]
    shown = ShownCards(30, clock=lambda: moved[0])
    digest = shown.digest(["a", "b"])
    assert shown.digest(["ab", ""]) != digest
    assert ShownCards(30).digest(["a", "b"]) != digest  # another process
    assert shown.card_of(digest) is None
    shown.remember(digest, "card")
    moved[0] = 30 * 60 - 1
    assert shown.card_of(digest) == "card"
    moved[0] = 30 * 60
    assert shown.card_of(digest) is None
    for number in range(20_001):
        shown.remember(shown.digest([str(number)]), "card")
    assert shown.card_of(shown.digest(["0"])) is None
    assert shown.card_of(shown.digest(["1"])) == "card"
