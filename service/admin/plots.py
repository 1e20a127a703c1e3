"""Draws how a number went from week to week, with what stands behind each point and the same numbers as a table.

A point of few cases is drawn as such, a week without any leaves a gap: nothing is drawn that was not counted. Drawn
here, without a script; the colours are those of the style sheet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import ceil, floor, log10
from typing import Final

from service.admin.words import counted, day
from service.application.feedback import Rate, wilson
from service.application.statistics import FEW, Week
from service.markup import Child, Html, tag

_WIDTH: Final = 560
_HEIGHT: Final = 230
_LEFT: Final = 46
_RIGHT: Final = 14
_TOP: Final = 16
_BOTTOM: Final = 30
_LINES: Final = 4
# Between two lines, times a power of ten; the last one makes up for rounding.
_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0, 20.0)
_MOST_NAMES: Final = 7
_HUNDRED: Final = 100.0


@dataclass(frozen=True, slots=True)
class Point:
    """A week: the number, of how many it is, and between what it lies with 95 %, where that can be said."""

    start: date
    value: float | None
    behind: int
    low: float | None = None
    high: float | None = None

    @property
    def few(self) -> bool:
        """Whether it rests on so little that the next weeks may be quite different."""
        return self.behind < FEW


@dataclass(frozen=True, slots=True)
class Plot:
    """What is drawn: a title, what the axis counts, what stands behind each point, and the points."""

    id: str
    title: str
    axis: str
    behind: str
    points: Sequence[Point]
    most: float | None = None  # where the axis ends, if the number has an end

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return all(point.value is None for point in self.points)


def findings_per_hundred(weeks: Sequence[Week]) -> Plot:
    """How often rules speak."""
    points = [
        Point(one.start, None if not one.checks else one.findings * _HUNDRED / one.checks, one.checks) for one in weeks
    ]
    return Plot("findings", "Findings per hundred checks", "findings", "check", points)


def unrecognised_share(weeks: Sequence[Week]) -> Plot:
    """How often a medicine is not recognised."""
    points = [_share(one.start, one.unrecognised, one.medications) for one in weeks]
    return Plot("unrecognised", "Medicines that are not recognised", "%", "medicine", points, _HUNDRED)


def override_share(rates: Sequence[tuple[date, Rate]]) -> Plot:
    """How often a finding of one interaction is overridden, of those that somebody said anything about."""
    points = [_share(start, one.overridden, one.overridden + one.accepted) for start, one in rates]
    return Plot("overridden", "Overridden of all findings with feedback", "%", "answer", points, _HUNDRED)


def _share(start: date, hits: int, trials: int) -> Point:
    if not trials:
        return Point(start, None, 0)
    low, high = wilson(hits, trials)
    return Point(start, hits * _HUNDRED / trials, trials, low * _HUNDRED, high * _HUNDRED)


def figure(plot: Plot) -> Html:
    """The drawing with its table; where nothing was counted, only a sentence."""
    heading = tag("h2", plot.title, id=f"plot-{plot.id}")
    if plot.is_empty:
        empty = tag("p", "Nothing was counted in these weeks.", class_="none")
        return tag("figure", heading, empty, class_="plot", aria_labelledby=f"plot-{plot.id}")
    few = any(point.few and point.value is not None for point in plot.points)
    note = f"A hollow point rests on fewer than {FEW} {plot.behind}s and says little." if few else None
    bars = "The line through a point is where the share lies with 95 % (Wilson)." if _has_bars(plot) else None
    caption = tag("figcaption", " ".join(part for part in (note, bars) if part)) if note or bars else None
    scrolled = tag("div", _drawing(plot), class_="plot-scroll", tabindex=0, role="group", aria_label=plot.title)
    table = tag("details", tag("summary", "The same as a table"), _table(plot))
    return tag("figure", heading, scrolled, caption, table, class_="plot", aria_labelledby=f"plot-{plot.id}")


def _has_bars(plot: Plot) -> bool:
    return any(point.low is not None for point in plot.points)


# --- the drawing ------------------------------------------------------------------------------------------------------


def _drawing(plot: Plot) -> Html:
    top = _reach(plot)
    drawn = [(place, point) for place, point in enumerate(plot.points) if point.value is not None]
    title, about = f"plot-{plot.id}-title", f"plot-{plot.id}-desc"
    return tag(
        "svg",
        tag("title", f"{plot.title}, by week", id=title),
        tag("desc", _told(plot), id=about),
        _ground(plot, top),
        [_stroke(one, other, plot, top) for one, other in pairwise(drawn)],
        [_point(place, point, plot, top) for place, point in drawn],
        class_="plot-drawing",
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        aria_labelledby=f"{title} {about}",
    )


def _reach(plot: Plot) -> float:
    """Where the axis ends: a round number above everything that is drawn."""
    highest = max((point.high or point.value or 0.0 for point in plot.points), default=0.0)
    if highest <= 0:
        return 1.0 if plot.most is None else 10.0
    unit = 10.0 ** floor(log10(highest / _LINES))
    step = next(one * unit for one in _STEPS if one * unit * _LINES >= highest)
    return _LINES * step if plot.most is None else min(plot.most, _LINES * step)


def _x(place: int, plot: Plot) -> float:
    many = max(1, len(plot.points) - 1)
    return round(_LEFT + 12 + (_WIDTH - _LEFT - _RIGHT - 24) * place / many, 1)


def _y(value: float, top: float) -> float:
    return round(_HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * min(value, top) / top, 1)


def _ground(plot: Plot, top: float) -> list[Child]:
    parts: list[Child] = []
    for line in range(_LINES + 1):
        value = top * line / _LINES
        y = _y(value, top)
        parts.append(tag("line", class_="plot-line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=str(y), y2=str(y)))
        parts.append(tag("text", _number(value), class_="plot-tick", x=_LEFT - 8, y=str(y + 4), text_anchor="end"))
    every = ceil(len(plot.points) / _MOST_NAMES)
    last = len(plot.points) - 1
    for place, point in enumerate(plot.points):
        if (last - place) % every == 0:
            name = f"{point.start.day} {point.start:%b}"
            x, y = str(_x(place, plot)), _HEIGHT - _BOTTOM + 19
            parts.append(tag("text", name, class_="plot-tick", x=x, y=y, text_anchor="middle"))
    return parts


def _stroke(one: tuple[int, Point], other: tuple[int, Point], plot: Plot, top: float) -> Html | None:
    """The line between two weeks; none over a gap, and a broken one where one of them rests on little."""
    (place, before), (next_place, after) = one, other
    if next_place != place + 1:
        return None
    kind = "plot-stroke few" if before.few or after.few else "plot-stroke"
    return tag(
        "line",
        class_=kind,
        x1=str(_x(place, plot)),
        y1=str(_y(before.value or 0.0, top)),
        x2=str(_x(next_place, plot)),
        y2=str(_y(after.value or 0.0, top)),
    )


def _point(place: int, point: Point, plot: Plot, top: float) -> Html:
    x, y = str(_x(place, plot)), str(_y(point.value or 0.0, top))
    bar = None
    if point.low is not None and point.high is not None:
        ends = {"y1": str(_y(point.low, top)), "y2": str(_y(point.high, top))}
        bar = tag("line", class_="plot-bar", x1=x, x2=x, **ends)
    dot = tag("circle", class_="plot-point few" if point.few else "plot-point", cx=x, cy=y, r=5)
    return tag("g", tag("title", _sentence(point, plot)), bar, dot)


# --- in words ---------------------------------------------------------------------------------------------------------


def _number(value: float) -> str:
    """A number with as many digits as it needs to be told from its neighbours."""
    if value >= 10 or value == int(value):  # noqa: PLR2004 - two digits before the point are enough
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def _sentence(point: Point, plot: Plot) -> str:
    unit = "%" if plot.axis == "%" else f" {plot.axis}"
    value = "nothing counted" if point.value is None else f"{_number(point.value)}{unit}"
    return f"Week of {day(point.start)}: {value} ({counted(point.behind, plot.behind)})"


def _told(plot: Plot) -> str:
    return ". ".join(_sentence(point, plot) for point in plot.points) + "."


def _table(plot: Plot) -> Html:
    bars = _has_bars(plot)
    unit = "" if plot.axis == "%" else f" ({plot.axis})"
    head: list[Child] = [tag("th", "Week of", scope="col"), tag("th", f"{plot.title}{unit}", scope="col")]
    if bars:
        head.append(tag("th", "95 % interval", scope="col"))
    head.append(tag("th", f"{plot.behind.capitalize()}s", scope="col"))
    rows: list[Child] = []
    for point in plot.points:
        value = "–" if point.value is None else f"{_number(point.value)}{' %' if plot.axis == '%' else ''}"
        cells: list[Child] = [tag("th", day(point.start), scope="row"), tag("td", value, class_="num")]
        if bars:
            span = (
                "–" if point.low is None or point.high is None else f"{_number(point.low)} to {_number(point.high)} %"
            )
            cells.append(tag("td", span, class_="num"))
        cells.append(tag("td", f"{point.behind:,}", class_="num"))
        rows.append(tag("tr", cells))
    return tag("table", tag("thead", tag("tr", head)), tag("tbody", rows), class_="plain")
