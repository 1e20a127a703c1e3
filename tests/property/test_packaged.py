"""The laws on the packaged knowledge: real rules, real codes, real names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import CompiledRuleSet, RuleSet
from rules.resolution import resolve
from rules.terms import MatchKind, RecognitionState, RecordStatus
from rules.verify import verify
from tests.property.laws import ask, facts, keep, lists, names, reference
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
