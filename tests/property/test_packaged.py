"""The laws on the packaged knowledge: real rules, real codes, real names."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import CompiledRuleSet, RuleSet
from rules.quantities import plain
from rules.resolution import resolve
from rules.terms import MatchKind, RecognitionState, RecordStatus
from rules.verify import verify
from tests.property.laws import ask, facts, keep, lists, names, reference, settling, timetables
from tests.property.laws.cases import rules_without_a_witness
from tests.property.packaged import Vocabulary, draw_body, draw_line
from tests.property.profiles import PROFILE
from tests.strategies import Choices, World


@pytest.fixture(scope="module")
def words(packaged: CompiledRuleSet) -> Vocabulary:
    """What questions about the packaged knowledge can name."""
    keep(packaged)
    return Vocabulary(packaged)


def _world(data: st.DataObject, words: Vocabulary) -> tuple[World, Choices]:
    choose = Choices(data.draw)
    return World(words.rules, draw_body(choose, words)), choose


def test_i07_every_rule_fires_stays_quiet_and_lacks_a_fact(packaged: CompiledRuleSet) -> None:
    assert list(rules_without_a_witness(packaged)) == []


def test_i07_every_worked_case_holds(packaged: CompiledRuleSet) -> None:
    assert verify(packaged).failures == ()


@PROFILE
@given(st.data())
def test_i01_adding_a_medicine_removes_and_lowers_nothing(words: Vocabulary, data: st.DataObject) -> None:
    world, choose = _world(data, words)
    choose.fresh()
    sides, _ = words.themes[choose.number(0, len(words.themes) - 1)]
    lists.I1.holds((world, draw_line(choose, words, choose.one((*sides, words.others)), "extra")))


@PROFILE
@given(st.data())
def test_i02_order_means_nothing(words: Vocabulary, data: st.DataObject) -> None:
    world, _ = _world(data, words)
    shuffled = {
        name: data.draw(st.permutations(value)) if isinstance(value, list) else value
        for name, value in world.body.items()
    }
    lists.I2.holds((world, shuffled))


@PROFILE
@given(st.data())
def test_i06_every_finding_shows_its_grounds(words: Vocabulary, data: st.DataObject) -> None:
    facts.I6.holds(_world(data, words)[0])


@PROFILE
@given(st.data())
def test_i08_and_i14_nothing_is_ignored_and_the_worst_is_on_top(words: Vocabulary, data: st.DataObject) -> None:
    world, _ = _world(data, words)
    lists.I8.holds(world)
    lists.I14.holds(world)


@PROFILE
@given(st.data())
def test_i09_missing_is_never_milder(words: Vocabulary, data: st.DataObject) -> None:
    world, _ = _world(data, words)
    facts.I9.holds((world, data.draw(st.integers(0, 999))))


@PROFILE
@given(st.data())
def test_engine_and_naive_evaluator_agree(words: Vocabulary, data: st.DataObject) -> None:
    reference.DIFFERENTIAL.holds(_world(data, words)[0])


def test_i12_every_name_of_a_substance_stands_for_it_in_any_writing(
    packaged: CompiledRuleSet, knowledge: RuleSet
) -> None:
    wrong: list[str] = []
    for record in knowledge.substances:
        if record.status is not RecordStatus.ACTIVE:
            continue
        for name in (record.name, *record.synonyms, *record.brands):
            for write in names.WRITINGS:
                found = [entry.id for entry in resolve(packaged, write(name), ()).entries]
                if found != [record.id]:
                    wrong.append(f"{write(name)!r} is {found}, not {record.id}")
    assert wrong == []


def test_i12_every_name_and_code_of_a_product_stands_for_its_ingredients_once(
    packaged: CompiledRuleSet, knowledge: RuleSet
) -> None:
    wrong: list[str] = []
    for record in knowledge.products:
        if record.status is not RecordStatus.ACTIVE:
            continue
        wanted = [part.substance for part in record.ingredients]
        assert len(set(wanted)) == len(wanted), f"{record.id} lists an ingredient twice"
        for name in (record.name, *record.synonyms, *record.brands):
            for write in names.WRITINGS:
                found = [entry.id for entry in resolve(packaged, write(name), ()).entries]
                if found != wanted:
                    wrong.append(f"{write(name)!r} is {found}, not {wanted}")
    assert wrong == []


def test_i12_a_code_and_the_name_of_one_substance_agree(packaged: CompiledRuleSet, knowledge: RuleSet) -> None:
    for record in knowledge.substances:
        for code in record.codes.rxnorm:
            body = {"medications": [{"id": "m", "text": record.name, "codes": [{"system": "rxnorm", "code": code}]}]}
            report = ask(packaged, body)
            (line,) = report["medications"]
            assert report["status"] == "complete", f"{record.name} and {code} do not agree"
            assert [one["id"] for one in line["substances"]] == [record.id]
            assert line["state"] != RecognitionState.UNRECOGNISED
            assert line["match"] is not None
            assert line["match"]["kind"] == MatchKind.CODE


@PROFILE
@given(st.data())
def test_i14_settled_findings_and_proposals_on_real_rules(words: Vocabulary, data: st.DataObject) -> None:
    world, choose = _world(data, words)
    settling.SETTLED.holds(world)
    settling.NAMES.holds(world)
    lines = [
        {**line, "status": "proposed"} if not at or choose.chance(3) else line
        for at, line in enumerate(world.body["medications"])
    ]
    if lines:
        settling.PROPOSED.holds(World(world.rule_set, {**world.body, "medications": lines}))


def test_i14_no_two_findings_of_a_worked_list_share_a_name(packaged: CompiledRuleSet) -> None:
    keep(packaged)
    for case in packaged.rule_set.cases:
        if case.status is RecordStatus.ACTIVE:
            body = case.profile.model_dump(mode="json", exclude_none=True, exclude={"acknowledgements"})
            settling.NAMES.holds(World(packaged.rule_set, body))


@PROFILE
@given(st.data())
def test_i13_a_timetable_of_real_rules_put_into_practice_stands(words: Vocabulary, data: st.DataObject) -> None:
    world, _ = _world(data, words)
    timetables.PRACTICE.holds(World(world.rule_set, {**world.body, "timetable": True}))


# --- the plan ---------------------------------------------------------------------------------------------------------

_NO_FORM = {"do_not_supplement", "supervised_treatment"}


@settings(PROFILE, max_examples=PROFILE.max_examples // 3)  # each plan is a dozen checks
@given(st.data())
def test_a_plan_never_contradicts_the_findings_that_it_brings(
    packaged: CompiledRuleSet, words: Vocabulary, data: st.DataObject
) -> None:
    """A form that fits, taken as the plan says, meets nothing contraindicated and breaks no window."""
    world, choose = _world(data, words)
    body = {**world.body, "timetable": True, "plan": True, "magnesium_target_mg_per_day": choose.one(("100", "350"))}
    plan = ask(packaged, body)["plan"]
    if plan["decision"] in _NO_FORM:
        assert plan["supplement"] is None, "a form where none is to be taken"
    if plan["supplement"] is None:
        return
    supplement = plan["supplement"]
    sold = {form.id: substance.name for form, substance in packaged.supplement_forms}
    for form in supplement["forms"]:
        if form["fit"] == "unsuitable":
            assert form["times"] == []
            assert form["reasons"]
            continue
        amount = Fraction(supplement["least_mg_per_day"]) / supplement["doses_per_day"]
        line = {
            "id": "supplement",
            "text": sold[form["form_id"]],
            "route": "oral",
            "status": "proposed",
            "dose": {"value": plain(amount), "unit": "mg", "of": "elemental"},
        }
        often = {"times": form["times"]} if form["times"] else {"times_per_day": supplement["doses_per_day"]}
        added = [*body["medications"], {**line, **often}]
        # Everything else at the times of the day plan with the form in it.
        times = timetables.planned(ask(packaged, {**body, "plan": False, "medications": added})["timetable"])
        settled = [
            {**{key: value for key, value in one.items() if key != "times_per_day"}, "times": times[one["id"]]}
            if one["id"] in times
            else one
            for one in added
        ]
        for finding in ask(packaged, {**body, "plan": False, "medications": settled})["findings"]:
            if "supplement" in finding["medication_ids"]:
                name = f"{form['form_id']} with {finding['interaction_id']}"
                # One that only may apply, because a fact is missing, makes a form one to take with care.
                open_ = finding["applicability"] == "may_apply" and form["fit"] == "with_care"
                assert finding["severity"] != "contraindicated" or open_, name
                if form["times"] and finding["timing"] is not None:
                    assert finding["timing"]["state"] != "broken", name
