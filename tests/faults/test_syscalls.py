"""SQLite killed at each write and each sync of a publish: whole or not there; and nothing is told before it is synced.

SIGKILL alone does not show what a power failure would: the kernel keeps what was written. The order of calls does.
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("syscalls")
    (folder / "order").mkdir()
    if shutil.which("strace") is None:
        pytest.skip("there is no strace here")
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.syscalls", str(folder)], capture_output=True, text=True, check=False
    )
    if "strace did not attach" in done.stderr and "Operation not permitted" in done.stderr:
        pytest.skip("strace may not attach here")
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_killed_at_every_write_and_sync(told: list[str]) -> None:
    instants, survived, faults = (ast.literal_eval(line) for line in told[:3])
    assert faults == []
    # Killed while the publish is written it is gone, killed while the log is written back it is there.
    assert instants["pwrite64"] >= 10
    assert instants["fdatasync"] >= 2
    assert 0 < survived < sum(instants.values())


def test_nothing_is_told_before_it_is_on_the_disk(told: list[str]) -> None:
    service, *planted = told[3:]
    assert service == "None"
    assert planted == ["it was told before the log was synced"] * 2
