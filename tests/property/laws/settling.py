"""Laws about findings that somebody has dealt with, and about what a proposal brings (I8, I14, I16).

What a finding rests on is changed at the surface, in the request, and never looked up in the engine.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from hypothesis import strategies as st

from rules import RuleSet
from rules.report import CheckReport, Finding
from tests import factories
from tests.property.laws import RANK, Law, answer, as_bytes, ask, compiled, with_lines
from tests.strategies import (
    ANY,
    AS_OF,
    Choices,
    Json,
    World,
    draw_medication,
    draw_question,
    draw_rule_set,
    worlds,
)


def acknowledged(report: CheckReport, **more: str) -> list[Json]:
    """That somebody has dealt with every finding of a report."""
    return [
        {"finding_key": one["key"], "context_digest": one["context_digest"], "reason": f"Seen {number}.", **more}
        for number, one in enumerate(report["findings"])
    ]


def _same_to_a_reader(finding: Finding) -> object:
    """What a reader could tell two findings apart by."""
    return {name: value for name, value in finding.items() if name not in {"key", "context_digest"}}


# --- settled findings -------------------------------------------------------------------------------------------------


def settled_is_not_lost(world: World) -> None:
    """I8, I14: with all findings acknowledged none is open, each is listed as settled, and nothing else changes."""
    rules = compiled(world.rule_set)
    before = ask(rules, world.body)
    after = ask(rules, {**world.body, "acknowledgements": acknowledged(before)})
    assert after["findings"] == []
    assert [one["state"] for one in after["acknowledgements"]] == ["settled"] * len(before["findings"])
    assert len(after["settled"]) == len(before["findings"]), "a finding is lost"
    for finding, settled in zip(before["findings"], after["settled"], strict=True):
        for name in ("key", "context_digest", "interaction_id", "severity", "severity_ceiling", "medication_ids"):
            assert settled[name] == finding[name]
        assert settled["reason"].startswith("Seen ")
    assert after["highest_settled_severity"] == before["highest_severity"]
    assert after["highest_severity"] is None
    assert set(after["finding_counts"].values()) == {0}
    assert after["missing_facts"] == []
    for name in ("status", "medications", "conditions", "magnesium_intake", "deficiency_risk", "excess_risk"):
        assert after[name] == before[name], f"{name} changed"  # type: ignore[literal-required]
    assert "safe" not in after["statement"].lower()


SETTLED = Law(worlds(), settled_is_not_lost)


@st.composite
def _some_acknowledged(draw: st.DrawFn) -> tuple[World, int, str, str | None]:
    choose = Choices(draw)
    world = World(draw_rule_set(choose), draw_question(choose))
    choose.fresh()
    return (
        world,
        choose.number(0, 255),
        choose.one((AS_OF, "2026-11-21", "2026-11-23", "2026-12-31")),
        choose.one((AS_OF, AS_OF, None)),
    )


def each_acknowledgement_counts_until_its_day(case: tuple[World, int, str, str | None]) -> None:
    """Open and settled findings together are all findings; one that has expired or names nothing settles nothing."""
    world, mask, until, as_of = case
    rules = compiled(world.rule_set)
    body = {name: value for name, value in world.body.items() if name != "as_of"} | ({"as_of": as_of} if as_of else {})
    before = ask(rules, body)
    every = acknowledged(before, until=until)
    chosen = [one for number, one in enumerate(every) if mask >> number % 8 & 1]
    strange = {"finding_key": "0" * 16, "context_digest": "0" * 32, "reason": "Nothing."}
    after = ask(rules, {**body, "acknowledgements": [strange, *chosen]})
    counts = as_of is not None and as_of <= until
    states = [one["state"] for one in after["acknowledgements"]]
    assert states == ["not_found", *["settled" if counts else "expired"] * len(chosen)]
    assert [one["position"] for one in after["acknowledgements"]] == list(range(len(chosen) + 1))
    named = {one["finding_key"] + one["context_digest"] for one in chosen} if counts else set()
    left = [one for one in before["findings"] if one["key"] + one["context_digest"] not in named]
    assert as_bytes(after["findings"]) == as_bytes(left)
    assert len(after["settled"]) == len(before["findings"]) - len(left)
    worst = max((RANK[one["severity"]] for one in left), default=0)
    assert (RANK[after["highest_severity"]] if after["highest_severity"] else 0) == worst


UNTIL = Law(_some_acknowledged(), each_acknowledgement_counts_until_its_day)


def findings_have_names_of_their_own(world: World) -> None:
    """No two findings of a report share key and digest, unless a reader could not tell them apart either."""
    findings = answer(world)["findings"]
    names = Counter((one["key"], one["context_digest"]) for one in findings)
    for finding in findings:
        name = finding["key"], finding["context_digest"]
        if names[name] > 1:
            alike = [one for one in findings if (one["key"], one["context_digest"]) == name]
            assert all(_same_to_a_reader(one) == _same_to_a_reader(finding) for one in alike), name


NAMES = Law(worlds(), findings_have_names_of_their_own)


@st.composite
def _renamed(draw: st.DrawFn) -> tuple[World, Json]:
    choose = Choices(draw)
    world = World(draw_rule_set(choose), draw_question(choose))
    lines = draw(st.permutations(world.body["medications"]))
    named = draw(st.permutations([f"z{number}" for number in range(len(lines))]))
    changed = [{**line, "id": name} for line, name in zip(lines, named, strict=True)]
    return world, with_lines(world.body, changed)


def ids_and_order_settle_nothing_anew(case: tuple[World, Json]) -> None:
    """The same list under other ids and in another order: keys and digests stay."""
    world, renamed = case
    rules = compiled(world.rule_set)
    before = Counter((one["key"], one["context_digest"]) for one in ask(rules, world.body)["findings"])
    after = Counter((one["key"], one["context_digest"]) for one in ask(rules, renamed)["findings"])
    assert after == before


IDS = Law(_renamed(), ids_and_order_settle_nothing_anew)

# --- what brings a finding back ---------------------------------------------------------------------------------------

_LINE: Final[Json] = {
    "id": "a", "text": "alvorin", "dose": {"value": "40", "unit": "mg"}, "route": "oral", "dose_form": "tablet",
    "times_per_day": 1,
}  # fmt: skip
_BODY: Final[Json] = {
    "medications": [_LINE, {**_LINE, "id": "m", "text": "magnite"}],
    "patient": {"egfr": {"value": "40", "unit": "mL/min"}, "age_years": 70},
    "observations": [{"kind": "serum_magnesium", "value": "0.66", "unit": "mmol/L"}],
    "conditions": [],
    "as_of": AS_OF,
}


def _rules(title: str = "A title") -> RuleSet:
    rule = factories.interaction(
        "pair",
        title=title,
        affected={"substances": ["alvorin", "betarine"]},
        precipitant={"substances": ["magnite"]},
        management=factories.management(separation={"magnesium_first_hours": "4", "drug_first_hours": "2"}),
        factors=[
            factories.factor("weak", "major", {"egfr": {"below": "30"}}),
            factories.factor("old", "major", {"age_years": {"at_least": "75"}}),
            factories.factor("lack", "major", {"serum_magnesium": {"below": "0.3"}}),
        ],
    )
    names = ("alvorin", "betarine", "cordimax", "magnite")
    drugs = [factories.substance(name, routes=["oral", "intravenous"]) for name in names]
    return factories.rule_set(*drugs, rule, factories.condition("gout"), factories.reference_range())


def _line(**changes: object) -> Json:
    first, second = _BODY["medications"]
    return {**_BODY, "medications": [{**first, **changes}, second]}


def _egfr(value: str) -> Json:
    return {**_BODY, "patient": {**_BODY["patient"], "egfr": {"value": value, "unit": "mL/min"}}}


def _serum(value: str) -> Json:
    return {**_BODY, "observations": [{"kind": "serum_magnesium", "value": value, "unit": "mmol/L"}]}


# Each change and whether the finding comes back. The limits are those of the factors, the bands meet at 0.7.
CHANGES: Final[dict[str, tuple[Json, bool]]] = {
    "nothing": (_BODY, False),
    "dose": (_line(dose={"value": "80", "unit": "mg"}), True),
    "dose in other words": (_line(dose={"value": "40.0", "unit": "MG"}), False),
    "dose left out": (_line(dose=None), True),
    "how often": (_line(times_per_day=2), True),
    "form": (_line(dose_form="capsule"), True),
    "route": (_line(route="intravenous"), True),
    "times": (_line(times_per_day=None, times=["08:00"]), True),
    "id": (_line(id="zz"), False),
    "filtration within its limits": (_egfr("31"), False),
    "filtration on the limit": (_egfr("30"), True),
    "filtration below the limit": (_egfr("29.9"), True),
    "filtration far above": (_egfr("90"), False),
    "age within its limits": ({**_BODY, "patient": {**_BODY["patient"], "age_years": 74}}, False),
    "age on the limit": ({**_BODY, "patient": {**_BODY["patient"], "age_years": 75}}, True),
    "age not known": ({**_BODY, "patient": {"egfr": _BODY["patient"]["egfr"]}}, True),
    "serum within its band": (_serum("0.69"), False),
    "serum in another band": (_serum("0.7"), True),
    "serum below a limit": (_serum("0.29"), True),
    "serum not known": ({**_BODY, "observations": []}, True),
    "another laboratory value": (
        {**_BODY, "observations": [*_BODY["observations"], {"kind": "serum_calcium", "value": "2", "unit": "mmol/L"}]},
        False,
    ),
    "sex": ({**_BODY, "patient": {**_BODY["patient"], "sex": "female"}}, False),
    "a condition that nobody asks about": ({**_BODY, "conditions": [{"text": "gout"}]}, False),
    "an unrelated medicine": (
        {**_BODY, "medications": [*_BODY["medications"], {"id": "c", "text": "cordimax"}]},
        False,
    ),
    "a second one of the same": (
        {**_BODY, "medications": [*_BODY["medications"], {**_LINE, "id": "b"}]},
        True,
    ),
    "the order of the list": ({**_BODY, "medications": _BODY["medications"][::-1]}, False),
    "the day": ({**_BODY, "as_of": "2026-11-23"}, False),
}


def what_it_rests_on_brings_it_back(name: str) -> None:
    """A settled finding is back as soon as what it rests on changes, and only then."""
    changed, back = CHANGES[name]
    rules = compiled(_rules())
    [before] = ask(rules, _BODY)["findings"]
    settled = acknowledged(ask(rules, _BODY))
    clean = [{key: value for key, value in line.items() if value is not None} for line in changed["medications"]]
    report = ask(rules, {**changed, "medications": clean, "acknowledgements": settled})
    assert [one["key"] for one in (*report["findings"], *report["settled"])] == [before["key"]]
    assert [one["state"] for one in report["acknowledgements"]] == ["changed" if back else "settled"], name
    assert len(report["findings"]) == back


BACK = Law(st.sampled_from(sorted(CHANGES)), what_it_rests_on_brings_it_back)


# --- proposals --------------------------------------------------------------------------------------------------------


@st.composite
def _worlds_with_proposals(draw: st.DrawFn) -> World:
    choose = Choices(draw)
    rule_set = draw_rule_set(choose, ANY)
    body = draw_question(choose, most=3)
    lines = [*body["medications"], *(draw_medication(choose, name) for name in ("new", "a-new")[: choose.number(1, 2)])]
    choose.fresh()
    marked = [{**line, "status": "proposed"} if "new" in line["id"] or choose.chance(4) else line for line in lines]
    return World(rule_set, with_lines(body, marked))


def _level(finding: Finding) -> tuple[object, ...]:
    return tuple(
        finding[name]
        for name in ("severity", "severity_ceiling", "applicability", "operational_class", "condition_ids")
    )


def a_proposal_answers_for_what_it_brings(world: World) -> None:
    """What is there without the proposed lines, as bad and as sure, stands; the rest is brought or changed by them."""
    rules = compiled(world.rule_set)
    report = ask(rules, world.body)
    current = [line for line in world.body["medications"] if line.get("status") != "proposed"]
    proposed = {line["id"] for line in world.body["medications"]} - {line["id"] for line in current}
    without = ask(rules, with_lines(world.body, current))
    assert without["proposal"] is None
    assert all(one["origin"] is None for one in without["findings"]), "an origin where nothing is proposed"
    summary = report["proposal"]
    assert summary is not None
    assert set(summary["medication_ids"]) == proposed
    for finding in report["findings"]:
        mine = set(finding["medication_ids"])
        alike = [
            one
            for one in without["findings"]
            if one["interaction_id"] == finding["interaction_id"] and one["affected"] == finding["affected"]
        ]
        unchanged = [one for one in alike if set(one["medication_ids"]) == mine and _level(one) == _level(finding)]
        origin = finding["origin"]
        assert origin is not None
        if unchanged:
            assert origin == "standing", f"{finding['interaction_id']} was there and is called {origin}"
        if mine & proposed:
            assert origin != "standing", f"{finding['interaction_id']} is about the proposal and is called standing"
        if mine and mine <= proposed:
            assert origin == "brought", f"{finding['interaction_id']} is about nothing else and is called {origin}"
        if not alike:
            assert origin == "brought", f"{finding['interaction_id']} was not there and is called {origin}"
        if any(set(one["medication_ids"]) == mine - proposed for one in alike) and mine & proposed and mine - proposed:
            assert origin == "changed", f"{finding['interaction_id']} was there with less and is called {origin}"
    listed = Counter([*summary["brought"], *summary["changed"], *summary["standing"]])
    assert listed == Counter(one["key"] for one in report["findings"])
    new = [RANK[one["severity"]] for one in report["findings"] if one["origin"] != "standing"]
    worst = summary["highest_severity"]
    assert (RANK[worst] if worst else 0) == max(new, default=0)


PROPOSED = Law(_worlds_with_proposals(), a_proposal_answers_for_what_it_brings)
