"""What stands between files and publishing: they compile, lint finds nothing, all cases hold, the impact is wanted.

It looks and lists; it writes nothing, and whether an impact is wanted is for people to say.
"""

from dataclasses import dataclass
from datetime import date

from rules.compiled import CompiledRuleSet, compile_rule_set
from rules.errors import Problem
from rules.impact import Impact, impact_of, questions_of
from rules.lint import lint
from rules.load import Knowledge
from rules.verify import CaseFailure, verify

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


def pass_gate(knowledge: Knowledge, active: CompiledRuleSet | None, *, today: date) -> GateReport:
    """Look at knowledge that somebody wants to publish.

    Raises:
        KnowledgeError: it does not compile; every fault is named.
    """
    compiled = compile_rule_set(knowledge.rule_set, places=knowledge.places)
    problems = lint(knowledge, today=today)
    result = verify(compiled)
    impact = None
    if active is not None and not problems and not result.failures:
        impact = impact_of(active, compiled, questions_of(active, compiled))
    return GateReport(problems, result.failures, result.cases, impact)
