"""Synthetic rule sets of any size whose questions give the same number of findings at every size.

Each drug class meets each of a few magnesium classes in about four rules, whatever the number of rules, because the
number of drug classes grows with the number of rules. Rules carry up to three conditions of the real vocabulary.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import date
from typing import Any

from rules.model import RuleSet
from rules.profile import MedicationProfile

DRUGS_PER_CLASS = 2
MAGNESIUM_PRODUCTS = 60
MAGNESIUM_CLASSES = 16
RULES_PER_CLASS = 4
_CLASSES_OF_A_DRUG = (0, 1, 2, 2, 3, 4)
_CONDITIONS_OF_A_RULE = (0, 1, 2, 2, 2, 3, 3, 3)
AS_OF = date(2026, 11, 22)
_REVIEWED = "2026-11-22"


@dataclass(frozen=True, slots=True)
class SyntheticRule:
    """One rule in a form that every engine can be given."""

    id: str
    affected_class: str
    precipitant_class: str
    egfr_below: int | None
    age_at_least: int | None
    months_at_least: int | None
    co_class: str | None


@dataclass(frozen=True, slots=True)
class World:
    """Rules, memberships and questions."""

    rules: tuple[SyntheticRule, ...]
    classes_of: dict[str, tuple[str, ...]]
    drugs: tuple[str, ...]
    products: tuple[str, ...]
    rxcui: dict[str, str]


def make_world(rules: int, seed: int = 1) -> World:
    """A world of about the given number of rules; the same seed gives the same world."""
    source = random.Random(seed)
    classes = max(4, rules // RULES_PER_CLASS)
    drug_classes = [f"drug-class-{number}" for number in range(classes)]
    magnesium_classes = [f"magnesium-class-{number}" for number in range(MAGNESIUM_CLASSES)]
    drugs = [f"drug-{number}" for number in range(max(200, classes * DRUGS_PER_CLASS))]
    products = [f"product-{number}" for number in range(MAGNESIUM_PRODUCTS)]
    classes_of = {drug: tuple(source.sample(drug_classes, source.choice(_CLASSES_OF_A_DRUG))) for drug in drugs}
    for name in drug_classes:  # no class without a member: an empty class would be no class
        drug = source.choice(drugs)
        classes_of[drug] = tuple(dict.fromkeys((*classes_of[drug], name)))
    for product in products:
        classes_of[product] = tuple(source.sample(magnesium_classes, source.choice((2, 3, 4))))
    made: list[SyntheticRule] = []
    for number in range(rules):
        kinds = source.sample(("egfr", "age", "months", "co"), source.choice(_CONDITIONS_OF_A_RULE))
        made.append(
            SyntheticRule(
                id=f"rule-{number}",
                affected_class=drug_classes[number % classes],
                precipitant_class=source.choice(magnesium_classes),
                egfr_below=source.choice((30, 45, 60)) if "egfr" in kinds else None,
                age_at_least=source.choice((12, 65, 75)) if "age" in kinds else None,
                months_at_least=source.choice((3, 12)) if "months" in kinds else None,
                co_class=source.choice(drug_classes) if "co" in kinds else None,
            )
        )
    names = (*drugs, *products)
    return World(tuple(made), classes_of, tuple(drugs), tuple(products), {n: str(i + 1) for i, n in enumerate(names)})


def _interaction(rule: SyntheticRule) -> dict[str, Any]:
    parts: list[dict[str, Any]] = []
    if rule.egfr_below is not None:
        parts.append({"egfr": {"below": rule.egfr_below}})
    if rule.age_at_least is not None:
        parts.append({"age_years": {"at_least": rule.age_at_least}})
    if rule.months_at_least is not None:
        parts.append({"duration_months": {"at_least": rule.months_at_least}})
    if rule.co_class is not None:
        parts.append({"co_medication": {"classes": [rule.co_class]}})
    record: dict[str, Any] = {
        "id": rule.id,
        "last_reviewed_on": _REVIEWED,
        "title": f"Synthetic interaction {rule.id}",
        "direction": "magnesium_alters_drug",
        "severity": "moderate",
        "seriousness": "non_serious",
        "operational_class": "minimize_risk",
        "onset": "rapid",
        "affected": {"classes": [rule.affected_class], "routes": ["oral"]},
        "precipitant": {"classes": [rule.precipitant_class], "routes": ["oral"]},
        "mechanism": "A synthetic mechanism of the length that a real record has, so that reports weigh the same.",
        "effect": "A synthetic effect of the length that a real record has, with a number or two in a sentence.",
        "management": {
            "action": "separate_doses",
            "text": "A synthetic piece of advice, about as long as a real one, with two intervals in words.",
            "patient_text": "A synthetic sentence for the patient.",
            "separation": {"magnesium_first_hours": 4, "drug_first_hours": 2},
        },
        "evidence": {"grade": "B", "citations": [{"citation": "synthetic-source", "supports": "everything"}]},
    }
    if parts:
        record["when"] = parts[0] if len(parts) == 1 else {"all": parts}
    return record


def rule_set_of(world: World) -> RuleSet:
    """The world as documents."""
    members: dict[str, list[str]] = {}
    for substance, classes in world.classes_of.items():
        for name in classes:
            members.setdefault(name, []).append(substance)
    used = {rule.co_class for rule in world.rules} | {rule.affected_class for rule in world.rules}
    used |= {rule.precipitant_class for rule in world.rules}
    document = {
        "substances": [
            {
                "id": name,
                "last_reviewed_on": _REVIEWED,
                "name": name,
                "codes": {"rxnorm": [world.rxcui[name]]},
                "routes": ["oral"],
            }
            for name in (*world.drugs, *world.products)
        ],
        "classes": [
            {
                "id": name,
                "last_reviewed_on": _REVIEWED,
                "name": name,
                "description": "A synthetic class.",
                "members": members[name],
            }
            for name in sorted(name for name in used if name is not None)
        ],
        "interactions": [_interaction(rule) for rule in world.rules],
        "citations": [
            {
                "id": "synthetic-source",
                "last_reviewed_on": _REVIEWED,
                "kind": "journal",
                "title": "A synthetic source",
                "doi": "10.1000/synthetic",
                "accessed_on": _REVIEWED,
                "verification": "primary_text",
            }
        ],
    }
    return RuleSet.model_validate_json(json.dumps(document))


@dataclass(frozen=True, slots=True)
class Question:
    """One question in a form that every engine can be given."""

    substances: tuple[str, ...]
    egfr: int | None
    age: int | None
    months: tuple[int | None, ...]


def make_questions(world: World, count: int, medications: int, seed: int = 2) -> list[Question]:
    """Questions with drug use as skewed as in life: few drugs make up most lists; one or two magnesium products."""
    source = random.Random(seed)
    weights = [1 / (rank + 1) for rank in range(len(world.drugs))]
    questions: list[Question] = []
    for _ in range(count):
        products = source.sample(world.products, source.choice((1, 1, 2)))
        chosen: dict[str, None] = {}
        while len(chosen) < medications - len(products):
            chosen[source.choices(world.drugs, weights)[0]] = None
        questions.append(
            Question(
                substances=(*chosen, *products),
                egfr=source.choice((None, 40, 90, 90)),
                age=source.choice((None, 40, 40, 70)),
                months=tuple(source.choice((None, 1, 1, 6, 24)) for _ in range(medications)),
            )
        )
    return questions


def profile_of(world: World, question: Question) -> MedicationProfile:
    """A question as the engine takes it."""
    patient: dict[str, Any] = {}
    if question.egfr is not None:
        patient["egfr"] = {"value": str(question.egfr), "unit": "mL/min/1.73m2"}
    if question.age is not None:
        patient["age_years"] = question.age
    medications = []
    for number, (name, months) in enumerate(zip(question.substances, question.months, strict=True)):
        item: dict[str, Any] = {"id": f"m{number}", "codes": [{"system": "rxnorm", "code": world.rxcui[name]}]}
        if months is not None:
            back = AS_OF.year * 12 + AS_OF.month - 1 - months
            item["started_on"] = f"{back // 12:04d}-{back % 12 + 1:02d}-{AS_OF.day:02d}"
        medications.append(item)
    document = {"medications": medications, "patient": patient, "as_of": AS_OF.isoformat()}
    return MedicationProfile.model_validate_json(json.dumps(document))
