"""The words of a card about a finding: summary and detail, from the finding's own sentences. It judges nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from rules.report import Finding, OpenFactor, SeparationReport
from service.api.cds_hooks.plain_markdown import bullets, escaped, paragraphs, plain
from service.unchanging import Unchanging

MOST_IN_SUMMARY: Final = 139
_MOST_REASONS: Final = 6
# Sentences and names of rules are the same each time. What comes from a health record is never kept: `escaped` itself.
of_rule = lru_cache(maxsize=8192)(escaped)
_plain_of_rule: Final = lru_cache(maxsize=8192)(plain)
_SERIOUSNESS: Final = {
    "serious": "can be fatal, life-threatening or disabling, or lead to hospital",
    "non_serious": "not serious",
}
_ONSET: Final = {
    "rapid": "within a day",
    "delayed": "after days to weeks",
    "long_term": "after months or more",
    "not_established": "not established",
}
_FACTS: Final = {
    "age_years": "age",
    "dose.of": "what the dose counts (salt or magnesium)",
    "egfr": "eGFR",
    "started_on": "start",
    "times": "dose times",
    "times_per_day": "doses a day",
}
_FACT_OF_LINE: Final = re.compile(r"medications\.(.+?)\.(dose\.of|\w+)")
ORDERED: Final = ", ordered"
_OPERATIONAL: Final = {
    "avoid": "Usually not to be combined",
    "usually_avoid": "Only if the benefit outweighs the risk",
    "minimize_risk": "Consider the risk, and action if necessary",
    "monitor": "Consider the risk, and monitoring",
    "no_special_precaution": "No special precaution",
}


def summary_of(finding: Finding) -> str:
    """The drugs involved and what it is, in one sentence of less than 140 characters."""
    severity = finding["severity"].capitalize()
    lead = f"{severity}, may apply" if finding["applicability"] != "applies" else severity
    names = [one["name"] for one in ([finding["affected"]] if finding["affected"] is not None else [])]
    names += [one["name"] for one in finding["precipitants"]]
    drugs = " + ".join(dict.fromkeys(names))
    parts = [lead, drugs, finding["title"]] if drugs else [lead, finding["title"]]
    whole = ": ".join(parts)
    if len(whole) > MOST_IN_SUMMARY and len(drugs) > MOST_IN_SUMMARY // 2:
        whole = f"{lead}: {finding['title']}"
    return _plain_of_rule(whole, MOST_IN_SUMMARY)


class _Unchanging(NamedTuple):
    """What a card says of a rule, whoever it is about."""

    degree: str
    what: str
    advice: str
    sources: str


_SAID: Final[Unchanging[_Unchanging]] = Unchanging()


def detail_of(finding: Finding, rule_set: int, lines: Mapping[str, str]) -> str:
    """Consequence, mechanism, what may be done, and what it rests on; ``lines`` are finished names of medications."""
    said = _SAID.of(finding["management"], lambda: _said_always(finding))
    overdue = "; its review is overdue" if finding["review_overdue"] else ""
    return paragraphs(
        f"{_degree(finding)}{said.degree}",
        said.what,
        said.advice,
        _kept(finding),
        _monitoring(finding["management"]["monitoring"]),
        bullets(f"On the list: {lines[name]}" for name in finding["medication_ids"] if name in lines) or None,
        _unknown(finding, lines),
        _reasons(finding),
        f"{said.sources}, rule set {rule_set}, reviewed {finding['last_reviewed_on']}{overdue}.",
    )


def _said_always(finding: Finding) -> _Unchanging:
    evidence = finding["evidence"]
    return _Unchanging(
        degree=f" Seriousness: {_SERIOUSNESS[finding['seriousness']]}. Onset: {_ONSET[finding['onset']]}.",
        what=paragraphs(
            f"**What can happen.** {of_rule(finding['effect'])}", f"**Mechanism.** {of_rule(finding['mechanism'])}"
        ),
        advice=paragraphs(_advice(finding), _separation(finding["management"]["separation"])),
        sources=f"**Sources.** Evidence grade {evidence['grade']}, {evidence['verification'].replace('_', ' ')}; "
        f"frequency of exposure and of harm not recorded. Rule {of_rule(finding['interaction_id'])}",
    )


def factor_detail(factor: OpenFactor, lines: Mapping[str, str]) -> str:
    """A factor that could not be judged, with the facts that would decide it."""
    return paragraphs(
        escaped(factor["text"]),
        f"It would make the finding {factor['severity']}. Not known: {facts(factor['missing_facts'], lines)}.",
    )


def facts(names: Iterable[str], lines: Mapping[str, str]) -> str:
    """Missing facts as words, those of medications with their names."""
    return ", ".join(dict.fromkeys(_fact(name, lines) for name in names))


def fact_words(names: Iterable[str]) -> str:
    """Missing facts as words, in a place that is short and takes no Markdown."""
    return ", ".join(dict.fromkeys(_words(_parted(name)[1]) for name in names))


def _fact(name: str, lines: Mapping[str, str]) -> str:
    line, fact = _parted(name)
    words = of_rule(_words(fact))
    if line is None:
        return words
    return f"{words} of {(lines.get(line) or escaped(line)).removesuffix(ORDERED)}"


def _parted(name: str) -> tuple[str | None, str]:
    """The medication that a fact is about, where it is about one, and the fact itself."""
    of_line = _FACT_OF_LINE.fullmatch(name)
    return (of_line[1], of_line[2]) if of_line else (None, name.rpartition(".")[2])


def _words(fact: str) -> str:
    return _FACTS.get(fact, fact.replace("_", " "))


def line_of(finding: Finding) -> str:
    """A finding in one line of a list."""
    ceiling = finding["severity_ceiling"]
    could_be = f", could be {ceiling}" if ceiling != finding["severity"] else ""
    return f"**{finding['severity'].capitalize()}**{could_be}: {escaped(finding['title'])}"


def _degree(finding: Finding) -> str:
    open_end = ""
    if finding["severity_ceiling"] != finding["severity"]:
        open_end = f"; could be {finding['severity_ceiling']}, depending on facts that are not known"
    applies = "applies" if finding["applicability"] == "applies" else "may apply, a fact is missing"
    return f"**{finding['severity'].capitalize()}**, {applies}{open_end}. {_OPERATIONAL[finding['operational_class']]}."


def _advice(finding: Finding) -> str:
    prescriber = finding["management"]["prescriber"]
    if prescriber is None:
        return f"**What may be done.** {of_rule(finding['management']['text'])}"
    return f"**What may be done: {of_rule(prescriber['heading'])}.** {of_rule(prescriber['text'])}"


def _separation(separation: SeparationReport | None) -> str | None:
    if separation is None:
        return None
    first, then = separation["magnesium_first_hours"], separation["drug_first_hours"]
    hours = [
        *([f"After magnesium, wait {first} h before the other medicine"] if first is not None else []),
        *([f"After the other medicine, wait {then} h before magnesium"] if then is not None else []),
    ]
    if not separation["spacing_helps"]:
        hours.append("No interval is known to be enough")
    disagreement = separation["disagreement"]
    if disagreement is not None:
        hours.append(f"Sources disagree: {of_rule(disagreement['text'])}")
    return bullets(hours) or None


def _kept(finding: Finding) -> str | None:
    timing = finding["timing"]
    if timing is None or timing["state"] == "unproven":
        return None
    if timing["state"] == "kept":
        return "The dose times given keep this separation, which is why the severity is lower."
    gaps = [
        f"{gap['first_time']} to {gap['then_time']}: {gap['gap_hours']} h instead of {gap['needed_hours']} h"
        for gap in timing["gaps"]
    ]
    return paragraphs("**The dose times given are too close:**", bullets(gaps))


def _monitoring(monitoring: list[str]) -> str | None:
    return f"**To watch.** {of_rule('; '.join(monitoring))}." if monitoring else None


def _unknown(finding: Finding, lines: Mapping[str, str]) -> str | None:
    """What would change the answer: facts, and factors that hang on them."""
    missing = f"**Not known:** {facts(finding['missing_facts'], lines)}." if finding["missing_facts"] else None
    hanging = [
        f"{factor['severity'].capitalize()} if: {of_rule(factor['text'])} "
        f"Not known: {facts(factor['missing_facts'], lines)}."
        for factor in finding["open_factors"]
    ]
    return paragraphs(missing, bullets(hanging) or None) or None


def _reasons(finding: Finding) -> str:
    why = finding["why"]
    lines = [escaped(reason["detail"]) for reason in why[:_MOST_REASONS]]
    if len(why) > _MOST_REASONS:
        lines.append(f"and {len(why) - _MOST_REASONS} more steps")
    return f"**Why it is here:**\n{bullets(lines)}"
