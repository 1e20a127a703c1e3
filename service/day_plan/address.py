"""The address of a drawing: everything that is drawn, as a query of ids and times, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlencode

from service.day_plan.lanes import DayBasis, DayPlan, clock, hours

PATH: Final = "/v1/timetables/drawing.svg"
PAGE_PATH: Final = "/v1/timetables/drawing.html"
MAXIMUM_DOSES: Final = 120
MAXIMUM_MEDICATIONS: Final = 60
MAXIMUM_WINDOWS: Final = 80
MAXIMUM_PERIODS: Final = 60
MAXIMUM_MEALS: Final = 6
# Proxies commonly refuse a request line of more than 8 KB.
MAXIMUM_LENGTH: Final = 8000


def address_of(plan: DayPlan) -> str | None:
    """The address on this service; None for a plan with more than an address takes."""
    lists = (
        (plan.doses, MAXIMUM_DOSES),
        (plan.substances, MAXIMUM_MEDICATIONS),
        (plan.not_planned, MAXIMUM_MEDICATIONS),
        (plan.windows, MAXIMUM_WINDOWS),
        (plan.as_needed, MAXIMUM_PERIODS),
        (plan.meals, MAXIMUM_MEALS),
    )
    if any(len(items) > most for items, most in lists):
        return None
    address = f"{PATH}?{urlencode(list(_parameters(plan)), safe=':,')}"
    return address if len(address) <= MAXIMUM_LENGTH else None


def _parameters(plan: DayPlan) -> Iterator[tuple[str, str]]:
    for dose in plan.doses:
        given = "" if dose.given is None else f",{clock(dose.given)}"
        yield "dose", f"{dose.medication_id},{clock(dose.minute)}{given}"
    for medication_id, substance_id in plan.substances:
        yield "medication", f"{medication_id},{substance_id}"
    for window in plan.windows:
        waits = f"{hours(window.after_drug)},{hours(window.after_magnesium)}"
        yield "window", f"{window.drug_id},{window.magnesium_id},{waits}"
    for period in plan.as_needed:
        span = "" if period.span is None else f",{clock(period.span[0])},{clock(period.span[1])}"
        yield "as_needed", f"{period.medication_id}{span}"
    for medication_id in plan.not_planned:
        yield "not_planned", medication_id
    for meal in plan.meals:
        yield "meal", clock(meal)
    if plan.wakes is not None:
        yield "wakes_at", clock(plan.wakes)
    if plan.sleeps is not None:
        yield "sleeps_at", clock(plan.sleeps)
    if plan.basis is not DayBasis.GIVEN:
        yield "day_basis", plan.basis
