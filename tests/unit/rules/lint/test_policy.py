"""House rules from the table of severities, classes and actions; each combination that is left out is a fault."""

from __future__ import annotations

from typing import Any

import pytest

from rules.lint.policy import ACTIONS_OF, CLASSES_OF
from rules.terms import ManagementAction, OperationalClass, Severity
from tests import factories as make
from tests.factories import management
from tests.unit.rules.lint.small import WHEN, faults, rule

LABEL = make.citation("us-label", kind="label")
GRADE_A = make.evidence(grade="A")


def fitting_action(operational_class: OperationalClass) -> dict[str, Any]:
    return management(action=ACTIONS_OF[operational_class][0], separation={"drug_first_hours": 2})


def test_every_severity_and_class_has_a_line() -> None:
    assert set(CLASSES_OF) == set(Severity)
    assert set(ACTIONS_OF) == set(OperationalClass)
    assert {action for actions in ACTIONS_OF.values() for action in actions} == set(ManagementAction)


@pytest.mark.parametrize(
    ("own", "of_factor", "of_variant", "turned"),
    [
        ("moderate", "major", "contraindicated", True),  # meant to raise, and lowers the variant
        ("moderate", "major", "moderate", False),
        ("moderate", "major", "major", False),
        ("moderate", "major", None, False),
        ("major", "moderate", "minor", True),  # meant to lower, and raises the variant
        ("major", "moderate", "contraindicated", False),
        ("moderate", "moderate", "major", False),  # changes nothing of the record
    ],
)
def test_a_factor_changes_no_variant_the_other_way(
    own: str, of_factor: str, of_variant: str | None, *, turned: bool
) -> None:
    avoid = {"operational_class": "avoid", "evidence": GRADE_A}
    classes = {"minor": "monitor", "contraindicated": "avoid"}
    severity = {} if of_variant is None else {"severity": of_variant}
    record = rule(
        **avoid,
        severity=own,
        management=management(action="avoid_combination"),
        factors=[make.factor("old", of_factor, WHEN, operational_class="monitor")],
        variants=[
            make.variant(
                "alvorin", **severity, operational_class=classes.get(of_variant or "", "avoid"), evidence=GRADE_A
            )
        ],
    )
    expected = [("interactions/rule", "/variants/0", "factor-against-variant")]
    assert faults(record) == (expected if turned else [])


@pytest.mark.parametrize("operational_class", OperationalClass)
@pytest.mark.parametrize("severity", Severity)
class TestSeverityAndClass:
    """The class fits the severity, wherever the two come from."""

    def test_of_the_record(self, severity: Severity, operational_class: OperationalClass) -> None:
        record = rule(
            severity=severity,
            operational_class=operational_class,
            evidence=GRADE_A,
            management=fitting_action(operational_class),
        )
        fits = operational_class in CLASSES_OF[severity]
        assert faults(record) == ([] if fits else [("interactions/rule", "/operational_class", "class-for-severity")])

    def test_of_a_factor(self, severity: Severity, operational_class: OperationalClass) -> None:
        factor = make.factor(
            "old", severity, WHEN, operational_class=operational_class, citations=make.references("us-label")
        )
        fits = operational_class in CLASSES_OF[severity]
        expected = [("interactions/rule", "/factors/0/operational_class", "class-for-severity")]
        assert faults(LABEL, rule(factors=[factor])) == ([] if fits else expected)

    def test_of_a_variant(self, severity: Severity, operational_class: OperationalClass) -> None:
        variant = make.variant("alvorin", severity=severity, operational_class=operational_class, evidence=GRADE_A)
        fits = operational_class in CLASSES_OF[severity]
        expected = [("interactions/rule", "/variants/0/operational_class", "class-for-severity")]
        assert faults(rule(variants=[variant])) == ([] if fits else expected)


def test_a_factor_without_a_class_keeps_that_of_the_record() -> None:
    record = rule(
        severity="minor", operational_class="no_special_precaution", factors=[make.factor("old", "major", WHEN)]
    )
    assert faults(record) == [("interactions/rule", "/factors/0/operational_class", "class-for-severity")]


