"""Every worked case of the knowledge, asked by REST and in FHIR; the answers are made once for all tests."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any, Final, NamedTuple

from starlette.testclient import TestClient

from tests.baseline import packaged_rule_set
from tests.contract.examples import baseline_app
from tests.contract.fhir.in_fhir import NOT_IN_FHIR, Json, in_fhir

TODAY: Final = date(2026, 11, 22)
PATH: Final = "/fhir/$check-magnesium"


class Answers(NamedTuple):
    """What one question was answered through both doors."""

    rest: Json
    fhir: Json


@cache
def questions() -> dict[str, Json]:
    """The question of each case, with a day, without what is about advice only."""
    asked = {}
    for case in packaged_rule_set().cases:
        question: dict[str, Any] = case.profile.model_dump(mode="json", exclude_unset=True, exclude_none=True)
        question = {name: value for name, value in question.items() if name not in NOT_IN_FHIR}
        question.get("patient", {}).pop("dietary_magnesium_mg_per_day", None)
        asked[case.id] = {"as_of": TODAY.isoformat(), **question}
    return asked


@cache
def answers() -> dict[str, Answers]:
    """The answers to all of them, by the id of the case."""
    answered = {}
    with TestClient(baseline_app()) as client:
        for name, question in questions().items():
            rest = client.post("/v1/checks", json=question)
            fhir = client.post(PATH, json=in_fhir(question))
            assert (rest.status_code, fhir.status_code) == (200, 200), name
            answered[name] = Answers(rest.json(), fhir.json())
    return answered
