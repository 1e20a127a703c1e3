"""House rules about cases, sources, routes, bands and members; and how faults are told."""

from __future__ import annotations

from typing import Any

import pytest

from rules.lint import RULES, lint
from rules.load import Knowledge
from rules.terms import CaseKind
from tests import factories as make
from tests.unit.rules.lint.small import ALL_CASES, BASE, HEARSAY, WHEN, assessed_all, case, faults, rule


def test_clean() -> None:
    assert faults(rule(when=WHEN), make.reference_range()) == []


def test_faults_that_keep_it_from_compiling_come_alone() -> None:
    found = faults(rule(affected=make.party("nope"), evidence=HEARSAY), cases=())
    assert found == [("interactions/rule", "/affected/classes/0", "unknown-reference")]


def test_every_rule_says_what_it_protects_and_is_counted_once() -> None:
    assert all(one.__doc__ for one in RULES)
    assert len(set(RULES)) == len(RULES)


def test_places_and_order() -> None:
    rule_set = make.rule_set(make.attribution(), *BASE, rule(evidence=HEARSAY, title="It must never be"))
    places = {("interactions", "rule"): ("interactions/rule.yaml", 3)}
    found = lint(Knowledge(assessed_all(rule_set), places))
    assert [(problem.file, problem.line, problem.code) for problem in found] == [
        ("interactions/rule.yaml", 3, "no-case"),
        ("interactions/rule.yaml", 3, "no-case"),
        ("interactions/rule.yaml", 3, "unverified-above-minor"),
        ("interactions/rule.yaml", 3, "wording"),
    ]


class TestUnverified:
    """An unverified claim never rises above minor."""

    def test_rule(self) -> None:
        assert faults(rule(evidence=HEARSAY)) == [("interactions/rule", "/severity", "unverified-above-minor")]
        assert faults(rule(evidence=HEARSAY, severity="minor")) == []

    def test_one_better_source_is_enough(self) -> None:
        assert faults(rule(evidence=make.evidence("hearsay", "label"))) == []

    def test_variant(self) -> None:
        variant = make.variant("alvorin", evidence=HEARSAY)
        assert faults(rule(variants=[variant])) == [("interactions/rule", "/variants/0", "unverified-above-minor")]
        assert faults(rule(variants=[{**variant, "severity": "minor"}])) == []
        assert faults(rule(severity="minor", variants=[variant])) == []
        major = {**variant, "severity": "major"}
        assert faults(rule(severity="minor", variants=[major])) == [
            ("interactions/rule", "/variants/0", "unverified-above-minor")
        ]

    def test_factor(self) -> None:
        factor = make.factor("old", "major", WHEN, citations=make.references("hearsay"))
        assert faults(rule(factors=[factor])) == [("interactions/rule", "/factors/0", "unverified-above-minor")]
        assert faults(rule(factors=[{**factor, "severity": "minor"}])) == []

    def test_withdrawn_rule_is_left_alone(self) -> None:
        assert faults(rule(evidence=HEARSAY, status="withdrawn")) == []


