"""What the log says while waiting decisions cannot be looked for."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any, cast

from service.application.decision_recovery import Recovery
from tests.unit.api.conftest import LogLines, log_lines

__all__ = ["log_lines"]


def test_a_fault_that_goes_on_is_told_once(log_lines: LogLines) -> None:
    looks = 0

    def close_segment() -> None:
        nonlocal looks
        looks += 1
        if looks not in {4, 8}:
            raise FileNotFoundError

    journal = SimpleNamespace(close_segment=close_segment, closed=list, left_behind=None)
    log = SimpleNamespace(store_away=False, take_lost=dict)
    recovery = Recovery(*cast("Any", (SimpleNamespace(close=lambda: None), journal, log, None)), interval=0.001)
    recovery._adopted = float("inf")  # nobody has left anything behind
    with recovery.running():
        deadline = time.monotonic() + 20
        while looks < 12 and time.monotonic() < deadline:
            time.sleep(0.001)
    told = [line for line in log_lines() if line["event"] == "decision_recovery_failed"]
    assert looks >= 12
    assert len(told) == 3  # before, between and after the two looks that went well
