"""A day plan as a page: the drawing, and below it the same as a table and in words, for a phone or for paper."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from typing import Final

from rules.timing import DAY
from service.day_plan.lanes import DayBasis, DayPlan, Lane, clock, hours, lanes_of
from service.day_plan.svg import EMPTY, DrawingLayout, drawing, move_in_words, span_in_words
from service.markup import Html, joined, raw, tag

_STYLE: Final = (files(__package__) / "page.css").read_text(encoding="utf-8")
STYLE_SOURCE: Final = f"'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"


def page(plan: DayPlan, names: Mapping[str, str], rule_set: str) -> Html:
    """The page; ``names`` are those of substances by id, ``rule_set`` says where they are from."""
    lanes = lanes_of(plan, names)
    left_out = [lane for lane in lanes if not lane.planned]
    needed = [lane for lane in lanes if lane.free is not None]
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="robots", content="noindex, nofollow"),
        tag("title", "Day plan"),
        tag("style", raw(_STYLE)),
    )
    body = tag(
        "body",
        tag("h1", "Day plan"),
        tag("p", _lead(plan), class_="lead"),
        tag("figure", [drawing(plan, names, layout) for layout in DrawingLayout]),
        tag("h2", "Doses"),
        _table(plan, lanes),
        _list("When needed", [f"{_called(lane)}: {_fits(lane)}" for lane in needed]),
        _list("Kept apart", list(dict.fromkeys(_apart(plan, lanes)))),
        _list("Not planned", [_called(lane) for lane in left_out]),
        tag(
            "p",
            "For professionals. This page says no more than its address, and nothing of it is stored. "
            "The check that gave the address has the reasons, the sources, and the findings that no time of day "
            "settles. "
            f"Names are from {rule_set}.",
            class_="foot",
        ),
    )
    return joined((raw("<!doctype html>\n"), tag("html", head, body, lang="en")))


def _lead(plan: DayPlan) -> str:
    parts = []
    if plan.wakes is not None and plan.sleeps is not None:
        assumed = ", as was assumed" if plan.basis is DayBasis.ASSUMED else ""
        parts.append(f"Awake from {clock(plan.wakes)} to {clock(plan.sleeps)}{assumed}.")
    if plan.meals:
        parts.append(f"Meals at {', '.join(clock(meal) for meal in plan.meals)}.")
    return " ".join(["The same every day.", *parts])


def _called(lane: Lane) -> str:
    return lane.name if lane.id.casefold() == lane.name.casefold() else f"{lane.name} ({lane.id})"


def _table(plan: DayPlan, lanes: Sequence[Lane]) -> Html:
    doses = [(dose, lane) for lane in lanes for dose in lane.doses]
    if not doses:
        return tag("p", EMPTY)
    begins = plan.wakes or 0
    doses.sort(key=lambda one: ((one[0].minute - begins) % DAY, one[1].name, one[1].id))
    rows = [
        tag("tr", tag("td", clock(dose.minute)), tag("td", _called(lane)), tag("td", move_in_words(dose)))
        for dose, lane in doses
    ]
    heads = [tag("th", text, scope="col") for text in ("Time", "Medication", "Plan")]
    return tag("table", tag("thead", tag("tr", heads)), tag("tbody", rows))


def _fits(lane: Lane) -> str:
    return " and ".join(span_in_words(one) for one in lane.free or ()) or "fits nowhere beside the planned doses"


def _apart(plan: DayPlan, lanes: Sequence[Lane]) -> list[str]:
    name = {lane.id: lane.name for lane in lanes}
    return [
        f"{name[one.drug_id]} at least {hours(one.after_drug)} h before {name[one.magnesium_id]}, "
        f"or {hours(one.after_magnesium)} h after it"
        for one in plan.windows
    ]


def _list(title: str, items: Sequence[str]) -> Html | None:
    if not items:
        return None
    return joined((tag("h2", title), tag("ul", [tag("li", item) for item in items])))
