"""Small builders of knowledge records and questions for tests.

Each builder fills in what a record must have and a test does not care about. Keyword arguments are the keys of the
record, as plain values, so a test reads like the YAML it stands for. Nothing here knows what is clinically right.
"""

from __future__ import annotations

import json
from typing import Any, TypeVar

from rules import CompiledRuleSet, MedicationProfile, RuleSet, compile_rule_set
from rules.care import Administration, MonitoringSchedule, RecommendedIntake, SupplementTarget
from rules.documents import Document
from rules.model import (
    Assessment,
    Attribution,
    Case,
    Citation,
    Condition,
    Guidance,
    IntakeLimit,
    Interaction,
    MedicationClass,
    Product,
    ReferenceRange,
    SaltForm,
    Substance,
    Symptom,
)
from rules.profile import MedicationItem

REVIEWED = "2026-11-22"
SOURCE = "source"  # the citation that every record built here leans on
MAGNESIUM = "magnesium-salts"  # the class the engine adds up

AnyDocument = TypeVar("AnyDocument", bound=Document)


def _build(kind: type[AnyDocument], defaults: dict[str, Any], given: dict[str, Any]) -> AnyDocument:
    return kind.model_validate({**defaults, **given})


def references(*citations: str) -> list[dict[str, str]]:
    """References to citations; to the common source where none is named."""
    return [{"citation": name, "supports": "the claim"} for name in citations or (SOURCE,)]


def evidence(*citations: str, grade: str = "B") -> dict[str, Any]:
    """Evidence that leans on the citations."""
    return {"grade": grade, "citations": references(*citations)}


def citation(record_id: str = SOURCE, **given: Any) -> Citation:  # noqa: ANN401 - keys of the record
    """A journal article somebody can open."""
    defaults = {
        "id": record_id,
        "last_reviewed_on": REVIEWED,
        "kind": "journal",
        "title": f"An article about {record_id}",
        "url": f"https://example.org/{record_id}",
        "accessed_on": REVIEWED,
        "verification": "primary_text",
    }
    return _build(Citation, defaults, given)


def substance(record_id: str, **given: Any) -> Substance:  # noqa: ANN401
    """A substance that is given by mouth and named like its id."""
    defaults = {
        "id": record_id,
        "last_reviewed_on": REVIEWED,
        "name": record_id.replace("-", " "),
        "routes": ["oral"],
    }
    return _build(Substance, defaults, given)


def salt_form(record_id: str, *formulas: str, **given: Any) -> SaltForm:  # noqa: ANN401
    """A salt form with one hydrate for each formula."""
    text = {"text": "A sentence about the form.", "citations": references()}
    defaults = {
        "id": record_id,
        "last_reviewed_on": REVIEWED,
        "name": record_id,
        "hydrates": [{"name": f"hydrate {formula}", "formula": formula} for formula in formulas],
        "raises_gastric_ph": False,
        "absorption": {**text, "rank": "insufficient_data"},
        "laxative": {**text, "effect": "mild"},
        "solubility": {**text, "solubility": "soluble"},
        "side_effects": [text],
        "usual_use": text,
    }
    return _build(SaltForm, defaults, given)


def product(record_id: str, *ingredients: str | dict[str, Any], **given: Any) -> Product:  # noqa: ANN401
    """A product of the ingredients; an ingredient is a substance id or a whole ingredient."""
    defaults = {
        "id": record_id,
        "last_reviewed_on": REVIEWED,
        "name": record_id.replace("-", " "),
        "ingredients": [{"substance": one} if isinstance(one, str) else one for one in ingredients],
    }
    return _build(Product, defaults, given)


def presentation(name: str, millilitres: str | None, **amounts: str | dict[str, str]) -> dict[str, Any]:
    """A strength of a product: amounts by substance (`_` for `-`), in mg as the label counts them or in full."""
    return {
        "name": name,
        "millilitres": millilitres,
        "amounts": [
            {"substance": one.replace("_", "-"), **({"mg": held} if isinstance(held, str) else held)}
            for one, held in amounts.items()
        ],
        "citations": references(),
    }


def medication_class(record_id: str, *members: str, **given: Any) -> MedicationClass:  # noqa: ANN401
    """A class with explicit members."""
    defaults = {
        "id": record_id,
        "last_reviewed_on": REVIEWED,
        "name": record_id,
        "description": "A class of substances.",
        "members": list(members),
    }
    if given.get("exclusions"):
        defaults["exclusion_reason"] = "It does not behave like the others."
    return _build(MedicationClass, defaults, given)


