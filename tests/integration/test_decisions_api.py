"""Decisions over HTTP: who may see them, the answer of that time once more, and what was made of findings."""

from __future__ import annotations

import hashlib
import json
import logging
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from httpx2 import Response

from rules.model import RuleSet
from rules.terms import Severity
from service.application import replays
from service.application.decision_keeping import JOURNAL_FOLDER
from service.application.decisions import digest_of
from service.application.packed import pack
from service.application.replays import recent_questions
from service.application.rule_sets import publish, roll_back, seed_baseline
from service.storage.session import Store
from service.storage.tables import DecisionRow
from tests.integration.decision_client import NOON, DecisionClient, decision_client
from tests.integration.small_knowledge import small_rule_set
from tests.keys import KEYRING
from tests.unit.api.conftest import LogLines, log_lines

__all__ = ["log_lines"]

FUROSEMIDE = {"medications": [{"id": "m1", "text": "furosemide 40 mg tablet"}]}
PAIR = {
    "medications": [
        {"id": "m1", "text": "ciprofloxacin 500 mg oral tablet"},
        {"id": "m2", "text": "magnesium oxide 400 mg tablet"},
    ],
    "as_of": "2026-10-01",
}


@pytest.fixture
def client(store: Store, tmp_path: Path) -> Iterator[DecisionClient]:
    seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="first")
    with decision_client(store, tmp_path) as client:
        yield client


def publish_second(store: Store, client: DecisionClient, rule_set: RuleSet) -> int:
    done = publish(
        store, rule_set, based_on=1, author="anna", note="another one", keyring=KEYRING, now=NOON + timedelta(hours=1)
    )
    client.watch.look()
    return done.number


def more_severe() -> RuleSet:
    """Rule set 2: everything that drains is contraindicated, in other words."""
    changed = small_rule_set(title="Loop diuretics, seen anew")
    interactions = tuple(
        one.model_copy(update={"severity": Severity.CONTRAINDICATED, "factors": ()})
        if one.id == "loop-diuretics-deplete-magnesium"
        else one
        for one in changed.interactions
    )
    return RuleSet.model_validate_json(
        changed.model_copy(update={"interactions": interactions, "cases": ()}).model_dump_json(exclude_none=True)
    )


# --- reading ----------------------------------------------------------------------------------------------------------


def test_a_check_can_be_read_as_a_decision(client: DecisionClient) -> None:
    answer = client.check(FUROSEMIDE, query="?explain=true")
    decision = client.by("one", "GET", f"/v1/decisions/{answer.json()['check_id']}").json()
    (finding,) = answer.json()["findings"]
    assert decision["findings"] == [{name: finding[name] for name in ("interaction_id", "key", "severity")}]
    assert decision["answer_digest"] == hashlib.sha256(answer.content).hexdigest()
    # As any program can work it out: RFC 8785.
    question = json.dumps(FUROSEMIDE, sort_keys=True, separators=(",", ":")).encode()
    assert decision["request_digest"] == hashlib.sha256(question).hexdigest()
    assert decision["rule_set"] == answer.json()["rule_set"]
    assert (decision["as_of"], decision["explain"], decision["request_kept"]) == ("2026-11-22", True, False)
    assert decision["at"] == "2026-11-22T12:00:00Z"


def test_a_question_in_the_shape_of_rxnav_is_a_decision_that_can_be_replayed(client: DecisionClient) -> None:
    answer = client.by("one", "GET", "/REST/interaction/list.json?rxcuis=4603+2551")
    decision_id = answer.json()["magcheck"]["check_id"]
    decision = client.by("one", "GET", f"/v1/decisions/{decision_id}").json()
    told = {
        pair["magcheck"]["key"]
        for one in answer.json()["fullInteractionTypeGroup"][0]["fullInteractionType"]
        for pair in one["interactionPair"]
    }
    assert {one["key"] for one in decision["findings"]} == told != set()
    lines = [{"id": rxcui, "codes": [{"system": "rxnorm", "code": rxcui}]} for rxcui in ("4603", "2551")]
    question = {"medications": lines, "as_of": decision["as_of"]}
    assert client.replay(decision_id, question).status_code == 200


