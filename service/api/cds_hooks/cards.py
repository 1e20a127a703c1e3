"""Builds the cards of an answer: pure, from the report and what was read. No finding is ever dropped for length.

Findings about what is being ordered have cards of their own, the worst first; the others, and those beyond a number
that somebody can still read, stand together on one card, each by name. Nothing found is no card, and never "safe".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from rules.report import Finding
from rules.report_basics import EvidenceReport
from service.api.cds_hooks import wording
from service.api.cds_hooks.card_types import (
    ABSOLUTE,
    ANY,
    CRITICAL,
    INFO,
    WARNING,
    CdsCard,
    CdsCoding,
    CdsLink,
    CdsSource,
    CdsSuggestion,
    Indicator,
)
from service.api.cds_hooks.limits import Limits
from service.api.cds_hooks.plain_markdown import bullets, escaped, paragraphs, plain
from service.application.card_ids import CardKind, card_id
from service.application.checks import CheckAnswer
from service.application.feedback import OverrideReason
from service.fhir.issues import ACT_CODE, ISSUES, NAMES, Answered, issue_codes
from service.unchanging import Unchanging

LABEL: Final = "magcheck"
OVERRIDE_REASONS: Final = f"{NAMES}override-reason"
# Cards with a finding each. Whoever gets more reads none of them; the rest stands on one card, by name.
MOST_CARDS: Final = 8
_MOST_LINKS: Final = 4
_MOST_IN_LABEL: Final = 100
_AVOID: Final = frozenset({"avoid", "usually_avoid"})
_WARNINGS: Final = frozenset({"major", "moderate"})
_ORDER: Final[dict[str, int]] = {CRITICAL: 0, WARNING: 1, INFO: 2}
_OFFERED_REASONS: Final[dict[OverrideReason, str]] = {
    OverrideReason.WILL_MONITOR: "Will monitor",
    OverrideReason.WILL_ADJUST: "Will adjust dose or times",
    OverrideReason.BENEFIT_OUTWEIGHS_RISK: "Benefit outweighs risk",
    OverrideReason.NOT_CLINICALLY_SIGNIFICANT: "Not clinically significant here",
    OverrideReason.ALREADY_TOLERATED: "Patient already tolerates the combination",
    OverrideReason.NO_LONGER_TAKEN: "No longer taken",
    OverrideReason.FACTS_DIFFER: "The facts of this patient are different",
    OverrideReason.NO_ALTERNATIVE: "No reasonable alternative",
    OverrideReason.DISCUSSED: "Discussed with the patient or a colleague",
    OverrideReason.ALREADY_KNOWN: "Already known",
    OverrideReason.OTHER: "Other reason",
}
REASONS: Final[list[CdsCoding]] = [
    {"code": reason.value, "system": OVERRIDE_REASONS, "display": text} for reason, text in _OFFERED_REASONS.items()
]


@dataclass(frozen=True, slots=True)
class Scene:
    """What cards need to know besides the report.

    ``answered`` is the report and what was read. ``focus`` are the lines it is about, all where it is None. ``lines``
    are their names, as finished Markdown. ``suggest`` makes the suggestions of a finding. ``base`` is the address at
    which this service is reached.
    """

    answered: Answered
    focus: frozenset[str] | None
    lines: Mapping[str, str]
    suggest: Callable[[int, Finding], list[CdsSuggestion]]
    base: str | None
    factor_cards: bool


def cards_of(answer: CheckAnswer, scene: Scene, limits: Limits | None) -> list[CdsCard]:
    """The cards, the most important first."""
    decision = answer["check_id"]
    source = _source(scene)
    own: list[CdsCard] = []
    collected: list[Finding] = []
    for number, finding in enumerate(answer["findings"]):
        if not _in_focus(finding, scene.focus) or len(own) >= MOST_CARDS:
            collected.append(finding)
            continue
        own.append(_card(answer, number, finding, scene))
    cards = own + [
        card
        for number, finding in enumerate(answer["findings"])
        if scene.factor_cards and _in_focus(finding, scene.focus)
        for card in _factor_cards(decision, number, finding, scene)
    ]
    products = answer["magnesium_products"]
    if products is not None and (scene.focus is None or not scene.focus.isdisjoint(products["medication_ids"])):
        cards.append(_products(decision, products["statement"], products["medication_ids"], scene, source))
    if collected:
        cards.append(_collected(decision, collected, scene, source, beside=bool(own)))
    if limits is not None:
        card: CdsCard = {
            "uuid": card_id(decision, CardKind.LIMITS),
            "summary": plain(limits.summary, wording.MOST_IN_SUMMARY),
            "detail": limits.detail,
            "indicator": WARNING if limits.degraded else INFO,
            "source": source,
        }
        cards.append(card)
    return sorted(cards, key=lambda card: _ORDER[card["indicator"]])


def indicator_of(finding: Finding) -> Indicator:
    """How urgent a finding is: from its severity, and from what its operational class advises.

    What could be contraindicated is no mere information either, for want of a fact.
    """
    severity = finding["severity"]
    if severity == "contraindicated" or (severity == "major" and finding["operational_class"] in _AVOID):
        return CRITICAL
    could_be = finding["severity_ceiling"] == "contraindicated"
    return WARNING if severity in _WARNINGS or could_be else INFO


def _in_focus(finding: Finding, focus: frozenset[str] | None) -> bool:
    return focus is None or not focus.isdisjoint(finding["medication_ids"])


def _source(scene: Scene, topic: CdsCoding | None = None) -> CdsSource:
    source: CdsSource = {"label": LABEL}
    if scene.base is not None:
        source["url"] = scene.base
    if topic is not None:
        source["topic"] = topic
    return source


def _card(answer: CheckAnswer, number: int, finding: Finding, scene: Scene) -> CdsCard:
    code = issue_codes(finding, scene.answered)[0]
    card: CdsCard = {
        "uuid": card_id(answer["check_id"], CardKind.FINDING, number),
        "summary": wording.summary_of(finding),
        "detail": wording.detail_of(finding, answer["rule_set"]["version"], scene.lines),
        "indicator": indicator_of(finding),
        "source": _source(scene, {"code": code, "system": ACT_CODE, "display": ISSUES[code]}),
        "overrideReasons": REASONS,
    }
    suggestions = scene.suggest(number, finding)
    if suggestions:
        card["suggestions"] = suggestions
        card["selectionBehavior"] = ANY
    links = _links(finding, scene.base)
    if links:
        card["links"] = links
    return card


_CITED: Final[Unchanging[list[CdsLink]]] = Unchanging()


def _links(finding: Finding, base: str | None) -> list[CdsLink]:
    """The rule, and its sources, the best founded first as the report has them."""
    evidence = finding["evidence"]
    cited = _CITED.of(evidence, lambda: _cited(evidence))
    if base is None:
        return cited
    address = f"{base}/admin/records/interactions/{finding['interaction_id']}"
    return [{"label": "The rule", "url": address, "type": ABSOLUTE}, *cited]


def _cited(evidence: EvidenceReport) -> list[CdsLink]:
    links: list[CdsLink] = []
    seen: set[str] = set()
    for citation in evidence["citations"]:
        address = citation["address"]
        if len(seen) < _MOST_LINKS and address not in seen and address.startswith(("https://", "http://")):
            seen.add(address)
            label = plain(citation["title"], _MOST_IN_LABEL)
            links.append({"label": label, "url": address, "type": ABSOLUTE})
    return links


def _factor_cards(decision: str, number: int, finding: Finding, scene: Scene) -> list[CdsCard]:
    """A card for each factor that could not be judged, for clients that want them so."""
    return [
        {
            "uuid": card_id(decision, CardKind.FACTOR, number, position),
            "summary": plain(
                f"Not known: {wording.fact_words(factor['missing_facts'])}: {finding['title']}",
                wording.MOST_IN_SUMMARY,
            ),
            "detail": wording.factor_detail(factor, scene.lines),
            "indicator": INFO,
            "source": _source(scene),
            "overrideReasons": REASONS,
        }
        for position, factor in enumerate(finding["open_factors"])
    ]


def _collected(decision: str, findings: list[Finding], scene: Scene, source: CdsSource, *, beside: bool) -> CdsCard:
    """Findings that have no card of their own, each by name."""
    more = f"+{len(findings)} more" if beside else f"{len(findings)}"
    about = "finding" if len(findings) == 1 else "findings"
    outside = scene.focus is not None and not any(_in_focus(one, scene.focus) for one in findings)
    where = " not about this order" if outside else ""
    worst = {one["severity"] for one in findings}
    summary = f"{more} {about}{where}, the most severe {findings[0]['severity']}: {findings[0]['title']}"
    card: CdsCard = {
        "uuid": card_id(decision, CardKind.COLLECTED),
        "summary": plain(summary, wording.MOST_IN_SUMMARY),
        "detail": paragraphs(
            bullets(wording.line_of(finding) for finding in findings),
            "A check of the whole list tells each of them with its reasons and sources.",
        ),
        "indicator": WARNING if worst & {"contraindicated", "major"} else INFO,
        "source": source,
    }
    links = [link for finding in findings if scene.base is not None for link in _links(finding, scene.base)[:1]]
    if links:
        card["links"] = [
            {**link, "label": plain(finding["title"], _MOST_IN_LABEL)}
            for link, finding in zip(links, findings, strict=True)
        ]
    return card


def _products(decision: str, statement: str, names: list[str], scene: Scene, source: CdsSource) -> CdsCard:
    return {
        "uuid": card_id(decision, CardKind.PRODUCTS),
        "summary": plain(f"Several products bring magnesium: {statement}", wording.MOST_IN_SUMMARY),
        "detail": paragraphs(escaped(statement), bullets(scene.lines[name] for name in names if name in scene.lines)),
        "indicator": INFO,
        "source": source,
    }
