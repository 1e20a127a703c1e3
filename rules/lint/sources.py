"""House rules about where claims come from: how well they are founded, cited, and how long ago they were read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rules.lint.inspection import active
from rules.model import RuleSet
from rules.source_attributes import doubled_attributions, missing_attributes
from rules.terms import Severity, Verification

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rules.documents import Record, Reference
    from rules.lint.inspection import Fault, Inspection
    from rules.model import Citation, Interaction

# A number that somebody measured or set: with a unit, a share or a fold. A bare count of medicines is none.
_FIGURE: Final = re.compile(
    r"(?<![\d.,])\d[\d.,]*\s*(?:%|per cent|mg|g|mmol|mL|hours?|h|days?|weeks?|months?|years?|times|-?fold)(?!\w)"
)


def _all_unverified(references: Iterable[Reference], citations: dict[str, Citation]) -> bool:
    return all(citations[reference.citation].verification is Verification.UNVERIFIED for reference in references)


def unverified_claims(inspection: Inspection) -> Iterator[Fault]:
    """An unverified claim never rises above minor."""
    citations = inspection.compiled.citations
    detail = "all citations are unverified, so the severity must stay minor"
    for interaction in active(inspection.rule_set.interactions):
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


def one_record_for_a_source(inspection: Inspection) -> Iterator[Fault]:
    """One source, one record."""
    seen: dict[tuple[str, str], str] = {}
    for record in inspection.rule_set.citations:
        for name in ("pmid", "doi", "dailymed_set_id", "pmcid"):
            value = getattr(record, name)
            if value is None:
                continue
            other = seen.setdefault((name, value.lower()), record.id)
            if other != record.id:
                yield "citations", record.id, f"/{name}", "same-source", f"{value} is cited as {other!r} already"


def _claims(record: Interaction) -> Iterator[tuple[str, str | None, Iterable[Reference]]]:
    """The texts that may hold figures, each with the citations that stand behind it."""
    own = record.evidence.citations
    yield "/mechanism", record.mechanism, own
    yield "/effect", record.effect, own
    yield "/management/text", record.management.text, own
    for index, variant in enumerate(record.variants):
        yield f"/variants/{index}/effect", variant.effect, variant.evidence.citations
        yield f"/variants/{index}/management_text", variant.management_text, variant.evidence.citations
    for index, factor in enumerate(record.factors):
        yield f"/factors/{index}/text", factor.text, factor.citations


def uncited_figures(inspection: Inspection) -> Iterator[Fault]:
    """A figure has a source that says what it supports."""
    for record in active(inspection.rule_set.interactions):
        for pointer, text, references in _claims(record):
            figure = _FIGURE.search(text or "")
            if figure and not any(reference.supports for reference in references):
                detail = f"no citation says with `supports` where {figure.group()!r} comes from"
                yield "interactions", record.id, pointer, "uncited-figure", detail


def source_attributes(inspection: Inspection) -> Iterator[Fault]:
    """Readers of a rule are told who made it, who paid for it and since when it answers."""
    for gap in missing_attributes(inspection.rule_set):
        yield "interactions", gap.interaction_id, gap.pointer, "no-attribute", gap.detail
    for record_id, name in doubled_attributions(inspection.rule_set):
        detail = f"another attribution speaks for {name or 'all rules that none names'} already"
        yield "attributions", record_id, "/interactions", "two-attributions", detail


def overdue_reviews(inspection: Inspection) -> Iterator[Fault]:
    """Sources are read again in time; until then the record still counts."""
    if inspection.today is None:
        return
    for kind in RuleSet.model_fields:
        content = getattr(inspection.rule_set, kind)
        records: Iterable[Record] = content if isinstance(content, tuple) else ()
        for record in active(records):
            if record.review_due_on < inspection.today:
                detail = f"the review was due on {record.review_due_on}; read the sources again"
                yield kind, record.id, "/last_reviewed_on", "review-overdue", detail
