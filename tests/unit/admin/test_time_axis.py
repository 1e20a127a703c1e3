"""The drawing of separation windows: hours at their places, worked out here by hand."""

from __future__ import annotations

import re
from decimal import Decimal

from service.admin.time_axis import Window, drawing, sentence


def bars(svg: str) -> list[tuple[str, float, float]]:
    found = re.findall(r'<rect class="([^"]+)" x="([\d.]+)" y="\d+" width="([\d.]+)"', svg)
    return [(kind, float(x), float(x) + float(width)) for kind, x, width in found]


def test_hours_are_where_they_belong() -> None:
    # 6 h and 2 h: eight hours on either side, on 548 units from 196 to 744: 34.25 units an hour, 470 in the middle.
    svg = drawing([Window("one", Decimal(6), Decimal(2))], "Separation")
    assert bars(svg) == [
        ("free", 196.0, 264.5),
        ("free", 538.5, 744.0),
        ("window", 264.5, 538.5),
    ]
    assert "6 h</text>" in svg
    assert "drug taken" in svg


def test_a_side_without_a_number_is_open_and_never_closed() -> None:
    svg = drawing([Window("one", None, Decimal(4))], "Separation")
    assert ("unknown", 196.0, 470.0) in bars(svg)
    assert [bar for bar in bars(svg) if bar[0] == "window"] == [("window", 470.0, 652.7)]
    assert "no interval given" in svg
    assert sentence(Window("one", None, Decimal(4))) == "Take magnesium at least 4 h after the drug."


def test_where_no_spacing_helps_the_whole_axis_is_closed() -> None:
    svg = drawing([Window("one", None, None, spacing_helps=False)], "Separation")
    assert bars(svg) == [("window closed", 196.0, 744.0)]
    assert "does not help" in svg


def test_names_are_text() -> None:
    assert "<script>" not in drawing([Window("<script>", Decimal(1), None)], "<script>")
