"""The report on the knowledge as lines of text. What it counts stands in `figures`; the same as a page in `page`."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date

from rules.compiled import CompiledRuleSet
from rules.model import RuleSet, Separation
from rules.quantities import plain
from rules.terms import AssessmentArea, Direction, EvidenceGrade, RecordStatus, Severity, Verdict, Verification
from service.cli.knowledge_report.figures import (
    Disagreeing,
    Quietness,
    Spread,
    active_assessments,
    active_interactions,
    best_verification,
    classes_without_rules,
    counts,
    disagreements,
    past_review,
    quiet_cases,
    quietness,
    unused_citations,
    whole_lists,
)

Section = tuple[str, list[str]]


def report_sections(compiled: CompiledRuleSet, today: date) -> Iterator[Section]:
    """The parts of the report, each a title and its lines."""
    rule_set = compiled.rule_set
    interactions = active_interactions(rule_set)
    grades = [one.evidence.grade for one in interactions]
    variants = [variant.evidence.grade for one in interactions for variant in one.variants]
    yield "Records", _kinds(rule_set)
    yield "What there is", [f"{number:>6}  {name}" for name, number in counts(rule_set).items()]
    yield "Interactions by direction", _counts((one.direction for one in interactions), Direction)
    yield "Interactions by severity", _counts((one.severity for one in interactions), Severity)
    yield "Interactions by evidence grade", _counts(grades, EvidenceGrade)
    yield "Variants by evidence grade", _counts(variants, EvidenceGrade)
    yield (
        "Interactions by best verification",
        _counts((best_verification(one, compiled) for one in interactions), Verification),
    )
    yield "Citations by verification", _counts((one.verification for one in rule_set.citations), Verification)
    yield "Assessments by area and verdict", _assessments(rule_set)
    yield "Left out", _left_out(rule_set)
    yield "Sources that disagree", [line for one in disagreements(rule_set) for line in _disagreement(one)] or ["none"]
    yield from _noise(compiled)
    yield "Oldest reviews", _oldest(rule_set)
    overdue = [f"{one.id}, due on {one.review_due_on}" for one in past_review(rule_set, today)]
    yield f"Interactions past review on {today}", overdue or ["none"]
    yield "Citations nothing refers to", [one.id for one in unused_citations(rule_set)] or ["none"]
    yield "Classes no interaction refers to", classes_without_rules(rule_set.classes, interactions) or ["none"]
    yield "Digest", [compiled.digest]


def _kinds(rule_set: RuleSet) -> list[str]:
    lines = []
    for kind in RuleSet.model_fields:
        records = getattr(rule_set, kind)
        if isinstance(records, tuple):
            withdrawn = sum(record.status is RecordStatus.WITHDRAWN for record in records)
            lines.append(f"{len(records):>6}  {kind}" + (f" ({withdrawn} withdrawn)" if withdrawn else ""))
    return lines


def _counts(values: Iterable[str], vocabulary: Iterable[str]) -> list[str]:
    counted = Counter(values)
    return [f"{counted[word]:>6}  {word}" for word in vocabulary]


def _oldest(rule_set: RuleSet, most: int = 3) -> list[str]:
    dates = Counter(record.last_reviewed_on for record in rule_set.interactions)
    return [f"{count:>6}  interactions on {day}" for day, count in sorted(dates.items())[:most]]


def _assessments(rule_set: RuleSet) -> list[str]:
    counted = Counter((one.area, one.verdict) for one in active_assessments(rule_set))
    return [
        f"{'':<18}" + "".join(f"{verdict:>13}" for verdict in Verdict),
        *(f"{area:<18}" + "".join(f"{counted[area, one]:>13}" for one in Verdict) for area in AssessmentArea),
    ]


def _left_out(rule_set: RuleSet) -> list[str]:
    left_out = [one for one in active_assessments(rule_set) if one.verdict is Verdict.LEFT_OUT]
    return [f"{one.title}: {one.text}" for one in left_out] or ["none"]


def _disagreement(one: Disagreeing) -> Iterator[str]:
    about = f" ({', '.join(one.substances)})" if one.substances else ""
    yield f"{one.interaction.id}{about}: {hours_of(one.chosen)}, {one.disagreement.policy}"
    for position in one.disagreement.positions:
        yield f"    {position.citation}: {position.text}"
    yield f"    chosen: {one.disagreement.text}"


def hours_of(separation: Separation) -> str:
    """The two numbers of a separation, in few words."""
    if not separation.spacing_helps:
        return "no spacing helps"
    first, second = (
        "no number" if hours is None else f"{plain(hours, 2)} h"
        for hours in (separation.magnesium_first_hours, separation.drug_first_hours)
    )
    return f"magnesium first {first}, drug first {second}"


def _noise(compiled: CompiledRuleSet) -> Iterator[Section]:
    for title, cases in (
        ("whole lists", whole_lists(compiled.rule_set)),
        ("quiet lists", quiet_cases(compiled.rule_set)),
    ):
        noise = quietness(compiled, cases)
        if noise is not None:
            yield f"Findings for each of {noise.lists} {title}", _spreads(noise)
            loudest = [f"{count:>6}  {name}" for name, count in noise.loudest]
            yield f"What fires most on {title}", loudest or ["none"]


def _spreads(noise: Quietness) -> list[str]:
    rows: list[tuple[str, Spread]] = [*((str(one), spread) for one, spread in noise.by_severity.items())]
    rows.append(("all", noise.total))
    return [
        f"{'':<16}{'least':>6}{'median':>8}{'mean':>8}{'most':>6}",
        *(f"{name:<16}{one.least:>6}{one.median:>8.1f}{one.mean:>8.2f}{one.most:>6}" for name, one in rows),
    ]
