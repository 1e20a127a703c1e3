"""`magcheck import-rxnorm` as the person who runs the database meets it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from rules.profile import MedicationItem
from rules.rrf import CONCEPTS
from service.application.active import ActiveRuleSet, utc_now
from service.application.checks import Checks
from service.application.rule_sets import seed_baseline
from service.cli import app
from service.storage import migration
from service.storage.session import Store
from service.telemetry import Metrics
from tests.integration.small_knowledge import small_rule_set
from tests.keys import KEYRING, SECRET_KEY
from tests.releases import NAME, Rows, concept, write_zip


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith("MAGCHECK_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MAGCHECK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("MAGCHECK_SECRET_KEY", SECRET_KEY)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def database(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'data' / 'magcheck.sqlite3'}"
    migration.upgrade(url)
    with Store.open(url) as store:
        seed_baseline(store, small_rule_set(), keyring=KEYRING, now=utc_now(), note="for a test")
    return url


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(app, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_import_twice_and_go_back(database: str, tmp_path: Path) -> None:
    write_zip(tmp_path, Rows().members())
    first = run("import-rxnorm", NAME)
    assert (first.exit_code, first.stderr) == (0, "")
    assert first.stdout.startswith(
        "RxNorm prescribable 2025-10-06 was imported as terminology 1 and is in use (digest "
    )
    again = run("import-rxnorm", NAME, "--release", "another name")
    assert again.stdout == (
        "Nothing has changed: this content is in use as terminology 1 (RxNorm prescribable 2025-10-06).\n"
    )
    rows = Rows()
    rows.concepts.append(concept(900, "IN", "another"))
    write_zip(tmp_path, rows.members(), "next.zip")
    assert run("import-rxnorm", "next.zip", "--release", " 2025-11-03 ").stdout.startswith("2025-11-03 was imported as")
    back = run("import-rxnorm", NAME)
    assert back.stdout == (
        "This content was imported before, as terminology 1 (RxNorm prescribable 2025-10-06); it is in use again.\n"
    )
    assert "2 terminologies, all as imported; RxNorm prescribable 2025-10-06 is in use." in run("db", "check").stdout

    active = ActiveRuleSet()
    with Store.open(database) as store:
        active.load(store, KEYRING)
    answer = Checks(active, Metrics()).resolve([MedicationItem(id="m1", text="Zestril 20 mg")])
    assert answer["terminology"] == active.state.terminology
    assert answer["medications"][0]["state"] == "no_magnesium_relevance"


@pytest.mark.usefixtures("database")
def test_without_an_import_the_check_of_the_database_says_so() -> None:
    assert "No terminology is imported." in run("db", "check").stdout


@pytest.mark.usefixtures("database")
def test_package_codes_that_are_none_are_told(tmp_path: Path) -> None:
    rows = Rows()
    rows.attributes.append(rows.attributes[0].replace("00093500456", "12345"))
    write_zip(tmp_path, rows.members())
    result = run("import-rxnorm", NAME)
    assert (result.exit_code, "warning: 1 package codes were left out: they are no NDC" in result.stderr) == (0, True)


@pytest.mark.usefixtures("database")
def test_a_damaged_file_changes_nothing(tmp_path: Path) -> None:
    write_zip(tmp_path, {**Rows().members(), f"rrf/{CONCEPTS}": "1|ENG|\n"})
    result = run("import-rxnorm", NAME)
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"error: {NAME} was not imported, and nothing has changed.\n" in result.stderr
    assert "RXNCONSO.RRF, line 1: 2 columns instead of 18; the file is cut short" in result.stderr
    assert "No terminology is imported." in run("db", "check").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["rxnorm.zip"], 2, "the name rxnorm.zip holds no date of a release; name it with --release"),
        ([NAME, "--release", " "], 2, "--release has 1 to 100 printable characters"),
        ([NAME, "--release", "x" * 101], 2, "--release has 1 to 100 printable characters"),
        ([NAME, "--release", "a\tb"], 2, "--release has 1 to 100 printable characters"),
        ([], 2, "Missing argument"),
        ([NAME], 3, "there is no database yet; run `magcheck db upgrade`"),
    ],
)
def test_what_is_not_ready(arguments: list[str], code: int, said: str) -> None:
    result = run("import-rxnorm", *arguments)
    assert result.exit_code == code
    assert said in result.stderr


@pytest.mark.usefixtures("database")
def test_a_missing_file() -> None:
    result = run("import-rxnorm", NAME)
    assert result.exit_code == 1
    assert f"{NAME}: it cannot be read (No such file or directory)" in result.stderr


@pytest.mark.usefixtures("database")
def test_the_bar_is_for_terminals_only(tmp_path: Path) -> None:
    write_zip(tmp_path, Rows().members())
    command = [sys.executable, "-m", "service.cli", "import-rxnorm", NAME]
    quiet = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (quiet.stderr, quiet.stdout.count("\n")) == ("", 1)
    controller, terminal = os.openpty()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=terminal, env={**os.environ, "TERM": "xterm"}
    ) as shown:
        os.close(terminal)
        seen = b""
        while True:
            try:
                piece = os.read(controller, 4096)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            seen += piece
        assert shown.stdout is not None
        assert b"Nothing has changed" in shown.stdout.read()
    os.close(controller)
    assert b"Reading" in seen
    assert b"100 %" in seen


def test_a_running_check_of_the_package_knows_no_terminology(tmp_path: Path) -> None:
    """`magcheck check` answers without a database, so it says that there is none."""
    (tmp_path / "list.json").write_text('{"medications": []}')
    report = json.loads(run("check", "list.json", "--json").stdout)
    assert report["terminology"] is None
