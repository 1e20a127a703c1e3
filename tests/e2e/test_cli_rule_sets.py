"""Operators publish from files through the gate, roll back, and see in the audit trail who did what."""

import os
import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import rules
from rules.canonical import digest
from rules.impact import Impact, InteractionImpact
from rules.load import read_folder
from rules.verify import CaseFailure
from service.application.gate_report import GateReport
from service.cli import app, rule_sets
from service.settings import Settings
from service.storage import migration
from tests.integration.small_knowledge import write_small_knowledge
from tests.keys import SECRET_KEY

WHO = ("--author", "anna", "--reason", "for a test")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which the packaged knowledge is rule set 1."""
    folder = tmp_path_factory.mktemp("prepared")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAGCHECK_DATA_DIR", str(folder))
        patch.setenv("MAGCHECK_SECRET_KEY", SECRET_KEY)
        run("db", "upgrade")
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


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(app, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def packaged() -> str:
    return str(Path(rules.__file__).parent / "knowledge")


def test_what_answers_is_not_published_twice() -> None:
    result = run("rule-sets", "publish", packaged(), *WHO)
    assert result.exit_code == 0, result.output
    assert "Rule set 1 answers already with this content" in result.stdout


def test_files_that_answer_nearly_everything_otherwise_do_not_pass_the_gate(tmp_path: Path) -> None:
    folder = str(write_small_knowledge(tmp_path / "knowledge"))
    result = run("rule-sets", "publish", folder, *WHO)
    assert result.exit_code == 1
    assert "nothing was published: " in result.stderr
    assert "lists are answered otherwise, above the limit of 5%" in result.stderr
    assert "Rule set 1 answers" in run("db", "upgrade").stdout


def test_what_is_published_is_what_the_gate_saw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that are changed while it looks do not slip in behind it."""
    folder = write_small_knowledge(tmp_path / "knowledge")
    file = folder / "classes" / "unused-class.yaml"
    seen = digest(read_folder(folder).rule_set)

    def passed(*_: object) -> GateReport:
        file.write_text(file.read_text().replace("name: Unused class", "name: Changed meanwhile"))
        return GateReport([], (), 1, None)

    monkeypatch.setattr(rule_sets, "_gate", passed)
    done = run("rule-sets", "publish", str(folder), *WHO)
    assert f"Rule set 2 is published and answers (digest {seen})" in done.stdout
    assert digest(read_folder(folder).rule_set) != seen


def test_files_with_a_fault_do_not_pass_the_gate(retitled: str) -> None:
    file = Path(retitled) / "interactions" / "loop-diuretics-deplete-magnesium.yaml"
    file.write_text(file.read_text().replace("Loop diuretics and magnesium", "Loop diuretics must be watched"))
    result = run("rule-sets", "publish", retitled, *WHO, "--accept-impact")
    assert result.exit_code == 1
    assert "nothing was published: lint finds 1 problem(s)" in result.stderr
    assert "'must' command or promise" in result.stdout


@pytest.fixture
def retitled(tmp_path: Path) -> str:
    """The packaged knowledge with another title on one interaction: nothing is answered otherwise."""
    folder = tmp_path / "knowledge"
    shutil.copytree(packaged(), folder)
    file = folder / "interactions" / "loop-diuretics-deplete-magnesium.yaml"
    text = file.read_text()
    file.write_text(text.replace(text.partition("title: ")[2].partition("\n")[0], "Loop diuretics and magnesium", 1))
    return str(folder)


def test_publish_roll_back_and_what_is_left_of_it(retitled: str) -> None:
    shown = run("rule-sets", "impact", retitled)
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.startswith("0 of ")
    done = run("rule-sets", "publish", retitled, *WHO, "--impact-limit", "0")
    assert done.exit_code == 0, done.output
    assert "Rule set 2 is published and answers" in done.stdout

    back = run("rule-sets", "roll-back", "1", "--author", "ben", "--reason", "the old title was better")
    assert back.exit_code == 0, back.output
    assert "Rule set 3 is published and answers" in back.stdout
    assert "worked cases of rule set 3 hold" in run("self-test").stdout

    trail = run("audit", "show").stdout
    assert "ben  roll_back  rule_set/3" in trail
    assert "the old title was better" in trail
    assert "anna  publish  rule_set/2" in trail
    verified = run("audit", "verify").stdout
    assert verified.startswith("3 entries, each as it was written.")
    (noted,) = re.findall(r"[0-9a-f]{64}", verified)
    assert run("audit", "verify", "--anchor", noted).exit_code == 0
    assert run("audit", "verify", "--anchor", "0" * 64).exit_code == 1


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_packaged_knowledge_comes_back_byte_for_byte(tmp_path: Path) -> None:
    folder = tmp_path / "knowledge"
    shutil.copytree(packaged(), folder)
    before = contents(folder)
    done = run("rule-sets", "export", "1", str(folder))
    assert done.exit_code == 0, done.output
    assert contents(folder) == before
    assert ", 0 of them written now (digest " in done.stdout


def test_an_export_into_a_new_folder_is_the_same_rule_set(tmp_path: Path) -> None:
    """And publishing it writes nothing, because it answers already."""
    folder = tmp_path / "new" / "folder"
    done = run("rule-sets", "export", "1", str(folder))
    assert done.exit_code == 0, done.output
    assert digest(read_folder(folder).rule_set) == digest(read_folder(Path(packaged())).rule_set)
    assert (folder / "substances" / "furosemide.yaml").read_text().startswith("id: furosemide\n")
    assert not [name for name in contents(folder) if not name.endswith(".yaml")]
    assert "Rule set 1 answers already" in run("rule-sets", "publish", str(folder), *WHO).stdout


