"""A medicine terminology in memory: what a product, package or name consists of. It knows no rule and no magnesium.

One block of bytes holds sorted numbers that are searched by halving, and texts that are cut out when they are asked
for. Nothing is made per request that stays, and nothing in the block can run: it is numbers and text, never objects.
Names are indexed when the block is loaded, by the same reader that reads the question, so that the two always agree.
"""

from __future__ import annotations

import json
import sys
from array import array
from bisect import bisect_left
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from operator import le, lt
from typing import TYPE_CHECKING, Final
from zlib import crc32

from rules.errors import TerminologyDamaged
from rules.reading import is_unread_first, read_besides
from rules.spelling import SpellingIndex
from rules.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rules.report import TerminologyReference


class ConceptKind(StrEnum):
    """The term types of RxNorm that stand for a medicine, in the order in which a name prefers them."""

    INGREDIENT = "IN"
    PRECISE_INGREDIENT = "PIN"
    INGREDIENTS = "MIN"
    BRAND = "BN"
    COMPONENT = "SCDC"  # an ingredient with its strength
    GENERIC_FORM = "SCDF"
    GENERIC = "SCD"
    BRANDED_FORM = "SBDF"
    BRANDED = "SBD"
    GENERIC_PACK = "GPCK"
    BRANDED_PACK = "BPCK"


KINDS: Final = tuple(ConceptKind)
# Kinds whose names stand in a line among other words; the names of products are matched as a whole.
NAMES: Final = frozenset(
    {ConceptKind.INGREDIENT, ConceptKind.PRECISE_INGREDIENT, ConceptKind.INGREDIENTS, ConceptKind.BRAND}
)
FORMAT: Final = 1
_MAGIC: Final = b"magcheck terminology\n"
NOTHING: Final = 0xFFFFFFFF
VARIES: Final = 1
RETIRED: Final = 2
# Parts of the block in their order: numbers with their size, texts as UTF-8.
_NUMBERS: Final[dict[str, str]] = {
    "rxcui": "I",
    "kind": "B",
    "flags": "B",
    "form": "H",
    "parts_end": "I",
    "ingredient": "I",
    "precise": "I",
    "amount": "H",
    "part_name": "I",
    "names_end": "I",
    "synonym_of": "I",
    "ndc": "Q",
    "ndc_of": "I",
    "unii": "Q",
    "unii_of": "I",
    "gone": "I",
    "gone_to": "I",
}
_TEXTS: Final = ("names", "forms", "amounts", "part_names")
_MAXIMUM_HEADER: Final = 2000
_MAXIMUM_DIGITS: Final = 8
_UNII_LENGTH: Final = 10
_LEAST_NAME: Final = 3
_LONGEST_PHRASE: Final = 30


@dataclass(frozen=True, slots=True)
class Amount:
    """A strength as the terminology writes it, in exact decimals: so much, per what."""

    value: Decimal
    unit: str
    per: str | None = None

    def __str__(self) -> str:
        return f"{self.value:f} {self.unit}" + (f"/{self.per}" if self.per else "")


@dataclass(frozen=True, slots=True)
class Named:
    """A concept by its number and name."""

    rxcui: str
    name: str


@dataclass(frozen=True, slots=True)
class Part:
    """One ingredient of a product. What the terminology does not have is only known by the name in the product."""

    name: str
    ingredient: Named | None = None
    precise: Named | None = None
    amount: Amount | None = None


@dataclass(frozen=True, slots=True)
class Concept:
    """A medicine. ``varies``: products of this name differ in their ingredients, and ``parts`` holds all of them."""

    rxcui: str
    kind: ConceptKind
    name: str
    form: str
    parts: tuple[Part, ...]
    varies: bool = False
    retired: bool = False


def written(numbers: Mapping[str, Iterable[int]], texts: Mapping[str, bytes]) -> bytes:
    """The block that `Terminology` reads, made of its parts by name."""
    parts = [_little(array(code, numbers[name]), sys.byteorder).tobytes() for name, code in _NUMBERS.items()]
    parts += [texts[name] for name in _TEXTS]
    header = json.dumps({"format": FORMAT, "lengths": [len(part) for part in parts]}, separators=(",", ":"))
    return b"".join((_MAGIC, header.encode(), b"\n", *parts))


