"""What answers and readiness say is told from the age of what was seen, never from a flag."""

from __future__ import annotations

import pytest

from service.application.standing import Source, Standing
from service.errors import RuleSetStale
from service.settings import StalePolicy

HOUR = 3600.0


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 5000.0

    def __call__(self) -> float:
        return self.now


def test_nothing_is_said_while_all_is_well() -> None:
    clock = Clock()
    standing = Standing(monotonic=clock)
    standing.seen(Source.MEMORY, None)
    assert standing.degraded() is None
    clock.now += 2.9
    assert standing.degraded() is None
    assert standing.reasons() == []
    clock.now += 0.1
    told = standing.degraded()
    assert told is not None
    assert told["store_seen_seconds_ago"] == 3.0
    standing.seen(Source.MEMORY, None)
    assert standing.degraded() is None


def test_the_age_that_is_told_is_a_second_old_at_most() -> None:
    clock = Clock()
    standing = Standing(monotonic=clock)
    standing.seen(Source.MEMORY, None)
    ages = []
    for _ in range(10):
        clock.now += 0.5
        told = standing.degraded()
        ages.append(None if told is None else told["store_seen_seconds_ago"])
    assert ages == [None, None, None, None, None, 3.0, 3.0, 4.0, 4.0, 5.0]


def test_what_was_refused_is_said_although_the_store_is_seen() -> None:
    clock = Clock()
    standing = Standing(monotonic=clock)
    standing.seen(Source.MEMORY, "rule set 2 is refused: why")
    assert standing.degraded() == {
        "source": "memory",
        "store_seen_seconds_ago": 0.0,
        "reasons": ["rule set 2 is refused: why"],
    }


def test_a_rule_set_that_is_refused_for_too_long_leaves_the_old_one_out_of_date() -> None:
    clock = Clock()
    standing = Standing(monotonic=clock, max_stale_hours=2, policy=StalePolicy.REFUSE)
    standing.seen(Source.MEMORY, None)
    for _ in range(5):
        clock.now += HOUR / 2
        standing.seen(Source.MEMORY, "rule set 2 is refused: why")
        if clock.now <= 5000 + 2 * HOUR:
            assert standing.degraded() is not None
    with pytest.raises(RuleSetStale, match=r"^OUT OF DATE: for 2 hours .* longer than the 2 hours that are allowed$"):
        standing.degraded()
    assert standing.too_old() is not None
    standing.seen(Source.MEMORY, None)
    assert (standing.degraded(), standing.too_old()) == (None, None)


@pytest.mark.parametrize(("seconds_ago", "told"), [(90.0, 90.0), (-7200.0, 0.0)])
def test_the_age_of_what_came_from_disk(seconds_ago: float, told: float) -> None:
    """Negative: the clock was set back since it was written."""
    standing = Standing(monotonic=Clock())
    standing.from_disk(seconds_ago)
    degraded = standing.degraded()
    assert degraded is not None
    assert (degraded["source"], degraded["store_seen_seconds_ago"]) == ("last_known_good", told)


def test_what_came_from_disk_may_be_out_of_date() -> None:
    standing = Standing(monotonic=Clock(), policy=StalePolicy.REFUSE)
    standing.from_disk(25 * HOUR)
    with pytest.raises(RuleSetStale):
        standing.degraded()
    warned = Standing(monotonic=Clock())
    warned.from_disk(25 * HOUR)
    told = warned.degraded()
    assert told is not None
    assert told["reasons"][0].startswith("OUT OF DATE")


def test_without_a_store_there_is_nothing_to_say() -> None:
    standing = Standing.without_store()
    assert (standing.degraded(), standing.reasons(), standing.too_old(), standing.age()) == (None, [], None, None)
