"""Reads CodeableConcepts: every coding of a system that counts, and one text; also a bare Coding or a bare string.

It chooses no meaning: codings that disagree are all handed on, and the engine says that they do.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from rules.code_systems import SPELLINGS
from rules.profile import Code
from rules.reading import read_besides
from rules.terms import CodeSystem
from rules.tokens import tokens
from service.fhir.codes import CODE_SYSTEMS, SNOMED, SYSTEMS
from service.fhir.elements import MAXIMUM_TEXT, objects, text_of
from service.fhir.notes import NoteCode, Notes
from service.fhir.remembered import Remembered

MEDICINES: Final = frozenset({CodeSystem.RXNORM, CodeSystem.NDC, CodeSystem.ATC, CodeSystem.UNII})
CONDITIONS: Final = frozenset({CodeSystem.ICD10CM})
_OF_PRODUCTS: Final = frozenset({SNOMED, "https://dmd.nhs.uk"})
_BRAND: Final = re.compile(r"\[[^\]\[]*\]")
_MAXIMUM_CODES: Final = 10
# Real concepts have a handful of codings; what a hostile one has more is not worth the time.
_MAXIMUM_CODINGS: Final = 50
_CODE: Final = re.compile(r"[A-Za-z0-9.-]{1,32}", re.ASCII)
# What SNOMED CT adds to its full names.
_TAG: Final = re.compile(
    r" \((?:disorder|finding|situation|product|substance|medicinal product|clinical drug|event)\)$"
)


class Coding(NamedTuple):
    """A coding as it came, with the address of its system where that is known by another name."""

    system: str | None
    code: str | None
    display: str | None


class Concept(NamedTuple):
    """What a CodeableConcept says. ``codings`` are all of them, ``codes`` those of systems that count here."""

    codings: tuple[Coding, ...] = ()
    codes: tuple[Code, ...] = ()
    text: str | None = None

    @property
    def names_something(self) -> bool:
        """Whether there is anything to look up."""
        return self.text is not None or bool(self.codes)

    def written(self, system: str | None = None) -> list[str]:
        """The codes of a system, or of all, in lower case."""
        return [one.code.lower() for one in self.codings if one.code and (system is None or one.system == system)]

    def words(self) -> list[str]:
        """Everything it says in words."""
        said = [self.text, *(one.display for one in self.codings)]
        return [text for text in said if text is not None]


def codings_of(value: object) -> tuple[Coding, ...]:
    """The codings of a CodeableConcept or of a list of them; also one Coding in its place."""
    found: list[Coding] = []
    for concept in objects(value):
        for coding in objects(concept.get("coding", concept if "code" in concept else None)):
            given, code = text_of(coding.get("system")), coding.get("code")
            plain = str(code) if isinstance(code, int) and not isinstance(code, bool) and abs(code) < 10**18 else code
            system = None if given is None else SYSTEMS.get(given.lower().rstrip("/"), given)
            found.append(Coding(system, text_of(plain), text_of(coding.get("display"))))
            if len(found) == _MAXIMUM_CODINGS:
                return tuple(found)
    return tuple(found)


def concept_of(value: object) -> Concept:
    """A concept of which only the words and plain codes are wanted."""
    if isinstance(value, str):
        return Concept(text=text_of(value))
    text = next((text for text in (text_of(one.get("text")) for one in objects(value)) if text is not None), None)
    return Concept(codings_of(value), (), text)


def _named_concept(value: object, systems: frozenset[CodeSystem], pointer: str, notes: Notes) -> Concept:
    plain = concept_of(value)
    codes: list[Code] = []
    if len(plain.codings) == _MAXIMUM_CODINGS:
        notes.warning(NoteCode.TOO_MANY, pointer, f"Only the first {_MAXIMUM_CODINGS} codings were read.")
    for coding in plain.codings:
        system = _system_of(coding.system)
        if system is None or system not in systems or coding.code is None:
            continue
        if _CODE.fullmatch(coding.code) is None:
            notes.warning(NoteCode.CODE_LEFT_OUT, pointer, "A code holds characters that no code of its system has.")
            continue
        code = Code(system=system, code=coding.code)
        if code not in codes:
            codes.append(code)
    if len(codes) > _MAXIMUM_CODES:
        notes.warning(NoteCode.TOO_MANY, pointer, f"Only the first {_MAXIMUM_CODES} codes were taken.")
        del codes[_MAXIMUM_CODES:]
    return Concept(plain.codings, tuple(codes), _text_of(plain, systems, pointer, notes))


def _system_of(given: str | None) -> CodeSystem | None:
    if given is None:
        return None
    address = given.strip().rstrip("/")
    known = SPELLINGS.get(address)
    if known is not None:
        return known
    plain = address.lower().replace("https://", "http://", 1)
    return SPELLINGS.get(plain) or CODE_SYSTEMS.get(plain)


def _is_said_by(known: str, other: str) -> bool:
    """Whether every word of one name stands in the other, too; forms, strengths and a brand in brackets aside."""
    said, more = (_names_in(_BRAND.sub("", text[:MAXIMUM_TEXT])) for text in (known, other))
    return bool(said) and said <= more


def _names_in(text: str) -> set[str]:
    words = tokens(text)
    return {words[position] for position in read_besides(words, frozenset()).unread}


def _text_of(concept: Concept, systems: frozenset[CodeSystem], pointer: str, notes: Notes) -> str | None:
    """The one text to look up: what a person wrote, or the name of a code.

    The name of a code that can be looked up is the plainest. But where the name of another coding does not say the
    same, the two may be different medicines; the other name is taken then, so that both are looked up.
    """
    other = next(
        (one.display for one in concept.codings if one.display and _system_of(one.system) not in systems), None
    )
    known = next((one.display for one in concept.codings if one.display and _system_of(one.system) in systems), None)
    text = concept.text or (known if other is None or (known is not None and _is_said_by(known, other)) else other)
    if text is None:
        return None
    text = _TAG.sub("", text)
    if len(text) > MAXIMUM_TEXT:
        # The beginning of a name may be another name.
        notes.error(NoteCode.UNNAMED, pointer, f"The name has more than {MAXIMUM_TEXT} characters; it was not read.")
        return None
    return text


def names_beside(concept: Concept) -> tuple[str, ...]:
    """The names of codes of products and substances that were not chosen; a group, as of ATC, is no medicine."""
    names = (
        _TAG.sub("", one.display)
        for one in concept.codings
        if one.display and (one.system in _OF_PRODUCTS or _system_of(one.system) in MEDICINES - {CodeSystem.ATC})
    )
    return tuple(dict.fromkeys(name for name in names if name != concept.text and len(name) <= MAXIMUM_TEXT))


# A concept that names a medicine, and one that names a condition.
named_medicine: Final = Remembered(lambda value, pointer, notes: _named_concept(value, MEDICINES, pointer, notes))
named_condition: Final = Remembered(lambda value, pointer, notes: _named_concept(value, CONDITIONS, pointer, notes))
