"""Proof of teeth: for each law one small planted fault of the engine, which the law must catch.

Each mutant breaks one thing the way a slip would. A mutant that survives means that the law proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import compile_rule_set, conditions, engine, judgement, quantities, resolution
from rules.baseline import read_baseline
from rules.verify import verify
from tests.property.laws import Law, documents, facts, lists, names
from tests.property.profiles import HUNT
from tests.property.test_laws import engine_is_naive
from tests.strategies import Shape, World, worlds

if TYPE_CHECKING:
    from rules.model import Bounds

Plant = Callable[[pytest.MonkeyPatch], None]


def survives(law: Law) -> bool:
    """Whether the law holds on every case that is tried."""

    @HUNT
    @given(law.cases)
    def tried(case: object) -> None:
        law.holds(case)

    try:
        tried()
    except Exception:  # noqa: BLE001 - a law that fails fails in its own way
        return False
    return True


def _only_the_worst_is_reported(patch: pytest.MonkeyPatch) -> None:
    honest = engine.findings_of
    patch.setattr(engine, "findings_of", lambda *asked: honest(*asked)[:1])


def _lines_stay_as_they_came(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(engine, "_ID_OF_LINE", lambda _: 0)


def _duplicates_are_hidden(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(engine, "_duplicates", lambda _: [])


def _the_answers_are_numbered(patch: pytest.MonkeyPatch) -> None:
    numbers = count()
    patch.setattr(engine, "_statement", lambda *_: f"answer {next(numbers)}")


def _the_answer_knows_its_process(patch: pytest.MonkeyPatch) -> None:
    honest = engine.check

    def check(compiled: Any, *asked: Any, **options: Any) -> Any:  # noqa: ANN401 - whatever the law sends
        return {**honest(compiled, *asked, **options), "statement": str(id(compiled))}

    patch.setattr(engine, "check", check)


def _sources_get_lost(patch: pytest.MonkeyPatch) -> None:
    honest = engine._finding

    def finding(group: engine.Group) -> Any:  # noqa: ANN401 - a finding without its sources is none
        found = honest(group)
        return {**found, "evidence": {**found["evidence"], "citations": []}}

    patch.setattr(engine, "_finding", finding)


def _unknown_lines_look_known(patch: pytest.MonkeyPatch) -> None:
    honest = resolution.checked
    patch.setattr(engine, "checked", lambda *line: {**honest(*line), "state": "recognised"})


def _what_is_open_counts_as_good(patch: pytest.MonkeyPatch) -> None:
    honest = engine._finding

    def finding(group: engine.Group) -> Any:  # noqa: ANN401 - a finding that never could be worse
        found = honest(group)
        return {**found, "severity_ceiling": found["severity"]}

    patch.setattr(engine, "_finding", finding)


def _the_limit_itself_counts(patch: pytest.MonkeyPatch) -> None:
    honest = conditions.Range.__init__

    def lenient(self: conditions.Range, bounds: Bounds) -> None:
        honest(self, bounds)
        self.strict_low = self.strict_high = False
        self.contains = self._contains

    patch.setattr(conditions.Range, "__init__", lenient)


def _grams_are_milligrams(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(quantities._MASS_MG, "g", Fraction(1))


def _case_matters(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(resolution, "tokens", lambda text: text.split())


def _sorted_by_name(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(engine, "_order", lambda finding: finding["interaction_id"])


def _three_lines_are_too_many(patch: pytest.MonkeyPatch) -> None:
    honest = engine._duplicates
    patch.setattr(engine, "_duplicates", lambda lines: honest(lines)[1 // (3 - len(lines)) :])


def _always_complete(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(engine, "_INCOMPLETE", "complete")


def _nobody_takes_anything_else(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(conditions.CoMedicationTest, "holds", lambda *_: False)


# Among random rule sets the facts that matter are rarely left out; the packaged rule about kidney function asks.
_KIDNEY_FUNCTION_LEFT_OUT = Law(
    st.tuples(
        st.builds(
            World,
            st.just(read_baseline().rule_set),
            st.just({"medications": [{"id": "m", "codes": [{"system": "rxnorm", "code": "6582"}]}]}),
        ),
        st.integers(0, 9),
    ),
    facts.missing_is_never_milder,
)

MUTANTS: dict[str, tuple[Law, Plant]] = {
    "I1": (lists.I1, _only_the_worst_is_reported),
    "I2": (lists.I2, _lines_stay_as_they_came),
    "I3": (lists.I3, _duplicates_are_hidden),
    "I4": (lists.I4, _the_answers_are_numbered),
    "I5": (lists.I5, _the_answer_knows_its_process),
    "I6": (facts.I6, _sources_get_lost),
    "I8": (lists.I8, _unknown_lines_look_known),
    "I9": (_KIDNEY_FUNCTION_LEFT_OUT, _what_is_open_counts_as_good),
    "I10": (facts.I10, _the_limit_itself_counts),
    "I11": (facts.I11, _grams_are_milligrams),
    "I12": (names.I12, _case_matters),
    "I14": (lists.I14, _sorted_by_name),
    "I17": (documents.I17, _three_lines_are_too_many),
    "I20": (lists.I20, _always_complete),
    "engine is naive": (Law(worlds(Shape()), engine_is_naive), _nobody_takes_anything_else),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_the_law_catches_its_mutant(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted fault does not survive."""
    law, plant = MUTANTS[name]
    plant(monkeypatch)
    assert not survives(law), f"the mutant of {name} survived"


def test_the_law_about_kidney_function_holds_without_its_mutant() -> None:
    """I9 on the packaged rule: what its mutant breaks is whole."""
    assert survives(_KIDNEY_FUNCTION_LEFT_OUT)


def test_the_cases_catch_a_rule_that_cannot_fire(monkeypatch: pytest.MonkeyPatch) -> None:
    """I7: a rule that never applies fails its own worked cases."""
    honest = judgement.judge
    silenced = "fluoroquinolones-with-oral-magnesium"
    monkeypatch.setattr(engine, "judge", lambda *asked: None if asked[1].id == silenced else honest(*asked))
    failures = verify(compile_rule_set(read_baseline().rule_set)).failures
    assert any(failure.case_id.startswith("fluoroquinolones-with-oral-magnesium") for failure in failures)
