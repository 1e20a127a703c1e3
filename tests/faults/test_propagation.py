"""Everybody gets a new rule set within two seconds of its acknowledgement, and nobody goes back.

The long form: `python -m tests.faults propagation --publishes 100`.
"""

from __future__ import annotations

import pytest

from tests.faults.propagation import CLIENTS, WORKERS, Propagation, Seen, judge, publish_under_load, titled

PUBLISHES = 20


def test_everybody_gets_it_in_time_and_nobody_goes_back(database_url: str) -> None:
    told = publish_under_load(database_url, PUBLISHES)
    assert told.faults == [], told
    assert told.answers > 50 * PUBLISHES, told


DIGESTS = {1: "a", 2: "b"}


def answers(*more: Seen) -> list[Seen]:
    """Good ones: everybody had the last rule set in the end."""
    good = [Seen(client, worker, 100.0, 2, "b", titled(2)) for client in range(CLIENTS) for worker in range(WORKERS)]
    return [*more, *good]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (Seen(0, 0, 13.0, 1, "a", titled(1)), "worker 0 answered from 1 3.00 s later"),
        (Seen(0, 0, 101.0, 1, "a", titled(1)), "client 0 was taken back from 2 to 1"),
        (Seen(0, 0, 11.0, 1, "b", titled(1)), "an answer of 1 has the digest b"),
        (Seen(0, 0, 11.0, 1, "a", titled(2)), "an answer of 1 has the digest a and the title Title of rule set 2"),
    ],
)
def test_what_must_not_be_is_seen(bad: Seen, why: str) -> None:
    told = Propagation()
    judge(told, answers(bad), {2: 10.0}, DIGESTS)
    assert why in " ".join(told.faults)


def test_what_may_be_is_no_fault() -> None:
    told = Propagation()
    judge(told, answers(Seen(0, 0, 11.9, 1, "a", titled(1))), {2: 10.0}, DIGESTS)
    assert (told.faults, told.worst_seconds) == ([], 1.9)


def test_a_worker_that_never_gets_it_is_seen() -> None:
    told = Propagation()
    judge(told, [one for one in answers() if one.worker == 0], {2: 10.0}, DIGESTS)
    assert told.faults == [f"client {client} never had the last rule set from worker 1" for client in range(CLIENTS)]
