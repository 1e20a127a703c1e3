"""Builds the tests of an expression, and tells what an expression reads, counts and compares.

Whether a test holds is decided in `rules.conditions`.
"""

from __future__ import annotations

import operator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from rules.conditions import (
    AllTest,
    AnyTest,
    CoMedicationTest,
    ConditionTest,
    EqualTest,
    NotTest,
    PointTest,
    RangeTest,
    RiskCountTest,
    SameProductTest,
    SymptomTest,
)
from rules.documents import Bounds, Expression
from rules.ranges import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable

    from rules.conditions import Facts, Subject, Test
    from rules.ranges import Exact, Interval


def _serum(kind: str) -> Callable[[Facts], Exact | None]:
    return lambda facts: facts.serum.get(kind)


def _fact(name: str) -> Callable[[Facts, Subject | None], tuple[str, ...]]:
    missing = (name,)
    return lambda _facts, _subject: missing


def _own_fact(name: str) -> Callable[[Facts, Subject | None], tuple[str, ...]]:
    def missing(_facts: Facts, subject: Subject | None) -> tuple[str, ...]:
        return (f"medications.{name}",) if subject is None else subject.lacking(name)

    return missing


class _PointKey(NamedTuple):
    label: str
    unit: str
    read: Callable[[Facts], Exact | None]
    missing: Callable[[Facts, Subject | None], tuple[str, ...]]


class _RangeKey(NamedTuple):
    label: str
    unit: str
    read: Callable[[Any], Interval]
    missing: Callable[[Facts, Subject | None], tuple[str, ...]]
    own: bool = False  # whether the subject is read, not the facts


def _daily_dose(subject: Subject | None) -> Interval:
    dose = None if subject is None else subject.daily_dose_mg
    return dose, dose


_POINTS: dict[str, _PointKey] = {
    "age_years": _PointKey("age", "years", operator.attrgetter("age_years"), _fact("patient.age_years")),
    **{
        kind: _PointKey(kind.replace("_", " "), "mmol/L", _serum(kind), _fact(f"observations.{kind}"))
        for kind in ("serum_magnesium", "serum_potassium", "serum_calcium")
    },
}
_RANGES: dict[str, _RangeKey] = {
    "egfr": _RangeKey("eGFR", "mL/min/1.73 m2", operator.attrgetter("egfr"), _fact("patient.egfr")),
    "elemental_mg_per_day": _RangeKey(
        "elemental magnesium a day",
        "mg",
        operator.attrgetter("elemental_mg_per_day"),
        lambda facts, _: facts.elemental_missing,
    ),
    "daily_dose_mg": _RangeKey("daily dose", "mg", _daily_dose, _own_fact("dose"), own=True),
    "duration_days": _RangeKey(
        "duration of use",
        "days",
        lambda subject: UNKNOWN if subject is None else subject.days,
        _own_fact("started_on"),
        own=True,
    ),
    "duration_months": _RangeKey(
        "duration of use",
        "months",
        lambda subject: UNKNOWN if subject is None else subject.duration,
        _own_fact("started_on"),
        own=True,
    ),
}
# The keys of expressions that compare a number with bounds.
NUMBERS = frozenset({*_POINTS, *_RANGES})
# Facts from the laboratory.
LABORATORY = frozenset({"serum_magnesium", "serum_potassium", "serum_calcium"})
# Numbers of the person and the list; the others belong to a single medication.
MEASURED = frozenset({*LABORATORY, "egfr", "age_years", "elemental_mg_per_day"})
# Facts about the person alone: conditions derived from nothing else are the same for everybody with the same three.
PERSONAL = frozenset({"age_years", "sex", "pregnancy"})
_EQUALS: dict[str, Callable[[Facts], object]] = {
    "dialysis": operator.attrgetter("dialysis"),
    "sex": operator.attrgetter("sex"),
    "pregnancy": operator.attrgetter("pregnancy"),
}


def test_of(expression: Expression) -> Test:
    """Build the test of an expression; the model has made sure that exactly one key is given."""
    for key, point in _POINTS.items():
        bounds = getattr(expression, key)
        if bounds is not None:
            return PointTest(point.label, point.unit, bounds, point.read, point.missing)
    for key, value in _RANGES.items():
        bounds = getattr(expression, key)
        if bounds is not None:
            return RangeTest(value.label, value.unit, bounds, value.read, value.missing, own=value.own)
    for key, read in _EQUALS.items():
        expected = getattr(expression, key)
        if expected is not None:
            return EqualTest(key, f"patient.{key}", expected, read)
    return _about_the_list(expression) or _combination(expression)


def _about_the_list(expression: Expression) -> Test | None:
    if expression.conditions is not None:
        return ConditionTest(expression.conditions)
    if expression.symptoms is not None:
        return SymptomTest(expression.symptoms)
    if expression.co_medication is not None:
        other = expression.co_medication
        test = SameProductTest if other.same_product else CoMedicationTest
        return test(other.classes, other.substances, other.at_least)
    if expression.risk_count is not None:
        count = expression.risk_count
        return RiskCountTest(count.classes, count.conditions, count.at_least)
    return None


def _combination(expression: Expression) -> Test:
    if expression.all is not None:
        return AllTest(tuple(test_of(part) for part in expression.all))
    if expression.any is not None:
        return AnyTest(tuple(test_of(part) for part in expression.any))
    assert expression.not_ is not None  # noqa: S101 - the only key left; the model refuses an expression without one
    return NotTest(test_of(expression.not_))


def needed_of(test: Test) -> frozenset[str] | None:
    """Classes and substances of which one has to be on the list for the test to hold or to be open; None: no such."""
    if isinstance(test, CoMedicationTest):
        return test.wanted
    if isinstance(test, AllTest):
        return next((wanted for wanted in map(needed_of, test.parts) if wanted is not None), None)
    return None


def counted_of(expression: Expression) -> frozenset[str]:
    """The classes and substances on a list that an expression counts, as the keys of an entry."""
    parts = (*(expression.all or ()), *(expression.any or ()), *((expression.not_,) if expression.not_ else ()))
    counted = frozenset[str]().union(*[counted_of(part) for part in parts])
    if expression.co_medication is not None:
        other = expression.co_medication
        counted |= CoMedicationTest(other.classes, other.substances, other.at_least).wanted
    if expression.risk_count is not None:
        counted |= frozenset(expression.risk_count.classes)
    return counted


def keys_of(expression: Expression) -> frozenset[str]:
    """The kinds of fact an expression reads."""
    keys: set[str] = set()
    for name in type(expression).model_fields:
        value = getattr(expression, name)
        if value is None:
            continue
        parts = value if isinstance(value, tuple) and name in {"all", "any"} else (value,)
        if name in {"all", "any", "not_"}:
            keys |= {key for part in parts for key in keys_of(part)}
        else:
            keys.add(name)
    return frozenset(keys)


def limits_of(expression: Expression) -> dict[str, set[Fraction]]:
    """The numbers that an expression compares facts with, by kind of fact."""
    limits: dict[str, set[Fraction]] = {}
    for name in type(expression).model_fields:
        value = getattr(expression, name)
        if isinstance(value, Bounds):
            bounds = (value.below, value.at_most, value.above, value.at_least)
            limits.setdefault(name, set()).update(Fraction(bound) for bound in bounds if bound is not None)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Expression):
                for kind, numbers in limits_of(part).items():
                    limits.setdefault(kind, set()).update(numbers)
    return limits


# pytest collects callables by name; these are not tests of the program.
test_of.__test__ = False  # type: ignore[attr-defined]
