"""What the gate found, and whether that is enough to pass. It looks at nothing itself."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from rules.errors import Problem
from rules.impact import Impact, InteractionImpact
from rules.verify import CaseFailure

# Above this share of the questions that are answered otherwise, somebody has to say that it is wanted.
IMPACT_LIMIT = 0.05


@dataclass(frozen=True, slots=True)
class GateReport:
    """What the gate found; ``impact`` is missing where nothing answers yet, or where the rest is not in order."""

    problems: list[Problem]
    failures: tuple[CaseFailure, ...]
    cases: int
    impact: Impact | None

    def refusals(self, *, limit: float, accepted: bool) -> list[str]:
        """Why it does not pass, in words; empty: it passes."""
        reasons: list[str] = []
        if self.problems:
            reasons.append(f"lint finds {len(self.problems)} problem(s)")
        if self.failures:
            reasons.append(f"{len(self.failures)} of {self.cases} worked cases do not hold")
        if self.impact is not None and self.impact.share > limit and not accepted:
            changed, questions = len(self.impact.changed), self.impact.questions
            reasons.append(
                f"{changed} of {questions} lists are answered otherwise, above the limit of {limit:.0%}; "
                "accept the impact explicitly where it is wanted"
            )
        return reasons

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, for another process."""
        return asdict(self)

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Self:
        """Undo `to_json`."""
        impact = written["impact"]
        return cls(
            problems=[Problem(**problem) for problem in written["problems"]],
            failures=tuple(CaseFailure(one["case_id"], tuple(one["details"])) for one in written["failures"]),
            cases=written["cases"],
            impact=None
            if impact is None
            else Impact(
                impact["questions"],
                impact["changed"],
                {name: InteractionImpact(**change) for name, change in impact["interactions"].items()},
            ),
        )
