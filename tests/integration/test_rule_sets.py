"""Rule sets are published once, come back byte for byte on both databases, and a damaged one never answers."""

import hashlib
import json
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from rules.canonical import canonical_json
from rules.engine import check
from rules.errors import KnowledgeError
from rules.load import read_texts
from rules.model import RuleSet
from rules.profile import MedicationProfile
from service.application import rule_sets as verbs
from service.application.active import ActiveRuleSet
from service.application.packed import unpack
from service.application.rule_sets import Publication, publish_baseline, restore, seed_baseline, verify_stored
from service.application.signatures import sign
from service.errors import NoRuleSet, RuleSetDamaged
from service.storage import migration, rule_sets
from service.storage.session import Store
from service.storage.tables import RuleSetRow
from tests.integration.small_knowledge import FILES, small_rule_set
from tests.keys import KEYRING

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PROFILE = MedicationProfile.model_validate_json(
    '{"medications": [{"id": "m1", "text": "Cipro 500 mg tablet"}, {"id": "m2", "text": "magnesium oxide 400 mg"},'
    ' {"id": "m3", "text": "furosemide"}, {"id": "m4", "text": "Foozol"}]}'
)


def seeded(store: Store, rule_set: RuleSet | None = None) -> Publication:
    return seed_baseline(store, rule_set or small_rule_set(), keyring=KEYRING, now=NOON, note="for a test")


def published(store: Store, number: int = 1) -> RuleSetRow:
    with store.reading() as session:
        row = rule_sets.by_number(session, number)
    assert row is not None
    return row


# --- publishing -------------------------------------------------------------------------------------------------------


def test_the_baseline_becomes_rule_set_1(store: Store) -> None:
    rule_set = small_rule_set()
    canonical = canonical_json(rule_set)
    assert seeded(store, rule_set) == Publication(1, hashlib.sha256(canonical).hexdigest(), created=True)
    row = published(store)
    assert zlib.decompress(row.content) == canonical
    assert row.digest == hashlib.sha256(canonical).hexdigest()
    assert (row.schema_version, row.created_at, row.author, row.note) == (1, NOON, "magcheck", "for a test")
    assert row.record_counts["substances"] == len(rule_set.substances) == 3
    assert row.record_counts["guidance"] == 0
    with store.reading() as session:
        assert rule_sets.active_reference(session) == (1, row.digest)


def test_seeding_again_changes_nothing_even_with_another_baseline(store: Store) -> None:
    first = seeded(store)
    again = seeded(store, small_rule_set(title="Another title"))
    assert again == Publication(1, first.digest, created=False)
    with store.reading() as session:
        assert [summary.number for summary in rule_sets.summaries(session)] == [1]


def test_another_baseline_is_published_once_when_asked_for(store: Store) -> None:
    seeded(store)
    changed = small_rule_set(title="Another title")
    first = publish_baseline(store, changed, keyring=KEYRING, now=NOON, note="changed")
    again = publish_baseline(store, changed, keyring=KEYRING, now=NOON, note="changed")
    assert (first.number, first.created, again.number, again.created) == (2, True, 2, False)
    with store.reading() as session:
        assert rule_sets.active_reference(session) == (2, first.digest)
        found = rule_sets.summaries(session)
        assert rule_sets.number_of_digest(session, first.digest) == 2
    assert [(one.number, one.note) for one in found] == [(2, "changed"), (1, "for a test")]
    assert found[0].digest != found[1].digest


def test_an_earlier_baseline_answers_again_unless_a_person_has_chosen_since(store: Store) -> None:
    """Whoever edits a rule and takes it back starts the development server with the earlier knowledge.

    It gets a number of its own: a server that runs on never goes back to a lower one.
    """
    one, two = small_rule_set(), small_rule_set(title="Another title")
    for rule_set, number in ((one, 1), (two, 2), (one, 3), (one, 3), (two, 4)):
        assert publish_baseline(store, rule_set, keyring=KEYRING, now=NOON, note="x").number == number
        with store.reading() as session:
            assert rule_sets.active_number(session) == number
    with store.writing() as session:
        rule_sets.activate(session, 3, author="a person", note="two is wrong", now=NOON)
    publish_baseline(store, two, keyring=KEYRING, now=NOON, note="x")
    with store.reading() as session:
        last = rule_sets.last_activation(session)
    assert last is not None
    # Asking for the rule set that answers already leaves no line.
    assert (last.sequence, last.number, last.author) == (5, 3, "a person")


def test_what_cannot_answer_is_not_published(store: Store) -> None:
    files = dict(FILES)
    del files["citations/example-label.yaml"]
    with pytest.raises(KnowledgeError, match="example-label"):
        seeded(store, read_texts(files).rule_set)
    with store.reading() as session:
        assert rule_sets.last_number(session) == 0
        assert rule_sets.active(session) is None
        assert rule_sets.active_reference(session) is None


