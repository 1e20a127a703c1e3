"""Reads an RxNorm release from its zip file. Nothing is unpacked to disk, and no text longer than a row is held.

The file comes from a network: its sizes are looked at before a byte of it is read, and whatever is wrong with it is
said with the file inside it and the line. What the rows mean is in `rules.rrf`.
"""

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path, PurePosixPath

from rules.errors import ReleaseInvalid
from rules.rrf import ARCHIVE, ATTRIBUTES, CONCEPTS, LONGEST_ROW, RELATIONS, REPLACED, Release

# The full monthly release has 0.7 GB in its largest member; rows of RRF shrink to a tenth at best.
_MAXIMUM_BYTES = 2 * 1024**3
_MOST_SHRUNK = 100
_OPTIONAL = frozenset({REPLACED, ARCHIVE})
_ENCRYPTED = 0x1
_DATE_DIGITS = 8
_FIRST_YEAR = 2004  # RxNorm's first release
_DATE_FORMS = ("%Y%m%d", "%m%d%Y")

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class ReadRelease:
    """A release as the store keeps it."""

    block: bytes
    skipped_ndc: int


def read_release(path: Path, progress: Progress = lambda _done, _all: None) -> ReadRelease:
    """Read a release; ``progress`` is told how many bytes of how many are read.

    Raises:
        ReleaseInvalid: the file is none, or is damaged.
    """
    with _said_plainly(path.name), zipfile.ZipFile(path) as archive:
        members = {
            name: _member(archive, path.name, name, required=name not in _OPTIONAL)
            for name in (CONCEPTS, RELATIONS, ATTRIBUTES, REPLACED, ARCHIVE)
        }
        found = {name: info for name, info in members.items() if info is not None}
        whole = sum(info.file_size for info in found.values())
        release, done = Release(), 0
        readers = {
            CONCEPTS: release.read_concepts,
            RELATIONS: release.read_relations,
            ATTRIBUTES: release.read_attributes,
            REPLACED: release.read_replaced,
            ARCHIVE: release.read_archive,
        }
        for name, info in found.items():
            told = partial(_told, progress, done, whole)
            with _said_plainly(name):
                readers[name](_lines(archive, info, told))
            done += info.file_size
            progress(done, whole)
    return ReadRelease(release.block(), release.skipped_ndc)


def _told(progress: Progress, before: int, whole: int, part: int) -> None:
    progress(before + part, whole)


def release_date(name: str) -> date | None:
    """The day in the name of a release file, as its publisher writes it (10062025) or year first (20251006)."""
    digits = "".join(character if character in "0123456789" else " " for character in name).split()
    for run in digits:
        for form in _DATE_FORMS if len(run) == _DATE_DIGITS else ():
            try:
                day = datetime.strptime(run, form).replace(tzinfo=UTC).date()
            except ValueError:
                continue
            if day.year >= _FIRST_YEAR:
                return day
    return None


def _member(archive: zipfile.ZipFile, file: str, name: str, *, required: bool) -> zipfile.ZipInfo | None:
    found = [info for info in archive.infolist() if PurePosixPath(info.filename).name.upper() == name]
    usual = [info for info in found if info.filename.lower() == f"rrf/{name.lower()}"]
    found = usual or found  # the full release holds the prescribable one in a folder of its own
    if not found:
        if required:
            raise ReleaseInvalid(
                file, 0, f"rrf/{name} is not in it; allowed is a release of RxNorm as the National Library publishes it"
            )
        return None
    if len(found) > 1:
        raise ReleaseInvalid(file, 0, f"{name} is in it {len(found)} times, and none of them in the folder rrf")
    info = found[0]
    if info.flag_bits & _ENCRYPTED:
        raise ReleaseInvalid(name, 0, "it is encrypted")
    if info.file_size > _MAXIMUM_BYTES or info.file_size > _MOST_SHRUNK * max(info.compress_size, 1):
        raise ReleaseInvalid(name, 0, f"it would unpack to {info.file_size} bytes, which no release does")
    return info


def _lines(archive: zipfile.ZipFile, info: zipfile.ZipInfo, told: Callable[[int], None]) -> Iterator[str]:
    with archive.open(info) as raw, io.TextIOWrapper(raw, encoding="utf-8", newline="\n") as text:
        for number, line in enumerate(iter(lambda: text.readline(LONGEST_ROW + 1), "")):
            if number % 5000 == 0:
                told(raw.tell())
            yield line


@contextmanager
def _said_plainly(file: str) -> Iterator[None]:
    """Say what is wrong with a file in the words of a release.

    Raises:
        ReleaseInvalid: in place of what the zip reader raised.
    """
    try:
        yield
    except OSError as error:
        raise ReleaseInvalid(file, 0, f"it cannot be read ({error.strerror or type(error).__name__})") from error
    except UnicodeDecodeError as error:
        raise ReleaseInvalid(file, 0, "it is not written in UTF-8") from error
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise ReleaseInvalid(file, 0, f"it is no zip file, or is cut short or damaged ({error})") from error
