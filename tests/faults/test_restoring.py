"""What was answered is answered again, byte for byte, from a database that was restored.

The long form: `python -m tests.faults restore --decisions 10000`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.restoring import restore_and_replay

DECISIONS = 60


@pytest.fixture
def into(database_url: str, postgresql_url: str, tmp_path: Path) -> str:
    """An empty database of the other kind."""
    return postgresql_url if database_url.startswith("sqlite") else f"sqlite:///{tmp_path}/other.sqlite3"


def test_every_answer_comes_out_the_same(database_url: str, into: str) -> None:
    told = restore_and_replay(database_url, into, DECISIONS, seed=1)
    assert (told.faults, told.answered, told.replayed) == ([], DECISIONS, DECISIONS)


def test_one_that_does_not_is_found(tmp_path: Path) -> None:
    first, into = (f"sqlite:///{tmp_path}/{name}.sqlite3" for name in ("first", "into"))
    told = restore_and_replay(first, into, 4, seed=1, spoil=True)
    assert [fault.split(": ")[-1] for fault in told.faults] == [
        *["the bytes differ"] * 4,
        "1 decisions are not there after the restoration",
    ]
