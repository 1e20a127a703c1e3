"""Databases and the server, started by the real command."""

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from service.application.rule_sets import seed_baseline
from service.cli import app
from service.storage import migration
from service.storage.session import Store
from tests.integration.postgres_server import PostgresUnavailable, find_bindir, fresh_database, running_postgres
from tests.integration.small_knowledge import small_rule_set
from tests.keys import KEYRING, SECRET_KEY

MAGCHECK = [sys.executable, "-m", "service.cli"]
START_SECONDS = 120.0  # a few seconds, unless the machine does much else
# What only other commands need; a serving process that loads it pays for it in memory and in time to start.
# (uvicorn itself imports click.)
NOT_WHILE_SERVING = (
    "alembic",
    "migrations",
    "mako",
    "typer",
    "rich",
    "yaml",
    "numpy",
    "pyarrow",
    "polars",
    "joserfc",
    "authlib",
    "httpx2",
    "cryptography",
)


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith("MAGCHECK_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MAGCHECK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("MAGCHECK_SECRET_KEY", SECRET_KEY)


@pytest.fixture(scope="module")
def seeded_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("seeded") / "data"
    result = magcheck("db", "upgrade", MAGCHECK_DATA_DIR=str(folder), MAGCHECK_SECRET_KEY=SECRET_KEY)
    assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture
def seeded(seeded_once: Path, tmp_path: Path) -> Path:
    """The data folder of this test with a database that is ready."""
    shutil.copytree(seeded_once, tmp_path / "data")
    return tmp_path / "data"


def magcheck(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*MAGCHECK, *arguments], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


def at_hand(*arguments: str, **environment: str) -> Result:
    """The same command in this process: for what ends before it starts anything, which is most of what goes wrong."""
    # Named here, so that what `serve` passes on in the environment is gone afterwards.
    passed_on = {"MAGCHECK_HOST": None, "MAGCHECK_PORT": None, "MAGCHECK_ENVIRONMENT": None}
    result = CliRunner().invoke(app, arguments, env={**passed_on, **environment})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port: int = server.getsockname()[1]
        return port


@contextmanager
def serving(*arguments: str, **environment: str) -> Generator[tuple[subprocess.Popen[str], int]]:
    port = free_port()
    process = subprocess.Popen(
        [*MAGCHECK, "serve", "--port", str(port), *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _wait_until_ready(process, port)
        yield process, port
    finally:
        process.kill()
        process.communicate()


def _wait_until_ready(process: subprocess.Popen[str], port: int) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            pytest.fail(f"the server ended with {process.returncode}: {process.communicate()}")
        try:
            get(port, "/health/ready")
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
        else:
            return
    pytest.fail("the server did not become ready")


def get(port: int, path: str) -> dict[str, object]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        found: dict[str, object] = json.load(answer)
        return found


def new_key() -> str:
    result = at_hand("access", "keys", "create", "a pharmacy", "--reason", "to check lists")
    assert result.exit_code == 0, result.stderr
    return result.stdout.strip()


def post(port: int, body: str, key: str) -> dict[str, object]:
    headers = {"Content-Type": "application/json", "X-API-Key": key}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/checks", body.encode(), headers)
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - our own server
        found: dict[str, object] = json.load(answer)
        return found


# --- the database -----------------------------------------------------------------------------------------------------


def test_upgrade_and_check(tmp_path: Path) -> None:
    before = at_hand("db", "check")
    assert (before.exit_code, before.stdout) == (3, "")
    assert "error: there is no database yet; run `magcheck db upgrade`" in before.stderr
    assert not (tmp_path / "data").exists()

    first = magcheck("db", "upgrade")
    assert first.returncode == 0, first.stderr
    schema, published, answers = first.stdout.splitlines()
    assert re.fullmatch(r"The schema is at \d{4}\.", schema)
    assert published == "The packaged knowledge was published."
    assert re.fullmatch(r"Rule set 1 answers \(digest [0-9a-f]{64}\)\.", answers)
    again = magcheck("db", "upgrade", "--publish-baseline")
    assert again.returncode == 0, again.stderr
    assert again.stdout.splitlines() == [schema, answers]

    after = at_hand("db", "check")
    assert (after.exit_code, after.stderr) == (0, "")
    assert after.stdout.startswith("*    1  ")
    assert "1 rule set(s), all as published; 1 answers." in after.stdout


def test_new_packaged_knowledge_does_not_answer_by_itself(tmp_path: Path) -> None:
    """A new image must not change what a hospital is told without somebody asking for it."""
    url = f"sqlite:///{tmp_path}/data/magcheck.sqlite3"
    migration.upgrade(url)
    with Store.open(url) as store:
        seed_baseline(store, small_rule_set(), keyring=KEYRING, now=datetime.now(UTC), note="of an earlier version")
    result = at_hand("db", "upgrade")
    assert result.exit_code == 0, result.stderr
    assert "`magcheck db upgrade --publish-baseline` publishes it" in result.stdout
    assert "Rule set 1 answers" in result.stdout
    result = at_hand("db", "upgrade", "--publish-baseline")
    assert result.exit_code == 0, result.stderr
    assert "Rule set 2 answers" in result.stdout
    assert re.search(r"^     1 .*of an earlier version\n", at_hand("db", "check").stdout, re.MULTILINE)


def test_what_was_published_before_there_were_signatures_is_signed_by_the_upgrade(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/data/magcheck.sqlite3"
    migration.upgrade(url)
    with Store.open(url) as store:
        seed_baseline(store, small_rule_set(), keyring=KEYRING, now=datetime.now(UTC), note="of an earlier version")
    migration.downgrade(url, "0003")
    asked = at_hand("db", "upgrade", MAGCHECK_SECRET_KEY="")
    assert asked.exit_code == 3
    assert "MAGCHECK_SECRET_KEY: missing" in asked.stderr
    assert migration.revision(url) == "0003"  # asked for before anything is changed
    result = at_hand("db", "upgrade")
    assert result.exit_code == 0, result.stderr
    assert "Signed rule set(s) 1.\n" in result.stdout
    assert at_hand("db", "check").exit_code == 0
    assert "Signed" not in at_hand("db", "upgrade", MAGCHECK_SECRET_KEY="").stdout  # nothing to sign, nothing asked


def test_what_is_not_signed_later_on_is_signed_by_a_person_only(seeded: Path) -> None:
    with closing(sqlite3.connect(seeded / "magcheck.sqlite3")) as connection, connection:
        connection.execute("drop trigger rule_set_signature_append_only_delete")
        connection.execute("delete from rule_set_signature")
    assert at_hand("db", "upgrade").exit_code == 0
    for command in (("db", "check"), ("serve",), ("self-test",)):
        result = at_hand(*command)
        assert result.exit_code == 3
        assert "error: rule set 1 is refused: it is not signed; `magcheck rule-sets sign`" in result.stderr
    unlooked = at_hand("db", "check", MAGCHECK_SECRET_KEY="")
    assert unlooked.exit_code == 0
    assert "Whether it is signed was not looked at" in unlooked.stdout
    signed = at_hand("rule-sets", "sign", "--author", "anna", "--reason", "the row was lost")
    assert (signed.exit_code, signed.stdout) == (0, "Signed rule set(s) 1.\n")
    assert at_hand("db", "check").exit_code == 0
    again = at_hand("rule-sets", "sign", "--author", "anna", "--reason", "once more")
    assert (again.exit_code, again.stdout) == (0, "Every rule set is signed with the current key already.\n")
    assert "anna  sign  rule_set/1" in at_hand("audit", "show").stdout


def test_a_damaged_rule_set_is_named(seeded: Path) -> None:
    with closing(sqlite3.connect(seeded / "magcheck.sqlite3")) as connection, connection:
        connection.execute("drop trigger rule_set_append_only_update")
        connection.execute("update rule_set set content = cast(content || x'00' as blob)")
    for command in (("db", "check"), ("serve",)):
        result = at_hand(*command)
        assert result.exit_code == 3
        assert "error: rule set 1 is refused: its content is" in result.stderr


def test_a_schema_without_a_rule_set(tmp_path: Path) -> None:
    migration.upgrade(f"sqlite:///{tmp_path}/data/magcheck.sqlite3")
    for command in (("db", "check"), ("serve",)):
        result = at_hand(*command)
        assert result.exit_code == 3
        assert "error: no rule set is published; run `magcheck db upgrade`" in result.stderr


def test_a_database_that_is_away() -> None:
    url = f"postgresql://somebody:secret@127.0.0.1:{free_port()}/none"
    for command in (("db", "upgrade"), ("db", "check"), ("serve",)):
        result = at_hand(*command, MAGCHECK_DATABASE_URL=url)
        assert result.exit_code == 3
        assert "error: the database cannot be reached" in result.stderr
        assert "refused" in result.stderr  # why, in the driver's words
        assert "secret" not in result.stderr


def test_wrong_settings_and_slips_of_the_pen() -> None:
    result = at_hand("db", "check", MAGCHECK_PORT="many", MAGCHECK_HOST="")
    assert result.exit_code == 3
    assert "MAGCHECK_PORT: " in result.stderr
    assert "MAGCHECK_HOST: " in result.stderr
    assert "warning: MAGCHECK_PROT is no setting" in at_hand("db", "check", MAGCHECK_PROT="8000").stderr


# --- the server -------------------------------------------------------------------------------------------------------


def test_serve_needs_a_database(tmp_path: Path) -> None:
    result = at_hand("serve")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "run `magcheck db upgrade`" in result.stderr
    assert not (tmp_path / "data").exists()


def test_serve_needs_a_secret(seeded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAGCHECK_SECRET_KEY")
    result = at_hand("serve")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "MAGCHECK_SECRET_KEY: missing" in result.stderr
    sample = at_hand("serve", MAGCHECK_SECRET_KEY="this-is-a-secret-key-you-should-change")
    assert sample.exit_code == 3
    assert "MAGCHECK_SECRET_KEY: not a secret but a sample" in sample.stderr
    assert "you-should-change" not in sample.stderr
    assert [file.name for file in seeded.iterdir() if "secret" in file.name] == []


def test_a_start_without_the_database_answers_from_what_was_good(seeded: Path) -> None:
    question = '{"medications": [{"id": "m1", "text": "furosemide"}], "as_of": "2026-11-22"}'
    key = new_key()
    with serving() as (_, port):
        before = post(port, question, key)
        assert (seeded / "last-known-good").exists()
    (seeded / "magcheck.sqlite3").rename(seeded / "elsewhere")
    with serving() as (process, port):
        answer = post(port, question, key)
        readiness = get(port, "/health/ready")
        (seeded / "elsewhere").rename(seeded / "magcheck.sqlite3")
        end = time.monotonic() + 10
        while get(port, "/health/ready")["status"] != "ready":
            assert time.monotonic() < end
            time.sleep(0.1)
        healed = post(port, question, key)
        process.send_signal(signal.SIGTERM)
        err = process.communicate(timeout=60)[1]
    assert "warning: starting from rule set 1, kept on disk and confirmed by the database at" in err
    assert isinstance(answer["degraded"], dict)
    assert answer["degraded"]["source"] == readiness["source"] == "last_known_good"
    for one in (before, answer, healed):
        del one["check_id"]
    assert before.pop("degraded") is healed["degraded"] is None
    del answer["degraded"], healed["degraded"]
    assert before == answer == healed


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.org"])  # noqa: S104 - refused is the point
def test_development_is_for_this_machine_only(host: str, tmp_path: Path) -> None:
    result = at_hand("serve", "--dev", "--host", host)
    assert result.exit_code == 2
    assert "--dev listens on this machine only" in result.stderr
    assert not (tmp_path / "data").exists()


def test_serve_dev_from_nothing() -> None:
    with serving("--dev") as (process, port):
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode in {0, -signal.SIGTERM}
    assert f"http://127.0.0.1:{port}/docs" in out
    assert not any(line.startswith("{") for line in err.splitlines())
    assert "Traceback" not in err
    command = re.search(
        r"curl -s http://127.0.0.1:(\d+)/v1/checks .* -d '(\{.*\})'", out.replace("\\\n", ""), re.DOTALL
    )
    assert command is not None
    assert int(command[1]) == port
    assert check_by_hand(command[2])["highest_severity"] == "major"


def check_by_hand(question: str) -> dict[str, Any]:
    result = subprocess.run(
        [*MAGCHECK, "check", "-", "--json"], input=question, capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.mark.usefixtures("seeded")
def test_production_logs_json_and_holds_no_command_line(tmp_path: Path) -> None:
    spy = tmp_path / "spy"
    spy.mkdir()
    # Python imports this by itself; asked by a signal, it writes down what the serving process has loaded.
    (spy / "sitecustomize.py").write_text(
        "import pathlib, signal, sys\n"
        f"file = pathlib.Path({str(tmp_path / 'loaded')!r})\n"
        "tell = lambda *_: file.write_text('\\n'.join([sys.argv[0], *sys.modules]))\n"
        "signal.signal(signal.SIGUSR1, tell)\n"
    )
    key = new_key()
    with serving(PYTHONPATH=str(spy)) as (process, port):
        assert get(port, "/health/ready")["status"] == "ready"
        post(port, '{"medications": [{"id": "m1", "text": "Jane Doe 1950"}]}', key)
        process.send_signal(signal.SIGUSR1)
        get(port, "/health/live")  # Python looks for signals between two steps of its own
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert out == ""
    lines = [json.loads(line) for line in err.splitlines()]
    assert {"rule_set_loaded"} <= {line["event"] for line in lines}
    assert (
        json.loads((tmp_path / "data" / "audit-checkpoint").read_text())["sequence"] == 2
    )  # the rule set, and the key
    assert "Jane" not in err
    assert key not in err
    program, *loaded = (tmp_path / "loaded").read_text().splitlines()
    assert program.endswith("service/main.py")
    assert {"fastapi", "rules.engine", "sqlalchemy"} <= set(loaded)
    assert [name for name in loaded if name.partition(".")[0] in NOT_WHILE_SERVING or name == "service.cli"] == []


@pytest.fixture
def postgresql_url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    try:
        find_bindir()
    except PostgresUnavailable as unavailable:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(unavailable))
    with running_postgres() as server:
        url = fresh_database(server).replace("postgresql+psycopg", "postgresql")
        monkeypatch.setenv("MAGCHECK_DATABASE_URL", url)
        yield url


def test_serve_on_postgresql(postgresql_url: str) -> None:
    del postgresql_url
    assert at_hand("db", "upgrade").exit_code == 0
    assert at_hand("db", "check").exit_code == 0
    key = new_key()
    with serving() as (_, port):
        answer = post(port, '{"medications": [{"id": "m1", "text": "furosemide"}], "as_of": "2026-11-22"}', key)
    report = check_by_hand('{"medications": [{"id": "m1", "text": "furosemide"}], "as_of": "2026-11-22"}')
    # The same answer through both doors; only the rule set's number and the answer's id are the service's own.
    del answer["check_id"]
    assert answer.pop("degraded") is None
    assert answer["rule_set"] == {"version": 1, "digest": report["rule_set"]["digest"]}
    answer["rule_set"] = report["rule_set"]
    assert answer == report


# --- the contract -----------------------------------------------------------------------------------------------------


def test_openapi(tmp_path: Path) -> None:
    printed = magcheck("openapi", MAGCHECK_EXPOSE_DOCS="false", MAGCHECK_PORT="nonsense")
    assert printed.returncode == 0, printed.stderr
    document = json.loads(printed.stdout)
    assert "/v1/checks" in document["paths"]
    assert "/docs" in document["paths"] or "/health/live" in document["paths"]

    file = tmp_path / "openapi.json"
    assert magcheck("openapi", "--output", str(file)).returncode == 0
    assert file.read_text() == printed.stdout
    assert magcheck("openapi", "--check", str(file)).returncode == 0
    file.write_text(printed.stdout.replace("magcheck", "magchek", 1))
    differs = magcheck("openapi", "--check", str(file))
    assert differs.returncode == 1
    assert "differs from the code; write it anew with `magcheck openapi --output" in differs.stderr
