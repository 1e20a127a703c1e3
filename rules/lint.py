"""House rules of the knowledge base beyond what compiling demands: citations, cases, quietness and wording.

Lint reports and never repairs. Every rule here names what it protects.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeVar

from rules.compiled import compile_rule_set
from rules.errors import KnowledgeError, Problem
from rules.model import Record
from rules.terms import CaseKind, Direction, RecordStatus, Route, Severity, Verification

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rules.load import Knowledge
    from rules.model import Citation, Party, Reference, RuleSet

AnyRecord = TypeVar("AnyRecord", bound=Record)
Fault = tuple[str, str, str, str, str]  # kind, record id, pointer, code, detail
# A report advises a professional; it never commands and never calls anything safe.
_FORBIDDEN_WORDS: Final = re.compile(
    r"\b(?:must|never take|always take|perfectly safe|is safe|are safe|completely safe|no risk|harmless|guaranteed)\b",
    re.IGNORECASE,
)


def _active(records: Iterable[AnyRecord]) -> Iterator[AnyRecord]:
    return (record for record in records if record.status is RecordStatus.ACTIVE)


def _all_unverified(references: Iterable[Reference], citations: dict[str, Citation]) -> bool:
    return all(citations[reference.citation].verification is Verification.UNVERIFIED for reference in references)


def _unverified_claims(rule_set: RuleSet) -> Iterator[Fault]:
    """An unverified claim never rises above minor."""
    citations = {record.id: record for record in rule_set.citations}
    detail = "all citations are unverified, so the severity must stay minor"
    for interaction in _active(rule_set.interactions):
        own = _all_unverified(interaction.evidence.citations, citations)
        if own and interaction.severity is not Severity.MINOR:
            yield "interactions", interaction.id, "/severity", "unverified-above-minor", detail
        for index, variant in enumerate(interaction.variants):
            severity = variant.severity or interaction.severity
            if severity is not Severity.MINOR and _all_unverified(variant.evidence.citations, citations):
                yield "interactions", interaction.id, f"/variants/{index}", "unverified-above-minor", detail
        for index, factor in enumerate(interaction.factors):
            if factor.severity is not Severity.MINOR and _all_unverified(factor.citations, citations):
                yield "interactions", interaction.id, f"/factors/{index}", "unverified-above-minor", detail


def _cases(rule_set: RuleSet) -> Iterator[Fault]:
    """Every interaction has a case that fires, one that stays quiet and, where facts are read, one that lacks one."""
    kinds: dict[str, set[CaseKind]] = {}
    for case in rule_set.cases:
        if case.interaction is not None and case.status is RecordStatus.ACTIVE:
            kinds.setdefault(case.interaction, set()).add(case.kind)
    for interaction in _active(rule_set.interactions):
        needed = {CaseKind.FIRES, CaseKind.QUIET}
        if interaction.when is not None or interaction.factors:
            needed.add(CaseKind.MISSING_FACT)
        for kind in sorted(needed - kinds.get(interaction.id, set())):
            yield "interactions", interaction.id, "", "no-case", f"there is no case of kind {kind}"


def _firing_cases(rule_set: RuleSet) -> Iterator[Fault]:
    """A case about an interaction says something about that interaction."""
    for case in rule_set.cases:
        if case.interaction is None or case.status is not RecordStatus.ACTIVE:
            continue
        expected = {finding.interaction for finding in case.expect.findings}
        if case.kind in {CaseKind.FIRES, CaseKind.MISSING_FACT} and case.interaction not in expected:
            yield "cases", case.id, "/expect/findings", "case-silent", f"it does not expect {case.interaction!r}"
        says_quiet = case.interaction in case.expect.absent or (
            case.interaction in expected or case.expect.no_other_findings
        )
        if case.kind is CaseKind.QUIET and not says_quiet:
            detail = f"it says neither that {case.interaction!r} is absent nor how quiet it is"
            yield "cases", case.id, "/expect/absent", "case-silent", detail


def _gut_routes(rule_set: RuleSet) -> Iterator[Fault]:
    """What happens in the gut concerns oral doses only, on both sides."""
    for interaction in _active(rule_set.interactions):
        if interaction.direction is not Direction.MAGNESIUM_ALTERS_DRUG:
            continue
        for name in ("affected", "precipitant"):
            party: Party | None = getattr(interaction, name)
            if party is not None and not party.routes:
                detail = f"say by which route, for example routes: [{Route.ORAL}]"
                yield "interactions", interaction.id, f"/{name}", "no-route", detail


def _bands(rule_set: RuleSet) -> Iterator[Fault]:
    """The bands of a range meet without gap or overlap."""
    for reference in rule_set.reference_ranges:
        for index, (lower, upper) in enumerate(zip(reference.bands, reference.bands[1:], strict=False)):
            high = lower.bounds.below if lower.bounds.below is not None else lower.bounds.at_most
            low = upper.bounds.at_least if upper.bounds.at_least is not None else upper.bounds.above
            # At the limit itself exactly one of the two bands holds.
            holders = (lower.bounds.at_most is not None) + (upper.bounds.at_least is not None)
            if high is None or high != low or holders != 1:
                detail = f"band {index + 1} does not begin where band {index} ends"
                yield "reference_ranges", reference.id, f"/bands/{index + 1}/bounds", "band-gap", detail


def _citations(rule_set: RuleSet) -> Iterator[Fault]:
    """One source, one record."""
    seen: dict[tuple[str, str], str] = {}
    for record in rule_set.citations:
        for name in ("pmid", "doi", "dailymed_set_id", "pmcid"):
            value = getattr(record, name)
            if value is None:
                continue
            other = seen.setdefault((name, value.lower()), record.id)
            if other != record.id:
                yield "citations", record.id, f"/{name}", "same-source", f"{value} is cited as {other!r} already"


def _wording(rule_set: RuleSet) -> Iterator[Fault]:
    """Texts advise and never call anything safe."""
    for interaction in _active(rule_set.interactions):
        texts = {
            "/title": interaction.title,
            "/effect": interaction.effect,
            "/management/text": interaction.management.text,
            "/management/patient_text": interaction.management.patient_text,
            **{f"/factors/{index}/text": factor.text for index, factor in enumerate(interaction.factors)},
            **{f"/variants/{index}/effect": variant.effect for index, variant in enumerate(interaction.variants)},
            **{
                f"/variants/{index}/management_text": variant.management_text
                for index, variant in enumerate(interaction.variants)
            },
        }
        for pointer, text in texts.items():
            match = _FORBIDDEN_WORDS.search(text or "")
            if match:
                detail = f"the words {match.group()!r} command or promise; advise instead"
                yield "interactions", interaction.id, pointer, "wording", detail


def _unused(rule_set: RuleSet) -> Iterator[Fault]:
    """A variant that describes no member of the affected party, and a class without members, can never matter."""
    compiled = compile_rule_set(rule_set)
    for record in _active(rule_set.classes):
        if not compiled.members_of(record.id):
            yield "classes", record.id, "/members", "empty-class", "no substance belongs to the class"
    for interaction in _active(rule_set.interactions):
        if interaction.affected is None:
            continue
        party = interaction.affected
        members = {name for one in party.classes for name in compiled.members_of(one)} | set(party.substances)
        members -= set(party.except_substances)
        for index, variant in enumerate(interaction.variants):
            for name in variant.substances:
                if name not in members:
                    detail = f"{name!r} is not in the affected party"
                    yield "interactions", interaction.id, f"/variants/{index}/substances", "variant-outside", detail


_RULES: Final[tuple[Callable[[RuleSet], Iterator[Fault]], ...]] = (
    _unverified_claims,
    _cases,
    _firing_cases,
    _gut_routes,
    _bands,
    _citations,
    _wording,
    _unused,
)


def lint(knowledge: Knowledge) -> list[Problem]:
    """Every fault, sorted by place; faults that keep the knowledge from compiling come alone."""
    try:
        compile_rule_set(knowledge.rule_set, places=knowledge.places)
    except KnowledgeError as error:
        return list(error.problems)
    problems: list[Problem] = []
    for rule in _RULES:
        for kind, record_id, pointer, code, detail in rule(knowledge.rule_set):
            file, line = knowledge.places.get((kind, record_id), (f"{kind}/{record_id}", 0))
            problems.append(Problem(file, line, pointer, code, detail))
    return sorted(problems)
