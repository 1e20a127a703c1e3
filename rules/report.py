"""The answer: the shape of a check report, as plain dictionaries that cost nothing to build and to write.

These types are the contract of the API too; the service embeds them unchanged. They hold no logic.
"""

from __future__ import annotations

from typing import Annotated, Any, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from rules.report_basics import CitationReference, DecimalText, EvidenceReport, NcpdpBlock, SubstanceReference
from rules.report_plan import DeficiencyRisk, ExcessRisk, Plan, Timetable, TimingReport
from rules.terms import (
    AcknowledgementState,
    Applicability,
    CheckStatus,
    Direction,
    DoseForm,
    DosePeriod,
    FindingOrigin,
    MagnesiumSource,
    ManagementAction,
    MatchKind,
    Onset,
    OperationalClass,
    RecognitionState,
    Seriousness,
    Severity,
    TokenRole,
)


class RuleSetReference(TypedDict):
    """Which rule set answered."""

    version: Annotated[int, Field(description="Number of the published rule set; 0 for one that is not published.")]
    digest: Annotated[str, Field(description="SHA-256 of the rule set's canonical JSON.")]


class TerminologyReference(TypedDict):
    """Which medicine terminology helped to recognise medications."""

    version: Annotated[str, Field(description="The release, as it was named when it was imported.")]
    digest: Annotated[str, Field(description="SHA-256 of the terminology's content.")]


class MatchDetail(TypedDict):
    """How a medication was recognised."""

    kind: MatchKind
    matched: Annotated[str, Field(description="The name or code that matched, as the knowledge or terminology has it.")]


class Candidate(TypedDict):
    """A spelling candidate: offered, never taken."""

    substance_id: Annotated[str, Field(description="Identifier of the substance or product.")]
    name: str
    score: Annotated[str, Field(description="Similarity between 0 and 1, as text.")]
    reason: Annotated[str, Field(description="In what it is like the text, in words.")]


class CheckedMedication(TypedDict):
    """What became of one line of the list; every line lands in exactly one state."""

    id: str
    state: RecognitionState
    match: MatchDetail | None
    substances: list[SubstanceReference]
    routes: Annotated[list[str], Field(description="The route given or read, or all routes the substance has.")]
    candidates: list[Candidate]
    problems: Annotated[
        list[str], Field(description="What could not be read, does not agree or was not counted, in words.")
    ]


class ReadToken(TypedDict):
    """One word, number or mark of a text, and what it was read as."""

    text: str
    start: Annotated[int, Field(description="Position of its first character in the text, from 0.")]
    end: Annotated[int, Field(description="Position behind its last character.")]
    role: TokenRole


class ReadStrength(TypedDict):
    """A strength in a text."""

    value: DecimalText
    unit: str
    per: Annotated[str | None, Field(description="What it is a share of; null: of one unit.", examples=["5 ml"])]
    elemental: Annotated[bool, Field(description="The line says that it counts the magnesium, not the salt.")]
    substance_id: Annotated[str | None, Field(description="Null: the line leaves open which substance it is of.")]


class ReadDose(TypedDict):
    """How much is taken."""

    value: str
    unit: str
    per: DosePeriod


class DailyDose(TypedDict):
    """What a line adds up to."""

    substance_id: str
    mg_per_day: DecimalText


class Understanding(TypedDict):
    """How a text was understood: every token with what it was read as, and what they add up to."""

    tokens: list[ReadToken]
    strengths: list[ReadStrength]
    dose: Annotated[ReadDose | None, Field(description="Null: not said, or not as one number.")]
    times_per_day: int | None
    as_needed: bool
    dose_form: DoseForm | None
    daily_doses: Annotated[list[DailyDose], Field(description="Where strength, dose and frequency are all known.")]


class ResolvedMedication(CheckedMedication):
    """What one medication was taken for, and how its text was understood."""

    understood: Annotated[Understanding | None, Field(description="Null: there is no text.")]


class CheckedTerm(TypedDict):
    """What became of one condition or symptom."""

    position: Annotated[int, Field(description="Position in the request, from 0.")]
    state: RecognitionState
    id: Annotated[str | None, Field(description="Identifier of the condition or symptom.")]
    name: str | None


class PositionReport(TypedDict):
    """What one source says where sources disagree."""

    citation_id: str
    text: str
    magnesium_first_hours: DecimalText | None
    drug_first_hours: DecimalText | None


class DisagreementReport(TypedDict):
    """Sources that do not agree, and the policy that chose."""

    policy: str
    text: str
    positions: list[PositionReport]


