"""Draws the hours between doses as a time axis: the drug in the middle, and where no magnesium product belongs."""

from decimal import Decimal
from typing import Final

from rules.model import Separation
from rules.quantities import plain
from service.markup import Html, tag

_WIDTH: Final = 640
_HEIGHT: Final = 92
_EDGE: Final = 28  # room for the outermost hour
_TOP: Final = 22  # where the bars begin
_MIDDLE: Final = 46  # where words on a bar stand
_AXIS: Final = 62  # where the bars end, and the axis lies
_SCALES: Final = (12, 24, 48)  # hours shown on either side
_OPEN: Final = 3  # hours over which an unknown side fades


def sentence(separation: Separation) -> str:
    """The same in words, for those who do not see the drawing."""
    if not separation.spacing_helps:
        return "No interval between the two is known to be enough."
    first, second = separation.magnesium_first_hours, separation.drug_first_hours
    parts = [
        f"After magnesium, {plain(first, 2)} h until the drug" if first is not None else "After magnesium, no number",
        f"after the drug, {plain(second, 2)} h until magnesium" if second is not None else "after the drug, no number",
    ]
    return f"{'; '.join(parts)}."


def drawing(separation: Separation) -> Html:
    """The time axis of a separation."""
    hours = [one for one in (separation.magnesium_first_hours, separation.drug_first_hours) if one is not None]
    scale = next(one for one in _SCALES if max(hours, default=Decimal(0)) < one or one == _SCALES[-1])
    at = _Axis(scale)
    parts = _no_spacing(at) if not separation.spacing_helps else _window(at, separation)
    return tag(
        "svg",
        tag("title", sentence(separation)),
        parts,
        _ticks(at),
        tag("line", x1=at(0), y1=_TOP, x2=at(0), y2=_AXIS, class_="dose"),
        tag("circle", cx=at(0), cy=_AXIS, r=6, class_="dose-point"),
        tag("text", "drug", x=at(0), y=_AXIS + 22, class_="label strong", text_anchor="middle"),
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        class_="window",
        role="img",
    )


class _Axis:
    """Where an hour lies."""

    def __init__(self, scale: int) -> None:
        self.scale = scale

    def __call__(self, hour: Decimal | int) -> str:
        middle, half = _WIDTH / 2, _WIDTH / 2 - _EDGE
        return f"{middle + float(hour) * half / self.scale:.1f}"


def _ticks(at: _Axis) -> Html:
    step = at.scale // 6
    hours = range(-at.scale, at.scale + 1, step)
    return tag(
        "g",
        tag("line", x1=at(-at.scale), y1=_AXIS, x2=at(at.scale), y2=_AXIS, class_="axis"),
        [tag("line", x1=at(hour), y1=_AXIS, x2=at(hour), y2=_AXIS + 5, class_="axis") for hour in hours],
        [_tick(at, hour, odd=index % 2 == 1) for index, hour in enumerate(hours) if hour],
    )


def _tick(at: _Axis, hour: int, *, odd: bool) -> Html:
    """The number under the axis; a narrow screen has room for every other one."""
    text = f"{hour:+d} h".replace("-", "−")
    return tag("text", text, x=at(hour), y=_AXIS + 20, class_="tick odd" if odd else "tick", text_anchor="middle")


def _bar(at: _Axis, start: Decimal | int, end: Decimal | int, class_: str) -> Html:
    width = f"{float(at(end)) - float(at(start)):.1f}"
    return tag("rect", x=at(start), y=_TOP, width=width, height=_AXIS - _TOP, class_=class_)


def _no_spacing(at: _Axis) -> list[Html]:
    half = at.scale // 2
    return [
        _bar(at, -at.scale, at.scale, "closed"),
        *(_label(at, side * half, _MIDDLE, "no interval is enough") for side in (-1, 1)),
    ]


def _window(at: _Axis, separation: Separation) -> list[Html]:
    return [*_side(at, -1, separation.magnesium_first_hours), *_side(at, 1, separation.drug_first_hours)]


def _side(at: _Axis, side: int, hours: Decimal | None) -> list[Html]:
    """One side of the drug: where magnesium does not belong, and where it may."""
    edge = side * (_OPEN if hours is None else hours)
    near, far = sorted([Decimal(0), Decimal(edge)]), sorted([Decimal(edge), Decimal(side * at.scale)])
    text = "magnesium" if hours is not None else "no number in the source"
    parts = [
        _bar(at, near[0], near[1], "unknown" if hours is None else "closed"),
        _bar(at, far[0], far[1], "free" if hours is not None else "open"),
        _label(at, (far[0] + far[1]) / 2, _MIDDLE, text),
    ]
    if hours is not None:
        parts.append(_label(at, edge, _TOP - 6, f"{plain(hours, 2)} h", "label strong", "end" if side < 0 else "start"))
    return parts


def _label(at: _Axis, hour: Decimal | int, y: int, text: str, class_: str = "label", anchor: str = "middle") -> Html:
    return tag("text", text, x=at(hour), y=y, class_=class_, text_anchor=anchor)
