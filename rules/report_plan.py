"""What a report says beyond its findings: dose times, the risk of too little or too much magnesium, timetable and plan.

Shapes only, as plain dictionaries; the logic is in `rules.timing`, `rules.risk`, `rules.timetable` and `rules.plan`.
"""

from __future__ import annotations

from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from rules.report_basics import CitationReference, DecimalText
from rules.terms import (
    Applicability,
    DeficiencyState,
    DoseForm,
    DoseMove,
    EvidenceGrade,
    ExcessState,
    Fit,
    MagnesiumLevel,
    MonitoringState,
    MonitoringTest,
    PlanDecision,
    Severity,
    SymptomStage,
    TimedFirst,
    TimetableState,
    TimingState,
    Verification,
)

ClockText = Annotated[str, Field(description="Time of the day, HH:MM.", examples=["08:00"])]
DayText = Annotated[str, Field(description="A day (ISO 8601).", examples=["2026-11-22"])]


class DoseGap(TypedDict):
    """Two doses that follow each other, and the time between them."""

    first: TimedFirst
    first_medication_id: str
    first_time: Annotated[str, Field(description="Time of the day, HH:MM.")]
    then_medication_id: str
    then_time: Annotated[str, Field(description="Time of the day, HH:MM; perhaps on the next day.")]
    gap_hours: DecimalText
    needed_hours: DecimalText
    kept: bool


class TimingReport(TypedDict):
    """The separation window against the dose times that were given."""

    state: Annotated[
        TimingState,
        Field(
            description="`kept`: every pair of doses keeps it in both orders. `broken`: at least one does not. "
            "`unproven`: nothing is broken, but a number or times of a medication are missing, or it is taken only "
            "when needed."
        ),
    ]
    gaps: Annotated[list[DoseGap], Field(description="Broken: the gaps that are too short; otherwise every gap.")]


class SerumBand(TypedDict):
    """Where a laboratory value lies."""

    analyte: str
    value_mmol_per_l: DecimalText
    taken_on: str | None
    days_old: Annotated[int | None, Field(description="On the day of `as_of`; null: a date is missing or to come.")]
    stale: Annotated[
        bool | None, Field(description="Older than the record takes for current; null: not dated, or no such limit.")
    ]
    band: str
    level: MagnesiumLevel
    meaning: str
    advice: str
    citations: list[CitationReference]


class SymptomReport(TypedDict):
    """A symptom that was given and may fit a disturbed magnesium level."""

    id: str
    name: str
    level: MagnesiumLevel
    stage: SymptomStage
    text: str
    citations: list[CitationReference]


class RiskContribution(TypedDict):
    """One finding of the report that adds to a risk, with how well it is founded; the finding has the sources."""

    finding_key: Annotated[str, Field(description="`key` of the finding, which may also be a settled one.")]
    interaction_id: str
    title: str
    medication_ids: list[str]
    condition_ids: list[str]
    severity: Severity
    severity_ceiling: Severity
    applicability: Applicability
    duration_days: Annotated[
        int | None, Field(description="Since the first start among its medications; null: no start is known.")
    ]
    evidence_grade: EvidenceGrade
    verification: Verification


class PersonalFactor(TypedDict):
    """A condition or population of this person, and what it has to do with magnesium."""

    condition_id: str
    name: str
    text: str
    citations: list[CitationReference]


class RecommendedIntakeReport(TypedDict):
    """What a body recommends for this person, from all sources."""

    id: str
    body: str
    mg_per_day: DecimalText
    reached: Annotated[bool, Field(description="By food and by what the list brings by mouth, as far as it is known.")]
    citations: list[CitationReference]


class DietaryIntake(TypedDict):
    """Magnesium from food, with what is recommended."""

    food_mg_per_day: DecimalText
    with_products_mg_per_day: Annotated[DecimalText, Field(description="With the known part of what the list brings.")]
    recommended: list[RecommendedIntakeReport]


class Cascade(TypedDict):
    """Low potassium or calcium beside low or unknown magnesium: magnesium is looked after first."""

    analytes: list[str]
    magnesium_is_low: Annotated[bool | None, Field(description="Null: there is no value.")]
    text: str
    citations: list[CitationReference]


class KidneyStage(TypedDict):
    """Kidney function as a stage of the KDIGO guideline, from the filtration rate or from a condition."""

    stage: Annotated[
        str | None, Field(description="`G1` to `G5`, or a range of them where only a range is known; null: not known.")
    ]
    dialysis: bool | None


class DeficiencyRisk(TypedDict):
    """What is known about a risk of magnesium deficiency. There is no probability: the literature gives none."""

    state: DeficiencyState
    contributions: list[RiskContribution]
    depleting_causes: Annotated[
        int, Field(description="Independent causes among them: medications and conditions, each counted once.")
    ]
    personal_factors: list[PersonalFactor]
    dietary_intake: Annotated[DietaryIntake | None, Field(description="Null: the intake from food is not known.")]
    kidney_function: Annotated[KidneyStage | None, Field(description="Null: nothing is known.")]
    serum: list[SerumBand]
    symptoms: list[SymptomReport]
    cascade: Cascade | None
    amplified: Annotated[
        list[RiskContribution], Field(description="Medications that become more dangerous while magnesium is low.")
    ]
    worsened: Annotated[
        list[PersonalFactor],
        Field(description="Diseases of this person that a lack may worsen, where there is a reason to expect one."),
    ]
    missing_facts: list[str]
    statement: str


