"""The engine: single drugs, pairs, lists and conditions; severity moves for a shown reason only; words promise nothing.

The records are made up; what is clinically right is tested over the packaged knowledge in test_knowledge.py.
"""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any

import pytest

from rules import CompiledRuleSet, check
from rules.report import CheckReport, Finding
from tests import factories as make

RECORDS = (
    make.substance("alvorin"),
    make.substance("betarine"),
    make.substance("cordimax", routes=["oral", "intravenous"]),
    make.substance("dulvane", routes=["oral", "intravenous"]),
    make.substance("epsalt", routes=["oral", "intravenous"]),
    make.substance("magnite"),
    make.substance("zzz-plain", name="plainol"),
    make.product("duplex", "alvorin", "magnite"),
    make.medication_class("drugs", "alvorin", "betarine", "cordimax", name="Drugs"),
    make.medication_class("salts", "magnite", "epsalt", name="Salts"),
    make.condition("gout"),
    make.condition("thirst"),
    make.condition("old", present_when={"age_years": {"at_least": "65"}}),
    make.condition("young", present_when={"age_years": {"below": "2"}}),
    make.symptom("cramps"),
)
AT_LEAST_65: dict[str, Any] = {"age_years": {"at_least": "65"}}
LOW_EGFR: dict[str, Any] = {"egfr": {"below": "30"}}
VERY_LOW_EGFR: dict[str, Any] = {"egfr": {"below": "15"}}


def world(*rules: dict[str, Any]) -> CompiledRuleSet:
    """The records with interactions; the first is called rule."""
    names = ["rule", *(f"rule-{index}" for index in range(2, 10))]
    records = [make.interaction(name, **rule) for name, rule in zip(names, rules, strict=False)]
    return make.compiled(*RECORDS, *records)


def lines(*texts: str) -> list[dict[str, Any]]:
    """Lines m1, m2, ... by text."""
    return [make.medication(f"m{index}", text) for index, text in enumerate(texts, start=1)]


def findings(rule: dict[str, Any], *items: str | dict[str, Any], **facts: Any) -> list[Finding]:  # noqa: ANN401
    """The findings of one rule on a list."""
    given = [
        make.medication(f"m{index}", item) if isinstance(item, str) else item
        for index, item in enumerate(items, start=1)
    ]
    return check(world(rule), make.profile(*given, **facts))["findings"]


def one(rule: dict[str, Any], *items: str | dict[str, Any], **facts: Any) -> Finding:  # noqa: ANN401
    """The only finding of one rule on a list."""
    found = findings(rule, *items, **facts)
    assert len(found) == 1
    return found[0]


def affected(found: Finding) -> str:
    """The substance acted on."""
    assert found["affected"] is not None
    return found["affected"]["id"]


def egfr(value: str) -> dict[str, Any]:
    """A patient of whom the kidney function is known."""
    return {"egfr": {"value": value, "unit": "mL/min/1.73m2"}}


