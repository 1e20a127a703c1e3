"""What the journal has taken is there after any end of the process, and what it has not taken leaves no trace."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from service.errors import JournalFull
from service.storage.journal import Journal, read_segment

MEGABYTE = 2**20


def journal_in(folder: Path, most_bytes: int = MEGABYTE) -> Journal:
    return Journal(folder, most_bytes=most_bytes)


def all_lines(journal: Journal) -> list[bytes]:
    journal.close_segment()
    return [line for file in journal.closed() for line in read_segment(file).lines]


def test_what_was_appended_is_read_in_order(tmp_path: Path) -> None:
    journal = journal_in(tmp_path / "j")
    journal.append([b"one", b'{"two": "\xc3\xa9"}'])
    assert journal.closed() == []  # it is still being written
    journal.append([b"three"])
    journal.close_segment()
    journal.append([b"four"])
    assert all_lines(journal) == [b"one", b'{"two": "\xc3\xa9"}', b"three", b"four"]


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    journal = journal_in(tmp_path / "j")
    journal.append([b"one"])
    for place in (tmp_path / "j").rglob("*"):
        assert place.stat().st_mode & 0o077 == 0
    assert (tmp_path / "j").stat().st_mode & 0o077 == 0


def test_an_append_returns_after_the_disk_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = journal_in(tmp_path / "j")
    journal.append([b"first"])
    seen: list[bytes] = []

    def fsync(descriptor: int) -> None:
        seen.append(Path(f"/proc/self/fd/{descriptor}").resolve().read_bytes())

    monkeypatch.setattr(os, "fsync", fsync)
    journal.append([b"second"])
    assert seen[-1].endswith(b" second\n")


def test_the_last_line_of_a_crash_is_told_from_a_damaged_one(tmp_path: Path) -> None:
    journal = journal_in(tmp_path / "j")
    journal.append([b"one", b"two", b"three"])
    journal.close_segment()
    (file,) = journal.closed()
    whole = file.read_bytes()
    for cut in range(1, len(b"three") + 1):
        file.write_bytes(whole[:-cut])
        assert (segment := read_segment(file)).lines == [b"one", b"two"]
        assert (segment.torn, segment.damaged) == (1, 0)
    file.write_bytes(whole.replace(b"two", b"tvo"))
    assert (segment := read_segment(file)).lines == [b"one", b"three"]
    assert (segment.torn, segment.damaged) == (0, 1)
    file.write_bytes(whole)
    assert (segment := read_segment(file)).lines == [b"one", b"two", b"three"]
    assert (segment.torn, segment.damaged) == (0, 0)


def test_a_full_disk_takes_nothing_of_a_batch_and_room_again_takes_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = journal_in(tmp_path / "j")
    journal.append([b"before"])
    write = os.write

    def half(descriptor: int, content: bytes) -> int:
        if len(content) > 10:
            return write(descriptor, content[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(os, "write", half)
        with pytest.raises(OSError, match="No space"):
            journal.append([b"lost one", b"lost two"])
    journal.append([b"after"])
    assert all_lines(journal) == [b"before", b"after"]
    assert all(read_segment(file).torn == 0 for file in journal.closed())


def test_a_failed_fsync_is_a_failed_append(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = journal_in(tmp_path / "j")
    journal.append([b"before"])

    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="Input/output"):
            journal.append([b"gone"])
    assert all_lines(journal) == [b"before"]


def test_it_never_grows_beyond_its_limit(tmp_path: Path) -> None:
    journal = journal_in(tmp_path / "j", most_bytes=1000)
    while journal.waiting_bytes + 80 < 1000:
        journal.append([b"x" * 50])
    with pytest.raises(JournalFull):
        journal.append([b"x" * 50, b"y" * 50])
    assert journal.waiting_bytes <= 1000
    kept = all_lines(journal)
    assert 10 < len(kept) < 20
    for file in journal.closed():
        journal.remove(read_segment(file))
    assert journal.waiting_bytes == 0
    journal.append([b"room again"])
    assert all_lines(journal) == [b"room again"]


def test_what_a_living_process_writes_is_left_alone(tmp_path: Path) -> None:
    mine, other = journal_in(tmp_path / "j"), journal_in(tmp_path / "j")
    other.append([b"one"])
    other.close_segment()
    mine.open()
    with mine.left_behind() as files:
        assert files == []


def test_what_waits_when_it_is_closed_is_for_the_next(tmp_path: Path) -> None:
    first, second = journal_in(tmp_path / "j"), journal_in(tmp_path / "j")
    first.append([b"one"])
    first.close()
    with second.left_behind() as files:
        assert [read_segment(file).lines for file in files] == [[b"one"]]
        second.remove(read_segment(files[0]))
    with second.left_behind() as files:
        assert files == []
    second.close()
    assert list((tmp_path / "j").iterdir()) == []


def test_only_one_takes_over(tmp_path: Path) -> None:
    gone, first, second = (journal_in(tmp_path / "j") for _ in range(3))
    gone.append([b"one"])
    gone.close()
    with first.left_behind() as taken, second.left_behind() as refused:
        assert len(taken) == 1
        assert refused == []


_WRITER = """
import sys
from pathlib import Path
from service.storage.journal import Journal
journal = Journal(Path(sys.argv[1]), most_bytes=2**30)
number = 0
while True:
    lines = [b"%08d " % (number + place) + b"x" * 4000 for place in range(16)]
    journal.append(lines)
    number += len(lines)
    print(number, flush=True)  # as an answer that leaves
"""


def test_nothing_that_was_answered_is_missing_after_a_kill(tmp_path: Path) -> None:
    for attempt in range(5):
        folder = tmp_path / str(attempt)
        with subprocess.Popen([sys.executable, "-c", _WRITER, str(folder)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            answered = int(writer.stdout.readline())
            time.sleep(0.02 * attempt)
            writer.send_signal(signal.SIGKILL)
            for line in writer.stdout:
                answered = int(line) if line.endswith(b"\n") else answered
        with journal_in(folder).left_behind() as files:
            numbers = [int(line[:8]) for file in files for line in read_segment(file).lines]
        assert numbers == list(range(len(numbers)))
        assert len(numbers) >= answered
