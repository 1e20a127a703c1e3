"""Operators back up and restore with commands; what is refused is told in words, with an exit code."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from service.cli import app
from service.storage import migration
from service.storage.session import Store
from tests.integration.every_table import everything, fill
from tests.integration.postgres_server import PostgresUnavailable, fresh_database, running_postgres
from tests.keys import ANOTHER_SECRET_KEY, SECRET_KEY

DEPLOY = Path(__file__).parents[2] / "deploy"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which the packaged knowledge is rule set 1."""
    folder = tmp_path_factory.mktemp("prepared")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAGCHECK_DATA_DIR", str(folder))
        patch.setenv("MAGCHECK_SECRET_KEY", SECRET_KEY)
        assert run("db", "upgrade").exit_code == 0
    return folder


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, prepared: Path) -> None:
    for name in os.environ:
        if name.startswith("MAGCHECK_"):
            monkeypatch.delenv(name)
    shutil.copytree(prepared, tmp_path / "data")
    monkeypatch.setenv("MAGCHECK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("MAGCHECK_SECRET_KEY", SECRET_KEY)
    monkeypatch.chdir(tmp_path)


def run(*arguments: str, **environment: str) -> Result:
    result = CliRunner().invoke(app, arguments, env=environment)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_a_restored_installation_passes_its_own_tests(tmp_path: Path) -> None:
    made = run("backup", "backup.zip")
    assert made.exit_code == 0, made.stderr
    assert made.stdout.startswith("4 rows of 20 tables (entries of the audit trail: 1) are in backup.zip (")
    elsewhere = {"MAGCHECK_DATA_DIR": str(tmp_path / "elsewhere")}
    restored = run("restore", "backup.zip", **elsewhere)
    assert restored.exit_code == 0, restored.stderr
    assert "4 rows of 20 tables (entries of the audit trail: 1) were restored, as backed up at 20" in restored.stdout
    assert "Nothing shows who wrote it" not in restored.stdout
    for command in (("self-test",), ("audit", "verify"), ("db", "check")):
        here, there = run(*command), run(*command, **elsewhere)
        assert (there.exit_code, there.stderr) == (0, ""), command
        assert there.stdout == here.stdout


def test_from_sqlite_to_postgresql_and_back(tmp_path: Path) -> None:
    first = {"MAGCHECK_DATA_DIR": str(tmp_path / "first")}
    url = f"sqlite:///{tmp_path}/first/magcheck.sqlite3"
    migration.upgrade(url)
    with Store.open(url) as store:
        fill(store)
        before = everything(store)
    assert run("backup", "one.zip", **first).exit_code == 0
    try:
        with running_postgres() as server:
            second = {"MAGCHECK_DATABASE_URL": fresh_database(server)}
            assert run("restore", "one.zip", **second).exit_code == 0
            assert run("backup", "two.zip", **second).exit_code == 0
    except PostgresUnavailable as unavailable:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(unavailable))
    third = {"MAGCHECK_DATA_DIR": str(tmp_path / "third")}
    assert run("restore", "two.zip", **third).exit_code == 0
    with Store.open(f"sqlite:///{tmp_path}/third/magcheck.sqlite3") as store:
        assert everything(store) == before


def test_the_trail_is_noted_exported_and_verified(tmp_path: Path) -> None:
    assert "No checkpoint was compared: there is none yet" in run("audit", "verify").stdout
    noted = run("audit", "checkpoint")
    assert noted.exit_code == 0, noted.stderr
    kept = tmp_path / "data" / "audit-checkpoint"
    assert kept.read_text() == noted.stdout
    assert json.loads(noted.stdout)["sequence"] == 1
    Path("elsewhere").write_text(noted.stdout)
    for command in (("audit", "verify"), ("audit", "verify", "--checkpoint", "elsewhere")):
        assert "is in it (entry 1)." in run(*command).stdout
    assert "its signature was not verified" in run("audit", "verify", MAGCHECK_SECRET_KEY="").stdout
    exported = run("audit", "export", "trail.jsonl")
    assert (exported.exit_code, exported.stdout) == (0, "1 entries are in trail.jsonl.\n")
    assert run("audit", "export", "trail.jsonl").exit_code == 3
    script = [sys.executable, "-I", str(DEPLOY / "verify_audit.py"), "trail.jsonl", "--checkpoint", "elsewhere"]
    done = subprocess.run(script, capture_output=True, text=True, check=True)
    assert "1 entries, each as it was written" in done.stdout

    with closing(sqlite3.connect(tmp_path / "data" / "magcheck.sqlite3")) as connection, connection:
        connection.execute("drop trigger audit_entry_append_only_delete")
        connection.execute("delete from audit_entry")
    cut = run("audit", "verify")
    assert cut.exit_code == 1
    assert "the audit trail is not as it was noted: entries 1 to 1 are gone" in cut.stderr
    left = run("audit", "checkpoint")
    assert left.exit_code == 1
    assert "the checkpoint was left as it is: the audit trail is not as it was written: entry 1" in left.stderr
    assert kept.read_text() == noted.stdout
    kept.write_text("{}")
    assert "is no checkpoint of an audit trail" in run("audit", "verify").stderr
    assert run("audit", "checkpoint", "--replace").exit_code == 0


def test_a_full_database_is_left_alone() -> None:
    assert run("backup", "backup.zip").exit_code == 0
    result = run("restore", "backup.zip")
    assert result.exit_code == 3
    assert (
        "error: the database is not empty (audit_entry, rule_set, rule_set_activation, rule_set_signature)"
        in result.stderr
    )


def test_a_file_is_replaced_only_when_told() -> None:
    Path("backup.zip").write_text("something dear")
    result = run("backup", "backup.zip")
    assert result.exit_code == 3
    assert "backup.zip is there already" in result.stderr
    assert Path("backup.zip").read_text() == "something dear"
    assert run("backup", "backup.zip", "--force").exit_code == 0
    assert zipfile.is_zipfile("backup.zip")


def test_an_archive_of_another_installation(tmp_path: Path) -> None:
    assert run("backup", "backup.zip").exit_code == 0
    other = {"MAGCHECK_DATA_DIR": str(tmp_path / "other"), "MAGCHECK_SECRET_KEY": ANOTHER_SECRET_KEY}
    refused = run("restore", "backup.zip", **other)
    assert refused.exit_code == 1
    assert "backup.zip was not restored: its signature is not of the secret key set here" in refused.stderr
    assert not (tmp_path / "other").exists()
    taken = run("restore", "backup.zip", "--unsigned", **other)
    assert taken.exit_code == 0, taken.stderr
    assert "Nothing shows who wrote it" in taken.stdout


def test_no_archive_at_all(tmp_path: Path) -> None:
    other = {"MAGCHECK_DATA_DIR": str(tmp_path / "other")}
    Path("letter.zip").write_text("Dear colleague")
    for name, why in (("letter.zip", "no back-up of magcheck"), ("none.zip", "cannot be read: No such file")):
        result = run("restore", name, **other)
        assert result.exit_code == 1
        assert why in result.stderr
    assert not (tmp_path / "other").exists()


def test_the_folder_of_a_back_up_must_be_there() -> None:
    result = run("backup", "none/backup.zip")
    assert result.exit_code == 3
    assert "cannot be written: No such file or directory" in result.stderr
