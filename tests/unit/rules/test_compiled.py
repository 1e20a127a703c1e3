"""A rule set made ready: who belongs to which class, which rules touch whom, and every fault at once."""

from __future__ import annotations

from typing import Any

import pytest

import rules.compiled
from rules import CompiledRuleSet, check, compile_rule_set
from rules.canonical import digest
from rules.errors import KnowledgeError
from rules.report import CheckReport
from rules.terms import Route
from tests import factories as make


def found(world: CompiledRuleSet, *texts: str) -> list[str]:
    """The interactions found for a list of names."""
    lines = [make.medication(f"m{index}", text) for index, text in enumerate(texts)]
    return [finding["interaction_id"] for finding in check(world, make.profile(*lines))["findings"]]


class TestFaults:
    """Nothing compiles that does not fit together, and the author sees all of it at once."""

    RECORDS = (
        make.substance("alvorin", salt_form="nope"),
        make.substance("betarine", synonyms=["alvorin"]),
        make.interaction("rule", affected=make.party("nope"), evidence=make.evidence("nope")),
    )

    def test_references_and_claims_together(self) -> None:
        with pytest.raises(KnowledgeError) as raised:
            make.compiled(*self.RECORDS)
        assert [(problem.file, problem.pointer, problem.code) for problem in raised.value.problems] == [
            ("interactions/rule", "/affected/classes/0", "unknown-reference"),
            ("interactions/rule", "/evidence/citations/0/citation", "unknown-reference"),
            ("substances/alvorin", "/salt_form", "unknown-reference"),
            ("substances/betarine", "/synonyms", "claimed-twice"),
        ]

    def test_places_name_file_and_line(self) -> None:
        places = {("interactions", "rule"): ("interactions/family.yaml", 17)}
        with pytest.raises(KnowledgeError) as raised:
            compile_rule_set(make.rule_set(*self.RECORDS), places=places)
        first = raised.value.problems[0]
        assert (first.file, first.line) == ("interactions/family.yaml", 17)
        assert raised.value.problems[-1].line == 0

    def test_empty_rule_set_answers(self) -> None:
        report = check(make.compiled(), make.profile(make.medication("m1", "anything")))
        assert report["medications"][0]["state"] == "unrecognised"


class TestIdentity:
    """Version and digest of the rule set stand in every report."""

    def test_digest_is_worked_out(self) -> None:
        rule_set = make.rule_set(make.substance("alvorin"))
        assert compile_rule_set(rule_set).digest == digest(rule_set)

    def test_digest_and_version_given(self) -> None:
        world = compile_rule_set(make.rule_set(), version=7, digest="ab" * 32)
        assert check(world, make.profile())["rule_set"] == {"version": 7, "digest": "ab" * 32}

    def test_unpublished_is_version_0(self) -> None:
        assert make.compiled().version == 0


