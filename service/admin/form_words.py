"""The words of the forms: what a field is called there, what helps to fill it in, its unit, which fields go together.

It names and explains, and knows nothing of what is filled in. A field without words of its own is called as elsewhere.
"""

from __future__ import annotations

from typing import Final

from service.admin import words
from service.admin.form_fields import Field

# By the name of the model and the field; or by the field alone.
_LABELS: Final = {
    "id": "Identifier",
    "last_reviewed_on": "Sources last read on",
    "citation": "Source",
    "citations": "Sources",
    "supports": "What it supports",
    "text": "Text",
    "patient_text": "To the patient",
    "prescriber": "To the prescriber",
    "except_substances": "Except these substances",
    "dose_forms": "Only as",
    "except_dose_forms": "Not as",
    "code_note": "Note on the codes",
    "rank": "How well absorbed",
    "formula": "Chemical formula",
    "label_strength": "A strength after the name counts",
    "usual_use": "What it is usually taken for",
    "supplied_as": "Strengths it is sold in",
    "least_mg_per_day": "At least a day",
    "most_mg_per_day": "At most a day",
    "mg_per_day": "Amount a day",
    "least_doses_per_day": "In at least",
    "every_days": "Again every",
    "minutes_before_food": "At least before food",
    "minutes_after_food": "At least after food",
    "before_first_food": "Before anything is eaten that day",
    "minutes_before_other_medicines": "Nothing else by mouth for",
    "own_doses_hours": "Between two of its own doses",
    "not_after": "Not later than",
    "tests": "What is measured",
    "decisions": "Decisions of the plan",
    "dailymed_set_id": "DailyMed label (set id)",
    "pmid": "PubMed number",
    "pmcid": "PubMed Central number",
    "url": "Web address",
    "current_for_days": "Counts as recent for",
    "magnesium_first_hours": "After magnesium, wait before the drug",
    "drug_first_hours": "After the drug, wait before magnesium",
    "spacing_helps": "Spacing the doses helps",
    "disagreement": "Where sources disagree",
    "icd10cm": "ICD-10-CM codes begin with",
    "rxnorm": "RxNorm number (RXCUI)",
    "atc": "ATC code",
    "unii": "UNII",
    "Interaction.affected": "Affected: acted on",
    "Interaction.precipitant": "Precipitant: acts",
    "Interaction.conditions": "In one of these conditions",
    "Interaction.when": "Only when",
    "Interaction.scope": "Findings",
    "Interaction.factors": "What changes the severity",
    "Interaction.variants": "Single substances that differ",
    "Interaction.management": "What may be done",
    "Management.text": "To the pharmacist",
    "Management.monitoring": "What to monitor",
    "Management.separation": "Separation of doses",
    "PrescriberNote.heading": "Heading: names the action",
    "Separation.text": "What the source says of it",
    "Disagreement.positions": "What each source says",
    "Disagreement.policy": "Which one is followed",
    "Disagreement.text": "Why",
    "Position.text": "What it says",
    "ModifyingFactor.id": "Short name",
    "ModifyingFactor.when": "When",
    "ModifyingFactor.severity": "Severity then",
    "ModifyingFactor.operational_class": "Operational class then",
    "ModifyingFactor.text": "Why",
    "Variant.severity": "Severity, if it differs",
    "Variant.operational_class": "Operational class, if it differs",
    "Variant.effect": "Effect, if it differs",
    "Variant.management_text": "To the pharmacist, if it differs",
    "Variant.separation": "Separation of doses, if it differs",
    "MedicationClass.atc": "ATC anchors",
    "MedicationClass.includes": "Includes the classes",
    "MedicationClass.exclusion_reason": "Why they are excluded",
    "Substance.salt_form": "Supplement form",
    "Substance.routes": "Routes it is marketed for",
    "Condition.present_when": "Follows from facts",
    "Condition.implies": "What it implies",
    "Condition.magnesium_effect": "What it does to magnesium",
    "Ingredient.elemental_magnesium_mg": "Elemental magnesium in one unit",
    "SuppliedAs.elemental_magnesium_mg": "Elemental magnesium in one unit",
    "Product.presentations": "Strengths it is sold in",
    "Presentation.millilitres": "In so much of it",
    "Presentation.amounts": "What it holds",
    "PresentedAmount.mg": "Mass, as the label counts it",
    "PresentedAmount.elemental_magnesium_mg": "Elemental magnesium in it",
    "Band.bounds": "From – to",
    "Case.interaction": "Interaction it is about",
    "Case.kind": "What it shows",
    "Case.profile": "The medication list",
    "Case.expect": "What must come out",
    "MedicationProfile.conditions": "Conditions",
    "MedicationProfile.as_of": "The day the list is about",
    "MedicationProfile.day": "Waking day and meals",
    "MedicationProfile.timetable": "Ask for a day plan",
    "MedicationProfile.plan": "Ask for a plan",
    "MedicationProfile.last_ecg_on": "Last ECG on",
    "MedicationProfile.magnesium_target_mg_per_day": "Elemental magnesium the plan aims at",
    "MedicationItem.id": "Short name",
    "MedicationItem.text": "As written on the list",
    "MedicationItem.times_per_day": "Times a day",
    "MedicationItem.times": "At these times",
    "Dose.value": "Amount",
    "Dose.of": "The amount counts",
    "PatientFacts.dietary_magnesium_mg_per_day": "Magnesium from food a day",
    "KidneyFunction.value": "Value",
    "Acknowledgement.finding_key": "Key of the finding",
    "Acknowledgement.context_digest": "Context of the finding",
    "Expectation.findings": "Findings that must be there",
    "Expectation.status": "State of the answer",
    "Expectation.settled": "Findings that must be settled",
    "Expectation.deficiency": "Risk of deficiency",
    "Expectation.excess": "Risk of excess",
    "Expectation.states": "How medications are recognised",
    "ExpectedFinding.medications": "On these medications",
    "ExpectedFinding.missing_facts": "Facts that are missing",
    "ExpectedFinding.severity_ceiling": "Severity it may reach",
    "ExpectedFinding.applicability": "Whether it applies",
    "ExpectedFinding.timing": "Given dose times",
    "ExpectedTimetable.times": "Times of medications",
    "ExpectedTimetable.moved": "Medications that are moved",
    "ExpectedTimetable.conflict": "Medications that cannot fit together",
    "ExpectedPlan.food": "Food is advised",
    "ExpectedPlan.monitoring": "What is measured",
    "CoMedication.at_least": "How many of them",
    "CoMedication.same_product": "In the same product (a fixed combination)",
    "RiskCount.at_least": "How many causes",
    "Attribution.developer": "Who made the rules",
    "Attribution.funding_source": "Who paid for it",
    "Attribution.interactions": "For these interactions",
    # What stands under the keys of pairs.
    "Substance.routes_of_code": "Routes",
    "ExpectedTimetable.times_of_medication": "Times",
    "Expectation.state_of_medication": "State",
}

