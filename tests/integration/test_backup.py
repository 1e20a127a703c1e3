"""What is backed up comes back, on either database; what is not whole, not ours or not fitting is never written."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from rules.engine import check
from rules.model import RuleSet
from service.application import backup as verbs
from service.application import rule_sets
from service.application.audit import verify_trail
from service.application.backup import MANIFEST, SIGNATURE, Manifest, back_up, opened, restore_archive
from service.application.keyring import Keyring
from service.errors import BackupRefused, FileRefused, RuleSetDamaged, ServiceError, StoreNotEmpty
from service.storage import backup as queries
from service.storage import migration
from service.storage import rule_sets as stored
from service.storage.session import Store
from service.storage.tables import Stored
from tests.baseline import packaged_rule_set
from tests.integration.databases import migrated_postgresql, migrated_sqlite
from tests.integration.every_table import LATER, NOON, everything, fill
from tests.integration.postgres_server import drop_database
from tests.integration.small_knowledge import small_rule_set
from tests.keys import ANOTHER_SECRET_KEY, KEYRING

Members = dict[str, bytes]


@pytest.fixture(params=["sqlite", "postgresql"])
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A second database, empty, of either kind: so that every test of both goes from each to each."""
    if request.param == "sqlite":
        url = migrated_sqlite(tmp_path / "other.sqlite3")
    else:
        server = request.getfixturevalue("postgres_server")
        url = migrated_postgresql(server)
        request.addfinalizer(lambda: drop_database(server, url))  # noqa: PT021 - of one of the two only
    with Store.open(url, patient=True) as opened_store:
        yield opened_store


def bring_back(store: Store, file: Path, keyring: Keyring | None = KEYRING) -> Manifest:
    with opened(file, keyring=keyring) as archive:
        restore_archive(store, archive)
        return archive.manifest


def look(file: Path, keyring: Keyring | None = KEYRING) -> None:
    """Open an archive; without a database nothing can be written."""
    with opened(file, keyring=keyring):
        pass


def members(file: Path) -> Members:
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(file: Path, parts: Members) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file


def forged(file: Path, change: Callable[[Members], None], *, keyring: Keyring = KEYRING) -> Path:
    """An archive that somebody changed who can write new digests and has the key: only what is in it can tell."""
    parts = members(file)
    change(parts)
    manifest = json.loads(parts[MANIFEST])
    for part in manifest["parts"]:
        content = parts[f"tables/{part['table']}.jsonl"]
        part["sha256"] = hashlib.sha256(content).hexdigest()
        part["rows"] = content.count(b"\n")
    parts[MANIFEST] = json.dumps(manifest).encode()
    key_id, signature = keyring.mac("backup", parts[MANIFEST])
    parts[SIGNATURE] = json.dumps({"key_id": key_id, "signature": signature}).encode()
    return write(file.with_name("forged.zip"), parts)


