"""Reads and writes a folder of knowledge files: no link is followed, and no file is ever half-written.

All new texts are on the disk before the first file is replaced, each beside the one it replaces; a failure until then
leaves the folder as it was. What stands in the files is decided in `rules.filing`, not here.
"""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from stat import S_IMODE

from rules.errors import KnowledgeError, Problem
from rules.load import SUFFIX


class FolderUnusable(Exception):
    """A folder cannot be read or written; the text says which, and why."""


def read_files(folder: Path) -> dict[str, str]:
    """The text of each knowledge file by its name in the folder; nothing where there is no folder yet.

    Raises:
        FolderUnusable: it is no folder, or it or something in it is a symbolic link.
        KnowledgeError: files are not UTF-8.
    """
    if folder.is_symlink():
        raise FolderUnusable(f"{folder} is a symbolic link; name the folder itself")
    if folder.exists() and not folder.is_dir():
        raise FolderUnusable(f"{folder} is not a folder")
    files: dict[str, str] = {}
    problems: list[Problem] = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise FolderUnusable(f"{path} is a symbolic link; knowledge is written into plain files and folders only")
        if not name.endswith(SUFFIX):
            continue
        try:
            # In bytes, so that line ends stay as they are.
            files[name] = path.read_bytes().decode()
        except UnicodeDecodeError as error:
            problems.append(Problem(name, 0, "", "encoding", f"not UTF-8: byte {error.start} cannot be read"))
        except OSError as error:
            raise FolderUnusable(f"{path} cannot be read: {error.strerror}") from error
    if problems:
        raise KnowledgeError(problems)
    return files


def replace_files(folder: Path, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Make the files of the folder what they are to be; those that are so already are not touched.

    Raises:
        FolderUnusable: something cannot be written; up to the first replacement, which nothing but the system can keep
            from happening, the folder is as it was.
    """
    changed = {name: text for name, text in after.items() if before.get(name) != text}
    waiting: dict[Path, Path] = {}
    try:
        for name, text in changed.items():
            waiting[_written_beside(folder, name, text)] = folder / name
        for beside, path in waiting.items():
            beside.replace(path)
        for name in before.keys() - after.keys():
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise FolderUnusable(f"{error.filename or folder} cannot be written: {error.strerror}") from error
    finally:
        for beside in waiting:
            with suppress(OSError):
                beside.unlink(missing_ok=True)


def _written_beside(folder: Path, name: str, text: str) -> Path:
    """The text in a new file beside the one it is to replace, on the disk. Its name is no name of a knowledge file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.parent.resolve() != folder.resolve() / Path(name).parent:
        raise FolderUnusable(f"{path.parent} leads out of {folder}; knowledge is written into plain folders only")
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}.new")
    opened = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
    try:
        with os.fdopen(opened, "wb") as file:
            if path.exists():  # what is replaced keeps its permissions
                os.fchmod(opened, S_IMODE(path.stat().st_mode))
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    return beside
