"""Reads a Medication: what it is called, what it is made as and, where nobody knows its name, what is in it.

A product is one line of the list wherever that is possible: two lines for one product would be called a duplicate. It
asks whether a name is known and decides nothing else by it; excipients are nothing that is taken.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from rules.profile import Code
from rules.quantities import AMOUNT_UNITS, COUNT_UNITS, MASS_UNITS
from rules.reading import read_besides
from rules.terms import DoseForm
from rules.tokens import tokens
from service.fhir.collecting import Collected, Found, Knows
from service.fhir.concepts import Concept, concept_of, named_medicine, names_beside
from service.fhir.dosage import dose_of
from service.fhir.elements import MAXIMUM_TEXT, Resource, code_of, first, flag_of, objects
from service.fhir.notes import NoteCode, Notes

# A line that nobody can name must not vanish: no name is known like this, so the line is unrecognised.
UNNAMED: Final = "unnamed"
_MAXIMUM_INGREDIENTS: Final = 20
_KIND: Final = "/wirkstofftyp"
_PRECISE, _BASE = "pin", "in"
_STRENGTHS: Final = frozenset({*MASS_UNITS, *AMOUNT_UNITS})


@dataclass(frozen=True, slots=True)
class Named:
    """What a medicine is called, by codes and text, and what it is made as."""

    codes: tuple[Code, ...] = ()
    text: str | None = None
    form: DoseForm | None = None

    def same_as(self, other: Named) -> bool:
        """Whether the two are surely one medicine."""
        if UNNAMED in {self.text, other.text}:
            return False
        if self.codes and other.codes:
            return not set(self.codes).isdisjoint(other.codes)
        return self.text is not None and other.text is not None and self.text.casefold() == other.text.casefold()


def unnamed(pointer: str, notes: Notes) -> Named:
    """A line for what nobody can name; it is noted."""
    text = "It has neither a code nor a name that can be read, so nothing is known of this medicine."
    notes.error(NoteCode.UNNAMED, pointer, text)
    return Named((), UNNAMED)


def known_by(named: Named, others: Iterable[str], knows: Knows | None, pointer: str, notes: Notes) -> Named:
    """What it is called, or another of its names where nobody knows the first: a record adds a brand or a maker to it.

    Nobody has read the first name, so the answer is not complete.
    """
    if knows is None or named.text is None or knows(named.text, named.codes) is not None:
        return named
    for name in others:
        if knows(name, named.codes) is not None:
            text = "Its name is not known here, so the name of its code was read."
            notes.error(NoteCode.BY_ITS_CODE, pointer, text)
            return replace(named, text=name)
    return named


def product_of(medication: Found, collected: Collected, notes: Notes) -> list[Named]:
    """The lines a Medication stands for: one, where its name is known or its ingredients can be said in one."""
    resource, pointer, knows = medication.resource, medication.pointer, collected.knows
    if code_of(resource.get("status")) == "entered-in-error":
        text = "The Medication was entered in error, and what was meant is not known; it counts."
        notes.warning(NoteCode.STATUS_DOUBTFUL, f"{pointer}/status", text)
    form = _form(resource, pointer, notes)
    concept = named_medicine(resource.get("code"), f"{pointer}/code", notes)
    whole = Named(concept.codes, concept.text, form) if concept.names_something else None
    if whole is not None:
        whole = known_by(whole, names_beside(concept), knows, f"{pointer}/code", notes)
    if whole is not None and knows is None and whole.codes:
        return [whole]
    apart = Notes()  # what is noted of ingredients matters only where they are needed
    parts = _ingredients(medication, collected, apart)
    known = None if whole is None or knows is None else knows(whole.text, whole.codes)
    if whole is not None and knows is not None and known is not None:
        return [whole, *(replace(part, form=form) for part in parts if _is_more(knows(part.text, part.codes), known))]
    notes.add(apart.all(), "")
    together = None if knows is None else _in_one(parts, form)
    if together is not None and knows is not None and knows(together.text, together.codes) is not None:
        if whole is not None:
            text = "Its name is not known here, so it was looked at by the ingredients it says."
            notes.information(NoteCode.BY_INGREDIENTS, f"{pointer}/code", text)
        return [together]
    return _all_names(whole, [replace(part, form=form) for part in parts]) or [unnamed(pointer, notes)]


def _all_names(whole: Named | None, parts: list[Named]) -> list[Named]:
    """Every name there is, where nobody knows which of them says what it is; none where there is no name."""
    if whole is None:
        return parts
    if whole.codes or not parts:
        return [whole]
    if len(parts) == 1:
        return [replace(whole, codes=parts[0].codes)]
    # A mixture of its own, whose name may be unknown: what is in it is looked at as well.
    return [whole, *parts]


def _is_more(ingredient: frozenset[str] | None, product: frozenset[str]) -> bool:
    """Whether an ingredient is something that the name of its product does not stand for; a salt of it is the same."""
    known = {one.partition("-")[0] for one in product}
    return ingredient is not None and not {one.partition("-")[0] for one in ingredient} <= known


def _in_one(parts: list[Named], form: DoseForm | None) -> Named | None:
    """All ingredients as one line; None where one of them has no name."""
    if len(parts) == 1 and parts[0].text not in {None, UNNAMED}:
        return replace(parts[0], form=form)
    names = [part.text for part in parts if part.text is not None and part.text != UNNAMED]
    text = " / ".join(names)
    return Named((), text, form) if names and len(names) == len(parts) and len(text) <= MAXIMUM_TEXT else None


def _ingredients(medication: Found, collected: Collected, notes: Notes) -> list[Named]:
    parts = []
    given = objects(medication.resource.get("ingredient"))[:_MAXIMUM_INGREDIENTS]
    precise = any(_kind_of(one) == _PRECISE for one in given)
    for position, ingredient in enumerate(given):
        if flag_of(ingredient.get("isActive")) is False or (precise and _kind_of(ingredient) == _BASE):
            continue  # an excipient, or said a second time without its salt
        pointer = f"{medication.pointer}/ingredient/{position}"
        item = first(ingredient.get("item"))
        concept = named_medicine(ingredient.get("itemCodeableConcept") or item.get("concept") or item, pointer, notes)
        target = collected.resolve(ingredient.get("itemReference") or item.get("reference"), medication)
        if not concept.names_something and target is not None and target.resource is not medication.resource:
            # One step only: an ingredient that refers on and on is no ingredient.
            concept = named_medicine(target.resource.get("code"), f"{target.pointer}/code", notes)
        if concept.names_something:
            parts.append(Named(concept.codes, _with_strength(concept.text, ingredient)))
        else:
            parts.append(unnamed(pointer, notes))
    return parts


def _kind_of(ingredient: Resource) -> str | None:
    """How German records tell the salt that is in it from the base it is counted as, where both are listed."""
    extensions = [one for one in objects(ingredient.get("extension")) if str(one.get("url")).endswith(_KIND)]
    return code_of(first(extensions).get("valueCoding"))


def _with_strength(text: str | None, ingredient: Resource) -> str | None:
    """The name of an ingredient with how much of it is in one piece, where that is said and the name has no number."""
    strength = first(ingredient.get("strength"))
    much = dose_of(first(strength.get("numerator")))
    piece = dose_of(first(strength.get("denominator")))
    if text is None or much is None or piece is None or any(character.isdigit() for character in text):
        return text
    if much.of is not None or much.unit not in _STRENGTHS or piece.unit not in COUNT_UNITS or piece.value != "1":
        return text
    return f"{text} {much.value} {much.unit}"


def _form(medication: Resource, pointer: str, notes: Notes) -> DoseForm | None:
    concept: Concept = concept_of(medication.get("form") or medication.get("doseForm"))
    found = {
        form
        for form in (read_besides(tokens(text[:MAXIMUM_TEXT]), frozenset()).dose_form for text in concept.words())
        if form is not None
    }
    if len(found) == 1:
        return found.pop()
    if concept.words() or concept.codings:
        text = "The dose form is none that is known here, or its names do not agree; it was left out."
        notes.information(NoteCode.FORM_LEFT_OUT, f"{pointer}/form", text)
    return None
