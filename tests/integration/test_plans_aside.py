"""While a day plan is made others are answered, at every door; its answer comes from the one rule set it began with."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any, Final

import pytest

from rules import compile_rule_set, engine
from rules.compiled import CompiledRuleSet
from rules.profile import MedicationProfile
from service.application.active import ActiveRuleSet
from service.application.checks import report_on
from service.application.standing import Source
from service.telemetry import Metrics
from tests.contract.cds_hooks.writing import CIPROFLOXACIN, MAGNESIUM_OXIDE, SERVICE, bundle, call, current, order
from tests.integration.decision_world import TODAY, Answered, Client, furosemide, served
from tests.integration.small_knowledge import small_rule_set

# Longer than any answer takes; whoever waits so long would wait for ever.
FOR_EVER: Final = 10
QUESTION: Final[dict[str, Any]] = {
    "medications": [
        {"id": "m1", "text": "ciprofloxacin 500 mg tablet", "times_per_day": 2},
        {"id": "m2", "text": "magnesium oxide 400 mg tablet", "times_per_day": 1},
    ],
    "timetable": True,
    "as_of": TODAY.isoformat(),
}
_TWICE: Final = [{"timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}}]
_FHIR: Final = {
    "resourceType": "Parameters",
    "parameter": [
        {"name": "timetable", "valueBoolean": True},
        {"name": "medication", "resource": order(CIPROFLOXACIN, dosageInstruction=_TWICE)},
        {"name": "medication", "resource": current(MAGNESIUM_OXIDE)},
    ],
}
_CALL: Final = call(
    "order-sign",
    order(CIPROFLOXACIN, dosageInstruction=_TWICE),
    prefetch={"medicationRequests": bundle(current(MAGNESIUM_OXIDE)), "conditions": bundle()},
)
DOORS: Final = {"/v1/checks": QUESTION, "/fhir/$check-magnesium": _FHIR, SERVICE: _CALL}


class Plans:
    """Until `may_go_on` is set no day plan gets done: the engine waits for it, wherever it runs."""

    def __init__(self) -> None:
        """None was begun."""
        self.may_go_on = threading.Event()
        self.begun = 0

    async def one_begun(self) -> None:
        while not self.begun:  # noqa: ASYNC110 - another thread begins it
            await asyncio.sleep(0.001)

    def check(self, compiled: CompiledRuleSet, profile: MedicationProfile, **more: Any) -> Any:  # noqa: ANN401
        if profile.timetable:
            self.begun += 1
            assert self.may_go_on.wait(FOR_EVER), "nobody else was answered"
        return engine.check(compiled, profile, **more)


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> Plans:
    plans = Plans()
    monkeypatch.setattr("service.application.checks.check", plans.check)
    return plans


async def ask(client: Client, door: str) -> Answered:
    answer = await client.ask("POST", door, json.dumps(DOORS[door]).encode())
    assert answer.status == 200, answer.body
    return answer


@pytest.mark.parametrize("door", DOORS)
def test_others_are_answered_meanwhile(plans: Plans, door: str) -> None:
    async def meanwhile() -> None:
        async with served(small_rule_set(), None, Metrics()) as client:
            planned = asyncio.ensure_future(ask(client, door))
            await plans.one_begun()
            for number in range(5):
                assert (await client.check(furosemide(number))).status == 200
            assert not planned.done()
            plans.may_go_on.set()
            said = (await planned).body.decode()
            # The plan is part of the answer.
            assert "timetable" in said or "Change the times to" in said

    asyncio.run(meanwhile())


def test_plans_are_made_one_after_another_and_all_are_made(plans: Plans) -> None:
    async def many() -> None:
        async with served(small_rule_set(), None, Metrics()) as client:
            planned = [asyncio.ensure_future(ask(client, door)) for door in [*DOORS, *DOORS]]
            await plans.one_begun()
            assert (await client.check(furosemide())).status == 200
            assert not [one for one in planned if one.done()]
            assert plans.begun == 1
            plans.may_go_on.set()
            await asyncio.gather(*planned)

    asyncio.run(many())


@pytest.mark.parametrize("door", DOORS)
def test_an_answer_comes_from_the_rule_set_it_began_with(plans: Plans, door: str) -> None:
    """Another one is put in force while the plan is made: that answers the next question."""
    rule_set = small_rule_set()
    active = ActiveRuleSet(compile_rule_set(rule_set, version=1))

    async def swapped() -> None:
        async with served(active, None, Metrics()) as client:
            planned = asyncio.ensure_future(ask(client, door))
            await plans.one_begun()
            active._swap(compile_rule_set(rule_set, version=2), Source.MEMORY)
            plans.may_go_on.set()
            first, second = (await planned).body.decode(), (await ask(client, door)).body.decode()
            said = {"/v1/checks": '"version":{}', SERVICE: "rule set {}", "/fhir/$check-magnesium": '"valueInteger":{}'}
            assert said[door].format(1) in first
            assert said[door].format(2) not in first
            assert said[door].format(2) in second

    asyncio.run(swapped())


def test_the_answer_is_the_same_as_without_a_thread() -> None:
    compiled = compile_rule_set(small_rule_set(), version=1)

    async def asked() -> dict[str, Any]:
        async with served(ActiveRuleSet(compiled), None, Metrics()) as client:
            answer: dict[str, Any] = (await ask(client, "/v1/checks")).json()
            return answer

    answer = asyncio.run(asked())
    report = report_on(compiled, MedicationProfile.model_validate_json(json.dumps(QUESTION)), explain=False)
    assert answer["timetable"]["doses"] == report["timetable"]["doses"]
    assert answer["timetable"]["doses"]


def test_a_check_with_a_plan_is_counted_like_any_other() -> None:
    metrics = Metrics()

    async def asked() -> None:
        async with served(small_rule_set(), None, metrics) as client:
            for door in ("/v1/checks", SERVICE):
                await ask(client, door)

    asyncio.run(asked())
    assert sum(metrics.checks.statuses.values()) == 2
