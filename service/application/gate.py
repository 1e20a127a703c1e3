"""What stands between rules and publishing: they compile, lint finds nothing, all cases hold, the impact is wanted.

It looks and lists; it writes nothing, and whether an impact is wanted is for people to say. As a program
(`python -m service.application.gate`) it reads the question from standard input and writes the report: the serving
process lets another one do these seconds of work, and keeps answering.
"""

import json
import sys
from collections.abc import Mapping
from datetime import date
from typing import Any

from rules.compiled import CompiledRuleSet, compile_rule_set
from rules.errors import KnowledgeError
from rules.impact import impact_of, questions_of
from rules.lint import lint
from rules.load import Knowledge
from rules.model import RuleSet
from rules.profile import MedicationProfile
from rules.verify import verify
from service.application.gate_report import GateReport


def pass_gate(
    knowledge: Knowledge,
    active: CompiledRuleSet | None,
    *,
    today: date,
    recent: Mapping[str, MedicationProfile] | None = None,
) -> GateReport:
    """Look at knowledge that somebody wants to publish; ``recent`` are real questions beside those of the cases.

    Raises:
        KnowledgeError: it does not compile; every fault is named.
    """
    compiled = compile_rule_set(knowledge.rule_set, places=knowledge.places)
    problems = lint(knowledge, today=today)
    result = verify(compiled)
    impact = None
    if active is not None and not problems and not result.failures:
        impact = impact_of(active, compiled, {**questions_of(active, compiled), **(recent or {})})
    return GateReport(problems, result.failures, result.cases, impact)


def _answer(question: Mapping[str, Any]) -> GateReport:
    draft = _rule_set(question["draft"])
    base = None if question["base"] is None else compile_rule_set(_rule_set(question["base"]))
    recent = {name: MedicationProfile.model_validate_json(text) for name, text in question["recent"].items()}
    try:
        return pass_gate(Knowledge(draft, {}), base, today=date.fromisoformat(question["today"]), recent=recent)
    except KnowledgeError as error:
        return GateReport(list(error.problems), (), 0, None)


def _rule_set(written: object) -> RuleSet:
    return RuleSet.model_validate_json(json.dumps(written))


if __name__ == "__main__":
    json.dump(_answer(json.load(sys.stdin)).to_json(), sys.stdout)
