"""The documents of the knowledge base: what one YAML record may hold. Frozen, and unknown keys are refused.

These types only describe records and check what can be seen inside one record; whether records fit together is
decided by `rules.compiled` and `rules.lint`.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import MAXYEAR, date
from decimal import Decimal
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, StringConstraints, model_validator

from rules.profile import MedicationProfile
from rules.quantities import elemental_fraction
from rules.terms import (
    AbsorptionRank,
    Applicability,
    AssessmentArea,
    CaseKind,
    CheckStatus,
    CitationKind,
    Direction,
    DisagreementPolicy,
    DoseBasis,
    DoseForm,
    EvidenceGrade,
    GuidanceTopic,
    LaxativeEffect,
    MagnesiumEffect,
    MagnesiumLevel,
    ManagementAction,
    Onset,
    OperationalClass,
    Pregnancy,
    RecognitionState,
    RecordStatus,
    Route,
    Scope,
    Seriousness,
    Severity,
    Sex,
    Solubility,
    SymptomStage,
    TimingState,
    Verdict,
    Verification,
)

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$", max_length=80)]
Title = Annotated[str, StringConstraints(min_length=3, max_length=140, strip_whitespace=True)]
Text = Annotated[str, StringConstraints(min_length=3, max_length=1200, strip_whitespace=True)]
ShortText = Annotated[str, StringConstraints(min_length=3, max_length=400, strip_whitespace=True)]
Name = Annotated[str, StringConstraints(min_length=2, max_length=120, strip_whitespace=True)]
# Not "yes", not 1: what is not the word true or false is a slip, and a slip is refused.
Flag = Annotated[bool, Strict()]
Hours = Annotated[Decimal, Field(ge=0, le=48, decimal_places=2)]
AtcPrefix = Annotated[str, StringConstraints(pattern=r"^[A-V](?:\d\d(?:[A-Z](?:[A-Z](?:\d\d)?)?)?)?$")]
AtcCode = Annotated[str, StringConstraints(pattern=r"^[A-V]\d\d[A-Z][A-Z]\d\d$")]
RxCui = Annotated[str, StringConstraints(pattern=r"^[1-9]\d{0,7}$")]
Unii = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{10}$")]
Icd10Prefix = Annotated[str, StringConstraints(pattern=r"^[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?$")]


def _formula(value: str) -> str:
    elemental_fraction(value)
    return value


# Twelve digits on either side are more than any limit or content needs; "1E+999999999" would fill the memory.
_MOST_DIGITS = 12


def _moderate(value: Decimal) -> Decimal:
    exponent = value.as_tuple().exponent
    if value.adjusted() >= _MOST_DIGITS or not isinstance(exponent, int) or exponent < -_MOST_DIGITS:
        message = f"a number has at most {_MOST_DIGITS} digits before and after the decimal point"
        raise ValueError(message)
    return value


Number = Annotated[Decimal, AfterValidator(_moderate)]
Formula = Annotated[str, StringConstraints(max_length=80), AfterValidator(_formula)]


class Document(BaseModel):
    """What every part of a record has in common."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Record(Document):
    """A reviewed record. ``id`` is its file name, or unique inside a family file."""

    id: Slug
    status: RecordStatus = RecordStatus.ACTIVE
    last_reviewed_on: date

    # Names, codes and sources change more slowly than what is advised.
    review_years: ClassVar[int] = 4

    @property
    def review_due_on(self) -> date:
        """The day by which somebody reads the sources again; what is not reviewed in time still counts, and says so."""
        last = self.last_reviewed_on
        year = min(last.year + self.review_years, MAXYEAR)
        return last.replace(year=year, day=min(last.day, monthrange(year, last.month)[1]))


class Reference(Document):
    """One citation and the part of the record it supports."""

    citation: Slug
    supports: ShortText | None = None


References = Annotated[tuple[Reference, ...], Field(min_length=1)]


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
    atc_routes: dict[AtcCode, tuple[Route, ...]] = {}
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


class CitedText(Document):
    """A sentence or two with the citations behind it."""

    text: Text
    citations: References


class Absorption(CitedText):
    """How well a form is absorbed in people, relative to the others."""

    rank: AbsorptionRank


class LaxativeProfile(CitedText):
    """How a form acts on the bowel."""

    effect: LaxativeEffect


class SolubilityProfile(CitedText):
    """How a form dissolves."""

    solubility: Solubility


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


class Ingredient(Document):
    """A substance in a product; ``elemental_magnesium_mg`` is per unit of the product, when the label says so."""

    substance: Slug
    strength: ShortText | None = None
    elemental_magnesium_mg: Annotated[Decimal, Field(gt=0), AfterValidator(_moderate)] | None = None


class ProductCodes(Document):
    """Codes of exactly this combination."""

    rxnorm: tuple[RxCui, ...] = ()
    atc: tuple[AtcCode, ...] = ()


class Product(Record):
    """A product or fixed combination known by one name."""

    name: Name
    synonyms: tuple[Name, ...] = ()
    brands: tuple[Name, ...] = ()
    codes: ProductCodes = ProductCodes()
    ingredients: Annotated[tuple[Ingredient, ...], Field(min_length=1)]
    routes: Annotated[tuple[Route, ...], Field(min_length=1)] = (Route.ORAL,)
    dose_form: DoseForm | None = None
    code_note: ShortText | None = None


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


