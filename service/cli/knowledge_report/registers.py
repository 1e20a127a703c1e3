"""What else stands in the knowledge: disagreements, assessments, quietness and sources."""

from collections import Counter
from typing import Final

from rules.model import Assessment, Case, Citation
from rules.terms import AssessmentArea, Verdict
from service.cli.knowledge_report.figures import (
    Disagreeing,
    disagreements,
    quiet_cases,
    quietness,
    whole_lists,
)
from service.cli.knowledge_report.parts import Known, details, link, pill, table
from service.cli.knowledge_report.told import words
from service.cli.knowledge_report.windows import sentence
from service.markup import Child, Html, tag

_VERDICTS: Final[dict[Verdict, str]] = {
    Verdict.RULE: "has a rule",
    Verdict.INFORMATION: "informs",
    Verdict.NO_ALERT: "silent on purpose",
    Verdict.LEFT_OUT: "left out",
}


class Registers:
    """The lists at the end of the page."""

    def __init__(self, known: Known) -> None:
        self.known = known

    def disagreements(self) -> Html:
        """Where sources do not say the same: all positions, and what was followed."""
        found = list(disagreements(self.known.rule_set))
        return tag(
            "section",
            tag("h2", "Where sources disagree"),
            tag(
                "p",
                "All positions are kept. The strictest is followed, unless a newer primary source settles the matter.",
                class_="note",
            ),
            [self._disagreement(one) for one in found] or tag("p", "No disagreement is recorded."),
            id="disagreements",
        )

    def _disagreement(self, one: Disagreeing) -> Html:
        names = self.known.told.names((), one.substances)
        return tag(
            "article",
            tag("h3", link(one.interaction.id, one.interaction.title), f": {', '.join(names)}" if names else None),
            tag(
                "ul",
                [
                    tag(
                        "li",
                        position.text,
                        " ",
                        tag("span", self.known.source(position.citation), class_="by"),
                    )
                    for position in one.disagreement.positions
                ],
            ),
            tag("p", tag("b", f"Followed: {words(one.disagreement.policy)}. "), one.disagreement.text),
            tag("p", sentence(one.chosen), class_="chosen"),
            class_="disagreement",
        )

    def assessments(self) -> Html:
        """The questions of the literature and what came of them, silence among it."""
        counted = Counter((one.area, one.verdict) for one in self.known.assessments)
        rows = [
            (words(area).capitalize(), *(str(counted[area, verdict] or "–") for verdict in Verdict))
            for area in AssessmentArea
        ]
        return tag(
            "section",
            tag("h2", "Questions and silence"),
            tag(
                "p",
                "What the literature and popular lists ask, and what this knowledge makes of it, also where it keeps "
                "silent on purpose or leaves a question out.",
                class_="note",
            ),
            table(("area", *(_VERDICTS[verdict] for verdict in Verdict)), rows, "numbers")
            if self.known.assessments
            else None,
            [self._area(area) for area in AssessmentArea]
            if self.known.assessments
            else tag("p", "Nothing is recorded yet."),
            id="assessments",
        )

    def _area(self, area: AssessmentArea) -> Html | None:
        found = [one for one in self.known.assessments if one.area is area]
        if not found:
            return None
        return tag(
            "section",
            tag("h3", words(area).capitalize()),
            tag(
                "div",
                [self._assessment(one) for verdict in Verdict for one in found if one.verdict is verdict],
                class_="answers",
            ),
        )

    def _assessment(self, one: Assessment) -> Html:
        cases = {case.id: case for case in self.known.rule_set.cases}
        return tag(
            "article",
            tag("p", tag("span", _VERDICTS[one.verdict], class_=f"verdict {one.verdict}"), class_="facts"),
            tag("h4", one.title),
            tag("p", one.text),
            self._rules_of(one),
            details(
                f"Lists that keep it silent ({len(one.cases)})"
                if one.verdict is Verdict.NO_ALERT
                else f"Cases ({len(one.cases)})",
                tag("ul", [tag("li", self.known.case(cases[name])) for name in one.cases], class_="cases"),
            )
            if one.cases
            else None,
            self.known.citations("Sources", one.citations) if one.citations else None,
            class_=f"assessment {one.verdict}",
        )

    def _rules_of(self, one: Assessment) -> Html | None:
        known = {record.id: record for record in self.known.interactions}
        rules = [known[name] for name in one.interactions if name in known]
        if not rules:
            return None
        return tag("ul", [tag("li", link(rule.id, rule.title), " ", pill(rule.severity)) for rule in rules])

    def quietness(self) -> Html:
        """How many findings lists set off, and which rules fire most."""
        rule_set = self.known.rule_set
        return tag(
            "section",
            tag("h2", "Quietness"),
            tag(
                "p",
                "Each needless finding makes the next easier to ignore. This is how many findings one list sets off:",
                class_="note",
            ),
            self._noise("Lists of whole patients", whole_lists(rule_set)),
            self._noise("Lists that should say little", quiet_cases(rule_set)),
            id="quietness",
        )

    def _noise(self, title: str, cases: list[Case]) -> Html | None:
        noise = quietness(self.known.compiled, cases)
        if noise is None:
            return None
        spreads = [*((pill(one), spread) for one, spread in noise.by_severity.items()), ("all", noise.total)]
        rows = [(name, str(one.least), f"{one.median:g}", f"{one.mean:.2f}", str(one.most)) for name, one in spreads]
        return tag(
            "section",
            tag("h3", f"{title} ({noise.lists})"),
            table(("findings a list", "least", "median", "mean", "most"), rows, "numbers"),
            details("What fires most", tag("ol", [self._loud(name, count) for name, count in noise.loudest])),
            details("The lists", tag("ul", [tag("li", self.known.case(case)) for case in cases], class_="cases")),
        )

    def _loud(self, name: str, count: int) -> Html:
        record = self.known.compiled.interactions[name]
        return tag("li", link(name, record.title), " ", tag("span", str(count), class_="count"))

    def sources(self) -> Html:
        """Every source, by title."""
        records = sorted(self.known.rule_set.citations, key=lambda one: (one.title.lower(), one.id))
        return tag(
            "section",
            tag("h2", "Sources"),
            details(
                f"All {len(records)} sources",
                tag("ul", [tag("li", self._citation(one)) for one in records], class_="sources all"),
            ),
            id="sources",
        )

    def _citation(self, one: Citation) -> list[Child]:
        about = ", ".join(str(part) for part in (one.publisher, one.year, words(one.kind)) if part)
        return [
            self.known.source(one.id),
            self.known.tag_of(one),
            tag("span", f"{about}; read on {one.accessed_on}", class_="supports"),
        ]