class ExcessRisk(TypedDict):
    """What is known about a risk of too much magnesium."""

    state: ExcessState
    contributions: list[RiskContribution]
    personal_factors: list[PersonalFactor]
    kidney_function: Annotated[KidneyStage | None, Field(description="Null: nothing is known.")]
    elemental_mg_per_day: Annotated[
        DecimalText | None,
        Field(description="From regular use of all products by mouth; null: at least one is not known."),
    ]
    parenteral_medication_ids: Annotated[list[str], Field(description="Magnesium that is infused or injected.")]
    serum: list[SerumBand]
    symptoms: list[SymptomReport]
    watch_for: Annotated[list[str], Field(description="Early signs, where there is a reason to watch for them.")]
    missing_facts: list[str]
    statement: str


class PlannedDose(TypedDict):
    """One dose of the day."""

    time: ClockText
    medication_id: str
    move: DoseMove
    given_time: Annotated[ClockText | None, Field(description="The time that was given for it; null: none was.")]
    minutes_moved: Annotated[int, Field(description="How far it was moved; negative: to an earlier time.")]


class DayPeriod(TypedDict):
    """Part of the day, from its first to its last minute; it may run over midnight."""

    start: ClockText
    end: ClockText


class AsNeededPeriods(TypedDict):
    """When something taken only when needed keeps every window to the planned doses."""

    medication_id: str
    periods: list[DayPeriod]


class NotPlanned(TypedDict):
    """A medication that stands in no timetable, and why."""

    medication_id: str
    reason: str


class TimedFinding(TypedDict):
    """A finding with a window, tested against the planned times."""

    finding_key: str
    interaction_id: str
    medication_ids: list[str]
    timing: TimingReport


class AdministrationNote(TypedDict):
    """How a medication is taken, as its label says; the timetable respects it."""

    medication_id: str
    administration_id: str
    text: str
    citations: list[CitationReference]


class Remedy(TypedDict):
    """Something that was tried and with which the medications fit together."""

    medication_id: str
    text: str


class TimetableConflict(TypedDict):
    """A set of medications that cannot fit together into a day, a smallest one as a rule, and what would help."""

    medication_ids: list[str]
    interaction_ids: list[str]
    text: str
    would_help: list[Remedy]


class Timetable(TypedDict):
    """A day plan of all medications taken by mouth, or why there is none."""

    state: TimetableState
    statement: str
    doses: Annotated[list[PlannedDose], Field(description="In the order of the day; empty unless `planned`.")]
    as_needed: list[AsNeededPeriods]
    not_planned: list[NotPlanned]
    windows: list[TimedFinding]
    no_spacing_helps: Annotated[
        list[str], Field(description="Keys of findings that no time of day settles: they stand as they are.")
    ]
    conflict: TimetableConflict | None
    notes: list[AdministrationNote]
    assumptions: Annotated[list[str], Field(description="What was not given and had to be assumed, in words.")]
    drawing: NotRequired[
        Annotated[
            str,
            Field(
                description="Where this service draws the plan as SVG; with `.html` for `.svg` it is a page. It holds "
                "the ids and times of this answer and is stored nowhere. Left out where there is no plan, or one too "
                "large for an address.",
                examples=["/v1/timetables/drawing.svg?dose=m1,08:00,08:00&medication=m1,furosemide"],
            ),
        ]
    ]


class PlanReason(TypedDict):
    """One reason of a plan, with its sources."""

    text: str
    interaction_id: Annotated[str | None, Field(description="The finding it is about, present or to be expected.")]
    citations: list[CitationReference]


class SaltAmount(TypedDict):
    """How much of a salt holds the aimed-at magnesium."""

    name: str
    mg_per_day: DecimalText


class ProductAmount(TypedDict):
    """How many tablets, capsules or sachets of one strength a day reach the target."""

    name: str
    dose_form: DoseForm
    elemental_magnesium_mg: DecimalText
    units_per_day: int
    elemental_mg_per_day: DecimalText
    citations: list[CitationReference]


class FormOption(TypedDict):
    """A form of magnesium and how it fits this person."""

    form_id: str
    name: str
    fit: Fit
    reasons: list[PlanReason]
    salt: list[SaltAmount]
    products: list[ProductAmount]
    missing_facts: Annotated[list[str], Field(description="Facts to know before this form is advised.")]
    times: Annotated[list[ClockText], Field(description="Times that keep every window; empty: none are known.")]


class SupplementPlan(TypedDict):
    """How much elemental magnesium, in how many doses, and in which forms, the best fitting first."""

    least_mg_per_day: DecimalText
    most_mg_per_day: DecimalText
    doses_per_day: int
    basis: str
    citations: list[CitationReference]
    forms: list[FormOption]


class PlanText(TypedDict):
    """A short cited text."""

    title: str
    text: str
    patient_text: str | None
    citations: list[CitationReference]


class MonitoringReason(TypedDict):
    """Why something is measured."""

    schedule_id: str
    title: str
    text: str
    every_days: int | None
    interaction_ids: list[str]
    citations: list[CitationReference]


class MonitoringItem(TypedDict):
    """One test for the worklist: the strictest of its reasons sets the day."""

    test: MonitoringTest
    state: MonitoringState
    last_on: DayText | None
    due_on: DayText | None
    because: list[MonitoringReason]


class Plan(TypedDict):
    """What may be done about magnesium for this person. It advises a professional and replaces no judgement."""

    decision: PlanDecision
    statement: str
    reasons: list[PlanReason]
    ask_first: Annotated[list[str], Field(description="Facts to know before anything is taken.")]
    food: Annotated[PlanText | None, Field(description="Null: food is no answer here, or no need was shown.")]
    supplement: Annotated[SupplementPlan | None, Field(description="Null: none is advised, or no amount is founded.")]
    refer: Annotated[PlanText | None, Field(description="Where treatment by mouth is not enough.")]
    monitoring: list[MonitoringItem]
