"""The packaged knowledge, read and compiled once in each process: either takes a second or so, and nothing changes it.

Whatever tests the reading itself reads the files.
"""

from __future__ import annotations

from functools import cache

from rules import CompiledRuleSet, RuleSet, compile_rule_set
from rules.baseline import read_baseline


@cache
def packaged_rule_set() -> RuleSet:
    """All records."""
    return read_baseline().rule_set


@cache
def packaged_rules(version: int = 0) -> CompiledRuleSet:
    """The same, ready to answer."""
    return compile_rule_set(packaged_rule_set(), version=version)
