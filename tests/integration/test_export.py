"""What was published comes out as files again, the same on both databases."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rules.baseline import FOLDER
from rules.canonical import canonical_json, digest
from rules.filing import Layout, laid_out
from rules.load import read_folder
from service.application import export as exporting
from service.application.export import export
from service.application.knowledge_folder import FolderUnusable
from service.application.packed import pack
from service.application.rule_sets import publish, seed_baseline
from service.errors import NoSuchRuleSet
from service.storage import rule_sets
from service.storage.session import Store
from service.storage.tables import RuleSetRow
from tests.baseline import packaged_rule_set
from tests.integration.small_knowledge import small_rule_set
from tests.keys import KEYRING

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_packaged_knowledge_goes_through_the_database_byte_for_byte(store: Store, tmp_path: Path) -> None:
    """Every packaged file, written by the export alone: its records are taken from the files' own copy, emptied."""
    done = seed_baseline(store, packaged_rule_set(), keyring=KEYRING, now=NOON, note="for a test")
    folder = tmp_path / "knowledge"
    packaged = {name: text for name, text in contents(FOLDER).items() if name.endswith(".yaml")}
    for name, text in packaged.items():
        # The same records at the same places, every one of them with other words: all must be written anew.
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.replace(b"last_reviewed_on: 20", b"last_reviewed_on: 19"))
    exported = export(store, done.number, folder)
    assert (exported.removed, exported.deleted) == ((), ())
    assert len(exported.written) == len(packaged)
    assert contents(folder) == packaged
    assert exported.digest == done.digest == digest(read_folder(folder).rule_set)


def test_one_rule_set_over_another(store: Store, tmp_path: Path) -> None:
    """There and back: what only the one has goes, what only the other has comes, both are named."""
    seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="for a test")
    without = small_rule_set().model_copy(update={"citations": small_rule_set().citations[:1]})
    publish(store, without, based_on=1, author="anna", note="less", keyring=KEYRING, now=NOON)
    first = export(store, 1, tmp_path)
    before = contents(tmp_path)
    less = export(store, 2, tmp_path)
    assert less.removed == (("citations/nobody-cites-this.yaml", "nobody-cites-this"),)
    assert less.deleted == ("citations/nobody-cites-this.yaml",)
    assert less.written == ()
    assert less.digest == digest(read_folder(tmp_path).rule_set) == digest(without)
    again = export(store, 1, tmp_path)
    assert again.written == ("citations/nobody-cites-this.yaml",)
    assert contents(tmp_path) == before
    assert again.digest == first.digest


def test_what_was_published_before_a_kind_of_record_was_there(store: Store, tmp_path: Path) -> None:
    """Its bytes do not name the kind, so its digest is another one; what it says is what the files say."""
    content = json.loads(canonical_json(small_rule_set()))
    del content["attributions"]
    older = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    row = RuleSetRow(
        number=1,
        schema_version=1,
        digest=hashlib.sha256(older).hexdigest(),
        content=pack(older),
        record_counts={},
        created_at=NOON,
        author="magcheck",
        note="for a test",
    )
    with store.writing() as session:
        rule_sets.add(session, row)
    exported = export(store, 1, tmp_path)
    expected = small_rule_set().model_copy(update={"attributions": ()})
    assert exported.digest == digest(read_folder(tmp_path).rule_set) == digest(expected)


def test_an_unknown_number(store: Store, tmp_path: Path) -> None:
    with pytest.raises(NoSuchRuleSet):
        export(store, 4, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_files_that_would_hold_something_else_are_not_written(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed_baseline(store, small_rule_set(), keyring=KEYRING, now=NOON, note="for a test")
    monkeypatch.setattr(exporting, "laid_out", lambda rules, files: lose_one(laid_out(rules, files)))
    with pytest.raises(FolderUnusable, match="would not hold rule set 1"):
        export(store, 1, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def lose_one(layout: Layout) -> Layout:
    kept = {name: text for name, text in layout.files.items() if name != "citations/nobody-cites-this.yaml"}
    return Layout(kept, ())
