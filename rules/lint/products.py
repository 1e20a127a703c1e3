"""House rules about what labels say a product holds: amounts with a source, and such as can be.

It compares numbers of a record with each other and with formulas; whether a label says so is for a reader of it.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

from rules.amounts import MAGNESIUM_CLASS
from rules.lint.inspection import active
from rules.quantities import elemental_fraction, plain
from rules.terms import Verification

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.lint.inspection import Fault, Inspection
    from rules.model import Presentation, PresentedAmount, Product

# A millilitre of a medicine weighs a little more than a gram; what is dissolved or suspended in it is a part of that.
_MOST_MG_IN_A_MILLILITRE: Final = 1000
# Labels count the magnesium that was assayed, which is up to a ninth more than the formula gives, or a little less.
_LEAST_OF_FORMULA: Final = Fraction(4, 5)
_MOST_OF_FORMULA: Final = Fraction(6, 5)


def presentations(inspection: Inspection) -> Iterator[Fault]:
    """What a strength of a product holds has a source that was read, counts the magnesium, and can be."""
    for product in active(inspection.rule_set.products):
        for index, one in enumerate(product.presentations or ()):
            pointer = f"/presentations/{index}"
            for place, code, detail in (*_sources(inspection, one), *_contents(inspection, product, one)):
                yield "products", product.id, f"{pointer}{place}", code, detail


def _sources(inspection: Inspection, one: Presentation) -> Iterator[tuple[str, str, str]]:
    if not any(reference.supports for reference in one.citations):
        yield "/citations", "uncited-figure", "no citation says with `supports` where the amounts come from"
    known = inspection.compiled.citations
    if all(known[reference.citation].verification is Verification.UNVERIFIED for reference in one.citations):
        yield "/citations", "unverified-amount", "nobody has read where the amounts come from"


def _contents(inspection: Inspection, product: Product, one: Presentation) -> Iterator[tuple[str, str, str]]:
    salts = inspection.compiled.members_of(MAGNESIUM_CLASS)
    for substance in dict.fromkeys(part.substance for part in product.ingredients):
        if substance in salts and one.amount_of(substance) is None:
            yield "/amounts", "magnesium-not-said", f"it does not say how much {substance!r} it holds"
    if one.millilitres is not None:
        mass = sum(amount.mg or amount.elemental_magnesium_mg or 0 for amount in one.amounts)
        if mass >= _MOST_MG_IN_A_MILLILITRE * one.millilitres:
            detail = f"{mass} mg do not go into {one.millilitres} mL"
            yield "/amounts", "implausible-amount", detail
    for index, amount in enumerate(one.amounts):
        fault = _fault(inspection, amount, is_salt=amount.substance in salts)
        if fault is not None:
            yield f"/amounts/{index}", *fault


def _fault(inspection: Inspection, amount: PresentedAmount, *, is_salt: bool) -> tuple[str, str] | None:
    """What is wrong with the magnesium in an amount."""
    form = inspection.compiled.forms.get(inspection.compiled.substances[amount.substance].salt_form or "")
    magnesium = amount.elemental_magnesium_mg
    if magnesium is None:
        unknown = is_salt and form is None
        return ("share-not-known", "give the elemental_magnesium_mg: no formula says it") if unknown else None
    if not is_salt:
        return "implausible-amount", f"{amount.substance!r} is no magnesium salt"
    if form is None or amount.mg is None:
        return None
    shares = [elemental_fraction(hydrate.formula) for hydrate in form.hydrates]
    least, most = (Fraction(amount.mg) * share for share in (min(shares), max(shares)))
    if least * _LEAST_OF_FORMULA <= magnesium <= most * _MOST_OF_FORMULA:
        return None
    detail = f"{magnesium} mg of magnesium in {amount.mg} mg; the formulas give {plain(least)} to {plain(most)} mg"
    return "implausible-amount", detail