class SeparationReport(TypedDict):
    """Hours between doses: after magnesium until the drug, and after the drug until magnesium."""

    magnesium_first_hours: Annotated[DecimalText | None, Field(description="Null: no number in the source.")]
    drug_first_hours: Annotated[DecimalText | None, Field(description="Null: no number in the source.")]
    spacing_helps: Annotated[bool, Field(description="False: no interval is known to be enough.")]
    text: str | None
    disagreement: DisagreementReport | None


class PrescriberReport(TypedDict):
    """One headed paragraph for the prescriber; the heading names the action."""

    heading: str
    text: str


class ManagementReport(TypedDict):
    """What a professional may do about it."""

    action: ManagementAction
    text: str
    patient_text: str
    prescriber: PrescriberReport | None
    separation: SeparationReport | None
    monitoring: list[str]


class Reason(TypedDict):
    """One step of why a finding is there, recorded by the engine as it went."""

    test: Annotated[str, Field(description="What was tested: affected, precipitant, condition, when, factor, variant.")]
    outcome: Applicability
    detail: str
    missing_facts: NotRequired[list[str]]


class OpenFactor(TypedDict):
    """A modifying factor that could not be decided because a fact is missing."""

    id: str
    severity: Severity
    text: str
    missing_facts: list[str]


class Finding(TypedDict):
    """One interaction that applies or may apply, with its reasons and sources."""

    key: Annotated[
        str,
        Field(description="Names this finding in later checks too: interaction, substances and conditions make it up."),
    ]
    context_digest: Annotated[
        str,
        Field(
            description="Changes with what the finding rests on: record, severity, dose, form, route, times, and the "
            "side of every limit that a fact is on. Send it back in `acknowledgements` to settle the finding."
        ),
    ]
    origin: Annotated[
        FindingOrigin | None, Field(description="Null: no medication is proposed, so there is nothing to tell apart.")
    ]
    interaction_id: str
    record_digest: Annotated[str, Field(description="SHA-256 of the interaction record that fired.")]
    direction: Direction
    severity: Annotated[Severity, Field(description="From the facts that are known.")]
    severity_ceiling: Annotated[
        Severity, Field(description="How severe it could be, depending on the facts in `missing_facts`.")
    ]
    seriousness: Seriousness
    operational_class: OperationalClass
    applicability: Applicability
    missing_facts: list[str]
    medication_ids: list[str]
    affected: Annotated[SubstanceReference | None, Field(description="The substance acted on, where there is one.")]
    precipitants: Annotated[list[SubstanceReference], Field(description="The substances that act on it.")]
    condition_ids: list[str]
    title: str
    mechanism: str
    effect: str
    onset: Onset
    management: ManagementReport
    timing: Annotated[
        TimingReport | None, Field(description="Null: there is no window to keep, or no dose times to test it with.")
    ]
    open_factors: list[OpenFactor]
    evidence: EvidenceReport
    last_reviewed_on: str
    review_due_on: Annotated[
        str, Field(description="The day by which the record should be read again; after it the finding still stands.")
    ]
    review_overdue: Annotated[bool, Field(description="Whether that day is over on the day of `as_of`.")]
    why: list[Reason]
    ncpdp: NotRequired[Annotated[NcpdpBlock, Field(description='Only where the question says `"ncpdp": true`.')]]


class NearMiss(TypedDict):
    """A rule that touched one of the medications and did not apply."""

    interaction_id: str
    title: str
    medication_ids: list[str]
    failed: Annotated[list[Reason], Field(description="The condition that failed.")]


class IntakeContribution(TypedDict):
    """The magnesium one medication brings."""

    medication_id: str
    substance: SubstanceReference
    sources: Annotated[
        list[MagnesiumSource], Field(description="What it is taken as; several where the line leaves it open.")
    ]
    elemental_mg_per_day: Annotated[DecimalText | None, Field(description="Null: cannot be computed; see `basis`.")]
    elemental_mg_per_day_maximum: Annotated[
        DecimalText | None, Field(description="Upper end where the label leaves the salt form open.")
    ]
    basis: Annotated[str, Field(description="How the number came about, or what is missing.")]


class NotCounted(TypedDict):
    """Magnesium that is infused or injected; it is no part of what is taken by mouth."""

    medication_id: str
    substance: SubstanceReference
    sources: list[MagnesiumSource]
    basis: Annotated[str, Field(description="Why it is not counted.")]


