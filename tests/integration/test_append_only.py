"""History is refused any change: by triggers to everybody, and on PostgreSQL by privileges to the service as well.

Both verifiers, the program's own and the independent script, name the same first bad entry where somebody with full
rights on the database went around that, and miss what was cut off the end where something was noted elsewhere.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from rules import compile_rule_set
from service.application import checkpoint as verbs
from service.application import rule_sets
from service.application.active import ActiveRuleSet
from service.application.audit import hash_of, record
from service.application.backup import back_up, export_trail, opened, restore_archive
from service.application.checkpoint import CheckpointKeeper, compare, read_checkpoint, renew, require_own
from service.application.keyring import Keyring
from service.errors import AuditTrailBroken, CheckpointRefused, FileRefused
from service.main import create_app
from service.settings import Settings
from service.storage import audit, migration
from service.storage.session import Store
from service.storage.tables import APPEND_ONLY, NEVER_CHANGED, Stored
from tests.integration.every_table import fill
from tests.integration.postgres_server import fresh_database
from tests.integration.small_knowledge import small_rule_set
from tests.keys import ANOTHER_SECRET_KEY, KEYRING, SECRET_KEY

DEPLOY = Path(__file__).parents[2] / "deploy"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
# Of everybody's tables, what the service may do beside adding; of all others nothing.
MAY_UPDATE = {"api_key", "draft", "person", "daily_total", "sign_in", "sign_in_attempt", "used_token"}
MAY_DELETE = {"daily_total", "sign_in", "sign_in_attempt", "used_token", *NEVER_CHANGED}


def write(store: Store, entries: int = 5, *, begin: int = 0) -> None:
    """Entries as changes leave them, two of them in the same moment."""
    for number in range(begin + 1, begin + entries + 1):
        with store.writing() as session:
            record(
                session,
                person="anna",
                action="look",
                subject=f"rule_set/{number}",
                reason=f'reason {number} ä \u2028 \\ "',
                before=None if number == 1 else {"number": number - 1},
                after={"number": number, "text": "é"},
                now=NOON + timedelta(microseconds=number // 2),
            )


# --- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_history_is_refused_any_change(filled: Store, table: str) -> None:
    """On the connection of the service. On SQLite also in the ways in which triggers could be passed."""
    columns = [column.name for column in Stored.metadata.tables[table].columns]
    some, listed = columns[-1], ", ".join(columns)
    statements = [f"update {table} set {some} = {some}", f"delete from {table}"]  # noqa: S608 - names of ours
    if filled.engine.dialect.name == "sqlite":
        statements += [
            f"insert or replace into {table} ({listed}) select {listed} from {table}",  # noqa: S608
            f"replace into {table} ({listed}) select {listed} from {table}",  # noqa: S608
            f"update or replace {table} set {some} = {some}",  # noqa: S608
        ]
    else:
        statements += [f"truncate {table} cascade", f"truncate {', '.join(APPEND_ONLY)} cascade"]
    for statement in statements:
        with pytest.raises(sa.exc.IntegrityError, match="is append-only"), filled.writing() as session:
            session.connection().execute(sa.text(statement))
        with filled.reading() as session:
            assert session.connection().scalar(sa.text(f"select count(*) from {table}"))  # noqa: S608


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A database with rows in every table, for tests that do not change it: everything they try is refused."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('filled')}/magcheck.sqlite3"
    else:
        url = fresh_database(request.getfixturevalue("postgres_server"))
    migration.upgrade(url)
    with Store.open(url) as store:
        fill(store)
        yield store


@pytest.fixture(scope="module")
def as_service(postgres_server: str) -> Iterator[Store]:
    """A PostgreSQL database with the roles of deploy/, and the service connected as its own role."""
    url = fresh_database(postgres_server)
    migration.upgrade(url)
    with Store.open(url) as owner:
        fill(owner)
    script = (DEPLOY / "postgresql-roles.sql").read_text()
    plain = sa.make_url(url).set(drivername="postgresql")
    for _ in range(2):  # again after each upgrade: it may not matter how often
        with psycopg.connect(plain.render_as_string(hide_password=False)) as connection:
            connection.execute(script.encode())
    with psycopg.connect(plain.render_as_string(hide_password=False)) as connection:
        connection.execute("alter role magcheck_service login password 'for-a-test'")
    service = sa.make_url(url).set(username="magcheck_service", password="for-a-test")
    with Store.open(service.render_as_string(hide_password=False)) as store:
        yield store


def test_the_service_works_as_its_role(as_service: Store) -> None:
    for number, title in ((4, "As the service"), (5, "Once more")):
        done = rule_sets.publish(
            as_service,
            small_rule_set(title=title),
            based_on=number - 1,
            author="anna",
            note="x",
            now=NOON,
            keyring=KEYRING,
        )
        assert done.number == number
    assert rule_sets.roll_back(as_service, 4, author="ben", note="back", now=NOON, keyring=KEYRING).number == 6
    as_service.ping()
    with as_service.writing() as session:
        for statement in (
            "update person set version = version + 1",
            "update draft set changed_at = opened_at where state = 'open'",
            "delete from sign_in_attempt",
            "delete from decision",
            "delete from kept_answer",
        ):
            session.connection().execute(sa.text(statement))
        session.rollback()


@pytest.mark.parametrize("table", sorted(Stored.metadata.tables))
def test_the_role_has_no_more_than_it_needs(as_service: Store, table: str) -> None:
    """A table that a later migration adds and the script does not name fails here."""
    with as_service.reading() as session:
        allowed = {
            name
            for name in ("select", "insert", "update", "delete", "truncate", "trigger", "references")
            if session.connection().scalar(
                sa.text("select has_table_privilege(current_user, :table, :name)"), {"table": table, "name": name}
            )
        }
    wanted = {"select", "insert"}
    wanted |= {"update"} if table in MAY_UPDATE else set()
    wanted |= {"delete"} if table in MAY_DELETE else set()
    assert allowed == wanted


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_the_role_is_refused_by_privilege(as_service: Store, table: str) -> None:
    for statement in (
        f"update {table} set {Stored.metadata.tables[table].columns.keys()[-1]} = null",  # noqa: S608
        f"delete from {table}",  # noqa: S608
        f"truncate {table} cascade",
        f"alter table {table} disable trigger all",
        f"drop table {table} cascade",
        f"drop trigger {table}_append_only on {table}",
        "create table something (number integer)",
    ):
        with pytest.raises(sa.exc.ProgrammingError, match="InsufficientPrivilege"), as_service.writing() as session:
            session.connection().execute(sa.text(statement))


# --- found ------------------------------------------------------------------------------------------------------------


def tamper(store: Store, *statements: str) -> None:
    """Change the trail as somebody with full rights on the database could: the triggers go first."""
    with store.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            for action in ("update", "delete", "replace"):
                connection.execute(sa.text(f"drop trigger if exists audit_entry_append_only_{action}"))
        else:
            connection.execute(sa.text("alter table audit_entry disable trigger user"))
        for statement in statements:
            connection.execute(sa.text(statement))


def script(*arguments: str | Path, secret: str = SECRET_KEY) -> tuple[int, str]:
    """Run the independent verifier without the project, without site packages, away from its folder."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(DEPLOY / "verify_audit.py"), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={"PATH": os.environ["PATH"], "MAGCHECK_SECRET_KEY": secret},
    )
    assert "Traceback" not in done.stderr
    return done.returncode, (done.stdout + done.stderr).strip()


