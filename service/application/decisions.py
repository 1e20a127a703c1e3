"""What is kept of a check: the decision. Codes, digests and counts; no name, no text and no number of the question.

The digest of a question is the SHA-256 of its body as RFC 8785 writes JSON: keys sorted, no white space, text as
UTF-8 with the shortest escapes. Spaces, line breaks and the order of keys make no difference to it; the order of lists,
values that are spelled out although they are the default, and other spellings of a unit do. The digest of an answer is
the SHA-256 of its bytes.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Final, cast

import orjson

from rules.terms import CheckStatus, RecognitionState
from service.application.packed import pack
from service.storage.decision_batches import Decision

if TYPE_CHECKING:
    from service.application.checks import CheckAnswer

ENGINE_VERSION: Final = version("magcheck")
_INCOMPLETE: Final = CheckStatus.INCOMPLETE.value
_UNRECOGNISED: Final = RecognitionState.UNRECOGNISED.value
_LENGTH_OF_MOMENT: Final = len("2026-11-22 12:00:00.000000")


def utc_now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)


def canonical_question(body: bytes) -> bytes:
    """The body of a check as RFC 8785 writes it; one that the API has accepted, so that no key stands twice."""
    return orjson.dumps(orjson.loads(body), option=orjson.OPT_SORT_KEYS)


def digest_of(content: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


class Recorder:
    """Makes decisions of checks. Runs for every check, so it is short of everything that can wait."""

    def __init__(self, *, keep_requests: bool, now: Callable[[], datetime] = utc_now) -> None:
        """With ``keep_requests`` the whole question is kept with its decision."""
        self._keep_requests = keep_requests
        self._now = now

    def record(
        self, answer: CheckAnswer, written: bytes, body: bytes, *, caller: str, explain: bool, seconds: float
    ) -> Decision:
        """The decision of a check: its answer as the engine gave it and as it was ``written``, and the question."""
        question = canonical_question(body)
        terminology = answer["terminology"]
        unrecognised = 0
        if answer["status"] == _INCOMPLETE:  # nothing is unrecognised in a complete answer
            unrecognised = sum([line["state"] == _UNRECOGNISED for line in answer["medications"]])
        return {
            "id": answer["check_id"],
            "at": _moment(self._now()),
            "caller": caller,
            "rule_set_number": answer["rule_set"]["version"],
            "rule_set_digest": answer["rule_set"]["digest"],
            "terminology_digest": None if terminology is None else terminology["digest"],
            "engine_version": ENGINE_VERSION,
            "as_of": answer["as_of"] or "",
            "explain": explain,
            "degraded": cast("dict[str, object] | None", answer["degraded"]),
            "request_digest": digest_of(question),
            "answer_digest": digest_of(written),
            "status": answer["status"],
            "highest_severity": answer["highest_severity"],
            "findings": [
                {"interaction_id": one["interaction_id"], "key": one["key"], "severity": one["severity"]}
                for one in answer["findings"]
            ],
            "medications": len(answer["medications"]),
            "unrecognised": unrecognised,
            "duration_microseconds": int(seconds * 1_000_000),
            "request": base64.b64encode(pack(question)).decode() if self._keep_requests else None,
        }


def _moment(now: datetime) -> str:
    """A moment as a batch wants it; a whole second has no fraction in `isoformat` unless one asks for it."""
    if now.tzinfo is not UTC:
        now = now.astimezone(UTC)
    return now.isoformat(" ", "microseconds")[:_LENGTH_OF_MOMENT]
