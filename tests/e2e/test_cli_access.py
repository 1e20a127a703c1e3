"""Names and reasons typed on the command line are read by others, in pages and in the audit trail, as they are."""

import os
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from service.cli import app
from service.settings import Settings
from service.storage import migration
from tests.keys import SECRET_KEY

PASSWORD = "three herons at the weir\n"
LINE = "takes 1 to 120 characters, all on one line"
REASON = "--reason takes 1 to 2000 characters, all on one line"
SEEN = "has a character that is not shown, or turns the direction of text (U+202E, character 3): leave it out"
# Persian, with the joiner that its writing needs.
PHARMACY = "\u062f\u0627\u0631\u0648\u062e\u0627\u0646\u0647\u200c\u06cc \u0645\u0627"
TURNED = "an\u202ena"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a database that holds nothing."""
    folder = tmp_path_factory.mktemp("prepared")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAGCHECK_DATA_DIR", str(folder))
        migration.upgrade(Settings.from_environment().database_url.get_secret_value())
    return folder


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, prepared: Path) -> None:
    for name in os.environ:
        if name.startswith("MAGCHECK_"):
            monkeypatch.delenv(name)
    shutil.copytree(prepared, tmp_path / "data")
    monkeypatch.setenv("MAGCHECK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("MAGCHECK_SECRET_KEY", SECRET_KEY)


def access(*arguments: str) -> Result:
    result = CliRunner().invoke(app, ["access", *arguments], input=PASSWORD)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (TURNED, f"--name {SEEN}"),
        ("", f"--name {LINE}"),
        (" \t ", f"--name {LINE}"),
        ("a\nb", f"--name {LINE}"),
        ("a\udcffb", f"--name {LINE}"),
        ("x" * 121, f"--name {LINE}"),
        ("\u200d", "--name must not be empty"),
    ],
)
def test_name_of_an_administrator_that_is_refused(name: str, said: str) -> None:
    result = access("create-administrator", "anna", "--name", name, "--password-stdin")
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"error: {said}\n" in result.stderr
    assert access("people", "list").stdout == ""


@pytest.mark.parametrize(("name", "shown"), [(["--name", " Zoë O\u2019Neil "], "Zoë O\u2019Neil"), ([], "anna")])
def test_name_of_an_administrator(name: list[str], shown: str) -> None:
    assert access("create-administrator", "anna", *name, "--password-stdin").exit_code == 0
    assert f"  anna  {shown}  password  administrator" in access("people", "list").stdout


@pytest.mark.parametrize(
    ("name", "reason", "said"),
    [
        (TURNED, "for a test", f"the name of the key {SEEN}"),
        (" ", "for a test", f"the name of the key {LINE}"),
        ("a pharmacy", TURNED, f"--reason {SEEN}"),
        ("a pharmacy", "two\nlines", REASON),
        ("a pharmacy", "x" * 2001, REASON),
    ],
)
def test_key_that_is_refused(name: str, reason: str, said: str) -> None:
    result = access("keys", "create", name, "--reason", reason)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"error: {said}\n" in result.stderr
    assert access("keys", "list").stdout == ""


def test_key_of_a_system_with_a_name_in_any_script() -> None:
    assert access("keys", "create", f" {PHARMACY} ", "--reason", PHARMACY).exit_code == 0
    assert f"  {PHARMACY}  client  " in access("keys", "list").stdout