def files(store: Store, folder: Path) -> list[Path]:
    """What the script may be given: an export, and with SQLite the database itself."""
    export_trail(store, folder / "trail.jsonl", replace=True)
    database = store.engine.url.database
    if store.engine.dialect.name != "sqlite":
        return [folder / "trail.jsonl"]
    return [folder / "trail.jsonl", Path(str(database).removeprefix("file://").partition("?")[0])]


def _swap(one: int, two: int) -> tuple[str, ...]:
    moves = ((one, 99), (two, one), (99, two))
    return tuple(f"update audit_entry set sequence = {new} where sequence = {old}" for old, new in moves)  # noqa: S608


_ONE_MORE = (
    "insert into audit_entry select 5, at, person, action, subject, 'more', before, after, hash, repeated "  # noqa: S608 - a constant
    f"from audit_entry, (select '{'f' * 64}' as repeated) as other where sequence = 4"
)
CHANGES = {
    "a field of the person": (("update audit_entry set person = 'eve' where sequence = 3",), 3, "match its hash"),
    "the moment": (
        ("update audit_entry set at = '2026-11-22 12:00:00.000009' where sequence = 2",),
        2,
        "match its hash",
    ),
    "the action": (("update audit_entry set action = 'publish' where sequence = 1",), 1, "match its hash"),
    "the subject": (("update audit_entry set subject = 'rule_set/9' where sequence = 4",), 4, "match its hash"),
    "the reason": (("update audit_entry set reason = reason || ' ' where sequence = 2",), 2, "match its hash"),
    "what was before": (("update audit_entry set before = null where sequence = 3",), 3, "match its hash"),
    "what was after": (("update audit_entry set after = '{}' where sequence = 5",), 5, "match its hash"),
    "the chain": (("update audit_entry set previous_hash = hash where sequence = 4",), 4, "not chained"),
    "its own hash": (("update audit_entry set hash = previous_hash where sequence = 1",), 1, "match its hash"),
    "one gone": (("delete from audit_entry where sequence = 3",), 4, "entry 3 is missing"),
    "the first gone": (("delete from audit_entry where sequence = 1",), 2, "entry 1 is missing"),
    "a gap closed": (
        (
            "delete from audit_entry where sequence = 3",
            "update audit_entry set sequence = 3 where sequence = 4",
            "update audit_entry set sequence = 4 where sequence = 5",
        ),
        3,
        "not chained",
    ),
    "two exchanged": (_swap(2, 3), 2, "not chained"),
    "one more": (
        (
            "update audit_entry set sequence = 6 where sequence = 5",
            _ONE_MORE,
        ),
        5,
        "match its hash",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_both_verifiers_name_the_first_bad_entry(store: Store, tmp_path: Path, change: str) -> None:
    write(store)
    for file in files(store, tmp_path):
        assert script(file)[0] == 0
    statements, bad, why = CHANGES[change]
    tamper(store, *statements)
    found = compare(store, None).trail
    assert (found.bad, why in str(found.why)) == (bad, True)
    for file in files(store, tmp_path):
        code, told = script(file)
        assert code == 1
        assert told == f"entry {bad} is not as it was written: {found.why}"


def test_both_verifiers_miss_what_was_cut_off(store: Store, tmp_path: Path) -> None:
    write(store)
    noted = renew(store, tmp_path / "checkpoint", KEYRING, now=NOON)
    tamper(store, "delete from audit_entry where sequence >= 4")
    assert compare(store, None).trail.bad is None, "the chain alone cannot tell"
    assert (
        compare(store, noted).missing
        == f"entries 4 to 5 are gone: the trail was noted at {noted.noted_at} to have them"
    )
    for file in files(store, tmp_path):
        assert script(file)[0] == 0
        code, told = script(file, "--checkpoint", tmp_path / "checkpoint")
        assert code == 1
        assert told.startswith("entries 4 to 5 are gone")
        assert script(file, "--anchor", noted.hash)[0] == 1
    write(store, 2, begin=10)  # as many as were cut: the number alone must not be enough
    assert "entry 5 is another than was noted" in str(compare(store, noted).missing)
    for file in files(store, tmp_path):
        code, told = script(file, "--checkpoint", tmp_path / "checkpoint")
        assert (code, "entry 5 is another than was noted" in told) == (1, True)


def test_a_last_entry_rewritten_with_a_right_hash(store: Store, tmp_path: Path) -> None:
    """By somebody who knows how hashes are made: nothing behind it tells, only what was noted."""
    write(store)
    noted = renew(store, tmp_path / "checkpoint", KEYRING, now=NOON)
    with store.reading() as session:
        last = audit.last(session)
    assert last is not None
    last.person = "eve"
    tamper(store, f"update audit_entry set person = 'eve', hash = '{hash_of(last)}' where sequence = 5")  # noqa: S608
    assert compare(store, None).trail.bad is None
    assert "entry 5 is another than was noted" in str(compare(store, noted).missing)
    for file in files(store, tmp_path):
        assert script(file)[0] == 0
        assert script(file, "--checkpoint", tmp_path / "checkpoint")[0] == 1


# --- checkpoints ------------------------------------------------------------------------------------------------------


def test_a_checkpoint_moves_forward_only(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "checkpoint"
    assert read_checkpoint(file) is None
    assert renew(store, file, KEYRING, now=NOON).sequence == 0
    write(store, 3)
    third = renew(store, file, KEYRING, now=NOON)
    assert (third.sequence, read_checkpoint(file)) == (3, third)
    assert renew(store, file, KEYRING, now=NOON + timedelta(days=1)) == third, "nothing happened since"
    assert file.stat().st_mode & 0o777 == 0o600
    tamper(store, "delete from audit_entry where sequence = 3")
    with pytest.raises(AuditTrailBroken, match="entry 3 and what else was noted behind the last one are gone"):
        renew(store, file, KEYRING, now=NOON)
    write(store, 4, begin=20)
    with pytest.raises(AuditTrailBroken, match="entry 3 is another than was noted"):
        renew(store, file, KEYRING, now=NOON)
    assert read_checkpoint(file) == third
    assert renew(store, file, KEYRING, now=NOON, replace=True).sequence == 6


def test_nothing_bad_is_noted(store: Store, tmp_path: Path) -> None:
    """What came since the last checkpoint is looked at before it is signed."""
    file = tmp_path / "checkpoint"
    write(store, 2)
    second = renew(store, file, KEYRING, now=NOON)
    write(store, 3, begin=2)
    tamper(store, "update audit_entry set person = 'eve' where sequence = 4")
    with pytest.raises(AuditTrailBroken, match="entry 4: its content does not match its hash"):
        renew(store, file, KEYRING, now=NOON)
    assert read_checkpoint(file) == second


def test_a_checkpoint_of_somebody_else(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "checkpoint"
    write(store)
    mine = renew(store, file, KEYRING, now=NOON)
    eve = renew(store, tmp_path / "eve", Keyring(ANOTHER_SECRET_KEY.encode()), now=NOON)
    earlier = mine.model_copy(update={"sequence": 4})
    for foreign in (eve, earlier, mine.model_copy(update={"key_id": eve.key_id})):
        with pytest.raises(CheckpointRefused, match="does not bear the signature"):
            require_own(foreign, KEYRING)
        file.write_bytes(foreign.line())
        with pytest.raises(CheckpointRefused, match="does not bear the signature"):
            renew(store, file, KEYRING, now=NOON)
        assert file.read_bytes() == foreign.line(), "what is doubtful is kept to be looked at"
    changed = Keyring(ANOTHER_SECRET_KEY.encode(), SECRET_KEY.encode())
    require_own(mine, changed)  # after a change of the secret
    for content in (b"", b"{}", b"no json", mine.line().replace(b"/1", b"/2"), mine.line() * 2):
        file.write_bytes(content)
        with pytest.raises(CheckpointRefused, match="is no checkpoint"):
            read_checkpoint(file)
    export_trail(store, tmp_path / "trail.jsonl")
    (tmp_path / "mine").write_bytes(mine.line())
    (tmp_path / "earlier").write_bytes(earlier.line())
    trail = tmp_path / "trail.jsonl"
    assert script(trail, "--checkpoint", tmp_path / "mine")[0] == 0
    for name in ("eve", "earlier"):
        code, told = script(trail, "--checkpoint", tmp_path / name)
        assert (code, told) == (1, "the checkpoint does not bear the signature of this MAGCHECK_SECRET_KEY")
    assert (
        "signature of the checkpoint was not verified" in script(trail, "--checkpoint", tmp_path / "mine", secret="")[1]
    )


def test_the_service_notes_changes_by_itself(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "checkpoint"
    told: list[bool] = []
    keeper = CheckpointKeeper(store, file, KEYRING, now=lambda: NOON, tell=told.append)
    keeper.look()
    write(store, 2)
    keeper.look()
    keeper.look()
    assert (read_checkpoint(file) or pytest.fail("none")).sequence == 2
    tamper(store, "delete from audit_entry where sequence = 2")
    keeper.look()
    assert "entry 2 and what else was noted" in str(keeper.fault)
    assert told == [True, True, True, False]
    assert (read_checkpoint(file) or pytest.fail("none")).sequence == 2
    store.close()


def test_the_service_goes_on_where_nothing_can_be_noted(store: Store, tmp_path: Path) -> None:
    write(store, 1)
    (tmp_path / "none").write_text("a file where the folder should be")
    told: list[bool] = []
    keeper = CheckpointKeeper(store, tmp_path / "none" / "checkpoint", KEYRING, now=lambda: NOON, tell=told.append)
    keeper.look()
    assert "cannot be read: Not a directory" in str(keeper.fault)
    with TestClient(
        create_app(Settings(), ActiveRuleSet(compile_rule_set(small_rule_set(), version=1)), keeper=keeper)
    ) as client:
        ready = client.get("/health/ready").json()
        assert (ready["status"], len(ready["reasons"])) == ("degraded", 1)
        assert "audit verify" in ready["reasons"][0]
        assert str(tmp_path) not in ready["reasons"][0]
        (tmp_path / "none").unlink()
        keeper.look()
        assert client.get("/health/ready").json()["status"] == "ready"
    assert keeper.fault is None
    assert set(told) == {False, True}
    assert (tmp_path / "none").stat().st_mode & 0o777 == 0o700


def test_a_database_that_is_away_is_no_fault_of_the_trail(tmp_path: Path) -> None:
    told: list[bool] = []
    away = Store.open(f"sqlite:///{tmp_path}/none.sqlite3")
    keeper = CheckpointKeeper(away, tmp_path / "checkpoint", KEYRING, now=lambda: NOON, tell=told.append)
    keeper.look()
    assert (keeper.fault, told, list(tmp_path.iterdir())) == (None, [], [])


def test_a_restored_trail_shows_what_it_lacks(store: Store, tmp_path: Path) -> None:
    """Until somebody says that the back-up is what counts now."""
    file = tmp_path / "checkpoint"
    write(store, 2)
    back_up(store, tmp_path / "backup.zip", keyring=KEYRING, now=NOON)
    write(store, 2, begin=2)
    noted = renew(store, file, KEYRING, now=NOON)
    url = f"sqlite:///{tmp_path}/restored.sqlite3"
    migration.upgrade(url)
    with Store.open(url) as restored:
        with opened(tmp_path / "backup.zip", keyring=KEYRING) as archive:
            restore_archive(restored, archive)
        assert "entries 3 to 4 are gone" in str(compare(restored, noted).missing)
        with pytest.raises(AuditTrailBroken):
            renew(restored, file, KEYRING, now=NOON)
        assert renew(restored, file, KEYRING, now=NOON, replace=True).sequence == 2


def test_an_export_takes_the_place_of_nothing(store: Store, tmp_path: Path) -> None:
    (tmp_path / "trail").write_text("something dear")
    with pytest.raises(FileRefused, match="is there already"):
        export_trail(store, tmp_path / "trail")
    assert verbs.CHECKPOINT_FILE == "audit-checkpoint"


@pytest.mark.parametrize("content", ["", "{}\n", "no json\n", "[1, 2]\n"])
def test_the_script_says_what_it_cannot_look_at(tmp_path: Path, content: str) -> None:
    (tmp_path / "file").write_text(content)
    code, told = script(tmp_path / "file")
    if not content:
        assert (code, told.partition(",")[0]) == (0, "0 entries")
    else:
        assert (code, told.startswith("it could not be looked at")) == (2, True)
    assert script(tmp_path / "none")[0] == 2
