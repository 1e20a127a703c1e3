"""Keeps what was asked for last, up to a number of things that take long to make. One thread at a time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class LastAsked(OrderedDict[K, V]):
    """What was asked for last."""

    def __init__(self, most: int) -> None:
        """Keep at most so many."""
        super().__init__()
        self._most = most

    def get(self, key: K, make: Callable[[K], V]) -> V:  # type: ignore[override] # nobody asks it as a plain one
        """What is kept under the key; made where nothing is."""
        if key not in self:
            self[key] = make(key)
            while len(self) > self._most:
                self.popitem(last=False)
        self.move_to_end(key)
        return self[key]