class IntakeLimitReport(TypedDict):
    """An upper level for magnesium from supplements and medicines."""

    id: str
    name: str
    body: Annotated[str, Field(description="Who set it.")]
    mg_per_day: DecimalText
    exceeded: Annotated[bool | None, Field(description="Null: cannot be decided from what is known.")]
    exceeded_with_as_needed: Annotated[
        bool | None, Field(description="Should everything taken only when needed come on top; null: cannot be decided.")
    ]
    text: str
    citations: list[CitationReference]


class KidneyLimitReport(TypedDict):
    """What the rules say about oral magnesium and this person's kidney function; the finding has the rest."""

    interaction_id: str
    severity: Severity
    severity_ceiling: Severity
    applicability: Applicability
    missing_facts: list[str]
    text: str
    citations: list[CitationReference]


class MagnesiumIntake(TypedDict):
    """Elemental magnesium a day from everything on the list that is given by mouth: the ledger.

    The sum is of regular use. What is taken only when needed stands apart, with what it would add.
    """

    elemental_mg_per_day: Annotated[DecimalText | None, Field(description="Null: at least one source is unknown.")]
    elemental_mg_per_day_minimum: Annotated[DecimalText, Field(description="From the sources that are known.")]
    elemental_mg_per_day_maximum: DecimalText | None
    contributions: list[IntakeContribution]
    as_needed: Annotated[
        list[IntakeContribution], Field(description="Taken only when needed: what each would add, at most.")
    ]
    as_needed_mg_per_day_maximum: Annotated[
        DecimalText | None, Field(description="What they would add together, at most; null: not known.")
    ]
    not_counted: list[NotCounted]
    limits: list[IntakeLimitReport]
    kidney_function: list[KidneyLimitReport]


class Duplicate(TypedDict):
    """The same substance on more than one line."""

    substance: SubstanceReference
    medication_ids: list[str]


class SettledFinding(TypedDict):
    """A finding somebody has dealt with; it comes back by itself when what it rests on changes."""

    key: str
    context_digest: str
    interaction_id: str
    direction: Direction
    severity: Severity
    severity_ceiling: Severity
    title: str
    medication_ids: list[str]
    reason: str
    until: str | None


class AcknowledgementReport(TypedDict):
    """What became of one acknowledgement."""

    position: Annotated[int, Field(description="Position in the request, from 0.")]
    state: AcknowledgementState
    text: str


class Proposal(TypedDict):
    """What the proposed medications bring, apart from what stands between the current ones."""

    medication_ids: list[str]
    brought: Annotated[list[str], Field(description="Keys of findings that are there because of the proposal.")]
    changed: Annotated[list[str], Field(description="Keys of findings that were there and that the proposal changes.")]
    standing: Annotated[list[str], Field(description="Keys of findings about the current medications alone.")]
    highest_severity: Annotated[Severity | None, Field(description="Of what is brought or changed.")]
    statement: str


class MagnesiumProducts(TypedDict):
    """Several products on the list that bring magnesium."""

    medication_ids: list[str]
    substances: list[SubstanceReference]
    statement: str


class CheckReport(TypedDict):
    """The answer to one question."""

    rule_set: RuleSetReference
    terminology: Annotated[
        TerminologyReference | None,
        Field(description="Null: no terminology is imported; only the rule set's names count."),
    ]
    as_of: Annotated[str | None, Field(description="The day the answer is about (ISO 8601).")]
    status: CheckStatus
    statement: Annotated[str, Field(description="What the report does and does not say, in one or two sentences.")]
    highest_severity: Severity | None
    finding_counts: Annotated[dict[str, int], Field(description="Number of findings by severity.")]
    medications: list[CheckedMedication]
    conditions: list[CheckedTerm]
    symptoms: list[CheckedTerm]
    duplicates: list[Duplicate]
    magnesium_products: Annotated[
        MagnesiumProducts | None, Field(description="Null: fewer than two products bring magnesium.")
    ]
    findings: list[Finding]
    settled: Annotated[list[SettledFinding], Field(description="Counted neither in `findings` nor in the counts.")]
    highest_settled_severity: Severity | None
    acknowledgements: list[AcknowledgementReport]
    proposal: Annotated[Proposal | None, Field(description="Null: no medication is proposed.")]
    near_misses: NotRequired[list[NearMiss]]
    missing_facts: Annotated[
        list[str],
        Field(
            description="Facts that would make the answer more certain, each named by where it would stand in the "
            "question: `patient.egfr`, `medications.m1.started_on`, `medications.m1.dose.of`."
        ),
    ]
    magnesium_intake: MagnesiumIntake
    deficiency_risk: DeficiencyRisk
    excess_risk: ExcessRisk
    timetable: NotRequired[Timetable]
    plan: NotRequired[Plan]


JsonObject = dict[str, Any]
