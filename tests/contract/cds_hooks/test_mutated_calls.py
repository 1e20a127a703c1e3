"""Calls with anything anywhere: an answer that is as it should be or a clear refusal, never a failure of ours.

Every kind of value stands in every place of the context of every hook, and in every place of what comes along; several
faults at once are drawn. What is read out of resources by itself is tried in `tests/property/test_fhir_mutations.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.api.cds_hooks.offered import Hook
from service.application.active import ActiveRuleSet
from tests.contract.cds_hooks.schemas import empty_places, faults
from tests.contract.cds_hooks.writing import MAGNESIUM_OXIDE, SERVICE, call, current, order
from tests.contract.examples import compiled_baseline
from tests.full_resources import CONDITION, ORDER, PATIENT, RECORD, VALUES, bundle
from tests.integration.decision_world import Answered, often
from tests.spoiling import TOO_DEEP, Place, places, removed, replaced, spoiled, written
from tests.spoiling import VALUES as ANYTHING

Post = Callable[[str, bytes], Answered]
_REQUESTS: Final = [one for one in RECORD if one["resourceType"] == "MedicationRequest"]
_REST: Final[dict[str, Any]] = {
    "prefetch": {
        "patient": PATIENT,
        "medicationRequests": bundle(*_REQUESTS),
        "medicationStatements": bundle(*(one for one in RECORD if one not in _REQUESTS)),
        "magnesium": bundle(*VALUES),
        "conditions": bundle(CONDITION),
    },
    "fhirServer": "https://ehr.example/fhir",
    "fhirAuthorization": {
        "access_token": "t",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.rs",
        "subject": "cds",
        "patient": "p1",
    },
    "extension": {
        "pddi-configuration-items": {"one-card-per-modifying-factor": True, "filter-out-repeated-alerts": True},
        "configuration-items": [{"code": "cache-for-order-sign-filtering", "value": True}],
    },
}
_ORDERS: Final = {
    hook: [] if hook is Hook.PATIENT_VIEW else [ORDER, order(MAGNESIUM_OXIDE, "draft-2")] for hook in Hook
}
FULL: Final = {hook: call(hook.value, *orders, **_REST) for hook, orders in _ORDERS.items()}
# For the places of the context: one medicine beside the orders, so that there is a card and times to change.
_TAKES: Final = {"medicationRequests": bundle(current(MAGNESIUM_OXIDE)), "conditions": bundle()}
LEAN: Final = {hook: call(hook.value, *orders[:1], prefetch=_TAKES) for hook, orders in _ORDERS.items()}
# Ids are new each time.
_OWN_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
# What a context is told by has every value; elsewhere each place has every ninth, another ninth than its neighbour.
_TELLING: Final = frozenset({"resourceType", "id", "status", "intent", "hook", "hookInstance", "resource", "entry"})
_SHARES: Final = 9


class Asking:
    """Asks with one body after another. A card that was looked at is not looked at again."""

    def __init__(self, post: Post) -> None:
        """No card was looked at."""
        self._post = post
        self._good: set[str] = set()

    def __call__(self, body: object, name: object = None) -> bool:
        """Whether it was answered with cards; those are as they should be, and so are refusals."""
        answer = self._post(SERVICE, written(body))
        assert list(self._wrong(answer)) == [], name
        return answer.status == 200

    def _wrong(self, answer: Answered) -> Iterator[str]:
        body = answer.json()
        if answer.status == 200:
            for card in body.pop("cards"):
                yield from self._wrong_in(card)
            yield from faults("cards", {"cards": [], **body})
        elif answer.status not in {400, 412, 422} or body["resourceType"] != "OperationOutcome":
            yield f"{answer.status}: {body}"
        elif body["issue"][0]["severity"] != "error":
            yield f"no error: {body}"

    def _wrong_in(self, card: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
        content = _OWN_ID.sub("", json.dumps(card))
        if content not in self._good:
            found = [*faults("cards", {"cards": [card]}), *empty_places(card)]
            yield from found
            if not found:
                self._good.add(content)


@pytest.fixture(scope="module")
def ask() -> Iterator[Asking]:
    with often(ActiveRuleSet(compiled_baseline())) as post:
        yield Asking(post)


def chosen(body: dict[str, Any], name: str) -> Iterator[Place]:
    """The places that a value stands in."""
    number = list(ANYTHING).index(name)
    for position, path in enumerate(places(body)):
        telling = path[:1] == ("context",) and path[-1] in _TELLING
        if len(path) < 2 or telling or (position + number) % _SHARES == 0:
            yield path


@pytest.mark.parametrize("body", [*FULL.values(), *LEAN.values()])
def test_the_calls_are_good_ones(ask: Asking, body: dict[str, Any]) -> None:
    assert ask(body)


@pytest.mark.parametrize("name", ANYTHING)
def test_every_kind_of_value_in_the_context(ask: Asking, name: str) -> None:
    answered = [
        ask(replaced(body, path, ANYTHING[name]), (hook, path))
        for hook, body in LEAN.items()
        for path in chosen(body, name)
        if path[:1] == ("context",)
    ]
    # Real clients leave out, misspell and add much; what can be answered is.
    assert answered.count(True) > 40 or name in TOO_DEEP


@pytest.mark.parametrize("name", ANYTHING)
def test_every_kind_of_value_in_what_comes_along(ask: Asking, name: str) -> None:
    body = FULL[Hook.ORDER_SIGN]
    paths = (path for path in chosen(body, name) if path[:1] != ("context",))
    answered = [ask(replaced(body, path, ANYTHING[name]), path) for path in paths]
    assert answered.count(True) > 30 or name in TOO_DEEP


@pytest.mark.parametrize("hook", Hook)
def test_everything_can_be_missing(ask: Asking, hook: Hook) -> None:
    body = LEAN[hook]
    assert [ask(removed(body, path), path) for path in places(body) if path].count(True) > 10


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=st.sampled_from([*FULL.values(), *LEAN.values()]).flatmap(spoiled))
def test_several_at_once(ask: Asking, body: object) -> None:
    ask(body)
