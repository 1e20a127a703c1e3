"""Gives findings their names, tells what was settled before, and what a proposal brings.

A finding is settled only while everything it rests on is as it was when somebody dealt with it. Nothing is ever left
out: a settled finding stays in the report, in a list of its own.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from rules.judgement import RANK
from rules.terms import AcknowledgementState, FindingOrigin, word

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import date

    from rules.lines import Line
    from rules.profile import Acknowledgement
    from rules.report import (
        AcknowledgementReport,
        Finding,
        MagnesiumIntake,
        MagnesiumProducts,
        Proposal,
        SettledFinding,
    )
    from rules.report_basics import SubstanceReference
    from rules.terms import Severity

_KEY_BYTES: Final = 8
_DIGEST_BYTES: Final = 16
_MAXIMUM_KEYS: Final = 10_000
_STANDING: Final = word(FindingOrigin.STANDING)
_CHANGED: Final = word(FindingOrigin.CHANGED)
_BROUGHT: Final = word(FindingOrigin.BROUGHT)
_STATES: Final = {
    AcknowledgementState.SETTLED: "The finding is listed as settled.",
    AcknowledgementState.CHANGED: "What the finding rests on has changed, so it is back among the findings.",
    AcknowledgementState.EXPIRED: "The last day it counts is over, or the day of the question is not known.",
    AcknowledgementState.NOT_FOUND: "There is no finding of this key.",
}


@lru_cache(maxsize=_MAXIMUM_KEYS)
def _key(interaction_id: str, affected: str, partners: str, conditions: str) -> str:
    text = f"{interaction_id}\n{affected}\n{partners}\n{conditions}"
    return blake2b(text.encode(), digest_size=_KEY_BYTES).hexdigest()


# The same few lines come again and again, and quoting one reads it letter by letter.
_quoted = lru_cache(maxsize=_MAXIMUM_KEYS)(repr)


def identify(findings: Sequence[Finding], lines: Mapping[str, Line]) -> None:
    """Give every finding its key and the digest of what it rests on.

    The key holds while interaction, substances and conditions are the same. The digest changes with the record, the
    severity it may have, the facts that are open, the side of each limit a fact is on, and with the substances, route,
    form, dose and (where there is a window) times of its medications. Ids of medications count for neither.
    """
    for finding in findings:
        affected = finding["affected"]
        finding["key"] = _key(
            finding["interaction_id"],
            "" if affected is None else affected["id"],
            ",".join([partner["id"] for partner in finding["precipitants"]]),
            ",".join(finding["condition_ids"]),
        )
        rests_on = finding["context_digest"]
        if "/" in rests_on:  # of several lines, which come in the order of their ids
            rests_on = "/".join(sorted(rests_on.split("/")))
        timed = finding["management"]["separation"] is not None
        contexts = sorted([lines[name].context(timed=timed) for name in finding["medication_ids"]])
        facts = finding["missing_facts"]
        missing = sorted([fact.rpartition(".")[2] for fact in facts]) if facts else ""
        text = (
            f"{finding['record_digest']}\n{finding['severity']}\n{finding['severity_ceiling']}\n"
            f"{finding['operational_class']}\n{finding['applicability']}\n{rests_on}\n{missing}\n"
            f"[{', '.join(map(_quoted, contexts))}]"
        )
        finding["context_digest"] = blake2b(text.encode(), digest_size=_DIGEST_BYTES).hexdigest()


def settle(
    findings: Sequence[Finding], acknowledgements: Sequence[Acknowledgement], as_of: date | None
) -> tuple[list[Finding], list[SettledFinding], list[AcknowledgementReport]]:
    """The findings that are open, those that are settled, and what became of each acknowledgement."""
    present = {_named(finding) for finding in findings}
    keys = {key for key, _ in present}
    dealt_with: dict[tuple[str, str], Acknowledgement] = {}
    reports: list[AcknowledgementReport] = []
    for position, one in enumerate(acknowledgements):
        if one.finding_key not in keys:
            state = AcknowledgementState.NOT_FOUND
        elif (one.finding_key, one.context_digest) not in present:
            state = AcknowledgementState.CHANGED
        elif one.until is not None and (as_of is None or as_of > one.until):
            state = AcknowledgementState.EXPIRED
        else:
            state = AcknowledgementState.SETTLED
            dealt_with[one.finding_key, one.context_digest] = one
        reports.append({"position": position, "state": word(state), "text": _STATES[state]})
    left = [finding for finding in findings if _named(finding) not in dealt_with]
    settled = [_settled(finding, dealt_with[_named(finding)]) for finding in findings if _named(finding) in dealt_with]
    return left, settled, reports


def _named(finding: Finding) -> tuple[str, str]:
    return finding["key"], finding["context_digest"]


def _settled(finding: Finding, acknowledgement: Acknowledgement) -> SettledFinding:
    return {
        "key": finding["key"],
        "context_digest": finding["context_digest"],
        "interaction_id": finding["interaction_id"],
        "direction": finding["direction"],
        "severity": finding["severity"],
        "severity_ceiling": finding["severity_ceiling"],
        "title": finding["title"],
        "medication_ids": finding["medication_ids"],
        "reason": acknowledgement.reason,
        "until": None if acknowledgement.until is None else acknowledgement.until.isoformat(),
    }


def _about(finding: Finding) -> tuple[str, str]:
    """The interaction and the substance that is acted on."""
    affected = finding["affected"]
    return finding["interaction_id"], "" if affected is None else affected["id"]


def tell_apart(findings: Sequence[Finding], before: Sequence[Finding], proposed: AbstractSet[str]) -> None:
    """Say of every finding whether the proposal brings it. ``before``: the findings without what is proposed.

    A finding was there before when one of the same interaction and affected substance is about some of its medications
    and no others, or about all of them and others.
    """
    known: dict[tuple[str, str], list[Finding]] = {}
    for finding in before:
        known.setdefault(_about(finding), []).append(finding)
    for finding in findings:
        mine = set(finding["medication_ids"])
        alike = [
            one
            for one in known.get(_about(finding), ())
            if mine.issuperset(one["medication_ids"]) or mine.issubset(one["medication_ids"])
        ]
        if not alike:
            finding["origin"] = _BROUGHT
        elif proposed.isdisjoint(mine) and any(_as_bad(finding, one) for one in alike):
            finding["origin"] = _STANDING
        else:
            finding["origin"] = _CHANGED


def _as_bad(finding: Finding, before: Finding) -> bool:
    names = ("severity", "severity_ceiling", "applicability", "operational_class", "condition_ids")
    return all(finding[name] == before[name] for name in names)  # type: ignore[literal-required]


def proposal_of(findings: Sequence[Finding], proposed: Sequence[str]) -> Proposal:
    """What the proposed medications bring, apart from what is there without them."""
    keys: dict[str, list[str]] = {_BROUGHT: [], _CHANGED: [], _STANDING: []}
    worst: Severity | None = None
    for finding in findings:
        keys[finding["origin"] or _BROUGHT].append(finding["key"])
        new = finding["origin"] != _STANDING
        if new and (worst is None or RANK[finding["severity"]] > RANK[worst]):
            worst = finding["severity"]
    brought, changed, standing = len(keys[_BROUGHT]), len(keys[_CHANGED]), len(keys[_STANDING])
    return {
        "medication_ids": sorted(proposed),
        "brought": keys[_BROUGHT],
        "changed": keys[_CHANGED],
        "standing": keys[_STANDING],
        "highest_severity": worst,
        "statement": f"Findings that the proposal brings: {brought}; that it changes: {changed}; "
        f"that stand between the current medications: {standing}.",
    }


def magnesium_products(intake: MagnesiumIntake, proposed: Collection[str]) -> MagnesiumProducts | None:
    """Several products that bring magnesium, named; None: fewer than two."""
    parts = [*intake["contributions"], *intake["as_needed"], *intake["not_counted"]]
    if len(parts) < 2:  # noqa: PLR2004 - several
        return None
    substances: dict[str, SubstanceReference] = {}
    named: dict[str, list[str]] = {}
    for part in parts:
        substances[part["substance"]["id"]] = part["substance"]
        named.setdefault(part["medication_id"], []).append(part["substance"]["name"])
    if len(named) < 2:  # noqa: PLR2004 - several
        return None
    new = [name for name in sorted(named) if name in proposed]
    old = [name for name in sorted(named) if name not in proposed]
    words = ", ".join(f"{name} ({' and '.join(dict.fromkeys(named[name]))})" for name in sorted(named))
    statement = f"{len(named)} products bring magnesium: {words}."
    if new and old:
        statement += f" Proposed beside what is already taken: {', '.join(new)}."
    return {
        "medication_ids": sorted(named),
        "substances": [substances[name] for name in sorted(substances)],
        "statement": statement,
    }
