"""Pieces that every part of the page is made of, and what all parts know: the rule set in words, sources and cases."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from rules.compiled import CompiledRuleSet
from rules.documents import Reference
from rules.model import Case, Citation
from rules.terms import Direction, RecordStatus, Severity
from rules.verify import verify
from service.cli.knowledge_report.figures import active_assessments, active_interactions
from service.cli.knowledge_report.told import Told, words
from service.markup import Child, Html, tag

DIRECTIONS: Final[dict[Direction, str]] = {
    Direction.MAGNESIUM_ALTERS_DRUG: "Magnesium changes the uptake of a medicine",
    Direction.DEPLETES_MAGNESIUM: "Medicines that lower magnesium",
    Direction.RETAINS_MAGNESIUM: "Medicines that hold magnesium back",
    Direction.ADDITIVE_EFFECT: "Effects that add up",
    Direction.AMPLIFIED_BY_LOW_MAGNESIUM: "Harm that low magnesium makes greater",
    Direction.CONTRAINDICATED_CONDITION: "Conditions in which magnesium does harm",
    Direction.DEFICIENCY_RISK: "Conditions that lower magnesium",
    Direction.INTAKE_LIMIT: "Too much from everything together",
    Direction.SIDE_EFFECT: "What magnesium products themselves do",
}


def link(target: str, *children: Child, class_: str | None = None) -> Html:
    """A way to another place of the page."""
    return tag("a", *children, href=f"#{target}", class_=class_)


def pill(severity: Severity) -> Html:
    """A severity in its colour and in words."""
    return tag("span", words(severity), class_=f"pill {severity}")


def details(summary: Child, *children: Child, class_: str | None = None, open_: str | None = None) -> Html:
    """What shows on a click; on paper, where it matters there."""
    return tag("details", tag("summary", summary), *children, class_=class_, open_=open_)


def definition(term: str, *children: Child) -> Html:
    """A term and what it stands for."""
    return tag("div", tag("dt", term), tag("dd", *children))


def table(heads: Sequence[str], rows: Iterable[Sequence[Child]], class_: str | None = None) -> Html:
    """A table that may scroll sideways on its own; on a narrow screen each cell names its column."""
    return tag(
        "div",
        tag(
            "table",
            tag("thead", tag("tr", [tag("th", head, scope="col") for head in heads])),
            tag(
                "tbody",
                [
                    tag("tr", [tag("td", cell, data_head=head) for head, cell in zip(heads, row, strict=True)])
                    for row in rows
                ],
            ),
        ),
        class_=f"table {class_}" if class_ else "table",
    )


class Known:
    """What every part of the page knows."""

    def __init__(self, compiled: CompiledRuleSet, today: date) -> None:
        self.compiled = compiled
        self.rule_set = compiled.rule_set
        self.today = today
        self.told = Told(compiled)
        self.interactions = active_interactions(self.rule_set)
        self.by_direction = {
            direction: [one for one in self.interactions if one.direction is direction] for direction in Direction
        }
        self.assessments = active_assessments(self.rule_set)
        self.failed = {failure.case_id for failure in verify(compiled).failures}
        self.cases: dict[str, list[Case]] = {}
        for case in self.rule_set.cases:
            if case.status is RecordStatus.ACTIVE and case.interaction is not None:
                self.cases.setdefault(case.interaction, []).append(case)

    def source(self, citation_id: str) -> Html:
        """A source by its title, which leads to it."""
        citation = self.compiled.citations[citation_id]
        return tag("a", citation.title, href=citation.address, rel="noreferrer")

    def citations(self, title: str, references: Sequence[Reference]) -> Html:
        """Sources behind a click, each with what it supports."""
        return details(
            f"{title} ({len(references)})",
            tag(
                "ul",
                [
                    tag(
                        "li",
                        self.source(one.citation),
                        self.tag_of(self.compiled.citations[one.citation]),
                        tag("span", f"for: {one.supports}", class_="supports") if one.supports else None,
                    )
                    for one in references
                ],
                class_="sources",
            ),
            class_="print",
        )

    @staticmethod
    def tag_of(citation: Citation) -> Html:
        """Whether the text of a source was read."""
        return tag("span", words(citation.verification), class_=f"tag {citation.verification}")

    def case(self, case: Case) -> list[Child]:
        """A worked case: what it shows, whether it holds, and on which list."""
        failed = case.id in self.failed
        medicines = ", ".join(one.text or one.id for one in case.profile.medications)
        return [
            tag("span", words(case.kind), class_=f"kind {case.kind}"),
            tag("span", "does not hold" if failed else "holds", class_="state bad" if failed else "state"),
            tag("b", case.title),
            tag("span", medicines, class_="medicines") if medicines else None,
            tag("span", case.rationale, class_="rationale"),
        ]
