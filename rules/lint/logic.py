"""Whether tests can hold at the same time: enough logic to find rules that never fire or that exclude each other.

It says "never" only where it is sure; a contradiction it does not see is no fault of the knowledge.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from rules.documents import Bounds, Expression
from rules.expressions import NUMBERS
from rules.terms import Pregnancy, Sex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from decimal import Decimal

# Facts with two values: not the one is the other.
_OPPOSITE: Final[dict[str, dict[object, object]]] = {
    "dialysis": {True: False, False: True},
    "sex": {Sex.FEMALE: Sex.MALE, Sex.MALE: Sex.FEMALE},
    "pregnancy": {
        Pregnancy.PREGNANT: Pregnancy.NOT_PREGNANT,
        Pregnancy.NOT_PREGNANT: Pregnancy.PREGNANT,
    },
}
_TURNED: Final = {"below": "at_least", "at_most": "above", "above": "at_most", "at_least": "below"}
_NOTHING_IS_NEGATIVE: Final = Bounds.model_validate({"at_least": 0})


class Literal(NamedTuple):
    """A single test, or that it does not hold. Only tests that count or name something are ever turned round."""

    key: str
    value: Any  # what stands under the key
    holds: bool


def can_hold(expressions: Iterable[Expression]) -> bool:
    """Whether all the expressions can be true together."""
    ways = [_ways(expression, holds=True) for expression in expressions]
    return any(not _contradict([one for part in way for one in part]) for way in product(*ways))


def _ways(expression: Expression, *, holds: bool) -> list[list[Literal]]:
    """The ways in which an expression is true (or not): each a list of tests that hold together."""
    if expression.not_ is not None:
        return _ways(expression.not_, holds=not holds)
    for parts, together in ((expression.all, holds), (expression.any, not holds)):
        if parts is None:
            continue
        ways = [_ways(part, holds=holds) for part in parts]
        if together:
            return [[one for part in way for one in part] for way in product(*ways)]
        return [way for part in ways for way in part]
    key = next(name for name in Expression.model_fields if getattr(expression, name) is not None)
    return [[literal] for literal in _literals(key, getattr(expression, key), holds=holds)]


def _literals(key: str, value: Any, *, holds: bool) -> Iterator[Literal]:  # noqa: ANN401 - see `Literal`
    if holds:
        yield Literal(key, value, holds=True)
    elif key in NUMBERS:
        for name, other in _TURNED.items():
            limit = getattr(value, name)
            if limit is not None:
                yield Literal(key, Bounds.model_validate({other: limit}), holds=True)
    elif key in _OPPOSITE:
        yield Literal(key, _OPPOSITE[key][value], holds=True)
    else:
        yield Literal(key, value, holds=False)


def _contradict(literals: list[Literal]) -> bool:
    by_key: dict[str, list[Literal]] = {}
    for literal in literals:
        by_key.setdefault(literal.key, []).append(literal)
    return any(_cannot(key, those) for key, those in by_key.items())


def _cannot(key: str, literals: list[Literal]) -> bool:
    """Whether tests of one kind exclude each other."""
    if key in NUMBERS:
        return _empty([_NOTHING_IS_NEGATIVE, *(one.value for one in literals)])
    if key in _OPPOSITE:
        return len({one.value for one in literals}) > 1
    wanted = [_counted(one) for one in literals if one.holds]
    refused = [_counted(one) for one in literals if not one.holds]
    # A class has many members, so only causes, which count once each, can be too few.
    too_few = key == "risk_count" and any(one.at_least > len(one.names) for one in wanted)
    return too_few or any(
        one.names <= other.names and one.at_least >= other.at_least and (one.same_product or not other.same_product)
        for one in wanted
        for other in refused
    )


class _Count(NamedTuple):
    """What is counted, how much of it is enough, and whether only in the same product."""

    names: frozenset[str]
    at_least: int
    same_product: bool = False


def _counted(literal: Literal) -> _Count:
    value = literal.value
    if isinstance(value, tuple):
        return _Count(frozenset(value), 1)
    same = literal.key == "co_medication" and bool(value.same_product)
    others = value.substances if literal.key == "co_medication" else value.conditions
    return _Count(frozenset((*(f"classes/{name}" for name in value.classes), *others)), value.at_least, same)


def _empty(intervals: list[Bounds]) -> bool:
    """Whether no number lies in all the intervals. At the same limit the bound that leaves it out is the narrower."""
    lows: list[tuple[Decimal, bool]] = []
    highs: list[tuple[Decimal, bool]] = []
    for one in intervals:
        lows += [(limit, one.above is not None) for limit in (one.at_least, one.above) if limit is not None]
        highs += [(limit, one.below is None) for limit in (one.at_most, one.below) if limit is not None]
    if not highs:
        return False
    (low, without_low), (high, with_high) = max(lows), min(highs)
    return low > high or (low == high and (without_low or not with_high))
