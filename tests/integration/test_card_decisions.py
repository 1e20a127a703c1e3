"""Cards and the log of decisions: logged like any check, replayed byte for byte, feedback by the id of a card."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.application.card_ids import CardKind, CardReference, card_id, decision_id, reference_of
from service.application.checks import new_id
from service.application.rule_sets import seed_baseline
from service.storage.session import Store
from service.storage.tables import FeedbackRow
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
from tests.unit.api.conftest import LogLines, log_lines

__all__ = ["log_lines"]

FEEDBACK = f"{SERVICE}/feedback"
MOMENT = "2026-11-22T12:01:00Z"
BODY = call(
    "order-sign",
    order(CIPROFLOXACIN),
    prefetch={**NOTHING_ELSE, "medicationRequests": bundle(current(MAGNESIUM_OXIDE), current("4603", "r2"))},
)
COMMENT = "Canary-Ada-Lovelace says she never takes it"


@pytest.fixture
def client(store: Store, tmp_path: Path) -> Iterator[DecisionClient]:
    seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="first")
    with decision_client(store, tmp_path, keep_requests=True) as client:
        yield client


def cards(client: DecisionClient, who: str = "one") -> list[dict[str, Any]]:
    response = client.by(who, "POST", SERVICE, BODY)
    assert response.status_code == 200, response.text
    assert faults("cards", response.json()) == []
    found: list[dict[str, Any]] = response.json()["cards"]
    return found


def about_a_finding(shown: list[dict[str, Any]]) -> dict[str, Any]:
    return next(card for card in shown if reference_of(card["uuid"])[1] is CardKind.FINDING)  # type: ignore[index]


def say(client: DecisionClient, *given: dict[str, Any], who: str = "one") -> dict[str, Any]:
    assert faults("feedback", {"feedback": list(given)}) == []
    response = client.by(who, "POST", FEEDBACK, {"feedback": list(given)})
    assert response.status_code == 200, response.text
    receipt: dict[str, Any] = response.json()
    return receipt


def rows(store: Store) -> list[FeedbackRow]:
    from sqlmodel import select  # noqa: PLC0415

    with store.reading() as session:
        return list(session.exec(select(FeedbackRow)))


def test_a_call_is_a_decision_like_any_check(client: DecisionClient) -> None:
    card = about_a_finding(cards(client))
    reference = reference_of(card["uuid"])
    assert reference is not None
    decision = client.by("one", "GET", f"/v1/decisions/{reference.decision_id}").json()
    assert decision["medications"] == 3
    assert decision["request_kept"]
    assert reference.finding is not None
    assert decision["findings"][reference.finding]["severity"].capitalize() in card["summary"]
    # Answered once more, through the other door, byte for byte.
    replayed = client.by("one", "POST", f"/v1/decisions/{reference.decision_id}/replay")
    assert replayed.status_code == 200
    assert replayed.headers["x-replay"] == "identical"
    kept = [{name: one[name] for name in ("interaction_id", "key", "severity")} for one in replayed.json()["findings"]]
    assert kept == decision["findings"]
    assert client.by("two", "GET", f"/v1/decisions/{reference.decision_id}").status_code == 404


def test_feedback_finds_its_finding(client: DecisionClient, store: Store, log_lines: LogLines) -> None:
    card = about_a_finding(cards(client))
    reason = {"reason": card["overrideReasons"][0], "userComment": COMMENT}
    entry = {"card": card["uuid"], "outcome": "overridden", "overrideReason": reason, "outcomeTimestamp": MOMENT}
    assert say(client, entry) == {"kept": 1, "repeated": 0, "passed_over": 0}
    # Sent again, also in one request with others.
    assert say(client, entry, entry) == {"kept": 0, "repeated": 2, "passed_over": 0}
    later = {
        "card": card["uuid"],
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": card["suggestions"][0]["uuid"]}],
        "outcomeTimestamp": "2026-11-22T12:05:00Z",
    }
    assert say(client, later, entry) == {"kept": 1, "repeated": 1, "passed_over": 0}
    found = {(row.outcome, row.reason_code, row.caller.partition("/")[0]) for row in rows(store)}
    assert found == {("overridden", "will_monitor", "key"), ("accepted", None, "key")}
    reference = reference_of(card["uuid"])
    assert reference is not None
    assert {row.decision_id for row in rows(store)} == {reference.decision_id}
    assert "Canary" not in json.dumps(log_lines())
    assert not [row for row in rows(store) if "Canary" in row.model_dump_json()]


@pytest.mark.parametrize(
    ("reason", "kept_as"),
    [
        ({"reason": {"code": "no_alternative", "system": "urn:magcheck:override-reason"}}, "no_alternative"),
        ({"reason": {"code": "patrefuse", "system": "http://terminology.hl7.org/CodeSystem/other"}}, "other"),
        ({"reason": {"code": "unheard_of", "system": "urn:magcheck:override-reason"}}, "other"),
        ({"userComment": COMMENT}, "not_given"),
        (None, "not_given"),
    ],
)
def test_reasons(client: DecisionClient, store: Store, reason: Any, kept_as: str) -> None:  # noqa: ANN401
    entry = {"card": about_a_finding(cards(client))["uuid"], "outcome": "overridden", "outcomeTimestamp": MOMENT}
    if reason is not None:
        entry["overrideReason"] = reason
    assert say(client, entry)["kept"] == 1
    assert [row.reason_code for row in rows(store)] == [kept_as]


def test_cards_that_are_not_known_are_no_mistake(client: DecisionClient, store: Store) -> None:
    shown = cards(client)
    mine = about_a_finding(shown)["uuid"]
    without_finding = next(card for card in shown if "overrideReasons" not in card)["uuid"]
    unknown = [
        "00000000-0000-4000-8000-000000010000",
        "no id of ours",
        f"{mine[:-1]}f",  # a finding that the decision does not have
        without_finding,
    ]
    entries = [{"card": one, "outcome": "overridden", "outcomeTimestamp": MOMENT} for one in unknown]
    assert say(client, *entries) == {"kept": 0, "repeated": 0, "passed_over": 4}
    # What others were told is not for this one to judge.
    entry = {"card": mine, "outcome": "overridden", "outcomeTimestamp": MOMENT}
    assert say(client, entry, who="two") == {"kept": 0, "repeated": 0, "passed_over": 1}
    assert rows(store) == []
    assert say(client, {**entry, "card": f"urn:uuid:{mine.upper()}"})["kept"] == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"feedback": None},
        {"feedback": {}},
        {"feedback": [{"card": "x"}]},
        {"feedback": [{"card": "x", "outcome": "ignored"}]},
        {"feedback": [{"card": 7, "outcome": "accepted"}]},
        {"feedback": [{"card": "x", "outcome": "accepted"}] * 201},
    ],
)
def test_what_is_no_feedback_is_refused(client: DecisionClient, wrong: Any) -> None:  # noqa: ANN401
    response = client.by("one", "POST", FEEDBACK, wrong)
    assert response.status_code == 422
    assert response.json()["resourceType"] == "OperationOutcome"


def test_ids_of_cards_tell_what_they_are_of() -> None:
    decision = decision_id(new_id())
    seen = set()
    for kind in CardKind:
        for finding in (0, 1, 4095):
            one = card_id(decision, kind, finding, 3)
            reference = reference_of(one)
            assert reference is not None
            expected = None if kind in {CardKind.COLLECTED, CardKind.LIMITS, CardKind.PRODUCTS} else finding
            assert reference == CardReference(decision, kind, expected)
            assert len(one) == 36
            seen.add(one)
    assert len(seen) == 3 * len(CardKind)
    assert reference_of(decision) is None
