"""The engine against the naive evaluator: on random rule sets and lists both must find the same."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from rules.quantities import plain
from rules.report import CheckReport
from tests.property.laws import Law, answer
from tests.reference.naive import Answer, Found, evaluate
from tests.strategies import World, worlds


def found_by_engine(report: CheckReport) -> list[Found]:
    """The findings of a report without their words."""
    return [
        Found(
            finding["interaction_id"],
            finding["affected"]["id"] if finding["affected"] else None,
            frozenset(finding["medication_ids"]),
            finding["applicability"],
            finding["severity"],
            finding["severity_ceiling"],
            finding["operational_class"],
            frozenset(finding["missing_facts"]),
            frozenset(finding["condition_ids"]),
            frozenset(one["id"] for one in finding["precipitants"]),
        )
        for finding in report["findings"]
    ]


def differences(report: CheckReport, expected: Answer) -> list[str]:
    """Where the engine and the naive evaluator do not agree."""
    engine, naive = Counter(found_by_engine(report)), Counter(expected.findings)
    found = [f"only the engine finds {one}" for one in engine - naive]
    found += [f"only the naive evaluator finds {one}" for one in naive - engine]
    if report["status"] != expected.status:
        found.append(f"the report is {report['status']}, not {expected.status}")
    states = {line["id"]: line["state"] for line in report["medications"]}
    if states != expected.states:
        found.append(f"lines are {states}, not {expected.states}")
    low, high = expected.elemental
    intake = report["magnesium_intake"]
    shown = (intake["elemental_mg_per_day_minimum"], intake["elemental_mg_per_day_maximum"])
    wanted = (_written(low), None if high is None else _written(high))
    if shown != wanted:
        found.append(f"magnesium a day is {shown}, not {wanted}")
    return found


def _written(value: Fraction) -> str:
    return plain(value)


def engine_and_naive_agree(world: World) -> None:
    """Findings, certainty, severities, missing facts, states and sums are the same in both."""
    assert differences(answer(world), evaluate(world.rule_set, world.profile)) == []


DIFFERENTIAL = Law(worlds(), engine_and_naive_agree)
