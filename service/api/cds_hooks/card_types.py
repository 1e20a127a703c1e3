"""The shape of an answer: cards with their sources, suggestions and links, as CDS Hooks 2.0.1 has them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from rules.terms import word


class Indicator(StrEnum):
    """How urgent a card is."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class SelectionBehavior(StrEnum):
    """How many suggestions may be taken; ours do not exclude each other."""

    ANY = "any"


class ActionType(StrEnum):
    """What an action does; ours delete nothing."""

    CREATE = "create"
    UPDATE = "update"


class LinkType(StrEnum):
    """What a link is; ours start no applications."""

    ABSOLUTE = "absolute"


# As cards hold them: plain texts, which are written faster.
INFO: Final = word(Indicator.INFO)
WARNING: Final = word(Indicator.WARNING)
CRITICAL: Final = word(Indicator.CRITICAL)
ANY: Final = word(SelectionBehavior.ANY)
CREATE: Final = word(ActionType.CREATE)
UPDATE: Final = word(ActionType.UPDATE)
ABSOLUTE: Final = word(LinkType.ABSOLUTE)


class CdsCoding(TypedDict):
    """A code of a system."""

    code: str
    system: str
    display: str


class CdsSource(TypedDict):
    """Who says it."""

    label: str
    url: NotRequired[str]
    topic: NotRequired[CdsCoding]


class CdsAction(TypedDict):
    """One step of a suggestion; what it is done to stands in it whole."""

    type: ActionType
    description: str
    resource: dict[str, Any]


class CdsSuggestion(TypedDict):
    """Something that the client can do by itself if somebody wants it."""

    label: str
    uuid: str
    actions: list[CdsAction]


class CdsLink(TypedDict):
    """A source to open."""

    label: str
    url: str
    type: LinkType


class CdsCard(TypedDict):
    """One card. What there is nothing of is left out."""

    uuid: Annotated[str, Field(description="Names the card in feedback.")]
    summary: Annotated[str, Field(max_length=139)]
    detail: Annotated[str, Field(description="Markdown without HTML and tables.")]
    indicator: Indicator
    source: CdsSource
    suggestions: NotRequired[list[CdsSuggestion]]
    selectionBehavior: NotRequired[SelectionBehavior]
    overrideReasons: NotRequired[list[CdsCoding]]
    links: NotRequired[list[CdsLink]]


Counted = TypedDict("Counted", {"filtered-repeated-alerts": int})
Counted.__doc__ = "How many cards were left out because the client wanted repeated ones left out."


class CdsCards(TypedDict):
    """The answer to a call. No card means that no rule applied, not that all is well."""

    cards: list[CdsCard]
    extension: NotRequired[Counted]
