"""Keeps imported terminologies and brings them back, byte for byte what was imported.

One transaction holds an import from its first byte to its activation, so that a killed one leaves nothing. One whose
bytes do not match its digest is never used.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from rules.errors import TerminologyDamaged
from rules.terminology import Terminology
from service.application import audit
from service.application.packed import pack, unpack
from service.errors import TerminologyRefused
from service.storage import terminologies
from service.storage.session import Store, Transaction
from service.storage.tables import TerminologyRow

AUTHOR = "import-rxnorm"


@dataclass(frozen=True, slots=True)
class Import:
    """What became of an import: the terminology in use now, and whether its content, or its use, is new."""

    number: int
    version: str
    digest: str
    created: bool
    activated: bool


def keep_terminology(store: Store, block: bytes, *, version: str, note: str, now: datetime) -> Import:
    """Keep a terminology under the next number, unless one of the same content is kept, and put it in use.

    Raises:
        TerminologyRefused: the block cannot be loaded; nothing is written.
    """
    digest = hashlib.sha256(block).hexdigest()
    try:
        loaded = Terminology.load(block, version=version, digest=digest)
    except TerminologyDamaged as error:  # before anything is written: what cannot be used is not kept
        raise TerminologyRefused("the terminology that was made of the release", str(error)) from error
    content = pack(block)
    with store.writing() as session:
        known = terminologies.by_digest(session, digest)
        if known is not None:
            number, kept = known
            activated = terminologies.active_number(session) != number
            if activated:
                _activate(session, number, digest, note=note, now=now)
            return Import(number, kept, digest, created=False, activated=activated)
        row = TerminologyRow(
            number=terminologies.last_number(session) + 1,
            version=version,
            digest=digest,
            content=content,
            counts=loaded.counts,
            created_at=now,
            author=AUTHOR,
            note=note,
        )
        terminologies.add(session, row)
        _activate(session, row.number, digest, note=note, now=now)
        return Import(row.number, version, digest, created=True, activated=True)


def _activate(session: Transaction, number: int, digest: str, *, note: str, now: datetime) -> None:
    """Put a terminology in use, and say so in the audit trail."""
    before = terminologies.active_number(session)
    terminologies.activate(session, number, author=AUTHOR, note=note, now=now)
    audit.record(
        session,
        person=AUTHOR,
        action="use_terminology",
        subject=f"terminology/{number}",
        reason=note,
        before=None if before is None else {"number": before},
        after={"number": number, "digest": digest},
        now=now,
    )


def restore_terminology(row: TerminologyRow) -> Terminology:
    """Bring a kept terminology back, ready to be asked.

    Raises:
        TerminologyRefused: its bytes are not those that were imported, or this version cannot use them.
    """
    try:
        return Terminology.load(unpack(row.content), version=row.version, digest=row.digest)
    except (TerminologyDamaged, ValueError) as error:
        raise TerminologyRefused(f"terminology {row.number}", str(error)) from error
