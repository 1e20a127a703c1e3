"""Backs up everything that is stored into one file, and restores it into an empty database of either kind.

The file is a zip archive: each table as lines of JSON, and a manifest with the number of rows and the SHA-256 of each.
Nothing is written into a database before every digest has been compared, and nothing stays there unless rule sets,
terminologies and the audit trail are as they were written.
"""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

from pydantic import BaseModel, ConfigDict, ValidationError

from service.application import audit
from service.application.files import whole_file
from service.application.keyring import Keyring
from service.application.packed import MAXIMUM_BYTES, unpack
from service.application.rule_sets import verify_stored
from service.errors import BackupRefused, FileRefused, StoreNotEmpty
from service.storage import backup, rule_sets, terminologies
from service.storage.session import Store, Transaction
from service.storage.tables import SCHEMA_REVISION

FORM = "magcheck-backup"
FORM_VERSION = 1
MANIFEST, SIGNATURE = "manifest.json", "manifest.signature.json"
_SMALL_BYTES = 1024 * 1024  # manifest and signature have a few kilobytes
# A packed rule set or terminology in base64, and room for the rest of its row.
_LINE_BYTES = MAXIMUM_BYTES // 3 * 4 + _SMALL_BYTES
# Zip knows no time zones and ends in 2107; the moment stands in the manifest, so that equal tables are equal bytes.
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_PURPOSE = "backup"
# What reading an archive raises where somebody cut or changed it.
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Part(_Strict):
    """One table in the archive."""

    table: str
    rows: int
    sha256: str


class Manifest(_Strict):
    """What is in an archive."""

    form: str
    form_version: int
    schema_revision: str
    program_version: str
    made_at: str
    audit_entries: int
    audit_hash: str
    parts: list[Part]

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(part.rows for part in self.parts)


class _Signature(_Strict):
    key_id: str
    signature: str


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive whose digests have been compared, still open; ``signed``: with a key that is known here."""

    manifest: Manifest
    signed: bool
    content: zipfile.ZipFile


# --- back up ----------------------------------------------------------------------------------------------------------


def back_up(store: Store, path: Path, *, keyring: Keyring | None, now: datetime, replace: bool = False) -> Manifest:
    """Write everything that is stored into a file, as it is at one moment.

    Raises:
        FileRefused: the file is there already and ``replace`` is not given, or it cannot be written.
        BackupRefused: the audit trail is not as it was written, or the schema is of a later version.
        StoreUnavailable: the database cannot be reached.
    """
    with backup.snapshot(store) as session:
        revision = backup.revision(session)
        if revision != SCHEMA_REVISION:  # columns that this version does not know would be left out
            raise BackupRefused(
                f"nothing was backed up: the database schema is at {revision}, this version of magcheck knows "
                f"{SCHEMA_REVISION} only"
            )
        trail = audit.verify_entries(session)
        if trail.bad is not None:
            raise BackupRefused(f"nothing was backed up: entry {trail.bad} of the audit trail: {trail.why}")
        with whole_file(path, replace=replace) as file, zipfile.ZipFile(file, "w") as archive:
            parts = [_write_table(archive, session, table) for table in backup.tables()]
            manifest = Manifest(
                form=FORM,
                form_version=FORM_VERSION,
                schema_revision=SCHEMA_REVISION,
                program_version=version("magcheck"),
                made_at=now.astimezone(UTC).isoformat(timespec="seconds"),
                audit_entries=trail.entries,
                audit_hash=trail.last_hash,
                parts=parts,
            )
            content = json.dumps(manifest.model_dump(), indent=1).encode() + b"\n"
            _write(archive, MANIFEST, content)
            if keyring is not None:
                key_id, signature = keyring.mac(_PURPOSE, content)
                _write(archive, SIGNATURE, json.dumps({"key_id": key_id, "signature": signature}).encode() + b"\n")
    return manifest


def export_trail(store: Store, path: Path, *, replace: bool = False) -> int:
    """Write the audit trail alone, a line of JSON for each entry; returns how many there are.

    Raises:
        FileRefused: the file is there already and ``replace`` is not given, or it cannot be written.
        StoreUnavailable: the database cannot be reached.
    """
    entries = 0
    with backup.snapshot(store) as session, whole_file(path, replace=replace) as file:
        for line in backup.lines(session, "audit_entry"):
            file.write(line)
            entries += 1
    return entries


def _write_table(archive: zipfile.ZipFile, session: Transaction, table: str) -> Part:
    sha256, rows = hashlib.sha256(), 0
    with archive.open(_entry(_place(table)), "w", force_zip64=True) as part:
        for line in backup.lines(session, table):
            sha256.update(line)
            part.write(line)
            rows += 1
    return Part(table=table, rows=rows, sha256=sha256.hexdigest())


def _write(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(_entry(name), content)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _NO_TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


def _place(table: str) -> str:
    return f"tables/{table}.jsonl"


# --- restore ----------------------------------------------------------------------------------------------------------


@contextmanager
def opened(path: Path, *, keyring: Keyring | None, unsigned: bool = False) -> Generator[Archive]:
    """Open an archive and compare all its digests; nothing of it has been used before.

    ``unsigned`` takes one without a signature, or with one of a key that is not known here, too.

    Raises:
        FileRefused: the file cannot be read.
        BackupRefused: it is not whole, not of this program, of another version, or its signature is not right.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error.strerror}") from error
    with file:
        yield _verified(file, keyring, unsigned=unsigned)


