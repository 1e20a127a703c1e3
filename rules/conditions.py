"""When something applies, in three values: true, false, or unknown because a fact is missing.

An expression of the knowledge becomes a tree of tests (`rules.expressions`). A test answers fast (`holds`) and, when
somebody wants to know, says in words what it compared and which facts were missing (`reason`). Tests read facts; they
never change or guess them.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from rules.ranges import UNKNOWN, Exact, Interval, Range, interval_words, number_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rules.documents import Bounds
    from rules.terms import Pregnancy, Sex


class Subject(Protocol):
    """The medication, or the medications together, a test may ask about."""

    @property
    def substance_id(self) -> str:
        """The substance of the medication that the rule is about."""

    @property
    def listed(self) -> Sequence[tuple[str, frozenset[str]]]:
        """All substances of its line with their classes; none where several medications are meant together."""

    @property
    def days(self) -> Interval:
        """Days since the start."""

    @property
    def duration(self) -> Interval:
        """Months since the start."""

    @property
    def daily_dose_mg(self) -> Exact | None:
        """Milligrams a day."""

    def lacking(self, name: str) -> tuple[str, ...]:
        """The facts of this name that are not known."""


class Facts:
    """What is known about the patient and the list. Intervals say what a value can be; (None, None) is unknown."""

    __slots__ = (
        "age_years",
        "conditions",
        "conditions_known",
        "dialysis",
        "egfr",
        "elemental_mg_per_day",
        "elemental_missing",
        "keys",
        "laboratory",
        "listed",
        "perhaps",
        "pregnancy",
        "serum",
        "sex",
        "sure_keys",
        "symptoms",
        "undecided_conditions",
    )

    def __init__(
        self,
        listed: Sequence[tuple[str, frozenset[str]]] = (),
        perhaps: Sequence[tuple[str, frozenset[str], str]] = (),
    ) -> None:
        """Keep the list.

        ``listed``: the substances that reach the body, each with its classes. ``perhaps``: those that do by one of
        their possible routes only, each with the fact that would tell.
        """
        self.listed = listed
        self.perhaps = perhaps
        # Every class and substance that is on the list for sure; those that are for sure or perhaps.
        self.sure_keys = frozenset[str]().union(*[one[1] for one in listed])
        self.keys = self.sure_keys.union(*[one[1] for one in perhaps]) if perhaps else self.sure_keys
        self.egfr: Interval = UNKNOWN
        self.dialysis: bool | None = None
        self.age_years: int | None = None
        self.sex: Sex | None = None
        self.pregnancy: Pregnancy | None = None
        self.conditions_known = False
        # Conditions that laboratory values alone decide: whoever gives no list of conditions is not asked for these.
        self.laboratory: frozenset[str] = frozenset()
        self.conditions: set[str] = set()
        self.undecided_conditions: Mapping[str, tuple[str, ...]] = {}
        self.symptoms: set[str] = set()
        self.serum: dict[str, Fraction] = {}
        self.elemental_mg_per_day: Interval = (0, 0)
        self.elemental_missing: tuple[str, ...] = ()


class Outcome(NamedTuple):
    """What a test found, in words."""

    holds: bool | None
    detail: str
    missing: tuple[str, ...] = ()


class Test(Protocol):
    """One condition of the knowledge, ready to be asked."""

    def holds(self, facts: Facts, subject: Subject | None) -> bool | None:
        """True, false, or None when a fact is missing."""

    def reason(self, facts: Facts, subject: Subject | None) -> Outcome:
        """The same answer with the comparison in words and the missing facts."""


class _Bounded:
    """What is said of a value and its bounds."""

    __slots__ = ("contains", "false_words", "label", "missing", "range", "true_words", "unit", "unknown")

    def __init__(
        self, label: str, unit: str, bounds: Bounds, missing: Callable[[Facts, Subject | None], tuple[str, ...]]
    ) -> None:
        """``missing`` names the facts where the value is not known, or not exactly."""
        self.label = label
        self.unit = unit
        self.range = Range(bounds)
        self.contains = self.range.contains
        self.true_words = f"{unit} is {self.range.words}"
        self.false_words = f"{unit} is not {self.range.words}"
        self.unknown = f"{label} is not known ({self.range.words} {unit} would matter)"
        self.missing = missing

    def _reason_of(self, value: Exact | None, facts: Facts, subject: Subject | None) -> Outcome:
        """The answer for a single value, or for none."""
        if value is None:
            return Outcome(None, self.unknown, self.missing(facts, subject))
        holds = self.range.contains_ratio(value) if type(value) is Fraction else self.contains(value)
        written = number_words(value) if type(value) is Fraction else value
        return Outcome(holds, f"{self.label} {written} {self.true_words if holds else self.false_words}")


class RangeTest(_Bounded):
    """A value, or an interval of possible values, against bounds."""

    __slots__ = ("own", "read")

    def __init__(
        self,
        label: str,
        unit: str,
        bounds: Bounds,
        read: Callable[[Any], Interval],
        missing: Callable[[Facts, Subject | None], tuple[str, ...]],
        *,
        own: bool,
    ) -> None:
        """``read`` takes the facts, or the subject (``own``); ``missing``: the facts that would close an interval."""
        super().__init__(label, unit, bounds, missing)
        self.read = read
        self.own = own

    def holds(self, facts: Facts, subject: Subject | None) -> bool | None:
        """See `Test`."""
        interval = self.read(subject if self.own else facts)
        value, high = interval
        if value is high:
            if value is None:
                return None
            return self.range.contains_ratio(value) if type(value) is Fraction else self.contains(value)
        return self.range.holds(interval)

    def reason(self, facts: Facts, subject: Subject | None) -> Outcome:
        """See `Test`."""
        interval = self.read(subject if self.own else facts)
        value, high = interval
        if value is high:
            return self._reason_of(value, facts, subject)
        holds = self.range.holds(interval)
        if holds is None:
            detail = f"{self.label} {interval_words(interval)} {self.unit} must be known to be {self.range.words}"
            return Outcome(None, detail, self.missing(facts, subject))
        words = self.true_words if holds else self.false_words
        return Outcome(holds, f"{self.label} {interval_words(interval)} {words}")


class PointTest(_Bounded):
    """A single value against bounds: the common case, without the way over an interval."""

    __slots__ = ("read",)

    def __init__(
        self,
        label: str,
        unit: str,
        bounds: Bounds,
        read: Callable[[Facts], Exact | None],
        missing: Callable[[Facts, Subject | None], tuple[str, ...]],
    ) -> None:
        """``read`` takes the value from the facts, ``missing`` names the fact where there is none."""
        super().__init__(label, unit, bounds, missing)
        self.read = read

    def holds(self, facts: Facts, subject: Subject | None) -> bool | None:  # noqa: ARG002 - part of the protocol
        """See `Test`."""
        value = self.read(facts)
        return None if value is None else self.contains(value)

    def reason(self, facts: Facts, subject: Subject | None) -> Outcome:
        """See `Test`."""
        return self._reason_of(self.read(facts), facts, subject)


class EqualTest:
    """A fact that is equal to a value of its vocabulary."""

    __slots__ = ("expected", "fact", "label", "read")

    def __init__(self, label: str, fact: str, expected: object, read: Callable[[Facts], object]) -> None:
        """``fact`` names the fact when it is missing."""
        self.label = label
        self.fact = fact
        self.expected = expected
        self.read = read

    def holds(self, facts: Facts, subject: Subject | None) -> bool | None:  # noqa: ARG002 - part of the protocol
        """See `Test`."""
        value = self.read(facts)
        return None if value is None else value == self.expected

    def reason(self, facts: Facts, subject: Subject | None) -> Outcome:
        """See `Test`."""
        holds = self.holds(facts, subject)
        if holds is None:
            return Outcome(None, f"{self.label} is not known", (self.fact,))
        value = self.read(facts)
        written = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
        return Outcome(holds, f"{self.label}: {written}")


class ConditionTest:
    """At least one of the conditions is present."""

    __slots__ = ("conditions",)

    def __init__(self, conditions: tuple[str, ...]) -> None:
        """Condition identifiers."""
        self.conditions = conditions

    def holds(self, facts: Facts, subject: Subject | None) -> bool | None:  # noqa: ARG002 - part of the protocol
        """See `Test`."""
        present = facts.conditions
        for condition in self.conditions:
            if condition in present:
                return True
        if not facts.conditions_known and not facts.laboratory.issuperset(self.conditions):
            return None
        for condition in self.conditions:
            if condition in facts.undecided_conditions:
                return None
        return False

    def reason(self, facts: Facts, subject: Subject | None) -> Outcome:
        """See `Test`."""
        holds = self.holds(facts, subject)
        if holds:
            names = ", ".join(condition for condition in self.conditions if condition in facts.conditions)
            return Outcome(True, f"condition present: {names}")  # noqa: FBT003 - three values
        names = ", ".join(self.conditions)
        if holds is None:
            missing = [] if facts.conditions_known else ["conditions"]
            for condition in self.conditions:
                missing.extend(facts.undecided_conditions.get(condition, ()))
            return Outcome(None, f"conditions are not known: {names}", tuple(dict.fromkeys(missing)))
        return Outcome(False, f"condition not present: {names}")  # noqa: FBT003 - three values


class SymptomTest:
    """At least one of the symptoms was given; a symptom that was not given is taken as absent."""

    __slots__ = ("symptoms",)

    def __init__(self, symptoms: tuple[str, ...]) -> None:
        """Symptom identifiers."""
        self.symptoms = symptoms

    def holds(self, facts: Facts, subject: Subject | None) -> bool | None:  # noqa: ARG002 - part of the protocol
        """See `Test`."""
        return any(symptom in facts.symptoms for symptom in self.symptoms)

    def reason(self, facts: Facts, subject: Subject | None) -> Outcome:
        """See `Test`."""
        holds = self.holds(facts, subject)
        named = [symptom for symptom in self.symptoms if not holds or symptom in facts.symptoms]
        return Outcome(holds, f"symptom {'given' if holds else 'not given'}: {', '.join(named)}")


class CoMedicationTest:
    """Enough other substances of the named classes are on the list."""

    __slots__ = ("at_least", "named", "wanted")
    where = "also on the list of"

    def __init__(self, classes: tuple[str, ...], substances: tuple[str, ...], at_least: int) -> None:
        """Classes and substances that count, and how many are needed."""
        self.named = ", ".join((*classes, *substances))
        self.wanted = frozenset((*classes, *(f"={substance}" for substance in substances)))
        self.at_least = at_least

    def _counted(self, facts: Facts, subject: Subject | None) -> set[str]:
        wanted = self.wanted
        own = None if subject is None else subject.substance_id
        return {name for name, keys in facts.listed if name != own and not wanted.isdisjoint(keys)}

    def _perhaps(self, facts: Facts, subject: Subject | None, counted: set[str]) -> list[tuple[str, str]]:
        """Substances that count if their route is one that reaches the body, each with the fact that would tell."""
        own = None if subject is None else subject.substance_id
        wanted = self.wanted
        return [
            (name, fact)
            for name, keys, fact in facts.perhaps
            if name != own and name not in counted and not wanted.isdisjoint(keys)
        ]

    def holds(self, facts: Facts, subject: Subject | None) -> bool | None:
        """See `Test`."""
        wanted = self.wanted
        if wanted.isdisjoint(facts.keys):  # nearly always, and then nothing has to be counted
            return False
        counted = self._counted(facts, subject)
        if len(counted) >= self.at_least:
            return True
        if facts.perhaps:
            perhaps = {name for name, _ in self._perhaps(facts, subject, counted)}
            return None if len(counted) + len(perhaps) >= self.at_least else False
        return False

    def reason(self, facts: Facts, subject: Subject | None) -> Outcome:
        """See `Test`."""
        counted = self._counted(facts, subject)
        on_list = ", ".join(sorted(counted)) or "none"
        detail = f"{self.where} {self.named}: {on_list} (needed: {self.at_least})"
        if len(counted) >= self.at_least:
            return Outcome(True, detail)  # noqa: FBT003 - three values
        perhaps = self._perhaps(facts, subject, counted)
        if len(counted) + len({name for name, _ in perhaps}) < self.at_least:
            return Outcome(False, detail)  # noqa: FBT003 - three values
        detail = f"{detail}; depending on the route also {', '.join(sorted({name for name, _ in perhaps}))}"
        return Outcome(None, detail, tuple(dict.fromkeys(fact for _, fact in perhaps)))


class SameProductTest(CoMedicationTest):
    """Enough other substances of the named classes are in the same product as the rule's own."""

    __slots__ = ()
    where = "also in the same product of"

    def _counted(self, facts: Facts, subject: Subject | None) -> set[str]:  # noqa: ARG002 - as in the class above
        wanted = self.wanted
        own, listed = ("", ()) if subject is None else (subject.substance_id, subject.listed)
        return {name for name, keys in listed if name != own and not wanted.isdisjoint(keys)}

    def _perhaps(self, facts: Facts, subject: Subject | None, counted: set[str]) -> list[tuple[str, str]]:  # noqa: ARG002
        return []  # one line has one way of being given, that of the rule's own medication


