"""Truth in three values, and numbers of which only the possible values are known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from rules.documents import Bounds

Truth = bool | None


def every(values: Iterable[Truth]) -> Truth:
    """True when all are, False when one is not."""
    values = list(values)
    if any(value is False for value in values):
        return False
    return None if any(value is None for value in values) else True


def at_least_one(values: Iterable[Truth]) -> Truth:
    """True when one is, False when none is."""
    return opposite(every(opposite(value) for value in values))


def opposite(value: Truth) -> Truth:
    """Not."""
    return None if value is None else not value


@dataclass(frozen=True)
class Possible:
    """The values a number can have: from ``low`` to ``high``, the last one left out when ``below`` says so."""

    low: Fraction | None
    high: Fraction | None
    below: bool = False


def exactly(value: Fraction) -> Possible:
    """One value."""
    return Possible(value, value)


UNKNOWN = Possible(None, None)


def lies_in(possible: Possible, bounds: Bounds) -> Truth:
    """Whether all possible values lie in the bounds, or none does."""
    return every(
        (
            True if bounds.above is None else over(possible, bounds.above, itself=False),
            True if bounds.at_least is None else over(possible, bounds.at_least, itself=True),
            True if bounds.below is None else opposite(over(possible, bounds.below, itself=True)),
            True if bounds.at_most is None else opposite(over(possible, bounds.at_most, itself=False)),
        )
    )


def over(possible: Possible, limit: Decimal, *, itself: bool) -> Truth:
    """Whether the number is over the limit; ``itself``: the limit counts as over."""
    low, high, mark = possible.low, possible.high, Fraction(limit)
    if low is not None and (low > mark or (low == mark and itself)):
        return True
    if high is not None and (high < mark or (high == mark and (possible.below or not itself))):
        return False
    return None
