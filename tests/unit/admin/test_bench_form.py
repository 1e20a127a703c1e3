"""What the test bench says of a question that cannot be asked: all at once, at field and line, repeating nothing."""

from __future__ import annotations

import pytest

from service.admin.bench_form import FIELDS, Typed, read


def told(**typed: str) -> list[tuple[str, str, int | None]]:
    return [(one.name, one.text, one.line) for one in read(Typed(typed)).faults]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("x | 99 a day", "Line 2: how often a day must be at most 24."),
        ("x | since 2024-02-31", "Line 2: the day since when must be a date of the calendar written as YYYY-MM-DD."),
        ("x | id a b", "Line 2 has an id that cannot be used; letters, digits, `.`, `_`, `:` and `-` can."),
        ("| rxnorm a_b", "Line 2 has a code that cannot be one."),
        ("x" * 201, "Line 2: the name must have at most 200 characters."),
        (
            "x | at 08:00, 08:00",
            "Line 2 has a time of day twice; write each once, and two tablets at once as one dose.",
        ),
        ("x | at 08:00 | 2 a day", "Line 2 says a number of times a day that is not that of its times."),
    ],
)
def test_a_line_that_can_be_read_and_not_be(line: str, text: str) -> None:
    assert told(list=f"furosemide\n{line}") == [("list", text, 2)]


def test_two_lines_with_one_id() -> None:
    assert told(list="a\nb | id m1") == [("list", "Line 2 has an id that an earlier line has already.", 2)]


@pytest.mark.parametrize(
    ("name", "typed", "text"),
    [
        ("age", "1.5", "The age must be a whole number of years."),
        ("age", "200", "This must be at most 130."),
        ("egfr", "-5", "This must be a number such as 38 or 0.62."),
        ("egfr_on", "2026-01-01", "There is a day, but no value of that day."),
        ("dietary", "1e3", "This must be a number such as 38 or 0.62."),
        ("sex", "x", "This must be one of 'female' or 'male'."),
        ("as_of", "2026-13-01", "This must be a date of the calendar written as YYYY-MM-DD."),
        ("ecg_on", "yesterday", "This must be a date of the calendar written as YYYY-MM-DD."),
        ("symptoms", f"cramps\n\n{'y' * 201}", "Line 3 must have at most 200 characters."),
        ("conditions", "gout\nicd10cm N18_3", "Line 2 has a code that cannot be one."),
        (
            "observations",
            "magnesium 0.6 mmol/L 2026-02-31",
            "Line 1: the day must be a date of the calendar written as YYYY-MM-DD.",
        ),
        (
            "observations",
            "sodium 140 mmol/L",
            "Line 1 is no laboratory value; write for example `magnesium 0.62 mmol/L 2026-11-20`.",
        ),
        ("list", "x\n" * 201, "A list may have at most 200 medicines."),
    ],
)
def test_a_field(name: str, typed: str, text: str) -> None:
    [(place, said, _)] = told(**{name: typed})
    assert (place, said) == ("egfr" if name == "egfr_on" else name, text)


def test_a_mark_that_there_is_no_condition_beside_one() -> None:
    text = "There are conditions above; take this mark away, or them."
    assert told(conditions="gout", no_conditions="yes") == [("no_conditions", text, None)]


def test_all_that_is_wrong_is_told_at_once_at_the_lines_that_were_typed() -> None:
    found = told(
        list="furosemide | whenever\n\ndigoxin | 99 a day",
        age="seventy",
        egfr="-5",
        observations="sodium 140 mmol/L\nmagnesium 0.6 mmol/L 2026-02-31",
        as_of="2026-13-01",
    )
    assert {(name, line) for name, _, line in found} == {
        ("list", 1),
        ("list", 3),
        ("age", None),
        ("egfr", None),
        ("observations", 1),
        ("observations", 2),
        ("as_of", None),
    }


def test_nothing_that_was_typed_is_repeated() -> None:
    secret = "jane-doe"
    found = told(**dict.fromkeys(FIELDS, secret)) + told(list=f"{secret} | {secret}\n{secret} | id {secret} x")
    assert found
    assert not [text for _, text, _ in found if secret in text]
