"""Says in clinical words how a finding differs between two answers: severity moderate → major, window 2 h/6 h → 4 h.

It compares what is given and judges nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from rules.report import Finding, SeparationReport
from service.admin.words import short_term, term

_NOTHING: Final = "none"


def differences(now: Finding, draft: Finding) -> list[str]:
    """Every difference that a reader of the answer would see."""
    found = [f"{label} {before} → {after}" for label, told in _TOLD if (before := told(now)) != (after := told(draft))]
    return [*found, *_texts(now, draft)]


def window(separation: SeparationReport | None) -> str:
    """The hours after the drug and after magnesium, in the order in which drafts tell of them."""
    if separation is None:
        return _NOTHING
    if not separation["spacing_helps"]:
        return "no interval helps"
    hours = (separation["drug_first_hours"], separation["magnesium_first_hours"])
    return "/".join("open" if one is None else f"{one} h" for one in hours)


def _word(name: str) -> Callable[[Finding], str]:
    return lambda finding: short_term(finding[name]).lower()  # type: ignore[literal-required]


def _listed(values: list[str]) -> str:
    return ", ".join(values) or _NOTHING


_TOLD: Final[tuple[tuple[str, Callable[[Finding], str]], ...]] = (
    ("severity", _word("severity")),
    ("severity at worst", _word("severity_ceiling")),
    ("it", _word("applicability")),
    ("advice", _word("operational_class")),
    ("what may be done:", lambda one: term(one["management"]["action"]).lower()),
    ("window", lambda one: window(one["management"]["separation"])),
    ("dose times", lambda one: _NOTHING if one["timing"] is None else term(one["timing"]["state"]).lower()),
    ("seriousness", _word("seriousness")),
    ("onset", _word("onset")),
    ("evidence", lambda one: one["evidence"]["grade"]),
    ("missing facts", lambda one: _listed(one["missing_facts"])),
    ("medicines", lambda one: _listed(one["medication_ids"])),
    ("sources", lambda one: _listed([source["title"] for source in one["evidence"]["citations"]])),
)
_TEXTS: Final[tuple[tuple[str, Callable[[Finding], Any]], ...]] = (
    ("the title", lambda one: one["title"]),
    ("the effect", lambda one: one["effect"]),
    ("the mechanism", lambda one: one["mechanism"]),
    ("what may be done", lambda one: (one["management"]["text"], one["management"]["prescriber"])),
    ("the sentence for the patient", lambda one: one["management"]["patient_text"]),
    ("what to monitor", lambda one: one["management"]["monitoring"]),
    ("what sources say about the window", lambda one: _said_about(one["management"]["separation"])),
    ("what could change the severity", lambda one: one["open_factors"]),
    ("the reasons", lambda one: one["why"]),
)


def _said_about(separation: SeparationReport | None) -> object:
    return None if separation is None else (separation["text"], separation["disagreement"])


def _texts(now: Finding, draft: Finding) -> Iterator[str]:
    for label, part in _TEXTS:
        if part(now) != part(draft):
            yield f"other words in {label}"
