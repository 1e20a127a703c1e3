"""The cookies of this service: of a sign-in, and of a journey to the identity provider. No script can read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.api.authentication import cookie_name
from service.application.access import journeys
from service.settings import Environment

if TYPE_CHECKING:
    from fastapi import Response

    from service.api.dependencies import Parts

JOURNEY_SUFFIX: Final = "-journey"


def journey_cookie_name(parts: Parts) -> str:
    """The name of the cookie that a journey leaves in the browser."""
    return cookie_name(parts) + JOURNEY_SUFFIX


def set_cookie(response: Response, parts: Parts, token: str) -> None:
    """Let a browser keep the token of a sign-in."""
    _set(response, parts, cookie_name(parts), token, seconds=None)


def remove_cookie(response: Response, parts: Parts) -> None:
    """Let a browser forget it."""
    _set(response, parts, cookie_name(parts), "", seconds=0)


def set_journey(response: Response, parts: Parts, cookie: str) -> None:
    """Let a browser keep where it began; it comes back by a link of another site, so not strictly."""
    _set(response, parts, journey_cookie_name(parts), cookie, seconds=int(journeys.LASTS.total_seconds()))


def remove_journey(response: Response, parts: Parts) -> None:
    """Let a browser forget it."""
    _set(response, parts, journey_cookie_name(parts), "", seconds=0)


def _set(response: Response, parts: Parts, name: str, value: str, *, seconds: int | None) -> None:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path="/",
        secure=parts.settings.environment is not Environment.DEVELOPMENT,
        httponly=True,
        samesite="lax",
    )
