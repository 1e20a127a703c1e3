"""What the log tells about rules, on both databases: weeks, one interaction, and names that are not recognised."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest

from rules import CompiledRuleSet, compile_rule_set
from service.application import statistics
from service.application.decisions import canonical_question, digest_of
from service.application.feedback import Rate, rates
from service.application.packed import pack
from service.application.unrecognised import UnrecognisedNames, plain_name
from service.storage.session import Store
from service.storage.tables import DailyTotalRow, DecisionRow, FeedbackRow
from tests import factories as make

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def total(day: date, what: str, number: int, subject: str = "", severity: str = "") -> DailyTotalRow:
    return DailyTotalRow(day=day, what=what, subject=subject, severity=severity, number=number)


def said(interaction: str, day: date, outcome: str, *, decision: str | None = None, hour: int = 12) -> FeedbackRow:
    return FeedbackRow(
        id=str(uuid.uuid4()),
        decision_id=decision or str(uuid.uuid4()),
        finding_key="a" * 16,
        interaction_id=interaction,
        severity="major",
        outcome=outcome,
        reason_code="will_monitor" if outcome == "overridden" else None,
        caller="key/x",
        at=datetime(day.year, day.month, day.day, hour, tzinfo=UTC),
    )


def keep(store: Store, *rows: DailyTotalRow | FeedbackRow | DecisionRow) -> None:
    with store.writing() as session:
        session.add_all(rows)
        session.flush()


def test_weeks_end_today_and_days_outside_count_nowhere(store: Store) -> None:
    last, first = TODAY, TODAY - timedelta(days=13)
    keep(
        store,
        total(last, "checks", 10),
        total(last, "finding", 4, "one", "major"),
        total(last, "finding", 3, "two", "minor"),
        total(last - timedelta(days=6), "checks", 5),
        total(last - timedelta(days=7), "checks", 100),
        total(first, "medications", 30),
        total(first, "unrecognised", 2),
        total(first - timedelta(days=1), "checks", 1000),
        total(last + timedelta(days=1), "checks", 1000),
        total(last, "lost", 1),
    )
    with store.reading() as session:
        before, now = statistics.weeks(session, TODAY, 2)
    assert (before.start, now.start) == (first, last - timedelta(days=6))
    assert (before.checks, before.medications, before.unrecognised, before.findings) == (100, 30, 2, 0)
    assert (now.checks, now.findings, now.lost) == (15, 7, 1)


def test_one_interaction_by_week_with_the_last_word_counting(store: Store) -> None:
    changed = str(uuid.uuid4())
    keep(
        store,
        total(TODAY, "finding", 4, "one", "major"),
        total(TODAY, "finding", 2, "one", "minor"),
        total(TODAY, "finding", 9, "two", "minor"),
        said("one", TODAY, "overridden"),
        said("one", TODAY, "overridden", decision=changed, hour=9),
        said("one", TODAY, "accepted", decision=changed, hour=10),
        said("two", TODAY, "accepted"),
        said("one", TODAY - timedelta(days=7), "accepted"),
    )
    with store.reading() as session:
        (_, before), (start, now) = statistics.weekly_rates(session, "one", TODAY, 2)
        one = statistics.rate_of(session, "one", TODAY - timedelta(days=29), TODAY)
        nobody = statistics.rate_of(session, "nobody", TODAY - timedelta(days=29), TODAY)
        every = rates(session, TODAY - timedelta(days=29), TODAY)
    assert start == TODAY - timedelta(days=6)
    assert (before.fired, before.accepted, before.overridden) == (0, 1, 0)
    assert (now.fired, now.accepted, now.overridden) == (6, 1, 1)
    assert (one.fired, one.accepted, one.overridden) == (6, 2, 1)
    assert (nobody.fired, nobody.accepted, nobody.overridden) == (0, 0, 0)
    assert next(rate for rate in every if rate.interaction_id == "one") == one


def test_few_answers_move_nothing_to_the_top() -> None:
    found = [
        Rate("once", overridden=1),
        Rate("five-of-five", overridden=5),
        Rate("ninety-of-hundred", fired=3, overridden=90, accepted=10),
        Rate("never", fired=7, accepted=50),
    ]
    assert [one.interaction_id for one in statistics.most_overridden(found, 5)] == ["ninety-of-hundred", "five-of-five"]
    assert [one.interaction_id for one in statistics.most_fired(found, 5)] == ["never", "ninety-of-hundred"]


# --- names that are not recognised ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compiled() -> CompiledRuleSet:
    return compile_rule_set(make.rule_set(make.substance("furosemide", brands=["Lasix"])))


def decision(
    text: str, age: int, *, kept: bool = True, at: datetime = NOW, content: bytes | None = None
) -> DecisionRow:
    asked = {"medications": [{"id": "m1", "text": text}], "patient": {"age_years": age}}
    question = canonical_question(json.dumps(asked).encode())
    return DecisionRow(
        id=str(uuid.uuid4()),
        at=at,
        caller="key/x",
        rule_set_number=1,
        rule_set_digest="0" * 64,
        engine_version="0",
        as_of="2026-11-22",
        explain=False,
        request_digest=digest_of(question),
        answer_digest="0" * 64,
        status="incomplete",
        findings=[],
        medications=1,
        unrecognised=1,
        duration_microseconds=1,
        request=(content or pack(question)) if kept else None,
    )


def test_a_name_is_told_once_three_different_questions_have_it(store: Store, compiled: CompiledRuleSet) -> None:
    keep(store, *(decision("Furosmide 40 mg", age) for age in (1, 2, 3, 4)))
    keep(store, *(decision("quokkamycin", age) for age in (1, 2, 3)))
    keep(store, *(decision("wombatine", 5) for _ in range(9)))  # the same question, however often it comes
    keep(store, *(decision("koalamide", age, kept=False) for age in range(9)))
    keep(store, *(decision("emuvastatin", age, at=NOW - timedelta(days=31)) for age in range(9)))
    keep(store, *(decision("Lasix", age) for age in range(9)))  # the rule set has learnt it meanwhile
    keep(store, *(decision("damaged", age, content=b"no such thing") for age in range(9)))
    names = UnrecognisedNames(store).most_frequent(compiled, NOW)
    assert [(one.name, one.questions) for one in names] == [("furosmide", 4), ("quokkamycin", 3)]
    assert names[0].candidates == (("furosemide", "furosemide"),)


def test_it_is_counted_anew_after_some_minutes_or_for_another_rule_set(store: Store, compiled: CompiledRuleSet) -> None:
    now = [0.0]
    names = UnrecognisedNames(store, lambda: now[0])
    assert names.most_frequent(compiled, NOW) == []
    keep(store, *(decision("quokkamycin", age) for age in (1, 2, 3)))
    assert names.most_frequent(compiled, NOW) == []
    other = compile_rule_set(make.rule_set(make.substance("quokkamycin")))
    assert names.most_frequent(other, NOW) == []
    assert [one.name for one in names.most_frequent(compiled, NOW)] == ["quokkamycin"]
    keep(store, *(decision("wombatine", age) for age in (1, 2, 3)))
    now[0] = 301.0
    assert [one.name for one in names.most_frequent(compiled, NOW)] == ["quokkamycin", "wombatine"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Furosmide 40 mg tablet", "furosmide"),
        ("FUROSMIDE-40", "furosmide"),
        ("Maria Muster 1957-03-02", "maria muster"),  # told only if three different questions have it
        ("one two three four five", ""),
        ("12345 678", ""),
        ("40 mg", ""),
    ],
)
def test_what_is_left_of_a_text(text: str, name: str) -> None:
    assert plain_name(text) == name