def test_several_starts_at_once_give_one_rule_set(store: Store) -> None:
    threads = 6
    barrier = threading.Barrier(threads)
    rule_set = small_rule_set()

    def start() -> Publication:
        barrier.wait()
        return seeded(store, rule_set)

    with ThreadPoolExecutor(threads) as pool:
        results = [future.result() for future in [pool.submit(start) for _ in range(threads)]]
    assert sorted(result.created for result in results) == [False] * (threads - 1) + [True]
    assert {result.number for result in results} == {1}
    with store.reading() as session:
        activations = session.connection().scalar(sa.text("select count(*) from rule_set_activation"))
        assert (len(rule_sets.summaries(session)), activations) == (1, 1)


def test_several_processes_at_once_give_one_rule_set(database_url: str) -> None:
    """Migration and seeding from nothing, as when two pods start with an empty database."""
    program = (
        "from datetime import UTC, datetime\n"
        "from service.application.rule_sets import seed_baseline\n"
        "from service.storage import migration\n"
        "from service.storage.session import Store\n"
        "from tests.integration.small_knowledge import small_rule_set\n"
        "from tests.keys import KEYRING\n"
        f"migration.upgrade({database_url!r})\n"
        f"with Store.open({database_url!r}) as store:\n"
        "    print(seed_baseline(store, small_rule_set(), keyring=KEYRING, now=datetime.now(UTC), note='x').created)\n"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    outputs = [process.communicate() for process in processes]
    assert sorted(out.strip() for out, _ in outputs) == ["False", "False", "True"], outputs


# --- bringing back ----------------------------------------------------------------------------------------------------


def test_both_databases_give_the_same_bytes(sqlite_url: str, postgresql_url: str) -> None:
    rule_set = small_rule_set()
    answers = []
    for url in (sqlite_url, postgresql_url):
        migration.upgrade(url)
        with Store.open(url) as store:
            seeded(store, rule_set)
            active = ActiveRuleSet()
            state = active.load(store, KEYRING)
            report = json.dumps(check(active.current(), PROFILE, explain=True), ensure_ascii=False)
            answers.append((state.digest, published(store).content, report))
    assert answers[0] == answers[1]
    assert '"major": 1' in answers[0][2]


def test_what_comes_back_is_what_was_published(store: Store) -> None:
    rule_set = small_rule_set()
    seeded(store, rule_set)
    compiled = restore(published(store))
    assert compiled.rule_set == rule_set
    assert canonical_json(compiled.rule_set) == canonical_json(rule_set)
    assert (compiled.version, compiled.digest) == (1, published(store).digest)


def test_an_old_rule_set_keeps_its_digest_when_the_documents_grow(store: Store) -> None:
    """A later version may add fields with defaults: what is written anew differs, the identity must not."""
    canonical = json.dumps({"schema_version": 1, "substances": []}, separators=(",", ":")).encode()
    row = RuleSetRow(
        number=5,
        schema_version=1,
        digest=hashlib.sha256(canonical).hexdigest(),
        content=zlib.compress(canonical),
        record_counts={},
        created_at=NOON,
        author="a",
        note="b",
    )
    with store.writing() as session:
        rule_sets.add(session, row)
        sign(session, row, KEYRING, now=NOON)
        rule_sets.activate(session, 5, author="a", note="b", now=NOON)
    active = ActiveRuleSet()
    assert active.load(store, KEYRING).degraded is None
    assert check(active.current(), PROFILE)["rule_set"] == {"version": 5, "digest": row.digest}


def damaged(row: RuleSetRow, *, digest_fits: bool, **changes: object) -> RuleSetRow:
    for name, value in changes.items():
        setattr(row, name, value)
    if digest_fits:
        row.digest = hashlib.sha256(zlib.decompress(row.content)).hexdigest()
    return row


def test_each_kind_of_damage_is_named(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    seeded(store)
    good = published(store)
    canonical = zlib.decompress(good.content)
    other = zlib.compress(canonical.replace(b"major", b"minor", 1))
    unfit = zlib.compress(canonical.replace(b'"severity":"major"', b'"severity":"awful"', 1))
    broken = zlib.compress(canonical.replace(b'"citation":"example-label"', b'"citation":"vanished"', 1))
    cases = [
        (damaged(published(store), digest_fits=False, content=other), "does not match its digest"),
        (damaged(published(store), digest_fits=False, content=good.content[:-1]), "cut short"),
        (damaged(published(store), digest_fits=False, content=good.content + b"x"), "followed by something else"),
        (damaged(published(store), digest_fits=False, content=b"\x00" * 9), "cannot be unpacked"),
        (damaged(published(store), digest_fits=True, content=unfit), "1 values do not fit the documents"),
        (damaged(published(store), digest_fits=True, content=broken), "does not compile"),
        (
            damaged(published(store), digest_fits=False, schema_version=2),
            "form 2, this version of magcheck reads form 1",
        ),
    ]
    for row, reason in cases:
        with pytest.raises(RuleSetDamaged, match=reason):
            restore(row)
    verify_stored(good)
    monkeypatch.setattr(verbs, "unpack", lambda content: unpack(content, len(canonical) - 1))
    with pytest.raises(RuleSetDamaged, match="too long"):
        verify_stored(good)


def test_every_flipped_bit_is_seen(store: Store) -> None:
    seeded(store)
    row = published(store)
    good = row.content
    for position in range(0, len(good), max(1, len(good) // 200)):
        changed = bytearray(good)
        changed[position] ^= 1 << (position % 8)
        row.content = bytes(changed)
        with pytest.raises(RuleSetDamaged):
            verify_stored(row)


# --- the rule set that answers ----------------------------------------------------------------------------------------


@contextmanager
def unprotected(store: Store) -> Iterator[sa.Connection]:
    """What somebody with every right on the database could do."""
    with store.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            for action in ("update", "delete", "replace"):
                connection.execute(sa.text(f"drop trigger rule_set_append_only_{action}"))
        else:
            connection.execute(sa.text("alter table rule_set disable trigger user"))
        yield connection


def test_a_tampered_rule_set_never_replaces_a_good_one(store: Store) -> None:
    ticks = iter([NOON, NOON.replace(hour=13)])
    active = ActiveRuleSet(clock=lambda: next(ticks))
    seeded(store)
    good = active.load(store, KEYRING)
    assert (good.version, good.loaded_at, good.degraded) == (1, NOON, None)
    compiled = active.current()

    publish_baseline(store, small_rule_set(title="Another title"), keyring=KEYRING, now=NOON, note="second")
    row = published(store, 2)
    with unprotected(store) as connection:
        tampered = zlib.compress(zlib.decompress(row.content).replace(b"major", b"minor"))
        connection.execute(sa.text("update rule_set set content = :c where number = 2"), {"c": tampered})

    state = active.load(store, KEYRING)
    assert (state.version, state.digest, state.loaded_at) == (1, good.digest, NOON)
    assert state.degraded == "rule set 2 is refused: its content does not match its digest"
    assert active.state == state
    assert active.current() is compiled

    with store.engine.begin() as connection:
        connection.execute(sa.text("update rule_set set content = :c where number = 2"), {"c": row.content})
    healed = active.load(store, KEYRING)
    assert (healed.version, healed.degraded, healed.loaded_at) == (2, None, NOON.replace(hour=13))
    assert active.current() is not compiled


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("cast('text' as text)", "the stored rule set cannot be read (TypeError)"),
        ("cast(x'ff' as text)", "the database file cannot be used"),
        ("1.5", "the stored rule set cannot be read (TypeError)"),
    ],
)
def test_content_of_another_type(sqlite_url: str, change: str, reason: str) -> None:
    """SQLite keeps what it is given, whatever the type of the column."""
    migration.upgrade(sqlite_url)
    with Store.open(sqlite_url) as store:
        seeded(store)
        active = ActiveRuleSet()
        active.load(store, KEYRING)
        with unprotected(store) as connection:
            connection.exec_driver_sql(f"update rule_set set content = {change}")  # noqa: S608 - written above
        assert active.load(store, KEYRING).degraded == reason
        assert active.current().version == 1


def test_without_a_rule_set_there_is_no_answer(store: Store) -> None:
    active = ActiveRuleSet()
    state = active.load(store, KEYRING)
    assert (state.version, state.degraded) == (None, "no rule set is published; run `magcheck db upgrade`")
    with pytest.raises(NoRuleSet):
        active.current()


def test_a_database_that_goes_away_leaves_the_rule_set(sqlite_url: str, tmp_path: Path) -> None:
    migration.upgrade(sqlite_url)
    with Store.open(sqlite_url) as store:
        seeded(store)
        active = ActiveRuleSet()
        active.load(store, KEYRING)
        store.close()
        for file in (tmp_path / "folder").iterdir():
            file.unlink()
        state = active.load(store, KEYRING)
        assert state.version == 1
        assert state.degraded == "there is no database yet; run `magcheck db upgrade`"
        active.current()


def test_an_earlier_rule_set_never_replaces_a_later_one(store: Store) -> None:
    """Whoever asked before would be answered from what was given up in the meantime."""
    seeded(store)
    publish_baseline(store, small_rule_set(title="Another title"), keyring=KEYRING, now=NOON, note="second")
    active = ActiveRuleSet()
    assert active.load(store, KEYRING).version == 2
    with store.writing() as session:
        rule_sets.activate(session, 1, author="a", note="back", now=NOON)
    behind = active.load(store, KEYRING)
    assert behind.version == active.current().version == 2
    assert behind.degraded is not None
    assert behind.degraded.startswith("rule set 1 is refused: rule set 2 has answered here already")
    verbs.roll_back(store, 2, author="a", note="and again", keyring=KEYRING, now=NOON)
    assert (active.load(store, KEYRING).version, active.state.degraded) == (3, None)