def condition(record_id: str, **given: Any) -> Condition:  # noqa: ANN401
    """A condition named like its id."""
    defaults = {
        "id": record_id,
        "last_reviewed_on": REVIEWED,
        "name": record_id,
        "magnesium_effect": "low",
        "text": "A sentence about the condition.",
        "evidence": evidence(),
    }
    return _build(Condition, defaults, given)


def symptom(record_id: str, **given: Any) -> Symptom:  # noqa: ANN401
    """An early symptom of low magnesium."""
    defaults = {
        "id": record_id,
        "last_reviewed_on": REVIEWED,
        "name": record_id,
        "level": "low",
        "stage": "early",
        "text": "A sentence about the symptom.",
        "citations": references(),
    }
    return _build(Symptom, defaults, given)


def reference_range(analyte: str = "serum_magnesium", limit: str = "0.7", **given: Any) -> ReferenceRange:  # noqa: ANN401
    """Two bands that meet at the limit."""
    words = {"meaning": "What it means.", "advice": "What may be considered."}
    defaults = {
        "id": analyte.replace("_", "-"),
        "last_reviewed_on": REVIEWED,
        "name": analyte,
        "analyte": analyte,
        "unit": "mmol/L",
        "bands": [
            {"name": "low", "level": "low", "bounds": {"below": limit}, **words},
            {"name": "not low", "level": "normal", "bounds": {"at_least": limit}, **words},
        ],
        "text": "A sentence about the range.",
        "citations": references(),
    }
    return _build(ReferenceRange, defaults, given)


def intake_limit(record_id: str = "upper-level", mg_per_day: str = "250", **given: Any) -> IntakeLimit:  # noqa: ANN401
    """An upper level for everybody."""
    defaults = {
        "id": record_id,
        "last_reviewed_on": REVIEWED,
        "name": record_id,
        "body": "A committee",
        "mg_per_day": mg_per_day,
        "text": "A sentence about the limit.",
        "citations": references(),
    }
    return _build(IntakeLimit, defaults, given)


def guidance(record_id: str, topic: str = "treatment", **given: Any) -> Guidance:  # noqa: ANN401
    """A short page."""
    defaults = {
        "id": record_id,
        "last_reviewed_on": REVIEWED,
        "topic": topic,
        "title": f"The page {record_id}",
        "text": f"A sentence of {record_id}.",
        "citations": references(),
    }
    return _build(Guidance, defaults, given)


def administration(record_id: str, *substances: str, **given: Any) -> Administration:  # noqa: ANN401
    """How the substances are taken; say at least one thing about it."""
    defaults = {
        "id": record_id,
        "last_reviewed_on": REVIEWED,
        "title": f"How to take {record_id}",
        "substances": list(substances),
        "text": f"A sentence on how to take {record_id}.",
        "citations": references(),
    }
    return _build(Administration, defaults, given)


def monitoring_schedule(record_id: str, *tests: str, **given: Any) -> MonitoringSchedule:  # noqa: ANN401
    """What is measured; say because of which interaction or decision."""
    defaults = {
        "id": record_id,
        "last_reviewed_on": REVIEWED,
        "title": f"The schedule {record_id}",
        "tests": list(tests),
        "text": f"A sentence on {record_id}.",
        "citations": references(),
    }
    return _build(MonitoringSchedule, defaults, given)


def recommended_intake(record_id: str, mg_per_day: str, **given: Any) -> RecommendedIntake:  # noqa: ANN401
    """A recommendation for everybody."""
    defaults = {
        "id": record_id,
        "last_reviewed_on": REVIEWED,
        "body": f"The body {record_id}",
        "mg_per_day": mg_per_day,
        "text": "A sentence about the recommendation.",
        "citations": references(),
    }
    return _build(RecommendedIntake, defaults, given)


def supplement_target(record_id: str, decision: str, least: str, most: str, **given: Any) -> SupplementTarget:  # noqa: ANN401
    """How much a plan aims at, for everybody."""
    defaults = {
        "id": record_id,
        "last_reviewed_on": REVIEWED,
        "title": f"The target {record_id}",
        "decision": decision,
        "least_mg_per_day": least,
        "most_mg_per_day": most,
        "text": "A sentence about the target.",
        "citations": references(),
    }
    return _build(SupplementTarget, defaults, given)


def party(*classes: str, **given: Any) -> dict[str, Any]:  # noqa: ANN401
    """One side of an interaction: members of the classes."""
    return {"classes": list(classes), **given}


def factor(record_id: str, severity: str, when: dict[str, Any], **given: Any) -> dict[str, Any]:  # noqa: ANN401
    """A modifying factor."""
    defaults = {
        "id": record_id,
        "severity": severity,
        "when": when,
        "text": f"Factor {record_id} changes the severity.",
        "citations": references(),
    }
    return {**defaults, **given}


