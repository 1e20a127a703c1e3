"""Signatures of published rule sets: number, form and digest, signed by the key of this installation.

Whoever can write to the database, and does not have that key, cannot make another rule set answer. Nothing here looks
at the content: that it fits the digest is for `service.application.rule_sets` to see.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from service.application.keyring import Keyring
from service.errors import RuleSetDamaged
from service.storage import rule_sets
from service.storage.session import Transaction
from service.storage.tables import RuleSetRow, RuleSetSignatureRow

PURPOSE: Final = "rule-set"


def message(row: RuleSetRow) -> bytes:
    """What is signed: everything that decides what a rule set is."""
    return f"{row.number}\n{row.schema_version}\n{row.digest}".encode()


def sign(session: Transaction, row: RuleSetRow, keyring: Keyring, *, now: datetime) -> None:
    """Sign a rule set with the current key; the caller holds the write lock and has seen that its content fits."""
    key_id, signature = keyring.mac(PURPOSE, message(row))
    rule_sets.add_signature(session, row.number, key_id=key_id, signature=signature, now=now)


def require_signature(row: RuleSetRow, signatures: Iterable[RuleSetSignatureRow], keyring: Keyring) -> None:
    """Make sure that this installation signed exactly this rule set, with its current or its former key.

    Raises:
        RuleSetDamaged: it did not.
    """
    signatures = list(signatures)
    if not signatures:
        raise RuleSetDamaged(row.number, "it is not signed; `magcheck rule-sets sign` signs what was published before")
    known = [one for one in signatures if one.key_id in keyring.key_ids]
    if not known:
        raise RuleSetDamaged(
            row.number,
            "it is signed with another key than this installation has; set MAGCHECK_FORMER_SECRET_KEY to the key "
            "before, or sign it anew with `magcheck rule-sets sign`",
        )
    if not any(keyring.verify(PURPOSE, message(row), one.key_id, one.signature) for one in known):
        raise RuleSetDamaged(row.number, "its signature is false: number, form or digest are not what was signed")
