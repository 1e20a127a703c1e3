"""A small clean knowledge to plant faults in. Everything is made up."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rules.lint import lint
from rules.load import Knowledge
from rules.model import Case, Interaction
from rules.terms import RecordStatus
from tests import factories as make

if TYPE_CHECKING:
    from datetime import date

    from rules.documents import Document
    from rules.model import RuleSet

Seen = list[tuple[str, str, str]]
BASE = (
    make.substance("alvorin"),
    make.substance("betarine"),
    make.medication_class("class-a", "alvorin"),
    make.citation("hearsay", verification="unverified"),
    make.citation("label", verification="second_hand"),
)
HEARSAY = make.evidence("hearsay")
WHEN: dict[str, Any] = {"sex": "female"}


def case(kind: str, interaction: str = "rule", *, status: str = "active", expect: dict[str, Any] | None = None) -> Case:
    """A case of the kind that expects what its kind should."""
    default: dict[str, Any] = (
        {"absent": [interaction]} if kind == "quiet" else {"findings": [{"interaction": interaction}]}
    )
    content = {
        "id": f"{interaction}-{kind.replace('_', '-')}",
        "last_reviewed_on": make.REVIEWED,
        "status": status,
        "interaction": interaction,
        "kind": kind,
        "title": "A title",
        "rationale": "A reason.",
        "citations": make.references(),
        "profile": {"medications": []},
        "expect": expect or default,
    }
    return Case.model_validate_json(json.dumps(content))


def all_cases(*interactions: str) -> tuple[Case, ...]:
    """Everything that lint asks for, for each interaction."""
    return tuple(case(kind, one) for one in interactions for kind in ("fires", "quiet", "missing_fact"))


ALL_CASES = all_cases("rule")


def rule(**given: Any) -> Interaction:  # noqa: ANN401 - keys of the record
    """An interaction about class-a."""
    return make.interaction("rule", **{"affected": make.party("class-a"), **given})


def assessed_all(rule_set: RuleSet) -> RuleSet:
    """With one assessment that names everything, so that this fault is seen only where it is planted."""
    everything = make.assessment(
        "everything",
        classes=[one.id for one in rule_set.classes],
        interactions=[one.id for one in rule_set.interactions if one.status is RecordStatus.ACTIVE],
    )
    return rule_set.model_copy(update={"assessments": (everything, *rule_set.assessments)})


def faults(
    *records: Document,
    cases: tuple[Case, ...] | None = None,
    today: date | None = None,
    assessed: bool = True,
    base: tuple[Document, ...] = BASE,
) -> Seen:
    """File, pointer and code of each fault; without ``cases`` every interaction has those it needs."""
    rule_set = make.rule_set(make.attribution(), *base, *records)
    if cases is None:
        cases = all_cases(*(one.id for one in rule_set.interactions))
    known = {one.id for one in rule_set.interactions}
    kept = tuple(one for one in cases if one.interaction is None or one.interaction in known)
    rule_set = rule_set.model_copy(update={"cases": kept})
    knowledge = Knowledge(assessed_all(rule_set) if assessed else rule_set, {})
    return [(problem.file, problem.pointer, problem.code) for problem in lint(knowledge, today=today)]
