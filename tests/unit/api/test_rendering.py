"""Parts that are written once give the same bytes as writing everything each time."""

from __future__ import annotations

import json
from copy import deepcopy

import orjson
import pytest

from rules import MedicationProfile
from service import unchanging
from service.api.rendering import Renderer
from service.application.active import ActiveRuleSet
from service.application.checks import Checks
from service.telemetry import Metrics
from tests.contract.examples import compiled_baseline

CHECKS = Checks(ActiveRuleSet(compiled_baseline()), Metrics(), new_id=lambda: "the-id")
LISTS: tuple[list[str], ...] = (
    ["Cipro 500 mg tablet", "magnesium oxide 400 mg tablet twice daily"],
    ["levothyroxine 50 mcg", "milk of magnesia 30 mL", "furosemide 40 mg"],
    ["paracetamol 500 mg"],
    [],
)


def profile(texts: list[str]) -> MedicationProfile:
    lines = [{"id": f"m{number}", "text": text} for number, text in enumerate(texts)]
    return MedicationProfile.model_validate_json(json.dumps({"medications": lines, "as_of": "2026-11-22"}))


@pytest.mark.parametrize("texts", LISTS, ids=str)
@pytest.mark.parametrize("explain", [False, True])
def test_same_bytes(texts: list[str], *, explain: bool) -> None:
    renderer = Renderer()
    answer = CHECKS.check(profile(texts), explain=explain)
    expected = orjson.dumps(deepcopy(answer))
    assert renderer.render(answer) == expected
    assert renderer.render(CHECKS.check(profile(texts), explain=explain)) == expected


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unchanging, "_MOST_KEPT", 1)
    renderer = Renderer()
    for texts in LISTS:
        answer = CHECKS.check(profile(texts))
        expected = orjson.dumps(deepcopy(answer))
        assert renderer.render(answer) == expected
        assert len(renderer._bytes._kept) <= 1
