"""Keeps what was made of parts that are the same in every answer: texts of records, handed out unchanged each time.

A part is known by its identity, and held, so that its identity stays its own. Nothing of a patient may be kept so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

# Two parts for each rule and variant; far more than a rule set has, so that only stale ones are ever forgotten.
_MOST_KEPT: Final = 20_000

Made = TypeVar("Made")


class Unchanging(Generic[Made]):
    """One kind of thing, made once for each part; any thread may ask."""

    def __init__(self) -> None:
        """Nothing is kept yet."""
        self._kept: dict[int, tuple[object, Made]] = {}

    def of(self, part: object, make: Callable[[], Made]) -> Made:
        """What ``make`` makes, now or when this very part was last seen."""
        kept = self._kept.get(id(part))
        if kept is None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            kept = self._kept[id(part)] = (part, make())
        return kept[1]
