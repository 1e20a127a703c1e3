"""The thirteen source attributes of a rule as a reader of the API gets them. What they are is decided in `rules`."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from rules.compiled import CompiledRuleSet
from rules.model import Citation, Condition, Interaction, RuleSet
from rules.source_attributes import attribution_of, citations_of, personal_facts
from rules.terms import FactPurpose


class SourceCitation(BaseModel):
    """A source of a rule, to look up."""

    model_config = ConfigDict(frozen=True)

    citation_id: str
    title: str
    address: Annotated[str, Field(description="The address to open.")]


class FactUse(BaseModel):
    """One use of a fact about the person."""

    model_config = ConfigDict(frozen=True)

    fact: Annotated[str, Field(description="Where a question has it.", examples=["patient.age_years"])]
    place: Annotated[
        str,
        Field(
            description="Kind, id and pointer of the test in the rule, or in a condition it asks about.",
            examples=["interactions/cardiac-glycosides-with-magnesium-depleting-drugs/factors/0/when"],
        ),
    ]
    purpose: Annotated[
        FactPurpose,
        Field(
            description="`applicability`: whether the rule applies. `severity`: how severe it is. `presence`: whether "
            "a condition it asks about is present, or what that condition is about. `stands_in`: taken for a fact that "
            "is not given."
        ),
    ]


class PersonalAttribute(BaseModel):
    """Whether and how a rule uses what is known about a person."""

    model_config = ConfigDict(frozen=True)

    used: bool
    uses: tuple[FactUse, ...]


class SourceAttributes(BaseModel):
    """What a reader should know before relying on a rule, after 45 CFR 170.315(b)(11)(iv)(A)."""

    model_config = ConfigDict(frozen=True)

    bibliographic_citations: Annotated[tuple[SourceCitation, ...], Field(description="Those of the evidence first.")]
    developer: str | None = None
    funding_source: Annotated[str | None, Field(description="Who paid for making the rule from its sources.")] = None
    released_on: Annotated[date | None, Field(description="Day of the first release.")] = None
    revised_on: Annotated[date, Field(description="Day of the last revision, on which the sources were read again.")]
    race: PersonalAttribute
    ethnicity: PersonalAttribute
    language: PersonalAttribute
    sexual_orientation: PersonalAttribute
    gender_identity: PersonalAttribute
    sex: PersonalAttribute
    date_of_birth: Annotated[PersonalAttribute, Field(description="As an age; no date of birth is asked for.")]
    social_determinants_of_health: PersonalAttribute
    health_status_assessments: Annotated[
        PersonalAttribute,
        Field(description="Conditions, symptoms, pregnancy, kidney function and laboratory values."),
    ]
    missing: Annotated[
        tuple[str, ...], Field(description="Attributes that this rule cannot tell. Nothing is published with any.")
    ]


class Attributes:
    """The source attributes of the rules of one rule set."""

    def __init__(self, compiled: CompiledRuleSet) -> None:
        """Keep what they are looked up in."""
        self._rule_set: RuleSet = compiled.rule_set
        self._citations: Mapping[str, Citation] = {one.id: one for one in compiled.rule_set.citations}
        self._conditions: Mapping[str, Condition] = {one.id: one for one in compiled.rule_set.conditions}

    def of(self, record: Interaction) -> SourceAttributes:
        """The attributes of one rule."""
        by = attribution_of(record, self._rule_set.attributions)
        told = {
            "developer": None if by is None else by.developer,
            "funding_source": None if by is None else by.funding_source,
            "released_on": record.released_on,
        }
        personal = {
            name: PersonalAttribute(
                used=bool(uses),
                uses=tuple(FactUse(fact=one.fact, place=one.place, purpose=one.purpose) for one in uses),
            )
            for name, uses in personal_facts(record, self._conditions).items()
        }
        cited = (self._citations[name] for name in citations_of(record))
        return SourceAttributes.model_validate(
            {
                "bibliographic_citations": tuple(
                    SourceCitation(citation_id=one.id, title=one.title, address=one.address) for one in cited
                ),
                **told,
                "revised_on": record.last_reviewed_on,
                **personal,
                "missing": tuple(name for name, value in told.items() if value is None),
            }
        )
