"""The drawing is well-formed, complete, escaped, and loads nothing; its address holds all of it."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import pytest

from service.day_plan import address, page, svg
from service.day_plan.lanes import DayBasis, DayPlan, Dose, Period
from service.day_plan.svg import DrawingLayout, drawing
from tests.contract.html_reader import read_html
from tests.unit.service.day_plan.plans import FULL, HOSTILE, NAMES, time

SVG = "{http://www.w3.org/2000/svg}"
LAYOUTS = list(DrawingLayout)


def parsed(
    plan: DayPlan, layout: DrawingLayout = DrawingLayout.WIDE, names: dict[str, str] | None = None
) -> ET.Element:
    return ET.fromstring(drawing(plan, NAMES if names is None else names, layout))  # noqa: S314 - our own drawing


def of_class(root: ET.Element, class_: str) -> list[ET.Element]:
    return [one for one in root.iter() if one.get("class") == class_]


def texts(root: ET.Element) -> list[str]:
    return ["".join(one.itertext()) for one in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_dose_has_a_mark_of_its_kind(layout: DrawingLayout) -> None:
    root = parsed(FULL, layout)
    legend = 1
    assert len(of_class(root, "dose kept")) == 1 + legend
    assert len(of_class(root, "dose moved")) == 3 + legend
    assert len(of_class(root, "dose set")) == 1 + legend
    assert len(of_class(root, "given")) == 3
    said = "".join(root.itertext())
    for words in ("alendronic acid at 08:00, kept", "ciprofloxacin at 22:00, moved from 20:00", "at 16:00, set"):
        assert words in said


@pytest.mark.parametrize("layout", LAYOUTS)
def test_everything_lies_inside(layout: DrawingLayout) -> None:
    late = replace(FULL, doses=(*FULL.doses, Dose("m9", 1439, 0), Dose("m9", 0, 1439)))
    for plan in (FULL, late, replace(late, wakes=time("15:00"), sleeps=time("07:00"))):
        root = parsed(plan, layout)
        _, _, width, height = (float(number) for number in root.attrib["viewBox"].split())
        for one in root.iter():
            for key in ("x", "x1", "x2", "cx"):
                assert 0 <= float(one.get(key, 0)) <= width
            for key in ("y", "y1", "y2", "cy"):
                assert -7 <= float(one.get(key, 0)) <= height  # the legend counts from its own line
            if one.get("width") is not None:
                assert float(one.get("x", 0)) + float(one.attrib["width"]) <= width + 0.1


def test_a_stretch_over_midnight_is_drawn_in_two_pieces() -> None:
    assert len(of_class(parsed(FULL), "night")) == 2 + 1  # and the legend
    assert len(of_class(parsed(replace(FULL, wakes=time("15:00"), sleeps=time("07:00"))), "night")) == 1 + 1
    # 23:30 to 00:30 goes over the end of the axis: a line on either side, none across the whole day.
    way = of_class(parsed(replace(FULL, doses=FULL.doses[-1:])), "way")
    assert [len(re.findall("M", one.attrib["d"])) for one in way] == [2]


def test_a_short_way_and_an_earlier_time() -> None:
    assert of_class(parsed(DayPlan(doses=(Dose("m1", 450, 480),))), "way") == []
    [way] = of_class(parsed(DayPlan(doses=(Dose("m1", 480, 600),))), "way")
    start, end = (float(number) for number in re.findall(r"[MH]([0-9.]+)", way.attrib["d"]))
    assert end < start
    [over] = of_class(parsed(DayPlan(doses=(Dose("m1", 1380, 60),))), "way")
    assert over.attrib["d"].count("M") == 2


def test_the_axis_of_somebody_awake_at_midnight_begins_on_waking() -> None:
    ticks = ["".join(one.itertext()) for one in of_class(parsed(replace(FULL, wakes=900, sleeps=420)), "tick")]
    assert ticks[:2] == ["16", "16"]
    assert "24" not in ticks
    assert "00" in ticks
    assert "24" in ["".join(one.itertext()) for one in of_class(parsed(FULL), "tick")]


def test_one_medication_is_one() -> None:
    root = parsed(replace(FULL, doses=FULL.doses[1:3], substances=(), windows=(), as_needed=(), not_planned=()))
    [title] = ["".join(one.itertext()) for one in root if one.tag.endswith("title")]
    assert title == "Day plan: 2 doses, 1 medication"


def test_it_is_said_in_words_for_those_who_do_not_see_it() -> None:
    root = parsed(FULL)
    assert root.get("role") == "img"
    ids = {one.get("id"): "".join(one.itertext()) for one in root if one.get("id")}
    title, desc = (ids[name] for name in root.attrib["aria-labelledby"].split())
    assert title == "Day plan: 5 doses, 8 medications"
    assert "ciprofloxacin: 10:00 (moved from 08:00), 22:00 (moved from 20:00)." in desc
    assert "m5: when needed, 23:00 to 02:00." in desc
    assert "m6: when needed, but it fits nowhere." in desc
    assert "m7: when needed, at any time." in desc
    assert "m8: not planned." in desc


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_empty_plan_says_so(layout: DrawingLayout) -> None:
    root = parsed(DayPlan(), layout)
    assert "No doses." in texts(root)
    assert of_class(root, "key") == []


@pytest.mark.parametrize("layout", LAYOUTS)
def test_names_are_escaped_and_shortened(layout: DrawingLayout) -> None:
    hostile = dict.fromkeys(NAMES, HOSTILE * 3)
    written = drawing(FULL, hostile, layout)
    assert "<script" not in written
    root = parsed(FULL, layout, hostile)
    assert HOSTILE * 3 in "".join(root.itertext())
    shown = [one[0].tail or "" for one in of_class(root, "name")]
    assert shown[0].startswith(HOSTILE[:20])
    assert shown[0].endswith("…")
    html = page.page(FULL, hostile, HOSTILE)
    assert "<script" not in html


WRITTEN = [*(drawing(FULL, NAMES, one) for one in LAYOUTS), page.page(FULL, NAMES, "rule set 1")]


@pytest.mark.parametrize("written", WRITTEN)
def test_nothing_runs_and_nothing_is_loaded(written: str) -> None:
    plain = written.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"<script|<image|<use|<a |<link|<iframe|foreignObject|\son\w+=|javascript:|://|@import", plain)
    assert not re.search(r'\sstyle="', plain)  # the policy of the answer would not let it count
    assert set(re.findall(r"url\((.)", plain)) <= {"#"}


def test_the_style_is_the_one_that_the_policy_allows() -> None:
    allowed = {svg.STYLE_SOURCE, page.STYLE_SOURCE}
    for written in WRITTEN:
        for style in re.findall(r"<style>(.*?)</style>", written, re.DOTALL):
            assert f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" in allowed


def test_ids_differ_in_a_page_with_both_layouts() -> None:
    ids = re.findall(r'\sid="([^"]+)"', page.page(FULL, NAMES, "rule set 1"))
    assert len(ids) == len(set(ids)) == 6


def test_the_page_has_the_same_in_words() -> None:
    html = page.page(FULL, NAMES, "rule set 1")
    read_html(html)
    rows = [re.sub(r"<[^>]+>", "|", row) for row in re.findall(r"<tr>(.*?)</tr>", html)]
    assert [re.sub(r"\|+", "|", row) for row in rows] == [
        "|Time|Medication|Plan|",
        "|08:00|alendronic acid (m1)|kept|",
        "|10:00|ciprofloxacin (m2)|moved from 08:00|",
        "|16:00|magnesium oxide (m3)|set|",
        "|22:00|ciprofloxacin (m2)|moved from 20:00|",
        "|00:30|m4|moved from 23:30|",
    ]
    for words in (
        "Awake from 07:00 to 22:00. Meals at 08:00, 00:05.",
        "ciprofloxacin at least 2 h before magnesium oxide, or 6 h after it",
        "m6: fits nowhere beside the planned doses",
        "<li>m8</li>",
        "Names are from rule set 1.",
    ):
        assert words in html
    assumed = page.page(replace(FULL, basis=DayBasis.ASSUMED), NAMES, "rule set 1")
    assert "Awake from 07:00 to 22:00, as was assumed." in assumed
    assert "assumed night" in assumed
    assert "assumed" not in html
    empty = page.page(DayPlan(), {}, "rule set 1")
    assert "<table" not in empty
    assert "<p>No doses.</p>" in empty


# --- the address ------------------------------------------------------------------------------------------------------


def test_the_address_holds_everything() -> None:
    written = address.address_of(FULL)
    assert written is not None
    parts = urlsplit(written)
    assert (parts.scheme, parts.netloc, parts.path) == ("", "", "/v1/timetables/drawing.svg")
    assert parse_qs(parts.query) == {
        "dose": ["m1,08:00,08:00", "m2,10:00,08:00", "m2,22:00,20:00", "m3,16:00", "m4,00:30,23:30"],
        "medication": ["m1,alendronic-acid", "m2,cipro", "m3,magnesium-oxide", "m4,not-in-the-rule-set"],
        "window": ["m2,m3,2,6", "m1,m3,0.5,4"],
        "as_needed": ["m5,23:00,02:00", "m6", "m7,00:00,00:00"],
        "not_planned": ["m8"],
        "meal": ["08:00", "00:05"],
        "wakes_at": ["07:00"],
        "sleeps_at": ["22:00"],
    }
    assumed = address.address_of(replace(FULL, basis=DayBasis.ASSUMED))
    assert assumed == f"{written}&day_basis=assumed"
    assert address.address_of(DayPlan()) == "/v1/timetables/drawing.svg?"


@pytest.mark.parametrize(
    "plan",
    [
        DayPlan(doses=(Dose("m1", 0, None),) * (address.MAXIMUM_DOSES + 1)),
        DayPlan(not_planned=("m",) * (address.MAXIMUM_MEDICATIONS + 1)),
        DayPlan(as_needed=(Period("m", None),) * (address.MAXIMUM_PERIODS + 1)),
        DayPlan(doses=(Dose("m" * 64, 0, 0),) * address.MAXIMUM_DOSES),
    ],
)
def test_a_plan_that_is_too_large_has_none(plan: DayPlan) -> None:
    assert address.address_of(plan) is None
