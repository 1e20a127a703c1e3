"""What is known: the facts of a question, each possible value of them, and what an expression makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from rules.documents import Bounds, CoMedication, Expression, RiskCount
from rules.model import Band, ReferenceRange, RuleSet
from rules.profile import MedicationProfile, Observation
from rules.quantities import (
    COUNT_UNITS,
    MASS_UNITS,
    decimal_from,
    elemental_fraction,
    is_amount_of_magnesium,
    magnesium_milligrams,
    milligrams,
    serum_mmol_per_l,
)
from rules.terms import DoseBasis, MagnesiumLevel, Pregnancy, RecordStatus, Route, Sex
from tests.reference.identity import Identity, Taken, Who
from tests.reference.truth import UNKNOWN, Possible, Truth, at_least_one, every, exactly, lies_in, opposite

Missing = frozenset[str]
NOTHING: Missing = frozenset()
MAGNESIUM = "magnesium-salts"
UNSPECIFIED = "magnesium"  # magnesium whose salt nobody named: a mass of it is a mass of magnesium
# Below 15 dialysis is possible; a patient known to be at or above it, and not said to be on dialysis, is not.
DIALYSIS_BELOW = Fraction(15)


def in_mmol(one: Observation) -> Fraction:
    return serum_mmol_per_l(one.kind, decimal_from(one.value), one.unit)


@dataclass(frozen=True)
class Own:
    """What a rule is about: one substance of one line, several lines together, or no medication at all."""

    lines: tuple[Taken, ...] = ()
    who: Who | None = None


class Known(Identity):
    """One rule set and what one question says."""

    def __init__(self, rule_set: RuleSet, profile: MedicationProfile) -> None:
        super().__init__(rule_set)
        self.profile = profile
        self.lines = [self.line(item) for item in profile.medications]
        self.listed = self.listed_conditions()
        self.elemental, self.elemental_missing = self.magnesium()
        self.egfr = self.kidney_function()
        self.dialysis = self.on_dialysis()
        self.present = {one for one in self.listed if one is not None}
        self.undecided: dict[str, Missing] = {}
        self.derive()

    def listed_conditions(self) -> list[str | None]:
        return [self.condition(item) for item in self.profile.conditions or ()]

    def listed_symptoms(self) -> list[str | None]:
        return [self.symptom(text) for text in self.profile.symptoms]

    def kidney_function(self) -> Possible:
        """The value given. A listed condition that means worse widens it; with no value, the condition's band holds."""
        bands = [
            record.implies.egfr
            for record in self.rules.conditions
            if record.id in self.listed and record.implies is not None and record.implies.egfr is not None
        ]

        def upper(band: Bounds) -> Fraction | None:
            limit = band.below if band.below is not None else band.at_most
            return None if limit is None else Fraction(limit)

        def lower(band: Bounds) -> Fraction | None:
            limit = band.at_least if band.at_least is not None else band.above
            return None if limit is None else Fraction(limit)

        # Of several conditions the one that means the worst function counts; one without an upper limit means the best.
        worst = min(bands, key=lambda band: (upper(band) is None, upper(band) or 0), default=None)
        given = self.profile.patient.egfr
        if given is None:
            if worst is None:
                return UNKNOWN
            return Possible(lower(worst) or Fraction(0), upper(worst), below=worst.below is not None)
        value = Fraction(decimal_from(given.value))
        limit = upper(worst) if worst is not None else None
        if worst is not None and limit is not None and value >= limit:
            return Possible(lower(worst) or Fraction(0), value)
        return exactly(value)

    def on_dialysis(self) -> Truth:
        told = self.profile.patient.dialysis
        implied = [
            record.implies.dialysis
            for record in self.rules.conditions
            if record.id in self.listed and record.implies is not None and record.implies.dialysis is not None
        ]
        if told is False and any(implied):
            return None  # they contradict each other
        if told is not None:
            return told
        if implied:
            return any(implied)
        return False if self.egfr.low is not None and self.egfr.low >= DIALYSIS_BELOW else None

    def derive(self) -> None:
        """Populations that follow from facts. One that only a laboratory value keeps open counts as absent."""
        for record in self.rules.conditions:
            if record.status is RecordStatus.ACTIVE and record.present_when and record.id not in self.listed:
                truth, missing = self.holds(record.present_when, Own())
                if truth:
                    self.present.add(record.id)
                elif truth is None and not all(fact.startswith("observations.") for fact in missing):
                    self.undecided[record.id] = missing

    def serum(self, kind: str) -> Possible:
        """The newest value that was given; a normal one that is too old is as good as none.

        A day after that of the question is no day. Any without a day may be the newest. Of those that may be, the lower
        one counts, for magnesium among those of the worst band.
        """
        values = [one for one in self.profile.observations if one.kind == kind]
        days = [day for one in values if (day := self.day(one)) is not None]
        values = [one for one in values if self.day(one) is None or self.day(one) == max(days)]
        if not values:
            return UNKNOWN
        if kind == "serum_magnesium":
            worst = max(self.band_rank(one) for one in values)
            values = [one for one in values if self.band_rank(one) == worst]
        lowest = min(in_mmol(one) for one in values)
        # Of equal values the one with the latest day as it was given.
        chosen = max((one for one in values if in_mmol(one) == lowest), key=lambda one: str(one.taken_on or ""))
        normal = any(band.level is MagnesiumLevel.NORMAL for band in self.bands(chosen))
        return UNKNOWN if normal and self.too_old(chosen) else exactly(lowest)

    def too_old(self, one: Observation) -> bool:
        day, today = self.day(one), self.profile.as_of
        limits = [found.current_for_days for found in self.ranges(one.kind) if found.current_for_days is not None]
        return day is not None and today is not None and any(today - day > timedelta(days=limit) for limit in limits)

    def day(self, one: Observation) -> date | None:
        to_come = self.profile.as_of is not None and one.taken_on is not None and one.taken_on > self.profile.as_of
        return None if to_come else one.taken_on

    def ranges(self, kind: str) -> list[ReferenceRange]:
        return [one for one in self.rules.reference_ranges if one.analyte == kind and one.status is RecordStatus.ACTIVE]

    def bands(self, one: Observation) -> list[Band]:
        """The band that a value lies in, where there is a range."""
        value = exactly(in_mmol(one))
        return [band for found in self.ranges(one.kind) for band in found.bands if lies_in(value, band.bounds)]

    def band_rank(self, one: Observation) -> int:
        return max((band.severity.rank for band in self.bands(one) if band.severity is not None), default=-1)

    def months(self, line: Taken) -> Fraction | None:
        """Whole months since the start are exact; a part of a month lies between two whole ones."""
        start, end = line.item.started_on, self.profile.as_of
        if start is None or end is None:
            return None
        if end <= start:
            return Fraction(0)
        whole = (end.year - start.year) * 12 + end.month - start.month
        half = Fraction(1, 2)
        return whole + (half if end.day > start.day else Fraction(0)) - (half if end.day < start.day else Fraction(0))

    def days(self, line: Taken) -> Fraction | None:
        """Counted on the calendar, one by one from the start; a start to come is no time."""
        start, end = line.item.started_on, self.profile.as_of
        if start is None or end is None:
            return None
        return Fraction(len(range(start.toordinal(), end.toordinal())))

    @staticmethod
    def duration(own: Own, measure: Callable[[Taken], Fraction | None]) -> tuple[Possible, Missing]:
        """Several lines are taken as long as the longest of them; one of unknown start may be the longest."""
        durations = [(line, measure(line)) for line in own.lines]
        unknown = [line.id for line, value in durations if value is None]
        known = [value for _, value in durations if value is not None]
        if not own.lines:
            return UNKNOWN, frozenset({"medications.started_on"})
        longest = Possible(max(known, default=None), None if unknown else max(known))
        return longest, frozenset(f"medications.{name}.started_on" for name in unknown)

    def daily_dose(self, own: Own) -> tuple[Possible, Missing]:
        """Of one medication; several together have none."""
        if len(own.lines) != 1:
            return UNKNOWN, frozenset({"medications.dose"})
        line = own.lines[0]
        dose = line.item.dose
        missing = frozenset({f"medications.{line.id}.dose"})
        if dose is None or dose.unit.lower() not in MASS_UNITS or len(line.who) > 1:
            return UNKNOWN, missing
        if line.times is None:
            return UNKNOWN, frozenset({f"medications.{line.id}.times_per_day"})
        return exactly(milligrams(decimal_from(dose.value), dose.unit) * line.times), missing

    # --- magnesium

    @staticmethod
    def in_one_unit(line: Taken, who: Who) -> Possible:
        """Milligrams of magnesium in one tablet or capsule, where the product's label says so."""
        for part in line.product.ingredients if line.product else ():
            if part.substance == who.id and part.elemental_magnesium_mg is not None:
                return exactly(Fraction(part.elemental_magnesium_mg))
        return Possible(Fraction(0), None)

    @staticmethod
    def in_a_mass(mass: Fraction, basis: DoseBasis | None, who: Who) -> Possible:
        """The mass itself where magnesium is meant; its share where the salt is meant; both ends where nobody says."""
        if basis is DoseBasis.ELEMENTAL or (basis is None and who.id == UNSPECIFIED):
            return exactly(mass)
        if who.form is None:
            return Possible(Fraction(0), mass)
        shares = [elemental_fraction(hydrate.formula) for hydrate in who.form.hydrates]
        return Possible(mass * min(shares), mass * max(shares) if basis is DoseBasis.SALT else mass)

    def per_intake(self, line: Taken, who: Who) -> Possible:
        """Milligrams of magnesium each time; without a dose, one unit of the product."""
        dose = line.item.dose
        one_unit = self.in_one_unit(line, who)
        if dose is None:
            return one_unit
        value, unit = decimal_from(dose.value), dose.unit.lower()
        if is_amount_of_magnesium(unit) or (unit in MASS_UNITS and dose.of is DoseBasis.ELEMENTAL):
            salts = [one for one in line.who if MAGNESIUM in one.classes]
            return exactly(magnesium_milligrams(value, unit)) if who is salts[0] else exactly(Fraction(0))
        if unit in MASS_UNITS and (len(line.who) > 1 or (who.id == UNSPECIFIED and line.product is not None)):
            return Possible(Fraction(0), None)  # of whichever ingredient
        if unit in MASS_UNITS:
            return self.in_a_mass(milligrams(value, unit), dose.of, who)
        if unit in COUNT_UNITS and one_unit.high is not None:
            return exactly(one_unit.high * Fraction(value))
        return Possible(Fraction(0), None)

    @staticmethod
    def of_the_dose(line: Taken) -> str:
        """What is not known of a dose whose magnesium lies between two amounts: of what the mass is, where not said."""
        dose = line.item.dose
        of_what = dose is not None and dose.of is None and dose.unit.lower() in MASS_UNITS
        return f"medications.{line.id}.dose.of" if of_what else f"medications.{line.id}.dose"

    def magnesium(self) -> tuple[Possible, Missing]:
        """Elemental magnesium a day by mouth from the whole list, and the facts that would make it exact."""
        low, high = Fraction(0), Fraction(0)
        unbounded = False
        missing: set[str] = set()
        for line in self.lines:
            for who in line.who:
                if MAGNESIUM not in who.classes or (line.routes and Route.ORAL not in line.routes):
                    continue
                each = self.per_intake(line, who)
                sure = each.low or Fraction(0)
                if each.high is None:
                    missing.add(f"medications.{line.id}.dose")
                if line.times is None:
                    missing.add(f"medications.{line.id}.times_per_day")
                elif each.high is not None and each.high != each.low:
                    missing.add(self.of_the_dose(line))
                if len(line.routes) != 1:
                    missing.add(f"medications.{line.id}.route")
                if each.high is None or line.times is None:
                    unbounded = True
                else:
                    high += each.high * line.times
                if line.times is not None and len(line.routes) == 1:
                    low += sure * line.times
        return Possible(low, None if unbounded else high), frozenset(missing)

    # --- expressions

    def reaching(self, own: Who | None) -> tuple[list[Who], list[tuple[Who, str]]]:
        """The substances, but for the rule's own, that surely reach the body; and those that do by some routes only."""
        sure: dict[str, Who] = {}
        perhaps: list[tuple[Who, str]] = []
        for line in self.lines:
            for who in line.who:
                if own is not None and who.id == own.id:
                    continue
                if line.reaches:
                    sure[who.id] = who
                elif line.reaches is None:
                    perhaps.append((who, f"medications.{line.id}.route"))
        return list(sure.values()), [(who, fact) for who, fact in perhaps if who.id not in sure]

    def number(self, key: str, own: Own) -> tuple[Possible, Missing]:
        """A number an expression asks about, and the facts that are missing when it is open."""
        age = self.profile.patient.age_years
        numbers: dict[str, tuple[Possible, Missing]] = {
            "egfr": (self.egfr, frozenset({"patient.egfr"})),
            "age_years": (UNKNOWN if age is None else exactly(Fraction(age)), frozenset({"patient.age_years"})),
            "elemental_mg_per_day": (self.elemental, self.elemental_missing),
            "duration_days": self.duration(own, self.days),
            "duration_months": self.duration(own, self.months),
            "daily_dose_mg": self.daily_dose(own),
        }
        return numbers.get(key) or (self.serum(key), frozenset({f"observations.{key}"}))

    def holds(self, expression: Expression, own: Own) -> tuple[Truth, Missing]:
        """Whether it holds; when that is not known, the facts that the undecided parts are missing."""
        if expression.all is not None:
            parts = [self.holds(part, own) for part in expression.all]
            return self.combined(every(truth for truth, _ in parts), parts)
        if expression.any is not None:
            parts = [self.holds(part, own) for part in expression.any]
            return self.combined(at_least_one(truth for truth, _ in parts), parts)
        if expression.not_ is not None:
            truth, missing = self.holds(expression.not_, own)
            return opposite(truth), missing
        truth, missing = self.leaf(expression, own)
        return truth, missing if truth is None else NOTHING

    @staticmethod
    def combined(truth: Truth, parts: list[tuple[Truth, Missing]]) -> tuple[Truth, Missing]:
        if truth is not None:
            return truth, NOTHING
        return None, NOTHING.union(*(missing for part, missing in parts if part is None))

    def leaf(self, expression: Expression, own: Own) -> tuple[Truth, Missing]:
        for key in (
            "egfr",
            "age_years",
            "serum_magnesium",
            "serum_potassium",
            "serum_calcium",
            "elemental_mg_per_day",
            "duration_days",
            "duration_months",
            "daily_dose_mg",
        ):
            bounds: Bounds | None = getattr(expression, key)
            if bounds is not None:
                possible, missing = self.number(key, own)
                return lies_in(possible, bounds), missing
        patient = self.profile.patient
        sex = Sex.FEMALE if patient.pregnancy is Pregnancy.PREGNANT else patient.sex
        for key, known in (("dialysis", self.dialysis), ("sex", sex), ("pregnancy", patient.pregnancy)):
            wanted = getattr(expression, key)
            if wanted is not None:
                return (None if known is None else known == wanted), frozenset({f"patient.{key}"})
        if expression.conditions is not None:
            return self.any_condition(expression.conditions)
        if expression.symptoms is not None:
            return any(one in self.listed_symptoms() for one in expression.symptoms), NOTHING
        if expression.co_medication is not None:
            return self.enough_others(expression.co_medication, own)
        assert expression.risk_count is not None
        return self.enough_causes(expression.risk_count)

    def present_or_not(self, condition: str) -> tuple[Truth, Missing]:
        """Listed or derived; not known without the list of conditions, or while a fact for deriving it is missing."""
        if condition in self.present:
            return True, NOTHING
        missing = self.undecided.get(condition, NOTHING)
        if self.profile.conditions is None and not self.only_laboratory_values_decide(condition):
            missing |= {"conditions"}
        return (None if missing else False), missing

    def only_laboratory_values_decide(self, condition: str) -> bool:
        """Whoever gives no list of conditions is not asked for what a laboratory value says."""
        [record] = [one for one in self.rules.conditions if one.id == condition]
        return record.present_when is not None and _only_laboratory(record.present_when)

    def any_condition(self, conditions: Iterable[str]) -> tuple[Truth, Missing]:
        answers = [self.present_or_not(condition) for condition in conditions]
        return at_least_one(truth for truth, _ in answers), NOTHING.union(*(missing for _, missing in answers))

    def enough_others(self, wanted: CoMedication, own: Own) -> tuple[Truth, Missing]:
        """Enough other substances; one that reaches the body by some of its routes only may count."""

        def counts(who: Who) -> bool:
            return who.id in wanted.substances or bool(who.classes.intersection(wanted.classes))

        if wanted.same_product:
            line = own.lines[0].who if own.who is not None else ()
            beside = {who.id for who in line if own.who is not None and who.id != own.who.id and counts(who)}
            return len(beside) >= wanted.at_least, NOTHING
        sure, perhaps = self.reaching(own.who)
        certain = {who.id for who in sure if counts(who)}
        open_ = [(who.id, fact) for who, fact in perhaps if counts(who)]
        if len(certain) >= wanted.at_least:
            return True, NOTHING
        possible = certain | {name for name, _ in open_}
        return (None if len(possible) >= wanted.at_least else False), frozenset(fact for _, fact in open_)

    def enough_causes(self, wanted: RiskCount) -> tuple[Truth, Missing]:
        """Enough classes with a member and conditions that are present, each of them once."""
        sure, perhaps = self.reaching(None)
        answers: list[tuple[Truth, Missing]] = []
        for name in wanted.classes:
            facts = frozenset(fact for who, fact in perhaps if name in who.classes)
            answers.append(
                (True, NOTHING) if any(name in who.classes for who in sure) else (None if facts else False, facts)
            )
        answers += [self.present_or_not(one) for one in wanted.conditions]
        certain = sum(1 for truth, _ in answers if truth)
        possible = certain + sum(1 for truth, _ in answers if truth is None)
        if certain >= wanted.at_least:
            return True, NOTHING
        missing = NOTHING.union(*(facts for truth, facts in answers if truth is None))
        return (None if possible >= wanted.at_least else False), missing


def _only_laboratory(expression: Expression) -> bool:
    inner = [*(expression.all or ()), *(expression.any or ()), *([expression.not_] if expression.not_ else [])]
    if inner:
        return all(_only_laboratory(part) for part in inner)
    return any(getattr(expression, f"serum_{name}") is not None for name in ("magnesium", "potassium", "calcium"))
