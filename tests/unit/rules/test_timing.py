"""Separation windows against dose times. Expected gaps were counted on a clock face."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from rules import check
from rules.model import Separation
from rules.report import Finding
from rules.report_plan import TimingReport
from rules.timing import Doses, DosesOfTwo, Window, minute_of, timing_of, timing_words, window_of
from tests import factories as make

SIX_AND_TWO = Window(Decimal(360), Decimal(120))


def timing(window: Window, drug: str, magnesium: str, *, complete: bool = True) -> TimingReport:
    two = DosesOfTwo(Doses("drug", drug.split()), Doses("mag", magnesium.split()))
    return timing_of(window, [two], complete=complete)


class TestWindow:
    """What a record asks for, in minutes."""

    def test_two_numbers(self) -> None:
        separation = Separation.model_validate({"magnesium_first_hours": "6", "drug_first_hours": "0.5"})
        assert window_of(separation) == Window(Decimal(360), Decimal(30))

    def test_one_number(self) -> None:
        assert window_of(Separation.model_validate({"drug_first_hours": "2"})) == Window(None, Decimal(120))

    def test_none(self) -> None:
        assert window_of(None) is None
        assert window_of(Separation.model_validate({"spacing_helps": False})) is None


@pytest.mark.parametrize(("time", "minute"), [("00:00", 0), ("08:05", 485), ("23:59", 1439)])
def test_minute_of_the_day(time: str, minute: int) -> None:
    assert minute_of(time) == minute


class TestGaps:
    """Which gaps are looked at and what they are called."""

    @pytest.mark.parametrize(
        ("drug", "magnesium", "state"),
        [
            ("08:00", "10:00", "kept"),  # 2 h after the drug, 22 h before the next
            ("08:00", "09:59", "broken"),
            ("08:00", "02:00", "kept"),  # 6 h before the drug
            ("08:00", "02:01", "broken"),
            ("08:00", "08:00", "broken"),
            ("01:00", "19:00", "kept"),  # over midnight: exactly 6 h
            ("01:00", "19:01", "broken"),
            ("23:00", "01:00", "kept"),  # over midnight: exactly 2 h
            ("23:00", "00:59", "broken"),
            ("08:00 20:00", "14:00", "kept"),
            ("08:00 20:00", "14:01", "broken"),
            ("08:00 16:00", "18:00 02:00", "kept"),
            ("08:00", "10:00 03:00", "broken"),  # one of two doses is too late
        ],
    )
    def test_state(self, drug: str, magnesium: str, state: str) -> None:
        assert timing(SIX_AND_TWO, drug, magnesium)["state"] == state

    def test_broken_names_the_two_doses_and_the_gap(self) -> None:
        assert timing(SIX_AND_TWO, "08:00 20:00", "15:30") == {
            "state": "broken",
            "gaps": [
                {
                    "first": "magnesium",
                    "first_medication_id": "mag",
                    "first_time": "15:30",
                    "then_medication_id": "drug",
                    "then_time": "20:00",
                    "gap_hours": "4.5",
                    "needed_hours": "6",
                    "kept": False,
                }
            ],
        }

    def test_kept_is_proven_by_the_next_dose_after_each(self) -> None:
        gaps = timing(SIX_AND_TWO, "08:00 20:00", "14:00")["gaps"]
        assert [(gap["first"], gap["first_time"], gap["then_time"], gap["gap_hours"]) for gap in gaps] == [
            ("magnesium", "14:00", "20:00", "6"),
            ("drug", "08:00", "14:00", "6"),
            ("drug", "20:00", "14:00", "18"),
        ]

    def test_every_dose_that_follows_too_soon_is_named(self) -> None:
        gaps = timing(SIX_AND_TWO, "10:00 12:00", "09:00")["gaps"]
        assert [(gap["then_time"], gap["gap_hours"]) for gap in gaps] == [("10:00", "1"), ("12:00", "3")]

    @pytest.mark.parametrize("window", [Window(None, Decimal(120)), Window(Decimal(360), None)])
    def test_an_order_without_a_number_is_never_proven(self, window: Window) -> None:
        assert timing(window, "08:00", "16:00")["state"] == "unproven"

    def test_an_order_without_a_number_can_still_be_broken(self) -> None:
        assert timing(Window(None, Decimal(120)), "08:00", "09:00")["state"] == "broken"
        assert timing(Window(None, Decimal(120)), "08:00", "07:00")["state"] == "unproven"

    def test_nothing_is_proven_while_times_are_missing(self) -> None:
        assert timing(SIX_AND_TWO, "08:00", "10:00", complete=False)["state"] == "unproven"
        assert timing(SIX_AND_TWO, "08:00", "09:00", complete=False)["state"] == "broken"

    def test_words(self) -> None:
        assert timing_words(timing(SIX_AND_TWO, "08:00 20:00", "14:00")) == (
            "mag at 14:00, then drug at 20:00: 6 h, 6 h needed; drug at 08:00, then mag at 14:00: 6 h, 2 h needed"
        )
        assert timing_words(timing(SIX_AND_TWO, "08:00", "08:30")) == (
            "drug at 08:00, then mag at 08:30: 0.5 h, 2 h needed"
        )


class TestFindings:
    """What times do to a finding."""

    @staticmethod
    def finding(separation: dict[str, object], *lines: dict[str, object], **more: object) -> Finding:
        world = make.compiled(
            make.substance("alvorin"),
            make.substance("magnesia"),
            make.substance("epsom"),
            make.interaction(
                "rule",
                severity="major",
                operational_class="minimize_risk",
                affected={"substances": ["alvorin"]},
                precipitant={"substances": ["magnesia", "epsom"]},
                management=make.management(separation=separation),
                **more,
            ),
        )
        [found] = check(world, make.profile(*lines))["findings"]
        return found

    HOURS: dict[str, object] = {"magnesium_first_hours": "6", "drug_first_hours": "2"}  # noqa: RUF012

    def test_kept_lowers_it_and_says_why(self) -> None:
        found = self.finding(
            self.HOURS,
            make.medication("a", "alvorin", times=["08:00"]),
            make.medication("m", "magnesia", times=["12:00"]),
        )
        assert (found["severity"], found["severity_ceiling"]) == ("minor", "minor")
        assert found["operational_class"] == "no_special_precaution"
        assert found["why"][-1]["test"] == "timing"
        assert found["why"][-1]["detail"].startswith("dose times: window kept (m at 12:00, then a at 08:00: 20 h")
        assert found["why"][-1]["detail"].endswith("; severity minor")

    def test_broken_stays_and_names_the_doses(self) -> None:
        found = self.finding(
            self.HOURS,
            make.medication("a", "alvorin", times=["08:00"]),
            make.medication("m", "magnesia", times=["09:00"]),
        )
        assert (found["severity"], found["operational_class"]) == ("major", "minimize_risk")
        assert found["timing"] is not None
        assert found["timing"]["state"] == "broken"
        assert found["why"][-1]["detail"] == (
            "dose times: window broken (a at 08:00, then m at 09:00: 1 h, 2 h needed)"
        )

    @pytest.mark.parametrize("times", [({}, {}), ({"times": ["08:00"]}, {}), ({}, {"times": ["12:00"]})])
    def test_without_times_nothing_changes(self, times: tuple[dict[str, object], dict[str, object]]) -> None:
        found = self.finding(
            self.HOURS, make.medication("a", "alvorin", **times[0]), make.medication("m", "magnesia", **times[1])
        )
        assert found["severity"] == "major"
        assert found["timing"] is None
        assert [reason["test"] for reason in found["why"]] == ["affected", "precipitant"]

    def test_where_no_spacing_helps_times_never_mitigate(self) -> None:
        found = self.finding(
            {"spacing_helps": False},
            make.medication("a", "alvorin", times=["08:00"]),
            make.medication("m", "magnesia", times=["20:00"]),
        )
        assert (found["severity"], found["timing"]) == ("major", None)

    def test_one_product_without_times_keeps_it_unproven(self) -> None:
        found = self.finding(
            self.HOURS,
            make.medication("a", "alvorin", times=["08:00"]),
            make.medication("m", "magnesia", times=["12:00"]),
            make.medication("n", "epsom"),
        )
        assert found["severity"] == "major"
        assert found["timing"] is not None
        assert found["timing"]["state"] == "unproven"

    @pytest.mark.parametrize(
        ("alvorin", "magnesia"),
        [
            ({}, {"as_needed": True}),
            ({"as_needed": True}, {}),
            ({"text": "alvorin 5 mg twice daily"}, {}),
            ({}, {"text": "magnesia 5 mg qid"}),
        ],
    )
    def test_times_of_some_doses_prove_nothing(self, alvorin: dict[str, Any], magnesia: dict[str, Any]) -> None:
        """What is taken when needed may be taken at any time, and of two doses one time says little."""
        found = self.finding(
            self.HOURS,
            make.medication("a", **{"text": "alvorin", "times": ["08:00"], **alvorin}),
            make.medication("m", **{"text": "magnesia", "times": ["12:00"], **magnesia}),
        )
        assert (found["severity"], found["severity_ceiling"]) == ("major", "major")
        assert found["timing"] is not None
        assert found["timing"]["state"] == "unproven"

    @pytest.mark.parametrize("text", ["alvorin 5 mg twice daily", "alvorin 5 mg daily", "alvorin 5 mg prn"])
    def test_as_many_times_as_the_text_says_prove_it(self, text: str) -> None:
        found = self.finding(
            self.HOURS,
            make.medication("a", text, times=["08:00", "20:00"]),
            make.medication("m", "magnesia", times=["12:00"]),
        )
        assert found["severity"] == "minor"

    def test_two_products_kept_by_both(self) -> None:
        found = self.finding(
            self.HOURS,
            make.medication("a", "alvorin", times=["08:00"]),
            make.medication("m", "magnesia", times=["12:00"]),
            make.medication("n", "epsom", times=["22:00"]),
        )
        assert found["severity"] == "minor"

    def test_an_open_factor_no_longer_matters(self) -> None:
        factor = make.factor("weak", "contraindicated", {"egfr": {"below": "30"}})
        lines = [make.medication("a", "alvorin", times=["08:00"]), make.medication("m", "magnesia", times=["12:00"])]
        found = self.finding(self.HOURS, *lines, factors=[factor])
        assert (found["severity_ceiling"], found["open_factors"], found["missing_facts"]) == ("minor", [], [])

    def test_other_missing_facts_stay(self) -> None:
        lines = [make.medication("a", "alvorin", times=["08:00"]), make.medication("m", "magnesia", times=["12:00"])]
        found = self.finding(self.HOURS, *lines, when={"age_years": {"at_least": "65"}})
        assert (found["severity"], found["applicability"]) == ("minor", "may_apply")
        assert found["missing_facts"] == ["patient.age_years"]