def is_empty(store: Store) -> bool:
    return not any(everything(store).values())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good archive of a full database, for the tests that damage it."""
    folder = tmp_path_factory.mktemp("made")
    url = f"sqlite:///{folder}/magcheck.sqlite3"
    migration.upgrade(url)
    with Store.open(url) as store:
        fill(store)
        back_up(store, folder / "backup.zip", keyring=KEYRING, now=NOON)
    return folder / "backup.zip"


# --- there and back ---------------------------------------------------------------------------------------------------


def test_every_row_of_every_table_comes_back(store: Store, other: Store, tmp_path: Path) -> None:
    fill(store)
    before = everything(store)
    assert all(len(rows) >= 2 for rows in before.values()), "a table without rows would prove nothing"
    manifest = back_up(store, tmp_path / "backup.zip", keyring=KEYRING, now=NOON)
    assert {part.table: part.rows for part in manifest.parts} == {name: len(rows) for name, rows in before.items()}
    bring_back(other, tmp_path / "backup.zip")
    assert everything(other) == before
    assert verify_trail(other) == verify_trail(store)


def test_the_same_state_gives_the_same_bytes(store: Store, other: Store, tmp_path: Path) -> None:
    """Of either database, and apart from the moment in the manifest: two back-ups can be compared."""
    fill(store)
    back_up(store, tmp_path / "one.zip", keyring=KEYRING, now=NOON)
    back_up(store, tmp_path / "two.zip", keyring=KEYRING, now=NOON)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    bring_back(other, tmp_path / "one.zip")
    back_up(other, tmp_path / "again.zip", keyring=KEYRING, now=LATER)
    first, again = members(tmp_path / "one.zip"), members(tmp_path / "again.zip")
    assert list(first) == list(again)
    assert first.pop(SIGNATURE) != again.pop(SIGNATURE)
    of_first, of_again = json.loads(first.pop(MANIFEST)), json.loads(again.pop(MANIFEST))
    assert first == again
    assert of_first.pop("made_at") != of_again.pop("made_at")
    assert of_first == of_again


@pytest.fixture(scope="module")
def packaged() -> RuleSet:
    return packaged_rule_set()


def test_a_restored_database_answers_the_same_bytes(
    store: Store, other: Store, tmp_path: Path, packaged: RuleSet
) -> None:
    """The packaged knowledge, and profiles of its worked cases as questions."""
    rule_sets.seed_baseline(store, packaged, keyring=KEYRING, now=NOON, note="first")
    back_up(store, tmp_path / "backup.zip", keyring=None, now=NOON)
    bring_back(other, tmp_path / "backup.zip", keyring=None)
    questions = [case.profile for case in packaged.cases][::8]
    assert len(questions) > 90
    answers = []
    for one in (store, other):
        with one.reading() as session:
            row = stored.active(session)
        assert row is not None
        compiled = rule_sets.restore(row)
        answers.append([json.dumps(check(compiled, profile), ensure_ascii=False) for profile in questions])
    assert answers[0] == answers[1]


def test_a_restored_database_goes_on(store: Store, other: Store, tmp_path: Path) -> None:
    """Numbers that the database gives out itself go on behind those that were restored."""
    fill(store)
    back_up(store, tmp_path / "backup.zip", keyring=KEYRING, now=NOON)
    bring_back(other, tmp_path / "backup.zip")
    done = rule_sets.publish(
        other, small_rule_set(title="After it"), based_on=3, author="anna", note="goes on", keyring=KEYRING, now=LATER
    )
    assert done.number == 4
    with other.writing() as session:
        assert stored.active_number(session) == 4
        session.connection().execute(
            sa.insert(Stored.metadata.tables["sign_in_attempt"]).values(account="a" * 64, source="b" * 64, at=LATER)
        )
    trail = verify_trail(other)
    assert (trail.bad, trail.entries) == (None, verify_trail(store).entries + 1)
    with pytest.raises(sa.exc.IntegrityError), other.writing() as session:
        session.connection().execute(sa.text("update rule_set set note = 'x'"))


def test_one_moment_is_backed_up(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is published while tables are being read is not in it, not even in a table that is read later."""
    fill(store)
    before = everything(store)
    lines = queries.lines

    def with_a_publisher(session: Session, name: str) -> Iterator[bytes]:
        for place, line in enumerate(lines(session, name)):
            if place == 0:
                thread = threading.Thread(target=publish)
                thread.start()
                thread.join()
            yield line

    def publish() -> None:
        with store.reading() as session:
            active = stored.active_number(session)
        rule_set = small_rule_set(title=f"Title behind {active}")
        rule_sets.publish(store, rule_set, based_on=active, author="anna", note="meanwhile", keyring=KEYRING, now=LATER)

    monkeypatch.setattr(queries, "lines", with_a_publisher)
    manifest = back_up(store, tmp_path / "backup.zip", keyring=KEYRING, now=NOON)
    monkeypatch.undo()
    assert len(everything(store)["rule_set"]) > len(before["rule_set"]), "nothing was published meanwhile"
    assert {part.table: part.rows for part in manifest.parts} == {name: len(rows) for name, rows in before.items()}
    look(tmp_path / "backup.zip")


# --- the file ---------------------------------------------------------------------------------------------------------


