"""At least two rows in every table, with whatever a column may hold that is easily lost on the way through a file."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from service.application import rule_sets as verbs
from service.application.terminologies import keep_terminology
from service.storage.session import Store
from service.storage.tables import (
    ApiKeyRow,
    DailyTotalRow,
    DecisionRow,
    DraftChangeRow,
    DraftCommentRow,
    DraftRow,
    DraftSignatureRow,
    FeedbackRow,
    KeptAnswerRow,
    PersonRow,
    RuleSetRetirementRow,
    RuleSetSignatureRow,
    SignInAttemptRow,
    SignInRow,
    Stored,
    UsedTokenRow,
)
from tests.integration.small_knowledge import small_rule_set
from tests.keys import KEYRING
from tests.releases import Rows, concept

NOON = datetime(2026, 11, 22, 12, 0, 0, 1, tzinfo=UTC)
LATER = NOON + timedelta(days=400, microseconds=998_999)
# Line ends of three kinds, quotes, text from right to left, beyond the first plane, and what looks like an escape.
AWKWARD = 'one\ntwo\r\nthree\u2028four "five" \\u0041 \\ שלום 💊 \t é e\u0301'
EVERY_BYTE = bytes(range(256))
DIGEST = "0123456789abcdef" * 4
_DECISION: dict[str, Any] = {
    "at": NOON,
    "caller": "key:k-000001",
    "rule_set_number": 1,
    "rule_set_digest": DIGEST,
    "engine_version": "0.1.0",
    "as_of": "2026-11-22",
    "request_digest": DIGEST,
    "answer_digest": DIGEST,
    "status": "complete",
    "medications": 2,
    "unrecognised": 0,
    "duration_microseconds": 950,
}


def fill(store: Store) -> None:
    """Fill an empty database; what can be is written by the verbs, and so leaves entries in the audit trail."""
    verbs.seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="first")
    second = small_rule_set(title="Another title")
    verbs.publish(store, second, based_on=1, author="anna", note=AWKWARD, keyring=KEYRING, now=LATER)
    verbs.roll_back(store, 1, author="ben", note="x" * 2000, keyring=KEYRING, now=LATER)
    other = Rows()
    other.concepts.append(concept(900, "IN", "another"))
    for number, block in enumerate((Rows().block(), other.block()), 1):
        keep_terminology(store, block, version=f"release {number}", note="imported", now=NOON)
    with store.writing() as session:
        # People before what belongs to them: the database looks at each statement.
        for rows in (_people(), _what_belongs_to_people(), _drafts(), _what_belongs_to_drafts(), _the_rest()):
            session.add_all(rows)
            session.flush()
        # The mapper writes the JSON value null where there is none; others may leave the column empty.
        empty = {**_DECISION, "id": "4" * 36, "explain": False, "findings": [], "degraded": sa.null()}
        session.connection().execute(sa.insert(Stored.metadata.tables["decision"]).values(empty))


def everything(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables as the database holds them, JSON and moments as text."""
    found: dict[str, list[tuple[object, ...]]] = {}
    with store.reading() as session:
        for table in Stored.metadata.sorted_tables:
            columns = [
                *table.columns,
                # What comes out as None may be nothing, or the JSON value null.
                *(column.is_(sa.null()).label(f"no {column.name}") for column in table.columns),
            ]
            rows = session.connection().execute(sa.select(*columns)).all()
            found[table.name] = sorted((tuple(row) for row in rows), key=repr)
    return found


def _people() -> list[Stored]:
    return [
        PersonRow(
            id="p-anna-01",
            login="anna",
            name=AWKWARD[:120],
            roles=["author", "viewer"],
            password_hash="$argon2id$v=19$m=1,t=1,p=1$c2FsdA$aGFzaA",
            created_by="magcheck",
            created_at=NOON,
        ),
        PersonRow(
            id="p-ben-002",
            login="Ben",
            name="ben",
            roles=[],
            issuer="https://idp.example",
            subject="ben@example",
            version=7,
            created_by="p-anna-01",
            created_at=NOON,
            disabled_at=LATER,
        ),
    ]


def _what_belongs_to_people() -> list[Stored]:
    key: dict[str, Any] = {
        "name": "pharmacy",
        "roles": ["client"],
        "hashed_with": "0" * 16,
        "requests_per_minute": 60,
        "created_by": "x",
        "created_at": NOON,
    }
    sign_in: dict[str, Any] = {"created_at": NOON, "authenticated_at": NOON, "last_seen_at": LATER, "expires_at": LATER}
    return [
        ApiKeyRow(id="k-000001", hash="a" * 64, person_id="p-anna-01", expires_at=LATER, **key),
        ApiKeyRow(id="k-000002", hash="b" * 64, revoked_at=LATER, **key),
        SignInRow(id="c" * 64, person_id="p-anna-01", method="password", **sign_in),
        SignInRow(id="d" * 64, person_id="p-ben-002", method="oidc", ended_at=NOON, **sign_in),
    ]


