"""Pages of records. A rule set never changes, so a position in it is as good as a cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, Generic, Self, TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from rules.report import RuleSetReference
from service.application.catalogue import Catalogue

MAXIMUM_LIMIT: Final = 100
DEFAULT_LIMIT: Final = 25
_MAXIMUM_OFFSET: Final = 1_000_000
_MAXIMUM_TEXT: Final = 100

R = TypeVar("R", bound=BaseModel)


def _digits(value: object) -> object:
    """Keep `1_0`, `+5`, ` 7` and `2.0` from being read as numbers."""
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        return None  # which is no number either, and so the fault says what is wanted
    return value


DIGITS: Final = BeforeValidator(_digits)


class PageQuery(BaseModel):
    """What every list takes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: Annotated[int, Field(ge=1, le=MAXIMUM_LIMIT, description="How many records at most."), DIGITS] = (
        DEFAULT_LIMIT
    )
    offset: Annotated[
        int, Field(ge=0, le=_MAXIMUM_OFFSET, description="How many records to leave out first."), DIGITS
    ] = 0

    def following(self) -> str:
        """The query of the next page."""
        given = self.model_dump(mode="json", exclude_none=True)
        return "?" + urlencode({**given, "limit": self.limit, "offset": self.offset + self.limit})


class SearchQuery(PageQuery):
    """What lists take that can be searched."""

    q: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=_MAXIMUM_TEXT,
            description="Part of the id, a name or another word of the record, in any case.",
        ),
    ] = None


class Page(BaseModel, Generic[R]):
    """A part of a list."""

    rule_set: RuleSetReference
    total: Annotated[int, Field(description="How many records there are in all pages together.")]
    items: Sequence[R]
    next: Annotated[
        str | None,
        Field(description="The next page, relative to this address. Left out on the last page."),
    ] = None

    @classmethod
    def of(cls, catalogue: Catalogue, found: Sequence[R], query: PageQuery) -> Self:
        """The page of what was found that the query asks for."""
        end = query.offset + query.limit
        return cls(
            rule_set=catalogue.rule_set,
            total=len(found),
            items=found[query.offset : end],
            next=query.following() if end < len(found) else None,
        )
