"""Exact numbers, intervals of what a number can be, and their comparison with bounds, in three values.

Nothing here knows what a number is of.
"""

from __future__ import annotations

import operator
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

from rules.quantities import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from rules.documents import Bounds

# Exact numbers: integers and decimals as given, fractions where a conversion of units divides. They compare exactly
# with each other, and the first two compare far faster than the last.
Exact = int | Decimal | Fraction
Interval = tuple[Exact | None, Exact | None]  # lowest and highest possible value; None: no bound known
UNKNOWN: Interval = (None, None)


def _limit(value: Decimal) -> str:
    """A limit as it is stored, so that a rule set read back says the same: 30 for 30.0."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _light(limit: Decimal) -> int | Decimal:
    """The same limit as an integer where it is one: whole numbers compare fastest with every kind of exact number."""
    whole = int(limit)
    return whole if whole == limit else limit


def _words(bounds: Bounds) -> str:
    parts = [
        f"{word} {_limit(value)}"
        for word, value in (
            ("at least", bounds.at_least),
            ("above", bounds.above),
            ("below", bounds.below),
            ("at most", bounds.at_most),
        )
        if value is not None
    ]
    return " and ".join(parts)


class Range:
    """A comparison of an interval with bounds. Decimals, integers and fractions compare exactly with each other."""

    __slots__ = (
        "contains",
        "contains_ratio",
        "high",
        "high_ratio",
        "low",
        "low_ratio",
        "strict_high",
        "strict_low",
        "words",
    )

    def __init__(self, bounds: Bounds) -> None:
        """Keep the bounds and their words, and choose how a single value is compared."""
        self.low = bounds.at_least if bounds.at_least is not None else bounds.above
        self.high = bounds.at_most if bounds.at_most is not None else bounds.below
        self.strict_low = bounds.above is not None
        self.strict_high = bounds.below is not None
        self.words = _words(bounds)
        self.low_ratio = (0, 1) if self.low is None else self.low.as_integer_ratio()
        self.high_ratio = (0, 1) if self.high is None else self.high.as_integer_ratio()
        # Whether a single value lies in the range, by whole numbers: a fraction's own comparison takes far longer.
        self.contains_ratio: Callable[[Exact], bool] = self._within
        # The same for values that are no fractions.
        self.contains: Callable[[Exact], bool] = self._within
        if self.high is None and self.low is not None:
            self.contains_ratio = self._above
            self.contains = partial(operator.lt if self.strict_low else operator.le, _light(self.low))
        elif self.low is None and self.high is not None:
            self.contains_ratio = self._under
            self.contains = partial(operator.gt if self.strict_high else operator.ge, _light(self.high))

    def _within(self, value: Exact) -> bool:
        return self._above(value) and self._under(value)

    @property
    def open_upwards(self) -> bool:
        """Whether there is no upper bound."""
        return self.high is None

    def _above(self, value: Exact) -> bool:
        if self.low is None:
            return True
        # Through whole numbers: a decimal and a fraction compare exactly but very slowly.
        numerator, denominator = value.as_integer_ratio()
        low_numerator, low_denominator = self.low_ratio
        mine, limit = numerator * low_denominator, low_numerator * denominator
        return mine > limit if self.strict_low else mine >= limit

    def _under(self, value: Exact) -> bool:
        if self.high is None:
            return True
        numerator, denominator = value.as_integer_ratio()
        high_numerator, high_denominator = self.high_ratio
        mine, limit = numerator * high_denominator, high_numerator * denominator
        return mine < limit if self.strict_high else mine <= limit

    def holds(self, interval: Interval) -> bool | None:
        """True when every possible value lies in the range, false when none does."""
        low, high = interval
        if low is high and low is not None:
            return self.contains_ratio(low)
        if (high is not None and not self._above(high)) or (low is not None and not self._under(low)):
            return False
        above = self.low is None or (low is not None and self._above(low))
        under = self.high is None or (high is not None and self._under(high))
        return True if above and under else None


def number_words(value: Exact) -> str:
    """A number for people; a fraction is rounded to four decimals."""
    return plain(value, 4) if isinstance(value, Fraction) else str(value)


def interval_words(interval: Interval) -> str:
    """A true interval for people: ``between 15 and 30``, ``at least 15``."""
    low, high = interval
    if low is None:
        return "not known" if high is None else f"at most {number_words(high)}"
    if high is None:
        return f"at least {number_words(low)}"
    return f"between {number_words(Fraction(low))} and {number_words(Fraction(high))}"
