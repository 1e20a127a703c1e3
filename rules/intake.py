"""Elemental magnesium a day from everything taken by mouth, added up as exact intervals.

A number appears only when dose, unit, salt and frequency are known; otherwise the contribution is open and says what
is missing. Injected, topical and bath magnesium does not count, and neither does a salt that only names a drug.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

from rules.amounts import MAGNESIUM_CLASS, ZERO, Amount, per_intake
from rules.doses import is_of_a_day
from rules.quantities import AMOUNT_UNITS, MASS_UNITS, plain
from rules.reading import PARENTERAL
from rules.terms import CodeSystem, MagnesiumSource, Route, word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rules.compiled import CompiledRuleSet, Entry, Limit
    from rules.conditions import Facts
    from rules.lines import Line
    from rules.ranges import Range
    from rules.report import (
        Finding,
        IntakeContribution,
        IntakeLimitReport,
        KidneyLimitReport,
        MagnesiumIntake,
        NotCounted,
    )

# Magnesium in a multivitamin, kept apart from magnesium in the knowledge.
IN_MULTIVITAMIN: Final = "magnesium-in-multivitamin"
MAXIMUM_AMOUNTS: Final = 1000
_SUPPLEMENT: Final = word(MagnesiumSource.SUPPLEMENT)
_ANTACID: Final = word(MagnesiumSource.ANTACID)
_LAXATIVE: Final = word(MagnesiumSource.LAXATIVE)
_BOWEL_PREPARATION: Final = word(MagnesiumSource.BOWEL_PREPARATION)
_MULTIVITAMIN: Final = word(MagnesiumSource.MULTIVITAMIN)
_PHOSPHATE_BINDER: Final = word(MagnesiumSource.PHOSPHATE_BINDER)
_INJECTION: Final = word(MagnesiumSource.INJECTION)
# Classes of the knowledge by what their members are sold as, and ATC groups by what a code in them says.
_SOLD_AS: Final = {
    "oral-magnesium-supplements": _SUPPLEMENT,
    "magnesium-antacids": _ANTACID,
    "laxative-magnesium-salts": _LAXATIVE,
}
_BY_ATC: Final = {"A02": _ANTACID, "A06": _LAXATIVE, "A12": _SUPPLEMENT}
_ANTACID_PARTNERS: Final = frozenset(
    {"aluminium-antacids", "=aluminium-hydroxide", "=calcium-carbonate", "=simeticone"}
)
# Doses that need nothing of the line to be understood.
_BY_ITSELF: Final = frozenset({*MASS_UNITS, *(unit.lower() for unit in AMOUNT_UNITS)})


class Daily(NamedTuple):
    """What a substance of a line brings a day, and how a report shows it but for the line itself."""

    amount: Amount
    shown: IntakeContribution


class Intake(NamedTuple):
    """The whole list: the sum of regular use, what may come on top of it, and where both come from."""

    interval: tuple[Fraction, Fraction | None]  # with all that is taken only when needed as possible
    regular: tuple[Fraction, Fraction | None]
    missing: tuple[str, ...]
    contributions: list[IntakeContribution]
    on_top: tuple[Fraction, Fraction | None]  # what is taken only when needed would add
    as_needed: list[IntakeContribution]
    not_counted: list[NotCounted]


_NOTHING: Final[MagnesiumIntake] = {
    "elemental_mg_per_day": "0",
    "elemental_mg_per_day_minimum": "0",
    "elemental_mg_per_day_maximum": "0",
    "contributions": [],
    "as_needed": [],
    "as_needed_mg_per_day_maximum": "0",
    "not_counted": [],
    "limits": [],
    "kidney_function": [],
}
NO_INTAKE: Final = Intake((ZERO, ZERO), (ZERO, ZERO), (), [], (ZERO, ZERO), [], [])


def _per_day(line: Line, entry: Entry) -> Daily:
    """The amount a day. The same few doses come again and again, so complete ones are remembered, within bounds."""
    dose, times = line.item.dose, None if line.some_days_only else line.times_per_day
    key: object = None
    cache = entry.amounts
    if dose is None:
        key, cache = (entry.id, line.item.times_per_day, len(line.item.times)), line.resolution.amounts
    elif times is not None and len(line.entries) == 1 and dose.unit.lower() in _BY_ITSELF:
        key = (dose.value, dose.unit, dose.of, times)
    known: Daily | None = cache.get(key)
    if known is not None:
        return known
    daily = _daily(entry, _times(per_intake(line, entry), times, line, _over_a_day(line, entry)))
    if key is not None and not daily.amount.missing and len(cache) < MAXIMUM_AMOUNTS:
        cache[key] = daily
    return daily


def _daily(entry: Entry, amount: Amount) -> Daily:
    exact = amount.low is amount.high or (amount.high is not None and amount.low == amount.high)
    shown: IntakeContribution = {
        "medication_id": "",
        "substance": entry.reference,
        "sources": [],
        "elemental_mg_per_day": plain(amount.low) if exact else None,
        "elemental_mg_per_day_maximum": None if amount.high is None else plain(amount.high),
        "basis": amount.basis,
    }
    return Daily(amount, shown)


def _over_a_day(line: Line, entry: Entry) -> bool:
    """Whether the amount is one of a whole day already."""
    strength = line.resolution.strengths.get(entry.id)
    return line.item.dose is None and (line.taking.a_day or (strength is not None and is_of_a_day(strength)))


def _times(amount: Amount, times: int | None, line: Line, over_a_day: bool) -> Amount:  # noqa: FBT001 - private
    if over_a_day:
        times = 1
    if times is None:
        missing = (*amount.missing, f"medications.{line.id}.times_per_day")
        return Amount(ZERO, None, f"{amount.basis}; how often it is taken is not known", missing)
    high = None if amount.high is None else amount.high * times
    missing = amount.missing or (() if amount.low == amount.high else (_open_of_dose(line),))
    low = amount.low * times
    how_often = "over the day" if over_a_day else f"{times} a day"
    return Amount(low, low if low == high else high, f"{amount.basis}, {how_often}", missing)


def _open_of_dose(line: Line) -> str:
    """The fact that would narrow an amount known as an interval, because of the salt or the hydrate.

    Where the dose is a mass and nobody says of what, that; otherwise a dose that says more.
    """
    dose = line.item.dose
    of_what = dose is not None and dose.of is None and dose.unit.lower() in MASS_UNITS
    return f"medications.{line.id}.dose{'.of' if of_what else ''}"


def intake_of(lines: Sequence[Line]) -> Intake:
    """Add up the magnesium of all lines that bring some by mouth; what is taken only when needed stands apart."""
    contributions: list[IntakeContribution] = []
    amounts: list[Amount] = []
    extra: list[IntakeContribution] = []
    extra_amounts: list[Amount] = []
    not_counted: list[NotCounted] = []
    for line in lines:
        for entry in line.entries:
            if MAGNESIUM_CLASS not in entry.keys:
                continue
            if line.routes and Route.ORAL not in line.routes:
                if not line.given.routes_set.isdisjoint(PARENTERAL):
                    not_counted.append(_not_counted(line, entry))
                continue
            daily = _per_day(line, entry)
            if len(line.routes) != 1:
                daily = _daily(entry, _by_open_route(daily.amount, line))
            amount, shown = daily.amount, daily.shown.copy()
            shown["medication_id"] = line.id
            shown["sources"] = _sources(line, entry)
            if line.as_needed:
                shown["elemental_mg_per_day"] = None
                extra.append(shown)
                extra_amounts.append(amount)
                amounts.append(Amount(ZERO, amount.high, "", _open_when_needed(amount, line)))
            else:
                contributions.append(shown)
                amounts.append(amount)
    if not amounts and not not_counted:
        return NO_INTAKE
    interval, missing = _sum(amounts)
    if not extra:
        return Intake(interval, interval, missing, contributions, (ZERO, ZERO), extra, not_counted)
    regular, _ = _sum([amount for amount in amounts if amount.basis])
    on_top, _ = _sum(extra_amounts)
    return Intake(interval, regular, missing, contributions, on_top, extra, not_counted)


def _open_when_needed(amount: Amount, line: Line) -> tuple[str, ...]:
    """What would tell more of a medicine taken only when needed; nobody is asked for what was given.

    Only the text says so: whether that is meant. The caller says so: how often, and how much. Where that is given as
    well, nothing is left to ask, and it stays between nothing and all of it.
    """
    item = line.item
    if item.as_needed is None:
        return (f"medications.{line.id}.as_needed",)
    if item.times_per_day is not None or item.times:
        return amount.missing
    return tuple(dict.fromkeys((*amount.missing, f"medications.{line.id}.times_per_day")))


def _by_open_route(amount: Amount, line: Line) -> Amount:
    missing = (*amount.missing, f"medications.{line.id}.route")
    return Amount(ZERO, amount.high, f"{amount.basis}; the route is not known", missing)


def _not_counted(line: Line, entry: Entry) -> NotCounted:
    return {
        "medication_id": line.id,
        "substance": entry.reference,
        "sources": [_INJECTION],
        "basis": "infused or injected, and so no part of what is taken by mouth",
    }


def _sources(line: Line, entry: Entry) -> list[MagnesiumSource]:
    """What the product is taken as: what it is with, the code it is given by, else all that the salt is sold as."""
    key = ("sources", entry.id)
    cache = line.resolution.amounts
    known: list[MagnesiumSource] | None = cache.get(key)
    if known is None:
        known = cache[key] = _kinds(line, entry)
    return known


def _kinds(line: Line, entry: Entry) -> list[MagnesiumSource]:
    if entry.id == IN_MULTIVITAMIN:
        return [_MULTIVITAMIN]
    beside = frozenset[str]().union(*(other.keys for other in line.entries if other is not entry))
    if "bowel-preparations-with-magnesium" in beside:
        return [_BOWEL_PREPARATION]
    if "magnesium-phosphate-binders" in entry.keys:
        return [_PHOSPHATE_BINDER]
    sold_as = [source for name, source in _SOLD_AS.items() if name in entry.keys]
    by_code = [source for start, source in _BY_ATC.items() if any(code.startswith(start) for code in _codes(line))]
    if by_code:
        return by_code
    if "magnesium-antacids" in entry.keys and not beside.isdisjoint(_ANTACID_PARTNERS):
        return [_ANTACID]
    return sold_as or [_SUPPLEMENT]


def _codes(line: Line) -> list[str]:
    return [code.code.upper() for code in line.item.codes if code.system is CodeSystem.ATC]


def _sum(amounts: list[Amount]) -> tuple[tuple[Fraction, Fraction | None], tuple[str, ...]]:
    """All amounts together, with what is missing; nearly always there is one."""
    if not amounts:
        return (ZERO, ZERO), ()
    first, *others = amounts
    low, high, missing = first.low, first.high, first.missing
    for amount in others:
        low += amount.low
        high = None if high is None or amount.high is None else high + amount.high
        missing += amount.missing
    # One object for both ends of an exact sum: whoever compares it sees at once that it is a single value.
    exact = low is high or low == high
    return (low, low if exact else high), tuple(dict.fromkeys(missing))


def intake_report(
    compiled: CompiledRuleSet, intake: Intake, facts: Facts, findings: Sequence[Finding]
) -> MagnesiumIntake:
    """The ledger as a report shows it, with the upper levels for the patient's age and the rules on the kidney."""
    if intake is NO_INTAKE:
        return _NOTHING
    low, high = intake.regular
    exact, least = low is high, plain(low)
    limits: list[IntakeLimitReport] = []
    for limit in limits_for(compiled, facts.age_years) if intake.contributions or intake.as_needed else ():
        shown = limit.shown.copy()
        shown["exceeded"] = shown["exceeded_with_as_needed"] = limit.above.holds(intake.regular)
        if intake.as_needed:
            least_on_top, most_on_top = intake.on_top
            most = None if high is None or most_on_top is None else high + most_on_top
            shown["exceeded_with_as_needed"] = limit.above.holds((low + least_on_top, most))
        limits.append(shown)
    return {
        "elemental_mg_per_day": least if exact else None,
        "elemental_mg_per_day_minimum": least,
        "elemental_mg_per_day_maximum": least if exact else (None if high is None else plain(high)),
        "contributions": intake.contributions,
        "as_needed": intake.as_needed,
        "as_needed_mg_per_day_maximum": _most_as_needed(intake),
        "not_counted": intake.not_counted,
        "limits": limits,
        "kidney_function": _kidney_function(compiled, findings),
    }


