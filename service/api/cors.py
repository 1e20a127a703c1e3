"""Lets pages of other origins call CDS Hooks, where the settings name exactly that origin; nothing else, and no cookie.

Preflights carry no token, so they are answered before anybody is asked who they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from starlette.types import Scope

from service.api.outcome import is_hooks_path

Headers = tuple[tuple[bytes, bytes], ...]
_VARY: Final = (b"vary", b"Origin")
_EXPOSED: Final = (b"access-control-expose-headers", b"x-correlation-id, retry-after")
_PREFLIGHT: Final[Headers] = (
    (b"access-control-allow-methods", b"GET, POST"),
    (b"access-control-allow-headers", b"authorization, content-type, accept"),
    (b"access-control-max-age", b"600"),
)


class Cors:
    """The origins that are let in."""

    def __init__(self, origins: Iterable[str]) -> None:
        """Each as a browser writes it."""
        self._origins = frozenset(origin.encode() for origin in origins)

    def headers(self, scope: Scope) -> Headers:
        """What an answer has to say about the page that asks; errors too, or the page sees only a failed connection."""
        if not is_hooks_path(scope["path"]):
            return ()
        origin = _only(scope, b"origin")
        if origin is None or origin not in self._origins:
            return (_VARY,)
        return (_VARY, (b"access-control-allow-origin", origin), _EXPOSED)

    def preflight(self, scope: Scope) -> Headers | None:
        """The answer's headers, if this is a preflight of an origin that is let in."""
        if scope["method"] != "OPTIONS" or not is_hooks_path(scope["path"]):
            return None
        if _only(scope, b"origin") not in self._origins or _only(scope, b"access-control-request-method") is None:
            return None
        return _PREFLIGHT


def _only(scope: Scope, name: bytes) -> bytes | None:
    """A header that came once."""
    found = [value for key, value in scope["headers"] if key == name]
    return found[0] if len(found) == 1 else None
