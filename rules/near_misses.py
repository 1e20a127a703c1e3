"""Near misses: rules that touched a listed medication and did not apply, with the condition that failed.

It runs only on request and tests the same conditions as the engine; it never changes an answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.lines import Taken
from rules.terms import Applicability, word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rules.compiled import CompiledRuleSet, Entry, Rule
    from rules.conditions import Facts
    from rules.documents import Party
    from rules.lines import Line
    from rules.report import NearMiss, Reason


def _failed(test: str, detail: str) -> Reason:
    return {"test": test, "outcome": word(Applicability.DOES_NOT_APPLY), "detail": detail}


def _wanted(compiled: CompiledRuleSet, party: Party) -> str:
    names = [compiled.classes[name].name for name in party.classes]
    names += [compiled.substances[name].name for name in party.substances]
    routes = f" by route {'/'.join(party.routes)}" if party.routes else ""
    return f"{', '.join(names)}{routes}"


def _matching(lines: Sequence[Line], party: Party, but: Line | None) -> Iterator[tuple[Line, Entry]]:
    wanted = {*party.classes, *(f"={name}" for name in party.substances)}
    for line in lines:
        if line is but:
            continue
        for entry in line.entries:
            if not wanted.isdisjoint(entry.keys) and entry.id not in party.except_substances:
                yield line, entry


def _own_tests(compiled: CompiledRuleSet, rule: Rule, facts: Facts, taken: Taken | None) -> list[Reason]:
    """The rule's conditions and expression, as far as they failed."""
    if rule.conditions and not any(
        name in facts.conditions or name in facts.undecided_conditions for name in rule.conditions
    ):
        derived = {one.id for one in (*compiled.derived_from_person, *compiled.derived_from_facts)}
        known = facts.conditions_known or derived.issuperset(rule.conditions)
        why = "condition not present" if known else "no conditions were given, so that this is not known"
        return [_failed("condition", f"{why}: {', '.join(rule.conditions)}")]
    if rule.test is not None and rule.test.holds(facts, taken) is False:
        return [_failed("when", rule.test.reason(facts, taken).detail)]
    return []


def _near_miss(compiled: CompiledRuleSet, facts: Facts, lines: Sequence[Line], rule: Rule) -> NearMiss | None:
    """Why the rule did not apply, or None when it touches no medication of the list."""
    affected, precipitant = rule.record.affected, rule.record.precipitant
    failed: list[Reason] = []
    touched: set[str] = set()
    for test, party, side, partner in (
        ("affected", affected, rule.affected, precipitant),
        ("precipitant", precipitant, rule.precipitant, affected),
    ):
        if party is None or side is None:
            continue
        for line, entry in _matching(lines, party, None):
            touched.add(line.id)
            fits = line.fits(side)
            if fits is False:
                failed.append(line.reason(test, entry.name, side, fits))
            elif partner is not None and not any(_matching(lines, partner, line)):
                failed.append(_failed(test, f"{line.id}: no other medication is {_wanted(compiled, partner)}"))
            elif test == "affected" or affected is None:
                failed += _own_tests(compiled, rule, facts, Taken(line, entry))
    if not touched or not failed:
        return None
    unique = {(reason["test"], reason["detail"]): reason for reason in failed}
    return {
        "interaction_id": rule.id,
        "title": rule.record.title,
        "medication_ids": sorted(touched),
        "failed": [unique[key] for key in sorted(unique)],
    }


def near_misses(compiled: CompiledRuleSet, facts: Facts, lines: Sequence[Line], found: set[str]) -> list[NearMiss]:
    """Every rule that touched a medication and gave no finding, in order of its id."""
    misses: list[NearMiss] = []
    for rule in compiled.touching(entry for line in lines for entry in line.entries):
        if rule.id not in found:
            miss = _near_miss(compiled, facts, lines, rule)
            if miss is not None:
                misses.append(miss)
    return misses