@pytest.mark.parametrize("action", ManagementAction)
@pytest.mark.parametrize("operational_class", OperationalClass)
def test_action_and_class(action: ManagementAction, operational_class: OperationalClass) -> None:
    severity = next(one for one in Severity if operational_class in CLASSES_OF[one])
    record = rule(
        severity=severity,
        operational_class=operational_class,
        evidence=GRADE_A,
        management=management(action=action, separation={"drug_first_hours": 2}),
    )
    fits = action in ACTIONS_OF[operational_class]
    assert faults(record) == ([] if fits else [("interactions/rule", "/management/action", "action-for-class")])


def test_the_action_may_be_that_of_a_factor() -> None:
    factor = make.factor("old", "major", WHEN, operational_class="avoid")
    assert faults(rule(factors=[factor], management=management(action="avoid_combination"))) == []


class TestSeparations:
    """Who advises to separate doses says by how much."""

    SEPARATE = management(action="separate_doses")

    def test_no_hours(self) -> None:
        assert faults(rule(management=self.SEPARATE)) == [
            ("interactions/rule", "/management/separation", "no-separation")
        ]
        assert faults(rule(affected=None, precipitant=make.party("class-a"), management=self.SEPARATE)) == [
            ("interactions/rule", "/management/separation", "no-separation")
        ]

    def test_hours_of_the_record_or_of_every_substance(self) -> None:
        separation = {"magnesium_first_hours": 4}
        assert faults(rule(management={**self.SEPARATE, "separation": separation})) == []
        variant = make.variant("alvorin", separation=separation)
        assert faults(rule(management=self.SEPARATE, variants=[variant])) == []
        both = {"substances": ["alvorin", "betarine"]}
        assert faults(rule(affected=both, management=self.SEPARATE, variants=[variant])) == [
            ("interactions/rule", "/management/separation", "no-separation")
        ]
        assert faults(rule(affected=both, management=self.SEPARATE, variants=[variant, make.variant("betarine")])) == [
            ("interactions/rule", "/management/separation", "no-separation")
        ]

    def test_where_no_spacing_helps(self) -> None:
        useless = {"spacing_helps": False}
        assert faults(rule(management={**self.SEPARATE, "separation": useless})) == [
            ("interactions/rule", "/management/separation", "spacing-does-not-help")
        ]
        record = rule(
            management={**self.SEPARATE, "separation": {"drug_first_hours": 2}},
            variants=[make.variant("alvorin", separation=useless)],
        )
        assert faults(record) == [("interactions/rule", "/variants/0/separation", "spacing-does-not-help")]

    def test_other_actions_are_free(self) -> None:
        assert faults(rule(management=management(separation={"spacing_helps": False}))) == []


class TestContraindicated:
    """A regulator says so, or evidence of grade A."""

    AVOID: dict[str, Any] = {  # noqa: RUF012
        "severity": "contraindicated",
        "operational_class": "avoid",
        "management": management(action="avoid_combination"),
    }

    @pytest.mark.parametrize("kind", ["label", "regulator"])
    def test_by_a_text_of_a_regulator(self, kind: str) -> None:
        record = rule(**self.AVOID, evidence=make.evidence("text", "source", grade="C"))
        assert faults(make.citation("text", kind=kind), record) == []

    def test_by_grade(self) -> None:
        assert faults(rule(**self.AVOID, evidence=GRADE_A)) == []
        assert faults(rule(**self.AVOID)) == [("interactions/rule", "/severity", "contraindicated-by-whom")]

    def test_factor(self) -> None:
        factor = make.factor("old", "contraindicated", WHEN, operational_class="avoid")
        assert faults(rule(evidence=GRADE_A, factors=[factor])) == [
            ("interactions/rule", "/factors/0/severity", "contraindicated-by-whom")
        ]
        assert faults(LABEL, rule(factors=[{**factor, "citations": make.references("us-label")}])) == []

    def test_variant(self) -> None:
        variant = make.variant("alvorin", severity="contraindicated", operational_class="avoid")
        assert faults(rule(variants=[variant])) == [
            ("interactions/rule", "/variants/0/severity", "contraindicated-by-whom")
        ]
        assert faults(rule(variants=[{**variant, "evidence": GRADE_A}])) == []
