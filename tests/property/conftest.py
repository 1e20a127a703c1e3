"""What the properties share: readable assertions in the laws, and the packaged knowledge, compiled once."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.property.laws", "tests.property.packaged")

from rules import CompiledRuleSet, RuleSet, compile_rule_set  # noqa: E402 - the laws must not be imported before
from rules.baseline import read_baseline  # noqa: E402


@pytest.fixture(scope="session")
def knowledge() -> RuleSet:
    """The packaged knowledge."""
    return read_baseline().rule_set


@pytest.fixture(scope="session")
def packaged(knowledge: RuleSet) -> CompiledRuleSet:
    """The packaged knowledge, ready to answer."""
    return compile_rule_set(knowledge)
