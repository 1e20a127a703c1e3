"""The answer in the shape of RxNav's Drug Interaction API, as its documentation had it until January 2024.

The names are that interface's. What it had no place for stands under `magcheck`, which its clients do not look at.
"""

from __future__ import annotations

from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from rules.report import RuleSetReference, TerminologyReference
from rules.terms import Applicability, CheckStatus, RecognitionState, Severity
from service.application.standing import Degraded


class RxNavConcept(TypedDict):
    """A concept of RxNorm: what was asked about, or an ingredient of it."""

    rxcui: NotRequired[Annotated[str, Field(description="Left out where the knowledge has none.")]]
    name: str
    tty: Annotated[str, Field(description="The term type of RxNorm, such as `IN` or `SCD`.")]


class RxNavSourceConcept(TypedDict):
    """The same ingredient in the knowledge of this service."""

    id: str
    name: str
    url: Annotated[str, Field(description="Where its record is read.")]


class RxNavInteractionConcept(TypedDict):
    """One side of an interaction."""

    minConceptItem: RxNavConcept
    sourceConceptItem: RxNavSourceConcept


class RxNavFinding(TypedDict):
    """What `/v1/checks` says of the finding that a pair is made of."""

    key: str
    interaction_id: str
    severity: Severity
    severity_ceiling: Severity
    applicability: Applicability
    missing_facts: list[str]


class RxNavPair(TypedDict):
    """An interaction between two sides; where only one medicine takes part, the other side is magnesium itself."""

    interactionConcept: list[RxNavInteractionConcept]
    severity: Annotated[
        str,
        Field(description="`high` (contraindicated, major), `moderate`, or `low` (minor).", examples=["high"]),
    ]
    description: str
    magcheck: RxNavFinding


class RxNavFullType(TypedDict):
    """The interactions of two of the concepts that were asked about, or of one of them with magnesium."""

    comment: str
    minConcept: list[RxNavConcept]
    interactionPair: list[RxNavPair]


class RxNavFullGroup(TypedDict):
    """All interactions of one source."""

    sourceDisclaimer: str
    sourceName: str
    fullInteractionType: list[RxNavFullType]


class RxNavType(TypedDict):
    """The interactions of the concept that was asked about."""

    comment: str
    minConceptItem: RxNavConcept
    interactionPair: list[RxNavPair]


class RxNavGroup(TypedDict):
    """All interactions of one source."""

    sourceDisclaimer: str
    sourceName: str
    interactionType: list[RxNavType]


class RxNavMedication(TypedDict):
    """What became of one RxCUI."""

    rxcui: str
    state: RecognitionState


class RxNavCheck(TypedDict):
    """What the old interface had no place for: how far the answer goes, and what it was made from."""

    scope: str
    check_id: str
    rule_set: RuleSetReference
    terminology: TerminologyReference | None
    degraded: Degraded | None
    status: CheckStatus
    statement: str
    medications: Annotated[
        list[RxNavMedication], Field(description="Every RxCUI; what was not recognised was not checked.")
    ]


class RxNavListQuestion(TypedDict):
    """What was asked."""

    sources: list[str]
    rxcuis: list[str]


class RxNavDrugQuestion(TypedDict):
    """What was asked."""

    sources: list[str]
    rxcui: str


class RxNavInteractionList(TypedDict):
    """Interactions between the drugs of a list, as far as magnesium has to do with them."""

    nlmDisclaimer: str
    userInput: RxNavListQuestion
    fullInteractionTypeGroup: NotRequired[
        Annotated[list[RxNavFullGroup], Field(description="Left out where there is no finding.")]
    ]
    magcheck: RxNavCheck


class RxNavDrugInteractions(TypedDict):
    """Interactions of one drug with magnesium."""

    nlmDisclaimer: str
    userInput: RxNavDrugQuestion
    interactionTypeGroup: NotRequired[
        Annotated[list[RxNavGroup], Field(description="Left out where there is no finding.")]
    ]
    magcheck: RxNavCheck
