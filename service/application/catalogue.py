"""The rule set as something to read: its records with what follows from them, and the ways to look for them.

Built once for each rule set. It answers from memory and changes nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Generic, TypeVar

from pydantic import Field, computed_field

from rules.canonical import digest
from rules.compiled import CompiledRuleSet
from rules.documents import Party, Record
from rules.model import (
    Citation,
    Condition,
    Guidance,
    Hydrate,
    IntakeLimit,
    Interaction,
    MedicationClass,
    Product,
    ReferenceRange,
    SaltForm,
    Substance,
    Symptom,
)
from rules.quantities import elemental_fraction, molar_mass, plain
from rules.report import RuleSetReference
from rules.tokens import normalise
from service.application.checks import RuleSetSource
from service.application.source_attributes import Attributes, SourceAttributes

_PERCENT_PLACES = 2


class SubstanceEntry(Substance):
    """A substance with the classes it belongs to."""

    class_ids: Annotated[tuple[str, ...], Field(description="Classes it belongs to, through codes or by name.")]


class ClassEntry(MedicationClass):
    """A medication class with its members."""

    substance_ids: Annotated[tuple[str, ...], Field(description="Substances of the knowledge base that belong to it.")]


class HydrateEntry(Hydrate):
    """A hydrate with what follows from its formula."""

    molar_mass: Annotated[str, Field(description="In g/mol.", examples=["40.304"])]
    elemental_percent: Annotated[
        str, Field(description="Share of the mass that is magnesium, in percent.", examples=["60.3"])
    ]


class FormEntry(SaltForm):
    """A supplement form with the magnesium content of each hydrate."""

    hydrates: tuple[HydrateEntry, ...]


class InteractionEntry(Interaction):
    """An interaction record with its identity, its worked cases and what a reader should know of its sources."""

    record_digest: Annotated[str, Field(description="SHA-256 of the record's canonical JSON, as findings name it.")]
    case_ids: Annotated[tuple[str, ...], Field(description="Worked cases that must pass before publishing.")]
    source_attributes: SourceAttributes


class CitationEntry(Citation):
    """A source with the address to open."""

    @computed_field  # type: ignore[prop-decorator]  # pydantic's way, which mypy does not know
    @property
    def address(self) -> str:
        """The address to open, the most stable identifier first."""
        return super().address


R = TypeVar("R", bound=Record)


class Shelf(Generic[R]):
    """All records of one kind, ordered by id."""

    def __init__(self, records: Iterable[R], words: Callable[[R], Iterable[str | None]]) -> None:
        """``words`` gives the texts a search looks into."""
        self.records: tuple[R, ...] = tuple(sorted(records, key=lambda record: record.id))
        self._by_id = {record.id: record for record in self.records}
        self._texts = {
            record.id: "\n".join(normalise(text) for text in (record.id, *words(record)) if text)
            for record in self.records
        }

    def get(self, record_id: str) -> R | None:
        """The record with the id."""
        return self._by_id.get(record_id)

    def find(self, text: str | None = None, *wanted: Callable[[R], bool]) -> Sequence[R]:
        """The records that have the text in one of their words and that everybody wants."""
        found: Sequence[R] = self.records
        if text:
            part = normalise(text)
            found = [record for record in found if part in self._texts[record.id]]
        for wants in wanted:
            found = [record for record in found if wants(record)]
        return found


class Catalogue:
    """One rule set, ready to be read."""

    def __init__(self, compiled: CompiledRuleSet) -> None:
        """Work out everything that follows from the records."""
        rule_set = compiled.rule_set
        self.compiled = compiled
        self.rule_set: RuleSetReference = {"version": compiled.version, "digest": compiled.digest}
        members = {record.id: compiled.members_of(record.id) for record in rule_set.classes}
        self._classes: dict[str, frozenset[str]] = {
            record.id: frozenset(name for name, substances in members.items() if record.id in substances)
            for record in rule_set.substances
        }
        cases: dict[str, list[str]] = {}
        for case in rule_set.cases:
            if case.interaction is not None:
                cases.setdefault(case.interaction, []).append(case.id)
        self.substances = Shelf(
            (_extended(SubstanceEntry, one, class_ids=sorted(self._classes[one.id])) for one in rule_set.substances),
            lambda one: (one.name, *one.synonyms, *one.brands),
        )
        self.products: Shelf[Product] = Shelf(rule_set.products, lambda one: (one.name, *one.synonyms, *one.brands))
        self.classes = Shelf(
            (_extended(ClassEntry, one, substance_ids=members[one.id]) for one in rule_set.classes),
            lambda one: (one.name, one.description),
        )
        self.forms = Shelf(map(_form, rule_set.forms), lambda one: (one.name, *(salt.name for salt in one.hydrates)))
        attributes = Attributes(compiled)
        self.interactions = Shelf(
            (
                _extended(
                    InteractionEntry,
                    one,
                    record_digest=digest(one),
                    case_ids=sorted(cases.get(one.id, ())),
                    source_attributes=attributes.of(one),
                )
                for one in rule_set.interactions
            ),
            lambda one: (one.title, one.effect),
        )
        self.conditions: Shelf[Condition] = Shelf(rule_set.conditions, lambda one: (one.name, *one.synonyms))
        self.symptoms: Shelf[Symptom] = Shelf(rule_set.symptoms, lambda one: (one.name, *one.synonyms))
        self.citations = Shelf(
            (_extended(CitationEntry, one) for one in rule_set.citations),
            lambda one: (one.title, one.publisher, one.pmid, one.doi),
        )
        self.guidance: Shelf[Guidance] = Shelf(rule_set.guidance, lambda one: (one.title, one.text))
        self.reference_ranges: Shelf[ReferenceRange] = Shelf(rule_set.reference_ranges, lambda one: (one.name,))
        self.intake_limits: Shelf[IntakeLimit] = Shelf(rule_set.intake_limits, lambda one: (one.name, one.body))
        self.counts: dict[str, int] = {
            name: len(content)
            for name in type(rule_set).model_fields
            if isinstance(content := getattr(rule_set, name), tuple)
        }

    def names_class(self, interaction: Interaction, class_id: str) -> bool:
        """Whether one of the parties names the class itself."""
        return any(class_id in party.classes for party in _parties(interaction))

    def concerns_substance(self, interaction: Interaction, substance_id: str) -> bool:
        """Whether the substance belongs to one of the parties, by its own name or through a class."""
        classes = self._classes.get(substance_id, frozenset())
        return any(
            substance_id not in party.except_substances
            and (substance_id in party.substances or not classes.isdisjoint(party.classes))
            for party in _parties(interaction)
        )


class Catalogues:
    """The catalogue of whichever rule set answers, built when it is first asked for."""

    def __init__(self, rule_sets: RuleSetSource) -> None:
        """Nothing is built yet."""
        self._rule_sets = rule_sets
        self._lock = threading.Lock()
        self._built: Catalogue | None = None

    def at_hand(self) -> Catalogue | None:
        """The catalogue, if asking for it takes no time; none while it has to be built.

        Raises:
            NoRuleSet: there is nothing to read.
        """
        built = self._built
        return built if built is not None and built.compiled is self._rule_sets.current() else None

    def current(self) -> Catalogue:
        """The catalogue; it may take a moment, once for each rule set.

        Raises:
            NoRuleSet: there is nothing to read.
        """
        with self._lock:
            compiled = self._rule_sets.current()
            if self._built is None or self._built.compiled is not compiled:
                self._built = Catalogue(compiled)
            return self._built


E = TypeVar("E", bound=Record)


def _extended(entry: type[E], record: Record, **more: object) -> E:
    """A record with what follows from it."""
    return entry.model_validate({**record.__dict__, **more})


def _form(record: SaltForm) -> FormEntry:
    hydrates = tuple(
        HydrateEntry(
            name=one.name,
            formula=one.formula,
            molar_mass=plain(molar_mass(one.formula), 3),
            elemental_percent=plain(elemental_fraction(one.formula) * 100, _PERCENT_PLACES),
        )
        for one in record.hydrates
    )
    return _extended(FormEntry, record, hydrates=hydrates)


def _parties(interaction: Interaction) -> Iterable[Party]:
    return (party for party in (interaction.affected, interaction.precipitant) if party is not None)