class TestSingle:
    """A rule about one medication."""

    def test_affected(self) -> None:
        found = one({"affected": make.party("drugs")}, "alvorin", "magnite")
        assert found["medication_ids"] == ["m1"]
        assert found["affected"] == {"id": "alvorin", "name": "alvorin"}
        assert found["precipitants"] == []
        assert found["applicability"] == "applies"
        assert found["why"] == [{"test": "affected", "outcome": "applies", "detail": "m1: alvorin (Drugs)"}]

    def test_precipitant(self) -> None:
        found = one({"precipitant": make.party("drugs")}, "alvorin")
        assert found["affected"] is None
        assert found["precipitants"] == [{"id": "alvorin", "name": "alvorin"}]
        assert found["why"][0]["test"] == "precipitant"

    def test_each_substance_has_its_own_finding(self) -> None:
        found = findings({"affected": make.party("drugs")}, "alvorin", "betarine")
        assert [affected(one_of) for one_of in found] == ["alvorin", "betarine"]

    def test_two_lines_of_one_substance_come_together(self) -> None:
        found = one({"affected": make.party("drugs")}, "alvorin 40 mg", "alvorin 20 mg")
        assert found["medication_ids"] == ["m1", "m2"]
        assert [reason["detail"] for reason in found["why"]] == ["m1: alvorin (Drugs)", "m2: alvorin (Drugs)"]

    def test_two_lines_that_are_given_differently_stay_apart(self) -> None:
        rule = {"affected": make.party("drugs", routes=["oral"])}
        found = findings(rule, make.medication("m1", "cordimax", route="oral"), "cordimax")
        assert [(one_of["medication_ids"], one_of["applicability"]) for one_of in found] == [
            (["m1"], "applies"),
            (["m2"], "may_apply"),
        ]

    def test_two_lines_judged_differently_stay_apart(self) -> None:
        """One is taken long enough, of the other nobody knows."""
        rule = {"affected": make.party("drugs"), "when": {"duration_months": {"at_least": "3"}}}
        long = make.medication("m1", "alvorin", started_on="2026-01-01")
        found = findings(rule, long, "alvorin", as_of="2026-11-22")
        assert [(one_of["medication_ids"], one_of["applicability"], one_of["missing_facts"]) for one_of in found] == [
            (["m1"], "applies", []),
            (["m2"], "may_apply", ["medications.m2.started_on"]),
        ]

    def test_two_lines_with_the_same_open_question_name_both_facts(self) -> None:
        rule = {"affected": make.party("drugs"), "when": {"duration_months": {"at_least": "3"}}}
        found = one(rule, "alvorin", "alvorin")
        assert found["missing_facts"] == ["medications.m1.started_on", "medications.m2.started_on"]

    def test_two_lines_with_the_same_open_factor_name_both_facts(self) -> None:
        factor = make.factor("long", "major", {"duration_months": {"at_least": "3"}})
        found = one({"affected": make.party("drugs"), "factors": [factor]}, "alvorin", "alvorin")
        assert found["missing_facts"] == ["medications.m1.started_on", "medications.m2.started_on"]
        assert found["open_factors"][0]["missing_facts"] == found["missing_facts"]
        assert found["severity_ceiling"] == "major"

    def test_all_that_act_come_together(self) -> None:
        """An antacid of three magnesium salts, or two products, and the kidney: one advice."""
        rule = {"precipitant": {"classes": ["drugs", "salts"]}}
        found = one(rule, "duplex", "magnite")
        assert [substance["id"] for substance in found["precipitants"]] == ["alvorin", "magnite"]
        assert found["medication_ids"] == ["m1", "m2"]
        assert [reason["detail"].partition(";")[0] for reason in found["why"]] == [
            "m1: alvorin (Drugs)",
            "m1: magnite (Salts)",
            "m2: magnite (Salts)",
        ]

    def test_each_that_is_acted_on_stands_apart(self) -> None:
        found = findings({"affected": {"classes": ["drugs", "salts"]}}, "duplex")
        assert [one_of["affected"] and one_of["affected"]["id"] for one_of in found] == ["alvorin", "magnite"]

    def test_another_verdict_stands_apart(self) -> None:
        rule = {"precipitant": make.party("salts"), "when": {"duration_months": {"at_least": "3"}}}
        lines = (
            make.medication("m1", "magnite", started_on="2020-01-01"),
            make.medication("m2", "magnite"),
        )
        found = findings(rule, *lines, as_of="2026-11-22")
        assert [(one_of["medication_ids"], one_of["applicability"]) for one_of in found] == [
            (["m1"], "applies"),
            (["m2"], "may_apply"),
        ]

    def test_empty_list(self) -> None:
        assert findings({"affected": make.party("drugs")}) == []


class TestPair:
    """A rule about two different medications."""

    RULE: dict[str, Any] = {"affected": make.party("drugs"), "precipitant": make.party("salts")}  # noqa: RUF012

    def test_both_on_the_list(self) -> None:
        found = one(self.RULE, "alvorin", "magnite", "plainol")
        assert found["medication_ids"] == ["m1", "m2"]
        assert found["affected"] == {"id": "alvorin", "name": "alvorin"}
        assert found["precipitants"] == [{"id": "magnite", "name": "magnite"}]
        assert [(reason["test"], reason["detail"]) for reason in found["why"]] == [
            ("affected", "m1: alvorin (Drugs)"),
            ("precipitant", "m2: magnite (Salts)"),
        ]

    @pytest.mark.parametrize("items", [("alvorin",), ("magnite",), ("alvorin", "betarine"), ("magnite", "epsalt"), ()])
    def test_one_side_alone_is_quiet(self, items: tuple[str, ...]) -> None:
        assert findings(self.RULE, *items) == []

    def test_partners_of_one_affected_substance_come_together(self) -> None:
        found = one(self.RULE, "magnite", "alvorin", "epsalt")
        assert found["medication_ids"] == ["m1", "m2", "m3"]
        assert [partner["id"] for partner in found["precipitants"]] == ["epsalt", "magnite"]
        assert [reason["detail"] for reason in found["why"]] == [
            "m2: alvorin (Drugs)",
            "m1: magnite (Salts)",
            "m3: epsalt (Salts)",
        ]

    def test_two_affected_substances_have_two_findings(self) -> None:
        found = findings(self.RULE, "alvorin", "betarine", "magnite")
        assert [one_of["medication_ids"] for one_of in found] == [["m1", "m3"], ["m2", "m3"]]

    def test_ingredients_of_one_product_are_no_pair(self) -> None:
        """A fixed combination is made to be taken together."""
        assert findings(self.RULE, "duplex") == []

    def test_product_meets_another_line(self) -> None:
        found = findings(self.RULE, "duplex", "betarine")
        assert [affected(one_of) for one_of in found] == ["betarine"]
        assert found[0]["medication_ids"] == ["m1", "m2"]

    def test_one_substance_on_both_sides_is_no_pair_with_itself(self) -> None:
        rule = {"affected": make.party("drugs"), "precipitant": make.party("drugs")}
        assert findings(rule, "alvorin", "alvorin") == []
        found = findings(rule, "alvorin", "betarine")
        assert [(affected(one_of), one_of["precipitants"][0]["id"]) for one_of in found] == [
            ("alvorin", "betarine"),
            ("betarine", "alvorin"),
        ]

    @pytest.mark.parametrize(
        ("route", "partner_route", "expected"),
        [
            ("oral", "oral", ("applies", [])),
            ("intravenous", "oral", None),
            ("oral", "intravenous", None),
            (None, "oral", ("may_apply", ["medications.m1.route"])),
            ("oral", None, ("may_apply", ["medications.m2.route"])),
            (None, None, ("may_apply", ["medications.m1.route", "medications.m2.route"])),
        ],
    )
    def test_both_meet_in_the_gut_only(
        self, route: str | None, partner_route: str | None, expected: tuple[str, list[str]] | None
    ) -> None:
        rule = {"affected": make.party("drugs", routes=["oral"]), "precipitant": make.party("salts", routes=["oral"])}
        given = [
            make.medication("m1", "cordimax", **({"route": route} if route else {})),
            make.medication("m2", "epsalt", **({"route": partner_route} if partner_route else {})),
        ]
        found = findings(rule, *given)
        assert [(one_of["applicability"], one_of["missing_facts"]) for one_of in found] == (
            [expected] if expected else []
        )

    def test_sure_and_open_partners_stay_apart(self) -> None:
        """The sure finding may not be softened by a partner of which the route is unknown."""
        rule = {"affected": make.party("drugs"), "precipitant": make.party("salts", routes=["oral"])}
        found = findings(rule, "alvorin", "magnite", "epsalt")
        assert [(one_of["medication_ids"], one_of["applicability"]) for one_of in found] == [
            (["m1", "m2"], "applies"),
            (["m1", "m3"], "may_apply"),
        ]

    def test_own_medication_of_the_expression_is_the_affected_one(self) -> None:
        rule = {**self.RULE, "when": {"duration_months": {"at_least": "3"}}}
        long = {"started_on": "2026-01-01"}
        affected = make.medication("m1", "alvorin", **long)
        partner = make.medication("m2", "magnite", **long)
        assert one(rule, affected, "magnite", as_of="2026-11-22")["applicability"] == "applies"
        found = one(rule, "alvorin", partner, as_of="2026-11-22")
        assert found["missing_facts"] == ["medications.m1.started_on"]

    def test_own_substance_does_not_count_as_co_medication(self) -> None:
        rule = {**self.RULE, "when": {"co_medication": {"classes": ["drugs"]}}}
        assert findings(rule, "alvorin", "magnite") == []
        assert len(findings(rule, "alvorin", "betarine", "magnite")) == 2


