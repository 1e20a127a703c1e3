"""Writes a file so that it is there whole or not at all, and readable by its owner only.

It never writes over a file unless it is told to.
"""

import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from service.errors import FileRefused

_OWNER_ONLY = 0o600


@contextmanager
def whole_file(path: Path, *, replace: bool) -> Generator[BinaryIO]:
    """A file to write to, which gets its name when all of it is on the disk; nothing is left when anything fails.

    Raises:
        FileRefused: there is one already and ``replace`` is not given, or it cannot be written.
    """
    try:
        if not replace:
            _require_none(path)
        unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        try:
            with os.fdopen(descriptor, "w+b") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            _name(unfinished, path, replace=replace)
            _remember(path.parent)
        finally:
            with suppress(FileNotFoundError):
                unfinished.unlink()
    except FileExistsError as error:
        raise FileRefused(f"{path} is there already") from error
    except OSError as error:
        raise FileRefused(f"{path} cannot be written: {error.strerror}") from error


def _name(unfinished: Path, path: Path, *, replace: bool) -> None:
    if replace:
        unfinished.replace(path)
        return
    try:
        os.link(unfinished, path)  # unlike a renaming, it never takes the place of a file made meanwhile
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        _require_none(path)
        unfinished.rename(path)


def _require_none(path: Path) -> None:
    if path.exists():
        raise FileExistsError(path)


def _remember(folder: Path) -> None:
    """Make the name as durable as the content."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
