"""The magnesium rules engine: documents, resolution and `check`, pure and without input or output.

The public API is `compile_rule_set`, `check` and the documents they take; the packaged knowledge is read by
`rules.baseline`. Nothing of the web, the store or the clock is known here.
"""

from __future__ import annotations

from rules.compiled import CompiledRuleSet, compile_rule_set
from rules.engine import check
from rules.errors import KnowledgeError, Problem
from rules.model import RuleSet
from rules.profile import MedicationProfile

__all__ = [
    "CompiledRuleSet",
    "KnowledgeError",
    "MedicationProfile",
    "Problem",
    "RuleSet",
    "check",
    "compile_rule_set",
]
