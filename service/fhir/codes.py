"""The codes of other systems that a reader knows, as tables: laboratory values, units, routes, frequencies, states.

Single codes, each mapped to a word of ours; what is not listed is not guessed at. LOINC is a registered trademark of
Regenstrief Institute; its codes are used under its licence (https://loinc.org/license).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final, NamedTuple

from rules.terms import CodeSystem, ObservationKind, Pregnancy, Route

LOINC: Final = "http://loinc.org"
SNOMED: Final = "http://snomed.info/sct"
UCUM: Final = "http://unitsofmeasure.org"
NCI: Final = "http://ncithesaurus-stage.nci.nih.gov"
IPS_ABSENT: Final = "http://hl7.org/fhir/uv/ips/codesystem/absent-unknown-uv-ips"
# Other ways of writing these systems; object identifiers come from HL7 v2 and v3.
SYSTEMS: Final[dict[str, str]] = {
    "urn:oid:2.16.840.1.113883.6.1": LOINC,
    "urn:oid:2.16.840.1.113883.6.96": SNOMED,
    "urn:oid:2.16.840.1.113883.6.8": UCUM,
    "urn:oid:2.16.840.1.113883.3.26.1.1": NCI,
    "http://ncimeta.nci.nih.gov": NCI,
    "https://loinc.org": LOINC,
    "https://snomed.info/sct": SNOMED,
    "https://unitsofmeasure.org": UCUM,
    "loinc": LOINC,
    "snomed": SNOMED,
    "snomed-ct": SNOMED,
    "ucum": UCUM,
}


class Property(NamedTuple):
    """What a laboratory code measures: the kind of value, and the unit family its definition speaks of."""

    kind: ObservationKind
    per_mass: bool | None  # None: the code leaves it open


# --- laboratory values the rules read ---------------------------------------------------------------------------------

SERUM_VALUES: Final[dict[str, Property]] = {
    "19123-9": Property(ObservationKind.SERUM_MAGNESIUM, per_mass=True),
    "2601-3": Property(ObservationKind.SERUM_MAGNESIUM, per_mass=False),
    "2823-3": Property(ObservationKind.SERUM_POTASSIUM, per_mass=False),
    "6298-4": Property(ObservationKind.SERUM_POTASSIUM, per_mass=False),  # in blood
    "77142-8": Property(ObservationKind.SERUM_POTASSIUM, per_mass=False),  # in serum, plasma or blood
    "32713-0": Property(ObservationKind.SERUM_POTASSIUM, per_mass=False),  # arterial, venous, capillary
    "39789-3": Property(ObservationKind.SERUM_POTASSIUM, per_mass=False),
    "39790-1": Property(ObservationKind.SERUM_POTASSIUM, per_mass=False),
    "75940-7": Property(ObservationKind.SERUM_POTASSIUM, per_mass=True),  # in blood
    "17861-6": Property(ObservationKind.SERUM_CALCIUM, per_mass=True),
    "49765-1": Property(ObservationKind.SERUM_CALCIUM, per_mass=True),  # in blood
    "2000-8": Property(ObservationKind.SERUM_CALCIUM, per_mass=False),
    "29265-6": Property(ObservationKind.SERUM_CALCIUM, per_mass=None),  # corrected for albumin
}
# The newer formula first: of values of one day it is the one to take.
FILTRATION_RATES: Final[tuple[str, ...]] = (
    "98979-8",  # CKD-EPI 2021
    "98980-6",  # the same, with cystatin C
    "94677-2",  # CKD-EPI with cystatin C
    "62238-1",  # CKD-EPI
    "50210-4",  # of cystatin C
    "69405-9",  # no formula named
    "33914-3",
    "77147-7",
    "76633-7",  # MDRD
    "88294-4",  # split by race, as formulas of old were: CKD-EPI
    "88293-6",
    "48642-3",  # and MDRD
    "48643-1",
    "35591-7",  # creatinine clearance by Cockcroft and Gault
)
SPLIT_BY_RACE: Final = frozenset({"88294-4", "88293-6", "48642-3", "48643-1"})
PREGNANCY_STATUS: Final = "82810-3"
SYMPTOM: Final = "75325-1"
# Known, and for a reason not taken: the reason in words.
NOT_TAKEN: Final[dict[str, str]] = {
    "2597-3": "Magnesium in red cells is no serum value, and no rule reads it.",
    "1995-0": "Ionised calcium has other limits than total calcium, which the rules read; it was left out.",
    "1994-3": "Ionised calcium has other limits than total calcium, which the rules read; it was left out.",
    "17864-0": "Ionised calcium has other limits than total calcium, which the rules read; it was left out.",
    "10535-3": "No rule reads a digoxin level.",
}
# A creatinine alone is no kidney function; which formula would make one of it is not decided here.
CREATININE: Final = frozenset({"2160-0", "14682-9", "38483-4", "59826-8", "77140-2"})

# Of the names that laboratories give to values the rules read. In urine they are other values.
VALUE_WORDS: Final = ("magnes", "potass", "kalium", "calcium", "calcemi", "gfr", "filtration")
URINE: Final = "urin"

# --- units of laboratory values ---------------------------------------------------------------------------------------

# Lower case and without blanks; how people and systems write them.
CONCENTRATIONS: Final[dict[str, str]] = {
    "mmol/l": "mmol/L",
    "millimole/liter": "mmol/L",
    "millimoleperliter": "mmol/L",
    "mg/dl": "mg/dL",
    "milligram/deciliter": "mg/dL",
    "milligramperdeciliter": "mg/dL",
    "meq/l": "mEq/L",
    "milliequivalent/liter": "mEq/L",
    "milliequivalentperliter": "mEq/L",
    "mval/l": "mEq/L",
}
SNOMED_UNITS: Final[dict[str, str]] = {"258797006": "mg/dL", "258813002": "mmol/L"}
PER_MASS: Final = frozenset({"mg/dL"})

# --- patient facts ----------------------------------------------------------------------------------------------------

PREGNANCY_CODES: Final[dict[str, Pregnancy]] = {
    "77386006": Pregnancy.PREGNANT,  # SNOMED CT
    "60001007": Pregnancy.NOT_PREGNANT,
    "la15173-0": Pregnancy.PREGNANT,  # LOINC answers
    "la26683-5": Pregnancy.NOT_PREGNANT,
    "pregnant": Pregnancy.PREGNANT,  # as text
    "not pregnant": Pregnancy.NOT_PREGNANT,
}
# Dialysis as a condition: ICD-10-CM and SNOMED CT, "dependence on renal dialysis", and renal failure on dialysis.
DIALYSIS: Final = frozenset({"z99.2", "105502003", "236435004"})
# How records of one country write systems that have other addresses elsewhere.
CODE_SYSTEMS: Final[dict[str, CodeSystem]] = {
    "http://fhir.de/codesystem/dimdi/atc": CodeSystem.ATC,
    "http://fhir.de/codesystem/bfarm/atc": CodeSystem.ATC,
    "http://whocc.no/atc": CodeSystem.ATC,
    "http://www.whocc.no/atc_ddd_index": CodeSystem.ATC,
}
# "There are none", as a code: SNOMED CT, and the International Patient Summary.
NO_PROBLEMS: Final = frozenset({"160245001", "no-known-problems"})
NO_MEDICATIONS: Final = frozenset({"787481004", "no-known-medications"})

# --- routes and doses -------------------------------------------------------------------------------------------------

ROUTES: Final[dict[str, Route]] = {
    # SNOMED CT, routes of administration
    "26643006": Route.ORAL,
    "127492001": Route.ORAL,  # nasogastric: into the stomach, where magnesium meets the other medicine all the same
    "47625008": Route.INTRAVENOUS,
    "78421000": Route.INTRAMUSCULAR,
    "34206005": Route.SUBCUTANEOUS,
    "447694001": Route.INHALED,
    "6064005": Route.TOPICAL,
    "45890007": Route.TRANSDERMAL,
    "54485002": Route.OPHTHALMIC,
    "10547007": Route.OTIC,
    "46713006": Route.NASAL,
    "37161004": Route.RECTAL,
    "16857009": Route.VAGINAL,
    "37839007": Route.SUBLINGUAL,
    "72607000": Route.OTHER,  # intrathecal
    "58100008": Route.OTHER,  # intra-arterial
    "38239002": Route.OTHER,  # intraperitoneal
    "12130007": Route.OTHER,  # intra-articular
    "260548002": Route.ORAL,  # qualifiers that records use as routes
    "738956005": Route.ORAL,
    "255560000": Route.INTRAVENOUS,
    "448598008": Route.TOPICAL,
    # EDQM Standard Terms, as European records have them
    "20053000": Route.ORAL,
    "20045000": Route.INTRAVENOUS,
    "20035000": Route.INTRAMUSCULAR,
    "20066000": Route.SUBCUTANEOUS,
    "20020000": Route.INHALED,
    "20003000": Route.TOPICAL,
    "20070000": Route.TRANSDERMAL,
    "20051000": Route.OPHTHALMIC,
    "20001000": Route.OTIC,
    "20049000": Route.NASAL,
    "20061000": Route.RECTAL,
    "20072000": Route.VAGINAL,
    "20067000": Route.SUBLINGUAL,
    "20009000": Route.OTHER,  # epidural
    "20024000": Route.OTHER,  # intra-articular
    "20042000": Route.OTHER,  # intrathecal
    # NCI Thesaurus, as product labels have them
    "c38288": Route.ORAL,
    "c38276": Route.INTRAVENOUS,
    "c28161": Route.INTRAMUSCULAR,
    "c38299": Route.SUBCUTANEOUS,
    "c38216": Route.INHALED,
    "c38304": Route.TOPICAL,
    "c38305": Route.TRANSDERMAL,
    "c38287": Route.OPHTHALMIC,
    "c38192": Route.OTIC,
    "c38284": Route.NASAL,
    "c38295": Route.RECTAL,
    "c38313": Route.VAGINAL,
    "c38300": Route.SUBLINGUAL,
}
# Words of routes that a list of medications does not write, beside those of `rules.vocabulary`.
ROUTE_WORDS: Final[dict[str, Route]] = {
    "mouth": Route.ORAL,
    "nasogastric": Route.ORAL,
    "enteral": Route.ORAL,
    "orale": Route.ORAL,
    "peroral": Route.ORAL,
    "einnehmen": Route.ORAL,
    "oraal": Route.ORAL,
    "intravenos": Route.INTRAVENOUS,  # without its accents
    "intravenose": Route.INTRAVENOUS,
    "intraveineuse": Route.INTRAVENOUS,
    "intraveneus": Route.INTRAVENOUS,
    "ivpush": Route.INTRAVENOUS,
    "ivdrip": Route.INTRAVENOUS,
    "intramusculaire": Route.INTRAMUSCULAR,
    "subkutan": Route.SUBCUTANEOUS,
    "subkutane": Route.SUBCUTANEOUS,
    "subcutaan": Route.SUBCUTANEOUS,
    "gastrostomy": Route.ORAL,
    "inhalation": Route.INHALED,
    "respiratory": Route.INHALED,
    "auricular": Route.OTIC,
    "intrathecal": Route.OTHER,
    "epidural": Route.OTHER,
    "intraperitoneal": Route.OTHER,
    "intraarticular": Route.OTHER,
}
# The kinds of dose that are said side by side: HL7's, and a vendor's.
DOSE_TYPES: Final = frozenset({"ordered", "calculated", "admin-amount"})
SNOMED_DOSE_UNITS: Final[dict[str, str]] = {
    "258682000": "g",
    "258684004": "mg",
    "258685003": "mcg",
    "258718000": "mmol",
    "258773002": "mL",
    "385055001": "tablet",
    "420692007": "capsule",
    "428673006": "tablet",  # a unit of product usage
    "732936001": "tablet",  # units of presentation
    "732937005": "capsule",
    "732981002": "puff",
}
# Units of doses as other systems write them, lower case, beside those of `rules.quantities`.
DOSE_UNITS: Final[dict[str, str]] = {
    "milliliter": "mL",
    "milliliters": "mL",
    "millilitre": "mL",
    "millilitres": "mL",
    "cc": "mL",
    "tsp": "teaspoon",
    "tbsp": "tablespoon",
    "millimole": "mmol",
    "milliequivalent": "mEq",
    "tablet(s)": "tablet",
    "tab(s)": "tablet",
    "cap(s)": "capsule",
    "capsule(s)": "capsule",
    "{tab}": "tablet",
    "{cap}": "capsule",
    "{capsule}": "capsule",
    "[tablet]": "tablet",
    "puff(s)": "puff",
    "drop(s)": "drop",
    "[drp]": "drop",
    "gtt": "drop",
    "tropfen": "drop",
    "ampulle": "ampoule",
    "ampullen": "ampoule",
    # Pieces, as records in other languages have them; what has no name of its own is a dose.
    **dict.fromkeys(("tablette", "tabletten", "tablette(n)", "filmtablette", "filmtabletten"), "tablet"),
    **dict.fromkeys(("comprimé", "comprimés", "comprimé(s)", "comprimido", "comprimidos"), "tablet"),
    **dict.fromkeys(("tablett", "tabletter"), "tablet"),
    **dict.fromkeys(("kapslar", "kapsler"), "capsule"),
    **dict.fromkeys(("compressa", "compresse", "film-coated tablet", "\u9320"), "tablet"),
    **dict.fromkeys(("kapsel", "kapseln", "kapsel(n)", "gélule", "gélules", "capsule(n)", "cápsula"), "capsule"),
    **dict.fromkeys(("beutel", "sachet(s)"), "sachet"),
    **dict.fromkeys(("stück", "stueck", "stk", "stk.", "st", "st.", "stuk", "stuks", "each", "ea", "{each}"), "dose"),
    **dict.fromkeys(("pill", "pills", "{pill}", "[pill]", "piece", "pieces"), "dose"),
}

# --- how often --------------------------------------------------------------------------------------------------------

# Codes of a Timing (HL7 v3 GTSAbbreviation) and their usual kin: how often a day.
TIMES_A_DAY: Final[dict[str, int]] = {
    **dict.fromkeys(("qd", "am", "pm", "bed", "hs", "qhs", "qam", "qpm", "daily", "q24h", "qday", "on"), 1),
    **dict.fromkeys(("bid", "bd", "q12h"), 2),
    **dict.fromkeys(("tid", "tds", "q8h"), 3),
    **dict.fromkeys(("qid", "qds", "q6h"), 4),
    "q4h": 6,
    "q3h": 8,
    "q2h": 12,
    "q1h": 24,
    # SNOMED CT, frequencies
    "229797004": 1,
    "229799001": 2,
    "229798009": 3,
    "307439001": 4,
}
RARER_THAN_DAILY: Final[dict[str, str]] = {
    **dict.fromkeys(("qod", "q48h"), "every other day"),
    "q72h": "every 3 days",
    **dict.fromkeys(("wk", "weekly", "qw"), "once a week"),
    **dict.fromkeys(("mo", "monthly", "qmo"), "once a month"),
}
HOURS_OF: Final[dict[str, Fraction]] = {
    "min": Fraction(1, 60),
    "h": Fraction(1),
    "d": Fraction(24),
    "wk": Fraction(168),
}
MONTHS_OF: Final[dict[str, int]] = {"mo": 1, "a": 12}
# Events of a day that come with each meal, which nobody says how many of there are.
MEALS: Final = frozenset({"C", "AC", "PC"})

# --- states -----------------------------------------------------------------------------------------------------------

MEDICATION_TYPES: Final[dict[str, str]] = {
    "MedicationRequest": "MedicationRequest",
    "MedicationOrder": "MedicationRequest",  # its name in DSTU2
    "MedicationPrescription": "MedicationRequest",  # and in DSTU1
    "MedicationStatement": "MedicationStatement",
    "MedicationUsage": "MedicationStatement",  # its name in drafts of R5
    "MedicationDispense": "MedicationDispense",
    "MedicationAdministration": "MedicationAdministration",
}
# Said in R5 of whether it is taken, whatever the status of the statement is.
NOT_TAKEN_ANY_MORE: Final = frozenset({"not-taking", "not-taking-as-directed", "stopped", "stopped-as-directed"})
# Not taken, for sure, and the reason in words.
LEFT_OUT: Final[dict[str, str]] = {
    "entered-in-error": "It was entered in error.",
    "cancelled": "It was cancelled.",
    "stopped": "It was stopped.",
    "ended": "It has ended.",
    "not-taken": "It is not taken.",
    "not-done": "It was not given.",
    "declined": "It was declined.",
    "aborted": "It was broken off.",
}
# A completed dispensing or giving is what happens with a medicine that is taken; a completed prescription is over.
COMPLETED_IS_OVER: Final = frozenset({"MedicationRequest", "MedicationStatement"})
TAKEN: Final = frozenset({"active", "completed", "in-progress", "preparation", "recorded", "nominated"})
DOUBTFUL: Final[dict[str, str]] = {
    "on-hold": "It is on hold; it counts, as it may go on at any time.",
    "unknown": "Its status is not known; it counts.",
}
PROPOSED_STATES: Final = frozenset({"draft", "intended", "proposed"})
PLAN: Final = "plan"
PROPOSED_INTENTS: Final = frozenset({"proposal", PLAN, "option"})

CONDITION_OVER: Final = frozenset({"inactive", "remission", "resolved"})
CONDITION_PRESENT: Final = frozenset({"active", "recurrence", "relapse"})
CONDITION_REFUTED: Final = frozenset({"refuted", "entered-in-error"})
CONDITION_OPEN: Final = frozenset({"unconfirmed", "provisional", "differential"})
# http://fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit: how sure a diagnosis is, beside its code.
CERTAINTY: Final = "/icd-10-gm-diagnosesicherheit"
CERTAINTY_VERIFIED: Final[dict[str, str]] = {"a": "refuted", "v": "provisional", "g": "confirmed"}
CERTAINTY_CLINICAL: Final[dict[str, str]] = {"z": "resolved"}

OBSERVATION_COUNTS: Final = frozenset({"final", "amended", "corrected"})
OBSERVATION_FLAGGED: Final[dict[str, str]] = {
    "preliminary": "The value is preliminary; it counts until a final one is there.",
    "unknown": "The status of the value is not known; it counts.",
}
# Laboratory values look back so far in HL7's guide on drug interactions; older ones count and are said to be old.
STALE_DAYS: Final = 100
# A pregnancy does not last longer; a state from before then says nothing of today.
PREGNANCY_DAYS: Final = 300