def test_edited_files_become_what_was_published(retitled: str) -> None:
    """Changed, new and deleted records, and a file that is not knowledge."""
    folder, packed = Path(retitled), contents(Path(packaged()))
    family = folder / "symptoms" / "low-magnesium-severe.yaml"
    alone = folder / "conditions" / "infant.yaml"
    (folder / "conditions" / "thirst.yaml").write_text(alone.read_text().replace("id: infant", "id: thirst"))
    family.write_text(family.read_text().replace("\n- id:", "\n\n- id:"))
    alone.unlink()
    done = run("rule-sets", "export", "1", str(folder))
    assert done.exit_code == 0, done.output
    assert "removed thirst from conditions/thirst.yaml\n" in done.stdout
    assert "deleted conditions/thirst.yaml\n" in done.stdout
    assert "2 of them written now" in done.stdout
    # What says the same is left alone; the form of a file is the business of `knowledge format`.
    odd = {"symptoms/low-magnesium-severe.yaml": family.read_bytes()}
    assert b"\n\n- id:" in family.read_bytes()
    assert contents(folder) == packed | odd


@pytest.mark.parametrize(
    ("prepare", "told"),
    [
        (lambda folder: (folder / "conditions" / "infant.yaml").write_text("id: infant\nid: infant\n"), "stands twice"),
        (lambda folder: (folder / "conditions" / "link.yaml").symlink_to("infant.yaml"), "is a symbolic link"),
    ],
)
def test_a_folder_that_cannot_be_read_is_left_alone(
    retitled: str, prepare: Callable[[Path], object], told: str
) -> None:
    folder = Path(retitled)
    prepare(folder)
    before = contents(folder)
    done = run("rule-sets", "export", "1", retitled)
    assert done.exit_code == 1
    assert told in done.stderr
    assert contents(folder) == before


def test_a_number_that_was_never_published_is_not_exported(tmp_path: Path) -> None:
    done = run("rule-sets", "export", "7", str(tmp_path / "out"))
    assert done.exit_code == 3
    assert "7" in done.stderr
    assert not (tmp_path / "out").exists()


def test_an_impact_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    many = [f"list-{number}" for number in range(7)]
    change = InteractionImpact(appears=many, severity={"minor to major": ["list-9"]})
    rule_sets._show_impact(Impact(10, [*many, "list-9"], {"a-rule": change}))
    assert capsys.readouterr().out.splitlines() == [
        "8 of 10 lists are answered otherwise.",
        "  a-rule: appears in 7 (list-0, list-1, list-2, list-3, list-4, ...)",
        "  a-rule: minor to major in 1 (list-9)",
    ]


@pytest.mark.parametrize(
    ("changed", "limit", "accepted", "passes"),
    [(5, 0.05, False, True), (6, 0.05, False, False), (6, 0.05, True, True), (1, 0.0, False, False)],
)
def test_a_large_impact_has_to_be_accepted(changed: int, limit: float, *, accepted: bool, passes: bool) -> None:
    impact = Impact(100, [str(number) for number in range(changed)], {})
    refusals = GateReport([], (), 5, impact).refusals(limit=limit, accepted=accepted)
    assert (not refusals) is passes


def test_an_accepted_impact_does_not_excuse_failing_cases() -> None:
    report = GateReport([], (CaseFailure("a-case", ("something",)),), 5, None)
    assert report.refusals(limit=1.0, accepted=True) == ["1 of 5 worked cases do not hold"]


def test_a_changed_entry_is_named(tmp_path: Path) -> None:
    with sqlite3.connect(next((tmp_path / "data").glob("*.sqlite3"))) as connection:
        connection.execute("drop trigger audit_entry_append_only_update")
        connection.execute("update audit_entry set person = 'eve'")
    result = run("audit", "verify")
    assert result.exit_code == 1
    assert "entry 1 of the audit trail is not as it was written" in result.stderr


def test_no_such_rule_set() -> None:
    result = run("rule-sets", "roll-back", "7", *WHO)
    assert result.exit_code == 3
    assert "there is no rule set 7" in result.stderr


@pytest.mark.parametrize("reason", ["", "   ", "x" * 2001, "two\nlines"])
def test_a_reason_is_asked_for(reason: str) -> None:
    result = run("rule-sets", "roll-back", "1", "--author", "anna", "--reason", reason)
    assert result.exit_code == 2
    assert "--reason takes 1 to 2000 characters, all on one line" in result.stderr


@pytest.mark.parametrize("step", [("publish", packaged()), ("roll-back", "1"), ("sign",)])
@pytest.mark.parametrize("turned", ["author", "reason"])
def test_who_and_why_are_seen_as_they_are(step: tuple[str, ...], turned: str) -> None:
    said = {"author": "anna", "reason": "for a test"} | {turned: "not \u202esafe"}
    result = run("rule-sets", *step, "--author", said["author"], "--reason", said["reason"])
    assert result.exit_code == 2
    assert f"error: --{turned} has a character that is not shown, or turns the direction of text" in result.stderr


def test_nothing_to_test_without_a_rule_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MAGCHECK_DATA_DIR", str(tmp_path / "empty"))
    migration.upgrade(Settings.from_environment().database_url.get_secret_value())
    result = run("self-test")
    assert result.exit_code == 3
    assert "no rule set is published" in result.stderr