def _most_as_needed(intake: Intake) -> str | None:
    most = intake.on_top[1]
    if not intake.as_needed:
        return "0"
    return None if most is None else plain(most)


def _kidney_function(compiled: CompiledRuleSet, findings: Sequence[Finding]) -> list[KidneyLimitReport]:
    """The rules about magnesium and this person's kidneys, each by its worst finding."""
    worst = {
        finding["interaction_id"]: finding
        for finding in reversed(findings)
        if finding["interaction_id"] in compiled.kidney_rules
    }
    return [
        {
            "interaction_id": finding["interaction_id"],
            "severity": finding["severity"],
            "severity_ceiling": finding["severity_ceiling"],
            "applicability": finding["applicability"],
            "missing_facts": finding["missing_facts"],
            "text": finding["management"]["text"],
            "citations": finding["evidence"]["citations"],
        }
        for finding in reversed(worst.values())
    ]


def limits_for(compiled: CompiledRuleSet, age: int | None) -> tuple[Limit, ...]:
    """The limits for an age; ages are few, so the answer for each is kept."""
    known = compiled.limits_by_age.get(age)
    if known is None:
        known = tuple(limit for limit in compiled.limits if _is_for(age, limit.age_years))
        compiled.limits_by_age[age] = known
    return known


def _is_for(age: int | None, ages: Range | None) -> bool:
    """Whether a limit is for the age; for an unknown age those without an upper age are shown."""
    if ages is None:
        return True
    if age is None:
        return ages.open_upwards
    return ages.contains(age)
