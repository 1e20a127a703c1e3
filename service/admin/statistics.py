"""`/admin/statistics`: how rules fare, from the log of decisions; drawings by week, and what comes most often.

It shows counts of rules and never a question, a person or a patient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import Query, Request, Response

from service.admin.plots import figure, findings_per_hundred, override_share, unrecognised_share
from service.admin.rendering import page
from service.admin.routes import frame, pages_router
from service.api.changing import in_transaction
from service.api.dependencies import Parts, RecordId, found, parts_of
from service.api.openapi import needs
from service.application import statistics
from service.application.feedback import Rate, rates
from service.application.principals import Permission
from service.application.record_search import Library
from service.settings import DecisionLogging
from service.storage.session import Transaction

router = pages_router()

DAYS: Final = 30
_MOST_SHOWN: Final = 15


class Span(StrEnum):
    """How far back a page looks, in weeks."""

    QUARTER = "13"
    HALF = "26"
    YEAR = "52"


SPANS: Final = {Span.QUARTER: "Last 3 months", Span.HALF: "Last 6 months", Span.YEAR: "Last year"}
_Span = Annotated[Span, Query(alias="weeks")]


@dataclass(frozen=True, slots=True)
class Fared:
    """An interaction with how it fared, ready to be shown."""

    id: str
    title: str
    known: bool
    rate: Rate

    @property
    def answered(self) -> int:
        """How many findings somebody said anything about."""
        return self.rate.accepted + self.rate.overridden

    @property
    def share(self) -> str:
        """The share that was overridden, with what it may be."""
        share = self.rate.overridden_share
        if share is None:
            return "no feedback"
        return f"{share[0]:.0%} ({share[1]:.0%} to {share[2]:.0%})"

    @property
    def few(self) -> bool:
        """Whether the share rests on little."""
        return self.answered < statistics.FEW


@router.get("/admin/statistics", openapi_extra=needs(Permission.RULE_SETS))
async def show_statistics(request: Request, span: _Span = Span.QUARTER) -> Response:
    """All rules together, and those that speak or are overridden most."""
    parts = parts_of(request)
    values = await in_transaction(request, lambda _, session: _all(parts, session, int(span)))
    return page(
        "statistics.html",
        **values,
        span=span,
        spans=SPANS,
        path="/admin/statistics",
        logged=parts.settings.decision_log is not DecisionLogging.OFF,
        **frame(request, "statistics"),
    )


def _all(parts: Parts, session: Transaction, number: int) -> dict[str, Any]:
    today, library = parts.today(), parts.libraries.current()
    weeks = statistics.weeks(session, today, number)
    rated = rates(session, statistics.starts(today, number)[0], today)
    return {
        "figures": [figure(findings_per_hundred(weeks)), figure(unrecognised_share(weeks))],
        "checks": sum(one.checks for one in weeks),
        "lost": sum(one.lost for one in weeks),
        "fired": named(library, statistics.most_fired(rated, _MOST_SHOWN)),
        "overridden": named(library, statistics.most_overridden(rated, _MOST_SHOWN)),
    }


@router.get("/admin/statistics/{interaction_id}", openapi_extra=needs(Permission.RULE_SETS))
async def show_statistics_of_one(request: Request, interaction_id: RecordId, span: _Span = Span.QUARTER) -> Response:
    """How one interaction fared, week by week."""
    parts = parts_of(request)
    entry = found(parts.libraries.current().get(("interactions", interaction_id)))
    number = int(span)

    def look(session: Transaction) -> tuple[list[tuple[date, Rate]], Rate]:
        today = parts.today()
        weekly = statistics.weekly_rates(session, interaction_id, today, number)
        return weekly, statistics.rate_of(session, interaction_id, statistics.starts(today, number)[0], today)

    weekly, rate = await in_transaction(request, lambda _, session: look(session))
    return page(
        "statistics-one.html",
        entry=entry,
        fared=Fared(interaction_id, entry.title, known=True, rate=rate),
        figure=figure(override_share(weekly)),
        reasons=rate.reasons.most_common(),
        span=span,
        spans=SPANS,
        path=f"/admin/statistics/{interaction_id}",
        **frame(request, "statistics"),
    )


def named(library: Library, found_rates: Sequence[Rate]) -> list[Fared]:
    """Rates with what their interactions are called."""
    fared = []
    for rate in found_rates:
        entry = library.get(("interactions", rate.interaction_id))
        title = rate.interaction_id if entry is None else entry.title
        fared.append(Fared(rate.interaction_id, title, entry is not None, rate))
    return fared


def fared_lately(parts: Parts, session: Transaction, interaction_id: str) -> Fared:
    """How one interaction fared in the last days; for the page of its record."""
    today = parts.today()
    rate = statistics.rate_of(session, interaction_id, today - timedelta(days=DAYS - 1), today)
    return Fared(interaction_id, interaction_id, known=True, rate=rate)