class RiskCountTest:
    """Enough independent causes: classes with a member on the list, and conditions that are present."""

    __slots__ = ("at_least", "classes", "conditions")

    def __init__(self, classes: tuple[str, ...], conditions: tuple[str, ...], at_least: int) -> None:
        """Classes and conditions that count, each once, and how many are needed."""
        self.classes = tuple(dict.fromkeys(classes))
        self.conditions = tuple(dict.fromkeys(conditions))
        self.at_least = at_least

    def _counted(self, facts: Facts) -> tuple[list[str], dict[str, tuple[str, ...]]]:
        """The causes that are sure, and those that are open with the facts that would tell."""
        on_list = facts.sure_keys
        sure = [name for name in self.classes if name in on_list]
        sure += [name for name in self.conditions if name in facts.conditions]
        open_: dict[str, tuple[str, ...]] = {}
        for _, keys, fact in facts.perhaps:
            for name in self.classes:
                if name in keys and name not in on_list:
                    open_[name] = (*open_.get(name, ()), fact)
        for name in self.conditions:
            if name in facts.conditions:
                continue
            if not facts.conditions_known and name not in facts.laboratory:
                open_[name] = ("conditions",)
            if name in facts.undecided_conditions:
                open_[name] = (*open_.get(name, ()), *facts.undecided_conditions[name])
        return sure, open_

    def holds(self, facts: Facts, subject: Subject | None) -> bool | None:  # noqa: ARG002 - part of the protocol
        """See `Test`."""
        sure, open_ = self._counted(facts)
        if len(sure) >= self.at_least:
            return True
        return None if len(sure) + len(open_) >= self.at_least else False

    def reason(self, facts: Facts, subject: Subject | None) -> Outcome:
        """See `Test`."""
        sure, open_ = self._counted(facts)
        holds = self.holds(facts, subject)
        missing = dict.fromkeys(fact for facts_of_one in open_.values() for fact in facts_of_one)
        detail = f"independent causes counted: {', '.join(sure) or 'none'} (needed: {self.at_least})"
        return Outcome(holds, detail, tuple(missing) if holds is None else ())