class TestList:
    """A rule about all matching medications together."""

    RULE: dict[str, Any] = {"precipitant": make.party("salts"), "scope": "list"}  # noqa: RUF012

    def test_one_finding_for_all(self) -> None:
        found = one(self.RULE, "magnite", "alvorin", "epsalt", "magnite")
        assert found["medication_ids"] == ["m1", "m3", "m4"]
        assert [partner["id"] for partner in found["precipitants"]] == ["epsalt", "magnite"]

    def test_nobody_matches(self) -> None:
        assert findings(self.RULE, "alvorin") == []

    def test_sure_member_is_enough(self) -> None:
        rule = {"precipitant": make.party("salts", routes=["oral"]), "scope": "list"}
        found = one(rule, "magnite", "epsalt")
        assert found["applicability"] == "applies"
        assert found["missing_facts"] == ["medications.m2.route"]

    def test_only_open_members(self) -> None:
        rule = {"precipitant": make.party("salts", routes=["oral"]), "scope": "list"}
        found = one(rule, "epsalt")
        assert (found["applicability"], found["missing_facts"]) == ("may_apply", ["medications.m1.route"])

    def test_member_by_another_route_is_left_out(self) -> None:
        rule = {"precipitant": make.party("salts", routes=["oral"]), "scope": "list"}
        found = one(rule, make.medication("m1", "epsalt", route="intravenous"), "magnite")
        assert found["medication_ids"] == ["m2"]

    def test_it_asks_once(self) -> None:
        assert findings({**self.RULE, "when": AT_LEAST_65}, "magnite", "epsalt", patient={"age_years": 64}) == []
        found = one({**self.RULE, "when": AT_LEAST_65}, "magnite", "epsalt")
        assert found["missing_facts"] == ["patient.age_years"]

    def test_duration_is_that_of_the_one_taken_longest(self) -> None:
        rule = {**self.RULE, "when": {"duration_months": {"at_least": "3"}}}
        short = make.medication("m1", "magnite", started_on="2026-11-01")
        long = make.medication("m2", "epsalt", started_on="2026-01-01")
        assert one(rule, short, long, as_of="2026-11-22")["applicability"] == "applies"
        assert findings(rule, short, as_of="2026-11-22") == []

    def test_unknown_start_may_be_longer_than_the_known_ones(self) -> None:
        rule = {**self.RULE, "when": {"duration_months": {"at_least": "3"}}}
        short = make.medication("m1", "magnite", started_on="2026-11-01")
        found = one(rule, short, "epsalt", as_of="2026-11-22")
        assert (found["applicability"], found["missing_facts"]) == ("may_apply", ["medications.m2.started_on"])
        found = one(rule, "magnite", "epsalt", as_of="2026-11-22")
        assert found["missing_facts"] == ["medications.m1.started_on", "medications.m2.started_on"]

    def test_unknown_start_does_not_hide_a_long_known_one(self) -> None:
        rule = {**self.RULE, "when": {"duration_months": {"at_least": "3"}}}
        long = make.medication("m1", "magnite", started_on="2026-01-01")
        assert one(rule, long, "epsalt", as_of="2026-11-22")["applicability"] == "applies"

    def test_several_medications_have_no_common_dose(self) -> None:
        rule = {**self.RULE, "when": {"daily_dose_mg": {"at_least": "80"}}}
        found = one(rule, "magnite 400 mg daily", "epsalt 400 mg daily")
        assert (found["applicability"], found["missing_facts"]) == ("may_apply", ["medications.dose"])

    def test_list_of_affected_medications(self) -> None:
        found = one({"affected": make.party("salts"), "scope": "list"}, "magnite", "epsalt")
        assert found["medication_ids"] == ["m1", "m2"]


