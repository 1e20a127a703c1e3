"""A question, read: its lines, its terms and the facts that follow. It decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rules.facts import condition_terms, facts_of, measured_values, symptom_terms
from rules.intake import intake_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rules.compiled import CompiledRuleSet
    from rules.lines import Line
    from rules.profile import MedicationProfile
    from rules.ranges import Exact, Interval
    from rules.report_plan import KidneyStage

# The stages of the KDIGO guideline (2024), by the filtration rate at which each begins.
_STAGES: Final = ((90, "G1"), (60, "G2"), (45, "G3a"), (30, "G3b"), (15, "G4"), (0, "G5"))


class Situation:
    """Everything that is known before the first rule is asked; ``lines`` are in the order of their ids."""

    __slots__ = (
        "compiled",
        "conditions",
        "facts",
        "intake",
        "kidney_function",
        "lines",
        "measured",
        "profile",
        "symptoms",
    )

    def __init__(self, compiled: CompiledRuleSet, profile: MedicationProfile, lines: Sequence[Line]) -> None:
        """Read the question for these lines, which need not be all of it."""
        self.compiled = compiled
        self.profile = profile
        self.lines = lines
        self.conditions = condition_terms(compiled, profile.conditions) if profile.conditions else []
        self.symptoms = symptom_terms(compiled, profile.symptoms) if profile.symptoms else []
        self.intake = intake = intake_of(lines)
        elemental = (intake.interval, intake.missing)
        self.measured = measured_values(compiled, profile) if profile.observations else {}
        self.facts = facts = facts_of(
            compiled, profile, lines, self.conditions, self.symptoms, elemental, self.measured
        )
        self.kidney_function = _kidney_stage(facts.egfr, facts.dialysis)


def _kidney_stage(egfr: Interval, dialysis: bool | None) -> KidneyStage | None:  # noqa: FBT001 - three values
    """The stage of kidney function, as far as the filtration rate tells; None: nothing is known."""
    low, high = egfr
    if not low and high is None:
        return None if dialysis is None else {"stage": None, "dialysis": dialysis}
    best = _STAGES[0][1] if high is None else _stage(high)
    worst = best if low is high else _stage(low or 0)
    return {"stage": best if best == worst else f"{worst} to {best}", "dialysis": dialysis}


def _stage(egfr: Exact) -> str:
    return next(stage for start, stage in _STAGES if egfr >= start)