def _drafts() -> list[Stored]:
    both: dict[str, Any] = {
        "title": AWKWARD,
        "base_number": 1,
        "opened_by": "p-anna-01",
        "opened_at": NOON,
        "changed_at": LATER,
    }
    return [
        DraftRow(id="draft-01", state="open", revision=2, **both),
        DraftRow(
            id="draft-02",
            state="published",
            revision=5,
            digest=DIGEST,
            submitted_revision=3,
            published_number=2,
            **both,
        ),
    ]


def _what_belongs_to_drafts() -> list[Stored]:
    change: dict[str, Any] = {
        "draft_id": "draft-01",
        "kind": "substances",
        "record_id": "furosemide",
        "person": "anna",
        "at": NOON,
    }
    signature: dict[str, Any] = {
        "draft_id": "draft-02",
        "revision": 3,
        "digest": DIGEST,
        "person": "ben",
        "name": "Ben",
        "at": LATER,
    }
    comment: dict[str, Any] = {"draft_id": "draft-02", "revision": 2, "person": "ben", "name": "Ben", "at": LATER}
    return [
        DraftCommentRow(sequence=1, text=AWKWARD, **comment),
        DraftCommentRow(sequence=2, kind="substances", record_id="furosemide", text="x" * 2000, **comment),
        DraftChangeRow(sequence=1, action="revise", document='{"id":"furosemide"}', reason=AWKWARD, **change),
        DraftChangeRow(sequence=2, action="undo", document=None, reason="undone", **change),
        DraftSignatureRow(sequence=1, decision="returned", meaning="rejected", comment="no", flags=[], **signature),
        DraftSignatureRow(
            sequence=2, decision="approved", meaning="approved", comment=AWKWARD, flags=["account", "é"], **signature
        ),
    ]


def _the_rest() -> list[Stored]:
    feedback: dict[str, Any] = {
        "decision_id": "1" * 36,
        "finding_key": "f1",
        "interaction_id": "loop-diuretics-deplete-magnesium",
        "severity": "moderate",
        "caller": "x",
        "at": NOON,
    }
    kept: dict[str, Any] = {"caller": "x", "request_digest": DIGEST, "kept_at": NOON}
    return [
        RuleSetSignatureRow(number=1, key_id="k1", signature=DIGEST, signed_at=NOON),
        RuleSetSignatureRow(number=1, key_id="k2", signature="f" * 64, signed_at=LATER),
        RuleSetRetirementRow(number=1, retired_at=NOON, author="ben", reason=AWKWARD),
        RuleSetRetirementRow(number=2, retired_at=NOON, author="ben", reason="wrong"),
        SignInAttemptRow(account="e" * 64, source="f" * 64, at=NOON),
        SignInAttemptRow(account="e" * 64, source="f" * 64, at=LATER),
        UsedTokenRow(id="1" * 64, expires_at=NOON),
        UsedTokenRow(id="2" * 64, expires_at=LATER),
        # Upper and lower case, and a letter behind z: no two databases agree by themselves on how to sort these.
        KeptAnswerRow(key="Zebra-key", status=201, location="/v1/drafts/1", tag='"1"', content="{}", **kept),
        KeptAnswerRow(key="apple-key", status=200, content=f'{{"text":"{AWKWARD}"}}', **kept),
        KeptAnswerRow(key="öffnen-key", status=204, content="", **kept),
        DecisionRow(id="1" * 36, explain=True, findings=[], highest_severity=None, **_DECISION),
        DecisionRow(
            id="2" * 36,
            explain=False,
            degraded={"reason": AWKWARD, "seconds": 1.5, "nested": {"b": [1, None, True], "a": "z"}},
            terminology_digest="9" * 64,
            findings=[{"interaction_id": "x", "key": "k", "severity": "major"}],
            highest_severity="major",
            request=EVERY_BYTE,
            **_DECISION,
        ),
        DecisionRow(id="3" * 36, explain=False, findings=[], request=b"", **_DECISION),
        FeedbackRow(id="1" * 36, outcome="accepted", **feedback),
        FeedbackRow(id="2" * 36, outcome="overridden", reason_code="already_monitored", **feedback),
        DailyTotalRow(day=date(2026, 11, 22), what="checks", subject="", severity="", number=0),
        DailyTotalRow(day=date(2026, 2, 28), what="finding", subject="x", severity="major", number=2**31 - 1),
    ]
