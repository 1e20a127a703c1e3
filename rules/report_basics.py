"""Shapes that every part of a report is made of: decimal numbers, substances, sources. They hold no logic."""

from __future__ import annotations

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
