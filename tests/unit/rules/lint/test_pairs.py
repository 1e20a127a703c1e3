"""House rules about two records at once, and about salts that are treated differently."""

from __future__ import annotations

from typing import Any

import pytest

from rules.model import Interaction
from tests import factories as make
from tests.factories import management
from tests.unit.rules.lint.small import Seen, faults, rule

TWICE = [("interactions/rule", "", "says-twice")]
TWO_WINDOWS = [("interactions/rule", "/management/separation", "two-windows")]


def another(**given: Any) -> Interaction:  # noqa: ANN401 - keys of the record
    """A rule about betarine, which acts on alvorin."""
    return make.interaction(
        "another", **{"affected": {"substances": ["alvorin"]}, "precipitant": {"substances": ["betarine"]}, **given}
    )


def two(one: dict[str, Any], other: dict[str, Any]) -> Seen:
    """What lint says of two rules about the same pair that differ as given."""
    both = {"precipitant": {"substances": ["betarine"]}}
    return faults(another(**one), rule(**{**both, **other}))


def apart(**hours: Any) -> dict[str, Any]:  # noqa: ANN401
    """Management with hours between doses."""
    return management(separation=hours or {"spacing_helps": False})


class TestTwice:
    """One pair of medicines gets one finding of a kind."""

    def test_class_and_substance_meet(self) -> None:
        assert two({}, {}) == TWICE

    def test_another_direction(self) -> None:
        assert two({}, {"direction": "depletes_magnesium"}) == []

    @pytest.mark.parametrize(
        "other",
        [
            {
                "affected": {"substances": ["betarine"]},
                "precipitant": {"substances": ["alvorin"]},
            },  # the other way round
            {"affected": {"substances": ["betarine"]}},  # with itself, which is no pair
            {"precipitant": None},
            {"affected": None},
            {"status": "withdrawn"},
            {"affected": make.party("class-a", substances=["betarine"], except_substances=["alvorin"])},
        ],
    )
    def test_other_pairs(self, other: dict[str, Any]) -> None:
        assert two({}, other) == []

    def test_another_partner(self) -> None:
        third = make.substance("cordimax")
        assert faults(third, another(), rule(precipitant={"substances": ["cordimax"]})) == []

    @pytest.mark.parametrize(
        ("one", "other", "found"),
        [
            ({"routes": ["oral"]}, {"routes": ["intravenous", "oral"]}, TWICE),
            ({"routes": ["oral"]}, {"routes": ["intravenous"]}, []),
            ({"routes": ["oral"]}, {}, TWICE),
            ({"dose_forms": ["tablet"]}, {"dose_forms": ["capsule"]}, []),
            ({"dose_forms": ["tablet"]}, {"dose_forms": ["capsule", "tablet"]}, TWICE),
            ({"dose_forms": ["tablet"]}, {"except_dose_forms": ["tablet"]}, []),
            ({"except_dose_forms": ["tablet"]}, {"dose_forms": ["tablet"]}, []),
            ({"dose_forms": ["tablet", "capsule"]}, {"except_dose_forms": ["tablet"]}, TWICE),
        ],
    )
    def test_ways_of_giving(self, one: dict[str, Any], other: dict[str, Any], found: Seen) -> None:
        base = (
            make.substance("alvorin", routes=["oral", "intravenous"]),
            make.substance("betarine"),
            make.medication_class("class-a", "alvorin"),
        )
        assert (
            faults(
                another(affected={"substances": ["alvorin"], **one}),
                rule(affected=make.party("class-a", **other), precipitant={"substances": ["betarine"]}),
                base=base,
            )
            == found
        )

    def test_tests_that_exclude_each_other(self) -> None:
        low, high = {"egfr": {"below": 30}}, {"egfr": {"at_least": 30}}
        assert two({"when": low}, {"when": high}) == []
        assert two({"when": low}, {"when": low}) == TWICE
        assert two({"when": low}, {}) == TWICE

    def test_conditions_that_exclude_each_other(self) -> None:
        gout = make.condition("gout")
        with_gout = another(conditions=["gout"])
        both = {"precipitant": {"substances": ["betarine"]}}
        assert faults(gout, with_gout, rule(**both, when={"not": {"conditions": ["gout"]}})) == []
        assert faults(gout, with_gout, rule(**both)) == TWICE


