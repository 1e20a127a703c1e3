"""`magcheck knowledge format`: every file in the one way there is, comments refused, nothing half-written."""

import os
import shutil
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from rules.canonical import digest
from rules.load import read_folder
from service.application.knowledge_folder import FolderUnusable, read_files, replace_files
from service.cli import app
from tests.integration.small_knowledge import write_small_knowledge


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_small_knowledge(tmp_path / "knowledge")


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(app, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_check_names_the_files_and_format_writes_them(folder: Path) -> None:
    (folder / "README.md").write_text("not knowledge")
    before, meaning = contents(folder), digest(read_folder(folder).rule_set)
    checked = run("knowledge", "format", str(folder), "--check")
    assert checked.exit_code == 1
    assert "substances/furosemide.yaml" in checked.stdout.splitlines()
    assert "files are not in the canonical form" in checked.stderr
    assert contents(folder) == before

    written = run("knowledge", "format", str(folder))
    assert written.exit_code == 0, written.output
    assert contents(folder).keys() == before.keys()
    assert contents(folder)["README.md"] == b"not knowledge"
    assert digest(read_folder(folder).rule_set) == meaning
    assert (folder / "substances/furosemide.yaml").read_text() == (
        "id: furosemide\nlast_reviewed_on: 2026-11-01\nname: furosemide\n"
        'codes:\n  rxnorm: ["4603"]\n  atc: [C03CA01]\nroutes: [oral]\n'
    )

    again = run("knowledge", "format", str(folder), "--check")
    assert (again.exit_code, again.stderr) == (0, "")
    assert again.stdout.endswith("files in the canonical form.\n")


def test_the_packaged_knowledge_is_canonical() -> None:
    result = run("knowledge", "format", "--check")
    assert (result.exit_code, result.stderr) == (0, "")


def test_a_comment_is_not_dropped(folder: Path) -> None:
    file = folder / "substances" / "furosemide.yaml"
    file.write_text(file.read_text().lstrip() + "# why it is so\n")
    before = contents(folder)
    result = run("knowledge", "format", str(folder))
    assert result.exit_code == 1
    assert "substances/furosemide.yaml:6: /: a comment would be lost here; say it in the `note`" in result.stderr
    assert contents(folder) == before


def test_what_is_not_canonical_by_its_line_ends_only_is_found(folder: Path) -> None:
    run("knowledge", "format", str(folder))
    file = folder / "substances" / "furosemide.yaml"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    result = run("knowledge", "format", str(folder), "--check")
    assert (result.exit_code, result.stdout) == (1, "substances/furosemide.yaml\n")


def test_a_broken_file_is_named_and_nothing_is_written(folder: Path) -> None:
    (folder / "substances" / "furosemide.yaml").write_bytes(b"id: \xff\n")
    before = contents(folder)
    result = run("knowledge", "format", str(folder))
    assert result.exit_code == 1
    assert "substances/furosemide.yaml: /: not UTF-8: byte 4 cannot be read [encoding]" in result.stderr
    assert contents(folder) == before


@pytest.mark.parametrize("where", ["folder", "kind", "file"])
def test_no_link_is_followed(folder: Path, tmp_path: Path, where: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    target = {"folder": folder, "kind": folder / "classes", "file": folder / "classes" / "unused-class.yaml"}[where]
    shutil.move(target, elsewhere)
    target.symlink_to(elsewhere)
    before = elsewhere.read_bytes() if where == "file" else contents(elsewhere)
    result = run("knowledge", "format", str(folder))
    assert result.exit_code == 1
    assert "is a symbolic link" in result.stderr
    assert (elsewhere.read_bytes() if where == "file" else contents(elsewhere)) == before


class TestReplace:
    """The files of a folder, all at once as far as a folder can."""

    def test_nothing_changes_when_one_text_cannot_be_written(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = {"a/one.yaml": "1", "a/two.yaml": "2"}
        replace_files(tmp_path, {}, before)
        real, calls = os.fsync, []

        def full(descriptor: int) -> None:
            calls.append(descriptor)
            if len(calls) == 2:
                raise OSError(28, "No space left on device")
            real(descriptor)

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(FolderUnusable, match="cannot be written: No space left on device"):
            replace_files(tmp_path, before, {"a/one.yaml": "3", "a/two.yaml": "4"})
        assert contents(tmp_path) == {"a/one.yaml": b"1", "a/two.yaml": b"2"}

    def test_what_is_gone_is_deleted_and_what_is_the_same_is_not_touched(self, tmp_path: Path) -> None:
        before = {"a/one.yaml": "1", "a/two.yaml": "2", "b/three.yaml": "3"}
        replace_files(tmp_path, {}, before)
        (tmp_path / "a/two.yaml").chmod(0o640)
        untouched = (tmp_path / "a/one.yaml").stat()
        replace_files(tmp_path, before, {"a/one.yaml": "1", "a/two.yaml": "changed", "c/four.yaml": "4"})
        assert contents(tmp_path) == {"a/one.yaml": b"1", "a/two.yaml": b"changed", "c/four.yaml": b"4"}
        after = (tmp_path / "a/one.yaml").stat()
        assert (after.st_ino, after.st_mtime_ns) == (untouched.st_ino, untouched.st_mtime_ns)
        assert stat.S_IMODE((tmp_path / "a/two.yaml").stat().st_mode) == 0o640

    def test_a_folder_that_became_a_link_is_not_written_through(self, tmp_path: Path) -> None:
        """Between reading and writing."""
        (tmp_path / "knowledge").mkdir()
        (tmp_path / "outside").mkdir()
        (tmp_path / "knowledge" / "a").symlink_to(tmp_path / "outside")
        with pytest.raises(FolderUnusable, match="leads out of"):
            replace_files(tmp_path / "knowledge", {}, {"a/one.yaml": "1"})
        assert contents(tmp_path / "outside") == {}

    def test_a_file_is_no_folder(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("x")
        with pytest.raises(FolderUnusable, match="is not a folder"):
            read_files(tmp_path / "file")
        assert read_files(tmp_path / "nowhere") == {}
