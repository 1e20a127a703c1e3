"""What codes stand for, and names that only the terminology has: products taken apart into substances known here.

An ingredient without a record here is a known medicine that no rule is about, and says so. One that the terminology
itself does not have, or whose name speaks of magnesium, is a doubt and never passed over.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from rules.code_systems import ndc_digits
from rules.lookup import Target
from rules.quantities import MASS_UNITS
from rules.reading import Strength, read_besides, routes_of_form
from rules.terminology import NAMES, ConceptKind
from rules.terms import CodeSystem, MatchKind, word
from rules.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rules.compiled import CompiledRuleSet, Entry
    from rules.model import Product
    from rules.profile import Code
    from rules.report import MatchDetail
    from rules.terminology import Concept, Part
    from rules.terms import DoseForm, Route

_CLASS_PREFIX_LENGTH: Final = 5
_AMOUNT_UNITS: Final = frozenset({*MASS_UNITS, "mmol", "meq"})
_MAGNESIUM: Final = "magnes"
_DIFFERENT: Final = "products of this name differ in their ingredients; all of them were checked"


@dataclass(frozen=True, slots=True)
class CodeReading:
    """What one code stands for. ``doubts``: why that may not be all of it."""

    match: MatchDetail
    entries: tuple[Entry, ...]
    product: Product | None = None
    routes: tuple[Route, ...] = ()
    words: str = ""  # where the routes come from
    dose_form: DoseForm | None = None
    strengths: dict[str, Strength] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Made:
    """What products are made of."""

    entries: tuple[Entry, ...]
    strengths: dict[str, Strength]
    doubts: tuple[str, ...]


def read_code(compiled: CompiledRuleSet, code: Code) -> CodeReading | str:
    """What a code stands for: a record of the knowledge, a product of the terminology, an ATC class; or why nothing."""
    value = code.code.strip().upper()
    if code.system is CodeSystem.NDC:
        try:
            value = ndc_digits(value)
        except ValueError as error:
            return str(error)
    target = compiled.lookup.codes.get((code.system, value))
    if target is not None:
        entries = tuple(compiled.entries[name] for name in target.substances if name in compiled.entries)
        routes = tuple(route for entry in entries for route in entry.atc_routes.get(value, ()))
        match: MatchDetail = {"kind": word(MatchKind.CODE), "matched": target.matched}
        return CodeReading(match, entries, target.product, routes, "from the ATC code")
    concepts = _concepts(compiled, code.system, value)
    if concepts:
        return _of_concepts(compiled, concepts, code.system, value)
    if code.system is CodeSystem.ATC and len(value) >= _CLASS_PREFIX_LENGTH:
        classes = compiled.classes_of_atc(value)
        if classes:
            routes = compiled.routes_of_atc(value[:_CLASS_PREFIX_LENGTH])
            entry = compiled.entry(f"atc-{value.lower()}", f"ATC {value}", classes, routes=routes)
            return CodeReading({"kind": word(MatchKind.CODE_PREFIX), "matched": f"atc {value}"}, (entry,))
    return "is not known here"


def _concepts(compiled: CompiledRuleSet, system: CodeSystem, value: str) -> tuple[Concept, ...]:
    terminology = compiled.terminology
    if terminology is None:
        return ()
    if system is CodeSystem.RXNORM:
        return terminology.by_rxcui(value)
    if system is CodeSystem.NDC:
        return terminology.by_ndc(value)
    return terminology.by_unii(value) if system is CodeSystem.UNII else ()


def _of_concepts(
    compiled: CompiledRuleSet, concepts: Sequence[Concept], system: CodeSystem, value: str
) -> CodeReading | str:
    made = _made(compiled, concepts)
    if not made.entries:
        return f"is known, but not what it is made of ({'; '.join(made.doubts) or 'no ingredients in the terminology'})"
    first = concepts[0]
    own = (first.rxcui == value and system is CodeSystem.RXNORM) or system is not CodeSystem.RXNORM
    shown = f"{system.value} {value}" if own else f"{system.value} {value}, now {first.rxcui}"
    kind = MatchKind.CODE if first.kind in NAMES else MatchKind.PRODUCT_CODE
    return _reading({"kind": word(kind), "matched": f"{shown}: {first.name}"}, concepts, made)


def _reading(match: MatchDetail, concepts: Sequence[Concept], made: _Made) -> CodeReading:
    routes, dose_form = _manner(concepts)
    return CodeReading(
        match=match,
        entries=made.entries,
        routes=routes,
        words="of the product",
        dose_form=dose_form,
        strengths=made.strengths,
        doubts=made.doubts,
    )


def product_named(compiled: CompiledRuleSet, words: Sequence[str]) -> CodeReading | None:
    """The product of the terminology whose whole name the words are."""
    terminology = compiled.terminology
    concepts = terminology.whole(words) if terminology is not None and words else ()
    made = _made(compiled, concepts)
    if not made.entries:
        return None
    return _reading({"kind": word(MatchKind.NAME), "matched": concepts[0].name}, concepts, made)


def name_at(compiled: CompiledRuleSet, words: list[str], position: int) -> tuple[int, Target] | None:
    """The longest name that starts at the position; the knowledge's own counts before one of the terminology."""
    own = compiled.lookup.phrase_at(words, position)
    terminology = compiled.terminology
    if terminology is None:
        return own
    other = terminology.phrase_at(words, position, own[0] if own is not None else 0)
    if other is None:
        return own
    length, concepts = other
    made = _made(compiled, concepts)
    if not made.entries:
        return own
    first = concepts[0]
    kind = MatchKind.BRAND if first.kind is ConceptKind.BRAND else MatchKind.NAME
    substances = tuple(entry.id for entry in made.entries)
    return length, Target(f"rxnorm-{first.rxcui}", first.name, substances, None, kind, first.name, made.doubts)


