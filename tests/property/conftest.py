"""What the properties share: readable assertions in the laws, and the packaged knowledge, compiled once."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.property.laws", "tests.property.packaged")

from rules import CompiledRuleSet, RuleSet  # noqa: E402 - the laws must not be imported before
from tests.baseline import packaged_rule_set, packaged_rules  # noqa: E402


@pytest.fixture(scope="session")
def knowledge() -> RuleSet:
    """The packaged knowledge."""
    return packaged_rule_set()


@pytest.fixture(scope="session")
def packaged() -> CompiledRuleSet:
    """The packaged knowledge, ready to answer."""
    return packaged_rules()