_HELP: Final = {
    "id": "Small letters, digits and hyphens. Other records name it by this, so it never changes.",
    "last_reviewed_on": "The day somebody last read the sources; the next review counts from it.",
    "note": "For other authors: why it is as it is. No finding shows it.",
    "synonyms": "Other names, spellings and abbreviations, one on each line.",
    "brands": "One on each line.",
    "rxnorm": "One on each line, such as 4603. Only of exactly this substance.",
    "unii": "One on each line: ten letters and digits.",
    "icd10cm": "One on each line, such as E83.42 or N18.",
    "supports": "Which part of the record this source stands for.",
    "magnesium_first_hours": "Magnesium comes first. Leave empty where the source gives no number.",
    "drug_first_hours": "The drug comes first. Leave empty where the source gives no number.",
    "spacing_helps": "“No” when no interval is known to be enough; then there are no hours.",
    "atc_routes": "Which route an ATC code of this substance stands for.",
    "formula": "Such as MgO or C12H10Mg3O14; the share of magnesium is worked out from it.",
    "not_after": "Hours and minutes, such as 08:00.",
    "patient_text": "Plain, calm and short: at most three sentences.",
    "severity_ceiling": "The worst it could be once the missing facts are known.",
    "Interaction.released_on": "The day it first answered somebody.",
    "Interaction.affected": "Whom it happens to. With no precipitant: the medication itself.",
    "Interaction.precipitant": "What does it. With no affected side: the medication itself.",
    "Interaction.conditions": "One of them must be present. With no medicines, it is about the condition itself.",
    "Interaction.when": "Facts that must hold as well. Where one is not known, the finding “may apply”.",
    "Interaction.factors": "A fact that raises or lowers the severity, with its own sources.",
    "Interaction.variants": "Members of the affected side that differ from the record, each with its own sources.",
    "Interaction.operational_class": "What to do about the combination as a whole.",
    "ModifyingFactor.id": "Small letters, digits and hyphens, such as severe-kidney-disease.",
    "Management.text": "Advises; it never commands and never promises.",
    "Management.monitoring": "One thing to watch in each.",
    "Party.routes": "None picked: any route.",
    "Party.dose_forms": "None picked: any dose form.",
    "MedicationClass.atc": "Beginnings of ATC codes, one on each line: every substance below belongs to the class.",
    "Substance.name": "The international nonproprietary name in small letters.",
    "Substance.routes": "They stand in for a route that the caller does not give.",
    "SubstanceCodes.atc": "One on each line, such as J01MA02.",
    "ProductCodes.atc": "One on each line, such as A02AD01.",
    "ProductCodes.rxnorm": "One on each line. Only of exactly this combination.",
    "Product.presentations": "All that its names may stand for: where they differ, each of them is taken as possible.",
    "Presentation.name": "Such as Mucogel suspension.",
    "Presentation.millilitres": "Leave empty for one unit, such as a tablet.",
    "Presentation.amounts": "As the label says; leave out what it does not.",
    "Condition.present_when": "For populations that follow from facts, such as an age.",
    "Citation.doi": "Such as 10.1000/xyz123.",
    "Citation.pmid": "Digits only.",
    "Citation.pmcid": "Such as PMC123456.",
    "Citation.url": "Begins with https://. Give at least one of these identifiers.",
    "Citation.verification": "“Read in the primary text” only when you have read the text itself.",
    "Attribution.interactions": "None picked: for all that no other attribution names.",
    "MedicationProfile.conditions": "Not given: nobody knows. Given and empty: there are none.",
    "MedicationItem.id": "Any short name, such as m1; what must come out refers to it.",
    "MedicationItem.times": "Hours and minutes, one on each line, such as 08:00.",
    "Dose.unit": "Such as mg, mmol, mEq or tablet.",
    "KidneyFunction.unit": "mL/min/1.73m2 for an eGFR, mL/min for a creatinine clearance.",
    "WakingDay.wakes_at": "Such as 07:00.",
    "WakingDay.meals": "Hours and minutes, one on each line.",
    "Expectation.absent": "Interactions that must stay quiet.",
    "ExpectedFinding.medications": "Short names of the medications above, one on each line.",
    "ExpectedFinding.missing_facts": "Such as patient.egfr, one on each line.",
    "ExpectedTimetable.moved": "Short names, one on each line.",
    "ExpectedTimetable.conflict": "Short names, one on each line.",
    "Expectation.elemental_mg_per_day": "In milligrams.",
}