def test_the_digest_of_a_question_does_not_depend_on_how_its_json_is_written(client: DecisionClient) -> None:
    spellings = [
        b'{"medications":[{"id":"m1","text":"furos\xc3\xa9mide"}],"as_of":"2026-01-01"}',
        b'{ "as_of" : "2026-01-01",\n "medications":[{"text":"furos\\u00e9mide", "id":"m1"}]}',
    ]
    ids = [client.check(body).json()["check_id"] for body in spellings]
    digests = {client.by("one", "GET", f"/v1/decisions/{one}").json()["request_digest"] for one in ids}
    assert len(digests) == 1
    other = client.check(b'{"medications":[{"id":"m1","text":"furosemide"}],"as_of":"2026-01-01"}').json()["check_id"]
    assert client.by("one", "GET", f"/v1/decisions/{other}").json()["request_digest"] not in digests


def test_nobody_learns_of_the_decisions_of_others(client: DecisionClient) -> None:
    mine = client.check(FUROSEMIDE).json()
    decision_id, key = mine["check_id"], mine["findings"][0]["key"]
    nowhere = "00000000-0000-4000-8000-000000000000"

    def answers(who: str, one: str) -> list[tuple[int, Any]]:
        responses = [
            client.by(who, "GET", f"/v1/decisions/{one}"),
            client.replay(one, FUROSEMIDE, who),
            client.feedback(one, {"finding_key": key, "outcome": "accepted"}, who),
        ]
        return [(one.status_code, without_ids(one)) for one in responses]

    # Somebody else's looks exactly like one that is not there.
    assert answers("two", decision_id) == answers("two", nowhere)
    assert [status for status, _ in answers("two", decision_id)] == [404, 404, 404]
    assert [status for status, _ in answers("one", decision_id)] == [200, 200, 201]
    assert client.by("auditor", "GET", f"/v1/decisions/{decision_id}").status_code == 200
    assert client.by("viewer", "GET", f"/v1/decisions/{decision_id}").status_code == 404
    for who, status in (("one", 403), ("viewer", 403), ("auditor", 200)):
        assert client.by(who, "GET", "/v1/decisions").status_code == status


def without_ids(response: Response) -> Any:  # noqa: ANN401
    return {name: value for name, value in response.json().items() if name != "correlation_id"}


