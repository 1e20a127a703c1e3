"""House rules of the knowledge base beyond what compiling demands: citations, cases, quietness and wording.

Lint reports and never repairs. Every rule names what it protects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from rules.compiled import compile_rule_set
from rules.errors import KnowledgeError, Problem
from rules.lint import cases, pairs, policy, products, reach, sources, wording
from rules.lint.inspection import Fault, Inspection

if TYPE_CHECKING:
    from datetime import date

    from rules.load import Knowledge

Rule = Callable[[Inspection], Iterator[Fault]]
RULES: Final[tuple[Rule, ...]] = (
    sources.unverified_claims,
    sources.one_record_for_a_source,
    sources.uncited_figures,
    sources.overdue_reviews,
    sources.source_attributes,
    cases.every_kind_of_case,
    cases.cases_about_their_interaction,
    cases.assessments_hold,
    wording.characters_that_are_seen,
    wording.advising_words,
    wording.plain_words_for_patients,
    wording.lengths,
    wording.notes_for_prescribers,
    policy.severity_and_class,
    policy.action_and_class,
    policy.separations,
    policy.contraindications,
    policy.factors_against_variants,
    reach.gut_routes,
    reach.bands_meet,
    reach.members_there,
    reach.routes_of_members,
    reach.tests_that_can_hold,
    reach.withdrawn_references,
    products.presentations,
    pairs.contradictions,
    cases.everything_is_assessed,
    pairs.differences_between_salts,
)


def lint(knowledge: Knowledge, *, today: date | None = None) -> list[Problem]:
    """Every fault, sorted by place; faults that keep the knowledge from compiling come alone.

    Without ``today`` no review is overdue: rules have no clock.
    """
    try:
        compiled = compile_rule_set(knowledge.rule_set, places=knowledge.places)
    except KnowledgeError as error:
        return list(error.problems)
    inspection = Inspection(compiled, today)
    problems: list[Problem] = []
    for rule in RULES:
        for kind, record_id, pointer, code, detail in rule(inspection):
            file, line = knowledge.places.get((kind, record_id), (f"{kind}/{record_id}", 0))
            problems.append(Problem(file, line, pointer, code, detail))
    return sorted(problems)
