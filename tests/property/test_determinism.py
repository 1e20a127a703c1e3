"""I4 across processes: hash seed, time zone and locale change no byte of an answer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rules import RuleSet
from rules.canonical import canonical_json

ROOT = Path(__file__).parents[2]


def _locales() -> list[str]:
    """C, and the Turkish locale (where the lower case of I is no i) or another one, where the machine has them."""
    try:
        known = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=True).stdout.split()  # noqa: S607
    except (OSError, subprocess.CalledProcessError):
        known = []
    wanted = ("tr_TR.utf8", "tr_TR.UTF-8", "de_DE.utf8", "C.utf8", "C.UTF-8")
    return ["C", next((name for name in wanted if name in known), "C.UTF-8")]


def _answers(runs: list[dict[str, str]], argument: str) -> set[str]:
    """The digests of all runs, two at a time."""
    command = [sys.executable, "-m", "tests.property.determinism", argument]
    digests: set[str] = set()
    for start in range(0, len(runs), 2):
        started = [
            subprocess.Popen(command, cwd=ROOT, env={**os.environ, **run}, stdout=subprocess.PIPE, text=True)
            for run in runs[start : start + 2]
        ]
        for process in started:
            output, _ = process.communicate(timeout=240)
            assert process.returncode == 0
            digests.add(output)
    return digests


@pytest.fixture(scope="module")
def stored(knowledge: RuleSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packaged knowledge as canonical JSON, which a process reads faster than its files."""
    path = tmp_path_factory.mktemp("knowledge") / "rule-set.json"
    path.write_bytes(canonical_json(knowledge))
    return path


def _run(seed: str, zone: str, language: str) -> dict[str, str]:
    return {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": language}


def test_i04_hash_seed_time_zone_and_locale_change_nothing(stored: Path) -> None:
    plain, other = _locales()
    runs = [
        _run("0", "UTC", plain),
        _run("1", "Asia/Kathmandu", other),
        _run("random", "America/St_Johns", plain),
        _run("random", "Pacific/Kiritimati", other),
    ]
    assert len(_answers(runs, str(stored))) == 1


def test_i04_an_answer_in_the_order_of_a_set_would_be_noticed() -> None:
    runs = [_run("0", "UTC", "C"), _run("1", "UTC", "C")]
    assert len(_answers(runs, "--planted")) == 2