class TestCondition:
    """A rule about a condition itself, and one about a medication in a condition."""

    def test_condition_alone(self) -> None:
        found = one({"conditions": ["gout", "thirst"]}, conditions=[{"text": "gout"}])
        assert found["condition_ids"] == ["gout"]
        assert found["medication_ids"] == []
        assert found["why"] == [{"test": "condition", "outcome": "applies", "detail": "condition present: gout"}]

    def test_two_conditions_of_one_rule_give_one_finding(self) -> None:
        both = [{"text": "thirst"}, {"text": "gout"}]
        assert one({"conditions": ["gout", "thirst"]}, conditions=both)["condition_ids"] == ["gout", "thirst"]

    @pytest.mark.parametrize("conditions", [None, [], [{"text": "thirst"}]])
    def test_condition_that_nobody_mentioned(self, conditions: list[dict[str, Any]] | None) -> None:
        """No alarm for what nobody mentioned, also where the list of conditions was left out."""
        facts = {} if conditions is None else {"conditions": conditions}
        assert findings({"conditions": ["gout"]}, "alvorin", **facts) == []
        assert findings({"conditions": ["gout"], "affected": make.party("drugs")}, "alvorin", **facts) == []

    def test_condition_with_a_medication(self) -> None:
        rule = {"conditions": ["gout"], "affected": make.party("drugs")}
        found = one(rule, "alvorin", conditions=[{"text": "gout"}])
        assert (found["medication_ids"], found["condition_ids"]) == (["m1"], ["gout"])
        assert findings(rule, "magnite", conditions=[{"text": "gout"}]) == []

    def test_condition_with_a_pair(self) -> None:
        rule = {"conditions": ["gout"], "affected": make.party("drugs"), "precipitant": make.party("salts")}
        assert one(rule, "alvorin", "magnite", conditions=[{"text": "gout"}])["condition_ids"] == ["gout"]
        assert findings(rule, "alvorin", "magnite", conditions=[]) == []

    def test_condition_with_a_list(self) -> None:
        rule = {"conditions": ["gout"], "precipitant": make.party("salts"), "scope": "list"}
        assert one(rule, "magnite", conditions=[{"text": "gout"}])["medication_ids"] == ["m1"]
        assert findings(rule, "magnite", conditions=[]) == []

    def test_population_that_is_open_may_apply(self) -> None:
        rule = {"conditions": ["old"], "affected": make.party("drugs")}
        found = one(rule, "alvorin", conditions=[])
        assert (found["applicability"], found["missing_facts"]) == ("may_apply", ["patient.age_years"])
        assert found["condition_ids"] == ["old"]
        assert found["why"][-1] == {
            "test": "condition",
            "outcome": "may_apply",
            "detail": "it is not known whether this is present: old",
            "missing_facts": ["patient.age_years"],
        }

    def test_two_open_populations_ask_once(self) -> None:
        rule = {"conditions": ["old", "young"], "affected": make.party("drugs")}
        found = one(rule, "alvorin")
        assert (found["condition_ids"], found["missing_facts"]) == (["old", "young"], ["patient.age_years"])

    def test_open_population_alone_is_quiet(self) -> None:
        """A rule about the population itself does not fire at everybody whose age is unknown."""
        assert findings({"conditions": ["old"]}, "alvorin") == []
        assert one({"conditions": ["old"]}, "alvorin", patient={"age_years": 65})["condition_ids"] == ["old"]

    def test_condition_and_expression(self) -> None:
        rule = {"conditions": ["gout"], "when": AT_LEAST_65}
        assert findings(rule, conditions=[{"text": "gout"}], patient={"age_years": 64}) == []
        found = one(rule, conditions=[{"text": "gout"}])
        assert (found["applicability"], found["missing_facts"]) == ("may_apply", ["patient.age_years"])


