"""Writes a finding as a DetectedIssue of FHIR R4, strictly: nothing null, nothing empty, only codes that are bound.

What may be done is written as a suggestion, because nobody has done it yet. Nothing here judges a finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from rules.report import CheckReport, Finding, ManagementReport
from service.fhir import codes
from service.fhir.medications import Source
from service.fhir.reading import Reading
from service.unchanging import Unchanging

Json = dict[str, Any]

ACT_CODE: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
# Names of ours; no other system has them.
NAMES: Final = "urn:magcheck:"
FINDING: Final = f"{NAMES}finding"
INTERACTION: Final = f"{NAMES}interaction"
LINE: Final = f"{NAMES}medication"

# The codes of v3-ActCode that fit, with their own names.
ISSUES: Final[dict[str, str]] = {
    "DRG": "Drug Interaction Alert",
    "NHP": "Natural Health Product Alert",
    "NONRX": "Non-Prescription Interaction Alert",
    "TIME": "timing detected issue",
    "DACT": "drug action detected issue",
    "LAB": "Lab Alert",
    "COND": "Condition Alert",
    "OBSA": "Observation Alert",
    "GEALRT": "geriatric alert",
    "PEALRT": "pediatric alert",
    "PREG": "Pregnancy Alert",
    "LACT": "Lactation Alert",
    "DOSEH": "High Dose Alert",
    "DUPTHPY": "Duplicate Therapy Alert",
    "DUPTHPGEN": "duplicate generic alert",
}
_OF_DIRECTION: Final[dict[str, str]] = {
    "depletes_magnesium": "DACT",
    "retains_magnesium": "DACT",
    "magnesium_alters_drug": "DRG",
    "additive_effect": "DRG",
    "amplified_by_low_magnesium": "LAB",
    "contraindicated_condition": "COND",
    "deficiency_risk": "OBSA",
    "intake_limit": "DOSEH",
    "side_effect": "DACT",
}
_OF_CONDITION: Final[dict[str, str]] = {
    "pregnancy": "PREG",
    "lactation": "LACT",
    "older-adult": "GEALRT",
    "child": "PEALRT",
    "infant": "PEALRT",
}
_ABOUT_A_CONDITION: Final = frozenset({"contraindicated_condition", "deficiency_risk"})
# What a magnesium product is taken as, where that says who sold it.
_OF_SOURCE: Final[dict[str, str]] = {
    "supplement": "NHP",
    "multivitamin": "NHP",
    "antacid": "NONRX",
    "laxative": "NONRX",
}
_SEVERITIES: Final[dict[str, str]] = {
    "contraindicated": "high",
    "major": "high",
    "moderate": "moderate",
    "minor": "low",
}
MITIGATIONS: Final[dict[str, str]] = {
    "5": "Consulted Prescriber",
    "8": "Other Action Taken",
    "9": "Instituted Ongoing Monitoring Program",
    "10": "Provided Patient Education",
    "13": "Stopped Concurrent Therapy",
}
_OF_ACTION: Final[dict[str, str]] = {
    "separate_doses": "10",
    "avoid_combination": "13",
    "choose_alternative": "5",
    "adjust_dose": "5",
    "monitor": "9",
    "correct_magnesium": "5",
    "check_kidney_function": "9",
    "review_intake": "10",
    "inform": "10",
}
# Words in the reasons of a finding that say on which value it rests.
_VALUES: Final[dict[str, str]] = {
    "serum magnesium": "serum_magnesium",
    "serum potassium": "serum_potassium",
    "serum calcium": "serum_calcium",
}
_KIDNEYS: Final = "eGFR"


class Answered:
    """An answer and what it was read from, with what is looked up in the two again and again.

    ``recognised`` are the names of the substances of each line that has any, and ``patient`` whom it is about.
    """

    __slots__ = ("_magnesium", "patient", "reading", "recognised", "report")

    def __init__(self, report: CheckReport, reading: Reading) -> None:
        """Look through both once."""
        self.report = report
        self.reading = reading
        self.patient = None if reading.patient_reference is None else {"reference": reading.patient_reference}
        self.recognised = {
            line["id"]: ", ".join([substance["name"] for substance in line["substances"]])
            for line in report["medications"]
            if line["substances"]
        }
        self._magnesium: dict[str, set[str]] = {}
        intake = report["magnesium_intake"]
        for contribution in (*intake["contributions"], *intake["as_needed"]):
            self._magnesium.setdefault(contribution["medication_id"], set()).update(contribution["sources"])

    def magnesium_sources(self, names: Iterable[str]) -> set[str]:
        """How the magnesium of these lines came about."""
        return set().union(*[self._magnesium.get(name, ()) for name in names])

    def line(self, name: str) -> Json:
        """What a line of the list came from; its name is what it was recognised as, in words of ours."""
        reference = source_reference(name, self.reading.sources.get(name))
        if name in self.recognised:
            reference["display"] = self.recognised[name]
        return reference


def detected_issue(finding: Finding, answered: Answered, *, base: str = "") -> Json:
    """A finding. ``base`` is the address at which this service is reached, for the link to the rule."""
    timing = finding["timing"]
    kept = timing is not None and timing["state"] == "kept"
    said = _SAID.of(finding["management"], lambda: _said_always(finding))
    return _without_empty(
        {
            "resourceType": "DetectedIssue",
            "extension": _extensions(finding),
            "identifier": [
                {"system": FINDING, "value": finding["key"]},
                {"system": INTERACTION, "value": finding["interaction_id"]},
            ],
            # What may apply is not final: a fact is missing that would decide it.
            "status": "final" if finding["applicability"] == "applies" else "preliminary",
            "code": {"coding": [_coding(code) for code in issue_codes(finding, answered)], "text": finding["title"]},
            "severity": _SEVERITIES[finding["severity"]],
            "patient": answered.patient,
            "identifiedDateTime": answered.report["as_of"],
            "implicated": [answered.line(name) for name in finding["medication_ids"]],
            "evidence": _evidence(finding, answered),
            "detail": _detail(finding, answered.report, said),
            "reference": f"{base}/v1/interactions/{finding['interaction_id']}#{finding['record_digest']}",
            "mitigation": [said.suggested, *([_KEPT] if kept else [])],
        }
    )


def duplicate_issues(answered: Answered) -> list[Json]:
    """The same substance on several lines, and several products that bring magnesium."""
    report = answered.report
    issues = [
        _duplicate(
            "DUPTHPGEN",
            f"{duplicate['substance']['name']} is on the list more than once.",
            duplicate["medication_ids"],
            answered,
        )
        for duplicate in report["duplicates"]
    ]
    products = report["magnesium_products"]
    if products is not None:
        issues.append(_duplicate("DUPTHPY", products["statement"], products["medication_ids"], answered))
    return issues


def _duplicate(code: str, text: str, names: Iterable[str], answered: Answered) -> Json:
    return _without_empty(
        {
            "resourceType": "DetectedIssue",
            "status": "final",
            "code": {"coding": [_coding(code)], "text": text},
            "patient": answered.patient,
            "identifiedDateTime": answered.report["as_of"],
            "implicated": [answered.line(name) for name in names],
            "detail": text,
        }
    )


# --- codes ------------------------------------------------------------------------------------------------------------


def issue_codes(finding: Finding, answered: Answered) -> list[str]:
    """The codes of v3-ActCode for a finding; the one that says most comes first."""
    direction = finding["direction"]
    found = []
    if direction in _ABOUT_A_CONDITION:
        found += [_OF_CONDITION[name] for name in finding["condition_ids"] if name in _OF_CONDITION]
    if direction in {"magnesium_alters_drug", "additive_effect"}:
        found += _codes_of_sources(finding, answered)
    if not found:
        found.append(_OF_DIRECTION[direction])
    separation = finding["management"]["separation"]
    if separation is not None and separation["spacing_helps"]:
        found.append("TIME")
    return list(dict.fromkeys(found))


def _codes_of_sources(finding: Finding, answered: Answered) -> list[str]:
    """How the magnesium in a finding came about, where it is one thing and not several."""
    found = {_OF_SOURCE.get(source, "DRG") for source in answered.magnesium_sources(finding["medication_ids"])}
    return list(found) if len(found) == 1 else []


def _coding(code: str) -> Json:
    return {"system": ACT_CODE, "code": code, "display": ISSUES[code]}


# --- references -------------------------------------------------------------------------------------------------------


def source_reference(name: str, source: Source | None) -> Json:
    """A logical reference: by the resource's own id, or by the name of the line in this answer."""
    if source is not None and source.reference is not None:
        return {"reference": source.reference}
    reference: Json = {"identifier": {"system": LINE, "value": name}}
    if source is not None:
        kind = codes.MEDICATION_TYPES.get(str(source.resource.get("resourceType")))
        reference["type"] = kind or "MedicationStatement"
    return reference


