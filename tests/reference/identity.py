"""Who is who: what each line, condition and symptom of a question stands for, looked up record by record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain

from rules.model import Product, RuleSet, SaltForm
from rules.profile import Code, ConditionItem, MedicationItem
from rules.terms import CodeSystem, DoseForm, RecordStatus, Route
from tests.reference.truth import Truth

# Routes that keep a drug where it is put: such a drug is no cause of anything elsewhere in the body.
LOCAL = {Route.TOPICAL, Route.OPHTHALMIC, Route.OTIC, Route.NASAL, Route.INHALED}
# How a dose form can be given, where the form says so at all.
ROUTES_OF_FORM = {
    DoseForm.TABLET: {Route.ORAL},
    DoseForm.CHEWABLE_TABLET: {Route.ORAL},
    DoseForm.EFFERVESCENT: {Route.ORAL},
    DoseForm.GASTRO_RESISTANT: {Route.ORAL},
    DoseForm.CAPSULE: {Route.ORAL},
    DoseForm.LOZENGE: {Route.ORAL},
    DoseForm.INJECTION: {Route.INTRAVENOUS, Route.INTRAMUSCULAR, Route.SUBCUTANEOUS},
    DoseForm.INHALATION: {Route.INHALED},
    DoseForm.CREAM: {Route.TOPICAL, Route.VAGINAL, Route.RECTAL},
    DoseForm.OINTMENT: {Route.TOPICAL, Route.OPHTHALMIC, Route.RECTAL},
    DoseForm.EYE_DROPS: {Route.OPHTHALMIC},
    DoseForm.EAR_DROPS: {Route.OTIC},
    DoseForm.NASAL_SPRAY: {Route.NASAL},
    DoseForm.PATCH: {Route.TRANSDERMAL, Route.TOPICAL},
    DoseForm.SUPPOSITORY: {Route.RECTAL, Route.VAGINAL},
    DoseForm.ENEMA: {Route.RECTAL},
}


@dataclass(frozen=True)
class Who:
    """A substance, or something that is only known by its ATC code."""

    id: str
    classes: frozenset[str]
    routes: frozenset[Route]
    form: SaltForm | None


@dataclass
class Taken:
    """One line of the list."""

    item: MedicationItem
    who: list[Who] = field(default_factory=list)
    product: Product | None = None
    routes: frozenset[Route] = frozenset()
    disagrees: bool = False

    @property
    def id(self) -> str:
        return self.item.id

    @property
    def dose_form(self) -> DoseForm | None:
        return self.item.dose_form or (self.product.dose_form if self.product else None)

    @property
    def reaches(self) -> Truth:
        """Whether it reaches the body: by all, by some (not known) or by none of the routes it may have."""
        if not self.routes:
            return None
        local = self.routes & LOCAL
        if not local:
            return True
        return False if local == self.routes else None

    @property
    def times(self) -> int | None:
        return self.item.times_per_day or len(self.item.times) or None


def same_words(one: str, other: str) -> bool:
    """Names are the same whatever the case, accents and spacing, for the few the tests use."""

    def plain(text: str) -> str:
        return " ".join(text.lower().replace("é", "e").replace("-", " ").split())

    return plain(one) == plain(other)


class Identity:
    """The records of one rule set, as far as they say who is who."""

    def __init__(self, rule_set: RuleSet) -> None:
        self.rules = rule_set

    def in_class(self, class_id: str, substance_id: str, atc: Iterable[str]) -> bool:
        """By anchor, by name or through an included class; never when excluded, never in a withdrawn class."""
        for record in self.rules.classes:
            if record.id == class_id:
                if record.status is RecordStatus.WITHDRAWN or substance_id in record.exclusions:
                    return False
                return (
                    substance_id in record.members
                    or any(code.startswith(anchor) for code in atc for anchor in record.atc)
                    or any(self.in_class(included, substance_id, atc) for included in record.includes)
                )
        return False

    def classes_of(self, substance_id: str, atc: Iterable[str]) -> frozenset[str]:
        return frozenset(one.id for one in self.rules.classes if self.in_class(one.id, substance_id, atc))

    def substance(self, substance_id: str) -> list[Who]:
        """The substance, unless it is withdrawn."""
        found: list[Who] = []
        for record in self.rules.substances:
            if record.id == substance_id and record.status is RecordStatus.ACTIVE:
                forms = [form for form in self.rules.forms if form.id == record.salt_form]
                classes = self.classes_of(record.id, record.codes.atc)
                found.append(Who(record.id, classes, frozenset(record.routes), forms[0] if forms else None))
        return found

    def of_product(self, product: Product) -> list[Who]:
        return [who for part in product.ingredients for who in self.substance(part.substance)]

    def by_code(self, code: Code) -> tuple[list[Who], Product | None, set[Route]] | None:
        for record in self.rules.substances:
            own = {CodeSystem.RXNORM: record.codes.rxnorm, CodeSystem.ATC: record.codes.atc}.get(code.system, ())
            if code.code in own and record.status is RecordStatus.ACTIVE:
                return self.substance(record.id), None, set(record.atc_routes.get(code.code, ()))
        for product in self.rules.products:
            own = {CodeSystem.RXNORM: product.codes.rxnorm, CodeSystem.ATC: product.codes.atc}.get(code.system, ())
            if code.code in own and product.status is RecordStatus.ACTIVE:
                return self.of_product(product), product, set()
        if code.system is CodeSystem.ATC and self.classes_of("", [code.code]):
            name = f"atc-{code.code.lower()}"
            return [Who(name, self.classes_of("", [code.code]), self.neighbours_routes(code.code), None)], None, set()
        return None

    def neighbours_routes(self, code: str) -> frozenset[Route]:
        """An unlisted drug is likely given as its listed neighbours under the same five characters are."""
        return frozenset(
            route
            for record in self.rules.substances
            for own in record.codes.atc
            if own[:5] == code[:5]
            for route in record.atc_routes.get(own, record.routes)
        )

    def by_name(self, text: str) -> tuple[list[Who], Product | None] | None:
        for record in self.rules.substances:
            names = (record.name, *record.synonyms, *record.brands)
            if record.status is RecordStatus.ACTIVE and any(same_words(text, name) for name in names):
                return self.substance(record.id), None
        for product in self.rules.products:
            names = (product.name, *product.synonyms, *product.brands)
            if product.status is RecordStatus.ACTIVE and any(same_words(text, name) for name in names):
                return self.of_product(product), product
        return None

    def line(self, item: MedicationItem) -> Taken:
        """What a line stands for: all that its codes and its name say, told apart when they do not agree."""
        line = Taken(item)
        readings: list[list[Who]] = []
        routes_of_codes: set[Route] = set()
        coded = [self.by_code(code) for code in item.codes]
        known = [one for one in coded if one is not None]
        for substances, _, routes in known:
            readings.append(substances)
            routes_of_codes |= routes
        named = self.by_name(item.text) if item.text is not None else None
        if named is not None:
            readings.append(named[0])
        if known:
            line.product = known[0][1]
        elif named is not None:
            line.product = named[1]
        for who in chain.from_iterable(readings):
            if who.id not in {one.id for one in line.who}:
                line.who.append(who)
        line.disagrees = len({frozenset(who.id for who in reading) for reading in readings}) > 1
        line.routes = self.routes(line, routes_of_codes)
        return line

    def routes(self, line: Taken, routes_of_codes: set[Route]) -> frozenset[Route]:
        """The route given; else what the dose form given allows; else the code's, the product's, the substances'."""
        marketed = frozenset(route for who in line.who for route in who.routes)
        if line.item.route is not None:
            return frozenset({line.item.route})
        if line.item.dose_form is not None and line.item.dose_form in ROUTES_OF_FORM:
            allowed = frozenset(ROUTES_OF_FORM[line.item.dose_form])
            return allowed & marketed or allowed
        if routes_of_codes:
            return frozenset(routes_of_codes)
        return frozenset(line.product.routes) if line.product is not None else marketed

    def condition(self, item: ConditionItem) -> str | None:
        """A listed condition: the longest ICD-10-CM prefix of its codes, else its exact name."""
        active = [record for record in self.rules.conditions if record.status is RecordStatus.ACTIVE]
        for code in item.codes:
            fitting = [
                (len(prefix.replace(".", "")), record.id)
                for record in active
                for prefix in record.icd10cm
                if code.system is CodeSystem.ICD10CM
                and code.code.upper().replace(".", "").startswith(prefix.replace(".", ""))
            ]
            if fitting:
                return max(fitting)[1]
        for record in active:
            names = (record.id, record.name, *record.synonyms)
            if item.text is not None and any(same_words(item.text, name) for name in names):
                return record.id
        return None

    def symptom(self, text: str) -> str | None:
        """A symptom by its exact name."""
        for record in self.rules.symptoms:
            names = (record.id, record.name, *record.synonyms)
            if record.status is RecordStatus.ACTIVE and any(same_words(text, name) for name in names):
                return record.id
        return None
