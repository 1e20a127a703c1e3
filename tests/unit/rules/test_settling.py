"""Keys of findings, acknowledgements, proposals and magnesium products. The laws stand in tests/property."""

from __future__ import annotations

from typing import Any

import pytest

from rules import CompiledRuleSet, check
from rules.report import CheckReport
from tests import factories as make


@pytest.fixture(scope="module")
def world() -> CompiledRuleSet:
    return make.compiled(
        *(make.substance(name) for name in ("alvorin", "betarine", "cordimax", "magnesia", "epsom")),
        make.medication_class(make.MAGNESIUM, "magnesia", "epsom"),
        make.medication_class("drains", "alvorin", "betarine"),
        make.interaction(
            "pair", severity="major", affected={"substances": ["alvorin"]}, precipitant=make.party(make.MAGNESIUM)
        ),
        make.interaction("loss", severity="minor", precipitant=make.party("drains")),
        make.interaction("together", scope="list", precipitant=make.party("drains"), severity="moderate"),
        make.interaction(
            "worse",
            severity="minor",
            affected={"substances": ["cordimax"]},
            factors=[make.factor("with", "major", {"co_medication": {"substances": ["betarine"]}})],
        ),
    )


def line(name: str, text: str | None = None, **given: Any) -> dict[str, Any]:  # noqa: ANN401
    return make.medication(name, text or name, **given)


def seen(report: CheckReport, interaction: str, **more: str) -> dict[str, str]:
    """That somebody has dealt with the finding of an interaction."""
    [one] = [finding for finding in report["findings"] if finding["interaction_id"] == interaction]
    return {
        "finding_key": one["key"],
        "context_digest": one["context_digest"],
        "reason": "The levels are followed.",
        **more,
    }


class TestSettled:
    """What an acknowledgement does."""

    def test_a_settled_finding_says_why(self, world: CompiledRuleSet) -> None:
        lines = (line("alvorin"), line("magnesia"))
        before = check(world, make.profile(*lines))
        given = seen(before, "pair", until="2026-11-22")
        after = check(world, make.profile(*lines, acknowledgements=[given], as_of="2026-11-22"))
        assert after["settled"] == [
            {
                "key": given["finding_key"],
                "context_digest": given["context_digest"],
                "interaction_id": "pair",
                "direction": "additive_effect",
                "severity": "major",
                "severity_ceiling": "major",
                "title": "The interaction pair",
                "medication_ids": ["alvorin", "magnesia"],
                "reason": "The levels are followed.",
                "until": "2026-11-22",
            }
        ]
        assert [one["interaction_id"] for one in after["findings"]] == ["together", "loss"]
        assert (after["highest_severity"], after["highest_settled_severity"]) == ("moderate", "major")
        assert after["finding_counts"] == {"contraindicated": 0, "major": 0, "moderate": 1, "minor": 1}
        assert after["statement"].endswith("1 more is listed as settled.")

    @pytest.mark.parametrize(
        ("until", "as_of", "state"),
        [
            (None, None, "settled"),
            (None, "2030-01-01", "settled"),
            ("2026-11-22", "2026-11-22", "settled"),
            ("2026-11-22", "2026-11-23", "expired"),
            ("2026-11-22", None, "expired"),
        ],
    )
    def test_until_when(self, world: CompiledRuleSet, until: str | None, as_of: str | None, state: str) -> None:
        given = seen(check(world, make.profile(line("cordimax"))), "worse") | ({"until": until} if until else {})
        days = {"as_of": as_of} if as_of else {}
        report = check(world, make.profile(line("cordimax"), acknowledgements=[given], **days))
        [one] = report["acknowledgements"]
        assert (one["position"], one["state"]) == (0, state)
        assert len(report["settled"]) == (state == "settled")
        assert len(report["findings"]) == (state == "expired")

    def test_changed_and_unknown(self, world: CompiledRuleSet) -> None:
        given = seen(check(world, make.profile(line("cordimax"))), "worse")
        old = {**given, "context_digest": "0" * 32}
        unknown = {**given, "finding_key": "0" * 16}
        report = check(world, make.profile(line("cordimax"), acknowledgements=[old, unknown, given]))
        assert [one["state"] for one in report["acknowledgements"]] == ["changed", "not_found", "settled"]
        assert len({one["text"] for one in report["acknowledgements"]}) == 3
        assert report["statement"].startswith("No magnesium-related finding is open for 1 recognised medication.")

    def test_the_last_of_two_reasons_counts(self, world: CompiledRuleSet) -> None:
        given = seen(check(world, make.profile(line("cordimax"))), "worse")
        twice = [given, {**given, "reason": "Another one."}]
        [one] = check(world, make.profile(line("cordimax"), acknowledgements=twice))["settled"]
        assert one["reason"] == "Another one."

    def test_another_substance_is_another_finding(self, world: CompiledRuleSet) -> None:
        given = seen(check(world, make.profile(line("alvorin"), line("m", "magnesia"))), "pair")
        report = check(world, make.profile(line("alvorin"), line("m", "epsom"), acknowledgements=[given]))
        assert "pair" in {one["interaction_id"] for one in report["findings"]}
        assert [one["state"] for one in report["acknowledgements"]] == ["not_found"]

    def test_another_version_of_the_rule_brings_it_back(self) -> None:
        def rules(text: str) -> CompiledRuleSet:
            rule = make.interaction("rule", affected={"substances": ["alvorin"]}, effect=text)
            return make.compiled(make.substance("alvorin"), rule)

        given = seen(check(rules("An effect."), make.profile(line("alvorin"))), "rule")
        question = make.profile(line("alvorin"), acknowledgements=[given])
        assert check(rules("An effect."), question)["acknowledgements"][0]["state"] == "settled"
        assert check(rules("Another effect."), question)["acknowledgements"][0]["state"] == "changed"


