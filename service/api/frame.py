"""What the outermost layer learned about a request, for everything behind it: its correlation id and content type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

from starlette.types import Scope

_KEY: Final = "magcheck.frame"


@dataclass(slots=True)
class RequestFrame:
    """Kept in the ASGI scope. A header that is missing is None, and one that came twice is empty."""

    correlation_id: str
    content_type: bytes | None = None
    authorization: bytes | None = None
    api_key: bytes | None = None
    cookie: bytes | None = None


def set_frame(scope: Scope, frame: RequestFrame) -> None:
    """Keep the frame with the request."""
    scope[_KEY] = frame


def frame_of(scope: Scope) -> RequestFrame:
    """The frame of a request that came through the edge."""
    return cast("RequestFrame", scope[_KEY])