class TestTwoWindows:
    """One pair of medicines gets one pair of numbers, whatever the rules are about."""

    OTHER: dict[str, Any] = {"direction": "depletes_magnesium"}  # noqa: RUF012

    @pytest.mark.parametrize("other", [apart(drug_first_hours=4), apart(magnesium_first_hours=2), apart()])
    def test_other_hours(self, other: dict[str, Any]) -> None:
        one = {"management": apart(drug_first_hours=2)}
        assert two(one, {**self.OTHER, "management": other}) == TWO_WINDOWS

    @pytest.mark.parametrize("other", [apart(drug_first_hours="2.0"), management()])
    def test_same_hours_or_none(self, other: dict[str, Any]) -> None:
        one = {"management": apart(drug_first_hours=2)}
        assert two(one, {**self.OTHER, "management": other}) == []

    def test_hours_of_a_variant(self) -> None:
        variant = make.variant("alvorin", separation={"drug_first_hours": 4})
        one = {"management": apart(drug_first_hours=2)}
        assert two({**one, "variants": [variant]}, {**self.OTHER, **one}) == TWO_WINDOWS
        assert two({**one, "variants": [make.variant("alvorin")]}, {**self.OTHER, **one}) == []


class TestSalts:
    """Magnesium is magnesium, unless a record says why and a source with it."""

    SALTS = (
        make.salt_form("oxide", "MgO"),
        make.salt_form("citrate", "Mg3(C6H5O7)2"),
        make.substance("magnesium-oxide", salt_form="oxide"),
        make.substance("magnesium-citrate", salt_form="citrate"),
        make.substance("magnesium-in-multivitamin"),
        make.substance("magnesium"),
        make.medication_class(
            make.MAGNESIUM, "magnesium", "magnesium-oxide", "magnesium-citrate", "magnesium-in-multivitamin"
        ),
    )
    REASON = "The oxide raises the gastric pH."
    SOURCE: dict[str, Any] = {  # noqa: RUF012
        "grade": "B",
        "citations": [{"citation": "label", "supports": "measured with magnesium oxide"}],
    }

    def test_neither_text_nor_source(self) -> None:
        record = rule(affected={"substances": ["magnesium-oxide"]}, effect="Magnesium binds it.")
        assert faults(*self.SALTS, record) == [("interactions/rule", "/affected", "salt-difference")] * 2

    def test_only_one_of_both(self) -> None:
        party = make.party(make.MAGNESIUM, except_substances=["magnesium-citrate"])
        found = [("interactions/rule", "/precipitant", "salt-difference")]
        assert faults(*self.SALTS, rule(precipitant=party, mechanism=self.REASON)) == found
        assert faults(*self.SALTS, rule(precipitant=party, evidence=self.SOURCE)) == found

    def test_a_reason_with_a_source(self) -> None:
        record = rule(affected={"substances": ["magnesium-oxide"]}, mechanism=self.REASON, evidence=self.SOURCE)
        assert faults(*self.SALTS, record) == []

    def test_a_route_is_no_difference(self) -> None:
        """Of the two salts only one is injected, so a rule about injections leaves none out."""
        injected = make.substance("magnesium-sulfate", salt_form="oxide", routes=["intravenous"])
        every = make.medication_class("injected", "magnesium-sulfate")
        salts = (*self.SALTS[:-1], make.medication_class(make.MAGNESIUM, "magnesium-citrate", "magnesium-sulfate"))
        by_vein = make.party("injected", routes=["intravenous"])
        assert faults(*salts, injected, every, rule(precipitant=by_vein)) == []
        by_any_route = faults(*salts, injected, every, rule(precipitant=make.party("injected")))
        assert by_any_route == [("interactions/rule", "/precipitant", "salt-difference")] * 2

    def test_the_title_of_a_source_counts(self) -> None:
        study = make.citation("study", title="Antacids and alvorin")
        record = rule(
            affected={"substances": ["magnesium-oxide"]}, mechanism=self.REASON, evidence=make.evidence("study")
        )
        assert faults(*self.SALTS, study, record) == []

    @pytest.mark.parametrize(
        "party",
        [
            make.party(make.MAGNESIUM),
            make.party(make.MAGNESIUM, except_substances=["magnesium-in-multivitamin"]),  # a product, not a salt form
            {"substances": ["betarine"]},
            {"substances": ["betarine", "magnesium-oxide"]},
        ],
    )
    def test_no_difference(self, party: dict[str, Any]) -> None:
        assert faults(*self.SALTS, rule(precipitant=party)) == []
