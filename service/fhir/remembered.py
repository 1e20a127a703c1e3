"""Remembers what an element was read as: the same few dosages and names of medicines come again and again.

It goes by the whole content of an element and by nothing else, so that what is remembered is what would be read. Beside
what was read only a digest of the content is kept: an instruction may be about a patient.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Final, Generic, TypeVar

import orjson

from service.fhir.notes import Note, Notes

_MOST: Final = 4096
_MOST_BYTES: Final = 2_000  # what is longer hardly comes again
_DIGEST_BYTES: Final = 16

Element = TypeVar("Element")


class Remembered(Generic[Element]):
    """Reads an element as ``read`` does, which must depend on nothing but its content, and whose results never change.

    Any thread may read; of two that read the same content at once, both remember the same.
    """

    def __init__(self, read: Callable[[object, str, Notes], Element]) -> None:
        """Nothing is remembered yet."""
        self._read = read
        self._known: dict[bytes, tuple[Element, tuple[Note, ...]]] = {}

    def __call__(self, value: object, pointer: str, notes: Notes) -> Element:
        """What ``value`` is read as; ``pointer`` is where it stands."""
        try:
            content = orjson.dumps(value)
        except TypeError:  # half a character, or a number of more than 64 bits
            return self._read(value, pointer, notes)
        if len(content) > _MOST_BYTES:
            return self._read(value, pointer, notes)
        digest = blake2b(content, digest_size=_DIGEST_BYTES).digest()
        known = self._known.get(digest)
        if known is None:
            apart = Notes()
            known = self._read(value, "", apart), apart.all()
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[digest] = known
        element, noted = known
        if noted:
            notes.add(noted, pointer)
        return element
