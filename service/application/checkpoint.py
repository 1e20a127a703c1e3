"""Notes outside the database how far the audit trail went, signed, so that entries cut off its end are missed.

A chain of hashes shows every change but one: that its last entries are gone. A checkpoint only ever moves forward, and
never behind a trail in which what it noted before is not there any more.
"""

import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service.application.audit import Trail, verify_entries
from service.application.files import whole_file
from service.application.keyring import Keyring
from service.errors import (
    AuditTrailBroken,
    CheckpointRefused,
    FileRefused,
    MigrationNeeded,
    ServiceError,
    StoreUnavailable,
)
from service.storage import audit
from service.storage.session import Store
from service.telemetry import get_logger

CHECKPOINT_FILE = "audit-checkpoint"
# How soon after a change it is noted.
INTERVAL_SECONDS = 2.0
_PURPOSE = "audit-checkpoint"
_FORM = "magcheck-audit-checkpoint/1"
_MOST_BYTES = 4096

_log = get_logger(__name__)


class Checkpoint(BaseModel):
    """The last entry of the trail at one moment, signed. ``sequence`` 0: there was none yet."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    form: str = Field(pattern=f"^{_FORM}$")
    sequence: int = Field(ge=0)
    hash: str = Field(pattern="^[0-9a-f]{64}$")
    noted_at: str
    key_id: str
    signature: str

    def signed_content(self) -> bytes:
        """What the signature is of: everything else, as canonical JSON."""
        return _canonical(self.model_dump(exclude={"key_id", "signature"}))

    def line(self) -> bytes:
        """The checkpoint as one line, to be kept in a file or elsewhere."""
        return _canonical(self.model_dump()) + b"\n"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A trail, and in what it differs from a checkpoint."""

    trail: Trail
    missing: str | None


def _canonical(content: dict[str, object]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def read_checkpoint(file: Path) -> Checkpoint | None:
    """The checkpoint in a file; none where there is no file.

    Raises:
        CheckpointRefused: what is in it is no checkpoint.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(_MOST_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CheckpointRefused(f"the checkpoint {file} cannot be read: {error.strerror}") from error
    try:
        return Checkpoint.model_validate_json(content)
    except ValidationError as error:
        raise CheckpointRefused(f"{file} is no checkpoint of an audit trail") from error


def require_own(checkpoint: Checkpoint, keyring: Keyring) -> None:
    """Make sure that this installation has written it.

    Raises:
        CheckpointRefused: another one has, or somebody has changed it.
    """
    if not keyring.verify(_PURPOSE, checkpoint.signed_content(), checkpoint.key_id, checkpoint.signature):
        raise CheckpointRefused(
            "the checkpoint does not bear the signature of the secret key set here: somebody changed it, or the key is "
            "another one (then set the one before as MAGCHECK_FORMER_SECRET_KEY)"
        )


def compare(store: Store, checkpoint: Checkpoint | None, *, anchor: str | None = None) -> Comparison:
    """Verify the whole trail, and that what was noted is in it.

    Raises:
        StoreUnavailable: the database cannot be reached.
    """
    with store.reading() as session:
        trail = verify_entries(session, anchor=anchor)
        if trail.bad is not None or checkpoint is None or checkpoint.sequence == 0:
            return Comparison(trail, None)
        noted = audit.by_sequence(session, checkpoint.sequence)
    if noted is None:
        gone = f"{trail.entries + 1} to {checkpoint.sequence}"
        return Comparison(trail, f"entries {gone} are gone: the trail was noted at {checkpoint.noted_at} to have them")
    if noted.hash != checkpoint.hash:
        return Comparison(
            trail, f"entry {checkpoint.sequence} is another than was noted at {checkpoint.noted_at}: it was rewritten"
        )
    return Comparison(trail, None)


def renew(store: Store, file: Path, keyring: Keyring, *, now: datetime, replace: bool = False) -> Checkpoint:
    """Note how far the trail goes now. What came since the last checkpoint is verified first.

    ``replace`` takes the trail as it is, for a database that was restored from a back-up.

    Raises:
        AuditTrailBroken: what was noted is not there any more, or an entry is not as it was written; the file stays.
        CheckpointRefused: the file holds no checkpoint of this installation; it stays.
        FileRefused: the file cannot be written.
        StoreUnavailable: the database cannot be reached.
    """
    before = None if replace else read_checkpoint(file)
    if before is not None:
        require_own(before, keyring)
    with store.reading() as session:
        start = (before.sequence, before.hash) if before is not None and before.sequence > 0 else None
        if start is not None:
            noted = audit.by_sequence(session, start[0])
            if noted is None:
                raise AuditTrailBroken(f"entry {start[0]} and what else was noted behind the last one are gone")
            if noted.hash != start[1]:
                raise AuditTrailBroken(f"entry {start[0]} is another than was noted")
        trail = verify_entries(session, start=start)
    if trail.bad is not None:
        raise AuditTrailBroken(f"entry {trail.bad}: {trail.why}")
    if before is not None and before.sequence == trail.entries:
        return before
    noted_at = now.astimezone(UTC).isoformat(timespec="seconds")
    unsigned = Checkpoint(
        form=_FORM, sequence=trail.entries, hash=trail.last_hash, noted_at=noted_at, key_id="", signature=""
    )
    key_id, signature = keyring.mac(_PURPOSE, unsigned.signed_content())
    signed = unsigned.model_copy(update={"key_id": key_id, "signature": signature})
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise FileRefused(f"the folder of {file} cannot be made: {error.strerror}") from error
    with whole_file(file, replace=True) as written:
        written.write(signed.line())
    return signed


class CheckpointKeeper:
    """Renews the checkpoint while the service runs, from a thread of its own."""

    def __init__(
        self,
        store: Store,
        file: Path,
        keyring: Keyring,
        *,
        now: Callable[[], datetime],
        tell: Callable[[bool], None] = lambda _: None,
    ) -> None:
        """Nothing is noted yet. ``tell`` hears after each look whether all is noted."""
        self._store = store
        self._file = file
        self._keyring = keyring
        self._now = now
        self._tell = tell
        self._stop = threading.Event()
        self._noted: int | None = None
        self._fault: str | None = None

    @property
    def fault(self) -> str | None:
        """Why the trail could not be noted the last time; none where it was."""
        return self._fault

    @contextmanager
    def running(self) -> Generator[None]:
        """Note now and then, until the end."""
        thread = threading.Thread(target=self._run, name="audit-checkpoint", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join(timeout=2 * INTERVAL_SECONDS)

    def look(self) -> None:
        """Note how far the trail goes, if it has grown or shrunk."""
        try:
            with self._store.reading() as session:
                last = audit.last_sequence(session)
            if last != self._noted or self._fault is not None:
                self._noted = renew(self._store, self._file, self._keyring, now=self._now()).sequence
        except (StoreUnavailable, MigrationNeeded):
            return  # nothing is known, and the watch over the store tells
        except ServiceError as error:
            # Not again and again: somebody has to look into it, and the first line says everything.
            if self._fault != str(error):
                _log.error("audit_trail_not_noted", code=error.code, exc_info=error)
            self._fault = str(error)
        else:
            self._fault = None
        self._tell(self._fault is None)

    def _run(self) -> None:
        while True:
            try:
                self.look()
            except Exception:  # noqa: BLE001 - the thread must live on, and the line below logs what it was
                _log.exception("audit_checkpoint_failed")
            if self._stop.wait(INTERVAL_SECONDS):
                return