class TestExpression:
    """A missing fact keeps the finding at its severity and is named."""

    RULE: dict[str, Any] = {"affected": make.party("drugs"), "severity": "major", "when": LOW_EGFR}  # noqa: RUF012

    def test_true(self) -> None:
        found = one(self.RULE, "alvorin", patient=egfr("29"))
        assert (found["applicability"], found["severity"], found["missing_facts"]) == ("applies", "major", [])
        assert found["why"][-1]["test"] == "when"
        assert found["why"][-1]["outcome"] == "applies"

    def test_missing(self) -> None:
        found = one(self.RULE, "alvorin")
        assert (found["applicability"], found["severity"]) == ("may_apply", "major")
        assert found["missing_facts"] == ["patient.egfr"]
        assert found["why"][-1]["missing_facts"] == ["patient.egfr"]

    def test_false(self) -> None:
        assert findings(self.RULE, "alvorin", patient=egfr("30")) == []

    def test_missing_facts_of_the_report(self) -> None:
        rules = (self.RULE, {"affected": make.party("drugs"), "when": {"sex": "male"}}, self.RULE)
        report = check(world(*rules), make.profile(*lines("alvorin")))
        assert report["missing_facts"] == ["patient.egfr", "patient.sex"]


class TestVariants:
    """What a record says of single substances."""

    RULE: dict[str, Any] = {  # noqa: RUF012
        "affected": make.party("drugs"),
        "variants": [make.variant("betarine", severity="major", operational_class="avoid", effect="It is worse here.")],
    }

    def test_substance_of_the_variant(self) -> None:
        found = one(self.RULE, "betarine")
        assert (found["severity"], found["operational_class"]) == ("major", "avoid")
        assert found["severity_ceiling"] == "major"
        assert found["effect"] == "It is worse here."
        assert found["why"][-1] == {
            "test": "variant",
            "outcome": "applies",
            "detail": "the record says something of its own for betarine",
        }

    def test_other_substances(self) -> None:
        found = one(self.RULE, "alvorin")
        assert (found["severity"], found["operational_class"]) == ("moderate", "monitor")
        assert [reason["test"] for reason in found["why"]] == ["affected"]

    def test_factors_start_from_the_variant(self) -> None:
        """A factor to moderate is a mitigation for the variant and nothing for the others."""
        rule = {**self.RULE, "factors": [make.factor("old", "moderate", AT_LEAST_65)]}
        assert one(rule, "betarine", patient={"age_years": 70})["severity"] == "moderate"
        assert one(rule, "betarine", patient={"age_years": 60})["severity"] == "major"
        assert one(rule, "alvorin", patient={"age_years": 70})["severity"] == "moderate"