class TestMembership:
    """By name, by ATC anchor, through included classes, less exclusions."""

    RECORDS = (
        make.substance("named"),
        make.substance("coded", codes={"atc": ["C03CA01"]}),
        make.substance("twice-coded", codes={"atc": ["A01AA01", "C03CB01"]}),
        make.substance("left-out", codes={"atc": ["C03CA02"]}),
        make.substance("stranger", codes={"atc": ["C04CA01"]}),
    )

    @staticmethod
    def members(*classes: Any, of: str) -> tuple[str, ...]:  # noqa: ANN401
        return make.compiled(*TestMembership.RECORDS, *classes).members_of(of)

    def test_by_name(self) -> None:
        assert self.members(make.medication_class("cc", "named"), of="cc") == ("named",)

    @pytest.mark.parametrize(
        ("anchor", "expected"),
        [
            ("C03CA", {"coded", "left-out"}),
            ("C03CA01", {"coded"}),
            ("C03C", {"coded", "left-out", "twice-coded"}),
            ("C", {"coded", "left-out", "twice-coded", "stranger"}),
            ("B", set()),
        ],
    )
    def test_by_anchor(self, anchor: str, expected: set[str]) -> None:
        assert set(self.members(make.medication_class("cc", atc=[anchor]), of="cc")) == expected

    def test_exclusion(self) -> None:
        record = make.medication_class("cc", "named", atc=["C03CA"], exclusions=["left-out"])
        assert set(self.members(record, of="cc")) == {"named", "coded"}

    def test_included_classes_over_several_steps(self) -> None:
        classes = (
            make.medication_class("bottom", "named"),
            make.medication_class("middle", "coded", includes=["bottom"]),
            make.medication_class("top", includes=["middle"]),
        )
        assert self.members(*classes, of="top") == ("coded", "named")
        assert self.members(*classes, of="bottom") == ("named",)

    def test_exclusion_from_a_middle_class_cuts_the_way_up(self) -> None:
        """What is not in the middle class is not in the top class through it."""
        classes = (
            make.medication_class("bottom", "named", "coded"),
            make.medication_class("middle", includes=["bottom"], exclusions=["named"]),
            make.medication_class("top", includes=["middle"]),
        )
        assert self.members(*classes, of="top") == ("coded",)
        assert self.members(*classes, of="bottom") == ("coded", "named")

    def test_another_way_up_stays(self) -> None:
        classes = (
            make.medication_class("bottom", "named"),
            make.medication_class("left", includes=["bottom"], exclusions=["named"]),
            make.medication_class("right", includes=["bottom"]),
            make.medication_class("top", includes=["left", "right"]),
        )
        assert self.members(*classes, of="top") == ("named",)

    def test_exclusion_from_the_top_stays_at_the_top(self) -> None:
        classes = (
            make.medication_class("bottom", "named"),
            make.medication_class("top", "coded", includes=["bottom"], exclusions=["named"]),
        )
        assert self.members(*classes, of="top") == ("coded",)
        assert self.members(*classes, of="bottom") == ("named",)

    def test_withdrawn_class_has_no_members_and_passes_none_on(self) -> None:
        classes = (
            make.medication_class("bottom", "named", status="withdrawn"),
            make.medication_class("top", "coded", includes=["bottom"]),
        )
        assert self.members(*classes, of="bottom") == ()
        assert self.members(*classes, of="top") == ("coded",)

    @pytest.mark.parametrize(
        ("code", "expected"),
        [
            ("C03CA99", {"loop", "all"}),
            ("C03CA", {"loop", "all"}),
            ("C03DA01", {"all"}),
            ("C04AA01", set()),
        ],
    )
    def test_unlisted_code(self, code: str, expected: set[str]) -> None:
        world = make.compiled(
            make.medication_class("loop", atc=["C03CA"]),
            make.medication_class("all", atc=["C03D"], includes=["loop"]),
            make.medication_class("withdrawn", atc=["C04"], status="withdrawn"),
        )
        assert world.classes_of_atc(code) == expected

    def test_routes_of_a_group(self) -> None:
        world = make.compiled(
            make.substance(
                "one",
                routes=["oral", "ophthalmic"],
                codes={"atc": ["J01MA02", "S01AE03"]},
                atc_routes={"S01AE03": ["ophthalmic"]},
            ),
            make.substance("two", routes=["intravenous"], codes={"atc": ["J01MA09"]}),
        )
        assert set(world.routes_of_atc("J01MA")) == {"oral", "ophthalmic", "intravenous"}
        assert world.routes_of_atc("S01AE") == ("ophthalmic",)
        assert world.routes_of_atc("C03CA") == ()


