"""Every worked case of the knowledge as a call: good cards, and the same findings as `/v1/checks` has (law I19)."""

from __future__ import annotations

import json

import pytest
from starlette.testclient import TestClient

from service.application.card_ids import CardKind, reference_of
from tests.contract.cds_hooks.conftest import Asked
from tests.contract.cds_hooks.schemas import empty_places, faults
from tests.contract.cds_hooks.writing import SERVICE, call_of
from tests.contract.examples import compiled_baseline

CASES = {case.id: case for case in compiled_baseline().rule_set.cases}
SHARES = 8


@pytest.mark.parametrize("share", range(SHARES))
def test_each_finding_is_on_a_card(quick: TestClient, asked: Asked, share: int) -> None:
    on_cards = 0
    for name in sorted(CASES)[share::SHARES]:
        response = quick.post(SERVICE, json=call_of(CASES[name].profile))
        assert response.status_code == 200, (name, response.text)
        answer = response.json()
        assert faults("cards", answer) == [], name
        assert list(empty_places(answer)) == [], name
        profile, report = asked[-1]
        # Through the other door.
        question = json.loads(profile.model_dump_json(exclude_defaults=True))
        rest = quick.post("/v1/checks", json=question).json()
        told = [(one["key"], one["severity"], one["severity_ceiling"]) for one in rest["findings"]]
        assert told == [(one["key"], one["severity"], one["severity_ceiling"]) for one in report["findings"]], name
        shown = set()
        listed = ""
        for card in answer["cards"]:
            reference = reference_of(card["uuid"])
            assert reference is not None
            assert reference.decision_id == report["check_id"]
            if reference.kind is CardKind.FINDING:
                assert reference.finding is not None
                shown.add(reference.finding)
                finding = rest["findings"][reference.finding]
                assert finding["severity"].capitalize() in card["summary"]
                # For want of a fact nothing that could be contraindicated becomes mere information.
                assert finding["severity_ceiling"] != "contraindicated" or card["indicator"] != "info", name
            elif reference.kind is CardKind.COLLECTED:
                listed = card["detail"]
                hidden = len(rest["findings"]) - len(shown)
                assert f"{hidden} " in card["summary"]
        left = [one["title"] for number, one in enumerate(rest["findings"]) if number not in shown]
        lines = [line.partition(": ")[2] for line in listed.splitlines() if line.startswith("- ")]
        assert sorted(lines) == sorted(left), name
        on_cards += len(shown)
    assert on_cards > 40


def test_what_the_cases_say_is_found_through_this_door_too(quick: TestClient, asked: Asked) -> None:
    """Where a case names what must be found, and the resources carry all it says, it is found here as well."""
    missed = []
    fires = [case for case in CASES.values() if case.kind == "fires" and not case.profile.symptoms]
    for case in fires:
        quick.post(SERVICE, json=call_of(case.profile))
        if case.interaction not in {one["interaction_id"] for one in asked[-1][1]["findings"]}:
            missed.append(case.id)
    # Resources have no place for some facts of a question: dialysis, an ECG, salt or elemental, a day it is about.
    assert len(missed) <= len(fires) * 0.1, missed