class TestCases:
    """Every interaction fires once, stays quiet once and, where it reads facts, lacks one once."""

    def test_none_at_all(self) -> None:
        assert faults(rule(), cases=()) == [("interactions/rule", "", "no-case")] * 2

    @pytest.mark.parametrize("given", [{"when": WHEN}, {"factors": [make.factor("old", "major", WHEN)]}])
    def test_rule_that_reads_facts(self, given: dict[str, Any]) -> None:
        assert faults(rule(**given), cases=ALL_CASES[:2]) == [("interactions/rule", "", "no-case")]
        assert faults(rule(**given)) == []

    def test_rule_that_reads_none(self) -> None:
        assert faults(rule(), cases=ALL_CASES[:2]) == []

    @pytest.mark.parametrize(
        ("own", "needed"),
        [(True, 0), (False, 1)],
        ids=["in the same product", "anywhere on the list"],
    )
    def test_what_a_product_holds_is_no_fact_to_lack(self, own: bool, needed: int) -> None:  # noqa: FBT001 - parametrized
        beside = {"co_medication": {"substances": ["alvorin"], **({"same_product": True} if own else {})}}
        found = faults(rule(when={"any": [beside, {"not": beside}]}), cases=ALL_CASES[:2])
        assert [code for _, _, code in found if code == "no-case"] == ["no-case"] * needed

    def test_withdrawn_case_does_not_count(self) -> None:
        gone = case("quiet", status="withdrawn")
        assert faults(rule(), cases=(ALL_CASES[0], gone)) == [("interactions/rule", "", "no-case")]

    def test_withdrawn_rule_needs_none(self) -> None:
        assert faults(rule(status="withdrawn"), cases=()) == []

    def test_case_of_another_rule_does_not_count(self) -> None:
        other = make.interaction("other", affected=make.party("class-a"))
        found = faults(rule(), other, cases=ALL_CASES)
        assert found == [("interactions/other", "", "no-case")] * 2

    @pytest.mark.parametrize("kind", ["fires", "missing_fact"])
    def test_case_that_does_not_expect_its_rule(self, kind: str) -> None:
        cases = (*(one for one in ALL_CASES if one.kind != kind), case(kind, expect={"absent": ["rule"]}))
        expected = [(f"cases/rule-{kind.replace('_', '-')}", "/expect/findings", "case-silent")]
        assert faults(rule(when=WHEN), cases=cases) == expected

    @pytest.mark.parametrize(
        ("expect", "silent"),
        [
            ({"absent": ["rule"]}, False),
            ({"no_other_findings": True}, False),
            ({"findings": [{"interaction": "rule", "severity": "minor"}]}, False),  # says how quiet it is
            ({"status": "complete"}, True),
        ],
    )
    def test_quiet_case_says_what_is_quiet(self, expect: dict[str, Any], *, silent: bool) -> None:
        cases = (ALL_CASES[0], case("quiet", expect=expect))
        expected = [("cases/rule-quiet", "/expect/absent", "case-silent")] if silent else []
        assert faults(rule(), cases=cases) == expected

    def test_withdrawn_case_and_whole_list_say_nothing_of_a_rule(self) -> None:
        whole = case("fires").model_copy(update={"id": "whole", "interaction": None, "kind": CaseKind.WHOLE_LIST})
        gone = case("quiet", status="withdrawn", expect={"status": "complete"}).model_copy(update={"id": "gone"})
        rule_set = make.rule_set(make.attribution(), *BASE, rule()).model_copy(
            update={"cases": (*ALL_CASES, whole, gone)}
        )
        assert lint(Knowledge(assessed_all(rule_set), {})) == []


class TestRoutes:
    """What happens in the gut names the routes of both sides."""

    @pytest.mark.parametrize(
        ("affected", "precipitant", "pointers"),
        [
            ([], [], ["/affected", "/precipitant"]),
            (["oral"], [], ["/precipitant"]),
            ([], ["oral"], ["/affected"]),
            (["oral"], ["oral"], []),
        ],
    )
    def test_both_sides(self, affected: list[str], precipitant: list[str], pointers: list[str]) -> None:
        record = rule(
            direction="magnesium_alters_drug",
            affected=make.party("class-a", routes=affected),
            precipitant={"substances": ["betarine"], "routes": precipitant},
        )
        assert faults(record) == [("interactions/rule", pointer, "no-route") for pointer in pointers]

    def test_one_side_only(self) -> None:
        record = rule(direction="magnesium_alters_drug")
        assert faults(record) == [("interactions/rule", "/affected", "no-route")]

    def test_other_directions_are_free(self) -> None:
        assert faults(rule(precipitant={"substances": ["betarine"]})) == []