def variant(*substances: str, **given: Any) -> dict[str, Any]:  # noqa: ANN401
    """What differs for some substances of the affected party."""
    return {"substances": list(substances), "evidence": evidence(), **given}


def management(**given: Any) -> dict[str, Any]:  # noqa: ANN401
    """Advice to monitor, but for what is given."""
    return {
        "action": "monitor",
        "text": "Consider a look at the values.",
        "patient_text": "Ask the pharmacist.",
        "prescriber": {"heading": "Consider a test", "text": "A sentence for the prescriber."},
        **given,
    }


def interaction(record_id: str, **given: Any) -> Interaction:  # noqa: ANN401
    """An interaction of moderate severity; say who meets whom."""
    defaults = {
        "id": record_id,
        "last_reviewed_on": REVIEWED,
        "released_on": REVIEWED,
        "title": f"The interaction {record_id}",
        "direction": "additive_effect",
        "severity": "moderate",
        "seriousness": "non_serious",
        "operational_class": "monitor",
        "onset": "delayed",
        "mechanism": "A sentence about the mechanism.",
        "effect": "A sentence about the effect.",
        "management": management(),
        "evidence": evidence(),
    }
    return _build(Interaction, defaults, given)


def assessment(record_id: str = "assessment", **given: Any) -> Assessment:  # noqa: ANN401
    """What the knowledge makes of a question; it informs unless told otherwise."""
    defaults = {
        "id": record_id,
        "last_reviewed_on": REVIEWED,
        "title": f"The question {record_id}",
        "area": "effects",
        "verdict": "information",
        "text": "A sentence about the question.",
    }
    return _build(Assessment, defaults, given)


_FIELD_OF: dict[type[Document], str] = {
    Substance: "substances",
    Product: "products",
    MedicationClass: "classes",
    SaltForm: "forms",
    Interaction: "interactions",
    Condition: "conditions",
    Symptom: "symptoms",
    ReferenceRange: "reference_ranges",
    IntakeLimit: "intake_limits",
    RecommendedIntake: "recommended_intakes",
    SupplementTarget: "supplement_targets",
    Administration: "administrations",
    MonitoringSchedule: "monitoring_schedules",
    Guidance: "guidance",
    Assessment: "assessments",
    Citation: "citations",
    Attribution: "attributions",
    Case: "cases",
}


def case(record_id: str = "case", **given: Any) -> Case:  # noqa: ANN401
    """A whole list of one line that nobody expects anything of."""
    defaults = {
        "id": record_id,
        "last_reviewed_on": REVIEWED,
        "kind": "whole_list",
        "title": f"The case {record_id}",
        "rationale": "A sentence why it is so.",
        "citations": references(),
        "profile": {"medications": [medication("a", "drug")]},
        "expect": {},
    }
    # As from a file: the profile is strict, and takes enumerations as text from JSON only.
    return Case.model_validate_json(json.dumps({**defaults, **given}))


def attribution(record_id: str = "makers", **given: Any) -> Attribution:  # noqa: ANN401
    """Who made the rules; of all of them, but for what is given."""
    defaults = {
        "id": record_id,
        "last_reviewed_on": REVIEWED,
        "developer": "the makers",
        "funding_source": "the payers",
    }
    return _build(Attribution, defaults, given)


def rule_set(*records: Document) -> RuleSet:
    """A rule set of the records, in canonical order; the common source is added."""
    content: dict[str, list[Any]] = {name: [] for name in _FIELD_OF.values()}
    for record in (citation(), *records):
        content[_FIELD_OF[type(record)]].append(record)
    return RuleSet.model_validate({name: sorted(kind, key=lambda one: str(one.id)) for name, kind in content.items()})


def compiled(*records: Document) -> CompiledRuleSet:
    """The records as a compiled rule set."""
    return compile_rule_set(rule_set(*records))


def medication(item_id: str, text: str | None = None, **given: Any) -> dict[str, Any]:  # noqa: ANN401
    """A line of a list, by text or with ``codes={"rxnorm": "1"}``."""
    line: dict[str, Any] = {"id": item_id, **given}
    if text is not None:
        line["text"] = text
    if isinstance(line.get("codes"), dict):
        line["codes"] = [{"system": system, "code": code} for system, code in line["codes"].items()]
    return line


def profile(*medications: dict[str, Any] | MedicationItem, **facts: Any) -> MedicationProfile:  # noqa: ANN401
    """A question, read from JSON as a caller's request is."""
    lines = [
        line.model_dump(mode="json", exclude_none=True) if isinstance(line, MedicationItem) else line
        for line in medications
    ]
    return question({"medications": lines, **facts})


def question(body: dict[str, Any]) -> MedicationProfile:
    """A question from the body of a request."""
    return MedicationProfile.model_validate_json(json.dumps(body))
