"""What the form of a page sends: names with texts, read once and strictly. What they mean is for the page to say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, cast
from urllib.parse import parse_qsl

from fastapi import Request

from service.api.bodies import bytes_of
from service.api.frame import frame_of
from service.api.problems import ProblemCode, ProblemError

# Fields of the machinery, which every form has.
OWN_PAGE: Final = "csrf_token"
KEY: Final = "idempotency_key"
SEEN: Final = "seen"
# Never shown again, never part of what tells two wishes apart.
SECRET: Final = frozenset({OWN_PAGE, "password", "new_password"})
_MACHINERY: Final = SECRET | {KEY, SEEN, "digest"}

_FORM: Final = b"application/x-www-form-urlencoded"
_MOST: Final = 4000
_KEPT: Final = "magcheck.fields"


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields in the order of the page."""

    pairs: tuple[tuple[str, str], ...] = ()

    def one(self, name: str) -> str:
        """The text of a field; empty where it is missing."""
        return next((text for key, text in self.pairs if key == name), "")

    def several(self, name: str) -> tuple[str, ...]:
        """All texts under one name: of boxes that are ticked, or of a list."""
        return tuple(text for key, text in self.pairs if key == name)

    def __contains__(self, name: object) -> bool:
        """Whether there is such a field."""
        return any(key == name for key, _ in self.pairs)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Name and text of each."""
        return iter(self.pairs)

    def without_secrets(self) -> Fields:
        """What may be kept and shown again."""
        return Fields(tuple(pair for pair in self.pairs if pair[0] not in SECRET))

    def typed(self) -> list[tuple[str, str]]:
        """What a person may want to read again: not the machinery, not what was left empty."""
        return [(name, text) for name, text in self.pairs if name not in _MACHINERY and text]


async def read_fields(request: Request) -> Fields:
    """The form that a request brings; kept with the request, since a body can be read only once.

    Raises:
        ProblemError: it is no form of a page of ours.
        ClientDisconnect: the client went away.
    """
    kept = request.scope.get(_KEPT)
    if kept is None:
        kept = request.scope[_KEPT] = _parsed(frame_of(request.scope).content_type, await bytes_of(request))
    return cast("Fields", kept)


def _parsed(content_type: bytes | None, content: bytes) -> Fields:
    if (content_type or b"").lower().split(b";")[0].strip() != _FORM:
        detail = "A page of the editor sends its form as application/x-www-form-urlencoded."
        raise ProblemError(ProblemCode.UNSUPPORTED_MEDIA_TYPE, detail)
    try:
        pairs = parse_qsl(content.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST, errors="strict")
    except ValueError:  # not ASCII, not UTF-8 behind the percent signs, or too many
        detail = f"The form could not be read: it must be UTF-8, with at most {_MOST} fields."
        raise ProblemError(ProblemCode.MALFORMED_REQUEST, detail) from None
    # Browsers end the lines of a text with two characters, records with one.
    return Fields(tuple((name, text.replace("\r\n", "\n")) for name, text in pairs))