def test_pages_hold_every_decision_once_newest_first(client: DecisionClient) -> None:
    ids = []
    for number in range(23):
        client.clock.now = NOON + timedelta(seconds=number // 4)  # several of one moment
        ids.append(client.check(FUROSEMIDE).json()["check_id"])
    client.clock.now = NOON + timedelta(minutes=1)
    seen: list[dict[str, Any]] = []
    following: str | None = "?limit=5"
    while following is not None:
        page = client.by("auditor", "GET", f"/v1/decisions{following}").json()
        seen += page["items"]
        following = page.get("next")
    assert sorted(one["id"] for one in seen) == sorted(ids)
    assert [one["at"] for one in seen] == sorted((one["at"] for one in seen), reverse=True)


@pytest.mark.parametrize("query", ["until=0001-01-01T00:00:00%2B14:00", "since=9999-12-31T23:59:59-14:00"])
def test_a_moment_that_utc_does_not_have_is_refused(client: DecisionClient, query: str) -> None:
    refused = client.by("auditor", "GET", f"/v1/decisions?{query}")
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-request")
    assert "years 1 to 9999" in refused.json()["errors"][0]["detail"]


@pytest.mark.parametrize("wrong", ["false", "abc", "1.0", "1_0", "%2B1", ""])
def test_a_filter_that_is_no_number_is_not_left_out(client: DecisionClient, wrong: str) -> None:
    refused = client.by("auditor", "GET", f"/v1/decisions?rule_set={wrong}")
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-request")
    (fault,) = refused.json()["errors"]
    assert (fault["pointer"], fault["detail"]) == ("/rule_set", "must be a whole number in plain digits")


def test_filters(client: DecisionClient, store: Store) -> None:
    def ids(query: str) -> set[str]:
        page = client.by("auditor", "GET", f"/v1/decisions?{query}").json()
        return {one["id"] for one in page["items"]}

    first = client.check(FUROSEMIDE).json()["check_id"]
    second = client.check(PAIR, "two").json()["check_id"]
    client.clock.now = NOON + timedelta(hours=2)
    publish_second(store, client, more_severe())
    third = client.check({"medications": [{"id": "m1", "text": "what is that"}]}).json()["check_id"]
    decisions = client.by("auditor", "GET", "/v1/decisions").json()["items"]
    callers = {one["id"]: one["caller"] for one in decisions}
    assert ids("limit=100") == {first, second, third}
    assert ids("interaction_id=loop-diuretics-deplete-magnesium") == {first}
    assert ids("interaction_id=loop-diuretics") == set()
    assert ids("status=incomplete") == {third}
    assert ids(f"caller={callers[second]}") == {second}
    assert ids("rule_set=2") == {third}
    assert ids("rule_set=1&status=complete&interaction_id=fluoroquinolones-with-oral-magnesium") == {second}
    assert ids("since=2026-11-22T13:00:00Z") == {third}
    assert ids("until=2026-11-22T13:00:00Z") == {first, second}
    assert ids("until=2026-11-22T14:00:00%2B01:00") == {first, second}
    client.clock.now = NOON + timedelta(days=31)
    assert ids("limit=100") == set()
    assert ids("since=2026-01-01T00:00:00Z") == {first, second, third}


# --- replay -----------------------------------------------------------------------------------------------------------

NAMES = [
    "furosemide 40 mg",
    "ciprofloxacin 500 mg",
    "magnesium oxide 400 mg tablet",
    "Cipro",
    "nothing we know",
    "fuurosemide",
]


def random_profile(lots: random.Random) -> dict[str, Any]:
    """A list somebody might send, with or without a day, plans and all."""
    profile: dict[str, Any] = {
        "medications": [
            {"id": f"m{place}", "text": lots.choice(NAMES)}
            | ({"times": ["08:00", "20:00"]} if lots.random() < 0.3 else {})
            | ({"status": "proposed"} if lots.random() < 0.2 else {})
            for place in range(lots.randrange(6))
        ]
    }
    if lots.random() < 0.5:
        profile["as_of"] = f"2026-{lots.randrange(1, 13):02d}-01"
    if lots.random() < 0.5:
        profile["patient"] = {"age_years": lots.randrange(100), "egfr": {"value": "25", "unit": "mL/min"}}
    for name in ("timetable", "plan"):
        if lots.random() < 0.3:
            profile[name] = True
    return profile


def test_past_answers_come_back_byte_for_byte(
    store: Store, client: DecisionClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over a publish and a roll-back, on another day, in any order (I5)."""
    monkeypatch.setattr(replays, "_MOST_KEPT", 1)  # so that rule sets come and go
    lots = random.Random(5)
    answered: list[tuple[dict[str, Any], Response]] = []

    def ask() -> None:
        for _ in range(25):
            profile = random_profile(lots)
            answered.append((profile, client.check(profile, query=lots.choice(["", "?explain=true"]))))

    ask()
    assert publish_second(store, client, more_severe()) == 2
    ask()
    roll_back(store, 1, author="anna", note="back", keyring=KEYRING, now=NOON + timedelta(hours=2))
    client.watch.look()
    ask()
    assert {one.json()["rule_set"]["version"] for _, one in answered} == {1, 2, 3}
    client.app_state["parts"].checks._today = lambda: datetime(2031, 1, 1, tzinfo=UTC).date()
    lots.shuffle(answered)
    for profile, answer in answered:
        replayed = client.replay(answer.json()["check_id"], profile)
        assert replayed.content == answer.content
        assert replayed.headers["x-replay"] == "identical"
        assert replayed.headers["x-replay-decided-by"] == replayed.headers["x-replay-answered-by"]


def test_what_was_wrong_then_is_in_the_answer_of_then(client: DecisionClient) -> None:
    wrong = {"source": "memory", "store_seen_seconds_ago": 4.0, "reasons": ["the database does not answer"]}
    checks = client.app_state["parts"].checks
    healthy, checks._standing = checks._standing, SimpleNamespace(degraded=lambda: wrong)
    answer = client.check(PAIR)
    checks._standing = healthy
    assert answer.json()["degraded"] == wrong
    replayed = client.replay(answer.json()["check_id"], PAIR)
    assert replayed.content == answer.content
    assert replayed.headers["x-replay"] == "identical"


def test_a_replay_is_no_check(client: DecisionClient) -> None:
    answer = client.check(FUROSEMIDE)
    before = client.app_state["parts"].metrics.checks.statuses.copy()
    client.replay(answer.json()["check_id"], FUROSEMIDE)
    assert client.app_state["parts"].metrics.checks.statuses == before
    assert len(client.by("auditor", "GET", "/v1/decisions").json()["items"]) == 1


def test_another_question_is_not_replayed(client: DecisionClient) -> None:
    decision = client.check(FUROSEMIDE).json()["check_id"]
    for body in (PAIR, {**FUROSEMIDE, "as_of": "2026-11-22"}):
        refused = client.replay(decision, body)
        assert (refused.status_code, refused.json()["code"]) == (422, "question-differs")
    assert client.replay(decision, b"{").json()["code"] == "malformed-json"
    twice = b'{"medications":[],"medications":[{"id":"m1","text":"furosemide 40 mg tablet"}]}'
    assert client.replay(decision, twice).json()["code"] == "duplicate-key"
    refused = client.replay(decision)
    assert (refused.status_code, refused.json()["code"]) == (409, "question-not-kept")


def test_a_question_that_was_kept_need_not_be_sent(store: Store, tmp_path: Path) -> None:
    seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="first")
    with decision_client(store, tmp_path, keep_requests=True) as client:
        answers = [client.check(profile) for profile in (FUROSEMIDE, PAIR, FUROSEMIDE)]
        for answer in answers:
            replayed = client.replay(answer.json()["check_id"])
            assert replayed.content == answer.content
        assert client.by("one", "GET", f"/v1/decisions/{answers[0].json()['check_id']}").json()["request_kept"] is True
    questions = [json.loads(text) for text in recent_questions(store).values()]
    assert sorted(questions, key=str) == sorted([PAIR, {**FUROSEMIDE, "as_of": "2026-11-22"}], key=str)
    assert len(recent_questions(store, most=1)) == 1


def forge(store: Store, **values: object) -> None:
    """Change decisions as no verb can."""
    with store.engine.begin() as connection:
        if store.engine.dialect.name == "postgresql":
            connection.execute(sa.text("set local session_replication_role = replica"))
        else:
            connection.execute(sa.text("drop trigger if exists decision_append_only_update"))
        connection.execute(sa.update(DecisionRow).values(**values))


def test_a_question_that_is_refused_by_now_stands_in_nobodys_way(store: Store, tmp_path: Path) -> None:
    """A version may refuse what an earlier one took: the gate goes on without it, and a replay says so."""
    seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="first")
    question = b'{"medications":[{"id":"m1","text":"furosemide","times":["08:00","08:00"]}]}'
    with decision_client(store, tmp_path, keep_requests=True) as client:
        decision = client.check(FUROSEMIDE).json()["check_id"]
        forge(store, request=pack(question), request_digest=digest_of(question))
        refused = client.replay(decision)
        assert (refused.status_code, refused.json()["code"]) == (409, "not-replayable")
        assert "this version refuses" in refused.json()["detail"]
        assert recent_questions(store) == {}
        forge(store, request=b"damaged")
        assert client.replay(decision).json()["code"] == "not-replayable"
        assert recent_questions(store) == {}


def test_a_replay_says_what_is_not_as_it_was(client: DecisionClient, store: Store) -> None:
    decision = client.check(FUROSEMIDE).json()["check_id"]
    forge(store, answer_digest="0" * 64, engine_version="0.0.9")
    replayed = client.replay(decision, FUROSEMIDE)
    assert replayed.headers["x-replay"] == "different"
    assert replayed.headers["x-replay-decided-by"] == "0.0.9"
    assert replayed.headers["x-replay-answered-by"] == "0.1.0"
    forge(store, rule_set_digest="0" * 64)
    refused = client.replay(decision, FUROSEMIDE)
    assert (refused.status_code, refused.json()["code"]) == (409, "not-replayable")
    forge(store, rule_set_number=77)
    assert client.replay(decision, FUROSEMIDE).json()["code"] == "not-replayable"


# --- feedback ---------------------------------------------------------------------------------------------------------


def test_feedback_is_kept_once_for_each_wish(client: DecisionClient, store: Store) -> None:
    answer = client.check(FUROSEMIDE).json()
    body = {"finding_key": answer["findings"][0]["key"], "outcome": "overridden", "reason_code": "will_monitor"}
    first = client.feedback(answer["check_id"], body, key="one-and-the-same")
    again = client.feedback(answer["check_id"], body, key="one-and-the-same")
    assert first.status_code == 201
    assert again.content == first.content
    assert first.json()["interaction_id"] == "loop-diuretics-deplete-magnesium"
    other = {**body, "reason_code": "other"}
    assert client.feedback(answer["check_id"], other, key="one-and-the-same").json()["code"] == "idempotency-key-reused"
    with store.reading() as session:
        assert session.connection().scalar(sa.text("select count(*) from feedback")) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"outcome": "overridden"},
        {"outcome": "accepted", "reason_code": "other"},
        {"outcome": "overridden", "reason_code": "the patient wants it"},
        {"outcome": "ignored"},
        {"outcome": "accepted", "comment": "for Mrs Smith"},
    ],
)
def test_feedback_that_does_not_fit_is_refused(client: DecisionClient, wrong: dict[str, str]) -> None:
    answer = client.check(FUROSEMIDE).json()
    refused = client.feedback(answer["check_id"], {"finding_key": answer["findings"][0]["key"], **wrong})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-request")


def test_feedback_on_what_was_not_found_is_refused(client: DecisionClient) -> None:
    answer = client.check(FUROSEMIDE).json()
    body = {"finding_key": "0" * 16, "outcome": "accepted"}
    assert client.feedback(answer["check_id"], body).status_code == 404
    without_key = client.by("one", "POST", f"/v1/decisions/{answer['check_id']}/feedback", body)
    assert without_key.json()["code"] == "idempotency-key-required"
    assert client.feedback(answer["check_id"], body, "viewer").status_code == 403


def test_rates_count_findings_and_the_last_word_on_each(client: DecisionClient) -> None:
    outcomes = ["accepted"] * 2 + ["will_monitor"] * 5 + ["already_tolerated"] + [None] * 4
    for place, outcome in enumerate(outcomes):
        client.clock.now = NOON + timedelta(minutes=place)
        answer = client.check(FUROSEMIDE).json()
        key = answer["findings"][0]["key"]
        if outcome == "accepted":
            client.feedback(answer["check_id"], {"finding_key": key, "outcome": "accepted"})
        elif outcome is not None:
            client.feedback(answer["check_id"], {"finding_key": key, "outcome": "accepted"})
            client.clock.now += timedelta(seconds=1)
            body = {"finding_key": key, "outcome": "overridden", "reason_code": outcome}
            client.feedback(answer["check_id"], body)
    client.check(PAIR)
    rates = client.by("viewer", "GET", "/v1/feedback-rates").json()
    assert (rates["since"], rates["until"]) == ("2026-10-23", "2026-11-22")
    assert rates["items"] == [
        {
            "interaction_id": "fluoroquinolones-with-oral-magnesium",
            "fired": 1,
            "accepted": 0,
            "overridden": 0,
            "override_rate": None,
            "reasons": {},
        },
        {
            "interaction_id": "loop-diuretics-deplete-magnesium",
            "fired": 12,
            "accepted": 2,
            "overridden": 6,
            # 6 of 8: Wilson's interval by hand, (0.75 + 3.8415/16 ± 1.96 √(0.1875/8 + 3.8415/256)) / (1 + 3.8415/8).
            "override_rate": {"value": "0.7500", "low": "0.4093", "high": "0.9285"},
            "reasons": {"already_tolerated": 1, "will_monitor": 5},
        },
    ]
    earlier = client.by("viewer", "GET", "/v1/feedback-rates?since=2026-01-01&until=2026-11-21").json()
    assert earlier["items"] == []
    assert client.by("viewer", "GET", "/v1/feedback-rates?since=2026-12-02&until=2026-11-01").json()["items"] == []
    ever = client.by("viewer", "GET", "/v1/feedback-rates?since=0001-01-01&until=9999-12-31").json()
    assert ever["items"] == rates["items"]
    assert client.by("one", "GET", "/v1/feedback-rates").status_code == 403


# --- nothing of the patient -------------------------------------------------------------------------------------------

_MARKED: dict[str, Any] = {
    "medications": [
        {"id": "CANARYid", "text": "furosemide CANARYtext", "codes": [{"system": "rxnorm", "code": "CANARYcode"}]},
        {"id": "m2", "text": "CANARYname only"},
        {"id": "m3", "text": "furosemide 40 mg tablet"},
    ],
    "conditions": [{"text": "CANARYcondition", "codes": [{"system": "icd10cm", "code": "CANARYicd"}]}],
    "symptoms": ["CANARYsymptom"],
    "acknowledgements": [
        {"finding_key": "0" * 16, "context_digest": "0" * 32, "reason": "CANARYreason"},
    ],
}


def everything_stored(store: Store) -> str:
    with store.engine.connect() as connection:
        tables = sa.inspect(connection).get_table_names()
        rows = [tuple(row) for table in tables for row in connection.execute(sa.text(f"select * from {table}"))]  # noqa: S608
    return repr(rows)


def test_nothing_of_a_question_is_kept_anywhere(
    client: DecisionClient, store: Store, tmp_path: Path, log_lines: LogLines
) -> None:
    logging.getLogger().setLevel(logging.DEBUG)
    answer = client.check(_MARKED)
    assert "CANARYid" in answer.text  # it is in the answer, where it belongs
    decision = client.by("one", "GET", f"/v1/decisions/{answer.json()['check_id']}")
    findings = answer.json()["findings"]
    client.feedback(answer.json()["check_id"], {"finding_key": findings[0]["key"], "outcome": "accepted"})
    assert client.replay(answer.json()["check_id"], _MARKED).content == answer.content
    client.replay(answer.json()["check_id"], {**_MARKED, "symptoms": []})
    # And while the database takes nothing:
    client.keeping.log.store_away = True
    client.keeping._recovery._stop.set()
    client.check(_MARKED)
    (journal,) = (tmp_path / JOURNAL_FOLDER).rglob("*.journal")
    assert answer.json()["rule_set"]["digest"].encode() in journal.read_bytes()
    told = [decision.text, everything_stored(store), journal.read_bytes().decode(), client.get("/health/ready").text]
    ours = [line for line in log_lines() if not line["logger"].startswith(("httpx2", "httpcore2"))]
    for text in (*told, json.dumps(ours)):
        assert "CANARY" not in text
    assert findings


def test_the_canary_would_be_found(store: Store, tmp_path: Path) -> None:
    """The same look finds it where an operator keeps questions: compressed, so it has to be unpacked."""
    seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="first")
    with decision_client(store, tmp_path, keep_requests=True) as client:
        client.check(_MARKED)
    (question,) = recent_questions(store).values()
    assert question.count("CANARY") == 8
