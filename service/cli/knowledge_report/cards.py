"""The interactions of the page, each as a card."""

from collections.abc import Iterable, Sequence
from typing import Final

from rules.documents import Party, Reference
from rules.model import Interaction, ModifyingFactor, Separation, Variant
from service.cli.knowledge_report.parts import DIRECTIONS, Known, definition, details, link, pill, table
from service.cli.knowledge_report.told import words
from service.cli.knowledge_report.windows import drawing, sentence
from service.markup import Child, Html, joined, tag

_FEW_VARIANTS: Final = 4  # these are shown at once, more behind a click


class Cards:
    """All interactions, in the order of their directions."""

    def __init__(self, known: Known) -> None:
        self.known = known

    def section(self) -> Html:
        """The worst of each direction first."""
        return tag(
            "section",
            tag("h2", "Interactions"),
            [
                tag(
                    "section",
                    tag("h3", title, " ", tag("span", str(len(found)), class_="count")),
                    [self._card(record) for record in sorted(found, key=lambda one: (-one.severity.rank, one.title))],
                    id=f"direction-{direction}",
                    class_="direction",
                )
                for direction, title in DIRECTIONS.items()
                if (found := self.known.by_direction[direction])
            ],
            id="interactions",
        )

    def _card(self, record: Interaction) -> Html:
        worst = max([record.severity, *(one.severity for one in record.factors)], key=lambda one: one.rank)
        return tag(
            "article",
            tag(
                "header",
                tag(
                    "p",
                    pill(record.severity),
                    [" up to ", pill(worst)] if worst is not record.severity else None,
                    tag("span", words(record.operational_class), class_="fact"),
                    tag("span", f"evidence {record.evidence.grade}", class_="fact"),
                    tag("span", words(record.seriousness), class_="fact"),
                    tag("span", f"onset {words(record.onset)}", class_="fact"),
                    class_="facts",
                ),
                tag("h4", link(record.id, record.title)),
            ),
            tag("dl", self._who(record), class_="who"),
            self._timing(record.management.separation),
            tag("p", record.effect, class_="effect"),
            tag("p", tag("b", "How: "), record.mechanism, class_="mechanism"),
            self._readers(record),
            self._factors(record.factors),
            self._variants(record),
            self._cases_of(record),
            self.known.citations("Sources", record.evidence.citations),
            tag(
                "p",
                f"Reviewed on {record.last_reviewed_on}, next by {record.review_due_on}",
                tag("strong", " (outstanding)") if record.review_due_on < self.known.today else None,
                ". ",
                tag("code", record.id),
                class_="review",
            ),
            id=record.id,
            class_=f"card {record.severity}",
            aria_label=record.title,
        )

    def _who(self, record: Interaction) -> list[Html]:
        conditions = [self.known.compiled.conditions[name].name for name in record.conditions]
        rows = [
            self._party("Acted on", record.affected),
            self._party("Acting" if record.affected else "Who", record.precipitant),
            definition("Condition", " or ".join(conditions)) if conditions else None,
            definition("When", self.known.told.expression(record.when)) if record.when else None,
        ]
        return [row for row in rows if row is not None]

    def _party(self, term: str, party: Party | None) -> Html | None:
        if party is None:
            return None
        members = {name for one in party.classes for name in self.known.compiled.members_of(one)}
        names = sorted(self.known.compiled.substances[name].name for name in members - set(party.except_substances))
        return definition(
            term,
            self.known.told.party(party),
            details(f"{len(names)} substances", tag("p", ", ".join(names)), class_="members") if names else None,
        )

    @staticmethod
    def _timing(separation: Separation | None) -> Html | None:
        if separation is None:
            return None
        return tag(
            "figure",
            drawing(separation),
            tag("figcaption", sentence(separation), f" {separation.text}" if separation.text else None),
            class_="timing",
        )

    @staticmethod
    def _readers(record: Interaction) -> Html:
        management = record.management
        note = management.prescriber
        return tag(
            "div",
            tag(
                "div",
                tag("h5", "Pharmacist"),
                tag("p", management.text),
                tag("ul", [tag("li", one) for one in management.monitoring], class_="monitoring")
                if management.monitoring
                else None,
                tag("p", f"Action: {words(management.action)}", class_="action"),
            ),
            tag("div", tag("h5", "Prescriber"), tag("p", tag("b", f"{note.heading}. "), note.text)) if note else None,
            tag("div", tag("h5", "Patient"), tag("p", management.patient_text)),
            class_="readers",
        )

    def _factors(self, factors: Sequence[ModifyingFactor]) -> Html | None:
        if not factors:
            return None
        rows = [
            (pill(one.severity), one.text, self.known.told.expression(one.when), self._short(one.citations))
            for one in factors
        ]
        return joined([tag("h5", "What changes the severity"), table(("then", "because", "if", "sources"), rows)])

    def _variants(self, record: Interaction) -> Html | None:
        if not record.variants:
            return None
        rows = [self._variant(record, one) for one in record.variants]
        differing = table(("substance", "severity", "effect and hours", "evidence"), rows, "variants")
        if len(record.variants) <= _FEW_VARIANTS:
            return joined([tag("h5", "Single substances that differ"), differing])
        return details(f"{len(record.variants)} substances or groups that differ", differing, class_="print")

    def _variant(self, record: Interaction, variant: Variant) -> tuple[Child, ...]:
        return (
            tag("b", ", ".join(self.known.told.names((), variant.substances))),
            pill(variant.severity or record.severity),
            [
                tag("p", variant.effect or "As above."),
                tag("p", variant.management_text) if variant.management_text else None,
                self._timing(variant.separation),
            ],
            [tag("p", variant.evidence.grade), self._short(variant.evidence.citations)],
        )

    def _short(self, references: Iterable[Reference]) -> Html:
        """Sources in a table cell: their titles as links."""
        return tag("ul", [tag("li", self.known.source(one.citation)) for one in references], class_="short")

    def _cases_of(self, record: Interaction) -> Html | None:
        cases = self.known.cases.get(record.id, [])
        if not cases:
            return None
        return details(
            f"Worked cases ({len(cases)})",
            tag("ul", [tag("li", self.known.case(case)) for case in cases], class_="cases"),
        )
