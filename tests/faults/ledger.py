"""What must hold of a database whatever happened to those who wrote into it. It is looked at with plain SQL.

Nothing of the code that writes is asked whether it wrote well, but for the audit chain; `deploy/verify_audit.py` shares
no line with the program.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from service.storage.session import Store

_DEPLOY = Path(__file__).parents[2] / "deploy" / "verify_audit.py"


def _fault() -> Any:  # noqa: ANN401 - a function of a script without types
    spec = importlib.util.spec_from_file_location("verify_audit", _DEPLOY)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(_DEPLOY)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


@dataclass(slots=True)
class Ledger:
    """Looks at what is new since the last look, and remembers how far it came."""

    store: Store
    known_digests: frozenset[str]
    faults: list[str] = field(default_factory=list)
    digests: dict[int, str] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)
    _audited: int = 0
    _hash: str = "0" * 64
    _activated: int = 0
    _script: Any = field(default_factory=_fault)

    def look(self, acknowledged: dict[int, str] | None = None) -> None:
        """Look, once nobody who may be dead already is still writing: the write lock is waited for."""
        with self.store.writing() as session:
            connection = session.connection()
            new = self._rule_sets(connection)
            activated = self._activations(connection)
            audited = self._audit(connection)
        for what, numbers in (("activation", activated), ("audit entry", audited)):
            if sorted(numbers) != sorted(new):
                self.faults.append(f"rule sets {sorted(new)} came with {what} of {sorted(numbers)}")
        last = max(self.digests, default=0)
        if sorted(self.digests) != list(range(1, last + 1)):
            self.faults.append(f"the numbers up to {last} have gaps")
        if activated and activated[-1] != last:
            self.faults.append(f"rule set {activated[-1]} answers, {last} is the newest")
        for number, digest in (acknowledged or {}).items():
            if self.digests.get(number) != digest:
                self.faults.append(f"rule set {number} was acknowledged and is not there")

    def integrity(self) -> None:
        """Ask SQLite whether its file is whole."""
        if self.store.engine.dialect.name == "sqlite":
            with self.store.engine.connect() as connection:
                told = connection.scalar(sa.text("pragma integrity_check"))
            if told != "ok":
                self.faults.append(f"integrity_check: {told}")

    def _rule_sets(self, connection: sa.Connection) -> list[int]:
        query = (
            "select number, digest, content, record_counts, note, "
            "(select count(*) from rule_set_signature where rule_set_signature.number = rule_set.number) "
            "from rule_set where number > :last order by number"
        )
        new = []
        for number, digest, content, counts, note, signatures in connection.execute(
            sa.text(query), {"last": max(self.digests, default=0)}
        ):
            new.append(number)
            self.digests[number], self.notes[number] = digest, note
            written = zlib.decompress(content)
            found = {kind: len(records) for kind, records in json.loads(written).items() if isinstance(records, list)}
            told = {kind: n for kind, n in (json.loads(counts) if isinstance(counts, str) else counts).items() if n}
            if hashlib.sha256(written).hexdigest() != digest or digest not in self.known_digests:
                self.faults.append(f"the content of rule set {number} is not what was published")
            if {kind: n for kind, n in found.items() if n} != told:
                self.faults.append(f"rule set {number} has {found}, and says {told}")
            if signatures != 1:
                self.faults.append(f"rule set {number} has {signatures} signatures")
        return new

    def _activations(self, connection: sa.Connection) -> list[int]:
        query = "select sequence, number from rule_set_activation where sequence > :last order by sequence"
        rows = connection.execute(sa.text(query), {"last": self._activated}).all()
        if rows:
            self._activated = rows[-1][0]
        return [number for _, number in rows]

    def _audit(self, connection: sa.Connection) -> list[int]:
        columns = ", ".join(self._script.COLUMNS)
        query = f"select {columns} from audit_entry where sequence > :last order by sequence"  # noqa: S608 - a constant
        numbers = []
        for row in connection.execute(sa.text(query), {"last": self._audited}):
            entry = tuple(row)
            why = self._script.fault(entry, self._audited + 1, self._hash)
            if why is not None:
                self.faults.append(f"audit entry {entry[0]}: {why}")
            self._audited, self._hash = entry[0], entry[-1]
            after = json.loads(entry[7])
            numbers.append(after["number"])
            if self.digests.get(after["number"]) != after["digest"]:
                self.faults.append(f"audit entry {entry[0]} tells of a rule set that is not there")
        return numbers
