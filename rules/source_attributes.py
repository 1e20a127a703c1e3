"""What a reader is told of a rule's sources: citations, developer, funding, dates, and the personal facts it uses.

The thirteen source attributes of an evidence-based rule in 45 CFR 170.315(b)(11)(iv)(A). Which facts a rule uses is
read off its tests and never typed in, so that it cannot go out of date. What is missing is named, never made up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel

from rules.documents import Expression, Reference, RiskCount
from rules.model import Attribution, Interaction, Position, RuleSet
from rules.terms import FactPurpose, RecordStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rules.model import Condition

BIRTH: Final = "date_of_birth"
HEALTH: Final = "health_status_assessments"
SOCIAL: Final = "social_determinants_of_health"
GENDER: Final = "gender_identity"
# In the order of the regulation. A question has no place for the first four, so that no rule can use them.
PERSONAL: Final = ("race", "ethnicity", "language", "sexual_orientation", GENDER, "sex", BIRTH, SOCIAL, HEALTH)

# Key of a test -> what it is about and where the question has it. The state of health is meant widely: conditions,
# symptoms, pregnancy, kidney function and laboratory values.
READS: Final[Mapping[str, tuple[str, str]]] = {
    "age_years": (BIRTH, "patient.age_years"),
    "sex": ("sex", "patient.sex"),
    "pregnancy": (HEALTH, "patient.pregnancy"),
    "egfr": (HEALTH, "patient.egfr"),
    "dialysis": (HEALTH, "patient.dialysis"),
    "conditions": (HEALTH, "conditions"),
    "symptoms": (HEALTH, "symptoms"),
    "serum_magnesium": (HEALTH, "observations.serum_magnesium"),
    "serum_potassium": (HEALTH, "observations.serum_potassium"),
    "serum_calcium": (HEALTH, "observations.serum_calcium"),
}
# About the medication list only.
LISTED: Final = frozenset(
    {"elemental_mg_per_day", "co_medication", "duration_days", "duration_months", "daily_dose_mg"}
)
COMBINING: Final = frozenset({"all", "any", "not_"})
# ICD-10-CM: Z55 to Z65 are the social chapters; F64 and Z87.890 are about gender identity.
_CODED: Final = ((SOCIAL, re.compile(r"Z5[5-9]|Z6[0-5]")), (GENDER, re.compile(r"F64|Z87\.890")))


@dataclass(frozen=True, slots=True, order=True)
class FactUse:
    """One use of a fact about a person: which one, where in the rule or in a condition it asks about, and what for."""

    fact: str
    place: str
    purpose: FactPurpose


@dataclass(frozen=True, slots=True)
class Gap:
    """An attribute that a rule cannot tell, and what to do."""

    interaction_id: str
    pointer: str
    attribute: str
    detail: str


def attribution_of(record: Interaction, attributions: Iterable[Attribution]) -> Attribution | None:
    """Who speaks for the rule: the attribution that names it, otherwise the one that names none."""
    counting = [one for one in attributions if one.status is RecordStatus.ACTIVE]
    own = [one for one in counting if record.id in one.interactions]
    return next(iter(own or [one for one in counting if not one.interactions]), None)


def citations_of(record: Interaction) -> tuple[str, ...]:
    """Every citation that something in the rule leans on, those of its evidence first."""
    found = dict.fromkeys(one.citation for one in record.evidence.citations)
    return tuple(found | dict.fromkeys(_cited(record)))


def _cited(node: BaseModel) -> Iterator[str]:
    for value in node.__dict__.values():
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Reference | Position):
                yield item.citation
            elif isinstance(item, BaseModel):
                yield from _cited(item)


def missing_attributes(rule_set: RuleSet) -> Iterator[Gap]:
    """What active rules cannot tell. Citations are never missing: a record without one is not read at all."""
    for record in rule_set.interactions:
        if record.status is not RecordStatus.ACTIVE:
            continue
        if attribution_of(record, rule_set.attributions) is None:
            detail = "no record in attributions/ says who developed it and who funded that"
            yield Gap(record.id, "", "developer", detail)
        if record.released_on is None:
            detail = "say in released_on on which day it first answers somebody"
            yield Gap(record.id, "/released_on", "released_on", detail)
        elif record.released_on > record.last_reviewed_on:
            detail = f"it was released after its last revision, {record.last_reviewed_on}; one of the days is wrong"
            yield Gap(record.id, "/released_on", "released_on", detail)


def doubled_attributions(rule_set: RuleSet) -> Iterator[tuple[str, str]]:
    """Attributions that speak for what another one speaks for already, by id, with what that is."""
    spoken: set[str] = set()
    for record in rule_set.attributions:
        if record.status is RecordStatus.ACTIVE:
            for name in record.interactions or ("",):
                if name in spoken:
                    yield record.id, name
                spoken.add(name)


def personal_facts(record: Interaction, conditions: Mapping[str, Condition]) -> dict[str, tuple[FactUse, ...]]:
    """Each attribute about a person, with the uses of facts that make it up; none: the rule does not use it."""
    uses: dict[str, set[FactUse]] = {name: set() for name in PERSONAL}
    here = f"interactions/{record.id}"
    asked: set[str] = set()
    for expression, pointer, purpose in _tests(record):
        for key, value, place in _leaves(expression, f"{here}{pointer}"):
            names = _conditions_of(key, value)
            asked.update(names)
            if key in READS:
                attribute, fact = READS[key]
                uses[attribute].add(FactUse(fact, place, purpose))
            elif names:
                uses[HEALTH].add(FactUse("conditions", f"{place}/conditions", purpose))
            if key in {"egfr", "dialysis"}:
                uses[HEALTH].update(_stand_ins(key, conditions))
    if record.conditions:
        asked.update(record.conditions)
        uses[HEALTH].add(FactUse("conditions", f"{here}/conditions", FactPurpose.APPLICABILITY))
    for name in asked & conditions.keys():
        _of_condition(conditions[name], uses)
    return {name: tuple(sorted(found)) for name, found in uses.items()}


def _tests(record: Interaction) -> Iterator[tuple[Expression, str, FactPurpose]]:
    if record.when is not None:
        yield record.when, "/when", FactPurpose.APPLICABILITY
    for index, factor in enumerate(record.factors):
        yield factor.when, f"/factors/{index}/when", FactPurpose.SEVERITY


def _leaves(expression: Expression, place: str) -> Iterator[tuple[str, object, str]]:
    """Every test of an expression: its key, its value and where it stands."""
    for name in type(expression).model_fields:
        value = getattr(expression, name)
        if value is None:
            continue
        here = f"{place}/{name.removesuffix('_')}"
        if isinstance(value, Expression):
            yield from _leaves(value, here)
        elif name in COMBINING:
            for index, part in enumerate(value):
                yield from _leaves(part, f"{here}/{index}")
        else:
            yield name, value, here


def _conditions_of(key: str, value: object) -> tuple[str, ...]:
    """The conditions that a test names."""
    if isinstance(value, RiskCount):
        return value.conditions
    return value if key == "conditions" and isinstance(value, tuple) else ()


def _stand_ins(key: str, conditions: Mapping[str, Condition]) -> Iterator[FactUse]:
    """Conditions that stand for a fact that nobody gave."""
    for name, condition in conditions.items():
        if condition.implies is not None and getattr(condition.implies, key) is not None:
            yield FactUse("conditions", f"conditions/{name}/implies/{key}", FactPurpose.STANDS_IN)


def _of_condition(condition: Condition, uses: dict[str, set[FactUse]]) -> None:
    """What a condition that a rule asks about is about itself, and the facts from which it follows."""
    here = f"conditions/{condition.id}"
    for attribute, codes in _CODED:
        if any(codes.match(code) for code in condition.icd10cm):
            uses[attribute].add(FactUse("conditions", f"{here}/icd10cm", FactPurpose.PRESENCE))
    if condition.present_when is not None:
        for key, _, place in _leaves(condition.present_when, f"{here}/present_when"):
            if key in READS:
                attribute, fact = READS[key]
                uses[attribute].add(FactUse(fact, place, FactPurpose.PRESENCE))