def test_only_its_owner_may_read_it(store: Store, tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        back_up(store, tmp_path / "backup.zip", keyring=None, now=NOON)
    finally:
        os.umask(umask)
    assert (tmp_path / "backup.zip").stat().st_mode & 0o777 == 0o600


def test_no_file_is_overwritten_unasked(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "backup.zip"
    file.write_text("something dear")
    with pytest.raises(FileRefused, match="is there already"):
        back_up(store, file, keyring=None, now=NOON)
    assert file.read_text() == "something dear"
    back_up(store, file, keyring=None, now=NOON, replace=True)
    assert zipfile.is_zipfile(file)
    assert {one.name for one in tmp_path.iterdir()} <= {"backup.zip", "folder"}


def test_a_back_up_that_fails_leaves_nothing(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store)
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "backup.zip").write_text("yesterday's")

    def disk_is_full(*_: object) -> Iterator[bytes]:
        yield b"{}\n"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(queries, "lines", disk_is_full)
    with pytest.raises(FileRefused, match="No space left"):
        back_up(store, folder / "backup.zip", keyring=None, now=NOON, replace=True)
    assert [(one.name, one.read_text()) for one in folder.iterdir()] == [("backup.zip", "yesterday's")]


def test_a_trail_that_was_touched_is_not_backed_up(store: Store, tmp_path: Path) -> None:
    """A back-up of it would look as good as the others, and push the last good one out."""
    fill(store)
    with store.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(sa.text("drop trigger audit_entry_append_only_update"))
        else:
            connection.execute(sa.text("alter table audit_entry disable trigger user"))
        connection.execute(sa.text("update audit_entry set person = 'eve' where sequence = 2"))
    with pytest.raises(BackupRefused, match="entry 2 of the audit trail: its content does not match its hash"):
        back_up(store, tmp_path / "backup.zip", keyring=None, now=NOON)
    assert not (tmp_path / "backup.zip").exists()


# --- what is refused --------------------------------------------------------------------------------------------------


def test_only_an_empty_database_takes_it(store: Store, made: Path) -> None:
    rule_sets.seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="first")
    before = everything(store)
    with pytest.raises(
        StoreNotEmpty, match=r"not empty \(audit_entry, rule_set, rule_set_activation, rule_set_signature\)"
    ):
        bring_back(store, made)
    assert everything(store) == before


@pytest.mark.parametrize("kept", [0, 1, 100, 2000, -2000, -22, -1])
def test_an_archive_that_was_cut(made: Path, tmp_path: Path, kept: int) -> None:
    content = made.read_bytes()
    cut = tmp_path / "cut.zip"
    cut.write_bytes(content[:kept])
    with pytest.raises(BackupRefused, match="cut short, changed, or no back-up"):
        look(cut)


