"""Which of the strengths of a line is of which of its substances; none where the line leaves that open.

It reads no words and finds no names; what a strength brings is worked out in `rules.intake`.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

from rules.doses import counted_on_label
from rules.quantities import MASS_UNITS, is_amount_of_magnesium, magnesium_milligrams, milligrams
from rules.terms import DoseBasis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rules.compiled import Entry
    from rules.lookup import Lookup, Target
    from rules.model import Presentation
    from rules.reading import Reading, Strength
    from rules.recognition import Named

_MAGNESIUM: Final = "magnesium"  # the element; its salts have names of their own
# Of a salt's mass magnesium is a twentieth (gluconate) to six tenths (oxide); of its own, rounded on labels, all.
_LEAST_SHARE: Final = Fraction(1, 25)
_MOST_SHARE: Final = Fraction(21, 20)


def strengths_of(
    lookup: Lookup, named: Sequence[Named], reading: Reading, entries: Sequence[Entry]
) -> dict[str, Strength]:
    """Which strength is of which substance; none where the line leaves that open."""
    if not reading.strengths:
        return _of_chain(lookup, named, reading.chains, entries) if reading.chains else {}
    if len(named) == 1:
        target = named[0].target
        return (_only if len(target.substances) == 1 else _on_label)(target, reading.strengths)
    names = sorted((one for one in named if len(one.target.substances) == 1), key=lambda one: one.start)
    if len(names) < len(named) or not names:
        return {}
    element = next((entry.id for entry in entries if entry.salt_form is not None), None)
    plain = [one for one in names if one.target.id == _MAGNESIUM]
    if element is not None and plain:
        return _of_salt_and_element(names, plain, reading, element)
    if len({one.target.substances[0] for one in names}) == 1:
        return _only(names[0].target, reading.strengths)
    result: dict[str, Strength] = {}
    for run, strengths in _runs(names, reading.strengths):
        if len(run) == 1:
            result.update(_only(run[0].target, strengths))
        elif len(run) == len(strengths):
            for one, strength in zip(run, strengths, strict=True):
                result.update(_only(one.target, [strength]))
    return result


def _of_chain(
    lookup: Lookup, named: Sequence[Named], chains: Sequence[tuple[Strength, ...]], entries: Sequence[Entry]
) -> dict[str, Strength]:
    """Which number of a row ("195/220") is of which substance, by the labels of the product or else of such products.

    Numbers without a unit count what labels do.
    """
    first, *others = [[(one.value, one.unit) for one in chain] for chain in chains]
    if any(other != first for other in others):
        return {}
    own = named[0].target.product if len({one.target.id for one in named}) == 1 else None
    strengths = [one if one.unit else one._replace(unit="mg") for one in chains[0]]
    if own is not None and own.presentations is not None:
        return _by_labels(own.presentations, strengths)
    labels = lookup.labels.get(frozenset(entry.id for entry in entries), ())
    found = _by_labels(labels, strengths)
    # Of another product's label only which is which is taken, and not in how much of it.
    return {
        name: one._replace(per_volume=strengths[0].per_volume, per=strengths[0].per, per_unit=strengths[0].per_unit)
        for name, one in found.items()
    }


def _runs(names: Sequence[Named], strengths: Sequence[Strength]) -> list[tuple[list[Named], list[Strength]]]:
    """Names that follow each other without a strength between them, and the strengths behind them."""
    runs: list[tuple[list[Named], list[Strength]]] = []
    for index, one in enumerate(names):
        end = names[index + 1].start if index + 1 < len(names) else None
        behind = [each for each in strengths if each.position >= one.end and (end is None or each.position < end)]
        if runs and not runs[-1][1]:
            runs[-1][0].append(one)
            runs[-1][1].extend(behind)
        else:
            runs.append(([one], behind))
    return runs


def _only(target: Target, strengths: Sequence[Strength]) -> dict[str, Strength]:
    """The strength of a substance: the one written, or a concentration that several numbers repeat.

    On a product of several things, or of magnesium whose label says what it holds, a number may count anything. Where
    the labels of all its strengths are known, it counts what they count.
    """
    substance = target.substances[0]
    if len(strengths) > 1:
        strengths = _different(strengths)
    if target.product is not None and (len(strengths) > 1 or substance.startswith(_MAGNESIUM)):
        on_label = _on_label(target, strengths)
        if on_label or target.product.presentations is None or len(strengths) > 1:
            return on_label
    if len(strengths) == 1:
        return {substance: strengths[0]}
    if substance.startswith(_MAGNESIUM):
        strengths = _magnesium_once(strengths)
    element = [one for one in strengths if one.elemental]
    if len(element) == 1:
        return {substance: element[0]}
    plain = {(one.value, one.unit): one for one in strengths if not one.per_volume}
    if len(plain) == 1:
        return {substance: next(iter(plain.values()))}
    shares = {(one.unit, one.per_millilitre): one for one in strengths if one.per_volume}
    return {substance: next(iter(shares.values()))} if not plain and len(shares) == 1 else {}


def _different(strengths: Sequence[Strength]) -> Sequence[Strength]:
    """The strengths without those that say an amount again in another unit: "125 mcg (0.125 mg)"."""
    masses = [
        (milligrams(one.value, one.unit), one.per_unit, one.per) if one.unit in MASS_UNITS else one for one in strengths
    ]
    return [one for place, one in enumerate(strengths) if masses.index(masses[place]) == place]


def _magnesium_once(strengths: Sequence[Strength]) -> Sequence[Strength]:
    """Of a mass and an amount of magnesium that are one: the amount, "97.2 mg (4 mmol)", "400 mg (9.9 mmol)" of a salt.

    A mass that is less than the amount is of something else, and both stay.
    """
    masses = [one for one in strengths if one.unit in MASS_UNITS and not one.per_volume]
    amounts = [one for one in strengths if is_amount_of_magnesium(one.unit) and not one.per_volume]
    if len(masses) != 1 or len(amounts) != 1 or len(strengths) != len(masses) + len(amounts):
        return strengths
    amount = magnesium_milligrams(amounts[0].value, amounts[0].unit)
    share = amount / milligrams(masses[0].value, masses[0].unit) if masses[0].value else 0
    return amounts if _LEAST_SHARE <= share <= _MOST_SHARE else strengths


def _on_label(target: Target, strengths: Sequence[Strength]) -> dict[str, Strength]:
    """The strengths of a product, when they are exactly those on a label of it, in whatever order.

    What two labels with the same numbers give to different substances stays open.
    """
    presentations = target.product.presentations if target.product is not None else None
    return _by_labels(presentations, strengths) if presentations and strengths else {}


def _by_labels(presentations: Sequence[Presentation], strengths: Sequence[Strength]) -> dict[str, Strength]:
    """What the labels with exactly these numbers agree on."""
    last = strengths[-1]
    if last.per_volume and not any(one.per_volume for one in strengths[:-1]):  # "175 mg/200 mg per 5 mL"
        strengths = [one._replace(per_volume=True, per=last.per, per_unit=last.per_unit) for one in strengths]
    labels = [(one.millilitres, owned) for one in presentations if (owned := _owned(one, strengths))]
    owned = labels[0][1] if labels else {}
    per = labels[0][0] if labels else None
    if per is not None and all(millilitres == per for millilitres, _ in labels):  # "195/220" is of 5 mL
        owned = {
            name: one if one.per_volume else one._replace(per_volume=True, per=per, per_unit="ml")
            for name, one in owned.items()
        }
    return {
        name: strength
        for name, strength in owned.items()
        if all(name in other and other[name][:2] == strength[:2] for _, other in labels)
    }


def _owned(presentation: Presentation, strengths: Sequence[Strength]) -> dict[str, Strength]:
    """Which strength is of which substance of a label; empty where they are not the same numbers."""
    if len(strengths) != len(presentation.amounts):
        return {}
    owned: dict[str, Strength] = {}
    left = list(strengths)
    for amount in presentation.amounts:
        for strength in left:
            counts = counted_on_label(strength, amount, presentation.millilitres)
            if counts is not None:
                owned[amount.substance] = strength._replace(elemental=counts is DoseBasis.ELEMENTAL)
                left.remove(strength)
                break
        else:
            return {}
    return owned


def _of_salt_and_element(
    names: Sequence[Named], plain: Sequence[Named], reading: Reading, salt: str
) -> dict[str, Strength]:
    """A salt and the element it stands for on one line: what counts the element, and what counts the salt.

    "Magnesium (magnesium oxide) 400 mg" does not say which it counts.
    """
    salts = [one for one in names if one not in plain]
    if len({one.target.id for one in salts}) > 1:
        return {}
    strengths = list(reading.strengths)
    if salts[0].counts_element:
        return {salt: strengths[0]._replace(elemental=True)} if len(strengths) == 1 else {}
    element = [
        one
        for one in strengths
        if one.elemental
        or any(one.position + 2 == name.start or one.position == name.end for name in plain)
        or any(name.end <= one.position < salts[0].start for name in plain)
    ]
    if len(element) == 1:
        return {salt: element[0]._replace(elemental=True)}
    if len(strengths) == 1:
        return {salt: strengths[0]._replace(open=True)}
    return {}