def _cost(part: Test) -> int:
    return 0 if isinstance(part, CoMedicationTest | ConditionTest) else 1 if isinstance(part, PointTest) else 2


class AllTest:
    """Every part holds."""

    __slots__ = ("_holds", "parts")

    def __init__(self, parts: tuple[Test, ...]) -> None:
        """The parts, in the order of the record."""
        self.parts = parts
        # The answer is the same in any order; what is asked first is what is cheapest and most often decides.
        self._holds = tuple(part.holds for part in sorted(parts, key=_cost))

    def holds(self, facts: Facts, subject: Subject | None) -> bool | None:
        """See `Test`."""
        result: bool | None = True
        for holds in self._holds:
            answer = holds(facts, subject)
            if answer is False:
                return False
            if answer is None:
                result = None
        return result

    def reason(self, facts: Facts, subject: Subject | None) -> Outcome:
        """See `Test`."""
        outcomes = [part.reason(facts, subject) for part in self.parts]
        answers = [outcome.holds for outcome in outcomes]
        holds = False if False in answers else (None if None in answers else True)
        return _combined(holds, outcomes if holds else [one for one in outcomes if one.holds is holds], " and ")


class AnyTest:
    """At least one part holds."""

    __slots__ = ("_holds", "parts")

    def __init__(self, parts: tuple[Test, ...]) -> None:
        """The parts, in the order of the record."""
        self.parts = parts
        self._holds = tuple(part.holds for part in parts)

    def holds(self, facts: Facts, subject: Subject | None) -> bool | None:
        """See `Test`."""
        result: bool | None = False
        for holds in self._holds:
            answer = holds(facts, subject)
            if answer is True:
                return True
            if answer is None:
                result = None
        return result

    def reason(self, facts: Facts, subject: Subject | None) -> Outcome:
        """See `Test`."""
        answers = [holds(facts, subject) for holds in self._holds]
        holds = True if True in answers else (None if None in answers else False)
        decisive = [part for part, answer in zip(self.parts, answers, strict=True) if answer is holds]
        return _combined(holds, [part.reason(facts, subject) for part in decisive], " or ")


class NotTest:
    """The part does not hold."""

    __slots__ = ("part",)

    def __init__(self, part: Test) -> None:
        """The part that is turned round."""
        self.part = part

    def holds(self, facts: Facts, subject: Subject | None) -> bool | None:
        """See `Test`."""
        answer = self.part.holds(facts, subject)
        return None if answer is None else not answer

    def reason(self, facts: Facts, subject: Subject | None) -> Outcome:
        """See `Test`."""
        inner = self.part.reason(facts, subject)
        holds = None if inner.holds is None else not inner.holds
        return Outcome(holds, f"not the case: {inner.detail}", inner.missing)


def _combined(holds: bool | None, decisive: list[Outcome], link: str) -> Outcome:  # noqa: FBT001 - three values
    """Put the parts that decided into words, those with the same answer as the whole."""
    detail = link.join([outcome.detail for outcome in decisive])
    if holds is not None:
        return Outcome(holds, detail)
    return Outcome(None, detail, tuple(dict.fromkeys(fact for outcome in decisive for fact in outcome.missing)))