_UNITS: Final = {
    "magnesium_first_hours": "hours",
    "drug_first_hours": "hours",
    "own_doses_hours": "hours",
    "egfr": "mL/min/1.73 m²",
    "age_years": "years",
    "serum_magnesium": "mmol/L",
    "serum_potassium": "mmol/L",
    "serum_calcium": "mmol/L",
    "elemental_mg_per_day": "mg a day",
    "mg_per_day": "mg a day",
    "least_mg_per_day": "mg a day",
    "most_mg_per_day": "mg a day",
    "dietary_magnesium_mg_per_day": "mg a day",
    "magnesium_target_mg_per_day": "mg a day",
    "elemental_magnesium_mg": "mg",
    "mg": "mg",
    "millilitres": "mL",
    "daily_dose_mg": "mg",
    "duration_days": "days",
    "duration_months": "months",
    "current_for_days": "days",
    "every_days": "days",
    "minutes_before_food": "minutes",
    "minutes_after_food": "minutes",
    "minutes_before_other_medicines": "minutes",
    "least_doses_per_day": "doses",
    "bounds": "mmol/L",
}

# What an expression may be about, in the order it is offered.
FACTS: Final = {
    "": "Choose …",
    "all": "All of these hold",
    "any": "At least one of these holds",
    "not": "This does not hold",
    "conditions": "The patient has one of the conditions",
    "symptoms": "The patient complains of",
    "egfr": "Kidney function (eGFR)",
    "dialysis": "Dialysis",
    "age_years": "Age",
    "sex": "Sex",
    "pregnancy": "Pregnancy",
    "serum_magnesium": "Serum magnesium",
    "serum_potassium": "Serum potassium",
    "serum_calcium": "Serum calcium",
    "co_medication": "Other medicines on the list",
    "risk_count": "Several causes together",
    "elemental_mg_per_day": "Elemental magnesium of the whole list",
    "daily_dose_mg": "Daily dose of this medicine",
    "duration_days": "Taken for (days)",
    "duration_months": "Taken for (months)",
}