# --- what it rests on, and what it says -------------------------------------------------------------------------------


def _evidence(finding: Finding, answered: Answered) -> list[Json]:
    said = [{"code": [{"text": reason["detail"]}]} for reason in finding["why"]]
    seen = [{"detail": [{"reference": name}]} for name in _rests_on(finding, answered)]
    return [*said, *seen]


def _rests_on(finding: Finding, answered: Answered) -> list[str]:
    """References of the conditions and values that the finding rests on."""
    report, reading = answered.report, answered.reading
    names: list[str | None] = [
        reading.condition_sources[term["position"]]
        for term in report["conditions"]
        if term["id"] in finding["condition_ids"] and term["position"] < len(reading.condition_sources)
    ]
    words = " ".join(reason["detail"] for reason in finding["why"])
    for written, kind in _VALUES.items():
        if written in words:
            values = zip(reading.observations, reading.observation_sources, strict=True)
            names += [source for observation, source in values if observation.kind == kind]
    if _KIDNEYS in words:
        names.append(reading.egfr_source)
    return list(dict.fromkeys(name for name in names if name is not None))


class _Unchanging(NamedTuple):
    """What an issue says of a rule, whoever it is about."""

    about: str
    sources: str
    suggested: Json


_SAID: Final[Unchanging[_Unchanging]] = Unchanging()


