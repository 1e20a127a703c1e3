"""House rules about what labels say a product holds."""

from __future__ import annotations

from typing import Any

import pytest

from rules.lint import lint
from rules.load import Knowledge
from tests import factories as make

BASE = (
    make.substance("magnesium-hydroxide", salt_form="hydroxide"),
    make.substance("magnesium-mystery"),
    make.substance("magnesium-gone", salt_form="hydroxide", status="withdrawn"),
    make.substance("aluminium-hydroxide"),
    make.salt_form("hydroxide", "Mg(OH)2"),
    make.medication_class("magnesium-salts", "magnesium-hydroxide", "magnesium-mystery"),
    make.citation("hearsay", verification="unverified"),
)


def faults(*presentations: dict[str, Any], **given: Any) -> list[tuple[str, str]]:  # noqa: ANN401
    """Where lint finds what in a product with these presentations."""
    ingredients = given.pop("ingredients", ("magnesium-hydroxide", "magnesium-mystery", "aluminium-hydroxide"))
    product = make.product("pp", *ingredients, presentations=presentations, **given)
    rule_set = make.compiled(*BASE, product).rule_set
    places = {("products", "pp"): ("products/pp.yaml", 1)}
    return [(one.pointer, one.code) for one in lint(Knowledge(rule_set, places)) if one.file == "products/pp.yaml"]


def presentation(millilitres: str | None = "5", **amounts: Any) -> dict[str, Any]:  # noqa: ANN401
    """One that is in order, but for the amounts given."""
    known = {
        "magnesium_hydroxide": "200",
        "magnesium_mystery": {"elemental_magnesium_mg": "10"},
        "aluminium_hydroxide": "175",
    }
    return make.presentation("liquid", millilitres, **{k: v for k, v in (known | amounts).items() if v is not None})


def test_in_order() -> None:
    assert faults(presentation(), presentation(None)) == []
    assert faults(presentation(aluminium_hydroxide=None)) == []


def test_withdrawn_product_is_not_looked_at() -> None:
    assert faults(presentation(magnesium_mystery="10"), status="withdrawn") == []


@pytest.mark.parametrize(
    ("citations", "code"),
    [
        ([{"citation": make.SOURCE}], "uncited-figure"),
        ([{"citation": "hearsay", "supports": "200 mg"}], "unverified-amount"),
    ],
)
def test_amounts_have_a_source_that_was_read(citations: list[dict[str, str]], code: str) -> None:
    assert faults(presentation(), {**presentation(), "citations": citations}) == [("/presentations/1/citations", code)]


def test_every_salt_of_magnesium_is_counted() -> None:
    assert faults(presentation(magnesium_hydroxide=None)) == [("/presentations/0/amounts", "magnesium-not-said")]


def test_salt_without_a_formula_needs_its_magnesium() -> None:
    assert faults(presentation(magnesium_mystery="10")) == [("/presentations/0/amounts/1", "share-not-known")]
    assert faults(presentation(magnesium_mystery={"mg": "10", "elemental_magnesium_mg": "9"})) == []


@pytest.mark.parametrize(
    ("magnesium", "plausible"), [("66.6", False), ("66.7", True), ("83", True), ("100", True), ("100.1", False)]
)
def test_magnesium_near_what_the_formula_gives(magnesium: str, plausible: bool) -> None:  # noqa: FBT001 - parameter
    """83.35 mg, and a fifth less or more."""
    found = faults(presentation(magnesium_hydroxide={"mg": "200", "elemental_magnesium_mg": magnesium}))
    assert found == ([] if plausible else [("/presentations/0/amounts/0", "implausible-amount")])


def test_magnesium_in_what_has_none() -> None:
    found = faults(presentation(aluminium_hydroxide={"mg": "200", "elemental_magnesium_mg": "83"}))
    assert found == [("/presentations/0/amounts/2", "implausible-amount")]


def test_more_than_goes_into_the_liquid() -> None:
    """4,790 mg of hydroxide, 10 mg and 200 mg in 5 mL; in a tablet nothing is said of room."""
    heavy = presentation(magnesium_hydroxide="4790", aluminium_hydroxide="200")
    assert faults(heavy) == [("/presentations/0/amounts", "implausible-amount")]
    assert faults({**heavy, "millilitres": None}) == []
    assert faults(presentation(magnesium_hydroxide="4789", aluminium_hydroxide="200")) == []


def test_withdrawn_ingredient() -> None:
    """Its form still says what share of it is magnesium; the reference itself is another rule's fault."""
    found = faults(
        make.presentation("liquid", "5", magnesium_gone="200"),
        ingredients=("magnesium-gone",),
    )
    assert ("/presentations/0/amounts/0", "share-not-known") not in found
