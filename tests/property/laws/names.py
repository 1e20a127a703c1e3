"""Laws about names: whatever a thing is called, however it is written, the findings are the same (I12)."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from hypothesis import strategies as st

from rules.report import CheckReport, Finding
from tests.property.laws import Law, ask, compiled, partners, subject, with_lines
from tests.strategies import (
    DRUGS,
    Choices,
    Json,
    Shape,
    World,
    draw_medication,
    draw_question,
    draw_rule_set,
)

# Ways in which the same name reaches a pharmacy system.
WRITINGS: tuple[Callable[[str], str], ...] = (
    str.lower,
    str.upper,
    str.title,
    str.swapcase,
    lambda name: f"  {name} ",
    lambda name: name.replace(" ", "   "),
    lambda name: name.replace(" ", "-"),
    lambda name: name.replace("-", " "),
    lambda name: name.replace(" ", "\u00a0"),  # a space that does not break
    lambda name: f"{name}\u00ae",  # registered
    lambda name: f"{name}\u2122",
    lambda name: f"{name[:1]}\u200b{name[1:]}",  # an invisible space
    lambda name: f"{name[:2]}\u00ad{name[2:]}",  # a soft hyphen
    lambda name: f"\ufeff{name}",
    lambda name: unicodedata.normalize("NFD", name),
    lambda name: unicodedata.normalize("NFC", name),
    lambda name: "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in name),  # full width
)


def _renamed(choose: Choices, line: Json) -> Json:
    """The same line under another name, code or writing; a line with nothing to rename stays."""
    codes = line.get("codes", [])
    if len(codes) + ("text" in line) != 1:
        return line
    for drug in DRUGS:
        by_code = [{"system": "rxnorm", "code": drug.rxnorm}] == codes
        if by_code or line.get("text") in drug.names:
            bare = {key: value for key, value in line.items() if key not in {"text", "codes"}}
            if choose.chance(4):
                return {**bare, "codes": [{"system": "rxnorm", "code": drug.rxnorm}]}
            return {**bare, "text": choose.one(WRITINGS)(choose.one(drug.names))}
    return line


@st.composite
def _worlds_and_renamed(draw: st.DrawFn) -> tuple[World, Json]:
    choose = Choices(draw)
    world = World(draw_rule_set(choose), draw_question(choose))
    choose.fresh()
    return world, with_lines(world.body, [_renamed(choose, line) for line in world.body["medications"]])


def _result(report: CheckReport) -> dict[str, object]:
    """Everything of a report but how the lines were matched."""
    states = [(line["id"], line["state"], line["substances"], line["routes"]) for line in report["medications"]]
    left_out = {"medications", "magnesium_intake"}
    return {
        "states": states,
        "intake": report["magnesium_intake"]["contributions"],
        **{key: value for key, value in report.items() if key not in left_out},
    }


def another_name_finds_the_same(case: tuple[World, Json]) -> None:
    """I12: brand, synonym, name and code of one substance, in any writing, give the same report."""
    world, renamed = case
    rules = compiled(world.rule_set)
    assert _result(ask(rules, renamed)) == _result(ask(rules, world.body)), "another name finds something else"


I12 = Law(_worlds_and_renamed(), another_name_finds_the_same)


# --- combinations -----------------------------------------------------------------------------------------------------

_INGREDIENTS = {"duplex": ("alvorin", "magnite"), "triplo": ("betarine", "dulvane")}


@st.composite
def _combinations(draw: st.DrawFn) -> tuple[World, Json, Json]:
    """A list with a combination product, and the same list with its ingredients on lines of their own."""
    choose = Choices(draw)
    # What one unit holds is on the product's label and not on the ingredients', so no rule about amounts.
    shape = Shape(without=frozenset({"elemental_mg_per_day", "daily_dose_mg"}), withdrawn=False)
    rule_set = draw_rule_set(choose, shape)
    body = draw_question(choose, most=3)
    product = choose.one(tuple(_INGREDIENTS))
    names = {name for one in DRUGS if one.id in _INGREDIENTS[product] for name in (*one.names, one.rxnorm)}
    others = [
        line
        for line in body["medications"]
        if line.get("text") not in names
        and line.get("text", "").split(" ")[0].lower() not in {*_INGREDIENTS, *names}
        and not names.intersection(code["code"] for code in line.get("codes", ()))
        and not any(code["system"] == "atc" or code["code"].startswith("40") for code in line.get("codes", ()))
    ]
    given = {
        **draw_medication(choose, "x"),
        "route": choose.one(("oral", "intravenous", "topical")),
        "dose_form": choose.one(("tablet", "powder")),
    }
    given = {key: value for key, value in given.items() if key not in {"id", "text", "codes", "dose"}}
    together = [*others, {**given, "id": "product", "text": product}]
    apart = [*others, *({**given, "id": f"product-{one}", "text": one} for one in _INGREDIENTS[product])]
    return World(rule_set, with_lines(body, together)), with_lines(body, apart), {"of": _INGREDIENTS[product]}


Meeting = tuple[str, str | None, str | None, str, str, str]


def _meetings(findings: list[Finding]) -> set[Meeting]:
    """Who meets whom, how surely and how badly: findings without the lines."""
    meetings: set[Meeting] = set()
    for finding in findings:
        affected = finding["affected"]["id"] if finding["affected"] else None
        grade = (finding["severity"], finding["severity_ceiling"], finding["applicability"])
        met: list[str | None] = [*partners(finding)] or [None]
        meetings |= {(finding["interaction_id"], affected, partner, *grade) for partner in met}
    return meetings


def a_combination_is_its_ingredients(case: tuple[World, Json, Json]) -> None:
    """I12: a combination product gives the findings of its ingredients, each contributing once.

    The ingredients do not meet each other: they are one medication, put together on purpose. Where they do on lines of
    their own, at times that are too close, the finding they share with others says so of all, and is not compared.
    """
    world, apart, product = case
    rules = compiled(world.rule_set)
    together = ask(rules, world.body)
    separate = ask(rules, apart)
    own = set(product["of"])
    too_close = {
        subject(one)
        for one in separate["findings"]
        if one["timing"] and subject(one)[1] in own and not own.isdisjoint(partners(one))
    }
    wanted = {one for one in _meetings(separate["findings"]) if not (one[1] in own and one[2] in own)}
    found = {one for one in _meetings(together["findings"]) if one[:2] not in too_close}
    assert found == {one for one in wanted if one[:2] not in too_close}, "the combination differs from its ingredients"
    line = next(one for one in together["medications"] if one["id"] == "product")
    assert [one["id"] for one in line["substances"]] == list(product["of"])
    shares = [one["substance"]["id"] for one in together["magnesium_intake"]["contributions"]]
    assert len([one for one in shares if one in own]) == len({one for one in shares if one in own}), "counted twice"


I12_COMBINATIONS = Law(_combinations(), a_combination_is_its_ingredients)