class TestFactors:
    """Severity moves for a shown reason; what is not known never makes it milder, and says how bad it could be."""

    @staticmethod
    def rule(*factors: dict[str, Any], severity: str = "moderate") -> dict[str, Any]:
        return {"affected": make.party("drugs"), "severity": severity, "factors": list(factors)}

    RAISING = make.factor("low-egfr", "major", LOW_EGFR, operational_class="avoid", text="Kidneys are weak.")
    LOWERING = make.factor("woman", "minor", {"sex": "female"}, operational_class="no_special_precaution")

    def test_raised(self) -> None:
        found = one(self.rule(self.RAISING), "alvorin", patient=egfr("29"))
        assert (found["severity"], found["severity_ceiling"], found["operational_class"]) == ("major", "major", "avoid")
        assert found["why"][-1] == {
            "test": "factor",
            "outcome": "applies",
            "detail": "Kidneys are weak. (eGFR 29 mL/min/1.73 m2 is below 30; severity major)",
        }

    def test_not_raised(self) -> None:
        found = one(self.rule(self.RAISING), "alvorin", patient=egfr("30"))
        assert (found["severity"], found["severity_ceiling"], found["operational_class"]) == (
            "moderate",
            "moderate",
            "monitor",
        )
        assert found["missing_facts"] == []

    def test_open_factor_that_could_raise(self) -> None:
        found = one(self.rule(self.RAISING), "alvorin")
        assert (found["severity"], found["severity_ceiling"]) == ("moderate", "major")
        assert found["operational_class"] == "monitor"
        assert found["applicability"] == "applies"
        assert found["missing_facts"] == ["patient.egfr"]
        assert found["open_factors"] == [
            {
                "id": "low-egfr",
                "severity": "major",
                "text": "Kidneys are weak.",
                "missing_facts": ["patient.egfr"],
            }
        ]

    def test_lowered_is_shown(self) -> None:
        found = one(self.rule(self.LOWERING), "alvorin", patient={"sex": "female"})
        assert (found["severity"], found["severity_ceiling"]) == ("minor", "minor")
        assert found["operational_class"] == "no_special_precaution"
        assert found["why"][-1]["detail"] == "Factor woman changes the severity. (sex: female; severity minor)"

    def test_open_factor_that_could_lower_changes_nothing(self) -> None:
        """A missing fact never makes the answer milder, and nobody is asked for one that only could."""
        found = one(self.rule(self.LOWERING), "alvorin")
        assert (found["severity"], found["severity_ceiling"]) == ("moderate", "moderate")
        assert found["open_factors"] == []
        assert found["missing_facts"] == []

    def test_raising_wins_over_lowering(self) -> None:
        for factors in permutations((self.RAISING, self.LOWERING)):
            found = one(self.rule(*factors), "alvorin", patient={**egfr("29"), "sex": "female"})
            assert (found["severity"], found["operational_class"]) == ("major", "avoid")

    def test_lowered_while_an_open_factor_could_raise(self) -> None:
        """The mitigation is shown, and so is how bad it could be."""
        found = one(self.rule(self.RAISING, self.LOWERING), "alvorin", patient={"sex": "female"})
        assert (found["severity"], found["severity_ceiling"]) == ("minor", "major")
        assert found["missing_facts"] == ["patient.egfr"]

    def test_open_factor_between_the_lowered_and_the_own_severity(self) -> None:
        """Lowered to minor by one, an open factor to moderate is above what is said, and counts as open."""
        rule = self.rule(
            make.factor("woman", "minor", {"sex": "female"}),
            make.factor("low-egfr", "moderate", LOW_EGFR),
            severity="major",
        )
        found = one(rule, "alvorin", patient={"sex": "female"})
        assert (found["severity"], found["severity_ceiling"]) == ("minor", "moderate")
        assert [factor["id"] for factor in found["open_factors"]] == ["low-egfr"]
        found = one(rule, "alvorin", patient={"sex": "male"})
        assert (found["severity"], found["severity_ceiling"], found["open_factors"]) == ("major", "major", [])

    def test_highest_of_several(self) -> None:
        factors = [
            make.factor("a", "major", AT_LEAST_65, operational_class="minimize_risk"),
            make.factor("b", "contraindicated", VERY_LOW_EGFR, operational_class="avoid"),
            make.factor("c", "major", LOW_EGFR, operational_class="usually_avoid"),
        ]
        for order in permutations(factors):
            found = one(self.rule(*order), "alvorin", patient={**egfr("14"), "age_years": 70})
            assert (found["severity"], found["operational_class"]) == ("contraindicated", "avoid")

    def test_mildest_step_of_several_mitigations(self) -> None:
        """Of two mitigations the one that lowers least counts."""
        factors = [make.factor("a", "minor", {"sex": "female"}), make.factor("b", "moderate", AT_LEAST_65)]
        for order in permutations(factors):
            found = one(self.rule(*order, severity="major"), "alvorin", patient={"sex": "female", "age_years": 70})
            assert found["severity"] == "moderate"

    def test_highest_open_one_is_the_ceiling(self) -> None:
        factors = [
            make.factor("a", "major", LOW_EGFR),
            make.factor("b", "contraindicated", {"dialysis": True}),
            make.factor("c", "major", {"pregnancy": "pregnant"}),
        ]
        for order in permutations(factors):
            found = one(self.rule(*order), "alvorin")
            assert (found["severity"], found["severity_ceiling"]) == ("moderate", "contraindicated")
            assert found["missing_facts"] == ["patient.dialysis", "patient.egfr", "patient.pregnancy"]

    def test_open_factor_below_what_is_raised_already_does_not_matter(self) -> None:
        factors = [make.factor("a", "contraindicated", AT_LEAST_65), make.factor("b", "major", LOW_EGFR)]
        found = one(self.rule(*factors), "alvorin", patient={"age_years": 70})
        assert (found["severity"], found["severity_ceiling"]) == ("contraindicated", "contraindicated")
        assert found["open_factors"] == []
        assert found["missing_facts"] == []

    SAME = make.factor("same", "moderate", AT_LEAST_65, operational_class="avoid")

    def test_factor_of_the_same_severity_is_told_and_changes_nothing(self) -> None:
        found = one(self.rule(self.SAME), "alvorin", patient={"age_years": 70})
        assert (found["severity"], found["operational_class"]) == ("moderate", "monitor")
        assert [reason["test"] for reason in found["why"]] == ["affected", "factor"]

    def test_factor_of_the_same_severity_is_no_shield_against_a_mitigation(self) -> None:
        for order in permutations((self.SAME, self.LOWERING)):
            found = one(self.rule(*order), "alvorin", patient={"age_years": 70, "sex": "female"})
            assert (found["severity"], found["operational_class"]) == ("minor", "no_special_precaution")

    def test_open_factor_of_the_raised_severity_does_not_matter(self) -> None:
        """It could not be worse than what is said already."""
        factors = [make.factor("a", "major", AT_LEAST_65), make.factor("b", "major", LOW_EGFR)]
        found = one(self.rule(*factors), "alvorin", patient={"age_years": 70})
        assert (found["severity_ceiling"], found["open_factors"], found["missing_facts"]) == ("major", [], [])

    @pytest.mark.parametrize(("severity", "base"), [("major", "moderate"), ("minor", "moderate")])
    def test_of_two_equal_factors_the_first_written_gives_the_class(self, severity: str, base: str) -> None:
        factors = [
            make.factor("a", severity, AT_LEAST_65, operational_class="minimize_risk"),
            make.factor("b", severity, {"sex": "female"}, operational_class="usually_avoid"),
        ]
        patient = {"age_years": 70, "sex": "female"}
        assert (
            one(self.rule(*factors, severity=base), "alvorin", patient=patient)["operational_class"] == "minimize_risk"
        )
        backwards = self.rule(*reversed(factors), severity=base)
        assert one(backwards, "alvorin", patient=patient)["operational_class"] == "usually_avoid"

    def test_factor_without_a_class_of_its_own_keeps_the_records(self) -> None:
        found = one(self.rule(make.factor("old", "major", AT_LEAST_65)), "alvorin", patient={"age_years": 70})
        assert found["operational_class"] == "monitor"

    def test_open_expression_and_open_factor_are_both_named(self) -> None:
        rule = {**self.rule(self.RAISING), "when": {"sex": "female"}}
        found = one(rule, "alvorin")
        assert found["applicability"] == "may_apply"
        assert found["missing_facts"] == ["patient.egfr", "patient.sex"]


