"""The `magcheck` command as a person and a script meet it: what it prints, and the codes it ends with."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from rules.baseline import read_baseline
from rules.compiled import compile_rule_set
from rules.engine import check as check_profile
from rules.load import read_folder
from rules.model import RuleSet
from rules.profile import MedicationProfile
from rules.terms import Severity
from service.cli import app
from tests.integration.small_knowledge import write_small_knowledge

MAGCHECK = [sys.executable, "-m", "service.cli"]
GOOD = '{"medications": [{"id": "m1", "text": "Cipro 500 mg tablet"}, {"id": "m2", "text": "magnesium oxide 400 mg"}]}'
QUIET = '{"medications": [{"id": "m1", "text": "magnesium oxide 400 mg tablet"}], "as_of": "2026-11-22"}'
UNKNOWN = '{"medications": [{"id": "m1", "text": "Foozol 20 mg"}]}'
WRONG = '{"medications": [{"id": "m1", "txt": "x"}]}'


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith("MAGCHECK_") or name in {"NO_COLOR", "FORCE_COLOR"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("MAGCHECK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    for name, text in {"good": GOOD, "quiet": QUIET, "unknown": UNKNOWN, "wrong": WRONG}.items():
        Path(f"{name}.json").write_text(text)


@pytest.fixture
def small(tmp_path: Path) -> str:
    return str(write_small_knowledge(tmp_path / "knowledge"))


def run(*arguments: str, stdin: str | None = None) -> Result:
    result = CliRunner().invoke(app, arguments, input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


# --- check ------------------------------------------------------------------------------------------------------------


def test_a_report_for_people(small: str) -> None:
    result = run("check", "good.json", "--path", small)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("good.json — 1 finding: 1 major\n")
    assert "Ciprofloxacin first: wait at least 2 hours" in result.stdout


def test_a_report_for_programs_is_the_engines_own(small: str) -> None:
    result = run("check", "quiet.json", "--json", "--path", small)
    assert result.exit_code == 0
    profile = MedicationProfile.model_validate_json(QUIET)
    compiled = compile_rule_set(_knowledge(small))
    assert json.loads(result.stdout) == json.loads(json.dumps(check_profile(compiled, profile)))
    assert result.stdout.count("\n") == 1


def _knowledge(folder: str) -> RuleSet:
    return read_folder(Path(folder)).rule_set


def test_explain_adds_near_misses(small: str) -> None:
    assert "near_misses" not in json.loads(run("check", "good.json", "--json", "--path", small).stdout)
    assert "near_misses" in json.loads(run("check", "good.json", "--json", "--explain", "--path", small).stdout)


def test_timetable_and_plan_are_asked_for_by_options(small: str) -> None:
    plain = run("check", "good.json", "--path", small).stdout
    both = run("check", "good.json", "--timetable", "--plan", "--path", small).stdout
    assert "TIMETABLE" not in plain
    assert " TIMETABLE  The day" in both
    assert " PLAN  " in both
    report = json.loads(run("check", "good.json", "--json", "--timetable", "--path", small).stdout)
    assert "timetable" in report
    assert "plan" not in report
    assert "drawing" not in report["timetable"]  # there is no service that would draw it
    asked = json.dumps({**json.loads(GOOD), "timetable": True})
    assert "TIMETABLE" in run("check", "-", "--path", small, stdin=asked).stdout


def test_several_files_and_standard_input_in_order(small: str) -> None:
    result = run("check", "unknown.json", "wrong.json", "-", "--json", "--path", small, stdin=GOOD)
    assert result.exit_code == 1
    unknown, wrong, good = [json.loads(line) for line in result.stdout.splitlines()]
    assert unknown["status"] == "incomplete"
    assert wrong["error"]["file"] == "wrong.json"
    assert [one["pointer"] for one in wrong["error"]["problems"]] == ["/medications/0/txt"]
    assert good["highest_severity"] == "major"
    assert "wrong.json:1:31: /medications/0/txt: unknown key; allowed:" in result.stderr


def test_a_wrong_file_does_not_keep_the_others_from_being_checked(small: str) -> None:
    result = run("check", "wrong.json", "missing.json", "good.json", "--path", small)
    assert result.exit_code == 1
    assert "missing.json: /: cannot be read: No such file or directory" in result.stderr
    assert "good.json — 1 finding" in result.stdout


def test_a_folder_is_no_profile(small: str) -> None:
    result = run("check", ".", "--path", small)
    assert result.exit_code == 1
    assert "cannot be read: Is a directory" in result.stderr


@pytest.mark.parametrize(
    ("files", "options", "code"),
    [
        (["good.json"], ["--fail-on", "major"], 5),
        (["good.json"], ["--fail-on", "moderate"], 5),
        (["good.json"], ["--fail-on", "contraindicated"], 0),
        (["quiet.json"], ["--fail-on", "minor"], 0),
        (["unknown.json"], [], 0),
        (["unknown.json"], ["--fail-on-incomplete"], 6),
        (["good.json"], ["--fail-on-incomplete"], 0),
        (["unknown.json", "good.json"], ["--fail-on-incomplete", "--fail-on", "major"], 5),
        (["good.json", "wrong.json"], ["--fail-on", "major"], 1),
        (["good.json"], ["--fail-on", "awful"], 2),
        ([], [], 2),
    ],
)
def test_exit_codes(small: str, files: list[str], options: list[str], code: int) -> None:
    assert run("check", *files, *options, "--path", small).exit_code == code


def test_what_could_be_severe_counts_as_severe(small: str) -> None:
    """Without an eGFR furosemide is moderate and could be major: a gate must not open because a fact is missing."""
    Path("f.json").write_text('{"medications": [{"id": "m1", "text": "furosemide tablet"}]}')
    assert run("check", "f.json", "--fail-on", "major", "--path", small).exit_code == 5
    Path("f.json").write_text(
        '{"medications": [{"id": "m1", "text": "furosemide tablet"}],'
        ' "patient": {"egfr": {"value": "90", "unit": "mL/min/1.73m2"}}}'
    )
    assert run("check", "f.json", "--fail-on", "major", "--path", small).exit_code == 0


def test_an_answer_without_a_day_is_about_today(small: str) -> None:
    """As the service does: the same question through another door must not be answered otherwise."""
    report = json.loads(run("check", "good.json", "--json", "--path", small).stdout)
    assert len(report["as_of"]) == len("2026-11-22")


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "0", "LC_ALL": "C", "TZ": "UTC"},
        {"PYTHONHASHSEED": "1", "LC_ALL": "C.UTF-8", "TZ": "Pacific/Kiritimati"},
        {"PYTHONHASHSEED": "random", "LC_ALL": "tr_TR.ISO-8859-9", "PYTHONUTF8": "0", "PYTHONIOENCODING": "iso-8859-9"},
    ],
    ids=["c", "utf8", "turkish"],
)
def test_the_bytes_do_not_depend_on_the_machine(small: str, environment: dict[str, str]) -> None:
    question = QUIET.replace("magnesium oxide", "İMG Ω 镁 magnesium oxide")
    expected = json.dumps(
        check_profile(compile_rule_set(_knowledge(small)), MedicationProfile.model_validate_json(question)),
        ensure_ascii=False,
        separators=(",", ":"),
    )
    result = subprocess.run(
        [*MAGCHECK, "check", "-", "--json", "--path", small],
        input=question.encode(),
        env={**os.environ, **environment},
        capture_output=True,
        check=True,
    )
    assert result.stdout == expected.encode() + b"\n"


def test_a_terminal_that_cannot_show_everything_gets_a_report_all_the_same(small: str) -> None:
    result = subprocess.run(
        [*MAGCHECK, "check", "-", "--path", small],
        input='{"medications": [{"id": "m1", "text": "镁"}]}'.encode(),
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
    )
    assert rb"\u9541" in result.stdout


def test_a_reader_that_leaves_early_is_no_crash(small: str) -> None:
    command = " ".join([*MAGCHECK, "check", *["good.json"] * 200, "--path", small])
    result = subprocess.run(f"{command} | head -1", shell=True, capture_output=True, text=True, check=False)  # noqa: S602
    assert result.stdout.startswith("good.json")
    assert "Traceback" not in result.stderr


def test_the_packaged_knowledge_answers_without_a_database(tmp_path: Path) -> None:
    Path("list.json").write_text(
        '{"medications": [{"id": "m1", "text": "Cipro 500 mg tablet"},'
        ' {"id": "m2", "text": "Magnesium oxide 400 mg tablet"}, {"id": "m3", "text": "Foozol"}]}'
    )
    result = subprocess.run([*MAGCHECK, "check", "list.json", "--json"], capture_output=True, check=True)
    report = json.loads(result.stdout)
    assert "fluoroquinolones-with-oral-magnesium" in {one["interaction_id"] for one in report["findings"]}
    assert [one["state"] for one in report["medications"]] == ["recognised", "recognised", "unrecognised"]
    assert not (tmp_path / "data").exists()


# --- resolve ----------------------------------------------------------------------------------------------------------


def test_resolve(small: str) -> None:
    result = run("resolve", "Cipro 500 mg", "Furosemde", "--json", "--path", small)
    assert result.exit_code == 0
    known, unknown = [json.loads(line) for line in result.stdout.splitlines()]
    assert (known["id"], known["state"], known["substances"][0]["id"]) == ("1", "recognised", "ciprofloxacin")
    assert (unknown["state"], unknown["candidates"][0]["substance_id"]) == ("unrecognised", "furosemide")
    assert "Did you mean" in run("resolve", "Furosemde", "--path", small).stdout


@pytest.mark.parametrize("text", ["", "x" * 201])
def test_resolve_refuses_what_is_no_name(small: str, text: str) -> None:
    result = run("resolve", "Cipro", text, "--path", small)
    assert result.exit_code == 1
    assert "error: text 2: must " in result.stderr


# --- knowledge --------------------------------------------------------------------------------------------------------


# Reviews become due as time goes by, and these tests are about something else.
IN_TIME = ("--as-of", "2026-11-22")


def test_knowledge_lint_and_verify(small: str) -> None:
    assert run("knowledge", "lint", "--path", small, *IN_TIME).stdout == "19 records, no problems.\n"
    assert run("knowledge", "verify", "--path", small).stdout.startswith("5 cases hold; ")


def test_lint_names_file_line_and_pointer(small: str) -> None:
    file = Path(small) / "interactions" / "loop-diuretics-deplete-magnesium.yaml"
    file.write_text(file.read_text().replace("Consider a test", "You must test"))
    result = run("knowledge", "lint", "--path", small, *IN_TIME)
    assert result.exit_code == 1
    assert result.stdout.startswith("interactions/loop-diuretics-deplete-magnesium.yaml:1: /management/text: ")
    assert "1 problem(s)" in result.stderr


def test_lint_asks_for_reviews_that_are_due(small: str) -> None:
    assert "review-overdue" not in run("knowledge", "lint", "--path", small, "--as-of", "2028-11-01").stdout
    text = run("knowledge", "lint", "--path", small, "--as-of", "2028-11-02").stdout
    assert text.count("the review was due on 2028-11-01; read the sources again [review-overdue]") == 4


@pytest.mark.parametrize("command", ["lint", "verify", "report"])
def test_knowledge_that_cannot_be_read_is_told_place_by_place(small: str, command: str) -> None:
    file = Path(small) / "substances" / "furosemide.yaml"
    file.write_text(file.read_text().replace("routes:", "root:") + "name: again\n")
    result = run("knowledge", command, "--path", small)
    assert result.exit_code == 1
    assert "substances/furosemide.yaml:6: /name: the key 'name' stands twice" in result.stderr


def test_verify_names_the_case_and_what_failed(small: str) -> None:
    file = Path(small) / "interactions" / "fluoroquinolones-with-oral-magnesium.yaml"
    file.write_text(file.read_text().replace("drug_first_hours: 2", "drug_first_hours: 3"))
    result = run("knowledge", "verify", "--path", small)
    assert result.exit_code == 1
    assert "cases/fluoroquinolones.yaml:1: ciprofloxacin-meets-magnesium: " in result.stdout
    assert "drug_first_hours is 3, expected 2" in result.stdout
    assert "1 of 5 cases do not hold" in result.stderr


def test_knowledge_report(small: str) -> None:
    text = run("knowledge", "report", "--path", small).stdout
    for line in (
        "       3  substances",
        "       1  depletes_magnesium",
        "       0  retains_magnesium",
        "       1  moderate",
        "       1  unverified",
        "  nobody-cites-this",
        "  unused-class",
    ):
        assert f"\n{line}" in text
    assert "\n  fluoroquinolones\n" not in text
    assert "\n  example-label\n" not in text


def test_knowledge_report_counts_withdrawn_records_and_included_classes(small: str) -> None:
    file = Path(small) / "citations" / "nobody-cites-this.yaml"
    file.write_text(file.read_text() + "status: withdrawn\n")
    file = Path(small) / "classes" / "loop-diuretics.yaml"
    file.write_text(file.read_text() + "includes: [unused-class]\n")
    text = run("knowledge", "report", "--path", small).stdout
    assert "     2  citations (1 withdrawn)" in text
    assert "Classes no interaction refers to\n  none\n" in text


def test_knowledge_report_as_a_page(small: str, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    assert run("knowledge", "report", "--path", small, "--html", str(file)).stdout == f"Written to {file}.\n"
    assert "Fluoroquinolone with an oral magnesium product" in file.read_text(encoding="utf-8")
    result = run("knowledge", "report", "--path", small, "--html", str(tmp_path / "nowhere" / "report.html"))
    assert result.exit_code == 1
    assert "cannot be written: No such file or directory" in result.stderr


def test_knowledge_schema() -> None:
    schemas = json.loads(run("knowledge", "schema").stdout)
    assert {"substances", "interactions", "assessments", "cases"} <= set(schemas)
    assert json.loads(run("knowledge", "schema", "cases").stdout) == schemas["cases"]
    result = run("knowledge", "schema", "nonsense")
    assert result.exit_code == 1
    assert (
        "there is no folder 'nonsense'; allowed: administrations, assessments, attributions, cases, " in result.stderr
    )


def test_the_packaged_knowledge_is_in_order() -> None:
    assert run("knowledge", "lint", *IN_TIME).exit_code == 0
    assert run("knowledge", "verify").exit_code == 0


def test_the_baseline_is_what_is_meant_by_no_path(small: str) -> None:
    packaged = run("knowledge", "report").stdout
    assert compile_rule_set(read_baseline().rule_set).digest in packaged
    assert packaged != run("knowledge", "report", "--path", small).stdout


# --- around -----------------------------------------------------------------------------------------------------------


def test_help_documents_every_exit_code() -> None:
    text = run("--help").stdout
    for code, words in {
        0: "done",
        1: "input is wrong",
        2: "wrong option",
        3: "not ready",
        5: "--fail-on",
        6: "incomplete",
    }.items():
        assert any(str(code) in line and words in line for line in text.splitlines())


def test_version() -> None:
    assert run("--version").stdout.strip().count(".") == 2


def test_an_unknown_command_and_an_unknown_folder_are_usage_errors() -> None:
    assert run("frobnicate").exit_code == 2
    assert run("check", "good.json", "--path", "nowhere").exit_code == 2


def test_every_severity_can_be_asked_for() -> None:
    assert all(
        severity in run("check", "--help").stdout.replace("\n", "") for severity in (Severity.MAJOR, Severity.MINOR)
    )
