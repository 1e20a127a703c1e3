"""One line of the list: how it is given, how often, since when, and what that means for a rule's demands."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from rules import check
from rules.lines import NOT_BEGUN
from rules.report import CheckReport, Reason
from tests import factories as make

Demand = dict[str, Any]
Given = dict[str, Any]
DRUG = make.substance(
    "alvorin",
    routes=["oral", "intravenous", "ophthalmic"],
    codes={"rxnorm": ["1"], "atc": ["S01AA01", "A01AA01"]},
    atc_routes={"S01AA01": ["ophthalmic"]},
)


def ask(party: Demand, given: Given, *records: Any, when: dict[str, Any] | None = None, **question: Any) -> CheckReport:  # noqa: ANN401
    """A report on one line about a rule with these demands on it."""
    rule = make.interaction("rule", affected={"substances": ["alvorin"], **party}, when=when)
    line = {"id": "m1", "text": "alvorin", **given}
    return check(make.compiled(DRUG, rule, *records), make.profile(line, **question), explain=True)


def answer(report: CheckReport) -> tuple[str, list[str]]:
    """What the rule says, and the facts it misses."""
    if report["findings"]:
        return report["findings"][0]["applicability"], report["findings"][0]["missing_facts"]
    return "does_not_apply", []


def reason(report: CheckReport) -> Reason:
    """Why the line is, may be or is not meant by the rule."""
    if report["findings"]:
        return report["findings"][0]["why"][0]
    return report["near_misses"][0]["failed"][0]


NO_TIME = {"at_least": "0", "at_most": "0"}
ROUTE = ["medications.m1.route"]
FORM = ["medications.m1.dose_form"]


class TestRoutes:
    """Inside: applies. Outside: does not. Some of the possible routes inside: may apply, and the route is asked for."""

    @pytest.mark.parametrize(
        ("wanted", "given", "expected"),
        [
            (["oral"], {"route": "oral"}, ("applies", [])),
            (["oral"], {"route": "intravenous"}, ("does_not_apply", [])),
            (["oral"], {}, ("may_apply", ROUTE)),
            (["oral", "intravenous", "ophthalmic"], {}, ("applies", [])),
            (["oral", "intravenous"], {}, ("may_apply", ROUTE)),
            (["topical"], {}, ("does_not_apply", [])),
            ([], {}, ("applies", [])),
            ([], {"route": "topical"}, ("applies", [])),
            (["oral"], {"text": "alvorin oral"}, ("applies", [])),
            (["oral"], {"text": "alvorin PO"}, ("applies", [])),
            (["oral"], {"text": "alvorin IV"}, ("does_not_apply", [])),
            (["oral"], {"text": "alvorin 40 mg tablet"}, ("applies", [])),
            (["oral"], {"text": "alvorin eye drops"}, ("does_not_apply", [])),
            (["oral"], {"text": "alvorin injection"}, ("does_not_apply", [])),
            (["intravenous"], {"text": "alvorin injection"}, ("applies", [])),  # the only injected route it has
            (["oral"], {"text": "alvorin 5 mg daily before breakfast"}, ("applies", [])),  # what can be swallowed is
            (["oral"], {"text": "alvorin 5 mg daily in the morning"}, ("may_apply", ROUTE)),
            (["oral"], {"text": "alvorin 5 mg IV after breakfast"}, ("does_not_apply", [])),
            (["oral"], {"dose_form": "tablet"}, ("applies", [])),
            (["oral"], {"dose_form": "injection"}, ("does_not_apply", [])),
            (["oral"], {"dose_form": "other"}, ("may_apply", ROUTE)),  # a form that says nothing of the route
            (["oral"], {"dose_form": "powder"}, ("may_apply", ROUTE)),  # a powder may be for injection
            (["oral"], {"text": "alvorin IV", "route": "oral"}, ("applies", [])),  # the caller counts first
            (["oral"], {"text": "alvorin IV", "dose_form": "tablet"}, ("applies", [])),
            (["oral"], {"text": "alvorin tablet", "route": "intravenous"}, ("does_not_apply", [])),
        ],
    )
    def test_demand(self, wanted: list[str], given: Given, expected: tuple[str, list[str]]) -> None:
        assert answer(ask({"routes": wanted}, given)) == expected

    def test_atc_code_that_implies_a_route(self) -> None:
        code = {"text": None, "codes": [{"system": "atc", "code": "S01AA01"}]}
        assert answer(ask({"routes": ["oral"]}, code)) == ("does_not_apply", [])
        code = {"text": None, "codes": [{"system": "atc", "code": "A01AA01"}]}
        assert answer(ask({"routes": ["oral"]}, code)) == ("may_apply", ROUTE)

    @pytest.mark.parametrize(
        ("given", "where"),
        [
            ({"route": "oral"}, "route oral as given"),
            ({"text": "alvorin PO"}, "route oral read from the text"),
            ({"text": "alvorin tablet"}, "route oral read from the dose form in the text"),
            ({"text": "alvorin 5 mg with food"}, "route oral, because it is taken before, with or after food"),
            ({"dose_form": "tablet"}, "route oral from the dose form given"),
            ({}, "route not given"),
            ({"text": None, "codes": [{"system": "atc", "code": "S01AA01"}]}, "route ophthalmic from the ATC code"),
        ],
    )
    def test_the_reason_says_where_the_route_comes_from(self, given: Given, where: str) -> None:
        detail = reason(ask({"routes": ["oral"]}, given))["detail"]
        assert detail.startswith("m1: alvorin")
        assert detail.endswith(f"; {where}")

    def test_rule_that_asks_nothing_says_nothing_of_routes(self) -> None:
        assert reason(ask({}, {})) == {
            "test": "affected",
            "outcome": "applies",
            "detail": "m1: alvorin (named by the rule)",
        }

    def test_what_is_never_swallowed_is_not_because_of_a_meal(self) -> None:
        report = check(
            make.compiled(
                make.substance("betarine", routes=["subcutaneous", "intravenous"]),
                make.interaction("rule", affected={"substances": ["betarine"], "routes": ["oral"]}),
            ),
            make.profile(make.medication("m1", "betarine before breakfast")),
        )
        assert answer(report) == ("does_not_apply", [])
        assert report["medications"][0]["routes"] == ["subcutaneous", "intravenous"]

    def test_only_route_of_the_substance(self) -> None:
        report = check(
            make.compiled(
                make.substance("betarine"),
                make.interaction("rule", affected={"substances": ["betarine"], "routes": ["oral"]}),
            ),
            make.profile(make.medication("m1", "betarine")),
        )
        assert answer(report) == ("applies", [])
        assert reason(report)["detail"].endswith("route oral, the only one it has")


class TestDoseForms:
    """A demand on the dose form: known forms decide, an unknown one is asked for."""

    @pytest.mark.parametrize(
        ("party", "given", "expected"),
        [
            ({"dose_forms": ["tablet"]}, {"dose_form": "tablet"}, ("applies", [])),
            ({"dose_forms": ["tablet"]}, {"dose_form": "powder"}, ("does_not_apply", [])),
            ({"dose_forms": ["tablet"]}, {}, ("may_apply", FORM)),
            ({"dose_forms": ["tablet"]}, {"text": "alvorin tablet"}, ("applies", [])),
            ({"dose_forms": ["tablet"]}, {"text": "alvorin tablet", "dose_form": "powder"}, ("does_not_apply", [])),
            ({"dose_forms": ["tablet"]}, {"text": "alvorin tablet", "route": "oral"}, ("applies", [])),
            ({"dose_forms": ["tablet"], "routes": ["oral"]}, {}, ("may_apply", sorted(ROUTE + FORM))),
            ({"dose_forms": ["tablet"], "routes": ["oral"]}, {"route": "oral"}, ("may_apply", FORM)),
            ({"dose_forms": ["powder"], "routes": ["oral"]}, {"dose_form": "powder"}, ("may_apply", ROUTE)),
            ({"except_dose_forms": ["tablet"]}, {"dose_form": "tablet"}, ("does_not_apply", [])),
            ({"except_dose_forms": ["tablet"]}, {"dose_form": "powder"}, ("applies", [])),
            ({"except_dose_forms": ["tablet"]}, {}, ("applies", [])),
            ({"except_dose_forms": ["gastro_resistant"]}, {"text": "alvorin EC tablet"}, ("does_not_apply", [])),
        ],
    )
    def test_demand(self, party: Demand, given: Given, expected: tuple[str, list[str]]) -> None:
        assert answer(ask(party, given)) == expected

    def test_failed_form_is_told(self) -> None:
        detail = reason(ask({"dose_forms": ["tablet"]}, {"dose_form": "powder"}))["detail"]
        assert detail == "m1: alvorin; route not given, dose form powder"

    def test_failed_route_of_unknown_form(self) -> None:
        detail = reason(ask({"dose_forms": ["tablet"], "routes": ["oral"]}, {"route": "topical"}))["detail"]
        assert detail == "m1: alvorin; route topical as given"

    def test_form_of_a_product(self) -> None:
        product = make.product("alvotab", "alvorin", dose_form="tablet")
        report = ask({"dose_forms": ["tablet"], "routes": ["oral"]}, {"text": "Alvotab"}, product)
        assert answer(report) == ("applies", [])
        assert "route oral of the product" in reason(report)["detail"]


class TestDuration:
    """Months from the start to the day of the question; whole months are exact, also at the ends of months."""

    @pytest.mark.parametrize(
        ("started_on", "as_of", "months", "expected"),
        [
            ("2026-08-22", "2026-11-22", "3", "applies"),
            ("2026-08-23", "2026-11-22", "3", "does_not_apply"),
            ("2026-08-21", "2026-11-22", "3", "applies"),
            ("2026-01-31", "2026-02-28", "1", "does_not_apply"),  # a day short of the 31st
            ("2026-01-31", "2026-03-01", "1", "applies"),
            ("2024-02-29", "2025-02-28", "12", "does_not_apply"),
            ("2024-02-29", "2025-03-01", "12", "applies"),
            ("2025-11-22", "2026-11-22", "12", "applies"),
            ("2025-12-31", "2026-01-01", "1", "does_not_apply"),
            ("2016-11-22", "2026-11-22", "120", "applies"),
            ("2026-11-22", "2026-11-22", "0", "applies"),
            ("2026-11-23", "2026-11-22", "0", "applies"),
            ("2026-11-23", "2026-11-22", "1", "does_not_apply"),
        ],
    )
    def test_at_least(self, started_on: str, as_of: str, months: str, expected: str) -> None:
        report = ask({}, {"started_on": started_on}, when={"duration_months": {"at_least": months}}, as_of=as_of)
        assert answer(report)[0] == expected

    @pytest.mark.parametrize(
        ("started_on", "expected"),
        [("2026-08-22", "does_not_apply"), ("2026-08-21", "applies"), ("2026-07-23", "applies")],
    )
    def test_above_three_months(self, started_on: str, expected: str) -> None:
        report = ask({}, {"started_on": started_on}, when={"duration_months": {"above": "3"}}, as_of="2026-11-22")
        assert answer(report)[0] == expected

    @pytest.mark.parametrize("started_on", ["2026-07-23", "2026-08-01", "2026-08-21"])
    def test_part_of_a_month_never_makes_a_whole_one(self, started_on: str) -> None:
        report = ask({}, {"started_on": started_on}, when={"duration_months": {"below": "4"}}, as_of="2026-11-22")
        assert answer(report)[0] == "applies"


class TestDurationInDays:
    """Whole days from the start to the day of the question, by the calendar."""

    @pytest.mark.parametrize(
        ("started_on", "as_of", "expected"),
        [
            ("2026-11-16", "2026-11-22", "applies"),
            ("2026-11-17", "2026-11-22", "applies"),  # five days to the day
            ("2026-11-18", "2026-11-22", "does_not_apply"),
            ("2026-11-22", "2026-11-22", "does_not_apply"),
            ("2026-11-30", "2026-11-22", "does_not_apply"),  # not started yet
            ("2024-02-25", "2024-03-01", "applies"),  # through the leap day
            ("2023-02-25", "2023-03-01", "does_not_apply"),  # no leap day
            ("2024-02-29", "2024-03-05", "applies"),
            ("2024-02-29", "2024-03-04", "does_not_apply"),
            ("2025-12-27", "2026-01-01", "applies"),
            ("2025-12-28", "2026-01-01", "does_not_apply"),
        ],
    )
    def test_at_least_five(self, started_on: str, as_of: str, expected: str) -> None:
        report = ask({}, {"started_on": started_on}, when={"duration_days": {"at_least": "5"}}, as_of=as_of)
        assert answer(report) == (expected, [])

    @pytest.mark.parametrize(
        ("bounds", "days", "expected"),
        [
            ({"above": "5"}, 5, "does_not_apply"),
            ({"above": "5"}, 6, "applies"),
            ({"below": "5"}, 5, "does_not_apply"),
            ({"below": "5"}, 4, "applies"),
            ({"at_most": "5"}, 5, "applies"),
            ({"at_most": "5"}, 6, "does_not_apply"),
            ({"at_least": "5", "below": "7"}, 6, "applies"),
            ({"at_least": "5", "below": "7"}, 7, "does_not_apply"),
            ({"at_least": "366"}, 365, "does_not_apply"),
            ({"at_least": "366"}, 366, "applies"),
        ],
    )
    def test_each_bound(self, bounds: dict[str, str], days: int, expected: str) -> None:
        start = (date(2026, 11, 22) - timedelta(days)).isoformat()
        report = ask({}, {"started_on": start}, when={"duration_days": bounds}, as_of="2026-11-22")
        assert answer(report) == (expected, [])

    @pytest.mark.parametrize("started_on", ["2026-11-22", "2026-11-23", "2030-01-01"])
    def test_a_start_to_come_is_no_time(self, started_on: str) -> None:
        report = ask({}, {"started_on": started_on}, when={"duration_days": NO_TIME}, as_of="2026-11-22")
        assert answer(report) == ("applies", [])

    @pytest.mark.parametrize(
        ("started_on", "as_of", "said"),
        [
            ("2026-11-23", "2026-11-22", True),
            ("2026-11-22", "2026-11-22", False),
            ("2026-11-23", None, False),
            (None, "2026-11-22", False),
        ],
    )
    def test_a_start_to_come_is_said(self, started_on: str | None, as_of: str | None, *, said: bool) -> None:
        """Rules that ask how long become quiet: whoever mistyped a year has to be able to see why."""
        report = ask({}, {"started_on": started_on}, when={"duration_days": {"at_least": "5"}}, as_of=as_of)
        assert report["medications"][0]["problems"] == ([NOT_BEGUN] if said else [])
        assert report["status"] == "complete"  # a list for tomorrow is no doubtful one

    def test_what_is_said_of_one_line_is_not_said_of_the_next_like_it(self) -> None:
        rules = make.compiled(DRUG)
        for start, said in (("2026-11-23", [NOT_BEGUN]), ("2026-11-01", [])):
            line = {"id": "m1", "text": "alvorin", "started_on": start}
            assert check(rules, make.profile(line, as_of="2026-11-22"))["medications"][0]["problems"] == said

    @pytest.mark.parametrize("given", [{}, {"started_on": "2026-11-01"}])
    def test_unknown(self, given: Given) -> None:
        question = {} if given else {"as_of": "2026-11-22"}
        report = ask({}, given, when={"duration_days": {"at_least": "5"}}, **question)
        assert answer(report) == ("may_apply", ["medications.m1.started_on"])


class TestDurationTogether:
    """Several medications are taken as long as the one taken longest, in days as in months."""

    @pytest.mark.parametrize("key", ["duration_days", "duration_months"])
    @pytest.mark.parametrize(
        ("starts", "bounds", "expected"),
        [
            (("2026-11-21", "2026-05-22"), {"at_least": "6"}, ("applies", [])),
            (("2026-11-21", "2026-11-20"), {"at_least": "6"}, ("does_not_apply", [])),
            (("2026-11-21", None), {"at_least": "6"}, ("may_apply", ["medications.m2.started_on"])),
            (("2026-05-22", None), {"at_least": "6"}, ("applies", [])),
            (("2026-05-22", None), {"below": "6"}, ("does_not_apply", [])),
            (("2026-11-21", None), {"below": "6"}, ("may_apply", ["medications.m2.started_on"])),
            (("2026-11-21", "2027-01-01"), {"below": "6"}, ("applies", [])),
            ((None, None), {"at_least": "6"}, ("may_apply", [f"medications.m{n}.started_on" for n in (1, 2)])),
        ],
    )
    def test_longest(
        self, starts: tuple[str | None, ...], bounds: dict[str, str], expected: tuple[str, list[str]], key: str
    ) -> None:
        rule = make.interaction(
            "rule", scope="list", precipitant={"substances": ["alvorin", "betarine"]}, when={key: bounds}
        )
        lines = [
            make.medication(f"m{number}", name, **({"started_on": start} if start else {}))
            for number, name, start in zip((1, 2), ("alvorin", "betarine"), starts, strict=True)
        ]
        rules = make.compiled(DRUG, make.substance("betarine"), rule)
        assert answer(check(rules, make.profile(*lines, as_of="2026-11-22"))) == expected


class TestDailyDose:
    """Milligrams a day of the rule's own medication."""

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({"dose": {"value": "40", "unit": "mg"}, "times_per_day": 2}, "applies"),
            ({"dose": {"value": "40", "unit": "mg"}, "times": ["08:00", "20:00"]}, "applies"),
            ({"dose": {"value": "0.08", "unit": "g"}, "times_per_day": 1}, "applies"),
            ({"dose": {"value": "79.999999999", "unit": "mg"}, "times_per_day": 1}, "does_not_apply"),
            ({"text": "alvorin 40 mg BID"}, "applies"),
            ({"text": "alvorin 40 mg daily"}, "does_not_apply"),
            ({"text": "alvorin 40 mg", "times_per_day": 2}, "applies"),
            ({"text": "alvorin 80 mg BID", "dose": {"value": "10", "unit": "mg"}}, "does_not_apply"),
            ({"text": "alvorin 40 mg/mL BID"}, "may_apply"),
            ({"text": "alvorin 40 mmol BID"}, "may_apply"),
            ({"text": "alvorin BID"}, "may_apply"),
            ({"text": "alvorin 1,000 mg BID"}, "may_apply"),
            ({"text": "alvorin 80 mg BID", "dose": {"value": "1", "unit": "tablet"}}, "applies"),
            ({"text": "alvorin 20 mg 2 tabs BID"}, "applies"),
            ({"text": "alvorin 20 mg 2 tabs daily"}, "does_not_apply"),
            ({"text": "alvorin 30 mg 1-0-2"}, "applies"),  # 90 mg over the day
            ({"text": "alvorin 20 mg 1-0-2"}, "does_not_apply"),
            ({"text": "alvorin 80 mg/5 mL 5 mL daily"}, "applies"),
            ({"text": "alvorin 80 mg/5 mL 2.5 mL daily"}, "does_not_apply"),
            ({"text": "alvorin 80 mg/5 mL", "dose": {"value": "5", "unit": "mL"}, "times_per_day": 1}, "applies"),
            ({"text": "alvorin 80 mg/day"}, "applies"),
            ({"text": "alvorin 40 mg/day"}, "does_not_apply"),
            ({"text": "alvorin 40 mg 1-2 tabs BID"}, "may_apply"),
            ({"text": "alvorin 40 mg tablets 80 mg daily"}, "may_apply"),
            ({"dose": {"value": "40", "unit": "mmol"}, "times_per_day": 2}, "may_apply"),
        ],
    )
    def test_at_least_80(self, given: Given, expected: str) -> None:
        report = ask({}, given, when={"daily_dose_mg": {"at_least": "80"}})
        assert answer(report)[0] == expected
        assert answer(report)[1] == (["medications.m1.dose"] if expected == "may_apply" else [])

    @pytest.mark.parametrize(
        "given",
        [
            {"text": "alvorin 40 mg"},
            {"text": "alvorin 40 mg 2 tablets weekly"},
            {"text": "alvorin", "dose": {"value": "40", "unit": "mg"}},
            {"text": "alvorin 40 mg", "dose": {"value": "2", "unit": "tablets"}},
        ],
    )
    def test_where_only_the_frequency_is_missing_it_is_asked_for(self, given: Given) -> None:
        report = ask({}, given, when={"daily_dose_mg": {"at_least": "80"}})
        assert answer(report) == ("may_apply", ["medications.m1.times_per_day"])

    def test_a_mass_beside_other_ingredients_is_no_dose_of_one(self) -> None:
        given = {"text": "betarine / alvorin", "dose": {"value": "80", "unit": "mg"}, "times_per_day": 1}
        report = ask({}, given, make.substance("betarine"), when={"daily_dose_mg": {"at_least": "80"}})
        assert answer(report) == ("may_apply", ["medications.m1.dose"])

    def test_strength_of_the_right_ingredient(self) -> None:
        other = make.substance("betarine")
        report = ask(
            {}, {"text": "betarine 500 mg / alvorin 40 mg BID"}, other, when={"daily_dose_mg": {"above": "80"}}
        )
        assert answer(report) == ("does_not_apply", [])