class TestOrderAndCounts:
    """Worst first; the counts and the highest severity follow from the findings."""

    RULES = (
        {"affected": make.party("drugs"), "severity": "minor"},
        {"affected": make.party("drugs"), "severity": "contraindicated"},
        {"affected": make.party("salts"), "severity": "major"},
        {"affected": make.party("drugs"), "severity": "major"},
    )

    def test_worst_first_then_by_name(self) -> None:
        report = check(world(*self.RULES), make.profile(*lines("alvorin", "magnite", "betarine")))
        assert [
            (found["severity"], found["interaction_id"], found["medication_ids"]) for found in report["findings"]
        ] == [
            ("contraindicated", "rule-2", ["m1"]),
            ("contraindicated", "rule-2", ["m3"]),
            ("major", "rule-3", ["m2"]),
            ("major", "rule-4", ["m1"]),
            ("major", "rule-4", ["m3"]),
            ("minor", "rule", ["m1"]),
            ("minor", "rule", ["m3"]),
        ]
        assert report["highest_severity"] == "contraindicated"
        assert report["finding_counts"] == {"contraindicated": 2, "major": 3, "moderate": 0, "minor": 2}

    def test_nothing_found(self) -> None:
        report = check(world(*self.RULES), make.profile(*lines("plainol")))
        assert report["highest_severity"] is None
        assert set(report["finding_counts"].values()) == {0}

    def test_counts_of_one_report_do_not_leak_into_the_next(self) -> None:
        compiled = world(*self.RULES)
        check(compiled, make.profile(*lines("alvorin")))
        assert sum(check(compiled, make.profile())["finding_counts"].values()) == 0

    def test_any_order_of_lines_gives_the_same_bytes(self) -> None:
        rules = (*self.RULES, {"affected": make.party("drugs"), "precipitant": make.party("salts", routes=["oral"])})
        compiled = world(*rules)
        items = [*lines("alvorin", "magnite", "betarine", "epsalt", "zzyxin")]
        texts = {
            json.dumps(check(compiled, make.profile(*order), explain=True), sort_keys=False)
            for order in permutations(items)
        }
        assert len(texts) == 1

    def test_medications_are_listed_by_their_ids(self) -> None:
        items = [make.medication(name, "alvorin") for name in ("b", "a", "C")]
        shown = check(world(), make.profile(*items))["medications"]
        assert [one_of["id"] for one_of in shown] == ["C", "a", "b"]


class TestDuplicates:
    """The same substance on more than one line is told, never merged silently."""

    def test_two_lines(self) -> None:
        report = check(
            world(), make.profile(*lines("alvorin 40 mg", "betarine", "alvorin 20 mg", "magnite", "magnite"))
        )
        assert report["duplicates"] == [
            {"substance": {"id": "alvorin", "name": "alvorin"}, "medication_ids": ["m1", "m3"]},
            {"substance": {"id": "magnite", "name": "magnite"}, "medication_ids": ["m4", "m5"]},
        ]
        assert len(report["medications"]) == 5

    def test_hidden_in_a_product(self) -> None:
        report = check(world(), make.profile(*lines("duplex", "magnite")))
        assert [one_of["substance"]["id"] for one_of in report["duplicates"]] == ["magnite"]

    def test_none(self) -> None:
        assert check(world(), make.profile(*lines("alvorin", "betarine", "zzyxin", "zzyxin")))["duplicates"] == []


class TestStatus:
    """Whether everything was checked."""

    @pytest.mark.parametrize(
        ("items", "facts", "status"),
        [
            ((), {}, "complete"),
            (("alvorin",), {}, "complete"),
            (("plainol",), {}, "complete"),
            (("alvorin", "zzyxin"), {}, "incomplete"),
            (("alvorin",), {"conditions": [{"text": "gout"}]}, "complete"),
            (("alvorin",), {"conditions": [{"text": "grumbling"}]}, "incomplete"),
            (("alvorin",), {"symptoms": ["cramps"]}, "complete"),
            (("alvorin",), {"symptoms": ["cramps", "sadness"]}, "incomplete"),
            ((), {"symptoms": ["sadness"]}, "incomplete"),
        ],
    )
    def test_status(self, items: tuple[str, ...], facts: dict[str, Any], status: str) -> None:
        assert check(world(), make.profile(*lines(*items), **facts))["status"] == status

    def test_open_facts_leave_it_complete(self) -> None:
        """Everything was understood; what is missing is named."""
        report = check(world({"affected": make.party("drugs"), "when": LOW_EGFR}), make.profile(*lines("alvorin")))
        assert report["status"] == "complete"
        assert report["missing_facts"] == ["patient.egfr"]


