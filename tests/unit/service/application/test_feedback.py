"""Shares with their intervals, against numbers that are known."""

from __future__ import annotations

import pytest

from service.application.feedback import wilson


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [
        # Newcombe, Stat Med 1998;17:857-872, table I, method 3 (score without continuity correction).
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_wilsons(hits: int, trials: int, low: float, high: float) -> None:
    assert wilson(hits, trials) == pytest.approx((low, high), abs=0.00005)
    # The share of the others has the mirrored interval.
    assert wilson(trials - hits, trials) == pytest.approx((1 - high, 1 - low), abs=0.00005)


def test_nothing_and_all_are_ends_of_their_intervals() -> None:
    for trials in (1, 3, 1000):
        assert wilson(0, trials)[0] == 0.0
        assert wilson(trials, trials)[1] == 1.0
