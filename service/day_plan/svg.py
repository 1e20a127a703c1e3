"""Draws a day plan as SVG: hours across, one lane for each medication, a mark for each dose.

The drawing stands alone: no script, no font, image or style from elsewhere. Form and pattern tell what colour tells.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from hashlib import sha256
from importlib.resources import files
from typing import Final, NamedTuple

from rules.terms import DoseMove
from rules.timing import DAY
from service.day_plan.lanes import HOUR, DayBasis, DayPlan, Dose, Lane, Stretch, clock, lanes_of
from service.markup import Html, raw, tag

STYLE: Final = (files(__package__) / "drawing.css").read_text(encoding="utf-8")
# For the Content-Security-Policy: this style and no other.
STYLE_SOURCE: Final = f"'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'"
EMPTY: Final = "No doses."


class DrawingLayout(StrEnum):
    """How the drawing is laid out."""

    WIDE = "wide"
    NARROW = "narrow"


class _Frame(NamedTuple):
    """Where things lie, in units of the drawing; about pixels."""

    beside: bool  # names stand beside their lanes, else above them
    longest: int  # characters of a name that fit there
    width: int
    left: int  # of the axis
    right: int
    pitch: int  # from lane to lane
    lane: int  # where the bars of a lane begin
    tick: int  # hours between numbers
    legend: int  # width of an entry


_FRAMES: Final = {
    DrawingLayout.WIDE: _Frame(
        beside=True, longest=21, width=960, left=208, right=936, pitch=46, lane=4, tick=2, legend=228
    ),
    DrawingLayout.NARROW: _Frame(
        beside=False, longest=34, width=380, left=16, right=364, pitch=66, lane=24, tick=3, legend=174
    ),
}
_BAR: Final = 38  # height of what lies in a lane
_HOURS: Final = DAY // HOUR
_TOP: Final = 46  # where the first lane begins
_EDGE: Final = 16
_MARK: Final = 6.5  # half of a mark
_TIME_ROOM: Final = 34  # width of a time
_LETTER: Final = 5.6  # width of a letter inside a lane
_MEAL: Final = 20  # minutes that a meal is drawn as
_LEGEND_LINE: Final = 24
_ARROW_FROM: Final = 22  # shorter ways show without an arrow


def drawing(
    plan: DayPlan, names: Mapping[str, str], layout: DrawingLayout = DrawingLayout.WIDE, *, styled: bool = True
) -> Html:
    """The drawing; ``names`` are those of substances by id. Without ``styled``, the page it is on has `STYLE`."""
    lanes = lanes_of(plan, names)
    frame = _FRAMES[layout]
    bottom = _TOP + max(1, len(lanes)) * frame.pitch
    legend, end = _legend(frame, plan, lanes, bottom + 46)
    at = _Axis(frame, plan.starts)
    own = f"day-{layout}"  # two drawings may stand in one page
    label = {lane.id: lane.name for lane in lanes}
    return tag(
        "svg",
        tag("title", title(lanes), id=f"{own}-title"),
        tag("desc", description(lanes), id=f"{own}-desc"),
        tag("style", raw(STYLE)) if styled else None,
        _hatch(own),
        tag("rect", class_="paper", width=frame.width, height=end),
        _background(at, plan, bottom),
        _hours(at, bottom),
        [_lane(at, lane, _TOP + place * frame.pitch, own, label) for place, lane in enumerate(lanes)],
        None if lanes else tag("text", EMPTY, class_="note", x=frame.left + 10, y=_TOP + 28),
        legend,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {frame.width} {end}",
        class_=f"day {layout}",
        role="img",
        aria_labelledby=f"{own}-title {own}-desc",
        lang="en",
    )


def title(lanes: Sequence[Lane]) -> str:
    """What the drawing is, in a few words."""
    doses = sum(len(lane.doses) for lane in lanes)
    of_doses, of_lanes = "dose" if doses == 1 else "doses", "medication" if len(lanes) == 1 else "medications"
    return f"Day plan: {doses} {of_doses}, {len(lanes)} {of_lanes}"


def description(lanes: Sequence[Lane]) -> str:
    """The drawing in words, for those who do not see it."""
    return " ".join(_in_words(lane) for lane in lanes) or EMPTY


def _in_words(lane: Lane) -> str:
    if not lane.planned:
        return f"{lane.name}: not planned."
    parts = [f"{clock(dose.minute)} ({move_in_words(dose)})" for dose in lane.doses]
    if lane.free is not None:
        spans = " and ".join(span_in_words(one) for one in lane.free)
        parts.append(f"when needed, {spans}" if spans else "when needed, but it fits nowhere")
    return f"{lane.name}: {', '.join(parts) or 'no dose'}."


def move_in_words(dose: Dose) -> str:
    """What the plan did with the dose."""
    if dose.move is DoseMove.MOVED and dose.given is not None:
        return f"moved from {clock(dose.given)}"
    return "kept" if dose.move is DoseMove.KEPT else "set"


def span_in_words(stretch: Stretch) -> str:
    """From when to when."""
    if stretch.end - stretch.start >= DAY:
        return "at any time"
    return f"{clock(stretch.start)} to {clock(stretch.end)}"


class _Axis:
    """Where a minute lies; the axis is one day long and begins at ``starts``."""

    def __init__(self, frame: _Frame, starts: int) -> None:
        self.frame = frame
        self.starts = starts

    def place(self, since: float) -> float:
        """The place of so many minutes since the beginning."""
        return self.frame.left + (self.frame.right - self.frame.left) * since / DAY

    def __call__(self, minute: int) -> float:
        return self.place((minute - self.starts) % DAY)

    def pieces(self, start: int, end: int) -> Iterator[tuple[float, float]]:
        """Left and right edge of a stretch: two pieces where it runs over the end of the axis."""
        first = (start - self.starts) % DAY
        last = first + min(end - start, DAY)
        yield self.place(first), self.place(min(last, DAY))
        if last > DAY:
            yield self.place(0), self.place(last - DAY)


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _hatch(own: str) -> Html:
    """The pattern of where no dose belongs."""
    return tag(
        "defs",
        tag(
            "pattern",
            tag("rect", class_="hatch-ground", width=6, height=6),
            tag("path", class_="hatch-line", d="M-1 1l2-2M0 6l6-6M5 7l2-2"),
            id=f"{own}-hatch",
            patternUnits="userSpaceOnUse",
            width=6,
            height=6,
        ),
    )


def _columns(at: _Axis, start: int, end: int, bottom: int, class_: str, text: str) -> list[Html]:
    return [
        tag(
            "rect",
            tag("title", text),
            class_=class_,
            x=_n(left),
            y=_TOP - 10,
            width=_n(right - left),
            height=bottom - _TOP + 10,
        )
        for left, right in at.pieces(start, end)
    ]


def _background(at: _Axis, plan: DayPlan, bottom: int) -> list[Html]:
    night = plan.nights
    parts = [] if night is None else _columns(at, night.start, night.end, bottom, "night", "Night")
    for meal in plan.meals:
        parts += _columns(at, meal - _MEAL // 2, meal + _MEAL // 2, bottom, "meal", f"Meal at {clock(meal)}")
    return parts


def _hours(at: _Axis, bottom: int) -> Html:
    """Lines for the hours, with numbers above and below."""
    first = at.starts // HOUR
    parts = []
    for since in range(_HOURS + 1):
        x = _n(at.place(since * HOUR))
        # Even or threefold hours have numbers, wherever the axis begins.
        strong = (first + since) % at.frame.tick == 0
        parts.append(tag("line", class_="hour strong" if strong else "hour", x1=x, x2=x, y1=_TOP - 10, y2=bottom))
        if strong:
            # Midnight is 24 only at the end of an axis that began with it.
            hour = f"{_HOURS if since == _HOURS and not first else (first + since) % _HOURS:02}"
            parts += [tag("text", hour, class_="tick", x=x, y=y) for y in (_TOP - 18, bottom + 18)]
    return tag("g", parts)


def _lane(at: _Axis, lane: Lane, top: int, own: str, names: Mapping[str, str]) -> Html:
    frame = at.frame
    y = top + frame.lane
    return tag(
        "g",
        tag("line", class_="rule", x1=_EDGE if frame.beside else frame.left, x2=frame.right, y1=top, y2=top),
        _name(frame, lane, top),
        [_closed(at, one, y, own, _Kept.free_of(lane, one, names)) for one in lane.closed],
        [_fits(at, lane, one, y) for one in lane.free or ()],
        tag("text", "not planned", class_="note", x=frame.left + 8, y=y + 24) if not lane.planned else None,
        _doses(at, lane, y),
    )


def _name(frame: _Frame, lane: Lane, top: int) -> list[Html]:
    """The name, and the id below or behind it where the name is another."""
    longest = frame.longest
    short = lane.name if len(lane.name) <= longest else f"{lane.name[: longest - 1]}…"
    hover = tag("title", lane.name)
    # The id of a medication may be the name, or close to it: then it says nothing more.
    more = "" if lane.id.casefold() == lane.name.casefold() else lane.id[:longest]
    if lane.free is not None:
        more = f"{more}, when needed" if more else "when needed"
    if frame.beside:
        y = top + (frame.pitch // 2) + (5 if not more else -2)
        parts = [tag("text", hover, short, class_="name", x=_EDGE, y=y)]
        return [*parts, tag("text", more, class_="more", x=_EDGE, y=y + 15)] if more else parts
    inner = tag("tspan", f"  {more}", class_="more") if more and len(short) + len(more) <= longest + 8 else None
    return [tag("text", hover, short, inner, class_="name", x=frame.left, y=top + 18)]


class _Kept(NamedTuple):
    """Why no dose belongs somewhere: for who points at it, and as what stands there if there is room."""

    hover: str
    shown: str

    @classmethod
    def free_of(cls, lane: Lane, stretch: Stretch, names: Mapping[str, str]) -> _Kept:
        partners = ", ".join(names.get(one, one) for one in stretch.partners)
        return cls(f"No dose of {lane.name}: {span_in_words(stretch)}, too close to {partners}", partners)


def _closed(at: _Axis, stretch: Stretch, y: int, own: str, kept: _Kept) -> list[Html]:
    parts: list[Html] = []
    for left, right in at.pieces(stretch.start, stretch.end):
        box = {"x": _n(left), "y": str(y), "width": _n(right - left), "height": str(_BAR)}
        parts.append(tag("rect", tag("title", kept.hover), class_="closed", fill=f"url(#{own}-hatch)", **box))
        if right - left > len(kept.shown) * _LETTER + 2 * _MARK:
            parts.append(tag("text", kept.shown, class_="why", x=_n((left + right) / 2), y=y + _BAR - 4))
    return parts


def _fits(at: _Axis, lane: Lane, stretch: Stretch, y: int) -> list[Html]:
    return [
        tag(
            "rect",
            tag("title", f"{lane.name} when needed: {span_in_words(stretch)}"),
            class_="fits",
            x=_n(left),
            y=y + 10,
            width=_n(max(2.0, right - left)),
            height=_BAR - 20,
            rx=4,
        )
        for left, right in at.pieces(stretch.start, stretch.end)
    ]


def _doses(at: _Axis, lane: Lane, y: int) -> list[Html]:
    parts: list[Html] = []
    written: list[float] = []
    for dose in lane.doses:
        x = at(dose.minute)
        if dose.given is not None and dose.move is DoseMove.MOVED:
            parts += _way(at, dose.given, dose.minute, y + 25)
        hover = tag("title", f"{lane.name} at {clock(dose.minute)}, {move_in_words(dose)}")
        parts.append(tag("g", hover, _SHAPES[dose.move](x, y + 25), class_=f"dose {dose.move}"))
        if all(abs(x - other) >= _TIME_ROOM for other in written):
            written.append(x)
            half = _TIME_ROOM / 2
            middle = min(max(x, at.frame.left + half), at.frame.right - half)
            parts.append(tag("text", clock(dose.minute), class_="time", x=_n(middle), y=y + 12))
    return parts


def _way(at: _Axis, given: int, minute: int, y: int) -> list[Html]:
    """From the given time to the planned one, the shorter way round; over the end of the axis in two parts."""
    shift = (minute - given + DAY // 2) % DAY - DAY // 2
    start, end = at(given), at(minute)
    sign = 1 if shift > 0 else -1
    parts = [tag("circle", class_="given", cx=_n(start), cy=y, r=4)]
    reach = at.place(abs(shift)) - at.place(0)
    head = end - sign * (_MARK + 1)
    arrow = tag("path", class_="head", d=f"M{_n(head)} {y}l{-7 * sign}-4v8z")
    tail = head - sign * 6
    if reach < _ARROW_FROM:
        return parts
    if (end - start) * sign > 0:
        return [tag("path", class_="way", d=f"M{_n(start + 4 * sign)} {y}H{_n(tail)}"), *parts, arrow]
    out, back = (at.place(DAY), at.place(0)) if sign > 0 else (at.place(0), at.place(DAY))
    way = f"M{_n(start + 4 * sign)} {y}H{_n(out)}M{_n(back)} {y}H{_n(tail)}"
    return [tag("path", class_="way", d=way), *parts, arrow]


def _circle(x: float, y: float) -> Html:
    return tag("circle", cx=_n(x), cy=_n(y), r=_n(_MARK))


def _diamond(x: float, y: float) -> Html:
    reach = _MARK + 1.5
    return tag("path", d=f"M{_n(x - reach)} {_n(y)}l{reach}-{reach} {reach} {reach}-{reach} {reach}z")


def _square(x: float, y: float) -> Html:
    side = 2 * _MARK - 1
    return tag("rect", x=_n(x - side / 2), y=_n(y - side / 2), width=_n(side), height=_n(side), rx=2)


_SHAPES: Final[Mapping[DoseMove, Callable[[float, float], Html]]] = {
    DoseMove.KEPT: _circle,
    DoseMove.MOVED: _diamond,
    DoseMove.SET: _square,
}
_MOVE_WORDS: Final = {
    DoseMove.KEPT: "keeps its given time",
    DoseMove.MOVED: "moved (ring: given time)",
    DoseMove.SET: "time set by the plan",
}


def _legend(frame: _Frame, plan: DayPlan, lanes: Sequence[Lane], top: int) -> tuple[Html, int]:
    """What the marks in this drawing mean, and where the drawing ends."""
    moves = {dose.move for lane in lanes for dose in lane.doses}
    entries: list[tuple[Html, str]] = [
        (tag("g", _SHAPES[move](8, 0), class_=f"dose {move}"), words)
        for move, words in _MOVE_WORDS.items()
        if move in moves
    ]
    boxes = [
        ("closed", "too close to a dose", any(lane.closed for lane in lanes)),
        ("fits", "fits when needed", any(lane.free for lane in lanes)),
        ("meal", "meal", bool(plan.meals)),
        ("night", "assumed night" if plan.basis is DayBasis.ASSUMED else "night", plan.nights is not None),
    ]
    for class_, words, wanted in boxes:
        if wanted:
            fill = f"url(#day-{'wide' if frame.beside else 'narrow'}-hatch)" if class_ == "closed" else None
            entries.append((tag("rect", class_=class_, fill=fill, x=0, y=-7, width=16, height=14, rx=2), words))
    columns = (frame.right - _EDGE) // frame.legend
    parts = [
        tag(
            "g",
            mark,
            tag("text", words, class_="key", x=24, y=4),
            transform=f"translate({_EDGE + place % columns * frame.legend} {top + place // columns * _LEGEND_LINE})",
        )
        for place, (mark, words) in enumerate(entries)
    ]
    lines = -(-len(entries) // columns)
    return tag("g", parts), top + max(0, lines - 1) * _LEGEND_LINE + (20 if entries else -20)