def _verified(file: BinaryIO, keyring: Keyring | None, *, unsigned: bool) -> Archive:
    try:
        content = zipfile.ZipFile(file)
        names = content.namelist()
        if MANIFEST not in names:
            raise BackupRefused("it is no back-up of magcheck: it has no manifest")
        written = _read_small(content, MANIFEST)
        manifest = _manifest(written)
        allowed = {MANIFEST, SIGNATURE, *(_place(part.table) for part in manifest.parts)}
        if len(names) != len(set(names)) or not allowed - {SIGNATURE} <= set(names) <= allowed:
            raise BackupRefused("its parts are not those that its manifest names")
        signature = _read_small(content, SIGNATURE) if SIGNATURE in names else None
        signed = _signed(written, signature, keyring, unsigned=unsigned)
        for part in manifest.parts:
            for _ in _lines(content, part):
                pass
    except _BROKEN as error:
        raise BackupRefused("it is cut short, changed, or no back-up of magcheck") from error
    return Archive(manifest, signed, content)


def _read_small(content: zipfile.ZipFile, name: str) -> bytes:
    with content.open(name) as part:
        read = part.read(_SMALL_BYTES + 1)
    if len(read) > _SMALL_BYTES:
        raise BackupRefused(f"{name} is far longer than any that magcheck writes")
    return read


def _manifest(written: bytes) -> Manifest:
    try:
        form = json.loads(written)
        if not isinstance(form, dict) or form.get("form") != FORM:
            raise BackupRefused("it is no back-up of magcheck")
        if form.get("form_version") != FORM_VERSION:
            raise BackupRefused(
                f"it is written in form {form.get('form_version')!s:.20}, this version of magcheck reads {FORM_VERSION}"
            )
        revision = form.get("schema_revision")
        if revision != SCHEMA_REVISION:
            raise BackupRefused(
                f"it is of schema {revision!s:.20}, this version of magcheck has {SCHEMA_REVISION}: restore it with "
                f"magcheck {form.get('program_version')!s:.20}, which made it, and upgrade then"
            )
        manifest = Manifest.model_validate_json(written)
    except (ValidationError, ValueError) as error:
        raise BackupRefused("its manifest cannot be read") from error
    if sorted(part.table for part in manifest.parts) != sorted(backup.tables()):
        raise BackupRefused("its tables are not those of this version of magcheck")
    return manifest