class TestBands:
    """The bands of a laboratory value meet: no value lies in none or in two of them."""

    @staticmethod
    def bands(*bounds: dict[str, str]) -> Any:  # noqa: ANN401
        words = {"level": "low", "meaning": "What it means.", "advice": "What may be considered."}
        return make.reference_range(
            bands=[{"name": f"band {index}", "bounds": one, **words} for index, one in enumerate(bounds)]
        )

    @pytest.mark.parametrize(
        "bounds",
        [
            [{"below": "0.5"}, {"at_least": "0.5", "below": "0.7"}, {"at_least": "0.7"}],
            [{"at_most": "0.5"}, {"above": "0.5"}],
            [{"below": "0.50"}, {"at_least": "0.5"}],
            [{"below": "0.5"}],
        ],
    )
    def test_they_meet(self, bounds: list[dict[str, str]]) -> None:
        assert faults(self.bands(*bounds)) == []

    @pytest.mark.parametrize(
        "bounds",
        [
            [{"below": "0.5"}, {"above": "0.5"}],  # 0.5 itself is in none
            [{"at_most": "0.5"}, {"at_least": "0.5"}],  # 0.5 itself is in both
            [{"below": "0.5"}, {"at_least": "0.6"}],
            [{"below": "0.6"}, {"at_least": "0.5"}],
            [{"at_least": "0.5"}, {"below": "0.5"}],  # from highest to lowest
            [{"below": "0.5"}, {"below": "0.7"}],
        ],
    )
    def test_they_do_not(self, bounds: list[dict[str, str]]) -> None:
        assert faults(self.bands(*bounds)) == [
            ("reference_ranges/serum-magnesium", "/bands/1/bounds", "band-gap"),
        ]


class TestCitations:
    """One source is one record."""

    @pytest.mark.parametrize(
        ("key", "value", "again"),
        [
            ("pmid", "2729931", "2729931"),
            ("doi", "10.1000/ABC", "10.1000/abc"),
            ("pmcid", "PMC1", "PMC1"),
            ("dailymed_set_id", "888dc7f9-ad9c-4c00-8d50-8ddfd9bd27c0", "888dc7f9-ad9c-4c00-8d50-8ddfd9bd27c0"),
        ],
    )
    def test_same_source(self, key: str, value: str, again: str) -> None:
        records = (make.citation("one", **{key: value}), make.citation("two", **{key: again}))
        assert faults(*records) == [("citations/two", f"/{key}", "same-source")]

    def test_different_sources(self) -> None:
        assert faults(make.citation("one", pmid="1"), make.citation("two", pmid="2")) == []

    def test_two_addresses_may_be_the_same(self) -> None:
        """A regulator's page can hold several statements that are read at different times."""
        assert faults(make.citation("one", url="https://a.org"), make.citation("two", url="https://a.org")) == []


class TestUnused:
    """What can never matter is a slip."""

    def test_variant_outside_of_the_party(self) -> None:
        assert faults(rule(variants=[make.variant("alvorin", "betarine")])) == [
            ("interactions/rule", "/variants/0/substances", "variant-outside")
        ]

    @pytest.mark.parametrize(
        "party",
        [
            {"substances": ["betarine"]},
            {"classes": ["class-a"], "substances": ["betarine"]},
        ],
    )
    def test_variant_of_a_substance_that_is_named(self, party: dict[str, Any]) -> None:
        assert faults(rule(affected=party, variants=[make.variant("betarine")])) == []

    def test_variant_of_an_exception(self) -> None:
        party = make.party("class-a", except_substances=["alvorin"])
        assert faults(rule(affected=party, variants=[make.variant("alvorin")])) == [
            ("interactions/rule", "/variants/0/substances", "variant-outside")
        ]

    def test_rule_without_an_affected_party(self) -> None:
        assert faults(make.interaction("rule", precipitant=make.party("class-a"))) == []

    def test_class_without_members(self) -> None:
        assert faults(make.medication_class("empty", atc=["V03"])) == [("classes/empty", "/members", "empty-class")]
        assert faults(make.medication_class("empty", atc=["V03"], status="withdrawn")) == []


