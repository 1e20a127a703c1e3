"""A rule set made ready to answer: indexes by substance, class, code and name, built once and never changed.

All faults of the whole rule set are collected before the first is raised. Compiling reads no file and no clock; the
only things that grow afterwards are bounded caches that any thread may fill with the same values.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rules.canonical import digest as digest_of
from rules.conditions import Test
from rules.documents import Bounds
from rules.errors import KnowledgeError, Problem
from rules.expressions import (
    LABORATORY,
    MEASURED,
    PERSONAL,
    counted_of,
    keys_of,
    limits_of,
    needed_of,
    test_of,
)
from rules.fragments import Fragment, build_fragment, cited
from rules.lookup import build_lookup
from rules.quantities import plain
from rules.ranges import Range
from rules.references import broken_references
from rules.terms import Direction, MagnesiumLevel, RecordStatus, Route, Scope, SymptomStage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from fractions import Fraction

    from rules.conditions import Facts, Subject
    from rules.documents import Party
    from rules.model import (
        Citation,
        Condition,
        IntakeLimit,
        Interaction,
        MedicationClass,
        ModifyingFactor,
        Product,
        RuleSet,
        SaltForm,
        Substance,
        Symptom,
    )
    from rules.report import IntakeLimitReport
    from rules.report_basics import SubstanceReference
    from rules.report_plan import PersonalFactor
    from rules.terminology import Terminology
    from rules.terms import DoseForm

    Manner = tuple[frozenset[Route], DoseForm | None]  # how a medication may be given

# The class of magnesium salts that are sold as supplements.
SUPPLEMENT_CLASS = "oral-magnesium-supplements"
_OTHER_ORAL_CLASSES = ("laxative-magnesium-salts", "magnesium-antacids")
MAXIMUM_PAIRS = 200_000
_KIDNEY = frozenset({"egfr", "dialysis"})  # facts of kidney function, as expressions name them
# The ways of giving a medication that a side remembers its answer for; far more than a knowledge base has.
_MAXIMUM_MANNERS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """A party's demands on one medication, beyond who it is."""

    routes: frozenset[Route]
    dose_forms: frozenset[DoseForm]
    except_dose_forms: frozenset[DoseForm]
    excluded: frozenset[str]
    asks_nothing: bool
    known: dict[Manner, bool | None] = field(default_factory=dict)

    def fits(self, manner: Manner) -> bool | None:
        """Whether a medication is given the way the party asks for; None: not known. `known` has it from then on."""
        answer = self._fits(*manner)
        if len(self.known) < _MAXIMUM_MANNERS:
            self.known[manner] = answer
        return answer

    def _fits(self, routes: frozenset[Route], dose_form: DoseForm | None) -> bool | None:
        result: bool | None = True
        if self.routes:
            if not routes:
                result = None
            elif self.routes.isdisjoint(routes):
                return False
            elif not routes <= self.routes:
                result = None
        if self.dose_forms:
            if dose_form is None:
                result = None
            elif dose_form not in self.dose_forms:
                return False
        if dose_form in self.except_dose_forms:
            return False
        return result


@dataclass(frozen=True, slots=True)
class Factor:
    """A modifying factor, ready to be asked."""

    record: ModifyingFactor
    test: Test
    rank: int


@dataclass(slots=True, eq=False)
class Rule:
    """One interaction, ready to be asked. Fragments are built when the rule first fires."""

    index: int
    id: str
    record: Interaction
    affected: Side | None
    precipitant: Side | None
    conditions: tuple[str, ...]
    test: Test | None
    factors: tuple[Factor, ...]
    # One of these has to be on the list besides, or its own test does not hold; None: it needs nothing else.
    needs: frozenset[str] | None
    about: frozenset[str] | None  # its conditions, of which one has to be present or open; None: it has none
    # Whether its own test holds, asked before anything is put into words; None: it has none.
    ask: Callable[[Facts, Subject | None], bool | None] | None
    # The numbers that its tests and factors compare facts of the person and the list with, in order.
    limits: tuple[tuple[str, tuple[float, ...]], ...]
    fragments: dict[str, Fragment] = field(default_factory=dict)
    unconditional: bool = False  # nothing to ask beyond who meets whom and how
    settled: dict[str, Any] = field(default_factory=dict)  # judgements of an unconditional rule


