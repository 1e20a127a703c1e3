"""The closed vocabularies of the field, each an enumeration. GLOSSARY.md explains every word.

Nothing here has behaviour beyond the ranking of severities and of verification tags.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar, cast

Term = TypeVar("Term", bound=StrEnum)


def word(term: Term) -> Term:
    """The term as a plain string, which is equal to it; reports hold these because they are written much faster."""
    return cast("Term", term.value)


class _Term(StrEnum):
    """One vocabulary; its terms are found in sets and dictionaries as fast as the text they are equal to."""

    __hash__ = str.__hash__


class Direction(_Term):
    """What an interaction record says about magnesium."""

    DEPLETES_MAGNESIUM = "depletes_magnesium"
    RETAINS_MAGNESIUM = "retains_magnesium"
    MAGNESIUM_ALTERS_DRUG = "magnesium_alters_drug"
    ADDITIVE_EFFECT = "additive_effect"
    AMPLIFIED_BY_LOW_MAGNESIUM = "amplified_by_low_magnesium"
    CONTRAINDICATED_CONDITION = "contraindicated_condition"
    DEFICIENCY_RISK = "deficiency_risk"
    INTAKE_LIMIT = "intake_limit"
    SIDE_EFFECT = "side_effect"


class Severity(_Term):
    """How bad the consequence is if nothing is done; ``rank`` orders them, higher is worse."""

    CONTRAINDICATED = "contraindicated"
    MAJOR = "major"
    MODERATE = "moderate"
    MINOR = "minor"

    @property
    def rank(self) -> int:
        """4 for contraindicated down to 1 for minor."""
        return _SEVERITY_RANK[self]


_SEVERITY_RANK = {Severity.CONTRAINDICATED: 4, Severity.MAJOR: 3, Severity.MODERATE: 2, Severity.MINOR: 1}


class Seriousness(_Term):
    """Whether the consequence can be fatal, life-threatening, disabling or lead to hospital (ICH E2A), kept apart."""

    SERIOUS = "serious"
    NON_SERIOUS = "non_serious"


class OperationalClass(_Term):
    """What a professional is advised to do (the ORCA classes)."""

    AVOID = "avoid"
    USUALLY_AVOID = "usually_avoid"
    MINIMIZE_RISK = "minimize_risk"
    MONITOR = "monitor"
    NO_SPECIAL_PRECAUTION = "no_special_precaution"


class Onset(_Term):
    """When the effect is to be expected."""

    RAPID = "rapid"  # within a day, usually from the first shared dose
    DELAYED = "delayed"  # days to weeks
    LONG_TERM = "long_term"  # months and more
    NOT_ESTABLISHED = "not_established"


class ManagementAction(_Term):
    """The kind of step a finding advises."""

    SEPARATE_DOSES = "separate_doses"
    AVOID_COMBINATION = "avoid_combination"
    CHOOSE_ALTERNATIVE = "choose_alternative"
    ADJUST_DOSE = "adjust_dose"
    MONITOR = "monitor"
    CORRECT_MAGNESIUM = "correct_magnesium"
    CHECK_KIDNEY_FUNCTION = "check_kidney_function"
    REVIEW_INTAKE = "review_intake"
    INFORM = "inform"


class EvidenceGrade(_Term):
    """A: regulator text or controlled study with magnesium alone; B: controlled study with aluminium and magnesium,
    meta-analysis or large cohort; C: case series, animal, in vitro, mechanism; D: on a list, no readable data."""  # noqa: D205, D209

    A = "A"
    B = "B"
    C = "C"
    D = "D"


class Verification(_Term):
    """Whether the text behind a claim was read; ``rank`` orders them, higher is better founded."""

    PRIMARY_TEXT = "primary_text"
    SECOND_HAND = "second_hand"
    UNVERIFIED = "unverified"

    @property
    def rank(self) -> int:
        """3 for the primary text, 2 for second hand, 1 for unverified."""
        return {"primary_text": 3, "second_hand": 2, "unverified": 1}[self.value]


class CitationKind(_Term):
    """What sort of source a citation is."""

    LABEL = "label"
    REGULATOR = "regulator"
    JOURNAL = "journal"
    MONOGRAPH = "monograph"
    DATA_SET = "data_set"
    WEB = "web"


class RecordChange(StrEnum):
    """How a record differs between two rule sets."""

    CREATED = "created"
    REVISED = "revised"
    WITHDRAWN = "withdrawn"
    REMOVED = "removed"


class RecordStatus(_Term):
    """Records are withdrawn, never deleted."""

    ACTIVE = "active"
    WITHDRAWN = "withdrawn"


class Route(_Term):
    """Routes of administration, as far as magnesium cares."""

    ORAL = "oral"
    INTRAVENOUS = "intravenous"
    INTRAMUSCULAR = "intramuscular"
    SUBCUTANEOUS = "subcutaneous"
    INHALED = "inhaled"
    TOPICAL = "topical"
    TRANSDERMAL = "transdermal"
    OPHTHALMIC = "ophthalmic"
    OTIC = "otic"
    NASAL = "nasal"
    RECTAL = "rectal"
    VAGINAL = "vaginal"
    SUBLINGUAL = "sublingual"
    OTHER = "other"


class DoseForm(_Term):
    """Dose forms, as far as magnesium cares."""

    TABLET = "tablet"
    CHEWABLE_TABLET = "chewable_tablet"
    EFFERVESCENT = "effervescent"
    GASTRO_RESISTANT = "gastro_resistant"
    MODIFIED_RELEASE = "modified_release"
    CAPSULE = "capsule"
    SOLUTION = "solution"
    SUSPENSION = "suspension"
    POWDER = "powder"
    INJECTION = "injection"
    INHALATION = "inhalation"
    CREAM = "cream"
    OINTMENT = "ointment"
    GEL = "gel"
    EYE_DROPS = "eye_drops"
    EAR_DROPS = "ear_drops"
    NASAL_SPRAY = "nasal_spray"
    PATCH = "patch"
    SUPPOSITORY = "suppository"
    ENEMA = "enema"
    LOZENGE = "lozenge"
    OTHER = "other"


class Sex(_Term):
    """Administrative sex, as reference ranges and intake tables use it."""

    FEMALE = "female"
    MALE = "male"


class Pregnancy(_Term):
    """Pregnancy state; leave the fact out when it is not known."""

    PREGNANT = "pregnant"
    NOT_PREGNANT = "not_pregnant"


class MedicationStatus(_Term):
    """Whether the patient takes the medication now or somebody proposes it."""

    CURRENT = "current"
    PROPOSED = "proposed"


class DoseBasis(_Term):
    """What a magnesium dose counts: the whole salt or only the magnesium in it."""

    SALT = "salt"
    ELEMENTAL = "elemental"


class ObservationKind(_Term):
    """Laboratory values the rules read."""

    SERUM_MAGNESIUM = "serum_magnesium"
    SERUM_POTASSIUM = "serum_potassium"
    SERUM_CALCIUM = "serum_calcium"


class Applicability(_Term):
    """Three values: a rule applies, may apply (a fact is missing), or does not apply."""

    APPLIES = "applies"
    MAY_APPLY = "may_apply"
    DOES_NOT_APPLY = "does_not_apply"


class RecognitionState(_Term):
    """Each medication lands in exactly one of these."""

    RECOGNISED = "recognised"
    NO_MAGNESIUM_RELEVANCE = "no_magnesium_relevance"
    UNRECOGNISED = "unrecognised"


class MatchKind(_Term):
    """How a medication was recognised."""

    CODE = "code"  # a code of the substance or product itself
    PRODUCT_CODE = "product_code"  # a code of a product in the terminology, taken apart into its ingredients
    CODE_PREFIX = "code_prefix"  # an ATC code under a class's anchor, the substance itself not listed
    NAME = "name"  # generic name
    SYNONYM = "synonym"
    BRAND = "brand"


class CheckStatus(_Term):
    """``incomplete``: something was unrecognised or could not be checked."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"


