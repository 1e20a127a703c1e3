"""How often somebody may ask: so many requests in a minute that begins with the first of them.

Each process counts for itself; two workers let through twice as much. It is a plain count, because it stands in the
way of every check.
"""

from collections.abc import Callable
from time import monotonic
from typing import Final

WINDOW_SECONDS: Final = 60.0
# Far more than there are keys and people; sources of failures can be made up, so the old ones go when this is reached.
_MOST_KEPT: Final = 20_000


class RateLimit:
    """Counts by name. Used from one thread only, the event loop's."""

    def __init__(self, *, clock: Callable[[], float] = monotonic) -> None:
        """Nothing was counted yet."""
        self._clock = clock
        self._windows: dict[str, list[float]] = {}  # name: end of the window, requests in it

    def hit(self, name: str, most: int) -> float:
        """Count one more: 0 when it is allowed, otherwise the seconds until the next window."""
        now = self._clock()
        window = self._windows.get(name)
        if window is None or window[0] <= now:
            if window is None and len(self._windows) >= _MOST_KEPT:
                self._forget(now)
            self._windows[name] = [now + WINDOW_SECONDS, 1.0]
            return 0.0
        if window[1] < most:
            window[1] += 1.0
            return 0.0
        return window[0] - now

    def spent(self, name: str, most: int) -> bool:
        """Whether the next one would not be allowed; it is not counted."""
        window = self._windows.get(name)
        return window is not None and window[1] >= most and window[0] > self._clock()

    def _forget(self, now: float) -> None:
        """Drop what has run out, or everything: to count some anew is better than to grow without end."""
        self._windows = {name: window for name, window in self._windows.items() if window[0] > now}
        if len(self._windows) >= _MOST_KEPT:
            self._windows.clear()
