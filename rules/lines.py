"""One line of the medication list as the engine meets it: what it stands for, how it is given, and since when."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from rules.doses import Taking, amount_of, is_of_a_day, taking_of
from rules.quantities import MASS_UNITS, decimal_from, milligrams
from rules.ranges import UNKNOWN
from rules.resolution import checked, given_by, resolve
from rules.terms import Applicability, word

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from rules.compiled import CompiledRuleSet, Entry, Side
    from rules.profile import MedicationItem
    from rules.ranges import Exact, Interval
    from rules.report import CheckedMedication, Reason
    from rules.terms import Route

_APPLIES: Final = word(Applicability.APPLIES)
_MAY_APPLY: Final = word(Applicability.MAY_APPLY)
_DOES_NOT_APPLY: Final = word(Applicability.DOES_NOT_APPLY)
_MASS: Final = frozenset(MASS_UNITS)
_DAYS_IN_LONGEST_MONTH: Final = 31
NOT_BEGUN: Final = "it begins after the day that the answer is about (as_of), and counts as taken for no time yet"
_NOT_WORKED_OUT: Final = -1  # no duration is negative


class Line:
    """A medication of the list."""

    __slots__ = ("_manner", "as_of", "entries", "given", "id", "item", "resolution")

    def __init__(self, compiled: CompiledRuleSet, item: MedicationItem, as_of: date | None) -> None:
        """Resolve the item; the caller's route and dose form count before those read from text or code."""
        told = item.__dict__  # one look into the model: reading its attributes one by one takes several times as long
        self.id = told["id"]
        self.item = item
        self.as_of = as_of
        self.resolution = resolution = resolve(compiled, told["text"], told["codes"])
        self.entries = resolution.entries
        given = resolution.given_by.get((told["route"], told["dose_form"]))
        self.given = given_by(item, resolution) if given is None else given
        self._manner = ""  # written when a finding first asks for it

    @property
    def routes(self) -> tuple[Route, ...]:
        """The possible routes."""
        return self.given.routes

    @property
    def times_per_day(self) -> int | None:
        """How often a day, from the caller's number, the dose times or the text.

        Where the text counts more doses than there are times, some times were not given: the larger number counts.
        """
        item = self.item
        times = item.times_per_day
        if times is not None:
            return times
        reading = self.resolution.reading
        said = reading.times_per_day if reading is not None else None
        return max(len(item.times), said or 0) if item.times else said

    @property
    def all_times_given(self) -> bool:
        """Whether the dose times are those of every dose, so that they can prove something."""
        times = self.item.times
        return bool(times) and not self.as_needed and len(times) == self.times_per_day

    @property
    def not_daily(self) -> bool:
        """Whether the text says that it is taken on some days only; the caller's own numbers count before it."""
        item, reading = self.item, self.resolution.reading
        return item.times_per_day is None and not item.times and reading is not None and reading.not_daily

    @property
    def some_days_only(self) -> bool:
        """Whether its dose times are those of some days only, so that they are no count of every day."""
        item, reading = self.item, self.resolution.reading
        return bool(item.times) and reading is not None and reading.not_daily

    @property
    def taking(self) -> Taking:
        """How much is taken, from the caller's dose or the text."""
        item = self.item
        own_times = item.times_per_day is not None or bool(item.times)
        return taking_of(item.dose, self.resolution.reading, own_times=own_times)

    @property
    def as_needed(self) -> bool:
        """Whether it is taken only when needed; the caller's word, or times of day, count before the text's."""
        item, reading = self.item, self.resolution.reading
        said = item.as_needed
        if said is not None:
            return said
        return reading is not None and reading.as_needed and item.times_per_day is None and not item.times

    @property
    def days_taken(self) -> int | None:
        """Whole days since the start; a start in the future is no time at all."""
        start, end = self.item.started_on, self.as_of
        if start is None or end is None:
            return None
        return max(0, (end - start).days)

    def checked(self) -> CheckedMedication:
        """The line as a report shows it."""
        shown = checked(self.id, self.resolution, self.given)
        start, as_of = self.item.started_on, self.as_of
        if start is not None and as_of is not None and start > as_of:
            shown["problems"] = [*shown["problems"], NOT_BEGUN]
        return shown

    def context(self, *, timed: bool) -> str:
        """What a finding about this line rests on: what it is and how it is given; ``timed``: at what times, too."""
        if not self._manner:
            self._manner = self._how_it_is_given()
        times = self.item.times if timed else ()
        return f"{self._manner}|{sorted(times) if times else ''}"

    def _how_it_is_given(self) -> str:
        resolution, given = self.resolution, self.given
        if not resolution.identity:
            strengths = sorted(f"{name}={strength}" for name, strength in resolution.strengths.items())
            said = taking_of(None, resolution.reading, own_times=False)
            resolution.identity = ";".join([*sorted(entry.id for entry in self.entries), *strengths, f"{said}"])
        dose = self.item.dose
        amount = "" if dose is None else f"{decimal_from(dose.value).normalize()} {dose.unit.lower()} {dose.of}"
        often = f"{self.times_per_day} {self.as_needed}"
        return f"{resolution.identity}|{given.shown_words}|{given.dose_form or ''}|{amount}|{often}"

    def fits(self, side: Side) -> bool | None:
        """Whether the line is given the way the party asks for; None: not known."""
        if side.asks_nothing:
            return True
        manner = self.given.manner
        known = side.known
        return known[manner] if manner in known else side.fits(manner)

    def missing(self, side: Side) -> list[str]:
        """The facts that keep `fits` open."""
        facts = []
        routes = self.given.routes_set
        if side.routes and not (routes and routes <= side.routes):
            facts.append(f"medications.{self.id}.route")
        if side.dose_forms and self.given.dose_form is None:
            facts.append(f"medications.{self.id}.dose_form")
        return facts

    def reason(self, test: str, words: str, side: Side, holds: bool | None) -> Reason:  # noqa: FBT001 - three values
        """Why the line is, may be or is not on one side of a rule."""
        detail = f"{self.id}: {words}" if side.asks_nothing else f"{self.id}: {words}; {self.given.words}"
        if holds is True:
            return {"test": test, "outcome": _APPLIES, "detail": detail}
        if holds is None:
            return {
                "test": test,
                "outcome": _MAY_APPLY,
                "detail": detail,
                "missing_facts": self.missing(side),
            }
        form = f", dose form {self.given.dose_form}" if self.given.dose_form else ""
        return {"test": test, "outcome": _DOES_NOT_APPLY, "detail": detail + form}


