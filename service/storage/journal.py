"""A journal on disk for what the database does not take: lines that are durable once `append` returns.

Each process writes a folder of its own and holds a lock on it for as long as it lives, so that another can tell that
it is gone and take over what it left. What the lines mean is no matter of this module.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from service.errors import JournalFull

_LOCK: Final = "lock"
_SEGMENT: Final = ".journal"
_DAMAGED: Final = ".damaged"
# Not yet locked: nobody takes it for the folder of a process that is gone.
_UNFINISHED: Final = "new-"
_UNFINISHED_SECONDS: Final = 3600.0
_CHECK_BYTES: Final = 8
_CHECK_LENGTH: Final = 2 * _CHECK_BYTES + 1
_PRIVATE_FOLDER: Final = 0o700
_PRIVATE_FILE: Final = 0o600


@dataclass(frozen=True, slots=True)
class Segment:
    """What a closed file of the journal holds; ``torn`` was cut off by a crash, ``damaged`` is not what was written."""

    file: Path
    lines: list[bytes] = field(default_factory=list)
    torn: int = 0
    damaged: int = 0


class Journal:
    """The folder of one process. One thread appends while another reads what is closed."""

    def __init__(self, folder: Path, *, most_bytes: int) -> None:
        """``folder`` is shared by all processes of this machine; ``most_bytes`` is for this process alone."""
        self._folder = folder
        self._most_bytes = most_bytes
        self._mutex = threading.Lock()
        self._own: Path | None = None
        self._lock: int | None = None
        self._segment: Path | None = None
        self._descriptor: int | None = None
        self._written = 0  # bytes of the open segment
        self._closed_bytes = 0
        self._number = 0

    @property
    def waiting_bytes(self) -> int:
        """How much of this process waits here for the database."""
        return self._closed_bytes + self._written

    def open(self) -> None:
        """Make the folder of this process and lock it.

        Raises:
            OSError: it cannot be made.
        """
        with self._mutex:
            self._open()

    def append(self, lines: Sequence[bytes]) -> None:
        """Write lines, all or none; they are on the disk when this returns.

        Raises:
            OSError: they could not be written.
            JournalFull: there would be more than is allowed.
        """
        content = b"".join([_check_of(line) + b" " + line + b"\n" for line in lines])
        with self._mutex:
            if self.waiting_bytes + len(content) > self._most_bytes:
                raise JournalFull(self._most_bytes)
            try:
                descriptor = self._open_segment()
                _write_all(descriptor, content)
                os.fsync(descriptor)
            except OSError:
                # A part may be there, or on its way: nothing may follow it on the same line.
                if self._descriptor is not None:
                    with suppress(OSError):
                        os.ftruncate(self._descriptor, self._written)
                    self._close_segment()
                raise
            self._written += len(content)

    def close_segment(self) -> None:
        """Let what has been written so far be read; the next lines go to another file."""
        with self._mutex:
            self._close_segment()

    def closed(self) -> list[Path]:
        """The closed files of this process, the oldest first."""
        with self._mutex:
            return [] if self._own is None else [one for one in _segments(self._own) if one != self._segment]

    def remove(self, segment: Segment, *, keep: bool = False) -> None:
        """Forget a file that the database has taken; ``keep`` it under another name, for people to look at.

        Raises:
            OSError: it cannot be removed.
        """
        with self._mutex:
            size = segment.file.stat().st_size
            if keep:
                segment.file.rename(segment.file.with_suffix(_DAMAGED))
            else:
                segment.file.unlink()
            _sync_folder(segment.file.parent)
            if segment.file.parent == self._own:
                self._closed_bytes = max(0, self._closed_bytes - size)

    @contextmanager
    def left_behind(self) -> Iterator[list[Path]]:
        """The files of processes that are gone; their folders are held while in here, and removed when empty.

        Raises:
            OSError: the folder cannot be read.
        """
        held: list[tuple[int, Path]] = []
        try:
            for folder in self._others():
                lock = _taken(folder)
                if lock is not None:
                    held.append((lock, folder))
            yield [segment for _, folder in held for segment in _segments(folder)]
        finally:
            for lock, folder in held:
                _remove_if_empty(folder)
                os.close(lock)

    def close(self) -> None:
        """Let go of the folder, and remove it when nothing waits in it."""
        with self._mutex:
            self._close_segment()
            if self._own is not None and self._lock is not None:
                _remove_if_empty(self._own)
                os.close(self._lock)
                self._own = self._lock = None

    def _open(self) -> Path:
        if self._own is not None:
            return self._own
        self._folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
        name = uuid.uuid4().hex
        unfinished, own = self._folder / f"{_UNFINISHED}{name}", self._folder / name
        unfinished.mkdir(mode=_PRIVATE_FOLDER)
        lock = os.open(unfinished / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, _PRIVATE_FILE)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            unfinished.rename(own)
            _sync_folder(self._folder)
        except OSError:
            os.close(lock)
            raise
        self._own, self._lock = own, lock
        return own

    def _open_segment(self) -> int:
        if self._descriptor is None:
            own = self._open()
            file = own / f"{self._number + 1:08d}{_SEGMENT}"
            flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC
            self._descriptor = os.open(file, flags, _PRIVATE_FILE)
            self._segment, self._written = file, 0
            self._number += 1
            _sync_folder(own)
        return self._descriptor

    def _close_segment(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._closed_bytes += self._written
            self._descriptor, self._segment, self._written = None, None, 0

    def _others(self) -> Iterator[Path]:
        """The folders of all other processes; what a crash left half made is removed."""
        for folder in sorted(self._folder.iterdir()):
            if folder.name.startswith(_UNFINISHED):
                with suppress(OSError):
                    if time.time() - folder.stat().st_mtime > _UNFINISHED_SECONDS:
                        shutil.rmtree(folder)
            elif folder != self._own and folder.is_dir():
                yield folder


def read_segment(file: Path) -> Segment:
    """Read a closed file. What is at its end without an end of line was being written when the process died.

    Raises:
        OSError: it cannot be read.
    """
    *whole, rest = file.read_bytes().split(b"\n")
    lines = [line[_CHECK_LENGTH:] for line in whole if _check_of(line[_CHECK_LENGTH:]) + b" " == line[:_CHECK_LENGTH]]
    return Segment(file, lines, torn=1 if rest else 0, damaged=len(whole) - len(lines))


def _check_of(line: bytes) -> bytes:
    return hashlib.blake2b(line, digest_size=_CHECK_BYTES).hexdigest().encode()


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def _segments(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{_SEGMENT}"))


def _taken(folder: Path) -> int | None:
    """The lock of a folder whose process is gone; none while it lives, or where somebody else was quicker."""
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    if os.fstat(lock).st_nlink == 0:  # removed between the two calls
        os.close(lock)
        return None
    return lock


def _remove_if_empty(folder: Path) -> None:
    """Remove a folder that holds nothing but its lock."""
    with suppress(OSError):
        if [file.name for file in folder.iterdir()] == [_LOCK]:
            (folder / _LOCK).unlink()
            folder.rmdir()


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder as durable as the files."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