def test_any_flipped_bit_is_found_or_harmless(made: Path, tmp_path: Path) -> None:
    """At 300 places over the whole file. Zip has fields that change nothing, such as a time: content never differs."""
    content = made.read_bytes()
    broken, same = tmp_path / "broken.zip", members(made)
    found = 0
    for place in range(0, len(content), max(1, len(content) // 300)):
        flipped = bytearray(content)
        flipped[place] ^= 1 << (place % 8)
        broken.write_bytes(flipped)
        try:
            with opened(broken, keyring=KEYRING) as archive:
                assert {name: archive.content.read(name) for name in archive.content.namelist()} == same
        except BackupRefused:
            found += 1
    assert found > 200


def test_tables_that_differ_from_the_manifest(made: Path, tmp_path: Path) -> None:
    for name in ("tables/person.jsonl", "tables/audit_entry.jsonl"):
        parts = members(made)
        parts[name] = parts[name].replace(b"anna", b"eve!")
        with pytest.raises(BackupRefused, match=r"table \w+ is not the one that was backed up"):
            look(write(tmp_path / "changed.zip", parts))


def test_a_new_manifest_needs_the_key(made: Path, tmp_path: Path) -> None:
    """Somebody without the key writes new digests: with the old signature, with one of their own, and with none."""
    eve = Keyring(ANOTHER_SECRET_KEY.encode())

    def rename(parts: Members) -> None:
        parts["tables/person.jsonl"] = parts["tables/person.jsonl"].replace(b'"login":"anna"', b'"login":"eve"')

    signed_by_eve = forged(made, rename, keyring=eve)
    with pytest.raises(BackupRefused, match="is not of the secret key set here"):
        look(signed_by_eve)
    parts = members(signed_by_eve)
    parts[SIGNATURE] = members(made)[SIGNATURE]
    with pytest.raises(BackupRefused, match="is not of the secret key set here"):
        look(write(tmp_path / "old.zip", parts))
    del parts[SIGNATURE]
    with pytest.raises(BackupRefused, match="it is not signed"):
        look(write(tmp_path / "none.zip", parts))
    with pytest.raises(BackupRefused, match="is not of the secret key set here"):
        look(signed_by_eve, keyring=None)
    with opened(signed_by_eve, keyring=KEYRING, unsigned=True) as archive:
        assert not archive.signed
    with opened(made, keyring=KEYRING) as archive:
        assert archive.signed


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"schema_revision": "0099"}, "it is of schema 0099, this version of magcheck has"),
        ({"schema_revision": "0001"}, "restore it with magcheck 0.1.0, which made it, and upgrade then"),
        ({"form_version": 2}, "it is written in form 2, this version of magcheck reads 1"),
        ({"form": "another"}, "it is no back-up of magcheck"),
        ({"parts": []}, "its tables are not those"),
        ({"surprise": 1}, "its manifest cannot be read"),
        ({"audit_entries": "3"}, "its manifest cannot be read"),
    ],
)
def test_manifests_of_others(made: Path, change: dict[str, object], why: str) -> None:
    def rewrite(parts: Members) -> None:
        parts[MANIFEST] = json.dumps({**json.loads(parts[MANIFEST]), **change}).encode()

    with pytest.raises(BackupRefused, match=why):
        look(forged(made, rewrite))


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04", b"\x00" * 5000])
def test_files_of_others(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other").write_bytes(content)
    with pytest.raises(BackupRefused, match="no back-up of magcheck"):
        look(tmp_path / "other")
    with pytest.raises(FileRefused, match="cannot be read: No such file"):
        look(tmp_path / "none")
    with pytest.raises(FileRefused, match="cannot be read: Is a directory"):
        look(tmp_path)


def test_archives_of_others(made: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupRefused, match="it has no manifest"):
        look(write(tmp_path / "one.zip", {"letter.txt": b"Dear"}))
    more = {**members(made), "../../etc/passwd": b"root"}
    with pytest.raises(BackupRefused, match="its parts are not those that its manifest names"):
        look(write(tmp_path / "two.zip", more))
    less = members(made)
    del less["tables/person.jsonl"]
    with pytest.raises(BackupRefused, match="its parts are not those that its manifest names"):
        look(write(tmp_path / "three.zip", less))
    with pytest.raises(BackupRefused, match=f"{MANIFEST} is far longer"):
        look(write(tmp_path / "four.zip", {MANIFEST: b" " * (2 * 1024 * 1024)}))


def _replace(table: str, old: bytes, new: bytes) -> Callable[[Members], None]:
    def change(parts: Members) -> None:
        name = f"tables/{table}.jsonl"
        assert old in parts[name]
        parts[name] = parts[name].replace(old, new, 1)

    return change


def _manifest_of_another(parts: Members) -> None:
    parts[MANIFEST] = json.dumps({**json.loads(parts[MANIFEST]), "audit_hash": "0" * 64}).encode()


def _last_line_goes(parts: Members) -> None:
    lines = parts["tables/audit_entry.jsonl"].splitlines(keepends=True)
    parts["tables/audit_entry.jsonl"] = b"".join(lines[:-1])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_replace("audit_entry", b'"person":"anna"', b'"person":"eve"'), "entry 2 of its audit trail"),
        (_manifest_of_another, "its audit trail does not end where the manifest says"),
        (_last_line_goes, "its audit trail does not end where the manifest says"),
        (_replace("rule_set", b'"digest":"', b'"digest":"0'), "line 1 of table rule_set: the database refuses it"),
        (_replace("rule_set_activation", b'"number":1', b'"number":7'), "rule_set_activation: the database refuses"),
        (_replace("decision", b'"explain":true', b'"explain":1'), "line 1 of table decision: explain is not what"),
        (_replace("decision", b'"explain":true,', b""), "line 1 of table decision: explain is missing"),
        (_replace("decision", b'"explain":true', b'"explain":true,"name":"Jane"'), "columns that the table has not"),
        (_replace("decision", b"{", b"["), "line 1 of table decision: it is no JSON"),
        (_replace("person", b'"created_at":"2026-', b'"created_at":"soon-'), "created_at is not what this column"),
        (_replace("person", b"+00:00", b""), "line 1 of table person: created_at is not what this column"),
        (_replace("used_token", b"}\n", b"}"), "used_token"),
    ],
)
def test_content_that_does_not_fit_together(
    store: Store, made: Path, change: Callable[[Members], None], why: str
) -> None:
    """With right digests and a right signature, as of a program with a fault; nothing stays in the database."""
    with pytest.raises(BackupRefused, match=why):
        bring_back(store, forged(made, change))
    assert is_empty(store)