@dataclass(frozen=True, slots=True, eq=False)
class Single:
    """A rule about one medication (or all of its kind), and why a substance belongs to its party, in words."""

    rule: Rule
    is_affected: bool
    side: Side
    words: str


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A rule about two substances, and why each belongs to its side, in words."""

    rule: Rule
    affected: Side
    precipitant: Side
    affected_fits: bool | None  # when it is given by the routes the substance is usually given by
    precipitant_fits: bool | None
    affected_words: str
    precipitant_words: str


@dataclass(slots=True, eq=False)
class Entry:
    """A substance as the engine meets it: its classes and the rules that can concern it."""

    id: str
    name: str
    reference: SubstanceReference
    keys: frozenset[str]  # its classes, and "=" with its own id
    routes: tuple[Route, ...]
    routes_set: frozenset[Route]
    salt_form: SaltForm | None
    atc_routes: Mapping[str, tuple[Route, ...]]
    single: tuple[Single, ...]
    listed: tuple[Single, ...]
    affected_keys: tuple[str, ...]
    precipitant_keys: tuple[str, ...]
    relevant: bool  # whether any rule is about it or counts it
    amounts: dict[object, Any] = field(default_factory=dict)  # bounded cache of rules.intake
    partners: dict[str, tuple[Pair, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DerivedCondition:
    """A condition that follows from facts."""

    id: str
    test: Test
    reads: frozenset[str]  # the kinds of fact it is about

    @property
    def is_personal(self) -> bool:
        """Whether it follows from age, sex and pregnancy alone."""
        return self.reads <= PERSONAL


@dataclass(frozen=True, slots=True)
class Limit:
    """An upper level for magnesium from supplements and medicines, with the ages it is for."""

    age_years: Range | None
    above: Range
    shown: IntakeLimitReport  # as a report shows it, with what depends on the intake left open


class Care:
    """The active records behind risks, timetables and plans."""

    __slots__ = (
        "administrations",
        "guidance",
        "monitoring_schedules",
        "recommended_intakes",
        "signs_of_excess",
        "supplement_targets",
    )

    def __init__(self, rule_set: RuleSet) -> None:
        """Pick them out of a rule set."""
        self.guidance = {record.id: record for record in rule_set.guidance if _active(record)}
        self.recommended_intakes = tuple(record for record in rule_set.recommended_intakes if _active(record))
        self.supplement_targets = tuple(record for record in rule_set.supplement_targets if _active(record))
        self.administrations = tuple(record for record in rule_set.administrations if _active(record))
        self.monitoring_schedules = tuple(record for record in rule_set.monitoring_schedules if _active(record))
        self.signs_of_excess = tuple(
            record.name
            for record in rule_set.symptoms
            if _active(record) and record.level is MagnesiumLevel.HIGH and record.stage is SymptomStage.EARLY
        )


def own_key(substance_id: str) -> str:
    """The key under which rules name a substance itself; no class id starts with this sign."""
    return f"={substance_id}"


class CompiledRuleSet:
    """Everything the engine needs to answer. Build it with `compile_rule_set`."""

    def __init__(
        self,
        rule_set: RuleSet,
        *,
        version: int,
        digest: str,
        places: Mapping[tuple[str, str], tuple[str, int]],
    ) -> None:
        """Build all indexes.

        Raises:
            KnowledgeError: every fault that was found.
        """
        self.rule_set = rule_set
        self.version = version
        self.digest = digest
        self._problems: list[Problem] = []
        self._places = places
        self.substances: dict[str, Substance] = {record.id: record for record in rule_set.substances}
        self.products: dict[str, Product] = {record.id: record for record in rule_set.products}
        self.classes: dict[str, MedicationClass] = {record.id: record for record in rule_set.classes}
        self.forms: dict[str, SaltForm] = {record.id: record for record in rule_set.forms}
        self.interactions: dict[str, Interaction] = {record.id: record for record in rule_set.interactions}
        self.conditions: dict[str, Condition] = {record.id: record for record in rule_set.conditions}
        self.symptoms: dict[str, Symptom] = {record.id: record for record in rule_set.symptoms}
        self.citations: dict[str, Citation] = {record.id: record for record in rule_set.citations}
        for kind, record_id, pointer, code, detail in broken_references(rule_set):
            self._report(kind, record_id, pointer, code, detail)
        self.lookup = build_lookup(rule_set, self._report)
        if self._problems:
            raise KnowledgeError(self._problems)

        self.ranges = {record.analyte: record for record in rule_set.reference_ranges if _active(record)}
        self.limits = tuple(self._limit(record) for record in rule_set.intake_limits if _active(record))
        self.care = Care(rule_set)
        derived = [
            DerivedCondition(record.id, test_of(record.present_when), keys_of(record.present_when))
            for record in rule_set.conditions
            if _active(record) and record.present_when is not None
        ]
        self.laboratory = frozenset(condition.id for condition in derived if condition.reads <= LABORATORY)
        self.kidney_rules = frozenset(
            record.id
            for record in rule_set.interactions
            if record.direction is Direction.CONTRAINDICATED_CONDITION
            and record.when is not None
            and not _KIDNEY.isdisjoint(keys_of(record.when))
        )
        self.derived_from_person = tuple(condition for condition in derived if condition.is_personal)
        self.derived_from_facts = tuple(condition for condition in derived if not condition.is_personal)
        self.limits_by_age: dict[int | None, tuple[Limit, ...]] = {}
        # Ages, sexes and pregnancies are few, so this cannot grow beyond a thousand entries.
        self.populations: dict[object, tuple[frozenset[str], dict[str, tuple[str, ...]]]] = {}
        self._personal_factors: dict[str, PersonalFactor] = {}
        self._anchors: dict[str, list[str]] = {}
        for record in rule_set.classes:
            for prefix in record.atc:
                self._anchors.setdefault(prefix, []).append(record.id)
        self._memberships = self._closed_memberships()
        self._single: dict[str, list[Rule]] = {}
        self._listed: dict[str, list[Rule]] = {}
        self._pairs: dict[tuple[str, str], list[Rule]] = {}
        self.by_condition: dict[str, list[Rule]] = {}
        self._by_key: dict[str, list[Rule]] = {}
        self.rules = tuple(self._rules(rule_set.interactions))
        self._affected_keys = frozenset(affected for affected, _ in self._pairs)
        self._precipitant_keys = frozenset(precipitant for _, precipitant in self._pairs)
        self._concerned = self._concerned_keys()
        self._pair_count = 0
        self.entries: dict[str, Entry] = {
            record.id: self._entry_of(record) for record in rule_set.substances if _active(record)
        }
        self.terminology: Terminology | None = None
        self.outside: dict[str, Entry] = {}  # ingredients only the terminology knows: no more than it has
        self.resolutions: dict[object, Any] = {}  # bounded cache of rules.resolution

    def with_terminology(self, terminology: Terminology | None) -> CompiledRuleSet:
        """The same rule set, which also recognises what a terminology knows; nothing is compiled again."""
        changed = copy(self)
        changed.terminology = terminology
        changed.outside = {}
        changed.resolutions = {}
        return changed

    def _report(self, kind: str, record_id: str, pointer: str, code: str, detail: str) -> None:
        file, line = self._places.get((kind, record_id), (f"{kind}/{record_id}", 0))
        self._problems.append(Problem(file, line, pointer, code, detail))

    def _limit(self, record: IntakeLimit) -> Limit:
        return Limit(
            Range(record.age_years) if record.age_years else None,
            Range(Bounds(above=record.mg_per_day)),
            {
                "id": record.id,
                "name": record.name,
                "body": record.body,
                "mg_per_day": plain(record.mg_per_day),
                "exceeded": None,
                "exceeded_with_as_needed": None,
                "text": record.text,
                "citations": cited(record.citations, self.citations),
            },
        )

    # --- classes ----------------------------------------------------------------------------------------------------

    def _closed_memberships(self) -> dict[str, set[str]]:
        """Substance -> all its classes: by anchor, by name and through included classes, less exclusions."""
        containing: dict[str, list[str]] = {}
        naming: dict[str, list[str]] = {}
        for record in self.classes.values():
            for included in record.includes:
                containing.setdefault(included, []).append(record.id)
            for member in record.members:
                naming.setdefault(member, []).append(record.id)
        self._containing = containing
        return {
            substance.id: self._with_containing(
                [
                    *naming.get(substance.id, ()),
                    *(name for code in substance.codes.atc for name in self._anchored(code)),
                ],
                substance.id,
            )
            for substance in self.substances.values()
        }

    def _anchored(self, code: str) -> Iterator[str]:
        """The classes with an anchor that the code begins with."""
        for length in range(1, len(code) + 1):
            yield from self._anchors.get(code[:length], ())

    def _with_containing(self, direct: Iterable[str], substance_id: str) -> set[str]:
        """The classes and every class around them, leaving out those that exclude the substance."""
        result: set[str] = set()
        open_ = list(direct)
        while open_:
            name = open_.pop()
            record = self.classes[name]
            if name in result or substance_id in record.exclusions or not _active(record):
                continue
            result.add(name)
            open_.extend(self._containing.get(name, ()))
        return result

    def class_names(self, keys: Iterable[str]) -> str:
        """Names of classes for people, sorted."""
        return ", ".join(sorted(self.classes[key].name for key in keys))

    def classes_of_atc(self, code: str) -> frozenset[str]:
        """The classes a seven- or five-character ATC code belongs to by their anchors."""
        return frozenset(self._with_containing(self._anchored(code), ""))

    def routes_of_atc(self, prefix: str) -> tuple[Route, ...]:
        """The routes of the listed substances under an ATC prefix: what an unlisted neighbour is likely given by."""
        routes: dict[Route, None] = {}
        for substance in self.substances.values():
            for code in substance.codes.atc:
                if code.startswith(prefix):
                    routes.update(dict.fromkeys(substance.atc_routes.get(code, substance.routes)))
        return tuple(sorted(routes))

    def members_of(self, class_id: str) -> tuple[str, ...]:
        """Substances of a class, sorted."""
        return tuple(sorted(name for name, classes in self._memberships.items() if class_id in classes))

    # --- rules ------------------------------------------------------------------------------------------------------

    def _rules(self, interactions: Iterable[Interaction]) -> Iterator[Rule]:
        for index, record in enumerate(interactions):
            if _active(record):
                test = test_of(record.when) if record.when else None
                rule = Rule(
                    index=index,
                    id=record.id,
                    record=record,
                    affected=_side(record.affected),
                    precipitant=_side(record.precipitant),
                    conditions=record.conditions,
                    test=test,
                    factors=tuple(
                        Factor(factor, test_of(factor.when), factor.severity.rank) for factor in record.factors
                    ),
                    needs=None if test is None else needed_of(test),
                    about=frozenset(record.conditions) or None,
                    ask=None if test is None else test.holds,
                    limits=_limits(record),
                    unconditional=not (record.conditions or record.when or record.factors),
                )
                self._index(rule)
                yield rule

    def _index(self, rule: Rule) -> None:
        """Put a rule where the engine will look for it."""
        affected = _keys(rule.record.affected)
        precipitant = _keys(rule.record.precipitant)
        for key in (*affected, *precipitant):
            self._by_key.setdefault(key, []).append(rule)
        if affected and precipitant:
            for one in affected:
                for other in precipitant:
                    self._pairs.setdefault((one, other), []).append(rule)
        elif affected or precipitant:
            index_of_scope = self._listed if rule.record.scope is Scope.LIST else self._single
            for key in affected or precipitant:
                index_of_scope.setdefault(key, []).append(rule)
        else:
            for condition in rule.conditions:
                self.by_condition.setdefault(condition, []).append(rule)

    def _concerned_keys(self) -> dict[str, frozenset[str]]:
        """What the rules are about or count, by key, each with the substances that all those rules leave out."""
        concerned: dict[str, frozenset[str]] = {}
        for rule in self.rules:
            for party in (rule.record.affected, rule.record.precipitant):
                for key in _keys(party):
                    left_out = frozenset(party.except_substances) if party else frozenset()
                    concerned[key] = concerned.get(key, left_out) & left_out
            for expression in (rule.record.when, *(factor.when for factor in rule.record.factors)):
                for key in counted_of(expression) if expression else ():
                    concerned[key] = frozenset()
        return concerned

    def _entry_of(self, record: Substance) -> Entry:
        return self.entry(
            record.id,
            record.name,
            frozenset(self._memberships[record.id]),
            routes=record.routes,
            salt_form=self.forms[record.salt_form] if record.salt_form else None,
            atc_routes=record.atc_routes,
        )

    def entry(
        self,
        substance_id: str,
        name: str,
        classes: frozenset[str],
        *,
        routes: tuple[Route, ...] = (),
        salt_form: SaltForm | None = None,
        atc_routes: Mapping[str, tuple[Route, ...]] | None = None,
    ) -> Entry:
        """What the engine reads of a substance, also of one that is only known by its ATC class."""
        keys = classes | {own_key(substance_id)}
        affected = tuple(sorted(keys & self._affected_keys))
        precipitant = tuple(sorted(keys & self._precipitant_keys))
        single = self._singles(self._single, name, substance_id, keys)
        listed = self._singles(self._listed, name, substance_id, keys)
        return Entry(
            id=substance_id,
            name=name,
            reference={"id": substance_id, "name": name},
            keys=keys,
            routes=routes,
            routes_set=frozenset(routes),
            salt_form=salt_form,
            atc_routes=atc_routes or {},
            single=single,
            listed=listed,
            affected_keys=affected,
            precipitant_keys=precipitant,
            relevant=any(substance_id not in self._concerned[key] for key in keys & self._concerned.keys()),
        )

    def _singles(
        self, index: Mapping[str, list[Rule]], name: str, substance_id: str, keys: frozenset[str]
    ) -> tuple[Single, ...]:
        found: dict[int, Single] = {}
        for key in keys & index.keys():
            for rule in index[key]:
                side = rule.affected or rule.precipitant
                if side is not None and substance_id not in side.excluded:
                    words = self._belongs(name, keys, rule.record.affected or rule.record.precipitant)
                    found[rule.index] = Single(rule, rule.affected is not None, side, words)
        return tuple(found[number] for number in sorted(found))

    def _belongs(self, name: str, keys: frozenset[str], party: Party | None) -> str:
        """Why a substance is on one side of a rule, in words."""
        classes = keys.intersection(party.classes) if party else ()
        return f"{name} ({self.class_names(classes)})" if classes else f"{name} (named by the rule)"

    def pairs_of(self, affected: Entry, precipitant: Entry) -> tuple[Pair, ...]:
        """The rules between two different substances, looked up once and then remembered."""
        known = affected.partners.get(precipitant.id)
        if known is not None:
            return known
        found: dict[int, Pair] = {}
        for one in affected.affected_keys if precipitant.id != affected.id else ():
            for other in precipitant.precipitant_keys:
                for rule in self._pairs.get((one, other), ()):
                    side, partner = rule.affected, rule.precipitant
                    if side is None or affected.id in side.excluded:
                        continue
                    if partner is None or precipitant.id in partner.excluded:
                        continue
                    found[rule.index] = Pair(
                        rule,
                        side,
                        partner,
                        side.fits((affected.routes_set, None)),
                        partner.fits((precipitant.routes_set, None)),
                        self._belongs(affected.name, affected.keys, rule.record.affected),
                        self._belongs(precipitant.name, precipitant.keys, rule.record.precipitant),
                    )
        result = tuple(found[number] for number in sorted(found))
        if self._pair_count < MAXIMUM_PAIRS:  # a bound on memory, not on answers
            self._pair_count += 1
            affected.partners[precipitant.id] = result
        return result

    def touching(self, entries: Iterable[Entry]) -> list[Rule]:
        """Every rule that names one of the substances or their classes, in order of the rule set."""
        keys = {key for entry in entries for key in entry.keys}
        found: dict[int, Rule] = {}
        for key in keys:
            for rule in self._by_key.get(key, ()):
                found[rule.index] = rule
        return [found[index] for index in sorted(found)]

    @cached_property
    def supplement_forms(self) -> tuple[tuple[SaltForm, Substance], ...]:
        """The forms that are sold for use by mouth, each with the substance that stands for it: a supplement first."""
        found: dict[str, tuple[SaltForm, Substance]] = {}
        for group in (SUPPLEMENT_CLASS, *_OTHER_ORAL_CLASSES):
            for name in self.members_of(group):
                record = self.substances[name]
                if _active(record) and record.salt_form is not None and Route.ORAL in record.routes:
                    found.setdefault(record.salt_form, (self.forms[record.salt_form], record))
        return tuple(found[name] for name in sorted(found) if _active(found[name][0]))

    def personal_factor(self, condition_id: str) -> PersonalFactor:
        """What a condition has to do with magnesium, as a report shows it; built when it is first asked for."""
        known = self._personal_factors.get(condition_id)
        if known is None:
            record = self.conditions[condition_id]
            known = self._personal_factors[condition_id] = {
                "condition_id": record.id,
                "name": record.name,
                "text": record.text,
                "citations": cited(record.evidence.citations, self.citations),
            }
        return known

    def fragment(self, rule: Rule, substance_id: str) -> Fragment:
        """The unchanging part of a finding of the rule about the affected substance ("" where there is none)."""
        known = rule.fragments.get(substance_id)
        if known is None:
            variant = next((one for one in rule.record.variants if substance_id in one.substances), None)
            if variant is None and substance_id:
                known = self.fragment(rule, "")
            else:
                known = build_fragment(rule.record, variant, self.citations)
            rule.fragments[substance_id] = known
        return known


def _active(record: Any) -> bool:  # noqa: ANN401 - any record
    return record.status is RecordStatus.ACTIVE


def _limits(record: Interaction) -> tuple[tuple[str, tuple[float, ...]], ...]:
    asked = [expression for expression in (record.when, *(factor.when for factor in record.factors)) if expression]
    numbers: dict[str, set[Fraction]] = {}
    for expression in asked:
        for name, limits in limits_of(expression).items():
            if name in MEASURED:
                numbers.setdefault(name, set()).update(limits)
    return tuple((name, tuple(sorted(map(float, numbers[name])))) for name in sorted(numbers))


def _keys(party: Party | None) -> tuple[str, ...]:
    if party is None:
        return ()
    return (*dict.fromkeys(party.classes), *(own_key(substance) for substance in dict.fromkeys(party.substances)))


def _side(party: Party | None) -> Side | None:
    if party is None:
        return None
    return Side(
        routes=frozenset(party.routes),
        dose_forms=frozenset(party.dose_forms),
        except_dose_forms=frozenset(party.except_dose_forms),
        excluded=frozenset(party.except_substances),
        asks_nothing=not (party.routes or party.dose_forms or party.except_dose_forms),
    )


def compile_rule_set(
    rule_set: RuleSet,
    *,
    version: int = 0,
    digest: str | None = None,
    places: Mapping[tuple[str, str], tuple[str, int]] | None = None,
) -> CompiledRuleSet:
    """Make a rule set ready to answer.

    ``digest`` saves computing it where the caller has just verified the canonical bytes; ``places`` says where each
    record stands, so that faults can name file and line.

    Raises:
        KnowledgeError: every reference that leads nowhere, every name or code claimed twice.
    """
    return CompiledRuleSet(rule_set, version=version, digest=digest or digest_of(rule_set), places=places or {})
