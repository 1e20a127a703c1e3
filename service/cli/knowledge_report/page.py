"""The whole knowledge as one page: self-contained, readable without scripts, on a screen, a telephone and on paper.

It shows what the records say and judges nothing. Every text is escaped; the only addresses it leads to are sources.
"""

from datetime import date
from pathlib import Path
from typing import Final

from rules.compiled import CompiledRuleSet
from service.cli.knowledge_report.cards import Cards
from service.cli.knowledge_report.overview import Overview
from service.cli.knowledge_report.parts import Known, link
from service.cli.knowledge_report.registers import Registers
from service.markup import Html, raw, tag

_FOLDER: Final = Path(__file__).parent


def page(compiled: CompiledRuleSet, today: date) -> str:
    """The page as text."""
    return "<!doctype html>\n" + tag(
        "html",
        tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="color-scheme", content="light dark"),
            tag("title", "Magnesium interactions: what magcheck knows"),
            tag("style", raw((_FOLDER / "page.css").read_text(encoding="utf-8"))),
        ),
        tag(
            "body",
            _body(Known(compiled, today)),
            tag("script", raw((_FOLDER / "page.js").read_text(encoding="utf-8"))),
        ),
        lang="en-GB",
    )


def _body(known: Known) -> list[Html]:
    """Everything a reader sees."""
    overview = Overview(known)
    registers = Registers(known)
    return [
        link("main", "To the content", class_="skip"),
        tag(
            "header",
            tag("p", "magcheck", class_="brand"),
            tag("h1", "Magnesium interactions"),
            tag(
                "p",
                "Everything this knowledge base says about medicines, conditions and magnesium, with its sources. "
                "For professionals; it advises and does not replace judgement. "
                "What is not on this page is not known here, which is no statement about it.",
                class_="lead",
            ),
            class_="top",
        ),
        tag("nav", overview.contents(), aria_label="Contents", class_="side"),
        tag(
            "main",
            overview.figures(),
            overview.index(),
            Cards(known).section(),
            registers.disagreements(),
            registers.assessments(),
            registers.quietness(),
            registers.sources(),
            id="main",
        ),
        tag("footer", tag("p", f"Rule set {known.compiled.digest}, written on {known.today}.", class_="digest")),
    ]
