"""Fetches from an address that the settings name, or that what was fetched from there names: little, not for long.

No redirect is followed, nothing packed is unpacked, and nothing is remembered. The client is loaded when something is
first fetched: most installations fetch nothing.
"""

import time
from collections.abc import Mapping
from typing import Final

TIMEOUT_SECONDS: Final = 5.0
MOST_BYTES: Final = 256 * 1024
_HEADERS: Final = {"Accept": "application/json", "Accept-Encoding": "identity"}


class NotFetched(Exception):
    """Nothing came that could be used. The text is ours."""


def fetched(
    url: str, *, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, bytes]:
    """The status and the content of an answer from exactly this address; a ``form`` is posted.

    Raises:
        NotFetched: there was no answer in time, or a far too large one.
    """
    import httpx2  # noqa: PLC0415 - see above

    started = time.monotonic()
    method = "GET" if form is None else "POST"
    content = b""
    try:
        with (
            httpx2.Client(follow_redirects=False, timeout=TIMEOUT_SECONDS) as client,
            client.stream(method, url, data=form, headers={**_HEADERS, **(headers or {})}) as response,
        ):
            for chunk in response.iter_raw():  # as it came: what is packed could be anything's size
                content += chunk
                if len(content) > MOST_BYTES:
                    raise NotFetched(f"it has more than {MOST_BYTES} bytes")
                if time.monotonic() - started > TIMEOUT_SECONDS:
                    raise NotFetched("the answer takes too long")
            return response.status_code, content
    except (OSError, httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise NotFetched(type(error).__name__) from None