class TestStatement:
    """What the report says in a sentence; nothing found is never called safe."""

    @staticmethod
    def statement(*items: str, **facts: Any) -> str:  # noqa: ANN401
        return check(world({"affected": make.party("drugs")}), make.profile(*lines(*items), **facts))["statement"]

    def test_nothing_found(self) -> None:
        assert self.statement("magnite", "epsalt") == (
            "No magnesium-related finding for 2 recognised medications in this rule set. "
            "This is no statement about anything else, nor about facts that were not given."
        )

    def test_something_found(self) -> None:
        assert self.statement("alvorin", "betarine", "magnite") == (
            "2 magnesium-related findings for 3 recognised medications."
        )
        assert self.statement("alvorin") == "1 magnesium-related finding for 1 recognised medication."

    def test_empty_list(self) -> None:
        assert self.statement() == "No medication was given, so none was checked."

    @pytest.mark.parametrize("items", [("alvorin", "zzyxin"), ("magnite", "zzyxin"), ("zzyxin",)])
    def test_incomplete_comes_first(self, items: tuple[str, ...]) -> None:
        """No reader may take the number that follows for the whole truth."""
        assert self.statement(*items).startswith(
            "Incomplete: part of what was given was not recognised or does not agree, and was not fully checked. "
        )

    def test_unrecognised_medications_are_not_counted_as_checked(self) -> None:
        assert "for 2 recognised medications" in self.statement("magnite", "epsalt", "zzyxin", "zzyxin")

    def test_empty_list_with_an_unknown_condition(self) -> None:
        found = self.statement(conditions=[{"text": "grumbling"}])
        assert found.startswith("Incomplete: ")
        assert found.endswith("No medication was given, so none was checked.")

    @pytest.mark.parametrize("items", [(), ("alvorin",), ("magnite",), ("zzyxin",), ("alvorin", "zzyxin")])
    def test_never_safe(self, items: tuple[str, ...]) -> None:
        for word in ("safe", "no risk", "harmless", "no interaction"):
            assert word not in self.statement(*items).lower()


class TestReport:
    """The shape of the answer."""

    def test_keys_of_the_contract(self) -> None:
        report: CheckReport = check(world(), make.profile())
        assert set(report) == {
            "rule_set",
            "terminology",
            "as_of",
            "status",
            "statement",
            "highest_severity",
            "finding_counts",
            "medications",
            "conditions",
            "symptoms",
            "duplicates",
            "magnesium_products",
            "findings",
            "settled",
            "highest_settled_severity",
            "acknowledgements",
            "proposal",
            "missing_facts",
            "magnesium_intake",
            "deficiency_risk",
            "excess_risk",
        }

    def test_timetable_and_plan_come_when_they_are_asked_for(self) -> None:
        plain = set(check(world(), make.profile()))
        assert set(check(world(), make.profile(timetable=True))) - plain == {"timetable"}
        assert set(check(world(), make.profile(plan=True))) - plain == {"plan"}

    def test_day_is_the_callers(self) -> None:
        assert check(world(), make.profile(as_of="2026-11-22"))["as_of"] == "2026-11-22"
        assert check(world(), make.profile())["as_of"] is None

    @pytest.mark.parametrize(
        ("as_of", "overdue"), [("2028-11-22", False), ("2028-11-23", True), ("2026-11-22", False), (None, False)]
    )
    def test_a_review_is_overdue_after_its_day(self, as_of: str | None, *, overdue: bool) -> None:
        rules = world({"affected": make.party("drugs")})
        [finding] = check(rules, make.profile(*lines("alvorin"), as_of=as_of))["findings"]
        assert finding["review_due_on"] == "2028-11-22"
        assert finding["review_overdue"] is overdue

    def test_each_line_lands_in_exactly_one_state(self) -> None:
        report = check(world({"affected": make.party("drugs")}), make.profile(*lines("alvorin", "plainol", "zzyxin")))
        assert [one_of["state"] for one_of in report["medications"]] == [
            "recognised",
            "no_magnesium_relevance",
            "unrecognised",
        ]

    def test_it_can_be_written_as_json(self) -> None:
        rule = {"affected": make.party("drugs"), "when": LOW_EGFR, "factors": [TestFactors.RAISING]}
        report = check(world(rule), make.profile(*lines("alvorin", "zzyxin"), as_of="2026-11-22"), explain=True)
        assert json.loads(json.dumps(report)) == report

    def test_every_finding_cites(self) -> None:
        found = one({"affected": make.party("drugs")}, "alvorin")
        assert found["evidence"] == {
            "grade": "B",
            "verification": "primary_text",
            "citations": [
                {
                    "id": "source",
                    "title": "An article about source",
                    "address": "https://example.org/source",
                    "verification": "primary_text",
                    "supports": "the claim",
                }
            ],
        }

    def test_two_patients_do_not_mix(self) -> None:
        """What one report holds may never show in another."""
        rule = {"affected": make.party("drugs"), "factors": [TestFactors.RAISING], "when": AT_LEAST_65}
        compiled = world(rule)
        first = make.profile(*lines("alvorin"), patient={"age_years": 70, **egfr("20")})
        second = make.profile(make.medication("other", "alvorin"))
        expected = [json.dumps(check(world(rule), question)) for question in (first, second)]
        for _ in range(3):
            assert [json.dumps(check(compiled, question)) for question in (first, second)] == expected
