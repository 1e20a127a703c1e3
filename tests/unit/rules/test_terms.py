"""The closed vocabularies and their rankings."""

from __future__ import annotations

import rules
from rules import errors
from rules.terms import Applicability, Direction, Severity, Verification, word


def test_severities_from_worst_to_mildest() -> None:
    ranked = sorted(Severity, key=lambda severity: -severity.rank)
    assert ranked == ["contraindicated", "major", "moderate", "minor"]
    assert [severity.rank for severity in ranked] == [4, 3, 2, 1]


def test_verification_from_best_to_least_founded() -> None:
    assert sorted(Verification, key=lambda tag: -tag.rank) == ["primary_text", "second_hand", "unverified"]


def test_directions_are_a_closed_set() -> None:
    """The names are the contract of the API."""
    assert set(Direction) == {
        "depletes_magnesium",
        "retains_magnesium",
        "magnesium_alters_drug",
        "additive_effect",
        "amplified_by_low_magnesium",
        "contraindicated_condition",
        "deficiency_risk",
        "intake_limit",
        "side_effect",
    }


def test_word_is_the_plain_string() -> None:
    """Reports hold plain strings: serialisers treat an enumeration differently."""
    assert type(word(Applicability.MAY_APPLY)) is str
    assert word(Applicability.MAY_APPLY) == "may_apply"


def test_problem_without_a_line_names_the_file_alone() -> None:
    assert str(errors.Problem("cases/a.yaml", 0, "", "no-case", "none")) == "cases/a.yaml: /: none [no-case]"


def test_problem_names_file_line_and_pointer() -> None:
    problem = errors.Problem("cases/a.yaml", 7, "/expect", "missing", "is required")
    assert str(problem) == "cases/a.yaml:7: /expect: is required [missing]"


def test_all_problems_come_sorted_in_one_error() -> None:
    """Two runs print the same text, and the first line says how much there is to do."""
    second = errors.Problem("b.yaml", 1, "", "x", "second")
    first = errors.Problem("a.yaml", 9, "", "x", "first")
    error = rules.KnowledgeError([second, first])
    assert error.problems == (first, second)
    assert str(error) == "2 problems in the knowledge\na.yaml:9: /: first [x]\nb.yaml:1: /: second [x]"
    assert str(errors.KnowledgeError([first])).startswith("1 problem in the knowledge\n")


def test_public_names_exist() -> None:
    assert all(hasattr(rules, name) for name in rules.__all__)
