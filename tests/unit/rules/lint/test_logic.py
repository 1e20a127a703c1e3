"""Which tests exclude each other. "Never" is said only where it is sure."""

from __future__ import annotations

from typing import Any

import pytest

from rules.documents import Bounds, Expression
from rules.lint.logic import can_hold


def holds(*tests: dict[str, Any]) -> bool:
    return can_hold([Expression.model_validate(test) for test in tests])


GOUT = {"conditions": ["gout"]}
GOUT_OR_FLU = {"conditions": ["gout", "flu"]}
ONE_A = {"co_medication": {"classes": ["a"]}}
TWO_A = {"co_medication": {"classes": ["a"], "at_least": 2}}
SAME_A = {"co_medication": {"classes": ["a"], "same_product": True}}
A_OR_B = {"co_medication": {"classes": ["a"], "substances": ["b"]}}


def never(test: dict[str, Any]) -> dict[str, Any]:
    return {"not": test}


@pytest.mark.parametrize(
    "tests",
    [
        ({"egfr": {"below": 30}}, {"egfr": {"at_least": 30}}),
        ({"egfr": {"below": 30}}, {"egfr": {"above": 60}}),
        ({"egfr": {"at_most": 30}}, {"egfr": {"above": 30}}),
        ({"egfr": {"at_least": 60, "below": 30}},),
        ({"egfr": {"below": 0}},),
        ({"age_years": {"at_least": 18}}, never({"age_years": {"at_least": 18}})),
        ({"age_years": {"at_least": 2, "below": 6}}, never({"age_years": {"above": 1, "below": 6}})),
        ({"dialysis": True}, {"dialysis": False}),
        ({"dialysis": True}, never({"dialysis": True})),
        ({"sex": "female"}, never({"sex": "female"})),
        ({"pregnancy": "pregnant"}, {"pregnancy": "not_pregnant"}),
        (GOUT, never(GOUT)),
        (GOUT, never(GOUT_OR_FLU)),
        ({"symptoms": ["cramps"]}, never({"symptoms": ["cramps"]})),
        (ONE_A, never(ONE_A)),
        (TWO_A, never(ONE_A)),
        (ONE_A, never(A_OR_B)),
        (SAME_A, never(SAME_A)),
        (SAME_A, never(ONE_A)),  # what is in the product is on the list
        ({"risk_count": {"classes": ["a"], "conditions": ["gout"], "at_least": 3}},),
        (
            {"risk_count": {"classes": ["a", "b"], "at_least": 2}},
            never({"risk_count": {"classes": ["a", "b"], "at_least": 1}}),
        ),
        ({"all": [GOUT, {"any": [never(GOUT), never(GOUT_OR_FLU)]}]},),
        (never({"any": [GOUT, never(GOUT)]}),),
        (never(never({"all": [GOUT, never(GOUT)]})),),
        ({"any": [{"egfr": {"below": 30}}, {"dialysis": True}]}, {"egfr": {"above": 45}}, {"dialysis": False}),
    ],
)
def test_never_together(tests: tuple[dict[str, Any], ...]) -> None:
    assert not holds(*tests)
    assert not holds(*reversed(tests))


@pytest.mark.parametrize(
    "tests",
    [
        (),
        ({"egfr": {"below": 30}}, {"egfr": {"above": 20}}),
        ({"egfr": {"at_most": 30}}, {"egfr": {"at_least": 30}}),
        ({"egfr": {"at_least": 0}},),
        ({"egfr": {"at_most": 0}},),
        ({"egfr": {"below": 30}}, {"age_years": {"above": 60}}),
        ({"age_years": {"below": 10}}, never({"age_years": {"above": 2, "below": 6}})),
        (GOUT, {"conditions": ["flu"]}),
        (GOUT_OR_FLU, never(GOUT)),
        (never(GOUT), never(ONE_A)),
        (ONE_A, never(TWO_A)),
        (A_OR_B, never(ONE_A)),
        (ONE_A, never(SAME_A)),  # in another product
        ({"co_medication": {"classes": ["a"], "at_least": 5}},),  # a class has many members
        ({"risk_count": {"classes": ["a"], "conditions": ["gout"], "at_least": 2}},),
        ({"any": [{"egfr": {"below": 30}}, {"dialysis": True}]}, {"egfr": {"above": 45}}),
        (never({"all": [GOUT, ONE_A]}), GOUT),
    ],
)
def test_perhaps_together(tests: tuple[dict[str, Any], ...]) -> None:
    assert holds(*tests)


BOUNDED = [name for name, field in Expression.model_fields.items() if field.annotation == Bounds | None]


@pytest.mark.parametrize("key", BOUNDED)
def test_every_number_is_compared(key: str) -> None:
    assert not holds({key: {"below": 1}}, {key: {"above": 2}})
    assert holds({key: {"below": 2}}, {key: {"above": 1}})
