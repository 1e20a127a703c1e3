"""Writes a published rule set out as knowledge files, over those that are there, so that they can be edited again.

What was published is looked at byte by byte before anything is written, and the files are read back before they are
put in place: they hold that rule set and no other. Nothing in the database changes.
"""

from dataclasses import dataclass
from pathlib import Path

from rules.canonical import digest
from rules.filing import laid_out
from rules.load import read_texts
from service.application.knowledge_folder import FolderUnusable, read_files, replace_files
from service.application.rule_sets import restore
from service.errors import NoSuchRuleSet
from service.storage import rule_sets
from service.storage.session import Store


@dataclass(frozen=True, slots=True)
class Export:
    """What became of a folder: the files written and deleted, the records that stand there no more as ``(file, id)``,
    and the digest of what the files hold now."""  # noqa: D205, D209

    files: int
    written: tuple[str, ...]
    deleted: tuple[str, ...]
    removed: tuple[tuple[str, str], ...]
    digest: str


def export(store: Store, number: int, folder: Path) -> Export:
    """Write the rule set of this number into the folder: each record where it stands, new ones in files of their own.

    Raises:
        NoSuchRuleSet: there is none of this number; nothing is written.
        RuleSetDamaged: it is not what was published; nothing is written.
        KnowledgeError: files that are there cannot be read, or comments would be lost; nothing is written.
        FolderUnusable: the folder cannot be read or written.
    """
    with store.reading() as session:
        row = rule_sets.by_number(session, number)
    if row is None:
        raise NoSuchRuleSet(number)
    rule_set = restore(row).rule_set
    before = read_files(folder)
    layout = laid_out(rule_set, before)
    found = digest(read_texts(layout.files).rule_set)
    # As this version reads it: one that was published before a kind of record was added has other bytes.
    if found != digest(rule_set):
        raise FolderUnusable(f"the files would not hold rule set {number} but one of digest {found}; none was written")
    replace_files(folder, before, layout.files)
    written = tuple(name for name, text in layout.files.items() if before.get(name) != text)
    return Export(len(layout.files), written, tuple(sorted(before.keys() - layout.files.keys())), layout.removed, found)
