"""Findings of a check as RxNav's pairs of concepts. It judges nothing: severities are renamed, texts put together."""

from __future__ import annotations

from itertools import product
from typing import Final

from rules.compiled import CompiledRuleSet
from rules.report import CheckedMedication, Finding
from rules.report_basics import SubstanceReference
from rules.terms import Scope, Severity
from service.api.rxnav.shapes import (
    RxNavCheck,
    RxNavConcept,
    RxNavFullGroup,
    RxNavFullType,
    RxNavGroup,
    RxNavInteractionConcept,
    RxNavPair,
)
from service.application.checks import CheckAnswer

SOURCE: Final = "magcheck"
SCOPE: Final = "magnesium"
_MAGNESIUM_RXCUI: Final = "6574"
_MAGNESIUM: Final[SubstanceReference] = {"id": "magnesium", "name": "magnesium"}
# The old interface had `high` and `N/A`; `high` was for what should not be given together.
_SEVERITIES: Final = {
    Severity.CONTRAINDICATED: "high",
    Severity.MAJOR: "high",
    Severity.MODERATE: "moderate",
    Severity.MINOR: "low",
}
_DISCLAIMER: Final = (
    "This answer is not from the National Library of Medicine, whose interaction interface closed in January 2024. It "
    "comes from magcheck and is about magnesium only: which medicines drain or retain it, are blocked by it or are "
    "more dangerous without it. Any other interaction between these medicines is not looked for. That nothing is "
    "listed does not mean that the combination is safe. It informs professionals and replaces no judgement."
)
_SOURCE_DISCLAIMER: Final = "Rules of magcheck, each with its citations: /v1/interactions/{interaction_id}."


