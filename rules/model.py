"""The documents of the knowledge base: what one YAML record may hold. Frozen, and unknown keys are refused.

These types only describe records and check what can be seen inside one record; whether records fit together is
decided by `rules.compiled` and `rules.lint`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, ClassVar, Self, get_args, get_origin

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from rules.care import Administration, MonitoringSchedule, RecommendedIntake, SupplementTarget
from rules.documents import (
    AtcCode,
    AtcPrefix,
    Bounds,
    CitedText,
    Document,
    Evidence,
    Expression,
    Flag,
    Formula,
    Hours,
    Icd10Prefix,
    Name,
    Party,
    Record,
    Reference,
    References,
    RxCui,
    ShortText,
    Slug,
    Text,
    Title,
    Unii,
    moderate,
)
from rules.profile import MedicationProfile
from rules.terms import (
    AbsorptionRank,
    Applicability,
    AssessmentArea,
    CaseKind,
    CheckStatus,
    CitationKind,
    DeficiencyState,
    Direction,
    DisagreementPolicy,
    DoseBasis,
    DoseForm,
    ExcessState,
    FindingOrigin,
    Fit,
    GuidanceTopic,
    LaxativeEffect,
    MagnesiumEffect,
    MagnesiumLevel,
    ManagementAction,
    MonitoringState,
    MonitoringTest,
    Onset,
    OperationalClass,
    PlanDecision,
    RecognitionState,
    Replacement,
    Route,
    Scope,
    Seriousness,
    Severity,
    Solubility,
    SymptomStage,
    TimetableState,
    TimingState,
    Verdict,
    Verification,
)


class SubstanceCodes(Document):
    """Codes of exactly this substance, never of its class."""

    rxnorm: tuple[RxCui, ...] = ()
    atc: tuple[AtcCode, ...] = ()
    unii: tuple[Unii, ...] = ()


class Substance(Record):
    """An active moiety or salt, one RxNorm ingredient. ``routes`` are those it is marketed for: they stand in for a
    route the caller does not give. ``atc_routes`` says which route an ATC code of it implies."""  # noqa: D205, D209

    name: Name
    synonyms: tuple[Name, ...] = ()
    brands: tuple[Name, ...] = ()
    codes: SubstanceCodes = SubstanceCodes()
    routes: Annotated[tuple[Route, ...], Field(min_length=1)]
    atc_routes: dict[AtcCode, tuple[Route, ...]] = Field(default={})
    salt_form: Slug | None = None
    code_note: ShortText | None = None

    @model_validator(mode="after")
    def _atc_routes_are_own(self) -> Self:
        for code, routes in self.atc_routes.items():
            if code not in self.codes.atc:
                message = f"atc_routes names {code}, which is not among codes.atc"
                raise ValueError(message)
            if foreign := set(routes) - set(self.routes):
                message = f"atc_routes of {code} names routes that are not among routes: {', '.join(sorted(foreign))}"
                raise ValueError(message)
        return self


class Hydrate(Document):
    """One chemical form of a salt; the elemental fraction is computed from the formula."""

    name: Name
    formula: Formula


class Absorption(CitedText):
    """How well a form is absorbed in people, relative to the others."""

    rank: AbsorptionRank


class LaxativeProfile(CitedText):
    """How a form acts on the bowel."""

    effect: LaxativeEffect


class SolubilityProfile(CitedText):
    """How a form dissolves."""

    solubility: Solubility


class SuppliedAs(Document):
    """A strength in which a form is sold, as a label gives it; the magnesium is in one unit of it."""

    name: Name
    dose_form: DoseForm
    elemental_magnesium_mg: Annotated[Decimal, Field(gt=0), AfterValidator(moderate)]
    citations: References


class SaltForm(Record):
    """A supplement form: what it is made of and how it differs from the others, each difference cited."""

    name: Name
    hydrates: Annotated[tuple[Hydrate, ...], Field(min_length=1)]
    raises_gastric_ph: Flag
    # What a strength written after the name counts ("magnesium oxide 400 mg"); left out where labels differ.
    label_strength: DoseBasis | None = None
    absorption: Absorption
    laxative: LaxativeProfile
    solubility: SolubilityProfile
    side_effects: Annotated[tuple[CitedText, ...], Field(min_length=1)]
    usual_use: CitedText
    notes: tuple[CitedText, ...] = ()
    supplied_as: tuple[SuppliedAs, ...] = ()


class Ingredient(Document):
    """A substance in a product; ``elemental_magnesium_mg`` is per unit of the product, when the label says so."""

    substance: Slug
    strength: ShortText | None = None
    elemental_magnesium_mg: Annotated[Decimal, Field(gt=0), AfterValidator(moderate)] | None = None


class PresentedAmount(Document):
    """How much of one ingredient a presentation holds: the mass that the label counts, the magnesium in it, or both."""

    substance: Slug
    mg: Annotated[Decimal, Field(gt=0), AfterValidator(moderate)] | None = None
    elemental_magnesium_mg: Annotated[Decimal, Field(gt=0), AfterValidator(moderate)] | None = None

    @model_validator(mode="after")
    def _says_how_much(self) -> Self:
        if self.mg is self.elemental_magnesium_mg is None:
            message = "give mg, elemental_magnesium_mg or both, as the label does"
            raise ValueError(message)
        return self


class Presentation(Document):
    """A strength in which a product is sold: what its label says of so many ``millilitres``, or else of one unit."""

    name: Name
    millilitres: Annotated[Decimal, Field(gt=0), AfterValidator(moderate)] | None = None
    amounts: Annotated[tuple[PresentedAmount, ...], Field(min_length=1)]
    citations: References

    def amount_of(self, substance_id: str) -> PresentedAmount | None:
        """What it holds of a substance; None where the label does not say."""
        return next((amount for amount in self.amounts if amount.substance == substance_id), None)


class ProductCodes(Document):
    """Codes of exactly this combination."""

    rxnorm: tuple[RxCui, ...] = ()
    atc: tuple[AtcCode, ...] = ()


class Product(Record):
    """A product or fixed combination known by one name.

    ``presentations`` are all the strengths that its names may stand for: where they differ and a line does not say
    which is meant, each of them is possible.
    """

    name: Name
    synonyms: tuple[Name, ...] = ()
    brands: tuple[Name, ...] = ()
    codes: ProductCodes = ProductCodes()
    ingredients: Annotated[tuple[Ingredient, ...], Field(min_length=1)]
    # None, not empty: records of older rule sets keep their canonical JSON and with it their digest.
    presentations: Annotated[tuple[Presentation, ...], Field(min_length=1)] | None = None
    routes: Annotated[tuple[Route, ...], Field(min_length=1)] = (Route.ORAL,)
    dose_form: DoseForm | None = None
    code_note: ShortText | None = None

    @model_validator(mode="after")
    def _presents_its_ingredients(self) -> Self:
        ingredients = {ingredient.substance for ingredient in self.ingredients}
        for presentation in self.presentations or ():
            named = [amount.substance for amount in presentation.amounts]
            if foreign := set(named) - ingredients:
                message = f"{presentation.name!r} names what is no ingredient: {', '.join(sorted(foreign))}"
                raise ValueError(message)
            if len(set(named)) < len(named):
                message = f"{presentation.name!r} names an ingredient twice"
                raise ValueError(message)
        return self


class MedicationClass(Record):
    """Substances that share a magnesium behaviour: every substance with an ATC code under an anchor, every explicit
    member and every member of an included class, less the exclusions (and what the exclusions' reason says)."""  # noqa: D205, D209

    name: Name
    description: Text
    atc: tuple[AtcPrefix, ...] = ()
    members: tuple[Slug, ...] = ()
    includes: tuple[Slug, ...] = ()
    exclusions: tuple[Slug, ...] = ()
    exclusion_reason: ShortText | None = None

    @model_validator(mode="after")
    def _has_members(self) -> Self:
        if not (self.atc or self.members or self.includes):
            message = "a class needs at least one of atc, members, includes"
            raise ValueError(message)
        if self.exclusions and not self.exclusion_reason:
            message = "exclusions need an exclusion_reason"
            raise ValueError(message)
        return self


class Position(Document):
    """What one source says where sources disagree."""

    citation: Slug
    text: ShortText
    magnesium_first_hours: Hours | None = None
    drug_first_hours: Hours | None = None


class Disagreement(Document):
    """Sources that do not agree, all kept, and the policy that chose."""

    positions: Annotated[tuple[Position, ...], Field(min_length=2)]
    policy: DisagreementPolicy
    text: ShortText


class Separation(Document):
    """Hours between doses, two numbers: after magnesium until the drug, and after the drug until magnesium.

    ``None`` means that the source gives no number for that side. ``spacing_helps: false`` means that no interval is
    known to be enough, and then there are no numbers.
    """

    magnesium_first_hours: Hours | None = None
    drug_first_hours: Hours | None = None
    spacing_helps: Flag = True
    text: ShortText | None = None
    disagreement: Disagreement | None = None

    @model_validator(mode="after")
    def _numbers_fit(self) -> Self:
        numbers = self.magnesium_first_hours is not None or self.drug_first_hours is not None
        if not self.spacing_helps and numbers:
            message = "where no spacing helps there are no hours"
            raise ValueError(message)
        if self.spacing_helps and not numbers:
            message = "give magnesium_first_hours or drug_first_hours, or say spacing_helps: false"
            raise ValueError(message)
        return self


class PrescriberNote(Document):
    """One headed paragraph for the prescriber; the heading names the action."""

    heading: Annotated[str, StringConstraints(min_length=3, max_length=80, strip_whitespace=True)]
    text: Annotated[str, StringConstraints(min_length=3, max_length=500, strip_whitespace=True)]


class Management(Document):
    """What a professional may do about it. ``text`` advises the professional, ``patient_text`` is for the patient."""

    action: ManagementAction
    text: Text
    patient_text: ShortText
    prescriber: PrescriberNote | None = None
    separation: Separation | None = None
    monitoring: tuple[ShortText, ...] = ()


class ModifyingFactor(Document):
    """A fact that changes the severity. A factor that lowers it is a mitigation, and the report shows it."""

    id: Slug
    when: Expression
    severity: Severity
    operational_class: OperationalClass | None = None
    text: ShortText
    citations: References


class Variant(Document):
    """How single substances of the affected party differ from the record, each difference with its own citations."""

    substances: Annotated[tuple[Slug, ...], Field(min_length=1)]
    severity: Severity | None = None
    operational_class: OperationalClass | None = None
    effect: Text | None = None
    separation: Separation | None = None
    management_text: Text | None = None
    evidence: Evidence


class Interaction(Record):
    """One interaction: who meets whom, when it applies, what follows and what may be done.

    ``affected`` alone or ``precipitant`` alone: about one medication. Both: about a pair of different medications.
    ``conditions``: one of these must be present; with no party, the record is about the condition itself.
    ``scope: list``: all that match are judged together; else each by itself, and those that act may share a finding.
    """

    review_years: ClassVar[int] = 2

    # The day on which it first answered somebody; `last_reviewed_on` is the day of its last revision.
    released_on: date | None = None
    title: Title
    direction: Direction
    severity: Severity
    seriousness: Seriousness
    operational_class: OperationalClass
    onset: Onset
    scope: Scope = Scope.EACH
    affected: Party | None = None
    precipitant: Party | None = None
    conditions: tuple[Slug, ...] = ()
    when: Expression | None = None
    mechanism: Text
    effect: Text
    management: Management
    factors: tuple[ModifyingFactor, ...] = ()
    variants: tuple[Variant, ...] = ()
    evidence: Evidence

    @model_validator(mode="after")
    def _shape(self) -> Self:
        if not (self.affected or self.precipitant or self.conditions):
            message = "an interaction needs an affected or precipitant party, or conditions"
            raise ValueError(message)
        if self.scope is Scope.LIST and ((self.affected is None) == (self.precipitant is None)):
            message = "scope: list takes exactly one party"
            raise ValueError(message)
        if self.variants and self.affected is None:
            message = "variants describe substances of the affected party, and there is none"
            raise ValueError(message)
        if len({factor.id for factor in self.factors}) != len(self.factors):
            message = "factor ids must differ"
            raise ValueError(message)
        return self


class Implied(Document):
    """Facts that a condition implies when they are not given themselves."""

    egfr: Bounds | None = None
    dialysis: Flag | None = None


class Condition(Record):
    """A condition or population. ``present_when`` derives a population from facts such as age; ``icd10cm`` holds code
    prefixes."""  # noqa: D205, D209

    name: Name
    synonyms: tuple[Name, ...] = ()
    icd10cm: tuple[Icd10Prefix, ...] = ()
    present_when: Expression | None = None
    implies: Implied | None = None
    magnesium_effect: MagnesiumEffect
    text: Text
    evidence: Evidence


class Symptom(Record):
    """A symptom of low or high magnesium. Symptoms are unspecific: one alone never makes anybody deficient."""

    name: Name
    synonyms: tuple[Name, ...] = ()
    level: MagnesiumLevel
    stage: SymptomStage
    text: Text
    citations: References


class Band(Document):
    """One band of a reference range; bounds in the range's unit."""

    name: Name
    level: MagnesiumLevel
    bounds: Bounds
    meaning: Text
    advice: Text
    severity: Severity | None = None
    replacement: Replacement | None = None


class ReferenceRange(Record):
    """Bands of a laboratory value, from lowest to highest, without gaps. A value is called stale when it is older than
    ``current_for_days``."""  # noqa: D205, D209

    name: Name
    analyte: Annotated[str, StringConstraints(pattern=r"^serum_(magnesium|potassium|calcium)$")]
    unit: Annotated[str, StringConstraints(pattern=r"^mmol/L$")]
    current_for_days: Annotated[int, Field(strict=True, ge=1, le=3660)] | None = None
    bands: Annotated[tuple[Band, ...], Field(min_length=1)]
    text: Text
    citations: References


class IntakeLimit(Record):
    """An upper level for magnesium from supplements and medicines (food excluded), in mg a day."""

    name: Name
    body: Name
    mg_per_day: Annotated[Decimal, Field(gt=0), AfterValidator(moderate)]
    age_years: Bounds | None = None
    text: Text
    citations: References


class Guidance(Record):
    """A short cited page on one topic."""

    topic: GuidanceTopic
    title: Title
    text: Annotated[str, StringConstraints(min_length=3, max_length=3000, strip_whitespace=True)]
    patient_text: ShortText | None = None
    citations: References


class Citation(Record):
    """A source somebody can open: a journal identifier, a label set id or an address."""

    kind: CitationKind
    title: Annotated[str, StringConstraints(min_length=3, max_length=300, strip_whitespace=True)]
    publisher: Name | None = None
    year: Annotated[int, Field(strict=True, ge=1900, le=2100)] | None = None
    pmid: Annotated[str, StringConstraints(pattern=r"^[1-9]\d{0,8}$")] | None = None
    pmcid: Annotated[str, StringConstraints(pattern=r"^PMC\d+$")] | None = None
    doi: Annotated[str, StringConstraints(pattern=r"^10\.\d{4,9}/\S+$")] | None = None
    dailymed_set_id: (
        Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")] | None
    ) = None
    url: Annotated[str, StringConstraints(pattern=r"^https://\S+$", max_length=400)] | None = None
    accessed_on: date
    verification: Verification

    @model_validator(mode="after")
    def _can_be_opened(self) -> Self:
        if not (self.pmid or self.pmcid or self.doi or self.dailymed_set_id or self.url):
            message = "a citation needs an identifier somebody can open: pmid, pmcid, doi, dailymed_set_id or url"
            raise ValueError(message)
        return self

    @property
    def address(self) -> str:
        """The address to open, the most stable identifier first."""
        if self.doi:
            return f"https://doi.org/{self.doi}"
        if self.pmid:
            return f"https://pubmed.ncbi.nlm.nih.gov/{self.pmid}/"
        if self.pmcid:
            return f"https://www.ncbi.nlm.nih.gov/pmc/articles/{self.pmcid}/"
        if self.dailymed_set_id:
            return f"https://dailymed.nlm.nih.gov/dailymed/drugInfo.cfm?setid={self.dailymed_set_id}"
        return self.url or ""


class Attribution(Record):
    """Who made rules from the literature, and who paid for it; readers of a rule are told.

    It speaks for the ``interactions`` it names; one that names none speaks for all that no other names.
    """

    developer: Title
    funding_source: Title
    interactions: tuple[Slug, ...] = ()


class Assessment(Record):
    """One question of the literature and what this knowledge base makes of it, also when the answer is silence.

    The ids name where the answer stands: for a rule its interactions, for silence the cases that keep it.
    """

    review_years: ClassVar[int] = 2

    title: Title
    area: AssessmentArea
    verdict: Verdict
    text: Text
    classes: tuple[Slug, ...] = ()
    substances: tuple[Slug, ...] = ()
    conditions: tuple[Slug, ...] = ()
    forms: tuple[Slug, ...] = ()
    interactions: tuple[Slug, ...] = ()
    guidance: tuple[Slug, ...] = ()
    cases: tuple[Slug, ...] = ()
    citations: tuple[Reference, ...] = ()

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        if self.verdict is Verdict.RULE and not self.interactions:
            message = "the verdict rule names its interactions"
            raise ValueError(message)
        if self.verdict is Verdict.NO_ALERT and not self.cases:
            message = "the verdict no_alert names the cases that keep it silent"
            raise ValueError(message)
        return self


class ExpectedFinding(Document):
    """A finding that must be there; only what is written is compared."""

    interaction: Slug
    severity: Severity | None = None
    operational_class: OperationalClass | None = None
    applicability: Applicability | None = None
    medications: tuple[str, ...] | None = None
    missing_facts: tuple[str, ...] | None = None
    severity_ceiling: Severity | None = None
    magnesium_first_hours: Hours | None = None
    drug_first_hours: Hours | None = None
    spacing_helps: Flag | None = None
    timing: TimingState | None = None
    origin: FindingOrigin | None = None


class ExpectedForm(Document):
    """What a plan should say about a form."""

    form: Slug
    fit: Fit


class ExpectedTest(Document):
    """What should be on the worklist."""

    test: MonitoringTest
    state: MonitoringState
    due_on: date | None = None


class ExpectedPlan(Document):
    """What the plan should come to; only what is written is compared."""

    decision: PlanDecision | None = None
    forms: tuple[ExpectedForm, ...] = ()
    food: Flag | None = None
    monitoring: tuple[ExpectedTest, ...] = ()


class ExpectedTimetable(Document):
    """What the timetable should come to. ``times``: of medications of the profile; ``conflict``: the smallest set that
    cannot fit together."""  # noqa: D205, D209

    state: TimetableState | None = None
    times: dict[str, tuple[str, ...]] = Field(default={})
    moved: tuple[str, ...] | None = None
    conflict: tuple[str, ...] | None = None


class Expectation(Document):
    """What the literature says should happen."""

    findings: tuple[ExpectedFinding, ...] = ()
    absent: tuple[Slug, ...] = ()
    no_other_findings: Flag = False
    settled: tuple[Slug, ...] | None = None
    status: CheckStatus | None = None
    deficiency: DeficiencyState | None = None
    excess: ExcessState | None = None
    plan: ExpectedPlan | None = None
    timetable: ExpectedTimetable | None = None
    elemental_mg_per_day: str | None = None
    states: dict[str, RecognitionState] = Field(default={})


class Case(Record):
    """A worked example that must pass before a rule set is published."""

    interaction: Slug | None = None
    kind: CaseKind
    title: Title
    rationale: Text
    citations: References
    profile: MedicationProfile
    expect: Expectation

    @model_validator(mode="after")
    def _belongs_to_an_interaction(self) -> Self:
        if (self.interaction is None) != (self.kind is CaseKind.WHOLE_LIST):
            message = "a case names its interaction, unless its kind is whole_list"
            raise ValueError(message)
        return self


class RuleSet(Document):
    """All records together. Its canonical JSON, and so its digest, is its identity."""

    schema_version: Annotated[int, Field(strict=True, ge=1, le=1)] = 1
    substances: tuple[Substance, ...] = ()
    products: tuple[Product, ...] = ()
    classes: tuple[MedicationClass, ...] = ()
    forms: tuple[SaltForm, ...] = ()
    interactions: tuple[Interaction, ...] = ()
    conditions: tuple[Condition, ...] = ()
    symptoms: tuple[Symptom, ...] = ()
    reference_ranges: tuple[ReferenceRange, ...] = ()
    intake_limits: tuple[IntakeLimit, ...] = ()
    recommended_intakes: tuple[RecommendedIntake, ...] = ()
    supplement_targets: tuple[SupplementTarget, ...] = ()
    administrations: tuple[Administration, ...] = ()
    monitoring_schedules: tuple[MonitoringSchedule, ...] = ()
    guidance: tuple[Guidance, ...] = ()
    assessments: tuple[Assessment, ...] = ()
    citations: tuple[Citation, ...] = ()
    attributions: tuple[Attribution, ...] = ()
    cases: tuple[Case, ...] = ()


# The records of a rule set by the field that holds them.
RECORD_TYPES: Mapping[str, type[Record]] = MappingProxyType(
    {
        kind: get_args(field.annotation)[0]
        for kind, field in RuleSet.model_fields.items()
        if get_origin(field.annotation) is tuple
    }
)
