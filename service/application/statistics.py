"""What the log of decisions tells about rules, week by week: how often they speak, are overridden, do not recognise.

It counts and works out shares; it never tells who asked what about whom, and keeps nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from service.application.feedback import Rate, rates
from service.storage import decisions
from service.storage.session import Transaction

WEEK: Final = timedelta(days=7)
# A share of fewer than so many says little about the next ones; it is shown as such.
FEW: Final = 20
# What is overridden once of once is no rule to look at yet.
_LEAST_ANSWERED: Final = 5


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days and what was counted on them."""

    start: date
    checks: int = 0
    incomplete: int = 0
    findings: int = 0
    medications: int = 0
    unrecognised: int = 0
    lost: int = 0


_COUNTED: Final = {
    "checks": "checks",
    "incomplete": "incomplete",
    "finding": "findings",
    "medications": "medications",
    "unrecognised": "unrecognised",
    "lost": "lost",
}


def starts(today: date, number: int) -> list[date]:
    """The first days of the last so many weeks; the last of them ends today."""
    last = today - WEEK + timedelta(days=1)
    return [last - WEEK * before for before in range(number - 1, -1, -1)]


def weeks(session: Transaction, today: date, number: int) -> list[Week]:
    """The last so many weeks, the last one ending today."""
    first = starts(today, number)[0]
    counted: list[dict[str, int]] = [{} for _ in range(number)]
    for (day, what), many in decisions.totals(session, first, today).items():
        name = _COUNTED.get(what)
        if name is not None:
            week = counted[(day - first) // WEEK]
            week[name] = week.get(name, 0) + many
    return [Week(first + WEEK * place, **one) for place, one in enumerate(counted)]


def weekly_rates(session: Transaction, interaction_id: str, today: date, number: int) -> list[tuple[date, Rate]]:
    """How one interaction fared in each of the last so many weeks; a word counts in the week in which it was said."""
    first = starts(today, number)[0]
    found = [(first + WEEK * place, Rate(interaction_id)) for place in range(number)]
    for day, many in decisions.fired_by_day(session, first, today, interaction_id).items():
        found[(day - first) // WEEK][1].fired += many
    since, until = (datetime.combine(day, time(), UTC) for day in (first, today + timedelta(days=1)))
    for (day, outcome, reason), many in decisions.outcomes_by_day(session, since, until, interaction_id).items():
        found[(day - first) // WEEK][1].count(outcome, reason, many)
    return found


def rate_of(session: Transaction, interaction_id: str, since: date, until: date) -> Rate:
    """How one interaction fared on these days, both included."""
    return next(iter(rates(session, since, until, interaction_id)), Rate(interaction_id))


def most_fired(found: Sequence[Rate], most: int) -> list[Rate]:
    """The interactions that were found most often."""
    spoke = [one for one in found if one.fired]
    return sorted(spoke, key=lambda one: (-one.fired, one.interaction_id))[:most]


def most_overridden(found: Sequence[Rate], most: int) -> list[Rate]:
    """The interactions that are overridden most, by the lower end of what the share may be: few answers count less."""
    answered = [one for one in found if one.overridden and one.accepted + one.overridden >= _LEAST_ANSWERED]
    return sorted(answered, key=lambda one: (-_at_least(one), one.interaction_id))[:most]


def _at_least(rate: Rate) -> float:
    share = rate.overridden_share
    return 0.0 if share is None else share[1]