def _signed(manifest: bytes, signature: bytes | None, keyring: Keyring | None, *, unsigned: bool) -> bool:
    if signature is None:
        if keyring is not None and not unsigned:
            raise BackupRefused("it is not signed, so that anybody may have written it")
        return False
    try:
        read = _Signature.model_validate_json(signature)
    except ValidationError as error:
        raise BackupRefused("its signature cannot be read") from error
    if keyring is not None and keyring.verify(_PURPOSE, manifest, read.key_id, read.signature):
        return True
    if not unsigned:
        raise BackupRefused(
            "its signature is not of the secret key set here: it is of another installation, or somebody changed it"
        )
    return False


def _lines(content: zipfile.ZipFile, part: Part) -> Iterator[bytes]:
    """The lines of a table; behind the last one, they are compared with the manifest.

    Raises:
        BackupRefused: they are others.
    """
    sha256, rows = hashlib.sha256(), 0
    with content.open(_place(part.table)) as lines:
        while line := lines.readline(_LINE_BYTES):
            if not line.endswith(b"\n"):
                raise BackupRefused(f"a line of table {part.table} has no end")
            sha256.update(line)
            rows += 1
            yield line
    if (rows, sha256.hexdigest()) != (part.rows, part.sha256):
        raise BackupRefused(f"table {part.table} is not the one that was backed up")


def restore_archive(store: Store, archive: Archive) -> None:
    """Put everything of an archive into an empty database: all of it, or nothing.

    Raises:
        StoreNotEmpty: there is something in it already.
        BackupRefused: what the archive holds does not fit together; nothing is written.
        RuleSetDamaged: a rule set in it is not what was published; nothing is written.
        StoreUnavailable: the database cannot be reached.
    """
    parts = {part.table: part for part in archive.manifest.parts}
    with store.writing() as session:
        _require_empty(session)
        for table in backup.tables():
            try:
                backup.put_back(session, table, _lines(archive.content, parts[table]))
            except (zipfile.BadZipFile, zlib.error, EOFError) as error:
                raise BackupRefused("it was changed while it was read") from error
        backup.continue_numbering(session)
        session.expire_all()
        _verify(session, archive.manifest)


def _require_empty(session: Transaction) -> None:
    filled = [table for table in backup.tables() if backup.rows_in(session, table)]
    if filled:
        raise StoreNotEmpty(
            f"the database is not empty ({', '.join(filled)}): a back-up is restored into a new one only, also where "
            "this one holds nothing but the packaged knowledge. With SQLite move the file away, with PostgreSQL "
            "create another database; `magcheck restore` makes the tables itself"
        )


def _verify(session: Transaction, manifest: Manifest) -> None:
    """Make sure that what is in the database now is what was backed up, and is as it was written once."""
    for part in manifest.parts:
        if backup.rows_in(session, part.table) != part.rows:
            raise BackupRefused(f"table {part.table} has not the rows that were backed up")
    for summary in rule_sets.summaries(session):
        rule_set = rule_sets.by_number(session, summary.number)
        if rule_set is not None:
            verify_stored(rule_set)
            session.expunge(rule_set)
    for number in range(1, terminologies.last_number(session) + 1):
        terminology = terminologies.by_number(session, number)
        if terminology is not None:
            if hashlib.sha256(unpack(terminology.content)).hexdigest() != terminology.digest:
                raise BackupRefused(f"the content of terminology {number} does not match its digest")
            session.expunge(terminology)
    trail = audit.verify_entries(session)
    if trail.bad is not None:
        raise BackupRefused(f"entry {trail.bad} of its audit trail is not as it was written: {trail.why}")
    if (trail.entries, trail.last_hash) != (manifest.audit_entries, manifest.audit_hash):
        raise BackupRefused("its audit trail does not end where the manifest says")