def _little(values: array[int], machine: str) -> array[int]:
    """The numbers with their low byte first, whatever the machine."""
    if machine == "big":
        values = values[:]
        values.byteswap()
    return values


def _read_block(content: bytes) -> tuple[dict[str, array[int]], dict[str, bytes]]:
    if not content.startswith(_MAGIC):
        raise TerminologyDamaged("it does not begin as a terminology does")
    end = content.find(b"\n", len(_MAGIC), len(_MAGIC) + _MAXIMUM_HEADER)
    try:
        header = json.loads(content[len(_MAGIC) : max(end, 0)])
        lengths = [int(length) for length in header["lengths"]]
        written = header["format"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise TerminologyDamaged("its header cannot be read") from error
    if written != FORMAT:
        message = f"it is written in form {written!r}, this version of magcheck reads form {FORMAT}"
        raise TerminologyDamaged(message)
    position = end + 1
    if len(lengths) != len(_NUMBERS) + len(_TEXTS) or min(lengths) < 0 or position + sum(lengths) != len(content):
        raise TerminologyDamaged("it is cut short or followed by something else")
    numbers: dict[str, array[int]] = {}
    texts: dict[str, bytes] = {}
    for (name, code), length in zip([*_NUMBERS.items(), *((name, "") for name in _TEXTS)], lengths, strict=True):
        part = content[position : position + length]
        position += length
        if not code:
            texts[name] = part
            continue
        values: array[int] = array(code)
        if length % values.itemsize:
            raise TerminologyDamaged("one of its parts holds half a number")
        values.frombytes(part)
        numbers[name] = _little(values, sys.byteorder)
    return numbers, texts


class Terminology:
    """A terminology, ready to be asked. Make it with `load`; nothing of it ever changes."""

    __slots__ = (
        "_amounts",
        "_forms",
        "_names",
        "_numbers",
        "_part_names",
        "_phrase_hashes",
        "_phrase_of",
        "_whole_hashes",
        "_whole_of",
        "digest",
        "phrase_lengths",
        "reference",
        "spelling",
        "spelt",
        "version",
    )

    def __init__(self, content: bytes, *, version: str, digest: str) -> None:
        """Check every part and index the names.

        Raises:
            TerminologyDamaged: the block is not one that this program has written.
        """
        self.version = version
        self.digest = digest
        self.reference: TerminologyReference = {"version": version, "digest": digest}
        self._numbers, texts = _read_block(content)
        try:
            self._names = texts["names"]
            self._forms = _lines(texts["forms"])
            self._amounts = [amount_of(line) if line else None for line in _lines(texts["amounts"])]
            self._part_names = _lines(texts["part_names"])
            self._require_order()
            self._index_names()
        except (ValueError, ArithmeticError, IndexError) as error:
            raise TerminologyDamaged(f"its parts do not fit together ({error})") from error

    @classmethod
    def load(cls, content: bytes, *, version: str, digest: str) -> Terminology:
        """Bring a stored terminology back.

        Raises:
            TerminologyDamaged: its bytes are not those of the digest.
        """
        if sha256(content).hexdigest() != digest:
            raise TerminologyDamaged("its content does not match its digest")
        return cls(content, version=version, digest=digest)

    def __len__(self) -> int:
        return len(self._numbers["rxcui"])

    @property
    def counts(self) -> dict[str, int]:
        """Number of concepts of each kind, of package codes and of replaced concepts."""
        kinds = self._numbers["kind"]
        counts = {kind.value: kinds.count(index) for index, kind in enumerate(KINDS)}
        return {
            **counts,
            "ndc": len(self._numbers["ndc"]),
            "unii": len(self._numbers["unii"]),
            "replaced": len(set(self._numbers["gone"])),
        }

    # --- looking up -------------------------------------------------------------------------------------------------

    def by_rxcui(self, code: str) -> tuple[Concept, ...]:
        """The concept of an RxNorm number, or those that have taken its place."""
        if not (code.isascii() and code.isdigit() and len(code) <= _MAXIMUM_DIGITS) or code[0] == "0":
            return ()
        number = int(code)
        index = self._index_of(number)
        if index is not None:
            return (self._concept(index),)
        return tuple(
            self._concept(found)
            for new in _values(self._numbers["gone"], self._numbers["gone_to"], number)
            if (found := self._index_of(new)) is not None
        )

    def by_ndc(self, digits: str) -> tuple[Concept, ...]:
        """The products of a package code of eleven digits."""
        return tuple(map(self._concept, _values(self._numbers["ndc"], self._numbers["ndc_of"], int(digits))))

    def by_unii(self, code: str) -> tuple[Concept, ...]:
        """The ingredients with a UNII."""
        if len(code) != _UNII_LENGTH or not (code.isascii() and code.isalnum()):
            return ()
        return tuple(map(self._concept, _values(self._numbers["unii"], self._numbers["unii_of"], int(code, 36))))

    def phrase_at(
        self, words: Sequence[str], position: int, longer_than: int = 0
    ) -> tuple[int, tuple[Concept, ...]] | None:
        """The longest name that starts at the position, with its length; several concepts may share a name."""
        lengths = self.phrase_lengths.get(words[position])
        if lengths is None:
            return None
        longest = min(lengths.bit_length() - 1, len(words) - position)
        for length in range(longest, longer_than, -1):
            if lengths >> length & 1:
                found = self._named(self._phrase_hashes, self._phrase_of, words[position : position + length])
                if found:
                    return length, found
        return None

    def whole(self, words: Sequence[str]) -> tuple[Concept, ...]:
        """The products that the words are the whole name of."""
        return self._named(self._whole_hashes, self._whole_of, words)

    def concept_at(self, place: int) -> Concept:
        """The concept with the name at a place."""
        return self._concept(self._owner(place))

    # --- parts ------------------------------------------------------------------------------------------------------

    def _index_of(self, rxcui: int) -> int | None:
        numbers = self._numbers["rxcui"]
        index = bisect_left(numbers, rxcui)
        return index if index < len(numbers) and numbers[index] == rxcui else None

    def _named(self, hashes: array[int], places: array[int], words: Sequence[str]) -> tuple[Concept, ...]:
        key = " ".join(words)
        owners: dict[int, None] = {}
        for place in _values(hashes, places, crc32(key.encode("utf-8", "surrogatepass"))):
            if self._key(place) == key:  # names that differ may share a check sum
                owners[self._owner(place)] = None
        return tuple(map(self._concept, owners))

    def _key(self, place: int) -> str:
        return " ".join(tokens(self._name(place)))

    def _owner(self, place: int) -> int:
        concepts = len(self)
        return place if place < concepts else self._numbers["synonym_of"][place - concepts]

    def _name(self, place: int) -> str:
        ends = self._numbers["names_end"]
        return self._names[ends[place - 1] if place else 0 : ends[place]].decode()

    def _named_concept(self, index: int) -> Named | None:
        return None if index == NOTHING else Named(str(self._numbers["rxcui"][index]), self._name(index))

    def _concept(self, index: int) -> Concept:
        numbers = self._numbers
        ends = numbers["parts_end"]
        flags = numbers["flags"][index]
        return Concept(
            rxcui=str(numbers["rxcui"][index]),
            kind=KINDS[numbers["kind"][index]],
            name=self._name(index),
            form=self._forms[numbers["form"][index]],
            parts=tuple(self._part(part) for part in range(ends[index - 1] if index else 0, ends[index])),
            varies=bool(flags & VARIES),
            retired=bool(flags & RETIRED),
        )

    def _part(self, part: int) -> Part:
        numbers = self._numbers
        ingredient = self._named_concept(numbers["ingredient"][part])
        precise = self._named_concept(numbers["precise"][part])
        name = self._part_names[numbers["part_name"][part]]
        known = precise or ingredient
        return Part(
            name=name or (known.name if known else ""),
            ingredient=ingredient,
            precise=precise,
            amount=self._amounts[numbers["amount"][part]],
        )

    # --- loading ----------------------------------------------------------------------------------------------------

    def _require_order(self) -> None:
        """Whatever can be asked later must lead somewhere.

        Raises:
            ValueError: something does not.
        """
        numbers = self._numbers
        concepts, parts = len(numbers["rxcui"]), len(numbers["ingredient"])
        names, synonyms = len(numbers["names_end"]), len(numbers["synonym_of"])
        same_length = (
            ("rxcui", "kind", "flags", "form", "parts_end"),
            ("ingredient", "precise", "amount", "part_name"),
            ("ndc", "ndc_of"),
            ("unii", "unii_of"),
            ("gone", "gone_to"),
        )
        for group in same_length:
            _require(len({len(numbers[name]) for name in group}) == 1, f"lengths of {', '.join(group)}")
        _require(names == concepts + synonyms, "number of names")
        _require(all(map(lt, numbers["rxcui"], numbers["rxcui"][1:])), "order of rxcui")
        for name in ("ndc", "unii", "gone", "parts_end", "names_end"):
            _require(all(map(le, numbers[name], numbers[name][1:])), f"order of {name}")
        _require(max(numbers["parts_end"], default=0) == parts, "end of parts")
        _require(max(numbers["names_end"], default=0) == len(self._names), "end of names")
        bounds = {
            "kind": len(KINDS),
            "form": len(self._forms),
            "amount": len(self._amounts),
            "part_name": len(self._part_names),
            "synonym_of": concepts,
            "ndc_of": concepts,
            "unii_of": concepts,
        }
        for name, bound in bounds.items():
            _require(max(numbers[name], default=-1) < bound, f"range of {name}")
        for name in ("ingredient", "precise"):
            _require(all(index < concepts or index == NOTHING for index in numbers[name]), f"range of {name}")

    def _index_names(self) -> None:
        """Sort the check sums of all names, so that a name is found by halving."""
        kinds = self._numbers["kind"]
        naming = frozenset(index for index, kind in enumerate(KINDS) if kind in NAMES)
        component = KINDS.index(ConceptKind.COMPONENT)
        phrases: list[tuple[int, int, int]] = []
        wholes: list[tuple[int, int, int]] = []
        lengths: dict[str, int] = {}
        spelt: dict[str, int] = {}
        for place in range(len(self._numbers["names_end"])):
            name = self._name(place)
            kind = kinds[self._owner(place)]
            if kind == component:  # "furosemide 40 MG" is read as a name with a strength
                continue
            words = tokens(name)
            key = " ".join(words)
            entry = (crc32(key.encode()), kind, place)
            if kind not in naming:
                wholes.append(entry)
            elif len(words) <= _LONGEST_PHRASE and _is_name(words, key):
                phrases.append(entry)
                lengths[words[0]] = lengths.get(words[0], 0) | 1 << len(words)
                spelt.setdefault(key, place)
        self.spelt = array("I", spelt.values())  # the places of the names in the index of spellings
        self.spelling = SpellingIndex(spelt)
        self._phrase_hashes, self._phrase_of = _sorted_index(phrases)
        self._whole_hashes, self._whole_of = _sorted_index(wholes)
        self.phrase_lengths = lengths  # first word of a name -> a bit for each length there is


def _is_name(words: list[str], key: str) -> bool:
    """Whether a name can be told from the other words of a line: no brand called "Oral" or "Daily" hides those."""
    return len(key) >= _LEAST_NAME and (is_unread_first(words[0]) or len(read_besides(words, frozenset()).unread) > 0)


def _sorted_index(entries: list[tuple[int, int, int]]) -> tuple[array[int], array[int]]:
    entries.sort()
    return array("I", [entry[0] for entry in entries]), array("I", [entry[2] for entry in entries])


def _values(keys: array[int], values: array[int], key: int) -> array[int]:
    """The values of a key in two sorted columns."""
    start = end = bisect_left(keys, key)
    while end < len(keys) and keys[end] == key:
        end += 1
    return values[start:end]


def _lines(text: bytes) -> list[str]:
    return text.decode().split("\n")


def _require(holds: bool, what: str) -> None:  # noqa: FBT001 - read as a sentence
    if not holds:
        raise ValueError(what)


def amount_of(text: str) -> Amount:
    """Read a strength such as `40 MG`, `50 MG/ML` or `0.1 MG/24HR`.

    Raises:
        ValueError: it is none.
        ArithmeticError: its number is none.
    """
    value, _, unit = text.partition(" ")
    above, _, below = unit.partition("/")
    if not above or not value or value.strip("0123456789.") or len(value) > _MAXIMUM_HEADER:
        message = "a strength is a number and a unit"
        raise ValueError(message)
    return Amount(Decimal(value), above, below or None)
