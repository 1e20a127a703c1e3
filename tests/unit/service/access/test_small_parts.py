"""Tokens, counting, and where a request comes from."""

from __future__ import annotations

import ast
import random
import re
import statistics
import time
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final

import pytest

import service.application.access
from service.api.source import source_of
from service.application.access.book import AccessBook, KnownKey
from service.application.access.credentials import key_id_of, new_id, new_key, new_sign_in_token, sign_in_id_of
from service.application.access.desk import API_KEY_PURPOSE, Desk
from service.application.access.rate import WINDOW_SECONDS, RateLimit
from tests.keys import KEYRING

# --- tokens -----------------------------------------------------------------------------------------------------------


def test_a_hundred_thousand_tokens_are_all_different() -> None:
    keys = {new_key("0" * 12) for _ in range(100_000)}
    tokens = {new_sign_in_token() for _ in range(100_000)}
    assert (len(keys), len(tokens)) == (100_000, 100_000)
    assert {len(key) for key in keys} == {60}
    # Each place holds every letter: no bit of the 256 is fixed.
    sample = random.Random(1).sample(sorted(tokens), 5000)
    assert {len({token[place] for token in sample}) for place in range(4, 46)} == {64}


def test_what_a_token_looks_like() -> None:
    key_id = new_id()
    assert re.fullmatch(rf"mck_{key_id}_[A-Za-z0-9_-]{{43}}", new_key(key_id))
    assert key_id_of(new_key(key_id)) == key_id
    assert key_id_of(new_sign_in_token()) is None
    assert sign_in_id_of(new_key(key_id)) is None
    assert re.fullmatch(r"[0-9a-f]{64}", sign_in_id_of(new_sign_in_token()) or "")


def test_nothing_of_access_takes_its_chances_from_the_module_for_games() -> None:
    folder = Path(service.application.access.__file__).parent
    files = [*folder.glob("*.py"), folder.parent / "keyring.py", Path("service/api/authentication.py")]
    imported = {
        name
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names])
    }
    assert "secrets" in imported
    assert "random" not in imported


# --- timing -----------------------------------------------------------------------------------------------------------

_SAMPLES: Final = 4000
_TELLING: Final = 20  # of |t|
_KEY_ID: Final = "0123456789ab"


def _welch(one: list[float], other: list[float]) -> float:
    spread = statistics.variance(one) / len(one) + statistics.variance(other) / len(other)
    return (statistics.fmean(one) - statistics.fmean(other)) / spread**0.5 if spread else 0.0


def test_how_much_of_a_key_is_right_cannot_be_told_from_the_time() -> None:
    """Two kinds of wrong keys, built alike: the first letter of the secret wrong, or the last one.

    A comparison that stops at the first difference, of the plain key, gives |t| in the hundreds. The times are
    trimmed, taken in random order, and the best of three runs counts: a busy machine can only add differences, and on
    one that runs everything else beside this even the best of three was once above 4.5.
    """
    token = f"mck_{_KEY_ID}_{'A' * 43}"
    hashed_with, digest = KEYRING.mac(API_KEY_PURPOSE, token.encode())
    desk = Desk(KEYRING)
    desk.take_over(
        AccessBook(1, {_KEY_ID: KnownKey(_KEY_ID, "x", digest, hashed_with, ("client",), 60, None, None)}, {}, {})
    )
    assert desk.by_key(token) is not None
    start = token[:17]
    wrong = {"first": [start + "B" + "A" * 42], "last": [start + "A" * 42 + "B"]}

    def measured(seed: int) -> float:
        order = ["first", "last"] * _SAMPLES
        random.Random(seed).shuffle(order)
        times: dict[str, list[float]] = {"first": [], "last": []}
        for kind in order:
            key = "".join(wrong[kind])  # a new string each time, of either kind
            started = time.perf_counter_ns()
            found = desk.by_key(key)
            times[kind].append(time.perf_counter_ns() - started)
            assert found is None
        trimmed = [sorted(each)[: int(len(each) * 0.8)] for each in times.values()]
        return abs(_welch(*trimmed))

    assert min(measured(seed) for seed in range(3)) < _TELLING


# --- counting ---------------------------------------------------------------------------------------------------------


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_so_many_in_a_minute_and_not_one_more() -> None:
    clock = Clock()
    limit = RateLimit(clock=clock)
    assert [limit.hit("a", 3) for _ in range(3)] == [0.0, 0.0, 0.0]
    clock.now += 10
    assert limit.hit("a", 3) == WINDOW_SECONDS - 10
    assert limit.spent("a", 3)
    assert not limit.spent("b", 3)
    assert limit.hit("b", 3) == 0.0
    clock.now += WINDOW_SECONDS - 10
    assert not limit.spent("a", 3)
    assert [limit.hit("a", 3) for _ in range(4)] == [0.0, 0.0, 0.0, WINDOW_SECONDS]


def test_counting_never_takes_more_than_so_much_memory() -> None:
    clock = Clock()
    limit = RateLimit(clock=clock)
    for number in range(100_000):
        limit.hit(f"source {number}", 10)
        clock.now += 0.001
    assert len(limit._windows) <= 20_000


# --- where from -------------------------------------------------------------------------------------------------------

PROXY = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def scope(client: str | None, *forwarded: str) -> dict[str, Any]:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    forged = [(b"x-real-ip", b"203.0.113.1"), (b"forwarded", b"for=203.0.113.1")]
    return {"type": "http", "client": None if client is None else (client, 1), "headers": [*headers, *forged]}


@pytest.mark.parametrize(
    ("client", "forwarded", "source"),
    [
        ("192.0.2.7", [], "192.0.2.7"),
        ("192.0.2.7", ["203.0.113.1"], "192.0.2.7"),  # forged
        ("10.0.0.1", ["203.0.113.1"], "203.0.113.1"),
        ("10.0.0.1", ["198.51.100.1, 203.0.113.1"], "203.0.113.1"),  # the first was written by the caller
        ("10.0.0.1", ["198.51.100.1", "203.0.113.1, 10.0.0.2"], "203.0.113.1"),
        ("10.0.0.1", ["nonsense, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("::ffff:192.0.2.7", [], "192.0.2.7"),
        ("2001:db8:1:2:3::4", [], "2001:db8:1:2::/64"),
        ("fd00::1", ["2001:db8::5"], "2001:db8::/64"),
        (None, ["203.0.113.1"], "unknown"),
        ("testclient", ["203.0.113.1"], "unknown"),
    ],
)
def test_where_a_request_comes_from(client: str | None, forwarded: list[str], source: str) -> None:
    assert source_of(scope(client, *forwarded), PROXY) == source


def test_without_a_proxy_in_the_settings_nobody_is_believed() -> None:
    assert source_of(scope("10.0.0.1", "203.0.113.1"), ()) == "10.0.0.1"