class Pairs:
    """Turns the answer to one question into pairs."""

    def __init__(self, answer: CheckAnswer, compiled: CompiledRuleSet, base: str) -> None:
        """``base`` is the address of this service, or empty; the medications of the answer have their RxCUI as id."""
        self._answer = answer
        self._compiled = compiled
        self._base = base
        self._lines = {line["id"]: line for line in answer["medications"]}

    def disclaimer(self, asked: list[str]) -> str:
        """What must stand in front of every answer, and what could not be checked."""
        unknown = [rxcui for rxcui in asked if self._lines[rxcui]["state"] == "unrecognised"]
        if not unknown:
            return _DISCLAIMER
        return f"{_DISCLAIMER} NOT CHECKED, because not recognised: {', '.join(unknown)}."

    def check(self, asked: list[str]) -> RxNavCheck:
        """How far the answer goes, and what it was made from."""
        answer = self._answer
        return {
            "scope": SCOPE,
            "check_id": answer["check_id"],
            "rule_set": answer["rule_set"],
            "terminology": answer["terminology"],
            "degraded": answer["degraded"],
            "status": answer["status"],
            "statement": answer["statement"],
            "medications": [{"rxcui": rxcui, "state": self._lines[rxcui]["state"]} for rxcui in asked],
        }

    def of_list(self) -> list[RxNavFullGroup]:
        """All findings, by the pair of medications they are about."""
        types: dict[tuple[str, ...], RxNavFullType] = {}
        for finding in self._answer["findings"]:
            for lines in self._pairs_of_lines(finding):
                found = types.get(lines)
                if found is None:
                    concepts = [self.concept(rxcui) for rxcui in lines]
                    found = types[lines] = {
                        "comment": self._comment(concepts),
                        "minConcept": concepts,
                        "interactionPair": [],
                    }
                found["interactionPair"].append(self._pair(finding, lines))
        if not types:
            return []
        group: RxNavFullGroup = {
            "sourceDisclaimer": _SOURCE_DISCLAIMER,
            "sourceName": SOURCE,
            "fullInteractionType": list(types.values()),
        }
        return [group]

    def of_drug(self, rxcui: str) -> list[RxNavGroup]:
        """The findings that one medication takes part in."""
        pairs = [
            self._pair(finding, lines)
            for finding in self._answer["findings"]
            for lines in self._pairs_of_lines(finding)
            if rxcui in lines
        ]
        if not pairs:
            return []
        concept = self.concept(rxcui)
        group: RxNavGroup = {
            "sourceDisclaimer": _SOURCE_DISCLAIMER,
            "sourceName": SOURCE,
            "interactionType": [
                {"comment": self._comment([concept]), "minConceptItem": concept, "interactionPair": pairs}
            ],
        }
        return [group]

    def concept(self, rxcui: str) -> RxNavConcept:
        """What was asked about, as RxNorm names it where its terminology is here, else by what it was taken for."""
        terminology = self._compiled.terminology
        known = terminology.by_rxcui(rxcui) if terminology is not None else ()
        if len(known) == 1 and known[0].rxcui == rxcui:
            return {"rxcui": rxcui, "name": known[0].name, "tty": known[0].kind.value}
        line = self._lines[rxcui]
        names = " / ".join(substance["name"] for substance in line["substances"])
        return {"rxcui": rxcui, "name": names or "not recognised", "tty": "IN"}

    def _pairs_of_lines(self, finding: Finding) -> list[tuple[str, ...]]:
        """The pairs of medications that a finding is about; one alone, where it is about one and magnesium."""
        lines = finding["medication_ids"]
        affected = [line for line in lines if self._has(line, finding["affected"])]
        others = [line for line in lines if line not in affected]
        if affected and others:
            return [(one, other) for one, other in product(affected, others)]
        if len(lines) > 1 and self._compiled.interactions[finding["interaction_id"]].scope is Scope.LIST:
            return [(lines[0], other) for other in lines[1:]]
        return [(line,) for line in lines]  # each by itself: they do the same, and nothing to one another

    def _has(self, line: str, substance: SubstanceReference | None) -> bool:
        return substance is not None and any(one["id"] == substance["id"] for one in self._lines[line]["substances"])

    def _pair(self, finding: Finding, lines: tuple[str, ...]) -> RxNavPair:
        taking_part = {one["id"] for one in [*finding["precipitants"], *filter(None, [finding["affected"]])]}
        sides = [self._side(self._lines[line], taking_part) for line in lines]
        if len(sides) == 1:
            sides.append(self._side_of(_MAGNESIUM, _MAGNESIUM_RXCUI))
        return {
            "interactionConcept": sides,
            "severity": _SEVERITIES[finding["severity"]],
            "description": _described(finding),
            "magcheck": {
                "key": finding["key"],
                "interaction_id": finding["interaction_id"],
                "severity": finding["severity"],
                "severity_ceiling": finding["severity_ceiling"],
                "applicability": finding["applicability"],
                "missing_facts": finding["missing_facts"],
            },
        }

    def _side(self, line: CheckedMedication, taking_part: set[str]) -> RxNavInteractionConcept:
        """The ingredient of a line that takes part in a finding; the first, where none is named."""
        found = [one for one in line["substances"] if one["id"] in taking_part] or line["substances"]
        record = self._compiled.substances.get(found[0]["id"])
        codes = record.codes.rxnorm if record is not None else ()
        return self._side_of(found[0], codes[0] if codes else None)

    def _side_of(self, substance: SubstanceReference, rxcui: str | None) -> RxNavInteractionConcept:
        concept: RxNavConcept = {"name": substance["name"], "tty": "IN"}
        if rxcui is not None:
            concept = {"rxcui": rxcui, **concept}
        address = f"{self._base}/v1/substances/{substance['id']}"
        return {"minConceptItem": concept, "sourceConceptItem": {**substance, "url": address}}

    def _comment(self, concepts: list[RxNavConcept]) -> str:
        told = [
            f"Drug{number} (rxcui = {concept['rxcui']}, name = {concept['name']}, tty = {concept['tty']}) is resolved "
            f"to {' / '.join(one['name'] for one in self._lines[concept['rxcui']]['substances'])}."
            for number, concept in enumerate(concepts, 1)
        ]
        return " ".join([*told, "Only what has to do with magnesium is listed."])


def _described(finding: Finding) -> str:
    """A finding in sentences, for clients that show one text."""
    sentences = [f"{finding['title']}.", finding["effect"], finding["management"]["text"]]
    if finding["applicability"] == "may_apply":
        missing = ", ".join(finding["missing_facts"])
        sentences.append(
            f"It may apply: not known here are {missing}. Severity depending on them: up to "
            f"{finding['severity_ceiling']}."
        )
    return " ".join(sentences)