class TestRoutesOfMembers:
    """A party asks for a route that one of its members has."""

    def test_route_of_nobody(self) -> None:
        assert faults(rule(affected=make.party("class-a", routes=["intravenous"]))) == [
            ("interactions/rule", "/affected/routes", "route-of-nobody")
        ]

    def test_on_the_other_side(self) -> None:
        precipitant = {"substances": ["betarine"], "routes": ["nasal", "otic"]}
        assert faults(rule(precipitant=precipitant)) == [
            ("interactions/rule", "/precipitant/routes", "route-of-nobody")
        ]

    def test_one_member_is_enough(self) -> None:
        vein = make.substance("cordimax", routes=["intravenous"])
        party = {"classes": ["class-a"], "substances": ["cordimax"], "routes": ["intravenous"]}
        assert faults(vein, rule(affected=party)) == []


class TestWithdrawn:
    """Nothing recognises a withdrawn record."""

    GONE = (
        make.medication_class("gone", "alvorin", status="withdrawn"),
        make.condition("gone", status="withdrawn"),
        make.substance("gone", status="withdrawn"),
    )

    @pytest.mark.parametrize(
        ("given", "pointer"),
        [
            ({"affected": make.party("class-a", "gone")}, "/affected/classes/1"),
            ({"affected": {"classes": ["class-a"], "substances": ["gone"]}}, "/affected/substances/0"),
            ({"precipitant": {"substances": ["betarine", "gone"]}}, "/precipitant/substances/1"),
            ({"conditions": ["gone"]}, "/conditions/0"),
        ],
    )
    def test_rule_that_waits_for_it(self, given: dict[str, Any], pointer: str) -> None:
        assert faults(*self.GONE, rule(**given)) == [("interactions/rule", pointer, "withdrawn-reference")]

    def test_nobody_waits(self) -> None:
        assert faults(*self.GONE, rule()) == []
        assert faults(*self.GONE, rule(conditions=["gone"], status="withdrawn")) == []


class TestNever:
    """A test that contradicts itself; what counts as a contradiction stands in test_logic."""

    NEVER: dict[str, Any] = {"all": [{"egfr": {"below": 30}}, {"egfr": {"above": 60}}]}  # noqa: RUF012

    def test_rule(self) -> None:
        assert faults(rule(when=self.NEVER)) == [("interactions/rule", "/when", "never-true")]

    def test_a_rule_that_never_applies_is_told_once(self) -> None:
        record = rule(when=self.NEVER, factors=[make.factor("old", "major", WHEN)])
        assert faults(record) == [("interactions/rule", "/when", "never-true")]

    def test_rule_with_its_conditions(self) -> None:
        found = faults(make.condition("gout"), rule(conditions=["gout"], when={"not": {"conditions": ["gout"]}}))
        assert found == [("interactions/rule", "/when", "never-true")]

    def test_factor_on_its_own_or_where_its_rule_applies(self) -> None:
        factor = make.factor("old", "major", {"egfr": {"above": 60}})
        assert faults(rule(factors=[make.factor("old", "major", self.NEVER)])) == [
            ("interactions/rule", "/factors/0/when", "never-true")
        ]
        assert faults(rule(when={"egfr": {"below": 30}}, factors=[factor])) == [
            ("interactions/rule", "/factors/0/when", "never-true")
        ]
        assert faults(rule(when={"egfr": {"above": 30}}, factors=[factor])) == []

    def test_population(self) -> None:
        assert faults(make.condition("nobody", present_when=self.NEVER)) == [
            ("conditions/nobody", "/present_when", "never-true")
        ]
        assert faults(make.condition("old", present_when={"age_years": {"at_least": 65}})) == []