BOUNDS: Final = {"at_least": "at least", "above": "more than", "below": "less than", "at_most": "at most"}

# What stands under the keys of pairs, and what the keys are.
OF_PAIRS: Final = {
    "atc_routes": ("ATC code", "routes_of_code"),
    "times": ("Short name of the medication", "times_of_medication"),
    "states": ("Short name of the medication", "state_of_medication"),
}

# What one item of a list is called, for the button that adds one.
_ITEMS: Final = {
    "factors": "modifying factor",
    "variants": "substance that differs",
    "citations": "source",
    "positions": "position of a source",
    "all": "fact",
    "any": "fact",
    "monitoring": "thing to monitor",
    "ingredients": "ingredient",
    "presentations": "strength",
    "amounts": "amount",
    "hydrates": "hydrate",
    "bands": "band",
    "side_effects": "side effect",
    "notes": "note",
    "supplied_as": "strength",
    "medications": "medication",
    "observations": "laboratory value",
    "findings": "finding",
    "codes": "code",
    "conditions": "condition",
    "classes": "class",
    "includes": "class",
    "substances": "substance",
    "except_substances": "substance",
    "members": "substance",
    "exclusions": "substance",
    "routes": "route",
    "dose_forms": "dose form",
    "except_dose_forms": "dose form",
    "symptoms": "symptom",
    "interactions": "interaction",
    "absent": "interaction",
    "settled": "interaction",
    "guidance": "guidance page",
    "cases": "worked case",
    "forms": "form",
    "tests": "test",
    "decisions": "decision",
    "states": "medication",
    "times": "medication",
    "atc_routes": "ATC code",
    "acknowledgements": "finding dealt with",
    "routes_of_code": "route",
    "times_of_medication": "time",
}

# The parts of a form, with the fields that stand in them; the rest stands in parts of its own or under "What it says".
_STATE: Final = ("status", "last_reviewed_on", "released_on", "note")
_SECTIONS: Final = {
    "interactions": (
        ("What it is", ("title", "direction", "severity", "seriousness", "operational_class", "onset", "scope")),
        ("Who meets whom", ("affected", "precipitant", "conditions", "when")),
        ("What happens", ("effect", "mechanism")),
        ("What may be done", ("management",)),
        ("What changes the severity", ("factors",)),
        ("Single substances that differ", ("variants",)),
        ("Evidence", ("evidence",)),
    ),
    "cases": (
        ("What it shows", ("title", "kind", "interaction", "rationale", "citations")),
        ("The medication list", ("profile",)),
        ("What must come out", ("expect",)),
    ),
    "forms": (
        ("What it is", ("name", "hydrates", "raises_gastric_ph", "label_strength", "supplied_as")),
        ("Absorption, bowel, solubility", ("absorption", "laxative", "solubility")),
        ("What it does and is taken for", ("side_effects", "usual_use", "notes")),
    ),
}


# The field that says what a record is called.
CALLED: Final = ("title", "name", "body", "developer")


def sections(kind: str, names: tuple[str, ...]) -> list[tuple[str, list[str]]]:
    """The parts of the form of a kind, each with its fields; every field stands in one of them."""
    given = _SECTIONS.get(kind, ())
    placed = {name for _, fields in given for name in fields} | set(_STATE) | {"id"}
    found = [(title, [name for name in fields if name in names]) for title, fields in given]
    rest = [name for name in names if name not in placed]
    if rest:
        found.append(("What it says" if not given else "More", rest))
    # What something is called comes first, and the identifier, which is made from that, right after it.
    first = found[0][1]
    called = next(name for name in CALLED if name in first)
    first.remove(called)
    first[:0] = [called, "id"]
    return [*found, ("State", [name for name in _STATE if name in names])]


