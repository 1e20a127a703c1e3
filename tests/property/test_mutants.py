"""Proof of teeth: small planted faults of the engine, at least one for each law, which the law must catch.

Each mutant breaks one thing the way a slip would. A mutant that survives means that the law proves nothing. The cases
are the same each time, so a mutant is caught always or never.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from hashlib import blake2b
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from rules import (
    MedicationProfile,
    RuleSet,
    compile_rule_set,
    compiled,
    conditions,
    engine,
    expressions,
    facts,
    lines,
    load,
    lookup,
    quantities,
    ranges,
    resolution,
    schedules,
    settling,
    situation,
    solver,
    timetable,
    timing,
    tokens,
)
from tests.property.laws import documents
from tests.property.laws.cases import rules_without_a_witness
from tests.property.laws.registry import LAWS, try_law
from tests.property.profiles import HUNT

if TYPE_CHECKING:
    from rules.documents import Bounds

Patch = pytest.MonkeyPatch
Anything = Any  # whatever the engine hands over


def survives(name: str) -> bool:
    """Whether the law holds on every case that is tried."""
    try:
        try_law(LAWS[name], HUNT)
    except AssertionError:
        return False
    return True


def _change_findings(patch: Patch, change: Callable[[Anything], dict[str, object]]) -> None:
    honest = engine.findings_of
    patch.setattr(engine, "findings_of", lambda *asked: [{**found, **change(found)} for found in honest(*asked)])


def _change_reports(patch: Patch, change: Callable[[Anything], dict[str, object]]) -> None:
    honest = engine.check

    def check(*asked: Anything, **options: Anything) -> Anything:
        report = honest(*asked, **options)
        return {**report, **change(report)}

    patch.setattr(engine, "check", check)


# --- lists ------------------------------------------------------------------------------------------------------------


def _only_the_worst_is_reported(patch: Patch) -> None:
    honest = engine.findings_of
    patch.setattr(engine, "findings_of", lambda *asked: honest(*asked)[:1])


def _others_are_counted_exactly(patch: Patch) -> None:
    def holds(self: conditions.CoMedicationTest, known: conditions.Facts, subject: Anything) -> bool:
        return len(self._counted(known, subject)) == self.at_least

    patch.setattr(conditions.CoMedicationTest, "holds", holds)


def _lines_stay_as_they_came(patch: Patch) -> None:
    patch.setattr(engine, "_ID_OF_LINE", lambda _: 0)


def _the_first_value_counts(patch: Patch) -> None:
    honest = facts.measured_values

    def measured_values(rules: Anything, asked: Anything) -> Anything:
        first = {one.kind: one for one in reversed(asked.observations)}
        return honest(rules, asked.model_copy(update={"observations": tuple(first.values())}))

    patch.setattr(situation, "measured_values", measured_values)


def _duplicates_are_hidden(patch: Patch) -> None:
    patch.setattr(engine, "_duplicates", lambda _: [])


def _others_are_counted_by_line(patch: Patch) -> None:
    def counted(self: conditions.CoMedicationTest, known: conditions.Facts, subject: Anything) -> set[str]:
        own = None if subject is None else subject.substance_id
        listed = enumerate(known.listed)
        return {f"{name} {at}" for at, (name, keys) in listed if name != own and not self.wanted.isdisjoint(keys)}

    patch.setattr(conditions.CoMedicationTest, "_counted", counted)


def _the_answers_are_numbered(patch: Patch) -> None:
    numbers = count()
    patch.setattr(engine, "_statement", lambda *_: f"answer {next(numbers)}")


def _the_answer_knows_its_process(patch: Patch) -> None:
    honest = engine.check
    patch.setattr(
        engine, "check", lambda rules, *asked, **how: {**honest(rules, *asked, **how), "statement": str(id(rules))}
    )


def _limits_are_written_as_typed(patch: Patch) -> None:
    patch.setattr(ranges, "_limit", lambda value: f"{value:f}")


def _unknown_lines_look_known(patch: Patch) -> None:
    honest = resolution.checked
    patch.setattr(lines, "checked", lambda *line: {**honest(*line), "state": "recognised"})


def _unknown_lines_are_dropped(patch: Patch) -> None:
    _change_reports(
        patch,
        lambda report: {"medications": [one for one in report["medications"] if one["state"] != "unrecognised"]},
    )


def _sorted_by_name(patch: Patch) -> None:
    patch.setattr(engine, "_order", lambda finding: finding["interaction_id"])


def _the_day_ends_at_midnight(patch: Patch) -> None:
    patch.setattr(timing, "DAY", 10 * timing.DAY)


def _only_one_order_is_kept_apart(patch: Patch) -> None:
    honest = solver._window

    def window(one: str, other: str, gaps: Anything) -> int:
        return honest(one, other, {(one, other): gaps.get((one, other), 0)})

    patch.setattr(solver, "_window", window)


def _the_search_ends_at_midnight(patch: Patch) -> None:
    patch.setattr(solver, "DAY", 10 * schedules.DAY)
    patch.setattr(schedules, "DAY", 10 * schedules.DAY)


def _minutes_never_move_over_midnight(patch: Patch) -> None:
    patch.setattr(schedules, "way", lambda one, other: abs(one - other))


def _any_medicine_is_a_conflict(patch: Patch) -> None:
    patch.setattr(solver, "_fits", lambda *_: False)


def _the_best_so_far_will_do(patch: Patch) -> None:
    honest = solver._Search.best

    def best(self: solver._Search) -> Anything:
        try:
            return honest(self)
        except schedules.OutOfBudget:
            if self.found is None:
                raise
            return {one.medicine.id: times for one, (_, times) in zip(self.medicines, self.found, strict=True)}

    patch.setattr(solver._Search, "best", best)


def _medicines_are_tried_as_they_came(patch: Patch) -> None:
    honest = solver.components

    def components(medicines: Anything, gaps: Anything) -> Anything:
        groups = [{one.id for one in group} for group in honest(medicines, gaps)]
        return [[one for one in medicines if one.id in group] for group in groups]

    def by_partners_only(some: Anything, key: Anything = None) -> Anything:
        return sorted(some, key=key and (lambda one: key(one)[0]))

    patch.setattr(solver, "components", components)
    patch.setattr(solver, "sorted", by_partners_only, raising=False)


def _what_is_not_planned_is_not_named(patch: Patch) -> None:
    honest = timetable._Plan._answer
    patch.setattr(timetable._Plan, "_answer", lambda self, state: {**honest(self, state), "not_planned": []})


def _windows_have_one_order(patch: Patch) -> None:
    honest = timetable._Plan._spacings
    patch.setattr(timetable._Plan, "_spacings", lambda self: (one._replace(after_drug=0) for one in honest(self)))


def _nobody_eats(patch: Patch) -> None:
    patch.setattr(timetable._Plan, "_fits_meals", lambda *_: True)


def _nothing_has_to_be_kept_apart(patch: Patch) -> None:
    patch.setattr(timetable._Plan, "_gaps", lambda *_: ())


def _remedies_are_not_tried(patch: Patch) -> None:
    patch.setattr(timetable, "feasible", lambda *_: True)


def _the_day_begins_at_midnight(patch: Patch) -> None:
    patch.setattr(timetable._Day, "since_waking", lambda _, minute: minute)
    patch.setattr(timetable._Day, "clock", lambda _, minute: timetable._clock(minute))


def _settled_findings_are_dropped(patch: Patch) -> None:
    honest = settling.settle
    patch.setattr(engine, "settle", lambda *asked: (*honest(*asked)[:1], [], honest(*asked)[2]))


def _an_acknowledgement_counts_for_ever(patch: Patch) -> None:
    honest = settling.settle

    def settle(findings: Anything, given: Anything, as_of: Anything) -> Anything:
        return honest(findings, [one.model_copy(update={"until": None}) for one in given], as_of)

    patch.setattr(engine, "settle", settle)


def _only_the_record_is_rested_on(patch: Patch) -> None:
    def digest_of_the_record(text: bytes, *, digest_size: int) -> Anything:
        record = digest_size == settling._DIGEST_BYTES
        return blake2b(text.partition(b"\n")[0] if record else text, digest_size=digest_size)

    patch.setattr(settling, "blake2b", digest_of_the_record)


def _the_digest_is_not_looked_at(patch: Patch) -> None:
    honest = settling.settle

    def settle(findings: Anything, given: Anything, as_of: Anything) -> Anything:
        now = {one["key"]: one["context_digest"] for one in findings}
        same = [one.model_copy(update={"context_digest": now.get(one.finding_key, "")}) for one in given]
        return honest(findings, same, as_of)

    patch.setattr(engine, "settle", settle)


def _ids_are_part_of_the_name(patch: Patch) -> None:
    honest = lines.Line.context
    patch.setattr(lines.Line, "context", lambda self, *, timed: honest(self, timed=timed) + self.id)


def _everything_was_there_before(patch: Patch) -> None:
    def tell_apart(findings: Anything, *_: Anything) -> None:
        for finding in findings:
            finding["origin"] = "standing"

    patch.setattr(engine, "tell_apart", tell_apart)


def _always_complete(patch: Patch) -> None:
    patch.setattr(engine, "_INCOMPLETE", "complete")


def _disagreement_is_settled_silently(patch: Patch) -> None:
    honest = resolution._resolve

    def resolve(*asked: Anything) -> resolution.Resolution:
        return dataclasses.replace(honest(*asked), certain=True)

    patch.setattr(resolution, "_resolve", resolve)


# --- facts ------------------------------------------------------------------------------------------------------------


def _sources_get_lost(patch: Patch) -> None:
    _change_findings(patch, lambda found: {"evidence": {**found["evidence"], "citations": []}})


def _reasons_get_lost(patch: Patch) -> None:
    _change_findings(patch, lambda found: {"why": [one for one in found["why"] if one["test"] != "precipitant"]})


def _what_is_open_counts_as_good(patch: Patch) -> None:
    _change_findings(patch, lambda found: {"severity_ceiling": found["severity"]})


def _not_known_counts_as_no(patch: Patch) -> None:
    honest = compiled.Rule.__init__

    def init(self: compiled.Rule, **parts: Anything) -> None:
        ask = parts["ask"]
        honest(self, **{**parts, "ask": ask and (lambda *asked: ask(*asked) is True)})

    patch.setattr(compiled.Rule, "__init__", init)


def _the_missing_fact_is_not_named(patch: Patch) -> None:
    _change_findings(patch, lambda _: {"missing_facts": []})


def _the_limit_itself_counts(patch: Patch) -> None:
    honest = ranges.Range.__init__

    def lenient(self: ranges.Range, bounds: Bounds) -> None:
        honest(self, bounds)
        self.strict_low = self.strict_high = False
        self.contains = self.contains_ratio

    patch.setattr(ranges.Range, "__init__", lenient)


def _numbers_are_binary(patch: Patch) -> None:
    patch.setattr(facts, "decimal_from", lambda text: Decimal(float(text)))


def _grams_are_milligrams(patch: Patch) -> None:
    patch.setitem(quantities._MASS_MG, "g", Fraction(1))


def _an_equivalent_is_a_mole(patch: Patch) -> None:
    patch.setitem(quantities._MAGNESIUM_MG, "meq", quantities._MAGNESIUM_MG["mmol"])


def _one_micro_sign_is_a_milli(patch: Patch) -> None:
    patch.setitem(quantities._MASS_MG, "\u03bcg", Fraction(1))


def _any_unit_will_do(patch: Patch) -> None:
    class Lenient(dict[str, Fraction]):
        def get(self, unit: str, default: Anything = None) -> Fraction:  # noqa: ARG002 - a guess instead of an error
            return super().get(unit, Fraction(1))

    patch.setattr(quantities, "_MASS_MG", Lenient(quantities._MASS_MG))


# --- names and documents ----------------------------------------------------------------------------------------------


def _case_matters(patch: Patch) -> None:
    patch.setattr(resolution, "tokens", lambda text: text.split())


def _invisible_characters_are_letters(patch: Patch) -> None:
    patch.setattr(tokens, "_PLAIN", {})


def _a_combination_is_its_first_ingredient(patch: Patch) -> None:
    honest = lookup._add_product

    def add(index: lookup.Lookup, record: Anything, report: Anything) -> None:
        honest(index, record.model_copy(update={"ingredients": record.ingredients[:1]}), report)

    patch.setattr(lookup, "_add_product", add)


def _a_key_is_forgotten(patch: Patch) -> None:
    patch.delitem(expressions._POINTS, "serum_calcium")


def _three_lines_are_too_many(patch: Patch) -> None:
    honest = engine._duplicates
    patch.setattr(engine, "_duplicates", lambda lines: honest(lines)[1 // (3 - len(lines)) :])


def _references_are_trusted(patch: Patch) -> None:
    patch.setattr(compiled, "broken_references", lambda _: [])


def _words_become_numbers(patch: Patch) -> None:
    class Lenient:
        @staticmethod
        def model_validate_json(body: str) -> MedicationProfile:
            return MedicationProfile.model_validate_json(body, strict=False)

    patch.setattr(documents, "MedicationProfile", Lenient)


def _unknown_keys_are_dropped(patch: Patch) -> None:
    honest = load._validated

    def validated(tree: Anything, kind: Anything, *more: Anything) -> Anything:
        known = {key: tree[key] for key in tree if key in kind.model_fields} if isinstance(tree, dict) else tree
        return honest(known, kind, *more)

    patch.setattr(load, "_validated", validated)


# --- the whole evaluation ---------------------------------------------------------------------------------------------


def _nobody_takes_anything_else(patch: Patch) -> None:
    patch.setattr(conditions.CoMedicationTest, "holds", lambda *_: False)


def _exclusions_are_forgotten(patch: Patch) -> None:
    honest = compiled.CompiledRuleSet._with_containing
    patch.setattr(compiled.CompiledRuleSet, "_with_containing", lambda self, direct, _: honest(self, direct, ""))


def _the_last_partner_is_the_only_one(patch: Patch) -> None:
    _change_findings(patch, lambda found: {"precipitants": found["precipitants"][-1:]})


def _one_open_part_opens_everything(patch: Patch) -> None:
    def holds(self: conditions.AllTest, known: conditions.Facts, subject: Anything) -> bool | None:
        answers = [part.holds(known, subject) for part in self.parts]
        return None if None in answers else all(answers)

    patch.setattr(conditions.AllTest, "holds", holds)


MUTANTS: dict[Callable[[Patch], None], str] = {
    _only_the_worst_is_reported: "I1 adding a medicine removes nothing",
    _others_are_counted_exactly: "I1 adding a medicine removes nothing",
    _lines_stay_as_they_came: "I2 order means nothing",
    _the_first_value_counts: "I2 order means nothing",
    _duplicates_are_hidden: "I3 listed twice is once, and said",
    _others_are_counted_by_line: "I3 listed twice is once, and said",
    _the_answers_are_numbered: "I4 asked again, the same bytes",
    _the_answer_knows_its_process: "I5 replayed from what is stored",
    _limits_are_written_as_typed: "I5 replayed from what is stored",
    _sources_get_lost: "I6 every finding shows its grounds",
    _reasons_get_lost: "I6 every finding shows its grounds",
    _unknown_lines_look_known: "I8 nothing is ignored",
    _unknown_lines_are_dropped: "I8 nothing is ignored",
    _what_is_open_counts_as_good: "I9 missing is never milder",
    _not_known_counts_as_no: "I9 missing is never milder",
    _the_missing_fact_is_not_named: "I9 missing is never milder",
    _the_limit_itself_counts: "I10 limits are exact",
    _numbers_are_binary: "I10 limits are exact",
    _grams_are_milligrams: "I11 units mean what they say",
    _an_equivalent_is_a_mole: "I11 units mean what they say",
    _one_micro_sign_is_a_milli: "I11 units mean what they say",
    _any_unit_will_do: "I11 unknown units are refused",
    _case_matters: "I12 another name finds the same",
    _invisible_characters_are_letters: "I12 another name finds the same",
    _a_combination_is_its_first_ingredient: "I12 a combination is its ingredients",
    _the_day_ends_at_midnight: "I13 turning the clock changes nothing",
    _only_one_order_is_kept_apart: "I13 a day plan is as good as any",
    _the_search_ends_at_midnight: "I13 a day plan is as good as any",
    _minutes_never_move_over_midnight: "I13 a day turned gives the same day plan",
    _any_medicine_is_a_conflict: "I13 the smallest conflict is smallest",
    _the_best_so_far_will_do: "I13 out of steps is no day plan",
    _medicines_are_tried_as_they_came: "I13 order and strangers change no day plan",
    _what_is_not_planned_is_not_named: "I13 every line has its place in the timetable",
    _windows_have_one_order: "I13 the timetable keeps every gap",
    _nobody_eats: "I13 the timetable keeps what labels say",
    _nothing_has_to_be_kept_apart: "I13 the timetable put into practice stands",
    _remedies_are_not_tried: "I13 what would help helps",
    _the_day_begins_at_midnight: "I13 a turned day has the same timetable",
    _sorted_by_name: "I14 the worst is on top",
    _settled_findings_are_dropped: "I14 settled is not lost",
    _an_acknowledgement_counts_for_ever: "I14 an acknowledgement counts until its day",
    _only_the_record_is_rested_on: "I14 findings have names of their own",
    _the_digest_is_not_looked_at: "I14 what a finding rests on brings it back",
    _ids_are_part_of_the_name: "I14 ids and order change no name",
    _everything_was_there_before: "I14 a proposal answers for what it brings",
    _a_key_is_forgotten: "I17 what is accepted is answered",
    _three_lines_are_too_many: "I17 what is accepted is answered",
    _references_are_trusted: "I17 damaged rule sets are refused",
    _words_become_numbers: "I17 damaged questions are refused",
    _unknown_keys_are_dropped: "I17 files are read or refused",
    _always_complete: "I20 what is not known shows",
    _disagreement_is_settled_silently: "I20 what is not known shows",
    _nobody_takes_anything_else: "engine and naive evaluator agree",
    _exclusions_are_forgotten: "engine and naive evaluator agree",
    _the_last_partner_is_the_only_one: "engine and naive evaluator agree",
    _one_open_part_opens_everything: "engine and naive evaluator agree",
}


def test_every_law_has_a_mutant() -> None:
    assert set(MUTANTS.values()) == set(LAWS)


@pytest.mark.parametrize("plant", MUTANTS, ids=lambda plant: plant.__name__.strip("_"))
def test_the_law_catches_its_mutant(plant: Callable[[Patch], None], monkeypatch: Patch) -> None:
    plant(monkeypatch)
    assert not survives(MUTANTS[plant]), f"it survived {MUTANTS[plant]}"


def test_i07_a_rule_that_cannot_fire_is_caught(knowledge: RuleSet, monkeypatch: Patch) -> None:
    rules = compile_rule_set(knowledge)
    silenced = next(rule for rule in rules.rules if rule.record.affected and rule.record.precipitant)
    monkeypatch.setattr(silenced, "ask", lambda *_: False)
    assert f"{silenced.id} never fires" in list(rules_without_a_witness(rules))


def test_i07_a_rule_that_always_fires_is_caught(knowledge: RuleSet, monkeypatch: Patch) -> None:
    # Whatever is tested holds, so that nothing but the list decides.
    for test in (conditions.RangeTest, conditions.PointTest, conditions.EqualTest, conditions.ConditionTest):
        monkeypatch.setattr(test, "holds", lambda *_: True)
    faults = list(rules_without_a_witness(compile_rule_set(knowledge)))
    assert any(fault.endswith("never stays quiet") for fault in faults)
    assert any(fault.endswith("never lacks a fact") for fault in faults)
