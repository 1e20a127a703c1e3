"""How the page begins: contents, counts and the ways into it."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from rules.amounts import MAGNESIUM_CLASS
from rules.model import Interaction
from rules.terms import EvidenceGrade, Severity
from service.cli.knowledge_report.figures import best_verification, counts, past_review
from service.cli.knowledge_report.parts import DIRECTIONS, Known, details, link
from service.cli.knowledge_report.told import words
from service.markup import Html, tag

_GRADES: Final[dict[EvidenceGrade, str]] = {
    EvidenceGrade.A: "regulator’s text, or controlled study with magnesium alone",
    EvidenceGrade.B: "controlled study with aluminium and magnesium, meta-analysis, large cohort",
    EvidenceGrade.C: "case series, animal, in vitro, mechanism",
    EvidenceGrade.D: "on a list, without readable data",
}


class Overview:
    """The beginning of the page."""

    def __init__(self, known: Known) -> None:
        self.known = known

    def contents(self) -> Html:
        """Links to the parts of the page."""
        sections = (
            ("overview", "Overview"),
            ("index", "Index"),
            ("interactions", "Interactions"),
            ("disagreements", "Where sources disagree"),
            ("assessments", "Questions and silence"),
            ("quietness", "Quietness"),
            ("sources", "Sources"),
        )
        directions = [
            tag("li", link(f"direction-{direction}", title), tag("span", str(len(found)), class_="count"))
            for direction, title in DIRECTIONS.items()
            if (found := self.known.by_direction[direction])
        ]
        return details(
            "Contents",
            tag(
                "ul",
                [
                    tag("li", link(name, title), tag("ul", directions) if name == "interactions" else None)
                    for name, title in sections
                ],
            ),
            class_="contents",
            open_="open",
        )

    def figures(self) -> Html:
        """How much there is, how severe, and how well founded."""
        tiles = [
            tag("div", tag("dd", f"{number:,}"), tag("dt", name), class_="tile")
            for name, number in counts(self.known.rule_set).items()
        ]
        overdue = past_review(self.known.rule_set, self.known.today)
        severities = Counter(one.severity for one in self.known.interactions)
        grades = Counter(one.evidence.grade for one in self.known.interactions)
        verifications = Counter(best_verification(one, self.known.compiled) for one in self.known.interactions)
        return tag(
            "section",
            tag("h2", "Overview"),
            tag("dl", tiles, class_="tiles"),
            tag(
                "div",
                self._bars("Severity at rest", [(words(one), severities[one], str(one)) for one in Severity]),
                self._bars("Evidence", [(f"{one}: {_GRADES[one]}", grades[one], "grade") for one in EvidenceGrade]),
                self._bars(
                    "Best source of each interaction",
                    [(words(tag_), number, "grade") for tag_, number in verifications.most_common()],
                ),
                class_="charts",
            ),
            tag(
                "p",
                "The severity at rest is that of the rule alone; facts about the patient raise or lower it. "
                f"{len(overdue)} of {len(self.known.interactions)} interactions are past their review.",
                class_="note",
            ),
            id="overview",
        )

    @staticmethod
    def _bars(title: str, rows: Sequence[tuple[str, int, str]]) -> Html:
        """A small bar chart; the numbers stand beside the bars, so that nothing depends on seeing them."""
        most = max((number for _, number, _ in rows), default=0) or 1
        return tag(
            "figure",
            tag("figcaption", title),
            tag(
                "ul",
                [
                    tag(
                        "li",
                        tag("span", label, class_="bar-label"),
                        tag("span", str(number), class_="bar-number"),
                        tag(
                            "span",
                            tag("span", class_=f"bar-fill {class_}", style=f"width:{100 * number / most:.1f}%"),
                            class_="bar",
                            aria_hidden="true",
                        ),
                    )
                    for label, number, class_ in rows
                ],
            ),
            class_="chart",
        )

    def index(self) -> Html:
        """Ways to an interaction: a filter, and lists by medicine, class, direction, severity and evidence."""
        by_severity = {
            words(one): [rule for rule in self.known.interactions if rule.severity is one] for one in Severity
        }
        by_grade = {
            f"{one}: {_GRADES[one]}": [rule for rule in self.known.interactions if rule.evidence.grade is one]
            for one in EvidenceGrade
        }
        by_direction = {title: self.known.by_direction[direction] for direction, title in DIRECTIONS.items()}
        return tag(
            "section",
            tag("h2", "Index"),
            tag(
                "p",
                tag("label", "Filter the interactions on this page", for_="filter"),
                tag("input", type="search", id="filter", placeholder="for example ciprofloxacin, dialysis, laxative"),
                tag("output", for_="filter", id="filter-result"),
                class_="filter",
                hidden="hidden",
            ),
            self._index_of("By medicine, A to Z (magnesium products left out)", self._by_substance()),
            self._index_of("By class", self._by_class()),
            self._index_of("By direction", by_direction),
            self._index_of("By severity at rest", by_severity),
            self._index_of("By evidence", by_grade),
            id="index",
        )

    @staticmethod
    def _index_of(title: str, groups: dict[str, list[Interaction]]) -> Html:
        return details(
            title,
            tag(
                "dl",
                [
                    tag(
                        "div",
                        tag("dt", name),
                        [
                            tag(
                                "dd",
                                tag("i", class_=f"dot {rule.severity}", role="img", aria_label=words(rule.severity)),
                                link(rule.id, rule.title),
                            )
                            for rule in found
                        ],
                    )
                    for name, found in groups.items()
                    if found
                ],
                class_="index",
            ),
        )

    def _by_substance(self) -> dict[str, list[Interaction]]:
        compiled = self.known.compiled
        groups = {
            entry.name: [rule.record for rule in compiled.touching([entry])]
            for entry in compiled.entries.values()
            if MAGNESIUM_CLASS not in entry.keys  # nearly every rule names them: they would be the whole page
        }
        return {name: groups[name] for name in sorted(groups, key=str.lower)}

    def _by_class(self) -> dict[str, list[Interaction]]:
        groups = {}
        for record in sorted(self.known.rule_set.classes, key=lambda one: one.name.lower()):
            around = self._around(record.id)
            groups[record.name] = [
                rule
                for rule in self.known.interactions
                if any(not around.isdisjoint(party.classes) for party in (rule.affected, rule.precipitant) if party)
            ]
        return groups

    def _around(self, class_id: str) -> set[str]:
        """The class and every class that includes it."""
        around: set[str] = set()
        open_ = [class_id]
        while open_:
            name = open_.pop()
            if name not in around:
                around.add(name)
                open_ += [record.id for record in self.known.rule_set.classes if name in record.includes]
        return around
