"""The records behind a plan: what each must say, and what it cannot say."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests import factories as make


class TestAdministration:
    """How a medicine is taken."""

    @pytest.mark.parametrize(
        "given",
        [
            {"food": "with_food"},
            {"food": "empty_stomach", "minutes_before_food": 60, "minutes_after_food": 120},
            {"food": "before_food", "minutes_before_food": 0},
            {"minutes_before_other_medicines": 30},
            {"time_of_day": "evening"},
            {"not_after": "16:00"},
            {"own_doses_hours": "6"},
        ],
    )
    def test_one_thing_is_enough(self, given: dict[str, Any]) -> None:
        assert make.administration("rule", "alvorin", **given).substances == ("alvorin",)

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"substances": [], "time_of_day": "morning"}, "name at least one class or substance"),
            ({}, "say at least one of food"),
            ({"minutes_before_food": 30}, "belong to food: empty_stomach or before_food"),
            ({"food": "with_food", "minutes_after_food": 30}, "belong to food: empty_stomach or before_food"),
            ({"food": "empty_stomach"}, "food: empty_stomach needs minutes_before_food"),
            ({"food": "before_food", "minutes_after_food": 30}, "food: before_food needs minutes_before_food"),
            ({"food": "empty_stomach", "minutes_before_food": 721}, "less than or equal to 720"),
            ({"food": "empty_stomach", "minutes_before_food": "30"}, "valid integer"),
            ({"not_after": "24:00"}, "match pattern"),
        ],
    )
    def test_what_makes_no_sense(self, given: dict[str, Any], message: str) -> None:
        with pytest.raises(ValidationError, match=message):
            make.administration("rule", "alvorin", **given)


class TestMonitoringSchedule:
    """What is measured, and because of what."""

    @pytest.mark.parametrize("given", [{"interactions": ["rule"]}, {"decisions": ["oral_treatment"]}])
    def test_it_concerns_somebody(self, given: dict[str, Any]) -> None:
        assert make.monitoring_schedule("level", "ecg", **given).at_start

    @pytest.mark.parametrize(
        ("tests", "given", "message"),
        [
            (("ecg",), {}, "name at least one interaction or decision"),
            ((), {"interactions": ["rule"]}, "at least 1 item"),
            (("ecg",), {"interactions": ["rule"], "every_days": 0}, "greater than or equal to 1"),
        ],
    )
    def test_what_makes_no_sense(self, tests: tuple[str, ...], given: dict[str, Any], message: str) -> None:
        with pytest.raises(ValidationError, match=message):
            make.monitoring_schedule("level", *tests, **given)


class TestAmounts:
    """How much magnesium a day."""

    def test_least_and_most_may_be_the_same(self) -> None:
        assert make.supplement_target("target", "food_first", "100", "100").least_doses_per_day == 1

    def test_least_above_most(self) -> None:
        with pytest.raises(ValidationError, match="least_mg_per_day is above most_mg_per_day"):
            make.supplement_target("target", "food_first", "100.1", "100")

    @pytest.mark.parametrize("amount", ["0", "-1"])
    def test_nothing_is_no_amount(self, amount: str) -> None:
        with pytest.raises(ValidationError, match="greater than 0"):
            make.recommended_intake("body", amount)


@pytest.mark.parametrize("number", ["1E+999999999", "1E-999999999", "1000000000000", "NaN", "Infinity"])
def test_no_number_of_a_record_fills_the_memory(number: str) -> None:
    with pytest.raises(ValidationError):
        make.recommended_intake("for-all", number)