class MagnesiumEffect(_Term):
    """What a condition does: risk of low magnesium, of high magnesium, both, or a changed effect of magnesium."""

    LOW = "low"
    HIGH = "high"
    LOW_AND_HIGH = "low_and_high"
    PHARMACODYNAMIC = "pharmacodynamic"
    OUTCOME = "outcome"  # a disease that deficiency may worsen; never a reason to call somebody deficient
    NONE = "none"


class SymptomStage(_Term):
    """When a symptom of a disturbed magnesium level appears."""

    EARLY = "early"
    SEVERE = "severe"


class MagnesiumLevel(_Term):
    """Low or high magnesium, for symptoms and serum bands."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class AbsorptionRank(_Term):
    """How well a form is absorbed, with the uncertainty in the word."""

    WELL_ABSORBED = "well_absorbed"  # controlled human data
    PROBABLY_SIMILAR = "probably_similar"  # limited or indirect data
    INSUFFICIENT_DATA = "insufficient_data"
    LOW_FRACTION = "low_fraction"  # partly made up for by a high content of magnesium


class LaxativeEffect(_Term):
    """How strongly a form draws water into the gut at ordinary doses."""

    MILD = "mild"
    DOSE_DEPENDENT = "dose_dependent"
    STRONG = "strong"


class Solubility(_Term):
    """Solubility class of a salt in water."""

    FREELY_SOLUBLE = "freely_soluble"
    SOLUBLE = "soluble"
    ACID_ONLY = "acid_only"  # practically insoluble in water, dissolves in gastric acid


class Scope(_Term):
    """``each``: one finding per affected substance. ``list``: one finding for the whole medication list."""

    EACH = "each"
    LIST = "list"


class CaseKind(_Term):
    """What a worked case shows about its interaction."""

    FIRES = "fires"
    QUIET = "quiet"
    MISSING_FACT = "missing_fact"
    WHOLE_LIST = "whole_list"


class CodeSystem(_Term):
    """Code systems a medication or condition may be given in."""

    RXNORM = "rxnorm"
    NDC = "ndc"
    ATC = "atc"
    UNII = "unii"
    ICD10CM = "icd10cm"


class GuidanceTopic(_Term):
    """What a guidance page is about."""

    TESTING = "testing"
    TREATMENT = "treatment"
    DIET = "diet"
    ELECTROLYTES = "electrolytes"
    OUTCOMES = "outcomes"
    FORMS = "forms"


class TimingState(_Term):
    """How the dose times that were given stand to a separation window."""

    KEPT = "kept"
    BROKEN = "broken"
    UNPROVEN = "unproven"


class TimedFirst(_Term):
    """Which of two doses comes first."""

    MAGNESIUM = "magnesium"
    DRUG = "drug"


class AssessmentArea(_Term):
    """Which part of the literature an assessment is about."""

    DEPLETION = "depletion"
    RETENTION = "retention"
    ABSORPTION = "absorption"
    EFFECTS = "effects"
    PRODUCTS = "products"
    CONDITIONS = "conditions"
    FORMS = "forms"
    REFERENCE_VALUES = "reference_values"
    POPULAR_CLAIMS = "popular_claims"


class Verdict(_Term):
    """What the knowledge base makes of a question: it has a rule, it informs, it stays silent, or it leaves it out."""

    RULE = "rule"
    INFORMATION = "information"
    NO_ALERT = "no_alert"
    LEFT_OUT = "left_out"


class DisagreementPolicy(_Term):
    """How one of several published positions was chosen."""

    STRICTEST = "strictest"
    NEWER_PRIMARY_SOURCE = "newer_primary_source"


class TokenRole(_Term):
    """What one word or number of a medication line was read as."""

    NAME = "name"  # a generic name or synonym
    BRAND = "brand"
    SALT = "salt"
    STRENGTH = "strength"
    DOSE = "dose"  # how much at once
    UNIT = "unit"
    DOSE_FORM = "dose_form"
    ROUTE = "route"
    FREQUENCY = "frequency"
    AS_NEEDED = "as_needed"
    QUANTITY = "quantity"  # a pack, a number of days, a number that says nothing
    SEPARATOR = "separator"
    FILLER = "filler"
    UNREAD = "unread"  # nothing explains it, so the line is not recognised


class DosePeriod(_Term):
    """What a dose is of."""

    INTAKE = "intake"  # each time
    DAY = "day"  # over a day whose times differ


class MagnesiumSource(_Term):
    """What a magnesium product is taken as."""

    SUPPLEMENT = "supplement"
    ANTACID = "antacid"
    LAXATIVE = "laxative"
    BOWEL_PREPARATION = "bowel_preparation"
    MULTIVITAMIN = "multivitamin"
    PHOSPHATE_BINDER = "phosphate_binder"
    INJECTION = "injection"  # infused or injected: never part of the sum of what is taken by mouth


class FoodRelation(StrEnum):
    """How a dose stands to meals."""

    WITH_FOOD = "with_food"
    EMPTY_STOMACH = "empty_stomach"
    BEFORE_FOOD = "before_food"


class TimeOfDay(StrEnum):
    """Part of the waking day that a medicine is taken in."""

    MORNING = "morning"
    EVENING = "evening"


class MonitoringTest(StrEnum):
    """What is measured."""

    SERUM_MAGNESIUM = "serum_magnesium"
    SERUM_POTASSIUM = "serum_potassium"
    SERUM_CALCIUM = "serum_calcium"
    KIDNEY_FUNCTION = "kidney_function"
    ECG = "ecg"


class MonitoringState(StrEnum):
    """Where a test stands on the day of the question."""

    OVERDUE = "overdue"  # the last value is older than the interval
    DUE = "due"  # there is no value yet, or none with a date
    PLANNED = "planned"  # the last value is young enough; `due_on` says until when
    AS_INDICATED = "as_indicated"  # there is a value, and the source names no interval


class PlanDecision(StrEnum):
    """What a plan comes to."""

    SUPERVISED_TREATMENT = "supervised_treatment"
    ORAL_TREATMENT = "oral_treatment"
    MEASURE_FIRST = "measure_first"
    FOOD_FIRST = "food_first"
    DO_NOT_SUPPLEMENT = "do_not_supplement"
    NO_NEED_SHOWN = "no_need_shown"


class Replacement(StrEnum):
    """How a measured level is usually treated."""

    SUPERVISED = "supervised"
    ORAL = "oral"
    STOP_MAGNESIUM = "stop_magnesium"


class Fit(StrEnum):
    """Whether a form of magnesium fits a person."""

    FITS = "fits"
    WITH_CARE = "with_care"
    UNSUITABLE = "unsuitable"


class DeficiencyState(StrEnum):
    """What is known about a lack of magnesium; no probability is given, because the literature gives none."""

    MEASURED_LOW = "measured_low"
    RISK_FACTORS = "risk_factors"
    NONE_KNOWN = "none_known"


class ExcessState(StrEnum):
    """What is known about too much magnesium."""

    MEASURED_HIGH = "measured_high"
    RISK_FACTORS = "risk_factors"
    NONE_KNOWN = "none_known"


class TimetableState(StrEnum):
    """What became of the wish for a timetable."""

    PLANNED = "planned"
    IMPOSSIBLE = "impossible"
    NOT_FOUND = "not_found"  # the search ended at its budget; nothing is said about whether one exists


class DoseMove(StrEnum):
    """What a timetable did with a dose."""

    KEPT = "kept"
    MOVED = "moved"
    SET = "set"  # no time was given


class FindingOrigin(StrEnum):
    """Where a finding comes from on a list with proposed medications."""

    STANDING = "standing"  # it is there without the proposal, no less severe
    CHANGED = "changed"  # it is there without the proposal, but the proposal changes it
    BROUGHT = "brought"


class AcknowledgementState(StrEnum):
    """What became of an acknowledgement."""

    SETTLED = "settled"
    CHANGED = "changed"  # what the finding rested on is no longer the same
    EXPIRED = "expired"
    NOT_FOUND = "not_found"  # there is no such finding any more


class FactPurpose(StrEnum):
    """What a rule uses a fact about a person for."""

    APPLICABILITY = "applicability"
    SEVERITY = "severity"
    PRESENCE = "presence"
    STANDS_IN = "stands_in"
