"""Drawings by week: every number that was counted and no other, few as few, gaps as gaps, all of it as text."""

from __future__ import annotations

import re
from datetime import date, timedelta
from xml.etree import ElementTree as ET

import pytest

from service.admin.plots import Plot, Point, _reach, figure, findings_per_hundred, override_share, unrecognised_share
from service.application.feedback import Rate
from service.application.statistics import Week

FIRST = date(2026, 9, 1)


def weeks(*counts: tuple[int, int, int, int]) -> list[Week]:
    """Weeks of checks, findings, medicines and unrecognised ones."""
    return [
        Week(FIRST + timedelta(days=7 * place), checks, 0, findings, medications, unrecognised)
        for place, (checks, findings, medications, unrecognised) in enumerate(counts)
    ]


def svg(html: str) -> ET.Element:
    found = re.search(r"<svg.*?</svg>", html, re.DOTALL)
    assert found
    return ET.fromstring(found[0])  # noqa: S314 - our own


def cells(html: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]


def test_what_is_drawn_stands_in_the_table_too() -> None:
    html = figure(findings_per_hundred(weeks((100, 50, 0, 0), (200, 220, 0, 0))))
    assert cells(html)[1:] == [["1 September 2026", "50", "100"], ["8 September 2026", "110", "200"]]
    drawing = svg(html)
    assert drawing.get("role") == "img"
    named = (drawing.get("aria-labelledby") or "").split()
    told = {one.get("id"): one.text for one in drawing if one.tag in {"title", "desc"}}
    assert set(named) == set(told)
    assert "Week of 8 September 2026: 110 findings (200 checks)" in (told[named[1]] or "")
    assert len(drawing.findall(".//circle")) == 2


def test_more_findings_are_drawn_higher_and_later_weeks_further_right() -> None:
    drawing = svg(figure(findings_per_hundred(weeks((100, 50, 0, 0), (100, 75, 0, 0), (100, 25, 0, 0)))))
    points = [(float(one.get("cx", "")), float(one.get("cy", ""))) for one in drawing.findall(".//circle")]
    (x1, y1), (x2, y2), (x3, y3) = points
    assert x1 < x2 < x3
    assert y2 < y1 < y3
    assert y3 - y1 == pytest.approx(y1 - y2, abs=0.11)  # as far from 50 to 25 as from 75 to 50


def test_few_cases_are_drawn_as_few() -> None:
    html = figure(unrecognised_share(weeks((9, 0, 19, 1), (9, 0, 20, 1))))
    kinds = [one.get("class") for one in svg(html).findall(".//circle")]
    assert kinds == ["plot-point few", "plot-point"]
    assert "fewer than 20 medicines" in html
    assert "fewer than" not in figure(unrecognised_share(weeks((9, 0, 20, 1))))


def test_a_week_without_anything_is_a_gap_and_not_a_nought() -> None:
    html = figure(findings_per_hundred(weeks((50, 5, 0, 0), (0, 0, 0, 0), (50, 5, 0, 0), (50, 5, 0, 0))))
    drawing = svg(html)
    assert len(drawing.findall(".//circle")) == 3
    assert len([one for one in drawing.findall("line") if "plot-stroke" in (one.get("class") or "")]) == 1
    assert cells(html)[2] == ["8 September 2026", "–", "0"]


def test_nothing_at_all_is_said_and_not_drawn() -> None:
    html = figure(findings_per_hundred(weeks((0, 0, 0, 0), (0, 0, 0, 0))))
    assert "<svg" not in html
    assert "Nothing was counted" in html


def test_a_share_comes_with_what_it_may_be() -> None:
    # 8 of 10: Wilson's interval at 95 % is 49 % to 94 % (Newcombe, Stat Med 1998;17:857-872, method 3).
    rate = Rate("x", accepted=2, overridden=8)
    html = figure(override_share([(FIRST, rate), (FIRST + timedelta(days=7), Rate("x"))]))
    assert cells(html)[1] == ["1 September 2026", "80 %", "49 to 94 %", "10"]
    [bar] = [one for one in svg(html).findall(".//line") if one.get("class") == "plot-bar"]
    [point] = svg(html).findall(".//circle")
    assert float(bar.get("y2", "")) < float(point.get("cy", "")) < float(bar.get("y1", ""))


@pytest.mark.parametrize(
    ("highest", "most", "reach"),
    [
        (0.0, None, 1.0),
        (87.0, None, 100.0),
        (3.9, None, 4.0),
        (4.1, None, 8.0),
        (104.0, None, 200.0),
        (97.0, 100.0, 100.0),
    ],
)
def test_the_axis_ends_at_a_round_number(highest: float, most: float | None, reach: float) -> None:
    assert _reach(Plot("x", "X", "%", "case", [Point(FIRST, highest, 100)], most)) == pytest.approx(reach)


def test_the_axis_is_never_shorter_than_what_is_drawn() -> None:
    for tenths in range(1, 5000, 7):
        assert _reach(Plot("x", "X", "x", "case", [Point(FIRST, tenths / 10, 100)])) >= tenths / 10
