"""The words pages use for kinds of record, fields and terms. It translates names and knows nothing of records."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Final

from rules.canonical import decimal_text
from rules.documents import Bounds

# Kind of record: one, several.
KINDS: Final[dict[str, tuple[str, str]]] = {
    "substances": ("substance", "substances"),
    "products": ("product", "products"),
    "classes": ("medication class", "medication classes"),
    "forms": ("supplement form", "supplement forms"),
    "interactions": ("interaction", "interactions"),
    "conditions": ("condition", "conditions"),
    "symptoms": ("symptom", "symptoms"),
    "reference_ranges": ("reference range", "reference ranges"),
    "intake_limits": ("intake limit", "intake limits"),
    "recommended_intakes": ("recommended intake", "recommended intakes"),
    "supplement_targets": ("supplement target", "supplement targets"),
    "administrations": ("administration", "administrations"),
    "monitoring_schedules": ("monitoring schedule", "monitoring schedules"),
    "guidance": ("guidance page", "guidance pages"),
    "assessments": ("assessment", "assessments"),
    "citations": ("source", "sources"),
    "attributions": ("attribution", "attributions"),
    "cases": ("worked case", "worked cases"),
}

_TERMS: Final = {
    "A": "A – regulator text or controlled study",
    "B": "B – meta-analysis or large cohort",
    "C": "C – case series or mechanism",
    "D": "D – listed, no readable data",
    "primary_text": "Read in the primary text",
    "second_hand": "Second-hand",
    "unverified": "Not verified",
    "each": "One finding per affected substance",
    "list": "One finding for the whole list",
    "non_serious": "Not serious",
    "fires": "Must fire",
    "quiet": "Must stay quiet",
    "missing_fact": "A fact is missing",
    "whole_list": "Whole list",
    "magnesium_alters_drug": "Magnesium alters the drug",
    "elemental": "Elemental magnesium",
    "salt": "The whole salt",
}

_FIELDS: Final = {
    "affected": "Affected",
    "when": "Applies when",
    "present_when": "Present when",
    "last_reviewed_on": "Reviewed on",
    "atc": "ATC",
    "rxnorm": "RxNorm",
    "unii": "UNII",
    "icd10cm": "ICD-10-CM",
    "pmid": "PubMed",
    "pmcid": "PubMed Central",
    "doi": "DOI",
    "url": "Address",
    "dailymed_set_id": "DailyMed label",
    "egfr": "eGFR",
    "atc_routes": "Routes by ATC code",
    "supplied_as": "Sold as",
    "presentations": "Sold as",
    "mg": "Mass (mg)",
    "millilitres": "In so many millilitres",
    "raises_gastric_ph": "Raises gastric pH",
    "mg_per_day": "Milligrams a day",
    "elemental_mg_per_day": "Elemental magnesium a day (mg)",
    "elemental_magnesium_mg": "Elemental magnesium (mg)",
    "age_years": "Age",
    "magnesium_first_hours": "After magnesium, before the drug (hours)",
    "drug_first_hours": "After the drug, before magnesium (hours)",
    "no_other_findings": "Nothing else may be found",
    "absent": "Must not be found",
    "as_of": "As of",
    "own_doses_hours": "Between two of its own doses (hours)",
    "note": "Note for authors",
    "released_on": "First released on",
}


def kind_one(kind: str) -> str:
    """What one record of a kind is called."""
    return KINDS[kind][0]


def kind_many(kind: str) -> str:
    """What records of a kind are called."""
    return KINDS[kind][1]


def capital(text: str) -> str:
    """A text with a capital first letter."""
    return text[:1].upper() + text[1:]


def term(value: object) -> str:
    """A term of a closed vocabulary in words."""
    name = str(value.value if isinstance(value, Enum) else value)
    return _TERMS.get(name) or capital(name.replace("_", " "))


def short_term(value: object) -> str:
    """A term in one word or two, for a badge."""
    name = str(value.value if isinstance(value, Enum) else value)
    return name if name in {"A", "B", "C", "D"} else capital(name.replace("_", " "))


def field(name: str) -> str:
    """The label of a field."""
    plain = name.rstrip("_")
    return _FIELDS.get(plain) or capital(plain.replace("_", " "))


def day(value: date) -> str:
    """A day as people write it."""
    return f"{value.day} {value:%B %Y}"


def moment(value: datetime) -> str:
    """A moment to the minute; all are in UTC."""
    return f"{day(value)}, {value:%H:%M} UTC"


def number(value: Decimal | float) -> str:
    """A number without an exponent and without idle zeros."""
    return decimal_text(value) if isinstance(value, Decimal) else str(value)


def bounds(limits: Bounds, unit: str = "") -> str:
    """An interval in words."""
    parts = [
        f"{words} {number(value)}"
        for words, value in (
            ("at least", limits.at_least),
            ("above", limits.above),
            ("at most", limits.at_most),
            ("below", limits.below),
        )
        if value is not None
    ]
    return f"{' and '.join(parts)}{f' {unit}' if unit else ''}"


def counted(many: int, one: str, several: str | None = None) -> str:
    """A number with its noun."""
    return f"{many:,} {one if many == 1 else several or f'{one}s'}"
