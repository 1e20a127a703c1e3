"""Shapes that every part of a report is made of: decimal numbers, substances, sources. They hold no logic."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from rules.terms import EvidenceGrade, Verification

DecimalText = Annotated[str, Field(description="A decimal number as text.", examples=["241.2"])]


class SubstanceReference(TypedDict):
    """A substance of the knowledge base."""

    id: Annotated[str, Field(description="Identifier of the substance.")]
    name: str


class CitationReference(TypedDict):
    """A source of a claim."""

    id: str
    title: str
    address: Annotated[str, Field(description="Where to open the source.")]
    verification: Verification
    supports: Annotated[str | None, Field(description="What in this finding the source supports.")]


class EvidenceReport(TypedDict):
    """How sure we are, and from where."""

    grade: EvidenceGrade
    verification: Annotated[Verification, Field(description="The best founded of the citations.")]
    citations: list[CitationReference]


class NcpdpReason(StrEnum):
    """Reasons for service (field 439-E4) that a finding can have; single codes, not NCPDP's list."""

    DRUG_DRUG = "DD"
    DRUG_LABORATORY = "DL"
    DISEASE_INFERRED = "DC"
    DISEASE_REPORTED = "MC"
    ADDITIVE_TOXICITY = "AT"
    HIGH_DOSE = "HD"


class NcpdpSignificance(StrEnum):
    """Clinical significance (field 528-FS): 1 major, 2 moderate, 3 minor."""

    MAJOR = "1"
    MODERATE = "2"
    MINOR = "3"


class NcpdpBlock(TypedDict):
    """A finding as single codes of pharmacy messages (NCPDP Telecommunication); their lists are not part of this."""

    reason_for_service: Annotated[
        NcpdpReason | None, Field(description="439-E4. Null: none of the codes that are used here fits.")
    ]
    clinical_significance: Annotated[NcpdpSignificance, Field(description="528-FS, from `severity`.")]
    free_text: Annotated[
        str,
        Field(
            description="544-FY: at most 30 capitals, digits and marks. That this is the length of version D.0 is "
            "unverified."
        ),
    ]
