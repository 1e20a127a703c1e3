"""Lets another process look whether rules pass the gate: it takes seconds, and requests must not wait for them.

Reports are kept for a while, since a draft is looked at several times. It decides nothing about what it is told.
"""

import json
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import date

from service.application.draft_content import Content
from service.application.gate_report import GateReport
from service.errors import GateFailed

SECONDS = 120.0
_MOST_KEPT = 16


# Base (none: nothing answers yet), draft, day, and real questions by name, as JSON.
Judge = Callable[[Content | None, Content, date, Mapping[str, str]], GateReport]


def judge_elsewhere(base: Content | None, draft: Content, today: date, recent: Mapping[str, str]) -> GateReport:
    """Ask a process of its own.

    Raises:
        GateFailed: it did not answer in time, or not at all.
    """
    question = b'{"base":%s,"draft":%s,"today":"%s","recent":%s}' % (
        b"null" if base is None else base.canonical,
        draft.canonical,
        today.isoformat().encode(),
        json.dumps(dict(recent)).encode(),
    )
    command = [sys.executable, "-m", "service.application.gate"]
    try:
        done = subprocess.run(command, input=question, capture_output=True, check=True, timeout=SECONDS)  # noqa: S603
        return GateReport.from_json(json.loads(done.stdout))
    except (subprocess.SubprocessError, OSError, ValueError, KeyError) as error:
        raise GateFailed("the gate could not be asked; try again, and look into the log if it fails again") from error


class GateRoom:
    """Reports of the gate by what was compared. One question at a time: they take all of a processor."""

    def __init__(self, judge: Judge = judge_elsewhere) -> None:
        """Nothing has been asked yet."""
        self._judge = judge
        self._asking = threading.Lock()
        self._kept: OrderedDict[tuple[str | None, str, date, str], GateReport] = OrderedDict()

    def report(
        self, base: Content | None, draft: Content, today: date, recent: Mapping[str, str] | None = None
    ) -> GateReport:
        """What the gate finds in a draft, compared with what answers.

        Raises:
            GateFailed: it could not be asked.
        """
        recent = recent or {}
        key = (None if base is None else base.digest, draft.digest, today, ",".join(sorted(recent)))
        with self._asking:
            if key not in self._kept:
                self._kept[key] = self._judge(base, draft, today, recent)
                while len(self._kept) > _MOST_KEPT:
                    self._kept.popitem(last=False)
            return self._kept[key]
