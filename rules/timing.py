"""Separation windows against real dose times: times of the day, every day the same, so midnight is no border.

After each dose of magnesium the medicine has to wait a number of minutes, and the other way round. A window is kept
when every pair of doses keeps it in both orders. Where a source gives no number for one order, that order can neither
be broken nor proven, and the window is never called kept.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from rules.quantities import plain
from rules.terms import TimedFirst, TimingState, word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rules.model import Separation
    from rules.report import Finding
    from rules.report_plan import DoseGap, TimingReport

DAY = 24 * 60
_MINUTES = 60


class Window(NamedTuple):
    """Minutes to wait after magnesium until the medicine, and after the medicine until magnesium; None: no number."""

    after_magnesium: Decimal | None
    after_drug: Decimal | None


class Doses(NamedTuple):
    """A medication with its times of the day (``HH:MM``)."""

    medication_id: str
    times: Sequence[str]


class DosesOfTwo(NamedTuple):
    """The medication that is acted on, and the magnesium product."""

    drug: Doses
    magnesium: Doses


class Windowed(NamedTuple):
    """A finding with something to say on spacing, and the medications it is about: acted on, and acting."""

    finding: Finding
    window: Window | None  # None: no spacing helps
    pairs: tuple[tuple[str, str], ...]


def window_of(separation: Separation | None) -> Window | None:
    """The window of a record; None where there is none, or where no spacing helps."""
    if separation is None or not separation.spacing_helps:
        return None
    return Window(_minutes(separation.magnesium_first_hours), _minutes(separation.drug_first_hours))


def _minutes(hours: Decimal | None) -> Decimal | None:
    return None if hours is None else hours * _MINUTES


def minute_of(time: str) -> int:
    """The minute of the day: 485 for ``08:05``."""
    return int(time[:2]) * _MINUTES + int(time[3:])


def timing_of(window: Window, doses: Sequence[DosesOfTwo], *, complete: bool) -> TimingReport:
    """Compare all doses with the window. ``complete``: the times of all medications of the finding are known."""
    gaps: list[DoseGap] = []
    for one in doses:
        if window.after_magnesium is not None:
            gaps += _gaps(TimedFirst.MAGNESIUM, window.after_magnesium, one.magnesium, one.drug)
        if window.after_drug is not None:
            gaps += _gaps(TimedFirst.DRUG, window.after_drug, one.drug, one.magnesium)
    broken = [gap for gap in gaps if not gap["kept"]]
    if broken:
        return {"state": word(TimingState.BROKEN), "gaps": broken}
    proven = complete and None not in window
    return {"state": word(TimingState.KEPT if proven else TimingState.UNPROVEN), "gaps": gaps}


def _gaps(first: TimedFirst, needed: Decimal, earlier: Doses, later: Doses) -> list[DoseGap]:
    """What lies between each first dose and the dose that follows it next; all doses that follow too soon."""
    gaps: list[DoseGap] = []
    for time in sorted(earlier.times):
        waits = sorted(((minute_of(other) - minute_of(time)) % DAY, other) for other in later.times)
        gaps += [
            {
                "first": word(first),
                "first_medication_id": earlier.medication_id,
                "first_time": time,
                "then_medication_id": later.medication_id,
                "then_time": other,
                "gap_hours": _hours(wait),
                "needed_hours": _hours(needed),
                "kept": wait >= needed,
            }
            for at, (wait, other) in enumerate(waits)
            if at == 0 or wait < needed
        ]
    return gaps


def _hours(minutes: Decimal | int) -> str:
    return plain(Decimal(minutes) / _MINUTES, 2)


def timing_words(timing: TimingReport) -> str:
    """The tightest gap in each order, or each gap that is too short, for people."""
    gaps = timing["gaps"]
    if timing["state"] != TimingState.BROKEN:
        orders = dict.fromkeys(gap["first"] for gap in gaps)
        gaps = [min((gap for gap in gaps if gap["first"] == order), key=_tightness) for order in orders]
    return "; ".join(
        f"{gap['first_medication_id']} at {gap['first_time']}, then {gap['then_medication_id']} at {gap['then_time']}: "
        f"{gap['gap_hours']} h, {gap['needed_hours']} h needed"
        for gap in gaps
    )


def _tightness(gap: DoseGap) -> Decimal:
    return Decimal(gap["gap_hours"])