def entries_named(compiled: CompiledRuleSet, substances: Iterable[str]) -> tuple[Entry, ...]:
    """The substances with these ids, known here or by the terminology only; those that were withdrawn are left out."""
    inside, outside = compiled.entries, compiled.outside
    known = [inside.get(name) or outside.get(name) for name in substances]
    return tuple([entry for entry in known if entry is not None])


def _made(compiled: CompiledRuleSet, concepts: Sequence[Concept]) -> _Made:
    """What concepts are made of: together, where several share a code or a name."""
    entries: dict[str, Entry] = {}
    strengths: dict[str, set[Strength]] = {}
    doubts: dict[str, None] = {}
    made: set[frozenset[str]] = set()
    for concept in concepts:
        ids: set[str] = set()
        amounts: dict[str, Strength | None] = {}
        for part in concept.parts:
            found = _of_part(compiled, part)
            if isinstance(found, str):
                doubts[found] = None
                continue
            ids.update(entry.id for entry in found)
            entries.update((entry.id, entry) for entry in found)
            if len(found) == 1:  # the same substance twice in one product has no single strength
                name = found[0].id
                amounts[name] = None if name in amounts else _strength(part)
        made.add(frozenset(ids))
        for name, strength in amounts.items():
            if strength is not None:
                strengths.setdefault(name, set()).add(strength)
    if len(made) > 1 or any(concept.varies for concept in concepts):
        doubts[_DIFFERENT] = None
    single = {name: values.pop() for name, values in strengths.items() if len(values) == 1}
    return _Made(tuple(entries.values()), single, tuple(doubts))


def _of_part(compiled: CompiledRuleSet, part: Part) -> tuple[Entry, ...] | str:
    """The substances of one ingredient, or the doubt that remains."""
    concepts = [named for named in (part.precise, part.ingredient) if named is not None]
    for named in concepts:
        target = compiled.lookup.codes.get((CodeSystem.RXNORM, named.rxcui))
        if target is not None:
            return entries_named(compiled, target.substances)
    for name in dict.fromkeys([part.name, *(named.name for named in concepts)]):
        target = compiled.lookup.phrases.get(tuple(tokens(name)))
        if target is not None:
            return entries_named(compiled, target.substances)
    if any(one.startswith(_MAGNESIUM) for one in tokens(part.name)):
        return f"its ingredient {part.name} has no record here"
    if not concepts:
        return f"its ingredient {part.name} is not in the terminology"
    if any(named.rxcui in compiled.lookup.withdrawn for named in concepts):
        return f"withdrawn here and not checked: {part.name}"
    known = concepts[-1]
    name = f"rxnorm-{known.rxcui}"
    entry = compiled.outside.get(name)
    if entry is None:
        entry = compiled.outside[name] = compiled.entry(name, known.name, frozenset())
    return (entry,)


def _strength(part: Part) -> Strength | None:
    amount = part.amount
    if amount is None or amount.unit.lower() not in _AMOUNT_UNITS:
        return None
    per = (amount.per or "").lower()
    return Strength(amount.value, amount.unit.lower(), -1, per_volume=bool(per), per_unit=per)


def _manner(concepts: Sequence[Concept]) -> tuple[tuple[Route, ...], DoseForm | None]:
    """How products are given, from their dose forms in words; open where several differ."""
    manners = [_manner_of(concept.form) for concept in concepts]
    routes = dict.fromkeys(route for possible, _ in manners for route in possible)
    forms = {form for _, form in manners}
    return (
        () if any(not possible for possible, _ in manners) else tuple(routes),
        forms.pop() if len(forms) == 1 else None,
    )


@lru_cache(maxsize=512)
def _manner_of(form: str) -> tuple[tuple[Route, ...], DoseForm | None]:
    reading = read_besides(tokens(form), frozenset())
    routes = reading.routes
    if not routes and reading.dose_form is not None:
        routes = routes_of_form(reading.dose_form)
    return routes, reading.dose_form