class Taken:
    """One substance of one line: what expressions may ask about the rule's own medication."""

    __slots__ = ("_months", "line", "substance_id")

    def __init__(self, line: Line, entry: Entry) -> None:
        """The line and the substance of it that the rule is about."""
        self.line = line
        self.substance_id = entry.id
        self._months: Exact | None = _NOT_WORKED_OUT

    def lacking(self, name: str) -> tuple[str, ...]:
        """The fact of this name, for when it is not known; of a daily dose it may be the frequency that is not."""
        if name == "dose" and self._amount_taken()[0] is not None:
            name = "times_per_day"
        return (f"medications.{self.line.id}.{name}",)

    @property
    def listed(self) -> Sequence[tuple[str, frozenset[str]]]:
        """All substances of the line, with their classes."""
        return self.line.resolution.listed

    @property
    def duration_days(self) -> int | None:
        """Whole days since the start. One subtraction: not worth keeping."""
        return self.line.days_taken

    @property
    def days(self) -> Interval:
        """Days since the start, when it is known."""
        days = self.duration_days
        return UNKNOWN if days is None else (days, days)

    @property
    def duration(self) -> Interval:
        """Months since the start, when it is known."""
        months = self.duration_months
        return UNKNOWN if months is None else (months, months)

    @property
    def duration_months(self) -> Exact | None:
        """Months since the start, whole months exact; a start in the future is no time at all."""
        if self._months == _NOT_WORKED_OUT:
            self._months = self._since_start()
        return self._months

    def _since_start(self) -> Exact | None:
        start, end = self.line.item.started_on, self.line.as_of
        if start is None or end is None:
            return None
        if start >= end:
            return 0
        months = (end.year - start.year) * 12 + end.month - start.month
        days = end.day - start.day
        if days < 0:
            months -= 1
            days += _DAYS_IN_LONGEST_MONTH
        # A part of a month only has to lie between two whole ones; two decimals are plenty and compare fast.
        return months + Decimal(min(days, _DAYS_IN_LONGEST_MONTH - 1)).scaleb(-2) if days else months

    @property
    def daily_dose_mg(self) -> Exact | None:
        """Milligrams a day, from the dose or the strength in the text, when the frequency is known."""
        amount, over_the_day = self._amount_taken()
        times = 1 if over_the_day else self.line.times_per_day
        return None if amount is None or times is None else amount * times

    def _amount_taken(self) -> tuple[Exact | None, bool]:
        """Milligrams taken each time or, where the text says so, over the day."""
        line = self.line
        dose = line.item.dose
        if dose is not None and dose.unit.lower() in _MASS:
            # Beside other ingredients nobody knows of which the mass is.
            return (milligrams(decimal_from(dose.value), dose.unit) if len(line.entries) == 1 else None), False
        strength = line.resolution.strengths.get(self.substance_id)
        if strength is None or strength.unit not in _MASS:
            return None, False
        if dose is None and is_of_a_day(strength):
            return milligrams(strength.value, strength.unit), True
        taking = line.taking
        amount = amount_of(strength, taking)
        return (None if amount is None else milligrams(amount, strength.unit)), taking.a_day


class Together:
    """Several medications that one rule is about: taken as long as the one taken longest, and without a common dose."""

    __slots__ = ("taken",)
    substance_id = ""
    listed = ()
    daily_dose_mg = None

    def __init__(self, taken: Sequence[Taken]) -> None:
        """The medications, at least one."""
        self.taken = taken

    def lacking(self, name: str) -> tuple[str, ...]:
        """The starts that are not known; nothing else is asked of single medications."""
        if name != "started_on":
            return (f"medications.{name}",)
        unknown = (one.lacking(name)[0] for one in self.taken if one.duration_months is None)
        return tuple(dict.fromkeys(unknown))

    @property
    def days(self) -> Interval:
        """Days since the first start; any of those whose start is not known may be longer still."""
        return _longest([one.duration_days for one in self.taken])

    @property
    def duration(self) -> Interval:
        """Months since the first start; any of those whose start is not known may be longer still."""
        return _longest([one.duration_months for one in self.taken])


def _longest(durations: Sequence[Exact | None]) -> Interval:
    """The longest of several durations: at least the longest one known, exactly that where all are known."""
    known = [one for one in durations if one is not None]
    if not known:
        return UNKNOWN
    longest = max(known)
    return longest, (longest if len(known) == len(durations) else None)
