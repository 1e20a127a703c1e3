"""Writes an answer as JSON. The parts that are the same in every answer are written once and kept as bytes.

A finding is mostly text of its record: evidence, management, sources of a limit. The engine hands out the same objects
each time, so their JSON can be kept; that halves the cost of writing an answer.
"""

from __future__ import annotations

from typing import Any

import orjson

from service.application.checks import CheckAnswer
from service.unchanging import Unchanging


class Renderer:
    """Writes answers, and keeps the bytes of what is in many of them."""

    def __init__(self) -> None:
        """Nothing is kept yet."""
        self._bytes: Unchanging[orjson.Fragment] = Unchanging()

    def render(self, answer: CheckAnswer) -> bytes:
        """The answer as JSON. The answer is used up: its unchanging parts are replaced by their bytes."""
        part = self._part
        for finding in answer["findings"]:
            written: dict[str, Any] = finding  # type: ignore[assignment] # no longer what a reader of findings expects
            written["evidence"] = part(finding["evidence"])
            written["management"] = part(finding["management"])
        for limit in answer["magnesium_intake"]["limits"]:
            written = limit  # type: ignore[assignment]
            written["citations"] = part(limit["citations"])
        return orjson.dumps(answer)

    def _part(self, content: object) -> orjson.Fragment:
        return self._bytes.of(content, lambda: orjson.Fragment(orjson.dumps(content)))
