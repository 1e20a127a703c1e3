#!/usr/bin/env python3
"""Verifies an audit trail of magcheck without magcheck: `verify_audit.py FILE [--checkpoint FILE] [--anchor HASH]`.

FILE is the SQLite database, or what `magcheck audit export FILE` wrote. The first entry that is not as it was written
is named. It needs Python 3.9 and nothing else, shares no line with the program, and writes nothing.

Each entry holds the SHA-256 of a JSON list without white space: number, moment (UTC, six decimals), person, action,
subject, reason, before, after, and the hash of the entry before (64 zeros for the first). Entries that were cut off the
end show in a checkpoint (`magcheck audit checkpoint`) or a hash noted elsewhere; the checkpoint's signature is verified
where MAGCHECK_SECRET_KEY is set.

Ends with 0: as it was written, 1: not, 2: it could not be looked at.
"""

import argparse
import hashlib
import hmac
import json
import os
import re
import sqlite3
import sys
from pathlib import Path

COLUMNS = ("sequence", "at", "person", "action", "subject", "reason", "before", "after", "previous_hash", "hash")


def from_database(file):
    """Entries of a SQLite database, in order."""
    connection = sqlite3.connect(f"{Path(file).absolute().as_uri()}?mode=ro", uri=True)
    try:
        yield from connection.execute(f"select {', '.join(COLUMNS)} from audit_entry order by sequence")  # noqa: S608
    finally:
        connection.close()


def from_export(file):
    """Entries of an export, in the order of their lines."""
    with Path(file).open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            entry = json.loads(line)
            yield tuple(entry[column] for column in COLUMNS)


def moment(text):
    """The moment as it was hashed; SQLite keeps it without its zone."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d{6})?(\+00:00)?", str(text))
    return f"{found[1]}T{found[2]}{found[3] or '.000000'}+00:00" if found else str(text)


def fault(entry, place, previous):
    """In what an entry differs from what was written; None where it does not."""
    sequence, at, *rest, previous_hash, own_hash = entry
    if sequence != place:
        return f"entry {place} is missing"
    if previous_hash != previous:
        return "it is not chained to the entry before it"
    content = json.dumps([sequence, moment(at), *rest, previous_hash], separators=(",", ":"), ensure_ascii=False)
    if hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest() != own_hash:
        return "its content does not match its hash"
    return None


def is_signed(checkpoint, secret):
    """Whether the secret signed the checkpoint."""
    content = {key: value for key, value in checkpoint.items() if key not in ("key_id", "signature")}
    written = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
    key = hmac.new(secret.encode(), b"magcheck/1/purpose/audit-checkpoint", hashlib.sha256).digest()
    return hmac.compare_digest(hmac.new(key, written, hashlib.sha256).hexdigest(), str(checkpoint["signature"]))


def verify(entries, checkpoint, anchor):
    """Print what was found; returns whether all is as it was written."""
    previous, hashes, place = "0" * 64, {}, 0
    for place, entry in enumerate(entries, 1):
        why = fault(entry, place, previous)
        if why is not None:
            print(f"entry {entry[0]} is not as it was written: {why}")
            return False
        previous = entry[-1]
        hashes[previous] = place
    if checkpoint is not None and checkpoint["sequence"] > 0:
        noted = checkpoint["sequence"]
        if noted > place:
            print(f"entries {place + 1} to {noted} are gone: they were noted at {checkpoint['noted_at']}")
            return False
        if hashes.get(checkpoint["hash"]) != noted:
            print(f"entry {noted} is another than was noted at {checkpoint['noted_at']}: it was rewritten")
            return False
    if anchor is not None and anchor not in hashes:
        print(f"no entry has the hash {anchor}: entries were cut off, or the hash is another's")
        return False
    print(f"{place} entries, each as it was written. The last hash is {previous}")
    return True


def main():
    """Read the arguments and verify."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", help="the SQLite database or the export")
    parser.add_argument("--checkpoint", help="what `magcheck audit checkpoint` printed, as a file")
    parser.add_argument("--anchor", help="a hash noted earlier, which must be in the trail still")
    arguments = parser.parse_args()
    try:
        checkpoint = None
        if arguments.checkpoint:
            checkpoint = json.loads(Path(arguments.checkpoint).read_text(encoding="utf-8"))
            secret = os.environ.get("MAGCHECK_SECRET_KEY")
            if not secret:
                print("the signature of the checkpoint was not verified: MAGCHECK_SECRET_KEY is not set")
            elif not is_signed(checkpoint, secret):
                print("the checkpoint does not bear the signature of this MAGCHECK_SECRET_KEY")
                return 1
        with Path(arguments.file).open("rb") as opened:
            is_database = opened.read(16) == b"SQLite format 3\0"
        entries = from_database(arguments.file) if is_database else from_export(arguments.file)
        return 0 if verify(entries, checkpoint, arguments.anchor) else 1
    except (OSError, ValueError, KeyError, TypeError, sqlite3.Error) as error:
        print(f"it could not be looked at: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
