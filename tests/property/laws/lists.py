"""Laws about the list: more, fewer, twice, in another order, another time (I1 to I5, I8, I14, I20)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st

from rules import CompiledRuleSet, RuleSet, compile_rule_set, engine
from rules.canonical import canonical_json, digest
from rules.report import Finding
from rules.terms import RecognitionState, Severity
from tests.property.laws import (
    CERTAINTY,
    RANK,
    Law,
    about_the_same,
    answer,
    as_bytes,
    ask,
    compiled,
    medications_of,
    partners,
    subject,
    with_lines,
)
from tests.strategies import (
    ANY,
    Choices,
    Json,
    Shape,
    World,
    draw_medication,
    draw_question,
    draw_rule_set,
    typed_lines,
    worlds,
)

# --- I1 ---------------------------------------------------------------------------------------------------------------


@st.composite
def _worlds_and_one_more(draw: st.DrawFn) -> tuple[World, Json]:
    choose = Choices(draw)
    world = World(draw_rule_set(choose, Shape(rising=True)), draw_question(choose, most=3))
    return world, draw_medication(choose, choose.one(("extra", "a-first", "m1x")))


def _shown_mitigation(finding: Finding) -> bool:
    """A severity below another one is allowed when a factor or dose times of just that severity are a reason."""
    return any(
        reason["test"] in {"factor", "timing"} and f"severity {finding['severity']}" in reason["detail"]
        for reason in finding["why"]
    )


def _told_otherwise(rules: CompiledRuleSet, finding: Finding, after: Sequence[Finding], medication: str | None) -> bool:
    """Whether the rule steps back from other medicines, and another one says at least as much of the same.

    Where it is open whether it steps back, both may apply, and one of the two does.
    """
    when = rules.interactions[finding["interaction_id"]].when
    if when is None or not _steps_back(when.model_dump(by_alias=True, exclude_none=True)):
        return False
    open_itself = bool(about_the_same(finding, after, medication))
    return any(
        _tells_of(other, finding, medication)
        and RANK[other["severity"]] >= RANK[finding["severity"]]
        and (open_itself or CERTAINTY[other["applicability"]] >= CERTAINTY[finding["applicability"]])
        for other in after
    )


def _tells_of(other: Finding, finding: Finding, medication: str | None) -> bool:
    """Whether a finding is about the same medicine in the same way, or about the conditions of one without any."""
    if medication is None:
        return other["interaction_id"] != finding["interaction_id"] and bool(
            set(finding["condition_ids"]) & set(other["condition_ids"])
        )
    return other["direction"] == finding["direction"] and medication in other["medication_ids"]


def _steps_back(expression: object, *, denied: bool = False) -> bool:
    """Whether an expression counts medicines somewhere below a `not`."""
    if isinstance(expression, dict):
        return any(
            (denied and name == "risk_count") or _steps_back(inner, denied=denied or name == "not")
            for name, inner in expression.items()
        )
    return isinstance(expression, list | tuple) and any(_steps_back(one, denied=denied) for one in expression)


def adding_a_medicine_removes_nothing(case: tuple[World, Json]) -> None:
    """I1: more medicines, no finding fewer and none milder, unless a mitigation is shown that made it so.

    On rules that count medicines upwards only: a rule that says "when no laxative is listed" is meant to fall silent.
    One that steps back when others are counted may do so where another finding of its kind tells of the medicine then.
    """
    world, extra = case
    rules = compiled(world.rule_set)
    before = ask(rules, world.body)["findings"]
    after = ask(rules, with_lines(world.body, [*world.body["medications"], extra]))["findings"]
    for finding in before:
        for medication in medications_of(finding):
            kept = [
                other
                for other in about_the_same(finding, after, medication)
                if (RANK[other["severity"]] >= RANK[finding["severity"]] or _shown_mitigation(other))
                and CERTAINTY[other["applicability"]] >= CERTAINTY[finding["applicability"]]
            ]
            assert kept or _told_otherwise(rules, finding, after, medication), (
                f"{subject(finding)} about {medication} is gone, milder or less certain with {extra}"
            )


I1 = Law(_worlds_and_one_more(), adding_a_medicine_removes_nothing)


# --- I2 ---------------------------------------------------------------------------------------------------------------


@st.composite
def _worlds_and_orders(draw: st.DrawFn) -> tuple[World, Json]:
    choose = Choices(draw)
    world = World(draw_rule_set(choose), draw_question(choose))
    shuffled = {
        name: draw(st.permutations(value)) if isinstance(value, list) else value for name, value in world.body.items()
    }
    return world, shuffled


def order_means_nothing(case: tuple[World, Json]) -> None:
    """I2: the same list in another order gives the same bytes; so do laboratory values in another order.

    Conditions and symptoms are reported by their position in the request, so for them the findings are compared.
    """
    world, shuffled = case
    rules = compiled(world.rule_set)
    expected = ask(rules, world.body, explain=True)
    lists_only = {**world.body, "medications": shuffled["medications"]}
    if "observations" in shuffled:
        lists_only["observations"] = shuffled["observations"]
    assert as_bytes(ask(rules, lists_only, explain=True)) == as_bytes(expected), "the order of the list shows"
    everything = ask(compiled(world.rule_set), shuffled)
    assert as_bytes(everything["findings"]) == as_bytes(expected["findings"]), "the order of the terms shows"


I2 = Law(_worlds_and_orders(), order_means_nothing)


# --- I3 ---------------------------------------------------------------------------------------------------------------


@st.composite
def _worlds_and_a_copy(draw: st.DrawFn) -> tuple[World, int, str]:
    choose = Choices(draw)
    # Doses add up, so rules that read the sum see a difference between once and twice, as they should.
    rule_set = draw_rule_set(choose, Shape(without=frozenset({"elemental_mg_per_day"})))
    body = draw_question(choose)
    lines = body["medications"] or [draw_medication(choose, "m0")]
    copy_id = choose.one(("copy", "a-copy", "m0-copy"))
    return World(rule_set, with_lines(body, lines)), choose.number(0, len(lines) - 1), copy_id


def _without(finding: Finding, medication: str) -> tuple[object, ...]:
    return (
        *subject(finding),
        finding["severity"],
        finding["severity_ceiling"],
        finding["operational_class"],
        finding["applicability"],
        frozenset(finding["condition_ids"]),
        frozenset(partners(finding)),
        frozenset(finding["medication_ids"]) - {medication},
        frozenset(fact for fact in finding["missing_facts"] if not fact.startswith(f"medications.{medication}.")),
    )


def listed_twice_is_once_and_said(case: tuple[World, int, str]) -> None:
    """I3: a line that stands twice changes no finding, is reported as a duplicate, and its dose counts twice."""
    world, index, copy_id = case
    rules = compiled(world.rule_set)
    lines = world.body["medications"]
    once = ask(rules, world.body)
    twice = ask(rules, with_lines(world.body, [*lines, {**lines[index], "id": copy_id}]))
    original = lines[index]["id"]
    substances = next(line["substances"] for line in once["medications"] if line["id"] == original)
    for substance in substances:
        named = [one["medication_ids"] for one in twice["duplicates"] if one["substance"]["id"] == substance["id"]]
        assert named, f"{substance['id']} on two lines is not reported"
        assert {original, copy_id} <= set(named[0])
    if len(substances) == 1:
        # Two packs of a combination are different medications, so one's ingredient may meet the other's.
        assert Counter(_without(one, copy_id) for one in twice["findings"]) == Counter(
            _without(one, copy_id) for one in once["findings"]
        ), "listing a line twice changed a finding"
    share = [one for one in once["magnesium_intake"]["contributions"] if one["medication_id"] == original]
    copied = [one for one in twice["magnesium_intake"]["contributions"] if one["medication_id"] == copy_id]
    assert [{**one, "medication_id": copy_id, "basis": ""} for one in share] == [{**one, "basis": ""} for one in copied]


I3 = Law(_worlds_and_a_copy(), listed_twice_is_once_and_said)


# --- I4 and I5 --------------------------------------------------------------------------------------------------------


def asked_again_answers_the_same(case: tuple[World, World]) -> None:
    """I4: the same question gives the same bytes, whatever was asked in between and whoever compiled the rules."""
    world, other = case
    rules = compiled(world.rule_set)
    first = as_bytes(ask(rules, world.body, explain=True))
    ask(rules, other.body, explain=True)
    assert as_bytes(ask(rules, world.body, explain=True)) == first, "the second answer differs"
    assert as_bytes(ask(compiled(world.rule_set), world.body, explain=True)) == first, "a fresh compile differs"


I4 = Law(st.tuples(worlds(Shape(wild=True)), worlds()), asked_again_answers_the_same)


def replayed_from_what_is_stored(world: World) -> None:
    """I5: the canonical JSON of the rule set and the JSON of the question reproduce the report byte for byte."""
    profile = world.profile
    first = as_bytes(engine.check(compile_rule_set(world.rule_set), profile, explain=True))
    stored = RuleSet.model_validate_json(canonical_json(world.rule_set))
    assert digest(stored) == digest(world.rule_set), "the rule set read back is another one"
    asked = type(profile).model_validate_json(profile.model_dump_json(exclude_none=True))
    assert as_bytes(engine.check(compile_rule_set(stored), asked, explain=True)) == first, "the replay differs"


I5 = Law(worlds(Shape(wild=True)), replayed_from_what_is_stored)


# --- I8 and I20 -------------------------------------------------------------------------------------------------------


@st.composite
def _worlds_and_typing(draw: st.DrawFn) -> World:
    choose = Choices(draw)
    body = draw_question(choose)
    typed = draw(typed_lines()) if choose.chance(2) else []
    return World(draw_rule_set(choose), with_lines(body, [*body["medications"], *typed]))


def nothing_is_ignored(world: World) -> None:
    """I8: each line is in exactly one state; with an unknown one the report is incomplete and says so in words."""
    report = answer(world)
    given = [line["id"] for line in world.body["medications"]]
    assert sorted(line["id"] for line in report["medications"]) == sorted(given), "a line is lost or doubled"
    for line in report["medications"]:
        recognised = line["state"] != RecognitionState.UNRECOGNISED
        assert line["state"] in set(RecognitionState)
        assert recognised == bool(line["substances"]), f"{line['id']} is {line['state']} with {line['substances']}"
        assert not recognised or line["match"] is not None, f"{line['id']} does not say how it was matched"
    unknown = [line["id"] for line in report["medications"] if line["state"] == RecognitionState.UNRECOGNISED]
    if unknown:
        assert report["status"] == "incomplete", f"{unknown} are unknown and the report is {report['status']}"
        assert report["statement"].startswith("Incomplete"), report["statement"]
    involved = {name for finding in report["findings"] for name in finding["medication_ids"]}
    assert involved <= set(given) - set(unknown), "a finding names a line that is not there or not known"
    assert not any(word in report["statement"].lower() for word in ("safe", "no interaction", "no risk"))
    for name, asked in (("conditions", world.body.get("conditions")), ("symptoms", world.body.get("symptoms"))):
        terms = report["conditions"] if name == "conditions" else report["symptoms"]
        assert [term["position"] for term in terms] == list(range(len(asked or ()))), f"{name} are lost"


I8 = Law(_worlds_and_typing(), nothing_is_ignored)


def _disagreements(world: World) -> list[str]:
    """Lines whose codes and text, asked alone, stand for different substances."""
    rules = compiled(world.rule_set)
    found: list[str] = []
    for line in world.body["medications"]:
        alone = [{"id": "one", "text": line["text"]}] if "text" in line else []
        alone += [{"id": "one", "codes": [code]} for code in line.get("codes", ())]
        readings = [ask(rules, {"medications": [one]})["medications"][0]["substances"] for one in alone]
        if len({frozenset(substance["id"] for substance in reading) for reading in readings if reading}) > 1:
            found.append(line["id"])
    return found


def what_is_not_known_shows(world: World) -> None:
    """I20: unknown, unreadable or disagreeing input always shows in the body, in the status and beside the line."""
    report = answer(world)
    unread = [
        term for term in (*report["conditions"], *report["symptoms"]) if term["state"] == RecognitionState.UNRECOGNISED
    ]
    unknown = [line for line in report["medications"] if line["state"] == RecognitionState.UNRECOGNISED]
    disagreeing = _disagreements(world)
    partial = bool(unread or unknown or disagreeing)
    assert (report["status"] == "incomplete") == partial, (report["status"], unread, unknown, disagreeing)
    assert report["statement"].startswith("Incomplete") == partial, report["statement"]
    problems = {line["id"]: line["problems"] for line in report["medications"]}
    for name in disagreeing:
        assert problems[name], f"{name} does not say that its code and text disagree"
    rules = compiled(world.rule_set)
    for line in world.body["medications"]:
        for code in line.get("codes", ()):
            if not ask(rules, {"medications": [{"id": "one", "codes": [code]}]})["medications"][0]["substances"]:
                assert problems[line["id"]], f"{line['id']} hides that a code of it is unknown"


I20 = Law(_worlds_and_typing(), what_is_not_known_shows)


# --- I14 --------------------------------------------------------------------------------------------------------------


def the_worst_is_on_top(world: World) -> None:
    """I14: the overall severity is the worst of the findings, each is counted, and the worst come first."""
    report = answer(world)
    severities = [str(finding["severity"]) for finding in report["findings"]]
    ranks = [RANK[severity] for severity in severities]
    highest = report["highest_severity"]
    assert (RANK[highest] if highest else 0) == max(ranks, default=0), "the overall severity is not the worst"
    assert ranks == sorted(ranks, reverse=True), "a milder finding stands above a worse one"
    assert report["finding_counts"] == {severity.value: severities.count(severity.value) for severity in Severity}
    for finding in report["findings"]:
        assert RANK[finding["severity_ceiling"]] >= RANK[finding["severity"]], "the ceiling is below the severity"
        assert all(RANK[one["severity"]] <= RANK[finding["severity_ceiling"]] for one in finding["open_factors"])
        assert all(RANK[one["severity"]] > RANK[finding["severity"]] for one in finding["open_factors"])


I14 = Law(worlds(replace(ANY, withdrawn=False)), the_worst_is_on_top)