def test_a_damaged_rule_set_is_not_restored(store: Store, made: Path) -> None:
    def exchange_digests(parts: Members) -> None:
        first, second, third = parts["tables/rule_set.jsonl"].splitlines()
        one, two = json.loads(first), json.loads(second)
        one["content"], two["content"] = two["content"], one["content"]
        lines = [json.dumps(one).encode(), json.dumps(two).encode(), third]
        parts["tables/rule_set.jsonl"] = b"\n".join(lines) + b"\n"

    with pytest.raises(RuleSetDamaged, match="its content does not match its digest"):
        bring_back(store, forged(made, exchange_digests))
    assert is_empty(store)


def test_a_damaged_terminology_is_not_restored(store: Store, made: Path) -> None:
    def exchange_digests(parts: Members) -> None:
        one, two = map(json.loads, parts["tables/terminology.jsonl"].splitlines())
        one["content"] = two["content"]
        parts["tables/terminology.jsonl"] = b"".join(json.dumps(row).encode() + b"\n" for row in (one, two))

    with pytest.raises(BackupRefused, match="the content of terminology 1 does not match its digest"):
        bring_back(store, forged(made, exchange_digests))
    assert is_empty(store)


def test_a_file_that_changes_between_the_two_looks(store: Store, made: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup.zip"
    file.write_bytes(made.read_bytes())
    other = forged(made, _replace("person", b'"login":"anna"', b'"login":"evie"')).read_bytes()
    with opened(file, keyring=KEYRING) as archive:
        file.write_bytes(other)  # the same file, as its number goes, so that the open archive sees it
        with pytest.raises(ServiceError, match=r"person is not the one that was backed up|changed while it was read"):
            restore_archive(store, archive)
    assert is_empty(store)


_KILLED = """
import os, signal, sys
from pathlib import Path
from service.application import backup
from service.application.backup import opened, restore_archive
from service.storage.session import Store
from tests.keys import KEYRING

table, url, file = sys.argv[1:]
put_back = backup.backup.put_back

def and_die(session, name, of):
    rows = put_back(session, name, of)
    if name == table:
        os.kill(os.getpid(), signal.SIGKILL)
    return rows

backup.backup.put_back = and_die
with opened(Path(file), keyring=KEYRING) as archive, Store.open(url, patient=True) as store:
    restore_archive(store, archive)
"""


def test_a_restoration_that_is_killed_leaves_nothing(store: Store, database_url: str, made: Path) -> None:
    """Behind the first table, in the middle, and when everything is written but not yet verified."""
    order = queries.tables()
    for table in (order[0], order[len(order) // 2], order[-1]):
        done = subprocess.run([sys.executable, "-c", _KILLED, table, database_url, str(made)], check=False)
        assert done.returncode == -signal.SIGKILL
        assert is_empty(store)
    bring_back(store, made)
    assert verify_trail(store).entries > 0


def test_two_restorations_at_once(store: Store, made: Path) -> None:
    refused: list[Exception] = []

    def run() -> None:
        try:
            bring_back(store, made)
        except StoreNotEmpty as error:
            refused.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert verify_trail(store).bad is None
    assert verify_trail(store).entries > 0


def test_a_newer_schema_is_not_backed_up(store: Store, tmp_path: Path) -> None:
    """Columns that this version does not know would be left out without a word."""
    with store.engine.begin() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '0099'"))
    with pytest.raises(BackupRefused, match="the database schema is at 0099"):
        back_up(store, tmp_path / "backup.zip", keyring=None, now=NOON + timedelta(days=1))
    assert verbs.FORM == "magcheck-backup"
