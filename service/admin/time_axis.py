"""Draws separation windows on a time axis: the drug's dose in the middle, and when no magnesium may be taken around it.

It draws the hours a record gives and works out none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from service.admin.words import number
from service.markup import Html, tag

_WIDTH: Final = 760
_LEFT: Final = 196
_RIGHT: Final = 16
_ROW: Final = 46
_TOP: Final = 34
_BOTTOM: Final = 50
_LEAST_HOURS: Final = 4
_NAME_LETTERS: Final = 27
# The most ticks that stand beside each other without touching.
_MOST_TICKS: Final = 13


@dataclass(frozen=True, slots=True)
class Window:
    """The hours around a dose of the drug. ``before``: from magnesium to the drug; None: no number is given."""

    name: str
    before: Decimal | None
    after: Decimal | None
    spacing_helps: bool = True
    second: bool = False  # what a source says, not what is followed


def sentence(window: Window) -> str:
    """The same as the drawing, in words."""
    if not window.spacing_helps:
        return "No interval is known to be enough: spacing the doses does not help."
    parts = []
    if window.before is not None:
        parts.append(f"the drug at least {number(window.before)} h after magnesium")
    if window.after is not None:
        parts.append(f"magnesium at least {number(window.after)} h after the drug")
    return f"Take {'; '.join(parts)}."


def drawing(windows: Sequence[Window], label: str) -> Html:
    """The drawing of windows, one below the other on one axis."""
    reach = _reach(windows)
    height = _TOP + _ROW * len(windows) + _BOTTOM
    middle = _x(Decimal(0), reach)
    rows = [part for place, one in enumerate(windows) for part in _row(one, _TOP + place * _ROW, reach)]
    return tag(
        "svg",
        _ground(reach, len(windows)),
        rows,
        tag("line", class_="dose-line", x1=middle, x2=middle, y1=_TOP - 6, y2=_TOP + _ROW * len(windows)),
        tag("text", "drug taken", class_="dose-name", x=middle, y=_TOP - 14, text_anchor="middle"),
        class_="time-axis",
        viewBox=f"0 0 {_WIDTH} {height}",
        role="img",
        aria_label=f"{label}. {' '.join(f'{one.name}: {sentence(one)}' for one in windows)}",
    )


def _reach(windows: Sequence[Window]) -> int:
    """How many hours there are on either side: a little more than the longest interval."""
    longest = max((hours for one in windows for hours in (one.before, one.after) if hours is not None), default=0)
    return max(_LEAST_HOURS, int(longest) + 2)


def _x(hours: Decimal, reach: int) -> str:
    span = Decimal(_WIDTH - _LEFT - _RIGHT)
    return number((_LEFT + span * (hours + reach) / (2 * reach)).quantize(Decimal("0.1")))


def _ground(reach: int, rows: int) -> list[Html]:
    step = next(step for step in (1, 2, 3, 4, 6, 12, 24) if 2 * (reach // step) + 1 <= _MOST_TICKS)
    bottom = _TOP + _ROW * rows
    parts = []
    for hour in range(-(reach // step) * step, reach + 1, step):
        x = _x(Decimal(hour), reach)
        written = "0" if hour == 0 else f"{abs(hour)} h"
        parts.append(tag("line", class_="hour", x1=x, x2=x, y1=_TOP, y2=bottom))
        parts.append(tag("text", written, class_="tick", x=x, y=bottom + 17, text_anchor="middle"))
    before, after = _x(Decimal(-reach) / 2, reach), _x(Decimal(reach) / 2, reach)
    return [
        *parts,
        tag("text", "magnesium before the drug", class_="side", x=before, y=bottom + 37, text_anchor="middle"),
        tag("text", "magnesium after the drug", class_="side", x=after, y=bottom + 37, text_anchor="middle"),
    ]


def _row(window: Window, top: int, reach: int) -> list[Html]:
    name = _short(window.name, several=not window.second)
    centre = top + _ROW // 2
    kind = "window second" if window.second else "window"
    end = Decimal(reach)
    parts = [
        tag("title", window.name),
        tag("text", name, class_="row-name second" if window.second else "row-name", x=0, y=centre + 4),
    ]
    if not window.spacing_helps:
        parts.append(_bar(f"{kind} closed", -end, end, top, reach))
        parts.append(_label("no interval is enough", Decimal(0), centre, reach, middle=True))
        return [tag("g", parts)]
    before = end if window.before is None else window.before
    after = end if window.after is None else window.after
    parts.append(_bar("free", -end, -before, top, reach) if window.before is not None else _unknown(-end, top, reach))
    parts.append(_bar("free", after, end, top, reach) if window.after is not None else _unknown(Decimal(0), top, reach))
    closed_from = -before if window.before is not None else Decimal(0)
    closed_to = after if window.after is not None else Decimal(0)
    parts.append(_bar(kind, closed_from, closed_to, top, reach))
    if window.before is not None:
        parts.append(_hours(window.before, -window.before, centre, reach))
    if window.after is not None:
        parts.append(_hours(window.after, window.after, centre, reach))
    return [tag("g", parts)]


def _short(name: str, *, several: bool) -> str:
    """A name that fits beside the axis; of ``several``, the first and how many more there are."""
    if len(name) <= _NAME_LETTERS:
        return name
    first, *others = name.split(", ") if several else [name]
    more = f" and {len(others)} more" if others else ""
    room = _NAME_LETTERS - len(more)
    return f"{first if len(first) <= room else f'{first[: room - 1]}…'}{more}"


def _bar(kind: str, start: Decimal, end: Decimal, top: int, reach: int) -> Html:
    left, right = _x(start, reach), _x(end, reach)
    width = number(Decimal(right) - Decimal(left))
    return tag("rect", class_=kind, x=left, y=top + 8, width=width, height=_ROW - 16, rx=4)


def _unknown(start: Decimal, top: int, reach: int) -> Html:
    """A side for which no source gives a number: half of the axis, open."""
    parts = [_bar("unknown", start, start + reach, top, reach)]
    parts.append(_label("no interval given", start + Decimal(reach) / 2, top + _ROW // 2, reach, middle=True))
    return tag("g", parts)


def _hours(hours: Decimal, at: Decimal, centre: int, reach: int) -> Html:
    """The number inside its end of the bar; beside it where the bar is too short."""
    inside = Decimal("0.5") * at
    return _label(f"{number(hours)} h", inside if hours else at, centre, reach, middle=True)


def _label(text: str, at: Decimal, centre: int, reach: int, *, middle: bool) -> Html:
    anchor = "middle" if middle else "start"
    return tag("text", text, class_="hours", x=_x(at, reach), y=centre + 4, text_anchor=anchor)
