"""Feedback about cards with anything anywhere: it is taken note of or clearly refused, and what is kept stays coded."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from sqlmodel import select

from service.application.feedback import OverrideReason
from service.application.rule_sets import seed_baseline
from service.storage.session import Store
from service.storage.tables import FeedbackRow
from tests.contract.cds_hooks.writing import SERVICE
from tests.integration.decision_client import NOON, decision_client
from tests.integration.small_knowledge import small_rule_set
from tests.integration.test_card_decisions import about_a_finding, cards
from tests.keys import KEYRING
from tests.spoiling import VALUES as ANYTHING
from tests.spoiling import places, removed, replaced, written

_REASON: Final[dict[str, Any]] = {
    "reason": {"code": "will_monitor", "system": "urn:magcheck:override-reason", "display": "Will monitor"},
    "userComment": "x",
}


def good(card: str) -> dict[str, Any]:
    """Feedback with everything that can be in it."""
    return {
        "feedback": [
            {
                "card": card,
                "outcome": "accepted",
                "acceptedSuggestions": [{"id": card}],
                "outcomeTimestamp": "2026-11-22T12:00:00Z",
                "extension": {"x": 1},
            },
            {
                "card": card,
                "outcome": "overridden",
                "overrideReason": _REASON,
                "outcomeTimestamp": "2026-11-22T12:01:00Z",
            },
        ]
    }


def test_every_kind_of_value_in_every_place(store: Store, tmp_path: Path) -> None:
    seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="first")
    statuses: list[int] = []
    with decision_client(store, tmp_path) as client:
        body = good(about_a_finding(cards(client))["uuid"])
        spoilt = [(path, replaced(body, path, value)) for path in places(body) for value in ANYTHING.values()]
        spoilt += [(path, removed(body, path)) for path in places(body) if path]
        assert client.by("one", "POST", f"{SERVICE}/feedback", body).json()["kept"] == 2
        # Each place has every third value, another third than its neighbour.
        for path, one in spoilt[::3]:
            response = client.by("one", "POST", f"{SERVICE}/feedback", written(one))
            assert response.status_code in {200, 400, 422}, (path, response.text)
            if response.status_code != 200:
                assert response.json()["resourceType"] == "OperationOutcome", path
            statuses.append(response.status_code)
    assert statuses.count(200) > len(statuses) / 3
    assert statuses.count(422) > len(statuses) / 10
    with store.reading() as session:
        kept = list(session.exec(select(FeedbackRow)))
    assert {row.outcome for row in kept} == {"accepted", "overridden"}
    assert {row.reason_code for row in kept} <= {None, *(reason.value for reason in OverrideReason)}