def label(field: Field) -> str:
    """What a field is called in a form."""
    own = f"{field.model.__name__}.{field.name}"
    return _LABELS.get(own) or _LABELS.get(field.name) or words.field(field.name)


def help_for(field: Field) -> str | None:
    """What helps to fill a field in."""
    return _HELP.get(f"{field.model.__name__}.{field.name}") or _HELP.get(field.name)


def unit(name: str) -> str | None:
    """The unit of a number."""
    return _UNITS.get(name)


def one_item(name: str) -> str:
    """One item of a list, with its article."""
    called = item(name)
    return f"{'an' if called[0] in 'aeioAEIO' else 'a'} {called}"


def item(name: str) -> str:
    """What one item of a list is called."""
    return _ITEMS.get(name) or words.field(name).lower()


# Fields that are rarely filled in: out of the way while they are empty.
_RARE: Final = frozenset(
    {
        "Party.except_substances",
        "Party.dose_forms",
        "Party.except_dose_forms",
        "Administration.except_substances",
        "Administration.except_dose_forms",
        "Administration.before_first_food",
        "Administration.minutes_before_other_medicines",
        "Administration.not_after",
        "Administration.own_doses_hours",
        "Variant.effect",
        "Variant.management_text",
        "Variant.separation",
        "Substance.atc_routes",
        "Substance.salt_form",
        "Substance.code_note",
        "Product.code_note",
        "MedicationItem.codes",
        "MedicationItem.times_per_day",
        "MedicationItem.times",
        "MedicationItem.as_needed",
        "MedicationItem.started_on",
        "MedicationProfile.acknowledgements",
        "MedicationProfile.timetable",
        "MedicationProfile.day",
        "MedicationProfile.plan",
        "MedicationProfile.magnesium_target_mg_per_day",
        "MedicationProfile.last_ecg_on",
        "MedicationProfile.observations",
        "MedicationProfile.symptoms",
        "PatientFacts.dietary_magnesium_mg_per_day",
        "PatientFacts.pregnancy",
        "ConditionItem.codes",
        "ExpectedFinding.severity_ceiling",
        "ExpectedFinding.magnesium_first_hours",
        "ExpectedFinding.drug_first_hours",
        "ExpectedFinding.spacing_helps",
        "ExpectedFinding.timing",
        "ExpectedFinding.origin",
        "ExpectedFinding.medications",
        "Expectation.settled",
        "Expectation.deficiency",
        "Expectation.excess",
        "Expectation.plan",
        "Expectation.timetable",
        "Expectation.elemental_mg_per_day",
        "Expectation.states",
        "SaltForm.notes",
        "Separation.text",
        "Position.magnesium_first_hours",
        "Position.drug_first_hours",
    }
)


# What a button says that adds a part which may be left out.
_GIVE: Final = {
    "Interaction.affected": "Add the affected side",
    "Interaction.precipitant": "Add the precipitant side",
    "Interaction.when": "Add facts that must hold",
    "Management.prescriber": "Add a note to the prescriber",
    "Management.separation": "Add a separation of doses",
    "Separation.disagreement": "Add where sources disagree",
    "Variant.separation": "Add a separation of its own",
    "Condition.present_when": "Add the facts it follows from",
    "Condition.implies": "Add what it implies",
    "Implied.egfr": "Add an eGFR",
    "IntakeLimit.age_years": "Add an age",
    "RecommendedIntake.age_years": "Add an age",
    "SupplementTarget.age_years": "Add an age",
    "MedicationItem.dose": "Add a dose",
    "PatientFacts.egfr": "Add an eGFR",
    "MedicationProfile.conditions": "Add conditions, or that there are none",
    "WakingDay.meals": "Add meals",
    "ExpectedFinding.medications": "Add on which medications",
    "ExpectedFinding.missing_facts": "Add which facts are missing",
    "Expectation.settled": "Add what must be settled",
    "Expectation.plan": "Add what the plan must come to",
    "Expectation.timetable": "Add what the day plan must come to",
    "ExpectedTimetable.moved": "Add which are moved",
    "ExpectedTimetable.conflict": "Add which cannot fit together",
}


def give(field: Field) -> str | None:
    """What the button says that adds a part."""
    return _GIVE.get(f"{field.model.__name__}.{field.name}")


def is_rare(field: Field) -> bool:
    """Whether a field stands out of the way while nothing is filled in."""
    return f"{field.model.__name__}.{field.name}" in _RARE