def _said_always(finding: Finding) -> _Unchanging:
    management, evidence = finding["management"], finding["evidence"]
    lines = [finding["title"], finding["effect"], finding["mechanism"], management["text"], *_separation(finding)]
    sources = "; ".join(f"{one['title']} ({one['address']})" for one in evidence["citations"])
    return _Unchanging(
        about="\n".join(line for line in lines if line),
        sources=f"Evidence grade {evidence['grade']}: {sources}.",
        suggested=_suggestion(management),
    )


def _detail(finding: Finding, report: CheckReport, said: _Unchanging) -> str:
    """The finding in sentences, with what it does not know and where it comes from."""
    lines = [said.about]
    if finding["applicability"] != "applies":
        lines.append("Whether it applies depends on facts that were not given.")
    if finding["severity"] != finding["severity_ceiling"]:
        lines.append(f"It could be {finding['severity_ceiling']}, depending on facts that were not given.")
    if finding["missing_facts"]:
        lines.append(f"Not known: {', '.join(finding['missing_facts'])}.")
    if finding["management"]["monitoring"]:
        lines.append(f"Monitoring: {'; '.join(finding['management']['monitoring'])}.")
    lines.append(said.sources)
    lines.append(f"Rule set {report['rule_set']['version']}, record {finding['interaction_id']}.")
    return "\n".join(lines)


def _separation(finding: Finding) -> list[str]:
    separation = finding["management"]["separation"]
    if separation is None:
        return []
    hours = []
    if separation["magnesium_first_hours"] is not None:
        hours.append(f"{separation['magnesium_first_hours']} h after magnesium")
    if separation["drug_first_hours"] is not None:
        hours.append(f"magnesium {separation['drug_first_hours']} h after the other medicine")
    return [f"Separation: {', '.join(hours)}."] if hours else []


def _suggestion(management: ManagementReport) -> Json:
    code = _OF_ACTION[management["action"]]
    coding = {"system": ACT_CODE, "code": code, "display": MITIGATIONS[code]}
    action = {"coding": [coding], "text": f"Suggested, not done: {management['text']}"}
    # A mitigation is something that was done; the modifier says that this one was not.
    return {"modifierExtension": [{"url": f"{NAMES}suggested", "valueBoolean": True}], "action": action}


_KEPT: Final[Json] = {
    "action": {
        "coding": [{"system": ACT_CODE, "code": "8", "display": MITIGATIONS["8"]}],
        "text": "The dose times given keep the separation, which lowers the severity.",
    }
}


def _extensions(finding: Finding) -> list[Json]:
    """What FHIR has no element for, in the words of the other interfaces."""
    coded = _coded(
        finding["direction"],
        finding["severity"],
        finding["severity_ceiling"],
        finding["operational_class"],
        finding["applicability"],
    )
    return [*coded, *({"url": f"{NAMES}missing-fact", "valueString": fact} for fact in finding["missing_facts"])]


@lru_cache(maxsize=4096)
def _coded(*words: str) -> tuple[Json, ...]:
    """The words of a finding that are codes; there are not many ways to put them together."""
    return tuple({"url": f"{NAMES}{name}", "valueCode": f"{word}"} for name, word in zip(_CODED, words, strict=True))


_CODED: Final = ("direction", "severity", "severity-ceiling", "operational-class", "applicability")


def _without_empty(resource: Mapping[str, str | list[Any] | Json | None]) -> Json:
    """FHIR has neither null nor anything empty."""
    return {name: value for name, value in resource.items() if value}
