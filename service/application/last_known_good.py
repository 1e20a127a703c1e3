"""The last known good rule set, kept on disk: what a process answers from when it starts and the database is away.

One file with one signature over all of it, written whole or not at all. What is not exactly what this installation
wrote about its own database is never used, not even in part. Nothing here decides when to write or to read it.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from service.application.files import whole_file
from service.application.keyring import Keyring
from service.errors import FileRefused, LastKnownGoodRefused
from service.storage.tables import RuleSetRow, TerminologyRow

FILE: Final = "last-known-good"
PURPOSE: Final = "last-known-good"
_FORM: Final = b"magcheck last known good, form 1\n"
# What a killed process has left behind; younger ones may still be written to.
_LEFT_BEHIND_SECONDS: Final = 3600.0


@dataclass(frozen=True, slots=True)
class KeptPart:
    """Something else that a process needs when the database is away, kept in the same file.

    ``marker`` differs whenever ``content`` would; it is asked for twice a second and has to be cheap. ``restore`` takes
    what was kept, or raises and nothing has happened.
    """

    name: str
    marker: Callable[[], object]
    content: Callable[[], bytes]
    restore: Callable[[bytes], None]


class Fingerprint(NamedTuple):
    """What a file says, apart from when."""

    number: int
    digest: str
    terminology: str | None
    parts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class LastKnownGood:
    """What was good when the database was last seen. The rows are not of any session."""

    rule_set: RuleSetRow
    terminology: TerminologyRow | None
    parts: Mapping[str, bytes] = field(default_factory=dict)
    confirmed_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def fingerprint(self) -> Fingerprint:
        """What it says, in short."""
        return Fingerprint(
            self.rule_set.number,
            self.rule_set.digest,
            None if self.terminology is None else self.terminology.digest,
            tuple((name, hashlib.sha256(content).hexdigest()) for name, content in sorted(self.parts.items())),
        )


class LastKnownGoodFile:
    """The file of one installation in its data folder."""

    def __init__(self, folder: Path, keyring: Keyring, place: str) -> None:
        """``place`` says which database it is about, without a password: the file of another one is refused."""
        self.path = folder / FILE
        self._keyring = keyring
        self._place = hashlib.sha256(place.encode()).hexdigest()

    def read(self) -> LastKnownGood:
        """What was kept.

        Raises:
            LastKnownGoodRefused: there is none, or it is not what this installation wrote.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError as error:
            raise LastKnownGoodRefused("there is none") from error
        except OSError as error:
            raise LastKnownGoodRefused(f"it cannot be read ({error.strerror})") from error
        return self._opened(self._verified(content))

    def write(self, kept: LastKnownGood) -> None:
        """Keep this in place of what was kept.

        Raises:
            FileRefused: it cannot be written; what was kept is still there.
        """
        blobs = [kept.rule_set.content]
        header: dict[str, Any] = {
            "place": self._place,
            "confirmed_at": kept.confirmed_at.astimezone(UTC).isoformat(),
            "rule_set": {
                "number": kept.rule_set.number,
                "schema_version": kept.rule_set.schema_version,
                "digest": kept.rule_set.digest,
                "size": len(kept.rule_set.content),
            },
            "terminology": None,
            "parts": [],
        }
        if kept.terminology is not None:
            row = kept.terminology
            header["terminology"] = {
                "number": row.number,
                "version": row.version,
                "digest": row.digest,
                "size": len(row.content),
            }
            blobs.append(row.content)
        for name, content in sorted(kept.parts.items()):
            header["parts"].append({"name": name, "size": len(content)})
            blobs.append(content)
        signed = b"".join((_FORM, json.dumps(header, sort_keys=True).encode(), b"\n", *blobs))
        key_id, signature = self._keyring.mac(PURPOSE, signed)
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._clear_away()
        except OSError as error:
            raise FileRefused(f"{self.path} cannot be written: {error.strerror}") from error
        with whole_file(self.path, replace=True) as file:
            file.write(signed)
            file.write(f"\n{key_id} {signature}\n".encode())

    def stamp(self) -> tuple[int, ...] | None:
        """Changes when somebody writes to the file or puts another in its place; none where there is none."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return (found.st_ino, found.st_size, found.st_mtime_ns)

    def _verified(self, content: bytes) -> bytes:
        """What is signed, once it is certain that we signed it."""
        if not content:
            raise LastKnownGoodRefused("it is empty")
        if not content.startswith(_FORM):
            raise LastKnownGoodRefused("it is no file of this form")
        signed, _, trailer = content.removesuffix(b"\n").rpartition(b"\n")
        key_id, _, signature = trailer.decode("ascii", "replace").partition(" ")
        if not content.endswith(b"\n") or not self._keyring.verify(PURPOSE, signed, key_id, signature):
            raise LastKnownGoodRefused("it is damaged, cut short or signed with another key")
        return signed

    def _opened(self, signed: bytes) -> LastKnownGood:
        """The parts. What is wrong here was signed by us: the file is of another database or another version."""
        line, _, blobs = signed.removeprefix(_FORM).partition(b"\n")
        try:
            header = json.loads(line)
            if header["place"] != self._place:
                raise LastKnownGoodRefused("it is about another database than this installation has")
            take = _Blobs(blobs)
            rule_set = header["rule_set"]
            terminology = header["terminology"]
            return LastKnownGood(
                rule_set=_rule_set_row(rule_set, take.next(rule_set["size"])),
                terminology=(
                    None if terminology is None else _terminology_row(terminology, take.next(terminology["size"]))
                ),
                parts={part["name"]: take.next(part["size"]) for part in header["parts"]} | take.nothing_left(),
                confirmed_at=datetime.fromisoformat(header["confirmed_at"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise LastKnownGoodRefused("another version of magcheck wrote it") from error

    def _clear_away(self) -> None:
        """Remove what killed processes have begun to write."""
        old = time.time() - _LEFT_BEHIND_SECONDS
        for unfinished in self.path.parent.glob(f".{FILE}.*"):
            if unfinished.stat().st_mtime < old:
                unfinished.unlink(missing_ok=True)


class _Blobs:
    """Hands out bytes one after the other, exactly as many as there are."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def next(self, size: int) -> bytes:
        end = self._at + size
        if size < 0 or end > len(self._content):
            raise ValueError("more is announced than there is")
        found, self._at = self._content[self._at : end], end
        return found

    def nothing_left(self) -> dict[str, bytes]:
        if self._at != len(self._content):
            raise ValueError("more is there than was announced")
        return {}


_KEPT: Final[dict[str, Any]] = {"created_at": datetime.min.replace(tzinfo=UTC), "author": "kept", "note": "kept"}


def _rule_set_row(said: Mapping[str, Any], content: bytes) -> RuleSetRow:
    return RuleSetRow(
        number=int(said["number"]),
        schema_version=int(said["schema_version"]),
        digest=str(said["digest"]),
        content=content,
        record_counts={},
        **_KEPT,
    )


def _terminology_row(said: Mapping[str, Any], content: bytes) -> TerminologyRow:
    return TerminologyRow(
        number=int(said["number"]),
        version=str(said["version"]),
        digest=str(said["digest"]),
        content=content,
        counts={},
        **_KEPT,
    )