class TestProposal:
    """What a proposed medication brings."""

    @staticmethod
    def origins(report: CheckReport) -> dict[str, str | None]:
        return {
            f"{one['interaction_id']} {'+'.join(one['medication_ids'])}": one["origin"] for one in report["findings"]
        }

    def test_without_one_there_is_nothing_to_tell_apart(self, world: CompiledRuleSet) -> None:
        report = check(world, make.profile(line("alvorin")))
        assert report["proposal"] is None
        assert set(self.origins(report).values()) == {None}

    def test_brought_changed_and_standing(self, world: CompiledRuleSet) -> None:
        lines = (line("alvorin"), line("cordimax"), line("magnesia"), line("betarine", status="proposed"))
        report = check(world, make.profile(*lines))
        assert self.origins(report) == {
            "pair alvorin+magnesia": "standing",
            "loss alvorin+betarine": "changed",  # one more that does the same
            "together alvorin+betarine": "changed",
            "worse cordimax": "changed",  # it was minor
        }
        proposal = report["proposal"]
        assert proposal is not None
        assert proposal["medication_ids"] == ["betarine"]
        assert [len(proposal["brought"]), len(proposal["changed"]), len(proposal["standing"])] == [0, 3, 1]
        assert proposal["highest_severity"] == "major"
        assert proposal["statement"] == (
            "Findings that the proposal brings: 0; that it changes: 3; that stand between the current medications: 1."
        )

    def test_what_nothing_else_does_is_brought(self, world: CompiledRuleSet) -> None:
        report = check(world, make.profile(line("magnesia"), line("betarine", status="proposed")))
        assert self.origins(report)["loss betarine"] == "brought"
        assert report["proposal"] is not None
        assert len(report["proposal"]["brought"]) == len(report["findings"])

    def test_another_partner_changes_a_finding(self, world: CompiledRuleSet) -> None:
        lines = (line("alvorin"), line("magnesia"), line("epsom", status="proposed"))
        origins = self.origins(check(world, make.profile(*lines)))
        assert origins["pair alvorin+epsom+magnesia"] == "changed"

    def test_a_harmless_proposal_brings_nothing(self, world: CompiledRuleSet) -> None:
        report = check(world, make.profile(line("alvorin"), line("x", "zzyxin", status="proposed")))
        proposal = report["proposal"]
        assert proposal is not None
        assert (proposal["brought"], proposal["changed"], proposal["highest_severity"]) == ([], [], None)

    def test_settled_findings_are_not_repeated_in_it(self, world: CompiledRuleSet) -> None:
        lines = (line("cordimax"), line("magnesia", status="proposed"))
        given = seen(check(world, make.profile(*lines)), "worse")
        proposal = check(world, make.profile(*lines, acknowledgements=[given]))["proposal"]
        assert proposal is not None
        assert proposal["standing"] == []


class TestMagnesiumProducts:
    """Several products that bring magnesium."""

    def test_two_are_named(self, world: CompiledRuleSet) -> None:
        report = check(
            world, make.profile(line("m1", "magnesia", as_needed=True), line("m2", "epsom"), line("alvorin"))
        )
        found = report["magnesium_products"]
        assert found is not None
        assert found["medication_ids"] == ["m1", "m2"]
        assert [one["id"] for one in found["substances"]] == ["epsom", "magnesia"]
        assert found["statement"] == "2 products bring magnesium: m1 (magnesia), m2 (epsom)."

    def test_one_proposed_beside_another(self, world: CompiledRuleSet) -> None:
        lines = (line("m1", "magnesia"), line("m2", "magnesia", status="proposed"))
        found = check(world, make.profile(*lines))["magnesium_products"]
        assert found is not None
        assert found["statement"].endswith("Proposed beside what is already taken: m2.")

    def test_two_proposed_ones_are_beside_nothing(self, world: CompiledRuleSet) -> None:
        lines = (line("m1", "magnesia", status="proposed"), line("m2", "epsom", status="proposed"))
        found = check(world, make.profile(*lines))["magnesium_products"]
        assert found is not None
        assert "beside" not in found["statement"]

    def test_one_is_no_duplicate(self, world: CompiledRuleSet) -> None:
        assert check(world, make.profile(line("magnesia"), line("alvorin")))["magnesium_products"] is None
