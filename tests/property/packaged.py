"""Random questions about the packaged knowledge: real codes, conditions and symptoms, values on the real limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

from rules import CompiledRuleSet, RuleSet
from rules.documents import Bounds, Expression, Party
from rules.model import Interaction
from rules.terms import RecordStatus, Route
from tests.strategies import AS_OF, DOSES, SERUM_VALUES, STARTS, VALUES, Choices, Json


@dataclass(frozen=True)
class Vocabulary:
    """What a question about a rule set can name."""

    compiled: CompiledRuleSet

    @property
    def rules(self) -> RuleSet:
        """The rule set."""
        return self.compiled.rule_set

    @cached_property
    def themes(self) -> tuple[tuple[tuple[tuple[str, ...], ...], tuple[str, ...]], ...]:
        """For each rule the RxNorm codes of each of its sides, and its conditions."""
        substances = {record.id: record for record in self.rules.substances}
        found = []
        for record in self.rules.interactions:
            sides: list[tuple[str, ...]] = []
            for party in parties(record):
                names = {name for one in party.classes for name in self.compiled.members_of(one)} | {*party.substances}
                sides.append(tuple(code for name in sorted(names) for code in substances[name].codes.rxnorm[:1]))
            found.append((tuple(side for side in sides if side), record.conditions))
        return tuple(found)

    @cached_property
    def others(self) -> tuple[str, ...]:
        """RxNorm codes of all substances and products."""
        substances = tuple(code for drug in self.rules.substances for code in drug.codes.rxnorm)
        return substances + tuple(code for product in self.rules.products for code in product.codes.rxnorm)

    @cached_property
    def conditions(self) -> tuple[str, ...]:
        """All conditions."""
        return tuple(record.id for record in self.rules.conditions if record.status is RecordStatus.ACTIVE)

    @cached_property
    def symptoms(self) -> tuple[str, ...]:
        """All symptoms."""
        return tuple(record.name for record in self.rules.symptoms if record.status is RecordStatus.ACTIVE)

    @cached_property
    def egfr(self) -> tuple[str, ...]:
        """The limits of the rules for the filtration rate, with a value just under and just over each."""
        limits = sorted({limit for record in self.rules.interactions for limit in _limits(record, "egfr")})
        step = Decimal("0.1")
        return tuple(f"{limit + move:f}" for limit in limits for move in (-step, Decimal(0), step)) or VALUES["egfr"]

    @cached_property
    def starts(self) -> tuple[str, ...]:
        """Days on which a medicine was started: those of random rule sets, and around the limits of the rules."""
        limits = {int(limit) for record in self.rules.interactions for limit in _limits(record, "duration_days")}
        today = date.fromisoformat(AS_OF)
        near = [(today - timedelta(limit + move)).isoformat() for limit in sorted(limits) for move in (-1, 0, 1)]
        return (*STARTS, *near)


def parties(record: Interaction) -> list[Party]:
    """The sides of an interaction."""
    return [party for party in (record.affected, record.precipitant) if party is not None]


def _expressions(record: Interaction) -> Iterator[Expression]:
    open_ = [one for one in (record.when, *(factor.when for factor in record.factors)) if one is not None]
    while open_:
        one = open_.pop()
        yield one
        open_ += [*(one.all or ()), *(one.any or ()), *([one.not_] if one.not_ else [])]


def _limits(record: Interaction, key: str) -> Iterator[Decimal]:
    for expression in _expressions(record):
        bounds: Bounds | None = getattr(expression, key)
        if bounds is not None:
            yield from (one for one in (bounds.below, bounds.at_most, bounds.above, bounds.at_least) if one is not None)


def _far(choose: Choices, options: tuple[str, ...]) -> str:
    """One of more options than a byte can tell apart."""
    return options[(choose.number(0, 255) * 256 + choose.number(0, 255)) % len(options)]


def draw_line(choose: Choices, words: Vocabulary, codes: tuple[str, ...], item_id: str) -> Json:
    """A line by one of the codes."""
    line: Json = {"id": item_id, "codes": [{"system": "rxnorm", "code": _far(choose, codes)}]}
    if choose.chance(3):
        line["route"] = choose.one(("oral", "intravenous", "topical", Route.INTRAMUSCULAR.value))
    if choose.chance(5):
        line["dose_form"] = choose.one(("tablet", "capsule", "injection", "solution", "powder"))
    if choose.chance(2):
        value, unit = choose.one(DOSES)
        line["dose"] = {"value": value, "unit": unit, "of": choose.one(("salt", "elemental"))}
    if choose.chance(2):
        line["times_per_day"] = choose.one((1, 2, 3))
    if choose.chance(2):
        line["started_on"] = choose.one(words.starts)
    return line


def draw_body(choose: Choices, words: Vocabulary, *, most: int = 6) -> Json:
    """A list around one rule, with what is known of the patient; facts are left out at random."""
    choose.fresh()
    sides, conditions = words.themes[(choose.number(0, 255) * 256 + choose.number(0, 255)) % len(words.themes)]
    wanted = list(sides) + [words.others] * choose.number(0, max(0, most - len(sides)))
    lines: list[Json] = []
    for index, codes in enumerate(wanted):
        choose.fresh()
        lines.append(draw_line(choose, words, codes, f"m{index}"))
    body: Json = {"medications": lines}
    body["patient"] = _draw_patient(choose, words)
    if not choose.chance(3):
        named = [choose.one(conditions)] if conditions else []
        body["conditions"] = [{"text": name} for name in (*named, *choose.few(words.conditions, least=0))]
    body["observations"] = _draw_observations(choose)
    if choose.chance(4):
        body["symptoms"] = choose.few(words.symptoms)
    if not choose.chance(4):
        body["as_of"] = AS_OF
    return body


def _draw_patient(choose: Choices, words: Vocabulary) -> Json:
    choose.fresh()
    patient: Json = {}
    if choose.chance(2):
        patient["egfr"] = {"value": choose.one(words.egfr), "unit": "mL/min/1.73m2"}
    if choose.chance(2):
        patient["age_years"] = int(choose.one(VALUES["age_years"]))
    if choose.chance(3):
        patient["sex"] = choose.one(("female", "male"))
    if choose.chance(4):
        patient["pregnancy"] = choose.one(("pregnant", "not_pregnant"))
    if choose.chance(5):
        patient["dialysis"] = choose.chance(2)
    return patient


def _draw_observations(choose: Choices) -> list[Json]:
    observations: list[Json] = []
    for kind, values in SERUM_VALUES.items():
        if choose.chance(3):
            value, unit = choose.one(values)
            observations.append({"kind": kind, "value": value, "unit": unit})
    return observations
