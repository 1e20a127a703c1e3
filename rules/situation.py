"""A question, read: its lines, its terms and the facts that follow. It decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.facts import condition_terms, facts_of, symptom_terms
from rules.intake import intake_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rules.compiled import CompiledRuleSet
    from rules.lines import Line
    from rules.profile import MedicationProfile


class Situation:
    """Everything that is known before the first rule is asked; ``lines`` are in the order of their ids."""

    __slots__ = ("compiled", "conditions", "facts", "intake", "lines", "profile", "symptoms")

    def __init__(self, compiled: CompiledRuleSet, profile: MedicationProfile, lines: Sequence[Line]) -> None:
        """Read the question for these lines, which need not be all of it."""
        self.compiled = compiled
        self.profile = profile
        self.lines = lines
        self.conditions = condition_terms(compiled, profile.conditions) if profile.conditions else []
        self.symptoms = symptom_terms(compiled, profile.symptoms) if profile.symptoms else []
        self.intake = intake = intake_of(lines)
        elemental = (intake.interval, intake.missing)
        self.facts = facts_of(compiled, profile, lines, self.conditions, self.symptoms, elemental)
