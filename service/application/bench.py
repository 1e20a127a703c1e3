"""Tries a medication list on what answers now and on a draft, and says where the two answers differ.

Nothing of it is counted, logged or kept as a check: a list on the bench is nobody's. Compiling a draft takes a moment,
so the last few are kept; the first time is slow, and for threads that may wait.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final, NamedTuple

from rules.canonical import digest
from rules.compiled import CompiledRuleSet, compile_rule_set
from rules.documents import Record
from rules.errors import KnowledgeError
from rules.model import RuleSet
from rules.profile import MedicationProfile
from rules.report import CheckReport, Finding
from service.application.checks import RuleSetSource, report_on
from service.application.draft_content import Content, find, with_records
from service.application.drafts import Drafts
from service.application.last_asked import LastAsked
from service.storage.session import Transaction

# A compiled rule set has some 20 MB, and few people try drafts at the same time.
_MOST_KEPT: Final = 3
# Contents of drafts at a revision, so that typing does not put a draft together anew with each letter; 5 MB each.
_MOST_CONTENTS: Final = 4


class Comparison(StrEnum):
    """What the draft makes of a finding."""

    APPEARS = "appears"
    CHANGES = "changes"
    DISAPPEARS = "disappears"
    STAYS = "stays"


_ORDER: Final = tuple(Comparison)


@dataclass(frozen=True, slots=True)
class Pairing:
    """One finding as it is with the draft, and as it is now; at least one of them is there."""

    comparison: Comparison
    now: Finding | None
    draft: Finding | None


@dataclass(frozen=True, slots=True)
class Tried:
    """A rule set that a list can be tried on; ``problems`` says why there is none."""

    compiled: CompiledRuleSet | None
    problems: tuple[str, ...] = ()


class Written(NamedTuple):
    """A record that somebody writes in a draft."""

    kind: str
    record: Record


class Bench:
    """Keeps what was compiled last. Any thread may ask; one compiles at a time."""

    def __init__(self, rule_sets: RuleSetSource) -> None:
        """Nothing is compiled yet."""
        self._rule_sets = rule_sets
        self._lock = threading.Lock()
        self._contents: LastAsked[tuple[str, int], Content] = LastAsked(_MOST_CONTENTS)
        self._tried: LastAsked[str, Tried] = LastAsked(_MOST_KEPT)

    def now(self) -> CompiledRuleSet:
        """The rule set that answers.

        Raises:
            NoRuleSet: there is none.
        """
        return self._rule_sets.current()

    def draft(self, session: Transaction, drafts: Drafts, draft_id: str, written: Written | None = None) -> Tried:
        """The rule set that a draft makes now, with the terminology in use.

        ``written`` is a record that somebody writes and has not saved: it is tried in its place, and kept nowhere.

        Raises:
            NotThere: there is no such draft.
            NoRuleSet: there is nothing to compare it with.
        """
        key = (draft_id, drafts.revision(session, draft_id))
        with self._lock:
            content = self._contents.get(key, lambda _: drafts.content(session, draft_id)[1])
            if written is None or find(content.rule_set, written.kind, written.record.id) == written.record:
                tried = self._tried.get(content.digest, partial(_compiled, content.rule_set))
            else:
                name = f"{content.digest}/{written.kind}/{written.record.id}/{digest(written.record)}"
                tried = self._tried.get(name, partial(_compiled_with, content.rule_set, written))
        terminology = self._rule_sets.current().terminology
        if tried.compiled is None or tried.compiled.terminology is terminology:
            return tried
        return Tried(tried.compiled.with_terminology(terminology))


def _compiled_with(rule_set: RuleSet, written: Written, _: str) -> Tried:
    return _compiled(with_records(rule_set, {(written.kind, written.record.id): written.record}), "")


def _compiled(rule_set: RuleSet, _: str) -> Tried:
    try:
        return Tried(compile_rule_set(rule_set))
    except KnowledgeError as error:
        return Tried(None, tuple(f"{problem.file}: {problem.detail}" for problem in error.problems))


def answer(compiled: CompiledRuleSet, profile: MedicationProfile) -> CheckReport:
    """What a rule set says, with the rules that nearly applied."""
    return report_on(compiled, profile, explain=True)


def compared(now: CheckReport, draft: CheckReport) -> list[Pairing]:
    """Every finding of the two answers: what differs in front, otherwise as the answers have them."""
    before, after = _by_key(now["findings"]), _by_key(draft["findings"])
    pairings = [_pairing(before.get(key), finding) for key, finding in after.items()]
    pairings += [Pairing(Comparison.DISAPPEARS, found, None) for key, found in before.items() if key not in after]
    return sorted(pairings, key=lambda one: _ORDER.index(one.comparison))


def _by_key(findings: Sequence[Finding]) -> Mapping[tuple[str, int], Finding]:
    """Findings by what names them; should one key stand twice, its second is compared with the second."""
    found: dict[tuple[str, int], Finding] = {}
    for finding in findings:
        number = 0
        while (finding["key"], number) in found:
            number += 1
        found[finding["key"], number] = finding
    return found


# What a record's own revision changes in a finding without changing what it says.
_NOT_SAID: Final = frozenset({"record_digest", "context_digest", "last_reviewed_on", "review_due_on", "review_overdue"})


def _pairing(now: Finding | None, draft: Finding) -> Pairing:
    if now is None:
        return Pairing(Comparison.APPEARS, None, draft)
    same = _said(now) == _said(draft)
    return Pairing(Comparison.STAYS if same else Comparison.CHANGES, now, draft)


def _said(finding: Finding) -> dict[str, object]:
    return {name: value for name, value in finding.items() if name not in _NOT_SAID}
