"""A small knowledge whose figures can be counted by hand. Everything is made up."""

import json
from datetime import date
from typing import Any

from rules import CompiledRuleSet, compile_rule_set
from rules.documents import Document
from rules.model import Case
from tests import factories as make

TODAY = date(2026, 11, 22)
WINDOW: dict[str, Any] = {
    "action": "separate_doses",
    "text": "Consider alvorin first.",
    "patient_text": "Ask when to take each.",
    "prescriber": {"heading": "Alvorin first", "text": "Two hours are enough."},
    "monitoring": ["Level of alvorin"],
    "separation": {
        "magnesium_first_hours": 6,
        "drug_first_hours": "2.5",
        "text": "Both from the label.",
        "disagreement": {
            "positions": [
                {"citation": "source", "text": "Four hours.", "magnesium_first_hours": 4},
                {"citation": "label", "text": "Six hours.", "magnesium_first_hours": 6},
            ],
            "policy": "strictest",
            "text": "The longer one costs nothing.",
        },
    },
}
RECORDS: tuple[Document, ...] = (
    make.substance("alvorin"),
    make.substance("betarine"),
    make.substance("cordimax"),
    make.salt_form("oxide", "MgO", "Mg(OH)2"),
    make.substance("magnesium-oxide", salt_form="oxide"),
    make.medication_class("class-a", "alvorin"),
    make.medication_class("class-b", "betarine", includes=["class-a"]),
    make.medication_class("idle", "cordimax"),
    make.medication_class(make.MAGNESIUM, "magnesium-oxide"),
    make.condition("gout"),
    make.citation("label", kind="label", verification="second_hand"),
    make.citation("unused"),
    make.interaction(
        "window",
        title="Alvorin with magnesium",
        direction="magnesium_alters_drug",
        severity="major",
        affected=make.party("class-b", routes=["oral"]),
        precipitant=make.party(make.MAGNESIUM, routes=["oral"]),
        management=WINDOW,
        variants=[make.variant("betarine", severity="minor", separation={"spacing_helps": False})],
        evidence=make.evidence("label", grade="A"),
        last_reviewed_on="2024-11-21",
    ),
    make.interaction(
        "loss",
        title="Betarine and loss",
        direction="depletes_magnesium",
        precipitant={"substances": ["betarine"]},
        factors=[make.factor("old", "major", {"age_years": {"at_least": 65}})],
        last_reviewed_on="2024-11-22",
    ),
    make.interaction("gone", affected={"substances": ["cordimax"]}, status="withdrawn", last_reviewed_on="2020-01-01"),
    make.assessment(
        "does-it", area="depletion", verdict="rule", interactions=["loss", "gone"], title="Does it deplete?"
    ),
    make.assessment(
        "silence", area="popular_claims", verdict="no_alert", cases=["long"], title="Does cordimax matter?"
    ),
    make.assessment("out", area="forms", verdict="left_out", title="Is it better?", text="No source could be read."),
    make.assessment("old-answer", verdict="left_out", status="withdrawn"),
)


def case(record_id: str, kind: str, *texts: str, **more: Any) -> Case:  # noqa: ANN401 - keys of the record
    """A worked case about a list."""
    content = {
        "id": record_id,
        "last_reviewed_on": make.REVIEWED,
        "kind": kind,
        "interaction": None if kind == "whole_list" else "loss",
        "title": f"The case {record_id}",
        "rationale": "A reason.",
        "citations": make.references(),
        "profile": {"medications": [make.medication(f"m{index}", text) for index, text in enumerate(texts)]},
        "expect": {},
        **more,
    }
    return Case.model_validate_json(json.dumps(content))


CASES = (
    case("fires", "fires", "betarine"),
    case("quiet", "quiet", "cordimax"),
    case("not-so-quiet", "quiet", "betarine", expect={"absent": ["loss"]}),  # does not hold
    case("gone", "quiet", "betarine", status="withdrawn"),
    case("short", "whole_list", "betarine", "alvorin", "magnesium oxide 400 mg"),
    case("long", "whole_list", "cordimax", "paracetamol", "ibuprofen", "metformin", "ramipril"),
)


def small(*records: Document) -> CompiledRuleSet:
    """The knowledge, compiled, with more records where a test needs them."""
    rule_set = make.rule_set(*RECORDS, *records)
    return compile_rule_set(rule_set.model_copy(update={"cases": CASES}))
