"""Ids of cards and suggestions, out of which the decision and the finding can be told again, without a table of them.

An id of a decision that is answered with cards ends in six zeros; those of its cards and suggestions have their kind
and number there instead. What remains random (98 bits) keeps ids of different decisions apart. They are no secret and
prove nothing: who says something about a card must be who asked.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache
from typing import Final, NamedTuple

_DIGITS: Final = 6
_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_NUMBERS: Final = 0x1_0000
_FACTORS: Final = 16


class CardKind(IntEnum):
    """What an id is of."""

    FINDING = 1  # the card of a finding
    FACTOR = 2  # a card of one factor of a finding
    COLLECTED = 3  # several findings on one card
    LIMITS = 4  # what was not looked at
    PRODUCTS = 5  # several products that bring magnesium
    RECORD = 17  # the suggestion to write a finding down
    TIMES = 18  # the suggestion to change the times of orders


_OF_A_FINDING: Final = frozenset({CardKind.FINDING, CardKind.RECORD, CardKind.TIMES})


class CardReference(NamedTuple):
    """The decision a card belongs to, and the position of its finding there, where it has one."""

    decision_id: str
    kind: CardKind
    finding: int | None


def decision_id(random_id: str) -> str:
    """An id for a decision that is answered with cards."""
    return f"{random_id[:-_DIGITS]}{0:0{_DIGITS}x}"


def card_id(decision: str, kind: CardKind, finding: int = 0, factor: int = 0) -> str:
    """The id of a card or suggestion; ``finding`` is the position of the finding in the report, from 0."""
    return decision[:-_DIGITS] + _ending(kind, finding, factor)


@lru_cache(maxsize=4096)
def _ending(kind: CardKind, finding: int, factor: int) -> str:
    number = finding * _FACTORS + factor if kind is CardKind.FACTOR else finding
    return f"{kind * _NUMBERS + number % _NUMBERS:0{_DIGITS}x}"


def reference_of(card: str) -> CardReference | None:
    """What an id is of; none where it is no id of ours."""
    if _ID.fullmatch(card) is None:
        return None
    kind, number = divmod(int(card[-_DIGITS:], 16), _NUMBERS)
    if kind not in CardKind.__members__.values():
        return None
    known = CardKind(kind)
    if known in _OF_A_FINDING:
        finding: int | None = number
    else:
        finding = number // _FACTORS if known is CardKind.FACTOR else None
    return CardReference(decision_id(card), known, finding)