class Bounds(Document):
    """A half-line or interval; each bound is exact and says by its name whether it includes the limit."""

    below: Number | None = None
    at_most: Number | None = None
    above: Number | None = None
    at_least: Number | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.below is self.at_most is self.above is self.at_least is None:
            message = "give at least one of below, at_most, above, at_least"
            raise ValueError(message)
        if (self.below is not None and self.at_most is not None) or (
            self.above is not None and self.at_least is not None
        ):
            message = "give either below or at_most, and either above or at_least"
            raise ValueError(message)
        return self


class CoMedication(Document):
    """Other medications on the list, counted by substance; an own class never counts against itself."""

    classes: tuple[Slug, ...] = ()
    substances: tuple[Slug, ...] = ()
    at_least: Annotated[int, Field(strict=True, ge=1, le=20)] = 1

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not (self.classes or self.substances):
            message = "name at least one class or substance"
            raise ValueError(message)
        return self


class RiskCount(Document):
    """Independent causes counted together: one for each listed class with a member on the list, one for each listed
    condition that is present (each condition counts once)."""  # noqa: D205, D209

    classes: tuple[Slug, ...] = ()
    conditions: tuple[Slug, ...] = ()
    at_least: Annotated[int, Field(strict=True, ge=1, le=20)]


class Expression(Document):
    """When something applies: exactly one key. Facts that are not known make the answer `may_apply`.

    ``egfr`` is in mL/min/1.73 m2 (or mL/min for a creatinine clearance); serum values are in mmol/L; ``age_years``
    in years; ``elemental_mg_per_day`` is the magnesium from all products on the list; ``duration_days`` (whole
    days), ``duration_months`` and ``daily_dose_mg`` are those of the rule's own medication.
    """

    all: Annotated[tuple[Expression, ...], Field(min_length=1)] | None = None
    any: Annotated[tuple[Expression, ...], Field(min_length=1)] | None = None
    not_: Annotated[Expression | None, Field(alias="not")] = None
    egfr: Bounds | None = None
    dialysis: Flag | None = None
    age_years: Bounds | None = None
    sex: Sex | None = None
    pregnancy: Pregnancy | None = None
    conditions: Annotated[tuple[Slug, ...], Field(min_length=1)] | None = None
    symptoms: Annotated[tuple[Slug, ...], Field(min_length=1)] | None = None
    serum_magnesium: Bounds | None = None
    serum_potassium: Bounds | None = None
    serum_calcium: Bounds | None = None
    elemental_mg_per_day: Bounds | None = None
    co_medication: CoMedication | None = None
    risk_count: RiskCount | None = None
    duration_days: Bounds | None = None
    duration_months: Bounds | None = None
    daily_dose_mg: Bounds | None = None

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            message = f"an expression has exactly one key, this one has {len(given)}; combine with all, any or not"
            raise ValueError(message)
        return self


class Party(Document):
    """One side of an interaction: members of any of the classes, or the substances, by one of the routes and in one
    of the dose forms (empty: any). ``except_substances`` are left out."""  # noqa: D205, D209

    classes: tuple[Slug, ...] = ()
    substances: tuple[Slug, ...] = ()
    except_substances: tuple[Slug, ...] = ()
    routes: tuple[Route, ...] = ()
    dose_forms: tuple[DoseForm, ...] = ()
    except_dose_forms: tuple[DoseForm, ...] = ()

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not (self.classes or self.substances):
            message = "name at least one class or substance"
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


class Evidence(Document):
    """How sure we are, and from where."""

    grade: EvidenceGrade
    citations: References


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
    ``scope: list`` gives one finding for all matching medications together.
    """

    review_years: ClassVar[int] = 2

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


class ReferenceRange(Record):
    """Bands of a laboratory value, from lowest to highest, without gaps."""

    name: Name
    analyte: Annotated[str, StringConstraints(pattern=r"^serum_(magnesium|potassium|calcium)$")]
    unit: Annotated[str, StringConstraints(pattern=r"^mmol/L$")]
    bands: Annotated[tuple[Band, ...], Field(min_length=1)]
    text: Text
    citations: References


class IntakeLimit(Record):
    """An upper level for magnesium from supplements and medicines (food excluded), in mg a day."""

    name: Name
    body: Name
    mg_per_day: Annotated[Decimal, Field(gt=0), AfterValidator(_moderate)]
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
    note: ShortText | None = None

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


class Expectation(Document):
    """What the literature says should happen."""

    findings: tuple[ExpectedFinding, ...] = ()
    absent: tuple[Slug, ...] = ()
    no_other_findings: Flag = False
    status: CheckStatus | None = None
    elemental_mg_per_day: str | None = None
    states: dict[str, RecognitionState] = {}


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
    guidance: tuple[Guidance, ...] = ()
    assessments: tuple[Assessment, ...] = ()
    citations: tuple[Citation, ...] = ()
    cases: tuple[Case, ...] = ()