class TestWhoIsTouched:
    """Rules find the substances they name, and nobody else."""

    RECORDS = (
        make.substance("alvorin"),
        make.substance("betarine"),
        make.substance("cordimax"),
        make.medication_class("class-a", "alvorin", "betarine"),
        make.medication_class("class-b", "betarine", "cordimax"),
    )

    def found(self, rule: dict[str, Any], *texts: str) -> list[str]:
        return found(make.compiled(*self.RECORDS, make.interaction("rule", **rule)), *texts)

    @pytest.mark.parametrize("side", ["affected", "precipitant"])
    def test_one_party(self, side: str) -> None:
        assert self.found({side: make.party("class-a")}, "alvorin") == ["rule"]
        assert self.found({side: make.party("class-a")}, "cordimax") == []
        assert self.found({side: {"substances": ["cordimax"]}}, "cordimax") == ["rule"]
        assert self.found({side: {"substances": ["cordimax"]}}, "alvorin") == []

    @pytest.mark.parametrize("side", ["affected", "precipitant"])
    def test_exception(self, side: str) -> None:
        party = make.party("class-a", except_substances=["alvorin"])
        assert self.found({side: party}, "alvorin") == []
        assert self.found({side: party}, "betarine") == ["rule"]

    def test_exception_on_either_side_of_a_pair(self) -> None:
        rule = {
            "affected": make.party("class-a", except_substances=["betarine"]),
            "precipitant": make.party("class-b", except_substances=["cordimax"]),
        }
        assert self.found(rule, "alvorin", "betarine") == ["rule"]
        assert self.found(rule, "alvorin", "cordimax") == []
        assert self.found(rule, "betarine", "cordimax") == []

    def test_two_ways_to_one_rule_give_one_finding(self) -> None:
        party = {"classes": ["class-a", "class-b"], "substances": ["betarine", "betarine"]}
        assert self.found({"affected": party}, "betarine") == ["rule"]
        assert self.found({"affected": party, "precipitant": party}, "alvorin", "cordimax") == ["rule", "rule"]

    def test_withdrawn_rule(self) -> None:
        assert self.found({"affected": make.party("class-a"), "status": "withdrawn"}, "alvorin") == []

    def test_touching_names_every_rule_of_a_substance_once(self) -> None:
        world = make.compiled(
            *self.RECORDS,
            make.interaction("b-pair", affected=make.party("class-a"), precipitant=make.party("class-b")),
            make.interaction("a-single", affected=make.party("class-b")),
            make.interaction("c-other", affected={"substances": ["alvorin"]}),
            make.interaction("d-gone", affected=make.party("class-b"), status="withdrawn"),
        )
        touched = world.touching([world.entries["betarine"], world.entries["cordimax"]])
        assert [rule.id for rule in touched] == ["a-single", "b-pair"]


def test_unlisted_substance_of_which_no_route_is_known() -> None:
    """Nobody in its ATC group is listed, so any route is possible."""
    rule = make.interaction("rule", affected=make.party("class-a", routes=["oral"]))
    compiled = make.compiled(make.medication_class("class-a", atc=["C03CA"]), rule)
    line = make.medication("m1", codes={"atc": "C03CA99"})
    finding = check(compiled, make.profile(line))["findings"][0]
    assert (finding["applicability"], finding["missing_facts"]) == ("may_apply", ["medications.m1.route"])
    finding = check(compiled, make.profile({**line, "route": "oral"}))["findings"][0]
    assert finding["applicability"] == "applies"


class TestMemory:
    """What is remembered never changes an answer."""

    RECORDS = (
        *TestWhoIsTouched.RECORDS,
        make.interaction("pair", affected=make.party("class-a"), precipitant=make.party("class-b")),
        make.interaction("single", affected=make.party("class-b"), when={"age_years": {"at_least": "65"}}),
    )

    @staticmethod
    def ask(world: CompiledRuleSet) -> CheckReport:
        lines = [make.medication(name, name) for name in ("alvorin", "betarine", "cordimax")]
        return check(world, make.profile(*lines, patient={"age_years": 70}))

    def test_second_answer_is_the_first(self) -> None:
        world = make.compiled(*self.RECORDS)
        assert self.ask(world) == self.ask(world)

    def test_rules_of_two_substances_are_looked_up_once(self) -> None:
        world = make.compiled(*self.RECORDS)
        alvorin, betarine = world.entries["alvorin"], world.entries["betarine"]
        first = world.pairs_of(alvorin, betarine)
        assert [pair.rule.id for pair in first] == ["pair"]
        assert world.pairs_of(alvorin, betarine) is first

    def test_bound_on_pairs_is_no_bound_on_answers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        expected = self.ask(make.compiled(*self.RECORDS))
        monkeypatch.setattr(rules.compiled, "MAXIMUM_PAIRS", 1)
        world = make.compiled(*self.RECORDS)
        assert self.ask(world) == expected
        assert self.ask(world) == expected
        assert sum(len(entry.partners) for entry in world.entries.values()) == 1


def test_a_side_remembers_a_bounded_number_of_manners(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules.compiled, "_MAXIMUM_MANNERS", 1)
    world = make.compiled(
        make.substance("alvorin"),
        make.interaction("rule", affected=make.party(substances=["alvorin"], routes=["oral"])),
    )
    [rule] = world.rules
    assert rule.affected is not None
    oral, unknown = (frozenset([Route.ORAL]), None), (frozenset[Route](), None)
    assert rule.affected.fits(oral) is True
    assert rule.affected.fits(unknown) is None
    assert list(rule.affected.known) == [oral]
