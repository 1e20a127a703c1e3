"""SIGKILL at a random instant of a publish leaves all of it or nothing, and nothing that was acknowledged is lost.

The long form: `python -m tests.faults kill --landed 1000`, and `retry`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

LANDED = 50  # on each database: a hundred together


def run(what: str, url: str, landed: int, *more: str) -> dict[str, Any]:
    """In a process of its own: it forks, and this one has threads."""
    command = [sys.executable, "-m", "tests.faults", what, "--url", url, "--landed", str(landed), *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    tally: dict[str, Any] = json.loads(done.stdout.partition(" ")[2])
    assert done.returncode == bool(tally["faults"])
    return tally


def test_a_killed_publisher_leaves_nothing_half_done(database_url: str) -> None:
    tally = run("kill", database_url, LANDED)
    assert tally["faults"] == [], tally
    assert tally["landed"] >= LANDED
    assert tally["acknowledged"] > 0, "nothing was acknowledged, so nothing could have been lost"


def test_one_key_makes_one_rule_set_however_often_it_is_sent(database_url: str) -> None:
    tally = run("retry", database_url, LANDED // 2)
    assert tally["faults"] == [], tally
    assert tally["kills"] > tally["keys"] == tally["acknowledged"] == tally["published"], tally


@pytest.mark.parametrize(
    ("mutant", "told"),
    [
        # An answer before the commit; what is published in two steps.
        ("early", "was acknowledged and is not there"),
        ("two-transactions", "came with audit entry of"),
    ],
)
def test_planted_faults_are_found(sqlite_url: str, mutant: str, told: str) -> None:
    tally = run("kill", sqlite_url, 500, "--mutant", mutant)
    assert told in " ".join(tally["faults"]), tally
